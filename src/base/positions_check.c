/* Bitmaps that somebody else wrote, looked at byte by byte before the library gets them: it trusts order, cardinality
 * and offsets. What two readers could understand differently is damage. */
#include "base/positions_in.h"

enum {
    COOKIE_PLAIN = 12346,
    COOKIE_RUNS = 12347, /* in the low half; the high half is the number of containers, less one */
    CONTAINERS = 1 << 16,
    ARRAY_MAX = 4096,
    BITSET_BYTES = 8192,
    OFFSETS_FROM = 4, /* with runs, fewer containers than this have no offsets */
};

struct header {
    const uint8_t *start; /* of the bitmap */
    size_t count;
    hs_str runs;         /* one bit a container; .at == NULL: none is a run */
    const uint8_t *keys; /* key and cardinality - 1, two bytes each */
    const uint8_t *offsets;
};

static uint32_t u16(const uint8_t *at)
{
    return (uint32_t)(at[0] | at[1] << 8);
}

static uint32_t u32(const uint8_t *at)
{
    return u16(at) | u16(at + 2) << 16;
}

static hs_rc bad(struct hs_err *err, const char *what, size_t container)
{
    return hs_fail_hidden(err, HS_CORRUPT, "bitmap of positions: %s (container %zu)", what, container);
}

static hs_rc read_header(struct hs_cursor *c, struct header *h, struct hs_err *err)
{
    *h = (struct header){.start = c->at};
    uint32_t cookie = hs_cursor_u32le(c);
    bool runs = (cookie & 0xffff) == COOKIE_RUNS;
    h->count = runs ? (cookie >> 16) + 1 : hs_cursor_u32le(c);
    if (c->bad || (!runs && cookie != COOKIE_PLAIN) || h->count > CONTAINERS)
        return bad(err, "no cookie, or too many containers", h->count);
    if (runs)
        h->runs = hs_cursor_bytes(c, (h->count + 7) / 8);
    h->keys = (const uint8_t *)hs_cursor_bytes(c, 4 * h->count).at;
    if (!runs || h->count >= OFFSETS_FROM)
        h->offsets = (const uint8_t *)hs_cursor_bytes(c, 4 * h->count).at;
    return c->bad ? bad(err, "cut short in its head", h->count) : HS_OK;
}

static bool rising(hs_str bytes)
{
    const uint8_t *at = (const uint8_t *)bytes.at;
    for (size_t i = 2; i < bytes.len; i += 2)
        if (u16(at + i - 2) >= u16(at + i))
            return false;
    return true;
}

static uint32_t ones(hs_str bits)
{
    uint32_t count = 0;
    for (size_t i = 0; i < bits.len; i += 8) {
        uint64_t word;
        memcpy(&word, bits.at + i, 8);
        count += (uint32_t)__builtin_popcountll(word);
    }
    return count;
}

/* Runs are (start, length - 1), rising, with a gap between any two. */
static hs_rc check_runs(struct hs_cursor *c, uint32_t cardinality, size_t i, struct hs_err *err)
{
    uint32_t runs = hs_cursor_u16le(c), sum = 0, next = 0;
    hs_str pairs = hs_cursor_bytes(c, 4 * (uint64_t)runs);
    if (c->bad)
        return bad(err, "runs are cut short", i);
    const uint8_t *at = (const uint8_t *)pairs.at;
    for (uint32_t k = 0; k < runs; k++, at += 4) {
        uint32_t start = u16(at), last = start + u16(at + 2);
        if (last > 0xffff || start < next)
            return bad(err, "runs are not in order", i);
        sum += last - start + 1;
        next = last + 2;
    }
    return sum == cardinality ? HS_OK : bad(err, "runs do not hold as many as is said", i);
}

static hs_rc check_container(struct hs_cursor *c, const struct header *h, size_t i, struct hs_err *err)
{
    uint32_t cardinality = u16(h->keys + 4 * i + 2) + 1;
    if (i > 0 && u16(h->keys + 4 * i - 4) >= u16(h->keys + 4 * i))
        return bad(err, "keys are not in order", i);
    if (h->offsets && u32(h->offsets + 4 * i) != (size_t)(c->at - h->start))
        return bad(err, "it lies elsewhere than is said", i);
    if (h->runs.at && h->runs.at[i / 8] >> (i % 8) & 1)
        return check_runs(c, cardinality, i, err);
    bool array = cardinality <= ARRAY_MAX;
    hs_str bytes = hs_cursor_bytes(c, array ? 2 * cardinality : BITSET_BYTES);
    if (c->bad)
        return bad(err, "cut short", i);
    if (array ? !rising(bytes) : ones(bytes) != cardinality)
        return bad(err, array ? "values are not in order" : "bits are not as many as is said", i);
    return HS_OK;
}

hs_rc hs_bitmap_check(struct hs_cursor *c, hs_str *out, struct hs_err *err)
{
    struct header h;
    HS_TRY(read_header(c, &h, err));
    for (size_t i = 0; i < h.count; i++)
        HS_TRY(check_container(c, &h, i, err));
    *out = hs_str_n(h.start, (size_t)(c->at - h.start));
    return HS_OK;
}
