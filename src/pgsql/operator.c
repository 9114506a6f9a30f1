/* Operators, and what PostgreSQL's grammar makes of words that are operators: LIKE, IN, BETWEEN, IS DISTINCT FROM. */
#include "pgsql/pgsql_in.h"

static const char *const COMPARISONS[][2] = {{"=", " = "}, {"<>", " <> "}, {"!=", " <> "}, {"<", " < "},
                                             {">", " > "}, {"<=", " <= "}, {">=", " >= "}};
static const char *const PLAIN[][2] = {{"+", " + "}, {"-", " - "},   {"*", " * "},   {"&", " & "},
                                       {"|", " | "}, {"<<", " << "}, {">>", " >> "}, {"||", " || "}};

static const char *word_of(const char *const (*list)[2], size_t count, hs_str name)
{
    for (size_t i = 0; i < count; i++) {
        if (hs_str_is(name, list[i][0]))
            return list[i][1];
    }
    return NULL;
}
#define WORD_OF(list, name) word_of(list, sizeof(list) / sizeof *(list), name)

static bool untyped(const struct piece *p)
{
    return p->kind.oid == HS_OID_unknown && !p->is_null;
}

/* A string without a type, or a parameter, beside a value of a known type takes that type; parameters stay bare, so
 * that the engine sees a column compared with a parameter. */
static hs_rc assume(struct reader *r, struct piece *side, const struct piece *other, int location)
{
    struct piece settled;
    char klass = hs_pgsql_klass(other->kind.oid);
    if (!untyped(side) || !other->kind.oid || untyped(other) || other->is_null || other->kind.oid == HS_OID_record)
        return HS_OK;
    if (side->form == PIECE_PARAM) {
        param_is(r, side, other->kind.oid);
        if (other->form == PIECE_COLUMN && klass != 'A') {
            side->kind = KIND_OF(other->kind.oid);
            return HS_OK;
        }
    }
    if (klass == 't' && side->form == PIECE_LITERAL)
        return HS_OK;
    if (klass == 0 && !hs_pgsql_type_by_array(other->kind.oid))
        return HS_OK;
    struct kind to = other->kind;
    to.typmod = -1;
    HS_TRY(cast_to(r, side, to, location, &settled));
    *side = settled;
    return HS_OK;
}

/* timestamp + '1 day': an interval; date + '1' an integer. */
static hs_rc assume_step(struct reader *r, hs_str name, struct piece *side, const struct piece *other, int location,
                         bool right, bool *done)
{
    char klass = hs_pgsql_klass(other->kind.oid);
    bool plus = hs_str_is(name, "+"), time = klass == 's' || klass == 'z' || klass == 'c' || klass == 'd';
    struct piece settled;
    *done = untyped(side) && time && (plus || (hs_str_is(name, "-") && right && side->form == PIECE_PARAM));
    if (!*done)
        return HS_OK;
    HS_TRY(cast_to(r, side, KIND_OF(klass == 'd' && side->form == PIECE_PARAM ? HS_OID_int4 : HS_OID_interval),
                   location, &settled));
    *side = settled;
    return HS_OK;
}

/* NULL || 'a' is NULL, and a text; the engine would call it an integer. */
static bool joins_null(struct reader *r, hs_str name, const struct piece *left, const struct piece *right,
                       struct piece *out)
{
    const struct piece *other = left->is_null ? right : left;
    char klass = hs_pgsql_klass(other->kind.oid);
    if (!hs_str_is(name, "||") || !(left->is_null || right->is_null) || klass == 'A')
        return false;
    put(r, out, klass == 'y' ? "CAST(NULL AS BLOB)" : "CAST(NULL AS VARCHAR)");
    out->kind = KIND_OF(klass == 'y' ? HS_OID_bytea : HS_OID_text);
    return true;
}

/* ---- the session's zone ---- */

static bool is_utc(hs_str zone)
{
    return !zone.len || hs_str_eq_nocase(zone, HS_S("UTC")) || hs_str_is(zone, "Etc/UTC") || hs_str_is(zone, "GMT");
}

/* A date or a timestamp beside a timestamptz is one of the session's zone; the engine's own zone is UTC. */
static hs_rc align_zone(struct reader *r, struct piece *side, const struct piece *other, int location)
{
    char klass = hs_pgsql_klass(side->kind.oid);
    struct piece settled;
    if (other->kind.oid != HS_OID_timestamptz || (klass != 's' && klass != 'd') || is_utc(r->context->time_zone))
        return HS_OK;
    HS_TRY(cast_to(r, side, KIND_OF(HS_OID_timestamptz), location, &settled));
    *side = settled;
    return HS_OK;
}

/* timestamptz + interval: months and days by the calendar of the session's zone, the rest as time that passes. */
static bool zone_step(struct reader *r, hs_str name, struct piece *left, struct piece *right, struct piece *out)
{
    hs_str zone = r->context->time_zone;
    bool plus = hs_str_is(name, "+"), minus = hs_str_is(name, "-");
    if (is_utc(zone) || left->kind.oid != HS_OID_timestamptz || right->kind.oid != HS_OID_interval || !(plus || minus))
        return false;
    struct piece days = piece_copy(r, right), micros = piece_copy(r, right);
    const char *word = plus ? "+" : "-";
    put(r, out,
        "(timezone(%T, timezone(%T, %P) %s to_months(CAST(hs_pg_months(%P) AS INTEGER)) %s "
        "to_days(CAST(hs_pg_days(%P) AS INTEGER))) %s to_microseconds(CAST(hs_pg_micros(%P) AS BIGINT)))",
        &zone, &zone, left, word, right, word, &days, word, &micros);
    out->kind = KIND_OF(HS_OID_timestamptz);
    return true;
}

static bool keeps_literal(hs_str name)
{
    static const char *const NAMES[] = {"->", "->>", "#>", "#>>", "?",  "?|", "?&",
                                        "~",  "~*",  "!~", "!~*", "^@", "||", NULL};
    for (size_t i = 0; NAMES[i]; i++) {
        if (hs_str_is(name, NAMES[i]))
            return true;
    }
    return false;
}

/* What a text without a type is beside these operators: a path, keys, a document, an array; NULL beside an array is
 * one. */
static hs_rc assume_for_name(struct reader *r, hs_str name, struct piece *left, struct piece *right, int location)
{
    static const char *const PATHS[] = {"#>", "#>>", "?|", "?&"};
    char a = hs_pgsql_klass(left->kind.oid), b = hs_pgsql_klass(right->kind.oid);
    struct piece settled, *side = NULL;
    uint32_t oid = 0;
    bool joins = hs_str_is(name, "||");
    bool holds = hs_str_is(name, "@>") || hs_str_is(name, "<@") || hs_str_is(name, "&&");
    for (size_t i = 0; i < 4 && a == 'j' && right->kind.oid == HS_OID_unknown; i++) {
        if (hs_str_is(name, PATHS[i]))
            oid = 1009;
    }
    if (a == 'j' && right->kind.oid == HS_OID_unknown && hs_str_is(name, "-"))
        oid = HS_OID_text;
    if (oid) {
        side = right;
    } else if (joins && (a == 'j' || a == 'A') && right->kind.oid == HS_OID_unknown) {
        side = right;
        oid = left->kind.oid;
    } else if (joins && (b == 'j' || b == 'A') && left->kind.oid == HS_OID_unknown) {
        side = left;
        oid = right->kind.oid;
    }
    if (!side && holds && (left->is_null || right->is_null) && left->is_null != right->is_null) {
        side = left->is_null ? left : right;
        oid = (left->is_null ? right : left)->kind.oid;
    }
    if (!side || !oid || oid == HS_OID_unknown)
        return HS_OK;
    HS_TRY(cast_to(r, side, KIND_OF(oid), location, &settled));
    *side = settled;
    return HS_OK;
}

static struct kind plain_kind(hs_str name, const struct piece *left, const struct piece *right)
{
    char a = hs_pgsql_klass(left->kind.oid), b = hs_pgsql_klass(right->kind.oid);
    if (hs_str_is(name, "||"))
        return KIND_OF(a == 'y' ? HS_OID_bytea : a == 'B' && b == 'B' ? HS_OID_varbit : HS_OID_text);
    if (b == 'v' && (a == 's' || a == 'z' || a == 'c' || a == 'v'))
        return left->kind;
    if (a == 'v' && (b == 's' || b == 'z' || b == 'c'))
        return right->kind;
    if ((a == 's' || a == 'z') && a == b)
        return KIND_OF(HS_OID_interval);
    if (a == 'v' || b == 'v')
        return KIND_OF(HS_OID_interval);
    if (hs_str_is(name, "<<") || hs_str_is(name, ">>"))
        return left->kind;
    struct kind kind = hs_pgsql_common(left->kind, right->kind);
    kind.typmod = -1;
    return kind;
}

static hs_rc binary_plain(struct reader *r, hs_str name, struct piece *left, struct piece *right, int location,
                          struct piece *out)
{
    const char *word = WORD_OF(COMPARISONS, name);
    if (word) {
        put(r, out, "(%P%L%s%P)", left, location, word, right);
        out->kind = KIND_OF(HS_OID_bool);
        return HS_OK;
    }
    word = WORD_OF(PLAIN, name);
    if (!word)
        return refuse(r, location, "42883", "operator does not exist: %.*s", HS_FMT(name));
    struct kind kind = plain_kind(name, left, right);
    bool one = left->kind.oid == HS_OID_float4 && right->kind.oid != HS_OID_float4;
    bool other = right->kind.oid == HS_OID_float4 && left->kind.oid != HS_OID_float4;
    if ((one || other) && kind.oid == HS_OID_float4) { /* float4 with another number is float8 */
        put(r, out, "(CAST(%P AS DOUBLE)%L%sCAST(%P AS DOUBLE))", left, location, word, right);
        out->kind = KIND_OF(HS_OID_float8);
        return HS_OK;
    }
    put(r, out, "(%P%L%s%P)", left, location, word, right);
    out->kind = kind;
    return HS_OK;
}

static hs_rc prefix_plain(struct reader *r, hs_str name, struct piece *right, int location, struct piece *out)
{
    if (!hs_str_is(name, "-") && !hs_str_is(name, "+"))
        return refuse(r, location, "42883", "operator does not exist: %.*s", HS_FMT(name));
    struct kind kind = right->kind;
    if (untyped(right)) {
        struct piece settled;
        kind = KIND_OF(right->form == PIECE_PARAM ? HS_OID_int4 : HS_OID_float8);
        HS_TRY(cast_to(r, right, kind, location, &settled));
        *right = settled;
    }
    put(r, out, hs_str_is(name, "-") ? "(%L- %P)" : "(%L+ %P)", location, right);
    out->kind = kind;
    return HS_OK;
}

hs_rc operator_print(struct reader *r, hs_str name, struct piece *left, struct piece *right, int location,
                     struct piece *out)
{
    struct call call = {.location = location, .count = left ? 2 : 1, .is_operator = true};
    call.name = hs_arena_printf(r->arena, "op:%.*s", HS_FMT(name));
    call.args = hs_arena_array(r->arena, 2, sizeof *call.args);
    if (!call.name.at || !call.args)
        return no_memory(r);
    static const char *const COMPARED[] = {"=", "<>", "<", ">", "<=", ">=", "||"};
    bool found, set, done = false, arithmetic = name.len == 1 && strchr("+-*/%^", name.at[0]);
    if (left && arithmetic && left->form == PIECE_LITERAL && right->form == PIECE_LITERAL)
        return refuse(r, location, "42725", "operator is not unique: unknown %.*s unknown", HS_FMT(name));
    if (left && joins_null(r, name, left, right, out))
        return HS_OK;
    if (hs_pgsql_klass(right->kind.oid) == 'C' || (left && hs_pgsql_klass(left->kind.oid) == 'C'))
        return refuse(r, location, "0A000", "operators of time with time zone are not supported");
    if (left)
        HS_TRY(assume_for_name(r, name, left, right, location));
    if (left && !keeps_literal(name)) {
        HS_TRY(assume_step(r, name, left, right, location, false, &done));
        if (!done)
            HS_TRY(assume_step(r, name, right, left, location, true, &done));
        if (!done)
            HS_TRY(assume(r, left, right, location));
        if (!done)
            HS_TRY(assume(r, right, left, location));
    }
    if (left) {
        HS_TRY(align_zone(r, left, right, location));
        HS_TRY(align_zone(r, right, left, location));
    }
    if (left && zone_step(r, name, left, right, out))
        return HS_OK;
    if (left && hs_str_is(name, "+") && zone_step(r, name, right, left, out))
        return HS_OK;
    call.args[0] = left ? *left : *right;
    call.args[1] = *right;
    bool documents = left && hs_pgsql_klass(left->kind.oid) == 'j' && hs_pgsql_klass(right->kind.oid) == 'j';
    for (size_t i = 0; documents && i < sizeof COMPARED / sizeof *COMPARED; i++) {
        if (!hs_str_is(name, COMPARED[i]))
            continue;
        if (left->kind.oid == HS_OID_json && right->kind.oid == HS_OID_json)
            return refuse(r, location, "42883", "operator does not exist: json %.*s json", HS_FMT(name));
        call.name = hs_arena_printf(r->arena, "jsonb:%.*s", HS_FMT(name));
        if (!call.name.at)
            return no_memory(r);
    }
    struct piece made = {.kind = NOT_KNOWN};
    HS_TRY(call_by_table(r, &call, &found, &set, &made));
    if (found) {
        *out = made;
        return HS_OK;
    }
    return left ? binary_plain(r, name, &call.args[0], &call.args[1], location, out)
                : prefix_plain(r, name, &call.args[0], location, out);
}

/* ---- LIKE and SIMILAR TO ---- */

/* like_escape(pattern, escape) and similar_to_escape(pattern[, escape]), as the grammar wraps them. */
static hs_rc pattern(struct reader *r, yyjson_val *node, struct piece *out, struct piece *escape, hs_str *constant)
{
    yyjson_val *call = node_only(node, "FuncCall"), *args = yyjson_obj_get(call, "args");
    hs_str name = node_last_name(yyjson_obj_get(call, "funcname"), NULL);
    bool wrapped = hs_str_is(name, "like_escape") || hs_str_is(name, "similar_to_escape");
    yyjson_val *inner = wrapped ? yyjson_arr_get_first(args) : node;
    *constant = (hs_str){NULL, 0};
    if (!node_constant_text(inner, constant))
        constant->at = NULL;
    HS_TRY(expr(r, inner, out));
    if (wrapped && yyjson_arr_size(args) == 2)
        HS_TRY(expr(r, yyjson_arr_get(args, 1), escape));
    return HS_OK;
}

static hs_rc settle_text(struct reader *r, struct piece *p)
{
    struct piece settled;
    if (p->form != PIECE_PARAM)
        return HS_OK;
    HS_TRY(cast_to(r, p, KIND_OF(HS_OID_text), -1, &settled));
    *p = settled;
    return HS_OK;
}

static hs_rc like(struct reader *r, struct piece *left, yyjson_val *right, hs_str name, int location, struct piece *out)
{
    struct piece value = {0}, escape = {0};
    hs_str constant;
    HS_TRY(pattern(r, right, &value, &escape, &constant));
    HS_TRY(settle_text(r, left));
    HS_TRY(settle_text(r, &value));
    bool not = name.at[0] == '!';
    const char *word = hs_str_ends(name, HS_S("*")) ? "ILIKE" : "LIKE";
    bool bare = !escape.first && constant.at && !memchr(constant.at, '\\', constant.len);
    if (bare)
        put(r, out, "(%P %s%L%s %P)", left, not ? "NOT " : "", location, word, &value);
    else if (escape.first)
        put(r, out, "(%P %s%L%s %P ESCAPE %P)", left, not ? "NOT " : "", location, word, &value, &escape);
    else
        put(r, out, "(%P %s%L%s %P ESCAPE '\\')", left, not ? "NOT " : "", location, word, &value);
    out->kind = KIND_OF(HS_OID_bool);
    return HS_OK;
}

static hs_rc similar(struct reader *r, struct piece *left, yyjson_val *right, hs_str name, int location,
                     struct piece *out)
{
    struct piece value = {0}, escape = {0};
    hs_str constant;
    HS_TRY(pattern(r, right, &value, &escape, &constant));
    HS_TRY(settle_text(r, left));
    HS_TRY(settle_text(r, &value));
    if (escape.first)
        return refuse(r, location, "0A000", "SIMILAR TO with ESCAPE is not supported");
    put(r, out,
        name.at[0] == '!' ? "(NOT %Lregexp_full_match(%P, hs_pg_similar(%P)))"
                          : "%Lregexp_full_match(%P, hs_pg_similar(%P))",
        location, left, &value);
    out->kind = KIND_OF(HS_OID_bool);
    return HS_OK;
}

/* ---- IN, BETWEEN, DISTINCT, NULLIF ---- */

static hs_rc in_list(struct reader *r, struct piece *left, yyjson_val *right, hs_str name, int location,
                     struct piece *out)
{
    put(r, out, "(%P%L%s", left, location, hs_str_is(name, "=") ? " IN (" : " NOT IN (");
    EACH(i, item, yyjson_obj_get(node_only(right, "List"), "items"))
    {
        struct piece one = {0};
        HS_TRY(expr(r, item, &one));
        HS_TRY(assume(r, &one, left, location));
        HS_TRY(align_zone(r, &one, left, location));
        put(r, out, "%s%P", i ? ", " : "", &one);
    }
    put(r, out, "))");
    out->kind = KIND_OF(HS_OID_bool);
    return HS_OK;
}

static hs_rc between(struct reader *r, yyjson_val *body, struct piece *left, yyjson_val *right, struct piece *out)
{
    yyjson_val *items = yyjson_obj_get(node_only(right, "List"), "items");
    struct piece low = {0}, high = {0};
    int location = node_location(body);
    bool symmetric = strstr(yyjson_get_str(yyjson_obj_get(body, "kind")), "SYM") != NULL;
    bool not = strstr(yyjson_get_str(yyjson_obj_get(body, "kind")), "NOT") != NULL;
    HS_TRY(expr(r, yyjson_arr_get_first(items), &low));
    HS_TRY(expr(r, yyjson_arr_get_last(items), &high));
    HS_TRY(assume(r, left, &low, location));
    HS_TRY(assume(r, &low, left, location));
    HS_TRY(assume(r, &high, left, location));
    HS_TRY(align_zone(r, left, &low, location));
    HS_TRY(align_zone(r, left, &high, location));
    HS_TRY(align_zone(r, &low, left, location));
    HS_TRY(align_zone(r, &high, left, location));
    const char *negate = not ? "NOT " : "";
    if (symmetric) {
        struct piece again = piece_copy(r, left), low_again = piece_copy(r, &low), high_again = piece_copy(r, &high);
        put(r, out, "(%s(%P%L BETWEEN %P AND %P OR %P BETWEEN %P AND %P))", negate, left, location, &low, &high, &again,
            &high_again, &low_again);
    } else {
        put(r, out, "(%P %s%LBETWEEN %P AND %P)", left, negate, location, &low, &high);
    }
    out->kind = KIND_OF(HS_OID_bool);
    return HS_OK;
}

static hs_rc distinct_from(struct reader *r, struct piece *left, struct piece *right, bool not, int location,
                           struct piece *out)
{
    HS_TRY(assume(r, left, right, location));
    HS_TRY(assume(r, right, left, location));
    HS_TRY(align_zone(r, left, right, location));
    HS_TRY(align_zone(r, right, left, location));
    put(r, out, "(%P%L IS %sDISTINCT FROM %P)", left, location, not ? "NOT " : "", right);
    out->kind = KIND_OF(HS_OID_bool);
    return HS_OK;
}

static hs_rc null_if(struct reader *r, struct piece *left, struct piece *right, int location, struct piece *out)
{
    HS_TRY(assume(r, right, left, location));
    HS_TRY(assume(r, left, right, location));
    struct kind kind = left->kind.oid == HS_OID_unknown ? KIND_OF(HS_OID_text) : left->kind;
    put(r, out, "%Lnullif(%P, %P)", location, left, right);
    out->kind = kind;
    return HS_OK;
}

/* ---- ANY and ALL of arrays ---- */

/* What the engine has no ANY for is asked of each element; NULL elements as three-valued logic has them. */
static hs_rc any_by_element(struct reader *r, hs_str name, struct piece *left, struct piece *right, bool all,
                            int location, struct piece *out)
{
    struct piece element = {.kind = NOT_KNOWN}, made = {0}, list = piece_copy(r, right), test = {0};
    const struct pg_type *type = hs_pgsql_type_by_array(right->kind.oid);
    element.kind = KIND_OF(type ? type->oid : HS_OID_text);
    put(r, &element, "hs_e");
    bool is_like = hs_str_is(name, "~~") || hs_str_is(name, "~~*") || hs_str_is(name, "!~~") || hs_str_is(name, "!~~*");
    if (is_like)
        put(r, &made, "(%P %s%s %P ESCAPE '\\')", left, name.at[0] == '!' ? "NOT " : "",
            hs_str_ends(name, HS_S("*")) ? "ILIKE" : "LIKE", &element);
    else
        HS_TRY(operator_print(r, name, left, &element, location, &made));
    put(r, &test, "list_transform(%P, lambda hs_e: %P)", right, &made);
    struct piece again = piece_copy(r, &test);
    if (all)
        put(r, out,
            "CASE WHEN %P IS NOT NULL THEN coalesce(list_bool_and(%P), true) AND "
            "CASE WHEN len(list_filter(%P, lambda hs_f: hs_f IS NULL)) > 0 THEN NULL ELSE true END END",
            &list, &test, &again);
    else
        put(r, out,
            "CASE WHEN %P IS NOT NULL THEN coalesce(list_bool_or(%P), false) OR "
            "CASE WHEN len(list_filter(%P, lambda hs_f: hs_f IS NULL)) > 0 THEN NULL ELSE false END END",
            &list, &test, &again);
    out->kind = KIND_OF(HS_OID_bool);
    return HS_OK;
}

/* = ANY of a list, as three-valued logic has it: NULL is an answer where the value might be there. */
static void any_contains(struct reader *r, struct piece *left, struct piece *list, bool none, struct piece *out)
{
    struct piece again = piece_copy(r, left), list_null = piece_copy(r, list), length = piece_copy(r, list),
                 nulls = piece_copy(r, list);
    put(r, out,
        "CASE WHEN list_contains(%P, %P) THEN %s WHEN %P IS NULL OR (%P IS NULL AND len(%P) > 0) OR "
        "list_position(%P, NULL) > 0 THEN NULL ELSE %s END",
        list, left, none ? "false" : "true", &list_null, &again, &length, &nulls, none ? "true" : "false");
    out->kind = KIND_OF(HS_OID_bool);
}

/* The engine makes ANY(list) a sub-query: a hash where the list is one for the whole statement, nothing it can do where
 * the list is a column's, or in the condition of a join. */
static bool one_list(const struct reader *r, yyjson_val *node)
{
    yyjson_val *body;
    hs_str kind = hs_str_of(node_kind(node, &body));
    while (hs_str_is(kind, "TypeCast")) {
        node = yyjson_obj_get(body, "arg");
        kind = hs_str_of(node_kind(node, &body));
    }
    return !r->in_join && (hs_str_is(kind, "ParamRef") || hs_str_is(kind, "A_Const") || hs_str_is(kind, "SubLink"));
}

/* '{1,2}', cast or not. */
static bool node_is_list_constant(yyjson_val *node)
{
    hs_str text;
    yyjson_val *cast;
    while ((cast = node_only(node, "TypeCast")))
        node = yyjson_obj_get(cast, "arg");
    return node_constant_text(node, &text);
}

/* A string or a parameter beside ANY is an array of what stands on the left. */
static hs_rc array_side(struct reader *r, struct piece *left, struct piece *right, int location)
{
    struct piece settled;
    const struct pg_type *element =
        hs_pgsql_type_by_oid(left->kind.oid == HS_OID_unknown ? HS_OID_text : left->kind.oid);
    if (untyped(right) && element && element->array) {
        HS_TRY(cast_to(r, right, KIND_OF(element->array), location, &settled));
        *right = settled;
    } else if (right->form == PIECE_PARAM && hs_pgsql_type_by_array(right->kind.oid)) {
        HS_TRY(cast_to(r, right, right->kind, location, &settled));
        *right = settled;
    }
    const struct pg_type *type = hs_pgsql_type_by_array(right->kind.oid);
    struct piece like_element = {.kind = KIND_OF(type ? type->oid : 0)};
    return assume(r, left, &like_element, location);
}

static hs_rc any_all(struct reader *r, yyjson_val *body, hs_str name, struct piece *left, bool all, struct piece *out)
{
    int location = node_location(body);
    const char *word = WORD_OF(COMPARISONS, name);
    yyjson_val *array = node_only(yyjson_obj_get(body, "rexpr"), "A_ArrayExpr");
    if (array && word && ((!all && hs_str_is(name, "=")) || (all && hs_str_is(name, "<>"))) &&
        yyjson_arr_size(yyjson_obj_get(array, "elements"))) {
        struct piece list = {0};
        HS_TRY(print_array(r, array, &list));
        HS_TRY(array_side(r, left, &list, location));
        put(r, out, all ? "(%P%L NOT IN (" : "(%P%L IN (", left, location);
        EACH(i, item, yyjson_obj_get(array, "elements"))
        {
            struct piece one = {0};
            HS_TRY(expr(r, item, &one));
            HS_TRY(assume(r, &one, left, location));
            put(r, out, i ? ", %P" : "%P", &one);
        }
        put(r, out, "))");
        out->kind = KIND_OF(HS_OID_bool);
        return HS_OK;
    }
    struct piece right = {0};
    HS_TRY(expr(r, yyjson_obj_get(body, "rexpr"), &right));
    HS_TRY(array_side(r, left, &right, location));
    bool contains = (!all && hs_str_is(name, "=")) || (all && (hs_str_is(name, "<>") || hs_str_is(name, "!=")));
    if (contains && !one_list(r, yyjson_obj_get(body, "rexpr"))) {
        any_contains(r, left, &right, all, out);
        return HS_OK;
    }
    if (!word || !one_list(r, yyjson_obj_get(body, "rexpr")))
        return any_by_element(r, name, left, &right, all, location, out);
    /* Of no list at all nothing is known; the engine would take it for one without elements. */
    bool constant = yyjson_obj_get(body, "rexpr") && node_is_list_constant(yyjson_obj_get(body, "rexpr"));
    put(r, out, constant ? "(%P%L%s%s(%P))" : "(%P%L%s%s(coalesce(%P, [NULL])))", left, location, word,
        all ? "ALL" : "ANY", &right);
    out->kind = KIND_OF(HS_OID_bool);
    return HS_OK;
}

/* ---- the node ---- */

hs_rc print_operator(struct reader *r, yyjson_val *body, struct piece *out)
{
    yyjson_val *left_node = yyjson_obj_get(body, "lexpr"), *right_node = yyjson_obj_get(body, "rexpr");
    hs_str schema, name = node_last_name(yyjson_obj_get(body, "name"), &schema);
    hs_str kind = node_text(body, "kind");
    int location = node_location(body);
    struct piece left = {0}, right = {0};
    yyjson_val *left_row = node_only(left_node, "RowExpr"), *right_row = node_only(right_node, "RowExpr");
    if (schema.len && !hs_str_is(schema, "pg_catalog"))
        return refuse(r, location, "42883", "operator does not exist: %.*s.%.*s", HS_FMT(schema), HS_FMT(name));
    if (left_row && hs_str_is(kind, "AEXPR_IN"))
        return row_in_list(r, left_row, yyjson_obj_get(node_only(right_node, "List"), "items"), !hs_str_is(name, "="),
                           location, out);
    if (left_row && right_row && hs_str_is(kind, "AEXPR_OP"))
        return row_compare(r, left_row, right_row, name, location, out);
    if ((left_row || right_row) && !hs_str_is(kind, "AEXPR_DISTINCT") && !hs_str_is(kind, "AEXPR_NOT_DISTINCT"))
        return refuse(r, location, "0A000", "a row is compared with rows only");
    if (left_node)
        HS_TRY(expr(r, left_node, &left));
    unpad(r, &left);
    if (hs_str_is(kind, "AEXPR_OP_ANY") || hs_str_is(kind, "AEXPR_OP_ALL"))
        return any_all(r, body, name, &left, hs_str_is(kind, "AEXPR_OP_ALL"), out);
    if (hs_str_is(kind, "AEXPR_IN"))
        return in_list(r, &left, right_node, name, location, out);
    if (hs_str_is(kind, "AEXPR_LIKE") || hs_str_is(kind, "AEXPR_ILIKE"))
        return like(r, &left, right_node, name, location, out);
    if (hs_str_is(kind, "AEXPR_SIMILAR"))
        return similar(r, &left, right_node, name, location, out);
    if (hs_str_starts(kind, HS_S("AEXPR_BETWEEN")) || hs_str_starts(kind, HS_S("AEXPR_NOT_BETWEEN")))
        return between(r, body, &left, right_node, out);
    HS_TRY(expr(r, right_node, &right));
    unpad(r, &right);
    if (hs_str_is(kind, "AEXPR_DISTINCT") || hs_str_is(kind, "AEXPR_NOT_DISTINCT"))
        return distinct_from(r, &left, &right, hs_str_is(kind, "AEXPR_NOT_DISTINCT"), location, out);
    if (hs_str_is(kind, "AEXPR_NULLIF"))
        return null_if(r, &left, &right, location, out);
    if (!hs_str_is(kind, "AEXPR_OP"))
        return refuse(r, location, "0A000", "%.*s is not supported", HS_FMT(kind));
    if (hs_str_is(name, "~~") || hs_str_is(name, "!~~") || hs_str_is(name, "~~*") || hs_str_is(name, "!~~*"))
        return like(r, &left, right_node, name, location, out);
    return operator_print(r, name, left_node ? &left : NULL, &right, location, out);
}

/* ---- subscripts, fields, sub-queries ---- */

static hs_rc subscript_bound(struct reader *r, yyjson_val *node, bool vector, const char *otherwise, struct piece *out)
{
    if (!node) {
        put(r, out, "%s", otherwise);
        return HS_OK;
    }
    struct piece value = {0}, settled;
    int64_t number;
    if (node_constant_number(r, node, &number)) {
        number += vector;
        put(r, out, "%d", number < 0 ? 0 : number);
        return HS_OK;
    }
    HS_TRY(expr(r, node, &value));
    settled = value;
    if (untyped(&value))
        HS_TRY(cast_to(r, &value, KIND_OF(HS_OID_int4), -1, &settled));
    put(r, out, vector ? "greatest(%P + 1, 0)" : "greatest(%P, 0)", &settled);
    return HS_OK;
}

/* Nothing lies in front of the first element: the engine would count from the end there. */
static hs_rc subscript(struct reader *r, yyjson_val *body, struct piece *value)
{
    HS_TRY(node_check(r, "A_Indices", body));
    struct piece made = {0}, low = {0}, high = {0};
    bool vector = hs_pgsql_klass(value->kind.oid) == 'V';
    const struct pg_type *element = hs_pgsql_type_by_array(value->kind.oid);
    uint32_t oid = element                                ? element->oid
                   : value->kind.oid == HS_OID_int2vector ? HS_OID_int2
                   : value->kind.oid == HS_OID_oidvector  ? HS_OID_oid
                                                          : 0;
    struct kind kind = value->kind;
    HS_TRY(subscript_bound(r, yyjson_obj_get(body, "uidx"), vector, "NULL", &high));
    if (node_flag(body, "is_slice")) {
        HS_TRY(subscript_bound(r, yyjson_obj_get(body, "lidx"), vector, "1", &low));
        if (!yyjson_obj_get(body, "uidx")) {
            struct piece copy = piece_copy(r, value);
            high = (struct piece){0};
            put(r, &high, "len(%P)", &copy);
        }
        put(r, &made, "list_slice(%P, greatest(%P, 1), %P)", value, &low, &high);
        made.kind = kind;
    } else {
        put(r, &made, "list_extract(%P, %P)", value, &high);
        made.kind = KIND_OF(oid);
        if (!oid && kind.shape && kind.shape->id == HS_T_LIST)
            made.kind = hs_pgsql_kind_of(kind.shape->fields[0].type);
    }
    *value = made;
    return HS_OK;
}

static hs_rc field(struct reader *r, hs_str name, struct piece *value)
{
    struct piece made = {.kind = NOT_KNOWN};
    const struct hs_type *shape = value->kind.shape;
    for (size_t i = 0; shape && shape->id == HS_T_STRUCT && i < shape->field_count; i++) {
        if (hs_str_eq_nocase(shape->fields[i].name, name))
            made.kind = hs_pgsql_kind_of(shape->fields[i].type);
    }
    put(r, &made, "struct_extract(%P, %T)", value, &name);
    *value = made;
    return HS_OK;
}

hs_rc print_indirection(struct reader *r, yyjson_val *body, struct piece *out)
{
    struct piece value = {0};
    HS_TRY(expr(r, yyjson_obj_get(body, "arg"), &value));
    EACH(i, item, yyjson_obj_get(body, "indirection"))
    {
        yyjson_val *inner;
        const char *kind = node_kind(item, &inner);
        if (strcmp(kind, "A_Indices") == 0)
            HS_TRY(subscript(r, inner, &value));
        else if (strcmp(kind, "String") == 0)
            HS_TRY(field(r, node_string(item), &value));
        else
            return refuse(r, -1, "0A000", "a star is not supported here");
    }
    value.form = PIECE_PLAIN;
    *out = value;
    return HS_OK;
}

static hs_rc any_query(struct reader *r, yyjson_val *body, struct piece *text, const struct columns *columns, bool all,
                       struct piece *out)
{
    yyjson_val *names = yyjson_obj_get(body, "operName");
    hs_str name = names ? node_last_name(names, NULL) : HS_S("=");
    struct piece left = {0};
    int location = node_location(body);
    const char *word = WORD_OF(COMPARISONS, name);
    yyjson_val *row = node_only(yyjson_obj_get(body, "testexpr"), "RowExpr");
    if (row && !all && hs_str_is(name, "="))
        return row_in_query(r, row, text, columns, location, out);
    if (row)
        return refuse(r, location, "0A000", "a row with ALL or another operator than = is not supported");
    HS_TRY(expr(r, yyjson_obj_get(body, "testexpr"), &left));
    unpad(r, &left);
    struct piece first = {.kind = columns->list.len ? columns->list.at[0].kind : NOT_KNOWN};
    HS_TRY(assume(r, &left, &first, location));
    if (!word)
        return refuse(r, location, "0A000", "operator %.*s is not supported with a sub-query", HS_FMT(name));
    if (!names)
        put(r, out, "(%P%L IN (%P))", &left, location, text);
    else
        put(r, out, all ? "(%P%L%sALL(%P))" : "(%P%L%sANY(%P))", &left, location, word, text);
    out->kind = KIND_OF(HS_OID_bool);
    return HS_OK;
}

hs_rc print_sublink(struct reader *r, yyjson_val *body, struct piece *out)
{
    struct columns columns = {0};
    struct piece text = {0};
    hs_str kind = node_text(body, "subLinkType");
    r->exists = hs_str_is(kind, "EXISTS_SUBLINK");
    HS_TRY(query(r, node_only(yyjson_obj_get(body, "subselect"), "SelectStmt"), &columns, &text));
    struct kind first = columns.list.len ? columns.list.at[0].kind : NOT_KNOWN;
    if (hs_str_is(kind, "ANY_SUBLINK") || hs_str_is(kind, "ALL_SUBLINK"))
        return any_query(r, body, &text, &columns, hs_str_is(kind, "ALL_SUBLINK"), out);
    if (hs_str_is(kind, "EXISTS_SUBLINK")) {
        put(r, out, "EXISTS (%P)", &text);
        out->kind = KIND_OF(HS_OID_bool);
    } else if (hs_str_is(kind, "ARRAY_SUBLINK")) {
        const struct pg_type *element = hs_pgsql_type_by_oid(first.oid);
        put(r, out, "ARRAY(%P)", &text);
        out->kind = KIND_OF(element ? element->array : 0);
    } else if (hs_str_is(kind, "EXPR_SUBLINK")) {
        put(r, out, "(%P)", &text);
        out->kind = first;
        out->is_query = true;
    } else {
        return refuse(r, node_location(body), "0A000", "%.*s is not supported", HS_FMT(kind));
    }
    return HS_OK;
}
