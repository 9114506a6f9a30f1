/* What a caller may see, for the translator and for system relations. Access is asked once in a while and not for every
 * statement: the answer is kept by the door for all connections of the same person, purpose and workspace. One is lent
 * to one session at a time (hs_pg_system belongs to one thread), for as long as a message is being handled.
 *
 * It decides nothing: what a statement reads is decided when it runs. It is dropped when the model has changed or it is
 * older than catalog_ms, and whoever signed in is then looked at again, too. */
#include "front/pg/parameters.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/hash.h"

#include <pthread.h>
#include <stdlib.h>

struct pg_catalog {
    struct pg_catalog *next;
    struct hs_arena *arena; /* the names that follow */
    hs_str name, purpose, workspace, mesh;
    hs_str *domains;
    size_t domain_count;
    struct hs_pg_system *system;
    int64_t made_us;
    uint64_t mark, serial;
    size_t bytes; /* while it is idle */
};

struct pg_catalogs {
    struct hs_pg_settings settings;
    pthread_mutex_t lock; /* guards what follows */
    struct pg_catalog *idle;
    size_t count, bytes;
    uint64_t serials;
};

static void catalog_free(struct pg_catalog *c)
{
    if (!c)
        return;
    hs_pg_system_close(c->system);
    hs_arena_free(c->arena);
    hs_free(c);
}

hs_rc hs_pg_catalogs_new(const struct hs_pg_settings *set, struct pg_catalogs **out, struct hs_err *err)
{
    struct pg_catalogs *c = hs_calloc(1, sizeof *c);
    if (!c)
        return hs_fail(err, HS_NOMEM, "out of memory");
    c->settings = *set;
    pthread_mutex_init(&c->lock, NULL);
    *out = c;
    return HS_OK;
}

static bool is_fresh(const struct pg_catalogs *all, const struct pg_catalog *c, int64_t now_us)
{
    return now_us - c->made_us < all->settings.catalog_ms * 1000;
}

/* Unlinks the idle ones that `drop` is true of; they are freed outside the lock. */
static struct pg_catalog *take_stale(struct pg_catalogs *all, bool every)
{
    struct pg_catalog *gone = NULL;
    int64_t now_us = hs_mono_us();
    pthread_mutex_lock(&all->lock);
    for (struct pg_catalog **at = &all->idle; *at;) {
        struct pg_catalog *c = *at;
        if (!every && is_fresh(all, c, now_us)) {
            at = &c->next;
            continue;
        }
        *at = c->next;
        all->count--;
        all->bytes -= c->bytes;
        c->next = gone;
        gone = c;
    }
    pthread_mutex_unlock(&all->lock);
    return gone;
}

static void free_list(struct pg_catalog *c)
{
    while (c) {
        struct pg_catalog *next = c->next;
        catalog_free(c);
        c = next;
    }
}

void hs_pg_catalogs_tick(struct pg_catalogs *all)
{
    free_list(take_stale(all, false));
}

void hs_pg_catalogs_free(struct pg_catalogs *all)
{
    if (!all)
        return;
    free_list(take_stale(all, true));
    pthread_mutex_destroy(&all->lock);
    hs_free(all);
}

/* ---- lending ---- */

static bool is_for(const struct pg_catalog *c, const struct pg_session *s)
{
    return hs_str_eq(c->name, s->principal) && hs_str_eq(c->purpose, hs_pg_parameter(s, PG_PARAM_PURPOSE)) &&
           hs_str_eq(c->workspace, hs_pg_parameter(s, PG_PARAM_WORKSPACE));
}

static bool is_current(const struct pg_session *s, const struct pg_catalog *c)
{
    struct hs_model *model = hs_access_model(s->env->access);
    bool same = hs_pg_system_is_of(c->system, model);
    hs_model_unref(model);
    return same;
}

static struct pg_catalog *take(struct pg_session *s)
{
    struct pg_catalogs *all = hs_pg_door_catalogs(s->door);
    struct pg_catalog *found = NULL;
    int64_t now_us = hs_mono_us();
    pthread_mutex_lock(&all->lock);
    for (struct pg_catalog **at = &all->idle; *at && !found; at = &(*at)->next)
        if (is_for(*at, s) && is_fresh(all, *at, now_us)) {
            found = *at;
            *at = found->next;
            all->count--;
            all->bytes -= found->bytes;
            break;
        }
    pthread_mutex_unlock(&all->lock);
    if (found && !is_current(s, found)) {
        catalog_free(found);
        found = NULL;
    }
    return found;
}

void hs_pg_catalog_give_back(struct pg_door *d, struct pg_catalog *c)
{
    struct pg_catalogs *all = hs_pg_door_catalogs(d);
    if (!c)
        return;
    size_t bytes = hs_pg_system_bytes(c->system); /* it grows with what is asked of it */
    pthread_mutex_lock(&all->lock);
    bool room = (int64_t)all->count < all->settings.catalogs_max &&
                (int64_t)(all->bytes + bytes) <= all->settings.catalog_memory && is_fresh(all, c, hs_mono_us());
    if (room) {
        c->bytes = bytes;
        all->bytes += bytes;
        c->next = all->idle;
        all->idle = c;
        all->count++;
    }
    pthread_mutex_unlock(&all->lock);
    if (!room)
        catalog_free(c);
}

void hs_pg_catalog_give(struct pg_session *s)
{
    hs_pg_catalog_give_back(s->door, s->catalog);
    hs_pg_person_return(s, s->catalog_bytes);
    s->catalog = NULL;
    s->catalog_bytes = 0;
}

/* Lent: a person's connections have no more of them at once than catalog_memory says. */
static void borrow(struct pg_session *s, struct pg_catalog *c)
{
    size_t bytes = hs_pg_system_bytes(c->system);
    if (hs_pg_person_borrow(s, bytes)) {
        s->catalog = c;
        s->catalog_bytes = bytes;
        return;
    }
    hs_pg_catalog_give_back(s->door, c);
    hs_pg_fail(s, "53400", "too many of your statements look at the catalog at once; try again when some have ended");
}

/* ---- asking access ---- */

struct hs_asker hs_pg_asker(struct pg_session *s, const char *request_id)
{
    return (struct hs_asker){
        .door = "pg",
        .name = s->principal,
        .purpose = hs_pg_parameter(s, PG_PARAM_PURPOSE),
        .workspace = hs_pg_parameter(s, PG_PARAM_WORKSPACE),
        .request_id = hs_str_of(request_id),
        .peer = s->peer,
        .agent = hs_pg_parameter(s, PG_PARAM_APPLICATION_NAME),
    };
}

static void ask(struct pg_session *s)
{
    char id[33];
    hs_access_request_id(s->env->access, id);
    struct hs_asker who = hs_pg_asker(s, id);
    struct hs_catalog_query q = {.with_schema = true};
    s->look = hs_access_catalog(s->env->access, &who, &q, hs_pg_notify, s);
    if (!s->look) {
        hs_pg_fail(s, "53200", "out of memory");
        return;
    }
    hs_pg_become(s, PG_LOOKING);
    hs_pg_looked(s);
}

/* A new one may follow a new model: whoever lost his password or token since is gone. */
static bool accept(struct pg_session *s, struct pg_catalog *c)
{
    bool stands = c->serial == s->catalog_serial || hs_pg_still_stands(s);
    s->catalog_serial = c->serial;
    if (!stands)
        hs_pg_fatal(s, "28000", "what you signed in with is not valid any more");
    return stands;
}

bool hs_pg_look(struct pg_session *s)
{
    if (s->catalog)
        return true;
    struct pg_catalog *c = take(s);
    if (c && !accept(s, c)) {
        hs_pg_catalog_give_back(s->door, c);
        return false;
    }
    if (c)
        borrow(s, c);
    else
        ask(s);
    return s->catalog != NULL;
}

static uint64_t mark_of(const struct hs_catalog *k)
{
    struct hs_buf b;
    uint8_t digest[32];
    uint64_t mark = 0;
    struct hs_err err;
    struct hs_sha256 *h = hs_sha256_new();
    hs_buf_init(&b, 1 << 24);
    for (size_t i = 0; h && i < k->table_count; i++) {
        hs_buf_clear(&b);
        if (k->tables[i].type)
            hs_buf_add_type(&b, k->tables[i].type);
        hs_sha256_field(h, k->tables[i].domain);
        hs_sha256_field(h, k->tables[i].name);
        hs_sha256_field(h, hs_buf_str(&b));
    }
    hs_buf_fini(&b);
    if (h && hs_sha256_end(h, digest, &err) == HS_OK)
        memcpy(&mark, digest, sizeof mark);
    return mark;
}

static hs_rc copy_names(struct pg_session *s, const struct hs_catalog *k, struct pg_catalog *c, struct hs_err *err)
{
    struct hs_asker who = hs_pg_asker(s, "");
    c->arena = hs_arena_new(0);
    if (!c->arena)
        return hs_fail(err, HS_NOMEM, "out of memory");
    c->name = hs_arena_str(c->arena, who.name);
    c->purpose = hs_arena_str(c->arena, who.purpose);
    c->workspace = hs_arena_str(c->arena, who.workspace);
    c->mesh = hs_arena_str(c->arena, k->mesh);
    c->domains = hs_arena_array(c->arena, k->domain_count + 1, sizeof *c->domains);
    bool good = c->name.at && c->purpose.at && c->workspace.at && c->mesh.at && c->domains;
    for (size_t i = 0; good && i < k->domain_count; i++) {
        c->domains[i] = hs_arena_str(c->arena, k->domains[i]);
        good = c->domains[i].at != NULL;
    }
    c->domain_count = k->domain_count;
    return good ? HS_OK : hs_fail(err, HS_NOMEM, "out of memory");
}

static uint64_t next_serial(struct pg_catalogs *all)
{
    pthread_mutex_lock(&all->lock);
    uint64_t serial = ++all->serials;
    pthread_mutex_unlock(&all->lock);
    return serial;
}

static hs_rc catalog_new(struct pg_session *s, const struct hs_catalog *k, struct pg_catalog **out, struct hs_err *err)
{
    struct pg_catalog *c = hs_calloc(1, sizeof *c);
    if (!c)
        return hs_fail(err, HS_NOMEM, "out of memory");
    hs_rc rc = copy_names(s, k, c, err);
    struct hs_model *model = hs_access_model(s->env->access);
    if (rc == HS_OK)
        rc = hs_pg_system_open(model, k, s->principal, &c->system, err);
    hs_model_unref(model);
    if (rc != HS_OK) {
        catalog_free(c);
        return rc;
    }
    c->made_us = hs_mono_us();
    c->mark = mark_of(k);
    c->serial = next_serial(hs_pg_door_catalogs(s->door));
    *out = c;
    return HS_OK;
}

static void take_look(struct pg_session *s)
{
    struct hs_err err;
    struct pg_catalog *c;
    hs_rc rc = catalog_new(s, hs_call_catalog(s->look), &c, &err);
    hs_pg_call_ended(s->look);
    s->look = NULL;
    hs_pg_become(s, PG_IDLE);
    if (rc != HS_OK)
        hs_pg_fail_err(s, NULL, &err);
    else if (accept(s, c))
        borrow(s, c);
    else
        hs_pg_catalog_give_back(s->door, c);
}

void hs_pg_looked(struct pg_session *s)
{
    struct hs_err err;
    struct hs_batch none;
    hs_err_clear(&err);
    switch (hs_call_poll(s->look, &none, &err)) {
    case HS_CALL_WAIT:
        return;
    case HS_CALL_READY:
        take_look(s);
        return;
    case HS_CALL_BATCH:
        hs_batch_release(&none);
        hs_pg_fail(s, "XX000", "internal error");
        return;
    case HS_CALL_END:
    case HS_CALL_ERROR:
        hs_pg_fail_call(s, NULL, NULL, &err);
        return;
    }
}

uint64_t hs_pg_catalog_mark(const struct pg_catalog *c)
{
    return c->mark;
}

struct hs_pg_system *hs_pg_catalog_system(const struct pg_catalog *c)
{
    return c->system;
}

/* ---- the search path ---- */

enum { PATH_MAX_ = 4096 }; /* what a parameter holds (parameters.c) */

/* One name of the list, folded to lower case unless quoted; false: none is left. */
static bool next_name(hs_str *rest, char to[PATH_MAX_], hs_str *out)
{
    hs_str s = hs_str_trim(*rest);
    size_t i = 0, n = 0;
    if (!s.len || s.len > PATH_MAX_)
        return false;
    if (s.at[0] == '"') {
        for (i = 1; i < s.len && (s.at[i] != '"' || (i + 1 < s.len && s.at[i + 1] == '"')); i++) {
            i += s.at[i] == '"';
            to[n++] = s.at[i];
        }
        i++;
    } else {
        for (; i < s.len && s.at[i] != ','; i++)
            to[n++] = s.at[i] >= 'A' && s.at[i] <= 'Z' ? (char)(s.at[i] + 32) : s.at[i];
        while (n && to[n - 1] == ' ')
            n--;
    }
    while (i < s.len && s.at[i] != ',')
        i++;
    *rest = i < s.len ? hs_str_n(s.at + i + 1, s.len - i - 1) : (hs_str){0};
    *out = hs_str_n(to, n);
    return true;
}

static const hs_str *find_name(const hs_str *all, size_t count, hs_str name)
{
    for (size_t i = 0; i < count; i++)
        if (hs_str_eq(all[i], name))
            return &all[i];
    return NULL;
}

/* A schema that is there, in memory that lasts; NULL: none of this name. */
static const hs_str *find_schema(const struct pg_catalog *c, hs_str name)
{
    static const hs_str OURS[] = {{"pg_catalog", 10}, {"information_schema", 18}};
    const hs_str *found = find_name(c->domains, c->domain_count, name);
    return found ? found : find_name(OURS, 2, name);
}

/* What was set, as far as it is there; nothing was set: every domain that the caller sees. */
static hs_rc search_path(struct pg_session *s, struct hs_arena *a, struct hs_pgsql_context *out, struct hs_err *err)
{
    hs_str rest = hs_pg_parameter(s, PG_PARAM_SEARCH_PATH), name;
    char text[PATH_MAX_];
    HS_VEC(hs_str) path = {0};
    out->search_path = s->catalog->domains;
    out->search_path_count = s->catalog->domain_count;
    if (!rest.len)
        return HS_OK;
    while (rest.at && next_name(&rest, text, &name)) {
        const hs_str *schema = find_schema(s->catalog, name);
        hs_str *slot = schema && !find_name(path.at, path.len, name) ? hs_vec_add(a, &path) : NULL;
        if (slot)
            *slot = *schema;
    }
    static const hs_str none;
    out->search_path = path.at ? path.at : &none;
    out->search_path_count = path.len;
    return path.len && !path.at ? hs_fail(err, HS_NOMEM, "out of memory") : HS_OK;
}

static bool is_plain_name(hs_str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (!((s.at[i] >= 'a' && s.at[i] <= 'z') || s.at[i] == '_' || (i && s.at[i] >= '0' && s.at[i] <= '9')))
            return false;
    return s.len > 0;
}

hs_str hs_pg_search_path_text(struct pg_session *s, struct hs_arena *a)
{
    struct hs_buf b;
    hs_str set = hs_pg_parameter(s, PG_PARAM_SEARCH_PATH);
    if (set.len || !s->catalog)
        return set;
    hs_buf_init(&b, 1 << 20);
    for (size_t i = 0; i < s->catalog->domain_count; i++) {
        hs_buf_addz(&b, i ? ", " : "");
        if (is_plain_name(s->catalog->domains[i]))
            hs_buf_adds(&b, s->catalog->domains[i]);
        else
            hs_buf_add_sql_name(&b, s->catalog->domains[i]);
    }
    hs_str text = hs_arena_str(a, hs_buf_str(&b));
    hs_buf_fini(&b);
    return text;
}

/* ---- the translator's questions ---- */

struct view {
    struct pg_session *session;
    struct hs_arena *arena;
    struct hs_pgsql_context *context;
    const struct pg_statement *told; /* of prepared statements the next: there may be thousands */
};

static enum hs_pgsql_found view_relation(void *arg, hs_str schema, hs_str name, struct hs_pgsql_relation *out)
{
    struct view *v = arg;
    struct hs_pg_table t;
    int n = hs_pg_system_table(v->session->catalog->system, schema, name, v->context->search_path,
                               v->context->search_path_count, &t);
    if (n == 0)
        return HS_PGSQL_ABSENT;
    *out = (struct hs_pgsql_relation){
        .schema = t.schema, .name = t.name, .oid = t.oid, .row = t.row, .types = t.types, .system = t.system};
    return n == 1 ? HS_PGSQL_FOUND : HS_PGSQL_SEVERAL;
}

static bool view_setting(void *arg, hs_str name, hs_str *out)
{
    struct view *v = arg;
    return hs_pg_parameter_show(v->session, name, v->arena, out);
}

static bool view_schema(void *arg, hs_str name, uint32_t *out)
{
    struct view *v = arg;
    return hs_pg_system_schema_oid(v->session->catalog->system, name, out);
}

static bool view_role(void *arg, hs_str name, uint32_t *out)
{
    struct view *v = arg;
    return hs_pg_system_role_oid(v->session->catalog->system, name, out);
}

static bool view_type(void *arg, hs_str schema, hs_str name, uint32_t *out)
{
    struct view *v = arg;
    return hs_pg_system_type_oid(v->session->catalog->system, schema, name, out);
}

static bool view_proc(void *arg, hs_str name, uint32_t *out)
{
    (void)arg;
    return hs_pg_system_proc_oid(name, out);
}

/* "127.0.0.1:5555", "[::1]:5555" */
static void split_address(hs_str peer, hs_str *out_host, int *out_port)
{
    size_t at = peer.len;
    int64_t port = 0;
    while (at > 0 && peer.at[at - 1] != ':')
        at--;
    *out_host = (hs_str){"", 0};
    if (at == 0 || !hs_str_to_i64(hs_str_n(peer.at + at, peer.len - at), &port))
        return;
    hs_str host = hs_str_n(peer.at, at - 1);
    if (host.len > 2 && host.at[0] == '[')
        host = hs_str_n(host.at + 1, host.len - 2);
    *out_host = host;
    *out_port = (int)port;
}

hs_rc hs_pg_context(struct pg_session *s, struct hs_arena *a, struct hs_pgsql_context *out, struct hs_err *err)
{
    struct view *v = HS_NEW(a, struct view);
    if (!v)
        return hs_fail(err, HS_NOMEM, "out of memory");
    *v = (struct view){s, a, out, NULL};
    int64_t now_us = s->statement_us ? s->statement_us : hs_wall_us();
    *out = (struct hs_pgsql_context){
        .arg = v,
        .relation = view_relation,
        .setting = view_setting,
        .schema_oid = view_schema,
        .role_oid = view_role,
        .type_oid = view_type,
        .proc_oid = view_proc,
        .user = s->principal,
        .session_user = s->principal,
        .database = s->database,
        .version = hs_arena_printf(a, "PostgreSQL %s", s->version),
        .backend_pid = s->ticket->pid,
        .transaction_us = s->tx.began_us ? s->tx.began_us : now_us,
        .statement_us = now_us,
        .started_us = s->started_us,
        .time_zone = hs_pg_parameter(s, PG_PARAM_TIMEZONE),
        .in_transaction = hs_pg_in_block(s),
    };
    split_address(s->peer, &out->client_address, &out->client_port);
    return search_path(s, a, out, err);
}

/* ---- system relations, as they go with a statement ---- */

static bool tell_setting(void *arg, size_t i, struct hs_pg_setting *out)
{
    struct view *v = arg;
    return hs_pg_parameter_at(v->session, v->arena, i, out);
}

static bool tell_prepared(void *arg, size_t i, struct hs_pg_prepared *out)
{
    struct view *v = arg;
    const struct pg_statement *st = i == 0 ? v->session->statements : v->told;
    for (; st; st = st->next) { /* asked for one after the other */
        if (!st->name.len)
            continue;
        v->told = st->next;
        *out = (struct hs_pg_prepared){st->name,        st->parsed->source,
                                       st->prepared_us, st->told ? st->told : st->declared,
                                       st->param_count, st->from_sql};
        return true;
    }
    return false;
}

static bool tell_cursor(void *arg, size_t i, struct hs_pg_open_cursor *out)
{
    struct view *v = arg;
    for (struct pg_portal *p = v->session->portals; p; p = p->next) {
        if (!p->name.len || i-- > 0)
            continue;
        *out = (struct hs_pg_open_cursor){p->name,  p->statement->parsed->source, p->opened_us, p->hold, p->binary,
                                          p->scroll};
        return true;
    }
    return false;
}

static struct hs_pg_facts facts_of(struct pg_session *s, struct view *v, const struct pg_statement *st)
{
    struct hs_pg_facts f = {
        .user = s->principal,
        .application_name = hs_pg_parameter(s, PG_PARAM_APPLICATION_NAME),
        .query = st->parsed->source,
        .pid = s->ticket->pid,
        .started_us = s->started_us,
        .transaction_us = s->tx.began_us ? s->tx.began_us : s->statement_us,
        .statement_us = s->statement_us,
        .in_transaction = hs_pg_in_block(s),
        .tls = s->tls,
        .arg = v,
        .setting = tell_setting,
        .prepared = tell_prepared,
        .cursor = tell_cursor,
    };
    split_address(s->peer, &f.client_address, &f.client_port);
    return f;
}

hs_rc hs_pg_given(struct pg_session *s, const struct pg_statement *st, struct hs_arena *a, const struct hs_given **out,
                  size_t *out_count, const char **state, struct hs_err *err)
{
    const struct hs_pgsql_translation *t = &st->translation;
    struct view *v = HS_NEW(a, struct view);
    struct hs_given *given = hs_arena_array(a, t->system_count + 1, sizeof *given);
    *state = NULL;
    if (!v || !given)
        return hs_fail(err, HS_NOMEM, "out of memory");
    *v = (struct view){s, a, NULL, NULL};
    struct hs_pg_facts facts = facts_of(s, v, st);
    for (size_t i = 0; i < t->system_count; i++) {
        const struct hs_pg_relation *r = hs_pg_relation_find(t->systems[i].schema, t->systems[i].name);
        *state = r ? "42501" : "42P01";
        if (!r)
            return hs_fail(err, HS_NOT_FOUND, "relation \"%.*s\" does not exist", HS_FMT(t->systems[i].name));
        if (r->refused)
            return hs_fail(err, HS_DENIED, "permission denied for table %s", r->name);
        *state = NULL;
        HS_TRY(hs_pg_system_make(s->catalog->system, r, &facts, &given[i], err));
    }
    *out = given;
    *out_count = t->system_count;
    return HS_OK;
}
