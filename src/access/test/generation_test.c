/* A generation that has made many decisions gives way to another of the same model; whoever holds it keeps it. */
#include "access/access_in.h"

#include "model/load.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

static struct hs_model *a_model(void)
{
    struct hs_model *model = NULL;
    struct hs_err err;
    struct hs_model_file files[] = {{HS_S("mesh.yaml"), HS_S("kind: Mesh\nname: demo\n"), HS_S("")}};
    assert_int_equal(hs_model_load_files(HS_S("/model"), files, 1, NULL, &model, &err), HS_OK);
    return model;
}

static void a_worn_generation_gives_way(void **state)
{
    (void)state;
    struct hs_access a = {0};
    pthread_mutex_init(&a.lock, NULL);
    a.generation = hs_generation_new(a_model());
    assert_non_null(a.generation);
    struct generation *first = hs_access_generation(&a), *again = hs_access_generation(&a);
    assert_ptr_equal(first, again);
    hs_generation_unref(again);
    for (int i = 0; i < 19999; i++)
        atomic_fetch_add(&first->decided, 1);
    again = hs_access_generation(&a);
    assert_ptr_equal(first, again);
    hs_generation_unref(again);
    atomic_fetch_add(&first->decided, 1);
    struct generation *fresh = hs_access_generation(&a), *same = hs_access_generation(&a);
    assert_ptr_not_equal(fresh, first);
    assert_ptr_equal(fresh, same);
    assert_ptr_equal(fresh->model, first->model);
    assert_int_equal(atomic_load(&fresh->decided), 0);
    hs_generation_unref(first);
    hs_generation_unref(fresh);
    hs_generation_unref(same);
    hs_generation_unref(a.generation);
    pthread_mutex_destroy(&a.lock);
}

/* A clock that was set back: what was decided later, when a grant had begun or a mask had ended, is decided anew. */
static void a_decision_holds_from_when_it_was_made(void **state)
{
    (void)state;
    struct hs_decision d = {.valid_until_us = 2000};
    struct cached_decision c = {&d, 1000};
    assert_true(hs_decision_holds(&c, 1000));
    assert_true(hs_decision_holds(&c, 1999));
    assert_false(hs_decision_holds(&c, 2000));
    assert_false(hs_decision_holds(&c, 999));
    d.valid_until_us = 0;
    assert_true(hs_decision_holds(&c, INT64_MAX));
    assert_false(hs_decision_holds(&c, 999));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_worn_generation_gives_way),
                                       cmocka_unit_test(a_decision_holds_from_when_it_was_made)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
