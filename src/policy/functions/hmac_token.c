/* hmac-token: equal values of a domain get equal tokens, so that people can still join and count; without the key a
 * token can be neither computed nor guessed from a list of likely values. Each domain has its own key, or whoever
 * publishes a table could fill it with likely values and read everybody's tokens there. The key never stands in SQL:
 * the worker registers hs_mask_hmac, which holds it. */
#include "policy/functions/functions.h"

static void print(struct hs_buf *out, const struct hs_mask_call *call)
{
    hs_buf_addz(out, "hs_mask_hmac(");
    hs_buf_add_sql_text(out, call->domain);
    hs_buf_addf(out, ", %.*s)", HS_FMT(call->x));
}

/* Under the key "key": HMAC-SHA256, its first 16 bytes. */
static const struct hs_mask_example examples[] = {
    {"string", NULL, "The quick brown fox jumps over the lazy dog", "f7bc83f430538424b13298e6aa6fb143"},
    {"string", NULL, "", "5d5d139563c95b5967b9bd9a8c9b233a"},
    {"string", NULL, NULL, NULL},
};

const struct hs_mask_function hs_mask_hmac_token = {
    .name = "hmac-token",
    .text = "32 hexadecimal characters of the value's HMAC-SHA256 under the domain's mask key: equal values have equal "
            "tokens within a domain, and others in each domain. (The examples are under the key 'key'.)",
    .accepts = HS_ON(HS_T_STRING),
    .keyed = true,
    .print_duckdb = print,
    .examples = examples,
    .example_count = HS_COUNT(examples),
};
