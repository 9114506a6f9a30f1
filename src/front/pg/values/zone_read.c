/* TZif files (RFC 8536): a header and a block of 32-bit times, then from version 2 on the same with 64 bits and, as a
 * line of text, the rule for all time after. The first block is passed over where there is a second. */
#include "front/pg/values/zone_in.h"

#include <endian.h>

enum { HEADER = 44, TYPES_MAX = 256, TIMES_MAX = 20000 };

struct counts {
    uint32_t utc, standard, leap, times, types, letters;
    char version;
};

struct reader {
    hs_str rest;
    struct hs_arena *arena;
    struct hs_err *err;
};

static hs_rc damaged(struct reader *r, const char *words)
{
    return hs_fail(r->err, HS_CORRUPT, "not a zone file: %s", words);
}

static hs_rc take(struct reader *r, size_t len, const uint8_t **out)
{
    if (r->rest.len < len)
        return damaged(r, "it ends early");
    *out = (const uint8_t *)r->rest.at;
    r->rest.at += len;
    r->rest.len -= len;
    return HS_OK;
}

static uint32_t u32_at(const uint8_t *at)
{
    uint32_t v;
    memcpy(&v, at, sizeof v);
    return be32toh(v);
}

static hs_rc take_header(struct reader *r, struct counts *out)
{
    const uint8_t *at;
    HS_TRY(take(r, HEADER, &at));
    if (memcmp(at, "TZif", 4) != 0)
        return damaged(r, "its first letters");
    *out = (struct counts){u32_at(at + 20), u32_at(at + 24), u32_at(at + 28), u32_at(at + 32),
                           u32_at(at + 36), u32_at(at + 40), (char)at[4]};
    if (out->times > TIMES_MAX || out->types > TYPES_MAX || out->letters > 4096 || out->leap > 4096 ||
        out->utc > TYPES_MAX || out->standard > TYPES_MAX || !out->types)
        return damaged(r, "its counts");
    return HS_OK;
}

static size_t block_size(const struct counts *n, size_t width)
{
    return (size_t)n->times * (width + 1) + (size_t)n->types * 6 + n->letters + (size_t)n->leap * (width + 4) +
           n->standard + n->utc;
}

static hs_rc read_times(struct reader *r, const struct counts *n, size_t width, struct hs_pg_zone *out)
{
    const uint8_t *times, *become;
    HS_TRY(take(r, n->times * width, &times));
    HS_TRY(take(r, n->times, &become));
    int64_t *at = hs_arena_array(r->arena, n->times + 1, sizeof *at);
    uint8_t *to = hs_arena_alloc(r->arena, n->times + 1);
    if (!at || !to)
        return hs_fail(r->err, HS_NOMEM, "out of memory");
    for (uint32_t i = 0; i < n->times; i++) {
        uint64_t wide = (uint64_t)u32_at(times + i * width) << 32;
        at[i] = width == 8 ? (int64_t)(wide | u32_at(times + i * width + 4)) : (int32_t)u32_at(times + i * width);
        to[i] = become[i];
        if (become[i] >= n->types || (i && at[i] <= at[i - 1]))
            return damaged(r, "its times");
    }
    out->at = at;
    out->become = to;
    out->count = n->times;
    return HS_OK;
}

static hs_rc read_types(struct reader *r, const struct counts *n, struct hs_pg_zone *out)
{
    const uint8_t *types, *letters;
    HS_TRY(take(r, (size_t)n->types * 6, &types));
    HS_TRY(take(r, n->letters, &letters));
    struct hs_pg_zone_type *made = hs_arena_array(r->arena, n->types, sizeof *made);
    hs_str text = hs_arena_str(r->arena, hs_str_n(letters, n->letters)); /* ends with a zero of ours */
    if (!made || !text.at)
        return hs_fail(r->err, HS_NOMEM, "out of memory");
    for (uint32_t i = 0; i < n->types; i++) {
        int32_t offset = (int32_t)u32_at(types + (size_t)i * 6);
        uint8_t from = types[(size_t)i * 6 + 5];
        if (from > n->letters || offset > 100 * 3600 || offset < -100 * 3600)
            return damaged(r, "its types");
        made[i] = (struct hs_pg_zone_type){offset, types[(size_t)i * 6 + 4] != 0, text.at + from};
    }
    out->types = made;
    out->type_count = n->types;
    return HS_OK;
}

static hs_rc read_block(struct reader *r, const struct counts *n, size_t width, struct hs_pg_zone *out)
{
    const uint8_t *rest;
    if (n->leap)
        return hs_fail(r->err, HS_UNSUPPORTED, "a zone file that counts leap seconds");
    HS_TRY(read_times(r, n, width, out));
    HS_TRY(read_types(r, n, out));
    return take(r, (size_t)n->standard + n->utc, &rest);
}

/* "\nCET-1CEST,M3.5.0,M10.5.0/3\n"; nothing between where nothing is known of the time after. */
static hs_rc read_rule(struct reader *r, struct hs_pg_zone *out)
{
    hs_str text = r->rest;
    if (!text.len || text.at[0] != '\n')
        return damaged(r, "its last line");
    text.at++;
    text.len--;
    hs_str line = hs_str_cut(&text, '\n');
    if (!line.len)
        return HS_OK;
    if (!hs_pg_zone_rule_parse(line, r->arena, &out->rule))
        return damaged(r, "its rule");
    out->has_rule = true;
    return HS_OK;
}

hs_rc hs_pg_zone_parse(hs_str file, struct hs_arena *a, struct hs_pg_zone *out, struct hs_err *err)
{
    struct reader r = {file, a, err};
    struct counts n;
    const uint8_t *skipped;
    *out = (struct hs_pg_zone){.count = 0};
    HS_TRY(take_header(&r, &n));
    if (!n.version)
        return read_block(&r, &n, 4, out);
    HS_TRY(take(&r, block_size(&n, 4), &skipped));
    HS_TRY(take_header(&r, &n));
    HS_TRY(read_block(&r, &n, 8, out));
    return read_rule(&r, out);
}
