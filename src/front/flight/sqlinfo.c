/* GetSqlInfo: rows of (number, dense union), from sqlinfo.def. */
#include "front/flight/catalogs.h"

#include <errno.h>

#include "wire/proto.h"

enum member { TEXT_MEMBER, FLAG_MEMBER, COUNT_MEMBER, BITS_MEMBER, LIST_MEMBER, MAP_MEMBER, MEMBERS };

struct info {
    uint32_t number;
    enum member member;
    const char *text; /* NULL: the server's version */
    int64_t value;
};

static const struct info INFOS[] = {
#define TEXT(number, text) {number, TEXT_MEMBER, text, 0},
#define FLAG(number, value) {number, FLAG_MEMBER, "", value},
#define COUNT(number, value) {number, COUNT_MEMBER, "", value},
#define BITS(number, value) {number, BITS_MEMBER, "", value},
#define LIST(number, words) {number, LIST_MEMBER, words, 0},
#define MAP(number) {number, MAP_MEMBER, "", 0},
#include "front/flight/sqlinfo.def"
#undef TEXT
#undef FLAG
#undef COUNT
#undef BITS
#undef LIST
#undef MAP
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

static int add_value(struct ArrowArray *member, const struct info *i, const char *version)
{
    switch (i->member) {
    case TEXT_MEMBER:
        return ArrowArrayAppendString(member, ArrowCharView(i->text ? i->text : version));
    case FLAG_MEMBER:
    case COUNT_MEMBER:
    case BITS_MEMBER:
        return ArrowArrayAppendInt(member, i->value);
    case LIST_MEMBER:
        return add_words(member, i->text);
    case MAP_MEMBER:
        return ArrowArrayFinishElement(member);
    case MEMBERS:
        break;
    }
    return EINVAL;
}

static int add_info(struct ArrowArray *rows, const struct info *i, const char *version)
{
    struct ArrowArray *value = rows->children[1];
    STEP(ArrowArrayAppendUInt(rows->children[0], i->number));
    STEP(add_value(value->children[i->member], i, version));
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

/* Numbers that mean nothing here give no row; an empty list asks for everything. */
hs_rc hs_sqlinfo_fill(struct flight_call *c, hs_str value, const struct hs_catalog *catalog, struct rows *out,
                      struct hs_err *err)
{
    const char *version = c->session->env->server_version;
    (void)catalog;
    (void)err;
    for (size_t i = 0; i < sizeof INFOS / sizeof INFOS[0] && out->code == NANOARROW_OK; i++)
        if (asked_for(value, INFOS[i].number))
            out->code = add_info(&out->array, &INFOS[i], version ? version : "");
    return HS_OK;
}
