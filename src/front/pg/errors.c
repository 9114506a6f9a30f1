/* Kinds as SQLSTATEs (PostgreSQL 15, appendix A). Drivers and tools branch on these five letters, so words that access
 * and engine show are looked up too: those are fixed texts of ours (engine/error_text.c), never a cell or a path. */
#include "front/pg/errors.h"

#include "front/pg/codec.h"

static const struct {
    const char *begin, *sqlstate;
} WORDS[] = {
    {"there is no table", "42P01"},
    {"there is no schema", "3F000"},
    {"syntax error", "42601"},
    {"the statement is empty", "42601"},
    {"division by zero", "22012"},
    {"a value cannot be converted", "22P02"},
    {"a value is out of range", "22003"},
    {"a value is not valid", "22023"},
    {"a decimal does not fit", "22003"},
    {"types do not fit together", "42804"},
    {"a value is too large", "54000"},
    {"a rule on values", "23514"},
    {"a parameter is not allowed", "42P02"},
    {"the type of a parameter", "42P18"},
    {"parameter ", "22P02"},
    {"the statement is nested", "54001"},
    {"the statement needs more memory", "53200"},
    {"you have ", "53300"},
    {"the server is busy", "53300"},
    {"the answer has more than", "54000"},
    {"a name in the statement", "42704"},
    {"snapshot too old", "72000"},
};

/* "column %s is not known here": a word, a name of the statement's own, and what is wrong with it. */
static const struct {
    const char *begin, *end, *sqlstate;
} NAMED[] = {
    {"column ", "is not known here", "42703"},
    {"table ", "is not known here", "42P01"},
    {"column ", "name its table", "42702"},
    {"table ", "could be one of several", "42P09"},
    {"the name ", "is used twice", "42712"},
    {"member ", "is not known here", "42703"},
    {"column ", "inside an aggregate function", "42803"},
    {"function ", "is not known", "42883"},
    {"function ", "does not take these arguments", "42883"},
    {"function ", "is not allowed", "42501"},
    {"table ", "in several domains", "42P09"},
};

static const char *of_kind(hs_rc kind)
{
    switch (kind) {
    case HS_OK:
        return "00000";
    case HS_INVALID:
        return "42000";
    case HS_UNAUTHENTICATED:
        return "28000";
    case HS_DENIED:
        return "42501";
    case HS_NOT_FOUND:
        return "42P01";
    case HS_CONFLICT: /* serialization_failure: drivers ask again */
        return "40001";
    case HS_LIMIT:
        return "53400";
    case HS_UNSUPPORTED:
        return "0A000";
    case HS_UNAVAILABLE:
        return "58000";
    case HS_CANCELLED:
    case HS_TIMEOUT:
        return "57014";
    case HS_CORRUPT:
        return "XX001";
    case HS_NOMEM:
        return "53200";
    case HS_INTERNAL:
    case HS_KIND_COUNT:
        return "XX000";
    }
    return "XX000";
}

const char *hs_pg_sqlstate(const struct hs_err *err)
{
    hs_str words = hs_pg_words(hs_str_of(err->shown)).text;
    if (err->sqlstate && strlen(err->sqlstate) == 5)
        return err->sqlstate;
    for (size_t i = 0; i < sizeof WORDS / sizeof WORDS[0]; i++)
        if (hs_str_starts(words, hs_str_of(WORDS[i].begin)))
            return WORDS[i].sqlstate;
    for (size_t i = 0; i < sizeof NAMED / sizeof NAMED[0]; i++)
        if (hs_str_starts(words, hs_str_of(NAMED[i].begin)) && hs_str_ends(words, hs_str_of(NAMED[i].end)))
            return NAMED[i].sqlstate;
    return of_kind(err->kind);
}

/* "... (position 12)" counts from 1. */
struct pg_words hs_pg_words(hs_str shown)
{
    static const char MARK[] = " (position ";
    struct pg_words w = {shown, -1};
    size_t mark = sizeof MARK - 1, at = shown.len;
    int64_t n = 0;
    if (!hs_str_ends(shown, HS_S(")")))
        return w;
    while (at > 0 && shown.at[at - 1] != ' ')
        at--;
    if (at < mark || memcmp(shown.at + at - mark, MARK, mark) != 0 ||
        !hs_str_to_i64(hs_str_n(shown.at + at, shown.len - at - 1), &n) || n < 1)
        return w;
    return (struct pg_words){hs_str_n(shown.at, at - mark), n - 1};
}

static void add_field(struct hs_buf *b, char field, hs_str text)
{
    if (!text.len)
        return;
    hs_buf_addc(b, field);
    hs_pg_add_text(b, text);
}

void hs_pg_add_notice(struct hs_buf *b, const struct pg_notice *n)
{
    bool error = strcmp(n->severity, "ERROR") == 0 || strcmp(n->severity, "FATAL") == 0;
    size_t at = hs_pg_begin(b, error ? 'E' : 'N');
    add_field(b, 'S', hs_str_of(n->severity));
    add_field(b, 'V', hs_str_of(n->severity));
    add_field(b, 'C', hs_str_of(n->sqlstate));
    hs_buf_addc(b, 'M'); /* always there */
    hs_pg_add_text(b, n->message);
    add_field(b, 'D', n->detail);
    add_field(b, 'H', n->hint);
    if (n->position > 0) {
        hs_buf_addc(b, 'P');
        hs_buf_addf(b, "%d", n->position);
        hs_buf_addc(b, 0);
    }
    hs_buf_addc(b, 0);
    hs_pg_end(b, at);
}
