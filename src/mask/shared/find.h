/* Personal things in free text: where card numbers, IBANs, addresses and phone numbers stand. */
#ifndef HS_MASK_SHARED_FIND_H
#define HS_MASK_SHARED_FIND_H

#include "base/str.h"

enum hs_found { HS_FOUND_EMAIL = 1, HS_FOUND_IBAN, HS_FOUND_IP, HS_FOUND_CARD, HS_FOUND_PHONE, HS_FOUND_KINDS_ };

/* Text as the recognisers see it: a symbol a character, digits and letters of other scripts' look-alikes as ASCII,
 * every dash '-', every space ' ', what has no width left out. */
struct hs_symbols {
    char *at;       /* '\x01' for any other letter, '\x03' of a script without spaces, '\x02' for any other sign */
    uint32_t *from; /* where each begins in the text; one more at the end */
    uint8_t *found; /* enum hs_found of the span that covers it; 0x80: the span begins here */
    size_t count, room;
};
bool hs_symbols_read(struct hs_symbols *s, hs_str text); /* false: no memory */
void hs_symbols_fini(struct hs_symbols *s);
bool hs_may_hold(hs_str text); /* cheap: false where nothing could be found */
/* Marks what of these kinds (bits) is there. Time is linear: each recogniser looks at a bounded number of symbols. */
void hs_find(struct hs_symbols *s, unsigned kinds);

#endif
