/* Whole numbers of one width as those of another, where a statement's columns are something else to PostgreSQL than to
 * the engine: a count that it calls integer, a sum that it calls bigint. A stretch is converted as soon as it was read;
 * what does not fit ends the answer, as it would there. */
#include "front/pg/values/rows_in.h"

#include "base/alloc.h"

/* What a column of this type may be written as, so that its values have the declared form: -1: it cannot. */
int hs_pg_converted(const struct hs_type *type, uint32_t declared)
{
    enum hs_pg_family to = hs_pg_family_of(declared);
    bool whole = hs_type_is_number(type->id) && type->id != HS_T_FLOAT && type->id != HS_T_DOUBLE &&
                 (type->id != HS_T_DECIMAL || type->scale == 0);
    if (type->id == HS_T_FLOAT && to == HS_PG_F_FLOAT8)
        return HS_PG_V_F64;
    if (!whole)
        return -1;
    switch ((int)to) {
    case HS_PG_F_INT2:
        return HS_PG_V_I16;
    case HS_PG_F_INT4:
        return HS_PG_V_I32;
    case HS_PG_F_INT8:
        return HS_PG_V_I64;
    case HS_PG_F_OID:
        return HS_PG_V_U32;
    case HS_PG_F_NUMERIC:
        return type->id == HS_T_UINT64 ? HS_PG_V_U64 : HS_PG_V_D64;
    default:
        return -1;
    }
}

/* NULLs are left out, what stands under them may be anything. */
static __int128 whole_at(const struct hs_pg_column *c, size_t i)
{
    const uint8_t *at = c->data + i * c->width;
    __int128 wide = 0;
    uint64_t bits = 0;
    switch (c->source) {
    case HS_PG_V_D128:
        memcpy(&wide, at, sizeof wide);
        return wide;
    case HS_PG_V_U64:
        memcpy(&bits, at, sizeof bits);
        return bits;
    case HS_PG_V_I64:
    case HS_PG_V_D64:
        memcpy(&bits, at, sizeof bits);
        return (int64_t)bits;
    case HS_PG_V_I32:
    case HS_PG_V_D32:
        return (int32_t)(at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24);
    case HS_PG_V_U32:
        return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
    case HS_PG_V_I16:
        return (int16_t)(at[0] | at[1] << 8);
    case HS_PG_V_U16:
        return at[0] | at[1] << 8;
    case HS_PG_V_I8:
        return (int8_t)at[0];
    default:
        return at[0];
    }
}

static bool put_whole(uint8_t *to, int value, __int128 v)
{
    int64_t narrow = (int64_t)v;
    size_t width = value == HS_PG_V_I16 ? 2 : value == HS_PG_V_I32 || value == HS_PG_V_U32 ? 4 : 8;
    memcpy(to, &narrow, width);
    switch (value) {
    case HS_PG_V_I16:
        return v == (int16_t)v;
    case HS_PG_V_I32:
        return v == (int32_t)v;
    case HS_PG_V_U32:
        return v == (uint32_t)v;
    default:
        return v == (int64_t)v;
    }
}

static hs_rc out_of_range(const struct hs_pg_column *c, struct hs_err *err)
{
    hs_rc rc = hs_fail(err, HS_INVALID, "a value is out of range for type %s", c->pg.name);
    hs_err_state(err, "22003");
    return rc;
}

hs_rc hs_pg_convert(struct hs_pg_column *c, size_t count, struct hs_err *err)
{
    int value = c->target;
    size_t width = value == HS_PG_V_I16 ? 2 : value == HS_PG_V_I32 || value == HS_PG_V_U32 ? 4 : 8;
    if (value == c->source || !count)
        return HS_OK;
    uint8_t *to = c->own_converted.at;
    if (c->own_converted.cap < count * width) {
        to = hs_realloc(to, count * width);
        if (!to)
            return hs_fail(err, HS_NOMEM, "out of memory");
        c->own_converted = (struct hs_pg_own){to, count * width};
    }
    for (size_t i = 0; i < count; i++) {
        double wide;
        float narrow;
        if (hs_pg_is_null(c, i)) {
            memset(to + i * width, 0, width);
        } else if (c->source == HS_PG_V_F32) {
            memcpy(&narrow, c->data + i * 4, sizeof narrow);
            wide = (double)narrow;
            memcpy(to + i * width, &wide, sizeof wide);
        } else if (!put_whole(to + i * width, value, whole_at(c, i))) {
            return out_of_range(c, err);
        }
    }
    c->data = to;
    return HS_OK;
}
