/* show-last-n: the last n characters stay, the rest becomes '*'; see show-first-n for the short values. */
#include "mask/dialect.h"
#include "mask/mask.h"
#include "mask/shared/stars.h"

#include "base/alloc.h"

static void print(struct hs_buf *out, const struct hs_mask_call *call)
{
    const struct hs_value *arg = hs_mask_arg(call, "n");
    long long n = arg ? (long long)arg->i : 0;
    hs_str x = call->x;
    if (n == 0) {
        hs_buf_addf(out, "repeat('*', length(%.*s))", HS_FMT(x));
        return;
    }
    hs_buf_addf(out, "CASE WHEN length(%.*s) > %lld THEN repeat('*', length(%.*s) - %lld) || ", HS_FMT(x),
                hs_mask_too_short(n), HS_FMT(x), n);
    hs_buf_addf(out, "substring(%.*s, length(%.*s) - %lld, %lld) ELSE repeat('*', length(%.*s)) END", HS_FMT(x),
                HS_FMT(x), n - 1, n, HS_FMT(x));
}

static void print_in(struct hs_buf *out, const struct hs_mask_call *call, const struct hs_dialect *sql)
{
    const struct hs_value *arg = hs_mask_arg(call, "n");
    long long n = arg ? (long long)arg->i : 0;
    const char *const *stars = sql->stars;
    hs_str x = call->x;
    if (n > 0) {
        hs_buf_addf(out, "CASE WHEN length(%.*s) > %lld THEN %slength(%.*s) - %lld%s || ", HS_FMT(x),
                    hs_mask_too_short(n), stars[0], HS_FMT(x), n, stars[1]);
        hs_buf_addf(out, "substr(%.*s, length(%.*s) - %lld, %lld) ELSE ", HS_FMT(x), HS_FMT(x), n - 1, n);
    }
    hs_buf_addf(out, "%slength(%.*s)%s%s", stars[0], HS_FMT(x), stars[1], n > 0 ? " END" : "");
}

static void print_trino(struct hs_buf *out, const struct hs_mask_call *call)
{
    print_in(out, call, &hs_trino);
}

static void print_postgres(struct hs_buf *out, const struct hs_mask_call *call)
{
    print_in(out, call, &hs_postgres);
}

/* ---- the same over text at a path inside JSON ---- */

static void add_setup(struct hs_buf *setup, const struct hs_mask_call *call)
{
    hs_setup_add_int(setup, hs_mask_arg_int(call, "n", 0));
}

static bool mask(const void *state, void *work, enum hs_native_kind kind, struct hs_native_value *v, struct hs_buf *out)
{
    (void)work, (void)kind;
    hs_buf_add_stars(out, v->bytes, 0, *(const size_t *)state);
    v->bytes = hs_buf_str(out);
    return true;
}

static const struct hs_native native = {
    .kinds = 1u << HS_NATIVE_TEXT, .open = hs_stars_open, .close = hs_free, .mask = mask};

static const struct hs_mask_arg_spec args[] = {{"n", "a whole number from 0 to 1000", false}};

static const struct hs_mask_example examples[] = {
    {"string", "4", "4111111111111111", "************1111"},
    {"string", "4", "1234", "****"},
    {"string", "4", "12345", "*2345"},
    {"string", "4", "", ""},
    {"string", "4", NULL, NULL},
    {"string", "0", "secret", "******"},
    {"string", "1", "\xC3\xA9t\xC3\xA9", "**\xC3\xA9"},
    {"string", "2", "ab\xF0\x9F\x98\x80", "*b\xF0\x9F\x98\x80"},
};

const struct hs_mask_function hs_mask_show_last_n = {
    .name = "show-last-n",
    .text = "The last n characters (code points) stay, every other becomes '*'. A value of n characters or fewer is "
            "hidden whole.",
    .accepts = HS_ON(HS_T_STRING),
    .args = args,
    .arg_count = HS_COUNT(args),
    .check = hs_mask_check_n,
    .print_duckdb = print,
    .print_trino = print_trino,
    .print_postgres = print_postgres,
    .add_setup = add_setup,
    .native = &native,
    .examples = examples,
    .example_count = HS_COUNT(examples),
};
