/* The key of a domain's keyed masks: 1 to 64 bytes, wiped in the worker after the statement. */
#ifndef HS_ENGINE_MASK_KEY_H
#define HS_ENGINE_MASK_KEY_H

#include "base/str.h"

struct hs_mask_key {
    hs_str domain, id; /* id: empty for the one that a mask gets when it names none */
    hs_str key;
};

#endif
