/* Relations that are given with a statement: what the worker reads is what was given, whatever its types; beside
 * tables, under walls, and not for people to ask for by themselves. */
#include "arrow/value_text.h"
#include "engine/given.h"
#include "engine/test/pool_tool.h"

#include <nanoarrow/nanoarrow.h>

static struct hs_engine *engine;

/* Each more than two of the engine's vectors, and small enough to come as one batch. */
static const char *const MAKES[] = {
    "SELECT CASE WHEN id % 5 = 0 THEN NULL ELSE id % 3 = 0 END AS b, CAST(id AS SMALLINT) AS i2, "
    "CASE WHEN id % 7 = 0 THEN NULL ELSE CAST(id AS INTEGER) END AS i4, id AS i8 FROM t WHERE id < 7000",
    "SELECT CAST(id AS UINTEGER) + CAST(4294960000 AS UINTEGER) AS oid, CAST(id AS FLOAT) / 8 AS f4, "
    "CAST(id AS DOUBLE) / 3 AS f8, DATE '2020-02-28' + CAST(id AS INTEGER) AS d FROM t WHERE id < 7000",
    "SELECT CASE WHEN id % 11 = 0 THEN NULL WHEN id % 13 = 0 THEN '' ELSE 'value number \xc3\xa4' || id END AS s, "
    "TIMESTAMP '2020-02-28 01:02:03' + INTERVAL 1 HOUR * id AS ts FROM t WHERE id < 7000",
    "SELECT CASE WHEN id % 3 = 0 THEN NULL WHEN id % 4 = 0 THEN [] ELSE [CAST(id AS VARCHAR), NULL, ''] END AS ls, "
    "[CAST(id AS UINTEGER), NULL] AS lo FROM t WHERE id < 5000",
    "SELECT [CAST(id AS SMALLINT)] AS l2, [id > 9, id > 99] AS lb, CAST(NULL AS BIGINT) AS n FROM t WHERE id < 5000",
};

struct made { /* an answer of the engine, to be given */
    struct hs_stream *stream;
    struct hs_batch batch;
    const struct hs_type *type;
};

static enum hs_stream_state next(struct hs_stream *s, struct hs_batch *out)
{
    struct hs_err err;
    enum hs_stream_state state;
    while ((state = hs_stream_poll(s, out, &err)) == HS_STREAM_WAIT)
        usleep(1000);
    if (state == HS_STREAM_ERROR)
        print_error("%s | %s\n", err.shown, err.detail);
    return state;
}

static struct made make(const char *sql)
{
    struct made m = {0};
    struct hs_err err;
    struct hs_batch none;
    hs_rc rc = start(engine, "maker", sql, 0, &m.stream, &err);
    if (rc != HS_OK)
        print_error("%s | %s\n", err.shown, err.detail);
    assert_int_equal(rc, HS_OK);
    assert_int_equal(next(m.stream, &m.batch), HS_STREAM_BATCH);
    assert_int_equal(next(m.stream, &none), HS_STREAM_END); /* one batch is all of it */
    m.type = hs_stream_schema(m.stream);
    return m;
}

static void unmake(struct made *m)
{
    hs_batch_release(&m->batch);
    hs_stream_close(m->stream);
}

static void add_text(const struct hs_type *type, const struct hs_batch *batch, struct hs_buf *out)
{
    struct hs_err err;
    struct ArrowSchema schema;
    struct ArrowArray array;
    struct ArrowArrayView view;
    assert_int_equal(hs_batch_import(type, batch, &array, &err), HS_OK);
    assert_int_equal(hs_type_to_arrow(type, false, &schema, &err), HS_OK);
    assert_int_equal(ArrowArrayViewInitFromSchema(&view, &schema, NULL), NANOARROW_OK);
    assert_int_equal(ArrowArrayViewSetArray(&view, &array, NULL), NANOARROW_OK);
    for (int64_t r = 0; r < array.length; r++)
        for (size_t i = 0; i < type->field_count; i++) {
            hs_buf_add_arrow_value(out, view.children[i], type->fields[i].type, r, false);
            hs_buf_addc(out, i + 1 < type->field_count ? '|' : '\n');
        }
    ArrowArrayViewReset(&view);
    ArrowArrayRelease(&array);
    ArrowSchemaRelease(&schema);
}

/* Runs sql, in which every other relation is `g` and the rest is the table `t`; its rows as text. */
static hs_rc run(const struct hs_given_rows *rows, const struct made *m, const char *sql, struct hs_buf *out,
                 struct hs_err *err)
{
    struct hs_lease *l;
    struct hs_arena *a = hs_arena_new(0);
    struct hs_statement *statement = NULL;
    struct hs_stream *s = NULL;
    struct hs_scan scans[4];
    hs_buf_clear(out);
    hs_rc rc = lease(engine, "maker", &l, err);
    assert_int_equal(rc, HS_OK);
    rc = hs_lease_parse(l, a, hs_str_of(sql), &statement, err);
    for (size_t i = 0; rc == HS_OK && i < statement->ref_count; i++) {
        scans[i] = table_scan();
        if (!hs_str_is(statement->refs[i].name, "g"))
            continue;
        struct hs_scan_column *columns = hs_arena_array(a, m->type->field_count, sizeof *columns);
        for (size_t k = 0; k < m->type->field_count; k++)
            columns[k] = (struct hs_scan_column){m->type->fields[k].name, {0}, m->type->fields[k].type, true};
        scans[i] = (struct hs_scan){.given_place = 1, .columns = columns, .column_count = m->type->field_count};
    }
    if (rc == HS_OK) {
        struct hs_run_request r = {
            .statement = statement, .scans = scans, .scan_count = statement->ref_count, .given_rows = rows};
        rc = hs_lease_run(l, &r, &s, err);
    }
    if (rc != HS_OK)
        hs_lease_close(l);
    enum hs_stream_state state = HS_STREAM_WAIT;
    while (rc == HS_OK && state != HS_STREAM_END) {
        struct hs_batch b;
        while ((state = hs_stream_poll(s, &b, err)) == HS_STREAM_WAIT)
            usleep(1000);
        if (state == HS_STREAM_ERROR)
            rc = err->kind;
        if (state != HS_STREAM_BATCH)
            continue;
        add_text(hs_stream_schema(s), &b, out);
        hs_batch_release(&b);
    }
    hs_stream_close(s);
    hs_arena_free(a);
    return rc;
}

static struct hs_given_rows *give(const struct made *m)
{
    struct hs_given_relation r = {m->type, &m->batch};
    struct hs_given_rows *rows;
    struct hs_err err;
    hs_rc rc = hs_given_rows_new(&r, 1, 64 << 20, &rows, &err);
    if (rc != HS_OK)
        print_error("%s\n", err.detail);
    assert_int_equal(rc, HS_OK);
    return rows;
}

static void expect(const struct hs_given_rows *rows, const struct made *m, const char *sql, const char *text)
{
    struct hs_buf out;
    struct hs_err err;
    hs_buf_init(&out, 64 << 20);
    hs_rc rc = run(rows, m, sql, &out, &err);
    if (rc != HS_OK)
        print_error("%s: %s | %s\n", sql, err.shown, err.detail);
    assert_int_equal(rc, HS_OK);
    assert_string_equal(out.at ? out.at : "", text);
    hs_buf_fini(&out);
}

static void what_is_given_is_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof MAKES / sizeof *MAKES; i++) {
        struct made m = make(MAKES[i]);
        struct hs_given_rows *rows = give(&m);
        struct hs_buf text;
        hs_buf_init(&text, 64 << 20);
        add_text(m.type, &m.batch, &text);
        expect(rows, &m, "SELECT * FROM g", text.at);
        hs_buf_fini(&text);
        hs_given_rows_free(rows);
        unmake(&m);
    }
}

static void columns_not_asked_for(void **state)
{
    (void)state;
    struct made m = make(MAKES[0]), lists = make(MAKES[3]);
    struct hs_given_rows *rows = give(&m), *list_rows = give(&lists);
    expect(rows, &m, "SELECT count(*) FROM g", "7000\n");
    expect(rows, &m, "SELECT count(b), sum(i2) FROM g WHERE i4 > 0", "4800|21000000\n");
    expect(list_rows, &lists, "SELECT lo[1], ls[1] FROM g WHERE lo[1] IN (4, 5) ORDER BY 1", "4|\n5|5\n");
    hs_given_rows_free(rows);
    hs_given_rows_free(list_rows);
    unmake(&m);
    unmake(&lists);
}

static void beside_a_table(void **state)
{
    (void)state;
    struct made m = make("SELECT CAST(id AS UINTEGER) AS o, s AS word FROM t WHERE id % 1000 = 7");
    struct hs_given_rows *rows = give(&m);
    expect(rows, &m, "SELECT count(*), min(t.id), max(g.word) FROM t JOIN g ON t.id = g.o AND t.s = g.word",
           "300|7|value number 99007\n");
    expect(rows, &m,
           "WITH x AS (SELECT o FROM g WHERE o > 298000) SELECT o FROM x WHERE NOT EXISTS "
           "(SELECT 1 FROM g WHERE g.o = x.o + 1000)",
           "299007\n");
    expect(rows, &m, "SELECT count(*) FROM t", "300000\n"); /* an instance that has the function stays */
    hs_given_rows_free(rows);
    unmake(&m);
}

/* One after the other in one worker, of other columns each. */
static void each_statement_has_its_own(void **state)
{
    (void)state;
    struct made one = make("SELECT 1 AS a, 'x' AS b FROM t WHERE id < 3"),
                other = make("SELECT id AS q FROM t LIMIT 2");
    struct made empty = make("SELECT count(*) AS c, [s] AS l FROM t WHERE id = 1 GROUP BY s");
    struct hs_given_rows *a = give(&one), *b = give(&other), *c;
    empty.batch.rows = 0;
    for (size_t i = 0; i < empty.batch.node_count; i++)
        empty.batch.nodes[i] = (struct hs_batch_node){0, 0};
    c = give(&empty);
    for (int i = 0; i < 3; i++) {
        expect(a, &one, "SELECT sum(a), max(b) FROM g", "3|x\n");
        expect(b, &other, "SELECT count(q) FROM g", "2\n");
        expect(c, &empty, "SELECT count(*), count(l) FROM g", "0|0\n");
    }
    hs_given_rows_free(a);
    hs_given_rows_free(b);
    hs_given_rows_free(c);
    unmake(&one);
    unmake(&other);
    unmake(&empty);
}

static void nobody_else_can_ask(void **state)
{
    (void)state;
    struct made m = make("SELECT id FROM t LIMIT 1");
    struct hs_given_rows *rows = give(&m);
    struct hs_buf out;
    struct hs_err err;
    hs_buf_init(&out, 1 << 20);
    assert_int_not_equal(run(rows, &m, "SELECT * FROM hs_given(0)", &out, &err), HS_OK);
    assert_int_not_equal(run(rows, &m, "SELECT * FROM g, hs_given(0)", &out, &err), HS_OK);
    assert_int_not_equal(run(rows, &m, "SELECT hs_given(0)", &out, &err), HS_OK);
    assert_int_not_equal(run(NULL, &m, "SELECT * FROM g", &out, &err), HS_OK); /* none came */
    hs_buf_fini(&out);
    hs_given_rows_free(rows);
    unmake(&m);
}

static void what_is_not_taken(void **state)
{
    (void)state;
    struct hs_err err;
    struct hs_given_rows *rows;
    static const char *const SQL[] = {"SELECT CAST(id AS DECIMAL(9,2)) AS x FROM t LIMIT 1",
                                      "SELECT {'a': id} AS x FROM t LIMIT 1", "SELECT [[id]] AS x FROM t LIMIT 1",
                                      "SELECT INTERVAL 1 DAY AS x FROM t LIMIT 1"};
    for (size_t i = 0; i < 4; i++) {
        struct made m = make(SQL[i]);
        struct hs_given_relation r = {m.type, &m.batch};
        assert_int_equal(hs_given_rows_new(&r, 1, 1 << 20, &rows, &err), HS_INTERNAL);
        unmake(&m);
    }
    struct made m = make("SELECT s FROM t WHERE id < 1000");
    struct hs_given_relation r = {m.type, &m.batch};
    assert_int_equal(hs_given_rows_new(&r, 1, 4096, &rows, &err), HS_LIMIT);
    unmake(&m);
}

/* Offsets and text that are not: the statement ends, the worker does not read beyond. */
static void damaged_values(void **state)
{
    (void)state;
    struct made m = make("SELECT s, [s] AS l FROM t WHERE id < 3000");
    struct hs_buf out;
    hs_buf_init(&out, 64 << 20);
    struct {
        size_t buffer;
        int64_t at;
        int32_t value;
    } CASES[] = {{1, 4 * 2999, -1}, {1, 4 * 2999, INT32_MAX}, {1, 40, 0}, {4, 4 * 3000, 3001}, {2, 400, -1}};
    uint8_t *body = malloc(m.batch.body_len);
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct hs_batch damaged = m.batch;
        struct hs_err err;
        memcpy(body, m.batch.body, m.batch.body_len);
        memcpy(body + m.batch.buffers[CASES[i].buffer].offset + CASES[i].at, &CASES[i].value, 4);
        damaged.body = body;
        struct hs_given_relation r = {m.type, &damaged};
        struct hs_given_rows *rows;
        assert_int_equal(hs_given_rows_new(&r, 1, 64 << 20, &rows, &err), HS_OK);
        assert_int_not_equal(run(rows, &m, "SELECT max(s), max(l) FROM g", &out, &err), HS_OK);
        hs_given_rows_free(rows);
    }
    free(body);
    hs_buf_fini(&out);
    unmake(&m);
}

/* Every byte of what is said another one: refused, or within bounds. */
static void mangled_words(void **state)
{
    (void)state;
    struct made m = make("SELECT s, id, [id] AS l FROM t WHERE id < 100");
    struct hs_given_rows *rows = give(&m);
    hs_str said = hs_given_rows_said(rows);
    char *copy = malloc(said.len), *bytes = calloc(1, (size_t)hs_given_rows_bytes(rows));
    hs_str file = hs_str_n(bytes, (size_t)hs_given_rows_bytes(rows));
    for (size_t at = 0; at <= said.len; at++)
        for (int how = 0; how < 4; how++) {
            static const char OTHERS[] = {0, 1, 127, -1};
            struct hs_arena *a = hs_arena_new(0);
            struct hs_given_place *places;
            size_t count, len = how == 0 ? at : said.len;
            struct hs_err err;
            memcpy(copy, said.at, said.len);
            if (how && at < said.len)
                copy[at] = OTHERS[how];
            if (hs_given_read(a, hs_str_n(copy, len), file, &places, &count, &err) == HS_OK)
                for (size_t i = 0; i < count; i++)
                    assert_true((const char *)places[i].batch.body >= bytes && places[i].batch.body_len <= file.len);
            hs_arena_free(a);
        }
    free(copy);
    free(bytes);
    hs_given_rows_free(rows);
    unmake(&m);
}

static void every_allocation_fails_once(void **state)
{
    (void)state;
    struct made m = make("SELECT s, id, [id] AS l FROM t WHERE id < 100");
    struct hs_given_relation r[2] = {{m.type, &m.batch}, {m.type, &m.batch}};
    hs_rc rc = HS_NOMEM;
    for (long n = 0; rc != HS_OK && n < 100; n++) {
        struct hs_given_rows *rows = NULL;
        hs_fault_alloc_after(n);
        rc = hs_given_rows_new(r, 2, 64 << 20, &rows, NULL);
        hs_fault_alloc_after(-1);
        assert_true(rc == HS_OK || rc == HS_NOMEM);
        hs_given_rows_free(rows);
    }
    assert_int_equal(rc, HS_OK);
    unmake(&m);
}

static int begin(void **state)
{
    make_table(state);
    engine = open_engine((struct hs_engine_settings){.workers_max = 2});
    return 0;
}

static int end(void **state)
{
    (void)state;
    wait_for_rest(engine);
    hs_engine_close(engine);
    return remove_directory();
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "worker") == 0)
        return hs_worker_main(argc, argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_given_is_read),
        cmocka_unit_test(columns_not_asked_for),
        cmocka_unit_test(beside_a_table),
        cmocka_unit_test(each_statement_has_its_own),
        cmocka_unit_test(nobody_else_can_ask),
        cmocka_unit_test(what_is_not_taken),
        cmocka_unit_test(damaged_values),
        cmocka_unit_test(mangled_words),
        cmocka_unit_test(every_allocation_fails_once),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
