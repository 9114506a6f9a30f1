/* The worker alone: every type it can send, and what a hostile statement can do from inside its walls (nothing). */
#include "engine/test/worker_tool.h"

#include "base/hash.h"

#include <dirent.h>
#include <pthread.h>

static struct guest *open_guest(const char *faults)
{
    struct guest *g = guest_start(faults);
    guest_lease(g, test_directory(), in_directory("spill"), 512 << 20, 64 << 20);
    g->want_text = true;
    return g;
}

static void expect(struct guest *g, const char *sql, const char *want)
{
    int rc = guest_run(g, sql, NULL);
    if (rc != 0)
        print_error("%s: %s\n", sql, g->error);
    assert_int_equal(rc, 0);
    if (strcmp(g->text.at ? g->text.at : "", want) != 0)
        print_error("%s\n", sql);
    assert_string_equal(g->text.at ? g->text.at : "", want);
}

static void every_type_arrives_as_it_is(void **state)
{
    (void)state;
    struct guest *g = open_guest("");
    expect(g, "SELECT true, false, NULL::BOOLEAN", "true|false|NULL\n");
    expect(g, "SELECT (-5)::TINYINT, 300::SMALLINT, (-70000)::INTEGER, 5000000000::BIGINT",
           "-5|300|-70000|5000000000\n");
    expect(g, "SELECT 200::UTINYINT, 60000::USMALLINT, 4000000000::UINTEGER, 18446744073709551615::UBIGINT",
           "200|60000|4000000000|18446744073709551615\n");
    expect(g, "SELECT 1.5::FLOAT, -2.25::DOUBLE", "1.5|-2.25\n");
    expect(g, "SELECT 1.25::DECIMAL(4,2), -1.25::DECIMAL(9,2), 1.25::DECIMAL(18,2), -1.25::DECIMAL(38,2)",
           "125|-125|125|-125\n");
    expect(g, "SELECT 12345678901234567890123::HUGEINT, (-7)::HUGEINT, 7::UHUGEINT, sum(i) FROM range(4) t(i)",
           "12345678901234567890123|-7|7|6\n");
    expect(g, "SELECT DATE '1970-01-02', TIME '00:00:01', TIMESTAMP '1970-01-01 00:00:01'", "1|1000000|1000000\n");
    expect(g,
           "SELECT TIMESTAMPTZ '1970-01-01 01:00:00+01', '1970-01-01 00:00:01'::TIMESTAMP_S,"
           " '1970-01-01 00:00:01'::TIMESTAMP_MS, '1970-01-01 00:00:01'::TIMESTAMP_NS",
           "0|1000000|1000000|1000000000\n");
    expect(g, "SELECT 'short', 'a text that is longer than twelve bytes', '', NULL::VARCHAR, 'ab'::BLOB",
           "short|a text that is longer than twelve bytes||NULL|6162\n");
    expect(g, "SELECT '12345678-9abc-def0-1234-56789abcdef0'::UUID, '00000000-0000-0000-0000-000000000000'::UUID",
           "123456789abcdef0123456789abcdef0|00000000000000000000000000000000\n");
    expect(g, "SELECT INTERVAL '1 month 2 days 3 seconds', '0101'::BIT, NULL", "1m2d3000000000ns|0101|NULL\n");
    expect(g, "SELECT v FROM (VALUES ('a'::ENUM('a','bc')), ('bc'), (NULL)) t(v)", "a\nbc\nNULL\n");
    guest_end(g);
}

static void nested_types_arrive_as_they_are(void **state)
{
    (void)state;
    struct guest *g = open_guest("");
    expect(g, "SELECT [1,NULL,3], []::INT[], NULL::INT[], [[1],[2,3]]", "[1,NULL,3]|[]|NULL|[[1],[2,3]]\n");
    expect(g, "SELECT {'a': 1, 'b': 'x'}, {'a': NULL, 'b': {'c': [true]}}, NULL::STRUCT(a INT)",
           "{1:x}|{NULL:{[true]}}|NULL\n");
    expect(g, "SELECT MAP {'k': 1, 'l': NULL}, NULL::MAP(VARCHAR, INT)", "[{k:1},{l:NULL}]|NULL\n");
    expect(g, "SELECT [1,2]::INT[2], NULL::INT[2]", "[1,2]|NULL\n");
    expect(g, "SELECT CASE WHEN i % 2 = 0 THEN [i::VARCHAR, 'x'] END FROM range(5) t(i)",
           "[0,x]\nNULL\n[2,x]\nNULL\n[4,x]\n");
    expect(g, "SELECT CASE WHEN i <> 1 THEN {'v': i} END FROM range(3) t(i)", "{0}\nNULL\n{2}\n");
    guest_end(g);
}

/* What was masked away must not lie below the NULL that shows it. */
static void nothing_lies_under_a_null(void **state)
{
    (void)state;
    struct guest *g = open_guest("");
    g->want_text = false;
    struct hs_msg_run plan = {.sql = HS_S("SELECT nullif(x, 1311768467463790320) FROM (SELECT 1311768467463790320 AS x "
                                          "FROM range(1000) UNION ALL SELECT 5)")};
    struct hs_err err;
    struct hs_buf b;
    hs_buf_init(&b, 1 << 20);
    g->statement++;
    plan.slots = SLOTS;
    plan.slot_bytes = SLOT_BYTES;
    assert_int_equal(hs_ring_new(SLOTS, SLOT_BYTES, &g->ring, &err), HS_OK);
    hs_put_run(&b, &plan);
    guest_send(g, HS_MSG_RUN, hs_buf_str(&b), hs_ring_fd(g->ring));
    while (guest_next(g).kind != HS_MSG_DONE)
        ;
    uint64_t hidden = 1311768467463790320;
    assert_null(memmem(hs_ring_slot(g->ring, 0), SLOTS * SLOT_BYTES, &hidden, 8));
    hs_ring_unref(g->ring);
    hs_buf_fini(&b);
    guest_end(g);
}

static void many_rows_keep_their_values_across_batches(void **state)
{
    (void)state;
    struct guest *g = open_guest("");
    g->want_text = false;
    assert_int_equal(
        guest_run(g,
                  "SELECT i, i::VARCHAR || repeat('x', (i % 50)::INT) AS s, CASE WHEN i % 3 = 0 THEN i END AS n,"
                  " [i, i + 1] AS l FROM range(200000) t(i)",
                  NULL),
        0);
    assert_int_equal(g->rows, 200000);
    assert_true(g->batches > 5);
    g->want_text = true;
    assert_int_equal(
        guest_run(g, "SELECT i, CASE WHEN i % 3 = 0 THEN i::VARCHAR END AS n FROM range(30000) t(i) ORDER BY i", NULL),
        0);
    char *at = g->text.at;
    for (long i = 0; i < 30000; i++) {
        char want[64];
        int n = i % 3 ? snprintf(want, sizeof want, "%ld|NULL\n", i) : snprintf(want, sizeof want, "%ld|%ld\n", i, i);
        assert_memory_equal(at, want, (size_t)n);
        at += n;
    }
    guest_end(g);
}

static void wide_rows_split_and_giant_values_get_a_segment(void **state)
{
    (void)state;
    struct guest *g = open_guest("");
    g->want_text = false;
    assert_int_equal(guest_run(g, "SELECT repeat('y', 100000) FROM range(100)", NULL), 0);
    assert_int_equal(g->rows, 100);
    assert_int_equal(g->segments, 0);
    assert_int_equal(guest_run(g, "SELECT repeat('z', 3000000) FROM range(3)", NULL), 0);
    assert_int_equal(g->rows, 3);
    assert_int_equal(g->segments, 3);
    guest_end(g);
}

static void expect_error(struct guest *g, const char *sql, const char *kind, const char *words)
{
    int rc = guest_run(g, sql, NULL);
    if (rc != 1 || !strstr(g->error_kind, kind) || !strstr(g->error, words))
        print_error("%s: %d %s: %s\n", sql, rc, g->error_kind, g->error);
    assert_int_equal(rc, 1);
    assert_non_null(strstr(g->error_kind, kind));
    assert_non_null(strstr(g->error, words));
}

/* A list in a list in a list... */
static const char *nested(size_t levels)
{
    static char sql[1000];
    snprintf(sql, sizeof sql, "SELECT ");
    memset(sql + 7, '[', levels);
    sql[7 + levels] = '1';
    memset(sql + 8 + levels, ']', levels);
    sql[8 + 2 * levels] = 0;
    return sql;
}

static void what_cannot_be_sent_says_so(void **state)
{
    (void)state;
    struct guest *g = open_guest("");
    expect_error(g, "SELECT '12:00:00+01'::TIMETZ", "hs:UNSUPPORTED", "time with time zone");
    expect_error(g, "SELECT union_value(a := 1)", "hs:UNSUPPORTED", "union");
    expect_error(g, "SELECT 340282366920938463463374607431768211455::UHUGEINT", "hs:INVALID", "38 digits");
    expect_error(g, "SELECT * FROM nothing_here", "Catalog", "nothing_here");
    expect_error(g, "SELECT i::VARCHAR::UUID FROM range(3) t(i)", "Conversion", "UUID");
    expect_error(g, nested(61), "hs:LIMIT", "60 levels deep");
    expect_error(g, nested(200), "hs:LIMIT", "60 levels deep");
    assert_int_equal(guest_run(g, nested(59), NULL), 0);
    expect(g, "SELECT 1", "1\n"); /* the same worker goes on */
    guest_end(g);
}

static void parameters_are_typed_values(void **state)
{
    (void)state;
    struct guest *g = open_guest("");
    struct hs_param p[] = {
        {.type = HS_T_LONG, .i = -7},
        {.type = HS_T_STRING, .text = HS_S("x'; DROP TABLE t; --")},
        {.type = HS_T_DECIMAL, .precision = 10, .scale = 2, .text = HS_S("-12.5")},
        {.type = HS_T_DATE, .i = 1},
        {.type = HS_T_STRING, .null = true},
        {.type = HS_T_BOOLEAN, .i = 1},
        {.type = HS_T_UUID, .text = HS_S("0123456789abcdef")},
    };
    struct hs_params params = {p, 7};
    struct hs_msg_run plan = {.sql = HS_S("SELECT $1, $2, $3, $4, $5, $6, $7"), .params = &params};
    assert_int_equal(guest_run_plan(g, &plan), 0);
    assert_string_equal(g->text.at, "-7|x'; DROP TABLE t; --|-1250|1|NULL|true|30313233343536373839616263646566\n");
    params.count = 2;
    assert_int_equal(guest_run_plan(g, &plan), 1);
    assert_string_equal(g->error, "the statement has 7 parameters, 2 were bound");
    guest_end(g);
}

static void the_keyed_mask_is_hmac_sha256(void **state)
{
    (void)state;
    struct guest *g = open_guest("");
    hs_str key = HS_S("0123456789abcdef0123456789abcdef");
    const struct hs_mask_key keys[] = {{.domain = HS_S("hr"), .key = HS_S("another")},
                                       {.domain = HS_S("sales"), .id = HS_S("old"), .key = HS_S("of before")},
                                       {.domain = HS_S("sales"), .key = key}};
    const struct hs_msg_view view = {
        HS_S("masked"),
        HS_S("SELECT hs_mask_hmac_token('5:sales,0:,', v) AS v FROM (VALUES ('ana@example.org'), (NULL), "
             "('')) t(v)")};
    struct hs_msg_run plan = {
        .sql = HS_S("SELECT v FROM masked"), .views = &view, .view_count = 1, .mask_keys = keys, .mask_key_count = 3};
    struct hs_err err;
    struct hs_buf want;
    uint8_t a[32], b[32];
    assert_int_equal(hs_hmac_sha256(key, HS_S("ana@example.org"), a, &err), HS_OK);
    assert_int_equal(hs_hmac_sha256(key, HS_S(""), b, &err), HS_OK);
    hs_buf_init(&want, 4096);
    hs_buf_add_hex(&want, a, 16);
    hs_buf_addz(&want, "\nNULL\n");
    hs_buf_add_hex(&want, b, 16);
    hs_buf_addz(&want, "\n");
    assert_int_equal(guest_run_plan(g, &plan), 0);
    assert_string_equal(g->text.at, want.at);
    hs_buf_fini(&want);
    /* the key went with its statement */
    expect_error(g, "SELECT hs_mask_hmac_token('5:sales,0:,', 'x')", "Invalid Input", "could not be computed");
    guest_end(g);
}

/* The rules of masks inside JSON text are one constant; which of them apply may differ from row to row, and where none
 * does, the text need be no document. */
static void masks_inside_json_follow_their_conditions(void **state)
{
    (void)state;
    struct guest *g = open_guest("");
    const struct hs_mask_key keys[] = {{.domain = HS_S("sales"), .key = HS_S("0123456789abcdef0123456789abcdef")}};
    const struct hs_msg_view view = {
        HS_S("masked"),
        HS_S("SELECT hs_mask_json('5:$.ssn,7:nullify,0:,3:$.t,10:hmac-token,11:5:sales,0:,,', v, CAST(i AS BIGINT)) AS "
             "v FROM (VALUES (1, '{\"ssn\":1,\"t\":\"x\"}'), (3, '{\"ssn\":1,\"t\":\"\"}'), (1, NULL), (1, "
             "'{\"ssn\"}'), (0, '{\"ssn\"}'), (4, '[1')) t(i, v)")};
    struct hs_msg_run plan = {
        .sql = HS_S("SELECT v FROM masked"), .views = &view, .view_count = 1, .mask_keys = keys, .mask_key_count = 1};
    struct hs_err err;
    uint8_t token[32];
    char want[200];
    struct hs_buf hex;
    assert_int_equal(hs_hmac_sha256(keys[0].key, HS_S(""), token, &err), HS_OK);
    hs_buf_init(&hex, 64);
    hs_buf_add_hex(&hex, token, 16);
    snprintf(want, sizeof want,
             "{\"ssn\":null,\"t\":\"x\"}\n{\"ssn\":null,\"t\":\"%.*s\"}\nNULL\n\"[redacted]\"\n{\"ssn\"}\n[1\n",
             HS_FMT(hs_buf_str(&hex)));
    assert_int_equal(guest_run_plan(g, &plan), 0);
    assert_string_equal(g->text.at, want);
    plan.mask_key_count = 0; /* no key: the statement ends, and nothing is shown */
    assert_int_not_equal(guest_run_plan(g, &plan), 0);
    hs_buf_fini(&hex);
    guest_end(g);
}

/* ---- walls ---- */
static const char *const hostile[] = {
    "SELECT * FROM read_text('/etc/passwd')",
    "SELECT * FROM read_blob('/proc/self/environ')",
    "SELECT * FROM read_blob('/proc/self/maps')",
    "SELECT * FROM read_csv('/etc/hostname')",
    "SELECT count(*) FROM glob('/etc/*') HAVING count(*) > 0",
    "COPY (SELECT 1) TO '/tmp/hailstorm-test-escape.csv'",
    "ATTACH '/tmp/hailstorm-test-escape.db' AS escape",
    "EXPORT DATABASE '/tmp/hailstorm-test-escape'",
    "INSTALL httpfs",
    "LOAD '/tmp/x.duckdb_extension'",
    "SELECT * FROM read_parquet('https://example.org/x.parquet')",
    "SELECT getenv('SECRET')",
};

static void outside(const char *path, const char *faults)
{
    struct guest *g = open_guest(faults);
    char sql[800];
    for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++) {
        int rc = guest_run(g, hostile[i], NULL);
        bool nothing = rc == 0 && g->rows == 0; /* a list of no files */
        if (rc != 1 && !nothing)
            print_error("[%s] %s gave %d: %s\n", faults, hostile[i], rc, g->text.at);
        assert_true(rc == 1 || nothing);
        assert_int_not_equal(access("/tmp/hailstorm-test-escape.csv", F_OK), 0);
        assert_int_not_equal(access("/tmp/hailstorm-test-escape.db", F_OK), 0);
    }
    snprintf(sql, sizeof sql, "SELECT * FROM read_text('%s')", path);
    assert_int_equal(guest_run(g, sql, NULL), 1);
    guest_end(g);
}

static void write_file(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static void a_hostile_statement_gets_nowhere(void **state)
{
    (void)state;
    write_file(in_directory("not-planned.txt"), "inside the directory, but not planned");
    char outside_path[] = "/tmp/hailstorm-test-secret-XXXXXX";
    int fd = mkstemp(outside_path);
    assert_int_equal(write(fd, "secret", 6), 6);
    close(fd);
    outside(in_directory("not-planned.txt"), "");                   /* the engine's own walls */
    outside(outside_path, "no-external-access");                    /* Landlock alone */
    struct guest *g = open_guest("no-external-access,no-landlock"); /* and without it, the test is real */
    char sql[200];
    snprintf(sql, sizeof sql, "SELECT content FROM read_text('%s')", outside_path);
    expect(g, sql, "secret\n");
    guest_end(g);
    unlink(outside_path);
}

static void the_engine_cannot_be_loosened(void **state)
{
    (void)state;
    struct guest *g = open_guest("");
    static const char *const loosen[] = {
        "SET enable_external_access = true",
        "SET lock_configuration = false",
        "RESET lock_configuration",
        "SET allowed_paths = ['/']",
        "SET allowed_directories = ['/']",
        "SET memory_limit = '100GB'",
        "SET threads = 64",
        "SET temp_directory = '/tmp'",
        "SET TimeZone = 'Asia/Tokyo'",
        "SET allowed_configs = ['threads']",
    };
    for (size_t i = 0; i < sizeof loosen / sizeof *loosen; i++) {
        int rc = guest_run(g, loosen[i], NULL);
        if (rc != 1)
            print_error("%s\n", loosen[i]);
        assert_int_equal(rc, 1);
    }
    guest_end(g);
}

static void only_the_planned_file_is_read(void **state)
{
    (void)state;
    const char *planned = in_directory("planned.parquet"), *other = in_directory("other.parquet");
    make_parquet(planned, "SELECT 42 AS v");
    make_parquet(other, "SELECT 43 AS v");
    struct guest *g = open_guest("");
    char sql[800];
    snprintf(sql, sizeof sql, "SELECT v FROM read_parquet('%s')", planned);
    assert_int_equal(guest_run(g, sql, planned), 0);
    assert_string_equal(g->text.at, "42\n");
    snprintf(sql, sizeof sql, "SELECT v FROM read_parquet('%s')", other);
    assert_int_equal(guest_run(g, sql, planned), 1);
    guest_end(g);
    g = open_guest("no-allowed-paths"); /* seen to be that defence */
    assert_int_equal(guest_run(g, sql, planned), 0);
    guest_end(g);
}

static int run_with_view(struct guest *g, const char *path, const char *view, const char *sql)
{
    hs_str one = hs_str_of(path);
    struct hs_msg_view v = {HS_S("hs_scan_0"), hs_str_of(view ? view : "")};
    struct hs_msg_run plan = {
        .sql = hs_str_of(sql), .paths = &one, .path_count = 1, .views = &v, .view_count = view ? 1 : 0};
    return guest_run_plan(g, &plan);
}

/* The same files and limits: the same instance, of which only the engine's caches are left. Others: another one. */
static void one_statement_leaves_nothing_to_the_next(void **state)
{
    (void)state;
    const char *planned = in_directory("first.parquet"), *other = in_directory("second.parquet");
    char first[800], second[800], twice[900];
    make_parquet(planned, "SELECT 42 AS v");
    make_parquet(other, "SELECT 43 AS v");
    snprintf(first, sizeof first, "SELECT v FROM read_parquet('%s')", planned);
    snprintf(second, sizeof second, "SELECT v FROM read_parquet('%s')", other);
    snprintf(twice, sizeof twice, "SELECT 2 * v AS v FROM read_parquet('%s')", planned);
    struct guest *g = open_guest("");
    for (int round = 0; round < 3; round++) {
        assert_int_equal(run_with_view(g, planned, first, "SELECT v FROM hs_scan_0"), 0);
        assert_string_equal(g->text.at, "42\n");
        assert_int_equal(run_with_view(g, planned, twice, "SELECT v FROM hs_scan_0"), 0);
        assert_string_equal(g->text.at, "84\n");
        assert_int_equal(run_with_view(g, planned, NULL, "SELECT count(*) FROM duckdb_views() WHERE NOT internal"), 0);
        assert_string_equal(g->text.at, "0\n");
        assert_int_equal(run_with_view(g, planned, NULL, "SELECT v FROM hs_scan_0"), 1);
        assert_int_equal(run_with_view(g, other, second, "SELECT v FROM hs_scan_0"), 0);
        assert_string_equal(g->text.at, "43\n");
        assert_int_equal(run_with_view(g, other, NULL, first), 1);
        assert_int_equal(run_with_view(g, planned, NULL, "SET lock_configuration = false"), 1);
    }
    guest_end(g);
}

/* A table of the engine's own tells whether an instance is one that was there before; no person could make it. */
static void instances_wait_for_their_files(void **state)
{
    enum { ASIDE = 4 };
    const char *const files[] = {in_directory("many0.parquet"), in_directory("many1.parquet"),
                                 in_directory("many2.parquet"), in_directory("many3.parquet"),
                                 in_directory("many4.parquet"), in_directory("many5.parquet")};
    (void)state;
    make_parquet(files[0], "SELECT 42 AS v");
    struct guest *g = open_guest("");
    char first[800];
    snprintf(first, sizeof first, "SELECT v FROM read_parquet('%s')", files[0]);
    assert_int_equal(run_with_view(g, files[0], first, "SELECT v FROM hs_scan_0"), 0);
    assert_int_equal(guest_run(g, "CREATE TABLE mark AS SELECT 1 AS v", files[0]), 0);
    for (int i = 1; i <= ASIDE; i++) {
        assert_int_equal(guest_run(g, "SELECT v FROM mark", files[i]), 1); /* which also ends that one */
        assert_int_equal(guest_run(g, "SELECT 1", files[i]), 0);
        assert_int_equal(guest_run(g, first, files[i]), 1); /* each reads its own files alone */
        assert_int_equal(guest_run(g, "SELECT 1", files[i]), 0);
    }
    assert_int_equal(run_with_view(g, files[0], NULL, "SELECT count(*) FROM duckdb_views() WHERE NOT internal"), 0);
    assert_string_equal(g->text.at, "0\n");
    assert_int_equal(guest_run(g, "SELECT v FROM mark", files[0]), 0);
    for (int i = 1; i <= ASIDE + 1; i++)
        assert_int_equal(guest_run(g, "SELECT 1", files[i]), 0);
    assert_int_equal(guest_run(g, "SELECT v FROM mark", files[0]), 1); /* the one that nobody asked for longest */
    guest_end(g);
}

/* Nanoseconds of processor time of all threads but the main one. */
static long long beside_the_main_thread(pid_t pid)
{
    char path[300], text[200];
    long long all = 0;
    snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
    DIR *d = opendir(path);
    assert_non_null(d);
    for (struct dirent *e; (e = readdir(d));) {
        snprintf(path, sizeof path, "/proc/%d/task/%.20s/schedstat", (int)pid, e->d_name);
        FILE *f = e->d_name[0] != '.' && atoi(e->d_name) != (int)pid ? fopen(path, "r") : NULL;
        if (f && fgets(text, sizeof text, f))
            all += atoll(text);
        if (f)
            fclose(f);
    }
    closedir(d);
    return all;
}

static void helpers_come_to_what_takes_long(void **state)
{
    (void)state;
    const char *large = in_directory("large.parquet");
    make_parquet(large, "SELECT i, md5(i::VARCHAR) AS m FROM range(1500000) t(i)");
    struct guest *g = open_guest("");
    char sql[12000];
    struct hs_msg_run plan = {.path_count = 1};
    hs_str path = hs_str_of(large);
    plan.paths = &path;
    long long before, took[2];
    snprintf(sql, sizeof sql, "SELECT count(DISTINCT md5(m || 'x')) FROM read_parquet('%s')", large);
    for (int few = 1; few >= 0; few--) {
        plan.sql = hs_str_of(sql);
        plan.wants_few = few;
        before = beside_the_main_thread(g->pid);
        assert_int_equal(guest_run_plan(g, &plan), 0);
        assert_string_equal(g->text.at, "1500000\n");
        took[few] = beside_the_main_thread(g->pid) - before;
    }
    assert_true(took[0] > 100000000); /* of about a second */
    assert_true(took[1] < 100000000); /* one opens an instance, perhaps */
    guest_end(g);
}

static void it_spills_within_its_bounds(void **state)
{
    (void)state;
    struct guest *g = guest_start("");
    guest_lease(g, test_directory(), in_directory("spill-small"), 96 << 20, 64 << 20);
    expect_error(g, "SELECT i, md5(i::VARCHAR) FROM range(20000000) t(i) ORDER BY 2", "Out of Memory", "");
    guest_end(g);
    g = guest_start("");
    guest_lease(g, test_directory(), in_directory("spill-large"), 128 << 20, INT64_C(2) << 30);
    int rc = guest_run(
        g, "SELECT count(*) FROM (SELECT i, md5(i::VARCHAR) m FROM range(4000000) t(i) ORDER BY m LIMIT 3900000)",
        NULL);
    if (rc)
        print_error("%s\n", g->error);
    assert_int_equal(rc, 0);
    guest_end(g);
}

static void a_cancel_ends_a_long_statement(void **state)
{
    (void)state;
    struct guest *g = open_guest("");
    struct hs_msg_run plan = {
        .sql = HS_S("SELECT count(*) FROM range(1000000) a, range(1000000) b WHERE a.range * b.range = 7"),
        .slots = SLOTS,
        .slot_bytes = SLOT_BYTES};
    struct hs_err err;
    struct hs_buf b;
    hs_buf_init(&b, 1 << 20);
    hs_put_run(&b, &plan);
    g->statement++;
    assert_int_equal(hs_ring_new(SLOTS, SLOT_BYTES, &g->ring, &err), HS_OK);
    guest_send(g, HS_MSG_RUN, hs_buf_str(&b), hs_ring_fd(g->ring));
    assert_int_equal(guest_next(g).kind, HS_MSG_SCHEMA);
    usleep(100000);
    guest_send(g, HS_MSG_CANCEL, HS_S(""), -1);
    assert_int_equal(guest_next(g).kind, HS_MSG_ERROR);
    assert_int_equal(guest_next(g).kind, HS_MSG_READY);
    hs_ring_unref(g->ring);
    hs_buf_fini(&b);
    expect(g, "SELECT 5", "5\n");
    guest_end(g);
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "worker") == 0)
        return hs_worker_main(argc, argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_arrives_as_it_is),
        cmocka_unit_test(nested_types_arrive_as_they_are),
        cmocka_unit_test(nothing_lies_under_a_null),
        cmocka_unit_test(many_rows_keep_their_values_across_batches),
        cmocka_unit_test(wide_rows_split_and_giant_values_get_a_segment),
        cmocka_unit_test(what_cannot_be_sent_says_so),
        cmocka_unit_test(parameters_are_typed_values),
        cmocka_unit_test(the_keyed_mask_is_hmac_sha256),
        cmocka_unit_test(masks_inside_json_follow_their_conditions),
        cmocka_unit_test(a_hostile_statement_gets_nowhere),
        cmocka_unit_test(the_engine_cannot_be_loosened),
        cmocka_unit_test(only_the_planned_file_is_read),
        cmocka_unit_test(one_statement_leaves_nothing_to_the_next),
        cmocka_unit_test(instances_wait_for_their_files),
        cmocka_unit_test(helpers_come_to_what_takes_long),
        cmocka_unit_test(it_spills_within_its_bounds),
        cmocka_unit_test(a_cancel_ends_a_long_statement),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    char command[600];
    snprintf(command, sizeof command, "rm -rf '%s'", test_directory());
    return system(command) ? 1 : failed;
}
