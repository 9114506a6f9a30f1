/* Blocks of doubling size, freed together; deferred frees run newest first before the blocks go. */
#include "base/arena.h"

#include "base/alloc.h"

#include <stdio.h>

enum { FIRST_BLOCK = 2048, LARGEST_BLOCK = 256 * 1024, ALIGN = 16 };

struct block {
    struct block *next;
    size_t used, size;
    _Alignas(ALIGN) unsigned char bytes[];
};

struct deferred {
    struct deferred *next;
    void (*fn)(void *);
    void *arg;
};

struct hs_arena {
    struct block *blocks; /* the first is the one with room */
    struct deferred *deferred;
    size_t max, used, next_size;
};

struct hs_arena *hs_arena_new(size_t max_bytes)
{
    struct hs_arena *a = hs_calloc(1, sizeof *a);
    if (!a)
        return NULL;
    a->max = max_bytes ? max_bytes : SIZE_MAX;
    a->next_size = FIRST_BLOCK;
    return a;
}

void hs_arena_free(struct hs_arena *a)
{
    if (!a)
        return;
    for (struct deferred *d = a->deferred; d; d = d->next)
        d->fn(d->arg);
    for (struct block *b = a->blocks; b;) {
        struct block *next = b->next;
        hs_free(b);
        b = next;
    }
    hs_free(a);
}

size_t hs_arena_used(const struct hs_arena *a)
{
    return a->used;
}

/* A large request gets a block of its own behind the first, so that the room left in the first is not lost. */
static struct block *add_block(struct hs_arena *a, size_t need)
{
    bool own = need > a->next_size / 2;
    size_t size = own ? need : a->next_size;
    struct block *b = hs_malloc(sizeof *b + size);
    if (!b)
        return NULL;
    b->used = 0;
    b->size = size;
    if (own && a->blocks) {
        b->next = a->blocks->next;
        a->blocks->next = b;
    } else {
        b->next = a->blocks;
        a->blocks = b;
    }
    if (!own && a->next_size < LARGEST_BLOCK)
        a->next_size *= 2;
    return b;
}

void *hs_arena_alloc(struct hs_arena *a, size_t size)
{
    if (size > a->max - a->used || size > SIZE_MAX / 2)
        return NULL;
    size_t need = size ? (size + ALIGN - 1) & ~(size_t)(ALIGN - 1) : ALIGN;
    struct block *b = a->blocks;
    if (!b || b->size - b->used < need)
        b = add_block(a, need);
    if (!b)
        return NULL;
    void *p = b->bytes + b->used;
    b->used += need;
    a->used += need < a->max - a->used ? need : a->max - a->used;
    return memset(p, 0, need);
}

void *hs_arena_array(struct hs_arena *a, size_t count, size_t size)
{
    size_t total;
    return __builtin_mul_overflow(count, size, &total) ? NULL : hs_arena_alloc(a, total);
}

hs_str hs_arena_str(struct hs_arena *a, hs_str s)
{
    char *copy = s.len < SIZE_MAX ? hs_arena_alloc(a, s.len + 1) : NULL;
    if (!copy)
        return (hs_str){NULL, 0};
    if (s.len)
        memcpy(copy, s.at, s.len);
    return (hs_str){copy, s.len};
}

hs_str hs_arena_printf(struct hs_arena *a, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int size = vsnprintf(NULL, 0, format, args);
    va_end(args);
    char *text = size < 0 ? NULL : hs_arena_alloc(a, (size_t)size + 1);
    if (text)
        vsnprintf(text, (size_t)size + 1, format, again);
    va_end(again);
    return (hs_str){text, text ? (size_t)size : 0};
}

bool hs_arena_defer(struct hs_arena *a, void (*fn)(void *), void *arg)
{
    struct deferred *d = HS_NEW(a, struct deferred);
    if (!d) {
        fn(arg);
        return false;
    }
    *d = (struct deferred){a->deferred, fn, arg};
    a->deferred = d;
    return true;
}

void *hs_vec_add_(struct hs_arena *a, void **at, size_t *len, size_t *cap, size_t size)
{
    if (*len == *cap) {
        size_t wider = *cap ? *cap * 2 : 8;
        void *bigger = wider > *cap ? hs_arena_array(a, wider, size) : NULL;
        if (!bigger)
            return NULL;
        if (*len)
            memcpy(bigger, *at, *len * size);
        *at = bigger;
        *cap = wider;
    }
    return (char *)*at + (*len)++ * size;
}
