/* For tests: decided scans run by a whole engine, answers as text. */
#ifndef HS_ENGINE_TEST_SCAN_TOOL_H
#define HS_ENGINE_TEST_SCAN_TOOL_H

#include "engine/test/pool_tool.h"

static struct hs_engine *engine;

static inline void show_result(struct guest *g, struct hs_stream *s, hs_rc *rc, struct hs_err *err)
{
    int ready = eventfd(0, 0);
    enum hs_stream_state state;
    hs_stream_notify(s, wake, &ready);
    g->type = (struct hs_type *)hs_stream_schema(s);
    for (struct hs_batch b; (state = hs_stream_poll(s, &b, err)) != HS_STREAM_END && state != HS_STREAM_ERROR;) {
        uint64_t count;
        if (state == HS_STREAM_WAIT) {
            assert_int_equal(read(ready, &count, 8), 8);
            continue;
        }
        struct hs_msg_batch m = {.rows = b.rows, .nodes = b.nodes, .buffers = b.buffers};
        show_batch(g, &m, b.body);
        hs_batch_release(&b);
    }
    *rc = state == HS_STREAM_ERROR ? err->kind : HS_OK;
    hs_stream_close(s);
    close(ready);
}

/* The answer as text, "a|b\n". `all`: one scan for every mention. */
static inline hs_rc try(const struct hs_scan *all, size_t count, const char *sql, char *out, size_t size,
                        struct hs_err *err)
{
    struct guest g = {.arena = hs_arena_new(0)};
    struct hs_lease *l;
    struct hs_statement *statement = NULL;
    struct hs_stream *s;
    hs_buf_init(&g.text, 1 << 20);
    assert_int_equal(lease(engine, "ana", &l, err), HS_OK);
    hs_rc rc = *sql ? hs_lease_parse(l, g.arena, hs_str_of(sql), &statement, err) : HS_OK;
    if (rc == HS_OK) {
        assert_true(!statement || statement->ref_count <= count);
        struct hs_run_request r = {
            .statement = statement, .scans = all, .scan_count = statement ? statement->ref_count : 1};
        rc = hs_lease_run(l, &r, &s, err);
    }
    if (rc == HS_OK)
        show_result(&g, s, &rc, err);
    else
        hs_lease_close(l);
    snprintf(out, size, "%s", rc == HS_OK && g.text.at ? g.text.at : "");
    hs_buf_fini(&g.text);
    hs_arena_free(g.arena);
    return rc;
}

static inline void expect(const struct hs_scan *scan, const char *sql, const char *want)
{
    struct hs_err err;
    char got[8192];
    struct hs_scan both[2] = {*scan, *scan};
    hs_rc rc = try(both, 2, sql, got, sizeof got, &err);
    if (rc != HS_OK)
        print_error("%s: %s | %s\n", sql, err.shown, err.detail);
    assert_int_equal(rc, HS_OK);
    if (strcmp(got, want) != 0)
        print_error("%s\n", sql);
    assert_string_equal(got, want);
}

static inline struct hs_positions *positions(int64_t first, int64_t step, int64_t count)
{
    struct hs_positions *p = hs_positions_new();
    struct hs_err err;
    for (int64_t i = 0; i < count; i++) {
        int64_t at = first + i * step;
        assert_int_equal(hs_positions_add(p, &at, 1, &err), HS_OK);
    }
    return p;
}

#endif
