#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "arrow/type.h"
#include "base/alloc.h"

/* struct<id: long, price: decimal(15, 2), tags: list<string>, props: map<string, fixed[16]>> with ids 1..8 */
static struct hs_type *nested(struct hs_arena *a, enum hs_type_id id, size_t count)
{
    struct hs_type *t = hs_type_new(a, id);
    if (t) {
        t->field_count = count;
        t->fields = hs_arena_array(a, count, sizeof *t->fields);
    }
    return t && t->fields ? t : NULL;
}

static void put(struct hs_type *t, size_t i, int id, const char *name, struct hs_type *type)
{
    t->fields[i] = (struct hs_field){.id = id, .name = hs_str_of(name), .doc = HS_S(""), .type = type};
}

static struct hs_type *sample(struct hs_arena *a)
{
    struct hs_type *root = nested(a, HS_T_STRUCT, 4), *list = nested(a, HS_T_LIST, 1), *map = nested(a, HS_T_MAP, 2);
    struct hs_type *price = hs_type_new(a, HS_T_DECIMAL), *fixed = hs_type_new(a, HS_T_FIXED);
    price->precision = 15;
    price->scale = 2;
    fixed->length = 16;
    put(root, 0, 1, "id", hs_type_new(a, HS_T_LONG));
    put(root, 1, 2, "price", price);
    put(root, 2, 3, "tags", list);
    put(root, 3, 4, "props", map);
    put(list, 0, 5, "element", hs_type_new(a, HS_T_STRING));
    put(map, 0, 6, "key", hs_type_new(a, HS_T_STRING));
    put(map, 1, 7, "value", fixed);
    return root;
}

static void prints_in_iceberg_words(void **state)
{
    (void)state;
    struct hs_arena *a = hs_arena_new(0);
    struct hs_buf b;
    hs_buf_init(&b, 4096);
    hs_buf_add_type(&b, sample(a));
    assert_string_equal(b.at, "struct<id: long, price: decimal(15, 2), tags: list<string>, "
                              "props: map<string, fixed[16]>>");
    hs_buf_clear(&b);
    struct hs_type *odd = nested(a, HS_T_STRUCT, 1);
    put(odd, 0, 1, "a: int, b", hs_type_new(a, HS_T_DATE));
    hs_buf_add_type(&b, odd);
    assert_string_equal(b.at, "struct<\"a: int, b\": date>");
    hs_buf_clear(&b);
    hs_buf_add_type(&b, NULL);
    assert_string_equal(b.at, "invalid");
    hs_buf_fini(&b);
    hs_arena_free(a);
}

static void every_kind_has_a_name(void **state)
{
    (void)state;
    for (int id = HS_T_BOOLEAN; id <= HS_T_GEOGRAPHY; id++)
        assert_string_not_equal(hs_type_name((enum hs_type_id)id), "invalid");
    assert_string_equal(hs_type_name((enum hs_type_id)0), "invalid");
    assert_string_equal(hs_type_name((enum hs_type_id) - 1), "invalid");
    assert_string_equal(hs_type_name((enum hs_type_id)99), "invalid");
    assert_string_equal(hs_type_name(HS_T_TIMESTAMPTZ_NS), "timestamptz_ns");
}

static void finds_by_id_and_name(void **state)
{
    (void)state;
    struct hs_arena *a = hs_arena_new(0);
    struct hs_type *t = sample(a);
    assert_true(hs_str_is(hs_type_field_by_id(t, 7)->name, "value"));
    assert_true(hs_str_is(hs_type_field_by_id(t, 2)->name, "price"));
    assert_null(hs_type_field_by_id(t, 8));
    assert_null(hs_type_field_by_id(NULL, 1));
    t->fields[0].id = -1; /* "none" must not be found as an id */
    assert_null(hs_type_field_by_id(t, -1));
    assert_int_equal(hs_type_field_by_name(t, HS_S("tags"))->id, 3);
    assert_null(hs_type_field_by_name(t, HS_S("Tags")));
    assert_null(hs_type_field_by_name(t, HS_S("element")));
    hs_arena_free(a);
}

static void compares_ids_names_and_shapes(void **state)
{
    (void)state;
    struct hs_arena *a = hs_arena_new(0);
    struct hs_type *t = sample(a), *u = hs_type_copy(a, t);
    assert_true(hs_type_same(t, u));
    u->fields[3].type->fields[1].type->length = 17;
    assert_false(hs_type_same(t, u));
    u = hs_type_copy(a, t);
    u->fields[1].type->scale = 3;
    assert_false(hs_type_same(t, u));
    u = hs_type_copy(a, t);
    u->fields[2].id = 9;
    assert_false(hs_type_same(t, u));
    u = hs_type_copy(a, t);
    u->fields[0].name = HS_S("ID");
    assert_false(hs_type_same(t, u));
    u = hs_type_copy(a, t);
    u->fields[0].required = true;
    assert_false(hs_type_same(t, u));
    assert_false(hs_type_same(t, NULL));
    assert_true(hs_type_same(NULL, NULL));
    hs_arena_free(a);
}

static void a_copy_owns_its_text(void **state)
{
    (void)state;
    struct hs_arena *a = hs_arena_new(0), *other = hs_arena_new(0);
    struct hs_type *copy = hs_type_copy(other, sample(a));
    hs_arena_free(a);
    assert_true(hs_type_same(copy, sample(other)));
    hs_arena_free(other);
}

static void a_copy_survives_every_failed_allocation(void **state)
{
    (void)state;
    struct hs_arena *a = hs_arena_new(0);
    struct hs_type *t = sample(a);
    bool done = false;
    for (long n = 0; !done; n++) {
        hs_fault_alloc_after(n);
        struct hs_arena *to = hs_arena_new(0);
        struct hs_type *copy = to ? hs_type_copy(to, t) : NULL;
        hs_fault_alloc_after(-1);
        done = copy != NULL;
        hs_arena_free(to);
        assert_true(n < 1000);
    }
    hs_arena_free(a);
}

static void sorts_kinds(void **state)
{
    (void)state;
    assert_true(hs_type_is_number(HS_T_DECIMAL) && hs_type_is_number(HS_T_INT));
    assert_false(hs_type_is_number(HS_T_DATE) || hs_type_is_number(HS_T_BOOLEAN));
    assert_true(hs_type_is_nested(HS_T_STRUCT) && hs_type_is_nested(HS_T_LIST) && hs_type_is_nested(HS_T_MAP));
    assert_false(hs_type_is_nested(HS_T_VARIANT));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prints_in_iceberg_words),
        cmocka_unit_test(every_kind_has_a_name),
        cmocka_unit_test(finds_by_id_and_name),
        cmocka_unit_test(compares_ids_names_and_shapes),
        cmocka_unit_test(a_copy_owns_its_text),
        cmocka_unit_test(a_copy_survives_every_failed_allocation),
        cmocka_unit_test(sorts_kinds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
