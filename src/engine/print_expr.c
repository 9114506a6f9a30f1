/* Expressions as text: every name quoted, every operation in brackets, every number in the spelling that parses to it.
 */
#include "engine/print_in.h"

#include "base/fault.h"

void hs_print_exprs(struct hs_print *p, const struct hs_nodes *exprs)
{
    for (size_t i = 0; i < exprs->len; i++) {
        if (i)
            hs_buf_addz(p->out, ", ");
        hs_print_expr(p, exprs->at[i]);
    }
}

void hs_print_names(struct hs_print *p, const struct hs_names *names)
{
    for (size_t i = 0; i < names->len; i++) {
        if (i)
            hs_buf_addz(p->out, ", ");
        hs_buf_add_sql_name(p->out, names->at[i]);
    }
}

void hs_print_orders(struct hs_print *p, const struct hs_nodes *orders)
{
    hs_buf_addz(p->out, "ORDER BY ");
    for (size_t i = 0; i < orders->len; i++) {
        const struct hs_n_ORDER *o = HS_AS(ORDER, orders->at[i]);
        if (i)
            hs_buf_addz(p->out, ", ");
        hs_print_expr(p, o->expression);
        hs_buf_addz(p->out, hs_word_sql(o->type));
        hs_buf_addz(p->out, hs_word_sql(o->null_order));
    }
}

/* ---- types ---- */
static void print_members(struct hs_buf *out, const struct hs_type_name *t)
{
    for (size_t i = 0; i < t->arg_count; i++) {
        if (i)
            hs_buf_addz(out, ", ");
        if (t->args[i].label.len) {
            hs_buf_add_sql_name(out, t->args[i].label);
            hs_buf_addc(out, ' ');
        }
        hs_print_type(out, &t->args[i]);
    }
}

void hs_print_type(struct hs_buf *out, const struct hs_type_name *t)
{
    bool list = strcmp(t->name, "LIST") == 0, array = strcmp(t->name, "ARRAY") == 0;
    if (list || array) {
        hs_print_type(out, t->args);
        if (list)
            hs_buf_addz(out, "[]");
        else
            hs_buf_addf(out, "[%lld]", (long long)t->numbers[0]);
        return;
    }
    hs_buf_addz(out, t->name);
    if (!t->arg_count && !t->number_count)
        return;
    hs_buf_addc(out, '(');
    print_members(out, t);
    for (size_t i = 0; i < t->number_count; i++)
        hs_buf_addf(out, "%s%lld", i ? ", " : "", (long long)t->numbers[i]);
    hs_buf_addc(out, ')');
}

/* ---- leaves ---- */
static void print_column(struct hs_print *p, const struct hs_node *n)
{
    const struct hs_names *names = &HS_AS(COLUMN, n)->column_names;
    for (size_t i = 0; i < names->len; i++) {
        if (i)
            hs_buf_addc(p->out, '.');
        hs_buf_add_sql_name(p->out, names->at[i]);
    }
}

/* A negative number stands in brackets: (-1) ^ 2 is not - (1 ^ 2), and two dashes would start a comment. */
static void print_constant(struct hs_print *p, const struct hs_node *n)
{
    const struct hs_value *v = &HS_AS(CONSTANT, n)->value;
    switch (v->kind) {
    case HS_V_NULL:
        hs_buf_addz(p->out, "NULL");
        return;
    case HS_V_TEXT:
        hs_buf_add_sql_text(p->out, v->text);
        return;
    case HS_V_INTEGER:
    case HS_V_DECIMAL:
    case HS_V_DOUBLE:
        if (v->text.at[0] == '-')
            hs_buf_addf(p->out, "(%.*s)", HS_FMT(v->text));
        else
            hs_buf_adds(p->out, v->text);
        return;
    case HS_V_OPEN: /* a slice prints it by leaving it out */
    case HS_V_BOOLEAN:
        break;
    }
    p->failed = true;
}

static void print_parameter(struct hs_print *p, const struct hs_node *n)
{
    hs_buf_addc(p->out, '$');
    hs_buf_adds(p->out, HS_AS(PARAMETER, n)->identifier); /* digits: checked by the guard */
}

static void print_position(struct hs_print *p, const struct hs_node *n)
{
    hs_buf_addf(p->out, "#%lld", (long long)HS_AS(POSITION, n)->index);
}

/* ---- stars ---- */
static void print_path(struct hs_print *p, const struct hs_node *n)
{
    const struct hs_n_COLUMN_PATH *c = HS_AS(COLUMN_PATH, n);
    const hs_str parts[] = {c->catalog, c->schema, c->table, c->column};
    bool first = true;
    for (size_t i = 0; i < 4; i++) {
        if (!parts[i].len)
            continue;
        if (!first)
            hs_buf_addc(p->out, '.');
        hs_buf_add_sql_name(p->out, parts[i]);
        first = false;
    }
}

static void print_exclude(struct hs_print *p, const struct hs_n_STAR *s)
{
    if (!s->exclude_list.len && !s->qualified_exclude_list.len)
        return;
    hs_buf_addz(p->out, " EXCLUDE (");
    hs_print_names(p, &s->exclude_list);
    for (size_t i = 0; i < s->qualified_exclude_list.len; i++) {
        if (i || s->exclude_list.len)
            hs_buf_addz(p->out, ", ");
        print_path(p, s->qualified_exclude_list.at[i]);
    }
    hs_buf_addc(p->out, ')');
}

static void print_replace(struct hs_print *p, const struct hs_n_STAR *s)
{
    for (size_t i = 0; i < s->replace_list.len; i++) {
        const struct hs_n_REPLACEMENT *r = HS_AS(REPLACEMENT, s->replace_list.at[i]);
        hs_buf_addz(p->out, i ? ", " : " REPLACE (");
        hs_print_expr(p, r->value);
        hs_buf_addz(p->out, " AS ");
        hs_buf_add_sql_name(p->out, r->key);
    }
    if (s->replace_list.len)
        hs_buf_addc(p->out, ')');
}

static void print_rename(struct hs_print *p, const struct hs_n_STAR *s)
{
    for (size_t i = 0; i < s->rename_list.len; i++) {
        const struct hs_n_RENAMING *r = HS_AS(RENAMING, s->rename_list.at[i]);
        hs_buf_addz(p->out, i ? ", " : " RENAME (");
        print_path(p, r->key);
        hs_buf_addz(p->out, " AS ");
        hs_buf_add_sql_name(p->out, r->value);
    }
    if (s->rename_list.len)
        hs_buf_addc(p->out, ')');
}

/* The engine's own printer leaves the relation of z.* unquoted, which is how a name can become a FROM of its own. */
static void print_star(struct hs_print *p, const struct hs_node *n)
{
    const struct hs_n_STAR *s = HS_AS(STAR, n);
    hs_buf_addz(p->out, s->columns ? "COLUMNS(" : "");
    if (s->expr) {
        hs_print_expr(p, s->expr);
    } else {
        if (s->relation_name.len && hs_defence("printer"))
            hs_buf_add_sql_name(p->out, s->relation_name);
        else
            hs_buf_adds(p->out, s->relation_name);
        hs_buf_addz(p->out, s->relation_name.len ? ".*" : "*");
        print_exclude(p, s);
        print_replace(p, s);
        print_rename(p, s);
    }
    hs_buf_addz(p->out, s->columns ? ")" : "");
}

/* ---- functions ---- */
static void print_operator_call(struct hs_print *p, const struct hs_n_FUNCTION *f)
{
    hs_str name = f->function_name;
    bool postfix = hs_str_is(name, "!__postfix");
    hs_buf_addc(p->out, '(');
    if (f->children.len == 2 || postfix) {
        hs_print_expr(p, f->children.at[0]);
        hs_buf_addc(p->out, ' ');
    }
    hs_buf_adds(p->out, postfix ? HS_S("!") : name); /* from the guard's table of operators */
    if (!postfix) {
        hs_buf_addc(p->out, ' ');
        hs_print_expr(p, f->children.at[f->children.len - 1]);
    }
    hs_buf_addc(p->out, ')');
}

static void print_arguments(struct hs_print *p, const struct hs_nodes *args)
{
    for (size_t i = 0; i < args->len; i++) {
        if (i)
            hs_buf_addz(p->out, ", ");
        if (args->at[i]->alias.len) {
            hs_buf_add_sql_name(p->out, args->at[i]->alias);
            hs_buf_addz(p->out, " := ");
        }
        hs_print_expr(p, args->at[i]);
    }
}

static void print_function(struct hs_print *p, const struct hs_node *n)
{
    const struct hs_n_FUNCTION *f = HS_AS(FUNCTION, n);
    const struct hs_nodes *orders = f->order_bys ? &HS_AS(ORDER_BY, f->order_bys)->orders : NULL;
    if (f->is_operator) {
        print_operator_call(p, f);
        return;
    }
    if (f->schema.len) {
        hs_buf_add_sql_name(p->out, f->schema);
        hs_buf_addc(p->out, '.');
    }
    hs_buf_add_sql_name(p->out, f->function_name);
    hs_buf_addz(p->out, f->distinct ? "(DISTINCT " : "(");
    print_arguments(p, &f->children);
    if (orders) {
        hs_buf_addz(p->out, f->children.len ? " " : ") WITHIN GROUP (");
        hs_print_orders(p, orders);
    }
    hs_buf_addc(p->out, ')');
    if (f->filter) {
        hs_buf_addz(p->out, " FILTER (WHERE ");
        hs_print_expr(p, f->filter);
        hs_buf_addc(p->out, ')');
    }
}

static void print_edge(struct hs_print *p, hs_word edge, const struct hs_node *value)
{
    bool following = edge == HS_W_FOLLOWING_ROWS || edge == HS_W_FOLLOWING_RANGE || edge == HS_W_FOLLOWING_GROUPS;
    if (value) {
        hs_print_expr(p, value);
        hs_buf_addz(p->out, following ? " FOLLOWING" : " PRECEDING");
    } else if (edge == HS_W_UNBOUNDED_PRECEDING || edge == HS_W_UNBOUNDED_FOLLOWING) {
        hs_buf_addz(p->out, hs_word_sql(edge));
    } else {
        hs_buf_addz(p->out, "CURRENT ROW");
    }
}

static const char *frame_unit(const struct hs_n_WINDOW *w)
{
    if (w->end >= HS_W_CURRENT_RANGE)
        return hs_word_sql(w->end);
    return w->start >= HS_W_CURRENT_RANGE ? hs_word_sql(w->start) : "ROWS";
}

static void print_over(struct hs_print *p, const struct hs_n_WINDOW *w)
{
    hs_buf_addz(p->out, " OVER (");
    if (w->partitions.len) {
        hs_buf_addz(p->out, "PARTITION BY ");
        hs_print_exprs(p, &w->partitions);
        hs_buf_addc(p->out, ' ');
    }
    if (w->orders.len) {
        hs_print_orders(p, &w->orders);
        hs_buf_addc(p->out, ' ');
    }
    hs_buf_addz(p->out, frame_unit(w));
    hs_buf_addz(p->out, " BETWEEN ");
    print_edge(p, w->start, w->start_expr);
    hs_buf_addz(p->out, " AND ");
    print_edge(p, w->end, w->end_expr);
    hs_buf_addz(p->out, hs_word_sql(w->exclude_clause));
    hs_buf_addc(p->out, ')');
}

static void print_window(struct hs_print *p, const struct hs_node *n)
{
    const struct hs_n_WINDOW *w = HS_AS(WINDOW, n);
    hs_buf_add_sql_name(p->out, w->function_name);
    hs_buf_addz(p->out, w->distinct ? "(DISTINCT " : "(");
    print_arguments(p, &w->children);
    for (int i = 0; i < 2; i++) {
        const struct hs_node *extra = i ? w->default_expr : w->offset_expr;
        if (extra) {
            hs_buf_addz(p->out, ", ");
            hs_print_expr(p, extra);
        }
    }
    if (w->arg_orders.len) {
        hs_buf_addc(p->out, ' ');
        hs_print_orders(p, &w->arg_orders);
    }
    hs_buf_addz(p->out, w->ignore_nulls ? " IGNORE NULLS)" : ")");
    if (w->filter_expr) {
        hs_buf_addz(p->out, " FILTER (WHERE ");
        hs_print_expr(p, w->filter_expr);
        hs_buf_addc(p->out, ')');
    }
    print_over(p, w);
}

/* ---- the rest ---- */
static void print_case(struct hs_print *p, const struct hs_node *n)
{
    const struct hs_n_CASE *c = HS_AS(CASE, n);
    hs_buf_addz(p->out, "(CASE");
    for (size_t i = 0; i < c->case_checks.len; i++) {
        const struct hs_n_CASE_CHECK *check = HS_AS(CASE_CHECK, c->case_checks.at[i]);
        hs_buf_addz(p->out, " WHEN ");
        hs_print_expr(p, check->when_expr);
        hs_buf_addz(p->out, " THEN ");
        hs_print_expr(p, check->then_expr);
    }
    hs_buf_addz(p->out, " ELSE ");
    hs_print_expr(p, c->else_expr);
    hs_buf_addz(p->out, " END)");
}

static void print_cast(struct hs_print *p, const struct hs_node *n)
{
    const struct hs_n_CAST *c = HS_AS(CAST, n);
    hs_buf_addz(p->out, c->try_cast ? "TRY_CAST(" : "CAST(");
    hs_print_expr(p, c->child);
    hs_buf_addz(p->out, " AS ");
    hs_print_type(p->out, &c->cast_type);
    hs_buf_addc(p->out, ')');
}

static void print_collate(struct hs_print *p, const struct hs_node *n)
{
    hs_buf_addc(p->out, '(');
    hs_print_expr(p, HS_AS(COLLATE, n)->child);
    hs_buf_addz(p->out, " COLLATE ");
    hs_buf_add_sql_name(p->out, HS_AS(COLLATE, n)->collation);
    hs_buf_addc(p->out, ')');
}

static void print_between_words(struct hs_print *p, const struct hs_node *a, const char *word, const struct hs_node *b)
{
    hs_buf_addc(p->out, '(');
    hs_print_expr(p, a);
    hs_buf_addf(p->out, " %s ", word);
    hs_print_expr(p, b);
    hs_buf_addc(p->out, ')');
}

static void print_comparison(struct hs_print *p, const struct hs_node *n)
{
    print_between_words(p, HS_AS(COMPARISON, n)->left, hs_word_sql(n->type), HS_AS(COMPARISON, n)->right);
}

static void print_conjunction(struct hs_print *p, const struct hs_node *n)
{
    const struct hs_nodes *children = &HS_AS(CONJUNCTION, n)->children;
    for (size_t i = 0; i < children->len; i++) {
        if (i)
            hs_buf_addf(p->out, " %s ", hs_word_sql(n->type));
        else
            hs_buf_addc(p->out, '(');
        hs_print_expr(p, children->at[i]);
    }
    hs_buf_addc(p->out, ')');
}

static void print_between(struct hs_print *p, const struct hs_node *n)
{
    const struct hs_n_BETWEEN *b = HS_AS(BETWEEN, n);
    hs_buf_addc(p->out, '(');
    hs_print_expr(p, b->input);
    hs_buf_addz(p->out, " BETWEEN ");
    hs_print_expr(p, b->lower);
    hs_buf_addz(p->out, " AND ");
    hs_print_expr(p, b->upper);
    hs_buf_addc(p->out, ')');
}

static bool is_open(const struct hs_node *n)
{
    return HS_IS(CONSTANT, n) && HS_AS(CONSTANT, n)->value.kind == HS_V_OPEN;
}

static void print_slice(struct hs_print *p, const struct hs_nodes *c)
{
    hs_buf_addc(p->out, '(');
    hs_print_expr(p, c->at[0]);
    hs_buf_addz(p->out, ")[");
    if (!is_open(c->at[1]))
        hs_print_expr(p, c->at[1]);
    hs_buf_addc(p->out, ':');
    if (!is_open(c->at[2]))
        hs_print_expr(p, c->at[2]);
    else if (c->len == 4)
        hs_buf_addc(p->out, '-');
    if (c->len == 4) {
        hs_buf_addc(p->out, ':');
        hs_print_expr(p, c->at[3]);
    }
    hs_buf_addc(p->out, ']');
}

static void print_list_call(struct hs_print *p, const char *open, const struct hs_nodes *c, const char *close)
{
    hs_buf_addz(p->out, open);
    hs_print_exprs(p, c);
    hs_buf_addz(p->out, close);
}

static void print_in(struct hs_print *p, const struct hs_node *n, const struct hs_nodes *c)
{
    hs_buf_addc(p->out, '(');
    hs_print_expr(p, c->at[0]);
    hs_buf_addf(p->out, " %s (", hs_word_sql(n->type));
    hs_print_exprs(p, &(struct hs_nodes){c->at + 1, c->len - 1, c->len - 1});
    hs_buf_addz(p->out, "))");
}

static void print_operator(struct hs_print *p, const struct hs_node *n)
{
    const struct hs_nodes *c = &HS_AS(OPERATOR, n)->children;
    hs_word type = n->type;
    if (type == HS_W_IN || type == HS_W_NOT_IN) {
        print_in(p, n, c);
    } else if (type == HS_W_NOT) {
        print_list_call(p, "(NOT ", c, ")");
    } else if (type == HS_W_IS_NULL) {
        print_list_call(p, "(", c, " IS NULL)");
    } else if (type == HS_W_IS_NOT_NULL) {
        print_list_call(p, "(", c, " IS NOT NULL)");
    } else if (type == HS_W_UNPACK) {
        print_list_call(p, "*", c, "");
    } else if (type == HS_W_ARRAY) {
        print_list_call(p, "(ARRAY[", c, "])");
    } else if (type == HS_W_SLICE) {
        print_slice(p, c);
    } else if (type == HS_W_ELEMENT) {
        hs_buf_addc(p->out, '(');
        hs_print_expr(p, c->at[0]);
        hs_buf_addz(p->out, ")[");
        hs_print_expr(p, c->at[1]);
        hs_buf_addc(p->out, ']');
    } else if (type == HS_W_MEMBER) {
        hs_buf_addc(p->out, '(');
        hs_print_expr(p, c->at[0]);
        hs_buf_addz(p->out, ").");
        hs_buf_add_sql_name(p->out, HS_AS(CONSTANT, c->at[1])->value.text);
    } else { /* COALESCE, TRY, GROUPING */
        hs_buf_addz(p->out, hs_word_sql(type));
        print_list_call(p, "(", c, ")");
    }
}

static void print_subquery(struct hs_print *p, const struct hs_node *n)
{
    const struct hs_n_SUBQUERY *s = HS_AS(SUBQUERY, n);
    if (s->subquery_type != HS_W_ANY) {
        hs_buf_addz(p->out, hs_word_sql(s->subquery_type));
        hs_print_statement(p, s->subquery);
        return;
    }
    hs_buf_addc(p->out, '(');
    hs_print_expr(p, s->child);
    hs_buf_addf(p->out, " %s ANY ", hs_word_sql(s->comparison_type));
    hs_print_statement(p, s->subquery);
    hs_buf_addc(p->out, ')');
}

static void print_lambda(struct hs_print *p, const struct hs_node *n)
{
    const struct hs_n_LAMBDA *l = HS_AS(LAMBDA, n);
    if (l->syntax_type != HS_W_KEYWORD) {
        print_between_words(p, l->lhs, "->", l->expr);
        return;
    }
    hs_buf_addz(p->out, "(lambda ");
    if (HS_IS(COLUMN, l->lhs))
        hs_print_expr(p, l->lhs);
    else
        hs_print_exprs(p, &HS_AS(FUNCTION, l->lhs)->children);
    hs_buf_addz(p->out, ": ");
    hs_print_expr(p, l->expr);
    hs_buf_addc(p->out, ')');
}

void hs_print_expr(struct hs_print *p, const struct hs_node *n)
{
    static void (*const printers[HS_N_COUNT_])(struct hs_print *, const struct hs_node *) = {
        [HS_N_COLUMN] = print_column,
        [HS_N_CONSTANT] = print_constant,
        [HS_N_PARAMETER] = print_parameter,
        [HS_N_FUNCTION] = print_function,
        [HS_N_WINDOW] = print_window,
        [HS_N_CASE] = print_case,
        [HS_N_CAST] = print_cast,
        [HS_N_COLLATE] = print_collate,
        [HS_N_COMPARISON] = print_comparison,
        [HS_N_CONJUNCTION] = print_conjunction,
        [HS_N_BETWEEN] = print_between,
        [HS_N_OPERATOR] = print_operator,
        [HS_N_SUBQUERY] = print_subquery,
        [HS_N_LAMBDA] = print_lambda,
        [HS_N_POSITION] = print_position,
        [HS_N_STAR] = print_star,
    };
    if (printers[n->kind])
        printers[n->kind](p, n);
    else
        p->failed = true;
}
