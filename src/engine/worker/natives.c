/* The natives of masks as scalar functions: hs_mask_NAME(setup, value), registered when a view of the statement names
 * them and for as long as the instance. Keys came over the channel, never in SQL, those of the statement's domains
 * alone, and are wiped with the statement.
 *
 * States are made once for each setup and shared by the engine's threads; a setup is a constant, so a chunk has one,
 * and a statement has one for each place of use: more of them than any is refused.
 * Its text is the key to its state: what the user writes reaches neither. */
#include "engine/worker/worker_in.h"
#include "base/alloc.h"
#include "mask/mask.h"

#include <pthread.h>

enum { TEXT_MAX = 1 << 30, MAX_STATES = 10000 };

struct native_state {
    struct native_state *next;
    void *state;
    size_t len;
    char setup[];
};

struct registered {
    struct natives *all;
    struct hs_native_entry entry;
    enum hs_native_kind kind;
    struct native_state *states; /* under the lock; only ever added to */
    size_t state_count;
};

struct natives {
    pthread_mutex_t lock;
    const struct hs_mask_key *keys; /* the plan's; none between statements */
    size_t key_count;
    size_t count;
    struct registered at[];
};

static bool put_null(duckdb_vector output, size_t row)
{
    duck()->vector_ensure_validity_writable(output);
    uint64_t *validity = duck()->vector_get_validity(output);
    validity[row >> 6] &= ~(UINT64_C(1) << (row & 63));
    return true;
}

static hs_str text_at(const struct cells *v, size_t row)
{
    const duckdb_string_t *s = (const duckdb_string_t *)v->data + row;
    uint32_t len = s->value.inlined.length;
    return hs_str_n(len <= 12 ? s->value.inlined.inlined : s->value.pointer.ptr, len);
}

/* ---- states ---- */

static hs_str key_of(const void *keys, hs_str domain, hs_str id)
{
    const struct natives *all = keys;
    for (size_t i = 0; i < all->key_count; i++)
        if (hs_str_eq(all->keys[i].domain, domain) && hs_str_eq(all->keys[i].id, id))
            return all->keys[i].key;
    return (hs_str){0};
}

static void *open_state(const struct registered *r, hs_str setup)
{
    const struct hs_mask_function *f = r->entry.function;
    struct hs_native_head head;
    if (!hs_native_head(f, setup, &head))
        return NULL;
    struct hs_native_setup s = {.fields = head.fields, .viewer = head.viewer, .key_of = key_of, .keys = r->all};
    if (f && f->keyed && !(s.key = key_of(r->all, head.domain, head.key_id)).len)
        return NULL;
    return r->entry.native->open(&s);
}

static struct native_state *add_state(struct registered *r, hs_str setup)
{
    struct native_state *s = r->state_count < MAX_STATES ? hs_calloc(1, sizeof *s + setup.len) : NULL;
    if (!s)
        return NULL;
    s->len = setup.len;
    memcpy(s->setup, setup.at, setup.len);
    s->state = open_state(r, hs_str_n(s->setup, s->len));
    if (!s->state) {
        hs_free(s);
        return NULL;
    }
    s->next = r->states;
    r->states = s;
    r->state_count++;
    return s;
}

static const void *state_for(struct registered *r, hs_str setup)
{
    pthread_mutex_lock(&r->all->lock);
    struct native_state *s = r->states;
    while (s && !(s->len == setup.len && memcmp(s->setup, setup.at, setup.len) == 0))
        s = s->next;
    if (!s)
        s = add_state(r, setup);
    pthread_mutex_unlock(&r->all->lock);
    return s ? s->state : NULL;
}

/* ---- values ---- */

static void take(struct hs_native_value *out, enum hs_native_kind kind, const struct cells *v, size_t row)
{
    *out = (struct hs_native_value){0};
    if (hs_native_is_text(kind))
        out->bytes = text_at(v, row);
    else if (kind == HS_NATIVE_DOUBLE)
        out->real = ((const double *)v->data)[row];
    else
        out->whole = ((const int64_t *)v->data)[row];
}

static void put(duckdb_vector output, void *data, size_t row, enum hs_native_kind kind, const struct hs_native_value *v)
{
    if (v->null)
        put_null(output, row);
    else if (hs_native_is_text(kind))
        duck()->vector_assign_string_element_len(output, row, v->bytes.at, v->bytes.len);
    else if (kind == HS_NATIVE_DOUBLE)
        ((double *)data)[row] = v->real;
    else
        ((int64_t *)data)[row] = v->whole;
}

/* `choices` is of no use but to a native with a choice. */
static bool mask_rows(struct registered *r, const struct cells *setups, const struct cells *v,
                      const struct cells *choices, duckdb_vector output, size_t rows)
{
    const struct hs_native *n = r->entry.native;
    const void *state = NULL;
    void *work = NULL, *data = duck()->vector_get_data(output);
    hs_str setup = {0};
    struct hs_buf text;
    bool ok = true;
    hs_buf_init(&text, TEXT_MAX);
    for (size_t i = 0; ok && i < rows; i++) {
        struct hs_native_value value;
        if (!hs_cell_valid(v, i)) {
            put_null(output, i);
            continue;
        }
        hs_str own = text_at(setups, i);
        if (!state || own.len != setup.len || (own.at != setup.at && !hs_str_eq(own, setup))) {
            if (work)
                n->work_free(work);
            setup = own;
            state = state_for(r, setup);
            work = state && n->work_new ? n->work_new(state) : NULL;
            ok = state && (work || !n->work_new);
        }
        take(&value, r->kind, v, i);
        if (n->choice) /* what cannot be told applies */
            value.whole = hs_cell_valid(choices, i) ? ((const int64_t *)choices->data)[i] : -1;
        hs_buf_clear(&text);
        ok = ok && n->mask(state, work, r->kind, &value, &text) && !text.failed;
        if (ok)
            put(output, data, i, r->kind, &value);
    }
    if (work)
        n->work_free(work);
    hs_buf_fini(&text);
    return ok;
}

static void call(duckdb_function_info info, duckdb_data_chunk input, duckdb_vector output)
{
    struct registered *r = duck()->scalar_function_get_extra_info(info);
    struct cells setups = hs_cells_of(duck()->data_chunk_get_vector(input, 0));
    struct cells values = hs_cells_of(duck()->data_chunk_get_vector(input, 1));
    struct cells choices = r->entry.native->choice ? hs_cells_of(duck()->data_chunk_get_vector(input, 2)) : values;
    if (!mask_rows(r, &setups, &values, &choices, output, duck()->data_chunk_get_size(input)))
        duck()->scalar_function_set_error(info, "a mask could not be computed");
}

/* ---- registration ---- */

static bool add_function(struct instance *i, struct registered *r, const char *name)
{
    static const duckdb_type types[HS_NATIVE_KINDS_] = {
        DUCKDB_TYPE_VARCHAR, DUCKDB_TYPE_BLOB,      DUCKDB_TYPE_BIGINT,       DUCKDB_TYPE_DOUBLE,
        DUCKDB_TYPE_TIME,    DUCKDB_TYPE_TIMESTAMP, DUCKDB_TYPE_TIMESTAMP_TZ, DUCKDB_TYPE_TIMESTAMP_NS};
    duckdb_scalar_function f = duck()->create_scalar_function();
    duckdb_logical_type text = duck()->create_logical_type(DUCKDB_TYPE_VARCHAR);
    duckdb_logical_type value = duck()->create_logical_type(types[r->kind]);
    duckdb_logical_type choice = duck()->create_logical_type(DUCKDB_TYPE_BIGINT);
    duck()->scalar_function_set_name(f, name);
    duck()->scalar_function_add_parameter(f, text);
    duck()->scalar_function_add_parameter(f, value);
    if (r->entry.native->choice)
        duck()->scalar_function_add_parameter(f, choice);
    duck()->scalar_function_set_return_type(f, value);
    duck()->scalar_function_set_extra_info(f, r, NULL);
    duck()->scalar_function_set_function(f, call);
    bool ok = duck()->register_scalar_function(i->connection, f) == DuckDBSuccess;
    duck()->destroy_logical_type(&text);
    duck()->destroy_logical_type(&value);
    duck()->destroy_logical_type(&choice);
    duck()->destroy_scalar_function(&f);
    return ok;
}

/* Views are printed by the server. Text in one that only looks like a call registers a function too many. */
static bool is_named(const struct hs_msg_run *run, const char *name)
{
    for (size_t i = 0; i < run->view_count; i++)
        if (memmem(run->views[i].sql.at, run->views[i].sql.len, name, strlen(name)))
            return true;
    return false;
}

static bool is_registered(const struct natives *n, const struct hs_native_entry *e, enum hs_native_kind kind)
{
    for (size_t i = 0; i < n->count; i++)
        if (n->at[i].entry.native == e->native && n->at[i].entry.function == e->function && n->at[i].kind == kind)
            return true;
    return false;
}

static hs_rc register_one(struct instance *i, const struct hs_native_entry *e, enum hs_native_kind kind,
                          const char *name, struct hs_err *err)
{
    struct natives *n = i->natives;
    if (is_registered(n, e, kind))
        return HS_OK;
    struct registered *r = &n->at[n->count++];
    *r = (struct registered){.all = n, .entry = *e, .kind = kind};
    return add_function(i, r, name) ? HS_OK : hs_fail_hidden(err, HS_INTERNAL, "%s cannot be registered", name);
}

static hs_rc register_named(struct instance *i, const struct hs_msg_run *run, struct hs_err *err)
{
    struct hs_native_entry e;
    char name[66];
    for (size_t k = 0; hs_native_at(k, &e); k++)
        for (int kind = 0; kind < HS_NATIVE_KINDS_; kind++) {
            if (!hs_native_name(name, e.name, e.native, (enum hs_native_kind)kind))
                continue;
            size_t len = strlen(name);
            memcpy(name + len, "(", 2);
            if (!is_named(run, name))
                continue;
            name[len] = 0;
            HS_TRY(register_one(i, &e, (enum hs_native_kind)kind, name, err));
        }
    return HS_OK;
}

static struct natives *natives_new(void)
{
    struct hs_native_entry e;
    size_t count = 0;
    while (hs_native_at(count, &e))
        count++;
    struct natives *n = hs_calloc(1, sizeof *n + count * HS_NATIVE_KINDS_ * sizeof *n->at);
    if (n)
        pthread_mutex_init(&n->lock, NULL);
    return n;
}

hs_rc hs_natives_register(struct instance *i, const struct hs_msg_run *run, struct hs_err *err)
{
    if (!i->natives && !(i->natives = natives_new()))
        return hs_fail(err, HS_NOMEM, "out of memory");
    i->natives->keys = run->mask_keys;
    i->natives->key_count = run->mask_key_count;
    return register_named(i, run, err);
}

void hs_natives_rest(struct natives *n)
{
    for (size_t i = 0; n && i < n->count; i++) {
        struct registered *r = &n->at[i];
        for (struct native_state *s = r->states, *next; s; s = next) {
            next = s->next;
            r->entry.native->close(s->state);
            hs_free(s);
        }
        r->states = NULL;
        r->state_count = 0;
    }
    if (!n)
        return;
    n->keys = NULL;
    n->key_count = 0;
}

void hs_natives_forget(struct natives *n)
{
    hs_natives_rest(n);
    if (n)
        pthread_mutex_destroy(&n->lock);
    hs_free(n);
}
