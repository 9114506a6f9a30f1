/* The model's one map: users, products, tables and domains by name. */
#ifndef HS_MODEL_INDEX_H
#define HS_MODEL_INDEX_H

#include "model/model.h"

struct hs_index_key {
    char text[600];
};
/* "kind a NUL b"; a name too long for any model gives a key that nothing has. */
hs_str hs_index_key(struct hs_index_key *key, char kind, hs_str a, hs_str b);
bool hs_model_has_domain(const struct hs_model *m, hs_str domain);

#endif
