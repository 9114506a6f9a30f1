/* Values as PostgreSQL's protocol has them, both directions, text and binary: what type a column has there, rows from a
 * batch into DataRow or COPY messages, and parameters from a client's bytes.
 *
 * A batch's body is memory that its writer may still change. The row writer takes a stretch of rows at a time into
 * memory of its own, checks it there (offsets rise and stay inside, text is UTF-8 without U+0000), and writes from that
 * alone. So no byte is read twice from the shared body, and no whole copy of a batch is made. */
#ifndef HS_FRONT_PG_VALUES_H
#define HS_FRONT_PG_VALUES_H

#include "arrow/batch.h"
#include "arrow/param.h"
#include "front/pg/values/style.h"

enum hs_pg_format { HS_PG_TEXT = 0, HS_PG_BINARY = 1 };

/* ---- types ---- */
struct hs_pg_type {
    uint32_t oid, array_oid;
    int16_t typlen;
    int32_t typmod; /* -1: none */
    const char *name;
};
/* What a column of this type is on the wire. Nested: a list is the array of its element, a struct is record (2249) or
 * what a resolver says; a list of lists and a map are json (doc/protocols/pg.md says why). NULL is text. */
void hs_pg_type_of(const struct hs_type *type, struct hs_pg_type *out);
/* The built-in scalar of an OID, or of the element of an array's OID; NULL: not one that we know. */
const struct hs_pg_type *hs_pg_type_by_oid(uint32_t oid);
const struct hs_pg_type *hs_pg_type_by_array_oid(uint32_t array_oid);
const struct hs_pg_type *hs_pg_type_at(size_t i); /* all that we know, in the order of OIDs; NULL after the last */

/* OIDs of composites, from who knows the catalog. path: [0] is the column, then the field numbers of structs (an
 * element of a list adds none). array: of the array of it. 0: none is known (record). */
struct hs_pg_resolver {
    uint32_t (*composite)(void *of, const size_t *path, size_t depth, bool array);
    /* Text of a column that is declared regclass, regtype or the like; NULL: its digits. */
    hs_rc (*reg_text)(void *of, uint32_t type, uint32_t oid, struct hs_buf *out, struct hs_err *err);
    void *of;
};

/* ---- rows ---- */
enum hs_pg_rows_kind { HS_PG_DATA_ROW = 0, HS_PG_COPY_TEXT, HS_PG_COPY_CSV, HS_PG_COPY_BINARY };

struct hs_pg_copy { /* zeros: COPY's own defaults for the kind */
    char delimiter, quote, escape;
    hs_str null; /* .at NULL: the default */
    bool header;
    bool force_quote_all;
    const bool *force_quote; /* one a column, or NULL */
};

struct hs_pg_rows_spec {
    enum hs_pg_rows_kind kind;
    const struct hs_type *schema;     /* STRUCT; outlives the writer; plain or with narrow decimals (which is faster) */
    const enum hs_pg_format *formats; /* DATA_ROW: one a column; NULL: all text */
    const uint32_t *oids;             /* what columns were declared as, where it is another type of the same kind */
    const struct hs_pg_resolver *resolver; /* NULL: every struct is a record */
    const struct hs_pg_style *style;       /* copied; its zone lives as long as the process. NULL: defaults */
    const struct hs_pg_copy *copy;         /* copied but for .null and .force_quote, which outlive the writer */
};

struct hs_pg_rows;
HS_MUST hs_rc hs_pg_rows_open(const struct hs_pg_rows_spec *spec, struct hs_pg_rows **out, struct hs_err *err);
void hs_pg_rows_close(struct hs_pg_rows *r); /* takes NULL */
/* What RowDescription says of column i (format: as in the spec). */
void hs_pg_rows_type(const struct hs_pg_rows *r, size_t i, struct hs_pg_type *out);

/* COPY: what comes before the first row as a message of its own (the line of names), if there is any. */
HS_MUST hs_rc hs_pg_rows_head(struct hs_pg_rows *r, struct hs_buf *out, struct hs_err *err);
/* The rows to write next; borrowed until they are written or another batch is given. Checks the descriptor. */
HS_MUST hs_rc hs_pg_rows_batch(struct hs_pg_rows *r, const struct hs_batch *batch, struct hs_err *err);
int64_t hs_pg_rows_left(const struct hs_pg_rows *r); /* of that batch; 0: it may be released */
/* Adds whole messages ('D', or one 'd' a row) to out: at most rows_max rows (below 0: no limit), and none more once
 * bytes_max bytes have been added; at least one row, where one is left. On an error nothing of the row in question has
 * been added. */
HS_MUST hs_rc hs_pg_rows_write(struct hs_pg_rows *r, int64_t rows_max, size_t bytes_max, struct hs_buf *out,
                               int64_t *out_rows, struct hs_err *err);
/* COPY: what comes after the last row, before CopyDone. */
HS_MUST hs_rc hs_pg_rows_tail(struct hs_pg_rows *r, struct hs_buf *out, struct hs_err *err);

/* ---- parameters ---- */
struct hs_pg_param_spec {
    uint32_t oid; /* as the client or the statement declared it; 0: not declared */
    enum hs_pg_format format;
    const struct hs_type *wanted; /* what the engine would like; NULL or UNKNOWN: what the OID says, else text */
    const struct hs_pg_style *style;
};
/* Bytes of one value (.at NULL: NULL) to a parameter; texts are copied to the arena. *out_state is a SQLSTATE on
 * failure ("22P02", "22003", "22007", "22008", "22P03", "0A000", ...). An array becomes STRING: the engine's own text
 * of a list (["a", NULL, "b"]), which the statement must cast: CAST($1 AS BIGINT[]). */
HS_MUST hs_rc hs_pg_param_read(const struct hs_pg_param_spec *spec, hs_str bytes, struct hs_arena *arena,
                               struct hs_param *out, const char **out_state, struct hs_err *err);

#endif
