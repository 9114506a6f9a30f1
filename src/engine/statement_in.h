/* Private to engine/: the checked statement and its printing. Pure functions over text and trees; no process, no file.
 *
 * The only SQL that ever runs is printed here: user text is parsed by the worker into DuckDB's JSON tree
 * (json_serialize_sql), checked node by node against a table of what is allowed, and printed again by our own printer
 * with every identifier quoted. Base tables become the views hs_scan_view_name(i), which the worker makes from
 * hs_scan_print. */
#ifndef HS_ENGINE_STATEMENT_IN_H
#define HS_ENGINE_STATEMENT_IN_H

#include "engine/engine.h"

/* json: what json_serialize_sql(sql) printed: untrusted (it comes from a worker). skip_null := true is fine; never
 * skip_empty (it drops the empty set out of GROUPING SETS, and empty texts) nor skip_default. The instance that parses
 * is opened with storage_compatibility_version = 'latest', else AS MATERIALIZED and the form of lambdas are lost. The
 * tree inside *out borrows nothing from json. Multiple statements, anything but SELECT, unknown node kinds, functions,
 * table functions, file names as tables, PIVOT, EXPLAIN, PRAGMA...: HS_UNSUPPORTED or HS_INVALID with position and
 * words. A syntax error reported inside the JSON becomes HS_INVALID with position. */
HS_MUST hs_rc hs_guard_statement(struct hs_arena *a, hs_str sql, hs_str json, struct hs_statement **out,
                                 struct hs_err *err);

/* Prints the statement over views. `scans` lets the printer copy leakproof conjuncts inside the fence: what it copied
 * for scan i is appended to inside[i] as SQL over that scan's *output* column names (quoted), empty when none. With
 * params, what is compared with one of them is copied with its value; the statement itself keeps its parameters. */
HS_MUST hs_rc hs_statement_print(const struct hs_statement *s, const struct hs_scan *scans,
                                 const struct hs_params *params, struct hs_buf *inside, struct hs_buf *out,
                                 struct hs_err *err);

/* The printed text was parsed again (json): the same guard, and its only relations are our views. */
HS_MUST hs_rc hs_guard_printed(struct hs_arena *a, hs_str printed, hs_str json, size_t scan_count, struct hs_err *err);

/* The stronger form: also, the tree is the one that was checked, node for node. The one to use where the statement is
 * at hand. */
HS_MUST hs_rc hs_guard_printed_as(struct hs_arena *a, const struct hs_statement *s, hs_str printed, hs_str json,
                                  struct hs_err *err);

/* Which columns have to be taken out of their dictionaries before the statement's expressions see them (apart.c). */
enum hs_apart { HS_APART_NOTHING = 0, HS_APART_NESTED, HS_APART_ALL };
enum hs_apart hs_statement_apart(const struct hs_statement *s);

/* SELECT text of one scan: the physical files of each group projected by field id to the raw layer, UNION ALL, without
 * deleted rows, the row predicate, `inside`, the fence (LIMIT 9223372036854775807), the column expressions named as the
 * person sees them. */
struct hs_scan_place { /* how it stands in its statement */
    hs_str inside;
    enum hs_apart apart;
    size_t slot; /* of its first group: the groups of the scans before it (gone.h) */
};
HS_MUST hs_rc hs_scan_print(const struct hs_scan *scan, const struct hs_scan_place *place, struct hs_buf *out,
                            struct hs_err *err);
void hs_scan_view_name(size_t i, char out[32]); /* unquoted: "hs_scan_0" */

/* Turns an engine error text into what may be shown: kind and position; never a value, a path, a hidden name. */
hs_rc hs_engine_error(struct hs_err *err, const char *engine_kind, const char *engine_text);
/* The same beside the person's own statement: a name the person wrote may be said again. */
hs_rc hs_engine_error_in(struct hs_err *err, const char *engine_kind, const char *engine_text, hs_str sql);

#endif
