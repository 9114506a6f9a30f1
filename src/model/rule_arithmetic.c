/* Types of arithmetic. Exact numbers stay exact: the result's type is the one that holds every result its operands'
 * types can have, and where 38 digits are not enough the rule is refused. So no engine can meet an overflow, whatever
 * the rows hold. Moments move by spans whose size is known, so that the values that would leave the calendar are known,
 * too. */
#include "base/clock.h"
#include "model/rule_internal.h"

enum { FIRST_YEAR = 1, LAST_YEAR = 9999, DIVISION_SCALE = 6 };
static const int64_t day_us = 86400 * INT64_C(1000000), minute_us = 60 * INT64_C(1000000);

bool hs_rule_is_arithmetic(enum hs_rule_op op)
{
    return op == HS_RULE_ADD || op == HS_RULE_SUB || op == HS_RULE_MUL || op == HS_RULE_DIV || op == HS_RULE_MOD ||
           op == HS_RULE_NEG;
}

/* ---- numbers ---- */

static int at_least_one(int digits)
{
    return digits ? digits : 1;
}

static int int64_digits(int64_t v)
{
    int n = 1;
    for (uint64_t size = v < 0 ? -(uint64_t)v : (uint64_t)v; size >= 10; size /= 10)
        n++;
    return n;
}

bool hs_rule_digits_of(const struct hs_rule *r, struct hs_rule_digits *out)
{
    const struct hs_type *t = r->type;
    *out = (struct hs_rule_digits){0};
    if (r->op == HS_RULE_LITERAL && r->value.kind == HS_V_INT) {
        out->whole = int64_digits(r->value.i);
        return true;
    }
    if (r->op == HS_RULE_LITERAL) {
        out->decimal = true;
        bool ok = r->value.kind == HS_V_NUMBER && hs_number_shape(r->value.text, &out->whole, &out->scale);
        out->whole = at_least_one(out->whole);
        return ok && out->whole + out->scale <= HS_NUMBER_MAX_DIGITS;
    }
    if (!t || (t->id != HS_T_INT && t->id != HS_T_LONG && t->id != HS_T_DECIMAL))
        return false;
    out->decimal = t->id == HS_T_DECIMAL;
    out->scale = out->decimal ? t->scale : 0;
    out->whole = out->decimal ? t->precision - t->scale : t->id == HS_T_LONG ? 19 : 10;
    return true;
}

static bool is_inexact(const struct hs_rule *r)
{
    return r->op != HS_RULE_LITERAL && r->type && (r->type->id == HS_T_FLOAT || r->type->id == HS_T_DOUBLE);
}

/* The largest size that a whole number of this operand can have. */
static uint64_t bound_of(const struct hs_rule *r)
{
    if (r->op == HS_RULE_LITERAL)
        return r->value.i < 0 ? -(uint64_t)r->value.i : (uint64_t)r->value.i;
    return r->type->id == HS_T_LONG ? UINT64_C(1) << 63 : UINT64_C(1) << 31;
}

static bool fits_long(const struct hs_rule *r)
{
    uint64_t a = bound_of(r->args[0]), b = r->arg_count > 1 ? bound_of(r->args[1]) : 1, result;
    if (r->op == HS_RULE_MOD)
        return true; /* smaller than either */
    if (r->op == HS_RULE_NEG)
        return a <= INT64_MAX;
    bool over = r->op == HS_RULE_MUL ? __builtin_mul_overflow(a, b, &result) : __builtin_add_overflow(a, b, &result);
    return !over && result <= INT64_MAX;
}

static int larger(int a, int b)
{
    return a > b ? a : b;
}

/* Digits of the result, and of the widest number that is needed on the way to it. */
static int result_digits(enum hs_rule_op op, const struct hs_rule_digits *a, const struct hs_rule_digits *b,
                         struct hs_rule_digits *out)
{
    int whole = larger(a->whole, b->whole), scale = larger(a->scale, b->scale);
    switch ((int)op) {
    case HS_RULE_MUL:
        *out = (struct hs_rule_digits){.whole = a->whole + b->whole, .scale = a->scale + b->scale};
        break;
    case HS_RULE_DIV:
        *out = (struct hs_rule_digits){.whole = a->whole + b->scale, .scale = larger(DIVISION_SCALE, a->scale)};
        return larger(out->whole + out->scale + a->scale, b->whole + 2 * b->scale);
    case HS_RULE_MOD:
        *out = (struct hs_rule_digits){.whole = a->whole < b->whole ? a->whole : b->whole, .scale = scale};
        return whole + scale;
    case HS_RULE_NEG:
        *out = *a;
        break;
    default:
        *out = (struct hs_rule_digits){.whole = whole + 1, .scale = scale};
        break;
    }
    return out->whole + out->scale;
}

static hs_rc new_type(struct hs_rule_binder *b, struct hs_rule *r, enum hs_type_id id, int precision, int scale)
{
    struct hs_type *t = hs_type_new(b->arena, id);
    if (!t)
        return hs_fail(b->err, HS_NOMEM, "out of memory");
    t->precision = precision;
    t->scale = scale;
    r->type = t;
    return HS_OK;
}

static hs_rc type_exact(struct hs_rule_binder *b, struct hs_rule *r)
{
    struct hs_rule_digits d[2] = {{.whole = 1}, {.whole = 1}}, out;
    for (size_t i = 0; i < r->arg_count; i++)
        if (!hs_rule_digits_of(r->args[i], &d[i]))
            return hs_rule_fail_at(b, r->args[i], "a number is written with digits and one point only");
    if (!d[0].decimal && !d[1].decimal && r->op != HS_RULE_DIV && fits_long(r))
        return new_type(b, r, HS_T_LONG, 0, 0);
    int need = result_digits(r->op, &d[0], &d[1], &out);
    if (need > HS_NUMBER_MAX_DIGITS)
        return hs_rule_fail_at(b, r, "the exact result can need %d digits, and no engine holds more than %d", need,
                               HS_NUMBER_MAX_DIGITS);
    return new_type(b, r, HS_T_DECIMAL, out.whole + out.scale, out.scale);
}

static hs_rc type_number(struct hs_rule_binder *b, struct hs_rule *r)
{
    bool inexact = false;
    for (size_t i = 0; i < r->arg_count; i++)
        inexact |= is_inexact(r->args[i]);
    if (!inexact)
        return type_exact(b, r);
    if (r->op == HS_RULE_MOD)
        return hs_rule_fail_at(b, r, "'%%' is for exact numbers, not for float and double");
    return new_type(b, r, HS_T_DOUBLE, 0, 0);
}

struct hs_type hs_rule_operand_type(const struct hs_rule *r, size_t i)
{
    struct hs_type t = {0};
    struct hs_rule_digits d;
    if (!r->type || i >= r->arg_count)
        return t;
    t.id = r->type->id;
    if (r->type->id == HS_T_INT)
        t.id = HS_T_DATE;
    if (r->type->id != HS_T_DECIMAL)
        return t;
    t.precision = r->type->precision - 1;
    t.scale = r->type->scale;
    if (r->op != HS_RULE_ADD && r->op != HS_RULE_SUB && hs_rule_digits_of(r->args[i], &d)) {
        t.precision = d.whole + d.scale;
        t.scale = d.scale;
    }
    return t;
}

/* ---- moments ---- */

static bool is_moment(enum hs_rule_class c)
{
    return c == HS_CLASS_DATE || c == HS_CLASS_TIMESTAMP || c == HS_CLASS_TIMESTAMPTZ;
}

static hs_rc type_span(struct hs_rule_binder *b, const struct hs_rule *r)
{
    /* ten thousand years; minutes as many as an engine's interval takes */
    static const int64_t most[HS_UNIT_COUNT] = {[HS_UNIT_YEARS] = 10000,
                                                [HS_UNIT_MONTHS] = 120000,
                                                [HS_UNIT_DAYS] = 3652500,
                                                [HS_UNIT_HOURS] = 30000000,
                                                [HS_UNIT_MINUTES] = 2000000000};
    const struct hs_rule *n = r->args[0];
    hs_str unit = hs_rule_units[r->unit];
    if (n->op == HS_RULE_PRINCIPAL || (hs_rule_is_arithmetic(n->op) && !n->type))
        return HS_OK;
    bool whole = n->op == HS_RULE_LITERAL && (n->value.kind == HS_V_INT || n->value.kind == HS_V_NULL);
    if (!whole && n->op != HS_RULE_REQUEST)
        return hs_rule_fail_at(b, n, "%.*s(...) takes a whole number, such as %.*s(30) or %.*s(principal.x)",
                               HS_FMT(unit), HS_FMT(unit), HS_FMT(unit));
    if (n->op == HS_RULE_REQUEST && n->unit != HS_FACT_WEEKDAY)
        return hs_rule_fail_at(b, n, "%.*s(...) takes a whole number", HS_FMT(unit));
    if (whole && (n->value.i > most[r->unit] || n->value.i < -most[r->unit]))
        return hs_rule_fail_at(b, n, "%.*s(...) takes at most %lld", HS_FMT(unit), (long long)most[r->unit]);
    return HS_OK;
}

static hs_rc type_shift(struct hs_rule_binder *b, struct hs_rule *r, enum hs_rule_class moment)
{
    const struct hs_rule *span = r->args[1];
    if (r->op != HS_RULE_ADD && r->op != HS_RULE_SUB)
        return hs_rule_fail_at(b, r, "a span of time is only added and subtracted");
    if (moment == HS_CLASS_ANY)
        return HS_OK;
    if (!is_moment(moment))
        return hs_rule_fail_at(b, r, "a span of time is added to a date or a timestamp, not to %s",
                               hs_rule_class_words[moment]);
    if (moment == HS_CLASS_DATE && (span->unit == HS_UNIT_HOURS || span->unit == HS_UNIT_MINUTES))
        return hs_rule_fail_at(b, span, "a date has no time of day: add days, months or years to it");
    return new_type(b, r,
                    moment == HS_CLASS_DATE        ? HS_T_DATE
                    : moment == HS_CLASS_TIMESTAMP ? HS_T_TIMESTAMP
                                                   : HS_T_TIMESTAMPTZ,
                    0, 0);
}

static void civil_month(int64_t month, int64_t *out_year, unsigned *out_month)
{
    *out_year = month / 12;
    *out_month = (unsigned)(month % 12) + 1;
}

static int64_t first_of_month(int64_t month)
{
    int64_t year;
    unsigned m;
    civil_month(month, &year, &m);
    return hs_days_from_civil(year, m, 1);
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t most(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t unit_count(const struct hs_rule *span, enum hs_rule_unit *out)
{
    int64_t n = span->args[0]->value.i;
    switch ((enum hs_rule_unit)span->unit) {
    case HS_UNIT_YEARS:
    case HS_UNIT_MONTHS:
        *out = HS_UNIT_MONTHS;
        return span->unit == HS_UNIT_YEARS ? n * 12 : n;
    case HS_UNIT_DAYS:
        *out = HS_UNIT_DAYS;
        return n;
    case HS_UNIT_HOURS:
    case HS_UNIT_MINUTES:
        *out = HS_UNIT_MINUTES;
        return span->unit == HS_UNIT_HOURS ? n * 60 : n;
    }
    return 0;
}

bool hs_rule_shift(const struct hs_rule *r, struct hs_rule_shift *out)
{
    const int64_t first_month = FIRST_YEAR * 12, last_month = LAST_YEAR * 12 + 11;
    if ((r->op != HS_RULE_ADD && r->op != HS_RULE_SUB) || r->arg_count != 2 || r->args[1]->op != HS_RULE_SPAN ||
        !r->type || r->args[1]->args[0]->op != HS_RULE_LITERAL || r->args[1]->args[0]->value.kind != HS_V_INT)
        return false;
    int64_t n = unit_count(r->args[1], &out->unit);
    out->count = n = r->op == HS_RULE_SUB ? -n : n;
    bool date = r->type->id == HS_T_DATE;
    int64_t unit = date ? 1 : day_us;
    out->low = first_of_month(first_month) * unit;
    out->high = first_of_month(last_month + 1) * unit - 1;
    if (out->unit == HS_UNIT_MONTHS) {
        int64_t low = most(first_month, first_month - n), high = least(last_month, last_month - n);
        bool none = low > high;
        out->low = none ? 1 : first_of_month(low) * unit;
        out->high = none ? 0 : first_of_month(high + 1) * unit - 1;
        return true;
    }
    int64_t step = out->unit == HS_UNIT_MINUTES ? minute_us : unit;
    out->low = most(out->low, out->low - n * step);
    out->high = least(out->high, out->high - n * step);
    return true;
}

/* ---- both ---- */

static hs_rc fail_operands(struct hs_rule_binder *b, const struct hs_rule *r, enum hs_rule_class one,
                           enum hs_rule_class other)
{
    if (other == HS_CLASS_SPAN || one == HS_CLASS_SPAN)
        return hs_rule_fail_at(b, r, "a span of time stands on the right: created + days(30)");
    if (is_moment(one) && other == HS_CLASS_NUMBER)
        return hs_rule_fail_at(b, r, "say what is added: days(30), months(3), years(1)");
    if (one == other && is_moment(one) && one != HS_CLASS_DATE)
        return hs_rule_fail_at(b, r,
                               "timestamps are not subtracted from each other: compare them, or move one by a span");
    return hs_rule_fail_at(b, r, "arithmetic is for numbers, dates and timestamps, not for %s",
                           hs_rule_class_words[one == HS_CLASS_NUMBER || one == HS_CLASS_ANY ? other : one]);
}

static bool may_be_number(enum hs_rule_class c)
{
    return c == HS_CLASS_NUMBER || c == HS_CLASS_ANY;
}

static hs_rc type_operands(struct hs_rule_binder *b, struct hs_rule *r)
{
    enum hs_rule_class one = hs_rule_class_of(r->args[0]);
    enum hs_rule_class other = r->arg_count > 1 ? hs_rule_class_of(r->args[1]) : one;
    r->type = NULL;
    if (r->arg_count > 1 && other == HS_CLASS_SPAN && one != HS_CLASS_SPAN)
        return type_shift(b, r, one);
    if (one == HS_CLASS_NUMBER && other == HS_CLASS_NUMBER)
        return type_number(b, r);
    bool days = r->op == HS_RULE_SUB && (one == HS_CLASS_DATE || other == HS_CLASS_DATE);
    if (days && one == other)
        return new_type(b, r, HS_T_INT, 0, 0);
    if ((may_be_number(one) && may_be_number(other)) || (days && (one == HS_CLASS_ANY || other == HS_CLASS_ANY)))
        return HS_OK; /* an attribute's value will tell */
    return fail_operands(b, r, one, other);
}

static bool is_null(const struct hs_rule *r)
{
    return (r->op == HS_RULE_LITERAL && r->value.kind == HS_V_NULL) || (r->op == HS_RULE_SPAN && is_null(r->args[0]));
}

static bool is_constant(const struct hs_rule *r)
{
    return r->op == HS_RULE_LITERAL || (r->op == HS_RULE_SPAN && r->args[0]->op == HS_RULE_LITERAL);
}

hs_rc hs_rule_bind_arithmetic(struct hs_rule_binder *b, struct hs_rule *r)
{
    bool null = false, constant = true, known = false;
    struct hs_value values[2] = {{0}, {0}}, result = {0};
    if (r->op == HS_RULE_SPAN)
        return type_span(b, r);
    HS_TRY(type_operands(b, r));
    for (size_t i = 0; i < r->arg_count && i < 2; i++) {
        null |= is_null(r->args[i]);
        constant &= is_constant(r->args[i]);
        values[i] = r->args[i]->op == HS_RULE_LITERAL ? r->args[i]->value : (struct hs_value){0};
    }
    if (constant && !null)
        HS_TRY(hs_rule_compute(b->arena, r, values, &known, &result, b->err));
    if (!null && !known)
        return HS_OK;
    *r = (struct hs_rule){.op = HS_RULE_LITERAL, .value = result, .line = r->line, .column = r->column};
    return HS_OK;
}
