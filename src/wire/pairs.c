/* Header lists in one buffer; see pairs.h. */
#include "wire/pairs.h"

#include "base/alloc.h"

void pairs_add(struct hs_buf *b, hs_str name, hs_str value)
{
    uint32_t lengths[2] = {(uint32_t)name.len, (uint32_t)value.len};
    if (name.len > INT32_MAX || value.len > INT32_MAX) {
        b->failed = true;
        return;
    }
    hs_buf_add(b, lengths, sizeof lengths);
    hs_buf_adds(b, name);
    hs_buf_adds(b, value);
}

bool pairs_next(hs_str *rest, hs_str *out_name, hs_str *out_value)
{
    uint32_t lengths[2];
    if (rest->len < sizeof lengths)
        return false;
    memcpy(lengths, rest->at, sizeof lengths);
    *out_name = (hs_str){rest->at + sizeof lengths, lengths[0]};
    *out_value = (hs_str){out_name->at + lengths[0], lengths[1]};
    size_t size = sizeof lengths + lengths[0] + lengths[1];
    rest->at += size;
    rest->len -= size;
    return true;
}

hs_str pairs_find(hs_str all, hs_str name)
{
    hs_str found, value;
    while (pairs_next(&all, &found, &value)) {
        if (hs_str_eq(found, name))
            return value;
    }
    return (hs_str){NULL, 0};
}

nghttp2_nv *pairs_nv(hs_str all, size_t *out_count)
{
    hs_str name, value, rest = all;
    size_t count = 0;
    while (pairs_next(&rest, &name, &value))
        count++;
    nghttp2_nv *nv = hs_calloc(count, sizeof *nv);
    if (!nv)
        return NULL;
    size_t i = 0;
    while (pairs_next(&all, &name, &value))
        nv[i++] = (nghttp2_nv){(uint8_t *)(uintptr_t)name.at, (uint8_t *)(uintptr_t)value.at, name.len, value.len,
                               NGHTTP2_NV_FLAG_NONE};
    *out_count = count;
    return nv;
}
