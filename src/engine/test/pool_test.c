/* The pool: statements run, end, are cancelled, crash, wait and are read slowly, and nobody else notices. */
#include "engine/test/pool_tool.h"

#include "engine/engine_in.h"

static const char *const endless = "SELECT count(*) FROM t a, t b, t c WHERE a.id + b.id + c.id = -1";

static void a_scan_and_a_statement(void **state)
{
    (void)state;
    struct hs_engine *e = open_engine((struct hs_engine_settings){0});
    assert_int_equal(rows_of(e, "ana", ""), 300000);
    assert_int_equal(rows_of(e, "ana", "SELECT s, id FROM t WHERE id < 1000"), 1000);
    assert_int_equal(rows_of(e, "ben", "SELECT a.id FROM t a JOIN t b USING (id)"), 300000);
    wait_for_rest(e);
    hs_engine_close(e);
}

static void describing_runs_nothing(void **state)
{
    (void)state;
    struct hs_engine *e = open_engine((struct hs_engine_settings){0});
    struct hs_arena *a = hs_arena_new(0);
    struct hs_statement *statement;
    struct hs_lease *l;
    struct hs_stream *s;
    struct hs_err err;
    struct hs_scan scan = table_scan();
    hs_rc rc;
    assert_int_equal(lease(e, "ana", &l, &err), HS_OK);
    assert_int_equal(hs_lease_parse(l, a, HS_S("SELECT s, id + 1 AS next FROM t"), &statement, &err), HS_OK);
    struct hs_run_request r = {.statement = statement, .scans = &scan, .scan_count = 1, .describe_only = true};
    assert_int_equal(hs_lease_run(l, &r, &s, &err), HS_OK);
    const struct hs_type *type = hs_stream_schema(s);
    assert_int_equal(type->field_count, 2);
    assert_true(hs_str_is(type->fields[1].name, "next"));
    assert_int_equal(type->fields[0].type->id, HS_T_STRING);
    assert_int_equal(drain(s, &rc, &err), 0);
    assert_int_equal(rc, HS_OK);
    hs_arena_free(a);
    wait_for_rest(e);
    hs_engine_close(e);
}

static void a_bound_value_is_a_value(void **state)
{
    (void)state;
    struct hs_engine *e = open_engine((struct hs_engine_settings){0});
    struct hs_arena *a = hs_arena_new(0);
    struct hs_statement *statement;
    struct hs_lease *l;
    struct hs_stream *s;
    struct hs_err err;
    struct hs_scan scan = table_scan();
    struct hs_param p[] = {{.type = HS_T_STRING, .text = HS_S("value number 7")}, {.type = HS_T_LONG, .i = 5}};
    struct hs_params params = {p, 2};
    hs_rc rc;
    assert_int_equal(lease(e, "ana", &l, &err), HS_OK);
    assert_int_equal(hs_lease_parse(l, a, HS_S("SELECT id FROM t WHERE s = ? OR id < ?"), &statement, &err), HS_OK);
    assert_int_equal(statement->param_count, 2);
    struct hs_run_request r = {.statement = statement, .scans = &scan, .scan_count = 1, .params = &params};
    assert_int_equal(hs_lease_run(l, &r, &s, &err), HS_OK);
    assert_int_equal(drain(s, &rc, &err), 6);
    assert_int_equal(rc, HS_OK);
    hs_arena_free(a);
    hs_engine_close(e);
}

static void a_worker_stays_its_owners(void **state)
{
    (void)state;
    struct hs_engine *e = open_engine((struct hs_engine_settings){.workers_max = 2});
    struct hs_engine_counts c;
    assert_int_equal(rows_of(e, "ana", "SELECT 1 FROM t LIMIT 1"), 1);
    wait_for_rest(e);
    hs_engine_count(e, &c);
    int64_t started = c.started;
    assert_int_equal(rows_of(e, "ana", "SELECT 1 FROM t LIMIT 1"), 1); /* hers again */
    wait_for_rest(e);
    assert_int_equal(rows_of(e, "ben", "SELECT 1 FROM t LIMIT 1"), 1);
    assert_int_equal(rows_of(e, "cleo", "SELECT 1 FROM t LIMIT 1"), 1);
    hs_engine_count(e, &c);
    assert_true(c.started > started); /* three owners, two places: somebody's worker was ended, not reused */
    assert_true(c.died >= 1);
    hs_engine_close(e);
}

static void errors_leave_the_worker_whole(void **state)
{
    (void)state;
    struct hs_engine *e = open_engine((struct hs_engine_settings){0});
    struct hs_stream *s;
    struct hs_err err;
    assert_int_not_equal(start(e, "ana", "SELECT nothing FROM t", 0, &s, &err), HS_OK);
    assert_int_not_equal(start(e, "ana", "SELECT FROM WHERE", 0, &s, &err), HS_OK);
    assert_int_not_equal(start(e, "ana", "SELECT * FROM read_text('/etc/passwd')", 0, &s, &err), HS_OK);
    hs_rc rc = start(e, "ana", "SELECT s::INTEGER FROM t", 0, &s, &err);
    if (rc == HS_OK)
        drain(s, &rc, &err);
    assert_int_not_equal(rc, HS_OK);
    assert_int_equal(rows_of(e, "ana", ""), 300000);
    wait_for_rest(e);
    hs_engine_close(e);
}

static void a_cancel_asks_then_the_worker_is_free(void **state)
{
    (void)state;
    struct hs_engine *e = open_engine((struct hs_engine_settings){.workers_max = 1});
    struct hs_stream *s;
    struct hs_err err;
    hs_rc rc;
    assert_int_equal(start(e, "ana", endless, 0, &s, &err), HS_OK);
    usleep(50000);
    hs_stream_cancel(s, HS_CANCELLED);
    drain(s, &rc, &err);
    assert_int_equal(rc, HS_CANCELLED);
    assert_int_equal(rows_of(e, "ana", "SELECT 1 FROM t LIMIT 5"), 5);
    assert_int_equal(start(e, "ana", endless, 0, &s, &err), HS_OK);
    hs_stream_close(s); /* closing is cancelling */
    assert_int_equal(rows_of(e, "ben", "SELECT 1 FROM t LIMIT 5"), 5);
    wait_for_rest(e);
    hs_engine_close(e);
}

static void a_deadline_ends_one_statement(void **state)
{
    (void)state;
    struct hs_engine *e = open_engine((struct hs_engine_settings){0});
    struct hs_stream *s;
    struct hs_err err;
    hs_rc rc;
    int64_t allowed_us = patient_ms(300) * INT64_C(1000), before = hs_mono_us();
    assert_int_equal(start(e, "ana", endless, before + allowed_us, &s, &err), HS_OK);
    drain(s, &rc, &err);
    assert_int_equal(rc, HS_TIMEOUT);
    assert_true(hs_mono_us() - before < allowed_us + patient_ms(2700) * INT64_C(1000));
    wait_for_rest(e);
    hs_engine_close(e);
}

static pid_t find_worker_of(const char *name)
{
    char command[200];
    pid_t pid = 0;
    snprintf(command, sizeof command, "ps -o pid= --ppid %d --sort=-pcpu | head -1", (int)getpid());
    (void)name;
    FILE *f = popen(command, "r");
    assert_int_equal(fscanf(f, "%d", &pid), 1);
    pclose(f);
    return pid;
}

static void a_killed_worker_ends_one_statement(void **state)
{
    (void)state;
    struct hs_engine *e = open_engine((struct hs_engine_settings){.workers_max = 1});
    struct hs_stream *s;
    struct hs_err err;
    hs_rc rc;
    assert_int_equal(start(e, "ana", endless, 0, &s, &err), HS_OK);
    usleep(100000);
    kill(find_worker_of("ana"), SIGKILL);
    drain(s, &rc, &err);
    assert_int_equal(rc, HS_UNAVAILABLE);
    assert_int_equal(rows_of(e, "ana", ""), 300000); /* the pool has healed */
    wait_for_rest(e);
    hs_engine_close(e);
}

static void batches_outlive_stream_and_engine(void **state)
{
    (void)state;
    struct hs_engine *e = open_engine((struct hs_engine_settings){0});
    struct hs_stream *s;
    struct hs_err err;
    struct hs_batch b;
    enum hs_stream_state got;
    assert_int_equal(start(e, "ana", "", 0, &s, &err), HS_OK);
    while ((got = hs_stream_poll(s, &b, &err)) == HS_STREAM_WAIT)
        usleep(1000);
    assert_int_equal(got, HS_STREAM_BATCH);
    uint8_t first = b.body[0];
    hs_stream_close(s);
    hs_engine_close(e);
    assert_int_equal(b.body[0], first);
    hs_batch_release(&b);
}

/* Many readers take one batch and sleep; one more must be served in good time. */
static void sleeping_readers_do_not_keep_the_next_one_out(void **state)
{
    (void)state;
    enum { SLEEPERS = 12 };
    struct hs_engine *e = open_engine((struct hs_engine_settings){
        .workers_max = 2, .slow_reader_ms = 300, .slot_bytes = 1 << 20, .queue_ms = patient_ms(60000)});
    struct hs_stream *s[SLEEPERS];
    struct hs_batch held[SLEEPERS];
    struct hs_err err;
    char owner[16];
    for (int i = 0; i < SLEEPERS; i++) {
        snprintf(owner, sizeof owner, "sleeper%d", i);
        assert_int_equal(start(e, owner, "", 0, &s[i], &err), HS_OK);
        while (hs_stream_poll(s[i], &held[i], &err) == HS_STREAM_WAIT)
            usleep(1000);
    }
    int64_t before = hs_mono_us();
    assert_int_equal(rows_of(e, "ana", ""), 300000);
    assert_true(hs_mono_us() - before < patient_ms(5000) * INT64_C(1000));
    for (int i = 0; i < SLEEPERS; i++) { /* and they all get every row when they wake */
        int64_t rows = held[i].rows;
        hs_rc rc;
        hs_batch_release(&held[i]);
        rows += drain(s[i], &rc, &err);
        assert_int_equal(rc, HS_OK);
        assert_int_equal(rows, 300000);
    }
    wait_for_rest(e);
    hs_engine_close(e);
}

static void a_spool_over_its_budget_ends_the_slow_one(void **state)
{
    (void)state;
    struct hs_engine *e = open_engine((struct hs_engine_settings){
        .workers_max = 1, .slow_reader_ms = 100, .slot_bytes = 1 << 20, .spool_bytes = 1 << 20});
    struct hs_stream *slow;
    struct hs_err err;
    hs_rc rc;
    assert_int_equal(start(e, "slow", "", 0, &slow, &err), HS_OK);
    usleep(400000); /* nobody waits: it keeps its worker */
    assert_int_equal(rows_of(e, "ana", ""), 300000);
    drain(slow, &rc, &err);
    assert_int_equal(rc, HS_LIMIT);
    wait_for_rest(e);
    hs_engine_close(e);
}

struct one_more {
    struct hs_engine *e;
    const char *owner;
    hs_rc rc;
    int64_t done_us;
    struct hs_err err;
};

static void *run_one(void *arg)
{
    struct one_more *o = arg;
    struct hs_stream *s;
    o->rc = start(o->e, o->owner, "SELECT count(*) FROM t a, t b WHERE a.id % 300 = b.id % 300 AND a.id < 2000", 0, &s,
                  &o->err);
    if (o->rc == HS_OK)
        drain(s, &o->rc, &o->err);
    o->done_us = hs_mono_us();
    return NULL;
}

static void wait_for_queue(struct hs_engine *e, int waiting)
{
    struct hs_engine_counts c;
    do {
        usleep(1000);
        hs_engine_count(e, &c);
    } while (c.queued < waiting);
}

static void the_queue_is_fair_and_bounded(void **state)
{
    (void)state;
    enum { CROWD = 8 };
    struct hs_engine *e = open_engine(
        (struct hs_engine_settings){.workers_max = 1, .queue_max = CROWD + 1, .queue_ms = patient_ms(60000)});
    struct one_more crowd[CROWD], single = {e, "ben", 0, 0, {0}}, extra = {e, "dora", 0, 0, {0}};
    pthread_t threads[CROWD], last;
    struct hs_stream *first;
    struct hs_err err;
    assert_int_equal(start(e, "ana", endless, 0, &first, &err), HS_OK);
    for (int i = 0; i < CROWD; i++) {
        crowd[i] = (struct one_more){e, "ana", 0, 0, {0}};
        pthread_create(&threads[i], NULL, run_one, &crowd[i]);
    }
    wait_for_queue(e, CROWD);
    pthread_create(&last, NULL, run_one, &single);
    wait_for_queue(e, CROWD + 1);
    run_one(&extra);
    assert_int_equal(extra.rc, HS_LIMIT);
    hs_stream_close(first);
    pthread_join(last, NULL);
    int before_single = 0;
    for (int i = 0; i < CROWD; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(crowd[i].rc, HS_OK);
        before_single += crowd[i].done_us < single.done_us;
    }
    assert_int_equal(single.rc, HS_OK);
    assert_true(before_single <= 2);
    wait_for_rest(e);
    hs_engine_close(e);
}

static void one_person_never_has_all_workers(void **state)
{
    (void)state;
    struct hs_engine *e = open_engine((struct hs_engine_settings){.workers_max = 2, .queue_ms = patient_ms(2000)});
    struct hs_stream *first, *second;
    struct hs_err err;
    assert_int_equal(start(e, "ana", endless, 0, &first, &err), HS_OK);
    assert_int_equal(start(e, "ana", endless, 0, &second, &err), HS_TIMEOUT);
    assert_int_equal(rows_of(e, "ben", "SELECT 1 FROM t LIMIT 5"), 5); /* although ana's runs on */
    struct hs_batch b;
    assert_int_equal(hs_stream_poll(first, &b, &err), HS_STREAM_WAIT);
    hs_stream_close(first);
    wait_for_rest(e);
    hs_engine_close(e);
}

/* Three workers: ana may have two and ben has one. Cleo has nothing, so the older of ana's makes way for her. */
static void the_longest_of_who_has_most_makes_way(void **state)
{
    (void)state;
    int queue_ms = patient_ms(3000);
    struct hs_engine *e = open_engine((struct hs_engine_settings){.workers_max = 3, .queue_ms = queue_ms});
    struct hs_stream *older, *younger, *single;
    struct hs_err err;
    hs_rc rc;
    assert_int_equal(start(e, "ana", endless, 0, &older, &err), HS_OK);
    assert_int_equal(start(e, "ana", endless, 0, &younger, &err), HS_OK);
    assert_int_equal(start(e, "ben", endless, 0, &single, &err), HS_OK);
    int64_t before = hs_mono_us();
    assert_int_equal(rows_of(e, "cleo", "SELECT 1 FROM t LIMIT 5"), 5);
    assert_true(hs_mono_us() - before > queue_ms * INT64_C(450)); /* and less than the whole, or she had got nothing */
    drain(older, &rc, &err);
    assert_int_equal(rc, HS_LIMIT);
    assert_non_null(strstr(err.shown, "let others run"));
    struct hs_batch b;
    assert_int_equal(hs_stream_poll(younger, &b, &err), HS_STREAM_WAIT);
    assert_int_equal(hs_stream_poll(single, &b, &err), HS_STREAM_WAIT);
    hs_stream_close(younger);
    hs_stream_close(single);
    wait_for_rest(e);
    hs_engine_close(e);
}

struct leaver {
    struct hs_engine *e;
    const char *sql;
    atomic_bool gave_up;
    hs_rc rc;
    int64_t took_us;
};

/* Opens, and when there is something to say runs it with a parameter, so that the schema comes with the first rows. */
static void *ask_and_leave(void *arg)
{
    struct leaver *l = arg;
    hs_str directory = hs_str_of(test_directory());
    struct hs_lease_request r = {HS_S("ana"), HS_S("ana"), HS_S("test"), &directory, 1, 0, 0, &l->gave_up};
    struct hs_lease *lease = NULL;
    struct hs_statement *statement;
    struct hs_stream *s;
    struct hs_err err;
    struct hs_scan scans[3] = {table_scan(), table_scan(), table_scan()};
    struct hs_param p = {.type = HS_T_LONG, .i = -1};
    struct hs_params params = {&p, 1};
    struct hs_arena *a = hs_arena_new(0);
    int64_t before = hs_mono_us();
    l->rc = hs_lease_open(l->e, &r, &lease, &err);
    if (l->rc == HS_OK && *l->sql) {
        assert_int_equal(hs_lease_parse(lease, a, hs_str_of(l->sql), &statement, &err), HS_OK);
        struct hs_run_request run = {.statement = statement, .scans = scans, .scan_count = 3, .params = &params};
        l->rc = hs_lease_run(lease, &run, &s, &err);
        assert_int_not_equal(l->rc, HS_OK);
    }
    l->took_us = hs_mono_us() - before;
    hs_lease_close(lease);
    hs_arena_free(a);
    return NULL;
}

static void leave_after_a_moment(struct leaver *l)
{
    pthread_t thread;
    pthread_create(&thread, NULL, ask_and_leave, l);
    usleep(1500000);
    atomic_store(&l->gave_up, true);
    pthread_join(thread, NULL);
    assert_int_equal(l->rc, HS_CANCELLED);
    assert_true(l->took_us < patient_ms(3500) * INT64_C(1000));
}

/* Nobody waits for an answer that its asker needs no more: not in the queue, and not for the first rows. */
static void who_leaves_waits_no_longer(void **state)
{
    (void)state;
    struct hs_engine *e = open_engine((struct hs_engine_settings){.workers_max = 1, .queue_ms = 2 * patient_ms(10000)});
    struct hs_stream *first;
    struct hs_err err;
    leave_after_a_moment(
        &(struct leaver){e, "SELECT count(*) FROM t a, t b, t c WHERE a.id + b.id + c.id = ?", 0, 0, 0});
    assert_int_equal(start(e, "ben", endless, 0, &first, &err), HS_OK);
    leave_after_a_moment(&(struct leaver){e, "", 0, 0, 0});
    hs_stream_close(first);
    wait_for_rest(e);
    hs_engine_close(e);
}

static int64_t parsed(struct hs_engine *e, const char *owner, const char *sql)
{
    struct hs_engine_counts before, after;
    struct hs_stream *s;
    struct hs_err err;
    hs_rc rc;
    hs_engine_count(e, &before);
    assert_int_equal(start(e, owner, sql, 0, &s, &err), HS_OK);
    assert_true(drain(s, &rc, &err) > 0);
    assert_int_equal(rc, HS_OK);
    wait_for_rest(e);
    hs_engine_count(e, &after);
    return after.parsed - before.parsed;
}

/* What we printed is read again by the worker that runs it: once, and each worker for itself. */
static void what_was_printed_is_read_once(void **state)
{
    struct hs_engine *e = open_engine((struct hs_engine_settings){.workers_max = 2, .threads = 1});
    char sql[64];
    (void)state;
    assert_int_equal(parsed(e, "ana", "SELECT 1 FROM t LIMIT 1"), 2);
    assert_int_equal(parsed(e, "ana", "SELECT 1 FROM t LIMIT 1"), 1);
    assert_int_equal(parsed(e, "ben", "SELECT 1 FROM t LIMIT 1"), 2);
    for (int i = 2; i <= READ_MOST; i++) {
        snprintf(sql, sizeof sql, "SELECT %d FROM t LIMIT 1", i);
        assert_int_equal(parsed(e, "ben", sql), 2);
    }
    assert_int_equal(parsed(e, "ben", "SELECT 1 FROM t LIMIT 1"), 1);
    assert_int_equal(parsed(e, "ben", "SELECT 100 FROM t LIMIT 1"), 2); /* in place of the one not wanted longest */
    assert_int_equal(parsed(e, "ben", "SELECT 2 FROM t LIMIT 1"), 2);
    assert_int_equal(parsed(e, "ben", "SELECT 1 FROM t LIMIT 1"), 1);
    hs_engine_close(e);
}

struct killer {
    struct hs_engine *e;
    atomic_bool over;
};

static void *kill_workers(void *arg)
{
    struct killer *k = arg;
    while (!atomic_load(&k->over)) {
        pthread_mutex_lock(&k->e->lock);
        for (struct hs_worker *w = k->e->workers; w; w = w->next)
            if (w->pid > 0 && w->state != HS_W_DYING && w->state != HS_W_STARTING)
                kill(w->pid, SIGKILL);
        pthread_mutex_unlock(&k->e->lock);
        usleep(4000);
    }
    return NULL;
}

enum { DEATHS = 40 }; /* enough: where workers start slowly, all who ask would wait for hundreds of them */

static void *ask_often(void *arg)
{
    struct one_more *o = arg;
    struct hs_engine_counts c = {0};
    for (int i = 0; i < 150 && c.died < DEATHS; i++) {
        struct hs_stream *s;
        hs_rc rc = start(o->e, o->owner, "SELECT 1 FROM t LIMIT 1", 0, &s, &o->err);
        if (rc == HS_OK)
            drain(s, &rc, &o->err);
        o->rc |= rc != HS_OK && rc != HS_UNAVAILABLE;
        hs_engine_count(o->e, &c);
    }
    return NULL;
}

/* Workers die at any moment, also between being given and being taken: a clear error, never a wait for the dead, which
 * would end as HS_TIMEOUT. */
static void workers_may_die_at_any_moment(void **state)
{
    (void)state;
    enum { ASKERS = 4 };
    struct hs_engine *e = open_engine(
        (struct hs_engine_settings){.workers_max = 4, .warm = 2, .threads = 1, .queue_ms = patient_ms(30000)});
    struct one_more asker[ASKERS];
    struct killer killer = {e, false};
    pthread_t threads[ASKERS], last;
    static const char *const OWNERS[ASKERS] = {"ana", "ben", "cleo", "dora"};
    pthread_create(&last, NULL, kill_workers, &killer);
    for (int i = 0; i < ASKERS; i++) {
        asker[i] = (struct one_more){e, OWNERS[i], HS_OK, 0, {0}};
        pthread_create(&threads[i], NULL, ask_often, &asker[i]);
    }
    for (int i = 0; i < ASKERS; i++)
        pthread_join(threads[i], NULL);
    atomic_store(&killer.over, true);
    pthread_join(last, NULL);
    for (int i = 0; i < ASKERS; i++)
        assert_int_equal(asker[i].rc, HS_OK);
    /* The last that was killed may be given once more before its end is heard of: told so, and asked again. */
    hs_rc rc = HS_UNAVAILABLE;
    for (int i = 0; rc == HS_UNAVAILABLE && i < 10; i++) {
        struct hs_stream *s;
        struct hs_err err;
        rc = start(e, "ana", "", 0, &s, &err);
        if (rc == HS_OK && drain(s, &rc, &err) != 300000)
            assert_int_equal(rc, HS_UNAVAILABLE);
    }
    assert_int_equal(rc, HS_OK);
    wait_for_rest(e);
    hs_engine_close(e);
}

static void waiting_has_an_end(void **state)
{
    (void)state;
    struct hs_engine *e = open_engine((struct hs_engine_settings){.workers_max = 1, .queue_ms = patient_ms(1500)});
    struct hs_stream *first, *second;
    struct hs_err err;
    assert_int_equal(start(e, "ana", endless, 0, &first, &err), HS_OK);
    assert_int_equal(start(e, "ben", "", 0, &second, &err), HS_TIMEOUT);
    hs_stream_close(first);
    hs_engine_close(e);
}

static void memory_runs_out_for_one_statement_alone(void **state)
{
    (void)state;
    struct hs_engine *e = open_engine((struct hs_engine_settings){.memory_bytes = 64 << 20, .spill_bytes = 16 << 20});
    struct hs_stream *s;
    struct hs_err err;
    hs_rc rc = start(e, "ana", "SELECT a.s, b.s FROM t a, t b WHERE a.id < 3000 AND b.id < 3000 ORDER BY a.s || b.s", 0,
                     &s, &err);
    if (rc == HS_OK)
        drain(s, &rc, &err);
    assert_true(rc == HS_LIMIT || rc == HS_NOMEM || rc == HS_UNAVAILABLE || rc == HS_INTERNAL);
    assert_int_equal(rows_of(e, "ana", ""), 300000);
    wait_for_rest(e);
    hs_engine_close(e);
}

/* An internal error may have spoilt anything: that worker is not asked again. */
static void an_internal_error_ends_its_worker(void **state)
{
    (void)state;
    struct hs_stream *s;
    struct hs_err err;
    struct hs_engine_counts c;
    struct hs_engine *honest = open_engine((struct hs_engine_settings){0});
    assert_int_equal(rows_of(honest, "ana", ""), 300000);
    static const char *const faults[] = {"worker-internal-error", "worker-crash"};
    for (int i = 0; i < 2; i++) {
        setenv("HS_FAULTS", faults[i], 1);
        struct hs_engine *e = open_engine((struct hs_engine_settings){0});
        hs_rc rc = start(e, "ana", "", 0, &s, &err);
        assert_true(rc == HS_INTERNAL || rc == HS_UNAVAILABLE);
        assert_null(strstr(err.shown, "arranged"));
        assert_int_not_equal(start(e, "ana", "", 0, &s, &err), HS_OK);
        hs_engine_count(e, &c);
        assert_true(c.died >= 2);
        unsetenv("HS_FAULTS");
        assert_int_equal(rows_of(honest, "ana", "SELECT 1 FROM t LIMIT 3"), 3);
        hs_engine_close(e);
    }
    hs_engine_close(honest);
}

static hs_rc run_only(struct hs_engine *e, const char *sql, bool describe, struct hs_err *err)
{
    struct hs_lease *l;
    struct hs_arena *a = hs_arena_new(0);
    struct hs_statement *statement;
    struct hs_stream *s = NULL;
    assert_int_equal(lease(e, "ana", &l, err), HS_OK);
    hs_rc rc = hs_lease_parse(l, a, hs_str_of(sql), &statement, err);
    struct hs_run_request r = {.statement = statement, .describe_only = describe};
    if (rc == HS_OK)
        rc = hs_lease_run(l, &r, &s, err);
    if (rc == HS_OK)
        hs_stream_close(s);
    else
        hs_lease_close(l);
    hs_arena_free(a);
    return rc;
}

/* Deeper than a client could read: words, also where it is only described; not a broken protocol and a worker lost. */
static void a_type_too_deep_is_refused(void **state)
{
    (void)state;
    struct hs_engine *e = open_engine((struct hs_engine_settings){0});
    struct hs_engine_counts c;
    struct hs_err err;
    char sql[300] = "SELECT ";
    memset(sql + 7, '[', 100);
    sql[107] = '1';
    memset(sql + 108, ']', 100);
    for (int describe = 0; describe < 2; describe++) {
        assert_int_equal(run_only(e, sql, describe, &err), HS_LIMIT);
        assert_non_null(strstr(err.shown, "60 levels"));
    }
    hs_engine_count(e, &c);
    assert_int_equal(c.died, 0);
    hs_engine_close(e);
}

static void a_missing_library_says_so(void **state)
{
    (void)state;
    struct hs_engine *e;
    struct hs_err err;
    struct hs_engine_settings s = {.library = "/nowhere/libduckdb.so", .scratch = in_directory("scratch")};
    assert_int_equal(hs_engine_open(&s, &e, &err), HS_UNAVAILABLE);
    s.library = "/proc/self/exe"; /* there, but no engine */
    assert_int_equal(hs_engine_open(&s, &e, &err), HS_OK);
    struct hs_lease *l;
    assert_int_equal(lease(e, "ana", &l, &err), HS_UNAVAILABLE);
    hs_engine_close(e);
}

static void leftovers_of_a_crashed_server_go(void **state)
{
    (void)state;
    char path[800];
    mkdir(in_directory("scratch"), 0700);
    snprintf(path, sizeof path, "%s/1-0123456789abcdef", in_directory("scratch"));
    mkdir(path, 0700);
    struct hs_engine *e = open_engine((struct hs_engine_settings){0});
    assert_int_not_equal(access(path, F_OK), 0);
    hs_engine_close(e);
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "worker") == 0)
        return hs_worker_main(argc, argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_scan_and_a_statement),
        cmocka_unit_test(describing_runs_nothing),
        cmocka_unit_test(a_bound_value_is_a_value),
        cmocka_unit_test(a_worker_stays_its_owners),
        cmocka_unit_test(errors_leave_the_worker_whole),
        cmocka_unit_test(a_cancel_asks_then_the_worker_is_free),
        cmocka_unit_test(a_deadline_ends_one_statement),
        cmocka_unit_test(a_killed_worker_ends_one_statement),
        cmocka_unit_test(batches_outlive_stream_and_engine),
        cmocka_unit_test(sleeping_readers_do_not_keep_the_next_one_out),
        cmocka_unit_test(a_spool_over_its_budget_ends_the_slow_one),
        cmocka_unit_test(the_queue_is_fair_and_bounded),
        cmocka_unit_test(one_person_never_has_all_workers),
        cmocka_unit_test(the_longest_of_who_has_most_makes_way),
        cmocka_unit_test(who_leaves_waits_no_longer),
        cmocka_unit_test(what_was_printed_is_read_once),
        cmocka_unit_test(workers_may_die_at_any_moment),
        cmocka_unit_test(waiting_has_an_end),
        cmocka_unit_test(memory_runs_out_for_one_statement_alone),
        cmocka_unit_test(an_internal_error_ends_its_worker),
        cmocka_unit_test(a_type_too_deep_is_refused),
        cmocka_unit_test(a_missing_library_says_so),
        cmocka_unit_test(leftovers_of_a_crashed_server_go),
    };
    int failed = cmocka_run_group_tests(tests, make_table, NULL);
    return remove_directory() ? 1 : failed;
}
