/* Paths into a table's properties: "customer.street", "items[].price", "attributes.value". */
#include "model/path.h"

/* The name at the front of a path, up to '.' or '['. */
static hs_str take_name(hs_str *path)
{
    size_t n = 0;
    while (n < path->len && path->at[n] != '.' && path->at[n] != '[')
        n++;
    hs_str name = {path->at, n};
    *path = (hs_str){path->at + n, path->len - n};
    return name;
}

static const struct hs_property *find(const struct hs_property *all, size_t count, hs_str name)
{
    for (size_t i = 0; i < count; i++)
        if (hs_str_eq(all[i].name, name))
            return &all[i];
    return NULL;
}

static const struct hs_property *fail(struct hs_path_failure *why, hs_str name, const struct hs_property *siblings,
                                      size_t count)
{
    if (why)
        *why = (struct hs_path_failure){name, siblings, count};
    return NULL;
}

const struct hs_property *hs_path_walk(const struct hs_table *table, hs_str path, struct hs_path_failure *why)
{
    const struct hs_property *siblings = table->properties, *p;
    size_t count = table->property_count;
    for (;;) {
        hs_str name = take_name(&path);
        p = find(siblings, count, name);
        if (!p)
            return fail(why, name, siblings, count);
        while (hs_str_starts(path, HS_S("[]"))) {
            if (!hs_str_is(p->logical_type, "array") || p->property_count != 1)
                return fail(why, path, NULL, 0);
            p = p->properties;
            path = (hs_str){path.at + 2, path.len - 2};
        }
        if (!path.len)
            return p;
        if (path.at[0] != '.' || hs_str_is(p->logical_type, "array")) /* an array's element is reached by [] alone */
            return fail(why, path, NULL, 0);
        path = (hs_str){path.at + 1, path.len - 1};
        siblings = p->properties;
        count = p->property_count;
    }
}

const struct hs_property *hs_table_property(const struct hs_table *table, hs_str path)
{
    return hs_path_walk(table, path, NULL);
}

bool hs_path_is_json(hs_str path)
{
    while (path.at && path.len) {
        hs_str step = hs_str_cut(&path, '.');
        if (step.len && step.at[0] == '$')
            return true;
    }
    return false;
}
