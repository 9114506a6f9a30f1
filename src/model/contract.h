/* Between the two halves of the contract reader: the parts that we use and those that are only checked. */
#ifndef HS_MODEL_CONTRACT_H
#define HS_MODEL_CONTRACT_H

#include "model/load.h"

extern const struct hs_form HS_FORM_SERVER, HS_FORM_SUPPORT, HS_FORM_PRICE, HS_FORM_ROLE, HS_FORM_SLA, HS_FORM_QUALITY,
    HS_FORM_RELATIONSHIP, HS_FORM_OPTIONS, HS_FORM_DEFINITION;

HS_MUST hs_rc hs_read_product_description(struct hs_load *l, const struct hs_yaml *node, void *record);
HS_MUST hs_rc hs_read_team(struct hs_load *l, const struct hs_yaml *node, void *record);
HS_MUST hs_rc hs_read_time_kept(struct hs_load *l, const struct hs_yaml *node, void *record);
/* customProperties where no hailstorm.* has a meaning: one that stands there would silently do nothing, so it is
 * refused. */
HS_MUST hs_rc hs_read_custom_kept(struct hs_load *l, const struct hs_yaml *node, void *record);

#endif
