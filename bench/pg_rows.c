/* How long it takes to write rows in PostgreSQL's protocol: a made batch with the columns of TPC-H's lineitem, in every
 * kind, in nanoseconds of processor time a value. bench_pg_rows [seconds a kind [part of the kind's name]] */
#include "front/pg/values/values.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { ROWS = 65536, COLUMNS = 16, BODY = 64 << 20 };

static const struct {
    const char *name;
    enum hs_type_id id;
    int64_t from, to; /* of numbers; of texts: how long */
} shape[COLUMNS] = {
    {"l_orderkey", HS_T_LONG, 1, 6000000},     {"l_partkey", HS_T_LONG, 1, 200000},
    {"l_suppkey", HS_T_LONG, 1, 10000},        {"l_linenumber", HS_T_INT, 1, 7},
    {"l_quantity", HS_T_DECIMAL, 100, 5000},   {"l_extendedprice", HS_T_DECIMAL, 90000, 10494950},
    {"l_discount", HS_T_DECIMAL, 0, 10},       {"l_tax", HS_T_DECIMAL, 0, 8},
    {"l_returnflag", HS_T_STRING, 1, 1},       {"l_linestatus", HS_T_STRING, 1, 1},
    {"l_shipdate", HS_T_DATE, 8037, 10561},    {"l_commitdate", HS_T_DATE, 8037, 10561},
    {"l_receiptdate", HS_T_DATE, 8037, 10561}, {"l_shipinstruct", HS_T_STRING, 4, 17},
    {"l_shipmode", HS_T_STRING, 3, 7},         {"l_comment", HS_T_STRING, 10, 43},
};

static struct hs_type types[COLUMNS], schema = {.id = HS_T_STRUCT};
static struct hs_field fields[COLUMNS];
static struct hs_batch_node nodes[COLUMNS];
static struct hs_batch_buffer buffers[COLUMNS * 3];
static uint8_t *body;
static size_t used, buffer_count;

static uint64_t next_random(void)
{
    static uint64_t state = 88172645463325252u;
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

static int64_t between(int64_t from, int64_t to)
{
    return from + (int64_t)(next_random() % (uint64_t)(to - from + 1));
}

static void end_buffer(size_t from)
{
    buffers[buffer_count++] = (struct hs_batch_buffer){(int64_t)from, (int64_t)(used - from)};
    used = (used + 7) / 8 * 8;
}

static void make_texts(int i)
{
    size_t from = used, data = used + (ROWS + 1) * 4 + 8, at = 0;
    data = data / 8 * 8;
    int32_t *offsets = (int32_t *)(void *)(body + from);
    for (int row = 0; row < ROWS; row++) {
        offsets[row] = (int32_t)at;
        for (int64_t n = between(shape[i].from, shape[i].to); n; n--)
            body[data + at++] = (uint8_t)(n % 6 ? 'a' + next_random() % 26 : ' ');
    }
    offsets[ROWS] = (int32_t)at;
    used = from + (ROWS + 1) * 4;
    end_buffer(from);
    used = data + at;
    end_buffer(data);
}

static void make_column(int i, bool narrow)
{
    types[i] = (struct hs_type){.id = shape[i].id};
    size_t width = shape[i].id == HS_T_LONG ? 8 : 4, from;
    if (shape[i].id == HS_T_DECIMAL) {
        types[i].precision = 15;
        types[i].scale = 2;
        types[i].narrow = narrow ? 64 : 0;
        width = narrow ? 8 : 16;
    }
    fields[i] = (struct hs_field){.id = -1, .name = hs_str_of(shape[i].name), .type = &types[i]};
    nodes[i] = (struct hs_batch_node){ROWS, 0};
    end_buffer(used); /* no validity */
    if (shape[i].id == HS_T_STRING) {
        make_texts(i);
        return;
    }
    from = used;
    for (int row = 0; row < ROWS; row++, used += width) {
        __int128 v = between(shape[i].from, shape[i].to);
        memcpy(body + used, &v, width);
    }
    end_buffer(from);
}

static struct hs_batch make(bool narrow)
{
    used = buffer_count = 0;
    for (int i = 0; i < COLUMNS; i++)
        make_column(i, narrow);
    schema.fields = fields;
    schema.field_count = COLUMNS;
    return (struct hs_batch){.rows = ROWS,
                             .nodes = nodes,
                             .node_count = COLUMNS,
                             .buffers = buffers,
                             .buffer_count = buffer_count,
                             .body = body,
                             .body_len = used};
}

static double processor_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static hs_rc write_all(struct hs_pg_rows *r, const struct hs_batch *batch, struct hs_buf *out, size_t *bytes,
                       struct hs_err *err)
{
    int64_t rows;
    HS_TRY(hs_pg_rows_batch(r, batch, err));
    while (hs_pg_rows_left(r)) {
        hs_buf_clear(out);
        HS_TRY(hs_pg_rows_write(r, -1, 256 << 10, out, &rows, err));
        *bytes += out->len;
    }
    return HS_OK;
}

static hs_rc measure(const char *name, enum hs_pg_rows_kind kind, bool binary, bool narrow, double seconds,
                     struct hs_err *err)
{
    enum hs_pg_format formats[COLUMNS];
    for (int i = 0; i < COLUMNS; i++)
        formats[i] = binary ? HS_PG_BINARY : HS_PG_TEXT;
    struct hs_batch batch = make(narrow);
    struct hs_pg_rows_spec spec = {.kind = kind, .schema = &schema, .formats = formats};
    struct hs_pg_rows *r = NULL;
    struct hs_buf out;
    size_t bytes = 0;
    double best = 1e9, begin = processor_seconds();
    HS_TRY(hs_pg_rows_open(&spec, &r, err));
    hs_buf_init(&out, 1 << 30);
    hs_rc rc = HS_OK;
    while (rc == HS_OK && processor_seconds() - begin < seconds) {
        double from = processor_seconds();
        bytes = 0;
        rc = write_all(r, &batch, &out, &bytes, err);
        double took = processor_seconds() - from;
        best = took < best ? took : best;
    }
    printf("%-28s %6.2f ns/value  %7.1f ns/row  %6.0f MB/s  %zu bytes/row\n", name, best * 1e9 / ROWS / COLUMNS,
           best * 1e9 / ROWS, (double)bytes / best / 1e6, bytes / ROWS);
    hs_buf_fini(&out);
    hs_pg_rows_close(r);
    return rc;
}

static const struct {
    const char *name;
    enum hs_pg_rows_kind kind;
    bool binary;
} kinds[] = {{"DataRow, text", HS_PG_DATA_ROW, false},
             {"DataRow, binary", HS_PG_DATA_ROW, true},
             {"COPY text", HS_PG_COPY_TEXT, false},
             {"COPY CSV", HS_PG_COPY_CSV, false},
             {"COPY binary", HS_PG_COPY_BINARY, true}};

int main(int argc, char **argv)
{
    double seconds = argc > 1 ? atof(argv[1]) : 1;
    const char *only = argc > 2 ? argv[2] : "";
    struct hs_err err;
    body = calloc(1, BODY);
    hs_rc rc = body ? HS_OK : HS_NOMEM;
    for (int narrow = 0; narrow < 2; narrow++) {
        printf("decimals %s\n", narrow ? "of 64 bits" : "of 128 bits");
        for (size_t i = 0; i < sizeof kinds / sizeof *kinds && rc == HS_OK; i++)
            if (strstr(kinds[i].name, only))
                rc = measure(kinds[i].name, kinds[i].kind, kinds[i].binary, narrow, seconds, &err);
    }
    if (rc != HS_OK)
        fprintf(stderr, "%s\n", err.detail);
    free(body);
    return rc != HS_OK;
}
