/* A hostile worker's batch: a byte that picks the schema, rows, then nodes, buffers and body as they come. What passes
 * the check is imported, and what is imported is walked. */
#include "arrow/flat.h"
#include "arrow/ipc.h"
#include "base/cursor.h"

#include <nanoarrow/nanoarrow.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct hs_type leaf[] = {{.id = HS_T_BOOLEAN},
                                      {.id = HS_T_LONG},
                                      {.id = HS_T_STRING},
                                      {.id = HS_T_DECIMAL, .precision = 9, .scale = 2},
                                      {.id = HS_T_UUID},
                                      {.id = HS_T_UNKNOWN},
                                      {.id = HS_T_DECIMAL, .precision = 9, .narrow = 32},
                                      {.id = HS_T_STRING, .view = true},
                                      {.id = HS_T_STRING, .index_bits = 8},
                                      {.id = HS_T_BINARY, .index_bits = 16}};
#define FIELD(label, t)                                                       \
    {                                                                         \
        .id = 1, .name = {label, 1}, .type = (struct hs_type *)(uintptr_t)(t) \
    }
static struct hs_field inner[] = {FIELD("a", &leaf[2]), FIELD("b", &leaf[1])};
static const struct hs_type nest[] = {{.id = HS_T_STRUCT, .fields = inner, .field_count = 2},
                                      {.id = HS_T_LIST, .fields = inner, .field_count = 1},
                                      {.id = HS_T_MAP, .fields = inner, .field_count = 2}};
static struct hs_field columns[] = {
    FIELD("a", &leaf[0]), FIELD("b", &leaf[1]), FIELD("c", &leaf[2]), FIELD("d", &leaf[3]), FIELD("e", &leaf[4]),
    FIELD("f", &leaf[5]), FIELD("g", &nest[0]), FIELD("h", &nest[1]), FIELD("i", &nest[2]), FIELD("j", &leaf[6]),
    FIELD("k", &leaf[7]), FIELD("l", &leaf[8]), FIELD("m", &leaf[9])};
enum { COLUMNS = sizeof columns / sizeof *columns };

static int64_t walk(const struct ArrowArrayView *v, int depth)
{
    int64_t sum = 0;
    for (int64_t i = 0; i < v->length; i++) {
        sum += ArrowArrayViewIsNull(v, i);
        if (v->dictionary && !ArrowArrayViewIsNull(v, i) && ArrowArrayViewGetIntUnsafe(v, i) >= v->dictionary->length)
            abort();
        bool text = v->storage_type == NANOARROW_TYPE_STRING || v->storage_type == NANOARROW_TYPE_STRING_VIEW;
        if (text && !ArrowArrayViewIsNull(v, i)) {
            struct ArrowStringView s = ArrowArrayViewGetStringUnsafe(v, i);
            for (int64_t k = 0; k < s.size_bytes; k++)
                sum += s.data[k];
        }
        if (v->storage_type == NANOARROW_TYPE_INT64)
            sum += ArrowArrayViewGetIntUnsafe(v, i) & 1;
    }
    for (int64_t i = 0; i < v->n_children && depth < 8; i++)
        sum += walk(v->children[i], depth + 1);
    if (v->dictionary)
        sum += walk(v->dictionary, depth + 1);
    return sum;
}

static void import(const struct hs_type *schema, const struct hs_batch *b)
{
    struct hs_err err;
    struct ArrowSchema s;
    struct ArrowArray array;
    struct ArrowArrayView view;
    if (hs_batch_import(schema, b, &array, &err) != HS_OK)
        return;
    if (hs_type_to_arrow(schema, false, &s, &err) != HS_OK ||
        ArrowArrayViewInitFromSchema(&view, &s, NULL) != NANOARROW_OK ||
        ArrowArrayViewSetArray(&view, &array, NULL) != NANOARROW_OK)
        abort();                     /* what was imported must be usable */
    if (walk(&view, 0) == INT64_MIN) /* so that the reading is not optimised away */
        abort();
    ArrowArrayViewReset(&view);
    ArrowSchemaRelease(&s);
    ArrowArrayRelease(&array);
}

/* What is said of a part that passed the check must lie in it, and the header be one that can be read. */
static void frame(const struct hs_batch *b, size_t i)
{
    struct hs_batch_part part = hs_batch_part(b, i);
    struct hs_err err;
    struct hs_buf out;
    if (part.at > b->body_len || part.len > b->body_len - part.at)
        abort();
    hs_buf_init(&out, 1 << 20);
    if (hs_ipc_part_header(b, i, &out, &err) != HS_OK)
        abort();
    struct hs_flat flat = {.bytes = hs_buf_str(&out)};
    struct hs_flat_table root = hs_flat_root(&flat);
    if (hs_flat_int(&root, 3, 8, -1) != (int64_t)part.len || flat.bad)
        abort();
    hs_buf_fini(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hs_cursor c = hs_cursor_of(hs_str_n(data, size));
    struct hs_err err;
    unsigned first = hs_cursor_u8(&c);
    size_t pick = first % (COLUMNS + 1), nodes, buffers;
    struct hs_type schema = {.id = HS_T_STRUCT, .fields = columns, .field_count = COLUMNS};
    if (pick < COLUMNS) {
        schema.fields = &columns[pick];
        schema.field_count = 1;
    }
    struct hs_batch b = {.rows = hs_cursor_u8(&c)};
    struct hs_batch_node n[48];
    struct hs_batch_buffer m[96];
    hs_batch_shape(&schema, &nodes, &buffers);
    for (size_t i = 0; i < nodes; i++)
        n[i] = (struct hs_batch_node){hs_cursor_u8(&c), hs_cursor_u8(&c)};
    for (size_t i = 0; i < buffers; i++) {
        m[i].offset = (int16_t)hs_cursor_u16le(&c);
        m[i].length = (int16_t)hs_cursor_u16le(&c);
    }
    if (c.bad)
        return 0;
    b.nodes = n;
    b.node_count = nodes;
    b.buffers = m;
    b.buffer_count = buffers;
    b.body = c.at;
    b.body_len = hs_cursor_left(&c);
    hs_batch_of_form(&b, &schema, (enum hs_compression)(first / (COLUMNS + 1) % 3));
    for (size_t i = 0; i < hs_batch_part_count(&b) && hs_batch_check(&schema, &b, &err) == HS_OK; i++)
        frame(&b, i);
    if (hs_batch_check(&schema, &b, &err) == HS_OK)
        import(&schema, &b);
    return 0;
}
