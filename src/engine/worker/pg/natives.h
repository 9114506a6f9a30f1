/* Functions of PostgreSQL that the engine has not, or has otherwise: scalar functions of C, hs_pg_NAME, which the
 * translator's table (pgsql/functions.def) writes and the guard lets through. They run above the fence, on values that
 * the caller sees, and depend on their arguments alone: no clock, no setting, no file.
 *
 * What one may answer is bounded (PG_TEXT_MAX). What is wrong with a value is raised as letters of SQL's own,
 * pg_raise(c, "22012"); engine/states.def has the words, and no value is quoted. */
#ifndef HS_ENGINE_WORKER_NATIVES_PG_H
#define HS_ENGINE_WORKER_NATIVES_PG_H

#include "base/str.h"
#include "engine/worker/column.h"

enum { PG_ARGS_MAX = 8, PG_TEXT_MAX = 16 << 20, PG_DEPTH_MAX = 60 };

struct pg_type { /* of an argument that may be anything */
    duckdb_type id, stored;
    int scale, width; /* DECIMAL */
    bool json;        /* VARCHAR that the engine calls JSON */
    size_t array_size;
    char **names; /* STRUCT; the engine's memory */
    struct pg_type *children;
    size_t child_count;
};

struct pg_native;
struct pg_call {
    const struct pg_native *native;
    const struct cells *in;
    const struct pg_type *types;
    size_t args;
    duckdb_vector out;
    void *data;
    struct hs_buf text; /* to write in; empty at each row */
    size_t listed;      /* elements of the answer's lists so far */
    const char *raised;
};

struct pg_native {
    const char *name;
    duckdb_type params[PG_ARGS_MAX]; /* up to the first INVALID */
    duckdb_type result;              /* LIST is of texts, DECIMAL has 38 digits */
    int scale;
    bool more;  /* any number of further arguments, of any type */
    bool json;  /* its text (a list's texts) is what the engine calls JSON */
    bool nulls; /* is called with NULLs too; the others answer NULL to any */
    bool (*row)(struct pg_call *c, size_t row);
    bool (*rows)(struct pg_call *c, size_t count); /* all at once, where no argument has a NULL; may be absent */
};
/* Each ends with a row without a name; overloads of one name stand together. */
extern const struct pg_native hs_pg_divisions[], hs_pg_casts[], hs_pg_arithmetic[], hs_pg_floats[], hs_pg_times[],
    hs_pg_moments[], hs_pg_precisions[], hs_pg_values[], hs_pg_texts[], hs_pg_bytes[], hs_pg_quotes[], hs_pg_patterns[],
    hs_pg_chars[], hs_pg_dates[], hs_pg_formats[], hs_pg_documents[], hs_pg_operators[], hs_pg_names[];

static inline bool pg_raise(struct pg_call *c, const char *sqlstate)
{
    c->raised = sqlstate;
    return false;
}
bool pg_put_null(struct pg_call *c, size_t row); /* true */
bool pg_put_text(struct pg_call *c, size_t row, hs_str s);
bool pg_put_buf(struct pg_call *c, size_t row); /* c->text */
/* An answer that is a list of texts: each, and then from which on (c->listed as it was) they are this row's. */
bool pg_list_add(struct pg_call *c, hs_str s, bool null);
bool pg_list_end(struct pg_call *c, size_t row, size_t from);
static inline hs_str pg_text_at(const struct pg_call *c, size_t arg, size_t row)
{
    return hs_text_at(&c->in[arg], row);
}
static inline bool pg_is_null(const struct pg_call *c, size_t arg, size_t row)
{
    return !hs_cell_valid(&c->in[arg], row);
}
#define PG_AT(c, type, arg, row) (((const type *)(c)->in[arg].data)[row])
#define PG_PUT(c, type, row, value) (((type *)(c)->data)[row] = (value))

/* ---- pg/number.c ---- */
struct pg_number { /* an integer or a decimal: units / 10^scale; or floating point */
    __int128 units;
    int scale;
    bool real;
    double d;
};
/* false: not a number. */
bool pg_number_at(const struct pg_type *t, const struct cells *v, size_t row, struct pg_number *out);
unsigned __int128 pg_power10(int n); /* n 0..38 */
/* Text of a decimal as numeric's; of floating point as float4's and float8's. */
void pg_add_decimal(struct hs_buf *b, __int128 units, int scale, int shown);
void pg_add_real(struct hs_buf *b, double d, bool single);
/* sign, digits, point, exponent; half away from zero at `scale`. NULL or letters to raise. */
const char *pg_read_decimal(hs_str s, int scale, __int128 *out);
hs_str pg_trim(hs_str s); /* blanks around */

/* ---- pg/value.c ---- */
/* What PostgreSQL's output function writes. false: the type has none here. zone is for TIMESTAMP_TZ: offset in seconds
 * is written as +00. */
bool pg_add_value(struct hs_buf *b, const struct pg_type *t, const struct cells *v, size_t row);

/* ---- pg/time.c ---- */
struct pg_civil { /* a time of the calendar; year as astronomers count */
    int64_t year;
    int month, day, hour, minute, second, micro;
};
void pg_civil_of_days(int64_t days, struct pg_civil *out); /* since 1970 */
int64_t pg_days_of_civil(int64_t year, int month, int day);
void pg_civil_of_micros(int64_t us, struct pg_civil *out);
void pg_add_date(struct hs_buf *b, int32_t days);
void pg_add_time(struct hs_buf *b, int64_t us);
void pg_add_timestamp(struct hs_buf *b, int64_t us, bool zoned);
void pg_add_interval(struct hs_buf *b, const duckdb_interval *v);
bool pg_days_in_range(int64_t days);
#define PG_INFINITE_DAYS INT32_MAX
#define PG_INFINITE_US INT64_MAX
#define PG_DAY_US INT64_C(86400000000)

#endif
