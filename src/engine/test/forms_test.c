/* The same answer in every form: its values never depend on the form. What the worker writes is imported and printed,
 * and compared with what it prints when it is plain; each is also left as a stream for tests/arrow/test_forms.py. */
#include "arrow/ipc.h"
#include "arrow/value_text.h"
#include "engine/test/worker_tool.h"

#include <nanoarrow/nanoarrow.h>

enum { FORMS = 1 << 8 };

/* ---- a stream and a text of what comes ---- */
struct seen {
    FILE *stream;
    struct hs_buf text;
    size_t dictionaries;
    uint64_t bytes;
};

static void write_padded(FILE *f, const void *at, size_t len, size_t padded)
{
    static const char zeros[8];
    if (len)
        assert_int_equal(fwrite(at, 1, len, f), len);
    fwrite(zeros, 1, padded - len, f);
}

static void write_message(FILE *f, const struct hs_buf *header, const uint8_t *body, size_t len)
{
    uint32_t prefix[2] = {0xFFFFFFFF, (uint32_t)((header->len + 7) & ~(size_t)7)};
    fwrite(prefix, 4, 2, f);
    write_padded(f, header->at, header->len, prefix[1]);
    write_padded(f, body, len, (len + 7) & ~(size_t)7);
}

static void write_schema(struct guest *g, struct seen *s)
{
    struct hs_err err;
    struct ArrowSchema schema;
    struct hs_buf b;
    hs_buf_init(&b, 1 << 20);
    assert_int_equal(hs_type_to_arrow(g->type, false, &schema, &err), HS_OK);
    assert_int_equal(hs_ipc_schema(&schema, true, &b, &err), HS_OK);
    ArrowSchemaRelease(&schema);
    fwrite(b.at, 1, b.len, s->stream);
    hs_buf_fini(&b);
}

static void add_rows(struct guest *g, const struct hs_batch *batch, struct hs_buf *out)
{
    struct hs_err err;
    struct ArrowSchema schema;
    struct ArrowArray array;
    struct ArrowArrayView view;
    hs_rc rc = hs_batch_import(g->type, batch, &array, &err);
    if (rc != HS_OK)
        print_error("%s\n", err.detail);
    assert_int_equal(rc, HS_OK);
    assert_int_equal(hs_type_to_arrow(g->type, false, &schema, &err), HS_OK);
    assert_int_equal(ArrowArrayViewInitFromSchema(&view, &schema, NULL), NANOARROW_OK);
    assert_int_equal(ArrowArrayViewSetArray(&view, &array, NULL), NANOARROW_OK);
    for (int64_t r = 0; r < array.length; r++)
        for (size_t i = 0; i < g->type->field_count; i++) {
            hs_buf_add_arrow_value(out, view.children[i], g->type->fields[i].type, r, true);
            hs_buf_addc(out, i + 1 < g->type->field_count ? '|' : '\n');
        }
    ArrowArrayViewReset(&view);
    ArrowArrayRelease(&array);
    ArrowSchemaRelease(&schema);
}

static void see(struct guest *g, const struct hs_batch *batch)
{
    struct seen *s = g->on_batch_arg;
    struct hs_err err;
    struct hs_buf header;
    if (ftell(s->stream) == 0)
        write_schema(g, s);
    hs_buf_init(&header, 1 << 20);
    for (size_t i = 0; i < hs_batch_part_count(batch); i++) {
        struct hs_batch_part part = hs_batch_part(batch, i);
        hs_buf_clear(&header);
        assert_int_equal(hs_ipc_part_header(batch, i, &header, &err), HS_OK);
        write_message(s->stream, &header, batch->body + part.at, part.len);
    }
    hs_buf_fini(&header);
    add_rows(g, batch, &s->text);
    s->dictionaries += batch->dictionary_count;
    s->bytes += batch->body_len;
    assert_true(batch->rows == 1 || batch->body_len <= SLOT_BYTES);
}

static void run_in_form(struct guest *g, const char *sql, const char *name, unsigned packed, struct seen *s)
{
    const char *build = getenv("HS_BUILD_DIR");
    char path[600];
    *s = (struct seen){.stream = NULL};
    hs_buf_init(&s->text, 256 << 20);
    assert_true(hs_form_unpack(packed, &g->form));
    snprintf(path, sizeof path, "%s/forms_%s_%02x.arrows", build ? build : "/tmp", name, packed);
    s->stream = fopen(path, "wb");
    assert_non_null(s->stream);
    g->on_batch = see;
    g->on_batch_arg = s;
    int rc = guest_run(g, sql, NULL);
    if (rc)
        print_error("%s in form %02x: %s: %s\n", name, packed, g->error_kind, g->error);
    assert_int_equal(rc, 0);
    if (ftell(s->stream) == 0)
        write_schema(g, s);
    fclose(s->stream);
    g->on_batch = NULL;
}

static void same_in_every_form(struct guest *g, const char *sql, const char *name)
{
    struct seen plain, other;
    struct hs_answer_form form;
    run_in_form(g, sql, name, 0, &plain);
    int64_t rows = g->rows;
    for (unsigned packed = 1; packed < FORMS; packed++) {
        if (!hs_form_unpack(packed, &form))
            continue;
        run_in_form(g, sql, name, packed, &other);
        assert_int_equal(g->rows, rows);
        if (!hs_str_eq(hs_buf_str(&plain.text), hs_buf_str(&other.text)))
            print_error("%s in form %02x differs\n", name, packed);
        assert_true(hs_str_eq(hs_buf_str(&plain.text), hs_buf_str(&other.text)));
        hs_buf_fini(&other.text);
    }
    hs_buf_fini(&plain.text);
}

static struct guest *begin(void)
{
    struct guest *g = guest_start("");
    g->threads = 4; /* plain batches are written by writers, too */
    guest_lease(g, test_directory(), in_directory("spill-forms"), 512 << 20, INT64_C(1) << 30);
    return g;
}

/* ---- every type x {value, NULL, in struct, list, map} ---- */
static const struct {
    const char *name, *value;
} TYPES[] = {
    {"boolean", "i % 2 = 0"},
    {"int", "(i * 7919)::INTEGER"},
    {"long", "i::BIGINT * 1000000007"},
    {"float", "(i / 7)::FLOAT"},
    {"double", "i / 7"},
    {"decimal4", "(i % 900 / 10)::DECIMAL(4, 1)"},
    {"decimal9", "(i * 100003 % 9999999 / 100 * (1 - 2 * (i % 2)))::DECIMAL(9, 2)"},
    {"decimal18", "(i * 1000003 * (1 - 2 * (i % 2)))::DECIMAL(18, 3)"},
    {"decimal38", "(i * 1000003)::DECIMAL(38, 5) * 1000000007"},
    {"date", "DATE '1969-12-31' + i::INTEGER"},
    {"time", "TIME '00:00:00' + INTERVAL (i) MILLISECOND"},
    {"timestamp", "TIMESTAMP '1969-12-31 23:59:59.999999' + INTERVAL (i) SECOND"},
    {"timestamptz", "TIMESTAMPTZ '2001-01-01 00:00:00Z' + INTERVAL (i) SECOND"},
    {"timestamp_ns", "(TIMESTAMP '2001-01-01 00:00:00' + INTERVAL (i) SECOND)::TIMESTAMP_NS"},
    {"string", "'a text that is longer than twelve, number ' || i"},
    {"string_short", "left('exactly12byt', (i % 13)::INTEGER)"},
    {"string_few", "'one of some ' || (i % 300)"},
    {"string_fewer", "['AIR', 'MAIL', 'not so short a way to ship', '', 'é'][(i % 5 + 1)::INTEGER]"},
    {"binary", "encode('bytes ' || i)"},
    {"binary_few", "encode('bytes ' || (i % 3))"},
    {"uuid", "('00000000-0000-0000-0000-' || lpad((i)::VARCHAR, 12, '0'))::UUID"},
};

static void add_columns(struct hs_buf *b, const char *value)
{
    hs_buf_addf(
        b,
        "SELECT v AS value, CASE WHEN i %% 3 = 0 THEN NULL ELSE v END AS sparse, "
        "CASE WHEN false THEN v END AS never, "
        "CASE WHEN i %% 5 = 0 THEN NULL ELSE {'a': v, 'b': CASE WHEN i %% 2 = 0 THEN NULL ELSE v END} END AS pair, "
        "CASE WHEN i %% 7 = 0 THEN NULL WHEN i %% 7 = 1 THEN [] ELSE [v, NULL, v] END AS list, "
        "CASE WHEN i %% 11 = 0 THEN NULL ELSE MAP {'k' || i: v, 'n': NULL} END AS map, "
        "[{'in': [v]}, NULL] AS deep FROM (SELECT i, %s AS v FROM range(1501) r(i)) ORDER BY i",
        value);
}

static void every_type_is_the_same_in_every_form(void **state)
{
    (void)state;
    struct guest *g = begin();
    for (size_t t = 0; t < sizeof TYPES / sizeof *TYPES; t++) {
        struct hs_buf sql;
        hs_buf_init(&sql, 1 << 16);
        add_columns(&sql, TYPES[t].value);
        same_in_every_form(g, sql.at, TYPES[t].name);
        hs_buf_fini(&sql);
    }
    guest_end(g);
}

static void odd_answers_are_the_same_in_every_form(void **state)
{
    (void)state;
    struct guest *g = begin();
    same_in_every_form(g, "SELECT 'x' AS s, 1.25::DECIMAL(5, 2) AS d WHERE false", "no_rows");
    same_in_every_form(g, "SELECT 'one', 1.25::DECIMAL(5, 2), NULL::VARCHAR, NULL", "one_row");
    same_in_every_form(g, "SELECT NULL::VARCHAR AS s FROM range(5000)", "only_nulls");
    same_in_every_form(g, "SELECT '' AS s, ''::BLOB AS b FROM range(5000)", "empty_texts");
    same_in_every_form(g, "SELECT repeat('wide ', 250000) || i AS s FROM range(3) r(i) ORDER BY i", "giant");
    same_in_every_form(g, "SELECT unnest(range(40000)) % 9 AS n, 'way ' || (n % 4) AS s", "many");
    guest_end(g);
}

/* ---- dictionaries ---- */
static void few_values_make_a_dictionary(void **state)
{
    (void)state;
    struct guest *g = begin();
    struct seen s;
    run_in_form(
        g, "SELECT 'way ' || (i % 4) AS few, 'road ' || (i % 900) AS some, 'n' || i AS many FROM range(20000) r(i)",
        "dictionaries", 0x10, &s);
    assert_int_equal(g->type->fields[0].type->index_bits, 8);
    assert_int_equal(g->type->fields[1].type->index_bits, 16);
    assert_int_equal(g->type->fields[2].type->index_bits, 0);
    assert_true(s.dictionaries >= 2);
    hs_buf_fini(&s.text);
    guest_end(g);
}

/* What came first does not tell what comes: a batch ends where its indices do. */
static void a_batch_ends_where_its_indices_do(void **state)
{
    (void)state;
    struct guest *g = begin();
    const char *sql =
        "SELECT CASE WHEN i < 40000 THEN 'same' ELSE 'new ' || i END AS s FROM range(42000) r(i) ORDER BY i";
    struct seen plain, s;
    run_in_form(g, sql, "overrun", 0, &plain);
    run_in_form(g, sql, "overrun", 0x10, &s);
    assert_int_equal(g->type->fields[0].type->index_bits, 8);
    assert_int_equal(g->rows, 42000);
    assert_true(g->batches >= 2000 / 128);
    assert_true(hs_str_eq(hs_buf_str(&plain.text), hs_buf_str(&s.text)));
    hs_buf_fini(&plain.text);
    hs_buf_fini(&s.text);
    guest_end(g);
}

/* ---- writers ---- */
/* The batch that cannot be written is one among others that are being written: what was before it has been sent,
 * nothing after it, and the next statement finds all in order. */
static void what_a_writer_cannot_write_ends_the_answer(void **state)
{
    (void)state;
    struct guest *g = begin();
    for (unsigned packed = 0; packed < 3; packed++) {
        assert_true(hs_form_unpack(packed, &g->form));
        int rc =
            guest_run(g,
                      "SELECT CASE WHEN i = 300000 THEN 170141183460469231731687303715884105727 ELSE i END::HUGEINT "
                      "FROM range(2000000) r(i)",
                      NULL);
        assert_int_equal(rc, 1);
        assert_non_null(strstr(g->error, "more than 38 digits"));
        assert_true(g->rows < 2000000 - 100000);
        assert_int_equal(guest_run(g, "SELECT i FROM range(1000000) r(i)", NULL), 0);
        assert_int_equal(g->rows, 1000000);
    }
    guest_end(g);
}

/* ---- size ---- */
static uint64_t bytes_in_form(struct guest *g, const char *sql, unsigned packed)
{
    struct seen s;
    run_in_form(g, sql, "size", packed, &s);
    hs_buf_fini(&s.text);
    return s.bytes;
}

static void forms_are_smaller(void **state)
{
    (void)state;
    struct guest *g = begin();
    const char *sql =
        "SELECT i % 100 AS n, (i % 1000)::DECIMAL(9, 2) AS d, 'one of few ' || (i % 6) AS s FROM range(100000) r(i)";
    uint64_t plain = bytes_in_form(g, sql, 0);
    assert_true(bytes_in_form(g, sql, 0x01) < plain / 2);           /* lz4 */
    assert_true(bytes_in_form(g, sql, 0x02) < plain / 2);           /* zstd */
    assert_true(bytes_in_form(g, sql, 0x04) <= plain - 1100000);    /* narrow: 12 bytes a row less */
    assert_true(bytes_in_form(g, sql, 0x10) < plain - 100000 * 14); /* a byte instead of 4 and 12 */
    guest_end(g);
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "worker") == 0)
        return hs_worker_main(argc, argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_is_the_same_in_every_form),
        cmocka_unit_test(odd_answers_are_the_same_in_every_form),
        cmocka_unit_test(few_values_make_a_dictionary),
        cmocka_unit_test(a_batch_ends_where_its_indices_do),
        cmocka_unit_test(what_a_writer_cannot_write_ends_the_answer),
        cmocka_unit_test(forms_are_smaller),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
