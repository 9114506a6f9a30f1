/* What `app` needs of access beside the verbs: wiring, reload, and the commands that look at decisions. Fronts do not
 * include this. */
#ifndef HS_ACCESS_SERVICE_H
#define HS_ACCESS_SERVICE_H

#include "access/access.h"

struct hs_engine;
struct hs_state;

struct hs_access_settings { /* zero means the default in [] */
    hs_str model_directory;
    hs_str audit_directory;
    int pool_threads;           /* [64] blocking work: wait for a worker, parse, decide, plan; mostly asleep */
    int pool_queue;             /* [2048] */
    int staleness_ms;           /* how old a table's current-metadata pointer may be [1000] */
    int calls_max;              /* running at once, all people together [1024] */
    int calls_per_principal;    /* where no grant says otherwise [64] */
    int turns_per_principal;    /* of these on the pool at once; the others stand in line [4] */
    int64_t statement_ms;       /* longest run, where the model says nothing; 0: no limit */
    bool let_statements_finish; /* on reload: statements whose decision changed run on [they end] */
};

HS_MUST hs_rc hs_access_open(const struct hs_access_settings *s, struct hs_engine *engine, struct hs_state *state,
                             struct hs_auth *auth, struct hs_access **out, struct hs_err *err);
void hs_access_close(struct hs_access *a); /* after the last call was closed */

/* Loads the model again; on failure the old one stays and err says why. Statements whose decision changed end. Blocks.
 */
HS_MUST hs_rc hs_access_reload(struct hs_access *a, bool *out_changed, struct hs_err *err);

struct hs_access_counts {
    int calls;
    int64_t calls_total, denied_total;
};
void hs_access_count(struct hs_access *a, struct hs_access_counts *out);

/* How a command looks at decisions: as text or JSON, and under which circumstances. */
struct hs_look {
    hs_str purpose, workspace, at; /* at: a date or a time; empty: now */
    hs_str dialect;                /* explain: also in this engine's words */
    bool json;
};
/* `explain PRODUCT|DOMAIN.TABLE --as NAME`: the producer's view, by whoever may read the model's directory. */
HS_MUST hs_rc hs_access_explain(struct hs_access *a, hs_str name, hs_str what, const struct hs_look *look,
                                struct hs_buf *out, struct hs_err *err);

/* `policy test`: the cases of these files, run in the engine. One line a case and one a difference. */
struct hs_policy_tested {
    int passed, failed;
};
HS_MUST hs_rc hs_access_policy_test(struct hs_engine *engine, hs_str directory, const hs_str *files, size_t file_count,
                                    struct hs_buf *out, struct hs_policy_tested *tested, struct hs_err *err);

/* One of two versions of a model: its files lie in `directory`, and what they name relative to the model's directory
 * is looked for in `place` (empty: the same). `label` is how people call it. */
struct hs_diff_side {
    hs_str directory, place, label;
};
/* `policy diff`: who sees other cells after than before. */
HS_MUST hs_rc hs_access_policy_diff(const struct hs_diff_side *before, const struct hs_diff_side *after,
                                    const struct hs_look *look, struct hs_buf *out, bool *out_changed,
                                    struct hs_err *err);

/* `check DIR [--bind]`: loads, binds every contract to its real table, checks every policy. One line a finding in
 * `out`; *out_errors counts them. */
HS_MUST hs_rc hs_access_check(hs_str directory, bool bind, struct hs_buf *out, int *out_errors, struct hs_err *err);

/* `audit verify DIR`: breaks in the chain, heads that do not sign, intents without outcome. */
HS_MUST hs_rc hs_audit_verify(struct hs_auth *auth, hs_str directory, struct hs_buf *out, int *out_problems,
                              struct hs_err *err);

#endif
