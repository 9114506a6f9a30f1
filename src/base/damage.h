/* How those who read a table's files word a failure. What the files hold may be hidden from whoever asks, so the file
 * and the place in it go to `detail`; clients see one sentence. */
#ifndef HS_BASE_DAMAGE_H
#define HS_BASE_DAMAGE_H

#include "base/str.h"

#define HS_MIB ((size_t)1 << 20)

HS_MUST hs_rc hs_damaged_at(struct hs_err *err, const char *file, int line, const char *format, ...) HS_PRINTF(4, 5);
#define hs_damaged(err, ...) HS_FAILED(hs_damaged_at((err), __FILE__, __LINE__, __VA_ARGS__))
#define hs_no_memory(err) hs_fail((err), HS_NOMEM, "out of memory")

/* HS_UNSUPPORTED: `shown` in words that name no column, path or value; the format gives the detail. */
HS_MUST hs_rc hs_refused_at(struct hs_err *err, const char *file, int line, const char *shown, const char *format, ...)
    HS_PRINTF(5, 6);
#define hs_refused(err, shown, ...) HS_FAILED(hs_refused_at((err), __FILE__, __LINE__, (shown), __VA_ARGS__))

#endif
