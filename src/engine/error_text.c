/* Engine errors quote values, candidate columns, paths and the text of views. None of that leaves: a person gets our
 * words for the kind of error and, where the statement itself is at fault, the name they wrote and where they wrote it.
 * The engine's own text goes to the log. */
#include "engine/statement_in.h"

#include "base/fault.h"

#include <ctype.h>
#include <stdio.h>

static const struct kind {
    const char *name; /* as the engine says it, upper case, blanks as _ */
    hs_rc rc;
    const char *words;
} kinds[] = {
    {"CONVERSION", HS_INVALID, "a value cannot be converted to the type asked for"},
    {"OUT_OF_RANGE", HS_INVALID, "a value is out of range"},
    {"DIVIDE_BY_ZERO", HS_INVALID, "division by zero"},
    {"INVALID_INPUT", HS_INVALID, "a value is not valid for what is done with it"},
    {"DECIMAL", HS_INVALID, "a decimal does not fit"},
    {"MISMATCH_TYPE", HS_INVALID, "types do not fit together"},
    {"INVALID_TYPE", HS_INVALID, "types do not fit together"},
    {"UNKNOWN_TYPE", HS_INVALID, "types do not fit together"},
    {"EXPRESSION", HS_INVALID, "an expression is not valid"},
    {"BINDER", HS_INVALID, "the statement does not fit its tables"},
    {"CATALOG", HS_INVALID, "a name in the statement is not known"},
    {"PARSER", HS_INVALID, "syntax error"},
    {"SYNTAX", HS_INVALID, "syntax error"},
    {"PLANNER", HS_UNSUPPORTED, "the statement cannot be planned"},
    {"OPTIMIZER", HS_UNSUPPORTED, "the statement cannot be planned"},
    {"CONSTRAINT", HS_INVALID, "a rule on values is broken"},
    {"PARAMETER_NOT_RESOLVED", HS_INVALID, "the type of a parameter cannot be told; write CAST(? AS type)"},
    {"PARAMETER_NOT_ALLOWED", HS_INVALID, "a parameter is not allowed there"},
    {"NOT_IMPLEMENTED", HS_UNSUPPORTED, "something in the statement is not supported"},
    {"MISSING_EXTENSION", HS_UNSUPPORTED, "something in the statement is not supported"},
    {"EXTENSION_AUTOLOADING", HS_UNSUPPORTED, "something in the statement is not supported"},
    {"OUT_OF_MEMORY", HS_LIMIT, "the statement needs more memory or disk than it may use"},
    {"OBJECT_SIZE", HS_LIMIT, "a value is too large"},
    {"INTERRUPT", HS_CANCELLED, "cancelled"},
    {"IO", HS_CORRUPT, "a data file could not be read"}, /* of what is in it; what the system says stands below */
    {"HTTP", HS_UNAVAILABLE, "a data file could not be read"},
    {"CONNECTION", HS_UNAVAILABLE, "a data file could not be read"},
    {"INVALID", HS_CORRUPT, "a data file could not be read"},
    {"SERIALIZATION", HS_CORRUPT, "a data file could not be read"},
    {"PERMISSION", HS_DENIED, "not permitted"},
};

/* Words in the text that say more than the kind; looked at in the order written. */
static const struct {
    const char *part;
    hs_rc rc;
    const char *words;
} parts[] = {
    {"No space left", HS_LIMIT, "the statement needs more memory or disk than it may use"},
    {"max_temp_directory_size", HS_LIMIT, "the statement needs more memory or disk than it may use"},
    {"magic bytes", HS_CORRUPT, "a data file could not be read"},
    {"TProtocol", HS_CORRUPT, "a data file could not be read"},
    {"arquet", HS_CORRUPT, "a data file could not be read"},
    {"Snappy", HS_CORRUPT, "a data file could not be read"},
    {"corrupt", HS_CORRUPT, "a data file could not be read"},
    {"Could not read enough bytes", HS_CORRUPT, "a data file could not be read"},
    {"Failed to read file", HS_CORRUPT, "a data file could not be read"},
    {"No files found", HS_UNAVAILABLE, "a data file could not be read"},
    {"Could not read", HS_UNAVAILABLE, "a data file could not be read"},
    {"Could not seek", HS_UNAVAILABLE, "a data file could not be read"},
    {"Could not open", HS_UNAVAILABLE, "a data file could not be read"},
    {"Cannot open", HS_UNAVAILABLE, "a data file could not be read"},
    {"Failed to get", HS_UNAVAILABLE, "a data file could not be read"},
    {"Failed to stat", HS_UNAVAILABLE, "a data file could not be read"},
    {"max_expression_depth", HS_LIMIT, "the statement is nested too deeply"},
    {"Max expression depth", HS_LIMIT, "the statement is nested too deeply"},
};

/* SQL's own word for what is wrong (ISO 9075, SQLSTATE), for the doors whose clients ask for one: by the engine's kind
 * and how its text begins, which is in front of whatever the text quotes. The first that fits. */
static const struct {
    const char *name, *begins, *sqlstate;
} states[] = {
    {"CONVERSION", "Could not convert string", "22P02"},
    {"CONVERSION", "invalid date field format", "22007"},
    {"CONVERSION", "invalid timestamp field format", "22007"},
    {"CONVERSION", "date field value out of range", "22008"},
    {"CONVERSION", "timestamp field value out of range", "22008"},
    {"CONVERSION", "time field value out of range", "22008"},
    {"CONVERSION", "Date out of range", "22008"},
    {"CONVERSION", "Date and time not in", "22008"},
    {"CONVERSION", "Could not convert Timestamp", "22008"},
    {"CONVERSION", "Unimplemented type for cast", "42846"},
    {"CONVERSION", "Malformed JSON", "22P02"},
    {"CONVERSION", "", "22003"},
    {"OUT_OF_RANGE", "cannot take square root", "2201F"},
    {"OUT_OF_RANGE", "cannot take logarithm", "2201E"},
    {"OUT_OF_RANGE", "Date out of range", "22008"},
    {"OUT_OF_RANGE", "Timestamp", "22008"},
    {"OUT_OF_RANGE", "", "22003"},
    {"DIVIDE_BY_ZERO", "", "22012"},
    {"DECIMAL", "", "22003"},
    {"INVALID_INPUT", "Argument for ntile", "22014"},
    {"INVALID_INPUT", "More than one row returned by a subquery", "21000"},
    {"INVALID_INPUT", "Malformed JSON", "22P02"},
    {"INVALID_INPUT", "missing ", "2201B"}, /* RE2's words for what is no expression */
    {"INVALID_INPUT", "no argument for repetition", "2201B"},
    {"INVALID_INPUT", "bad repetition", "2201B"},
    {"INVALID_INPUT", "trailing ", "2201B"},
    {"INVALID_INPUT", "unexpected ", "2201B"},
    {"INVALID_INPUT", "invalid ", "2201B"},
    {"INVALID_INPUT", "", "22023"},
    {"MISMATCH_TYPE", "", "42804"},
    {"INVALID_TYPE", "", "42804"},
    {"UNKNOWN_TYPE", "", "42804"},
    {"BINDER", "Referenced column", "42703"},
    {"BINDER", "Table \"", "42703"},
    {"BINDER", "Values list \"", "42703"},
    {"BINDER", "Referenced table", "42P01"},
    {"BINDER", "Ambiguous reference", "42702"},
    {"BINDER", "Duplicate alias", "42712"},
    {"BINDER", "column \"", "42803"},
    {"BINDER", "No function matches", "42883"},
    {"BINDER", "Cannot compare values", "42883"},
    {"BINDER", "Cannot mix values", "42804"},
    {"BINDER", "LIMIT", "2201W"},
    {"BINDER", "aggregate function calls cannot be nested", "42803"},
    {"BINDER", "GROUP BY clause cannot", "42803"},
    {"BINDER", "WHERE clause cannot contain aggregates", "42803"},
    {"BINDER", "WHERE clause cannot contain window", "42P20"},
    {"BINDER", "Subquery returns", "42601"},
    {"CATALOG", "Scalar Function", "42883"},
    {"CATALOG", "Function with name", "42883"},
    {"CATALOG", "Aggregate Function", "42883"},
    {"CATALOG", "Type with name", "42704"},
    {"CATALOG", "Table with name", "42P01"},
    {"PARSER", "", "42601"},
    {"SYNTAX", "Like pattern", "22025"},
    {"SYNTAX", "", "42601"},
    {"NOT_IMPLEMENTED", "", "0A000"},
    {"OUT_OF_MEMORY", "", "53200"},
    {"OBJECT_SIZE", "", "54000"},
    {"INTERRUPT", "", "57014"},
};

/* What our own functions in the worker say (pg/natives.c): "hs:22012", without a word of a value. The words are here.
 */
static const struct {
    const char *sqlstate, *words;
} raised[] = {
#define STATE(sqlstate, words) {sqlstate, words},
#include "engine/states.def"
#undef STATE
};

/* What a binder says about one name. `before` ends just in front of the name, `after` follows it. */
static const struct {
    const char *before, *words;
} sayings[] = {
    {"Referenced column \"", "column %.*s is not known here"},
    {"does not have a column named \"", "column %.*s is not known here"},
    {"Referenced table \"", "table %.*s is not known here"},
    {"Ambiguous reference to column name \"", "column %.*s could be one of several; name its table"},
    {"Ambiguous reference to table \"", "table %.*s could be one of several"},
    {"Duplicate alias \"", "the name %.*s is used twice"},
    {"Could not find key \"", "member %.*s is not known here"},
    {"column \"", "column %.*s must appear in GROUP BY or inside an aggregate function"},
    {"Function with name ", "function %.*s is not known"},
    {"No function matches the given name and argument types '", "function %.*s does not take these arguments"},
};

/* ---- kinds ---- */
static void normal_kind(const char *kind, char out[64])
{
    size_t len = 0;
    for (; kind && *kind && len < 63; kind++)
        out[len++] = *kind == ' ' || *kind == '-' ? '_' : (char)toupper((unsigned char)*kind);
    out[len] = 0;
    char *end = strstr(out, "_ERROR");
    if (end)
        *end = 0;
}

/* What is wrong with values quotes them, and a cell may spell the words we look for: only what stands before counts.
 * Texts about files and memory hold no cells. */
static bool says(const struct kind *k, const char *text, const char *part)
{
    const char *found = strstr(text, part);
    return found && (k->rc != HS_INVALID || (size_t)(found - text) < strcspn(text, "'\""));
}

/* Kinds whose texts begin with words of the engine's own; the others may show a cell anywhere. */
static bool may_refine(const struct kind *k)
{
    static const char *const never[] = {"BINDER", "CATALOG", "CONVERSION", "OUT_OF_RANGE", "MISMATCH_TYPE", "DECIMAL"};
    for (size_t i = 0; i < sizeof never / sizeof never[0]; i++)
        if (strcmp(k->name, never[i]) == 0)
            return false;
    return k->rc != HS_INTERNAL;
}

static struct kind find_kind(const char *engine_kind, const char *text)
{
    static const struct kind unknown = {"", HS_INTERNAL, "internal error in the engine"};
    char name[64];
    normal_kind(engine_kind, name);
    struct kind found = unknown;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (strcmp(kinds[i].name, name) == 0)
            found = kinds[i];
    for (size_t i = 0; text && may_refine(&found) && i < sizeof parts / sizeof parts[0]; i++)
        if (says(&found, text, parts[i].part))
            return (struct kind){name[0] ? found.name : "", parts[i].rc, parts[i].words};
    return found;
}

/* ---- names ---- */
static bool is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_' || (unsigned char)c >= 0x80;
}

/* Where the statement says this name as a whole word. */
static bool said_at(hs_str sql, hs_str name, size_t *out_at)
{
    for (size_t i = 0; name.len && i + name.len <= sql.len; i++) {
        bool starts = i == 0 || !is_word(sql.at[i - 1]);
        bool ends = i + name.len == sql.len || !is_word(sql.at[i + name.len]);
        if (starts && ends && hs_str_eq_nocase(hs_str_n(sql.at + i, name.len), name)) {
            *out_at = i;
            return true;
        }
    }
    return false;
}

/* The name that follows: up to the closing quote, bracket, blank or line. */
static hs_str name_after(const char *at)
{
    return hs_str_n(at, strcspn(at, "\"'( \n!"));
}

static bool say_name(struct hs_err *err, hs_rc rc, const char *text, hs_str sql)
{
    for (size_t i = 0; text && i < sizeof sayings / sizeof sayings[0]; i++) {
        const char *found = strstr(text, sayings[i].before);
        size_t at = 0;
        if (!found)
            continue;
        hs_str name = name_after(found + strlen(sayings[i].before));
        if (name.len > 100 || !said_at(sql, name, &at))
            continue;
        char words[256];
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        snprintf(words, sizeof words, sayings[i].words, HS_FMT(name));
#pragma GCC diagnostic pop
        hs_ignore(hs_fail(err, rc, "%s (position %zu)", words, at + 1));
        return true;
    }
    return false;
}

/* ---- states ---- */
/* "Conversion Error: Could not ..." as the worker tells it: what comes behind the kind. */
static const char *behind_kind(const char *text)
{
    const char *found = text ? strstr(text, " Error: ") : NULL;
    return found && (size_t)(found - text) < strcspn(text, ":'\"") ? found + strlen(" Error: ") : text;
}

static const char *state_of(const struct kind *k, const char *text)
{
    for (size_t i = 0; text && i < sizeof states / sizeof states[0]; i++)
        if (strcmp(states[i].name, k->name) == 0 && strncmp(text, states[i].begins, strlen(states[i].begins)) == 0)
            return states[i].sqlstate;
    return NULL;
}

/* An error of a native: its state, and our words for it instead of the kind's. */
static const char *state_raised(struct kind *k, const char *text)
{
    if (!text || strcmp(k->name, "INVALID_INPUT") != 0 || strncmp(text, "hs:", 3) != 0)
        return NULL;
    for (size_t i = 0; i < sizeof raised / sizeof raised[0]; i++)
        if (strcmp(text + 3, raised[i].sqlstate) == 0) {
            k->words = raised[i].words;
            return raised[i].sqlstate;
        }
    return NULL;
}

hs_rc hs_engine_error_in(struct hs_err *err, const char *engine_kind, const char *engine_text, hs_str sql)
{
    struct kind k = find_kind(engine_kind, engine_text);
    const char *text = behind_kind(engine_text), *sqlstate = state_raised(&k, text);
    if (!sqlstate)
        sqlstate = state_of(&k, text);
    if (!hs_defence("error-text"))
        return hs_fail(err, k.rc, "%s", engine_text ? engine_text : "");
    bool about_names = strcmp(k.name, "BINDER") == 0 || strcmp(k.name, "CATALOG") == 0;
    if (!about_names || !sql.len || !say_name(err, k.rc, engine_text, sql))
        hs_ignore(hs_fail(err, k.rc, "%s", k.words));
    hs_err_state(err, sqlstate);
    if (!err)
        return k.rc;
    return hs_err_note(err, "%s: %s", engine_kind ? engine_kind : "", engine_text ? engine_text : "");
}

hs_rc hs_engine_error(struct hs_err *err, const char *engine_kind, const char *engine_text)
{
    return hs_engine_error_in(err, engine_kind, engine_text, (hs_str){NULL, 0});
}
