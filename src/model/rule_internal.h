/* What the rule files share and nobody else needs. */
#ifndef HS_MODEL_RULE_INTERNAL_H
#define HS_MODEL_RULE_INTERNAL_H

#include "model/rule.h"

enum {
    HS_RULE_MAX_TEXT = 64 * 1024,
    HS_RULE_MAX_DEPTH = 64,
    HS_RULE_MAX_NODES = 4096,
    HS_NUMBER_MAX_DIGITS = 38, /* the widest decimal any engine behind us holds exactly */
};

enum hs_rule_token_kind {
    HS_TOK_END = 0,
    HS_TOK_NAME,   /* bare; may be a keyword */
    HS_TOK_QUOTED, /* "name": never a keyword */
    HS_TOK_NUMBER,
    HS_TOK_TEXT,
    HS_TOK_MARK, /* punctuation, as written */
};

struct hs_rule_token {
    enum hs_rule_token_kind kind;
    hs_str text; /* NAME, MARK: as written; QUOTED, TEXT: without quotes; NUMBER: without needless zeros */
    int line, column;
};

struct hs_rule_lexer {
    struct hs_arena *arena;
    const char *at, *end;
    hs_str file;
    int line, column;
};

HS_MUST hs_rc hs_rule_next_token(struct hs_rule_lexer *lex, struct hs_rule_token *out, struct hs_err *err);
/* Is this bare word one that the language means something by? In any case. */
bool hs_rule_is_keyword(hs_str word);
/* May this name be written without quotes? */
bool hs_rule_is_bare_name(hs_str name);

/* HS_INVALID, shown "file:line:column: words". */
HS_MUST hs_rc hs_rule_fail_(struct hs_err *err, hs_str file, int line, int column, const char *format, ...)
    HS_PRINTF(5, 6);
#define hs_rule_fail(...) HS_FAILED(hs_rule_fail_(__VA_ARGS__))

#endif
