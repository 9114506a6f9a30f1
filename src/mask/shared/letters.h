/* An alphabet of code points, and stepping through UTF-8 text. */
#ifndef HS_MASK_SHARED_LETTERS_H
#define HS_MASK_SHARED_LETTERS_H

#include "base/str.h"

struct hs_letters;
struct hs_letters *hs_letters_new(hs_str letters,
                                  unsigned most); /* NULL: fewer than 2, too many, one twice, no memory */
void hs_letters_free(struct hs_letters *l);       /* takes NULL */
unsigned hs_letters_count(const struct hs_letters *l);
/* Bytes of the character at `at`; 1 where the bytes are no UTF-8. Never past the end, never 0. */
size_t hs_letter_len(hs_str text, size_t at);
uint32_t hs_letter_code(hs_str text, size_t at, size_t *out_len); /* U+FFFD where the bytes are no UTF-8 */
/* In the alphabet; -1: not of it. */
int hs_letter_place(const struct hs_letters *l, hs_str text, size_t at, size_t *out_len);
hs_str hs_letter_at(const struct hs_letters *l, unsigned place);

#endif
