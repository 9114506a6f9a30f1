/* Replacing a file whole: whoever reads sees the old one or the new one, also after a power cut. */
#ifndef HS_MODEL_WRITE_FILE_H
#define HS_MODEL_WRITE_FILE_H

#include "base/arena.h"

/* mode: of the new file. `shown` is the path for messages. */
HS_MUST hs_rc hs_write_file(const char *path, hs_str shown, hs_str bytes, unsigned mode, struct hs_err *err);
/* *out ends in NUL; at most `max` bytes. HS_NOT_FOUND when there is none. *out_mode: its permissions. */
HS_MUST hs_rc hs_read_file(struct hs_arena *a, const char *path, hs_str shown, size_t max, hs_str *out,
                           unsigned *out_mode, struct hs_err *err);
/* One writer at a time among all processes that edit this directory; give the result to hs_unlock_folder. */
HS_MUST hs_rc hs_lock_folder(const char *path, int *out_fd, struct hs_err *err);
void hs_unlock_folder(int fd); /* takes -1 */

#endif
