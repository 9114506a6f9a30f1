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

hs_rc hs_engine_error_in(struct hs_err *err, const char *engine_kind, const char *engine_text, hs_str sql)
{
    struct kind k = find_kind(engine_kind, engine_text);
    if (!hs_defence("error-text"))
        return hs_fail(err, k.rc, "%s", engine_text ? engine_text : "");
    bool about_names = strcmp(k.name, "BINDER") == 0 || strcmp(k.name, "CATALOG") == 0;
    if (!about_names || !sql.len || !say_name(err, k.rc, engine_text, sql))
        hs_ignore(hs_fail(err, k.rc, "%s", k.words));
    if (!err)
        return k.rc;
    return hs_err_note(err, "%s: %s", engine_kind ? engine_kind : "", engine_text ? engine_text : "");
}

hs_rc hs_engine_error(struct hs_err *err, const char *engine_kind, const char *engine_text)
{
    return hs_engine_error_in(err, engine_kind, engine_text, (hs_str){NULL, 0});
}
