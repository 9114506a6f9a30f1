/* Structured log lines on stderr (or a file): text for people or JSON lines for machines. Whoever handles an error
 * logs it, once, at the door or the loop. Values and keys never go in. Thread-safe. */
#ifndef HS_BASE_LOG_H
#define HS_BASE_LOG_H

#include "base/str.h"

enum hs_log_level { HS_LOG_DEBUG, HS_LOG_INFO, HS_LOG_WARN, HS_LOG_ERROR };

void hs_log_setup(enum hs_log_level least, bool json, int fd);
/* event is a fixed word ("listen", "denied"); pairs are "key", value, ... ended by NULL, all text. */
void hs_log(enum hs_log_level level, const char *event, ...) __attribute__((sentinel));
/* One line for an error: kind, shown, detail, where; request_id may be "". */
void hs_log_err(enum hs_log_level level, const char *event, const char *request_id, const struct hs_err *err);

#endif
