/* The type of a table that cannot be opened, as far as its contract says: for looking at decisions where the data is
 * not. A logical type stands for several real ones; the usual one is taken, or what a physicalType names. */
#include "model/assume.h"

struct assumer {
    struct hs_arena *arena;
    int next; /* ids for fields without one, past every id that is written */
    struct hs_err *err;
};

static int greatest_id(const struct hs_property *all, size_t count, int depth)
{
    int most = 0;
    for (size_t i = 0; i < count && depth < HS_ASSUME_DEPTH; i++) {
        int below = greatest_id(all[i].properties, all[i].property_count, depth + 1);
        most = all[i].field_id > most ? all[i].field_id : most;
        most = below > most ? below : most;
    }
    return most;
}

static hs_rc no_memory(struct assumer *s)
{
    return hs_fail(s->err, HS_NOMEM, "out of memory while reading a contract's types");
}

/* "decimal(10, 2)" */
static bool read_decimal(hs_str text, struct hs_type *out)
{
    int64_t precision, scale;
    hs_str rest = text, name = hs_str_trim(hs_str_cut(&rest, '('));
    if (!hs_str_eq_nocase(name, HS_S("decimal")) && !hs_str_eq_nocase(name, HS_S("numeric")))
        return false;
    hs_str inside = hs_str_cut(&rest, ')'), first = hs_str_trim(hs_str_cut(&inside, ','));
    if (!hs_str_to_i64(first, &precision) || !hs_str_to_i64(hs_str_trim(inside), &scale))
        return false;
    if (precision < 1 || precision > 38 || scale < 0 || scale > precision)
        return false;
    *out = (struct hs_type){.id = HS_T_DECIMAL, .precision = (int)precision, .scale = (int)scale};
    return true;
}

static bool read_physical(hs_str text, struct hs_type *out)
{
    static const struct {
        const char *name;
        enum hs_type_id id;
    } names[] = {
        {"int", HS_T_INT},
        {"integer", HS_T_INT},
        {"long", HS_T_LONG},
        {"bigint", HS_T_LONG},
        {"float", HS_T_FLOAT},
        {"double", HS_T_DOUBLE},
        {"uuid", HS_T_UUID},
        {"binary", HS_T_BINARY},
        {"timestamp", HS_T_TIMESTAMP},
        {"string", HS_T_STRING},
        {"varchar", HS_T_STRING},
        {"text", HS_T_STRING},
        {"boolean", HS_T_BOOLEAN},
        {"date", HS_T_DATE},
        {"time", HS_T_TIME},
        {"timestamptz", HS_T_TIMESTAMPTZ},
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (hs_str_eq_nocase(text, hs_str_of(names[i].name))) {
            *out = (struct hs_type){.id = names[i].id};
            return true;
        }
    return read_decimal(text, out);
}

static struct hs_type usual(const struct hs_property *p)
{
    static const struct {
        const char *logical;
        struct hs_type type;
    } usuals[] = {
        {"boolean", {.id = HS_T_BOOLEAN}},
        {"integer", {.id = HS_T_LONG}},
        {"number", {.id = HS_T_DECIMAL, .precision = 18, .scale = 4}},
        {"date", {.id = HS_T_DATE}},
        {"time", {.id = HS_T_TIME}},
        {"timestamp", {.id = HS_T_TIMESTAMPTZ}},
        {"array", {.id = HS_T_LIST}},
    };
    struct hs_type physical;
    for (size_t i = 0; i < sizeof usuals / sizeof usuals[0]; i++)
        if (hs_str_is(p->logical_type, usuals[i].logical))
            return !hs_str_is(p->logical_type, "array") && read_physical(p->physical_type, &physical) ? physical
                                                                                                      : usuals[i].type;
    if (hs_str_is(p->logical_type, "object") || (!p->logical_type.len && p->property_count))
        return (struct hs_type){.id = hs_str_is(p->physical_type, "map") ? HS_T_MAP : HS_T_STRUCT};
    return read_physical(p->physical_type, &physical) ? physical : (struct hs_type){.id = HS_T_STRING};
}

static hs_rc assume_fields(struct assumer *s, const struct hs_property *all, size_t count, struct hs_type *type,
                           int depth);

static hs_rc assume_field(struct assumer *s, const struct hs_property *p, hs_str name, struct hs_field *out, int depth)
{
    struct hs_type *type = HS_NEW(s->arena, struct hs_type);
    if (!type)
        return no_memory(s);
    *type = usual(p);
    *out = (struct hs_field){.id = p->field_id >= 0 ? p->field_id : s->next++,
                             .name = name,
                             .required = p->required,
                             .doc = p->description,
                             .type = type};
    return hs_type_is_nested(type->id) ? assume_fields(s, p->properties, p->property_count, type, depth + 1) : HS_OK;
}

static hs_rc assume_fields(struct assumer *s, const struct hs_property *all, size_t count, struct hs_type *type,
                           int depth)
{
    size_t wanted = type->id == HS_T_MAP ? 2 : type->id == HS_T_LIST ? 1 : count;
    if (depth > HS_ASSUME_DEPTH || count != wanted || !count)
        return hs_fail(s->err, HS_INVALID, "a contract does not say of what a list, map or object is made");
    type->fields = hs_arena_array(s->arena, count, sizeof *type->fields);
    if (!type->fields)
        return no_memory(s);
    for (size_t i = 0; i < count; i++) {
        bool value = type->id == HS_T_MAP && hs_str_is(all[i].name, "value");
        size_t at = type->id == HS_T_MAP ? value : i;
        hs_str name = type->id == HS_T_LIST ? HS_S("element") : all[i].name;
        HS_TRY(assume_field(s, &all[i], name, &type->fields[at], depth));
    }
    type->field_count = count;
    if (type->id == HS_T_MAP && (!hs_str_is(type->fields[0].name, "key") || !hs_str_is(type->fields[1].name, "value")))
        return hs_fail(s->err, HS_INVALID, "a map's 'properties' must be 'key' and 'value'");
    return HS_OK;
}

hs_rc hs_table_assume(struct hs_arena *a, const struct hs_table *table, struct hs_type **out, struct hs_err *err)
{
    struct assumer s = {a, greatest_id(table->properties, table->property_count, 0) + 1, err};
    struct hs_type *type = hs_type_new(a, HS_T_STRUCT);
    if (!type)
        return no_memory(&s);
    HS_TRY(assume_fields(&s, table->properties, table->property_count, type, 0));
    *out = type;
    return HS_OK;
}
