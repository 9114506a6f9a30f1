/* One zone: the changes that its file lists, and the rule that holds after the last of them. */
#ifndef HS_FRONT_PG_ZONE_IN_H
#define HS_FRONT_PG_ZONE_IN_H

#include "front/pg/values/style.h"

struct zone_day { /* when a rule's change is: POSIX, "TZ" */
    enum { ZONE_WEEK, ZONE_JULIAN, ZONE_NUMBER } kind;
    int month, week, day; /* Mm.w.d; the others use day alone */
    int32_t second;       /* of local time from that day's begin */
};

struct zone_rule {
    struct hs_pg_zone_type standard, summer;
    bool has_summer;
    struct zone_day begins, ends; /* summer time */
};

struct hs_pg_zone {
    hs_str name;
    const int64_t *at;     /* seconds since 1970 at which something changes, rising */
    const uint8_t *become; /* into types, one an `at` */
    size_t count;
    const struct hs_pg_zone_type *types; /* [0]: before the first change */
    size_t type_count;
    bool has_rule;
    struct zone_rule rule;
};

/* TZif, version 1 to 4 (RFC 8536), of any bytes. HS_CORRUPT: not such a file; HS_UNSUPPORTED: it counts leap seconds.
 */
HS_MUST hs_rc hs_pg_zone_parse(hs_str file, struct hs_arena *a, struct hs_pg_zone *out, struct hs_err *err);
/* "EST5EDT,M3.2.0,M11.1.0"; without a rule that of the United States holds. Abbreviations are copied to the arena.
 * false: it is no such text. */
bool hs_pg_zone_rule_parse(hs_str text, struct hs_arena *a, struct zone_rule *out);
struct hs_pg_zone_type hs_pg_zone_rule_at(const struct zone_rule *rule, int64_t second, int64_t *out_from,
                                          int64_t *out_to);

#endif
