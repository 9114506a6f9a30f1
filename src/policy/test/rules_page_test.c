/* doc/rules.md, read and run: each example is parsed, bound, printed, read again, filled in for the page's person and
 * printed for the engine; each refused one is refused with its words. With --examples as JSON lines for tests/policy,
 * which asks a real DuckDB and an oracle for what each line of the page says; with --rules the same for rules of its
 * own. */
#include "model/load.h"
#include "model/lookup.h"
#include "policy/test/rule_json.h"

static struct world w;
static struct hs_model *model; /* its people and lookups are the page's */

/* ---- the page's table ---- */

static struct hs_type *list_of(int id, struct hs_type *element)
{
    return w_nest(&w, HS_T_LIST, 1, (struct hs_field[]){W_FIELD(id, "element", element)});
}

#define S w_type(&w, HS_T_STRING)
static struct hs_type *page_table(void)
{
    struct hs_type *geo = w_nest(
        &w, HS_T_STRUCT, 2,
        (struct hs_field[]){W_FIELD(40, "lat", w_type(&w, HS_T_DOUBLE)), W_FIELD(41, "lon", w_type(&w, HS_T_DOUBLE))});
    struct hs_type *customer =
        w_nest(&w, HS_T_STRUCT, 2, (struct hs_field[]){W_FIELD(42, "city", S), W_FIELD(43, "geo", geo)});
    struct hs_type *item = w_nest(
        &w, HS_T_STRUCT, 2, (struct hs_field[]){W_FIELD(44, "sku", S), W_FIELD(45, "price", w_decimal(&w, 10, 2))});
    struct hs_type *label =
        w_nest(&w, HS_T_STRUCT, 2, (struct hs_field[]){W_FIELD(46, "text", S), W_FIELD(47, "by", S)});
    struct hs_type *labels =
        w_nest(&w, HS_T_MAP, 2, (struct hs_field[]){W_FIELD(48, "key", S), W_FIELD(49, "value", label)});
    struct hs_field fields[] = {
        W_FIELD(1, "id", w_type(&w, HS_T_LONG)),
        W_FIELD(2, "quantity", w_type(&w, HS_T_INT)),
        W_FIELD(3, "amount", w_decimal(&w, 10, 2)),
        W_FIELD(4, "discount", w_decimal(&w, 10, 2)),
        W_FIELD(5, "score", w_type(&w, HS_T_DOUBLE)),
        W_FIELD(6, "region", S),
        W_FIELD(7, "email", S),
        W_FIELD(8, "note", S),
        W_FIELD(9, "active", w_type(&w, HS_T_BOOLEAN)),
        W_FIELD(10, "born", w_type(&w, HS_T_DATE)),
        W_FIELD(11, "opens", w_type(&w, HS_T_TIME)),
        W_FIELD(12, "opened", w_type(&w, HS_T_TIMESTAMP)),
        W_FIELD(13, "seen", w_type(&w, HS_T_TIMESTAMPTZ)),
        W_FIELD(14, "customer", customer),
        W_FIELD(15, "items", list_of(50, item)),
        W_FIELD(16, "tags", list_of(51, S)),
        W_FIELD(17, "lists", list_of(52, list_of(53, w_type(&w, HS_T_LONG)))),
        W_FIELD(18, "labels", labels),
    };
    return w_nest(&w, HS_T_STRUCT, COUNT(fields), fields);
}

/* ---- reading the page ---- */

static char *page_text(void)
{
    FILE *f = fopen("doc/rules.md", "rb");
    assert_non_null(f);
    char *text = calloc(1, 1 << 17);
    assert_non_null(text);
    assert_true(fread(text, 1, (1 << 17) - 1, f) > 0);
    fclose(f);
    return text;
}

/* The next ```word block after *at, without its fences; a block that begins with `begins` where that is given. */
static bool next_block(const char **at, const char *word, const char *begins, hs_str *out)
{
    char fence[32];
    snprintf(fence, sizeof fence, "\n```%s\n", word);
    for (const char *open; (open = strstr(*at, fence)) != NULL;) {
        const char *from = open + strlen(fence), *close = strstr(from, "\n```");
        assert_non_null(close);
        *at = close;
        if (begins && strncmp(from, begins, strlen(begins)) != 0)
            continue;
        *out = hs_str_n(from, (size_t)(close + 1 - from));
        return true;
    }
    return false;
}

static void load_model(const char *page)
{
    static const char MESH[] = "kind: Mesh\nname: demo\n";
    static const char ORDERS[] =
        "apiVersion: v3.1.0\nkind: DataContract\nid: sales.orders\nversion: 1.0.0\nstatus: active\ndomain: sales\n"
        "schema:\n- name: orders\n  customProperties:\n  - {property: hailstorm.location, value: orders}\n  "
        "properties:\n"
        "  - {name: id, logicalType: integer}\n  - {name: region, logicalType: string}\n";
    static const char ASKS[] =
        "kind: RowRule\nname: r\non: {table: sales.orders}\nwhere: region in entitlements.region\n";
    struct hs_err err = {0};
    const char *at = page;
    hs_str people, lookup;
    assert_true(next_block(&at, "yaml", "kind: Principals", &people));
    at = page;
    assert_true(next_block(&at, "yaml", "kind: Lookup", &lookup));
    struct hs_model_file files[] = {{HS_S("mesh.yaml"), hs_str_of(MESH), HS_S("")},
                                    {HS_S("principals.yaml"), people, HS_S("")},
                                    {HS_S("domains/sales/orders.odcs.yaml"), hs_str_of(ORDERS), HS_S("")},
                                    {HS_S("domains/sales/lookups/e.yaml"), lookup, HS_S("")},
                                    {HS_S("domains/sales/policies/p.yaml"), hs_str_of(ASKS), HS_S("")}};
    if (hs_model_load_files(HS_S("/model"), files, COUNT(files), NULL, &model, &err) != HS_OK)
        fail_msg("%s", err.shown);
}

/* What the loader does for a rule of a policy. */
static hs_rc resolve(struct hs_rule *r, struct hs_err *err)
{
    struct hs_load l = {.arena = w.arena, .scratch = w.arena, .model = model, .err = err};
    struct hs_lookup_mark *mark = hs_vec_add(w.arena, &l.lookups);
    assert_non_null(mark);
    mark->lookup = (struct hs_lookup *)model->policies[0].where->lookup;
    return hs_load_lookup_rule(&l, HS_S("sales"), HS_S("p.yaml"), r);
}

static struct hs_asker ana(void)
{
    static struct hs_principal who;
    static struct hs_facts facts = {.purpose = {"fraud", 5}};
    const struct hs_user *u = hs_model_user(model, HS_S("ana"));
    bool utc;
    assert_non_null(u);
    who = (struct hs_principal){u->name, u->roles, u->role_count, u->attributes, u->attribute_count};
    assert_true(hs_timestamp_parse(HS_S("2026-11-21 10:55:00"), &facts.now_us, &utc));
    return (struct hs_asker){&who, &facts};
}

/* The rule is what stands before the first '#'. */
static hs_str rule_of(hs_str *block)
{
    const char *mark = memmem(block->at, block->len, "\n#", 2);
    assert_non_null(mark);
    hs_str rule = hs_str_n(block->at, (size_t)(mark - block->at));
    *block = hs_str_n(mark + 1, block->len - rule.len - 1);
    return rule;
}

static hs_rc read_rule(hs_str text, struct hs_rule **out, struct hs_rule **bound)
{
    hs_err_clear(&w.err);
    HS_TRY(hs_rule_parse(w.arena, text, HS_S("p.yaml"), 1, 1, out, &w.err));
    HS_TRY(resolve(*out, &w.err));
    HS_TRY(hs_rule_bind(w.arena, *out, w.bound, HS_S("p.yaml"), bound, &w.err));
    return hs_rule_check_possible(w.arena, *bound, HS_S("p.yaml"), &w.err);
}

static const char *text_of(const struct hs_rule *r)
{
    struct hs_buf b;
    hs_buf_init(&b, 1 << 16);
    hs_buf_add_rule(&b, r);
    return w_keep(&w, &b);
}

static struct hs_rule *filled(struct hs_rule *r)
{
    struct hs_policy policy = {.at = {HS_S("p.yaml"), 1, 1}, .name = HS_S("p")};
    struct hs_rule *out = NULL;
    int64_t until = 0;
    if (hs_rule_fill(w.arena, r, ana(), w.bound, &policy, &out, &until, &w.err) != HS_OK)
        fail_msg("%s: %s", text_of(r), w.err.detail);
    return out;
}

static const char *printed(const struct hs_rule *r)
{
    struct hs_buf b;
    hs_buf_init(&b, 1 << 20);
    if (hs_print_duckdb_rule(&b, r, &w.err) != HS_OK)
        fail_msg("%s: %s", text_of(r), w.err.detail);
    return w_keep(&w, &b);
}

/* ---- tests ---- */

static void begin(void)
{
    w_init(&w);
    w.bound = page_table();
}

static void end(void)
{
    hs_model_unref(model);
    model = NULL;
    w_fini(&w);
}

static void test_examples(void **state)
{
    (void)state;
    char *page = page_text();
    const char *at = page;
    hs_str block;
    size_t rules = 0;
    begin();
    load_model(page);
    for (; next_block(&at, "rule", NULL, &block); rules++) {
        struct hs_rule *r, *bound, *again;
        hs_str text = rule_of(&block);
        if (read_rule(text, &r, &bound) != HS_OK)
            fail_msg("%.*s: %s", HS_FMT(text), w.err.shown);
        assert_int_equal(hs_rule_parse(w.arena, hs_str_of(text_of(r)), HS_S("p"), 1, 1, &again, &w.err), HS_OK);
        assert_int_equal(resolve(again, &w.err), HS_OK);
        assert_true(hs_rule_same(r, again));
        assert_string_equal(text_of(r), text_of(again));
        assert_true(strlen(printed(filled(r))) > 0);
    }
    assert_true(rules > 30);
    free(page);
    end();
}

static void test_refused(void **state)
{
    (void)state;
    char *page = page_text();
    const char *at = page;
    hs_str block;
    size_t rules = 0;
    begin();
    load_model(page);
    for (; next_block(&at, "refused", NULL, &block); rules++) {
        struct hs_rule *r, *bound;
        hs_str text = rule_of(&block), line = hs_str_cut(&block, '\n');
        assert_int_equal(read_rule(text, &r, &bound), HS_INVALID);
        hs_str words = hs_str_n(line.at + 2, line.len - 2);
        if (!memmem(w.err.shown, strlen(w.err.shown), words.at, words.len))
            fail_msg("%.*s: %s", HS_FMT(text), w.err.shown);
    }
    assert_true(rules > 8);
    free(page);
    end();
}

/* ---- JSON lines ---- */

static void put_columns(struct hs_buf *b)
{
    for (size_t i = 0; i < w.bound->field_count; i++) {
        const struct hs_field *f = &w.bound->fields[i];
        hs_buf_addf(b, "%s[\"%.*s\", %d, \"", i ? ", " : "", HS_FMT(f->name), f->id);
        struct hs_buf type;
        hs_buf_init(&type, 1 << 12);
        assert_true(hs_buf_add_duckdb_type(&type, f->type));
        for (const char *at = w_keep(&w, &type); *at; at++)
            hs_buf_addf(b, "%s%c", *at == '"' ? "\\" : "", *at);
        hs_buf_addz(b, "\"]");
    }
}

static void put_rows(struct hs_buf *b, hs_str block)
{
    for (size_t n = 0; block.len; n++) {
        hs_str line = hs_str_cut(&block, '\n');
        if (line.len < 3)
            break;
        hs_buf_addz(b, n ? ", " : "");
        hs_buf_add_json(b, hs_str_n(line.at + 2, line.len - 2));
        if (!block.at)
            break;
    }
}

static void put_columns_of_table(struct hs_buf *b)
{
    hs_buf_addz(b, ", \"columns\": [");
    put_columns(b);
    hs_buf_addz(b, "]");
}

/* Rules from standard input, a line each: the tree and what is printed of it, or why it is refused. */
static int dump_rules(void)
{
    char line[4096], *page = page_text();
    struct hs_buf b;
    hs_buf_init(&b, 1 << 26);
    begin();
    load_model(page);
    while (fgets(line, sizeof line, stdin)) {
        struct hs_rule *r, *bound;
        line[strcspn(line, "\n")] = 0;
        hs_buf_addz(&b, "{\"rule\": ");
        hs_buf_add_json(&b, hs_str_of(line));
        if (read_rule(hs_str_of(line), &r, &bound) != HS_OK) {
            hs_buf_addz(&b, ", \"refused\": ");
            hs_buf_add_json(&b, hs_str_of(w.err.shown));
        } else {
            hs_buf_addz(&b, ", \"tree\": ");
            put_rule(&b, r);
            hs_buf_addz(&b, ", \"sql\": ");
            hs_buf_add_json(&b, hs_str_of(printed(filled(r))));
            put_columns_of_table(&b);
        }
        hs_buf_addz(&b, "}\n");
    }
    assert_false(b.failed);
    fwrite(b.at, 1, b.len, stdout);
    hs_buf_fini(&b);
    free(page);
    end();
    return 0;
}

static int dump(void)
{
    char *page = page_text();
    const char *at = page;
    struct hs_buf b;
    hs_str block;
    begin();
    load_model(page);
    hs_buf_init(&b, 1 << 22);
    while (next_block(&at, "rule", NULL, &block)) {
        struct hs_rule *r, *bound;
        hs_str text = rule_of(&block);
        if (read_rule(text, &r, &bound) != HS_OK)
            return 1;
        hs_buf_addz(&b, "{\"rule\": ");
        hs_buf_add_json(&b, text);
        hs_buf_addz(&b, ", \"tree\": ");
        put_rule(&b, r);
        hs_buf_addz(&b, ", \"sql\": ");
        hs_buf_add_json(&b, hs_str_of(printed(filled(r))));
        put_columns_of_table(&b);
        hs_buf_addz(&b, ", \"rows\": [");
        put_rows(&b, block);
        hs_buf_addz(&b, "]}\n");
    }
    assert_false(b.failed);
    fwrite(b.at, 1, b.len, stdout);
    hs_buf_fini(&b);
    free(page);
    end();
    return 0;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_examples), cmocka_unit_test(test_refused)};
    if (argc == 2 && strcmp(argv[1], "--examples") == 0)
        return dump();
    if (argc == 2 && strcmp(argv[1], "--rules") == 0)
        return dump_rules();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
