/* Handles and ended sessions survive a reopening, expire, and refuse words that look like SQL. */
#include "state/state.h"

#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static void make_file(char *template)
{
    int fd = mkstemp(template);
    assert_true(fd >= 0);
    close(fd);
}

static void remove_file(const char *path)
{
    char other[64];
    unlink(path);
    snprintf(other, sizeof other, "%s-wal", path);
    unlink(other);
    snprintf(other, sizeof other, "%s-shm", path);
    unlink(other);
}

static void handles_and_sessions(void **state)
{
    (void)state;
    char path[] = "/tmp/hs_state_XXXXXX";
    make_file(path);
    struct hs_state *s;
    struct hs_err err;
    struct hs_buf out;
    bool ended;
    int64_t later = hs_wall_us() + 60000000;
    hs_buf_init(&out, 1 << 20);
    assert_int_equal(hs_state_open(hs_str_of(path), &s, &err), HS_OK);
    assert_int_equal(hs_state_put_handle(s, HS_S("ana"), HS_S("a'b\0c"), HS_S("bytes\0more"), later, &err), HS_OK);
    assert_int_equal(hs_state_put_handle(s, HS_S("ana"), HS_S("old"), HS_S("x"), 1, &err), HS_OK);
    assert_int_equal(hs_state_end_session(s, HS_S("s1"), later, &err), HS_OK);
    hs_state_close(s);

    assert_int_equal(hs_state_open(hs_str_of(path), &s, &err), HS_OK);
    assert_int_equal(hs_state_get_handle(s, HS_S("a'b\0c"), &out, &err), HS_OK);
    assert_true(hs_str_eq(hs_buf_str(&out), HS_S("bytes\0more")));
    assert_int_equal(hs_state_get_handle(s, HS_S("old"), &out, &err), HS_NOT_FOUND);
    assert_int_equal(hs_state_get_handle(s, HS_S("never"), &out, &err), HS_NOT_FOUND);
    assert_int_equal(hs_state_session_ended(s, HS_S("s1"), &ended, &err), HS_OK);
    assert_true(ended);
    assert_int_equal(hs_state_session_ended(s, HS_S("s2"), &ended, &err), HS_OK);
    assert_false(ended);
    assert_int_equal(hs_state_drop_handle(s, HS_S("a'b\0c"), &err), HS_OK);
    assert_int_equal(hs_state_get_handle(s, HS_S("a'b\0c"), &out, &err), HS_NOT_FOUND);
    hs_state_close(s);
    hs_buf_fini(&out);
    remove_file(path);
}

static off_t size_of(const char *path)
{
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    return st.st_size;
}

/* One person's share is bounded and another's is not touched by it; what is dropped gives its room back, to him and to
 * the disk. */
static void what_a_person_keeps_is_bounded(void **state)
{
    (void)state;
    enum { EACH = 1 << 20, FIT = 16 };
    char path[] = "/tmp/hs_state_XXXXXX", id[8];
    make_file(path);
    struct hs_state *s;
    struct hs_err err;
    char *bytes = calloc(1, EACH);
    int64_t later = hs_wall_us() + 60000000;
    assert_int_equal(hs_state_open(hs_str_of(path), &s, &err), HS_OK);
    for (int i = 0; i < FIT; i++) {
        snprintf(id, sizeof id, "h%d", i);
        assert_int_equal(hs_state_put_handle(s, HS_S("eve"), hs_str_of(id), hs_str_n(bytes, EACH), later, &err), HS_OK);
    }
    assert_int_equal(hs_state_put_handle(s, HS_S("eve"), HS_S("one more"), hs_str_n(bytes, EACH), later, &err),
                     HS_LIMIT);
    assert_non_null(strstr(err.shown, "16 MiB"));
    assert_int_equal(hs_state_put_handle(s, HS_S("mal"), HS_S("his"), hs_str_n(bytes, EACH), later, &err), HS_OK);
    assert_int_equal(hs_state_drop_handle(s, HS_S("h0"), &err), HS_OK);
    assert_int_equal(hs_state_put_handle(s, HS_S("eve"), HS_S("one more"), hs_str_n(bytes, EACH), later, &err), HS_OK);
    for (int i = 1; i < FIT; i++) {
        snprintf(id, sizeof id, "h%d", i);
        assert_int_equal(hs_state_drop_handle(s, hs_str_of(id), &err), HS_OK);
    }
    hs_state_close(s); /* the last to close brings the journal home */
    assert_true(size_of(path) < 4 * EACH);
    free(bytes);
    remove_file(path);
}

/* A file of the first layout, with a handle that has no owner. */
static void an_older_file_is_taken_over(void **state)
{
    (void)state;
    char path[] = "/tmp/hs_state_XXXXXX";
    make_file(path);
    sqlite3 *db;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db,
                                  "CREATE TABLE handle(id BLOB PRIMARY KEY, bytes BLOB NOT NULL, expires INTEGER NOT "
                                  "NULL) WITHOUT ROWID; INSERT INTO handle VALUES('a', zeroblob(3000000), 1);"
                                  "CREATE TABLE ended_session(id BLOB PRIMARY KEY, expires INTEGER NOT NULL) WITHOUT "
                                  "ROWID; INSERT INTO ended_session VALUES('s', 9000000000000000);",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    sqlite3_close(db);
    struct hs_state *s;
    struct hs_err err;
    bool ended;
    assert_int_equal(hs_state_open(hs_str_of(path), &s, &err), HS_OK);
    assert_int_equal(hs_state_session_ended(s, HS_S("s"), &ended, &err), HS_OK);
    assert_int_equal(hs_state_put_handle(s, HS_S("ana"), HS_S("h"), HS_S("x"), hs_wall_us() + 60000000, &err), HS_OK);
    hs_state_close(s);
    assert_true(size_of(path) < 200000);
    remove_file(path);
}

static void not_a_database(void **state)
{
    (void)state;
    struct hs_state *s = NULL;
    struct hs_err err;
    assert_int_equal(hs_state_open(HS_S("/proc/version"), &s, &err), HS_UNAVAILABLE);
    assert_null(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(handles_and_sessions),
                                       cmocka_unit_test(what_a_person_keeps_is_bounded),
                                       cmocka_unit_test(an_older_file_is_taken_over), cmocka_unit_test(not_a_database)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
