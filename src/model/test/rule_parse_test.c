/* Rules: what is read, what is refused and where, and that printing and reading again gives the same tree. */
#include "base/alloc.h"
#include "model/rule_internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

static struct hs_arena *arena;
static struct hs_err err;

static int begin(void **state)
{
    (void)state;
    arena = hs_arena_new(0);
    return arena ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    hs_arena_free(arena);
    return 0;
}

static struct hs_rule *parse(const char *text)
{
    struct hs_rule *r = NULL;
    if (hs_rule_parse(arena, hs_str_of(text), HS_S("p.yaml"), 3, 8, &r, &err) != HS_OK)
        fail_msg("%s: %s", text, err.shown);
    return r;
}

static hs_str print(const struct hs_rule *r)
{
    struct hs_buf b;
    hs_buf_init(&b, 1 << 20);
    hs_buf_add_rule(&b, r);
    assert_false(b.failed);
    hs_str s = hs_arena_str(arena, hs_buf_str(&b));
    hs_buf_fini(&b);
    return s;
}

static void prints(const char *text, const char *canonical)
{
    struct hs_rule *r = parse(text);
    hs_str once = print(r);
    assert_string_equal(once.at, canonical);
    struct hs_rule *again = parse(once.at);
    assert_true(hs_rule_same(r, again));
    assert_string_equal(print(again).at, canonical);
}

static void test_round_trip(void **state)
{
    (void)state;
    prints("region = principal.region and amount < 10000", "region = principal.region and amount < 10000");
    prints("a=1 or b=2 and c=3", "a = 1 or b = 2 and c = 3");
    prints("(a=1 or b=2) and c=3", "(a = 1 or b = 2) and c = 3");
    prints("a = 1 and (b = 2 and c = 3)", "a = 1 and (b = 2 and c = 3)");
    prints("(a = 1 or b = 2) or c = 3", "(a = 1 or b = 2) or c = 3");
    prints("not a = 1", "not a = 1");
    prints("not (a = 1 and b)", "not (a = 1 and b)");
    prints("NOT not a", "not not a");
    prints("a not in (1, 2.50, -3)", "a not in (1, 2.50, -3)");
    prints("not (a in ('x'))", "a not in ('x')");
    prints("a in ()", "a in ()");
    prints("a between 1 and 2 and b", "a between 1 and 2 and b");
    prints("a not between date '2024-02-29' and date '2025-01-01'",
           "a not between date '2024-02-29' and date '2025-01-01'");
    prints("a is not null or b is null", "a is not null or b is null");
    prints("a starts with 'x''y' and b not ends with c", "a starts with 'x''y' and b not ends with c");
    prints("a != 007.5", "a <> 7.5");
    prints("\"odd name\".\"and\".b = \"q\"\"x\"", "\"odd name\".\"and\".b = \"q\"\"x\"");
    prints("\"plain\" = 1", "plain = 1");
}

static void test_round_trip_words(void **state)
{
    (void)state;
    prints("(a = 1) = true", "(a = 1) = true");
    prints("principal.\"and\" = a.\"date\"", "principal.\"and\" = a.\"date\"");
    prints("t >= timestamp '2026-11-21T10:55:00.5+02:00'", "t >= timestamp '2026-11-21 08:55:00.500000+00:00'");
    prints("t >= timestamp '1969-12-31 23:59:59.999999'", "t >= timestamp '1969-12-31 23:59:59.999999'");
    prints("n = 99999999999999999999", "n = 99999999999999999999");
    prints("n = -9223372036854775808", "n = -9223372036854775808");
    prints("a = null", "a = null");
    prints("stra\xC3\x9F"
           "e = '\xC3\xBC'",
           "stra\xC3\x9F"
           "e = '\xC3\xBC'");
    prints("\"starts\" starts with 'a' and \"date\" = 1", "\"starts\" starts with 'a' and \"date\" = 1");
}

static void test_arithmetic(void **state)
{
    (void)state;
    prints("a+b*c-d > -1", "a + b * c - d > -1");
    prints("(a+b)*(c-(d-e)) = 0", "(a + b) * (c - (d - e)) = 0");
    prints("a - b - c < a / b / c", "a - b - c < a / b / c");
    prints("a - (b - c) < a / (b / c)", "a - (b - c) < a / (b / c)");
    prints("a -1 > b- -2", "a - 1 > b - -2");
    prints("-a > -(5)", "-a > -(5)");
    prints("-(-a) = - -a", "-(-a) = -(-a)");
    prints("-(a + b) % 3 = 2", "-(a + b) % 3 = 2");
    prints("a * -9223372036854775808 = -0.5", "a * -9223372036854775808 = -0.5");
    prints("created + days(30) < request.today", "created + days(30) < request.today");
    prints("request.now - hours(principal.h * 2) > seen", "request.now - hours(principal.h * 2) > seen");
    prints("a between b - 1 and b + 1 and c", "a between b - 1 and b + 1 and c");
    prints("a + 1 in (b * 2, -3)", "a + 1 in (b * 2, -3)");
    prints("(a = 1) = (b + 1 > 2)", "(a = 1) = (b + 1 > 2)");
    prints("not a + 1 > 2", "not a + 1 > 2");
    prints("a + b is null", "a + b is null");
    prints("t >= time '09:30' and t < time '17:00:00.5'", "t >= time '09:30:00' and t < time '17:00:00.500000'");
    prints("days = 3 and \"time\" = years", "days = 3 and time = years");
}

static void test_lists_and_lookups(void **state)
{
    (void)state;
    prints("any(items, price > 100)", "any(items, price > 100)");
    prints("ALL(a.b, any(c, element = 3 or d) and row.x = 1)", "all(a.b, any(c, element = 3 or d) and row.x = 1)");
    prints("any(a, element.x.\"odd one\" = \"element\")", "any(a, element.x.\"odd one\" = \"element\")");
    prints("any(m, key = 'a' and \"row\".b = 1)", "any(m, key = 'a' and \"row\".b = 1)");
    prints("element = 1 and row.b = 2", "\"element\" = 1 and \"row\".b = 2");
    prints("not any(a, element is null) and b", "not any(a, element is null) and b");
    prints("any(a, b) = true", "any(a, b) = true");
    prints("'x' in principal.roles", "'x' in (principal.roles)");
    prints("a not in principal.\"and\"", "a not in (principal.\"and\")");
    prints("a in e.region", "a in e.region");
    prints("a not in sales.e.region and b", "a not in sales.e.region and b");
    prints("a in e.region where u = principal.name and v or w", "a in e.region where u = principal.name and v or w");
    prints("(a in e.r where u = 1) and b", "(a in e.r where u = 1) and b");
    prints("b and a in e.r where u = 1 or c", "b and (a in e.r where u = 1 or c)");
    prints("not (a in e.r where u = 1) or b", "(a not in e.r where u = 1) or b");
    prints("any(a, element in e.r where u = 1)", "any(a, element in e.r where u = 1)");
    prints("a contains 'x' and b not contains c", "a contains 'x' and b not contains c");
    prints("request.purpose = 'fraud'", "request.purpose = 'fraud'");
    prints("\"request\".now = 1", "\"request\".now = 1");
    prints("where = 1 and any = 2 and contains contains contains",
           "where = 1 and any = 2 and contains contains contains");
}

static void refused(const char *text, const char *words)
{
    struct hs_rule *r = NULL;
    hs_rc rc = hs_rule_parse(arena, hs_str_of(text), HS_S("p.yaml"), 3, 8, &r, &err);
    if (rc != HS_INVALID)
        fail_msg("not refused: %s", text);
    assert_null(r);
    if (!strstr(err.shown, words))
        fail_msg("%s: got: %s", text, err.shown);
}

static void test_refused(void **state)
{
    (void)state;
    refused("", "p.yaml:3:8: the rule is empty");
    refused("a = ", "p.yaml:3:12: expected a value or a column, but the rule ends here");
    refused("a = 1 andd b", "p.yaml:3:14: expected 'and', 'or', a comparison or the end of the rule, found 'andd' "
                            "(did you mean 'and'?)");
    refused("a not lke 'x'", "p.yaml:3:14: expected 'in', 'between'");
    refused("a starts wih 'x'", "did you mean 'with'?");
    refused("a = 'open", "p.yaml:3:12: this text is not closed");
    refused("a = 1e5", "p.yaml:3:12: a number is written with digits");
    refused("a = 1.", "a number is written with digits");
    refused("a = .5", "p.yaml:3:12:");
    refused("a = 123456789012345678901234567890123456789", "at most 38 digits");
    refused("a =\n  b ;", "p.yaml:4:5: ';' means nothing here");
    refused("'\xC3\xBC' = ;", "p.yaml:3:14: ';'");
    refused("\xFF", "not valid UTF-8");
    refused("d = date '2025-02-29'", "p.yaml:3:17: not a date of the calendar");
    refused("d = date '0000-01-01'", "not a date");
    refused("d = date '2025-1-1'", "not a date");
    refused("d = date '1900-02-29'", "not a date");
    refused("d = timestamp '2025-01-01'", "not a timestamp");
    refused("d = timestamp '2025-01-01 24:00:00'", "not a timestamp");
    refused("d = timestamp '2025-01-01 10:00:00+15'", "not a timestamp");
    refused("d = timestamp '0001-01-01 00:00:00+14'", "not a timestamp");
    refused("d = timestamp '9999-12-31 23:59:59-01'", "not a timestamp");
    refused("d = timestamp '2025-01-01 10:00:00.1234567'", "not a timestamp");
    refused("d = timestamp '2025-01-01 10:00:00.'", "not a timestamp");
    refused("a in (1 2)", "expected ','");
    refused("a in (1,)", "expected a value");
    refused("and = 1", "a column of that name is written \"and\"");
    refused("principal.a.b = 1", "an attribute has no parts");
    refused("principal. = 1", "an attribute name");
    refused("a. = 1", "a name after '.'");
    refused("a between 1 or 2", "expected 'and'");
    refused("(a = 1", "expected ')'");
    refused("a is nul", "did you mean 'null'?");
    refused("\"\" = 1", "a name cannot be empty");
    refused("count(a) = 1", "p.yaml:3:8: there is no 'count(...)'");
    refused("dys(3) > a", "there is no 'dys(...)' (did you mean 'days'?)");
    refused("a = 1 -- b", "p.yaml:3:14: a rule has no comments");
    refused("a = 1 + ", "expected a value or a column, but the rule ends here");
    refused("a + = 1", "p.yaml:3:12: expected a value or a column, found '='");
    refused("d = time '25:00'", "not a time of day");
    refused("d = time '9:00'", "not a time of day");
    refused("request.tody = d", "found 'tody' (did you mean 'today'?)");
    refused("request.today.x = d", "expected 'and', 'or'");
    refused("any((a = 1), b)", "any begins with a list");
    refused("any(a = 1, b)", "expected ',', found '='");
    refused("all(a b)", "expected ','");
    refused("any(a, b, c)", "expected ')'");
    refused("x in a", "after 'in' comes a list in parentheses, principal.x, or a lookup and its column");
    refused("x in a.b.c.d", "after 'in' comes a list in parentheses");
    refused("x in 5", "expected '('");
    refused("x in a.b where y in c.d", "cannot ask another lookup");
    refused("x in a.b where any(y, z)", "a lookup has no lists");
    refused("x in a.b were y = 1", "did you mean 'where'?");
    refused("x contain 'a'", "did you mean 'contains'?");
    refused("x in principal.a.b", "an attribute has no parts");
    refused("a = (select 1)", "expected ')'");
}

static void test_bounds(void **state)
{
    (void)state;
    char *text = malloc(80000);
    size_t len = 0;
    for (int i = 0; i < 65; i++)
        text[len++] = '(';
    text[len] = 0;
    refused(text, "deeper than 64");
    for (len = 0; len < 65 * 4; len += 4)
        memcpy(text + len, "not ", 5);
    refused(text, "deeper than 64");
    for (len = 0; len < 70000; len++)
        text[len] = ' ';
    text[len] = 0;
    refused(text, "at most 65536 bytes");
    strcpy(text, "a");
    for (len = 1; len < 1 + 65 * 2; len += 2)
        memcpy(text + len, "+a", 3);
    refused(text, "more than 64 signs");
    for (len = 0; len < 65 * 2; len += 2)
        memcpy(text + len, "- ", 3);
    strcpy(text + len, "a");
    refused(text, "deeper than 64");
    for (len = 0; len < 65 * 7; len += 7)
        memcpy(text + len, "any(a, ", 8);
    refused(text, "deeper than 64");
    strcpy(text, "a in (1");
    for (len = 7; len < 7 + 4200 * 2; len += 2)
        memcpy(text + len, ",1", 3);
    refused(text, "more than 4096 parts");
    struct hs_rule *r = NULL;
    assert_int_equal(hs_rule_parse(arena, hs_str_n("a = 'x\0y'", 9), HS_S("p"), 1, 1, &r, &err), HS_INVALID);
    free(text);
}

static void test_positions(void **state)
{
    (void)state;
    struct hs_rule *r = parse("a = 1 and\n   b.c <> principal.x");
    assert_int_equal(r->op, HS_RULE_AND);
    assert_int_equal(r->line, 3);
    assert_int_equal(r->column, 8);
    struct hs_rule *right = r->args[1]->args[1];
    assert_int_equal(right->op, HS_RULE_PRINCIPAL);
    assert_int_equal(right->line, 4);
    assert_int_equal(right->column, 11);
    assert_true(hs_str_is(r->args[1]->args[0]->text, "b.c"));
}

static void test_values(void **state)
{
    (void)state;
    int whole, scale;
    assert_true(hs_number_shape(HS_S("-0010.500"), &whole, &scale) && whole == 2 && scale == 1);
    assert_true(hs_number_shape(HS_S("0.00"), &whole, &scale) && whole == 0 && scale == 0);
    assert_false(hs_number_shape(HS_S("1e5"), &whole, &scale));
    assert_false(hs_number_shape(HS_S(""), &whole, &scale));
    assert_false(hs_number_shape(HS_S("-"), &whole, &scale));
    assert_false(hs_number_shape(HS_S("1."), &whole, &scale));
    struct hs_value three = {.kind = HS_V_INT, .i = 3}, also = {.kind = HS_V_NUMBER, .text = HS_S("03.00")},
                    text = {.kind = HS_V_TEXT, .text = HS_S("3")}, none = {0}, zero = {.kind = HS_V_INT},
                    minus = {.kind = HS_V_NUMBER, .text = HS_S("-0.0")};
    assert_true(hs_value_same(&three, &also));
    assert_true(hs_value_same(&zero, &minus));
    assert_false(hs_value_same(&three, &text));
    assert_false(hs_value_same(&none, &none));
    assert_true(hs_uuid_valid(HS_S("f79c3e09-677c-4bbd-a479-3f349cb785e7")));
    assert_false(hs_uuid_valid(HS_S("f79c3e09-677c-4bbd-a479-3f349cb785eg")));
}

static void test_allocation(void **state)
{
    (void)state;
    const char *text = "region in (principal.regions, 'EU') and not (a.b between 1 and 2.5) or x starts with 'y' or "
                       "any(q.r, element.z - days(3) > request.today and row.y * -2 / 3 = 1) or a in b.c where d = 1";
    long n = 0;
    for (; n < 1000; n++) {
        struct hs_rule *r = NULL;
        hs_fault_alloc_after(n);
        struct hs_arena *a = hs_arena_new(0);
        hs_rc rc = a ? hs_rule_parse(a, hs_str_of(text), HS_S("p"), 1, 1, &r, &err) : HS_NOMEM;
        hs_fault_alloc_after(-1);
        hs_arena_free(a);
        if (rc == HS_OK)
            break;
        assert_int_equal(rc, HS_NOMEM);
    }
    assert_true(n > 1 && n < 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_round_trip, begin, end),
        cmocka_unit_test_setup_teardown(test_round_trip_words, begin, end),
        cmocka_unit_test_setup_teardown(test_arithmetic, begin, end),
        cmocka_unit_test_setup_teardown(test_lists_and_lookups, begin, end),
        cmocka_unit_test_setup_teardown(test_refused, begin, end),
        cmocka_unit_test_setup_teardown(test_bounds, begin, end),
        cmocka_unit_test_setup_teardown(test_positions, begin, end),
        cmocka_unit_test_setup_teardown(test_values, begin, end),
        cmocka_unit_test_setup_teardown(test_allocation, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
