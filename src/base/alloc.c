/* Heap calls behind one counter; see alloc.h. The counter is per thread so that a sweep does not disturb others. */
#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

static _Thread_local long fault_left = -1;
static _Thread_local long asked;

static int refused(void)
{
    asked++;
    if (fault_left < 0)
        return 0;
    if (fault_left == 0)
        return 1;
    fault_left--;
    return 0;
}

void *hs_malloc(size_t size)
{
    return refused() ? NULL : malloc(size ? size : 1);
}

void *hs_calloc(size_t count, size_t size)
{
    return refused() ? NULL : calloc(count ? count : 1, size ? size : 1);
}

void *hs_realloc(void *old, size_t size)
{
    return refused() ? NULL : realloc(old, size ? size : 1);
}

char *hs_strndup(const char *at, size_t len)
{
    if (len == (size_t)-1)
        return NULL;
    char *copy = hs_malloc(len + 1);
    if (!copy)
        return NULL;
    if (len)
        memcpy(copy, at, len);
    copy[len] = 0;
    return copy;
}

void hs_free(void *p)
{
    free(p);
}

void hs_wipe(void *p, size_t len)
{
    if (p && len)
        explicit_bzero(p, len);
}

long hs_fault_alloc_after(long n)
{
    long before = asked;
    asked = 0;
    fault_left = n;
    return before;
}
