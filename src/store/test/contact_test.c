/* First questions about an object: asked once however many threads want it, and what it ends with is everybody's
 * answer; but nobody is left waiting, and what failed is asked again. */
#include "base/alloc.h"
#include "base/object_wire.h"
#include "fake_s3.h"
#include "store/gateway.h"

enum { THREADS = 8 };
static const char URI[] = "s3://lake/t/a.parquet";

struct asker {
    pthread_t thread;
    const char *uri;
    long memory; /* allocations that succeed; -1: all */
    hs_rc rc;
    struct hs_object *object;
    struct hs_err err;
};

static void *ask(void *arg)
{
    struct asker *a = arg;
    hs_fault_alloc_after(a->memory);
    a->rc = hs_object_open(hs_str_of(a->uri), &a->object, &a->err);
    hs_fault_alloc_after(-1);
    return NULL;
}

static void begin(struct asker *a, const char *uri)
{
    *a = (struct asker){.uri = uri, .memory = -1};
    assert_int_equal(pthread_create(&a->thread, NULL, ask, a), 0);
}

/* The others come while the first one's question is under way: long enough for all to stand in line. */
static void begin_all(struct asker *all)
{
    FAKE_SET(held, true);
    begin(&all[0], URI);
    fake_wait_asked(1);
    for (int i = 1; i < THREADS; i++)
        begin(&all[i], URI);
    usleep(100000);
}

static void end_all(struct asker *all, hs_rc rc)
{
    FAKE_SET(held, false);
    for (int i = 0; i < THREADS; i++) {
        pthread_join(all[i].thread, NULL);
        assert_int_equal(all[i].rc, rc);
    }
}

static void many_ask_once(void **state)
{
    (void)state;
    struct asker all[THREADS];
    struct hs_err err;
    begin_all(all);
    end_all(all, HS_OK);
    assert_int_equal(fake_asked(), 1);
    for (int i = 0; i < THREADS; i++) {
        assert_ptr_equal(all[i].object, all[0].object);
        assert_int_equal(hs_object_facts(all[i].object)->size, fake.size);
    }
    assert_int_equal(fake_read(all[0].object, 0, (size_t)fake.size, &err), HS_OK);
    for (int i = 0; i < THREADS; i++)
        hs_object_close(all[i].object);
}

static void others_do_not_wait_for_it(void **state)
{
    (void)state;
    struct asker a, b;
    FAKE_SET(held, true);
    begin(&a, URI);
    fake_wait_asked(1);
    begin(&b, "s3://lake/t/b.parquet");
    fake_wait_asked(2); /* while the first one is not answered yet */
    FAKE_SET(held, false);
    pthread_join(a.thread, NULL);
    pthread_join(b.thread, NULL);
    assert_int_equal(a.rc, HS_OK);
    assert_int_equal(b.rc, HS_OK);
    hs_object_close(a.object);
    hs_object_close(b.object);
}

static void a_failure_is_all_of_theirs(void **state)
{
    (void)state;
    static const struct {
        int status;
        hs_rc rc;
    } ENDS[] = {{503, HS_UNAVAILABLE}, {403, HS_UNAVAILABLE}, {404, HS_CORRUPT}};
    for (size_t n = 0; n < sizeof ENDS / sizeof *ENDS; n++) {
        struct asker all[THREADS];
        FAKE_SET(asked, 0);
        FAKE_SET(status, ENDS[n].status);
        begin_all(all);
        end_all(all, ENDS[n].rc);
        assert_int_equal(fake_asked(), 1);
        for (int i = 0; i < THREADS; i++) {
            assert_int_equal(all[i].err.kind, ENDS[n].rc);
            assert_string_equal(all[i].err.detail, all[0].err.detail);
            assert_null(strstr(all[i].err.shown, "lake"));
        }
        assert_false(hs_object_is_known(hs_str_of(URI)));
    }
    FAKE_SET(status, 0); /* nothing of it was kept */
    fake_read_all(URI);
}

static int open_gateway(struct hs_gateway **out)
{
    struct hs_err err;
    hs_str name = hs_str_of(URI);
    int fd = -1;
    assert_int_equal(hs_gateway_open(&name, 1, out, &fd, &err), HS_OK);
    return fd;
}

/* Whose statement is cancelled while his question is on its way leaves; who waits for its answer gets it. */
static void who_asked_may_be_cancelled(void **state)
{
    (void)state;
    struct hs_gateway *g;
    struct asker other;
    struct hs_object_ask q = {HS_OBJECT_OPEN, 1, 0, 0, 0, 0};
    int fd = open_gateway(&g);
    FAKE_SET(held, true);
    assert_int_equal(send(fd, &q, sizeof q, MSG_NOSIGNAL), sizeof q);
    fake_wait_asked(1);
    begin(&other, URI);
    usleep(50000);
    hs_gateway_close(g);
    close(fd);
    FAKE_SET(held, false);
    pthread_join(other.thread, NULL);
    assert_int_equal(other.rc, HS_OK);
    assert_int_equal(fake_asked(), 1);
    hs_object_close(other.object);
}

/* And who waits may be cancelled, too. */
static void who_waits_may_be_cancelled(void **state)
{
    (void)state;
    struct hs_gateway *g;
    struct asker first;
    struct hs_object_ask q = {HS_OBJECT_OPEN, 1, 0, 0, 0, 0};
    int fd = open_gateway(&g);
    FAKE_SET(held, true);
    begin(&first, URI);
    fake_wait_asked(1);
    assert_int_equal(send(fd, &q, sizeof q, MSG_NOSIGNAL), sizeof q);
    usleep(50000);
    hs_gateway_close(g);
    close(fd);
    FAKE_SET(held, false);
    pthread_join(first.thread, NULL);
    assert_int_equal(first.rc, HS_OK);
    hs_object_close(first.object);
}

/* Whichever allocation of the first one fails: he and who waits get an answer or are told, and the next one gets it. */
static void memory_that_fails(void **state)
{
    (void)state;
    hs_rc rc = HS_NOMEM;
    for (long n = 0; rc != HS_OK && n < 200; n++) {
        char uri[64];
        struct asker first, waits;
        snprintf(uri, sizeof uri, "s3://lake/t/%ld.parquet", n);
        first = (struct asker){.uri = uri, .memory = n};
        assert_int_equal(pthread_create(&first.thread, NULL, ask, &first), 0);
        begin(&waits, uri);
        pthread_join(first.thread, NULL);
        pthread_join(waits.thread, NULL);
        rc = first.rc;
        assert_true(rc == HS_OK || (rc == HS_NOMEM && first.err.kind == HS_NOMEM));
        assert_true(waits.rc == HS_OK || waits.rc == HS_NOMEM);
        if (rc == HS_OK)
            hs_object_close(first.object);
        if (waits.rc == HS_OK)
            hs_object_close(waits.object);
        fake_read_all(uri);
    }
    assert_int_equal(rc, HS_OK);
}

/* The names of questions that wait are those of who asks: gone with him, and told apart byte by byte. */
static void names_that_begin_alike(void **state)
{
    (void)state;
    struct asker all[3];
    static const char *const URIS[] = {"s3://lake/t/a.parquet", "s3://lake/t/a.parquet.2", "s3://lake/t/a.parque"};
    FAKE_SET(held, true);
    for (int i = 0; i < 3; i++)
        begin(&all[i], URIS[i]);
    fake_wait_asked(3);
    FAKE_SET(held, false);
    for (int i = 0; i < 3; i++) {
        pthread_join(all[i].thread, NULL);
        assert_int_equal(all[i].rc, HS_OK);
        hs_object_close(all[i].object);
    }
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, fake_test_begin, fake_test_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(many_ask_once),
        TEST(others_do_not_wait_for_it),
        TEST(a_failure_is_all_of_theirs),
        TEST(who_asked_may_be_cancelled),
        TEST(who_waits_may_be_cancelled),
        TEST(memory_that_fails),
        TEST(names_that_begin_alike),
    };
    return cmocka_run_group_tests(tests, fake_begin, fake_end);
}
