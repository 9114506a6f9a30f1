/* replace-pattern: every match of a pattern becomes a fixed text. The pattern's language is the part of regular
 * expressions that all engines read alike, and is matched in linear time: by the engine, and inside JSON text by
 * shared/pattern_match.c. */
#include "mask/dialect.h"
#include "mask/mask.h"
#include "mask/shared/pattern.h"
#include "mask/shared/pattern_match.h"

#include "base/alloc.h"

static hs_rc check(const struct hs_mask_call *call, struct hs_err *err)
{
    const struct hs_value *pattern = hs_mask_arg(call, "pattern"), *with = hs_mask_arg(call, "with");
    struct hs_buf normal;
    if (!pattern || pattern->kind != HS_V_TEXT)
        return hs_fail(err, HS_INVALID, "pattern is a text");
    if (!hs_mask_text_fits(with, 1000))
        return hs_fail(err, HS_INVALID, "with is a text of at most 1000 bytes");
    hs_buf_init(&normal, 1 << 16);
    hs_rc rc = hs_pattern_normal(pattern->text, &normal, err);
    hs_buf_fini(&normal);
    return rc;
}

/* In a replacement RE2 reads \1 and \\ : a backslash of the text is two. */
static void add_replacement(struct hs_buf *out, hs_str with)
{
    struct hs_buf text;
    hs_buf_init(&text, 1 << 16);
    for (size_t i = 0; i < with.len; i++) {
        if (with.at[i] == '\\')
            hs_buf_addc(&text, '\\');
        hs_buf_addc(&text, with.at[i]);
    }
    hs_buf_add_sql_text(out, hs_buf_str(&text));
    out->failed |= text.failed;
    hs_buf_fini(&text);
}

static void print(struct hs_buf *out, const struct hs_mask_call *call)
{
    struct hs_buf normal;
    struct hs_err err;
    hs_buf_init(&normal, 1 << 16);
    out->failed |= hs_pattern_normal(hs_mask_arg_text(call, "pattern", ""), &normal, &err) != HS_OK;
    hs_buf_addf(out, "regexp_replace(%.*s, ", HS_FMT(call->x));
    hs_buf_add_sql_text(out, hs_buf_str(&normal));
    hs_buf_addz(out, ", ");
    add_replacement(out, hs_mask_arg_text(call, "with", ""));
    hs_buf_addz(out, ", 'g')");
    hs_buf_fini(&normal);
}

/* ---- other engines ---- */

static hs_rc said_elsewhere(const struct hs_mask_call *call, bool *out, struct hs_err *err)
{
    struct hs_buf normal;
    hs_buf_init(&normal, 1 << 16);
    hs_rc rc = hs_pattern_normal(hs_mask_arg_text(call, "pattern", ""), &normal, err);
    if (rc == HS_OK)
        rc = hs_pattern_is_same(hs_buf_str(&normal), out, err);
    hs_buf_fini(&normal);
    return rc;
}

/* The text's end is \z, but \Z in PostgreSQL. */
static void add_pattern(struct hs_buf *out, const struct hs_mask_call *call, const struct hs_dialect *sql)
{
    struct hs_buf normal;
    struct hs_err err;
    hs_buf_init(&normal, 1 << 16);
    out->failed |= hs_pattern_normal(hs_mask_arg_text(call, "pattern", ""), &normal, &err) != HS_OK;
    if (sql == &hs_postgres && hs_str_ends(hs_buf_str(&normal), HS_S(")\\z")))
        normal.at[normal.len - 1] = 'Z';
    sql->add_literal(out, &(struct hs_value){.kind = HS_V_TEXT, .text = hs_buf_str(&normal)}, NULL);
    out->failed |= normal.failed;
    hs_buf_fini(&normal);
}

/* What the engine reads in a replacement gets a backslash: \1 and \& in PostgreSQL, $1 in Trino. */
static void add_replacement_in(struct hs_buf *out, const struct hs_mask_call *call, const struct hs_dialect *sql)
{
    hs_str with = hs_mask_arg_text(call, "with", "");
    struct hs_buf text;
    hs_buf_init(&text, 1 << 16);
    for (size_t i = 0; i < with.len; i++) {
        if (with.at[i] == '\\' || (with.at[i] == '$' && sql == &hs_trino))
            hs_buf_addc(&text, '\\');
        hs_buf_addc(&text, with.at[i]);
    }
    sql->add_literal(out, &(struct hs_value){.kind = HS_V_TEXT, .text = hs_buf_str(&text)}, NULL);
    out->failed |= text.failed;
    hs_buf_fini(&text);
}

static void print_in(struct hs_buf *out, const struct hs_mask_call *call, const struct hs_dialect *sql)
{
    hs_buf_addf(out, "regexp_replace((%.*s)%s, ", HS_FMT(call->x), sql->text_order);
    add_pattern(out, call, sql);
    hs_buf_addz(out, ", ");
    add_replacement_in(out, call, sql);
    hs_buf_addz(out, sql == &hs_postgres ? ", 'g')" : ")");
}

static void print_trino(struct hs_buf *out, const struct hs_mask_call *call)
{
    print_in(out, call, &hs_trino);
}

static void print_postgres(struct hs_buf *out, const struct hs_mask_call *call)
{
    print_in(out, call, &hs_postgres);
}

/* ---- inside JSON text ---- */

static void add_setup(struct hs_buf *setup, const struct hs_mask_call *call)
{
    struct hs_buf normal;
    struct hs_err err;
    hs_buf_init(&normal, 1 << 16);
    setup->failed |= hs_pattern_normal(hs_mask_arg_text(call, "pattern", ""), &normal, &err) != HS_OK;
    hs_setup_add(setup, hs_buf_str(&normal));
    hs_setup_add(setup, hs_mask_arg_text(call, "with", ""));
    hs_buf_fini(&normal);
}

struct state {
    struct hs_pattern *pattern;
    hs_str with;
};

static void close_state(void *state)
{
    struct state *s = state;
    if (s)
        hs_pattern_free(s->pattern);
    hs_free(s);
}

static void *open_state(const struct hs_native_setup *setup)
{
    hs_str rest = setup->fields, normal;
    struct state *s = hs_calloc(1, sizeof *s);
    if (s && hs_setup_next(&rest, &normal) && hs_setup_next(&rest, &s->with))
        s->pattern = hs_pattern_new(normal);
    if (s && s->pattern)
        return s;
    close_state(s);
    return NULL;
}

static void *work_new(const void *state)
{
    return hs_pattern_work_new(((const struct state *)state)->pattern);
}

static void work_free(void *work)
{
    hs_pattern_work_free(work);
}

static bool mask(const void *state, void *work, enum hs_native_kind kind, struct hs_native_value *v, struct hs_buf *out)
{
    const struct state *s = state;
    (void)kind;
    hs_pattern_replace(s->pattern, work, v->bytes, s->with, out);
    v->bytes = hs_buf_str(out);
    return !out->failed;
}

static const struct hs_native native = {
    .kinds = 1u << HS_NATIVE_TEXT,
    .open = open_state,
    .close = close_state,
    .work_new = work_new,
    .work_free = work_free,
    .mask = mask,
};

static const struct hs_mask_arg_spec args[] = {
    {"pattern",
     "literals, [ranges], \\d, \\w, '.', (groups), |, *, +, ?, {n,m}; ^ at its beginning, $ at its end; what engines "
     "read "
     "differently is refused",
     false},
    {"with", "what stands in the place of every match", false},
};

static const struct hs_mask_example examples[] = {
    {"string", "pattern: '\\d{4}-\\d{4}'; with: '####'", "call 0316-4455 or 0316-4456", "call #### or ####"},
    {"string", "pattern: '^[A-Z]{2}'; with: '__'", "ATAT", "__AT"},
    {"string", "pattern: 'x$'; with: ''", "xx", "x"},
    {"string", "pattern: 'a.c'; with: '\\1'", "abc a\nc", "\\1 a\nc"},
    {"string", "pattern: '\\d+'; with: 'n'", "\xD9\xA1\xD9\xA2 12", "\xD9\xA1\xD9\xA2 n"},
    {"string", "pattern: '\\d+'; with: 'n'", "", ""},
    {"string", "pattern: '\\d+'; with: 'n'", NULL, NULL},
};

const struct hs_mask_function hs_mask_replace_pattern = {
    .name = "replace-pattern",
    .text =
        "Every match of a regular expression becomes a fixed text. \\d and \\w are ASCII; '.' is any character but a "
        "line's end.",
    .accepts = HS_ON(HS_T_STRING),
    .args = args,
    .arg_count = HS_COUNT(args),
    .check = check,
    .print_duckdb = print,
    .add_setup = add_setup,
    .native = &native,
    .print_trino = print_trino,
    .print_postgres = print_postgres,
    .said_elsewhere = said_elsewhere,
    .said_where = "where the pattern goes on in one way only",
    .examples = examples,
    .example_count = HS_COUNT(examples),
};
