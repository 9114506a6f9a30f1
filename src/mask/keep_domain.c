/* keep-domain: an e-mail address without the person. Everything before the last '@' goes, also other '@'s. */
#include "mask/mask.h"

#include "base/alloc.h"

static void print(struct hs_buf *out, const struct hs_mask_call *call)
{
    hs_str x = call->x;
    hs_buf_addf(out, "CASE WHEN contains(%.*s, '@') THEN '***@' || split_part(%.*s, '@', -1) ", HS_FMT(x), HS_FMT(x));
    hs_buf_addf(out, "WHEN %.*s IS NOT NULL THEN '***' END", HS_FMT(x));
}

/* Not by strpos(x, '@', -1): Trino 476 counts wrongly from the end of a text with wider characters behind the '@'. */
static void print_trino(struct hs_buf *out, const struct hs_mask_call *call)
{
    hs_str x = call->x;
    hs_buf_addf(out, "CASE WHEN strpos(%.*s, '@') > 0 THEN '***@' || element_at(split(%.*s, '@'), -1) ", HS_FMT(x),
                HS_FMT(x));
    hs_buf_addf(out, "WHEN %.*s IS NOT NULL THEN '***' END", HS_FMT(x));
}

static void print_postgres(struct hs_buf *out, const struct hs_mask_call *call)
{
    hs_str x = call->x;
    hs_buf_addf(out, "CASE WHEN strpos((%.*s) COLLATE \"C\", '@') > 0 THEN '***@' || ", HS_FMT(x));
    hs_buf_addf(out, "split_part((%.*s) COLLATE \"C\", '@', -1) ", HS_FMT(x));
    hs_buf_addf(out, "WHEN %.*s IS NOT NULL THEN '***' END", HS_FMT(x));
}

/* ---- the same over text at a path inside JSON ---- */

static void *open_state(const struct hs_native_setup *setup)
{
    (void)setup;
    return hs_calloc(1, 1);
}

static bool mask(const void *state, void *work, enum hs_native_kind kind, struct hs_native_value *v, struct hs_buf *out)
{
    (void)state, (void)work, (void)kind;
    const char *at = v->bytes.len ? memrchr(v->bytes.at, '@', v->bytes.len) : NULL;
    hs_buf_addz(out, "***");
    if (at)
        hs_buf_add(out, at, v->bytes.len - (size_t)(at - v->bytes.at));
    v->bytes = hs_buf_str(out);
    return true;
}

static const struct hs_native native = {
    .kinds = 1u << HS_NATIVE_TEXT, .open = open_state, .close = hs_free, .mask = mask};

static const struct hs_mask_example examples[] = {
    {"string", NULL, "ana@example.org", "***@example.org"},
    {"string", NULL, "\"a@b\"@example.org", "***@example.org"},
    {"string", NULL, "no address", "***"},
    {"string", NULL, "ana@", "***@"},
    {"string", NULL, "@", "***@"},
    {"string", NULL, "", "***"},
    {"string", NULL, NULL, NULL},
};

const struct hs_mask_function hs_mask_keep_domain = {
    .name = "keep-domain",
    .text = "What follows the last '@' stays, the rest becomes '***'. Without an '@' the value is '***'.",
    .accepts = HS_ON(HS_T_STRING),
    .print_duckdb = print,
    .print_trino = print_trino,
    .print_postgres = print_postgres,
    .native = &native,
    .examples = examples,
    .example_count = HS_COUNT(examples),
};
