/* Edits of files on a disk: field ids into contracts, users into principals.yaml. */
#include "helper.h"

/* ---- field ids ---- */

#define HEAD                                                                                                     \
    "# who\napiVersion: v3.1.0\nkind: DataContract\nid: sales.orders\nversion: 1.4.0\nstatus: active\nschema:\n" \
    "- name: orders   # the table\n  customProperties: [{property: hailstorm.location, value: w}]\n  properties:\n"
#define NEW(n) "customProperties: [{property: hailstorm.fieldId, value: " #n "}]"
#define NEW_ITEM(n) "{property: hailstorm.fieldId, value: " #n "}"

static struct hs_arena *arena;

/* A type as the contract says, with ids counted from 1 in its own order. */
static struct hs_type *type_of(const struct hs_property *p, int *id);

static struct hs_type *struct_of(const struct hs_property *properties, size_t count, enum hs_type_id kind, int *id)
{
    struct hs_type *t = hs_type_new(arena, kind);
    t->fields = hs_arena_array(arena, count, sizeof *t->fields);
    t->field_count = count;
    for (size_t i = 0; i < count; i++) {
        t->fields[i] = (struct hs_field){.id = ++*id, .name = properties[i].name, .doc = HS_S("")};
        if (kind == HS_T_LIST)
            t->fields[i].name = HS_S("element");
        t->fields[i].type = type_of(&properties[i], id);
    }
    return t;
}

static struct hs_type *type_of(const struct hs_property *p, int *id)
{
    bool array = hs_str_is(p->logical_type, "array"), map = hs_str_is(p->physical_type, "map");
    if (!p->property_count)
        return hs_type_new(arena, HS_T_STRING);
    return struct_of(p->properties, p->property_count, array ? HS_T_LIST : map ? HS_T_MAP : HS_T_STRUCT, id);
}

/* Writes ids into `before` on a disk; returns the text after (to be freed). */
static char *with_ids(const char *before, hs_rc *out_rc, size_t *out_changed, struct hs_err *err)
{
    struct hs_model *m = NULL;
    char path[256];
    int id = 0;
    const char *folder = new_model_folder(before);
    struct hs_err load_err = {0};
    hs_rc rc = hs_model_load(hs_str_of(folder), NULL, &m, &load_err);
    if (rc != HS_OK)
        print_error("%s\n", load_err.shown);
    assert_int_equal(rc, HS_OK);
    arena = hs_arena_new(0);
    *out_rc = HS_OK;
    *out_changed = 0;
    for (size_t t = 0; t < m->products[0].table_count && *out_rc == HS_OK; t++) {
        const struct hs_table *table = &m->products[0].tables[t];
        size_t changed = 0;
        struct hs_type *real = struct_of(table->properties, table->property_count, HS_T_STRUCT, &id);
        struct hs_type *bound = NULL;
        *out_rc = hs_table_bind(arena, table, real, &bound, err);
        if (*out_rc == HS_OK)
            *out_rc = hs_contract_write_ids(table, bound, &changed, err);
        *out_changed += changed;
    }
    hs_arena_free(arena);
    hs_model_unref(m);
    snprintf(path, sizeof path, "%s/domains/sales/orders.odcs.yaml", folder);
    char *after = read_text(path);
    remove_folder(folder);
    return after;
}

static void ids_go_in_and_nothing_else_moves(void **state)
{
    (void)state;
    static const struct {
        const char *before, *after; /* of HEAD's properties */
        size_t changed;
    } CASES[] = {
        {"  - {name: a, unique: true}   # flow\n", "  - {name: a, unique: true, " NEW(1) "}   # flow\n", 1},
        {"  - {name: a, unique: true,}\n", "  - {name: a, unique: true, " NEW(1) ",}\n", 1},
        {"  - { name: \"a\" }\n", "  - { name: \"a\", " NEW(1) " }\n", 1},
        {"  - {name: a,\n     tags: [x] # why\n    }\n", "  - {name: a,\n     tags: [x], " NEW(1) " # why\n    }\n", 1},
        {"  - {name: a, customProperties: []}\n", "  - {name: a, customProperties: [" NEW_ITEM(1) "]}\n", 1},
        {"  - {name: a, customProperties: [{property: x, value: 1}]}\n",
         "  - {name: a, customProperties: [{property: x, value: 1}, " NEW_ITEM(1) "]}\n", 1},
        {"  - name: a # first\n    # between\n    unique: true # second\n\n    # behind\n",
         "  - name: a # first\n    # between\n    unique: true # second\n    " NEW(1) "\n\n    # behind\n", 1},
        {"  -   name: a", "  -   name: a\n      " NEW(1), 1},
        {"  - name: a\n    description: |\n      many\n      lines\n",
         "  - name: a\n    " NEW(1) "\n    description: |\n      many\n      lines\n", 1},
        {"  - name: a\n    customProperties:\n    - {property: x, value: 1}\n    # after\n",
         "  - name: a\n    customProperties:\n    - " NEW_ITEM(1) "\n    - {property: x, value: 1}\n    # after\n", 1},
        {"  - name: a\n    customProperties:\n      - property: x\n        value: 1\n",
         "  - name: a\n    customProperties:\n      - " NEW_ITEM(1) "\n      - property: x\n        value: 1\n", 1},
        {"  - name:\n      a\n", "  - name:\n      a\n    " NEW(1) "\n", 1},
        {"  - name: >-\n      a\n", "  - " NEW(1) "\n    name: >-\n      a\n", 1},
        {"  - name: a\n    logicalType: object\n    properties:\n    - name: b\n    - {name: c}\n",
         "  - name: a\n    logicalType: object\n    " NEW(1) "\n    properties:\n    - name: b\n      " NEW(
             2) "\n"
                "    - {name: c, " NEW(3) "}\n",
         3},
        {"  - {name: a, logicalType: array, items: {logicalType: array, items: {unique: true}}}\n",
         "  - {name: a, logicalType: array, items: {logicalType: array, items: {unique: true, " NEW(3) "}, " NEW(
             2) "}, " NEW(1) "}\n",
         3},
        {"  - name: a\n    logicalType: array\n    items:\n      logicalType: string\n",
         "  - name: a\n    logicalType: array\n    " NEW(1) "\n    items:\n      logicalType: string\n      " NEW(
             2) "\n",
         2},
        {"  - {name: a, logicalType: object, physicalType: map, properties: [{name: key}, {name: value}]}\n",
         "  - {name: a, logicalType: object, physicalType: map, properties: [{name: key, " NEW(
             2) "}, {name: value, " NEW(3) "}], " NEW(1) "}\n",
         3},
        {"  - {name: a, " NEW(1) "}\n  - {name: b}\n", "  - {name: a, " NEW(1) "}\n  - {name: b, " NEW(2) "}\n", 1},
        {"  - {name: a, " NEW(1) "}\n", "  - {name: a, " NEW(1) "}\n", 0},
        {"  - name: a\r\n    unique: true\r\n", "  - name: a\r\n    unique: true\r\n    " NEW(1) "\r\n", 1},
        {"  - {name: a}\n- name: second\n  customProperties: [{property: hailstorm.location, value: v}]\n  "
         "properties:\n"
         "  - {name: b}\n",
         "  - {name: a, " NEW(1) "}\n- name: second\n  customProperties: [{property: hailstorm.location, value: v}]\n"
                                 "  properties:\n  - {name: b, " NEW(2) "}\n",
         2},
        {"  - {name: \xC3\xA9t\xC3\xA9, description: \"\xE2\x82\xAC, {x}\"}\n",
         "  - {name: \xC3\xA9t\xC3\xA9, description: \"\xE2\x82\xAC, {x}\", " NEW(1) "}\n", 1},
        {"  - ? name\n    : a\n", "  - ? name\n    : a\n    " NEW(1) "\n", 1},
        {"  - {name: a}\n---\n", "  - {name: a, " NEW(1) "}\n---\n", 1},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        char before[4096], wanted[4096];
        struct hs_err err = {0};
        hs_rc rc;
        size_t changed;
        snprintf(before, sizeof before, "%s%s", HEAD, CASES[i].before);
        snprintf(wanted, sizeof wanted, "%s%s", HEAD, CASES[i].after);
        char *after = with_ids(before, &rc, &changed, &err);
        if (rc != HS_OK)
            print_error("case %zu: %s\n", i, err.shown);
        assert_int_equal(rc, HS_OK);
        assert_string_equal(after, wanted);
        assert_int_equal(changed, CASES[i].changed);
        free(after);
    }
}

static void a_changed_file_is_left_alone(void **state)
{
    (void)state;
    struct hs_model *m = NULL;
    struct hs_err err = {0};
    char path[256];
    int id = 0;
    size_t changed = 7;
    const char *folder = new_model_folder(HEAD "  - {name: a}\n");
    assert_ok(hs_model_load(hs_str_of(folder), NULL, &m, &err));
    snprintf(path, sizeof path, "%s/domains/sales/orders.odcs.yaml", folder);
    write_text(path, HEAD "  - {name: b}\n  - {name: a}\n");
    arena = hs_arena_new(0);
    const struct hs_table *table = &m->products[0].tables[0];
    struct hs_type *bound = struct_of(table->properties, 1, HS_T_STRUCT, &id);
    assert_int_equal(hs_contract_write_ids(table, bound, &changed, &err), HS_CONFLICT);
    assert_says(err.shown, "domains/sales/orders.odcs.yaml: the file has changed since it was loaded");
    char *after = read_text(path);
    assert_string_equal(after, HEAD "  - {name: b}\n  - {name: a}\n");
    assert_int_equal(changed, 7);
    free(after);
    unlink(path);
    assert_int_equal(hs_contract_write_ids(table, bound, &changed, &err), HS_NOT_FOUND);
    hs_arena_free(arena);
    hs_model_unref(m);
    remove_folder(folder);
}

static void writing_ids_keeps_the_mode_and_survives_failed_allocations(void **state)
{
    (void)state;
    char path[256];
    struct hs_err err = {0};
    bool done = false;
    for (long n = 0; !done; n++) {
        struct hs_model *m = NULL;
        int id = 0;
        size_t changed = 0;
        struct stat st;
        const char *folder = new_model_folder(HEAD "  - {name: a}\n  - {name: b}\n");
        snprintf(path, sizeof path, "%s/domains/sales/orders.odcs.yaml", folder);
        assert_int_equal(chmod(path, 0640), 0);
        assert_ok(hs_model_load(hs_str_of(folder), NULL, &m, &err));
        arena = hs_arena_new(0);
        const struct hs_table *table = &m->products[0].tables[0];
        struct hs_type *bound = struct_of(table->properties, 2, HS_T_STRUCT, &id);
        hs_fault_alloc_after(n);
        hs_rc rc = hs_contract_write_ids(table, bound, &changed, &err);
        hs_fault_alloc_after(-1);
        done = rc == HS_OK;
        char *after = read_text(path);
        assert_int_equal(rc, done ? HS_OK : HS_NOMEM);
        assert_string_equal(after, done ? HEAD "  - {name: a, " NEW(1) "}\n  - {name: b, " NEW(2) "}\n"
                                        : HEAD "  - {name: a}\n  - {name: b}\n");
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_mode & 0777, 0640);
        free(after);
        hs_arena_free(arena);
        hs_model_unref(m);
        remove_folder(folder);
        assert_true(n < 500);
    }
}

/* ---- principals ---- */

#define SCRAM                                                                                   \
    "SCRAM-SHA-256$4096:AAAAAAAAAAAAAAAAAAAAAA==$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=:" \
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="

static struct hs_model *load(const char *folder)
{
    struct hs_model *m = NULL;
    struct hs_err err = {0};
    assert_ok(hs_model_load(hs_str_of(folder), NULL, &m, &err));
    return m;
}

static void users_come_and_go(void **state)
{
    (void)state;
    struct hs_err err = {0};
    struct stat st;
    char path[256];
    const char *folder = new_model_folder(ORDERS);
    hs_str dir = hs_str_of(folder), roles[] = {HS_S("fraud"), HS_S("say \"hi\": x")};
    struct hs_attribute attributes[] = {
        {HS_S("region"), {.kind = HS_V_TEXT, .text = HS_S("2020-01-01")}},
        {HS_S("odd: name"), {.kind = HS_V_TEXT, .text = HS_S("a\nb\t'\xC3\xA9")}},
        {HS_S("since"), {.kind = HS_V_DATE, .i = -1}},
    };
    uint8_t hash[32] = {1, 2, 0xfe};
    snprintf(path, sizeof path, "%s/principals.yaml", folder);
    char head[1024];
    snprintf(head, sizeof head, "# first\n\n# second\n%s", PRINCIPALS);
    write_text(path, head);

    assert_ok(hs_principals_put_user(dir, HS_S("cy"), roles, 2, attributes, 3, HS_S(SCRAM), &err));
    assert_ok(hs_principals_add_token(dir, HS_S("cy"), HS_S("t1"), hash, 1798761600000000, &err));
    hash[0] = 9;
    assert_ok(hs_principals_add_token(dir, HS_S("ana"), HS_S("t1"), hash, 0, &err));
    assert_int_equal(hs_principals_add_token(dir, HS_S("cy"), HS_S("t1"), hash, 0, &err), HS_CONFLICT);
    struct hs_model *m = load(folder);
    const struct hs_user *cy = hs_model_user(m, HS_S("cy")), *bob = hs_model_user(m, HS_S("bob"));
    assert_int_equal(m->user_count, 3);
    assert_str(cy->scram, SCRAM);
    assert_str(cy->roles[1], "say \"hi\": x");
    assert_int_equal(cy->attributes[0].value.kind, HS_V_TEXT);
    assert_str(cy->attributes[1].name, "odd: name");
    assert_str(cy->attributes[1].value.text, "a\nb\t'\xC3\xA9");
    assert_int_equal(cy->attributes[2].value.i, -1);
    assert_int_equal(cy->tokens[0].hash[2], 0xfe);
    assert_int_equal(cy->tokens[0].expires_us, 1798761600000000);
    assert_true(bob->disabled);
    assert_int_equal(bob->attribute_count, 6);
    assert_int_equal(bob->attributes[2].value.item_count, 2);
    assert_int_equal(bob->attributes[4].value.kind, HS_V_TEXT);
    assert_int_equal(hs_model_user(m, HS_S("ana"))->tokens[0].hash[0], 9);
    hs_model_unref(m);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);

    assert_ok(
        hs_principals_put_user(dir, HS_S("cy"), roles, 1, NULL, 0, HS_S(""), &err)); /* password and tokens stay */
    assert_ok(hs_principals_remove_user(dir, HS_S("bob"), &err));
    assert_int_equal(hs_principals_remove_user(dir, HS_S("annna"), &err), HS_NOT_FOUND);
    assert_says(err.shown, "there is no user 'annna' (did you mean 'ana'?)");
    m = load(folder);
    assert_int_equal(m->user_count, 2);
    assert_str(hs_model_user(m, HS_S("cy"))->scram, SCRAM);
    assert_int_equal(hs_model_user(m, HS_S("cy"))->token_count, 1);
    assert_int_equal(hs_model_user(m, HS_S("cy"))->attribute_count, 0);
    hs_model_unref(m);
    char *text = read_text(path);
    assert_true(strncmp(text, "# first\n\n# second\nkind: Principals\n", 35) == 0);
    free(text);
    remove_folder(folder);
}

static void the_first_user_makes_the_file(void **state)
{
    (void)state;
    struct hs_err err = {0};
    char path[256];
    const char *folder = new_model_folder(ORDERS);
    hs_str dir = hs_str_of(folder);
    snprintf(path, sizeof path, "%s/principals.yaml", folder);
    unlink(path);
    assert_int_equal(hs_principals_remove_user(dir, HS_S("x"), &err), HS_NOT_FOUND);
    assert_ok(hs_principals_put_user(dir, HS_S("ana"), NULL, 0, NULL, 0, HS_S(SCRAM), &err));
    assert_ok(hs_principals_remove_user(dir, HS_S("ana"), &err));
    struct hs_model *m = load(folder);
    assert_int_equal(m->user_count, 0);
    hs_model_unref(m);
    remove_folder(folder);
}

static void a_bad_edit_changes_nothing(void **state)
{
    (void)state;
    struct hs_err err = {0};
    char path[256];
    const char *folder = new_model_folder(ORDERS);
    hs_str dir = hs_str_of(folder);
    snprintf(path, sizeof path, "%s/principals.yaml", folder);
    assert_int_equal(hs_principals_put_user(dir, HS_S("eve"), NULL, 0, NULL, 0, HS_S("hunter2"), &err), HS_INVALID);
    assert_null(strstr(err.detail, "hunter2"));
    assert_int_equal(hs_principals_put_user(dir, HS_S("e\x01"), NULL, 0, NULL, 0, HS_S(""), &err), HS_INVALID);
    char *text = read_text(path);
    assert_string_equal(text, PRINCIPALS);
    free(text);
    write_text(path, "kind: Principals\nusers: [{nam: x}]\n");
    assert_int_equal(hs_principals_put_user(dir, HS_S("ana"), NULL, 0, NULL, 0, HS_S(""), &err), HS_INVALID);
    assert_says(err.shown, "principals.yaml:2:10: unknown key 'nam'");
    assert_int_equal(hs_principals_put_user(HS_S("/nonexistent"), HS_S("a"), NULL, 0, NULL, 0, HS_S(""), &err),
                     HS_NOT_FOUND);
    remove_folder(folder);
}

static void user_edits_survive_failed_allocations(void **state)
{
    (void)state;
    const char *folder = new_model_folder(ORDERS);
    char path[256];
    bool done = false;
    snprintf(path, sizeof path, "%s/principals.yaml", folder);
    for (long n = 0; !done; n++) {
        struct hs_err err = {0};
        hs_fault_alloc_after(n);
        hs_rc rc = hs_principals_put_user(hs_str_of(folder), HS_S("cy"), NULL, 0, NULL, 0, HS_S(SCRAM), &err);
        hs_fault_alloc_after(-1);
        done = rc == HS_OK;
        char *text = read_text(path);
        if (!done)
            assert_string_equal(text, PRINCIPALS);
        free(text);
        assert_true(n < 500);
    }
    remove_folder(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_go_in_and_nothing_else_moves),
        cmocka_unit_test(a_changed_file_is_left_alone),
        cmocka_unit_test(writing_ids_keeps_the_mode_and_survives_failed_allocations),
        cmocka_unit_test(users_come_and_go),
        cmocka_unit_test(the_first_user_makes_the_file),
        cmocka_unit_test(a_bad_edit_changes_nothing),
        cmocka_unit_test(user_edits_survive_failed_allocations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
