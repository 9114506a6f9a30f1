/* The request's memory: allocate freely, free once. Foreign handles (SQLite, DuckDB, OpenSSL) attach as deferred
 * frees, run newest first when the arena ends. Not for sharing between threads at the same time. */
#ifndef HS_BASE_ARENA_H
#define HS_BASE_ARENA_H

#include "base/str.h"

struct hs_arena;

struct hs_arena *hs_arena_new(size_t max_bytes); /* 0: no maximum. NULL: no memory */
void hs_arena_free(struct hs_arena *a);          /* takes NULL */
size_t hs_arena_used(const struct hs_arena *a);

/* Zeroed, 16-byte aligned. NULL when memory or the maximum is reached. */
void *hs_arena_alloc(struct hs_arena *a, size_t size);
void *hs_arena_array(struct hs_arena *a, size_t count, size_t size); /* checks the product */
/* Copies; .at is NULL only on failure (an empty string copies to ""). NUL-terminated for convenience. */
hs_str hs_arena_str(struct hs_arena *a, hs_str s);
hs_str hs_arena_printf(struct hs_arena *a, const char *format, ...) HS_PRINTF(2, 3);
/* false: no memory; fn was then already called. */
bool hs_arena_defer(struct hs_arena *a, void (*fn)(void *), void *arg);

#define HS_NEW(arena, type) ((type *)hs_arena_alloc((arena), sizeof(type)))

/* A growing array of fixed-size elements in an arena: struct { T *at; size_t len, cap; } by this macro. */
#define HS_VEC(type)     \
    struct {             \
        type *at;        \
        size_t len, cap; \
    }
/* Pointer to a new zeroed element at the end, or NULL. */
#define hs_vec_add(arena, vec) \
    ((__typeof__((vec)->at))hs_vec_add_((arena), (void **)&(vec)->at, &(vec)->len, &(vec)->cap, sizeof *(vec)->at))
void *hs_vec_add_(struct hs_arena *a, void **at, size_t *len, size_t *cap, size_t size);

/* A map from text to pointer, in an arena; keys are copied. */
struct hs_map;
struct hs_map *hs_map_new(struct hs_arena *a);
void *hs_map_get(const struct hs_map *m, hs_str key);                                    /* NULL: absent */
HS_MUST hs_rc hs_map_put(struct hs_map *m, hs_str key, void *value, struct hs_err *err); /* replaces */
size_t hs_map_len(const struct hs_map *m);

#endif
