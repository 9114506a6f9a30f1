/* The container around the records: header, blocks, sync markers. A file is seen through a window: the whole of it when
 * its bytes are at hand, else what was read and not used up yet, never much more than one block. */
#include "avro/avro.h"
#include "base/alloc.h"
#include "base/damage.h"

enum { MAX_BLOCK_MIB = 256, MAX_HEADER_MIB = 16, MAX_HEADER_VALUES = 10 * 1000, SYNC = 16, BLOCK_HEADER = 20 };
enum { FIRST_READ = 64 * 1024, MOST_READ = 1024 * 1024, KEPT_ROWS = 1024 * 1024, MAX_ROW_MIB = 1024 };

struct hs_avro_file {
    struct hs_arena *arena; /* header, schema */
    struct hs_arena *rows;  /* the record being read */
    struct hs_avro_input input;
    bool at_end;          /* of the input: the window holds all that is left */
    struct hs_buf window; /* with an input: what `in` looks at */
    struct hs_cursor in, block;
    bool in_block;
    struct hs_avro_value header; /* MAP */
    struct hs_avro_type *schema;
    enum hs_codec codec;
    hs_str sync;
    struct hs_buf plain;
    int64_t rows_left, fuel;
    struct hs_avro_value row;
};

/* Sees to it that `len` bytes are in front of the cursor, or all there are. */
static hs_rc look_ahead(struct hs_avro_file *f, size_t len, struct hs_err *err)
{
    if (!f->input.read || hs_cursor_left(&f->in) >= len)
        return HS_OK;
    hs_buf_drop(&f->window, hs_cursor_pos(&f->in));
    while (!f->at_end && f->window.len < len) {
        /* little by little: a length that was forged takes no more memory than there are bytes */
        size_t missing = len - f->window.len, step = missing < MOST_READ ? missing : MOST_READ, got = 0;
        char *to = hs_buf_room(&f->window, step);
        if (!to)
            return hs_no_memory(err);
        HS_TRY(f->input.read(f->input.ctx, to, step, &got, err));
        f->window.len += got < step ? got : step;
        f->at_end = got == 0;
    }
    f->in = hs_cursor_of(hs_buf_str(&f->window));
    return HS_OK;
}

static hs_rc decode_header(struct hs_avro_file *f, struct hs_err *err)
{
    static struct hs_avro_type bytes = {.kind = HS_AVRO_BYTES};
    static struct hs_avro_field value = {.id = -1, .type = &bytes};
    static const struct hs_avro_type map = {.kind = HS_AVRO_MAP, .fields = &value, .field_count = 1};
    if (hs_cursor_left(&f->in) >= 4 && memcmp(f->in.at, "AGS1", 4) == 0) /* spec: "AES GCM Stream" */
        return hs_refused(err, "the table is encrypted, which is not supported yet", "AES GCM stream");
    if (!hs_str_is(hs_cursor_bytes(&f->in, 4), "Obj\x01"))
        return hs_damaged(err, "not an avro file");
    int64_t fuel = MAX_HEADER_VALUES;
    HS_TRY(hs_avro_decode(f->arena, &f->in, &map, &fuel, &f->header, err));
    f->sync = hs_cursor_bytes(&f->in, SYNC);
    return f->in.bad ? hs_damaged(err, "avro header is cut short") : HS_OK;
}

/* The window moves on, the header stays. */
static hs_rc keep_header(struct hs_avro_file *f, struct hs_err *err)
{
    f->sync = hs_arena_str(f->arena, f->sync);
    bool ok = f->sync.at != NULL;
    for (size_t i = 0; ok && i < f->header.count; i++) {
        f->header.items[i].s = hs_arena_str(f->arena, f->header.items[i].s);
        ok = f->header.items[i].s.at != NULL;
    }
    return ok ? HS_OK : hs_no_memory(err);
}

/* How long a header is only its end tells: what does not decode may be damaged, or may not be there yet. */
static hs_rc read_header(struct hs_avro_file *f, struct hs_err *err)
{
    if (!f->input.read)
        return decode_header(f, err);
    hs_rc rc = HS_CORRUPT;
    for (size_t len = FIRST_READ; rc == HS_CORRUPT && len <= MAX_HEADER_MIB * HS_MIB; len *= 2) {
        HS_TRY(look_ahead(f, len, err));
        rc = decode_header(f, err);
        if (rc != HS_CORRUPT || f->at_end)
            break;
        f->in = hs_cursor_of(hs_buf_str(&f->window));
    }
    return rc == HS_OK ? keep_header(f, err) : rc;
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

static hs_rc open_in(struct hs_avro_file *f, struct hs_err *err)
{
    hs_buf_init(&f->plain, MAX_BLOCK_MIB * HS_MIB);
    hs_buf_init(&f->window, (MAX_BLOCK_MIB + 1) * HS_MIB);
    f->arena = hs_arena_new(0);
    f->rows = hs_arena_new(MAX_ROW_MIB * HS_MIB);
    if (!f->arena || !f->rows)
        return hs_no_memory(err);
    HS_TRY(read_header(f, err));
    HS_TRY(choose_codec(f, err));
    hs_str schema = hs_avro_meta(f, "avro.schema");
    if (!schema.at)
        return hs_damaged(err, "avro file without a schema");
    HS_TRY(hs_avro_schema_parse(f->arena, schema, &f->schema, err));
    return f->schema->kind == HS_AVRO_RECORD ? HS_OK : hs_damaged(err, "avro file does not hold records");
}

static hs_rc open_file(const struct hs_avro_input *input, hs_str bytes, struct hs_avro_file **out, struct hs_err *err)
{
    struct hs_avro_file *f = hs_calloc(1, sizeof *f);
    if (!f)
        return hs_no_memory(err);
    f->in = hs_cursor_of(bytes);
    if (input)
        f->input = *input;
    hs_rc rc = open_in(f, err);
    if (rc == HS_OK)
        *out = f;
    else
        hs_avro_close(f);
    return rc;
}

hs_rc hs_avro_open(hs_str bytes, const int *wanted, size_t wanted_count, struct hs_avro_file **out, struct hs_err *err)
{
    HS_TRY(open_file(NULL, bytes, out, err));
    mark_skips((*out)->schema, wanted, wanted_count, 2);
    return HS_OK;
}

hs_rc hs_avro_open_input(const struct hs_avro_input *input, struct hs_avro_file **out, struct hs_err *err)
{
    return open_file(input, HS_S(""), out, err);
}

const struct hs_avro_type *hs_avro_schema(const struct hs_avro_file *f)
{
    return f->schema;
}

void hs_avro_project(struct hs_avro_file *f, const bool *wanted)
{
    for (size_t i = 0; i < f->schema->field_count; i++)
        f->schema->fields[i].skip = !wanted[i];
}

void hs_avro_close(struct hs_avro_file *f)
{
    if (!f)
        return;
    hs_arena_free(f->rows);
    hs_arena_free(f->arena);
    hs_buf_fini(&f->plain);
    hs_buf_fini(&f->window);
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
    int64_t count = hs_cursor_zigzag(&f->in);
    int64_t size = hs_cursor_zigzag(&f->in);
    if (f->in.bad || count < 0 || size < 0)
        return hs_damaged(err, "avro block header is cut short or wrong");
    bool forged = !f->input.read && (uint64_t)size > hs_cursor_left(&f->in); /* all there is, and it is less */
    if (size > MAX_BLOCK_MIB * (int64_t)HS_MIB && !forged)
        return hs_fail_hidden(err, HS_LIMIT, "avro block of %lld bytes", (long long)size);
    HS_TRY(look_ahead(f, (size_t)size + SYNC, err));
    hs_str packed = hs_cursor_bytes(&f->in, (uint64_t)size);
    hs_str sync = hs_cursor_bytes(&f->in, SYNC);
    if (f->in.bad || !hs_str_eq(sync, f->sync))
        return hs_damaged(err, "avro block is cut short or ends without its sync marker");
    HS_TRY(unpack(f, packed, err));
    f->in_block = true;
    /* A value without bytes (null, empty record) is possible, but not by the million in a manifest. */
    f->fuel = 4 * (int64_t)hs_cursor_left(&f->block) + 4096;
    f->rows_left = count;
    return HS_OK;
}

/* Between two blocks. *out: there is another one. */
static hs_rc enter_block(struct hs_avro_file *f, bool *out, struct hs_err *err)
{
    if (f->in_block && hs_cursor_left(&f->block) > 0)
        return hs_damaged(err, "avro block is longer than its records");
    HS_TRY(look_ahead(f, BLOCK_HEADER, err));
    *out = hs_cursor_left(&f->in) > 0;
    return *out ? next_block(f, err) : HS_OK;
}

/* A record's values live until the next: their memory is given back now and then, so that a block of many small values
 * does not become many times its size. */
static hs_rc renew_rows(struct hs_avro_file *f, struct hs_err *err)
{
    if (hs_arena_used(f->rows) < KEPT_ROWS)
        return HS_OK;
    hs_arena_free(f->rows);
    f->rows = hs_arena_new(MAX_ROW_MIB * HS_MIB);
    return f->rows ? HS_OK : hs_no_memory(err);
}

int64_t hs_avro_count(const struct hs_avro_file *f)
{
    struct hs_cursor c = f->in;
    int64_t total = 0;
    while (!f->input.read && hs_cursor_left(&c) > 0) {
        int64_t count = hs_cursor_zigzag(&c), size = hs_cursor_zigzag(&c);
        if (count < 0 || size < 0 || __builtin_add_overflow(total, count, &total))
            return 0;
        hs_cursor_skip(&c, (uint64_t)size);
        hs_cursor_skip(&c, SYNC);
    }
    return c.bad ? 0 : total;
}

static hs_rc next_record(struct hs_avro_file *f, bool *out, struct hs_err *err)
{
    *out = true;
    while (f->rows_left == 0 && *out)
        HS_TRY(enter_block(f, out, err));
    return HS_OK;
}

hs_rc hs_avro_next(struct hs_avro_file *f, const struct hs_avro_value **out, struct hs_err *err)
{
    bool more;
    *out = NULL;
    HS_TRY(next_record(f, &more, err));
    if (!more)
        return HS_OK;
    HS_TRY(renew_rows(f, err));
    HS_TRY(hs_avro_decode(f->rows, &f->block, f->schema, &f->fuel, &f->row, err));
    f->rows_left--;
    *out = &f->row;
    return HS_OK;
}

hs_rc hs_avro_next_raw(struct hs_avro_file *f, struct hs_cursor **out, struct hs_err *err)
{
    bool more;
    *out = NULL;
    HS_TRY(next_record(f, &more, err));
    if (!more)
        return HS_OK;
    if (f->block.bad)
        return hs_damaged(err, "avro record is cut short or holds a length that cannot be");
    f->rows_left--;
    *out = &f->block;
    return HS_OK;
}
