/* `hailstorm audit verify`: reads every chain in a directory again. Names breaks (a line changed, removed or put in),
 * heads that do not sign, a chain without a closing head (the process was killed, or its end was cut), and intents
 * without outcome. */
#include "access/access_in.h"

#include "base/alloc.h"
#include "base/hash.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>
#include <yyjson.h>

/* The line that a file's first line says it follows. */
struct begin {
    hs_str file, hash; /* 32 bytes */
};

struct check {
    struct hs_arena *arena;
    struct hs_buf *out;
    int problems;
    const uint8_t *key;
    hs_str file;
    int64_t line, lines, intents, outcomes;
    uint8_t previous[32];
    bool closed;           /* the last line was a good closing head */
    bool live;             /* its writer runs: statements may be under way, and the end is not the end */
    struct hs_map *open;   /* intents without outcome yet, by request id */
    struct hs_map *hashes; /* of every line of every file */
    HS_VEC(struct begin) begins;
};

static void problem(struct check *c, const char *words, hs_str what)
{
    hs_buf_addf(c->out, "%.*s:%lld: %s%s%.*s\n", HS_FMT(c->file), (long long)c->line, words, what.len ? ": " : "",
                HS_FMT(what));
    c->problems++;
}

static bool hex_is(const char *text, const uint8_t *bytes)
{
    struct hs_buf hex;
    hs_buf_init(&hex, 128);
    hs_buf_add_hex(&hex, bytes, 32);
    bool same = text && hs_str_is(hs_buf_str(&hex), text);
    hs_buf_fini(&hex);
    return same;
}

/* The signature covers the line up to AUDIT_HEAD; nothing may follow it but the closing quote and brace. */
static void check_head(struct check *c, hs_str line, const char *head, bool closing)
{
    uint8_t mac[32];
    size_t tail = sizeof AUDIT_HEAD - 1 + 64 + 2;
    hs_str text = {line.at, line.len > tail ? line.len - tail : 0};
    bool placed = memcmp(line.at + text.len, AUDIT_HEAD, sizeof AUDIT_HEAD - 1) == 0;
    if (!text.len || !placed || hs_hmac_sha256(hs_str_n(c->key, 32), text, mac, NULL) != HS_OK || !hex_is(head, mac))
        problem(c, "this head was not signed with our key", (hs_str){0});
    else
        c->closed = closing;
}

static bool hex_read(const char *text, uint8_t *out, size_t len)
{
    if (strlen(text) != 2 * len)
        return false;
    for (size_t i = 0; i < 2 * len; i++) {
        const char *digits = "0123456789abcdef", *at = strchr(digits, text[i]);
        if (!at)
            return false;
        out[i / 2] = (uint8_t)(i % 2 ? out[i / 2] | (at - digits) : (at - digits) << 4);
    }
    return true;
}

static void keep_hash(struct check *c)
{
    hs_str bytes = hs_arena_str(c->arena, hs_str_n(c->previous, 32));
    if (!bytes.at || hs_map_put(c->hashes, bytes, c, NULL) != HS_OK)
        problem(c, "out of memory", (hs_str){0});
}

/* A file's first line follows the last line of an older file, or nothing. */
static void take_begin(struct check *c, const char *previous)
{
    if (c->line != 1 || !previous || !hex_read(previous, c->previous, 32))
        return;
    static const uint8_t NOTHING[32];
    struct begin *b = memcmp(c->previous, NOTHING, 32) ? hs_vec_add(c->arena, &c->begins) : NULL;
    if (b)
        *b = (struct begin){c->file, hs_arena_str(c->arena, hs_str_n(c->previous, 32))};
}

static void check_begins(struct check *c)
{
    c->line = 1;
    for (size_t i = 0; i < c->begins.len; i++) {
        c->file = c->begins.at[i].file;
        if (!hs_map_get(c->hashes, c->begins.at[i].hash))
            problem(c, "the file or line that this one follows is not here", (hs_str){0});
    }
}

static const char *member(yyjson_val *v, const char *key)
{
    return yyjson_get_str(yyjson_obj_get(v, key));
}

static void check_phase(struct check *c, yyjson_val *v)
{
    const char *phase = member(v, "phase"), *id = member(yyjson_obj_get(v, "metadata"), "correlation_uid");
    if (!phase || !id) {
        problem(c, "not an audit record", (hs_str){0});
        return;
    }
    bool intent = strcmp(phase, "intent") == 0, outcome = strcmp(phase, "outcome") == 0;
    c->intents += intent;
    c->outcomes += outcome;
    if (outcome && !hs_map_get(c->open, hs_str_of(id)))
        problem(c, "an outcome without intent", hs_str_of(id));
    if (intent || outcome)
        hs_ignore(hs_map_put(c->open, hs_str_of(id), intent ? c : NULL, NULL));
}

static void check_line(struct check *c, hs_str line)
{
    c->line++;
    c->lines++;
    c->closed = false;
    yyjson_doc *doc = yyjson_read(line.at, line.len, 0);
    yyjson_val *v = yyjson_doc_get_root(doc);
    take_begin(c, member(v, "previous"));
    if (!doc || !yyjson_is_obj(v))
        problem(c, "not JSON", (hs_str){0});
    else if (!hex_is(member(v, "previous"), c->previous))
        problem(c, "the chain is broken here: a line before this one was changed, removed or put in", (hs_str){0});
    else if (member(v, "head"))
        check_head(c, line, member(v, "head"), yyjson_get_bool(yyjson_obj_get(v, "closing")));
    else
        check_phase(c, v);
    yyjson_doc_free(doc);
    if (hs_sha256_once(line, c->previous, NULL) != HS_OK)
        problem(c, "cannot hash", (hs_str){0});
    keep_hash(c);
}

static void check_open(struct check *c, hs_str text)
{
    /* A second walk, since a map cannot be listed: small files, a rare command. */
    while (text.len) {
        hs_str line = hs_str_cut(&text, '\n');
        yyjson_doc *doc = yyjson_read(line.at, line.len, 0);
        yyjson_val *v = yyjson_doc_get_root(doc);
        const char *phase = member(v, "phase"), *id = member(yyjson_obj_get(v, "metadata"), "correlation_uid");
        if (phase && id && strcmp(phase, "intent") == 0 && hs_map_get(c->open, hs_str_of(id)))
            problem(c, "an intent without outcome (the process ended first)", hs_str_of(id));
        yyjson_doc_free(doc);
    }
}

static bool being_written(hs_str path)
{
    int fd = open(path.at, O_RDONLY | O_CLOEXEC); /* an arena string ends in NUL */
    bool live = fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    if (fd >= 0)
        close(fd);
    return live;
}

static hs_rc check_file(struct check *c, hs_str directory, struct hs_err *err)
{
    hs_str text, path = hs_arena_printf(c->arena, "%.*s/%.*s", HS_FMT(directory), HS_FMT(c->file));
    c->live = path.at && being_written(path);
    HS_TRY(hs_store_read(c->arena, path, (size_t)1 << 31, &text, err));
    if (c->live) /* what is half written now is not there yet */
        while (text.len && text.at[text.len - 1] != '\n')
            text.len--;
    memset(c->previous, 0, sizeof c->previous);
    c->line = 0;
    c->closed = false;
    c->open = hs_map_new(c->arena);
    if (!c->open)
        return hs_fail(err, HS_NOMEM, "out of memory");
    for (hs_str rest = text; rest.len;)
        check_line(c, hs_str_cut(&rest, '\n'));
    if (c->live) {
        hs_buf_addf(c->out, "%.*s:%lld: still being written\n", HS_FMT(c->file), (long long)c->line);
        return HS_OK;
    }
    check_open(c, text);
    if (!c->closed)
        problem(c, "no signed head at the end: the process was killed, or the end was cut", (hs_str){0});
    return HS_OK;
}

static int by_name(const void *a, const void *b)
{
    return hs_str_cmp(*(const hs_str *)a, *(const hs_str *)b);
}

static hs_rc check_all(struct check *c, hs_str directory, struct hs_err *err)
{
    hs_str *names;
    size_t count;
    HS_TRY(hs_store_list(c->arena, directory, &names, &count, err));
    if (count)
        qsort(names, count, sizeof *names, by_name);
    for (size_t i = 0; i < count; i++)
        if (hs_str_ends(names[i], HS_S(".jsonl"))) {
            c->file = names[i];
            HS_TRY(check_file(c, directory, err));
        }
    check_begins(c);
    hs_buf_addf(c->out, "%lld records, %lld intents, %lld outcomes, %d problems\n", (long long)c->lines,
                (long long)c->intents, (long long)c->outcomes, c->problems);
    return hs_buf_done(c->out, err);
}

hs_rc hs_audit_verify(struct hs_auth *auth, hs_str directory, struct hs_buf *out, int *out_problems, struct hs_err *err)
{
    uint8_t key[32];
    hs_str key_id;
    HS_TRY(hs_auth_derive(auth, HS_S("audit"), key, &key_id, err));
    struct check c = {.arena = hs_arena_new(0), .out = out, .key = key};
    c.hashes = c.arena ? hs_map_new(c.arena) : NULL;
    hs_rc rc = c.hashes ? check_all(&c, directory, err) : hs_fail(err, HS_NOMEM, "out of memory");
    *out_problems = c.problems;
    hs_arena_free(c.arena);
    hs_wipe(key, sizeof key);
    return rc;
}
