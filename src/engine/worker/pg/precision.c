/* timestamp(n), time(n) and interval(n): rounded to n digits of a second, half away from zero, where zero is
 * PostgreSQL's (the year 2000), not 1970. */
#include "engine/worker/pg/natives.h"

#define TO_2000 INT64_C(946684800000000)

static int64_t rounded(int64_t us, int digits)
{
    static const int64_t STEPS[] = {1000000, 100000, 10000, 1000, 100, 10, 1};
    int64_t step = STEPS[digits], half = step / 2;
    uint64_t size = us < 0 ? -(uint64_t)us : (uint64_t)us;
    size = (size + (uint64_t)half) / (uint64_t)step * (uint64_t)step;
    return us < 0 ? (int64_t)-size : (int64_t)size;
}

static int digits_of(const struct pg_call *c, size_t row)
{
    int32_t n = PG_AT(c, int32_t, 1, row);
    return n < 0 ? 0 : n > 6 ? 6 : n;
}

static bool stamp(struct pg_call *c, size_t row)
{
    int64_t us = PG_AT(c, int64_t, 0, row), from;
    bool infinite = us >= PG_INFINITE_US || us <= -PG_INFINITE_US;
    if (infinite || __builtin_sub_overflow(us, TO_2000, &from) || from > INT64_MAX - 1000000 ||
        from < -INT64_MAX + 1000000) {
        PG_PUT(c, int64_t, row, us);
        return true;
    }
    PG_PUT(c, int64_t, row, rounded(from, digits_of(c, row)) + TO_2000);
    return true;
}

static bool clock_time(struct pg_call *c, size_t row)
{
    PG_PUT(c, int64_t, row, rounded(PG_AT(c, int64_t, 0, row), digits_of(c, row)));
    return true;
}

static bool span(struct pg_call *c, size_t row)
{
    duckdb_interval v = PG_AT(c, duckdb_interval, 0, row);
    if (v.micros > INT64_MAX - 1000000 || v.micros < -INT64_MAX + 1000000)
        return pg_raise(c, "22008");
    v.micros = rounded(v.micros, digits_of(c, row));
    PG_PUT(c, duckdb_interval, row, v);
    return true;
}

#define I DUCKDB_TYPE_INTEGER
const struct pg_native hs_pg_precisions[] = {
    {"hs_pg_precision", {DUCKDB_TYPE_TIMESTAMP, I}, DUCKDB_TYPE_TIMESTAMP, .row = stamp},
    {"hs_pg_precision", {DUCKDB_TYPE_TIMESTAMP_TZ, I}, DUCKDB_TYPE_TIMESTAMP_TZ, .row = stamp},
    {"hs_pg_precision", {DUCKDB_TYPE_TIME, I}, DUCKDB_TYPE_TIME, .row = clock_time},
    {"hs_pg_precision", {DUCKDB_TYPE_INTERVAL, I}, DUCKDB_TYPE_INTERVAL, .row = span},
    {0},
};
