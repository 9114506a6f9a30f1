/* Checking a mapping against its table of keys. */
#include "model/load.h"

#include <stdio.h>

/* ---- messages ---- */

struct hs_at hs_load_at(const struct hs_load *l, const struct hs_yaml *node)
{
    return (struct hs_at){l->file ? l->file->path : HS_S(""), node ? node->line : 1, node ? node->column : 1};
}

hs_rc hs_load_fail_(struct hs_load *l, hs_rc kind, struct hs_at at, const char *file, int line, const char *format, ...)
{
    char words[400];
    va_list args;
    va_start(args, format);
    vsnprintf(words, sizeof words, format, args);
    va_end(args);
    return hs_fail_at(l->err, kind, file, line, "%.*s:%d:%d: %s", HS_FMT(at.file), at.line, at.column, words);
}

hs_rc hs_load_no_memory(struct hs_load *l)
{
    if (hs_arena_used(l->arena) > HS_MODEL_MAX_MEMORY / 4 * 3)
        return hs_fail(l->err, HS_LIMIT, "the model needs more than %d MiB of memory", HS_MODEL_MAX_MEMORY >> 20);
    return hs_fail(l->err, HS_NOMEM, "out of memory while loading the model");
}

hs_rc hs_load_warn(struct hs_load *l, struct hs_at at, const char *format, ...)
{
    char words[400];
    va_list args;
    va_start(args, format);
    vsnprintf(words, sizeof words, format, args);
    va_end(args);
    hs_str *warning = hs_vec_add(l->arena, &l->warnings);
    if (!warning)
        return hs_load_no_memory(l);
    *warning = hs_arena_printf(l->arena, "%.*s:%d:%d: %s", HS_FMT(at.file), at.line, at.column, words);
    return warning->at ? HS_OK : hs_load_no_memory(l);
}

const char *hs_hint(struct hs_hint *hint, hs_str wanted, const hs_str *names, size_t count)
{
    hs_str near = hs_str_nearest(wanted, names, count);
    hint->text[0] = 0;
    if (near.len)
        snprintf(hint->text, sizeof hint->text, " (did you mean '%.*s'?)", HS_FMT(near));
    return hint->text;
}

/* ---- single values ---- */

static const char *kind_word(const struct hs_yaml *node)
{
    if (node->kind == HS_YAML_MAP)
        return "a mapping";
    if (node->kind == HS_YAML_LIST)
        return "a list";
    switch (hs_yaml_meaning(node)) {
    case HS_YAML_NULL:
        return "nothing";
    case HS_YAML_BOOL:
        return "true or false";
    case HS_YAML_INT:
    case HS_YAML_NUMBER:
        return "a number";
    case HS_YAML_TEXT:
        break;
    }
    return "text";
}

static hs_rc fail_type(struct hs_load *l, const struct hs_yaml *node, const char *what, const char *wanted)
{
    if (node->kind == HS_YAML_SCALAR && hs_yaml_meaning(node) == HS_YAML_NULL)
        return hs_load_fail(l, hs_load_at(l, node), "'%s' has no value: give one or leave the key out", what);
    return hs_load_fail(l, hs_load_at(l, node), "'%s' must be %s, not %s", what, wanted, kind_word(node));
}

hs_rc hs_read_map(struct hs_load *l, const struct hs_yaml *node, const char *what)
{
    return node->kind == HS_YAML_MAP ? HS_OK : fail_type(l, node, what, "a mapping (key: value)");
}

hs_rc hs_read_list(struct hs_load *l, const struct hs_yaml *node, const char *what)
{
    return node->kind == HS_YAML_LIST ? HS_OK : fail_type(l, node, what, "a list");
}

hs_rc hs_read_text(struct hs_load *l, const struct hs_yaml *node, const char *what, hs_str *out)
{
    if (node->kind != HS_YAML_SCALAR || hs_yaml_meaning(node) == HS_YAML_NULL)
        return fail_type(l, node, what, "text");
    if (hs_yaml_meaning(node) != HS_YAML_TEXT)
        return hs_load_fail(l, hs_load_at(l, node), "'%s' must be text, not %s: write it in quotes", what,
                            kind_word(node));
    if (node->text.len == 0)
        return hs_load_fail(l, hs_load_at(l, node), "'%s' is empty", what);
    *out = node->text;
    return HS_OK;
}

hs_rc hs_read_texts(struct hs_load *l, const struct hs_yaml *node, const char *what, bool some, hs_str **out,
                    size_t *out_count)
{
    if (node->kind == HS_YAML_SCALAR && hs_yaml_meaning(node) != HS_YAML_NULL)
        return hs_load_fail(l, hs_load_at(l, node), "'%s' must be a list: [%.*s]", what,
                            (int)(node->text.len < 80 ? node->text.len : 80), node->text.at);
    HS_TRY(hs_read_list(l, node, what));
    if (some && !node->count)
        return hs_load_fail(l, hs_load_at(l, node), "'%s' is an empty list", what);
    hs_str *texts = hs_arena_array(l->arena, node->count, sizeof *texts);
    if (!texts)
        return hs_load_no_memory(l);
    size_t i = 0;
    for (const struct hs_yaml *item = node->first; item; item = item->next)
        HS_TRY(hs_read_text(l, item, what, &texts[i++]));
    *out = texts;
    *out_count = i;
    return HS_OK;
}

static hs_rc read_name(struct hs_load *l, const struct hs_yaml *node, const char *what, hs_str *out)
{
    hs_str name = {0};
    HS_TRY(hs_read_text(l, node, what, &name));
    if (name.len > HS_MODEL_MAX_NAME)
        return hs_load_fail(l, hs_load_at(l, node), "'%s' is longer than %d bytes", what, HS_MODEL_MAX_NAME);
    for (size_t i = 0; i < name.len; i++) {
        unsigned char c = (unsigned char)name.at[i];
        if (c < 0x20 || c == 0x7f || strchr(".[]\"", c) || (c == '$' && i == 0))
            return hs_load_fail(l, hs_load_at(l, node),
                                "'%s' may not hold '.', '[', ']', double quotes or control "
                                "characters, nor begin with '$': they mean something in paths",
                                what);
    }
    *out = name;
    return HS_OK;
}

static hs_rc read_bool(struct hs_load *l, const struct hs_yaml *node, const char *what, bool *out)
{
    if (node->kind != HS_YAML_SCALAR || hs_yaml_meaning(node) != HS_YAML_BOOL)
        return fail_type(l, node, what, "true or false");
    *out = node->text.at[0] == 't' || node->text.at[0] == 'T';
    return HS_OK;
}

static hs_rc read_int(struct hs_load *l, const struct hs_yaml *node, const char *what, int *out)
{
    int64_t value;
    if (node->kind != HS_YAML_SCALAR || hs_yaml_meaning(node) != HS_YAML_INT)
        return fail_type(l, node, what, "a whole number");
    if (!hs_str_to_i64(node->text, &value) || value < -1 || value > INT32_MAX)
        return hs_load_fail(l, hs_load_at(l, node), "'%s' must be a whole number up to %d", what, INT32_MAX);
    *out = (int)value;
    return HS_OK;
}

static hs_rc check_words(struct hs_load *l, const struct hs_yaml *node, const struct hs_key *key)
{
    hs_str names[32];
    char list[200] = "";
    size_t n = 0, used = 0;
    for (; key->words[n] && n < 32; n++) {
        names[n] = hs_str_of(key->words[n]);
        if (hs_str_eq(node->text, names[n]))
            return HS_OK;
        int wrote = snprintf(list + used, sizeof list - used, "%s%s", n ? ", " : "", key->words[n]);
        used += wrote > 0 && (size_t)wrote < sizeof list - used ? (size_t)wrote : 0;
    }
    struct hs_hint hint;
    return hs_load_fail(l, hs_load_at(l, node), "'%s' is '%.*s', and must be one of: %s%s", key->name,
                        (int)(node->text.len < 80 ? node->text.len : 80), node->text.at, list,
                        hs_hint(&hint, node->text, names, n));
}

/* ---- forms ---- */

static hs_rc read_objects(struct hs_load *l, const struct hs_yaml *node, const struct hs_key *key)
{
    HS_TRY(hs_read_list(l, node, key->name));
    for (const struct hs_yaml *item = node->first; item; item = item->next)
        HS_TRY(hs_form_read(l, item, key->inside, NULL));
    return HS_OK;
}

static hs_rc keep_scalar(struct hs_load *l, const struct hs_yaml *node, const struct hs_key *key)
{
    bool fits = key->kind == HS_KEY_ANY ? node->kind != HS_YAML_SCALAR || hs_yaml_meaning(node) != HS_YAML_NULL
                                        : node->kind == HS_YAML_SCALAR && hs_yaml_meaning(node) != HS_YAML_NULL;
    return fits ? HS_OK : fail_type(l, node, key->name, "one value");
}

static hs_rc read_key(struct hs_load *l, const struct hs_yaml *node, const struct hs_key *key, void *record)
{
    union {
        hs_str text;
        bool flag;
        int number;
        struct {
            hs_str *at;
            size_t count;
        } texts;
    } unused;
    void *to = record && key->at ? (char *)record + key->at - 1 : NULL;
    size_t *count = record && key->count ? (size_t *)(void *)((char *)record + key->count - 1) : &unused.texts.count;
    switch (key->kind) {
    case HS_KEY_TEXT:
        HS_TRY(hs_read_text(l, node, key->name, to ? to : &unused));
        return key->words ? check_words(l, node, key) : HS_OK;
    case HS_KEY_NAME:
        return read_name(l, node, key->name, to ? to : &unused);
    case HS_KEY_BOOL:
        return read_bool(l, node, key->name, to ? to : &unused);
    case HS_KEY_INT:
        return read_int(l, node, key->name, to ? to : &unused);
    case HS_KEY_SCALAR:
    case HS_KEY_ANY:
        return keep_scalar(l, node, key);
    case HS_KEY_TEXTS:
        return hs_read_texts(l, node, key->name, key->some, to ? to : &unused.texts.at, count);
    case HS_KEY_OBJECT:
        return hs_form_read(l, node, key->inside, to ? to : record);
    case HS_KEY_OBJECTS:
        return read_objects(l, node, key);
    case HS_KEY_READ:
        return key->read(l, node, to ? to : record);
    }
    return hs_fail(l->err, HS_INTERNAL, "a form has a key of no kind");
}

static hs_rc fail_unknown(struct hs_load *l, const struct hs_yaml *key, const struct hs_form *form)
{
    hs_str names[64];
    char list[240] = "";
    size_t n = 0, used = 0;
    for (; n < form->key_count && n < 64; n++) {
        names[n] = hs_str_of(form->keys[n].name);
        int wrote = snprintf(list + used, sizeof list - used, "%s%s", n ? ", " : "", form->keys[n].name);
        used += wrote > 0 && (size_t)wrote < sizeof list - used ? (size_t)wrote : 0;
    }
    struct hs_hint hint;
    hs_hint(&hint, key->text, names, n);
    if (!hint.text[0] && n <= 12)
        snprintf(hint.text, sizeof hint.text, "; it may have: %s", list);
    return hs_load_fail(l, hs_load_at(l, key), "unknown key '%.*s' in %s%s",
                        (int)(key->text.len < 80 ? key->text.len : 80), key->text.at, form->noun, hint.text);
}

static const struct hs_key *find_key(const struct hs_form *form, hs_str name)
{
    for (size_t i = 0; i < form->key_count; i++)
        if (hs_str_is(name, form->keys[i].name))
            return &form->keys[i];
    return NULL;
}

hs_rc hs_form_read(struct hs_load *l, const struct hs_yaml *node, const struct hs_form *form, void *record)
{
    if (node->kind != HS_YAML_MAP)
        return hs_load_fail(l, hs_load_at(l, node), "%s must be a mapping (key: value), not %s", form->noun,
                            kind_word(node));
    for (const struct hs_yaml *k = node->first; k; k = k->next->next) {
        const struct hs_key *key = find_key(form, k->text);
        if (!key && !form->open)
            return fail_unknown(l, k, form);
        if (key)
            HS_TRY(read_key(l, k->next, key, record));
    }
    for (size_t i = 0; i < form->key_count; i++)
        if (form->keys[i].required && !hs_yaml_get(node, form->keys[i].name))
            return hs_load_fail(l, hs_load_at(l, node), "%s needs '%s'", form->noun, form->keys[i].name);
    return HS_OK;
}
