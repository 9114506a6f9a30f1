/* Statements of people who may see nothing but aggregates, between the decision and the run: the engine's guard reads
 * and prints them (engine/aggregate.c); here they are compared with what the same person asked before of the same
 * snapshot (differences.c), and only then written down and run.
 *
 * What was asked is kept in the state, so a restart forgets nothing. A statement counts as asked before it runs,
 * whether or not its answer arrives. One at a time for each person and table, or two that wait for each other's rows
 * would both pass. What was asked under another decision of the same model (another purpose, another day of a rule that
 * knows the day) was about rows that cannot be found again, and refuses; what was asked under another model is
 * forgotten. */
#include "access/access_in.h"
#include "access/differences.h"

#include "base/clock.h"
#include "base/damage.h"
#include "base/fault.h"
#include "base/hash.h"
#include "state/state.h"

#include <nanoarrow/nanoarrow.h>

#include <errno.h>
#include <time.h>

enum { KEPT = 64, DIGEST_TEXT = 64, VERSION_TEXT = 16, LOCKS = 64, WAIT_S = 60 };

struct aggregate {
    struct hs_call *call;
    const struct opened *opened;
    hs_str subject;
    hs_str texts[KEPT + 1]; /* the new one first */
    size_t count;
    bool known; /* asked before, and what came after was compared with it */
    struct hs_aggregate_sets sets;
    struct hs_row_set *rows;
    struct hs_map **names; /* one a set: a group's text to its number, from 1 */
    HS_VEC(struct hs_atom) atoms;
};

/* ---- the statement ---- */
static hs_rc read_statement(struct aggregate *g, const struct hs_statement *s, const struct hs_params *params,
                            struct hs_aggregate *out, struct hs_err *err)
{
    static const enum hs_aggregate_use uses[] = {
        [HS_ROLE_NONE] = HS_AGGREGATE_NOT, [HS_ROLE_DIMENSION] = HS_AGGREGATE_BY, [HS_ROLE_MEASURE] = HS_AGGREGATE_OF};
    const struct hs_decision *d = g->opened->decision;
    struct hs_aggregate_column *columns = hs_arena_array(g->call->arena, d->column_count + 1, sizeof *columns);
    if (!columns)
        return hs_no_memory(err);
    for (size_t i = 0; i < d->column_count; i++)
        columns[i] =
            (struct hs_aggregate_column){d->columns[i].field->name, d->columns[i].type, uses[d->columns[i].role]};
    struct hs_aggregate_request r = {.columns = columns,
                                     .column_count = d->column_count,
                                     .minimum = hs_defence("small-groups") ? d->minimum : 1,
                                     .params = params};
    return hs_statement_aggregate(g->call->arena, s, &r, out, err);
}

/* ---- what was asked ---- */
static void add_part(struct hs_buf *b, hs_str part)
{
    hs_buf_addf(b, "%zu:", part.len);
    hs_buf_adds(b, part);
}

static hs_rc keep(struct hs_call *c, struct hs_buf *b, hs_str *out, struct hs_err *err)
{
    hs_rc rc = hs_buf_done(b, err);
    if (rc == HS_OK && !(*out = hs_arena_str(c->arena, hs_buf_str(b))).at)
        rc = hs_no_memory(err);
    hs_buf_fini(b);
    return rc;
}

static hs_rc name_subject(struct aggregate *g, struct hs_err *err)
{
    struct hs_buf b;
    hs_buf_init(&b, 1 << 16);
    add_part(&b, g->call->name);
    add_part(&b, g->opened->table->product->domain);
    add_part(&b, g->opened->table->name);
    if (g->opened->pin.empty)
        hs_buf_addc(&b, '-');
    else
        hs_buf_addf(&b, "%lld", (long long)g->opened->pin.snapshot_id);
    return keep(g->call, &b, &g->subject, err);
}

/* decision | model | set */
static hs_rc name_new(struct aggregate *g, hs_str set, struct hs_err *err)
{
    struct hs_buf b;
    hs_buf_init(&b, 1 << 22);
    hs_buf_add_hex(&b, g->opened->decision->digest, 32);
    hs_buf_addf(&b, "%-*.*s", VERSION_TEXT, VERSION_TEXT, g->call->generation->model->version_text.at);
    hs_buf_adds(&b, set);
    g->count = 1;
    return keep(g->call, &b, &g->texts[0], err);
}

static hs_rc take_asked(void *arg, hs_str text, struct hs_err *err)
{
    struct aggregate *g = arg;
    hs_str now = g->texts[0];
    if (text.len < DIGEST_TEXT + VERSION_TEXT)
        return hs_fail_hidden(err, HS_CORRUPT, "what was kept of an aggregate statement is damaged");
    g->known |= hs_str_eq(text, now);
    if (memcmp(text.at + DIGEST_TEXT, now.at + DIGEST_TEXT, VERSION_TEXT) != 0 || g->known || g->count > KEPT)
        return HS_OK;
    if (memcmp(text.at, now.at, DIGEST_TEXT) != 0)
        return hs_fail(err, HS_DENIED,
                       "you asked this snapshot before for another purpose, or when the policy gave you other rows; "
                       "aggregates of both together could tell of single rows");
    hs_str copy = hs_arena_str(g->call->arena, text);
    if (!copy.at)
        return hs_no_memory(err);
    g->texts[g->count++] = copy;
    return HS_OK;
}

/* ---- the rows they were about ---- */
static bool is_valid(const struct ArrowArray *a, int64_t i)
{
    const uint8_t *bits = a->buffers[0];
    return a->null_count == 0 || !bits || (bits[i / 8] >> i % 8 & 1);
}

static hs_rc group_number(struct aggregate *g, size_t set, const struct ArrowArray *texts, int64_t row, int32_t *out,
                          struct hs_err *err)
{
    const int32_t *offsets = texts->buffers[1];
    const char *bytes = texts->buffers[2];
    *out = -1;
    if (!is_valid(texts, row))
        return HS_OK;
    hs_str text = {bytes ? bytes + offsets[row] : "", (size_t)(offsets[row + 1] - offsets[row])};
    intptr_t number = (intptr_t)hs_map_get(g->names[set], text);
    if (!number) {
        number = ++g->rows[set].group_count;
        HS_TRY(hs_map_put(g->names[set], text, (void *)number, err));
    }
    *out = (int32_t)(number - 1);
    return HS_OK;
}

static hs_rc add_atom(struct aggregate *g, const struct ArrowArray *rows, int64_t row, struct hs_err *err)
{
    size_t sets = g->count, measures = g->sets.measures.len;
    struct hs_atom *a = hs_vec_add(g->call->arena, &g->atoms);
    if (!a)
        return hs_no_memory(err);
    if (g->atoms.len > HS_AGGREGATE_ATOMS)
        return hs_fail(err, HS_LIMIT, "this divides the rows too finely to be compared with what you asked before");
    a->groups = hs_arena_array(g->call->arena, sets, sizeof *a->groups);
    a->values = hs_arena_array(g->call->arena, measures + 1, sizeof *a->values);
    if (!a->groups || !a->values)
        return hs_no_memory(err);
    for (size_t s = 0; s < sets; s++)
        HS_TRY(group_number(g, s, rows->children[s], row, &a->groups[s], err));
    for (size_t m = 0; m <= measures; m++) {
        const struct ArrowArray *column = rows->children[sets + m];
        int64_t n = is_valid(column, row) ? ((const int64_t *)column->buffers[1])[row] : 0;
        *(m ? &a->values[m - 1] : &a->rows) = n;
    }
    return HS_OK;
}

struct reading {
    struct aggregate *g;
    const struct hs_type *schema;
};

static hs_rc on_batch(void *arg, const struct hs_batch *batch, struct hs_err *err)
{
    struct reading *r = arg;
    struct ArrowArray rows = {0};
    HS_TRY(hs_batch_import(r->schema, batch, &rows, err));
    hs_rc rc = HS_OK;
    for (int64_t i = 0; i < rows.length && rc == HS_OK; i++)
        rc = add_atom(r->g, &rows, i, err);
    ArrowArrayRelease(&rows);
    return rc;
}

/* A worker is not believed: the columns are followed by these types. */
static hs_rc check_schema(const struct aggregate *g, const struct hs_type *schema, struct hs_err *err)
{
    bool good = schema->field_count == g->count + 1 + g->sets.measures.len;
    for (size_t i = 0; good && i < schema->field_count; i++)
        good = schema->fields[i].type->id == (i < g->count ? HS_T_STRING : HS_T_LONG);
    return good ? HS_OK : hs_fail_hidden(err, HS_INTERNAL, "the counts of groups arrive in other types");
}

static hs_rc prepare(struct aggregate *g, struct hs_err *err)
{
    struct hs_arena *a = g->call->arena;
    hs_str sets[KEPT + 1];
    for (size_t i = 0; i < g->count; i++)
        sets[i] = hs_str_n(g->texts[i].at + DIGEST_TEXT + VERSION_TEXT, g->texts[i].len - DIGEST_TEXT - VERSION_TEXT);
    HS_TRY(hs_aggregate_sets_print(a, sets, g->count, &g->sets, err));
    g->rows = hs_arena_array(a, g->count, sizeof *g->rows);
    g->names = hs_arena_array(a, g->count, sizeof *g->names);
    if (!g->rows || !g->names)
        return hs_no_memory(err);
    for (size_t i = 0; i < g->count; i++) {
        g->rows[i] = (struct hs_row_set){0, g->sets.sets[i].measures, g->sets.sets[i].counted};
        if (!(g->names[i] = hs_map_new(a)))
            return hs_no_memory(err);
    }
    return HS_OK;
}

static hs_rc count_rows(struct aggregate *g, struct hs_lease **l, const struct hs_run_request *like, struct hs_err *err)
{
    struct hs_run_request r = *like;
    struct hs_stream *stream;
    r.printed = g->sets.statement;
    HS_TRY(hs_lease_run(*l, &r, &stream, err));
    *l = NULL; /* the stream's */
    struct reading reading = {g, hs_stream_schema(stream)};
    hs_rc rc = check_schema(g, reading.schema, err);
    if (rc == HS_OK)
        rc = hs_call_read(g->call, stream, on_batch, &reading, err);
    hs_stream_close(stream);
    return rc;
}

/* ---- one at a time ---- */
static pthread_mutex_t locks[LOCKS] = {[0 ... LOCKS - 1] = PTHREAD_MUTEX_INITIALIZER};

static hs_rc lock_subject(const struct aggregate *g, pthread_mutex_t **out, struct hs_err *err)
{
    uint8_t digest[32];
    struct timespec until;
    HS_TRY(hs_sha256_once(g->subject, digest, err));
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += WAIT_S;
    if (pthread_mutex_clocklock(&locks[digest[0] % LOCKS], CLOCK_MONOTONIC, &until) != 0)
        return hs_fail(err, HS_TIMEOUT, "another of your statements over the same table takes long; try again");
    *out = &locks[digest[0] % LOCKS];
    return HS_OK;
}

static hs_rc compare(struct aggregate *g, struct hs_lease **l, const struct hs_run_request *r, struct hs_err *err)
{
    struct hs_state *state = g->call->access->state;
    HS_TRY(hs_state_asked(state, g->subject, take_asked, g, err));
    if (g->count > 1 && !g->known && hs_defence("aggregate-differences")) {
        HS_TRY(prepare(g, err));
        HS_TRY(count_rows(g, l, r, err));
        struct hs_differences d = {.atoms = g->atoms.at,
                                   .atom_count = g->atoms.len,
                                   .sets = g->rows,
                                   .set_count = g->count,
                                   .measure_count = g->sets.measures.len,
                                   .minimum = g->opened->decision->minimum};
        HS_TRY(hs_differences_check(g->call->arena, &d, err));
    }
    return hs_state_put_asked(state, g->subject, g->texts[0], KEPT, err);
}

hs_rc hs_call_aggregate(struct hs_call *c, const struct hs_statement *s, struct hs_lease **l, struct hs_run_request *r,
                        struct hs_err *err)
{
    struct aggregate g = {.call = c};
    struct hs_aggregate statement;
    pthread_mutex_t *lock;
    for (size_t i = 0; i < c->opened_count && hs_defence("aggregate-only"); i++)
        if (c->opened[i].decision->minimum)
            g.opened = &c->opened[i];
    if (!g.opened)
        return HS_OK;
    if (c->opened_count != 1 || s->ref_count != 1 || s->as_is.len)
        return hs_fail(err, HS_DENIED,
                       "only aggregates of this table are open to you: a statement is one SELECT of it alone");
    HS_TRY(read_statement(&g, s, r->params, &statement, err));
    r->printed = statement.statement;
    r->params = NULL; /* they stand in the text */
    if (c->describe_only)
        return HS_OK;
    HS_TRY(name_subject(&g, err));
    HS_TRY(name_new(&g, statement.set, err));
    HS_TRY(lock_subject(&g, &lock, err));
    hs_rc rc = compare(&g, l, r, err);
    pthread_mutex_unlock(lock);
    return rc;
}
