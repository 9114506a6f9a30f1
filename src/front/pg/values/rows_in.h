/* The row writer from within: how columns are read into memory of our own, and how one value is written. */
#ifndef HS_FRONT_PG_ROWS_IN_H
#define HS_FRONT_PG_ROWS_IN_H

#include "front/pg/values/put.h"

/* What lies in memory and how it is to be written; those before HS_PG_V_TEXT fit in HS_PG_PUT_MOST bytes. */
enum hs_pg_value {
    HS_PG_V_BOOL = 0,
    HS_PG_V_I8,
    HS_PG_V_U8,
    HS_PG_V_I16,
    HS_PG_V_U16,
    HS_PG_V_I32,
    HS_PG_V_U32,
    HS_PG_V_I64,
    HS_PG_V_U64,
    HS_PG_V_F32,
    HS_PG_V_F64,
    HS_PG_V_D32,
    HS_PG_V_D64,
    HS_PG_V_D128,
    HS_PG_V_DATE,
    HS_PG_V_TIME,
    HS_PG_V_STAMP,
    HS_PG_V_STAMP_TZ,
    HS_PG_V_STAMP_NS,
    HS_PG_V_STAMP_TZ_NS,
    HS_PG_V_INTERVAL,
    HS_PG_V_UUID,
    HS_PG_V_TEXT, /* text, and in binary bytea: the bytes as they are */
    HS_PG_V_BYTES,
    HS_PG_V_FIXED,
    HS_PG_V_REG,    /* an OID whose text is a name */
    HS_PG_V_NESTED, /* array, record, json */
    HS_PG_V_NULL
};
#define HS_PG_OP_TEXT(value) ((value) << 1)
#define HS_PG_OP_BINARY(value) ((value) << 1 | 1)

struct hs_pg_column {
    int op;        /* value and format */
    bool nulls;    /* in the stretch at hand */
    bool forced;   /* CSV: in quotes whatever it is */
    bool escape;   /* COPY as text: may hold what has to be escaped */
    bool quotient; /* of a scale that says: show what it needs (arrow/quotient.h) */
    uint8_t scale;
    unsigned shift; /* bits before the first row's in `bits` */
    const uint8_t *bits;
    const uint8_t *data;
    const int32_t *offsets; /* from 0 on */

    enum hs_pg_format format;
    const struct hs_type *type;
    struct hs_pg_type pg;
    uint32_t element_oid; /* of an array */
    bool json;            /* itself, or inside of json */
    size_t width;
    size_t node, buffer; /* in the batch: of the node, and its first buffer */
    struct hs_pg_column *children;
    size_t child_count;
    struct hs_pg_own { /* memory for the stretch, kept from one to the next */
        uint8_t *at;
        size_t cap;
    } own_bits, own_data, own_offsets, own_converted;
    int source, target; /* values in the batch, and what they are converted to; -1: they are not */
};

enum { HS_PG_LEVELS = 40 }; /* of nesting */
enum { HS_PG_SHORT = 64 };  /* texts up to this are copied without asking how long they are */

struct hs_pg_rows {
    struct hs_arena *arena;
    enum hs_pg_rows_kind kind;
    const struct hs_type *schema;
    struct hs_pg_style style;
    struct hs_pg_copy copy;
    struct hs_pg_resolver resolver;
    struct hs_pg_column *columns;
    size_t count;
    size_t row_room; /* what all of a row but long values fits in */
    bool begin_due;  /* COPY binary: its first bytes go with the first row */

    const struct hs_batch *batch;
    int64_t next, loaded_from, loaded_to;

    struct hs_buf level[HS_PG_LEVELS]; /* texts of values inside of values */
    int64_t zone_from, zone_to;        /* seconds for which zone_now holds */
    struct hs_pg_zone_type zone_now;
    const char *trouble; /* what is wrong with a value of this row */
};

static inline bool hs_pg_is_null(const struct hs_pg_column *c, size_t i)
{
    size_t bit = i + c->shift;
    return c->nulls && !(c->bits[bit >> 3] >> (bit & 7) & 1);
}

/* Reads rows [next, ...) of every column; sets loaded_from, loaded_to. */
HS_MUST hs_rc hs_pg_load(struct hs_pg_rows *r, int64_t rows_max, struct hs_err *err);
void hs_pg_unload(struct hs_pg_column *c); /* memory of it and all below */

int hs_pg_converted(const struct hs_type *type, uint32_t declared);
HS_MUST hs_rc hs_pg_convert(struct hs_pg_column *c, size_t count, struct hs_err *err);

/* A value that is not NULL, in its column's format, at the end of out. level: of nesting. */
HS_MUST hs_rc hs_pg_add_value(struct hs_pg_rows *r, const struct hs_pg_column *c, size_t i, unsigned level,
                              struct hs_buf *out, struct hs_err *err);
HS_MUST hs_rc hs_pg_add_nested(struct hs_pg_rows *r, const struct hs_pg_column *c, size_t i, unsigned level,
                               struct hs_buf *out, struct hs_err *err);
HS_MUST hs_rc hs_pg_add_json_value(struct hs_pg_rows *r, const struct hs_pg_column *c, size_t i, unsigned level,
                                   struct hs_buf *out, struct hs_err *err);
void hs_pg_add_bytea(struct hs_buf *out, hs_str bytes, bool escape);
/* COPY's own escapes. sole: the only column. */
void hs_pg_add_copy_text(struct hs_buf *out, hs_str text, char delimiter);
void hs_pg_add_copy_csv(struct hs_buf *out, hs_str text, const struct hs_pg_copy *copy, bool force, bool sole);

/* The local time of a moment, in the writer's zone. */
int64_t hs_pg_local(struct hs_pg_rows *r, int64_t us);

#endif
