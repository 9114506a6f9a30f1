/* In which physical form an answer is written. A client chooses, each choice has a plain default, and none of them
 * changes a value: the worker writes the form, the result's type tree says it (type.h: `form`, `index`), and the
 * server only frames what it got. */
#ifndef HS_ARROW_FORM_H
#define HS_ARROW_FORM_H

#include "base/str.h"

enum hs_compression {
    HS_COMPRESSION_NONE = 0,
    HS_COMPRESSION_LZ4, /* LZ4 frames, as Arrow's BodyCompression has them: per buffer */
    HS_COMPRESSION_ZSTD
};

struct hs_answer_form { /* zeros: plain */
    enum hs_compression compression;
    bool narrow_decimals; /* decimal32 up to 9 digits, decimal64 up to 18 */
    bool dictionaries;    /* columns of text with few distinct values among the first rows */
    bool string_views;    /* utf8_view and binary_view */
};

/* The choices by their names ("compression", "decimals", "dictionaries", "strings") and words ("none", "lz4", "zstd";
 * "wide", "narrow"; "off", "auto"; "plain", "view"). ASCII case of a word does not matter. */
enum hs_form_said { HS_FORM_TAKEN = 0, HS_FORM_NO_SUCH_NAME, HS_FORM_NO_SUCH_WORD };
enum hs_form_said hs_form_set(struct hs_answer_form *form, hs_str name, hs_str word);
/* The word that stands for what is chosen; NULL: no such name. */
const char *hs_form_word(const struct hs_answer_form *form, hs_str name);
/* The i-th name, and its words joined by ", " (for messages and pages); NULL after the last. */
const char *hs_form_name(size_t i);
const char *hs_form_words(hs_str name);

/* A form as one small number, for tickets, messages and digests: 0 is plain. */
unsigned hs_form_pack(const struct hs_answer_form *form);
bool hs_form_unpack(unsigned packed, struct hs_answer_form *out); /* false: no form has that number */

#endif
