/* The relations' columns as types, made once from relations.def. Nothing is allocated, so nothing can fail later: the
 * table is fixed when this is compiled, and a test sees that all of it was understood. */
#include "front/pg/system/system_in.h"

#include <pthread.h>
#include <stdlib.h>

enum { COLUMNS_MAX = 2300 };

/* What a column's type is there, as RowDescription tells it, and what it is to the engine. Where the engine is given
 * text for want of the type (an address, an interval), that is what is told. */
struct kind {
    const char *word;
    uint32_t declared, told;
    enum hs_type_id id, element;
};
static const struct kind KINDS[] = {
    {"bool", 16, 16, HS_T_BOOLEAN, 0},
    {"bytea", 17, 25, HS_T_STRING, 0},
    {"char", 18, 18, HS_T_STRING, 0},
    {"name", 19, 19, HS_T_STRING, 0},
    {"int8", 20, 20, HS_T_LONG, 0},
    {"int2", 21, 21, HS_T_INT16, 0},
    {"int2vector", 22, 22, HS_T_LIST, HS_T_INT16},
    {"int4", 23, 23, HS_T_INT, 0},
    {"regproc", 24, 24, HS_T_UINT32, 0},
    {"text", 25, 25, HS_T_STRING, 0},
    {"oid", 26, 26, HS_T_UINT32, 0},
    {"xid", 28, 28, HS_T_UINT32, 0},
    {"oidvector", 30, 30, HS_T_LIST, HS_T_UINT32},
    {"pg_node_tree", 194, 194, HS_T_STRING, 0},
    {"float4", 700, 700, HS_T_FLOAT, 0},
    {"float8", 701, 701, HS_T_DOUBLE, 0},
    {"inet", 869, 25, HS_T_STRING, 0},
    {"_bool", 1000, 1009, HS_T_LIST, HS_T_STRING},
    {"_char", 1002, 1002, HS_T_LIST, HS_T_STRING},
    {"_name", 1003, 1003, HS_T_LIST, HS_T_STRING},
    {"_int2", 1005, 1005, HS_T_LIST, HS_T_INT16},
    {"_text", 1009, 1009, HS_T_LIST, HS_T_STRING},
    {"_float4", 1021, 1009, HS_T_LIST, HS_T_STRING},
    {"_float8", 1022, 1009, HS_T_LIST, HS_T_STRING},
    {"_oid", 1028, 1028, HS_T_LIST, HS_T_UINT32},
    {"_aclitem", 1034, 1034, HS_T_LIST, HS_T_STRING},
    {"timestamptz", 1184, 1184, HS_T_TIMESTAMPTZ, 0},
    {"interval", 1186, 25, HS_T_STRING, 0},
    {"numeric", 1700, 20, HS_T_LONG, 0},
    {"regtype", 2206, 2206, HS_T_UINT32, 0},
    {"_regtype", 2211, 1009, HS_T_LIST, HS_T_STRING},
    {"anyarray", 2277, 1009, HS_T_LIST, HS_T_STRING},
    {"pg_lsn", 3220, 25, HS_T_STRING, 0},
    {"pg_ndistinct", 3361, 25, HS_T_STRING, 0},
    {"pg_dependencies", 3402, 25, HS_T_STRING, 0},
    {"pg_mcv_list", 5017, 25, HS_T_STRING, 0},
    {"_pg_statistic", 10028, 1009, HS_T_LIST, HS_T_STRING},
    {"cardinal_number", 13221, 23, HS_T_INT, 0},
    {"character_data", 13224, 1043, HS_T_STRING, 0},
    {"sql_identifier", 13226, 19, HS_T_STRING, 0},
    {"time_stamp", 13232, 1184, HS_T_TIMESTAMPTZ, 0},
    {"yes_or_no", 13234, 1043, HS_T_STRING, 0},
};
enum { KIND_COUNT = sizeof KINDS / sizeof KINDS[0] };

static const struct stated {
    const char *schema, *name;
    uint32_t oid;
    char kind;
    bool refused;
    const char *columns;
} STATED[] = {
#define RELATION(schema, name, oid, kind, refused, columns) {#schema, #name, oid, kind, refused, columns},
#include "front/pg/system/relations.def"
#include "front/pg/system/relations_own.def"
#undef RELATION
};
enum {
    RELATION_COUNT = sizeof STATED / sizeof STATED[0],
    UNLISTED_COUNT = 2,
    LISTED_COUNT = RELATION_COUNT - UNLISTED_COUNT
};
_Static_assert(sizeof STATED / sizeof STATED[0] <= (size_t)HS_PG_RELATIONS_MAX, "room for what is made of each");

/* Written once, under `once`, and only read after it. */
static pthread_once_t once = PTHREAD_ONCE_INIT;
static struct {
    struct hs_type types[KIND_COUNT], elements[KIND_COUNT], rows[RELATION_COUNT];
    struct hs_field element_fields[KIND_COUNT], fields[COLUMNS_MAX];
    uint32_t told[COLUMNS_MAX], declared[COLUMNS_MAX];
    size_t column_count, misread;
    struct hs_pg_relation relations[RELATION_COUNT];
} made;

static void make_types(void)
{
    for (size_t i = 0; i < KIND_COUNT; i++) {
        made.elements[i] = (struct hs_type){.id = KINDS[i].element};
        made.element_fields[i] = (struct hs_field){.id = -1, .name = HS_S("element"), .type = &made.elements[i]};
        made.types[i] = (struct hs_type){.id = KINDS[i].id};
        if (KINDS[i].id == HS_T_LIST) {
            made.types[i].fields = &made.element_fields[i];
            made.types[i].field_count = 1;
        }
    }
}

static void add_column(hs_str word)
{
    hs_str name = hs_str_cut(&word, ':');
    size_t k = 0;
    while (k < KIND_COUNT && !hs_str_is(word, KINDS[k].word))
        k++;
    if (k == KIND_COUNT || made.column_count == COLUMNS_MAX) {
        made.misread++;
        return;
    }
    size_t at = made.column_count++;
    made.fields[at] = (struct hs_field){.id = -1, .name = name, .type = &made.types[k]};
    made.told[at] = KINDS[k].told;
    made.declared[at] = KINDS[k].declared;
}

static void make(void)
{
    make_types();
    for (size_t i = 0; i < RELATION_COUNT; i++) {
        const struct stated *s = &STATED[i];
        size_t first = made.column_count;
        hs_str rest = hs_str_of(s->columns);
        while (rest.len)
            add_column(hs_str_cut(&rest, ' '));
        made.rows[i] = (struct hs_type){
            .id = HS_T_STRUCT, .fields = &made.fields[first], .field_count = made.column_count - first};
        made.relations[i] = (struct hs_pg_relation){
            s->schema, s->name, s->oid, s->kind, s->refused, &made.rows[i], &made.told[first], &made.declared[first]};
    }
}

size_t hs_pg_relations_misread(void)
{
    pthread_once(&once, make);
    return made.misread;
}

const struct hs_pg_relation *hs_pg_relation_at(size_t i)
{
    pthread_once(&once, make);
    return i < LISTED_COUNT ? &made.relations[i] : NULL;
}

size_t hs_pg_relation_number(const struct hs_pg_relation *r)
{
    return (size_t)(r - made.relations);
}

struct wanted {
    hs_str schema, name;
};

static int by_name(const void *key, const void *at)
{
    const struct wanted *w = key;
    const struct hs_pg_relation *r = at;
    int order = hs_str_cmp(w->schema, hs_str_of(r->schema));
    return order ? order : hs_str_cmp(w->name, hs_str_of(r->name));
}

const struct hs_pg_relation *hs_pg_relation_find(hs_str schema, hs_str name)
{
    struct wanted w = {schema.len ? schema : HS_S("pg_catalog"), name};
    pthread_once(&once, make);
    for (size_t i = LISTED_COUNT; i < RELATION_COUNT; i++)
        if (by_name(&w, &made.relations[i]) == 0)
            return &made.relations[i];
    return bsearch(&w, made.relations, LISTED_COUNT, sizeof made.relations[0], by_name);
}

const struct hs_pg_relation *hs_pg_relation_by_oid(uint32_t oid)
{
    pthread_once(&once, make);
    for (size_t i = 0; i < LISTED_COUNT; i++)
        if (made.relations[i].oid == oid)
            return &made.relations[i];
    return NULL;
}
