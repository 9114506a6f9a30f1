/* A value as a file holds it made into a value as the table's current schema has it: members by field id whatever their
 * names and order, types by the promotions Iceberg allows. Nothing is guessed: another difference refuses the table. */
#include "engine/scan_print_in.h"

#include <stdio.h>

static const char *const names[HS_T_COUNT_] = {
    [HS_T_BOOLEAN] = "BOOLEAN",
    [HS_T_INT] = "INTEGER",
    [HS_T_LONG] = "BIGINT",
    [HS_T_FLOAT] = "FLOAT",
    [HS_T_DOUBLE] = "DOUBLE",
    [HS_T_DATE] = "DATE",
    [HS_T_TIME] = "TIME",
    [HS_T_TIMESTAMP] = "TIMESTAMP",
    [HS_T_TIMESTAMPTZ] = "TIMESTAMP WITH TIME ZONE",
    [HS_T_TIMESTAMP_NS] = "TIMESTAMP_NS",
    [HS_T_TIMESTAMPTZ_NS] = "TIMESTAMP_NS", /* the engine has none with a zone; it stands for UTC */
    [HS_T_STRING] = "VARCHAR",
    [HS_T_UUID] = "UUID",
    [HS_T_FIXED] = "BLOB",
    [HS_T_BINARY] = "BLOB",
    [HS_T_UNKNOWN] = "\"NULL\"",
    [HS_T_VARIANT] = "STRUCT(\"metadata\" BLOB, \"value\" BLOB)", /* as files hold it: doc/adr/0009 */
    [HS_T_GEOMETRY] = "BLOB",                                     /* WKB */
    [HS_T_GEOGRAPHY] = "BLOB",
    [HS_T_INT8] = "TINYINT",
    [HS_T_INT16] = "SMALLINT",
    [HS_T_UINT8] = "UTINYINT",
    [HS_T_UINT16] = "USMALLINT",
    [HS_T_UINT32] = "UINTEGER",
    [HS_T_UINT64] = "UBIGINT",
    [HS_T_INTERVAL] = "INTERVAL",
};

/* From a file's type to the table's: what the format and its promotions allow, and how it is said. %: the value. */
static const struct {
    enum hs_type_id from, to;
    const char *how; /* NULL: a plain CAST */
} changes[] = {
    {HS_T_INT8, HS_T_INT, NULL},
    {HS_T_INT16, HS_T_INT, NULL},
    {HS_T_UINT8, HS_T_INT, NULL},
    {HS_T_UINT16, HS_T_INT, NULL},
    {HS_T_INT8, HS_T_LONG, NULL},
    {HS_T_INT16, HS_T_LONG, NULL},
    {HS_T_UINT8, HS_T_LONG, NULL},
    {HS_T_UINT16, HS_T_LONG, NULL},
    {HS_T_UINT32, HS_T_LONG, NULL},
    {HS_T_INT, HS_T_LONG, NULL},
    {HS_T_FLOAT, HS_T_DOUBLE, NULL},
    {HS_T_TIME, HS_T_TIME, NULL},
    {HS_T_DATE, HS_T_TIMESTAMP, NULL},
    {HS_T_DATE, HS_T_TIMESTAMP_NS, NULL},
    {HS_T_TIMESTAMP, HS_T_TIMESTAMPTZ, "timezone('UTC', %)"}, /* INT96 carries no zone; Iceberg means UTC */
    {HS_T_TIMESTAMPTZ, HS_T_TIMESTAMP, "timezone('UTC', %)"},
    {HS_T_TIMESTAMP_NS, HS_T_TIMESTAMP, NULL},
    {HS_T_TIMESTAMP, HS_T_TIMESTAMP_NS, NULL},
    {HS_T_FIXED, HS_T_BINARY, ""},
    {HS_T_BINARY, HS_T_FIXED, ""},
    {HS_T_FIXED, HS_T_UUID, "CAST(lower(hex(%)) AS UUID)"},
    {HS_T_BINARY, HS_T_STRING, "decode(%)"},
    {HS_T_STRING, HS_T_BINARY, "encode(%)"},
    {HS_T_TIMESTAMP_NS, HS_T_TIMESTAMPTZ_NS, ""}, /* not from TIMESTAMPTZ_NS: the engine reads that as microseconds */
    {HS_T_GEOMETRY, HS_T_GEOMETRY, "ST_AsWKB(%)"},
    {HS_T_GEOGRAPHY, HS_T_GEOGRAPHY, "ST_AsWKB(%)"},
    {HS_T_BINARY, HS_T_GEOMETRY, ""},
    {HS_T_BINARY, HS_T_GEOGRAPHY, ""},
};

static hs_rc refuse(struct hs_err *err, const char *what, const struct hs_type *physical, const struct hs_type *raw)
{
    hs_rc rc = hs_fail(err, HS_UNSUPPORTED, "a data file's columns do not fit the table's schema");
    return err ? hs_err_note(err, "%s: %s in the file, %s in the table", what, hs_type_name(physical->id),
                             hs_type_name(raw->id))
               : rc;
}

/* ---- types ---- */
static bool struct_type(struct hs_buf *out, const struct hs_type *type)
{
    hs_buf_addz(out, "STRUCT(");
    for (size_t i = 0; i < type->field_count; i++) {
        if (i)
            hs_buf_addz(out, ", ");
        hs_buf_add_sql_name(out, type->fields[i].name);
        hs_buf_addc(out, ' ');
        if (!hs_scan_type(out, type->fields[i].type))
            return false;
    }
    hs_buf_addc(out, ')');
    return type->field_count > 0;
}

bool hs_scan_type(struct hs_buf *out, const struct hs_type *type)
{
    if (type->id == HS_T_STRUCT)
        return struct_type(out, type);
    if (type->id == HS_T_LIST) {
        bool ok = type->field_count == 1 && hs_scan_type(out, type->fields[0].type);
        hs_buf_addz(out, "[]");
        return ok;
    }
    if (type->id == HS_T_MAP) {
        hs_buf_addz(out, "MAP(");
        bool ok = type->field_count == 2 && hs_scan_type(out, type->fields[0].type);
        hs_buf_addz(out, ", ");
        ok = ok && hs_scan_type(out, type->fields[1].type);
        hs_buf_addc(out, ')');
        return ok;
    }
    if (type->id == HS_T_DECIMAL) {
        hs_buf_addf(out, "DECIMAL(%d, %d)", type->precision, type->scale);
        return type->precision >= 1 && type->precision <= 38 && type->scale >= 0 && type->scale <= type->precision;
    }
    if ((int)type->id < 0 || type->id >= HS_T_COUNT_ || !names[type->id])
        return false;
    hs_buf_addz(out, names[type->id]);
    return true;
}

/* Its own kind in a file is something else to the engine than what we make of it. */
static bool reads_otherwise(enum hs_type_id id)
{
    return id == HS_T_GEOMETRY || id == HS_T_GEOGRAPHY || id == HS_T_VARIANT || id == HS_T_TIMESTAMPTZ_NS;
}

bool hs_scan_same(const struct hs_type *a, const struct hs_type *b)
{
    if (a->id != b->id || a->field_count != b->field_count || reads_otherwise(a->id))
        return false;
    if (a->id == HS_T_DECIMAL && (a->precision != b->precision || a->scale != b->scale))
        return false;
    if (a->id == HS_T_TIME && a->length != b->length) /* one of them is TIME WITH TIME ZONE to the engine */
        return false;
    if (!hs_type_is_nested(a->id))
        return names[a->id] != NULL || a->id == HS_T_DECIMAL;
    for (size_t i = 0; i < a->field_count; i++) {
        const struct hs_field *x = &a->fields[i], *y = &b->fields[i];
        if (a->id == HS_T_STRUCT && (x->id != y->id || !hs_str_eq(x->name, y->name)))
            return false;
        if (!hs_scan_same(x->type, y->type))
            return false;
    }
    return true;
}

/* ---- values ---- */
static hs_rc add_cast(struct hs_buf *out, hs_str from, const struct hs_type *physical, const struct hs_type *raw,
                      struct hs_err *err)
{
    hs_buf_addz(out, "CAST(");
    hs_buf_adds(out, from);
    hs_buf_addz(out, " AS ");
    bool ok = hs_scan_type(out, raw);
    hs_buf_addc(out, ')');
    return ok ? HS_OK : refuse(err, "no such type in the engine", physical, raw);
}

static hs_rc add_change(struct hs_buf *out, hs_str from, const char *how)
{
    if (!*how)
        hs_buf_adds(out, from);
    for (; *how; how++) {
        if (*how == '%')
            hs_buf_adds(out, from);
        else
            hs_buf_addc(out, *how);
    }
    return HS_OK;
}

/* Members by name, as variants have no ids inside. */
static hs_rc add_variant(struct hs_buf *out, hs_str from, const struct hs_type *physical, const struct hs_type *raw,
                         struct hs_err *err)
{
    size_t metadata = 0, value = 0;
    for (size_t i = 0; i < physical->field_count; i++) {
        metadata = hs_str_is(physical->fields[i].name, "metadata") ? i + 1 : metadata;
        value = hs_str_is(physical->fields[i].name, "value") ? i + 1 : value;
    }
    if (physical->field_count != 2 || !metadata || !value)
        return refuse(err, "a variant in other parts", physical, raw);
    hs_buf_addf(out,
                "CASE WHEN %.*s IS NULL THEN NULL ELSE struct_pack(\"metadata\" := struct_extract_at(%.*s, %zu), "
                "\"value\" := struct_extract_at(%.*s, %zu)) END",
                HS_FMT(from), HS_FMT(from), metadata, HS_FMT(from), value);
    return HS_OK;
}

static hs_rc add_plain(struct hs_buf *out, hs_str from, const struct hs_type *physical, const struct hs_type *raw,
                       struct hs_err *err)
{
    if (physical->id == HS_T_DECIMAL && raw->id == HS_T_DECIMAL && physical->scale == raw->scale &&
        physical->precision <= raw->precision)
        return add_cast(out, from, physical, raw, err);
    if (physical->id == HS_T_UNKNOWN) /* NULL is all it holds */
        return add_cast(out, HS_S("NULL"), physical, raw, err);
    if (physical->id == HS_T_FIXED && raw->id == HS_T_UUID && physical->length != 16)
        return refuse(err, "not 16 bytes", physical, raw);
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++)
        if (changes[i].from == physical->id && changes[i].to == raw->id)
            return changes[i].how ? add_change(out, from, changes[i].how) : add_cast(out, from, physical, raw, err);
    return refuse(err, "no such promotion", physical, raw);
}

/* Which member of the physical struct has this id; names may collide without regard to case, positions may not. */
static size_t find_member(const struct hs_type *physical, int id)
{
    size_t i = 0;
    while (i < physical->field_count && (id < 0 || physical->fields[i].id != id))
        i++;
    return i;
}

/* The engine's structs know their members without regard to case, so it would give one of two another name. */
static hs_rc check_members(const struct hs_type *raw, struct hs_err *err)
{
    for (size_t i = 0; raw->id == HS_T_STRUCT && i < raw->field_count; i++)
        for (size_t k = 0; k < i; k++)
            if (hs_str_eq_nocase(raw->fields[i].name, raw->fields[k].name))
                return hs_fail(err, HS_UNSUPPORTED, "two members of a column have names that differ in case alone");
    for (size_t i = 0; i < raw->field_count; i++)
        HS_TRY(check_members(raw->fields[i].type, err));
    return HS_OK;
}

/* The default of a struct says only that there is one: it is made of what its members read as. */
static hs_rc missing_struct(struct hs_buf *out, const struct hs_type *raw, struct hs_err *err)
{
    hs_buf_addz(out, "struct_pack(");
    for (size_t i = 0; i < raw->field_count; i++) {
        hs_buf_addz(out, i ? ", " : "");
        hs_buf_add_sql_name(out, raw->fields[i].name);
        hs_buf_addz(out, " := ");
        HS_TRY(hs_scan_missing(out, &raw->fields[i], err));
    }
    hs_buf_addc(out, ')');
    return raw->field_count ? HS_OK : refuse(err, "a struct without members", raw, raw);
}

hs_rc hs_scan_missing(struct hs_buf *out, const struct hs_field *raw, struct hs_err *err)
{
    if (raw->initial_default && raw->initial_default->type == HS_T_STRUCT && raw->type->id == HS_T_STRUCT)
        return missing_struct(out, raw->type, err);
    if (raw->initial_default)
        return hs_scan_literal(out, raw->initial_default, raw->type, err);
    HS_TRY(check_members(raw->type, err));
    hs_buf_addz(out, "CAST(NULL AS ");
    if (!hs_scan_type(out, raw->type))
        return hs_fail(err, HS_UNSUPPORTED, "type %s is not supported", hs_type_name(raw->type->id));
    hs_buf_addc(out, ')');
    return HS_OK;
}

static hs_rc add_member(struct hs_buf *out, hs_str from, const struct hs_type *physical, const struct hs_field *raw,
                        int depth, struct hs_err *err)
{
    size_t at = find_member(physical, raw->id);
    hs_buf_add_sql_name(out, raw->name);
    hs_buf_addz(out, " := ");
    if (at == physical->field_count)
        return hs_scan_missing(out, raw, err);
    struct hs_buf inner;
    hs_buf_init(&inner, HS_SCAN_TEXT);
    hs_buf_addf(&inner, "struct_extract_at(%.*s, %zu)", HS_FMT(from), at + 1);
    hs_rc rc = hs_buf_done(&inner, err);
    if (rc == HS_OK)
        rc = hs_scan_value(out, hs_buf_str(&inner), physical->fields[at].type, raw->type, depth, err);
    hs_buf_fini(&inner);
    return rc;
}

/* A struct that is NULL stays NULL and does not become one of NULLs. */
static hs_rc add_struct(struct hs_buf *out, hs_str from, const struct hs_type *physical, const struct hs_type *raw,
                        int depth, struct hs_err *err)
{
    hs_buf_addf(out, "CASE WHEN %.*s IS NULL THEN NULL ELSE struct_pack(", HS_FMT(from));
    for (size_t i = 0; i < raw->field_count; i++) {
        if (i)
            hs_buf_addz(out, ", ");
        HS_TRY(add_member(out, from, physical, &raw->fields[i], depth, err));
    }
    hs_buf_addz(out, ") END");
    return raw->field_count ? HS_OK : refuse(err, "a struct without members", physical, raw);
}

static hs_rc add_list(struct hs_buf *out, hs_str from, const struct hs_type *physical, const struct hs_type *raw,
                      int depth, struct hs_err *err)
{
    struct hs_buf item;
    hs_buf_init(&item, 64);
    hs_buf_addf(&item, "x%d", depth);
    hs_buf_addf(out, "list_transform(%.*s, lambda x%d: ", HS_FMT(from), depth);
    hs_rc rc = hs_buf_done(&item, err);
    if (rc == HS_OK)
        rc = hs_scan_value(out, hs_buf_str(&item), physical->fields[0].type, raw->fields[0].type, depth + 1, err);
    hs_buf_addc(out, ')');
    hs_buf_fini(&item);
    return rc;
}

static hs_rc add_map(struct hs_buf *out, hs_str from, const struct hs_type *physical, const struct hs_type *raw,
                     int depth, struct hs_err *err)
{
    static const char *const parts[] = {"key", "value"};
    hs_buf_addf(out,
                "CASE WHEN %.*s IS NULL THEN NULL ELSE map_from_entries(list_transform(map_entries(%.*s), lambda x%d: "
                "struct_pack(",
                HS_FMT(from), HS_FMT(from), depth);
    for (size_t i = 0; i < 2; i++) {
        char part[64];
        int len = snprintf(part, sizeof part, "struct_extract(x%d, '%s')", depth, parts[i]);
        hs_buf_addf(out, "%s%s := ", i ? ", " : "", parts[i]);
        HS_TRY(hs_scan_value(out, hs_str_n(part, (size_t)len), physical->fields[i].type, raw->fields[i].type, depth + 1,
                             err));
    }
    hs_buf_addz(out, "))) END");
    return HS_OK;
}

hs_rc hs_scan_value(struct hs_buf *out, hs_str from, const struct hs_type *physical, const struct hs_type *raw,
                    int depth, struct hs_err *err)
{
    if (depth > HS_SCAN_DEPTH)
        return hs_fail(err, HS_LIMIT, "a column is nested too deeply");
    if (depth == 0)
        HS_TRY(check_members(raw, err));
    if (hs_scan_same(physical, raw)) {
        hs_buf_adds(out, from);
        return HS_OK;
    }
    if (physical->id == HS_T_STRUCT && raw->id == HS_T_VARIANT)
        return add_variant(out, from, physical, raw, err);
    if (physical->id == raw->id && raw->id == HS_T_STRUCT)
        return add_struct(out, from, physical, raw, depth + 1, err);
    if (physical->id == raw->id && raw->id == HS_T_LIST && physical->field_count == 1 && raw->field_count == 1)
        return add_list(out, from, physical, raw, depth, err);
    if (physical->id == raw->id && raw->id == HS_T_MAP && physical->field_count == 2 && raw->field_count == 2)
        return add_map(out, from, physical, raw, depth, err);
    return add_plain(out, from, physical, raw, err);
}
