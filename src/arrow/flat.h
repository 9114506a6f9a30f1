/* Reading flatbuffers that a peer wrote (https://flatbuffers.dev/internals/), only where asked and never recursively:
 * a general verifier follows every offset, and a few hundred bytes of tables that point at one another's children keep
 * it busy for ever. Any offset outside the buffer makes the reader `bad`; absent fields give the default. */
#ifndef HS_ARROW_FLAT_H
#define HS_ARROW_FLAT_H

#include "base/str.h"

struct hs_flat {
    hs_str bytes;
    bool bad; /* sticky; ask once at the end */
};
struct hs_flat_table {
    struct hs_flat *flat;
    size_t at; /* 0: absent, every field is its default */
    size_t vtable;
    uint16_t vtable_size, size;
};
struct hs_flat_vector {
    size_t at; /* of the first element */
    size_t count;
};

struct hs_flat_table hs_flat_root(struct hs_flat *f);
int64_t hs_flat_int(const struct hs_flat_table *t, int field, size_t width, int64_t otherwise); /* width 1, 2, 4, 8 */
struct hs_flat_table hs_flat_table(const struct hs_flat_table *t, int field);
hs_str hs_flat_string(const struct hs_flat_table *t, int field);
/* count 0 when absent or bad; all elements lie in the buffer. */
struct hs_flat_vector hs_flat_vector(const struct hs_flat_table *t, int field, size_t element);
struct hs_flat_table hs_flat_element_table(struct hs_flat *f, const struct hs_flat_vector *v, size_t i);
int64_t hs_flat_i64_at(struct hs_flat *f, size_t at);

#endif
