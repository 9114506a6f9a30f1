/* One operation on constants, exactly as every engine has to do it: numbers as whole numbers with a scale, never as
 * doubles. Used to fold what does not depend on a row, and to ask lookups. What cannot be known here (an inexact
 * number, a list) is said to be unknown, never guessed. */
#include "base/clock.h"
#include "model/rule_internal.h"

#include <stdio.h>

static const int64_t day_us = 86400 * INT64_C(1000000), minute_us = 60 * INT64_C(1000000);

/* ---- exact numbers: at most 38 digits, so 127 bits are enough ---- */

struct exact {
    __int128 units; /* the number times 10^scale */
    int scale;
};

static __int128 power10(int n)
{
    __int128 p = 1;
    while (n-- > 0)
        p *= 10;
    return p;
}

static bool exact_of(const struct hs_value *v, struct exact *out)
{
    int whole, scale;
    *out = (struct exact){.units = v->i};
    if (v->kind == HS_V_INT)
        return true;
    if (v->kind != HS_V_NUMBER || !hs_number_shape(v->text, &whole, &scale))
        return false;
    out->units = 0;
    for (size_t i = 0; i < v->text.len && out->scale <= scale; i++) {
        char c = v->text.at[i];
        if (c == '.' && scale == 0)
            break;
        if (c < '0' || c > '9')
            continue;
        bool after = memchr(v->text.at, '.', i) != NULL;
        if (after && out->scale == scale)
            break; /* needless zeros */
        out->units = out->units * 10 + (c - '0');
        out->scale += after;
    }
    if (v->text.at[0] == '-')
        out->units = -out->units;
    return true;
}

/* -1, 0, 1. Whole parts first: bringing both to one scale could need more than 38 digits. */
static int exact_cmp(struct exact a, struct exact b)
{
    __int128 pa = power10(a.scale), pb = power10(b.scale), wa = a.units / pa, wb = b.units / pb;
    if (wa != wb)
        return wa < wb ? -1 : 1;
    int scale = a.scale > b.scale ? a.scale : b.scale;
    __int128 ra = a.units % pa * power10(scale - a.scale), rb = b.units % pb * power10(scale - b.scale);
    return ra < rb ? -1 : ra > rb;
}

static hs_rc exact_value(struct hs_arena *a, struct exact n, struct hs_value *out, struct hs_err *err)
{
    char digits[48], *at = digits + sizeof digits;
    bool minus = n.units < 0;
    unsigned __int128 left = minus ? -(unsigned __int128)n.units : (unsigned __int128)n.units;
    int written = 0;
    while (n.scale > 0 && left % 10 == 0) {
        left /= 10;
        n.scale--;
    }
    if (n.scale <= 0 && left <= INT64_MAX) {
        *out = (struct hs_value){.kind = HS_V_INT, .i = minus ? -(int64_t)left : (int64_t)left};
        return HS_OK;
    }
    for (; left || written <= n.scale; left /= 10) {
        if (written == n.scale && n.scale > 0)
            *--at = '.';
        *--at = (char)('0' + (int)(left % 10));
        written++;
    }
    if (minus)
        *--at = '-';
    hs_str text = hs_arena_str(a, hs_str_n(at, (size_t)(digits + sizeof digits - at)));
    *out = (struct hs_value){.kind = HS_V_NUMBER, .text = text};
    return text.at ? HS_OK : hs_fail(err, HS_NOMEM, "out of memory");
}

/* ---- arithmetic ---- */

/* Sum, difference or what is left: in one scale, as the binder has counted the digits. */
static bool compute_aligned(enum hs_rule_op op, struct exact a, struct exact b, struct exact *out)
{
    int scale = a.scale > b.scale ? a.scale : b.scale;
    __int128 x = a.units * power10(scale - a.scale), y = b.units * power10(scale - b.scale);
    *out = (struct exact){.scale = scale};
    if (op == HS_RULE_MOD)
        out->units = y ? x % y : 0;
    else
        out->units = op == HS_RULE_ADD ? x + y : x - y;
    return op != HS_RULE_MOD || y != 0;
}

/* The binder has seen to it that nothing here needs more than 38 digits. */
static bool compute_exact(const struct hs_rule *r, struct exact a, struct exact b, struct exact *out)
{
    switch ((int)r->op) {
    case HS_RULE_ADD:
    case HS_RULE_SUB:
    case HS_RULE_MOD:
        return compute_aligned(r->op, a, b, out);
    case HS_RULE_NEG:
        *out = (struct exact){-a.units, a.scale};
        return true;
    case HS_RULE_MUL:
        *out = (struct exact){a.units * b.units, a.scale + b.scale};
        return true;
    case HS_RULE_DIV:
        out->scale = r->type->scale;
        out->units = b.units ? a.units * power10(b.scale + out->scale - a.scale) / b.units : 0;
        return b.units != 0;
    default:
        return false;
    }
}

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

static int64_t add_months(int64_t day, int64_t count)
{
    int64_t year;
    unsigned month, d;
    hs_civil_from_days(day, &year, &month, &d);
    int64_t to = year * 12 + (int64_t)month - 1 + count;
    int64_t first = hs_days_from_civil(to / 12, (unsigned)(to % 12) + 1, 1);
    int64_t next = hs_days_from_civil((to + 1) / 12, (unsigned)((to + 1) % 12) + 1, 1);
    return first + (int64_t)d - 1 < next ? first + (int64_t)d - 1 : next - 1;
}

static void compute_shift(const struct hs_rule_shift *s, const struct hs_value *v, struct hs_value *out)
{
    bool date = v->kind == HS_V_DATE;
    int64_t day = date ? v->i : floor_div(v->i, day_us), time = date ? 0 : v->i - day * day_us;
    if (v->i < s->low || v->i > s->high)
        return;
    *out = *v;
    if (s->unit == HS_UNIT_MINUTES)
        out->i = v->i + s->count * minute_us;
    else
        out->i = (s->unit == HS_UNIT_MONTHS ? add_months(day, s->count) : day + s->count) * (date ? 1 : day_us) + time;
}

static hs_rc compute_arithmetic(struct hs_arena *a, const struct hs_rule *r, const struct hs_value *args,
                                bool *out_known, struct hs_value *out, struct hs_err *err)
{
    struct hs_rule_shift shift;
    struct exact x, y = {0}, result;
    *out_known = true;
    if (hs_rule_shift(r, &shift)) {
        compute_shift(&shift, &args[0], out);
        return HS_OK;
    }
    if (r->op == HS_RULE_SUB && args[0].kind == HS_V_DATE && args[1].kind == HS_V_DATE) {
        *out = (struct hs_value){.kind = HS_V_INT, .i = args[0].i - args[1].i};
        return HS_OK;
    }
    *out_known =
        r->type && r->type->id != HS_T_DOUBLE && exact_of(&args[0], &x) && (r->arg_count < 2 || exact_of(&args[1], &y));
    if (!*out_known || !compute_exact(r, x, y, &result))
        return HS_OK;
    return exact_value(a, result, out, err);
}

/* ---- tests ---- */

static struct hs_value truth(bool yes)
{
    return (struct hs_value){.kind = HS_V_BOOL, .i = yes};
}

static bool is_true(const struct hs_value *v)
{
    return v->kind == HS_V_BOOL && v->i;
}

static bool is_false(const struct hs_value *v)
{
    return v->kind == HS_V_BOOL && !v->i;
}

/* False: these two cannot be compared here. */
static bool compare(const struct hs_value *a, const struct hs_value *b, int *out)
{
    struct exact x, y;
    if (exact_of(a, &x) && exact_of(b, &y)) {
        *out = exact_cmp(x, y);
        return true;
    }
    if (a->kind != b->kind || a->kind == HS_V_LIST)
        return false;
    if (a->kind == HS_V_TEXT)
        *out = hs_str_cmp(a->text, b->text);
    else
        *out = a->i < b->i ? -1 : a->i > b->i;
    return true;
}

static bool outcome(enum hs_rule_op op, int cmp)
{
    switch ((int)op) {
    case HS_RULE_EQ:
    case HS_RULE_IN:
        return cmp == 0;
    case HS_RULE_NE:
        return cmp != 0;
    case HS_RULE_LT:
        return cmp < 0;
    case HS_RULE_LE:
        return cmp <= 0;
    case HS_RULE_GT:
        return cmp > 0;
    default:
        return cmp >= 0;
    }
}

static bool compute_pair(enum hs_rule_op op, const struct hs_value *a, const struct hs_value *b, struct hs_value *out)
{
    int cmp;
    *out = (struct hs_value){0};
    if (a->kind == HS_V_NULL || b->kind == HS_V_NULL)
        return true;
    if (!compare(a, b, &cmp))
        return false;
    *out = truth(outcome(op, cmp));
    return true;
}

static bool text_holds(enum hs_rule_op op, hs_str text, hs_str part)
{
    if (op == HS_RULE_STARTS_WITH)
        return hs_str_starts(text, part);
    if (op == HS_RULE_ENDS_WITH)
        return hs_str_ends(text, part);
    return part.len == 0 || (text.len >= part.len && memmem(text.at, text.len, part.at, part.len) != NULL);
}

/* OR when `any`, else AND; three-valued. */
static void join(bool any, const struct hs_value *one, struct hs_value *all)
{
    bool decides = any ? is_true(one) : is_false(one), decided = any ? is_true(all) : is_false(all);
    if (decides || (!decided && one->kind != HS_V_BOOL))
        *all = *one;
}

static bool compute_in(const struct hs_rule *r, const struct hs_value *args, struct hs_value *out)
{
    struct hs_value one;
    *out = args[0].kind == HS_V_NULL ? (struct hs_value){0} : truth(false);
    for (size_t i = 1; i < r->arg_count && args[0].kind != HS_V_NULL; i++) {
        if (!compute_pair(HS_RULE_IN, &args[0], &args[i], &one))
            return false;
        join(true, &one, out);
    }
    return true;
}

static bool compute_between(const struct hs_value *args, struct hs_value *out)
{
    struct hs_value high;
    if (!compute_pair(HS_RULE_GE, &args[0], &args[1], out) || !compute_pair(HS_RULE_LE, &args[0], &args[2], &high))
        return false;
    join(false, &high, out);
    return true;
}

static bool compute_text(enum hs_rule_op op, const struct hs_value *args, struct hs_value *out)
{
    *out = (struct hs_value){0};
    if (args[0].kind == HS_V_NULL || args[1].kind == HS_V_NULL)
        return true;
    if (args[0].kind != HS_V_TEXT || args[1].kind != HS_V_TEXT)
        return false;
    *out = truth(text_holds(op, args[0].text, args[1].text));
    return true;
}

static bool compute_test(const struct hs_rule *r, const struct hs_value *args, struct hs_value *out)
{
    /* text compared as a uuid may be written in two ways, and doubles are not computed with here */
    if (r->type && (r->type->id == HS_T_UUID || r->type->id == HS_T_DOUBLE))
        return false;
    switch ((int)r->op) {
    case HS_RULE_AND:
    case HS_RULE_OR:
        *out = truth(r->op == HS_RULE_AND);
        for (size_t i = 0; i < r->arg_count; i++)
            join(r->op == HS_RULE_OR, &args[i], out);
        return true;
    case HS_RULE_NOT:
        *out = args[0].kind == HS_V_BOOL ? truth(!args[0].i) : (struct hs_value){0};
        return true;
    case HS_RULE_IS_NULL:
        *out = truth(args[0].kind == HS_V_NULL);
        return true;
    case HS_RULE_IN:
        return compute_in(r, args, out);
    case HS_RULE_BETWEEN:
        return compute_between(args, out);
    case HS_RULE_STARTS_WITH:
    case HS_RULE_ENDS_WITH:
    case HS_RULE_CONTAINS:
        return compute_text(r->op, args, out);
    case HS_RULE_EQ:
    case HS_RULE_NE:
    case HS_RULE_LT:
    case HS_RULE_LE:
    case HS_RULE_GT:
    case HS_RULE_GE:
        return compute_pair(r->op, &args[0], &args[1], out);
    default:
        return false;
    }
}

hs_rc hs_rule_compute(struct hs_arena *a, const struct hs_rule *r, const struct hs_value *args, bool *out_known,
                      struct hs_value *out, struct hs_err *err)
{
    *out = (struct hs_value){0};
    if (!hs_rule_is_arithmetic(r->op)) {
        *out_known = compute_test(r, args, out);
        return HS_OK;
    }
    for (size_t i = 0; i < r->arg_count; i++)
        if (args[i].kind == HS_V_NULL && !(i == 1 && r->args[1]->op == HS_RULE_SPAN)) {
            *out_known = true;
            return HS_OK;
        }
    return compute_arithmetic(a, r, args, out_known, out, err);
}

/* ---- a lookup's rows ---- */

hs_rc hs_rule_ask(struct hs_arena *a, const struct hs_rule *r, const struct hs_value *row, struct hs_value *out,
                  struct hs_err *err)
{
    enum { FEW = 8 };
    struct hs_value few[FEW] = {0}, *values = few;
    bool known = false;
    *out = r->value;
    if (r->op == HS_RULE_LITERAL || r->op == HS_RULE_SPAN)
        return HS_OK;
    if (r->op == HS_RULE_FIELD) {
        *out = row[r->path_ids[0] - 1];
        return HS_OK;
    }
    if (r->arg_count > FEW)
        values = hs_arena_array(a, r->arg_count, sizeof *values);
    if (!values)
        return hs_fail(err, HS_NOMEM, "out of memory");
    for (size_t i = 0; i < r->arg_count; i++)
        HS_TRY(hs_rule_ask(a, r->args[i], row, &values[i], err));
    HS_TRY(hs_rule_compute(a, r, values, &known, out, err));
    return known ? HS_OK : hs_fail_hidden(err, HS_INTERNAL, "a lookup's condition cannot be computed");
}
