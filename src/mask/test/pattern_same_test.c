/* Which patterns every engine matches alike; and for tests/dialects, which tries those on texts, the forms of
 * replace-pattern in each engine, a JSON line for each line "pattern TAB replacement" that stands on standard input:
 *   mask_pattern_same_test --forms */
#include "mask/dialect.h"
#include "mask/mask.h"
#include "mask/shared/pattern.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

static const char *const same[] = {"abc",
                                   "\\d{4}-\\d{4}",
                                   "^[A-Z]{2}",
                                   "x$",
                                   "a.c",
                                   "\\d+",
                                   "(?:a|b)c",
                                   "[a-z]+@[a-z]+",
                                   "xa{2,3}y",
                                   "(?:ab){2,3}c",
                                   "^(a|b)$",
                                   "(a?b)+",
                                   "[^@]+@",
                                   "[A-Z]{2}[0-9A-Z]{18}",
                                   "a{2}a",
                                   "x{0,3}y",
                                   "(?:a(?:bc?)?){2,}d",
                                   "(?:\xC3\xA4|\xE2\x82\xAC)[^\xC3\xA4]",
                                   "[^a-c]|a|[b-c]"};
static const char *const different[] = {
    "a|ab",      "a?ab",        "a*a",     "x(?:a?|b)", /* the first alternative matches nothing, and is tried first */
    "x(?:a|b?)", "[a-z]+x",     "\\w+\\d", "a{2,3}a",    ".+@",
    "ab|ac",     "(?:ab){1,}a", "[^a]b|c", "[^\\n]|\\r", "a{200}b{200}"};

static bool is_same(const char *pattern)
{
    struct hs_buf normal;
    struct hs_err err;
    bool out = false;
    hs_buf_init(&normal, 1 << 16);
    if (hs_pattern_normal(hs_str_of(pattern), &normal, &err) != HS_OK ||
        hs_pattern_is_same(hs_buf_str(&normal), &out, &err) != HS_OK)
        fail_msg("%s: %s", pattern, err.shown);
    hs_buf_fini(&normal);
    return out;
}

static void test_same(void **state)
{
    (void)state;
    for (size_t i = 0; i < HS_COUNT(same); i++)
        if (!is_same(same[i]))
            fail_msg("%s was taken for one with two ways", same[i]);
    for (size_t i = 0; i < HS_COUNT(different); i++)
        if (is_same(different[i]))
            fail_msg("%s was taken for one that engines read alike", different[i]);
}

/* ---- for tests/dialects ---- */

static void put(struct hs_buf *b, const char *name, hs_mask_print print, const struct hs_mask_call *call)
{
    struct hs_buf text;
    hs_buf_init(&text, 1 << 18);
    print(&text, call);
    hs_buf_addf(b, "%c\"%s\": ", b->len ? ',' : '{', name);
    hs_buf_add_json(b, hs_buf_str(&text));
    hs_buf_fini(&text);
}

/* null: the pattern is refused, or has no form there. */
static void put_forms(hs_str pattern, hs_str with)
{
    const struct hs_type text = {.id = HS_T_STRING};
    struct hs_mask_arg args[] = {{HS_S("pattern"), {.kind = HS_V_TEXT, .text = pattern}},
                                 {HS_S("with"), {.kind = HS_V_TEXT, .text = with}}};
    struct hs_policy p = {.with = HS_S("replace-pattern"), .args = args, .arg_count = 2};
    const struct hs_mask_call call = {
        .function = hs_mask_function(p.with), .type = &text, .x = HS_S("\"f1\""), .args = args, .arg_count = 2};
    struct hs_buf b;
    struct hs_err err;
    hs_mask_print trino, postgres;
    hs_buf_init(&b, 1 << 18);
    if (hs_mask_fits(&p, &text, &err) != HS_OK || hs_mask_print_in(&call, &hs_trino, &trino, &err) != HS_OK ||
        hs_mask_print_in(&call, &hs_postgres, &postgres, &err) != HS_OK || !trino || !postgres) {
        printf("null\n");
        return;
    }
    put(&b, "duckdb", call.function->print_duckdb, &call);
    put(&b, "trino", trino, &call);
    put(&b, "postgres", postgres, &call);
    printf("%s}\n", b.at);
    hs_buf_fini(&b);
}

static int serve_forms(void)
{
    static char line[1 << 12];
    while (fgets(line, sizeof line, stdin)) {
        hs_str with = hs_str_of(line), pattern = hs_str_cut(&with, '\t');
        put_forms(pattern, hs_str_n(with.at, with.len - 1));
    }
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--forms") == 0)
        return serve_forms();
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_same)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
