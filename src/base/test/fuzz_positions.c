/* Any bytes as a set of positions: what is let in is in order, answers alike in every way of asking, and is written
 * and read again as itself. */
#include "base/positions.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void ask(const struct hs_positions *p, int64_t first)
{
    bool live[3000], all, none = true;
    hs_positions_live(p, first, 3000, live, &all);
    for (int64_t i = 0; i < 3000 && first <= INT64_MAX - i; i++) {
        none &= live[i];
        if (live[i] == hs_positions_has(p, first + i))
            abort();
    }
    if (all != none)
        abort();
}

static void again(const struct hs_positions *p)
{
    struct hs_buf b;
    struct hs_positions *copy;
    struct hs_err err;
    hs_buf_init(&b, (size_t)1 << 30);
    hs_buf_add_positions(&b, p);
    if (hs_buf_done(&b, &err) != HS_OK || hs_positions_parse(hs_buf_str(&b), &copy, &err) != HS_OK)
        abort();
    if (hs_positions_count(copy) != hs_positions_count(p) || hs_positions_last(copy) != hs_positions_last(p))
        abort();
    hs_positions_unref(copy);
    hs_buf_fini(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hs_positions *p;
    struct hs_err err;
    if (hs_positions_parse(hs_str_n(data, size), &p, &err) != HS_OK)
        return 0;
    int64_t last = hs_positions_last(p);
    ask(p, 0);
    ask(p, last > 1500 ? last - 1500 : 0);
    again(p);
    hs_positions_unref(p);
    return 0;
}
