/* JSON text of any bytes: parts lie within it, a walk ends, and what is written is no longer than it may be. The first
 * byte says how long a key is. */
#include "engine/worker/pg/document.h"

#include <stdlib.h>

static void within(hs_str part, hs_str whole)
{
    if (part.len && (part.at < whole.at || part.at + part.len > whole.at + whole.len))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t len = size ? data[0] : 0;
    if (size < 1 || size > 1 << 16)
        return 0;
    len = len < size ? len : size - 1;
    hs_str key = hs_str_n(data + 1, len), text = hs_str_n(data + 1 + len, size - 1 - len), name, value;
    struct pg_walk w;
    struct hs_buf b;
    bool null;
    hs_buf_init(&b, 1 << 20);
    size_t steps = 0;
    if (pg_walk_open(text, &w)) {
        while (pg_walk_next(&w, &name, &value)) {
            within(name, text);
            within(value, text);
            if (!value.len || ++steps > text.len)
                abort();
            hs_buf_clear(&b);
            (void)pg_document_text(value, &b, &null);
        }
    }
    if (pg_document_member(text, key, &value) || pg_document_step(text, key, &value) ||
        pg_document_element(text, (int64_t)len - 100, &value))
        within(value, text);
    (void)pg_document_length(text);
    (void)pg_document_kind(text);
    hs_buf_clear(&b);
    (void)pg_document_pretty(text, &b);
    hs_buf_clear(&b);
    (void)pg_document_strip(text, true, &b);
    hs_buf_clear(&b);
    pg_document_bare(text, &b);
    hs_buf_fini(&b);
    return 0;
}
