/* What a client may bind: any bytes as an IPC stream, every value of it read. */
#include "stream.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hs_err err;
    struct hs_ipc_reader *r = hs_ipc_reader_new(1000, 1 << 20);
    struct hs_arena *a = hs_arena_new(64 << 20);
    if (!r || !a)
        abort();
    hs_ignore(stream_read(r, hs_str_n(data, size), &err));
    for (size_t row = 0; row < hs_ipc_reader_rows(r); row++) {
        struct hs_params p;
        if (hs_ipc_reader_row(r, row, a, &p, &err) != HS_OK)
            continue;
        for (size_t i = 0; i < p.count; i++) /* every byte handed out is readable */
            for (size_t k = 0; k < p.at[i].text.len; k++)
                if (p.at[i].text.at[k] == 1 && p.at[i].null && p.at[i].type == HS_T_COUNT_)
                    abort();
    }
    hs_arena_free(a);
    hs_ipc_reader_free(r);
    return 0;
}
