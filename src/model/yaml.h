/* YAML bytes -> a tree of nodes with positions, by libfyaml's events. Stricter than YAML: no aliases, anchors or tags
 * (a model means what stands in it), text keys only, no key twice, UTF-8 without control characters.
 * Every size is bounded, so a hostile file costs a known amount. */
#ifndef HS_MODEL_YAML_H
#define HS_MODEL_YAML_H

#include "base/arena.h"

enum {
    HS_YAML_MAX_BYTES = 4 << 20, /* one file */
    HS_YAML_MAX_NODES = 500000,  /* one file */
    HS_YAML_MAX_DEPTH = 48,
};

enum hs_yaml_kind { HS_YAML_SCALAR = 1, HS_YAML_LIST, HS_YAML_MAP };
enum hs_yaml_style { HS_YAML_PLAIN = 1, HS_YAML_QUOTED, HS_YAML_BLOCK, HS_YAML_FLOW }; /* BLOCK: block scalar or map */

struct hs_yaml {
    enum hs_yaml_kind kind;
    enum hs_yaml_style style;
    int line, column;             /* 1-based; column in characters */
    uint32_t start, end;          /* bytes of the file; a flow map's braces and a text's quotes are inside */
    hs_str text;                  /* SCALAR */
    struct hs_yaml *first, *next; /* children; a MAP's are key, value, key, value */
    size_t count;                 /* LIST: items; MAP: pairs */
};

struct hs_yaml_documents {
    HS_VEC(struct hs_yaml *) roots; /* empty documents are left out */
};

/* Nodes go to `nodes`, texts to `texts`. err->shown: "file:line:column: words". */
HS_MUST hs_rc hs_yaml_parse(struct hs_arena *nodes, struct hs_arena *texts, hs_str file, hs_str bytes,
                            struct hs_yaml_documents *out, struct hs_err *err);

/* The value of a key, or NULL. */
const struct hs_yaml *hs_yaml_get(const struct hs_yaml *map, const char *key);
/* Same kinds, texts and order; positions and styles apart. */
bool hs_yaml_same(const struct hs_yaml *a, const struct hs_yaml *b);

/* What a plain scalar is under YAML's core schema; a quoted or block one is always text. */
enum hs_yaml_meaning { HS_YAML_TEXT = 1, HS_YAML_NULL, HS_YAML_BOOL, HS_YAML_INT, HS_YAML_NUMBER };
enum hs_yaml_meaning hs_yaml_meaning(const struct hs_yaml *scalar);

#endif
