/* What every PostgreSQL 15 has, from rows_*.def: rows as they are, and types and functions by their OIDs. */
#include "front/pg/system/system_in.h"

#include <pthread.h>
#include <stdlib.h>

struct row {
    const char *schema, *relation, *cells;
};
static const struct row ROWS[] = {
#define ROW(schema, relation, cells) {#schema, #relation, cells},
#include "front/pg/system/rows_operator.def"
#include "front/pg/system/rows_other.def"
#include "front/pg/system/rows_proc.def"
#include "front/pg/system/rows_type.def"
#undef ROW
};
enum { ROW_COUNT = sizeof ROWS / sizeof ROWS[0], TYPES_MAX = 256, PROCS_MAX = 2048 };

/* SQL's own names for some, which format_type uses. */
static const struct {
    uint32_t oid;
    const char *name;
} SQL_NAMES[] = {
    {16, "boolean"},
    {18, "\"char\""},
    {20, "bigint"},
    {21, "smallint"},
    {23, "integer"},
    {700, "real"},
    {701, "double precision"},
    {1042, "character"},
    {1043, "character varying"},
    {1083, "time without time zone"},
    {1114, "timestamp without time zone"},
    {1184, "timestamp with time zone"},
    {1266, "time with time zone"},
    {1560, "bit"},
    {1562, "bit varying"},
};

/* Written once, under `once`; in the files' order, which is that of OIDs. */
static pthread_once_t once = PTHREAD_ONCE_INIT;
static struct hs_pg_builtin_type types[TYPES_MAX];
static struct hs_pg_builtin_proc procs[PROCS_MAX];
static size_t type_count, proc_count;

enum { /* columns of pg_type */
       TYPE_OID = 0,
       TYPE_NAME = 1,
       TYPE_SCHEMA = 2,
       TYPE_LENGTH = 4,
       TYPE_BY_VALUE = 5,
       TYPE_KIND = 6,
       TYPE_CATEGORY = 7,
       TYPE_ELEMENT = 13,
       TYPE_ARRAY = 14,
       TYPE_ALIGN = 22,
       TYPE_STORAGE = 23,
       TYPE_COLLATION = 28,
       TYPE_COLUMNS = 32
};

static size_t split(const char *text, hs_str *out, size_t most)
{
    hs_str rest = hs_str_of(text);
    size_t n = 0;
    while (n < most && rest.at)
        out[n++] = hs_str_cut(&rest, '\t');
    return n;
}

static int64_t number(hs_str s)
{
    int64_t n = 0;
    return hs_str_to_i64(s, &n) ? n : 0;
}

static char letter(hs_str s)
{
    return s.len ? s.at[0] : 0;
}

static void read_type(const char *text)
{
    hs_str cell[TYPE_COLUMNS];
    if (type_count == TYPES_MAX || split(text, cell, TYPE_COLUMNS) != TYPE_COLUMNS)
        return;
    types[type_count++] = (struct hs_pg_builtin_type){
        .oid = (uint32_t)number(cell[TYPE_OID]),
        .array_oid = (uint32_t)number(cell[TYPE_ARRAY]),
        .element = (uint32_t)number(cell[TYPE_ELEMENT]),
        .collation = (uint32_t)number(cell[TYPE_COLLATION]),
        .name = cell[TYPE_NAME],
        .length = (int16_t)number(cell[TYPE_LENGTH]),
        .by_value = letter(cell[TYPE_BY_VALUE]) == 't',
        .category = letter(cell[TYPE_CATEGORY]),
        .align = letter(cell[TYPE_ALIGN]),
        .storage = letter(cell[TYPE_STORAGE]),
        .kind = letter(cell[TYPE_KIND]),
        .information_schema = number(cell[TYPE_SCHEMA]) == HS_PG_OID_INFORMATION_SCHEMA,
    };
}

static void read_rows(void)
{
    for (size_t i = 0; i < ROW_COUNT; i++) {
        hs_str cell[2];
        if (strcmp(ROWS[i].relation, "pg_type") == 0)
            read_type(ROWS[i].cells);
        if (strcmp(ROWS[i].relation, "pg_proc") == 0 && proc_count < PROCS_MAX && split(ROWS[i].cells, cell, 2) == 2)
            procs[proc_count++] = (struct hs_pg_builtin_proc){(uint32_t)number(cell[0]), cell[1], false};
    }
    for (size_t i = 0; i < proc_count; i++)
        for (size_t j = 0; j < i; j++)
            if (hs_str_eq(procs[i].name, procs[j].name))
                procs[i].several = procs[j].several = true;
}

static int by_type_oid(const void *key, const void *at)
{
    uint32_t oid = *(const uint32_t *)key, other = ((const struct hs_pg_builtin_type *)at)->oid;
    return (oid > other) - (oid < other);
}

static int by_proc_oid(const void *key, const void *at)
{
    uint32_t oid = *(const uint32_t *)key, other = ((const struct hs_pg_builtin_proc *)at)->oid;
    return (oid > other) - (oid < other);
}

const struct hs_pg_builtin_type *hs_pg_builtin_type(uint32_t oid)
{
    pthread_once(&once, read_rows);
    return bsearch(&oid, types, type_count, sizeof types[0], by_type_oid);
}

const struct hs_pg_builtin_type *hs_pg_builtin_type_at(size_t i)
{
    pthread_once(&once, read_rows);
    return i < type_count ? &types[i] : NULL;
}

const struct hs_pg_builtin_proc *hs_pg_builtin_proc(uint32_t oid)
{
    pthread_once(&once, read_rows);
    return bsearch(&oid, procs, proc_count, sizeof procs[0], by_proc_oid);
}

const struct hs_pg_builtin_proc *hs_pg_builtin_proc_at(size_t i)
{
    pthread_once(&once, read_rows);
    return i < proc_count ? &procs[i] : NULL;
}

hs_str hs_pg_builtin_sql_name(const struct hs_pg_builtin_type *t)
{
    for (size_t i = 0; i < sizeof SQL_NAMES / sizeof SQL_NAMES[0]; i++)
        if (SQL_NAMES[i].oid == t->oid)
            return hs_str_of(SQL_NAMES[i].name);
    return t->name;
}

void hs_pg_builtin_rows(struct hs_pg_cells *c)
{
    for (size_t i = 0; i < ROW_COUNT; i++)
        if (strcmp(ROWS[i].relation, c->relation->name) == 0 && strcmp(ROWS[i].schema, c->relation->schema) == 0) {
            hs_pg_cells_copy(c, ROWS[i].cells);
            hs_pg_cells_end(c);
        }
}
