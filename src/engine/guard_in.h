/* Private to the guard: what its files share. */
#ifndef HS_ENGINE_GUARD_IN_H
#define HS_ENGINE_GUARD_IN_H

#include "engine/statement_in.h"
#include "engine/tree.h"

#include "yyjson.h"

enum {
    HS_GUARD_DEPTH = 600,        /* nested nodes */
    HS_GUARD_NODES = 300 * 1000, /* in one statement */
    HS_GUARD_PARAMS = 65535,
    HS_GUARD_JSON = 96 * 1024 * 1024,
    HS_GUARD_STEPS = 16 * 1024 * 1024, /* of planning: guard_work.c; one to four seconds of a core */
    HS_GUARD_JOINED = 50,              /* tables that inner joins of one query put in order */
};

struct hs_guard {
    struct hs_arena *arena;
    hs_str sql; /* to quote names from: JSON comes from a worker and is not shown unless the person wrote it */
    size_t nodes, depth;
    size_t params;
    int64_t near; /* position of the innermost node that has one */
};

/* "PIVOT is not supported (position 15)"; fills err and returns HS_UNSUPPORTED. */
hs_rc hs_guard_refuse(const struct hs_guard *g, int64_t position, struct hs_err *err, const char *format, ...)
    HS_PRINTF(4, 5);
/* The tree is not one the engine prints: a worker out of step or out of its mind. */
hs_rc hs_guard_odd(const struct hs_guard *g, struct hs_err *err, const char *what);
/* name, when it stands in the statement; "?" otherwise. */
hs_str hs_guard_quotable(const struct hs_guard *g, hs_str name);

/* guard_value.c */
HS_MUST hs_rc hs_guard_value(struct hs_guard *g, yyjson_val *v, struct hs_value *out, struct hs_err *err);
HS_MUST hs_rc hs_guard_type(struct hs_guard *g, yyjson_val *v, struct hs_type_name *out, struct hs_err *err);
HS_MUST hs_rc hs_guard_text(struct hs_guard *g, yyjson_val *v, hs_str *out, struct hs_err *err);

/* guard_names.c: allow lists */
enum hs_function_use { HS_USE_EXPRESSION, HS_USE_TABLE };
bool hs_guard_function(hs_str name, enum hs_function_use use);
bool hs_guard_aggregate(hs_str name);
bool hs_guard_honest(hs_str name); /* says truly whether it may fail: HONEST in guard_functions.def */
bool hs_guard_operator(hs_str name, size_t operands);
bool hs_guard_collation(hs_str name);
const char *hs_guard_type_word(hs_str name, size_t *out_numbers); /* static spelling; NULL: not allowed */

/* guard_check.c: one node, its children already checked. May replace *node. */
HS_MUST hs_rc hs_guard_check(struct hs_guard *g, struct hs_node **node, struct hs_err *err);

/* guard_scope.c: names resolved, relations replaced. */
HS_MUST hs_rc hs_guard_scope(struct hs_guard *g, struct hs_node *root, struct hs_statement *s, struct hs_err *err);

/* guard_work.c: refuses what would keep the engine's planner too long. The tree as guard_scope.c left it. */
HS_MUST hs_rc hs_guard_work(struct hs_guard *g, struct hs_node *root, struct hs_err *err);

/* guard.c */
HS_MUST hs_rc hs_guard_read(struct hs_guard *g, hs_str json, struct hs_node **out, struct hs_err *err);

#endif
