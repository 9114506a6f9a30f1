/* The checksums that pages of a Parquet file state (parquet.thrift: PageHeader.crc), over the bytes as they lie. The
 * engine looks at none of them. In a data file that costs at worst a wrong value, which no reader would notice; in a
 * delete file it brings rows back, or takes others away, so there we look ourselves. Who writes no checksums is read
 * as before. */
#include "iceberg/damage.h"
#include "iceberg/parquet.h"
#include "iceberg/thrift.h"

#include <zlib.h>

enum { MAX_PAGES_MIB = 64 }; /* a file with more is not looked at: it would be read twice */

struct chunk {
    int64_t at, len;
};
struct chunks {
    HS_VEC(struct chunk) list;
};

/* ---- where they lie ---- */

/* ColumnMetaData: from the dictionary's page, where there is one, to the last page's end. */
static struct chunk column_metadata(struct hs_cursor *c)
{
    struct hs_thrift_field f = {0};
    struct chunk found = {-1, -1};
    int64_t dictionary = 0;
    while (hs_thrift_next(c, &f)) {
        if (f.id == 7)
            found.len = hs_thrift_i64(c, f.wire);
        else if (f.id == 9)
            found.at = hs_thrift_i64(c, f.wire);
        else if (f.id == 11)
            dictionary = hs_thrift_i64(c, f.wire);
        else
            hs_thrift_skip(c, f.wire);
    }
    if (dictionary > 0 && dictionary < found.at) /* some writers state 0 for none */
        found.at = dictionary;
    return found;
}

static struct chunk column_chunk(struct hs_cursor *c)
{
    struct hs_thrift_field f = {0};
    struct chunk found = {-1, -1};
    while (hs_thrift_next(c, &f)) {
        if (f.id == 3 && f.wire == HS_W_STRUCT)
            found = column_metadata(c);
        else
            hs_thrift_skip(c, f.wire);
    }
    return found;
}

static hs_rc row_group(struct hs_arena *a, struct hs_cursor *c, struct chunks *out, struct hs_err *err)
{
    struct hs_thrift_field f = {0};
    while (hs_thrift_next(c, &f)) {
        uint8_t item = HS_W_STOP;
        uint64_t count = f.id == 1 && f.wire == HS_W_LIST ? hs_thrift_list(c, &item) : 0;
        if (f.id != 1)
            hs_thrift_skip(c, f.wire);
        else if (item != HS_W_STRUCT)
            c->bad = true;
        for (uint64_t i = 0; i < count && !c->bad; i++) {
            struct chunk *slot = hs_vec_add(a, &out->list);
            if (!slot)
                return hs_no_memory(err);
            *slot = column_chunk(c);
        }
    }
    return HS_OK;
}

static hs_rc find_chunks(struct hs_arena *a, hs_str footer, struct chunks *out, struct hs_err *err)
{
    struct hs_cursor c = hs_cursor_of(footer);
    struct hs_thrift_field f = {0};
    while (hs_thrift_next(&c, &f)) {
        uint8_t item = HS_W_STOP;
        uint64_t count = f.id == 4 && f.wire == HS_W_LIST ? hs_thrift_list(&c, &item) : 0;
        if (f.id != 4)
            hs_thrift_skip(&c, f.wire);
        else if (count && item != HS_W_STRUCT)
            c.bad = true;
        for (uint64_t i = 0; i < count && !c.bad; i++)
            HS_TRY(row_group(a, &c, out, err));
    }
    return c.bad ? hs_damaged(err, "parquet footer: row groups") : HS_OK;
}

/* ---- what they say ---- */

struct page {
    int64_t len; /* as it lies, without this header */
    bool has_crc;
    uint32_t crc;
};

static struct page page_header(struct hs_cursor *c)
{
    struct hs_thrift_field f = {0};
    struct page p = {.len = -1};
    while (hs_thrift_next(c, &f)) {
        if (f.id == 3) {
            p.len = hs_thrift_i32(c, f.wire);
        } else if (f.id == 4) {
            p.crc = (uint32_t)hs_thrift_i32(c, f.wire);
            p.has_crc = true;
        } else {
            hs_thrift_skip(c, f.wire);
        }
    }
    if (p.len < 0)
        c->bad = true;
    return p;
}

hs_rc hs_parquet_check_chunk(hs_str bytes, struct hs_err *err)
{
    struct hs_cursor c = hs_cursor_of(bytes);
    while (!c.bad && hs_cursor_left(&c) > 0) {
        struct page p = page_header(&c);
        hs_str page = hs_cursor_bytes(&c, c.bad ? 0 : (uint64_t)p.len);
        if (!c.bad && p.has_crc && crc32_z(0, (const Bytef *)page.at, page.len) != p.crc)
            return hs_damaged(err, "a page of %zu bytes is not what its checksum says", page.len);
    }
    return c.bad ? hs_damaged(err, "a page's header, or a page cut short") : HS_OK;
}

/* Where all of them lie; checked against the file's size. */
static hs_rc find_span(const struct chunks *chunks, int64_t size, struct chunk *out, struct hs_err *err)
{
    int64_t from = size, to = 0;
    for (size_t i = 0; i < chunks->list.len; i++) {
        struct chunk one = chunks->list.at[i];
        if (one.at < 4 || one.len < 0 || one.len > size || one.at > size - one.len)
            return hs_damaged(err, "a column's pages at %lld, %lld bytes, of %lld", (long long)one.at,
                              (long long)one.len, (long long)size);
        from = one.at < from ? one.at : from;
        to = one.at + one.len > to ? one.at + one.len : to;
    }
    *out = (struct chunk){from, to > from ? to - from : 0};
    return HS_OK;
}

hs_rc hs_parquet_check_pages(struct hs_arena *scratch, hs_str local, int64_t size, hs_str footer, struct hs_err *err)
{
    struct chunks chunks = {0};
    struct chunk span;
    hs_str bytes;
    HS_TRY(find_chunks(scratch, footer, &chunks, err));
    HS_TRY(find_span(&chunks, size, &span, err));
    if (span.len == 0 || span.len > MAX_PAGES_MIB * (int64_t)HS_MIB)
        return HS_OK;
    HS_TRY(hs_object_read_range(scratch, local, span.at, (size_t)span.len, &bytes, err));
    if (bytes.len != (size_t)span.len)
        return hs_damaged(err, "%zu bytes of pages, of %lld", bytes.len, (long long)span.len);
    for (size_t i = 0; i < chunks.list.len; i++) {
        struct chunk one = chunks.list.at[i];
        HS_TRY(hs_parquet_check_chunk(hs_str_n(bytes.at + (one.at - span.at), (size_t)one.len), err));
    }
    return HS_OK;
}
