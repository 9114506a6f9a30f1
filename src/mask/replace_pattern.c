/* replace-pattern: every match of a pattern becomes a fixed text. The pattern's language is the part of regular
 * expressions that all engines read alike, and is matched in linear time. */
#include "mask/mask.h"
#include "mask/shared/pattern.h"

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
    .examples = examples,
    .example_count = HS_COUNT(examples),
};
