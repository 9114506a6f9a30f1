/* Binding and typing: what compares with what, and in which type. */
#include "base/alloc.h"
#include "model/rule.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

static struct hs_arena *arena;
static struct hs_err err;
static struct hs_type *table;

static struct hs_type *leaf(enum hs_type_id id, int precision, int scale)
{
    struct hs_type *t = hs_type_new(arena, id);
    assert_non_null(t);
    t->precision = precision;
    t->scale = scale;
    return t;
}

static void add(struct hs_type *in, const char *name, struct hs_type *type)
{
    static int id;
    in->fields[in->field_count++] = (struct hs_field){.id = ++id, .name = hs_str_of(name), .type = type};
}

static struct hs_type *nest(enum hs_type_id id)
{
    struct hs_type *t = leaf(id, 0, 0);
    t->fields = hs_arena_array(arena, 32, sizeof *t->fields);
    assert_non_null(t->fields);
    return t;
}

static int begin(void **state)
{
    (void)state;
    arena = hs_arena_new(0);
    table = nest(HS_T_STRUCT);
    struct hs_type *s = nest(HS_T_STRUCT), *l = nest(HS_T_LIST), *m = nest(HS_T_MAP);
    add(table, "i", leaf(HS_T_INT, 0, 0));
    add(table, "l", leaf(HS_T_LONG, 0, 0));
    add(table, "d", leaf(HS_T_DECIMAL, 10, 2));
    add(table, "wide", leaf(HS_T_DECIMAL, 38, 0));
    add(table, "x", leaf(HS_T_DOUBLE, 0, 0));
    add(table, "text", leaf(HS_T_STRING, 0, 0));
    add(table, "day", leaf(HS_T_DATE, 0, 0));
    add(table, "ts", leaf(HS_T_TIMESTAMP, 0, 0));
    add(table, "tz", leaf(HS_T_TIMESTAMPTZ, 0, 0));
    add(table, "ns", leaf(HS_T_TIMESTAMP_NS, 0, 0));
    add(table, "flag", leaf(HS_T_BOOLEAN, 0, 0));
    add(table, "u", leaf(HS_T_UUID, 0, 0));
    add(table, "bin", leaf(HS_T_BINARY, 0, 0));
    add(s, "street", leaf(HS_T_STRING, 0, 0));
    add(table, "customer", s);
    add(l, "element", leaf(HS_T_STRING, 0, 0));
    add(table, "items", l);
    add(m, "key", leaf(HS_T_STRING, 0, 0));
    add(m, "value", leaf(HS_T_STRING, 0, 0));
    add(table, "map", m);
    return 0;
}

static int end(void **state)
{
    (void)state;
    hs_arena_free(arena);
    return 0;
}

static hs_rc bind(const char *text, struct hs_rule **out)
{
    struct hs_rule *r;
    *out = NULL;
    if (hs_rule_parse(arena, hs_str_of(text), HS_S("p.yaml"), 1, 1, &r, &err) != HS_OK)
        fail_msg("%s", err.shown);
    return hs_rule_bind(arena, r, table, HS_S("p.yaml"), out, &err);
}

static struct hs_rule *bound(const char *text)
{
    struct hs_rule *r;
    if (bind(text, &r) != HS_OK)
        fail_msg("%s: %s", text, err.shown);
    return r;
}

static void compares_as(const char *text, enum hs_type_id id, int precision, int scale)
{
    struct hs_rule *r = bound(text);
    assert_non_null(r->type);
    if (r->type->id != id || r->type->precision != precision || r->type->scale != scale)
        fail_msg("%s: %s(%d,%d)", text, hs_type_name(r->type->id), r->type->precision, r->type->scale);
}

static void refused(const char *text, const char *words)
{
    struct hs_rule *r;
    assert_int_equal(bind(text, &r), HS_INVALID);
    assert_null(r);
    if (!strstr(err.shown, words))
        fail_msg("%s: got: %s", text, err.shown);
}

static void test_types(void **state)
{
    (void)state;
    compares_as("i = 5", HS_T_INT, 0, 0);
    compares_as("i = 5000000000", HS_T_LONG, 0, 0);
    compares_as("l = 5", HS_T_LONG, 0, 0);
    compares_as("i = l", HS_T_LONG, 0, 0);
    compares_as("d < 10000", HS_T_DECIMAL, 10, 2);
    compares_as("d < 0.125", HS_T_DECIMAL, 11, 3);
    compares_as("d < 10.500", HS_T_DECIMAL, 10, 2);
    compares_as("d < 123456789012", HS_T_DECIMAL, 14, 2);
    compares_as("d = l", HS_T_DECIMAL, 21, 2);
    compares_as("l = 10.5", HS_T_DECIMAL, 20, 1);
    compares_as("l = 99999999999999999999", HS_T_DECIMAL, 20, 0);
    compares_as("x > 0.1", HS_T_DOUBLE, 0, 0);
    compares_as("x > d", HS_T_DOUBLE, 0, 0);
    compares_as("i in (1, null, 3)", HS_T_INT, 0, 0);
    compares_as("i between 1 and 5000000000", HS_T_LONG, 0, 0);
    compares_as("text = 'a'", HS_T_STRING, 0, 0);
    compares_as("customer.street ends with text", HS_T_STRING, 0, 0);
    compares_as("u = 'f79c3e09-677c-4bbd-a479-3f349cb785e7'", HS_T_UUID, 0, 0);
    compares_as("day < date '2024-01-01'", HS_T_DATE, 0, 0);
    compares_as("ts < timestamp '2024-01-01 00:00:00'", HS_T_TIMESTAMP, 0, 0);
    compares_as("tz < timestamp '2024-01-01 00:00:00Z'", HS_T_TIMESTAMPTZ, 0, 0);
    compares_as("ns < timestamp '2024-01-01 00:00:00'", HS_T_TIMESTAMP_NS, 0, 0);
    compares_as("flag = true", HS_T_BOOLEAN, 0, 0);
    compares_as("(i = 1) = flag", HS_T_BOOLEAN, 0, 0);
    compares_as("3 <= 4", HS_T_INT, 0, 0);
    assert_null(bound("null = null")->type);
    assert_null(bound("principal.a = principal.b")->type);
    bound("flag and not principal.x and (null or true)");
    bound("items is null and customer is not null and bin is null");
}

static void test_refused(void **state)
{
    (void)state;
    refused("text = 5", "p.yaml:1:8: text cannot be compared with a number");
    refused("5 = text", "p.yaml:1:1: text cannot be compared with a number");
    refused("i = '5'", "a number cannot be compared with text");
    refused("day = '2024-01-01'", "a date cannot be compared with text");
    refused("day = timestamp '2024-01-01 00:00:00'", "a date cannot be compared with a timestamp");
    refused("tz < timestamp '2024-01-01 00:00:00'", "write '+00:00' at its end");
    refused("ts < timestamp '2024-01-01 00:00:00Z'", "cannot be compared with one that has none");
    refused("ts = tz", "a timestamp with zone");
    refused("ns = ts", "nanoseconds cannot be compared");
    refused("ns > timestamp '3000-01-01 00:00:00'", "cannot be compared");
    refused("u = 'x'", "not a uuid");
    refused("u = text", "cannot be compared");
    refused("flag < true", "no order");
    refused("i starts with 'a'", "a number cannot be compared with text");
    refused("i starts with 1", "is for text");
    refused("wide = 0.5", "more than 38 digits");
    refused("wide = d", "more than 38 digits");
    refused("bin = 'x'", "type binary cannot be compared");
    refused("customer = customer", "type struct cannot be compared");
    refused("i", "'i' is not a boolean");
    refused("not text", "is not a boolean");
    refused("'x' or flag", "a condition is expected, not text");
    refused("txt = 'a'", "unknown column 'txt' (did you mean 'text'?)");
    refused("customer.stret = 'a'", "unknown member 'stret' (did you mean 'street'?)");
    refused("principa.region = 'a'", "did you mean 'principal'?");
    refused("text.x = 1", "'text' has no members");
    refused("items.element = 'x'", "cannot look inside a list");
    refused("map.key = 'x'", "cannot look inside a map");
    refused("TEXT = 'a'", "unknown column");
}

static void test_ids(void **state)
{
    (void)state;
    struct hs_rule *field = bound("customer.street = 'x'")->args[0];
    const struct hs_field *customer = hs_type_field_by_name(table, HS_S("customer"));
    assert_int_equal(field->path_len, 2);
    assert_int_equal(field->path_ids[0], customer->id);
    assert_int_equal(field->path_ids[1], customer->type->fields[0].id);
}

/* The rule in the model stays as parsed: many tables and people bind it. */
static void test_copy(void **state)
{
    (void)state;
    struct hs_rule *r, *out;
    assert_int_equal(hs_rule_parse(arena, HS_S("i = 1 and text = 'x'"), HS_S("p"), 1, 1, &r, &err), HS_OK);
    assert_int_equal(hs_rule_bind(arena, r, table, HS_S("p"), &out, &err), HS_OK);
    assert_ptr_not_equal(r, out);
    assert_null(r->args[0]->type);
    assert_null(r->args[0]->args[0]->path_ids);
    assert_non_null(out->args[0]->args[0]->path_ids);
}

static void test_allocation(void **state)
{
    (void)state;
    struct hs_rule *r, *out;
    long n = 0;
    assert_int_equal(
        hs_rule_parse(arena, HS_S("i in (1, 2) and d < 0.125 and customer.street = 'x'"), HS_S("p"), 1, 1, &r, &err),
        HS_OK);
    for (; n < 1000; n++) {
        hs_fault_alloc_after(n);
        struct hs_arena *a = hs_arena_new(0);
        hs_rc rc = a ? hs_rule_bind(a, r, table, HS_S("p"), &out, &err) : HS_NOMEM;
        hs_fault_alloc_after(-1);
        hs_arena_free(a);
        if (rc == HS_OK)
            break;
        assert_int_equal(rc, HS_NOMEM);
    }
    assert_true(n > 0 && n < 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_types, begin, end),
        cmocka_unit_test_setup_teardown(test_refused, begin, end),
        cmocka_unit_test_setup_teardown(test_ids, begin, end),
        cmocka_unit_test_setup_teardown(test_copy, begin, end),
        cmocka_unit_test_setup_teardown(test_allocation, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
