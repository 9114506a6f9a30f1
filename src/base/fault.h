/* Named points where tests make something go wrong, and the switches by which an attack test turns one defence off.
 * In a release build (HS_FAULTS undefined) both are constants and cost nothing. Set by the environment variable
 * HS_FAULTS="name,name=value" read once; never settable from a wire. */
#ifndef HS_BASE_FAULT_H
#define HS_BASE_FAULT_H

#include <stdbool.h>

#ifdef HS_FAULTS
bool hs_fault(const char *name);              /* is this point armed? */
const char *hs_fault_value(const char *name); /* its value, or NULL */
#else
#define hs_fault(name) (false)
#define hs_fault_value(name) ((const char *)0)
#endif
/* A defence that a test build can switch off: `if (hs_defence("fence")) ...` is always true in release. */
#define hs_defence(name) (!hs_fault("no-" name))

#endif
