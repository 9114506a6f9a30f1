/* What a Puffin file holds, by its footer: blobs with their types and properties. Statistics are written there, and
 * the report of a table names them. Spec: https://iceberg.apache.org/puffin-spec/, "Footer structure". */
#include "iceberg/json.h"
#include "iceberg/puffin.h"

#include <lz4frame.h>

enum { TAIL = 64 * 1024, MAX_FOOTER_MIB = 64, MAX_BLOBS = 1000 * 1000, TRAILER = 12, MAGIC = 4 };

static hs_rc unpack(struct hs_arena *a, hs_str packed, hs_str *out, struct hs_err *err)
{
    LZ4F_dctx *context;
    LZ4F_frameInfo_t info;
    size_t used = packed.len;
    if (LZ4F_isError(LZ4F_createDecompressionContext(&context, LZ4F_VERSION)))
        return hs_no_memory(err);
    size_t rc = LZ4F_getFrameInfo(context, &info, packed.at, &used);
    bool sized = !LZ4F_isError(rc) && info.contentSize > 0 && info.contentSize <= MAX_FOOTER_MIB * HS_MIB;
    size_t plain = sized ? (size_t)info.contentSize : 0, rest = sized ? packed.len - used : 0;
    char *at = sized ? hs_arena_alloc(a, plain) : NULL;
    if (at)
        rc = LZ4F_decompress(context, at, &plain, packed.at + used, &rest, NULL);
    LZ4F_freeDecompressionContext(context);
    if (sized && !at)
        return hs_no_memory(err);
    if (!sized || rc != 0 || plain != info.contentSize || used + rest != packed.len)
        return hs_damaged(err, "puffin footer is not one LZ4 frame that states its size");
    *out = (hs_str){at, plain};
    return HS_OK;
}

/* A property is text; one that is not a number counts as not there: the reference writes estimates. */
static hs_rc read_properties(struct hs_json *j, yyjson_val *blob, struct hs_puffin_blob *out)
{
    yyjson_val *properties;
    hs_str number = {0};
    out->ndv = out->cardinality = -1;
    HS_TRY(hs_json_object(j, blob, "properties", false, &properties));
    if (!properties)
        return HS_OK;
    HS_TRY(hs_json_text(j, properties, "ndv", false, &number));
    if (!hs_str_to_i64(number, &out->ndv) || out->ndv < 0)
        out->ndv = -1;
    number = (hs_str){0};
    HS_TRY(hs_json_text(j, properties, "cardinality", false, &number));
    if (!hs_str_to_i64(number, &out->cardinality) || out->cardinality < 0)
        out->cardinality = -1;
    return hs_json_text(j, properties, "referenced-data-file", false, &out->referenced_file);
}

static hs_rc read_fields(struct hs_json *j, yyjson_val *blob, struct hs_puffin_blob *out)
{
    yyjson_val *list, *item;
    yyjson_arr_iter it;
    int *fields;
    HS_TRY(hs_json_array(j, blob, "fields", true, &list));
    HS_TRY(hs_json_new(j, yyjson_arr_size(list), sizeof *fields, &fields));
    yyjson_arr_iter_init(list, &it);
    while ((item = yyjson_arr_iter_next(&it))) {
        if (!yyjson_is_int(item) || yyjson_get_sint(item) < INT32_MIN || yyjson_get_sint(item) > INT32_MAX)
            return hs_json_bad(j, "\"fields\" holds what is not a field id");
        fields[out->field_count++] = (int)yyjson_get_sint(item);
    }
    out->fields = fields;
    return HS_OK;
}

static hs_rc read_blob(struct hs_json *j, yyjson_val *blob, int64_t size, struct hs_puffin_blob *out)
{
    if (!yyjson_is_obj(blob))
        return hs_json_bad(j, "not an object");
    out->codec = HS_S("");
    HS_TRY(hs_json_text(j, blob, "type", true, &out->type));
    HS_TRY(hs_json_i64(j, blob, "snapshot-id", true, &out->snapshot_id));
    HS_TRY(hs_json_i64(j, blob, "sequence-number", true, &out->sequence_number));
    HS_TRY(hs_json_i64(j, blob, "offset", true, &out->offset));
    HS_TRY(hs_json_i64(j, blob, "length", true, &out->length));
    HS_TRY(hs_json_text(j, blob, "compression-codec", false, &out->codec));
    if (out->offset < 0 || out->length < 0 || out->offset > size || out->length > size - out->offset)
        return hs_json_bad(j, "a blob that is not in the file");
    HS_TRY(read_fields(j, blob, out));
    return read_properties(j, blob, out);
}

static hs_rc read_blobs(struct hs_json *j, yyjson_val *root, int64_t size, struct hs_puffin_blob **out,
                        size_t *out_count)
{
    yyjson_val *list, *item;
    yyjson_arr_iter it;
    struct hs_puffin_blob *blobs;
    size_t n = 0;
    if (!yyjson_is_obj(root))
        return hs_json_bad(j, "not an object");
    HS_TRY(hs_json_array(j, root, "blobs", true, &list));
    if (yyjson_arr_size(list) > MAX_BLOBS)
        return hs_fail_hidden(j->err, HS_LIMIT, "more than %d blobs", MAX_BLOBS);
    HS_TRY(hs_json_new(j, yyjson_arr_size(list), sizeof *blobs, &blobs));
    size_t mark = hs_json_enter(j, "blobs");
    yyjson_arr_iter_init(list, &it);
    while ((item = yyjson_arr_iter_next(&it))) {
        size_t inner = hs_json_enter_index(j, n);
        HS_TRY(read_blob(j, item, size, &blobs[n++]));
        hs_json_leave(j, inner);
    }
    hs_json_leave(j, mark);
    *out = blobs;
    *out_count = n;
    return HS_OK;
}

static hs_rc read_payload(struct hs_arena *a, hs_str payload, int64_t size, hs_str path, struct hs_puffin_blob **out,
                          size_t *out_count, struct hs_err *err)
{
    struct hs_json j = {.arena = a, .err = err, .file = path};
    yyjson_read_err why;
    char *text = (char *)(uintptr_t)payload.at; /* not changed: no in-situ flag */
    yyjson_doc *doc = yyjson_read_opts(text, payload.len, YYJSON_READ_NOFLAG, &hs_json_alc, &why);
    if (!doc && why.code == YYJSON_READ_ERROR_MEMORY_ALLOCATION)
        return hs_no_memory(err);
    if (!doc)
        return hs_json_bad(&j, "puffin footer is not JSON: %s at byte %zu", why.msg, why.pos);
    hs_rc rc = read_blobs(&j, yyjson_doc_get_root(doc), size, out, out_count);
    yyjson_doc_free(doc);
    return rc;
}

static uint32_t little(const char *at)
{
    const uint8_t *b = (const uint8_t *)at;
    return (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

static bool is_magic(const char *at)
{
    return memcmp(at, "PFA1", MAGIC) == 0;
}

/* How long the footer is, its two magics counted. */
static hs_rc footer_length(hs_str tail, int64_t size, size_t *out, struct hs_err *err)
{
    if (tail.len < TRAILER || !is_magic(tail.at + tail.len - MAGIC))
        return hs_damaged(err, "not a puffin file");
    uint32_t payload = little(tail.at + tail.len - TRAILER);
    if (payload > MAX_FOOTER_MIB * HS_MIB || (int64_t)payload > size - TRAILER - 2 * MAGIC)
        return hs_damaged(err, "puffin footer of %u bytes", payload);
    *out = (size_t)payload + TRAILER + MAGIC;
    return HS_OK;
}

hs_rc hs_puffin_parse(struct hs_arena *a, hs_str tail, int64_t size, hs_str path, struct hs_puffin_blob **out,
                      size_t *out_count, struct hs_err *err)
{
    size_t len;
    HS_TRY(footer_length(tail, size, &len, err));
    if (len > tail.len || !is_magic(tail.at + tail.len - len))
        return hs_damaged(err, "puffin footer without its magic");
    hs_str payload = {tail.at + tail.len - len + MAGIC, len - TRAILER - MAGIC};
    uint32_t flags = little(tail.at + tail.len - TRAILER + 4);
    if (flags > 1)
        return hs_refused(err, "a statistics file is of a kind that is not supported", "puffin flags %u", flags);
    if (flags)
        HS_TRY(unpack(a, payload, &payload, err));
    return read_payload(a, payload, size, path, out, out_count, err);
}

static hs_rc read_tail(struct hs_arena *a, hs_str path, int64_t *out_size, hs_str *out, struct hs_err *err)
{
    struct hs_stamp stamp;
    size_t len;
    HS_TRY(hs_object_stamp(path, &stamp, err));
    *out_size = stamp.size;
    size_t have = stamp.size < TAIL ? (size_t)stamp.size : TAIL;
    HS_TRY(hs_object_read_range(a, path, stamp.size - (int64_t)have, have, out, err));
    HS_TRY(footer_length(*out, stamp.size, &len, err));
    if (len > have)
        HS_TRY(hs_object_read_range(a, path, stamp.size - (int64_t)len, len, out, err));
    return HS_OK;
}

hs_rc hs_puffin_list(struct hs_arena *a, hs_str local_path, struct hs_puffin_blob **out, size_t *out_count,
                     struct hs_err *err)
{
    int64_t size;
    hs_str tail;
    hs_rc rc = read_tail(a, local_path, &size, &tail, err);
    if (rc == HS_OK)
        rc = hs_puffin_parse(a, tail, size, local_path, out, out_count, err);
    if (rc != HS_OK)
        hs_ignore(hs_err_note(err, "in %.*s", HS_FMT(local_path)));
    return rc;
}
