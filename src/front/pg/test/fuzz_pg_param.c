/* A bound value of any bytes: a byte for the type, one for format and styles, then the value. What is taken must be
 * what the engine is promised: a known type, texts that are UTF-8, sixteen bytes of a uuid, at most 38 digits. */
#include "front/pg/values/values.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void promise(const struct hs_param *p)
{
    if (p->null || !p->type)
        abort();
    if (p->type == HS_T_STRING && !hs_utf8_valid(p->text))
        abort();
    if (p->type == HS_T_UUID && p->text.len != 16)
        abort();
    if (p->type == HS_T_TIME && (p->i < 0 || p->i > INT64_C(86400000000)))
        abort();
    if (p->type == HS_T_DECIMAL &&
        (p->precision < 1 || p->precision > 38 || p->scale < 0 || p->scale > p->precision || p->text.len > 41))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool loaded;
    struct hs_err err;
    struct hs_param out;
    const char *state = NULL;
    struct hs_pg_style style;
    size_t types = 0;
    if (!loaded)
        hs_ignore(hs_pg_zones_load("/usr/share/zoneinfo", &err)); /* or only UTC */
    loaded = true;
    if (size < 2)
        return 0;
    while (hs_pg_type_at(types))
        types++;
    const struct hs_pg_type *type = hs_pg_type_at(data[0] % types);
    hs_pg_style_init(&style);
    style.date_order = (enum hs_pg_date_order)(data[1] >> 2 & 1);
    style.interval_style = data[1] & 8 ? HS_PG_INTERVAL_SQL : HS_PG_INTERVAL_POSTGRES;
    const struct hs_pg_zone *zone = data[1] & 16 ? hs_pg_zone_find(HS_S("Europe/Berlin")) : NULL;
    style.zone = zone ? zone : style.zone;
    struct hs_pg_param_spec spec = {.oid = data[1] & 2 ? type->array_oid : type->oid,
                                    .format = data[1] & 1 ? HS_PG_BINARY : HS_PG_TEXT,
                                    .style = &style};
    struct hs_arena *a = hs_arena_new(1 << 24);
    hs_rc rc = hs_pg_param_read(&spec, hs_str_n(data + 2, size - 2), a, &out, &state, &err);
    if (rc == HS_OK)
        promise(&out);
    else if (!state || strlen(state) != 5 || !hs_utf8_valid(hs_str_of(err.shown)))
        abort();
    hs_arena_free(a);
    return 0;
}
