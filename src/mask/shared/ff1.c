/* FF1, SP 800-38G section 5.1, algorithm 7. Ten Feistel rounds; each turns one half into a number, runs it through
 * CBC-MAC and adds the result to the other half, modulo radix^length. The addition is done numeral by numeral, so that
 * no number greater than a byte string is needed. Only encryption: nothing here turns a value back. */
#include "mask/shared/ff1.h"

#include "base/alloc.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

enum {
    BLOCK = 16,
    ROUNDS = 10,
    HALF_MAX = (HS_FF1_MAX + 1) / 2,
    NUMBER_MAX = 96, /* bytes of HALF_MAX numerals of 10 bits, and some */
    STREAM_MAX = NUMBER_MAX + 2 * BLOCK,
    Q_MAX = HS_FF1_MAX_TWEAK + NUMBER_MAX + 2 * BLOCK,
    WORD_MAX = 63, /* numerals of a number in one machine word */
};

struct hs_ff1 {
    uint8_t key[32];
    size_t key_len;
    unsigned radix;
    uint8_t tweak[HS_FF1_MAX_TWEAK];
    size_t tweak_len;
    uint16_t bytes[HALF_MAX + 1];  /* b of the standard, for each length of a half */
    uint64_t powers[WORD_MAX + 1]; /* radix^length, as long as that is below 2^63; else 0 */
};

/* NUM_radix(X) as `len` bytes, big end first. False: they are too few. */
static bool number_of(const uint16_t *numerals, unsigned n, unsigned radix, uint8_t *out, size_t len)
{
    memset(out, 0, len);
    for (unsigned i = 0; i < n; i++) {
        uint32_t carry = numerals[i];
        for (size_t k = len; k-- > 0;) {
            carry += (uint32_t)out[k] * radix;
            out[k] = (uint8_t)carry;
            carry >>= 8;
        }
        if (carry)
            return false;
    }
    return true;
}

/* b = ceil(ceil(v * log2(radix)) / 8): the bytes of radix^v - 1. */
static unsigned bytes_of(unsigned v, unsigned radix)
{
    uint16_t most[HALF_MAX];
    uint8_t number[NUMBER_MAX];
    unsigned lead = 0;
    for (unsigned i = 0; i < v; i++)
        most[i] = (uint16_t)(radix - 1);
    if (!number_of(most, v, radix, number, sizeof number))
        return 0;
    while (lead < sizeof number && number[lead] == 0)
        lead++;
    return (unsigned)sizeof number - lead;
}

unsigned hs_ff1_least(unsigned radix)
{
    unsigned n = 0;
    for (uint64_t domain = 1; domain < 1000000; domain *= radix)
        n++;
    return n < 2 ? 2 : n;
}

struct hs_ff1 *hs_ff1_new(hs_str key, unsigned radix, hs_str tweak)
{
    OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
    if ((key.len != 16 && key.len != 24 && key.len != 32) || radix < 2 || radix > HS_FF1_MAX_RADIX ||
        tweak.len > HS_FF1_MAX_TWEAK)
        return NULL;
    struct hs_ff1 *f = hs_calloc(1, sizeof *f);
    if (!f)
        return NULL;
    f->radix = radix;
    f->key_len = key.len;
    f->tweak_len = tweak.len;
    memcpy(f->key, key.at, key.len);
    if (tweak.len)
        memcpy(f->tweak, tweak.at, tweak.len);
    for (unsigned v = 1; v <= HALF_MAX; v++)
        f->bytes[v] = (uint16_t)bytes_of(v, radix);
    f->powers[0] = 1;
    for (unsigned v = 1; v <= WORD_MAX; v++)
        f->powers[v] = f->powers[v - 1] > (uint64_t)INT64_MAX / radix ? 0 : f->powers[v - 1] * radix;
    return f;
}

void hs_ff1_free(void *ff1)
{
    if (ff1)
        hs_wipe(ff1, sizeof(struct hs_ff1));
    hs_free(ff1);
}

void *hs_ff1_work_new(const void *ff1)
{
    const struct hs_ff1 *f = ff1;
    EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
    const EVP_CIPHER *aes = f->key_len == 16   ? EVP_aes_128_ecb()
                            : f->key_len == 24 ? EVP_aes_192_ecb()
                                               : EVP_aes_256_ecb();
    if (c && (!EVP_EncryptInit_ex(c, aes, NULL, f->key, NULL) || !EVP_CIPHER_CTX_set_padding(c, 0))) {
        EVP_CIPHER_CTX_free(c);
        c = NULL;
    }
    return c;
}

void hs_ff1_work_free(void *work)
{
    EVP_CIPHER_CTX_free(work); /* cleanses the schedule */
}

static bool aes(EVP_CIPHER_CTX *c, uint8_t block[BLOCK])
{
    int len = 0;
    return EVP_EncryptUpdate(c, block, &len, block, BLOCK) && len == BLOCK;
}

/* One step of PRF: CBC-MAC. */
static bool chain(EVP_CIPHER_CTX *c, uint8_t mac[BLOCK], const uint8_t *block)
{
    for (int i = 0; i < BLOCK; i++)
        mac[i] ^= block[i];
    return aes(c, mac);
}

/* Step 1.v: P. The MAC over it is the same for every round. */
static bool first_block(const struct hs_ff1 *f, EVP_CIPHER_CTX *c, unsigned n, uint8_t mac[BLOCK])
{
    unsigned t = (unsigned)f->tweak_len, u = n / 2;
    const uint8_t p[BLOCK] = {1,
                              2,
                              1,
                              0,
                              (uint8_t)(f->radix >> 8),
                              (uint8_t)f->radix,
                              ROUNDS,
                              (uint8_t)u,
                              0,
                              0,
                              (uint8_t)(n >> 8),
                              (uint8_t)n,
                              0,
                              0,
                              (uint8_t)(t >> 8),
                              (uint8_t)t};
    memset(mac, 0, BLOCK);
    return chain(c, mac, p);
}

/* Step 6.i, but for the number of the half at its end; returns its length. */
static size_t begin_q(const struct hs_ff1 *f, unsigned round, size_t b, uint8_t q[Q_MAX])
{
    size_t zeros = (BLOCK - (f->tweak_len + b + 1) % BLOCK) % BLOCK, len = f->tweak_len + zeros + 1 + b;
    memset(q, 0, len);
    memcpy(q, f->tweak, f->tweak_len);
    q[f->tweak_len + zeros] = (uint8_t)round;
    return len;
}

/* Step 6.ii: R. */
static bool mac_of(EVP_CIPHER_CTX *c, const uint8_t start[BLOCK], const uint8_t *q, size_t len, uint8_t r[BLOCK])
{
    memcpy(r, start, BLOCK);
    for (size_t at = 0; at < len; at += BLOCK)
        if (!chain(c, r, q + at))
            return false;
    return true;
}

/* Steps 6.i to 6.iii: S, the first d bytes of what R begins. */
static bool stream_of(const struct hs_ff1 *f, EVP_CIPHER_CTX *c, const uint8_t start[BLOCK], unsigned round,
                      const uint16_t *half, unsigned half_len, size_t b, uint8_t *out, size_t d)
{
    uint8_t q[Q_MAX], r[BLOCK];
    size_t len = begin_q(f, round, b, q);
    if (!number_of(half, half_len, f->radix, q + len - b, b) || !mac_of(c, start, q, len, r))
        return false;
    memcpy(out, r, BLOCK);
    for (size_t at = BLOCK, j = 1; at < d; at += BLOCK, j++) {
        memcpy(out + at, r, BLOCK);
        out[at + BLOCK - 1] ^= (uint8_t)j;
        if (!aes(c, out + at))
            return false;
    }
    return true;
}

/* Steps 6.iv to 6.vii: A = (NUM(A) + y) mod radix^m, from the last numeral on; y is used up. */
static void add_number(uint16_t *half, unsigned m, unsigned radix, uint8_t *y, size_t d)
{
    uint32_t carry = 0;
    size_t lead = 0;
    for (unsigned i = m; i-- > 0;) {
        uint32_t rest = 0;
        while (lead < d && y[lead] == 0)
            lead++;
        for (size_t k = lead; k < d; k++) {
            rest = rest << 8 | y[k];
            y[k] = (uint8_t)(rest / radix);
            rest %= radix;
        }
        carry += half[i] + rest;
        half[i] = (uint16_t)(carry % radix);
        carry /= radix;
    }
}

static bool encrypt_long(const struct hs_ff1 *f, EVP_CIPHER_CTX *c, const uint8_t start[BLOCK], uint16_t *x, unsigned n)
{
    uint8_t s[STREAM_MAX];
    unsigned u = n / 2, v = n - u;
    size_t b = f->bytes[v], d = 4 * ((b + 3) / 4) + 4;
    bool ok = b > 0;
    /* The halves keep their places; in odd rounds the right one is changed by the left. */
    for (unsigned i = 0; ok && i < ROUNDS; i++) {
        bool odd = i & 1;
        ok = stream_of(f, c, start, i, odd ? x : x + u, odd ? u : v, b, s, d);
        if (ok)
            add_number(odd ? x + u : x, odd ? v : u, f->radix, s, d);
    }
    hs_wipe(s, sizeof s);
    return ok;
}

/* ---- the same where a half is a number below 2^63: a card, a telephone number, a whole number ---- */

static uint64_t word_of(const uint16_t *numerals, unsigned n, unsigned radix)
{
    uint64_t word = 0;
    for (unsigned i = 0; i < n; i++)
        word = word * radix + numerals[i];
    return word;
}

static void numerals_of(uint64_t word, unsigned n, unsigned radix, uint16_t *out)
{
    for (; n-- > 0; word /= radix)
        out[n] = (uint16_t)(word % radix);
}

/* What is added to the other half. b is 8 at most, so d is 12 at most and S within R. */
static bool round_of(const struct hs_ff1 *f, EVP_CIPHER_CTX *c, const uint8_t start[BLOCK], unsigned round,
                     uint64_t half, size_t b, uint64_t modulus, uint64_t *out)
{
    uint8_t q[Q_MAX], r[BLOCK];
    size_t d = 4 * ((b + 3) / 4) + 4, len = begin_q(f, round, b, q);
    unsigned __int128 y = 0;
    for (size_t i = 0; i < b; i++, half >>= 8)
        q[len - 1 - i] = (uint8_t)half;
    if (!mac_of(c, start, q, len, r))
        return false;
    for (size_t i = 0; i < d; i++)
        y = y << 8 | r[i];
    *out = (uint64_t)(y % modulus);
    return true;
}

static bool encrypt_words(const struct hs_ff1 *f, EVP_CIPHER_CTX *c, const uint8_t start[BLOCK], uint16_t *x,
                          unsigned n)
{
    unsigned u = n / 2, v = n - u;
    uint64_t halves[2] = {word_of(x, u, f->radix), word_of(x + u, v, f->radix)}, y;
    bool ok = true;
    for (unsigned i = 0; ok && i < ROUNDS; i++) {
        uint64_t modulus = f->powers[i & 1 ? v : u], *half = &halves[i & 1];
        ok = round_of(f, c, start, i, halves[!(i & 1)], f->bytes[v], modulus, &y);
        *half = ok ? (*half + y) % modulus : 0;
    }
    numerals_of(halves[0], u, f->radix, x);
    numerals_of(halves[1], v, f->radix, x + u);
    return ok;
}

bool hs_ff1_encrypt(const struct hs_ff1 *f, void *work, uint16_t *x, unsigned n)
{
    uint8_t start[BLOCK];
    unsigned v = n - n / 2;
    if (n < 2 || n > HS_FF1_MAX || !first_block(f, work, n, start))
        return false;
    return v <= WORD_MAX && f->powers[v] ? encrypt_words(f, work, start, x, n) : encrypt_long(f, work, start, x, n);
}
