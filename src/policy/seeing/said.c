/* A decision in another engine's words, part by part: exact, a stand-in that shows less, or refused. */
#include "mask/mask.h"
#include "policy/dialect.h"
#include "policy/seeing/explained_in.h"

struct sayer {
    const char *name;
    hs_rc (*rows)(struct hs_buf *b, const struct hs_decision *d, enum hs_fit *fit, struct hs_err *err);
    hs_rc (*column)(struct hs_buf *b, const struct hs_decision *d, size_t i, enum hs_fit *fit, struct hs_err *err);
};

/* Our own engine is told of aggregates in another way; what is printed here would be read as exact. */
static hs_rc duckdb_refuses(const struct hs_decision *d, struct hs_err *err)
{
    return d->minimum ? hs_fail(err, HS_UNSUPPORTED, HS_ONLY_AGGREGATES) : HS_OK;
}

static hs_rc duckdb_rows(struct hs_buf *b, const struct hs_decision *d, enum hs_fit *fit, struct hs_err *err)
{
    *fit = HS_FIT_EXACT;
    HS_TRY(duckdb_refuses(d, err));
    return hs_print_duckdb_rows(b, d, err);
}

static hs_rc duckdb_column(struct hs_buf *b, const struct hs_decision *d, size_t i, enum hs_fit *fit,
                           struct hs_err *err)
{
    *fit = HS_FIT_EXACT;
    HS_TRY(duckdb_refuses(d, err));
    return hs_print_duckdb_column(b, d, i, err);
}

static hs_rc trino_rows(struct hs_buf *b, const struct hs_decision *d, enum hs_fit *fit, struct hs_err *err)
{
    return hs_print_dialect_rows(b, &hs_trino, d, fit, err);
}

static hs_rc trino_column(struct hs_buf *b, const struct hs_decision *d, size_t i, enum hs_fit *fit, struct hs_err *err)
{
    return hs_print_dialect_column(b, &hs_trino, d, i, fit, err);
}

static hs_rc postgres_rows(struct hs_buf *b, const struct hs_decision *d, enum hs_fit *fit, struct hs_err *err)
{
    return hs_print_dialect_rows(b, &hs_postgres, d, fit, err);
}

static hs_rc postgres_column(struct hs_buf *b, const struct hs_decision *d, size_t i, enum hs_fit *fit,
                             struct hs_err *err)
{
    return hs_print_dialect_column(b, &hs_postgres, d, i, fit, err);
}

/* The restrictions are one document; of a decision about a table with but one part of this one they are that part's. */
static hs_rc iceberg_rows(struct hs_buf *b, const struct hs_decision *d, enum hs_fit *fit, struct hs_err *err)
{
    struct hs_decision part = *d;
    struct hs_type none = {.id = HS_T_STRUCT};
    part.bound = &none;
    part.column_count = part.mask_count = 0;
    return hs_print_read_restrictions(b, &part, fit, err);
}

static hs_rc iceberg_column(struct hs_buf *b, const struct hs_decision *d, size_t i, enum hs_fit *fit,
                            struct hs_err *err)
{
    struct hs_decision part = *d;
    struct hs_field field = *d->columns[i].field;
    struct hs_type one = {.id = HS_T_STRUCT, .fields = &field, .field_count = 1};
    part.bound = &one;
    part.rows = NULL;
    part.columns = &d->columns[i];
    part.column_count = 1;
    return hs_print_read_restrictions(b, &part, fit, err);
}

static const struct sayer SAYERS[] = {
    {"duckdb", duckdb_rows, duckdb_column},
    {"trino", trino_rows, trino_column},
    {"postgres", postgres_rows, postgres_column},
    {"iceberg", iceberg_rows, iceberg_column},
};

static hs_rc say(struct hs_arena *a, struct hs_explained *e, const struct sayer *s, size_t column, struct hs_err *err)
{
    const struct hs_decision *d = e->decision;
    struct explained_said *said = hs_vec_add(a, &e->said);
    bool rows = column == d->column_count;
    enum hs_fit fit = HS_FIT_EXACT;
    struct hs_err why;
    struct hs_buf b;
    if (!said)
        return hs_no_memory(err);
    hs_err_clear(&why);
    hs_buf_init(&b, 16 << 20);
    hs_rc rc = rows ? s->rows(&b, d, &fit, &why) : s->column(&b, d, column, &fit, &why);
    if (rc == HS_OK)
        rc = hs_buf_done(&b, &why);
    said->column = rows ? (hs_str){0} : d->columns[column].field->name;
    said->fit = rc != HS_OK ? EXPLAINED_REFUSED : fit == HS_FIT_EXACT ? EXPLAINED_EXACT : EXPLAINED_STAND_IN;
    said->text = hs_arena_str(a, rc == HS_OK ? hs_buf_str(&b) : hs_str_of(why.detail));
    hs_buf_clear(&b);
    hs_buf_add_not_carried(&b, d);
    if (rc == HS_OK)
        said->note = hs_arena_str(a, hs_buf_str(&b));
    hs_buf_fini(&b);
    if (rc == HS_OK && !said->note.at)
        return hs_no_memory(err);
    return said->text.at && rc != HS_NOMEM ? HS_OK : hs_no_memory(err);
}

hs_rc hs_explain_said(struct hs_arena *a, struct hs_explained *e, struct hs_err *err)
{
    const struct sayer *s = NULL;
    for (size_t i = 0; i < HS_COUNT(SAYERS); i++)
        if (hs_str_is(e->ask.dialect, SAYERS[i].name))
            s = &SAYERS[i];
    if (e->ask.dialect.len && !s)
        return hs_fail(err, HS_INVALID, "there is no dialect '%.*s'; there are duckdb, trino, postgres and iceberg",
                       HS_FMT(e->ask.dialect));
    if (!s || !e->decision || !e->decision->allowed)
        return HS_OK;
    HS_TRY(say(a, e, s, e->decision->column_count, err));
    for (size_t i = 0; i < e->decision->column_count; i++)
        HS_TRY(say(a, e, s, i, err));
    return HS_OK;
}
