/* A hostile worker's batch into every kind of message: a byte for the schema, one for kind and format, rows, then
 * nodes, buffers and body as they come. What is said to be written must be messages whose lengths fit. */
#include "base/cursor.h"
#include "front/pg/values/values.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct hs_type leaf[] = {
    {.id = HS_T_BOOLEAN},
    {.id = HS_T_LONG},
    {.id = HS_T_STRING},
    {.id = HS_T_DECIMAL, .precision = 38, .scale = 7},
    {.id = HS_T_UUID},
    {.id = HS_T_UNKNOWN},
    {.id = HS_T_DECIMAL, .precision = 9, .scale = 3, .narrow = 32},
    {.id = HS_T_DATE},
    {.id = HS_T_TIMESTAMPTZ},
    {.id = HS_T_INTERVAL},
    {.id = HS_T_TIME},
    {.id = HS_T_BINARY},
    {.id = HS_T_DOUBLE},
    {.id = HS_T_TIMESTAMP_NS},
    {.id = HS_T_UINT64},
    {.id = HS_T_DECIMAL, .precision = 38, .scale = 20},
};
#define FIELD(label, t)                                                       \
    {                                                                         \
        .id = 1, .name = {label, 1}, .type = (struct hs_type *)(uintptr_t)(t) \
    }
static struct hs_field inner[] = {FIELD("a", &leaf[2]), FIELD("b", &leaf[1])};
static const struct hs_type nest[] = {{.id = HS_T_STRUCT, .fields = inner, .field_count = 2},
                                      {.id = HS_T_LIST, .fields = inner, .field_count = 1},
                                      {.id = HS_T_MAP, .fields = inner, .field_count = 2}};
static struct hs_field outer[] = {FIELD("a", &nest[1])}, composites[] = {FIELD("a", &nest[0])};
static const struct hs_type deep[] = {{.id = HS_T_LIST, .fields = outer, .field_count = 1},
                                      {.id = HS_T_LIST, .fields = composites, .field_count = 1}};
static struct hs_field columns[] = {
    FIELD("a", &leaf[0]),  FIELD("b", &leaf[1]),  FIELD("c", &leaf[2]),  FIELD("d", &leaf[3]),  FIELD("e", &leaf[4]),
    FIELD("f", &leaf[5]),  FIELD("g", &nest[0]),  FIELD("h", &nest[1]),  FIELD("i", &nest[2]),  FIELD("j", &leaf[6]),
    FIELD("k", &leaf[7]),  FIELD("l", &leaf[8]),  FIELD("m", &leaf[9]),  FIELD("n", &leaf[10]), FIELD("o", &leaf[11]),
    FIELD("p", &leaf[12]), FIELD("q", &leaf[13]), FIELD("r", &leaf[14]), FIELD("s", &leaf[15]), FIELD("t", &deep[0]),
    FIELD("u", &deep[1])};
enum { COLUMNS = sizeof columns / sizeof *columns, OUT_MOST = 1 << 20 };

static void check(const struct hs_buf *out)
{
    size_t at = 0;
    while (at < out->len) {
        uint32_t len;
        if (out->len - at < 5 || (out->at[at] != 'D' && out->at[at] != 'd'))
            abort();
        memcpy(&len, out->at + at + 1, 4);
        len = __builtin_bswap32(len);
        if (len < 4 || len > out->len - at - 1)
            abort();
        at += len + 1;
    }
}

static void write_rows(struct hs_pg_rows *r, const struct hs_batch *b)
{
    struct hs_buf out;
    struct hs_err err;
    int64_t rows;
    hs_buf_init(&out, OUT_MOST);
    if (hs_pg_rows_batch(r, b, &err) == HS_OK) {
        hs_rc rc = HS_OK;
        while (rc == HS_OK && hs_pg_rows_left(r)) {
            hs_buf_clear(&out);
            rc = hs_pg_rows_write(r, 100, 1000, &out, &rows, &err);
            check(&out);
            if (rc == HS_OK && rows < 1)
                abort();
        }
    }
    hs_buf_fini(&out);
}

static void take_batch(struct hs_cursor *c, const struct hs_type *schema, struct hs_pg_rows *r)
{
    struct hs_batch b = {.rows = hs_cursor_u8(c)};
    struct hs_batch_node n[64];
    struct hs_batch_buffer m[128];
    hs_batch_shape(schema, &b.node_count, &b.buffer_count);
    for (size_t i = 0; i < b.node_count; i++)
        n[i] = (struct hs_batch_node){hs_cursor_u8(c), hs_cursor_u8(c)};
    for (size_t i = 0; i < b.buffer_count; i++) {
        m[i].offset = (int16_t)hs_cursor_u16le(c);
        m[i].length = (int16_t)hs_cursor_u16le(c);
    }
    if (c->bad)
        return;
    b.nodes = n;
    b.buffers = m;
    hs_str body = hs_cursor_bytes(c, hs_cursor_left(c));
    uint8_t *aligned = aligned_alloc(8, (body.len + 8) / 8 * 8);
    if (aligned && body.len)
        memcpy(aligned, body.at, body.len);
    b.body = aligned;
    b.body_len = body.len;
    if (aligned)
        write_rows(r, &b);
    free(aligned);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hs_cursor c = hs_cursor_of(hs_str_n(data, size));
    struct hs_err err;
    struct hs_type schema = {.id = HS_T_STRUCT, .fields = columns, .field_count = COLUMNS};
    enum hs_pg_format formats[COLUMNS];
    unsigned pick = hs_cursor_u8(&c) % (COLUMNS + 1), how = hs_cursor_u8(&c);
    if (pick < COLUMNS) {
        schema.fields = &columns[pick];
        schema.field_count = 1;
    }
    for (size_t i = 0; i < COLUMNS; i++)
        formats[i] = how & 4 ? HS_PG_BINARY : HS_PG_TEXT;
    struct hs_pg_style style;
    hs_pg_style_init(&style);
    style.date_style = (enum hs_pg_date_style)(how >> 3 & 3);
    style.interval_style = (enum hs_pg_interval_style)(how >> 5 & 3);
    style.bytea_escape = how >> 7;
    struct hs_pg_rows_spec spec = {
        .kind = (enum hs_pg_rows_kind)(how & 3), .schema = &schema, .formats = formats, .style = &style};
    struct hs_pg_rows *r;
    if (hs_pg_rows_open(&spec, &r, &err) != HS_OK)
        return 0;
    take_batch(&c, &schema, r);
    hs_pg_rows_close(r);
    return 0;
}
