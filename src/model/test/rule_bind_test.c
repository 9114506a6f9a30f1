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

/* The type of the left side of a comparison. */
static void computes(const char *text, enum hs_type_id id, int precision, int scale)
{
    const struct hs_type *t = bound(text)->args[0]->type;
    assert_non_null(t);
    if (t->id != id || t->precision != precision || t->scale != scale)
        fail_msg("%s: %s(%d,%d)", text, hs_type_name(t->id), t->precision, t->scale);
}

static void test_arithmetic(void **state)
{
    (void)state;
    computes("i + i > 0", HS_T_LONG, 0, 0);
    computes("i * i > 0", HS_T_LONG, 0, 0);
    computes("i * 2 - 5 > 0", HS_T_DECIMAL, 20, 0);
    computes("l + 1 > 0", HS_T_DECIMAL, 20, 0);
    computes("l * l > 0", HS_T_DECIMAL, 38, 0);
    computes("-i > 0", HS_T_LONG, 0, 0);
    computes("-l > 0", HS_T_DECIMAL, 19, 0);
    computes("l % 7 > 0", HS_T_LONG, 0, 0);
    computes("d + 1 > 0", HS_T_DECIMAL, 11, 2);
    computes("d + 0.125 > 0", HS_T_DECIMAL, 12, 3);
    computes("d * d > 0", HS_T_DECIMAL, 20, 4);
    computes("d * 1.5 > 0", HS_T_DECIMAL, 12, 3);
    computes("i / 3 > 0", HS_T_DECIMAL, 16, 6);
    computes("d / d > 0", HS_T_DECIMAL, 16, 6);
    computes("d % 1.5 > 0", HS_T_DECIMAL, 3, 2);
    computes("x * 2 > 0", HS_T_DOUBLE, 0, 0);
    computes("d / x > 0", HS_T_DOUBLE, 0, 0);
    computes("day + days(30) > day", HS_T_DATE, 0, 0);
    computes("day - day > 30", HS_T_INT, 0, 0);
    computes("ts - minutes(5) > ts", HS_T_TIMESTAMP, 0, 0);
    computes("tz + months(principal.n) > tz", HS_T_TIMESTAMPTZ, 0, 0);
    compares_as("i + i > d", HS_T_DECIMAL, 21, 2);
    compares_as("d * x > 1", HS_T_DOUBLE, 0, 0);
    assert_null(bound("i * principal.n > 1")->args[0]->type);
    bound("request.today - day > principal.n and request.weekday % 2 = 0 and request.now > tz");
    bound("i / principal.n + 1 > 5 and principal.d - day > 3");
}

static void test_arithmetic_refused(void **state)
{
    (void)state;
    refused("text + 1 = 2", "arithmetic is for numbers, dates and timestamps, not for text");
    refused("-day = day", "not for a date");
    refused("day + 30 > day", "say what is added: days(30)");
    refused("day + day > day", "not for a date");
    refused("days(3) + day > day", "stands on the right");
    refused("day * days(3) > day", "only added and subtracted");
    refused("day + hours(3) > day", "a date has no time of day");
    refused("i + days(3) > 4", "added to a date or a timestamp, not to a number");
    refused("days(3) > 4", "a span of time stands beside");
    refused("days(3) is null", "a span of time stands beside");
    refused("day + days(i) > day", "takes a whole number");
    refused("day + days(1.5) > day", "takes a whole number");
    refused("day + days(4000000) > day", "takes at most 3652500");
    refused("ts - ts > 3", "not subtracted from each other");
    refused("ns + days(1) > ns", "not to a timestamp in nanoseconds");
    refused("wide + 1 > 0", "p.yaml:1:1: the exact result can need 39 digits");
    refused("wide * 2 > 0", "39 digits");
    refused("l * l * l > 0", "57 digits");
    refused("wide / 3 > 0", "digits");
    refused("x % 2 = 0", "'%' is for exact numbers");
    refused("i + 1", "a condition is expected, not a number");
    refused("i contains 'x'", "a number cannot be compared with text");
    refused("request.purpose = 3", "text cannot be compared with a number");
}

static void folds(const char *text, const char *to)
{
    struct hs_buf b;
    hs_buf_init(&b, 1 << 16);
    hs_buf_add_rule(&b, bound(text));
    assert_false(b.failed);
    if (!hs_str_is(hs_buf_str(&b), to))
        fail_msg("%s: %.*s", text, HS_FMT(hs_buf_str(&b)));
    hs_buf_fini(&b);
}

static void test_constant_arithmetic(void **state)
{
    (void)state;
    folds("i > 2 + 3 * 4", "i > 14");
    folds("d > 10 / 4", "d > 2.5");
    folds("d > 10 / 3", "d > 3.333333");
    folds("d > -10 / 3", "d > -3.333333");
    folds("d > 1.5 * 1.5 - 0.25", "d > 2");
    folds("d > -0.25 * 1", "d > -0.25");
    folds("i > 7 % 3", "i > 1");
    folds("i > -7 % 3", "i > -1");
    folds("i > 7 % 0", "i > null");
    folds("i > 7 / 0", "i > null");
    folds("i > 1 + null", "i > null");
    folds("d > 99999999999999999999 + 1", "d > 100000000000000000000");
    folds("l > -9223372036854775807 - 1", "l > -9223372036854775808");
    folds("day > date '2024-01-31' + months(1)", "day > date '2024-02-29'");
    folds("day > date '2023-01-31' + months(1)", "day > date '2023-02-28'");
    folds("day > date '2024-02-29' - years(1)", "day > date '2023-02-28'");
    folds("day > date '2024-01-01' - days(1 + 1)", "day > date '2023-12-30'");
    folds("day > date '9999-12-31' + days(1)", "day > null");
    folds("day > date '0001-01-31' - months(1)", "day > null");
    folds("i > date '2024-03-01' - date '2024-02-01'", "i > 29");
    folds("ts > timestamp '2024-01-01 00:00:00' - minutes(1)", "ts > timestamp '2023-12-31 23:59:00'");
    folds("tz > timestamp '2024-01-31 10:00:00Z' + months(1)", "tz > timestamp '2024-02-29 10:00:00+00:00'");
}

static void test_shifts(void **state)
{
    (void)state;
    struct hs_rule_shift s;
    assert_true(hs_rule_shift(bound("day + days(30) > day")->args[0], &s));
    assert_int_equal(s.unit, HS_UNIT_DAYS);
    assert_int_equal(s.count, 30);
    assert_int_equal(s.low, -719162);       /* 0001-01-01 */
    assert_int_equal(s.high, 2932896 - 30); /* 9999-12-31 less 30 days */
    assert_true(hs_rule_shift(bound("day - years(1) > day")->args[0], &s));
    assert_int_equal(s.unit, HS_UNIT_MONTHS);
    assert_int_equal(s.count, -12);
    assert_int_equal(s.low, -719162 + 365);
    assert_true(hs_rule_shift(bound("day + years(9999) > day")->args[0], &s));
    assert_true(s.low > s.high);
    assert_true(hs_rule_shift(bound("ts + hours(1) > ts")->args[0], &s));
    assert_int_equal(s.unit, HS_UNIT_MINUTES);
    assert_int_equal(s.count, 60);
    assert_false(hs_rule_shift(bound("i + 1 > 0")->args[0], &s));
}

static void test_lists(void **state)
{
    (void)state;
    struct hs_rule *r = bound("any(items, element = 'x') and all(map, key = 'a' or value = row.text)");
    const struct hs_rule *element = r->args[0]->args[1]->args[0], *key = r->args[1]->args[1]->args[0]->args[0];
    assert_int_equal(element->scope, 1);
    assert_int_equal(element->path_len, 0);
    assert_int_equal(element->type->id, HS_T_STRING);
    assert_int_equal(key->scope, 1);
    assert_int_equal(r->args[1]->args[1]->args[1]->args[1]->scope, 0);
    refused("any(text, element = 'x')", "'text' is no list");
    refused("any(customer, street = 'x')", "is no list");
    refused("any(items, price = 1)", "write 'element'");
    refused("any(items, element)", "is not a boolean");
    refused("any(items, element = 3)", "text cannot be compared with a number");
    refused("any(map, element = 3)", "write 'key' or 'value'");
    refused("any(map, keys = 'x')", "write 'key' or 'value'");
    refused("any(items, element.x = 3)", "'element' has no members");
    refused("any(items, row.txt = 'x')", "unknown column 'txt' (did you mean 'text'?)");
    refused("items.x = 3", "Use any(...) or all(...)");
    refused("any(items, true) = 3", "a boolean cannot be compared with a number");
    refused("text in e.x", "there is no lookup 'e'");
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
    assert_int_equal(hs_rule_parse(arena,
                                   HS_S("i in (1, 2) and d < 0.125 and customer.street = 'x' and "
                                        "any(items, element = row.text) and day - days(3 + 4) > request.today and "
                                        "l * 2 / 3 > 99999999999999999999 + 0.5"),
                                   HS_S("p"), 1, 1, &r, &err),
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
        cmocka_unit_test_setup_teardown(test_arithmetic, begin, end),
        cmocka_unit_test_setup_teardown(test_arithmetic_refused, begin, end),
        cmocka_unit_test_setup_teardown(test_constant_arithmetic, begin, end),
        cmocka_unit_test_setup_teardown(test_shifts, begin, end),
        cmocka_unit_test_setup_teardown(test_lists, begin, end),
        cmocka_unit_test_setup_teardown(test_refused, begin, end),
        cmocka_unit_test_setup_teardown(test_ids, begin, end),
        cmocka_unit_test_setup_teardown(test_copy, begin, end),
        cmocka_unit_test_setup_teardown(test_allocation, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
