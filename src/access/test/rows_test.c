/* The planner's way to rows of a Parquet file: a worker of a pool beside the first, whatever the first is busy with. */
#include "access/access_in.h"
#include "engine/test/pool_tool.h"

static struct hs_access access_of_test;
static struct hs_table table;
static struct hs_field fields[] = {{.id = 2147483546, .name = HS_S("file_path"), .type = &text_type},
                                   {.id = 2147483545, .name = HS_S("pos"), .type = &long_type}};
static struct hs_type wanted = {.id = HS_T_STRUCT, .fields = fields, .field_count = 2};
static char path[700], broken[700];

static int make_files(void **state)
{
    (void)state;
    snprintf(path, sizeof path, "%s", in_directory("deletes.parquet"));
    snprintf(broken, sizeof broken, "%s", in_directory("broken.parquet"));
    make_parquet(path, "SELECT 's3://b/f' || i % 2 AS file_path, i AS pos FROM range(100000) t(i)");
    FILE *f = fopen(broken, "w");
    fputs("PAR1 and nothing of the kind PAR1", f);
    fclose(f);
    table.location = hs_str_of(test_directory());
    access_of_test.engine = open_engine((struct hs_engine_settings){.workers_max = 1});
    pthread_mutex_init(&access_of_test.rows_lock, NULL);
    return 0;
}

static int end(void **state)
{
    (void)state;
    hs_engine_close(access_of_test.rows_engine);
    hs_engine_close(access_of_test.engine);
    return remove_directory();
}

struct seen {
    int64_t rows, batches;
    hs_rc fail;
    struct hs_call *cancel;
};

static hs_rc on_batch(void *arg, const struct hs_batch *batch, struct hs_err *err)
{
    struct seen *s = arg;
    s->rows += batch->rows;
    s->batches++;
    if (s->cancel)
        s->cancel->cancelled = true;
    return s->fail ? hs_fail(err, s->fail, "no more") : hs_batch_check(&wanted, batch, err);
}

static hs_rc read_file(const char *file, struct seen *seen, int64_t deadline_us, struct hs_err *err)
{
    struct hs_call call = {.access = &access_of_test, .name = HS_S("ana"), .deadline_mono_us = deadline_us};
    struct opened opened = {.table = &table};
    struct hs_row_reader reader;
    call.arena = hs_arena_new(0);
    pthread_mutex_init(&call.lock, NULL);
    if (seen->cancel)
        seen->cancel = &call;
    assert_int_equal(hs_row_reader_of(&call, &opened, &reader, err), HS_OK);
    hs_rc rc = reader.read(reader.ctx, hs_str_of(file), &wanted, &wanted, on_batch, seen, err);
    pthread_mutex_destroy(&call.lock);
    hs_arena_free(call.arena);
    return rc;
}

static void rows_arrive_while_the_pool_is_taken(void **state)
{
    (void)state;
    struct hs_lease *all;
    struct seen seen = {0};
    struct hs_err err;
    assert_null(access_of_test.rows_engine); /* nothing starts before it is needed */
    assert_int_equal(lease(access_of_test.engine, "ana", &all, &err), HS_OK);
    assert_int_equal(read_file(path, &seen, 0, &err), HS_OK);
    assert_int_equal(seen.rows, 100000);
    assert_int_equal(read_file(path, &seen, 0, &err), HS_OK);
    assert_int_equal(seen.rows, 200000);
    hs_lease_close(all);
}

static void what_is_wrong_is_the_files_fault(void **state)
{
    (void)state;
    struct seen seen = {0};
    struct hs_err err;
    assert_int_equal(read_file(broken, &seen, 0, &err), HS_CORRUPT);
    assert_non_null(strstr(err.detail, "broken.parquet"));
    assert_null(strstr(err.shown, "broken"));
    hs_rc rc = read_file(in_directory("none.parquet"), &seen, 0, &err);
    assert_true(rc == HS_CORRUPT || rc == HS_UNAVAILABLE);
    assert_null(strstr(err.shown, "none"));
    rc = read_file("/etc/passwd", &seen, 0, &err); /* not of the table: the worker may not open it */
    assert_true(rc == HS_CORRUPT || rc == HS_UNAVAILABLE);
    assert_int_equal(seen.rows, 0);
}

static void a_taker_may_stop(void **state)
{
    (void)state;
    struct seen stops = {.fail = HS_LIMIT}, leaves = {.cancel = (struct hs_call *)1}, late = {0};
    struct hs_err err;
    assert_int_equal(read_file(path, &stops, 0, &err), HS_LIMIT);
    assert_int_equal(stops.batches, 1);
    assert_int_equal(read_file(path, &leaves, 0, &err), HS_CANCELLED);
    assert_int_equal(leaves.batches, 1);
    assert_int_equal(read_file(path, &late, hs_mono_us() - 1, &err), HS_TIMEOUT);
    wait_for_rest(access_of_test.rows_engine);
    assert_int_equal(read_file(path, &late, hs_mono_us() + 30000000, &err), HS_OK);
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "worker") == 0)
        return hs_worker_main(argc, argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_arrive_while_the_pool_is_taken),
        cmocka_unit_test(what_is_wrong_is_the_files_fault),
        cmocka_unit_test(a_taker_may_stop),
    };
    return cmocka_run_group_tests(tests, make_files, end);
}
