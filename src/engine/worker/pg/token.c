/* Patterns of dates and times cut into their pieces: YYYY-MM-DD HH24:MI:SS, FMMonth, "text", DDth ... */
#include "engine/worker/pg/token.h"

static const struct keyword {
    const char *word;
    enum piece piece;
} keywords[] = {
    /* longer ones first */
    {"Y,YYY", P_YCYYY}, {"MONTH", P_MONTH}, {"SSSSS", P_SSSS}, {"A.D.", P_ADD},  {"B.C.", P_ADD},  {"A.M.", P_AMD},
    {"P.M.", P_AMD},    {"HH24", P_HH24},   {"HH12", P_HH12},  {"IDDD", P_IDDD}, {"IYYY", P_IYYY}, {"SSSS", P_SSSS},
    {"YYYY", P_YYYY},   {"DAY", P_DAY},     {"DDD", P_DDD},    {"FF1", P_FF},    {"FF2", P_FF},    {"FF3", P_FF},
    {"FF4", P_FF},      {"FF5", P_FF},      {"FF6", P_FF},     {"IYY", P_IYY},   {"MON", P_MON},   {"TZH", P_TZH},
    {"TZM", P_TZM},     {"YYY", P_YYY},     {"AD", P_AD},      {"BC", P_AD},     {"AM", P_AM},     {"PM", P_AM},
    {"CC", P_CC},       {"DD", P_DD},       {"DY", P_DY},      {"HH", P_HH12},   {"ID", P_ID},     {"IW", P_IW},
    {"IY", P_IY},       {"MI", P_MI},       {"MM", P_MM},      {"MS", P_MS},     {"OF", P_OF},     {"RM", P_RM},
    {"SS", P_SS},       {"TZ", P_TZ},       {"US", P_US},      {"WW", P_WW},     {"YY", P_YY},     {"D", P_D},
    {"I", P_I},         {"J", P_J},         {"Q", P_Q},        {"W", P_W},       {"Y", P_Y},
};

const char *const pg_months[12] = {"January", "February", "March",     "April",   "May",      "June",
                                   "July",    "August",   "September", "October", "November", "December"};
const char *const pg_days[7] = {"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};

bool pg_starts(hs_str s, const char *word)
{
    size_t len = strlen(word);
    return s.len >= len && hs_str_eq_nocase(hs_str_n(s.at, len), hs_str_n(word, len));
}

void pg_skip(hs_str *s, size_t n)
{
    *s = hs_str_n(s->at + n, s->len - n);
}

struct token pg_next_token(hs_str *f)
{
    struct token t = {.fill = true};
    if (pg_starts(*f, "FM") || pg_starts(*f, "FX") || pg_starts(*f, "TM")) {
        bool named = f->len > 3 && strchr("MmDd", f->at[2]) && f->at[3] && strchr("OoAaYy", f->at[3]);
        t.fill = !pg_starts(*f, "FM") && !(pg_starts(*f, "TM") && named); /* a translated name is not filled up */
        pg_skip(f, 2);
    }
    for (size_t i = 0; f->len && i < sizeof keywords / sizeof keywords[0]; i++)
        if (pg_starts(*f, keywords[i].word)) {
            size_t len = strlen(keywords[i].word);
            t.piece = keywords[i].piece;
            t.text = hs_str_n(f->at, len);
            pg_skip(f, len);
            if (pg_starts(*f, "TH")) {
                t.th = true;
                t.upper_th = f->at[0] == 'T';
                pg_skip(f, 2);
            }
            return t;
        }
    if (f->len && f->at[0] == '"') {
        const char *end = memchr(f->at + 1, '"', f->len - 1);
        size_t len = end ? (size_t)(end - f->at) - 1 : f->len - 1;
        t.text = hs_str_n(f->at + 1, len);
        pg_skip(f, len + 1 + (end ? 1 : 0));
        return t;
    }
    if (f->len > 1 && f->at[0] == '\\' && f->at[1] == '"')
        pg_skip(f, 1);
    t.text = hs_str_n(f->at, f->len ? 1 : 0);
    pg_skip(f, t.text.len);
    return t;
}
