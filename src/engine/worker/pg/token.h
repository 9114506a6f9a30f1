/* The pieces of to_char's and to_date's patterns. */
#ifndef HS_ENGINE_WORKER_PG_TOKEN_H
#define HS_ENGINE_WORKER_PG_TOKEN_H

#include "engine/worker/pg/natives.h"

enum piece {
    P_LITERAL,
    P_AD,
    P_ADD,
    P_AM,
    P_AMD,
    P_CC,
    P_DAY,
    P_DDD,
    P_DD,
    P_DY,
    P_D,
    P_FF,
    P_HH24,
    P_HH12,
    P_IDDD,
    P_ID,
    P_IW,
    P_IYYY,
    P_IYY,
    P_IY,
    P_I,
    P_J,
    P_MI,
    P_MM,
    P_MONTH,
    P_MON,
    P_MS,
    P_OF,
    P_Q,
    P_RM,
    P_SSSS,
    P_SS,
    P_TZH,
    P_TZM,
    P_TZ,
    P_US,
    P_WW,
    P_W,
    P_YCYYY,
    P_YYYY,
    P_YYY,
    P_YY,
    P_Y
};

struct token {
    enum piece piece;
    hs_str text; /* as it stands there: its letters say the case; of a literal what it is */
    bool fill, th, upper_th;
};

extern const char *const pg_months[12], *const pg_days[7];

bool pg_starts(hs_str s, const char *word); /* without regard to case */
/* The next piece of a pattern, off its front. */
struct token pg_next_token(hs_str *f);

void pg_skip(hs_str *s, size_t n);
int pg_day_of_week(int64_t epoch_days); /* Sunday 0 */

#endif
