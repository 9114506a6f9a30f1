/* Avro object container files (https://avro.apache.org/docs/1.12.0/specification/), reading half. Records are decoded
 * by the schema in the file, members are found by Iceberg field id. Every length is bounded by the bytes there are,
 * and a file that ends anywhere but between two blocks is damaged, not finished. */
#ifndef HS_AVRO_AVRO_H
#define HS_AVRO_AVRO_H

#include "arrow/type.h"
#include "avro/codec.h"
#include "base/cursor.h"

enum hs_avro_kind {
    HS_AVRO_NULL,
    HS_AVRO_BOOLEAN,
    HS_AVRO_INT,
    HS_AVRO_LONG,
    HS_AVRO_FLOAT,
    HS_AVRO_DOUBLE,
    HS_AVRO_BYTES,
    HS_AVRO_STRING,
    HS_AVRO_FIXED,
    HS_AVRO_ENUM,
    HS_AVRO_RECORD,
    HS_AVRO_ARRAY,
    HS_AVRO_MAP,
    HS_AVRO_UNION,
};

enum hs_avro_logical { /* "logicalType"; what is not one of these is read as if it were not there */
                       HS_AVRO_PLAIN,
                       HS_AVRO_DECIMAL,
                       HS_AVRO_DATE,
                       HS_AVRO_TIME_MILLIS,
                       HS_AVRO_TIME_MICROS,
                       HS_AVRO_TIMESTAMP_MILLIS,
                       HS_AVRO_TIMESTAMP_MICROS,
                       HS_AVRO_TIMESTAMP_NANOS,
                       HS_AVRO_LOCAL_TIMESTAMP_MILLIS,
                       HS_AVRO_LOCAL_TIMESTAMP_MICROS,
                       HS_AVRO_LOCAL_TIMESTAMP_NANOS,
                       HS_AVRO_UUID,
                       HS_AVRO_PAIRS, /* "map": an array of records of a key and a value */
                       HS_AVRO_VARIANT,
};

struct hs_avro_type;
struct hs_avro_field {
    hs_str name;
    int id; /* "field-id"; of what an array or a map holds: "element-id", "value-id"; or -1 */
    bool skip;
    struct hs_avro_type *type;
};
struct hs_avro_type {
    enum hs_avro_kind kind;
    hs_str name; /* named kinds */
    enum hs_avro_logical logical;
    int precision, scale; /* "decimal"; -1: not stated */
    bool utc, has_utc;    /* "adjust-to-utc", and whether it is stated */
    int key_id;           /* MAP: "key-id", or -1 */
    uint64_t size;        /* FIXED */
    hs_str *symbols;      /* ENUM */
    size_t symbol_count;
    struct hs_avro_field *fields; /* RECORD members; ARRAY and MAP: one; UNION: the branches */
    size_t field_count;
};

/* A decoded value; text and bytes point into the block and live until the next hs_avro_next. */
struct hs_avro_value {
    enum hs_avro_kind kind; /* never UNION */
    int64_t i;              /* BOOLEAN, INT, LONG, ENUM */
    double f;               /* FLOAT, DOUBLE */
    hs_str s;               /* BYTES, STRING, FIXED */
    const struct hs_avro_type *type;
    struct hs_avro_value *items; /* RECORD: one a field (skipped ones NULL); ARRAY; MAP: key, value, key, value */
    size_t count;
};

HS_MUST hs_rc hs_avro_schema_parse(struct hs_arena *a, hs_str json, struct hs_avro_type **out, struct hs_err *err);

/* One value at the cursor. `fuel` bounds the number of values, so that a few bytes cannot ask for billions. */
HS_MUST hs_rc hs_avro_decode(struct hs_arena *a, struct hs_cursor *c, const struct hs_avro_type *type, int64_t *fuel,
                             struct hs_avro_value *out, struct hs_err *err);

/* hs_type.length of leaves of which a kind alone does not say enough. */
enum {
    HS_AVRO_NULLS = 1,    /* UNKNOWN: holds NULL alone; 0: a kind without counterpart */
    HS_AVRO_NO_ZONE = 12, /* TIMESTAMP: nothing says whether it has a zone */
};
/* The schema as Iceberg's types (its specification, Appendix A: Avro), member by member in the writer's order, with the
 * ids the file states. What has no counterpart becomes UNKNOWN: who wants that column is refused, and only then. */
HS_MUST hs_rc hs_avro_physical(struct hs_arena *a, const struct hs_avro_type *record, struct hs_type **out,
                               struct hs_err *err);

/* Past one value, looking at no more of it than its lengths. */
HS_MUST hs_rc hs_avro_skip(struct hs_cursor *c, const struct hs_avro_type *type, int64_t *fuel, struct hs_err *err);

struct hs_avro_file;
/* `bytes` must outlive the file. `wanted`: record members with other ids are skipped, below a wanted one none is. */
HS_MUST hs_rc hs_avro_open(hs_str bytes, const int *wanted, size_t wanted_count, struct hs_avro_file **out,
                           struct hs_err *err);
/* The same over bytes that are read as they are needed, a block at a time, for as long as the file is open. */
struct hs_avro_input {
    hs_rc (*read)(void *ctx, void *to, size_t len, size_t *out_len, struct hs_err *err); /* *out_len 0: the end */
    void *ctx;
};
HS_MUST hs_rc hs_avro_open_input(const struct hs_avro_input *input, struct hs_avro_file **out, struct hs_err *err);
void hs_avro_close(struct hs_avro_file *f);
const struct hs_avro_type *hs_avro_schema(const struct hs_avro_file *f); /* RECORD */
/* Of the members of the record, those with wanted[i] are decoded, the others skipped. After hs_avro_open_input all are.
 */
void hs_avro_project(struct hs_avro_file *f, const bool *wanted);
hs_str hs_avro_meta(const struct hs_avro_file *f, const char *key); /* .at == NULL: absent */
/* How many records the blocks from here on say they hold; a hint, 0 when nothing can be said. */
int64_t hs_avro_count(const struct hs_avro_file *f);
/* *out: the next record, or NULL at the end. */
HS_MUST hs_rc hs_avro_next(struct hs_avro_file *f, const struct hs_avro_value **out, struct hs_err *err);

/* For who knows what to look for: *out at the next record, to be read by hs_avro_schema, and left behind it; NULL at
 * the end. What it points at lives until the next record. */
HS_MUST hs_rc hs_avro_next_raw(struct hs_avro_file *f, struct hs_cursor **out, struct hs_err *err);

/* The member with that field id; NULL when it is absent, skipped or null. */
const struct hs_avro_value *hs_avro_member(const struct hs_avro_value *record, int id);

#endif
