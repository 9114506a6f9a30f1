/* Structs, lists, maps and arrays. A NULL parent has NULL or no children, whatever the engine left below it, so
 * children are visited in runs of valid parents. */
#include "engine/worker/column.h"

/* The next run of equal validity in [*at, end): its length, and whether it is valid. */
static size_t next_run(const struct cells *v, size_t at, size_t end, bool *out_valid)
{
    bool valid = hs_cell_valid(v, at);
    size_t to = at + 1;
    if (!v->validity)
        to = end;
    while (to < end && hs_cell_valid(v, to) == valid)
        to++;
    *out_valid = valid;
    return to - at;
}

/* ---- struct ---- */
static void measure_null_value(struct column *c, size_t count)
{
    c->size.length += (int64_t)count;
    c->size.nulls += (int64_t)count;
    if (c->type->id == HS_T_STRUCT)
        for (size_t i = 0; i < c->child_count; i++)
            measure_null_value(&c->children[i], count);
}

static void struct_measure(struct column *c, const struct cells *v, size_t from, size_t count)
{
    bool valid;
    hs_measure_validity(c, v, from, count);
    for (size_t i = 0; i < c->child_count; i++) {
        struct cells child = hs_cells_of(duck()->struct_vector_get_child(v->vector, i));
        for (size_t at = from, run; at < from + count; at += run) {
            run = next_run(v, at, from + count, &valid);
            if (valid)
                c->children[i].ops->measure(&c->children[i], &child, at, run);
            else
                measure_null_value(&c->children[i], run);
        }
    }
}

static void struct_write(struct column *c, const struct cells *v, size_t from, size_t count)
{
    bool valid;
    hs_write_validity(c, v, from, count);
    c->written += (int64_t)count;
    for (size_t i = 0; i < c->child_count; i++) {
        struct cells child = hs_cells_of(duck()->struct_vector_get_child(v->vector, i));
        for (size_t at = from, run; at < from + count; at += run) {
            run = next_run(v, at, from + count, &valid);
            if (valid)
                c->children[i].ops->write(&c->children[i], &child, at, run);
            else
                c->children[i].ops->write_nulls(&c->children[i], run);
        }
    }
}

static void struct_nulls(struct column *c, size_t count)
{
    c->written += (int64_t)count;
    for (size_t i = 0; i < c->child_count; i++)
        c->children[i].ops->write_nulls(&c->children[i], count);
}
const struct column_ops hs_ops_struct = {struct_measure, struct_write, struct_nulls};

/* ---- list and map: entries that lie one behind the other are one visit of the child ---- */
struct span {
    size_t from, count;
};

static bool extend(struct span *s, const duckdb_list_entry *e)
{
    if (s->count && s->from + s->count != e->offset)
        return false;
    if (!s->count)
        s->from = e->offset;
    s->count += e->length;
    return true;
}

static void visit_entries(struct column *c, const struct cells *v, size_t from, size_t count,
                          void (*visit)(struct column *, const struct cells *, size_t, size_t))
{
    const duckdb_list_entry *entries = v->data;
    struct cells child = hs_cells_of(duck()->list_vector_get_child(v->vector));
    struct span span = {0, 0};
    for (size_t i = from; i < from + count; i++) {
        if (!hs_cell_valid(v, i) || !entries[i].length || extend(&span, &entries[i]))
            continue;
        visit(c->children, &child, span.from, span.count);
        span = (struct span){entries[i].offset, entries[i].length};
    }
    if (span.count)
        visit(c->children, &child, span.from, span.count);
}

static void list_measure(struct column *c, const struct cells *v, size_t from, size_t count)
{
    hs_measure_validity(c, v, from, count);
    visit_entries(c, v, from, count, c->children->ops->measure);
}

static void list_write(struct column *c, const struct cells *v, size_t from, size_t count)
{
    const duckdb_list_entry *entries = v->data;
    hs_write_validity(c, v, from, count);
    for (size_t i = from; i < from + count; i++) {
        c->used += hs_cell_valid(v, i) ? (int64_t)entries[i].length : 0;
        c->offsets[++c->written] = (int32_t)c->used;
    }
    visit_entries(c, v, from, count, c->children->ops->write);
}

static void list_nulls(struct column *c, size_t count)
{
    for (size_t i = 0; i < count; i++)
        c->offsets[++c->written] = (int32_t)c->used;
}
const struct column_ops hs_ops_list = {list_measure, list_write, list_nulls};

/* ---- array: a list whose entries all have one length ---- */
static void visit_rows(struct column *c, const struct cells *v, size_t from, size_t count,
                       void (*visit)(struct column *, const struct cells *, size_t, size_t))
{
    struct cells child = hs_cells_of(duck()->array_vector_get_child(v->vector));
    bool valid;
    for (size_t at = from, run; at < from + count; at += run) {
        run = next_run(v, at, from + count, &valid);
        if (valid && c->array_size)
            visit(c->children, &child, at * c->array_size, run * c->array_size);
    }
}

static void array_measure(struct column *c, const struct cells *v, size_t from, size_t count)
{
    hs_measure_validity(c, v, from, count);
    visit_rows(c, v, from, count, c->children->ops->measure);
}

static void array_write(struct column *c, const struct cells *v, size_t from, size_t count)
{
    hs_write_validity(c, v, from, count);
    for (size_t i = from; i < from + count; i++) {
        c->used += hs_cell_valid(v, i) ? (int64_t)c->array_size : 0;
        c->offsets[++c->written] = (int32_t)c->used;
    }
    visit_rows(c, v, from, count, c->children->ops->write);
}
const struct column_ops hs_ops_array = {array_measure, array_write, list_nulls};
