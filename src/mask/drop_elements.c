/* drop-elements: a shorter list. How many were dropped is not shown, but for a list that would be known to be longer.
 */
#include "mask/mask.h"
#include "mask/shared/elements.h"

static void print(struct hs_buf *out, const struct hs_mask_call *call)
{
    bool map = call->type->id == HS_T_MAP;
    if (map)
        hs_buf_addf(out, "CASE WHEN %.*s IS NULL THEN NULL ELSE map_from_entries(", HS_FMT(call->x));
    hs_buf_addf(out,
                map ? "list_filter(map_entries(%.*s), lambda e1: " : "list_filter(%.*s, lambda e1: ", HS_FMT(call->x));
    hs_buf_add_element_stays(out, call);
    hs_buf_addz(out, map ? ")) END" : ")");
}

static const struct hs_mask_example examples[] = {
    {"list<string>", NULL, "[a, b]", "[]"},
    {"list<string>", NULL, NULL, NULL},
    {"list<string>", "values: ['b', 'c']", "[a, b, NULL, c, d]", "[a, d]"},
    {"list<long>", "keep: [1, 2]", "[3, 2, NULL, 1]", "[2, 1]"},
    {"list<date>", "values: [date '2026-11-21']", "[2026-11-21, 2026-11-22]", "[2026-11-22]"},
    {"map<string, long>", NULL, "{a=1, b=NULL}", "{}"},
    {"map<string, long>", NULL, NULL, NULL},
};

const struct hs_mask_function hs_mask_drop_elements = {
    .name = "drop-elements",
    .text =
        "The list without its elements: without any, or without those that have (values) or do not have (keep) one "
        "of the values given, or of which the condition in `elements` is not FALSE. NULL elements go, too. Of a map "
        "its entries, by such a condition (`key = 'x'`, `value.by <> principal.name`), or all of them.",
    .accepts = HS_ON(HS_T_LIST) | HS_ON(HS_T_MAP),
    .keeps_inside = true,
    .by_element = true,
    .args = hs_element_args,
    .arg_count = HS_COUNT(hs_element_args),
    .check = hs_check_elements,
    .print_duckdb = print,
    .examples = examples,
    .example_count = HS_COUNT(examples),
};
