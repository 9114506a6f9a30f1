/* Two decisions about one table: which cells one shows that the other does not. Fields are compared by their names, for
 * that is what people see; rows are called wider or narrower only where it follows from how the predicates are
 * made of equal parts. */
#include "policy/policy_in.h"
#include "policy/seeing.h"

struct state { /* of a field that is shown */
    hs_str path, how;
    int parent; /* -1: a column */
};
struct states {
    HS_VEC(struct state) all;
    struct hs_map *by_path;
};

struct comparer {
    struct hs_arena *arena;
    const struct hs_facts *facts;
    struct hs_buf *out;
    struct hs_err *err;
};

struct side {
    struct hs_decision *d; /* NULL: refused, or nobody there to decide for */
    bool visible;
    hs_str refused;
    struct states states;
};

/* ---- the state of each field ---- */

static void add_mask(struct hs_buf *b, const struct hs_mask_use *m)
{
    hs_buf_addz(b, b->len ? ", " : "");
    if (m->json.len)
        hs_buf_addf(b, "%.*s: ", HS_FMT(m->json));
    if (m->by_grant) {
        hs_buf_addz(b, "only where ");
        hs_buf_add_rule(b, m->when->args[0]);
        return;
    }
    hs_buf_adds(b, m->policy->with);
    for (size_t i = 0; i < m->policy->arg_count; i++) {
        hs_buf_addf(b, "%s%.*s: ", i ? ", " : "(", HS_FMT(m->policy->args[i].name));
        hs_buf_add_value(b, &m->policy->args[i].value);
    }
    hs_buf_addz(b, m->policy->arg_count ? ")" : "");
    if (m->elements) {
        hs_buf_addz(b, " of elements unless this is false: ");
        hs_buf_add_rule(b, m->elements);
    }
    if (m->when) {
        hs_buf_addz(b, " unless this is false: ");
        hs_buf_add_rule(b, m->when);
    }
}

static hs_rc how_shown(struct comparer *k, const struct hs_decision *d, const struct hs_decided_column *c, int id,
                       hs_str *out)
{
    static const char *const roles[] = {
        [HS_ROLE_NONE] = "counted", [HS_ROLE_DIMENSION] = "a dimension", [HS_ROLE_MEASURE] = "a measure"};
    struct hs_buf b;
    hs_buf_init(&b, 1 << 24);
    for (size_t i = 0; i < c->mask_count; i++)
        if (c->masks[i]->path_ids[c->masks[i]->path_len - 1] == id)
            add_mask(&b, c->masks[i]);
    if (d->minimum && id == c->field->id)
        hs_buf_addf(&b, "%sonly %s", b.len ? ", " : "", roles[c->role]);
    hs_rc rc = hs_buf_done(&b, k->err);
    *out = b.len ? hs_arena_str(k->arena, hs_buf_str(&b)) : HS_S("shown");
    hs_buf_fini(&b);
    return rc == HS_OK && !out->at ? hs_no_memory(k->err) : rc;
}

static hs_str path_of(struct comparer *k, const struct states *s, int parent, const struct hs_type *in, size_t i)
{
    hs_str above = parent < 0 ? HS_S("") : s->all.at[parent].path, name = in->fields[i].name;
    if (in->id == HS_T_LIST)
        return hs_arena_printf(k->arena, "%.*s[]", HS_FMT(above));
    if (in->id == HS_T_MAP)
        name = i == 0 ? HS_S("key") : HS_S("value");
    return hs_arena_printf(k->arena, "%.*s%s%.*s", HS_FMT(above), parent < 0 ? "" : ".", HS_FMT(name));
}

static hs_rc add_states(struct comparer *k, struct states *s, const struct hs_decision *d,
                        const struct hs_decided_column *c, const struct hs_type *in, size_t i, int parent, int depth)
{
    size_t at = s->all.len;
    struct state *state = hs_vec_add(k->arena, &s->all);
    if (!state)
        return hs_no_memory(k->err);
    state->parent = parent;
    hs_str path = path_of(k, s, parent, in, i), how;
    if (!path.at)
        return hs_no_memory(k->err);
    HS_TRY(how_shown(k, d, c, in->fields[i].id, &how));
    s->all.at[at].path = path;
    s->all.at[at].how = how;
    const struct hs_type *below = parent < 0 ? c->type : in->fields[i].type;
    for (size_t n = 0; n < below->field_count && depth < HS_TREE_MAX_DEPTH; n++)
        HS_TRY(add_states(k, s, d, c, below, n, (int)at, depth + 1));
    return HS_OK;
}

static hs_rc gather(struct comparer *k, struct side *s)
{
    s->states.by_path = hs_map_new(k->arena);
    if (!s->states.by_path)
        return hs_no_memory(k->err);
    for (size_t i = 0; s->visible && i < s->d->column_count; i++) {
        const struct hs_decided_column *c = &s->d->columns[i];
        struct hs_field field = *c->field;
        struct hs_type top = {.id = HS_T_STRUCT, .fields = &field, .field_count = 1};
        HS_TRY(add_states(k, &s->states, s->d, c, &top, 0, -1, 0));
    }
    for (size_t i = 0; i < s->states.all.len; i++)
        HS_TRY(hs_map_put(s->states.by_path, s->states.all.at[i].path, &s->states.all.at[i], k->err));
    return HS_OK;
}

/* ---- rows ---- */

static bool among(const struct hs_rule *one, struct hs_rule *const *all, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (hs_rule_same(one, all[i]))
            return true;
    return false;
}

struct parts {
    struct hs_rule **at;
    struct hs_rule *one[1];
    size_t count, first; /* first: an IN's operand is no part */
};

static void parts_of(struct parts *p, const struct hs_rule *r, enum hs_rule_op op)
{
    bool whole = r->op != op;
    p->one[0] = (struct hs_rule *)r;
    p->at = whole ? p->one : r->args;
    p->count = whole ? 1 : r->arg_count;
}

static bool all_among(const struct parts *a, const struct parts *b)
{
    for (size_t i = 0; i < a->count; i++)
        if (!among(a->at[i], b->at, b->count))
            return false;
    return true;
}

/* Are all parts of the one among the other's? As alternatives more of them are wider, as conditions narrower. */
static const char *compare_parts(const struct parts *a, const struct parts *b, const char *more, const char *fewer)
{
    bool there = all_among(a, b), back = all_among(b, a);
    return there && back ? "the same rows" : there ? more : back ? fewer : NULL;
}

/* x in (1, 2) -> x in (1, 2, 3); x = 1 counts as x in (1). */
static const char *compare_lists(const struct hs_rule *a, const struct hs_rule *b)
{
    bool lists = (a->op == HS_RULE_IN || a->op == HS_RULE_EQ) && (b->op == HS_RULE_IN || b->op == HS_RULE_EQ);
    if (!lists || a->arg_count < 2 || b->arg_count < 2 || !hs_rule_same(a->args[0], b->args[0]))
        return NULL;
    struct parts x = {.at = a->args + 1, .count = a->arg_count - 1}, y = {.at = b->args + 1, .count = b->arg_count - 1};
    return compare_parts(&x, &y, "wider", "narrower");
}

/* Both as alternatives: more of them, wider. */
static const char *compare_alternatives(const struct hs_rule *a, const struct hs_rule *b)
{
    struct parts x, y;
    parts_of(&x, a, HS_RULE_OR);
    parts_of(&y, b, HS_RULE_OR);
    const char *lists = x.count == 1 && y.count == 1 ? compare_lists(a, b) : NULL;
    return lists ? lists : compare_parts(&x, &y, "wider", "narrower");
}

/* Both as conditions that must all hold: more of them, narrower. NULL: not provable so. */
static const char *compare_rows(const struct hs_rule *a, const struct hs_rule *b)
{
    if (!a || !b)
        return a ? "wider" : "narrower";
    struct parts x, y;
    parts_of(&x, a, HS_RULE_AND);
    parts_of(&y, b, HS_RULE_AND);
    const char *whole = compare_parts(&x, &y, "narrower", "wider");
    if (whole)
        return whole;
    const struct hs_rule *from = NULL, *to = NULL;
    size_t gone = 0, come = 0;
    for (size_t i = 0; i < x.count; i++)
        if (!among(x.at[i], y.at, y.count)) {
            from = x.at[i];
            gone++;
        }
    for (size_t i = 0; i < y.count; i++)
        if (!among(y.at[i], x.at, x.count)) {
            to = y.at[i];
            come++;
        }
    return gone == 1 && come == 1 ? compare_alternatives(from, to) : NULL;
}

static void add_predicate(struct hs_buf *b, const struct side *s)
{
    if (!s->visible)
        hs_buf_addz(b, "none");
    else if (!s->d->rows)
        hs_buf_addz(b, "all");
    else
        hs_buf_add_rule(b, s->d->rows);
}

static void tell_rows(struct comparer *k, const struct side *before, const struct side *after)
{
    const struct hs_rule *a = before->visible ? before->d->rows : NULL, *b = after->visible ? after->d->rows : NULL;
    if (before->visible && after->visible && (a == b || (a && b && hs_rule_same(a, b))))
        return;
    hs_buf_addz(k->out, "rows: ");
    add_predicate(k->out, before);
    hs_buf_addz(k->out, " -> ");
    add_predicate(k->out, after);
    const char *which = !before->visible ? "wider" : !after->visible ? "narrower" : compare_rows(a, b);
    hs_buf_addf(k->out, " (%s)\n", which ? which : "wider, narrower or both: not provable");
}

/* ---- the rest ---- */

static void tell_number(struct comparer *k, const char *name, int64_t before, int64_t after)
{
    if (before == after)
        return;
    hs_buf_addf(k->out, "%s: ", name);
    if (before)
        hs_buf_addf(k->out, "%lld -> ", (long long)before);
    else
        hs_buf_addz(k->out, "none -> ");
    if (after)
        hs_buf_addf(k->out, "%lld\n", (long long)after);
    else
        hs_buf_addz(k->out, "none\n");
}

static void tell_limits(struct comparer *k, const struct hs_limits *a, const struct hs_limits *b)
{
    tell_number(k, "limit concurrent", a->concurrent, b->concurrent);
    tell_number(k, "limit memory_bytes", a->memory_bytes, b->memory_bytes);
    tell_number(k, "limit time_ms", a->time_ms, b->time_ms);
    tell_number(k, "limit rows", a->rows, b->rows);
    tell_number(k, "limit rows_per_day", a->rows_per_day, b->rows_per_day);
    tell_number(k, "limit bytes_per_day", a->bytes_per_day, b->bytes_per_day);
}

static const struct state *find(const struct states *s, hs_str path)
{
    return hs_map_get(s->by_path, path);
}

/* What lies in a field that came or went has come or gone with it, and needs no line of its own where it is shown. */
static bool goes_without_saying(const struct states *mine, const struct states *other, const struct state *s)
{
    return s->parent >= 0 && !find(other, mine->all.at[s->parent].path) && hs_str_is(s->how, "shown");
}

static void tell_fields(struct comparer *k, const struct side *before, const struct side *after)
{
    const struct states *a = &before->states, *b = &after->states;
    for (size_t i = 0; i < a->all.len; i++) {
        const struct state *s = &a->all.at[i], *now = find(b, s->path);
        if (now ? hs_str_eq(s->how, now->how) : goes_without_saying(a, b, s))
            continue;
        hs_buf_addf(k->out, "%.*s: %.*s -> %.*s\n", HS_FMT(s->path), HS_FMT(s->how),
                    HS_FMT(now ? now->how : HS_S("hidden")));
    }
    for (size_t i = 0; i < b->all.len; i++) {
        const struct state *s = &b->all.at[i];
        if (!find(a, s->path) && !goes_without_saying(b, a, s))
            hs_buf_addf(k->out, "%.*s: hidden -> %.*s\n", HS_FMT(s->path), HS_FMT(s->how));
    }
}

static void add_visibility(struct hs_buf *b, const struct side *s)
{
    if (s->refused.len)
        hs_buf_addf(b, "refused (%.*s)", HS_FMT(s->refused));
    else
        hs_buf_addz(b, s->visible ? "visible" : "not visible");
}

static void tell_visibility(struct comparer *k, const struct side *a, const struct side *b)
{
    if (a->visible == b->visible && hs_str_eq(a->refused, b->refused))
        return;
    hs_buf_addz(k->out, "the table: ");
    add_visibility(k->out, a);
    hs_buf_addz(k->out, " -> ");
    add_visibility(k->out, b);
    hs_buf_addc(k->out, '\n');
}

static hs_rc decide(struct comparer *k, const struct hs_seen_as *as, struct side *out)
{
    struct hs_err why;
    hs_err_clear(&why);
    if (!as->table || !as->who || !as->bound)
        return HS_OK;
    hs_rc rc = hs_policy_decide(k->arena, as->model, as->who, as->table, as->bound, k->facts, &out->d, &why);
    if (rc == HS_OK) {
        out->visible = out->d->allowed;
        return HS_OK;
    }
    out->d = NULL;
    out->refused = rc == HS_NOMEM ? (hs_str){0} : hs_arena_str(k->arena, hs_str_of(why.detail));
    return out->refused.at ? HS_OK : hs_no_memory(k->err);
}

hs_rc hs_policy_compare(struct hs_arena *a, const struct hs_seen_as *before, const struct hs_seen_as *after,
                        const struct hs_facts *facts, struct hs_buf *out, struct hs_err *err)
{
    struct comparer k = {a, facts, out, err};
    struct side x = {0}, y = {0};
    HS_TRY(decide(&k, before, &x));
    HS_TRY(decide(&k, after, &y));
    bool digests = x.d && y.d && memcmp(x.d->digest, y.d->digest, sizeof x.d->digest) == 0;
    if (digests || (!x.visible && !y.visible && hs_str_eq(x.refused, y.refused)))
        return HS_OK;
    HS_TRY(gather(&k, &x));
    HS_TRY(gather(&k, &y));
    size_t begin = out->len;
    tell_visibility(&k, &x, &y);
    tell_rows(&k, &x, &y);
    tell_fields(&k, &x, &y);
    tell_number(&k, "aggregates alone, over groups of at least", x.visible ? x.d->minimum : 0,
                y.visible ? y.d->minimum : 0);
    if (x.visible && y.visible)
        tell_limits(&k, &x.d->limits, &y.d->limits);
    if (out->len == begin)
        hs_buf_addz(out, "types, ids or the order of columns changed\n");
    return hs_buf_done(out, err);
}
