/* Inside the loader: what is being built, and forms: tables that say which keys a YAML mapping may have and where each
 * value goes. A file kind is one or more tables; code is left only for what a table cannot say. */
#ifndef HS_MODEL_LOAD_H
#define HS_MODEL_LOAD_H

#include "model/model.h"
#include "model/yaml.h"

enum {
    HS_MODEL_MAX_BYTES = 64 << 20, /* all files together */
    HS_MODEL_MAX_FILES = 10000,
    HS_MODEL_MAX_MEMORY = 512 << 20,
    HS_MODEL_MAX_NAME = 255,
};

struct hs_model_file {
    hs_str path; /* relative to the model directory, '/' between */
    hs_str bytes;
    hs_str disk_path; /* absolute; empty: not from a disk */
};

/* Positions inside a policy that its references are reported at, once everything is loaded. */
struct hs_policy_marks {
    struct hs_at on, to, with, *columns; /* columns: one per policy->columns */
};

/* A directory that a table reads from (its own, or where one of its prefixes leads), or a root that a domain has. */
struct hs_reach {
    struct hs_at at;
    hs_str domain;
    const struct hs_table *table; /* NULL: a root */
    hs_str path;                  /* real, as far as it exists */
};

struct hs_lookup;
struct hs_lookup_mark { /* a lookup, and what only the loader knows of it */
    struct hs_lookup *lookup;
    const struct hs_model_file *rows; /* NULL: no file of its own */
    hs_str from;                      /* empty: it has rows of its own */
    struct hs_at from_at;
    struct hs_rule *where;
    bool open, done; /* while `from` is followed */
};

struct hs_load {
    struct hs_arena *arena;   /* the model's */
    struct hs_arena *scratch; /* gone when the load is over */
    struct hs_model *model;
    struct hs_err *err;
    hs_mask_check_fn check;            /* may be NULL */
    const struct hs_model_file *files; /* all of them */
    size_t file_count;
    const struct hs_model_file *file;
    hs_str domain; /* of the file's folder; empty outside domains/ */
    bool has_mesh;
    HS_VEC(struct hs_user) users;
    HS_VEC(struct hs_product) products;
    HS_VEC(struct hs_policy) policies;
    HS_VEC(struct hs_policy_marks) marks; /* one per policy */
    HS_VEC(struct hs_lookup_mark) lookups;
    HS_VEC(struct hs_reach) reaches;
    HS_VEC(struct hs_reach) roots; /* none: mesh.yaml gives none, and each domain lies where it likes */
    HS_VEC(hs_str) warnings;
    struct hs_map *tag_masks; /* domain and tag to a Mask */
    struct hs_map *roles;     /* those that some user has */
};

/* ---- messages: "file:line:column: words" ---- */
HS_MUST hs_rc hs_load_fail_(struct hs_load *l, hs_rc kind, struct hs_at at, const char *file, int line,
                            const char *format, ...) HS_PRINTF(6, 7);
#define hs_load_fail(l, at, ...) HS_FAILED(hs_load_fail_((l), HS_INVALID, (at), __FILE__, __LINE__, __VA_ARGS__))
#define hs_load_not_yet(l, at, ...) HS_FAILED(hs_load_fail_((l), HS_UNSUPPORTED, (at), __FILE__, __LINE__, __VA_ARGS__))
HS_MUST hs_rc hs_load_no_memory(struct hs_load *l);
HS_MUST hs_rc hs_load_warn(struct hs_load *l, struct hs_at at, const char *format, ...) HS_PRINTF(3, 4);
struct hs_at hs_load_at(const struct hs_load *l, const struct hs_yaml *node);
/* " (did you mean 'x'?)" or "", in the caller's buffer. */
struct hs_hint {
    char text[320];
};
const char *hs_hint(struct hs_hint *hint, hs_str wanted, const hs_str *names, size_t count);

/* ---- forms ---- */
enum hs_key_kind {
    HS_KEY_TEXT = 1, /* hs_str; `words`, when given, are the only ones */
    HS_KEY_NAME,     /* hs_str that can stand in a dotted path */
    HS_KEY_BOOL,     /* bool */
    HS_KEY_INT,      /* int, -1 or more */
    HS_KEY_SCALAR,   /* one value of any kind, kept */
    HS_KEY_ANY,      /* anything but nothing, kept */
    HS_KEY_TEXTS,    /* list of text: hs_str *, its size_t at `count` */
    HS_KEY_OBJECT,   /* mapping by the form `inside` */
    HS_KEY_OBJECTS,  /* list of mappings by the form `inside`, kept */
    HS_KEY_READ,     /* by `read`, which gets the place `at` in the record */
};

struct hs_form;
typedef hs_rc (*hs_key_read_fn)(struct hs_load *l, const struct hs_yaml *value, void *record);

struct hs_key {
    const char *name;
    enum hs_key_kind kind;
    bool required, some; /* some: an empty list is an error */
    size_t at, count;    /* HS_INTO(type, member); 0: checked and kept in the tree, stored nowhere */
    hs_key_read_fn read;
    const struct hs_form *inside;
    const char *const *words; /* ended by NULL */
};
#define HS_KEY(key, what, ...)                              \
    {                                                       \
        .name = (key), .kind = HS_KEY_##what, ##__VA_ARGS__ \
    }
#define HS_INTO(type, member) (offsetof(type, member) + 1)
#define HS_TEXTS_INTO(type, list, number) .at = HS_INTO(type, list), .count = HS_INTO(type, number)

struct hs_form {
    const char *noun; /* "a property" */
    const struct hs_key *keys;
    size_t key_count;
    bool open; /* other keys are allowed: what they mean is somebody else's business */
};
#define HS_FORM(noun, table)                                       \
    {                                                              \
        (noun), (table), sizeof(table) / sizeof((table)[0]), false \
    }
#define HS_OPEN_FORM(noun, table)                                 \
    {                                                             \
        (noun), (table), sizeof(table) / sizeof((table)[0]), true \
    }

/* Checks `node` against the form and stores what the form says into record (NULL where nothing is stored). */
HS_MUST hs_rc hs_form_read(struct hs_load *l, const struct hs_yaml *node, const struct hs_form *form, void *record);
/* READ functions get the node alone; these are for use inside them. `what` names the value in messages. */
HS_MUST hs_rc hs_read_text(struct hs_load *l, const struct hs_yaml *node, const char *what, hs_str *out);
HS_MUST hs_rc hs_read_texts(struct hs_load *l, const struct hs_yaml *node, const char *what, bool some, hs_str **out,
                            size_t *out_count);
HS_MUST hs_rc hs_read_map(struct hs_load *l, const struct hs_yaml *node, const char *what);
HS_MUST hs_rc hs_read_list(struct hs_load *l, const struct hs_yaml *node, const char *what);
/* ---- values.c ---- */
HS_MUST hs_rc hs_read_time(struct hs_load *l, const struct hs_yaml *node, void *out_us); /* int64_t */
HS_MUST hs_rc hs_read_limits(struct hs_load *l, const struct hs_yaml *node, void *out);  /* struct hs_limits */
HS_MUST hs_rc hs_read_value(struct hs_load *l, const struct hs_yaml *node, bool list_too, struct hs_value *out);
HS_MUST hs_rc hs_read_attributes(struct hs_load *l, const struct hs_yaml *node, bool lists_too,
                                 struct hs_attribute **out, size_t *out_count);
/* ---- reach.c: where tables read from ---- */
/* A path, absolute or from the model's directory; *out is the real one, as far as it exists. */
HS_MUST hs_rc hs_read_directory(struct hs_load *l, const struct hs_yaml *node, const char *what, hs_str *out);
HS_MUST hs_rc hs_read_location(struct hs_load *l, const struct hs_yaml *node, void *record);   /* struct hs_table */
HS_MUST hs_rc hs_read_prefix_map(struct hs_load *l, const struct hs_yaml *node, void *record); /* struct hs_table */
HS_MUST hs_rc hs_read_domains(struct hs_load *l, const struct hs_yaml *node, void *record);    /* of mesh.yaml */
HS_MUST hs_rc hs_check_reaches(struct hs_load *l);
/* Each name once, case folded, since SQL does not see case. */
struct hs_claim {
    hs_str name;
    struct hs_at at;
};
HS_MUST hs_rc hs_claim_name(struct hs_load *l, struct hs_map *seen, hs_str name, struct hs_at at, const char *noun);
/* ---- what each document is read by; the record is the load itself ---- */
HS_MUST hs_rc hs_read_mesh(struct hs_load *l, const struct hs_yaml *root);
HS_MUST hs_rc hs_read_principals(struct hs_load *l, const struct hs_yaml *root);
HS_MUST hs_rc hs_read_contract(struct hs_load *l, const struct hs_yaml *root);
HS_MUST hs_rc hs_read_grant(struct hs_load *l, const struct hs_yaml *root);
HS_MUST hs_rc hs_read_row_rule(struct hs_load *l, const struct hs_yaml *root);
HS_MUST hs_rc hs_read_mask(struct hs_load *l, const struct hs_yaml *root);
HS_MUST hs_rc hs_read_deny(struct hs_load *l, const struct hs_yaml *root);
HS_MUST hs_rc hs_read_aggregate_rule(struct hs_load *l, const struct hs_yaml *root);
HS_MUST hs_rc hs_read_lookup(struct hs_load *l, const struct hs_yaml *root);
HS_MUST hs_rc hs_load_lookup_column(struct hs_load *l, const struct hs_lookup *k, hs_str name, struct hs_at at,
                                    size_t *out);
/* ---- lookup_resolve.c ---- */
/* "cities", or from the mesh's policies "sales.cities". */
HS_MUST hs_rc hs_load_find_lookup(struct hs_load *l, hs_str domain, struct hs_at at, hs_str name,
                                  const struct hs_lookup **out);
/* ---- lookup_map.c: a mask's `table`, `from` and `to` become its `map` ---- */
HS_MUST hs_rc hs_load_lookup_map(struct hs_load *l, struct hs_policy *p, struct hs_at at);
HS_MUST hs_rc hs_load_lookups(struct hs_load *l);
/* Every lookup that a rule of this domain asks: found, its column and condition checked, its index made. */
HS_MUST hs_rc hs_load_lookup_rule(struct hs_load *l, hs_str domain, hs_str file, struct hs_rule *r);
/* A rule's text with the position where it begins in the file, so that the rule parser's positions are the file's. */
HS_MUST hs_rc hs_read_rule(struct hs_load *l, const struct hs_yaml *node, void *out); /* struct hs_rule * */
/* Refuses what looks like a key, a password or a token, anywhere in the tree. */
HS_MUST hs_rc hs_refuse_secrets(struct hs_load *l, const struct hs_yaml *root);
/* reaching.c: each table's policies; when all references are resolved. */
HS_MUST hs_rc hs_load_reaching(struct hs_load *l);
/* relations.c: each table's foreign keys; when tables can be found by name. */
HS_MUST hs_rc hs_load_relations(struct hs_load *l);
/* Names once, references resolved, the index made: everything that needs all files. */
HS_MUST hs_rc hs_load_resolve(struct hs_load *l);

/* The loader without a disk: tests and the fuzz target hand in the files. Paths need not be sorted. */
HS_MUST hs_rc hs_model_load_files(hs_str directory, struct hs_model_file *files, size_t count, hs_mask_check_fn check,
                                  struct hs_model **out, struct hs_err *err);
/* files.c: what lies in a model directory. */
struct hs_found_files {
    struct hs_arena *arena;
    hs_str directory; /* absolute, without symbolic links */
    HS_VEC(struct hs_model_file) files;
    HS_VEC(hs_str) warnings;
    size_t total;
};
HS_MUST hs_rc hs_find_files(hs_str directory, struct hs_found_files *out, struct hs_err *err);

#endif
