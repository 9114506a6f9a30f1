/* Columns of text with few distinct values: indices into a dictionary, which is the batch's own.
 *
 * A dictionary is made of the batch's values in the order in which they come, while the batch is measured; nothing else
 * gets into one. Sizes that are measured may be taken back (gather.c looks for the row that fills a batch), and the
 * entries made since then with them: an entry counts only as long as it is below size.distinct. Entries that are taken
 * back are always the youngest, so no other one was put behind them in the table; and what is measured instead begins
 * with the same rows, so the same entries come back to the same slots. */
#include "base/alloc.h"
#include "engine/worker/column.h"

enum {
    SHORT_MOST = 128, /* values that indices of 8 bits reach */
    LONG_MOST = 16384,
    COLUMNS_MOST = 32, /* of one answer; a table takes about half a megabyte for each batch in the making */
    FEW = 32,          /* distinct values that are surely few */
    FEW_SEEN = 1024,   /* among so many rows */
    SOME = 4096,
    ROWS_EACH = 4,                   /* rows that a value should have on average */
    CODES = HS_BATCH_ROWS + 2 * 2048 /* a chunk is measured before it is known to be too much */
};

struct entry {
    const char *at; /* in a vector that lives as long as the batch is in the making */
    uint32_t len, hash;
};
struct dictionary {
    uint16_t *slots; /* of entries, twice as many; free when it holds none that counts */
    struct entry *entries;
    int16_t *codes; /* of the rows that were measured */
    uint32_t mask;
    int64_t most;
};

static uint64_t mix(uint64_t h, uint64_t v)
{
    h = (h ^ v) * UINT64_C(0x9E3779B97F4A7C15);
    return h ^ (h >> 29);
}

static uint64_t hash_of(hs_str s)
{
    uint64_t h = s.len, v;
    for (; s.len >= 8; s.at += 8, s.len -= 8) {
        memcpy(&v, s.at, 8);
        h = mix(h, v);
    }
    v = 0;
    memcpy(&v, s.at, s.len);
    return mix(mix(h, v), 0);
}

static bool is_entry(const struct entry *e, uint32_t hash, hs_str s)
{
    return e->hash == hash && e->len == s.len && memcmp(e->at, s.at, s.len) == 0;
}

/* The entry of a value, made when there is none; -1: there is no room for it. */
static int64_t find(struct dictionary *d, hs_str s, int64_t *distinct)
{
    uint32_t hash = (uint32_t)(hash_of(s) >> 16);
    for (uint32_t at = hash & d->mask;; at = (at + 1) & d->mask) {
        int64_t i = d->slots[at];
        if (i < *distinct && is_entry(&d->entries[i], hash, s))
            return i;
        if (i < *distinct)
            continue;
        if (*distinct == d->most)
            return -1;
        d->entries[*distinct] = (struct entry){s.at, (uint32_t)s.len, hash};
        d->slots[at] = (uint16_t)*distinct;
        return (*distinct)++;
    }
}

static int64_t code_of(struct column *c, hs_str s)
{
    int64_t before = c->size.distinct, code = find(c->dictionary, s, &c->size.distinct);
    if (c->size.distinct > before)
        c->size.distinct_bytes += (int64_t)s.len;
    c->size.overrun |= code < 0;
    return code < 0 ? 0 : code;
}

static void forget(struct dictionary *d)
{
    memset(d->slots, 0xFF, ((size_t)d->mask + 1) * sizeof *d->slots); /* more than any entry that counts */
}

static void measure(struct column *c, const struct cells *v, size_t from, size_t count)
{
    if (!c->size.distinct) /* a new batch */
        forget(c->dictionary);
    int16_t *codes = c->dictionary->codes + c->size.length;
    if (c->size.length + (int64_t)count > CODES) {
        c->size.overrun = true;
        count = 0;
    }
    for (size_t i = 0; i < count; i++) {
        bool valid = hs_cell_valid(v, from + i) && !c->size.overrun;
        codes[i] = (int16_t)(valid ? code_of(c, hs_text_at(v, from + i)) : 0);
    }
    hs_measure_validity(c, v, from, count);
}

static void put_codes(struct column *c, size_t count)
{
    const int16_t *codes = c->dictionary->codes + c->written;
    if (c->type->index_bits == 16)
        memcpy(c->data + 2 * c->written, codes, 2 * count);
    else
        for (size_t i = 0; i < count; i++)
            c->data[c->written + (int64_t)i] = (uint8_t)codes[i];
}

static void write(struct column *c, const struct cells *v, size_t from, size_t count)
{
    put_codes(c, count);
    hs_write_validity(c, v, from, count);
    c->written += (int64_t)count;
}

/* Only columns of the top have a dictionary, and nothing above those is NULL. */
static void nulls(struct column *c, size_t count)
{
    memset(c->data + c->written * c->type->index_bits / 8, 0, count * (size_t)c->type->index_bits / 8);
    c->written += (int64_t)count;
}
const struct column_ops hs_ops_dictionary = {measure, write, nulls};

void hs_dictionary_write(const struct column *c, int32_t *offsets, uint8_t *data)
{
    int32_t used = 0;
    offsets[0] = 0;
    for (int64_t i = 0; i < c->size.distinct; i++) {
        const struct entry *e = &c->dictionary->entries[i];
        memcpy(data + used, e->at, e->len);
        used += (int32_t)e->len;
        offsets[i + 1] = used;
    }
}

static struct dictionary *make(struct hs_arena *a, int index_bits)
{
    struct dictionary *d = HS_NEW(a, struct dictionary);
    if (!d)
        return NULL;
    d->most = index_bits == 8 ? SHORT_MOST : LONG_MOST;
    d->mask = (uint32_t)(2 * d->most - 1);
    d->slots = hs_arena_array(a, (size_t)d->mask + 1, sizeof *d->slots);
    d->entries = hs_arena_array(a, (size_t)d->most, sizeof *d->entries);
    if (!d->slots || !d->entries)
        return NULL;
    forget(d);
    return d;
}

hs_rc hs_dictionary_new(struct hs_arena *a, struct column *c, struct hs_err *err)
{
    c->dictionary = make(a, c->type->index_bits);
    if (c->dictionary)
        c->dictionary->codes = hs_arena_array(a, CODES, sizeof *c->dictionary->codes);
    return c->dictionary && c->dictionary->codes ? HS_OK : hs_fail(err, HS_NOMEM, "out of memory");
}

/* ---- which columns ---- */
struct seen {
    int64_t rows, distinct;
    bool many;
};

static void look(struct dictionary *d, duckdb_vector vector, size_t rows, struct seen *s)
{
    struct cells v = hs_cells_of(vector);
    for (size_t i = 0; i < rows && !s->many; i++) {
        if (!hs_cell_valid(&v, i))
            continue;
        s->rows++;
        s->many = find(d, hs_text_at(&v, i), &s->distinct) < 0 || s->distinct > SOME;
    }
}

static int bits_for(const struct seen *s)
{
    if (s->many || s->distinct * ROWS_EACH > s->rows || !s->rows)
        return 0;
    return s->distinct <= FEW && s->rows >= FEW_SEEN ? 8 : 16;
}

/* 0: none is worth it. */
static hs_rc decide(const duckdb_data_chunk *chunks, size_t count, size_t column, int *out_bits, struct hs_err *err)
{
    struct hs_arena *a = hs_arena_new(0);
    struct dictionary *d = a ? make(a, 16) : NULL;
    struct seen seen = {0};
    for (size_t k = 0; d && k < count; k++)
        look(d, duck()->data_chunk_get_vector(chunks[k], column), duck()->data_chunk_get_size(chunks[k]), &seen);
    hs_arena_free(a);
    *out_bits = bits_for(&seen);
    return d ? HS_OK : hs_fail(err, HS_NOMEM, "out of memory");
}

hs_rc hs_dictionaries_decide(struct column_set *set, const duckdb_data_chunk *chunks, size_t count, struct hs_err *err)
{
    int made = 0;
    for (size_t i = 0; i < set->count && made < COLUMNS_MOST; i++) {
        struct column *c = &set->at[i];
        struct hs_type *type = set->type->fields[i].type;
        if (c->ops != &hs_ops_text && c->ops != &hs_ops_view)
            continue;
        HS_TRY(decide(chunks, count, i, &type->index_bits, err));
        if (!type->index_bits)
            continue;
        made++;
        type->view = false;
        c->ops = &hs_ops_dictionary;
        c->width = (size_t)type->index_bits / 8;
    }
    return HS_OK;
}
