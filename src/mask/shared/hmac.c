/* HMAC's two hashes with the padded key in them, copied for each value: half the work of starting from the key.
 *
 * OpenSSL's own SHA-256 and not its EVP: a context there is allocated, counted and looked up in a table of providers at
 * each copy, which takes five times as long as the hash of a short text. A state here is a struct, copied as one. */
#include "mask/shared/hmac.h"

#include "base/alloc.h"
#include "base/fault.h"

enum { BLOCK = 64 };

struct hs_hmac_start {
    struct hs_sha inner, outer;
};

bool hs_sha_start(struct hs_sha *out, const void *at, size_t len)
{
    return SHA256_Init(&out->context) && SHA256_Update(&out->context, at, len);
}

bool hs_sha_of(const struct hs_sha *start, hs_str value, uint8_t out[HS_HMAC_BYTES])
{
    SHA256_CTX c = start->context;
    bool ok = (!value.len || SHA256_Update(&c, value.at, value.len)) && SHA256_Final(out, &c);
    hs_wipe(&c, sizeof c);
    return ok;
}

static bool padded(struct hs_sha *out, const uint8_t key[BLOCK], uint8_t pad)
{
    uint8_t block[BLOCK];
    for (int i = 0; i < BLOCK; i++)
        block[i] = key[i] ^ pad;
    bool ok = hs_sha_start(out, block, BLOCK);
    hs_wipe(block, sizeof block);
    return ok;
}

struct hs_hmac_start *hs_hmac_start_new(hs_str key)
{
    uint8_t block[BLOCK] = {0};
    struct hs_hmac_start *s = key.len && key.len <= BLOCK ? hs_calloc(1, sizeof *s) : NULL;
    if (!s)
        return NULL;
    if (hs_defence("mask-key"))
        memcpy(block, key.at, key.len);
    bool ok = padded(&s->inner, block, 0x36) && padded(&s->outer, block, 0x5c);
    hs_wipe(block, sizeof block);
    if (ok)
        return s;
    hs_hmac_start_free(s);
    return NULL;
}

void hs_hmac_start_free(void *start)
{
    if (start)
        hs_wipe(start, sizeof(struct hs_hmac_start));
    hs_free(start);
}

bool hs_hmac_of(const struct hs_hmac_start *s, hs_str value, uint8_t out[HS_HMAC_BYTES])
{
    uint8_t digest[HS_HMAC_BYTES];
    return hs_sha_of(&s->inner, value, digest) &&
           hs_sha_of(&s->outer, hs_str_n((const char *)digest, sizeof digest), out);
}

bool hs_hmac_function_key(hs_str domain_key, const char *function, uint8_t out[HS_HMAC_BYTES])
{
    char label[64] = "\xFF";
    size_t len = strlen(function);
    struct hs_hmac_start *start = hs_hmac_start_new(domain_key);
    bool ok = start && len < sizeof label - 1;
    if (ok) {
        memcpy(label + 1, function, len);
        ok = hs_hmac_of(start, hs_str_n(label, 1 + len), out);
    }
    hs_hmac_start_free(start);
    return ok;
}
