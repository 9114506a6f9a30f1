/* Bytes as a file of cases: read, and its rows written as literals. Anything may be refused, with a place; what is
 * written holds no quote that it did not open. */
#include "model/cases.h"
#include "policy/seeing.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct hs_type number = {.id = HS_T_LONG}, text = {.id = HS_T_STRING}, date = {.id = HS_T_DATE},
                      money = {.id = HS_T_DECIMAL, .precision = 10, .scale = 2}, moment = {.id = HS_T_TIMESTAMPTZ},
                      bytes = {.id = HS_T_BINARY};
static struct hs_field members[] = {{.id = 11, .name = {"x", 1}, .type = &text},
                                    {.id = 12, .name = {"y", 1}, .type = &bytes}};
static struct hs_type object = {.id = HS_T_STRUCT, .fields = members, .field_count = 2};
static struct hs_field element = {.id = 13, .name = {"element", 7}, .type = &object};
static struct hs_type list = {.id = HS_T_LIST, .fields = &element, .field_count = 1};
static struct hs_field pair[] = {{.id = 14, .name = {"key", 3}, .type = &text},
                                 {.id = 15, .name = {"value", 5}, .type = &number}};
static struct hs_type map = {.id = HS_T_MAP, .fields = pair, .field_count = 2};
static struct hs_field columns[] = {
    {.id = 1, .name = {"id", 2}, .type = &number},   {.id = 2, .name = {"email", 5}, .type = &text},
    {.id = 3, .name = {"born", 4}, .type = &date},   {.id = 4, .name = {"amount", 6}, .type = &money},
    {.id = 5, .name = {"seen", 4}, .type = &moment}, {.id = 6, .name = {"items", 5}, .type = &list},
    {.id = 7, .name = {"notes", 5}, .type = &map},
};
static const struct hs_type table = {.id = HS_T_STRUCT, .fields = columns, .field_count = 7};

static void write_rows(struct hs_arena *a, const struct hs_yaml *rows)
{
    struct hs_err err = {0};
    struct hs_buf b;
    size_t n = 0, quotes = 0;
    const struct hs_yaml **all = hs_arena_array(a, rows->count + 1, sizeof *all);
    if (!all)
        return;
    for (const struct hs_yaml *row = rows->first; row; row = row->next)
        all[n++] = row;
    hs_buf_init(&b, 16 << 20);
    hs_rc rc = hs_case_relation(&b, HS_S("a.test.yaml"), all, n, &table, &err);
    for (size_t i = 0; rc == HS_OK && i < b.len; i++)
        quotes += b.at[i] == '\'';
    if (quotes % 2 || rc == HS_INTERNAL || (rc == HS_INVALID && !strstr(err.shown, "a.test.yaml:")))
        abort();
    hs_buf_fini(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hs_case_file f;
    struct hs_err err = {0};
    struct hs_arena *a = hs_arena_new(256 << 20);
    hs_rc rc = hs_cases_read(a, HS_S("a.test.yaml"), hs_str_n(data, size), &f, &err);
    if (rc == HS_INTERNAL || (rc == HS_INVALID && !strstr(err.shown, "a.test.yaml:")))
        abort();
    for (size_t i = 0; rc == HS_OK && i < f.tests.len; i++) {
        write_rows(a, f.tests.at[i].rows);
        for (size_t k = 0; k < f.tests.at[i].cases.len; k++)
            if (f.tests.at[i].cases.at[k].rows)
                write_rows(a, f.tests.at[i].cases.at[k].rows);
    }
    hs_arena_free(a);
    return 0;
}
