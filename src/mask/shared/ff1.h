/* FF1 of NIST SP 800-38G: a permutation of numeral strings of one length under an AES key. */
#ifndef HS_MASK_SHARED_FF1_H
#define HS_MASK_SHARED_FF1_H

#include "base/str.h"

enum { HS_FF1_MAX = 128 /* numerals */, HS_FF1_MAX_RADIX = 1024, HS_FF1_MAX_TWEAK = 64 };

struct hs_ff1; /* shared by threads; the key is in the work's schedule and here, wiped when freed */
/* key: 16, 24 or 32 bytes; NULL: no memory, or an argument out of bounds. */
struct hs_ff1 *hs_ff1_new(hs_str key, unsigned radix, hs_str tweak);
void hs_ff1_free(void *ff1);            /* takes NULL */
void *hs_ff1_work_new(const void *ff1); /* one a thread */
void hs_ff1_work_free(void *work);
unsigned hs_ff1_least(unsigned radix); /* numerals: radix^least >= 1,000,000, which the standard asks for */
/* In place; numerals below the radix, n from 2 to HS_FF1_MAX. False: AES is not there. */
bool hs_ff1_encrypt(const struct hs_ff1 *f, void *work, uint16_t *numerals, unsigned n);

#endif
