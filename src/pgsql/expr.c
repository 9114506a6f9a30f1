/* Expressions: which node is printed by whom, and the small ones. */
#include "pgsql/pgsql_in.h"

static const struct {
    const char *kind;
    print_fn *print;
} NODES[] = {
#define NODE(kind, function, fields) {#kind, function},
#define PART(kind, fields)
#include "pgsql/nodes.def"
#undef NODE
#undef PART
};

hs_rc expr(struct reader *r, yyjson_val *node, struct piece *out)
{
    yyjson_val *body;
    const char *kind = node_kind(node, &body);
    if (r->failed)
        return overrun(r);
    for (size_t i = 0; i < sizeof NODES / sizeof *NODES; i++) {
        if (strcmp(NODES[i].kind, kind) != 0)
            continue;
        HS_TRY(node_check(r, kind, body));
        if (r->depth >= HS_PGSQL_DEPTH)
            return refuse(r, node_location(body), "54001", "statement is nested too deeply");
        r->depth++;
        struct piece made = {.kind = NOT_KNOWN};
        hs_rc rc = NODES[i].print(r, body, &made);
        r->depth--;
        if (rc == HS_OK)
            *out = made;
        return rc;
    }
    if (strcmp(kind, "SetToDefault") == 0)
        return refuse(r, node_location(body), "42601", "DEFAULT is not allowed in this context");
    return refuse(r, node_location(body), "0A000", "%s is not supported",
                  kind[0] ? kind : "an expression of this kind");
}

hs_rc expr_settled(struct reader *r, yyjson_val *node, struct piece *out)
{
    struct piece value = {0};
    HS_TRY(expr(r, node, &value));
    if (value.form == PIECE_LITERAL || (value.form == PIECE_PARAM && !value.is_null))
        return cast_to(r, &value, KIND_OF(value.kind.oid && value.form == PIECE_PARAM ? value.kind.oid : HS_OID_text),
                       -1, out);
    *out = value;
    return HS_OK;
}

hs_rc expr_list(struct reader *r, yyjson_val *list, struct piece *out)
{
    EACH(i, item, list)
    {
        struct piece one = {0};
        HS_TRY(expr(r, item, &one));
        if (i)
            put(r, out, ", ");
        put(r, out, "%P", &one);
    }
    return HS_OK;
}

/* 1.5e3 as 1500, which is numeric to PostgreSQL; the engine would take it for a double. false: too long. */
static bool written_out(struct reader *r, hs_str *digits)
{
    hs_str mantissa = *digits;
    size_t at = 0;
    int64_t exponent;
    while (at < mantissa.len && (mantissa.at[at] | 0x20) != 'e')
        at++;
    hs_str power = hs_str_n(mantissa.at + at + 1, mantissa.len - at - 1);
    if (power.len && power.at[0] == '+')
        power = hs_str_n(power.at + 1, power.len - 1);
    mantissa.len = at;
    if (!hs_str_to_i64(power, &exponent) || exponent > 40 || exponent < -40 || mantissa.len > 40)
        return false;
    char figures[128], text[256];
    size_t count = 0, point = 0, len = 0;
    bool dot = false, negative = mantissa.len && mantissa.at[0] == '-';
    for (size_t i = negative; i < mantissa.len; i++) {
        if (mantissa.at[i] == '.') {
            dot = true;
            point = count;
        } else {
            figures[count++] = mantissa.at[i];
        }
    }
    int64_t whole = (int64_t)(dot ? point : count) + exponent;
    int64_t most = whole > (int64_t)count ? whole : (int64_t)count, least = whole < 0 ? whole : 0;
    if (most - least > 38)
        return false;
    if (negative)
        text[len++] = '-';
    for (int64_t i = least; i < most; i++) {
        if (i == whole)
            text[len++] = '.';
        text[len++] = i >= 0 && i < (int64_t)count ? figures[i] : '0';
    }
    *digits = hs_arena_str(r->arena, hs_str_n(text, len));
    if (whole == most) /* a point all the same: it is numeric, not an integer */
        *digits = hs_arena_printf(r->arena, "CAST(%.*s AS DECIMAL(%d, 0))", (int)len, text, (int)(most - least));
    return digits->at != NULL;
}

/* A number as it was written: an integer that fits has an integer's type, everything else is numeric. */
static hs_rc print_number(struct reader *r, hs_str digits, int location, struct piece *out)
{
    int64_t whole;
    bool is_int = hs_str_to_i64(digits, &whole);
    bool exponent = memchr(digits.at, 'e', digits.len) || memchr(digits.at, 'E', digits.len);
    size_t figures = 0;
    for (size_t i = 0; i < digits.len; i++)
        figures += digits.at[i] >= '0' && digits.at[i] <= '9';
    if (!is_int && !exponent && figures > 38)
        return refuse(r, location, "0A000", "a number of more than 38 digits is not supported");
    bool negative = digits.len && digits.at[0] == '-';
    exponent = exponent && !written_out(r, &digits);
    if (!is_int && !exponent && !memchr(digits.at, '.', digits.len) && digits.at[0] != 'C')
        put(r, out, "CAST(%L%S AS DECIMAL(38, 0))", location, &digits);
    else
        put(r, out, negative ? "(%L%S)" : "%L%S", location, &digits);
    out->kind = KIND_OF(is_int     ? (whole >= INT32_MIN && whole <= INT32_MAX ? HS_OID_int4 : HS_OID_int8)
                        : exponent ? HS_OID_float8
                                   : HS_OID_numeric);
    return HS_OK;
}

/* b'101' and x'1f'. */
static hs_rc print_bits(struct reader *r, hs_str bits, int location, struct piece *out)
{
    struct hs_buf b;
    hs_buf_init(&b, bits.len * 4 + 1);
    for (size_t i = 1; i < bits.len; i++) {
        int digit = hs_hex_digit(bits.at[i]);
        for (int bit = bits.at[0] == 'x' ? 3 : 0; bit >= 0; bit--)
            hs_buf_addc(&b, digit >> bit & 1 ? '1' : '0');
    }
    hs_str text = b.failed ? (hs_str){NULL, 0} : hs_arena_str(r->arena, hs_buf_str(&b));
    hs_buf_fini(&b);
    if (!text.at)
        return no_memory(r);
    if (!text.len)
        return refuse(r, location, "0A000", "a bit string without bits is not supported");
    put(r, out, "CAST(%L%T AS BIT)", location, &text);
    out->kind = KIND_OF(HS_OID_bit);
    return HS_OK;
}

hs_rc print_constant(struct reader *r, yyjson_val *body, struct piece *out)
{
    int location = node_location(body);
    yyjson_val *v;
    if (node_flag(body, "isnull")) {
        put(r, out, "%LNULL", location);
        out->is_null = true;
        out->kind = KIND_OF(HS_OID_unknown);
        return HS_OK;
    }
    if ((v = yyjson_obj_get(body, "ival"))) {
        int64_t number = node_integer(r->script->text, v, location);
        hs_str digits = hs_arena_printf(r->arena, "%lld", (long long)number);
        return digits.at ? print_number(r, digits, location, out) : no_memory(r);
    }
    if ((v = yyjson_obj_get(body, "fval")))
        return print_number(r, node_text(v, "fval"), location, out);
    if ((v = yyjson_obj_get(body, "bsval")))
        return print_bits(r, node_text(v, "bsval"), location, out);
    if ((v = yyjson_obj_get(body, "boolval"))) {
        put(r, out, node_flag(v, "boolval") ? "%Ltrue" : "%Lfalse", location);
        out->kind = KIND_OF(HS_OID_bool);
        return HS_OK;
    }
    out->literal = node_text(yyjson_obj_get(body, "sval"), "sval");
    out->form = PIECE_LITERAL;
    out->kind = KIND_OF(HS_OID_unknown);
    put(r, out, "%L%T", location, &out->literal);
    return HS_OK;
}

/* ---- parameters ---- */

void param_is(struct reader *r, struct piece *p, uint32_t oid)
{
    if (p->form == PIECE_PARAM && p->param <= r->param_count && !r->param_types[p->param - 1] && oid != HS_OID_unknown)
        r->param_types[p->param - 1] = oid;
}

hs_rc print_param(struct reader *r, yyjson_val *body, struct piece *out)
{
    int64_t number = node_number(body, "number");
    if (number < 1 || (size_t)number > r->param_count)
        return refuse(r, node_location(body), "42P02", "there is no parameter $%lld", (long long)number);
    put(r, out, "%L$%d", node_location(body), number);
    out->form = PIECE_PARAM;
    out->param = (size_t)number;
    uint32_t oid = r->param_types[number - 1];
    out->kind = KIND_OF(oid ? oid : HS_OID_unknown);
    return HS_OK;
}

/* ---- conditions ---- */

void unpad(struct reader *r, struct piece *p)
{
    if (p->kind.oid != HS_OID_bpchar)
        return;
    struct piece made = {.kind = KIND_OF(HS_OID_text)};
    put(r, &made, "rtrim(%P, ' ')", p);
    *p = made;
}

static const char *spoken_type(uint32_t oid)
{
    static const struct {
        uint32_t oid;
        const char *words;
    } WORDS[] = {{HS_OID_int4, "integer"},
                 {HS_OID_int8, "bigint"},
                 {HS_OID_int2, "smallint"},
                 {HS_OID_float8, "double precision"},
                 {HS_OID_float4, "real"},
                 {HS_OID_varchar, "character varying"},
                 {HS_OID_bpchar, "character"},
                 {HS_OID_timestamp, "timestamp without time zone"},
                 {HS_OID_timestamptz, "timestamp with time zone"},
                 {HS_OID_time, "time without time zone"}};
    for (size_t i = 0; i < sizeof WORDS / sizeof *WORDS; i++) {
        if (WORDS[i].oid == oid)
            return WORDS[i].words;
    }
    const struct pg_type *type = hs_pgsql_type_by_oid(oid);
    return type ? type->name : "another type";
}

hs_rc must_be_boolean(struct reader *r, struct piece *p, const char *what, int location)
{
    char klass = hs_pgsql_klass(p->kind.oid);
    struct piece settled;
    if (p->form == PIECE_LITERAL) {
        HS_TRY(cast_to(r, p, KIND_OF(HS_OID_bool), location, &settled));
        *p = settled;
    }
    param_is(r, p, HS_OID_bool);
    if (klass && klass != 'b' && p->form != PIECE_LITERAL)
        return refuse(r, location < 0 && p->first ? p->first->source : location, "42804",
                      "argument of %s must be type boolean, not type %s", what, spoken_type(p->kind.oid));
    return HS_OK;
}

hs_rc print_bool(struct reader *r, yyjson_val *body, struct piece *out)
{
    yyjson_val *args = yyjson_obj_get(body, "args");
    out->kind = KIND_OF(HS_OID_bool);
    if (node_is(body, "boolop", "NOT_EXPR")) {
        struct piece one = {0};
        HS_TRY(expr(r, yyjson_arr_get_first(args), &one));
        HS_TRY(must_be_boolean(r, &one, "NOT", -1));
        put(r, out, "(NOT %P)", &one);
        return HS_OK;
    }
    const char *word = node_is(body, "boolop", "AND_EXPR") ? " AND " : " OR ";
    put(r, out, "(");
    EACH(i, item, args)
    {
        struct piece one = {0};
        HS_TRY(expr(r, item, &one));
        HS_TRY(must_be_boolean(r, &one, node_is(body, "boolop", "AND_EXPR") ? "AND" : "OR", -1));
        put(r, out, "%s%P", i ? word : "", &one);
    }
    put(r, out, ")");
    return HS_OK;
}

/* Of a row, IS NULL and IS NOT NULL ask all of its members. */
static hs_rc null_of_members(struct reader *r, struct piece *one, bool is, struct piece *out)
{
    const struct hs_type *shape = one->kind.shape;
    size_t count = one->row ? one->row->columns.list.len : shape->field_count;
    if (one->row && one->row->columns.open)
        return refuse(r, -1, "0A000", "IS NULL of a row is supported only where all columns are known");
    put(r, out, "(true");
    for (size_t i = 0; i < count; i++) {
        if (one->row) {
            const struct column *c = &one->row->columns.list.at[i];
            put(r, out, " AND %N.%N", &one->row->alias, c->printed.len ? &c->printed : &c->name);
        } else {
            struct piece copy = piece_copy(r, one);
            put(r, out, " AND struct_extract(%P, %T)", &copy, &shape->fields[i].name);
        }
        put(r, out, is ? " IS NULL" : " IS NOT NULL");
    }
    put(r, out, ")");
    return HS_OK;
}

hs_rc print_null_test(struct reader *r, yyjson_val *body, struct piece *out)
{
    struct piece one = {0};
    bool is = node_is(body, "nulltesttype", "IS_NULL");
    yyjson_val *row = node_only(yyjson_obj_get(body, "arg"), "RowExpr");
    out->kind = KIND_OF(HS_OID_bool);
    if (row) {
        put(r, out, "(true");
        EACH(i, item, yyjson_obj_get(row, "args"))
        {
            HS_TRY(expr(r, item, &one));
            put(r, out, " AND (%P IS %sNULL)", &one, is ? "" : "NOT ");
        }
        put(r, out, ")");
        return HS_OK;
    }
    HS_TRY(expr(r, yyjson_obj_get(body, "arg"), &one));
    if (one.row || (one.kind.shape && one.kind.shape->id == HS_T_STRUCT))
        return null_of_members(r, &one, is, out);
    put(r, out, "(%P IS %sNULL)", &one, is ? "" : "NOT ");
    return HS_OK;
}

hs_rc print_boolean_test(struct reader *r, yyjson_val *body, struct piece *out)
{
    static const char *const WORDS[][2] = {
        {"IS_TRUE", "(CAST(%P AS BOOLEAN) IS NOT DISTINCT FROM true)"},
        {"IS_NOT_TRUE", "(CAST(%P AS BOOLEAN) IS DISTINCT FROM true)"},
        {"IS_FALSE", "(CAST(%P AS BOOLEAN) IS NOT DISTINCT FROM false)"},
        {"IS_NOT_FALSE", "(CAST(%P AS BOOLEAN) IS DISTINCT FROM false)"},
        {"IS_UNKNOWN", "(CAST(%P AS BOOLEAN) IS NULL)"},
        {"IS_NOT_UNKNOWN", "(CAST(%P AS BOOLEAN) IS NOT NULL)"},
    };
    struct piece one = {0};
    HS_TRY(expr(r, yyjson_obj_get(body, "arg"), &one));
    param_is(r, &one, HS_OID_bool);
    out->kind = KIND_OF(HS_OID_bool);
    for (size_t i = 0; i < sizeof WORDS / sizeof *WORDS; i++) {
        if (node_is(body, "booltesttype", WORDS[i][0])) {
            put(r, out, WORDS[i][1], &one);
            return HS_OK;
        }
    }
    return refuse(r, node_location(body), "0A000", "this test is not supported");
}

/* The one type that several values come to: the first that is known, wider where both are numbers. */
static struct kind common_kind(struct kind a, struct kind b)
{
    if (!a.oid || !b.oid)
        return NOT_KNOWN;
    if (a.oid == HS_OID_unknown || a.oid == b.oid)
        return a.oid == b.oid && a.typmod != b.typmod ? (struct kind){a.oid, -1, a.shape} : b;
    if (b.oid == HS_OID_unknown)
        return a;
    static const uint32_t ORDER[] = {HS_OID_int2,    HS_OID_int4,   HS_OID_int8,
                                     HS_OID_numeric, HS_OID_float4, HS_OID_float8};
    int at_a = -1, at_b = -1;
    for (int i = 0; i < 6; i++) {
        at_a = ORDER[i] == a.oid ? i : at_a;
        at_b = ORDER[i] == b.oid ? i : at_b;
    }
    if (at_a >= 0 && at_b >= 0)
        return KIND_OF(ORDER[at_a > at_b ? at_a : at_b]);
    if (hs_pgsql_klass(a.oid) == 't' && hs_pgsql_klass(b.oid) == 't')
        return KIND_OF(HS_OID_text);
    return NOT_KNOWN;
}

struct kind hs_pgsql_common(struct kind a, struct kind b)
{
    return common_kind(a, b);
}

/* Prints a list of values that come to one type: strings without a type and parameters take it. */
static hs_rc common_list(struct reader *r, yyjson_val *list, const char *function, struct piece *out)
{
    size_t count = yyjson_arr_size(list);
    struct piece *items = hs_arena_array(r->arena, count + 1, sizeof *items);
    if (!items)
        return no_memory(r);
    struct kind kind = KIND_OF(HS_OID_unknown);
    EACH(i, item, list)
    {
        HS_TRY(expr(r, item, &items[i]));
        kind = i ? common_kind(kind, items[i].kind) : items[i].kind;
    }
    if (kind.oid == HS_OID_unknown)
        kind = KIND_OF(HS_OID_text);
    put(r, out, "%s", function);
    for (size_t i = 0; i < count; i++) {
        struct piece one = items[i];
        bool untyped = items[i].kind.oid == HS_OID_unknown && (!items[i].is_null || kind.oid == HS_OID_text);
        if (kind.oid && untyped)
            HS_TRY(cast_to(r, &items[i], kind, -1, &one));
        put(r, out, "%s%P", i ? ", " : "", &one);
    }
    out->kind = kind;
    return HS_OK;
}

hs_rc print_coalesce(struct reader *r, yyjson_val *body, struct piece *out)
{
    HS_TRY(common_list(r, yyjson_obj_get(body, "args"), "coalesce(", out));
    put(r, out, ")");
    return HS_OK;
}

hs_rc print_min_max(struct reader *r, yyjson_val *body, struct piece *out)
{
    bool greatest = node_is(body, "op", "IS_GREATEST");
    HS_TRY(common_list(r, yyjson_obj_get(body, "args"), greatest ? "greatest(" : "least(", out));
    put(r, out, ")");
    return HS_OK;
}

hs_rc print_array(struct reader *r, yyjson_val *body, struct piece *out)
{
    yyjson_val *elements = yyjson_obj_get(body, "elements");
    yyjson_val *inner;
    if (yyjson_arr_size(elements) == 0)
        return refuse(r, node_location(body), "42P18", "cannot determine type of empty array");
    if (strcmp(node_kind(yyjson_arr_get_first(elements), &inner), "A_ArrayExpr") == 0)
        return refuse(r, node_location(body), "0A000", "arrays of several dimensions are not supported");
    HS_TRY(common_list(r, elements, "[", out));
    put(r, out, "]");
    const struct pg_type *element = hs_pgsql_type_by_oid(out->kind.oid);
    out->kind = KIND_OF(element ? element->array : 0);
    return HS_OK;
}

hs_rc print_row(struct reader *r, yyjson_val *body, struct piece *out)
{
    put(r, out, "\"row\"(");
    HS_TRY(expr_list(r, yyjson_obj_get(body, "args"), out));
    put(r, out, ")");
    out->kind = KIND_OF(HS_OID_record);
    return HS_OK;
}

hs_rc print_list(struct reader *r, yyjson_val *body, struct piece *out)
{
    put(r, out, "(");
    HS_TRY(expr_list(r, yyjson_obj_get(body, "items"), out));
    put(r, out, ")");
    return HS_OK;
}

static hs_rc print_arms(struct reader *r, yyjson_val *body, struct piece *results, struct piece *conditions,
                        size_t count)
{
    yyjson_val *otherwise = yyjson_obj_get(body, "defresult");
    EACH(i, item, yyjson_obj_get(body, "args"))
    {
        yyjson_val *when = node_only(item, "CaseWhen");
        HS_TRY(node_check(r, "CaseWhen", when));
        HS_TRY(expr(r, yyjson_obj_get(when, "expr"), &conditions[i]));
        if (!yyjson_obj_get(body, "arg"))
            HS_TRY(must_be_boolean(r, &conditions[i], "CASE/WHEN", -1));
        HS_TRY(expr(r, yyjson_obj_get(when, "result"), &results[i]));
    }
    if (otherwise)
        HS_TRY(expr(r, otherwise, &results[count]));
    struct kind kind = results[0].kind;
    for (size_t i = 1; i < count + (otherwise != NULL); i++)
        kind = common_kind(kind, results[i].kind);
    if (kind.oid == HS_OID_unknown)
        kind = KIND_OF(HS_OID_text);
    for (size_t i = 0; i < count + (otherwise != NULL); i++) {
        struct piece settled;
        if (kind.oid && results[i].kind.oid == HS_OID_unknown && !results[i].is_null) {
            HS_TRY(cast_to(r, &results[i], kind, -1, &settled));
            results[i] = settled;
        }
    }
    results[0].kind = kind;
    return HS_OK;
}

hs_rc print_case(struct reader *r, yyjson_val *body, struct piece *out)
{
    size_t count = yyjson_arr_size(yyjson_obj_get(body, "args"));
    struct piece *results = hs_arena_array(r->arena, count + 1, sizeof *results);
    struct piece *conditions = hs_arena_array(r->arena, count + 1, sizeof *conditions);
    struct piece subject = {0};
    if (!results || !conditions)
        return no_memory(r);
    if (yyjson_obj_get(body, "arg"))
        HS_TRY(expr(r, yyjson_obj_get(body, "arg"), &subject));
    HS_TRY(print_arms(r, body, results, conditions, count));
    struct kind kind = results[0].kind;
    put(r, out, "CASE");
    if (subject.first)
        put(r, out, " %P", &subject);
    for (size_t i = 0; i < count; i++)
        put(r, out, " WHEN %P THEN %P", &conditions[i], &results[i]);
    if (results[count].first)
        put(r, out, " ELSE %P", &results[count]);
    put(r, out, " END");
    out->kind = kind;
    return HS_OK;
}

hs_rc print_collate(struct reader *r, yyjson_val *body, struct piece *out)
{
    hs_str name = node_last_name(yyjson_obj_get(body, "collname"), NULL);
    if (!hs_str_is(name, "C") && !hs_str_is(name, "default") && !hs_str_is(name, "POSIX") &&
        !hs_str_is(name, "ucs_basic"))
        return refuse(r, node_location(body), "42704", "collation \"%.*s\" for encoding \"UTF8\" does not exist",
                      HS_FMT(name));
    return expr(r, yyjson_obj_get(body, "arg"), out); /* text compares by its bytes anyway */
}

hs_rc print_grouping(struct reader *r, yyjson_val *body, struct piece *out)
{
    put(r, out, "CAST(grouping(");
    HS_TRY(expr_list(r, yyjson_obj_get(body, "args"), out));
    put(r, out, ") AS INTEGER)");
    out->kind = KIND_OF(HS_OID_int4);
    return HS_OK;
}
