/* Any value as PostgreSQL's output functions write it, for casts to text, concat, format and the JSON of rows. The
 * engine's own casts write floating point, intervals, bytes, arrays and rows otherwise. */
#include "arrow/quotient.h"
#include "engine/worker/pg/natives.h"

static bool add_at_depth(struct hs_buf *b, const struct pg_type *t, const struct cells *v, size_t row, int depth);

static int64_t int64_at(const struct cells *v, size_t row)
{
    return ((const int64_t *)v->data)[row];
}

/* Seconds or milliseconds as microseconds; what does not fit is beyond all time. */
static int64_t micros_of(int64_t n, int64_t each)
{
    int64_t us;
    if (!__builtin_mul_overflow(n, each, &us))
        return us;
    return n < 0 ? -PG_INFINITE_US : PG_INFINITE_US;
}

static int64_t micros_of_nanos(int64_t n)
{
    if (n == INT64_MAX || n <= -INT64_MAX)
        return n < 0 ? -PG_INFINITE_US : PG_INFINITE_US;
    return n / 1000 - (n % 1000 < 0);
}

static void add_uuid(struct hs_buf *b, const struct cells *v, size_t row)
{
    uint64_t low, high;
    memcpy(&low, (const char *)v->data + row * 16, 8);
    memcpy(&high, (const char *)v->data + row * 16 + 8, 8);
    high ^= UINT64_C(1) << 63; /* the engine sorts them as signed numbers */
    hs_buf_addf(b, "%08x-%04x-%04x-%04x-%012llx", (unsigned)(high >> 32), (unsigned)(high >> 16 & 0xffff),
                (unsigned)(high & 0xffff), (unsigned)(low >> 48), (unsigned long long)(low & 0xffffffffffff));
}

static bool add_number(struct hs_buf *b, const struct pg_type *t, const struct cells *v, size_t row)
{
    struct pg_number n;
    if (!pg_number_at(t, v, row, &n))
        return false;
    unsigned __int128 m = n.units < 0 ? -(unsigned __int128)n.units : (unsigned __int128)n.units;
    if (n.real)
        pg_add_real(b, n.d, t->id == DUCKDB_TYPE_FLOAT);
    else
        pg_add_decimal(b, n.units, n.scale, t->id == DUCKDB_TYPE_DECIMAL ? hs_decimal_shown(m, t->width, t->scale) : 0);
    return true;
}

static bool add_plain(struct hs_buf *b, const struct pg_type *t, const struct cells *v, size_t row)
{
    hs_str s;
    switch ((int)t->id) {
    case DUCKDB_TYPE_BOOLEAN:
        hs_buf_addz(b, ((const bool *)v->data)[row] ? "t" : "f");
        return true;
    case DUCKDB_TYPE_VARCHAR:
        hs_buf_adds(b, hs_text_at(v, row));
        return true;
    case DUCKDB_TYPE_BLOB:
        s = hs_text_at(v, row);
        hs_buf_addz(b, "\\x");
        hs_buf_add_hex(b, s.at, s.len);
        return true;
    case DUCKDB_TYPE_DATE:
        pg_add_date(b, ((const int32_t *)v->data)[row]);
        return true;
    case DUCKDB_TYPE_TIME:
        pg_add_time(b, int64_at(v, row));
        return true;
    case DUCKDB_TYPE_TIMESTAMP:
        pg_add_timestamp(b, int64_at(v, row), false);
        return true;
    case DUCKDB_TYPE_TIMESTAMP_TZ:
        pg_add_timestamp(b, int64_at(v, row), true);
        return true;
    case DUCKDB_TYPE_TIMESTAMP_NS:
        pg_add_timestamp(b, micros_of_nanos(int64_at(v, row)), false);
        return true;
    case DUCKDB_TYPE_TIMESTAMP_MS:
        pg_add_timestamp(b, micros_of(int64_at(v, row), 1000), false);
        return true;
    case DUCKDB_TYPE_TIMESTAMP_S:
        pg_add_timestamp(b, micros_of(int64_at(v, row), 1000000), false);
        return true;
    case DUCKDB_TYPE_INTERVAL:
        pg_add_interval(b, (const duckdb_interval *)v->data + row);
        return true;
    case DUCKDB_TYPE_UUID:
        add_uuid(b, v, row);
        return true;
    default:
        return add_number(b, t, v, row);
    }
}

/* ---- arrays and rows ---- */
/* What stands in `b` from `from` on, quoted where an array's reader would take it for something else. */
static void quote_from(struct hs_buf *b, size_t from, bool in_array)
{
    hs_str s = b->failed ? hs_str_n("", 0) : hs_str_n(b->at + from, b->len - from);
    const char *special = in_array ? "{},\"\\ \t\n\r\v\f" : "(),\"\\ \t\n\r\v\f";
    bool quote = s.len == 0 || (in_array && hs_str_eq_nocase(s, HS_S("NULL")));
    size_t more = 0;
    for (size_t i = 0; i < s.len; i++) {
        quote |= s.at[i] && strchr(special, s.at[i]);
        more += s.at[i] == '"' || s.at[i] == '\\';
    }
    if (!quote || b->failed)
        return;
    size_t len = s.len;
    if (!hs_buf_room(b, more + 2))
        return;
    char *at = b->at + from, *to = at + len + more + 1; /* from behind, so that nothing is overwritten unread */
    *to = '"';
    for (size_t i = len; i-- > 0;) {
        char ch = at[i];
        *--to = ch;
        if (ch == '"' || ch == '\\')
            *--to = in_array ? '\\' : ch;
    }
    *at = '"';
    b->len = from + len + more + 2;
}

static bool add_element(struct hs_buf *b, const struct pg_type *t, const struct cells *v, size_t row, int depth)
{
    if (!hs_cell_valid(v, row)) {
        hs_buf_addz(b, "NULL");
        return true;
    }
    bool nested = t->id == DUCKDB_TYPE_LIST || t->id == DUCKDB_TYPE_ARRAY;
    size_t from = b->len;
    if (!add_at_depth(b, t, v, row, depth + 1))
        return false;
    if (!nested)
        quote_from(b, from, true);
    return true;
}

static bool add_elements(struct hs_buf *b, const struct pg_type *t, const struct cells *child, size_t from,
                         size_t count, int depth)
{
    hs_buf_addc(b, '{');
    for (size_t i = 0; i < count && !b->failed; i++) {
        if (i)
            hs_buf_addc(b, ',');
        if (!add_element(b, t->children, child, from + i, depth))
            return false;
    }
    hs_buf_addc(b, '}');
    return true;
}

static bool add_struct(struct hs_buf *b, const struct pg_type *t, const struct cells *v, size_t row, int depth)
{
    hs_buf_addc(b, '(');
    for (size_t i = 0; i < t->child_count; i++) {
        struct cells child = hs_cells_of(duck()->struct_vector_get_child(v->vector, i));
        size_t from = b->len + (i > 0);
        if (i)
            hs_buf_addc(b, ',');
        if (!hs_cell_valid(&child, row))
            continue;
        if (!add_at_depth(b, &t->children[i], &child, row, depth + 1))
            return false;
        quote_from(b, from, false);
    }
    hs_buf_addc(b, ')');
    return true;
}

static bool add_at_depth(struct hs_buf *b, const struct pg_type *t, const struct cells *v, size_t row, int depth)
{
    struct cells child;
    if (depth > PG_DEPTH_MAX)
        return false;
    switch ((int)t->id) {
    case DUCKDB_TYPE_LIST:
        child = hs_cells_of(duck()->list_vector_get_child(v->vector));
        const duckdb_list_entry *e = (const duckdb_list_entry *)v->data + row;
        return add_elements(b, t, &child, e->offset, e->length, depth);
    case DUCKDB_TYPE_ARRAY:
        child = hs_cells_of(duck()->array_vector_get_child(v->vector));
        return add_elements(b, t, &child, row * t->array_size, t->array_size, depth);
    case DUCKDB_TYPE_STRUCT:
        return add_struct(b, t, v, row, depth);
    default:
        return add_plain(b, t, v, row);
    }
}

bool pg_add_value(struct hs_buf *b, const struct pg_type *t, const struct cells *v, size_t row)
{
    return add_at_depth(b, t, v, row, 0);
}

/* ---- text of a value ---- */
static bool text(struct pg_call *c, size_t row)
{
    if (c->types[0].id == DUCKDB_TYPE_BOOLEAN) /* a cast says the word, the output function the letter */
        return pg_put_text(c, row, hs_str_of(PG_AT(c, bool, 0, row) ? "true" : "false"));
    if (!pg_add_value(&c->text, &c->types[0], &c->in[0], row))
        return pg_raise(c, "0A000");
    return pg_put_buf(c, row);
}

/* (x, x in its zone): the difference is the offset. */
static bool zoned_text(struct pg_call *c, size_t row)
{
    int64_t at = PG_AT(c, int64_t, 0, row), local = PG_AT(c, int64_t, 1, row);
    int64_t offset = (int64_t)((uint64_t)local - (uint64_t)at) / 1000000, away = offset < 0 ? -offset : offset;
    if (at >= PG_INFINITE_US || at <= -PG_INFINITE_US || away > 100 * 3600) {
        pg_add_timestamp(&c->text, at, true);
        return pg_put_buf(c, row);
    }
    pg_add_timestamp(&c->text, local, false);
    hs_str s = hs_buf_str(&c->text);
    bool before = s.len > 3 && memcmp(s.at + s.len - 3, " BC", 3) == 0;
    c->text.len -= before ? 3 : 0;
    hs_buf_addf(&c->text, "%c%02d", offset < 0 ? '-' : '+', (int)(away / 3600));
    if (away % 3600)
        hs_buf_addf(&c->text, ":%02d", (int)(away / 60 % 60));
    if (away % 60)
        hs_buf_addf(&c->text, ":%02d", (int)(away % 60));
    hs_buf_addz(&c->text, before ? " BC" : "");
    return pg_put_buf(c, row);
}

/* ---- concat, concat_ws, format ---- */
static bool concat(struct pg_call *c, size_t row)
{
    for (size_t i = 0; i < c->args; i++)
        if (!pg_is_null(c, i, row) && !pg_add_value(&c->text, &c->types[i], &c->in[i], row))
            return pg_raise(c, "0A000");
    return pg_put_buf(c, row);
}

static bool concat_ws(struct pg_call *c, size_t row)
{
    bool first = true;
    if (pg_is_null(c, 0, row))
        return pg_put_null(c, row);
    for (size_t i = 1; i < c->args; i++) {
        if (pg_is_null(c, i, row))
            continue;
        if (!first)
            hs_buf_adds(&c->text, pg_text_at(c, 0, row));
        first = false;
        if (!pg_add_value(&c->text, &c->types[i], &c->in[i], row))
            return pg_raise(c, "0A000");
    }
    return pg_put_buf(c, row);
}

static bool array_to_string(struct pg_call *c, size_t row)
{
    const struct pg_type *t = &c->types[0];
    if (pg_is_null(c, 0, row) || pg_is_null(c, 1, row))
        return pg_put_null(c, row);
    if (t->id != DUCKDB_TYPE_LIST)
        return pg_raise(c, "22023");
    struct cells child = hs_cells_of(duck()->list_vector_get_child(c->in[0].vector));
    const duckdb_list_entry e = PG_AT(c, duckdb_list_entry, 0, row);
    bool stands = c->args > 2 && !pg_is_null(c, 2, row), first = true;
    for (size_t i = e.offset; i < e.offset + e.length && !c->text.failed; i++) {
        bool valid = hs_cell_valid(&child, i);
        if (!valid && !stands)
            continue;
        if (!first)
            hs_buf_adds(&c->text, pg_text_at(c, 1, row));
        first = false;
        if (!valid)
            hs_buf_adds(&c->text, pg_text_at(c, 2, row));
        else if (!pg_add_value(&c->text, t->children, &child, i))
            return pg_raise(c, "0A000");
    }
    return pg_put_buf(c, row);
}

static bool num_nulls(struct pg_call *c, size_t row)
{
    int32_t nulls = 0;
    bool others = strcmp(c->native->name, "hs_pg_num_nonnulls") == 0;
    for (size_t i = 1; i < c->args; i++)
        nulls += pg_is_null(c, i, row) != others;
    PG_PUT(c, int32_t, row, nulls);
    return true;
}

/* Up to ten thousand of a unit, then the next one, half away from zero. */
static bool size_pretty(struct pg_call *c, size_t row)
{
    static const char *const UNITS[] = {"bytes", "kB", "MB", "GB", "TB", "PB"};
    int64_t size = PG_AT(c, int64_t, 0, row);
    uint64_t n = size < 0 ? -(uint64_t)size : (uint64_t)size, half; /* in halves of the unit, from kB on */
    size_t unit = 0;
    if (n >= 10240) {
        for (half = n >> 9, unit = 1; unit < 5 && half >= 20479; unit++)
            half >>= 10;
        n = (half + 1) >> 1;
    }
    hs_buf_addf(&c->text, "%s%llu %s", size < 0 ? "-" : "", (unsigned long long)n, UNITS[unit]);
    return pg_put_buf(c, row);
}

/* ---- JSON ---- */
static bool add_json(struct hs_buf *b, const struct pg_type *t, const struct cells *v, size_t row, int depth);

static bool add_json_list(struct hs_buf *b, const struct pg_type *t, const struct cells *child, size_t from,
                          size_t count, int depth)
{
    hs_buf_addc(b, '[');
    for (size_t i = 0; i < count && !b->failed; i++) {
        hs_buf_addz(b, i ? "," : "");
        if (!add_json(b, t->children, child, from + i, depth + 1))
            return false;
    }
    hs_buf_addc(b, ']');
    return true;
}

static bool add_json_struct(struct hs_buf *b, const struct pg_type *t, const struct cells *v, size_t row, int depth)
{
    hs_buf_addc(b, '{');
    for (size_t i = 0; i < t->child_count; i++) {
        struct cells child = hs_cells_of(duck()->struct_vector_get_child(v->vector, i));
        hs_buf_addz(b, i ? "," : "");
        hs_buf_add_json(b, hs_str_of(t->names && t->names[i] ? t->names[i] : ""));
        hs_buf_addc(b, ':');
        if (!add_json(b, &t->children[i], &child, row, depth + 1))
            return false;
    }
    hs_buf_addc(b, '}');
    return true;
}

/* A map is an object; its keys are texts, whatever they were. */
static bool add_json_map(struct hs_buf *b, const struct pg_type *t, const struct cells *v, size_t row, int depth)
{
    duckdb_vector pairs = duck()->list_vector_get_child(v->vector);
    struct cells keys = hs_cells_of(duck()->struct_vector_get_child(pairs, 0));
    struct cells values = hs_cells_of(duck()->struct_vector_get_child(pairs, 1));
    const duckdb_list_entry e = ((const duckdb_list_entry *)v->data)[row];
    hs_buf_addc(b, '{');
    for (size_t i = e.offset; i < e.offset + e.length && !b->failed; i++) {
        struct hs_buf own;
        hs_buf_init(&own, PG_TEXT_MAX);
        bool ok = pg_add_value(&own, &t->children[0], &keys, i) && !own.failed;
        hs_buf_addz(b, i > e.offset ? "," : "");
        hs_buf_add_json(b, hs_buf_str(&own));
        hs_buf_fini(&own);
        hs_buf_addc(b, ':');
        if (!ok || !add_json(b, &t->children[1], &values, i, depth + 1))
            return false;
    }
    hs_buf_addc(b, '}');
    return true;
}

static bool is_json_number(const struct pg_type *t, const struct cells *v, size_t row)
{
    struct pg_number n;
    return pg_number_at(t, v, row, &n) && (!n.real || (n.d - n.d) == 0);
}

static bool add_json_plain(struct hs_buf *b, const struct pg_type *t, const struct cells *v, size_t row)
{
    struct hs_buf own;
    if (t->id == DUCKDB_TYPE_BOOLEAN) {
        hs_buf_addz(b, ((const bool *)v->data)[row] ? "true" : "false");
        return true;
    }
    if (is_json_number(t, v, row))
        return add_plain(b, t, v, row);
    hs_buf_init(&own, PG_TEXT_MAX);
    bool ok = add_plain(&own, t, v, row) && !own.failed;
    bool stamp = t->id == DUCKDB_TYPE_TIMESTAMP || t->id == DUCKDB_TYPE_TIMESTAMP_TZ;
    for (size_t i = 0; ok && stamp && i < own.len; i++)
        if (own.at[i] == ' ') {
            own.at[i] = 'T';
            break;
        }
    if (ok && t->id == DUCKDB_TYPE_TIMESTAMP_TZ)
        hs_buf_addz(&own, ":00");
    if (ok)
        hs_buf_add_json(b, hs_buf_str(&own));
    hs_buf_fini(&own);
    return ok;
}

static bool add_json(struct hs_buf *b, const struct pg_type *t, const struct cells *v, size_t row, int depth)
{
    struct cells child;
    if (depth > PG_DEPTH_MAX)
        return false;
    if (!hs_cell_valid(v, row)) {
        hs_buf_addz(b, "null");
        return true;
    }
    switch ((int)t->id) {
    case DUCKDB_TYPE_LIST:
        child = hs_cells_of(duck()->list_vector_get_child(v->vector));
        const duckdb_list_entry *e = (const duckdb_list_entry *)v->data + row;
        return add_json_list(b, t, &child, e->offset, e->length, depth);
    case DUCKDB_TYPE_ARRAY:
        child = hs_cells_of(duck()->array_vector_get_child(v->vector));
        return add_json_list(b, t, &child, row * t->array_size, t->array_size, depth);
    case DUCKDB_TYPE_MAP:
        return add_json_map(b, t, v, row, depth);
    case DUCKDB_TYPE_VARCHAR:
        if (!t->json)
            return add_json_plain(b, t, v, row);
        hs_buf_adds(b, hs_text_at(v, row));
        return true;
    case DUCKDB_TYPE_STRUCT:
        return add_json_struct(b, t, v, row, depth);
    default:
        return add_json_plain(b, t, v, row);
    }
}

/* An argument that is JSON already goes in as it is. */
static bool add_json_argument(struct pg_call *c, size_t i, size_t row)
{
    if (c->types[i].json && !pg_is_null(c, i, row)) {
        hs_buf_adds(&c->text, pg_text_at(c, i, row));
        return true;
    }
    return add_json(&c->text, &c->types[i], &c->in[i], row, 0);
}

static bool to_json(struct pg_call *c, size_t row)
{
    if (!add_json_argument(c, 0, row))
        return pg_raise(c, "0A000");
    return pg_put_buf(c, row);
}

static bool to_json_or_null(struct pg_call *c, size_t row)
{
    return pg_is_null(c, 0, row) ? pg_put_null(c, row) : to_json(c, row);
}

/* A key is text, whatever it was. */
static bool add_key(struct pg_call *c, size_t i, size_t row)
{
    struct hs_buf own;
    if (pg_is_null(c, i, row))
        return pg_raise(c, "22023");
    hs_buf_init(&own, PG_TEXT_MAX);
    bool ok = pg_add_value(&own, &c->types[i], &c->in[i], row) && !own.failed;
    if (ok)
        hs_buf_add_json(&c->text, hs_buf_str(&own));
    hs_buf_fini(&own);
    return ok || pg_raise(c, "0A000");
}

static bool build_object(struct pg_call *c, size_t row)
{
    if (c->args % 2 == 0) /* the first is nobody's: a call has one at least */
        return pg_raise(c, "22023");
    hs_buf_addc(&c->text, '{');
    for (size_t i = 1; i < c->args; i += 2) {
        hs_buf_addz(&c->text, i > 1 ? ", " : "");
        if (!add_key(c, i, row))
            return false;
        hs_buf_addz(&c->text, " : ");
        if (!add_json_argument(c, i + 1, row))
            return pg_raise(c, "0A000");
    }
    hs_buf_addc(&c->text, '}');
    return pg_put_buf(c, row);
}

static bool build_array(struct pg_call *c, size_t row)
{
    hs_buf_addc(&c->text, '[');
    for (size_t i = 1; i < c->args; i++) {
        hs_buf_addz(&c->text, i > 1 ? ", " : "");
        if (!add_json_argument(c, i, row))
            return pg_raise(c, "0A000");
    }
    hs_buf_addc(&c->text, ']');
    return pg_put_buf(c, row);
}

static bool json_member(struct pg_call *c, size_t row)
{
    if (!add_key(c, 0, row))
        return false;
    hs_buf_addz(&c->text, " : ");
    if (!add_json_argument(c, 1, row))
        return pg_raise(c, "0A000");
    return pg_put_buf(c, row);
}

#define T DUCKDB_TYPE_VARCHAR
#define ANY DUCKDB_TYPE_ANY
const struct pg_native hs_pg_values[] = {
    {"hs_pg_text", {DUCKDB_TYPE_TIMESTAMP_TZ, DUCKDB_TYPE_TIMESTAMP}, T, .row = zoned_text},
    {"hs_pg_text", {ANY}, T, .row = text},
    {"hs_pg_concat_ws", {T}, T, .more = true, .nulls = true, .row = concat_ws},
    {"hs_pg_concat", {0}, T, .more = true, .nulls = true, .row = concat},
    {"hs_pg_array_to_string", {ANY, T}, T, .nulls = true, .row = array_to_string},
    {"hs_pg_array_to_string", {ANY, T, T}, T, .nulls = true, .row = array_to_string},
    {"hs_pg_num_nulls", {0}, DUCKDB_TYPE_INTEGER, .more = true, .nulls = true, .row = num_nulls},
    {"hs_pg_num_nonnulls", {0}, DUCKDB_TYPE_INTEGER, .more = true, .nulls = true, .row = num_nulls},
    {"hs_pg_size_pretty", {DUCKDB_TYPE_BIGINT}, T, .row = size_pretty},
    {"hs_pg_to_json", {ANY}, T, .json = true, .nulls = true, .row = to_json_or_null},
    {"hs_pg_json_element", {ANY}, T, .json = true, .nulls = true, .row = to_json},
    {"hs_pg_json_member", {ANY, ANY}, T, .nulls = true, .row = json_member},
    {"hs_pg_json_build_object", {T}, T, .json = true, .more = true, .nulls = true, .row = build_object},
    {"hs_pg_json_build_array", {T}, T, .json = true, .more = true, .nulls = true, .row = build_array},
    {0},
};
