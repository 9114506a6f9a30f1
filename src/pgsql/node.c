/* The parser's JSON, read with care for what it leaves out: a field of value zero, false or empty is not there. */
#include "pgsql/pgsql_in.h"

#include <ctype.h>

const char *node_kind(yyjson_val *node, yyjson_val **body)
{
    *body = NULL;
    if (!yyjson_is_obj(node) || unsafe_yyjson_get_len(node) == 0)
        return "";
    yyjson_val *key = unsafe_yyjson_get_first(node);
    *body = key + 1;
    return unsafe_yyjson_get_str(key);
}

hs_str node_text(yyjson_val *body, const char *name)
{
    yyjson_val *v = yyjson_obj_get(body, name);
    return yyjson_is_str(v) ? hs_str_n(unsafe_yyjson_get_str(v), unsafe_yyjson_get_len(v)) : HS_S("");
}

bool node_is(yyjson_val *body, const char *name, const char *word)
{
    return hs_str_is(node_text(body, name), word);
}

bool node_flag(yyjson_val *body, const char *name)
{
    return yyjson_is_true(yyjson_obj_get(body, name));
}

int64_t node_number(yyjson_val *body, const char *name)
{
    return yyjson_get_sint(yyjson_obj_get(body, name));
}

int node_location(yyjson_val *body)
{
    yyjson_val *v = yyjson_obj_get(body, "location");
    return yyjson_is_int(v) ? (int)yyjson_get_sint(v) : -1;
}

yyjson_val *node_only(yyjson_val *node, const char *kind)
{
    yyjson_val *body;
    return strcmp(node_kind(node, &body), kind) == 0 ? body : NULL;
}

hs_str node_string(yyjson_val *node)
{
    return node_text(node_only(node, "String"), "sval");
}

hs_str node_last_name(yyjson_val *list, hs_str *schema)
{
    size_t count = yyjson_arr_size(list);
    if (schema)
        *schema = count > 1 ? node_string(yyjson_arr_get(list, count - 2)) : HS_S("");
    return node_string(yyjson_arr_get_last(list));
}

bool node_constant_text(yyjson_val *node, hs_str *out)
{
    yyjson_val *constant = node_only(node, "A_Const"), *sval = yyjson_obj_get(constant, "sval");
    if (!sval)
        return false;
    *out = node_text(sval, "sval");
    return true;
}

static size_t skip_comment(hs_str t, size_t i)
{
    if (t.at[i] == '-') {
        while (i < t.len && t.at[i] != '\n')
            i++;
        return i;
    }
    size_t open = 0;
    do {
        bool two = i + 1 < t.len;
        if (two && t.at[i] == '/' && t.at[i + 1] == '*') {
            open++;
            i += 2;
        } else if (two && t.at[i] == '*' && t.at[i + 1] == '/') {
            open--;
            i += 2;
        } else {
            i++;
        }
    } while (open && i < t.len);
    return i;
}

/* `- (5)`, `-(-5)`, `- -- words` and a line end, `5`: the sign was folded into the constant. */
int64_t node_integer(hs_str text, yyjson_val *ival, int location)
{
    yyjson_val *given = yyjson_obj_get(ival, "ival");
    if (given)
        return yyjson_get_sint(given);
    int64_t sign = 1;
    size_t i = location < 0 ? text.len : (size_t)location;
    while (i < text.len) {
        char c = text.at[i], next = i + 1 < text.len ? text.at[i + 1] : 0;
        if ((c == '-' && next == '-') || (c == '/' && next == '*')) {
            i = skip_comment(text, i);
            continue;
        }
        if (c == '-')
            sign = -sign;
        else if (!isspace((unsigned char)c) && c != '(' && c != '+')
            break;
        i++;
    }
    int64_t value = 0;
    for (; i < text.len && isdigit((unsigned char)text.at[i]) && value < INT32_MAX; i++)
        value = value * 10 + (text.at[i] - '0');
    return sign * value;
}

bool node_constant_number(struct reader *r, yyjson_val *node, int64_t *out)
{
    yyjson_val *constant = node_only(node, "A_Const"), *ival = yyjson_obj_get(constant, "ival");
    if (!ival)
        return false;
    *out = node_integer(r->script->text, ival, node_location(constant));
    return true;
}

static const struct {
    const char *kind, *fields;
} FIELDS[] = {
#define NODE(kind, function, fields) {#kind, fields},
#define PART(kind, fields) {#kind, fields},
#include "pgsql/nodes.def"
#undef NODE
#undef PART
};

static bool has_word(const char *words, const char *word)
{
    size_t len = strlen(word);
    for (const char *at = words; (at = strstr(at, word)); at += len) {
        if ((at == words || at[-1] == ' ') && (at[len] == ' ' || at[len] == 0))
            return true;
    }
    return false;
}

/* What a client knows the field by. */
static const char *spoken(const char *field)
{
    static const char *const WORDS[][2] = {
        {"lockingClause", "FOR UPDATE"},
        {"intoClause", "INTO"},
        {"search_clause", "SEARCH"},
        {"cycle_clause", "CYCLE"},
        {"func_variadic", "VARIADIC"},
        {"coldeflist", "a column definition list"},
        {"setof", "SETOF"},
        {"pct_type", "%TYPE"},
    };
    for (size_t i = 0; i < sizeof WORDS / sizeof *WORDS; i++) {
        if (strcmp(WORDS[i][0], field) == 0)
            return WORDS[i][1];
    }
    return field;
}

hs_rc node_check(struct reader *r, const char *kind, yyjson_val *body)
{
    for (size_t i = 0; i < sizeof FIELDS / sizeof *FIELDS; i++) {
        if (strcmp(FIELDS[i].kind, kind) != 0)
            continue;
        yyjson_obj_iter iter = yyjson_obj_iter_with(body);
        for (yyjson_val *key; (key = yyjson_obj_iter_next(&iter));) {
            const char *name = unsafe_yyjson_get_str(key);
            if (!has_word(FIELDS[i].fields, name))
                return refuse(r, node_location(body), "0A000", "%s is not supported", spoken(name));
        }
        return HS_OK;
    }
    return refuse(r, node_location(body), "0A000", "%s is not supported", kind);
}
