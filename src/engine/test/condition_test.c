/* What statements ask of their scans, from trees of the real engine: every form, and what says nothing. */
#include "base/alloc.h"
#include "base/fault.h"
#include "engine/conditions.h"
#include "engine/statement_in.h"
#include "engine/test/guard_samples.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static struct hs_type types[] = {{.id = HS_T_LONG},      {.id = HS_T_DATE},
                                 {.id = HS_T_STRING},    {.id = HS_T_TIMESTAMPTZ},
                                 {.id = HS_T_TIMESTAMP}, {.id = HS_T_DECIMAL, .precision = 9, .scale = 2},
                                 {.id = HS_T_DOUBLE},    {.id = HS_T_BOOLEAN},
                                 {.id = HS_T_UUID},      {.id = HS_T_STRING}};
static const char *const names[] = {"id", "day", "word", "at", "ts", "amount", "d", "flag", "ident", "secret"};
enum { COLUMNS = 10, SECRET = 9 };

static struct hs_statement *statement(struct hs_arena *a, const char *name)
{
    size_t len;
    char *json = sample(name, &len);
    struct hs_statement *s = NULL;
    struct hs_err err = {0};
    if (hs_guard_statement(a, HS_S(""), hs_str_n(json, len), &s, &err) != HS_OK)
        fail_msg("%s: %s (%s)", name, err.shown, err.detail);
    free(json);
    return s;
}

static struct hs_scan *scans_of(struct hs_arena *a, size_t count)
{
    struct hs_scan *scans = hs_arena_array(a, count, sizeof *scans);
    struct hs_scan_column *columns = hs_arena_array(a, COLUMNS, sizeof *columns);
    for (size_t i = 0; i < COLUMNS; i++)
        columns[i] = (struct hs_scan_column){
            .name = hs_str_of(names[i]), .expression = HS_S("\"f1\""), .type = &types[i], .leakproof = i != SECRET};
    for (size_t i = 0; i < count; i++)
        scans[i] = (struct hs_scan){.columns = columns, .column_count = COLUMNS};
    return scans;
}

static void add_value(struct hs_buf *b, const struct hs_param *p)
{
    if (p->null)
        hs_buf_addz(b, " null");
    else if (p->type == HS_T_UUID)
        hs_buf_add_hex(b, p->text.at, p->text.len);
    else if (p->text.at)
        hs_buf_addf(b, " '%.*s'", HS_FMT(p->text));
    else if (p->type == HS_T_DOUBLE)
        hs_buf_addf(b, " %g", p->d);
    else
        hs_buf_addf(b, " %lld", (long long)p->i);
}

static void add(struct hs_buf *b, const struct hs_condition *c)
{
    static const char *const words[] = {"any", "and", "or",  "not",     " =",    " <>",       " <",     " <=",
                                        " >",  " >=", " in", " not in", " null", " not null", " begins"};
    if (c->op <= HS_ASK_NOT) {
        hs_buf_addz(b, words[c->op]);
        for (size_t i = 0; i < c->part_count; i++) {
            hs_buf_addc(b, i ? ' ' : '(');
            add(b, &c->parts[i]);
        }
        hs_buf_addz(b, c->part_count ? ")" : "");
        return;
    }
    hs_buf_addf(b, "%s%s", names[c->column], words[c->op]);
    for (size_t i = 0; i < c->value_count; i++)
        add_value(b, &c->values[i]);
}

static void asks(const char *name, size_t scan, const struct hs_params *params, const char *const *wanted, size_t count)
{
    struct hs_arena *a = hs_arena_new(0);
    struct hs_statement *s = statement(a, name);
    const struct hs_condition *const *out;
    struct hs_err err = {0};
    struct hs_buf b;
    hs_buf_init(&b, 1 << 16);
    assert_int_equal(hs_statement_conditions(a, s, scans_of(a, s->ref_count), params, &out, &err), HS_OK);
    for (const struct hs_condition *c = out[scan]; count; count--) { /* and(and(first second) third) */
        bool last = count == 1;
        assert_non_null(c);
        hs_buf_clear(&b);
        add(&b, last ? c : &c->parts[1]);
        hs_buf_addc(&b, '\0');
        assert_string_equal(b.at, wanted[count - 1]);
        c = last ? c : &c->parts[0];
    }
    hs_buf_fini(&b);
    hs_arena_free(a);
}

static struct hs_param values[] = {{.type = HS_T_INT, .i = 9}, {.type = HS_T_STRING, .text = HS_S("p")}};
static const struct hs_params bound = {values, 2};

static void says_every_form(void **state)
{
    static const char *const a[] = {"day = 20454",
                                    "id in 1 2",
                                    "id > 5",
                                    "and(id >= 1 id <= 9)",
                                    "not(or(word begins 'ab' word null))",
                                    "and(word begins 'ab' any)",
                                    "word begins 'x'",
                                    "at >= 1767225600000000",
                                    "at < 1767312001000000",
                                    "ts > 1500000",
                                    "amount = '1.50'",
                                    "d > 0.5",
                                    "flag = 1",
                                    "word = 'p'",
                                    "ident =00112233445566778899aabbccddeeff",
                                    "or(and(day = 20456 any) and(day = 20457 any))",
                                    "id not in 3 9"};
    static const char *const b[] = {"day = 20455"};
    (void)state;
    asks("asked", 0, &bound, a, sizeof a / sizeof a[0]);
    asks("asked", 1, &bound, b, 1);
}

/* Without values bound, or bound as another type, what they are compared with says nothing. */
static void takes_parameters_as_they_are(void **state)
{
    struct hs_param text[] = {{.type = HS_T_STRING, .text = HS_S("9")}, {.type = HS_T_LONG, .i = 1}};
    struct hs_params other = {text, 2};
    struct hs_arena *a = hs_arena_new(0);
    const struct hs_condition *const *out, *c;
    struct hs_err err = {0};
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct hs_statement *s = statement(a, "asked");
        assert_int_equal(hs_statement_conditions(a, s, scans_of(a, s->ref_count), i ? &other : NULL, &out, &err),
                         HS_OK);
        size_t parts = 1;
        for (c = out[0]; c->op == HS_ASK_AND && c->part_count == 2 && c->parts[0].op == HS_ASK_AND; c = &c->parts[0])
            parts++;
        assert_int_equal(parts, 14); /* of 17: word = $2, NOT IN (3, $1), and the first, which has no part beside it */
    }
    hs_arena_free(a);
}

static void keeps_outer_joins_whole(void **state)
{
    static const char *const left[] = {"id = 6"};
    struct hs_arena *a = hs_arena_new(0);
    struct hs_statement *s = statement(a, "asked_outer");
    const struct hs_condition *const *out;
    struct hs_err err = {0};
    (void)state;
    asks("asked_outer", 0, NULL, left, 1);
    assert_int_equal(hs_statement_conditions(a, s, scans_of(a, s->ref_count), NULL, &out, &err), HS_OK);
    assert_true(out[0] && !out[1]);
    hs_arena_free(a);
}

static void knows_plain_statements(void **state)
{
    static const struct {
        const char *name;
        bool plain;
    } cases[] = {{"asked_plain", true}, {"tpch_06", true}, {"asked", false}, {"with", false}, {"subqueries", false}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct hs_arena *a = hs_arena_new(0);
        if (hs_statement_is_plain(statement(a, cases[i].name)) != cases[i].plain)
            fail_msg("%s", cases[i].name);
        hs_arena_free(a);
    }
}

static void knows_scans(void **state)
{
    static const struct {
        const char *name;
        enum hs_scan_kind kind;
    } cases[] = {{"scan_star", HS_SCAN_ALL_ROWS},   {"scan_columns", HS_SCAN_ALL_ROWS}, {"scan_at", HS_SCAN_ALL_ROWS},
                 {"scan_where", HS_SCAN_SOME_ROWS}, {"scan_count", HS_SCAN_NOT},        {"scan_sum", HS_SCAN_NOT},
                 {"scan_limit", HS_SCAN_NOT},       {"scan_order", HS_SCAN_NOT},        {"scan_distinct", HS_SCAN_NOT},
                 {"scan_now", HS_SCAN_NOT},         {"scan_random", HS_SCAN_NOT},       {"scan_unnest", HS_SCAN_NOT},
                 {"scan_sample", HS_SCAN_NOT},      {"scan_tablesample", HS_SCAN_NOT},  {"scan_window", HS_SCAN_NOT},
                 {"scan_group", HS_SCAN_NOT},       {"scan_having", HS_SCAN_NOT},       {"scan_subquery", HS_SCAN_NOT},
                 {"scan_join", HS_SCAN_NOT},        {"scan_from", HS_SCAN_NOT},         {"scan_cte", HS_SCAN_NOT},
                 {"scan_qualify", HS_SCAN_NOT},     {"scan_columns_star", HS_SCAN_NOT}, {"scan_union", HS_SCAN_NOT},
                 {"scan_lambda", HS_SCAN_NOT},      {"asked_plain", HS_SCAN_NOT},       {"tpch_06", HS_SCAN_NOT}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct hs_arena *a = hs_arena_new(0);
        if (hs_statement_scan(statement(a, cases[i].name)) != cases[i].kind)
            fail_msg("%s", cases[i].name);
        hs_arena_free(a);
    }
}

static void knows_who_wants_few(void **state)
{
    static const char *const others[] = {"scan_star",  "scan_where",   "scan_count",    "scan_order",  "scan_distinct",
                                         "scan_group", "scan_sample",  "scan_join",     "scan_window", "scan_cte",
                                         "scan_union", "scan_qualify", "scan_subquery", "with",        "distinct"};
    struct hs_arena *a = hs_arena_new(0);
    (void)state;
    assert_true(hs_statement_wants_few(statement(a, "scan_limit")));
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (hs_statement_wants_few(statement(a, others[i])))
            fail_msg("%s", others[i]);
    hs_arena_free(a);
}

static void every_allocation_may_fail(void **state)
{
    struct hs_arena *kept = hs_arena_new(0);
    const struct hs_statement *s = statement(kept, "asked");
    const struct hs_scan *scans = scans_of(kept, s->ref_count);
    (void)state;
    for (long n = 0; n < 10000; n++) {
        struct hs_arena *a = hs_arena_new(0);
        const struct hs_condition *const *out;
        struct hs_err err = {0};
        hs_fault_alloc_after(n);
        hs_rc rc = hs_statement_conditions(a, s, scans, &bound, &out, &err);
        bool all = hs_fault_alloc_after(-1) <= n;
        hs_arena_free(a);
        assert_true(rc == HS_OK || rc == HS_NOMEM);
        if (all)
            break;
    }
    hs_arena_free(kept);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_every_form),
        cmocka_unit_test(takes_parameters_as_they_are),
        cmocka_unit_test(keeps_outer_joins_whole),
        cmocka_unit_test(knows_plain_statements),
        cmocka_unit_test(knows_scans),
        cmocka_unit_test(knows_who_wants_few),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
