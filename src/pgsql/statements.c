/* What each statement is: those that run, those that a session answers, and those that are refused, because a
 * transaction here only reads. */
#include "pgsql/pgsql_in.h"

#include <ctype.h>
#include <strings.h>

typedef hs_rc classify_fn(struct reader *r, yyjson_val *body, struct hs_pgsql_statement *out);

static hs_rc is_kind(struct hs_pgsql_statement *out, enum hs_pgsql_kind kind, const char *tag)
{
    out->kind = kind;
    out->tag = tag;
    return HS_OK;
}

static hs_str lower(struct reader *r, hs_str text)
{
    hs_str copy = hs_arena_str(r->arena, text);
    for (size_t i = 0; copy.at && i < copy.len; i++)
        ((char *)copy.at)[i] = (char)tolower((unsigned char)copy.at[i]);
    return copy;
}

static hs_rc runs(struct reader *r, yyjson_val *node, struct hs_pgsql_statement *out)
{
    yyjson_val *body;
    const char *kind = node_kind(node, &body);
    if (strcmp(kind, "SelectStmt") == 0) {
        out->runs = true;
        out->tree = body;
        return HS_OK;
    }
    struct hs_pgsql_statement inner = {0};
    HS_TRY(classify(r, node, &inner));
    return refuse(r, -1, "0A000", "%s is not supported here", inner.tag ? inner.tag : "this statement");
}

static hs_rc is_select(struct reader *r, yyjson_val *body, struct hs_pgsql_statement *out)
{
    (void)r;
    out->runs = true;
    out->tree = body;
    return is_kind(out, HS_PGSQL_SELECT, "SELECT");
}

/* ---- constants ---- */

static hs_rc constant(struct reader *r, yyjson_val *node, struct hs_pgsql_constant *out)
{
    yyjson_val *cast = node_only(node, "TypeCast"), *body, *v;
    if (cast) /* SET TIME ZONE INTERVAL '...', EXECUTE p('x'::text), true as 't'::bool */
        return constant(r, yyjson_obj_get(cast, "arg"), out);
    body = node_only(node, "A_Const");
    if (!body)
        return refuse(r, -1, "0A000", "only constants are supported here");
    int location = node_location(body);
    *out = (struct hs_pgsql_constant){HS_PGSQL_TEXT, HS_S("")};
    if (node_flag(body, "isnull")) {
        out->form = HS_PGSQL_NULL;
    } else if ((v = yyjson_obj_get(body, "ival"))) {
        out->form = HS_PGSQL_NUMBER;
        out->text = hs_arena_printf(r->arena, "%lld", (long long)node_integer(r->script->text, v, location));
    } else if ((v = yyjson_obj_get(body, "fval"))) {
        out->form = HS_PGSQL_NUMBER;
        out->text = node_text(v, "fval");
    } else if ((v = yyjson_obj_get(body, "boolval"))) {
        out->form = HS_PGSQL_BOOLEAN;
        out->text = node_flag(v, "boolval") ? HS_S("true") : HS_S("false");
    } else if (yyjson_obj_get(body, "bsval")) {
        return refuse(r, location, "0A000", "a bit string is not supported here");
    } else {
        out->text = node_text(yyjson_obj_get(body, "sval"), "sval");
    }
    return out->text.at ? HS_OK : no_memory(r);
}

/* ---- SET, RESET, SHOW ---- */

static hs_rc transaction_modes(struct reader *r, yyjson_val *list, struct hs_pgsql_transaction *out)
{
    EACH(i, item, list)
    {
        yyjson_val *def = node_only(item, "DefElem");
        hs_str name = node_text(def, "defname");
        struct hs_pgsql_constant value;
        HS_TRY(constant(r, yyjson_obj_get(def, "arg"), &value));
        bool on = !hs_str_is(value.text, "0");
        if (hs_str_is(name, "transaction_isolation")) {
            out->has_isolation = true;
            out->isolation = value.text;
        } else if (hs_str_is(name, "transaction_read_only")) {
            out->has_read_only = true;
            out->read_only = on;
        } else if (hs_str_is(name, "transaction_deferrable")) {
            out->has_deferrable = true;
            out->deferrable = on;
        } else {
            return refuse(r, node_location(def), "0A000", "%.*s is not supported", HS_FMT(name));
        }
    }
    return HS_OK;
}

static hs_rc set_multi(struct reader *r, yyjson_val *body, struct hs_pgsql_statement *out)
{
    hs_str name = node_text(body, "name");
    if (hs_str_is(name, "TRANSACTION SNAPSHOT")) {
        struct hs_pgsql_constant value;
        HS_TRY(constant(r, yyjson_arr_get_first(yyjson_obj_get(body, "args")), &value));
        out->transaction.snapshot = value.text;
        return is_kind(out, HS_PGSQL_SET_TRANSACTION, "SET");
    }
    out->transaction.session = hs_str_is(name, "SESSION CHARACTERISTICS");
    HS_TRY(transaction_modes(r, yyjson_obj_get(body, "args"), &out->transaction));
    return is_kind(out, HS_PGSQL_SET_TRANSACTION, "SET");
}

static hs_rc is_set(struct reader *r, yyjson_val *body, struct hs_pgsql_statement *out)
{
    hs_str kind = node_text(body, "kind");
    yyjson_val *args = yyjson_obj_get(body, "args");
    if (hs_str_is(kind, "VAR_SET_MULTI"))
        return set_multi(r, body, out);
    out->set.name = lower(r, node_text(body, "name"));
    out->set.local = node_flag(body, "is_local");
    if (!out->set.name.at)
        return no_memory(r);
    if (hs_str_is(kind, "VAR_RESET") || hs_str_is(kind, "VAR_RESET_ALL")) {
        out->set.all = hs_str_is(kind, "VAR_RESET_ALL");
        return is_kind(out, HS_PGSQL_RESET, "RESET");
    }
    if (hs_str_is(kind, "VAR_SET_CURRENT"))
        return refuse(r, -1, "0A000", "SET ... FROM CURRENT is not supported");
    out->set.to_default = hs_str_is(kind, "VAR_SET_DEFAULT");
    out->set.values = hs_arena_array(r->arena, yyjson_arr_size(args) + 1, sizeof *out->set.values);
    if (!out->set.values)
        return no_memory(r);
    EACH(i, item, args)
    {
        struct hs_pgsql_constant value;
        HS_TRY(constant(r, item, &value));
        out->set.values[out->set.value_count++] = value.text;
    }
    return is_kind(out, HS_PGSQL_SET, "SET");
}

static hs_rc is_show(struct reader *r, yyjson_val *body, struct hs_pgsql_statement *out)
{
    out->set.name = lower(r, node_text(body, "name"));
    if (!out->set.name.at)
        return no_memory(r);
    out->set.all = hs_str_is(out->set.name, "all");
    return is_kind(out, HS_PGSQL_SHOW, "SHOW");
}

/* ---- transactions ---- */

static hs_rc is_transaction(struct reader *r, yyjson_val *body, struct hs_pgsql_statement *out)
{
    static const struct {
        const char *word;
        enum hs_pgsql_kind kind;
        const char *tag;
    } KINDS[] = {{"TRANS_STMT_BEGIN", HS_PGSQL_BEGIN, "BEGIN"},
                 {"TRANS_STMT_START", HS_PGSQL_BEGIN, "START TRANSACTION"},
                 {"TRANS_STMT_COMMIT", HS_PGSQL_COMMIT, "COMMIT"},
                 {"TRANS_STMT_ROLLBACK", HS_PGSQL_ROLLBACK, "ROLLBACK"},
                 {"TRANS_STMT_SAVEPOINT", HS_PGSQL_SAVEPOINT, "SAVEPOINT"},
                 {"TRANS_STMT_RELEASE", HS_PGSQL_RELEASE, "RELEASE"},
                 {"TRANS_STMT_ROLLBACK_TO", HS_PGSQL_ROLLBACK_TO, "ROLLBACK"}};
    for (size_t i = 0; i < sizeof KINDS / sizeof *KINDS; i++) {
        if (!node_is(body, "kind", KINDS[i].word))
            continue;
        HS_TRY(transaction_modes(r, yyjson_obj_get(body, "options"), &out->transaction));
        out->transaction.chain = node_flag(body, "chain");
        out->name = node_text(body, "savepoint_name");
        return is_kind(out, KINDS[i].kind, KINDS[i].tag);
    }
    return refuse(r, -1, "0A000", "prepared transactions are not supported");
}

/* ---- cursors ---- */

static hs_rc is_declare(struct reader *r, yyjson_val *body, struct hs_pgsql_statement *out)
{
    int64_t options = node_number(body, "options");
    out->cursor = (struct hs_pgsql_cursor){
        .name = node_text(body, "portalname"),
        .binary = options & 0x1,
        .scroll = options & 0x2,
        .no_scroll = options & 0x4,
        .insensitive = options & 0x8,
        .hold = options & 0x20,
    };
    HS_TRY(runs(r, yyjson_obj_get(body, "query"), out));
    return is_kind(out, HS_PGSQL_DECLARE, "DECLARE CURSOR");
}

static hs_rc is_fetch(struct reader *r, yyjson_val *body, struct hs_pgsql_statement *out)
{
    (void)r;
    bool move = node_flag(body, "ismove");
    out->fetch = (struct hs_pgsql_fetch){
        .name = node_text(body, "portalname"),
        .direction = node_is(body, "direction", "FETCH_BACKWARD")   ? HS_PGSQL_BACKWARD
                     : node_is(body, "direction", "FETCH_ABSOLUTE") ? HS_PGSQL_ABSOLUTE
                     : node_is(body, "direction", "FETCH_RELATIVE") ? HS_PGSQL_RELATIVE
                                                                    : HS_PGSQL_FORWARD,
        .count = node_number(body, "howMany"),
    };
    return is_kind(out, move ? HS_PGSQL_MOVE : HS_PGSQL_FETCH, move ? "MOVE" : "FETCH");
}

static hs_rc is_close(struct reader *r, yyjson_val *body, struct hs_pgsql_statement *out)
{
    (void)r;
    out->name = node_text(body, "portalname");
    out->all = !out->name.len;
    return is_kind(out, HS_PGSQL_CLOSE, out->all ? "CLOSE CURSOR ALL" : "CLOSE CURSOR");
}

/* ---- prepared statements ---- */

static hs_rc is_prepare(struct reader *r, yyjson_val *body, struct hs_pgsql_statement *out)
{
    yyjson_val *types = yyjson_obj_get(body, "argtypes");
    out->name = node_text(body, "name");
    out->prepare.types = hs_arena_array(r->arena, yyjson_arr_size(types) + 1, sizeof *out->prepare.types);
    if (!out->prepare.types)
        return no_memory(r);
    EACH(i, item, types)
    {
        struct kind kind;
        HS_TRY(type_name(r, node_only(item, "TypeName"), &kind));
        out->prepare.types[out->prepare.count++] = kind.oid;
    }
    HS_TRY(runs(r, yyjson_obj_get(body, "query"), out));
    return is_kind(out, HS_PGSQL_PREPARE, "PREPARE");
}

static hs_rc is_execute(struct reader *r, yyjson_val *body, struct hs_pgsql_statement *out)
{
    yyjson_val *params = yyjson_obj_get(body, "params");
    out->name = node_text(body, "name");
    out->execute.values = hs_arena_array(r->arena, yyjson_arr_size(params) + 1, sizeof *out->execute.values);
    if (!out->execute.values)
        return no_memory(r);
    EACH(i, item, params)
    HS_TRY(constant(r, item, &out->execute.values[out->execute.count++]));
    return is_kind(out, HS_PGSQL_EXECUTE, "EXECUTE");
}

static hs_rc is_deallocate(struct reader *r, yyjson_val *body, struct hs_pgsql_statement *out)
{
    (void)r;
    out->name = node_text(body, "name");
    out->all = !out->name.len;
    return is_kind(out, HS_PGSQL_DEALLOCATE, out->all ? "DEALLOCATE ALL" : "DEALLOCATE");
}

/* ---- COPY ---- */

/* An option's word: a bare word, a string, a number, or nothing. */
static hs_str option_word(struct reader *r, yyjson_val *def)
{
    yyjson_val *arg = yyjson_obj_get(def, "arg"), *body, *number = node_only(arg, "Integer");
    hs_str text;
    const char *kind = node_kind(arg, &body);
    if (strcmp(kind, "String") == 0)
        return node_string(arg);
    if (strcmp(kind, "Boolean") == 0)
        return node_flag(body, "boolval") ? HS_S("true") : HS_S("false");
    if (number)
        return yyjson_get_sint(yyjson_obj_get(number, "ival")) ? HS_S("1") : HS_S("0");
    if (node_constant_text(arg, &text))
        return text;
    (void)r;
    return HS_S("");
}

static hs_rc option_flag(struct reader *r, yyjson_val *def, bool *out)
{
    static const char *const ON[] = {"", "true", "on", "1"}, *const OFF[] = {"false", "off", "0"};
    hs_str word = option_word(r, def);
    for (size_t i = 0; i < 4; i++) {
        if (hs_str_eq_nocase(word, hs_str_of(ON[i]))) {
            *out = true;
            return HS_OK;
        }
    }
    for (size_t i = 0; i < 3; i++) {
        if (hs_str_eq_nocase(word, hs_str_of(OFF[i]))) {
            *out = false;
            return HS_OK;
        }
    }
    return refuse(r, node_location(def), "42601", "%.*s requires a Boolean value", HS_FMT(node_text(def, "defname")));
}

static hs_rc option_byte(struct reader *r, yyjson_val *def, char *out)
{
    hs_str word = option_word(r, def);
    if (word.len != 1)
        return refuse(r, node_location(def), "0A000", "COPY %.*s must be a single one-byte character",
                      HS_FMT(node_text(def, "defname")));
    *out = word.at[0];
    return HS_OK;
}

static hs_rc force_quote(struct reader *r, yyjson_val *arg, struct hs_pgsql_copy *out)
{
    yyjson_val *items = yyjson_is_arr(arg) ? arg : yyjson_obj_get(node_only(arg, "List"), "items");
    out->force_quote_all = node_only(arg, "A_Star") != NULL;
    out->force_quote = hs_arena_array(r->arena, yyjson_arr_size(items) + 1, sizeof *out->force_quote);
    if (!out->force_quote)
        return no_memory(r);
    EACH(i, item, items)
    out->force_quote[out->force_quote_count++] = node_string(item);
    return HS_OK;
}

static hs_rc copy_format(struct reader *r, yyjson_val *def, struct hs_pgsql_copy *out)
{
    hs_str word = option_word(r, def);
    if (hs_str_is(word, "text"))
        out->format = HS_PGSQL_COPY_TEXT;
    else if (hs_str_is(word, "csv"))
        out->format = HS_PGSQL_COPY_CSV;
    else if (hs_str_is(word, "binary"))
        out->format = HS_PGSQL_COPY_BINARY;
    else
        return refuse(r, node_location(def), "22023", "COPY format \"%.*s\" not recognized", HS_FMT(word));
    return HS_OK;
}

static hs_rc copy_option(struct reader *r, yyjson_val *def, struct hs_pgsql_copy *out)
{
    hs_str name = node_text(def, "defname");
    bool ignored;
    if (hs_str_is(name, "format"))
        return copy_format(r, def, out);
    if (hs_str_is(name, "header"))
        return option_flag(r, def, &out->header);
    if (hs_str_is(name, "freeze"))
        return option_flag(r, def, &ignored);
    if (hs_str_is(name, "delimiter"))
        return option_byte(r, def, &out->delimiter);
    if (hs_str_is(name, "quote"))
        return option_byte(r, def, &out->quote);
    if (hs_str_is(name, "escape"))
        return option_byte(r, def, &out->escape);
    if (hs_str_is(name, "force_quote"))
        return force_quote(r, yyjson_obj_get(def, "arg"), out);
    if (hs_str_is(name, "null")) {
        out->has_null = true;
        out->null = option_word(r, def);
        return HS_OK;
    }
    if (hs_str_is(name, "encoding")) {
        out->encoding = option_word(r, def);
        return HS_OK;
    }
    return refuse(r, node_location(def), "42601", "option \"%.*s\" not recognized", HS_FMT(name));
}

static hs_rc copy_check(struct reader *r, const struct hs_pgsql_copy *c)
{
    bool csv = c->format == HS_PGSQL_COPY_CSV, binary = c->format == HS_PGSQL_COPY_BINARY;
    if (binary && (c->delimiter || c->has_null || c->header))
        return refuse(r, -1, "42601", "cannot specify %s in BINARY mode",
                      c->delimiter  ? "DELIMITER"
                      : c->has_null ? "NULL"
                                    : "HEADER");
    if (!csv && (c->quote || c->escape || c->force_quote_all || c->force_quote_count))
        return refuse(r, -1, "0A000", "COPY %s available only in CSV mode",
                      c->quote    ? "quote"
                      : c->escape ? "escape"
                                  : "force quote");
    char delimiter = c->delimiter ? c->delimiter : csv ? ',' : '\t';
    if (delimiter == '\n' || delimiter == '\r')
        return refuse(r, -1, "22023", "COPY delimiter cannot be newline or carriage return");
    if (!csv && strchr("\\.abcdefghijklmnopqrstuvwxyz0123456789", delimiter))
        return refuse(r, -1, "22023", "COPY delimiter cannot be \"%c\"", delimiter);
    if (csv && delimiter == (c->quote ? c->quote : '"'))
        return refuse(r, -1, "22023", "COPY delimiter and quote must be different");
    if (memchr(c->null.at ? c->null.at : "", '\n', c->null.len) ||
        memchr(c->null.at ? c->null.at : "", '\r', c->null.len))
        return refuse(r, -1, "22023", "COPY null representation cannot use newline or carriage return");
    if (c->has_null && memchr(c->null.at ? c->null.at : "", delimiter, c->null.len))
        return refuse(r, -1, "22023", "COPY delimiter must not appear in the NULL specification");
    return HS_OK;
}

static hs_rc is_copy(struct reader *r, yyjson_val *body, struct hs_pgsql_statement *out)
{
    if (node_flag(body, "is_from"))
        return refuse(r, -1, "25006", "cannot execute COPY FROM in a read-only transaction");
    if (node_text(body, "filename").len || node_flag(body, "is_program"))
        return refuse(r, -1, "42501", "COPY to a file or a program is not permitted");
    out->copy.format = HS_PGSQL_COPY_TEXT;
    EACH(i, item, yyjson_obj_get(body, "options"))
    HS_TRY(copy_option(r, node_only(item, "DefElem"), &out->copy));
    HS_TRY(copy_check(r, &out->copy));
    if (yyjson_obj_get(body, "query"))
        HS_TRY(runs(r, yyjson_obj_get(body, "query"), out));
    out->runs = true;
    out->tree = out->tree ? out->tree : body; /* COPY table (columns): the whole of it */
    return is_kind(out, HS_PGSQL_COPY, "COPY");
}

/* ---- the others ---- */

static hs_rc is_explain(struct reader *r, yyjson_val *body, struct hs_pgsql_statement *out)
{
    out->explain.format = HS_PGSQL_EXPLAIN_TEXT;
    EACH(i, item, yyjson_obj_get(body, "options"))
    {
        yyjson_val *def = node_only(item, "DefElem");
        hs_str name = node_text(def, "defname"), word = option_word(r, def);
        bool ignored;
        if (hs_str_is(name, "analyze"))
            HS_TRY(option_flag(r, def, &out->explain.analyze));
        else if (hs_str_is(name, "verbose"))
            HS_TRY(option_flag(r, def, &out->explain.verbose));
        else if (hs_str_is(name, "format"))
            out->explain.format = hs_str_is(word, "json")   ? HS_PGSQL_EXPLAIN_JSON
                                  : hs_str_is(word, "xml")  ? HS_PGSQL_EXPLAIN_XML
                                  : hs_str_is(word, "yaml") ? HS_PGSQL_EXPLAIN_YAML
                                                            : HS_PGSQL_EXPLAIN_TEXT;
        else
            HS_TRY(option_flag(r, def, &ignored));
    }
    HS_TRY(runs(r, yyjson_obj_get(body, "query"), out));
    return is_kind(out, HS_PGSQL_EXPLAIN, "EXPLAIN");
}

static hs_rc is_discard(struct reader *r, yyjson_val *body, struct hs_pgsql_statement *out)
{
    (void)r;
    static const char *const WORDS[][2] = {{"DISCARD_ALL", "DISCARD ALL"},
                                           {"DISCARD_PLANS", "DISCARD PLANS"},
                                           {"DISCARD_TEMP", "DISCARD TEMP"},
                                           {"DISCARD_SEQUENCES", "DISCARD SEQUENCES"}};
    size_t i = 0;
    while (i < 3 && !node_is(body, "target", WORDS[i][0]))
        i++;
    out->discard.what = HS_PGSQL_DISCARD_ALL + (int)i;
    return is_kind(out, HS_PGSQL_DISCARD, WORDS[i][1]);
}

static hs_rc is_listen(struct reader *r, yyjson_val *body, struct hs_pgsql_statement *out)
{
    (void)r;
    out->name = node_text(body, "conditionname");
    return is_kind(out, HS_PGSQL_LISTEN, "LISTEN");
}

static hs_rc is_unlisten(struct reader *r, yyjson_val *body, struct hs_pgsql_statement *out)
{
    (void)r;
    out->name = node_text(body, "conditionname");
    out->all = !out->name.len;
    return is_kind(out, HS_PGSQL_UNLISTEN, "UNLISTEN");
}

static hs_rc is_notify(struct reader *r, yyjson_val *body, struct hs_pgsql_statement *out)
{
    (void)r;
    out->name = node_text(body, "conditionname");
    out->notify.payload = node_text(body, "payload");
    return is_kind(out, HS_PGSQL_NOTIFY, "NOTIFY");
}

static hs_rc is_lock(struct reader *r, yyjson_val *body, struct hs_pgsql_statement *out)
{
    if (node_number(body, "mode") != 1)
        return refuse(r, -1, "25006", "cannot execute LOCK TABLE in a read-only transaction, but in ACCESS SHARE mode");
    return is_kind(out, HS_PGSQL_LOCK, "LOCK TABLE");
}

static hs_rc is_constraints(struct reader *r, yyjson_val *body, struct hs_pgsql_statement *out)
{
    (void)r;
    (void)body;
    return is_kind(out, HS_PGSQL_LOCK, "SET CONSTRAINTS");
}

static const struct {
    const char *kind;
    classify_fn *classify;
} STATEMENTS[] = {{"SelectStmt", is_select},
                  {"VariableSetStmt", is_set},
                  {"VariableShowStmt", is_show},
                  {"TransactionStmt", is_transaction},
                  {"DeclareCursorStmt", is_declare},
                  {"FetchStmt", is_fetch},
                  {"ClosePortalStmt", is_close},
                  {"PrepareStmt", is_prepare},
                  {"ExecuteStmt", is_execute},
                  {"DeallocateStmt", is_deallocate},
                  {"CopyStmt", is_copy},
                  {"ExplainStmt", is_explain},
                  {"DiscardStmt", is_discard},
                  {"ListenStmt", is_listen},
                  {"UnlistenStmt", is_unlisten},
                  {"NotifyStmt", is_notify},
                  {"LockStmt", is_lock},
                  {"ConstraintsSetStmt", is_constraints}};

/* WRITE(kind, words): what would write, by the name PostgreSQL has for it. */
static const char *const WRITES[][2] = {
#define WRITE(kind, words) {#kind, words},
#include "pgsql/writes.def"
#undef WRITE
};

hs_rc classify(struct reader *r, yyjson_val *stmt, struct hs_pgsql_statement *out)
{
    yyjson_val *body;
    const char *kind = node_kind(stmt, &body);
    for (size_t i = 0; i < sizeof STATEMENTS / sizeof *STATEMENTS; i++) {
        if (strcmp(STATEMENTS[i].kind, kind) == 0)
            return STATEMENTS[i].classify(r, body, out);
    }
    for (size_t i = 0; i < sizeof WRITES / sizeof *WRITES; i++) {
        if (strcmp(WRITES[i][0], kind) == 0)
            return refuse(r, -1, "25006", "cannot execute %s in a read-only transaction", WRITES[i][1]);
    }
    return refuse(r, -1, "0A000", "this statement is not supported");
}
