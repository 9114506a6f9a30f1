/* Which streams a client opened, passed over and ended: what it may send depends on its own words alone, so that no
 * answer of ours on its way can make it guilty. nghttp2 forgets a stream when it is closed and takes what comes for it
 * in silence; RFC 9113 sections 5.1 and 5.1.1 want it told. The memory is small and bounded: what falls out of it is
 * not judged. */
#include "wire/http2_in.h"

static void forget(struct stream_order *o, size_t i)
{
    memmove(o->open + i, o->open + i + 1, (--o->open_count - i) * sizeof o->open[0]);
}

static size_t find_open(const struct stream_order *o, uint32_t stream)
{
    size_t i = o->open_count;
    while (i > 0 && o->open[i - 1] != stream)
        i--;
    return i; /* its place + 1, or 0 */
}

/* Oldest first. Streams that we ended before the client did stay here until newer ones push them out. */
static void remember_open(struct stream_order *o, uint32_t stream)
{
    if (o->open_count == ORDER_OPEN) {
        o->unjudged = o->open[0] > o->unjudged ? o->open[0] : o->unjudged;
        forget(o, 0);
    }
    o->open[o->open_count++] = stream;
}

static void pass_over(struct stream_order *o, uint32_t from, uint32_t to)
{
    if (o->skipped_count == ORDER_SKIPPED)
        memmove(o->skipped, o->skipped + 1, --o->skipped_count * sizeof o->skipped[0]);
    o->skipped[o->skipped_count++] = (struct stream_range){from, to};
}

static bool was_passed_over(const struct stream_order *o, uint32_t stream)
{
    for (size_t i = 0; i < o->skipped_count; i++) {
        if (stream >= o->skipped[i].from && stream <= o->skipped[i].to)
            return true;
    }
    return false;
}

static void open_stream(struct stream_order *o, uint32_t stream)
{
    uint32_t next = o->highest ? o->highest + 2 : 1;
    if (stream > next)
        pass_over(o, next, stream - 2);
    o->highest = stream;
    remember_open(o, stream);
}

/* 0, or the code that the connection ends with. */
uint32_t order_check(struct stream_order *o, uint8_t type, uint8_t flags, uint32_t stream)
{
    bool carries = type == NGHTTP2_HEADERS || type == NGHTTP2_DATA;
    if (stream % 2 == 0 || (!carries && type != NGHTTP2_RST_STREAM))
        return 0;
    if (type == NGHTTP2_HEADERS && stream > o->highest)
        open_stream(o, stream);
    size_t place = find_open(o, stream);
    if (carries && !place && stream <= o->highest && was_passed_over(o, stream))
        return NGHTTP2_PROTOCOL_ERROR;
    if (carries && !place && stream <= o->highest && stream > o->unjudged)
        return NGHTTP2_STREAM_CLOSED;
    if (place && (type == NGHTTP2_RST_STREAM || (flags & NGHTTP2_FLAG_END_STREAM)))
        forget(o, place - 1);
    return 0;
}
