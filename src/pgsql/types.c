/* Types: the table, what a type name in a statement means, how the engine spells it, and casts. */
#include "pgsql/pgsql_in.h"

static const struct pg_type TYPES[] = {
#define TYPE(name, oid, array, engine, klass) {#name, oid, array, engine, klass},
#include "pgsql/types.def"
#undef TYPE
};
#define TYPE_COUNT (sizeof TYPES / sizeof *TYPES)

const struct pg_type *hs_pgsql_type_by_oid(uint32_t oid)
{
    for (size_t i = 0; i < TYPE_COUNT; i++) {
        if (TYPES[i].oid == oid)
            return &TYPES[i];
    }
    return NULL;
}

const struct pg_type *hs_pgsql_type_by_array(uint32_t oid)
{
    for (size_t i = 0; i < TYPE_COUNT && oid; i++) {
        if (TYPES[i].array == oid)
            return &TYPES[i];
    }
    return NULL;
}

const struct pg_type *hs_pgsql_type_by_name(hs_str name)
{
    for (size_t i = 0; i < TYPE_COUNT; i++) {
        if (hs_str_is(name, TYPES[i].name))
            return &TYPES[i];
    }
    return NULL;
}

char hs_pgsql_klass(uint32_t oid)
{
    const struct pg_type *type = hs_pgsql_type_by_oid(oid);
    return type ? type->klass : hs_pgsql_type_by_array(oid) ? 'A' : 0;
}

static uint32_t plain_oid(enum hs_type_id id)
{
    static const uint32_t OIDS[HS_T_COUNT_] = {
        [HS_T_BOOLEAN] = HS_OID_bool,
        [HS_T_INT] = HS_OID_int4,
        [HS_T_LONG] = HS_OID_int8,
        [HS_T_FLOAT] = HS_OID_float4,
        [HS_T_DOUBLE] = HS_OID_float8,
        [HS_T_DECIMAL] = HS_OID_numeric,
        [HS_T_DATE] = HS_OID_date,
        [HS_T_TIME] = HS_OID_time,
        [HS_T_TIMESTAMP] = HS_OID_timestamp,
        [HS_T_TIMESTAMPTZ] = HS_OID_timestamptz,
        [HS_T_TIMESTAMP_NS] = HS_OID_timestamp,
        [HS_T_TIMESTAMPTZ_NS] = HS_OID_timestamptz,
        [HS_T_STRING] = HS_OID_text,
        [HS_T_UUID] = HS_OID_uuid,
        [HS_T_FIXED] = HS_OID_bytea,
        [HS_T_BINARY] = HS_OID_bytea,
        [HS_T_INT8] = HS_OID_int2,
        [HS_T_INT16] = HS_OID_int2,
        [HS_T_UINT8] = HS_OID_int2,
        [HS_T_UINT16] = HS_OID_int4,
        [HS_T_UINT32] = HS_OID_oid,
        [HS_T_UINT64] = HS_OID_numeric,
        [HS_T_INTERVAL] = HS_OID_interval,
    };
    return id < HS_T_COUNT_ ? OIDS[id] : 0;
}

struct kind hs_pgsql_kind_of(const struct hs_type *type)
{
    struct kind kind = {plain_oid(type->id), -1, type};
    if (type->id == HS_T_DECIMAL)
        kind.typmod = ((type->precision << 16) | type->scale) + 4;
    if (type->id == HS_T_LIST && type->field_count == 1) {
        const struct pg_type *element = hs_pgsql_type_by_oid(plain_oid(type->fields[0].type->id));
        kind.oid = element ? element->array : 0;
    }
    if (type->id == HS_T_STRUCT)
        kind.oid = HS_OID_record;
    return kind;
}

/* varchar(3), numeric(10, 2), timestamp(3), interval day to second(2): the number PostgreSQL keeps. */
static hs_rc typmod(struct reader *r, const struct pg_type *type, yyjson_val *list, int32_t *out)
{
    int64_t n[2] = {0, 0};
    size_t count = yyjson_arr_size(list);
    *out = -1;
    if (count == 0)
        return HS_OK;
    bool fits = count <= 2;
    for (size_t i = 0; fits && i < count; i++)
        fits = node_constant_number(r, yyjson_arr_get(list, i), &n[i]);
    if (!fits)
        return refuse(r, -1, "22023", "invalid type modifier of \"%s\"", type->name);
    switch (type->oid) {
    case HS_OID_numeric:
        if (n[0] < 1 || n[0] > 1000 || n[1] < -1000 || n[1] > 1000)
            return refuse(r, -1, "22023", "NUMERIC precision %lld must be between 1 and 1000", (long long)n[0]);
        if (n[0] > 38 || n[1] < 0 || n[1] > n[0])
            return refuse(r, -1, "0A000",
                          "numeric(%lld, %lld) is not supported: at most 38 digits, and a scale among them",
                          (long long)n[0], (long long)n[1]);
        *out = (int32_t)((n[0] << 16) | n[1]) + 4;
        return HS_OK;
    case HS_OID_varchar:
    case HS_OID_bpchar:
        if (n[0] < 1 || n[0] > 10485760)
            return refuse(r, -1, "22023", "length for type %s must be at least 1", type->name);
        *out = (int32_t)n[0] + 4;
        return HS_OK;
    case HS_OID_interval: /* as PostgreSQL keeps it: which fields, and digits of a second (0xffff: all) */
        *out = (int32_t)((n[0] & 0x7fff) << 16 | (count == 2 && n[1] >= 0 && n[1] < 6 ? n[1] : 0xffff));
        return HS_OK;
    default:
        *out = (int32_t)n[0];
        return HS_OK;
    }
}

hs_rc type_name(struct reader *r, yyjson_val *body, struct kind *out)
{
    HS_TRY(node_check(r, "TypeName", body));
    hs_str schema, name = node_last_name(yyjson_obj_get(body, "names"), &schema);
    size_t bounds = yyjson_arr_size(yyjson_obj_get(body, "arrayBounds"));
    bool array = bounds > 0;
    const struct pg_type *type = hs_pgsql_type_by_name(name);
    if (!type && name.len > 1 && name.at[0] == '_') {
        type = hs_pgsql_type_by_name(hs_str_n(name.at + 1, name.len - 1));
        array = true;
    }
    bool ours = schema.len == 0 || hs_str_is(schema, "pg_catalog");
    if (ours && hs_str_is(name, "unknown")) {
        *out = KIND_OF(HS_OID_text);
        return HS_OK;
    }
    /* information_schema's own domains. */
    if (hs_str_is(schema, "information_schema"))
        type = hs_pgsql_type_by_oid(hs_str_is(name, "cardinal_number") ? HS_OID_int4 : HS_OID_text);
    else if (!type || !ours)
        return refuse(r, node_location(body), "42704", "type \"%.*s\" does not exist", HS_FMT(name));
    if (bounds > 1)
        return refuse(r, node_location(body), "0A000", "arrays of several dimensions are not supported");
    int32_t mod;
    HS_TRY(typmod(r, type, yyjson_obj_get(body, "typmods"), &mod));
    *out = (struct kind){array ? type->array : type->oid, mod, NULL};
    return HS_OK;
}

hs_rc type_print(struct reader *r, struct kind kind, int location, struct piece *out)
{
    const struct pg_type *element = hs_pgsql_type_by_array(kind.oid);
    const struct pg_type *type = element ? element : hs_pgsql_type_by_oid(kind.oid);
    if (!type || !type->engine[0])
        return refuse(r, location, "0A000", "values of type \"%s\" are not supported", type ? type->name : "unknown");
    if (type->oid == HS_OID_numeric && kind.typmod >= 4)
        put(r, out, "DECIMAL(%d, %d)", (int64_t)((kind.typmod - 4) >> 16), (int64_t)((kind.typmod - 4) & 0xffff));
    else
        put(r, out, "%s", type->engine);
    if (element)
        put(r, out, "[]");
    return HS_OK;
}

/* ---- casts ---- */

/* '12.50' as a numeric without a scale keeps the digits that were written. */
static bool literal_scale(hs_str text, int *precision, int *scale)
{
    text = hs_str_trim(text);
    size_t digits = 0, after = 0;
    bool dot = false;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.at[i];
        if (c == '.' && !dot) {
            dot = true;
        } else if (c >= '0' && c <= '9') {
            digits++;
            after += dot;
        } else if (!(i == 0 && (c == '-' || c == '+'))) {
            return false;
        }
    }
    *precision = digits > 38 ? 39 : digits > 0 ? (int)digits : 1;
    *scale = (int)after;
    return digits > 0;
}

/* A numeric without (p, s): the digits of what is cast. */
static hs_rc cast_numeric_literal(struct reader *r, struct piece *value, struct kind *to, int location, bool *done,
                                  struct piece *out)
{
    int precision, scale;
    *done = value->form == PIECE_LITERAL && literal_scale(value->literal, &precision, &scale);
    if (!*done)
        return HS_OK;
    if (precision > 38)
        return refuse(r, location, "0A000", "a numeric of more than 38 digits is not supported");
    put(r, out, "CAST(%P AS DECIMAL(%d, %d))", value, (int64_t)precision, (int64_t)scale);
    to->typmod = ((precision << 16) | scale) + 4;
    return HS_OK;
}

static hs_rc cast_text(struct reader *r, struct piece *value, struct kind to, struct piece *out)
{
    struct piece text = {0};
    piece_join(&text, value);
    int64_t length = to.typmod >= 4 ? to.typmod - 4 : 0;
    if (to.oid == HS_OID_bpchar && length)
        put(r, out, "rpad(\"left\"(%P, %d), %d, ' ')", &text, length, length);
    else if (to.oid == HS_OID_varchar && length)
        put(r, out, "\"left\"(%P, %d)", &text, length);
    else if (to.oid == HS_OID_char)
        put(r, out, "\"left\"(%P, 1)", &text);
    else
        put(r, out, "CAST(%P AS VARCHAR)", &text);
    return HS_OK;
}

static hs_rc cast_param(struct reader *r, struct piece *value, struct kind to, struct piece *out, int location)
{
    param_is(r, value, to.oid);
    if (to.oid == HS_OID_numeric && to.typmod < 0) { /* bound with the digits that it has; a cast would cut them */
        put(r, out, "%P", value);
        return HS_OK;
    }
    if (hs_pgsql_type_by_array(to.oid))
        put(r, out, "CAST(CAST(%P AS VARCHAR) AS ", value); /* handed over as the engine's text of a list */
    else
        put(r, out, "CAST(%P AS ", value);
    HS_TRY(type_print(r, to, location, out));
    put(r, out, ")");
    return HS_OK;
}

/* d a digit; a space stands for a space or a T. How many bytes of text the shape takes; 0: it is not of it. */
static size_t shaped(hs_str text, const char *shape)
{
    size_t i = 0;
    for (; shape[i]; i++) {
        char c = i < text.len ? text.at[i] : 0;
        bool fits = shape[i] == 'd' ? c >= '0' && c <= '9' : shape[i] == ' ' ? c == ' ' || c == 'T' : c == shape[i];
        if (!fits)
            return 0;
    }
    return i;
}

static hs_str skip_fraction(hs_str text)
{
    size_t i = 0;
    if (text.len < 2 || text.at[0] != '.')
        return text;
    for (i = 1; i < text.len && i < 7 && text.at[i] >= '0' && text.at[i] <= '9'; i++)
        continue;
    return hs_str_n(text.at + i, text.len - i);
}

/* The year 0 is none to PostgreSQL. */
static bool iso_date(hs_str text)
{
    return shaped(text, "dddd-dd-dd") && memcmp(text.at, "0000", 4) != 0;
}

static bool iso_timestamp(hs_str text, bool zoned)
{
    static const char *const OFFSETS[] = {"+dd", "-dd", "+dd:dd", "-dd:dd", "Z"};
    if (!iso_date(text))
        return false;
    if (text.len == 10)
        return !zoned;
    size_t len = shaped(text, "dddd-dd-dd dd:dd:dd");
    if (!len || (text.at[11] == '2' && text.at[12] > '3') || text.at[17] > '5')
        return false;
    hs_str rest = skip_fraction(hs_str_n(text.at + len, text.len - len));
    for (size_t i = 0; zoned && i < sizeof OFFSETS / sizeof *OFFSETS; i++) {
        if (shaped(rest, OFFSETS[i]) == rest.len && rest.len)
            return true;
    }
    return !zoned && rest.len == 0;
}

/* Strings that the engine reads as PostgreSQL does, and that it may compare with a file's statistics as they are. */
static bool literal_is_plain(hs_str text, uint32_t oid)
{
    int64_t n;
    switch (hs_pgsql_klass(oid)) {
    case 'i':
    case 'o': {
        int64_t most = oid == HS_OID_int2   ? INT16_MAX
                       : oid == HS_OID_int4 ? INT32_MAX
                       : oid == HS_OID_int8 ? INT64_MAX
                                            : UINT32_MAX;
        return hs_str_to_i64(text, &n) && n <= most && n >= (hs_pgsql_klass(oid) == 'o' ? 0 : -most);
    }
    case 'b':
        return hs_str_is(text, "true") || hs_str_is(text, "false");
    case 't':
        return true;
    case 'u':
        return text.len == 36;
    case 'd':
        return text.len == 10 && iso_date(text);
    case 's':
        return iso_timestamp(text, false);
    case 'z':
        return iso_timestamp(text, true);
    default:
        return false;
    }
}

/* '2020-01-01 00:00:00' as a timestamptz, where the session's zone is UTC: said with the offset it is plain. */
static hs_rc zone_literal(struct reader *r, struct piece *value, struct kind to, int location)
{
    hs_str zone = r->context->time_zone;
    bool utc = hs_str_eq_nocase(zone, HS_S("UTC")) || hs_str_is(zone, "Etc/UTC") || hs_str_is(zone, "GMT");
    if (value->form != PIECE_LITERAL || to.oid != HS_OID_timestamptz || !utc || !iso_timestamp(value->literal, false))
        return HS_OK;
    hs_str text =
        hs_arena_printf(r->arena, value->literal.len == 10 ? "%.*s 00:00:00+00" : "%.*s+00", HS_FMT(value->literal));
    if (!text.at)
        return no_memory(r);
    value->literal = text;
    value->first = value->last = NULL;
    put(r, value, "%L%T", location, &text);
    return HS_OK;
}

/* interval '1' day: the unit stands behind. */
static hs_rc interval_fields(struct reader *r, struct piece *value, struct kind to, int location)
{
    static const struct {
        int32_t mask;
        const char *unit;
    } UNITS[] = {{4, "year"}, {2, "month"}, {8, "day"}, {1024, "hour"}, {2048, "minute"}, {4096, "second"}};
    int32_t fields = to.typmod >> 16;
    if (to.oid != HS_OID_interval || to.typmod < 0 || fields == 0x7fff)
        return HS_OK;
    int precision, scale;
    for (size_t i = 0; i < sizeof UNITS / sizeof *UNITS; i++) {
        if (UNITS[i].mask != fields || value->form != PIECE_LITERAL ||
            !literal_scale(value->literal, &precision, &scale) || (scale && i != 5))
            continue;
        hs_str text = hs_arena_printf(r->arena, "%.*s %s", HS_FMT(value->literal), UNITS[i].unit);
        if (!text.at)
            return no_memory(r);
        value->literal = text;
        value->first = value->last = NULL;
        put(r, value, "%L%T", location, &text);
        return HS_OK;
    }
    return refuse(r, location, "0A000", "interval fields are supported as one number and one unit: interval '1' day");
}

/* What functions.def says of "cast:type" for this argument, else the engine's own cast. */
static hs_rc cast_plain(struct reader *r, struct piece *value, struct kind to, int location, struct piece *out)
{
    const struct pg_type *type = hs_pgsql_type_by_oid(to.oid);
    bool found = false, set;
    struct piece arg = *value, made = {0};
    struct call call = {.args = &arg, .count = 1, .location = location};
    bool literal = value->form == PIECE_LITERAL;
    if (type && !(literal && literal_is_plain(value->literal, to.oid))) {
        call.name = hs_arena_printf(r->arena, "cast:%s", type->klass == 't' ? "text" : type->name);
        if (!call.name.at)
            return no_memory(r);
        if (literal) {
            arg.kind = KIND_OF(HS_OID_text);
            arg.form = PIECE_PLAIN;
        }
        HS_TRY(call_by_table(r, &call, &found, &set, &made));
    }
    bool has_mod = to.typmod >= 4 && type && type->oid == HS_OID_numeric;
    if (found && !has_mod) {
        piece_join(out, &made);
        return HS_OK;
    }
    put(r, out, "CAST(%P AS ", found ? &made : value);
    HS_TRY(type_print(r, to, location, out));
    put(r, out, ")");
    return HS_OK;
}

/* timestamp(3) and its kin round; what lies below the microsecond is not there anyway. */
void round_seconds(struct reader *r, struct kind to, struct piece *value)
{
    char klass = hs_pgsql_klass(to.oid);
    int32_t digits = klass == 'v' ? to.typmod & 0xffff : to.typmod;
    struct piece made = {0};
    if (!(klass == 's' || klass == 'z' || klass == 'c' || klass == 'v') || to.typmod < 0 || digits >= 6)
        return;
    put(r, &made, "hs_pg_precision(%P, %d)", value, (int64_t)digits);
    value->first = made.first;
    value->last = made.last;
}

/* bit(n) of bits: the first n, filled up with zeros. bit varying(n): the first n. */
static hs_rc bits(struct reader *r, struct piece *value, struct kind to, int location, struct piece *out)
{
    bool varying = to.oid == HS_OID_varbit;
    int64_t n = to.typmod;
    if (hs_pgsql_klass(value->kind.oid) != 'B' && value->form != PIECE_LITERAL)
        return refuse(r, location, "0A000", "a cast to bit is supported from bits and constants");
    if (value->form == PIECE_LITERAL && strspn(value->literal.at, "01") < value->literal.len)
        return refuse(r, location, "22P02", "a text is not one of binary digits");
    if (value->form == PIECE_LITERAL && !value->literal.len)
        return refuse(r, location, "0A000", "a bit string without bits is not supported");
    if (n < 0)
        put(r, out, "CAST(%P AS BIT)", value);
    else
        put(r, out,
            varying ? "CAST(\"left\"(CAST(%P AS VARCHAR), %d) AS BIT)"
                    : "CAST(rpad(CAST(%P AS VARCHAR), %d, '0') AS BIT)",
            value, n);
    return HS_OK;
}

static hs_rc cast_to_text(struct reader *r, struct piece *value, struct kind to, int location, struct piece *out)
{
    struct piece text = {.kind = KIND_OF(HS_OID_text)};
    if (value->form == PIECE_LITERAL || hs_pgsql_klass(value->kind.oid) == 't')
        return cast_text(r, value, to, out);
    if (is_reg(value->kind.oid))
        HS_TRY(reg_name(r, value, &text));
    else
        HS_TRY(cast_plain(r, value, KIND_OF(HS_OID_text), location, &text));
    if (to.typmod < 4 && to.oid != HS_OID_char) {
        *out = text;
        return HS_OK;
    }
    return cast_text(r, &text, to, out);
}

/* text[] of values whose text is not the engine's: element by element. */
static hs_rc cast_elements(struct reader *r, struct piece *value, struct kind to, int location, bool *done,
                           struct piece *out)
{
    const struct pg_type *from = hs_pgsql_type_by_array(value->kind.oid), *element = hs_pgsql_type_by_array(to.oid);
    *done = from && element && element->klass == 't' && from->klass != 't' && from->klass != 'i';
    if (!*done)
        return HS_OK;
    struct piece one = {.kind = KIND_OF(from->oid)}, cast = {0};
    put(r, &one, "hs_e");
    if (from->oid == HS_OID_regtype)
        put(r, &cast, "hs_pg_format_type(CAST(hs_e AS BIGINT), NULL)");
    else if (is_reg(from->oid))
        return refuse(r, location, "0A000", "a cast of %s[] to text[] is not supported", from->name);
    else
        HS_TRY(cast_to(r, &one, (struct kind){element->oid, to.typmod, NULL}, location, &cast));
    put(r, out, "list_transform(%P, lambda hs_e: %P)", value, &cast);
    return HS_OK;
}

/* 'now', 'today' and their kin are of the session. */
static hs_rc cast_word_of_time(struct reader *r, struct piece *value, struct kind to, bool *done, struct piece *out)
{
    static const struct {
        const char *word;
        int days; /* from midnight of today */
    } WORDS[] = {{"today", 0}, {"tomorrow", 1}, {"yesterday", -1}};
    char klass = hs_pgsql_klass(to.oid);
    struct piece made = {0};
    hs_str word = hs_str_trim(value->literal);
    if (value->form != PIECE_LITERAL || !(klass == 's' || klass == 'z' || klass == 'd' || klass == 'c'))
        return HS_OK;
    if (hs_str_eq_nocase(word, HS_S("now"))) {
        HS_TRY(now_as(r, to.oid, &made));
        *done = true;
    }
    for (size_t i = 0; i < 3 && klass != 'c'; i++) {
        struct piece day = {0};
        if (!hs_str_eq_nocase(word, hs_str_of(WORDS[i].word)))
            continue;
        HS_TRY(now_as(r, HS_OID_date, &day));
        put(r, &made, "(%P + %d)", &day, (int64_t)WORDS[i].days);
        made.kind = KIND_OF(HS_OID_date);
        if (klass != 'd') {
            day = made;
            made = (struct piece){0};
            HS_TRY(cast_plain(r, &day, (struct kind){to.oid, -1, NULL}, -1, &made));
        }
        *done = true;
    }
    if (*done) {
        round_seconds(r, to, &made);
        made.kind = to;
        *out = made;
    }
    return HS_OK;
}

hs_rc cast_to(struct reader *r, struct piece *value, struct kind to, int location, struct piece *out)
{
    struct piece made = {0};
    const struct pg_type *type = hs_pgsql_type_by_oid(to.oid);
    bool text = type && type->klass == 't', done = false;
    bool bare_param = value->form == PIECE_PARAM && (value->kind.oid == HS_OID_unknown || value->kind.oid == to.oid) &&
                      !(text && to.typmod >= 0);
    if (hs_pgsql_klass(to.oid) == 'C' && value->form == PIECE_LITERAL)
        return refuse(r, location, "0A000", "time with time zone is supported for CURRENT_TIME alone");
    HS_TRY(cast_word_of_time(r, value, to, &done, out));
    if (done)
        return HS_OK;
    if (hs_pgsql_type_by_array(to.oid) && hs_pgsql_klass(value->kind.oid) == 't')
        return refuse(r, location, "0A000", "a cast of a text that is not a constant to an array is not supported");
    if (value->is_null) {
        put(r, &made, "CAST(NULL AS ");
        HS_TRY(type_print(r, to, location, &made));
        put(r, &made, ")");
    } else if (value->form == PIECE_LITERAL && hs_pgsql_type_by_array(to.oid)) {
        HS_TRY(array_constant(r, value->literal, to, location, &made));
    } else if (is_reg(to.oid)) {
        HS_TRY(reg_cast(r, value, to, location, &made));
    } else if (hs_pgsql_klass(to.oid) == 'B') {
        HS_TRY(bits(r, value, to, location, &made));
    } else if (bare_param) {
        HS_TRY(cast_param(r, value, to, &made, location));
    } else if (text) {
        param_is(r, value, HS_OID_text);
        HS_TRY(cast_to_text(r, value, to, location, &made));
    } else {
        HS_TRY(interval_fields(r, value, to, location));
        HS_TRY(zone_literal(r, value, to, location));
        HS_TRY(cast_elements(r, value, to, location, &done, &made));
        if (to.oid == HS_OID_numeric && to.typmod < 0)
            HS_TRY(cast_numeric_literal(r, value, &to, location, &done, &made));
        if (!done)
            HS_TRY(cast_plain(r, value, to, location, &made));
    }
    round_seconds(r, to, &made);
    made.param = 0;
    made.kind = to;
    made.form = PIECE_PLAIN;
    *out = made;
    return HS_OK;
}

hs_rc print_cast(struct reader *r, yyjson_val *body, struct piece *out)
{
    struct kind to;
    struct piece value = {0};
    HS_TRY(type_name(r, yyjson_obj_get(body, "typeName"), &to));
    yyjson_val *array = node_only(yyjson_obj_get(body, "arg"), "A_ArrayExpr");
    if (array && hs_pgsql_type_by_array(to.oid) && yyjson_arr_size(yyjson_obj_get(array, "elements")) == 0) {
        put(r, out, "CAST([] AS ");
        HS_TRY(type_print(r, to, node_location(body), out));
        put(r, out, ")");
        out->kind = to;
        return HS_OK;
    }
    HS_TRY(expr(r, yyjson_obj_get(body, "arg"), &value));
    int location = node_location(body);
    return cast_to(r, &value, to, location < 0 ? node_location(yyjson_obj_get(body, "typeName")) : location, out);
}
