/* Objects by name: a path on this machine, or "s3://bucket/key". Names come from metadata written elsewhere, so every
 * open goes through the table's prefix map, and must end inside the table's own roots. */
#ifndef HS_STORE_STORE_H
#define HS_STORE_STORE_H

#include "base/arena.h"

#include <pthread.h>

struct hs_prefix_map; /* model/model.h */

/* A folder that was opened on the way to a file in it, kept for the next one: files of a table lie side by side, and a
 * path is long. Of one thread, for one plan: what is found by it is what lay there when the folder was opened. */
struct hs_near {
    pthread_t owner;
    int folder; /* O_PATH; -1: none yet */
    bool wary;  /* the folder before was used once: the next is opened for its second file */
    size_t used, len;
    char path[512];
};
void hs_near_init(struct hs_near *n);
void hs_near_close(struct hs_near *n);

struct hs_store { /* where one table's objects are */
    hs_str root;  /* absolute directory of the table (its location), or "s3://bucket/prefix" */
    const struct hs_prefix_map *prefixes;
    size_t prefix_count;
    hs_str fallback_from; /* metadata's own `location`, mapped to root when no prefix matches */
    /* What a published table's files must lie in, apart from the prefixes' targets. It and they were looked at when the
     * model was loaded and are real paths: should one of them have become a symbolic link since, nothing lies in it any
     * more. Empty: whatever `root` and the targets are now. */
    hs_str within;
    struct hs_near *near; /* NULL: none. For hs_store_find on its owner's thread; other threads do without */
};

/* The object stores that tables lie in. Texts are never NULL; "" takes the default. Once a process, before any table is
 * read; without it names on this machine alone can be read. */
struct hs_store_settings {
    const char *s3_endpoint, *s3_region; /* "": AWS's own; "https://host:port" */
    bool s3_path_style;
    const char *credential_file, *credential_command; /* else AWS_ACCESS_KEY_ID and its kin in the environment */
    const char *ca_file;
    int answer_ms, retries, patience_ms; /* for one answer; how often again, and for how long all together */
    const char *cache_directory;
    int64_t cache_bytes;
};
HS_MUST hs_rc hs_store_open(const struct hs_store_settings *s, struct hs_err *err);
void hs_store_close(void);
/* Is this resolved name one of an object store? */
bool hs_store_is_remote(hs_str name);

/* Maps a path or URI as written in metadata to a local absolute path, or to the URI of an object in S3. Order: prefix
 * map (longest FROM; schemes and authorities ignored on both sides), fallback_from -> root, file: or absolute path that
 * exists, relative to root. Refuses "..", NUL, and whatever leaves `within` (or the realpath of root) and the prefixes'
 * targets. *out is a realpath, or "s3://bucket/key" with the key as it is: s3a and s3n mean the same. */
HS_MUST hs_rc hs_store_resolve(struct hs_arena *a, const struct hs_store *s, hs_str path, hs_str *out,
                               struct hs_err *err);
/* Do the maps say where this path is, be something there or not? false: it is a path of some other machine, or of this
 * one by chance. */
HS_MUST hs_rc hs_store_maps(struct hs_arena *a, const struct hs_store *s, hs_str path, bool *out, struct hs_err *err);
/* A table's objects: `local_path` is what hs_store_resolve answered, an object store's URI too. In a path, should a
 * symbolic link have come to stand anywhere in it since, it is not followed: who writes a table must not choose what
 * else the server opens. */
HS_MUST hs_rc hs_object_read(struct hs_arena *a, hs_str local_path, size_t max, hs_str *out, struct hs_err *err);
HS_MUST hs_rc hs_object_read_range(struct hs_arena *a, hs_str local_path, int64_t offset, size_t len, hs_str *out,
                                   struct hs_err *err);

/* Files of our own, where an operator may have put links as he likes. Whole file, at most max bytes. */
HS_MUST hs_rc hs_store_read(struct hs_arena *a, hs_str local_path, size_t max, hs_str *out, struct hs_err *err);
/* A piece: from an offset, or (offset < 0) that many bytes before the end. Exactly len bytes, or an error. */
HS_MUST hs_rc hs_store_read_range(struct hs_arena *a, hs_str local_path, int64_t offset, size_t len, hs_str *out,
                                  struct hs_err *err);
HS_MUST hs_rc hs_store_size(hs_str local_path, int64_t *out, struct hs_err *err);
/* Names in a directory, sorted bytewise; of an object store those without a further slash. */
HS_MUST hs_rc hs_store_list(struct hs_arena *a, hs_str local_dir, hs_str **out_names, size_t *out_count,
                            struct hs_err *err);

/* Tells two contents of one path apart: what is cached by path is kept with the stamp it was read under. */
struct hs_stamp {
    int64_t size, mtime_ns;
    uint64_t device, inode;
};
HS_MUST hs_rc hs_object_stamp(hs_str local_path, struct hs_stamp *out, struct hs_err *err);
/* hs_store_resolve and hs_object_stamp in one look: what is cached under that name and stamp need not be opened.
 * HS_INVALID, and the name is set: something lies there that is no regular file. */
struct hs_found {
    hs_str name;
    struct hs_stamp stamp;
    bool known; /* false: only a store can tell the stamp, and was not asked */
};
HS_MUST hs_rc hs_store_find(struct hs_arena *a, const struct hs_store *s, hs_str path, struct hs_found *out,
                            struct hs_err *err);
bool hs_stamp_same(const struct hs_stamp *a, const struct hs_stamp *b);
/* hs_store_list, and the stamps of what was listed, where the list itself says them: asking for each would be a round
 * trip more. *out_stamps is NULL where it does not. */
HS_MUST hs_rc hs_store_list_stamped(struct hs_arena *a, hs_str local_dir, hs_str **out_names,
                                    struct hs_stamp **out_stamps, size_t *out_count, struct hs_err *err);

#endif
