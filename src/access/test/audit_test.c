/* The audit's chain: written, verified, then tampered with in every way the threat model names. */
#include "access/access_in.h"

#include <setjmp.h>
#include <stdarg.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "state/state.h"

#include <cmocka.h>

struct fixture {
    char dir[64], keys[96], audit[96], file[512];
    struct hs_auth *auth;
    struct hs_audit *log;
    struct hs_model model;
    struct generation generation;
    struct hs_call call;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    struct hs_err err;
    strcpy(f->dir, "/tmp/hs_audit_XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    snprintf(f->keys, sizeof f->keys, "%s/keys", f->dir);
    snprintf(f->audit, sizeof f->audit, "%s/audit", f->dir);
    assert_int_equal(hs_auth_open(&(struct hs_auth_settings){.key_file = f->keys}, NULL, &f->auth, &err), HS_OK);
    assert_int_equal(hs_audit_open(hs_str_of(f->audit), f->auth, &f->log, &err), HS_OK);
    f->model.version_text = HS_S("0123456789abcdef");
    f->generation.model = &f->model;
    f->call = (struct hs_call){.door = "test",
                               .name = HS_S("ana \"quoted\""),
                               .peer = HS_S("127.0.0.1:1"),
                               .sql = HS_S("select 'secret'"),
                               .generation = &f->generation};
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    char command[128];
    hs_audit_close(f->log);
    hs_auth_close(f->auth);
    snprintf(command, sizeof command, "rm -rf %s", f->dir);
    assert_int_equal(system(command), 0);
    free(f);
    return 0;
}

static void write_record(struct fixture *f, const char *phase, const char *id)
{
    struct hs_err err;
    f->call.request_id = hs_str_of(id);
    struct audit_record r = {phase, &f->call, NULL};
    assert_int_equal(hs_audit_write(f->log, &r, &err), HS_OK);
}

static void close_log(struct fixture *f)
{
    hs_audit_close(f->log);
    f->log = NULL;
    DIR *d = opendir(f->audit);
    for (struct dirent *e; (e = readdir(d));)
        if (e->d_name[0] != '.')
            snprintf(f->file, sizeof f->file, "%s/%s", f->audit, e->d_name);
    closedir(d);
}

static int verify(struct fixture *f, const char *words)
{
    struct hs_buf out;
    struct hs_err err;
    int problems = -1;
    hs_buf_init(&out, 1 << 20);
    assert_int_equal(hs_audit_verify(f->auth, hs_str_of(f->audit), &out, &problems, &err), HS_OK);
    if (words)
        assert_non_null(strstr(out.at, words));
    assert_null(strstr(out.at, "secret"));
    hs_buf_fini(&out);
    return problems;
}

static char *slurp(const char *path, size_t *len)
{
    FILE *file = fopen(path, "rb");
    char *text = calloc(1, 1 << 20);
    *len = fread(text, 1, (1 << 20) - 1, file);
    fclose(file);
    return text;
}

static void put(const char *path, const char *text, size_t len)
{
    FILE *file = fopen(path, "wb");
    assert_int_equal(fwrite(text, 1, len, file), len);
    fclose(file);
}

static void whole_chain(void **state)
{
    struct fixture *f = *state;
    write_record(f, "intent", "r1");
    write_record(f, "outcome", "r1");
    write_record(f, "refused", "r2");
    close_log(f);
    assert_int_equal(verify(f, "4 records, 1 intents, 1 outcomes, 0 problems"), 0);
    struct stat st;
    assert_int_equal(stat(f->file, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
}

/* A statement may hold values: only its digest is kept. */
static void no_statement_text(void **state)
{
    struct fixture *f = *state;
    write_record(f, "intent", "r1");
    close_log(f);
    size_t len;
    char *text = slurp(f->file, &len);
    assert_null(strstr(text, "secret"));
    assert_non_null(strstr(text, "statement_sha256"));
    free(text);
}

static void intent_without_outcome(void **state)
{
    struct fixture *f = *state;
    write_record(f, "intent", "lost");
    close_log(f);
    assert_int_equal(verify(f, "an intent without outcome"), 1);
}

static void every_byte_changed(void **state)
{
    struct fixture *f = *state;
    write_record(f, "intent", "r1");
    write_record(f, "outcome", "r1");
    close_log(f);
    size_t len;
    char *text = slurp(f->file, &len);
    for (size_t i = 0; i + 1 < len; i += 3) { /* but the last newline */
        char old = text[i];
        text[i] = old == 'x' ? 'y' : 'x';
        put(f->file, text, len);
        if (verify(f, NULL) == 0)
            fail_msg("byte %zu of %zu changed unseen: %.40s", i, len, text + i);
        text[i] = old;
    }
    free(text);
}

static void lines_removed_or_cut(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 3; i++) {
        char id[8];
        snprintf(id, sizeof id, "r%d", i);
        write_record(f, "intent", id);
        write_record(f, "outcome", id);
    }
    close_log(f);
    size_t len;
    char *text = slurp(f->file, &len), *at = text;
    for (char *end; (end = memchr(at, '\n', (size_t)(text + len - at))); at = end + 1) {
        char *without = calloc(1, len + 1);
        size_t before = (size_t)(at - text), gone = (size_t)(end + 1 - at);
        memcpy(without, text, before);
        memcpy(without + before, end + 1, len - before - gone);
        put(f->file, without, len - gone); /* one line taken out */
        assert_int_not_equal(verify(f, NULL), 0);
        if (before) {
            put(f->file, text, before); /* the end cut off */
            assert_int_not_equal(verify(f, NULL), 0);
        }
        free(without);
    }
    free(text);
}

static void another_key(void **state)
{
    struct fixture *f = *state;
    struct hs_err err;
    write_record(f, "refused", "r1");
    close_log(f);
    hs_auth_close(f->auth);
    unlink(f->keys);
    assert_int_equal(hs_auth_open(&(struct hs_auth_settings){.key_file = f->keys}, NULL, &f->auth, &err), HS_OK);
    assert_int_not_equal(verify(f, "was not signed with our key"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(whole_chain, setup, teardown),
        cmocka_unit_test_setup_teardown(no_statement_text, setup, teardown),
        cmocka_unit_test_setup_teardown(intent_without_outcome, setup, teardown),
        cmocka_unit_test_setup_teardown(every_byte_changed, setup, teardown),
        cmocka_unit_test_setup_teardown(lines_removed_or_cut, setup, teardown),
        cmocka_unit_test_setup_teardown(another_key, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
