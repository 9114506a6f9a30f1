/* principals.yaml and mesh.yaml. */
#include "model/load.h"

#include "base/hash.h"

/* ---- users ---- */

static hs_rc read_roles(struct hs_load *l, const struct hs_yaml *node, void *record)
{
    struct hs_user *user = record;
    return hs_read_texts(l, node, "roles", false, &user->roles, &user->role_count);
}

static hs_rc read_user_attributes(struct hs_load *l, const struct hs_yaml *node, void *record)
{
    struct hs_user *user = record;
    return hs_read_attributes(l, node, true, &user->attributes, &user->attribute_count);
}

static bool is_base64_of(hs_str text, size_t least, size_t most)
{
    struct hs_buf bytes;
    hs_buf_init(&bytes, 256);
    bool fits = hs_buf_add_base64_decoded(&bytes, text) && !bytes.failed && bytes.len >= least && bytes.len <= most;
    hs_buf_fini(&bytes);
    return fits;
}

/* "SCRAM-SHA-256$4096:<salt>$<StoredKey>:<ServerKey>", as PostgreSQL writes it. */
static bool is_scram(hs_str text)
{
    uint64_t rounds;
    hs_str mechanism = hs_str_cut(&text, '$'), salted = hs_str_cut(&text, '$');
    hs_str count = hs_str_cut(&salted, ':'), stored = hs_str_cut(&text, ':');
    return hs_str_is(mechanism, "SCRAM-SHA-256") && hs_str_to_u64(count, &rounds) && rounds >= 4096 &&
           rounds <= 1000000 && salted.at && text.at && is_base64_of(salted, 8, 128) && is_base64_of(stored, 32, 32) &&
           is_base64_of(text, 32, 32);
}

static hs_rc read_scram(struct hs_load *l, const struct hs_yaml *node, void *out)
{
    hs_str text;
    HS_TRY(hs_read_text(l, node, "scram", &text));
    if (!is_scram(text)) /* the text is not repeated: somebody may have put a password here */
        return hs_load_fail(l, hs_load_at(l, node),
                            "'scram' is not a SCRAM-SHA-256 verifier of 4096 to 1000000 rounds; "
                            "'hailstorm user add' writes one");
    *(hs_str *)out = text;
    return HS_OK;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static hs_rc read_hash(struct hs_load *l, const struct hs_yaml *node, void *out)
{
    hs_str text;
    uint8_t hash[32];
    HS_TRY(hs_read_text(l, node, "hash", &text));
    bool fits = text.len == 7 + 64 && hs_str_starts(text, HS_S("sha256:"));
    for (size_t i = 0; fits && i < 32; i++) {
        int high = hex_digit(text.at[7 + 2 * i]), low = hex_digit(text.at[8 + 2 * i]);
        fits = high >= 0 && low >= 0;
        hash[i] = (uint8_t)(fits ? high << 4 | low : 0);
    }
    if (!fits) /* nor is this one: somebody may have put the token itself here */
        return hs_load_fail(l, hs_load_at(l, node), "'hash' must be \"sha256:\" and 64 small hexadecimal digits");
    memcpy(out, hash, sizeof hash);
    return HS_OK;
}

static const struct hs_key TOKEN_KEYS[] = {
    HS_KEY("id", TEXT, .required = true, .at = HS_INTO(struct hs_token, id)),
    HS_KEY("hash", READ, .required = true, .at = HS_INTO(struct hs_token, hash), .read = read_hash),
    HS_KEY("expires", READ, .at = HS_INTO(struct hs_token, expires_us), .read = hs_read_time),
};
static const struct hs_form TOKEN = HS_FORM("a token", TOKEN_KEYS);

static hs_rc read_tokens(struct hs_load *l, const struct hs_yaml *node, void *record)
{
    struct hs_user *user = record;
    HS_TRY(hs_read_list(l, node, "tokens"));
    user->tokens = hs_arena_array(l->arena, node->count, sizeof *user->tokens);
    if (!user->tokens)
        return hs_load_no_memory(l);
    for (const struct hs_yaml *item = node->first; item; item = item->next) {
        struct hs_token *token = &user->tokens[user->token_count];
        HS_TRY(hs_form_read(l, item, &TOKEN, token));
        for (size_t i = 0; i < user->token_count; i++)
            if (hs_str_eq(user->tokens[i].id, token->id))
                return hs_load_fail(l, hs_load_at(l, item), "this user has two tokens '%.*s'", HS_FMT(token->id));
        user->token_count++;
    }
    return HS_OK;
}

static const struct hs_key USER_KEYS[] = {
    HS_KEY("name", TEXT, .required = true, .at = HS_INTO(struct hs_user, name)),
    HS_KEY("roles", READ, .read = read_roles),
    HS_KEY("attributes", READ, .read = read_user_attributes),
    HS_KEY("scram", READ, .at = HS_INTO(struct hs_user, scram), .read = read_scram),
    HS_KEY("tokens", READ, .read = read_tokens),
    HS_KEY("disabled", BOOL, .at = HS_INTO(struct hs_user, disabled)),
};
static const struct hs_form USER = HS_FORM("a user", USER_KEYS);

static hs_rc read_users(struct hs_load *l, const struct hs_yaml *node, void *record)
{
    (void)record;
    HS_TRY(hs_read_list(l, node, "users"));
    for (const struct hs_yaml *item = node->first; item; item = item->next) {
        struct hs_user *user = hs_vec_add(l->arena, &l->users);
        if (!user)
            return hs_load_no_memory(l);
        user->at = hs_load_at(l, item);
        HS_TRY(hs_form_read(l, item, &USER, user));
        if (user->name.len > HS_MODEL_MAX_NAME)
            return hs_load_fail(l, user->at, "'name' is longer than %d bytes", HS_MODEL_MAX_NAME);
        for (size_t i = 0; i < user->name.len; i++)
            if ((unsigned char)user->name.at[i] < 0x20)
                return hs_load_fail(l, user->at, "'name' may not hold control characters");
    }
    return HS_OK;
}

hs_rc hs_read_principals(struct hs_load *l, const struct hs_yaml *root)
{
    static const struct hs_key KEYS[] = {
        HS_KEY("kind", TEXT, .required = true),
        HS_KEY("users", READ, .required = true, .read = read_users),
    };
    static const struct hs_form PRINCIPALS = HS_FORM("Principals", KEYS);
    return hs_form_read(l, root, &PRINCIPALS, NULL);
}

/* ---- the mesh ---- */

static hs_rc refuse_keys(struct hs_load *l, const struct hs_yaml *node, void *record)
{
    (void)record;
    return hs_load_fail(l, hs_load_at(l, node),
                        "keys are never in the model: they live in a 0600 file beside it or come "
                        "from a command");
}

static hs_rc refuse_engines(struct hs_load *l, const struct hs_yaml *node, void *record)
{
    (void)record;
    return hs_load_not_yet(l, hs_load_at(l, node), "'engines' is not built yet: leave it out");
}

static hs_rc read_default_limits(struct hs_load *l, const struct hs_yaml *node, void *record)
{
    struct hs_model *model = record;
    return hs_read_limits(l, node, &model->default_limits);
}

static const struct hs_key DEFAULT_KEYS[] = {
    HS_KEY("limits", READ, .read = read_default_limits),
};
static const struct hs_form DEFAULTS = HS_FORM("defaults", DEFAULT_KEYS);

static const struct hs_key MESH_KEYS[] = {
    HS_KEY("kind", TEXT, .required = true),
    HS_KEY("name", NAME, .required = true, .at = HS_INTO(struct hs_model, mesh_name)),
    HS_KEY("description", TEXT),
    HS_KEY("defaults", OBJECT, .inside = &DEFAULTS),
    HS_KEY("domains", READ, .read = hs_read_domains),
    HS_KEY("engines", READ, .read = refuse_engines),
    HS_KEY("keys", READ, .read = refuse_keys),
};
static const struct hs_form MESH = HS_FORM("a mesh", MESH_KEYS);

hs_rc hs_read_mesh(struct hs_load *l, const struct hs_yaml *root)
{
    if (l->has_mesh)
        return hs_load_fail(l, hs_load_at(l, root), "there is a second Mesh");
    l->has_mesh = true;
    return hs_form_read(l, root, &MESH, l->model);
}
