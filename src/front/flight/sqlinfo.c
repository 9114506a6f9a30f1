/* GetSqlInfo: rows of (number, dense union), from sqlinfo.def. Numbers that mean nothing here give no row. */
#include "front/flight/catalogs.h"

#include <errno.h>

#include "wire/proto.h"

enum member { TEXT_MEMBER, FLAG_MEMBER, COUNT_MEMBER, BITS_MEMBER, LIST_MEMBER, MAP_MEMBER, MEMBERS };

/* What the settings of this door say. */
enum ours { NOT_OURS, VERSION, HANDLES_MS, STATEMENT_BYTES };

struct info {
    uint32_t number;
    enum member member;
    const char *text; /* NULL: NULL */
    int64_t value;
    enum ours ours;
};
#define NONE NULL

static const struct info INFOS[] = {
#define TEXT(number, text) {number, TEXT_MEMBER, text, 0, NOT_OURS},
#define FLAG(number, value) {number, FLAG_MEMBER, "", value, NOT_OURS},
#define COUNT(number, value) {number, COUNT_MEMBER, "", value, NOT_OURS},
#define BITS(number, value) {number, BITS_MEMBER, "", value, NOT_OURS},
#define LIST(number, words) {number, LIST_MEMBER, words, 0, NOT_OURS},
#define MAP(number) {number, MAP_MEMBER, "", 0, NOT_OURS},
#define OURS(number, member, which) {number, member, "", 0, which},
#include "front/flight/sqlinfo.def"
#undef TEXT
#undef FLAG
#undef COUNT
#undef BITS
#undef LIST
#undef MAP
#undef OURS
};

/* Which types a CAST takes to which, as bits: both by SqlSupportsConvert. Tested against the engine. */
enum {
    NUMBERS =
        1 << 0 | 1 << 2 | 1 << 5 | 1 << 6 | 1 << 7 | 1 << 12 | 1 << 13 | 1 << 14 | 1 << 17, /* and BIT, our boolean */
    TEXTS = 1 << 3 | 1 << 11 | 1 << 19,
    BYTES = 1 << 1 | 1 << 10 | 1 << 18,
    INTERVALS = 1 << 8 | 1 << 9,
    DATES = 1 << 4,
    TIMES = 1 << 15,
    TIMESTAMPS = 1 << 16,
    CONVERTIBLE = 20,
    ANYTHING = (1 << CONVERTIBLE) - 1,
};
static const int CONVERSIONS[CONVERTIBLE] = {
    [0] = NUMBERS | TEXTS,
    [1] = BYTES | TEXTS,
    [2] = NUMBERS | TEXTS,
    [3] = ANYTHING,
    [4] = DATES | TIMESTAMPS | TEXTS,
    [5] = NUMBERS | TEXTS,
    [6] = NUMBERS | TEXTS,
    [7] = NUMBERS | TEXTS,
    [8] = INTERVALS | TEXTS,
    [9] = INTERVALS | TEXTS,
    [10] = BYTES | TEXTS,
    [11] = ANYTHING,
    [12] = NUMBERS | TEXTS,
    [13] = NUMBERS | TEXTS,
    [14] = NUMBERS | TEXTS,
    [15] = TIMES | TEXTS,
    [16] = DATES | TIMES | TIMESTAMPS | TEXTS,
    [17] = NUMBERS | TEXTS,
    [18] = BYTES | TEXTS,
    [19] = ANYTHING,
};

/* ---- the schema ---- */

static const struct {
    const char *name;
    enum ArrowType type;
} MEMBER[MEMBERS] = {
    {"string_value", NANOARROW_TYPE_STRING}, {"bool_value", NANOARROW_TYPE_BOOL},
    {"bigint_value", NANOARROW_TYPE_INT64},  {"int32_bitmask", NANOARROW_TYPE_INT32},
    {"string_list", NANOARROW_TYPE_LIST},    {"int32_to_int32_list_map", NANOARROW_TYPE_MAP},
};

#define STEP(call)                      \
    do {                                \
        int step_code_ = (call);        \
        if (step_code_ != NANOARROW_OK) \
            return step_code_;          \
    } while (0)

static int fill_union(struct ArrowSchema *s)
{
    STEP(ArrowSchemaSetTypeUnion(s, NANOARROW_TYPE_DENSE_UNION, MEMBERS));
    for (int i = 0; i < MEMBERS; i++) {
        STEP(ArrowSchemaSetType(s->children[i], MEMBER[i].type));
        STEP(ArrowSchemaSetName(s->children[i], MEMBER[i].name));
    }
    STEP(ArrowSchemaSetType(s->children[LIST_MEMBER]->children[0], NANOARROW_TYPE_STRING));
    struct ArrowSchema *entries = s->children[MAP_MEMBER]->children[0];
    STEP(ArrowSchemaSetType(entries->children[0], NANOARROW_TYPE_INT32));
    STEP(ArrowSchemaSetType(entries->children[1], NANOARROW_TYPE_LIST));
    return ArrowSchemaSetType(entries->children[1]->children[0], NANOARROW_TYPE_INT32);
}

static int fill_schema(struct ArrowSchema *s)
{
    STEP(ArrowSchemaSetTypeStruct(s, 2));
    STEP(ArrowSchemaSetType(s->children[0], NANOARROW_TYPE_UINT32));
    STEP(ArrowSchemaSetName(s->children[0], "info_name"));
    s->children[0]->flags &= ~ARROW_FLAG_NULLABLE;
    STEP(fill_union(s->children[1]));
    return ArrowSchemaSetName(s->children[1], "value");
}

hs_rc hs_sqlinfo_schema(struct ArrowSchema *out, struct hs_err *err)
{
    struct ArrowSchema s;
    ArrowSchemaInit(&s);
    int code = fill_schema(&s);
    if (code != NANOARROW_OK) {
        ArrowSchemaRelease(&s);
        return hs_fail_hidden(err, code == ENOMEM ? HS_NOMEM : HS_INTERNAL, "sql info schema: %d", code);
    }
    ArrowSchemaMove(&s, out);
    return HS_OK;
}

/* ---- the rows ---- */

static int add_words(struct ArrowArray *list, const char *words)
{
    hs_str rest = hs_str_of(words);
    while (rest.at && rest.len) {
        hs_str word = hs_str_cut(&rest, ' ');
        STEP(ArrowArrayAppendString(list->children[0], (struct ArrowStringView){word.at, (int64_t)word.len}));
    }
    return ArrowArrayFinishElement(list);
}

static int add_conversions(struct ArrowArray *map)
{
    struct ArrowArray *entries = map->children[0], *targets = entries->children[1];
    for (int from = 0; from < CONVERTIBLE; from++) {
        STEP(ArrowArrayAppendInt(entries->children[0], from));
        for (int to = 0; to < CONVERTIBLE; to++)
            if (CONVERSIONS[from] & (1 << to))
                STEP(ArrowArrayAppendInt(targets->children[0], to));
        STEP(ArrowArrayFinishElement(targets));
        STEP(ArrowArrayFinishElement(entries));
    }
    return ArrowArrayFinishElement(map);
}

static int add_value(struct ArrowArray *member, const struct info *i)
{
    switch (i->member) {
    case TEXT_MEMBER:
        return i->text ? ArrowArrayAppendString(member, ArrowCharView(i->text)) : ArrowArrayAppendNull(member, 1);
    case FLAG_MEMBER:
    case COUNT_MEMBER:
    case BITS_MEMBER:
        return ArrowArrayAppendInt(member, i->value);
    case LIST_MEMBER:
        return add_words(member, i->text);
    case MAP_MEMBER:
        return add_conversions(member);
    case MEMBERS:
        break;
    }
    return EINVAL;
}

/* The whole of a statement's message is bounded; what stands around its text is short. */
enum { AROUND_STATEMENT = 1024 };

static struct info settled(const struct info *i, const struct flight_session *s)
{
    struct info known = *i;
    switch (i->ours) {
    case NOT_OURS:
        break;
    case VERSION:
        known.text = s->env->server_version ? s->env->server_version : "";
        break;
    case HANDLES_MS:
        known.value = s->settings.ticket_ms < INT32_MAX ? s->settings.ticket_ms : INT32_MAX;
        break;
    case STATEMENT_BYTES:
        known.value = s->settings.message_bytes > AROUND_STATEMENT ? s->settings.message_bytes - AROUND_STATEMENT : 0;
        break;
    }
    return known;
}

static int add_info(struct ArrowArray *rows, const struct info *i)
{
    struct ArrowArray *value = rows->children[1];
    STEP(ArrowArrayAppendUInt(rows->children[0], i->number));
    STEP(add_value(value->children[i->member], i));
    STEP(ArrowArrayFinishUnionElement(value, (int8_t)i->member));
    return ArrowArrayFinishElement(rows);
}

static bool asked_for(hs_str value, uint32_t number)
{
    struct hs_cursor c = hs_cursor_of(value);
    struct hs_proto_field f;
    bool any = false, found = false;
    uint64_t v;
    while (hs_proto_next(&c, &f))
        if (f.number == 1)
            for (struct hs_cursor p = hs_proto_packed(&f); hs_proto_packed_next(&p, &v);) {
                any = true;
                found = found || v == number;
            }
    return !any || found;
}

static hs_rc check_list(hs_str value, struct hs_err *err)
{
    struct hs_cursor c = hs_cursor_of(value);
    struct hs_proto_field f;
    while (hs_proto_next(&c, &f))
        if (f.number == 1 && f.type != HS_PROTO_VARINT && f.type != HS_PROTO_BYTES)
            return hs_fail(err, HS_INVALID, "field 1 of the request has the wrong form");
    return hs_proto_done(&c, err);
}

/* An empty list asks for everything. */
hs_rc hs_sqlinfo_fill(struct flight_call *c, hs_str value, const struct hs_catalog *catalog, struct rows *out,
                      struct hs_err *err)
{
    (void)catalog;
    HS_TRY(check_list(value, err));
    for (size_t i = 0; i < sizeof INFOS / sizeof INFOS[0] && out->code == NANOARROW_OK; i++)
        if (asked_for(value, INFOS[i].number)) {
            struct info info = settled(&INFOS[i], c->session);
            out->code = add_info(&out->array, &info);
        }
    return HS_OK;
}
