/* redact-text: free text without the personal things that stand in it. What has a checksum or a form of its own is
 * found; names and what is paraphrased are not. doc/reference says how well. */
#include "mask/mask.h"
#include "mask/shared/find.h"
#include "mask/shared/pattern.h"
#include "mask/shared/pattern_match.h"

#include "base/alloc.h"

enum { MAX_PATTERNS = 16, MAX_LABEL = 40 };

static const char *const kinds[HS_FOUND_KINDS_] = {[HS_FOUND_EMAIL] = "email",
                                                   [HS_FOUND_IBAN] = "iban",
                                                   [HS_FOUND_IP] = "ip",
                                                   [HS_FOUND_CARD] = "card",
                                                   [HS_FOUND_PHONE] = "phone"};

static int kind_of(hs_str name)
{
    for (int i = 1; i < HS_FOUND_KINDS_; i++)
        if (hs_str_is(name, kinds[i]))
            return i;
    return 0;
}

static bool is_label(const struct hs_value *v)
{
    bool ok = v->kind == HS_V_TEXT && v->text.len && v->text.len <= MAX_LABEL;
    for (size_t i = 0; ok && i < v->text.len; i++) {
        char c = v->text.at[i];
        ok = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == ' ';
    }
    return ok;
}

static hs_rc check_patterns(const struct hs_value *map, struct hs_err *err)
{
    struct hs_buf normal;
    if (map->kind != HS_V_LIST || map->item_count % 2 || map->item_count / 2 > MAX_PATTERNS)
        return hs_fail(err, HS_INVALID, "patterns is a map of at most %d labels to patterns", MAX_PATTERNS);
    for (size_t i = 0; i + 1 < map->item_count; i += 2) {
        if (!is_label(&map->items[i]) || map->items[i + 1].kind != HS_V_TEXT)
            return hs_fail(err, HS_INVALID, "a label has letters, spaces and '-', and its pattern is a text");
        hs_buf_init(&normal, 1 << 16);
        hs_rc rc = hs_pattern_normal(map->items[i + 1].text, &normal, err);
        hs_buf_fini(&normal);
        HS_TRY(rc);
    }
    return HS_OK;
}

static hs_rc check(const struct hs_mask_call *call, struct hs_err *err)
{
    const struct hs_value *list = hs_mask_arg(call, "kinds"), *patterns = hs_mask_arg(call, "patterns");
    bool ok = !list || list->kind == HS_V_LIST;
    for (size_t i = 0; ok && list && i < list->item_count; i++)
        ok = list->items[i].kind == HS_V_TEXT && kind_of(list->items[i].text);
    if (!ok || (list && !list->item_count && !patterns))
        return hs_fail(err, HS_INVALID, "kinds is a list of some of email, iban, ip, card, phone");
    if (hs_mask_arg(call, "show") && !hs_mask_arg_is(call, "show", "label") && !hs_mask_arg_is(call, "show", "stars"))
        return hs_fail(err, HS_INVALID, "show is label or stars");
    return patterns ? check_patterns(patterns, err) : HS_OK;
}

static unsigned chosen(const struct hs_mask_call *call)
{
    const struct hs_value *list = hs_mask_arg(call, "kinds");
    unsigned bits = list ? 0 : ~0u;
    for (size_t i = 0; list && i < list->item_count; i++)
        bits |= 1u << kind_of(list->items[i].text);
    return bits & ((1u << HS_FOUND_KINDS_) - 2);
}

static void add_kinds(struct hs_buf *setup, const struct hs_mask_call *call)
{
    hs_setup_add_int(setup, chosen(call));
    hs_setup_add_int(setup, hs_mask_arg_is(call, "show", "stars"));
}

/* Inside JSON text no function of the engine can be called in between: the patterns go to the native, too. */
static void add_setup(struct hs_buf *setup, const struct hs_mask_call *call)
{
    const struct hs_value *map = hs_mask_arg(call, "patterns");
    struct hs_err err;
    add_kinds(setup, call);
    for (size_t i = 0; map && i + 1 < map->item_count; i += 2) {
        struct hs_buf normal, label;
        hs_buf_init(&normal, 1 << 16);
        hs_buf_init(&label, 256);
        setup->failed |= hs_pattern_normal(map->items[i + 1].text, &normal, &err) != HS_OK;
        hs_buf_addf(&label, "[%.*s]", HS_FMT(map->items[i].text));
        hs_setup_add(setup, hs_buf_str(&normal));
        hs_setup_add(setup, hs_buf_str(&label));
        setup->failed |= label.failed;
        hs_buf_fini(&normal);
        hs_buf_fini(&label);
    }
}

/* The policy's own patterns first, so that what they name keeps its label. */
static void add_replaced(struct hs_buf *b, const struct hs_value *map, hs_str x)
{
    struct hs_err err;
    struct hs_buf normal, label;
    for (size_t i = 0; map && i < map->item_count; i += 2)
        hs_buf_addz(b, "regexp_replace(");
    hs_buf_adds(b, x);
    for (size_t i = 0; map && i + 1 < map->item_count; i += 2) {
        hs_buf_init(&normal, 1 << 16);
        hs_buf_init(&label, 256);
        b->failed |= hs_pattern_normal(map->items[i + 1].text, &normal, &err) != HS_OK;
        hs_buf_addf(&label, "[%.*s]", HS_FMT(map->items[i].text));
        hs_buf_addz(b, ", ");
        hs_buf_add_sql_text(b, hs_buf_str(&normal));
        hs_buf_addz(b, ", ");
        hs_buf_add_sql_text(b, hs_buf_str(&label));
        hs_buf_addz(b, ", 'g')");
        hs_buf_fini(&normal);
        hs_buf_fini(&label);
    }
}

static void print(struct hs_buf *out, const struct hs_mask_call *call)
{
    struct hs_native_call c;
    struct hs_buf x;
    hs_buf_init(&x, out->max);
    add_replaced(&x, hs_mask_arg(call, "patterns"), call->x);
    hs_native_call_begin(&c, out, call);
    add_kinds(&c.setup, call);
    hs_native_call_end(&c, HS_NATIVE_TEXT, hs_buf_str(&x));
    out->failed |= x.failed;
    hs_buf_fini(&x);
}

struct state {
    unsigned kinds;
    bool stars;
    unsigned count;
    struct {
        struct hs_pattern *pattern;
        hs_str label;
    } own[MAX_PATTERNS];
};

static void close_state(void *state)
{
    struct state *s = state;
    for (unsigned i = 0; s && i < s->count; i++)
        hs_pattern_free(s->own[i].pattern);
    hs_free(s);
}

static bool read_state(struct state *s, hs_str rest)
{
    int64_t bits, stars;
    hs_str normal;
    if (!hs_setup_next_int(&rest, &bits) || !hs_setup_next_int(&rest, &stars))
        return false;
    s->kinds = (unsigned)bits;
    s->stars = stars != 0;
    while (rest.len) {
        if (s->count == MAX_PATTERNS || !hs_setup_next(&rest, &normal) ||
            !hs_setup_next(&rest, &s->own[s->count].label) || !(s->own[s->count].pattern = hs_pattern_new(normal)))
            return false;
        s->count++;
    }
    return true;
}

static void *open_state(const struct hs_native_setup *setup)
{
    struct state *s = hs_calloc(1, sizeof *s);
    if (s && read_state(s, setup->fields))
        return s;
    close_state(s);
    return NULL;
}

struct work {
    struct hs_symbols symbols;
    struct hs_pattern_work *own[MAX_PATTERNS];
    struct hs_buf texts[2]; /* what one pattern left for the next */
    unsigned count;
};

static void work_free(void *work)
{
    struct work *w = work;
    if (!w)
        return;
    for (unsigned i = 0; i < w->count; i++)
        hs_pattern_work_free(w->own[i]);
    hs_buf_fini(&w->texts[0]);
    hs_buf_fini(&w->texts[1]);
    hs_symbols_fini(&w->symbols);
    hs_free(w);
}

static void *work_new(const void *state)
{
    const struct state *s = state;
    struct work *w = hs_calloc(1, sizeof *w);
    for (unsigned i = 0; w && i < s->count; i++) {
        if (!(w->own[i] = hs_pattern_work_new(s->own[i].pattern))) {
            work_free(w);
            return NULL;
        }
        w->count++;
    }
    return w;
}

/* The policy's own patterns first, each over what the one before left. */
static bool replace_own(const struct state *s, struct work *w, size_t room, hs_str *text)
{
    for (unsigned i = 0; i < s->count; i++) {
        struct hs_buf *b = &w->texts[i % 2];
        hs_buf_fini(b);
        hs_buf_init(b, room);
        hs_pattern_replace(s->own[i].pattern, w->own[i], *text, s->own[i].label, b);
        if (b->failed)
            return false;
        *text = hs_buf_str(b);
    }
    return true;
}

static void add_found(struct hs_buf *out, const struct state *s, const struct hs_symbols *symbols, size_t from,
                      size_t to)
{
    for (size_t i = from; s->stars && i < to; i++)
        hs_buf_addc(out, '*');
    if (!s->stars)
        hs_buf_addf(out, "[%s]", kinds[symbols->found[from] & 0x7F]);
}

static bool mask(const void *state, void *work, enum hs_native_kind kind, struct hs_native_value *v, struct hs_buf *out)
{
    const struct state *s = state;
    struct work *w = work;
    struct hs_symbols *symbols = &w->symbols;
    (void)kind;
    if (!replace_own(s, w, out->max, &v->bytes))
        return false;
    if (!hs_may_hold(v->bytes)) {
        if (s->count) /* what was made here goes with the next value */
            hs_buf_adds(out, v->bytes);
        v->bytes = s->count ? hs_buf_str(out) : v->bytes;
        return !out->failed;
    }
    if (!hs_symbols_read(symbols, v->bytes))
        return false;
    hs_find(symbols, s->kinds);
    for (size_t i = 0, from; i < symbols->count;) {
        from = i++;
        bool found = symbols->found[from];
        while (i < symbols->count && (found ? symbols->found[i] && symbols->found[i] < 0x80 : !symbols->found[i]))
            i++;
        if (found)
            add_found(out, s, symbols, from, i);
        else
            hs_buf_add(out, v->bytes.at + symbols->from[from], symbols->from[i] - symbols->from[from]);
    }
    v->bytes = hs_buf_str(out);
    return true;
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
    {"kinds", "some of email, iban, ip, card, phone; without the argument all", true},
    {"show", "label ([card], without the argument) or stars (as many as there were characters)", true},
    {"patterns",
     "further things by regular expressions, a map of labels to patterns (as in replace-pattern): national "
     "identifiers, customer numbers",
     true},
};

static const struct hs_mask_example examples[] = {
    {"string", NULL, "card 4111 1111 1111 1111, mail ana@example.org.", "card [card], mail [email]."},
    {"string", NULL, "IBAN AT61 1904 3002 3457 3201 from 192.168.1.17", "IBAN [iban] from [ip]"},
    {"string", NULL, "ring +43 316 4455-12 or (415) 555-2671", "ring [phone] or [phone]"},
    {"string", NULL, "order 4111111111111112 of 2026-11-21, version 1.2.3.4",
     "order 4111111111111112 of 2026-11-21, version 1.2.3.4"},
    {"string", NULL,
     "\xEF\xBC\x94\xEF\xBC\x91\xEF\xBC\x91\xEF\xBC\x91 1111\xE2\x80\x91"
     "1111 1111",
     "[card]"},
    {"string", "show: 'stars'", "to 2001:db8::17!", "to ************!"},
    {"string", "kinds: ['card']", "4111111111111111 ana@example.org", "[card] ana@example.org"},
    {"string", "patterns: {'ssn': '\\d{3}-\\d{2}-\\d{4}'}", "078-05-1120, 316", "[ssn], 316"},
    {"string", NULL, "", ""},
    {"string", NULL, NULL, NULL},
};

const struct hs_mask_function hs_mask_redact_text = {
    .name = "redact-text",
    .text =
        "Card numbers (by their checksum and issuer), IBANs (by checksum and length), e-mail and IP addresses and "
        "phone numbers (international, and common national forms) in a text become [card], [iban] and so on, also "
        "where digits, dashes and spaces are those of other scripts. Beside letters that are written without spaces "
        "between words (Chinese, Thai, Arabic) all of them are found, and card numbers and IBANs beside any. Names and "
        "whatever has no form stay.",
    .accepts = HS_ON(HS_T_STRING),
    .args = args,
    .arg_count = HS_COUNT(args),
    .check = check,
    .print_duckdb = print,
    .add_setup = add_setup,
    .native = &native,
    .examples = examples,
    .example_count = HS_COUNT(examples),
};
