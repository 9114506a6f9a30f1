/* What a decision's masks hang on besides their values: keys, and for some of them the person. Neither key nor name
 * stands in a statement. */
#include "mask/mask.h"
#include "policy/policy_in.h"

#include "base/hash.h"

static bool differs(const struct hs_decision *d)
{
    for (size_t i = 0; i < d->mask_count; i++) {
        const struct hs_mask_function *f = hs_mask_function(d->masks[i].policy->with);
        if (f && f->per_person)
            return true;
    }
    return false;
}

hs_rc hs_decide_viewer(struct hs_arena *a, const struct hs_principal *who, struct hs_decision *d, struct hs_err *err)
{
    uint8_t digest[32];
    struct hs_buf hex;
    if (!differs(d))
        return HS_OK;
    struct hs_sha256 *h = hs_sha256_new();
    if (!h)
        return hs_no_memory(err);
    hs_sha256_field(h, HS_S("hailstorm viewer 1"));
    hs_sha256_field(h, who->name);
    HS_TRY(hs_sha256_end(h, digest, err));
    hs_buf_init(&hex, 64);
    hs_buf_add_hex(&hex, digest, 16);
    d->viewer = hs_arena_str(a, hs_buf_str(&hex));
    bool ok = !hex.failed && d->viewer.at;
    hs_buf_fini(&hex);
    return ok ? HS_OK : hs_no_memory(err);
}

bool hs_decision_mask_key(const struct hs_decision *d, size_t i, hs_str *out_id)
{
    const struct hs_policy *p = d->masks[i].policy;
    const struct hs_mask_function *f = hs_mask_function(p->with);
    if (!f || !f->keyed)
        return false;
    *out_id = hs_mask_key_id(f, p->args, p->arg_count);
    return true;
}

bool hs_decision_needs_key(const struct hs_decision *d)
{
    hs_str id;
    for (size_t i = 0; i < d->mask_count; i++)
        if (hs_decision_mask_key(d, i, &id) && !id.len)
            return true;
    return false;
}
