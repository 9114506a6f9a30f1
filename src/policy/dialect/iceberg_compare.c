/* A field against a constant, for Iceberg. Its expressions know two truth values: `not-eq` is true of NULL. Its numbers
 * are compared in the field's own type, so a constant is brought to it: `amount < 1.005` over two decimals is
 * `amount <= 1.00`. Its doubles have an order of their own in some readers (-0.0 before 0.0, NaN last), so what is
 * written does not hang on which order a reader has. */
#include "policy/dialect/iceberg_in.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

struct place { /* of a constant among a field's values: the greatest one that is not above it */
    bool exact, below, above;
    char floor[64];
};

void hs_iceberg_unary(struct hs_buf *b, const char *what, int id)
{
    hs_buf_addf(b, "{\"type\": \"%s\", \"child\": {\"type\": \"reference\", \"id\": %d}}", what, id);
}

void hs_iceberg_join(struct hs_buf *b, const char *word, hs_str left, hs_str right)
{
    bool is_and = strcmp(word, "and") == 0;
    const char *neutral = is_and ? "true" : "false", *winner = is_and ? "false" : "true";
    if (hs_str_is(left, winner) || hs_str_is(right, winner))
        hs_buf_addz(b, winner);
    else if (hs_str_is(left, neutral))
        hs_buf_adds(b, right);
    else if (hs_str_is(right, neutral))
        hs_buf_adds(b, left);
    else {
        hs_buf_addf(b, "{\"type\": \"%s\", \"left\": ", word);
        hs_buf_adds(b, left);
        hs_buf_addz(b, ", \"right\": ");
        hs_buf_adds(b, right);
        hs_buf_addc(b, '}');
    }
}

/* ---- constants ---- */

static void add_quoted_number(struct hs_buf *b, const char *text, bool quoted)
{
    hs_buf_addf(b, quoted ? "\"%s\"" : "%s", text);
}

static void add_constant(struct hs_buf *b, const char *value, bool quoted, const struct hs_type *type)
{
    struct hs_buf name;
    hs_buf_init(&name, 128);
    hs_buf_add_type(&name, type);
    hs_buf_addz(b, "{\"type\": \"literal\", \"value\": ");
    add_quoted_number(b, value, quoted);
    hs_buf_addz(b, ", \"data-type\": ");
    hs_buf_add_json(b, hs_buf_str(&name));
    hs_buf_addc(b, '}');
    b->failed |= name.failed;
    hs_buf_fini(&name);
}

/* "2026-01-01T00:00:00.000000+00:00" from "2026-01-01 00:00:00+00:00". */
static void add_moment(struct hs_buf *b, const struct hs_value *v, enum hs_type_id id)
{
    const int64_t second = 1000000;
    int64_t left = ((v->i % second) + second) % second;
    hs_buf_add_timestamp(b, v->i - left, false);
    b->at[b->len - 9] = 'T';
    hs_buf_addf(b, ".%06d%s%s", (int)left, id == HS_T_TIMESTAMP_NS ? "000" : "", v->utc ? "+00:00" : "");
}

static bool add_plain(struct hs_buf *b, const struct hs_value *v, const struct hs_type *type)
{
    struct hs_buf text;
    bool ok = true;
    hs_buf_init(&text, 1 << 17);
    if (v->kind == HS_V_DATE)
        hs_buf_add_date(&text, v->i);
    else if (v->kind == HS_V_TIME) {
        hs_buf_add_time_of_day(&text, v->i);
    } else if (v->kind == HS_V_TIMESTAMP)
        add_moment(&text, v, type->id);
    else if (v->kind == HS_V_TEXT && hs_utf8_valid(v->text)) {
        hs_buf_adds(&text, v->text);
        for (size_t i = 0; type->id == HS_T_UUID && i < text.len; i++)
            text.at[i] = text.at[i] >= 'A' && text.at[i] <= 'Z' ? (char)(text.at[i] + ('a' - 'A')) : text.at[i];
    } else
        ok = v->kind == HS_V_BOOL;
    if (v->kind == HS_V_BOOL)
        hs_buf_addz(b, v->i ? "{\"type\": \"literal\", \"value\": true, \"data-type\": \"boolean\"}"
                            : "{\"type\": \"literal\", \"value\": false, \"data-type\": \"boolean\"}");
    else if (ok) {
        struct hs_buf json;
        hs_buf_init(&json, 1 << 20);
        hs_buf_add_json(&json, hs_buf_str(&text));
        add_constant(b, hs_buf_str(&json).at, false, type);
        b->failed |= json.failed;
        hs_buf_fini(&json);
    }
    b->failed |= text.failed;
    hs_buf_fini(&text);
    return ok;
}

/* ---- numbers ---- */

static bool text_of(const struct hs_value *v, char out[96])
{
    if (v->kind == HS_V_INT)
        return snprintf(out, 96, "%lld", (long long)v->i) > 0;
    if (v->kind != HS_V_NUMBER || v->text.len >= 96)
        return false;
    memcpy(out, v->text.at, v->text.len);
    out[v->text.len] = 0;
    return true;
}

static void write_scaled(__int128 n, int scale, char out[64])
{
    char digits[48];
    int k = 0, at = 0;
    unsigned __int128 u = n < 0 ? -(unsigned __int128)n : (unsigned __int128)n;
    do {
        digits[k++] = (char)('0' + (int)(u % 10));
        u /= 10;
    } while (u || k <= scale);
    if (n < 0)
        out[at++] = '-';
    while (k > 0) {
        out[at++] = digits[--k];
        if (k == scale && scale > 0)
            out[at++] = '.';
    }
    out[at] = 0;
}

/* Room for every number that the type holds; more digits before the point than that are beyond its ends. */
static bool place_exact(const char *text, const struct hs_type *type, struct place *out)
{
    int whole, scale, want = type->id == HS_T_DECIMAL ? type->scale : 0;
    int room = type->id == HS_T_DECIMAL ? type->precision - type->scale : type->id == HS_T_LONG ? 19 : 10;
    bool minus = text[0] == '-', cut = false;
    __int128 n = 0, limit = 1;
    if (!hs_number_shape(hs_str_of(text), &whole, &scale))
        return false;
    for (int i = 0; i < (type->id == HS_T_DECIMAL ? type->precision : 0); i++)
        limit *= 10;
    if (type->id != HS_T_DECIMAL)
        limit = type->id == HS_T_LONG ? (__int128)INT64_MAX + 1 : (__int128)INT32_MAX + 1;
    *out = (struct place){.below = whole > room && minus, .above = whole > room && !minus};
    if (whole > room)
        return true;
    int decimals = -1;
    for (const char *p = text + minus; *p; p++) {
        if (*p == '.')
            decimals = 0;
        else if (decimals >= want)
            cut |= *p != '0';
        else {
            n = n * 10 + (*p - '0');
            decimals += decimals >= 0;
        }
    }
    for (int i = decimals < 0 ? 0 : decimals; i < want; i++)
        n *= 10;
    n = minus ? -n - cut : n;
    out->exact = !cut;
    out->above = n > limit - 1;
    out->below = n < (type->id == HS_T_DECIMAL ? 1 - limit : -limit);
    write_scaled(n, want, out->floor);
    return true;
}

static bool place_double(const char *text, const struct hs_type *type, struct place *out)
{
    double d = strtod(text, NULL);
    *out = (struct place){.exact = true};
    if (type->id == HS_T_FLOAT) {
        float f = (float)d;
        if (isinf(f))
            return false;
        out->exact = (double)f == d;
        if ((double)f > d)
            f = nextafterf(f, -INFINITY);
        d = (double)f;
    }
    if (!isfinite(d))
        return false;
    snprintf(out->floor, sizeof out->floor, "%.17g", d);
    return true;
}

/* ---- comparisons ---- */

static bool is_double(const struct hs_type *t)
{
    return t->id == HS_T_FLOAT || t->id == HS_T_DOUBLE;
}

struct field {
    int id;
    const struct hs_type *type;
};

static void add_binary(struct hs_buf *b, const char *what, const struct field *f, const char *value)
{
    hs_buf_addf(b, "{\"type\": \"%s\", \"left\": {\"type\": \"reference\", \"id\": %d}, \"right\": ", what, f->id);
    add_constant(b, value, f->type->id == HS_T_DECIMAL, f->type);
    hs_buf_addc(b, '}');
}

/* `e` where the field has a value that is a number. */
static void add_where_known(struct hs_buf *b, const struct field *f, hs_str e)
{
    struct hs_buf known, number;
    hs_buf_init(&known, 1 << 20);
    hs_buf_init(&number, 1 << 20);
    hs_iceberg_unary(&number, "not-null", f->id);
    hs_iceberg_join(&known, "and", hs_buf_str(&number), e);
    if (is_double(f->type)) {
        hs_buf_clear(&number);
        hs_iceberg_unary(&number, "not-nan", f->id);
        hs_iceberg_join(b, "and", hs_buf_str(&number), hs_buf_str(&known));
    } else
        hs_buf_adds(b, hs_buf_str(&known));
    b->failed |= known.failed || number.failed;
    hs_buf_fini(&known);
    hs_buf_fini(&number);
}

static enum hs_rule_op opposite(enum hs_rule_op op)
{
    static const enum hs_rule_op of[] = {
        [HS_RULE_EQ] = HS_RULE_NE, [HS_RULE_NE] = HS_RULE_EQ, [HS_RULE_LT] = HS_RULE_GE,
        [HS_RULE_GE] = HS_RULE_LT, [HS_RULE_GT] = HS_RULE_LE, [HS_RULE_LE] = HS_RULE_GT,
    };
    return of[op];
}

/* Both zeros are one number: in an order that tells them apart, it begins at -0.0 and ends at 0.0. */
static void add_zero(struct hs_buf *b, enum hs_rule_op op, const struct field *f)
{
    struct hs_buf low, high;
    hs_buf_init(&low, 1 << 16);
    hs_buf_init(&high, 1 << 16);
    if (op == HS_RULE_LT || op == HS_RULE_NE)
        add_binary(&low, "lt", f, "-0.0");
    if (op == HS_RULE_GE || op == HS_RULE_EQ)
        add_binary(&low, "gt-eq", f, "-0.0");
    if (op == HS_RULE_GT || op == HS_RULE_NE)
        add_binary(&high, "gt", f, "0.0");
    if (op == HS_RULE_LE || op == HS_RULE_EQ)
        add_binary(&high, "lt-eq", f, "0.0");
    if (low.len && high.len)
        hs_iceberg_join(b, op == HS_RULE_EQ ? "and" : "or", hs_buf_str(&low), hs_buf_str(&high));
    else
        hs_buf_adds(b, hs_buf_str(low.len ? &low : &high));
    b->failed |= low.failed || high.failed;
    hs_buf_fini(&low);
    hs_buf_fini(&high);
}

static const char *word_of(enum hs_rule_op op)
{
    static const char *const words[] = {
        [HS_RULE_EQ] = "eq",    [HS_RULE_NE] = "not-eq", [HS_RULE_LT] = "lt",
        [HS_RULE_LE] = "lt-eq", [HS_RULE_GT] = "gt",     [HS_RULE_GE] = "gt-eq",
    };
    return words[op];
}

/* Between two values of the field's type: nothing equals it, and what is below it is at most the lower of the two. */
static void add_placed(struct hs_buf *b, enum hs_rule_op op, const struct field *f, const struct place *at)
{
    bool less = op == HS_RULE_LT || op == HS_RULE_LE;
    if (at->below || at->above)
        hs_buf_addz(b, op == HS_RULE_NE || (op != HS_RULE_EQ && less == at->above) ? "true" : "false");
    else if (is_double(f->type) && at->exact && strtod(at->floor, NULL) == 0)
        add_zero(b, op, f);
    else if (at->exact)
        add_binary(b, word_of(op), f, at->floor);
    else if (op == HS_RULE_EQ || op == HS_RULE_NE)
        hs_buf_addz(b, op == HS_RULE_NE ? "true" : "false");
    else if (is_double(f->type) && strtod(at->floor, NULL) == 0)
        add_zero(b, less ? HS_RULE_LE : HS_RULE_GT, f);
    else
        add_binary(b, less ? "lt-eq" : "gt", f, at->floor);
}

static bool add_number(struct hs_buf *b, const struct field *f, enum hs_rule_op op, const struct hs_value *v,
                       const struct hs_type *as)
{
    char text[96];
    struct place at;
    if (!hs_type_is_number(f->type->id) || !text_of(v, text))
        return false;
    if (is_double(f->type) != is_double(as)) /* compared as doubles, which would round the field */
        return false;
    if (!(is_double(f->type) ? place_double(text, f->type, &at) : place_exact(text, f->type, &at)))
        return false;
    add_placed(b, op, f, &at);
    return true;
}

static bool add_other(struct hs_buf *b, const struct field *f, const char *what, const struct hs_value *v)
{
    hs_buf_addf(b, "{\"type\": \"%s\", \"left\": {\"type\": \"reference\", \"id\": %d}, \"right\": ", what, f->id);
    bool ok = add_plain(b, v, f->type);
    hs_buf_addc(b, '}');
    return ok;
}

bool hs_iceberg_compare(struct hs_buf *b, const struct hs_rule *field, enum hs_rule_op op, const struct hs_value *v,
                        const struct hs_type *as, bool want)
{
    const struct field f = {field->path_ids[field->path_len - 1], field->type};
    struct hs_buf e;
    bool ok;
    if (v->kind == HS_V_NULL || v->kind == HS_V_LIST || hs_type_is_nested(f.type->id))
        return false;
    hs_buf_init(&e, b->max);
    if (op == HS_RULE_STARTS_WITH)
        ok = add_other(&e, &f, want ? "starts-with" : "not-starts-with", v);
    else if (v->kind == HS_V_INT || v->kind == HS_V_NUMBER)
        ok = add_number(&e, &f, want ? op : opposite(op), v, as);
    else
        ok = add_other(&e, &f, word_of(want ? op : opposite(op)), v);
    if (ok)
        add_where_known(b, &f, hs_buf_str(&e));
    b->failed |= e.failed;
    hs_buf_fini(&e);
    return ok;
}

/* ---- sets ---- */

/* Not where whole numbers are compared as doubles, because another member is one: those round. */
bool hs_iceberg_in_set(const struct hs_rule *field, const struct hs_rule *constant, const struct hs_type *as)
{
    const struct hs_value *v = &constant->value;
    enum hs_type_id id = field->type->id;
    if (constant->op != HS_RULE_LITERAL || v->kind == HS_V_NULL || v->kind == HS_V_LIST || v->kind == HS_V_NUMBER)
        return false;
    if (v->kind == HS_V_INT && is_double(as))
        return false;
    if (v->kind == HS_V_INT)
        return id == HS_T_LONG || (id == HS_T_INT && v->i >= INT32_MIN && v->i <= INT32_MAX);
    return !hs_type_is_number(id) && (v->kind != HS_V_TEXT || hs_utf8_valid(v->text));
}

void hs_iceberg_set(struct hs_buf *b, const struct hs_rule *in, bool want)
{
    const struct hs_rule *field = in->args[0];
    const struct field f = {field->path_ids[field->path_len - 1], field->type};
    struct hs_buf e;
    size_t count = 0;
    char digits[32];
    hs_buf_init(&e, b->max);
    hs_buf_addf(&e, "{\"type\": \"%s\", \"child\": {\"type\": \"reference\", \"id\": %d}, \"values\": [",
                want ? "in" : "not-in", f.id);
    for (size_t i = 1; i < in->arg_count; i++) {
        const struct hs_value *v = &in->args[i]->value;
        if (!hs_iceberg_in_set(field, in->args[i], in->type))
            continue;
        hs_buf_addz(&e, count++ ? ", " : "");
        snprintf(digits, sizeof digits, "%lld", (long long)v->i);
        if (v->kind == HS_V_INT)
            add_constant(&e, digits, false, f.type);
        else
            add_plain(&e, v, f.type);
    }
    hs_buf_addz(&e, "]}");
    add_where_known(b, &f, hs_buf_str(&e));
    b->failed |= e.failed;
    hs_buf_fini(&e);
}
