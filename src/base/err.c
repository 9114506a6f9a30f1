/* Building error texts; truncation is silent on purpose, an error must never fail. */
#include "base/err.h"

#include <stdio.h>
#include <string.h>

struct kind_row {
    const char *name;
    const char *text;
    int retry;
};

static const struct kind_row KINDS[] = {
    {"ok", "ok", 0},
#define KIND(name, retry, text) {#name, text, retry},
#include "base/kinds.def"
#undef KIND
};

static const struct kind_row *row(hs_rc kind)
{
    return (kind >= HS_OK && kind < HS_KIND_COUNT) ? &KINDS[kind] : &KINDS[HS_INTERNAL];
}

const char *hs_kind_name(hs_rc kind)
{
    return row(kind)->name;
}

const char *hs_kind_text(hs_rc kind)
{
    return row(kind)->text;
}

int hs_kind_retry(hs_rc kind)
{
    return row(kind)->retry;
}

void hs_err_state(struct hs_err *err, const char *sqlstate)
{
    if (err)
        err->sqlstate = sqlstate;
}

void hs_err_clear(struct hs_err *err)
{
    if (err)
        memset(err, 0, sizeof *err);
}

static void begin(struct hs_err *err, hs_rc kind, const char *file, int line)
{
    hs_err_clear(err);
    err->kind = kind;
    err->file = file;
    err->line = line;
}

hs_rc hs_fail_at(struct hs_err *err, hs_rc kind, const char *file, int line, const char *format, ...)
{
    if (!err)
        return kind;
    begin(err, kind, file, line);
    va_list args;
    va_start(args, format);
    vsnprintf(err->shown, sizeof err->shown, format, args);
    va_end(args);
    snprintf(err->detail, sizeof err->detail, "%s", err->shown);
    return kind;
}

hs_rc hs_fail_hidden_at(struct hs_err *err, hs_rc kind, const char *file, int line, const char *format, ...)
{
    if (!err)
        return kind;
    begin(err, kind, file, line);
    va_list args;
    va_start(args, format);
    vsnprintf(err->detail, sizeof err->detail, format, args);
    va_end(args);
    snprintf(err->shown, sizeof err->shown, "%s", hs_kind_text(kind));
    return kind;
}

hs_rc hs_err_note(struct hs_err *err, const char *format, ...)
{
    if (!err)
        return HS_INTERNAL;
    size_t used = strlen(err->detail);
    if (used + 3 < sizeof err->detail) {
        memcpy(err->detail + used, ": ", 3);
        used += 2;
        va_list args;
        va_start(args, format);
        vsnprintf(err->detail + used, sizeof err->detail - used, format, args);
        va_end(args);
    }
    return err->kind;
}

hs_rc hs_err_show(struct hs_err *err, const char *format, ...)
{
    if (!err)
        return HS_INTERNAL;
    va_list args;
    va_start(args, format);
    vsnprintf(err->shown, sizeof err->shown, format, args);
    va_end(args);
    return err->kind;
}
