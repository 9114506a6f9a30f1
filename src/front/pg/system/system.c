/* One caller's system relations: opened from what access told, made at the first mention, kept until closed. */
#include "front/pg/system/system_in.h"

#include "base/alloc.h"

static const struct hs_pg_making *const MAKES[] = {hs_pg_makes_classes, hs_pg_makes_types,   hs_pg_makes_keys,
                                                   hs_pg_makes_server,  hs_pg_makes_session, hs_pg_makes_standard};

static hs_rc write_acls(struct hs_pg_system *s, struct hs_err *err)
{
    struct hs_buf b;
    hs_buf_init(&b, 1 << 16);
    hs_pg_add_name(&b, s->user);
    hs_str name = hs_buf_str(&b);
    if (!b.failed) {
        s->table_acl = hs_arena_printf(s->arena, "%.*s=r/" HS_PG_OWNER, HS_FMT(name));
        s->schema_acl = hs_arena_printf(s->arena, "%.*s=U/" HS_PG_OWNER, HS_FMT(name));
    }
    hs_buf_fini(&b);
    return s->table_acl.at && s->schema_acl.at ? HS_OK : hs_fail(err, HS_NOMEM, "out of memory");
}

static hs_rc fill(struct hs_pg_system *s, const struct hs_model *model, const struct hs_catalog *catalog, hs_str user,
                  struct hs_err *err)
{
    if (model)
        memcpy(s->version, model->version, sizeof s->version);
    HS_TRY(hs_pg_oids_new(model, &s->oids, err));
    s->mesh = hs_arena_str(s->arena, catalog->mesh);
    s->user = hs_arena_str(s->arena, user);
    if (!s->mesh.at || !s->user.at)
        return hs_fail(err, HS_NOMEM, "out of memory");
    s->database_oid = hs_pg_oid(s->oids, HS_PG_OF_DATABASE, s->mesh, (hs_str){0}, (hs_str){0});
    s->user_oid = hs_str_is(user, HS_PG_OWNER) ? HS_PG_OID_OWNER
                                               : hs_pg_oid(s->oids, HS_PG_OF_ROLE, s->user, (hs_str){0}, (hs_str){0});
    HS_TRY(write_acls(s, err));
    HS_TRY(hs_pg_see(s, catalog, err));
    return hs_pg_see_keys(s, catalog, err);
}

hs_rc hs_pg_system_open(const struct hs_model *model, const struct hs_catalog *catalog, hs_str user,
                        struct hs_pg_system **out, struct hs_err *err)
{
    struct hs_pg_system *s = hs_calloc(1, sizeof *s);
    if (!s)
        return hs_fail(err, HS_NOMEM, "out of memory");
    s->arena = hs_arena_new(0);
    hs_rc rc = s->arena ? fill(s, model, catalog, user, err) : hs_fail(err, HS_NOMEM, "out of memory");
    if (rc == HS_OK)
        *out = s;
    else
        hs_pg_system_close(s);
    return rc;
}

void hs_pg_system_close(struct hs_pg_system *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < HS_PG_RELATIONS_MAX; i++)
        hs_batch_release(&s->made[i].batch);
    hs_pg_oids_free(s->oids);
    hs_arena_free(s->arena);
    hs_free(s);
}

bool hs_pg_system_is_of(const struct hs_pg_system *s, const struct hs_model *model)
{
    return model && memcmp(s->version, model->version, sizeof s->version) == 0;
}

size_t hs_pg_system_bytes(const struct hs_pg_system *s)
{
    size_t bytes = sizeof *s + hs_arena_used(s->arena) + hs_pg_oids_bytes(s->oids);
    for (size_t i = 0; i < HS_PG_RELATIONS_MAX; i++)
        bytes += s->made[i].batch.release ? s->made[i].batch.body_len : 0;
    return bytes;
}

/* ---- rows ---- */

static const struct hs_pg_making *making_of(const struct hs_pg_relation *r)
{
    for (size_t i = 0; i < sizeof MAKES / sizeof MAKES[0]; i++)
        for (const struct hs_pg_making *m = MAKES[i]; m->fill; m++)
            if (strcmp(m->name, r->name) == 0 && strcmp(m->schema, r->schema) == 0)
                return m;
    return NULL;
}

static hs_rc make(const struct hs_pg_system *s, const struct hs_pg_relation *r, const struct hs_pg_making *m,
                  const struct hs_pg_facts *facts, struct hs_batch *out, struct hs_err *err)
{
    struct hs_pg_cells cells;
    HS_TRY(hs_pg_cells_open(r, &cells, err));
    if (!r->refused)
        hs_pg_builtin_rows(&cells);
    hs_rc rc = m && !r->refused ? m->fill(s, facts, &cells, err) : HS_OK;
    if (rc == HS_OK)
        rc = hs_pg_cells_done(&cells, out, err);
    hs_pg_cells_close(&cells);
    return rc;
}

hs_rc hs_pg_system_make(struct hs_pg_system *s, const struct hs_pg_relation *r, const struct hs_pg_facts *facts,
                        struct hs_given *out, struct hs_err *err)
{
    struct hs_pg_made *made = &s->made[hs_pg_relation_number(r)];
    const struct hs_pg_making *m = making_of(r);
    if (!made->batch.release || (m && m->of_session)) {
        struct hs_batch batch;
        HS_TRY(make(s, r, m, facts, &batch, err));
        hs_batch_release(&made->batch);
        made->batch = batch;
    }
    *out = (struct hs_given){.schema = hs_str_of(r->schema),
                             .name = hs_str_of(r->name),
                             .has_bare_name = strcmp(r->schema, "pg_catalog") == 0,
                             .type = r->row,
                             .batch = &made->batch};
    return HS_OK;
}
