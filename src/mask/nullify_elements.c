/* nullify-elements: a list as long as it was, with NULL where something is not shown. */
#include "mask/mask.h"
#include "mask/shared/elements.h"

static void print(struct hs_buf *out, const struct hs_mask_call *call)
{
    hs_buf_addf(out, "list_transform(%.*s, lambda e: CASE WHEN ", HS_FMT(call->x));
    hs_buf_add_element_stays(out, call, "e");
    hs_buf_addz(out, " THEN e END)");
}

static const struct hs_mask_example examples[] = {
    {"list<string>", NULL, "[a, b]", "[NULL, NULL]"},
    {"list<string>", NULL, NULL, NULL},
    {"list<string>", NULL, "[]", "[]"},
    {"list<string>", "values: ['b', 'c']", "[a, b, NULL, c, d]", "[a, NULL, NULL, NULL, d]"},
    {"list<long>", "keep: [1, 2]", "[3, 2, NULL, 1]", "[NULL, 2, NULL, 1]"},
};

const struct hs_mask_function hs_mask_nullify_elements = {
    .name = "nullify-elements",
    .text =
        "NULL in the place of the list's elements: of all, or of those that have (values) or do not have (keep) one "
        "of the values given.",
    .accepts = HS_ON(HS_T_LIST),
    .keeps_inside = true,
    .null_elements = true,
    .args = hs_element_args,
    .arg_count = HS_COUNT(hs_element_args),
    .check = hs_check_elements,
    .print_duckdb = print,
    .examples = examples,
    .example_count = HS_COUNT(examples),
};
