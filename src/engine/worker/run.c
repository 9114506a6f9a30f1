/* One statement, from the plan that arrived to its last batch. */
#include "engine/worker/objects.h"
#include "engine/worker/worker_in.h"
#include "base/fault.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    FIRST_ROWS = 4096, /* by which it is decided which columns get dictionaries; a chunk has one at least */
    WRITERS_MOST = 2,
    COMPRESSORS_MOST = 4
};

struct run {
    struct instance *instance;
    const struct hs_msg_lease *lease;
    uint32_t statement;
    struct hs_msg_run plan;
    struct hs_arena *arena;
    struct ring_view ring;
    duckdb_prepared_statement prepared;
    duckdb_pending_result pending;
    duckdb_result result;
    bool have_result, schema_sent;
    struct column_set columns;
    struct gather *gather;
    duckdb_data_chunk first[FIRST_ROWS]; /* that came before the schema was told */
    size_t first_count;
    bool ended; /* nothing more is to be fetched: asking again would be an error */
};

static hs_rc map_ring(struct run *r, int fd, struct hs_err *err)
{
    struct stat st;
    uint64_t bytes = r->plan.slots * r->plan.slot_bytes;
    if (fd < 0 || fstat(fd, &st) != 0 || (uint64_t)st.st_size < bytes)
        return hs_fail_hidden(err, HS_INTERNAL, "no ring came with the plan");
    void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (at == MAP_FAILED)
        return hs_fail(err, HS_NOMEM, "out of memory");
    r->ring = (struct ring_view){at, r->plan.slots, r->plan.slot_bytes};
    return HS_OK;
}

/* Faults by which tests see the server survive this process (tests/ and src/engine/test). */
static hs_rc arranged_trouble(struct hs_err *err)
{
    if (hs_fault("worker-crash"))
        raise(SIGKILL);
    if (hs_fault("worker-internal-error"))
        return hs_engine_fail(err, "INTERNAL Error: arranged by a fault point");
    return HS_OK;
}

static hs_rc register_live(struct run *r, struct hs_err *err)
{
    int fd = hs_inbox_gone();
    hs_rc rc = HS_OK;
    if (r->plan.gone.len || r->plan.gone_bytes)
        rc = hs_live_register(r->instance, r->arena, &r->plan, fd, err);
    if (fd >= 0)
        close(fd);
    return rc;
}

static hs_rc take_givens(struct run *r, struct hs_err *err)
{
    int fd = hs_inbox_given();
    hs_rc rc = r->plan.given.len ? hs_givens_take(r->instance, r->arena, &r->plan, fd, err) : HS_OK;
    if (fd >= 0)
        close(fd);
    return rc;
}

/* The user's words come last: what they may reach is settled. */
static hs_rc prepare(struct run *r, struct hs_err *err)
{
    HS_TRY(arranged_trouble(err));
    HS_TRY(hs_instance_narrow(r->instance, r->lease, &r->plan, err));
    HS_TRY(hs_natives_register(r->instance, &r->plan, err));
    HS_TRY(hs_pg_natives_register(r->instance->connection, r->instance->pg_natives, r->plan.sql, err));
    HS_TRY(register_live(r, err));
    HS_TRY(take_givens(r, err));
    HS_TRY(hs_instance_views(r->instance, &r->plan, err));
    if (duck()->prepare(r->instance->connection, r->plan.sql.at, &r->prepared) != DuckDBSuccess)
        return hs_engine_fail(err, duck()->prepare_error(r->prepared));
    return r->plan.params->count || !r->plan.describe_only ? hs_bind_params(r->prepared, r->plan.params, err) : HS_OK;
}

static duckdb_logical_type prepared_type(void *of, size_t i)
{
    return duck()->prepared_statement_column_logical_type(of, i);
}
static const char *prepared_name(void *of, size_t i)
{
    return duck()->prepared_statement_column_name(of, i);
}
static duckdb_logical_type result_type(void *of, size_t i)
{
    return duck()->column_logical_type(of, i);
}
static const char *result_name(void *of, size_t i)
{
    return duck()->column_name(of, i);
}

static hs_rc send_schema(struct run *r, struct hs_err *err)
{
    struct hs_buf b;
    hs_buf_init(&b, HS_CHANNEL_MAX);
    hs_put_type(&b, r->columns.type);
    hs_rc rc = HS_OK;
    if (r->plan.describe_only) {
        const struct hs_type *params = NULL;
        rc = hs_param_types(r->arena, r->prepared, &params, err);
        if (rc == HS_OK)
            hs_put_type(&b, params);
    }
    if (rc == HS_OK)
        rc = hs_buf_done(&b, err);
    if (rc == HS_OK)
        hs_reply(HS_MSG_SCHEMA, r->statement, hs_buf_str(&b));
    hs_buf_fini(&b);
    r->schema_sent = true;
    return rc;
}

static hs_rc make_columns(struct run *r, const struct column_source *source, struct hs_err *err)
{
    return hs_columns_new(r->arena, source, &r->plan.form, &r->columns, err);
}

/* Without parameters the types are known before anything runs; with them only when their values have been bound. */
static hs_rc send_prepared_schema(struct run *r, struct hs_err *err)
{
    size_t count = duck()->prepared_statement_column_count(r->prepared);
    struct column_source source = {r->prepared, count, prepared_type, prepared_name};
    HS_TRY(make_columns(r, &source, err));
    return send_schema(r, err);
}

/* Does a column's type hang on a parameter's? Then only running tells it. */
static bool has_open_type(struct run *r)
{
    bool open = false;
    for (idx_t i = 0; i < duck()->prepared_statement_column_count(r->prepared); i++)
        open |= duck()->prepared_statement_column_type(r->prepared, i) == DUCKDB_TYPE_INVALID;
    return open;
}

static bool decides(const struct run *r)
{
    return r->plan.form.dictionaries && !r->plan.describe_only;
}

static hs_rc start(struct run *r, struct hs_err *err)
{
    if (duck()->pending_prepared_streaming(r->prepared, &r->pending) != DuckDBSuccess)
        return hs_engine_fail(err, duck()->pending_error(r->pending));
    hs_inbox_interruptible(r->instance->connection);
    hs_helpers_begin(r->instance->database, hs_instance_threads(r->lease, &r->plan));
    if (!hs_helpers_step(r->pending))
        return hs_engine_fail(err, duck()->pending_error(r->pending));
    r->have_result = true;
    if (duck()->execute_pending(r->pending, &r->result) != DuckDBSuccess)
        return hs_engine_fail(err, duck()->result_error(&r->result));
    if (r->schema_sent)
        return HS_OK;
    struct column_source source = {&r->result, duck()->column_count(&r->result), result_type, result_name};
    HS_TRY(make_columns(r, &source, err));
    return decides(r) ? HS_OK : send_schema(r, err);
}

static duckdb_data_chunk fetch(struct run *r)
{
    duckdb_data_chunk chunk = r->ended ? NULL : duck()->fetch_chunk(r->result);
    r->ended = !chunk;
    return chunk;
}

/* The first rows say which columns get a dictionary; until they are there the schema is not known. Always the same
 * number of rows, wherever chunks end: how many rows a chunk has left tells of hidden ones. */
static hs_rc decide_dictionaries(struct run *r, struct hs_err *err)
{
    for (size_t rows = 0; rows < FIRST_ROWS && r->first_count < FIRST_ROWS;) {
        duckdb_data_chunk chunk = fetch(r);
        if (!chunk)
            break;
        r->first[r->first_count++] = chunk;
        rows += duck()->data_chunk_get_size(chunk);
    }
    HS_TRY(hs_dictionaries_decide(&r->columns, r->first, r->first_count, FIRST_ROWS, err));
    return send_schema(r, err);
}

/* The engine's threads and this one keep two processors busy by themselves: plain batches are then written here,
 * without a change of hands. With more, one thread would hold them all up. */
static unsigned writers_for(const struct run *r)
{
    unsigned threads = r->lease->threads;
    if (r->plan.form.compression)
        return threads < COMPRESSORS_MOST ? threads : COMPRESSORS_MOST;
    return threads > 2 ? WRITERS_MOST : 0;
}

static hs_rc gather_first(struct run *r, struct hs_err *err)
{
    for (size_t i = 0; i < r->first_count; i++) {
        duckdb_data_chunk chunk = r->first[i];
        r->first[i] = NULL; /* the taker's, also when it fails */
        HS_TRY(hs_gather_add(r->gather, chunk, err));
    }
    return HS_OK;
}

static hs_rc stream(struct run *r, int64_t *out_rows, struct hs_err *err)
{
    struct gather_plan plan = {r->ring, r->statement, r->plan.form.compression, writers_for(r)};
    if (decides(r))
        HS_TRY(decide_dictionaries(r, err));
    r->gather = hs_gather_new(r->arena, &r->columns, &plan);
    if (!r->gather)
        return hs_fail(err, HS_NOMEM, "out of memory");
    HS_TRY(gather_first(r, err));
    for (duckdb_data_chunk chunk; (chunk = fetch(r));)
        HS_TRY(hs_gather_add(r->gather, chunk, err));
    const char *trouble = duck()->result_error(&r->result);
    if (trouble && *trouble)
        return hs_engine_fail(err, trouble);
    if (hs_inbox_cancelled()) /* a stream that was interrupted may simply end */
        return hs_fail(err, HS_CANCELLED, "cancelled");
    return hs_gather_end(r->gather, out_rows, err);
}

static hs_rc run(struct run *r, hs_str payload, int ring_fd, int64_t *out_rows, struct hs_err *err)
{
    HS_TRY(hs_get_run(r->arena, payload, &r->plan, err));
    HS_TRY(hs_inbox_begin(r->statement, r->plan.slots, err));
    HS_TRY(prepare(r, err));
    bool bound = r->plan.params->count > 0;
    if (r->plan.describe_only && bound && has_open_type(r))
        return start(r, err); /* its first step tells the types; nothing is fetched */
    if (r->plan.describe_only || (!bound && !decides(r)))
        HS_TRY(send_prepared_schema(r, err));
    if (r->plan.describe_only)
        return HS_OK;
    HS_TRY(map_ring(r, ring_fd, err));
    HS_TRY(start(r, err));
    return stream(r, out_rows, err);
}

static void clean(struct run *r, bool may_stay)
{
    hs_inbox_interruptible(NULL);
    for (size_t i = 0; i < r->first_count; i++)
        if (r->first[i])
            duck()->destroy_data_chunk(&r->first[i]);
    hs_helpers_call_off();
    if (r->have_result)
        duck()->destroy_result(&r->result);
    if (r->pending)
        duck()->destroy_pending(&r->pending);
    if (r->prepared)
        duck()->destroy_prepare(&r->prepared);
    hs_helpers_wait();
    if (!may_stay)
        hs_instance_close(r->instance);
    hs_objects_end();
    hs_givens_rest(r->instance->givens);
    hs_natives_rest(r->instance->natives);
    if (r->ring.at)
        munmap(r->ring.at, r->ring.slots * r->ring.slot_bytes);
    hs_arena_free(r->arena);
}

/* The end is told before the cleaning: the reader need not wait for it. */
hs_rc hs_run(struct instance *i, const struct hs_msg_lease *lease, uint32_t statement, hs_str payload, int ring_fd,
             struct hs_err *err)
{
    struct run r = {.instance = i, .lease = lease, .statement = statement, .arena = hs_arena_new(0)};
    int64_t rows = 0;
    hs_rc rc = r.arena ? run(&r, payload, ring_fd, &rows, err) : hs_fail(err, HS_NOMEM, "out of memory");
    rc = hs_avro_explain(i->avro, rc, err);
    if (r.gather)
        hs_gather_drop(r.gather); /* no batch after the end */
    if (rc == HS_OK)
        hs_reply(HS_MSG_DONE, statement, hs_str_n(&rows, sizeof rows));
    else
        hs_reply_error(statement, err);
    bool whole = rc == HS_OK && !hs_inbox_cancelled() && (!r.have_result || r.ended);
    clean(&r, whole && hs_instance_may_stay(i, &r.plan));
    hs_inbox_end();
    return rc;
}
