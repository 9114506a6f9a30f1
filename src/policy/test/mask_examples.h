/* The masks' examples as policies: types and arguments of texts. */
#ifndef HS_POLICY_TEST_MASK_EXAMPLES_H
#define HS_POLICY_TEST_MASK_EXAMPLES_H

#include "policy/test/world.h"

static inline struct hs_type *example_type(struct world *w, const char *text)
{
    int a, b;
    if (sscanf(text, "decimal(%d, %d)", &a, &b) == 2)
        return w_decimal(w, a, b);
    if (sscanf(text, "fixed[%d]", &a) == 1) {
        struct hs_type *t = w_type(w, HS_T_FIXED);
        t->length = a;
        return t;
    }
    if (strncmp(text, "list<", 5) == 0) {
        char element[64];
        snprintf(element, sizeof element, "%.*s", (int)strlen(text) - 6, text + 5);
        return w_nest(w, HS_T_LIST, 1, (struct hs_field[]){W_FIELD(90, "element", example_type(w, element))});
    }
    if (strncmp(text, "map<string, ", 12) == 0) {
        char value[64];
        snprintf(value, sizeof value, "%.*s", (int)strlen(text) - 13, text + 12);
        return w_nest(w, HS_T_MAP, 2,
                      (struct hs_field[]){W_FIELD(90, "key", w_type(w, HS_T_STRING)),
                                          W_FIELD(91, "value", example_type(w, value))});
    }
    for (int id = 1; id < HS_T_COUNT_; id++)
        if (strcmp(hs_type_name((enum hs_type_id)id), text) == 0)
            return w_type(w, (enum hs_type_id)id);
    fail_msg("example of unknown type %s", text);
    return NULL;
}

/* Where a text outside of quotes has one of these characters. */
static size_t outside(hs_str text, const char *of)
{
    bool quoted = false;
    for (size_t i = 0; i < text.len; i++) {
        quoted ^= text.at[i] == '\'';
        if (!quoted && strchr(of, text.at[i]))
            return i;
    }
    return text.len;
}

static hs_str cut(hs_str *rest, const char *of)
{
    size_t at = outside(*rest, of);
    hs_str first = hs_str_trim(hs_str_n(rest->at, at));
    *rest = at < rest->len ? hs_str_n(rest->at + at + 1, rest->len - at - 1) : (hs_str){rest->at + at, 0};
    return first;
}

/* A rule literal, or a list of them: ['a', 'b']; a map is the list of its keys and values: {'a': 'b'}. */
static struct hs_value example_value(struct world *w, hs_str text)
{
    if (!text.len || !strchr("[{", text.at[0]))
        return w_rule(w, hs_arena_str(w->arena, text).at)->value;
    struct hs_value list = {.kind = HS_V_LIST, .items = hs_arena_array(w->arena, text.len, sizeof *list.items)};
    hs_str rest = hs_str_n(text.at + 1, text.len - 2);
    while (rest.len)
        list.items[list.item_count++] = example_value(w, cut(&rest, ",:"));
    return list;
}

/* One value, for the first argument; or "name: value; name: value". */
static size_t example_args(struct world *w, const struct hs_mask_function *f, const char *text, struct hs_mask_arg *out)
{
    hs_str rest = hs_str_of(text);
    size_t count = 0;
    size_t colon = outside(rest, ":[{");
    if (colon == rest.len || rest.at[colon] != ':') {
        *out = (struct hs_mask_arg){hs_str_of(f->args[0].name), example_value(w, rest)};
        return 1;
    }
    while (rest.len) {
        hs_str one = cut(&rest, ";"), name = cut(&one, ":");
        assert_true(count < 8);
        out[count++] = (struct hs_mask_arg){name, example_value(w, hs_str_trim(one))};
    }
    return count;
}

#endif
