/* Arithmetic in Trino's and PostgreSQL's SQL, total, with the results of print_arithmetic.c. Exact numbers are computed
 * in types that hold every result, which the binder has seen to; doubles and moments pass a guard first. A guard or a
 * quotient names its operands more than once: past a few of them inside each other the text would grow without end,
 * and the test they stand in is left unknown. */
#include "policy/dialect/dialect_in.h"

enum { MOST_DIGITS = 38, MOST_REPEATED = 3 };

static bool is_trino(const struct hs_rule_printer *p)
{
    return p->sql == &hs_trino;
}

static bool is_plain(const struct hs_rule *r)
{
    return r->op == HS_RULE_FIELD || r->op == HS_RULE_LITERAL;
}

/* A text that will be repeated. */
static hs_rc operand_text(struct hs_rule_printer *p, struct hs_buf *text, const struct hs_rule *r,
                          const struct hs_type *as)
{
    if (!is_plain(r) && ++p->repeated > MOST_REPEATED)
        p->unsaid = true;
    hs_rc rc = hs_print_operand(p, text, r, as);
    p->repeated -= !is_plain(r);
    return rc;
}

static hs_rc add_as(struct hs_rule_printer *p, struct hs_buf *b, const struct hs_rule *r, const struct hs_type *as)
{
    hs_buf_addz(b, "CAST(");
    HS_TRY(hs_print_operand(p, b, r, as));
    hs_buf_addz(b, " AS ");
    p->unsaid |= !p->sql->add_type(b, as);
    hs_buf_addc(b, ')');
    return HS_OK;
}

static void end_as(struct hs_rule_printer *p, struct hs_buf *b, const struct hs_type *as)
{
    hs_buf_addz(b, " AS ");
    p->unsaid |= !p->sql->add_type(b, as);
    hs_buf_addc(b, ')');
}

/* ---- exact numbers ---- */

static hs_rc add_exact(struct hs_rule_printer *p, struct hs_buf *b, const struct hs_rule *r, const char *sign)
{
    struct hs_type left = hs_rule_operand_type(r, 0), right = hs_rule_operand_type(r, 1);
    hs_buf_addz(b, "CAST((");
    HS_TRY(add_as(p, b, r->args[0], &left));
    hs_buf_addz(b, sign);
    HS_TRY(add_as(p, b, r->args[1], &right));
    hs_buf_addc(b, ')');
    end_as(p, b, r->type);
    return HS_OK;
}

/* Of one scale: Trino brings operands to one in 64 bits, whether they fit or not. */
static hs_rc add_modulo(struct hs_rule_printer *p, struct hs_buf *b, const struct hs_rule *r)
{
    struct hs_type wide = {.id = HS_T_DECIMAL, .precision = MOST_DIGITS};
    if (r->type->id == HS_T_DECIMAL)
        wide.scale = r->type->scale;
    hs_buf_addz(b, "CAST(mod(");
    HS_TRY(add_as(p, b, r->args[0], &wide));
    hs_buf_addz(b, ", nullif(");
    HS_TRY(add_as(p, b, r->args[1], &wide));
    hs_buf_addz(b, ", 0))");
    end_as(p, b, r->type);
    return HS_OK;
}

/* A whole number: the operand times 10^shift. */
static hs_rc units_text(struct hs_rule_printer *p, struct hs_buf *b, const struct hs_rule *r, struct hs_type own,
                        int shift)
{
    struct hs_buf x;
    if (own.id == HS_T_DECIMAL)
        own.precision = MOST_DIGITS;
    hs_buf_init(&x, p->max);
    hs_rc rc = operand_text(p, &x, r, &own);
    hs_buf_addz(b, shift ? "CAST((CAST(" : "CAST(CAST(");
    hs_buf_adds(b, hs_buf_str(&x));
    end_as(p, b, &own);
    if (shift && is_trino(p))
        hs_buf_addf(b, " * CAST(DECIMAL '1%0*d' AS DECIMAL(%d, 0)))", shift, 0, shift + 1);
    else if (shift)
        hs_buf_addf(b, " * CAST('1%0*d' AS numeric))", shift, 0);
    hs_buf_addz(b, is_trino(p) ? " AS DECIMAL(38, 0))" : " AS numeric(38, 0))");
    b->failed |= x.failed;
    hs_buf_fini(&x);
    return rc;
}

/* Cut off toward zero after the result's decimals. Trino has no such division of decimals, but it divides exactly what
 * can be divided. */
static hs_rc add_quotient(struct hs_rule_printer *p, struct hs_buf *b, const struct hs_rule *r)
{
    struct hs_type left = hs_rule_operand_type(r, 0), right = hs_rule_operand_type(r, 1);
    int scale = r->type->scale, right_scale = right.id == HS_T_DECIMAL ? right.scale : 0;
    struct hs_buf x, y;
    hs_buf_init(&x, p->max);
    hs_buf_init(&y, p->max);
    hs_rc rc = scale < 1 ? HS_OK : units_text(p, &x, r->args[0], left, right_scale + scale);
    p->unsaid |= scale < 1;
    hs_buf_addz(&y, "nullif(");
    if (rc == HS_OK)
        rc = units_text(p, &y, r->args[1], right, right_scale);
    hs_buf_addz(&y, ", 0)");
    hs_str a = hs_buf_str(&x), c = hs_buf_str(&y);
    hs_buf_addz(b, "CAST((");
    if (is_trino(p))
        hs_buf_addf(b, "CAST((%.*s - mod(%.*s, %.*s)) / %.*s AS DECIMAL(38, 0)) * DECIMAL '0.%0*d')", HS_FMT(a),
                    HS_FMT(a), HS_FMT(c), HS_FMT(c), scale, 1);
    else
        hs_buf_addf(b, "div(%.*s, %.*s) * CAST('0.%0*d' AS numeric))", HS_FMT(a), HS_FMT(c), scale, 1);
    end_as(p, b, r->type);
    b->failed |= x.failed || y.failed;
    hs_buf_fini(&x);
    hs_buf_fini(&y);
    return rc;
}

static hs_rc add_negative(struct hs_rule_printer *p, struct hs_buf *b, const struct hs_rule *r)
{
    hs_buf_addz(b, "(- ");
    HS_TRY(add_as(p, b, r->args[0], r->type));
    hs_buf_addc(b, ')');
    return HS_OK;
}

/* ---- doubles ---- */

static hs_rc add_double(struct hs_rule_printer *p, struct hs_buf *b, const struct hs_rule *r, bool divisor)
{
    static const struct hs_type as = {.id = HS_T_DOUBLE};
    const char *type = is_trino(p) ? "DOUBLE" : "double precision";
    struct hs_buf x;
    hs_buf_init(&x, p->max);
    hs_rc rc = operand_text(p, &x, r, &as);
    hs_str e = hs_buf_str(&x);
    hs_buf_addf(b, "CASE WHEN abs(%.*s) BETWEEN CAST('1e-150' AS %s) AND CAST('1e150' AS %s)", HS_FMT(e), type, type);
    if (!divisor)
        hs_buf_addf(b, " OR %.*s = CAST('0' AS %s)", HS_FMT(e), type);
    hs_buf_addf(b, " THEN %.*s END", HS_FMT(e));
    b->failed |= x.failed;
    hs_buf_fini(&x);
    return rc;
}

static hs_rc add_doubles(struct hs_rule_printer *p, struct hs_buf *b, const struct hs_rule *r, const char *sign)
{
    hs_buf_addc(b, '(');
    if (r->arg_count == 1)
        hs_buf_addz(b, sign);
    HS_TRY(add_double(p, b, r->args[0], false));
    if (r->arg_count > 1) {
        hs_buf_addz(b, sign);
        HS_TRY(add_double(p, b, r->args[1], r->op == HS_RULE_DIV));
    }
    hs_buf_addc(b, ')');
    return HS_OK;
}

/* ---- moments ---- */

static void add_moment(struct hs_rule_printer *p, struct hs_buf *b, const struct hs_type *t, int64_t at)
{
    struct hs_value v = {.kind = t->id == HS_T_DATE ? HS_V_DATE : HS_V_TIMESTAMP, .i = at};
    v.utc = t->id == HS_T_TIMESTAMPTZ;
    p->sql->add_literal(b, &v, t);
}

/* With a zone in UTC: both engines move zoned values by the session's calendar. */
static void add_moved(struct hs_rule_printer *p, struct hs_buf *b, const struct hs_type *t, hs_str x,
                      const struct hs_rule_shift *s)
{
    static const char *const units[] = {
        [HS_UNIT_MONTHS] = "month", [HS_UNIT_DAYS] = "day", [HS_UNIT_MINUTES] = "minute"};
    const char *unit = units[s->unit];
    long long n = (long long)s->count;
    bool zoned = t->id == HS_T_TIMESTAMPTZ;
    if (is_trino(p) && zoned)
        hs_buf_addf(b, "with_timezone(date_add('%s', %lld, CAST(%.*s AT TIME ZONE 'UTC' AS TIMESTAMP(6))), 'UTC')",
                    unit, n, HS_FMT(x));
    else if (is_trino(p))
        hs_buf_addf(b, "date_add('%s', %lld, %.*s)", unit, n, HS_FMT(x));
    else if (zoned)
        hs_buf_addf(b, "(((%.*s) AT TIME ZONE 'UTC' + CAST('%lld %s' AS interval)) AT TIME ZONE 'UTC')", HS_FMT(x), n,
                    unit);
    else
        hs_buf_addf(b, "CAST(%.*s + CAST('%lld %s' AS interval) AS %s)", HS_FMT(x), n, unit,
                    t->id == HS_T_DATE ? "date" : "timestamp without time zone");
}

static hs_rc add_shift(struct hs_rule_printer *p, struct hs_buf *b, const struct hs_rule *r,
                       const struct hs_rule_shift *s)
{
    struct hs_buf x;
    if (s->low > s->high) {
        hs_buf_add_dialect_null(b, p->sql, r->type);
        return HS_OK;
    }
    hs_buf_init(&x, p->max);
    hs_rc rc = operand_text(p, &x, r->args[0], r->type);
    hs_buf_addf(b, "CASE WHEN %.*s BETWEEN ", HS_FMT(hs_buf_str(&x)));
    add_moment(p, b, r->type, s->low);
    hs_buf_addz(b, " AND ");
    add_moment(p, b, r->type, s->high);
    hs_buf_addz(b, " THEN ");
    add_moved(p, b, r->type, hs_buf_str(&x), s);
    hs_buf_addz(b, " END");
    b->failed |= x.failed;
    hs_buf_fini(&x);
    return rc;
}

static hs_rc add_day(struct hs_rule_printer *p, struct hs_buf *b, const struct hs_rule *r)
{
    static const struct hs_type as = {.id = HS_T_DATE};
    struct hs_buf x;
    hs_buf_init(&x, p->max);
    hs_rc rc = operand_text(p, &x, r, &as);
    hs_str e = hs_buf_str(&x);
    hs_buf_addf(b, "CASE WHEN %.*s BETWEEN DATE '0001-01-01' AND DATE '9999-12-31' THEN %.*s END", HS_FMT(e),
                HS_FMT(e));
    b->failed |= x.failed;
    hs_buf_fini(&x);
    return rc;
}

static hs_rc add_days_between(struct hs_rule_printer *p, struct hs_buf *b, const struct hs_rule *r)
{
    hs_buf_addz(b, is_trino(p) ? "CAST(date_diff('day', " : "(");
    HS_TRY(add_day(p, b, r->args[is_trino(p) ? 1 : 0]));
    hs_buf_addz(b, is_trino(p) ? ", " : " - ");
    HS_TRY(add_day(p, b, r->args[is_trino(p) ? 0 : 1]));
    hs_buf_addz(b, is_trino(p) ? ") AS INTEGER)" : ")");
    return HS_OK;
}

/* ---- all of it ---- */

hs_rc hs_print_arithmetic(struct hs_rule_printer *p, struct hs_buf *b, const struct hs_rule *r)
{
    static const char *const signs[] = {[HS_RULE_ADD] = " + ",
                                        [HS_RULE_SUB] = " - ",
                                        [HS_RULE_MUL] = " * ",
                                        [HS_RULE_DIV] = " / ",
                                        [HS_RULE_NEG] = "- "};
    struct hs_rule_shift shift;
    if (!r->type)
        return hs_fail_hidden(p->err, HS_INTERNAL, "arithmetic without a type reached the printer");
    if (r->type->id == HS_T_DOUBLE && r->op != HS_RULE_MOD)
        return add_doubles(p, b, r, signs[r->op]);
    if (hs_rule_shift(r, &shift))
        return add_shift(p, b, r, &shift);
    if (r->type->id == HS_T_INT && r->op == HS_RULE_SUB)
        return add_days_between(p, b, r);
    if (r->type->id != HS_T_LONG && r->type->id != HS_T_DECIMAL)
        return hs_fail_hidden(p->err, HS_INTERNAL, "arithmetic of no known kind reached the printer");
    if (r->op == HS_RULE_DIV)
        return add_quotient(p, b, r);
    if (r->op == HS_RULE_MOD)
        return add_modulo(p, b, r);
    return r->op == HS_RULE_NEG ? add_negative(p, b, r) : add_exact(p, b, r, signs[r->op]);
}
