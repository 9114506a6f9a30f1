/* Questions asked of parsed nodes. */
#include "model/yaml.h"

const struct hs_yaml *hs_yaml_get(const struct hs_yaml *map, const char *key)
{
    if (!map || map->kind != HS_YAML_MAP)
        return NULL;
    for (const struct hs_yaml *k = map->first; k; k = k->next->next)
        if (hs_str_is(k->text, key))
            return k->next;
    return NULL;
}

bool hs_yaml_same(const struct hs_yaml *a, const struct hs_yaml *b)
{
    if (a->kind != b->kind || a->count != b->count)
        return false;
    if (a->kind == HS_YAML_SCALAR)
        return hs_str_eq(a->text, b->text) && hs_yaml_meaning(a) == hs_yaml_meaning(b);
    const struct hs_yaml *x = a->first, *y = b->first;
    for (; x && y; x = x->next, y = y->next)
        if (!hs_yaml_same(x, y))
            return false;
    return !x && !y;
}

static bool one_of(hs_str text, const char *const *words)
{
    for (; *words; words++)
        if (hs_str_is(text, *words))
            return true;
    return false;
}

static size_t digits(hs_str s, size_t from)
{
    size_t n = 0;
    while (from + n < s.len && s.at[from + n] >= '0' && s.at[from + n] <= '9')
        n++;
    return n;
}

/* [-+]? (digits [. digits?] | . digits) ([eE] [-+]? digits)? */
static enum hs_yaml_meaning number_meaning(hs_str s)
{
    size_t i = s.len && (s.at[0] == '-' || s.at[0] == '+');
    size_t whole = digits(s, i), part = 0;
    bool integer = true;
    i += whole;
    if (i < s.len && s.at[i] == '.') {
        integer = false;
        part = digits(s, ++i);
        i += part;
    }
    if (whole + part == 0)
        return HS_YAML_TEXT;
    if (i < s.len && (s.at[i] == 'e' || s.at[i] == 'E')) {
        integer = false;
        i++;
        i += i < s.len && (s.at[i] == '-' || s.at[i] == '+');
        size_t exponent = digits(s, i);
        if (!exponent)
            return HS_YAML_TEXT;
        i += exponent;
    }
    return i < s.len ? HS_YAML_TEXT : integer ? HS_YAML_INT : HS_YAML_NUMBER;
}

static bool based_integer(hs_str s) /* 0x1F, 0o17 */
{
    if (s.len < 3 || s.at[0] != '0' || (s.at[1] != 'x' && s.at[1] != 'o'))
        return false;
    for (size_t i = 2; i < s.len; i++) {
        char c = s.at[i];
        bool octal = c >= '0' && c <= '7';
        bool hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
        if (s.at[1] == 'x' ? !hex : !octal)
            return false;
    }
    return true;
}

enum hs_yaml_meaning hs_yaml_meaning(const struct hs_yaml *scalar)
{
    static const char *const NULLS[] = {"", "~", "null", "Null", "NULL", NULL};
    static const char *const BOOLS[] = {"true", "True", "TRUE", "false", "False", "FALSE", NULL};
    static const char *const NUMBERS[] = {".inf",  ".Inf",  ".INF", "+.inf", "+.Inf", "+.INF", "-.inf",
                                          "-.Inf", "-.INF", ".nan", ".NaN",  ".NAN",  NULL};
    if (scalar->style != HS_YAML_PLAIN)
        return HS_YAML_TEXT;
    if (one_of(scalar->text, NULLS))
        return HS_YAML_NULL;
    if (one_of(scalar->text, BOOLS))
        return HS_YAML_BOOL;
    if (one_of(scalar->text, NUMBERS))
        return HS_YAML_NUMBER;
    return based_integer(scalar->text) ? HS_YAML_INT : number_meaning(scalar->text);
}
