/* Who may take up an answer that lies aside: whoever asked for it stating the same, while what it was decided by stands
 * and it has not failed. */
#include "access/access_in.h"

#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct hs_model models[2];
static struct generation generations[2];
static struct hs_access access_of_test;
static struct hs_call call;
static int told;

static void tell(void *arg)
{
    ++*(int *)arg;
}

static int setup(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        generations[i] = (struct generation){.model = &models[i]};
        atomic_store(&generations[i].refs, 1000); /* nobody's to free */
    }
    access_of_test = (struct hs_access){.generation = &generations[0]};
    pthread_mutex_init(&access_of_test.lock, NULL);
    call = (struct hs_call){.access = &access_of_test,
                            .generation = &generations[0],
                            .phase = PHASE_RUNNING,
                            .name = HS_S("ana"),
                            .purpose = HS_S("billing"),
                            .workspace = HS_S("")};
    atomic_store(&call.refs, 1);
    pthread_mutex_init(&call.lock, NULL);
    pthread_mutex_init(&call.notify_lock, NULL);
    told = 0;
    return 0;
}

static struct hs_asker ana(void)
{
    return (struct hs_asker){.name = HS_S("ana"), .purpose = HS_S("billing"), .workspace = HS_S("")};
}

static bool taken_by(struct hs_asker who)
{
    hs_call_set_aside(&call);
    assert_true(atomic_load(&call.aside) && !call.notify);
    bool taken = hs_call_take_up(&call, &who, tell, &told);
    assert_false(atomic_load(&call.aside));
    assert_true(taken == (call.notify == tell));
    return taken;
}

static void the_same_asker_reads_on(void **state)
{
    (void)state;
    assert_true(taken_by(ana()));
    assert_true(call.notify_arg == &told && call.deadline_mono_us == 0);
}

static void another_does_not(void **state)
{
    struct hs_asker who[3] = {ana(), ana(), ana()};
    (void)state;
    who[0].name = HS_S("ben");
    who[1].purpose = HS_S("");
    who[2].workspace = HS_S("lab");
    for (int i = 0; i < 3; i++)
        assert_false(taken_by(who[i]));
}

static void another_model_decides_anew(void **state)
{
    (void)state;
    access_of_test.generation = &generations[1];
    assert_false(taken_by(ana()));
    models[1] = models[0];
    generations[1].model = generations[0].model; /* caches that were worn: the same model */
    assert_true(taken_by(ana()));
}

static void what_has_failed_is_not_read(void **state)
{
    (void)state;
    call.failed = true;
    assert_false(taken_by(ana()));
    call.failed = false;
    call.cancelled = true;
    assert_false(taken_by(ana()));
    call.cancelled = false;
    call.deadline_mono_us = hs_mono_us() - 1; /* the decision has ended meanwhile */
    assert_false(taken_by(ana()));
}

static void a_deadline_is_made_shorter_alone(void **state)
{
    struct hs_asker who = ana();
    int64_t far = hs_mono_us() + 1000000000;
    (void)state;
    who.deadline_mono_us = far;
    assert_true(taken_by(who));
    assert_true(call.deadline_mono_us == far);
    who.deadline_mono_us = far + 5;
    assert_true(taken_by(who));
    assert_true(call.deadline_mono_us == far);
    call.phase = PHASE_WORKING; /* the pool's to set */
    who.deadline_mono_us = far - 5;
    assert_true(taken_by(who));
    assert_true(call.deadline_mono_us == far);
}

static void asides_of_a_person_are_dropped(void **state)
{
    (void)state;
    access_of_test.calls = &call;
    hs_call_set_aside(&call);
    hs_asides_drop(&access_of_test, HS_S("ben"));
    assert_false(call.cancelled);
    hs_asides_drop(&access_of_test, HS_S("ana"));
    assert_true(call.cancelled && call.failed && call.err.kind == HS_CANCELLED);
    assert_false(taken_by(ana()));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_same_asker_reads_on, setup),
        cmocka_unit_test_setup(another_does_not, setup),
        cmocka_unit_test_setup(another_model_decides_anew, setup),
        cmocka_unit_test_setup(what_has_failed_is_not_read, setup),
        cmocka_unit_test_setup(a_deadline_is_made_shorter_alone, setup),
        cmocka_unit_test_setup(asides_of_a_person_are_dropped, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
