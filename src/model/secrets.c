/* Keys are never in the model: it lies in a repository that many people read. What looks like one is refused wherever
 * it stands, also in the parts that are only kept. The value is never repeated in the message. */
#include "model/load.h"

/* Compared without case and without '_', '-' and '.'. */
static const char *const SECRET_NAMES[] = {
    "password", "passwd",    "passphrase",  "secret",          "secretkey",    "clientsecret", "privatekey",
    "apikey",   "accesskey", "accesskeyid", "secretaccesskey", "sessiontoken", "bearertoken",  "accesstoken",
    "maskkey",  "hmackey",   "signingkey",  "encryptionkey",   "ticketkey",    "auditkey",     NULL,
};

static bool is_secret_name(hs_str name)
{
    char folded[32];
    size_t n = 0;
    for (size_t i = 0; i < name.len; i++) {
        char c = name.at[i];
        if (c == '_' || c == '-' || c == '.')
            continue;
        if (n == sizeof folded)
            return false;
        folded[n++] = c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
    }
    for (const char *const *s = SECRET_NAMES; *s; s++)
        if (hs_str_is((hs_str){folded, n}, *s))
            return true;
    return false;
}

static bool is_secret_value(hs_str text)
{
    if (text.len >= 11 && memmem(text.at, text.len, "-----BEGIN ", 11))
        return true;
    bool aws = text.len == 20 && hs_str_starts(text, HS_S("AKIA"));
    for (size_t i = 0; aws && i < text.len; i++)
        aws = (text.at[i] >= 'A' && text.at[i] <= 'Z') || (text.at[i] >= '0' && text.at[i] <= '9');
    return aws;
}

static hs_rc fail_secret(struct hs_load *l, const struct hs_yaml *at)
{
    return hs_load_fail(l, hs_load_at(l, at),
                        "this looks like a key or a password, and keys are never in the model: they "
                        "live in a 0600 file or come from a command");
}

/* The name of a custom property counts like a key: {property: acme.api_key, value: ...}; its last part decides. */
static bool is_secret_property(const struct hs_yaml *map)
{
    const struct hs_yaml *name = hs_yaml_get(map, "property");
    if (!name || name->kind != HS_YAML_SCALAR || !hs_yaml_get(map, "value"))
        return false;
    hs_str rest = name->text, last = rest;
    while (rest.len)
        last = hs_str_cut(&rest, '.');
    return is_secret_name(last);
}

hs_rc hs_refuse_secrets(struct hs_load *l, const struct hs_yaml *node)
{
    if (node->kind == HS_YAML_SCALAR)
        return is_secret_value(node->text) ? fail_secret(l, node) : HS_OK;
    if (node->kind == HS_YAML_MAP && is_secret_property(node))
        return fail_secret(l, hs_yaml_get(node, "property"));
    bool key = node->kind == HS_YAML_MAP;
    for (const struct hs_yaml *child = node->first; child; child = child->next) {
        if (key && is_secret_name(child->text))
            return fail_secret(l, child);
        HS_TRY(hs_refuse_secrets(l, child)); /* depth is bounded by the reader */
        key = !key && node->kind == HS_YAML_MAP;
    }
    return HS_OK;
}
