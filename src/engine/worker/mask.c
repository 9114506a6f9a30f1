/* hs_mask_hmac(domain, text): a pseudonym under the key of that domain's masks. Keys came over the channel, never in
 * SQL, those of the statement's domains alone, and are wiped with the statement. */
#include "engine/worker/worker_in.h"
#include "base/alloc.h"
#include "base/fault.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

enum { BLOCK = 64, DIGEST = 32, SHOWN = 32 };

/* HMAC's two hashes with the padded key already in: a value costs two copies and two short updates. */
struct mask_key {
    hs_str domain; /* the plan's, which lives as long */
    EVP_MD_CTX *inner, *outer;
};

struct mask_keys {
    size_t count;
    struct mask_key at[];
};

static EVP_MD_CTX *start(const uint8_t key[BLOCK], uint8_t pad)
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

static bool pseudonym(const struct mask_key *k, EVP_MD_CTX *work, hs_str value, char out[SHOWN])
{
    static const char digits[] = "0123456789abcdef";
    uint8_t digest[DIGEST];
    if (!EVP_MD_CTX_copy_ex(work, k->inner) || !EVP_DigestUpdate(work, value.at, value.len) ||
        !EVP_DigestFinal_ex(work, digest, NULL) || !EVP_MD_CTX_copy_ex(work, k->outer) ||
        !EVP_DigestUpdate(work, digest, DIGEST) || !EVP_DigestFinal_ex(work, digest, NULL))
        return false;
    for (int i = 0; i < SHOWN / 2; i++) {
        out[2 * i] = digits[digest[i] >> 4];
        out[2 * i + 1] = digits[digest[i] & 15];
    }
    return true;
}

static bool put_null(duckdb_vector output, size_t row)
{
    duck()->vector_ensure_validity_writable(output);
    uint64_t *validity = duck()->vector_get_validity(output);
    validity[row >> 6] &= ~(UINT64_C(1) << (row & 63));
    return true;
}

static hs_str text_at(const struct cells *v, size_t row)
{
    const duckdb_string_t *s = (const duckdb_string_t *)v->data + row;
    uint32_t len = s->value.inlined.length;
    return hs_str_n(len <= 12 ? s->value.inlined.inlined : s->value.pointer.ptr, len);
}

static const struct mask_key *key_of(const struct mask_keys *k, hs_str domain)
{
    for (size_t i = 0; i < k->count; i++)
        if (hs_str_eq(k->at[i].domain, domain))
            return &k->at[i];
    return NULL;
}

static void mask_rows(duckdb_function_info info, duckdb_data_chunk input, duckdb_vector output)
{
    const struct mask_keys *keys = duck()->scalar_function_get_extra_info(info);
    struct cells domains = hs_cells_of(duck()->data_chunk_get_vector(input, 0));
    struct cells v = hs_cells_of(duck()->data_chunk_get_vector(input, 1));
    EVP_MD_CTX *work = EVP_MD_CTX_new();
    size_t rows = duck()->data_chunk_get_size(input);
    bool ok = work != NULL;
    for (size_t i = 0; ok && i < rows; i++) {
        char out[SHOWN];
        if (!hs_cell_valid(&v, i)) {
            put_null(output, i);
            continue;
        }
        const struct mask_key *k = key_of(keys, text_at(&domains, i));
        ok = k && pseudonym(k, work, text_at(&v, i), out);
        if (ok)
            duck()->vector_assign_string_element_len(output, i, out, SHOWN);
    }
    EVP_MD_CTX_free(work);
    if (!ok)
        duck()->scalar_function_set_error(info, "a mask could not be computed");
}

static hs_rc make_key(const struct hs_mask_key *from, struct mask_key *out, struct hs_err *err)
{
    uint8_t block[BLOCK] = {0};
    if (!from->key.len || from->key.len > BLOCK)
        return hs_fail_hidden(err, HS_INTERNAL, "a mask key of %zu bytes", from->key.len);
    if (hs_defence("mask-key"))
        memcpy(block, from->key.at, from->key.len);
    *out = (struct mask_key){from->domain, start(block, 0x36), start(block, 0x5c)};
    hs_wipe(block, sizeof block);
    return out->inner && out->outer ? HS_OK : hs_fail_hidden(err, HS_INTERNAL, "SHA-256 is not available");
}

static hs_rc make_keys(const struct hs_msg_run *run, struct mask_keys **out, struct hs_err *err)
{
    /* Reading a configuration file is neither needed nor possible here. */
    OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
    struct mask_keys *k = hs_calloc(1, sizeof *k + run->mask_key_count * sizeof *k->at);
    hs_rc rc = k ? HS_OK : hs_fail(err, HS_NOMEM, "out of memory");
    while (rc == HS_OK && k->count < run->mask_key_count) {
        rc = make_key(&run->mask_keys[k->count], &k->at[k->count], err);
        k->count++;
    }
    if (rc != HS_OK) {
        hs_mask_forget(k);
        return rc;
    }
    *out = k;
    return HS_OK;
}

hs_rc hs_mask_register(struct instance *i, const struct hs_msg_run *run, struct mask_keys **out, struct hs_err *err)
{
    HS_TRY(make_keys(run, out, err));
    duckdb_scalar_function f = duck()->create_scalar_function();
    duckdb_logical_type text = duck()->create_logical_type(DUCKDB_TYPE_VARCHAR);
    duck()->scalar_function_set_name(f, "hs_mask_hmac");
    duck()->scalar_function_add_parameter(f, text);
    duck()->scalar_function_add_parameter(f, text);
    duck()->scalar_function_set_return_type(f, text);
    duck()->scalar_function_set_extra_info(f, *out, NULL);
    duck()->scalar_function_set_function(f, mask_rows);
    bool ok = duck()->register_scalar_function(i->connection, f) == DuckDBSuccess;
    duck()->destroy_logical_type(&text);
    duck()->destroy_scalar_function(&f);
    return ok ? HS_OK : hs_fail_hidden(err, HS_INTERNAL, "hs_mask_hmac cannot be registered");
}

void hs_mask_forget(struct mask_keys *k)
{
    for (size_t i = 0; k && i < k->count; i++) {
        EVP_MD_CTX_free(k->at[i].inner); /* OpenSSL cleanses a digest's state when it frees it */
        EVP_MD_CTX_free(k->at[i].outer);
    }
    hs_free(k);
}
