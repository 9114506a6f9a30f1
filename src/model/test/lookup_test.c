/* Lookups: what is read, what an index finds, and what a rule that asks one is told when it is wrong. */
#include "model/test/helper.h"

#include "model/lookup.h"

static const char ENTITLEMENTS[] =
    "kind: Lookup\nname: entitlements\ncolumns: {user: string, region: string, level: \"decimal(4, 2)\", until: date}\n"
    "file: rows.csv\n---\nkind: Lookup\nname: now\nfrom: entitlements\nwhere: until >= date '2026-01-01' and level > "
    "1\n";
static const char ROWS[] =
    "region,user,until,level\r\nEU,ana,2026-12-31,3.00\nUS,ana,2025-12-31,3\n\"A,\"\"B\",bob,,0.5\n"
    "\"\",bob,2026-01-01,1.5\n";

struct model_with {
    struct hs_model *model;
    struct hs_err err;
    hs_rc rc;
};

static struct model_with load(const char *lookup, const char *rows, const char *policy_path, const char *policy)
{
    struct model_with m = {0};
    struct hs_model_file files[6] = {
        {HS_S("mesh.yaml"), hs_str_of(MESH), HS_S("")},
        {HS_S("principals.yaml"), hs_str_of(PRINCIPALS), HS_S("")},
        {HS_S("domains/sales/orders.odcs.yaml"), hs_str_of(ORDERS), HS_S("")},
        {HS_S("domains/sales/lookups/e.yaml"), hs_str_of(lookup), HS_S("")},
        {HS_S("domains/sales/lookups/rows.csv"), hs_str_of(rows), HS_S("")},
        {hs_str_of(policy ? policy_path : ""), hs_str_of(policy ? policy : ""), HS_S("")},
    };
    m.rc = hs_model_load_files(HS_S("/model"), files, policy ? 6 : 5, refuse_nosuch, &m.model, &m.err);
    return m;
}

static char *policy_with(const char *where)
{
    static char text[2000];
    snprintf(text, sizeof text, "kind: RowRule\nname: p\non: {table: sales.orders}\nwhere: %s\n", where);
    return text;
}

static const char OWN[] = "domains/sales/policies/p.yaml";

static void asks_wrong(const char *path, const char *where, const char *words)
{
    struct model_with m = load(ENTITLEMENTS, ROWS, path, policy_with(where));
    assert_int_equal(m.rc, HS_INVALID);
    assert_says(m.err.shown, words);
}

static void columns_wrong(const char *columns, const char *rows, const char *words)
{
    char lookup[400];
    snprintf(lookup, sizeof lookup, "kind: Lookup\nname: l\ncolumns: {%s}\nfile: rows.csv\n", columns);
    struct model_with m = load(lookup, rows, NULL, NULL);
    if (m.rc != HS_INVALID)
        fail_msg("read: %s", rows);
    assert_says(m.err.shown, words);
}

static void test_reads(void **state)
{
    (void)state;
    struct model_with m = load(ENTITLEMENTS, ROWS, OWN,
                               policy_with("region in entitlements.region where user = principal.name and level = 3"));
    if (m.rc != HS_OK)
        fail_msg("%s", m.err.shown);
    const struct hs_lookup *l = m.model->policies[0].where->lookup;
    assert_non_null(l);
    assert_int_equal(l->row_count, 4);
    assert_str(l->values[0].text, "ana");
    assert_str(l->values[1].text, "EU");
    assert_str(l->values[2 * 4 + 1].text, "A,\"B");
    assert_int_equal(l->values[2 * 4 + 3].kind, HS_V_NULL);
    assert_int_equal(l->values[3 * 4 + 1].kind, HS_V_TEXT);
    assert_int_equal(l->values[3 * 4 + 1].text.len, 0);
    /* both columns that are held to a value have an index, and 3 finds 3.00 */
    const struct hs_lookup_rows *rows = NULL;
    struct hs_value three = {.kind = HS_V_INT, .i = 3}, bob = {.kind = HS_V_TEXT, .text = HS_S("bob")};
    assert_non_null(l->index[0]);
    assert_null(l->index[1]);
    assert_int_equal(hs_lookup_find(l, 2, &three, &rows, &m.err), HS_OK);
    assert_int_equal(rows->len, 2);
    assert_int_equal(hs_lookup_find(l, 0, &bob, &rows, &m.err), HS_OK);
    assert_int_equal(rows->at[1], 3);
    hs_model_unref(m.model);
}

static void test_from(void **state)
{
    (void)state;
    struct model_with m = load(ENTITLEMENTS, ROWS, OWN, policy_with("region in now.region"));
    if (m.rc != HS_OK)
        fail_msg("%s", m.err.shown);
    const struct hs_lookup *l = m.model->policies[0].where->lookup;
    assert_int_equal(l->row_count, 2);
    assert_str(l->values[4].text, "bob");
    hs_model_unref(m.model);
}

static const char CITIES[] = "kind: Lookup\nname: cities\ncolumns: {city: string, country: string, code: long}\n"
                             "file: rows.csv\n";
static const char MASK[] = "kind: Mask\nname: m\non: {column: sales.orders.region}\nwith: generalise\nargs: {%s}\n";

static struct model_with load_map(const char *rows, const char *args, const char *more)
{
    char mask[600], lookup[600];
    snprintf(mask, sizeof mask, MASK, args);
    snprintf(lookup, sizeof lookup, "%s%s", CITIES, more);
    return load(lookup, rows, OWN, mask);
}

/* Two columns of a lookup become the mask's map: in order, each once. */
static void test_map(void **state)
{
    (void)state;
    struct model_with m = load_map("city,country,code\nWien,AT,2\nGraz,AT,3\nBern,CH,4\nGraz,AT,5\n",
                                   "table: cities, from: city, to: country, else: other", "");
    if (m.rc != HS_OK)
        fail_msg("%s", m.err.shown);
    const struct hs_policy *p = &m.model->policies[0];
    assert_int_equal(p->arg_count, 2);
    assert_str(p->args[0].name, "map");
    assert_str(p->args[1].name, "else");
    const struct hs_value *map = &p->args[0].value;
    const char *wanted[] = {"Bern", "CH", "Graz", "AT", "Wien", "AT"};
    assert_int_equal(map->item_count, 6);
    for (size_t i = 0; i < 6; i++)
        assert_str(map->items[i].text, wanted[i]);
    hs_model_unref(m.model);
}

static void map_wrong(const char *rows, const char *args, const char *more, const char *words)
{
    struct model_with m = load_map(rows, args, more);
    if (m.rc != HS_INVALID)
        fail_msg("taken: %s", args);
    assert_says(m.err.shown, words);
}

static void test_map_wrong(void **state)
{
    (void)state;
    const char *rows = "city,country,code\nWien,AT,2\nGraz,AT,3\nGraz,DE,\n";
    map_wrong(rows, "table: citys, from: city, to: country", "",
              "p.yaml:4:7: domain 'sales' has no lookup 'citys' (did");
    map_wrong(rows, "table: hr.cities, from: city, to: country", "", "cannot ask a lookup of domain 'hr'");
    map_wrong(rows, "table: cities, from: town, to: country", "", "the lookup has no column 'town'");
    map_wrong(rows, "table: cities, to: country", "", "'from' is missing");
    map_wrong(rows, "table: cities, from: city, to: 3", "", "'to' is a name");
    map_wrong(rows, "table: cities, from: city, to: country", "", "maps one value to two different ones");
    map_wrong(rows, "table: cities, from: city, to: code", "",
              "row 3 of lookup 'cities' maps from nothing or to nothing");
    map_wrong(rows, "table: some, from: city, to: country",
              "---\nkind: Lookup\nname: some\nfrom: cities\nwhere: code < 9\n",
              "the 'where' of lookup 'some' is unknown for some rows");
}

static void test_version(void **state)
{
    (void)state;
    struct model_with a = load(ENTITLEMENTS, ROWS, NULL, NULL),
                      b = load(ENTITLEMENTS, "region,user,until,level\n", NULL, NULL);
    assert_int_equal(a.rc, HS_OK);
    assert_int_equal(b.rc, HS_OK);
    assert_memory_not_equal(a.model->version, b.model->version, sizeof a.model->version);
    hs_model_unref(a.model);
    hs_model_unref(b.model);
}

static void test_unread(void **state)
{
    (void)state;
    struct model_with m = load("kind: Lookup\nname: l\ncolumns: {a: string}\nrows: []\n", ROWS, NULL, NULL);
    assert_int_equal(m.rc, HS_OK);
    assert_int_equal(m.model->warning_count, 1);
    assert_says(m.model->warnings[0].at, "domains/sales/lookups/rows.csv:1:1: is not read");
    hs_model_unref(m.model);
}

static void test_rows_wrong(void **state)
{
    (void)state;
    const char *two = "region: string, user: string", *one = "region: string";
    columns_wrong(two, "region,usr\n", "rows.csv:1:8: the lookup has no column 'usr' (did you mean 'user'?)");
    columns_wrong(two, "region,region\n", "rows.csv:1:8: column 'region' stands here twice");
    columns_wrong(two, "region,user\nEU\n", "rows.csv:2:1: this line has 1 values, and the first line 2 columns");
    columns_wrong(two, "region,user\nEU,a,b\n", "rows.csv:2:6: this line has more values");
    columns_wrong("region: string, level: \"decimal(4, 2)\"", "region,level\nEU,1.234\n",
                  "rows.csv:2:4: '1.234' is no decimal(4, 2), which column 'level' holds");
    columns_wrong(one, "region\n\"EU\n", "rows.csv:2:1: this quoted value is not closed");
    columns_wrong(one, "region\n\"EU\"x\n", "after a quoted value comes a comma");
    columns_wrong(one, "region\nE\"U\n", "is written in quotes");
    columns_wrong(one, "region\n\xFF\n", "is no string");
    columns_wrong(two, "region,user\nEU, ana\n", "rows.csv:2:4: this value begins or ends with a space");
    columns_wrong(two, "region,user\nEU ,ana\n", "rows.csv:2:1: this value begins or ends with a space");
    columns_wrong(two, "region, user\nEU,ana\n", "rows.csv:1:8: this value begins or ends with a space");
    columns_wrong("until: date", "until\n2026-02-30\n", "is no date");
    /* a column that the file does not have would be NULL everywhere */
    columns_wrong(two, "region\nEU\n",
                  "rows.csv:1:1: column 'user' is not in the first line; name it there, or take it out of 'columns'");
    columns_wrong("a: long, b: long, c: long", "c,a\n", "rows.csv:1:1: column 'b' is not in the first line");
}

static void test_asks_wrong(void **state)
{
    (void)state;
    asks_wrong(OWN, "region in entitlemnts.region",
               "p.yaml:4:8: domain 'sales' has no lookup 'entitlemnts' (did you mean 'entitlements'?)");
    asks_wrong(OWN, "region in entitlements.regio",
               "p.yaml:4:8: the lookup 'entitlements' has no column 'regio' (did you mean 'region'?)");
    asks_wrong(OWN, "region in entitlements.region where usr = 'a'",
               "p.yaml:4:44: unknown column of the lookup 'usr' (did you mean 'user'?)");
    asks_wrong(OWN, "region in entitlements.region where user = 3",
               "p.yaml:4:51: text cannot be compared with a number");
    asks_wrong(OWN, "region in entitlements.region where user = 'a' and amount > 3",
               "what is not about the lookup stands outside");
    asks_wrong(OWN, "region in other.entitlements.region", "cannot ask a lookup of domain 'other'");
    asks_wrong("policies/p.yaml", "region in entitlements.region", "names the domain, too");
    struct model_with m =
        load(ENTITLEMENTS, ROWS, "policies/p.yaml", policy_with("region in sales.entitlements.region"));
    if (m.rc != HS_OK)
        fail_msg("%s", m.err.shown);
    hs_model_unref(m.model);
}

static void test_allocation(void **state)
{
    (void)state;
    long n = 0;
    for (; n < 4000; n++) {
        hs_fault_alloc_after(n);
        struct model_with m = load(ENTITLEMENTS, ROWS, OWN,
                                   policy_with("region in now.region where user = principal.name and level = 3"));
        hs_fault_alloc_after(-1);
        if (m.rc == HS_OK) {
            hs_model_unref(m.model);
            break;
        }
        assert_int_equal(m.rc, HS_NOMEM);
    }
    assert_true(n > 0 && n < 4000);
    for (n = 0; n < 4000; n++) {
        hs_fault_alloc_after(n);
        struct model_with m = load_map(
            "city,country,code\nWien,AT,2\nGraz,AT,3\nGraz,DE,\n", "table: some, from: city, to: country, else: other",
            "---\nkind: Lookup\nname: some\nfrom: cities\nwhere: code is not null and code < 9\n");
        hs_fault_alloc_after(-1);
        if (m.rc == HS_OK) {
            hs_model_unref(m.model);
            break;
        }
        assert_int_equal(m.rc, HS_NOMEM);
    }
    assert_true(n > 0 && n < 4000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads),      cmocka_unit_test(test_from),       cmocka_unit_test(test_map),
        cmocka_unit_test(test_map_wrong),  cmocka_unit_test(test_version),    cmocka_unit_test(test_unread),
        cmocka_unit_test(test_rows_wrong), cmocka_unit_test(test_asks_wrong), cmocka_unit_test(test_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
