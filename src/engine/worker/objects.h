/* Private to engine/worker/: objects of a store as files that the engine can open.
 *
 * A statement's objects have paths below HS_OBJECTS_ROOT. Opening one asks the server for a descriptor of the file that
 * its bytes are fetched into; before bytes of that file are read the server is asked to have them there. Everything
 * else is passed on to libc. */
#ifndef HS_ENGINE_WORKER_OBJECTS_H
#define HS_ENGINE_WORKER_OBJECTS_H

#include "base/str.h"

struct hs_hook {
    const char *name;
    void *function;
    unsigned part; /* of each part at least one name must be found */
};
/* hook.c */
HS_MUST hs_rc hs_hook_calls(void *library, const struct hs_hook *hooks, size_t count, struct hs_err *err);

/* objects.c */
HS_MUST hs_rc hs_objects_hook(void *library, struct hs_err *err);
/* From the message OBJECTS on, until hs_objects_end: takes the descriptor. false: not such a message. */
bool hs_objects_begin(hs_str payload, int fd);
void hs_objects_end(void);
bool hs_objects_any(void);

#endif
