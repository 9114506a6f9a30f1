/* Footers by path, and the schema trees that many files share. */
#include "base/alloc.h"
#include "iceberg/damage.h"
#include "iceberg/parquet.h"
#include "iceberg/shared_caches.h"

#include <pthread.h>
#include <stdatomic.h>

enum { TAIL = 64 * 1024, MAX_FOOTER_MIB = 64, MAX_TEXT_MIB = 16, TREES = 256 };

struct hs_footer_schema {
    struct hs_arena *arena;
    int refs; /* under trees_lock */
    struct hs_physical physical;
    hs_str text; /* two trees are one when these are equal */
    struct hs_footer_schema *next;
};

struct counted_footer {
    struct hs_footer footer;
    atomic_int refs;
    int64_t tree_bytes; /* of the shared tree, counted by the footer that brought it */
    atomic_bool pages_checked;
};

static pthread_mutex_t trees_lock = PTHREAD_MUTEX_INITIALIZER;
static struct hs_footer_schema *trees[TREES];

static struct hs_footer_schema **bucket_of(hs_str text)
{
    uint64_t h = 14695981039346656037u;
    for (size_t i = 0; i < text.len; i++)
        h = (h ^ (uint8_t)text.at[i]) * 1099511628211u;
    return &trees[h % TREES];
}

struct hs_footer_schema *hs_footer_schema_ref(struct hs_footer_schema *s)
{
    pthread_mutex_lock(&trees_lock);
    s->refs++;
    pthread_mutex_unlock(&trees_lock);
    return s;
}

void hs_footer_schema_unref(struct hs_footer_schema *s)
{
    if (!s)
        return;
    pthread_mutex_lock(&trees_lock);
    bool last = --s->refs == 0;
    struct hs_footer_schema **at = bucket_of(s->text);
    while (last && *at && *at != s)
        at = &(*at)->next;
    if (last && *at)
        *at = s->next;
    pthread_mutex_unlock(&trees_lock);
    if (last)
        hs_arena_free(s->arena);
}

const struct hs_physical *hs_footer_physical(const struct hs_footer_schema *s)
{
    return &s->physical;
}

/* Everything that makes two trees differ; names are length-prefixed, so that no name can look like structure. */
static void write_tree(struct hs_buf *b, const struct hs_type *type)
{
    hs_buf_addf(b, "%d,%d,%d,%d{", (int)type->id, type->precision, type->scale, type->length);
    for (size_t i = 0; i < type->field_count; i++) {
        const struct hs_field *f = &type->fields[i];
        hs_buf_addf(b, "%d,%d,%zu:", f->id, f->required, f->name.len);
        hs_buf_adds(b, f->name);
        write_tree(b, f->type);
    }
    hs_buf_addc(b, '}');
}

static hs_rc tree_text(struct hs_footer_schema *s, struct hs_err *err)
{
    struct hs_buf b;
    hs_buf_init(&b, MAX_TEXT_MIB * HS_MIB);
    write_tree(&b, s->physical.type);
    hs_rc rc = hs_buf_done(&b, err);
    if (rc == HS_OK) {
        s->text = hs_arena_str(s->arena, hs_buf_str(&b));
        rc = s->text.at ? HS_OK : hs_no_memory(err);
    }
    hs_buf_fini(&b);
    return rc;
}

/* Takes `fresh`; gives the tree that stands for it, with one more reference. *out_bytes: what this adds to memory. */
static struct hs_footer_schema *intern(struct hs_footer_schema *fresh, int64_t *out_bytes)
{
    *out_bytes = (int64_t)hs_arena_used(fresh->arena);
    pthread_mutex_lock(&trees_lock);
    struct hs_footer_schema **head = bucket_of(fresh->text), *found = *head;
    while (found && !hs_str_eq(found->text, fresh->text))
        found = found->next;
    if (!found) {
        fresh->next = *head;
        *head = found = fresh;
        fresh = NULL;
    }
    found->refs++;
    pthread_mutex_unlock(&trees_lock);
    if (fresh) {
        hs_arena_free(fresh->arena);
        *out_bytes = 0;
    }
    return found;
}

/* The footer's Thrift bytes: the last eight bytes of the file are their length and a magic. */
static hs_rc locate(struct hs_arena *a, hs_str path, int64_t size, hs_str *out, struct hs_err *err)
{
    size_t tail_len = size < TAIL ? (size_t)(size > 0 ? size : 0) : TAIL;
    hs_str tail;
    HS_TRY(hs_object_read_range(a, path, size - (int64_t)tail_len, tail_len, &tail, err));
    if (tail.len >= 4 && memcmp(tail.at + tail.len - 4, "PARE", 4) == 0)
        return hs_refused(err, "a data file is encrypted, which is not supported", "encrypted footer");
    if (tail.len < 12 || memcmp(tail.at + tail.len - 4, "PAR1", 4) != 0)
        return hs_damaged(err, "not a parquet file");
    const uint8_t *at = (const uint8_t *)tail.at + tail.len - 8;
    size_t len = (size_t)at[0] | (size_t)at[1] << 8 | (size_t)at[2] << 16 | (size_t)at[3] << 24;
    if (len > MAX_FOOTER_MIB * HS_MIB || (int64_t)len > size - 12)
        return hs_damaged(err, "parquet footer of %zu bytes", len);
    if (len + 8 <= tail.len) {
        *out = (hs_str){tail.at + tail.len - 8 - len, len};
        return HS_OK;
    }
    return hs_object_read_range(a, path, size - 8 - (int64_t)len, len, out, err);
}

static hs_rc read_parquet(const struct hs_footer_source *from, struct hs_physical *out, struct hs_footer *counts,
                          struct hs_err *err)
{
    hs_str bytes;
    struct hs_parquet_footer raw;
    HS_TRY(locate(from->scratch, from->path, from->size, &bytes, err));
    HS_TRY(hs_parquet_thrift(from->scratch, bytes, &raw, err));
    counts->row_count = raw.row_count;
    counts->row_group_count = raw.row_group_count;
    return hs_parquet_schema(from->keep, &raw, out, err);
}

/* *out_bytes: what the tree adds to memory. */
static hs_rc read_schema(hs_footer_read read, struct hs_footer_source *from, struct hs_footer *out, int64_t *out_bytes,
                         struct hs_err *err)
{
    from->keep = hs_arena_new(0);
    struct hs_footer_schema *s = from->keep ? HS_NEW(from->keep, struct hs_footer_schema) : NULL;
    if (!s) {
        hs_arena_free(from->keep);
        return hs_no_memory(err);
    }
    s->arena = from->keep;
    hs_rc rc = read(from, &s->physical, out, err);
    if (rc == HS_OK)
        rc = tree_text(s, err);
    if (rc == HS_OK)
        out->schema = intern(s, out_bytes);
    else
        hs_arena_free(s->arena);
    return rc;
}

static hs_rc read_footer(hs_footer_read read, struct hs_footer_source *from, struct counted_footer **out,
                         struct hs_err *err)
{
    struct counted_footer *f = hs_calloc(1, sizeof *f);
    if (!f)
        return hs_no_memory(err);
    hs_rc rc = read_schema(read, from, &f->footer, &f->tree_bytes, err);
    if (rc != HS_OK) {
        hs_free(f);
        return rc;
    }
    atomic_init(&f->refs, 1);
    f->footer.size_bytes = from->size;
    *out = f;
    return HS_OK;
}

struct hs_footer *hs_footer_cached(hs_str local_path, const struct hs_stamp *stamp)
{
    return hs_cache_get(hs_footer_cache(), local_path, stamp);
}

hs_rc hs_footer_open_by(hs_footer_read read, hs_str local_path, struct hs_footer **out, struct hs_err *err)
{
    struct hs_stamp stamp;
    struct hs_cache *cache = hs_footer_cache();
    HS_TRY(hs_object_stamp(local_path, &stamp, err));
    struct hs_footer *cached = hs_cache_get(cache, local_path, &stamp);
    if (cached) {
        *out = cached;
        return HS_OK;
    }
    struct hs_footer_source from = {.scratch = hs_arena_new(0), .path = local_path, .size = stamp.size};
    struct counted_footer *f = NULL;
    if (!from.scratch)
        return hs_no_memory(err);
    hs_rc rc = read_footer(read, &from, &f, err);
    hs_arena_free(from.scratch);
    if (rc != HS_OK) {
        hs_ignore(hs_err_note(err, "in %.*s", HS_FMT(local_path)));
        return rc;
    }
    hs_cache_put(cache, local_path, &stamp, &f->footer, (int64_t)sizeof *f + f->tree_bytes);
    *out = &f->footer;
    return HS_OK;
}

hs_rc hs_footer_open(hs_str local_path, struct hs_footer **out, struct hs_err *err)
{
    return hs_footer_open_by(read_parquet, local_path, out, err);
}

hs_rc hs_footer_check_pages(struct hs_footer *f, hs_str local_path, struct hs_err *err)
{
    struct counted_footer *counted = (struct counted_footer *)f;
    hs_str bytes;
    if (atomic_load_explicit(&counted->pages_checked, memory_order_relaxed))
        return HS_OK;
    struct hs_arena *scratch = hs_arena_new(0);
    if (!scratch)
        return hs_no_memory(err);
    hs_rc rc = locate(scratch, local_path, f->size_bytes, &bytes, err);
    if (rc == HS_OK)
        rc = hs_parquet_check_pages(scratch, local_path, f->size_bytes, bytes, err);
    hs_arena_free(scratch);
    if (rc == HS_OK)
        atomic_store_explicit(&counted->pages_checked, true, memory_order_relaxed);
    else
        hs_ignore(hs_err_note(err, "in %.*s", HS_FMT(local_path)));
    return rc;
}

struct hs_footer *hs_footer_ref(struct hs_footer *f)
{
    atomic_fetch_add_explicit(&((struct counted_footer *)f)->refs, 1, memory_order_relaxed);
    return f;
}

void hs_footer_unref(struct hs_footer *f)
{
    struct counted_footer *counted = (struct counted_footer *)f;
    if (!f || atomic_fetch_sub_explicit(&counted->refs, 1, memory_order_acq_rel) != 1)
        return;
    hs_footer_schema_unref(f->schema);
    hs_free(counted);
}
