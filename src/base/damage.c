#include "base/damage.h"

#include <stdio.h>

hs_rc hs_damaged_at(struct hs_err *err, const char *file, int line, const char *format, ...)
{
    char text[sizeof((struct hs_err){0}).detail];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    hs_rc rc = hs_fail_hidden_at(err, HS_CORRUPT, file, line, "%s", text);
    if (err)
        hs_ignore(hs_err_show(err, "table metadata is damaged"));
    return rc;
}

hs_rc hs_refused_at(struct hs_err *err, const char *file, int line, const char *shown, const char *format, ...)
{
    char text[sizeof((struct hs_err){0}).detail];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    hs_rc rc = hs_fail_hidden_at(err, HS_UNSUPPORTED, file, line, "%s: %s", shown, text);
    if (err)
        hs_ignore(hs_err_show(err, "%s", shown));
    return rc;
}
