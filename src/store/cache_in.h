/* Private to the cache: an object as cache.c counts it, cache_blocks.c fills it and cache_file.c keeps it. */
#ifndef HS_STORE_CACHE_IN_H
#define HS_STORE_CACHE_IN_H

#include "store/store_in.h"

#include <pthread.h>
#include <time.h>

enum { HS_OBJECT_NAME = 41, HS_OBJECT_URI = 1400 };
#define HS_OBJECT_BYTES_MAX ((int64_t)64 << 30)

enum hs_block_state {
    HS_BLOCK_ABSENT = 0,
    HS_BLOCK_FETCHING,
    HS_BLOCK_KEPT, /* on disk; to be compared with its checksum before it is given out */
    HS_BLOCK_GOOD, /* likewise, and compared since the file was opened */
};

struct hs_object {
    struct hs_object *next_same_place; /* in the table */
    struct hs_object *newer, *older;   /* by last use */
    char *uri;
    size_t uri_len;
    struct hs_s3_facts facts;
    char name[HS_OBJECT_NAME]; /* of its files: a digest of URI and ETag */
    int refs;
    int resting;      /* its place among those that nobody reads, open still; -1: none */
    bool gone;        /* not in the table any more: freed with its last reference */
    int64_t known_us; /* when the store last said that this is what stands under the URI; 0: not yet */
    int64_t bytes;    /* on disk */
    /* while open */
    int data, sums;
    struct timespec changed; /* the file's own word of it when its last reader went */
    int64_t rested_us;
    uint32_t block_count;
    uint8_t *state;
    uint32_t *sum;
};

static inline uint32_t hs_block_count(int64_t size)
{
    return (uint32_t)((size + HS_BLOCK - 1) / HS_BLOCK);
}
static inline size_t hs_block_len(const struct hs_object *o, uint32_t block)
{
    int64_t left = o->facts.size - (int64_t)block * HS_BLOCK;
    return left < HS_BLOCK ? (size_t)left : HS_BLOCK;
}

/* ---- cache.c ---- */
extern pthread_mutex_t hs_cache_lock; /* held for what is called "locked", and for whatever an object's members say */
/* A counted reference to what the store said a short time ago; false: it must be asked. */
bool hs_cache_take_known(hs_str uri, struct hs_object **out);
bool hs_cache_has_seen(hs_str uri); /* some version of it: its size and ETag alone are news */
/* A counted reference to what the store says now; NULL: out of memory. */
struct hs_object *hs_cache_take(hs_str uri, const struct hs_s3_facts *facts);
void hs_object_unref_locked(struct hs_object *o);
/* It takes so many bytes more on disk: what nobody reads makes room for them. */
void hs_object_count_locked(struct hs_object *o, int64_t more);
void hs_cache_give_up_all(void); /* that nobody reads */

/* ---- cache_blocks.c ---- */
HS_MUST hs_rc hs_fetchers_open(struct hs_err *err);
void hs_fetchers_close(void);
/* Its last bytes, which came with its size. */
void hs_object_keep_end(struct hs_object *o, const char *end, size_t got);

/* ---- cache_rest.c ---- */
void hs_object_rest(struct hs_object *o); /* its last reader went */
void hs_object_wake(struct hs_object *o); /* its first one comes */
void hs_object_forget_rest(struct hs_object *o);

/* ---- cache_file.c ---- */
/* Takes the directory for this process alone, or makes one in it when another process has it. */
HS_MUST hs_rc hs_cache_directory_open(const char *directory, struct hs_err *err);
void hs_cache_directory_close(void);
/* Calls `take` for every object that earlier processes have left. */
void hs_cache_directory_scan(void (*take)(hs_str uri, const struct hs_s3_facts *facts, const char *name,
                                          int64_t bytes));
HS_MUST hs_rc hs_object_files_name(struct hs_object *o, struct hs_err *err);
/* Opens or makes its two files and reads which blocks they hold; no-op when open. */
HS_MUST hs_rc hs_object_files_open(struct hs_object *o, struct hs_err *err);
void hs_object_files_close(struct hs_object *o);
void hs_object_files_remove(const struct hs_object *o);
/* When its data was last written, by whomever. */
bool hs_object_files_changed(const struct hs_object *o, struct timespec *out);
enum { HS_BLOCKS_ONCE = 256 }; /* at most that many by one call of these */
HS_MUST hs_rc hs_object_blocks_write(struct hs_object *o, uint32_t first, uint32_t count, const char *at,
                                     struct hs_err *err);
/* Which of these blocks are what was written: good[i] is of block first + i. `room` holds `count` blocks. */
void hs_object_blocks_good(struct hs_object *o, uint32_t first, uint32_t count, char *room, bool *good);
void hs_object_block_forget(struct hs_object *o, uint32_t block);

#endif
