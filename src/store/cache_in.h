/* Private to the cache: an object as cache.c counts it and cache_file.c keeps it. */
#ifndef HS_STORE_CACHE_IN_H
#define HS_STORE_CACHE_IN_H

#include "store/store_in.h"

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
    bool gone;        /* not in the table any more: freed with its last reference */
    int64_t known_us; /* when the store last said that this is what stands under the URI; 0: not yet */
    int64_t bytes;    /* on disk */
    /* while open */
    int data, sums;
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
HS_MUST hs_rc hs_object_block_write(struct hs_object *o, uint32_t block, const char *at, struct hs_err *err);
bool hs_object_block_good(struct hs_object *o, uint32_t block, char room[HS_BLOCK]);
void hs_object_block_forget(struct hs_object *o, uint32_t block);

#endif
