/* Our own text, parsed again: the last look before it runs. */
#include "engine/guard_in.h"

#include "base/fault.h"

/* "hs_scan_" and a number below count. */
static bool is_ours(hs_str name, hs_str prefix, size_t count)
{
    uint64_t n = 0;
    if (name.len <= prefix.len || !hs_str_starts(name, prefix))
        return false;
    hs_str digits = hs_str_n(name.at + prefix.len, name.len - prefix.len);
    if (digits.len > 1 && digits.at[0] == '0')
        return false;
    return hs_str_to_u64(digits, &n) && n < count;
}

static hs_rc only_ours(struct hs_node *n, void *arg, struct hs_err *err)
{
    size_t scan_count = *(size_t *)arg;
    if (HS_IS(BASE_TABLE, n)) {
        const struct hs_n_BASE_TABLE *t = HS_AS(BASE_TABLE, n);
        bool plain = !t->schema_name.len && !t->catalog_name.len && !t->at_clause;
        if (!plain || !(is_ours(t->table_name, HS_S("hs_scan_"), scan_count) ||
                        is_ours(t->table_name, HS_S("hs_cte_"), HS_GUARD_NODES)))
            return hs_fail_hidden(err, HS_INTERNAL, "the printed statement names a relation that is not ours");
    }
    return hs_node_each(n, only_ours, arg, err);
}

static hs_rc read_again(struct hs_arena *a, hs_str printed, hs_str json, size_t scan_count, struct hs_node **out,
                        struct hs_err *err)
{
    struct hs_guard g = {.arena = a, .sql = printed, .near = -1};
    hs_rc rc = hs_guard_read(&g, json, out, err);
    if (rc == HS_OK)
        return only_ours(*out, &scan_count, err);
    if (rc == HS_NOMEM || !err)
        return rc;
    /* our own spelling was not understood: not the person's fault, and no words of theirs to quote */
    return hs_err_show(err, "this statement is not supported");
}

hs_rc hs_guard_printed(struct hs_arena *a, hs_str printed, hs_str json, size_t scan_count, struct hs_err *err)
{
    struct hs_node *tree = NULL;
    if (!hs_defence("printer"))
        return HS_OK;
    return read_again(a, printed, json, scan_count, &tree, err);
}

hs_rc hs_guard_printed_as(struct hs_arena *a, const struct hs_statement *s, hs_str printed, hs_str json,
                          struct hs_err *err)
{
    struct hs_node *tree = NULL;
    if (!hs_defence("printer") || s->as_is.len)
        return HS_OK;
    HS_TRY(read_again(a, printed, json, s->ref_count, &tree, err));
    if (hs_node_same(s->tree, tree))
        return HS_OK;
    hs_rc rc = hs_fail(err, HS_UNSUPPORTED, "this statement is not supported");
    return err ? hs_err_note(err, "guard: the printed statement is not the statement that was checked") : rc;
}
