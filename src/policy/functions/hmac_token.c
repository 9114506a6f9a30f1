/* hmac-token: equal values get equal tokens, so that people can still join and count; without the key a token can be
 * neither computed nor guessed from a list of likely values. The key never stands in SQL: the worker registers
 * hs_mask_hmac, which holds it. */
#include "policy/functions/functions.h"

static void print(struct hs_buf *out, const struct hs_mask_call *call)
{
    hs_buf_addf(out, "hs_mask_hmac(%.*s)", HS_FMT(call->x));
}

/* Under the key "key": HMAC-SHA256, its first 16 bytes. */
static const struct hs_mask_example examples[] = {
    {"string", NULL, "The quick brown fox jumps over the lazy dog", "f7bc83f430538424b13298e6aa6fb143"},
    {"string", NULL, "", "5d5d139563c95b5967b9bd9a8c9b233a"},
    {"string", NULL, NULL, NULL},
};

const struct hs_mask_function hs_mask_hmac_token = {
    .name = "hmac-token",
    .text = "32 hexadecimal characters of the value's HMAC-SHA256 under the installation's mask key: equal values have "
            "equal tokens. (The examples are under the key 'key'.)",
    .accepts = HS_ON(HS_T_STRING),
    .keyed = true,
    .print_duckdb = print,
    .examples = examples,
    .example_count = HS_COUNT(examples),
};
