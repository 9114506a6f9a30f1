/* Natives without memory: whichever allocation fails, they say so or answer as always, and give back what they took. */
#include "base/alloc.h"
#include "mask/mask.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static hs_str key_of(const void *keys, hs_str domain, hs_str id)
{
    (void)keys, (void)domain, (void)id;
    return HS_S("0123456789abcdef0123456789abcdef");
}

static const struct {
    const char *name, *setup, *input;
} cases[] = {
    {"ff1", "0:,10:0123456789,1:1,", "4111-1111-1111-1111"},
    {"generalise", "5:other,1:2,1:a,1:b,1:c,1:d,", "c"},
    {"hmac-token", "", "x"},
    {"sha256-salted", "", "x"},
    {"show-last-n", "1:2,", "abcdef"},
    {"keep-domain", "", "a@b"},
    {"redact-text", "2:62,1:0,", "4111111111111111 and ana@example.org"},
    {"redact-text", "1:0,1:1,13:(?:[0-9]{3}-),3:[a],7:(?:b|c),3:[b],", "123-b and c"},
    {"replace-pattern", "12:(?:[0-9]{2}),2:##,", "1234 5"},
    {"initials", "", "Ada Lovelace"},
    {"json", "3:$.a,10:hmac-token,6:0:,0:,,3:$.b,11:redact-text,9:2:62,1:0,,5:$.c.d,7:nullify,0:,",
     "{\"a\": \"\\u00e9\", \"b\": \"+43 316 445512\", \"c\": {\"d\": [1]}}"},
};

static bool answers(const struct hs_native *n, const struct hs_native_setup *setup, hs_str input, struct hs_buf *out)
{
    struct hs_native_value v = {.bytes = input, .whole = -1};
    struct hs_buf text;
    void *state = n->open(setup), *work = state && n->work_new ? n->work_new(state) : NULL;
    hs_buf_init(&text, 1 << 20);
    bool ok = state && (work || !n->work_new) && n->mask(state, work, HS_NATIVE_TEXT, &v, &text) && !text.failed;
    if (ok && out)
        hs_buf_adds(out, v.bytes);
    hs_buf_fini(&text);
    if (work && n->work_free)
        n->work_free(work);
    n->close(state);
    return ok;
}

static void sweep(const struct hs_native *n, const char *fields, const char *input)
{
    struct hs_native_setup setup = {hs_str_of(fields), HS_S("0123456789abcdef0123456789abcdef"), HS_S(""), key_of,
                                    NULL};
    struct hs_buf want, got;
    hs_buf_init(&want, 1 << 20);
    hs_buf_init(&got, 1 << 20);
    assert_true(answers(n, &setup, hs_str_of(input), &want));
    char *room = hs_buf_room(&got, 4096); /* so that only the native's own allocations are counted */
    assert_non_null(room);
    bool done = false;
    for (long k = 0; !done && k < 500; k++) {
        hs_buf_clear(&got);
        hs_fault_alloc_after(k);
        done = answers(n, &setup, hs_str_of(input), &got);
        hs_fault_alloc_after(-1);
    }
    assert_true(done && hs_str_eq(hs_buf_str(&got), hs_buf_str(&want)));
    hs_buf_fini(&want);
    hs_buf_fini(&got);
}

static void test_memory(void **state)
{
    struct hs_native_entry e;
    (void)state;
    for (size_t i = 0; i < HS_COUNT(cases); i++) {
        bool found = false;
        for (size_t k = 0; hs_native_at(k, &e); k++)
            if (strcmp(e.name, cases[i].name) == 0) {
                sweep(e.native, cases[i].setup, cases[i].input);
                found = true;
            }
        assert_true(found);
    }
}

/* What our printers do not write is no setup. */
static void test_setups(void **state)
{
    static const char *const bad[] = {"x", "1:", "2:a,", "1:a", "99999999999999999999:a,", "-1:a,", "1:a,1"};
    struct hs_native_entry e;
    (void)state;
    for (size_t k = 0; hs_native_at(k, &e); k++)
        for (size_t i = 0; i < HS_COUNT(bad); i++) {
            struct hs_native_setup setup = {hs_str_of(bad[i]), HS_S("key"), HS_S(""), key_of, NULL};
            void *opened = e.native->open(&setup);
            if (opened) /* those that have no setup do not look */
                e.native->close(opened);
        }
    hs_str rest = HS_S("3:a,b,0:,x"), field;
    assert_true(hs_setup_next(&rest, &field) && hs_str_is(field, "a,b"));
    assert_true(hs_setup_next(&rest, &field) && field.len == 0);
    assert_false(hs_setup_next(&rest, &field));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_memory), cmocka_unit_test(test_setups)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
