/* jsonb's text: keys by length and then by bytes, the last of equal ones, ", " and ": " between, numbers as they were
 * written but for exponents, which are written out. And the names of PostgreSQL's own types. */
#include "base/alloc.h"
#include "base/json_alc.h"
#include "engine/worker/pg/natives.h"

#include <stdlib.h>

enum { JSON_DEPTH_MAX = 500 };

struct member {
    hs_str key;
    yyjson_val *value;
    size_t place;
};

static int by_key(const void *a, const void *b)
{
    const struct member *x = a, *y = b;
    if (x->key.len != y->key.len)
        return x->key.len < y->key.len ? -1 : 1;
    int order = hs_str_cmp(x->key, y->key);
    return order ? order : x->place < y->place ? -1 : 1;
}

static bool add_json(struct hs_buf *b, yyjson_val *v, int depth);

static bool add_members(struct hs_buf *b, yyjson_val *v, int depth)
{
    size_t count = yyjson_obj_size(v), at = 0, max;
    size_t i;
    yyjson_val *key, *value;
    struct member *all = hs_calloc(count + 1, sizeof *all);
    bool ok = all != NULL, first = true;
    if (!ok)
        return false;
    yyjson_obj_foreach(v, i, max, key, value)
    {
        all[at] = (struct member){hs_str_n(yyjson_get_str(key), yyjson_get_len(key)), value, at};
        at++;
    }
    qsort(all, at, sizeof *all, by_key);
    hs_buf_addc(b, '{');
    for (i = 0; ok && i < at; i++) {
        if (i + 1 < at && hs_str_eq(all[i].key, all[i + 1].key))
            continue;
        hs_buf_addz(b, first ? "" : ", ");
        first = false;
        hs_buf_add_json(b, all[i].key);
        hs_buf_addz(b, ": ");
        ok = add_json(b, all[i].value, depth + 1);
    }
    hs_buf_addc(b, '}');
    hs_free(all);
    return ok;
}

static bool add_items(struct hs_buf *b, yyjson_val *v, int depth)
{
    size_t i, max;
    yyjson_val *item;
    bool ok = true;
    hs_buf_addc(b, '[');
    yyjson_arr_foreach(v, i, max, item)
    {
        hs_buf_addz(b, i ? ", " : "");
        ok = ok && add_json(b, item, depth + 1);
    }
    hs_buf_addc(b, ']');
    return ok;
}

/* jsonb's numbers are numeric: 1e2 is 100, 1.50 stays; -0 is 0. */
static bool add_number(struct hs_buf *b, hs_str raw)
{
    __int128 units;
    const char *e = memchr(raw.at, 'e', raw.len), *upper = memchr(raw.at, 'E', raw.len);
    if (hs_str_is(raw, "-0")) {
        hs_buf_addc(b, '0');
        return true;
    }
    if (!e && !upper) {
        hs_buf_adds(b, raw);
        return true;
    }
    if (pg_read_decimal(raw, 18, &units))
        return false;
    unsigned __int128 m = units < 0 ? -(unsigned __int128)units : (unsigned __int128)units;
    int shown = 18;
    for (; shown && m % 10 == 0; m /= 10)
        shown--;
    pg_add_decimal(b, units, 18, shown);
    return true;
}

static bool add_json(struct hs_buf *b, yyjson_val *v, int depth)
{
    if (depth > JSON_DEPTH_MAX || b->failed)
        return false;
    if (yyjson_is_obj(v))
        return add_members(b, v, depth);
    if (yyjson_is_arr(v))
        return add_items(b, v, depth);
    if (yyjson_is_raw(v))
        return add_number(b, hs_str_n(yyjson_get_raw(v), yyjson_get_len(v)));
    if (yyjson_is_str(v))
        hs_buf_add_json(b, hs_str_n(yyjson_get_str(v), yyjson_get_len(v)));
    else
        hs_buf_addz(b, yyjson_is_null(v) ? "null" : yyjson_get_bool(v) ? "true" : "false");
    return true;
}

static bool jsonb(struct pg_call *c, size_t row)
{
    hs_str s = pg_text_at(c, 0, row);
    yyjson_doc *doc = yyjson_read_opts((char *)s.at, s.len, YYJSON_READ_NUMBER_AS_RAW, &hs_json_alc, NULL);
    if (!doc)
        return pg_raise(c, "22P02");
    bool ok = add_json(&c->text, yyjson_doc_get_root(doc), 0);
    yyjson_doc_free(doc);
    return ok ? pg_put_buf(c, row) : pg_raise(c, "54000");
}

/* json as it was written, if it is any. */
static bool json(struct pg_call *c, size_t row)
{
    hs_str s = pg_text_at(c, 0, row);
    yyjson_doc *doc = yyjson_read_opts((char *)s.at, s.len, YYJSON_READ_NUMBER_AS_RAW, &hs_json_alc, NULL);
    if (!doc)
        return pg_raise(c, "22P02");
    yyjson_doc_free(doc);
    return pg_put_text(c, row, s);
}

/* ---- names of types ---- */
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

#define T DUCKDB_TYPE_VARCHAR
const struct pg_native hs_pg_documents[] = {
    {"hs_pg_jsonb", {T}, T, .json = true, .row = jsonb},
    {"hs_pg_json", {T}, T, .json = true, .row = json},
    {"hs_pg_format_type", {DUCKDB_TYPE_BIGINT, DUCKDB_TYPE_INTEGER}, T, .nulls = true, .row = format_type},
    {0},
};
