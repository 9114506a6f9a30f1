/* OIDs of the model's things: a hash of the name, in the upper half of what an OID can be (PostgreSQL's own begin at 1
 * and its users' at 16384), less a little room at the end. Where two names have the same hash, the later in order takes
 * the next number that is free. That is settled over the whole model, so an OID does not depend on who asks; whether
 * some hidden name lies one below can be guessed by nobody who does not know the name already. */
#include "front/pg/system/system_in.h"

#include <stdio.h>
#include <stdlib.h>

enum { FIRST = 1u << 31, ROOM = 1 << 20, DEPTH_MAX = 64 };

struct named {
    uint32_t hash, oid;
    hs_str key;
};
struct hs_pg_oids {
    struct hs_arena *arena;
    HS_VEC(struct named) names; /* sorted by hash, then key; no key twice */
};

/* ---- keys ---- */

/* kind, then each part behind its length: no two names have one key. */
static uint32_t hash_of(enum hs_pg_oid_kind kind, const hs_str parts[3])
{
    uint64_t h = UINT64_C(0xcbf29ce484222325); /* FNV-1a, 64 bits */
    h = (h ^ (uint8_t)kind) * UINT64_C(0x100000001b3);
    for (int p = 0; p < 3; p++) {
        for (size_t i = 0; i < parts[p].len; i++)
            h = (h ^ (uint8_t)parts[p].at[i]) * UINT64_C(0x100000001b3);
        h = (h ^ 0xff) * UINT64_C(0x100000001b3); /* in no UTF-8 text */
    }
    h ^= h >> 32;
    return (uint32_t)FIRST + (uint32_t)(h % ((1u << 31) - ROOM));
}

static hs_str key_of(struct hs_arena *a, enum hs_pg_oid_kind kind, const hs_str parts[3])
{
    return hs_arena_printf(a, "%c%zu:%.*s%zu:%.*s%.*s", (char)kind, parts[0].len, HS_FMT(parts[0]), parts[1].len,
                           HS_FMT(parts[1]), HS_FMT(parts[2]));
}

static bool is_key(hs_str key, enum hs_pg_oid_kind kind, const hs_str parts[3])
{
    char head[2][32];
    int first = snprintf(head[0], sizeof head[0], "%c%zu:", (char)kind, parts[0].len);
    int second = snprintf(head[1], sizeof head[1], "%zu:", parts[1].len);
    const hs_str all[5] = {{head[0], (size_t)first}, parts[0], {head[1], (size_t)second}, parts[1], parts[2]};
    for (int i = 0; i < 5; i++) {
        if (!hs_str_starts(key, all[i]))
            return false;
        key = hs_str_n(key.at + all[i].len, key.len - all[i].len);
    }
    return key.len == 0;
}

hs_str hs_pg_unique_path(struct hs_arena *a, hs_str column)
{
    return hs_arena_printf(a, "u.%.*s", HS_FMT(column));
}

/* By what it says, not by its place in the contract: that would tell how many keys are hidden before it. */
hs_str hs_pg_foreign_path(struct hs_arena *a, const struct hs_foreign_key *key)
{
    struct hs_buf b;
    hs_buf_init(&b, 1 << 20);
    hs_buf_addf(&b, "f.%.*s", HS_FMT(key->id));
    for (size_t i = 0; i < key->count; i++)
        hs_buf_addf(&b, "\xff%.*s\xff%.*s", HS_FMT(key->from[i]), HS_FMT(key->to[i]));
    hs_buf_addf(&b, "\xff%.*s\xff%.*s", HS_FMT(key->to_table->product->domain), HS_FMT(key->to_table->name));
    hs_str path = b.failed ? (hs_str){0} : hs_arena_str(a, hs_buf_str(&b));
    hs_buf_fini(&b);
    return path;
}

/* ---- the model's names ---- */

static hs_rc add(struct hs_pg_oids *o, enum hs_pg_oid_kind kind, hs_str domain, hs_str table, hs_str path,
                 struct hs_err *err)
{
    const hs_str parts[3] = {domain, table, path};
    struct named *n = hs_vec_add(o->arena, &o->names);
    hs_str key = n ? key_of(o->arena, kind, parts) : (hs_str){0};
    if (!key.at)
        return hs_fail(err, HS_NOMEM, "out of memory");
    *n = (struct named){.hash = hash_of(kind, parts), .key = key};
    return HS_OK;
}

static hs_rc add_relation(struct hs_pg_oids *o, hs_str domain, hs_str table, hs_str path, struct hs_err *err)
{
    HS_TRY(add(o, HS_PG_OF_RELATION, domain, table, path, err));
    HS_TRY(add(o, HS_PG_OF_TYPE, domain, table, path, err));
    return add(o, HS_PG_OF_ARRAY, domain, table, path, err);
}

/* Structs at any depth, by the names on the way; a list's element adds none. As seen.c names composites. */
static hs_rc add_nested(struct hs_pg_oids *o, const struct hs_table *t, hs_str under, const struct hs_property *all,
                        size_t count, int depth, struct hs_err *err)
{
    for (size_t i = 0; i < count && depth < DEPTH_MAX; i++) {
        const struct hs_property *p = &all[i], *in = p;
        while (hs_str_is(in->logical_type, "array") && in->property_count == 1)
            in = &in->properties[0];
        if (!in->property_count)
            continue;
        hs_str path = under.len ? hs_arena_printf(o->arena, "%.*s.%.*s", HS_FMT(under), HS_FMT(p->name)) : p->name;
        if (!path.at)
            return hs_fail(err, HS_NOMEM, "out of memory");
        HS_TRY(add_relation(o, t->product->domain, t->name, path, err));
        HS_TRY(add_nested(o, t, path, in->properties, in->property_count, depth + 1, err));
    }
    return HS_OK;
}

static hs_rc add_key(struct hs_pg_oids *o, const struct hs_table *t, hs_str path, struct hs_err *err)
{
    HS_TRY(add(o, HS_PG_OF_INDEX, t->product->domain, t->name, path, err));
    return add(o, HS_PG_OF_CONSTRAINT, t->product->domain, t->name, path, err);
}

/* Under the same paths as keys.c asks for them. */
static hs_rc add_keys(struct hs_pg_oids *o, const struct hs_table *t, struct hs_err *err)
{
    HS_TRY(add_key(o, t, HS_S("p"), err));
    for (size_t i = 0; i < t->property_count; i++) {
        hs_str path = t->properties[i].unique ? hs_pg_unique_path(o->arena, t->properties[i].name) : HS_S("");
        if (!path.at)
            return hs_fail(err, HS_NOMEM, "out of memory");
        if (path.len)
            HS_TRY(add_key(o, t, path, err));
    }
    for (size_t i = 0; i < t->foreign_key_count; i++) {
        hs_str path = hs_pg_foreign_path(o->arena, &t->foreign_keys[i]);
        if (!path.at)
            return hs_fail(err, HS_NOMEM, "out of memory");
        HS_TRY(add_key(o, t, path, err));
    }
    return HS_OK;
}

static hs_rc add_table(struct hs_pg_oids *o, const struct hs_table *t, struct hs_err *err)
{
    HS_TRY(add_relation(o, t->product->domain, t->name, (hs_str){0}, err));
    HS_TRY(add_keys(o, t, err));
    return add_nested(o, t, (hs_str){0}, t->properties, t->property_count, 0, err);
}

static int by_hash(const void *pa, const void *pb)
{
    const struct named *a = pa, *b = pb;
    int order = (a->hash > b->hash) - (a->hash < b->hash);
    return order ? order : hs_str_cmp(a->key, b->key);
}

/* The same key may have come twice: a domain's, of every product of it. */
static void number_all(struct hs_pg_oids *o)
{
    size_t kept = 0;
    uint32_t last = FIRST - 1;
    if (o->names.len)
        qsort(o->names.at, o->names.len, sizeof *o->names.at, by_hash);
    for (size_t i = 0; i < o->names.len; i++) {
        struct named n = o->names.at[i];
        if (kept && hs_str_eq(o->names.at[kept - 1].key, n.key))
            continue;
        last = n.oid = n.hash > last ? n.hash : last + 1;
        o->names.at[kept++] = n;
    }
    o->names.len = kept;
}

static hs_rc add_model(struct hs_pg_oids *o, const struct hs_model *m, struct hs_err *err)
{
    for (size_t i = 0; m && i < m->product_count; i++) {
        const struct hs_product *p = &m->products[i];
        HS_TRY(add(o, HS_PG_OF_SCHEMA, p->domain, (hs_str){0}, (hs_str){0}, err));
        for (size_t j = 0; j < p->table_count; j++)
            HS_TRY(add_table(o, &p->tables[j], err));
    }
    number_all(o);
    return HS_OK;
}

hs_rc hs_pg_oids_new(const struct hs_model *model, struct hs_pg_oids **out, struct hs_err *err)
{
    struct hs_arena *arena = hs_arena_new(0);
    struct hs_pg_oids *o = arena ? HS_NEW(arena, struct hs_pg_oids) : NULL;
    if (!o) {
        hs_arena_free(arena);
        return hs_fail(err, HS_NOMEM, "out of memory");
    }
    o->arena = arena;
    hs_rc rc = add_model(o, model, err);
    if (rc == HS_OK)
        *out = o;
    else
        hs_pg_oids_free(o);
    return rc;
}

void hs_pg_oids_free(struct hs_pg_oids *o)
{
    if (o)
        hs_arena_free(o->arena);
}

size_t hs_pg_oids_bytes(const struct hs_pg_oids *o)
{
    return o ? hs_arena_used(o->arena) : 0;
}

uint32_t hs_pg_oid(const struct hs_pg_oids *o, enum hs_pg_oid_kind kind, hs_str domain, hs_str table, hs_str path)
{
    const hs_str parts[3] = {domain, table, path};
    uint32_t hash = hash_of(kind, parts);
    size_t from = 0, to = o->names.len;
    while (from < to) {
        size_t mid = (from + to) / 2;
        if (o->names.at[mid].hash < hash)
            from = mid + 1;
        else
            to = mid;
    }
    for (; from < o->names.len && o->names.at[from].hash == hash; from++)
        if (is_key(o->names.at[from].key, kind, parts))
            return o->names.at[from].oid;
    return hash;
}
