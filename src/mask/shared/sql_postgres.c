/* PostgreSQL, as of 15: types, literals and the spellings that differ.
 *
 * An object is a composite type, which has to have a name there: "hs_" and a digest of what it is made of, so that the
 * same object has the same name in every column and every script. Of maps and of lists of lists it has none: refused.
 * Texts are compared under "C", whatever the column's or the database's collation is; under others two texts can be
 * equal that are not the same, and some raise errors when they are searched. */
#include "mask/dialect.h"

#include <stdio.h>

static bool add_type(struct hs_buf *b, const struct hs_type *t);

static bool add_object_name(struct hs_buf *b, const struct hs_type *t)
{
    struct hs_buf text;
    uint64_t digest = UINT64_C(14695981039346656037);
    hs_buf_init(&text, 1 << 20);
    bool ok = t->field_count > 0;
    for (size_t i = 0; i < t->field_count && ok; i++) {
        hs_buf_add_sql_name(&text, t->fields[i].name);
        hs_buf_addc(&text, ' ');
        ok = t->fields[i].name.len < 64 && add_type(&text, t->fields[i].type);
        hs_buf_addc(&text, ',');
    }
    for (size_t i = 0; i < text.len; i++)
        digest = (digest ^ (uint8_t)text.at[i]) * UINT64_C(1099511628211);
    b->failed |= text.failed;
    hs_buf_fini(&text);
    hs_buf_addf(b, "\"hs_%016llx\"", (unsigned long long)digest);
    return ok;
}

static bool add_type(struct hs_buf *b, const struct hs_type *t)
{
    static const char *const names[HS_T_COUNT_] = {
        [HS_T_BOOLEAN] = "boolean",
        [HS_T_INT] = "integer",
        [HS_T_LONG] = "bigint",
        [HS_T_FLOAT] = "real",
        [HS_T_DOUBLE] = "double precision",
        [HS_T_DATE] = "date",
        [HS_T_TIME] = "time without time zone",
        [HS_T_TIMESTAMP] = "timestamp without time zone",
        [HS_T_TIMESTAMPTZ] = "timestamp with time zone",
        [HS_T_STRING] = "text",
        [HS_T_UUID] = "uuid",
        [HS_T_FIXED] = "bytea",
        [HS_T_BINARY] = "bytea",
    };
    if (t->id == HS_T_STRUCT)
        return add_object_name(b, t);
    if (t->id == HS_T_LIST) {
        bool ok = t->field_count == 1 && t->fields[0].type->id != HS_T_LIST && add_type(b, t->fields[0].type);
        hs_buf_addz(b, "[]");
        return ok;
    }
    if (t->id == HS_T_DECIMAL)
        hs_buf_addf(b, "numeric(%d, %d)", t->precision, t->scale);
    else if ((size_t)t->id < HS_T_COUNT_ && names[t->id])
        hs_buf_addz(b, names[t->id]);
    else
        return false;
    return true;
}

/* A backslash is itself or an escape by the session's setting; written as E'\\' it is one in both. */
static void add_text(struct hs_buf *b, hs_str text)
{
    bool escaped = text.len && memchr(text.at, '\\', text.len);
    hs_buf_addz(b, escaped ? "E'" : "'");
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] == '\'' || text.at[i] == '\\')
            hs_buf_addc(b, text.at[i]);
        hs_buf_addc(b, text.at[i]);
    }
    hs_buf_addc(b, '\'');
}

static void add_cast(struct hs_buf *b, hs_str text, const struct hs_type *type)
{
    hs_buf_addz(b, "CAST(");
    add_text(b, text);
    hs_buf_addz(b, " AS ");
    add_type(b, type);
    hs_buf_addc(b, ')');
}

static void add_written(struct hs_buf *b, const struct hs_value *v, const struct hs_type *type)
{
    static const struct hs_type whole = {.id = HS_T_LONG};
    struct hs_buf text;
    hs_buf_init(&text, 256);
    if (v->kind == HS_V_DATE)
        hs_buf_add_date(&text, v->i);
    else if (v->kind == HS_V_TIME)
        hs_buf_add_time_of_day(&text, v->i);
    else if (v->kind == HS_V_TIMESTAMP)
        hs_buf_add_timestamp(&text, v->i, v->utc);
    else
        hs_buf_add_value(&text, v);
    add_cast(b, hs_buf_str(&text), type ? type : &whole);
    b->failed |= text.failed;
    hs_buf_fini(&text);
}

static void add_literal(struct hs_buf *b, const struct hs_value *v, const struct hs_type *type)
{
    static const struct hs_type string = {.id = HS_T_STRING};
    switch (v->kind) {
    case HS_V_BOOL:
        hs_buf_addz(b, v->i ? "TRUE" : "FALSE");
        return;
    case HS_V_TEXT:
        add_cast(b, v->text, type ? type : &string);
        return;
    case HS_V_INT:
    case HS_V_NUMBER:
    case HS_V_DATE:
    case HS_V_TIME:
    case HS_V_TIMESTAMP:
        add_written(b, v, type);
        return;
    case HS_V_NULL:
    case HS_V_LIST:
        break;
    }
    hs_buf_add_dialect_null(b, &hs_postgres, type);
}

static void add_zero_bytes(struct hs_buf *b, int count)
{
    hs_buf_addz(b, "CAST(E'\\\\x");
    for (int i = 0; i < count; i++)
        hs_buf_addz(b, "00");
    hs_buf_addz(b, "' AS bytea)");
}

static void add_member(struct hs_buf *b, hs_str x, hs_str name)
{
    hs_buf_addf(b, "(%.*s).", HS_FMT(x));
    hs_buf_add_sql_name(b, name);
}

static void add_match(struct hs_buf *b, enum hs_rule_op op, hs_str x, hs_str y)
{
    if (op == HS_RULE_STARTS_WITH)
        hs_buf_addf(b, "starts_with(%.*s, %.*s)", HS_FMT(x), HS_FMT(y));
    else if (op == HS_RULE_CONTAINS)
        hs_buf_addf(b, "(strpos(%.*s, %.*s) > 0)", HS_FMT(x), HS_FMT(y));
    else
        hs_buf_addf(b, "(right(%.*s, length(%.*s)) = %.*s)", HS_FMT(x), HS_FMT(y), HS_FMT(y));
}

static void open_object(struct hs_buf *b, hs_str x)
{
    hs_buf_addf(b, "CASE WHEN %.*s IS NOT DISTINCT FROM NULL THEN NULL ELSE CAST(ROW(", HS_FMT(x));
}

static void close_object(struct hs_buf *b, const struct hs_type *out)
{
    hs_buf_addz(b, ") AS ");
    b->failed |= !add_type(b, out);
    hs_buf_addz(b, ") END");
}

/* Over the numbers of the elements: unnest() would take an object apart, and lose which of them are NULL. */
static void open_list(struct hs_buf *b, hs_str x, int n)
{
    (void)n;
    hs_buf_addf(b, "CASE WHEN %.*s IS NOT NULL THEN ARRAY(SELECT CAST(", HS_FMT(x));
}

static void close_list(struct hs_buf *b, hs_str x, int n, const struct hs_type *element)
{
    hs_buf_addz(b, " AS ");
    b->failed |= !add_type(b, element);
    hs_buf_addf(b, ") FROM generate_subscripts(%.*s, 1) AS " HS_DIALECT_VARIABLE "t%d(" HS_DIALECT_VARIABLE "%d) ",
                HS_FMT(x), n, n);
    hs_buf_addf(b, "ORDER BY " HS_DIALECT_VARIABLE "%d) END", n);
}

static void add_variable(struct hs_buf *b, hs_str x, int n)
{
    hs_buf_addf(b, "(%.*s)[" HS_DIALECT_VARIABLE "%d]", HS_FMT(x), n);
}

static void close_let(struct hs_buf *b, hs_str x, int n)
{
    hs_buf_addf(b, " FROM (SELECT %.*s AS " HS_DIALECT_VARIABLE "%d OFFSET 0) AS " HS_DIALECT_VARIABLE "t%d)",
                HS_FMT(x), n, n);
}

static void add_exists(struct hs_buf *b, hs_str x, int n, const char *what[2], hs_str condition)
{
    hs_buf_addf(b, "EXISTS (SELECT FROM generate_subscripts(%.*s, 1) AS ", HS_FMT(x));
    hs_buf_addf(b, HS_DIALECT_VARIABLE "t%d(" HS_DIALECT_VARIABLE "%d) WHERE %s", n, n, what[0]);
    hs_buf_adds(b, condition);
    hs_buf_addf(b, "%s)", what[1]);
}

static void add_any(struct hs_buf *b, bool all, hs_str x, int n, hs_str condition)
{
    hs_buf_addf(b, "CASE WHEN %.*s IS NULL THEN NULL WHEN ", HS_FMT(x));
    add_exists(b, x, n, (const char *[]){"(", all ? ") IS FALSE" : ") IS TRUE"}, condition);
    hs_buf_addf(b, " THEN %s WHEN ", all ? "FALSE" : "TRUE");
    add_exists(b, x, n, (const char *[]){"(", ") IS NULL"}, condition);
    hs_buf_addf(b, " THEN NULL ELSE %s END", all ? "TRUE" : "FALSE");
}

const struct hs_dialect hs_postgres = {
    .name = "postgres",
    .add_type = add_type,
    .add_literal = add_literal,
    .add_zero_bytes = add_zero_bytes,
    .add_member = add_member,
    .nan_types = UINT64_C(1) << HS_T_FLOAT | UINT64_C(1) << HS_T_DOUBLE | UINT64_C(1) << HS_T_DECIMAL,
    .is_number = {"", " <> 'NaN'"},
    /* IS NULL is true of an object whose members all are */
    .is_null = {"(", " IS NOT DISTINCT FROM NULL)"},
    .is_false = {"(", ") IS FALSE"},
    .text_order = " COLLATE \"C\"",
    .stars = {"repeat('*', ", ")"},
    .add_match = add_match,
    .open_object = open_object,
    .close_object = close_object,
    .open_list = open_list,
    .close_list = close_list,
    .add_variable = add_variable,
    .close_let = close_let,
    .add_any = add_any,
};
