/* The rule language in decisions: facts and until when they hold, lookups by value, and rules that can never match. */
#include "base/clock.h"
#include "model/lookup.h"
#include "policy/test/world.h"

static struct world w;
static const int64_t minute = 60 * INT64_C(1000000), hour = 3600 * INT64_C(1000000), day = 86400 * INT64_C(1000000);

static int begin(void **state)
{
    (void)state;
    w_init(&w);
    return 0;
}

static int end(void **state)
{
    (void)state;
    w_fini(&w);
    return 0;
}

static int64_t at(const char *text)
{
    int64_t us;
    bool utc;
    assert_true(hs_timestamp_parse(hs_str_of(text), &us, &utc));
    return us;
}

static struct hs_decision *decide(const struct hs_principal *who, const struct hs_facts *facts)
{
    struct hs_decision *d = NULL;
    hs_err_clear(&w.err);
    if (hs_policy_decide(w.arena, &w.model, who, &w.table, w.bound, facts, &d, &w.err) != HS_OK)
        fail_msg("%s | %s", w.err.shown, w.err.detail);
    return d;
}

static const char *rows_text(const struct hs_decision *d)
{
    struct hs_buf b;
    if (!d->rows)
        return "all";
    hs_buf_init(&b, 1 << 16);
    hs_buf_add_rule(&b, d->rows);
    return w_keep(&w, &b);
}

/* The rule, asked at the moment, leaves `rows` and holds until `until` (NULL: for good). */
static void holds(const char *rule, const char *moment, const char *rows, const char *until)
{
    struct hs_principal who = w_who("ana", &analyst);
    struct hs_facts facts = {.now_us = at(moment), .purpose = HS_S("fraud")};
    w.model.policy_count = 0;
    w_grant(&w, "g", &analyst, rule);
    struct hs_decision *d = decide(&who, &facts);
    if (strcmp(rows_text(d), rows) != 0)
        fail_msg("%s: %s", rule, rows_text(d));
    int64_t wanted = until ? at(until) : 0;
    if (d->valid_until_us != wanted) {
        struct hs_buf b;
        hs_buf_init(&b, 100);
        hs_buf_add_timestamp(&b, d->valid_until_us, false);
        fail_msg("%s at %s: until %.*s", rule, moment, HS_FMT(hs_buf_str(&b)));
    }
}

/* 2026-11-21 is a Saturday. */
static void test_facts(void **state)
{
    (void)state;
    const char *now = "2026-11-21 10:55:30.5";
    holds("request.purpose = 'fraud'", now, "true", NULL);
    holds("request.purpose = 'sales' or request.workspace is null", now, "true", NULL);
    holds("request.workspace = 'x'", now, "null", NULL);
    holds("born < request.today", now, "born < date '2026-11-21'", "2026-11-22 00:00:00");
    holds("born < request.today - days(30)", now, "born < date '2026-10-22'", "2026-11-22 00:00:00");
    holds("seen > request.now - hours(1)", now, "seen > timestamp '2026-11-21 09:55:00+00:00'", "2026-11-21 10:56:00");
    holds("id = request.weekday", now, "id = 6", "2026-11-22 00:00:00");
    holds("request.today < date '2026-12-24'", now, "true", "2026-12-24 00:00:00");
    holds("request.today <= date '2026-12-24'", now, "true", "2026-12-25 00:00:00");
    holds("request.today > date '2026-12-24'", now, "false", "2026-12-25 00:00:00");
    holds("request.today = date '2026-11-21'", now, "true", "2026-11-22 00:00:00");
    holds("request.today > date '2020-01-01'", now, "true", NULL);
    holds("request.now >= timestamp '2026-11-21 11:00:30Z'", now, "false", "2026-11-21 11:01:00");
    holds("request.now > timestamp '2026-11-21 11:00:00Z'", now, "false", "2026-11-21 11:01:00");
    holds("request.time_of_day between time '09:00' and time '17:00'", now, "true", "2026-11-21 17:01:00");
    holds("request.time_of_day >= time '17:00'", now, "false", "2026-11-21 17:00:00");
    holds("request.time_of_day >= time '09:00'", now, "true", "2026-11-22 00:00:00");
    holds("request.time_of_day < time '09:00'", now, "false", "2026-11-22 00:00:00");
    holds("request.weekday in (1, 2, 3, 4, 5)", now, "false", "2026-11-23 00:00:00");
    holds("request.weekday <= 5", "2026-11-23 10:00:00", "true", "2026-11-28 00:00:00");
    holds("request.weekday = 9", now, "false", NULL);
    holds("request.weekday % 2 = 0 and region = 'EU'", now, "region = 'EU'", "2026-11-22 00:00:00");
    holds("request.today < date '2026-12-24' and region = 'EU'", now, "region = 'EU'", "2026-12-24 00:00:00");
}

/* At every minute of a fortnight: the decision says the same until it says it ends, and something else then. */
static void test_until_is_exact(void **state)
{
    static const char *const rules[] = {
        "request.time_of_day between time '09:00' and time '16:59'",
        "request.time_of_day in (time '10:00', time '10:01', time '23:59')",
        "request.time_of_day <> time '00:00'",
        "request.weekday between 2 and 4",
        "request.weekday in (1, 7)",
        "request.today in (date '2026-03-03', date '2026-03-05', date '2026-03-06')",
        "request.now between timestamp '2026-03-02 10:00:30Z' and timestamp '2026-03-07 11:11:11Z'",
        "not request.time_of_day > time '12:34:56'",
    };
    (void)state;
    struct hs_principal who = w_who("ana", &analyst);
    for (size_t i = 0; i < COUNT(rules); i++) {
        int64_t from = at("2026-03-01 00:00:00"), until = 0;
        const char *before = NULL;
        w_fini(&w);
        w_init(&w);
        w_grant(&w, "g", &analyst, rules[i]);
        for (int64_t now = from; now < from + 8 * day; now += 7 * minute) {
            struct hs_facts facts = {.now_us = now};
            struct hs_decision *d = decide(&who, &facts);
            if (before && now < until && strcmp(before, rows_text(d)) != 0)
                fail_msg("%s: changed too early", rules[i]);
            if (d->valid_until_us) {
                struct hs_facts then = {.now_us = d->valid_until_us}, just = {.now_us = d->valid_until_us - 1};
                assert_true(d->valid_until_us > now);
                if (strcmp(rows_text(decide(&who, &then)), rows_text(d)) == 0)
                    fail_msg("%s: ends for nothing", rules[i]);
                assert_string_equal(rows_text(decide(&who, &just)), rows_text(d));
            }
            until = d->valid_until_us ? d->valid_until_us : INT64_MAX;
            before = rows_text(d);
        }
    }
    assert_true(hour == 60 * minute);
}

static void test_digest_holds_over_time(void **state)
{
    (void)state;
    struct hs_principal who = w_who("ana", &analyst);
    struct hs_facts morning = {.now_us = at("2026-11-20 09:30:00")}, noon = {.now_us = at("2026-11-20 12:00:00")},
                    next = {.now_us = at("2026-11-23 12:00:00")}, night = {.now_us = at("2026-11-20 23:00:00")};
    w_grant(&w, "g", &analyst,
            "region = 'EU' and request.weekday <= 5 and request.time_of_day between time '09:00' and time '17:00'");
    struct hs_decision *first = decide(&who, &morning);
    assert_memory_equal(first->digest, decide(&who, &noon)->digest, 32);
    assert_memory_equal(first->digest, decide(&who, &next)->digest, 32);
    assert_memory_not_equal(first->digest, decide(&who, &night)->digest, 32);
    assert_string_equal(rows_text(decide(&who, &night)), "false");
}

static void test_roles(void **state)
{
    (void)state;
    hs_str roles[] = {HS_S("analyst"), HS_S("boss")};
    struct hs_principal who = {.name = HS_S("ana"), .roles = roles, .role_count = 2};
    struct hs_facts facts = {.now_us = 1000};
    w_grant(&w, "g", &analyst, "'boss' in principal.roles or region = principal.name");
    assert_string_equal(rows_text(decide(&who, &facts)), "true");
    who.role_count = 1;
    assert_string_equal(rows_text(decide(&who, &facts)), "region = 'ana'");
    w.model.policy_count = 0;
    w_grant(&w, "g", &analyst, "region in principal.roles");
    assert_string_equal(rows_text(decide(&who, &facts)), "region in ('analyst')");
    who.role_count = 0;
    struct hs_decision *d = NULL;
    w.policies[0].to = (struct hs_selector){.everyone = true, .given = true};
    d = decide(&who, &facts);
    assert_string_equal(rows_text(d), "region in ()");
}

/* ---- lookups ---- */

enum { ROWS = 6 };
static struct hs_map *lookup_index[3];

static struct hs_lookup *a_lookup(void)
{
    static const char *const rows[ROWS][3] = {{"ana", "US", "2"}, {"ana", "EU", "1"}, {"bob", "EU", "1"},
                                              {"bob", "US", "2"}, {"ana", "EU", "3"}, {"eve", NULL, "1"}};
    static const char *const names[] = {"user", "region", "level"};
    struct hs_lookup *l = HS_NEW(w.arena, struct hs_lookup);
    struct hs_type *t = w_type(&w, HS_T_STRUCT);
    t->fields = hs_arena_array(w.arena, 3, sizeof *t->fields);
    for (int i = 0; i < 3; i++)
        t->fields[i] = (struct hs_field){
            .id = i + 1, .name = hs_str_of(names[i]), .type = w_type(&w, i == 2 ? HS_T_LONG : HS_T_STRING)};
    t->field_count = 3;
    *l = (struct hs_lookup){.name = HS_S("e"), .type = t, .row_count = ROWS, .index = lookup_index};
    l->values = hs_arena_array(w.arena, ROWS * 3, sizeof *l->values);
    for (int i = 0; i < ROWS * 3; i++) {
        const char *cell = rows[i / 3][i % 3];
        struct hs_value *v = &l->values[i];
        if (cell && i % 3 == 2)
            *v = (struct hs_value){.kind = HS_V_INT, .i = cell[0] - '0'};
        else if (cell)
            *v = (struct hs_value){.kind = HS_V_TEXT, .text = hs_str_of(cell)};
    }
    return l;
}

static void use(struct hs_rule *r, const struct hs_lookup *l)
{
    if (r->op == HS_RULE_LOOKUP)
        r->lookup = l;
    for (size_t i = 0; i < r->arg_count; i++)
        use(r->args[i], l);
}

static struct hs_decision *ask(const char *name, const char *rule)
{
    struct hs_principal who = {.name = hs_str_of(name), .roles = &analyst, .role_count = 1};
    struct hs_facts facts = {.now_us = at("2026-11-21 10:00:00")};
    w.model.policy_count = 0;
    use(w_grant(&w, "g", &analyst, rule)->where, a_lookup());
    return decide(&who, &facts);
}

static void test_lookups(void **state)
{
    (void)state;
    const char *own = "region in e.region where user = principal.name";
    assert_string_equal(rows_text(ask("ana", own)), "region in ('EU', 'US')");
    assert_string_equal(rows_text(ask("bob", own)), "region in ('EU', 'US')");
    assert_string_equal(rows_text(ask("eve", own)), "region in (null)");
    assert_string_equal(rows_text(ask("tom", own)), "region in ()");
    assert_string_equal(rows_text(ask("ana", "region not in e.region where user = principal.name and level % 2 = 0")),
                        "region not in ('US')");
    assert_string_equal(rows_text(ask("ana", "(region in e.region where level >= 3) and id + 1 in e.level")),
                        "region in ('EU') and id + 1 in (1, 2, 3)");
    assert_string_equal(rows_text(ask("ana", "'EU' in e.region where user = principal.name")), "true");
    assert_string_equal(rows_text(ask("ana", "region in e.region where level = request.weekday or user contains 'v'")),
                        "region in (null)");
    assert_int_equal(ask("ana", "region in e.region where level = request.weekday")->valid_until_us,
                     at("2026-11-22 00:00:00"));
    /* by value, not by row */
    assert_memory_equal(ask("ana", own)->digest, ask("bob", own)->digest, 32);
    assert_memory_not_equal(ask("ana", own)->digest, ask("tom", own)->digest, 32);
}

/* ---- what can never match ---- */

static void never(const char *rule, const char *words)
{
    w.model.policy_count = 0;
    w_row_rule(&w, "r", rule);
    hs_err_clear(&w.err);
    assert_int_equal(hs_policy_check_table(w.arena, &w.model, &w.table, w.bound, &w.err), HS_INVALID);
    if (!strstr(w.err.shown, words))
        fail_msg("%s: %s", rule, w.err.shown);
}

static void may(const char *rule)
{
    w.model.policy_count = 0;
    w_row_rule(&w, "r", rule);
    if (hs_policy_check_table(w.arena, &w.model, &w.table, w.bound, &w.err) != HS_OK)
        fail_msg("%s: %s", rule, w.err.shown);
}

static void test_never(void **state)
{
    (void)state;
    never("amount > 5 and amount < 3", "1:1: this can never be true: amount > 5 and amount < 3 (did you mean 'or'?)");
    never("active and (amount < 3 and region = 'x' and amount >= 3)", "amount < 3 and amount >= 3");
    never("region = 'EU' and region = 'US'", "region = 'EU' and region = 'US' (did you mean 'or'?)");
    never("region in ('EU', 'US') and region = 'UK'", "never be true");
    never("id in (1, 2) and id > 2", "never be true");
    never("region is null and region = 'EU'", "never be true");
    never("amount between 5 and 3", "(the smaller value comes first)");
    never("region = null", "(did you mean 'is null'?)");
    never("region <> null or active", "(did you mean 'is not null'?)");
    never("region in ()", "(the list is empty)");
    never("1 = 2 or active", "1:1: this can never be true: 1 = 2");
    never("any(items, price > 5 and price < 3)", "price > 5 and price < 3");
    never("born > date '2026-01-01' + days(3) and born < date '2026-01-01'", "never be true");
    never("score > 2 and score < 1.5", "never be true");
    /* under a not they open what they were to close */
    never("not (amount between 5 and 3)", "never be true: amount between 5 and 3 (the smaller value comes first)");
    never("not (request.time_of_day between time '22:00' and time '06:00')", "(the smaller value comes first)");
    never("request.time_of_day > time '22:00' and request.time_of_day < time '06:00'", "(did you mean 'or'?)");
    never("not region = null", "(did you mean 'is null'?)");
    never("not any(items, price > 5 and price < 3)", "never be true");
    never("active and not (region = 'EU' and region = 'US')", "never be true");
    never("region <> 'EU' or region <> 'US'",
          "this is true for every value: region <> 'EU' or region <> 'US' (did you mean 'and'?)");
    never("active and (region not in ('EU', 'UK') or region <> 'US')", "true for every value");
    never("amount < 10 or region = 'EU' or amount > 5", "true for every value: amount < 10 or amount > 5");
    never("not (amount between 1 and 5) or amount <> 7", "true for every value");
    never("any(items, sku <> 'a' or sku <> 'b')", "true for every value");
    may("region <> 'EU' or region <> 'EU'");
    may("region not in ('EU', 'UK') or region <> 'EU'");
    may("amount < 5 or amount > 5");
    may("not (region = 'EU' or region = 'US')");
    may("region not in ()");
    may("request.time_of_day < time '06:00' or request.time_of_day > time '22:00'");
    may("score >= 0.1000000000000000055 and score <= 0.1"); /* one double */
    may("score between 0.1000000000000000055 and 0.1");
    may("amount > 3 and amount < 5");
    may("amount >= 3 and amount <= 3");
    may("amount > 5 or amount < 3");
    may("region = 'EU' or region = 'US'");
    may("region in ('EU', 'US') and region in ('US', 'UK')");
    may("region = principal.region and region = 'EU'");
    may("false");
    may("request.today > date '2030-01-01' and region = 'EU'");
}

/* ---- what is worth a word ---- */

static const char *warned(const char *rule)
{
    struct hs_buf b;
    w.model.policy_count = 0;
    w_row_rule(&w, "r", rule);
    hs_buf_init(&b, 1 << 16);
    assert_int_equal(hs_policy_warnings(w.arena, &w.model, &w.table, w.bound, &b, &w.err), HS_OK);
    return b.len ? w_keep(&w, &b) : "";
}

static void test_minutes_are_warned_of(void **state)
{
    static const char *const each_minute[] = {
        "seen > request.now - hours(1)",
        "region = 'EU' or not (any(items, sku = 'x' and seen between request.now - days(1) and request.now))",
        "(seen + days(1)) in (request.now)",
        "region in e.region where until >= request.now",
    };
    static const char *const not_so[] = {
        "born < request.today",
        "request.now > timestamp '2026-01-01 00:00:00Z' and region = 'EU'",
        "seen is null or request.now is null",
    };
    (void)state;
    for (size_t i = 0; i < COUNT(each_minute); i++)
        if (!strstr(warned(each_minute[i]), "warning: policies/r.yaml:3:1: 'request.now' beside a column makes another "
                                            "decision each minute"))
            fail_msg("%s: %s", each_minute[i], warned(each_minute[i]));
    assert_non_null(strstr(warned(each_minute[0]), "request.today"));
    for (size_t i = 0; i < COUNT(not_so); i++)
        assert_string_equal(warned(not_so[i]), "");
}

static void test_allocation(void **state)
{
    (void)state;
    struct hs_principal who = w_who("ana", &analyst);
    struct hs_facts facts = {.now_us = at("2026-11-21 10:00:00")};
    use(w_grant(&w, "g", &analyst,
                "(region in e.region where user = principal.name and level * 1.5 > 1) and 'x' in principal.roles or "
                "request.weekday in (1, 2) or any(items, price * 2 > 3.5) and born - days(3) > request.today")
            ->where,
        a_lookup());
    long n = 0;
    for (; n < 2000; n++) {
        struct hs_decision *d = NULL;
        struct hs_arena *a = hs_arena_new(0);
        hs_fault_alloc_after(n);
        hs_rc rc = hs_policy_decide(a, &w.model, &who, &w.table, w.bound, &facts, &d, &w.err);
        hs_fault_alloc_after(-1);
        hs_arena_free(a);
        if (rc == HS_OK)
            break;
        assert_int_equal(rc, HS_NOMEM);
    }
    assert_true(n > 0 && n < 2000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_facts, begin, end),
        cmocka_unit_test_setup_teardown(test_until_is_exact, begin, end),
        cmocka_unit_test_setup_teardown(test_digest_holds_over_time, begin, end),
        cmocka_unit_test_setup_teardown(test_roles, begin, end),
        cmocka_unit_test_setup_teardown(test_lookups, begin, end),
        cmocka_unit_test_setup_teardown(test_never, begin, end),
        cmocka_unit_test_setup_teardown(test_minutes_are_warned_of, begin, end),
        cmocka_unit_test_setup_teardown(test_allocation, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
