/* PostgreSQL's text in, the engine's text out. With --translate it is a filter for tests/pg/test_translate.py: one
 * statement a line in, one line of JSON out, so that what is printed can be tried in the engine itself. */
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct {
    const char *pg, *engine;
} CASES[] = {
#define CASE(pg, engine) {pg, engine},
#include "translate_cases.def"
#undef CASE
};

static void translate_line(hs_str text)
{
    struct hs_arena *a = hs_arena_new(0);
    struct hs_pgsql_context context = fixture_context();
    struct hs_pgsql_script script;
    struct hs_pgsql_translation t = {0};
    struct hs_err err = {0};
    struct hs_buf b;
    hs_buf_init(&b, SIZE_MAX);
    hs_rc rc = hs_pgsql_read(a, text, &script, &err);
    const struct hs_pgsql_refusal *refused = rc == HS_OK ? &script.at[0].refused : NULL;
    if (rc == HS_OK && script.at[0].runs) {
        rc = hs_pgsql_translate(a, &script, 0, &context, &t, &err);
        refused = &t.refused;
    }
    hs_buf_addz(&b, "{\"sql\": ");
    hs_buf_add_json(&b, t.sql);
    hs_buf_addf(&b, ", \"rc\": %d, \"kind\": %d, \"state\": \"%s\", \"words\": ", rc,
                rc == HS_OK ? (int)script.at[0].kind : 0, refused ? refused->sqlstate : "");
    hs_buf_add_json(&b, refused ? refused->message : hs_str_of(err.detail));
    hs_buf_addf(&b, ", \"position\": %d, \"types\": [", refused ? refused->position : 0);
    for (size_t i = 0; i < t.column_count; i++)
        hs_buf_addf(&b, "%s%u", i ? ", " : "", t.column_types[i]);
    hs_buf_addz(&b, "], \"params\": [");
    for (size_t i = 0; rc == HS_OK && t.param_types && i < script.at[0].param_count; i++)
        hs_buf_addf(&b, "%s%u", i ? ", " : "", t.param_types[i]);
    hs_buf_addz(&b, "]}");
    puts(b.at);
    hs_buf_fini(&b);
    hs_arena_free(a);
}

/* Lines "schema name oid column:letter ...". */
static void read_relations(const char *path)
{
    FILE *file = fopen(path, "r");
    char *line = NULL;
    size_t cap = 0;
    fixture_more = calloc(400, sizeof *fixture_more);
    while (file && fixture_more_count < 400 && getline(&line, &cap, file) > 0) {
        struct fixture_table *t = &fixture_more[fixture_more_count++];
        char *rest = strdup(line), *oid;
        rest[strcspn(rest, "\n")] = 0;
        t->schema = strsep(&rest, " ");
        t->name = strsep(&rest, " ");
        oid = strsep(&rest, " ");
        t->oid = (uint32_t)strtoul(oid ? oid : "0", NULL, 10);
        t->columns = rest ? rest : "";
        t->system = true;
    }
    free(line);
    if (file)
        fclose(file);
}

static int filter(void)
{
    char *line = NULL;
    size_t cap = 0;
    for (ssize_t len; (len = getline(&line, &cap, stdin)) > 0;) {
        translate_line(hs_str_n(line, (size_t)len - (line[len - 1] == '\n')));
        fflush(stdout);
    }
    free(line);
    return 0;
}

static void expect(const char *pg, const char *engine)
{
    struct hs_arena *a = hs_arena_new(0);
    struct hs_pgsql_context context = fixture_context();
    struct hs_pgsql_script script;
    struct hs_pgsql_translation t = {0};
    struct hs_err err = {0};
    assert_int_equal(hs_pgsql_read(a, hs_str_of(pg), &script, &err), HS_OK);
    struct hs_pgsql_refusal refused = script.at[0].refused;
    if (script.at[0].runs) {
        assert_int_equal(hs_pgsql_translate(a, &script, 0, &context, &t, &err), HS_OK);
        refused = t.refused;
    }
    char got[8192];
    if (refused.sqlstate[0])
        snprintf(got, sizeof got, "%s %d %.*s", refused.sqlstate, refused.position, HS_FMT(refused.message));
    else
        snprintf(got, sizeof got, "%.*s", HS_FMT(t.sql));
    if (strcmp(got, engine) != 0)
        print_error("%s\n", pg);
    assert_string_equal(got, engine);
    hs_arena_free(a);
}

static void all_cases(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++)
        expect(CASES[i].pg, CASES[i].engine);
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "--translate") == 0)
        return argc > 2 ? (read_relations(argv[2]), filter()) : filter();
    const struct CMUnitTest tests[] = {cmocka_unit_test(all_cases)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
