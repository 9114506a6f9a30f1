/* ff1: a value of the same form: as many characters of the same alphabet, another for each value. Equal values stay
 * equal within a domain, so joins and formats that are checked downstream survive. What is too short for the standard
 * (a domain under a million) could be tried out whole, and is hidden whole. */
#include "mask/mask.h"
#include "mask/shared/ff1.h"
#include "mask/shared/hmac.h"
#include "mask/shared/letters.h"

#include "base/alloc.h"

static const struct {
    const char *name, *letters;
} named[] = {
    {"digits", "0123456789"},
    {"lower", "abcdefghijklmnopqrstuvwxyz"},
    {"upper", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"},
    {"letters", "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"},
    {"alphanumeric", "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"},
};

static hs_str alphabet_of(const struct hs_mask_call *call)
{
    hs_str given = hs_mask_arg_text(call, "alphabet", "digits");
    for (size_t i = 0; i < HS_COUNT(named); i++)
        if (hs_str_is(given, named[i].name))
            return hs_str_of(named[i].letters);
    return given;
}

static hs_rc check(const struct hs_mask_call *call, struct hs_err *err)
{
    const struct hs_value *alphabet = hs_mask_arg(call, "alphabet"), *others = hs_mask_arg(call, "others"),
                          *tweak = hs_mask_arg(call, "tweak");
    struct hs_letters *l = NULL;
    if (alphabet && (!hs_mask_text_fits(alphabet, 4096) || !(l = hs_letters_new(alphabet_of(call), HS_FF1_MAX_RADIX))))
        return hs_fail(err, HS_INVALID,
                       "alphabet is digits, lower, upper, letters, alphanumeric, or 2 to %d characters, each once",
                       HS_FF1_MAX_RADIX);
    hs_letters_free(l);
    if (others && !hs_mask_arg_is(call, "others", "keep") && !hs_mask_arg_is(call, "others", "hide"))
        return hs_fail(err, HS_INVALID, "others is keep or hide");
    if (tweak && !hs_mask_text_fits(tweak, HS_FF1_MAX_TWEAK))
        return hs_fail(err, HS_INVALID, "tweak is a text of at most %d bytes", HS_FF1_MAX_TWEAK);
    if (call->type && call->type->id != HS_T_STRING && (alphabet || others))
        return hs_fail(err, HS_INVALID,
                       "a number has decimal digits and nothing else: alphabet and others are for text");
    return HS_OK;
}

static void add_setup(struct hs_buf *setup, const struct hs_mask_call *call)
{
    hs_setup_add(setup, hs_mask_arg_text(call, "tweak", ""));
    hs_setup_add(setup, alphabet_of(call));
    hs_setup_add_int(setup, hs_mask_arg_is(call, "others", "keep"));
}

static void print(struct hs_buf *out, const struct hs_mask_call *call)
{
    struct hs_native_call c;
    hs_native_call_begin(&c, out, call);
    if (call->type->id == HS_T_STRING) {
        add_setup(&c.setup, call);
        hs_native_call_end(&c, HS_NATIVE_TEXT, call->x);
        return;
    }
    hs_setup_add(&c.setup, hs_mask_arg_text(call, "tweak", ""));
    hs_setup_add(&c.setup, hs_str_of(named[0].letters));
    hs_setup_add_int(&c.setup, call->type->id == HS_T_INT ? INT32_MAX : INT64_MAX);
    hs_native_call_end_number(&c, call);
}

struct state {
    struct hs_ff1 *ff1;
    struct hs_letters *letters;
    unsigned least;
    int64_t option; /* text: keep what is not of the alphabet; numbers: the greatest */
};

static void close_state(void *state)
{
    struct state *s = state;
    if (!s)
        return;
    hs_ff1_free(s->ff1);
    hs_letters_free(s->letters);
    hs_free(s);
}

/* AES-256 under the function's own key. */
static struct hs_ff1 *open_ff1(hs_str key, unsigned radix, hs_str tweak)
{
    uint8_t own[HS_HMAC_BYTES];
    struct hs_ff1 *f =
        hs_hmac_function_key(key, "ff1", own) ? hs_ff1_new(hs_str_n(own, sizeof own), radix, tweak) : NULL;
    hs_wipe(own, sizeof own);
    return f;
}

static void *open_state(const struct hs_native_setup *setup)
{
    hs_str rest = setup->fields, tweak, letters;
    struct state *s = hs_calloc(1, sizeof *s);
    if (s && hs_setup_next(&rest, &tweak) && hs_setup_next(&rest, &letters) && hs_setup_next_int(&rest, &s->option) &&
        (s->letters = hs_letters_new(letters, HS_FF1_MAX_RADIX)) &&
        (s->ff1 = open_ff1(setup->key, hs_letters_count(s->letters), tweak))) {
        s->least = hs_ff1_least(hs_letters_count(s->letters));
        return s;
    }
    close_state(s);
    return NULL;
}

static void *work_new(const void *state)
{
    return hs_ff1_work_new(((const struct state *)state)->ff1);
}

static bool hide(struct hs_native_value *v, struct hs_buf *out)
{
    for (size_t at = 0; at < v->bytes.len; at += hs_letter_len(v->bytes, at))
        hs_buf_addc(out, '*');
    v->bytes = hs_buf_str(out);
    return true;
}

static bool mask_text(const struct state *s, void *work, struct hs_native_value *v, struct hs_buf *out)
{
    uint16_t x[HS_FF1_MAX];
    unsigned n = 0;
    for (size_t at = 0, len; at < v->bytes.len; at += len) {
        int place = hs_letter_place(s->letters, v->bytes, at, &len);
        if ((place < 0 && !s->option) || (place >= 0 && n == HS_FF1_MAX))
            return hide(v, out);
        if (place >= 0)
            x[n++] = (uint16_t)place;
    }
    if (n < s->least)
        return hide(v, out);
    if (!hs_ff1_encrypt(s->ff1, work, x, n))
        return false;
    n = 0;
    for (size_t at = 0, len; at < v->bytes.len; at += len) {
        bool kept = hs_letter_place(s->letters, v->bytes, at, &len) < 0;
        hs_buf_adds(out, kept ? hs_str_n(v->bytes.at + at, len) : hs_letter_at(s->letters, x[n++]));
    }
    v->bytes = hs_buf_str(out);
    return true;
}

/* Until the first digit is none and the number is one of the type: walking the cycle ends, at the latest where it
 * began. */
static bool mask_whole(const struct state *s, void *work, struct hs_native_value *v)
{
    uint16_t x[20];
    unsigned n = 0;
    bool below = v->whole < 0;
    uint64_t rest = below ? -(uint64_t)v->whole : (uint64_t)v->whole, y, most = (uint64_t)s->option;
    char digits[20];
    for (; rest; rest /= 10)
        digits[n++] = (char)(rest % 10);
    if (n < s->least || (below && -(uint64_t)v->whole > most)) { /* the least number has no counterpart */
        v->whole = 0;
        return true;
    }
    for (unsigned i = 0; i < n; i++)
        x[i] = (uint16_t)digits[n - 1 - i];
    do {
        if (!hs_ff1_encrypt(s->ff1, work, x, n))
            return false;
        y = 0;
        for (unsigned i = 0; i < n; i++)
            y = y * 10 + x[i]; /* at most 19 digits: below 2^64 */
    } while (x[0] == 0 || y > most);
    v->whole = below ? -(int64_t)y : (int64_t)y;
    return true;
}

static bool mask(const void *state, void *work, enum hs_native_kind kind, struct hs_native_value *v, struct hs_buf *out)
{
    return kind == HS_NATIVE_LONG ? mask_whole(state, work, v) : mask_text(state, work, v, out);
}

static const struct hs_native native = {
    .kinds = 1u << HS_NATIVE_TEXT | 1u << HS_NATIVE_LONG,
    .open = open_state,
    .close = close_state,
    .work_new = work_new,
    .work_free = hs_ff1_work_free,
    .mask = mask,
};

static const struct hs_mask_arg_spec args[] = {
    {"alphabet",
     "what is replaced by each other: digits (without the argument), lower, upper, letters, alphanumeric, or the "
     "characters themselves",
     true},
    {"others",
     "keep: other characters stay in their places; hide (without the argument): with one the value is hidden "
     "whole",
     true},
    {"tweak", "a text; with another, the same values become others", true},
};

static const struct hs_mask_example examples[] = {
    {"string", NULL, "4111111111111111", "9944241233628950"},
    {"string", NULL, "4111-1111-1111-1111", "*******************"},
    {"string", "others: 'keep'", "4111-1111-1111-1111", "9944-2412-3362-8950"},
    {"string", NULL, "12345", "*****"},
    {"string", NULL, "", ""},
    {"string", NULL, NULL, NULL},
    {"string", "alphabet: 'alphanumeric'; tweak: 'contracts'", "AB12cd34", "p4iOgPsf"},
    {"string", "alphabet: '\xC3\xA4\xC3\xB6\xC3\xBC'; others: 'keep'",
     "\xC3\xA4\xC3\xB6\xC3\xBC\xC3\xA4\xC3\xB6\xC3\xBC\xC3\xA4\xC3\xB6\xC3\xBC\xC3\xA4\xC3\xB6\xC3\xBC\xC3\xA4",
     "\xC3\xB6\xC3\xB6\xC3\xBC\xC3\xB6\xC3\xB6\xC3\xBC\xC3\xB6\xC3\xBC\xC3\xB6\xC3\xB6\xC3\xB6\xC3\xBC\xC3\xA4"},
    {"long", NULL, "1234567", "4981239"},
    {"long", NULL, "-1234567890123456789", "-7814912702557088343"},
    {"long", NULL, "12345", "0"},
    {"int", NULL, "2147483647", "1540218247"},
};

const struct hs_mask_function hs_mask_ff1 = {
    .name = "ff1",
    .text = "As many characters of the same alphabet, encrypted with FF1 (NIST SP 800-38G, AES-256) under the domain's "
            "mask key (HMAC-SHA256 of the byte FF and 'ff1'): equal values stay equal, different ones different. "
            "Numbers keep type, sign and number of digits. "
            "Values whose alphabet and length make fewer than a million (five digits) are hidden whole: '*' for each "
            "character, 0; so are values of more than 128 characters. (The examples are under the key 'key'.)",
    .accepts = HS_ON(HS_T_STRING) | HS_ON(HS_T_INT) | HS_ON(HS_T_LONG),
    .keyed = true,
    .hashes = true,
    .args = args,
    .arg_count = HS_COUNT(args),
    .check = check,
    .print_duckdb = print,
    .add_setup = add_setup,
    .native = &native,
    .examples = examples,
    .example_count = HS_COUNT(examples),
};
