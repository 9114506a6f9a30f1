/* A table's objects by the name that hs_store_resolve gave them: a path on this machine, or "s3://bucket/key". What is
 * never given other bytes (data files, manifests) comes by way of the cache; what may change (metadata, the hint,
 * lists) is asked for each time. */
#include "store/gateway.h"
#include "store/store_in.h"

#include "base/alloc.h"
#include "base/hash.h"

#include <pthread.h>

enum { FIRST_BYTES = 1 << 20, PART = 8 << 20 };

/* Threads, connections and the cache's directory are made when the first remote name is read: who has his tables on
 * disk pays for nothing. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct {
    bool open;
    atomic_bool ready;
    char *ca_file, *cache_directory;
    int answer_ms;
    int64_t cache_bytes;
} own;

hs_rc hs_store_open(const struct hs_store_settings *s, struct hs_err *err)
{
    struct hs_s3_settings s3 = {s->s3_endpoint, s->s3_region, s->s3_path_style, s->retries, s->patience_ms};
    own.open = true;
    own.answer_ms = s->answer_ms;
    own.cache_bytes = s->cache_bytes;
    own.ca_file = hs_strndup(s->ca_file, strlen(s->ca_file));
    own.cache_directory = hs_strndup(s->cache_directory, strlen(s->cache_directory));
    if (!own.ca_file || !own.cache_directory)
        return hs_fail(err, HS_NOMEM, "out of memory");
    HS_TRY(hs_credentials_open(s->credential_file, s->credential_command, err));
    return hs_s3_open(&s3, err);
}

void hs_store_close(void)
{
    if (!own.open)
        return;
    hs_gateways_close();
    hs_cache_close();
    hs_s3_close();
    hs_http_close();
    hs_credentials_close();
    hs_free(own.ca_file);
    hs_free(own.cache_directory);
    own.ca_file = own.cache_directory = NULL;
    atomic_store(&own.ready, false);
    own.open = false;
}

static hs_rc open_all(struct hs_err *err)
{
    hs_rc rc = hs_http_open(own.ca_file, own.answer_ms, err);
    if (rc == HS_OK)
        rc = hs_cache_open(own.cache_directory, own.cache_bytes, err);
    if (rc == HS_OK)
        rc = hs_gateways_open(err);
    if (rc == HS_OK)
        return HS_OK;
    hs_cache_close();
    hs_http_close();
    return rc;
}

hs_rc hs_store_ready(struct hs_err *err)
{
    if (atomic_load(&own.ready))
        return HS_OK;
    pthread_mutex_lock(&lock);
    hs_rc rc = own.open ? HS_OK : hs_fail_hidden(err, HS_UNSUPPORTED, "no object store is set up");
    if (rc == HS_OK && !atomic_load(&own.ready))
        rc = open_all(err);
    if (rc == HS_OK)
        atomic_store(&own.ready, true);
    pthread_mutex_unlock(&lock);
    return rc;
}

/* ---- S3 ---- */

static hs_rc stamp_of(const struct hs_s3_facts *facts, struct hs_stamp *out, struct hs_err *err)
{
    uint8_t digest[32];
    HS_TRY(hs_sha256_once(hs_str_of(facts->etag), digest, err));
    *out = (struct hs_stamp){.size = facts->size};
    memcpy(&out->device, digest, 8);
    memcpy(&out->inode, digest + 8, 8);
    return HS_OK;
}

static hs_rc s3_stamp(hs_str uri, struct hs_stamp *out, struct hs_err *err)
{
    struct hs_s3_facts facts;
    struct hs_object *o;
    HS_TRY(hs_store_ready(err));
    if (!hs_is_immutable(uri)) {
        HS_TRY(hs_s3_head(uri, &facts, err));
        return stamp_of(&facts, out, err);
    }
    HS_TRY(hs_object_open(uri, &o, err));
    hs_rc rc = stamp_of(hs_object_facts(o), out, err);
    hs_object_close(o);
    return rc;
}

static hs_rc too_long(hs_str uri, int64_t size, size_t max, struct hs_err *err)
{
    return hs_fail_hidden(err, HS_LIMIT, "%.*s has %lld bytes, more than %zu", HS_FMT(uri), (long long)size, max);
}

static hs_rc read_fresh(struct hs_arena *a, hs_str uri, size_t max, hs_str *out, struct hs_err *err)
{
    struct hs_s3_facts facts;
    size_t got = 0;
    char *first = hs_malloc(FIRST_BYTES), *at = NULL;
    hs_rc rc =
        first ? hs_s3_begin(uri, first, FIRST_BYTES, &got, &facts, err) : hs_fail(err, HS_NOMEM, "out of memory");
    if (rc == HS_OK && (uint64_t)facts.size > max)
        rc = too_long(uri, facts.size, max, err);
    if (rc == HS_OK && !(at = hs_arena_alloc(a, (size_t)facts.size + 1)))
        rc = hs_fail(err, HS_NOMEM, "out of memory");
    if (rc == HS_OK)
        memcpy(at, first, got);
    hs_free(first);
    HS_TRY(rc);
    while (got < (size_t)facts.size) {
        size_t left = (size_t)facts.size - got, len = left < PART ? left : PART;
        HS_TRY(hs_s3_range(uri, &facts, (int64_t)got, len, at + got, NULL, err));
        got += len;
    }
    *out = (hs_str){at, got};
    return HS_OK;
}

static hs_rc read_piece(struct hs_arena *a, struct hs_object *o, int64_t offset, size_t len, hs_str *out,
                        struct hs_err *err)
{
    char *at = len < SIZE_MAX ? hs_arena_alloc(a, len + 1) : NULL;
    if (!at)
        return hs_fail_hidden(err, HS_NOMEM, "no memory for %zu bytes", len);
    HS_TRY(hs_object_ensure(o, offset, (int64_t)len, NULL, err));
    HS_TRY(hs_object_copy(o, offset, len, at, err));
    *out = (hs_str){at, len};
    return HS_OK;
}

static hs_rc s3_read(struct hs_arena *a, hs_str uri, size_t max, hs_str *out, struct hs_err *err)
{
    struct hs_object *o;
    HS_TRY(hs_store_ready(err));
    if (!hs_is_immutable(uri))
        return read_fresh(a, uri, max, out, err);
    HS_TRY(hs_object_open(uri, &o, err));
    int64_t size = hs_object_facts(o)->size;
    hs_rc rc = (uint64_t)size > max ? too_long(uri, size, max, err) : read_piece(a, o, 0, (size_t)size, out, err);
    hs_object_close(o);
    return rc;
}

static hs_rc s3_read_range(struct hs_arena *a, hs_str uri, int64_t offset, size_t len, hs_str *out, struct hs_err *err)
{
    struct hs_object *o;
    HS_TRY(hs_store_ready(err));
    HS_TRY(hs_object_open(uri, &o, err));
    int64_t size = hs_object_facts(o)->size, from = offset < 0 ? size + offset : offset;
    hs_rc rc;
    if (from < 0 || from > size || len > (uint64_t)(size - from))
        rc = hs_fail_hidden(err, HS_CORRUPT, "%.*s: bytes %lld+%zu asked for, it has %lld", HS_FMT(uri),
                            (long long)offset, len, (long long)size);
    else
        rc = read_piece(a, o, from, len, out, err);
    hs_object_close(o);
    return rc;
}

/* ---- by name ---- */

hs_rc hs_object_read(struct hs_arena *a, hs_str name, size_t max, hs_str *out, struct hs_err *err)
{
    return hs_store_is_remote(name) ? s3_read(a, name, max, out, err) : hs_local_read(a, name, max, out, err);
}

hs_rc hs_object_read_range(struct hs_arena *a, hs_str name, int64_t offset, size_t len, hs_str *out, struct hs_err *err)
{
    return hs_store_is_remote(name) ? s3_read_range(a, name, offset, len, out, err)
                                    : hs_local_read_range(a, name, offset, len, out, err);
}

hs_rc hs_object_stamp(hs_str name, struct hs_stamp *out, struct hs_err *err)
{
    return hs_store_is_remote(name) ? s3_stamp(name, out, err) : hs_local_stamp(name, out, err);
}

static hs_rc split_list(struct hs_arena *a, const struct hs_s3_listed *listed, size_t count, hs_str **out_names,
                        struct hs_stamp **out_stamps, struct hs_err *err)
{
    hs_str *names = hs_arena_array(a, count + 1, sizeof *names);
    struct hs_stamp *stamps = hs_arena_array(a, count + 1, sizeof *stamps);
    bool all = true;
    if (!names || !stamps)
        return hs_fail(err, HS_NOMEM, "out of memory");
    for (size_t i = 0; i < count; i++) {
        struct hs_s3_facts facts = {.size = listed[i].size};
        names[i] = listed[i].name;
        all = all && listed[i].etag.len && listed[i].etag.len < sizeof facts.etag;
        if (!all)
            continue;
        memcpy(facts.etag, listed[i].etag.at, listed[i].etag.len);
        HS_TRY(stamp_of(&facts, &stamps[i], err));
    }
    *out_names = names;
    *out_stamps = all ? stamps : NULL;
    return HS_OK;
}

hs_rc hs_store_list_stamped(struct hs_arena *a, hs_str directory, hs_str **out_names, struct hs_stamp **out_stamps,
                            size_t *out_count, struct hs_err *err)
{
    struct hs_s3_listed *listed;
    *out_stamps = NULL;
    if (!hs_store_is_remote(directory))
        return hs_local_list(a, directory, out_names, out_count, err);
    HS_TRY(hs_store_ready(err));
    HS_TRY(hs_s3_list(a, directory, &listed, out_count, err));
    return split_list(a, listed, *out_count, out_names, out_stamps, err);
}

hs_rc hs_store_list(struct hs_arena *a, hs_str directory, hs_str **out_names, size_t *out_count, struct hs_err *err)
{
    struct hs_stamp *unused;
    return hs_store_list_stamped(a, directory, out_names, &unused, out_count, err);
}
