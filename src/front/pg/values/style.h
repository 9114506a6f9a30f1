/* How a session wants values written and reads them: DateStyle, IntervalStyle, TimeZone, extra_float_digits and
 * bytea_output, with PostgreSQL's words for each; and the zones, from the system's TZif files (RFC 8536). */
#ifndef HS_FRONT_PG_STYLE_H
#define HS_FRONT_PG_STYLE_H

#include "base/arena.h"

enum hs_pg_date_style { HS_PG_DATE_ISO = 0, HS_PG_DATE_SQL, HS_PG_DATE_POSTGRES, HS_PG_DATE_GERMAN };
enum hs_pg_date_order { HS_PG_MDY = 0, HS_PG_DMY, HS_PG_YMD };
enum hs_pg_interval_style {
    HS_PG_INTERVAL_POSTGRES = 0,
    HS_PG_INTERVAL_VERBOSE,
    HS_PG_INTERVAL_SQL,
    HS_PG_INTERVAL_ISO
};

struct hs_pg_zone;
struct hs_pg_style {
    enum hs_pg_date_style date_style;
    enum hs_pg_date_order date_order;
    enum hs_pg_interval_style interval_style;
    int extra_float_digits; /* -15 to 3 */
    bool bytea_escape;
    const struct hs_pg_zone *zone; /* never NULL in an initialised style */
};

void hs_pg_style_init(struct hs_pg_style *s); /* ISO, MDY; postgres; UTC; 1; hex */
/* DateStyle, IntervalStyle, extra_float_digits, bytea_output (any case of the name). HS_NOT_FOUND: not a name of these;
 * HS_INVALID (SQLSTATE 22023) with PostgreSQL's words: a value that it does not have. Zones: hs_pg_zone_find. */
HS_MUST hs_rc hs_pg_style_set(struct hs_pg_style *s, hs_str name, hs_str value, struct hs_err *err);
/* "ISO, MDY"; empty: not a name of these. TimeZone is answered too. Valid until the style changes. */
hs_str hs_pg_style_text(const struct hs_pg_style *s, hs_str name, struct hs_arena *a);

/* ---- zones ---- */
struct hs_pg_zone_type { /* one stretch of local time */
    int32_t offset;      /* seconds east of UTC */
    bool summer;
    const char *abbreviation;
};
/* Reads every zone under a directory ("/usr/share/zoneinfo") once, at start. Without it there is UTC and what POSIX
 * words can say. Not thread-safe; the rest is. */
HS_MUST hs_rc hs_pg_zones_load(const char *directory, struct hs_err *err);
void hs_pg_zones_free(void);
const struct hs_pg_zone *hs_pg_zone_utc(void);
/* By name (any case), as POSIX TZ words ("EST5EDT", "<+03>-3"), or as hours east ("2", "-3.5"). NULL: there is none.
 * Made for the process; POSIX words past a few hundred different ones are refused. */
const struct hs_pg_zone *hs_pg_zone_find(hs_str name);
hs_str hs_pg_zone_name(const struct hs_pg_zone *z);
const struct hs_pg_zone *hs_pg_zone_at_number(size_t i); /* all loaded, by name; NULL after the last */
/* What holds at this second since 1970 UTC, and until when (exclusive) and since when it does. */
struct hs_pg_zone_type hs_pg_zone_at(const struct hs_pg_zone *z, int64_t second, int64_t *out_from, int64_t *out_to);
/* Seconds east for a local time, as PostgreSQL settles gaps and overlaps: in a gap what held before the change, in an
 * overlap what holds after it. */
int32_t hs_pg_zone_offset_of_local(const struct hs_pg_zone *z, int64_t local_second);

#endif
