/* The one type tree, with Iceberg's vocabulary (https://iceberg.apache.org/spec/#schemas-and-data-types) and field
 * ids. Model, policy, table reader, engine and doors all describe columns with it; types.def says how each kind looks
 * in Arrow and DuckDB. A tree is immutable once built and lives in the arena it was built in. */
#ifndef HS_ARROW_TYPE_H
#define HS_ARROW_TYPE_H

#include "base/arena.h"

enum hs_type_id {
    HS_T_BOOLEAN = 1,
    HS_T_INT,  /* 32 bit */
    HS_T_LONG, /* 64 bit */
    HS_T_FLOAT,
    HS_T_DOUBLE,
    HS_T_DECIMAL, /* precision 1..38, scale */
    HS_T_DATE,
    HS_T_TIME,         /* microseconds */
    HS_T_TIMESTAMP,    /* microseconds, no zone */
    HS_T_TIMESTAMPTZ,  /* microseconds, UTC */
    HS_T_TIMESTAMP_NS, /* v3 */
    HS_T_TIMESTAMPTZ_NS,
    HS_T_STRING,
    HS_T_UUID,
    HS_T_FIXED, /* length bytes */
    HS_T_BINARY,
    HS_T_STRUCT, /* fields[0..n) */
    HS_T_LIST,   /* fields[0] = element */
    HS_T_MAP,    /* fields[0] = key, fields[1] = value */
    HS_T_UNKNOWN,
    HS_T_VARIANT,
    HS_T_GEOMETRY,
    HS_T_GEOGRAPHY,
    /* never in a table; what an SQL expression may answer with */
    HS_T_INT8,
    HS_T_INT16,
    HS_T_UINT8,
    HS_T_UINT16,
    HS_T_UINT32,
    HS_T_UINT64,
    HS_T_INTERVAL, /* months, days, nanoseconds */
    HS_T_COUNT_,   /* one past the last */
};

struct hs_type;
struct hs_param; /* arrow/param.h */

struct hs_field {
    int id; /* Iceberg field id; -1 where the file states none */
    hs_str name;
    bool required;
    /* v3: what a file that was written before the column stands for. NULL: none. Of a struct it says only that the
     * struct is not NULL (.type STRUCT); its members have their own. */
    const struct hs_param *initial_default;
    const struct hs_param *write_default; /* kept, not used by readers */
    hs_str doc;
    struct hs_type *type;
};

struct hs_type {
    enum hs_type_id id;
    int precision, scale; /* DECIMAL */
    int length;           /* FIXED */
    struct hs_field *fields;
    size_t field_count;
    /* How the values of an answer lie in memory (arrow/form.h), never what they are; zeros: plain. */
    int narrow;     /* DECIMAL: 32 or 64 bits a value */
    bool view;      /* STRING, BINARY: 16-byte views and one data buffer */
    int index_bits; /* STRING, BINARY: 8 or 16: the column holds signed indices into a dictionary of plain values */
};

const char *hs_type_name(enum hs_type_id id); /* "timestamptz" */
/* "decimal(15, 2)", "struct<a: int, b: list<string>>": Iceberg's words; for messages and digests. */
void hs_buf_add_type(struct hs_buf *b, const struct hs_type *type);
bool hs_type_same(const struct hs_type *a, const struct hs_type *b); /* ids, names and shapes; not how values lie */
const struct hs_field *hs_type_field_by_id(const struct hs_type *root, int id);        /* any depth; NULL */
const struct hs_field *hs_type_field_by_name(const struct hs_type *type, hs_str name); /* direct members, exact */
bool hs_type_is_number(enum hs_type_id id);
bool hs_type_is_nested(enum hs_type_id id);

struct hs_type *hs_type_new(struct hs_arena *a, enum hs_type_id id);
struct hs_type *hs_type_copy(struct hs_arena *a, const struct hs_type *type); /* NULL: no memory */
/* *to becomes a copy of *from with its name, doc and defaults in this arena; the type stays *from's. */
bool hs_field_copy(struct hs_arena *a, struct hs_field *to, const struct hs_field *from);

#endif
