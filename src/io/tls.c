/* TLS by OpenSSL on the socket itself: 1.2 and newer, no renegotiation, no compression, certificate and key from files.
 */
#include "io/io_in.h"

#include <errno.h>
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

/* ---- records on their way out ----
 * OpenSSL hands over one record at a time. While the pump writes they gather in the loop's buffer and go out by one
 * call of the system; what the socket does not take of them waits in `rest`, and goes before all that follows. */

enum { REST_MOST = 1 << 20 }; /* past a whole gathering there are only answers to a peer that reads nothing */

static ssize_t send_some(struct conn *c, const void *at, size_t len)
{
    ssize_t n = send(c->fd, at, len, MSG_NOSIGNAL);
    if (n >= 0)
        return n;
    return errno == EAGAIN || errno == EINTR ? -1 : -2;
}

static bool keep(struct conn *c, const void *at, size_t len)
{
    hs_buf_add(&c->rest, at, len);
    return !c->rest.failed;
}

static int bio_write(BIO *bio, const char *at, int len)
{
    struct conn *c = BIO_get_data(bio);
    struct loop *l = c->loop;
    BIO_clear_retry_flags(bio);
    if (c->gathering && (size_t)len <= SEALED - l->sealed_len) {
        memcpy(l->sealed + l->sealed_len, at, (size_t)len);
        l->sealed_len += (size_t)len;
        return len;
    }
    ssize_t n = -1;
    if (c->rest.len && c->rest.len < REST_MOST)
        n = keep(c, at, (size_t)len) ? len : -2;
    else if (!c->rest.len && !c->gathering)
        n = send_some(c, at, (size_t)len);
    if (n == -1)
        BIO_set_retry_write(bio);
    return n < 0 ? -1 : (int)n;
}

static long bio_control(BIO *bio, int command, long number, void *at)
{
    (void)bio;
    (void)number;
    (void)at;
    return command == BIO_CTRL_FLUSH;
}

static BIO_METHOD *method;

static void make_method(void)
{
    method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "gathered records");
    if (method && (BIO_meth_set_write(method, bio_write) != 1 || BIO_meth_set_ctrl(method, bio_control) != 1)) {
        BIO_meth_free(method);
        method = NULL;
    }
}

int tls_flush(struct conn *c)
{
    while (c->rest.len) {
        ssize_t n = send_some(c, c->rest.at, c->rest.len);
        if (n < 0)
            return (int)n;
        hs_buf_drop(&c->rest, (size_t)n);
        c->wrote_ms = c->moved_ms = loop_now(c->loop);
    }
    hs_buf_fini(&c->rest);
    return 1;
}

void tls_gather(struct conn *c)
{
    c->gathering = true;
    c->loop->sealed_len = 0;
}

bool tls_has_room(const struct conn *c)
{
    return SEALED - c->loop->sealed_len >= SEALED_RECORD;
}

int tls_send(struct conn *c)
{
    struct loop *l = c->loop;
    size_t at = 0;
    c->gathering = false;
    while (at < l->sealed_len) {
        ssize_t n = send_some(c, l->sealed + at, l->sealed_len - at);
        if (n == -2)
            return -2;
        if (n == -1)
            return keep(c, l->sealed + at, l->sealed_len - at) ? -1 : -2;
        at += (size_t)n;
    }
    return 1;
}

bool tls_begin(struct conn *c)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, make_method);
    hs_buf_init(&c->rest, REST_MOST + SEALED);
    c->ssl = listener_ssl(c->listener);
    BIO *in = c->ssl && method ? BIO_new_socket(c->fd, BIO_NOCLOSE) : NULL;
    BIO *out = in ? BIO_new(method) : NULL;
    if (!out) {
        BIO_free(in);
        return false;
    }
    BIO_set_data(out, c);
    BIO_set_init(out, 1);
    SSL_set0_rbio(c->ssl, in);
    SSL_set0_wbio(c->ssl, out);
    return true;
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
