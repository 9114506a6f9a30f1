/* JSON as the text it was written in: members, elements and what a string says, as parts of that text. PostgreSQL's
 * json keeps every blank, and what an operator takes out of it is a part of it; jsonb is a text whose blanks are
 * settled (jsonb's own), so a part of it is settled, too. Pure: no engine, no tree, no recursion; a text that is no
 * JSON ends a walk, it never leaves the text. */
#ifndef HS_ENGINE_WORKER_PG_DOCUMENT_H
#define HS_ENGINE_WORKER_PG_DOCUMENT_H

#include "base/str.h"

struct pg_walk { /* over an object's members or an array's elements */
    hs_str rest;
    bool object, begun, damaged;
};

/* What a text is, by its first letter that is no blank: { [ " t f n - 0..9, or 0. */
char pg_document_kind(hs_str text);
/* Of an object or an array; false: it is neither. */
bool pg_walk_open(hs_str text, struct pg_walk *w);
/* The next one: key with its quotation marks (of an object), value without blanks around it. false: no more. */
bool pg_walk_next(struct pg_walk *w, hs_str *key, hs_str *value);

/* A member by its key, the last of several; an element by its number, from behind where that is negative. */
bool pg_document_member(hs_str text, hs_str key, hs_str *value);
bool pg_document_element(hs_str text, int64_t n, hs_str *value);
/* A step of a path: a key, or in an array the number that it spells. */
bool pg_document_step(hs_str text, hs_str step, hs_str *value);
/* How many elements an array has; -1: it is none. */
int64_t pg_document_length(hs_str text);

/* What "a string" says. false: its escapes are none, or name U+0000 or half of a pair. */
bool pg_document_unquote(hs_str quoted, struct hs_buf *out);
/* As ->> has it: what a string says, NULL (*null) for null, anything else as it is written. */
bool pg_document_text(hs_str value, struct hs_buf *out, bool *null);

/* A text whose blanks are settled with no zeros at the end of fractions: equal documents have equal ones. */
void pg_document_bare(hs_str text, struct hs_buf *out);
/* jsonb_pretty of a text whose blanks are settled. false: nested too deeply. */
bool pg_document_pretty(hs_str text, struct hs_buf *out);
/* All but the members that are null, at every depth, as written. false: nested too deeply. */
bool pg_document_strip(hs_str text, bool settled, struct hs_buf *out);

#endif
