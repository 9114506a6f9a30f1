/* bucket and round over doubles in other engines. Division, multiplication and the cut to a whole number are each one
 * operation of IEEE 754 with one right answer, so that engines agree to the bit; round() and overflow are what they
 * disagree about, and neither is asked of them. */
#ifndef HS_MASK_SHARED_REAL_H
#define HS_MASK_SHARED_REAL_H

#include "mask/dialect.h"
#include "mask/mask.h"

struct hs_real { /* a function of one double, and where it is what */
    const struct hs_mask_call *call;
    const struct hs_dialect *sql;
    double least, most; /* beyond them (and for what is no number) the value stays as it is */
    double tiny;        /* nearer to 0 than this, it is 0; 0: no such place */
};

/* The value as a double, and all that is around `answer`, an expression over it: the ends, -0.0, and back to float. */
void hs_buf_add_real(struct hs_buf *out, const struct hs_real *r, hs_str answer);
void hs_buf_add_real_value(struct hs_buf *out, const struct hs_real *r);
/* The greatest (least) positive double of which `holds` is true, where it is of all that are smaller (greater). */
double hs_greatest_real(bool (*holds)(double x, double by), double by);
double hs_least_real(bool (*holds)(double x, double by), double by);

#endif
