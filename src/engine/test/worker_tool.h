/* For tests: a worker process on the other end of a channel, without a server: any SQL, no guard, chosen walls. Batches
 * are checked as the server checks them and shown as text. */
#ifndef HS_ENGINE_TEST_WORKER_TOOL_H
#define HS_ENGINE_TEST_WORKER_TOOL_H

#include "base/alloc.h"
#include "engine/engine.h"
#include "engine/message.h"
#include "engine/ring.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define SLOTS 4
#define SLOT_BYTES (1 << 20)

static inline const char *library_path(void)
{
    const char *named = getenv("HAILSTORM_DUCKDB");
    return named ? named : "build/third_party/duckdb/libduckdb.so";
}

/* A directory of this test's own, under the build's. */
static inline const char *test_directory(void)
{
    static char path[512];
    if (!path[0]) {
        const char *build = getenv("HS_BUILD_DIR");
        snprintf(path, sizeof path, "%s/test-engine-XXXXXX", build ? build : "/tmp");
        assert_non_null(mkdtemp(path));
    }
    return path;
}

static inline const char *in_directory(const char *name)
{
    static char paths[16][700];
    static int next;
    char *path = paths[next++ % 16];
    snprintf(path, sizeof paths[0], "%s/%s", test_directory(), name);
    return path;
}

struct guest {
    int fd;
    pid_t pid;
    struct hs_channel_reader in;
    struct hs_arena *arena;
    uint32_t statement;
    unsigned walls;
    /* of the last statement */
    struct hs_type *type;
    struct hs_ring *ring, *segment[16]; /* several may be on their way: by their number, modulo */
    uint32_t last_segment;
    int64_t rows, batches, segments;
    char error_kind[64], error[1200];
    struct hs_buf text; /* rows as text, when it is wanted */
    bool want_text;
    unsigned threads;                                                /* of its lease; 0: 2 */
    struct hs_answer_form form;                                      /* of what runs next */
    void (*on_batch)(struct guest *g, const struct hs_batch *batch); /* NULL: only checked and counted */
    void *on_batch_arg;
};

static inline struct hs_channel_message guest_next(struct guest *g)
{
    struct hs_channel_message m;
    enum hs_channel_got got = HS_GOT_NOTHING;
    struct hs_err err;
    while (got == HS_GOT_NOTHING)
        assert_int_equal(hs_channel_receive(g->fd, &g->in, true, &m, &got, &err), HS_OK);
    if (got == HS_GOT_END)
        m.kind = 0;
    return m;
}

static inline void guest_send(struct guest *g, enum hs_channel_kind kind, hs_str payload, int passed)
{
    struct hs_err err;
    hs_rc rc = hs_channel_send(g->fd, kind, g->statement, payload, passed, 5000, &err);
    assert_int_equal(rc, HS_OK);
}

static inline struct guest *guest_start(const char *faults)
{
    struct guest *g = calloc(1, sizeof *g);
    int pair[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
    g->pid = fork();
    if (g->pid == 0) {
        char library[600], armed[600];
        snprintf(library, sizeof library, "HS_WORKER_LIBRARY=%s", library_path());
        snprintf(armed, sizeof armed, "HS_FAULTS=%s", faults);
        char *argv[] = {"test", "worker", NULL},
             *env[] = {library, armed, "SECRET=hunter2", "TSAN_OPTIONS=report_bugs=0", NULL};
        dup2(pair[1], 30);
        dup2(30, 3);
        closefrom(4);
        execve("/proc/self/exe", argv, env);
        _exit(127);
    }
    close(pair[1]);
    g->fd = pair[0];
    hs_channel_reader_init(&g->in, HS_CHANNEL_MAX);
    hs_buf_init(&g->text, 64 << 20);
    g->arena = hs_arena_new(0);
    assert_int_equal(guest_next(g).kind, HS_MSG_READY);
    return g;
}

static inline void guest_end(struct guest *g)
{
    close(g->fd);
    waitpid(g->pid, NULL, 0);
    hs_channel_reader_fini(&g->in);
    hs_buf_fini(&g->text);
    hs_arena_free(g->arena);
    free(g);
}

static inline void guest_lease(struct guest *g, const char *readable, const char *spill, int64_t memory,
                               int64_t spill_bytes)
{
    hs_str directory = hs_str_of(readable);
    struct hs_msg_lease m = {&directory, readable ? 1 : 0, hs_str_of(spill ? spill : ""),
                             memory,     spill_bytes,      g->threads ? g->threads : 2};
    struct hs_buf b;
    if (spill)
        mkdir(spill, 0700);
    hs_buf_init(&b, 1 << 20);
    hs_put_lease(&b, &m);
    g->statement++;
    guest_send(g, HS_MSG_LEASE, hs_buf_str(&b), -1);
    hs_buf_fini(&b);
    struct hs_channel_message a = guest_next(g);
    if (a.kind == HS_MSG_ERROR)
        print_error("%.*s\n", HS_FMT(a.payload));
    assert_int_equal(a.kind, HS_MSG_WALLS);
    memcpy(&g->walls, a.payload.at, sizeof g->walls);
}

/* ---- a batch as text ---- */
struct walk {
    const struct hs_msg_batch *m;
    const uint8_t *body;
    size_t node, buffer;
};
struct tree { /* one node with its buffers' places */
    const struct hs_type *type;
    const uint8_t *validity, *first, *second;
    struct tree *child[64];
    size_t child_count;
};

static inline const uint8_t *walk_buffer(struct walk *w)
{
    struct hs_batch_buffer b = w->m->buffers[w->buffer++];
    return b.length ? w->body + b.offset : NULL;
}

static inline struct tree *walk_tree(struct guest *g, struct walk *w, const struct hs_type *type)
{
    struct tree *t = HS_NEW(g->arena, struct tree);
    t->type = type;
    w->node++;
    if (type->id == HS_T_UNKNOWN)
        return t;
    t->validity = walk_buffer(w);
    if (type->id != HS_T_STRUCT)
        t->first = walk_buffer(w);
    if (type->id == HS_T_STRING || type->id == HS_T_BINARY)
        t->second = walk_buffer(w);
    if (type->id == HS_T_MAP) { /* its entries: a struct */
        struct hs_type *pair = hs_type_new(g->arena, HS_T_STRUCT);
        pair->fields = type->fields;
        pair->field_count = 2;
        t->child[t->child_count++] = walk_tree(g, w, pair);
        return t;
    }
    for (size_t i = 0; i < type->field_count; i++)
        t->child[t->child_count++] = walk_tree(g, w, type->fields[i].type);
    return t;
}

static inline void show(struct hs_buf *out, const struct tree *t, int64_t i);

static inline void show_int128(struct hs_buf *out, __int128 v)
{
    char digits[48];
    size_t n = sizeof digits;
    unsigned __int128 u = v < 0 ? -(unsigned __int128)v : (unsigned __int128)v;
    do
        digits[--n] = (char)('0' + (int)(u % 10));
    while (u /= 10);
    hs_buf_addf(out, "%s%.*s", v < 0 ? "-" : "", (int)(sizeof digits - n), digits + n);
}

static inline void show_list(struct hs_buf *out, const struct tree *t, int64_t i)
{
    const int32_t *offsets = (const int32_t *)(const void *)t->first;
    hs_buf_addc(out, '[');
    for (int32_t k = offsets[i]; k < offsets[i + 1]; k++) {
        hs_buf_addz(out, k > offsets[i] ? "," : "");
        show(out, t->child[0], k);
    }
    hs_buf_addc(out, ']');
}

static inline void show_text(struct hs_buf *out, const struct tree *t, int64_t i)
{
    const int32_t *offsets = (const int32_t *)(const void *)t->first;
    hs_str s = hs_str_n(t->second + offsets[i], (size_t)(offsets[i + 1] - offsets[i]));
    if (t->type->id == HS_T_BINARY)
        hs_buf_add_hex(out, s.at, s.len);
    else
        hs_buf_adds(out, s);
}

static inline void show_number(struct hs_buf *out, const struct tree *t, int64_t i)
{
#define NUMBER(id, ctype, format, as)                                             \
    case id:                                                                      \
        hs_buf_addf(out, format, (as)((const ctype *)(const void *)t->first)[i]); \
        break
    switch ((int)t->type->id) {
        NUMBER(HS_T_INT8, int8_t, "%d", int);
        NUMBER(HS_T_UINT8, uint8_t, "%u", unsigned);
        NUMBER(HS_T_INT16, int16_t, "%d", int);
        NUMBER(HS_T_UINT16, uint16_t, "%u", unsigned);
        NUMBER(HS_T_INT, int32_t, "%d", int);
        NUMBER(HS_T_DATE, int32_t, "%d", int);
        NUMBER(HS_T_UINT32, uint32_t, "%u", unsigned);
        NUMBER(HS_T_UINT64, uint64_t, "%llu", unsigned long long);
        NUMBER(HS_T_FLOAT, float, "%g", double);
        NUMBER(HS_T_DOUBLE, double, "%g", double);
    default:
        hs_buf_addf(out, "%lld", (long long)((const int64_t *)(const void *)t->first)[i]);
    }
}

static inline void show_wide(struct hs_buf *out, const struct tree *t, int64_t i)
{
    const uint8_t *at = t->first + 16 * i;
    if (t->type->id == HS_T_DECIMAL) {
        __int128 v;
        memcpy(&v, at, 16);
        show_int128(out, v);
    } else if (t->type->id == HS_T_UUID) {
        hs_buf_add_hex(out, at, 16);
    } else {
        int32_t months, days;
        int64_t ns;
        memcpy(&months, at, 4);
        memcpy(&days, at + 4, 4);
        memcpy(&ns, at + 8, 8);
        hs_buf_addf(out, "%dm%dd%lldns", months, days, (long long)ns);
    }
}

static inline void show(struct hs_buf *out, const struct tree *t, int64_t i)
{
    enum hs_type_id id = t->type->id;
    bool null = id == HS_T_UNKNOWN || (t->validity && !(t->validity[i / 8] >> (i % 8) & 1));
    if (null)
        hs_buf_addz(out, "NULL");
    else if (id == HS_T_BOOLEAN)
        hs_buf_addz(out, t->first[i / 8] >> (i % 8) & 1 ? "true" : "false");
    else if (id == HS_T_STRING || id == HS_T_BINARY)
        show_text(out, t, i);
    else if (id == HS_T_LIST || id == HS_T_MAP)
        show_list(out, t, i);
    else if (id == HS_T_DECIMAL || id == HS_T_UUID || id == HS_T_INTERVAL)
        show_wide(out, t, i);
    else if (id != HS_T_STRUCT)
        show_number(out, t, i);
    for (size_t k = 0; !null && id == HS_T_STRUCT && k < t->child_count; k++) {
        hs_buf_addz(out, k ? ":" : "{");
        show(out, t->child[k], i);
        hs_buf_addz(out, k + 1 == t->child_count ? "}" : "");
    }
}

static inline void show_batch(struct guest *g, const struct hs_msg_batch *m, const uint8_t *body)
{
    struct walk w = {m, body, 0, 0};
    struct tree *columns[64];
    for (size_t i = 0; i < g->type->field_count; i++)
        columns[i] = walk_tree(g, &w, g->type->fields[i].type);
    for (int64_t r = 0; r < m->rows; r++)
        for (size_t i = 0; i < g->type->field_count; i++) {
            show(&g->text, columns[i], r);
            hs_buf_addc(&g->text, i + 1 < g->type->field_count ? '|' : '\n');
        }
}

/* ---- running ---- */
static inline void guest_take_batch(struct guest *g, hs_str payload)
{
    struct hs_msg_batch m;
    struct hs_err err;
    assert_int_equal(hs_get_batch(payload, &m, &err), HS_OK);
    bool segment = m.place & HS_PLACE_SEGMENT;
    struct hs_ring **mine = &g->segment[m.place % 16];
    const uint8_t *body = segment ? hs_ring_slot(*mine, 0) : hs_ring_slot(g->ring, m.place);
    struct hs_batch view = {.rows = m.rows,
                            .nodes = m.nodes,
                            .node_count = m.node_count,
                            .buffers = m.buffers,
                            .buffer_count = m.buffer_count,
                            .body = body,
                            .body_len = m.body_len};
    hs_batch_of_form(&view, g->type, g->form.compression);
    hs_rc rc = hs_batch_check(g->type, &view, &err);
    if (rc != HS_OK)
        print_error("%s\n", err.detail);
    assert_int_equal(rc, HS_OK);
    if (g->on_batch)
        g->on_batch(g, &view);
    if (g->want_text)
        show_batch(g, &m, body);
    g->rows += m.rows;
    g->batches++;
    g->segments += segment;
    if (segment) {
        hs_ring_unref(*mine);
        *mine = NULL;
    } else {
        guest_send(g, HS_MSG_FREE, hs_str_n(&m.place, 4), -1);
    }
    hs_free(m.nodes);
}

static inline void guest_give_segment(struct guest *g, hs_str payload)
{
    struct hs_err err;
    struct hs_buf b;
    uint64_t bytes;
    memcpy(&bytes, payload.at, 8);
    struct hs_ring **mine = &g->segment[++g->last_segment % 16];
    assert_null(*mine);
    assert_int_equal(hs_ring_new(1, (bytes + 4095) / 4096 * 4096, mine, &err), HS_OK);
    hs_buf_init(&b, 64);
    hs_put_u32(&b, g->last_segment);
    hs_put_u64(&b, bytes);
    guest_send(g, HS_MSG_SEGMENT, hs_buf_str(&b), hs_ring_fd(*mine));
    hs_buf_fini(&b);
}

/* 0: it ran; else the error's kind is in g->error_kind. -1: the worker ended. */
static inline int guest_run_plan(struct guest *g, struct hs_msg_run *plan)
{
    struct hs_err err;
    struct hs_buf b;
    g->statement++;
    g->rows = g->batches = g->segments = 0;
    g->error_kind[0] = g->error[0] = 0;
    hs_buf_clear(&g->text);
    plan->slots = SLOTS;
    plan->slot_bytes = SLOT_BYTES;
    plan->form = g->form;
    assert_int_equal(hs_ring_new(SLOTS, SLOT_BYTES, &g->ring, &err), HS_OK);
    hs_buf_init(&b, 1 << 26);
    hs_put_run(&b, plan);
    guest_send(g, HS_MSG_RUN, hs_buf_str(&b), hs_ring_fd(g->ring));
    hs_buf_fini(&b);
    int result = 2;
    while (result == 2) {
        struct hs_channel_message m = guest_next(g);
        struct hs_msg_error said;
        if (m.kind == HS_MSG_SCHEMA)
            assert_int_equal(hs_get_schema(g->arena, m.payload, &g->type, &(struct hs_type *){NULL}, &err), HS_OK);
        else if (m.kind == HS_MSG_BATCH)
            guest_take_batch(g, m.payload);
        else if (m.kind == HS_MSG_SEGMENT_ASK)
            guest_give_segment(g, m.payload);
        else if (m.kind == HS_MSG_DONE)
            result = 0;
        else if (m.kind == HS_MSG_ERROR && hs_get_error(m.payload, &said, &err) == HS_OK) {
            snprintf(g->error_kind, sizeof g->error_kind, "%.*s", HS_FMT(said.kind));
            snprintf(g->error, sizeof g->error, "%.*s", HS_FMT(said.text));
            result = 1;
        } else
            result = -1;
    }
    hs_ring_unref(g->ring);
    if (result >= 0)
        assert_int_equal(guest_next(g).kind, HS_MSG_READY);
    return result;
}

static inline int guest_run(struct guest *g, const char *sql, const char *path)
{
    hs_str one = hs_str_of(path ? path : "");
    struct hs_msg_run plan = {.sql = hs_str_of(sql), .paths = &one, .path_count = path ? 1 : 0};
    return guest_run_plan(g, &plan);
}

/* Parquet by the engine itself, without walls. */
static inline void make_parquet(const char *path, const char *select)
{
    struct guest *g = guest_start("no-external-access,no-landlock,no-seccomp");
    char sql[4000];
    guest_lease(g, NULL, in_directory("spill-make"), 512 << 20, INT64_C(1) << 30);
    snprintf(sql, sizeof sql, "COPY (%s) TO '%s' (FORMAT parquet)", select, path);
    int rc = guest_run(g, sql, NULL);
    if (rc)
        print_error("%s\n", g->error);
    assert_int_equal(rc, 0);
    guest_end(g);
}

#endif
