/* generalise: a value becomes the wider one that a table gives for it (a city its country, a diagnosis its chapter).
 * What the table does not know becomes the default, so that a new value is not shown by mistake. */
#include "mask/dialect.h"
#include "mask/mask.h"
#include "mask/sql.h"

#include "base/alloc.h"

enum { MAX_PAIRS = 10000, MAX_TEXT = 4096, MAX_NUMBERS = 256 };

static hs_rc check_value(const struct hs_value *v, const struct hs_type *type, const char *what, struct hs_err *err)
{
    hs_whole n;
    bool text = v->kind == HS_V_TEXT, number = v->kind == HS_V_INT;
    if ((!text && !number) || (text && !hs_mask_text_fits(v, MAX_TEXT)))
        return hs_fail(err, HS_INVALID, "%s is a text or a whole number", what);
    if (type && (text != (type->id == HS_T_STRING) || (number && !hs_mask_scaled(v, type, &n))))
        return hs_fail(err, HS_INVALID, "%s is no value of the column's type", what);
    return HS_OK;
}

/* The load makes a map of these; here they are still names (model/lookup_map.c). */
static hs_rc check_table(const struct hs_mask_call *call, struct hs_err *err)
{
    const struct hs_value *other = hs_mask_arg(call, "else");
    if (hs_mask_arg(call, "map"))
        return hs_fail(err, HS_INVALID, "give either 'map' or 'table'");
    if (call->type)
        return hs_fail(err, HS_INVALID, "the table's rows are not there");
    return other ? check_value(other, NULL, "else", err) : hs_fail(err, HS_INVALID, "else is missing");
}

static hs_rc check(const struct hs_mask_call *call, struct hs_err *err)
{
    const struct hs_value *map = hs_mask_arg(call, "map"), *other = hs_mask_arg(call, "else");
    if (hs_mask_arg(call, "table"))
        return check_table(call, err);
    if (hs_mask_arg(call, "from") || hs_mask_arg(call, "to"))
        return hs_fail(err, HS_INVALID, "'from' and 'to' are columns of a 'table'");
    if (!map || map->kind != HS_V_LIST || map->item_count % 2 || !map->item_count || map->item_count / 2 > MAX_PAIRS)
        return hs_fail(err, HS_INVALID, "map has 1 to %d entries 'value: wider value'", MAX_PAIRS);
    if (call->type && call->type->id != HS_T_STRING && map->item_count / 2 > MAX_NUMBERS)
        return hs_fail(err, HS_INVALID, "a map of numbers has at most %d entries (bucket has no such limit)",
                       MAX_NUMBERS);
    for (size_t i = 0; i < map->item_count; i++)
        HS_TRY(check_value(&map->items[i], call->type, i % 2 ? "a value in map" : "a key of map", err));
    return other ? check_value(other, call->type, "else", err) : hs_fail(err, HS_INVALID, "else is missing");
}

static void print_numbers(struct hs_buf *out, const struct hs_mask_call *call, const struct hs_value *map)
{
    hs_buf_addz(out, "CASE");
    for (size_t i = 0; i + 1 < map->item_count; i += 2) {
        hs_buf_addf(out, " WHEN %.*s = ", HS_FMT(call->x));
        hs_buf_add_duckdb_literal(out, &map->items[i], call->type);
        hs_buf_addz(out, " THEN ");
        hs_buf_add_duckdb_literal(out, &map->items[i + 1], call->type);
    }
    hs_buf_addf(out, " WHEN %.*s IS NOT NULL THEN ", HS_FMT(call->x));
    hs_buf_add_duckdb_literal(out, hs_mask_arg(call, "else"), call->type);
    hs_buf_addz(out, " END");
}

/* Of a key that is there twice the first counts; Trino's map would raise an error about it. */
static bool is_first(const struct hs_value *map, size_t i)
{
    for (size_t k = 0; k < i; k += 2)
        if (hs_value_same(&map->items[k], &map->items[i]))
            return false;
    return true;
}

static void add_side(struct hs_buf *out, const struct hs_mask_call *call, size_t side)
{
    const struct hs_value *map = hs_mask_arg(call, "map");
    hs_buf_addz(out, "ARRAY[");
    for (size_t i = 0; i + 1 < map->item_count; i += 2) {
        if (!is_first(map, i))
            continue;
        hs_buf_addz(out, i ? ", " : "");
        hs_trino.add_literal(out, &map->items[i + side], call->type);
    }
    hs_buf_addc(out, ']');
}

static void print_trino(struct hs_buf *out, const struct hs_mask_call *call)
{
    hs_buf_addf(out, "CASE WHEN %.*s IS NOT NULL THEN coalesce(element_at(map(", HS_FMT(call->x));
    add_side(out, call, 0);
    hs_buf_addz(out, ", ");
    add_side(out, call, 1);
    hs_buf_addf(out, "), %.*s), ", HS_FMT(call->x));
    hs_trino.add_literal(out, hs_mask_arg(call, "else"), call->type);
    hs_buf_addz(out, ") END");
}

static void print_postgres(struct hs_buf *out, const struct hs_mask_call *call)
{
    const struct hs_value *map = hs_mask_arg(call, "map");
    const char *order = call->type->id == HS_T_STRING ? hs_postgres.text_order : "";
    hs_buf_addz(out, "CASE");
    for (size_t i = 0; i + 1 < map->item_count; i += 2) {
        hs_buf_addf(out, " WHEN (%.*s)%s = ", HS_FMT(call->x), order);
        hs_postgres.add_literal(out, &map->items[i], call->type);
        hs_buf_addz(out, " THEN ");
        hs_postgres.add_literal(out, &map->items[i + 1], call->type);
    }
    hs_buf_addf(out, " WHEN %.*s IS NOT NULL THEN ", HS_FMT(call->x));
    hs_postgres.add_literal(out, hs_mask_arg(call, "else"), call->type);
    hs_buf_addz(out, " END");
}

static void add_setup(struct hs_buf *setup, const struct hs_mask_call *call)
{
    const struct hs_value *map = hs_mask_arg(call, "map");
    hs_setup_add(setup, hs_mask_arg_text(call, "else", ""));
    hs_setup_add_int(setup, (int64_t)map->item_count / 2);
    for (size_t i = 0; i < map->item_count; i++)
        hs_setup_add(setup, map->items[i].text);
}

static void print(struct hs_buf *out, const struct hs_mask_call *call)
{
    const struct hs_value *map = hs_mask_arg(call, "map");
    struct hs_native_call c;
    if (call->type->id != HS_T_STRING) {
        print_numbers(out, call, map);
        return;
    }
    hs_native_call_begin(&c, out, call);
    add_setup(&c.setup, call);
    hs_native_call_end(&c, HS_NATIVE_TEXT, call->x);
}

/* ---- the table: open addressing, half full at most ---- */

struct pair {
    hs_str from, to; /* of the setup; from.at == NULL: free */
};
struct state {
    hs_str other;
    size_t mask;
    struct pair at[];
};

static uint64_t hash_of(hs_str s)
{
    uint64_t h = UINT64_C(0xcbf29ce484222325) ^ s.len;
    for (size_t i = 0; i < s.len; i++)
        h = (h ^ (uint8_t)s.at[i]) * UINT64_C(0x100000001b3);
    return h ^ h >> 32;
}

static const struct pair *find(const struct state *s, hs_str from)
{
    size_t i = hash_of(from) & s->mask;
    while (s->at[i].from.at && !hs_str_eq(s->at[i].from, from))
        i = (i + 1) & s->mask;
    return &s->at[i];
}

static void *open_state(const struct hs_native_setup *setup)
{
    hs_str rest = setup->fields, other;
    int64_t count;
    size_t slots = 4;
    if (!hs_setup_next(&rest, &other) || !hs_setup_next_int(&rest, &count) || count < 0 || count > MAX_PAIRS)
        return NULL;
    while (slots < 2 * (size_t)count + 1)
        slots *= 2;
    struct state *s = hs_calloc(1, sizeof *s + slots * sizeof *s->at);
    if (!s)
        return NULL;
    s->other = other;
    s->mask = slots - 1;
    for (int64_t i = 0; i < count; i++) {
        struct pair p;
        if (!hs_setup_next(&rest, &p.from) || !hs_setup_next(&rest, &p.to)) {
            hs_free(s);
            return NULL;
        }
        struct pair *slot = (struct pair *)find(s, p.from);
        if (!slot->from.at) /* the first entry counts */
            *slot = p;
    }
    return s;
}

static bool mask(const void *state, void *work, enum hs_native_kind kind, struct hs_native_value *v, struct hs_buf *out)
{
    const struct state *s = state;
    const struct pair *p = find(s, v->bytes);
    (void)work, (void)kind, (void)out;
    v->bytes = p->from.at ? p->to : s->other;
    return true;
}

static const struct hs_native native = {
    .kinds = 1u << HS_NATIVE_TEXT, .open = open_state, .close = hs_free, .mask = mask};

static const struct hs_mask_arg_spec args[] = {
    {"map", "the table: a map of values to wider values", true},
    {"table", "or a lookup that has it in two of its columns; a policy of the mesh names the domain, too", true},
    {"from", "the lookup's column with the values", true},
    {"to", "and the one with the wider values", true},
    {"else", "what every other value becomes", false},
};

static const struct hs_mask_example examples[] = {
    {"string", "map: {'Graz': 'AT', 'Wien': 'AT', 'Bern': 'CH'}; else: 'other'", "Graz", "AT"},
    {"string", "map: {'Graz': 'AT', 'Wien': 'AT', 'Bern': 'CH'}; else: 'other'", "graz", "other"},
    {"string", "map: {'Graz': 'AT', '': 'none'}; else: 'other'", "", "none"},
    {"string", "map: {'Graz': 'AT'}; else: 'other'", NULL, NULL},
    {"long", "map: {1: 10, 2: 10, 3: 30}; else: 0", "2", "10"},
    {"int", "map: {1: 10}; else: -1", "7", "-1"},
    {"int", "map: {1: 10}; else: -1", NULL, NULL},
};

const struct hs_mask_function hs_mask_generalise = {
    .name = "generalise",
    .text = "The wider value that a table gives for it; what the table does not have becomes the default.",
    .accepts = HS_ON(HS_T_STRING) | HS_ON(HS_T_INT) | HS_ON(HS_T_LONG),
    .args = args,
    .arg_count = HS_COUNT(args),
    .check = check,
    .print_duckdb = print,
    .print_trino = print_trino,
    .print_postgres = print_postgres,
    .add_setup = add_setup,
    .native = &native,
    .examples = examples,
    .example_count = HS_COUNT(examples),
};
