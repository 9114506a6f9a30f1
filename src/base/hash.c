/* OpenSSL behind six functions. A failure inside a stream is kept and told at the end. */
#include "base/hash.h"

#include "base/alloc.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

struct hs_sha256 {
    EVP_MD_CTX *context;
    bool failed;
};

struct hs_sha256 *hs_sha256_new(void)
{
    struct hs_sha256 *h = hs_calloc(1, sizeof *h);
    if (!h)
        return NULL;
    h->context = EVP_MD_CTX_new();
    if (!h->context || EVP_DigestInit_ex(h->context, EVP_sha256(), NULL) != 1) {
        hs_sha256_free(h);
        return NULL;
    }
    return h;
}

void hs_sha256_free(struct hs_sha256 *h)
{
    if (!h)
        return;
    EVP_MD_CTX_free(h->context);
    hs_free(h);
}

void hs_sha256_add(struct hs_sha256 *h, const void *at, size_t len)
{
    if (h && len && EVP_DigestUpdate(h->context, at, len) != 1)
        h->failed = true;
}

void hs_sha256_field(struct hs_sha256 *h, hs_str s)
{
    uint8_t size[8];
    for (int i = 0; i < 8; i++)
        size[i] = (uint8_t)((uint64_t)s.len >> (8 * i));
    hs_sha256_add(h, size, sizeof size);
    hs_sha256_add(h, s.at, s.len);
}

hs_rc hs_sha256_end(struct hs_sha256 *h, uint8_t out[32], struct hs_err *err)
{
    uint8_t digest[32];
    bool good = h && !h->failed && EVP_DigestFinal_ex(h->context, digest, NULL) == 1;
    hs_sha256_free(h);
    if (!good)
        return hs_fail(err, HS_NOMEM, "out of memory");
    memcpy(out, digest, 32);
    return HS_OK;
}

hs_rc hs_sha256_once(hs_str bytes, uint8_t out[32], struct hs_err *err)
{
    if (EVP_Digest(bytes.at ? bytes.at : "", bytes.len, out, NULL, EVP_sha256(), NULL) != 1)
        return hs_fail(err, HS_NOMEM, "out of memory");
    return HS_OK;
}

hs_rc hs_hmac_sha256(hs_str key, hs_str bytes, uint8_t out[32], struct hs_err *err)
{
    if (key.len > INT32_MAX)
        return hs_fail(err, HS_INVALID, "the key is too long");
    unsigned size = 32;
    /* An empty key must still be a pointer: NULL would mean "the key set before". */
    if (!HMAC(EVP_sha256(), key.at ? key.at : "", (int)key.len, (const unsigned char *)(bytes.at ? bytes.at : ""),
              bytes.len, out, &size))
        return hs_fail(err, HS_NOMEM, "out of memory");
    return HS_OK;
}

hs_rc hs_random(void *out, size_t len, struct hs_err *err)
{
    uint8_t *at = out;
    while (len) {
        int part = len > 65536 ? 65536 : (int)len;
        if (RAND_bytes(at, part) != 1)
            return hs_fail_hidden(err, HS_INTERNAL, "the random generator failed");
        at += part;
        len -= (size_t)part;
    }
    return HS_OK;
}

bool hs_same_bytes(const void *a, const void *b, size_t len)
{
    return len == 0 || CRYPTO_memcmp(a, b, len) == 0;
}
