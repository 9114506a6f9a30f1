/* AWS Signature Version 4 for requests without a body ("Authenticating Requests: Using the Authorization Header").
 * Written out here although libcurl has one: that of Debian 12 (7.88) signs a query as it stands instead of sorted, and
 * sends no digest of the body (doc/adr/0010). */
#include "base/alloc.h"
#include "base/hash.h"
#include "store/store_in.h"

#include <stdio.h>
#include <time.h>

#define EMPTY_SHA256 "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define SCOPE_END "/s3/aws4_request"

struct times {
    char date[9], moment[17]; /* 20130524, 20130524T000000Z */
};

static void times_of(int64_t wall_us, struct times *out)
{
    time_t seconds = (time_t)(wall_us / 1000000);
    struct tm tm;
    gmtime_r(&seconds, &tm);
    strftime(out->date, sizeof out->date, "%Y%m%d", &tm);
    strftime(out->moment, sizeof out->moment, "%Y%m%dT%H%M%SZ", &tm);
}

/* In the order of their names, as the signature wants them: lines for the request's text, names for the list. */
static void add_signed(struct hs_buf *lines, struct hs_buf *names, const struct hs_signed *what,
                       const struct hs_keys *keys, const struct times *t)
{
    const struct {
        const char *name;
        hs_str value;
    } all[] = {{"host", what->host},
               {"if-match", what->if_match},
               {"range", what->range},
               {"x-amz-content-sha256", HS_S(EMPTY_SHA256)},
               {"x-amz-date", hs_str_of(t->moment)},
               {"x-amz-security-token", hs_str_of(keys->token)}};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        if (!all[i].value.len)
            continue;
        hs_buf_addf(lines, "%s:%.*s\n", all[i].name, HS_FMT(all[i].value));
        hs_buf_addf(names, "%s%s", names->len ? ";" : "", all[i].name);
    }
}

static hs_rc step(uint8_t key[32], hs_str key_text, hs_str text, struct hs_err *err)
{
    return hs_hmac_sha256(key_text.at ? key_text : hs_str_n(key, 32), text, key, err);
}

static hs_rc signing_key(const struct hs_keys *keys, const struct times *t, hs_str region, uint8_t out[32],
                         struct hs_err *err)
{
    char first[sizeof keys->secret + 4];
    int n = snprintf(first, sizeof first, "AWS4%s", keys->secret);
    hs_rc rc = step(out, hs_str_n(first, (size_t)n), hs_str_of(t->date), err);
    hs_wipe(first, sizeof first);
    HS_TRY(rc);
    HS_TRY(step(out, (hs_str){0}, region, err));
    HS_TRY(step(out, (hs_str){0}, HS_S("s3"), err));
    return step(out, (hs_str){0}, HS_S("aws4_request"), err);
}

static hs_rc string_to_sign(struct hs_buf *out, const struct hs_signed *what, const struct hs_buf *lines,
                            const struct hs_buf *names, const struct times *t, hs_str region, struct hs_err *err)
{
    struct hs_buf canonical;
    uint8_t digest[32];
    hs_buf_init(&canonical, 64 << 10);
    hs_buf_addf(&canonical, "%.*s\n%.*s\n%.*s\n", HS_FMT(what->method), HS_FMT(what->path), HS_FMT(what->query));
    hs_buf_adds(&canonical, hs_buf_str(lines));
    hs_buf_addf(&canonical, "\n%.*s\n" EMPTY_SHA256, HS_FMT(hs_buf_str(names)));
    hs_rc rc = hs_buf_done(&canonical, err);
    if (rc == HS_OK)
        rc = hs_sha256_once(hs_buf_str(&canonical), digest, err);
    hs_buf_fini(&canonical);
    HS_TRY(rc);
    hs_buf_addf(out, "AWS4-HMAC-SHA256\n%s\n%s/%.*s" SCOPE_END "\n", t->moment, t->date, HS_FMT(region));
    hs_buf_add_hex(out, digest, sizeof digest);
    return hs_buf_done(out, err);
}

static hs_rc add_proof(struct hs_buf *out, const struct hs_signed *what, const struct hs_keys *keys, hs_str region,
                       const struct times *t, struct hs_buf parts[3], struct hs_err *err)
{
    struct hs_buf *lines = &parts[0], *names = &parts[1], *text = &parts[2];
    uint8_t key[32], proof[32];
    add_signed(lines, names, what, keys, t);
    HS_TRY(hs_buf_done(lines, err));
    HS_TRY(hs_buf_done(names, err));
    HS_TRY(string_to_sign(text, what, lines, names, t, region, err));
    hs_rc rc = signing_key(keys, t, region, key, err);
    if (rc == HS_OK)
        rc = hs_hmac_sha256(hs_str_n(key, sizeof key), hs_buf_str(text), proof, err);
    hs_wipe(key, sizeof key);
    HS_TRY(rc);
    hs_buf_addf(out, "Authorization: AWS4-HMAC-SHA256 Credential=%s/%s/%.*s" SCOPE_END ",SignedHeaders=%.*s,Signature=",
                keys->id, t->date, HS_FMT(region), HS_FMT(hs_buf_str(names)));
    hs_buf_add_hex(out, proof, sizeof proof);
    hs_buf_addc(out, '\n');
    return HS_OK;
}

hs_rc hs_sigv4_headers(struct hs_buf *out, const struct hs_signed *what, const struct hs_keys *keys, hs_str region,
                       int64_t wall_us, struct hs_err *err)
{
    struct times t;
    times_of(wall_us, &t);
    hs_buf_addf(out, "Host: %.*s\n", HS_FMT(what->host));
    if (what->range.len)
        hs_buf_addf(out, "Range: %.*s\n", HS_FMT(what->range));
    if (what->if_match.len)
        hs_buf_addf(out, "If-Match: %.*s\n", HS_FMT(what->if_match));
    if (!keys->id[0])
        return hs_buf_done(out, err);
    hs_buf_addf(out, "x-amz-date: %s\nx-amz-content-sha256: " EMPTY_SHA256 "\n", t.moment);
    if (keys->token[0])
        hs_buf_addf(out, "x-amz-security-token: %s\n", keys->token);
    struct hs_buf parts[3];
    for (int i = 0; i < 3; i++)
        hs_buf_init(&parts[i], 32 << 10);
    hs_rc rc = add_proof(out, what, keys, region, &t, parts, err);
    for (int i = 0; i < 3; i++) {
        hs_wipe(parts[i].at, parts[i].len);
        hs_buf_fini(&parts[i]);
    }
    return rc == HS_OK ? hs_buf_done(out, err) : rc;
}
