/* SCRAM as a machine: the RFC's vector, channel binding, every field mangled, names that do not exist, guesses. */
#include "auth/keys_in.h"
#include "base/alloc.h"
#include "base/hash.h"
#include "model/index.h"
#include "state/state.h"

#include <openssl/evp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

/* RFC 7677 section 3: user "user", password "pencil". */
static const char VERIFIER[] =
    "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$"
    "WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=";
static const char THEIR_NONCE[] = "rOprNGfwEbeRWgbNEkqO", OUR_NONCE[] = "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
static const char FINAL[] = "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
                            "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";
static const char END_POINT[] = "0123456789abcdef0123456789abcdef";

struct fixture {
    char dir[64], keys[96], db[96];
    struct hs_state *state;
    struct hs_auth *auth;
    struct hs_model model;
    struct hs_user users[3];
    struct hs_arena *arena;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    struct hs_err err;
    strcpy(f->dir, "/tmp/hs_scram_XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    snprintf(f->keys, sizeof f->keys, "%s/keys", f->dir);
    snprintf(f->db, sizeof f->db, "%s/db", f->dir);
    assert_int_equal(hs_state_open(hs_str_of(f->db), &f->state, &err), HS_OK);
    assert_int_equal(hs_auth_open(&(struct hs_auth_settings){.key_file = f->keys}, f->state, &f->auth, &err), HS_OK);
    f->arena = hs_arena_new(0);
    f->users[0] = (struct hs_user){.name = HS_S("user"), .scram = hs_str_of(VERIFIER)};
    f->users[1] = (struct hs_user){.name = HS_S("gone"), .scram = hs_str_of(VERIFIER), .disabled = true};
    f->users[2] = (struct hs_user){.name = HS_S("none")};
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

/* ---- a client ---- */

struct client {
    const char *name, *word, *header, *end_point; /* end_point NULL: none is offered */
    const char *nonce;
    bool plus;
    struct hs_str binding; /* what it believes to speak on */
    char server_first[512], final[1024], server_final[256];
    uint8_t standing[32];
    struct hs_err err;
};

static const struct client PLAIN = {.name = "user", .word = "pencil", .header = "n,,", .nonce = THEIR_NONCE};

static void field(const char *message, char letter, char *out, size_t size)
{
    for (const char *at = message; at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL)
        if (at[0] == letter && at[1] == '=') {
            snprintf(out, size, "%.*s", (int)strcspn(at + 2, ","), at + 2);
            return;
        }
    fail();
}

static void base64(const void *at, size_t len, char *out, size_t size)
{
    struct hs_buf b;
    hs_buf_init(&b, 4096);
    hs_buf_add_base64(&b, at, len);
    snprintf(out, size, "%s", b.at ? b.at : "");
    hs_buf_fini(&b);
}

static void client_final(struct client *c)
{
    char nonces[256], salt[256], rounds[16], binding[512], proof[64], unproved[900], said[2048];
    uint8_t header[256], salted[32], key[32], stored[32], signature[32];
    struct hs_buf raw;
    field(c->server_first, 'r', nonces, sizeof nonces);
    field(c->server_first, 's', salt, sizeof salt);
    field(c->server_first, 'i', rounds, sizeof rounds);
    size_t len = strlen(c->header);
    memcpy(header, c->header, len);
    if (c->binding.len)
        memcpy(header + len, c->binding.at, c->binding.len);
    base64(header, len + c->binding.len, binding, sizeof binding);
    snprintf(unproved, sizeof unproved, "c=%s,r=%s", binding, nonces);
    snprintf(said, sizeof said, "n=,r=%s,%s,%s", c->nonce, c->server_first, unproved);
    hs_buf_init(&raw, 256);
    assert_true(hs_buf_add_base64_decoded(&raw, hs_str_of(salt)));
    PKCS5_PBKDF2_HMAC(c->word, (int)strlen(c->word), (uint8_t *)raw.at, (int)raw.len, atoi(rounds), EVP_sha256(), 32,
                      salted);
    hs_buf_fini(&raw);
    assert_int_equal(hs_hmac_sha256(hs_str_n(salted, 32), HS_S("Client Key"), key, NULL), HS_OK);
    assert_int_equal(hs_sha256_once(hs_str_n(key, 32), stored, NULL), HS_OK);
    assert_int_equal(hs_hmac_sha256(hs_str_n(stored, 32), hs_str_of(said), signature, NULL), HS_OK);
    for (int i = 0; i < 32; i++)
        key[i] ^= signature[i];
    base64(key, 32, proof, sizeof proof);
    snprintf(c->final, sizeof c->final, "%s,p=%s", unproved, proof);
}

static hs_rc first_of(struct client *c, struct hs_scram *s)
{
    char first[512];
    struct hs_buf out;
    hs_buf_init(&out, 1024);
    snprintf(first, sizeof first, "%sn=,r=%s", c->header, c->nonce);
    hs_rc rc = hs_scram_first(s, hs_scram_mechanism(c->plus), hs_str_of(first), &out, &c->err);
    snprintf(c->server_first, sizeof c->server_first, "%s", rc == HS_OK ? out.at : "");
    hs_buf_fini(&out);
    return rc;
}

static hs_rc final_of(struct client *c, struct hs_scram *s)
{
    struct hs_buf out;
    hs_buf_init(&out, 1024);
    hs_rc rc = hs_scram_final(s, hs_str_of(c->final), &out, c->standing, &c->err);
    if (rc != HS_OK)
        assert_int_equal(out.len, 0);
    snprintf(c->server_final, sizeof c->server_final, "%s", rc == HS_OK ? out.at : "");
    hs_buf_fini(&out);
    return rc;
}

static hs_rc open_from(struct fixture *f, struct client *c, const char *peer, struct hs_scram **out)
{
    struct hs_scram_offer offer = {hs_str_of(c->name), hs_str_of(peer), hs_str_of(c->end_point)};
    return hs_scram_open(f->auth, &f->model, &offer, out, &c->err);
}

static hs_rc sign_in(struct fixture *f, struct client *c)
{
    struct hs_scram *s = NULL;
    hs_rc rc = open_from(f, c, "10.0.0.1:4000", &s);
    if (rc == HS_OK)
        rc = first_of(c, s);
    if (rc == HS_OK) {
        client_final(c);
        rc = final_of(c, s);
    }
    hs_scram_close(s);
    return rc;
}

/* ---- tests ---- */

/* The messages with the RFC's nonces, up to one message of the client's. */
static hs_rc vector(const char *first, const char *final, struct hs_buf *out, bool *same)
{
    struct hs_scram_messages m;
    struct hs_err err;
    assert_int_equal(hs_scram_messages_init(&m, &err), HS_OK);
    assert_true(hs_scram_parse(hs_str_of(VERIFIER), &m.verifier));
    strcpy(m.nonce, OUR_NONCE);
    hs_rc rc = hs_scram_messages_first(&m, HS_S("SCRAM-SHA-256"), hs_str_of(first), out, &err);
    if (rc == HS_OK && final) {
        hs_buf_clear(out);
        rc = hs_scram_messages_final(&m, hs_str_of(final), out, same, &err);
    }
    hs_scram_messages_fini(&m);
    return rc;
}

static void the_rfcs_vector(void **state)
{
    (void)state;
    struct hs_buf out;
    bool same = false;
    hs_buf_init(&out, 4096);
    assert_int_equal(vector("n,,n=user,r=rOprNGfwEbeRWgbNEkqO", NULL, &out, &same), HS_OK);
    assert_string_equal(out.at,
                        "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096");
    assert_int_equal(vector("n,,n=user,r=rOprNGfwEbeRWgbNEkqO", FINAL, &out, &same), HS_OK);
    assert_true(same);
    assert_string_equal(out.at, "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
    hs_buf_fini(&out);
}

/* No byte of either message may be another: it is refused, or at least no proof. */
static void every_byte_mangled(void **state)
{
    (void)state;
    static const char FIRST[] = "n,,n=user,r=rOprNGfwEbeRWgbNEkqO";
    struct hs_buf out;
    hs_buf_init(&out, 4096);
    for (size_t at = 0; at < strlen(FIRST) + strlen(FINAL); at++)
        for (int how = 0; how < 4; how++) {
            char first[128], final[256];
            bool same = false;
            strcpy(first, FIRST);
            strcpy(final, FINAL);
            char *byte = at < strlen(FIRST) ? first + at : final + (at - strlen(FIRST));
            *byte = (char)(how == 0 ? *byte ^ 1 : how == 1 ? ',' : how == 2 ? '=' : 0);
            if (strcmp(first, FIRST) == 0 && strcmp(final, FINAL) == 0)
                continue;
            hs_buf_clear(&out);
            hs_rc rc = vector(first, final, &out, &same);
            assert_false(rc == HS_OK && same);
            assert_true(rc == HS_OK || rc == HS_INVALID || rc == HS_UNAUTHENTICATED || rc == HS_UNSUPPORTED);
        }
    hs_buf_fini(&out);
}

static void messages_that_are_none(void **state)
{
    (void)state;
    static const struct {
        const char *first, *final;
        hs_rc rc;
    } CASES[] = {
        {"", NULL, HS_INVALID},
        {"n", NULL, HS_INVALID},
        {"n,,", NULL, HS_INVALID},
        {"n,,n=user", NULL, HS_INVALID},
        {"n,,n=user,r=", NULL, HS_INVALID},
        {"n,,n=user,r=a b", NULL, HS_INVALID},
        {"n,,n=us=er,r=x", NULL, HS_INVALID},
        {"n,,n=us=2Cer,r=x", NULL, HS_OK},
        {"n,,n=user,r=x,m=1", NULL, HS_INVALID},
        {"n,,m=1,n=user,r=x", NULL, HS_INVALID},
        {"n,,n=user,r=x,z=1", NULL, HS_OK},
        {"n,,n=user,r=x,", NULL, HS_INVALID},
        {"n,a=root,n=user,r=x", NULL, HS_UNSUPPORTED},
        {"x,,n=user,r=x", NULL, HS_INVALID},
        {"p=tls-server-end-point,,n=user,r=x", NULL, HS_INVALID}, /* not with this mechanism */
        {"y,,n=user,r=x", NULL, HS_OK},                           /* and we offered none: so it is */
        {"n,,n=user,r=rOprNGfwEbeRWgbNEkqO", "", HS_INVALID},
        {"n,,n=user,r=rOprNGfwEbeRWgbNEkqO", "c=biws", HS_INVALID},
        {"n,,n=user,r=rOprNGfwEbeRWgbNEkqO", "c=eSws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=AAAA",
         HS_UNAUTHENTICATED},
        {"n,,n=user,r=rOprNGfwEbeRWgbNEkqO", "c=biws,r=rOprNGfwEbeRWgbNEkqO,p=AAAA", HS_INVALID},
        {"n,,n=user,r=rOprNGfwEbeRWgbNEkqO", "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0", HS_INVALID},
        {"n,,n=user,r=rOprNGfwEbeRWgbNEkqO", "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=AAAA",
         HS_INVALID},
        {"n,,n=user,r=rOprNGfwEbeRWgbNEkqO",
         "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,m=1,"
         "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
         HS_INVALID},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct hs_buf out;
        bool same = false;
        hs_buf_init(&out, 4096);
        assert_int_equal(vector(CASES[i].first, CASES[i].final, &out, &same), CASES[i].rc);
        assert_false(same);
        hs_buf_fini(&out);
    }
}

static void too_long(void **state)
{
    (void)state;
    static char first[HS_SCRAM_MESSAGE_MAX + 64];
    struct hs_buf out;
    bool same;
    hs_buf_init(&out, 1 << 16);
    memset(first, 'x', sizeof first - 1);
    memcpy(first, "n,,n=,r=", 8);
    assert_int_equal(vector(first, NULL, &out, &same), HS_INVALID);
    first[HS_SCRAM_MESSAGE_MAX] = 0;
    assert_int_equal(vector(first, NULL, &out, &same), HS_OK);
    hs_buf_fini(&out);
}

static void steps_in_their_order(void **state)
{
    struct fixture *f = *state;
    struct client c = PLAIN;
    struct hs_scram *s;
    assert_int_equal(open_from(f, &c, "10.0.0.1:4000", &s), HS_OK);
    strcpy(c.final, FINAL);
    assert_int_equal(final_of(&c, s), HS_INVALID);
    assert_int_equal(first_of(&c, s), HS_INVALID); /* what has failed stays so */
    hs_scram_close(s);
    assert_int_equal(open_from(f, &c, "10.0.0.1:4000", &s), HS_OK);
    assert_int_equal(first_of(&c, s), HS_OK);
    client_final(&c);
    assert_int_equal(final_of(&c, s), HS_OK);
    assert_int_equal(final_of(&c, s), HS_INVALID); /* a proof is good once */
    hs_scram_close(s);
}

static void who_comes_in(void **state)
{
    struct fixture *f = *state;
    uint8_t standing[32];
    struct client right = PLAIN, wrong = PLAIN, absent = PLAIN, disabled = PLAIN, none = PLAIN;
    wrong.word = "Pencil";
    absent.name = "nobody";
    disabled.name = "gone";
    none.name = "none";
    assert_int_equal(sign_in(f, &right), HS_OK);
    assert_int_equal(hs_auth_standing(&f->model, HS_S("user"), standing, NULL), HS_OK);
    assert_memory_equal(right.standing, standing, 32);
    assert_int_equal(sign_in(f, &wrong), HS_UNAUTHENTICATED);
    assert_int_equal(sign_in(f, &absent), HS_UNAUTHENTICATED);
    assert_int_equal(sign_in(f, &disabled), HS_UNAUTHENTICATED);
    assert_int_equal(sign_in(f, &none), HS_UNAUTHENTICATED);
    assert_string_equal(wrong.err.shown, absent.err.shown);
    assert_string_equal(wrong.err.shown, disabled.err.shown);
    assert_string_equal(wrong.err.shown, none.err.shown);
}

/* What is said before the proof is the same twice, another one for each name, and in the form of what there is. */
static void names_that_do_not_exist(void **state)
{
    struct fixture *f = *state;
    char salts[3][64], rounds[16];
    const char *names[3] = {"nobody", "nobody", "nobodi"};
    for (int i = 0; i < 3; i++) {
        struct client c = PLAIN;
        c.name = names[i];
        sign_in(f, &c) == HS_OK ? fail() : (void)0;
        field(c.server_first, 's', salts[i], sizeof salts[i]);
        field(c.server_first, 'i', rounds, sizeof rounds);
        assert_string_equal(rounds, "4096");
        assert_int_equal(strlen(salts[i]), 24);
    }
    assert_string_equal(salts[0], salts[1]);
    assert_string_not_equal(salts[0], salts[2]);
}

static void an_unknown_name_takes_the_form_of_a_known_one(void **state)
{
    struct fixture *f = *state;
    char salt[64], rounds[16];
    struct client c = PLAIN;
    static const char OTHER[] = "SCRAM-SHA-256$20000:QUJDRA==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:"
                                "wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=";
    for (size_t i = 0; i < 3; i++)
        f->users[i].scram = hs_str_of(OTHER);
    c.name = "nobody";
    assert_int_equal(sign_in(f, &c), HS_UNAUTHENTICATED);
    field(c.server_first, 's', salt, sizeof salt);
    field(c.server_first, 'i', rounds, sizeof rounds);
    assert_string_equal(rounds, "20000");
    assert_int_equal(strlen(salt), 8);
}

static void channel_binding(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *header, *offered, *believed;
        bool plus;
        hs_rc rc;
    } CASES[] = {
        {"p=tls-server-end-point,,", END_POINT, END_POINT, true, HS_OK},
        {"p=tls-server-end-point,,", END_POINT, "0123456789abcdef0123456789abcdeX", true, HS_UNAUTHENTICATED},
        {"p=tls-server-end-point,,", END_POINT, "", true, HS_UNAUTHENTICATED},
        {"p=tls-unique,,", END_POINT, END_POINT, true, HS_UNAUTHENTICATED},
        {"p=tls-server-end-point,,", NULL, END_POINT, true, HS_UNAUTHENTICATED}, /* not offered */
        {"n,,", END_POINT, "", true, HS_INVALID},
        {"y,,", END_POINT, "", true, HS_INVALID},
        {"n,,", END_POINT, "", false, HS_OK},              /* a client that cannot bind */
        {"y,,", END_POINT, "", false, HS_UNAUTHENTICATED}, /* somebody took the offer away */
        {"y,,", NULL, "", false, HS_OK},
        {"p=tls-server-end-point,,", END_POINT, END_POINT, false, HS_INVALID},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct client c = PLAIN;
        c.header = CASES[i].header;
        c.end_point = CASES[i].offered;
        c.binding = hs_str_of(CASES[i].believed);
        c.plus = CASES[i].plus;
        assert_int_equal(sign_in(f, &c), CASES[i].rc);
    }
}

static void wrong_proofs_wait(void **state)
{
    struct fixture *f = *state;
    struct hs_scram *open[20];
    struct client right = PLAIN, wrong = PLAIN, other = PLAIN;
    wrong.word = "no";
    other.name = "gone";
    /* Opened beside one another, before any of them guesses. */
    for (int i = 0; i < 20; i++) {
        assert_int_equal(open_from(f, &wrong, "10.0.0.1:4000", &open[i]), HS_OK);
        assert_int_equal(first_of(&wrong, open[i]), HS_OK);
        struct client guess = wrong;
        client_final(&guess);
        assert_int_equal(final_of(&guess, open[i]), i < 10 ? HS_UNAUTHENTICATED : HS_LIMIT);
        hs_scram_close(open[i]);
    }
    assert_int_equal(sign_in(f, &right), HS_LIMIT);
    assert_int_equal(sign_in(f, &other), HS_UNAUTHENTICATED);
    /* And so do passwords in clear: it is one count. */
    assert_int_equal(hs_auth_password(f->auth, &f->model, HS_S("user"), HS_S("10.0.0.1:5"), HS_S("pencil"), NULL),
                     HS_LIMIT);
}

static void passwords_that_can_be_prepared(void **state)
{
    (void)state;
    static const char *const GOOD[] = {"pencil",
                                       "p\x01x",
                                       "Stra\xc3\x9f"
                                       "e",
                                       "\xd0\xbf\xd0\xb0\xd1\x80",
                                       "\xe5\xaf\x86",
                                       "\xff\xfe",
                                       "\xf0\x9f\x90\xb4"};
    static const char *const BAD[] = {"e\xcc\x81", "\xef\xac\x81", "a\xc2\xa0z",
                                      "\xc2\xaa",  "\xef\xbc\xa1", "\xe2\x80\x8b"};
    struct hs_buf out;
    hs_buf_init(&out, 1024);
    for (size_t i = 0; i < sizeof GOOD / sizeof *GOOD; i++)
        assert_int_equal(hs_auth_scram_verifier(hs_str_of(GOOD[i]), &out, NULL), HS_OK);
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++)
        assert_int_equal(hs_auth_scram_verifier(hs_str_of(BAD[i]), &out, NULL), HS_INVALID);
    hs_buf_fini(&out);
}

static void every_allocation_failing(void **state)
{
    struct fixture *f = *state;
    for (long n = 0;; n++) {
        struct client c = PLAIN;
        c.header = "p=tls-server-end-point,,";
        c.end_point = END_POINT;
        c.binding = hs_str_of(END_POINT);
        c.plus = true;
        struct hs_scram *s = NULL;
        hs_fault_alloc_after(n);
        hs_rc rc = open_from(f, &c, "10.0.0.1:4000", &s);
        if (rc == HS_OK)
            rc = first_of(&c, s);
        long asked = hs_fault_alloc_after(-1);
        if (rc == HS_OK) {
            client_final(&c);
            hs_fault_alloc_after(n - asked);
            rc = n >= asked ? final_of(&c, s) : HS_OK;
            asked += hs_fault_alloc_after(-1);
        }
        hs_scram_close(s);
        if (n >= asked) {
            assert_int_equal(rc, HS_OK);
            break;
        }
        assert_int_not_equal(rc, HS_UNAUTHENTICATED);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_rfcs_vector),
        cmocka_unit_test(every_byte_mangled),
        cmocka_unit_test(messages_that_are_none),
        cmocka_unit_test(too_long),
        cmocka_unit_test_setup_teardown(steps_in_their_order, setup, teardown),
        cmocka_unit_test_setup_teardown(who_comes_in, setup, teardown),
        cmocka_unit_test_setup_teardown(names_that_do_not_exist, setup, teardown),
        cmocka_unit_test_setup_teardown(an_unknown_name_takes_the_form_of_a_known_one, setup, teardown),
        cmocka_unit_test_setup_teardown(channel_binding, setup, teardown),
        cmocka_unit_test_setup_teardown(wrong_proofs_wait, setup, teardown),
        cmocka_unit_test(passwords_that_can_be_prepared),
        cmocka_unit_test_setup_teardown(every_allocation_failing, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
