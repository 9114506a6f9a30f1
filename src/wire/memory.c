/* nghttp2's memory. nghttp2 1.52 is not whole after a failed allocation (a DATA item whose queue could not grow is
 * owned twice, and freeing the session frees it twice). So every block is on a list: after one failure the session is
 * not asked anything again, not even to free itself, and its blocks are freed from the list. */
#include "wire/http2_in.h"

#include "base/alloc.h"

struct memory_block {
    struct memory_block *next, *prev;
    _Alignas(16) unsigned char bytes[];
};

static void link_block(struct hs_http2 *h, struct memory_block *b)
{
    b->prev = NULL;
    b->next = h->blocks;
    if (b->next)
        b->next->prev = b;
    h->blocks = b;
}

static void unlink_block(struct hs_http2 *h, struct memory_block *b)
{
    if (b->next)
        b->next->prev = b->prev;
    if (b->prev)
        b->prev->next = b->next;
    else
        h->blocks = b->next;
}

static struct memory_block *block_of(void *p)
{
    return (struct memory_block *)(void *)((char *)p - offsetof(struct memory_block, bytes));
}

static void *take(struct hs_http2 *h, struct memory_block *b)
{
    if (!b) {
        session_is_out_of_memory(h);
        return NULL;
    }
    link_block(h, b);
    return b->bytes;
}

static void *ng_malloc(size_t size, void *user_data)
{
    bool fits = size < SIZE_MAX / 2;
    return take(user_data, fits ? hs_malloc(sizeof(struct memory_block) + size) : NULL);
}

static void *ng_calloc(size_t count, size_t size, void *user_data)
{
    size_t total;
    if (__builtin_mul_overflow(count, size, &total) || total > SIZE_MAX / 2)
        return take(user_data, NULL);
    return take(user_data, hs_calloc(1, sizeof(struct memory_block) + total));
}

static void ng_free(void *p, void *user_data)
{
    if (!p)
        return;
    unlink_block(user_data, block_of(p));
    hs_free(block_of(p));
}

static void *ng_realloc(void *p, size_t size, void *user_data)
{
    struct hs_http2 *h = user_data;
    if (!p)
        return ng_malloc(size, h);
    if (size > SIZE_MAX / 2)
        return take(h, NULL);
    unlink_block(h, block_of(p));
    struct memory_block *b = hs_realloc(block_of(p), sizeof *b + size);
    if (b)
        return take(h, b);
    link_block(h, block_of(p)); /* the old block lives on, as realloc promises */
    return take(h, NULL);
}

nghttp2_mem memory_of(struct hs_http2 *h)
{
    return (nghttp2_mem){h, ng_malloc, ng_free, ng_calloc, ng_realloc};
}

void memory_free_all(struct hs_http2 *h)
{
    while (h->blocks) {
        struct memory_block *b = h->blocks;
        h->blocks = b->next;
        hs_free(b);
    }
}
