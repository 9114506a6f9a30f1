#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include <nanoarrow/nanoarrow.h>

#include "arrow/compress.h"
#include "arrow/ipc.h"
#include "arrow/layout.h"
#include "base/alloc.h"

/* ---- every type, and a batch of it in the engine's layout ---- */

static struct hs_field *field(struct hs_arena *a, const char *name, struct hs_type *type)
{
    struct hs_field *f = HS_NEW(a, struct hs_field);
    *f = (struct hs_field){.id = 7, .name = hs_str_of(name), .type = type};
    return f;
}

static struct hs_type *nested(struct hs_arena *a, enum hs_type_id id, struct hs_field *f, size_t n)
{
    struct hs_type *t = hs_type_new(a, id);
    t->fields = f;
    t->field_count = n;
    return t;
}

static struct hs_type *leaf(struct hs_arena *a, enum hs_type_id id)
{
    struct hs_type *t = hs_type_new(a, id);
    t->precision = 15;
    t->scale = 2;
    t->length = 5;
    return t;
}

static struct hs_type *all_types(struct hs_arena *a)
{
    static const enum hs_type_id nests[] = {HS_T_STRUCT, HS_T_LIST, HS_T_MAP};
    struct hs_field *columns = hs_arena_array(a, HS_T_COUNT_ + 3, sizeof *columns);
    size_t n = 0;
    for (enum hs_type_id id = HS_T_BOOLEAN; id < HS_T_COUNT_; id++) {
        struct hs_type probe = {.id = id, .length = 5};
        if (hs_type_is_nested(id) || hs_layout_of(&probe).kind == HS_LAYOUT_ABSENT)
            continue;
        hs_str name = hs_arena_printf(a, "c%d", (int)id);
        columns[n++] = *field(a, name.at, leaf(a, id));
    }
    for (size_t i = 0; i < 3; i++) {
        struct hs_field *members = hs_arena_array(a, 2, sizeof *members);
        members[0] = *field(a, "key", leaf(a, HS_T_STRING));
        members[1] = *field(a, "value", leaf(a, HS_T_LONG));
        columns[n++] = *field(a, hs_type_name(nests[i]), nested(a, nests[i], members, nests[i] == HS_T_LIST ? 1 : 2));
    }
    return nested(a, HS_T_STRUCT, columns, n);
}

/* Everything that has another form, in each of them. */
static struct hs_type *all_forms(struct hs_arena *a)
{
    struct hs_field *columns = hs_arena_array(a, 8, sizeof *columns);
    static const enum hs_type_id ids[] = {HS_T_DECIMAL, HS_T_DECIMAL, HS_T_STRING, HS_T_BINARY,
                                          HS_T_STRING,  HS_T_BINARY,  HS_T_LIST,   HS_T_LONG};
    for (size_t i = 0; i < 8; i++)
        columns[i] = *field(a, hs_arena_printf(a, "f%zu", i).at, leaf(a, ids[i]));
    columns[0].type->narrow = 32;
    columns[0].type->precision = 9;
    columns[1].type->narrow = 64;
    columns[2].type->view = columns[3].type->view = true;
    columns[4].type->index_bits = 8;
    columns[5].type->index_bits = 16;
    struct hs_type *element = leaf(a, HS_T_STRING);
    element->view = true;
    columns[6].type = nested(a, HS_T_LIST, field(a, "element", element), 1);
    return nested(a, HS_T_STRUCT, columns, 8);
}

struct maker {
    struct hs_batch *b;
    uint8_t *body;
};

static void *add_buffer(struct maker *m, size_t size)
{
    void *at = m->body + m->b->body_len;
    m->b->buffers[m->b->buffer_count++] = (struct hs_batch_buffer){(int64_t)m->b->body_len, (int64_t)size};
    m->b->body_len += (size + 7) & ~(size_t)7;
    return at;
}

static void add_offsets(struct maker *m, int64_t rows, int32_t step)
{
    int32_t *offsets = add_buffer(m, (size_t)(rows + 1) * 4);
    for (int32_t i = 0; i <= rows; i++)
        offsets[i] = i * step;
}

static void add_texts(struct maker *m, int64_t rows)
{
    add_offsets(m, rows, 2);
    memset(add_buffer(m, (size_t)rows * 2), 'x', (size_t)rows * 2);
}

static void add_node(struct maker *m, const struct hs_type *type, int64_t rows)
{
    struct hs_layout layout = hs_layout_of(type);
    m->b->nodes[m->b->node_count++] = (struct hs_batch_node){rows, layout.kind == HS_LAYOUT_NULL ? rows : 0};
    if (layout.buffers)
        add_buffer(m, 0);
    if (layout.kind == HS_LAYOUT_BITS)
        memset(add_buffer(m, (size_t)(rows + 7) / 8), 0x55, (size_t)(rows + 7) / 8);
    if (layout.kind == HS_LAYOUT_FIXED)
        memset(add_buffer(m, (size_t)rows * (size_t)layout.width), layout.width < 8 && !type->index_bits,
               (size_t)rows * (size_t)layout.width);
    if (layout.kind == HS_LAYOUT_BYTES)
        add_texts(m, rows);
    if (layout.kind == HS_LAYOUT_VIEW) {
        static const uint8_t view[16] = {2, 0, 0, 0, 'x', 'x'};
        uint8_t *at = add_buffer(m, (size_t)rows * 16);
        for (int64_t i = 0; i < rows; i++)
            memcpy(at + 16 * i, view, 16);
        add_buffer(m, 0);
    }
    if (layout.kind == HS_LAYOUT_LIST || layout.kind == HS_LAYOUT_MAP)
        add_offsets(m, rows, 1);
    if (layout.kind == HS_LAYOUT_MAP) {
        m->b->nodes[m->b->node_count++] = (struct hs_batch_node){rows, 0};
        add_buffer(m, 0);
    }
    for (size_t i = 0; i < type->field_count; i++)
        add_node(m, type->fields[i].type, rows);
}

static struct hs_batch make_batch(struct hs_arena *a, const struct hs_type *schema, int64_t rows)
{
    size_t nodes, buffers;
    hs_batch_shape(schema, &nodes, &buffers);
    uint8_t *body = hs_arena_alloc(a, 1 << 16);
    struct hs_batch b = {.rows = rows, .body = body};
    b.nodes = hs_arena_array(a, nodes, sizeof *b.nodes);
    b.buffers = hs_arena_array(a, buffers, sizeof *b.buffers);
    struct maker m = {&b, body};
    for (size_t i = 0; i < schema->field_count; i++)
        add_node(&m, schema->fields[i].type, rows);
    for (size_t i = 0; i < schema->field_count; i++)
        if (schema->fields[i].type->index_bits) {
            b.nodes[b.node_count++] = (struct hs_batch_node){rows, 0};
            add_buffer(&m, 0);
            add_texts(&m, rows);
        }
    hs_batch_of_form(&b, schema, HS_COMPRESSION_NONE);
    assert_int_equal(b.node_count, nodes);
    assert_int_equal(b.buffer_count, buffers);
    return b;
}

static int setup(void **state)
{
    *state = hs_arena_new(0);
    return *state ? 0 : -1;
}

static int teardown(void **state)
{
    hs_arena_free(*state);
    return 0;
}

/* ---- tests ---- */

static void a_whole_batch_passes(void **state)
{
    struct hs_err err;
    struct hs_type *schemas[] = {all_types(*state), all_forms(*state)};
    for (int64_t rows = 0; rows < 40; rows++) {
        struct hs_batch b = make_batch(*state, schemas[rows % 2], rows / 2);
        assert_int_equal(hs_batch_check(schemas[rows % 2], &b, &err), HS_OK);
    }
}

/* No single number of the descriptor may be made larger, negative or crooked without being seen. */
static void check_each_number(void **state, struct hs_type *schema)
{
    struct hs_err err;
    struct hs_batch b = make_batch(*state, schema, 9);
    static const int64_t lies[] = {-1, INT64_MAX, INT64_MIN, 1 << 20};
    for (size_t l = 0; l < 4; l++) {
        for (size_t i = 0; i < b.node_count; i++) {
            struct hs_batch_node was = b.nodes[i];
            b.nodes[i].length = lies[l];
            assert_int_equal(hs_batch_check(schema, &b, &err), HS_CORRUPT);
            b.nodes[i] = was;
            b.nodes[i].null_count = lies[l];
            assert_int_equal(hs_batch_check(schema, &b, &err), HS_CORRUPT);
            b.nodes[i] = was;
        }
        for (size_t i = 0; i < b.buffer_count; i++) {
            struct hs_batch_buffer was = b.buffers[i];
            b.buffers[i].offset = lies[l];
            assert_int_equal(hs_batch_check(schema, &b, &err), HS_CORRUPT);
            b.buffers[i] = was;
            b.buffers[i].length = lies[l];
            assert_int_equal(hs_batch_check(schema, &b, &err), HS_CORRUPT);
            b.buffers[i] = was;
            b.buffers[i].offset += 4;
            assert_int_equal(hs_batch_check(schema, &b, &err), HS_CORRUPT);
            b.buffers[i] = was;
        }
    }
    b.node_count--;
    assert_int_equal(hs_batch_check(schema, &b, &err), HS_CORRUPT);
}

static void each_number_is_checked(void **state)
{
    check_each_number(state, all_types(*state));
    check_each_number(state, all_forms(*state));
}

/* ---- other forms ---- */
static void what_is_said_of_forms_is_checked(void **state)
{
    struct hs_err err;
    struct hs_type *schema = all_forms(*state);
    struct hs_batch b = make_batch(*state, schema, 9);
    assert_int_equal(b.dictionary_count, 2);
    assert_int_equal(b.view_count, 3);
    b.dictionary_count = 1;
    assert_int_equal(hs_batch_check(schema, &b, &err), HS_CORRUPT);
    b.dictionary_count = 2;
    b.view_count = 2;
    assert_int_equal(hs_batch_check(schema, &b, &err), HS_CORRUPT);
    b.view_count = 3;
    struct hs_batch_buffer first = b.buffers[b.buffer_count - 6], second = b.buffers[b.buffer_count - 3];
    b.buffers[b.buffer_count - 6] = second; /* dictionaries the wrong way round */
    b.buffers[b.buffer_count - 3] = first;
    assert_int_equal(hs_batch_check(schema, &b, &err), HS_CORRUPT);
    b.buffers[b.buffer_count - 6] = first;
    b.buffers[b.buffer_count - 3] = second;
    b.nodes[b.node_count - 1].null_count = 1;
    b.buffers[b.buffer_count - 3].length = 8;
    assert_int_equal(hs_batch_check(schema, &b, &err), HS_CORRUPT);
}

/* Each part's buffers lie in it, and the parts are the whole body. */
static void parts_follow_one_another(void **state)
{
    struct hs_type *schema = all_forms(*state);
    struct hs_batch b = make_batch(*state, schema, 9);
    struct hs_batch_part columns = hs_batch_part(&b, 2), first = hs_batch_part(&b, 0), second = hs_batch_part(&b, 1);
    assert_int_equal(columns.at, 0);
    assert_int_equal(first.at, columns.len);
    assert_int_equal(second.at, first.at + first.len);
    assert_int_equal(second.at + second.len, b.body_len);
    assert_int_equal(columns.node_count + 2, b.node_count);
    assert_int_equal(columns.buffer_count + 6, b.buffer_count);
    assert_int_equal(first.rows, 9);
}

static hs_rc import_of(struct hs_type *schema, struct hs_batch *b)
{
    struct hs_err err;
    struct ArrowArray array;
    HS_TRY(hs_batch_import(schema, b, &array, &err));
    ArrowArrayRelease(&array);
    return HS_OK;
}

static void views_and_indices_are_followed_before_anybody_else_does(void **state)
{
    struct hs_type *schema = all_forms(*state);
    struct hs_batch b = make_batch(*state, schema, 3);
    assert_int_equal(import_of(schema, &b), HS_OK);
    uint8_t *view = (uint8_t *)b.body + b.buffers[5].offset; /* of f2, after two decimals */
    static const uint8_t bad[][16] = {
        {13, 0, 0, 0, 'x', 'x'},                /* longer than its data */
        {2, 0, 0, 0, 'x', 'x', 'x'},            /* leftovers behind a short one */
        {0xFF, 0xFF, 0xFF, 0xFF},               /* less than nothing */
        {1, 0, 0, 0, 0xFF},                     /* no UTF-8 */
        {20, 0, 0, 0, 'x', 'x', 0, 0, 1, 0, 0}, /* a second buffer */
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        memcpy(view, bad[i], 16);
        assert_int_equal(import_of(schema, &b), HS_CORRUPT);
    }
    static const uint8_t good[16] = {2, 0, 0, 0, 'x', 'x'};
    memcpy(view, good, 16);
    int8_t *index = (int8_t *)b.body + b.buffers[11].offset;
    *index = 3;
    assert_int_equal(import_of(schema, &b), HS_CORRUPT);
    *index = -1;
    assert_int_equal(import_of(schema, &b), HS_CORRUPT);
    *index = 2;
    assert_int_equal(import_of(schema, &b), HS_OK);
}

/* ---- compressed ---- */
static struct hs_batch compress_batch(struct hs_arena *a, const struct hs_type *schema, const struct hs_batch *plain,
                                      enum hs_compression how)
{
    struct hs_compressor *c = hs_compressor_new(how);
    struct hs_batch b = *plain;
    uint8_t *body = hs_arena_alloc(a, 1 << 17);
    b.body = body;
    b.body_len = 0;
    b.buffers = hs_arena_array(a, plain->buffer_count, sizeof *b.buffers);
    for (size_t i = 0; i < plain->buffer_count; i++) {
        size_t n =
            hs_compress(c, plain->body + plain->buffers[i].offset, (size_t)plain->buffers[i].length, body + b.body_len);
        b.buffers[i] = (struct hs_batch_buffer){(int64_t)b.body_len, (int64_t)n};
        b.body_len += (n + 7) & ~(size_t)7;
    }
    hs_batch_of_form(&b, schema, how);
    hs_compressor_free(c);
    return b;
}

static void compressed_batches_are_read_and_lies_in_them_found(void **state)
{
    struct hs_err err;
    struct hs_type *schemas[] = {all_types(*state), all_forms(*state)};
    size_t refused = 0;
    for (int k = 0; k < 4; k++) {
        struct hs_type *schema = schemas[k % 2];
        struct hs_batch plain = make_batch(*state, schema, 60);
        struct hs_batch b = compress_batch(*state, schema, &plain, k < 2 ? HS_COMPRESSION_LZ4 : HS_COMPRESSION_ZSTD);
        assert_int_equal(hs_batch_check(schema, &b, &err), HS_OK);
        assert_int_equal(import_of(schema, &b), HS_OK);
        for (size_t i = 0; i < b.body_len; i += 61) {
            uint8_t *byte = (uint8_t *)b.body + i, was = *byte;
            *byte ^= 0x5A;
            refused += import_of(schema, &b) != HS_OK;
            *byte = was;
        }
        for (size_t i = 0; i < b.buffer_count; i++) {
            struct hs_batch_buffer was = b.buffers[i];
            b.buffers[i].length = was.length ? 7 : 1;
            assert_int_equal(hs_batch_check(schema, &b, &err), HS_CORRUPT);
            b.buffers[i] = was;
        }
    }
    assert_true(refused > 10);
}

static void import_survives_every_failed_allocation(void **state)
{
    struct hs_err err;
    struct hs_type *schema = all_forms(*state);
    struct hs_batch plain = make_batch(*state, schema, 50);
    struct hs_batch b = compress_batch(*state, schema, &plain, HS_COMPRESSION_LZ4);
    bool done = false;
    for (long n = 0; !done; n++) {
        struct ArrowArray array;
        hs_fault_alloc_after(n);
        hs_rc rc = hs_batch_import(schema, &b, &array, &err);
        hs_fault_alloc_after(-1);
        done = rc == HS_OK;
        if (done)
            ArrowArrayRelease(&array);
        assert_true(done || rc == HS_NOMEM);
        assert_true(n < 10000);
    }
}

static void a_map_key_is_never_null(void **state)
{
    struct hs_err err;
    struct hs_type text = {.id = HS_T_STRING}, number = {.id = HS_T_LONG};
    struct hs_field entry[] = {{.id = 2, .name = HS_S("key"), .type = &text},
                               {.id = 3, .name = HS_S("value"), .type = &number}};
    struct hs_type map = {.id = HS_T_MAP, .fields = entry, .field_count = 2};
    struct hs_field column = {.id = 1, .name = HS_S("m"), .type = &map};
    struct hs_type schema = {.id = HS_T_STRUCT, .fields = &column, .field_count = 1};
    struct hs_batch b = make_batch(*state, &schema, 3);
    b.buffers[3] = (struct hs_batch_buffer){0, 8}; /* which keys are there */
    assert_int_equal(hs_batch_check(&schema, &b, &err), HS_OK);
    b.nodes[2].null_count = 1; /* map, entries, keys, values */
    assert_int_equal(hs_batch_check(&schema, &b, &err), HS_CORRUPT);
}

static void short_buffers_are_refused(void **state)
{
    struct hs_err err;
    struct hs_type *schema = all_types(*state);
    struct hs_batch b = make_batch(*state, schema, 9);
    for (size_t i = 0; i < b.buffer_count; i++) {
        struct hs_batch_buffer was = b.buffers[i];
        bool data_of_bytes = i > 0 && b.buffers[i - 1].length == 40 && was.length == 18; /* its length is free */
        b.buffers[i].length = was.length - 1;
        if (was.length && !data_of_bytes)
            assert_int_equal(hs_batch_check(schema, &b, &err), HS_CORRUPT);
        b.buffers[i] = was;
    }
}

static void imports_and_finds_bad_values(void **state)
{
    struct hs_err err;
    struct hs_type *schema = all_types(*state);
    struct hs_batch b = make_batch(*state, schema, 3);
    struct ArrowArray array;
    assert_int_equal(hs_batch_import(schema, &b, &array, &err), HS_OK);
    assert_int_equal(array.length, 3);
    ArrowArrayRelease(&array);
    size_t refused = 0;
    for (size_t i = 0; i < b.body_len; i++) { /* offsets and texts: the only values that can be wrong */
        uint8_t *byte = (uint8_t *)b.body + i, was = *byte;
        *byte = 0xFE;
        if (hs_batch_import(schema, &b, &array, &err) == HS_OK)
            ArrowArrayRelease(&array);
        else
            refused++;
        *byte = was;
    }
    assert_true(refused > 60);
}

static void a_character_cut_in_two_is_refused(void **state)
{
    struct hs_err err;
    struct hs_field *f = field(*state, "s", leaf(*state, HS_T_STRING));
    struct hs_type *schema = nested(*state, HS_T_STRUCT, f, 1);
    struct hs_batch b = make_batch(*state, schema, 2);
    struct ArrowArray array;
    memcpy((char *)b.body + b.buffers[2].offset, "\xC3\xA4\xC3\xA4", 4);
    assert_int_equal(hs_batch_import(schema, &b, &array, &err), HS_OK);
    ArrowArrayRelease(&array);
    int32_t *offsets = (int32_t *)(b.body + b.buffers[1].offset);
    offsets[1] = 1;
    assert_int_equal(hs_batch_import(schema, &b, &array, &err), HS_CORRUPT);
}

static void a_variant_is_its_two_parts(void **state)
{
    struct hs_err err;
    struct hs_field *f = field(*state, "v", leaf(*state, HS_T_VARIANT));
    struct hs_type *schema = nested(*state, HS_T_STRUCT, f, 1);
    struct ArrowSchema out;
    assert_int_equal(hs_type_to_arrow(schema, false, &out, &err), HS_OK);
    assert_string_equal(out.children[0]->format, "+s");
    assert_int_equal(out.children[0]->n_children, 2);
    assert_string_equal(out.children[0]->children[0]->name, "metadata");
    assert_string_equal(out.children[0]->children[1]->format, "z");
    ArrowSchemaRelease(&out);
}

static void types_without_arrow_form_are_refused_with_words(void **state)
{
    struct hs_err err;
    struct hs_field *f = field(*state, "v", leaf(*state, HS_T_COUNT_));
    struct hs_type *schema = nested(*state, HS_T_STRUCT, f, 1);
    struct ArrowSchema out;
    assert_int_equal(hs_type_to_arrow(schema, false, &out, &err), HS_UNSUPPORTED);
}

static void write_message(FILE *f, const struct hs_buf *header, const uint8_t *body, size_t body_len)
{
    uint32_t prefix[2] = {0xFFFFFFFF, (uint32_t)((header->len + 7) & ~(size_t)7)};
    static const char zero[8];
    fwrite(prefix, 4, 2, f);
    fwrite(header->at, 1, header->len, f);
    fwrite(zero, 1, prefix[1] - header->len, f);
    fwrite(body, 1, body_len, f);
}

/* A stream of every type, for tests/arrow/test_ipc.py to read with pyarrow. */
static void writes_a_stream_for_pyarrow(void **state)
{
    struct hs_err err;
    struct hs_type *schema = all_types(*state);
    struct ArrowSchema arrow;
    struct hs_buf b;
    char path[512];
    const char *dir = getenv("HS_BUILD_DIR");
    hs_buf_init(&b, 1 << 20);
    snprintf(path, sizeof path, "%s/arrow_every_type.arrows", dir ? dir : "/tmp");
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(hs_type_to_arrow(schema, true, &arrow, &err), HS_OK);
    assert_int_equal(hs_ipc_schema(&arrow, true, &b, &err), HS_OK);
    assert_int_equal(b.len % 8, 0);
    fwrite(b.at, 1, b.len, f);
    for (int64_t rows = 0; rows < 4; rows++) {
        struct hs_batch batch = make_batch(*state, schema, rows);
        hs_buf_clear(&b);
        assert_int_equal(hs_ipc_batch_header(&batch, &b, &err), HS_OK);
        write_message(f, &b, batch.body, batch.body_len);
    }
    fclose(f);
    ArrowSchemaRelease(&arrow);
    hs_buf_fini(&b);
}

static void a_made_array_becomes_the_same_batch(void **state)
{
    struct hs_err err;
    struct hs_type *schema = all_types(*state);
    struct hs_batch b = make_batch(*state, schema, 5), again;
    struct ArrowSchema arrow;
    struct ArrowArray array;
    assert_int_equal(hs_batch_import(schema, &b, &array, &err), HS_OK);
    assert_int_equal(hs_type_to_arrow(schema, false, &arrow, &err), HS_OK);
    assert_int_equal(hs_batch_of_array(&arrow, &array, &again, &err), HS_OK);
    assert_int_equal(hs_batch_check(schema, &again, &err), HS_OK);
    assert_int_equal(again.rows, 5);
    assert_int_equal(again.buffer_count, b.buffer_count);
    for (size_t i = 0; i < b.buffer_count; i++) {
        assert_int_equal(again.buffers[i].length, b.buffers[i].length);
        assert_memory_equal(again.body + again.buffers[i].offset, b.body + b.buffers[i].offset,
                            (size_t)b.buffers[i].length);
    }
    hs_batch_release(&again);
    hs_batch_release(&again); /* the second time is nothing */
    ArrowArrayRelease(&array);
    ArrowSchemaRelease(&arrow);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_whole_batch_passes, setup, teardown),
        cmocka_unit_test_setup_teardown(each_number_is_checked, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_said_of_forms_is_checked, setup, teardown),
        cmocka_unit_test_setup_teardown(parts_follow_one_another, setup, teardown),
        cmocka_unit_test_setup_teardown(views_and_indices_are_followed_before_anybody_else_does, setup, teardown),
        cmocka_unit_test_setup_teardown(compressed_batches_are_read_and_lies_in_them_found, setup, teardown),
        cmocka_unit_test_setup_teardown(import_survives_every_failed_allocation, setup, teardown),
        cmocka_unit_test_setup_teardown(a_map_key_is_never_null, setup, teardown),
        cmocka_unit_test_setup_teardown(short_buffers_are_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(imports_and_finds_bad_values, setup, teardown),
        cmocka_unit_test_setup_teardown(a_character_cut_in_two_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(a_variant_is_its_two_parts, setup, teardown),
        cmocka_unit_test_setup_teardown(types_without_arrow_form_are_refused_with_words, setup, teardown),
        cmocka_unit_test_setup_teardown(writes_a_stream_for_pyarrow, setup, teardown),
        cmocka_unit_test_setup_teardown(a_made_array_becomes_the_same_batch, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
