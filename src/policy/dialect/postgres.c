/* What a producer with the same table in PostgreSQL runs there, so that a role sees what the decision says: a row
 * security policy over the table's rows, and over that a view with the masks. The view is a security barrier: without
 * it a function of the asker's own is run on values that the view would have masked or left out. */
#include "policy/dialect/dialect_in.h"

#define ROWS_POLICY "hs_rows_"

static bool add_members(struct hs_buf *b, const struct hs_type *t)
{
    for (size_t i = 0; i < t->field_count; i++) {
        hs_buf_addz(b, i ? ", " : "");
        hs_buf_add_sql_name(b, t->fields[i].name);
        hs_buf_addc(b, ' ');
        if (!hs_postgres.add_type(b, t->fields[i].type))
            return false;
    }
    return true;
}

/* Innermost first. Written twice where two columns need the same one: whoever runs them skips what is there. */
static bool add_types(struct hs_buf *b, const struct hs_type *t)
{
    for (size_t i = 0; i < t->field_count; i++)
        if (!add_types(b, t->fields[i].type))
            return false;
    if (t->id != HS_T_STRUCT)
        return true;
    hs_buf_addz(b, "CREATE TYPE ");
    if (!hs_postgres.add_type(b, t))
        return false;
    hs_buf_addz(b, " AS (");
    bool ok = add_members(b, t);
    hs_buf_addz(b, ");\n");
    return ok;
}

hs_rc hs_print_postgres_types(struct hs_buf *out, const struct hs_decision *d, struct hs_err *err)
{
    if (!d->allowed)
        return hs_fail_hidden(err, HS_INTERNAL, "types of a table that is not allowed");
    for (size_t i = 0; i < d->column_count; i++) {
        size_t before = out->len;
        bool ok = add_types(out, d->columns[i].field->type) && add_types(out, d->columns[i].type);
        if (!ok && !out->failed)
            out->len = before; /* the column itself will be refused */
    }
    return hs_buf_done(out, err);
}

static hs_rc add_columns(struct hs_buf *out, const struct hs_decision *d, enum hs_fit *fit, struct hs_err *err)
{
    for (size_t i = 0; i < d->column_count; i++) {
        enum hs_fit one;
        hs_buf_addz(out, i ? ",\n    " : "\n    ");
        HS_TRY(hs_print_dialect_column(out, &hs_postgres, d, i, &one, err));
        hs_buf_addz(out, " AS ");
        hs_buf_add_sql_name(out, d->columns[i].field->name);
        *fit = one > *fit ? one : *fit;
    }
    return HS_OK;
}

static void add_note(struct hs_buf *out, const struct hs_decision *d)
{
    size_t before = out->len;
    hs_buf_addz(out, "-- ");
    size_t empty = out->len;
    hs_buf_add_not_carried(out, d);
    if (out->len == empty && !out->failed)
        out->len = before;
    else
        hs_buf_addc(out, '\n');
}

/* PostgreSQL cuts off what is longer, and two names could then be one. */
static hs_rc check_name(hs_str name, const char *before, struct hs_err *err)
{
    enum { MOST = 63 };
    size_t most = MOST - strlen(before);
    if (name.len && name.len <= most && !memchr(name.at, 0, name.len))
        return HS_OK;
    return hs_fail(err, HS_UNSUPPORTED, "a name for PostgreSQL has 1 to %zu bytes here", most);
}

static void add_script(struct hs_buf *out, const char *where, hs_str table, hs_str role)
{
    hs_buf_addz(out, "ALTER TABLE ");
    hs_buf_add_sql_name(out, table);
    hs_buf_addz(out, " ENABLE ROW LEVEL SECURITY;\nCREATE POLICY ");
    struct hs_buf policy;
    hs_buf_init(&policy, 100);
    hs_buf_addf(&policy, ROWS_POLICY "%.*s", HS_FMT(role));
    hs_buf_add_sql_name(out, hs_buf_str(&policy));
    hs_buf_fini(&policy);
    hs_buf_addz(out, " ON ");
    hs_buf_add_sql_name(out, table);
    hs_buf_addz(out, " FOR SELECT TO ");
    hs_buf_add_sql_name(out, role);
    hs_buf_addz(out, " USING (");
    hs_buf_addz(out, where);
    hs_buf_addz(out, ");\n");
}

hs_rc hs_print_postgres_script(struct hs_buf *out, const struct hs_decision *d, hs_str table, hs_str view, hs_str role,
                               enum hs_fit *out_fit, struct hs_err *err)
{
    struct hs_buf rows;
    enum hs_fit fit = HS_FIT_EXACT;
    HS_TRY(check_name(table, "", err));
    HS_TRY(check_name(view, "", err));
    HS_TRY(check_name(role, ROWS_POLICY, err));
    hs_buf_init(&rows, out->max);
    hs_rc rc = hs_print_dialect_rows(&rows, &hs_postgres, d, &fit, err);
    const char *where = rc == HS_OK && rows.len ? rows.at : "TRUE";
    if (rc == HS_OK) {
        add_note(out, d);
        add_script(out, where, table, role);
        hs_buf_addz(out, "CREATE VIEW ");
        hs_buf_add_sql_name(out, view);
        hs_buf_addz(out, " WITH (security_barrier) AS SELECT");
        rc = add_columns(out, d, &fit, err);
        hs_buf_addz(out, "\n  FROM ");
        hs_buf_add_sql_name(out, table);
        hs_buf_addf(out, " WHERE ");
        hs_buf_addz(out, where);
        hs_buf_addz(out, ";\nGRANT SELECT ON ");
        hs_buf_add_sql_name(out, view);
        hs_buf_addz(out, " TO ");
        hs_buf_add_sql_name(out, role);
        hs_buf_addz(out, ";\n");
    }
    hs_buf_fini(&rows);
    HS_TRY(rc);
    HS_TRY(hs_buf_done(out, err));
    *out_fit = fit;
    return HS_OK;
}
