/* Wrong passwords, counted for a name *at* an address, so that a stranger who guesses keeps nobody else out. What many
 * addresses guess at one name together has a budget too; past it that name is only slowed down, since to stop it would
 * be the lockout again.
 *
 * The table is bounded and its places are chosen by a keyed hash: nobody can aim at another one's place. A full bucket
 * forgets whoever has guessed least, so that filling it does not wipe out one's own count. */
#include "auth/keys_in.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/hash.h"

#include <arpa/inet.h>
#include <pthread.h>

enum { BUCKETS = 4096, WAYS = 4, MINUTE_US = 60000000, EVERYWHERE_MAX = 1000, SLOW_US = 100000 };

struct guess {
    uint64_t tag;
    int64_t since_us, last_us; /* last_us: when a slowed name last had its turn */
    int count;
};

struct hs_guesses {
    int most;
    uint8_t salt[32];
    pthread_mutex_t lock; /* guards what follows */
    struct guess at[BUCKETS][WAYS];
};

hs_rc hs_guesses_new(int most, struct hs_guesses **out, struct hs_err *err)
{
    struct hs_guesses *g = hs_calloc(1, sizeof *g);
    if (!g)
        return hs_fail(err, HS_NOMEM, "out of memory");
    g->most = most;
    pthread_mutex_init(&g->lock, NULL);
    hs_rc rc = hs_random(g->salt, sizeof g->salt, err);
    if (rc == HS_OK)
        *out = g;
    else
        hs_guesses_free(g);
    return rc;
}

void hs_guesses_free(struct hs_guesses *g)
{
    if (!g)
        return;
    pthread_mutex_destroy(&g->lock);
    hs_free(g);
}

void hs_auth_host(hs_str peer, uint8_t out[16])
{
    char text[64];
    size_t colon = peer.len;
    while (colon && peer.at[colon - 1] != ':')
        colon--;
    hs_str host = {peer.at, colon ? colon - 1 : peer.len};
    bool six = host.len >= 2 && host.at[0] == '[';
    if (six)
        host = (hs_str){host.at + 1, host.len - 2};
    memset(out, 0, 16);
    if (host.len >= sizeof text)
        return;
    memcpy(text, host.at ? host.at : "", host.len);
    text[host.len] = 0;
    if (six && inet_pton(AF_INET6, text, out) == 1)
        memset(out + 8, 0, 8);
    else if (inet_pton(AF_INET, text, out + 12) == 1)
        out[11] = 1; /* no /64 has anything there */
}

/* NULL host: the name wherever it is tried. 0 is no tag. */
static uint64_t tag_of(const struct hs_guesses *g, hs_str name, const uint8_t *host)
{
    uint8_t key[32 + 17] = {0}, digest[32];
    uint64_t tag;
    memcpy(key, g->salt, sizeof g->salt);
    key[32] = host != NULL;
    if (host)
        memcpy(key + 33, host, 16);
    if (hs_hmac_sha256(hs_str_n(key, sizeof key), name, digest, NULL) != HS_OK)
        return 1; /* no memory: all wait together */
    memcpy(&tag, digest, sizeof tag);
    return tag ? tag : 1;
}

static struct guess *find(struct hs_guesses *g, uint64_t tag, int64_t now)
{
    struct guess *bucket = g->at[tag % BUCKETS], *least = bucket;
    for (int i = 0; i < WAYS; i++) {
        if (now - bucket[i].since_us > MINUTE_US)
            bucket[i] = (struct guess){0};
        if (bucket[i].tag == tag)
            return &bucket[i];
        if (bucket[i].count < least->count)
            least = &bucket[i];
    }
    *least = (struct guess){.tag = tag, .since_us = now};
    return least;
}

static bool has_its_turn(struct guess *everywhere, int64_t now)
{
    if (everywhere->count < EVERYWHERE_MAX)
        return true;
    bool yes = now - everywhere->last_us >= SLOW_US;
    if (yes)
        everywhere->last_us = now;
    return yes;
}

hs_rc hs_guesses_may(struct hs_guesses *g, hs_str name, hs_str peer, struct hs_err *err)
{
    uint8_t host[16];
    int64_t now = hs_mono_us();
    hs_auth_host(peer, host);
    uint64_t here = tag_of(g, name, host), everywhere = tag_of(g, name, NULL);
    pthread_mutex_lock(&g->lock);
    bool waits = find(g, here, now)->count >= g->most;
    bool turn = !waits && has_its_turn(find(g, everywhere, now), now);
    pthread_mutex_unlock(&g->lock);
    if (waits)
        return hs_fail(err, HS_LIMIT, "too many wrong passwords; wait a minute");
    return turn ? HS_OK : hs_fail(err, HS_LIMIT, "too many wrong passwords for this name; try again in a moment");
}

void hs_guesses_wrong(struct hs_guesses *g, hs_str name, hs_str peer)
{
    uint8_t host[16];
    int64_t now = hs_mono_us();
    hs_auth_host(peer, host);
    uint64_t here = tag_of(g, name, host), everywhere = tag_of(g, name, NULL);
    pthread_mutex_lock(&g->lock);
    find(g, here, now)->count++;
    find(g, everywhere, now)->count++;
    pthread_mutex_unlock(&g->lock);
}
