#include "arrow/flat.h"

#include <endian.h>

static uint64_t read_at(struct hs_flat *f, size_t at, size_t width)
{
    uint8_t bytes[8] = {0};
    uint64_t v;
    if (at > f->bytes.len || width > f->bytes.len - at) {
        f->bad = true;
        return 0;
    }
    memcpy(bytes, f->bytes.at + at, width);
    memcpy(&v, bytes, sizeof v);
    return le64toh(v);
}

int64_t hs_flat_i64_at(struct hs_flat *f, size_t at)
{
    return (int64_t)read_at(f, at, 8);
}

static struct hs_flat_table absent(struct hs_flat *f, bool bad)
{
    f->bad |= bad;
    return (struct hs_flat_table){.flat = f};
}

/* A table starts with a signed 32-bit distance back to its vtable: its size, the table's size, field offsets. */
static struct hs_flat_table table_at(struct hs_flat *f, size_t at)
{
    int64_t vtable = (int64_t)at - (int32_t)read_at(f, at, 4);
    if (f->bad || at == 0 || vtable < 0 || (size_t)vtable >= f->bytes.len)
        return absent(f, true);
    struct hs_flat_table t = {.flat = f, .at = at, .vtable = (size_t)vtable};
    t.vtable_size = (uint16_t)read_at(f, t.vtable, 2);
    t.size = (uint16_t)read_at(f, t.vtable + 2, 2);
    if (f->bad || t.vtable_size < 4 || t.size < 4 || t.size > f->bytes.len - at)
        return absent(f, true);
    return t;
}

struct hs_flat_table hs_flat_root(struct hs_flat *f)
{
    return table_at(f, (size_t)read_at(f, 0, 4));
}

/* Where the field's bytes lie, or 0 when it is absent. */
static size_t place(const struct hs_flat_table *t, int field, size_t width)
{
    size_t slot = 4 + 2 * (size_t)field;
    if (!t->at || slot + 2 > t->vtable_size)
        return 0;
    size_t offset = (size_t)read_at(t->flat, t->vtable + slot, 2);
    if (offset == 0)
        return 0;
    if (offset + width > t->size) {
        t->flat->bad = true;
        return 0;
    }
    return t->at + offset;
}

int64_t hs_flat_int(const struct hs_flat_table *t, int field, size_t width, int64_t otherwise)
{
    size_t at = place(t, field, width);
    if (!at)
        return otherwise;
    uint64_t v = read_at(t->flat, at, width);
    int unused = (int)(64 - 8 * width); /* sign-extends */
    return (int64_t)(v << unused) >> unused;
}

static size_t follow(const struct hs_flat_table *t, int field)
{
    size_t at = place(t, field, 4);
    return at ? at + (size_t)read_at(t->flat, at, 4) : 0;
}

struct hs_flat_table hs_flat_table(const struct hs_flat_table *t, int field)
{
    size_t at = follow(t, field);
    return at ? table_at(t->flat, at) : absent(t->flat, false);
}

struct hs_flat_vector hs_flat_vector(const struct hs_flat_table *t, int field, size_t element)
{
    struct hs_flat_vector v = {0, 0};
    size_t at = follow(t, field);
    if (!at)
        return v;
    size_t count = (size_t)read_at(t->flat, at, 4);
    if (t->flat->bad || count > (t->flat->bytes.len - at - 4) / element) {
        t->flat->bad = true;
        return v;
    }
    return (struct hs_flat_vector){at + 4, count};
}

hs_str hs_flat_string(const struct hs_flat_table *t, int field)
{
    struct hs_flat_vector v = hs_flat_vector(t, field, 1);
    return v.count ? hs_str_n(t->flat->bytes.at + v.at, v.count) : HS_S("");
}

struct hs_flat_table hs_flat_element_table(struct hs_flat *f, const struct hs_flat_vector *v, size_t i)
{
    size_t at = v->at + 4 * i;
    return table_at(f, at + (size_t)read_at(f, at, 4));
}
