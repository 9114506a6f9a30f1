/* Setups of natives: a constant text of length-prefixed fields, written by a mask's printer into the view and read by
 * its native in the worker. The lengths make any text a field; nothing is quoted twice. */
#include "mask/mask.h"
#include "mask/shared/json.h"
#include "mask/sql.h"

#include <stdio.h>

void hs_setup_add(struct hs_buf *b, hs_str field)
{
    hs_buf_addf(b, "%zu:", field.len);
    hs_buf_adds(b, field);
    hs_buf_addc(b, ',');
}

void hs_setup_add_int(struct hs_buf *b, int64_t field)
{
    char text[24];
    int len = snprintf(text, sizeof text, "%lld", (long long)field);
    hs_setup_add(b, hs_str_n(text, (size_t)len));
}

bool hs_setup_next(hs_str *rest, hs_str *out)
{
    hs_str at = *rest, digits = hs_str_cut(&at, ':');
    uint64_t len;
    if (!hs_str_to_u64(digits, &len) || len >= at.len || at.at[len] != ',')
        return false;
    *out = hs_str_n(at.at, len);
    *rest = hs_str_n(at.at + len + 1, at.len - len - 1);
    return true;
}

bool hs_setup_next_int(hs_str *rest, int64_t *out)
{
    hs_str text;
    return hs_setup_next(rest, &text) && hs_str_to_i64(text, out);
}

bool hs_native_at(size_t i, struct hs_native_entry *out)
{
    const struct hs_mask_function *f;
    for (size_t k = 0; (f = hs_mask_function_at(k)); k++)
        if (f->native && i-- == 0) {
            *out = (struct hs_native_entry){f->name, f->native, f};
            return true;
        }
    *out = (struct hs_native_entry){"json", &hs_native_json, NULL};
    return i == 0;
}

bool hs_native_name(char out[64], const char *mask_name, const struct hs_native *n, enum hs_native_kind kind)
{
    static const char *const endings[HS_NATIVE_KINDS_] = {"",      "_bytes",     "_long",        "_double",
                                                          "_time", "_timestamp", "_timestamptz", "_timestamp_ns"};
    if (!(n->kinds & 1u << kind))
        return false;
    int len = snprintf(out, 64, "hs_mask_%s%s", mask_name, endings[kind]);
    for (char *c = out; *c; c++)
        *c = *c == '-' ? '_' : *c;
    return len > 0 && len < 64;
}

void hs_native_call_begin(struct hs_native_call *c, struct hs_buf *out, const struct hs_mask_call *call)
{
    const struct hs_mask_function *f = call->function;
    c->function = f;
    c->out = out;
    hs_buf_init(&c->setup, out->max);
    if (f->keyed) {
        hs_setup_add(&c->setup, call->domain);
        hs_setup_add(&c->setup, call->key_id);
    }
    if (f->per_person)
        hs_setup_add(&c->setup, call->viewer);
}

void hs_native_call_end(struct hs_native_call *c, enum hs_native_kind kind, hs_str value)
{
    char name[64];
    c->out->failed |= c->setup.failed | !hs_native_name(name, c->function->name, c->function->native, kind);
    if (!c->out->failed) {
        hs_buf_addf(c->out, "%s(", name);
        hs_buf_add_sql_text(c->out, hs_buf_str(&c->setup));
        hs_buf_addf(c->out, ", %.*s)", HS_FMT(value));
    }
    hs_buf_fini(&c->setup);
}

void hs_native_call_end_number(struct hs_native_call *c, const struct hs_mask_call *call)
{
    enum hs_type_id id = call->type->id;
    struct hs_buf x;
    hs_buf_init(&x, c->out->max);
    if (id == HS_T_LONG || id == HS_T_DOUBLE)
        hs_buf_adds(&x, call->x);
    else
        hs_buf_addf(&x, "CAST(%.*s AS %s)", HS_FMT(call->x),
                    id == HS_T_INT     ? "BIGINT"
                    : id == HS_T_FLOAT ? "DOUBLE"
                                       : "VARCHAR");
    c->out->failed |= x.failed;
    bool narrow = id != HS_T_LONG && id != HS_T_DOUBLE;
    hs_buf_addz(c->out, narrow ? "TRY_CAST(" : "");
    hs_native_call_end(c,
                       id == HS_T_INT || id == HS_T_LONG       ? HS_NATIVE_LONG
                       : id == HS_T_FLOAT || id == HS_T_DOUBLE ? HS_NATIVE_DOUBLE
                                                               : HS_NATIVE_TEXT,
                       hs_buf_str(&x));
    if (narrow) {
        hs_buf_addz(c->out, " AS ");
        hs_buf_add_duckdb_type(c->out, call->type);
        hs_buf_addc(c->out, ')');
    }
    hs_buf_fini(&x);
}

bool hs_native_head(const struct hs_mask_function *f, hs_str setup, struct hs_native_head *out)
{
    *out = (struct hs_native_head){0};
    out->fields = setup;
    if (!f)
        return true;
    return (!f->keyed || (hs_setup_next(&out->fields, &out->domain) && hs_setup_next(&out->fields, &out->key_id))) &&
           (!f->per_person || hs_setup_next(&out->fields, &out->viewer));
}
