/* Private to the scan printer: scan_print.c prints the view, scan_print_raw.c the files below it, scan_print_equality.c
 * what equality deletes take away, scan_print_value.c and scan_literal.c single values. */
#ifndef HS_ENGINE_SCAN_PRINT_IN_H
#define HS_ENGINE_SCAN_PRINT_IN_H

#include "engine/statement_in.h"

/* ---- scan_print_value.c ---- */
/* The engine's name of a type, "DECIMAL(15, 2)"; false: it has none that keeps every value. */
bool hs_scan_type(struct hs_buf *out, const struct hs_type *type);
/* The same names, ids and types all the way down: nothing to do. */
bool hs_scan_same(const struct hs_type *a, const struct hs_type *b);
/* Text that turns the value `from`, of type physical, into type raw. HS_UNSUPPORTED where Iceberg knows no such change.
 */
HS_MUST hs_rc hs_scan_value(struct hs_buf *out, hs_str from, const struct hs_type *physical, const struct hs_type *raw,
                            int depth, struct hs_err *err);
/* A column or member that a file lacks: its default, else CAST(NULL AS type) */
HS_MUST hs_rc hs_scan_missing(struct hs_buf *out, const struct hs_field *raw, struct hs_err *err);

/* ---- scan_literal.c ---- */
/* What the engine calls a column of a group's files. */
void hs_scan_column_name(struct hs_buf *out, const struct hs_scan_group *g, size_t at);
/* A value that is in no file: an expression of `type`, its own or one that its own may become. */
HS_MUST hs_rc hs_scan_literal(struct hs_buf *out, const struct hs_param *p, const struct hs_type *type,
                              struct hs_err *err);

/* ---- scan_print_raw.c ---- */
/* SELECT of the columns "f<id>" over all files, without what is deleted. `slot`: of its first group (gone.h). */
HS_MUST hs_rc hs_scan_raw(struct hs_buf *out, const struct hs_scan *scan, size_t slot, struct hs_err *err);
/* " FROM ..." the files of one group. */
HS_MUST hs_rc hs_scan_from(struct hs_buf *out, const struct hs_scan_group *g, struct hs_err *err);
/* A column's value in this group's files: stored, of the partition, or missing. */
HS_MUST hs_rc hs_scan_column(struct hs_buf *out, const struct hs_scan_group *g, const struct hs_field *raw,
                             struct hs_err *err);
/* A number that each file has of its own; null_below_0: then it means none. */
HS_MUST hs_rc hs_scan_number(struct hs_buf *out, const struct hs_scan_group *g,
                             int64_t (*get)(const struct hs_scan_file *file), bool null_below_0, struct hs_err *err);

/* ---- scan_print_equality.c ---- */
/* , key AS "k<id>"..., sequence AS "s", partition AS "p": what a row is compared by. */
HS_MUST hs_rc hs_scan_keys(struct hs_buf *out, const struct hs_scan *scan, const struct hs_scan_group *g,
                           struct hs_err *err);
/* ANTI JOIN ... over rows named "all" that have the columns of hs_scan_keys. */
HS_MUST hs_rc hs_scan_anti_joins(struct hs_buf *out, const struct hs_scan *scan, struct hs_err *err);

enum { HS_SCAN_DEPTH = 32, HS_SCAN_TEXT = 256 * 1024 * 1024 };

#endif
