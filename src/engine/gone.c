/* Deleted positions between two processes: see gone.h. A block is slots, each a number (u32), its count of files (u32)
 * and of files with deletes (u32), and those: place in the list (u32), length (u64), the positions as they serialize.
 */
#include "engine/gone.h"
#include "base/damage.h"
#include "engine/channel.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

enum { INLINE_BYTES = 256 * 1024, SLOTS_LIMIT = 1 << 24 };
#define GONE_MAX (INT64_C(1) << 31) /* of one statement: some thousand million deleted rows */

void hs_gone_init(struct hs_gone *g)
{
    *g = (struct hs_gone){.fd = -1};
    hs_buf_init(&g->block, GONE_MAX);
}

void hs_gone_fini(struct hs_gone *g)
{
    hs_buf_fini(&g->block);
    if (g->fd >= 0)
        close(g->fd);
    g->fd = -1;
}

/* ---- the server's end ---- */
static size_t count_gone(const struct hs_scan_group *group)
{
    size_t n = 0;
    for (size_t i = 0; i < group->file_count; i++)
        n += group->files[i].gone != NULL && hs_positions_count(group->files[i].gone) > 0;
    return n;
}

bool hs_group_has_gone(const struct hs_scan_group *group)
{
    return count_gone(group) > 0;
}

static hs_rc write_all(int fd, hs_str bytes, struct hs_err *err)
{
    while (bytes.len) {
        ssize_t n = write(fd, bytes.at, bytes.len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return hs_fail_hidden(err, HS_UNAVAILABLE, "memfd of deleted positions: %s", strerror(errno));
        bytes = hs_str_n(bytes.at + n, bytes.len - (size_t)n);
    }
    return HS_OK;
}

/* What has been gathered goes to the memfd once it is too much for a message. */
static hs_rc flush(struct hs_gone *g, size_t keep, struct hs_err *err)
{
    HS_TRY(hs_buf_done(&g->block, err));
    if (g->block.len <= keep)
        return HS_OK;
    if (g->bytes + g->block.len > GONE_MAX)
        return hs_fail(err, HS_LIMIT, "the table has too many deleted rows to be read in one statement");
    if (g->fd < 0)
        g->fd = memfd_create("hailstorm-gone", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (g->fd < 0)
        return hs_fail_hidden(err, HS_UNAVAILABLE, "memfd_create: %s", strerror(errno));
    HS_TRY(write_all(g->fd, hs_buf_str(&g->block), err));
    g->bytes += g->block.len;
    hs_buf_clear(&g->block);
    return HS_OK;
}

static void put_file(struct hs_buf *b, size_t place, const struct hs_positions *gone)
{
    hs_put_u32(b, (uint32_t)place);
    size_t at = b->len;
    hs_put_u64(b, 0);
    hs_buf_add_positions(b, gone);
    uint64_t length = b->len - at - 8;
    if (!b->failed)
        memcpy(b->at + at, &length, sizeof length);
}

static hs_rc write_group(struct hs_gone *g, size_t slot, const struct hs_scan_group *group, struct hs_err *err)
{
    size_t with = count_gone(group);
    if (!with)
        return HS_OK;
    if (slot >= SLOTS_LIMIT || group->file_count > UINT32_MAX)
        return hs_fail(err, HS_LIMIT, "the table has too many files to be read in one statement");
    hs_put_u32(&g->block, (uint32_t)slot);
    hs_put_u32(&g->block, (uint32_t)group->file_count);
    hs_put_u32(&g->block, (uint32_t)with);
    for (size_t i = 0; i < group->file_count; i++) {
        if (!group->files[i].gone || hs_positions_count(group->files[i].gone) == 0)
            continue;
        put_file(&g->block, i, group->files[i].gone);
        HS_TRY(flush(g, INLINE_BYTES, err));
    }
    return HS_OK;
}

static hs_rc seal(struct hs_gone *g, struct hs_err *err)
{
    int seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL;
    if (g->fd < 0)
        return HS_OK;
    HS_TRY(flush(g, 0, err));
    if (fcntl(g->fd, F_ADD_SEALS, seals) != 0)
        return hs_fail_hidden(err, HS_UNAVAILABLE, "memfd of deleted positions: %s", strerror(errno));
    return HS_OK;
}

hs_rc hs_gone_write(struct hs_gone *g, const struct hs_scan *scans, size_t scan_count, struct hs_err *err)
{
    size_t slot = 0;
    for (size_t i = 0; i < scan_count; i++)
        for (size_t k = 0; k < scans[i].group_count; k++)
            HS_TRY(write_group(g, slot++, &scans[i].groups[k], err));
    HS_TRY(seal(g, err));
    return hs_buf_done(&g->block, err);
}

/* ---- the worker's end ---- */
static void let_go(void *positions)
{
    hs_positions_unref(positions);
}

static hs_rc read_file(struct hs_arena *a, struct hs_cursor *c, struct hs_gone_slot *slot, struct hs_err *err)
{
    struct hs_positions *p = NULL;
    uint32_t place = hs_cursor_u32le(c);
    hs_str bytes = hs_cursor_bytes(c, hs_cursor_u64le(c));
    if (c->bad || place >= slot->file_count || slot->files[place])
        return hs_fail_hidden(err, HS_INTERNAL, "malformed deleted positions");
    HS_TRY(hs_positions_parse(bytes, &p, err));
    if (!hs_arena_defer(a, let_go, p))
        return hs_no_memory(err);
    slot->files[place] = p;
    return HS_OK;
}

static hs_rc room_for(struct hs_arena *a, struct hs_gone_slots *s, size_t number, struct hs_err *err)
{
    if (number < s->count)
        return HS_OK;
    size_t count = number + 1 > 2 * s->count ? number + 1 : 2 * s->count;
    struct hs_gone_slot *at = hs_arena_array(a, count, sizeof *at);
    if (!at)
        return hs_no_memory(err);
    if (s->count)
        memcpy(at, s->at, s->count * sizeof *at);
    *s = (struct hs_gone_slots){at, count};
    return HS_OK;
}

static hs_rc read_slot(struct hs_arena *a, struct hs_cursor *c, struct hs_gone_slots *s, struct hs_err *err)
{
    uint32_t number = hs_cursor_u32le(c), files = hs_cursor_u32le(c), with = hs_cursor_u32le(c);
    if (c->bad || number >= SLOTS_LIMIT || !files || with > files || with > hs_cursor_left(c) / 12)
        return hs_fail_hidden(err, HS_INTERNAL, "malformed deleted positions");
    HS_TRY(room_for(a, s, number, err));
    struct hs_gone_slot *slot = &s->at[number];
    if (slot->file_count)
        return hs_fail_hidden(err, HS_INTERNAL, "deleted positions come twice");
    slot->files = hs_arena_array(a, files, sizeof *slot->files);
    if (!slot->files)
        return hs_no_memory(err);
    slot->file_count = files;
    for (uint32_t i = 0; i < with; i++)
        HS_TRY(read_file(a, c, slot, err));
    return HS_OK;
}

hs_rc hs_gone_read(struct hs_arena *a, hs_str block, struct hs_gone_slots *out, struct hs_err *err)
{
    struct hs_gone_slots s = {0};
    struct hs_cursor c = hs_cursor_of(block);
    while (hs_cursor_left(&c))
        HS_TRY(read_slot(a, &c, &s, err));
    *out = s;
    return HS_OK;
}
