/* A stretch of rows out of a batch into memory of our own. The batch's body may change under us: each byte is read
 * once, by memcpy, and what is checked is the copy. */
#include "front/pg/values/rows_in.h"

#include "arrow/layout.h"
#include "base/alloc.h"

enum {
    STRETCH = 512,           /* rows: what a row is made of stays in the nearer caches */
    STRETCH_BYTES = 4 << 20, /* of one column's texts, before fewer rows are taken */
    SLACK = HS_PG_SHORT      /* bytes behind, so that short values may be copied in whole blocks */
};

struct load {
    const struct hs_batch *batch;
    int64_t most; /* bytes of one column so far */
    struct hs_err *err;
};

static hs_rc damaged(struct load *l, const char *words)
{
    return hs_fail_hidden(l->err, HS_CORRUPT, "batch rows: %s", words);
}

static uint8_t *room(struct hs_pg_own *own, size_t len)
{
    if (own->cap >= len + SLACK)
        return own->at;
    size_t cap = (len + SLACK) + (len + SLACK) / 2;
    uint8_t *at = hs_realloc(own->at, cap);
    if (!at)
        return NULL;
    memset(at, 0, cap);
    own->at = at;
    own->cap = cap;
    return at;
}

static hs_rc copy(struct load *l, struct hs_pg_own *own, const struct hs_batch_buffer *from, size_t at, size_t len)
{
    if (at > (size_t)from->length || len > (size_t)from->length - at)
        return damaged(l, "a buffer is too short");
    uint8_t *to = room(own, len);
    if (!to)
        return hs_fail(l->err, HS_NOMEM, "out of memory");
    if (len)
        memcpy(to, l->batch->body + from->offset + at, len);
    if ((int64_t)len > l->most)
        l->most = (int64_t)len;
    return HS_OK;
}

static bool all_set(const uint8_t *bits, size_t from, size_t count)
{
    size_t end = from + count;
    for (size_t i = from; i < end;) {
        if (i % 8 == 0 && end - i >= 8) {
            if (bits[i / 8] != 0xFF)
                return false;
            i += 8;
            continue;
        }
        if (!(bits[i / 8] >> (i % 8) & 1))
            return false;
        i++;
    }
    return true;
}

static hs_rc load_bits(struct load *l, struct hs_pg_own *own, const struct hs_batch_buffer *from, size_t row,
                       size_t count)
{
    return copy(l, own, from, row / 8, (row + count + 7) / 8 - row / 8);
}

static hs_rc load_validity(struct load *l, struct hs_pg_column *c, size_t row, size_t count)
{
    const struct hs_batch_buffer *from = &l->batch->buffers[c->buffer];
    c->nulls = false;
    c->shift = row % 8;
    if (!from->length)
        return HS_OK;
    HS_TRY(load_bits(l, &c->own_bits, from, row, count));
    c->bits = c->own_bits.at;
    c->nulls = !all_set(c->bits, c->shift, count);
    return HS_OK;
}

/* Rising and not past the end; afterwards they count from the first. */
static hs_rc load_offsets(struct load *l, struct hs_pg_column *c, size_t row, size_t count, int64_t limit,
                          int32_t *out_first)
{
    *out_first = 0;
    if (!count) {
        c->offsets = (const int32_t *)(const void *)room(&c->own_offsets, 4);
        return c->offsets ? HS_OK : hs_fail(l->err, HS_NOMEM, "out of memory");
    }
    HS_TRY(copy(l, &c->own_offsets, &l->batch->buffers[c->buffer + 1], row * 4, (count + 1) * 4));
    int32_t *offsets = (int32_t *)(void *)c->own_offsets.at;
    c->offsets = offsets;
    int32_t first = offsets[0], last = offsets[count];
    bool falls = false;
    for (size_t i = 0; i < count; i++)
        falls |= offsets[i + 1] < offsets[i];
    if (falls || first < 0 || last > limit)
        return damaged(l, "offsets fall or lead outside");
    for (size_t i = 0; i <= count; i++)
        offsets[i] -= first;
    *out_first = first;
    return HS_OK;
}

/* ---- text ---- */
/* Whether all bytes are ASCII and none is zero: most often so, and quickly told. */
static bool plain_ascii(const uint8_t *at, size_t len)
{
    const uint64_t ones = 0x0101010101010101u, high = 0x8080808080808080u;
    uint64_t bad = 0, eight;
    size_t i = 0;
    for (; i + 8 <= len; i += 8) {
        memcpy(&eight, at + i, 8);
        bad |= eight | (eight - ones); /* the high bit: not ASCII, or zero (or above a zero) */
    }
    for (; i < len; i++)
        bad |= at[i] == 0 ? high : at[i];
    return !(bad & high);
}

static hs_rc has_zero(struct load *l)
{
    hs_rc rc =
        hs_fail(l->err, HS_UNSUPPORTED, "a text holds the character U+0000, which PostgreSQL's protocol does not have");
    hs_err_state(l->err, "22021");
    return rc;
}

static hs_rc check_text(struct load *l, const struct hs_pg_column *c, size_t count)
{
    size_t len = (size_t)c->offsets[count];
    if (plain_ascii(c->data, len))
        return HS_OK;
    if (!hs_utf8_valid(hs_str_n(c->data, len)))
        return damaged(l, "text is not UTF-8");
    for (size_t i = 0; i < count; i++) {
        size_t from = (size_t)c->offsets[i], to = (size_t)c->offsets[i + 1];
        if (from < len && (c->data[from] & 0xC0) == 0x80)
            return damaged(l, "a text begins inside a character");
        if (from < to && memchr(c->data + from, 0, to - from) && !hs_pg_is_null(c, i))
            return has_zero(l);
    }
    return HS_OK;
}

static hs_rc load_bytes(struct load *l, struct hs_pg_column *c, size_t row, size_t count)
{
    const struct hs_batch_buffer *data = &l->batch->buffers[c->buffer + 2];
    int32_t first;
    HS_TRY(load_offsets(l, c, row, count, data->length, &first));
    HS_TRY(copy(l, &c->own_data, data, (size_t)first, (size_t)c->offsets[count]));
    c->data = c->own_data.at;
    return c->type->id == HS_T_STRING ? check_text(l, c, count) : HS_OK;
}

/* ---- all ---- */
static hs_rc load_column(struct load *l, struct hs_pg_column *c, size_t row, size_t count);

static hs_rc load_children(struct load *l, struct hs_pg_column *c, size_t row, size_t count)
{
    for (size_t i = 0; i < c->child_count; i++)
        HS_TRY(load_column(l, &c->children[i], row, count));
    return HS_OK;
}

/* Of a map the entries are a node of their own, between it and key and value; they are never NULL. */
static hs_rc load_list(struct load *l, struct hs_pg_column *c, size_t row, size_t count)
{
    int32_t first;
    size_t inside = c->type->id == HS_T_MAP ? c->node + 1 : c->children[0].node;
    HS_TRY(load_offsets(l, c, row, count, l->batch->nodes[inside].length, &first));
    return load_children(l, c, (size_t)first, (size_t)c->offsets[count]);
}

static hs_rc load_column(struct load *l, struct hs_pg_column *c, size_t row, size_t count)
{
    struct hs_layout layout = hs_layout_of(c->type);
    if (layout.kind == HS_LAYOUT_NULL)
        return HS_OK;
    HS_TRY(load_validity(l, c, row, count));
    switch (layout.kind) {
    case HS_LAYOUT_BITS:
        HS_TRY(load_bits(l, &c->own_data, &l->batch->buffers[c->buffer + 1], row, count));
        c->data = c->own_data.at;
        return HS_OK;
    case HS_LAYOUT_FIXED:
        HS_TRY(copy(l, &c->own_data, &l->batch->buffers[c->buffer + 1], row * c->width, count * c->width));
        c->data = c->own_data.at;
        return c->source < 0 ? HS_OK : hs_pg_convert(c, count, l->err);
    case HS_LAYOUT_BYTES:
        return load_bytes(l, c, row, count);
    case HS_LAYOUT_STRUCT:
        return load_children(l, c, row, count);
    case HS_LAYOUT_LIST:
    case HS_LAYOUT_MAP:
        return load_list(l, c, row, count);
    case HS_LAYOUT_ABSENT:
    case HS_LAYOUT_NULL:
    case HS_LAYOUT_VIEW:
        break;
    }
    return hs_fail(l->err, HS_INTERNAL, "rows of this form cannot be written");
}

static hs_rc load_rows(struct hs_pg_rows *r, int64_t count, int64_t *out_most, struct hs_err *err)
{
    struct load l = {.batch = r->batch, .err = err};
    for (size_t i = 0; i < r->count; i++) {
        HS_TRY(load_column(&l, &r->columns[i], (size_t)r->next, (size_t)count));
        if (l.most > STRETCH_BYTES && count > 1)
            break;
    }
    *out_most = l.most;
    return HS_OK;
}

hs_rc hs_pg_load(struct hs_pg_rows *r, int64_t rows_max, struct hs_err *err)
{
    int64_t count = r->batch->rows - r->next, most = 0;
    count = count > STRETCH ? STRETCH : count;
    if (rows_max > 0 && count > rows_max)
        count = rows_max;
    r->loaded_from = r->loaded_to = 0;
    HS_TRY(load_rows(r, count, &most, err));
    while (most > STRETCH_BYTES && count > 1) {
        count = (count + 7) / 8;
        HS_TRY(load_rows(r, count, &most, err));
    }
    r->loaded_from = r->next;
    r->loaded_to = r->next + count;
    return HS_OK;
}

void hs_pg_unload(struct hs_pg_column *c)
{
    hs_free(c->own_bits.at);
    hs_free(c->own_data.at);
    hs_free(c->own_offsets.at);
    hs_free(c->own_converted.at);
    c->own_bits = c->own_data = c->own_offsets = c->own_converted = (struct hs_pg_own){NULL, 0};
    for (size_t i = 0; i < c->child_count; i++)
        hs_pg_unload(&c->children[i]);
}
