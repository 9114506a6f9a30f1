/* Decisions in the words of other engines. As cmocka tests what can be seen without one; with an argument JSON lines
 * for tests/dialects, which runs them in DuckDB, PostgreSQL and Trino and compares every cell:
 *   policy_dialects_test --schema                     the columns' types in each dialect
 *   policy_dialects_test --decisions SEED COUNT       one decision a line, in each dialect
 *   policy_dialects_test --composition SEED COUNT     grants and row rules beside hand-written row security policies
 *   policy_dialects_test --examples                   the mask functions' examples
 *   policy_dialects_test --table                      doc/dialects.md's table of masks */
#include "policy/dialect/dialect_in.h"
#include "policy/test/random_masks.h"
#include "policy/test/random_rules.h"
#include "policy/test/world.h"

/* ---- a table with a column of every type ---- */

static void d_init(struct world *w)
{
    w_init(w);
    struct hs_type *list =
        w_nest(w, HS_T_LIST, 1, (struct hs_field[]){W_FIELD(180, "element", w_type(w, HS_T_STRING))});
    const struct hs_field more[] = {
        W_FIELD(12, "at", w_type(w, HS_T_TIMESTAMP)),
        W_FIELD(13, "ratio", w_type(w, HS_T_FLOAT)),
        W_FIELD(14, "code", w_type(w, HS_T_INT)),
        W_FIELD(15, "key", w_type(w, HS_T_UUID)),
        W_FIELD(16, "big", w_decimal(w, 20, 4)),
        W_FIELD(17, "blob", w_type(w, HS_T_BINARY)),
        W_FIELD(18, "tags", list),
        W_FIELD(19, "clock", w_type(w, HS_T_TIME)),
        W_FIELD(20, "doc", w_type(w, HS_T_STRING)),
    };
    struct hs_field all[32];
    size_t n = w->bound->field_count;
    memcpy(all, w->bound->fields, n * sizeof *all);
    memcpy(all + n, more, sizeof more);
    w->bound = w_nest(w, HS_T_STRUCT, n + COUNT(more), all);
    w_properties(w, &w->table.properties, &w->table.property_count, w->bound);
}

/* ---- JSON ---- */

static void put_text(struct hs_buf *b, const char *key, const char *text)
{
    char last = b->len ? b->at[b->len - 1] : '{';
    hs_buf_addf(b, "%s\"%s\": ", last == '{' || last == '[' ? "" : ", ", key);
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

static const struct hs_dialect *const dialects[] = {&hs_trino, &hs_postgres};
static const char *const fits[] = {[HS_FIT_EXACT] = "exact", [HS_FIT_STRICTER] = "stricter"};

/* ---- chance ---- */

static void random_grants(struct world *w)
{
    struct places all = places_of(w);
    unsigned count = 1 + pick(4);
    for (unsigned i = 0; i < count; i++) {
        struct hs_policy *p = w_grant(w, "g", NULL, NULL);
        p->where = pick(3) ? a_rule(w, NULL) : NULL;
        if (!pick(3))
            continue;
        const char *chosen[8];
        unsigned n = 1 + pick(8);
        for (unsigned k = 0; k < n; k++)
            chosen[k] = all.at[pick((unsigned)all.count)].path;
        w_columns(w, p, n, chosen);
    }
}

/* Drops: what is denied is gone from objects, lists' elements and maps' values. */
static void random_denies(struct world *w)
{
    struct places all = places_of(w);
    for (unsigned i = pick(4) ? 0 : 1 + pick(2); i > 0; i--) {
        const char *path = all.at[pick((unsigned)all.count)].path;
        if (strcmp(path, "id") == 0)
            continue;
        struct hs_policy *p = w_add(w, HS_DENY, "d");
        p->on.kind = HS_ON_COLUMN;
        p->on.path = hs_str_of(path);
    }
}

static void random_masks(struct world *w)
{
    struct places all = places_of(w);
    static hs_str ana = {"ana", 3};
    for (unsigned i = pick(6); i > 0; i--) {
        struct hs_policy *p = random_mask(w, &all);
        if (!p)
            continue;
        p->when = pick(2) ? a_rule(w, NULL) : NULL;
        if (!pick(8))
            p->unless = (struct hs_selector){.users = &ana, .user_count = 1, .given = true};
    }
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

/* ---- one decision in every dialect ---- */

static void put_duckdb(struct world *w, struct hs_buf *b, const struct hs_decision *d)
{
    hs_buf_addz(b, ", \"duckdb\": {");
    put_text(b, "rows", w_rows(w, d));
    hs_buf_addz(b, ", \"columns\": [");
    for (size_t i = 0; i < d->column_count; i++) {
        hs_buf_addz(b, i ? ", {" : "{");
        put_text(b, "name", d->columns[i].field->name.at);
        put_text(b, "sql", w_expression(w, d, d->columns[i].field->name.at));
        hs_buf_addc(b, '}');
    }
    hs_buf_addz(b, "]}");
}

static void put_column(struct world *w, struct hs_buf *b, const struct hs_dialect *sql, const struct hs_decision *d,
                       size_t i)
{
    struct hs_buf text;
    enum hs_fit fit = HS_FIT_EXACT;
    hs_buf_init(&text, 1 << 20);
    hs_rc rc = hs_print_dialect_column(&text, sql, d, i, &fit, &w->err);
    if (rc != HS_OK && rc != HS_UNSUPPORTED)
        fail_msg("%s | %s", w->err.shown, w->err.detail);
    hs_buf_addc(b, '{');
    put_text(b, "name", d->columns[i].field->name.at);
    put_text(b, rc == HS_OK ? "sql" : "refused", rc == HS_OK ? hs_buf_str(&text).at : w->err.shown);
    put_text(b, "fit", rc == HS_OK ? fits[fit] : "refused");
    hs_buf_addc(b, '}');
    hs_buf_fini(&text);
}

static void put_dialect(struct world *w, struct hs_buf *b, const struct hs_dialect *sql, const struct hs_decision *d)
{
    struct hs_buf text;
    enum hs_fit fit = HS_FIT_EXACT;
    hs_buf_init(&text, 1 << 20);
    if (hs_print_dialect_rows(&text, sql, d, &fit, &w->err) != HS_OK)
        fail_msg("%s | %s", w->err.shown, w->err.detail);
    hs_buf_addf(b, ", \"%s\": {", sql->name);
    put_text(b, "rows", w_keep(w, &text));
    put_text(b, "fit", fits[fit]);
    hs_buf_addz(b, ", \"columns\": [");
    for (size_t i = 0; i < d->column_count; i++) {
        hs_buf_addz(b, i ? ", " : "");
        put_column(w, b, sql, d, i);
    }
    hs_buf_addz(b, "]}");
}

static void put_iceberg(struct world *w, struct hs_buf *b, const struct hs_decision *d)
{
    struct hs_buf text;
    enum hs_fit fit = HS_FIT_EXACT;
    hs_buf_init(&text, 1 << 20);
    hs_rc rc = hs_print_read_restrictions(&text, d, &fit, &w->err);
    if (rc != HS_OK && rc != HS_UNSUPPORTED)
        fail_msg("%s | %s", w->err.shown, w->err.detail);
    hs_buf_addf(b, ", \"iceberg\": {\"fit\": \"%s\"", rc == HS_OK ? fits[fit] : "refused");
    if (rc == HS_OK) {
        hs_buf_addz(b, ", \"restrictions\": ");
        hs_buf_adds(b, hs_buf_str(&text));
    }
    hs_buf_addc(b, '}');
    hs_buf_fini(&text);
}

static void put_types(struct world *w, struct hs_buf *b, const struct hs_decision *d)
{
    struct hs_buf text;
    hs_buf_init(&text, 1 << 20);
    if (hs_print_postgres_types(&text, d, &w->err) != HS_OK)
        fail_msg("%s | %s", w->err.shown, w->err.detail);
    put_text(b, "types", w_keep(w, &text));
}

/* Absent where a column is refused. */
static void put_script(struct world *w, struct hs_buf *b, const struct hs_decision *d)
{
    struct hs_buf text;
    enum hs_fit fit;
    hs_buf_init(&text, 1 << 20);
    hs_rc rc = hs_print_postgres_script(&text, d, HS_S("raw"), HS_S("shown"), HS_S("reader"), &fit, &w->err);
    if (rc != HS_OK && rc != HS_UNSUPPORTED)
        fail_msg("%s | %s", w->err.shown, w->err.detail);
    if (rc == HS_OK)
        put_text(b, "script", hs_buf_str(&text).at);
    hs_buf_fini(&text);
}

/* What was drawn and is used: by function, the column that it is in, and whether it has conditions. */
static void put_masks(struct world *w, struct hs_buf *b, const struct hs_decision *d)
{
    size_t count = 0;
    hs_buf_addz(b, ", \"masks\": [");
    for (size_t i = 0; i < d->mask_count; i++) {
        const struct hs_mask_use *m = &d->masks[i];
        if (m->by_grant)
            continue;
        hs_buf_addz(b, count++ ? ", {" : "{");
        put_text(b, "with", hs_arena_str(w->arena, m->policy->with).at);
        put_text(b, "path", hs_arena_str(w->arena, m->policy->on.path).at);
        put_text(b, "when", m->when ? "given" : NULL);
        hs_buf_addc(b, '}');
    }
    hs_buf_addc(b, ']');
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
        d_init(&w);
        random_grants(&w);
        for (unsigned i = pick(3); i > 0; i--)
            w_add(&w, HS_ROW_RULE, "r")->where = a_rule(&w, NULL);
        random_masks(&w);
        random_denies(&w);
        if (w_decide(&w, &who, &d) == HS_OK && d->allowed) { /* masks at random may well conflict */
            hs_buf_addf(&b, "{\"seed\": %llu", (unsigned long long)(from + (uint64_t)n));
            put_duckdb(&w, &b, d);
            for (size_t i = 0; i < COUNT(dialects); i++)
                put_dialect(&w, &b, dialects[i], d);
            put_types(&w, &b, d);
            put_script(&w, &b, d);
            put_iceberg(&w, &b, d);
            put_masks(&w, &b, d);
            hs_buf_addc(&b, '}');
            flush(&b);
        }
        w_fini(&w);
    }
    hs_buf_fini(&b);
    return 0;
}

/* ---- composition: the grants and row rules as someone would write them for PostgreSQL ---- */

static int dump_composition(uint64_t from, long count)
{
    struct hs_principal who = random_person();
    struct hs_buf b;
    hs_buf_init(&b, 1 << 24);
    for (long n = 0; n < count; n++) {
        struct world w;
        seed = from + (uint64_t)n;
        d_init(&w);
        hs_buf_addf(&b, "{\"seed\": %llu, \"policies\": [", (unsigned long long)(from + (uint64_t)n));
        unsigned grants = 1 + pick(3), rules = pick(3);
        for (unsigned i = 0; i < grants + rules; i++) {
            bool grant = i < grants, all = grant && !pick(5);
            struct hs_policy *p = grant ? w_grant(&w, "g", NULL, NULL) : w_add(&w, HS_ROW_RULE, "r");
            const char *text = "true";
            p->where = all ? NULL : a_rule(&w, &text);
            hs_buf_addz(&b, i ? ", {" : "{");
            put_text(&b, "kind", grant ? "permissive" : "restrictive");
            put_text(&b, "using", text);
            hs_buf_addc(&b, '}');
        }
        hs_buf_addc(&b, ']');
        struct hs_decision *d = w_ok(&w, &who);
        put_text(&b, "duckdb", w_rows(&w, d));
        hs_buf_addc(&b, '}');
        flush(&b);
        w_fini(&w);
    }
    hs_buf_fini(&b);
    return 0;
}

static const char *type_in(struct world *w, const struct hs_dialect *sql, const struct hs_type *t)
{
    struct hs_buf text;
    hs_buf_init(&text, 1 << 16);
    if (sql ? sql->add_type(&text, t) : hs_buf_add_duckdb_type(&text, t))
        return w_keep(w, &text);
    hs_buf_fini(&text);
    return NULL;
}

static int dump_schema(void)
{
    struct hs_principal who = random_person();
    struct world w;
    struct hs_buf b;
    d_init(&w);
    w_grant(&w, "g", NULL, NULL);
    struct hs_decision *d = w_ok(&w, &who);
    hs_buf_init(&b, 1 << 20);
    hs_buf_addz(&b, "{\"columns\": [");
    for (size_t i = 0; i < w.bound->field_count; i++) {
        const struct hs_field *f = &w.bound->fields[i];
        hs_buf_addf(&b, "%s{\"id\": %d", i ? ", " : "", f->id);
        put_text(&b, "name", f->name.at);
        put_text(&b, "duckdb", type_in(&w, NULL, f->type));
        put_text(&b, "trino", type_in(&w, &hs_trino, f->type));
        put_text(&b, "postgres", type_in(&w, &hs_postgres, f->type));
        hs_buf_addc(&b, '}');
    }
    hs_buf_addc(&b, ']');
    put_types(&w, &b, d);
    hs_buf_addc(&b, '}');
    flush(&b);
    hs_buf_fini(&b);
    w_fini(&w);
    return 0;
}

/* ---- what can be seen without an engine ---- */

static struct world w;

static int begin(void **state)
{
    (void)state;
    d_init(&w);
    return 0;
}

static int end(void **state)
{
    (void)state;
    w_fini(&w);
    return 0;
}

static const struct hs_principal nobody = {.name = {"nobody", 6}};

static const char *rows_in(const struct hs_dialect *sql, const char *rule, enum hs_fit want)
{
    struct hs_buf b;
    enum hs_fit fit;
    hs_buf_init(&b, 1 << 16);
    w.model.policy_count = 0;
    w_grant(&w, "g", NULL, rule);
    if (hs_print_dialect_rows(&b, sql, w_ok(&w, &nobody), &fit, &w.err) != HS_OK)
        fail_msg("%s | %s", w.err.shown, w.err.detail);
    assert_int_equal(fit, want);
    return w_keep(&w, &b);
}

static void test_rules(void **state)
{
    (void)state;
    assert_string_equal(rows_in(&hs_trino, "id in (1, 2, null)", HS_FIT_EXACT),
                        "(\"id\" IN (BIGINT '1', BIGINT '2') OR CAST(NULL AS BOOLEAN))");
    assert_string_equal(rows_in(&hs_trino, "amount >= 12.505", HS_FIT_EXACT),
                        "(CAST(\"amount\" AS DECIMAL(11, 3)) >= CAST(DECIMAL '12.505' AS DECIMAL(11, 3)))");
    assert_string_equal(rows_in(&hs_trino, "customer.city = 'it''s'", HS_FIT_EXACT),
                        "(IF(TRUE, \"customer\").\"city\" = CAST('it''s' AS VARCHAR))");
    assert_string_equal(rows_in(&hs_trino, "seen >= timestamp '2026-01-01 00:00:00Z'", HS_FIT_EXACT),
                        "(\"seen\" >= CAST(TIMESTAMP '2026-01-01 00:00:00 UTC' AS TIMESTAMP(6) WITH TIME ZONE))");
    assert_string_equal(rows_in(&hs_postgres, "region = 'a\\b'", HS_FIT_EXACT),
                        "((\"region\" COLLATE \"C\") = (CAST(E'a\\\\b' AS text) COLLATE \"C\"))");
    assert_string_equal(rows_in(&hs_postgres, "customer is null", HS_FIT_EXACT),
                        "(\"customer\" IS NOT DISTINCT FROM NULL)");
    assert_string_equal(rows_in(&hs_postgres, "score > 0", HS_FIT_EXACT),
                        "(CASE WHEN \"score\" <> 'NaN' THEN \"score\" END > CAST('0' AS double precision))");
    /* what cannot be said is unknown, also under not, and where a test asks whether it is unknown */
    assert_string_equal(rows_in(&hs_trino, "not (big > score) or active", HS_FIT_STRICTER),
                        "((NOT CAST(NULL AS BOOLEAN)) OR \"active\")");
    assert_string_equal(rows_in(&hs_trino, "(big > score) is null", HS_FIT_STRICTER), "CAST(NULL AS BOOLEAN)");
}

static const char *restrictions(enum hs_fit want)
{
    struct hs_buf b;
    enum hs_fit fit;
    hs_buf_init(&b, 1 << 20);
    if (hs_print_read_restrictions(&b, w_ok(&w, &nobody), &fit, &w.err) != HS_OK)
        fail_msg("%s | %s", w.err.shown, w.err.detail);
    assert_int_equal(fit, want);
    return w_keep(&w, &b);
}

static void test_iceberg(void **state)
{
    (void)state;
    w_grant(&w, "g", NULL, NULL);
    assert_string_equal(restrictions(HS_FIT_EXACT), "{}");
    w_row_rule(&w, "r", "not (region = 'EU')");
    w_mask(&w, "m", "score", "redact");
    assert_string_equal(/* the fixed value stands for NULL, too */
                        restrictions(HS_FIT_STRICTER),
                        "{\"required-row-filter\": {\"type\": \"and\", \"left\": {\"type\": \"not-null\", \"child\": "
                        "{\"type\": "
                        "\"reference\", \"id\": 3}}, \"right\": {\"type\": \"not-eq\", \"left\": {\"type\": "
                        "\"reference\", \"id\": 3}, "
                        "\"right\": {\"type\": \"literal\", \"value\": \"EU\", \"data-type\": \"string\"}}}, "
                        "\"required-column-projections\": [{\"field-id\": 10, \"action\": \"mask-to-fixed-value\"}]}");
    w.policies[1].where = w_rule(&w, "not (id in (1, 2, 2.5, null)) or region in ('EU', 'US')");
    w.bound->fields[9].required = true; /* score */
    assert_non_null(strstr(restrictions(HS_FIT_EXACT),
                           "\"required-row-filter\": {\"type\": \"and\", \"left\": {\"type\": "
                           "\"not-null\", \"child\": {\"type\": \"reference\", \"id\": 3}}, "
                           "\"right\": {\"type\": \"in\", "));
    /* show-first-4 shows values of four characters whole: not our show-first-n */
    struct hs_policy *m = w_mask(&w, "n", "email", "show-first-n");
    w_arg(&w, m, "n", "4");
    assert_non_null(strstr(restrictions(HS_FIT_STRICTER), "{\"field-id\": 2, \"action\": \"replace-with-null\"}"));
    w_mask(&w, "o", "id", "redact"); /* required */
    assert_non_null(strstr(restrictions(HS_FIT_STRICTER), "{\"field-id\": 1, \"action\": \"mask-to-fixed-value\"}"));
}

/* The key is on nobody's paper: a keyed mask is the value gone. */
static void test_no_key(void **state)
{
    (void)state;
    w_grant(&w, "g", NULL, NULL);
    w_mask(&w, "m", "email", "hmac-token");
    struct hs_decision *d = w_ok(&w, &nobody);
    for (size_t i = 0; i < COUNT(dialects); i++) {
        struct hs_buf b;
        enum hs_fit fit;
        hs_buf_init(&b, 1 << 16);
        assert_int_equal(hs_print_dialect_column(&b, dialects[i], d, 1, &fit, &w.err), HS_OK);
        assert_int_equal(fit, HS_FIT_STRICTER);
        assert_string_equal(w_keep(&w, &b),
                            i ? "CAST(CAST(NULL AS text) AS text)" : "CAST(CAST(NULL AS VARCHAR) AS VARCHAR)");
    }
}

static void test_no_keyed_mask_has_a_form(void **state)
{
    const struct hs_mask_function *f;
    size_t keyed = 0;
    (void)state;
    for (size_t i = 0; (f = hs_mask_function_at(i)); i++) {
        assert_true((!f->keyed && !f->per_person) || (!f->print_trino && !f->print_postgres));
        assert_true(!f->keyed || (!f->iceberg_action && !f->iceberg_action_of));
        keyed += f->keyed;
    }
    assert_true(keyed > 2);
}

static void test_names_that_clash(void **state)
{
    (void)state;
    struct hs_buf b;
    enum hs_fit fit;
    hs_buf_init(&b, 1 << 16);
    w.bound->fields[1].name = HS_S("HS_V1");
    w.table.properties[1].name = HS_S("HS_V1");
    w_grant(&w, "g", NULL, NULL);
    assert_int_equal(hs_print_dialect_column(&b, &hs_trino, w_ok(&w, &nobody), 0, &fit, &w.err), HS_UNSUPPORTED);
    hs_buf_fini(&b);
}

static void test_script(void **state)
{
    (void)state;
    struct hs_buf b;
    enum hs_fit fit;
    hs_buf_init(&b, 1 << 16);
    w_columns(&w, w_grant(&w, "g", NULL, "region = 'EU'"), 1, (const char *const[]){"id"});
    assert_int_equal(
        hs_print_postgres_script(&b, w_ok(&w, &nobody), HS_S("orders"), HS_S("orders_ana"), HS_S("ana"), &fit, &w.err),
        HS_OK);
    assert_string_equal(
        w_keep(&w, &b),
        "ALTER TABLE \"orders\" ENABLE ROW LEVEL SECURITY;\n"
        "CREATE POLICY \"hs_rows_ana\" ON \"orders\" FOR SELECT TO \"ana\" USING (((\"region\" COLLATE \"C\") = "
        "(CAST('EU' AS text) "
        "COLLATE \"C\")));\n"
        "CREATE VIEW \"orders_ana\" WITH (security_barrier) AS SELECT\n    \"id\" AS \"id\"\n"
        "  FROM \"orders\" WHERE ((\"region\" COLLATE \"C\") = (CAST('EU' AS text) COLLATE \"C\"));\n"
        "GRANT SELECT ON \"orders_ana\" TO \"ana\";\n");
}

static void test_scripts_of_two_roles(void **state)
{
    (void)state;
    struct hs_buf b;
    enum hs_fit fit;
    hs_buf_init(&b, 1 << 16);
    w_columns(&w, w_grant(&w, "g", NULL, NULL), 1, (const char *const[]){"id"});
    struct hs_decision *d = w_ok(&w, &nobody);
    assert_int_equal(
        hs_print_postgres_script(&b, d, HS_S("The \"orders\""), HS_S("v; drop"), HS_S("Ana"), &fit, &w.err), HS_OK);
    assert_string_equal(w_keep(&w, &b),
                        "ALTER TABLE \"The \"\"orders\"\"\" ENABLE ROW LEVEL SECURITY;\n"
                        "CREATE POLICY \"hs_rows_Ana\" ON \"The \"\"orders\"\"\" FOR SELECT TO \"Ana\" USING (TRUE);\n"
                        "CREATE VIEW \"v; drop\" WITH (security_barrier) AS SELECT\n    \"id\" AS \"id\"\n"
                        "  FROM \"The \"\"orders\"\"\" WHERE TRUE;\nGRANT SELECT ON \"v; drop\" TO \"Ana\";\n");
    /* PostgreSQL cuts names after 63 bytes: two roles could then have one policy */
    static const char *const names[][3] = {
        {"", "v", "r"},
        {"t", "0123456789012345678901234567890123456789012345678901234567890123", "r"},
        {"t", "v", "01234567890123456789012345678901234567890123456789012345"},
    };
    for (size_t i = 0; i < COUNT(names); i++) {
        hs_buf_init(&b, 1 << 16);
        assert_int_equal(hs_print_postgres_script(&b, d, hs_str_of(names[i][0]), hs_str_of(names[i][1]),
                                                  hs_str_of(names[i][2]), &fit, &w.err),
                         HS_UNSUPPORTED);
        assert_non_null(strstr(w.err.shown, "bytes"));
        hs_buf_fini(&b);
    }
}

/* Whoever is refused learns no name of a column that is hidden. */
static void test_refusals_name_no_hidden_column(void **state)
{
    (void)state;
    struct hs_buf b;
    enum hs_fit fit;
    hs_buf_init(&b, 1 << 16);
    w.bound->fields[4].required = true; /* customer, an object */
    w.bound->fields[4].type->fields[0].type = w_type(&w, HS_T_GEOMETRY);
    w_columns(&w, w_grant(&w, "g", NULL, NULL), 1, (const char *const[]){"id"});
    assert_int_equal(hs_print_read_restrictions(&b, w_ok(&w, &nobody), &fit, &w.err), HS_UNSUPPORTED);
    assert_null(strstr(w.err.shown, "customer"));
    assert_non_null(strstr(w.err.shown, "read-restrictions cannot hide"));
    assert_non_null(strstr(w.err.detail, "customer"));
    hs_buf_fini(&b);
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--schema") == 0)
        return dump_schema();
    if (argc == 4 && strcmp(argv[1], "--decisions") == 0)
        return dump_decisions(strtoull(argv[2], NULL, 10), atol(argv[3]));
    if (argc == 4 && strcmp(argv[1], "--composition") == 0)
        return dump_composition(strtoull(argv[2], NULL, 10), atol(argv[3]));
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_rules, begin, end),
        cmocka_unit_test_setup_teardown(test_iceberg, begin, end),
        cmocka_unit_test_setup_teardown(test_no_key, begin, end),
        cmocka_unit_test(test_no_keyed_mask_has_a_form),
        cmocka_unit_test_setup_teardown(test_names_that_clash, begin, end),
        cmocka_unit_test_setup_teardown(test_script, begin, end),
        cmocka_unit_test_setup_teardown(test_scripts_of_two_roles, begin, end),
        cmocka_unit_test_setup_teardown(test_refusals_name_no_hidden_column, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
