/* One line is built in memory and written by one write(2), so that lines of several threads never mix. */
#include "base/log.h"

#include "base/clock.h"

#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 8192 };

static _Atomic int least_level = HS_LOG_INFO;
static _Atomic int as_json;
static _Atomic int log_fd = STDERR_FILENO;

void hs_log_setup(enum hs_log_level least, bool json, int fd)
{
    atomic_store(&least_level, (int)least);
    atomic_store(&as_json, json);
    atomic_store(&log_fd, fd);
}

static const char *level_name(enum hs_log_level level)
{
    switch (level) {
    case HS_LOG_DEBUG:
        return "debug";
    case HS_LOG_INFO:
        return "info";
    case HS_LOG_WARN:
        return "warn";
    case HS_LOG_ERROR:
        return "error";
    }
    return "error";
}

/* A bare word stays bare in text form; anything that could forge a line or a pair is quoted as JSON. */
static bool is_bare(hs_str s)
{
    if (s.len == 0)
        return false;
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.at[i];
        if (c <= ' ' || c >= 0x7f || c == '"' || c == '=' || c == '\\')
            return false;
    }
    return true;
}

static void add_pair(struct hs_buf *b, bool json, const char *key, hs_str value)
{
    if (json) {
        hs_buf_addc(b, ',');
        hs_buf_add_json(b, hs_str_of(key));
        hs_buf_addc(b, ':');
        hs_buf_add_json(b, value);
        return;
    }
    hs_buf_addf(b, " %s=", key);
    if (is_bare(value))
        hs_buf_adds(b, value);
    else
        hs_buf_add_json(b, value);
}

static void begin_line(struct hs_buf *b, bool json, enum hs_log_level level, const char *event)
{
    hs_buf_init(b, LINE_MAX_BYTES);
    hs_buf_addz(b, json ? "{\"time\":\"" : "");
    hs_buf_add_time(b, hs_wall_us());
    if (json) {
        hs_buf_addz(b, "\"");
        add_pair(b, true, "level", hs_str_of(level_name(level)));
        add_pair(b, true, "event", hs_str_of(event));
    } else {
        hs_buf_addf(b, " %-5s %s", level_name(level), event);
    }
}

/* A line that did not fit loses its pairs, never its event. */
static void end_line(struct hs_buf *b, bool json, enum hs_log_level level, const char *event)
{
    hs_buf_addz(b, json ? "}\n" : "\n");
    if (b->failed) {
        hs_buf_fini(b);
        begin_line(b, json, level, event);
        add_pair(b, json, "cut", HS_S("true"));
        hs_buf_addz(b, json ? "}\n" : "\n");
    }
    hs_str line = hs_buf_str(b);
    while (line.len) {
        ssize_t wrote = write(atomic_load(&log_fd), line.at, line.len);
        if (wrote <= 0)
            break; /* there is nowhere left to complain */
        line.at += wrote;
        line.len -= (size_t)wrote;
    }
    hs_buf_fini(b);
}

void hs_log(enum hs_log_level level, const char *event, ...)
{
    if ((int)level < atomic_load(&least_level))
        return;
    bool json = atomic_load(&as_json);
    struct hs_buf line;
    begin_line(&line, json, level, event);
    va_list args;
    va_start(args, event);
    for (const char *key; (key = va_arg(args, const char *));) {
        const char *value = va_arg(args, const char *);
        add_pair(&line, json, key, hs_str_of(value ? value : ""));
        if (!value)
            break; /* a NULL value may be the end of the list: read no further */
    }
    va_end(args);
    end_line(&line, json, level, event);
}

void hs_log_err(enum hs_log_level level, const char *event, const char *request_id, const struct hs_err *err)
{
    if ((int)level < atomic_load(&least_level) || !err)
        return;
    bool json = atomic_load(&as_json);
    struct hs_buf line;
    begin_line(&line, json, level, event);
    if (request_id && *request_id)
        add_pair(&line, json, "request", hs_str_of(request_id));
    add_pair(&line, json, "kind", hs_str_of(hs_kind_name(err->kind)));
    add_pair(&line, json, "shown", hs_str_of(err->shown));
    if (strcmp(err->shown, err->detail) != 0)
        add_pair(&line, json, "detail", hs_str_of(err->detail));
    if (err->file) {
        char where[256];
        snprintf(where, sizeof where, "%s:%d", err->file, err->line);
        add_pair(&line, json, "at", hs_str_of(where));
    }
    end_line(&line, json, level, event);
}
