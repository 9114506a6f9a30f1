/* Private to the printer: predicates that belong to one scan alone. inside_from.c finds them and tells whose a column
 * is; print_inside.c copies them into the scan as text, condition.c says them to whoever plans the scan. */
#ifndef HS_ENGINE_INSIDE_IN_H
#define HS_ENGINE_INSIDE_IN_H

#include "engine/print_in.h"

struct hs_source { /* a relation of one FROM, joins taken apart */
    hs_str alias;
    const struct hs_scan *scan; /* NULL: a sub-query, a WITH query, a function */
    size_t index;
    bool open; /* a predicate of WHERE may be taken to it: no outer join may still invent rows of it */
};
struct hs_sources {
    struct hs_source at[64];
    size_t len;
    bool overflow, natural;
    const struct hs_names *merged[64]; /* USING columns */
    size_t merged_count;
};

/* Once for every predicate that each row of FROM has to meet: the conjuncts of WHERE, and of ON of an inner join. */
typedef hs_rc (*hs_conjunct_fn)(void *arg, const struct hs_sources *from, const struct hs_node *n, struct hs_err *err);
HS_MUST hs_rc hs_each_conjunct(const struct hs_statement *s, const struct hs_scan *scans, hs_conjunct_fn fn, void *arg,
                               struct hs_err *err);
/* The column that n means, when it is one of an open source and its values are seen as they are; NULL otherwise. */
const struct hs_scan_column *hs_inside_column(const struct hs_sources *from, const struct hs_node *n,
                                              const struct hs_source **out_source);

/* print_inside_value.c: what a constant is; false, NULL: not one, or not written in the one way that is understood */
const struct hs_value *hs_inside_constant(const struct hs_node *n);
const hs_str *hs_inside_text_as(const struct hs_node *n, const char *type); /* CAST('text' AS type) */
bool hs_inside_date(hs_str text, int64_t *out_days);                        /* 1994-01-31 */
bool hs_inside_moment(hs_str text, int64_t *out_us);                        /* 1994-01-31 10:00:00.123456 */
bool hs_inside_is_uuid(hs_str text);
/* Digits that all have room before and after the type's point: then the engine compares in the column's own type. */
const hs_str *hs_inside_decimal(const struct hs_node *n, const struct hs_type *type);
/* DATE '...', and that + or - INTERVAL n DAY, WEEK, MONTH or YEAR. */
bool hs_inside_day(const struct hs_node *n, int64_t *out_days);

/* condition_value.c: a constant or bound parameter that the engine surely compares with a column of `type` as a value
 * of that type, or NULL. */
bool hs_inside_value(struct hs_arena *a, const struct hs_node *n, const struct hs_type *type,
                     const struct hs_params *params, struct hs_param *out);

#endif
