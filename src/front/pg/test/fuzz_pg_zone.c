/* A zone's file of any bytes, or, where the first byte is odd, POSIX words. What is a zone answers for every moment,
 * with a stretch that holds it. */
#include "front/pg/values/zone_in.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void ask(const struct hs_pg_zone *z, int64_t second)
{
    int64_t from, to;
    struct hs_pg_zone_type type = hs_pg_zone_at(z, second, &from, &to);
    if (from > second || to <= second || (type.abbreviation && strlen(type.abbreviation) > 4096))
        abort();
    if (second > -INT64_C(1000000000000) && second < INT64_C(1000000000000)) {
        int32_t offset = hs_pg_zone_offset_of_local(z, second);
        if (offset > 168 * 3600 || offset < -168 * 3600)
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int64_t moments[] = {-210866803200, -5000000000,  -2208988800, 0,
                                      951782400,     1000000000,   1711846800,  4000000000,
                                      9224318016,    100000000000, 253402300799};
    struct hs_pg_zone z = {.count = 0};
    struct hs_err err;
    struct hs_arena *a = hs_arena_new(1 << 22);
    hs_str rest = hs_str_n(data + (size > 0), size ? size - 1 : 0);
    if (size && data[0] % 2)
        z.has_rule = hs_pg_zone_rule_parse(rest, a, &z.rule);
    bool fine = size && (data[0] % 2 ? z.has_rule : hs_pg_zone_parse(rest, a, &z, &err) == HS_OK);
    for (size_t i = 0; fine && i < sizeof moments / sizeof *moments; i++)
        ask(&z, moments[i]);
    for (size_t i = 0; fine && i < z.count && i < 64; i++)
        ask(&z, z.at[i]);
    hs_arena_free(a);
    return 0;
}
