/* Deletion vectors: the frame around a bitmap of positions (Puffin specification, "deletion-vector-v1" blob type). A
 * manifest says where the blob lies, so the file around it is not read; whoever wrote the numbers in the manifest may
 * have been wrong, so the frame must fill exactly the bytes it is said to have. */
#include "iceberg/puffin.h"
#include "base/cursor.h"
#include "iceberg/damage.h"

#include <zlib.h>

/* The largest bitmap of a file of 2^32 rows is 512 MiB, and no file has nearly as many. */
enum { MAX_VECTOR_MIB = 512, FRAME = 12, LENGTH = 4 };

hs_rc hs_vector_parse(hs_str blob, struct hs_positions **out, struct hs_err *err)
{
    struct hs_cursor c = hs_cursor_of(blob);
    uint32_t len = hs_cursor_u32be(&c);
    hs_str body = hs_cursor_bytes(&c, len);
    uint32_t sum = hs_cursor_u32be(&c);
    if (c.bad || hs_cursor_left(&c) > 0 || len < 4)
        return hs_damaged(err, "deletion vector of %zu bytes says it has %u", blob.len, len);
    if (memcmp(body.at, "\xd1\xd3\x39\x64", 4) != 0)
        return hs_damaged(err, "deletion vector without its magic");
    if (crc32_z(0, (const Bytef *)body.at, body.len) != sum)
        return hs_damaged(err, "deletion vector's checksum differs");
    hs_rc rc = hs_positions_parse((hs_str){body.at + 4, body.len - 4}, out, err);
    if (rc == HS_CORRUPT && err)
        hs_ignore(hs_err_show(err, "table metadata is damaged"));
    return rc;
}

/* The blob's own first four bytes count what follows them, without the checksum. */
static hs_rc own_length(struct hs_arena *a, hs_str path, int64_t offset, int64_t *out, struct hs_err *err)
{
    hs_str head;
    HS_TRY(hs_object_read_range(a, path, offset, LENGTH, &head, err));
    struct hs_cursor c = hs_cursor_of(head);
    *out = (int64_t)hs_cursor_u32be(&c) + 2 * LENGTH;
    return HS_OK;
}

static hs_rc read_blob(struct hs_arena *a, hs_str path, int64_t offset, int64_t len, hs_str *out, struct hs_err *err)
{
    struct hs_stamp stamp;
    HS_TRY(hs_object_stamp(path, &stamp, err));
    if (offset < 0)
        offset = 0, len = stamp.size;
    if (len < 0)
        HS_TRY(own_length(a, path, offset, &len, err));
    if (len < FRAME || offset > stamp.size || len > stamp.size - offset)
        return hs_damaged(err, "deletion vector at %lld, %lld bytes; the file has %lld", (long long)offset,
                          (long long)len, (long long)stamp.size);
    if ((uint64_t)len > MAX_VECTOR_MIB * HS_MIB)
        return hs_fail_hidden(err, HS_LIMIT, "deletion vector of %lld bytes", (long long)len);
    return hs_object_read_range(a, path, offset, (size_t)len, out, err);
}

hs_rc hs_vector_read(hs_str local_path, int64_t offset, int64_t len, struct hs_positions **out, struct hs_err *err)
{
    struct hs_arena *a = hs_arena_new(0);
    hs_str blob;
    if (!a)
        return hs_no_memory(err);
    hs_rc rc = read_blob(a, local_path, offset, len, &blob, err);
    if (rc == HS_OK)
        rc = hs_vector_parse(blob, out, err);
    if (rc != HS_OK)
        hs_ignore(hs_err_note(err, "in %.*s at %lld", HS_FMT(local_path), (long long)offset));
    hs_arena_free(a);
    return rc;
}
