/* Rows as a producer writes them in YAML, as literals of a table's types. Every value is read here first, so that what
 * does not fit is told with its place in the file and the engine is given nothing that it could refuse. */
#include "mask/sql.h"
#include "model/yaml.h"
#include "policy/seeing.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

struct writer {
    struct hs_buf *out;
    hs_str file;
    struct hs_err *err;
};

#define fail_at(w, node, ...) HS_FAILED(fail_at_((w), (node), __LINE__, __VA_ARGS__))
static HS_PRINTF(4, 5) hs_rc fail_at_(struct writer *w, const struct hs_yaml *node, int line, const char *format, ...)
{
    char text[400];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return hs_fail_at(w->err, HS_INVALID, __FILE__, line, "%.*s:%d:%d: %s", HS_FMT(w->file), node->line, node->column,
                      text);
}

static hs_rc does_not_fit(struct writer *w, const struct hs_yaml *node, const struct hs_type *t)
{
    struct hs_buf type;
    hs_buf_init(&type, 1 << 16);
    hs_buf_add_type(&type, t);
    hs_rc rc = fail_at(w, node, "this is no value of a column of type %.*s%s", (int)(type.len < 120 ? type.len : 120),
                       type.at ? type.at : "",
                       t->id == HS_T_STRING && node->kind == HS_YAML_SCALAR ? ": write it in quotes" : "");
    hs_buf_fini(&type);
    return rc;
}

static bool fits_whole(hs_str text, enum hs_type_id id)
{
    int64_t n;
    return hs_str_to_i64(text, &n) && (id == HS_T_LONG || (n >= INT32_MIN && n <= INT32_MAX));
}

static bool fits_decimal(hs_str text, const struct hs_type *t)
{
    int whole, scale;
    hs_str digits = text;
    while (digits.len > 1 && digits.at[0] == '0' && digits.at[1] != '.')
        digits = (hs_str){digits.at + 1, digits.len - 1};
    if (!hs_number_shape(digits, &whole, &scale))
        return false;
    bool nothing = digits.at[0] == '0' || hs_str_starts(digits, HS_S("-0"));
    return scale <= t->scale && (nothing || whole <= t->precision - t->scale);
}

static bool fits_double(hs_str text)
{
    char copy[64], *end;
    if (!text.len || text.len >= sizeof copy || memchr(text.at, 0, text.len))
        return false;
    memcpy(copy, text.at, text.len);
    copy[text.len] = 0;
    double d = strtod(copy, &end);
    return !*end && !isnan(d) && !isinf(d);
}

static bool is_hex(hs_str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (hs_hex_digit(text.at[i]) < 0)
            return false;
    return text.len % 2 == 0;
}

static bool fits_time(hs_str text, const struct hs_type *t, struct hs_buf *out)
{
    int64_t us;
    bool utc, zoned = t->id == HS_T_TIMESTAMPTZ || t->id == HS_T_TIMESTAMPTZ_NS;
    if (!hs_timestamp_parse(text, &us, &utc) || (utc && !zoned))
        return false;
    hs_buf_add_timestamp(out, us, t->id == HS_T_TIMESTAMPTZ);
    return true;
}

/* The text that the engine casts, in *text or as it stands in the file. */
static bool fits(const struct hs_yaml *node, const struct hs_type *t, struct hs_buf *text)
{
    int64_t n;
    enum hs_yaml_meaning meaning = hs_yaml_meaning(node);
    bool plain = meaning == HS_YAML_INT || meaning == HS_YAML_NUMBER;
    switch ((int)t->id) {
    case HS_T_BOOLEAN:
        return meaning == HS_YAML_BOOL;
    case HS_T_INT:
    case HS_T_LONG:
        return plain && fits_whole(node->text, t->id);
    case HS_T_FLOAT:
    case HS_T_DOUBLE:
        return plain && fits_double(node->text);
    case HS_T_DECIMAL:
        return plain && fits_decimal(node->text, t);
    case HS_T_DATE:
        return hs_date_parse(node->text, &n);
    case HS_T_TIME:
        return hs_time_of_day_parse(node->text, &n);
    case HS_T_TIMESTAMP:
    case HS_T_TIMESTAMPTZ:
    case HS_T_TIMESTAMP_NS:
    case HS_T_TIMESTAMPTZ_NS:
        return fits_time(node->text, t, text);
    case HS_T_STRING:
        return meaning == HS_YAML_TEXT;
    case HS_T_UUID:
        return hs_uuid_valid(node->text);
    case HS_T_FIXED:
        return is_hex(node->text) && (!t->length || node->text.len == 2 * (size_t)t->length);
    case HS_T_BINARY:
        return is_hex(node->text);
    default:
        return false;
    }
}

static hs_rc add_scalar(struct writer *w, const struct hs_yaml *node, const struct hs_type *t)
{
    struct hs_buf text;
    hs_buf_init(&text, 256);
    bool ok = node->kind == HS_YAML_SCALAR && fits(node, t, &text) && !text.failed;
    bool bytes = t->id == HS_T_BINARY || t->id == HS_T_FIXED;
    if (ok) {
        hs_buf_addz(w->out, bytes ? "from_hex(" : "CAST(");
        hs_buf_add_sql_text(w->out, text.len ? hs_buf_str(&text) : node->text);
        if (!bytes) {
            hs_buf_addz(w->out, " AS ");
            hs_buf_add_duckdb_type(w->out, t);
        }
        hs_buf_addc(w->out, ')');
    }
    hs_buf_fini(&text);
    return ok ? HS_OK : does_not_fit(w, node, t);
}

static hs_rc add_value(struct writer *w, const struct hs_yaml *node, const struct hs_type *t);

static hs_rc check_names(struct writer *w, const struct hs_yaml *map, const struct hs_type *t)
{
    hs_str names[256];
    size_t n = 0;
    for (; n < t->field_count && n < sizeof names / sizeof names[0]; n++)
        names[n] = t->fields[n].name;
    for (const struct hs_yaml *k = map->first; k; k = k->next->next) {
        if (hs_type_field_by_name(t, k->text))
            continue;
        hs_str near = hs_str_nearest(k->text, names, n);
        if (near.len)
            return fail_at(w, k, "there is no column '%.*s' here (did you mean '%.*s'?)", HS_FMT(k->text),
                           HS_FMT(near));
        return fail_at(w, k, "there is no column '%.*s' here", HS_FMT(k->text));
    }
    return HS_OK;
}

static const struct hs_yaml *get(const struct hs_yaml *map, hs_str name)
{
    for (const struct hs_yaml *k = map->first; k; k = k->next->next)
        if (hs_str_eq(k->text, name))
            return k->next;
    return NULL;
}

static hs_rc add_struct(struct writer *w, const struct hs_yaml *node, const struct hs_type *t)
{
    if (node->kind != HS_YAML_MAP)
        return does_not_fit(w, node, t);
    HS_TRY(check_names(w, node, t));
    hs_buf_addz(w->out, "struct_pack(");
    for (size_t i = 0; i < t->field_count; i++) {
        hs_buf_addz(w->out, i ? ", " : "");
        hs_buf_add_sql_name(w->out, t->fields[i].name);
        hs_buf_addz(w->out, " := ");
        HS_TRY(add_value(w, get(node, t->fields[i].name), t->fields[i].type));
    }
    hs_buf_addc(w->out, ')');
    return HS_OK;
}

static hs_rc add_list(struct writer *w, const struct hs_yaml *node, const struct hs_type *t)
{
    if (node->kind != HS_YAML_LIST)
        return does_not_fit(w, node, t);
    hs_buf_addz(w->out, "CAST([");
    for (const struct hs_yaml *item = node->first; item; item = item->next) {
        HS_TRY(add_value(w, item, t->fields[0].type));
        hs_buf_addz(w->out, item->next ? ", " : "");
    }
    hs_buf_addz(w->out, "] AS ");
    hs_buf_add_duckdb_type(w->out, t);
    hs_buf_addc(w->out, ')');
    return HS_OK;
}

static hs_rc add_map(struct writer *w, const struct hs_yaml *node, const struct hs_type *t)
{
    if (node->kind != HS_YAML_MAP)
        return does_not_fit(w, node, t);
    hs_buf_addz(w->out, "CAST(map([");
    for (const struct hs_yaml *k = node->first; k; k = k->next->next) {
        HS_TRY(add_value(w, k, t->fields[0].type));
        hs_buf_addz(w->out, k->next->next ? ", " : "");
    }
    hs_buf_addz(w->out, "], [");
    for (const struct hs_yaml *k = node->first; k; k = k->next->next) {
        HS_TRY(add_value(w, k->next, t->fields[1].type));
        hs_buf_addz(w->out, k->next->next ? ", " : "");
    }
    hs_buf_addz(w->out, "]) AS ");
    hs_buf_add_duckdb_type(w->out, t);
    hs_buf_addc(w->out, ')');
    return HS_OK;
}

static hs_rc add_value(struct writer *w, const struct hs_yaml *node, const struct hs_type *t)
{
    if (node && !(node->kind == HS_YAML_SCALAR && hs_yaml_meaning(node) == HS_YAML_NULL))
        return t->id == HS_T_STRUCT ? add_struct(w, node, t)
               : t->id == HS_T_LIST ? add_list(w, node, t)
               : t->id == HS_T_MAP  ? add_map(w, node, t)
                                    : add_scalar(w, node, t);
    hs_buf_addz(w->out, "CAST(NULL AS ");
    bool ok = hs_buf_add_duckdb_type(w->out, t);
    hs_buf_addc(w->out, ')');
    return ok ? HS_OK : hs_fail(w->err, HS_UNSUPPORTED, "a column of type %s cannot be tested", hs_type_name(t->id));
}

static hs_rc add_row(struct writer *w, const struct hs_yaml *row, size_t number, const struct hs_type *t)
{
    if (row)
        HS_TRY(check_names(w, row, t));
    hs_buf_addf(w->out, "(CAST('%zu' AS BIGINT)", number);
    for (size_t i = 0; i < t->field_count; i++) {
        hs_buf_addz(w->out, ", ");
        HS_TRY(add_value(w, row ? get(row, t->fields[i].name) : NULL, t->fields[i].type));
    }
    hs_buf_addc(w->out, ')');
    return HS_OK;
}

hs_rc hs_case_relation(struct hs_buf *out, hs_str file, const struct hs_yaml *const *rows, size_t count,
                       const struct hs_type *type, struct hs_err *err)
{
    struct writer w = {out, file, err};
    hs_buf_addz(out, "SELECT * FROM (VALUES ");
    for (size_t i = 0; i < count; i++) {
        hs_buf_addz(out, i ? ", " : "");
        HS_TRY(add_row(&w, rows[i], i + 1, type));
    }
    if (!count)
        HS_TRY(add_row(&w, NULL, 0, type));
    hs_buf_addz(out, ") AS \"rows\"(\"" HS_ROW_NUMBER "\"");
    for (size_t i = 0; i < type->field_count; i++)
        hs_buf_addf(out, ", \"f%d\"", type->fields[i].id);
    hs_buf_addz(out, count ? ")" : ") WHERE false");
    return hs_buf_done(out, err);
}
