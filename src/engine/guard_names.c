/* The allow lists: functions, operators, types, collations. A name that is not here is refused. */
#include "engine/guard_in.h"

#include "base/fault.h"

#include <stdlib.h>

/* Both lists are sorted by the table's order (make lint would not see it, guard_test does). */
static const char *const functions[] = {
#define ALLOW(name) name,
#define HONEST(name) name,
#include "engine/guard_functions.def"
#undef ALLOW
#undef HONEST
};
static const char *const honest[] = {
#define ALLOW(name)
#define HONEST(name) name,
#include "engine/guard_functions.def"
#undef ALLOW
#undef HONEST
};
static const char *const aggregates[] = {
#define AGGREGATE(name) name,
#include "engine/guard_aggregates.def"
#undef AGGREGATE
};
static const char *const table_functions[] = {"generate_series", "range", "unnest"};

static const struct {
    const char *name;
    size_t fewest, most;
} operators[] = {
    {"!__postfix", 1, 1}, {"!~~", 2, 2}, {"!~~*", 2, 2}, {"%", 2, 2},   {"&", 2, 2},  {"&&", 2, 2},  {"*", 2, 2},
    {"**", 2, 2},         {"+", 1, 2},   {"-", 1, 2},    {"->>", 2, 2}, {"/", 2, 2},  {"//", 2, 2},  {"<->", 2, 2},
    {"<<", 2, 2},         {"<=>", 2, 2}, {"<@", 2, 2},   {">>", 2, 2},  {"@", 1, 1},  {"@>", 2, 2},  {"^", 2, 2},
    {"^@", 2, 2},         {"|", 2, 2},   {"||", 2, 2},   {"~", 1, 1},   {"~~", 2, 2}, {"~~*", 2, 2}, {"~~~", 2, 2},
};

static const struct {
    const char *name, *print;
    size_t numbers; /* how many it may carry */
} types[] = {
#define TYPE(name, print, numbers) {name, print, numbers},
#include "engine/guard_types.def"
#undef TYPE
};

static int by_name(const void *key, const void *element)
{
    return hs_str_cmp(*(const hs_str *)key, hs_str_of(*(const char *const *)element));
}

static bool listed(hs_str name, const char *const *list, size_t count)
{
    return bsearch(&name, list, count, sizeof list[0], by_name) != NULL;
}

bool hs_guard_function(hs_str name, enum hs_function_use use)
{
    if (!hs_defence("guard") || !hs_defence("function-list"))
        return true;
    return use == HS_USE_TABLE ? listed(name, table_functions, sizeof table_functions / sizeof table_functions[0])
                               : listed(name, functions, sizeof functions / sizeof functions[0]);
}

bool hs_guard_aggregate(hs_str name)
{
    return listed(name, aggregates, sizeof aggregates / sizeof aggregates[0]);
}

bool hs_guard_honest(hs_str name)
{
    return listed(name, honest, sizeof honest / sizeof honest[0]);
}

bool hs_guard_operator(hs_str name, size_t operands)
{
    for (size_t i = 0; i < sizeof operators / sizeof operators[0]; i++)
        if (hs_str_is(name, operators[i].name))
            return operands >= operators[i].fewest && operands <= operators[i].most;
    return false;
}

/* Only what is built in and needs no locale data: parts joined by a dot. */
bool hs_guard_collation(hs_str name)
{
    static const char *const parts[] = {"binary", "c", "nfc", "noaccent", "nocase", "posix"};
    if (!name.len)
        return false;
    while (name.at) {
        hs_str part = hs_str_cut(&name, '.');
        bool known = false;
        for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
            known |= hs_str_eq_nocase(part, hs_str_of(parts[i]));
        if (!known)
            return false;
    }
    return true;
}

const char *hs_guard_type_word(hs_str name, size_t *out_numbers)
{
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (hs_str_eq_nocase(name, hs_str_of(types[i].name))) {
            *out_numbers = types[i].numbers;
            return types[i].print;
        }
    return NULL;
}
