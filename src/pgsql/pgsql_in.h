/* The insides of the room: the parser's JSON as nodes, printed text as ropes of pieces, what is in scope, and types as
 * far as we know them.
 *
 * Whatever is printed is a piece: a list of spans that point into static text, the source or the arena, so that putting
 * pieces together costs the same however long they are, and every span may say where in the source it comes from. */
#ifndef HS_PGSQL_PGSQL_IN_H
#define HS_PGSQL_PGSQL_IN_H

#include "pgsql/pgsql.h"

#include <yyjson.h>

#define HS_PGSQL_DEPTH 1000u     /* of what is nested, by depth.c's count and by the printer's own */
#define HS_PGSQL_TOKENS 250000u  /* of one message: what bounds the tree's memory */
#define HS_PGSQL_LOOKS 20000000u /* names compared for one statement: half a second at worst */
#define HS_PGSQL_AGAIN 16000000u /* bytes read again: some 70 ms */
#define HS_PGSQL_SPANS 2000000u  /* of one printed statement: templates may use an argument twice */

/* ---- depth.c: before the parser sees the text ---- */
struct hs_pgsql_measure {
    size_t depth, tokens;
    size_t deepest_at; /* byte offset where the depth was passed */
    size_t again;      /* bytes that the parser's scanner reads more than once, each time */
};
hs_rc hs_pgsql_measure_text(struct hs_arena *a, hs_str text, struct hs_pgsql_measure *out, struct hs_err *err);

/* ---- types ---- */
enum hs_pgsql_oid {
#define TYPE(name, oid, array, engine, klass) HS_OID_##name = oid,
#include "pgsql/types.def"
#undef TYPE
    HS_OID_unknown = 705,
    HS_OID_record = 2249,
};

struct kind {
    uint32_t oid; /* 0: not known */
    int32_t typmod;
    const struct hs_type *shape; /* of nested values, where it is known */
};
#define NOT_KNOWN ((struct kind){0, -1, NULL})
#define KIND_OF(o) ((struct kind){(o), -1, NULL})

struct pg_type {
    const char *name;
    uint32_t oid, array;
    const char *engine; /* NULL: refused */
    char klass;         /* types.def */
};
const struct pg_type *hs_pgsql_type_by_oid(uint32_t oid);   /* NULL: none, or an array's */
const struct pg_type *hs_pgsql_type_by_name(hs_str name);   /* NULL */
const struct pg_type *hs_pgsql_type_by_array(uint32_t oid); /* the element's; NULL: no array */
struct kind hs_pgsql_kind_of(const struct hs_type *type);
char hs_pgsql_klass(uint32_t oid); /* 0: not known */

/* ---- pieces ---- */
struct span {
    struct span *next;
    const char *at;
    uint32_t len;
    int32_t source; /* byte offset in the script; -1: none of its own */
};

struct piece {
    struct span *first, *last;
    struct kind kind;
    /* A column as it is, a bare parameter, a string that has no type yet. */
    enum { PIECE_PLAIN, PIECE_COLUMN, PIECE_PARAM, PIECE_LITERAL } form;
    size_t param;            /* of PIECE_PARAM */
    hs_str literal;          /* of PIECE_LITERAL: its value */
    const struct entry *row; /* a table as a whole */
    bool is_null;            /* the word NULL */
    bool is_query;           /* a sub-query in its brackets */
};

/* ---- what is in scope ---- */
struct column {
    hs_str name;
    struct kind kind;
    hs_str printed; /* in the engine, where that is another: of two of one name; empty: the same */
};
struct columns {
    HS_VEC(struct column) list;
    bool open; /* there may be more than these */
};

struct entry {
    hs_str schema, alias;
    struct columns columns;
    uint32_t relation; /* OID; 0: none */
    bool hidden;       /* inside a join that has an alias of its own */
    bool scalar;       /* a function of one column: its alias is the value, too */
    struct entry *next;
};

struct merged { /* a column of USING */
    struct column column;
    struct merged *next;
};

struct cte {
    hs_str name;
    struct columns columns;
    struct cte *next;
};

struct shown {                 /* what `*` stands for, in its order */
    const struct entry *entry; /* NULL: a merged column */
    struct column column;
};

struct scope {
    struct scope *outer;
    struct entry *entries, **end;
    struct merged *merged;
    HS_VEC(struct shown) shown;
    bool outer_join;
    const struct columns *outputs; /* in ORDER BY of a set operation: these names alone */
};

struct reader {
    struct hs_arena *arena;
    const struct hs_pgsql_script *script;
    const struct hs_pgsql_context *context;
    struct hs_err *err;
    struct hs_pgsql_refusal refused;
    unsigned depth;
    yyjson_val *ties; /* the next SELECT's ORDER BY, whose values are wanted behind its columns */
    bool exists;      /* the next query is EXISTS's: it may have no targets */
    bool in_join;     /* in ON, outside of any sub-query there */
    size_t spans;
    size_t looks; /* names compared */
    bool failed;  /* a span could not be had */
    uint32_t *param_types;
    size_t param_count;
    struct scope *scope;
    struct cte *ctes;
    yyjson_val *recursive; /* the set operation whose left side defines `recursive_cte` */
    struct cte *recursive_cte;
    HS_VEC(struct hs_pgsql_system) systems;
    HS_VEC(struct hs_pgsql_set_config) set_configs;
};

/* ---- node.c: the parser's JSON ---- */
const char *node_kind(yyjson_val *node, yyjson_val **body); /* "": an empty node */
static inline yyjson_val *node_get(yyjson_val *body, const char *name)
{
    return yyjson_obj_get(body, name);
}
hs_str node_text(yyjson_val *body, const char *name); /* empty: not there */
bool node_is(yyjson_val *body, const char *name, const char *word);
bool node_flag(yyjson_val *body, const char *name);
int64_t node_number(yyjson_val *body, const char *name);
int node_location(yyjson_val *body);
hs_str node_string(yyjson_val *node);                      /* {"String":{"sval":x}} */
hs_str node_last_name(yyjson_val *list, hs_str *schema);   /* of a list of strings; schema: what stands before it */
yyjson_val *node_only(yyjson_val *node, const char *kind); /* its body, when it is of that kind; else NULL */
bool node_constant_text(yyjson_val *node, hs_str *out);    /* 'x' */
bool node_constant_number(struct reader *r, yyjson_val *node, int64_t *out);
/* The digits of an integer constant: the parser's JSON leaves out what is not above zero, so that it is read again from
 * where it stands. */
int64_t node_integer(hs_str text, yyjson_val *ival, int location);
HS_MUST hs_rc node_check(struct reader *r, const char *kind, yyjson_val *body); /* only fields that we know */
/* Over a list, with its index; break and continue as in any loop. */
#define EACH(index, item, list)                                                                                  \
    for (yyjson_val *index##_list_ = (list), *item = yyjson_arr_get_first(index##_list_), *index##_once_ = NULL; \
         !index##_once_; index##_once_ = (yyjson_val *)(uintptr_t)1)                                             \
        for (size_t index = 0, index##_max_ = yyjson_arr_size(index##_list_); index < index##_max_;              \
             index++, item = unsafe_yyjson_get_next(item))

/* ---- print.c: pieces ---- */
HS_MUST hs_rc refuse(struct reader *r, int location, const char *sqlstate, const char *format, ...) HS_PRINTF(4, 5);
HS_MUST hs_rc no_memory(struct reader *r);
HS_MUST hs_rc overrun(struct reader *r); /* r->failed: what was it? */
void look_at(struct reader *r, size_t names);
/* %P piece *, %N hs_str * as a quoted name, %T hs_str * as a quoted text, %S hs_str * raw, %s const char *, %d int64_t,
 * %L int: what follows comes from this place of the source. Pieces are used up. */
void put(struct reader *r, struct piece *to, const char *format, ...);
void put_raw(struct reader *r, struct piece *to, hs_str text, int source);
struct piece piece_copy(struct reader *r, const struct piece *p);
void piece_join(struct piece *to, struct piece *from);
HS_MUST hs_rc flatten(struct reader *r, const struct piece *p, struct hs_pgsql_translation *out);
void refusal_settle(const struct hs_pgsql_script *script, struct hs_pgsql_refusal *refusal);

/* ---- expr.c and its neighbours ---- */
HS_MUST hs_rc expr(struct reader *r, yyjson_val *node, struct piece *out);
/* Of a node list, printed with ", " between. */
HS_MUST hs_rc expr_list(struct reader *r, yyjson_val *list, struct piece *out);
/* One that has its type: a string without one is text, a parameter without one is, too. */
HS_MUST hs_rc expr_settled(struct reader *r, yyjson_val *node, struct piece *out);
typedef hs_rc print_fn(struct reader *r, yyjson_val *body, struct piece *out);
#define NODE(kind, function, fields) print_fn function;
#define PART(kind, fields)
#include "pgsql/nodes.def"
#undef NODE
#undef PART
HS_MUST hs_rc cast_to(struct reader *r, struct piece *value, struct kind to, int location, struct piece *out);
HS_MUST hs_rc type_name(struct reader *r, yyjson_val *body, struct kind *out);
HS_MUST hs_rc type_print(struct reader *r, struct kind kind, int location, struct piece *out);
HS_MUST hs_rc array_constant(struct reader *r, hs_str literal, struct kind array, int location, struct piece *out);
HS_MUST hs_rc reg_cast(struct reader *r, struct piece *value, struct kind to, int location, struct piece *out);
HS_MUST hs_rc reg_name(struct reader *r, struct piece *value, struct piece *out); /* an oid of a reg type as its name */
HS_MUST hs_rc reg_optional(struct reader *r, hs_str text, uint32_t type, struct piece *out);
bool is_reg(uint32_t oid);
hs_str figure_name(yyjson_val *node); /* PostgreSQL's name for a target without one */

/* A call, or an operator under its name, or a cast as "::type". */
struct call {
    hs_str name, schema;
    struct piece *args;
    size_t count;
    int location;
    struct piece distinct, order, after; /* DISTINCT ; ORDER BY x ; FILTER (...) OVER (...) */
    bool decorated, over;
    bool star;
    bool within_group;
    bool is_operator;
};
/* *found: a row of functions.def said how. set: it answers with a list of rows. */
HS_MUST hs_rc call_by_table(struct reader *r, struct call *call, bool *found, bool *set, struct piece *out);
HS_MUST hs_rc call_by_session(struct reader *r, struct call *call, bool *found, struct piece *out);
HS_MUST hs_rc call_by_privilege(struct reader *r, struct call *call, bool *found, struct piece *out); /* privilege.c */
/* What a template says of the session: $Z and its kin; *at goes on behind it. */
HS_MUST hs_rc session_fact(struct reader *r, char letter, const char **at, struct piece *out);
HS_MUST hs_rc function_read(struct reader *r, yyjson_val *body, struct call *call);
HS_MUST hs_rc call_print(struct reader *r, struct call *call, bool *set, struct piece *out);
HS_MUST hs_rc operator_print(struct reader *r, hs_str name, struct piece *left, struct piece *right, int location,
                             struct piece *out);
/* Rows, over their members: left and right are RowExpr's bodies. */
HS_MUST hs_rc row_compare(struct reader *r, yyjson_val *left, yyjson_val *right, hs_str name, int location,
                          struct piece *out);
HS_MUST hs_rc row_in_list(struct reader *r, yyjson_val *left, yyjson_val *items, bool not, int location,
                          struct piece *out);
HS_MUST hs_rc row_in_query(struct reader *r, yyjson_val *left, struct piece *text, const struct columns *columns,
                           int location, struct piece *out);
/* char(n) is padded where it is shown, and without its blanks everywhere else. */
void unpad(struct reader *r, struct piece *p);
/* A condition is a boolean: refused where another type is known. */
HS_MUST hs_rc must_be_boolean(struct reader *r, struct piece *p, const char *what, int location);
/* The moment at which the transaction began, as a date, a time or a timestamp of the session's zone. */
HS_MUST hs_rc now_as(struct reader *r, uint32_t oid, struct piece *out);
/* To the digits of a second that the type has. */
void round_seconds(struct reader *r, struct kind to, struct piece *value);
void param_is(struct reader *r, struct piece *p, uint32_t oid);
HS_MUST hs_rc relation_column(struct reader *r, const char *relation, struct piece *out); /* pg_catalog's, noted */

/* ---- select.c, from.c, scope.c ---- */
HS_MUST hs_rc query(struct reader *r, yyjson_val *body, struct columns *columns, struct piece *out);
HS_MUST hs_rc from_relation(struct reader *r, yyjson_val *body, struct piece *out); /* COPY's */
HS_MUST hs_rc from_clause(struct reader *r, yyjson_val *list, struct piece *out);
HS_MUST hs_rc window_definition(struct reader *r, yyjson_val *body, struct piece *out);
HS_MUST hs_rc order_by(struct reader *r, yyjson_val *list, struct piece *out);
/* ties.c: FETCH FIRST ... WITH TIES */
HS_MUST hs_rc ties_keys(struct reader *r, yyjson_val *sorts, yyjson_val *body, const struct columns *columns,
                        struct piece *list);
HS_MUST hs_rc ties_print(struct reader *r, yyjson_val *body, const struct columns *columns, struct piece *inner,
                         struct piece *out);
hs_str lone_name(yyjson_val *node); /* of a ColumnRef of one part */
size_t count_targets(yyjson_val *list, hs_str name, size_t *first, bool *star_before);
HS_MUST hs_rc column_add(struct reader *r, struct columns *to, hs_str name, struct kind kind);
HS_MUST hs_rc scope_add(struct reader *r, struct entry **out);
/* The engine wants names that differ: of two of one name the later is printed as another. *any: there are such. */
HS_MUST hs_rc columns_differ(struct reader *r, struct columns *columns, bool *any);
struct column *columns_find(const struct columns *columns, hs_str name);
void note_system(struct reader *r, hs_str schema, hs_str name);
/* All that `*` stands for (qualifier empty), or `t.*`; out->open: there may be more. */
HS_MUST hs_rc star_columns(struct reader *r, hs_str schema, hs_str qualifier, int location, struct columns *out);
struct kind hs_pgsql_common(struct kind a, struct kind b);
/* A scope inside the one of now, until it is put back. */
void scope_open(struct reader *r, struct scope *s, struct scope *outer);

/* ---- statements.c ---- */
HS_MUST hs_rc classify(struct reader *r, yyjson_val *stmt, struct hs_pgsql_statement *out);

#endif
