/* What needs every lookup: names once, `from` followed (a circle is an error), the rules that ask bound to what they
 * ask, and an index on each column that some rule holds to one value. */
#include "model/load.h"
#include "model/lookup.h"
#include "model/place.h"

/* ---- the index ---- */

/* Equal values have equal keys: 3, 3.0 and 3.00 are one number. */
static void add_key(struct hs_buf *b, const struct hs_value *v)
{
    int whole = 0, scale = 0;
    hs_str text = v->text;
    switch ((int)v->kind) {
    case HS_V_NULL:
        hs_buf_addc(b, '\0'); /* which no text holds */
        return;
    case HS_V_TEXT:
        hs_buf_adds(b, text);
        return;
    case HS_V_NUMBER:
        if (!hs_number_shape(text, &whole, &scale))
            return;
        if (text.at[0] == '-') {
            hs_buf_addz(b, whole + scale ? "-" : "");
            text = hs_str_n(text.at + 1, text.len - 1);
        }
        while (text.len > 1 && text.at[0] == '0' && text.at[1] != '.')
            text = hs_str_n(text.at + 1, text.len - 1);
        if (scale == 0 && memchr(text.at, '.', text.len))
            text.len = (size_t)((const char *)memchr(text.at, '.', text.len) - text.at);
        else if (scale)
            text.len = (size_t)((const char *)memchr(text.at, '.', text.len) - text.at) + 1 + (size_t)scale;
        hs_buf_adds(b, text);
        return;
    default:
        hs_buf_addf(b, "%lld", (long long)v->i);
    }
}

static hs_rc key_of(struct hs_buf *b, const struct hs_value *v, struct hs_err *err)
{
    hs_buf_clear(b);
    add_key(b, v);
    return hs_buf_done(b, err);
}

hs_rc hs_lookup_find(const struct hs_lookup *l, size_t column, const struct hs_value *value,
                     const struct hs_lookup_rows **out, struct hs_err *err)
{
    struct hs_buf key;
    *out = NULL;
    hs_buf_init(&key, HS_MODEL_MAX_BYTES);
    hs_rc rc = key_of(&key, value, err);
    if (rc == HS_OK)
        *out = hs_map_get(l->index[column], hs_buf_str(&key));
    hs_buf_fini(&key);
    return rc;
}

static hs_rc index_row(struct hs_load *l, struct hs_map *map, hs_str key, size_t row)
{
    struct hs_lookup_rows *rows = hs_map_get(map, key);
    if (!rows) {
        rows = HS_NEW(l->arena, struct hs_lookup_rows);
        hs_str kept = hs_arena_str(l->arena, key);
        if (!rows || !kept.at)
            return hs_load_no_memory(l);
        HS_TRY(hs_map_put(map, kept, rows, l->err));
    }
    size_t *slot = hs_vec_add(l->arena, rows);
    if (!slot)
        return hs_load_no_memory(l);
    *slot = row;
    return HS_OK;
}

static hs_rc index_column(struct hs_load *l, struct hs_lookup *k, size_t column)
{
    struct hs_buf key;
    hs_rc rc = HS_OK;
    if (k->index[column])
        return HS_OK;
    struct hs_map *map = hs_map_new(l->arena);
    if (!map)
        return hs_load_no_memory(l);
    hs_buf_init(&key, HS_MODEL_MAX_BYTES);
    for (size_t row = 0; row < k->row_count && rc == HS_OK; row++) {
        rc = key_of(&key, &k->values[row * k->type->field_count + column], l->err);
        if (rc == HS_OK)
            rc = index_row(l, map, hs_buf_str(&key), row);
    }
    hs_buf_fini(&key);
    k->index[column] = map;
    return rc;
}

/* ---- names ---- */

static struct hs_lookup_mark *find(struct hs_load *l, hs_str domain, hs_str name)
{
    for (size_t i = 0; i < l->lookups.len; i++) {
        const struct hs_lookup *k = l->lookups.at[i].lookup;
        if (hs_str_eq(k->domain, domain) && hs_str_eq(k->name, name))
            return &l->lookups.at[i];
    }
    return NULL;
}

static hs_rc fail_unknown(struct hs_load *l, struct hs_at at, hs_str domain, hs_str name)
{
    hs_str *names = hs_arena_array(l->scratch, l->lookups.len + 1, sizeof *names);
    size_t count = 0;
    struct hs_hint hint;
    if (!names)
        return hs_load_no_memory(l);
    for (size_t i = 0; i < l->lookups.len; i++)
        if (hs_str_eq(l->lookups.at[i].lookup->domain, domain))
            names[count++] = l->lookups.at[i].lookup->name;
    return hs_load_fail(l, at, "domain '%.*s' has no lookup '%.*s'%s", HS_FMT(domain),
                        (int)(name.len < 60 ? name.len : 60), name.at, hs_hint(&hint, name, names, count));
}

/* ---- from ---- */

static bool asks_someone(const struct hs_rule *r)
{
    bool yes = r->op == HS_RULE_PRINCIPAL || r->op == HS_RULE_REQUEST || r->op == HS_RULE_LOOKUP;
    for (size_t i = 0; i < r->arg_count && !yes; i++)
        yes = asks_someone(r->args[i]);
    return yes;
}

enum { SCRATCH_MAX = 1 << 20 };

/* What the condition is for the row. What it is asked with goes each time that there is much of it. */
static hs_rc ask_row(struct hs_load *l, const struct hs_rule *bound, const struct hs_value *row,
                     struct hs_arena **scratch, struct hs_value *out)
{
    if (*scratch && hs_arena_used(*scratch) > SCRATCH_MAX) {
        hs_arena_free(*scratch);
        *scratch = NULL;
    }
    if (!*scratch && !(*scratch = hs_arena_new(0)))
        return hs_load_no_memory(l);
    return hs_rule_ask(*scratch, bound, row, out, l->err);
}

/* A row that the condition is unknown for is taken as what it is, one of which nobody knows whether it belongs here. To
 * leave it out would say that it does not, and open whatever hangs on `not in`. */
static hs_rc take_each(struct hs_load *l, struct hs_lookup *k, const struct hs_lookup *from,
                       const struct hs_rule *bound, size_t *out_unknown)
{
    struct hs_arena *scratch = NULL;
    size_t width = from->type->field_count;
    hs_rc rc = HS_OK;
    for (size_t i = 0; i < from->row_count && rc == HS_OK; i++) {
        struct hs_value outcome = {.kind = HS_V_BOOL, .i = 1};
        if (bound)
            rc = ask_row(l, bound, &from->values[i * width], &scratch, &outcome);
        bool unknown = outcome.kind != HS_V_BOOL;
        if (rc != HS_OK || (!unknown && !outcome.i))
            continue;
        *out_unknown += unknown;
        k->unsure[k->row_count] = unknown || (from->unsure && from->unsure[i]);
        memcpy(&k->values[k->row_count++ * width], &from->values[i * width], width * sizeof *k->values);
    }
    hs_arena_free(scratch);
    return rc;
}

static hs_rc take_rows(struct hs_load *l, struct hs_lookup_mark *m, const struct hs_lookup *from)
{
    struct hs_lookup *k = m->lookup;
    struct hs_rule *bound = NULL;
    size_t width = from->type->field_count, unknown = 0;
    if (m->where && asks_someone(m->where))
        return hs_load_fail(l, m->from_at,
                            "a lookup's 'where' is about its rows alone: who asks, and when, stands in the "
                            "rule that asks the lookup");
    if (m->where)
        HS_TRY(hs_rule_bind_lookup(l->scratch, m->where, from, k->at.file, &bound, l->err));
    k->type = from->type;
    k->values = hs_arena_array(l->arena, (from->row_count ? from->row_count : 1) * width, sizeof *k->values);
    k->unsure = hs_arena_array(l->arena, from->row_count ? from->row_count : 1, sizeof *k->unsure);
    if (!k->values || !k->unsure)
        return hs_load_no_memory(l);
    HS_TRY(take_each(l, k, from, bound, &unknown));
    if (!unknown)
        return HS_OK;
    return hs_load_warn(
        l, m->from_at,
        "'where' is unknown for %zu of %zu rows, because a cell is empty: 'in' and 'not in' this lookup "
        "are then unknown for most values; say what such rows are, with 'COLUMN is not null and ...' "
        "or 'COLUMN is null or ...'",
        unknown, from->row_count);
}

static hs_rc follow(struct hs_load *l, struct hs_lookup_mark *m, int depth)
{
    if (m->done || !m->from.len)
        return HS_OK;
    struct hs_lookup_mark *from = find(l, m->lookup->domain, m->from);
    if (!from)
        return fail_unknown(l, m->from_at, m->lookup->domain, m->from);
    if (m->open || depth > 64)
        return hs_load_fail(l, m->from_at, "lookup '%.*s' is taken from itself, by way of '%.*s'",
                            HS_FMT(m->lookup->name), HS_FMT(m->from));
    m->open = true;
    HS_TRY(follow(l, from, depth + 1));
    m->done = true;
    return take_rows(l, m, from->lookup);
}

static hs_rc check_names(struct hs_load *l)
{
    for (size_t i = 0; i < l->lookups.len; i++) {
        struct hs_lookup *k = l->lookups.at[i].lookup;
        const struct hs_lookup *other = find(l, k->domain, k->name)->lookup;
        if (other != k)
            return hs_load_fail(l, k->at, "there are two lookups '%.*s' in this domain, the other at %.*s:%d",
                                HS_FMT(k->name), HS_FMT(other->at.file), other->at.line);
    }
    return HS_OK;
}

static hs_rc warn_unread(struct hs_load *l)
{
    for (size_t i = 0; i < l->file_count; i++) {
        hs_str domain;
        bool read = hs_place_of(l->files[i].path, &domain) != HS_PLACE_LOOKUP_ROWS;
        for (size_t k = 0; k < l->lookups.len && !read; k++)
            read = l->lookups.at[k].rows == &l->files[i];
        if (!read)
            HS_TRY(
                hs_load_warn(l, (struct hs_at){l->files[i].path, 1, 1}, "is not read: no lookup beside it names it"));
    }
    return HS_OK;
}

hs_rc hs_load_lookups(struct hs_load *l)
{
    HS_TRY(check_names(l));
    HS_TRY(warn_unread(l));
    for (size_t i = 0; i < l->lookups.len; i++)
        HS_TRY(follow(l, &l->lookups.at[i], 0));
    for (size_t i = 0; i < l->lookups.len; i++) {
        struct hs_lookup *k = l->lookups.at[i].lookup;
        k->index = hs_arena_array(l->arena, k->type->field_count, sizeof *k->index);
        if (!k->index)
            return hs_load_no_memory(l);
    }
    return HS_OK;
}

/* ---- rules that ask ---- */

static hs_rc index_held(struct hs_load *l, struct hs_lookup *k, const struct hs_rule *r)
{
    for (size_t i = 0; r->op == HS_RULE_AND && i < r->arg_count; i++)
        HS_TRY(index_held(l, k, r->args[i]));
    for (size_t i = 0; r->op == HS_RULE_EQ && i < 2; i++)
        if (r->args[i]->op == HS_RULE_FIELD && r->args[1 - i]->op != HS_RULE_FIELD)
            HS_TRY(index_column(l, k, (size_t)r->args[i]->path_ids[0] - 1));
    return HS_OK;
}

/* `own`: the domain that is named, or else the policy's. */
static hs_rc find_for(struct hs_load *l, hs_str domain, struct hs_at at, hs_str own, hs_str name,
                      struct hs_lookup_mark **out)
{
    if (domain.len && !hs_str_eq(own, domain))
        return hs_load_fail(l, at, "domain '%.*s' cannot ask a lookup of domain '%.*s'", HS_FMT(domain), HS_FMT(own));
    *out = find(l, own, name);
    return *out ? HS_OK : fail_unknown(l, at, own, name);
}

hs_rc hs_load_find_lookup(struct hs_load *l, hs_str domain, struct hs_at at, hs_str name, const struct hs_lookup **out)
{
    hs_str own = domain, rest = name;
    struct hs_lookup_mark *m = NULL;
    if (memchr(name.at, '.', name.len)) {
        own = hs_str_cut(&rest, '.');
        name = rest;
    }
    if (!own.len)
        return hs_load_fail(l, at, "a policy of the mesh names the domain, too: DOMAIN.%.*s",
                            (int)(name.len < 60 ? name.len : 60), name.at);
    HS_TRY(find_for(l, domain, at, own, name, &m));
    *out = m->lookup;
    return HS_OK;
}

static hs_rc resolve_one(struct hs_load *l, hs_str domain, hs_str file, struct hs_rule *r)
{
    struct hs_at at = {file, r->line, r->column};
    hs_str own = r->path_len == 3 ? r->path_names[0] : domain, name = r->path_names[r->path_len - 2];
    struct hs_rule *bound = NULL;
    struct hs_lookup_mark *m = NULL;
    if (!own.len)
        return hs_load_fail(l, at, "a policy of the mesh names the domain, too: in DOMAIN.%.*s.%.*s", HS_FMT(name),
                            HS_FMT(r->path_names[1]));
    HS_TRY(find_for(l, domain, at, own, name, &m));
    r->lookup = m->lookup;
    HS_TRY(hs_rule_check_lookup_column(l->scratch, r, file, l->err));
    if (r->arg_count < 2)
        return HS_OK;
    HS_TRY(hs_rule_bind_lookup(l->scratch, r->args[1], m->lookup, file, &bound, l->err));
    return index_held(l, m->lookup, bound);
}

hs_rc hs_load_lookup_rule(struct hs_load *l, hs_str domain, hs_str file, struct hs_rule *r)
{
    if (r->op == HS_RULE_LOOKUP)
        HS_TRY(resolve_one(l, domain, file, r));
    for (size_t i = 0; i < r->arg_count; i++)
        HS_TRY(hs_load_lookup_rule(l, domain, file, r->args[i]));
    return HS_OK;
}
