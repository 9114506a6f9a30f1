/* One model and what was derived from it. Bindings and decisions are kept for as long as the model stands: a reload
 * makes a new generation and nothing has to be invalidated one by one. Decisions with an end (valid_until) are looked
 * at again, and made anew, as are all when the clock was set back; what they took of memory stays with the generation.
 * So the caches are bounded by decisions made: when there were too many, the next call gets a new generation object,
 * made from the same model. */
#include "access/access_in.h"

#include "base/alloc.h"
#include "base/fault.h"
#include "base/clock.h"

enum { ENTRIES_MAX = 20000 };

struct generation *hs_generation_new(struct hs_model *model)
{
    struct generation *g = hs_calloc(1, sizeof *g);
    struct hs_arena *arena = hs_arena_new(0);
    if (!g || !arena) {
        hs_free(g);
        hs_arena_free(arena);
        return NULL;
    }
    atomic_store(&g->refs, 1);
    pthread_mutex_init(&g->lock, NULL);
    g->arena = arena;
    g->bound = hs_map_new(arena);
    g->decisions = hs_map_new(arena);
    g->described = hs_described_new();
    g->model = model;
    if (!g->bound || !g->decisions || !g->described) {
        g->model = NULL;
        hs_generation_unref(g);
        return NULL;
    }
    return g;
}

bool hs_generation_is_worn(struct generation *g)
{
    return atomic_load(&g->decided) >= ENTRIES_MAX;
}

struct generation *hs_generation_ref(struct generation *g)
{
    atomic_fetch_add(&g->refs, 1);
    return g;
}

void hs_generation_unref(struct generation *g)
{
    if (!g || atomic_fetch_sub(&g->refs, 1) != 1)
        return;
    hs_described_free(g->described);
    hs_model_unref(g->model);
    hs_arena_free(g->arena);
    pthread_mutex_destroy(&g->lock);
    hs_free(g);
}

static void add_part(struct hs_buf *key, hs_str part)
{
    hs_buf_addf(key, "%zu:", part.len);
    hs_buf_adds(key, part);
}

static void table_key(struct hs_buf *key, const struct opened *o)
{
    struct hs_stamp stamp = hs_iceberg_metadata_stamp(o->iceberg);
    hs_buf_addf(key, "%p %lld,%lld,%llu,%llu ", (const void *)o->table, (long long)stamp.size,
                (long long)stamp.mtime_ns, (unsigned long long)stamp.device, (unsigned long long)stamp.inode);
    add_part(key, hs_iceberg_metadata_path(o->iceberg));
}

/* The latest of each table, for hs_generation_check. */
static hs_rc remember_schema(struct generation *g, const struct hs_table *t, const struct hs_type *real,
                             struct hs_err *err)
{
    struct seen_schema *seen = NULL;
    for (size_t i = 0; i < g->schemas.len && !seen; i++)
        if (g->schemas.at[i].table == t)
            seen = &g->schemas.at[i];
    if (seen && hs_type_same(seen->real, real))
        return HS_OK;
    if (!seen)
        seen = hs_vec_add(g->arena, &g->schemas);
    const struct hs_type *copy = hs_type_copy(g->arena, real);
    if (!seen || !copy)
        return hs_fail(err, HS_NOMEM, "out of memory");
    *seen = (struct seen_schema){t, copy};
    return HS_OK;
}

hs_rc hs_generation_check(struct generation *g, const struct hs_model *newer, struct hs_err *err)
{
    struct hs_arena *a = hs_arena_new(0);
    hs_rc rc = a ? HS_OK : hs_fail(err, HS_NOMEM, "out of memory");
    pthread_mutex_lock(&g->lock);
    for (size_t i = 0; i < g->schemas.len && rc == HS_OK; i++) {
        const struct hs_table *was = g->schemas.at[i].table;
        const struct hs_table *t = hs_model_table(newer, was->product->domain, was->name);
        struct hs_type *bound;
        struct hs_err ignored; /* the table may have another schema by now */
        if (t && hs_table_bind(a, t, g->schemas.at[i].real, &bound, &ignored) == HS_OK)
            rc = hs_policy_check_table(a, newer, t, bound, err);
    }
    pthread_mutex_unlock(&g->lock);
    hs_arena_free(a);
    return rc;
}

/* The binder's words are for whoever writes contracts: they name files of the model and columns that may be hidden. */
static hs_rc no_longer_fits(struct hs_err *err)
{
    struct hs_err first = *err;
    hs_ignore(hs_fail_hidden(err, HS_CORRUPT, "%s", first.detail));
    hs_ignore(hs_err_show(err, "the table does not fit its contract: its metadata is damaged, or it has changed"));
    return HS_CORRUPT;
}

static hs_rc bind_locked(struct generation *g, struct opened *o, const struct hs_type *real, struct hs_err *err)
{
    struct hs_buf key;
    hs_buf_init(&key, 16384);
    table_key(&key, o);
    hs_rc rc = hs_buf_done(&key, err);
    struct hs_type *bound = rc == HS_OK ? hs_map_get(g->bound, hs_buf_str(&key)) : NULL;
    if (rc == HS_OK && !bound) {
        rc = hs_table_bind(g->arena, o->table, real, &bound, err);
        if (rc == HS_INVALID)
            rc = no_longer_fits(err);
        if (rc == HS_OK && hs_map_len(g->bound) < ENTRIES_MAX)
            rc = hs_map_put(g->bound, hs_buf_str(&key), bound, err);
        if (rc == HS_OK)
            rc = remember_schema(g, o->table, real, err);
    }
    hs_buf_fini(&key);
    if (rc == HS_OK)
        o->bound = bound;
    return rc;
}

struct hs_store hs_store_of(const struct hs_table *table)
{
    return (struct hs_store){.root = table->location,
                             .within = table->root,
                             .prefixes = table->prefixes,
                             .prefix_count = table->prefix_count};
}

/* The contract is always bound to the *current* schema: a dropped column stays dropped under time travel, and today's
 * policy applies to every snapshot. What an old file lacks reads as NULL. */
static hs_rc pin_as_of(struct hs_arena *arena, const struct hs_as_of *as_of, struct opened *o, bool again,
                       struct hs_err *err)
{
    hs_rc rc = hs_iceberg_pin(arena, o->iceberg, as_of, &o->pin, err);
    return rc == HS_NOT_FOUND && again ? hs_fail(err, HS_CONFLICT,
                                                 "snapshot too old: the table no longer has what it was when this "
                                                 "transaction began; begin again")
                                       : rc;
}

static hs_rc pin_and_bind(struct hs_arena *arena, struct generation *g, const struct hs_as_of *as_of, bool again,
                          struct opened o, struct opened *out, struct hs_err *err)
{
    struct hs_pin current;
    hs_rc rc = hs_iceberg_pin(arena, o.iceberg, &(struct hs_as_of){HS_AS_OF_CURRENT, 0, 0, {0}}, &current, err);
    if (rc == HS_OK)
        rc = as_of->kind == HS_AS_OF_CURRENT ? (o.pin = current, HS_OK) : pin_as_of(arena, as_of, &o, again, err);
    if (rc == HS_OK) {
        pthread_mutex_lock(&g->lock);
        rc = bind_locked(g, &o, current.schema, err);
        pthread_mutex_unlock(&g->lock);
    }
    if (rc == HS_OK)
        *out = o;
    else
        hs_opened_close(&o);
    return rc;
}

hs_rc hs_opened_table(struct hs_access *a, struct hs_arena *arena, struct generation *g, const struct hs_table *t,
                      const struct hs_as_of *as_of, struct opened *out, struct hs_err *err)
{
    (void)a;
    struct opened o = {.table = t, .store = hs_store_of(t)};
    HS_TRY(hs_iceberg_open(&o.store, &o.iceberg, err));
    return pin_and_bind(arena, g, as_of, false, o, out, err);
}

hs_rc hs_opened_again(struct hs_arena *arena, struct generation *g, const struct hs_table *t,
                      const struct hs_as_of *as_of, struct opened *out, struct hs_err *err)
{
    struct opened o = {.table = t, .store = hs_store_of(t)};
    HS_TRY(hs_iceberg_open(&o.store, &o.iceberg, err));
    return pin_and_bind(arena, g, as_of, true, o, out, err);
}

void hs_opened_be_empty(struct opened *o)
{
    o->pin.empty = true;
    o->pin.snapshot_id = o->pin.sequence_number = o->pin.timestamp_ms = 0;
}

hs_rc hs_opened_pinned(struct hs_arena *arena, struct generation *g, const struct hs_table *t, int64_t snapshot_id,
                       struct opened *out, struct hs_err *err)
{
    struct opened o = {.table = t, .store = hs_store_of(t)};
    struct hs_as_of as_of = {.kind = HS_AS_OF_SNAPSHOT, .snapshot_id = snapshot_id};
    HS_TRY(hs_iceberg_open_pinned(&o.store, snapshot_id, &o.iceberg, err));
    return pin_and_bind(arena, g, &as_of, false, o, out, err);
}

void hs_opened_close(struct opened *o)
{
    if (o->iceberg)
        hs_iceberg_unref(o->iceberg);
    o->iceberg = NULL;
}

bool hs_decision_holds(const struct cached_decision *c, int64_t now_us)
{
    int64_t until = c->decision->valid_until_us;
    return !hs_defence("decision-end") || (now_us >= c->decided_us && (until == 0 || until > now_us));
}

/* What no decision shape can hold of its own: the id of the key behind keyed masks joins the digest. Done by the caller
 * of policy since policy has no keys. */
static hs_rc decide_locked(struct generation *g, const struct hs_principal *who, const struct hs_facts *facts,
                           hs_str key, struct opened *o, struct hs_err *err)
{
    struct cached_decision *c = hs_map_get(g->decisions, key);
    if (c && hs_decision_holds(c, facts->now_us)) {
        o->decision = c->decision;
        return HS_OK;
    }
    atomic_fetch_add(&g->decided, 1);
    if (!(c = HS_NEW(g->arena, struct cached_decision)))
        return hs_fail(err, HS_NOMEM, "out of memory");
    HS_TRY(hs_policy_decide(g->arena, g->model, who, o->table, o->bound, facts, &c->decision, err));
    c->decided_us = facts->now_us;
    o->decision = c->decision;
    return hs_map_len(g->decisions) < ENTRIES_MAX ? hs_map_put(g->decisions, key, c, err) : HS_OK;
}

hs_rc hs_opened_decide(struct generation *g, const struct hs_principal *who, const struct hs_facts *facts,
                       struct opened *o, struct hs_err *err)
{
    struct hs_buf key;
    hs_buf_init(&key, 65536);
    table_key(&key, o);
    add_part(&key, who->name);
    add_part(&key, facts->purpose);
    add_part(&key, facts->workspace);
    hs_rc rc = hs_buf_done(&key, err);
    if (rc == HS_OK) {
        pthread_mutex_lock(&g->lock);
        rc = decide_locked(g, who, facts, hs_buf_str(&key), o, err);
        pthread_mutex_unlock(&g->lock);
    }
    hs_buf_fini(&key);
    return rc;
}
