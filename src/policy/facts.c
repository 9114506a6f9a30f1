/* The request's facts as constants, and until when a decision made with them holds.
 *
 * A fact that is compared with constants makes a constant, and that flips at a moment that can be computed: a rule that
 * opens at nine and closes at five gives a decision that holds until nine or five, not for a minute. Whoever compares a
 * fact with a column gets a decision that ends when the fact changes. */
#include "policy/policy_in.h"

enum { MAX_OPERANDS = 256 }; /* of one comparison; a longer one ends when its fact changes */
static const int64_t day_us = 86400 * INT64_C(1000000), minute_us = 60 * INT64_C(1000000);

static int64_t floor_to(int64_t us, int64_t unit)
{
    int64_t left = us % unit;
    return us - left - (left < 0 ? unit : 0);
}

static struct hs_value text_fact(hs_str text)
{
    return text.len ? (struct hs_value){.kind = HS_V_TEXT, .text = text} : (struct hs_value){0};
}

struct hs_value hs_fact_value(enum hs_rule_fact fact, const struct hs_facts *facts)
{
    int64_t midnight = floor_to(facts->now_us, day_us), minute = floor_to(facts->now_us, minute_us);
    int64_t day = midnight / day_us;
    switch (fact) {
    case HS_FACT_PURPOSE:
        return text_fact(facts->purpose);
    case HS_FACT_WORKSPACE:
        return text_fact(facts->workspace);
    case HS_FACT_TODAY:
        return (struct hs_value){.kind = HS_V_DATE, .i = day};
    case HS_FACT_NOW:
        return (struct hs_value){.kind = HS_V_TIMESTAMP, .i = minute, .utc = true};
    case HS_FACT_TIME_OF_DAY:
        return (struct hs_value){.kind = HS_V_TIME, .i = minute - midnight};
    case HS_FACT_WEEKDAY: /* 1970 began on a Thursday */
        return (struct hs_value){.kind = HS_V_INT, .i = ((day + 3) % 7 + 7) % 7 + 1};
    }
    return (struct hs_value){0};
}

static void narrow(int64_t *until, int64_t at)
{
    if (*until == 0 || at < *until)
        *until = at;
}

void hs_fact_until(enum hs_rule_fact fact, const struct hs_facts *facts, int64_t *until)
{
    if (fact == HS_FACT_TODAY || fact == HS_FACT_WEEKDAY)
        narrow(until, floor_to(facts->now_us, day_us) + day_us);
    else if (fact == HS_FACT_NOW || fact == HS_FACT_TIME_OF_DAY)
        narrow(until, floor_to(facts->now_us, minute_us) + minute_us);
}

/* ---- flips ---- */

struct flip {
    struct hs_arena *arena;
    const struct hs_rule *test; /* literals; those with a `unit` are facts */
    const struct hs_facts *facts;
    struct hs_value now; /* the outcome */
    int64_t best;        /* 0: none yet */
    struct hs_err *err;
};

static hs_rc outcome_at(struct flip *f, int64_t now_us, bool *out_known, struct hs_value *out)
{
    struct hs_value values[MAX_OPERANDS];
    struct hs_facts then = *f->facts;
    then.now_us = now_us;
    for (size_t i = 0; i < f->test->arg_count; i++) {
        const struct hs_rule *arg = f->test->args[i];
        values[i] = arg->unit ? hs_fact_value((enum hs_rule_fact)arg->unit, &then) : arg->value;
    }
    return hs_rule_compute(f->arena, f->test, values, out_known, out, f->err);
}

static hs_rc try_at(struct flip *f, int64_t at)
{
    struct hs_value then;
    bool known = false;
    if (at <= f->facts->now_us || (f->best && at >= f->best))
        return HS_OK;
    HS_TRY(outcome_at(f, at, &known, &then));
    if (!known || then.kind != f->now.kind || then.i != f->now.i)
        f->best = at;
    return HS_OK;
}

/* The moments at which `fact` becomes the value and at which it is past it; between such moments nothing changes. */
static hs_rc try_value(struct flip *f, enum hs_rule_fact fact, const struct hs_value *v)
{
    int64_t today = floor_to(f->facts->now_us, day_us), from = floor_to(v->i, minute_us);
    int64_t reached = from < v->i ? from + minute_us : from, past = from + minute_us;
    if (fact == HS_FACT_TODAY && v->kind == HS_V_DATE) {
        HS_TRY(try_at(f, v->i * day_us));
        return try_at(f, (v->i + 1) * day_us);
    }
    if (fact == HS_FACT_NOW && v->kind == HS_V_TIMESTAMP) {
        HS_TRY(try_at(f, reached));
        return try_at(f, past);
    }
    for (int day = 0; day < 2 && fact == HS_FACT_TIME_OF_DAY && v->kind == HS_V_TIME; day++) {
        HS_TRY(try_at(f, today + day * day_us + reached));
        HS_TRY(try_at(f, today + day * day_us + past));
    }
    return HS_OK;
}

static hs_rc try_values(struct flip *f, enum hs_rule_fact fact)
{
    int64_t today = floor_to(f->facts->now_us, day_us);
    for (int day = 1; day <= 7 && (fact == HS_FACT_WEEKDAY || fact == HS_FACT_TIME_OF_DAY); day++)
        HS_TRY(try_at(f, today + day * day_us));
    for (size_t i = 0; i < f->test->arg_count; i++)
        if (!f->test->args[i]->unit)
            HS_TRY(try_value(f, fact, &f->test->args[i]->value));
    return HS_OK;
}

hs_rc hs_fact_flip(struct hs_arena *a, const struct hs_rule *test, const struct hs_facts *facts, int64_t *until,
                   bool *out_known, struct hs_err *err)
{
    struct flip f = {.arena = a, .test = test, .facts = facts, .err = err};
    enum hs_rule_fact fact = 0;
    *out_known = false;
    if (test->arg_count > MAX_OPERANDS || hs_rule_is_arithmetic(test->op))
        return HS_OK;
    for (size_t i = 0; i < test->arg_count; i++) {
        const struct hs_rule *arg = test->args[i];
        if (arg->op != HS_RULE_LITERAL || (arg->unit && fact && arg->unit != (int)fact))
            return HS_OK;
        fact = arg->unit ? (enum hs_rule_fact)arg->unit : fact;
    }
    HS_TRY(outcome_at(&f, facts->now_us, out_known, &f.now));
    if (!*out_known || !fact)
        return HS_OK;
    HS_TRY(try_values(&f, fact));
    if (f.best)
        narrow(until, f.best);
    return HS_OK;
}
