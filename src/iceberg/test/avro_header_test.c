/* The header of an Avro data file as planning sees it. */
#include "iceberg/parquet.h"
#include "seeds.h"

#include "base/alloc.h"
#include "iceberg/iceberg.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const char *absolute(const char *name)
{
    static char path[1024];
    char cwd[512];
    snprintf(path, sizeof path, "%s/src/avro/test/%s", getcwd(cwd, sizeof cwd) ? cwd : "", name);
    return path;
}

static void the_schema_is_that_of_the_header(void **state)
{
    (void)state;
    struct hs_footer *f, *again;
    struct hs_err err;
    assert_int_equal(hs_avro_header_open(hs_str_of(absolute("data/every-type.avro")), &f, &err), HS_OK);
    const struct hs_physical *physical = hs_footer_physical(f->schema);
    assert_true(physical->has_ids);
    assert_int_equal(physical->type->field_count, 30);
    assert_int_equal(hs_type_field_by_id(physical->type, 35)->type->id, HS_T_STRING);
    assert_int_equal(f->row_count, -1);
    assert_true(f->size_bytes > 1000);
    assert_int_equal(hs_avro_header_open(hs_str_of(absolute("data/every-type.avro")), &again, &err), HS_OK);
    assert_ptr_equal(again, f); /* kept */
    hs_footer_unref(again);
    hs_footer_unref(f);
}

static void equal_headers_share_their_tree(void **state)
{
    (void)state;
    struct hs_footer *a, *b;
    struct hs_err err;
    assert_int_equal(hs_avro_header_open(hs_str_of(absolute("corpus/fuzz_container/null.avro")), &a, &err), HS_OK);
    assert_int_equal(hs_avro_header_open(hs_str_of(absolute("corpus/fuzz_container/snappy.avro")), &b, &err), HS_OK);
    assert_ptr_equal(a->schema, b->schema);
    hs_footer_unref(a);
    hs_footer_unref(b);
}

static void what_is_no_container_is_damage(void **state)
{
    (void)state;
    struct hs_footer *f;
    struct hs_err err;
    assert_int_equal(hs_avro_header_open(hs_str_of(absolute("make_seeds.py")), &f, &err), HS_CORRUPT);
    assert_string_equal(err.shown, "table metadata is damaged");
    assert_non_null(strstr(err.detail, "make_seeds.py"));
    assert_int_not_equal(hs_avro_header_open(hs_str_of(absolute("absent.avro")), &f, &err), HS_OK);
}

static void without_memory_it_says_so(void **state)
{
    (void)state;
    hs_rc rc = HS_NOMEM;
    for (long n = 0; rc != HS_OK; n++) {
        struct hs_footer *f;
        struct hs_err err;
        hs_iceberg_cache_clear();
        hs_fault_alloc_after(n);
        rc = hs_avro_header_open(hs_str_of(absolute("data/every-type.avro")), &f, &err);
        hs_fault_alloc_after(-1);
        assert_true(rc == HS_OK || rc == HS_NOMEM);
        if (rc == HS_OK)
            hs_footer_unref(f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_schema_is_that_of_the_header),
        cmocka_unit_test(equal_headers_share_their_tree),
        cmocka_unit_test(what_is_no_container_is_damage),
        cmocka_unit_test(without_memory_it_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
