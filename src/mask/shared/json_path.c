/* The paths: '$', then .name, ["any name"], [n] and [*]. */
#include "mask/shared/json_path.h"

void hs_json_split(hs_str path, hs_str *column, hs_str *json)
{
    bool quoted = false;
    *column = path;
    *json = (hs_str){0};
    for (size_t i = 0; i + 1 < path.len; i++) {
        quoted ^= path.at[i] == '"';
        if (!quoted && path.at[i] == '.' && path.at[i + 1] == '$') {
            *column = hs_str_n(path.at, i);
            *json = hs_str_n(path.at + i + 1, path.len - i - 1);
            return;
        }
    }
}

static bool read_bracket(hs_str *rest, struct hs_json_step *out)
{
    hs_str inside;
    if (rest->len > 2 && rest->at[1] == '"') {
        const char *end = memchr(rest->at + 2, '"', rest->len - 2);
        size_t len = end ? (size_t)(end - rest->at) - 2 : 0;
        if (!end || len + 3 >= rest->len || rest->at[len + 3] != ']')
            return false;
        *out = (struct hs_json_step){.name = hs_str_n(rest->at + 2, len)};
        *rest = hs_str_n(rest->at + len + 4, rest->len - len - 4);
        return true;
    }
    const char *end = memchr(rest->at, ']', rest->len);
    if (!end)
        return false;
    inside = hs_str_n(rest->at + 1, (size_t)(end - rest->at) - 1);
    *rest = hs_str_n(end + 1, rest->len - inside.len - 2);
    *out = (struct hs_json_step){.index = -1};
    return hs_str_is(inside, "*") || (hs_str_to_i64(inside, &out->index) && out->index >= 0);
}

static bool read_name(hs_str *rest, struct hs_json_step *out)
{
    size_t n = 1;
    while (n < rest->len && !strchr(".[]\"*$", rest->at[n]))
        n++;
    *out = (struct hs_json_step){.name = hs_str_n(rest->at + 1, n - 1)};
    *rest = hs_str_n(rest->at + n, rest->len - n);
    return n > 1;
}

hs_rc hs_json_path_read(hs_str json, struct hs_json_path *out, struct hs_err *err)
{
    hs_str rest = json.len ? hs_str_n(json.at + 1, json.len - 1) : json;
    out->count = 0;
    if (!json.len || json.at[0] != '$' || json.len > 1000 || !hs_utf8_valid(json))
        return hs_fail(err, HS_INVALID, "a path into a JSON document begins with '$'");
    if (!rest.len)
        return hs_fail(err, HS_INVALID, "'$' alone is the whole document: name the column without it");
    while (rest.len) {
        if (out->count == HS_JSON_STEPS)
            return hs_fail(err, HS_INVALID, "a path into a JSON document has at most %d steps", HS_JSON_STEPS);
        struct hs_json_step *step = &out->steps[out->count++];
        if (!(rest.at[0] == '.' ? read_name(&rest, step) : rest.at[0] == '[' && read_bracket(&rest, step)))
            return hs_fail(err, HS_INVALID,
                           "a path into a JSON document is written $.name, $[\"any name\"], $[0] or $[*]");
    }
    return HS_OK;
}

bool hs_json_paths_meet(const struct hs_json_path *a, const struct hs_json_path *b)
{
    for (unsigned i = 0; i < a->count && i < b->count; i++) {
        const struct hs_json_step *x = &a->steps[i], *y = &b->steps[i];
        if (x->name.at ? !y->name.at || !hs_str_eq(x->name, y->name)
                       : y->name.at || (x->index >= 0 && y->index >= 0 && x->index != y->index))
            return false;
    }
    return true;
}
