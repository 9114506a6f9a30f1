/* Scans over Avro files by a whole engine: what deletes, constants, lineage and promotions do to Parquet, they do here.
 */
#include "engine/test/scan_tool.h"

#include "avro/avro.h"

enum { ROWS = 20000 };

static char path[700];
static struct hs_type int_type = {.id = HS_T_INT};
/* of the files: i long, s string */
static struct hs_field stored[] = {{.id = 1, .name = HS_S("i"), .required = true, .type = &long_type},
                                   {.id = 2, .name = HS_S("s"), .type = &text_type}};
static struct hs_type physical = {.id = HS_T_STRUCT, .fields = stored, .field_count = 2};
static struct hs_field raw_fields[] = {{.id = 1, .name = HS_S("i"), .type = &long_type},
                                       {.id = 2, .name = HS_S("s"), .type = &text_type},
                                       {.id = 3, .name = HS_S("p"), .type = &int_type}};
static struct hs_type raw = {.id = HS_T_STRUCT, .fields = raw_fields, .field_count = 3};
static const struct hs_scan_column columns[] = {{HS_S("i"), HS_S("\"f1\""), &long_type, true},
                                                {HS_S("s"), HS_S("\"f2\""), &text_type, true},
                                                {HS_S("p"), HS_S("\"f3\""), &int_type, true}};

static void copy_file(const char *from, const char *to)
{
    static char bytes[1 << 20];
    FILE *in = fopen(from, "rb"), *out = fopen(to, "wb");
    assert_non_null(in);
    assert_non_null(out);
    size_t len = fread(bytes, 1, sizeof bytes, in);
    assert_int_equal(fwrite(bytes, 1, len, out), len);
    fclose(in);
    fclose(out);
}

static int make_files(void **state)
{
    (void)state;
    snprintf(path, sizeof path, "%s", in_directory("many.avro"));
    copy_file("src/avro/test/data/many-rows.avro", path);
    engine = open_engine((struct hs_engine_settings){.workers_max = 1});
    return 0;
}

static int end(void **state)
{
    (void)state;
    hs_engine_close(engine);
    return remove_directory();
}

static struct hs_scan_file file(int64_t sequence)
{
    return (struct hs_scan_file){
        .path = hs_str_of(path), .sequence_number = sequence, .first_row_id = -1, .record_count = ROWS};
}

static struct hs_scan scan_of(const struct hs_scan_group *groups, size_t count)
{
    return (struct hs_scan){.raw = &raw, .groups = groups, .group_count = count, .columns = columns, .column_count = 3};
}

static void rows_arrive_by_field_id(void **state)
{
    (void)state;
    struct hs_scan_file files[] = {file(1), file(1)};
    struct hs_scan_group group = {.format = HS_SCAN_AVRO, .physical = &physical, .files = files, .file_count = 2};
    struct hs_scan scan = scan_of(&group, 1);
    expect(&scan, "SELECT count(*), sum(i), count(s), count(p) FROM t", "40000|399980000|26666|0\n");
    expect(&scan, "SELECT i, s, p FROM t WHERE i = 17 OR i = 18 ORDER BY 1, 2",
           "17|row 17|NULL\n17|row 17|NULL\n"
           "18|NULL|NULL\n18|NULL|NULL\n");
    expect(&scan, "SELECT count(*) FROM t a JOIN t b ON a.i = b.i WHERE b.s = 'row 5'", "4\n");
}

static void both_formats_are_one_table(void **state)
{
    (void)state;
    char parquet[700];
    snprintf(parquet, sizeof parquet, "%s", in_directory("rows.parquet"));
    make_parquet(parquet, "SELECT 20000 + i AS i, 'p' AS s, 7 AS p FROM range(5) t(i)");
    struct hs_scan_file avro[] = {file(1)}, rows[] = {{.path = hs_str_of(parquet), .first_row_id = -1}};
    struct hs_scan_group groups[] = {{.format = HS_SCAN_AVRO, .physical = &physical, .files = avro, .file_count = 1},
                                     {.format = HS_SCAN_PARQUET, .physical = &raw, .files = rows, .file_count = 1}};
    struct hs_scan scan = scan_of(groups, 2);
    expect(&scan, "SELECT i, s, p FROM t WHERE i >= 19999 ORDER BY i LIMIT 2", "19999|row 19999|NULL\n20000|p|7\n");
    expect(&scan, "SELECT count(*), sum(p) FROM t", "20005|35\n");
}

static void deletes_and_constants_apply(void **state)
{
    (void)state;
    struct hs_positions *gone = positions(0, 2, ROWS / 2);
    int by_i[] = {1}, constant_ids[] = {3};
    struct hs_param ones[] = {{.type = HS_T_INT, .i = 1}}, twos[] = {{.type = HS_T_INT, .i = 2}};
    struct hs_scan_file files[] = {file(1), file(5)}, deletes[] = {file(3)};
    struct hs_scan_group group = {.format = HS_SCAN_AVRO,
                                  .physical = &physical,
                                  .files = files,
                                  .file_count = 2,
                                  .constant_ids = constant_ids,
                                  .constant_count = 1};
    files[0].constants = ones;
    files[1].constants = twos;
    files[1].gone = gone;
    struct hs_scan scan = scan_of(&group, 1);
    expect(&scan, "SELECT p, count(*), sum(i) FROM t GROUP BY p ORDER BY p", "1|20000|199990000\n2|10000|100000000\n");
    /* the file's own rows as equality deletes: all that is older is gone */
    struct hs_scan_equality equality = {
        {.format = HS_SCAN_AVRO, .physical = &physical, .files = deletes, .file_count = 1}, by_i, 1};
    deletes[0].partition = -1;
    scan.keys = &(struct hs_type){.id = HS_T_STRUCT, .fields = stored, .field_count = 1};
    scan.equality = &equality;
    scan.equality_count = 1;
    expect(&scan, "SELECT p, count(*), sum(i) FROM t GROUP BY p ORDER BY p", "2|10000|100000000\n");
    hs_positions_unref(gone);
}

static void put_text(struct hs_buf *b, hs_str s)
{
    size_t n = 2 * s.len;
    for (; n > 127; n >>= 7)
        hs_buf_addc(b, (char)(n | 0x80));
    hs_buf_addc(b, (char)n);
    hs_buf_adds(b, s);
}

/* Names that the engine cannot tell apart, or that hide a row's place. */
static void names_do_not_matter(void **state)
{
    (void)state;
    static const char schema[] = "{\"type\":\"record\",\"name\":\"r\",\"fields\":["
                                 "{\"name\":\"file_index\",\"type\":\"long\",\"field-id\":1},"
                                 "{\"name\":\"FILE_ROW_NUMBER\",\"type\":\"string\",\"field-id\":2},"
                                 "{\"name\":\"a\",\"type\":\"int\",\"field-id\":3},"
                                 "{\"name\":\"A\",\"type\":\"int\",\"field-id\":4}]}";
    struct hs_field odd[] = {{.id = 1, .name = HS_S("file_index"), .type = &long_type},
                             {.id = 2, .name = HS_S("FILE_ROW_NUMBER"), .type = &text_type},
                             {.id = 4, .name = HS_S("a"), .type = &int_type},
                             {.id = 3, .name = HS_S("A"), .type = &int_type}};
    struct hs_type type = {.id = HS_T_STRUCT, .fields = odd, .field_count = 4};
    struct hs_buf b;
    char odd_path[700];
    hs_buf_init(&b, 1 << 20);
    hs_buf_add(&b, "Obj\x01\x02", 5);
    put_text(&b, HS_S("avro.schema"));
    put_text(&b, HS_S(schema));
    hs_buf_add(&b, "\0SSSSSSSSSSSSSSSS\x06\x1e", 19);
    hs_buf_add(&b, "\x02\x02x\x14\x28\x04\x02y\x14\x28\x06\x02z\x14\x28SSSSSSSSSSSSSSSS", 31);
    snprintf(odd_path, sizeof odd_path, "%s", in_directory("odd.avro"));
    FILE *f = fopen(odd_path, "wb");
    assert_int_equal(fwrite(b.at, 1, b.len, f), b.len);
    fclose(f);
    hs_buf_fini(&b);
    struct hs_positions *gone = positions(1, 1, 1);
    struct hs_scan_file files[] = {{.path = hs_str_of(odd_path), .first_row_id = -1, .record_count = 3, .gone = gone}};
    struct hs_scan_group group = {.format = HS_SCAN_AVRO, .physical = &type, .files = files, .file_count = 1};
    struct hs_scan scan = scan_of(&group, 1);
    expect(&scan, "SELECT i, s, p FROM t ORDER BY i", "1|x|20\n3|z|20\n");
    hs_positions_unref(gone);
}

static void damage_is_told_in_our_words(void **state)
{
    (void)state;
    struct hs_scan_file files[] = {file(1)};
    struct hs_scan_group group = {.format = HS_SCAN_AVRO, .physical = &physical, .files = files, .file_count = 1};
    struct hs_scan scan = scan_of(&group, 1);
    struct hs_err err;
    char got[100];
    files[0].record_count++;
    assert_int_equal(try(&scan, 1, "SELECT count(*) FROM t", got, sizeof got, &err), HS_CORRUPT);
    assert_null(strstr(err.shown, "many.avro"));
    assert_non_null(strstr(err.detail, "many.avro"));
    assert_non_null(strstr(err.detail, "20000 rows, the table says 20001"));
    files[0].record_count--;
    expect(&scan, "SELECT count(*) FROM t", "20000\n");
}

/* A kind whose words are for clients; where the file lies is not. */
static void a_block_too_large_names_no_file(void **state)
{
    (void)state;
    char huge_path[700], got[100];
    struct hs_buf b;
    struct hs_err err;
    hs_buf_init(&b, 1 << 20);
    hs_buf_add(&b, "Obj\x01\x02", 5);
    put_text(&b, HS_S("avro.schema"));
    put_text(
        &b,
        HS_S("{\"type\":\"record\",\"name\":\"r\",\"fields\":[{\"name\":\"i\",\"type\":\"long\",\"field-id\":1}]}"));
    hs_buf_add(&b, "\0SSSSSSSSSSSSSSSS\x02\xfc\xff\xff\xff\xff\x01", 24);
    snprintf(huge_path, sizeof huge_path, "%s", in_directory("huge.avro"));
    FILE *f = fopen(huge_path, "wb");
    assert_int_equal(fwrite(b.at, 1, b.len, f), b.len);
    fclose(f);
    hs_buf_fini(&b);
    struct hs_scan_file files[] = {{.path = hs_str_of(huge_path), .first_row_id = -1, .record_count = 1}};
    struct hs_field column = {.id = 1, .name = HS_S("i"), .type = &long_type};
    struct hs_type type = {.id = HS_T_STRUCT, .fields = &column, .field_count = 1};
    struct hs_scan_group group = {.format = HS_SCAN_AVRO, .physical = &type, .files = files, .file_count = 1};
    struct hs_scan scan = scan_of(&group, 1);
    assert_int_equal(try(&scan, 1, "SELECT count(*), sum(i) FROM t", got, sizeof got, &err), HS_LIMIT);
    assert_string_equal(err.shown, hs_kind_text(HS_LIMIT));
    assert_non_null(strstr(err.detail, "huge.avro"));
}

static void nobody_else_can_ask(void **state)
{
    (void)state;
    struct hs_scan_file files[] = {file(1)};
    struct hs_scan_group group = {.format = HS_SCAN_AVRO, .physical = &physical, .files = files, .file_count = 1};
    struct hs_scan scan = scan_of(&group, 1);
    struct hs_err err;
    char got[100], sql[900];
    snprintf(sql, sizeof sql, "SELECT * FROM hs_avro('', ['%s'], [1])", path);
    assert_int_not_equal(try(&scan, 1, sql, got, sizeof got, &err), HS_OK);
    snprintf(sql, sizeof sql, "SELECT * FROM t, hs_avro('', ['%s'], [1])", path);
    assert_int_not_equal(try(&scan, 1, sql, got, sizeof got, &err), HS_OK);
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "worker") == 0)
        return hs_worker_main(argc, argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_arrive_by_field_id),         cmocka_unit_test(both_formats_are_one_table),
        cmocka_unit_test(deletes_and_constants_apply),     cmocka_unit_test(names_do_not_matter),
        cmocka_unit_test(damage_is_told_in_our_words),     cmocka_unit_test(nobody_else_can_ask),
        cmocka_unit_test(a_block_too_large_names_no_file),
    };
    return cmocka_run_group_tests(tests, make_files, end);
}
