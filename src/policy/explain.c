/* A decision in words, for whoever keeps the policies; and the mask functions as Markdown. */
#include "mask/mask.h"
#include "policy/policy_in.h"

static void add_path(struct hs_buf *b, const struct hs_type *in, const int *ids, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        const struct hs_field *f = NULL;
        for (size_t k = 0; k < in->field_count; k++)
            if (in->fields[k].id == ids[i])
                f = &in->fields[k];
        if (!f)
            return;
        if (in->id == HS_T_LIST)
            hs_buf_addz(b, "[]");
        else if (in->id == HS_T_MAP)
            hs_buf_addz(b, f == &in->fields[0] ? ".key" : ".value");
        else
            hs_buf_addf(b, "%s%.*s", i ? "." : "", HS_FMT(f->name));
        in = f->type;
    }
}

static void add_place(struct hs_buf *b, const struct hs_policy *p)
{
    hs_buf_addf(b, "'%.*s' (%.*s:%d)", HS_FMT(p->name), HS_FMT(p->at.file), p->at.line);
}

static void add_hidden(struct hs_buf *b, const struct hs_type *in, const struct hs_decided_column *c, int *path,
                       size_t depth, const struct hs_type *root)
{
    for (size_t i = 0; i < in->field_count && depth < HS_TREE_MAX_DEPTH; i++) {
        path[depth] = in->fields[i].id;
        bool hidden = false;
        for (size_t k = 0; k < c->hidden_count; k++)
            hidden |= c->hidden_ids[k] == in->fields[i].id;
        if (!hidden) {
            add_hidden(b, in->fields[i].type, c, path, depth + 1, root);
            continue;
        }
        hs_buf_addz(b, "    without ");
        add_path(b, root, path, depth + 1);
        hs_buf_addc(b, '\n');
    }
}

static void add_mask_line(struct hs_buf *b, const struct hs_decision *d, const struct hs_mask_use *m,
                          hs_str default_key)
{
    hs_buf_addz(b, "    ");
    add_path(b, d->bound, m->path_ids, m->path_len);
    if (m->json.len)
        hs_buf_addf(b, ".%.*s", HS_FMT(m->json));
    if (m->by_grant) {
        hs_buf_addz(b, ": NULL unless ");
        hs_buf_add_rule(b, m->when->args[0]);
        hs_buf_addz(b, " (no other grant opens it)\n");
        return;
    }
    hs_buf_addf(b, ": %.*s(", HS_FMT(m->policy->with));
    for (size_t i = 0; i < m->policy->arg_count; i++) {
        hs_buf_addf(b, "%s%.*s: ", i ? ", " : "", HS_FMT(m->policy->args[i].name));
        hs_buf_add_value(b, &m->policy->args[i].value);
    }
    hs_buf_addc(b, ')');
    const struct hs_mask_function *f = hs_mask_function(m->policy->with);
    hs_str key = f ? hs_mask_key_id(f, m->policy->args, m->policy->arg_count) : (hs_str){0};
    if (f && f->keyed)
        hs_buf_addf(b, " under key %.*s%s", HS_FMT(key.len ? key : default_key), key.len ? "" : " (the oldest)");
    hs_buf_addz(b, " by ");
    add_place(b, m->policy);
    if (m->when) {
        hs_buf_addz(b, " unless this is false: ");
        hs_buf_add_rule(b, m->when);
    }
    hs_buf_addc(b, '\n');
}

static void add_columns(struct hs_buf *b, const struct hs_decision *d, hs_str default_key)
{
    int path[HS_TREE_MAX_DEPTH + 2];
    for (size_t i = 0; i < d->column_count; i++) {
        const struct hs_decided_column *c = &d->columns[i];
        hs_buf_addf(b, "  column %.*s: ", HS_FMT(c->field->name));
        hs_buf_add_type(b, c->type);
        hs_buf_addc(b, '\n');
        path[0] = c->field->id;
        add_hidden(b, c->field->type, c, path, 1, d->bound);
        for (size_t k = 0; k < c->mask_count; k++)
            add_mask_line(b, d, c->masks[k], default_key);
    }
}

static void add_limits(struct hs_buf *b, const struct hs_limits *l)
{
    const struct {
        const char *name;
        int64_t value;
    } all[] = {{"concurrent", l->concurrent},     {"memory_bytes", l->memory_bytes},
               {"time_ms", l->time_ms},           {"rows", l->rows},
               {"rows_per_day", l->rows_per_day}, {"bytes_per_day", l->bytes_per_day}};
    for (size_t i = 0; i < HS_COUNT(all); i++)
        if (all[i].value)
            hs_buf_addf(b, "  limit %s: %lld\n", all[i].name, (long long)all[i].value);
}

static void add_reasons(struct hs_buf *b, const struct hs_decision *d)
{
    static const char *const kinds[] = {[HS_GRANT] = "Grant",
                                        [HS_ROW_RULE] = "RowRule",
                                        [HS_MASK] = "Mask",
                                        [HS_DENY] = "Deny",
                                        [HS_AGGREGATE] = "AggregateRule"};
    for (size_t i = 0; i < d->reason_count; i++) {
        hs_buf_addf(b, "  by %s ", kinds[d->reasons[i]->kind]);
        add_place(b, d->reasons[i]);
        hs_buf_addc(b, '\n');
    }
}

void hs_buf_add_explanation(struct hs_buf *b, const struct hs_decision *d, hs_str default_key)
{
    hs_str domain = d->table->product ? d->table->product->domain : HS_S("");
    hs_buf_addf(b, "%.*s%s%.*s: ", HS_FMT(domain), domain.len ? "." : "", HS_FMT(d->table->name));
    if (!d->allowed) {
        hs_buf_addz(b, "not visible (no grant applies)\n");
        return;
    }
    hs_buf_addz(b, "allowed\n  rows: ");
    if (d->rows)
        hs_buf_add_rule(b, d->rows);
    else
        hs_buf_addz(b, "all");
    hs_buf_addc(b, '\n');
    add_columns(b, d, default_key);
    add_limits(b, &d->limits);
    if (d->valid_until_us)
        hs_buf_addf(b, "  until %lld microseconds after 1970 (a grant expires)\n", (long long)d->valid_until_us);
    add_reasons(b, d);
    hs_buf_addz(b, "  digest ");
    hs_buf_add_hex(b, d->digest, sizeof d->digest);
    hs_buf_addc(b, '\n');
}

/* ---- documentation ---- */

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
