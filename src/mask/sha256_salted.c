/* sha256-salted: for those who are given the salt and compute the same hashes on their side. The salt is derived from
 * the domain's mask key and never stands in SQL; without it a list of likely values cannot be hashed and compared. */
#include "mask/mask.h"
#include "mask/shared/hmac.h"

#include "base/alloc.h"

static void print(struct hs_buf *out, const struct hs_mask_call *call)
{
    struct hs_native_call c;
    hs_native_call_begin(&c, out, call);
    hs_native_call_end(&c, HS_NATIVE_TEXT, call->x);
}

static void close_state(void *state)
{
    if (state)
        hs_wipe(state, sizeof(struct hs_sha));
    hs_free(state);
}

/* SHA-256 that has taken the salt. */
static void *open_state(const struct hs_native_setup *setup)
{
    uint8_t salt[HS_HMAC_BYTES];
    struct hs_sha *s = hs_calloc(1, sizeof *s);
    bool ok = s && hs_hmac_function_key(setup->key, "sha256-salted", salt) && hs_sha_start(s, salt, sizeof salt);
    hs_wipe(salt, sizeof salt);
    if (ok)
        return s;
    close_state(s);
    return NULL;
}

static bool mask(const void *state, void *work, enum hs_native_kind kind, struct hs_native_value *v, struct hs_buf *out)
{
    uint8_t digest[HS_HMAC_BYTES];
    (void)work, (void)kind;
    if (!hs_sha_of(state, v->bytes, digest))
        return false;
    hs_buf_add_hex(out, digest, sizeof digest);
    v->bytes = hs_buf_str(out);
    return true;
}

static const struct hs_native native = {
    .kinds = 1u << HS_NATIVE_TEXT,
    .open = open_state,
    .close = close_state,
    .mask = mask,
};

static const struct hs_mask_example examples[] = {
    {"string", NULL, "ana@example.org", "00ec85566d620bae68dba24a8747ed862d5378da1a6a1251b6f5748242a6d44a"},
    {"string", NULL, "", "5e0cedaf890ec67c00b75c20957962a4e4480d04ba587ece4f8f69d38de3199f"},
    {"string", NULL, NULL, NULL},
};

const struct hs_mask_function hs_mask_sha256_salted = {
    .name = "sha256-salted",
    .text = "64 hexadecimal characters: SHA-256 over a salt of 32 bytes and the value. The salt is HMAC-SHA256 of "
            "the byte FF and 'sha256-salted' under the domain's mask key. hmac-token is shorter and does the same for "
            "anyone who is not "
            "given the salt. (The examples are under the key 'key'.)",
    .accepts = HS_ON(HS_T_STRING),
    .keyed = true,
    .hashes = true,
    .print_duckdb = print,
    .native = &native,
    .examples = examples,
    .example_count = HS_COUNT(examples),
};
