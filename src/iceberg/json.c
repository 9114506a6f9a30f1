#include "iceberg/json.h"

#include <stdio.h>

static size_t append(struct hs_json *j, const char *text)
{
    size_t mark = j->path_len;
    int n = snprintf(j->path + mark, sizeof j->path - mark, "%s", text);
    size_t end = mark + (n > 0 ? (size_t)n : 0);
    j->path_len = end < sizeof j->path ? end : sizeof j->path - 1;
    return mark;
}

size_t hs_json_enter(struct hs_json *j, const char *key)
{
    size_t mark = j->path_len;
    if (mark)
        append(j, ".");
    append(j, key);
    return mark;
}

size_t hs_json_enter_index(struct hs_json *j, size_t index)
{
    char text[32];
    snprintf(text, sizeof text, "[%zu]", index);
    return append(j, text);
}

void hs_json_leave(struct hs_json *j, size_t mark)
{
    j->path_len = mark;
    j->path[mark] = 0;
}

hs_rc hs_json_bad(struct hs_json *j, const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return hs_damaged(j->err, "%.*s: %s: %s", HS_FMT(j->file), j->path_len ? j->path : "$", text);
}

/* *out: the member, or NULL when absent or null. */
static hs_rc member(struct hs_json *j, yyjson_val *object, const char *key, bool need, yyjson_val **out)
{
    yyjson_val *value = yyjson_obj_get(object, key);
    *out = value && !yyjson_is_null(value) ? value : NULL;
    if (!*out && need)
        return hs_json_bad(j, "\"%s\" is missing", key);
    return HS_OK;
}

hs_rc hs_json_i64(struct hs_json *j, yyjson_val *object, const char *key, bool need, int64_t *out)
{
    yyjson_val *value;
    HS_TRY(member(j, object, key, need, &value));
    if (!value)
        return HS_OK;
    if (!yyjson_is_int(value) || (yyjson_is_uint(value) && yyjson_get_uint(value) > INT64_MAX))
        return hs_json_bad(j, "\"%s\" is not a 64-bit integer", key);
    *out = yyjson_get_sint(value);
    return HS_OK;
}

hs_rc hs_json_int(struct hs_json *j, yyjson_val *object, const char *key, bool need, int *out)
{
    int64_t wide = *out;
    HS_TRY(hs_json_i64(j, object, key, need, &wide));
    if (wide < INT32_MIN || wide > INT32_MAX)
        return hs_json_bad(j, "\"%s\" is not a 32-bit integer", key);
    *out = (int)wide;
    return HS_OK;
}

hs_rc hs_json_bool(struct hs_json *j, yyjson_val *object, const char *key, bool need, bool *out)
{
    yyjson_val *value;
    HS_TRY(member(j, object, key, need, &value));
    if (!value)
        return HS_OK;
    if (!yyjson_is_bool(value))
        return hs_json_bad(j, "\"%s\" is not true or false", key);
    *out = yyjson_get_bool(value);
    return HS_OK;
}

hs_rc hs_json_text(struct hs_json *j, yyjson_val *object, const char *key, bool need, hs_str *out)
{
    yyjson_val *value;
    HS_TRY(member(j, object, key, need, &value));
    if (!value)
        return HS_OK;
    if (!yyjson_is_str(value))
        return hs_json_bad(j, "\"%s\" is not text", key);
    *out = hs_arena_str(j->arena, hs_str_n(yyjson_get_str(value), yyjson_get_len(value)));
    return out->at ? HS_OK : hs_no_memory(j->err);
}

hs_rc hs_json_array(struct hs_json *j, yyjson_val *object, const char *key, bool need, yyjson_val **out)
{
    HS_TRY(member(j, object, key, need, out));
    if (*out && !yyjson_is_arr(*out))
        return hs_json_bad(j, "\"%s\" is not a list", key);
    return HS_OK;
}

hs_rc hs_json_object(struct hs_json *j, yyjson_val *object, const char *key, bool need, yyjson_val **out)
{
    HS_TRY(member(j, object, key, need, out));
    if (*out && !yyjson_is_obj(*out))
        return hs_json_bad(j, "\"%s\" is not an object", key);
    return HS_OK;
}

hs_rc hs_json_new(struct hs_json *j, size_t count, size_t size, void *out_pointer)
{
    void *at = hs_arena_array(j->arena, count ? count : 1, size);
    if (!at)
        return hs_no_memory(j->err);
    memcpy(out_pointer, &at, sizeof at);
    return HS_OK;
}
