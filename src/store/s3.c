/* S3, the part that reading needs: sizes, ranges, pages of names. An exchange that may succeed when it is done again is
 * done again, with growing pauses, a bounded number of times and for a bounded time; whatever is answered in the end is
 * exactly the bytes asked for, of the one version of the object that the ETag names, or an error. */
#include "base/alloc.h"
#include "base/clock.h"
#include "base/hash.h"
#include "store/store_in.h"

#include <pthread.h>
#include <stdio.h>
#include <time.h>

enum { PAUSE_MS = 50, PAUSE_MAX_MS = 3000, URL_MAX = 8192 };

static struct {
    char *scheme, *authority, *region;
    bool path_style;
    int retries, patience_ms;
    bool open;
} own;

static char *copy(hs_str text)
{
    return hs_strndup(text.at ? text.at : "", text.len);
}

/* "https://host:port", nothing behind it. */
static bool split_endpoint(hs_str text, hs_str *out_scheme, hs_str *out_authority)
{
    hs_str authority = text, scheme = hs_str_cut(&authority, ':');
    if (!(hs_str_is(scheme, "https") || hs_str_is(scheme, "http")) || !authority.at ||
        !hs_str_starts(authority, HS_S("//")))
        return false;
    authority = (hs_str){authority.at + 2, authority.len - 2};
    if (hs_str_ends(authority, HS_S("/")))
        authority.len--;
    for (size_t i = 0; i < authority.len; i++)
        if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.:[]", authority.at[i]))
            return false;
    *out_scheme = scheme;
    *out_authority = authority;
    return authority.len > 0;
}

static bool is_region(hs_str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (!strchr("abcdefghijklmnopqrstuvwxyz0123456789-", text.at[i]))
            return false;
    return text.len > 0 && text.len < 64;
}

hs_rc hs_s3_open(const struct hs_s3_settings *s, struct hs_err *err)
{
    char aws[128];
    hs_str scheme, authority;
    if (!is_region(hs_str_of(s->region)))
        return hs_fail(err, HS_INVALID, "'%s' is not the name of a region", s->region);
    snprintf(aws, sizeof aws, "https://s3.%s.amazonaws.com", s->region);
    if (!split_endpoint(hs_str_of(*s->endpoint ? s->endpoint : aws), &scheme, &authority))
        return hs_fail(err, HS_INVALID, "'%s' is not an S3 endpoint: https://host:port", s->endpoint);
    own.scheme = copy(scheme);
    own.authority = copy(authority);
    own.region = copy(hs_str_of(s->region));
    own.path_style = s->path_style;
    own.retries = s->retries;
    own.patience_ms = s->patience_ms;
    own.open = true;
    return own.scheme && own.authority && own.region ? HS_OK : hs_fail(err, HS_NOMEM, "out of memory");
}

void hs_s3_close(void)
{
    hs_free(own.scheme);
    hs_free(own.authority);
    hs_free(own.region);
    memset(&own, 0, sizeof own);
}

/* ---- one request ---- */

struct s3_request {
    struct hs_s3_uri uri;
    hs_str shown; /* for messages */
    const char *method;
    hs_str query, range, if_match;
    char *to;
    size_t room;
    struct hs_buf *text;
    const atomic_bool *gave_up;
    /* Is what came, with a good status, what was asked for? NULL: yes. */
    bool (*is_right)(const struct s3_request *q, const struct hs_http_answer *a);
    const struct hs_s3_facts *known;
    int64_t offset;
};

struct texts { /* url, host, path, headers */
    struct hs_buf url, host, path, headers;
};

static void texts_init(struct texts *t)
{
    hs_buf_init(&t->url, URL_MAX);
    hs_buf_init(&t->host, URL_MAX);
    hs_buf_init(&t->path, URL_MAX);
    hs_buf_init(&t->headers, 16384);
}

static void texts_fini(struct texts *t)
{
    hs_buf_fini(&t->url);
    hs_buf_fini(&t->host);
    hs_buf_fini(&t->path);
    hs_wipe(t->headers.at, t->headers.len);
    hs_buf_fini(&t->headers);
}

/* With a dot in its name a bucket fits no certificate of its host, so it goes into the path. */
static hs_rc address(const struct s3_request *q, struct texts *t, struct hs_err *err)
{
    bool in_path = own.path_style || memchr(q->uri.bucket.at, '.', q->uri.bucket.len);
    hs_buf_addc(&t->path, '/');
    if (in_path)
        hs_buf_addf(&t->path, "%.*s%s", HS_FMT(q->uri.bucket), q->uri.key.len ? "/" : "");
    else
        hs_buf_addf(&t->host, "%.*s.", HS_FMT(q->uri.bucket));
    hs_buf_addz(&t->host, own.authority);
    hs_add_uri_encoded(&t->path, q->uri.key, true);
    hs_buf_addf(&t->url, "%s://%.*s%.*s%s%.*s", own.scheme, HS_FMT(hs_buf_str(&t->host)), HS_FMT(hs_buf_str(&t->path)),
                q->query.len ? "?" : "", HS_FMT(q->query));
    HS_TRY(hs_buf_done(&t->host, err));
    HS_TRY(hs_buf_done(&t->path, err));
    return hs_buf_done(&t->url, err);
}

static hs_rc ask_once(const struct s3_request *q, struct hs_http_answer *out, uint64_t *out_version, struct hs_err *err)
{
    struct hs_keys keys;
    struct texts t;
    HS_TRY(hs_credentials_get(&keys, err));
    *out_version = keys.version;
    texts_init(&t);
    hs_rc rc = address(q, &t, err);
    if (rc == HS_OK) {
        struct hs_signed what = {hs_str_of(q->method), hs_buf_str(&t.host), hs_buf_str(&t.path), q->query, q->range,
                                 q->if_match};
        rc = hs_sigv4_headers(&t.headers, &what, &keys, hs_str_of(own.region), hs_wall_us(), err);
    }
    hs_wipe(&keys, sizeof keys);
    if (rc == HS_OK) {
        struct hs_http_request ask = {t.url.at, q->method, t.headers.at, q->to, q->room, q->text, q->gave_up};
        rc = hs_http_ask(&ask, out, err);
    }
    texts_fini(&t);
    return rc;
}

/* ---- again ---- */

enum verdict { GOOD, AGAIN, NEW_KEYS, BAD };

static bool code_is(const struct hs_http_answer *a, const char *code)
{
    return strcmp(a->code, code) == 0;
}

static enum verdict judge(const struct hs_http_answer *a)
{
    if (a->ended)
        return BAD;
    if (a->cut || a->status == 0)
        return AGAIN;
    if (a->status / 100 == 2)
        return GOOD;
    if (a->status == 429 || a->status >= 500 || code_is(a, "RequestTimeout") || code_is(a, "SlowDown"))
        return AGAIN;
    /* A HEAD has no words: any 401 or 403 may be keys that have ended. */
    if (a->status == 401 || a->status == 403 || code_is(a, "ExpiredToken") || code_is(a, "InvalidToken"))
        return NEW_KEYS;
    return BAD;
}

static bool pause_before(int tries, int64_t until_us, const atomic_bool *gave_up)
{
    uint32_t dice = 0;
    int64_t most = (int64_t)PAUSE_MS << (tries < 10 ? tries : 10);
    most = most < PAUSE_MAX_MS ? most : PAUSE_MAX_MS;
    if (hs_random(&dice, sizeof dice, NULL) != HS_OK)
        dice = 0;
    int64_t left_ms = most / 2 + dice % (uint32_t)(most / 2 + 1);
    while (left_ms > 0 && hs_mono_us() < until_us && !(gave_up && atomic_load(gave_up))) {
        struct timespec part = {0, (left_ms < 20 ? left_ms : 20) * 1000000};
        nanosleep(&part, NULL);
        left_ms -= 20;
    }
    return hs_mono_us() < until_us && !(gave_up && atomic_load(gave_up));
}

static hs_rc refused(const struct s3_request *q, const struct hs_http_answer *a, int tries, struct hs_err *err)
{
    if (a->ended)
        return hs_fail(err, HS_CANCELLED, "cancelled");
    if (a->status == 404)
        return hs_fail_hidden(err, HS_NOT_FOUND, "no such object: %.*s (%s)", HS_FMT(q->shown), a->code);
    if (a->status == 412)
        return hs_fail_hidden(err, HS_CONFLICT, "%.*s was replaced while it was read", HS_FMT(q->shown));
    return hs_fail_hidden(err, HS_UNAVAILABLE,
                          "the store: %s %.*s (%.*s): status %d %s %s, %zu bytes of %lld came (%lld-%lld/%lld), "
                          "after %d tries",
                          q->method, HS_FMT(q->shown), HS_FMT(q->range), a->status, a->code, a->trouble, a->got,
                          (long long)a->length, (long long)a->range_from, (long long)a->range_to,
                          (long long)a->range_total, tries);
}

/* A full answer with status 2xx (or 416), or an error. */
static hs_rc ask(const struct s3_request *q, struct hs_http_answer *out, struct hs_err *err)
{
    if (!own.open)
        return hs_fail_hidden(err, HS_UNSUPPORTED, "no object store is set up: %.*s", HS_FMT(q->shown));
    int64_t until_us = hs_mono_us() + own.patience_ms * INT64_C(1000);
    bool renewed = false;
    for (int tries = 1;; tries++) {
        uint64_t version;
        if (q->text)
            hs_buf_clear(q->text);
        HS_TRY(ask_once(q, out, &version, err));
        enum verdict verdict = judge(out);
        if (verdict == GOOD && q->is_right && !q->is_right(q, out))
            verdict = AGAIN; /* a wrong length may be a mishap of one connection */
        if (verdict == GOOD || (out->status == 416 && !out->cut))
            return HS_OK;
        bool more = verdict == AGAIN && tries <= own.retries;
        if (verdict == NEW_KEYS && !renewed)
            more = renewed = hs_credentials_stale(version);
        else if (more)
            more = pause_before(tries, until_us, q->gave_up);
        if (!more)
            return refused(q, out, tries, err);
    }
}

static hs_rc start(struct s3_request *q, hs_str uri, struct hs_err *err)
{
    q->shown = uri;
    return hs_s3_split(uri, &q->uri) ? HS_OK
                                     : hs_fail_hidden(err, HS_INVALID, "not an object's name: %.*s", HS_FMT(uri));
}

/* ---- what is asked ---- */

static hs_rc keep_etag(const struct s3_request *q, const struct hs_http_answer *a, struct hs_s3_facts *out,
                       struct hs_err *err)
{
    if (!a->etag[0])
        return hs_fail_hidden(err, HS_UNSUPPORTED, "the store gives no ETag for %.*s", HS_FMT(q->shown));
    memcpy(out->etag, a->etag, sizeof out->etag);
    return HS_OK;
}

hs_rc hs_s3_head(hs_str uri, struct hs_s3_facts *out, struct hs_err *err)
{
    struct s3_request q = {.method = "HEAD"};
    struct hs_http_answer a;
    HS_TRY(start(&q, uri, err));
    if (!q.uri.key.len)
        return hs_fail_hidden(err, HS_NOT_FOUND, "a bucket is no object: %.*s", HS_FMT(uri));
    HS_TRY(ask(&q, &a, err));
    if (a.length < 0)
        return hs_fail_hidden(err, HS_UNAVAILABLE, "the store does not say how long %.*s is", HS_FMT(uri));
    out->size = a.length;
    return keep_etag(&q, &a, out, err);
}

static bool other_etag(const struct s3_request *q, const struct hs_http_answer *a)
{
    return a->etag[0] && strcmp(a->etag, q->known->etag) != 0;
}

/* Whatever If-Match made of it: what came must say itself that it is what was asked for. */
static bool is_range(const struct s3_request *q, const struct hs_http_answer *a)
{
    int64_t len = (int64_t)q->room;
    bool whole = a->status == 200 && q->offset == 0 && len == q->known->size;
    bool part = a->status == 206 && a->range_from == q->offset && a->range_to == q->offset + len - 1 &&
                (a->range_total < 0 || a->range_total == q->known->size);
    if (other_etag(q, a))
        return true; /* of another version: that is no mishap, and the caller's to tell */
    return a->etag[0] && (whole || part) && a->got == q->room;
}

hs_rc hs_s3_range(hs_str uri, const struct hs_s3_facts *known, int64_t offset, size_t len, char *to,
                  const atomic_bool *gave_up, struct hs_err *err)
{
    char range[64];
    struct s3_request q = {.method = "GET", .to = to, .room = len, .gave_up = gave_up};
    struct hs_http_answer a;
    HS_TRY(start(&q, uri, err));
    if (!len)
        return HS_OK;
    snprintf(range, sizeof range, "bytes=%lld-%lld", (long long)offset, (long long)offset + (long long)len - 1);
    q.range = hs_str_of(range);
    q.if_match = hs_str_of(known->etag);
    q.known = known;
    q.offset = offset;
    q.is_right = is_range;
    HS_TRY(ask(&q, &a, err));
    if (a.status == 416 || other_etag(&q, &a))
        return hs_fail_hidden(err, HS_CONFLICT, "%.*s was replaced while it was read", HS_FMT(uri));
    return HS_OK;
}

/* How long the whole object is, as an answer to one of its ends says; -1: it does not. */
static int64_t size_of(const struct hs_http_answer *a)
{
    return a->status == 206 ? a->range_total : a->length;
}

static size_t wanted_of(const struct s3_request *q, int64_t size)
{
    return (uint64_t)size < q->room ? (size_t)size : q->room;
}

static bool is_begin(const struct s3_request *q, const struct hs_http_answer *a)
{
    int64_t size = size_of(a);
    bool from_first = a->status == 200 ? size == (int64_t)a->got : a->range_from == 0;
    return size >= 0 && from_first && a->got == wanted_of(q, size) &&
           (a->status == 200 || a->range_to == (int64_t)a->got - 1);
}

static bool is_end(const struct s3_request *q, const struct hs_http_answer *a)
{
    int64_t size = size_of(a);
    bool to_last = a->status == 200 ? size == (int64_t)a->got : a->range_to == size - 1;
    return size >= 0 && to_last && a->got == wanted_of(q, size) &&
           (a->status == 200 || a->range_from == size - (int64_t)a->got);
}

static hs_rc ask_end(struct s3_request *q, hs_str uri, const char *range, size_t *out_got, struct hs_s3_facts *out,
                     struct hs_err *err)
{
    struct hs_http_answer a;
    HS_TRY(start(q, uri, err));
    q->range = hs_str_of(range);
    HS_TRY(ask(q, &a, err));
    *out_got = a.got;
    if (a.status != 416) {
        out->size = size_of(&a);
        return keep_etag(q, &a, out, err);
    }
    *out_got = 0; /* no byte is there: it is empty; its ETag comes with a HEAD */
    HS_TRY(hs_s3_head(uri, out, err));
    return out->size == 0 ? HS_OK : hs_fail_hidden(err, HS_CONFLICT, "%.*s changes", HS_FMT(uri));
}

hs_rc hs_s3_begin(hs_str uri, char *to, size_t room, size_t *out_got, struct hs_s3_facts *out, struct hs_err *err)
{
    char range[64];
    struct s3_request q = {.method = "GET", .to = to, .room = room, .is_right = is_begin};
    snprintf(range, sizeof range, "bytes=0-%zu", room - 1);
    return ask_end(&q, uri, range, out_got, out, err);
}

hs_rc hs_s3_end(hs_str uri, char *to, size_t room, size_t *out_got, struct hs_s3_facts *out, struct hs_err *err)
{
    char range[64];
    struct s3_request q = {.method = "GET", .to = to, .room = room, .is_right = is_end};
    snprintf(range, sizeof range, "bytes=-%zu", room);
    return ask_end(&q, uri, range, out_got, out, err);
}

hs_rc hs_s3_page(hs_str bucket, hs_str query, struct hs_buf *text, struct hs_err *err)
{
    struct s3_request q = {.uri = {bucket, HS_S("")}, .shown = bucket, .method = "GET", .query = query, .text = text};
    struct hs_http_answer a;
    HS_TRY(ask(&q, &a, err));
    return a.status == 200 ? hs_buf_done(text, err)
                           : hs_fail_hidden(err, HS_UNAVAILABLE, "the store: a list with status %d", a.status);
}
