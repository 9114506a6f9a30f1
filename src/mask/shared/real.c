#include "mask/shared/real.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static double of_bits(uint64_t bits)
{
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* Positive doubles are in the order of their bits. */
static uint64_t boundary(bool (*holds)(double x, double by), double by, bool want, uint64_t most)
{
    uint64_t low = 1, high = most + 1; /* want holds below high's place, not from it on */
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        if (holds(of_bits(middle), by) == want)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static const uint64_t greatest_bits = UINT64_C(0x7FEFFFFFFFFFFFFF);

double hs_greatest_real(bool (*holds)(double x, double by), double by)
{
    return of_bits(boundary(holds, by, true, greatest_bits) - 1);
}

double hs_least_real(bool (*holds)(double x, double by), double by)
{
    return of_bits(boundary(holds, by, false, greatest_bits));
}

void hs_buf_add_real_value(struct hs_buf *out, const struct hs_real *r)
{
    static const struct hs_type wide = {.id = HS_T_DOUBLE};
    bool narrow = r->call->type->id == HS_T_FLOAT;
    hs_buf_addz(out, narrow ? "CAST(" : "");
    hs_buf_adds(out, r->call->x);
    if (narrow) {
        hs_buf_addz(out, " AS ");
        r->sql->add_type(out, &wide);
        hs_buf_addc(out, ')');
    }
}

static void add_when(struct hs_buf *out, const struct hs_real *r, hs_str x, const char *than, double end)
{
    hs_buf_addf(out, "%.*s %s ", HS_FMT(x), than);
    hs_buf_add_double_in(out, r->sql, end);
}

/* A float's answer may be just beyond the greatest float, where a cast is an error. Adding zero makes 0.0 of -0.0. */
static void add_answer(struct hs_buf *out, const struct hs_real *r, hs_str answer)
{
    bool narrow = r->call->type->id == HS_T_FLOAT;
    hs_buf_addz(out, narrow ? "CAST(least(greatest(" : "");
    hs_buf_addf(out, "%.*s + ", HS_FMT(answer));
    hs_buf_add_double_in(out, r->sql, 0);
    if (!narrow)
        return;
    hs_buf_addz(out, ", ");
    hs_buf_add_double_in(out, r->sql, -FLT_MAX);
    hs_buf_addz(out, "), ");
    hs_buf_add_double_in(out, r->sql, FLT_MAX);
    hs_buf_addz(out, ") AS ");
    r->sql->add_type(out, r->call->type);
    hs_buf_addc(out, ')');
}

void hs_buf_add_real(struct hs_buf *out, const struct hs_real *r, hs_str answer)
{
    static const struct hs_value zero = {.kind = HS_V_INT};
    hs_str raw = r->call->x;
    struct hs_buf value;
    hs_buf_init(&value, out->max);
    hs_buf_add_real_value(&value, r);
    hs_str x = hs_buf_str(&value);
    /* NULL first: PostgreSQL's greatest passes over it. */
    hs_buf_addf(out, "CASE WHEN %.*s IS NULL OR NOT (%s%.*s%s) OR ", HS_FMT(raw), r->sql->is_number[0], HS_FMT(raw),
                r->sql->is_number[1]);
    add_when(out, r, x, "<", r->least);
    hs_buf_addz(out, " OR ");
    add_when(out, r, x, ">", r->most);
    hs_buf_addf(out, " THEN %.*s", HS_FMT(raw));
    if (r->tiny > 0) {
        hs_buf_addz(out, " WHEN ");
        add_when(out, r, x, ">", -r->tiny);
        hs_buf_addz(out, " AND ");
        add_when(out, r, x, "<", r->tiny);
        hs_buf_addz(out, " THEN ");
        r->sql->add_literal(out, &zero, r->call->type);
    }
    hs_buf_addz(out, " ELSE ");
    add_answer(out, r, answer);
    hs_buf_addz(out, " END");
    out->failed |= value.failed;
    hs_buf_fini(&value);
}
