/* One HTTP exchange at a time on a connection that is kept for the next one. What the other side says is bounded before
 * it is kept: a body goes into room of a known size, an error's body is looked at for its code alone. No redirect is
 * followed, no proxy or .netrc of the environment is used, certificates are checked. */
#include "base/alloc.h"
#include "store/store_in.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

enum { HANDLES_MAX = 64, CONNECT_MS = 5000, SLOW_BYTES = 1024, ERROR_MAX = 4096, RECEIVE_BYTES = 512 << 10 };

struct handle {
    struct handle *next;
    CURL *curl;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static struct {
    struct handle *idle;
    int made, timeout_ms;
    char *ca_file;
    bool open;
} own;

hs_rc hs_http_open(const char *ca_file, int timeout_ms, struct hs_err *err)
{
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return hs_fail(err, HS_INTERNAL, "libcurl does not start");
    own.open = true;
    own.timeout_ms = timeout_ms;
    own.ca_file = *ca_file ? hs_strndup(ca_file, strlen(ca_file)) : NULL;
    return *ca_file && !own.ca_file ? hs_fail(err, HS_NOMEM, "out of memory") : HS_OK;
}

void hs_http_close(void)
{
    if (!own.open)
        return;
    while (own.idle) {
        struct handle *h = own.idle;
        own.idle = h->next;
        curl_easy_cleanup(h->curl);
        hs_free(h);
    }
    hs_free(own.ca_file);
    own.ca_file = NULL;
    own.made = 0;
    own.open = false;
    curl_global_cleanup();
}

/* ---- connections ---- */

static struct handle *new_handle(void)
{
    struct handle *h = hs_calloc(1, sizeof *h);
    if (h && !(h->curl = curl_easy_init())) {
        hs_free(h);
        return NULL;
    }
    return h;
}

static struct handle *take_handle(void)
{
    pthread_mutex_lock(&lock);
    while (!own.idle && own.made >= HANDLES_MAX)
        pthread_cond_wait(&changed, &lock);
    struct handle *h = own.idle;
    if (h)
        own.idle = h->next;
    else
        own.made++;
    pthread_mutex_unlock(&lock);
    if (!h && !(h = new_handle())) {
        pthread_mutex_lock(&lock);
        own.made--;
        pthread_mutex_unlock(&lock);
    }
    return h;
}

static void give_handle(struct handle *h)
{
    pthread_mutex_lock(&lock);
    h->next = own.idle;
    own.idle = h;
    pthread_cond_signal(&changed);
    pthread_mutex_unlock(&lock);
}

/* ---- what comes back ---- */

struct exchange {
    const struct hs_http_request *ask;
    struct hs_http_answer *answer;
    char error[ERROR_MAX + 1];
    size_t error_len;
    bool no_memory;
};

static bool header_is(hs_str line, const char *name, hs_str *out)
{
    size_t n = strlen(name);
    if (line.len <= n || line.at[n] != ':' || !hs_str_eq_nocase((hs_str){line.at, n}, hs_str_of(name)))
        return false;
    *out = hs_str_trim((hs_str){line.at + n + 1, line.len - n - 1});
    return true;
}

/* "bytes 0-99/1000", "bytes * /1000" (without the blank) */
static void take_range(hs_str text, struct hs_http_answer *a)
{
    if (!hs_str_starts(text, HS_S("bytes ")))
        return;
    hs_str total = {text.at + 6, text.len - 6}, range = hs_str_cut(&total, '/'), to = range,
           from = hs_str_cut(&to, '-');
    int64_t n;
    if (total.at && hs_str_to_i64(total, &n) && n >= 0)
        a->range_total = n;
    if (to.at && hs_str_to_i64(from, &n) && n >= 0)
        a->range_from = n;
    if (to.at && hs_str_to_i64(to, &n) && n >= 0)
        a->range_to = n;
}

static size_t on_header(char *at, size_t size, size_t count, void *arg)
{
    struct hs_http_answer *a = ((struct exchange *)arg)->answer;
    hs_str line = hs_str_trim((hs_str){at, size * count}), value;
    int64_t n;
    if (hs_str_starts(line, HS_S("HTTP/"))) { /* after a "100 Continue" it begins anew */
        a->length = a->range_from = a->range_to = a->range_total = -1;
        a->etag[0] = 0;
        long status = line.len > 12 ? strtol(line.at + 9, NULL, 10) : 0;
        a->status = status > 99 && status < 600 ? (int)status : 0;
    } else if (header_is(line, "content-length", &value) && hs_str_to_i64(value, &n) && n >= 0) {
        a->length = n;
    } else if (header_is(line, "content-range", &value)) {
        take_range(value, a);
    } else if (header_is(line, "etag", &value) && value.len < sizeof a->etag) {
        snprintf(a->etag, sizeof a->etag, "%.*s", HS_FMT(value));
    }
    return size * count;
}

static size_t on_body(char *at, size_t size, size_t count, void *arg)
{
    struct exchange *x = arg;
    size_t len = size * count;
    if (x->answer->status / 100 != 2) {
        size_t room = ERROR_MAX - x->error_len, part = len < room ? len : room;
        memcpy(x->error + x->error_len, at, part);
        x->error_len += part;
        return len;
    }
    if (x->ask->text) {
        hs_buf_add(x->ask->text, at, len);
        x->no_memory = x->ask->text->failed;
        return x->no_memory ? 0 : len;
    }
    if (len > x->ask->room - x->answer->got) { /* more than was asked for */
        x->answer->cut = true;
        return 0;
    }
    memcpy(x->ask->to + x->answer->got, at, len);
    x->answer->got += len;
    return len;
}

static int on_progress(void *arg, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    const struct exchange *x = arg;
    (void)a, (void)b, (void)c, (void)d;
    return x->ask->gave_up && atomic_load(x->ask->gave_up);
}

static void take_code(struct exchange *x)
{
    x->error[x->error_len] = 0;
    const char *from = strstr(x->error, "<Code>"), *to = from ? strstr(from, "</Code>") : NULL;
    if (to && to - from - 6 < (int)sizeof x->answer->code)
        snprintf(x->answer->code, sizeof x->answer->code, "%.*s", (int)(to - from - 6), from + 6);
}

/* ---- the exchange ---- */

static struct curl_slist *header_list(const char *lines)
{
    struct curl_slist *list = NULL;
    hs_str rest = hs_str_of(lines);
    char line[5000];
    while (rest.at && rest.len) {
        hs_str one = hs_str_cut(&rest, '\n');
        struct curl_slist *longer = NULL;
        if (snprintf(line, sizeof line, "%.*s", HS_FMT(one)) < (int)sizeof line)
            longer = curl_slist_append(list, line);
        hs_wipe(line, sizeof line);
        if (!longer) {
            curl_slist_free_all(list);
            return NULL;
        }
        list = longer;
    }
    return list;
}

static void prepare(CURL *c, const struct hs_http_request *q, struct curl_slist *headers, struct exchange *x,
                    char words[CURL_ERROR_SIZE])
{
    long slow_s = own.timeout_ms / 1000 < 10 ? own.timeout_ms / 1000 : 10;
    curl_easy_reset(c); /* settings only: connections stay */
    curl_easy_setopt(c, CURLOPT_URL, q->url);
    curl_easy_setopt(c, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(c, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(c, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    curl_easy_setopt(c, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(c, CURLOPT_NOBODY, strcmp(q->method, "HEAD") == 0 ? 1L : 0L);
    curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(c, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, (long)(own.timeout_ms < CONNECT_MS ? own.timeout_ms : CONNECT_MS));
    curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, (long)own.timeout_ms);
    curl_easy_setopt(c, CURLOPT_LOW_SPEED_LIMIT, (long)SLOW_BYTES);
    curl_easy_setopt(c, CURLOPT_LOW_SPEED_TIME, slow_s > 0 ? slow_s : 1L);
    curl_easy_setopt(c, CURLOPT_BUFFERSIZE, (long)RECEIVE_BYTES);
    curl_easy_setopt(c, CURLOPT_ERRORBUFFER, words);
    curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(c, CURLOPT_HEADERDATA, x);
    curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(c, CURLOPT_WRITEDATA, x);
    curl_easy_setopt(c, CURLOPT_NOPROGRESS, q->gave_up ? 0L : 1L);
    curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl_easy_setopt(c, CURLOPT_XFERINFODATA, x);
    if (own.ca_file)
        curl_easy_setopt(c, CURLOPT_CAINFO, own.ca_file);
}

static hs_rc perform(struct handle *h, const struct hs_http_request *q, struct curl_slist *headers,
                     struct hs_http_answer *out, struct hs_err *err)
{
    char words[CURL_ERROR_SIZE] = "";
    struct exchange x = {.ask = q, .answer = out};
    prepare(h->curl, q, headers, &x, words);
    CURLcode rc = curl_easy_perform(h->curl);
    take_code(&x);
    if (x.no_memory)
        return hs_fail_hidden(err, HS_LIMIT, "an answer of the store is longer than %zu bytes", q->text->max);
    if (rc != CURLE_OK) {
        snprintf(out->trouble, sizeof out->trouble, "%s", words[0] ? words : curl_easy_strerror(rc));
        out->ended = rc == CURLE_ABORTED_BY_CALLBACK;
        out->cut = true;
    }
    return HS_OK;
}

hs_rc hs_http_ask(const struct hs_http_request *q, struct hs_http_answer *out, struct hs_err *err)
{
    *out = (struct hs_http_answer){.length = -1, .range_from = -1, .range_to = -1, .range_total = -1};
    struct curl_slist *headers = header_list(q->headers);
    struct handle *h = headers ? take_handle() : NULL;
    hs_rc rc = h ? perform(h, q, headers, out, err) : hs_fail(err, HS_NOMEM, "out of memory");
    if (h)
        give_handle(h);
    curl_slist_free_all(headers);
    return rc;
}
