/* Any bytes as a rule: never crashes; what parses prints, and what is printed parses to the same tree. */
#include "model/rule.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct hs_type *a_table(struct hs_arena *a)
{
    static const struct {
        const char *name;
        enum hs_type_id id;
    } columns[] = {{"a", HS_T_LONG},      {"b", HS_T_STRING},      {"c", HS_T_DATE},    {"d", HS_T_DOUBLE},
                   {"t", HS_T_TIMESTAMP}, {"z", HS_T_TIMESTAMPTZ}, {"f", HS_T_BOOLEAN}, {"u", HS_T_UUID}};
    /* and s, a struct of these, l, a list of long, m, a map from text to long */
    enum { N = sizeof columns / sizeof columns[0] };
    struct hs_type *t = hs_type_new(a, HS_T_STRUCT);
    t->fields = hs_arena_array(a, N + 3, sizeof *t->fields);
    for (int i = 0; i < N; i++)
        t->fields[i] =
            (struct hs_field){.id = i + 1, .name = hs_str_of(columns[i].name), .type = hs_type_new(a, columns[i].id)};
    struct hs_type *inner = hs_type_copy(a, t); /* no fields counted yet: a leaf-like struct */
    inner->fields = t->fields;
    inner->field_count = N;
    t->fields[N] = (struct hs_field){.id = N + 1, .name = hs_str_of("s"), .type = inner};
    struct hs_type *list = hs_type_new(a, HS_T_LIST), *map = hs_type_new(a, HS_T_MAP);
    list->fields = &t->fields[0];
    list->field_count = 1;
    map->fields = hs_arena_array(a, 2, sizeof *map->fields);
    map->fields[0] = t->fields[1];
    map->fields[1] = t->fields[0];
    map->field_count = 2;
    t->fields[N + 1] = (struct hs_field){.id = N + 2, .name = hs_str_of("l"), .type = list};
    t->fields[N + 2] = (struct hs_field){.id = N + 3, .name = hs_str_of("m"), .type = map};
    t->field_count = N + 3;
    return t;
}

static void print_again(struct hs_arena *a, const struct hs_rule *r)
{
    struct hs_buf b;
    struct hs_rule *again;
    hs_buf_init(&b, 1 << 22);
    hs_buf_add_rule(&b, r);
    hs_str text = hs_buf_str(&b);
    /* Canonical text may be a little longer than what was written, and so pass the limit. */
    if (text.len <= 64 * 1024) {
        if (hs_rule_parse(a, text, HS_S("f"), 1, 1, &again, NULL) != HS_OK || !hs_rule_same(r, again))
            abort();
    }
    hs_buf_fini(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hs_arena *a = hs_arena_new(64 << 20);
    struct hs_err err;
    struct hs_rule *r, *bound;
    if (hs_rule_parse(a, hs_str_n(data, size), HS_S("f.yaml"), 1, 1, &r, &err) == HS_OK) {
        print_again(a, r);
        if (hs_rule_bind(a, r, a_table(a), HS_S("f.yaml"), &bound, &err) == HS_OK) {
            if (!hs_rule_same(bound, bound) || hs_rule_fold(a, bound, &err) == HS_INVALID)
                abort();
        }
    }
    hs_arena_free(a);
    return 0;
}
