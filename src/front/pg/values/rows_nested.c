/* Arrays and composites ("Array Input and Output Syntax", "Composite Type Input and Output Syntax" of the manual; in
 * binary as array_send and record_send write them), and json, which lists of lists and maps are written as. */
#include "front/pg/values/rows_put.h"

#include <math.h>

enum { INT2VECTOR = 22, OIDVECTOR = 30 };

static hs_rc add(struct hs_buf *out, struct hs_err *err)
{
    return hs_buf_done(out, err);
}

static void add_u32(struct hs_buf *out, uint32_t v)
{
    char *p = hs_buf_room(out, 4);
    if (p) {
        hs_pg_put32(p, v);
        out->len += 4;
    }
}

static bool is_null(const struct hs_pg_column *c, size_t i)
{
    return c->op >> 1 == HS_PG_V_NULL || hs_pg_is_null(c, i);
}

/* ---- text ---- */
static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool has_any(hs_str text, const char *of)
{
    for (size_t i = 0; i < text.len; i++)
        if (is_space(text.at[i]) || strchr(of, text.at[i]))
            return true;
    return false;
}

static void add_quoted(struct hs_buf *out, hs_str text, bool doubled)
{
    char *p = text.len < SIZE_MAX / 2 - 1 ? hs_buf_room(out, text.len * 2 + 2) : NULL, *from = p;
    if (!p)
        return;
    *p++ = '"';
    for (size_t i = 0; i < text.len; i++) {
        char c = text.at[i];
        if (c == '"' || c == '\\')
            *p++ = doubled ? c : '\\';
        *p++ = c;
    }
    *p++ = '"';
    out->len += (size_t)(p - from);
    out->at[out->len] = 0;
}

static hs_rc text_of(struct hs_pg_rows *r, const struct hs_pg_column *c, size_t i, unsigned level, hs_str *out,
                     struct hs_err *err)
{
    struct hs_buf *text = &r->level[level];
    hs_buf_clear(text);
    HS_TRY(hs_pg_add_value(r, c, i, level + 1, text, err));
    HS_TRY(hs_buf_done(text, err));
    *out = hs_buf_str(text);
    return HS_OK;
}

static hs_rc add_array_text(struct hs_pg_rows *r, const struct hs_pg_column *c, size_t i, unsigned level,
                            struct hs_buf *out, struct hs_err *err)
{
    const struct hs_pg_column *element = c->children;
    bool vector = c->pg.oid == INT2VECTOR || c->pg.oid == OIDVECTOR;
    size_t from = (size_t)c->offsets[i], to = (size_t)c->offsets[i + 1];
    if (!vector)
        hs_buf_addc(out, '{');
    for (size_t k = from; k < to; k++) {
        if (k > from)
            hs_buf_addc(out, vector ? ' ' : ',');
        if (is_null(element, k)) {
            hs_buf_addz(out, "NULL");
            continue;
        }
        hs_str text;
        HS_TRY(text_of(r, element, k, level, &text, err));
        if (!text.len || has_any(text, "\"\\{},") || hs_str_eq_nocase(text, HS_S("NULL")))
            add_quoted(out, text, false);
        else
            hs_buf_adds(out, text);
        HS_TRY(add(out, err));
    }
    if (!vector)
        hs_buf_addc(out, '}');
    return add(out, err);
}

static hs_rc add_record_text(struct hs_pg_rows *r, const struct hs_pg_column *c, size_t i, unsigned level,
                             struct hs_buf *out, struct hs_err *err)
{
    hs_buf_addc(out, '(');
    for (size_t k = 0; k < c->child_count; k++) {
        if (k)
            hs_buf_addc(out, ',');
        if (is_null(&c->children[k], i))
            continue;
        hs_str text;
        HS_TRY(text_of(r, &c->children[k], i, level, &text, err));
        if (!text.len || has_any(text, "\"\\(),"))
            add_quoted(out, text, true);
        else
            hs_buf_adds(out, text);
    }
    hs_buf_addc(out, ')');
    return add(out, err);
}

/* ---- binary ---- */
static hs_rc add_counted(struct hs_pg_rows *r, const struct hs_pg_column *c, size_t i, unsigned level,
                         struct hs_buf *out, struct hs_err *err)
{
    if (is_null(c, i)) {
        add_u32(out, UINT32_MAX);
        return add(out, err);
    }
    size_t at = out->len;
    add_u32(out, 0);
    HS_TRY(hs_pg_add_value(r, c, i, level + 1, out, err));
    HS_TRY(add(out, err));
    hs_pg_put32(out->at + at, (uint32_t)(out->len - at - 4));
    return HS_OK;
}

static hs_rc add_array_binary(struct hs_pg_rows *r, const struct hs_pg_column *c, size_t i, unsigned level,
                              struct hs_buf *out, struct hs_err *err)
{
    const struct hs_pg_column *element = c->children;
    bool vector = c->pg.oid == INT2VECTOR || c->pg.oid == OIDVECTOR, nulls = false;
    size_t from = (size_t)c->offsets[i], to = (size_t)c->offsets[i + 1];
    for (size_t k = from; k < to; k++)
        nulls = nulls || is_null(element, k);
    add_u32(out, from < to || vector);
    add_u32(out, nulls);
    add_u32(out, c->element_oid);
    if (from < to || vector) {
        add_u32(out, (uint32_t)(to - from));
        add_u32(out, !vector); /* the first element's number */
    }
    for (size_t k = from; k < to; k++)
        HS_TRY(add_counted(r, element, k, level, out, err));
    return add(out, err);
}

static hs_rc add_record_binary(struct hs_pg_rows *r, const struct hs_pg_column *c, size_t i, unsigned level,
                               struct hs_buf *out, struct hs_err *err)
{
    add_u32(out, (uint32_t)c->child_count);
    for (size_t k = 0; k < c->child_count; k++) {
        add_u32(out, c->children[k].pg.oid);
        HS_TRY(add_counted(r, &c->children[k], i, level, out, err));
    }
    return add(out, err);
}

/* ---- json ---- */
static hs_rc add_json_or_null(struct hs_pg_rows *r, const struct hs_pg_column *c, size_t i, unsigned level,
                              struct hs_buf *out, struct hs_err *err)
{
    if (!is_null(c, i))
        return hs_pg_add_json_value(r, c, i, level, out, err);
    hs_buf_addz(out, "null");
    return add(out, err);
}

static hs_rc add_json_list(struct hs_pg_rows *r, const struct hs_pg_column *c, size_t i, unsigned level,
                           struct hs_buf *out, struct hs_err *err)
{
    size_t from = (size_t)c->offsets[i], to = (size_t)c->offsets[i + 1];
    hs_buf_addc(out, '[');
    for (size_t k = from; k < to; k++) {
        if (k > from)
            hs_buf_addc(out, ',');
        HS_TRY(add_json_or_null(r, c->children, k, level + 1, out, err));
    }
    hs_buf_addc(out, ']');
    return add(out, err);
}

/* A key is text there; of another type it is what its text would be. */
static hs_rc add_json_map(struct hs_pg_rows *r, const struct hs_pg_column *c, size_t i, unsigned level,
                          struct hs_buf *out, struct hs_err *err)
{
    const struct hs_pg_column *key = &c->children[0], *value = &c->children[1];
    size_t from = (size_t)c->offsets[i], to = (size_t)c->offsets[i + 1];
    hs_buf_addc(out, '{');
    for (size_t k = from; k < to; k++) {
        struct hs_buf *text = &r->level[level];
        hs_buf_clear(text);
        if (!is_null(key, k))
            HS_TRY(key->op >> 1 == HS_PG_V_NESTED ? hs_pg_add_json_value(r, key, k, level + 1, text, err)
                                                  : hs_pg_add_value(r, key, k, level + 1, text, err));
        HS_TRY(hs_buf_done(text, err));
        if (k > from)
            hs_buf_addc(out, ',');
        hs_buf_add_json(out, hs_buf_str(text));
        hs_buf_addc(out, ':');
        HS_TRY(add_json_or_null(r, value, k, level + 1, out, err));
    }
    hs_buf_addc(out, '}');
    return add(out, err);
}

static hs_rc add_json_object(struct hs_pg_rows *r, const struct hs_pg_column *c, size_t i, unsigned level,
                             struct hs_buf *out, struct hs_err *err)
{
    hs_buf_addc(out, '{');
    for (size_t k = 0; k < c->child_count; k++) {
        if (k)
            hs_buf_addc(out, ',');
        hs_buf_add_json(out, c->type->fields[k].name);
        hs_buf_addc(out, ':');
        HS_TRY(add_json_or_null(r, &c->children[k], i, level + 1, out, err));
    }
    hs_buf_addc(out, '}');
    return add(out, err);
}

/* JSON has neither NaN nor infinities. */
static bool bare_in_json(const struct hs_pg_column *c, size_t i)
{
    if (c->op >> 1 == HS_PG_V_F64)
        return isfinite(HS_PG_AT(double, c, i));
    if (c->op >> 1 == HS_PG_V_F32)
        return isfinite(HS_PG_AT(float, c, i));
    bool small = c->type->id >= HS_T_INT8 && c->type->id <= HS_T_UINT64; /* of expressions alone */
    return small || hs_type_is_number(c->type->id);
}

/* As to_json writes moments: ISO 8601 with its T, whatever DateStyle says, and minutes in every offset. */
static void add_json_moment(struct hs_buf *out, hs_str text)
{
    const char *space = memchr(text.at, ' ', text.len);
    size_t to = space && text.len > (size_t)(space - text.at) + 3 ? (size_t)(space - text.at) : text.len;
    bool era = hs_str_ends(text, HS_S(" BC"));
    hs_str rest = to < text.len ? hs_str_n(text.at + to + 1, text.len - to - 1 - (era ? 3 : 0)) : HS_S("");
    bool zoned = rest.len > 3 && (rest.at[rest.len - 3] == '+' || rest.at[rest.len - 3] == '-');
    hs_buf_addc(out, '"');
    hs_buf_add(out, text.at, to);
    if (rest.len) {
        hs_buf_addc(out, 'T');
        hs_buf_adds(out, rest);
        hs_buf_addz(out, zoned ? ":00" : "");
        hs_buf_addz(out, era ? " BC" : "");
    }
    hs_buf_addc(out, '"');
}

static hs_rc add_json_scalar(struct hs_pg_rows *r, const struct hs_pg_column *c, size_t i, unsigned level,
                             struct hs_buf *out, struct hs_err *err)
{
    hs_str text;
    int value = c->op >> 1;
    bool moment = value == HS_PG_V_DATE || (value >= HS_PG_V_STAMP && value <= HS_PG_V_STAMP_TZ_NS);
    enum hs_pg_date_style style = r->style.date_style;
    if (value == HS_PG_V_BOOL) {
        hs_buf_addz(out, hs_pg_bit(c, i) ? "true" : "false");
        return add(out, err);
    }
    r->style.date_style = HS_PG_DATE_ISO;
    hs_rc rc = text_of(r, c, i, level, &text, err);
    r->style.date_style = style;
    HS_TRY(rc);
    if (moment)
        add_json_moment(out, text);
    else if (bare_in_json(c, i))
        hs_buf_adds(out, text);
    else
        hs_buf_add_json(out, text);
    return add(out, err);
}

hs_rc hs_pg_add_json_value(struct hs_pg_rows *r, const struct hs_pg_column *c, size_t i, unsigned level,
                           struct hs_buf *out, struct hs_err *err)
{
    switch ((int)c->type->id) {
    case HS_T_LIST:
        return add_json_list(r, c, i, level, out, err);
    case HS_T_MAP:
        return add_json_map(r, c, i, level, out, err);
    case HS_T_STRUCT:
        return add_json_object(r, c, i, level, out, err);
    default:
        return add_json_scalar(r, c, i, level, out, err);
    }
}

/* ---- texts that have another form in binary ---- */

/* Bits: how many, and then eight to a byte from the left. */
static bool add_bits(struct hs_buf *out, hs_str text)
{
    add_u32(out, (uint32_t)text.len);
    for (size_t i = 0; i < text.len; i += 8) {
        unsigned byte = 0;
        for (size_t k = i; k < i + 8; k++) {
            char c = k < text.len ? text.at[k] : '0';
            if (c != '0' && c != '1')
                return false;
            byte = byte << 1 | (c == '1');
        }
        hs_buf_addc(out, (char)byte);
    }
    return true;
}

/* Two digits and then the mark, where there is one. */
static bool take_pair(hs_str *text, char mark, int64_t *out)
{
    if (mark && (!text->len || text->at[0] != mark))
        return false;
    *text = hs_str_n(text->at + (mark != 0), text->len - (mark != 0));
    if (text->len < 2 || !hs_str_to_i64(hs_str_n(text->at, 2), out) || *out < 0)
        return false;
    *text = hs_str_n(text->at + 2, text->len - 2);
    return true;
}

/* 10:20:30.5+02:30 as microseconds of the day and seconds west of Greenwich. */
static bool add_timetz(struct hs_buf *out, hs_str text)
{
    int64_t hour, minute, second, part = 0, east[3] = {0, 0, 0};
    int digits = 0;
    if (!take_pair(&text, 0, &hour) || !take_pair(&text, ':', &minute) || !take_pair(&text, ':', &second))
        return false;
    if (text.len && text.at[0] == '.')
        for (text = hs_str_n(text.at + 1, text.len - 1);
             text.len && text.at[0] >= '0' && text.at[0] <= '9' && digits < 6;
             text = hs_str_n(text.at + 1, text.len - 1), digits++)
            part = part * 10 + (text.at[0] - '0');
    for (; digits < 6; digits++)
        part *= 10;
    char sign = text.len ? text.at[0] : 0;
    if ((sign != '+' && sign != '-') || !take_pair(&text, sign, &east[0]))
        return false;
    for (int i = 1; i < 3 && text.len; i++)
        if (!take_pair(&text, ':', &east[i]))
            return false;
    int64_t us = ((hour * 60 + minute) * 60 + second) * 1000000 + part;
    int64_t offset = (east[0] * 60 + east[1]) * 60 + east[2];
    add_u32(out, (uint32_t)((uint64_t)us >> 32));
    add_u32(out, (uint32_t)us);
    add_u32(out, (uint32_t)(int32_t)(sign == '+' ? -offset : offset));
    return text.len == 0;
}

static hs_rc add_text_binary(struct hs_buf *out, enum hs_pg_family family, hs_str text, struct hs_err *err)
{
    bool ok = true;
    if (family == HS_PG_F_BITS)
        ok = add_bits(out, text);
    else if (family == HS_PG_F_TIMETZ)
        ok = add_timetz(out, text);
    else
        hs_buf_adds(out, text);
    return ok ? add(out, err) : hs_fail_hidden(err, HS_INTERNAL, "a text is not of the type that it was declared as");
}

/* ---- which ---- */
hs_rc hs_pg_add_nested(struct hs_pg_rows *r, const struct hs_pg_column *c, size_t i, unsigned level, struct hs_buf *out,
                       struct hs_err *err)
{
    bool binary = c->format == HS_PG_BINARY;
    if (binary && hs_pg_family_of(c->pg.oid) == HS_PG_F_JSONB)
        hs_buf_addc(out, 1); /* its version */
    if (c->json)
        return hs_pg_add_json_value(r, c, i, level, out, err);
    if (c->type->id == HS_T_STRING) {
        size_t from = (size_t)c->offsets[i];
        return add_text_binary(out, hs_pg_family_of(c->pg.oid),
                               hs_str_n(c->data + from, (size_t)c->offsets[i + 1] - from), err);
    }
    if (c->type->id == HS_T_LIST)
        return binary ? add_array_binary(r, c, i, level, out, err) : add_array_text(r, c, i, level, out, err);
    return binary ? add_record_binary(r, c, i, level, out, err) : add_record_text(r, c, i, level, out, err);
}
