/* Private to store/: what lies between a name and its bytes.
 *
 *   resolve.c   a path in metadata -> a name that may be opened   objects.c      a name -> its backend
 *   local.c     files                                             s3.c, s3_list.c  S3: ranges, sizes, names
 *   http.c      one exchange over a kept connection               sigv4.c        who asks, proven
 *   credentials.c  keys, and when they must be asked for anew     gateway.c      planned objects for a worker
 *   cache.c, cache_*.c, contact.c  immutable objects on our own disk, by blocks; their first question */
#ifndef HS_STORE_STORE_IN_H
#define HS_STORE_STORE_IN_H

#include "store/store.h"

#include <stdatomic.h>

enum { HS_ETAG_MAX = 200 };

/* ---- objects.c ---- */
HS_MUST hs_rc hs_store_ready(struct hs_err *err); /* before anything below is called */

/* ---- s3_uri.c: "s3://bucket/key" ---- */
struct hs_s3_uri {
    hs_str bucket, key; /* the key as it is: an object store knows no "." and no doubled slash */
};
bool hs_s3_split(hs_str text, struct hs_s3_uri *out); /* false: not such a URI, or a name no bucket has */
void hs_add_uri_encoded(struct hs_buf *b, hs_str text, bool keep_slashes); /* RFC 3986 unreserved bytes stay */
/* "s3a" and "s3n" are older names of the same. */
bool hs_is_s3_scheme(hs_str scheme);

/* ---- local.c ---- */
HS_MUST hs_rc hs_local_read(struct hs_arena *a, hs_str path, size_t max, hs_str *out, struct hs_err *err);
HS_MUST hs_rc hs_local_read_range(struct hs_arena *a, hs_str path, int64_t offset, size_t len, hs_str *out,
                                  struct hs_err *err);
HS_MUST hs_rc hs_local_stamp(hs_str path, struct hs_stamp *out, struct hs_err *err);
struct stat;
/* Of what was looked at already; HS_INVALID where it is no regular file. */
HS_MUST hs_rc hs_local_stamp_of(hs_str path, const struct stat *st, struct hs_stamp *out, struct hs_err *err);
HS_MUST hs_rc hs_local_list(struct hs_arena *a, hs_str dir, hs_str **out_names, size_t *out_count, struct hs_err *err);

/* ---- credentials.c ---- */
struct hs_keys {
    char id[256], secret[512], token[4096]; /* token "": none. id "": nobody, requests go unsigned */
    uint64_t version;
};
HS_MUST hs_rc hs_credentials_open(const char *file, const char *command, struct hs_err *err);
void hs_credentials_close(void);
/* A copy; the taker wipes it. Asks the command or file again when what it has ends soon. */
HS_MUST hs_rc hs_credentials_get(struct hs_keys *out, struct hs_err *err);
/* The store says that these have ended: false when there is no way to others. */
bool hs_credentials_stale(uint64_t version);

/* ---- sigv4.c ---- */
struct hs_signed {                    /* what the signature covers beside method, time and keys; all as sent */
    hs_str method, host, path, query; /* path and query encoded, the query's parameters sorted */
    hs_str range, if_match;           /* empty: not sent */
};
/* Appends header lines "Name: value\n": date, digest of the (empty) body, token, range, if-match, and the proof. */
HS_MUST hs_rc hs_sigv4_headers(struct hs_buf *out, const struct hs_signed *what, const struct hs_keys *keys,
                               hs_str region, int64_t wall_us, struct hs_err *err);

/* ---- http.c ---- */
struct hs_http_request {
    const char *url, *method; /* "GET" or "HEAD" */
    const char *headers;      /* lines */
    char *to;                 /* the body of a 2xx goes here, at most `room` bytes, or into `text` */
    size_t room;
    struct hs_buf *text;
    const atomic_bool *gave_up; /* may be NULL */
};
struct hs_http_answer {
    int status;      /* 0: no answer at all */
    bool cut, ended; /* fewer or more bytes than were announced; given up */
    size_t got;
    int64_t length, range_from, range_to, range_total; /* -1: not said */
    char etag[HS_ETAG_MAX];
    char code[64];     /* <Code> of an error's body */
    char trouble[300]; /* libcurl's words */
};
HS_MUST hs_rc hs_http_open(const char *ca_file, int timeout_ms, struct hs_err *err);
void hs_http_close(void);
HS_MUST hs_rc hs_http_ask(const struct hs_http_request *q, struct hs_http_answer *out, struct hs_err *err);

/* ---- s3.c ---- */
struct hs_s3_settings {
    const char *endpoint, *region; /* endpoint "": AWS */
    bool path_style;
    int retries, patience_ms;
};
HS_MUST hs_rc hs_s3_open(const struct hs_s3_settings *s, struct hs_err *err);
void hs_s3_close(void);
struct hs_s3_facts {
    int64_t size;
    char etag[HS_ETAG_MAX];
};
HS_MUST hs_rc hs_s3_head(hs_str uri, struct hs_s3_facts *out, struct hs_err *err);
/* Exactly these bytes of exactly this version: another ETag is HS_CONFLICT. */
HS_MUST hs_rc hs_s3_range(hs_str uri, const struct hs_s3_facts *known, int64_t offset, size_t len, char *to,
                          const atomic_bool *gave_up, struct hs_err *err);
/* The first bytes of whatever is there now, `room` at most, and how much there is. */
HS_MUST hs_rc hs_s3_begin(hs_str uri, char *to, size_t room, size_t *out_got, struct hs_s3_facts *out,
                          struct hs_err *err);
/* The last `room` bytes of whatever is there now, or all of it. */
HS_MUST hs_rc hs_s3_end(hs_str uri, char *to, size_t room, size_t *out_got, struct hs_s3_facts *out,
                        struct hs_err *err);
/* One GET of a bucket with this query, whose body is text of at most text->max bytes. */
HS_MUST hs_rc hs_s3_page(hs_str bucket, hs_str query, struct hs_buf *text, struct hs_err *err);
struct hs_s3_listed {
    hs_str name, etag; /* etag empty: the list does not say it */
    int64_t size;
};
HS_MUST hs_rc hs_s3_list(struct hs_arena *a, hs_str dir, struct hs_s3_listed **out, size_t *out_count,
                         struct hs_err *err);

/* ---- the cache: objects whose name is never given to other bytes, by blocks on our own disk ---- */
enum { HS_BLOCK = 16 << 10 };
struct hs_object;
HS_MUST hs_rc hs_cache_open(const char *directory, int64_t max_bytes, struct hs_err *err);
void hs_cache_close(void);
bool hs_is_immutable(hs_str uri); /* by its name: whatever is not metadata or the hint */
/* A counted reference; asks the store for size and ETag unless that was done a short time ago. */
HS_MUST hs_rc hs_object_open(hs_str uri, struct hs_object **out, struct hs_err *err);
struct hs_object *hs_object_ref(struct hs_object *o);
void hs_object_close(struct hs_object *o); /* takes NULL */
const struct hs_s3_facts *hs_object_facts(const struct hs_object *o);
/* Returns when these bytes are in the object's file and match their checksums; they stay while `o` is open. */
HS_MUST hs_rc hs_object_ensure(struct hs_object *o, int64_t offset, int64_t len, const atomic_bool *gave_up,
                               struct hs_err *err);
/* Would opening it, or ensuring these bytes, be done without waiting for a store or a disk? */
bool hs_object_is_known(hs_str uri);
bool hs_object_has(struct hs_object *o, int64_t offset, int64_t len);
/* A bit for each of the first blocks: is it there and compared, so that it stays while `o` is open? How many bytes. */
size_t hs_object_good_bits(struct hs_object *o, uint8_t *bits, size_t room);
/* Begins to fetch what is missing of these bytes, and does not wait. */
void hs_object_expect(struct hs_object *o, int64_t offset, int64_t len);
/* What was ensured. */
HS_MUST hs_rc hs_object_copy(struct hs_object *o, int64_t offset, size_t len, char *to, struct hs_err *err);
/* For reading only; the taker's. */
HS_MUST hs_rc hs_object_descriptor(struct hs_object *o, int *out_fd, struct hs_err *err);

/* ---- crc32c.c ---- */
uint32_t hs_crc32c(const void *at, size_t len);

#endif
