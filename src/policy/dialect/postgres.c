/* What a producer with the same table in PostgreSQL runs there, so that a role sees what the decision says: a row
 * security policy over the table's rows, and over that a view with the masks. The view is a security barrier: without
 * it a function of the asker's own is run on values that the view would have masked or left out. */
#include "policy/dialect/dialect_in.h"

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

hs_rc hs_print_postgres_script(struct hs_buf *out, const struct hs_decision *d, hs_str table, hs_str view, hs_str role,
                               enum hs_fit *out_fit, struct hs_err *err)
{
    struct hs_buf rows;
    enum hs_fit fit = HS_FIT_EXACT;
    hs_buf_init(&rows, out->max);
    hs_rc rc = hs_print_dialect_rows(&rows, &hs_postgres, d, &fit, err);
    const char *where = rc == HS_OK && rows.len ? rows.at : "TRUE";
    if (rc == HS_OK) {
        add_note(out, d);
        hs_buf_addf(out, "ALTER TABLE %.*s ENABLE ROW LEVEL SECURITY;\n", HS_FMT(table));
        hs_buf_addf(out, "CREATE POLICY \"hs_rows\" ON %.*s FOR SELECT TO %.*s USING (", HS_FMT(table), HS_FMT(role));
        hs_buf_addz(out, where);
        hs_buf_addf(out, ");\nCREATE VIEW %.*s WITH (security_barrier) AS SELECT", HS_FMT(view));
        rc = add_columns(out, d, &fit, err);
        hs_buf_addf(out, "\n  FROM %.*s WHERE ", HS_FMT(table));
        hs_buf_addz(out, where);
        hs_buf_addf(out, ";\nGRANT SELECT ON %.*s TO %.*s;\n", HS_FMT(view), HS_FMT(role));
    }
    hs_buf_fini(&rows);
    HS_TRY(rc);
    HS_TRY(hs_buf_done(out, err));
    *out_fit = fit;
    return HS_OK;
}
