/* The mask functions' examples, and decisions made at random: as cmocka tests for what can be seen without an engine,
 * and with an argument as JSON lines for tests/policy, which runs the printed expressions in a real DuckDB:
 *   policy_examples_test --examples
 *   policy_examples_test --table            the masks' lines of doc/dialects.md
 *   policy_examples_test --decisions SEED COUNT
 *   policy_examples_test --natives */
#include "mask/dialect.h"
#include "policy/test/mask_examples.h"
#include "policy/test/rule_json.h"

/* ---- examples ---- */

struct prepared {
    struct hs_policy mask;
    struct hs_mask_arg args[8];
    struct hs_mask_call call;
};

static void prepare(struct world *w, const struct hs_mask_function *f, const struct hs_mask_example *e,
                    struct prepared *out)
{
    *out = (struct prepared){.mask = {.kind = HS_MASK, .with = hs_str_of(f->name), .args = out->args}};
    if (e->arg)
        out->mask.arg_count = example_args(w, f, e->arg, out->args);
    out->call = (struct hs_mask_call){.type = example_type(w, e->type),
                                      .x = HS_S("\"f1\""),
                                      .args = out->mask.args,
                                      .arg_count = out->mask.arg_count};
}

static const char *printed(struct world *w, const struct hs_mask_function *f, const struct hs_mask_call *call)
{
    struct hs_buf b;
    hs_buf_init(&b, 1 << 16);
    hs_buf_add_mask_call(&b, f, call);
    return w_keep(w, &b);
}

static void test_examples_are_sound(void **state)
{
    struct world w;
    struct prepared p;
    const struct hs_mask_function *f;
    (void)state;
    w_init(&w);
    for (size_t i = 0; (f = hs_mask_function_at(i)); i++) {
        bool null_stays = false, hides = false;
        assert_ptr_equal(hs_mask_function(hs_str_of(f->name)), f);
        assert_true(i == 0 || strcmp(hs_mask_function_at(i - 1)->name, f->name) < 0); /* by name, and each once */
        assert_true(f->text && *f->text && f->example_count && f->arg_count <= 8);
        for (size_t k = 0; k < f->example_count; k++) {
            const struct hs_mask_example *e = &f->examples[k];
            prepare(&w, f, e, &p);
            if (hs_mask_fits(&p.mask, p.call.type, &w.err) != HS_OK)
                fail_msg("%s: %s", f->name, w.err.shown);
            assert_non_null(printed(&w, f, &p.call));
            assert_true(e->input || !e->output); /* NULL stays NULL */
            null_stays |= !e->input;
            hides |= e->input && (!e->output || strcmp(e->input, e->output) != 0);
        }
        assert_true(null_stays && hides);
    }
    assert_null(hs_mask_function(HS_S("")));
    w_fini(&w);
}

/* Every type that a function accepts prints, and so does no other. */
static void test_every_type(void **state)
{
    struct world w;
    struct prepared p;
    const struct hs_mask_function *f;
    (void)state;
    w_init(&w);
    for (size_t i = 0; (f = hs_mask_function_at(i)); i++)
        for (int id = 1; id < HS_T_COUNT_; id++) {
            struct hs_type *t = id == HS_T_DECIMAL ? w_decimal(&w, 5, 2)
                                : id == HS_T_LIST  ? example_type(&w, "list<string>")
                                                   : w_type(&w, (enum hs_type_id)id);
            prepare(&w, f, &f->examples[0], &p);
            p.call.type = t;
            bool fits = hs_mask_fits(&p.mask, t, &w.err) == HS_OK;
            assert_true(!fits || f->accepts & HS_ON(id));
            if (fits)
                assert_true(strlen(printed(&w, f, &p.call)) > 0);
        }
    w_fini(&w);
}

static void test_expressions(void **state)
{
    static const struct {
        const char *function, *sql;
    } golden[] = {
        {"nullify", "CAST(NULL AS VARCHAR)"},
        {"constant", "CASE WHEN \"f1\" IS NOT NULL THEN CAST('hidden' AS VARCHAR) END"},
        {"redact", "CASE WHEN \"f1\" IS NOT NULL THEN CAST('[redacted]' AS VARCHAR) END"},
        {"show-first-n", "CASE WHEN length(\"f1\") > 4 THEN substring(\"f1\", 1, 4) || repeat('*', length(\"f1\") - 4) "
                         "ELSE repeat('*', length(\"f1\")) END"},
        {"show-last-n", "CASE WHEN length(\"f1\") > 4 THEN repeat('*', length(\"f1\") - 4) || substring(\"f1\", "
                        "length(\"f1\") - 3, 4) ELSE repeat('*', length(\"f1\")) END"},
        {"keep-domain", "CASE WHEN contains(\"f1\", '@') THEN '***@' || split_part(\"f1\", '@', -1) WHEN \"f1\" IS NOT "
                        "NULL THEN '***' END"},
        {"truncate-date", "CASE WHEN \"f1\" < DATE '0001-01-01' THEN DATE '0001-01-01' WHEN \"f1\" > DATE '9999-12-31' "
                          "THEN DATE '9999-01-01' ELSE make_date(year(\"f1\"), 1, 1) END"},
        {"hmac-token", "hs_mask_hmac_token('0:,0:,', \"f1\")"},
    };
    struct world w;
    struct prepared p;
    (void)state;
    w_init(&w);
    for (size_t i = 0; i < COUNT(golden); i++) {
        const struct hs_mask_function *f = hs_mask_function(hs_str_of(golden[i].function));
        assert_non_null(f);
        prepare(&w, f, &f->examples[0], &p);
        assert_string_equal(printed(&w, f, &p.call), golden[i].sql);
    }
    w_fini(&w);
}

/* ---- JSON lines ---- */

static void put_text(struct hs_buf *b, const char *key, const char *text)
{
    hs_buf_addf(b, "%s\"%s\": ", b->at[b->len - 1] == '{' ? "" : ", ", key);
    if (text)
        hs_buf_add_json(b, hs_str_of(text));
    else
        hs_buf_addz(b, "null");
}

static void flush(struct hs_buf *b)
{
    assert_false(b->failed);
    printf("%.*s\n", HS_FMT(hs_buf_str(b)));
    hs_buf_clear(b);
}

/* ---- the other engines ---- */

static const struct hs_dialect *const dialects[] = {&hs_trino, &hs_postgres};

static const char *iceberg_action(const struct hs_mask_function *f, const struct hs_mask_call *call)
{
    return f->iceberg_action_of ? f->iceberg_action_of(call) : f->iceberg_action;
}

/* The example in each dialect that has the mask and its type: what tests/dialects runs there. */
static void put_dialects(struct world *w, struct hs_buf *b, const struct hs_mask_function *f, const struct prepared *p)
{
    for (size_t i = 0; i < COUNT(dialects); i++) {
        struct hs_buf type, text;
        struct hs_mask_call call = p->call;
        call.function = f;
        call.variable = 1;
        hs_mask_print print;
        assert_int_equal(hs_mask_print_in(&call, dialects[i], &print, &w->err), HS_OK);
        hs_buf_init(&type, 1 << 12);
        hs_buf_init(&text, 1 << 16);
        if (print && dialects[i]->add_type(&type, call.type)) {
            hs_buf_addf(b, ", \"%s\": {", dialects[i]->name);
            print(&text, &call);
            put_text(b, "type", w_keep(w, &type));
            put_text(b, "sql", w_keep(w, &text));
            hs_buf_addc(b, '}');
        } else {
            hs_buf_fini(&type);
            hs_buf_fini(&text);
        }
    }
}

/* "exact: truncate-to-year" where every example has the action, with the types where only some have. */
static void put_iceberg_cell(struct world *w, struct hs_buf *b, const struct hs_mask_function *f)
{
    struct prepared p;
    uint64_t types = 0;
    const char *actions[8];
    size_t count = 0, missing = 0;
    for (size_t k = 0; k < f->example_count; k++) {
        prepare(w, f, &f->examples[k], &p);
        const char *action = iceberg_action(f, &p.call);
        size_t i = 0;
        missing += !action;
        types |= action ? HS_ON(p.call.type->id) : 0;
        while (action && i < count && strcmp(actions[i], action) != 0)
            i++;
        if (action && i == count && count < COUNT(actions))
            actions[count++] = action;
    }
    bool fixed = count && strcmp(actions[0], "mask-to-fixed-value") == 0; /* which is there for NULL, too */
    hs_buf_addz(b, fixed ? "exact where required: " : count ? "exact: " : "stand-in: NULL");
    for (size_t i = 0; i < count; i++)
        hs_buf_addf(b, "%s%s", i ? ", " : "", actions[i]);
    for (int id = 1, n = 0; id < HS_T_COUNT_ && count && missing; id++)
        if (types & HS_ON(id))
            hs_buf_addf(b, "%s%s", n++ ? ", " : " for ", hs_type_name((enum hs_type_id)id));
    hs_buf_addz(b, count && missing ? "; else NULL" : "");
}

static void put_fit(struct hs_buf *b, const struct hs_mask_function *f, hs_mask_print print)
{
    if (print && f->said_where)
        hs_buf_addf(b, " exact %s; else NULL |", f->said_where);
    else
        hs_buf_addz(b, print ? " exact |" : " stand-in: NULL |");
}

static int dump_table(void)
{
    struct world w;
    struct hs_buf b;
    const struct hs_mask_function *f;
    w_init(&w);
    hs_buf_init(&b, 1 << 20);
    for (size_t i = 0; (f = hs_mask_function_at(i)); i++) {
        hs_buf_addf(&b, "| %s |", f->name);
        for (size_t k = 0; k < COUNT(dialects); k++)
            put_fit(&b, f, dialects[k] == &hs_trino ? f->print_trino : f->print_postgres);
        hs_buf_addc(&b, ' ');
        put_iceberg_cell(&w, &b, f);
        hs_buf_addz(&b, " |");
        flush(&b);
    }
    hs_buf_fini(&b);
    w_fini(&w);
    return 0;
}

static int dump_examples(void)
{
    struct world w;
    struct prepared p;
    struct hs_buf b, type;
    const struct hs_mask_function *f;
    w_init(&w);
    hs_buf_init(&b, 1 << 20);
    for (size_t i = 0; (f = hs_mask_function_at(i)); i++)
        for (size_t k = 0; k < f->example_count; k++) {
            const struct hs_mask_example *e = &f->examples[k];
            prepare(&w, f, e, &p);
            hs_buf_init(&type, 256);
            if (!hs_buf_add_duckdb_type(&type, p.call.type))
                return 1;
            hs_buf_addc(&b, '{');
            put_text(&b, "function", f->name);
            put_text(&b, "arg", e->arg);
            put_text(&b, "type", w_keep(&w, &type));
            put_text(&b, "input", e->input);
            put_text(&b, "expected", e->output);
            put_text(&b, "sql", printed(&w, f, &p.call));
            put_dialects(&w, &b, f, &p);
            hs_buf_addc(&b, '}');
            flush(&b);
        }
    hs_buf_fini(&b);
    w_fini(&w);
    return 0;
}

/* ---- natives, for the engine of tests/policy ---- */

static bool native_called(const char *sql_name, struct hs_native_entry *out, enum hs_native_kind *out_kind)
{
    char name[64];
    for (size_t i = 0; hs_native_at(i, out); i++)
        for (int kind = 0; kind < HS_NATIVE_KINDS_; kind++)
            if (hs_native_name(name, out->name, out->native, (enum hs_native_kind)kind) &&
                strcmp(name, sql_name) == 0) {
                *out_kind = (enum hs_native_kind)kind;
                return true;
            }
    return false;
}

static hs_str only_key(const void *keys, hs_str domain, hs_str id)
{
    (void)keys, (void)domain, (void)id;
    return HS_S("key");
}

static void put_native(struct hs_buf *b, const struct hs_native_entry *e, enum hs_native_kind kind, hs_str setup,
                       hs_str value, int64_t choice)
{
    struct hs_native_head head;
    struct hs_native_value v = {.bytes = value};
    struct hs_buf text;
    hs_buf_init(&text, 1 << 24);
    assert_true(hs_native_head(e->function, setup, &head));
    void *state = e->native->open(&(struct hs_native_setup){head.fields, HS_S("key"), head.viewer, only_key, NULL});
    assert_non_null(state);
    void *work = e->native->work_new ? e->native->work_new(state) : NULL;
    v.whole = hs_native_is_text(kind) ? choice : strtoll(value.at, NULL, 10);
    v.real = kind == HS_NATIVE_DOUBLE ? strtod(value.at, NULL) : 0;
    assert_true(e->native->mask(state, work, kind, &v, &text));
    if (v.null)
        hs_buf_addz(b, "null");
    else if (kind == HS_NATIVE_DOUBLE)
        hs_buf_addf(b, "\"%a\"", v.real);
    else if (hs_native_is_text(kind)) {
        hs_buf_addc(b, '"');
        hs_buf_add_hex(b, v.bytes.at, v.bytes.len);
        hs_buf_addc(b, '"');
    } else
        hs_buf_addf(b, "\"%lld\"", (long long)v.whole);
    hs_buf_fini(&text);
    if (work)
        e->native->work_free(work);
    e->native->close(state);
}

static void take_hex(struct hs_buf *out, const char *hex)
{
    hs_buf_clear(out);
    for (; hex && hex[0] && hex[1]; hex += 2)
        hs_buf_addc(out, (char)(hs_hex_digit(hex[0]) << 4 | hs_hex_digit(hex[1])));
}

/* The functions' names, a line each; then answers "name setup value [choice]" (in hex; "-": nothing) line by line. */
static int serve_natives(void)
{
    struct hs_native_entry e;
    static char line[1 << 22];
    char name[64];
    struct hs_buf setup, value, answer;
    hs_buf_init(&setup, sizeof line);
    hs_buf_init(&value, sizeof line);
    hs_buf_init(&answer, 1 << 25);
    for (size_t i = 0; hs_native_at(i, &e); i++)
        for (int kind = 0; kind < HS_NATIVE_KINDS_; kind++)
            if (hs_native_name(name, e.name, e.native, (enum hs_native_kind)kind))
                printf("%s %d\n", name, kind);
    printf("\n");
    fflush(stdout);
    while (fgets(line, sizeof line, stdin)) {
        char *called = strtok(line, " \n"), *s = strtok(NULL, " \n"), *v = strtok(NULL, " \n"),
             *c = strtok(NULL, " \n");
        enum hs_native_kind kind;
        if (!called || !native_called(called, &e, &kind))
            return 1;
        take_hex(&setup, s);
        take_hex(&value, v);
        put_native(&answer, &e, kind, hs_buf_str(&setup), hs_buf_str(&value), c ? atoll(c) : -1);
        hs_buf_addc(&answer, '\n');
        fwrite(answer.at, 1, answer.len, stdout);
        fflush(stdout);
        hs_buf_clear(&answer);
    }
    hs_buf_fini(&setup);
    hs_buf_fini(&value);
    hs_buf_fini(&answer);
    return 0;
}

/* ---- decisions at random ---- */

static uint64_t seed;

static unsigned pick(unsigned n)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)(seed >> 33) % n;
}

static const char *const atoms[] = {
    "region = 'EU'",
    "region <> principal.region",
    "region in ('EU', principal.nothing)",
    "region in (principal.regions)",
    "region not in (principal.none)",
    "region in ()",
    "region is null",
    "amount < 5",
    "amount >= 12.505",
    "amount between id and 40",
    "amount <> 99999999999",
    "id in (1, 3, 5, 7)",
    "id > principal.level",
    "id = 9223372036854775807",
    "active",
    "active = false",
    "score > 0.5",
    "score <= id",
    "score = score",
    "email starts with 'a'",
    "email ends with '.org'",
    "email not starts with region",
    "customer.city = 'Graz'",
    "customer.geo.lat > 47",
    "customer is null",
    "born < date '1990-01-01'",
    "seen >= timestamp '2026-01-01 00:00:00Z'",
    "principal.level >= 3",
    "principal.nothing = 'x'",
    "(id = 2) = active",
    "amount * 2 > id + 10",
    "amount * amount - id < 100.5",
    "id % 3 = 1",
    "-id % 4 = -2",
    "amount / id >= 0.333333",
    "id / (amount - 12.5) > 1",
    "id + 1 > 9223372036854775807",
    "-id * 2 < -20",
    "score * 2 + id > 9",
    "score / id - 1 < amount",
    "score + score * score is null",
    "born + months(1) > date '1980-02-20'",
    "born - years(principal.level) < date '1990-01-01'",
    "born + days(principal.nothing) is null",
    "date '2001-03-01' - born between 0 and 7700",
    "seen + hours(1) > timestamp '2026-01-01 00:30:00Z'",
    "seen - months(1) - minutes(5) < timestamp '2025-12-01 00:00:00Z'",
    "request.today > born + days(1)",
    "request.weekday = 4",
    "request.purpose is null",
    "'EU' in principal.regions",
    "region in principal.regions",
    "region not in principal.none",
    "principal.name = 'ana' and 'x' not in principal.roles",
    "email contains '@'",
    "region contains principal.region",
    "any(items, price > 1)",
    "all(items, sku starts with 'k1')",
    "any(items, price * 2 > row.id)",
    "not any(items, element is null)",
    "any(notes, key = 'n0' and value.text = 't1')",
    "all(notes, value is not null)",
    "any(items, any(row.notes, key ends with '0'))",
    "true",
    "false",
    "null",
};

static struct hs_rule *random_rule(struct world *w, int depth)
{
    unsigned kind = depth > 2 ? 0 : pick(6);
    struct hs_rule *args[3];
    if (kind == 1) {
        args[0] = random_rule(w, depth + 1);
        return hs_rule_join(w->arena, HS_RULE_NOT, args, 1);
    }
    if (kind < 4)
        return w_rule(w, atoms[pick(COUNT(atoms))]);
    size_t count = 2 + pick(2);
    for (size_t i = 0; i < count; i++)
        args[i] = random_rule(w, depth + 1);
    return hs_rule_join(w->arena, kind == 4 ? HS_RULE_AND : HS_RULE_OR, args, count);
}

static const char *const paths[] = {"id",
                                    "email",
                                    "region",
                                    "amount",
                                    "customer.street",
                                    "customer",
                                    "customer.geo.lat",
                                    "items[].sku",
                                    "items",
                                    "notes.value.text",
                                    "notes",
                                    "born",
                                    "score",
                                    "active",
                                    "customer.geo",
                                    "seen"};
static const struct {
    const char *path, *with, *arg, *value;
} mask_choices[] = {
    {"email", "keep-domain", NULL, NULL},
    {"email", "show-first-n", "n", "2"},
    {"region", "redact", NULL, NULL},
    {"amount", "nullify", NULL, NULL},
    {"amount", "constant", "value", "1.25"},
    {"customer.street", "nullify", NULL, NULL},
    {"customer.geo", "nullify", NULL, NULL},
    {"customer.geo.lat", "redact", NULL, NULL},
    {"items[].sku", "redact", NULL, NULL},
    {"items[]", "nullify", NULL, NULL},
    {"items", "nullify", NULL, NULL},
    {"notes.value.by", "redact", NULL, NULL},
    {"notes.value", "nullify", NULL, NULL},
    {"score", "redact", NULL, NULL},
    {"id", "redact", NULL, NULL},
    {"items", "drop-elements", "of items", NULL},
    {"items", "nullify-elements", "of items", NULL},
    {"notes", "drop-elements", "of notes", NULL},
    {"notes", "nullify-elements", "of notes", NULL},
    {"items", "drop-elements", NULL, NULL},
    {"notes", "nullify-elements", NULL, NULL},
};

/* What a mask's `elements` may say. */
static const char *const of_items[] = {
    "price > 1",
    "price < 1",
    "sku ends with '1'",
    "element.price * 2 > row.id",
    "price is null",
    "element is null",
    "price > 1 and row.region = principal.region",
    "sku in ('k10', 'k51', null)",
    "row.amount > 5 or sku ends with '0'",
    "any(row.notes, key ends with '0')",
    "row.score > 1",
    "price = principal.nothing",
    "sku not in ('k10', 'k51')",
};
static const char *const of_notes[] = {
    "key = 'n0'",
    "value.text = 't1' or key ends with '1'",
    "value is not null and row.id < 8",
    "value.by <> principal.name",
    "key not in principal.regions",
    "value.text < 't5'",
    "not key = 'n1' and any(row.items, price > 1)",
};

static void random_grants(struct world *w)
{
    unsigned count = 1 + pick(4);
    for (unsigned i = 0; i < count; i++) {
        struct hs_policy *p = w_grant(w, "g", NULL, NULL);
        p->where = pick(3) ? random_rule(w, 0) : NULL;
        if (!pick(3))
            continue;
        const char *chosen[4];
        unsigned n = 1 + pick(4);
        for (unsigned k = 0; k < n; k++)
            chosen[k] = paths[pick(COUNT(paths))];
        w_columns(w, p, n, chosen);
    }
}

static void random_masks(struct world *w)
{
    for (unsigned i = pick(4); i > 0; i--) {
        unsigned choice = pick(COUNT(mask_choices));
        struct hs_policy *p = w_mask(w, "m", mask_choices[choice].path, mask_choices[choice].with);
        if (mask_choices[choice].arg && mask_choices[choice].value)
            w_arg(w, p, mask_choices[choice].arg, mask_choices[choice].value);
        else if (mask_choices[choice].arg)
            p->elements =
                w_element_rule(w, strcmp(mask_choices[choice].arg, "of items") == 0 ? of_items[pick(COUNT(of_items))]
                                                                                    : of_notes[pick(COUNT(of_notes))]);
        p->when = pick(2) ? random_rule(w, 0) : NULL;
    }
}

static void put_policy(struct hs_buf *b, const struct hs_policy *p)
{
    static const char *const kinds[] = {[HS_GRANT] = "grant", [HS_ROW_RULE] = "rule", [HS_MASK] = "mask"};
    hs_buf_addc(b, '{');
    put_text(b, "kind", kinds[p->kind]);
    put_text(b, "path", p->kind == HS_MASK ? p->on.path.at : NULL);
    put_text(b, "with", p->kind == HS_MASK ? p->with.at : NULL);
    hs_buf_addz(b, ", \"columns\": [");
    for (size_t i = 0; i < p->column_count; i++) {
        hs_buf_addz(b, i ? ", " : "");
        hs_buf_add_json(b, p->columns[i]);
    }
    hs_buf_addz(b, "], \"elements\": ");
    put_rule(b, p->elements);
    hs_buf_addz(b, ", \"rule\": ");
    put_rule(b, p->kind == HS_MASK ? p->when : p->where);
    hs_buf_addc(b, '}');
}

static void put_decision(struct world *w, struct hs_buf *b, const struct hs_decision *d)
{
    put_text(b, "rows", d->allowed ? w_rows(w, d) : NULL);
    hs_buf_addz(b, ", \"columns\": [");
    for (size_t i = 0; i < d->column_count; i++) {
        struct hs_buf type;
        hs_buf_init(&type, 1 << 12);
        assert_true(hs_buf_add_duckdb_type(&type, d->columns[i].type));
        hs_buf_addz(b, i ? ", {" : "{");
        put_text(b, "name", d->columns[i].field->name.at);
        put_text(b, "sql", w_expression(w, d, d->columns[i].field->name.at));
        put_text(b, "type", w_keep(w, &type));
        hs_buf_addc(b, '}');
    }
    hs_buf_addc(b, ']');
}

static struct hs_principal random_person(void)
{
    static struct hs_value regions[] = {{.kind = HS_V_TEXT, .text = {"EU", 2}}, {.kind = HS_V_TEXT, .text = {"US", 2}}};
    static struct hs_attribute has[] = {{{"region", 6}, {.kind = HS_V_TEXT, .text = {"EU", 2}}},
                                        {{"level", 5}, {.kind = HS_V_INT, .i = 3}},
                                        {{"regions", 7}, {.kind = HS_V_LIST, .items = regions, .item_count = 2}},
                                        {{"none", 4}, {.kind = HS_V_LIST}}};
    return (struct hs_principal){.name = {"ana", 3}, .attributes = has, .attribute_count = COUNT(has)};
}

static int dump_decisions(uint64_t from, long count)
{
    struct hs_principal who = random_person();
    struct hs_buf b;
    hs_buf_init(&b, 1 << 24);
    for (long n = 0; n < count; n++) {
        struct world w;
        struct hs_decision *d = NULL;
        seed = from + (uint64_t)n;
        w_init(&w);
        random_grants(&w);
        for (unsigned i = pick(3); i > 0; i--)
            w_add(&w, HS_ROW_RULE, "r")->where = random_rule(&w, 0);
        random_masks(&w);
        if (w_decide(&w, &who, &d) == HS_OK) { /* masks at random may well conflict */
            hs_buf_addf(&b, "{\"seed\": %llu, \"policies\": [", (unsigned long long)seed);
            for (size_t i = 0; i < w.model.policy_count; i++) {
                hs_buf_addz(&b, i ? ", " : "");
                put_policy(&b, &w.policies[i]);
            }
            hs_buf_addz(&b, "]");
            put_decision(&w, &b, d);
            hs_buf_addc(&b, '}');
            flush(&b);
        }
        w_fini(&w);
    }
    hs_buf_fini(&b);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--examples") == 0)
        return dump_examples();
    if (argc == 2 && strcmp(argv[1], "--table") == 0)
        return dump_table();
    if (argc == 2 && strcmp(argv[1], "--natives") == 0)
        return serve_natives();
    if (argc == 4 && strcmp(argv[1], "--decisions") == 0)
        return dump_decisions(strtoull(argv[2], NULL, 10), atol(argv[3]));
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_examples_are_sound),
        cmocka_unit_test(test_every_type),
        cmocka_unit_test(test_expressions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
