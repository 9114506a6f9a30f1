/* What is said to the client: errors and notices, descriptions, completions. */
#include "front/pg/parameters.h"

#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>

void hs_pg_say(struct pg_session *s, char kind)
{
    size_t at = hs_pg_begin(&s->reply, kind);
    hs_pg_end(&s->reply, at);
}

void hs_pg_ready(struct pg_session *s)
{
    hs_pg_parameters_tell(s, false);
    size_t at = hs_pg_begin(&s->reply, 'Z');
    hs_buf_addc(&s->reply, s->tx.status);
    hs_pg_end(&s->reply, at);
}

void hs_pg_complete(struct pg_session *s, const char *format, ...)
{
    char tag[128];
    va_list args;
    va_start(args, format);
    vsnprintf(tag, sizeof tag, format, args);
    va_end(args);
    size_t at = hs_pg_begin(&s->reply, 'C');
    hs_pg_add_text(&s->reply, hs_str_of(tag));
    hs_pg_end(&s->reply, at);
}

/* client_min_messages, in the order of its words. */
static bool wants_notice(const struct pg_session *s, const char *severity)
{
    hs_str least = hs_pg_parameter(s, PG_PARAM_CLIENT_MIN_MESSAGES);
    if (hs_str_is(least, "error"))
        return false;
    return strcmp(severity, "WARNING") == 0 || !hs_str_is(least, "warning");
}

void hs_pg_notice(struct pg_session *s, const char *severity, const char *sqlstate, const char *format, ...)
{
    char words[512];
    va_list args;
    va_start(args, format);
    vsnprintf(words, sizeof words, format, args);
    va_end(args);
    if (wants_notice(s, severity))
        hs_pg_add_notice(&s->reply, &(struct pg_notice){severity, sqlstate, .message = hs_str_of(words)});
}

void hs_pg_error(struct pg_session *s, const struct pg_notice *n)
{
    struct pg_notice error = *n;
    error.severity = "ERROR";
    hs_pg_add_notice(&s->reply, &error);
    hs_pg_drop_work(s);
    hs_pg_transaction_failed(s);
    s->refused = true;
    if (!s->simple.active)
        s->skipping = true;
}

void hs_pg_fail(struct pg_session *s, const char *sqlstate, const char *format, ...)
{
    char words[512];
    va_list args;
    va_start(args, format);
    vsnprintf(words, sizeof words, format, args);
    va_end(args);
    hs_pg_error(s, &(struct pg_notice){.sqlstate = sqlstate, .message = hs_str_of(words)});
}

void hs_pg_fail_err(struct pg_session *s, const char *sqlstate, const struct hs_err *err)
{
    struct pg_words w = hs_pg_words(hs_str_of(err->shown));
    const char *state = sqlstate ? sqlstate : hs_pg_sqlstate(err);
    hs_log_err(HS_LOG_DEBUG, "request failed", "", err);
    hs_pg_error(s, &(struct pg_notice){.sqlstate = err->kind == HS_NOMEM ? "53200" : state, .message = w.text});
}

/* Access has logged it already, under this id. */
void hs_pg_fail_call(struct pg_session *s, const struct pg_statement *st, const char *request_id,
                     const struct hs_err *err)
{
    char detail[64] = "";
    struct pg_words w = hs_pg_words(hs_str_of(err->shown));
    struct pg_notice n = {.sqlstate = hs_pg_sqlstate(err), .message = w.text};
    if (st && w.position >= 0)
        n.position = hs_pgsql_position(&st->text->script, &st->translation, (size_t)w.position);
    if (request_id && request_id[0])
        snprintf(detail, sizeof detail, "Request %.32s.", request_id);
    n.detail = hs_str_of(detail);
    hs_pg_error(s, &n);
}

void hs_pg_refuse(struct pg_session *s, const struct hs_pgsql_refusal *r)
{
    hs_pg_error(s, &(struct pg_notice){
                       .sqlstate = r->sqlstate, .message = r->message, .hint = r->hint, .position = r->position});
}

void hs_pg_fatal(struct pg_session *s, const char *sqlstate, const char *format, ...)
{
    char words[512];
    va_list args;
    va_start(args, format);
    vsnprintf(words, sizeof words, format, args);
    va_end(args);
    if (s->state == PG_ENDED)
        return;
    hs_log(HS_LOG_INFO, "pg connection ended", "peer", s->peer.at, "why", words, NULL);
    hs_pg_add_notice(&s->reply, &(struct pg_notice){"FATAL", sqlstate, .message = hs_str_of(words)});
    hs_pg_drop_work(s);
    hs_pg_become(s, PG_ENDED);
}

static int16_t format_of(const int16_t *formats, size_t count, size_t i)
{
    return count == 0 ? 0 : count == 1 ? formats[0] : i < count ? formats[i] : 0;
}

void hs_pg_row_description(struct pg_session *s, const struct pg_columns *c, const int16_t *formats, size_t count)
{
    struct hs_buf *b = &s->reply;
    size_t at = hs_pg_begin(b, 'T');
    hs_pg_add_i16(b, (int16_t)c->count);
    for (size_t i = 0; i < c->count; i++) {
        const struct pg_column *k = &c->at[i];
        hs_pg_add_text(b, k->name);
        hs_pg_add_i32(b, (int32_t)k->table);
        hs_pg_add_i16(b, k->number);
        hs_pg_add_i32(b, (int32_t)k->type.oid);
        hs_pg_add_i16(b, k->type.typlen);
        hs_pg_add_i32(b, k->type.typmod);
        hs_pg_add_i16(b, format_of(formats, count, i));
    }
    hs_pg_end(b, at);
}

void hs_pg_param_description(struct pg_session *s, const struct pg_statement *st)
{
    size_t at = hs_pg_begin(&s->reply, 't');
    hs_pg_add_i16(&s->reply, (int16_t)st->param_count);
    for (size_t i = 0; i < st->param_count; i++)
        hs_pg_add_i32(&s->reply, (int32_t)st->told[i]);
    hs_pg_end(&s->reply, at);
}
