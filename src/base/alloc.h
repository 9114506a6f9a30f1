/* The one door to the heap, so that tests can make the nth allocation fail (hs_fault_alloc_after).
 * All may return NULL; hs_free takes NULL. */
#ifndef HS_BASE_ALLOC_H
#define HS_BASE_ALLOC_H

#include <stddef.h>

void *hs_malloc(size_t size);
void *hs_calloc(size_t count, size_t size);
void *hs_realloc(void *old, size_t size);
char *hs_strndup(const char *at, size_t len); /* NUL-terminated copy */
void hs_free(void *p);
/* Overwrites with zeros in a way the compiler keeps: for keys and passwords. */
void hs_wipe(void *p, size_t len);

/* Test control, per thread: the allocation after `n` successes fails (n < 0: never). Returns how many
 * allocations were asked for since the last call. */
long hs_fault_alloc_after(long n);

#endif
