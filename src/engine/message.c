/* Payloads of the channel's messages: see message.h. */
#include "engine/message.h"
#include "base/alloc.h"

static hs_rc malformed(struct hs_err *err, const char *what)
{
    return hs_fail_hidden(err, HS_CORRUPT, "channel: malformed %s", what);
}

/* A count is believed only as far as the bytes that are there could hold it. */
static size_t get_count(struct hs_cursor *c, size_t least_bytes_each)
{
    uint32_t n = hs_cursor_u32le(c);
    if (n > hs_cursor_left(c) / least_bytes_each)
        c->bad = true;
    return c->bad ? 0 : n;
}

static const hs_str *get_strings(struct hs_arena *a, struct hs_cursor *c, size_t *out_count)
{
    size_t n = get_count(c, 4);
    hs_str *at = hs_arena_array(a, n + 1, sizeof *at);
    for (size_t i = 0; at && i < n; i++)
        at[i] = hs_arena_str(a, hs_get_str(c));
    *out_count = n;
    return at;
}

static void put_strings(struct hs_buf *b, const hs_str *at, size_t count)
{
    hs_put_u32(b, (uint32_t)count);
    for (size_t i = 0; i < count; i++)
        hs_put_str(b, at[i]);
}

/* A place in a store is nothing that a worker could open, and its name nothing that it should know. */
static bool is_directory(hs_str place)
{
    return place.len && place.at[0] == '/';
}

void hs_put_lease(struct hs_buf *b, const struct hs_msg_lease *m)
{
    uint32_t count = 0;
    for (size_t i = 0; i < m->directory_count; i++)
        count += is_directory(m->directories[i]);
    hs_put_u32(b, count);
    for (size_t i = 0; i < m->directory_count; i++)
        if (is_directory(m->directories[i]))
            hs_put_str(b, m->directories[i]);
    hs_put_str(b, m->spill);
    hs_put_u64(b, (uint64_t)m->memory_bytes);
    hs_put_u64(b, (uint64_t)m->spill_bytes);
    hs_put_u32(b, m->threads);
}

hs_rc hs_get_lease(struct hs_arena *a, hs_str payload, struct hs_msg_lease *out, struct hs_err *err)
{
    struct hs_cursor c = hs_cursor_of(payload);
    out->directories = get_strings(a, &c, &out->directory_count);
    out->spill = hs_arena_str(a, hs_get_str(&c));
    out->memory_bytes = (int64_t)hs_cursor_u64le(&c);
    out->spill_bytes = (int64_t)hs_cursor_u64le(&c);
    out->threads = hs_cursor_u32le(&c);
    if (!out->directories || !out->spill.at)
        return hs_fail(err, HS_NOMEM, "out of memory");
    return c.bad ? malformed(err, "LEASE") : HS_OK;
}

static void put_param(struct hs_buf *b, const struct hs_param *p)
{
    uint64_t bits;
    memcpy(&bits, &p->d, sizeof bits);
    if (p->type == HS_T_INTERVAL) /* in the same place */
        bits = (uint64_t)(uint32_t)p->months << 32 | (uint32_t)p->days;
    hs_put_u8(b, (uint8_t)p->type);
    hs_put_u8(b, p->null);
    hs_put_u8(b, (uint8_t)p->precision);
    hs_put_u8(b, (uint8_t)p->scale);
    hs_put_u64(b, (uint64_t)p->i);
    hs_put_u64(b, bits);
    hs_put_str(b, p->text);
}

static void get_param(struct hs_arena *a, struct hs_cursor *c, struct hs_param *p)
{
    p->type = (enum hs_type_id)hs_cursor_u8(c);
    p->null = hs_cursor_u8(c);
    p->precision = hs_cursor_u8(c);
    p->scale = hs_cursor_u8(c);
    p->i = (int64_t)hs_cursor_u64le(c);
    uint64_t bits = hs_cursor_u64le(c);
    if (p->type == HS_T_INTERVAL) {
        p->months = (int32_t)(bits >> 32);
        p->days = (int32_t)bits;
    } else {
        memcpy(&p->d, &bits, sizeof bits);
    }
    p->text = hs_arena_str(a, hs_get_str(c));
}

void hs_put_run(struct hs_buf *b, const struct hs_msg_run *m)
{
    hs_put_str(b, m->sql);
    hs_put_u32(b, (uint32_t)m->view_count);
    for (size_t i = 0; i < m->view_count; i++) {
        hs_put_str(b, m->views[i].name);
        hs_put_str(b, m->views[i].sql);
    }
    put_strings(b, m->paths, m->path_count);
    size_t params = m->params ? m->params->count : 0;
    hs_put_u32(b, (uint32_t)params);
    for (size_t i = 0; i < params; i++)
        put_param(b, &m->params->at[i]);
    hs_put_u32(b, (uint32_t)m->mask_key_count);
    for (size_t i = 0; i < m->mask_key_count; i++) {
        hs_put_str(b, m->mask_keys[i].domain);
        hs_put_str(b, m->mask_keys[i].id);
        hs_put_str(b, m->mask_keys[i].key);
    }
    hs_put_u64(b, (uint64_t)m->memory_bytes);
    hs_put_u32(b, m->slots);
    hs_put_u64(b, m->slot_bytes);
    hs_put_u8(b, m->describe_only);
    hs_put_u8(b, m->restricted);
    hs_put_u8(b, m->wants_few);
    hs_put_u8(b, (uint8_t)hs_form_pack(&m->form));
    hs_put_str(b, m->gone);
    hs_put_u64(b, m->gone_bytes);
    hs_put_str(b, m->given);
    hs_put_u64(b, m->given_bytes);
}

static const struct hs_msg_view *get_views(struct hs_arena *a, struct hs_cursor *c, size_t *out_count)
{
    size_t n = get_count(c, 8);
    struct hs_msg_view *views = hs_arena_array(a, n + 1, sizeof *views);
    for (size_t i = 0; views && i < n; i++) {
        views[i].name = hs_arena_str(a, hs_get_str(c));
        views[i].sql = hs_arena_str(a, hs_get_str(c));
    }
    *out_count = n;
    return views;
}

static const struct hs_params *get_params(struct hs_arena *a, struct hs_cursor *c)
{
    size_t n = get_count(c, 24);
    struct hs_params *params = HS_NEW(a, struct hs_params);
    if (!params || !(params->at = hs_arena_array(a, n + 1, sizeof *params->at)))
        return NULL;
    params->count = n;
    for (size_t i = 0; i < n; i++)
        get_param(a, c, &params->at[i]);
    return params;
}

/* Borrowed: keys are not copied around. */
static const struct hs_mask_key *get_mask_keys(struct hs_arena *a, struct hs_cursor *c, size_t *out_count)
{
    size_t n = get_count(c, 12);
    struct hs_mask_key *keys = hs_arena_array(a, n + 1, sizeof *keys);
    for (size_t i = 0; keys && i < n; i++) {
        keys[i].domain = hs_get_str(c);
        keys[i].id = hs_get_str(c);
        keys[i].key = hs_get_str(c);
    }
    *out_count = keys ? n : 0;
    return keys;
}

hs_rc hs_get_run(struct hs_arena *a, hs_str payload, struct hs_msg_run *out, struct hs_err *err)
{
    struct hs_cursor c = hs_cursor_of(payload);
    out->sql = hs_arena_str(a, hs_get_str(&c));
    out->views = get_views(a, &c, &out->view_count);
    out->paths = get_strings(a, &c, &out->path_count);
    out->params = get_params(a, &c);
    out->mask_keys = get_mask_keys(a, &c, &out->mask_key_count);
    out->memory_bytes = (int64_t)hs_cursor_u64le(&c);
    out->slots = hs_cursor_u32le(&c);
    out->slot_bytes = hs_cursor_u64le(&c);
    out->describe_only = hs_cursor_u8(&c);
    out->restricted = hs_cursor_u8(&c);
    out->wants_few = hs_cursor_u8(&c);
    if (!hs_form_unpack(hs_cursor_u8(&c), &out->form))
        c.bad = true;
    out->gone = hs_get_str(&c); /* borrowed, like the keys */
    out->gone_bytes = hs_cursor_u64le(&c);
    out->given = hs_get_str(&c);
    out->given_bytes = hs_cursor_u64le(&c);
    if (!out->sql.at || !out->views || !out->paths || !out->params)
        return hs_fail(err, HS_NOMEM, "out of memory");
    return c.bad ? malformed(err, "RUN") : HS_OK;
}

void hs_put_batch(struct hs_buf *b, const struct hs_msg_batch *m)
{
    hs_put_u32(b, m->place);
    hs_put_u64(b, (uint64_t)m->rows);
    hs_put_u64(b, m->body_len);
    hs_put_u32(b, (uint32_t)m->node_count);
    hs_put_u32(b, (uint32_t)m->buffer_count);
    hs_buf_add(b, m->nodes, m->node_count * sizeof *m->nodes);
    hs_buf_add(b, m->buffers, m->buffer_count * sizeof *m->buffers);
}

hs_rc hs_get_batch(hs_str payload, struct hs_msg_batch *out, struct hs_err *err)
{
    struct hs_cursor c = hs_cursor_of(payload);
    struct hs_msg_batch m = {.place = hs_cursor_u32le(&c)};
    m.rows = (int64_t)hs_cursor_u64le(&c);
    m.body_len = hs_cursor_u64le(&c);
    m.node_count = hs_cursor_u32le(&c);
    m.buffer_count = hs_cursor_u32le(&c);
    _Static_assert(sizeof *m.nodes == 16 && sizeof *m.buffers == 16, "copied as they are");
    if (c.bad || hs_cursor_left(&c) != (m.node_count + m.buffer_count) * 16)
        return malformed(err, "BATCH");
    hs_str rest = hs_cursor_bytes(&c, hs_cursor_left(&c));
    m.nodes = hs_malloc(rest.len + 16);
    if (!m.nodes)
        return hs_fail(err, HS_NOMEM, "out of memory");
    if (rest.len)
        memcpy(m.nodes, rest.at, rest.len);
    m.buffers = (struct hs_batch_buffer *)(m.nodes + m.node_count);
    *out = m;
    return HS_OK;
}

void hs_put_type(struct hs_buf *b, const struct hs_type *type)
{
    hs_put_u8(b, (uint8_t)type->id);
    hs_put_u32(b, (uint32_t)type->precision);
    hs_put_u32(b, (uint32_t)type->scale);
    hs_put_u32(b, (uint32_t)type->length);
    hs_put_u8(b, (uint8_t)type->narrow);
    hs_put_u8(b, type->view);
    hs_put_u8(b, (uint8_t)type->index_bits);
    hs_put_u32(b, (uint32_t)type->field_count);
    for (size_t i = 0; i < type->field_count; i++) {
        hs_put_str(b, type->fields[i].name);
        hs_put_u8(b, type->fields[i].required);
        hs_put_type(b, type->fields[i].type);
    }
}

static bool shape_is_known(const struct hs_type *t)
{
    if (t->id < HS_T_BOOLEAN || t->id >= HS_T_COUNT_)
        return false;
    size_t fields = t->field_count;
    if (t->id == HS_T_LIST)
        return fields == 1;
    if (t->id == HS_T_MAP)
        return fields == 2;
    if (t->id == HS_T_DECIMAL && (t->precision < 1 || t->precision > 38 || t->scale < 0 || t->scale > t->precision))
        return false;
    if (t->id == HS_T_FIXED && t->length < 0)
        return false;
    return t->id == HS_T_STRUCT || fields == 0;
}

/* Decimals as narrow as they may be, views or a dictionary of text and bytes; nothing else has a form. */
static bool form_is_known(const struct hs_type *t)
{
    bool text = t->id == HS_T_STRING || t->id == HS_T_BINARY;
    if (t->narrow &&
        (t->id != HS_T_DECIMAL || !((t->narrow == 32 && t->precision <= 9) || (t->narrow == 64 && t->precision <= 18))))
        return false;
    if (t->index_bits && t->index_bits != 8 && t->index_bits != 16)
        return false;
    return (!t->view && !t->index_bits) || (text && !(t->view && t->index_bits));
}

static struct hs_type *get_type(struct hs_arena *a, struct hs_cursor *c, int depth, size_t *left)
{
    struct hs_type *t = HS_NEW(a, struct hs_type);
    if (!t || depth > HS_RESULT_DEPTH)
        return NULL;
    t->id = (enum hs_type_id)hs_cursor_u8(c);
    t->precision = (int)hs_cursor_u32le(c);
    t->scale = (int)hs_cursor_u32le(c);
    t->length = (int)hs_cursor_u32le(c);
    t->narrow = hs_cursor_u8(c);
    t->view = hs_cursor_u8(c);
    t->index_bits = hs_cursor_u8(c);
    t->field_count = get_count(c, 25);
    if (c->bad || t->field_count > *left || !shape_is_known(t) || !form_is_known(t))
        return NULL;
    *left -= t->field_count;
    t->fields = hs_arena_array(a, t->field_count + 1, sizeof *t->fields);
    for (size_t i = 0; t->fields && i < t->field_count; i++) {
        struct hs_field *f = &t->fields[i];
        f->id = -1;
        f->name = hs_arena_str(a, hs_get_str(c));
        f->required = hs_cursor_u8(c);
        f->type = get_type(a, c, depth + 1, left);
        if (!f->type || !f->name.at || !hs_utf8_valid(f->name))
            return NULL;
    }
    return t->fields ? t : NULL;
}

static hs_rc get_struct(struct hs_arena *a, struct hs_cursor *c, struct hs_type **out, struct hs_err *err)
{
    size_t left = HS_RESULT_FIELDS;
    struct hs_type *t = get_type(a, c, 0, &left);
    if (!t || c->bad || t->id != HS_T_STRUCT)
        return malformed(err, "SCHEMA");
    *out = t;
    return HS_OK;
}

hs_rc hs_get_type(struct hs_arena *a, hs_str payload, struct hs_type **out, struct hs_err *err)
{
    struct hs_cursor c = hs_cursor_of(payload);
    struct hs_type *t;
    HS_TRY(get_struct(a, &c, &t, err));
    if (hs_cursor_left(&c))
        return malformed(err, "SCHEMA");
    *out = t;
    return HS_OK;
}

hs_rc hs_get_schema(struct hs_arena *a, hs_str payload, struct hs_type **out, struct hs_type **out_params,
                    struct hs_err *err)
{
    struct hs_cursor c = hs_cursor_of(payload);
    struct hs_type *answer, *params = NULL;
    HS_TRY(get_struct(a, &c, &answer, err));
    if (hs_cursor_left(&c))
        HS_TRY(get_struct(a, &c, &params, err));
    if (hs_cursor_left(&c))
        return malformed(err, "SCHEMA");
    *out = answer;
    *out_params = params;
    return HS_OK;
}

void hs_put_error(struct hs_buf *b, hs_str kind, hs_str text, hs_str shown)
{
    hs_put_str(b, kind);
    hs_put_str(b, text);
    hs_put_str(b, shown);
}

hs_rc hs_get_error(hs_str payload, struct hs_msg_error *out, struct hs_err *err)
{
    struct hs_cursor c = hs_cursor_of(payload);
    struct hs_msg_error m = {.kind = hs_get_str(&c)};
    m.text = hs_get_str(&c);
    m.shown = hs_get_str(&c);
    if (c.bad || hs_cursor_left(&c))
        return malformed(err, "ERROR");
    *out = m;
    return HS_OK;
}
