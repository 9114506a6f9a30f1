/* One row of a manifest to one entry (spec: "Manifests"; the numbers are its field ids). Rows are many and live long in
 * the cache, so what an entry names lies close together. */
#include "iceberg/manifest_in.h"

#include <stdlib.h>

enum { MAX_METRICS = 100 * 1000, MAX_IDS = 10 * 1000, MAX_SPLITS = 1000 * 1000 };

enum entry_id { /* manifest_entry */
                ID_STATUS = 0,
                ID_SNAPSHOT = 1,
                ID_DATA_FILE = 2,
                ID_SEQUENCE = 3,
                ID_FILE_SEQUENCE = 4,
};
enum data_file_id { /* data_file */
                    ID_PATH = 100,
                    ID_FORMAT = 101,
                    ID_PARTITION = 102,
                    ID_RECORD_COUNT = 103,
                    ID_SIZE = 104,
                    ID_VALUE_COUNTS = 109,
                    ID_NULL_COUNTS = 110,
                    ID_LOWER = 125,
                    ID_UPPER = 128,
                    ID_KEY = 131,
                    ID_SPLITS = 132,
                    ID_CONTENT = 134,
                    ID_EQUALITY_IDS = 135,
                    ID_NAN_COUNTS = 137,
                    ID_FIRST_ROW = 142,
                    ID_REFERENCED_FILE = 143,
                    ID_CONTENT_OFFSET = 144,
                    ID_CONTENT_LEN = 145,
};
const int hs_entry_members[] = {ID_STATUS,          ID_SNAPSHOT,       ID_DATA_FILE,    ID_SEQUENCE,
                                ID_FILE_SEQUENCE,   ID_PATH,           ID_FORMAT,       ID_PARTITION,
                                ID_RECORD_COUNT,    ID_SIZE,           ID_VALUE_COUNTS, ID_NULL_COUNTS,
                                ID_LOWER,           ID_UPPER,          ID_KEY,          ID_SPLITS,
                                ID_CONTENT,         ID_EQUALITY_IDS,   ID_NAN_COUNTS,   ID_FIRST_ROW,
                                ID_REFERENCED_FILE, ID_CONTENT_OFFSET, ID_CONTENT_LEN};
const size_t hs_entry_member_count = sizeof hs_entry_members / sizeof *hs_entry_members;

/* ---- metrics: five lists of (field id, value), merged by rising id ---- */

enum { SERIES = 5 };
struct series { /* what is left of one list */
    const struct hs_avro_value *at, *end;
};

static bool is_whole(const struct hs_avro_value *v)
{
    return v->kind == HS_AVRO_INT || v->kind == HS_AVRO_LONG;
}

static bool is_bytes(const struct hs_avro_value *v)
{
    return v->kind == HS_AVRO_BYTES || v->kind == HS_AVRO_STRING || v->kind == HS_AVRO_FIXED;
}

static int64_t key_of(const struct hs_avro_value *pair)
{
    return pair->items[0].i;
}

static int by_key(const void *a, const void *b)
{
    int64_t x = key_of(a), y = key_of(b);
    return (x > y) - (x < y);
}

static hs_rc open_series(struct hs_arena *scratch, const struct hs_avro_value *list, struct series *out,
                         struct hs_err *err)
{
    *out = (struct series){0};
    if (!list || list->kind != HS_AVRO_ARRAY || list->count == 0)
        return HS_OK;
    if (list->count > MAX_METRICS)
        return hs_damaged(err, "metrics of %zu columns", list->count);
    bool rising = true;
    for (size_t i = 0; i < list->count; i++) {
        const struct hs_avro_value *pair = &list->items[i];
        if (pair->kind != HS_AVRO_RECORD || pair->count < 2 || !is_whole(&pair->items[0]))
            return hs_damaged(err, "metrics that are not pairs of field id and value");
        rising = rising && (i == 0 || key_of(pair - 1) < key_of(pair));
    }
    out->at = list->items;
    if (!rising) {
        struct hs_avro_value *copy = hs_arena_array(scratch, list->count, sizeof *copy);
        if (!copy)
            return hs_no_memory(err);
        memcpy(copy, list->items, list->count * sizeof *copy);
        qsort(copy, list->count, sizeof *copy, by_key);
        out->at = copy;
    }
    out->end = out->at + list->count;
    return HS_OK;
}

/* What the list says of that field, or NULL; a field that stands twice with different values is not believed. */
static const struct hs_avro_value *take(struct series *s, int64_t id)
{
    const struct hs_avro_value *found = NULL;
    bool twice = false;
    for (; s->at < s->end && key_of(s->at) == id; s->at++) {
        twice = found != NULL;
        found = &s->at->items[1];
    }
    return twice ? NULL : found;
}

static void take_number(struct series *s, int64_t id, int64_t *out)
{
    const struct hs_avro_value *v = take(s, id);
    *out = v && is_whole(v) && v->i >= 0 ? v->i : -1;
}

static void take_bytes(struct series *s, int64_t id, hs_str *out, size_t *total)
{
    const struct hs_avro_value *v = take(s, id);
    if (v && is_bytes(v)) {
        *out = v->s.at ? v->s : HS_S("");
        *total += out->len;
    }
}

static bool next_key(const struct series *s, int64_t *out)
{
    bool any = false;
    for (size_t i = 0; i < SERIES; i++) {
        if (s[i].at < s[i].end && (!any || key_of(s[i].at) < *out)) {
            *out = key_of(s[i].at);
            any = true;
        }
    }
    return any;
}

/* All bounds of an entry in one piece. */
static hs_rc keep_bounds(struct hs_arena *a, struct hs_column_metrics *metrics, size_t count, size_t total,
                         struct hs_err *err)
{
    char *at = hs_arena_alloc(a, total);
    if (!at)
        return hs_no_memory(err);
    for (size_t i = 0; i < 2 * count; i++) {
        hs_str *bound = i % 2 ? &metrics[i / 2].upper : &metrics[i / 2].lower;
        if (!bound->at)
            continue;
        if (bound->len)
            memcpy(at, bound->at, bound->len);
        bound->at = at;
        at += bound->len;
    }
    return HS_OK;
}

static size_t count_keys(const struct series *from)
{
    struct series s[SERIES];
    int64_t id;
    size_t count = 0;
    memcpy(s, from, sizeof s);
    while (next_key(s, &id)) {
        for (size_t i = 0; i < SERIES; i++)
            (void)take(&s[i], id);
        count++;
    }
    return count;
}

static hs_rc read_metrics(struct hs_arena *a, struct hs_arena *scratch, const struct hs_avro_value *file,
                          struct hs_entry *out, struct hs_err *err)
{
    static const int ids[SERIES] = {ID_VALUE_COUNTS, ID_NULL_COUNTS, ID_NAN_COUNTS, ID_LOWER, ID_UPPER};
    struct series s[SERIES];
    size_t total = 0, count = 0;
    int64_t id;
    for (size_t i = 0; i < SERIES; i++)
        HS_TRY(open_series(scratch, hs_avro_member(file, ids[i]), &s[i], err));
    struct hs_column_metrics *metrics = hs_arena_array(a, count_keys(s), sizeof *metrics);
    if (!metrics)
        return hs_no_memory(err);
    while (next_key(s, &id)) {
        struct hs_column_metrics *m = &metrics[count];
        *m = (struct hs_column_metrics){.field_id = (int)id};
        take_number(&s[0], id, &m->value_count);
        take_number(&s[1], id, &m->null_count);
        take_number(&s[2], id, &m->nan_count);
        take_bytes(&s[3], id, &m->lower, &total);
        take_bytes(&s[4], id, &m->upper, &total);
        count += id >= 0 && id <= INT32_MAX;
    }
    out->metrics = metrics;
    out->metric_count = count;
    return keep_bounds(a, metrics, count, total, err);
}

/* ---- the rest ---- */

static hs_rc read_ids(struct hs_arena *a, const struct hs_avro_value *file, struct hs_entry *out, struct hs_err *err)
{
    const struct hs_avro_value *list = hs_avro_member(file, ID_EQUALITY_IDS);
    if (!list || list->kind != HS_AVRO_ARRAY || list->count == 0)
        return HS_OK;
    int *ids = list->count <= MAX_IDS ? hs_arena_array(a, list->count, sizeof *ids) : NULL;
    if (!ids)
        return list->count > MAX_IDS ? hs_damaged(err, "%zu equality ids", list->count) : hs_no_memory(err);
    for (size_t i = 0; i < list->count; i++) {
        const struct hs_avro_value *v = &list->items[i];
        if (!is_whole(v) || v->i < 0 || v->i > INT32_MAX)
            return hs_damaged(err, "an equality id that is no field id");
        ids[i] = (int)v->i;
    }
    out->equality_ids = ids;
    out->equality_id_count = list->count;
    return HS_OK;
}

/* Split offsets help to cut work evenly and mean nothing else: lists that cannot be are left out. */
static hs_rc read_splits(struct hs_arena *a, const struct hs_avro_value *file, struct hs_entry *out, struct hs_err *err)
{
    const struct hs_avro_value *list = hs_avro_member(file, ID_SPLITS);
    if (!list || list->kind != HS_AVRO_ARRAY || list->count == 0 || list->count > MAX_SPLITS)
        return HS_OK;
    int64_t *splits = hs_arena_array(a, list->count, sizeof *splits);
    if (!splits)
        return hs_no_memory(err);
    for (size_t i = 0; i < list->count; i++) {
        const struct hs_avro_value *v = &list->items[i];
        if (!is_whole(v) || v->i < 0 || (i > 0 && v->i <= splits[i - 1]))
            return HS_OK;
        splits[i] = v->i;
    }
    out->split_offsets = splits;
    out->split_count = list->count;
    return HS_OK;
}

static enum hs_file_format format_of(hs_str name)
{
    static const char *const names[] = {"", "parquet", "avro", "orc", "puffin"};
    for (size_t i = 1; i < sizeof names / sizeof *names; i++)
        if (hs_str_eq_nocase(name, hs_str_of(names[i])))
            return (enum hs_file_format)i;
    return HS_FILE_OTHER;
}

static hs_rc keep_text(struct hs_arena *a, const struct hs_avro_value *file, int id, bool need, hs_str *out,
                       struct hs_err *err)
{
    hs_str text;
    HS_TRY(hs_member_text(file, id, need, &text, err));
    *out = (hs_str){0};
    if (text.at && !(*out = hs_arena_str(a, text)).at)
        return hs_no_memory(err);
    return HS_OK;
}

/* A deleted entry is history: nothing of it is read as data, so nothing of it has to be there. */
static hs_rc read_file(struct hs_arena *a, const struct hs_avro_value *file, struct hs_entry *out, struct hs_err *err)
{
    bool live = out->status != HS_ENTRY_DELETED;
    hs_str format, key;
    int64_t content;
    HS_TRY(keep_text(a, file, ID_PATH, live, &out->path, err));
    HS_TRY(keep_text(a, file, ID_REFERENCED_FILE, false, &out->referenced_file, err));
    HS_TRY(hs_member_text(file, ID_FORMAT, live, &format, err));
    HS_TRY(hs_member_text(file, ID_KEY, false, &key, err));
    HS_TRY(hs_member_number(file, ID_RECORD_COUNT, live, 0, &out->record_count, err));
    HS_TRY(hs_member_number(file, ID_SIZE, false, -1, &out->size_bytes, err));
    HS_TRY(hs_member_number(file, ID_CONTENT, false, HS_CONTENT_DATA, &content, err)); /* v1: data */
    HS_TRY(hs_member_number(file, ID_FIRST_ROW, false, -1, &out->first_row_id, err));
    HS_TRY(hs_member_number(file, ID_CONTENT_OFFSET, false, -1, &out->content_offset, err));
    HS_TRY(hs_member_number(file, ID_CONTENT_LEN, false, -1, &out->content_len, err));
    if (out->record_count < 0)
        return hs_damaged(err, "%.*s: record_count %lld", HS_FMT(out->path), (long long)out->record_count);
    if (content < HS_CONTENT_DATA || content > HS_CONTENT_EQUALITY_DELETES)
        return hs_damaged(err, "%.*s: file content %lld", HS_FMT(out->path), (long long)content);
    out->content = (enum hs_entry_content)content;
    out->format = format_of(format);
    out->has_key = key.len > 0;
    return HS_OK;
}

hs_rc hs_entry_read(struct hs_arena *a, struct hs_arena *scratch, const struct hs_partition_shape *shape,
                    const struct hs_avro_value *row, struct hs_entry *out, struct hs_err *err)
{
    int64_t status;
    struct hs_param *partition;
    *out = (struct hs_entry){0};
    HS_TRY(hs_member_number(row, ID_STATUS, true, 0, &status, err));
    if (status < HS_ENTRY_EXISTING || status > HS_ENTRY_DELETED)
        return hs_damaged(err, "entry status %lld", (long long)status);
    out->status = (enum hs_entry_status)status;
    HS_TRY(hs_member_number(row, ID_SNAPSHOT, false, -1, &out->snapshot_id, err));
    HS_TRY(hs_member_number(row, ID_SEQUENCE, false, -1, &out->sequence_number, err));
    HS_TRY(hs_member_number(row, ID_FILE_SEQUENCE, false, -1, &out->file_sequence_number, err));
    const struct hs_avro_value *file = hs_avro_member(row, ID_DATA_FILE);
    HS_TRY(read_file(a, file, out, err));
    HS_TRY(hs_partition_read(a, shape, hs_avro_member(file, ID_PARTITION), &partition, err));
    out->partition = partition;
    out->partition_count = shape->count;
    HS_TRY(read_ids(a, file, out, err));
    HS_TRY(read_splits(a, file, out, err));
    return read_metrics(a, scratch, file, out, err);
}
