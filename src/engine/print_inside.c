/* Predicates that may also stand inside the fence, where they prune row groups: comparisons of one unmasked column with
 * constants of its own type, or values bound to parameters, joined by AND, OR, NOT. They cannot raise an error, so they
 * cannot tell anything of a row that the policy hides; and they stay outside as well, so that leaving one out is never
 * wrong. */
#include "engine/inside_in.h"

#include "base/fault.h"

struct predicate {
    const struct hs_sources *from;
    const struct hs_params *params; /* NULL: none are bound */
    bool negated;
    struct hs_buf text;
    const struct hs_source *source; /* the one all columns belong to */
};

/* What attack 3 needs to succeed: predicates that see the value below the mask (hs_scan_print puts them there). */
static void add_raw_name(struct predicate *p, const struct hs_scan_column *c)
{
    const char *at = memmem(c->expression.at, c->expression.len, "\"f", 2);
    size_t left = at ? c->expression.len - (size_t)(at - c->expression.at) : 0;
    const char *end = at ? memchr(at + 1, '"', left - 1) : NULL;
    if (end)
        hs_buf_add(&p->text, at, (size_t)(end - at) + 1);
    else
        p->text.failed = true;
}

static const struct hs_scan_column *add_column(struct predicate *p, const struct hs_node *n)
{
    const struct hs_source *s;
    const struct hs_scan_column *c = hs_inside_column(p->from, n, &s);
    if (!c || (p->source && p->source != s))
        return NULL;
    p->source = s;
    if (hs_defence("mask-predicate"))
        hs_buf_add_sql_name(&p->text, c->name);
    else
        add_raw_name(p, c);
    return c;
}

/* ---- predicates ---- */
/* The engine believes a Parquet file's bounds, in which NaN has no part, though to it NaN is the greatest number: what
 * NaN would meet may not be asked of the file. */
static bool nan_may_meet(const struct predicate *p, const struct hs_scan_column *c, hs_word type, bool turned)
{
    bool floating = c->type->id == HS_T_DOUBLE || c->type->id == HS_T_FLOAT;
    bool below =
        turned ? type == HS_W_GREATER || type == HS_W_GREATER_EQUAL : type == HS_W_LESS || type == HS_W_LESS_EQUAL;
    return floating && (p->negated || !(below || type == HS_W_EQUAL || type == HS_W_IN));
}

static bool add_predicate(struct predicate *p, const struct hs_node *n);

/* A bound value is written as a constant: of a parameter the engine knows nothing when it plans, and reads all. */
static bool add_value(const struct predicate *p, struct hs_buf *out, const struct hs_node *n,
                      const struct hs_type *type)
{
    struct hs_param value;
    if (!HS_IS(PARAMETER, n))
        return hs_print_same_typed(out, n, type);
    return hs_inside_value(NULL, n, type, p->params, &value) && hs_print_bound(out, &value, type);
}

static bool add_comparison(struct predicate *p, const struct hs_n_COMPARISON *c)
{
    bool turned = !HS_IS(COLUMN, c->left);
    const struct hs_node *column = turned ? c->right : c->left, *constant = turned ? c->left : c->right;
    struct hs_buf value;
    hs_buf_init(&value, 1 << 16);
    size_t start = p->text.len;
    const struct hs_scan_column *known = add_column(p, column);
    bool ok = known && !nan_may_meet(p, known, c->head.type, turned) && add_value(p, &value, constant, known->type) &&
              !value.failed;
    if (ok && turned) { /* constant < column */
        p->text.len = start;
        hs_buf_adds(&p->text, hs_buf_str(&value));
        hs_buf_addf(&p->text, " %s ", hs_word_sql(c->head.type));
        add_column(p, column);
    } else if (ok) {
        hs_buf_addf(&p->text, " %s ", hs_word_sql(c->head.type));
        hs_buf_adds(&p->text, hs_buf_str(&value));
    }
    hs_buf_fini(&value);
    return ok;
}

static bool add_constants(struct predicate *p, const struct hs_scan_column *c, struct hs_node *const *at, size_t count,
                          const char *between)
{
    for (size_t i = 0; i < count; i++) {
        hs_buf_addz(&p->text, i ? between : "");
        if (!add_value(p, &p->text, at[i], c->type))
            return false;
    }
    return true;
}

static bool add_between(struct predicate *p, const struct hs_n_BETWEEN *b)
{
    struct hs_node *const ends[] = {b->lower, b->upper};
    const struct hs_scan_column *c = add_column(p, b->input);
    hs_buf_addz(&p->text, " BETWEEN ");
    return c && !nan_may_meet(p, c, HS_W_LESS_EQUAL, false) && add_constants(p, c, ends, 2, " AND ");
}

static bool add_all(struct predicate *p, const struct hs_nodes *children, const char *word)
{
    for (size_t i = 0; i < children->len; i++) {
        if (i)
            hs_buf_addf(&p->text, " %s ", word);
        if (!add_predicate(p, children->at[i]))
            return false;
    }
    return true;
}

static bool add_operator(struct predicate *p, const struct hs_n_OPERATOR *o)
{
    hs_word type = o->head.type;
    const struct hs_scan_column *c;
    bool was_negated = p->negated;
    if (type == HS_W_NOT) {
        hs_buf_addz(&p->text, "NOT ");
        p->negated = true;
        bool ok = add_predicate(p, o->children.at[0]);
        p->negated = was_negated;
        return ok;
    }
    if (type == HS_W_IS_NULL || type == HS_W_IS_NOT_NULL) {
        c = add_column(p, o->children.at[0]);
        hs_buf_addf(&p->text, " %s", hs_word_sql(type));
        return c != NULL;
    }
    if (type != HS_W_IN && type != HS_W_NOT_IN)
        return false;
    c = add_column(p, o->children.at[0]);
    hs_buf_addf(&p->text, " %s (", hs_word_sql(type));
    bool ok =
        c && !nan_may_meet(p, c, type, false) && add_constants(p, c, o->children.at + 1, o->children.len - 1, ", ");
    hs_buf_addc(&p->text, ')');
    return ok;
}

static bool add_flag(struct predicate *p, const struct hs_node *n)
{
    const struct hs_scan_column *c = add_column(p, n);
    return c && c->type->id == HS_T_BOOLEAN;
}

static bool add_predicate(struct predicate *p, const struct hs_node *n)
{
    bool ok = false;
    hs_buf_addc(&p->text, '(');
    if (HS_IS(COMPARISON, n))
        ok = add_comparison(p, HS_AS(COMPARISON, n));
    else if (HS_IS(BETWEEN, n))
        ok = add_between(p, HS_AS(BETWEEN, n));
    else if (HS_IS(CONJUNCTION, n))
        ok = add_all(p, &HS_AS(CONJUNCTION, n)->children, hs_word_sql(n->type));
    else if (HS_IS(OPERATOR, n))
        ok = add_operator(p, HS_AS(OPERATOR, n));
    else if (HS_IS(COLUMN, n))
        ok = add_flag(p, n);
    hs_buf_addc(&p->text, ')');
    return ok;
}

struct copies {
    const struct hs_params *params;
    struct hs_buf *inside;
};

static hs_rc copy_one(void *arg, const struct hs_sources *from, const struct hs_node *n, struct hs_err *err)
{
    const struct copies *c = arg;
    struct predicate p = {.from = from, .params = c->params};
    (void)err;
    hs_buf_init(&p.text, 1 << 20);
    if (add_predicate(&p, n) && p.source && !p.text.failed) {
        struct hs_buf *out = &c->inside[p.source->index];
        hs_buf_addz(out, out->len ? " AND " : "");
        hs_buf_adds(out, hs_buf_str(&p.text));
    }
    hs_buf_fini(&p.text);
    return HS_OK;
}

hs_rc hs_print_inside(const struct hs_statement *s, const struct hs_scan *scans, const struct hs_params *params,
                      struct hs_buf *inside, struct hs_err *err)
{
    struct copies c = {params, inside};
    HS_TRY(hs_each_conjunct(s, scans, copy_one, &c, err));
    for (size_t i = 0; i < s->ref_count; i++)
        HS_TRY(hs_buf_done(&inside[i], err));
    return HS_OK;
}
