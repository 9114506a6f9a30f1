/* What a statement asks of a table's rows, in the words of the table format. The engine says it by the columns that the
 * person sees (engine/conditions.h); only columns whose values he sees as they are come up there, and here each gets
 * the field id that the decision knows it by. Like the decision's own rule it leaves files out and nothing else: the
 * engine applies the statement to every row all the same. The engine's tree came from a worker of this person's: one
 * that lies takes rows from its own person's answer, which it could do anyway. */
#include "access/filter.h"

enum { DEPTH = 200 };

struct asked {
    struct hs_arena *arena;
    const struct hs_decision *decision;
    bool no_memory;
    int depth;
};

static const struct hs_filter *any(void)
{
    return hs_filter_constant(HS_FILTER_ANY);
}

static const struct hs_filter *checked(struct asked *a, const struct hs_filter *f)
{
    a->no_memory |= f == NULL;
    return f ? f : any();
}

static enum hs_filter_op op_of(enum hs_ask op)
{
    switch (op) {
    case HS_ASK_EQ:
        return HS_FILTER_EQ;
    case HS_ASK_NE:
        return HS_FILTER_NE;
    case HS_ASK_LT:
        return HS_FILTER_LT;
    case HS_ASK_LE:
        return HS_FILTER_LE;
    case HS_ASK_GT:
        return HS_FILTER_GT;
    case HS_ASK_GE:
        return HS_FILTER_GE;
    case HS_ASK_IN:
        return HS_FILTER_IN;
    case HS_ASK_NOT_IN:
        return HS_FILTER_NOT_IN;
    case HS_ASK_IS_NULL:
        return HS_FILTER_IS_NULL;
    case HS_ASK_NOT_NULL:
        return HS_FILTER_NOT_NULL;
    case HS_ASK_STARTS_WITH:
        return HS_FILTER_STARTS_WITH;
    case HS_ASK_ANY:
    case HS_ASK_AND:
    case HS_ASK_OR:
    case HS_ASK_NOT:
        break;
    }
    return HS_FILTER_ANY;
}

static const struct hs_filter *test(struct asked *a, const struct hs_condition *c)
{
    enum hs_filter_op op = op_of(c->op);
    bool may = op != HS_FILTER_ANY && c->column < a->decision->column_count;
    const struct hs_field *field = may ? a->decision->columns[c->column].field : NULL;
    return field && field->id >= 0 ? checked(a, hs_filter_test(a->arena, op, field->id, c->values, c->value_count))
                                   : any();
}

static const struct hs_filter *translate(struct asked *a, const struct hs_condition *c);

static const struct hs_filter *chain(struct asked *a, const struct hs_condition *c)
{
    const struct hs_filter **parts = hs_arena_array(a->arena, c->part_count + 1, sizeof *parts);
    if (!parts)
        return checked(a, NULL);
    for (size_t i = 0; i < c->part_count; i++)
        parts[i] = translate(a, &c->parts[i]);
    return checked(a, c->op == HS_ASK_AND ? hs_filter_and(a->arena, parts, c->part_count)
                                          : hs_filter_or(a->arena, parts, c->part_count));
}

static const struct hs_filter *translate(struct asked *a, const struct hs_condition *c)
{
    const struct hs_filter *out = any();
    if (++a->depth <= DEPTH) {
        if (c->op == HS_ASK_AND || c->op == HS_ASK_OR)
            out = chain(a, c);
        else if (c->op == HS_ASK_NOT && c->part_count == 1)
            out = checked(a, hs_filter_not(a->arena, translate(a, c->parts)));
        else
            out = test(a, c);
    }
    a->depth--;
    return out;
}

hs_rc hs_filter_of_condition(struct hs_arena *a, const struct hs_condition *condition, const struct hs_decision *d,
                             const struct hs_filter **out, struct hs_err *err)
{
    struct asked asked = {.arena = a, .decision = d};
    *out = condition ? translate(&asked, condition) : NULL;
    return asked.no_memory ? hs_fail(err, HS_NOMEM, "out of memory") : HS_OK;
}
