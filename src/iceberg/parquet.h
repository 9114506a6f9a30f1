/* What we read of a Parquet file ourselves: the footer's schema, row count and row groups
 * (https://github.com/apache/parquet-format, parquet.thrift and LogicalTypes.md). Values are the engine's business. */
#ifndef HS_ICEBERG_PARQUET_H
#define HS_ICEBERG_PARQUET_H

#include "arrow/type.h"
#include "store/store.h"

/* One schema tree, shared by all files that have it. */
struct hs_footer_schema;
struct hs_footer_schema *hs_footer_schema_ref(struct hs_footer_schema *s);
void hs_footer_schema_unref(struct hs_footer_schema *s);

/* hs_type.length of leaves of which a kind alone does not say enough. */
enum {
    HS_LEAF_NULLS = 1,  /* UNKNOWN: holds NULL alone; 0: a kind without counterpart */
    HS_LEAF_UTC = 1,    /* TIME: adjusted to UTC, which the engine takes for a type of its own */
    HS_LEAF_INT96 = 12, /* TIMESTAMP: nothing says whether it has a zone */
};
struct hs_physical {      /* the tree of one file, before ids from a name mapping */
    struct hs_type *type; /* STRUCT; ids as in the file, -1 where none */
    bool has_ids;         /* at least one top-level column has an id */
};
const struct hs_physical *hs_footer_physical(const struct hs_footer_schema *s);

struct hs_footer {
    struct hs_footer_schema *schema;
    int64_t row_count, row_group_count, size_bytes;
};
struct hs_footer *hs_footer_ref(struct hs_footer *f);
void hs_footer_unref(struct hs_footer *f);
/* A new reference to what is cached under that path and stamp, or NULL. */
struct hs_footer *hs_footer_cached(hs_str local_path, const struct hs_stamp *stamp);
/* By path, cached. Any thread. */
HS_MUST hs_rc hs_footer_open(hs_str local_path, struct hs_footer **out, struct hs_err *err);
/* Every page of it that states a checksum is what that says; looked at once for each footer. HS_CORRUPT. */
HS_MUST hs_rc hs_footer_check_pages(struct hs_footer *f, hs_str local_path, struct hs_err *err);
/* As hs_footer_open, for an Avro file, whose header has a schema and no count: row_count is -1. */
HS_MUST hs_rc hs_avro_header_open(hs_str local_path, struct hs_footer **out, struct hs_err *err);

/* ---- inside ---- */
struct hs_footer_source {
    struct hs_arena *scratch, *keep; /* keep: the tree's */
    hs_str path;
    int64_t size;
};
/* Gives the tree, and row_count and row_group_count in *counts. */
typedef hs_rc (*hs_footer_read)(const struct hs_footer_source *from, struct hs_physical *out, struct hs_footer *counts,
                                struct hs_err *err);
HS_MUST hs_rc hs_footer_open_by(hs_footer_read read, hs_str local_path, struct hs_footer **out, struct hs_err *err);

enum hs_parquet_physical { /* parquet.thrift: Type */
                           HS_PQ_BOOLEAN,
                           HS_PQ_INT32,
                           HS_PQ_INT64,
                           HS_PQ_INT96,
                           HS_PQ_FLOAT,
                           HS_PQ_DOUBLE,
                           HS_PQ_BYTE_ARRAY,
                           HS_PQ_FIXED,
                           HS_PQ_GROUP = 100,
};
enum hs_parquet_repetition { HS_PQ_REQUIRED, HS_PQ_OPTIONAL, HS_PQ_REPEATED };
enum hs_parquet_logical { /* LogicalType's field ids; ConvertedType is translated to these */
                          HS_PQ_NONE = 0,
                          HS_PQ_STRING = 1,
                          HS_PQ_MAP = 2,
                          HS_PQ_LIST = 3,
                          HS_PQ_ENUM = 4,
                          HS_PQ_DECIMAL = 5,
                          HS_PQ_DATE = 6,
                          HS_PQ_TIME = 7,
                          HS_PQ_TIMESTAMP = 8,
                          HS_PQ_INTEGER = 10,
                          HS_PQ_UNKNOWN = 11,
                          HS_PQ_JSON = 12,
                          HS_PQ_BSON = 13,
                          HS_PQ_UUID = 14,
                          HS_PQ_FLOAT16 = 15,
                          HS_PQ_VARIANT = 16,
                          HS_PQ_GEOMETRY = 17,
                          HS_PQ_GEOGRAPHY = 18,
                          HS_PQ_INTERVAL = 100, /* ConvertedType only */
};
enum hs_parquet_unit { HS_PQ_MILLIS = 1, HS_PQ_MICROS = 2, HS_PQ_NANOS = 3 };

struct hs_parquet_element { /* parquet.thrift: SchemaElement */
    enum hs_parquet_physical physical;
    enum hs_parquet_repetition repetition;
    int type_length, child_count, scale, precision, field_id;
    hs_str name;
    enum hs_parquet_logical logical;
    enum hs_parquet_unit unit;
    bool utc, is_signed;
    int bit_width;
};
struct hs_parquet_footer {
    struct hs_parquet_element *elements;
    size_t element_count;
    int64_t row_count, row_group_count;
};
/* FileMetaData, as Thrift's compact protocol. Names point into `bytes`. */
HS_MUST hs_rc hs_parquet_thrift(struct hs_arena *a, hs_str bytes, struct hs_parquet_footer *out, struct hs_err *err);
/* `footer`: its Thrift. Each column's pages, as hs_parquet_check_chunk does. */
HS_MUST hs_rc hs_parquet_check_pages(struct hs_arena *scratch, hs_str local, int64_t size, hs_str footer,
                                     struct hs_err *err);
/* All pages of one column of one row group. */
HS_MUST hs_rc hs_parquet_check_chunk(hs_str bytes, struct hs_err *err);
/* Elements in depth-first order to a type tree. */
HS_MUST hs_rc hs_parquet_schema(struct hs_arena *a, const struct hs_parquet_footer *footer, struct hs_physical *out,
                                struct hs_err *err);

#endif
