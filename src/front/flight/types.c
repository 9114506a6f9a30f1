#include "front/flight/types.h"

#include <errno.h>
#include <nanoarrow/nanoarrow.h>
#include <stdio.h>

#include "front/flight/catalogs.h"

struct xdbc_type {
    enum hs_type_id type;
    const char *name;
    int code, size, digits, scale;
    const char *prefix, *suffix, *create;
    int generic, subcode, radix;
};

static const struct xdbc_type XDBC_TYPES[] = {
#define XDBC(type, name, code, size, digits, scale, prefix, suffix, create, generic, subcode, radix) \
    {type, name, code, size, digits, scale, prefix, suffix, create, generic, subcode, radix},
#include "front/flight/types.def"
#undef XDBC
};

static const struct xdbc_type *xdbc_of(enum hs_type_id id)
{
    for (size_t i = 0; i < sizeof XDBC_TYPES / sizeof XDBC_TYPES[0]; i++)
        if (XDBC_TYPES[i].type == id)
            return &XDBC_TYPES[i];
    return NULL;
}

/* ---- column metadata ---- */

#define KEY(word) "ARROW:FLIGHT:SQL:" word

struct notes {
    struct ArrowBuffer pairs;
    int code;
};

static void add(struct notes *n, const char *key, hs_str value)
{
    struct ArrowStringView v = {value.at, (int64_t)value.len};
    if (n->code == NANOARROW_OK)
        n->code = ArrowMetadataBuilderAppend(&n->pairs, ArrowCharView(key), v);
}

static void add_int(struct notes *n, const char *key, int value)
{
    char text[16];
    snprintf(text, sizeof text, "%d", value);
    add(n, key, hs_str_of(text));
}

/* A text says nothing of its length: it has none. */
static void add_type(struct notes *n, const struct hs_type *type)
{
    const struct xdbc_type *x = xdbc_of(type->id);
    int digits = x ? x->digits : -1, scale = x ? x->scale : -1;
    if (type->id == HS_T_DECIMAL) {
        digits = type->precision;
        scale = type->scale;
    } else if (type->id == HS_T_FIXED) {
        digits = type->length;
    }
    add(n, KEY("TYPE_NAME"), hs_str_of(x ? x->name : hs_type_name(type->id)));
    if (digits >= 0)
        add_int(n, KEY("PRECISION"), digits);
    if (scale >= 0)
        add_int(n, KEY("SCALE"), scale);
    add(n, KEY("IS_CASE_SENSITIVE"), type->id == HS_T_STRING ? HS_S("1") : HS_S("0"));
}

static void add_place(struct notes *n, const struct hs_flight_origin *o)
{
    add(n, KEY("CATALOG_NAME"), o->mesh);
    add(n, KEY("DB_SCHEMA_NAME"), o->domain); /* the specification's word */
    add(n, KEY("SCHEMA_NAME"), o->domain);    /* what Arrow's own clients look for */
    add(n, KEY("TABLE_NAME"), o->table);
    if (o->remarks.len)
        add(n, KEY("REMARKS"), o->remarks);
}

/* Nobody writes through this door, and no column numbers itself. */
static void add_use(struct notes *n)
{
    add(n, KEY("IS_AUTO_INCREMENT"), HS_S("0"));
    add(n, KEY("IS_READ_ONLY"), HS_S("1"));
    add(n, KEY("IS_SEARCHABLE"), HS_S("1"));
}

static int describe_column(struct ArrowSchema *column, const struct hs_field *f, const struct hs_flight_origin *o)
{
    struct notes n = {.code = NANOARROW_OK};
    n.code = ArrowMetadataBuilderInit(&n.pairs, column->metadata);
    if (o && o->table.len)
        add_place(&n, o);
    add_type(&n, f->type);
    add_use(&n);
    if (n.code == NANOARROW_OK)
        n.code = ArrowSchemaSetMetadata(column, (const char *)n.pairs.data);
    ArrowBufferReset(&n.pairs);
    return n.code;
}

hs_rc hs_flight_describe_columns(struct ArrowSchema *schema, const struct hs_type *type,
                                 const struct hs_flight_origin *origins, struct hs_err *err)
{
    for (size_t i = 0; i < type->field_count; i++)
        if (describe_column(schema->children[i], &type->fields[i], origins ? &origins[i] : NULL) != NANOARROW_OK)
            return hs_fail(err, HS_NOMEM, "out of memory");
    return HS_OK;
}

/* ---- GetXdbcTypeInfo ---- */

enum { NULLABLE = 1, SEARCHABLE_BASIC = 2, SEARCHABLE_FULL = 3 };

const struct rows_column hs_xdbc_columns[19] = {
    {"type_name", HS_T_STRING, true},
    {"data_type", HS_T_INT, true},
    {"column_size", HS_T_INT, false},
    {"literal_prefix", HS_T_STRING, false},
    {"literal_suffix", HS_T_STRING, false},
    {"create_params", HS_T_LIST, false},
    {"nullable", HS_T_INT, true},
    {"case_sensitive", HS_T_BOOLEAN, true},
    {"searchable", HS_T_INT, true},
    {"unsigned_attribute", HS_T_BOOLEAN, false},
    {"fixed_prec_scale", HS_T_BOOLEAN, true},
    {"auto_increment", HS_T_BOOLEAN, false},
    {"local_type_name", HS_T_STRING, false},
    {"minimum_scale", HS_T_INT, false},
    {"maximum_scale", HS_T_INT, false},
    {"sql_data_type", HS_T_INT, true},
    {"datetime_subcode", HS_T_INT, false},
    {"num_prec_radix", HS_T_INT, false},
    {"interval_precision", HS_T_INT, false},
};

static void int_or_null(struct rows *r, int column, int value)
{
    if (value < 0)
        hs_rows_null(r, column);
    else
        hs_rows_int(r, column, value);
}

static void add_words(struct rows *r, int column, const char *comma_separated)
{
    hs_str rest = hs_str_of(comma_separated);
    struct ArrowArray *list = r->array.children[column];
    if (!comma_separated) {
        hs_rows_null(r, column);
        return;
    }
    while (rest.at && r->code == NANOARROW_OK) {
        hs_str word = hs_str_cut(&rest, ',');
        r->code = ArrowArrayAppendString(list->children[0], (struct ArrowStringView){word.at, (int64_t)word.len});
    }
    if (r->code == NANOARROW_OK)
        r->code = ArrowArrayFinishElement(list);
}

static void add_xdbc(struct rows *r, const struct xdbc_type *x)
{
    bool number = x->radix > 0, decimal = x->type == HS_T_DECIMAL;
    int least = decimal ? 0 : x->scale, most = decimal ? 38 : x->scale;
    hs_rows_words(r, 0, x->name);
    hs_rows_int(r, 1, x->code);
    int_or_null(r, 2, x->size);
    hs_rows_words(r, 3, x->prefix);
    hs_rows_words(r, 4, x->suffix);
    add_words(r, 5, x->create);
    hs_rows_int(r, 6, NULLABLE);
    hs_rows_int(r, 7, x->type == HS_T_STRING);
    hs_rows_int(r, 8, x->type == HS_T_STRING ? SEARCHABLE_FULL : SEARCHABLE_BASIC); /* LIKE is for texts */
    int_or_null(r, 9, number ? x->name[0] == 'U' : -1);
    hs_rows_int(r, 10, 0);
    int_or_null(r, 11, number ? 0 : -1);
    hs_rows_words(r, 12, x->name);
    int_or_null(r, 13, least);
    int_or_null(r, 14, most);
    hs_rows_int(r, 15, x->generic);
    int_or_null(r, 16, x->subcode);
    int_or_null(r, 17, x->radix);
    hs_rows_null(r, 18);
    hs_rows_end(r);
}

hs_rc hs_xdbc_fill(struct flight_call *c, hs_str value, const struct hs_catalog *catalog, struct rows *out,
                   struct hs_err *err)
{
    int64_t wanted = INT64_MIN;
    (void)c;
    (void)catalog;
    HS_TRY(HS_PICK(value, err, {1, PICK_INT, &wanted}));
    for (size_t i = 0; i < sizeof XDBC_TYPES / sizeof XDBC_TYPES[0]; i++)
        if (wanted == INT64_MIN || (int32_t)wanted == XDBC_TYPES[i].code)
            add_xdbc(out, &XDBC_TYPES[i]);
    return HS_OK;
}
