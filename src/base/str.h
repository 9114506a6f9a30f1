/* Text: hs_str is borrowed (pointer + length, dies with its owner, not NUL-terminated), hs_buf is owned and
 * grows up to a maximum stated where it is made. The type says who frees. */
#ifndef HS_BASE_STR_H
#define HS_BASE_STR_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

typedef struct hs_str {
    const char *at;
    size_t len;
} hs_str;

#define HS_S(literal) ((hs_str){(literal), sizeof(literal) - 1})
/* For "%.*s"; an empty string may have no address. */
#define HS_FMT(s) (int)(s).len, ((s).at ? (s).at : "")

static inline hs_str hs_str_of(const char *text)
{
    return (hs_str){text, text ? strlen(text) : 0};
}

static inline hs_str hs_str_n(const void *at, size_t len)
{
    return (hs_str){(const char *)at, len};
}

static inline bool hs_str_eq(hs_str a, hs_str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

static inline bool hs_str_is(hs_str a, const char *text)
{
    return hs_str_eq(a, hs_str_of(text));
}

bool hs_str_eq_nocase(hs_str a, hs_str b); /* ASCII */
int hs_str_cmp(hs_str a, hs_str b);        /* bytewise */
bool hs_str_starts(hs_str s, hs_str prefix);
bool hs_str_ends(hs_str s, hs_str suffix);
/* Cuts s at the first `c`: returns what is before it, leaves the rest in *s (empty, at==NULL, when none is left). */
hs_str hs_str_cut(hs_str *s, char c);
hs_str hs_str_trim(hs_str s);
/* Whole text as a number; false when any byte is not part of it or it does not fit. */
bool hs_str_to_i64(hs_str s, int64_t *out);
bool hs_str_to_u64(hs_str s, uint64_t *out);
bool hs_utf8_valid(hs_str s);
/* The nearest name by edit distance (at most 2 and under half the length), or an empty string: for "did you mean". */
hs_str hs_str_nearest(hs_str wanted, const hs_str *names, size_t count);

/* Owned, growing bytes. Invariant: len <= cap <= max; at[len] is 0 whenever at != NULL. */
struct hs_buf {
    char *at;
    size_t len, cap, max;
    bool failed; /* sticky: an append ran out of memory or passed max; check once at the end with hs_buf_done */
};

void hs_buf_init(struct hs_buf *b, size_t max);
void hs_buf_fini(struct hs_buf *b);
void hs_buf_clear(struct hs_buf *b); /* len = 0, memory kept, failed reset */
/* Room for n more bytes; NULL (and failed) when that is not possible. The caller adds to len itself. */
char *hs_buf_room(struct hs_buf *b, size_t n);
void hs_buf_add(struct hs_buf *b, const void *at, size_t len);
void hs_buf_addc(struct hs_buf *b, char c);
void hs_buf_adds(struct hs_buf *b, hs_str s);
void hs_buf_addz(struct hs_buf *b, const char *text);
void hs_buf_addf(struct hs_buf *b, const char *format, ...) HS_PRINTF(2, 3);
/* Drops n bytes from the front. */
void hs_buf_drop(struct hs_buf *b, size_t n);
HS_MUST hs_rc hs_buf_done(const struct hs_buf *b, struct hs_err *err);
static inline hs_str hs_buf_str(const struct hs_buf *b)
{
    return (hs_str){b->at ? b->at : "", b->len};
}

/* "text" with JSON escapes and quotes; invalid UTF-8 becomes U+FFFD. */
void hs_buf_add_json(struct hs_buf *b, hs_str s);
/* SQL: 'text' with quotes doubled; "name" with quotes doubled. */
void hs_buf_add_sql_text(struct hs_buf *b, hs_str s);
void hs_buf_add_sql_name(struct hs_buf *b, hs_str s);
void hs_buf_add_hex(struct hs_buf *b, const void *at, size_t len);
int hs_hex_digit(char c); /* 0 to 15, of either case; -1: none */

/* base64, standard alphabet; decode takes padded and unpadded, refuses anything else. */
void hs_buf_add_base64(struct hs_buf *b, const void *at, size_t len);
bool hs_buf_add_base64_decoded(struct hs_buf *b, hs_str text);

#endif
