/* Our errors as PostgreSQL's: a SQLSTATE, a severity, and fields S V C M D H P of ErrorResponse and NoticeResponse. */
#ifndef HS_FRONT_PG_ERRORS_H
#define HS_FRONT_PG_ERRORS_H

#include "base/str.h"

/* The words of an error that access showed, its position cut off. `position`: 0-based offset in the text that the
 * engine was given; -1: none was said. */
struct pg_words {
    hs_str text;
    int64_t position;
};
struct pg_words hs_pg_words(hs_str shown);
/* What the error says itself, else its words, else its kind. */
const char *hs_pg_sqlstate(const struct hs_err *err);

struct pg_notice {
    const char *severity; /* "ERROR", "FATAL", "WARNING", "NOTICE"; never translated */
    const char *sqlstate;
    hs_str message, detail, hint; /* empty: none */
    int position;                 /* in characters from 1; 0: none */
};
/* ErrorResponse for ERROR and FATAL, else NoticeResponse. */
void hs_pg_add_notice(struct hs_buf *b, const struct pg_notice *n);

#endif
