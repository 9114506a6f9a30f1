/* Private to the planner: what its parts hand each other.
 *
 *   plan.c           the steps in order        plan_list.c     snapshot -> manifests -> live entries
 *   plan_prune.c     which manifests, files    plan_deletes.c  which deletes apply to which data file
 *   plan_files.c     footers, projections, constants of partitions
 *   plan_asked.c     files left out by what a statement asks
 *   plan_apply.c     deletes into the plan     plan_equality.c what equality deletes compare, with which files
 *   deleted.c        positions out of delete files, cached
 */
#ifndef HS_ICEBERG_PLAN_IN_H
#define HS_ICEBERG_PLAN_IN_H

#include "iceberg/damage.h"
#include "iceberg/iceberg.h"
#include "iceberg/manifest.h"
#include "iceberg/projection.h"

struct hs_planned {               /* a live entry of the pinned snapshot */
    const struct hs_entry *entry; /* its manifest is held until the plan is made */
    struct hs_numbers numbers;
    int spec_id;
    int partition; /* as hs_data_file.partition; the number of (spec, values) in this plan */
};

/* Resolved as the store does; to whoever asks, a table with a hole is damaged ("not found" would speak of the table).
 */
HS_MUST hs_rc hs_plan_resolve(struct hs_arena *a, const struct hs_store *store, hs_str path, hs_str *out,
                              struct hs_err *err);

/* The same, and what is there now. */
HS_MUST hs_rc hs_plan_find(struct hs_arena *a, const struct hs_store *store, hs_str path, struct hs_found *out,
                           struct hs_err *err);

struct hs_delete_index;
struct hs_planner {           /* one call */
    struct hs_arena *arena;   /* of the request: what the plan keeps */
    struct hs_arena *scratch; /* of this call; holds the manifests */
    struct hs_store store;
    const struct hs_plan_request *request;
    const struct hs_pin *pin;
    const struct hs_type *wanted;
    struct hs_pruner *pruner; /* NULL: every file */
    /* What is asked (plan_asked.c), at most one of them: by everything known of a file, or by its partition alone. */
    struct hs_pruner *asked, *asked_beside_hidden;
    const struct hs_filter *ask; /* the request's, where a plan is made; changes between snapshots do not go by it */
    bool has_deletes;            /* of any kind, anywhere in the snapshot */
    size_t left_out;             /* files, by what is asked */
    struct {
        HS_VEC(struct hs_planned) list;
    } data, deletes;               /* live entries */
    struct hs_map *partitions;     /* (spec, values) to number + 1 */
    int whole_spec, whole_number;  /* of partitions without values the one met last: its spec, its number + 1 */
    struct hs_delete_index *index; /* NULL: no deletes */
    struct {
        HS_VEC(hs_str) list;
    } directories;
    struct hs_map *seen_directories;
};

/* ---- plan.c ---- */
/* For struct hs_parallel: whether the request is over. */
HS_MUST hs_rc hs_plan_go_on(void *planner, struct hs_err *err);

/* ---- plan_list.c ---- */
/* Every live entry of the snapshot, into p->data and p->deletes. */
HS_MUST hs_rc hs_plan_list(struct hs_planner *p, const struct hs_snapshot *s, struct hs_err *err);
/* The manifests that a snapshot names, held by p->scratch. */
HS_MUST hs_rc hs_plan_manifests(struct hs_planner *p, const struct hs_snapshot *s, const struct hs_manifest_file **out,
                                size_t *out_count, struct hs_err *err);

/* A manifest whose entries are all deleted ones says so. */
bool hs_plan_holds_files(const struct hs_manifest_file *m);

/* ---- plan_asked.c ---- */
/* May files go by what is asked, and by what of them? Before they are listed. */
HS_MUST hs_rc hs_plan_asked(struct hs_planner *p, const struct hs_manifest_file *manifests, size_t count,
                            struct hs_err *err);
/* After they are listed: those that go by their partition. */
HS_MUST hs_rc hs_plan_asked_beside_hidden(struct hs_planner *p, struct hs_plan *out, struct hs_err *err);

/* ---- plan_open.c ---- */
/* Each listed manifest, held by p->scratch. */
HS_MUST hs_rc hs_plan_open(struct hs_planner *p, const struct hs_manifest_file *const *listed, size_t count,
                           const struct hs_manifest ***out, struct hs_err *err);

/* ---- plan_files.c ---- */
/* Where a file lies that the engine is to open; its directory is noted. Refused: a name that the engine would expand.
 */
HS_MUST hs_rc hs_plan_place(struct hs_planner *p, hs_str written, hs_str *out_local, struct hs_err *err);
bool hs_is_pattern(hs_str local);
/* A file's columns, by its format; row_count is -1 where only the manifest tells it. */
HS_MUST hs_rc hs_plan_footer(enum hs_file_format format, hs_str local, struct hs_footer **out, struct hs_err *err);
/* p->data to out->files and out->directories: footers, projections. */
HS_MUST hs_rc hs_plan_files(struct hs_planner *p, struct hs_plan *out, struct hs_err *err);

/* ---- plan_constants.c ---- */
struct hs_constants { /* columns that files of one schema and spec have in their partition alone */
    int *ids;         /* hs_data_file.constant_ids, in the request's memory */
    const struct hs_field **columns;
    size_t *places; /* in the spec */
    size_t count;
};
/* Also: what is missing and stands nowhere is damage where it is required. */
HS_MUST hs_rc hs_constants_find(struct hs_planner *p, const struct hs_projection *projection, int spec_id,
                                struct hs_constants *out, struct hs_err *err);
HS_MUST hs_rc hs_constants_read(struct hs_planner *p, const struct hs_constants *of, const struct hs_planned *file,
                                const struct hs_param **out, struct hs_err *err);

/* ---- plan_apply.c ---- */
/* Before the files: which deletes there are, and what equality deletes compare; p->wanted grows by that. */
HS_MUST hs_rc hs_plan_deletes(struct hs_planner *p, struct hs_plan *out, struct hs_err *err);
/* After the files: the rows that are gone of each. */
HS_MUST hs_rc hs_plan_gone(struct hs_planner *p, struct hs_plan *out, struct hs_err *err);

/* ---- same_file.c: things by the data file they are of, whatever it is called ----
 * Paths are compared as the store resolves them: without scheme and authority, under the prefix maps. A path that
 * nothing maps and that ends in the same name stops the search: it may be the file under a root we were not told of. */
struct hs_paths;
HS_MUST hs_rc hs_paths_new(struct hs_arena *a, const struct hs_store *store, struct hs_paths **out, struct hs_err *err);
/* `item` is of the file that somebody calls `written`; the text must outlive this. */
HS_MUST hs_rc hs_paths_add(struct hs_paths *p, hs_str written, const void *item, struct hs_err *err);
typedef hs_rc (*hs_paths_fn)(void *ctx, const void *item, struct hs_err *err);
/* Calls fn for each item of the file `written`, which is resolved to `local`. */
HS_MUST hs_rc hs_paths_find(struct hs_paths *p, hs_str written, hs_str local, hs_paths_fn fn, void *ctx,
                            struct hs_err *err);

/* ---- plan_deletes.c: spec, "Scan Planning": by sequence number, partition, path ---- */
HS_MUST hs_rc hs_delete_index_new(struct hs_arena *a, const struct hs_iceberg_table *table,
                                  const struct hs_store *store, struct hs_delete_index **out, struct hs_err *err);
/* A delete entry: it, and what it points to, must outlive the index. */
HS_MUST hs_rc hs_delete_index_add(struct hs_delete_index *x, const struct hs_planned *deletes, struct hs_err *err);
void hs_delete_index_ready(struct hs_delete_index *x); /* after the last add */
struct hs_applying {
    const struct hs_planned *const *files;
    size_t count;
};
/* Position deletes and vectors that may apply to a data file. */
struct hs_position_deletes {
    const struct hs_planned *vector; /* it stands alone: it holds what older delete files say too */
    struct hs_applying named;        /* that name this data file and no other */
    struct hs_applying shared;       /* of its whole partition: a tail of one array for each partition */
};
/* `local`: its resolved path. */
HS_MUST hs_rc hs_delete_index_positions(struct hs_delete_index *x, const struct hs_planned *data, hs_str local,
                                        struct hs_position_deletes *out, struct hs_err *err);
/* This data file will be read: equality deletes younger than it, in its partition or global, apply. */
HS_MUST hs_rc hs_delete_index_equality(struct hs_delete_index *x, const struct hs_planned *data, struct hs_err *err);
/* Every equality delete file that applies to one of those; global ones are those of a spec without fields. */
HS_MUST hs_rc hs_delete_index_marked(struct hs_delete_index *x, struct hs_applying *out, struct hs_err *err);
/* ---- plan_equality.c ---- */
/* These files into out->equality, their columns into out->keys and p->wanted. */
HS_MUST hs_rc hs_plan_equality(struct hs_planner *p, const struct hs_applying *deletes, struct hs_plan *out,
                               struct hs_err *err);
/* Spec "Partition Specs": without fields, or with void ones alone. */
bool hs_spec_is_global(const struct hs_iceberg_table *table, int spec_id);

/* ---- deleted.c ---- */
struct hs_deleted; /* of one plan: what was read of the delete files that whole partitions share */
HS_MUST hs_rc hs_deleted_new(struct hs_arena *a, const struct hs_store *store, const struct hs_row_reader *reader,
                             struct hs_deleted **out, struct hs_err *err);
/* The positions of one data file that these deletes take away; *out one reference, NULL when there are none. `local`
 * is the data file's resolved path. Positions past the file's end may be among them. */
HS_MUST hs_rc hs_deleted_positions(struct hs_deleted *d, const struct hs_position_deletes *deletes,
                                   const struct hs_planned *data, hs_str local, struct hs_positions **out,
                                   struct hs_err *err);

#endif
