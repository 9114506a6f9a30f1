/* What planning needs of an Avro data file: the schema in its header. How many rows there are only the manifest tells
 * before all of it is read; the worker holds the file to that. */
#include "avro/avro.h"
#include "iceberg/damage.h"
#include "iceberg/parquet.h"

struct header_input {
    const struct hs_footer_source *from;
    int64_t at;
};

static hs_rc read_next(void *ctx, void *to, size_t len, size_t *out_len, struct hs_err *err)
{
    struct header_input *in = ctx;
    int64_t left = in->from->size - in->at;
    size_t n = left < (int64_t)len ? (size_t)(left > 0 ? left : 0) : len;
    hs_str bytes = HS_S("");
    if (n)
        HS_TRY(hs_object_read_range(in->from->scratch, in->from->path, in->at, n, &bytes, err));
    memcpy(to, bytes.at, bytes.len < n ? bytes.len : n);
    in->at += (int64_t)n;
    *out_len = n;
    return HS_OK;
}

static hs_rc read_header(const struct hs_footer_source *from, struct hs_physical *out, struct hs_footer *counts,
                         struct hs_err *err)
{
    struct header_input in = {.from = from};
    struct hs_avro_input input = {read_next, &in};
    struct hs_avro_file *file;
    HS_TRY(hs_avro_open_input(&input, &file, err));
    hs_rc rc = hs_avro_physical(from->keep, hs_avro_schema(file), &out->type, err);
    hs_avro_close(file);
    for (size_t i = 0; rc == HS_OK && i < out->type->field_count; i++)
        out->has_ids = out->has_ids || out->type->fields[i].id >= 0;
    counts->row_count = -1;
    return rc;
}

hs_rc hs_avro_header_open(hs_str local_path, struct hs_footer **out, struct hs_err *err)
{
    return hs_footer_open_by(read_header, local_path, out, err);
}
