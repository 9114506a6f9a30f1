/* What each person has taken of each product today. A file mapped into memory, one slot of 64 bytes a person and
 * product: batches are charged on the loop threads, which may not wait for a disk, and what is charged must outlive the
 * process that did it. A stored word of a shared mapping does both; hs_quotas_sync, before a statement begins, makes it
 * outlive a power cut, too. Slots are found by open addressing; one of an earlier day is as good as empty, so at
 * midnight (UTC) everything begins anew and nothing has to be cleared. A clock that is set back does not begin a day
 * again. */
#include "state/quota.h"

#include "base/alloc.h"
#include "base/hash.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SLOTS = 1 << 18, SLOT_BYTES = 64 };
static const int64_t DAY_US = INT64_C(86400) * 1000000;

struct slot {
    uint8_t key[32];
    int64_t day, rows, bytes, spare;
};
_Static_assert(sizeof(struct slot) == SLOT_BYTES, "the file's layout");

struct hs_quotas {
    int fd;
    struct slot *slots;
    bool dirty;
    int64_t day;          /* the latest seen */
    pthread_mutex_t lock; /* of this process; the file's own lock is for others */
};

hs_rc hs_quotas_open(hs_str path, struct hs_quotas **out, struct hs_err *err)
{
    struct hs_quotas *q = hs_calloc(1, sizeof *q);
    char *name = hs_strndup(path.at, path.len);
    hs_rc rc = HS_OK;
    if (!q || !name) {
        hs_free(q);
        hs_free(name);
        return hs_fail(err, HS_NOMEM, "out of memory");
    }
    pthread_mutex_init(&q->lock, NULL);
    q->fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (q->fd < 0 || ftruncate(q->fd, (off_t)SLOTS * SLOT_BYTES) != 0)
        rc = hs_fail(err, HS_UNAVAILABLE, "quota file %s: %s", name, strerror(errno));
    if (rc == HS_OK) {
        q->slots = mmap(NULL, (size_t)SLOTS * SLOT_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, q->fd, 0);
        if (q->slots == MAP_FAILED) {
            q->slots = NULL;
            rc = hs_fail(err, HS_UNAVAILABLE, "quota file %s: %s", name, strerror(errno));
        }
    }
    hs_free(name);
    if (rc == HS_OK)
        *out = q;
    else
        hs_quotas_close(q);
    return rc;
}

void hs_quotas_close(struct hs_quotas *q)
{
    if (!q)
        return;
    if (q->slots)
        munmap(q->slots, (size_t)SLOTS * SLOT_BYTES);
    if (q->fd >= 0)
        close(q->fd);
    pthread_mutex_destroy(&q->lock);
    hs_free(q);
}

hs_rc hs_quota_key(hs_str person, hs_str product, uint8_t out[32], struct hs_err *err)
{
    struct hs_sha256 *h = hs_sha256_new();
    if (!h)
        return hs_fail(err, HS_NOMEM, "out of memory");
    hs_sha256_field(h, person);
    hs_sha256_field(h, product);
    return hs_sha256_end(h, out, err);
}

/* Within a day slots are only added, so the first that is of an earlier day ends the search. */
static struct slot *find(struct hs_quotas *q, const uint8_t key[32], int64_t day)
{
    uint32_t at;
    memcpy(&at, key, sizeof at);
    for (uint32_t i = 0; i < SLOTS; i++) {
        struct slot *s = &q->slots[(at + i) % SLOTS];
        if (s->day >= day && memcmp(s->key, key, sizeof s->key) == 0)
            return s;
        if (s->day < day) {
            *s = (struct slot){.day = day};
            memcpy(s->key, key, sizeof s->key);
            return s;
        }
    }
    return NULL;
}

static bool fits(int64_t taken, int64_t more, int64_t most)
{
    return !most || (more ? taken <= most - more : taken < most);
}

static hs_rc over(const struct hs_quota *l, bool rows, struct hs_err *err)
{
    return hs_fail(err, HS_LIMIT, "your %lld %s a day of %.*s are used up; the next day begins at 00:00 UTC",
                   (long long)(rows ? l->rows_per_day : l->bytes_per_day), rows ? "rows" : "bytes", HS_FMT(l->product));
}

static hs_rc charge_locked(struct hs_quotas *q, const struct hs_quota *lines, size_t count, int64_t rows, int64_t bytes,
                           struct hs_err *err)
{
    struct slot *slots[HS_QUOTA_LINES];
    for (size_t i = 0; i < count; i++) {
        slots[i] = find(q, lines[i].key, q->day);
        if (!slots[i])
            return hs_fail(err, HS_LIMIT, "too many quotas are in use today");
        if (!fits(slots[i]->rows, rows, lines[i].rows_per_day))
            return over(&lines[i], true, err);
        if (!fits(slots[i]->bytes, bytes, lines[i].bytes_per_day))
            return over(&lines[i], false, err);
    }
    for (size_t i = 0; i < count; i++) {
        slots[i]->rows += rows;
        slots[i]->bytes += bytes;
    }
    q->dirty |= rows > 0 || bytes > 0;
    return HS_OK;
}

hs_rc hs_quotas_charge(struct hs_quotas *q, const struct hs_quota *lines, size_t count, int64_t rows, int64_t bytes,
                       int64_t now_us, struct hs_err *err)
{
    if (count > HS_QUOTA_LINES)
        return hs_fail(err, HS_LIMIT, "more than %d products with quotas in one statement", HS_QUOTA_LINES);
    pthread_mutex_lock(&q->lock);
    flock(q->fd, LOCK_EX); /* never held for longer than this */
    if (now_us / DAY_US > q->day)
        q->day = now_us / DAY_US;
    hs_rc rc = charge_locked(q, lines, count, rows, bytes, err);
    flock(q->fd, LOCK_UN);
    pthread_mutex_unlock(&q->lock);
    return rc;
}

void hs_quotas_sync(struct hs_quotas *q)
{
    pthread_mutex_lock(&q->lock);
    bool dirty = q->dirty;
    q->dirty = false;
    pthread_mutex_unlock(&q->lock);
    if (dirty)
        fdatasync(q->fd);
}
