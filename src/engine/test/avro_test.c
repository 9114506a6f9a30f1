/* hs_avro in a worker alone, behind its walls: every type, many rows, several files, and files that are not what the
 * table says of them. */
#include "engine/test/worker_tool.h"

#include "avro/avro.h"

#define SEEDS "src/avro/test/data/"

static hs_str read_seed(struct hs_arena *a, const char *name)
{
    char path[512];
    snprintf(path, sizeof path, SEEDS "%s", name);
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    char *at = hs_arena_alloc(a, 1 << 20);
    size_t len = fread(at, 1, 1 << 20, f);
    fclose(f);
    return (hs_str){at, len};
}

static const char *put_file(const char *name, hs_str bytes)
{
    const char *path = in_directory(name);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes.at, 1, bytes.len, f), bytes.len);
    fclose(f);
    return path;
}

/* The type as a plan has it and the printer writes it. */
static void add_type(struct hs_buf *out, hs_str bytes)
{
    struct hs_arena *a = hs_arena_new(0);
    struct hs_avro_file *f;
    struct hs_type *type;
    struct hs_err err;
    struct hs_buf raw;
    assert_int_equal(hs_avro_open(bytes, NULL, 0, &f, &err), HS_OK);
    assert_int_equal(hs_avro_physical(a, hs_avro_schema(f), &type, &err), HS_OK);
    hs_buf_init(&raw, 1 << 20);
    hs_put_type(&raw, type);
    hs_buf_add_hex(out, raw.at, raw.len);
    hs_buf_fini(&raw);
    hs_avro_close(f);
    hs_arena_free(a);
}

struct table { /* files of one schema */
    hs_str paths[8];
    int64_t rows[8];
    size_t count;
    hs_str like; /* a file that has the schema */
};

static int select_from(struct guest *g, const char *columns, const struct table *t, const char *rest)
{
    struct hs_buf sql;
    hs_buf_init(&sql, 1 << 20);
    hs_buf_addf(&sql, "SELECT %s FROM hs_avro('", columns);
    add_type(&sql, t->like);
    hs_buf_addz(&sql, "', [");
    for (size_t i = 0; i < t->count; i++) {
        hs_buf_addz(&sql, i ? ", " : "");
        hs_buf_add_sql_text(&sql, t->paths[i]);
    }
    for (size_t i = 0; i < t->count; i++)
        hs_buf_addf(&sql, "%s%lld", i ? ", " : "], [", (long long)t->rows[i]);
    hs_buf_addf(&sql, "]) %s", rest);
    struct hs_msg_run plan = {.sql = hs_buf_str(&sql), .paths = t->paths, .path_count = t->count};
    int rc = guest_run_plan(g, &plan);
    hs_buf_fini(&sql);
    return rc;
}

static void expect(struct guest *g, const char *columns, const struct table *t, const char *rest, const char *want)
{
    int rc = select_from(g, columns, t, rest);
    if (rc)
        print_error("%s: %s: %s\n", columns, g->error_kind, g->error);
    assert_int_equal(rc, 0);
    assert_string_equal(g->text.at ? g->text.at : "", want);
}

static struct guest *open_guest(void)
{
    struct guest *g = guest_start("");
    guest_lease(g, test_directory(), in_directory("spill"), 512 << 20, 64 << 20);
    g->want_text = true;
    return g;
}

static struct table one_file(const char *name, hs_str bytes, int64_t rows)
{
    struct table t = {.rows = {rows}, .count = 1, .like = bytes};
    t.paths[0] = hs_str_of(put_file(name, bytes));
    return t;
}

static void every_type_arrives_as_it_is(void **state)
{
    (void)state;
    struct hs_arena *a = hs_arena_new(0);
    struct guest *g = open_guest();
    struct table t = one_file("every.avro", read_seed(a, "every-type.avro"), 40);
    const char *second = "WHERE required = 3", *null = "WHERE required = 4";
    expect(g, "a_boolean, an_int, a_long, a_float, a_double", &t, second, "false|-3|-25769803776|0.75|-0.375\n");
    expect(g, "small_decimal, a_decimal, long_decimal, wide_decimal, byte_decimal", &t, second,
           "-21|-3003|-3000000000000|-3000000000000000000000000000000|-37035\n");
    expect(g, "typeof(small_decimal), typeof(a_decimal), typeof(long_decimal), typeof(wide_decimal)", &t,
           "WHERE required = 0", "DECIMAL(4,2)|DECIMAL(9,2)|DECIMAL(18,4)|DECIMAL(38,10)\n");
    expect(g, "a_date, a_time, a_timestamp, a_timestamptz, a_timestamp_ns, a_timestamp_ms", &t, second,
           "0|3000003|-3000009|3000009|3000000021|3003000\n");
    expect(g, "typeof(a_timestamp), typeof(a_timestamptz), typeof(a_timestamp_ns), typeof(a_time)", &t,
           "WHERE required = 0", "TIMESTAMP|TIMESTAMP WITH TIME ZONE|TIMESTAMP_NS|TIME\n");
    expect(g, "a_string, an_enum, a_fixed, a_binary", &t, second,
           "text \u00fc text \u00fc text \u00fc |GREEN|030303|00ff00ff00ff\n");
    expect(g, "a_uuid, a_uuid = '83000102-0304-0506-0708-090a0b0c0d0e'::UUID", &t, second,
           "83000102030405060708090a0b0c0d0e|true\n");
    expect(g, "a_struct, a_list, a_map, int_map, lists", &t, "WHERE required = 2",
           "{2:y2}|[0,NULL]|[{k0:NULL},{k1:0.5}]|[{0:v},{1:NULL}]|[[],[{1.0}]]\n");
    expect(g, "a_struct, a_list, a_map, int_map, lists", &t, second,
           "{3:NULL}|[0,NULL,6]|[]|[]|[[],[{1.0}],[{2.0},{2.1}]]\n");
    expect(g, "a_boolean, an_int, a_decimal, wide_decimal, a_string, a_uuid, a_struct, a_list, a_map, lists, nothing",
           &t, null, "NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL\n");
    expect(g, "count(*), count(a_list), sum(len(lists)), sum(a_struct.x), max(a_map['k1'])", &t, "",
           "40|32|48|608|0.5\n");
    guest_end(g);
    hs_arena_free(a);
}

static void rows_have_their_places(void **state)
{
    (void)state;
    struct hs_arena *a = hs_arena_new(0);
    struct guest *g = open_guest();
    hs_str bytes = read_seed(a, "many-rows.avro");
    struct table t = one_file("many-0.avro", bytes, 20000);
    t.paths[1] = hs_str_of(put_file("many-1.avro", bytes));
    t.paths[2] = hs_str_of(put_file("many-2.avro", bytes));
    t.rows[1] = t.rows[2] = 20000;
    t.count = 3;
    expect(g, "count(*)", &t, "", "60000\n");
    expect(g, "count(*), sum(i), count(s)", &t, "", "60000|599970000|39999\n");
    expect(g, "file_index, count(*), min(file_row_number), max(file_row_number), count(DISTINCT file_row_number)", &t,
           "GROUP BY ALL ORDER BY 1", "0|20000|0|19999|20000\n1|20000|0|19999|20000\n2|20000|0|19999|20000\n");
    expect(g, "count(*)", &t, "WHERE i <> file_row_number", "0\n");
    expect(g, "s, file_index", &t, "WHERE i = 19999 ORDER BY 2", "row 19999|0\nrow 19999|1\nrow 19999|2\n");
    expect(g, "i", &t, "ORDER BY i, file_index LIMIT 4", "0\n0\n0\n1\n");
    assert_int_equal(select_from(g, "i", &t, "LIMIT 5"), 0);
    assert_int_equal(g->rows, 5);
    guest_end(g);
    hs_arena_free(a);
}

static void expect_damage(struct guest *g, const struct table *t, const char *kind, const char *words)
{
    assert_int_equal(select_from(g, "count(*)", t, ""), 1);
    if (strcmp(g->error_kind, kind) || !strstr(g->error, words))
        print_error("%s: %s\n", g->error_kind, g->error);
    assert_string_equal(g->error_kind, kind);
    assert_non_null(strstr(g->error, words));
}

/* One block a row: every cut between two blocks is a good container, and only the table knows what is missing. */
static void a_shorter_file_is_damage(void **state)
{
    (void)state;
    struct hs_arena *a = hs_arena_new(0);
    struct guest *g = open_guest();
    hs_str bytes = read_seed(a, "../corpus/fuzz_container/deflate.avro");
    struct table t = one_file("whole.avro", bytes, 4);
    expect(g, "count(*)", &t, "", "4\n");
    t.rows[0] = 5;
    expect_damage(g, &t, "hs:CORRUPT", "4 rows, the table says 5");
    t.rows[0] = 3;
    expect_damage(g, &t, "hs:CORRUPT", "4 rows, the table says 3");
    t.rows[0] = 4;
    for (size_t cut = 1; cut < bytes.len; cut += 9) {
        put_file("whole.avro", hs_str_n(bytes.at, bytes.len - cut));
        t.paths[0] = hs_str_of(in_directory("whole.avro"));
        expect_damage(g, &t, "hs:CORRUPT", "");
    }
    guest_end(g);
    hs_arena_free(a);
}

static void another_file_in_its_place_is_damage(void **state)
{
    (void)state;
    struct hs_arena *a = hs_arena_new(0);
    struct guest *g = open_guest();
    struct table t = one_file("swapped.avro", read_seed(a, "many-rows.avro"), 40);
    t.like = read_seed(a, "every-type.avro");
    expect_damage(g, &t, "hs:CORRUPT", "not those that were planned");
    put_file("swapped.avro", HS_S("PAR1"));
    expect_damage(g, &t, "hs:CORRUPT", "not an avro file");
    unlink(t.paths[0].at);
    expect_damage(g, &t, "hs:UNAVAILABLE", "could not be read");
    guest_end(g);
    hs_arena_free(a);
}

static void only_planned_files_are_read(void **state)
{
    (void)state;
    struct hs_arena *a = hs_arena_new(0);
    struct guest *g = open_guest();
    struct table t = one_file("planned.avro", read_seed(a, "many-rows.avro"), 20000);
    hs_str planned = t.paths[0];
    struct hs_buf sql;
    t.paths[0] = hs_str_of(put_file("other.avro", t.like));
    hs_buf_init(&sql, 1 << 20);
    hs_buf_addz(&sql, "SELECT count(*) FROM hs_avro('");
    add_type(&sql, t.like);
    hs_buf_addf(&sql, "', ['%.*s'], [20000])", HS_FMT(t.paths[0]));
    struct hs_msg_run plan = {.sql = hs_buf_str(&sql), .paths = &planned, .path_count = 1};
    assert_int_equal(guest_run_plan(g, &plan), 1);
    assert_string_equal(g->error_kind, "hs:UNAVAILABLE");
    plan.paths = t.paths;
    assert_int_equal(guest_run_plan(g, &plan), 0);
    hs_buf_fini(&sql);
    guest_end(g);
    hs_arena_free(a);
}

/* Whatever bit is turned: the rows, other values, or words; the worker lives, and counts never differ. */
static void turned_bits_end_in_words(void **state)
{
    (void)state;
    struct hs_arena *a = hs_arena_new(0);
    struct guest *g = open_guest();
    hs_str bytes = read_seed(a, "every-type.avro");
    char *copy = hs_arena_alloc(a, bytes.len);
    struct table t = one_file("flip.avro", bytes, 40);
    int damaged = 0;
    for (size_t k = 0; k < 100; k++) {
        size_t at = k * 7919 % bytes.len;
        memcpy(copy, bytes.at, bytes.len);
        copy[at] ^= (char)(1 << k % 8);
        t.paths[0] = hs_str_of(put_file("flip.avro", hs_str_n(copy, bytes.len)));
        int rc = select_from(g, "*", &t, "");
        assert_in_range(rc, 0, 1); /* never -1: ended */
        if (rc == 0)
            assert_int_equal(g->rows, 40);
        else
            assert_true(strcmp(g->error_kind, "hs:CORRUPT") == 0 || strcmp(g->error_kind, "hs:LIMIT") == 0 ||
                        strcmp(g->error_kind, "hs:UNSUPPORTED") == 0);
        damaged += rc;
    }
    assert_true(damaged > 60);
    guest_end(g);
    hs_arena_free(a);
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "worker") == 0)
        return hs_worker_main(argc, argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_arrives_as_it_is), cmocka_unit_test(rows_have_their_places),
        cmocka_unit_test(a_shorter_file_is_damage),    cmocka_unit_test(another_file_in_its_place_is_damage),
        cmocka_unit_test(only_planned_files_are_read), cmocka_unit_test(turned_bits_end_in_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
