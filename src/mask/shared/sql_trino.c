/* Trino SQL, as of 476: types, literals and the spellings that differ. Every literal has its type written beside it:
 * a bare number is an integer or a decimal by its digits, and a bare timestamp has the precision of its text. */
#include "mask/dialect.h"

#include <stdio.h>

static bool add_type(struct hs_buf *b, const struct hs_type *t);

/* Names of members are told apart without regard to case. */
static bool add_members(struct hs_buf *b, const struct hs_type *t)
{
    hs_buf_addz(b, "ROW(");
    for (size_t i = 0; i < t->field_count; i++) {
        for (size_t k = 0; k < i; k++)
            if (hs_str_eq_nocase(t->fields[i].name, t->fields[k].name))
                return false;
        hs_buf_addz(b, i ? ", " : "");
        hs_buf_add_sql_name(b, t->fields[i].name);
        hs_buf_addc(b, ' ');
        if (t->fields[i].name.len == 0 || !add_type(b, t->fields[i].type))
            return false;
    }
    hs_buf_addc(b, ')');
    return t->field_count > 0;
}

static bool add_nested(struct hs_buf *b, const struct hs_type *t)
{
    if (t->id == HS_T_STRUCT)
        return add_members(b, t);
    if (t->field_count != (t->id == HS_T_MAP ? 2 : 1))
        return false;
    hs_buf_addz(b, t->id == HS_T_MAP ? "MAP(" : "ARRAY(");
    for (size_t i = 0; i < t->field_count; i++) {
        hs_buf_addz(b, i ? ", " : "");
        if (!add_type(b, t->fields[i].type))
            return false;
    }
    hs_buf_addc(b, ')');
    return true;
}

static bool add_type(struct hs_buf *b, const struct hs_type *t)
{
    static const char *const names[HS_T_COUNT_] = {
        [HS_T_BOOLEAN] = "BOOLEAN",
        [HS_T_INT] = "INTEGER",
        [HS_T_LONG] = "BIGINT",
        [HS_T_FLOAT] = "REAL",
        [HS_T_DOUBLE] = "DOUBLE",
        [HS_T_DATE] = "DATE",
        [HS_T_TIME] = "TIME(6)",
        [HS_T_TIMESTAMP] = "TIMESTAMP(6)",
        [HS_T_TIMESTAMPTZ] = "TIMESTAMP(6) WITH TIME ZONE",
        [HS_T_TIMESTAMP_NS] = "TIMESTAMP(9)",
        [HS_T_STRING] = "VARCHAR",
        [HS_T_UUID] = "UUID",
        [HS_T_FIXED] = "VARBINARY",
        [HS_T_BINARY] = "VARBINARY",
    };
    if (hs_type_is_nested(t->id))
        return add_nested(b, t);
    if (t->id == HS_T_DECIMAL)
        hs_buf_addf(b, "DECIMAL(%d, %d)", t->precision, t->scale);
    else if ((size_t)t->id < HS_T_COUNT_ && names[t->id])
        hs_buf_addz(b, names[t->id]);
    else
        return false;
    return true;
}

/* DECIMAL '1.5' is a decimal(2, 1): the cast widens it to the type of the comparison. */
static void add_number(struct hs_buf *b, const struct hs_value *v, const struct hs_type *type)
{
    static const struct hs_type whole = {.id = HS_T_LONG};
    const struct hs_type *t = type ? type : &whole;
    bool decimal = t->id == HS_T_DECIMAL;
    hs_buf_addz(b, decimal ? "CAST(DECIMAL '" : "");
    if (!decimal) {
        add_type(b, t);
        hs_buf_addz(b, " '");
    }
    hs_buf_add_value(b, v);
    hs_buf_addc(b, '\'');
    if (decimal) {
        hs_buf_addz(b, " AS ");
        add_type(b, t);
        hs_buf_addc(b, ')');
    }
}

static void add_text(struct hs_buf *b, hs_str text, const struct hs_type *type)
{
    if (type && type->id == HS_T_UUID) {
        hs_buf_addz(b, "UUID ");
        hs_buf_add_sql_text(b, text);
        return;
    }
    hs_buf_addz(b, "CAST(");
    hs_buf_add_sql_text(b, text);
    hs_buf_addz(b, " AS VARCHAR)");
}

static void add_timestamp(struct hs_buf *b, const struct hs_value *v, const struct hs_type *type)
{
    bool ns = type && type->id == HS_T_TIMESTAMP_NS;
    hs_buf_addz(b, "CAST(TIMESTAMP '");
    hs_buf_add_timestamp(b, v->i, false);
    hs_buf_addz(b, v->utc ? " UTC' AS TIMESTAMP(6) WITH TIME ZONE)" : ns ? "' AS TIMESTAMP(9))" : "' AS TIMESTAMP(6))");
}

void hs_buf_add_dialect_null(struct hs_buf *b, const struct hs_dialect *sql, const struct hs_type *type)
{
    hs_buf_addz(b, "CAST(NULL AS ");
    if (!type || !sql->add_type(b, type))
        hs_buf_addz(b, "BOOLEAN");
    hs_buf_addc(b, ')');
}

static void add_literal(struct hs_buf *b, const struct hs_value *v, const struct hs_type *type)
{
    switch (v->kind) {
    case HS_V_BOOL:
        hs_buf_addz(b, v->i ? "TRUE" : "FALSE");
        return;
    case HS_V_INT:
    case HS_V_NUMBER:
        add_number(b, v, type);
        return;
    case HS_V_TEXT:
        add_text(b, v->text, type);
        return;
    case HS_V_DATE:
        hs_buf_addz(b, "DATE '");
        hs_buf_add_date(b, v->i);
        hs_buf_addc(b, '\'');
        return;
    case HS_V_TIME:
        hs_buf_addz(b, "CAST(TIME '");
        hs_buf_add_time_of_day(b, v->i);
        hs_buf_addz(b, "' AS TIME(6))");
        return;
    case HS_V_TIMESTAMP:
        add_timestamp(b, v, type);
        return;
    case HS_V_NULL:
    case HS_V_LIST:
        break;
    }
    hs_buf_add_dialect_null(b, &hs_trino, type);
}

static void add_zero_bytes(struct hs_buf *b, int count)
{
    hs_buf_addz(b, "X'");
    for (int i = 0; i < count; i++)
        hs_buf_addz(b, "00");
    hs_buf_addc(b, '\'');
}

/* A plain "customer"."city" is first looked for as the column of a table named customer. */
static void add_member(struct hs_buf *b, hs_str x, hs_str name)
{
    hs_buf_addf(b, "IF(TRUE, %.*s).", HS_FMT(x));
    hs_buf_add_sql_name(b, name);
}

static void add_match(struct hs_buf *b, enum hs_rule_op op, hs_str x, hs_str y)
{
    if (op == HS_RULE_STARTS_WITH)
        hs_buf_addf(b, "starts_with(%.*s, %.*s)", HS_FMT(x), HS_FMT(y));
    else if (op == HS_RULE_CONTAINS)
        hs_buf_addf(b, "(strpos(%.*s, %.*s) > 0)", HS_FMT(x), HS_FMT(y));
    else
        hs_buf_addf(b, "(length(%.*s) >= length(%.*s) AND substr(%.*s, length(%.*s) - length(%.*s) + 1) = %.*s)",
                    HS_FMT(x), HS_FMT(y), HS_FMT(x), HS_FMT(x), HS_FMT(y), HS_FMT(y));
}

static void open_object(struct hs_buf *b, hs_str x)
{
    hs_buf_addf(b, "IF(%.*s IS NULL, NULL, CAST(ROW(", HS_FMT(x));
}

static void close_object(struct hs_buf *b, const struct hs_type *out)
{
    hs_buf_addz(b, ") AS ");
    b->failed |= !add_type(b, out);
    hs_buf_addz(b, "))");
}

static void open_list(struct hs_buf *b, hs_str x, int n)
{
    hs_buf_addf(b, "transform(%.*s, " HS_DIALECT_VARIABLE "%d -> ", HS_FMT(x), n);
}

static void close_list(struct hs_buf *b, hs_str x, int n, const struct hs_type *element)
{
    (void)x, (void)n, (void)element;
    hs_buf_addc(b, ')');
}

static void open_map(struct hs_buf *b, hs_str x, int n)
{
    hs_buf_addf(b, "transform_values(%.*s, (" HS_DIALECT_VARIABLE "k%d, " HS_DIALECT_VARIABLE "%d) -> ", HS_FMT(x), n,
                n);
}

static void close_map(struct hs_buf *b)
{
    hs_buf_addc(b, ')');
}

static void add_variable(struct hs_buf *b, hs_str x, int n)
{
    (void)x;
    hs_buf_addf(b, HS_DIALECT_VARIABLE "%d", n);
}

static void add_entry(struct hs_buf *b, int n, const struct hs_type *map)
{
    hs_buf_addf(b, "CAST(ROW(" HS_DIALECT_VARIABLE "k%d, " HS_DIALECT_VARIABLE "%d) AS ROW(\"key\" ", n, n);
    b->failed |= !add_type(b, map->fields[0].type);
    hs_buf_addz(b, ", \"value\" ");
    b->failed |= !add_type(b, map->fields[1].type);
    hs_buf_addz(b, "))");
}

static void add_any(struct hs_buf *b, bool all, hs_str x, int n, hs_str condition)
{
    hs_buf_addf(b, "%s(%.*s, " HS_DIALECT_VARIABLE "%d -> ", all ? "all_match" : "any_match", HS_FMT(x), n);
    hs_buf_adds(b, condition);
    hs_buf_addc(b, ')');
}

const struct hs_dialect hs_trino = {
    .name = "trino",
    .add_type = add_type,
    .add_literal = add_literal,
    .add_zero_bytes = add_zero_bytes,
    .add_member = add_member,
    .nan_types = UINT64_C(1) << HS_T_FLOAT | UINT64_C(1) << HS_T_DOUBLE,
    .is_number = {"NOT is_nan(", ")"},
    .is_null = {"(", " IS NULL)"},
    .is_false = {"NOT (", ")"},
    .text_order = "",
    .stars = {"rpad('', ", ", '*')"},
    .add_match = add_match,
    .open_object = open_object,
    .close_object = close_object,
    .open_list = open_list,
    .close_list = close_list,
    .open_map = open_map,
    .close_map = close_map,
    .add_variable = add_variable,
    .add_entry = add_entry,
    .add_any = add_any,
};
