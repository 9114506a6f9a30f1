/* Calls, operators and casts by the table: which row of functions.def fits what is known of the arguments, and its
 * template filled in. */
#include "pgsql/pgsql_in.h"

#include <ctype.h>
#include <stdlib.h>

static const struct row {
    const char *name, *arguments, *template, *result;
} ROWS[] = {
#define FUNCTION(name, arguments, template, result) {name, arguments, template, result},
#include "pgsql/functions.def"
#undef FUNCTION
};
#define ROW_COUNT (sizeof ROWS / sizeof *ROWS)

/* ---- does a row fit ---- */

/* Digits of a scale, as they stand there. */
static bool is_small(const struct piece *p)
{
    const struct span *s = p->form == PIECE_PLAIN ? p->first : NULL;
    if (!s || s->next || s->len < 1 || s->len > 2)
        return false;
    int n = 0;
    for (uint32_t i = 0; i < s->len; i++) {
        if (s->at[i] < '0' || s->at[i] > '9')
            return false;
        n = n * 10 + (s->at[i] - '0');
    }
    return n < 20;
}

static bool letter_fits(char letter, const struct piece *arg)
{
    uint32_t oid = arg->kind.oid;
    char klass = hs_pgsql_klass(oid);
    switch (letter) {
    case '*':
        return true;
    case '2':
        return oid == HS_OID_int2;
    case '4':
        return oid == HS_OID_int4;
    case '8':
        return oid == HS_OID_int8;
    case 'f':
        return oid == HS_OID_float4;
    case 'F':
        return oid == HS_OID_float8;
    case 'r':
        return klass == 'f';
    case '#':
        return klass == 'i' || klass == 'n' || klass == 'f';
    case 'b':
        return klass == 'y';
    case 'B':
        return klass == 'b';
    case 'T':
        return klass == 'c';
    case 'a':
        return klass == 'A' || klass == 'V';
    case 'c':
        return is_small(arg);
    case 'k':
        return arg->form == PIECE_LITERAL;
    case 'L':
        return arg->form == PIECE_COLUMN;
    case '0':
        return arg->is_null;
    case 'R':
        return oid == HS_OID_record || arg->row;
    default:
        return klass == letter; /* i n t d s z v u j o */
    }
}

/* What a string without a type, or a parameter, is taken for where a row wants this letter. */
static uint32_t letter_oid(char letter)
{
    static const char LETTERS[] = "248in#fFrtbBdTszvujo";
    static const uint32_t OIDS[] = {HS_OID_int2,        HS_OID_int4,     HS_OID_int8,   HS_OID_int4,   HS_OID_numeric,
                                    HS_OID_float8,      HS_OID_float4,   HS_OID_float8, HS_OID_float8, HS_OID_text,
                                    HS_OID_bytea,       HS_OID_bool,     HS_OID_date,   HS_OID_time,   HS_OID_timestamp,
                                    HS_OID_timestamptz, HS_OID_interval, HS_OID_uuid,   HS_OID_jsonb,  HS_OID_oid};
    const char *at = letter ? strchr(LETTERS, letter) : NULL;
    return at ? OIDS[at - LETTERS] : 0;
}

static bool untyped(const struct piece *p)
{
    return p->kind.oid == HS_OID_unknown;
}

/* loose: strings without a type and parameters fit any letter that a value can be had for. */
static bool row_fits(const struct row *row, const struct call *call, bool loose)
{
    size_t i = 0;
    const char *at = row->arguments;
    for (; *at && *at != '+'; at++) {
        bool also_unknown = at[1] == '?';
        if (i >= call->count)
            return false;
        const struct piece *arg = &call->args[i++];
        bool fits =
            letter_fits(*at, arg) || (also_unknown && !arg->kind.oid) || (loose && untyped(arg) && letter_oid(*at));
        if (!fits)
            return false;
        at += also_unknown;
    }
    return *at == '+' || i == call->count;
}

static const struct row *find_row(const struct call *call)
{
    for (int loose = 0; loose < 2; loose++) {
        for (size_t i = 0; i < ROW_COUNT; i++) {
            if (hs_str_is(call->name, ROWS[i].name) && row_fits(&ROWS[i], call, loose))
                return &ROWS[i];
        }
    }
    return NULL;
}

/* ---- what it answers with ---- */

static bool is_word(const char *s, const char *word)
{
    return strcmp(s, word) == 0;
}

static struct kind common_of(const struct call *call)
{
    struct kind kind = call->count ? call->args[0].kind : NOT_KNOWN;
    for (size_t i = 1; i < call->count; i++)
        kind = hs_pgsql_common(kind, call->args[i].kind);
    if (kind.oid != HS_OID_numeric)
        return kind;
    kind.typmod = -1;
    return kind;
}

/* "{x n}": a row of these members. */
static struct kind record_of(struct reader *r, hs_str names)
{
    struct hs_type *shape = hs_type_new(r->arena, HS_T_STRUCT);
    struct hs_field *fields = hs_arena_array(r->arena, 8, sizeof *fields);
    struct hs_type *member = hs_type_new(r->arena, HS_T_UNKNOWN);
    if (!shape || !fields || !member) {
        r->failed = true;
        return NOT_KNOWN;
    }
    names = hs_str_n(names.at + 1, names.len - 2);
    while (names.at && shape->field_count < 8)
        fields[shape->field_count++] = (struct hs_field){.name = hs_str_cut(&names, ' '), .type = member};
    shape->fields = fields;
    return (struct kind){HS_OID_record, -1, shape};
}

/* Integers keep to integers, a float wins over a numeric. */
static struct kind result_of(struct reader *r, const struct row *row, const struct call *call)
{
    const char *result = row->result;
    if (!*result)
        return NOT_KNOWN;
    if (*result == '{')
        return record_of(r, hs_str_of(result));
    if (is_word(result, "max") || is_word(result, "div"))
        return common_of(call);
    if (isdigit((unsigned char)*result)) {
        size_t index = (size_t)(*result - '1');
        if (index >= call->count)
            return NOT_KNOWN;
        struct kind kind = call->args[index].kind;
        if (kind.oid == HS_OID_unknown)
            kind = KIND_OF(HS_OID_text);
        const struct pg_type *element = hs_pgsql_type_by_oid(kind.oid);
        if (result[1] == '[')
            return KIND_OF(element ? element->array : 0);
        kind.typmod = -1;
        return kind;
    }
    if (*result == '-') {
        const struct pg_type *element = call->count ? hs_pgsql_type_by_array(call->args[0].kind.oid) : NULL;
        return KIND_OF(element ? element->oid : 0);
    }
    size_t len = strlen(result);
    bool array = len > 2 && is_word(result + len - 2, "[]");
    const struct pg_type *type = hs_pgsql_type_by_name(hs_str_n(result, array ? len - 2 : len));
    return KIND_OF(!type ? 0 : array ? type->array : type->oid);
}

/* ---- the template ---- */

struct fill {
    struct reader *r;
    struct call *call;
    const struct row *row;
    bool *used;
    struct piece *out;
};

static void put_argument(struct fill *f, size_t index)
{
    if (index >= f->call->count)
        return;
    struct piece *arg = &f->call->args[index];
    struct piece copy = piece_copy(f->r, arg);
    put(f->r, f->out, "%P", &copy);
    f->used[index] = true;
}

static void put_decoration(struct fill *f, const struct piece *p)
{
    struct piece copy = piece_copy(f->r, p);
    piece_join(f->out, &copy);
}

/* Where the bracket that opens at `at` ends. */
static const char *closing(const char *at)
{
    int open = 0;
    bool quoted = false;
    for (; *at; at++) {
        quoted = quoted != (*at == '\'');
        if (quoted)
            continue;
        open += *at == '(';
        open -= *at == ')';
        if (open == 0)
            return at;
    }
    return at;
}

static void put_rest(struct fill *f)
{
    size_t from = 0;
    for (const char *at = f->row->arguments; *at && *at != '+'; at++)
        from += *at != '?';
    for (size_t i = from; i < f->call->count; i++) {
        put(f->r, f->out, ", ");
        put_argument(f, i);
    }
}

static hs_rc fill_template(struct fill *f, const char *at, const char *end);

static hs_rc put_special(struct fill *f, const char **at)
{
    char c = (*at)[1];
    *at += 2;
    if (c >= '1' && c <= '9')
        put_argument(f, (size_t)(c - '1'));
    else if (c == '+')
        put_rest(f);
    else if (c == 'M')
        return type_print(f->r, common_of(f->call), f->call->location, f->out);
    else
        return session_fact(f->r, c, at, f->out);
    return HS_OK;
}

/* !name( ... ): the call that is the aggregate. */
static hs_rc put_aggregate(struct fill *f, const char **at)
{
    const char *open = strchr(*at, '('), *end = closing(open);
    put_raw(f->r, f->out, hs_str_n(*at + 1, (size_t)(open - *at)), f->call->location);
    put_decoration(f, &f->call->distinct);
    HS_TRY(fill_template(f, open + 1, end));
    put_decoration(f, &f->call->order);
    put(f->r, f->out, ")");
    put_decoration(f, &f->call->after);
    *at = end + 1;
    return HS_OK;
}

static hs_rc fill_template(struct fill *f, const char *at, const char *end)
{
    const char *from = at;
    while (at < end) {
        bool special =
                 *at == '$' && at[1] && strchr("123456789+MZVDUWPNTBCAcaQqS[", at[1]) && strncmp(at, "$[*]", 4) != 0,
             aggregate = *at == '!' && islower((unsigned char)at[1]);
        if (!special && !aggregate) {
            at++;
            continue;
        }
        put_raw(f->r, f->out, hs_str_n(from, (size_t)(at - from)), f->call->location);
        if (aggregate) {
            HS_TRY(put_aggregate(f, &at));
        } else {
            HS_TRY(put_special(f, &at));
        }
        from = at;
    }
    put_raw(f->r, f->out, hs_str_n(from, (size_t)(end - from)), f->call->location);
    return HS_OK;
}

/* Strings and parameters become what the row's letters say; where it says nothing, text where it is a string. */
static hs_rc settle_arguments(struct reader *r, const struct row *row, struct call *call)
{
    const char *at = row->arguments;
    for (size_t i = 0; i < call->count; i++) {
        struct piece *arg = &call->args[i], settled;
        uint32_t oid = *at && *at != '+' ? letter_oid(*at) : 0;
        if (oid == HS_OID_jsonb && hs_str_starts(call->name, HS_S("json_")))
            oid = HS_OID_json;
        if (arg->form == PIECE_PARAM && !untyped(arg)) {
            HS_TRY(cast_to(r, arg, arg->kind, call->location, &settled));
            *arg = settled;
        }
        if (untyped(arg) && oid && oid != HS_OID_text && !letter_fits(*at, arg)) {
            HS_TRY(cast_to(r, arg, KIND_OF(oid), call->location, &settled));
            *arg = settled;
        } else if (untyped(arg) && oid == HS_OID_text && arg->form == PIECE_PARAM) {
            HS_TRY(cast_to(r, arg, KIND_OF(oid), call->location, &settled));
            *arg = settled;
        }
        if (*at && *at != '+')
            at += at[1] == '?' ? 2 : 1;
    }
    return HS_OK;
}

static bool has_param(const struct piece *p)
{
    for (const struct span *s = p->first; s; s = s->next)
        if (memchr(s->at, '$', s->len))
            return true;
    return false;
}

/* A parameter that a template has no use for is bound all the same, so it has to be in the text. NULL for it gives
 * NULL, as of every function that is strict. */
static void keep_params(struct fill *f, struct piece *made)
{
    for (size_t i = 0; i < f->call->count; i++) {
        if (f->used[i] || !has_param(&f->call->args[i]))
            continue;
        struct piece inner = *made;
        *made = (struct piece){.kind = inner.kind};
        put(f->r, made, "CASE WHEN %P IS NOT NULL THEN %P END", &f->call->args[i], &inner);
    }
}

hs_rc call_by_table(struct reader *r, struct call *call, bool *found, bool *set, struct piece *out)
{
    const struct row *row = find_row(call);
    *found = row != NULL;
    *set = false;
    if (!row)
        return HS_OK;
    if (strncmp(row->template, "!!", 2) == 0)
        return refuse(r, call->location, "0A000", "%s", row->template + 2);
    bool aggregate = strchr(row->template, '!') != NULL;
    if (call->decorated && !aggregate)
        return refuse(r, call->location, "42809", "%.*s is not an aggregate function", HS_FMT(call->name));
    HS_TRY(settle_arguments(r, row, call));
    struct piece made = {0};
    struct fill f = {r, call, row, hs_arena_array(r->arena, call->count + 1, sizeof(bool)), &made};
    if (!f.used)
        return no_memory(r);
    struct kind kind = result_of(r, row, call);
    const char *from = row->template, *end = from + strlen(from);
    *set = strncmp(from, "unnest(", 7) == 0;
    if (*set) {
        from += 7;
        end--;
    }
    HS_TRY(fill_template(&f, from, end));
    if (!*set && !aggregate)
        keep_params(&f, &made);
    put(r, out, "%P", &made);
    out->kind = kind;
    return HS_OK;
}

/* ---- reading a call ---- */

static hs_rc named_argument(struct reader *r, struct call *call, yyjson_val *body)
{
    static const char *const NAMES[] = {"years", "months", "weeks", "days", "hours", "mins", "secs"};
    hs_str name = node_text(body, "name");
    for (size_t i = 0; i < 7 && hs_str_is(call->name, "make_interval"); i++) {
        if (hs_str_is(name, NAMES[i]))
            return expr(r, yyjson_obj_get(body, "arg"), &call->args[i]);
    }
    return refuse(r, node_location(body), "0A000", "named arguments are not supported for %.*s", HS_FMT(call->name));
}

static hs_rc variadic_elements(struct reader *r, const struct call *call, yyjson_val *node, yyjson_val **out)
{
    static const char *const TAKE[] = {"concat",
                                       "concat_ws",
                                       "format",
                                       "json_build_array",
                                       "json_build_object",
                                       "jsonb_build_array",
                                       "jsonb_build_object",
                                       "num_nulls",
                                       "num_nonnulls",
                                       "json_extract_path",
                                       "jsonb_extract_path"};
    yyjson_val *array = node_only(node, "A_ArrayExpr");
    for (size_t i = 0; array && i < sizeof TAKE / sizeof *TAKE; i++) {
        if (!hs_str_is(call->name, TAKE[i]))
            continue;
        *out = yyjson_obj_get(array, "elements");
        return yyjson_arr_size(*out) ? HS_OK
                                     : refuse(r, call->location, "42P18", "cannot determine type of empty array");
    }
    return refuse(r, call->location, "0A000",
                  "VARIADIC is supported with ARRAY[...], for functions of any number of values");
}

static hs_rc read_arguments(struct reader *r, yyjson_val *body, struct call *call)
{
    yyjson_val *args = yyjson_obj_get(body, "args"), *within = yyjson_obj_get(body, "agg_order");
    size_t count = yyjson_arr_size(args);
    bool interval = hs_str_is(call->name, "make_interval");
    yyjson_val *spread = NULL; /* VARIADIC ARRAY[...]: its elements are arguments */
    if (node_flag(body, "func_variadic"))
        HS_TRY(variadic_elements(r, call, yyjson_arr_get_last(args), &spread));
    call->count = interval ? 7 : count + (spread ? yyjson_arr_size(spread) - 1 : 0);
    call->args = hs_arena_array(r->arena, call->count + yyjson_arr_size(within) + 1, sizeof *call->args);
    if (!call->args)
        return no_memory(r);
    if (interval && count > 7)
        return refuse(r, call->location, "42883", "function make_interval has seven arguments at most");
    EACH(i, item, args)
    {
        yyjson_val *named = node_only(item, "NamedArgExpr");
        if (spread && i + 1 == count)
            break;
        HS_TRY(named ? named_argument(r, call, named) : expr(r, item, &call->args[i]));
        unpad(r, &call->args[i]);
    }
    EACH(k, element, spread)
    HS_TRY(expr(r, element, &call->args[count - 1 + k]));
    for (size_t i = 0; i < call->count && interval; i++) {
        if (!call->args[i].first)
            put(r, &call->args[i], "0");
    }
    return HS_OK;
}

static hs_rc read_window(struct reader *r, yyjson_val *over, struct call *call)
{
    struct piece inner = {0};
    hs_str name = node_text(over, "name");
    call->decorated = call->over = true;
    if (name.len) {
        put(r, &call->after, " OVER %N", &name);
        return HS_OK;
    }
    HS_TRY(window_definition(r, over, &inner));
    put(r, &call->after, " OVER (%P)", &inner);
    return HS_OK;
}

/* A fraction in descending order is a negative one to the engine; 0 has no sign, so the other end is said. */
static hs_rc read_fraction(struct reader *r, struct call *call, yyjson_val *node, bool descending)
{
    yyjson_val *constant = node_only(node, "A_Const"), *real = yyjson_obj_get(constant, "fval");
    struct piece value = call->args[0], made = {.kind = call->args[0].kind};
    int64_t whole = -1;
    bool is_whole = node_constant_number(r, node, &whole);
    char digits[64] = "";
    hs_str text = node_text(real, "fval");
    if (real && text.len < sizeof digits)
        memcpy(digits, text.at, text.len);
    double fraction = is_whole ? (double)whole : strtod(digits, NULL);
    bool known = is_whole || digits[0];
    if (known && (fraction < 0 || fraction > 1))
        return refuse(r, call->location, "22003", "percentile value %g is not between 0 and 1", fraction);
    if (!descending)
        return HS_OK;
    if (!known)
        return refuse(r, call->location, "0A000", "in descending order %.*s wants one constant", HS_FMT(call->name));
    if (fraction == 0 || fraction == 1)
        put(r, &made, fraction == 0 ? "1" : "0");
    else
        put(r, &made, "(- %P)", &value);
    call->args[0] = made;
    return HS_OK;
}

/* percentile_cont(0.5) WITHIN GROUP (ORDER BY x): x is one more argument. */
static hs_rc read_within(struct reader *r, yyjson_val *list, yyjson_val *fraction, struct call *call)
{
    yyjson_val *sort = node_only(yyjson_arr_get_first(list), "SortBy");
    if (yyjson_arr_size(list) != 1)
        return refuse(r, call->location, "0A000", "WITHIN GROUP is supported for one expression");
    HS_TRY(node_check(r, "SortBy", sort));
    HS_TRY(expr(r, yyjson_obj_get(sort, "node"), &call->args[call->count]));
    bool descending = node_is(sort, "sortby_dir", "SORTBY_DESC");
    if (node_is(sort, "sortby_dir", "SORTBY_USING"))
        return refuse(r, call->location, "0A000", "ORDER BY ... USING is not supported WITHIN GROUP");
    if (hs_str_is(call->name, "mode")) { /* of several, the first in this order */
        struct piece value = piece_copy(r, &call->args[call->count]);
        put(r, &call->order, descending ? " ORDER BY %P DESC" : " ORDER BY %P ASC", &value);
    } else if (call->count && hs_str_starts(call->name, HS_S("percentile_"))) {
        HS_TRY(read_fraction(r, call, fraction, descending));
    }
    call->count++;
    call->within_group = true;
    return HS_OK;
}

hs_rc function_read(struct reader *r, yyjson_val *body, struct call *call)
{
    *call = (struct call){.location = node_location(body)};
    call->name = node_last_name(yyjson_obj_get(body, "funcname"), &call->schema);
    call->star = node_flag(body, "agg_star");
    HS_TRY(read_arguments(r, body, call));
    yyjson_val *order = yyjson_obj_get(body, "agg_order"), *filter = yyjson_obj_get(body, "agg_filter");
    if (node_flag(body, "agg_distinct")) {
        put(r, &call->distinct, "DISTINCT ");
        call->decorated = true;
    }
    if (node_flag(body, "agg_within_group")) {
        HS_TRY(read_within(r, order, yyjson_arr_get_first(yyjson_obj_get(body, "args")), call));
    } else if (order) {
        call->decorated = true;
        HS_TRY(order_by(r, order, &call->order));
    }
    if (filter) {
        struct piece condition = {0};
        HS_TRY(expr(r, filter, &condition));
        put(r, &call->after, " FILTER (WHERE %P)", &condition);
        call->decorated = true;
    }
    return yyjson_obj_get(body, "over") ? read_window(r, yyjson_obj_get(body, "over"), call) : HS_OK;
}

/* ---- printing it ---- */

/* As it is written: the engine's function of that name, if the guard lets it through. */
static hs_rc call_plain(struct reader *r, struct call *call, struct piece *out)
{
    if (call->within_group)
        return refuse(r, call->location, "0A000", "%.*s is not supported WITHIN GROUP", HS_FMT(call->name));
    put(r, out, "%L%N(%P", call->location, &call->name, &call->distinct);
    for (size_t i = 0; i < call->count; i++) {
        struct piece settled = call->args[i];
        if (settled.form == PIECE_PARAM && settled.kind.oid != HS_OID_unknown)
            HS_TRY(cast_to(r, &call->args[i], call->args[i].kind, call->location, &settled));
        put(r, out, i ? ", %P" : "%P", &settled);
    }
    put(r, out, "%P)%P", &call->order, &call->after);
    static const char *const SAME[] = {"min",        "max",       "lag",       "lead", "first_value",
                                       "last_value", "nth_value", "any_value", "mode"};
    for (size_t i = 0; i < sizeof SAME / sizeof *SAME && call->count; i++) {
        if (hs_str_is(call->name, SAME[i]))
            out->kind = untyped(&call->args[0]) ? KIND_OF(HS_OID_text) : call->args[0].kind;
    }
    return HS_OK;
}

/* A step that is not zero: the engine would answer without rows. */
static hs_rc series_step(struct reader *r, const struct call *call, const char *zero, struct piece *step)
{
    const struct span *s = step->first;
    if (s && !s->next && s->len == 1 && s->at[0] == '0')
        return refuse(r, call->location, "22023", "step size cannot equal zero");
    if (s && !s->next && s->at[0] >= '1' && s->at[0] <= '9')
        return HS_OK;
    struct piece made = {.kind = step->kind}, again = piece_copy(r, step);
    put(r, &made, "CASE WHEN hs_pg_check(%P <> %s, '22023') THEN %P END", &again, zero, step);
    *step = made;
    return HS_OK;
}

/* numeric: the first, and so many steps as fit. */
static hs_rc series_numeric(struct reader *r, struct call *call, struct piece *out)
{
    struct piece first = call->args[0], last = call->args[1], step = {.kind = KIND_OF(HS_OID_int4)}, copy[5];
    if (call->count == 3)
        step = call->args[2];
    else
        put(r, &step, "1");
    if (untyped(&first) || untyped(&last) || untyped(&step))
        return refuse(r, call->location, "0A000", "generate_series of numeric wants numbers that have their type");
    HS_TRY(series_step(r, call, "0", &step));
    for (size_t i = 0; i < 2; i++)
        copy[i] = piece_copy(r, &first);
    for (size_t i = 2; i < 4; i++)
        copy[i] = piece_copy(r, &step);
    copy[4] = piece_copy(r, &last);
    put(r, out,
        "list_transform(generate_series(0, CASE WHEN (%P - %P) * sign(%P) < 0 THEN -1 ELSE CAST(hs_pg_quot(%P - %P, "
        "%P) AS "
        "BIGINT) END), lambda hs_i: %P + hs_i * %P)",
        &last, &first, &step, &copy[4], &copy[0], &copy[2], &copy[1], &copy[3]);
    out->kind = KIND_OF(HS_OID_numeric);
    return HS_OK;
}

/* generate_series in PostgreSQL's types: the engine's counts in BIGINT. */
static hs_rc series(struct reader *r, struct call *call, bool *found, bool *set, struct piece *out)
{
    bool series_name = hs_str_is(call->name, "generate_series"), unnest = hs_str_is(call->name, "unnest");
    bool subscripts = hs_str_is(call->name, "generate_subscripts");
    *found = (series_name && (call->count == 2 || call->count == 3)) || (unnest && call->count == 1) ||
             (subscripts && call->count == 2);
    if (!*found)
        return HS_OK;
    *set = true;
    if (unnest) {
        const struct pg_type *element = hs_pgsql_type_by_array(call->args[0].kind.oid);
        out->kind = KIND_OF(element                                       ? element->oid
                            : call->args[0].kind.oid == HS_OID_int2vector ? HS_OID_int2
                            : call->args[0].kind.oid == HS_OID_oidvector  ? HS_OID_oid
                                                                          : 0);
        put(r, out, "%P", &call->args[0]);
        return HS_OK;
    }
    if (subscripts) {
        uint32_t of = call->args[0].kind.oid; /* vectors of the catalog begin at 0 */
        bool vector = of == HS_OID_int2vector || of == HS_OID_oidvector;
        put(r, out, "CAST(generate_series(%d, CASE WHEN %P = 1 THEN len(%P)%s ELSE %d END) AS INTEGER[])",
            (int64_t)!vector, &call->args[1], &call->args[0], vector ? " - 1" : "", (int64_t)!vector - 1);
        out->kind = KIND_OF(HS_OID_int4);
        return HS_OK;
    }
    struct kind kind = hs_pgsql_common(call->args[0].kind, call->args[1].kind);
    if (call->count == 3)
        kind = hs_pgsql_klass(kind.oid) == 'i' ? hs_pgsql_common(kind, call->args[2].kind) : kind;
    char klass = hs_pgsql_klass(kind.oid);
    if (klass == 'n')
        return series_numeric(r, call, out);
    if (klass == 'f')
        return refuse(r, call->location, "0A000",
                      "generate_series is supported for numbers but floats, dates and timestamps");
    bool zoned = klass == 'd' || klass == 'z';
    hs_str zone = r->context->time_zone.len ? r->context->time_zone : HS_S("UTC");
    for (size_t i = 0; i < call->count; i++) {
        struct kind step = klass == 'i' ? kind : KIND_OF(HS_OID_interval);
        struct kind want = i == 2 ? step : zoned ? KIND_OF(HS_OID_timestamptz) : kind;
        struct piece settled = call->args[i], local = {0};
        bool another = untyped(&call->args[i]) || (zoned && i < 2 && call->args[i].kind.oid != HS_OID_timestamptz);
        if (another && want.oid && !call->args[i].is_null)
            HS_TRY(cast_to(r, &call->args[i], want, call->location, &settled));
        if (i == 2)
            HS_TRY(series_step(r, call, klass == 'i' ? "0" : "INTERVAL 0 SECOND", &settled));
        if (zoned && i < 2) { /* by the calendar of the session's zone */
            put(r, &local, "timezone(%T, %P)", &zone, &settled);
            settled = local;
        }
        put(r, out, "%s%P", i ? ", " : "generate_series(", &settled);
    }
    put(r, out, ")");
    if (kind.oid == HS_OID_int4 || kind.oid == HS_OID_int2) {
        struct piece inner = *out;
        *out = (struct piece){0};
        put(r, out, "CAST(%P AS INTEGER[])", &inner);
        kind = KIND_OF(HS_OID_int4);
    }
    if (zoned) {
        struct piece local = *out;
        *out = (struct piece){0};
        put(r, out, "list_transform(%P, lambda hs_e: timezone(%T, hs_e))", &local, &zone);
        kind = KIND_OF(HS_OID_timestamptz);
    }
    out->kind = kind;
    return HS_OK;
}

/* EXTRACT(field FROM x) and date_part('field', x). */
static hs_rc extract(struct reader *r, struct call *call, bool *found, struct piece *out)
{
    static const char *const SAME[][2] = {{"years", "year"},      {"months", "month"},
                                          {"mon", "month"},       {"days", "day"},
                                          {"hours", "hour"},      {"minutes", "minute"},
                                          {"min", "minute"},      {"seconds", "second"},
                                          {"sec", "second"},      {"millisecond", "milliseconds"},
                                          {"ms", "milliseconds"}, {"microsecond", "microseconds"},
                                          {"us", "microseconds"}, {"weeks", "week"},
                                          {"y", "year"},          {"d", "day"},
                                          {"h", "hour"},          {"m", "minute"},
                                          {"s", "second"},        {"w", "week"}};
    bool part = hs_str_is(call->name, "date_part"), set;
    *found = call->count == 2 && (part || hs_str_is(call->name, "extract"));
    if (!*found)
        return HS_OK;
    if (call->args[0].form != PIECE_LITERAL)
        return refuse(r, call->location, "0A000", "the field of %.*s has to be a constant", HS_FMT(call->name));
    hs_str field = hs_arena_printf(r->arena, "extract:%.*s", HS_FMT(call->args[0].literal));
    if (!field.at)
        return no_memory(r);
    for (char *c = (char *)field.at; *c; c++)
        *c = (char)tolower((unsigned char)*c);
    for (size_t i = 0; i < sizeof SAME / sizeof *SAME; i++) {
        if (strcmp(field.at + 8, SAME[i][0]) == 0)
            field = hs_arena_printf(r->arena, "extract:%s", SAME[i][1]);
    }
    struct piece value = call->args[1], made = {0};
    bool absolute = hs_str_is(field, "extract:epoch") || hs_str_starts(field, HS_S("extract:timezone"));
    static const char *const OF_TIME[] = {"hour", "minute", "second", "milliseconds", "microseconds", "timezone"};
    for (size_t i = 0; i < sizeof OF_TIME / sizeof *OF_TIME && value.kind.oid == HS_OID_date && !part; i++) {
        if (strcmp(field.at + 8, OF_TIME[i]) == 0)
            return refuse(r, call->location, "0A000", "unit \"%s\" not supported for type date", OF_TIME[i]);
    }
    if (value.kind.oid == HS_OID_timestamptz && !absolute) {
        hs_str zone = r->context->time_zone.len ? r->context->time_zone : HS_S("UTC");
        value = (struct piece){.kind = KIND_OF(HS_OID_timestamp)};
        put(r, &value, "timezone(%T, %P)", &zone, &call->args[1]);
    }
    struct call inner = {.name = field, .args = &value, .count = 1, .location = call->location};
    bool known;
    HS_TRY(call_by_table(r, &inner, &known, &set, &made));
    if (!known)
        return refuse(r, call->location, "22023", "unit \"%.*s\" not supported for this type",
                      HS_FMT(call->args[0].literal));
    put(r, out, part ? "CAST(%P AS DOUBLE)" : "%P", &made);
    out->kind = KIND_OF(part ? HS_OID_float8 : HS_OID_numeric);
    return HS_OK;
}

static hs_rc check_window(struct reader *r, const struct call *call)
{
    static const char *const NAMES[] = {"row_number", "rank", "dense_rank",  "percent_rank", "cume_dist", "ntile",
                                        "lag",        "lead", "first_value", "last_value",   "nth_value"};
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES && !call->over && !call->within_group; i++) {
        if (hs_str_is(call->name, NAMES[i]))
            return refuse(r, call->location, "42809", "window function %s requires an OVER clause", NAMES[i]);
    }
    return HS_OK;
}

/* OVERLAPS (a, interval): the end is a and the interval. */
static hs_rc overlaps(struct reader *r, struct call *call)
{
    if (!hs_str_is(call->name, "overlaps") || call->count != 4)
        return HS_OK;
    for (size_t i = 0; i < 4; i += 2) {
        if (call->args[i + 1].kind.oid != HS_OID_interval)
            continue;
        struct piece begin = piece_copy(r, &call->args[i]), end = {.kind = NOT_KNOWN};
        HS_TRY(operator_print(r, HS_S("+"), &begin, &call->args[i + 1], call->location, &end));
        call->args[i + 1] = end;
    }
    return HS_OK;
}

/* Groups that a pattern takes out, as far as its brackets tell. */
static size_t groups_of(hs_str pattern)
{
    size_t count = 0;
    bool in_class = false;
    for (size_t i = 0; i < pattern.len; i++) {
        char c = pattern.at[i], next = i + 1 < pattern.len ? pattern.at[i + 1] : 0;
        if (c == '\\')
            i++;
        else if (in_class)
            in_class = c != ']';
        else if (c == '[')
            in_class = true, i += next == ']'                                                      ? 1
                                  : next == '^' && i + 2 < pattern.len && pattern.at[i + 2] == ']' ? 2
                                                                                                   : 0;
        else
            count += c == '(' && next != '?';
    }
    return count;
}

/* regexp_match and regexp_matches of a constant pattern with several groups: an array of each. */
static hs_rc match_groups(struct reader *r, struct call *call, bool *found, bool *set, struct piece *out)
{
    bool one = hs_str_is(call->name, "regexp_match"), all = false;
    size_t groups = call->count > 1 && call->args[1].form == PIECE_LITERAL ? groups_of(call->args[1].literal) : 0;
    *found =
        (one ? call->count == 2 : hs_str_is(call->name, "regexp_matches") && (call->count == 2 || call->count == 3)) &&
        groups > 1 && groups < 10;
    if (!*found)
        return HS_OK;
    if (call->count == 3) {
        if (call->args[2].form != PIECE_LITERAL ||
            !(hs_str_is(call->args[2].literal, "g") || !call->args[2].literal.len))
            return refuse(r, call->location, "0A000",
                          "regexp_matches with several groups is supported with the flag g alone");
        all = call->args[2].literal.len > 0;
    }
    struct piece list = {0}, test_text = piece_copy(r, &call->args[0]), test = piece_copy(r, &call->args[1]);
    for (size_t i = 1; i <= groups; i++) {
        struct piece text = piece_copy(r, &call->args[0]), pattern = piece_copy(r, &call->args[1]);
        put(r, &list,
            all ? "%slist_extract(regexp_extract_all(%P, hs_pg_regex_sure(%P), %d), hs_i)"
                : "%sregexp_extract(%P, hs_pg_regex_sure(%P), %d)",
            i > 1 ? ", " : "", &text, &pattern, (int64_t)i);
    }
    *set = !one;
    if (one)
        put(r, out, "CASE WHEN regexp_matches(%P, hs_pg_regex_sure(%P)) THEN [%P] END", &test_text, &test, &list);
    else if (all)
        put(r, out,
            "list_transform(generate_series(1, len(regexp_extract_all(%P, hs_pg_regex_sure(%P)))), lambda hs_i: [%P])",
            &test_text, &test, &list);
    else
        put(r, out, "CASE WHEN regexp_matches(%P, hs_pg_regex_sure(%P)) THEN [[%P]] ELSE CAST([] AS VARCHAR[][]) END",
            &test_text, &test, &list);
    out->kind = KIND_OF(1009);
    return HS_OK;
}

hs_rc call_print(struct reader *r, struct call *call, bool *set, struct piece *out)
{
    bool found = false;
    *set = false;
    if (call->star && hs_str_is(call->name, "count")) {
        put(r, out, "%Lcount(*)%P", call->location, &call->after);
        out->kind = KIND_OF(HS_OID_int8);
        return HS_OK;
    }
    HS_TRY(check_window(r, call));
    HS_TRY(overlaps(r, call));
    if (call->schema.len && !hs_str_is(call->schema, "pg_catalog") && !hs_str_is(call->schema, "information_schema"))
        return refuse(r, call->location, "42883", "function %.*s.%.*s does not exist", HS_FMT(call->schema),
                      HS_FMT(call->name));
    HS_TRY(call_by_session(r, call, &found, out));
    if (!found)
        HS_TRY(extract(r, call, &found, out));
    if (!found && !call->decorated)
        HS_TRY(series(r, call, &found, set, out));
    if (!found)
        HS_TRY(match_groups(r, call, &found, set, out));
    if (!found)
        HS_TRY(call_by_table(r, call, &found, set, out));
    return found ? HS_OK : call_plain(r, call, out);
}

hs_rc print_call(struct reader *r, yyjson_val *body, struct piece *out)
{
    struct call call;
    bool set;
    HS_TRY(function_read(r, body, &call));
    struct piece made = {.kind = NOT_KNOWN};
    HS_TRY(call_print(r, &call, &set, &made));
    if (!set) {
        *out = made;
        return HS_OK;
    }
    put(r, out, "unnest(%P)", &made);
    out->kind = made.kind;
    return HS_OK;
}
