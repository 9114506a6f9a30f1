/* The register of mask functions, and what is common to all of them. */
#include "mask/mask.h"

#include "base/fault.h"

#include <stdio.h>

#define HS_MASK(name) extern const struct hs_mask_function hs_mask_##name;
#include "mask_list.def" /* made by CMake from the names of the files in src/mask/ */
#undef HS_MASK

static const struct hs_mask_function *const functions[] = {
#define HS_MASK(name) &hs_mask_##name,
#include "mask_list.def"
#undef HS_MASK
};

const struct hs_mask_function *hs_mask_function_at(size_t i)
{
    return i < HS_COUNT(functions) ? functions[i] : NULL;
}

const struct hs_mask_function *hs_mask_function(hs_str name)
{
    for (size_t i = 0; i < HS_COUNT(functions); i++)
        if (hs_str_is(name, functions[i]->name))
            return functions[i];
    return NULL;
}

static hs_rc fail_near(struct hs_err *err, const char *what, hs_str name, const hs_str *names, size_t count)
{
    hs_str near = count ? hs_str_nearest(name, names, count) : (hs_str){0};
    name.len = name.len > 60 ? 60 : name.len;
    if (near.len)
        return hs_fail(err, HS_INVALID, "unknown %s '%.*s' (did you mean '%.*s'?)", what, HS_FMT(name), HS_FMT(near));
    return hs_fail(err, HS_INVALID, "unknown %s '%.*s'", what, HS_FMT(name));
}

static hs_rc fail_function(struct hs_err *err, hs_str name)
{
    hs_str names[HS_COUNT(functions)];
    for (size_t i = 0; i < HS_COUNT(functions); i++)
        names[i] = hs_str_of(functions[i]->name);
    return fail_near(err, "mask function", name, names, HS_COUNT(functions));
}

static hs_rc check_names(const struct hs_mask_function *f, const struct hs_policy *mask, struct hs_err *err)
{
    for (size_t i = 0; i < mask->arg_count; i++) {
        hs_str name = mask->args[i].name, names[9];
        size_t count = f->arg_count < 8 ? f->arg_count : 8, k = 0;
        for (size_t n = 0; n < count; n++)
            names[n] = hs_str_of(f->args[n].name);
        if (f->keyed)
            names[count++] = HS_S("key");
        while (k < count && !hs_str_eq(names[k], name))
            k++;
        if (k == count)
            return fail_near(err, "argument", name, names, count);
        for (size_t j = 0; j < i; j++)
            if (hs_str_eq(mask->args[j].name, name))
                return hs_fail(err, HS_INVALID, "argument '%.*s' is given twice", HS_FMT(name));
    }
    return HS_OK;
}

static bool is_key_id(const struct hs_value *v)
{
    bool ok = v->kind == HS_V_TEXT && v->text.len == 8;
    for (size_t i = 0; ok && i < 8; i++)
        ok = hs_hex_digit(v->text.at[i]) >= 0 && !(v->text.at[i] >= 'A' && v->text.at[i] <= 'F');
    return ok;
}

hs_rc hs_mask_fits(const struct hs_policy *mask, const struct hs_type *type, struct hs_err *err)
{
    const struct hs_mask_function *f = hs_mask_function(mask->with);
    if (!f)
        return fail_function(err, mask->with);
    HS_TRY(check_names(f, mask, err));
    struct hs_mask_call call = {.type = type, .args = mask->args, .arg_count = mask->arg_count};
    for (size_t i = 0; i < f->arg_count; i++)
        if (!f->args[i].optional && !hs_mask_arg(&call, f->args[i].name))
            return hs_fail(err, HS_INVALID, "%s needs the argument '%s': %s", f->name, f->args[i].name,
                           f->args[i].takes);
    if (type && !(f->accepts & HS_ON(type->id)))
        return hs_fail(err, HS_INVALID, "%s does not mask values of type %s%s", f->name, hs_type_name(type->id),
                       hs_type_is_nested(type->id) ? " (nullify does)" : "");
    if (mask->elements && !f->by_element)
        return hs_fail(err, HS_INVALID, "'elements' is for drop-elements and nullify-elements");
    if (mask->elements && mask->arg_count)
        return hs_fail(err, HS_INVALID, "give either 'elements' or the arguments 'values' or 'keep'");
    const struct hs_value *key = f->keyed ? hs_mask_arg(&call, "key") : NULL;
    if (key && !is_key_id(key))
        return hs_fail(err, HS_INVALID, "key is the id of a key in the keys file: 8 hexadecimal digits, in quotes");
    return f->check ? f->check(&call, err) : HS_OK;
}

hs_rc hs_mask_check_n(const struct hs_mask_call *call, struct hs_err *err)
{
    const struct hs_value *n = hs_mask_arg(call, "n");
    if (!n || n->kind != HS_V_INT || n->i < 0 || n->i > 1000)
        return hs_fail(err, HS_INVALID, "n is a whole number from 0 to 1000");
    return HS_OK;
}

long long hs_mask_too_short(long long n)
{
    return hs_defence("mask-short") ? n : -1;
}

hs_str hs_mask_key_id(const struct hs_mask_function *f, const struct hs_mask_arg *args, size_t count)
{
    struct hs_mask_call call = {.args = args, .arg_count = count};
    return f->keyed ? hs_mask_arg_text(&call, "key", "") : (hs_str){0};
}

void hs_buf_add_mask_call(struct hs_buf *out, const struct hs_mask_function *f, const struct hs_mask_call *call)
{
    struct hs_mask_call own = *call;
    own.function = f;
    own.key_id = hs_mask_key_id(f, call->args, call->arg_count);
    f->print_duckdb(out, &own);
}
