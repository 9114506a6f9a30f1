/* Arithmetic in DuckDB's dialect, total. Exact numbers are computed in types that hold every result: the engine gives a
 * product or sum of two narrow decimals eighteen digits and raises an error where they are not enough, so one operand
 * is widened past that first. Doubles and moments pass a guard: what could overflow or leave the calendar is NULL
 * before the operation sees it. A guard names its operand more than once, so what is not a plain column or literal is
 * bound to a name by a lambda: nesting must not multiply the text. */
#include "mask/sql.h"
#include "policy/policy_in.h"

enum { NARROW_DIGITS = 18, MOST_DIGITS = 38 };

/* ---- exact numbers ---- */

static hs_rc add_pair(struct hs_buf *b, const struct hs_rule *r, const char *sign, const struct hs_type *left,
                      const struct hs_type *right, struct hs_err *err)
{
    hs_buf_addz(b, "CAST((");
    HS_TRY(hs_print_duckdb_operand(b, r->args[0], left, err));
    hs_buf_addz(b, sign);
    HS_TRY(hs_print_duckdb_operand(b, r->args[1], right, err));
    hs_buf_addz(b, ") AS ");
    hs_buf_add_duckdb_type(b, r->type);
    hs_buf_addc(b, ')');
    return HS_OK;
}

static struct hs_type wide(struct hs_type t)
{
    if (t.id == HS_T_DECIMAL)
        t.precision = MOST_DIGITS;
    return t;
}

static hs_rc add_exact(struct hs_buf *b, const struct hs_rule *r, const char *sign, struct hs_err *err)
{
    struct hs_type left = hs_rule_operand_type(r, 0), right = hs_rule_operand_type(r, 1);
    if (r->type->id == HS_T_DECIMAL && r->type->precision > NARROW_DIGITS)
        left.precision = MOST_DIGITS;
    return add_pair(b, r, sign, &left, &right, err);
}

/* The engine raises an error for the smallest BIGINT modulo -1; as decimals there is no such number. */
static hs_rc add_modulo(struct hs_buf *b, const struct hs_rule *r, struct hs_err *err)
{
    struct hs_type common = {.id = HS_T_DECIMAL, .precision = MOST_DIGITS};
    if (r->type->id == HS_T_DECIMAL)
        common.scale = r->type->scale;
    return add_pair(b, r, " % ", &common, &common, err);
}

/* CAST(operand * 10^shift AS HUGEINT): a whole number, for the scale is no larger than the shift. */
static hs_rc add_units(struct hs_buf *b, const struct hs_rule *r, const struct hs_type *own, int shift,
                       struct hs_err *err)
{
    struct hs_type as = wide(*own);
    hs_buf_addz(b, "CAST((");
    HS_TRY(hs_print_duckdb_operand(b, r, &as, err));
    hs_buf_addf(b, " * CAST('1%0*d' AS DECIMAL(%d, 0))) AS HUGEINT)", shift, 0, shift + 1);
    return HS_OK;
}

/* Cut off toward zero after the result's decimals, by dividing whole numbers: "/" would go by way of doubles. */
static hs_rc add_quotient(struct hs_buf *b, const struct hs_rule *r, struct hs_err *err)
{
    struct hs_type left = hs_rule_operand_type(r, 0), right = hs_rule_operand_type(r, 1);
    int scale = r->type->scale;
    hs_buf_addz(b, "CAST((CAST((");
    HS_TRY(add_units(b, r->args[0], &left, right.scale + scale, err));
    hs_buf_addz(b, " // ");
    if (right.scale)
        HS_TRY(add_units(b, r->args[1], &right, right.scale, err));
    else {
        hs_buf_addz(b, "CAST(");
        HS_TRY(hs_print_duckdb_operand(b, r->args[1], &right, err));
        hs_buf_addz(b, " AS HUGEINT)");
    }
    hs_buf_addf(b, ") AS DECIMAL(38, 0)) * CAST('0.%0*d' AS DECIMAL(%d, %d))) AS ", scale, 1, scale, scale);
    hs_buf_add_duckdb_type(b, r->type);
    hs_buf_addc(b, ')');
    return HS_OK;
}

/* ---- guards ---- */

static bool is_plain(const struct hs_rule *r)
{
    return r->op == HS_RULE_FIELD || r->op == HS_RULE_LITERAL;
}

struct guard {
    const struct hs_rule *value;
    const struct hs_type *as;
    struct hs_err *err;
};

static hs_rc begin_guard(struct hs_buf *b, const struct guard *g)
{
    if (is_plain(g->value))
        return HS_OK;
    hs_buf_addz(b, "list_extract(list_transform([");
    HS_TRY(hs_print_duckdb_operand(b, g->value, g->as, g->err));
    hs_buf_addz(b, "], lambda x: ");
    return HS_OK;
}

static hs_rc add_guarded(struct hs_buf *b, const struct guard *g)
{
    if (is_plain(g->value))
        return hs_print_duckdb_operand(b, g->value, g->as, g->err);
    hs_buf_addc(b, 'x');
    return HS_OK;
}

static void end_guard(struct hs_buf *b, const struct guard *g)
{
    if (!is_plain(g->value))
        hs_buf_addz(b, "), 1)");
}

/* ---- doubles ---- */

static hs_rc add_double(struct hs_buf *b, const struct hs_rule *r, bool divisor, struct hs_err *err)
{
    static const struct hs_type as = {.id = HS_T_DOUBLE};
    struct guard g = {r, &as, err};
    HS_TRY(begin_guard(b, &g));
    hs_buf_addz(b, "CASE WHEN abs(");
    HS_TRY(add_guarded(b, &g));
    hs_buf_addz(b, ") BETWEEN CAST('1e-150' AS DOUBLE) AND CAST('1e150' AS DOUBLE)");
    if (!divisor) {
        hs_buf_addz(b, " OR ");
        HS_TRY(add_guarded(b, &g));
        hs_buf_addz(b, " = CAST('0' AS DOUBLE)");
    }
    hs_buf_addz(b, " THEN ");
    HS_TRY(add_guarded(b, &g));
    hs_buf_addz(b, " END");
    end_guard(b, &g);
    return HS_OK;
}

static hs_rc add_doubles(struct hs_buf *b, const struct hs_rule *r, const char *sign, struct hs_err *err)
{
    hs_buf_addc(b, '(');
    if (r->arg_count == 1)
        hs_buf_addz(b, sign);
    HS_TRY(add_double(b, r->args[0], false, err));
    if (r->arg_count > 1) {
        hs_buf_addz(b, sign);
        HS_TRY(add_double(b, r->args[1], r->op == HS_RULE_DIV, err));
    }
    hs_buf_addc(b, ')');
    return HS_OK;
}

/* ---- moments ---- */

static void add_moment(struct hs_buf *b, const struct hs_type *t, int64_t at)
{
    struct hs_value v = {.kind = t->id == HS_T_DATE ? HS_V_DATE : HS_V_TIMESTAMP, .i = at};
    v.utc = t->id == HS_T_TIMESTAMPTZ;
    hs_buf_add_duckdb_literal(b, &v, t);
}

/* With a zone in UTC: the engine moves zoned values by the session's calendar. */
static hs_rc add_moved(struct hs_buf *b, const struct guard *g, const struct hs_rule_shift *s)
{
    bool zoned = g->as->id == HS_T_TIMESTAMPTZ, date = g->as->id == HS_T_DATE;
    static const char *const units[] = {
        [HS_UNIT_MONTHS] = "to_months", [HS_UNIT_DAYS] = "to_days", [HS_UNIT_MINUTES] = "to_minutes"};
    hs_buf_addz(b, zoned ? "CAST((CAST(" : "CAST((");
    HS_TRY(add_guarded(b, g));
    hs_buf_addf(b, "%s + %s(CAST('%lld' AS %s))) AS %s)", zoned ? " AS TIMESTAMP)" : "", units[s->unit],
                (long long)s->count, s->unit == HS_UNIT_MINUTES ? "BIGINT" : "INTEGER",
                date    ? "DATE"
                : zoned ? "TIMESTAMPTZ"
                        : "TIMESTAMP");
    return HS_OK;
}

static hs_rc add_shift(struct hs_buf *b, const struct hs_rule *r, const struct hs_rule_shift *s, struct hs_err *err)
{
    struct guard g = {r->args[0], r->type, err};
    if (s->low > s->high) {
        hs_buf_add_duckdb_literal(b, &(struct hs_value){0}, r->type);
        return HS_OK;
    }
    HS_TRY(begin_guard(b, &g));
    hs_buf_addz(b, "CASE WHEN ");
    HS_TRY(add_guarded(b, &g));
    hs_buf_addz(b, " BETWEEN ");
    add_moment(b, r->type, s->low);
    hs_buf_addz(b, " AND ");
    add_moment(b, r->type, s->high);
    hs_buf_addz(b, " THEN ");
    HS_TRY(add_moved(b, &g, s));
    hs_buf_addz(b, " END");
    end_guard(b, &g);
    return HS_OK;
}

static hs_rc add_day(struct hs_buf *b, const struct hs_rule *r, struct hs_err *err)
{
    static const struct hs_type as = {.id = HS_T_DATE};
    struct guard g = {r, &as, err};
    HS_TRY(begin_guard(b, &g));
    hs_buf_addz(b, "CASE WHEN ");
    HS_TRY(add_guarded(b, &g));
    hs_buf_addz(b, " BETWEEN DATE '0001-01-01' AND DATE '9999-12-31' THEN ");
    HS_TRY(add_guarded(b, &g));
    hs_buf_addz(b, " END");
    end_guard(b, &g);
    return HS_OK;
}

static hs_rc add_days_between(struct hs_buf *b, const struct hs_rule *r, struct hs_err *err)
{
    hs_buf_addz(b, "CAST((");
    HS_TRY(add_day(b, r->args[0], err));
    hs_buf_addz(b, " - ");
    HS_TRY(add_day(b, r->args[1], err));
    hs_buf_addz(b, ") AS INTEGER)");
    return HS_OK;
}

/* ---- all of it ---- */

static hs_rc add_negative(struct hs_buf *b, const struct hs_rule *r, struct hs_err *err)
{
    hs_buf_addz(b, "(-");
    HS_TRY(hs_print_duckdb_operand(b, r->args[0], r->type, err));
    hs_buf_addc(b, ')');
    return HS_OK;
}

hs_rc hs_print_duckdb_arithmetic(struct hs_buf *b, const struct hs_rule *r, struct hs_err *err)
{
    static const char *const signs[] = {[HS_RULE_ADD] = " + ",
                                        [HS_RULE_SUB] = " - ",
                                        [HS_RULE_MUL] = " * ",
                                        [HS_RULE_DIV] = " / ",
                                        [HS_RULE_NEG] = "-"};
    struct hs_rule_shift shift;
    if (!r->type)
        return hs_fail_hidden(err, HS_INTERNAL, "arithmetic without a type reached the printer");
    if (r->type->id == HS_T_DOUBLE && r->op != HS_RULE_MOD)
        return add_doubles(b, r, signs[r->op], err);
    if (hs_rule_shift(r, &shift))
        return add_shift(b, r, &shift, err);
    if (r->type->id == HS_T_INT && r->op == HS_RULE_SUB)
        return add_days_between(b, r, err);
    if (r->type->id != HS_T_LONG && r->type->id != HS_T_DECIMAL)
        return hs_fail_hidden(err, HS_INTERNAL, "arithmetic of no known kind reached the printer");
    if (r->op == HS_RULE_DIV)
        return add_quotient(b, r, err);
    if (r->op == HS_RULE_MOD)
        return add_modulo(b, r, err);
    return r->op == HS_RULE_NEG ? add_negative(b, r, err) : add_exact(b, r, signs[r->op], err);
}
