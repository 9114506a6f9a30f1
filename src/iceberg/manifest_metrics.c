/* A file's metrics: five lists of (field id, value), decoded where they stand and merged by rising id. There are as
 * many pairs as columns times five for every file of a table, so that this is where the time to read a manifest goes.
 */
#include "iceberg/manifest_in.h"

#include <stdlib.h>

enum { MAX_METRICS = 100 * 1000 };

/* ---- decoding ---- */

/* An Avro record of a whole number and a whole number or bytes, as every writer has it. */
static bool is_pair(const struct hs_avro_type *list)
{
    const struct hs_avro_type *pair = list->kind == HS_AVRO_ARRAY ? list->fields[0].type : NULL;
    if (!pair || pair->kind != HS_AVRO_RECORD || pair->field_count != 2)
        return false;
    enum hs_avro_kind key = pair->fields[0].type->kind, value = pair->fields[1].type->kind;
    bool bytes = value == HS_AVRO_BYTES || value == HS_AVRO_STRING;
    return (key == HS_AVRO_INT || key == HS_AVRO_LONG) && (bytes || value == HS_AVRO_INT || value == HS_AVRO_LONG);
}

static bool wants(const struct hs_columns *c, int64_t key)
{
    for (size_t i = 0; i < c->count; i++)
        if (c->ids[i] == key)
            return true;
    return c->all;
}

/* A pair is a key, a number, and where the list is of bytes so many of them. */
static hs_rc add_pair(struct hs_arena *a, struct hs_cursor *c, bool bytes, const struct hs_columns *columns,
                      struct hs_metric_list *out, struct hs_err *err)
{
    struct hs_metric_pair pair = {0};
    pair.key = hs_cursor_zigzag(c);
    pair.i = hs_cursor_zigzag(c);
    if (bytes) {
        pair.s = hs_cursor_bytes(c, pair.i < 0 ? UINT64_MAX : (uint64_t)pair.i);
        pair.s.at = pair.s.at ? pair.s.at : "";
    }
    if (c->bad)
        return hs_damaged(err, "metrics are cut short");
    if (!wants(columns, pair.key))
        return HS_OK;
    if (out->pairs.len >= MAX_METRICS)
        return hs_damaged(err, "metrics of too many columns");
    bool room = out->pairs.len < out->pairs.cap;
    struct hs_metric_pair *slot = room ? &out->pairs.at[out->pairs.len++] : hs_vec_add(a, &out->pairs);
    if (!slot)
        return hs_no_memory(err);
    *slot = pair;
    if (out->pairs.len > 1 && slot[-1].key >= slot->key)
        out->unsorted = true;
    return HS_OK;
}

/* Of at most eight bytes, which are there. */
static inline bool quick_varint(const uint8_t **at, uint64_t *out)
{
    const uint8_t *p = *at;
    uint64_t v = *p & 127;
    for (unsigned shift = 7; *p++ >= 128; shift += 7) {
        if (shift == 56)
            return false;
        v |= (uint64_t)(*p & 127) << shift;
    }
    *at = p;
    *out = v;
    return true;
}

/* Past the pairs that nobody asked for, most of all that there are: stops in front of one that is wanted, or is better
 * looked at closely. How many were passed. */
static int64_t pass_pairs(struct hs_cursor *c, bool bytes, const struct hs_columns *columns, int64_t count)
{
    const uint8_t *at = c->at;
    int64_t passed = 0;
    for (; !columns->all && !c->bad && passed < count && c->end - at >= 16; passed++) {
        uint64_t key, value;
        const uint8_t *next = at;
        if (!quick_varint(&next, &key) || wants(columns, (int64_t)(key >> 1) ^ -(int64_t)(key & 1)) ||
            !quick_varint(&next, &value))
            break;
        if (bytes && ((value & 1) || value >> 1 > (uint64_t)(c->end - next)))
            break;
        at = next + (bytes ? value >> 1 : 0);
    }
    c->at = at;
    return passed;
}

hs_rc hs_metric_list_decode(struct hs_arena *a, struct hs_cursor *c, const struct hs_avro_type *type,
                            const struct hs_columns *columns, struct hs_metric_list *out, int64_t *fuel,
                            struct hs_err *err)
{
    out->pairs.len = 0;
    out->unsorted = false;
    if (!is_pair(type))
        return hs_avro_skip(c, type, fuel, err); /* not stated in a form we know: nothing is concluded */
    enum hs_avro_kind value = type->fields[0].type->fields[1].type->kind;
    bool bytes = value == HS_AVRO_BYTES || value == HS_AVRO_STRING;
    for (;;) {
        int64_t count = hs_cursor_zigzag(c), size = 0;
        if (count < 0) {
            size = hs_cursor_zigzag(c);
            count = count == INT64_MIN ? 0 : -count;
        }
        size_t from = hs_cursor_pos(c);
        if (c->bad || size < 0)
            return hs_damaged(err, "metrics are cut short");
        if (count == 0)
            return HS_OK;
        while ((count -= pass_pairs(c, bytes, columns, count)) > 0) {
            HS_TRY(add_pair(a, c, bytes, columns, out, err));
            count--;
        }
        if (size && hs_cursor_pos(c) - from != (size_t)size)
            return hs_damaged(err, "metrics are of another length than they say");
    }
}

/* ---- merging ---- */

enum { SERIES = HS_METRIC_SIZES }; /* which come after all that is kept */
struct series {                    /* what is left of one list */
    const struct hs_metric_pair *at, *end;
};

static int by_key(const void *a, const void *b)
{
    int64_t x = ((const struct hs_metric_pair *)a)->key, y = ((const struct hs_metric_pair *)b)->key;
    return (x > y) - (x < y);
}

/* What the list says of that field, or NULL; a field that stands twice is not believed. */
static const struct hs_metric_pair *take(struct series *s, int64_t key)
{
    const struct hs_metric_pair *found = NULL;
    bool twice = false;
    for (; s->at < s->end && s->at->key == key; s->at++) {
        twice = found != NULL;
        found = s->at;
    }
    return twice ? NULL : found;
}

/* Next to always a list has each field once, in order. */
static inline const struct hs_metric_pair *take_next(struct series *s, int64_t key)
{
    if (s->at == s->end || s->at->key != key)
        return NULL;
    if (s->at + 1 < s->end && s->at[1].key == key)
        return take(s, key);
    return s->at++;
}

static int64_t count_of(struct series *s, int64_t key)
{
    const struct hs_metric_pair *p = take_next(s, key);
    return p && !p->s.at && p->i >= 0 ? p->i : -1;
}

static hs_str bound_of(struct series *s, int64_t key)
{
    const struct hs_metric_pair *p = take_next(s, key);
    return p ? p->s : (hs_str){0};
}

static bool next_key(const struct series *s, int64_t *out)
{
    bool any = false;
    for (size_t i = 0; i < SERIES; i++) {
        if (s[i].at < s[i].end && (!any || s[i].at->key < *out)) {
            *out = s[i].at->key;
            any = true;
        }
    }
    return any;
}

/* All bounds of a file in one piece. */
static hs_rc keep_bounds(struct hs_arena *a, struct hs_column_metrics *metrics, size_t count, struct hs_err *err)
{
    size_t total = 0;
    for (size_t i = 0; i < count; i++)
        total += metrics[i].lower.len + metrics[i].upper.len;
    char *at = hs_arena_alloc(a, total);
    if (!at)
        return hs_no_memory(err);
    for (size_t i = 0; i < 2 * count; i++) {
        hs_str *bound = i % 2 ? &metrics[i / 2].upper : &metrics[i / 2].lower;
        if (!bound->at)
            continue;
        memcpy(at, bound->at, bound->len);
        bound->at = at;
        at += bound->len;
    }
    return HS_OK;
}

static hs_rc merge_into(struct hs_arena *a, struct series *s, struct hs_metrics_found *found, struct hs_err *err)
{
    int64_t key;
    found->len = 0;
    while (next_key(s, &key)) {
        bool room = found->len < found->cap;
        struct hs_column_metrics *m = room ? &found->at[found->len++] : hs_vec_add(a, found);
        if (!m)
            return hs_no_memory(err);
        m->field_id = (int)key;
        m->value_count = count_of(&s[HS_METRIC_VALUES], key);
        m->null_count = count_of(&s[HS_METRIC_NULLS], key);
        m->nan_count = count_of(&s[HS_METRIC_NANS], key);
        m->lower = bound_of(&s[HS_METRIC_LOWER], key);
        m->upper = bound_of(&s[HS_METRIC_UPPER], key);
        found->len -= key < 0 || key > INT32_MAX;
    }
    return HS_OK;
}

hs_rc hs_metrics_merge(struct hs_arena *a, struct hs_arena *lists, struct hs_metric_list from[HS_METRIC_LISTS],
                       struct hs_metrics_found *found, struct hs_entry *out, struct hs_err *err)
{
    struct series s[SERIES];
    for (size_t i = 0; i < SERIES; i++) {
        if (from[i].unsorted)
            qsort(from[i].pairs.at, from[i].pairs.len, sizeof *from[i].pairs.at, by_key);
        s[i] = (struct series){from[i].pairs.at, from[i].pairs.at + from[i].pairs.len};
    }
    HS_TRY(merge_into(lists, s, found, err));
    if (found->len == 0)
        return HS_OK;
    struct hs_column_metrics *kept = hs_arena_array(a, found->len, sizeof *kept);
    if (!kept)
        return hs_no_memory(err);
    memcpy(kept, found->at, found->len * sizeof *kept);
    out->metrics = kept;
    out->metric_count = found->len;
    return keep_bounds(a, kept, found->len, err);
}
