/* What there is of the server: one database, two roles, the zones. Other people's names are told to nobody. */
#include "front/pg/system/system_in.h"

#include <stdio.h>

enum { ENCODING_UTF8 = 6 };

static hs_rc fill_databases(const struct hs_pg_system *s, const struct hs_pg_facts *facts, struct hs_pg_cells *c,
                            struct hs_err *err)
{
    (void)facts;
    (void)err;
    hs_pg_cell_int(c, s->database_oid);
    hs_pg_cell_text(c, s->mesh);
    hs_pg_cell_int(c, HS_PG_OID_OWNER);
    hs_pg_cell_int(c, ENCODING_UTF8);
    hs_pg_cells_copy(c, "c\tf\tt\t-1\t0\t0\t1663\tC.UTF-8\tC.UTF-8\t\\N\t\\N\t\\N");
    hs_pg_cells_end(c);
    return HS_OK;
}

static void add_role(struct hs_pg_cells *c, hs_str name, uint32_t oid, bool owner)
{
    hs_pg_cell_text(c, name);
    hs_pg_cell_bool(c, owner);
    hs_pg_cells_copy(c, "t\tf\tf");
    hs_pg_cell_bool(c, !owner);
    hs_pg_cells_copy(c, "f\t-1\t********\t\\N\tf\t\\N");
    hs_pg_cell_int(c, oid);
    hs_pg_cells_end(c);
}

static hs_rc fill_roles(const struct hs_pg_system *s, const struct hs_pg_facts *facts, struct hs_pg_cells *c,
                        struct hs_err *err)
{
    (void)facts;
    (void)err;
    if (s->user_oid != HS_PG_OID_OWNER)
        add_role(c, HS_S(HS_PG_OWNER), HS_PG_OID_OWNER, true);
    add_role(c, s->user, s->user_oid, false);
    return HS_OK;
}

static hs_rc fill_users(const struct hs_pg_system *s, const struct hs_pg_facts *facts, struct hs_pg_cells *c,
                        struct hs_err *err)
{
    (void)facts;
    (void)err;
    hs_pg_cell_text(c, s->user);
    hs_pg_cell_int(c, s->user_oid);
    hs_pg_cells_copy(c, "f\tf\tf\tf\t********\t\\N\t\\N");
    hs_pg_cells_end(c);
    return HS_OK;
}

/* "02:00:00", "-03:30:00" */
static hs_str offset_text(char *text, size_t size, int32_t seconds)
{
    int32_t n = seconds < 0 ? -seconds : seconds;
    int len = snprintf(text, size, "%s%02d:%02d:%02d", seconds < 0 ? "-" : "", n / 3600, n / 60 % 60, n % 60);
    return hs_str_n(text, len > 0 ? (size_t)len : 0);
}

static hs_rc fill_zones(const struct hs_pg_system *s, const struct hs_pg_facts *facts, struct hs_pg_cells *c,
                        struct hs_err *err)
{
    const struct hs_pg_zone *zone;
    (void)s;
    (void)err;
    for (size_t i = 0; (zone = hs_pg_zone_at_number(i)); i++) {
        int64_t from, to;
        char text[32];
        struct hs_pg_zone_type now = hs_pg_zone_at(zone, facts->transaction_us / 1000000, &from, &to);
        hs_pg_cell_text(c, hs_pg_zone_name(zone));
        hs_pg_cell_words(c, now.abbreviation);
        hs_pg_cell_text(c, offset_text(text, sizeof text, now.offset));
        hs_pg_cell_bool(c, now.summer);
        hs_pg_cells_end(c);
    }
    return HS_OK;
}

const struct hs_pg_making hs_pg_makes_server[] = {
    {"pg_catalog", "pg_database", fill_databases, false},
    {"pg_catalog", "pg_roles", fill_roles, false},
    {"pg_catalog", "pg_user", fill_users, false},
    {"pg_catalog", "pg_timezone_names", fill_zones, true},
    {0},
};
