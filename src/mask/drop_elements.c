/* drop-elements: a shorter list. How many were dropped is not shown, but for a list that would be known to be longer.
 */
#include "mask/dialect.h"
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

static void print_trino(struct hs_buf *out, const struct hs_mask_call *call)
{
    int n = call->variable;
    if (call->type->id == HS_T_MAP)
        hs_buf_addf(out, "map_filter(%.*s, (" HS_DIALECT_VARIABLE "k%d, " HS_DIALECT_VARIABLE "%d) -> ",
                    HS_FMT(call->x), n, n);
    else
        hs_buf_addf(out, "filter(%.*s, " HS_DIALECT_VARIABLE "%d -> ", HS_FMT(call->x), n);
    hs_buf_add_element_stays_in(out, call, &hs_trino);
    hs_buf_addc(out, ')');
}

/* As hs_postgres builds a list anew, with a condition; it has no maps. */
static void print_postgres(struct hs_buf *out, const struct hs_mask_call *call)
{
    int n = call->variable;
    hs_postgres.open_list(out, call->x, n);
    hs_postgres.add_variable(out, call->x, n);
    hs_buf_addz(out, " AS ");
    out->failed |= !hs_postgres.add_type(out, call->type->fields[0].type);
    hs_buf_addf(out, ") FROM generate_subscripts(%.*s, 1) AS " HS_DIALECT_VARIABLE "t%d(" HS_DIALECT_VARIABLE "%d) ",
                HS_FMT(call->x), n, n);
    hs_buf_addz(out, "WHERE ");
    hs_buf_add_element_stays_in(out, call, &hs_postgres);
    hs_buf_addf(out, " ORDER BY " HS_DIALECT_VARIABLE "%d) END", n);
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
    .print_trino = print_trino,
    .print_postgres = print_postgres,
    .examples = examples,
    .example_count = HS_COUNT(examples),
};
