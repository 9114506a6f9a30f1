/* The names of PostgreSQL's own types, as format_type has them. */
#include "engine/worker/pg/natives.h"

static const struct {
    uint32_t oid, array;
    const char *name;
} types[] = {
    {16, 1000, "boolean"},
    {17, 1001, "bytea"},
    {18, 1002, "\"char\""},
    {19, 1003, "name"},
    {20, 1016, "bigint"},
    {21, 1005, "smallint"},
    {22, 1006, "int2vector"},
    {23, 1007, "integer"},
    {24, 1008, "regproc"},
    {25, 1009, "text"},
    {26, 1028, "oid"},
    {27, 1010, "tid"},
    {28, 1011, "xid"},
    {29, 1012, "cid"},
    {30, 1013, "oidvector"},
    {114, 199, "json"},
    {142, 143, "xml"},
    {194, 0, "pg_node_tree"},
    {600, 1017, "point"},
    {601, 1018, "lseg"},
    {602, 1019, "path"},
    {603, 1020, "box"},
    {604, 1027, "polygon"},
    {650, 651, "cidr"},
    {700, 1021, "real"},
    {701, 1022, "double precision"},
    {718, 719, "circle"},
    {790, 791, "money"},
    {829, 1040, "macaddr"},
    {869, 1041, "inet"},
    {1033, 1034, "aclitem"},
    {1042, 1014, "character"},
    {1043, 1015, "character varying"},
    {1082, 1182, "date"},
    {1083, 1183, "time without time zone"},
    {1114, 1115, "timestamp without time zone"},
    {1184, 1185, "timestamp with time zone"},
    {1186, 1187, "interval"},
    {1266, 1270, "time with time zone"},
    {1560, 1561, "bit"},
    {1562, 1563, "bit varying"},
    {1700, 1231, "numeric"},
    {1790, 2201, "refcursor"},
    {2202, 2207, "regprocedure"},
    {2203, 2208, "regoper"},
    {2204, 2209, "regoperator"},
    {2205, 2210, "regclass"},
    {2206, 2211, "regtype"},
    {2249, 2287, "record"},
    {2275, 1263, "cstring"},
    {2276, 0, "\"any\""},
    {2277, 0, "anyarray"},
    {2278, 0, "void"},
    {2279, 0, "trigger"},
    {2281, 0, "internal"},
    {2283, 0, "anyelement"},
    {2950, 2951, "uuid"},
    {3614, 3643, "tsvector"},
    {3615, 3645, "tsquery"},
    {3734, 3735, "regconfig"},
    {3769, 3770, "regdictionary"},
    {3802, 3807, "jsonb"},
    {3904, 3905, "int4range"},
    {3906, 3907, "numrange"},
    {3908, 3909, "tsrange"},
    {3910, 3911, "tstzrange"},
    {3912, 3913, "daterange"},
    {3926, 3927, "int8range"},
    {4089, 4090, "regnamespace"},
    {4096, 4097, "regrole"},
};

static void add_modifier(struct hs_buf *b, uint32_t oid, const char *name, int32_t typmod)
{
    const char *space = strchr(name, ' ');
    bool time = oid == 1083 || oid == 1114 || oid == 1184 || oid == 1266;
    if (typmod < 0 || (typmod < 4 && !time && oid != 1560 && oid != 1562 && oid != 1186))
        hs_buf_addz(b, oid == 1042 && typmod < 0 ? "bpchar" : name);
    else if (oid == 1700)
        hs_buf_addf(b, "%s(%d,%d)", name, (int)((typmod - 4) >> 16 & 0xffff),
                    (int)((((typmod - 4) & 0x7ff) ^ 1024) - 1024));
    else if (oid == 1042 || oid == 1043)
        hs_buf_addf(b, "%s(%d)", name, (int)(typmod - 4));
    else if (oid == 1560 || oid == 1562)
        hs_buf_addf(b, "%s(%d)", name, (int)typmod);
    else if (time && space)
        hs_buf_addf(b, "%.*s(%d)%s", (int)(space - name), name, (int)typmod, space);
    else
        hs_buf_addz(b, name);
}

/* (oid, modifier): NULL of NULL, "-" of 0, "???" of what is no type of the system. */
static bool format_type(struct pg_call *c, size_t row)
{
    if (pg_is_null(c, 0, row))
        return pg_put_null(c, row);
    int64_t oid = PG_AT(c, int64_t, 0, row);
    bool modified = !pg_is_null(c, 1, row);
    int32_t typmod = modified ? PG_AT(c, int32_t, 1, row) : -1;
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        bool array = oid && oid == types[i].array;
        if (!array && oid != types[i].oid)
            continue;
        if (types[i].oid == 1042 && !modified)
            hs_buf_addz(&c->text, types[i].name);
        else
            add_modifier(&c->text, types[i].oid, types[i].name, typmod);
        hs_buf_addz(&c->text, array ? "[]" : "");
        return pg_put_buf(c, row);
    }
    return pg_put_text(c, row, oid ? HS_S("???") : HS_S("-"));
}

const struct pg_native hs_pg_names[] = {
    {"hs_pg_format_type",
     {DUCKDB_TYPE_BIGINT, DUCKDB_TYPE_INTEGER},
     DUCKDB_TYPE_VARCHAR,
     .nulls = true,
     .row = format_type},
    {0},
};
