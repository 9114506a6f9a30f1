/* Inside the system relations: rows being made, built-ins by OID, OIDs of the model's things, and what one caller sees
 * of them. Private to system_*.c, relations.c. */
#ifndef HS_FRONT_PG_SYSTEM_IN_H
#define HS_FRONT_PG_SYSTEM_IN_H

#include "arrow/ipc.h"
#include "front/pg/system/system.h"
#include "front/pg/values/values.h"

#include <nanoarrow/nanoarrow.h>

/* OIDs that are written in PostgreSQL's sources and known to its clients. */
enum {
    HS_PG_OID_CLASS = 1259, /* pg_class, as classoid */
    HS_PG_OID_NAMESPACE_CLASS = 2615,
    HS_PG_OID_CONSTRAINT_CLASS = 2606,
    HS_PG_OID_OWNER = 10, /* the role that everything belongs to */
    HS_PG_OID_PG_CATALOG = 11,
    HS_PG_OID_INFORMATION_SCHEMA = 13207, /* as a PostgreSQL 15 happens to number it */
    HS_PG_OID_TYPE_CLASS = 1247,
    HS_PG_OID_REGTYPE = 2206,
    HS_PG_OID_HEAP = 2,
    HS_PG_OID_BTREE = 403
};
#define HS_PG_OWNER "hailstorm"

/* ---- relations.c ---- */
size_t hs_pg_relations_misread(void); /* words of relations.def that were not understood: 0 */
size_t hs_pg_relation_number(const struct hs_pg_relation *r);
const struct hs_pg_relation *hs_pg_relation_by_oid(uint32_t oid); /* NULL: none */
enum { HS_PG_RELATIONS_MAX = 256 };

/* ---- rows being made (cells.c): cells in the order of the columns, each exactly once ---- */
struct hs_pg_cells {
    struct ArrowSchema schema;
    struct ArrowArray array;
    const struct hs_pg_relation *relation;
    size_t next; /* the column whose cell comes next */
    int code;    /* sticky: nanoarrow's errno */
    bool wrong;  /* sticky: a cell of another type than its column's, or another number of them */
};
HS_MUST hs_rc hs_pg_cells_open(const struct hs_pg_relation *r, struct hs_pg_cells *out, struct hs_err *err);
void hs_pg_cells_close(struct hs_pg_cells *c);
void hs_pg_cell_text(struct hs_pg_cells *c, hs_str text);       /* .at NULL is NULL */
void hs_pg_cell_words(struct hs_pg_cells *c, const char *text); /* NULL is NULL */
void hs_pg_cell_int(struct hs_pg_cells *c, int64_t value);      /* integers, oids, times in microseconds */
void hs_pg_cell_bool(struct hs_pg_cells *c, bool value);
void hs_pg_cell_yes(struct hs_pg_cells *c, bool value); /* information_schema's yes_or_no */
void hs_pg_cell_null(struct hs_pg_cells *c);
void hs_pg_cell_numbers(struct hs_pg_cells *c, const int64_t *at, size_t count);
void hs_pg_cell_texts(struct hs_pg_cells *c, const hs_str *at, size_t count);
/* As many cells as the text has, in COPY's text form: "0\t\\N\tf\t{a,b}". For built-ins, and for what is the same in
 * every row. */
void hs_pg_cells_copy(struct hs_pg_cells *c, const char *text);
void hs_pg_cells_nulls(struct hs_pg_cells *c, size_t count);
void hs_pg_cells_end(struct hs_pg_cells *c); /* of a row */
/* The batch is independent of c. */
HS_MUST hs_rc hs_pg_cells_done(struct hs_pg_cells *c, struct hs_batch *out, struct hs_err *err);

/* ---- built-ins (builtins.c) ---- */
struct hs_pg_builtin_type {
    uint32_t oid, array_oid, element, collation;
    hs_str name;
    int16_t length;
    bool by_value;
    char category, align, storage, kind; /* kind: typtype */
    bool information_schema;
};
const struct hs_pg_builtin_type *hs_pg_builtin_type(uint32_t oid); /* NULL: none */
const struct hs_pg_builtin_type *hs_pg_builtin_type_at(size_t i);  /* NULL after the last */
struct hs_pg_builtin_proc {
    uint32_t oid;
    hs_str name;
    bool several; /* there are others of the name */
};
const struct hs_pg_builtin_proc *hs_pg_builtin_proc(uint32_t oid);
const struct hs_pg_builtin_proc *hs_pg_builtin_proc_at(size_t i);
/* "integer", "character varying", "timestamp without time zone": as format_type calls it; else its own name. */
hs_str hs_pg_builtin_sql_name(const struct hs_pg_builtin_type *t);
/* Rows of one relation from rows_*.def, all of them, into cells. */
void hs_pg_builtin_rows(struct hs_pg_cells *c);

/* ---- OIDs (oids.c) ---- */
enum hs_pg_oid_kind {
    HS_PG_OF_SCHEMA = 'n',
    HS_PG_OF_RELATION = 'c',   /* of a table, or with a path of what is nested in it */
    HS_PG_OF_TYPE = 't',       /* its rows' type */
    HS_PG_OF_ARRAY = 'a',      /* and the array of it */
    HS_PG_OF_INDEX = 'i',      /* path: "p", hs_pg_unique_path or hs_pg_foreign_path */
    HS_PG_OF_CONSTRAINT = 'k', /* likewise */
    HS_PG_OF_ROLE = 'r',
    HS_PG_OF_DATABASE = 'd'
};
struct hs_pg_oids;
/* Of every name of the model; NULL model: of none. */
HS_MUST hs_rc hs_pg_oids_new(const struct hs_model *model, struct hs_pg_oids **out, struct hs_err *err);
void hs_pg_oids_free(struct hs_pg_oids *o);          /* takes NULL */
size_t hs_pg_oids_bytes(const struct hs_pg_oids *o); /* likewise */
/* Of a name that is not the model's, it is what it would be without any other. */
uint32_t hs_pg_oid(const struct hs_pg_oids *o, enum hs_pg_oid_kind kind, hs_str domain, hs_str table, hs_str path);

hs_str hs_pg_unique_path(struct hs_arena *a, hs_str column); /* .at NULL: no memory */
hs_str hs_pg_foreign_path(struct hs_arena *a, const struct hs_foreign_key *key);

/* ---- what a caller sees (seen.c) ---- */
struct hs_pg_column {
    hs_str name, comment; /* comment.at NULL: none */
    uint32_t type;        /* OID: a built-in, a composite or its array */
    int32_t typmod;
    bool required;
    const struct hs_type *is;
};
struct hs_pg_seen { /* a table, or a composite: the type of what is nested in one */
    hs_str schema, name, comment;
    uint32_t schema_oid, oid, type_oid, array_oid;
    bool composite;
    const struct hs_type *row;
    struct hs_pg_column *columns;
    uint32_t *types; /* the columns' */
    size_t column_count;
    /* Of a composite: where it lies, from the table's row on (values.h's path). */
    size_t table, depth; /* the table's number among all */
    size_t *path;
};
struct hs_pg_key { /* a primary key, a unique column, or a foreign key of a table that is seen */
    char kind;     /* 'p', 'u', 'f' */
    hs_str name;
    uint32_t oid, index_oid; /* index: of p and u its own; of f what it leads to, or 0 */
    size_t table;
    int64_t *columns; /* attnums */
    size_t count;
    size_t to; /* f: the table it leads to */
    int64_t *to_columns;
    hs_str to_key; /* name of the constraint it leads to; empty: none */
};
struct hs_pg_schema {
    hs_str name;
    uint32_t oid;
};
struct hs_pg_made {
    struct hs_batch batch; /* release NULL: not made */
};
struct hs_pg_system {
    struct hs_arena *arena;
    uint8_t version[32];
    struct hs_pg_oids *oids;
    hs_str mesh, user;
    uint32_t database_oid, user_oid;
    hs_str table_acl, schema_acl; /* "ana=r/hailstorm", "ana=U/hailstorm" */
    struct hs_pg_schema *schemas; /* sorted by name */
    size_t schema_count;
    struct hs_pg_seen *seen; /* tables by schema and name; behind them composites */
    size_t table_count, seen_count;
    struct hs_pg_key *keys;
    size_t key_count;
    struct hs_pg_made made[HS_PG_RELATIONS_MAX];
};
HS_MUST hs_rc hs_pg_see(struct hs_pg_system *s, const struct hs_catalog *catalog, struct hs_err *err);
/* keys.c: keys of which every column is seen, and those between tables when both ends are */
HS_MUST hs_rc hs_pg_see_keys(struct hs_pg_system *s, const struct hs_catalog *catalog, struct hs_err *err);
const struct hs_pg_seen *hs_pg_seen_find(const struct hs_pg_system *s, hs_str schema, hs_str name); /* tables */
const struct hs_pg_seen *hs_pg_seen_by_oid(const struct hs_pg_system *s, uint32_t oid);
const struct hs_pg_seen *hs_pg_seen_by_type(const struct hs_pg_system *s, uint32_t type, bool *out_array);

/* "PRIMARY KEY (id)", or its index's CREATE; in the system's arena. */
HS_MUST hs_rc hs_pg_key_text(const struct hs_pg_system *s, const struct hs_pg_key *k, bool index, hs_str *out,
                             struct hs_err *err);
void hs_pg_add_name(struct hs_buf *b, hs_str name); /* quoted where it has to be */

/* ---- makers ---- */
typedef hs_rc (*hs_pg_maker)(const struct hs_pg_system *s, const struct hs_pg_facts *facts, struct hs_pg_cells *c,
                             struct hs_err *err);
struct hs_pg_making {
    const char *schema, *name;
    hs_pg_maker fill;
    bool of_session; /* tells of the session: made anew each time */
};
/* Each file's list, ended by .fill NULL. A relation that is in none has its built-in rows, or no rows. */
extern const struct hs_pg_making hs_pg_makes_classes[], hs_pg_makes_types[], hs_pg_makes_keys[], hs_pg_makes_server[],
    hs_pg_makes_session[], hs_pg_makes_standard[];

#endif
