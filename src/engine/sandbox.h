/* Private to engine/: the walls around a worker, put up by the worker itself before it has seen a word of a user's.
 * They can be narrowed, never widened. The order matters: Landlock binds only the calling thread and what it starts, so
 * the walls go up while there is one thread, and the engine gets its threads afterwards. */
#ifndef HS_ENGINE_SANDBOX_H
#define HS_ENGINE_SANDBOX_H

#include "engine/message.h"

/* Bits of enum hs_wall that this kernel offers. */
unsigned hs_sandbox_offered(void);
/* "landlock (ABI 7), seccomp, rlimits", or "landlock missing, ..." */
void hs_sandbox_words(unsigned walls, struct hs_buf *out);

/* Closes the calling process in: rlimits, no privileges, Landlock over the lease's directories, then the system call
 * list. HS_INTERNAL when a second thread is already there. *out_walls: what stands. */
HS_MUST hs_rc hs_sandbox_enter(const struct hs_msg_lease *lease, unsigned *out_walls, struct hs_err *err);

/* The seccomp half (sandbox_calls.c). HS_UNSUPPORTED where the kernel or the architecture has none. */
HS_MUST hs_rc hs_sandbox_limit_calls(struct hs_err *err);

#endif
