/* noise: a number a little off, by at most so much, either way. The same value is off by the same for the same person,
 * so asking again averages nothing out; for another person it is off by something else, so people who compare notes
 * learn more than one of them, but see that they do. */
#include "mask/mask.h"
#include "mask/shared/hmac.h"

#include "base/alloc.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static hs_rc check(const struct hs_mask_call *call, struct hs_err *err)
{
    const struct hs_value *most = hs_mask_arg(call, "at-most");
    hs_whole n;
    if (!most || !(hs_mask_double(most) > 0))
        return hs_fail(err, HS_INVALID, "at-most is a number greater than 0");
    if (call->type && hs_mask_is_whole(call->type->id) && !hs_mask_scaled(most, call->type, &n))
        return hs_fail(err, HS_INVALID, "at-most is no value of the column's type");
    return HS_OK;
}

static void add_whole(struct hs_buf *b, hs_whole n)
{
    struct hs_type type = {.id = HS_T_DECIMAL, .precision = 38};
    struct hs_buf text;
    hs_buf_init(&text, 128);
    hs_buf_add_scaled(&text, n, &type);
    hs_str digits = hs_buf_str(&text);
    hs_str_cut(&digits, '\'');
    hs_setup_add(b, hs_str_cut(&digits, '\''));
    b->failed |= text.failed;
    hs_buf_fini(&text);
}

static void print(struct hs_buf *out, const struct hs_mask_call *call)
{
    const struct hs_value *most = hs_mask_arg(call, "at-most");
    struct hs_native_call c;
    hs_whole n = 0;
    char text[40];
    hs_native_call_begin(&c, out, call);
    if (hs_mask_is_whole(call->type->id) && hs_mask_scaled(most, call->type, &n)) {
        add_whole(&c.setup, n);
        hs_setup_add_int(&c.setup, call->type->id == HS_T_DECIMAL ? call->type->scale : 0);
        add_whole(&c.setup, hs_mask_least(call->type));
        add_whole(&c.setup, hs_mask_most(call->type));
    } else {
        snprintf(text, sizeof text, "%a", hs_mask_double(most));
        hs_setup_add(&c.setup, hs_str_of(text));
        hs_setup_add_int(&c.setup, call->type->id == HS_T_FLOAT);
    }
    hs_native_call_end_number(&c, call);
}

struct state {
    struct hs_hmac_start *hmac;
    hs_whole most, low, high; /* in last places */
    int scale;
    double real;
    bool narrow;
    hs_str viewer;
};

static void close_state(void *state)
{
    struct state *s = state;
    if (s)
        hs_hmac_start_free(s->hmac);
    hs_free(s);
}

/* [-]digits[.digits] of which the point is left out; false: something else, or too long. */
static bool read_whole(hs_str text, int scale, hs_whole *out)
{
    unsigned __int128 v = 0;
    int digits = 0, behind = -1;
    for (size_t i = text.len && text.at[0] == '-'; i < text.len; i++) {
        if (text.at[i] == '.' && behind < 0) {
            behind = 0;
            continue;
        }
        if (text.at[i] < '0' || text.at[i] > '9')
            return false;
        v = v * 10 + (unsigned)(text.at[i] - '0');
        digits += v > 0;
        behind += behind >= 0;
    }
    if (digits > 38 || behind > scale)
        return false;
    for (int i = behind < 0 ? 0 : behind; i < scale; i++)
        v *= 10;
    *out = text.len && text.at[0] == '-' ? -(hs_whole)v : (hs_whole)v;
    return true;
}

static bool read_state(struct state *s, hs_str rest)
{
    hs_str most, low, high;
    int64_t scale;
    char text[40] = {0};
    if (!hs_setup_next(&rest, &most) || !hs_setup_next_int(&rest, &scale))
        return false;
    if (!rest.len) {
        s->narrow = scale != 0;
        memcpy(text, most.at, most.len < sizeof text ? most.len : sizeof text - 1);
        s->real = strtod(text, NULL);
        return true;
    }
    s->scale = (int)scale;
    return scale >= 0 && scale <= 38 && hs_setup_next(&rest, &low) && hs_setup_next(&rest, &high) &&
           read_whole(most, 0, &s->most) && read_whole(low, 0, &s->low) && read_whole(high, 0, &s->high) && s->most > 0;
}

static void *open_state(const struct hs_native_setup *setup)
{
    struct state *s = hs_calloc(1, sizeof *s);
    if (s && read_state(s, setup->fields) && (s->hmac = hs_hmac_start_new(setup->key))) {
        s->viewer = setup->viewer;
        return s;
    }
    close_state(s);
    return NULL;
}

/* 128 bits that hang on person and value. */
static bool draw(const struct state *s, void *work, const void *value, size_t len, unsigned __int128 *out)
{
    uint8_t digest[HS_HMAC_BYTES];
    char text[160];
    size_t viewer = s->viewer.len < 96 ? s->viewer.len : 96;
    memcpy(text, s->viewer.at, viewer);
    text[viewer] = '|';
    memcpy(text + viewer + 1, value, len);
    if (!hs_hmac_of(s->hmac, work, hs_str_n(text, viewer + 1 + len), digest))
        return false;
    memcpy(out, digest, sizeof *out);
    return true;
}

static bool mask_real(const struct state *s, void *work, struct hs_native_value *v)
{
    unsigned __int128 bits;
    double x = v->real == 0 ? 0 : v->real;
    if (!isfinite(x))
        return true;
    if (!draw(s, work, &x, sizeof x, &bits))
        return false;
    double part = (double)(uint64_t)(bits >> 11 & ((UINT64_C(1) << 53) - 1)) / 0x1p53; /* 0 to below 1 */
    double y = x + (2 * part - 1) * s->real;
    v->real = !isfinite(y) ? x : s->narrow ? fmax(fmin(y, FLT_MAX), -FLT_MAX) : y;
    return true;
}

/* The remainder of 128 bits by a number of at most 64 is even to 2^-64; by a greater one there is no telling either. */
static bool add_noise(const struct state *s, void *work, hs_whole *x)
{
    unsigned __int128 bits, span = 2 * (unsigned __int128)s->most + 1;
    hs_whole y;
    if (!draw(s, work, x, sizeof *x, &bits))
        return false;
    hs_whole off = (hs_whole)(bits % span) - s->most; /* both are far within 128 bits: at most 39 digits */
    y = *x + off;
    if (y < s->low || y > s->high) /* the other way round, or the ends would mostly be shown as they are */
        y = *x - off;
    *x = y < s->low ? s->low : y > s->high ? s->high : y;
    return true;
}

static bool mask(const void *state, void *work, enum hs_native_kind kind, struct hs_native_value *v, struct hs_buf *out)
{
    const struct state *s = state;
    struct hs_type type = {.id = HS_T_DECIMAL, .precision = 38, .scale = s->scale};
    hs_whole x = v->whole;
    if (kind == HS_NATIVE_DOUBLE)
        return mask_real(s, work, v);
    if (kind == HS_NATIVE_TEXT && !read_whole(v->bytes, s->scale, &x)) {
        v->null = true; /* no decimal of the engine's looks so */
        return true;
    }
    if (!add_noise(s, work, &x))
        return false;
    v->whole = (int64_t)x;
    if (kind == HS_NATIVE_TEXT) {
        hs_buf_add_scaled(out, x, &type);
        hs_str digits = hs_buf_str(out);
        hs_str_cut(&digits, '\'');
        v->bytes = hs_str_cut(&digits, '\'');
    }
    return true;
}

static const struct hs_native native = {
    .kinds = 1u << HS_NATIVE_LONG | 1u << HS_NATIVE_DOUBLE | 1u << HS_NATIVE_TEXT,
    .open = open_state,
    .close = close_state,
    .work_new = hs_hmac_work_new,
    .work_free = hs_hmac_work_free,
    .mask = mask,
};

static const struct hs_mask_arg_spec args[] = {{"at-most", "how far off a value may be, either way", false}};

static const struct hs_mask_example examples[] = {
    {"long", "5", "1000", "1000"},
    {"long", "5", NULL, NULL},
    {"long", "1000", "9223372036854775807", "9223372036854775234"},
    {"int", "1000000000", "-2147483648", "-1412009257"},
    {"decimal(10, 2)", "0.5", "12.50", "12.59"},
    {"decimal(38, 10)", "1", "9999999999999999999999999999.9999999999", "9999999999999999999999999999.3106846290"},
    {"double", "0.5", "36.6", "36.703666120372155"},
    {"double", "0.5", "nan", "nan"},
    {"float", "1", "3.4e38", "3.4e+38"},
};

const struct hs_mask_function hs_mask_noise = {
    .name = "noise",
    .text = "The value plus a number between minus and plus `at-most`, each as likely as the others; at the end of the "
            "type's range the nearest value. It is the same for the same value and person, and another for every "
            "person. (The examples are under the key 'key', for nobody.)",
    .accepts = HS_ON(HS_T_INT) | HS_ON(HS_T_LONG) | HS_ON(HS_T_FLOAT) | HS_ON(HS_T_DOUBLE) | HS_ON(HS_T_DECIMAL),
    .keyed = true,
    .per_person = true,
    .args = args,
    .arg_count = HS_COUNT(args),
    .check = check,
    .print_duckdb = print,
    .native = &native,
    .examples = examples,
    .example_count = HS_COUNT(examples),
};
