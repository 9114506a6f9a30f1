/* What of the catalog one person may see. A table that cannot be opened or bound is left out and logged: one broken
 * table must not take the list from everybody, and nothing is said of it to the caller. */
#include "access/access_in.h"

#include "base/log.h"

#include <stdlib.h>

/* SQL LIKE over bytes: % any run, _ one UTF-8 character, backslash escapes. Iterative: no input can make it deep. */
static bool like(hs_str text, hs_str pattern)
{
    size_t t = 0, p = 0, star = (size_t)-1, mark = 0;
    while (t < text.len) {
        bool escaped = p + 1 < pattern.len && pattern.at[p] == '\\';
        char want = p < pattern.len ? pattern.at[p + escaped] : 0;
        if (p < pattern.len && !escaped && want == '%') {
            star = p++;
            mark = t;
        } else if (p < pattern.len && !escaped && want == '_') {
            for (t++; t < text.len && ((uint8_t)text.at[t] & 0xC0) == 0x80; t++)
                ;
            p++;
        } else if (p < pattern.len && want == text.at[t]) {
            p += 1 + escaped;
            t++;
        } else if (star != (size_t)-1) {
            p = star + 1;
            t = ++mark;
        } else {
            return false;
        }
    }
    while (p < pattern.len && pattern.at[p] == '%')
        p++;
    return p == pattern.len;
}

static int by_domain_and_name(const void *pa, const void *pb)
{
    const struct hs_seen_table *a = pa, *b = pb;
    int order = hs_str_cmp(a->domain, b->domain);
    return order ? order : hs_str_cmp(a->name, b->name);
}

/* The visible columns as they will be answered: STRUCT of the decision's output types. */
static const struct hs_type *seen_type(struct hs_arena *arena, const struct hs_decision *d)
{
    struct hs_type *type = hs_type_new(arena, HS_T_STRUCT);
    if (!type || !(type->fields = hs_arena_array(arena, d->column_count + 1, sizeof *type->fields)))
        return NULL;
    for (size_t i = 0; i < d->column_count; i++) {
        type->fields[i] = *d->columns[i].field;
        type->fields[i].type = (struct hs_type *)d->columns[i].type;
        type->fields[i].required = d->columns[i].field->required && !d->columns[i].masked;
    }
    type->field_count = d->column_count;
    return type;
}

static const bool *seen_masks(struct hs_arena *arena, const struct hs_decision *d)
{
    bool *masked = hs_arena_array(arena, d->column_count + 1, sizeof *masked);
    for (size_t i = 0; masked && i < d->column_count; i++)
        masked[i] = d->columns[i].masked;
    return masked;
}

static hs_rc describe(struct hs_call *c, const struct hs_principal *who, const struct hs_table *t,
                      struct hs_seen_table *out, bool *out_seen, struct hs_err *err)
{
    struct opened o = {0};
    struct hs_as_of now = {.kind = HS_AS_OF_CURRENT};
    struct hs_facts facts = hs_call_facts(c);
    HS_TRY(hs_opened_table(c->access, c->arena, c->generation, t, &now, &o, err));
    hs_rc rc = hs_opened_decide(c->generation, who, &facts, &o, err);
    if (rc == HS_OK) {
        *out_seen = o.decision->allowed && o.decision->column_count;
        out->type = *out_seen ? seen_type(c->arena, o.decision) : NULL;
        out->masked = *out_seen ? seen_masks(c->arena, o.decision) : NULL;
        if (*out_seen && (!out->type || !out->masked))
            rc = hs_fail(err, HS_NOMEM, "out of memory");
    }
    hs_opened_close(&o);
    return rc;
}

static bool fits(const struct hs_catalog_query *q, const struct hs_table *t)
{
    return (!q->has_domain_pattern || like(t->product->domain, q->domain_pattern)) &&
           (!q->has_table_pattern || like(t->name, q->table_pattern));
}

typedef HS_VEC(const struct hs_table *) table_list;

/* What the tables that fit lead to: few, as patterns of keys name one table. */
static hs_rc list_referenced(struct hs_call *c, table_list *out, struct hs_err *err)
{
    const struct hs_model *m = c->generation->model;
    for (size_t i = 0; c->catalog_query.with_referenced && i < m->product_count; i++)
        for (size_t j = 0; j < m->products[i].table_count; j++) {
            const struct hs_table *t = &m->products[i].tables[j];
            for (size_t k = 0; k < t->foreign_key_count && fits(&c->catalog_query, t); k++) {
                const struct hs_table **slot = hs_vec_add(c->arena, out);
                if (!slot)
                    return hs_fail(err, HS_NOMEM, "out of memory");
                *slot = t->foreign_keys[k].to_table;
            }
        }
    return HS_OK;
}

static bool wanted(const struct hs_catalog_query *q, const table_list *referenced, const struct hs_table *t)
{
    bool found = fits(q, t);
    for (size_t i = 0; !found && i < referenced->len; i++)
        found = referenced->at[i] == t;
    for (size_t i = 0; !found && q->with_referencing && i < t->foreign_key_count; i++)
        found = fits(q, t->foreign_keys[i].to_table);
    return found;
}

static bool see(struct hs_call *c, const struct hs_principal *who, const struct hs_table *t, struct hs_seen_table *out)
{
    struct hs_facts facts = hs_call_facts(c);
    struct hs_err err;
    bool seen = true;
    if (!hs_policy_visible(c->generation->model, who, t, &facts))
        return false;
    *out = (struct hs_seen_table){t->product->domain, t->name, t->description, NULL, t, NULL};
    if (!c->catalog_query.with_schema || describe(c, who, t, out, &seen, &err) == HS_OK)
        return seen;
    hs_log_err(HS_LOG_WARN, "table left out of the catalog", c->request_id.at, &err);
    return false;
}

static hs_rc collect(struct hs_call *c, const struct hs_principal *who, struct hs_catalog *out, struct hs_err *err)
{
    const struct hs_model *m = c->generation->model;
    HS_VEC(struct hs_seen_table) tables = {0};
    table_list referenced = {0};
    HS_TRY(list_referenced(c, &referenced, err));
    for (size_t i = 0; i < m->product_count; i++)
        for (size_t j = 0; j < m->products[i].table_count; j++) {
            struct hs_seen_table seen;
            if (hs_call_is_cancelled(c, err))
                return err->kind;
            if (!wanted(&c->catalog_query, &referenced, &m->products[i].tables[j]) ||
                !see(c, who, &m->products[i].tables[j], &seen))
                continue;
            struct hs_seen_table *slot = hs_vec_add(c->arena, &tables);
            if (!slot)
                return hs_fail(err, HS_NOMEM, "out of memory");
            *slot = seen;
        }
    if (tables.len)
        qsort(tables.at, tables.len, sizeof *tables.at, by_domain_and_name);
    out->mesh = m->mesh_name;
    out->tables = tables.at;
    out->table_count = tables.len;
    out->domains = hs_arena_array(c->arena, tables.len + 1, sizeof *out->domains);
    if (!out->domains)
        return hs_fail(err, HS_NOMEM, "out of memory");
    for (size_t i = 0; i < tables.len; i++)
        if (!out->domain_count || !hs_str_eq(out->domains[out->domain_count - 1], tables.at[i].domain))
            out->domains[out->domain_count++] = tables.at[i].domain;
    return HS_OK;
}

void hs_catalog_work(struct hs_call *c)
{
    struct hs_err err;
    hs_err_clear(&err);
    struct hs_principal *who;
    struct hs_catalog *catalog = HS_NEW(c->arena, struct hs_catalog);
    hs_rc rc = catalog ? hs_call_principal(c, &who, &err) : hs_fail(&err, HS_NOMEM, "out of memory");
    if (rc == HS_OK)
        rc = collect(c, who, catalog, &err);
    if (rc == HS_OK)
        rc = hs_call_intent(c, &err);
    if (rc != HS_OK) {
        hs_call_fail(c, &err);
        return;
    }
    c->catalog = catalog;
    hs_call_ready(c);
}

struct hs_call *hs_access_catalog(struct hs_access *a, const struct hs_asker *who, const struct hs_catalog_query *query,
                                  void (*notify)(void *arg), void *arg)
{
    struct hs_call *c = hs_call_new(a, who, notify, arg);
    if (!c)
        return NULL;
    c->catalog_query = *query;
    c->catalog_query.domain_pattern = hs_arena_str(c->arena, query->domain_pattern);
    c->catalog_query.table_pattern = hs_arena_str(c->arena, query->table_pattern);
    if (!c->catalog_query.domain_pattern.at || !c->catalog_query.table_pattern.at) {
        hs_call_close(c);
        return NULL;
    }
    hs_call_start(c, hs_catalog_work);
    return c;
}
