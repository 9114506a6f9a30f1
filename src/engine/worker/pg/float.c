/* float4's and float8's sums, differences and products: what overflows or vanishes is raised (22003), as PostgreSQL
 * does; the engine would answer with an infinity or zero. Whole vectors at a time, since reports are made of them. */
#include "engine/worker/pg/natives.h"

#include <math.h>

enum { ADD, SUBTRACT, MULTIPLY };

static int operation_of(const struct pg_native *n)
{
    char first = n->name[sizeof "hs_pg_float_" - 1];
    return first == 'a' ? ADD : first == 's' ? SUBTRACT : MULTIPLY;
}

/* An infinity out of finite numbers; zero out of a product of others. */
#define BLOCK(name, type)                                                                  \
    static bool name(int op, const type *a, const type *b, type *out, size_t count)        \
    {                                                                                      \
        bool fine = true;                                                                  \
        for (size_t i = 0; i < count; i++) {                                               \
            type r = op == ADD ? a[i] + b[i] : op == SUBTRACT ? a[i] - b[i] : a[i] * b[i]; \
            bool over = isinf(r) && !isinf(a[i]) && !isinf(b[i]);                          \
            bool under = op == MULTIPLY && r == 0 && a[i] != 0 && b[i] != 0;               \
            fine = fine && !over && !under;                                                \
            out[i] = r;                                                                    \
        }                                                                                  \
        return fine;                                                                       \
    }
BLOCK(doubles, double)
BLOCK(floats, float)

static bool run(struct pg_call *c, size_t row, size_t count)
{
    int op = operation_of(c->native);
    bool fine = c->native->result == DUCKDB_TYPE_FLOAT
                    ? floats(op, (const float *)c->in[0].data + row, (const float *)c->in[1].data + row,
                             (float *)c->data + row, count)
                    : doubles(op, (const double *)c->in[0].data + row, (const double *)c->in[1].data + row,
                              (double *)c->data + row, count);
    return fine || pg_raise(c, "22003");
}

static bool one(struct pg_call *c, size_t row)
{
    return run(c, row, 1);
}

static bool many(struct pg_call *c, size_t count)
{
    return run(c, 0, count);
}

#define OPERATION(name, t)                        \
    {                                             \
        name, {t, t}, t, .row = one, .rows = many \
    }
const struct pg_native hs_pg_floats[] = {
    OPERATION("hs_pg_float_add", DUCKDB_TYPE_FLOAT),
    OPERATION("hs_pg_float_add", DUCKDB_TYPE_DOUBLE),
    OPERATION("hs_pg_float_subtract", DUCKDB_TYPE_FLOAT),
    OPERATION("hs_pg_float_subtract", DUCKDB_TYPE_DOUBLE),
    OPERATION("hs_pg_float_multiply", DUCKDB_TYPE_FLOAT),
    OPERATION("hs_pg_float_multiply", DUCKDB_TYPE_DOUBLE),
    {0},
};
