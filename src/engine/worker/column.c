/* Columns in general: validity, and which operations a type has. See column.h. */
#include "engine/worker/column.h"

struct cells hs_cells_of(duckdb_vector v)
{
    return (struct cells){v, duck()->vector_get_data(v), duck()->vector_get_validity(v)};
}

/* Bits from..from+count of words, at most 64, low first. */
static uint64_t bits_at(const uint64_t *words, size_t from, size_t count)
{
    size_t shift = from & 63;
    uint64_t v = words[from >> 6] >> shift;
    if (shift && shift + count > 64)
        v |= words[(from >> 6) + 1] << (64 - shift);
    return count < 64 ? v & ((UINT64_C(1) << count) - 1) : v;
}

size_t hs_count_nulls(const struct cells *v, size_t from, size_t count)
{
    size_t valid = 0;
    if (!v->validity)
        return 0;
    for (size_t i = 0; i < count; i += 64)
        valid += (size_t)__builtin_popcountll(bits_at(v->validity, from + i, count - i < 64 ? count - i : 64));
    return count - valid;
}

void hs_measure_validity(struct column *c, const struct cells *v, size_t from, size_t count)
{
    c->size.length += (int64_t)count;
    c->size.nulls += (int64_t)hs_count_nulls(v, from, count);
}

/* Sets `count` (at most 64) bits at `to`; the bitmap was zeroed. Touches only bytes that hold one of them. */
static void or_bits(uint8_t *bitmap, size_t to, uint64_t bits, size_t count)
{
    uint8_t *at = bitmap + (to >> 3);
    size_t shift = to & 7;
    uint64_t low = bits << shift;
    size_t bytes = (shift + count + 7) / 8;
    for (size_t i = 0; i < bytes && i < 8; i++)
        at[i] |= (uint8_t)(low >> (8 * i));
    if (bytes == 9)
        at[8] |= (uint8_t)(bits >> (64 - shift));
}

void hs_write_validity(struct column *c, const struct cells *v, size_t from, size_t count)
{
    if (!c->validity)
        return;
    for (size_t i = 0; i < count; i += 64) {
        size_t n = count - i < 64 ? count - i : 64;
        uint64_t ones = n < 64 ? (UINT64_C(1) << n) - 1 : UINT64_MAX;
        or_bits(c->validity, (size_t)c->written + i, v->validity ? bits_at(v->validity, from + i, n) : ones, n);
    }
}
