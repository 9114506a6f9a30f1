/* Any bytes as a container: opened at once and in pieces, both say the same. */
#include "avro/avro.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct pieces {
    const uint8_t *at;
    size_t left;
};

static hs_rc read_piece(void *ctx, void *to, size_t len, size_t *out_len, struct hs_err *err)
{
    (void)err;
    struct pieces *p = ctx;
    size_t n = p->left < 13 ? p->left : 13;
    n = n < len ? n : len;
    memcpy(to, p->at, n);
    p->at += n;
    p->left -= n;
    *out_len = n;
    return HS_OK;
}

static hs_rc rows(struct hs_avro_file *f, int64_t *out, struct hs_err *err)
{
    const struct hs_avro_value *row;
    for (*out = 0;; ++*out) {
        HS_TRY(hs_avro_next(f, &row, err));
        if (!row)
            return HS_OK;
    }
}

static hs_rc count(bool in_pieces, hs_str bytes, int64_t *out, struct hs_err *err)
{
    struct pieces pieces = {(const uint8_t *)bytes.at, bytes.len};
    struct hs_avro_input input = {read_piece, &pieces};
    struct hs_avro_file *f;
    hs_rc rc = in_pieces ? hs_avro_open_input(&input, &f, err) : hs_avro_open(bytes, NULL, 0, &f, err);
    if (rc != HS_OK)
        return rc;
    rc = rows(f, out, err);
    hs_avro_close(f);
    return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hs_err err;
    int64_t skipped = 0, read = 0;
    hs_rc a = count(false, hs_str_n(data, size), &skipped, &err), b = count(true, hs_str_n(data, size), &read, &err);
    if (a == HS_OK && b == HS_OK && skipped != read)
        abort();
    return 0;
}
