/* The test as a tool for tests/pg/test_values.py, which holds what is written here against a real PostgreSQL:
 *   rows KIND [name=value ...]     stdin: a batch as described below; stdout: the payload of every message
 *   params [name=value ...]        stdin: lines "oid format hex"; stdout: a line each
 * A batch: whitespace-separated words: rows, columns, then every type pre-order (id precision scale length narrow
 * fields), "nodes" and pairs, "buffers" and pairs, "body" and its length; a newline; its bytes. */
#ifndef VALUES_TOOL_H
#define VALUES_TOOL_H

#include <stdio.h>
#include <stdlib.h>

#include "front/pg/values/values.h"

struct tool {
    struct hs_arena *arena;
    struct hs_pg_style style;
    struct hs_pg_copy copy;
    size_t bytes;
    struct hs_err err;
};

static int tool_failed(struct tool *t)
{
    printf("%s %s\n", t->err.sqlstate ? t->err.sqlstate : hs_kind_name(t->err.kind), t->err.detail);
    return 1;
}

static struct hs_type *tool_type(struct tool *t, int *left)
{
    int id, precision, scale, length, narrow, fields;
    if (--*left < 0 || scanf("%d %d %d %d %d %d", &id, &precision, &scale, &length, &narrow, &fields) != 6)
        exit(2);
    struct hs_type *type = hs_type_new(t->arena, (enum hs_type_id)id);
    type->precision = precision;
    type->scale = scale;
    type->length = length;
    type->narrow = narrow;
    type->field_count = (size_t)fields;
    type->fields = hs_arena_array(t->arena, (size_t)fields + 1, sizeof *type->fields);
    for (int i = 0; i < fields; i++) {
        type->fields[i] = (struct hs_field){.id = -1, .name = hs_arena_printf(t->arena, "f%d", i + 1)};
        type->fields[i].type = tool_type(t, left);
    }
    return type;
}

static long tool_count(const char *word)
{
    char got[16];
    long n;
    if (scanf("%15s %ld", got, &n) != 2 || strcmp(got, word) != 0)
        exit(2);
    return n;
}

static void tool_pairs(struct tool *t, const char *word, size_t *count, int64_t **out)
{
    *count = (size_t)tool_count(word);
    *out = hs_arena_array(t->arena, *count * 2 + 2, sizeof **out);
    for (size_t i = 0; i < *count * 2; i++)
        if (scanf("%ld", &(*out)[i]) != 1)
            exit(2);
}

static struct hs_type *tool_batch(struct tool *t, struct hs_batch *out)
{
    int left = 1000;
    int64_t *nodes, *buffers;
    *out = (struct hs_batch){.rows = tool_count("rows")};
    struct hs_type *schema = tool_type(t, &left);
    tool_pairs(t, "nodes", &out->node_count, &nodes);
    tool_pairs(t, "buffers", &out->buffer_count, &buffers);
    out->nodes = (struct hs_batch_node *)(void *)nodes;
    out->buffers = (struct hs_batch_buffer *)(void *)buffers;
    out->body_len = (size_t)tool_count("body");
    uint8_t *body = hs_arena_alloc(t->arena, out->body_len + 1);
    getchar();
    if (fread(body, 1, out->body_len, stdin) != out->body_len)
        exit(2);
    out->body = body;
    return schema;
}

static void tool_option(struct tool *t, const char *word)
{
    hs_str value = hs_str_of(word), name = hs_str_cut(&value, '=');
    if (hs_str_is(name, "TimeZone")) {
        t->style.zone = hs_pg_zone_find(value);
        if (!t->style.zone)
            exit(3);
    } else if (hs_str_is(name, "delimiter")) {
        t->copy.delimiter = value.at[0];
    } else if (hs_str_is(name, "quote")) {
        t->copy.quote = value.at[0];
    } else if (hs_str_is(name, "escape")) {
        t->copy.escape = value.at[0];
    } else if (hs_str_is(name, "null")) {
        t->copy.null = value;
    } else if (hs_str_is(name, "header")) {
        t->copy.header = true;
    } else if (hs_str_is(name, "force")) {
        t->copy.force_quote_all = true;
    } else if (hs_str_is(name, "bytes")) {
        t->bytes = (size_t)atoi(value.at);
    } else if (hs_pg_style_set(&t->style, name, value, &t->err) != HS_OK) {
        exit(4);
    }
}

static void tool_print(const struct hs_buf *out)
{
    for (size_t at = 0; at < out->len;) {
        uint32_t len;
        memcpy(&len, out->at + at + 1, 4);
        len = __builtin_bswap32(len);
        fwrite(out->at + at + 5, 1, len - 4, stdout);
        at += len + 1;
    }
}

static hs_rc tool_write(struct tool *t, struct hs_pg_rows *r, const struct hs_batch *batch, struct hs_buf *out)
{
    int64_t rows;
    HS_TRY(hs_pg_rows_head(r, out, &t->err));
    HS_TRY(hs_pg_rows_batch(r, batch, &t->err));
    while (hs_pg_rows_left(r)) {
        HS_TRY(hs_pg_rows_write(r, -1, t->bytes, out, &rows, &t->err));
        tool_print(out);
        hs_buf_clear(out);
    }
    HS_TRY(hs_pg_rows_tail(r, out, &t->err));
    tool_print(out);
    return HS_OK;
}

static int tool_rows(struct tool *t, const char *kind)
{
    static const char *const kinds[] = {"data", "text", "csv", "binary"};
    struct hs_batch batch;
    struct hs_type *schema = tool_batch(t, &batch);
    struct hs_pg_rows_spec spec = {.schema = schema, .style = &t->style, .copy = &t->copy};
    for (int i = 0; i < 4; i++)
        if (strcmp(kind, kinds[i]) == 0)
            spec.kind = (enum hs_pg_rows_kind)i;
    struct hs_pg_rows *r = NULL;
    struct hs_buf out;
    hs_buf_init(&out, 1 << 30);
    hs_rc rc = hs_pg_rows_open(&spec, &r, &t->err);
    if (rc == HS_OK)
        rc = tool_write(t, r, &batch, &out);
    hs_pg_rows_close(r);
    hs_buf_fini(&out);
    return rc == HS_OK ? 0 : tool_failed(t);
}

static void tool_show(const struct hs_param *p)
{
    if (p->null)
        printf("null %d\n", (int)p->type);
    else if (p->type == HS_T_FLOAT || p->type == HS_T_DOUBLE)
        printf("%s %a\n", hs_type_name(p->type), p->d);
    else if (p->type == HS_T_INTERVAL)
        printf("interval %d %d %ld\n", p->months, p->days, p->i);
    else if (p->type == HS_T_DECIMAL)
        printf("decimal %d %d %.*s\n", p->precision, p->scale, HS_FMT(p->text));
    else if (p->text.at) {
        printf("%s ", hs_type_name(p->type));
        for (size_t i = 0; i < p->text.len; i++)
            printf("%02x", (unsigned char)p->text.at[i]);
        printf("\n");
    } else {
        const char *name = p->type == HS_T_INT16 ? "int16" : p->type == HS_T_UINT32 ? "uint32" : hs_type_name(p->type);
        printf("%s %ld\n", name, p->i);
    }
}

static int tool_params(struct tool *t)
{
    static char line[1 << 20], bytes[1 << 19];
    while (fgets(line, sizeof line, stdin)) {
        unsigned oid, format;
        int at = 0;
        if (sscanf(line, "%u %u %n", &oid, &format, &at) < 2)
            return 2;
        size_t n = 0;
        for (const char *p = line + at; hs_hex_digit(p[0]) >= 0 && hs_hex_digit(p[1]) >= 0; p += 2)
            bytes[n++] = (char)(hs_hex_digit(p[0]) << 4 | hs_hex_digit(p[1]));
        struct hs_pg_param_spec spec = {oid, (enum hs_pg_format)format, NULL, &t->style};
        struct hs_arena *a = hs_arena_new(0);
        struct hs_param p;
        const char *state = NULL;
        t->err.sqlstate = NULL;
        if (hs_pg_param_read(&spec, hs_str_n(bytes, n), a, &p, &state, &t->err) == HS_OK)
            tool_show(&p);
        else
            printf("error %s %s\n", state, t->err.shown);
        hs_arena_free(a);
    }
    return 0;
}

static int tool_main(int argc, char **argv)
{
    struct tool t = {.arena = hs_arena_new(0), .bytes = 256 << 10};
    if (hs_pg_zones_load("/usr/share/zoneinfo", &t.err) != HS_OK)
        return 5;
    hs_pg_style_init(&t.style);
    for (int i = strcmp(argv[1], "rows") == 0 ? 3 : 2; i < argc; i++)
        tool_option(&t, argv[i]);
    int code = strcmp(argv[1], "rows") == 0 ? tool_rows(&t, argv[2]) : tool_params(&t);
    hs_arena_free(t.arena);
    hs_pg_zones_free();
    return code;
}

#endif
