/* Which keys the masks of a statement's decisions need: derived for it, and for no other domain. */
#include "access/access_in.h"

#include "base/alloc.h"
#include "base/hash.h"

struct key_list {
    struct hs_mask_key *at;
    size_t count, room;
};

/* Derived from a root that never leaves this process: of the keys file the oldest line, so that tokens outlive a new
 * one, or the line that the mask names. */
static hs_rc add_key(struct hs_call *c, struct key_list *keys, hs_str domain, hs_str id, struct hs_err *err)
{
    uint8_t root[32], *key = hs_arena_array(c->arena, 32, 1);
    for (size_t i = 0; i < keys->count; i++)
        if (hs_str_eq(keys->at[i].domain, domain) && hs_str_eq(keys->at[i].id, id))
            return HS_OK;
    if (!key || keys->count == keys->room)
        return hs_fail(err, HS_NOMEM, "out of memory");
    memcpy(root, c->access->mask_key, sizeof root);
    hs_rc rc = id.len ? hs_auth_derive_from(c->access->auth, HS_S("mask"), id, root, err) : HS_OK;
    if (rc == HS_NOT_FOUND) /* removed while a mask still names it: nothing is shown under another */
        rc = hs_fail_hidden(err, HS_DENIED, "a mask names key '%.*s', which the keys file does not have", HS_FMT(id));
    if (rc == HS_OK)
        rc = hs_hmac_sha256(hs_str_n(root, sizeof root), domain, key, err);
    hs_wipe(root, sizeof root);
    if (rc == HS_OK)
        keys->at[keys->count++] = (struct hs_mask_key){.domain = domain, .id = id, .key = hs_str_n(key, 32)};
    return rc;
}

/* One for every domain and key that a mask here uses. */
hs_rc hs_call_mask_keys(struct hs_call *c, struct hs_run_request *r, struct hs_err *err)
{
    struct key_list keys = {0};
    for (size_t i = 0; i < c->opened_count; i++)
        keys.room += c->opened[i].decision->mask_count;
    keys.at = hs_arena_array(c->arena, keys.room + 1, sizeof *keys.at);
    if (!keys.at)
        return hs_fail(err, HS_NOMEM, "out of memory");
    for (size_t i = 0; i < c->opened_count; i++) {
        const struct hs_decision *d = c->opened[i].decision;
        hs_str id;
        for (size_t k = 0; k < d->mask_count; k++)
            if (hs_decision_mask_key(d, k, &id))
                HS_TRY(add_key(c, &keys, c->opened[i].table->product->domain, id, err));
    }
    r->mask_keys = keys.at;
    r->mask_key_count = keys.count;
    return HS_OK;
}
