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
    hs_ignore(hs_statement_print(s, scans, inside, &out, &err)); /* refusing is fine, falling over is not */
    for (size_t i = 0; i < s->ref_count; i++)
        hs_buf_fini(&inside[i]);
    hs_buf_fini(&out);
    free(inside);
    free(scans);
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
        hs_ignore(hs_guard_printed(a, HS_S("select 1"), json, 3, &err));
        hs_ignore(hs_guard_printed_as(a, s, HS_S("select 1"), json, &err));
    } else if (err.kind == HS_OK || !err.shown[0]) {
        abort();
    }
    hs_arena_free(a);
    return 0;
}
