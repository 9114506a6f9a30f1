/* One row of a manifest to one entry (spec: "Manifests"; the numbers are its field ids), decoded where it stands: the
 * writer's schema is looked at once, and says member by member where a row's value goes. Rows are many and live long in
 * the cache, so what an entry names lies close together. */
#include "iceberg/manifest_in.h"

enum { MAX_IDS = 10 * 1000, MAX_SPLITS = 1000 * 1000 };

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
                    ID_COLUMN_SIZES = 108,
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
/* Where a member goes. */
enum slot {
    AT_STATUS,
    AT_SNAPSHOT,
    AT_SEQUENCE,
    AT_FILE_SEQUENCE,
    AT_RECORD_COUNT,
    AT_SIZE,
    AT_CONTENT,
    AT_FIRST_ROW,
    AT_CONTENT_OFFSET,
    AT_CONTENT_LEN,
    AT_PATH, /* from here on text */
    AT_FORMAT,
    AT_KEY,
    AT_REFERENCED_FILE,
    SLOTS,
    AT_FILE = SLOTS, /* the rest is not kept in a slot */
    AT_PARTITION,
    AT_SPLITS,
    AT_EQUALITY_IDS,
    AT_METRICS,
    AT_NOTHING = AT_METRICS + HS_METRIC_LISTS,
};
static const struct {
    int id;
    enum slot slot;
} members[] = {{ID_STATUS, AT_STATUS},
               {ID_SNAPSHOT, AT_SNAPSHOT},
               {ID_SEQUENCE, AT_SEQUENCE},
               {ID_FILE_SEQUENCE, AT_FILE_SEQUENCE},
               {ID_DATA_FILE, AT_FILE}},
  file_members[] = {{ID_RECORD_COUNT, AT_RECORD_COUNT},
                    {ID_SIZE, AT_SIZE},
                    {ID_CONTENT, AT_CONTENT},
                    {ID_FIRST_ROW, AT_FIRST_ROW},
                    {ID_CONTENT_OFFSET, AT_CONTENT_OFFSET},
                    {ID_CONTENT_LEN, AT_CONTENT_LEN},
                    {ID_PATH, AT_PATH},
                    {ID_FORMAT, AT_FORMAT},
                    {ID_KEY, AT_KEY},
                    {ID_REFERENCED_FILE, AT_REFERENCED_FILE},
                    {ID_PARTITION, AT_PARTITION},
                    {ID_SPLITS, AT_SPLITS},
                    {ID_EQUALITY_IDS, AT_EQUALITY_IDS},
                    {ID_VALUE_COUNTS, AT_METRICS + HS_METRIC_VALUES},
                    {ID_NULL_COUNTS, AT_METRICS + HS_METRIC_NULLS},
                    {ID_NAN_COUNTS, AT_METRICS + HS_METRIC_NANS},
                    {ID_LOWER, AT_METRICS + HS_METRIC_LOWER},
                    {ID_UPPER, AT_METRICS + HS_METRIC_UPPER},
                    {ID_COLUMN_SIZES, AT_METRICS + HS_METRIC_SIZES}};

struct row { /* of the entry being read */
    bool has[SLOTS];
    int64_t i[SLOTS];
    hs_str s[SLOTS];
    const struct hs_avro_value *partition, *splits, *equality_ids; /* NULL: absent */
};
struct hs_entry_reader {
    struct hs_arena *a, *lists; /* what entries keep; the growing lists of metrics */
    struct hs_arena *scratch;   /* renewed every few rows */
    const struct hs_avro_type *record;
    const struct hs_partition_shape *shape;
    const struct hs_columns *columns;
    enum slot *outer, *inner; /* one a member */
    const struct hs_avro_type *file;
    const struct hs_avro_type *partition; /* NULL: as the file says */
    struct row row;
    struct hs_metric_list metrics[HS_METRIC_LISTS];
    struct hs_metrics_found found;
    int64_t fuel;
    struct hs_err *err;
};

/* ---- the writer's schema ---- */

static enum slot slot_of(int id, bool inner)
{
    for (size_t i = 0; !inner && i < sizeof members / sizeof *members; i++)
        if (members[i].id == id)
            return members[i].slot;
    for (size_t i = 0; inner && i < sizeof file_members / sizeof *file_members; i++)
        if (file_members[i].id == id)
            return file_members[i].slot;
    return AT_NOTHING;
}

static enum slot *slots_of(struct hs_arena *a, const struct hs_avro_type *record, bool inner)
{
    enum slot *slots = hs_arena_array(a, record->field_count, sizeof *slots);
    for (size_t i = 0; slots && i < record->field_count; i++) {
        slots[i] = slot_of(record->fields[i].id, inner);
        for (size_t k = 0; k < i; k++) /* the first of two counts */
            slots[i] = slots[k] == slots[i] ? AT_NOTHING : slots[i];
    }
    return slots;
}

static const struct hs_avro_type *record_in(const struct hs_avro_type *type)
{
    for (size_t i = 0; type->kind == HS_AVRO_UNION && i < type->field_count; i++)
        if (type->fields[i].type->kind == HS_AVRO_RECORD)
            return type->fields[i].type;
    return type->kind == HS_AVRO_RECORD ? type : NULL;
}

static bool keeps(const enum slot *slots, const struct hs_avro_type *record, enum slot slot)
{
    for (size_t i = 0; i < record->field_count; i++)
        if (slots[i] == slot)
            return true;
    return false;
}

/* The tuple has every field of the spec (but void ones: they say nothing). One that is not there would be read as NULL,
 * and a column that only the partition has would be NULL in every row. */
static bool has_partition(const struct hs_entry_reader *r)
{
    const struct hs_avro_type *tuple = NULL;
    for (size_t i = 0; i < r->file->field_count; i++)
        tuple = r->inner[i] == AT_PARTITION ? record_in(r->file->fields[i].type) : tuple;
    for (size_t i = 0; i < r->shape->count; i++) {
        bool found = r->shape->fields[i].transform == HS_TR_VOID;
        for (size_t k = 0; tuple && k < tuple->field_count; k++)
            found |= tuple->fields[k].id == r->shape->fields[i].field_id;
        if (!found)
            return false;
    }
    return true;
}

hs_rc hs_entry_reader_new(struct hs_arena *a, struct hs_arena *lists, const struct hs_avro_type *record, int version,
                          const struct hs_partition_shape *shape, const struct hs_columns *columns,
                          struct hs_entry_reader **out, struct hs_err *err)
{
    struct hs_entry_reader *r = HS_NEW(lists, struct hs_entry_reader);
    if (!r)
        return hs_no_memory(err);
    *r = (struct hs_entry_reader){.a = a, .lists = lists, .record = record, .shape = shape, .columns = columns};
    r->outer = slots_of(lists, record, false);
    for (size_t i = 0; r->outer && i < record->field_count; i++)
        if (r->outer[i] == AT_FILE)
            r->file = record_in(record->fields[i].type);
    if (!r->file && r->outer)
        return hs_damaged(err, "a manifest without data files");
    r->inner = r->file ? slots_of(lists, r->file, true) : NULL;
    if (!r->inner)
        return hs_no_memory(err);
    /* Taken for those of version 1, entries would be data, and older than every delete. */
    if (version >= 2 && !(keeps(r->outer, record, AT_SEQUENCE) && keeps(r->inner, r->file, AT_CONTENT)))
        return hs_damaged(err, "a manifest of version %d without sequence numbers or content", version);
    if (!has_partition(r))
        return hs_damaged(err, "a manifest whose partition values are not those of its spec");
    *out = r;
    return HS_OK;
}

/* A copy in which plain fixed bytes are bytes; *found: there are some. Partitions nest a record and unions, no more. */
static hs_rc with_lengths(struct hs_arena *a, const struct hs_avro_type *type, int depth, struct hs_avro_type **out,
                          bool *found, struct hs_err *err)
{
    struct hs_avro_type *copy = HS_NEW(a, struct hs_avro_type);
    if (!copy)
        return hs_no_memory(err);
    *copy = *type;
    *out = copy;
    if (type->kind == HS_AVRO_FIXED && type->logical == HS_AVRO_PLAIN) {
        copy->kind = HS_AVRO_BYTES;
        *found = true;
    }
    if (depth == 0 || (type->kind != HS_AVRO_RECORD && type->kind != HS_AVRO_UNION))
        return HS_OK;
    copy->fields = hs_arena_array(a, type->field_count, sizeof *copy->fields);
    if (!copy->fields)
        return hs_no_memory(err);
    for (size_t i = 0; i < type->field_count; i++) {
        struct hs_avro_type *member;
        copy->fields[i] = type->fields[i];
        HS_TRY(with_lengths(a, type->fields[i].type, depth - 1, &member, found, err));
        copy->fields[i].type = member;
    }
    return HS_OK;
}

hs_rc hs_entry_reader_lengths(struct hs_entry_reader *r, struct hs_err *err)
{
    bool found = false;
    for (size_t i = 0; i < r->file->field_count; i++) {
        struct hs_avro_type *changed;
        if (r->inner[i] != AT_PARTITION)
            continue;
        HS_TRY(with_lengths(r->lists, r->file->fields[i].type, 3, &changed, &found, err));
        r->partition = changed;
    }
    return found ? HS_OK : hs_damaged(err, "a manifest without fixed partition values");
}

/* ---- a row ---- */

static hs_rc cut_short(struct hs_entry_reader *r)
{
    return hs_damaged(r->err, "a manifest entry is cut short or holds a length that cannot be");
}

/* Through a union to what stands there. */
static hs_rc branch_of(struct hs_entry_reader *r, struct hs_cursor *c, const struct hs_avro_type **type)
{
    if ((*type)->kind != HS_AVRO_UNION)
        return HS_OK;
    int64_t branch = hs_cursor_zigzag(c);
    if (c->bad || branch < 0 || (uint64_t)branch >= (*type)->field_count)
        return cut_short(r);
    *type = (*type)->fields[branch].type;
    return HS_OK;
}

static hs_rc read_whole(struct hs_entry_reader *r, struct hs_cursor *c, const struct hs_avro_type *type, enum slot slot)
{
    if (type->kind != HS_AVRO_INT && type->kind != HS_AVRO_LONG)
        return hs_damaged(r->err, "a number of a manifest entry (%d) is not an integer", (int)slot);
    r->row.i[slot] = hs_cursor_zigzag(c);
    r->row.has[slot] = true;
    return c->bad ? cut_short(r) : HS_OK;
}

static hs_rc read_text(struct hs_entry_reader *r, struct hs_cursor *c, const struct hs_avro_type *type, enum slot slot)
{
    uint64_t len = type->size;
    if (type->kind != HS_AVRO_STRING && type->kind != HS_AVRO_BYTES && type->kind != HS_AVRO_FIXED)
        return hs_damaged(r->err, "a text of a manifest entry (%d) is not text", (int)slot);
    if (type->kind != HS_AVRO_FIXED)
        len = (uint64_t)hs_cursor_zigzag(c); /* a negative one is longer than any block */
    r->row.s[slot] = hs_cursor_bytes(c, len);
    r->row.has[slot] = true;
    return c->bad ? cut_short(r) : HS_OK;
}

static hs_rc read_value(struct hs_entry_reader *r, struct hs_cursor *c, const struct hs_avro_type *type,
                        const struct hs_avro_value **out)
{
    struct hs_avro_value *v = HS_NEW(r->scratch, struct hs_avro_value);
    if (!v)
        return hs_no_memory(r->err);
    *out = v;
    return hs_avro_decode(r->scratch, c, type, &r->fuel, v, r->err);
}

static hs_rc read_metrics(struct hs_entry_reader *r, struct hs_cursor *c, const struct hs_avro_type *type, size_t list)
{
    static const struct hs_columns none;
    const struct hs_columns *columns = list == HS_METRIC_SIZES ? &none : r->columns;
    return hs_metric_list_decode(r->lists, c, type, columns, &r->metrics[list], &r->fuel, r->err);
}

static hs_rc read_record(struct hs_entry_reader *r, struct hs_cursor *c, const struct hs_avro_type *record,
                         const enum slot *slots);

static hs_rc read_member(struct hs_entry_reader *r, struct hs_cursor *c, const struct hs_avro_type *type,
                         enum slot slot)
{
    if (slot == AT_NOTHING)
        return hs_avro_skip(c, type, &r->fuel, r->err);
    if (slot == AT_PARTITION && r->partition)
        type = r->partition;
    HS_TRY(branch_of(r, c, &type));
    if (type->kind == HS_AVRO_NULL)
        return HS_OK;
    if (slot < AT_PATH)
        return read_whole(r, c, type, slot);
    if (slot < SLOTS)
        return read_text(r, c, type, slot);
    if (slot >= AT_METRICS)
        return read_metrics(r, c, type, slot - AT_METRICS);
    if (slot == AT_FILE)
        return type == r->file ? read_record(r, c, type, r->inner) : cut_short(r);
    const struct hs_avro_value **to = slot == AT_PARTITION ? &r->row.partition
                                      : slot == AT_SPLITS  ? &r->row.splits
                                                           : &r->row.equality_ids;
    return read_value(r, c, type, to);
}

static hs_rc read_record(struct hs_entry_reader *r, struct hs_cursor *c, const struct hs_avro_type *record,
                         const enum slot *slots)
{
    for (size_t i = 0; i < record->field_count; i++)
        HS_TRY(read_member(r, c, record->fields[i].type, slots[i]));
    return c->bad ? cut_short(r) : HS_OK;
}

/* ---- to an entry ---- */

static int64_t number(const struct hs_entry_reader *r, enum slot slot, int64_t fallback)
{
    return r->row.has[slot] ? r->row.i[slot] : fallback;
}

static bool is_whole(const struct hs_avro_value *v)
{
    return v->kind == HS_AVRO_INT || v->kind == HS_AVRO_LONG;
}

static hs_rc take_ids(struct hs_entry_reader *r, struct hs_entry *out)
{
    const struct hs_avro_value *list = r->row.equality_ids;
    if (!list || list->kind != HS_AVRO_ARRAY || list->count == 0)
        return HS_OK;
    int *ids = list->count <= MAX_IDS ? hs_arena_array(r->a, list->count, sizeof *ids) : NULL;
    if (!ids)
        return list->count > MAX_IDS ? hs_damaged(r->err, "%zu equality ids", list->count) : hs_no_memory(r->err);
    for (size_t i = 0; i < list->count; i++) {
        const struct hs_avro_value *v = &list->items[i];
        if (!is_whole(v) || v->i < 0 || v->i > INT32_MAX)
            return hs_damaged(r->err, "an equality id that is no field id");
        ids[i] = (int)v->i;
    }
    out->equality_ids = ids;
    out->equality_id_count = list->count;
    return HS_OK;
}

/* Split offsets help to cut work evenly and mean nothing else: lists that cannot be are left out. */
static hs_rc take_splits(struct hs_entry_reader *r, struct hs_entry *out)
{
    const struct hs_avro_value *list = r->row.splits;
    if (!list || list->kind != HS_AVRO_ARRAY || list->count == 0 || list->count > MAX_SPLITS)
        return HS_OK;
    int64_t *splits = hs_arena_array(r->a, list->count, sizeof *splits);
    if (!splits)
        return hs_no_memory(r->err);
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

static hs_rc take_text(struct hs_entry_reader *r, enum slot slot, hs_str *out)
{
    if (!r->row.has[slot])
        return HS_OK;
    if (!hs_utf8_valid(r->row.s[slot])) /* it would be the name of no file, and deletes of no file are passed over */
        return hs_damaged(r->err, "a path of a manifest entry is not UTF-8");
    *out = hs_arena_str(r->a, r->row.s[slot]);
    return out->at ? HS_OK : hs_no_memory(r->err);
}

/* A deleted entry is history: nothing of it is read as data, so nothing of it has to be there. */
static hs_rc take_file(struct hs_entry_reader *r, struct hs_entry *out)
{
    int64_t content = number(r, AT_CONTENT, HS_CONTENT_DATA); /* v1: data */
    HS_TRY(take_text(r, AT_PATH, &out->path));
    HS_TRY(take_text(r, AT_REFERENCED_FILE, &out->referenced_file));
    out->record_count = number(r, AT_RECORD_COUNT, 0);
    out->size_bytes = number(r, AT_SIZE, -1);
    out->first_row_id = number(r, AT_FIRST_ROW, -1);
    out->content_offset = number(r, AT_CONTENT_OFFSET, -1);
    out->content_len = number(r, AT_CONTENT_LEN, -1);
    if (out->status != HS_ENTRY_DELETED &&
        !(r->row.has[AT_PATH] && r->row.has[AT_FORMAT] && r->row.has[AT_RECORD_COUNT]))
        return hs_damaged(r->err, "an entry lacks its path, format or record count");
    if (out->record_count < 0)
        return hs_damaged(r->err, "%.*s: record_count %lld", HS_FMT(out->path), (long long)out->record_count);
    if (content < HS_CONTENT_DATA || content > HS_CONTENT_EQUALITY_DELETES)
        return hs_damaged(r->err, "%.*s: file content %lld", HS_FMT(out->path), (long long)content);
    out->content = (enum hs_entry_content)content;
    out->format = format_of(r->row.s[AT_FORMAT]);
    out->has_key = r->row.s[AT_KEY].len > 0;
    return HS_OK;
}

hs_rc hs_entry_read(struct hs_entry_reader *r, struct hs_arena *scratch, struct hs_cursor *c, struct hs_entry *out,
                    struct hs_err *err)
{
    struct hs_param *partition;
    *out = (struct hs_entry){0};
    r->row = (struct row){0};
    r->scratch = scratch;
    r->err = err;
    r->fuel = 4 * (int64_t)hs_cursor_left(c) + 4096;
    for (size_t i = 0; i < HS_METRIC_LISTS; i++) {
        r->metrics[i].pairs.len = 0;
        r->metrics[i].unsorted = false;
    }
    HS_TRY(read_record(r, c, r->record, r->outer));
    int64_t status = number(r, AT_STATUS, -1);
    if (status < HS_ENTRY_EXISTING || status > HS_ENTRY_DELETED)
        return hs_damaged(err, "entry status %lld", (long long)status);
    out->status = (enum hs_entry_status)status;
    out->snapshot_id = number(r, AT_SNAPSHOT, -1);
    out->sequence_number = number(r, AT_SEQUENCE, -1);
    out->file_sequence_number = number(r, AT_FILE_SEQUENCE, -1);
    HS_TRY(take_file(r, out));
    HS_TRY(hs_partition_read(r->a, r->shape, r->row.partition, &partition, err));
    out->partition = partition;
    out->partition_count = r->shape->count;
    HS_TRY(take_ids(r, out));
    HS_TRY(take_splits(r, out));
    return hs_metrics_merge(r->a, r->lists, r->metrics, &r->found, out, err);
}
