/* The guard reads what a worker wrote, and the printer what the guard let through: any bytes must end in words, and
 * what is printed must be within the list again. */
#include "base/alloc.h"
#include "engine/statement_in.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void print(const struct hs_statement *s)
{
    static struct hs_type text = {.id = HS_T_STRING}, number = {.id = HS_T_INT};
    struct hs_scan_column columns[] = {{HS_S("a"), HS_S("\"f1\""), &number, true},
                                       {HS_S("v"), HS_S("\"f2\""), &text, true}};
    struct hs_scan *scans = calloc(s->ref_count + 1, sizeof *scans);
    struct hs_buf *inside = calloc(s->ref_count + 1, sizeof *inside), out;
    struct hs_err err;
    hs_buf_init(&out, 16 << 20);
    for (size_t i = 0; i < s->ref_count; i++) {
        scans[i].columns = columns;
        scans[i].column_count = 2;
        hs_buf_init(&inside[i], 1 << 20);
    }
    hs_ignore(hs_statement_print(s, scans, NULL, inside, &out, &err)); /* refusing is fine, falling over is not */
    for (size_t i = 0; i < s->ref_count; i++)
        hs_buf_fini(&inside[i]);
    hs_buf_fini(&out);
    free(inside);
    free(scans);
}

/* The grammar of those who may see aggregates alone, with values bound and without. */
static void aggregate(struct hs_arena *a, const struct hs_statement *s)
{
    static struct hs_type text = {.id = HS_T_STRING}, number = {.id = HS_T_INT}, day = {.id = HS_T_DATE};
    struct hs_aggregate_column columns[] = {
        {HS_S("a"), &number, HS_AGGREGATE_OF}, {HS_S("v"), &text, HS_AGGREGATE_BY}, {HS_S("d"), &day, HS_AGGREGATE_BY}};
    struct hs_param values[] = {{.type = HS_T_STRING, .text = HS_S("x'")}, {.type = HS_T_LONG, .i = 3}};
    struct hs_params params = {values, 2};
    struct hs_aggregate_request r = {columns, 3, 10, NULL};
    struct hs_aggregate out[2];
    struct hs_aggregate_sets sets;
    struct hs_err err;
    bool one = hs_statement_aggregate(a, s, &r, &out[0], &err) == HS_OK;
    r.params = &params;
    if (hs_statement_aggregate(a, s, &r, &out[1], &err) != HS_OK || !one)
        return;
    hs_str texts[] = {out[0].set, out[1].set};
    if (hs_aggregate_sets_print(a, texts, 2, &sets, &err) != HS_OK && err.kind != HS_UNSUPPORTED)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hs_arena *a = hs_arena_new(64 << 20);
    struct hs_statement *s = NULL;
    struct hs_err err = {0};
    hs_str json = hs_str_n(data, size);
    if (!a)
        return 0;
    if (hs_guard_statement(a, HS_S("select 1"), json, &s, &err) == HS_OK) {
        print(s);
        aggregate(a, s);
        hs_ignore(hs_guard_printed(a, HS_S("select 1"), json, 3, &err));
        hs_ignore(hs_guard_printed_as(a, s, HS_S("select 1"), json, &err));
    } else if (err.kind == HS_OK || !err.shown[0]) {
        abort();
    }
    hs_arena_free(a);
    return 0;
}
