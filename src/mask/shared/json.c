/* A JSON document is read once, strictly as RFC 8259 has it, and written as it is read, byte by byte: numbers, spaces
 * and the order of members stay what they were. Only values at a path of a rule are replaced. A set of rules that the
 * path so far agrees with is a word of bits; names are compared after their escapes, and where a name is there twice,
 * both are meant.
 *
 * What is not well-formed, or nested deeper than 64, some reader could read in another way: it is hidden whole. And a
 * document may have another shape than the policy's author knew: where a path goes on into members and there is a list,
 * or the other way round, or a text (which may be a document itself), what it means may stand there all the same. That
 * value becomes null, and a whole document that is so is hidden. */
#include "mask/shared/json.h"
#include "mask/shared/letters.h"

#include "base/alloc.h"

struct rule {
    struct hs_json_path path;
    const struct hs_native *native; /* NULL: nullify */
    void *state;
};
struct rules {
    unsigned count;
    struct rule at[HS_JSON_RULES];
};

/* ---- the setup ---- */

bool hs_mask_fits_json(const struct hs_mask_function *f)
{
    return strcmp(f->name, "nullify") == 0 ||
           (f->native && f->native->kinds & 1u << HS_NATIVE_TEXT && f->accepts & HS_ON(HS_T_STRING));
}

void hs_buf_add_json_rule(struct hs_buf *setup, hs_str path, const struct hs_mask_function *f,
                          const struct hs_mask_call *call)
{
    struct hs_mask_call own = *call;
    struct hs_native_call inner;
    own.function = f;
    own.key_id = hs_mask_key_id(f, call->args, call->arg_count);
    hs_native_call_begin(&inner, setup, &own);
    if (f->add_setup)
        f->add_setup(&inner.setup, &own);
    hs_setup_add(setup, path);
    hs_setup_add(setup, hs_str_of(f->name));
    hs_setup_add(setup, hs_buf_str(&inner.setup));
    setup->failed |= inner.setup.failed;
    hs_buf_fini(&inner.setup);
}

static void close_rules(void *state)
{
    struct rules *all = state;
    for (unsigned i = 0; all && i < all->count; i++)
        if (all->at[i].native)
            all->at[i].native->close(all->at[i].state);
    hs_free(all);
}

static bool open_rule(struct rule *r, const struct hs_native_setup *setup, hs_str *rest)
{
    hs_str path, name, inner;
    struct hs_err err;
    struct hs_native_head head;
    struct hs_native_setup own = *setup;
    if (!hs_setup_next(rest, &path) || !hs_setup_next(rest, &name) || !hs_setup_next(rest, &inner) ||
        hs_json_path_read(path, &r->path, &err) != HS_OK)
        return false;
    const struct hs_mask_function *f = hs_mask_function(name);
    if (!f || !hs_mask_fits_json(f) || !hs_native_head(f, inner, &head))
        return false;
    if (strcmp(f->name, "nullify") == 0)
        return true;
    own.fields = head.fields;
    own.viewer = head.viewer;
    own.key = f->keyed ? setup->key_of(setup->keys, head.domain, head.key_id) : (hs_str){0};
    if (f->keyed && !own.key.len)
        return false;
    r->native = f->native;
    r->state = f->native->open(&own);
    return r->state != NULL;
}

static void *open_rules(const struct hs_native_setup *setup)
{
    struct rules *all = hs_calloc(1, sizeof *all);
    hs_str rest = setup->fields;
    while (all && rest.len) {
        struct rule *r = &all->at[all->count];
        if (all->count == HS_JSON_RULES || !open_rule(r, setup, &rest)) {
            if (all->count < HS_JSON_RULES)
                r->native = NULL; /* it has no state to close */
            close_rules(all);
            return NULL;
        }
        all->count++;
    }
    return all;
}

/* ---- reading ---- */

struct scan {
    const struct rules *rules;
    void **works;
    const char *at, *end;
    struct hs_buf *out;
    struct hs_buf text, masked; /* a string without its escapes; what a mask makes of it */
    int depth;
    bool broken; /* a mask could not be computed */
};

static bool scan_value(struct scan *s, uint64_t active, unsigned step, bool keep);

static void copy(struct scan *s, const char *from, bool keep)
{
    if (keep)
        hs_buf_add(s->out, from, (size_t)(s->at - from));
}

static void spaces(struct scan *s, bool keep)
{
    const char *from = s->at;
    while (s->at < s->end && (*s->at == ' ' || *s->at == '\t' || *s->at == '\n' || *s->at == '\r'))
        s->at++;
    copy(s, from, keep);
}

static bool take(struct scan *s, char c, bool keep)
{
    if (s->at == s->end || *s->at != c)
        return false;
    s->at++;
    if (keep)
        hs_buf_addc(s->out, c);
    return true;
}

static bool hex4(struct scan *s, uint32_t *out)
{
    *out = 0;
    if (s->end - s->at < 4)
        return false;
    for (int i = 0; i < 4; i++) {
        int digit = hs_hex_digit(*s->at++);
        if (digit < 0)
            return false;
        *out = *out << 4 | (uint32_t)digit;
    }
    return true;
}

static void add_utf8(struct hs_buf *b, uint32_t code)
{
    if (code < 0x80)
        hs_buf_addc(b, (char)code);
    else if (code < 0x800)
        hs_buf_add(b, (char[]){(char)(0xC0 | code >> 6), (char)(0x80 | (code & 63))}, 2);
    else if (code < 0x10000)
        hs_buf_add(b, (char[]){(char)(0xE0 | code >> 12), (char)(0x80 | (code >> 6 & 63)), (char)(0x80 | (code & 63))},
                   3);
    else
        hs_buf_add(b,
                   (char[]){(char)(0xF0 | code >> 18), (char)(0x80 | (code >> 12 & 63)),
                            (char)(0x80 | (code >> 6 & 63)), (char)(0x80 | (code & 63))},
                   4);
}

/* After the backslash. Half of a surrogate pair is no character. */
static bool scan_escape(struct scan *s)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    uint32_t code, low;
    if (s->at == s->end)
        return false;
    char c = *s->at++;
    const char *found = c ? strchr(from, c) : NULL;
    if (found) {
        hs_buf_addc(&s->text, to[found - from]);
        return true;
    }
    if (c != 'u' || !hex4(s, &code))
        return false;
    if (code >= 0xD800 && code < 0xDC00) {
        if (s->end - s->at < 2 || s->at[0] != '\\' || s->at[1] != 'u')
            return false;
        s->at += 2;
        if (!hex4(s, &low) || low < 0xDC00 || low > 0xDFFF)
            return false;
        code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
    } else if (code >= 0xDC00 && code < 0xE000)
        return false;
    add_utf8(&s->text, code);
    return true;
}

/* Leaves what it says in s->text. */
static bool scan_string(struct scan *s, bool keep)
{
    const char *from = s->at;
    hs_buf_clear(&s->text);
    if (!take(s, '"', false))
        return false;
    for (;;) {
        const char *run = s->at;
        while (s->at < s->end && *s->at != '"' && *s->at != '\\' && (unsigned char)*s->at >= 0x20)
            s->at++;
        hs_buf_add(&s->text, run, (size_t)(s->at - run));
        if (s->at == s->end || (unsigned char)*s->at < 0x20)
            return false;
        if (*s->at++ == '"')
            break;
        if (!scan_escape(s))
            return false;
    }
    copy(s, from, keep);
    return true;
}

static bool digits(struct scan *s)
{
    const char *from = s->at;
    while (s->at < s->end && *s->at >= '0' && *s->at <= '9')
        s->at++;
    return s->at > from;
}

static bool scan_number(struct scan *s, bool keep)
{
    const char *from = s->at;
    take(s, '-', false);
    if (!take(s, '0', false) && !digits(s))
        return false;
    if (take(s, '.', false) && !digits(s))
        return false;
    if (take(s, 'e', false) || take(s, 'E', false)) {
        if (!take(s, '+', false))
            take(s, '-', false);
        if (!digits(s))
            return false;
    }
    copy(s, from, keep);
    return true;
}

static bool scan_word(struct scan *s, const char *word, bool keep)
{
    size_t len = strlen(word);
    if ((size_t)(s->end - s->at) < len || memcmp(s->at, word, len) != 0)
        return false;
    s->at += len;
    if (keep)
        hs_buf_add(s->out, word, len);
    return true;
}

/* ---- masking ---- */

static void add_string(struct hs_buf *b, hs_str text)
{
    static const char hex[] = "0123456789abcdef";
    hs_buf_addc(b, '"');
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.at[i];
        if (c == '"' || c == '\\')
            hs_buf_add(b, (char[]){'\\', (char)c}, 2);
        else if (c < 0x20)
            hs_buf_add(b, (char[]){'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]}, 6);
        else
            hs_buf_addc(b, (char)c);
    }
    hs_buf_addc(b, '"');
}

/* Of a value that is no text, a mask for text leaves nothing. */
static bool replace(struct scan *s, unsigned which)
{
    const struct rule *r = &s->rules->at[which];
    bool is_text = s->at < s->end && *s->at == '"';
    struct hs_native_value v = {0};
    if (!scan_value(s, 0, 0, false))
        return false;
    if (!r->native || !is_text) {
        hs_buf_addz(s->out, "null");
        return true;
    }
    if (r->native->work_new && !s->works[which] && !(s->works[which] = r->native->work_new(r->state)))
        s->broken = true;
    v.bytes = hs_buf_str(&s->text);
    hs_buf_clear(&s->masked);
    if (!s->broken)
        s->broken = !r->native->mask(r->state, s->works[which], HS_NATIVE_TEXT, &v, &s->masked) || s->masked.failed;
    if (v.null)
        hs_buf_addz(s->out, "null");
    else
        add_string(s->out, v.bytes);
    return !s->broken;
}

/* The rules that go on with this member or element; *out_hit: the one that ends here, or -1. */
static uint64_t go_on(const struct scan *s, uint64_t active, unsigned step, hs_str name, int64_t index, int *out_hit)
{
    uint64_t next = 0;
    *out_hit = -1;
    for (uint64_t left = active; left; left &= left - 1) {
        int i = __builtin_ctzll(left);
        const struct hs_json_path *p = &s->rules->at[i].path;
        if (!hs_json_step_is(&p->steps[step], name, index))
            continue;
        if (p->count == step + 1)
            *out_hit = i;
        else
            next |= UINT64_C(1) << i;
    }
    return next;
}

static bool scan_item(struct scan *s, uint64_t next, int hit, unsigned step, bool keep)
{
    spaces(s, keep);
    if (!(hit >= 0 && keep ? replace(s, (unsigned)hit) : scan_value(s, next, step + 1, keep)))
        return false;
    spaces(s, keep);
    return true;
}

static bool scan_object(struct scan *s, uint64_t active, unsigned step, bool keep)
{
    take(s, '{', keep);
    spaces(s, keep);
    if (take(s, '}', keep))
        return true;
    do {
        spaces(s, keep);
        if (!scan_string(s, keep))
            return false;
        int hit; /* chosen now: the name lies where the value will */
        uint64_t next = go_on(s, active, step, hs_buf_str(&s->text), -1, &hit);
        spaces(s, keep);
        if (!take(s, ':', keep) || !scan_item(s, next, hit, step, keep))
            return false;
    } while (take(s, ',', keep));
    return take(s, '}', keep);
}

static bool scan_array(struct scan *s, uint64_t active, unsigned step, bool keep)
{
    int64_t index = 0;
    take(s, '[', keep);
    spaces(s, keep);
    if (take(s, ']', keep))
        return true;
    do {
        int hit;
        uint64_t next = go_on(s, active, step, (hs_str){0}, index++, &hit);
        if (!scan_item(s, next, hit, step, keep))
            return false;
    } while (take(s, ',', keep));
    return take(s, ']', keep);
}

/* Does rule b say for a list's elements what a says for the value (or the other way round)? */
static bool is_covered_by(const struct hs_json_path *a, const struct hs_json_path *b, unsigned step, bool list)
{
    const struct hs_json_path *longer = list ? b : a, *shorter = list ? a : b;
    const struct hs_json_step *wrap = &longer->steps[step];
    if (longer->count != shorter->count + 1 || wrap->name.at || (list && wrap->index >= 0))
        return false;
    for (unsigned i = step; i < shorter->count; i++) {
        const struct hs_json_step *x = &shorter->steps[i], *y = &longer->steps[i + 1];
        if (x->name.at ? !y->name.at || !hs_str_eq(x->name, y->name) : y->name.at || x->index != y->index)
            return false;
    }
    return true;
}

/* The value here has another shape than a rule expects that goes on into it, and no rule is for that shape. */
static bool is_astray(const struct scan *s, uint64_t active, unsigned step)
{
    bool list = *s->at == '[';
    if (*s->at == '"')
        return active != 0;
    if (!list && *s->at != '{')
        return false;
    for (uint64_t left = active; left; left &= left - 1) {
        const struct hs_json_path *p = &s->rules->at[__builtin_ctzll(left)].path;
        bool covered = !p->steps[step].name.at == list;
        for (uint64_t other = active; !covered && other; other &= other - 1)
            covered = is_covered_by(p, &s->rules->at[__builtin_ctzll(other)].path, step, list);
        if (!covered)
            return true;
    }
    return false;
}

static bool scan_value(struct scan *s, uint64_t active, unsigned step, bool keep)
{
    bool ok = false;
    if (s->at == s->end || s->depth >= HS_JSON_DEPTH)
        return false;
    if (is_astray(s, active, step)) {
        hs_buf_addz(s->out, "null");
        return step > 0 && scan_value(s, 0, 0, false);
    }
    s->depth++;
    switch (*s->at) {
    case '{':
        ok = scan_object(s, active, step, keep);
        break;
    case '[':
        ok = scan_array(s, active, step, keep);
        break;
    case '"':
        ok = scan_string(s, keep);
        break;
    case 't':
        ok = scan_word(s, "true", keep);
        break;
    case 'f':
        ok = scan_word(s, "false", keep);
        break;
    case 'n':
        ok = scan_word(s, "null", keep);
        break;
    default:
        ok = scan_number(s, keep);
        break;
    }
    s->depth--;
    return ok;
}

/* ---- the native ---- */

static void *work_new(const void *state)
{
    (void)state;
    return hs_calloc(HS_JSON_RULES + 1, sizeof(void *) * 2); /* works, and whose they are */
}

static void work_free(void *work)
{
    void **at = work;
    for (unsigned i = 0; at && i < HS_JSON_RULES; i++) {
        const struct hs_native *n = at[HS_JSON_RULES + i];
        if (n && at[i] && n->work_free)
            n->work_free(at[i]);
    }
    hs_free(at);
}

static bool mask(const void *state, void *work, enum hs_native_kind kind, struct hs_native_value *v, struct hs_buf *out)
{
    const struct rules *all = state;
    void **works = work;
    struct scan s = {.rules = all, .works = works, .at = v->bytes.at, .end = v->bytes.at + v->bytes.len, .out = out};
    (void)kind;
    uint64_t active = all->count ? (uint64_t)v->whole & ~UINT64_C(0) >> (64 - all->count) : 0;
    if (!active) /* nothing is masked here, so it need be no document */
        return true;
    for (unsigned i = 0; i < all->count; i++)
        works[HS_JSON_RULES + i] = (void *)all->at[i].native;
    hs_buf_init(&s.text, out->max);
    hs_buf_init(&s.masked, out->max);
    spaces(&s, true);
    bool whole = scan_value(&s, active, 0, true);
    spaces(&s, true);
    bool broken = s.broken || s.text.failed || s.masked.failed;
    hs_buf_fini(&s.text);
    hs_buf_fini(&s.masked);
    if (broken)
        return false;
    v->bytes = whole && s.at == s.end ? hs_buf_str(out) : HS_S(HS_JSON_HIDDEN);
    return true;
}

const struct hs_native hs_native_json = {
    .kinds = 1u << HS_NATIVE_TEXT,
    .choice = true,
    .open = open_rules,
    .close = close_rules,
    .work_new = work_new,
    .work_free = work_free,
    .mask = mask,
};
