/* Given relations between two processes: see given.h. What is said: their number (u32), and of each its type (u32
 * length, as message.h has it), the place of its body (u64), and the batch without it (u32 length, likewise). */
#include "engine/given.h"

#include "base/alloc.h"
#include "engine/message.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

struct hs_given_rows {
    int fd;
    int64_t bytes;
    size_t count;
    struct hs_buf said;
};

size_t hs_given_rows_count(const struct hs_given_rows *g)
{
    return g ? g->count : 0;
}

int hs_given_rows_fd(const struct hs_given_rows *g)
{
    return g ? g->fd : -1;
}

hs_str hs_given_rows_said(const struct hs_given_rows *g)
{
    return g ? hs_buf_str(&g->said) : (hs_str){0};
}

int64_t hs_given_rows_bytes(const struct hs_given_rows *g)
{
    return g ? g->bytes : 0;
}

void hs_given_rows_free(struct hs_given_rows *g)
{
    if (!g)
        return;
    if (g->fd >= 0)
        close(g->fd);
    hs_buf_fini(&g->said);
    hs_free(g);
}

/* ---- the server's end ---- */

static bool takes_value(const struct hs_type *t)
{
    static const bool TAKEN[HS_T_COUNT_] = {
        [HS_T_BOOLEAN] = true, [HS_T_INT16] = true,     [HS_T_INT] = true,         [HS_T_LONG] = true,
        [HS_T_UINT32] = true,  [HS_T_FLOAT] = true,     [HS_T_DOUBLE] = true,      [HS_T_STRING] = true,
        [HS_T_DATE] = true,    [HS_T_TIMESTAMP] = true, [HS_T_TIMESTAMPTZ] = true,
    };
    return t->id > 0 && t->id < HS_T_COUNT_ && TAKEN[t->id] && !t->view && !t->index_bits;
}

bool hs_given_takes(const struct hs_type *type)
{
    return takes_value(type) || (type->id == HS_T_LIST && type->field_count == 1 && takes_value(type->fields[0].type));
}

static hs_rc check_type(const struct hs_type *type, struct hs_err *err)
{
    if (type->id != HS_T_STRUCT || !type->field_count)
        return hs_fail_hidden(err, HS_INTERNAL, "a given relation without columns");
    for (size_t i = 0; i < type->field_count; i++)
        if (!hs_given_takes(type->fields[i].type))
            return hs_fail_hidden(err, HS_INTERNAL, "given column %.*s: a type that is not taken",
                                  HS_FMT(type->fields[i].name));
    return HS_OK;
}

static hs_rc write_all(int fd, hs_str bytes, int64_t at, struct hs_err *err)
{
    while (bytes.len) {
        ssize_t n = pwrite(fd, bytes.at, bytes.len, at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return hs_fail_hidden(err, HS_UNAVAILABLE, "memfd of given rows: %s", strerror(errno));
        bytes = hs_str_n(bytes.at + n, bytes.len - (size_t)n);
        at += n;
    }
    return HS_OK;
}

static void put_nested(struct hs_buf *b, size_t at)
{
    uint32_t length = (uint32_t)(b->len - at - sizeof length);
    if (!b->failed)
        memcpy(b->at + at, &length, sizeof length);
}

static void say(struct hs_buf *b, const struct hs_given_relation *r, int64_t place)
{
    struct hs_msg_batch m = {.rows = r->batch->rows,
                             .body_len = r->batch->body_len,
                             .nodes = r->batch->nodes,
                             .node_count = r->batch->node_count,
                             .buffers = r->batch->buffers,
                             .buffer_count = r->batch->buffer_count};
    size_t at = b->len;
    hs_put_u32(b, 0);
    hs_put_type(b, r->type);
    put_nested(b, at);
    hs_put_u64(b, (uint64_t)place);
    at = b->len;
    hs_put_u32(b, 0);
    hs_put_batch(b, &m);
    put_nested(b, at);
}

static hs_rc add(struct hs_given_rows *g, const struct hs_given_relation *r, int64_t bytes_max, struct hs_err *err)
{
    int64_t place = (g->bytes + HS_GIVEN_ALIGN - 1) / HS_GIVEN_ALIGN * HS_GIVEN_ALIGN;
    HS_TRY(check_type(r->type, err));
    HS_TRY(hs_batch_check(r->type, r->batch, err));
    if (r->batch->compression || (int64_t)r->batch->body_len > bytes_max - place)
        return hs_fail(err, HS_LIMIT, "the system catalogs of this statement are too large");
    HS_TRY(write_all(g->fd, hs_str_n(r->batch->body, r->batch->body_len), place, err));
    g->bytes = place + (int64_t)r->batch->body_len;
    say(&g->said, r, place);
    return HS_OK;
}

static hs_rc fill(struct hs_given_rows *g, const struct hs_given_relation *relations, size_t count, int64_t bytes_max,
                  struct hs_err *err)
{
    int seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL;
    if (count > HS_GIVEN_RELATIONS)
        return hs_fail(err, HS_LIMIT, "more than %d given relations", HS_GIVEN_RELATIONS);
    g->fd = memfd_create("hailstorm-given", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (g->fd < 0)
        return hs_fail_hidden(err, HS_UNAVAILABLE, "memfd_create: %s", strerror(errno));
    g->count = count;
    hs_put_u32(&g->said, (uint32_t)count);
    for (size_t i = 0; i < count; i++)
        HS_TRY(add(g, &relations[i], bytes_max, err));
    g->bytes += HS_GIVEN_ALIGN; /* never nothing: what is empty cannot be mapped */
    if (ftruncate(g->fd, g->bytes) != 0 || fcntl(g->fd, F_ADD_SEALS, seals) != 0)
        return hs_fail_hidden(err, HS_UNAVAILABLE, "memfd of given rows: %s", strerror(errno));
    return hs_buf_done(&g->said, err);
}

hs_rc hs_given_rows_new(const struct hs_given_relation *relations, size_t count, int64_t bytes_max,
                        struct hs_given_rows **out, struct hs_err *err)
{
    struct hs_given_rows *g = hs_calloc(1, sizeof *g);
    if (!g)
        return hs_fail(err, HS_NOMEM, "out of memory");
    g->fd = -1;
    hs_buf_init(&g->said, HS_CHANNEL_MAX / 4);
    hs_rc rc = fill(g, relations, count, bytes_max, err);
    if (rc == HS_OK)
        *out = g;
    else
        hs_given_rows_free(g);
    return rc;
}

/* ---- the worker's end ---- */

static hs_rc malformed(struct hs_err *err)
{
    return hs_fail_hidden(err, HS_INTERNAL, "malformed given relations");
}

/* Nodes and buffers go to the arena; the block that held them is freed. */
static hs_rc keep_batch(struct hs_arena *a, struct hs_msg_batch *m, struct hs_batch *out, struct hs_err *err)
{
    struct hs_batch_node *nodes = hs_arena_array(a, m->node_count + 1, sizeof *nodes);
    struct hs_batch_buffer *buffers = hs_arena_array(a, m->buffer_count + 1, sizeof *buffers);
    if (nodes && buffers) {
        if (m->node_count)
            memcpy(nodes, m->nodes, m->node_count * sizeof *nodes);
        if (m->buffer_count)
            memcpy(buffers, m->buffers, m->buffer_count * sizeof *buffers);
        *out = (struct hs_batch){.rows = m->rows,
                                 .nodes = nodes,
                                 .node_count = m->node_count,
                                 .buffers = buffers,
                                 .buffer_count = m->buffer_count,
                                 .body_len = m->body_len};
    }
    hs_free(m->nodes);
    return nodes && buffers ? HS_OK : hs_fail(err, HS_NOMEM, "out of memory");
}

static hs_rc read_place(struct hs_arena *a, struct hs_cursor *c, hs_str bytes, struct hs_given_place *out,
                        struct hs_err *err)
{
    struct hs_msg_batch m;
    struct hs_type *type;
    hs_str type_bytes = hs_get_str(c);
    uint64_t at = hs_cursor_u64le(c);
    hs_str batch_bytes = hs_get_str(c);
    if (c->bad)
        return malformed(err);
    HS_TRY(hs_get_type(a, type_bytes, &type, err));
    HS_TRY(check_type(type, err));
    HS_TRY(hs_get_batch(batch_bytes, &m, err));
    HS_TRY(keep_batch(a, &m, &out->batch, err));
    if (at % 8 || at > bytes.len || out->batch.body_len > bytes.len - at)
        return malformed(err);
    out->batch.body = (const uint8_t *)bytes.at + at;
    out->type = type;
    return hs_batch_check(type, &out->batch, err);
}

hs_rc hs_given_read(struct hs_arena *a, hs_str said, hs_str bytes, struct hs_given_place **out, size_t *out_count,
                    struct hs_err *err)
{
    struct hs_cursor c = hs_cursor_of(said);
    uint32_t count = hs_cursor_u32le(&c);
    if (c.bad || count > HS_GIVEN_RELATIONS)
        return malformed(err);
    struct hs_given_place *at = hs_arena_array(a, count + 1, sizeof *at);
    if (!at)
        return hs_fail(err, HS_NOMEM, "out of memory");
    for (uint32_t i = 0; i < count; i++)
        HS_TRY(read_place(a, &c, bytes, &at[i], err));
    if (hs_cursor_left(&c))
        return malformed(err);
    *out = at;
    *out_count = count;
    return HS_OK;
}
