/* A statement of somebody who may see aggregates alone, as aggregate.c has read it and aggregate_print.c prints it. */
#ifndef HS_ENGINE_AGGREGATE_READ_H
#define HS_ENGINE_AGGREGATE_READ_H

#include "engine/print_in.h"

enum { KEYS_MAX = 16, OUTPUTS_MAX = 256, NESTED_MAX = 64 };

struct hs_aggregate_key {
    hs_str sql;
    const struct hs_type *type;
};
struct hs_aggregate_output {
    hs_str name;
    bool key;
    size_t index; /* of keys, or of aggregates */
    const struct hs_node *node;
};
struct hs_aggregate_reading {
    struct hs_arena *arena;
    const struct hs_n_SELECT *select;
    const struct hs_aggregate_request *r;
    struct hs_aggregate_key keys[KEYS_MAX];
    size_t key_count;
    struct hs_aggregate_output outputs[OUTPUTS_MAX];
    hs_str aggregates[OUTPUTS_MAX];
    size_t output_count, aggregate_count;
    bool *used, *summed, *counted; /* a column: as dimension; by sum; by count or avg */
    hs_str where;
    struct hs_err *err;
};

HS_MUST hs_rc hs_aggregate_refuse_(struct hs_aggregate_reading *k, const struct hs_node *at, const char *words);
#define hs_aggregate_refuse(k, at, words) HS_FAILED(hs_aggregate_refuse_((k), (at), (words)))
/* A bound value as the constant that somebody could have written in its place. */
HS_MUST hs_rc hs_aggregate_bound(struct hs_aggregate_reading *k, const struct hs_node *n, struct hs_node **out);
/* "2": the second of so many. */
bool hs_aggregate_number(const struct hs_node *n, size_t count, size_t *out);
HS_MUST hs_rc hs_aggregate_print(struct hs_aggregate_reading *k, struct hs_buf *b);

#endif
