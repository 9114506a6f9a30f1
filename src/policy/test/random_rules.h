/* Rules at random over the table of dialects_test.c, and the same as somebody would write them for PostgreSQL. */
#ifndef HS_POLICY_TEST_RANDOM_RULES_H
#define HS_POLICY_TEST_RANDOM_RULES_H

#include "policy/test/random_masks.h"

/* Rules, and the same written by hand for PostgreSQL: three-valued, NaN as NULL, texts by code point. */
static const struct {
    const char *rule, *postgres;
} atoms[] = {
    {"region = 'EU'", "\"region\" = 'EU'"},
    {"region <> principal.region", "\"region\" <> 'EU'"},
    {"region in ('EU', principal.nothing)", "\"region\" in ('EU', null)"},
    {"region in (principal.regions)", "\"region\" in ('EU', 'US')"},
    {"region not in (principal.none)", "case when \"region\" is not null then true end"},
    {"region in ()", "case when \"region\" is not null then false end"},
    {"region is null", "\"region\" is null"},
    {"region > 'E'", "\"region\" > 'E' collate \"C\""},
    {"email between 'A' and 'b'", "\"email\" collate \"C\" between 'A' and 'b'"},
    {"email < region", "\"email\" < \"region\" collate \"C\""},
    {"email in ('\xC3\xA9t\xC3\xA9', region, 'a\\b')", "\"email\" in ('\xC3\xA9t\xC3\xA9', \"region\", 'a\\b')"},
    {"email = 'it''s'", "\"email\" = 'it''s'"},
    {"amount < 5", "\"amount\" < 5"},
    {"amount >= 12.505", "\"amount\" >= 12.505"},
    {"amount between id and 40", "\"amount\" between \"id\" and 40"},
    {"amount <> 99999999999", "\"amount\" <> 99999999999"},
    {"amount not in (1.5, 12.5, 0.001)", "\"amount\" not in (1.5, 12.5, 0.001)"},
    {"id in (1, 3, 5, 7)", "\"id\" in (1, 3, 5, 7)"},
    {"id in (1, 2, 3, null)", "\"id\" in (1, 2, 3, null)"},
    {"id not in (1, 9223372036854775806, score)",
     "not (\"id\"::float8 in (1, 9223372036854775806, nullif(\"score\", 'NaN')))"},
    {"id not in (1, 2, null)", "\"id\" not in (1, 2, null)"},
    {"id > principal.level", "\"id\" > 3"},
    {"id > 4.5", "\"id\" > 4.5"},
    {"id = 9223372036854775807", "\"id\" = 9223372036854775807"},
    {"code in (id, 7)", "\"code\" in (\"id\", 7)"},
    {"code < 2147483648", "\"code\" < 2147483648"},
    {"code >= -2147483648.5", "\"code\" >= -2147483648.5"},
    {"big > 1234567890123.4567", "\"big\" > 1234567890123.4567"},
    {"big = amount", "\"big\" = \"amount\""},
    {"active", "\"active\""},
    {"active = false", "not \"active\""},
    {"score > 0.5", "nullif(\"score\", 'NaN') > 0.5"},
    {"score <= 0", "nullif(\"score\", 'NaN') <= 0"},
    {"score <> 0.0", "nullif(\"score\", 'NaN') <> 0"},
    {"score in (0, 3.5)", "nullif(\"score\", 'NaN') in (0, 3.5)"},
    {"score <= id", "nullif(\"score\", 'NaN') <= \"id\""},
    {"score = score", "nullif(\"score\", 'NaN') = nullif(\"score\", 'NaN')"},
    {"score between 0.1 and 1000000", "nullif(\"score\", 'NaN') between 0.1 and 1000000"},
    {"score is null", "\"score\" is null"},
    {"amount > score", "\"amount\"::float8 > nullif(\"score\", 'NaN')"},
    {"ratio < 0.1", "nullif(\"ratio\", 'NaN')::float8 < 0.1::float8"},
    {"ratio = 0.5", "nullif(\"ratio\", 'NaN')::float8 = 0.5::float8"},
    {"ratio = score", "nullif(\"ratio\", 'NaN')::float8 = nullif(\"score\", 'NaN')"},
    {"email starts with 'a'", "\"email\" like 'a%'"},
    {"email ends with '.org'", "\"email\" like '%.org'"},
    {"email starts with ''", "\"email\" >= ''"},
    {"email not starts with region", "not starts_with(\"email\", \"region\")"},
    {"email ends with region", "right(\"email\", length(\"region\")) = \"region\""},
    {"customer.city = 'Graz'", "(\"customer\").city = 'Graz'"},
    {"customer.geo.lat > 47", "nullif(((\"customer\").geo).lat, 'NaN') > 47"},
    {"customer is null", "not (\"customer\" is distinct from null)"},
    {"customer.geo is null", "not ((\"customer\").geo is distinct from null)"},
    {"born < date '1990-01-01'", "\"born\" < '1990-01-01'"},
    {"born between date '1980-01-05' and date '2001-02-03'", "\"born\" between '1980-01-05' and '2001-02-03'"},
    {"seen >= timestamp '2026-01-01 00:00:00Z'", "\"seen\" >= '2026-01-01 00:00:00Z'"},
    {"seen < timestamp '2026-01-01 01:00:00+02:00'", "\"seen\" < '2026-01-01 01:00:00+02:00'"},
    {"at > timestamp '2025-12-31 23:59:59.5'", "\"at\" > '2025-12-31 23:59:59.5'"},
    {"at is null", "\"at\" is null"},
    {"key = 'F79C3E09-677C-4BBD-A479-3F349CB785E7'", "\"key\" = 'f79c3e09-677c-4bbd-a479-3f349cb785e7'"},
    {"key > '00000000-0000-4000-8000-000000000000'", "\"key\" > '00000000-0000-4000-8000-000000000000'"},
    {"principal.level >= 3", "true"},
    {"principal.nothing = 'x'", "null"},
    {"(id = 2) = active", "(\"id\" = 2) = \"active\""},
    {"(region = 'EU') is null", "\"region\" is null"},
    {"(email ends with '.org') is null", "\"email\" is null"},
    {"email contains 'org'", "strpos(\"email\", 'org') > 0"},
    {"email not contains region", "not (strpos(\"email\", \"region\") > 0)"},
    {"clock < time '12:00'", "\"clock\" < '12:00'"},
    {"amount * 2 > id", "\"amount\" * 2 > \"id\""},
    {"amount + 0.005 = 12.505", "\"amount\" + 0.005 = 12.505"},
    {"amount / 3 >= 1.5", "\"amount\" / 3 >= 1.5"},
    {"amount / code < 0.34", "\"amount\" / nullif(\"code\", 0) < 0.34"},
    {"-amount < -12", "-\"amount\" < -12"},
    {"id % 3 = 1", "mod(\"id\", 3) = 1"},
    {"id % code = 1", "mod(\"id\", nullif(\"code\", 0)) = 1"},
    {"amount % 0.7 > 0.3", "mod(\"amount\", 0.7) > 0.3"},
    {"big - amount > 1234567890110", "\"big\" - \"amount\" > 1234567890110"},
    {"code + id * 2 > 20", "\"code\" + \"id\"::numeric * 2 > 20"},
    {"score * 2 > 1", "case when abs(\"score\") between 1e-150 and 1e150 or \"score\" = 0 then \"score\" end * 2 > 1"},
    {"score + amount > 3.2", "case when abs(\"score\") between 1e-150 and 1e150 or \"score\" = 0 then \"score\" end + "
                             "\"amount\"::float8 > 3.2::float8"},
    {"100 / score > 50", "100 / case when abs(\"score\") between 1e-150 and 1e150 then \"score\" end > 50"},
    {"(code + 1) is null", "\"code\" is null"},
    {"born + days(30) < date '1980-02-05'",
     "case when \"born\" <= date '9999-12-31' - 30 then \"born\" + 30 end < '1980-02-05'"},
    {"born - months(1) >= date '2001-01-03'",
     "case when \"born\" >= '0001-02-01' then \"born\" - interval '1 month' end >= '2001-01-03'"},
    {"seen + months(1) > timestamp '2026-01-31 00:00:00Z'",
     "(\"seen\" at time zone 'UTC') + interval '1 month' > '2026-01-31 00:00:00'"},
    {"at + hours(5) > timestamp '2026-01-01 04:59:59.5'",
     "case when \"at\" < '9999-12-31' then \"at\" + interval '5 hours' end > '2026-01-01 04:59:59.5'"},
    {"born - date '1980-01-01' < 5", "\"born\" - date '1980-01-01' < 5"},
    {"any(items, price > 1)", "any3(\"items\", array(select (x).price > 1 from (select unnest(\"items\") x) s))"},
    {"all(items, sku < row.email)",
     "all3(\"items\", array(select (x).sku < \"email\" from (select unnest(\"items\") x) s))"},
    {"any(items, sku is null)", "any3(\"items\", array(select (x).sku is null from (select unnest(\"items\") x) s))"},
    {"any(tags, element = 'it''s')", "any3(\"tags\", array(select x = 'it''s' from (select unnest(\"tags\") x) s))"},
    {"all(tags, element in ('plain', 'it''s', '@'))",
     "all3(\"tags\", array(select x in ('plain', 'it''s', '@') from (select unnest(\"tags\") x) s))"},
    {"true", "true"},
    {"false", "false"},
    {"null", "null"},
};

struct texts {
    struct hs_buf rule, postgres;
};

/* The same tree as text twice. */
static void random_rule(struct texts *t, int depth)
{
    unsigned kind = depth > 2 ? 0 : pick(6);
    if (kind == 1) {
        hs_buf_addz(&t->rule, "not (");
        hs_buf_addz(&t->postgres, "not (");
        random_rule(t, depth + 1);
    } else if (kind < 4) {
        unsigned i = pick(COUNT(atoms));
        hs_buf_addf(&t->rule, "(%s", atoms[i].rule);
        hs_buf_addf(&t->postgres, "(%s", atoms[i].postgres);
    } else {
        unsigned count = 2 + pick(2);
        hs_buf_addc(&t->rule, '(');
        hs_buf_addc(&t->postgres, '(');
        for (unsigned i = 0; i < count; i++) {
            hs_buf_addz(&t->rule, i == 0 ? "" : kind == 4 ? " and " : " or ");
            hs_buf_addz(&t->postgres, i == 0 ? "" : kind == 4 ? " and " : " or ");
            random_rule(t, depth + 1);
        }
    }
    hs_buf_addc(&t->rule, ')');
    hs_buf_addc(&t->postgres, ')');
}

/* A rule; its other text goes to *postgres, where given. */
static struct hs_rule *a_rule(struct world *w, const char **postgres)
{
    struct texts t;
    hs_buf_init(&t.rule, 1 << 16);
    hs_buf_init(&t.postgres, 1 << 16);
    random_rule(&t, 0);
    struct hs_rule *r = w_rule(w, w_keep(w, &t.rule));
    const char *text = w_keep(w, &t.postgres);
    if (postgres)
        *postgres = text;
    return r;
}

#endif
