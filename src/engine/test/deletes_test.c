/* Scans of files with row-level deletes, constants and lineage, run by a real worker over real Parquet: what is gone is
 * gone whatever the statement does, and the person's words never meet it. */
#include "engine/test/scan_tool.h"

#include "engine/gone.h"

#include <math.h>

enum { ROWS = 100000, FILES = 3 };

static char paths[FILES][700];
static struct hs_field fields[3];
static struct hs_type int_type = {.id = HS_T_INT}, double_type = {.id = HS_T_DOUBLE}, float_type = {.id = HS_T_FLOAT},
                      struct_type;
static struct hs_type physical;
static struct hs_scan_column columns[3];

/* id = 0, 1, 2... over all files; s is a number but where id ends in 77777; r: NULL, NaN, a zero, 1.0 in
 * turn, the zero of the first file negative (the engine's writer takes both for one) */
static int make_files(void **state)
{
    (void)state;
    for (int i = 0; i < FILES; i++) {
        char sql[600];
        snprintf(paths[i], sizeof paths[i], "%s", in_directory("part"));
        snprintf(paths[i] + strlen(paths[i]), 20, "-%d.parquet", i);
        snprintf(sql, sizeof sql,
                 "SELECT %d + i AS id, CASE WHEN i = 77777 THEN 'boom' ELSE i::VARCHAR END AS s, [NULL, 'nan', '%s', "
                 "'1.0'][i %% 4 + 1]::DOUBLE AS r FROM range(%d) t(i)",
                 i * ROWS, i ? "0.0" : "-0.0", ROWS);
        make_parquet(paths[i], sql);
    }
    fields[0] = (struct hs_field){.id = 1, .name = HS_S("id"), .type = &long_type};
    fields[1] = (struct hs_field){.id = 2, .name = HS_S("s"), .type = &text_type};
    fields[2] = (struct hs_field){.id = 3, .name = HS_S("r"), .type = &double_type};
    physical = (struct hs_type){.id = HS_T_STRUCT, .fields = fields, .field_count = 3};
    columns[0] = (struct hs_scan_column){HS_S("id"), HS_S("\"f1\""), &long_type, true};
    columns[1] = (struct hs_scan_column){HS_S("s"), HS_S("\"f2\""), &text_type, true};
    columns[2] = (struct hs_scan_column){HS_S("r"), HS_S("\"f3\""), &double_type, true};
    engine = open_engine((struct hs_engine_settings){.workers_max = 1});
    return 0;
}

static int end(void **state)
{
    (void)state;
    hs_engine_close(engine);
    return remove_directory();
}

static struct hs_scan_file file(int i)
{
    return (struct hs_scan_file){.path = hs_str_of(paths[i]), .sequence_number = 1, .first_row_id = -1};
}

static struct hs_scan scan_of(const struct hs_scan_group *group)
{
    return (struct hs_scan){.raw = &physical, .groups = group, .group_count = 1, .columns = columns, .column_count = 3};
}

/* ---- positions ---- */
static void deleted_positions_are_gone(void **state)
{
    (void)state;
    struct hs_positions *sparse = positions(7, 100, 1000), *dense = positions(50000, 1, 50000);
    struct hs_scan_file files[] = {file(0), file(1), file(2)};
    struct hs_scan_group group = {.physical = &physical, .files = files, .file_count = 3};
    struct hs_scan scan = scan_of(&group);
    files[0].gone = sparse;
    files[2].gone = dense;
    expect(&scan, "SELECT count(*) FROM t", "249000\n");
    expect(&scan, "SELECT count(*) FROM t WHERE id % 100 = 7 AND id < 100000", "0\n");
    expect(&scan, "SELECT sum(id), min(id), max(id) FROM t", "31199918000|0|249999\n");
    expect(&scan, "SELECT id FROM t WHERE id IN (6, 7, 8, 99907, 100007, 249999, 250000) ORDER BY id",
           "6\n8\n100007\n249999\n");
    expect(&scan, "SELECT id FROM t WHERE id BETWEEN 99906 AND 99908 OR id > 249998 ORDER BY id",
           "99906\n99908\n249999\n");
    expect(&scan, "SELECT count(*) FROM t a JOIN t b ON a.id = b.id WHERE a.id > 240000", "9999\n");
    expect(&scan, "SELECT s FROM t WHERE s = '7' ORDER BY id", "7\n7\n");
    hs_positions_unref(sparse);
    hs_positions_unref(dense);
}

static void two_scans_have_their_own(void **state)
{
    (void)state;
    struct hs_positions *some = positions(0, 2, 50000), *others = positions(1, 2, 50000);
    struct hs_scan_file a[] = {file(0)}, b[] = {file(0)}, none[] = {file(0)};
    struct hs_scan_group first[] = {{.physical = &physical, .files = none, .file_count = 0},
                                    {.physical = &physical, .files = a, .file_count = 1}},
                         second = {.physical = &physical, .files = b, .file_count = 1},
                         third = {.physical = &physical, .files = none, .file_count = 1};
    a[0].gone = some;
    b[0].gone = others;
    struct hs_scan scans[] = {scan_of(first), scan_of(&second), scan_of(&third)};
    scans[0].group_count = 2;
    struct hs_err err;
    char got[100];
    const char *sql = "SELECT (SELECT sum(id % 2) FROM t), (SELECT sum(id % 2) FROM u), (SELECT count(*) FROM v)";
    assert_int_equal(try(scans, 3, sql, got, sizeof got, &err), HS_OK);
    assert_string_equal(got, "50000|0|100000\n");
    hs_positions_unref(some);
    hs_positions_unref(others);
}

/* More than a message should hold: a memfd of their own. */
static void many_positions_travel_beside(void **state)
{
    (void)state;
    struct hs_positions *every[FILES];
    struct hs_scan_file files[FILES];
    struct hs_scan_group group = {.physical = &physical, .files = files, .file_count = FILES};
    struct hs_scan scan = scan_of(&group);
    int64_t bytes = 0;
    for (int i = 0; i < FILES; i++) { /* what lies far behind the file's end costs bytes and changes nothing */
        files[i] = file(i);
        files[i].gone = every[i] = positions(0, 3, 900000);
        bytes += hs_positions_bytes(every[i]);
    }
    assert_true(bytes > 600000);
    expect(&scan, "SELECT count(*), sum(id % 100000) FROM t", "199998|9999800001\n");
    expect(&scan, "SELECT count(*) FROM t WHERE id < 100000 AND id % 3 = 0", "0\n");
    for (int i = 0; i < FILES; i++)
        files[i].gone = NULL;
    expect(&scan, "SELECT count(*) FROM t", "300000\n");
    for (int i = 0; i < FILES; i++)
        hs_positions_unref(every[i]);
}

/* A deleted row is a hidden row: no expression of the statement is tried on it, no plan tells of it. */
static void the_statement_never_meets_deleted_rows(void **state)
{
    (void)state;
    struct hs_positions *boom = positions(77777, 1, 1);
    struct hs_scan_file files[] = {file(0), file(1)};
    struct hs_scan_group group = {.physical = &physical, .files = files, .file_count = 2};
    struct hs_scan scan = scan_of(&group);
    struct hs_err err;
    char got[100];
    files[0].gone = boom;
    files[1].gone = boom;
    expect(&scan, "SELECT sum(CAST(s AS INTEGER)) FROM t", "9999744446\n");
    expect(&scan, "SELECT count(*) FROM t WHERE CAST(s AS INTEGER) >= 0", "199998\n");
    expect(&scan, "SELECT count(*) FROM t WHERE id > 77770 AND id < 77780 AND CAST(s AS INTEGER) >= 0", "8\n");
    expect(&scan, "SELECT count(list_transform([s], lambda x: CAST(x AS INTEGER))) FROM t", "199998\n");
    expect(&scan, "SELECT count(*) FROM t WHERE id = 77777", "0\n");
    files[1].gone = NULL;
    assert_int_equal(try(&scan, 1, "SELECT sum(CAST(s AS INTEGER)) FROM t", got, sizeof got, &err), HS_INVALID);
    hs_positions_unref(boom);
}

static void nobody_else_can_ask(void **state)
{
    (void)state;
    static const char *const statements[] = {
        "SELECT hs_live(0, 0::UBIGINT, id) FROM t",
        "SELECT file_row_number FROM t",
        "SELECT file_index FROM t",
        "SELECT t.file_index FROM t",
        "SELECT rowid FROM t",
        "SELECT filename FROM t",
        "SELECT id FROM t WHERE file_row_number = 1",
    };
    struct hs_positions *gone = positions(0, 1, 5);
    struct hs_scan_file files[] = {file(0)};
    struct hs_scan_group group = {.physical = &physical, .files = files, .file_count = 1};
    struct hs_scan scan = scan_of(&group);
    files[0].gone = gone;
    for (size_t i = 0; i < sizeof statements / sizeof statements[0]; i++) {
        struct hs_err err;
        char got[1000];
        hs_rc rc = try(&scan, 1, statements[i], got, sizeof got, &err);
        if (rc == HS_OK)
            print_error("%s: %s\n", statements[i], got);
        assert_int_not_equal(rc, HS_OK);
    }
    hs_positions_unref(gone);
}

/* ---- equality deletes ---- */
static char delete_paths[8][700];
static int delete_count;

static const char *delete_file(const char *select)
{
    char *path = delete_paths[delete_count++ % 8];
    snprintf(path, sizeof delete_paths[0], "%s-%d.parquet", in_directory("deletes"), delete_count);
    make_parquet(path, select);
    return path;
}

static struct hs_scan_file deletes(const char *select, int64_t sequence, int partition)
{
    return (struct hs_scan_file){.path = hs_str_of(delete_file(select)),
                                 .sequence_number = sequence,
                                 .partition = partition,
                                 .first_row_id = -1};
}

static void equal_rows_are_gone(void **state)
{
    (void)state;
    struct hs_scan_file files[] = {file(0), file(1), file(2)};
    struct hs_scan_group group = {.physical = &physical, .files = files, .file_count = 3};
    struct hs_scan scan = scan_of(&group);
    int by_id[] = {1}, by_text_and_id[] = {2, 1}, by_id_and_text[] = {1, 2};
    struct hs_field twice[] = {fields[1], fields[0]};
    struct hs_type id_only = {.id = HS_T_STRUCT, .fields = fields, .field_count = 1},
                   id_and_text = {.id = HS_T_STRUCT, .fields = twice, .field_count = 2};
    files[1].sequence_number = 5;
    files[2].sequence_number = 7;
    files[1].partition = files[2].partition = 4;
    struct hs_scan_file everywhere[] = {
        deletes("SELECT * FROM (VALUES (10::BIGINT), (100010), (200010), (-1)) v(id)", 6, -1),
        deletes("SELECT 11::BIGINT AS id", 1, -1)}; /* not later than the file: its own commit */
    struct hs_scan_file in_part[] = {deletes("SELECT unnest([20, 100020, 200020])::BIGINT AS id", 9, 4)};
    struct hs_scan_file pairs[] = {
        deletes("SELECT s, id FROM (VALUES ('30', 30::BIGINT), ('x', 31), (NULL, 32)) v(s, id)", 9, -1)};
    struct hs_scan_equality equality[] = {
        {{.physical = &id_only, .files = everywhere, .file_count = 2}, by_id, 1},
        {{.physical = &id_only, .files = in_part, .file_count = 1}, by_id, 1},
        {{.physical = &id_and_text, .files = pairs, .file_count = 1}, by_text_and_id, 2},
        {{.physical = &id_and_text, .files = pairs, .file_count = 1}, by_id_and_text, 2}};
    scan.keys = &id_and_text;
    scan.equality = equality;
    scan.equality_count = 4;
    const char *sql = "SELECT id FROM t WHERE id % 100000 IN (10, 11, 20, 30, 31, 32) ORDER BY id";
    expect(&scan, sql, "11\n20\n31\n32\n100011\n100030\n100031\n100032\n200010\n200011\n200030\n200031\n200032\n");
    expect(&scan, "SELECT count(*) FROM t", "299995\n");
    struct hs_positions *gone = positions(31, 1, 1);
    files[0].gone = gone;
    expect(&scan, "SELECT count(*), sum(id % 100000) FROM t", "299994|14999849879\n");
    hs_positions_unref(gone);
}

/* NULL equals NULL, one NaN another, and 0.0 not -0.0: so the reference implementation compares. */
static void equality_is_the_formats(void **state)
{
    (void)state;
    static const struct {
        const char *select, *want;
    } cases[] = {
        {"SELECT NULL::DOUBLE AS r", "NULL|0\n-0|25000\n0|25000\n1|50000\nnan|50000\n"},
        {"SELECT 'nan'::DOUBLE AS r", "NULL|50000\n-0|25000\n0|25000\n1|50000\nnan|0\n"},
        {"SELECT -('nan'::DOUBLE) AS r", "NULL|50000\n-0|25000\n0|25000\n1|50000\nnan|0\n"},
        {"SELECT '-0.0'::DOUBLE AS r", "NULL|50000\n-0|0\n0|25000\n1|50000\nnan|50000\n"},
        {"SELECT 0.0::DOUBLE AS r", "NULL|50000\n-0|25000\n0|0\n1|50000\nnan|50000\n"},
        {"SELECT 1.0::FLOAT AS r", "NULL|50000\n-0|25000\n0|25000\n1|0\nnan|50000\n"},
    };
    struct hs_scan_file files[] = {file(0), file(1)};
    struct hs_scan_group group = {.physical = &physical, .files = files, .file_count = 2};
    struct hs_scan scan = scan_of(&group);
    struct hs_type key = {.id = HS_T_STRUCT, .fields = fields + 2, .field_count = 1};
    struct hs_field narrow = {.id = 3, .name = HS_S("r"), .type = &float_type};
    struct hs_type narrow_type = {.id = HS_T_STRUCT, .fields = &narrow, .field_count = 1};
    int by_r[] = {3};
    scan.keys = &key;
    scan.equality_count = 1;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct hs_scan_file of[] = {deletes(cases[i].select, 2, -1)};
        struct hs_scan_equality e = {
            {.physical = strstr(cases[i].select, "FLOAT") ? &narrow_type : &key, .files = of, .file_count = 1},
            by_r,
            1};
        scan.equality = &e;
        expect(
            &scan,
            "SELECT v, count(id) FROM (VALUES ('NULL'), ('-0'), ('0'), ('1'), ('nan')) w(v) LEFT JOIN t ON v = CASE "
            "WHEN r IS NULL THEN 'NULL' ELSE replace(CAST(r AS VARCHAR), '.0', '') END GROUP BY v ORDER BY v = 'nan', "
            "v <> 'NULL', v",
            cases[i].want);
    }
}

static void keys_lie_in_structs_and_may_be_missing(void **state)
{
    (void)state;
    char path[700];
    snprintf(path, sizeof path, "%s", in_directory("nested.parquet"));
    make_parquet(path, "SELECT i::BIGINT AS id, CASE WHEN i < 8 THEN {'a': i::INTEGER} END AS n FROM range(10) t(i)");
    struct hs_field member = {.id = 5, .name = HS_S("a"), .type = &int_type};
    struct_type = (struct hs_type){.id = HS_T_STRUCT, .fields = &member, .field_count = 1};
    struct hs_field two[] = {fields[0], {.id = 4, .name = HS_S("n"), .type = &struct_type}};
    struct hs_type nested = {.id = HS_T_STRUCT, .fields = two, .field_count = 2};
    struct hs_field wide = {.id = 5, .name = HS_S("a"), .type = &long_type},
                    late = {.id = 9, .name = HS_S("late"), .type = &int_type};
    struct hs_type keys = {.id = HS_T_STRUCT, .fields = (struct hs_field[]){wide, late}, .field_count = 2};
    struct hs_scan_file files[] = {{.path = hs_str_of(path), .sequence_number = 1, .first_row_id = -1}};
    struct hs_scan_group group = {.physical = &nested, .files = files, .file_count = 1};
    struct hs_scan scan = scan_of(&group);
    scan.raw = &(struct hs_type){.id = HS_T_STRUCT, .fields = fields, .field_count = 1};
    scan.column_count = 1;
    scan.keys = &keys;
    struct hs_scan_file of[] = {deletes("SELECT {'a': a} AS n FROM (VALUES (3::INTEGER), (NULL)) v(a)", 2, -1)},
                        by_late[] = {deletes("SELECT unnest([{'a': 5}, {'a': 6}, NULL])::STRUCT(a INTEGER) AS n, "
                                             "unnest([NULL, 1, 1])::INTEGER AS late",
                                             2, -1)};
    struct hs_field more[] = {two[1], late};
    struct hs_type n_only = {.id = HS_T_STRUCT, .fields = two + 1, .field_count = 1},
                   n_and_late = {.id = HS_T_STRUCT, .fields = more, .field_count = 2};
    struct hs_scan_equality equality[] = {
        {{.physical = &n_only, .files = of, .file_count = 1}, (int[]){5}, 1},
        {{.physical = &n_and_late, .files = by_late, .file_count = 1}, (int[]){5, 9}, 2}};
    scan.equality = equality;
    scan.equality_count = 2;
    expect(&scan, "SELECT id FROM t ORDER BY id", "0\n1\n2\n4\n6\n7\n");
    struct hs_err err;
    char got[100];
    equality[0].ids = (int[]){9}; /* a column that its file lacks */
    assert_int_equal(try(&scan, 1, "SELECT id FROM t", got, sizeof got, &err), HS_CORRUPT);
    equality[0].ids = (int[]){1}; /* no key */
    assert_int_equal(try(&scan, 1, "SELECT id FROM t", got, sizeof got, &err), HS_INTERNAL);
}

/* ---- values of whole files ---- */
static void constants_are_what_they_were(void **state)
{
    (void)state;
    static struct hs_type types[] = {
        {.id = HS_T_BOOLEAN},      {.id = HS_T_INT},
        {.id = HS_T_LONG},         {.id = HS_T_FLOAT},
        {.id = HS_T_DOUBLE},       {.id = HS_T_DECIMAL, .precision = 38, .scale = 2},
        {.id = HS_T_DATE},         {.id = HS_T_TIME},
        {.id = HS_T_TIMESTAMP},    {.id = HS_T_TIMESTAMPTZ},
        {.id = HS_T_TIMESTAMP_NS}, {.id = HS_T_STRING},
        {.id = HS_T_UUID},         {.id = HS_T_FIXED, .length = 3},
        {.id = HS_T_BINARY},       {.id = HS_T_DOUBLE},
    };
    enum { N = sizeof types / sizeof types[0] };
    static const hs_str texts[FILES] = {HS_S("it's \"q\"\\"), {"a\0b", 3}, HS_S("")};
    static const hs_str uuids[FILES] = {{"\x12\x34\x56\x78\x9a\xbc\xde\xf0\x00\x11\x22\x33\x44\x55\x66\x77", 16},
                                        {"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 16},
                                        {"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16}};
    static const hs_str decimals[FILES] = {HS_S("999999999999999999999999999999999999.99"), HS_S("-1.5"), HS_S("0")};
    static const int64_t ints[FILES] = {INT32_MAX, INT32_MIN, 0}, longs[FILES] = {INT64_MAX, INT64_MIN, -1},
                         days[FILES] = {-719528, 2932896, -1}, times[FILES] = {0, INT64_C(86399999999), 1},
                         stamps[FILES] = {INT64_C(-62135596800000000), INT64_C(253402300799999999), -1};
    static const double floats[FILES] = {(double)0.1f, -0.0, INFINITY}, doubles[FILES] = {NAN, 0.1, -INFINITY};
    static struct hs_param values[FILES][N];
    struct hs_field with[N];
    struct hs_scan_column shown[N];
    int ids[N];
    char expressions[N][16], names[N][16];
    for (int k = 0; k < N; k++) {
        ids[k] = 100 + k;
        snprintf(expressions[k], sizeof expressions[k], "\"f%d\"", ids[k]);
        snprintf(names[k], sizeof names[k], "c%d", k);
        with[k] = (struct hs_field){.id = ids[k], .name = hs_str_of(names[k]), .type = &types[k]};
        shown[k] = (struct hs_scan_column){with[k].name, hs_str_of(expressions[k]), &types[k], true};
        for (int i = 0; i < FILES; i++) {
            struct hs_param *p = &values[i][k];
            *p = (struct hs_param){.type = types[k].id, .precision = types[k].precision, .scale = types[k].scale};
            hs_str bytes = types[k].id == HS_T_STRING ? texts[i] : types[k].id == HS_T_UUID ? uuids[i] : decimals[i];
            p->text = types[k].id == HS_T_FIXED ? hs_str_n(uuids[i].at, 3) : bytes;
            p->i = types[k].id == HS_T_BOOLEAN        ? i == 1
                   : types[k].id == HS_T_INT          ? ints[i]
                   : types[k].id == HS_T_LONG         ? longs[i]
                   : types[k].id == HS_T_DATE         ? days[i]
                   : types[k].id == HS_T_TIME         ? times[i]
                   : types[k].id == HS_T_TIMESTAMP_NS ? longs[i] / 2
                                                      : stamps[i];
            p->d = types[k].id == HS_T_FLOAT ? floats[i] : doubles[i];
            if (k == N - 1) /* a partition's value older than its column's type, and one that is NULL */
                *p = (struct hs_param){.type = HS_T_FLOAT, .d = 0.25, .null = i == 2};
        }
    }
    struct hs_type raw = {.id = HS_T_STRUCT, .fields = with, .field_count = N};
    struct hs_scan_file files[FILES];
    for (int i = 0; i < FILES; i++) {
        files[i] = file(i);
        files[i].constants = values[i];
    }
    struct hs_scan_group group = {
        .physical = &physical, .files = files, .file_count = FILES, .constant_ids = ids, .constant_count = N};
    struct hs_scan scan = {.raw = &raw, .groups = &group, .group_count = 1, .columns = shown, .column_count = N};
    const char *rows[FILES] = {
        "false|2147483647|9223372036854775807|0.1|nan|99999999999999999999999999999999999999|-719528|0|"
        "-62135596800000000|-62135596800000000|4611686018427387903|it's \"q\"\\|123456789abcdef00011223344556677|"
        "123456|3939393939393939393939393939393939393939393939393939393939393939393939392e3939|0.25\n",
        "true|-2147483648|-9223372036854775808|-0|0.1|-150|2932896|86399999999|253402300799999999|253402300799999999|"
        "-4611686018427387904|A|ffffffffffffffffffffffffffffffff|ffffff|2d312e35|0.25\n",
        "false|0|-1|inf|-inf|0|-1|1|-1|-1|0||00000000000000000000000000000000|000000|30|NULL\n"};
    for (int only = 0; only < FILES; only++) { /* alone: a literal */
        char want[2000], got[8192];
        struct hs_err err;
        group.files = files + only;
        group.file_count = 1;
        hs_rc rc = try(&scan, 1, "SELECT * FROM t LIMIT 1", got, sizeof got, &err);
        if (rc != HS_OK)
            print_error("%s | %s\n", err.shown, err.detail);
        assert_int_equal(rc, HS_OK);
        snprintf(want, sizeof want, "%s", rows[only]);
        if (only == 1) { /* text with a NUL: shown up to it */
            char *a = strstr(want, "|A|");
            assert_non_null(a);
            *a = 0;
            assert_memory_equal(got, want, strlen(want));
            continue;
        }
        assert_string_equal(got, want);
    }
    group.files = files;
    group.file_count = FILES;
    expect(
        &scan,
        "SELECT c2, count(*), count(DISTINCT c11), max(length(c11)), count(DISTINCT c12), sum(c15), bool_and(c0) FROM "
        "t GROUP BY c2 ORDER BY c2",
        "-9223372036854775808|100000|1|3|1|25000|true\n-1|100000|1|0|1|NULL|false\n"
        "9223372036854775807|100000|1|9|1|25000|false\n");
}

static void lineage_follows_from_the_manifest(void **state)
{
    (void)state;
    struct hs_field with[] = {fields[0],
                              {.id = 2147483540, .name = HS_S("_row_id"), .type = &long_type},
                              {.id = 2147483539, .name = HS_S("_last"), .type = &long_type}};
    struct hs_type raw = {.id = HS_T_STRUCT, .fields = with, .field_count = 3};
    struct hs_scan_column shown[] = {columns[0],
                                     {HS_S("row"), HS_S("\"f2147483540\""), &long_type, true},
                                     {HS_S("last"), HS_S("\"f2147483539\""), &long_type, true}};
    char rewritten[700];
    snprintf(rewritten, sizeof rewritten, "%s", in_directory("rewritten.parquet"));
    make_parquet(rewritten,
                 "SELECT i + 900000 AS id, CASE WHEN i % 2 = 0 THEN 7 + i END AS _row_id, CASE WHEN i % 2 = 0 "
                 "THEN 3 END::BIGINT AS _last FROM range(4) t(i)");
    struct hs_scan_file files[] = {file(0), file(1)},
                        again[] = {{.path = hs_str_of(rewritten), .sequence_number = 8, .first_row_id = 1000}};
    struct hs_scan_group groups[] = {{.physical = &physical, .files = files, .file_count = 2},
                                     {.physical = &raw, .files = again, .file_count = 1}};
    struct hs_scan scan = {.raw = &raw, .groups = groups, .group_count = 2, .columns = shown, .column_count = 3};
    files[0].first_row_id = 500;
    files[0].sequence_number = 4;
    expect(&scan, "SELECT * FROM t WHERE id IN (0, 99999, 100000) OR id >= 900000 ORDER BY id",
           "0|500|4\n99999|100499|4\n100000|NULL|NULL\n900000|7|3\n900001|1001|8\n900002|9|3\n900003|1003|8\n");
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "worker") == 0)
        return hs_worker_main(argc, argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(deleted_positions_are_gone),   cmocka_unit_test(two_scans_have_their_own),
        cmocka_unit_test(many_positions_travel_beside), cmocka_unit_test(the_statement_never_meets_deleted_rows),
        cmocka_unit_test(nobody_else_can_ask),          cmocka_unit_test(equal_rows_are_gone),
        cmocka_unit_test(equality_is_the_formats),      cmocka_unit_test(keys_lie_in_structs_and_may_be_missing),
        cmocka_unit_test(constants_are_what_they_were), cmocka_unit_test(lineage_follows_from_the_manifest),
    };
    return cmocka_run_group_tests(tests, make_files, end);
}
