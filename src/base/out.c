/* The output queue; see out.h. Every segment counts on one owner, so that a body cut over several frames, of which
 * some already wait at the socket when its stream dies, is released by whoever is last. */
#include "base/out.h"

#include "base/alloc.h"

#include <sys/uio.h>

enum { CHUNK_BYTES = 4096 };

struct owner {
    size_t refs;
    void (*release)(void *arg);
    void *arg;
};

struct hs_out_segment {
    const char *at;
    size_t len;
    struct owner *owner; /* NULL: nothing to tell */
};

struct hs_out_chunk {
    struct owner owner; /* first: the chunk is its own owner's memory */
    size_t used, cap;
    char bytes[];
};

static void owner_unref(struct owner *owner)
{
    if (!owner || --owner->refs)
        return;
    if (owner->release)
        owner->release(owner->arg);
    hs_free(owner);
}

void hs_out_init(struct hs_out *o)
{
    *o = (struct hs_out){0};
}

static struct hs_out_segment *segment(const struct hs_out *o, size_t i)
{
    return &o->ring[(o->head + i) & (o->cap - 1)];
}

static void drop_chunk(struct hs_out *o)
{
    if (o->chunk)
        owner_unref(&o->chunk->owner);
    o->chunk = NULL;
}

void hs_out_fini(struct hs_out *o)
{
    if (!o)
        return;
    for (size_t i = 0; i < o->count; i++)
        owner_unref(segment(o, i)->owner);
    drop_chunk(o);
    hs_free(o->ring);
    *o = (struct hs_out){0};
}

/* Room for `more` segments. */
static bool reserve(struct hs_out *o, size_t more)
{
    if (more <= o->cap - o->count)
        return true;
    size_t cap = o->cap ? o->cap : 8;
    while (cap - o->count < more)
        cap *= 2;
    struct hs_out_segment *ring = hs_malloc(cap * sizeof *ring);
    if (!ring)
        return false;
    for (size_t i = 0; i < o->count; i++)
        ring[i] = *segment(o, i);
    hs_free(o->ring);
    o->ring = ring;
    o->cap = cap;
    o->head = 0;
    return true;
}

static void push(struct hs_out *o, struct hs_out_segment s)
{
    *segment(o, o->count++) = s;
    o->bytes += s.len;
}

bool hs_out_add(struct hs_out *o, struct hs_slice slice)
{
    struct owner *owner = NULL;
    if (slice.release)
        owner = hs_malloc(sizeof *owner);
    if ((slice.release && !owner) || !reserve(o, 1)) {
        hs_free(owner);
        if (slice.release)
            slice.release(slice.arg);
        return false;
    }
    if (owner)
        *owner = (struct owner){1, slice.release, slice.arg};
    if (slice.len)
        push(o, (struct hs_out_segment){slice.at, slice.len, owner});
    else
        owner_unref(owner); /* nothing to write: already written */
    return true;
}

static bool new_chunk(struct hs_out *o, size_t need)
{
    size_t cap = need > CHUNK_BYTES ? need : CHUNK_BYTES;
    struct hs_out_chunk *chunk = hs_malloc(sizeof *chunk + cap);
    if (!chunk)
        return false;
    drop_chunk(o);
    chunk->owner = (struct owner){1, NULL, NULL};
    chunk->used = 0;
    chunk->cap = cap;
    o->chunk = chunk;
    return true;
}

bool hs_out_copy(struct hs_out *o, const void *at, size_t len)
{
    if (len == 0)
        return true;
    if (!reserve(o, 1) || ((!o->chunk || o->chunk->cap - o->chunk->used < len) && !new_chunk(o, len)))
        return false;
    struct hs_out_chunk *chunk = o->chunk;
    char *to = chunk->bytes + chunk->used;
    memcpy(to, at, len);
    chunk->used += len;
    struct hs_out_segment *last = o->count ? segment(o, o->count - 1) : NULL;
    if (last && last->owner == &chunk->owner && last->at + last->len == to) {
        last->len += len;
        o->bytes += len;
        return true;
    }
    chunk->owner.refs++;
    push(o, (struct hs_out_segment){to, len, &chunk->owner});
    return true;
}

static void pop(struct hs_out *o)
{
    o->bytes -= segment(o, 0)->len;
    o->head = (o->head + 1) & (o->cap - 1);
    o->count--;
}

bool hs_out_move(struct hs_out *to, struct hs_out *from, size_t n)
{
    size_t whole = 0, seen = 0;
    while (whole < from->count && seen < n)
        seen += segment(from, whole++)->len;
    if (seen < n || !reserve(to, whole))
        return false;
    while (n) {
        struct hs_out_segment *first = segment(from, 0);
        struct hs_out_segment part = *first;
        if (part.len > n) {
            part.len = n;
            if (part.owner)
                part.owner->refs++;
            first->at += n;
            first->len -= n;
            from->bytes -= n;
        } else {
            pop(from);
        }
        push(to, part);
        n -= part.len;
    }
    return true;
}

int hs_out_iov(const struct hs_out *o, struct iovec *iov, int most)
{
    int n = 0;
    for (; n < most && (size_t)n < o->count; n++) {
        struct hs_out_segment *s = segment(o, (size_t)n);
        iov[n] = (struct iovec){(void *)(uintptr_t)s->at, s->len};
    }
    return n;
}

void hs_out_consumed(struct hs_out *o, size_t bytes)
{
    while (bytes && o->count) {
        struct hs_out_segment *first = segment(o, 0);
        if (first->len > bytes) {
            first->at += bytes;
            first->len -= bytes;
            o->bytes -= bytes;
            return;
        }
        struct owner *owner = first->owner;
        bytes -= first->len;
        pop(o);
        owner_unref(owner);
    }
    if (o->count == 0)
        drop_chunk(o); /* an idle connection holds no chunk */
}
