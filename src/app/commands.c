/* The short commands: check, table, audit, user, docs. */
#include "app/app.h"

#include "auth/auth.h"
#include "base/clock.h"
#include "base/hash.h"
#include "iceberg/iceberg.h"
#include "policy/policy.h"
#include "state/state.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { OUTPUT_MAX = 64 << 20 };

static int print(struct hs_buf *out, int status)
{
    fwrite(out->at, 1, out->len, stdout);
    hs_buf_fini(out);
    return status;
}

static int usage(const char *text)
{
    fprintf(stderr, "usage: hailstorm %s\n", text);
    return 2;
}

int hs_command_check(const struct settings *s, const struct arguments *args)
{
    struct hs_buf out;
    struct hs_err err;
    int errors = 0;
    hs_buf_init(&out, OUTPUT_MAX);
    hs_str directory = hs_str_of(args->count ? args->at[0] : s->model);
    hs_rc rc = hs_open_store(s, &err);
    if (rc == HS_OK)
        rc = hs_access_check(directory, s->bind, &out, &errors, &err);
    hs_store_close();
    print(&out, 0);
    return rc != HS_OK ? hs_fail_command(&err) : errors != 0;
}

int hs_command_table(const struct settings *s, const struct arguments *args)
{
    if (args->count != 1)
        return usage("table PATH");
    bool remote = hs_store_is_remote(hs_str_of(args->at[0]));
    char *root = remote ? NULL : realpath(args->at[0], NULL);
    struct hs_store store = {.root = hs_str_of(root ? root : args->at[0])};
    struct hs_iceberg_table *t = NULL;
    struct hs_err err;
    struct hs_buf out;
    hs_buf_init(&out, OUTPUT_MAX);
    hs_rc rc = remote ? hs_open_store(s, &err) : HS_OK;
    if (rc == HS_OK)
        rc = hs_iceberg_open(&store, &t, &err);
    if (rc == HS_OK)
        rc = hs_iceberg_describe(&out, &store, t, &err);
    print(&out, 0);
    hs_iceberg_unref(t);
    hs_store_close();
    free(root);
    return rc == HS_OK ? 0 : hs_fail_command(&err);
}

int hs_command_audit(const struct settings *s, const struct arguments *args)
{
    if (args->count < 1 || strcmp(args->at[0], "verify") != 0)
        return usage("audit verify [--state DIR]");
    char path[4096], keys[4096], database[4096];
    struct hs_err err;
    struct hs_state *state = NULL;
    struct hs_auth *auth = NULL;
    struct hs_buf out;
    int problems = 0;
    hs_buf_init(&out, OUTPUT_MAX);
    hs_rc rc = hs_state_path(s, "audit", path, sizeof path, &err);
    if (rc == HS_OK)
        rc = hs_state_path(s, "keys", keys, sizeof keys, &err);
    if (rc == HS_OK)
        rc = hs_state_path(s, "state.sqlite", database, sizeof database, &err);
    if (rc == HS_OK)
        rc = hs_state_open(hs_str_of(database), &state, &err);
    if (rc == HS_OK)
        rc = hs_auth_open(&(struct hs_auth_settings){.key_file = keys}, state, &auth, &err);
    if (rc == HS_OK)
        rc = hs_audit_verify(auth, hs_str_of(path), &out, &problems, &err);
    print(&out, 0);
    hs_auth_close(auth);
    hs_state_close(state);
    return rc != HS_OK ? hs_fail_command(&err) : problems != 0;
}

/* ---- user ---- */

/* Password from HAILSTORM_PASSWORD or one line of standard input: never from the command line, which others can see. */
static bool read_password(char *out, size_t cap)
{
    const char *given = getenv("HAILSTORM_PASSWORD");
    if (given) {
        snprintf(out, cap, "%s", given);
        return true;
    }
    if (isatty(STDIN_FILENO))
        fprintf(stderr, "password: ");
    if (!fgets(out, (int)cap, stdin))
        return false;
    out[strcspn(out, "\r\n")] = 0;
    return out[0] != 0;
}

/* The rest of the arguments: "role:analyst" or "region=EU". */
static hs_rc user_add(const struct settings *s, const struct arguments *args, struct hs_err *err)
{
    hs_str roles[64];
    struct hs_attribute attributes[64];
    size_t role_count = 0, attribute_count = 0;
    for (int i = 2; i < args->count; i++) {
        hs_str rest = hs_str_of(args->at[i]);
        if (hs_str_starts(rest, HS_S("role:")) && role_count < 64) {
            roles[role_count++] = hs_str_of(args->at[i] + 5);
            continue;
        }
        hs_str name = hs_str_cut(&rest, '=');
        if (!rest.at || !name.len || attribute_count == 64)
            return hs_fail(err, HS_INVALID, "'%s': write role:NAME or attribute=value", args->at[i]);
        attributes[attribute_count++] = (struct hs_attribute){name, {.kind = HS_V_TEXT, .text = rest}};
    }
    char password[1024];
    if (!read_password(password, sizeof password))
        return hs_fail(err, HS_INVALID, "no password: set HAILSTORM_PASSWORD or give one line on standard input");
    struct hs_buf verifier;
    hs_buf_init(&verifier, 4096);
    hs_rc rc = hs_auth_scram_verifier(hs_str_of(password), &verifier, err);
    explicit_bzero(password, sizeof password);
    if (rc == HS_OK)
        rc = hs_principals_put_user(hs_str_of(s->model), hs_str_of(args->at[1]), roles, role_count, attributes,
                                    attribute_count, hs_buf_str(&verifier), err);
    hs_buf_fini(&verifier);
    return rc;
}

/* Prints the new token once; only its hash is kept. */
static hs_rc user_token(const struct settings *s, const struct arguments *args, struct hs_err *err)
{
    int64_t expires = 0, id;
    if (args->count > 2 && !hs_time_parse(hs_str_of(args->at[2]), &expires))
        return hs_fail(err, HS_INVALID, "'%s': write the expiry as YYYY-MM-DD", args->at[2]);
    uint8_t hash[32];
    struct hs_buf text;
    hs_buf_init(&text, 4096);
    hs_rc rc = hs_random(&id, sizeof id, err);
    if (rc == HS_OK)
        rc = hs_auth_api_token(&text, hash, err);
    char name[32];
    snprintf(name, sizeof name, "t%08llx", (unsigned long long)id & 0xffffffff);
    if (rc == HS_OK)
        rc = hs_principals_add_token(hs_str_of(s->model), hs_str_of(args->at[1]), hs_str_of(name), hash, expires, err);
    if (rc == HS_OK)
        printf("%.*s\n", (int)text.len, text.at);
    hs_buf_fini(&text);
    return rc;
}

int hs_command_user(const struct settings *s, const struct arguments *args)
{
    if (args->count < 2)
        return usage("user add NAME [role:R ...] [attribute=value ...] | user token NAME [EXPIRES] | user remove NAME");
    struct hs_err err;
    hs_rc rc;
    if (strcmp(args->at[0], "add") == 0)
        rc = user_add(s, args, &err);
    else if (strcmp(args->at[0], "token") == 0)
        rc = user_token(s, args, &err);
    else if (strcmp(args->at[0], "remove") == 0)
        rc = hs_principals_remove_user(hs_str_of(s->model), hs_str_of(args->at[1]), &err);
    else
        return usage("user add|token|remove NAME ...");
    return rc == HS_OK ? 0 : hs_fail_command(&err);
}

int hs_command_docs(const struct settings *s, const struct arguments *args)
{
    (void)s;
    if (args->count == 1 && strcmp(args->at[0], "settings") == 0) {
        hs_settings_markdown();
        return 0;
    }
    if (args->count == 1 && strcmp(args->at[0], "masks") == 0) {
        struct hs_buf out;
        hs_buf_init(&out, OUTPUT_MAX);
        hs_buf_add_mask_docs(&out);
        return print(&out, 0);
    }
    return usage("docs settings|masks");
}
