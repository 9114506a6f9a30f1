/* What comes before any message has a kind: wishes for TLS, a cancel, and the start-up packet with who asks for what.
 */
#include "front/pg/parameters.h"

#include "base/alloc.h"
#include "base/log.h"

#include <stdio.h>

enum { KEY_3_0 = 4, KEY_3_2 = 32, OPTIONS_MAX = 4096 };

/* One byte, no message. */
static void answer(struct pg_session *s, char c)
{
    hs_buf_addc(&s->reply, c);
}

static void end_quietly(struct pg_session *s)
{
    hs_pg_become(s, PG_ENDED);
}

/* Plain bytes behind the request were written by whoever sat in between (CVE-2021-23214). */
static void tls_wished(struct pg_session *s, bool more)
{
    if (s->tls || s->wished_tls) {
        hs_pg_fatal(s, "08P01", "TLS is there already");
        return;
    }
    s->wished_tls = true;
    answer(s, s->may_upgrade ? 'S' : 'N');
    if (s->may_upgrade && more)
        end_quietly(s);
    else if (s->may_upgrade)
        hs_pg_become(s, PG_SECURING);
}

static void gss_wished(struct pg_session *s)
{
    if (s->wished_gss)
        hs_pg_fatal(s, "08P01", "GSSAPI is not to be had here");
    else
        answer(s, 'N');
    s->wished_gss = true;
}

static void cancel(struct pg_session *s, hs_str body)
{
    struct hs_cursor c = hs_cursor_of(body);
    int32_t pid = (int32_t)hs_cursor_u32be(&c);
    hs_str key = hs_str_n(c.at, hs_cursor_left(&c));
    if (!c.bad && key.len >= KEY_3_0 && key.len <= PG_CANCEL_KEY_MAX)
        hs_pg_cancel_other(s->door, pid, key);
    end_quietly(s); /* nothing is answered, right or wrong */
}

/* ---- the start-up packet ---- */

static bool is_flag_off(hs_str v)
{
    return hs_str_eq_nocase(v, HS_S("false")) || hs_str_eq_nocase(v, HS_S("off")) || hs_str_eq_nocase(v, HS_S("no")) ||
           hs_str_is(v, "0");
}

/* NegotiateProtocolVersion: the newest minor version we speak, and what of its options we know not. */
static void negotiate(struct pg_session *s, const struct pg_pairs *p, uint32_t version)
{
    int32_t unknown = 0;
    bool newer = version > PG_VERSION_3_2 || version == PG_VERSION_3_0 + 1; /* 3.1 was never spoken */
    for (size_t i = 0; i < p->count; i++)
        unknown += hs_str_starts(p->at[i].name, HS_S("_pq_."));
    s->protocol = version >= PG_VERSION_3_2 ? PG_VERSION_3_2 : PG_VERSION_3_0;
    if (!newer && !unknown)
        return;
    size_t at = hs_pg_begin(&s->reply, 'v');
    hs_pg_add_i32(&s->reply, (int32_t)s->protocol);
    hs_pg_add_i32(&s->reply, unknown);
    for (size_t i = 0; i < p->count; i++)
        if (hs_str_starts(p->at[i].name, HS_S("_pq_.")))
            hs_pg_add_text(&s->reply, p->at[i].name);
    hs_pg_end(&s->reply, at);
}

/* A value that was not taken ends the connection, as PostgreSQL has it. */
static bool take_parameter(struct pg_session *s, hs_str name, hs_str value)
{
    struct hs_err err;
    const char *state;
    if (hs_pg_parameter_start(s, name, value, &state, &err) == HS_OK)
        return true;
    hs_pg_fatal(s, state, "%s", err.shown);
    return false;
}

/* The next word of `options`, blanks escaped by backslashes; false: none is left, or it is too long. */
static bool next_word(hs_str *rest, char out[OPTIONS_MAX])
{
    size_t i = 0, n = 0;
    while (i < rest->len && (rest->at[i] == ' ' || rest->at[i] == '\t'))
        i++;
    if (i == rest->len)
        return false;
    for (; i < rest->len && rest->at[i] != ' ' && rest->at[i] != '\t' && n < OPTIONS_MAX - 1; i++) {
        if (rest->at[i] == '\\' && i + 1 < rest->len)
            i++;
        out[n++] = rest->at[i];
    }
    out[n] = 0;
    *rest = hs_str_n(rest->at + i, rest->len - i);
    return true;
}

static bool take_assignment(struct pg_session *s, hs_str words)
{
    hs_str name = hs_str_cut(&words, '=');
    char flat[64];
    if (!words.at || name.len == 0 || name.len >= sizeof flat) {
        hs_pg_fatal(s, "42601", "options are written -c name=value");
        return false;
    }
    for (size_t i = 0; i < name.len; i++)
        flat[i] = name.at[i] == '-' ? '_' : name.at[i];
    return take_parameter(s, hs_str_n(flat, name.len), words);
}

/* "-c name=value", "-cname=value", "--name=value". */
static bool take_options(struct pg_session *s, hs_str options)
{
    char word[OPTIONS_MAX];
    while (next_word(&options, word)) {
        hs_str w = hs_str_of(word);
        bool good;
        if (hs_str_is(w, "-c"))
            good = next_word(&options, word) && take_assignment(s, hs_str_of(word));
        else if (hs_str_starts(w, HS_S("-c")) || hs_str_starts(w, HS_S("--")))
            good = take_assignment(s, hs_str_n(w.at + 2, w.len - 2));
        else
            good = false;
        if (!good) {
            hs_pg_fatal(s, "42601", "invalid command-line argument for server process");
            return false;
        }
    }
    return true;
}

static bool take_pair(struct pg_session *s, struct pg_pair p)
{
    if (hs_str_is(p.name, "user") || hs_str_is(p.name, "database") || hs_str_starts(p.name, HS_S("_pq_.")))
        return true;
    if (hs_str_is(p.name, "options"))
        return take_options(s, p.value);
    if (!hs_str_is(p.name, "replication"))
        return take_parameter(s, p.name, p.value);
    if (is_flag_off(p.value))
        return true;
    hs_pg_fatal(s, "0A000", "replication is not supported");
    return false;
}

static hs_str pair_of(const struct pg_pairs *p, const char *name)
{
    for (size_t i = 0; i < p->count; i++)
        if (hs_str_is(p->at[i].name, name))
            return p->at[i].value;
    return (hs_str){"", 0};
}

static bool take_names(struct pg_session *s, const struct pg_pairs *p)
{
    hs_str user = pair_of(p, "user"), database = pair_of(p, "database");
    if (!user.len) {
        hs_pg_fatal(s, "28000", "no PostgreSQL user name specified in startup packet");
        return false;
    }
    if (!hs_utf8_valid(user) || !hs_utf8_valid(database)) {
        hs_pg_fatal(s, "22021", "names in the startup packet are not UTF-8");
        return false;
    }
    s->user = hs_arena_str(s->arena, user);
    s->database = hs_arena_str(s->arena, database);
    if (s->user.at && s->database.at)
        return true;
    hs_pg_fatal(s, "53200", "out of memory");
    return false;
}

static void start_up(struct pg_session *s, const struct pg_start_packet *packet)
{
    struct pg_pairs pairs;
    if (packet->code >> 16 != 3) {
        hs_pg_fatal(s, "0A000", "unsupported frontend protocol %u.%u: server supports 3.0 to 3.2", packet->code >> 16,
                    packet->code & 0xFFFF);
        return;
    }
    if (!hs_pg_read_pairs(packet->body, &pairs)) {
        hs_pg_fatal(s, "08P01", "invalid startup packet layout: expected terminator as last byte");
        return;
    }
    if (!take_names(s, &pairs))
        return;
    negotiate(s, &pairs, packet->code);
    for (size_t i = 0; i < pairs.count; i++)
        if (!take_pair(s, pairs.at[i]))
            return;
    hs_pg_ask_proof(s);
}

bool hs_pg_start(struct pg_session *s, hs_str in)
{
    struct pg_start_packet packet;
    switch (hs_pg_start_packet(in, &packet)) {
    case PG_FRAME_PART:
        return false;
    case PG_FRAME_BAD:
        hs_pg_fatal(s, "08P01", "invalid length of startup packet");
        return false;
    case PG_FRAME_WHOLE:
        break;
    }
    if (packet.code == PG_SSL)
        tls_wished(s, in.len > packet.bytes);
    else if (packet.code == PG_GSSENC)
        gss_wished(s);
    else if (packet.code == PG_CANCEL)
        cancel(s, packet.body);
    else
        start_up(s, &packet);
    hs_pg_consume(s, packet.bytes);
    return s->state != PG_ENDED;
}

/* ---- let in ---- */

/* The mesh is the database. libpq names the user where nobody named one, so that counts as nothing said. */
static bool check_database(struct pg_session *s)
{
    struct hs_model *model = hs_access_model(s->env->access);
    bool default_name = s->database.len == 0 || hs_str_eq(s->database, s->user);
    bool known = hs_str_eq(s->database, model->mesh_name);
    if (default_name && !known)
        s->database = hs_arena_str(s->arena, model->mesh_name);
    hs_model_unref(model);
    if (known || default_name)
        return true;
    hs_pg_fatal(s, "3D000", "database \"%.*s\" does not exist", s->database.len > 200 ? 200 : (int)s->database.len,
                s->database.at);
    return false;
}

void hs_pg_admitted(struct pg_session *s)
{
    struct hs_err err;
    if (hs_pg_ticket_new(s, s->protocol >= PG_VERSION_3_2 ? KEY_3_2 : KEY_3_0, &err) != HS_OK ||
        hs_pg_ticket_of(s, &err) != HS_OK || hs_pg_person_enter(s, &err) != HS_OK) {
        hs_pg_fatal(s, err.kind == HS_LIMIT ? "53300" : "53200", "%s", err.shown);
        return;
    }
    if (!check_database(s))
        return;
    size_t at = hs_pg_begin(&s->reply, 'R');
    hs_pg_add_i32(&s->reply, 0);
    hs_pg_end(&s->reply, at);
    hs_pg_parameters_tell(s, true);
    at = hs_pg_begin(&s->reply, 'K');
    hs_pg_add_i32(&s->reply, s->ticket->pid);
    hs_buf_add(&s->reply, s->ticket->key, s->ticket->key_len);
    hs_pg_end(&s->reply, at);
    hs_pg_become(s, PG_IDLE);
    hs_pg_ready(s);
}
