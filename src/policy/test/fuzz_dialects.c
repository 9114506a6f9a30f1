/* A decision in the words of other engines, from bytes: which mask lies where, with which arguments, under which
 * conditions. Whatever the model takes is printed or refused with words; what is printed closes every quote and bracket
 * that it opens, and is the same when it is asked for again. The lines of a case: characters that choose, a grant's
 * where, a mask's when, a condition on elements, then arguments, each a literal or several with '|' between. */
#include "base/json_alc.h"
#include "mask/mask.h"
#include "policy/dialect.h"
#include "policy/policy.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct hs_type whole = {.id = HS_T_LONG}, text = {.id = HS_T_STRING}, date = {.id = HS_T_DATE},
                      money = {.id = HS_T_DECIMAL, .precision = 10, .scale = 2}, moment = {.id = HS_T_TIMESTAMPTZ},
                      real = {.id = HS_T_FLOAT}, wide = {.id = HS_T_DECIMAL, .precision = 38, .scale = 4},
                      bytes = {.id = HS_T_BINARY}, nanos = {.id = HS_T_TIMESTAMP_NS};
static struct hs_field members[] = {{.id = 11, .name = {"x", 1}, .type = &text},
                                    {.id = 12, .name = {"y\"", 2}, .type = &real}};
static struct hs_type object = {.id = HS_T_STRUCT, .fields = members, .field_count = 2};
static struct hs_field element = {.id = 13, .name = {"element", 7}, .type = &object};
static struct hs_type list = {.id = HS_T_LIST, .fields = &element, .field_count = 1};
static struct hs_field pair[] = {{.id = 14, .name = {"key", 3}, .type = &text},
                                 {.id = 15, .name = {"value", 5}, .type = &whole}};
static struct hs_type map = {.id = HS_T_MAP, .fields = pair, .field_count = 2};
static struct hs_field columns[] = {
    {.id = 1, .name = {"id", 2}, .type = &whole, .required = true},
    {.id = 2, .name = {"email", 5}, .type = &text},
    {.id = 3, .name = {"born", 4}, .type = &date},
    {.id = 4, .name = {"amount", 6}, .type = &money},
    {.id = 5, .name = {"seen", 4}, .type = &moment},
    {.id = 6, .name = {"items", 5}, .type = &list},
    {.id = 7, .name = {"notes", 5}, .type = &map},
    {.id = 8, .name = {"big", 3}, .type = &wide},
    {.id = 9, .name = {"blob", 4}, .type = &bytes},
    {.id = 10, .name = {"at", 2}, .type = &nanos},
};
static struct hs_type table_type = {.id = HS_T_STRUCT, .fields = columns, .field_count = HS_COUNT(columns)};

static struct hs_property in_object[] = {{.name = {"x", 1}, .field_id = -1}, {.name = {"y\"", 2}, .field_id = -1}},
                          in_list[] =
                              {{.name = {"items", 5}, .field_id = -1, .properties = in_object, .property_count = 2}},
                          in_map[] = {{.name = {"key", 3}, .field_id = -1}, {.name = {"value", 5}, .field_id = -1}};
static struct hs_property properties[] = {
    {.name = {"id", 2}, .field_id = -1},
    {.name = {"email", 5}, .field_id = -1},
    {.name = {"born", 4}, .field_id = -1},
    {.name = {"amount", 6}, .field_id = -1},
    {.name = {"seen", 4}, .field_id = -1},
    {.name = {"items", 5}, .field_id = -1, .properties = in_list, .property_count = 1},
    {.name = {"notes", 5}, .field_id = -1, .properties = in_map, .property_count = 2},
    {.name = {"big", 3}, .field_id = -1},
    {.name = {"blob", 4}, .field_id = -1},
    {.name = {"at", 2}, .field_id = -1},
};

static const struct {
    const char *path;
    const struct hs_type *type;
} places[] = {{"id", &whole},         {"email", &text},        {"born", &date},      {"amount", &money},
              {"seen", &moment},      {"items", &list},        {"notes", &map},      {"big", &wide},
              {"blob", &bytes},       {"at", &nanos},          {"items[]", &object}, {"items[].x", &text},
              {"items[].y\"", &real}, {"notes.value", &whole}, {"email.$.a", &text}};

enum { MAX_MASKS = 4, MAX_ITEMS = 64 };

struct bench {
    struct hs_arena *arena;
    struct hs_product product;
    struct hs_table table;
    struct hs_policy policies[MAX_MASKS + 1];
    struct hs_model model;
    hs_str rest; /* of the arguments */
};

static struct hs_rule *rule_of(struct bench *b, hs_str line, bool of_element)
{
    struct hs_rule *r = NULL;
    struct hs_err err;
    hs_rc rc = of_element ? hs_rule_parse_element(b->arena, line, HS_S("r"), 1, 1, &r, &err)
                          : hs_rule_parse(b->arena, line, HS_S("r"), 1, 1, &r, &err);
    if (rc == HS_INTERNAL)
        abort();
    return rc == HS_OK ? r : NULL;
}

static bool is_literal(struct bench *b, hs_str line, struct hs_value *out)
{
    const struct hs_rule *r = rule_of(b, line, false);
    *out = r && r->op == HS_RULE_LITERAL ? r->value : (struct hs_value){.kind = HS_V_TEXT, .text = line};
    return r && r->op == HS_RULE_LITERAL;
}

static struct hs_value argument_of(struct bench *b, hs_str line)
{
    struct hs_value one;
    if (is_literal(b, line, &one) || !line.len || !memchr(line.at, '|', line.len))
        return one;
    struct hs_value v = {.kind = HS_V_LIST, .items = hs_arena_array(b->arena, MAX_ITEMS, sizeof *v.items)};
    while (v.items && line.at && v.item_count < MAX_ITEMS)
        is_literal(b, hs_str_cut(&line, '|'), &v.items[v.item_count++]);
    return v;
}

static void add_mask(struct bench *b, unsigned where, unsigned with, unsigned how, hs_str when, hs_str elements)
{
    size_t count = 0, place = where % HS_COUNT(places);
    struct hs_err err;
    while (hs_mask_function_at(count))
        count++;
    const struct hs_mask_function *f = hs_mask_function_at(with % count);
    struct hs_policy *p = &b->policies[b->model.policy_count];
    *p = (struct hs_policy){.kind = HS_MASK, .name = HS_S("m"), .with = hs_str_of(f->name), .domain = HS_S("sales")};
    p->on = (struct hs_target){
        .kind = HS_ON_COLUMN, .table = &b->table, .product = &b->product, .path = hs_str_of(places[place].path)};
    p->args = hs_arena_array(b->arena, f->arg_count + 1, sizeof *p->args);
    for (size_t i = 0; p->args && i < f->arg_count && b->rest.at; i++)
        if (how >> i & 1)
            p->args[p->arg_count++] =
                (struct hs_mask_arg){hs_str_of(f->args[i].name), argument_of(b, hs_str_cut(&b->rest, '\n'))};
    p->when = when.len ? rule_of(b, when, false) : NULL;
    p->elements = f->by_element && elements.len && !p->arg_count ? rule_of(b, elements, true) : NULL;
    if (hs_mask_fits(p, places[place].type, &err) == HS_OK)
        b->model.policy_count++;
}

/* ---- what is printed ---- */

static void check_closed(hs_str s)
{
    long round = 0, square = 0;
    char quote = 0;
    for (size_t i = 0; i < s.len; i++) {
        char c = s.at[i];
        if (c == 0 || round < 0 || square < 0)
            abort();
        if (quote || c == '\'' || c == '"')
            quote = quote == c ? 0 : quote ? quote : c;
        else {
            round += (c == '(') - (c == ')');
            square += (c == '[') - (c == ']');
        }
    }
    if (quote || round || square)
        abort();
}

static void check_json(hs_str s)
{
    yyjson_doc *doc = yyjson_read_opts((char *)s.at, s.len, 0, &hs_json_alc, NULL);
    if (!doc)
        abort();
    yyjson_doc_free(doc);
}

static hs_rc print(struct hs_buf *out, const struct hs_decision *d, size_t which, size_t column, enum hs_fit *fit)
{
    struct hs_err err = {0};
    const struct hs_dialect *sql = which & 1 ? &hs_trino : &hs_postgres;
    if (which < 2)
        return hs_print_dialect_rows(out, sql, d, fit, &err);
    if (which < 4)
        return column < d->column_count ? hs_print_dialect_column(out, sql, d, column, fit, &err) : HS_UNSUPPORTED;
    if (which == 4)
        return hs_print_postgres_types(out, d, &err);
    if (which == 5)
        return hs_print_postgres_script(out, d, HS_S("t"), HS_S("v\""), HS_S("r'"), fit, &err);
    return hs_print_read_restrictions(out, d, fit, &err);
}

static void print_twice(const struct hs_decision *d, size_t which, size_t column)
{
    struct hs_buf out[2];
    enum hs_fit fit[2] = {HS_FIT_EXACT, HS_FIT_EXACT};
    hs_rc rc[2];
    for (int i = 0; i < 2; i++) {
        hs_buf_init(&out[i], 1 << 20);
        rc[i] = print(&out[i], d, which, column, &fit[i]);
    }
    if (rc[0] != rc[1] || fit[0] != fit[1] || (rc[0] != HS_OK && rc[0] != HS_UNSUPPORTED && rc[0] != HS_LIMIT))
        abort();
    if (rc[0] == HS_OK && !hs_str_eq(hs_buf_str(&out[0]), hs_buf_str(&out[1])))
        abort();
    if (rc[0] == HS_OK && which == 6)
        check_json(hs_buf_str(&out[0]));
    else if (rc[0] == HS_OK)
        check_closed(hs_buf_str(&out[0]));
    hs_buf_fini(&out[0]);
    hs_buf_fini(&out[1]);
}

static void decide(struct bench *b)
{
    struct hs_principal ana = {.name = {"ana", 3}};
    struct hs_facts facts = {.now_us = 1000};
    struct hs_decision *d = NULL;
    struct hs_err err;
    hs_rc rc = hs_policy_decide(b->arena, &b->model, &ana, &b->table, &table_type, &facts, &d, &err);
    if (rc == HS_INTERNAL)
        abort();
    for (size_t which = 0; rc == HS_OK && d->allowed && which < 7; which++)
        for (size_t column = 0; column < (which == 2 || which == 3 ? d->column_count : 1); column++)
            print_twice(d, which, column);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static hs_str read = {"read", 4};
    hs_str rest = hs_str_n((const char *)data, size), choices = hs_str_cut(&rest, '\n'),
           where = hs_str_cut(&rest, '\n'), when = hs_str_cut(&rest, '\n'), elements = hs_str_cut(&rest, '\n');
    struct bench b = {.arena = hs_arena_new(64 << 20), .rest = rest};
    if (!b.arena || size > 1 << 16) {
        hs_arena_free(b.arena);
        return 0;
    }
    b.product =
        (struct hs_product){.id = HS_S("sales.orders"), .domain = HS_S("sales"), .tables = &b.table, .table_count = 1};
    b.table = (struct hs_table){.product = &b.product,
                                .name = HS_S("orders"),
                                .properties = properties,
                                .property_count = HS_COUNT(properties)};
    b.model = (struct hs_model){.policies = b.policies, .products = &b.product, .product_count = 1, .policy_count = 1};
    b.policies[0] = (struct hs_policy){.kind = HS_GRANT,
                                       .name = HS_S("g"),
                                       .domain = HS_S("sales"),
                                       .to.everyone = true,
                                       .on = {.kind = HS_ON_TABLE, .table = &b.table, .product = &b.product},
                                       .actions = &read,
                                       .action_count = 1,
                                       .where = where.len ? rule_of(&b, where, false) : NULL};
    for (size_t i = 0; i + 2 < choices.len && i < 3 * MAX_MASKS; i += 3)
        add_mask(&b, (uint8_t)choices.at[i], (uint8_t)choices.at[i + 1], (uint8_t)choices.at[i + 2], when, elements);
    decide(&b);
    hs_arena_free(b.arena);
    return 0;
}
