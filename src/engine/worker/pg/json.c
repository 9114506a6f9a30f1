/* jsonb's text: keys by length and then by bytes, the last of equal ones, ", " and ": " between, numbers as they were
 * written but for exponents, which are written out. */
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

#define T DUCKDB_TYPE_VARCHAR
const struct pg_native hs_pg_documents[] = {
    {"hs_pg_jsonb", {T}, T, .json = true, .row = jsonb},
    {"hs_pg_json", {T}, T, .json = true, .row = json},
    {0},
};
