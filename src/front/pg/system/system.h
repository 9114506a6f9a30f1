/* pg_catalog and information_schema as one caller may see them: relations whose rows the door makes and gives to access
 * beside a statement (hs_query.given), and the look-ups that regclass, regtype and the like need.
 *
 * Rows come from two places alone: what hs_access_catalog said of this caller, and tables of built-ins that are the
 * same for everybody (rows_*.def). So what a caller may not see is in no relation, count or comment. Sizes are 0, row
 * counts -1 ("never analyzed"), statistics empty: a true number would tell of hidden rows.
 *
 * OIDs of tables, schemas and nested types come from their names, over the whole model (oids.c), so they stay
 * the same over restarts and whatever a caller may see. */
#ifndef HS_FRONT_PG_SYSTEM_H
#define HS_FRONT_PG_SYSTEM_H

#include "access/access.h"

/* ---- relations: the same for everybody ---- */
struct hs_pg_relation {
    const char *schema, *name;
    uint32_t oid;
    char kind;                 /* 'r' or 'v', as PostgreSQL has it */
    bool refused;              /* only a superuser reads it there (pg_authid): SQLSTATE 42501, permission denied */
    const struct hs_type *row; /* STRUCT: the columns as the engine has them; UINT32: oid and what is one */
    /* One a column: what it is to PostgreSQL, as RowDescription says it (name 19, "char" 18, regproc 24, int2vector 22,
     * sql_identifier as name ...), and as pg_attribute says it (the domain). */
    const uint32_t *types, *declared;
};
/* Schema empty: pg_catalog. Names as PostgreSQL folds them. NULL: none. */
const struct hs_pg_relation *hs_pg_relation_find(hs_str schema, hs_str name);
const struct hs_pg_relation *hs_pg_relation_at(size_t i); /* by schema and name; NULL after the last */

/* ---- one caller's ---- */
/* What a session knows of itself; borrowed during a call. Callbacks: false after the last; NULL: there are none. */
struct hs_pg_setting {
    hs_str name, value, category, text, start, unit; /* start: what RESET gives; unit: may be empty */
    const char *type;                                /* "bool", "integer", "real", "string", "enum" */
    bool fixed;                                      /* cannot be SET */
};
struct hs_pg_prepared {
    hs_str name, statement;
    int64_t prepared_us;
    const uint32_t *types; /* of parameters */
    size_t type_count;
    bool from_sql; /* PREPARE */
};
struct hs_pg_open_cursor {
    hs_str name, statement;
    int64_t opened_us;
    bool hold, binary, scrollable;
};
struct hs_pg_facts {
    hs_str user, application_name, client_address, query;
    int client_port;
    int32_t pid;
    int64_t started_us, transaction_us, statement_us; /* since 1970, UTC; 0: none */
    bool in_transaction, tls;
    void *arg;
    bool (*setting)(void *arg, size_t i, struct hs_pg_setting *out);
    bool (*prepared)(void *arg, size_t i, struct hs_pg_prepared *out);
    bool (*cursor)(void *arg, size_t i, struct hs_pg_open_cursor *out);
};

struct hs_pg_system;
/* Of a catalog that was asked with_schema for everything, and the model of the moment (for OIDs). Copies what it needs:
 * the call that told the catalog may be closed. For one session, one thread at a time. Work grows with the model: a
 * thousand tables are 13 ms. */
HS_MUST hs_rc hs_pg_system_open(const struct hs_model *model, const struct hs_catalog *catalog, hs_str user,
                                struct hs_pg_system **out, struct hs_err *err);
void hs_pg_system_close(struct hs_pg_system *s);         /* takes NULL */
size_t hs_pg_system_bytes(const struct hs_pg_system *s); /* that it takes now, about */
/* Is it still of this model? Grants end and tables change their columns under one model too, so a session asks access
 * anew when a system is older than HS_PG_SYSTEM_US, at its next statement that needs one. */
bool hs_pg_system_is_of(const struct hs_pg_system *s, const struct hs_model *model);
#define HS_PG_SYSTEM_US (INT64_C(5) * 1000 * 1000)
/* The relation as it is to be given. The batch is the system's, valid until the next make of the same relation or
 * close. Made at the first mention and kept; what tells of the session itself is made anew each time. */
HS_MUST hs_rc hs_pg_system_make(struct hs_pg_system *s, const struct hs_pg_relation *r, const struct hs_pg_facts *facts,
                                struct hs_given *out, struct hs_err *err);

/* ---- look-ups; false or 0: not there, as far as this caller sees ---- */
struct hs_pg_table {
    hs_str schema, name;
    uint32_t oid;
    const struct hs_type *row; /* the visible columns */
    const uint32_t *types; /* what each is, composites and their arrays included; NULL: of a model's table, see row */
    bool system;
};
/* Schema given: of that schema. Empty: pg_catalog, then the schemas of the path; how many have it (0, 1, 2: several),
 * and the first of them. */
int hs_pg_system_table(const struct hs_pg_system *s, hs_str schema, hs_str name, const hs_str *path, size_t path_count,
                       struct hs_pg_table *out);
bool hs_pg_system_table_by_oid(const struct hs_pg_system *s, uint32_t oid, struct hs_pg_table *out);
bool hs_pg_system_schema_oid(const struct hs_pg_system *s, hs_str name, uint32_t *out);
bool hs_pg_system_role_oid(const struct hs_pg_system *s, hs_str name, uint32_t *out);
/* Built-ins by PostgreSQL's names and by SQL's ("integer", "timestamp with time zone"), then composites; "x[]" too.
 * Schema empty: pg_catalog, then every domain. */
bool hs_pg_system_type_oid(const struct hs_pg_system *s, hs_str schema, hs_str name, uint32_t *out);
bool hs_pg_system_proc_oid(hs_str name, uint32_t *out);
/* What a value of a reg type is in text: "array_recv", "sales.orders", "integer", "pg_catalog". type: 24 regproc, 2202
 * regprocedure, 2205 regclass, 2206 regtype, 4089 regnamespace, 4096 regrole. An OID that names nothing is its digits;
 * 0 is "-". */
HS_MUST hs_rc hs_pg_system_reg_text(const struct hs_pg_system *s, uint32_t type, uint32_t oid, struct hs_arena *a,
                                    hs_str *out, struct hs_err *err);
/* The composite of a table's row (depth 0) or of what lies in it: path: the column's number among the visible, then
 * numbers of struct members (a list's element adds none); or the array of it. For hs_pg_resolver. 0: none. */
uint32_t hs_pg_system_composite(const struct hs_pg_system *s, hs_str domain, hs_str table, const size_t *path,
                                size_t depth, bool array);

#endif
