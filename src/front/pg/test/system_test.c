/* System relations of a made-up caller: all of them are made and fit their columns; what he does not see is nowhere;
 * OIDs are the same whoever asks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/alloc.h"
#include "front/pg/system/system_in.h"

#include <stdio.h>

/* ---- a model of two tables, and what is seen of it ---- */

static struct hs_property address[] = {{.name = {"street", 6}, .logical_type = {"string", 6}, .field_id = -1},
                                       {.name = {"zip", 3}, .logical_type = {"string", 6}, .field_id = -1}};
static struct hs_property item = {
    .name = {"items", 5}, .logical_type = {"object", 6}, .properties = address, .property_count = 2};
static struct hs_property customer_columns[] = {
    {.name = {"id", 2}, .logical_type = {"integer", 7}, .primary_key = true, .required = true},
    {.name = {"email", 5}, .description = {"Where to write", 14}, .classification = {"pii", 3}, .unique = true},
    {.name = {"address", 7}, .logical_type = {"object", 6}, .properties = address, .property_count = 2},
    {.name = {"places", 6}, .logical_type = {"array", 5}, .properties = &item, .property_count = 1},
};
static struct hs_property order_columns[] = {
    {.name = {"number", 6}, .primary_key = true, .primary_key_position = 2},
    {.name = {"branch", 6}, .primary_key = true, .primary_key_position = 1},
    {.name = {"customer", 8}, .logical_type = {"integer", 7}},
};
static hs_str from[] = {{"customer", 8}}, to[] = {{"id", 2}};
static struct hs_product products[1];
static struct hs_table tables[2];
static struct hs_foreign_key key = {.from = from, .to = to, .count = 1, .to_table = &tables[0]};
static struct hs_model model = {.products = products, .product_count = 1};

static struct hs_type text = {.id = HS_T_STRING}, number = {.id = HS_T_LONG},
                      money = {.id = HS_T_DECIMAL, .precision = 15, .scale = 2};
static struct hs_field address_fields[] = {{.id = 6, .name = {"street", 6}, .type = &text},
                                           {.id = 7, .name = {"zip", 3}, .type = &text}};
static struct hs_type address_type = {.id = HS_T_STRUCT, .fields = address_fields, .field_count = 2};
static struct hs_field element = {.id = 8, .name = {"element", 7}, .type = &address_type};
static struct hs_type places_type = {.id = HS_T_LIST, .fields = &element, .field_count = 1};
static struct hs_field customer_fields[] = {{.id = 1, .name = {"id", 2}, .required = true, .type = &number},
                                            {.id = 2, .name = {"email", 5}, .type = &text},
                                            {.id = 3, .name = {"address", 7}, .type = &address_type},
                                            {.id = 4, .name = {"places", 6}, .type = &places_type}};
static struct hs_field order_fields[] = {{.id = 1, .name = {"number", 6}, .type = &number},
                                         {.id = 2, .name = {"branch", 6}, .type = &text},
                                         {.id = 3, .name = {"customer", 8}, .type = &number},
                                         {.id = 4, .name = {"total", 5}, .type = &money}};
static struct hs_type customer_type = {.id = HS_T_STRUCT, .fields = customer_fields, .field_count = 4};
static struct hs_type order_type = {.id = HS_T_STRUCT, .fields = order_fields, .field_count = 4};
static const bool masked[] = {false, true, false, false};
static hs_str domains[] = {{"sales", 5}};
static struct hs_seen_table seen[2];
static struct hs_catalog catalog;
static struct hs_err err;
static struct hs_pg_facts facts;

static int setup(void **state)
{
    (void)state;
    products[0] =
        (struct hs_product){.domain = HS_S("sales"), .name = HS_S("orders"), .tables = tables, .table_count = 2};
    tables[0] = (struct hs_table){.product = products, .name = HS_S("customers"), .description = HS_S("Who buys")};
    tables[0].properties = customer_columns;
    tables[0].property_count = 4;
    tables[1] = (struct hs_table){.product = products, .name = HS_S("orders")};
    tables[1].properties = order_columns;
    tables[1].property_count = 3;
    tables[1].foreign_keys = &key;
    tables[1].foreign_key_count = 1;
    customer_type.field_count = order_type.field_count = 4;
    seen[0] =
        (struct hs_seen_table){HS_S("sales"), tables[0].name, tables[0].description, &customer_type, tables, masked};
    seen[1] = (struct hs_seen_table){HS_S("sales"), tables[1].name, {0}, &order_type, &tables[1], masked};
    catalog = (struct hs_catalog){HS_S("acme"), domains, 1, seen, 2};
    facts = (struct hs_pg_facts){.user = HS_S("ana"), .pid = 7, .statement_us = 1};
    return 0;
}

static struct hs_pg_system *open_system(void)
{
    struct hs_pg_system *s = NULL;
    assert_int_equal(hs_pg_system_open(&model, &catalog, HS_S("ana"), &s, &err), HS_OK);
    return s;
}

/* ---- reading rows ---- */

struct rows {
    const struct hs_pg_relation *relation;
    struct ArrowSchema schema;
    struct ArrowArray array;
    struct ArrowArrayView view;
};

static void make(struct hs_pg_system *s, const char *schema, const char *name, struct rows *out)
{
    struct hs_given given;
    out->relation = hs_pg_relation_find(hs_str_of(schema), hs_str_of(name));
    assert_non_null(out->relation);
    hs_rc rc = hs_pg_system_make(s, out->relation, &facts, &given, &err);
    if (rc != HS_OK)
        print_error("%s: %s\n", name, err.detail);
    assert_int_equal(rc, HS_OK);
    assert_int_equal(hs_batch_check(given.type, given.batch, &err), HS_OK);
    assert_int_equal(hs_batch_import(given.type, given.batch, &out->array, &err), HS_OK);
    assert_int_equal(hs_type_to_arrow(given.type, false, &out->schema, &err), HS_OK);
    assert_int_equal(ArrowArrayViewInitFromSchema(&out->view, &out->schema, NULL), NANOARROW_OK);
    assert_int_equal(ArrowArrayViewSetArray(&out->view, &out->array, NULL), NANOARROW_OK);
}

static void done(struct rows *r)
{
    ArrowArrayViewReset(&r->view);
    ArrowArrayRelease(&r->array);
    ArrowSchemaRelease(&r->schema);
}

static const struct ArrowArrayView *column(const struct rows *r, const char *name)
{
    for (size_t i = 0; i < r->relation->row->field_count; i++)
        if (hs_str_is(r->relation->row->fields[i].name, name))
            return r->view.children[i];
    fail_msg("no column %s", name);
    return NULL;
}

static bool text_is(const struct ArrowArrayView *v, int64_t row, const char *wanted)
{
    struct ArrowStringView s = ArrowArrayViewGetStringUnsafe(v, row);
    return !ArrowArrayViewIsNull(v, row) && hs_str_is(hs_str_n(s.data, (size_t)s.size_bytes), wanted);
}

/* The row where a text column says so; -1: none. */
static int64_t row_of(const struct rows *r, const char *name, const char *wanted)
{
    const struct ArrowArrayView *v = column(r, name);
    for (int64_t i = 0; i < r->array.length; i++)
        if (text_is(v, i, wanted))
            return i;
    return -1;
}

static size_t count_in(struct hs_pg_system *s, const char *schema, const char *name, const char *in, const char *wanted)
{
    struct rows r;
    size_t n = 0;
    make(s, schema, name, &r);
    for (int64_t i = 0; i < r.array.length; i++)
        n += text_is(column(&r, in), i, wanted);
    done(&r);
    return n;
}

/* ---- tests ---- */

static void every_relation_is_made(void **state)
{
    (void)state;
    const struct hs_pg_relation *r;
    struct hs_pg_system *s = open_system();
    assert_int_equal(hs_pg_relations_misread(), 0);
    for (size_t i = 0; (r = hs_pg_relation_at(i)); i++) {
        struct rows rows;
        assert_ptr_equal(hs_pg_relation_find(hs_str_of(r->schema), hs_str_of(r->name)), r);
        make(s, r->schema, r->name, &rows);
        assert_true(!r->refused || rows.array.length == 0);
        done(&rows);
    }
    hs_pg_system_close(s);
}

static void keys_and_comments_are_told(void **state)
{
    (void)state;
    struct hs_pg_system *s = open_system();
    assert_int_equal(count_in(s, "pg_catalog", "pg_constraint", "conname", "customers_pkey"), 1);
    assert_int_equal(count_in(s, "pg_catalog", "pg_constraint", "conname", "customers_email_key"), 1);
    assert_int_equal(count_in(s, "pg_catalog", "pg_constraint", "conname", "orders_customer_fkey"), 1);
    assert_int_equal(count_in(s, "pg_catalog", "pg_class", "relname", "orders_pkey"), 1);
    assert_int_equal(count_in(s, "pg_catalog", "hs_definition", "definition", "PRIMARY KEY (branch, number)"), 1);
    assert_int_equal(count_in(s, "pg_catalog", "hs_definition", "definition",
                              "FOREIGN KEY (customer) REFERENCES sales.customers(id)"),
                     1);
    assert_int_equal(
        count_in(s, "pg_catalog", "pg_description", "description", "Where to write (classification: pii; masked)"), 1);
    assert_int_equal(count_in(s, "information_schema", "key_column_usage", "table_name", "orders"), 3);
    hs_pg_system_close(s);
}

static void a_key_with_a_hidden_column_is_no_key(void **state)
{
    (void)state;
    order_type.field_count = 1; /* branch, customer and total are hidden */
    struct hs_pg_system *s = open_system();
    assert_int_equal(count_in(s, "pg_catalog", "pg_constraint", "conname", "orders_pkey"), 0);
    assert_int_equal(count_in(s, "pg_catalog", "pg_class", "relname", "orders_pkey"), 0);
    assert_int_equal(count_in(s, "pg_catalog", "pg_constraint", "conname", "orders_customer_fkey"), 0);
    assert_int_equal(count_in(s, "pg_catalog", "pg_attribute", "attname", "branch"), 0);
    hs_pg_system_close(s);
    catalog.table_count = 1;
    s = open_system();
    assert_int_equal(count_in(s, "pg_catalog", "pg_class", "relname", "orders"), 0);
    assert_int_equal(count_in(s, "information_schema", "tables", "table_name", "orders"), 0);
    hs_pg_system_close(s);
}

static void oids_do_not_depend_on_who_asks(void **state)
{
    (void)state;
    struct hs_pg_table all, few;
    struct hs_pg_system *s = open_system();
    assert_int_equal(hs_pg_system_table(s, HS_S("sales"), HS_S("orders"), NULL, 0, &all), 1);
    uint32_t oid = all.oid;
    hs_pg_system_close(s);
    catalog.tables = &seen[1];
    catalog.table_count = 1;
    s = open_system();
    assert_int_equal(hs_pg_system_table(s, (hs_str){0}, HS_S("orders"), domains, 1, &few), 1);
    assert_int_equal(few.oid, oid);
    assert_true(oid >= 1u << 31);
    assert_int_equal(hs_pg_system_table(s, HS_S("sales"), HS_S("customers"), NULL, 0, &few), 0);
    hs_pg_system_close(s);
}

static int by_number(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static void no_oid_comes_twice(void **state)
{
    (void)state;
    static const char *const relations[] = {"pg_class",     "pg_type",     "pg_proc", "pg_constraint",
                                            "pg_namespace", "pg_operator", "pg_cast"};
    struct hs_pg_system *s = open_system();
    for (size_t k = 0; k < sizeof relations / sizeof relations[0]; k++) {
        struct rows r;
        make(s, "pg_catalog", relations[k], &r);
        int64_t *all = hs_calloc((size_t)r.array.length + 1, sizeof *all);
        for (int64_t i = 0; i < r.array.length; i++)
            all[i] = ArrowArrayViewGetIntUnsafe(column(&r, "oid"), i);
        qsort(all, (size_t)r.array.length, sizeof *all, by_number);
        for (int64_t i = 1; i < r.array.length; i++)
            assert_true(all[i] != all[i - 1]);
        assert_true(r.array.length > 0 && all[0] > 0);
        hs_free(all);
        done(&r);
    }
    hs_pg_system_close(s);
}

/* Npgsql's question: every array's element, and every element's array. */
static void types_are_linked(void **state)
{
    (void)state;
    struct rows r;
    struct hs_pg_system *s = open_system();
    make(s, "pg_catalog", "pg_type", &r);
    for (int64_t i = 0; i < r.array.length; i++) {
        int64_t array = ArrowArrayViewGetIntUnsafe(column(&r, "typarray"), i), found = !array;
        for (int64_t j = 0; !found && j < r.array.length; j++)
            found = ArrowArrayViewGetIntUnsafe(column(&r, "oid"), j) == array &&
                    ArrowArrayViewGetIntUnsafe(column(&r, "typelem"), j) ==
                        ArrowArrayViewGetIntUnsafe(column(&r, "oid"), i);
        assert_true(found);
    }
    int64_t nested = row_of(&r, "typname", "customers.places");
    assert_true(nested >= 0);
    size_t path = 3;
    assert_int_equal(hs_pg_system_composite(s, HS_S("sales"), HS_S("customers"), &path, 1, false),
                     ArrowArrayViewGetIntUnsafe(column(&r, "oid"), nested));
    done(&r);
    hs_pg_system_close(s);
}

static hs_str reg(const struct hs_pg_system *s, struct hs_arena *a, uint32_t type, uint32_t oid)
{
    hs_str out = {0};
    assert_int_equal(hs_pg_system_reg_text(s, type, oid, a, &out, &err), HS_OK);
    return out;
}

static void names_are_found_and_told(void **state)
{
    (void)state;
    struct hs_arena *a = hs_arena_new(0);
    struct hs_pg_system *s = open_system();
    uint32_t oid = 0;
    assert_true(hs_pg_system_type_oid(s, (hs_str){0}, HS_S("timestamp with time zone[]"), &oid));
    assert_int_equal(oid, 1185);
    assert_true(hs_str_is(reg(s, a, 2206, 1185), "timestamp with time zone[]"));
    assert_true(hs_pg_system_type_oid(s, HS_S("sales"), HS_S("customers.address"), &oid));
    assert_true(hs_str_is(reg(s, a, 2206, oid), "sales.\"customers.address\""));
    assert_true(hs_pg_system_proc_oid(HS_S("array_recv"), &oid));
    assert_int_equal(oid, 2400);
    assert_true(hs_str_is(reg(s, a, 24, 2400), "array_recv"));
    assert_true(hs_str_is(reg(s, a, 2205, 1259), "pg_class"));
    assert_true(hs_str_is(reg(s, a, 2205, 5), "5"));
    assert_true(hs_str_is(reg(NULL, a, 24, 0), "-"));
    assert_false(hs_pg_system_role_oid(s, HS_S("ben"), &oid));
    assert_true(hs_pg_system_schema_oid(s, HS_S("sales"), &oid));
    assert_true(hs_str_is(reg(s, a, 4089, oid), "sales"));
    hs_pg_system_close(s);
    hs_arena_free(a);
}

/* Every allocation fails once: an error each time, and nothing is lost. */
static void memory_may_run_out(void **state)
{
    (void)state;
    bool failed = true;
    const struct hs_pg_relation *classes = hs_pg_relation_find((hs_str){0}, HS_S("pg_class"));
    for (int n = 1; failed && n < 5000; n++) {
        struct hs_pg_system *s = NULL;
        struct hs_given given;
        hs_fault_alloc_after(n);
        hs_rc rc = hs_pg_system_open(&model, &catalog, HS_S("ana"), &s, &err);
        if (rc == HS_OK)
            rc = hs_pg_system_make(s, classes, &facts, &given, &err);
        hs_fault_alloc_after(-1);
        failed = rc != HS_OK;
        hs_pg_system_close(s);
    }
    assert_false(failed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(every_relation_is_made, setup),
        cmocka_unit_test_setup(keys_and_comments_are_told, setup),
        cmocka_unit_test_setup(a_key_with_a_hidden_column_is_no_key, setup),
        cmocka_unit_test_setup(oids_do_not_depend_on_who_asks, setup),
        cmocka_unit_test_setup(no_oid_comes_twice, setup),
        cmocka_unit_test_setup(types_are_linked, setup),
        cmocka_unit_test_setup(names_are_found_and_told, setup),
        cmocka_unit_test_setup(memory_may_run_out, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
