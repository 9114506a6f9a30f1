/* Values with a form of their own: points in time, sizes with units, attributes. */
#include "model/load.h"

#include "base/clock.h"

hs_rc hs_read_time(struct hs_load *l, const struct hs_yaml *node, void *out_us)
{
    int64_t us;
    if (node->kind != HS_YAML_SCALAR || !hs_time_parse(node->text, &us))
        return hs_load_fail(l, hs_load_at(l, node),
                            "'%.*s' is not a date (2027-01-31) or a time (2027-01-31T12:00:00Z)",
                            (int)(node->text.len < 40 ? node->text.len : 40), node->text.at ? node->text.at : "");
    if (us <= 0) /* 0 would say "never" */
        return hs_load_fail(l, hs_load_at(l, node), "this time lies before 1970");
    if (out_us)
        *(int64_t *)out_us = us;
    return HS_OK;
}

/* ---- limits ---- */

struct unit {
    const char *name;
    int64_t factor;
};
static const struct unit BYTE_UNITS[] = {
    {"B", 1},           {"KB", 1000},       {"MB", 1000000},    {"GB", 1000000000}, {"TB", 1000000000000},
    {"KiB", 1LL << 10}, {"MiB", 1LL << 20}, {"GiB", 1LL << 30}, {"TiB", 1LL << 40}, {NULL, 0},
};
static const struct unit TIME_UNITS[] = {
    {"ms", 1}, {"s", 1000}, {"min", 60000}, {"h", 3600000}, {"d", 86400000}, {NULL, 0},
};
static const struct unit NO_UNITS[] = {{"", 1}, {NULL, 0}};

/* "2 GiB": digits, spaces, a unit from the table. */
static bool parse_measure(hs_str text, const struct unit *units, int64_t *out)
{
    size_t n = 0;
    while (n < text.len && text.at[n] >= '0' && text.at[n] <= '9')
        n++;
    int64_t value;
    hs_str unit = hs_str_trim((hs_str){text.at + n, text.len - n});
    if (!hs_str_to_i64((hs_str){text.at, n}, &value) || value <= 0)
        return false;
    for (; units->name; units++)
        if (hs_str_is(unit, units->name))
            return !__builtin_mul_overflow(value, units->factor, out);
    return false;
}

static hs_rc read_measure(struct hs_load *l, const struct hs_yaml *node, const struct unit *units, const char *example,
                          void *out)
{
    if (node->kind != HS_YAML_SCALAR || !parse_measure(node->text, units, out))
        return hs_load_fail(l, hs_load_at(l, node), "this limit must be written like %s, and more than nothing",
                            example);
    return HS_OK;
}

static hs_rc read_bytes(struct hs_load *l, const struct hs_yaml *node, void *out)
{
    return read_measure(l, node, BYTE_UNITS, "2 GiB (B, KB, MB, GB, TB, KiB, MiB, GiB, TiB)", out);
}

static hs_rc read_duration(struct hs_load *l, const struct hs_yaml *node, void *out)
{
    return read_measure(l, node, TIME_UNITS, "30 s (ms, s, min, h, d)", out);
}

static hs_rc read_count(struct hs_load *l, const struct hs_yaml *node, void *out)
{
    return read_measure(l, node, NO_UNITS, "1000", out);
}

static const struct hs_key LIMIT_KEYS[] = {
    HS_KEY("concurrent", READ, .at = HS_INTO(struct hs_limits, concurrent), .read = read_count),
    HS_KEY("memory", READ, .at = HS_INTO(struct hs_limits, memory_bytes), .read = read_bytes),
    HS_KEY("time", READ, .at = HS_INTO(struct hs_limits, time_ms), .read = read_duration),
    HS_KEY("rows", READ, .at = HS_INTO(struct hs_limits, rows), .read = read_count),
    HS_KEY("rows_per_day", READ, .at = HS_INTO(struct hs_limits, rows_per_day), .read = read_count),
    HS_KEY("bytes_per_day", READ, .at = HS_INTO(struct hs_limits, bytes_per_day), .read = read_bytes),
};
static const struct hs_form LIMITS = HS_FORM("limits", LIMIT_KEYS);

hs_rc hs_read_limits(struct hs_load *l, const struct hs_yaml *node, void *out)
{
    return hs_form_read(l, node, &LIMITS, out);
}

/* ---- typed values: attributes and arguments ---- */

/* A plain YYYY-MM-DD is a date; in quotes it is text. */
static bool is_date(const struct hs_yaml *node, int64_t *out_days)
{
    int64_t us;
    if (node->style != HS_YAML_PLAIN || node->text.len != 10 || !hs_time_parse(node->text, &us))
        return false;
    *out_days = us / 86400000000;
    return true;
}

/* Digits as written, never through a double; what has no plain digits (1e9, .inf, 0x1F) is refused. */
static hs_rc read_number(struct hs_load *l, const struct hs_yaml *node, struct hs_value *out)
{
    hs_str digits = node->text;
    if (digits.len && digits.at[0] == '+')
        digits = (hs_str){digits.at + 1, digits.len - 1};
    for (size_t i = digits.len && digits.at[0] == '-'; i < digits.len; i++)
        if ((digits.at[i] < '0' || digits.at[i] > '9') && digits.at[i] != '.')
            return hs_load_fail(l, hs_load_at(l, node), "write this number in plain decimal digits");
    bool edge =
        !digits.len || digits.at[digits.len - 1] == '.' || digits.at[0] == '.' || hs_str_starts(digits, HS_S("-."));
    if (edge || digits.len > 40)
        return hs_load_fail(l, hs_load_at(l, node), "write this number with digits on both sides of the point");
    if (hs_str_to_i64(digits, &out->i))
        out->kind = HS_V_INT;
    else {
        out->kind = HS_V_NUMBER;
        out->text = digits;
    }
    return HS_OK;
}

static hs_rc read_single(struct hs_load *l, const struct hs_yaml *node, struct hs_value *out)
{
    if (node->kind != HS_YAML_SCALAR)
        return hs_load_fail(l, hs_load_at(l, node), "this must be one value");
    switch (hs_yaml_meaning(node)) {
    case HS_YAML_NULL:
        return hs_load_fail(l, hs_load_at(l, node), "this has no value: give one or leave the key out");
    case HS_YAML_BOOL:
        out->kind = HS_V_BOOL;
        out->i = node->text.at[0] == 't' || node->text.at[0] == 'T';
        return HS_OK;
    case HS_YAML_INT:
    case HS_YAML_NUMBER:
        return read_number(l, node, out);
    case HS_YAML_TEXT:
        break;
    }
    out->kind = is_date(node, &out->i) ? HS_V_DATE : HS_V_TEXT;
    if (out->kind == HS_V_TEXT)
        out->text = node->text;
    return HS_OK;
}

static bool alike(enum hs_value_kind a, enum hs_value_kind b)
{
    bool numbers = (a == HS_V_INT || a == HS_V_NUMBER) && (b == HS_V_INT || b == HS_V_NUMBER);
    return a == b || numbers;
}

static hs_rc read_items(struct hs_load *l, const struct hs_yaml *node, struct hs_value *out)
{
    out->kind = HS_V_LIST;
    out->items = hs_arena_array(l->arena, node->count, sizeof *out->items);
    if (!out->items)
        return hs_load_no_memory(l);
    for (const struct hs_yaml *item = node->first; item; item = item->next) {
        struct hs_value *value = &out->items[out->item_count++];
        HS_TRY(read_single(l, item, value));
        if (!alike(value->kind, out->items[0].kind))
            return hs_load_fail(l, hs_load_at(l, item), "the values of one list must be of one kind");
    }
    return HS_OK;
}

hs_rc hs_read_value(struct hs_load *l, const struct hs_yaml *node, bool list_too, struct hs_value *out)
{
    struct hs_value value = {0};
    HS_TRY(list_too && node->kind == HS_YAML_LIST ? read_items(l, node, &value) : read_single(l, node, &value));
    *out = value;
    return HS_OK;
}

hs_rc hs_read_attributes(struct hs_load *l, const struct hs_yaml *node, bool lists_too, struct hs_attribute **out,
                         size_t *out_count)
{
    HS_TRY(hs_read_map(l, node, "attributes"));
    struct hs_attribute *attributes = hs_arena_array(l->arena, node->count, sizeof *attributes);
    if (!attributes)
        return hs_load_no_memory(l);
    size_t n = 0;
    for (const struct hs_yaml *key = node->first; key; key = key->next->next) {
        if (key->text.len == 0 || key->text.len > HS_MODEL_MAX_NAME)
            return hs_load_fail(l, hs_load_at(l, key), "an attribute's name must have 1 to %d bytes",
                                HS_MODEL_MAX_NAME);
        attributes[n].name = key->text;
        HS_TRY(hs_read_value(l, key->next, lists_too, &attributes[n++].value));
    }
    *out = attributes;
    *out_count = n;
    return HS_OK;
}
