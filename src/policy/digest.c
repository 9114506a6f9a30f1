/* The digest of a decision: everything that shapes the answer and nothing else. No name of a person, policy or file and
 * no version of the model goes in, so that people with equal decisions share caches, and an edit elsewhere in the model
 * does not empty them. Nor does valid_until: until when a decision holds changes no cell of its answer, and a rule that
 * holds from nine to five would else make another digest every day of the same decision. What a digest is made of holds
 * as long as someone is decided the same again. Every field is length-prefixed and every list counted, so that no two
 * decisions run together. */
#include "base/hash.h"
#include "policy/policy_in.h"

static void add_int(struct hs_sha256 *h, int64_t v)
{
    uint8_t bytes[8];
    for (int i = 0; i < 8; i++)
        bytes[i] = (uint8_t)((uint64_t)v >> (8 * i));
    hs_sha256_field(h, hs_str_n(bytes, sizeof bytes));
}

static void add_type(struct hs_sha256 *h, const struct hs_type *t)
{
    if (!t) {
        add_int(h, 0);
        return;
    }
    add_int(h, t->id);
    add_int(h, t->precision);
    add_int(h, t->scale);
    add_int(h, t->length);
    add_int(h, (int64_t)t->field_count);
    for (size_t i = 0; i < t->field_count; i++) {
        add_int(h, t->fields[i].id);
        hs_sha256_field(h, t->fields[i].name);
        add_int(h, t->fields[i].required);
        add_type(h, t->fields[i].type);
    }
}

static void add_value(struct hs_sha256 *h, const struct hs_value *v)
{
    add_int(h, v->kind);
    add_int(h, v->kind == HS_V_TEXT || v->kind == HS_V_NUMBER ? 0 : v->i);
    add_int(h, v->kind == HS_V_TIMESTAMP && v->utc);
    hs_sha256_field(h, v->kind == HS_V_TEXT || v->kind == HS_V_NUMBER ? v->text : HS_S(""));
    add_int(h, v->kind == HS_V_LIST ? (int64_t)v->item_count : 0);
    for (size_t i = 0; v->kind == HS_V_LIST && i < v->item_count; i++)
        if (v->items[i].kind != HS_V_LIST)
            add_value(h, &v->items[i]);
}

static void add_ids(struct hs_sha256 *h, const int *ids, size_t count)
{
    add_int(h, (int64_t)count);
    for (size_t i = 0; i < count; i++)
        add_int(h, ids[i]);
}

static void add_rule(struct hs_sha256 *h, const struct hs_rule *r)
{
    if (!r) {
        add_int(h, 0);
        return;
    }
    add_int(h, r->op);
    add_type(h, r->type);
    if (r->op == HS_RULE_LITERAL)
        add_value(h, &r->value);
    add_int(h, r->unit);
    add_int(h, r->scope);
    if (r->op == HS_RULE_FIELD) {
        /* Members are read by name, so names count; the column itself by id. */
        add_ids(h, r->path_ids, r->path_len);
        for (size_t i = r->scope ? 0 : 1; i < r->path_len; i++)
            hs_sha256_field(h, r->path_names[i]);
    }
    add_int(h, (int64_t)r->arg_count);
    for (size_t i = 0; i < r->arg_count; i++)
        add_rule(h, r->args[i]);
}

static void add_mask(struct hs_sha256 *h, const struct hs_mask_use *m)
{
    add_ids(h, m->path_ids, m->path_len);
    add_int(h, m->json.len ? 2 : m->by_grant);
    if (m->json.len)
        hs_sha256_field(h, m->json);
    hs_sha256_field(h, m->policy->with);
    add_int(h, (int64_t)m->policy->arg_count);
    for (size_t i = 0; i < m->policy->arg_count; i++) {
        hs_sha256_field(h, m->policy->args[i].name);
        add_value(h, &m->policy->args[i].value);
    }
    add_rule(h, m->when);
    if (m->elements) { /* masks without keep the digest they always had */
        hs_sha256_field(h, HS_S("of elements"));
        add_rule(h, m->elements);
    }
}

static void add_column(struct hs_sha256 *h, const struct hs_decided_column *c)
{
    add_int(h, c->field->id);
    hs_sha256_field(h, c->field->name);
    add_int(h, c->nullable);
    add_type(h, c->field->type); /* what is read: hidden members and all */
    add_type(h, c->type);        /* what is shown */
    add_ids(h, c->hidden_ids, c->hidden_count);
}

static void add_decision(struct hs_sha256 *h, const struct hs_decision *d)
{
    hs_sha256_field(h, HS_S("hailstorm decision 2"));
    hs_sha256_field(h, d->table->product ? d->table->product->id : HS_S(""));
    hs_sha256_field(h, d->table->name);
    add_int(h, d->allowed);
    add_int(h, (int64_t)d->column_count);
    for (size_t i = 0; i < d->column_count; i++)
        add_column(h, &d->columns[i]);
    add_rule(h, d->rows);
    add_int(h, (int64_t)d->mask_count);
    for (size_t i = 0; i < d->mask_count; i++)
        add_mask(h, &d->masks[i]);
    add_int(h, d->limits.concurrent);
    add_int(h, d->limits.memory_bytes);
    add_int(h, d->limits.time_ms);
    add_int(h, d->limits.rows);
    if (d->viewer.len) /* decisions without one keep the digest they always had */
        hs_sha256_field(h, d->viewer);
    if (d->limits.rows_per_day || d->limits.bytes_per_day) { /* and so do these */
        hs_sha256_field(h, HS_S("a day"));
        add_int(h, d->limits.rows_per_day);
        add_int(h, d->limits.bytes_per_day);
    }
    if (d->minimum) {
        hs_sha256_field(h, HS_S("aggregates"));
        add_int(h, d->minimum);
        for (size_t i = 0; i < d->column_count; i++)
            add_int(h, d->columns[i].role);
    }
}

hs_rc hs_decision_digest(struct hs_decision *d, struct hs_err *err)
{
    struct hs_sha256 *h = hs_sha256_new();
    if (!h)
        return hs_no_memory(err);
    add_decision(h, d);
    return hs_sha256_end(h, d->digest, err);
}
