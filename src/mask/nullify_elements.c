/* nullify-elements: a list as long as it was, with NULL where something is not shown. */
#include "mask/dialect.h"
#include "mask/mask.h"
#include "mask/shared/elements.h"

/* Keys of a map stay: they are shown or hidden with the whole map. */
static void print_map(struct hs_buf *out, const struct hs_mask_call *call)
{
    hs_buf_addf(out, "CASE WHEN %.*s IS NULL THEN NULL ELSE map_from_entries(", HS_FMT(call->x));
    hs_buf_addf(out, "list_transform(map_entries(%.*s), lambda e1: struct_pack(\"key\" := struct_extract(e1, 'key'), ",
                HS_FMT(call->x));
    hs_buf_addz(out, "\"value\" := CASE WHEN ");
    hs_buf_add_element_stays(out, call);
    hs_buf_addz(out, " THEN struct_extract(e1, 'value') END))) END");
}

static void print(struct hs_buf *out, const struct hs_mask_call *call)
{
    if (call->type->id == HS_T_MAP) {
        print_map(out, call);
        return;
    }
    hs_buf_addf(out, "list_transform(%.*s, lambda e1: CASE WHEN ", HS_FMT(call->x));
    hs_buf_add_element_stays(out, call);
    hs_buf_addz(out, " THEN e1 END)");
}

static void print_in(struct hs_buf *out, const struct hs_mask_call *call, const struct hs_dialect *sql)
{
    int n = call->variable;
    if (call->type->id == HS_T_MAP)
        sql->open_map(out, call->x, n);
    else
        sql->open_list(out, call->x, n);
    hs_buf_addz(out, "CASE WHEN ");
    hs_buf_add_element_stays_in(out, call, sql);
    hs_buf_addz(out, " THEN ");
    sql->add_variable(out, call->x, n);
    hs_buf_addz(out, " END");
    if (call->type->id == HS_T_MAP)
        sql->close_map(out);
    else
        sql->close_list(out, call->x, n, call->type->fields[0].type);
}

static void print_trino(struct hs_buf *out, const struct hs_mask_call *call)
{
    print_in(out, call, &hs_trino);
}

static void print_postgres(struct hs_buf *out, const struct hs_mask_call *call)
{
    print_in(out, call, &hs_postgres);
}

static const struct hs_mask_example examples[] = {
    {"list<string>", NULL, "[a, b]", "[NULL, NULL]"},
    {"list<string>", NULL, NULL, NULL},
    {"list<string>", NULL, "[]", "[]"},
    {"list<string>", "values: ['b', 'c']", "[a, b, NULL, c, d]", "[a, NULL, NULL, NULL, d]"},
    {"list<long>", "keep: [1, 2]", "[3, 2, NULL, 1]", "[NULL, 2, NULL, 1]"},
    {"map<string, long>", NULL, "{a=1, b=NULL}", "{a=NULL, b=NULL}"},
};

const struct hs_mask_function hs_mask_nullify_elements = {
    .name = "nullify-elements",
    .text =
        "NULL in the place of the list's elements: of all, or of those that have (values) or do not have (keep) one "
        "of the values given, or of which the condition in `elements` is not FALSE. Of a map in the place of its "
        "values, by such a condition, or of all.",
    .accepts = HS_ON(HS_T_LIST) | HS_ON(HS_T_MAP),
    .keeps_inside = true,
    .by_element = true,
    .null_elements = true,
    .args = hs_element_args,
    .arg_count = HS_COUNT(hs_element_args),
    .check = hs_check_elements,
    .print_duckdb = print,
    .print_trino = print_trino,
    .print_postgres = print_postgres,
    .examples = examples,
    .example_count = HS_COUNT(examples),
};
