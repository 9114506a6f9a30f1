/* Fault points, read once from the environment; nothing here exists in a release build. */
#include "base/fault.h"

#ifdef HS_FAULTS

#include <pthread.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 32 };

static struct {
    char text[1024];
    const char *names[MOST];
    const char *values[MOST];
    size_t count;
} armed;

static pthread_once_t once = PTHREAD_ONCE_INIT;

static void read_environment(void)
{
    const char *from = getenv("HS_FAULTS");
    if (!from || snprintf(armed.text, sizeof armed.text, "%s", from) >= (int)sizeof armed.text)
        return;
    char *rest = armed.text;
    for (char *name; armed.count < MOST && (name = strsep(&rest, ","));) {
        char *value = name;
        strsep(&value, "=");
        if (*name == 0)
            continue;
        armed.names[armed.count] = name;
        armed.values[armed.count++] = value ? value : "";
    }
}

const char *hs_fault_value(const char *name)
{
    pthread_once(&once, read_environment);
    for (size_t i = 0; i < armed.count; i++) {
        if (strcmp(armed.names[i], name) == 0)
            return armed.values[i];
    }
    return NULL;
}

bool hs_fault(const char *name)
{
    return hs_fault_value(name) != NULL;
}

#else
/* ISO C wants a declaration in every file. */
extern int hs_fault_is_off;
#endif
