/* Columns of varying length: text, binary, enumerations, bit strings. */
#include "engine/worker/column.h"

enum { INLINE = 12 };

static void text_measure(struct column *c, const struct cells *v, size_t from, size_t count)
{
    const duckdb_string_t *in = (const duckdb_string_t *)v->data + from;
    int64_t bytes = 0;
    if (!v->validity) {
        for (size_t i = 0; i < count; i++)
            bytes += in[i].value.inlined.length;
    } else {
        for (size_t i = 0; i < count; i++)
            bytes += hs_cell_valid(v, from + i) ? in[i].value.inlined.length : 0;
    }
    c->size.bytes += bytes;
    hs_measure_validity(c, v, from, count);
}

/* Offsets are written one ahead: offsets[0] = 0 was set when laid out. */
static void text_write(struct column *c, const struct cells *v, size_t from, size_t count)
{
    int32_t *offsets = c->offsets + c->written + 1;
    uint8_t *data = c->data;
    int64_t used = c->used, room = c->size.bytes;
    for (size_t i = 0; i < count; i++) {
        if (!v->validity || hs_cell_valid(v, from + i)) {
            hs_str s = hs_text_at(v, from + i);
            if (s.len <= INLINE && used + INLINE <= room)
                memcpy(data + used, s.at, INLINE); /* a fixed size is one move; what is too much is overwritten next */
            else
                memcpy(data + used, s.at, s.len);
            used += (int64_t)s.len;
        }
        offsets[i] = (int32_t)used;
    }
    c->used = used;
    hs_write_validity(c, v, from, count);
    c->written += (int64_t)count;
}

static void text_nulls(struct column *c, size_t count)
{
    for (size_t i = 0; i < count; i++)
        c->offsets[c->written + 1 + (int64_t)i] = (int32_t)c->used;
    c->written += (int64_t)count;
}
const struct column_ops hs_ops_text = {text_measure, text_write, text_nulls};

/* ---- views: as the engine has them, but for an offset where it has a pointer ---- */
static void view_measure(struct column *c, const struct cells *v, size_t from, size_t count)
{
    const duckdb_string_t *in = (const duckdb_string_t *)v->data + from;
    int64_t bytes = 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t len = in[i].value.inlined.length;
        bytes += len > INLINE && hs_cell_valid(v, from + i) ? len : 0;
    }
    c->size.bytes += bytes;
    hs_measure_validity(c, v, from, count);
}

/* Length and twelve bytes, of which only the value's own are copied: what the engine left behind them is nobody's. */
static void put_short(uint8_t *to, hs_str s)
{
    uint32_t len = (uint32_t)s.len;
    uint8_t whole[16] = {0};
    memcpy(whole, &len, sizeof len);
    for (uint32_t i = 0; i < INLINE; i++)
        whole[4 + i] = (uint8_t)(i < len ? s.at[i] : 0);
    memcpy(to, whole, sizeof whole);
}

static void put_long(struct column *c, uint8_t *to, hs_str s)
{
    uint32_t words[4] = {(uint32_t)s.len, 0, 0, (uint32_t)c->used}; /* length, first bytes, which buffer, where in it */
    memcpy(&words[1], s.at, 4);
    memcpy(to, words, sizeof words);
    memcpy(c->data + c->used, s.at, s.len);
    c->used += (int64_t)s.len;
}

static void view_write(struct column *c, const struct cells *v, size_t from, size_t count)
{
    uint8_t *to = c->views + 16 * c->written;
    for (size_t i = 0; i < count; i++, to += 16) {
        hs_str s = hs_text_at(v, from + i);
        if (!hs_cell_valid(v, from + i))
            memset(to, 0, 16);
        else if (s.len <= INLINE)
            put_short(to, s);
        else
            put_long(c, to, s);
    }
    hs_write_validity(c, v, from, count);
    c->written += (int64_t)count;
}

static void view_nulls(struct column *c, size_t count)
{
    memset(c->views + 16 * c->written, 0, 16 * count);
    c->written += (int64_t)count;
}
const struct column_ops hs_ops_view = {view_measure, view_write, view_nulls};

/* ---- one value at a time: what is not stored as text ---- */
static void put_text(struct column *c, hs_str s)
{
    memcpy(c->data + c->used, s.at, s.len);
    c->used += (int64_t)s.len;
}

static void end_value(struct column *c)
{
    c->written++;
    c->offsets[c->written] = (int32_t)c->used;
}

static hs_str label_at(const struct column *c, const struct cells *v, size_t i)
{
    size_t code = c->stored_width == 1   ? ((const uint8_t *)v->data)[i]
                  : c->stored_width == 2 ? ((const uint16_t *)v->data)[i]
                                         : ((const uint32_t *)v->data)[i];
    return code < c->label_count ? c->labels[code] : HS_S("");
}

static void enum_measure(struct column *c, const struct cells *v, size_t from, size_t count)
{
    for (size_t i = from; i < from + count; i++)
        c->size.bytes += hs_cell_valid(v, i) ? (int64_t)label_at(c, v, i).len : 0;
    hs_measure_validity(c, v, from, count);
}

static void enum_write(struct column *c, const struct cells *v, size_t from, size_t count)
{
    hs_write_validity(c, v, from, count);
    for (size_t i = from; i < from + count; i++) {
        if (hs_cell_valid(v, i))
            put_text(c, label_at(c, v, i));
        end_value(c);
    }
}
const struct column_ops hs_ops_enum = {enum_measure, enum_write, text_nulls};

/* A bit string: one byte says how many leading bits of the next are padding. */
static size_t bit_count(hs_str s)
{
    size_t padding = s.len ? (uint8_t)s.at[0] : 0;
    return s.len > 1 && padding < 8 ? (s.len - 1) * 8 - padding : 0;
}

static void bits_measure(struct column *c, const struct cells *v, size_t from, size_t count)
{
    for (size_t i = from; i < from + count; i++)
        c->size.bytes += hs_cell_valid(v, i) ? (int64_t)bit_count(hs_text_at(v, i)) : 0;
    hs_measure_validity(c, v, from, count);
}

static void bits_write(struct column *c, const struct cells *v, size_t from, size_t count)
{
    hs_write_validity(c, v, from, count);
    for (size_t i = from; i < from + count; i++) {
        hs_str s = hs_cell_valid(v, i) ? hs_text_at(v, i) : HS_S("");
        size_t bits = bit_count(s), skip = s.len ? (uint8_t)s.at[0] : 0;
        for (size_t b = skip; b < skip + bits; b++)
            c->data[c->used++] = (s.at[1 + b / 8] >> (7 - b % 8) & 1) ? '1' : '0';
        end_value(c);
    }
}
const struct column_ops hs_ops_bits = {bits_measure, bits_write, text_nulls};
