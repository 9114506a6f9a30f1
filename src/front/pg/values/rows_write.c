/* Rows into messages. A row is written into room made for all of it but its long values, which make their own; so
 * nothing else looks at how much is left. */
#include "front/pg/values/rows_put.h"

/* ---- moments ---- */
static char *put_infinity(char *p, bool negative)
{
    return negative ? HS_PG_PUT_WORDS(p, "-infinity") : HS_PG_PUT_WORDS(p, "infinity");
}

char *hs_pg_put_odd_date(struct hs_pg_rows *r, char *p, int32_t days, bool binary)
{
    bool negative = days <= -INT32_MAX;
    if (days != INT32_MAX && !negative)
        r->trouble = "a date is outside what PostgreSQL can hold (4713 BC to 5874897)";
    if (binary)
        return hs_pg_put32(p, negative ? (uint32_t)INT32_MIN : INT32_MAX);
    return put_infinity(p, negative);
}

int64_t hs_pg_local(struct hs_pg_rows *r, int64_t us)
{
    int64_t second = us / 1000000 - (us % 1000000 < 0);
    if (second < r->zone_from || second >= r->zone_to)
        r->zone_now = hs_pg_zone_at(r->style.zone, second, &r->zone_from, &r->zone_to);
    int64_t local;
    if (__builtin_add_overflow(us, (int64_t)r->zone_now.offset * 1000000, &local)) {
        r->trouble = "a timestamp is outside what PostgreSQL can hold";
        return 0;
    }
    return local;
}

char *hs_pg_put_stamp(struct hs_pg_rows *r, char *p, int64_t us, bool zoned, bool binary)
{
    bool infinite = us == INT64_MAX || us <= -INT64_MAX;
    if (us < HS_PG_TIMESTAMP_MIN && !infinite) {
        r->trouble = "a timestamp is outside what PostgreSQL can hold (from 4713 BC on)";
        us = 0;
    }
    if (infinite)
        return binary ? hs_pg_put64(p, us > 0 ? INT64_MAX : (uint64_t)INT64_MIN) : put_infinity(p, us < 0);
    if (binary)
        return hs_pg_put64(p, (uint64_t)(us - HS_PG_EPOCH_US));
    if (zoned)
        us = hs_pg_local(r, us);
    const struct hs_pg_zone_type *zone = zoned ? &r->zone_now : NULL;
    if (r->style.date_style != HS_PG_DATE_ISO)
        return hs_pg_put_timestamp(p, us, &r->style, zone);
    int64_t rest;
    struct hs_pg_civil c = hs_pg_civil_of(hs_pg_day_of(us, &rest));
    p = hs_pg_put_iso_day(p, c);
    *p = ' ';
    p = hs_pg_put_clock(p + 1, rest);
    return hs_pg_put_era(zone ? hs_pg_put_offset(p, zone->offset) : p, c.year);
}

/* ---- values of any length ---- */
void hs_pg_add_bytea(struct hs_buf *out, hs_str bytes, bool escape)
{
    if (!escape) {
        hs_buf_addz(out, "\\x");
        hs_buf_add_hex(out, bytes.at, bytes.len);
        return;
    }
    char *p = bytes.len < SIZE_MAX / 4 ? hs_buf_room(out, bytes.len * 4) : NULL, *from = p;
    for (size_t i = 0; p && i < bytes.len; i++) {
        unsigned char c = (unsigned char)bytes.at[i];
        if (c == '\\') {
            p = HS_PG_PUT_WORDS(p, "\\\\");
        } else if (c < 0x20 || c > 0x7E) {
            *p++ = '\\';
            *p++ = (char)('0' + (c >> 6));
            *p++ = (char)('0' + (c >> 3 & 7));
            *p++ = (char)('0' + (c & 7));
        } else {
            *p++ = (char)c;
        }
    }
    if (p) {
        out->len += (size_t)(p - from);
        out->at[out->len] = 0;
    }
}

static hs_str bytes_of(const struct hs_pg_column *c, size_t i)
{
    if (c->op >> 1 == HS_PG_V_FIXED)
        return hs_str_n(c->data + i * c->width, c->width);
    return hs_str_n(c->data + c->offsets[i], (size_t)(c->offsets[i + 1] - c->offsets[i]));
}

static hs_rc add_fixed(struct hs_pg_rows *r, const struct hs_pg_column *c, size_t i, struct hs_buf *out)
{
    char *p = hs_buf_room(out, HS_PG_PUT_MOST);
    if (p) {
        out->len += (size_t)(hs_pg_put_fixed(r, c, i, p) - p);
        out->at[out->len] = 0;
    }
    return HS_OK;
}

hs_rc hs_pg_add_value(struct hs_pg_rows *r, const struct hs_pg_column *c, size_t i, unsigned level, struct hs_buf *out,
                      struct hs_err *err)
{
    bool binary = c->op & 1;
    switch (c->op >> 1) {
    case HS_PG_V_NULL:
        return HS_OK;
    case HS_PG_V_TEXT:
        hs_buf_adds(out, bytes_of(c, i));
        return HS_OK;
    case HS_PG_V_BYTES:
    case HS_PG_V_FIXED:
        if (binary)
            hs_buf_adds(out, bytes_of(c, i));
        else
            hs_pg_add_bytea(out, bytes_of(c, i), r->style.bytea_escape);
        return HS_OK;
    case HS_PG_V_REG:
        return r->resolver.reg_text(r->resolver.of, c->pg.oid, HS_PG_AT(uint32_t, c, i), out, err);
    case HS_PG_V_NESTED:
        return hs_pg_add_nested(r, c, i, level, out, err);
    default:
        return add_fixed(r, c, i, out);
    }
}

/* ---- one row ---- */
struct sink {
    struct hs_buf *buf;
    char *p, *end; /* end: with row_room still behind it */
    size_t row_room;
    bool too_long; /* rather than out of memory */
};

static bool sink_room(struct sink *s, size_t need)
{
    s->buf->len = (size_t)(s->p - s->buf->at);
    s->too_long = need > s->buf->max - s->buf->len || s->row_room > s->buf->max - s->buf->len - need;
    s->p = hs_buf_room(s->buf, need + s->row_room);
    s->end = s->buf->at + s->buf->cap - s->row_room;
    return s->p != NULL;
}

/* Makes room where a long value needs it; what a row's other values need stays free behind it. */
static inline bool sink_has(struct sink *s, size_t need)
{
    return __builtin_expect((size_t)(s->end - s->p) >= need && s->p <= s->end, 1) || sink_room(s, need);
}

/* Both sides have room behind for whole blocks: no loop to guess the end of. */
HS_PG_INLINE char *put_short(char *p, const char *at, size_t len)
{
    if (len <= 16)
        memcpy(p, at, 16);
    else if (len <= HS_PG_SHORT)
        memcpy(p, at, HS_PG_SHORT);
    else
        memcpy(p, at, len);
    return p + len;
}

/* The buffer stays good for what its owner has to say next. */
static hs_rc no_room(struct hs_buf *buf, bool too_long, struct hs_err *err)
{
    buf->failed = false;
    if (!too_long)
        return hs_fail(err, HS_NOMEM, "out of memory");
    hs_rc rc = hs_fail(err, HS_LIMIT, "a row is too long for one message");
    hs_err_state(err, "54000");
    return rc;
}

static hs_rc through_level(struct hs_pg_rows *r, const struct hs_pg_column *c, size_t i, hs_str *out,
                           struct hs_err *err)
{
    struct hs_buf *text = &r->level[0];
    hs_buf_clear(text);
    HS_TRY(hs_pg_add_value(r, c, i, 1, text, err));
    HS_TRY(hs_buf_done(text, err));
    *out = hs_buf_str(text);
    return HS_OK;
}

static hs_rc put_long(struct hs_pg_rows *r, const struct hs_pg_column *c, size_t i, struct sink *s, struct hs_err *err)
{
    hs_str text;
    HS_TRY(through_level(r, c, i, &text, err));
    s->too_long = true;
    if (text.len > INT32_MAX || !sink_has(s, text.len))
        return no_room(s->buf, s->too_long, err);
    s->p = hs_pg_put32(s->p, (uint32_t)text.len);
    s->p = hs_pg_put_words(s->p, text.at, text.len);
    return HS_OK;
}

/* Length words before each value: DataRow, and COPY binary. */
static hs_rc put_counted(struct hs_pg_rows *r, size_t i, struct sink *s, struct hs_err *err)
{
    char *p = hs_pg_put16(s->p, (uint16_t)r->count);
    for (const struct hs_pg_column *c = r->columns, *end = c + r->count; c < end; c++) {
        if (__builtin_expect(hs_pg_is_null(c, i), 0)) {
            p = hs_pg_put32(p, UINT32_MAX);
        } else if (c->op < HS_PG_OP_TEXT(HS_PG_V_TEXT)) {
            char *at = p + 4;
            p = hs_pg_put_fixed(r, c, i, at);
            hs_pg_put32(at - 4, (uint32_t)(p - at));
        } else if (c->op >> 1 == HS_PG_V_TEXT) {
            size_t from = (size_t)c->offsets[i], len = (size_t)c->offsets[i + 1] - from;
            s->p = p;
            if (!sink_has(s, len))
                return no_room(s->buf, s->too_long, err);
            p = put_short(hs_pg_put32(s->p, (uint32_t)len), (const char *)c->data + from, len);
        } else if (c->op >> 1 == HS_PG_V_NULL) {
            p = hs_pg_put32(p, UINT32_MAX); /* last, for it is rare */
        } else {
            s->p = p;
            HS_TRY(put_long(r, c, i, s, err));
            p = s->p;
        }
    }
    s->p = p;
    return HS_OK;
}

/* COPY as text or CSV: what must be escaped goes through a buffer of its own. */
static hs_rc put_escaped(struct hs_pg_rows *r, const struct hs_pg_column *c, size_t i, struct sink *s,
                         struct hs_err *err)
{
    hs_str text;
    struct hs_buf *escaped = &r->level[HS_PG_LEVELS - 1];
    if (c->op >> 1 == HS_PG_V_TEXT)
        text = bytes_of(c, i);
    else
        HS_TRY(through_level(r, c, i, &text, err));
    hs_buf_clear(escaped);
    if (r->kind == HS_PG_COPY_TEXT)
        hs_pg_add_copy_text(escaped, text, r->copy.delimiter);
    else
        hs_pg_add_copy_csv(escaped, text, &r->copy, c->forced, r->count == 1);
    HS_TRY(hs_buf_done(escaped, err));
    if (!sink_has(s, escaped->len))
        return no_room(s->buf, s->too_long, err);
    s->p = hs_pg_put_words(s->p, escaped->at ? escaped->at : "", escaped->len);
    return HS_OK;
}

/* True where nothing in eight bytes is for COPY text to escape: below a space, a backslash, the delimiter. False may
 * also be said without need. */
HS_PG_INLINE bool eight_plain(uint64_t v, uint64_t delimiters)
{
    const uint64_t ones = 0x0101010101010101u, high = 0x8080808080808080u;
    uint64_t slash = v ^ 0x5C5C5C5C5C5C5C5Cu, other = v ^ delimiters;
    return !(((v - ones * 0x20) | (slash - ones) | (other - ones)) & ~v & high);
}

HS_PG_INLINE bool all_plain(const uint8_t *at, size_t len, uint64_t delimiters)
{
    size_t i = 0;
    uint64_t v;
    for (; i + 8 <= len; i += 8) {
        memcpy(&v, at + i, 8);
        if (!eight_plain(v, delimiters))
            return false;
    }
    if (i == len)
        return true;
    memcpy(&v, at + i, 8); /* there is room behind */
    unsigned left = (unsigned)(len - i) * 8;
    v = (v & ((1ull << left) - 1)) | (0x6161616161616161u << left);
    return eight_plain(v, delimiters);
}

/* The same for CSV: no delimiter, quote or end of a line. */
HS_PG_INLINE bool eight_bare(uint64_t v, uint64_t delimiters, uint64_t quotes)
{
    const uint64_t ones = 0x0101010101010101u, high = 0x8080808080808080u;
    uint64_t a = v ^ delimiters, b = v ^ quotes, c = v ^ ones * '\n', d = v ^ ones * '\r';
    return !(((a - ones) | (b - ones) | (c - ones) | (d - ones)) & ~v & high);
}

HS_PG_INLINE bool all_bare(const uint8_t *at, size_t len, uint64_t delimiters, uint64_t quotes)
{
    uint64_t v, filler = 0x6161616161616161u;
    for (size_t i = 0; i < len; i += 8) {
        memcpy(&v, at + i, 8);
        if (len - i < 8)
            v = (v & ((1ull << (len - i) * 8) - 1)) | (filler << (len - i) * 8);
        if (!eight_bare(v, delimiters, quotes))
            return false;
    }
    return true;
}

static bool is_bare(const struct hs_pg_rows *r, const struct hs_pg_column *c, const uint8_t *at, size_t len)
{
    const uint64_t ones = 0x0101010101010101u;
    if (r->kind == HS_PG_COPY_TEXT)
        return all_plain(at, len, ones * (uint8_t)r->copy.delimiter);
    if (c->forced || r->count == 1 || hs_str_eq(hs_str_n(at, len), r->copy.null))
        return false;
    return all_bare(at, len, ones * (uint8_t)r->copy.delimiter, ones * (uint8_t)r->copy.quote);
}

static hs_rc put_copy_text(struct hs_pg_rows *r, size_t i, struct sink *s, struct hs_err *err)
{
    const bool usual = r->copy.delimiter != 'a' && r->copy.quote != 'a'; /* which fills words up */
    for (const struct hs_pg_column *c = r->columns, *end = c + r->count; c < end; c++) {
        if (c > r->columns)
            *s->p++ = r->copy.delimiter;
        if (hs_pg_is_null(c, i) || c->op >> 1 == HS_PG_V_NULL) {
            s->p = hs_pg_put_words(s->p, r->copy.null.at, r->copy.null.len);
        } else if (!c->escape) {
            s->p = hs_pg_put_fixed(r, c, i, s->p);
        } else if (usual && c->op >> 1 == HS_PG_V_TEXT) {
            size_t from = (size_t)c->offsets[i], len = (size_t)c->offsets[i + 1] - from;
            if (!is_bare(r, c, c->data + from, len)) {
                HS_TRY(put_escaped(r, c, i, s, err));
                continue;
            }
            if (!sink_has(s, len))
                return no_room(s->buf, s->too_long, err);
            s->p = put_short(s->p, (const char *)c->data + from, len);
        } else {
            HS_TRY(put_escaped(r, c, i, s, err));
        }
    }
    *s->p++ = '\n';
    return HS_OK;
}

static const char BEGIN[] = "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0"; /* flags and extension are zero */
enum { BEGIN_LEN = 19, MESSAGE_HEAD = 5 };

static hs_rc troubled(const struct hs_pg_rows *r, struct hs_err *err)
{
    hs_rc rc = hs_fail(err, HS_UNSUPPORTED, "%s", r->trouble);
    hs_err_state(err, "22008");
    return rc;
}

static hs_rc put_row(struct hs_pg_rows *r, size_t i, struct sink *s, struct hs_err *err)
{
    if (!sink_has(s, BEGIN_LEN))
        return no_room(s->buf, s->too_long, err);
    size_t from = (size_t)(s->p - s->buf->at);
    *s->p = r->kind == HS_PG_DATA_ROW ? 'D' : 'd';
    s->p += MESSAGE_HEAD;
    if (r->begin_due)
        s->p = hs_pg_put_words(s->p, BEGIN, BEGIN_LEN);
    if (r->kind == HS_PG_DATA_ROW || r->kind == HS_PG_COPY_BINARY)
        HS_TRY(put_counted(r, i, s, err));
    else
        HS_TRY(put_copy_text(r, i, s, err));
    size_t len = (size_t)(s->p - s->buf->at) - from - 1;
    if (len > INT32_MAX)
        return no_room(s->buf, true, err);
    if (__builtin_expect(r->trouble != NULL, 0))
        return troubled(r, err);
    hs_pg_put32(s->buf->at + from + 1, (uint32_t)len);
    r->begin_due = false;
    return HS_OK;
}

/* ---- many rows ---- */
/* Rows that are loaded, until enough is written. */
static hs_rc put_rows(struct hs_pg_rows *r, int64_t end, size_t enough, struct sink *s, struct hs_err *err)
{
    while (r->next < end) {
        size_t from = (size_t)(s->p - s->buf->at);
        hs_rc rc = put_row(r, (size_t)(r->next - r->loaded_from), s, err);
        if (rc != HS_OK) {
            s->p = s->buf->at ? s->buf->at + from : NULL;
            r->trouble = NULL;
            return rc;
        }
        r->next++;
        if ((size_t)(s->p - s->buf->at) >= enough)
            break;
    }
    return HS_OK;
}

static void settle(struct sink *s, size_t from)
{
    s->buf->len = s->p ? (size_t)(s->p - s->buf->at) : from;
    if (s->buf->at)
        s->buf->at[s->buf->len] = 0;
}

/* What will be wanted anyhow, at once. */
static size_t first_room(const struct hs_pg_rows *r, int64_t rows, size_t bytes_max)
{
    enum { AT_ONCE = 1 << 20 };
    size_t most = bytes_max < AT_ONCE ? bytes_max : AT_ONCE;
    size_t likely = (size_t)rows < most / r->row_room ? (size_t)rows * r->row_room : most;
    return likely + r->row_room;
}

hs_rc hs_pg_rows_write(struct hs_pg_rows *r, int64_t rows_max, size_t bytes_max, struct hs_buf *out, int64_t *out_rows,
                       struct hs_err *err)
{
    int64_t first = r->next, end = first + hs_pg_rows_left(r);
    size_t from = out->len, enough = bytes_max < SIZE_MAX - from ? from + bytes_max : SIZE_MAX;
    struct sink s = {.buf = out, .row_room = r->row_room};
    hs_rc rc = HS_OK;
    *out_rows = 0;
    if (rows_max >= 0 && end - first > rows_max)
        end = first + rows_max;
    if (first == end)
        return HS_OK;
    size_t room = first_room(r, end - first, bytes_max);
    s.too_long = room > out->max - out->len;
    s.p = hs_buf_room(out, room);
    if (!s.p)
        return no_room(out, s.too_long, err);
    s.end = out->at + out->cap - r->row_room;
    while (rc == HS_OK && r->next < end && (r->next == first || (size_t)(s.p - out->at) < enough)) {
        if (r->next >= r->loaded_to)
            rc = hs_pg_load(r, rows_max, err);
        if (rc == HS_OK)
            rc = put_rows(r, end < r->loaded_to ? end : r->loaded_to, enough, &s, err);
    }
    settle(&s, from);
    *out_rows = r->next - first;
    return rc;
}

/* ---- before and after ---- */
static void add_name(struct hs_pg_rows *r, struct hs_buf *out, hs_str name)
{
    if (r->kind == HS_PG_COPY_CSV)
        hs_pg_add_copy_csv(out, name, &r->copy, false, r->count == 1);
    else
        hs_pg_add_copy_text(out, name, r->copy.delimiter);
}

static hs_rc end_message(struct hs_buf *out, size_t from, struct hs_err *err)
{
    if (out->failed || out->len - from - 1 > INT32_MAX) {
        out->len = from;
        return no_room(out, out->max - out->len < 64 || !out->failed, err);
    }
    hs_pg_put32(out->at + from + 1, (uint32_t)(out->len - from - 1));
    return HS_OK;
}

hs_rc hs_pg_rows_head(struct hs_pg_rows *r, struct hs_buf *out, struct hs_err *err)
{
    size_t from = out->len;
    if (!r->copy.header || (r->kind != HS_PG_COPY_TEXT && r->kind != HS_PG_COPY_CSV))
        return HS_OK;
    hs_buf_add(out, "d\0\0\0\0", MESSAGE_HEAD);
    for (size_t i = 0; i < r->count; i++) {
        if (i)
            hs_buf_addc(out, r->copy.delimiter);
        add_name(r, out, r->schema->fields[i].name);
    }
    hs_buf_addc(out, '\n');
    return end_message(out, from, err);
}

hs_rc hs_pg_rows_tail(struct hs_pg_rows *r, struct hs_buf *out, struct hs_err *err)
{
    size_t from = out->len;
    if (r->kind != HS_PG_COPY_BINARY)
        return HS_OK;
    hs_buf_add(out, "d\0\0\0\0", MESSAGE_HEAD);
    if (r->begin_due)
        hs_buf_add(out, BEGIN, BEGIN_LEN);
    hs_buf_add(out, "\377\377", 2);
    r->begin_due = false;
    return end_message(out, from, err);
}
