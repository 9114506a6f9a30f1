/* SQL, from text to a running stream: lease, parse, find, pin, decide, plan, intent, run. Runs on a pool thread and may
 * block. The order is the security argument: no file of a table is planned before its decision stands, and nothing of a
 * statement runs before the intent is on disk. What runs earlier are our own scans of position delete files (rows.c).
 */
#include "access/access_in.h"
#include "access/filter.h"
#include "engine/conditions.h"

#include "base/clock.h"
#include "base/alloc.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/fault.h"

#include <stdio.h>

enum { REFS_MAX = 256 };

/* ---- the worker ---- */

static bool add_directory(struct hs_arena *a, hs_str *at, size_t *count, size_t max, hs_str dir)
{
    for (size_t i = 0; i < *count; i++)
        if (hs_str_eq(at[i], dir))
            return true;
    if (*count == max)
        return false;
    at[*count] = hs_arena_str(a, dir);
    return at[(*count)++].at != NULL;
}

bool hs_add_table_directories(struct hs_arena *a, const struct hs_table *t, hs_str *at, size_t *count, size_t max)
{
    bool fits = add_directory(a, at, count, max, t->root.len ? t->root : t->location);
    for (size_t k = 0; fits && k < t->prefix_count; k++)
        fits = add_directory(a, at, count, max, t->prefixes[k].to);
    return fits;
}

/* Everything this person's tables may need opened, so that one narrowed worker serves all of his statements. */
static hs_rc directories(struct hs_call *c, const struct hs_principal *who, hs_str **out, size_t *out_count,
                         struct hs_err *err)
{
    const struct hs_model *m = c->generation->model;
    struct hs_facts facts = hs_call_facts(c);
    size_t max = 4096, count = 0;
    hs_str *at = hs_arena_array(c->arena, max, sizeof *at);
    if (!at)
        return hs_fail(err, HS_NOMEM, "out of memory");
    for (size_t i = 0; i < m->product_count; i++)
        for (size_t j = 0; j < m->products[i].table_count; j++) {
            const struct hs_table *t = &m->products[i].tables[j];
            if (!hs_policy_visible(m, who, t, &facts))
                continue;
            if (!hs_add_table_directories(c->arena, t, at, &count, max))
                return hs_fail(err, HS_LIMIT, "more than %zu table directories for one person", max);
        }
    *out = at;
    *out_count = count;
    return HS_OK;
}

static hs_rc lease(struct hs_call *c, const struct hs_principal *who, struct hs_lease **out, struct hs_err *err)
{
    const struct hs_model *m = c->generation->model;
    hs_str *dirs;
    size_t dir_count;
    HS_TRY(directories(c, who, &dirs, &dir_count, err));
    struct hs_lease_request r = {
        .owner = hs_arena_printf(c->arena, "%.*s\n%.*s", HS_FMT(m->version_text), HS_FMT(c->name)),
        .fair_key = c->name,
        .request_id = c->request_id,
        .directories = dirs,
        .directory_count = dir_count,
        .memory_bytes = m->default_limits.memory_bytes,
        .time_ms = m->default_limits.time_ms,
        .gave_up = &c->gave_up,
    };
    if (!r.owner.at)
        return hs_fail(err, HS_NOMEM, "out of memory");
    return hs_lease_open(c->access->engine, &r, out, err);
}

/* ---- tables ---- */

static bool catalog_fits(const struct hs_model *m, const struct hs_table_ref *ref)
{
    return ref->catalog.len == 0 || hs_str_eq_nocase(ref->catalog, m->mesh_name);
}

/* The visible table a reference means. Unqualified names mean the one visible table of that name, if it is one: hidden
 * tables never take part, so nothing about them shows. */
static const struct hs_table *find(struct hs_call *c, const struct hs_principal *who, const struct hs_table_ref *ref,
                                   size_t *out_matches)
{
    const struct hs_model *m = c->generation->model;
    struct hs_facts facts = hs_call_facts(c);
    const struct hs_table *found = NULL;
    *out_matches = 0;
    for (size_t i = 0; i < m->product_count && catalog_fits(m, ref); i++)
        for (size_t j = 0; j < m->products[i].table_count; j++) {
            const struct hs_table *t = &m->products[i].tables[j];
            if (!hs_str_eq_nocase(t->name, ref->name))
                continue;
            if (ref->schema.len && !hs_str_eq_nocase(m->products[i].domain, ref->schema))
                continue;
            if (!hs_policy_visible(m, who, t, &facts))
                continue;
            (*out_matches)++;
            if (!found || hs_str_eq(t->name, ref->name))
                found = t;
        }
    return found;
}

static hs_rc not_there(const struct hs_table_ref *ref, struct hs_err *err)
{
    return hs_fail(err, HS_NOT_FOUND, "there is no table \"%.*s%s%.*s\" (position %lld)", HS_FMT(ref->schema),
                   ref->schema.len ? "." : "", HS_FMT(ref->name), (long long)ref->position);
}

static hs_rc as_of(const struct hs_table_ref *ref, struct hs_as_of *out, struct hs_err *err)
{
    *out = (struct hs_as_of){.kind = HS_AS_OF_CURRENT};
    switch (ref->at_kind) {
    case HS_AT_NONE:
        return HS_OK;
    case HS_AT_VERSION:
        out->kind = hs_str_to_i64(ref->at, &out->snapshot_id) ? HS_AS_OF_SNAPSHOT : HS_AS_OF_REF;
        out->ref = ref->at;
        return HS_OK;
    case HS_AT_TIMESTAMP:
        out->kind = HS_AS_OF_TIME;
        return hs_time_parse(ref->at, &out->time_us)
                   ? HS_OK
                   : hs_fail(err, HS_INVALID,
                             "AT (TIMESTAMP ...) wants a time like 2026-11-21T10:00:00Z (position %lld)",
                             (long long)ref->position);
    }
    return hs_fail(err, HS_INTERNAL, "unknown kind of time travel");
}

/* One line a reference: "snapshot digest". */
static bool bound_line(hs_str *text, struct hs_as_of *as, hs_str *out_digest)
{
    hs_str line = hs_str_cut(text, '\n');
    hs_str snapshot = hs_str_cut(&line, ' ');
    *out_digest = line;
    if (hs_str_is(snapshot, "-"))
        return true; /* was empty: no snapshot to read again */
    as->kind = HS_AS_OF_SNAPSHOT;
    return hs_str_to_i64(snapshot, &as->snapshot_id);
}

static hs_rc digest_hex(struct hs_call *c, const struct hs_decision *d, struct hs_buf *out, struct hs_err *err)
{
    uint8_t digest[32];
    struct hs_sha256 *h = hs_sha256_new();
    if (!h)
        return hs_fail(err, HS_NOMEM, "out of memory");
    hs_sha256_field(h, hs_str_n(d->digest, 32));
    hs_sha256_field(h, hs_decision_needs_key(d) ? hs_str_of(c->access->mask_key_id) : HS_S(""));
    HS_TRY(hs_sha256_end(h, digest, err));
    hs_buf_add_hex(out, digest, 32);
    return hs_buf_done(out, err);
}

static hs_rc open_noted(struct hs_call *c, const struct hs_table *t, const struct hs_pin_note *note, struct opened *out,
                        struct hs_err *err)
{
    struct hs_as_of as = {.kind = note->empty ? HS_AS_OF_CURRENT : HS_AS_OF_SNAPSHOT, .snapshot_id = note->snapshot_id};
    HS_TRY(hs_opened_again(c->arena, c->generation, t, &as, out, err));
    if (note->empty)
        hs_opened_be_empty(out);
    return HS_OK;
}

/* As it was when the transaction began: what its statements have found is kept, and what they have not touched is
 * looked up in the table's log of what was current when. */
static hs_rc open_under_pins(struct hs_call *c, const struct hs_table *t, struct opened *out, struct hs_err *err)
{
    struct hs_pin_note note, kept;
    struct hs_as_of as = {.kind = c->pins_first ? HS_AS_OF_CURRENT : HS_AS_OF_TIME, .time_us = c->pins_since_us};
    if (hs_pins_find(c->pins, t, &note))
        return open_noted(c, t, &note, out, err);
    HS_TRY(hs_opened_again(c->arena, c->generation, t, &as, out, err));
    kept = note = (struct hs_pin_note){out->pin.empty, out->pin.snapshot_id};
    hs_rc rc = hs_pins_keep(c->pins, t, &kept, err);
    if (rc == HS_OK && kept.empty == note.empty && kept.snapshot_id == note.snapshot_id)
        return HS_OK;
    hs_opened_close(out); /* another statement was first */
    return rc == HS_OK ? open_noted(c, t, &kept, out, err) : rc;
}

/* A table mentioned twice is opened once: both mentions read the same snapshot, whoever commits meanwhile. */
static hs_rc open_again(struct hs_call *c, const struct hs_table *t, const struct hs_as_of *as, struct opened *out,
                        struct hs_err *err)
{
    for (size_t i = 0; as->kind == HS_AS_OF_CURRENT && i < c->opened_count; i++)
        if (c->opened[i].table == t && c->opened[i].current) {
            *out = c->opened[i];
            out->iceberg = hs_iceberg_ref(out->iceberg);
            return HS_OK;
        }
    if (c->pins && as->kind == HS_AS_OF_CURRENT)
        HS_TRY(open_under_pins(c, t, out, err));
    else if (c->bound_in.len && as->kind == HS_AS_OF_SNAPSHOT)
        HS_TRY(hs_opened_pinned(c->arena, c->generation, t, as->snapshot_id, out, err));
    else
        HS_TRY(hs_opened_table(c->access, c->arena, c->generation, t, as, out, err));
    out->current = as->kind == HS_AS_OF_CURRENT;
    return HS_OK;
}

static hs_rc take_given(struct hs_call *c, const struct hs_given *given, const struct hs_table_ref *ref,
                        struct call_ref *out, struct hs_err *err)
{
    *out = (struct call_ref){given, (size_t)(given - c->given)};
    return ref->at_kind == HS_AT_NONE
               ? HS_OK
               : hs_fail(err, HS_UNSUPPORTED, "\"%.*s\" has no snapshots to go back to (position %lld)",
                         HS_FMT(ref->name), (long long)ref->position);
}

static hs_rc open_one(struct hs_call *c, const struct hs_principal *who, const struct hs_table_ref *ref, hs_str *bound,
                      struct call_ref *out, struct hs_err *err)
{
    size_t matches;
    const struct hs_given *given = hs_call_find_given(c, ref);
    if (given)
        return take_given(c, given, ref, out, err);
    const struct hs_table *t = find(c, who, ref, &matches);
    if (!t)
        return not_there(ref, err);
    if (matches > 1 && !ref->schema.len)
        return hs_fail(err, HS_INVALID, "\"%.*s\" is in several domains; write domain.%.*s (position %lld)",
                       HS_FMT(ref->name), HS_FMT(ref->name), (long long)ref->position);
    struct hs_as_of as;
    HS_TRY(as_of(ref, &as, err));
    hs_str digest_before = {0};
    if (c->bound_in.len && !bound_line(bound, &as, &digest_before))
        return hs_fail(err, HS_INVALID, "the ticket does not fit its statement");
    struct opened *o = &c->opened[c->opened_count];
    HS_TRY(open_again(c, t, &as, o, err));
    *out = (struct call_ref){NULL, c->opened_count++};
    struct hs_facts facts = hs_call_facts(c);
    HS_TRY(hs_opened_decide(c->generation, who, &facts, o, err));
    if (!o->decision->allowed || !o->decision->column_count)
        return not_there(ref, err);
    char text[80];
    struct hs_buf digest;
    hs_buf_init(&digest, 128);
    hs_rc rc = digest_hex(c, o->decision, &digest, err);
    bool same = hs_str_eq(hs_buf_str(&digest), digest_before) || !hs_defence("ticket-digest");
    if (rc == HS_OK && c->bound_in.len && !same)
        rc = hs_fail(err, HS_CONFLICT, "the policy changed since this was prepared; ask again");
    snprintf(text, sizeof text, "%lld ", (long long)o->pin.snapshot_id);
    hs_buf_addz(&c->bound_out, o->pin.empty ? "- " : text);
    hs_buf_adds(&c->bound_out, hs_buf_str(&digest));
    hs_buf_addc(&c->bound_out, '\n');
    hs_buf_fini(&digest);
    return rc == HS_OK ? hs_buf_done(&c->bound_out, err) : rc;
}

static hs_rc open_all(struct hs_call *c, const struct hs_principal *who, const struct hs_statement *s,
                      struct hs_err *err)
{
    if (s->ref_count > REFS_MAX)
        return hs_fail(err, HS_LIMIT, "the statement names more than %d tables", REFS_MAX);
    c->opened = hs_arena_array(c->arena, s->ref_count + 1, sizeof *c->opened);
    c->refs_of = hs_arena_array(c->arena, s->ref_count + 1, sizeof *c->refs_of);
    if (!c->opened || !c->refs_of)
        return hs_fail(err, HS_NOMEM, "out of memory");
    hs_str bound = c->bound_in;
    c->pins_first = c->pins && hs_pins_begin(c->pins, &c->pins_since_us);
    for (size_t i = 0; i < s->ref_count; i++)
        HS_TRY(open_one(c, who, &s->refs[i], &bound, &c->refs_of[i], err));
    c->bound_cut = hs_str_cut(&bound, '\n');
    return HS_OK;
}

/* ---- decision + plan -> decided scan ---- */

static hs_rc print_to(struct hs_call *c,
                      hs_rc (*print)(struct hs_buf *, const struct hs_decision *, size_t, struct hs_err *),
                      const struct hs_decision *d, size_t i, hs_str *out, struct hs_err *err)
{
    struct hs_buf b;
    hs_buf_init(&b, 1 << 20);
    hs_rc rc = print(&b, d, i, err);
    if (rc == HS_OK)
        rc = hs_buf_done(&b, err);
    if (rc == HS_OK) {
        *out = hs_arena_str(c->arena, hs_buf_str(&b));
        if (!out->at)
            rc = hs_fail(err, HS_NOMEM, "out of memory");
    }
    hs_buf_fini(&b);
    return rc;
}

static hs_rc print_rows(struct hs_buf *b, const struct hs_decision *d, size_t i, struct hs_err *err)
{
    (void)i;
    return hs_print_duckdb_rows(b, d, err);
}

/* Whatever snapshot is read: the decision is of today. */
static bool applies_rows(bool today)
{
    return hs_defence("today-policy") || today;
}

static hs_rc scan_columns(struct hs_call *c, const struct hs_decision *d, bool today, struct hs_scan *scan,
                          struct hs_err *err)
{
    struct hs_scan_column *columns = hs_arena_array(c->arena, d->column_count, sizeof *columns);
    if (!columns)
        return hs_fail(err, HS_NOMEM, "out of memory");
    for (size_t i = 0; i < d->column_count; i++) {
        columns[i].name = d->columns[i].field->name;
        columns[i].type = d->columns[i].type;
        columns[i].leakproof = !d->columns[i].masked && d->columns[i].hidden_count == 0;
        HS_TRY(print_to(c, hs_print_duckdb_column, d, i, &columns[i].expression, err));
    }
    scan->columns = columns;
    scan->column_count = d->column_count;
    return applies_rows(today) ? print_to(c, print_rows, d, 0, &scan->rows, err) : HS_OK;
}

static hs_rc still_wanted(void *call, struct hs_err *err)
{
    struct hs_err dropped, *of = err ? err : &dropped;
    return hs_call_is_cancelled(call, of) ? HS_FAILED(of->kind) : HS_OK;
}

/* `asked` leaves out files as well; what it may do where rows are hidden is the planner's care (plan_asked.c). */
static hs_rc make_scan(struct hs_call *c, const struct hs_statement *s, struct opened *o,
                       const struct hs_condition *asked, struct hs_scan *scan, struct hs_err *err)
{
    struct hs_plan plan;
    struct hs_row_reader reader;
    HS_TRY(hs_row_reader_of(c, o, &reader, err));
    /* Only the contract's columns have to be readable. */
    struct hs_plan_request request = {.store = &o->store, .pin = &o->pin, .wanted = o->bound, .reader = &reader};
    request.go_on = still_wanted;
    request.go_on_ctx = c;
    if (applies_rows(o->current))
        HS_TRY(hs_filter_of_rule(c->arena, o->decision->rows, &request.filter, err));
    HS_TRY(hs_filter_of_condition(c->arena, asked, o->decision, &request.asked, err));
    request.rows_hidden = o->decision->rows != NULL;
    request.asked_plain = hs_statement_is_plain(s);
    HS_TRY(hs_iceberg_plan(c->arena, &request, &plan, err));
    c->files_planned += plan.file_count;
    c->files_left_out += plan.left_out;
    scan->raw = o->bound;
    HS_TRY(hs_scan_of_plan(c->arena, &plan, scan, err));
    return hs_call_cut(c, s, &plan, scan, err);
}

/* Columns first: what the statement asks of them is known before any file is planned. */
static hs_rc make_scans(struct hs_call *c, const struct hs_statement *s, struct hs_scan *scans, struct hs_err *err)
{
    const struct hs_condition *const *asked;
    for (size_t i = 0; i < s->ref_count; i++) {
        const struct call_ref *r = &c->refs_of[i];
        HS_TRY(r->given ? hs_given_scan(c->arena, r->given, r->at, &scans[i], err)
                        : scan_columns(c, c->opened[r->at].decision, c->opened[r->at].current, &scans[i], err));
    }
    HS_TRY(hs_statement_conditions(c->arena, s, scans, c->has_params ? &c->params : NULL, &asked, err));
    for (size_t i = 0; i < s->ref_count; i++)
        if (!c->refs_of[i].given)
            HS_TRY(make_scan(c, s, &c->opened[c->refs_of[i].at], asked[i], &scans[i], err));
    return HS_OK;
}

/* ---- run ---- */

/* Books the time since *mark to a step and starts the next. */
static void step(struct hs_call *c, enum call_step which, int64_t *mark)
{
    int64_t now = hs_mono_us();
    c->step_us[which] = now - *mark;
    *mark = now;
}

static void log_steps(const struct hs_call *c)
{
    static const char *const NAMES[STEP_COUNT] = {"lease", "parse", "decide", "plan", "intent", "run"};
    char text[STEP_COUNT][24], planned[24], left_out[24];
    snprintf(planned, sizeof planned, "%zu", c->files_planned);
    snprintf(left_out, sizeof left_out, "%zu", c->files_left_out);
    for (int i = 0; i < STEP_COUNT; i++)
        snprintf(text[i], sizeof text[i], "%lld", (long long)c->step_us[i]);
    hs_log(HS_LOG_DEBUG, "statement ready", "request", c->request_id.at, NAMES[0], text[0], NAMES[1], text[1], NAMES[2],
           text[2], NAMES[3], text[3], NAMES[4], text[4], NAMES[5], text[5], "files", planned, "left_out", left_out,
           NULL);
}

/* A describe keeps no worker: the schema is copied and the stream closed. */
static hs_rc take_stream(struct hs_call *c, struct hs_stream *s, struct hs_err *err)
{
    const struct hs_type *schema = hs_type_copy(c->arena, hs_stream_schema(s)), *params = hs_stream_param_types(s);
    params = params ? hs_type_copy(c->arena, params) : NULL;
    pthread_mutex_lock(&c->lock);
    c->schema = schema;
    c->param_types = params;
    bool keep = schema && !c->describe_only && !c->cancelled;
    if (keep)
        c->stream = s;
    bool cancelled = c->cancelled;
    pthread_mutex_unlock(&c->lock);
    if (!keep)
        hs_stream_close(s);
    if (cancelled)
        return hs_fail(err, HS_CANCELLED, "cancelled");
    return schema ? HS_OK : hs_fail(err, HS_NOMEM, "out of memory");
}

/* A describe that was made before, and whose decisions still stand, needs no worker. *out_done: answered. */
static hs_rc describe_again(struct hs_call *c, const struct hs_principal *who, bool *out_done, struct hs_err *err)
{
    struct described_copy copy;
    *out_done = false;
    if (!hs_described_get(c->generation->described, c, &copy))
        return HS_OK;
    HS_TRY(open_all(c, who, &copy.statement, err));
    if (hs_described_holds(&copy, c)) {
        c->param_count = copy.statement.param_count;
        c->schema = copy.schema;
        c->param_types = copy.param_types;
        c->origins = copy.origins;
        *out_done = true;
        return HS_OK;
    }
    for (size_t i = 0; i < c->opened_count; i++)
        hs_opened_close(&c->opened[i]);
    c->opened_count = 0;
    hs_buf_clear(&c->bound_out);
    return HS_OK;
}

/* Workers may have died while they were idle, several at once, and nobody has seen it yet: until the statement is known
 * nothing has been done that may not be done again. Not for ever: it may be the statement that they die of. */
enum { PARSE_TRIES = 4 };

static hs_rc parse(struct hs_call *c, const struct hs_principal *who, struct hs_lease **l, struct hs_statement **out,
                   struct hs_err *err)
{
    hs_rc rc = HS_UNAVAILABLE;
    for (int tries = 0; rc == HS_UNAVAILABLE && tries < PARSE_TRIES; tries++) {
        int64_t mark = hs_mono_us();
        hs_lease_close(*l);
        *l = NULL;
        hs_asides_yield(c);
        rc = lease(c, who, l, err);
        step(c, STEP_LEASE, &mark);
        if (rc == HS_OK)
            rc = hs_lease_parse(*l, c->arena, c->sql, out, err);
        step(c, STEP_PARSE, &mark);
    }
    return rc;
}

static hs_rc run(struct hs_call *c, const struct hs_principal *who, struct hs_lease **l, struct hs_err *err)
{
    struct hs_statement *s;
    HS_TRY(parse(c, who, l, &s, err));
    int64_t mark = hs_mono_us();
    c->param_count = s->param_count;
    HS_TRY(open_all(c, who, s, err));
    step(c, STEP_DECIDE, &mark);
    HS_TRY(hs_call_limits(c, err));
    struct hs_scan *scans = hs_arena_array(c->arena, s->ref_count + 1, sizeof *scans);
    if (!scans)
        return hs_fail(err, HS_NOMEM, "out of memory");
    HS_TRY(make_scans(c, s, scans, err));
    if (c->if_free && !hs_call_worth_running(c, scans))
        c->describe_only = true;
    step(c, STEP_PLAN, &mark);
    if (hs_call_is_cancelled(c, err))
        return err->kind;
    if (!c->describe_only || c->has_params) /* with values bound a describe may run the statement to its first schema */
        HS_TRY(hs_call_intent(c, err));
    HS_TRY(hs_call_quotas(c, err));
    step(c, STEP_INTENT, &mark);
    struct hs_run_request r = {
        .statement = s,
        .scans = scans,
        .scan_count = s->ref_count,
        .params = c->has_params ? &c->params : NULL,
        .given_rows = c->given_rows,
        .describe_only = c->describe_only,
        .form = c->form,
        .deadline_mono_us = c->deadline_mono_us,
    };
    struct hs_stream *stream;
    HS_TRY(hs_call_mask_keys(c, &r, err));
    HS_TRY(hs_call_aggregate(c, s, l, &r, err));
    if (!*l) /* it was used to compare */
        HS_TRY(lease(c, who, l, err));
    HS_TRY(hs_lease_run(*l, &r, &stream, err));
    *l = NULL; /* the stream owns it */
    step(c, STEP_RUN, &mark);
    HS_TRY(take_stream(c, stream, err));
    HS_TRY(hs_call_tell_origins(c, s, scans, err));
    HS_TRY(hs_call_tell_parts(c, err));
    if (c->describe_only)
        hs_described_put(c->generation->described, c, s);
    return HS_OK;
}

/* A reload ends statements that run; this one was on its way, perhaps waiting for a worker. */
static hs_rc still_decided(struct hs_call *c, struct hs_err *err)
{
    return hs_access_outdated(c->access, c)
               ? hs_fail(err, HS_CONFLICT, "the policy changed while the statement ran; ask again")
               : HS_OK;
}

void hs_query_work(struct hs_call *c)
{
    struct hs_err err;
    hs_err_clear(&err);
    struct hs_principal *who;
    struct hs_lease *l = NULL;
    hs_rc rc = hs_call_is_cancelled(c, &err) ? HS_FAILED(err.kind) : hs_call_principal(c, &who, &err);
    bool done = false;
    if (c->if_free && !hs_call_may_run_now(c))
        c->describe_only = true;
    if (rc == HS_OK && c->describe_only)
        rc = describe_again(c, who, &done, &err);
    if (rc == HS_OK && !done)
        rc = run(c, who, &l, &err);
    hs_lease_close(l);
    if (rc == HS_OK)
        rc = still_decided(c, &err);
    if (rc == HS_OK) {
        if (!c->describe_only)
            log_steps(c);
        hs_call_ready(c);
        rc = still_decided(c, &err); /* a reload of just now may have seen it as not ready yet */
    }
    if (rc != HS_OK)
        hs_call_fail(c, &err);
}

static bool copy_params(struct hs_call *c, const struct hs_params *p)
{
    c->params.count = p->count;
    c->params.at = hs_arena_array(c->arena, p->count + 1, sizeof *p->at);
    for (size_t i = 0; c->params.at && i < p->count; i++) {
        c->params.at[i] = p->at[i];
        if (p->at[i].text.len && !(c->params.at[i].text = hs_arena_str(c->arena, p->at[i].text)).at)
            return false;
    }
    return c->params.at != NULL;
}

struct hs_call *hs_access_query(struct hs_access *a, const struct hs_asker *who, const struct hs_query *query,
                                void (*notify)(void *arg), void *arg)
{
    struct hs_call *c = hs_call_new(a, who, notify, arg);
    if (!c)
        return NULL;
    c->sql = hs_arena_str(c->arena, query->sql);
    c->bound_in = hs_arena_str(c->arena, query->bound);
    c->describe_only = query->describe_only;
    c->if_free = query->if_free && !query->describe_only;
    c->form = query->form;
    c->part = query->part;
    c->parts = query->parts;
    c->parts_max = query->parts_max;
    c->part_bytes = query->part_bytes;
    c->parts_out = 1;
    c->total_rows = -1;
    c->has_params = query->params != NULL;
    c->pins = hs_pins_ref(query->pins);
    if (!c->sql.at || !c->bound_in.at || (query->params && !copy_params(c, query->params))) {
        hs_call_close(c);
        return NULL;
    }
    struct hs_err err;
    if (hs_call_keep_given(c, query, &err) == HS_OK)
        hs_call_start(c, hs_query_work);
    else
        hs_call_fail(c, &err);
    return c;
}
