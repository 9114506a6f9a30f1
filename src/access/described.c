/* What statements were found to answer with, kept for the life of a model: drivers describe a statement once or twice
 * before they run it, and dashboards ask the same ones all day. An entry says which tables a text names and which
 * columns it answers with for one person; it counts only while every table's decision still has the digest it had then,
 * which covers the columns' names and types. Tables are found, pinned and decided anew each time; only the engine is
 * spared.
 *
 * A fixed number of cells, an entry in the one its key falls in: bounded, and nothing to evict by plan. */
#include "access/access_in.h"

#include "base/alloc.h"
#include "base/hash.h"
#include "engine/conditions.h"

enum { CELLS = 1024, ENTRY_BYTES_MAX = 256 << 10 };

struct entry {
    struct hs_arena *arena; /* NULL: empty cell */
    uint8_t key[32];
    struct hs_statement statement; /* refs and param_count; no tree */
    const struct hs_type *schema, *param_types;
    const struct hs_seen_column *origins; /* tables are of the generation's model, which this is a part of */
    bool in_parts;                        /* how many parts it has is not known without a plan */
    uint8_t (*digests)[32];
};

struct described {
    pthread_mutex_t lock; /* guards cells */
    struct entry cells[CELLS];
};

struct described *hs_described_new(void)
{
    struct described *d = hs_calloc(1, sizeof *d);
    if (d)
        pthread_mutex_init(&d->lock, NULL);
    return d;
}

void hs_described_free(struct described *d)
{
    if (!d)
        return;
    for (size_t i = 0; i < CELLS; i++)
        hs_arena_free(d->cells[i].arena);
    pthread_mutex_destroy(&d->lock);
    hs_free(d);
}

/* Everything that the answer's shape depends on beside the tables: text, person, what was stated, the parameters'
 * types. */
static hs_rc key_of(const struct hs_call *c, uint8_t out[32], struct hs_err *err)
{
    struct hs_sha256 *h = hs_sha256_new();
    if (!h)
        return hs_fail(err, HS_NOMEM, "out of memory");
    hs_sha256_field(h, c->name);
    hs_sha256_field(h, c->purpose);
    hs_sha256_field(h, c->workspace);
    hs_sha256_field(h, c->sql);
    for (size_t i = 0; c->has_params && i < c->params.count; i++) {
        const struct hs_param *p = &c->params.at[i];
        int sign[4] = {(int)p->type, p->null, p->precision, p->scale};
        hs_sha256_field(h, hs_str_n(sign, sizeof sign));
    }
    unsigned form = hs_form_pack(&c->form);
    hs_sha256_field(h, hs_str_n(&form, sizeof form));
    return hs_sha256_end(h, out, err);
}

static struct entry *cell_of(struct described *d, const uint8_t key[32])
{
    return &d->cells[((size_t)key[0] | (size_t)key[1] << 8) % CELLS];
}

static bool copy_refs(struct hs_arena *a, const struct hs_statement *from, struct hs_statement *to)
{
    to->ref_count = from->ref_count;
    to->param_count = from->param_count;
    to->tree = NULL;
    to->refs = hs_arena_array(a, from->ref_count + 1, sizeof *to->refs);
    for (size_t i = 0; to->refs && i < from->ref_count; i++) {
        struct hs_table_ref *r = &to->refs[i];
        *r = from->refs[i];
        r->catalog = hs_arena_str(a, r->catalog);
        r->schema = hs_arena_str(a, r->schema);
        r->name = hs_arena_str(a, r->name);
        r->at = hs_arena_str(a, r->at);
        if (!r->catalog.at || !r->schema.at || !r->name.at || !r->at.at)
            return false;
    }
    return to->refs != NULL;
}

static bool fill(struct entry *e, const struct hs_call *c, const struct hs_statement *s)
{
    if (!e->arena || !copy_refs(e->arena, s, &e->statement))
        return false;
    e->schema = hs_type_copy(e->arena, c->schema);
    e->param_types = c->param_types ? hs_type_copy(e->arena, c->param_types) : NULL;
    e->origins = c->origins ? hs_seen_columns_copy(e->arena, c->origins, c->schema->field_count) : NULL;
    e->in_parts = hs_statement_scan(s) != HS_SCAN_NOT;
    e->digests = hs_arena_array(e->arena, s->ref_count + 1, sizeof *e->digests);
    for (size_t i = 0; e->digests && i < c->opened_count; i++)
        memcpy(e->digests[i], c->opened[i].decision->digest, 32);
    return e->schema && e->digests && !e->param_types == !c->param_types && !e->origins == !c->origins &&
           c->opened_count == s->ref_count;
}

void hs_described_put(struct described *d, const struct hs_call *c, const struct hs_statement *s)
{
    struct entry e = {.arena = hs_arena_new(ENTRY_BYTES_MAX)};
    if (!fill(&e, c, s) || key_of(c, e.key, NULL) != HS_OK) {
        hs_arena_free(e.arena); /* too large or no memory: the next one asks the engine again */
        return;
    }
    pthread_mutex_lock(&d->lock);
    struct entry *cell = cell_of(d, e.key), old = *cell;
    *cell = e;
    pthread_mutex_unlock(&d->lock);
    hs_arena_free(old.arena);
}

bool hs_described_get(struct described *d, struct hs_call *c, struct described_copy *out)
{
    uint8_t key[32];
    if (key_of(c, key, NULL) != HS_OK)
        return false;
    pthread_mutex_lock(&d->lock);
    const struct entry *e = cell_of(d, key);
    bool found = e->arena && memcmp(e->key, key, 32) == 0 && !(e->in_parts && c->parts_max > 1) &&
                 copy_refs(c->arena, &e->statement, &out->statement);
    out->schema = found ? hs_type_copy(c->arena, e->schema) : NULL;
    out->param_types = found && e->param_types ? hs_type_copy(c->arena, e->param_types) : NULL;
    out->origins = found && e->origins ? hs_seen_columns_copy(c->arena, e->origins, e->schema->field_count) : NULL;
    out->digests = found ? hs_arena_array(c->arena, e->statement.ref_count + 1, sizeof *out->digests) : NULL;
    found = out->schema && out->digests && !out->param_types == !e->param_types && !out->origins == !e->origins;
    if (found)
        memcpy(out->digests, e->digests, e->statement.ref_count * sizeof *e->digests);
    pthread_mutex_unlock(&d->lock);
    return found;
}

bool hs_described_holds(const struct described_copy *copy, const struct hs_call *c)
{
    for (size_t i = 0; i < c->opened_count; i++)
        if (memcmp(copy->digests[i], c->opened[i].decision->digest, 32) != 0)
            return false;
    return c->opened_count == copy->statement.ref_count;
}
