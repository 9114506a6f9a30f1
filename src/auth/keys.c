/* The key ring: a 0600 file of lines "key ID HEX", newest first, shared by all nodes. Rotation is adding a line at the
 * top; a line may go once nothing sealed under it can still be alive.
 *
 * A sealed text is: key id (4) | nonce (12) | ciphertext | tag (16), AES-256-GCM, with the purpose as additional data.
 */
#include "auth/keys_in.h"

#include "base/alloc.h"
#include "base/hash.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NONCE = 12, TAG = 16, PLAIN_MAX = 1 << 24 };

static bool from_hex(hs_str text, uint8_t *out, size_t len)
{
    if (text.len != 2 * len)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.at[i];
        int v = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
        if (v < 0)
            return false;
        out[i / 2] = (uint8_t)(i % 2 ? out[i / 2] | v : v << 4);
    }
    return true;
}

static hs_rc parse(struct hs_keys *k, hs_str text, const char *path, struct hs_err *err)
{
    int line = 0;
    while (text.len) {
        hs_str row = hs_str_trim(hs_str_cut(&text, '\n'));
        line++;
        if (!row.len || row.at[0] == '#')
            continue;
        hs_str word = hs_str_cut(&row, ' '), id = hs_str_cut(&row, ' ');
        struct hs_key *key = &k->at[k->count];
        if (k->count == HS_KEYS_MAX)
            return hs_fail(err, HS_INVALID, "%s: more than %d keys", path, HS_KEYS_MAX);
        if (!hs_str_is(word, "key") || !from_hex(id, key->id, HS_KEY_ID) || !from_hex(row, key->bytes, HS_KEY_BYTES))
            return hs_fail(err, HS_INVALID, "%s:%d: a line is 'key', 8 hex digits of id, 64 hex digits", path, line);
        k->count++;
    }
    return k->count ? HS_OK : hs_fail(err, HS_INVALID, "%s: holds no key", path);
}

static hs_rc make_file(const char *path, struct hs_err *err)
{
    struct hs_key key;
    HS_TRY(hs_random(&key, sizeof key, err));
    struct hs_buf text;
    hs_buf_init(&text, 4096);
    hs_buf_addz(&text, "# hailstorm key ring: newest first; keep it secret, back it up, share it between nodes\nkey ");
    hs_buf_add_hex(&text, key.id, HS_KEY_ID);
    hs_buf_addc(&text, ' ');
    hs_buf_add_hex(&text, key.bytes, HS_KEY_BYTES);
    hs_buf_addc(&text, '\n');
    hs_wipe(&key, sizeof key);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    bool ok = fd >= 0 && !text.failed && write(fd, text.at, text.len) == (ssize_t)text.len && fsync(fd) == 0;
    if (fd >= 0)
        close(fd);
    hs_wipe(text.at, text.len);
    hs_buf_fini(&text);
    return ok ? HS_OK : hs_fail(err, HS_UNAVAILABLE, "cannot write the key file %s", path);
}

hs_rc hs_keys_load(struct hs_keys *k, const char *path, struct hs_err *err)
{
    memset(k, 0, sizeof *k);
    if (access(path, F_OK) != 0)
        HS_TRY(make_file(path, err));
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) != 0) {
        if (fd >= 0)
            close(fd);
        return hs_fail(err, HS_UNAVAILABLE, "cannot read the key file %s", path);
    }
    char text[8192];
    ssize_t got = read(fd, text, sizeof text);
    close(fd);
    hs_rc rc;
    if (!S_ISREG(st.st_mode) || (st.st_mode & 077))
        rc = hs_fail(err, HS_INVALID, "the key file %s can be read by others; it must have mode 0600", path);
    else if (got < 0 || got == (ssize_t)sizeof text)
        rc = hs_fail(err, HS_INVALID, "the key file %s is too long or unreadable", path);
    else
        rc = parse(k, hs_str_n(text, (size_t)got), path, err);
    hs_wipe(text, sizeof text);
    if (rc == HS_OK)
        snprintf(k->current_id, sizeof k->current_id, "%02x%02x%02x%02x", k->at[0].id[0], k->at[0].id[1],
                 k->at[0].id[2], k->at[0].id[3]);
    return rc;
}

/* One pass of AES-256-GCM either way; `in`/`out` have the same length, tag is written or checked. */
static bool gcm(bool seal, const struct hs_key *key, const uint8_t *nonce, hs_str purpose, hs_str in, uint8_t *out,
                uint8_t *tag)
{
    EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
    int n = 0, m = 0;
    bool ok = c && EVP_CipherInit_ex(c, EVP_aes_256_gcm(), NULL, key->bytes, nonce, seal) &&
              EVP_CipherUpdate(c, NULL, &n, (const uint8_t *)purpose.at, (int)purpose.len) &&
              EVP_CipherUpdate(c, out, &n, (const uint8_t *)in.at, (int)in.len);
    if (ok && !seal)
        ok = EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_SET_TAG, TAG, tag) == 1;
    ok = ok && EVP_CipherFinal_ex(c, out + n, &m) == 1;
    if (ok && seal)
        ok = EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_GET_TAG, TAG, tag) == 1;
    EVP_CIPHER_CTX_free(c);
    return ok;
}

hs_rc hs_keys_seal(const struct hs_keys *k, hs_str purpose, hs_str plain, struct hs_buf *out, struct hs_err *err)
{
    if (plain.len > PLAIN_MAX)
        return hs_fail(err, HS_LIMIT, "too long to seal");
    uint8_t nonce[NONCE];
    HS_TRY(hs_random(nonce, sizeof nonce, err));
    hs_buf_add(out, k->at[0].id, HS_KEY_ID);
    hs_buf_add(out, nonce, NONCE);
    char *room = hs_buf_room(out, plain.len + TAG);
    HS_TRY(hs_buf_done(out, err));
    hs_str in = {plain.at ? plain.at : "", plain.len};
    if (!gcm(true, &k->at[0], nonce, purpose, in, (uint8_t *)room, (uint8_t *)room + plain.len))
        return hs_fail_hidden(err, HS_INTERNAL, "sealing failed");
    out->len += plain.len + TAG;
    return HS_OK;
}

hs_rc hs_keys_unseal(const struct hs_keys *k, hs_str purpose, hs_str sealed, struct hs_buf *out, struct hs_err *err)
{
    static const char WORDS[] = "the ticket or handle is not one of ours";
    if (sealed.len < HS_KEY_ID + NONCE + TAG || sealed.len > PLAIN_MAX + 64)
        return hs_fail(err, HS_INVALID, WORDS);
    const struct hs_key *key = NULL;
    for (size_t i = 0; i < k->count; i++)
        if (memcmp(k->at[i].id, sealed.at, HS_KEY_ID) == 0)
            key = &k->at[i];
    if (!key)
        return hs_fail(err, HS_INVALID, WORDS);
    const uint8_t *nonce = (const uint8_t *)sealed.at + HS_KEY_ID;
    size_t len = sealed.len - HS_KEY_ID - NONCE - TAG;
    uint8_t tag[TAG];
    memcpy(tag, sealed.at + sealed.len - TAG, TAG);
    char *room = hs_buf_room(out, len + 1);
    HS_TRY(hs_buf_done(out, err));
    if (!gcm(false, key, nonce, purpose, hs_str_n(nonce + NONCE, len), (uint8_t *)room, tag))
        return hs_fail(err, HS_INVALID, WORDS);
    out->len += len;
    out->at[out->len] = 0;
    return HS_OK;
}
