/* The guard and the printers behind a pipe, so that tests/sql/ can hold them against the engine itself:
 * `engine_guard_test
 * --tool`. A request is "WORD COUNT\n" and COUNT texts as "LENGTH\nBYTES"; the answer has the same form, WORD "ok" or
 * "error" (kind, shown, detail). */
#ifndef HS_ENGINE_TEST_GUARD_TOOL_H
#define HS_ENGINE_TEST_GUARD_TOOL_H

#include "base/alloc.h"
#include "engine/statement_in.h"

#include "yyjson.h"

#include <stdio.h>
#include <stdlib.h>

enum { TOOL_ARGS = 8, TOOL_TEXT = 256 * 1024 * 1024 };

struct tool {
    struct hs_arena *arena;
    hs_str args[TOOL_ARGS];
    size_t count;
    struct hs_err err;
};

static void tool_say(const char *word, const hs_str *texts, size_t count)
{
    printf("%s %zu\n", word, count);
    for (size_t i = 0; i < count; i++) {
        printf("%zu\n", texts[i].len);
        fwrite(texts[i].at, 1, texts[i].len, stdout);
    }
    fflush(stdout);
}

static void tool_fail(const struct hs_err *err)
{
    hs_str texts[] = {hs_str_of(hs_kind_name(err->kind)), hs_str_of(err->shown), hs_str_of(err->detail)};
    tool_say("error", texts, 3);
}

static bool tool_read(struct tool *t, char word[32])
{
    if (scanf("%31s %zu", word, &t->count) != 2 || t->count > TOOL_ARGS)
        return false;
    for (size_t i = 0; i < t->count; i++) {
        size_t len = 0;
        if (scanf("%zu", &len) != 1 || getchar() != '\n' || len > TOOL_TEXT)
            return false;
        char *at = hs_arena_alloc(t->arena, len + 1);
        if (!at || fread(at, 1, len, stdin) != len)
            return false;
        t->args[i] = hs_str_n(at, len);
    }
    return true;
}

/* ---- scans described in JSON ---- */
static hs_str tool_str(yyjson_val *v)
{
    return hs_str_n(yyjson_get_str(v) ? yyjson_get_str(v) : "", yyjson_get_len(v));
}

static struct hs_type *tool_type(struct tool *t, yyjson_val *v);

static void tool_fields(struct tool *t, yyjson_val *list, struct hs_type *out)
{
    size_t i, max;
    yyjson_val *item;
    out->field_count = yyjson_arr_size(list);
    out->fields = hs_arena_array(t->arena, out->field_count + 1, sizeof *out->fields);
    yyjson_arr_foreach(list, i, max, item)
    {
        out->fields[i].id = yyjson_get_int(yyjson_obj_get(item, "id"));
        out->fields[i].name = hs_arena_str(t->arena, tool_str(yyjson_obj_get(item, "name")));
        out->fields[i].type = tool_type(t, yyjson_obj_get(item, "type"));
    }
}

static enum hs_type_id tool_type_id(hs_str name)
{
    static const struct {
        const char *name;
        enum hs_type_id id;
    } ids[] = {{"boolean", HS_T_BOOLEAN},
               {"int", HS_T_INT},
               {"long", HS_T_LONG},
               {"float", HS_T_FLOAT},
               {"double", HS_T_DOUBLE},
               {"decimal", HS_T_DECIMAL},
               {"date", HS_T_DATE},
               {"time", HS_T_TIME},
               {"timestamp", HS_T_TIMESTAMP},
               {"timestamptz", HS_T_TIMESTAMPTZ},
               {"timestamp_ns", HS_T_TIMESTAMP_NS},
               {"timestamptz_ns", HS_T_TIMESTAMPTZ_NS},
               {"string", HS_T_STRING},
               {"uuid", HS_T_UUID},
               {"fixed", HS_T_FIXED},
               {"binary", HS_T_BINARY},
               {"struct", HS_T_STRUCT},
               {"list", HS_T_LIST},
               {"map", HS_T_MAP}};
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++)
        if (hs_str_is(name, ids[i].name))
            return ids[i].id;
    return HS_T_UNKNOWN;
}

/* "int" or {"type": "decimal", "precision": 5, "scale": 2} or {"type": "struct", "fields": [...]} */
static struct hs_type *tool_type(struct tool *t, yyjson_val *v)
{
    struct hs_type *out = HS_NEW(t->arena, struct hs_type);
    yyjson_val *name = yyjson_is_obj(v) ? yyjson_obj_get(v, "type") : v;
    out->id = tool_type_id(tool_str(name));
    out->precision = yyjson_get_int(yyjson_obj_get(v, "precision"));
    out->scale = yyjson_get_int(yyjson_obj_get(v, "scale"));
    out->length = yyjson_get_int(yyjson_obj_get(v, "length"));
    if (yyjson_obj_get(v, "fields"))
        tool_fields(t, yyjson_obj_get(v, "fields"), out);
    return out;
}

static struct hs_type *tool_struct(struct tool *t, yyjson_val *list)
{
    struct hs_type *out = HS_NEW(t->arena, struct hs_type);
    out->id = HS_T_STRUCT;
    tool_fields(t, list, out);
    return out;
}

static void tool_group(struct tool *t, yyjson_val *v, struct hs_scan_group *out)
{
    size_t i, max;
    yyjson_val *item, *paths = yyjson_obj_get(v, "paths");
    struct hs_scan_file *list = hs_arena_array(t->arena, yyjson_arr_size(paths) + 1, sizeof *list);
    yyjson_arr_foreach(paths, i, max, item) list[i].path = hs_arena_str(t->arena, tool_str(item));
    *out = (struct hs_scan_group){
        .physical = tool_struct(t, yyjson_obj_get(v, "physical")), .files = list, .file_count = yyjson_arr_size(paths)};
}

static void tool_scan(struct tool *t, yyjson_val *v, struct hs_scan *out)
{
    size_t i, max;
    yyjson_val *item, *groups = yyjson_obj_get(v, "groups"), *columns = yyjson_obj_get(v, "columns");
    struct hs_scan_group *g = hs_arena_array(t->arena, yyjson_arr_size(groups) + 1, sizeof *g);
    struct hs_scan_column *c = hs_arena_array(t->arena, yyjson_arr_size(columns) + 1, sizeof *c);
    yyjson_arr_foreach(groups, i, max, item) tool_group(t, item, &g[i]);
    yyjson_arr_foreach(columns, i, max, item)
    {
        c[i].name = hs_arena_str(t->arena, tool_str(yyjson_obj_get(item, "name")));
        c[i].expression = hs_arena_str(t->arena, tool_str(yyjson_obj_get(item, "expression")));
        c[i].type = tool_type(t, yyjson_obj_get(item, "type"));
        c[i].leakproof = yyjson_get_bool(yyjson_obj_get(item, "leakproof"));
    }
    *out = (struct hs_scan){.raw = tool_struct(t, yyjson_obj_get(v, "raw")),
                            .groups = g,
                            .group_count = yyjson_arr_size(groups),
                            .rows = hs_arena_str(t->arena, tool_str(yyjson_obj_get(v, "rows"))),
                            .columns = c,
                            .column_count = yyjson_arr_size(columns)};
}

/* A list of scans; the JSON may go afterwards. */
static struct hs_scan *tool_scans(struct tool *t, hs_str json, size_t *out_count)
{
    yyjson_doc *doc = yyjson_read(json.at, json.len, 0);
    yyjson_val *list = yyjson_doc_get_root(doc), *item;
    size_t i, max;
    struct hs_scan *scans = hs_arena_array(t->arena, yyjson_arr_size(list) + 1, sizeof *scans);
    *out_count = yyjson_arr_size(list);
    yyjson_arr_foreach(list, i, max, item) tool_scan(t, item, &scans[i]);
    yyjson_doc_free(doc);
    return scans;
}

/* ---- requests ---- */
static void tool_refs(const struct hs_statement *s, struct hs_buf *out)
{
    hs_buf_addc(out, '[');
    for (size_t i = 0; i < s->ref_count; i++) {
        const struct hs_table_ref *r = &s->refs[i];
        const hs_str texts[] = {r->catalog, r->schema, r->name, r->at};
        hs_buf_addz(out, i ? ",[" : "[");
        for (size_t k = 0; k < 4; k++) {
            hs_buf_add_json(out, texts[k]);
            hs_buf_addc(out, ',');
        }
        hs_buf_addf(out, "%d,%lld]", (int)r->at_kind, (long long)r->position);
    }
    hs_buf_addf(out, "]");
}

/* guard SQL JSON [SCANS] -> printed, references, number of parameters, inside texts as a JSON list */
static hs_rc tool_guard(struct tool *t)
{
    struct hs_statement *s = NULL;
    struct hs_buf printed, refs, params, inside_json, inside[64];
    size_t scan_count = 0;
    const struct hs_scan *scans = t->count > 2 ? tool_scans(t, t->args[2], &scan_count) : NULL;
    hs_buf_init(&printed, 64 << 20);
    hs_buf_init(&refs, 1 << 20);
    hs_buf_init(&params, 64);
    hs_buf_init(&inside_json, 1 << 20);
    for (size_t i = 0; i < 64; i++)
        hs_buf_init(&inside[i], 1 << 20);
    hs_rc rc = hs_guard_statement(t->arena, t->args[0], t->args[1], &s, &t->err);
    if (rc == HS_OK && scans && scan_count < s->ref_count)
        rc = hs_fail(&t->err, HS_INVALID, "%zu scans for %zu tables", scan_count, s->ref_count);
    if (rc == HS_OK)
        rc = hs_statement_print(s, scans, NULL, inside, &printed, &t->err);
    if (rc == HS_OK) {
        tool_refs(s, &refs);
        hs_buf_addf(&params, "%zu", s->param_count);
        hs_buf_addc(&inside_json, '[');
        for (size_t i = 0; i < s->ref_count && i < 64; i++) {
            hs_buf_addz(&inside_json, i ? "," : "");
            hs_buf_add_json(&inside_json, hs_buf_str(&inside[i]));
        }
        hs_buf_addc(&inside_json, ']');
        hs_str texts[] = {hs_buf_str(&printed), hs_buf_str(&refs), hs_buf_str(&params), hs_buf_str(&inside_json)};
        tool_say("ok", texts, 4);
    }
    hs_buf_fini(&printed);
    hs_buf_fini(&refs);
    hs_buf_fini(&params);
    hs_buf_fini(&inside_json);
    for (size_t i = 0; i < 64; i++)
        hs_buf_fini(&inside[i]);
    return rc;
}

/* again SQL JSON PRINTED JSON: is the second parse what was checked? */
static hs_rc tool_again(struct tool *t)
{
    struct hs_statement *s = NULL;
    HS_TRY(hs_guard_statement(t->arena, t->args[0], t->args[1], &s, &t->err));
    HS_TRY(hs_guard_printed(t->arena, t->args[2], t->args[3], s->ref_count, &t->err));
    HS_TRY(hs_guard_printed_as(t->arena, s, t->args[2], t->args[3], &t->err));
    tool_say("ok", NULL, 0);
    return HS_OK;
}

/* apart SQL JSON -> which columns this statement wants taken apart */
static hs_rc tool_apart(struct tool *t)
{
    static const char *const words[] = {"nothing", "nested", "all"};
    struct hs_statement *s = NULL;
    HS_TRY(hs_guard_statement(t->arena, t->args[0], t->args[1], &s, &t->err));
    hs_str word = hs_str_of(words[hs_statement_apart(s)]);
    tool_say("ok", &word, 1);
    return HS_OK;
}

/* scan SCANS INSIDE [APART] -> the text of the first */
static hs_rc tool_scan_print(struct tool *t)
{
    struct hs_buf out;
    size_t count = 0;
    bool all = t->count > 2 && hs_str_is(t->args[2], "all"), nested = t->count > 2 && hs_str_is(t->args[2], "nested");
    enum hs_apart apart = all ? HS_APART_ALL : nested ? HS_APART_NESTED : HS_APART_NOTHING;
    const struct hs_scan *scans = tool_scans(t, t->args[0], &count);
    hs_buf_init(&out, 64 << 20);
    hs_rc rc = hs_scan_print(scans, &(struct hs_scan_place){t->args[1], apart, 0}, &out, &t->err);
    hs_str text = hs_buf_str(&out);
    if (rc == HS_OK)
        tool_say("ok", &text, 1);
    hs_buf_fini(&out);
    return rc;
}

/* error KIND TEXT [SQL] -> kind, shown, detail */
static hs_rc tool_error(struct tool *t)
{
    char kind[64];
    snprintf(kind, sizeof kind, "%.*s", HS_FMT(t->args[0]));
    if (t->count > 2)
        return hs_engine_error_in(&t->err, kind, t->args[1].at, t->args[2]);
    return hs_engine_error(&t->err, kind, t->args[1].at);
}

static int tool_main(void)
{
    static const struct {
        const char *word;
        size_t fewest;
        hs_rc (*run)(struct tool *);
    } verbs[] = {{"guard", 2, tool_guard},
                 {"again", 4, tool_again},
                 {"apart", 2, tool_apart},
                 {"scan", 2, tool_scan_print},
                 {"error", 2, tool_error}};
    for (;;) {
        struct tool t = {.arena = hs_arena_new(0)};
        char word[32];
        if (!t.arena || !tool_read(&t, word)) {
            hs_arena_free(t.arena);
            return 0;
        }
        hs_rc rc = hs_fail(&t.err, HS_INVALID, "no such request");
        for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++)
            if (strcmp(verbs[i].word, word) == 0 && t.count >= verbs[i].fewest)
                rc = verbs[i].run(&t);
        if (rc != HS_OK)
            tool_fail(&t.err);
        hs_arena_free(t.arena);
    }
}

#endif
