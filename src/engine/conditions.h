/* What a statement asks of the rows of its scans, told before their files are planned. */
#ifndef HS_ENGINE_CONDITIONS_H
#define HS_ENGINE_CONDITIONS_H

#include "engine/engine.h"

enum hs_ask {
    HS_ASK_ANY = 0, /* something that cannot be said here: may be TRUE, and its negation may be TRUE */
    HS_ASK_AND,
    HS_ASK_OR,
    HS_ASK_NOT,
    HS_ASK_EQ,
    HS_ASK_NE,
    HS_ASK_LT,
    HS_ASK_LE,
    HS_ASK_GT,
    HS_ASK_GE,
    HS_ASK_IN,
    HS_ASK_NOT_IN,
    HS_ASK_IS_NULL,
    HS_ASK_NOT_NULL,
    HS_ASK_STARTS_WITH,
};
/* SQL's three-valued logic; NaN equals itself and is greater than every number, text compares by its bytes. A value may
 * be NULL: what it is compared with is then UNKNOWN. */
struct hs_condition {
    enum hs_ask op;
    size_t column; /* of hs_scan.columns */
    const struct hs_param *values;
    size_t value_count;
    const struct hs_condition *parts; /* AND, OR; NOT: one */
    size_t part_count;
};

/* (*out)[i]: TRUE of every row of scan i that counts for anything in the answer; NULL: nothing is asked. Of the scans
 * only the columns have to be there; none is named that is not leakproof. params may be NULL. */
HS_MUST hs_rc hs_statement_conditions(struct hs_arena *a, const struct hs_statement *s, const struct hs_scan *scans,
                                      const struct hs_params *params, const struct hs_condition *const **out,
                                      struct hs_err *err);

/* One SELECT over one mention of one table, or such within such: no join, no sub-query in an expression, no set
 * operation. There is nothing in it whose order or shape the engine would choose by how many rows a scan may have. */
bool hs_statement_is_plain(const struct hs_statement *s);

/* One SELECT of one table, expressions of one row each, with a WHERE or without: the parts of its scan, one behind the
 * other, are its answer (plain_scan.c). */
enum hs_scan_kind { HS_SCAN_NOT = 0, HS_SCAN_SOME_ROWS, HS_SCAN_ALL_ROWS };
enum hs_scan_kind hs_statement_scan(const struct hs_statement *s);

/* LIMIT of so few rows of one table, as they come: whoever reads ahead reads for nothing. */
bool hs_statement_wants_few(const struct hs_statement *s);

/* Of each column of the answer: which scan's column it is, scan SIZE_MAX where it is none or is not known (origin.c).
 * *out_count 0: nothing is known, not even how many there are. */
struct hs_origin {
    size_t scan, column;
};
HS_MUST hs_rc hs_statement_origins(struct hs_arena *a, const struct hs_statement *s, const struct hs_scan *scans,
                                   struct hs_origin **out, size_t *out_count, struct hs_err *err);

#endif
