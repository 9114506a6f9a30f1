/* hmac-token: equal values of a domain get equal tokens, so that people can still join and count; without the key a
 * token can be neither computed nor guessed from a list of likely values. Each domain has its own key, or whoever
 * publishes a table could fill it with likely values and read everybody's tokens there. The key never stands in SQL. */
#include "mask/mask.h"
#include "mask/shared/hmac.h"

static void print(struct hs_buf *out, const struct hs_mask_call *call)
{
    struct hs_native_call c;
    hs_native_call_begin(&c, out, call);
    hs_native_call_end(&c, HS_NATIVE_TEXT, call->x);
}

static void *open_state(const struct hs_native_setup *setup)
{
    return hs_hmac_start_new(setup->key);
}

static bool mask(const void *state, void *work, enum hs_native_kind kind, struct hs_native_value *v, struct hs_buf *out)
{
    uint8_t digest[HS_HMAC_BYTES];
    (void)work, (void)kind;
    if (!hs_hmac_of(state, v->bytes, digest))
        return false;
    hs_buf_add_hex(out, digest, 16);
    v->bytes = hs_buf_str(out);
    return true;
}

static const struct hs_native native = {
    .kinds = 1u << HS_NATIVE_TEXT,
    .open = open_state,
    .close = hs_hmac_start_free,
    .mask = mask,
};

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
    .hashes = true,
    .print_duckdb = print,
    .native = &native,
    .trino_instead = "stand-in: nullify",
    .postgres_instead = "stand-in: nullify",
    .iceberg_instead = "stand-in: nullify",
    .examples = examples,
    .example_count = HS_COUNT(examples),
};
