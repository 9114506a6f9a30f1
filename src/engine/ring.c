/* Sealed shared memory: see ring.h. */
#include "engine/ring.h"
#include "base/alloc.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct hs_ring {
    _Atomic int refs;
    int fd;
    unsigned slots;
    uint64_t slot_bytes;
    uint8_t *at;
};

static hs_rc make_memory(uint64_t bytes, int *out_fd, struct hs_err *err)
{
    int fd = memfd_create("hailstorm-ring", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0)
        return hs_fail_hidden(err, HS_UNAVAILABLE, "memfd_create: %s", strerror(errno));
    int seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;
    if (ftruncate(fd, (off_t)bytes) != 0 || fcntl(fd, F_ADD_SEALS, seals) != 0) {
        hs_rc rc =
            hs_fail_hidden(err, HS_UNAVAILABLE, "memfd of %llu bytes: %s", (unsigned long long)bytes, strerror(errno));
        close(fd);
        return rc;
    }
    *out_fd = fd;
    return HS_OK;
}

hs_rc hs_ring_new(unsigned slots, uint64_t slot_bytes, struct hs_ring **out, struct hs_err *err)
{
    uint64_t bytes;
    if (!slots || !slot_bytes || __builtin_mul_overflow(slot_bytes, slots, &bytes) || bytes > INT64_MAX)
        return hs_fail_hidden(err, HS_INVALID, "ring of %u x %llu bytes", slots, (unsigned long long)slot_bytes);
    struct hs_ring *r = hs_calloc(1, sizeof *r);
    if (!r)
        return hs_fail(err, HS_NOMEM, "out of memory");
    r->fd = -1;
    hs_rc rc = make_memory(bytes, &r->fd, err);
    if (rc == HS_OK) {
        r->at = mmap(NULL, bytes, PROT_READ, MAP_SHARED, r->fd, 0);
        if (r->at == MAP_FAILED)
            rc = hs_fail_hidden(err, HS_NOMEM, "mmap of a ring: %s", strerror(errno));
    }
    if (rc != HS_OK) {
        if (r->fd >= 0)
            close(r->fd);
        hs_free(r);
        return rc;
    }
    r->refs = 1;
    r->slots = slots;
    r->slot_bytes = slot_bytes;
    *out = r;
    return HS_OK;
}

struct hs_ring *hs_ring_ref(struct hs_ring *r)
{
    r->refs++;
    return r;
}

void hs_ring_unref(struct hs_ring *r)
{
    if (!r || --r->refs)
        return;
    munmap(r->at, r->slots * r->slot_bytes);
    hs_ring_close_fd(r);
    hs_free(r);
}

int hs_ring_fd(const struct hs_ring *r)
{
    return r->fd;
}

void hs_ring_close_fd(struct hs_ring *r)
{
    if (r->fd >= 0)
        close(r->fd);
    r->fd = -1;
}

unsigned hs_ring_slots(const struct hs_ring *r)
{
    return r->slots;
}

uint64_t hs_ring_slot_bytes(const struct hs_ring *r)
{
    return r->slot_bytes;
}

const uint8_t *hs_ring_slot(const struct hs_ring *r, unsigned slot)
{
    return slot < r->slots ? r->at + slot * r->slot_bytes : NULL;
}

void hs_ring_drop(struct hs_ring *r, unsigned slot, uint64_t keep)
{
    /* MADV_REMOVE needs a writable mapping; the descriptor does it without one. A failure only keeps the pages longer.
     */
    if (slot < r->slots && r->fd >= 0 && keep < r->slot_bytes)
        (void)!fallocate(r->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)(slot * r->slot_bytes + keep),
                         (off_t)(r->slot_bytes - keep));
}
