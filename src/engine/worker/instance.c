/* An instance of the engine: opened ahead, narrowed to the planned files, locked. The next statement of the same owner
 * over the same files with the same limits runs in it, too: opening one costs more than a small statement does. What
 * stays from one to the next are the engine's caches of those files; views are replaced, and a statement that failed,
 * was cancelled, or had functions of its own takes its instance with it.
 *
 * A statement over other files sets it aside: who asks for rows by key meets one file and then another, and tools ask
 * the catalog in between. Each stays narrowed to its own files, and all are one owner's. */
#include "engine/worker/objects.h"
#include "engine/worker/worker_in.h"
#include "base/fault.h"

#include <stdio.h>

static const char *const opening[][2] = {
    {"threads", "1"}, /* more are allowed after the walls are up; they are ours */
    {"autoinstall_known_extensions", "false"},
    {"autoload_known_extensions", "false"},
    {"allow_community_extensions", "false"},
    {"allow_persistent_secrets", "false"},
    {"preserve_insertion_order", "false"}, /* the fence would cost a single thread otherwise; order only by ORDER BY */
    {"memory_limit", "512MB"},             /* until the lease says; also keeps it from asking /proc and cgroups */
    {"temp_directory", ""},
    /* else the serialised tree loses AS MATERIALIZED and the form of a lambda */
    {"storage_compatibility_version", "latest"},
};

/* Caches that are never asked again go with it. */
enum { STATEMENTS_MOST = 256, ASIDE_MOST = 4 };

static struct instance aside[ASIDE_MOST]; /* narrowed, whole, at rest; the last one used first */
static size_t aside_count;

hs_str hs_engine_kind(hs_str text)
{
    const char *found = memmem(text.at, text.len < 60 ? text.len : 60, " Error: ", 8);
    return found ? hs_str_n(text.at, (size_t)(found - text.at)) : hs_str_n("", 0);
}

hs_rc hs_engine_fail(struct hs_err *err, const char *text)
{
    if (!text || !*text)
        text = "INTERNAL Error: the engine failed without words";
    return hs_fail_hidden(err, HS_INVALID, "%s", text);
}

hs_rc hs_instance_do(struct instance *i, const char *sql, struct hs_err *err)
{
    duckdb_result result;
    hs_rc rc = HS_OK;
    if (duck()->query(i->connection, sql, &result) != DuckDBSuccess)
        rc = hs_engine_fail(err, duck()->result_error(&result));
    duck()->destroy_result(&result);
    return rc;
}

static hs_rc open_database(struct instance *i, struct hs_err *err)
{
    duckdb_config config;
    char *words = NULL;
    if (duck()->create_config(&config) != DuckDBSuccess)
        return hs_fail(err, HS_NOMEM, "out of memory");
    hs_rc rc = HS_OK;
    for (size_t k = 0; rc == HS_OK && k < sizeof opening / sizeof *opening; k++)
        if (duck()->set_config(config, opening[k][0], opening[k][1]) != DuckDBSuccess)
            rc = hs_fail_hidden(err, HS_INTERNAL, "the engine refuses our setting %s", opening[k][0]);
    if (rc == HS_OK && duck()->open_ext(NULL, &i->database, config, &words) != DuckDBSuccess)
        rc = hs_engine_fail(err, words);
    if (words)
        duck()->free(words);
    duck()->destroy_config(&config);
    return rc;
}

hs_rc hs_instance_open(struct instance *out, struct hs_err *err)
{
    struct instance i = {0};
    hs_rc rc = open_database(&i, err);
    if (rc == HS_OK && duck()->connect(i.database, &i.connection) != DuckDBSuccess)
        rc = hs_fail_hidden(err, HS_INTERNAL, "the engine refuses a connection");
    if (rc == HS_OK)
        rc = hs_instance_do(&i,
                            "SET TimeZone = 'UTC'; SET streaming_buffer_size = '8MB';"
                            "SET parquet_metadata_cache = true",
                            err);
    if (rc == HS_OK && duck()->prepare(i.connection,
                                       "SELECT json_serialize_sql($1::VARCHAR, skip_null := true, skip_empty := false, "
                                       "format := false)",
                                       &i.parse) != DuckDBSuccess)
        rc = hs_engine_fail(err, duck()->prepare_error(i.parse));
    if (rc == HS_OK)
        rc = hs_avro_register(&i, &i.avro, err);
    hs_buf_init(&i.drops, HS_CHANNEL_MAX);
    if (rc != HS_OK) {
        hs_instance_close(&i);
        return rc;
    }
    *out = i;
    return HS_OK;
}

void hs_instance_close(struct instance *i)
{
    if (i->parse)
        duck()->destroy_prepare(&i->parse);
    if (i->connection)
        duck()->disconnect(&i->connection);
    if (i->database)
        duck()->close(&i->database);
    hs_avro_forget(i->avro);
    hs_natives_forget(i->natives);
    hs_givens_forget(i->givens);
    hs_buf_fini(&i->narrowed);
    hs_buf_fini(&i->drops);
    *i = (struct instance){0};
}

static void reply_text(uint32_t statement, duckdb_data_chunk chunk)
{
    const duckdb_string_t *s = duck()->vector_get_data(duck()->data_chunk_get_vector(chunk, 0));
    uint32_t len = s->value.inlined.length;
    hs_reply(HS_MSG_PARSED, statement, hs_str_n(len <= 12 ? s->value.inlined.inlined : s->value.pointer.ptr, len));
}

/* The engine only reads the words; nothing of the statement is bound or run here. */
hs_rc hs_instance_parse(struct instance *i, uint32_t statement, hs_str sql, struct hs_err *err)
{
    duckdb_result result;
    duck()->clear_bindings(i->parse);
    if (duck()->bind_varchar_length(i->parse, 1, sql.at, sql.len) != DuckDBSuccess)
        return hs_fail(err, HS_INVALID, "the statement is not valid UTF-8");
    hs_rc rc = HS_OK;
    duckdb_data_chunk chunk = NULL;
    if (duck()->execute_prepared(i->parse, &result) != DuckDBSuccess || !(chunk = duck()->fetch_chunk(result)))
        rc = hs_engine_fail(err, duck()->result_error(&result));
    else
        reply_text(statement, chunk);
    if (chunk)
        duck()->destroy_data_chunk(&chunk);
    duck()->destroy_result(&result);
    return rc;
}

static hs_rc do_buf(struct instance *i, struct hs_buf *sql, struct hs_err *err)
{
    hs_rc rc = hs_buf_done(sql, err);
    if (rc == HS_OK)
        rc = hs_instance_do(i, sql->at, err);
    hs_buf_fini(sql);
    return rc;
}

unsigned hs_instance_threads(const struct hs_msg_lease *lease, const struct hs_msg_run *run)
{
    return lease->threads && !run->wants_few ? lease->threads : 1;
}

static void add_limits(struct hs_buf *b, const struct hs_msg_lease *lease, const struct hs_msg_run *run)
{
    int64_t memory =
        run->memory_bytes && run->memory_bytes < lease->memory_bytes ? run->memory_bytes : lease->memory_bytes;
    hs_buf_addf(b, "SET memory_limit = '%lldB';", (long long)memory);
    unsigned threads = hs_instance_threads(lease, run);
    hs_buf_addf(b, "SET threads = %u;SET external_threads = %u;", threads, threads); /* helpers.c */
    if (!lease->spill.len)
        return;
    hs_buf_addz(b, "SET temp_directory = ");
    hs_buf_add_sql_text(b, lease->spill);
    hs_buf_addf(b, ";SET max_temp_directory_size = '%lldB';", (long long)lease->spill_bytes);
}

static void add_paths(struct hs_buf *b, const struct hs_msg_run *run)
{
    hs_buf_addz(b, "SET allowed_paths = [");
    for (size_t k = 0; k < run->path_count; k++) {
        hs_buf_addz(b, k ? ", " : "");
        hs_buf_add_sql_text(b, run->paths[k]);
    }
    hs_buf_addz(b, "];");
}

static void add_walls(struct hs_buf *b, const struct hs_msg_lease *lease, const struct hs_msg_run *run)
{
    add_limits(b, lease, run);
    if (hs_defence("allowed-paths") && hs_defence("external-access"))
        add_paths(b, run);
    else if (hs_defence("external-access"))
        hs_buf_addz(b, "SET allowed_directories = ['/'];");
    if (hs_defence("external-access"))
        hs_buf_addz(b, "SET enable_external_access = false;");
    if (hs_objects_any()) /* whole column chunks in one read each, not page by page: a store answers few large ones */
        hs_buf_addz(b, "SET prefetch_all_parquet_files = true;");
    else /* the system has these bytes already */
        hs_buf_addz(b, "SET enable_external_file_cache = false;");
    /* Bounds of whole files go through filters and fences: an arm of OR folds away, or a group order follows a range,
     * by values in rows that nobody may see. */
    if (run->restricted && hs_defence("statistics"))
        hs_buf_addz(b, "SET disabled_optimizers = 'statistics_propagation';");
    if (hs_defence("external-access"))
        hs_buf_addz(b, "SET lock_configuration = true;");
}

static bool is_narrowed_so(const struct instance *i, const struct hs_buf *walls)
{
    return !walls->failed && i->statements && hs_str_eq(hs_buf_str(&i->narrowed), hs_buf_str(walls));
}

static hs_rc drop_views(struct instance *i, struct hs_err *err)
{
    HS_TRY(hs_buf_done(&i->drops, err));
    hs_rc rc = i->drops.len ? hs_instance_do(i, i->drops.at, err) : HS_OK;
    hs_buf_clear(&i->drops);
    return rc;
}

static void set_aside(struct instance *i)
{
    if (aside_count == ASIDE_MOST)
        hs_instance_close(&aside[--aside_count]);
    memmove(&aside[1], &aside[0], aside_count++ * sizeof *aside);
    aside[0] = *i;
    *i = (struct instance){0};
}

static void take_back(struct instance *i, size_t k)
{
    *i = aside[k];
    memmove(&aside[k], &aside[k + 1], (--aside_count - k) * sizeof *aside);
}

hs_rc hs_instance_another(struct instance *i, struct hs_err *err)
{
    if (!aside_count)
        return hs_spare_take(i, err);
    take_back(i, 0);
    return HS_OK;
}

/* In place of *i, which is narrowed otherwise, the one that is narrowed so, if there is one. */
static bool change(struct instance *i, const struct hs_buf *walls)
{
    size_t k = 0;
    while (k < aside_count && !is_narrowed_so(&aside[k], walls))
        k++;
    if (!i->statements || k == aside_count)
        return false;
    struct instance found;
    take_back(&found, k);
    set_aside(i);
    *i = found;
    return true;
}

static hs_rc put_walls(struct instance *i, struct hs_buf *walls, struct hs_err *err)
{
    if (i->statements) { /* narrowed to other files: there is no way back */
        set_aside(i);
        HS_TRY(hs_spare_take(i, err));
    }
    HS_TRY(hs_buf_done(walls, err));
    HS_TRY(hs_instance_do(i, walls->at, err));
    i->narrowed = *walls;
    hs_buf_init(walls, 0);
    return HS_OK;
}

hs_rc hs_instance_narrow(struct instance *i, const struct hs_msg_lease *lease, const struct hs_msg_run *run,
                         struct hs_err *err)
{
    struct hs_buf walls;
    hs_buf_init(&walls, HS_CHANNEL_MAX);
    add_walls(&walls, lease, run);
    bool stays = is_narrowed_so(i, &walls) || change(i, &walls);
    hs_rc rc = stays ? drop_views(i, err) : put_walls(i, &walls, err);
    hs_buf_fini(&walls);
    i->statements++;
    return rc;
}

hs_rc hs_instance_views(struct instance *i, const struct hs_msg_run *run, struct hs_err *err)
{
    for (size_t k = 0; k < run->view_count; k++) {
        struct hs_buf sql;
        hs_buf_init(&sql, HS_CHANNEL_MAX);
        hs_buf_addz(&sql, "CREATE VIEW ");
        hs_buf_add_sql_name(&sql, run->views[k].name);
        hs_buf_addz(&sql, " AS ");
        hs_buf_adds(&sql, run->views[k].sql);
        HS_TRY(do_buf(i, &sql, err));
        hs_buf_addz(&i->drops, "DROP VIEW ");
        hs_buf_add_sql_name(&i->drops, run->views[k].name);
        hs_buf_addc(&i->drops, ';');
    }
    return HS_OK;
}

static bool reads_avro(const struct hs_msg_run *run)
{
    for (size_t k = 0; k < run->view_count; k++)
        if (memmem(run->views[k].sql.at, run->views[k].sql.len, "hs_avro(", 8))
            return true;
    return false;
}

bool hs_instance_may_stay(const struct instance *i, const struct hs_msg_run *run)
{
    bool own_functions = run->gone.len || run->gone_bytes || hs_objects_any() || reads_avro(run);
    return !own_functions && i->statements < STATEMENTS_MOST && !i->drops.failed && hs_defence("external-access");
}
