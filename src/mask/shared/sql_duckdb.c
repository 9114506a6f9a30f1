/* Types and literals in DuckDB's dialect. Every literal carries its type, so that nothing hangs on the engine's
 * implicit casts. */
#include "mask/sql.h"

static bool add_members(struct hs_buf *b, const struct hs_type *t)
{
    hs_buf_addz(b, "STRUCT(");
    for (size_t i = 0; i < t->field_count; i++) {
        if (i)
            hs_buf_addz(b, ", ");
        hs_buf_add_sql_name(b, t->fields[i].name);
        hs_buf_addc(b, ' ');
        if (!hs_buf_add_duckdb_type(b, t->fields[i].type))
            return false;
    }
    hs_buf_addc(b, ')');
    return t->field_count > 0;
}

static bool add_map(struct hs_buf *b, const struct hs_type *t)
{
    hs_buf_addz(b, "MAP(");
    if (t->field_count != 2 || !hs_buf_add_duckdb_type(b, t->fields[0].type))
        return false;
    hs_buf_addz(b, ", ");
    bool ok = hs_buf_add_duckdb_type(b, t->fields[1].type);
    hs_buf_addc(b, ')');
    return ok;
}

bool hs_buf_add_duckdb_type(struct hs_buf *b, const struct hs_type *t)
{
    static const char *const names[HS_T_COUNT_] = {
        [HS_T_BOOLEAN] = "BOOLEAN",
        [HS_T_INT] = "INTEGER",
        [HS_T_LONG] = "BIGINT",
        [HS_T_FLOAT] = "FLOAT",
        [HS_T_DOUBLE] = "DOUBLE",
        [HS_T_DATE] = "DATE",
        [HS_T_TIME] = "TIME",
        [HS_T_TIMESTAMP] = "TIMESTAMP",
        [HS_T_TIMESTAMPTZ] = "TIMESTAMPTZ",
        [HS_T_TIMESTAMP_NS] = "TIMESTAMP_NS",
        [HS_T_TIMESTAMPTZ_NS] = "TIMESTAMP_NS",
        [HS_T_UNKNOWN] = "\"NULL\"",
        [HS_T_VARIANT] = "STRUCT(\"metadata\" BLOB, \"value\" BLOB)",
        [HS_T_GEOMETRY] = "BLOB",
        [HS_T_GEOGRAPHY] = "BLOB",
        [HS_T_STRING] = "VARCHAR",
        [HS_T_UUID] = "UUID",
        [HS_T_FIXED] = "BLOB",
        [HS_T_BINARY] = "BLOB",
    };
    if (t->id == HS_T_STRUCT)
        return add_members(b, t);
    if (t->id == HS_T_MAP)
        return add_map(b, t);
    if (t->id == HS_T_LIST) {
        bool ok = t->field_count == 1 && hs_buf_add_duckdb_type(b, t->fields[0].type);
        hs_buf_addz(b, "[]");
        return ok;
    }
    if (t->id == HS_T_DECIMAL)
        hs_buf_addf(b, "DECIMAL(%d, %d)", t->precision, t->scale);
    else if ((size_t)t->id < HS_T_COUNT_ && names[t->id])
        hs_buf_addz(b, names[t->id]);
    else
        return false;
    return true;
}

static void add_cast_text(struct hs_buf *b, hs_str text, const struct hs_type *type)
{
    hs_buf_addz(b, "CAST(");
    hs_buf_add_sql_text(b, text);
    hs_buf_addz(b, " AS ");
    hs_buf_add_duckdb_type(b, type);
    hs_buf_addc(b, ')');
}

static void add_timestamp(struct hs_buf *b, const struct hs_value *v, const struct hs_type *type)
{
    struct hs_buf text;
    hs_buf_init(&text, 64);
    hs_buf_add_timestamp(&text, v->i, v->utc);
    add_cast_text(b, hs_buf_str(&text), type);
    b->failed |= text.failed;
    hs_buf_fini(&text);
}

static void add_number(struct hs_buf *b, const struct hs_value *v, const struct hs_type *type)
{
    struct hs_buf text;
    hs_buf_init(&text, 128);
    hs_buf_add_value(&text, v);
    add_cast_text(b, hs_buf_str(&text), type);
    b->failed |= text.failed;
    hs_buf_fini(&text);
}

void hs_buf_add_duckdb_literal(struct hs_buf *b, const struct hs_value *v, const struct hs_type *type)
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
        add_cast_text(b, v->text, type);
        return;
    case HS_V_DATE:
        hs_buf_addz(b, "DATE '");
        hs_buf_add_date(b, v->i);
        hs_buf_addc(b, '\'');
        return;
    case HS_V_TIMESTAMP:
        add_timestamp(b, v, type);
        return;
    case HS_V_TIME:
        hs_buf_addz(b, "TIME '");
        hs_buf_add_time_of_day(b, v->i);
        hs_buf_addc(b, '\'');
        return;
    case HS_V_NULL:
    case HS_V_LIST: /* never reaches a printer; NULL is UNKNOWN, which shows nothing */
        break;
    }
    hs_buf_addz(b, "CAST(NULL AS ");
    if (!type || !hs_buf_add_duckdb_type(b, type))
        hs_buf_addz(b, "BOOLEAN");
    hs_buf_addc(b, ')');
}
