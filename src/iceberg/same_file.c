/* Things by the data file they are of. Metadata and delete files call one file by different texts: another scheme,
 * another root, a path relative to the table. What is written decides where it can; where two texts end in one name,
 * the store is asked where they lead. Each text is resolved once at most, and only when a file of its name is looked
 * for under another text, so that with the names that writers make up the disk is never asked. */
#include "iceberg/plan_in.h"

struct item {
    const void *of;
    struct item *next;
};
struct spelling { /* one text */
    hs_str text;
    struct item *items;
    struct spelling *next; /* in its bucket's list, or of the same file */
};
struct bucket {              /* texts with one last segment */
    struct spelling *fresh;  /* not resolved yet */
    struct spelling *nobody; /* mapped by nothing: who knows what file that is */
};
struct hs_paths {
    struct hs_arena *arena;
    const struct hs_store *store;
    struct hs_map *by_text, *by_name, *by_local; /* spelling, bucket, spellings */
};

hs_rc hs_paths_new(struct hs_arena *a, const struct hs_store *store, struct hs_paths **out, struct hs_err *err)
{
    struct hs_paths *p = HS_NEW(a, struct hs_paths);
    if (!p)
        return hs_no_memory(err);
    *p = (struct hs_paths){a, store, hs_map_new(a), hs_map_new(a), hs_map_new(a)};
    if (!p->by_text || !p->by_name || !p->by_local)
        return hs_no_memory(err);
    *out = p;
    return HS_OK;
}

static hs_str last_segment(hs_str path)
{
    size_t from = path.len;
    while (from > 0 && path.at[from - 1] != '/')
        from--;
    return (hs_str){path.at + from, path.len - from};
}

/* ---- adding ---- */

static hs_rc add_spelling(struct hs_paths *p, hs_str text, struct spelling **out, struct hs_err *err)
{
    struct spelling *s = HS_NEW(p->arena, struct spelling);
    struct bucket *b = hs_map_get(p->by_name, last_segment(text));
    if (!b && (b = HS_NEW(p->arena, struct bucket)))
        HS_TRY(hs_map_put(p->by_name, last_segment(text), b, err));
    if (!s || !b)
        return hs_no_memory(err);
    *s = (struct spelling){.text = text, .next = b->fresh};
    b->fresh = s;
    *out = s;
    return hs_map_put(p->by_text, text, s, err);
}

hs_rc hs_paths_add(struct hs_paths *p, hs_str written, const void *item, struct hs_err *err)
{
    struct spelling *s = hs_map_get(p->by_text, written);
    struct item *i = HS_NEW(p->arena, struct item);
    if (!i)
        return hs_no_memory(err);
    if (!s)
        HS_TRY(add_spelling(p, written, &s, err));
    *i = (struct item){item, s->items};
    s->items = i;
    return HS_OK;
}

/* ---- resolving ---- */

enum place { SOMEWHERE, NOWHERE /* mapped, but nothing is there */, UNKNOWN };

static hs_rc place_of(struct hs_paths *p, struct hs_arena *scratch, hs_str text, enum place *out, hs_str *local,
                      struct hs_err *err)
{
    bool mapped = false;
    *out = SOMEWHERE;
    hs_rc rc = hs_store_resolve(scratch, p->store, text, local, err);
    if (rc != HS_NOT_FOUND && rc != HS_DENIED)
        return rc;
    rc = hs_store_maps(scratch, p->store, text, &mapped, err);
    *out = rc == HS_OK && mapped ? NOWHERE : UNKNOWN;
    return rc == HS_DENIED ? HS_OK : rc;
}

static hs_rc resolve(struct hs_paths *p, struct bucket *b, struct spelling *s, struct hs_err *err)
{
    enum place place;
    hs_str local = {0};
    struct hs_arena *scratch = hs_arena_new(0);
    if (!scratch)
        return hs_no_memory(err);
    hs_rc rc = place_of(p, scratch, s->text, &place, &local, err);
    if (rc == HS_OK && place == SOMEWHERE) {
        s->next = hs_map_get(p->by_local, local);
        rc = hs_map_put(p->by_local, local, s, err);
    } else if (rc == HS_OK && place == UNKNOWN) {
        s->next = b->nobody;
        b->nobody = s;
    }
    hs_arena_free(scratch);
    return rc;
}

static hs_rc resolve_all(struct hs_paths *p, struct bucket *b, struct hs_err *err)
{
    while (b->fresh) {
        struct spelling *s = b->fresh;
        b->fresh = s->next;
        HS_TRY(resolve(p, b, s, err));
    }
    return HS_OK;
}

/* ---- finding ---- */

static hs_rc give(const struct spelling *s, hs_paths_fn fn, void *ctx, struct hs_err *err)
{
    for (const struct item *i = s->items; i; i = i->next)
        HS_TRY(fn(ctx, i->of, err));
    return HS_OK;
}

/* Brings every text of that name to where it belongs, if there is another than `own`. */
static hs_rc look_around(struct hs_paths *p, hs_str name, const struct spelling *own, struct hs_err *err)
{
    struct bucket *b = hs_map_get(p->by_name, name);
    if (!b)
        return HS_OK;
    if (b->fresh && (b->fresh != own || b->fresh->next))
        HS_TRY(resolve_all(p, b, err));
    for (const struct spelling *s = b->nobody; s; s = s->next)
        if (s != own)
            return hs_refused(err, "deletes name a file by a path that no prefix of the table maps", "%.*s",
                              HS_FMT(s->text));
    return HS_OK;
}

hs_rc hs_paths_find(struct hs_paths *p, hs_str written, hs_str local, hs_paths_fn fn, void *ctx, struct hs_err *err)
{
    const struct spelling *own = hs_map_get(p->by_text, written);
    hs_str name = last_segment(written), local_name = last_segment(local);
    HS_TRY(look_around(p, name, own, err));
    if (!hs_str_eq(name, local_name)) /* a link, or a writer's escape */
        HS_TRY(look_around(p, local_name, own, err));
    if (own)
        HS_TRY(give(own, fn, ctx, err));
    for (const struct spelling *s = hs_map_get(p->by_local, local); s; s = s->next)
        if (s != own)
            HS_TRY(give(s, fn, ctx, err));
    return HS_OK;
}
