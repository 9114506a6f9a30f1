/* Which delete files apply to which data file (specification, "Scan Planning"). Entries are sorted once and found by
 * path, name and partition, so that a hundred thousand of each kind are planned in little more than the time it takes
 * to look at each: what a whole partition shares is handed out as a tail of one array, never copied.
 *
 * A delete file that names one data file is found by that name, in whatever spelling. */
#include "iceberg/deleted_in.h"

#include <stdlib.h>

struct group { /* of a partition, or of the whole table */
    HS_VEC(const struct hs_planned *) positions;
    HS_VEC(const struct hs_planned *) equality;
    int64_t oldest; /* sequence number of a data file that equality deletes were asked for */
};
struct hs_delete_index {
    struct hs_arena *arena;
    const struct hs_iceberg_table *table;
    HS_VEC(struct group) partitions; /* by their numbers */
    struct group global;
    struct hs_paths *named; /* struct hs_planned by the one data file they are of */
};

hs_rc hs_delete_index_new(struct hs_arena *a, const struct hs_iceberg_table *table, const struct hs_store *store,
                          struct hs_delete_index **out, struct hs_err *err)
{
    struct hs_delete_index *x = HS_NEW(a, struct hs_delete_index);
    if (!x)
        return hs_no_memory(err);
    x->arena = a;
    x->table = table;
    x->global.oldest = INT64_MAX;
    HS_TRY(hs_paths_new(a, store, &x->named, err));
    *out = x;
    return HS_OK;
}

bool hs_spec_is_global(const struct hs_iceberg_table *table, int spec_id)
{
    const struct hs_partition_spec *spec = hs_table_spec(table, spec_id);
    for (size_t i = 0; spec && i < spec->field_count; i++)
        if (spec->fields[i].transform != HS_TR_VOID)
            return false;
    return spec != NULL;
}

/* ---- adding ---- */

static hs_rc group_of(struct hs_delete_index *x, int partition, struct group **out, struct hs_err *err)
{
    if (partition < 0)
        return hs_fail(err, HS_INTERNAL, "partition %d", partition);
    while (x->partitions.len <= (size_t)partition) {
        struct group *g = hs_vec_add(x->arena, &x->partitions);
        if (!g)
            return hs_no_memory(err);
        g->oldest = INT64_MAX;
    }
    *out = &x->partitions.at[partition];
    return HS_OK;
}

/* Bounds may be cut short. Two equal ones are not, for a cut upper bound is greater than what it was cut from; but a
 * writer that forgets this is easily made, so the text must also end as the name of a file does. */
static bool is_whole_path(hs_str path)
{
    static const char *const ends[] = {".parquet", ".parq", ".avro", ".orc"};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        if (hs_str_ends(path, hs_str_of(ends[i])))
            return true;
    return false;
}

/* The one data file that these deletes are of, or .at == NULL. */
static hs_str target_of(const struct hs_entry *e)
{
    if (e->referenced_file.len) /* an empty text is some writer's way to state none */
        return e->referenced_file;
    for (size_t i = 0; i < e->metric_count; i++) {
        const struct hs_column_metrics *m = &e->metrics[i];
        if (m->field_id == HS_ID_DELETE_PATH && m->lower.at && m->upper.at && hs_str_eq(m->lower, m->upper) &&
            is_whole_path(m->lower))
            return m->lower;
    }
    return (hs_str){0};
}

static bool is_vector(const struct hs_entry *e)
{
    return e->format == HS_FILE_PUFFIN || e->content_offset >= 0;
}

static hs_rc keep(struct hs_delete_index *x, struct group *g, const struct hs_planned *deletes, struct hs_err *err)
{
    const struct hs_planned **slot;
    if (deletes->entry->content == HS_CONTENT_EQUALITY_DELETES)
        slot = hs_vec_add(x->arena, &g->equality);
    else
        slot = hs_vec_add(x->arena, &g->positions);
    if (!slot)
        return hs_no_memory(err);
    *slot = deletes;
    return HS_OK;
}

static hs_rc check(const struct hs_planned *deletes, struct hs_err *err)
{
    const struct hs_entry *e = deletes->entry;
    bool equality = e->content == HS_CONTENT_EQUALITY_DELETES;
    if (!equality && e->content != HS_CONTENT_POSITION_DELETES)
        return hs_fail(err, HS_INTERNAL, "content %d among deletes", (int)e->content);
    if (is_vector(e) && (equality || !e->referenced_file.len))
        return hs_damaged(err, "deletion vector in %.*s does not say of which file", HS_FMT(e->path));
    return HS_OK;
}

hs_rc hs_delete_index_add(struct hs_delete_index *x, const struct hs_planned *deletes, struct hs_err *err)
{
    struct group *g;
    HS_TRY(check(deletes, err));
    HS_TRY(group_of(x, deletes->partition, &g, err));
    bool equality = deletes->entry->content == HS_CONTENT_EQUALITY_DELETES;
    hs_str target = equality ? (hs_str){0} : target_of(deletes->entry);
    if (target.at)
        return hs_paths_add(x->named, target, deletes, err);
    if (equality && hs_spec_is_global(x->table, deletes->spec_id))
        g = &x->global;
    return keep(x, g, deletes, err);
}

/* Rising by sequence number, then by path, so that equal tables give equal plans. */
static int by_age(const void *a, const void *b)
{
    const struct hs_planned *x = *(const struct hs_planned *const *)a, *y = *(const struct hs_planned *const *)b;
    int64_t i = x->numbers.sequence_number, k = y->numbers.sequence_number;
    return i != k ? (i > k) - (i < k) : hs_str_cmp(x->entry->path, y->entry->path);
}

static void sort_group(struct group *g)
{
    if (g->positions.len)
        qsort(g->positions.at, g->positions.len, sizeof *g->positions.at, by_age);
    if (g->equality.len)
        qsort(g->equality.at, g->equality.len, sizeof *g->equality.at, by_age);
}

void hs_delete_index_ready(struct hs_delete_index *x)
{
    for (size_t i = 0; i < x->partitions.len; i++)
        sort_group(&x->partitions.at[i]);
    sort_group(&x->global);
}

/* ---- asking ---- */

/* Those whose sequence number is at least `least`. */
static struct hs_applying tail(const struct hs_planned *const *at, size_t count, int64_t least)
{
    size_t from = 0, to = count;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        if (at[middle]->numbers.sequence_number < least)
            from = middle + 1;
        else
            to = middle;
    }
    return (struct hs_applying){count > from ? at + from : NULL, count - from};
}

struct answer {
    struct hs_arena *arena;
    const struct hs_planned *data, *vector;
    HS_VEC(const struct hs_planned *) named;
};

static hs_rc take_vector(struct answer *to, const struct hs_planned *deletes, struct hs_err *err)
{
    if (to->vector)
        return hs_damaged(err, "two deletion vectors for %.*s", HS_FMT(to->data->entry->path));
    to->vector = deletes;
    return HS_OK;
}

/* Position deletes apply to files of their own sequence number too: a commit may delete what it adds. The specification
 * wants the same partition; deletes that name this file from within another one contradict themselves, and readers
 * differ in what they make of that. */
static hs_rc take(void *ctx, const void *item, struct hs_err *err)
{
    struct answer *to = ctx;
    const struct hs_planned *deletes = item;
    if (deletes->numbers.sequence_number < to->data->numbers.sequence_number)
        return HS_OK;
    if (deletes->partition != to->data->partition)
        return hs_damaged(err, "deletes of %.*s lie in another partition than it", HS_FMT(to->data->entry->path));
    if (is_vector(deletes->entry))
        return take_vector(to, deletes, err);
    const struct hs_planned **slot = hs_vec_add(to->arena, &to->named);
    if (!slot)
        return hs_no_memory(err);
    *slot = deletes;
    return HS_OK;
}

hs_rc hs_delete_index_positions(struct hs_delete_index *x, const struct hs_planned *data, hs_str local,
                                struct hs_position_deletes *out, struct hs_err *err)
{
    struct group *g;
    struct answer to = {.arena = x->arena, .data = data};
    HS_TRY(group_of(x, data->partition, &g, err));
    HS_TRY(hs_paths_find(x->named, data->entry->path, local, take, &to, err));
    *out = (struct hs_position_deletes){.vector = to.vector};
    if (to.vector)
        return HS_OK;
    out->named = (struct hs_applying){to.named.at, to.named.len};
    out->shared = tail(g->positions.at, g->positions.len, data->numbers.sequence_number);
    return HS_OK;
}

hs_rc hs_delete_index_equality(struct hs_delete_index *x, const struct hs_planned *data, struct hs_err *err)
{
    struct group *g;
    int64_t age = data->numbers.sequence_number;
    HS_TRY(group_of(x, data->partition, &g, err));
    if (age < g->oldest)
        g->oldest = age;
    if (age < x->global.oldest)
        x->global.oldest = age;
    return HS_OK;
}

/* Strictly younger: an equality delete says nothing of the rows that its own commit adds. */
static struct hs_applying younger(const struct group *g)
{
    if (g->oldest == INT64_MAX)
        return (struct hs_applying){0};
    return tail(g->equality.at, g->equality.len, g->oldest + 1);
}

static void append(const struct hs_planned **to, size_t *len, struct hs_applying more)
{
    if (more.files)
        memcpy(&to[*len], more.files, more.count * sizeof *to);
    *len += more.count;
}

hs_rc hs_delete_index_marked(struct hs_delete_index *x, struct hs_applying *out, struct hs_err *err)
{
    size_t count = younger(&x->global).count, len = 0;
    for (size_t i = 0; i < x->partitions.len; i++)
        count += younger(&x->partitions.at[i]).count;
    const struct hs_planned **files = hs_arena_array(x->arena, count, sizeof *files);
    if (!files)
        return hs_no_memory(err);
    append(files, &len, younger(&x->global));
    for (size_t i = 0; i < x->partitions.len; i++)
        append(files, &len, younger(&x->partitions.at[i]));
    *out = (struct hs_applying){files, len};
    return HS_OK;
}
