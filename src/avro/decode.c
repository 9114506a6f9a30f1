/* Avro's binary encoding, one value at a time. */
#include "avro/avro.h"
#include "base/damage.h"

enum { MAX_DEPTH = 64 };

struct decoder {
    struct hs_arena *arena;
    struct hs_cursor *in;
    int64_t *fuel;
    struct hs_err *err;
    int depth;
};

static hs_rc decode(struct decoder *d, const struct hs_avro_type *type, struct hs_avro_value *out);
static hs_rc skip(struct decoder *d, const struct hs_avro_type *type);

static hs_rc cut_short(struct decoder *d)
{
    return hs_damaged(d->err, "avro record is cut short or holds a length that cannot be");
}

static hs_rc spend(struct decoder *d)
{
    if (--*d->fuel < 0)
        return hs_damaged(d->err, "avro block holds more values than its bytes can mean");
    return d->in->bad ? cut_short(d) : HS_OK;
}

static hs_rc enter(struct decoder *d)
{
    return ++d->depth > MAX_DEPTH ? hs_damaged(d->err, "avro value nests deeper than %d", MAX_DEPTH) : spend(d);
}

static hs_str length_and_bytes(struct decoder *d)
{
    int64_t len = hs_cursor_zigzag(d->in);
    if (len < 0)
        d->in->bad = true;
    return len < 0 ? HS_S("") : hs_cursor_bytes(d->in, (uint64_t)len);
}

/* A block of items: a negative count is followed by the block's length in bytes. 0 ends. */
static hs_rc block_count(struct decoder *d, uint64_t *out_count, uint64_t *out_bytes)
{
    int64_t count = hs_cursor_zigzag(d->in);
    *out_bytes = UINT64_MAX;
    if (count == INT64_MIN)
        return cut_short(d);
    if (count < 0) {
        int64_t bytes = hs_cursor_zigzag(d->in);
        if (bytes < 0 || (uint64_t)bytes > hs_cursor_left(d->in))
            return cut_short(d);
        *out_bytes = (uint64_t)bytes;
        count = -count;
    }
    *out_count = (uint64_t)count;
    if (d->in->bad || count > *d->fuel)
        return cut_short(d);
    return HS_OK;
}

static hs_rc check_block(struct decoder *d, size_t from, uint64_t bytes)
{
    bool exact = bytes == UINT64_MAX || hs_cursor_pos(d->in) - from == bytes;
    return exact && !d->in->bad ? HS_OK : cut_short(d);
}

/* Damage in a text must show: a path that is not quite one would be taken for that of another file. */
static hs_rc decode_text(struct decoder *d, hs_str *out)
{
    *out = length_and_bytes(d);
    return hs_utf8_valid(*out) ? HS_OK : hs_damaged(d->err, "avro string is not UTF-8");
}

struct items {
    HS_VEC(struct hs_avro_value) list;
};

static hs_rc decode_item(struct decoder *d, const struct hs_avro_type *type, struct items *items)
{
    if (type->kind == HS_AVRO_MAP) {
        struct hs_avro_value *key = hs_vec_add(d->arena, &items->list);
        if (!key)
            return hs_no_memory(d->err);
        key->kind = HS_AVRO_STRING;
        HS_TRY(decode_text(d, &key->s));
    }
    struct hs_avro_value value = {0};
    HS_TRY(decode(d, type->fields[0].type, &value));
    struct hs_avro_value *slot = hs_vec_add(d->arena, &items->list);
    if (!slot)
        return hs_no_memory(d->err);
    *slot = value;
    return HS_OK;
}

static hs_rc decode_items(struct decoder *d, const struct hs_avro_type *type, struct hs_avro_value *out)
{
    struct items items = {0};
    uint64_t count = 1, bytes;
    while (count > 0) {
        HS_TRY(block_count(d, &count, &bytes));
        size_t from = hs_cursor_pos(d->in);
        for (uint64_t i = 0; i < count; i++)
            HS_TRY(decode_item(d, type, &items));
        if (count > 0)
            HS_TRY(check_block(d, from, bytes));
    }
    out->items = items.list.at;
    out->count = items.list.len;
    return HS_OK;
}

static hs_rc decode_record(struct decoder *d, const struct hs_avro_type *type, struct hs_avro_value *out)
{
    out->items = hs_arena_array(d->arena, type->field_count + 1, sizeof *out->items);
    if (!out->items)
        return hs_no_memory(d->err);
    out->count = type->field_count;
    for (size_t i = 0; i < type->field_count; i++) {
        if (type->fields[i].skip)
            HS_TRY(skip(d, type->fields[i].type));
        else
            HS_TRY(decode(d, type->fields[i].type, &out->items[i]));
    }
    return HS_OK;
}

static hs_rc branch_of(struct decoder *d, const struct hs_avro_type *type, const struct hs_avro_type **out)
{
    int64_t branch = hs_cursor_zigzag(d->in);
    if (d->in->bad || branch < 0 || (uint64_t)branch >= type->field_count)
        return cut_short(d);
    *out = type->fields[branch].type;
    return HS_OK;
}

static double float_of(uint32_t bits)
{
    float f;
    memcpy(&f, &bits, sizeof f);
    return (double)f;
}

static double double_of(uint64_t bits)
{
    double f;
    memcpy(&f, &bits, sizeof f);
    return f;
}

static hs_rc decode_boolean(struct decoder *d, int64_t *out)
{
    *out = hs_cursor_u8(d->in);
    return *out <= 1 ? HS_OK : cut_short(d);
}

static hs_rc decode_int(struct decoder *d, int64_t *out)
{
    *out = hs_cursor_zigzag(d->in);
    return *out >= INT32_MIN && *out <= INT32_MAX ? HS_OK : cut_short(d);
}

static hs_rc decode_plain(struct decoder *d, const struct hs_avro_type *type, struct hs_avro_value *out)
{
    switch (type->kind) {
    case HS_AVRO_NULL:
        return HS_OK;
    case HS_AVRO_BOOLEAN:
        return decode_boolean(d, &out->i);
    case HS_AVRO_INT:
        return decode_int(d, &out->i);
    case HS_AVRO_LONG:
        out->i = hs_cursor_zigzag(d->in);
        return HS_OK;
    case HS_AVRO_ENUM:
        HS_TRY(decode_int(d, &out->i));
        return out->i >= 0 && (uint64_t)out->i < type->symbol_count ? HS_OK : cut_short(d);
    case HS_AVRO_FLOAT:
        out->f = float_of(hs_cursor_u32le(d->in));
        return HS_OK;
    case HS_AVRO_DOUBLE:
        out->f = double_of(hs_cursor_u64le(d->in));
        return HS_OK;
    case HS_AVRO_BYTES:
        out->s = length_and_bytes(d);
        return HS_OK;
    case HS_AVRO_STRING:
        return decode_text(d, &out->s);
    case HS_AVRO_FIXED:
        out->s = hs_cursor_bytes(d->in, type->size);
        return HS_OK;
    case HS_AVRO_RECORD:
        return decode_record(d, type, out);
    case HS_AVRO_ARRAY:
    case HS_AVRO_MAP:
        return decode_items(d, type, out);
    case HS_AVRO_UNION:
        break;
    }
    return hs_fail(d->err, HS_INTERNAL, "avro kind %d", (int)type->kind);
}

static hs_rc decode(struct decoder *d, const struct hs_avro_type *type, struct hs_avro_value *out)
{
    HS_TRY(enter(d));
    if (type->kind == HS_AVRO_UNION)
        HS_TRY(branch_of(d, type, &type));
    out->kind = type->kind;
    out->type = type;
    HS_TRY(decode_plain(d, type, out));
    d->depth--;
    return d->in->bad ? cut_short(d) : HS_OK;
}

static hs_rc skip_items(struct decoder *d, const struct hs_avro_type *type)
{
    uint64_t count = 1, bytes;
    while (count > 0) {
        HS_TRY(block_count(d, &count, &bytes));
        size_t from = hs_cursor_pos(d->in);
        for (uint64_t i = 0; i < count; i++) {
            if (type->kind == HS_AVRO_MAP)
                (void)length_and_bytes(d);
            HS_TRY(skip(d, type->fields[0].type));
        }
        if (count > 0)
            HS_TRY(check_block(d, from, bytes));
    }
    return HS_OK;
}

static hs_rc skip_record(struct decoder *d, const struct hs_avro_type *type)
{
    for (size_t i = 0; i < type->field_count; i++)
        HS_TRY(skip(d, type->fields[i].type));
    return HS_OK;
}

static hs_rc skip(struct decoder *d, const struct hs_avro_type *type)
{
    struct hs_avro_value ignored = {0};
    HS_TRY(enter(d));
    if (type->kind == HS_AVRO_UNION)
        HS_TRY(branch_of(d, type, &type));
    if (type->kind == HS_AVRO_RECORD)
        HS_TRY(skip_record(d, type));
    else if (type->kind == HS_AVRO_ARRAY || type->kind == HS_AVRO_MAP)
        HS_TRY(skip_items(d, type));
    else
        HS_TRY(decode_plain(d, type, &ignored));
    d->depth--;
    return d->in->bad ? cut_short(d) : HS_OK;
}

hs_rc hs_avro_decode(struct hs_arena *a, struct hs_cursor *c, const struct hs_avro_type *type, int64_t *fuel,
                     struct hs_avro_value *out, struct hs_err *err)
{
    struct decoder d = {a, c, fuel, err, 0};
    *out = (struct hs_avro_value){0};
    return decode(&d, type, out);
}

hs_rc hs_avro_skip(struct hs_cursor *c, const struct hs_avro_type *type, int64_t *fuel, struct hs_err *err)
{
    struct decoder d = {NULL, c, fuel, err, 0};
    return skip(&d, type);
}

const struct hs_avro_value *hs_avro_member(const struct hs_avro_value *record, int id)
{
    if (!record || record->kind != HS_AVRO_RECORD)
        return NULL;
    for (size_t i = 0; i < record->count; i++) {
        const struct hs_avro_field *f = &record->type->fields[i];
        if (f->id == id && !f->skip)
            return record->items[i].kind == HS_AVRO_NULL ? NULL : &record->items[i];
    }
    return NULL;
}
