/* The container around the records: header, blocks, sync markers. */
#include "avro/avro.h"
#include "base/alloc.h"
#include "base/damage.h"

enum { MAX_BLOCK_MIB = 256, SYNC = 16 };

struct hs_avro_file {
    struct hs_arena *arena; /* header, schema */
    struct hs_arena *rows;  /* the block being read */
    struct hs_cursor in, block;
    struct hs_avro_value header; /* MAP */
    struct hs_avro_type *schema;
    enum hs_codec codec;
    hs_str sync;
    struct hs_buf plain;
    int64_t rows_left, fuel;
    struct hs_avro_value row;
};

static hs_rc read_header(struct hs_avro_file *f, struct hs_err *err)
{
    static struct hs_avro_type bytes = {.kind = HS_AVRO_BYTES};
    static struct hs_avro_field value = {.id = -1, .type = &bytes};
    static const struct hs_avro_type map = {.kind = HS_AVRO_MAP, .fields = &value, .field_count = 1};
    if (hs_cursor_left(&f->in) >= 4 && memcmp(f->in.at, "AGS1", 4) == 0) /* spec: "AES GCM Stream" */
        return hs_refused(err, "the table is encrypted, which is not supported yet", "AES GCM stream");
    if (!hs_str_is(hs_cursor_bytes(&f->in, 4), "Obj\x01"))
        return hs_damaged(err, "not an avro file");
    int64_t fuel = (int64_t)hs_cursor_left(&f->in) + 16;
    HS_TRY(hs_avro_decode(f->arena, &f->in, &map, &fuel, &f->header, err));
    f->sync = hs_cursor_bytes(&f->in, SYNC);
    return f->in.bad ? hs_damaged(err, "avro header is cut short") : HS_OK;
}

hs_str hs_avro_meta(const struct hs_avro_file *f, const char *key)
{
    for (size_t i = 0; i + 1 < f->header.count; i += 2)
        if (hs_str_is(f->header.items[i].s, key))
            return f->header.items[i + 1].s;
    return (hs_str){0};
}

static hs_rc choose_codec(struct hs_avro_file *f, struct hs_err *err)
{
    hs_str codec = hs_avro_meta(f, "avro.codec");
    if (!codec.at || codec.len == 0 || hs_str_is(codec, "null"))
        f->codec = HS_CODEC_NONE;
    else if (hs_str_is(codec, "deflate"))
        f->codec = HS_CODEC_DEFLATE;
    else if (hs_str_is(codec, "zstandard"))
        f->codec = HS_CODEC_ZSTD;
    else if (hs_str_is(codec, "snappy"))
        f->codec = HS_CODEC_SNAPPY_CRC;
    else
        return hs_refused(err, "an avro file is compressed in a way that is not supported", "codec %.*s",
                          (int)(codec.len < 40 ? codec.len : 40), codec.at);
    return HS_OK;
}

static bool wants(const int *wanted, size_t count, int id)
{
    for (size_t i = 0; i < count; i++)
        if (wanted[i] == id)
            return true;
    return false;
}

/* Marks members of the record and of the records directly inside its wanted members ("data_file"); what lies deeper
 * ("partition") is read whole. */
static void mark_skips(struct hs_avro_type *record, const int *wanted, size_t count, int levels)
{
    for (size_t i = 0; i < record->field_count; i++) {
        struct hs_avro_field *f = &record->fields[i];
        f->skip = !wants(wanted, count, f->id);
        struct hs_avro_type *type = f->type;
        if (!f->skip && levels > 1 && type->kind == HS_AVRO_RECORD && type != record)
            mark_skips(type, wanted, count, levels - 1);
    }
}

static hs_rc open_in(struct hs_avro_file *f, const int *wanted, size_t wanted_count, struct hs_err *err)
{
    hs_buf_init(&f->plain, MAX_BLOCK_MIB * HS_MIB);
    f->arena = hs_arena_new(0);
    if (!f->arena)
        return hs_no_memory(err);
    HS_TRY(read_header(f, err));
    HS_TRY(choose_codec(f, err));
    hs_str schema = hs_avro_meta(f, "avro.schema");
    if (!schema.at)
        return hs_damaged(err, "avro file without a schema");
    HS_TRY(hs_avro_schema_parse(f->arena, schema, &f->schema, err));
    if (f->schema->kind != HS_AVRO_RECORD)
        return hs_damaged(err, "avro file does not hold records");
    mark_skips(f->schema, wanted, wanted_count, 2);
    return HS_OK;
}

hs_rc hs_avro_open(hs_str bytes, const int *wanted, size_t wanted_count, struct hs_avro_file **out, struct hs_err *err)
{
    struct hs_avro_file *f = hs_calloc(1, sizeof *f);
    if (!f)
        return hs_no_memory(err);
    f->in = hs_cursor_of(bytes);
    hs_rc rc = open_in(f, wanted, wanted_count, err);
    if (rc == HS_OK)
        *out = f;
    else
        hs_avro_close(f);
    return rc;
}

void hs_avro_close(struct hs_avro_file *f)
{
    if (!f)
        return;
    hs_arena_free(f->rows);
    hs_arena_free(f->arena);
    hs_buf_fini(&f->plain);
    hs_free(f);
}

static hs_rc unpack(struct hs_avro_file *f, hs_str packed, struct hs_err *err)
{
    if (f->codec == HS_CODEC_NONE) {
        f->block = hs_cursor_of(packed);
        return HS_OK;
    }
    hs_buf_clear(&f->plain);
    HS_TRY(hs_codec_decode(f->codec, packed, &f->plain, err));
    f->block = hs_cursor_of(hs_buf_str(&f->plain));
    return HS_OK;
}

static hs_rc next_block(struct hs_avro_file *f, struct hs_err *err)
{
    if (f->rows && hs_cursor_left(&f->block) > 0)
        return hs_damaged(err, "avro block is longer than its records");
    int64_t count = hs_cursor_zigzag(&f->in);
    int64_t size = hs_cursor_zigzag(&f->in);
    if (f->in.bad || count < 0 || size < 0)
        return hs_damaged(err, "avro block header is cut short or wrong");
    hs_str packed = hs_cursor_bytes(&f->in, (uint64_t)size);
    hs_str sync = hs_cursor_bytes(&f->in, SYNC);
    if (f->in.bad || !hs_str_eq(sync, f->sync))
        return hs_damaged(err, "avro block is cut short or ends without its sync marker");
    HS_TRY(unpack(f, packed, err));
    hs_arena_free(f->rows);
    f->rows = hs_arena_new(0);
    if (!f->rows)
        return hs_no_memory(err);
    /* A value without bytes (null, empty record) is possible, but not by the million in a manifest. */
    f->fuel = 4 * (int64_t)hs_cursor_left(&f->block) + 4096;
    f->rows_left = count;
    return HS_OK;
}

hs_rc hs_avro_next(struct hs_avro_file *f, const struct hs_avro_value **out, struct hs_err *err)
{
    while (f->rows_left == 0) {
        if (hs_cursor_left(&f->in) == 0) {
            if (hs_cursor_left(&f->block) > 0)
                return hs_damaged(err, "avro block is longer than its records");
            *out = NULL;
            return HS_OK;
        }
        HS_TRY(next_block(f, err));
    }
    HS_TRY(hs_avro_decode(f->rows, &f->block, f->schema, &f->fuel, &f->row, err));
    f->rows_left--;
    *out = &f->row;
    return HS_OK;
}
