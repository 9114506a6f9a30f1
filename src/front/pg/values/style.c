/* The parameters that say how values look, with the words that PostgreSQL takes for them and shows. */
#include "front/pg/values/style.h"

void hs_pg_style_init(struct hs_pg_style *s)
{
    *s = (struct hs_pg_style){.extra_float_digits = 1, .zone = hs_pg_zone_utc()};
}

struct word {
    const char *name;
    int value;
    bool prefix; /* what begins so is the same */
};

static const struct word DATES[] = {{"iso", HS_PG_DATE_ISO, false},
                                    {"sql", HS_PG_DATE_SQL, false},
                                    {"postgres", HS_PG_DATE_POSTGRES, true},
                                    {"german", HS_PG_DATE_GERMAN, false},
                                    {NULL, 0, false}};
static const struct word ORDERS[] = {{"ymd", HS_PG_YMD, false}, {"dmy", HS_PG_DMY, false}, {"euro", HS_PG_DMY, true},
                                     {"mdy", HS_PG_MDY, false}, {"us", HS_PG_MDY, false},  {"noneuro", HS_PG_MDY, true},
                                     {NULL, 0, false}};
static const struct word INTERVALS[] = {{"postgres", HS_PG_INTERVAL_POSTGRES, false},
                                        {"postgres_verbose", HS_PG_INTERVAL_VERBOSE, false},
                                        {"sql_standard", HS_PG_INTERVAL_SQL, false},
                                        {"iso_8601", HS_PG_INTERVAL_ISO, false},
                                        {NULL, 0, false}};
static const struct word BYTES[] = {{"hex", 0, false}, {"escape", 1, false}, {NULL, 0, false}};

static bool find(const struct word *words, hs_str text, int *out)
{
    for (; words->name; words++) {
        hs_str name = hs_str_of(words->name), head = text;
        if (words->prefix && head.len > name.len)
            head.len = name.len;
        if (hs_str_eq_nocase(head, name)) {
            *out = words->value;
            return true;
        }
    }
    return false;
}

static hs_rc refuse(hs_str name, hs_str value, struct hs_err *err)
{
    hs_rc rc = hs_fail(err, HS_INVALID, "invalid value for parameter \"%.*s\": \"%.*s\"", HS_FMT(name), HS_FMT(value));
    hs_err_state(err, "22023");
    return rc;
}

/* "SQL, DMY": either may be missing, none may be said twice in two ways. */
static hs_rc set_dates(struct hs_pg_style *s, hs_str name, hs_str value, struct hs_err *err)
{
    int style = -1, order = -1, found;
    hs_str rest = value;
    while (rest.at) {
        hs_str word = hs_str_trim(hs_str_cut(&rest, ','));
        if (word.len >= 2 && word.at[0] == '"' && word.at[word.len - 1] == '"')
            word = hs_str_n(word.at + 1, word.len - 2);
        if (hs_str_eq_nocase(word, HS_S("default"))) {
            style = style < 0 ? HS_PG_DATE_ISO : style;
            order = order < 0 ? HS_PG_MDY : order;
        } else if (find(DATES, word, &found)) {
            if (style >= 0 && style != found)
                return refuse(name, value, err);
            style = found;
        } else if (find(ORDERS, word, &found)) {
            if (order >= 0 && order != found)
                return refuse(name, value, err);
            order = found;
        } else {
            return refuse(name, value, err);
        }
    }
    if (style == HS_PG_DATE_GERMAN && order < 0)
        order = HS_PG_DMY;
    s->date_style = style < 0 ? s->date_style : (enum hs_pg_date_style)style;
    s->date_order = order < 0 ? s->date_order : (enum hs_pg_date_order)order;
    return HS_OK;
}

static hs_rc set_digits(struct hs_pg_style *s, hs_str name, hs_str value, struct hs_err *err)
{
    int64_t digits;
    hs_str text = hs_str_trim(value);
    if (text.len > 1 && text.at[0] == '+')
        text = hs_str_n(text.at + 1, text.len - 1);
    if (!hs_str_to_i64(text, &digits))
        return refuse(name, value, err);
    if (digits < -15 || digits > 3) {
        hs_rc rc =
            hs_fail(err, HS_INVALID, "%lld is outside the valid range for parameter \"extra_float_digits\" (-15 .. 3)",
                    (long long)digits);
        hs_err_state(err, "22023");
        return rc;
    }
    s->extra_float_digits = (int)digits;
    return HS_OK;
}

hs_rc hs_pg_style_set(struct hs_pg_style *s, hs_str name, hs_str value, struct hs_err *err)
{
    int found;
    if (hs_str_eq_nocase(name, HS_S("DateStyle")))
        return set_dates(s, name, value, err);
    if (hs_str_eq_nocase(name, HS_S("extra_float_digits")))
        return set_digits(s, name, value, err);
    if (hs_str_eq_nocase(name, HS_S("IntervalStyle"))) {
        if (!find(INTERVALS, value, &found))
            return refuse(name, value, err);
        s->interval_style = (enum hs_pg_interval_style)found;
        return HS_OK;
    }
    if (hs_str_eq_nocase(name, HS_S("bytea_output"))) {
        if (!find(BYTES, value, &found))
            return refuse(name, value, err);
        s->bytea_escape = found != 0;
        return HS_OK;
    }
    return hs_fail(err, HS_NOT_FOUND, "unrecognized configuration parameter \"%.*s\"", HS_FMT(name));
}

hs_str hs_pg_style_text(const struct hs_pg_style *s, hs_str name, struct hs_arena *a)
{
    static const char *const dates[] = {"ISO", "SQL", "Postgres", "German"};
    static const char *const orders[] = {"MDY", "DMY", "YMD"};
    if (hs_str_eq_nocase(name, HS_S("DateStyle")))
        return hs_arena_printf(a, "%s, %s", dates[s->date_style], orders[s->date_order]);
    if (hs_str_eq_nocase(name, HS_S("extra_float_digits")))
        return hs_arena_printf(a, "%d", s->extra_float_digits);
    if (hs_str_eq_nocase(name, HS_S("IntervalStyle")))
        return hs_str_of(INTERVALS[s->interval_style].name);
    if (hs_str_eq_nocase(name, HS_S("bytea_output")))
        return hs_str_of(BYTES[s->bytea_escape].name);
    if (hs_str_eq_nocase(name, HS_S("TimeZone")))
        return hs_pg_zone_name(s->zone);
    return HS_S("");
}
