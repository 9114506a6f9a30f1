/* Edits of principals.yaml for `hailstorm user`: read it as the loader does, change one user, write all of them in one
 * form. The comment at its head is kept, others are not: the file is the command's. */
#include "model/load.h"
#include "model/write_file.h"

#include "base/clock.h"

#include <limits.h>
#include <stdlib.h>

struct book {
    struct hs_arena *arena;
    hs_str directory;
    char path[PATH_MAX];
    int lock;
    hs_str head; /* comments in front of the first document */
    HS_VEC(struct hs_user) users;
    struct hs_err *err;
};

static hs_rc no_memory(struct book *b)
{
    return hs_fail(b->err, HS_NOMEM, "out of memory while editing principals.yaml");
}

/* ---- reading ---- */

static hs_str leading_comments(hs_str bytes)
{
    size_t end = 0;
    while (end < bytes.len) {
        size_t line = end;
        while (line < bytes.len && bytes.at[line] != '\n')
            line++;
        hs_str text = hs_str_trim((hs_str){bytes.at + end, line - end});
        if (text.len && text.at[0] != '#')
            break;
        end = line < bytes.len ? line + 1 : line;
    }
    return (hs_str){bytes.at, end};
}

static hs_rc read_users(struct book *b, hs_str bytes)
{
    struct hs_model_file file = {HS_S("principals.yaml"), bytes, HS_S("")};
    struct hs_model model = {.directory = HS_S("/")};
    struct hs_yaml_documents documents;
    struct hs_load l = {.arena = b->arena, .scratch = b->arena, .model = &model, .err = b->err, .file = &file};
    HS_TRY(hs_yaml_parse(b->arena, b->arena, file.path, bytes, &documents, b->err));
    for (size_t i = 0; i < documents.roots.len; i++) {
        HS_TRY(hs_refuse_secrets(&l, documents.roots.at[i]));
        HS_TRY(hs_read_principals(&l, documents.roots.at[i]));
    }
    b->users.at = l.users.at;
    b->users.len = l.users.len;
    b->users.cap = l.users.cap;
    b->head = leading_comments(bytes);
    return HS_OK;
}

static hs_rc open_book(struct book *b, hs_str directory, struct hs_err *err)
{
    *b = (struct book){.lock = -1, .err = err, .arena = hs_arena_new(HS_MODEL_MAX_MEMORY)};
    hs_str folder = b->arena ? hs_arena_str(b->arena, directory) : (hs_str){0};
    if (!folder.at)
        return no_memory(b);
    if (folder.len + sizeof "/principals.yaml" > sizeof b->path)
        return hs_fail(err, HS_INVALID, "the path of the model directory is too long");
    memcpy(b->path, folder.at, folder.len);
    memcpy(b->path + folder.len, "/principals.yaml", sizeof "/principals.yaml");
    HS_TRY(hs_lock_folder(folder.at, &b->lock, err));
    char real[PATH_MAX];
    if (realpath(b->path, real)) /* a link stays a link: what it points at is replaced */
        memcpy(b->path, real, strlen(real) + 1);
    hs_str bytes;
    unsigned mode;
    hs_rc rc = hs_read_file(b->arena, b->path, HS_S("principals.yaml"), HS_YAML_MAX_BYTES, &bytes, &mode, err);
    if (rc == HS_NOT_FOUND) {
        hs_err_clear(err);
        b->head =
            HS_S("# Who may come in: written by 'hailstorm user'. Verifiers and hashes only, never a password.\n");
        return HS_OK;
    }
    return rc == HS_OK ? read_users(b, bytes) : rc;
}

static hs_rc close_book(struct book *b, hs_rc rc)
{
    hs_unlock_folder(b->lock);
    hs_arena_free(b->arena);
    return rc;
}

static struct hs_user *find_user(struct book *b, hs_str name)
{
    for (size_t i = 0; i < b->users.len; i++)
        if (hs_str_eq(b->users.at[i].name, name))
            return &b->users.at[i];
    return NULL;
}

static hs_rc fail_no_user(struct book *b, hs_str name)
{
    hs_str *names = hs_arena_array(b->arena, b->users.len, sizeof *names);
    struct hs_hint hint;
    for (size_t i = 0; names && i < b->users.len; i++)
        names[i] = b->users.at[i].name;
    return hs_fail(b->err, HS_NOT_FOUND, "principals.yaml: there is no user '%.*s'%s", HS_FMT(name),
                   hs_hint(&hint, name, names, names ? b->users.len : 0));
}

/* ---- writing ---- */

static void add_value(struct hs_buf *out, const struct hs_value *v)
{
    int64_t year;
    unsigned month, day;
    switch (v->kind) {
    case HS_V_NULL:
    case HS_V_TIME:
    case HS_V_TIMESTAMP: /* none has a form in this file; an empty text would change a meaning */
        out->failed = true;
        return;
    case HS_V_BOOL:
        hs_buf_addz(out, v->i ? "true" : "false");
        return;
    case HS_V_INT:
        hs_buf_addf(out, "%lld", (long long)v->i);
        return;
    case HS_V_NUMBER:
        hs_buf_adds(out, v->text);
        return;
    case HS_V_TEXT:
        hs_buf_add_json(out, v->text); /* JSON's text is YAML's double-quoted scalar */
        return;
    case HS_V_DATE:
        hs_civil_from_days(v->i, &year, &month, &day);
        hs_buf_addf(out, "%04lld-%02u-%02u", (long long)year, month, day);
        return;
    case HS_V_LIST:
        hs_buf_addc(out, '[');
        for (size_t i = 0; i < v->item_count; i++) {
            hs_buf_addz(out, i ? ", " : "");
            add_value(out, &v->items[i]);
        }
        hs_buf_addc(out, ']');
        return;
    }
}

static void add_token(struct hs_buf *out, const struct hs_token *t)
{
    hs_buf_addz(out, "  - {id: ");
    hs_buf_add_json(out, t->id);
    hs_buf_addz(out, ", hash: \"sha256:");
    hs_buf_add_hex(out, t->hash, sizeof t->hash);
    hs_buf_addc(out, '"');
    if (t->expires_us) {
        hs_buf_addz(out, ", expires: \"");
        hs_buf_add_time(out, t->expires_us);
        hs_buf_addc(out, '"');
    }
    hs_buf_addz(out, "}\n");
}

static void add_user(struct hs_buf *out, const struct hs_user *u)
{
    hs_buf_addz(out, "- name: ");
    hs_buf_add_json(out, u->name);
    hs_buf_addz(out, "\n  roles: [");
    for (size_t i = 0; i < u->role_count; i++) {
        hs_buf_addz(out, i ? ", " : "");
        hs_buf_add_json(out, u->roles[i]);
    }
    hs_buf_addz(out, "]\n");
    for (size_t i = 0; i < u->attribute_count; i++) {
        hs_buf_addz(out, i ? ", " : "  attributes: {");
        hs_buf_add_json(out, u->attributes[i].name);
        hs_buf_addz(out, ": ");
        add_value(out, &u->attributes[i].value);
    }
    hs_buf_addz(out, u->attribute_count ? "}\n" : "");
    if (u->scram.len) {
        hs_buf_addz(out, "  scram: ");
        hs_buf_add_json(out, u->scram);
        hs_buf_addc(out, '\n');
    }
    if (u->token_count)
        hs_buf_addz(out, "  tokens:\n");
    for (size_t i = 0; i < u->token_count; i++)
        add_token(out, &u->tokens[i]);
    hs_buf_addz(out, u->disabled ? "  disabled: true\n" : "");
}

/* What was written must be what the loader reads, for a file that does not load keeps everybody out. */
static hs_rc check_text(struct book *b, hs_str text)
{
    struct book again = {.arena = b->arena, .err = b->err};
    HS_TRY(read_users(&again, text));
    bool same = again.users.len == b->users.len;
    for (size_t i = 0; same && i < b->users.len; i++) {
        const struct hs_user *a = &b->users.at[i], *c = &again.users.at[i];
        same = hs_str_eq(a->name, c->name) && hs_str_eq(a->scram, c->scram) && a->disabled == c->disabled &&
               a->role_count == c->role_count && a->token_count == c->token_count &&
               a->attribute_count == c->attribute_count;
    }
    if (!same)
        return hs_fail(b->err, HS_INTERNAL, "principals.yaml would not say the same any more: nothing was changed");
    return HS_OK;
}

static hs_rc save(struct book *b)
{
    struct hs_buf out;
    hs_buf_init(&out, HS_YAML_MAX_BYTES);
    hs_buf_adds(&out, b->head);
    hs_buf_addz(&out, b->users.len ? "kind: Principals\nusers:\n" : "kind: Principals\nusers: []\n");
    for (size_t i = 0; i < b->users.len; i++)
        add_user(&out, &b->users.at[i]);
    hs_rc rc = hs_buf_done(&out, b->err);
    if (rc == HS_OK)
        rc = check_text(b, hs_buf_str(&out));
    if (rc == HS_OK)
        rc = hs_write_file(b->path, HS_S("principals.yaml"), hs_buf_str(&out), 0600, b->err);
    hs_buf_fini(&out);
    return rc;
}

/* ---- the edits ---- */

static hs_rc put_user(struct book *b, hs_str name, const struct hs_user *wanted)
{
    struct hs_user *user = find_user(b, name);
    if (!user) {
        user = hs_vec_add(b->arena, &b->users);
        if (!user)
            return no_memory(b);
        user->name = name;
    }
    user->roles = wanted->roles;
    user->role_count = wanted->role_count;
    user->attributes = wanted->attributes;
    user->attribute_count = wanted->attribute_count;
    if (wanted->scram.len)
        user->scram = wanted->scram;
    return save(b);
}

hs_rc hs_principals_put_user(hs_str directory, hs_str name, const hs_str *roles, size_t role_count,
                             const struct hs_attribute *attributes, size_t attribute_count, hs_str scram,
                             struct hs_err *err)
{
    /* borrowed for the call and only read */
    struct hs_user wanted = {.roles = (hs_str *)(uintptr_t)roles,
                             .role_count = role_count,
                             .attributes = (struct hs_attribute *)(uintptr_t)attributes,
                             .attribute_count = attribute_count,
                             .scram = scram};
    struct book b;
    if (!name.len)
        return hs_fail(err, HS_INVALID, "a user needs a name");
    hs_rc rc = open_book(&b, directory, err);
    return close_book(&b, rc == HS_OK ? put_user(&b, name, &wanted) : rc);
}

static hs_rc put_token(struct book *b, hs_str name, const struct hs_token *token)
{
    struct hs_user *user = find_user(b, name);
    if (!user)
        return fail_no_user(b, name);
    for (size_t i = 0; i < user->token_count; i++)
        if (hs_str_eq(user->tokens[i].id, token->id))
            return hs_fail(b->err, HS_CONFLICT, "principals.yaml: the user '%.*s' has a token '%.*s' already",
                           HS_FMT(name), HS_FMT(token->id));
    struct hs_token *tokens = hs_arena_array(b->arena, user->token_count + 1, sizeof *tokens);
    if (!tokens)
        return no_memory(b);
    for (size_t i = 0; i < user->token_count; i++)
        tokens[i] = user->tokens[i];
    tokens[user->token_count++] = *token;
    user->tokens = tokens;
    return save(b);
}

hs_rc hs_principals_add_token(hs_str directory, hs_str name, hs_str token_id, const uint8_t hash[32],
                              int64_t expires_us, struct hs_err *err)
{
    struct hs_token token = {.id = token_id, .expires_us = expires_us};
    struct book b;
    memcpy(token.hash, hash, sizeof token.hash);
    hs_rc rc = open_book(&b, directory, err);
    return close_book(&b, rc == HS_OK ? put_token(&b, name, &token) : rc);
}

static hs_rc remove_user(struct book *b, hs_str name)
{
    struct hs_user *user = find_user(b, name);
    if (!user)
        return fail_no_user(b, name);
    size_t after = b->users.len - 1 - (size_t)(user - b->users.at);
    memmove(user, user + 1, after * sizeof *user);
    b->users.len--;
    return save(b);
}

hs_rc hs_principals_remove_user(hs_str directory, hs_str name, struct hs_err *err)
{
    struct book b;
    hs_rc rc = open_book(&b, directory, err);
    return close_book(&b, rc == HS_OK ? remove_user(&b, name) : rc);
}
