/* The Schema message, by nanoarrow's encoder: schemas are small and made once a call. The encoder numbers dictionaries
 * depth-first from 0, as batches do, but knows no views. Their type tables are as empty as those of plain text and
 * bytes, so views are written as those, and the number that says which type it is, is put right afterwards. */
#include "arrow/ipc.h"

#include <endian.h>
#include <errno.h>
#include <nanoarrow/nanoarrow.h>
#include <nanoarrow/nanoarrow_ipc.h>

#include "arrow/flat.h"

enum { MESSAGE_HEADER = 2, SCHEMA_FIELDS = 1, FIELD_TYPE = 2, FIELD_CHILDREN = 5 }; /* fields of tables */
enum { TYPE_BINARY_VIEW = 23, TYPE_UTF8_VIEW = 24 };                                /* Schema.fbs, union Type */

static bool is_view(const struct ArrowSchema *s)
{
    return s->format && s->format[0] == 'v' && (s->format[1] == 'u' || s->format[1] == 'z') && !s->format[2];
}

static bool has_views(const struct ArrowSchema *s)
{
    bool any = is_view(s);
    for (int64_t i = 0; i < s->n_children && !any; i++)
        any = has_views(s->children[i]);
    return any;
}

static int make_plain(struct ArrowSchema *s)
{
    int code = is_view(s) ? ArrowSchemaSetFormat(s, s->format[1] == 'u' ? "u" : "z") : NANOARROW_OK;
    for (int64_t i = 0; i < s->n_children && code == NANOARROW_OK; i++)
        code = make_plain(s->children[i]);
    return code;
}

/* Where the byte of a field lies in the message; 0 when it is absent. */
static size_t byte_of(const struct hs_flat_table *t, int field)
{
    size_t slot = 4 + 2 * (size_t)field;
    uint16_t at = 0;
    if (slot + 2 <= t->vtable_size)
        memcpy(&at, t->flat->bytes.at + t->vtable + slot, sizeof at);
    return at ? t->at + le16toh(at) : 0;
}

static void put_views(struct hs_flat *flat, uint8_t *message, const struct hs_flat_vector *fields,
                      const struct ArrowSchema *parent)
{
    for (int64_t i = 0; i < parent->n_children && !flat->bad; i++) {
        struct hs_flat_table field = hs_flat_element_table(flat, fields, (size_t)i);
        size_t type = byte_of(&field, FIELD_TYPE);
        if (!type)
            flat->bad = true;
        else if (is_view(parent->children[i]))
            message[type] = parent->children[i]->format[1] == 'u' ? TYPE_UTF8_VIEW : TYPE_BINARY_VIEW;
        struct hs_flat_vector children = hs_flat_vector(&field, FIELD_CHILDREN, 4);
        if (children.count == (size_t)parent->children[i]->n_children)
            put_views(flat, message, &children, parent->children[i]);
        else
            flat->bad = true;
    }
}

/* The message without what comes before it when it is encapsulated. */
static bool patch(uint8_t *message, size_t len, const struct ArrowSchema *schema)
{
    struct hs_flat flat = {.bytes = hs_str_n(message, len)};
    struct hs_flat_table root = hs_flat_root(&flat), header = hs_flat_table(&root, MESSAGE_HEADER);
    struct hs_flat_vector fields = hs_flat_vector(&header, SCHEMA_FIELDS, 4);
    if (fields.count != (size_t)schema->n_children)
        return false;
    put_views(&flat, message, &fields, schema);
    return !flat.bad;
}

static int encode_plain(const struct ArrowSchema *schema, bool encapsulated, struct ArrowBuffer *message,
                        struct ArrowError *words)
{
    struct ArrowIpcEncoder encoder;
    int code = ArrowIpcEncoderInit(&encoder);
    if (code != NANOARROW_OK)
        return code;
    code = ArrowIpcEncoderEncodeSchema(&encoder, schema, words);
    if (code == NANOARROW_OK)
        code = ArrowIpcEncoderFinalizeBuffer(&encoder, encapsulated, message);
    ArrowIpcEncoderReset(&encoder);
    return code;
}

static int encode(const struct ArrowSchema *schema, bool encapsulated, struct ArrowBuffer *message,
                  struct ArrowError *words)
{
    struct ArrowSchema plain;
    if (!has_views(schema))
        return encode_plain(schema, encapsulated, message, words);
    int code = ArrowSchemaDeepCopy(schema, &plain);
    if (code != NANOARROW_OK)
        return code;
    code = make_plain(&plain);
    if (code == NANOARROW_OK)
        code = encode_plain(&plain, encapsulated, message, words);
    ArrowSchemaRelease(&plain);
    size_t skip = encapsulated ? 8 : 0;
    if (code == NANOARROW_OK && !patch(message->data + skip, (size_t)message->size_bytes - skip, schema))
        code = EINVAL;
    return code;
}

hs_rc hs_ipc_schema(const struct ArrowSchema *schema, bool encapsulated, struct hs_buf *out, struct hs_err *err)
{
    struct ArrowError words = {{0}};
    struct ArrowBuffer message;
    ArrowBufferInit(&message);
    int code = encode(schema, encapsulated, &message, &words);
    if (code == NANOARROW_OK)
        hs_buf_add(out, message.data, (size_t)message.size_bytes);
    ArrowBufferReset(&message);
    if (code != NANOARROW_OK)
        return hs_fail_hidden(err, code == ENOMEM ? HS_NOMEM : HS_INTERNAL, "schema message: %s", words.message);
    return hs_buf_done(out, err);
}
