/* Daily quotas of a statement: one line for each product it reads whose decision has one, the strictest where several
 * tables of a product are read. What is counted is what leaves: a batch that would be over stays here. */
#include "access/access_in.h"

#include "base/clock.h"
#include "base/damage.h"
#include "state/state.h"

static int64_t stricter(int64_t a, int64_t b) /* 0: none */
{
    return a == 0 ? b : b == 0 || a < b ? a : b;
}

static struct hs_quota *line_of(struct hs_call *c, const struct hs_product *p)
{
    for (size_t i = 0; i < c->quota_count; i++)
        if (hs_str_eq(c->quotas[i].product, p->id))
            return &c->quotas[i];
    return NULL;
}

static hs_rc add_line(struct hs_call *c, const struct hs_product *p, const struct hs_limits *l, struct hs_err *err)
{
    struct hs_quota *line = line_of(c, p);
    if (!line) {
        line = &c->quotas[c->quota_count];
        line->product = p->id;
        HS_TRY(hs_quota_key(c->name, p->id, line->key, err));
        c->quota_count++;
    }
    line->rows_per_day = stricter(line->rows_per_day, l->rows_per_day);
    line->bytes_per_day = stricter(line->bytes_per_day, l->bytes_per_day);
    return HS_OK;
}

hs_rc hs_call_quotas(struct hs_call *c, struct hs_err *err)
{
    c->quotas = hs_arena_array(c->arena, c->opened_count + 1, sizeof *c->quotas);
    if (!c->quotas)
        return hs_no_memory(err);
    for (size_t i = 0; i < c->opened_count; i++) {
        const struct hs_limits *l = &c->opened[i].decision->limits;
        if (l->rows_per_day || l->bytes_per_day)
            HS_TRY(add_line(c, c->opened[i].table->product, l, err));
    }
    if (!c->quota_count || c->describe_only)
        return HS_OK;
    hs_quotas_sync(hs_state_quotas(c->access->state)); /* what earlier statements took outlives a power cut */
    return hs_call_charge(c, 0, 0, err);
}

hs_rc hs_call_charge(struct hs_call *c, int64_t rows, int64_t bytes, struct hs_err *err)
{
    return c->quota_count ? hs_quotas_charge(hs_state_quotas(c->access->state), c->quotas, c->quota_count, rows, bytes,
                                             hs_wall_us(), err)
                          : HS_OK;
}
