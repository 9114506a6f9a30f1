/* Puffin files (https://iceberg.apache.org/puffin-spec/): deletion vectors, and the list of what a file holds. */
#ifndef HS_ICEBERG_PUFFIN_H
#define HS_ICEBERG_PUFFIN_H

#include "base/positions.h"
#include "store/store.h"

/* A "deletion-vector-v1" blob, its frame checked: length, magic, CRC-32. */
HS_MUST hs_rc hs_vector_parse(hs_str blob, struct hs_positions **out, struct hs_err *err);
/* The blob at an offset. `len` < 0: as long as it says itself. `offset` < 0: the file is a bare blob, as some writer
 * left them, without the file format around it. */
HS_MUST hs_rc hs_vector_read(hs_str local_path, int64_t offset, int64_t len, struct hs_positions **out,
                             struct hs_err *err);

struct hs_puffin_blob {
    hs_str type, codec; /* codec: empty when not compressed */
    const int *fields;
    size_t field_count;
    int64_t snapshot_id, sequence_number, offset, length;
    int64_t ndv, cardinality; /* properties; -1: none */
    hs_str referenced_file;   /* property; .at == NULL: none */
};
/* What the footer lists; every blob lies in the file. In the arena. */
HS_MUST hs_rc hs_puffin_list(struct hs_arena *a, hs_str local_path, struct hs_puffin_blob **out, size_t *out_count,
                             struct hs_err *err);
/* The same of bytes: the last of a file of `size` bytes, at least its whole footer. `path` is for messages. */
HS_MUST hs_rc hs_puffin_parse(struct hs_arena *a, hs_str tail, int64_t size, hs_str path, struct hs_puffin_blob **out,
                              size_t *out_count, struct hs_err *err);

#endif
