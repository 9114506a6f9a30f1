/* The first question about an object is asked once, however many threads want it at that moment: they wait for who came
 * first, and what it ends with is their answer, too. */
#include "base/alloc.h"
#include "store/cache_in.h"

#include <pthread.h>

struct contact {
    struct contact *next;
    hs_str uri; /* of who asks; while linked */
    int refs;
    bool done;
    hs_rc rc;
    struct hs_err err;
};

/* A footer is looked for in the last 64 KiB, which begin in the middle of a block. */
enum { MANIFEST_BYTES = 256 << 10, FOOTER_BYTES = (64 << 10) + HS_BLOCK };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* taken before the cache's */
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static struct contact *contacts;

/* ---- the question ---- */

/* Size and ETag come by a HEAD where only they are news, else with the last bytes: that is where a Parquet file's
 * footer is, and a manifest is seldom longer. */
static size_t end_bytes(hs_str uri)
{
    return hs_str_ends(uri, HS_S(".avro")) ? MANIFEST_BYTES : FOOTER_BYTES;
}

static hs_rc ask_facts(hs_str uri, bool seen, char *end, size_t *out_got, struct hs_s3_facts *out, struct hs_err *err)
{
    *out_got = 0;
    hs_rc rc = seen ? hs_s3_head(uri, out, err) : hs_s3_end(uri, end, end_bytes(uri), out_got, out, err);
    if (rc == HS_NOT_FOUND) /* a table's metadata names it: so its files are not what they should be */
        return hs_fail_hidden(err, HS_CORRUPT, "missing object: %.*s", HS_FMT(uri));
    return rc;
}

static hs_rc ask(hs_str uri, struct hs_object **out, struct hs_err *err)
{
    struct hs_s3_facts facts;
    size_t got;
    bool seen = hs_cache_has_seen(uri);
    char *end = seen ? NULL : hs_malloc(end_bytes(uri));
    hs_rc rc = seen || end ? ask_facts(uri, seen, end, &got, &facts, err) : hs_fail(err, HS_NOMEM, "out of memory");
    if (rc == HS_OK && (facts.size > HS_OBJECT_BYTES_MAX || uri.len > HS_OBJECT_URI))
        rc = hs_fail_hidden(err, HS_UNSUPPORTED, "an object of %lld bytes: %.*s", (long long)facts.size, HS_FMT(uri));
    if (rc == HS_OK && !(*out = hs_cache_take(uri, &facts)))
        rc = hs_fail(err, HS_NOMEM, "out of memory");
    if (rc == HS_OK && got)
        hs_object_keep_end(*out, end, got);
    hs_free(end);
    return rc;
}

/* ---- who asks it ---- */

static struct contact *contact_of(hs_str uri)
{
    struct contact *c = contacts;
    while (c && !hs_str_eq(c->uri, uri))
        c = c->next;
    return c;
}

static void let_go(struct contact *c)
{
    if (--c->refs == 0)
        hs_free(c);
}

static struct contact *begin(hs_str uri)
{
    struct contact *c = hs_calloc(1, sizeof *c);
    if (!c)
        return NULL;
    c->uri = uri;
    c->refs = 1;
    c->next = contacts;
    contacts = c;
    return c;
}

static void end(struct contact *c, hs_rc rc, const struct hs_err *err)
{
    struct contact **at = &contacts;
    pthread_mutex_lock(&lock);
    while (*at != c)
        at = &(*at)->next;
    *at = c->next;
    c->done = true;
    c->rc = rc;
    c->err = *err;
    let_go(c);
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

static hs_rc wait_for(struct contact *c, struct hs_err *err)
{
    c->refs++;
    while (!c->done)
        pthread_cond_wait(&changed, &lock);
    hs_rc rc = c->rc;
    *err = c->err;
    let_go(c);
    return rc;
}

static hs_rc open_as_first(hs_str uri, struct contact *c, struct hs_object **out, struct hs_err *err)
{
    hs_rc rc = ask(uri, out, err);
    end(c, rc, err);
    return rc;
}

hs_rc hs_object_open(hs_str uri, struct hs_object **out, struct hs_err *err)
{
    struct contact *other, *mine = NULL;
    struct hs_err told;
    hs_rc rc = HS_OK;
    bool known;
    hs_err_clear(&told);
    pthread_mutex_lock(&lock);
    while (!(known = hs_cache_take_known(uri, out)) && rc == HS_OK && (other = contact_of(uri)))
        rc = wait_for(other, &told);
    bool first = !known && rc == HS_OK;
    if (first)
        mine = begin(uri);
    pthread_mutex_unlock(&lock);
    if (known)
        return HS_OK;
    if (first)
        rc = mine ? open_as_first(uri, mine, out, &told) : hs_fail(&told, HS_NOMEM, "out of memory");
    if (rc != HS_OK && err)
        *err = told;
    return rc;
}
