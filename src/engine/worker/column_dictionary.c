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
    SHORT_VALUE = 12,
    COLUMNS_MOST = 32, /* of one answer; a table takes about half a megabyte for each batch in the making */
    FEW = 32,          /* distinct values that are surely few */
    FEW_SEEN = 1024,   /* among so many rows */
    ROWS_EACH = 4,     /* rows that a value should have on average */
    CODES = HS_BATCH_ROWS + 2 * 2048 /* a chunk is measured before it is known to be too much */
};

struct entry {
    uint64_t words[2]; /* of the value, as `value_of` has it */
    const char *at;    /* of a long one; in a vector that lives as long as the batch is in the making */
};
struct dictionary {
    uint16_t *slots; /* of entries, twice as many; free when it holds none that counts */
    struct entry *entries;
    int16_t *codes; /* of the rows that were measured */
    uint32_t mask;
    int64_t most;
};

/* A value as two words: a short one whole, with its length, and zeros behind it (what the engine left there does not
 * count); of a long one the length, the first bytes, and a hash of all. */
struct value {
    uint64_t words[2];
    hs_str text;
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
    return mix(h, v);
}

/* The low `bytes` of a word. */
static uint64_t low(uint64_t word, uint32_t bytes)
{
    return bytes >= 8 ? word : word & ((UINT64_C(1) << (8 * bytes)) - 1);
}

static inline struct value value_of(const struct cells *v, size_t i)
{
    struct value value = {.text = hs_text_at(v, i)};
    _Static_assert(sizeof(duckdb_string_t) == sizeof value.words, "a length and twelve bytes");
    memcpy(value.words, (const duckdb_string_t *)v->data + i, sizeof value.words);
    uint32_t len = (uint32_t)value.text.len;
    if (len > SHORT_VALUE) {
        value.words[1] = hash_of(value.text);
    } else {
        value.words[0] = low(value.words[0], 4 + (len < 4 ? len : 4));
        value.words[1] = low(value.words[1], len < 4 ? 0 : len - 4);
    }
    return value;
}

static inline bool is_entry(const struct entry *e, const struct value *v)
{
    if (e->words[0] != v->words[0] || e->words[1] != v->words[1])
        return false;
    return v->text.len <= SHORT_VALUE || memcmp(e->at, v->text.at, v->text.len) == 0;
}

/* The entry of a value, made when there is none; -1: there is no room for it. */
static int64_t find(struct dictionary *d, const struct value *v, int64_t *distinct)
{
    uint32_t hash = (uint32_t)(mix(v->words[0], v->words[1]) >> 32);
    for (uint32_t at = hash & d->mask;; at = (at + 1) & d->mask) {
        int64_t i = d->slots[at];
        if (i < *distinct && is_entry(&d->entries[i], v))
            return i;
        if (i < *distinct)
            continue;
        if (*distinct == d->most)
            return -1;
        d->entries[*distinct] = (struct entry){{v->words[0], v->words[1]}, v->text.at};
        d->slots[at] = (uint16_t)*distinct;
        return (*distinct)++;
    }
}

static int64_t code_of(struct column *c, const struct value *v)
{
    int64_t before = c->size.distinct, code = find(c->dictionary, v, &c->size.distinct);
    if (c->size.distinct > before)
        c->size.distinct_bytes += (int64_t)v->text.len;
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
        codes[i] = 0;
        if (!hs_cell_valid(v, from + i) || c->size.overrun)
            continue;
        struct value value = value_of(v, from + i);
        codes[i] = (int16_t)code_of(c, &value);
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
        uint32_t len = (uint32_t)e->words[0]; /* the low half, on the machines that we run on */
        memcpy(data + used, e->at, len);
        used += (int32_t)len;
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
        struct value value = value_of(&v, i);
        s->rows++;
        s->many = find(d, &value, &s->distinct) < 0;
    }
}

static int bits_for(const struct seen *s)
{
    if (s->many || s->distinct * ROWS_EACH > s->rows || !s->rows)
        return 0;
    return s->distinct <= FEW && s->rows >= FEW_SEEN ? 8 : 16;
}

struct first { /* rows of the answer */
    const duckdb_data_chunk *chunks;
    size_t count, rows;
};

/* 0: none is worth it. */
static hs_rc decide(const struct first *first, size_t column, int *out_bits, struct hs_err *err)
{
    struct hs_arena *a = hs_arena_new(0);
    struct dictionary *d = a ? make(a, 16) : NULL;
    struct seen seen = {0};
    size_t left = first->rows;
    for (size_t k = 0; d && k < first->count; k++) {
        size_t rows = duck()->data_chunk_get_size(first->chunks[k]);
        rows = rows < left ? rows : left;
        look(d, duck()->data_chunk_get_vector(first->chunks[k], column), rows, &seen);
        left -= rows;
    }
    hs_arena_free(a);
    *out_bits = bits_for(&seen);
    return d ? HS_OK : hs_fail(err, HS_NOMEM, "out of memory");
}

hs_rc hs_dictionaries_decide(struct column_set *set, const duckdb_data_chunk *chunks, size_t count, size_t rows,
                             struct hs_err *err)
{
    struct first first = {chunks, count, rows};
    int made = 0;
    for (size_t i = 0; i < set->count && made < COLUMNS_MOST; i++) {
        struct column *c = &set->at[i];
        struct hs_type *type = set->type->fields[i].type;
        if (c->ops != &hs_ops_text && c->ops != &hs_ops_view)
            continue;
        HS_TRY(decide(&first, i, &type->index_bits, err));
        if (!type->index_bits)
            continue;
        made++;
        type->view = false;
        c->ops = &hs_ops_dictionary;
        c->width = (size_t)type->index_bits / 8;
    }
    return HS_OK;
}
