/* Every native that takes text, over bytes of any kind: it answers, and again the same. The first bytes choose which
 * one and with what setup; those of other setups than a printer writes must be refused, not believed. */
#include "mask/mask.h"

#include <stdlib.h>

static hs_str key_of(const void *keys, hs_str domain, hs_str id)
{
    (void)keys, (void)domain, (void)id;
    return HS_S("key");
}

static void run(const struct hs_native *n, const struct hs_native_setup *setup, hs_str text)
{
    void *state = n->open(setup), *work = state && n->work_new ? n->work_new(state) : NULL;
    hs_str shown[2];
    struct hs_buf out[2];
    if (!state)
        return;
    for (int i = 0; i < 2; i++) {
        struct hs_native_value v = {.bytes = text, .whole = -1};
        hs_buf_init(&out[i], 1 << 28);
        if (!n->mask(state, work, HS_NATIVE_TEXT, &v, &out[i]))
            abort();
        shown[i] = v.bytes;
    }
    if (!hs_str_eq(shown[0], shown[1]))
        abort();
    hs_buf_fini(&out[0]);
    hs_buf_fini(&out[1]);
    if (work)
        n->work_free(work);
    n->close(state);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const setups[] = {"",
                                         "2:62,1:0,",
                                         "2:62,1:1,",
                                         "0:,10:0123456789,1:1,",
                                         "1:4,",
                                         "5:other,1:1,1:a,1:b,",
                                         "19:(?:[0-9a]+|b{2,3}),2:##,",
                                         "1:2,1:0,7:(?:a|b),3:[x],"};
    struct hs_native_entry e;
    hs_str text = hs_str_n(data, size);
    for (size_t i = 0; hs_native_at(i, &e); i++) {
        if (!(e.native->kinds & 1u << HS_NATIVE_TEXT))
            continue;
        for (size_t k = 0; k < HS_COUNT(setups); k++)
            run(e.native, &(struct hs_native_setup){hs_str_of(setups[k]), HS_S("key"), HS_S(""), key_of, NULL}, text);
        run(e.native, &(struct hs_native_setup){text, HS_S("key"), HS_S(""), key_of, NULL}, HS_S("4111111111111111"));
    }
    return 0;
}
