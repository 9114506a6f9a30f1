/* Time: wall clock in microseconds since 1970 UTC, and a clock that never goes back. */
#ifndef HS_BASE_CLOCK_H
#define HS_BASE_CLOCK_H

#include "base/str.h"

int64_t hs_wall_us(void);
int64_t hs_mono_us(void);
/* "2026-11-21T10:55:00.123456Z" */
void hs_buf_add_time(struct hs_buf *b, int64_t wall_us);
/* RFC 3339 date or date-time (a missing zone is UTC) to microseconds; false when malformed or out of range. */
bool hs_time_parse(hs_str text, int64_t *out_us);
int64_t hs_days_from_civil(int64_t year, unsigned month, unsigned day);
void hs_civil_from_days(int64_t days, int64_t *year, unsigned *month, unsigned *day);

#endif
