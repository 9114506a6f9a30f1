/* For tests: an engine with its pool, one Parquet table as a decided scan, and statements over it. */
#ifndef HS_ENGINE_TEST_POOL_TOOL_H
#define HS_ENGINE_TEST_POOL_TOOL_H

#include "base/clock.h"
#include "engine/test/worker_tool.h"

#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>

static const char *table_path; /* columns id BIGINT, s VARCHAR; 300000 rows */

static struct hs_type long_type = {.id = HS_T_LONG}, text_type = {.id = HS_T_STRING};
static struct hs_field table_fields[2];
static struct hs_type table_type;
static struct hs_scan_column table_columns[2];
static struct hs_scan_file table_paths[1];
static struct hs_scan_group table_group;

static inline int make_table(void **state)
{
    (void)state;
    table_path = strdup(in_directory("table.parquet"));
    make_parquet(table_path, "SELECT i AS id, 'value number ' || i AS s FROM range(300000) t(i)");
    table_fields[0] = (struct hs_field){.id = 1, .name = HS_S("id"), .type = &long_type};
    table_fields[1] = (struct hs_field){.id = 2, .name = HS_S("s"), .type = &text_type};
    table_type = (struct hs_type){.id = HS_T_STRUCT, .fields = table_fields, .field_count = 2};
    table_columns[0] = (struct hs_scan_column){HS_S("id"), HS_S("\"f1\""), &long_type, true};
    table_columns[1] = (struct hs_scan_column){HS_S("s"), HS_S("\"f2\""), &text_type, true};
    table_paths[0].path = hs_str_of(table_path);
    table_group = (struct hs_scan_group){.physical = &table_type, .files = table_paths, .file_count = 1};
    return 0;
}

static inline struct hs_scan table_scan(void)
{
    return (struct hs_scan){
        .raw = &table_type, .groups = &table_group, .group_count = 1, .columns = table_columns, .column_count = 2};
}

static inline struct hs_engine *open_engine(struct hs_engine_settings s)
{
    struct hs_engine *e;
    struct hs_err err;
    s.library = library_path();
    s.scratch = in_directory("scratch");
    s.threads = s.threads ? s.threads : 2;
    hs_rc rc = hs_engine_open(&s, &e, &err);
    if (rc != HS_OK)
        print_error("%s | %s\n", err.shown, err.detail);
    assert_int_equal(rc, HS_OK);
    return e;
}

static inline hs_rc lease(struct hs_engine *e, const char *owner, struct hs_lease **out, struct hs_err *err)
{
    hs_str directory = hs_str_of(test_directory());
    struct hs_lease_request r = {.owner = hs_str_of(owner),
                                 .fair_key = hs_str_of(owner),
                                 .request_id = HS_S("test"),
                                 .directories = &directory,
                                 .directory_count = 1};
    return hs_lease_open(e, &r, out, err);
}

/* Runs sql ("" for the bare scan) for owner; the caller reads. */
static struct hs_answer_form asked_form; /* of what `start` runs */

static inline hs_rc start(struct hs_engine *e, const char *owner, const char *sql, int64_t deadline_us,
                          struct hs_stream **out, struct hs_err *err)
{
    struct hs_lease *l;
    struct hs_arena *a = hs_arena_new(0);
    struct hs_statement *statement = NULL;
    struct hs_scan scans[4] = {table_scan(), table_scan(), table_scan(), table_scan()};
    hs_rc rc = lease(e, owner, &l, err);
    if (rc == HS_OK) {
        if (*sql)
            rc = hs_lease_parse(l, a, hs_str_of(sql), &statement, err);
        if (rc == HS_OK) {
            struct hs_run_request r = {.statement = statement,
                                       .scans = scans,
                                       .scan_count = statement ? statement->ref_count : 1,
                                       .form = asked_form,
                                       .deadline_mono_us = deadline_us};
            rc = hs_lease_run(l, &r, out, err);
        }
        if (rc != HS_OK)
            hs_lease_close(l);
    }
    hs_arena_free(a);
    return rc;
}

static inline void wake(void *arg)
{
    uint64_t one = 1;
    assert_int_equal(write(*(int *)arg, &one, 8), 8);
}

/* Rows read to the end; the error's kind in *rc. */
static inline int64_t drain(struct hs_stream *s, hs_rc *rc, struct hs_err *err)
{
    int64_t rows = 0;
    int ready = eventfd(0, 0);
    *rc = HS_OK;
    hs_stream_notify(s, wake, &ready);
    for (;;) {
        struct hs_batch b;
        uint64_t count;
        enum hs_stream_state state = hs_stream_poll(s, &b, err);
        if (state == HS_STREAM_BATCH) {
            rows += b.rows;
            hs_batch_release(&b);
        } else if (state == HS_STREAM_WAIT) {
            assert_int_equal(read(ready, &count, 8), 8);
        } else {
            if (state == HS_STREAM_ERROR)
                *rc = err->kind;
            break;
        }
    }
    hs_stream_close(s);
    close(ready);
    return rows;
}

static inline int64_t rows_of(struct hs_engine *e, const char *owner, const char *sql)
{
    struct hs_stream *s;
    struct hs_err err;
    hs_rc rc = start(e, owner, sql, 0, &s, &err);
    int64_t rows = rc == HS_OK ? drain(s, &rc, &err) : -1;
    if (rc != HS_OK)
        print_error("%s: %s | %s\n", sql, err.shown, err.detail);
    assert_int_equal(rc, HS_OK);
    return rows;
}

/* What this machine, as busy as it is and under whatever sanitizer, takes to start a worker and hear its answer: waits
 * and bounds of these tests grow with it. Measured once. */
static inline int start_ms(void)
{
    static int measured;
    if (measured)
        return measured;
    struct hs_engine *e = open_engine((struct hs_engine_settings){.warm = -1, .workers_max = 1, .queue_ms = 300000});
    int64_t before = hs_mono_us();
    rows_of(e, "clock", "SELECT 1 FROM t LIMIT 1");
    measured = (int)((hs_mono_us() - before) / 1000) + 1;
    hs_engine_close(e);
    return measured;
}

static inline int patient_ms(int ms)
{
    return ms + 10 * start_ms();
}

/* Waits until the pool is as it was before anything ran: nobody leased, no ring, no spool. */
static inline void wait_for_rest(struct hs_engine *e)
{
    struct hs_engine_counts c;
    for (int i = 0; i < 6000; i++) { /* a minute: only a failure takes so long */
        hs_engine_count(e, &c);
        if (!c.leased && !c.ring_bytes && !c.spool_bytes && !c.queued)
            return;
        usleep(10000);
    }
    print_error("leased %d ring %ld spool %ld queued %d\n", c.leased, (long)c.ring_bytes, (long)c.spool_bytes,
                c.queued);
    fail();
}

static inline int remove_directory(void)
{
    char command[600];
    snprintf(command, sizeof command, "rm -rf '%s'", test_directory());
    return system(command);
}

#endif
