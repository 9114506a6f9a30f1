/* Has the model directory changed? A number over names, sizes and times of its YAML files; 0 when it cannot be read. */
#ifndef HS_APP_WATCH_H
#define HS_APP_WATCH_H

#include <stdint.h>

uint64_t hs_watch_mark(const char *directory);

#endif
