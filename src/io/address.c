/* Addresses as people write them, and how many connections each has. */
#include "io/io_in.h"

#include "base/alloc.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>

struct address_count {
    struct address_count *next;
    unsigned char key[8];
    int count;
};

enum { BUCKETS = 1024 };

static bool split(hs_str text, char host[64], uint64_t *port)
{
    size_t colon = text.len;
    while (colon && text.at[colon - 1] != ':')
        colon--;
    if (!colon || !hs_str_to_u64((hs_str){text.at + colon, text.len - colon}, port) || *port > 65535)
        return false;
    hs_str name = {text.at, colon - 1};
    if (name.len >= 2 && name.at[0] == '[' && name.at[name.len - 1] == ']')
        name = (hs_str){name.at + 1, name.len - 2};
    if (name.len >= 64)
        return false;
    snprintf(host, 64, "%.*s", HS_FMT(name));
    return true;
}

hs_rc address_parse(hs_str text, struct hs_address *out, struct hs_err *err)
{
    char host[64];
    uint64_t port;
    if (!split(text, host, &port))
        return hs_fail(err, HS_INVALID, "\"%.*s\" is not an address: write it like 127.0.0.1:31337 or [::1]:31337",
                       HS_FMT(text));
    if (strcmp(host, "localhost") == 0)
        snprintf(host, sizeof host, "127.0.0.1");
    struct hs_address a = {0};
    struct sockaddr_in *four = (struct sockaddr_in *)&a.at;
    struct sockaddr_in6 *six = (struct sockaddr_in6 *)&a.at;
    if (inet_pton(AF_INET, host, &four->sin_addr) == 1) {
        four->sin_family = AF_INET;
        four->sin_port = htons((uint16_t)port);
        a.len = sizeof *four;
        a.loopback = ntohl(four->sin_addr.s_addr) >> 24 == 127;
    } else if (inet_pton(AF_INET6, host, &six->sin6_addr) == 1) {
        six->sin6_family = AF_INET6;
        six->sin6_port = htons((uint16_t)port);
        a.len = sizeof *six;
        a.loopback = IN6_IS_ADDR_LOOPBACK(&six->sin6_addr);
    } else {
        return hs_fail(err, HS_INVALID, "\"%s\" is not an IP address", host);
    }
    *out = a;
    return HS_OK;
}

int address_port(const struct sockaddr_storage *a)
{
    if (a->ss_family == AF_INET6)
        return ntohs(((const struct sockaddr_in6 *)a)->sin6_port);
    return ntohs(((const struct sockaddr_in *)a)->sin_port);
}

void address_print(const struct sockaddr_storage *a, char *out, size_t size)
{
    char host[INET6_ADDRSTRLEN] = "?";
    bool six = a->ss_family == AF_INET6;
    if (six)
        inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)a)->sin6_addr, host, sizeof host);
    else
        inet_ntop(AF_INET, &((const struct sockaddr_in *)a)->sin_addr, host, sizeof host);
    snprintf(out, size, six ? "[%s]:%d" : "%s:%d", host, address_port(a));
}

/* An IPv6 host commonly has a whole /64: that is what counts as one. */
static size_t key_of(const struct sockaddr_storage *a, unsigned char key[8])
{
    memset(key, 0, 8);
    if (a->ss_family == AF_INET6)
        memcpy(key, &((const struct sockaddr_in6 *)a)->sin6_addr, 8);
    else
        memcpy(key, &((const struct sockaddr_in *)a)->sin_addr, 4);
    size_t hash = 14695981039346656037u;
    for (int i = 0; i < 8; i++)
        hash = (hash ^ key[i]) * 1099511628211u;
    return hash % BUCKETS;
}

static struct address_count **find(struct hs_io *io, const unsigned char key[8], size_t bucket)
{
    struct address_count **at = &io->counts[bucket];
    while (*at && memcmp((*at)->key, key, 8) != 0)
        at = &(*at)->next;
    return at;
}

bool address_open(struct hs_io *io)
{
    io->counts = hs_calloc(BUCKETS, sizeof *io->counts);
    return io->counts != NULL;
}

void address_close(struct hs_io *io)
{
    for (size_t i = 0; io->counts && i < BUCKETS; i++) {
        while (io->counts[i]) {
            struct address_count *c = io->counts[i];
            io->counts[i] = c->next;
            hs_free(c);
        }
    }
    hs_free(io->counts);
}

bool address_enter(struct hs_io *io, const struct sockaddr_storage *a)
{
    unsigned char key[8];
    size_t bucket = key_of(a, key);
    pthread_mutex_lock(&io->lock);
    struct address_count **at = find(io, key, bucket);
    if (!*at && (*at = hs_calloc(1, sizeof **at)))
        memcpy((*at)->key, key, 8);
    bool good = *at && (*at)->count < io->set.connections_per_ip;
    if (good)
        (*at)->count++;
    pthread_mutex_unlock(&io->lock);
    return good;
}

void address_leave(struct hs_io *io, const struct sockaddr_storage *a)
{
    unsigned char key[8];
    size_t bucket = key_of(a, key);
    pthread_mutex_lock(&io->lock);
    struct address_count **at = find(io, key, bucket), *c = *at;
    if (c && --c->count == 0) {
        *at = c->next;
        hs_free(c);
    }
    pthread_mutex_unlock(&io->lock);
}
