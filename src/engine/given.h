/* Private to engine/: relations that whoever asks gives along with a statement, on their way to the worker.
 *
 * Bodies of plain batches (arrow/batch.h) one behind the other in a sealed memory file; what lies where is said in RUN.
 * The file is made once, when the statement is asked, and may go to several workers. */
#ifndef HS_ENGINE_GIVEN_H
#define HS_ENGINE_GIVEN_H

#include "engine/engine.h"

enum { HS_GIVEN_RELATIONS = 256, HS_GIVEN_ALIGN = 64 };

size_t hs_given_rows_count(const struct hs_given_rows *g); /* these three take NULL */
int hs_given_rows_fd(const struct hs_given_rows *g);       /* -1: none */
hs_str hs_given_rows_said(const struct hs_given_rows *g);
/* May a relation have a column of this type? */
bool hs_given_takes(const struct hs_type *type);

struct hs_given_place { /* the worker's end */
    const struct hs_type *type;
    struct hs_batch batch; /* nodes and buffers of the arena, the body in `bytes` */
};
/* Everything is checked but values: types, counts, buffers within the body, bodies within `bytes`. */
HS_MUST hs_rc hs_given_read(struct hs_arena *a, hs_str said, hs_str bytes, struct hs_given_place **out,
                            size_t *out_count, struct hs_err *err);

#endif
