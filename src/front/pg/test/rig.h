/* A client joined to hs_front_pg by memory: messages in, messages out, and a short text of what the server said, one
 * word a message, to compare with. */
#ifndef HS_PG_TEST_RIG_H
#define HS_PG_TEST_RIG_H

#include "fake.h"
#include "front/frontend.h"
#include "front/pg/codec.h"
#include "front/pg/settings.h"

#include <sys/uio.h>

struct rig {
    void *session;
    bool session_open;
    struct hs_front_env env;
    struct hs_pg_settings settings;
    struct hs_out out;
    struct hs_buf sent; /* by the client, not yet fed */
    struct hs_buf got;  /* from the server, not yet looked at */
    bool woken, broken, no_jobs, far;
    int64_t now_ms;
    int32_t pid;
    uint8_t key[256];
    size_t key_len;
    struct hs_err err;
};

static inline void rig_wake(void *waker)
{
    ((struct rig *)waker)->woken = true;
}

static inline bool rig_open_session(struct rig *r, bool tls, bool may_upgrade)
{
    struct hs_peer peer = {.address = r->far ? HS_S("192.0.2.1:5") : HS_S("127.0.0.1:5"), .tls = tls};
    peer.may_upgrade = may_upgrade;
    if (tls)
        peer.end_point = HS_S("digest");
    r->session_open = hs_front_pg.open(&r->env, &peer, r, &r->session, &r->err) == HS_OK;
    return r->session_open;
}

static inline void rig_init(struct rig *r)
{
    *r = (struct rig){.now_ms = 1000};
    r->env = (struct hs_front_env){
        .access = (struct hs_access *)r, .wake = rig_wake, .server_version = "9.9", .settings = &r->settings};
    hs_buf_init(&r->sent, 1 << 26);
    hs_buf_init(&r->got, 1 << 28);
    hs_out_init(&r->out);
    hs_log_setup(HS_LOG_ERROR, false, 2);
}

static inline bool rig_open(struct rig *r)
{
    return hs_front_pg.share(&r->env, &r->env.shared, &r->err) == HS_OK && rig_open_session(r, false, false);
}

static inline void rig_close_session(struct rig *r)
{
    if (r->session_open)
        hs_front_pg.close(r->session);
    r->session_open = false;
    hs_buf_clear(&r->sent);
    hs_out_fini(&r->out);
    hs_out_init(&r->out);
}

static inline void rig_close(struct rig *r)
{
    rig_close_session(r);
    fake_run_jobs(); /* what nobody waits for any more */
    hs_front_pg.unshare(r->env.shared);
    hs_buf_fini(&r->sent);
    hs_buf_fini(&r->got);
    hs_out_fini(&r->out);
}

/* ---- the loop ---- */

static inline bool rig_drain(struct rig *r)
{
    struct iovec iov[16];
    bool any = false;
    for (;;) {
        int n = hs_out_iov(&r->out, iov, 16);
        if (n == 0)
            return any;
        any = true;
        for (int i = 0; i < n; i++) {
            size_t len = iov[i].iov_len;
            hs_buf_add(&r->got, iov[i].iov_base, len);
            hs_out_consumed(&r->out, len);
            i = n; /* the list is stale */
        }
    }
}

static inline bool rig_done(struct rig *r)
{
    return !r->session_open || r->broken || hs_front_pg.done(r->session);
}

static inline void rig_feed(struct rig *r, hs_str bytes)
{
    hs_front_pg.tick(r->session, r->now_ms);
    if (hs_front_pg.feed(r->session, bytes, &r->err) != HS_OK)
        r->broken = true;
}

static inline void rig_produce(struct rig *r)
{
    do {
        if (hs_front_pg.produce(r->session, &r->out, &r->err) != HS_OK)
            r->broken = true;
    } while (rig_drain(r) && !r->broken);
}

/* Until nothing moves: what was sent is fed `step` bytes at a time (0: whole). */
static inline void rig_run_by(struct rig *r, size_t step)
{
    for (int turns = 0; turns < 1000000 && r->session_open && !r->broken; turns++) {
        bool any = false;
        if (r->sent.len && hs_front_pg.wants_input(r->session)) {
            size_t n = step && step < r->sent.len ? step : r->sent.len;
            n = n < 65536 ? n : 65536;
            rig_feed(r, hs_str_n(r->sent.at, n));
            hs_buf_drop(&r->sent, n);
            any = true;
        }
        rig_produce(r);
        if (r->woken) {
            r->woken = false;
            hs_front_pg.tick(r->session, r->now_ms);
            hs_front_pg.wake(r->session);
            rig_produce(r);
            any = true;
        }
        if (!r->no_jobs && fake_run_jobs())
            any = true;
        if (fake.async && fake_go_on(false))
            any = true;
        if (!any)
            return;
    }
}

static inline void rig_run(struct rig *r)
{
    rig_run_by(r, 0);
}

/* ---- saying ---- */

static inline void rig_bytes(struct rig *r, const void *at, size_t len)
{
    hs_buf_add(&r->sent, at, len);
}

static inline void rig_start_packet(struct rig *r, uint32_t code, hs_str body)
{
    hs_pg_add_i32(&r->sent, (int32_t)(8 + body.len));
    hs_pg_add_i32(&r->sent, (int32_t)code);
    hs_buf_adds(&r->sent, body);
}

static inline void rig_start(struct rig *r, uint32_t code, const char *const *pairs)
{
    struct hs_buf b;
    hs_buf_init(&b, 1 << 16);
    for (size_t i = 0; pairs[i]; i++)
        hs_pg_add_text(&b, hs_str_of(pairs[i]));
    hs_buf_addc(&b, 0);
    rig_start_packet(r, code, hs_buf_str(&b));
    hs_buf_fini(&b);
}

static inline void rig_text_message(struct rig *r, char kind, const char *text)
{
    size_t at = hs_pg_begin(&r->sent, kind);
    hs_pg_add_text(&r->sent, hs_str_of(text));
    hs_pg_end(&r->sent, at);
}

static inline void rig_query(struct rig *r, const char *sql)
{
    rig_text_message(r, 'Q', sql);
}

static inline void rig_prove(struct rig *r, const char *password)
{
    size_t at = hs_pg_begin(&r->sent, 'p');
    hs_pg_add_text(&r->sent, HS_S("SCRAM-SHA-256"));
    hs_pg_add_i32(&r->sent, 8);
    hs_buf_addz(&r->sent, "n,,n=,r=");
    hs_pg_end(&r->sent, at);
    at = hs_pg_begin(&r->sent, 'p');
    hs_buf_addz(&r->sent, password);
    hs_pg_end(&r->sent, at);
}

static inline void rig_parse(struct rig *r, const char *name, const char *sql, size_t count, const uint32_t *types)
{
    size_t at = hs_pg_begin(&r->sent, 'P');
    hs_pg_add_text(&r->sent, hs_str_of(name));
    hs_pg_add_text(&r->sent, hs_str_of(sql));
    hs_pg_add_i16(&r->sent, (int16_t)count);
    for (size_t i = 0; i < count; i++)
        hs_pg_add_i32(&r->sent, (int32_t)types[i]);
    hs_pg_end(&r->sent, at);
}

/* Values in text; result_format: of all columns. */
static inline void rig_bind(struct rig *r, const char *portal, const char *name, size_t count,
                            const char *const *values, int16_t result_format)
{
    size_t at = hs_pg_begin(&r->sent, 'B');
    hs_pg_add_text(&r->sent, hs_str_of(portal));
    hs_pg_add_text(&r->sent, hs_str_of(name));
    hs_pg_add_i16(&r->sent, 0);
    hs_pg_add_i16(&r->sent, (int16_t)count);
    for (size_t i = 0; i < count; i++) {
        hs_pg_add_i32(&r->sent, values[i] ? (int32_t)strlen(values[i]) : -1);
        hs_buf_addz(&r->sent, values[i] ? values[i] : "");
    }
    hs_pg_add_i16(&r->sent, 1);
    hs_pg_add_i16(&r->sent, result_format);
    hs_pg_end(&r->sent, at);
}

static inline void rig_of(struct rig *r, char kind, char what, const char *name) /* Describe, Close */
{
    size_t at = hs_pg_begin(&r->sent, kind);
    hs_buf_addc(&r->sent, what);
    hs_pg_add_text(&r->sent, hs_str_of(name));
    hs_pg_end(&r->sent, at);
}

static inline void rig_execute(struct rig *r, const char *portal, int32_t limit)
{
    size_t at = hs_pg_begin(&r->sent, 'E');
    hs_pg_add_text(&r->sent, hs_str_of(portal));
    hs_pg_add_i32(&r->sent, limit);
    hs_pg_end(&r->sent, at);
}

static inline void rig_say(struct rig *r, char kind)
{
    hs_pg_end(&r->sent, hs_pg_begin(&r->sent, kind));
}

/* ---- what came ---- */

static inline void rig_field(hs_str body, char field, struct hs_buf *out)
{
    struct hs_cursor c = hs_cursor_of(body);
    for (;;) {
        char f = (char)hs_cursor_u8(&c);
        if (c.bad || !f)
            return;
        hs_str text = hs_pg_text(&c);
        if (f == field)
            hs_buf_adds(out, text);
    }
}

static inline void rig_columns(hs_str body, struct hs_buf *out)
{
    struct hs_cursor c = hs_cursor_of(body);
    size_t n = hs_cursor_u16be(&c);
    for (size_t i = 0; i < n; i++) {
        hs_buf_addz(out, i ? "," : "");
        hs_buf_adds(out, hs_pg_text(&c));
        hs_cursor_skip(&c, 6);
        hs_buf_addf(out, ":%u", hs_cursor_u32be(&c));
        hs_cursor_skip(&c, 6);
        if (hs_cursor_u16be(&c))
            hs_buf_addz(out, "b");
    }
}

static inline void rig_row(hs_str body, struct hs_buf *out)
{
    struct hs_cursor c = hs_cursor_of(body);
    size_t n = hs_cursor_u16be(&c);
    for (size_t i = 0; i < n; i++) {
        int32_t len = (int32_t)hs_cursor_u32be(&c);
        if (i)
            hs_buf_addc(out, ',');
        if (len < 0) {
            hs_buf_addz(out, "NULL");
            continue;
        }
        hs_str v = hs_cursor_bytes(&c, (uint64_t)len);
        for (size_t k = 0; k < v.len; k++) {
            if (v.at[k] >= ' ')
                hs_buf_addc(out, v.at[k]);
            else
                hs_buf_addf(out, "\\%d", v.at[k]);
        }
    }
}

static inline void rig_word(struct rig *r, char kind, hs_str body, struct hs_buf *out)
{
    struct hs_cursor c = hs_cursor_of(body);
    hs_buf_addf(out, "%s%c", out->len ? " " : "", kind);
    if (kind == 'E' || kind == 'N')
        rig_field(body, 'C', out);
    else if (kind == 'C') {
        hs_buf_addc(out, '[');
        hs_buf_adds(out, hs_pg_text(&c));
        hs_buf_addc(out, ']');
    } else if (kind == 'Z')
        hs_buf_adds(out, body);
    else if (kind == 'R')
        hs_buf_addf(out, "%u", hs_cursor_u32be(&c));
    else if (kind == 'T') {
        hs_buf_addc(out, '(');
        rig_columns(body, out);
        hs_buf_addc(out, ')');
    } else if (kind == 'D') {
        hs_buf_addc(out, '(');
        rig_row(body, out);
        hs_buf_addc(out, ')');
    } else if (kind == 'd' || kind == 'S') {
        hs_buf_addc(out, '<');
        for (size_t i = 0; i < body.len; i++)
            hs_buf_addc(out, body.at[i] >= ' ' ? body.at[i] : body.at[i] ? '.' : '=');
        hs_buf_addc(out, '>');
    } else if (kind == 'K') {
        r->pid = (int32_t)hs_cursor_u32be(&c);
        r->key_len = hs_cursor_left(&c) < sizeof r->key ? hs_cursor_left(&c) : sizeof r->key;
        memcpy(r->key, c.at, r->key_len);
    }
}

/* Takes all that came as words; valid until the next call. */
static inline const char *rig_said(struct rig *r)
{
    static struct hs_buf words;
    hs_buf_fini(&words);
    hs_buf_init(&words, 1 << 26);
    hs_buf_addz(&words, "");
    size_t at = 0, len;
    char kind;
    while (hs_pg_message_head(hs_str_n(r->got.at + at, r->got.len - at), &kind, &len) == PG_FRAME_WHOLE &&
           r->got.len - at >= 5 + len) {
        rig_word(r, kind, hs_str_n(r->got.at + at + 5, len), &words);
        at += 5 + len;
    }
    if (at < r->got.len)
        hs_buf_addf(&words, " +%zu", r->got.len - at);
    hs_buf_clear(&r->got);
    return words.at ? words.at : "";
}

/* From nothing to the first ReadyForQuery. */
static inline void rig_sign_in(struct rig *r)
{
    rig_start(r, PG_VERSION_3_0, (const char *const[]){"user", "ana", "database", "mesh", NULL});
    rig_prove(r, "secret");
    rig_run(r);
}

#endif
