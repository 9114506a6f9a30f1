/* HMAC's two hashes with the padded key in them, copied for each value: half the work of starting from the key. */
#include "mask/shared/hmac.h"

#include "base/alloc.h"
#include "base/fault.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

enum { BLOCK = 64 };

struct hs_hmac_start {
    EVP_MD_CTX *inner, *outer;
};

static EVP_MD_CTX *padded(const uint8_t key[BLOCK], uint8_t pad)
{
    uint8_t block[BLOCK];
    EVP_MD_CTX *c = EVP_MD_CTX_new();
    for (int i = 0; i < BLOCK; i++)
        block[i] = key[i] ^ pad;
    if (c && (!EVP_DigestInit_ex(c, EVP_sha256(), NULL) || !EVP_DigestUpdate(c, block, BLOCK))) {
        EVP_MD_CTX_free(c);
        c = NULL;
    }
    hs_wipe(block, sizeof block);
    return c;
}

struct hs_hmac_start *hs_hmac_start_new(hs_str key)
{
    uint8_t block[BLOCK] = {0};
    if (!key.len || key.len > BLOCK)
        return NULL;
    /* Reading a configuration file is neither needed nor, in the worker, possible. */
    OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
    struct hs_hmac_start *s = hs_calloc(1, sizeof *s);
    if (!s)
        return NULL;
    if (hs_defence("mask-key"))
        memcpy(block, key.at, key.len);
    s->inner = padded(block, 0x36);
    s->outer = padded(block, 0x5c);
    hs_wipe(block, sizeof block);
    if (s->inner && s->outer)
        return s;
    hs_hmac_start_free(s);
    return NULL;
}

void hs_hmac_start_free(void *start)
{
    struct hs_hmac_start *s = start;
    if (!s)
        return;
    EVP_MD_CTX_free(s->inner); /* OpenSSL cleanses a digest's state when it frees it */
    EVP_MD_CTX_free(s->outer);
    hs_free(s);
}

void *hs_hmac_work_new(const void *unused)
{
    (void)unused;
    return EVP_MD_CTX_new();
}

void hs_hmac_work_free(void *work)
{
    EVP_MD_CTX_free(work);
}

bool hs_hmac_of(const struct hs_hmac_start *s, void *work, hs_str value, uint8_t out[HS_HMAC_BYTES])
{
    uint8_t digest[HS_HMAC_BYTES];
    return EVP_MD_CTX_copy_ex(work, s->inner) && EVP_DigestUpdate(work, value.at, value.len) &&
           EVP_DigestFinal_ex(work, digest, NULL) && EVP_MD_CTX_copy_ex(work, s->outer) &&
           EVP_DigestUpdate(work, digest, sizeof digest) && EVP_DigestFinal_ex(work, out, NULL);
}

bool hs_hmac_function_key(hs_str domain_key, const char *function, uint8_t out[HS_HMAC_BYTES])
{
    char label[64] = "\xFF";
    size_t len = strlen(function);
    struct hs_hmac_start *start = hs_hmac_start_new(domain_key);
    EVP_MD_CTX *work = start ? EVP_MD_CTX_new() : NULL;
    bool ok = work && len < sizeof label - 1;
    if (ok) {
        memcpy(label + 1, function, len);
        ok = hs_hmac_of(start, work, hs_str_n(label, 1 + len), out);
    }
    EVP_MD_CTX_free(work);
    hs_hmac_start_free(start);
    return ok;
}
