/* SET and SHOW. A value is kept as text in the parameter's base unit (milliseconds, kilobytes) and shown as PostgreSQL
 * shows it ("30s"). Changes are journalled, because ROLLBACK takes back what SET did. */
#include "front/pg/parameters.h"

#include "base/alloc.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

enum { REPORT = 1, FIXED = 2, START = 4, QUIET = 8, ONLY = 16, MS = 1, KB = 2, VALUE_MAX = 4096, PATH_MAX_ = 4096 };
enum type { BOOL = 1, INT, REAL, TEXT, ENUM };

static const struct parameter {
    const char *name, *otherwise;
    enum type type;
    int unit;
    int64_t low, high;
    int flags;
    const char *words;
} PARAMETERS[] = {
#define PARAMETER(id, name, otherwise, type, unit, low, high, flags, words) \
    {name, otherwise, type, unit, low, high, flags, words},
#include "front/pg/parameters.def"
#undef PARAMETER
};

static int find(hs_str name)
{
    for (int i = 0; i < PG_PARAMETER_COUNT; i++)
        if (hs_str_eq_nocase(name, hs_str_of(PARAMETERS[i].name)))
            return i;
    return -1;
}

hs_str hs_pg_parameter_name(hs_str name)
{
    int i = find(name);
    return i < 0 ? name : hs_str_of(PARAMETERS[i].name);
}

static hs_str otherwise(const struct pg_session *s, enum pg_parameter_id id)
{
    if (s->starts[id])
        return hs_str_of(s->starts[id]);
    if (id == PG_PARAM_SESSION_AUTHORIZATION)
        return s->principal;
    if (id == PG_PARAM_SERVER_VERSION)
        return hs_str_of(s->version);
    if (id == PG_PARAM_SSL)
        return s->tls ? HS_S("on") : HS_S("off");
    return hs_str_of(PARAMETERS[id].otherwise);
}

hs_str hs_pg_parameter(const struct pg_session *s, enum pg_parameter_id id)
{
    return s->values[id] ? hs_str_of(s->values[id]) : otherwise(s, id);
}

int64_t hs_pg_parameter_number(const struct pg_session *s, enum pg_parameter_id id)
{
    int64_t v = 0;
    return hs_str_to_i64(hs_pg_parameter(s, id), &v) ? v : 0;
}

/* ---- values ---- */

static bool read_bool(hs_str v, bool *out)
{
    static const struct {
        const char *word;
        size_t least;
        bool value;
    } WORDS[] = {{"true", 1, true}, {"false", 1, false}, {"yes", 1, true}, {"no", 1, false},
                 {"on", 2, true},   {"off", 2, false},   {"1", 1, true},   {"0", 1, false}};
    for (size_t i = 0; i < sizeof WORDS / sizeof WORDS[0]; i++)
        if (v.len >= WORDS[i].least && v.len <= strlen(WORDS[i].word) && strncasecmp(v.at, WORDS[i].word, v.len) == 0) {
            *out = WORDS[i].value;
            return true;
        }
    return false;
}

static const struct unit {
    int kind;
    const char *name;
    double factor;
} UNITS[] = {{MS, "d", 86400000}, {MS, "h", 3600000}, {MS, "min", 60000},       {MS, "s", 1000},
             {MS, "ms", 1},       {MS, "us", 0.001},  {KB, "TB", 1073741824.0}, {KB, "GB", 1048576},
             {KB, "MB", 1024},    {KB, "kB", 1},      {KB, "B", 1 / 1024.0}};

static bool unit_factor(int kind, hs_str word, double *out)
{
    *out = 1;
    if (!word.len)
        return true;
    for (size_t i = 0; kind && i < sizeof UNITS / sizeof UNITS[0]; i++)
        if (UNITS[i].kind == kind && hs_str_is(word, UNITS[i].name)) {
            *out = UNITS[i].factor;
            return true;
        }
    return false;
}

static bool read_number(const struct parameter *p, hs_str v, double *out)
{
    char text[64];
    double factor;
    v = hs_str_trim(v);
    if (v.len == 0 || v.len >= sizeof text)
        return false;
    memcpy(text, v.at, v.len);
    text[v.len] = 0;
    char *end;
    *out = strtod(text, &end);
    if (end == text || !isfinite(*out) || !unit_factor(p->unit, hs_str_trim(hs_str_of(end)), &factor))
        return false;
    *out *= factor;
    return true;
}

static hs_rc bad(const struct parameter *p, hs_str value, const char **state, struct hs_err *err)
{
    *state = "22023";
    return hs_fail(err, HS_INVALID, "invalid value for parameter \"%s\": \"%.*s\"", p->name,
                   value.len > 100 ? 100 : (int)value.len, value.len ? value.at : "");
}

static hs_rc check_number(const struct parameter *p, hs_str v, char *out, size_t cap, const char **state,
                          struct hs_err *err)
{
    double d;
    if (!read_number(p, v, &d))
        return bad(p, v, state, err);
    if (p->type == INT)
        d = rint(d);
    *state = "22023";
    if (d < (double)p->low || d > (double)p->high)
        return hs_fail(err, HS_INVALID, "%.*s is outside the valid range for parameter \"%s\" (%lld .. %lld)",
                       v.len > 40 ? 40 : (int)v.len, v.at, p->name, (long long)p->low, (long long)p->high);
    snprintf(out, cap, p->type == INT ? "%.0f" : "%g", d);
    return HS_OK;
}

static hs_rc check_word(const struct parameter *p, hs_str v, char *out, size_t cap, const char **state,
                        struct hs_err *err)
{
    hs_str rest = hs_str_of(p->words);
    while (rest.at) {
        hs_str word = hs_str_cut(&rest, '|');
        if (hs_str_eq_nocase(word, v)) {
            snprintf(out, cap, "%.*s", HS_FMT(word));
            return HS_OK;
        }
    }
    return bad(p, v, state, err);
}

/* Letters and digits alone count in names of encodings. */
static bool is_utf8(hs_str v)
{
    char name[16];
    size_t n = 0;
    for (size_t i = 0; i < v.len; i++)
        if (v.at[i] != '-' && v.at[i] != '_' && v.at[i] != ' ' && v.at[i] != '\'') {
            if (n == sizeof name - 1)
                return false;
            name[n++] = v.at[i];
        }
    hs_str flat = hs_str_n(name, n);
    return hs_str_eq_nocase(flat, HS_S("utf8")) || hs_str_eq_nocase(flat, HS_S("unicode"));
}

static hs_rc check_text(struct pg_session *s, enum pg_parameter_id id, hs_str v, char *out, size_t cap,
                        const char **state, struct hs_err *err)
{
    struct hs_pg_style style = s->style;
    *state = "22023";
    if (v.len >= cap || !hs_utf8_valid(v) || (v.len && memchr(v.at, 0, v.len)))
        return hs_fail(err, HS_INVALID, "invalid value for parameter \"%s\"", PARAMETERS[id].name);
    snprintf(out, cap, "%.*s", HS_FMT(v));
    if (id == PG_PARAM_CLIENT_ENCODING) {
        if (!is_utf8(v))
            return bad(&PARAMETERS[id], v, state, err);
        snprintf(out, cap, "UTF8");
    } else if (id == PG_PARAM_TIMEZONE) {
        const struct hs_pg_zone *z = hs_pg_zone_find(v);
        if (!z)
            return bad(&PARAMETERS[id], v, state, err);
        snprintf(out, cap, "%.*s", HS_FMT(hs_pg_zone_name(z)));
    } else if (id == PG_PARAM_DATESTYLE || id == PG_PARAM_INTERVALSTYLE) {
        hs_str name = hs_str_of(PARAMETERS[id].name);
        HS_TRY(hs_pg_style_set(&style, name, v, err));
        struct hs_arena *a = hs_arena_new(4096);
        hs_str text = a ? hs_pg_style_text(&style, name, a) : (hs_str){0};
        if (text.len)
            snprintf(out, cap, "%.*s", HS_FMT(text));
        hs_arena_free(a);
    }
    return HS_OK;
}

static hs_rc check(struct pg_session *s, enum pg_parameter_id id, hs_str v, char *out, size_t cap, const char **state,
                   struct hs_err *err)
{
    const struct parameter *p = &PARAMETERS[id];
    bool on;
    switch (p->type) {
    case BOOL:
        if (!read_bool(v, &on)) {
            *state = "22023";
            return hs_fail(err, HS_INVALID, "parameter \"%s\" requires a Boolean value", p->name);
        }
        snprintf(out, cap, "%s", on ? "on" : "off");
        return HS_OK;
    case INT:
    case REAL:
        return check_number(p, v, out, cap, state, err);
    case ENUM:
        return check_word(p, v, out, cap, state, err);
    case TEXT:
        return check_text(s, id, v, out, cap, state, err);
    }
    return bad(p, v, state, err);
}

/* ---- changing ---- */

static void apply(struct pg_session *s, int id)
{
    hs_str name = hs_str_of(PARAMETERS[id].name), value = hs_pg_parameter(s, (enum pg_parameter_id)id);
    struct hs_err err;
    bool matters =
        id == PG_PARAM_SEARCH_PATH || id == PG_PARAM_TIMEZONE || id == PG_PARAM_PURPOSE || id == PG_PARAM_WORKSPACE;
    s->settings_mark += matters; /* for what a prepared statement means */
    if (id == PG_PARAM_TIMEZONE) {
        const struct hs_pg_zone *z = hs_pg_zone_find(value);
        s->style.zone = z ? z : s->style.zone;
    } else if (id == PG_PARAM_DATESTYLE || id == PG_PARAM_INTERVALSTYLE || id == PG_PARAM_FLOAT_DIGITS ||
               id == PG_PARAM_BYTEA_OUTPUT) {
        hs_ignore(hs_pg_style_set(&s->style, name, value, &err)); /* it was checked */
    }
}

static struct pg_custom *custom(struct pg_session *s, hs_str name)
{
    for (size_t i = 0; i < s->custom_count; i++)
        if (hs_str_eq_nocase(hs_str_of(s->customs[i].name), name))
            return &s->customs[i];
    return NULL;
}

static bool add_custom(struct pg_session *s, hs_str name, struct pg_custom **out)
{
    struct pg_custom *all = hs_realloc(s->customs, (s->custom_count + 1) * sizeof *all);
    if (!all)
        return false;
    s->customs = all;
    struct pg_custom *c = &all[s->custom_count];
    *c = (struct pg_custom){hs_strndup(name.at, name.len), NULL};
    if (!c->name)
        return false;
    s->custom_count++;
    *out = c;
    return true;
}

/* The place of a value: of the table or a custom one. NULL: not there yet. */
static char **place_of(struct pg_session *s, hs_str name)
{
    int id = find(name);
    struct pg_custom *c = id < 0 ? custom(s, name) : NULL;
    return id >= 0 ? &s->values[id] : c ? &c->value : NULL;
}

static void put(struct pg_session *s, hs_str name, char *value) /* takes it */
{
    char **place = place_of(s, name);
    int id = find(name);
    if (!place) {
        hs_free(value);
        return;
    }
    char *before = *place;
    hs_str was = id >= 0 ? hs_pg_parameter(s, (enum pg_parameter_id)id) : (hs_str){0};
    *place = value;
    if (id >= 0) {
        bool changed = !hs_str_eq(was, hs_pg_parameter(s, (enum pg_parameter_id)id));
        s->unreported[id] |= changed && (PARAMETERS[id].flags & REPORT);
        apply(s, id);
    }
    hs_free(before);
}

static void change_free(struct pg_change *c)
{
    hs_free((char *)(uintptr_t)c->name.at);
    hs_free(c->before);
    hs_free(c->after);
}

static bool copy_text(const char *from, char **out)
{
    *out = from ? hs_strndup(from, strlen(from)) : NULL;
    return !from || *out;
}

static bool journal(struct pg_session *s, hs_str name, const char *before, const char *after, bool local)
{
    struct pg_transaction *t = &s->tx;
    struct pg_change *all = hs_realloc(t->changes, (t->change_count + 1) * sizeof *all);
    if (!all)
        return false;
    t->changes = all;
    struct pg_change c = {.local = local, .depth = t->savepoint_count};
    c.name = (hs_str){hs_strndup(name.at, name.len), name.len};
    if (!c.name.at || !copy_text(before, &c.before) || !copy_text(after, &c.after)) {
        change_free(&c);
        return false;
    }
    all[t->change_count++] = c;
    return true;
}

void hs_pg_changes_undo(struct pg_session *s, size_t keep)
{
    struct pg_transaction *t = &s->tx;
    while (t->change_count > keep) {
        struct pg_change *c = &t->changes[--t->change_count];
        put(s, c->name, c->before);
        c->before = NULL;
        change_free(c);
    }
}

/* For each parameter: what the last change that was not LOCAL made of it, else what it was before the first. */
void hs_pg_changes_commit(struct pg_session *s)
{
    struct pg_transaction *t = &s->tx;
    for (size_t i = 0; i < t->change_count; i++) {
        bool first = true, any_local = false;
        const char *final = t->changes[i].before;
        for (size_t j = 0; j < i && first; j++)
            first = !hs_str_eq_nocase(t->changes[j].name, t->changes[i].name);
        for (size_t j = i; first && j < t->change_count; j++)
            if (hs_str_eq_nocase(t->changes[j].name, t->changes[i].name)) {
                any_local |= t->changes[j].local;
                if (!t->changes[j].local)
                    final = t->changes[j].after;
            }
        char *copy;
        if (first && any_local && copy_text(final, &copy))
            put(s, t->changes[i].name, copy);
    }
    for (size_t i = 0; i < t->change_count; i++)
        change_free(&t->changes[i]);
    hs_free(t->changes);
    t->changes = NULL;
    t->change_count = 0;
}

enum { CHANGES_MAX = 4096 };

static hs_rc change(struct pg_session *s, hs_str name, const char *value, bool local, struct hs_err *err)
{
    char **place = place_of(s, name), *copy;
    if (s->tx.change_count >= CHANGES_MAX)
        return hs_fail(err, HS_LIMIT, "too many parameters are set in one transaction");
    if (!place || !copy_text(value, &copy))
        return hs_fail(err, HS_NOMEM, "out of memory");
    if (!journal(s, name, *place, value, local)) {
        hs_free(copy);
        return hs_fail(err, HS_NOMEM, "out of memory");
    }
    put(s, name, copy);
    return HS_OK;
}

/* Two parts or more, each like a name. */
static bool is_custom_name(hs_str name)
{
    bool dot = false, start = true;
    for (size_t i = 0; i < name.len; i++) {
        unsigned char c = (unsigned char)name.at[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c >= 0x80;
        if (c == '.' && !start)
            dot = start = true;
        else if (letter || (!start && ((c >= '0' && c <= '9') || c == '$')))
            start = false;
        else
            return false;
    }
    return dot && !start && name.len <= PG_NAME_MAX && !hs_str_starts(name, HS_S("hailstorm."));
}

static hs_rc set_custom(struct pg_session *s, hs_str name, const char *value, bool local, const char **state,
                        struct hs_err *err)
{
    struct pg_custom *c = custom(s, name);
    *state = "42704";
    if (!c && !is_custom_name(name))
        return hs_fail(err, HS_INVALID, "unrecognized configuration parameter \"%.*s\"",
                       name.len > 100 ? 100 : (int)name.len, name.at);
    *state = "53400";
    if (value && strlen(value) > VALUE_MAX)
        return hs_fail(err, HS_LIMIT, "the value is too long");
    if (!c && (int64_t)s->custom_count >= s->settings.parameters_max)
        return hs_fail(err, HS_LIMIT, "this connection has set too many parameters");
    if (!c && !add_custom(s, name, &c))
        return hs_fail(err, HS_NOMEM, "out of memory");
    return change(s, name, value, local, err);
}

static hs_rc check_may_set(const struct parameter *p, const char **state, struct hs_err *err)
{
    *state = "55P02";
    return p->flags & (FIXED | START) ? hs_fail(err, HS_INVALID, "parameter \"%s\" cannot be changed", p->name) : HS_OK;
}

/* The value as it will be kept; `out` has VALUE_MAX bytes. */
static hs_rc normal_value(struct pg_session *s, int id, hs_str value, char *out, const char **state, struct hs_err *err)
{
    const struct parameter *p = &PARAMETERS[id];
    HS_TRY(check(s, (enum pg_parameter_id)id, value, out, VALUE_MAX, state, err));
    *state = "0A000";
    if ((p->flags & ONLY) && strcmp(out, p->otherwise) != 0)
        return hs_fail(err, HS_UNSUPPORTED, "parameter \"%s\" can only be \"%s\" here", p->name, p->otherwise);
    return HS_OK;
}

hs_rc hs_pg_parameter_set(struct pg_session *s, hs_str name, const char *value, bool local, const char **state,
                          struct hs_err *err)
{
    char kept[VALUE_MAX];
    int id = find(name);
    if (id < 0)
        return set_custom(s, name, value, local, state, err);
    HS_TRY(check_may_set(&PARAMETERS[id], state, err));
    if (value)
        HS_TRY(normal_value(s, id, hs_str_of(value), kept, state, err));
    *state = "53400";
    return change(s, hs_str_of(PARAMETERS[id].name), value ? kept : NULL, local, err);
}

hs_rc hs_pg_parameter_start(struct pg_session *s, hs_str name, hs_str value, const char **state, struct hs_err *err)
{
    char kept[VALUE_MAX];
    int id = find(name);
    *state = "42704";
    if (id < 0) {
        struct pg_custom *c = custom(s, name);
        if (!c && (!is_custom_name(name) || (int64_t)s->custom_count >= s->settings.parameters_max))
            return hs_fail(err, HS_INVALID, "unrecognized configuration parameter \"%.*s\"",
                           name.len > 100 ? 100 : (int)name.len, name.at);
        if (!c && !add_custom(s, name, &c))
            return hs_fail(err, HS_NOMEM, "out of memory");
        hs_free(c->value);
        c->value = hs_strndup(value.at, value.len);
        return c->value ? HS_OK : hs_fail(err, HS_NOMEM, "out of memory");
    }
    *state = "55P02";
    if (PARAMETERS[id].flags & FIXED)
        return hs_fail(err, HS_INVALID, "parameter \"%s\" cannot be changed", PARAMETERS[id].name);
    HS_TRY(normal_value(s, id, value, kept, state, err));
    char *copy = hs_strndup(kept, strlen(kept));
    if (!copy)
        return hs_fail(err, HS_NOMEM, "out of memory");
    hs_free(s->starts[id]);
    s->starts[id] = copy;
    apply(s, id);
    return HS_OK;
}

void hs_pg_parameters_reset(struct pg_session *s)
{
    struct hs_err err;
    for (int i = 0; i < PG_PARAMETER_COUNT; i++)
        if (s->values[i] && !(PARAMETERS[i].flags & FIXED))
            hs_ignore(change(s, hs_str_of(PARAMETERS[i].name), NULL, false, &err)); /* no memory: it stays as it is */
    for (size_t i = 0; i < s->custom_count; i++)
        if (s->customs[i].value)
            hs_ignore(change(s, hs_str_of(s->customs[i].name), NULL, false, &err));
}

/* ---- showing ---- */

/* The largest unit that says it without a fraction. */
static hs_str with_unit(const struct parameter *p, hs_str value, struct hs_arena *a)
{
    int64_t n;
    if (!p->unit || !hs_str_to_i64(value, &n) || n <= 0)
        return value;
    for (size_t i = 0; i < sizeof UNITS / sizeof UNITS[0]; i++)
        if (UNITS[i].kind == p->unit && UNITS[i].factor >= 1 && n % (int64_t)UNITS[i].factor == 0)
            return hs_arena_printf(a, "%lld%s", (long long)(n / (int64_t)UNITS[i].factor), UNITS[i].name);
    return value;
}

bool hs_pg_parameter_show(struct pg_session *s, hs_str name, struct hs_arena *a, hs_str *out)
{
    int id = find(name);
    const struct pg_custom *c = id < 0 ? custom(s, name) : NULL;
    if (id < 0 && (!c || !c->value))
        return false;
    *out = id >= 0 ? with_unit(&PARAMETERS[id], hs_pg_parameter(s, (enum pg_parameter_id)id), a) : hs_str_of(c->value);
    if (id == PG_PARAM_SEARCH_PATH && out->len == 0)
        *out = hs_pg_search_path_text(s, a);
    return out->at != NULL;
}

bool hs_pg_parameter_at(struct pg_session *s, struct hs_arena *a, size_t i, struct hs_pg_setting *out)
{
    static const char *const TYPES[] = {"", "bool", "integer", "real", "string", "enum"};
    if (i >= PG_PARAMETER_COUNT)
        return false;
    const struct parameter *p = &PARAMETERS[i];
    *out = (struct hs_pg_setting){.name = hs_str_of(p->name),
                                  .value = hs_pg_parameter(s, (enum pg_parameter_id)i),
                                  .category = p->flags & FIXED ? HS_S("Preset Options") : HS_S("Client"),
                                  .text = p->type == ENUM ? HS_S("") : hs_str_of(p->words),
                                  .start = otherwise(s, (enum pg_parameter_id)i),
                                  .unit = p->unit == MS   ? HS_S("ms")
                                          : p->unit == KB ? HS_S("kB")
                                                          : HS_S(""),
                                  .type = TYPES[p->type],
                                  .fixed = (p->flags & FIXED) != 0};
    if (i == PG_PARAM_SEARCH_PATH && out->value.len == 0)
        out->value = out->start = hs_pg_search_path_text(s, a);
    return true;
}

void hs_pg_parameters_tell(struct pg_session *s, bool all)
{
    for (int i = 0; i < PG_PARAMETER_COUNT; i++) {
        bool tell = all ? (PARAMETERS[i].flags & REPORT) != 0 : s->unreported[i];
        s->unreported[i] = false;
        if (!tell)
            continue;
        size_t at = hs_pg_begin(&s->reply, 'S');
        hs_pg_add_text(&s->reply, hs_str_of(PARAMETERS[i].name));
        hs_pg_add_text(&s->reply, hs_pg_parameter(s, (enum pg_parameter_id)i));
        hs_pg_end(&s->reply, at);
    }
}

void hs_pg_parameters_free(struct pg_session *s)
{
    for (int i = 0; i < PG_PARAMETER_COUNT; i++) {
        hs_free(s->values[i]);
        hs_free(s->starts[i]);
    }
    for (size_t i = 0; i < s->custom_count; i++) {
        hs_free(s->customs[i].name);
        hs_free(s->customs[i].value);
    }
    hs_free(s->customs);
    for (size_t i = 0; i < s->tx.change_count; i++)
        change_free(&s->tx.changes[i]);
    hs_free(s->tx.changes);
}
