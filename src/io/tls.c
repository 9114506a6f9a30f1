/* TLS by OpenSSL on the socket itself: 1.2 and newer, no renegotiation, no compression, certificate and key from files.
 */
#include "io/io_in.h"

#include <openssl/err.h>
#include <openssl/x509.h>

static hs_rc fail(struct hs_err *err, const char *what, const char *file)
{
    char reason[256] = "unknown reason";
    unsigned long code = ERR_get_error();
    if (code)
        ERR_error_string_n(code, reason, sizeof reason);
    ERR_clear_error();
    return hs_fail(err, HS_INVALID, "%s %s: %s", what, file ? file : "", reason);
}

/* A client that names protocols and not ours would be misunderstood later: refused now. */
static int choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_len, const unsigned char *in,
                           unsigned int in_len, void *arg)
{
    (void)ssl;
    const char *ours = arg;
    size_t len = strlen(ours);
    for (unsigned int at = 0; at < in_len && at + 1 + in[at] <= in_len; at += 1u + in[at]) {
        if (in[at] == len && memcmp(in + at + 1, ours, len) == 0) {
            *out = in + at + 1;
            *out_len = in[at];
            return SSL_TLSEXT_ERR_OK;
        }
    }
    return SSL_TLSEXT_ERR_ALERT_FATAL;
}

static hs_rc set_up(SSL_CTX *ctx, const char *certificate, const char *key, const char *alpn, struct hs_err *err)
{
    if (SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) != 1)
        return fail(err, "TLS 1.2 is not available", NULL);
    SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE |
                                 SSL_OP_IGNORE_UNEXPECTED_EOF);
    SSL_CTX_set_mode(ctx,
                     SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF); /* tickets resume; the server keeps nothing */
    /* RFC 9113 section 9.2.2: authenticated ciphers with forward secrecy only. */
    if (SSL_CTX_set_cipher_list(ctx, "ECDHE+AESGCM:ECDHE+CHACHA20") != 1)
        return fail(err, "no cipher is available", NULL);
    if (SSL_CTX_use_certificate_chain_file(ctx, certificate) != 1)
        return fail(err, "cannot use the certificate", certificate);
    if (SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) != 1)
        return fail(err, "cannot use the key", key);
    if (SSL_CTX_check_private_key(ctx) != 1)
        return fail(err, "the key does not belong to the certificate", certificate);
    if (alpn)
        SSL_CTX_set_alpn_select_cb(ctx, choose_protocol, (void *)(uintptr_t)alpn);
    return HS_OK;
}

hs_rc tls_open(const char *certificate, const char *key, const char *alpn, SSL_CTX **out, struct hs_err *err)
{
    if (!key)
        return hs_fail(err, HS_INVALID, "a certificate needs its key file");
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    if (!ctx)
        return hs_fail(err, HS_NOMEM, "out of memory");
    hs_rc rc = set_up(ctx, certificate, key, alpn, err);
    if (rc == HS_OK)
        *out = ctx;
    else
        SSL_CTX_free(ctx);
    return rc;
}

/* -1: wait, with the wanted direction noted when it is the other one; -2: broken. */
static int judge(struct conn *c, int result, bool reading)
{
    int code = SSL_get_error(c->ssl, result);
    ERR_clear_error();
    if (code == SSL_ERROR_WANT_READ) {
        c->write_wants_read = !reading;
        return -1;
    }
    if (code == SSL_ERROR_WANT_WRITE) {
        c->read_wants_write = reading;
        return -1;
    }
    return code == SSL_ERROR_ZERO_RETURN ? 0 : -2;
}

int tls_handshake(struct conn *c)
{
    c->read_wants_write = c->write_wants_read = false;
    ERR_clear_error();
    int result = SSL_accept(c->ssl);
    if (result == 1)
        return 1;
    return judge(c, result, true) == -1 ? -1 : -2;
}

ssize_t tls_read(struct conn *c, void *at, size_t len)
{
    c->read_wants_write = false;
    ERR_clear_error();
    int result = SSL_read(c->ssl, at, len > INT32_MAX ? INT32_MAX : (int)len);
    return result > 0 ? result : judge(c, result, true);
}

ssize_t tls_write(struct conn *c, const void *at, size_t len)
{
    c->write_wants_read = false;
    ERR_clear_error();
    int result = SSL_write(c->ssl, at, len > INT32_MAX ? INT32_MAX : (int)len);
    if (result > 0)
        return result;
    return judge(c, result, false) == -1 ? -1 : -2;
}

void tls_goodbye(struct conn *c)
{
    ERR_clear_error();
    if (SSL_is_init_finished(c->ssl))
        SSL_shutdown(c->ssl); /* one alert; whether it arrives matters to nobody */
    ERR_clear_error();
}

bool tls_begin(struct conn *c)
{
    c->ssl = listener_ssl(c->listener);
    return c->ssl && SSL_set_fd(c->ssl, c->fd) == 1;
}

bool tls_has_protocol(const struct conn *c)
{
    const unsigned char *chosen;
    unsigned len;
    SSL_get0_alpn_selected(c->ssl, &chosen, &len);
    return len > 0;
}

/* RFC 5929 section 4.1: the certificate under the hash of its signature, SHA-256 in place of older ones. Signatures
 * that have no one hash (EdDSA) leave the binding undefined. */
void tls_end_point(struct conn *c)
{
    int hash = NID_undef;
    unsigned len = 0;
    X509 *certificate = SSL_get_certificate(c->ssl);
    c->end_point_len = 0;
    if (!certificate || X509_get_signature_info(certificate, &hash, NULL, NULL, NULL) != 1)
        return;
    if (hash == NID_md5 || hash == NID_sha1)
        hash = NID_sha256;
    const EVP_MD *digest = hash == NID_undef ? NULL : EVP_get_digestbynid(hash);
    if (digest && X509_digest(certificate, digest, c->end_point, &len) == 1)
        c->end_point_len = len;
    ERR_clear_error();
}
