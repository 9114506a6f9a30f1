/* initials: of a name what a list of participants needs: the first letter of each word. */
#include "mask/mask.h"
#include "mask/shared/letters.h"

#include "base/alloc.h"

static void print(struct hs_buf *out, const struct hs_mask_call *call)
{
    struct hs_native_call c;
    hs_native_call_begin(&c, out, call);
    hs_native_call_end(&c, HS_NATIVE_TEXT, call->x);
}

static void *open_state(const struct hs_native_setup *setup)
{
    (void)setup;
    return hs_calloc(1, 1);
}

/* A word of one letter would be shown whole, and a list of them is somebody's name already: stars. */
static bool mask(const void *state, void *work, enum hs_native_kind kind, struct hs_native_value *v, struct hs_buf *out)
{
    (void)state, (void)work, (void)kind;
    for (size_t at = 0, len; at < v->bytes.len;) {
        size_t from = at, letters = 0, first = 0;
        for (; at < v->bytes.len && v->bytes.at[at] != ' ' && v->bytes.at[at] != '-'; at += len, letters++) {
            len = hs_letter_len(v->bytes, at);
            first = letters ? first : len;
        }
        if (letters > 1)
            hs_buf_add(out, v->bytes.at + from, first);
        hs_buf_addz(out, letters > 1 ? "." : letters ? "*" : "");
        if (at < v->bytes.len)
            hs_buf_addc(out, v->bytes.at[at++]);
    }
    v->bytes = hs_buf_str(out);
    return true;
}

static const struct hs_native native = {
    .kinds = 1u << HS_NATIVE_TEXT, .open = open_state, .close = hs_free, .mask = mask};

static const struct hs_mask_example examples[] = {
    {"string", NULL, "Ada Lovelace", "A. L."},
    {"string", NULL, "Anna-Lena \xC3\x96zdemir", "A.-L. \xC3\x96."},
    {"string", NULL, "X", "*"},
    {"string", NULL, "", ""},
    {"string", NULL, NULL, NULL},
};

const struct hs_mask_function hs_mask_initials = {
    .name = "initials",
    .text =
        "The first letter of each word, a full stop for the rest of it; a word of one letter becomes '*'. Words end at "
        "spaces and hyphens.",
    .accepts = HS_ON(HS_T_STRING),
    .print_duckdb = print,
    .native = &native,
    .examples = examples,
    .example_count = HS_COUNT(examples),
};
