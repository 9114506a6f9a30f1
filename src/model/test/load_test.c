#include "helper.h"

#define POLICIES "domains/sales/policies/p.yaml"
static const char ALL_POLICIES[] = "kind: Grant\n"
                                   "name: read\n"
                                   "to: {roles: [analyst], attributes: {region: EU}, workspaces: [w], purposes: [p]}\n"
                                   "on: {product: sales.orders}\n"
                                   "columns: [id, customer.street, \"lines[].price\"]\n"
                                   "where: amount < 10\n"
                                   "expires: 2027-01-01\n"
                                   "limits: {rows: 1000, time: 5 min}\n"
                                   "---\n"
                                   "kind: RowRule\n"
                                   "name: own\n"
                                   "on: {table: sales.orders}\n"
                                   "unless: {users: [ana]}\n"
                                   "where: |\n"
                                   "  region = principal.region\n"
                                   "    and amount < 5\n"
                                   "---\n"
                                   "kind: Mask\n"
                                   "name: price\n"
                                   "on: {column: \"sales.orders.lines[].price\"}\n"
                                   "with: show-last-n\n"
                                   "args: {n: 4, fill: \"*\"}\n"
                                   "---\n"
                                   "kind: Mask\n"
                                   "name: cell\n"
                                   "on: {tag: pii.emial}\n"
                                   "when: region <> 'EU'\n"
                                   "with: nullify\n";

static void a_whole_model_loads(void **state)
{
    (void)state;
    struct hs_model *m = NULL;
    struct hs_err err = {0};
    assert_ok(load_with(POLICIES, ALL_POLICIES, &m, &err));
    assert_str(m->mesh_name, "demo");
    assert_int_equal(m->default_limits.memory_bytes, 2LL << 30);
    assert_int_equal(m->default_limits.time_ms, 30000);
    assert_int_equal(m->version_text.len, 16);
    const struct hs_table *t = hs_model_table(m, HS_S("sales"), HS_S("orders"));
    assert_non_null(t);
    assert_ptr_equal(t->product, hs_model_product(m, HS_S("sales.orders")));
    assert_str(t->product->description, "What they bought.");
    assert_str(t->location, "/model/warehouse/sales/orders");
    assert_str(t->prefixes[0].from, "s3://old/");
    assert_str(t->prefixes[0].to, "/model/warehouse");
    assert_non_null(t->product->written);
    assert_true(t->properties[0].primary_key && t->properties[0].required);
    assert_int_equal(t->properties[0].field_id, -1);
    assert_str(t->properties[5].properties[0].name, "items");
    assert_null(hs_model_table(m, HS_S("sales"), HS_S("Orders")));
    assert_null(hs_model_table(m, HS_S("sales.orders"), HS_S("")));
    assert_null(hs_model_user(m, HS_S("")));
    hs_model_unref(m);
}

/* Links are followed as far as the path exists, and what cannot be looked at stays as it stands. */
static void places_are_real(void **state)
{
    (void)state;
    static const struct {
        const char *location, *is, *root;
    } CASES[] = {
        {"here/t", "real/t", "real/t"},
        {"here/none/t", "real/none/t", "real/none/t"},
        {"real/../here/./t//", "real/t", "real/t"},
        {"dangling/t", "dangling/t", "dangling/t"},
        {"loop/t", "loop/t", "loop/t"},
        {"file/t", "file/t", "file/t"},
        {"here/t/metadata", "real/t/metadata", "real/t"},
        {"here/t/metadata/v1.metadata.json", "real/t/metadata/v1.metadata.json", "real/t"},
        {"here/t/v1.metadata.json", "real/t/v1.metadata.json", "real/t"},
        {"../../../../../../..", "", ""},
    };
    const char *folder = new_model_folder(ORDERS);
    char command[1024], orders[4096], path[256], wanted[256];
    snprintf(command, sizeof command,
             "cd '%s' && mkdir -p real/t/metadata && ln -s real here && ln -s nowhere dangling && ln -s loop loop && "
             "touch file real/t/v1.metadata.json real/t/metadata/v1.metadata.json",
             folder);
    assert_int_equal(system(command), 0);
    snprintf(path, sizeof path, "%s/domains/sales/orders.odcs.yaml", folder);
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        const char *at = strstr(ORDERS, "warehouse/sales/orders");
        struct hs_model *m = NULL;
        struct hs_err err = {0};
        snprintf(orders, sizeof orders, "%.*s%s%s", (int)(at - ORDERS), ORDERS, CASES[i].location,
                 at + strlen("warehouse/sales/orders"));
        write_text(path, orders);
        assert_ok(hs_model_load(hs_str_of(folder), NULL, &m, &err));
        const struct hs_table *t = hs_model_table(m, HS_S("sales"), HS_S("orders"));
        snprintf(wanted, sizeof wanted, "%s/%s", CASES[i].is[0] ? folder : "", CASES[i].is);
        assert_string_equal(t->location.at, wanted);
        snprintf(wanted, sizeof wanted, "%s/%s", CASES[i].root[0] ? folder : "", CASES[i].root);
        assert_string_equal(t->root.at, wanted);
        hs_model_unref(m);
    }
    remove_folder(folder);
}

/* What lies beside domains/ is the mesh owner's, and is about whom he likes. */
static void the_mesh_has_policies_of_its_own(void **state)
{
    (void)state;
    struct hs_model *m = NULL;
    struct hs_err err = {0};
    assert_ok(load_with("policies/all.yaml", ALL_POLICIES, &m, &err));
    assert_int_equal(m->policy_count, 4);
    assert_int_equal(m->policies[0].domain.len, 0);
    assert_ptr_equal(m->policies[1].on.table, &m->products[0].tables[0]);
    hs_model_unref(m);
}

/* Once a mask by tag held everywhere, and somebody may still believe it. */
static void a_tag_carried_elsewhere_unmasked_is_told(void **state)
{
    (void)state;
    static const char MASK[] = "kind: Mask\nname: m\non: {tag: pii.email}\nwith: nullify\n";
    static const char OTHER[] =
        "apiVersion: v3.1.0\nkind: DataContract\nid: hr.staff\nversion: 1.0.0\nstatus: active\n"
        "schema:\n- name: staff\n  customProperties: [{property: hailstorm.location, value: hr}]\n"
        "  properties: [{name: a, logicalType: object, properties: [{name: b, tags: "
        "[pii.email]}]}]\n";
    static const char *const SECOND[] = {NULL, "policies/m.yaml", "domains/hr/policies/m.yaml"};
    for (size_t i = 0; i < 3; i++) {
        struct hs_model_file files[] = {
            {HS_S("mesh.yaml"), hs_str_of(MESH), HS_S("")},
            {HS_S("domains/sales/orders.odcs.yaml"), hs_str_of(ORDERS), HS_S("")},
            {HS_S("domains/hr/staff.odcs.yaml"), hs_str_of(OTHER), HS_S("")},
            {HS_S("domains/sales/policies/m.yaml"), hs_str_of(MASK), HS_S("")},
            {i ? hs_str_of(SECOND[i]) : HS_S(""), hs_str_of(MASK), HS_S("")},
        };
        struct hs_model *m = NULL;
        struct hs_err err = {0};
        assert_ok(hs_model_load_files(HS_S("/model"), files, i ? 5 : 4, NULL, &m, &err));
        assert_int_equal(m->warning_count, i ? 0 : 1);
        if (!i)
            assert_says(m->warnings[0].at, "domains/sales/policies/m.yaml:3:11: this mask holds in the domain 'sales' "
                                           "only; 'hr.staff' carries the tag 'pii.email' too");
        hs_model_unref(m);
    }
}

static void policies_are_resolved(void **state)
{
    (void)state;
    struct hs_model *m = NULL;
    struct hs_err err = {0};
    assert_ok(load_with(POLICIES, ALL_POLICIES, &m, &err));
    assert_int_equal(m->policy_count, 4);
    const struct hs_policy *grant = &m->policies[0], *rule = &m->policies[1], *price = &m->policies[2];
    assert_ptr_equal(grant->on.product, &m->products[0]);
    assert_str(grant->actions[0], "read");
    assert_int_equal(grant->column_count, 3);
    assert_int_equal(grant->limits.time_ms, 300000);
    assert_int_equal(grant->expires_us, 1798761600000000);
    assert_str(grant->to.attributes[0].value.text, "EU");
    assert_false(grant->to.everyone);
    assert_true(rule->to.everyone && !rule->to.given && rule->unless.given);
    assert_ptr_equal(rule->on.table, &m->products[0].tables[0]);
    assert_int_equal(rule->where->op, HS_RULE_AND);
    assert_int_equal(rule->where->args[1]->args[0]->line, 16); /* `amount`, on the block's second line */
    assert_int_equal(rule->where->args[1]->args[0]->column, 9);
    assert_str(price->on.path, "lines[].price");
    assert_int_equal(price->args[0].value.i, 4);
    assert_str(price->args[1].value.text, "*");
    assert_str(m->policies[3].domain, "sales");
    assert_int_equal(m->policies[3].at.line, 24);
    assert_int_equal(m->warning_count, 1);
    assert_says(m->warnings[0].at, POLICIES ":26:11: nothing carries the tag 'pii.emial' (did you mean 'pii.email'?)");
    hs_model_unref(m);
}

static void attributes_keep_their_kind(void **state)
{
    (void)state;
    struct hs_model *m = NULL;
    struct hs_err err = {0};
    assert_ok(load_with(NULL, NULL, &m, &err));
    const struct hs_user *bob = hs_model_user(m, HS_S("bob"));
    assert_true(bob->disabled);
    static const enum hs_value_kind KINDS[] = {HS_V_INT, HS_V_NUMBER, HS_V_LIST, HS_V_DATE, HS_V_TEXT, HS_V_BOOL};
    assert_int_equal(bob->attribute_count, 6);
    for (size_t i = 0; i < 6; i++)
        assert_int_equal(bob->attributes[i].value.kind, KINDS[i]);
    assert_str(bob->attributes[1].value.text, "0.50");
    assert_int_equal(bob->attributes[2].value.item_count, 2);
    assert_int_equal(bob->attributes[3].value.i, 18321);
    hs_model_unref(m);
}

static void odcs_parts_not_used_yet_are_accepted(void **state)
{
    (void)state;
    struct hs_model *m = NULL;
    struct hs_err err = {0};
    char *text = read_text("src/model/test/full.odcs.yaml");
    assert_ok(load_with("domains/sales/full.odcs.yaml", text, &m, &err));
    const struct hs_product *p = hs_model_product(m, HS_S("full"));
    assert_non_null(hs_yaml_get(p->written, "slaProperties"));
    assert_non_null(hs_yaml_get(p->written, "servers"));
    free(text);
    hs_model_unref(m);
}

static const char RELATED[] =
    "apiVersion: v3.1.0\nkind: DataContract\nid: sales.lines\nversion: 1.0.0\nstatus: active\nschema:\n"
    "- name: lines\n"
    "  id: lines_obj\n"
    "  customProperties: [{property: hailstorm.location, value: w/lines}]\n"
    "  relationships:\n"
    "  - {id: by-number, from: [lines.a, schema/lines_obj/properties/b_id], to: [orders.id, sales.orders.region]}\n"
    "  - {from: lines.a, to: orders.id}\n" /* said below, too */
    "  - {from: lines.a, to: orders.customer.street}\n"
    "  - {from: lines.a, to: nobody.id}\n"
    "  - {from: lines.a, to: \"https://example.org/x.yaml#t.c\"}\n"
    "  - {from: lines.a, to: orders.id, type: resembles}\n"
    "  properties:\n"
    "  - {name: a, logicalType: integer, relationships: [{to: \"../sales/./orders.odcs.yaml#orders.id\"}]}\n"
    "  - {name: b, id: b_id, logicalType: string}\n";

static void relationships_become_foreign_keys(void **state)
{
    (void)state;
    struct hs_model *m = NULL;
    struct hs_err err = {0};
    assert_ok(load_with("domains/sales/lines.odcs.yaml", RELATED, &m, &err));
    const struct hs_table *t = hs_model_table(m, HS_S("sales"), HS_S("lines"));
    const struct hs_table *orders = hs_model_table(m, HS_S("sales"), HS_S("orders"));
    assert_int_equal(t->foreign_key_count, 2);
    assert_int_equal(t->foreign_keys[0].count, 1);
    assert_str(t->foreign_keys[0].from[0], "a");
    assert_str(t->foreign_keys[0].to[0], "id");
    assert_ptr_equal(t->foreign_keys[0].to_table, orders);
    assert_int_equal(t->foreign_keys[1].count, 2);
    assert_str(t->foreign_keys[1].id, "by-number");
    assert_str(t->foreign_keys[1].from[1], "b");
    assert_str(t->foreign_keys[1].to[1], "region");
    assert_int_equal(orders->foreign_key_count, 0);
    assert_int_equal(m->warning_count, 1); /* 'nobody.id' */
    hs_model_unref(m);
}

/* "# expect: words\n# file: path\n", then the file itself. */
static bool is_refused(const char *name, char *text)
{
    char *expect = text + strlen("# expect: "), *file = strstr(text, "\n# file: ");
    assert_non_null(file);
    *file = 0;
    file += strlen("\n# file: ");
    char *body = strchr(file, '\n');
    *body++ = 0;
    struct hs_model *m = NULL;
    struct hs_err err = {0};
    hs_rc rc = load_with(file, body, &m, &err);
    bool good = rc != HS_OK && !m && strstr(err.shown, expect) && !strstr(err.detail, "hunter2");
    if (!good)
        print_error("%s\n  wanted: %s\n     got: %s\n", name, expect, rc == HS_OK ? "a model" : err.shown);
    hs_model_unref(m);
    return good;
}

static void every_bad_model_is_refused_with_its_words(void **state)
{
    (void)state;
    DIR *dir = opendir("src/model/test/bad");
    assert_non_null(dir);
    int count = 0, wrong = 0;
    for (struct dirent *e; (e = readdir(dir));) {
        char path[512];
        if (e->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "src/model/test/bad/%s", e->d_name);
        char *text = read_text(path);
        wrong += !is_refused(e->d_name, text);
        free(text);
        count++;
    }
    closedir(dir);
    assert_true(count > 80);
    assert_int_equal(wrong, 0);
}

static void all_files_with_an_error_are_named(void **state)
{
    (void)state;
    struct hs_model *m = NULL;
    struct hs_err err = {0};
    struct hs_model_file files[] = {
        {HS_S("mesh.yaml"), HS_S("kind: Mash\n"), HS_S("")},
        {HS_S("principals.yaml"), HS_S("kind: Principal\n"), HS_S("")},
    };
    assert_int_equal(hs_model_load_files(HS_S("/m"), files, 2, NULL, &m, &err), HS_INVALID);
    assert_says(err.shown, "mesh.yaml:1:7: ");
    assert_null(strstr(err.shown, "principals.yaml"));
    assert_says(err.detail, "also principals.yaml:1:7: ");
    assert_int_equal(hs_model_load_files(HS_S("/m"), files, 0, NULL, &m, &err), HS_INVALID);
    assert_says(err.shown, "mesh.yaml:1:1: a model needs this file");
}

static void bytes_that_are_no_text_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text, *words;
    } CASES[] = {
        {"kind: \xff\n", ":1:1: is not valid UTF-8"},
        {"kind: a\x01\n", ":1:8: holds a control character"},
        {"\xEF\xBB\xBFkind: a\n", ":1:1: begins with a byte order mark"},
        {"a: 1\nb: x\xE2\x80\xA8y\n", ":2:5: holds a Unicode line separator"},
        {"kind: \"a\\0\"\n", ":1:7: the text has an escape that is not allowed"},
        {"a: 1\rb: 2\n", ":1:5: holds a control character"},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        struct hs_model *m = NULL;
        struct hs_err err = {0};
        assert_int_equal(load_with(POLICIES, CASES[i].text, &m, &err), HS_INVALID);
        assert_says(err.shown, CASES[i].words);
    }
}

static void sizes_are_bounded(void **state)
{
    (void)state;
    struct hs_model *m = NULL;
    struct hs_err err = {0};
    char *text = calloc(1, HS_YAML_MAX_BYTES + 2);
    memset(text, '#', HS_YAML_MAX_BYTES + 1);
    assert_int_equal(load_with(POLICIES, text, &m, &err), HS_LIMIT);
    memset(text, '[', 200);
    text[200] = 0;
    assert_int_equal(load_with(POLICIES, text, &m, &err), HS_INVALID);
    assert_says(err.shown, ":1:49: nested too deeply");
    memset(text, 0, 200);
    for (size_t i = 0; i < HS_YAML_MAX_NODES + 10; i++)
        memcpy(text + 4 * i, "- a\n", 4);
    assert_int_equal(load_with(POLICIES, text, &m, &err), HS_LIMIT);
    free(text);
}

static void windows_line_ends_count_as_one(void **state)
{
    (void)state;
    struct hs_model *m = NULL;
    struct hs_err err = {0};
    assert_int_equal(load_with(POLICIES, "kind: Mask\r\nname: a\r\nwhat: b\r\n", &m, &err), HS_INVALID);
    assert_says(err.shown, POLICIES ":3:1: unknown key 'what'");
}

static void no_allocation_failure_is_fatal(void **state)
{
    (void)state;
    bool done = false;
    for (long n = 0; !done; n++) {
        struct hs_model *m = NULL;
        struct hs_err err = {0};
        hs_fault_alloc_after(n);
        hs_rc rc = load_with(POLICIES, ALL_POLICIES, &m, &err);
        hs_fault_alloc_after(-1);
        done = rc == HS_OK;
        if (!done)
            assert_int_equal(rc, HS_NOMEM);
        hs_model_unref(m);
        assert_true(n < 5000);
    }
}

static void the_version_is_of_paths_and_bytes(void **state)
{
    (void)state;
    struct hs_model *a = NULL, *b = NULL, *c = NULL;
    struct hs_err err = {0};
    assert_ok(load_with(POLICIES, ALL_POLICIES, &a, &err));
    assert_ok(load_with(POLICIES, ALL_POLICIES, &b, &err));
    assert_ok(load_with("domains/sales/policies/q.yaml", ALL_POLICIES, &c, &err));
    assert_memory_equal(a->version, b->version, 32);
    assert_memory_not_equal(a->version, c->version, 32);
    hs_model_unref(hs_model_ref(a));
    hs_model_unref(a);
    hs_model_unref(b);
    hs_model_unref(c);
    hs_model_unref(NULL);
}

/* ---- from a disk ---- */

static void put(const char *folder, const char *name, const char *text)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    write_text(path, text);
}

static void a_folder_is_walked(void **state)
{
    (void)state;
    struct hs_model *m = NULL;
    struct hs_err err = {0};
    char path[256], outside[] = "/tmp/hs_outside_XXXXXX";
    const char *folder = new_model_folder(ORDERS);
    int fd = mkstemp(outside);
    assert_true(fd >= 0);
    close(fd);
    put(folder, "README.md", "not: [yaml");
    put(folder, "stray.yaml", "not: [yaml");
    put(folder, "domains/sales/orders.yml", "x");
    put(folder, "domains/sales/.hidden.yaml", "x");
    snprintf(path, sizeof path, "%s/domains/sales/away.odcs.yaml", folder);
    assert_int_equal(symlink(outside, path), 0);
    snprintf(path, sizeof path, "%s/domains/loop", folder);
    assert_int_equal(symlink(folder, path), 0);
    assert_ok(hs_model_load(hs_str_of(folder), NULL, &m, &err));
    assert_int_equal(m->product_count, 1);
    assert_int_equal(m->warning_count, 3);
    assert_str(m->warnings[0],
               "domains/sales/away.odcs.yaml: is not read: a symbolic link that leads to no file of the "
               "model directory");
    assert_says(m->warnings[1].at, "domains/sales/orders.yml: is not read: its name must end in .yaml");
    assert_says(m->warnings[2].at, "stray.yaml: is not read");
    assert_true(hs_str_starts(m->products[0].tables[0].location, m->directory));
    hs_model_unref(m);
    unlink(outside);
    remove_folder(folder);
}

static void a_link_inside_is_followed(void **state)
{
    (void)state;
    struct hs_model *m = NULL;
    struct hs_err err = {0};
    char from[256], to[256];
    const char *folder = new_model_folder(ORDERS);
    snprintf(from, sizeof from, "%s/mesh.yaml", folder);
    snprintf(to, sizeof to, "%s/real-mesh", folder);
    assert_int_equal(rename(from, to), 0);
    assert_int_equal(symlink("real-mesh", from), 0);
    assert_ok(hs_model_load(hs_str_of(folder), NULL, &m, &err));
    hs_model_unref(m);
    remove_folder(folder);
}

static void no_folder_no_model(void **state)
{
    (void)state;
    struct hs_model *m = NULL;
    struct hs_err err = {0};
    assert_int_equal(hs_model_load(HS_S("/nonexistent/model"), NULL, &m, &err), HS_NOT_FOUND);
    assert_int_equal(hs_model_load(HS_S("/dev/null"), NULL, &m, &err), HS_UNAVAILABLE);
    const char *folder = new_model_folder(ORDERS);
    char path[256];
    snprintf(path, sizeof path, "%s/mesh.yaml", folder);
    unlink(path);
    assert_int_equal(mkfifo(path, 0600), 0); /* must not wait for a writer */
    assert_int_equal(hs_model_load(hs_str_of(folder), NULL, &m, &err), HS_INVALID);
    assert_says(err.shown, "mesh.yaml:1:1: is not a file");
    remove_folder(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_whole_model_loads),
        cmocka_unit_test(policies_are_resolved),
        cmocka_unit_test(places_are_real),
        cmocka_unit_test(the_mesh_has_policies_of_its_own),
        cmocka_unit_test(a_tag_carried_elsewhere_unmasked_is_told),
        cmocka_unit_test(attributes_keep_their_kind),
        cmocka_unit_test(relationships_become_foreign_keys),
        cmocka_unit_test(odcs_parts_not_used_yet_are_accepted),
        cmocka_unit_test(every_bad_model_is_refused_with_its_words),
        cmocka_unit_test(all_files_with_an_error_are_named),
        cmocka_unit_test(bytes_that_are_no_text_are_refused),
        cmocka_unit_test(sizes_are_bounded),
        cmocka_unit_test(windows_line_ends_count_as_one),
        cmocka_unit_test(no_allocation_failure_is_fatal),
        cmocka_unit_test(the_version_is_of_paths_and_bytes),
        cmocka_unit_test(a_folder_is_walked),
        cmocka_unit_test(a_link_inside_is_followed),
        cmocka_unit_test(no_folder_no_model),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
