/* A set of row positions (positions.h): 32-bit bitmaps of the roaring library by the upper half of the position, in
 * order. Nearly every file has one. The library takes its memory from malloc itself and an empty bitmap is not kept,
 * so that "no part" and "no row" are one question. */
#include "base/positions.h"
#include "base/alloc.h"
#include "base/positions_in.h"

#include <roaring/roaring.h>
#include <stdatomic.h>

enum { ROUND = 1024, HANDFUL = 32 };

struct part {
    uint32_t key;
    roaring_bitmap_t *rows; /* never empty but while it is being filled */
};
struct hs_positions {
    atomic_int refs;
    struct part *parts; /* by rising key */
    size_t len, cap;
};

static hs_rc no_memory(struct hs_err *err)
{
    return hs_fail(err, HS_NOMEM, "out of memory");
}

struct hs_positions *hs_positions_new(void)
{
    struct hs_positions *p = hs_calloc(1, sizeof *p);
    if (p)
        atomic_init(&p->refs, 1);
    return p;
}

struct hs_positions *hs_positions_ref(struct hs_positions *p)
{
    atomic_fetch_add_explicit(&p->refs, 1, memory_order_relaxed);
    return p;
}

void hs_positions_unref(struct hs_positions *p)
{
    if (!p || atomic_fetch_sub_explicit(&p->refs, 1, memory_order_acq_rel) != 1)
        return;
    for (size_t i = 0; i < p->len; i++)
        roaring_bitmap_free(p->parts[i].rows);
    hs_free(p->parts);
    hs_free(p);
}

/* ---- parts ---- */

/* The first part whose key is not below. */
static size_t lower(const struct hs_positions *p, uint32_t key)
{
    size_t from = 0, to = p->len;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        if (p->parts[middle].key < key)
            from = middle + 1;
        else
            to = middle;
    }
    return from;
}

static const roaring_bitmap_t *find(const struct hs_positions *p, uint32_t key)
{
    size_t i = lower(p, key);
    return i < p->len && p->parts[i].key == key ? p->parts[i].rows : NULL;
}

/* Takes `rows` (NULL: there was no memory for it). */
static hs_rc insert(struct hs_positions *p, size_t at, uint32_t key, roaring_bitmap_t *rows, struct hs_err *err)
{
    if (rows && p->len == p->cap) {
        size_t cap = p->cap ? p->cap * 2 : 1;
        struct part *parts = hs_realloc(p->parts, cap * sizeof *parts);
        if (parts) {
            p->parts = parts;
            p->cap = cap;
        }
    }
    if (!rows || p->len == p->cap) {
        if (rows)
            roaring_bitmap_free(rows);
        return no_memory(err);
    }
    memmove(&p->parts[at + 1], &p->parts[at], (p->len - at) * sizeof *p->parts);
    p->parts[at] = (struct part){key, rows};
    p->len++;
    return HS_OK;
}

/* ---- adding ---- */

/* As many as share their upper half with the first, a round at most. */
static hs_rc take_round(const int64_t *at, size_t count, uint32_t *low, size_t *out_count, struct hs_err *err)
{
    size_t n = 0;
    for (; n < count && n < ROUND && at[n] >> 32 == at[0] >> 32; n++) {
        if (at[n] < 0 || at[n] == INT64_MAX)
            return hs_fail_hidden(err, HS_CORRUPT, "row position %lld", (long long)at[n]);
        low[n] = (uint32_t)at[n];
    }
    *out_count = n;
    return HS_OK;
}

hs_rc hs_positions_add(struct hs_positions *p, const int64_t *at, size_t count, struct hs_err *err)
{
    uint32_t low[ROUND];
    size_t n;
    for (; count > 0; at += n, count -= n) {
        HS_TRY(take_round(at, count, low, &n, err));
        uint32_t key = (uint32_t)(at[0] >> 32);
        size_t i = lower(p, key);
        if (i == p->len || p->parts[i].key != key)
            HS_TRY(insert(p, i, key, roaring_bitmap_create(), err));
        roaring_bitmap_add_many(p->parts[i].rows, n, low);
    }
    return HS_OK;
}

hs_rc hs_positions_merge(struct hs_positions *into, const struct hs_positions *from, struct hs_err *err)
{
    for (size_t k = 0; k < from->len && into != from; k++) {
        const struct part *part = &from->parts[k];
        size_t i = lower(into, part->key);
        if (i < into->len && into->parts[i].key == part->key)
            roaring_bitmap_or_inplace(into->parts[i].rows, part->rows);
        else
            HS_TRY(insert(into, i, part->key, roaring_bitmap_copy(part->rows), err));
    }
    return HS_OK;
}

/* ---- asking ---- */

bool hs_positions_has(const struct hs_positions *p, int64_t at)
{
    const roaring_bitmap_t *rows = at < 0 ? NULL : find(p, (uint32_t)(at >> 32));
    return rows && roaring_bitmap_contains(rows, (uint32_t)at);
}

/* Clears out[i] for the rows first + i of one part, i < count; first + count - 1 is in it. False: there are none. Rows
 * are taken from the bitmap some at a time, which is several times faster than one by one; those past the window are
 * read in vain, so it is not too many. */
static bool clear_rows(const roaring_bitmap_t *rows, uint32_t first, size_t count, bool *out)
{
    roaring_uint32_iterator_t it;
    uint32_t gone[HANDFUL], n, last = first + (uint32_t)(count - 1);
    roaring_init_iterator(rows, &it);
    if (!roaring_move_uint32_iterator_equalorlarger(&it, first) || it.current_value > last)
        return false;
    do {
        n = roaring_read_uint32_iterator(&it, gone, HANDFUL);
        for (uint32_t i = 0; i < n && gone[i] <= last; i++)
            out[gone[i] - first] = false;
    } while (n == HANDFUL && gone[n - 1] < last);
    return true;
}

/* Nearly always one step: finding the window's container, and that it holds nothing from here on. */
void hs_positions_live(const struct hs_positions *p, int64_t first, size_t count, bool *out, bool *all)
{
    memset(out, true, count);
    *all = true;
    while (count > 0 && first >= 0) {
        uint64_t left = (1ull << 32) - (uint32_t)first;
        size_t here = count < left ? count : (size_t)left;
        const roaring_bitmap_t *rows = find(p, (uint32_t)(first >> 32));
        if (rows && clear_rows(rows, (uint32_t)first, here, out))
            *all = false;
        out += here;
        count -= here;
        if (__builtin_add_overflow(first, (int64_t)here, &first))
            return;
    }
}

int64_t hs_positions_count(const struct hs_positions *p)
{
    uint64_t sum = 0; /* below 2^63: every position is */
    for (size_t i = 0; i < p->len; i++)
        sum += roaring_bitmap_get_cardinality(p->parts[i].rows);
    return (int64_t)sum;
}

int64_t hs_positions_first(const struct hs_positions *p)
{
    return p->len == 0 ? -1 : (int64_t)p->parts[0].key << 32 | roaring_bitmap_minimum(p->parts[0].rows);
}

int64_t hs_positions_last(const struct hs_positions *p)
{
    if (p->len == 0)
        return -1;
    const struct part *last = &p->parts[p->len - 1];
    return (int64_t)last->key << 32 | roaring_bitmap_maximum(last->rows);
}

int64_t hs_positions_bytes(const struct hs_positions *p)
{
    size_t sum = sizeof *p + p->cap * sizeof *p->parts;
    for (size_t i = 0; i < p->len; i++)
        sum += sizeof *p->parts[i].rows + 2 * roaring_bitmap_portable_size_in_bytes(p->parts[i].rows);
    return (int64_t)sum;
}

/* ---- bytes ---- */

static void add_little(struct hs_buf *b, uint64_t value, size_t size)
{
    for (size_t i = 0; i < size; i++)
        hs_buf_addc(b, (char)(value >> 8 * i & 0xff));
}

void hs_buf_add_positions(struct hs_buf *b, const struct hs_positions *p)
{
    add_little(b, p->len, 8);
    for (size_t i = 0; i < p->len; i++) {
        size_t size = roaring_bitmap_portable_size_in_bytes(p->parts[i].rows);
        add_little(b, p->parts[i].key, 4);
        char *at = hs_buf_room(b, size);
        if (!at)
            return;
        b->len += roaring_bitmap_portable_serialize(p->parts[i].rows, at);
    }
}

static hs_rc parse_part(struct hs_positions *p, struct hs_cursor *c, int64_t *last_key, struct hs_err *err)
{
    hs_str bytes;
    uint32_t key = hs_cursor_u32le(c);
    if (c->bad || key > INT32_MAX || (int64_t)key <= *last_key)
        return hs_fail_hidden(err, HS_CORRUPT, "bitmap of positions: key %u is too large or not in order", key);
    *last_key = key;
    HS_TRY(hs_bitmap_check(c, &bytes, err));
    roaring_bitmap_t *rows = roaring_bitmap_portable_deserialize_safe(bytes.at, bytes.len);
    if (!rows || !roaring_bitmap_is_empty(rows)) /* some writers fill gaps between keys with empty bitmaps */
        return insert(p, p->len, key, rows, err);
    roaring_bitmap_free(rows);
    return HS_OK;
}

static hs_rc parse_all(struct hs_positions *p, struct hs_cursor *c, struct hs_err *err)
{
    uint64_t count = hs_cursor_u64le(c);
    int64_t last_key = -1;
    for (uint64_t i = 0; i < count; i++)
        HS_TRY(parse_part(p, c, &last_key, err));
    if (c->bad || hs_cursor_left(c) > 0)
        return hs_fail_hidden(err, HS_CORRUPT, "bitmap of positions: cut short, or bytes after its end");
    if (hs_positions_last(p) == INT64_MAX)
        return hs_fail_hidden(err, HS_CORRUPT, "bitmap of positions: position 2^63 - 1");
    return HS_OK;
}

hs_rc hs_positions_parse(hs_str bytes, struct hs_positions **out, struct hs_err *err)
{
    struct hs_cursor c = hs_cursor_of(bytes);
    struct hs_positions *p = hs_positions_new();
    if (!p)
        return no_memory(err);
    hs_rc rc = parse_all(p, &c, err);
    if (rc == HS_OK)
        *out = p;
    else
        hs_positions_unref(p);
    return rc;
}
