/* noise: a number a little off, by at most so much, either way. The same value is off by the same for the same person,
 * so asking again averages nothing out; for another person it is off by something else, so people who compare notes
 * learn more than one of them, but see that they do. Another column, and another at-most, have noise of their own: two
 * answers of which one is a multiple of the other would give the value away.
 *
 * Doubles are whole multiples of a step that hangs on at-most alone, before the noise, after it and in it: the low bits
 * of a floating-point sum otherwise tell which two numbers it can be of (Mironov, On significance of the least
 * significant bits for differential privacy, 2012). Where a double is so large that the step, or a float so large that
 * at-most, would be lost in it, it could only be shown as it is, or as a figure that is wrong by far and looks like any
 * other: it becomes NULL, as do the infinities and what is no number. */
#include "mask/mask.h"
#include "mask/shared/hmac.h"

#include "base/alloc.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static hs_rc check(const struct hs_mask_call *call, struct hs_err *err)
{
    const struct hs_value *most = hs_mask_arg(call, "at-most");
    hs_whole n;
    double real = most ? hs_mask_double(most) : 0;
    if (!(real > 0))
        return hs_fail(err, HS_INVALID, "at-most is a number greater than 0");
    if (call->type && !hs_mask_is_whole(call->type->id) && !(real >= 1e-30 && real <= 1e30))
        return hs_fail(err, HS_INVALID, "at-most is from 1e-30 to 1e30 for such a column");
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
    hs_setup_add(&c.setup, call->product);
    hs_setup_add(&c.setup, call->table);
    hs_setup_add_int(&c.setup, call->field_id);
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
    double step, limit; /* of doubles: what they are multiples of, and the greatest that can be hidden */
    uint64_t steps;     /* in at-most */
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

/* A step is a millionth of at-most, rounded to a power of two. A double has 53 bits: up to 2^52 steps it is exact, and
 * so is a sum. A float has 24: up to 2^20 times at-most, the noise is several of its last places. */
static bool read_real(struct state *s, hs_str text, bool narrow)
{
    char digits[40] = {0};
    int exponent;
    memcpy(digits, text.at, text.len < sizeof digits ? text.len : sizeof digits - 1);
    double most = strtod(digits, NULL);
    if (!(most >= 1e-30 && most <= 1e30))
        return false;
    bool power = frexp(most, &exponent) == 0.5; /* most is from 0.5 to below 1, times 2^exponent */
    exponent -= power;
    s->step = ldexp(1, exponent - 20);
    s->limit = ldexp(1, exponent + (narrow ? 20 : 32));
    s->steps = (uint64_t)(most / s->step);
    return true;
}

static bool read_state(struct state *s, hs_str rest)
{
    hs_str product, table, most, low, high;
    int64_t field_id, scale;
    if (!hs_setup_next(&rest, &product) || !hs_setup_next(&rest, &table) || !hs_setup_next_int(&rest, &field_id) ||
        !hs_setup_next(&rest, &most) || !hs_setup_next_int(&rest, &scale))
        return false;
    if (!rest.len)
        return read_real(s, most, scale != 0);
    s->scale = (int)scale;
    return scale >= 0 && scale <= 38 && hs_setup_next(&rest, &low) && hs_setup_next(&rest, &high) &&
           read_whole(most, 0, &s->most) && read_whole(low, 0, &s->low) && read_whole(high, 0, &s->high) && s->most > 0;
}

/* A key for this place and person: under the function's key, everything that the setup says (table, field, type and
 * at-most) and the viewer, each with its length. What is drawn under it hangs on the value alone. */
static bool place_key(const struct hs_native_setup *setup, uint8_t out[HS_HMAC_BYTES])
{
    uint8_t own[HS_HMAC_BYTES];
    struct hs_buf place;
    struct hs_hmac_start *start = NULL;
    hs_buf_init(&place, 1 << 20);
    hs_setup_add(&place, setup->fields);
    hs_setup_add(&place, setup->viewer);
    bool ok = !place.failed && hs_hmac_function_key(setup->key, "noise", own) &&
              (start = hs_hmac_start_new(hs_str_n(own, sizeof own))) && hs_hmac_of(start, hs_buf_str(&place), out);
    hs_wipe(own, sizeof own);
    hs_hmac_start_free(start);
    hs_buf_fini(&place);
    return ok;
}

static void *open_state(const struct hs_native_setup *setup)
{
    uint8_t key[HS_HMAC_BYTES] = {0};
    struct state *s = hs_calloc(1, sizeof *s);
    bool ok = s && read_state(s, setup->fields) && place_key(setup, key) &&
              (s->hmac = hs_hmac_start_new(hs_str_n(key, sizeof key)));
    hs_wipe(key, sizeof key);
    if (ok)
        return s;
    close_state(s);
    return NULL;
}

/* 128 bits that hang on place, person and value. */
static bool draw(const struct state *s, const void *value, size_t len, unsigned __int128 *out)
{
    uint8_t digest[HS_HMAC_BYTES];
    if (!hs_hmac_of(s->hmac, hs_str_n(value, len), digest))
        return false;
    memcpy(out, digest, sizeof *out);
    return true;
}

static bool mask_real(const struct state *s, struct hs_native_value *v)
{
    unsigned __int128 bits;
    if (!(fabs(v->real) <= s->limit)) { /* nor is anything of NaN */
        v->null = true;
        return true;
    }
    int64_t x = llround(v->real / s->step); /* at most 2^52 */
    if (!draw(s, &x, sizeof x, &bits))
        return false;
    x += (int64_t)(bits % (2 * s->steps + 1)) - (int64_t)s->steps;
    v->real = (double)x * s->step;
    return true;
}

/* The remainder of 128 bits by a number of at most 64 is even to 2^-64; by a greater one there is no telling either. */
static bool add_noise(const struct state *s, hs_whole *x)
{
    unsigned __int128 bits, span = 2 * (unsigned __int128)s->most + 1;
    hs_whole y;
    if (!draw(s, x, sizeof *x, &bits))
        return false;
    hs_whole off = (hs_whole)(bits % span) - s->most; /* both are far within 128 bits: at most 39 digits */
    y = *x + off;
    if (y < s->low || y > s->high) /* the other way round, or the ends would mostly be shown as they are */
        y = *x - off;
    *x = y < s->low ? s->low : y > s->high ? s->high : y;
    return true;
}

/* For each value: by hand, as a printf would take longer than the noise. */
static void add_decimal(struct hs_buf *out, hs_whole x, int scale)
{
    char text[48];
    size_t at = sizeof text;
    unsigned __int128 rest = x < 0 ? -(unsigned __int128)x : (unsigned __int128)x;
    for (int digits = 0; rest || digits <= scale; digits++) {
        if (digits == scale && scale)
            text[--at] = '.';
        text[--at] = (char)('0' + (rest <= UINT64_MAX ? (uint64_t)rest % 10 : rest % 10));
        rest = rest <= UINT64_MAX ? (uint64_t)rest / 10 : rest / 10;
    }
    if (x < 0)
        text[--at] = '-';
    hs_buf_add(out, text + at, sizeof text - at);
}

static bool mask(const void *state, void *work, enum hs_native_kind kind, struct hs_native_value *v, struct hs_buf *out)
{
    const struct state *s = state;
    hs_whole x = v->whole;
    (void)work;
    if (kind == HS_NATIVE_DOUBLE)
        return mask_real(s, v);
    if (kind == HS_NATIVE_TEXT && !read_whole(v->bytes, s->scale, &x)) {
        v->null = true; /* no decimal of the engine's looks so */
        return true;
    }
    if (!add_noise(s, &x))
        return false;
    v->whole = (int64_t)x;
    if (kind == HS_NATIVE_TEXT) {
        add_decimal(out, x, s->scale);
        v->bytes = hs_buf_str(out);
    }
    return true;
}

static const struct hs_native native = {
    .kinds = 1u << HS_NATIVE_LONG | 1u << HS_NATIVE_DOUBLE | 1u << HS_NATIVE_TEXT,
    .open = open_state,
    .close = close_state,
    .mask = mask,
};

static const struct hs_mask_arg_spec args[] = {{"at-most", "how far off a value may be, either way", false}};

static const struct hs_mask_example examples[] = {
    {"long", "5", "1000", "1001"},
    {"long", "5", NULL, NULL},
    {"long", "1000", "9223372036854775807", "9223372036854775281"},
    {"int", "1000000000", "-2147483648", "-2085960598"},
    {"decimal(10, 2)", "0.5", "12.50", "12.59"},
    {"decimal(38, 10)", "1", "9999999999999999999999999999.9999999999", "9999999999999999999999999999.2013311127"},
    {"double", "0.5", "36.6", "36.317930698394775"},
    {"double", "0.5", "nan", NULL},
    {"double", "0.5", "1e300", NULL},
    {"float", "1", "100.5", "100.615685"},
    {"float", "1", "3.4e38", NULL},
};

const struct hs_mask_function hs_mask_noise = {
    .name = "noise",
    .text = "The value plus a number between minus and plus `at-most`, each as likely as the others; at the end of the "
            "type's range the nearest value. It is the same for the same value, column and person, and another for "
            "every person, column and `at-most`. Doubles become multiples of about a millionth of `at-most`; those too "
            "large to be hidden by it (four thousand million times, floats a million times), infinities and NaN become "
            "NULL. (The examples are under the key 'key', for nobody.)",
    .accepts = HS_ON(HS_T_INT) | HS_ON(HS_T_LONG) | HS_ON(HS_T_FLOAT) | HS_ON(HS_T_DOUBLE) | HS_ON(HS_T_DECIMAL),
    .may_null = true,
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
