/* Arrow IPC messages
 * (https://arrow.apache.org/docs/format/Columnar.html#serialization-and-interprocess-communication-ipc). */
#ifndef HS_ARROW_IPC_H
#define HS_ARROW_IPC_H

#include "arrow/batch.h"
#include "arrow/param.h"

struct ArrowSchema;

/* Schema message as bare flatbuffer (Flight's data_header), and encapsulated (0xFFFFFFFF, length, padded). */
HS_MUST hs_rc hs_ipc_schema(const struct ArrowSchema *schema, bool encapsulated, struct hs_buf *out,
                            struct hs_err *err);
/* Message header as bare flatbuffer for a part of a batch (batch.h) whose body is sent as it lies: a DictionaryBatch
 * for each dictionary, at last the RecordBatch. */
HS_MUST hs_rc hs_ipc_part_header(const struct hs_batch *batch, size_t part, struct hs_buf *out, struct hs_err *err);
/* Of a batch without dictionaries: its only part's. */
static inline HS_MUST hs_rc hs_ipc_batch_header(const struct hs_batch *batch, struct hs_buf *out, struct hs_err *err)
{
    return hs_ipc_part_header(batch, batch->dictionary_count, out, err);
}
/* Builds header + body of a small batch that the server itself made (metadata answers) from an ArrowArray. The batch's
 * memory is private; release frees it. */
HS_MUST hs_rc hs_batch_of_array(const struct ArrowSchema *schema, const struct ArrowArray *array, struct hs_batch *out,
                                struct hs_err *err);

/* Reading what a client bound: a sequence of Flight messages (schema, dictionaries, batches), each (header, body), from
 * an untrusted peer: every length checked, full validation, bounded rows and bytes. Dictionary-encoded and compressed
 * columns are decoded or refused with words. */
struct hs_ipc_reader;
struct hs_ipc_reader *hs_ipc_reader_new(size_t rows_max, size_t bytes_max);
void hs_ipc_reader_free(struct hs_ipc_reader *r);
HS_MUST hs_rc hs_ipc_reader_message(struct hs_ipc_reader *r, hs_str header, hs_str body, struct hs_err *err);
size_t hs_ipc_reader_rows(const struct hs_ipc_reader *r);
size_t hs_ipc_reader_columns(const struct hs_ipc_reader *r);
/* Row i as parameters; texts are copied into the arena. Nested columns: HS_UNSUPPORTED. */
HS_MUST hs_rc hs_ipc_reader_row(const struct hs_ipc_reader *r, size_t row, struct hs_arena *a, struct hs_params *out,
                                struct hs_err *err);

#endif
