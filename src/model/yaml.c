/* libfyaml's events -> nodes. The library's own document trees are not used: they resolve aliases and hold positions
 * only indirectly, and its recursion over them is not ours to bound. */
#include "model/yaml.h"

#include "model/yaml_text.h"

#include <libfyaml.h>
#include <stdio.h>

struct builder {
    struct hs_arena *nodes, *texts;
    hs_str file, bytes;
    struct hs_err *err;
    struct hs_yaml *open[HS_YAML_MAX_DEPTH]; /* the containers around the next node */
    struct hs_yaml *last[HS_YAML_MAX_DEPTH]; /* the newest child of each */
    size_t depth, node_count;
    struct hs_yaml_documents *out;
};

static hs_rc no_memory(struct hs_err *err)
{
    return hs_fail(err, HS_NOMEM, "out of memory while reading a model file");
}

static hs_rc fail_at(struct builder *b, int line, int column, const char *words)
{
    return hs_fail(b->err, HS_INVALID, "%.*s:%d:%d: %s", HS_FMT(b->file), line, column, words);
}

/* ---- bytes that libfyaml need not see ---- */

static hs_rc fail_byte(struct builder *b, size_t at, const char *words)
{
    int line = 1, column = 1;
    for (size_t i = 0; i < at; i++) {
        bool end = b->bytes.at[i] == '\n';
        line += end;
        column = end ? 1 : column + 1;
    }
    return fail_at(b, line, column, words);
}

static hs_rc check_bytes(struct builder *b)
{
    if (b->bytes.len > HS_YAML_MAX_BYTES)
        return hs_fail(b->err, HS_LIMIT, "%.*s:1:1: the file is larger than %d MiB", HS_FMT(b->file),
                       HS_YAML_MAX_BYTES >> 20);
    if (hs_str_starts(b->bytes, HS_S("\xEF\xBB\xBF")))
        return fail_at(b, 1, 1, "begins with a byte order mark: save it as plain UTF-8");
    if (!hs_utf8_valid(b->bytes))
        return fail_at(b, 1, 1, "is not valid UTF-8");
    for (size_t i = 0; i < b->bytes.len; i++) {
        unsigned char c = (unsigned char)b->bytes.at[i];
        bool odd_return = c == '\r' && (i + 1 == b->bytes.len || b->bytes.at[i + 1] != '\n');
        if ((c < 0x20 && c != '\n' && c != '\t' && c != '\r') || c == 0x7f || odd_return)
            return fail_byte(b, i, "holds a control character");
        /* NEL, LS and PS are line breaks to some YAML versions and not to others: lines would be counted differently */
        if (hs_str_starts(hs_str_n(b->bytes.at + i, b->bytes.len - i), HS_S("\xC2\x85")) ||
            hs_str_starts(hs_str_n(b->bytes.at + i, b->bytes.len - i), HS_S("\xE2\x80\xA8")) ||
            hs_str_starts(hs_str_n(b->bytes.at + i, b->bytes.len - i), HS_S("\xE2\x80\xA9")))
            return fail_byte(b, i, "holds a Unicode line separator");
    }
    return HS_OK;
}

/* ---- events to nodes ---- */

static void place(struct hs_yaml *node, const struct fy_mark *start, const struct fy_mark *end)
{
    node->line = start ? start->line + 1 : 1;
    node->column = start ? start->column + 1 : 1;
    node->start = start ? (uint32_t)start->input_pos : 0;
    node->end = end ? (uint32_t)end->input_pos : node->start;
}

static hs_rc attach(struct builder *b, struct hs_yaml *node)
{
    if (b->depth == 0) {
        struct hs_yaml **root = hs_vec_add(b->nodes, &b->out->roots);
        if (!root)
            return no_memory(b->err);
        *root = node;
        return HS_OK;
    }
    struct hs_yaml *parent = b->open[b->depth - 1], *before = b->last[b->depth - 1];
    if (before)
        before->next = node;
    else
        parent->first = node;
    b->last[b->depth - 1] = node;
    parent->count++; /* a map's children are halved when it ends */
    bool is_key = parent->kind == HS_YAML_MAP && parent->count % 2 == 1;
    if (is_key && node->kind != HS_YAML_SCALAR)
        return fail_at(b, node->line, node->column, "a key must be text");
    return HS_OK;
}

static hs_rc new_node(struct builder *b, enum hs_yaml_kind kind, struct hs_yaml **out)
{
    if (++b->node_count > HS_YAML_MAX_NODES)
        return hs_fail(b->err, HS_LIMIT, "%.*s:1:1: more than %d values in one file", HS_FMT(b->file),
                       HS_YAML_MAX_NODES);
    struct hs_yaml *node = HS_NEW(b->nodes, struct hs_yaml);
    if (!node)
        return no_memory(b->err);
    node->kind = kind;
    *out = node;
    return HS_OK;
}

static hs_rc refuse_decoration(struct builder *b, struct fy_token *anchor, struct fy_token *tag)
{
    struct fy_token *first = anchor ? anchor : tag;
    if (!first)
        return HS_OK;
    const struct fy_mark *at = fy_token_start_mark(first);
    return fail_at(b, at ? at->line + 1 : 1, at ? at->column + !anchor : 1, /* an anchor's is behind '&' */
                   anchor ? "anchors (&name) are not part of the model's form: write the value out"
                          : "tags (!name) are not part of the model's form");
}

static hs_rc open_container(struct builder *b, enum hs_yaml_kind kind, struct fy_token *start)
{
    struct hs_yaml *node;
    HS_TRY(new_node(b, kind, &node));
    place(node, start ? fy_token_start_mark(start) : NULL, start ? fy_token_end_mark(start) : NULL);
    node->style = node->end > node->start ? HS_YAML_FLOW : HS_YAML_BLOCK; /* only a flow one has a bracket */
    HS_TRY(attach(b, node));
    if (b->depth == HS_YAML_MAX_DEPTH)
        return fail_at(b, node->line, node->column, "nested too deeply");
    b->open[b->depth] = node;
    b->last[b->depth] = NULL;
    b->depth++;
    return HS_OK;
}

static hs_rc fail_twice(struct builder *b, const struct hs_yaml *key)
{
    return hs_fail(b->err, HS_INVALID, "%.*s:%d:%d: '%.*s' is given twice", HS_FMT(b->file), key->line, key->column,
                   (int)(key->text.len < 80 ? key->text.len : 80), key->text.at);
}

/* Pairwise for the usual handful, by a map for a file that somebody generated. */
static hs_rc check_keys(struct builder *b, const struct hs_yaml *map)
{
    struct hs_map *seen = map->count > 32 ? hs_map_new(b->nodes) : NULL;
    if (map->count > 32 && !seen)
        return no_memory(b->err);
    for (struct hs_yaml *key = map->first; key; key = key->next->next) {
        if (seen && hs_map_get(seen, key->text))
            return fail_twice(b, key);
        if (seen)
            HS_TRY(hs_map_put(seen, key->text, key, b->err));
        for (struct hs_yaml *other = map->first; !seen && other != key; other = other->next->next)
            if (hs_str_eq(other->text, key->text))
                return fail_twice(b, key);
    }
    return HS_OK;
}

static hs_rc close_container(struct builder *b, struct fy_token *end)
{
    if (b->depth == 0)
        return hs_fail(b->err, HS_INTERNAL, "the YAML reader ended a value that it never began");
    struct hs_yaml *node = b->open[--b->depth];
    const struct fy_mark *mark = end ? fy_token_end_mark(end) : NULL;
    if (mark)
        node->end = (uint32_t)mark->input_pos;
    if (node->kind != HS_YAML_MAP)
        return HS_OK;
    if (node->count % 2)
        return hs_fail(b->err, HS_INTERNAL, "the YAML reader gave a key without a value");
    node->count /= 2;
    return check_keys(b, node);
}

static enum hs_yaml_style style_of(struct fy_token *value)
{
    switch (fy_token_scalar_style(value)) {
    case FYSS_SINGLE_QUOTED:
    case FYSS_DOUBLE_QUOTED:
        return HS_YAML_QUOTED;
    case FYSS_LITERAL:
    case FYSS_FOLDED:
        return HS_YAML_BLOCK;
    case FYSS_ANY:
    case FYSS_PLAIN:
    case FYSS_MAX:
        break;
    }
    return HS_YAML_PLAIN;
}

/* An empty value has no token and so no place: it is said to stand where its key does. */
static hs_rc place_empty(struct builder *b, struct hs_yaml *node)
{
    struct hs_yaml *before = b->depth ? b->last[b->depth - 1] : NULL;
    struct hs_yaml *near = before ? before : b->depth ? b->open[b->depth - 1] : NULL;
    node->line = near ? near->line : 1;
    node->column = near ? near->column : 1;
    node->start = node->end = near ? near->end : 0;
    node->style = HS_YAML_PLAIN;
    node->text = HS_S("");
    return b->depth ? attach(b, node) : HS_OK; /* an empty document is left out */
}

static hs_rc read_quoted(struct builder *b, struct hs_yaml *node, struct fy_token *value)
{
    hs_str inside = {b->bytes.at + node->start, node->end - node->start}; /* libfyaml's marks are inside the quotes */
    size_t len;
    char *text = hs_arena_array(b->texts, inside.len + 1, 2);
    if (!text)
        return no_memory(b->err);
    node->column--;
    node->start--;
    node->end++;
    if (!hs_yaml_unquote(inside, fy_token_scalar_style(value) == FYSS_DOUBLE_QUOTED, text, &len))
        return fail_at(b, node->line, node->column, "the text has an escape that is not allowed");
    node->text = (hs_str){text, len};
    return HS_OK;
}

static hs_rc read_unquoted(struct builder *b, struct hs_yaml *node, struct fy_token *value)
{
    size_t len = 0;
    const char *text = fy_token_get_text(value, &len);
    if (!text)
        return no_memory(b->err);
    node->text = hs_arena_str(b->texts, hs_str_n(text, len));
    return node->text.at ? HS_OK : no_memory(b->err);
}

static hs_rc add_scalar(struct builder *b, struct fy_token *value)
{
    struct hs_yaml *node;
    HS_TRY(new_node(b, HS_YAML_SCALAR, &node));
    const struct fy_mark *start = value ? fy_token_start_mark(value) : NULL;
    if (!start)
        return place_empty(b, node);
    place(node, start, fy_token_end_mark(value));
    node->style = style_of(value);
    if (node->end > b->bytes.len || node->start > node->end)
        return fail_at(b, node->line, node->column, "this value cannot be read");
    HS_TRY(node->style == HS_YAML_QUOTED ? read_quoted(b, node, value) : read_unquoted(b, node, value));
    return attach(b, node);
}

static hs_rc take_event(struct builder *b, struct fy_event *e)
{
    switch (e->type) {
    case FYET_MAPPING_START:
        HS_TRY(refuse_decoration(b, e->mapping_start.anchor, e->mapping_start.tag));
        return open_container(b, HS_YAML_MAP, e->mapping_start.mapping_start);
    case FYET_SEQUENCE_START:
        HS_TRY(refuse_decoration(b, e->sequence_start.anchor, e->sequence_start.tag));
        return open_container(b, HS_YAML_LIST, e->sequence_start.sequence_start);
    case FYET_MAPPING_END:
        return close_container(b, e->mapping_end.mapping_end);
    case FYET_SEQUENCE_END:
        return close_container(b, e->sequence_end.sequence_end);
    case FYET_SCALAR:
        HS_TRY(refuse_decoration(b, e->scalar.anchor, e->scalar.tag));
        return add_scalar(b, e->scalar.value);
    case FYET_ALIAS: {
        const struct fy_mark *at = fy_event_start_mark(e); /* behind the '*' */
        return fail_at(b, at ? at->line + 1 : 1, at ? at->column : 1,
                       "aliases (*name) are not part of the model's form: write the value out");
    }
    case FYET_NONE:
    case FYET_STREAM_START:
    case FYET_STREAM_END:
    case FYET_DOCUMENT_START:
    case FYET_DOCUMENT_END:
        break;
    }
    return HS_OK;
}

/* ---- the parser ---- */

/* libfyaml prints what it finds wrong; this takes the place of its printing. The collected errors say it again. */
static void swallow(struct fy_diag *diag, void *user, const char *text, size_t len)
{
    (void)diag;
    (void)user;
    (void)text;
    (void)len;
}

static struct fy_diag *new_diag(void)
{
    struct fy_diag_cfg cfg;
    fy_diag_cfg_default(&cfg);
    cfg.fp = NULL;
    cfg.output_fn = swallow;
    cfg.level = FYET_ERROR;
    cfg.colorize = false;
    struct fy_diag *diag = fy_diag_create(&cfg);
    if (diag)
        fy_diag_set_collect_errors(diag, true);
    return diag;
}

static hs_rc fail_syntax(struct builder *b, struct fy_diag *diag)
{
    void *walk = NULL;
    struct fy_diag_error *e = fy_diag_errors_iterate(diag, &walk);
    if (!e || !e->msg)
        return fail_at(b, 1, 1, "is not YAML that can be read");
    char words[200];
    snprintf(words, sizeof words, "not valid YAML: %s", e->msg);
    return fail_at(b, e->line > 0 ? e->line : 1, e->column > 0 ? e->column : 1, words);
}

static hs_rc run_parser(struct builder *b, struct fy_parser *parser, struct fy_diag *diag)
{
    if (fy_parser_set_string(parser, b->bytes.at, b->bytes.len) != 0)
        return no_memory(b->err);
    hs_rc rc = HS_OK;
    struct fy_event *e;
    bool ended = false;
    while (rc == HS_OK && (e = fy_parser_parse(parser)) != NULL) {
        ended = e->type == FYET_STREAM_END;
        rc = take_event(b, e);
        fy_parser_event_free(parser, e);
    }
    if (rc == HS_OK && (fy_parser_get_stream_error(parser) || !ended || b->depth))
        return fail_syntax(b, diag);
    return rc;
}

hs_rc hs_yaml_parse(struct hs_arena *nodes, struct hs_arena *texts, hs_str file, hs_str bytes,
                    struct hs_yaml_documents *out, struct hs_err *err)
{
    struct builder b = {.nodes = nodes, .texts = texts, .file = file, .bytes = bytes, .err = err, .out = out};
    memset(out, 0, sizeof *out);
    HS_TRY(check_bytes(&b));
    if (bytes.len == 0)
        return HS_OK;
    struct fy_diag *diag = new_diag();
    struct fy_parse_cfg cfg = {.flags = FYPCF_JSON_NONE | FYPCF_COLLECT_DIAG, .diag = diag};
    struct fy_parser *parser = diag ? fy_parser_create(&cfg) : NULL;
    hs_rc rc = parser ? run_parser(&b, parser, diag) : no_memory(err);
    if (parser)
        fy_parser_destroy(parser);
    if (diag)
        fy_diag_destroy(diag);
    return rc;
}
