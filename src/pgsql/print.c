/* Ropes: printed text as lists of spans, put together without copying, written out once at the end, when it is known
 * where each span of the source came to lie. */
#include "pgsql/pgsql_in.h"

#include <stdio.h>

hs_rc refuse(struct reader *r, int location, const char *sqlstate, const char *format, ...)
{
    if (r->refused.sqlstate[0])
        return HS_FAILED(HS_UNSUPPORTED);
    char words[512];
    va_list args;
    va_start(args, format);
    vsnprintf(words, sizeof words, format, args);
    va_end(args);
    r->refused.message = hs_arena_str(r->arena, hs_str_of(words));
    if (!r->refused.message.at)
        return no_memory(r);
    memcpy(r->refused.sqlstate, sqlstate, 6);
    r->refused.position = location < 0 ? 0 : location + 1; /* bytes here; hs_pgsql_translate makes them characters */
    return hs_fail(r->err, HS_UNSUPPORTED, "%s", words);
}

hs_rc no_memory(struct reader *r)
{
    r->failed = true;
    return hs_fail(r->err, HS_NOMEM, "out of memory");
}

hs_rc overrun(struct reader *r)
{
    if (r->spans > HS_PGSQL_SPANS || r->looks > HS_PGSQL_LOOKS)
        return refuse(r, -1, "54001", "statement is too complex");
    return no_memory(r);
}

void look_at(struct reader *r, size_t names)
{
    r->looks += names;
    r->failed = r->failed || r->looks > HS_PGSQL_LOOKS;
}

void put_raw(struct reader *r, struct piece *to, hs_str text, int source)
{
    if (text.len == 0)
        return;
    struct span *s = r->failed || ++r->spans > HS_PGSQL_SPANS ? NULL : HS_NEW(r->arena, struct span);
    if (!s) {
        r->failed = true;
        return;
    }
    *s = (struct span){NULL, text.at, (uint32_t)text.len, source};
    if (to->last)
        to->last->next = s;
    else
        to->first = s;
    to->last = s;
}

void piece_join(struct piece *to, struct piece *from)
{
    if (!from->first)
        return;
    if (to->last)
        to->last->next = from->first;
    else
        to->first = from->first;
    to->last = from->last;
    from->first = from->last = NULL;
}

struct piece piece_copy(struct reader *r, const struct piece *p)
{
    struct piece copy = *p;
    copy.first = copy.last = NULL;
    for (const struct span *s = p->first; s; s = s->next)
        put_raw(r, &copy, hs_str_n(s->at, s->len), s->source);
    return copy;
}

static void put_quoted(struct reader *r, struct piece *to, hs_str text, char quote, int source)
{
    struct hs_buf b;
    hs_buf_init(&b, text.len * 2 + 2);
    if (quote == '"')
        hs_buf_add_sql_name(&b, text);
    else
        hs_buf_add_sql_text(&b, text);
    hs_str made = b.failed ? (hs_str){NULL, 0} : hs_arena_str(r->arena, hs_buf_str(&b));
    hs_buf_fini(&b);
    if (!made.at)
        r->failed = true;
    else
        put_raw(r, to, made, source);
}

static void put_number(struct reader *r, struct piece *to, int64_t number, int source)
{
    hs_str made = hs_arena_printf(r->arena, "%lld", (long long)number);
    if (!made.at)
        r->failed = true;
    else
        put_raw(r, to, made, source);
}

void put(struct reader *r, struct piece *to, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int source = -1;
    const char *from = format;
    for (const char *at = format;; at++) {
        if (*at && *at != '%')
            continue;
        if (at > from) {
            put_raw(r, to, hs_str_n(from, (size_t)(at - from)), source);
            source = -1;
        }
        if (!*at)
            break;
        from = at + 2;
        switch (*++at) {
        case 'P':
            piece_join(to, va_arg(args, struct piece *));
            break;
        case 'N':
            put_quoted(r, to, *va_arg(args, hs_str *), '"', source);
            break;
        case 'T':
            put_quoted(r, to, *va_arg(args, hs_str *), '\'', source);
            break;
        case 'S':
            put_raw(r, to, *va_arg(args, hs_str *), source);
            break;
        case 's':
            put_raw(r, to, hs_str_of(va_arg(args, const char *)), source);
            break;
        case 'd':
            put_number(r, to, va_arg(args, int64_t), source);
            break;
        case 'L':
            source = va_arg(args, int);
            continue;
        default:
            r->failed = true;
            break;
        }
        source = -1;
    }
    va_end(args);
}

/* Ours to keep: where each span that has a place in the source came to lie. */
struct hs_pgsql_place {
    uint32_t printed, source;
};

hs_rc flatten(struct reader *r, const struct piece *p, struct hs_pgsql_translation *out)
{
    if (r->failed)
        return overrun(r);
    size_t len = 0, places = 0;
    for (const struct span *s = p->first; s; s = s->next) {
        len += s->len;
        places += s->source >= 0;
    }
    char *text = hs_arena_alloc(r->arena, len + 1);
    struct hs_pgsql_place *place = hs_arena_array(r->arena, places + 1, sizeof *place);
    if (!text || !place)
        return no_memory(r);
    out->places = place;
    out->sql = hs_str_n(text, len);
    for (const struct span *s = p->first; s; s = s->next) {
        if (s->source >= 0)
            place[out->place_count++] = (struct hs_pgsql_place){(uint32_t)(text - out->sql.at), (uint32_t)s->source};
        memcpy(text, s->at, s->len);
        text += s->len;
    }
    return HS_OK;
}

/* PostgreSQL counts characters, not bytes. */
static int characters(hs_str text, size_t bytes)
{
    int count = 1;
    for (size_t i = 0; i < bytes && i < text.len; i++)
        count += ((unsigned char)text.at[i] & 0xC0) != 0x80;
    return count;
}

int hs_pgsql_position(const struct hs_pgsql_script *script, const struct hs_pgsql_translation *t, size_t printed_at)
{
    size_t low = 0, high = t->place_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (t->places[middle].printed <= printed_at)
            low = middle + 1;
        else
            high = middle;
    }
    return low ? characters(script->text, t->places[low - 1].source) : 0;
}

/* `refuse` notes bytes. */
void refusal_settle(const struct hs_pgsql_script *script, struct hs_pgsql_refusal *refusal)
{
    if (refusal->position > 0)
        refusal->position = characters(script->text, (size_t)refusal->position - 1);
}
