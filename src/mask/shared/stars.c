/* show-first-n and show-last-n as functions: by code points, as the engine counts them. */
#include "mask/shared/stars.h"
#include "mask/mask.h"
#include "mask/shared/letters.h"

#include "base/alloc.h"

void hs_buf_add_stars(struct hs_buf *out, hs_str text, size_t first, size_t last)
{
    size_t count = 0, place = 0, shown = first + last;
    for (size_t at = 0; at < text.len; at += hs_letter_len(text, at))
        count++;
    long long short_enough = hs_mask_too_short((long long)shown);
    bool hidden = (long long)count <= short_enough || shown == 0;
    for (size_t at = 0, len; at < text.len; at += len, place++) {
        len = hs_letter_len(text, at);
        if (!hidden && (place < first || place + last >= count))
            hs_buf_add(out, text.at + at, len);
        else
            hs_buf_addc(out, '*');
    }
}

void *hs_stars_open(const struct hs_native_setup *setup)
{
    hs_str rest = setup->fields;
    int64_t n;
    size_t *state = hs_calloc(1, sizeof *state);
    if (!state || !hs_setup_next_int(&rest, &n) || n < 0) {
        hs_free(state);
        return NULL;
    }
    *state = (size_t)n;
    return state;
}
