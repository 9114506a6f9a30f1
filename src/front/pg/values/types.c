/* Our types as PostgreSQL's: from the one table in types.def. */
#include "arrow/quotient.h"
#include "front/pg/values/values_in.h"

static const struct hs_pg_type TYPES[] = {
#define TYPE(oid, array, typlen, family, name) {oid, array, typlen, -1, name},
#include "front/pg/values/types.def"
};

static const enum hs_pg_family FAMILIES[] = {
#define TYPE(oid, array, typlen, family, name) HS_PG_F_##family,
#include "front/pg/values/types.def"
};

static const uint32_t MADE_OF[HS_T_COUNT_] = {
#define MADE_OF(id, oid) [id] = oid,
#include "front/pg/values/types.def"
};

enum { COUNT = sizeof TYPES / sizeof *TYPES };

const struct hs_pg_type *hs_pg_type_at(size_t i)
{
    return i < COUNT ? &TYPES[i] : NULL;
}

const struct hs_pg_type *hs_pg_type_by_oid(uint32_t oid)
{
    size_t from = 0, to = COUNT;
    while (from < to) {
        size_t mid = (from + to) / 2;
        if (TYPES[mid].oid == oid)
            return &TYPES[mid];
        if (TYPES[mid].oid < oid)
            from = mid + 1;
        else
            to = mid;
    }
    return NULL;
}

const struct hs_pg_type *hs_pg_type_by_array_oid(uint32_t array_oid)
{
    for (size_t i = 0; array_oid && i < COUNT; i++)
        if (TYPES[i].array_oid == array_oid)
            return &TYPES[i];
    return NULL;
}

enum hs_pg_family hs_pg_family_of(uint32_t oid)
{
    const struct hs_pg_type *type = hs_pg_type_by_oid(oid);
    return type ? FAMILIES[type - TYPES] : HS_PG_F_LATER;
}

bool hs_pg_is_json(const struct hs_type *type)
{
    return type->id == HS_T_MAP || (type->id == HS_T_LIST && type->fields[0].type->id == HS_T_LIST);
}

bool hs_pg_is_quotient(const struct hs_type *type)
{
    return type->id == HS_T_DECIMAL && type->precision == HS_QUOTIENT_PRECISION &&
           (type->scale == HS_QUOTIENT_SCALE || type->scale == HS_BARE_SCALE);
}

/* Of numeric(p, s), as pg_attribute.atttypmod has it: both, and the four bytes of a length word that has not been
 * there for thirty years. */
static int32_t typmod_of(const struct hs_type *type)
{
    bool declared = type->id == HS_T_DECIMAL && !hs_pg_is_quotient(type);
    return declared ? (int32_t)(((uint32_t)type->precision << 16 | (uint32_t)type->scale) + 4) : -1;
}

static void array_of(struct hs_pg_type *type)
{
    type->oid = type->array_oid;
    type->array_oid = 0;
    type->typlen = -1;
}

void hs_pg_type_of(const struct hs_type *type, struct hs_pg_type *out)
{
    bool json = hs_pg_is_json(type), list = type->id == HS_T_LIST && !json;
    const struct hs_type *element = list ? type->fields[0].type : type;
    uint32_t oid = json || hs_pg_is_json(element) ? HS_PG_OID_JSON : MADE_OF[element->id];
    static const struct hs_pg_type text = {HS_PG_OID_TEXT, 1009, -1, -1, "text"};
    const struct hs_pg_type *found = hs_pg_type_by_oid(oid);
    *out = found ? *found : text;
    out->typmod = typmod_of(element);
    if (list)
        array_of(out);
}
