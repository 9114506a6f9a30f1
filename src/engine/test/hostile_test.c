/* A worker that was taken over: it speaks the channel's protocol badly, in every way we could think of. Its statement
 * ends with an error; the pool and everybody else go on. */
#include "base/fault.h"
#include "engine/test/pool_tool.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>

/* ---- the worker's side ---- */
static struct hs_channel_reader reader;
static uint32_t statement;

static void say(unsigned kind, const void *at, size_t len)
{
    struct hs_err err;
    hs_ignore(hs_channel_send(3, (enum hs_channel_kind)kind, statement, hs_str_n(at, len), -1, 1000, &err));
}

static void say_raw(const void *at, size_t len)
{
    (void)!send(3, at, len, MSG_NOSIGNAL);
}

static struct hs_channel_message hear(unsigned kind)
{
    struct hs_channel_message m = {0};
    enum hs_channel_got got = HS_GOT_NOTHING;
    struct hs_err err;
    while (got != HS_GOT_MESSAGE || m.kind != kind)
        if (hs_channel_receive(3, &reader, true, &m, &got, &err) != HS_OK || got == HS_GOT_END)
            _exit(0);
    statement = m.statement;
    return m;
}

static void say_schema(void)
{
    struct hs_buf b;
    struct hs_type number = {.id = HS_T_LONG};
    struct hs_field field = {.id = -1, .name = HS_S("v"), .type = &number};
    struct hs_type root = {.id = HS_T_STRUCT, .fields = &field, .field_count = 1};
    hs_buf_init(&b, 4096);
    hs_put_type(&b, &root);
    say(HS_MSG_SCHEMA, b.at, b.len);
    hs_buf_fini(&b);
}

static void say_batch(uint32_t place, int64_t rows, uint64_t body_len, int64_t offset, int64_t length, size_t nodes)
{
    struct hs_batch_node node[4] = {{rows, 0}};
    struct hs_batch_buffer buffers[4] = {{0, 0}, {offset, length}};
    struct hs_msg_batch m = {place, rows, body_len, node, nodes, buffers, 2};
    struct hs_buf b;
    hs_buf_init(&b, 4096);
    hs_put_batch(&b, &m);
    say(HS_MSG_BATCH, b.at, b.len);
    hs_buf_fini(&b);
}

/* ---- answers in other forms ---- */
static void say_schema_of(struct hs_type *type)
{
    struct hs_buf b;
    struct hs_field field = {.id = -1, .name = HS_S("v"), .type = type};
    struct hs_type root = {.id = HS_T_STRUCT, .fields = &field, .field_count = 1};
    hs_buf_init(&b, 4096);
    hs_put_type(&b, &root);
    say(HS_MSG_SCHEMA, b.at, b.len);
    hs_buf_fini(&b);
}

static const struct lie { /* one column of 8 rows in a slot of which 256 bytes are said to be the body's */
    const char *mode;
    struct hs_type type;
    struct hs_batch_node nodes[2];
    size_t node_count;
    struct hs_batch_buffer buffers[5];
    size_t buffer_count;
} lies[] = {
#define DICTIONARY                         \
    {                                      \
        .id = HS_T_STRING, .index_bits = 8 \
    }
#define VIEWS                           \
    {                                   \
        .id = HS_T_STRING, .view = true \
    }
#define NUMBERS         \
    {                   \
        .id = HS_T_LONG \
    }
    {"form-unasked", VIEWS, {{8, 0}}, 1, {{0, 0}, {0, 128}, {128, 0}}, 3},
    {"form-of-another-type", {.id = HS_T_LONG, .view = true}, {{8, 0}}, 1, {{0, 0}, {0, 128}, {128, 0}}, 3},
    {"form-too-narrow", {.id = HS_T_DECIMAL, .precision = 12, .narrow = 32}, {{8, 0}}, 1, {{0, 0}, {0, 64}}, 2},
    {"dictionary-twice-a-form", {.id = HS_T_STRING, .index_bits = 8, .view = true}, {{8, 0}}, 1, {{0, 0}, {0, 128}}, 2},
    {"dictionary-width", {.id = HS_T_STRING, .index_bits = 24}, {{8, 0}}, 1, {{0, 0}, {0, 64}}, 2},
    {"dictionary-missing", DICTIONARY, {{8, 0}}, 1, {{0, 0}, {0, 8}}, 2},
    {"dictionary-outside", DICTIONARY, {{8, 0}, {1, 0}}, 2, {{0, 0}, {0, 8}, {1 << 20, 0}, {64, 8}, {128, 8}}, 5},
    {"dictionary-before", DICTIONARY, {{8, 0}, {1, 0}}, 2, {{0, 0}, {64, 8}, {0, 0}, {0, 8}, {8, 8}}, 5},
    {"dictionary-below-zero", DICTIONARY, {{8, 0}, {1, 0}}, 2, {{0, 0}, {0, 8}, {-64, 0}, {64, 8}, {128, 8}}, 5},
    {"dictionary-crooked", DICTIONARY, {{8, 0}, {1, 0}}, 2, {{0, 0}, {0, 8}, {68, 0}, {72, 8}, {128, 8}}, 5},
    {"dictionary-null", DICTIONARY, {{8, 0}, {1, 1}}, 2, {{0, 0}, {0, 8}, {64, 8}, {72, 8}, {128, 8}}, 5},
    {"dictionary-short", DICTIONARY, {{8, 0}, {99, 0}}, 2, {{0, 0}, {0, 8}, {64, 0}, {64, 8}, {128, 8}}, 5},
    {"dictionary-long", DICTIONARY, {{8, 0}, {1, 0}}, 2, {{0, 0}, {0, 8}, {64, 0}, {64, 8}, {128, 999}}, 5},
    {"view-short", VIEWS, {{8, 0}}, 1, {{0, 0}, {0, 100}, {128, 0}}, 3},
    {"view-outside", VIEWS, {{8, 0}}, 1, {{0, 0}, {0, 128}, {128, 1 << 20}}, 3},
    {"view-more-buffers", VIEWS, {{8, 0}}, 1, {{0, 0}, {0, 128}, {128, 0}, {128, 8}}, 4},
    {"compressed-without-length", NUMBERS, {{8, 0}}, 1, {{0, 0}, {0, 4}}, 2},
    {"compressed-of-nothing", NUMBERS, {{8, 0}}, 1, {{0, 0}, {0, 0}}, 2},
    {"compressed-rows", NUMBERS, {{INT64_MAX, 0}}, 1, {{0, 0}, {0, 64}}, 2},
    {"compressed-outside", NUMBERS, {{8, 0}}, 1, {{0, 0}, {200, 64}}, 2},
};

static struct hs_answer_form form_for(const char *mode)
{
    return (struct hs_answer_form){.compression =
                                       strncmp(mode, "compressed-", 11) ? HS_COMPRESSION_NONE : HS_COMPRESSION_LZ4,
                                   .dictionaries = !strncmp(mode, "dictionary-", 11),
                                   .string_views = !strncmp(mode, "view-", 5),
                                   .narrow_decimals = !strcmp(mode, "form-too-narrow")};
}

static void say_lie(const struct lie *lie)
{
    struct hs_type type = lie->type;
    struct hs_batch_node nodes[2] = {lie->nodes[0], lie->nodes[1]};
    struct hs_batch_buffer buffers[5];
    memcpy(buffers, lie->buffers, sizeof buffers);
    struct hs_msg_batch m = {0, nodes[0].length, 256, nodes, lie->node_count, buffers, lie->buffer_count};
    struct hs_buf b;
    say_schema_of(&type);
    hs_buf_init(&b, 4096);
    hs_put_batch(&b, &m);
    say(HS_MSG_BATCH, b.at, b.len);
    hs_buf_fini(&b);
    for (;;)
        pause();
}

static void good_batch(uint32_t place)
{
    say_batch(place, 8, 64, 0, 64, 1);
}

static void scribble(int ring)
{
    uint64_t *at = mmap(NULL, 4 << 20, PROT_READ | PROT_WRITE, MAP_SHARED, ring, 0);
    good_batch(0);
    for (uint64_t i = 0;; i++)
        at[i % 512] = i * 0x9e3779b97f4a7c15u;
}

static void shrink(int ring)
{
    /* Sealed: were this possible, the server's next read would be its last. */
    if (ftruncate(ring, 0) == 0 || fcntl(ring, F_ADD_SEALS, F_SEAL_WRITE) == 0)
        good_batch(0); /* and an hs_batch_import of it would die */
    say(HS_MSG_ERROR, "\7\0\0\0Binder\0\4\0\0\0kept\0\0\0", 4 + 7 + 4 + 4 + 4);
    say(HS_MSG_READY, "", 0);
}

static void after_schema(const char *mode, int ring)
{
    if (!strcmp(mode, "unknown-slot"))
        good_batch(99);
    else if (!strcmp(mode, "unknown-segment"))
        good_batch(HS_PLACE_SEGMENT | 3);
    else if (!strcmp(mode, "slot-twice"))
        good_batch(0), good_batch(0);
    else if (!strcmp(mode, "long-body"))
        say_batch(0, 8, UINT64_C(1) << 40, 0, 64, 1);
    else if (!strcmp(mode, "buffer-outside"))
        say_batch(0, 8, 64, 1 << 20, 64, 1);
    else if (!strcmp(mode, "buffer-negative"))
        say_batch(0, 8, 64, -64, 64, 1);
    else if (!strcmp(mode, "buffer-short"))
        say_batch(0, 1000000, 64, 0, 64, 1);
    else if (!strcmp(mode, "nodes-wrong"))
        say_batch(0, 8, 64, 0, 64, 3);
    else if (!strcmp(mode, "rows-negative"))
        say_batch(0, -8, 64, 0, 64, 1);
    else if (!strcmp(mode, "batch-cut"))
        say(HS_MSG_BATCH, "\0\0\0\0\1", 5);
    else if (!strcmp(mode, "done-twice"))
        say(HS_MSG_DONE, "12345678", 8), say(HS_MSG_DONE, "12345678", 8);
    else if (!strcmp(mode, "batch-after-done"))
        say(HS_MSG_DONE, "12345678", 8), good_batch(0);
    else if (!strcmp(mode, "exit"))
        good_batch(0), _exit(0);
    else if (!strcmp(mode, "other-statement"))
        statement += 7, good_batch(0);
    else if (!strcmp(mode, "greedy"))
        say(HS_MSG_SEGMENT_ASK, "\0\0\0\0\0\1\0\0", 8), hear(HS_MSG_SEGMENT), good_batch(HS_PLACE_SEGMENT);
    else if (!strcmp(mode, "flood"))
        for (;;)
            good_batch(1), say(HS_MSG_READY, "", 0);
    else if (!strcmp(mode, "scribble"))
        scribble(ring);
    else if (!strcmp(mode, "shrink"))
        shrink(ring);
    for (;;)
        pause();
}

static void misbehave(const char *mode)
{
    static const uint8_t lie[] = {69, 0, 0, 0, 1, 0, 0, 0, 255, 0, 0, 0, 'x'},
                         two[] = {69, 1, 0, 0, 9, 9, 0, 0, 1, 0, 0, 0, 'x'};
    uint32_t walls = 7;
    hs_channel_reader_init(&reader, HS_CHANNEL_MAX);
    say(HS_MSG_READY, "", 0);
    hear(HS_MSG_LEASE);
    if (!strcmp(mode, "no-walls"))
        walls = 0;
    if (!strcmp(mode, "early-batch"))
        good_batch(0);
    say(HS_MSG_WALLS, &walls, sizeof walls);
    struct hs_channel_message run = hear(HS_MSG_RUN);
    if (!strcmp(mode, "silent"))
        pause();
    if (!strcmp(mode, "length-lie"))
        say_raw(lie, sizeof lie);
    if (!strcmp(mode, "never-whole"))
        for (;;)
            say_raw(two, sizeof two);
    if (!strcmp(mode, "one-byte"))
        say_raw("E", 1);
    if (!strcmp(mode, "unknown-kind"))
        say(200, "x", 1);
    if (!strcmp(mode, "schema-deep")) {
        char deep[5000];
        for (size_t i = 0; i < sizeof deep; i++)
            deep[i] = "\21\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\0"[i % 22];
        say(HS_MSG_SCHEMA, deep, sizeof deep);
    }
    if (!strcmp(mode, "schema-empty"))
        say(HS_MSG_SCHEMA, "", 0);
    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++)
        if (!strcmp(mode, lies[i].mode))
            say_lie(&lies[i]);
    say_schema();
    after_schema(mode, run.passed);
}

/* ---- the server's side ---- */
static const char *const modes[] = {
    "no-walls",       "early-batch",      "length-lie",   "never-whole", "one-byte",        "unknown-kind",
    "schema-deep",    "schema-empty",     "unknown-slot", "slot-twice",  "unknown-segment", "long-body",
    "buffer-outside", "buffer-short",     "nodes-wrong",  "batch-cut",   "buffer-negative", "rows-negative",
    "done-twice",     "batch-after-done", "exit",         "flood",       "other-statement", "greedy",
    "shrink",         "silent",
};

static hs_rc run_hostile(struct hs_engine *e, struct hs_err *err)
{
    struct hs_stream *s;
    hs_rc rc = start(e, "mallory", "", hs_mono_us() + 700000, &s, err);
    if (rc == HS_OK)
        drain(s, &rc, err);
    return rc;
}

static void one_bad_word(struct hs_engine *honest, const char *mode)
{
    char faults[100];
    struct hs_err err = {0};
    snprintf(faults, sizeof faults, "hostile=%s", mode);
    setenv("HS_FAULTS", faults, 1);
    struct hs_engine *e = open_engine((struct hs_engine_settings){.slot_bytes = 1 << 20});
    asked_form = form_for(mode);
    hs_rc rc = run_hostile(e, &err);
    /* One that ends well and then goes on talking has ended its statement: that one it may keep. */
    bool may_pass = !strcmp(mode, "done-twice") || !strcmp(mode, "batch-after-done");
    if (rc == HS_OK && !may_pass)
        print_error("%s passed\n", mode);
    assert_true(rc != HS_OK || may_pass);
    if (form_for(mode).dictionaries || form_for(mode).compression) /* seen through, not waited for */
        assert_int_not_equal(rc, HS_TIMEOUT);
    assert_non_null(memchr(err.shown, 0, sizeof err.shown));
    assert_true(run_hostile(e, &err) != HS_OK || may_pass); /* a new worker: the pool lives */
    wait_for_rest(e);
    unsetenv("HS_FAULTS");
    asked_form = form_for("");
    assert_int_equal(rows_of(honest, "ana", "SELECT 1 FROM t LIMIT 3"), 3);
    hs_engine_close(e);
}

static void bad_words_end_one_statement(void **state)
{
    (void)state;
    struct hs_engine *honest = open_engine((struct hs_engine_settings){0});
    assert_int_equal(rows_of(honest, "ana", ""), 300000);
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++)
        one_bad_word(honest, modes[i]);
    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++)
        one_bad_word(honest, lies[i].mode);
    hs_engine_close(honest);
}

/* Bytes that change while they are read may spoil the answer, never the reader. */
static void a_ring_that_is_scribbled_over_harms_nobody(void **state)
{
    (void)state;
    setenv("HS_FAULTS", "hostile=scribble", 1);
    struct hs_engine *e = open_engine((struct hs_engine_settings){0});
    struct hs_stream *s;
    struct hs_err err;
    struct hs_batch b;
    assert_int_equal(start(e, "mallory", "", 0, &s, &err), HS_OK);
    while (hs_stream_poll(s, &b, &err) == HS_STREAM_WAIT)
        usleep(1000);
    assert_int_equal(b.rows, 8);
    volatile uint64_t sum = 0;
    for (int i = 0; i < 100000; i++)
        sum += b.body[i % 64];
    (void)sum;
    hs_batch_release(&b);
    hs_stream_close(s);
    unsetenv("HS_FAULTS");
    wait_for_rest(e);
    hs_engine_close(e);
}

/* In a process of its own, where the check is switched off: what it stands against reaches the reader. */
static void unchecked(void **state)
{
    (void)state;
    struct hs_engine *e = open_engine((struct hs_engine_settings){.slot_bytes = 1 << 20});
    struct hs_stream *s;
    struct hs_err err;
    struct hs_batch b;
    assert_int_equal(start(e, "mallory", "", 0, &s, &err), HS_OK);
    enum hs_stream_state at;
    while ((at = hs_stream_poll(s, &b, &err)) == HS_STREAM_WAIT)
        usleep(1000);
    assert_int_equal(at, HS_STREAM_BATCH);
    assert_true(b.buffers[1].offset > (int64_t)b.body_len); /* a front would read a megabyte past the body */
    hs_batch_release(&b);
    hs_stream_close(s);
    wait_for_rest(e);
    hs_engine_close(e);
}

static void without_the_check_a_buffer_lies_outside(void **state)
{
    (void)state;
    setenv("HS_FAULTS", "no-ring-check,hostile=buffer-outside", 1);
    pid_t child = 0;
    char self[] = "/proc/self/exe", word[] = "unchecked", *const arguments[] = {self, word, NULL};
    int status = -1;
    assert_int_equal(posix_spawn(&child, self, NULL, NULL, arguments, environ), 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    unsetenv("HS_FAULTS");
    assert_int_equal(status, 0);
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "unchecked") == 0) {
        const struct CMUnitTest alone[] = {cmocka_unit_test(unchecked)};
        int failed = cmocka_run_group_tests(alone, make_table, NULL);
        return remove_directory() ? 1 : failed;
    }
    if (argc > 1 && strcmp(argv[1], "worker") == 0) {
        if (hs_fault("hostile"))
            misbehave(hs_fault_value("hostile"));
        return hs_worker_main(argc, argv);
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_words_end_one_statement),
        cmocka_unit_test(a_ring_that_is_scribbled_over_harms_nobody),
        cmocka_unit_test(without_the_check_a_buffer_lies_outside),
    };
    int failed = cmocka_run_group_tests(tests, make_table, NULL);
    return remove_directory() ? 1 : failed;
}
