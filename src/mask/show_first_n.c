/* show-first-n: the first n characters stay, the rest becomes '*'. A value no longer than n would be shown whole, which
 * is no mask at all (a four-character secret under "show 4"), so it is hidden whole. */
#include "mask/dialect.h"
#include "mask/mask.h"
#include "mask/shared/stars.h"

#include "base/alloc.h"

static void print(struct hs_buf *out, const struct hs_mask_call *call)
{
    const struct hs_value *arg = hs_mask_arg(call, "n");
    long long n = arg ? (long long)arg->i : 0;
    hs_str x = call->x;
    if (n == 0) { /* nothing to show; substring(x, 1, 0) would say the same */
        hs_buf_addf(out, "repeat('*', length(%.*s))", HS_FMT(x));
        return;
    }
    hs_buf_addf(out, "CASE WHEN length(%.*s) > %lld THEN substring(%.*s, 1, %lld) || repeat('*', length(%.*s) - %lld) ",
                HS_FMT(x), hs_mask_too_short(n), HS_FMT(x), n, HS_FMT(x), n);
    hs_buf_addf(out, "ELSE repeat('*', length(%.*s)) END", HS_FMT(x));
}

static void print_in(struct hs_buf *out, const struct hs_mask_call *call, const struct hs_dialect *sql)
{
    const struct hs_value *arg = hs_mask_arg(call, "n");
    long long n = arg ? (long long)arg->i : 0;
    const char *const *stars = sql->stars;
    hs_str x = call->x;
    if (n > 0)
        hs_buf_addf(out, "CASE WHEN length(%.*s) > %lld THEN substr(%.*s, 1, %lld) || %slength(%.*s) - %lld%s ELSE ",
                    HS_FMT(x), hs_mask_too_short(n), HS_FMT(x), n, stars[0], HS_FMT(x), n, stars[1]);
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
    hs_buf_add_stars(out, v->bytes, *(const size_t *)state, 0);
    v->bytes = hs_buf_str(out);
    return true;
}

static const struct hs_native native = {
    .kinds = 1u << HS_NATIVE_TEXT, .open = hs_stars_open, .close = hs_free, .mask = mask};

static const struct hs_mask_arg_spec args[] = {{"n", "a whole number from 0 to 1000", false}};

static const struct hs_mask_example examples[] = {
    {"string", "4", "DE89370400440532013000", "DE89******************"},
    {"string", "4", "1234", "****"},
    {"string", "4", "12345", "1234*"},
    {"string", "4", "", ""},
    {"string", "4", NULL, NULL},
    {"string", "0", "secret", "******"},
    {"string", "1", "\xC3\xA9t\xC3\xA9", "\xC3\xA9**"},
    {"string", "1", "e\xCC\x81t", "e**"}, /* code points, not what the eye takes for one character */
    {"string", "1", "\xF0\x9F\x98\x80\xF0\x9F\x98\x80", "\xF0\x9F\x98\x80*"},
};

const struct hs_mask_function hs_mask_show_first_n = {
    .name = "show-first-n",
    .text = "The first n characters (code points) stay, every other becomes '*'. A value of n characters or fewer is "
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
