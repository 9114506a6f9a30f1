/* Passwords, sessions, tokens and seals; each refusal beside the acceptance it guards. */
#include "auth/keys_in.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/hash.h"
#include "model/index.h"
#include "state/state.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

/* RFC 7677 section 3: user "user", password "pencil". */
static const char VERIFIER[] =
    "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$"
    "WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=";

struct fixture {
    char dir[64], keys[96], db[96];
    struct hs_state *state;
    struct hs_auth *auth;
    struct hs_model model;
    struct hs_user users[3];
    struct hs_token token;
    struct hs_arena *arena;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    struct hs_err err;
    strcpy(f->dir, "/tmp/hs_auth_XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    snprintf(f->keys, sizeof f->keys, "%s/keys", f->dir);
    snprintf(f->db, sizeof f->db, "%s/db", f->dir);
    assert_int_equal(hs_state_open(hs_str_of(f->db), &f->state, &err), HS_OK);
    assert_int_equal(hs_auth_open(&(struct hs_auth_settings){.key_file = f->keys}, f->state, &f->auth, &err), HS_OK);
    f->arena = hs_arena_new(0);
    f->users[0] =
        (struct hs_user){.name = HS_S("user"), .scram = hs_str_of(VERIFIER), .tokens = &f->token, .token_count = 1};
    f->users[1] = (struct hs_user){.name = HS_S("gone"), .scram = hs_str_of(VERIFIER), .disabled = true};
    f->users[2] = (struct hs_user){.name = HS_S("none")};
    assert_int_equal(hs_sha256_once(HS_S("hst_secret"), f->token.hash, &err), HS_OK);
    f->model.arena = f->arena;
    f->model.users = f->users;
    f->model.user_count = 3;
    f->model.index = hs_map_new(f->arena);
    for (size_t i = 0; i < 3; i++) {
        struct hs_index_key key;
        hs_str name = hs_index_key(&key, 'u', f->users[i].name, HS_S(""));
        assert_int_equal(hs_map_put(f->model.index, name, &f->users[i], &err), HS_OK);
    }
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    char command[128];
    hs_auth_close(f->auth);
    hs_state_close(f->state);
    hs_arena_free(f->arena);
    snprintf(command, sizeof command, "rm -rf %s", f->dir);
    assert_int_equal(system(command), 0);
    free(f);
    return 0;
}

static hs_rc password_from(struct fixture *f, const char *peer, const char *name, const char *word, struct hs_err *err)
{
    return hs_auth_password(f->auth, &f->model, hs_str_of(name), hs_str_of(peer), hs_str_of(word), err);
}

static hs_rc password(struct fixture *f, const char *name, const char *word, struct hs_err *err)
{
    return password_from(f, "10.0.0.1:4000", name, word, err);
}

static void passwords(void **state)
{
    struct fixture *f = *state;
    struct hs_err right, wrong, absent, disabled;
    assert_int_equal(password(f, "user", "pencil", &right), HS_OK);
    assert_int_equal(password(f, "user", "Pencil", &wrong), HS_UNAUTHENTICATED);
    assert_int_equal(password(f, "nobody", "pencil", &absent), HS_UNAUTHENTICATED);
    assert_int_equal(password(f, "gone", "pencil", &disabled), HS_UNAUTHENTICATED);
    assert_int_equal(password(f, "none", "", &disabled), HS_UNAUTHENTICATED);
    assert_string_equal(wrong.shown, absent.shown); /* which names exist does not show */
    assert_string_equal(wrong.shown, disabled.shown);
}

static void wrong_passwords_wait(void **state)
{
    struct fixture *f = *state;
    struct hs_err err;
    for (int i = 0; i < 10; i++)
        assert_int_equal(password(f, "user", "no", &err), HS_UNAUTHENTICATED);
    assert_int_equal(password(f, "user", "pencil", &err), HS_LIMIT);
    assert_int_equal(password_from(f, "10.0.0.1:4001", "user", "pencil", &err), HS_LIMIT); /* a port is no address */
    assert_int_equal(password(f, "gone", "pencil", &err), HS_UNAUTHENTICATED);          /* another name does not wait */
    assert_int_equal(password_from(f, "10.0.0.2:4000", "user", "pencil", &err), HS_OK); /* nor another address */
}

static void addresses(void **state)
{
    (void)state;
    static const struct {
        const char *one, *other;
        bool same;
    } PAIRS[] = {{"10.0.0.1:1", "10.0.0.1:2", true},
                 {"10.0.0.1:1", "10.0.0.2:1", false},
                 {"[2001:db8::1]:1", "[2001:db8::ffff:1]:9", true}, /* one /64 */
                 {"[2001:db8::1]:1", "[2001:db8:0:1::1]:1", false},
                 {"[::1]:1", "127.0.0.1:1", false},
                 {"", "nonsense", true}};
    for (size_t i = 0; i < sizeof PAIRS / sizeof *PAIRS; i++) {
        uint8_t one[16], other[16];
        hs_auth_host(hs_str_of(PAIRS[i].one), one);
        hs_auth_host(hs_str_of(PAIRS[i].other), other);
        assert_int_equal(memcmp(one, other, 16) == 0, PAIRS[i].same);
    }
}

/* A thousand wrong words from a hundred addresses: the name is slowed down, and nobody is locked out of it. */
static void a_name_guessed_at_from_everywhere_is_slowed(void **state)
{
    (void)state;
    struct hs_guesses *g;
    struct hs_err err;
    char peer[32];
    assert_int_equal(hs_guesses_new(10, &g, &err), HS_OK);
    for (int i = 0; i < 1000; i++) {
        snprintf(peer, sizeof peer, "10.1.%d.1:9", i / 10);
        assert_int_equal(hs_guesses_may(g, HS_S("root"), hs_str_of(peer), &err), HS_OK);
        hs_guesses_wrong(g, HS_S("root"), hs_str_of(peer));
    }
    assert_int_equal(hs_guesses_may(g, HS_S("ana"), HS_S("10.2.0.1:9"), &err), HS_OK);
    /* One in 100 ms or so gets through, however seldom this process has its turn. */
    int through = 0;
    int64_t begin = hs_mono_us(), now = begin;
    for (; through < 4 && now < begin + 20000000; now = hs_mono_us())
        through += hs_guesses_may(g, HS_S("root"), HS_S("10.2.0.1:9"), &err) == HS_OK;
    assert_int_equal(through, 4);
    assert_true(now - begin >= 200000);
    hs_guesses_free(g);
}

/* Work, not time: a busy machine makes no difference. */
static int64_t worked_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static int64_t cost_of(struct fixture *f, const char *name)
{
    struct hs_err err;
    int64_t least = INT64_MAX;
    for (int i = 0; i < 5; i++) {
        char peer[32];
        snprintf(peer, sizeof peer, "10.3.%d.1:9", i);
        int64_t before = worked_us();
        assert_int_equal(password_from(f, peer, name, "wrong", &err), HS_UNAUTHENTICATED);
        int64_t took = worked_us() - before;
        least = took < least ? took : least;
    }
    return least;
}

/* One imported verifier of 80000 rounds: all names cost as much, those that do not exist and those of 4096 too. */
static void every_name_costs_the_same(void **state)
{
    struct fixture *f = *state;
    f->users[2].scram =
        HS_S("SCRAM-SHA-256$80000:W22ZaJ0SNY7soEsUEjb6gQ==$"
             "WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=");
    int64_t dear = cost_of(f, "none"), cheap = cost_of(f, "user"), absent = cost_of(f, "nobody");
    assert_true(cheap * 3 > dear && cheap < dear * 3);
    assert_true(absent * 3 > dear && absent < dear * 3);
    struct hs_err err;
    assert_int_equal(password(f, "user", "pencil", &err), HS_OK);
}

static void verifiers(void **state)
{
    (void)state;
    struct hs_err err;
    struct hs_buf made;
    bool same;
    hs_buf_init(&made, 4096);
    assert_int_equal(hs_scram_make(HS_S("s3cret"), &made, &err), HS_OK);
    assert_int_equal(hs_scram_check(hs_buf_str(&made), HS_S("s3cret"), 0, &same, &err), HS_OK);
    assert_true(same);
    assert_int_equal(hs_scram_check(hs_buf_str(&made), HS_S("s3cre"), 9000, &same, &err), HS_OK);
    assert_false(same);
    hs_buf_fini(&made);
    static const char *const BAD[] = {"",
                                      "SCRAM-SHA-256",
                                      "SCRAM-SHA-256$0:AA==$AA==:AA==",
                                      "SCRAM-SHA-1$1:AA==$AA==:AA==",
                                      "SCRAM-SHA-256$99999999999:AA==$AA==:AA==",
                                      "SCRAM-SHA-256$4096:!!$x:y"};
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++) {
        assert_int_equal(hs_scram_check(hs_str_of(BAD[i]), HS_S(""), 0, &same, &err), HS_OK);
        assert_false(same);
    }
    for (size_t cut = 0; cut < sizeof VERIFIER - 50; cut++) { /* cut anywhere before StoredKey's end: never accepted */
        assert_int_equal(hs_scram_check(hs_str_n(VERIFIER, cut), HS_S("pencil"), 0, &same, &err), HS_OK);
        assert_false(same);
    }
}

static void sessions(void **state)
{
    struct fixture *f = *state;
    struct hs_err err;
    struct hs_principal *who;
    struct hs_buf token;
    hs_buf_init(&token, 8192);
    assert_int_equal(hs_auth_session_new(f->auth, &f->model, HS_S("user"), &token, &err), HS_OK);
    assert_int_equal(hs_auth_bearer(f->auth, &f->model, hs_buf_str(&token), f->arena, &who, &err), HS_OK);
    assert_true(hs_str_is(who->name, "user"));
    f->users[0].disabled = true; /* looked up again at every request */
    assert_int_equal(hs_auth_bearer(f->auth, &f->model, hs_buf_str(&token), f->arena, &who, &err), HS_UNAUTHENTICATED);
    f->users[0].disabled = false;
    assert_int_equal(hs_auth_session_end(f->auth, hs_buf_str(&token), &err), HS_OK);
    assert_int_equal(hs_auth_bearer(f->auth, &f->model, hs_buf_str(&token), f->arena, &who, &err), HS_UNAUTHENTICATED);
    hs_buf_fini(&token);
}

/* A session is worth something while the password stands that it was given for. */
static void a_new_password_ends_the_session(void **state)
{
    struct fixture *f = *state;
    struct hs_err err;
    struct hs_principal *who;
    struct hs_buf token, verifier;
    hs_buf_init(&token, 8192);
    hs_buf_init(&verifier, 4096);
    assert_int_equal(hs_auth_session_new(f->auth, &f->model, HS_S("user"), &token, &err), HS_OK);
    assert_int_equal(hs_auth_scram_verifier(HS_S("pencil"), &verifier, &err), HS_OK);
    hs_str before = f->users[0].scram;
    f->users[0].scram = hs_buf_str(&verifier); /* even to the same word: somebody made the user anew */
    assert_int_equal(hs_auth_bearer(f->auth, &f->model, hs_buf_str(&token), f->arena, &who, &err), HS_UNAUTHENTICATED);
    f->users[0].scram = before;
    assert_int_equal(hs_auth_bearer(f->auth, &f->model, hs_buf_str(&token), f->arena, &who, &err), HS_OK);
    assert_int_not_equal(hs_auth_session_new(f->auth, &f->model, HS_S("nobody"), &token, &err), HS_OK);
    hs_buf_fini(&token);
    hs_buf_fini(&verifier);
}

static void session_changed_anywhere(void **state)
{
    struct fixture *f = *state;
    struct hs_err err;
    struct hs_principal *who;
    struct hs_buf token;
    hs_buf_init(&token, 8192);
    assert_int_equal(hs_auth_session_new(f->auth, &f->model, HS_S("user"), &token, &err), HS_OK);
    for (size_t i = 0; i + 2 < token.len; i++) { /* the last two hold padding bits that decode away */
        char old = token.at[i];
        token.at[i] = old == 'A' ? 'B' : 'A';
        assert_int_not_equal(hs_auth_bearer(f->auth, &f->model, hs_buf_str(&token), f->arena, &who, &err), HS_OK);
        token.at[i] = old;
    }
    for (size_t cut = 0; cut + 2 < token.len; cut++)
        assert_int_not_equal(hs_auth_bearer(f->auth, &f->model, hs_str_n(token.at, cut), f->arena, &who, &err), HS_OK);
    hs_buf_fini(&token);
}

static void api_tokens(void **state)
{
    struct fixture *f = *state;
    struct hs_err err;
    struct hs_principal *who;
    assert_int_equal(hs_auth_bearer(f->auth, &f->model, HS_S("hst_secret"), f->arena, &who, &err), HS_OK);
    assert_true(hs_str_is(who->name, "user"));
    assert_int_equal(hs_auth_bearer(f->auth, &f->model, HS_S("hst_secreu"), f->arena, &who, &err), HS_UNAUTHENTICATED);
    assert_int_equal(hs_auth_bearer(f->auth, &f->model, HS_S(""), f->arena, &who, &err), HS_UNAUTHENTICATED);
    f->token.expires_us = hs_wall_us() - 1;
    assert_int_equal(hs_auth_bearer(f->auth, &f->model, HS_S("hst_secret"), f->arena, &who, &err), HS_UNAUTHENTICATED);
}

static void seals(void **state)
{
    struct fixture *f = *state;
    struct hs_err err;
    struct hs_buf sealed, plain;
    hs_buf_init(&sealed, 4096);
    hs_buf_init(&plain, 4096);
    assert_int_equal(hs_seal(f->auth, HS_S("ticket"), HS_S("select 1"), &sealed, &err), HS_OK);
    assert_int_equal(hs_unseal(f->auth, HS_S("ticket"), hs_buf_str(&sealed), &plain, &err), HS_OK);
    assert_true(hs_str_is(hs_buf_str(&plain), "select 1"));
    hs_buf_clear(&plain);
    assert_int_equal(hs_unseal(f->auth, HS_S("handle"), hs_buf_str(&sealed), &plain, &err), HS_INVALID);
    for (size_t i = 0; i < sealed.len; i++) {
        sealed.at[i] ^= 1;
        hs_buf_clear(&plain);
        assert_int_equal(hs_unseal(f->auth, HS_S("ticket"), hs_buf_str(&sealed), &plain, &err), HS_INVALID);
        sealed.at[i] ^= 1;
    }
    for (size_t cut = 0; cut < sealed.len; cut++)
        assert_int_equal(hs_unseal(f->auth, HS_S("ticket"), hs_str_n(sealed.at, cut), &plain, &err), HS_INVALID);
    hs_buf_fini(&sealed);
    hs_buf_fini(&plain);
}

static void key_files(void **state)
{
    struct fixture *f = *state;
    struct hs_err err;
    struct hs_keys k;
    struct stat st;
    assert_int_equal(stat(f->keys, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(hs_keys_load(&k, f->keys, &err), HS_OK);
    assert_int_equal(chmod(f->keys, 0640), 0);
    assert_int_equal(hs_keys_load(&k, f->keys, &err), HS_INVALID);
    assert_non_null(strstr(err.shown, "0600"));
    assert_int_equal(chmod(f->keys, 0600), 0);
    FILE *file = fopen(f->keys, "w");
    fputs("# empty\n\nkey zz\n", file);
    fclose(file);
    assert_int_equal(hs_keys_load(&k, f->keys, &err), HS_INVALID);
    assert_non_null(strstr(err.shown, ":3:"));
}

/* A rotated ring seals with the new key and still opens what the old one sealed. */
static void rotation(void **state)
{
    (void)state;
    struct hs_err err;
    struct hs_keys old = {.count = 1}, both = {.count = 2};
    memset(old.at[0].bytes, 7, HS_KEY_BYTES);
    memset(both.at[0].bytes, 9, HS_KEY_BYTES);
    both.at[0].id[0] = 1;
    both.at[1] = old.at[0];
    struct hs_buf sealed, plain;
    hs_buf_init(&sealed, 4096);
    hs_buf_init(&plain, 4096);
    assert_int_equal(hs_keys_seal(&old, HS_S("t"), HS_S("x"), &sealed, &err), HS_OK);
    assert_int_equal(hs_keys_unseal(&both, HS_S("t"), hs_buf_str(&sealed), &plain, &err), HS_OK);
    hs_buf_clear(&sealed);
    assert_int_equal(hs_keys_seal(&both, HS_S("t"), HS_S("x"), &sealed, &err), HS_OK);
    assert_int_equal(hs_keys_unseal(&old, HS_S("t"), hs_buf_str(&sealed), &plain, &err), HS_INVALID);
    hs_buf_fini(&sealed);
    hs_buf_fini(&plain);
}

static void every_allocation_failing(void **state)
{
    struct fixture *f = *state;
    struct hs_err err;
    struct hs_principal *who;
    for (long n = 0; n < 200; n++) {
        struct hs_buf token;
        hs_buf_init(&token, 8192);
        struct hs_arena *arena = hs_arena_new(0);
        hs_fault_alloc_after(n);
        hs_rc rc = hs_auth_session_new(f->auth, &f->model, HS_S("user"), &token, &err);
        if (rc == HS_OK)
            rc = hs_auth_bearer(f->auth, &f->model, hs_buf_str(&token), arena, &who, &err);
        long asked = hs_fault_alloc_after(-1);
        hs_buf_fini(&token);
        hs_arena_free(arena);
        if (asked <= n) {
            assert_int_equal(rc, HS_OK);
            return;
        }
        assert_int_not_equal(rc, HS_OK); /* an error, never a principal */
    }
    fail();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(passwords, setup, teardown),
        cmocka_unit_test_setup_teardown(wrong_passwords_wait, setup, teardown),
        cmocka_unit_test(addresses),
        cmocka_unit_test(a_name_guessed_at_from_everywhere_is_slowed),
        cmocka_unit_test_setup_teardown(every_name_costs_the_same, setup, teardown),
        cmocka_unit_test(verifiers),
        cmocka_unit_test_setup_teardown(sessions, setup, teardown),
        cmocka_unit_test_setup_teardown(a_new_password_ends_the_session, setup, teardown),
        cmocka_unit_test_setup_teardown(session_changed_anywhere, setup, teardown),
        cmocka_unit_test_setup_teardown(api_tokens, setup, teardown),
        cmocka_unit_test_setup_teardown(seals, setup, teardown),
        cmocka_unit_test_setup_teardown(key_files, setup, teardown),
        cmocka_unit_test(rotation),
        cmocka_unit_test_setup_teardown(every_allocation_failing, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
