/* A small model built by hand, for the tests of this room: the YAML loader is another room's. */
#ifndef HS_POLICY_TEST_WORLD_H
#define HS_POLICY_TEST_WORLD_H

#include "base/alloc.h"
#include "mask/mask.h"
#include "policy/policy_in.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof(a)[0])
#define LIST(...)    \
    .at = (hs_str[]) \
    {                \
        __VA_ARGS__  \
    }
#define T(text) HS_S(text)

struct world {
    struct hs_arena *arena;
    struct hs_model model;
    struct hs_product product;
    struct hs_table table;
    struct hs_type *bound;
    struct hs_policy policies[32];
    struct hs_err err;
};

static struct hs_field W_FIELD(int id, const char *name, struct hs_type *type) {
    return (struct hs_field){.id = id, .name = hs_str_of(name), .type = type};
}

static struct hs_type *
w_type(struct world *w, enum hs_type_id id)
{
    struct hs_type *t = hs_type_new(w->arena, id);
    assert_non_null(t);
    return t;
}

static struct hs_type *w_nest(struct world *w, enum hs_type_id id, size_t count, const struct hs_field *fields)
{
    struct hs_type *t = w_type(w, id);
    t->fields = hs_arena_array(w->arena, count, sizeof *t->fields);
    assert_non_null(t->fields);
    memcpy(t->fields, fields, count * sizeof *fields);
    t->field_count = count;
    return t;
}

static struct hs_type *w_decimal(struct world *w, int precision, int scale)
{
    struct hs_type *t = w_type(w, HS_T_DECIMAL);
    t->precision = precision;
    t->scale = scale;
    return t;
}

/* id, email, region, amount, customer{street, city, geo{lat, lon}}, items[]{sku, price}, notes map<string,
 * struct<text, by>>, born, seen, score, active */
static void w_types(struct world *w)
{
    struct hs_type *geo = w_nest(
        w, HS_T_STRUCT, 2,
        (struct hs_field[]){W_FIELD(53, "lat", w_type(w, HS_T_DOUBLE)), W_FIELD(54, "lon", w_type(w, HS_T_DOUBLE))});
    struct hs_type *customer =
        w_nest(w, HS_T_STRUCT, 3,
               (struct hs_field[]){W_FIELD(50, "street", w_type(w, HS_T_STRING)),
                                   W_FIELD(51, "city", w_type(w, HS_T_STRING)), W_FIELD(52, "geo", geo)});
    struct hs_type *item = w_nest(
        w, HS_T_STRUCT, 2,
        (struct hs_field[]){W_FIELD(61, "sku", w_type(w, HS_T_STRING)), W_FIELD(62, "price", w_decimal(w, 10, 2))});
    struct hs_type *items = w_nest(w, HS_T_LIST, 1, (struct hs_field[]){W_FIELD(60, "element", item)});
    struct hs_type *note = w_nest(
        w, HS_T_STRUCT, 2,
        (struct hs_field[]){W_FIELD(72, "text", w_type(w, HS_T_STRING)), W_FIELD(73, "by", w_type(w, HS_T_STRING))});
    struct hs_type *notes = w_nest(
        w, HS_T_MAP, 2, (struct hs_field[]){W_FIELD(70, "key", w_type(w, HS_T_STRING)), W_FIELD(71, "value", note)});
    w->bound =
        w_nest(w, HS_T_STRUCT, 11,
               (struct hs_field[]){
                   W_FIELD(1, "id", w_type(w, HS_T_LONG)), W_FIELD(2, "email", w_type(w, HS_T_STRING)),
                   W_FIELD(3, "region", w_type(w, HS_T_STRING)), W_FIELD(4, "amount", w_decimal(w, 10, 2)),
                   W_FIELD(5, "customer", customer), W_FIELD(6, "items", items), W_FIELD(7, "notes", notes),
                   W_FIELD(8, "born", w_type(w, HS_T_DATE)), W_FIELD(9, "seen", w_type(w, HS_T_TIMESTAMPTZ)),
                   W_FIELD(10, "score", w_type(w, HS_T_DOUBLE)), W_FIELD(11, "active", w_type(w, HS_T_BOOLEAN))});
    w->bound->fields[0].required = true;
}

static void w_property(struct world *w, struct hs_property *p, const struct hs_field *f, hs_str name);

static void w_properties(struct world *w, struct hs_property **out, size_t *count, const struct hs_type *t)
{
    *out = hs_arena_array(w->arena, t->field_count + 1, sizeof **out);
    assert_non_null(*out);
    *count = t->field_count;
    for (size_t i = 0; i < t->field_count; i++)
        w_property(w, &(*out)[i], &t->fields[i], t->id == HS_T_LIST ? HS_S("items") : t->fields[i].name);
}

static void w_property(struct world *w, struct hs_property *p, const struct hs_field *f, hs_str name)
{
    p->name = name;
    w_properties(w, &p->properties, &p->property_count, f->type);
}

static void w_init(struct world *w)
{
    memset(w, 0, sizeof *w);
    w->arena = hs_arena_new(0);
    assert_non_null(w->arena);
    w_types(w);
    w->product =
        (struct hs_product){.id = T("sales.orders"), .domain = T("sales"), .tables = &w->table, .table_count = 1};
    w->table = (struct hs_table){.product = &w->product, .name = T("orders")};
    w_properties(w, &w->table.properties, &w->table.property_count, w->bound);
    w->model.policies = w->policies;
    w->model.products = &w->product;
    w->model.product_count = 1;
}

static void w_fini(struct world *w)
{
    hs_arena_free(w->arena);
}

/* Puts a tag on a property: w_tag(w, "pii", 4, 0) is the first member of the fifth column. */
static inline void w_tag(struct world *w, hs_str tag, int column, int member)
{
    struct hs_property *p = &w->table.properties[column];
    if (member >= 0)
        p = &p->properties[member];
    p->tags = hs_arena_array(w->arena, 1, sizeof *p->tags);
    assert_non_null(p->tags);
    p->tags[0] = tag;
    p->tag_count = 1;
}

static struct hs_policy *w_add(struct world *w, enum hs_policy_kind kind, const char *name)
{
    static hs_str read = {"read", 4};
    struct hs_policy *p = &w->policies[w->model.policy_count++];
    assert_true(w->model.policy_count <= COUNT(w->policies));
    char file[64];
    int len = snprintf(file, sizeof file, "policies/%s.yaml", name);
    *p = (struct hs_policy){.kind = kind, .name = hs_str_of(name), .domain = T("sales")};
    p->at = (struct hs_at){hs_arena_str(w->arena, hs_str_n(file, (size_t)len)), 3, 1};
    p->on = (struct hs_target){.kind = HS_ON_TABLE, .table = &w->table, .product = &w->product};
    if (kind == HS_GRANT) {
        p->actions = &read;
        p->action_count = 1;
    }
    return p;
}

static struct hs_rule *w_rule(struct world *w, const char *text)
{
    struct hs_rule *r = NULL;
    if (hs_rule_parse(w->arena, hs_str_of(text), T("rule.yaml"), 1, 1, &r, &w->err) != HS_OK)
        fail_msg("%s: %s", text, w->err.shown);
    return r;
}

static inline struct hs_rule *w_element_rule(struct world *w, const char *text)
{
    struct hs_rule *r = NULL;
    if (hs_rule_parse_element(w->arena, hs_str_of(text), T("rule.yaml"), 1, 1, &r, &w->err) != HS_OK)
        fail_msg("%s: %s", text, w->err.shown);
    return r;
}

static inline void w_roles(struct hs_selector *s, hs_str *roles, size_t count)
{
    s->roles = roles;
    s->role_count = count;
    s->given = true;
}

static __attribute__((unused)) hs_str analyst = {"analyst", 7}, support = {"support", 7}, fraud = {"fraud", 5};

static inline struct hs_policy *w_grant(struct world *w, const char *name, hs_str *role, const char *where)
{
    struct hs_policy *p = w_add(w, HS_GRANT, name);
    if (role)
        w_roles(&p->to, role, 1);
    else
        p->to.everyone = true;
    p->where = where ? w_rule(w, where) : NULL;
    return p;
}

static inline void w_columns(struct world *w, struct hs_policy *p, size_t count, const char *const *names)
{
    p->columns = hs_arena_array(w->arena, count, sizeof *p->columns);
    assert_non_null(p->columns);
    for (size_t i = 0; i < count; i++)
        p->columns[i] = hs_str_of(names[i]);
    p->column_count = count;
}

static inline struct hs_policy *w_row_rule(struct world *w, const char *name, const char *where)
{
    struct hs_policy *p = w_add(w, HS_ROW_RULE, name);
    p->where = w_rule(w, where);
    return p;
}

static inline struct hs_policy *w_mask(struct world *w, const char *name, const char *path, const char *with)
{
    struct hs_policy *p = w_add(w, HS_MASK, name);
    p->on.kind = HS_ON_COLUMN;
    p->on.path = hs_str_of(path);
    p->with = hs_str_of(with);
    return p;
}

static inline void w_arg(struct world *w, struct hs_policy *p, const char *name, const char *value)
{
    p->args = HS_NEW(w->arena, struct hs_mask_arg);
    assert_non_null(p->args);
    p->args->name = hs_str_of(name);
    p->args->value = w_rule(w, value)->value;
    p->arg_count = 1;
}

static inline struct hs_principal w_who(const char *name, const hs_str *role)
{
    return (struct hs_principal){.name = hs_str_of(name), .roles = role, .role_count = role ? 1 : 0};
}

static inline hs_rc w_decide(struct world *w, const struct hs_principal *who, struct hs_decision **out)
{
    struct hs_facts facts = {.now_us = 1000};
    hs_err_clear(&w->err);
    return hs_policy_decide(w->arena, &w->model, who, &w->table, w->bound, &facts, out, &w->err);
}

static inline struct hs_decision *w_ok(struct world *w, const struct hs_principal *who)
{
    struct hs_decision *d = NULL;
    if (w_decide(w, who, &d) != HS_OK)
        fail_msg("%s | %s", w->err.shown, w->err.detail);
    assert_non_null(d);
    return d;
}

static inline const struct hs_decided_column *w_column(const struct hs_decision *d, const char *name)
{
    for (size_t i = 0; i < d->column_count; i++)
        if (hs_str_is(d->columns[i].field->name, name))
            return &d->columns[i];
    return NULL;
}

/* Printed texts live until the arena ends. */
static inline const char *w_keep(struct world *w, struct hs_buf *b)
{
    assert_false(b->failed);
    hs_str s = hs_arena_str(w->arena, hs_buf_str(b));
    hs_buf_fini(b);
    assert_non_null(s.at);
    return s.at;
}

static inline const char *w_expression(struct world *w, const struct hs_decision *d, const char *name)
{
    struct hs_buf b;
    const struct hs_decided_column *c = w_column(d, name);
    assert_non_null(c);
    hs_buf_init(&b, 1 << 20);
    if (hs_print_duckdb_column(&b, d, (size_t)(c - d->columns), &w->err) != HS_OK)
        fail_msg("%s | %s", w->err.shown, w->err.detail);
    return w_keep(w, &b);
}

static inline const char *w_rows(struct world *w, const struct hs_decision *d)
{
    struct hs_buf b;
    hs_buf_init(&b, 1 << 20);
    if (hs_print_duckdb_rows(&b, d, &w->err) != HS_OK)
        fail_msg("%s | %s", w->err.shown, w->err.detail);
    return w_keep(w, &b);
}

#endif
