/* The mask functions as Markdown, from the same records that the program runs by: `make docs`. */
#include "mask/mask.h"
#include "policy/policy_in.h"

static void add_cell(struct hs_buf *b, const char *text)
{
    if (!text) {
        hs_buf_addz(b, "NULL");
        return;
    }
    hs_buf_addc(b, '`');
    for (const char *at = text; *at; at++) {
        if (*at == '|')
            hs_buf_addc(b, '\\');
        hs_buf_addc(b, *at);
    }
    hs_buf_addz(b, *text ? "`" : " `");
}

static void add_types(struct hs_buf *b, const struct hs_mask_function *f)
{
    bool first = true;
    if (f->accepts == ~UINT64_C(0)) {
        hs_buf_addz(b, "every type");
        return;
    }
    for (int id = 1; id < HS_T_COUNT_; id++)
        if (f->accepts & HS_ON(id)) {
            hs_buf_addf(b, "%s%s", first ? "" : ", ", hs_type_name((enum hs_type_id)id));
            first = false;
        }
}

static void add_function(struct hs_buf *b, const struct hs_mask_function *f)
{
    hs_buf_addf(b, "## %s\n\n%s\n\nTypes: ", f->name, f->text);
    add_types(b, f);
    hs_buf_addz(b, ".\n\n");
    for (size_t i = 0; i < f->arg_count; i++)
        hs_buf_addf(b, "Argument `%s`%s: %s.\n\n", f->args[i].name, f->args[i].optional ? " (may be left out)" : "",
                    f->args[i].takes);
    if (f->keyed)
        hs_buf_addz(b,
                    "Argument `key` (may be left out): the id of a line of the keys file; without it the oldest.\n\n");
    hs_buf_addf(b, "| type |%s value | shown |\n|---|%s---|---|\n", f->arg_count ? " arguments |" : "",
                f->arg_count ? "---|" : "");
    for (size_t i = 0; i < f->example_count; i++) {
        const struct hs_mask_example *e = &f->examples[i];
        hs_buf_addf(b, "| %s | ", e->type);
        if (f->arg_count) {
            add_cell(b, e->arg);
            hs_buf_addz(b, " | ");
        }
        add_cell(b, e->input);
        hs_buf_addz(b, " | ");
        add_cell(b, e->output);
        hs_buf_addz(b, " |\n");
    }
    hs_buf_addc(b, '\n');
}

void hs_buf_add_mask_docs(struct hs_buf *b)
{
    hs_buf_addz(
        b, "# Mask functions\n\nA mask keeps the column's type, keeps NULL as NULL and never raises an error.\n\n");
    const struct hs_mask_function *f;
    for (size_t i = 0; (f = hs_mask_function_at(i)); i++)
        add_function(b, f);
}
