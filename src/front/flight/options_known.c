/* Which session options there are, and which values they take:
 *   catalog       text, the mesh's name: there is no other
 *   hailstorm.*   text, the form of answers (arrow/form.h)
 *   client.*      whatever a client likes to keep here, of any kind; it means nothing to us */
#include "front/flight/options.h"

#include "front/flight/codec.h"
#include "wire/proto.h"

#define FORM_PREFIX "hailstorm."
#define CLIENT_PREFIX "client."
enum { NAME_MAX_BYTES = 255, TEXTS_MAX = 1000 };
enum { KIND_TEXT = 1, KIND_BOOL, KIND_INT, KIND_DOUBLE, KIND_TEXTS }; /* fields of SessionOptionValue */

/* Of `string_list_value`: every one is text. */
static bool are_texts(hs_str list)
{
    struct hs_cursor c = hs_cursor_of(list);
    struct hs_proto_field f;
    struct hs_err err;
    int count = 0;
    while (hs_proto_next(&c, &f))
        if (++count > TEXTS_MAX || (f.number == 1 && !hs_proto_is_text(&f)))
            return false;
    return hs_proto_done(&c, &err) == HS_OK;
}

/* The one kind that is given; 0: several, or one that is none. An unset option is told by its being empty. */
static int kind_of(hs_str value)
{
    struct hs_cursor c = hs_cursor_of(value);
    struct hs_proto_field f;
    struct hs_err err;
    int kind = 0;
    while (hs_proto_next(&c, &f)) {
        bool right = (f.number == KIND_TEXT && hs_proto_is_text(&f)) ||
                     (f.number == KIND_BOOL && f.type == HS_PROTO_VARINT) ||
                     ((f.number == KIND_INT || f.number == KIND_DOUBLE) && f.type == HS_PROTO_FIXED64) ||
                     (f.number == KIND_TEXTS && f.type == HS_PROTO_BYTES && are_texts(f.bytes));
        if (!right || kind)
            return 0;
        kind = (int)f.number;
    }
    return hs_proto_done(&c, &err) == HS_OK ? kind : 0;
}

static hs_str text_of(hs_str value)
{
    hs_str text = {0};
    struct hs_err err;
    return kind_of(value) == KIND_TEXT && HS_PICK(value, &err, {KIND_TEXT, PICK_TEXT, &text}) == HS_OK ? text
                                                                                                       : (hs_str){0};
}

static hs_str after(hs_str name, const char *prefix)
{
    size_t n = strlen(prefix);
    return hs_str_starts(name, hs_str_of(prefix)) ? hs_str_n(name.at + n, name.len - n) : (hs_str){0};
}

enum flight_option_fault hs_flight_option_check(hs_str mesh, const struct flight_option *o)
{
    struct hs_answer_form form = {HS_COMPRESSION_NONE, false, false, false};
    hs_str choice = after(o->name, FORM_PREFIX), own = after(o->name, CLIENT_PREFIX);
    hs_str text = o->value.len ? text_of(o->value) : (hs_str){0};
    bool is_catalog = hs_str_is(o->name, "catalog"), is_form = choice.len && hs_form_words(choice);
    if (o->name.len > NAME_MAX_BYTES || (!is_catalog && !is_form && !own.len))
        return FLIGHT_OPTION_NAME;
    if (!o->value.len) /* back to what it is without being set */
        return FLIGHT_OPTION_FINE;
    if (is_catalog)
        return text.at && hs_str_eq(text, mesh) ? FLIGHT_OPTION_FINE : FLIGHT_OPTION_VALUE;
    if (is_form)
        return text.at && hs_form_set(&form, choice, text) == HS_FORM_TAKEN ? FLIGHT_OPTION_FINE : FLIGHT_OPTION_VALUE;
    return kind_of(o->value) ? FLIGHT_OPTION_FINE : FLIGHT_OPTION_VALUE;
}

void hs_flight_option_form(const struct flight_option *o, struct hs_answer_form *form)
{
    hs_str choice = after(o->name, FORM_PREFIX), text = choice.len ? text_of(o->value) : (hs_str){0};
    if (text.at && hs_form_set(form, choice, text) != HS_FORM_TAKEN)
        *form = (struct hs_answer_form){HS_COMPRESSION_NONE, false, false, false}; /* never: it was checked */
}
