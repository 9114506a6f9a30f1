/* A lookup's values for one person: its rows that the condition is TRUE for, as the constants of an IN. Each value
 * stands once, in order, so that the same values make the same decision whichever rows they came from.
 *
 * A row that the condition is UNKNOWN for may be one of them or not: one NULL among the values says so. What is in none
 * of the others is then neither in nor `not in` the list, and a mask whose `when` asks it stays on. Where the lookup is
 * taken `from` another, its own `where` counts as if the rule had written it. */
#include "model/lookup.h"
#include "policy/policy_in.h"

#include <stdlib.h>

enum { SCRATCH_MAX = 1 << 20 };

struct asking {
    struct hs_arena *arena;   /* of the values, while they are looked for */
    struct hs_arena *scratch; /* of the row being asked, and of some before it */
    const struct hs_lookup *lookup;
    struct hs_value *found;
    size_t count, cap;
    bool unknown; /* whether some row is one of them */
    struct hs_err *err;
};

static hs_rc keep(struct asking *k, const struct hs_value *v)
{
    if (k->count == k->cap) {
        size_t grown = k->cap ? k->cap * 2 : 16;
        struct hs_value *found = hs_arena_array(k->arena, grown, sizeof *found);
        if (!found)
            return hs_no_memory(k->err);
        if (k->count)
            memcpy(found, k->found, k->count * sizeof *found);
        k->found = found;
        k->cap = grown;
    }
    k->found[k->count++] = *v;
    return HS_OK;
}

static int by_value(const void *one, const void *other)
{
    const struct hs_value *a = one, *b = other;
    if (a->kind != b->kind)
        return a->kind < b->kind ? -1 : 1;
    if (a->kind == HS_V_TEXT || a->kind == HS_V_NUMBER)
        return hs_str_cmp(a->text, b->text);
    return a->i < b->i ? -1 : a->i > b->i;
}

static void each_once(struct asking *k)
{
    size_t n = 0;
    if (k->count)
        qsort(k->found, k->count, sizeof *k->found, by_value);
    for (size_t i = 0; i < k->count; i++)
        if (n == 0 || by_value(&k->found[n - 1], &k->found[i]) != 0)
            k->found[n++] = k->found[i];
    k->count = n;
}

/* The column that the condition holds to one value, and that value: then only the index's rows need be looked at. */
static bool held(const struct hs_lookup *l, const struct hs_rule *r, size_t *out_column, const struct hs_value **out)
{
    for (size_t i = 0; r->op == HS_RULE_AND && i < r->arg_count; i++)
        if (held(l, r->args[i], out_column, out))
            return true;
    if (r->op != HS_RULE_EQ)
        return false;
    for (size_t i = 0; i < 2; i++) {
        const struct hs_rule *column = r->args[i], *value = r->args[1 - i];
        if (column->op == HS_RULE_FIELD && value->op == HS_RULE_LITERAL && column->path_len == 1 &&
            l->index[column->path_ids[0] - 1]) {
            *out_column = (size_t)column->path_ids[0] - 1;
            *out = &value->value;
            return true;
        }
    }
    return false;
}

/* What a row is asked with is of no use for the next one; a large lookup would fill the memory with it. */
static hs_rc clear_scratch(struct asking *k)
{
    if (k->scratch && hs_arena_used(k->scratch) < SCRATCH_MAX)
        return HS_OK;
    hs_arena_free(k->scratch);
    k->scratch = hs_arena_new(0);
    return k->scratch ? HS_OK : hs_no_memory(k->err);
}

static hs_rc ask_row(struct asking *k, const struct hs_rule *condition, size_t row, size_t column)
{
    struct hs_value outcome = {.kind = HS_V_BOOL, .i = 1};
    const struct hs_value *values = &k->lookup->values[row * k->lookup->type->field_count];
    if (condition) {
        HS_TRY(clear_scratch(k));
        HS_TRY(hs_rule_ask(k->scratch, condition, values, &outcome, k->err));
    }
    if (outcome.kind == HS_V_BOOL && !outcome.i)
        return HS_OK;
    bool unknown = outcome.kind != HS_V_BOOL || (k->lookup->unsure && k->lookup->unsure[row]);
    k->unknown |= unknown;
    return unknown ? HS_OK : keep(k, &values[column]);
}

/* Rows that the condition is true for none of: one that it is unknown for says all that they say. */
static hs_rc ask_untrue(struct asking *k, const struct hs_rule *condition, const struct hs_lookup_rows *rows,
                        size_t column)
{
    size_t count = rows ? rows->len : 0;
    for (size_t i = 0; i < count && !k->unknown; i++)
        HS_TRY(ask_row(k, condition, rows->at[i], column));
    return HS_OK;
}

static hs_rc ask_rows(struct asking *k, const struct hs_rule *condition, size_t column)
{
    static const struct hs_value nothing = {.kind = HS_V_NULL};
    const struct hs_lookup_rows *rows = NULL;
    const struct hs_value *value = NULL;
    size_t held_column;
    bool by_index = condition && held(k->lookup, condition, &held_column, &value);
    bool untrue = by_index && value->kind == HS_V_NULL; /* held to NULL, for every row */
    if (!by_index || untrue) {
        for (size_t i = 0; i < k->lookup->row_count && !(untrue && k->unknown); i++)
            HS_TRY(ask_row(k, condition, i, column));
        return HS_OK;
    }
    HS_TRY(hs_lookup_find(k->lookup, held_column, value, &rows, k->err));
    for (size_t i = 0; rows && i < rows->len; i++)
        HS_TRY(ask_row(k, condition, rows->at[i], column));
    HS_TRY(hs_lookup_find(k->lookup, held_column, &nothing, &rows, k->err));
    return ask_untrue(k, condition, rows, column);
}

static hs_rc find_values(struct asking *k, const struct hs_rule *condition, size_t column)
{
    HS_TRY(ask_rows(k, condition, column));
    if (k->unknown)
        HS_TRY(keep(k, &(struct hs_value){.kind = HS_V_NULL}));
    each_once(k);
    if (k->count > HS_LOOKUP_MAX_VALUES)
        return hs_fail_hidden(k->err, HS_LIMIT, "a lookup gives more than %d values", HS_LOOKUP_MAX_VALUES);
    return HS_OK;
}

/* Texts are the lookup's own, which stays with the model. */
hs_rc hs_lookup_values(struct hs_arena *a, const struct hs_lookup *lookup, const struct hs_rule *condition,
                       hs_str column, struct hs_value **out, size_t *out_count, struct hs_err *err)
{
    struct asking k = {.lookup = lookup, .err = err};
    const struct hs_field *f = hs_type_field_by_name(lookup->type, column);
    if (!f)
        return hs_fail_hidden(err, HS_DENIED, "a lookup has no such column");
    k.arena = hs_arena_new(0);
    hs_rc rc = k.arena ? find_values(&k, condition, (size_t)f->id - 1) : hs_no_memory(err);
    *out = rc == HS_OK ? hs_arena_array(a, k.count + 1, sizeof **out) : NULL;
    if (rc == HS_OK && !*out)
        rc = hs_no_memory(err);
    if (rc == HS_OK && k.count)
        memcpy(*out, k.found, k.count * sizeof **out);
    *out_count = rc == HS_OK ? k.count : 0;
    hs_arena_free(k.arena);
    hs_arena_free(k.scratch);
    return rc;
}
