/* JSON text of any bytes: what comes out of a mask is the hidden mark, or read by the same reader again it is masked
 * already. */
#include "mask/shared/json.h"

#include <stdlib.h>

static hs_str no_key(const void *keys, hs_str domain, hs_str id)
{
    (void)keys, (void)domain, (void)id;
    return (hs_str){0};
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char rules[] = "5:$.ssn,7:nullify,0:,8:$.a[*].b,6:redact,0:,";
    struct hs_native_setup setup = {.fields = HS_S(rules), .key_of = no_key};
    struct hs_native_value v = {.bytes = hs_str_n(data, size), .whole = -1}, again;
    struct hs_buf first, second;
    void *state = hs_native_json.open(&setup), *work = state ? hs_native_json.work_new(state) : NULL;
    if (!work)
        abort();
    hs_buf_init(&first, 1 << 26);
    hs_buf_init(&second, 1 << 26);
    if (!hs_native_json.mask(state, work, HS_NATIVE_TEXT, &v, &first))
        abort();
    again = v;
    if (!hs_native_json.mask(state, work, HS_NATIVE_TEXT, &again, &second) || !hs_str_eq(v.bytes, again.bytes))
        abort();
    hs_buf_fini(&first);
    hs_buf_fini(&second);
    hs_native_json.work_free(work);
    hs_native_json.close(state);
    return 0;
}
