#include "helper.h"

static struct hs_arena *arena;

static struct hs_type *nested(enum hs_type_id id, size_t count)
{
    struct hs_type *t = hs_type_new(arena, id);
    assert_non_null(t);
    t->field_count = count;
    t->fields = hs_arena_array(arena, count, sizeof *t->fields);
    assert_non_null(t->fields);
    return t;
}

static void put(struct hs_type *t, size_t i, int id, const char *name, struct hs_type *type)
{
    t->fields[i] = (struct hs_field){.id = id, .name = hs_str_of(name), .doc = HS_S(""), .type = type};
}

static struct hs_type *simple(enum hs_type_id id)
{
    struct hs_type *t = hs_type_new(arena, id);
    assert_non_null(t);
    t->precision = 15;
    t->scale = 2;
    return t;
}

/* The real table of ORDERS, with a column and a member that no contract names. */
static struct hs_type *real_orders(void)
{
    struct hs_type *t = nested(HS_T_STRUCT, 8), *customer = nested(HS_T_STRUCT, 2), *lines = nested(HS_T_LIST, 1);
    struct hs_type *line = nested(HS_T_STRUCT, 1), *extra = nested(HS_T_MAP, 2);
    put(customer, 0, 11, "city", simple(HS_T_STRING));
    put(customer, 1, 12, "street", simple(HS_T_STRING));
    put(line, 0, 14, "price", simple(HS_T_DECIMAL));
    put(lines, 0, 13, "element", line);
    put(extra, 0, 15, "key", simple(HS_T_STRING));
    put(extra, 1, 16, "value", simple(HS_T_STRING));
    put(t, 0, 8, "hidden", simple(HS_T_STRING));
    put(t, 1, 1, "id", simple(HS_T_LONG));
    put(t, 2, 2, "email", simple(HS_T_STRING));
    put(t, 3, 3, "region", simple(HS_T_STRING));
    put(t, 4, 4, "amount", simple(HS_T_DECIMAL));
    put(t, 5, 5, "customer", customer);
    put(t, 6, 6, "lines", lines);
    put(t, 7, 7, "extra", extra);
    t->fields[1].required = true;
    return t;
}

static struct hs_model *load_orders(const char *text)
{
    struct hs_model *m = NULL;
    struct hs_err err = {0};
    assert_ok(load_with("domains/sales/orders.odcs.yaml", text, &m, &err));
    return m;
}

static hs_rc bind(const char *contract, const struct hs_type *real, struct hs_type **out, struct hs_err *err)
{
    struct hs_model *m = load_orders(contract);
    *err = (struct hs_err){0};
    hs_rc rc = hs_table_bind(arena, &m->products[0].tables[0], real, out, err);
    hs_model_unref(m); /* the bound type must not lean on the model */
    return rc;
}

static void the_contract_shapes_the_table(void **state)
{
    (void)state;
    struct hs_type *bound = NULL;
    struct hs_err err;
    assert_ok(bind(ORDERS, real_orders(), &bound, &err));
    struct hs_buf b;
    hs_buf_init(&b, 1000);
    hs_buf_add_type(&b, bound);
    assert_string_equal(b.at, "struct<id: long, email: string, region: string, amount: decimal(15, 2), "
                              "customer: struct<street: string>, lines: list<struct<price: decimal(15, 2)>>, "
                              "extra: map<string, string>>");
    hs_buf_fini(&b);
    assert_int_equal(bound->fields[4].type->fields[0].id, 12);
    assert_true(bound->fields[0].required);
    assert_null(hs_type_field_by_id(bound, 8));
    assert_null(hs_type_field_by_id(bound, 11));
}

#define HEAD                                                                                              \
    "apiVersion: v3.1.0\nkind: DataContract\nid: sales.orders\nversion: 1.4.0\nstatus: active\nschema:\n" \
    "- name: orders\n  customProperties: [{property: hailstorm.location, value: w}]\n  properties:\n"
#define ID(n) "customProperties: [{property: hailstorm.fieldId, value: " #n "}]"

static void ids_decide(void **state)
{
    (void)state;
    static const struct {
        const char *properties, *says; /* says NULL: binds, to the id in `id` */
        int id;
    } CASES[] = {
        {"  - {name: email, logicalType: string, " ID(2) "}\n", NULL, 2},
        {"  - {name: mail, logicalType: string, " ID(2) "}\n", NULL, 2}, /* renamed in the table */
        {"  - {name: mail, physicalName: email, logicalType: string}\n", NULL, 2},
        {"  - {name: email, logicalType: string, " ID(3) "}\n",
         "orders.odcs.yaml:10:5: hailstorm.fieldId of 'email' is 3, which is the column 'region'; the column named "
         "'email' "
         "has the id 2",
         0},
        {"  - {name: email, logicalType: string, " ID(20) "}\n",
         ":10:5: hailstorm.fieldId of 'email' is 20, but the table's column 'email' has the id 2: another column of "
         "the "
         "same name does not inherit",
         0},
        {"  - {name: mail, logicalType: string, " ID(20) "}\n", "the table has no column with the id 20 ('mail')", 0},
        {"  - {name: mail, logicalType: string, " ID(12) "}\n", "is 12, which is 'street' at another level", 0},
        {"  - {name: emial, logicalType: string}\n", ":10:5: the table has no column 'emial' (did you mean 'email'?)",
         0},
        {"  - {name: Email, logicalType: string}\n", "the table has no column 'Email' (did you mean 'email'?)", 0},
        {"  - {name: email, logicalType: string}\n  - {name: mail, logicalType: string, " ID(2) "}\n",
         ":11:5: 'mail' and 'email' (line 10) are the same column of the table, id 2", 0},
        {"  - {name: customer, logicalType: object, properties: [{name: road, logicalType: string, " ID(12) "}]}\n",
         NULL, 5},
        {"  - {name: lines, logicalType: array, items: {logicalType: object, " ID(
             14) ", properties: [{name: price}]}}\n",
         "hailstorm.fieldId of 'items' is 14, but the table's element has the id 13", 0},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        char text[2048];
        struct hs_type *bound = NULL;
        struct hs_err err;
        snprintf(text, sizeof text, "%s%s", HEAD, CASES[i].properties);
        hs_rc rc = bind(text, real_orders(), &bound, &err);
        if (CASES[i].says) {
            assert_int_equal(rc, HS_INVALID);
            assert_says(err.shown, CASES[i].says);
            continue;
        }
        assert_ok(rc);
        assert_int_equal(bound->fields[0].id, CASES[i].id);
    }
}

static void types_must_fit(void **state)
{
    (void)state;
    static const struct {
        const char *logical, *more;
        enum hs_type_id real;
        bool fits;
    } CASES[] = {
        {"integer", "", HS_T_INT, true},
        {"integer", "", HS_T_LONG, true},
        {"integer", "", HS_T_DECIMAL, false},
        {"integer", "", HS_T_STRING, false},
        {"number", "", HS_T_DECIMAL, true},
        {"number", "", HS_T_DOUBLE, true},
        {"number", "", HS_T_LONG, true},
        {"number", "", HS_T_DATE, false},
        {"string", "", HS_T_STRING, true},
        {"string", "", HS_T_UUID, true},
        {"string", "", HS_T_BINARY, false},
        {"string", ", physicalType: bytea", HS_T_BINARY, true},
        {"string", ", physicalType: bytea", HS_T_FIXED, true},
        {"string", ", physicalType: bytea", HS_T_LONG, false},
        {"string", "", HS_T_VARIANT, true},
        {"string", "", HS_T_GEOMETRY, true},
        {"string", "", HS_T_DATE, false},
        {"date", "", HS_T_DATE, true},
        {"date", "", HS_T_TIMESTAMP, false},
        {"timestamp", "", HS_T_TIMESTAMP, true},
        {"timestamp", "", HS_T_TIMESTAMPTZ_NS, true},
        {"timestamp", "", HS_T_DATE, false},
        {"time", "", HS_T_TIME, true},
        {"time", "", HS_T_TIMESTAMP, false},
        {"boolean", "", HS_T_BOOLEAN, true},
        {"boolean", "", HS_T_INT, false},
        {"object", "", HS_T_VARIANT, true},
        {"object", "", HS_T_STRING, false},
        {"date", "", HS_T_UNKNOWN, true},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        char text[2048];
        struct hs_type *bound = NULL, *real = nested(HS_T_STRUCT, 1);
        struct hs_err err;
        put(real, 0, 1, "a", simple(CASES[i].real));
        snprintf(text, sizeof text, HEAD "  - {name: a, logicalType: %s%s}\n", CASES[i].logical, CASES[i].more);
        hs_rc rc = bind(text, real, &bound, &err);
        if ((rc == HS_OK) != CASES[i].fits)
            print_error("%s / %s\n", CASES[i].logical, hs_type_name(CASES[i].real));
        assert_int_equal(rc == HS_OK, CASES[i].fits);
        if (!CASES[i].fits)
            assert_says(err.shown, "but the table's column is ");
    }
}

static void nested_shapes_must_be_listed(void **state)
{
    (void)state;
    static const struct {
        const char *properties, *says;
    } CASES[] = {
        {"  - {name: customer, logicalType: object}\n",
         "'customer' lists no 'properties', and a member in no contract is invisible; the table has: city, street"},
        {"  - {name: customer}\n", "'customer' needs a logicalType: the table's column is struct<city: string, "},
        {"  - {name: customer, logicalType: array, items: {}}\n", "'customer' is logicalType array, but"},
        {"  - {name: customer, logicalType: object, physicalType: map, properties: [{name: key}, {name: value}]}\n",
         "'customer' has physicalType map, but the table's column is a struct"},
        {"  - {name: extra, logicalType: object, properties: [{name: key}]}\n", "must be 'key' and 'value'"},
        {"  - {name: extra, logicalType: object}\n", "must be 'key' and 'value'"},
        {"  - {name: lines, logicalType: array, items: {logicalType: object}}\n",
         "'items' lists no 'properties', and a member in no contract is invisible; the table has: price"},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        char text[2048];
        struct hs_type *bound = NULL;
        struct hs_err err;
        snprintf(text, sizeof text, "%s%s", HEAD, CASES[i].properties);
        assert_int_equal(bind(text, real_orders(), &bound, &err), HS_INVALID);
        assert_says(err.shown, CASES[i].says);
    }
}

static void binding_survives_every_failed_allocation(void **state)
{
    (void)state;
    struct hs_model *m = load_orders(ORDERS);
    struct hs_type *real = real_orders();
    bool done = false;
    for (long n = 0; !done; n++) {
        struct hs_err err = {0};
        struct hs_type *bound = NULL;
        hs_fault_alloc_after(n);
        struct hs_arena *a = hs_arena_new(0);
        hs_rc rc = a ? hs_table_bind(a, &m->products[0].tables[0], real, &bound, &err) : HS_NOMEM;
        hs_fault_alloc_after(-1);
        done = rc == HS_OK;
        assert_true(done || rc == HS_NOMEM);
        hs_arena_free(a);
        assert_true(n < 1000);
    }
    hs_model_unref(m);
}

static int set_up(void **state)
{
    (void)state;
    arena = hs_arena_new(0);
    return arena ? 0 : 1;
}

static int tear_down(void **state)
{
    (void)state;
    hs_arena_free(arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_contract_shapes_the_table, set_up, tear_down),
        cmocka_unit_test_setup_teardown(ids_decide, set_up, tear_down),
        cmocka_unit_test_setup_teardown(types_must_fit, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nested_shapes_must_be_listed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(binding_survives_every_failed_allocation, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
