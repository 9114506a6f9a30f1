/* The audit: JSON lines shaped after OCSF (category 6, Datastore Activity 6005), one chain a process. Each line holds
 * the SHA-256 of the line before it; every HEAD_EVERY lines and at the end a head line is signed with a derived key.
 * One thread writes: it takes whatever is queued, writes it with one write and one fdatasync (group commit), then tells
 * those who wait. A failed write breaks the audit for good: no call is served after it. */
#include "access/access_in.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/fault.h"
#include "base/hash.h"
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HEAD_EVERY = 1000, QUEUE_MAX = 65536, LINE_MAX_BYTES = 1 << 20 };

struct entry {
    struct entry *next;
    struct hs_buf text; /* the record without its chain fields: "{...", no closing brace */
    void (*done)(void *arg, bool failed);
    void *arg;
};

struct hs_audit {
    int fd;
    uint8_t key[32];
    hs_str key_id;
    uint8_t previous[32];
    int64_t sequence;
    pthread_t thread;
    bool started;
    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t news;
    struct entry *first, **last;
    size_t queued;
    bool stopping, broken;
};

/* ---- the writer ---- */

static void add_chain(struct hs_audit *a, struct hs_buf *line)
{
    a->sequence++;
    hs_buf_addf(line, ",\"sequence\":%lld,\"previous\":\"", (long long)a->sequence);
    hs_buf_add_hex(line, a->previous, 32);
    hs_buf_addc(line, '"');
}

static hs_rc end_line(struct hs_audit *a, struct hs_buf *line, struct hs_err *err)
{
    hs_buf_addc(line, '}');
    HS_TRY(hs_buf_done(line, err));
    HS_TRY(hs_sha256_once(hs_buf_str(line), a->previous, err));
    hs_buf_addc(line, '\n');
    return hs_buf_done(line, err);
}

static hs_rc chain(struct hs_audit *a, struct hs_buf *line, struct hs_err *err)
{
    add_chain(a, line);
    return end_line(a, line, err);
}

/* A head signs its own line up to the signature, and by `previous` everything before it: cutting the file's end shows.
 */
static hs_rc head_line(struct hs_audit *a, struct hs_buf *line, bool closing, struct hs_err *err)
{
    uint8_t mac[32];
    hs_buf_addf(line, "{\"key_id\":\"%.*s\",\"time\":\"", HS_FMT(a->key_id));
    hs_buf_add_time(line, hs_wall_us());
    hs_buf_addz(line, closing ? "\",\"closing\":true" : "\"");
    add_chain(a, line);
    HS_TRY(hs_buf_done(line, err));
    HS_TRY(hs_hmac_sha256(hs_str_n(a->key, 32), hs_buf_str(line), mac, err));
    hs_buf_addz(line, AUDIT_HEAD);
    hs_buf_add_hex(line, mac, 32);
    hs_buf_addc(line, '"');
    return end_line(a, line, err);
}

static hs_rc add_head(struct hs_audit *a, struct hs_buf *out, bool closing, struct hs_err *err)
{
    struct hs_buf line;
    hs_buf_init(&line, 4096);
    hs_rc rc = head_line(a, &line, closing, err);
    if (rc == HS_OK)
        hs_buf_adds(out, hs_buf_str(&line));
    hs_buf_fini(&line);
    return rc == HS_OK ? hs_buf_done(out, err) : rc;
}

static bool write_all(int fd, hs_str bytes)
{
    while (bytes.len) {
        ssize_t n = write(fd, bytes.at, bytes.len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        bytes.at += n;
        bytes.len -= (size_t)n;
    }
    return fdatasync(fd) == 0;
}

static bool write_batch(struct hs_audit *a, struct entry *list)
{
    struct hs_buf out;
    hs_buf_init(&out, (size_t)1 << 31);
    struct hs_err err;
    hs_rc rc = HS_OK;
    for (struct entry *e = list; e && rc == HS_OK; e = e->next) {
        rc = chain(a, &e->text, &err);
        if (rc == HS_OK)
            hs_buf_adds(&out, hs_buf_str(&e->text));
        if (rc == HS_OK && a->sequence % HEAD_EVERY == 0)
            rc = add_head(a, &out, false, &err);
    }
    bool ok = rc == HS_OK && !out.failed && write_all(a->fd, hs_buf_str(&out));
    hs_buf_fini(&out);
    return ok;
}

static void free_entry(struct entry *e)
{
    hs_buf_fini(&e->text);
    hs_free(e);
}

static struct entry *take_all(struct hs_audit *a, bool *out_stop)
{
    pthread_mutex_lock(&a->lock);
    while (!a->first && !a->stopping)
        pthread_cond_wait(&a->news, &a->lock);
    struct entry *list = a->first;
    a->first = NULL;
    a->last = &a->first;
    a->queued = 0;
    *out_stop = a->stopping && !list;
    pthread_mutex_unlock(&a->lock);
    return list;
}

static void *writer(void *arg)
{
    struct hs_audit *a = arg;
    for (;;) {
        bool stop;
        struct entry *list = take_all(a, &stop);
        if (stop)
            return NULL;
        bool ok = (!hs_audit_broken(a) && write_batch(a, list)) || !hs_defence("audit-written");
        if (!ok) {
            pthread_mutex_lock(&a->lock);
            a->broken = true;
            pthread_mutex_unlock(&a->lock);
            hs_log(HS_LOG_ERROR, "audit cannot be written", "consequence", "no data is served", NULL);
        }
        while (list) {
            struct entry *e = list;
            list = e->next;
            if (e->done)
                e->done(e->arg, !ok);
            free_entry(e);
        }
    }
}

/* ---- open and close ---- */

/* The last line that ends in a newline; what a killed process wrote of another does not count. */
static hs_str last_line(hs_str text)
{
    while (text.len && text.at[text.len - 1] != '\n')
        text.len--;
    text.len -= text.len > 0;
    size_t begin = text.len;
    while (begin && text.at[begin - 1] != '\n')
        begin--;
    return (hs_str){text.at + begin, text.len - begin};
}

/* The chain of an earlier process goes on in this one: our first line holds the hash of its last whole line, so that a
 * file taken away later is missed. The first chain of a directory begins with zeros. */
static hs_rc follow(struct hs_audit *a, hs_str directory, struct hs_err *err)
{
    struct hs_arena *arena = hs_arena_new(0);
    hs_str *names, text = {0}, path;
    size_t count = 0;
    int64_t size = 0;
    hs_rc rc = arena ? hs_store_list(arena, directory, &names, &count, err) : hs_fail(err, HS_NOMEM, "out of memory");
    while (rc == HS_OK && count && !text.len) {
        hs_str name = names[--count];
        path = hs_arena_printf(arena, "%.*s/%.*s", HS_FMT(directory), HS_FMT(name));
        if (!hs_str_ends(name, HS_S(".jsonl")))
            continue;
        rc = hs_store_size(path, &size, err);
        size_t tail = size < 2 * LINE_MAX_BYTES ? (size_t)size : 2 * LINE_MAX_BYTES;
        if (rc == HS_OK && tail)
            rc = hs_store_read_range(arena, path, -(int64_t)tail, tail, &text, err);
        text = last_line(text);
    }
    if (rc == HS_OK && text.len)
        rc = hs_sha256_once(text, a->previous, err);
    hs_arena_free(arena);
    return rc;
}

static hs_rc open_file(struct hs_audit *a, hs_str directory, struct hs_err *err)
{
    char path[4200];
    if (snprintf(path, sizeof path, "%.*s", HS_FMT(directory)) >= 4096)
        return hs_fail(err, HS_INVALID, "the audit directory's name is too long");
    if (mkdir(path, 0700) != 0 && errno != EEXIST)
        return hs_fail(err, HS_UNAVAILABLE, "cannot make the audit directory %s", path);
    HS_TRY(follow(a, directory, err));
    size_t used = strlen(path);
    snprintf(path + used, sizeof path - used, "/%020lld-%d.jsonl", (long long)hs_wall_us(), (int)getpid());
    a->fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600);
    if (a->fd < 0 || flock(a->fd, LOCK_EX | LOCK_NB) != 0) /* held while we live: `audit verify` asks */
        return hs_fail(err, HS_UNAVAILABLE, "cannot write the audit file %s", path);
    return HS_OK;
}

hs_rc hs_audit_open(hs_str directory, struct hs_auth *auth, struct hs_audit **out, struct hs_err *err)
{
    struct hs_audit *a = hs_calloc(1, sizeof *a);
    if (!a)
        return hs_fail(err, HS_NOMEM, "out of memory");
    a->fd = -1;
    a->last = &a->first;
    pthread_mutex_init(&a->lock, NULL);
    pthread_cond_init(&a->news, NULL);
    hs_rc rc = hs_auth_derive(auth, HS_S("audit"), a->key, &a->key_id, err);
    if (rc == HS_OK)
        rc = open_file(a, directory, err);
    if (rc == HS_OK && pthread_create(&a->thread, NULL, writer, a) != 0)
        rc = hs_fail(err, HS_UNAVAILABLE, "cannot start the audit's thread");
    if (rc != HS_OK) {
        hs_audit_close(a);
        return rc;
    }
    a->started = true;
    *out = a;
    return HS_OK;
}

void hs_audit_close(struct hs_audit *a)
{
    if (!a)
        return;
    if (a->started) {
        pthread_mutex_lock(&a->lock);
        a->stopping = true;
        pthread_cond_broadcast(&a->news);
        pthread_mutex_unlock(&a->lock);
        pthread_join(a->thread, NULL);
        struct hs_buf head;
        hs_buf_init(&head, 8192);
        if (!a->broken && (add_head(a, &head, true, NULL) != HS_OK || !write_all(a->fd, hs_buf_str(&head))))
            hs_log(HS_LOG_ERROR, "audit head cannot be written", NULL);
        hs_buf_fini(&head);
    }
    if (a->fd >= 0)
        close(a->fd);
    hs_wipe(a->key, sizeof a->key);
    pthread_cond_destroy(&a->news);
    pthread_mutex_destroy(&a->lock);
    hs_free(a);
}

bool hs_audit_broken(struct hs_audit *a)
{
    pthread_mutex_lock(&a->lock);
    bool broken = a->broken;
    pthread_mutex_unlock(&a->lock);
    return broken || hs_fault("audit-broken");
}

/* ---- records ---- */

static void add_pair(struct hs_buf *b, const char *key, hs_str value)
{
    hs_buf_addf(b, "\"%s\":", key);
    hs_buf_add_json(b, value);
}

static void add_tables(struct hs_buf *b, const struct hs_call *c)
{
    hs_buf_addz(b, ",\"tables\":[");
    for (size_t i = 0; i < c->opened_count; i++) {
        const struct opened *o = &c->opened[i];
        hs_buf_addz(b, i ? ",{" : "{");
        add_pair(b, "product", o->table->product->id);
        hs_buf_addc(b, ',');
        add_pair(b, "name", o->table->name);
        if (!o->pin.empty)
            hs_buf_addf(b, ",\"snapshot_id\":%lld", (long long)o->pin.snapshot_id);
        if (o->decision) {
            hs_buf_addz(b, ",\"decision\":\"");
            hs_buf_add_hex(b, o->decision->digest, 32);
            hs_buf_addc(b, '"');
        }
        hs_buf_addc(b, '}');
    }
    hs_buf_addc(b, ']');
}

/* The statement goes in as a digest: its text may hold values. */
static void add_statement(struct hs_buf *b, hs_str sql)
{
    uint8_t digest[32];
    if (hs_sha256_once(sql, digest, NULL) != HS_OK)
        memset(digest, 0, sizeof digest);
    hs_buf_addz(b, ",\"statement_sha256\":\"");
    hs_buf_add_hex(b, digest, 32);
    hs_buf_addc(b, '"');
}

static void add_end(struct hs_buf *b, const struct audit_record *r)
{
    if (strcmp(r->phase, "outcome") == 0)
        hs_buf_addf(b, ",\"rows\":%lld,\"bytes\":%lld", (long long)r->call->rows, (long long)r->call->bytes);
    if (strcmp(r->phase, "intent") == 0)
        return;
    hs_buf_addf(b, ",\"status\":\"%s\",\"status_id\":%d", r->err ? "Failure" : "Success", r->err ? 2 : 1);
    if (r->err) {
        hs_buf_addf(b, ",\"status_code\":\"%s\",", hs_kind_name(r->err->kind));
        add_pair(b, "status_detail", hs_str_of(r->err->shown)); /* detail may hold cells */
    }
}

/* "00-TRACE-SPAN-FLAGS": the door has checked its form. */
static void add_client(struct hs_buf *b, const struct hs_call *c)
{
    hs_str rest = c->trace;
    hs_str_cut(&rest, '-');
    hs_str trace = rest.at ? hs_str_cut(&rest, '-') : (hs_str){0},
           span = rest.at ? hs_str_cut(&rest, '-') : (hs_str){0};
    if (c->agent.len) {
        hs_buf_addz(b, "\"http_request\":{");
        add_pair(b, "user_agent", c->agent);
        hs_buf_addz(b, "},");
    }
    if (span.at) {
        hs_buf_addz(b, "\"trace\":{");
        add_pair(b, "uid", trace);
        hs_buf_addz(b, ",\"span\":{");
        add_pair(b, "uid", span);
        hs_buf_addz(b, "}},");
    }
}

static void render(struct hs_buf *b, const struct audit_record *r)
{
    const struct hs_call *c = r->call;
    bool query = c->sql.len > 0;
    hs_buf_addf(b, "{\"class_uid\":6005,\"category_uid\":6,\"activity_id\":%d,\"type_uid\":%d,\"severity_id\":1,",
                query ? 4 : 8, query ? 600504 : 600508);
    hs_buf_addf(b, "\"time\":%lld,", (long long)(hs_wall_us() / 1000));
    hs_buf_addf(b, "\"phase\":\"%s\",\"metadata\":{\"product\":{\"name\":\"hailstorm\"},\"version\":\"1.3.0\",",
                r->phase);
    add_pair(b, "correlation_uid", c->request_id);
    hs_buf_addz(b, "},\"actor\":{\"user\":{");
    add_pair(b, "name", c->name);
    hs_buf_addz(b, "}},\"src_endpoint\":{");
    add_pair(b, "ip", c->peer);
    hs_buf_addz(b, "},");
    add_client(b, c);
    add_pair(b, "door", hs_str_of(c->door));
    hs_buf_addc(b, ',');
    add_pair(b, "purpose", c->purpose);
    hs_buf_addc(b, ',');
    add_pair(b, "policy_version", c->generation->model->version_text);
    if (query)
        add_statement(b, c->sql);
    add_tables(b, c);
    add_end(b, r);
}

hs_rc hs_audit_write_later(struct hs_audit *a, const struct audit_record *r, void (*done)(void *arg, bool failed),
                           void *arg, struct hs_err *err)
{
    struct entry *e = hs_calloc(1, sizeof *e);
    if (e) {
        hs_buf_init(&e->text, LINE_MAX_BYTES);
        render(&e->text, r);
        e->done = done;
        e->arg = arg;
    }
    hs_rc rc = !e ? hs_fail(err, HS_NOMEM, "out of memory") : hs_buf_done(&e->text, err);
    pthread_mutex_lock(&a->lock);
    if (rc == HS_OK && (a->broken || a->stopping || a->queued >= QUEUE_MAX))
        rc = hs_fail(err, HS_UNAVAILABLE, "the audit cannot be written");
    if (rc == HS_OK) {
        *a->last = e;
        a->last = &e->next;
        a->queued++;
        pthread_cond_signal(&a->news);
    }
    pthread_mutex_unlock(&a->lock);
    if (rc != HS_OK && e)
        free_entry(e);
    return rc;
}

struct waiter {
    pthread_mutex_t lock;
    pthread_cond_t news;
    bool done, failed;
};

static void waited(void *arg, bool failed)
{
    struct waiter *w = arg;
    pthread_mutex_lock(&w->lock);
    w->done = true;
    w->failed = failed;
    pthread_cond_signal(&w->news);
    pthread_mutex_unlock(&w->lock);
}

hs_rc hs_audit_write(struct hs_audit *a, const struct audit_record *r, struct hs_err *err)
{
    struct waiter w = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false, false};
    HS_TRY(hs_audit_write_later(a, r, waited, &w, err));
    pthread_mutex_lock(&w.lock);
    while (!w.done)
        pthread_cond_wait(&w.news, &w.lock);
    pthread_mutex_unlock(&w.lock);
    pthread_mutex_destroy(&w.lock);
    pthread_cond_destroy(&w.news);
    return w.failed ? hs_fail(err, HS_UNAVAILABLE, "the audit cannot be written; nothing was read") : HS_OK;
}
