/* Masks on the elements of a list, all of them or some: shared by drop-elements and nullify-elements. */
#ifndef HS_MASK_SHARED_ELEMENTS_H
#define HS_MASK_SHARED_ELEMENTS_H

#include "mask/mask.h"

extern const struct hs_mask_arg_spec hs_element_args[3];
HS_MUST hs_rc hs_check_elements(const struct hs_mask_call *call, struct hs_err *err);
/* A condition over e1, the element of a list or entry of a map, that is true where it stays, and never unknown; false:
 * none stays. */
void hs_buf_add_element_stays(struct hs_buf *b, const struct hs_mask_call *call);

/* The same in another engine's words, over what hs_buf_add_element writes. */
void hs_buf_add_element_stays_in(struct hs_buf *b, const struct hs_mask_call *call, const struct hs_dialect *sql);

#endif
