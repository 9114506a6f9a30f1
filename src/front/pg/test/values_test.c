#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/alloc.h"
#include "values_tool.h"

/* ---- a batch of four columns: int, text, list of int, date; three rows, the middle one NULL ---- */
static struct hs_type int_type = {.id = HS_T_INT}, text_type = {.id = HS_T_STRING}, date_type = {.id = HS_T_DATE};
static struct hs_field element = {.name = {"element", 7}, .type = &int_type};
static struct hs_type list_type = {.id = HS_T_LIST, .fields = &element, .field_count = 1};
static struct hs_field fields[] = {{.name = {"i", 1}, .type = &int_type},
                                   {.name = {"t", 1}, .type = &text_type},
                                   {.name = {"l", 1}, .type = &list_type},
                                   {.name = {"d", 1}, .type = &date_type}};
static const struct hs_type schema = {.id = HS_T_STRUCT, .fields = fields, .field_count = 4};

struct made {
    struct hs_batch batch;
    struct hs_batch_node nodes[5];
    struct hs_batch_buffer buffers[11];
    uint64_t body[64];
    size_t used, count;
};

static void add_buffer(struct made *m, const void *at, size_t len)
{
    m->buffers[m->count++] = (struct hs_batch_buffer){(int64_t)m->used, (int64_t)len};
    if (len)
        memcpy((uint8_t *)m->body + m->used, at, len);
    m->used = (m->used + len + 7) / 8 * 8;
}

static void make(struct made *m)
{
    static const uint8_t outer = 5, all = 7;
    static const int32_t ints[] = {-7, 99, 2147483647}, texts[] = {0, 3, 3, 9}, lists[] = {0, 2, 2, 3};
    static const int32_t elements[] = {1, 2, 3}, days[] = {0, 0, 10957};
    *m = (struct made){.nodes = {{3, 1}, {3, 1}, {3, 1}, {3, 0}, {3, 1}}};
    add_buffer(m, &outer, 1);
    add_buffer(m, ints, sizeof ints);
    add_buffer(m, &outer, 1);
    add_buffer(m, texts, sizeof texts);
    add_buffer(m, "abcd\te\\\xC3\xA9", 9);
    add_buffer(m, &outer, 1);
    add_buffer(m, lists, sizeof lists);
    add_buffer(m, &all, 1);
    add_buffer(m, elements, sizeof elements);
    add_buffer(m, &outer, 1);
    add_buffer(m, days, sizeof days);
    m->batch = (struct hs_batch){.rows = 3,
                                 .nodes = m->nodes,
                                 .node_count = 5,
                                 .buffers = m->buffers,
                                 .buffer_count = 11,
                                 .body = (const uint8_t *)m->body,
                                 .body_len = m->used};
}

static hs_rc write_batch(const struct hs_pg_rows_spec *spec, const struct hs_batch *batch, struct hs_buf *out,
                         struct hs_err *err)
{
    struct hs_pg_rows *r;
    int64_t rows;
    HS_TRY(hs_pg_rows_open(spec, &r, err));
    hs_rc rc = hs_pg_rows_head(r, out, err);
    if (rc == HS_OK)
        rc = hs_pg_rows_batch(r, batch, err);
    while (rc == HS_OK && hs_pg_rows_left(r))
        rc = hs_pg_rows_write(r, -1, 1 << 20, out, &rows, err);
    if (rc == HS_OK)
        rc = hs_pg_rows_tail(r, out, err);
    hs_pg_rows_close(r);
    return rc;
}

static void expect(struct hs_pg_rows_spec spec, const char *bytes, size_t len)
{
    struct made m;
    struct hs_buf out;
    struct hs_err err;
    make(&m);
    hs_buf_init(&out, 1 << 20);
    spec.schema = spec.schema ? spec.schema : &schema;
    assert_int_equal(write_batch(&spec, &m.batch, &out, &err), HS_OK);
    assert_int_equal(out.len, len);
    assert_memory_equal(out.at, bytes, len);
    hs_buf_fini(&out);
}
#define EXPECT(spec, literal) expect(spec, literal, sizeof(literal) - 1)

#define FOUR_NULLS "\0\4\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"

static void messages(void **state)
{
    (void)state;
    static const enum hs_pg_format mixed[] = {HS_PG_BINARY, HS_PG_TEXT, HS_PG_TEXT, HS_PG_BINARY};
    EXPECT(((struct hs_pg_rows_spec){.kind = HS_PG_DATA_ROW}),
           "D\0\0\0\x2a\0\4\0\0\0\2-7\0\0\0\3abc\0\0\0\5{1,2}\0\0\0\n1970-01-01"
           "D\0\0\0\x16" FOUR_NULLS
           "D\0\0\0\x33\0\4\0\0\0\n2147483647\0\0\0\6d\te\\\xC3\xA9\0\0\0\3{3}\0\0\0\n2000-01-01");
    EXPECT(((struct hs_pg_rows_spec){.kind = HS_PG_DATA_ROW, .formats = mixed}),
           "D\0\0\0\x26\0\4\0\0\0\4\xff\xff\xff\xf9\0\0\0\3abc\0\0\0\5{1,2}\0\0\0\4\xff\xff\xd5\x33"
           "D\0\0\0\x16" FOUR_NULLS
           "D\0\0\0\x27\0\4\0\0\0\4\x7f\xff\xff\xff\0\0\0\6d\te\\\xC3\xA9\0\0\0\3{3}\0\0\0\4\0\0\0\0");
    EXPECT(((struct hs_pg_rows_spec){.kind = HS_PG_COPY_TEXT}),
           "d\0\0\0\x1c-7\tabc\t{1,2}\t1970-01-01\nd\0\0\0\x10\\N\t\\N\t\\N\t\\N\n"
           "d\0\0\0\x27"
           "2147483647\td\\te\\\\\xC3\xA9\t{3}\t2000-01-01\n");
    struct hs_pg_copy header = {.header = true};
    EXPECT(((struct hs_pg_rows_spec){.kind = HS_PG_COPY_CSV, .copy = &header}),
           "d\0\0\0\x0ci,t,l,d\nd\0\0\0\x1e-7,abc,\"{1,2}\",1970-01-01\nd\0\0\0\x08,,,\n"
           "d\0\0\0\x25"
           "2147483647,d\te\\\xC3\xA9,{3},2000-01-01\n");
}

/* COPY's first bytes come with the first row, or with the end where there is none. */
static void copy_binary(void **state)
{
    (void)state;
    struct made m;
    struct hs_buf out;
    struct hs_err err;
    struct hs_pg_rows_spec spec = {.kind = HS_PG_COPY_BINARY, .schema = &schema};
    hs_buf_init(&out, 1 << 20);
    make(&m);
    assert_int_equal(write_batch(&spec, &m.batch, &out, &err), HS_OK);
    assert_memory_equal(out.at, "d\0\0\0\x58PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0\0\4\0\0\0\4\xff\xff\xff\xf9", 34);
    assert_memory_equal(out.at + out.len - 7, "d\0\0\0\6\xff\xff", 7);
    hs_buf_clear(&out);
    for (int i = 0; i < 5; i++)
        m.nodes[i].length = m.nodes[i].null_count = 0;
    m.batch.rows = 0;
    assert_int_equal(write_batch(&spec, &m.batch, &out, &err), HS_OK);
    assert_int_equal(out.len, 26);
    assert_memory_equal(out.at, "d\0\0\0\x19PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0\xff\xff", 26);
    hs_buf_fini(&out);
}

static void in_pieces(void **state)
{
    (void)state;
    struct made m;
    struct hs_buf out;
    struct hs_err err;
    struct hs_pg_rows *r;
    int64_t rows;
    make(&m);
    hs_buf_init(&out, 1 << 20);
    assert_int_equal(hs_pg_rows_open(&(struct hs_pg_rows_spec){.schema = &schema}, &r, &err), HS_OK);
    assert_int_equal(hs_pg_rows_left(r), 0);
    assert_int_equal(hs_pg_rows_write(r, -1, 100, &out, &rows, &err), HS_OK);
    assert_int_equal(rows, 0);
    assert_int_equal(hs_pg_rows_batch(r, &m.batch, &err), HS_OK);
    assert_int_equal(hs_pg_rows_write(r, 0, 100, &out, &rows, &err), HS_OK);
    assert_int_equal(rows, 0);
    assert_int_equal(hs_pg_rows_write(r, -1, 0, &out, &rows, &err), HS_OK); /* one at least */
    assert_int_equal(rows, 1);
    assert_int_equal(out.len, 43);
    assert_int_equal(hs_pg_rows_write(r, -1, 1, &out, &rows, &err), HS_OK);
    assert_int_equal(rows, 1);
    assert_int_equal(out.len, 43 + 23);
    assert_int_equal(hs_pg_rows_left(r), 1);
    assert_int_equal(hs_pg_rows_write(r, 5, 1000, &out, &rows, &err), HS_OK);
    assert_int_equal(rows, 1);
    assert_int_equal(hs_pg_rows_left(r), 0);
    assert_int_equal(out.len, 43 + 23 + 52);
    hs_pg_rows_close(r);
    hs_buf_fini(&out);
}

/* A buffer that is full says so, holds whole rows only, and can still take what is said next. */
static void no_room(void **state)
{
    (void)state;
    struct made m;
    struct hs_buf out;
    struct hs_err err;
    make(&m);
    for (size_t max = 0; max < 1200; max += 7) {
        hs_buf_init(&out, max);
        hs_rc rc = write_batch(&(struct hs_pg_rows_spec){.schema = &schema}, &m.batch, &out, &err);
        assert_true(rc == HS_OK || rc == HS_LIMIT);
        assert_true(out.len == 0 || out.len == 43 || out.len == 43 + 23 || out.len == 43 + 23 + 52);
        assert_false(out.failed);
        if (rc == HS_LIMIT)
            assert_string_equal(err.sqlstate, "54000");
        hs_buf_fini(&out);
    }
}

/* ---- what a worker may have done to it ---- */
static hs_rc write_any(const struct made *m, struct hs_err *err)
{
    struct hs_buf out;
    hs_buf_init(&out, 1 << 20);
    hs_rc rc = HS_OK;
    for (int kind = 0; kind < 4; kind++) {
        hs_rc one = write_batch(&(struct hs_pg_rows_spec){.schema = &schema, .kind = (enum hs_pg_rows_kind)kind},
                                &m->batch, &out, err);
        rc = rc == HS_OK ? one : rc;
    }
    hs_buf_fini(&out);
    return rc;
}

static void cut_batches(void **state)
{
    (void)state;
    struct made m;
    struct hs_err err;
    for (size_t i = 0; i < 11; i++)
        for (int64_t cut = 1; cut <= 40; cut++) {
            make(&m);
            if (m.buffers[i].length - cut < 0)
                break;
            m.buffers[i].length -= cut;
            bool absent = m.buffers[i].length == 0 && i == 7; /* where no NULL is said to be */
            assert_int_equal(write_any(&m, &err), absent ? HS_OK : HS_CORRUPT);
        }
}

static void bad_offsets(void **state)
{
    (void)state;
    static const int32_t tries[][4] = {{0, 4, 3, 9},         {-1, 0, 0, 1}, {0, 3, 3, 10},
                                       {0, 3, 3, INT32_MAX}, {5, 3, 3, 9},  {0, 0, INT32_MIN, 9}};
    struct made m;
    struct hs_err err;
    for (size_t i = 0; i < sizeof tries / sizeof *tries; i++) {
        make(&m);
        memcpy((uint8_t *)m.body + m.buffers[3].offset, tries[i], 16);
        assert_int_equal(write_any(&m, &err), HS_CORRUPT);
        make(&m);
        memcpy((uint8_t *)m.body + m.buffers[6].offset, tries[i], 16);
        assert_int_equal(write_any(&m, &err), HS_CORRUPT);
    }
}

static void bad_texts(void **state)
{
    (void)state;
    struct made m;
    struct hs_err err;
    make(&m);
    char *text = (char *)m.body + m.buffers[4].offset;
    text[0] = (char)0xFF;
    assert_int_equal(write_any(&m, &err), HS_CORRUPT);
    memcpy(text, "ab\xC3\xA9", 4); /* a character over the border of two values */
    assert_int_equal(write_any(&m, &err), HS_CORRUPT);
    make(&m);
    memcpy(text, "a\0b", 3);
    assert_int_equal(write_any(&m, &err), HS_UNSUPPORTED);
    assert_string_equal(err.sqlstate, "22021");
}

static void days_outside(void **state)
{
    (void)state;
    static const struct {
        int32_t days;
        hs_rc rc;
    } tries[] = {{INT32_MAX, HS_OK},
                 {-INT32_MAX, HS_OK},
                 {2145042905, HS_OK},
                 {2145042906, HS_UNSUPPORTED},
                 {-2440588, HS_OK},
                 {-2440589, HS_UNSUPPORTED},
                 {INT32_MAX - 1, HS_UNSUPPORTED}};
    struct made m;
    struct hs_err err;
    for (size_t i = 0; i < sizeof tries / sizeof *tries; i++) {
        make(&m);
        memcpy((uint8_t *)m.body + m.buffers[10].offset + 8, &tries[i].days, 4);
        assert_int_equal(write_any(&m, &err), tries[i].rc);
        if (tries[i].rc != HS_OK)
            assert_string_equal(err.sqlstate, "22008");
    }
}

/* What stands under a NULL is nobody's business. */
static void under_nulls(void **state)
{
    (void)state;
    struct made m;
    struct hs_err err;
    int32_t day = INT32_MAX - 1;
    make(&m);
    memcpy((uint8_t *)m.body + m.buffers[10].offset + 4, &day, 4);
    assert_int_equal(write_any(&m, &err), HS_OK);
}

/* ---- declared types ---- */
static void declared(void **state)
{
    (void)state;
    static const struct {
        uint32_t oids[4], become[4];
    } tries[] = {{{20, 1043, 1016, 1082}, {20, 1043, 1016, 1082}},
                 {{26, 3802, 1231, 1114}, {26, 3802, 1231, 1082}}, /* a day is no timestamp */
                 {{1700, 23, 1009, 0}, {1700, 25, 1007, 1082}},
                 {{24, 19, 22, 25}, {24, 19, 1007, 1082}}};
    struct hs_err err;
    for (size_t i = 0; i < sizeof tries / sizeof *tries; i++) {
        struct hs_pg_rows *r;
        struct hs_pg_type type;
        assert_int_equal(hs_pg_rows_open(&(struct hs_pg_rows_spec){.schema = &schema, .oids = tries[i].oids}, &r, &err),
                         HS_OK);
        for (size_t k = 0; k < 4; k++) {
            hs_pg_rows_type(r, k, &type);
            assert_int_equal(type.oid, tries[i].become[k]);
        }
        hs_pg_rows_close(r);
    }
    static const uint32_t wide[] = {20, 25, 1016, 0}, narrow[] = {21, 0, 0, 0};
    static const enum hs_pg_format binary[] = {HS_PG_BINARY, HS_PG_TEXT, HS_PG_BINARY, HS_PG_TEXT};
    EXPECT(((struct hs_pg_rows_spec){.oids = wide, .formats = binary}),
           "D\0\0\0\x57\0\4\0\0\0\x8\xff\xff\xff\xff\xff\xff\xff\xf9\0\0\0\3abc\0\0\0\x2c\0\0\0\1\0\0\0\0\0\0\0\x14\0\0"
           "\0\2\0\0"
           "\0\1\0\0\0\x8\0\0\0\0\0\0\0\1\0\0\0\x8\0\0\0\0\0\0\0\2\0\0\0\n1970-01-01"
           "D\0\0\0\x16" FOUR_NULLS "D\0\0\0\x4e\0\4\0\0\0\x8\0\0\0\0\x7f\xff\xff\xff\0\0\0\6d\te\\\xC3\xA9\0\0\0\x20\0"
           "\0\0\1\0\0\0\0\0\0\0\x14\0\0\0\1\0"
           "\0\0\1\0\0\0\x8\0\0\0\0\0\0\0\3\0\0\0\n2000-01-01");
    struct made m;
    struct hs_buf out;
    make(&m);
    hs_buf_init(&out, 1 << 20);
    assert_int_equal(write_batch(&(struct hs_pg_rows_spec){.schema = &schema, .oids = narrow}, &m.batch, &out, &err),
                     HS_INVALID);
    assert_string_equal(err.sqlstate, "22003");
    hs_buf_fini(&out);
}

static hs_rc regclass_text(void *of, uint32_t type, uint32_t oid, struct hs_buf *out, struct hs_err *err)
{
    (void)of;
    (void)err;
    hs_buf_addf(out, "%u.%u", type, oid);
    return HS_OK;
}

static void names_of_oids(void **state)
{
    (void)state;
    static const uint32_t oids[] = {2205, 0, 0, 0};
    struct hs_pg_resolver resolver = {.reg_text = regclass_text};
    struct hs_pg_rows_spec spec = {.kind = HS_PG_COPY_CSV, .oids = oids, .resolver = &resolver};
    static const char wanted[] = "d\0\0\0\x2b"
                                 "2205.4294967289,abc,\"{1,2}\",1970-01-01\nd\0\0\0\x08,,,\n"
                                 "d\0\0\0\x2a"
                                 "2205.2147483647,d\te\\\xC3\xA9,{3},2000-01-01\n";
    struct made m;
    struct hs_buf out;
    struct hs_err err;
    hs_buf_init(&out, 1 << 20);
    spec.schema = &schema;
    make(&m);
    assert_int_equal(write_batch(&spec, &m.batch, &out, &err), HS_INVALID); /* -7 is no OID */
    assert_int_equal(out.len, 0);
    hs_buf_fini(&out);
    int_type.id = HS_T_UINT32;
    expect(spec, wanted, sizeof wanted - 1);
    int_type.id = HS_T_INT;
}

static void types_table(void **state)
{
    (void)state;
    const struct hs_pg_type *type;
    uint32_t last = 0;
    for (size_t i = 0; (type = hs_pg_type_at(i)); i++) {
        assert_true(type->oid > last); /* it is searched by halves */
        last = type->oid;
        assert_ptr_equal(hs_pg_type_by_oid(type->oid), type);
        if (type->array_oid)
            assert_ptr_equal(hs_pg_type_by_array_oid(type->array_oid), type);
    }
    assert_null(hs_pg_type_by_oid(1));
    assert_null(hs_pg_type_by_array_oid(0));
    struct hs_pg_type out;
    for (enum hs_type_id id = HS_T_BOOLEAN; id < HS_T_COUNT_; id++) {
        struct hs_type t = {.id = id, .precision = 15, .scale = 2, .fields = &element, .field_count = 1};
        hs_pg_type_of(&t, &out);
        assert_true(out.oid != 0);
        assert_int_equal(out.typmod, id == HS_T_DECIMAL ? (15 << 16 | 2) + 4 : -1);
    }
    struct hs_field inner = {.name = {"l", 1}, .type = &list_type};
    struct hs_type lists = {.id = HS_T_LIST, .fields = &inner, .field_count = 1};
    hs_pg_type_of(&list_type, &out);
    assert_int_equal(out.oid, 1007);
    hs_pg_type_of(&lists, &out);
    assert_int_equal(out.oid, 114);
}

/* ---- styles and zones ---- */
static void styles(void **state)
{
    (void)state;
    static const struct {
        const char *name, *value, *shown; /* shown NULL: refused */
    } tries[] = {{"DateStyle", "SQL, DMY", "SQL, DMY"},
                 {"datestyle", "german", "German, DMY"},
                 {"DateStyle", "mdy", "German, MDY"},
                 {"DateStyle", "postgres, euro", "Postgres, DMY"},
                 {"DateStyle", "ISO", "ISO, DMY"},
                 {"DateStyle", "iso, sql", NULL},
                 {"DateStyle", "", NULL},
                 {"DateStyle", "default", "ISO, MDY"},
                 {"DateStyle", "\"ISO\", YMD", "ISO, YMD"},
                 {"IntervalStyle", "ISO_8601", "iso_8601"},
                 {"IntervalStyle", "x", NULL},
                 {"extra_float_digits", "3", "3"},
                 {"extra_float_digits", "-15", "-15"},
                 {"extra_float_digits", "4", NULL},
                 {"extra_float_digits", "x", NULL},
                 {"bytea_output", "escape", "escape"},
                 {"bytea_output", "base64", NULL}};
    struct hs_pg_style s;
    struct hs_err err;
    struct hs_arena *a = hs_arena_new(0);
    hs_pg_style_init(&s);
    for (size_t i = 0; i < sizeof tries / sizeof *tries; i++) {
        hs_str name = hs_str_of(tries[i].name);
        hs_rc rc = hs_pg_style_set(&s, name, hs_str_of(tries[i].value), &err);
        assert_int_equal(rc, tries[i].shown ? HS_OK : HS_INVALID);
        if (tries[i].shown)
            assert_true(hs_str_is(hs_pg_style_text(&s, name, a), tries[i].shown));
        else
            assert_string_equal(err.sqlstate, "22023");
    }
    assert_int_equal(hs_pg_style_set(&s, HS_S("work_mem"), HS_S("1"), &err), HS_NOT_FOUND);
    assert_true(hs_str_is(hs_pg_style_text(&s, HS_S("TimeZone"), a), "UTC"));
    hs_arena_free(a);
}

static int32_t offset_at(const char *zone, int64_t second)
{
    int64_t from, to;
    const struct hs_pg_zone *z = hs_pg_zone_find(hs_str_of(zone));
    assert_non_null(z);
    struct hs_pg_zone_type type = hs_pg_zone_at(z, second, &from, &to);
    assert_true(from <= second && second < to);
    return type.offset;
}

static void zones(void **state)
{
    (void)state;
    struct hs_err err;
    assert_int_equal(hs_pg_zones_load("/nowhere", &err), HS_NOT_FOUND);
    assert_null(hs_pg_zone_find(HS_S("Europe/Berlin")));
    assert_int_equal(offset_at("utc", 0), 0);
    assert_int_equal(offset_at("EST5EDT,M3.2.0,M11.1.0", 1752580800), -4 * 3600);
    assert_int_equal(offset_at("<+0330>-3:30", 0), 12600);
    assert_int_equal(offset_at("2", 0), 7200);
    assert_int_equal(offset_at("-3.5", 0), -12600);
    assert_true(hs_str_is(hs_pg_zone_name(hs_pg_zone_find(HS_S("-3.5"))), "<-03:30>+03:30"));
    static const char *const none[] = {"", "x", "17", "1.001", "EST", "EST5EDT,M3.2.0", "Europe/Nowhere", "5EST"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        assert_null(hs_pg_zone_find(hs_str_of(none[i])));
    if (hs_pg_zones_load("/usr/share/zoneinfo", &err) != HS_OK)
        skip();
    assert_int_equal(offset_at("europe/BERLIN", 1752580800), 7200);
    assert_int_equal(offset_at("Europe/Berlin", INT64_C(7305465600)), 7200); /* 2201: by the rule */
    assert_int_equal(offset_at("Europe/Berlin", -5000000000), 3208);
    const struct hs_pg_zone *berlin = hs_pg_zone_find(HS_S("Europe/Berlin"));
    assert_int_equal(hs_pg_zone_offset_of_local(berlin, 1585449000), 3600); /* 2020-03-29 02:30, which was not */
    assert_int_equal(hs_pg_zone_offset_of_local(berlin, 1603593000), 3600); /* 2020-10-25 02:30, which was twice */
    for (size_t i = 1; hs_pg_zone_at_number(i); i++)
        assert_true(hs_pg_zone_name(hs_pg_zone_at_number(i)).len > 0);
    hs_pg_zones_free();
}

/* Different POSIX words are kept for ever, so there is an end to them. */
static void too_many_zones(void **state)
{
    (void)state;
    int found = 0;
    for (int i = 0; i < 2000; i++) {
        char words[40];
        snprintf(words, sizeof words, "ABC%d:%02d:%02d", i / 3600, i / 60 % 60, i % 60);
        found += hs_pg_zone_find(hs_str_of(words)) != NULL;
    }
    assert_int_equal(found, 512);
    assert_non_null(hs_pg_zone_find(HS_S("abc0:00:05")));
    assert_non_null(hs_pg_zone_find(HS_S("+5.5")));
    hs_pg_zones_free();
}

/* ---- parameters ---- */
static void read_params(void **state)
{
    (void)state;
    static const struct {
        uint32_t oid;
        enum hs_pg_format format;
        const struct hs_type *wanted;
        const char *bytes;
        size_t len;
        enum hs_type_id type;
        const char *text; /* or */
        int64_t i;
        const char *refused;
    } tries[] = {
        {0, HS_PG_TEXT, NULL, "abc", 3, HS_T_STRING, "abc", 0, NULL},
        {0, HS_PG_TEXT, &int_type, "12", 2, HS_T_INT, NULL, 12, NULL},
        {705, HS_PG_TEXT, &int_type, "12x", 3, HS_T_INT, NULL, 0, "22P02"},
        {25, HS_PG_TEXT, &int_type, "12", 2, HS_T_STRING, "12", 0, NULL}, /* what was declared counts */
        {0, HS_PG_TEXT, &list_type, "{1,NULL,-3}", 11, HS_T_STRING, "[\"1\", NULL, \"-3\"]", 0, NULL},
        {1009, HS_PG_TEXT, NULL, "{a b,\"c\\\"\\\\\",null,\"NULL\",\"\"}", 28, HS_T_STRING,
         "[\"a b\", \"c\\\"\\\\\", NULL, \"NULL\", \"\"]", 0, NULL},
        {1007, HS_PG_TEXT, NULL, "{{1,2},{3,4}}", 13, HS_T_STRING, "[[\"1\", \"2\"], [\"3\", \"4\"]]", 0, NULL},
        {1007, HS_PG_TEXT, NULL, "{}", 2, HS_T_STRING, "[]", 0, NULL},
        {1007, HS_PG_TEXT, NULL, "[0:1]={1,2}", 11, HS_T_STRING, "[\"1\", \"2\"]", 0, NULL},
        {1007, HS_PG_TEXT, NULL, "{1,{2}}", 7, HS_T_STRING, NULL, 0, "22P02"},
        {1007, HS_PG_TEXT, NULL, "{1,}", 4, HS_T_STRING, NULL, 0, "22P02"},
        {1007, HS_PG_TEXT, NULL, "{1", 2, HS_T_STRING, NULL, 0, "22P02"},
        {1007, HS_PG_TEXT, NULL, "{1}x", 4, HS_T_STRING, NULL, 0, "22P02"},
        {1007, HS_PG_TEXT, NULL, "{x}", 3, HS_T_STRING, NULL, 0, "22P02"},
        {1001, HS_PG_TEXT, NULL, "{\"\\\\x41ff\"}", 11, HS_T_STRING, "[\"\\\\x41\\\\xff\"]", 0, NULL},
        {1007, HS_PG_BINARY, NULL, "\0\0\0\1\0\0\0\1\0\0\0\x17\0\0\0\2\0\0\0\1\0\0\0\4\0\0\0\7\xff\xff\xff\xff", 32,
         HS_T_STRING, "[\"7\", NULL]", 0, NULL},
        {1007, HS_PG_BINARY, NULL, "\0\0\0\0\0\0\0\0\0\0\0\x17", 12, HS_T_STRING, "[]", 0, NULL},
        {1007, HS_PG_BINARY, NULL, "\0\0\0\0\0\0\0\0\0\0\0\x19", 12, HS_T_STRING, NULL, 0, "42804"},
        {1007, HS_PG_BINARY, NULL, "\0\0\0\1\0\0\0\0\0\0\0\x17\x7f\xff\xff\xff\0\0\0\1", 20, HS_T_STRING, NULL, 0,
         "22P03"},
        {1007, HS_PG_BINARY, NULL, "\0\0\0\7\0\0\0\0\0\0\0\x17", 12, HS_T_STRING, NULL, 0, "22P03"},
        {23, HS_PG_BINARY, NULL, "\xff\xff\xff\xfe", 4, HS_T_INT, NULL, -2, NULL},
        {23, HS_PG_BINARY, NULL, "\xff\xff\xfe", 3, HS_T_INT, NULL, 0, "22P03"},
        {1082, HS_PG_BINARY, NULL, "\0\0\0\1", 4, HS_T_DATE, NULL, 10958, NULL},
        {1082, HS_PG_BINARY, NULL, "\x7f\xff\xff\xff", 4, HS_T_DATE, NULL, INT32_MAX, NULL},
        {1082, HS_PG_BINARY, NULL, "\x7f\xff\xff\xfe", 4, HS_T_DATE, NULL, 0, "22008"},
        {1083, HS_PG_BINARY, NULL, "\xff\xff\xff\xff\xff\xff\xff\xff", 8, HS_T_TIME, NULL, 0, "22008"},
        {1114, HS_PG_BINARY, NULL, "\x80\0\0\0\0\0\0\0", 8, HS_T_TIMESTAMP, NULL, -INT64_MAX, NULL},
        {1114, HS_PG_BINARY, NULL, "\x7f\xff\xff\xff\xff\xff\xff\xfe", 8, HS_T_TIMESTAMP, NULL, 0, "22008"},
        {3802, HS_PG_BINARY, NULL, "\1{}", 3, HS_T_STRING, "{}", 0, NULL},
        {3802, HS_PG_BINARY, NULL, "\2{}", 3, HS_T_STRING, NULL, 0, "22P03"},
        {3802, HS_PG_TEXT, NULL, "{}", 2, HS_T_STRING, "{}", 0, NULL},
        {25, HS_PG_BINARY, NULL, "a\0b", 3, HS_T_STRING, NULL, 0, "22021"},
        {25, HS_PG_TEXT, NULL, "\xff", 1, HS_T_STRING, NULL, 0, "22021"},
        {1700, HS_PG_TEXT, NULL, "-0.050", 6, HS_T_DECIMAL, "-.050", 0, NULL},
        {1700, HS_PG_BINARY, NULL, "\0\1\0\0\0\0\0\0\xff\xff", 10, HS_T_DECIMAL, NULL, 0, "22P03"},
        {1700, HS_PG_BINARY, NULL, "\0\2\0\0\0\0\0\0\0\1", 10, HS_T_DECIMAL, NULL, 0, "22P03"},
        {1700, HS_PG_BINARY, NULL, "\0\1\x7f\xff\0\0\0\0\0\1", 10, HS_T_DECIMAL, NULL, 0, "22003"},
        /* an empty array: of no dimensions, of one without elements, and with bytes behind it */
        {1007, HS_PG_BINARY, NULL, "\0\0\0\0\0\0\0\0\0\0\0\x17", 12, HS_T_STRING, "[]", 0, NULL},
        {1007, HS_PG_BINARY, NULL, "\0\0\0\1\0\0\0\0\0\0\0\x17\0\0\0\0\0\0\0\1", 20, HS_T_STRING, "[]", 0, NULL},
        {1007, HS_PG_BINARY, NULL, "\0\0\0\1\0\0\0\0\0\0\0\x17\0\0\0\0\0\0\0\1\0\0\0\0", 24, HS_T_STRING, NULL, 0,
         "22P03"},
        {1266, HS_PG_TEXT, NULL, "10:00+01", 8, HS_T_UNKNOWN, NULL, 0, "0A000"},
        {2249, HS_PG_TEXT, NULL, "(1)", 3, HS_T_UNKNOWN, NULL, 0, "0A000"},
        {999999, HS_PG_TEXT, NULL, "1", 1, HS_T_UNKNOWN, NULL, 0, "0A000"},
    };
    struct hs_arena *a = hs_arena_new(0);
    for (size_t i = 0; i < sizeof tries / sizeof *tries; i++) {
        struct hs_pg_param_spec spec = {tries[i].oid, tries[i].format, tries[i].wanted, NULL};
        struct hs_param p;
        struct hs_err err;
        const char *sqlstate = NULL;
        hs_rc rc = hs_pg_param_read(&spec, hs_str_n(tries[i].bytes, tries[i].len), a, &p, &sqlstate, &err);
        if (tries[i].refused) {
            assert_int_not_equal(rc, HS_OK);
            assert_string_equal(sqlstate, tries[i].refused);
            continue;
        }
        if (rc != HS_OK)
            print_error("%zu: %s\n", i, err.detail);
        assert_int_equal(rc, HS_OK);
        assert_int_equal(p.type, tries[i].type);
        if (tries[i].text)
            assert_true(hs_str_is(p.text, tries[i].text));
        else
            assert_int_equal(p.i, tries[i].i);
    }
    hs_arena_free(a);
}

static void null_params(void **state)
{
    (void)state;
    struct hs_param p;
    struct hs_err err;
    const char *sqlstate;
    struct hs_pg_param_spec ints = {.oid = 1007}, day = {.wanted = &date_type}, numeric = {.oid = 1700};
    assert_int_equal(hs_pg_param_read(&ints, (hs_str){NULL, 0}, NULL, &p, &sqlstate, &err), HS_OK);
    assert_true(p.null && p.type == HS_T_STRING);
    assert_int_equal(hs_pg_param_read(&day, (hs_str){NULL, 0}, NULL, &p, &sqlstate, &err), HS_OK);
    assert_true(p.null && p.type == HS_T_DATE);
    assert_int_equal(hs_pg_param_read(&numeric, (hs_str){NULL, 0}, NULL, &p, &sqlstate, &err), HS_OK);
    assert_true(p.null && p.type == HS_T_DECIMAL && p.precision == 38);
}

/* ---- memory ---- */
static void no_memory(void **state)
{
    (void)state;
    struct made m;
    make(&m);
    hs_rc rc = HS_NOMEM;
    for (long n = 0; rc != HS_OK; n++) {
        struct hs_err err;
        struct hs_buf out;
        hs_buf_init(&out, 1 << 20);
        hs_fault_alloc_after(n);
        rc = write_batch(&(struct hs_pg_rows_spec){.schema = &schema, .kind = HS_PG_COPY_CSV}, &m.batch, &out, &err);
        hs_fault_alloc_after(-1);
        assert_true(rc == HS_OK || rc == HS_NOMEM);
        assert_true(n < 1000);
        hs_buf_fini(&out);
    }
}

static void no_memory_for_params(void **state)
{
    (void)state;
    hs_rc rc = HS_NOMEM;
    for (long n = 0; rc != HS_OK; n++) {
        struct hs_err err;
        struct hs_param p;
        const char *sqlstate;
        struct hs_pg_param_spec spec = {.oid = 1231};
        struct hs_arena *a = hs_arena_new(0);
        hs_fault_alloc_after(n);
        rc = hs_pg_param_read(&spec, HS_S("{1.5,NULL,\"2e3\"}"), a, &p, &sqlstate, &err);
        hs_fault_alloc_after(-1);
        assert_true(rc == HS_OK || rc == HS_NOMEM);
        assert_true(n < 1000);
        hs_arena_free(a);
    }
}

static void no_memory_for_zones(void **state)
{
    (void)state;
    hs_rc rc = HS_NOMEM;
    for (long n = 0; rc == HS_NOMEM; n++) {
        struct hs_err err;
        hs_fault_alloc_after(n);
        rc = hs_pg_zones_load("/usr/share/zoneinfo", &err);
        const struct hs_pg_zone *z = hs_pg_zone_find(HS_S("ABC3DEF"));
        hs_fault_alloc_after(-1);
        assert_true(n < 1000 && (z || n < 100));
        hs_pg_zones_free();
    }
}

int main(int argc, char **argv)
{
    if (argc > 1)
        return tool_main(argc, argv);
    const struct CMUnitTest tests[] = {cmocka_unit_test(messages),
                                       cmocka_unit_test(copy_binary),
                                       cmocka_unit_test(in_pieces),
                                       cmocka_unit_test(no_room),
                                       cmocka_unit_test(cut_batches),
                                       cmocka_unit_test(bad_offsets),
                                       cmocka_unit_test(bad_texts),
                                       cmocka_unit_test(days_outside),
                                       cmocka_unit_test(under_nulls),
                                       cmocka_unit_test(declared),
                                       cmocka_unit_test(names_of_oids),
                                       cmocka_unit_test(types_table),
                                       cmocka_unit_test(styles),
                                       cmocka_unit_test(zones),
                                       cmocka_unit_test(too_many_zones),
                                       cmocka_unit_test(read_params),
                                       cmocka_unit_test(null_params),
                                       cmocka_unit_test(no_memory),
                                       cmocka_unit_test(no_memory_for_params),
                                       cmocka_unit_test(no_memory_for_zones)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
