#include "front/flight/codec.h"

#include "wire/proto.h"

#define SQL_PREFIX "arrow.flight.protocol.sql."

static hs_rc take(const struct pick *p, const struct hs_proto_field *f, struct hs_err *err)
{
    if (p->kind == PICK_INT) {
        if (f->type != HS_PROTO_VARINT)
            return hs_fail(err, HS_INVALID, "field %u of the request has the wrong form", f->number);
        *(int64_t *)p->out = (int64_t)f->value;
        return HS_OK;
    }
    bool fine = p->kind == PICK_TEXT ? hs_proto_is_text(f) : f->type == HS_PROTO_BYTES;
    if (!fine)
        return hs_fail(err, HS_INVALID, "field %u of the request has the wrong form", f->number);
    hs_str v = f->bytes;
    if (!v.at)
        v.at = ""; /* present and empty */
    *(hs_str *)p->out = v;
    return HS_OK;
}

hs_rc hs_codec_pick(hs_str bytes, const struct pick *picks, size_t count, struct hs_err *err)
{
    struct hs_cursor c = hs_cursor_of(bytes);
    struct hs_proto_field f;
    while (hs_proto_next(&c, &f))
        for (size_t i = 0; i < count; i++)
            if (picks[i].number == f.number)
                HS_TRY(take(&picks[i], &f, err));
    return hs_proto_done(&c, err);
}

hs_rc hs_codec_descriptor(hs_str bytes, struct flight_descriptor *out, struct hs_err *err)
{
    struct flight_descriptor d = {.raw = bytes};
    struct hs_cursor c = hs_cursor_of(bytes);
    struct hs_proto_field f;
    uint64_t type = 0;
    while (hs_proto_next(&c, &f)) {
        if (f.number == 1 && f.type == HS_PROTO_VARINT)
            type = f.value;
        else if (f.number == 2 && f.type == HS_PROTO_BYTES)
            d.cmd = f.bytes;
        else if (f.number == 3 && hs_proto_is_text(&f)) {
            if (d.path_count == PATH_MAX_PARTS)
                return hs_fail(err, HS_NOT_FOUND, "a path has at most %d parts: mesh, domain, table", PATH_MAX_PARTS);
            d.path[d.path_count++] = f.bytes;
        }
    }
    HS_TRY(hs_proto_done(&c, err));
    if (type != 1 && type != 2)
        return hs_fail(err, HS_INVALID, "the descriptor is neither a path nor a command");
    d.is_path = type == 1;
    *out = d;
    return HS_OK;
}

hs_rc hs_codec_any(hs_str bytes, struct flight_any *out, struct hs_err *err)
{
    hs_str url = {0}, value = {0};
    HS_TRY(HS_PICK(bytes, err, {1, PICK_TEXT, &url}, {2, PICK_BYTES, &value}));
    size_t slash = url.len; /* what follows the last '/' is the type's name */
    while (slash > 0 && url.at[slash - 1] != '/')
        slash--;
    hs_str name = slash ? hs_str_n(url.at + slash, url.len - slash) : (hs_str){0};
    if (!hs_str_starts(name, HS_S(SQL_PREFIX)))
        return hs_fail(err, HS_INVALID, "this is no Flight SQL message");
    out->name = hs_str_n(name.at + strlen(SQL_PREFIX), name.len - strlen(SQL_PREFIX));
    out->value = value;
    return HS_OK;
}

void hs_codec_add_any(struct hs_buf *b, const char *name, hs_str value)
{
    size_t mark = hs_proto_open(b, 1);
    hs_buf_addz(b, "type.googleapis.com/" SQL_PREFIX);
    hs_buf_addz(b, name);
    hs_proto_close(b, mark);
    hs_proto_add_bytes(b, 2, value);
}

hs_rc hs_codec_data(hs_str bytes, struct flight_data *out, struct hs_err *err)
{
    struct flight_data d = {{0}, {0}, {0}, {0}};
    HS_TRY(HS_PICK(bytes, err, {1, PICK_BYTES, &d.descriptor}, {2, PICK_BYTES, &d.header}, {3, PICK_BYTES, &d.metadata},
                   {1000, PICK_BYTES, &d.body}));
    *out = d;
    return HS_OK;
}

void hs_codec_add_data(struct hs_buf *b, hs_str header, bool with_body, size_t body_len)
{
    hs_proto_add_bytes(b, 2, header);
    if (with_body)
        hs_proto_add_prefix(b, 1000, body_len);
}

void hs_codec_add_time(struct hs_buf *b, uint32_t number, int64_t wall_us)
{
    size_t mark = hs_proto_open(b, number);
    hs_proto_add_int(b, 1, wall_us / 1000000);
    hs_proto_add_int(b, 2, wall_us % 1000000 * 1000);
    hs_proto_close(b, mark);
}

void hs_codec_add_endpoint(struct hs_buf *b, hs_str bytes, int64_t expires_us)
{
    size_t ticket = hs_proto_open(b, 1);
    hs_proto_add_bytes(b, 1, bytes);
    hs_proto_close(b, ticket);
    if (expires_us)
        hs_codec_add_time(b, 3, expires_us);
}

/* total_bytes: -1, unknown. */
void hs_codec_add_info(struct hs_buf *b, const struct flight_info *info)
{
    if (info->schema.len)
        hs_proto_add_bytes(b, 1, info->schema);
    if (info->raw_descriptor.len)
        hs_proto_add_bytes(b, 2, info->raw_descriptor);
    for (size_t i = 0; i < info->ticket_count; i++) {
        size_t endpoint = hs_proto_open(b, 3);
        hs_codec_add_endpoint(b, info->tickets[i], info->expires_us);
        hs_proto_close(b, endpoint);
    }
    hs_proto_add_int(b, 4, info->total_records);
    hs_proto_add_int(b, 5, -1);
    if (info->ordered)
        hs_proto_add_varint(b, 6, 1);
    if (info->metadata.len)
        hs_proto_add_bytes(b, 7, info->metadata);
}

void hs_codec_add_poll(struct hs_buf *b, const struct flight_poll *poll)
{
    uint64_t bits;
    memcpy(&bits, &poll->progress, sizeof bits);
    size_t mark = hs_proto_open(b, 1);
    hs_codec_add_info(b, poll->info);
    hs_proto_close(b, mark);
    if (poll->descriptor.len)
        hs_proto_add_bytes(b, 2, poll->descriptor);
    if (poll->progress >= 0)
        hs_proto_add_fixed64(b, 3, bits);
    if (poll->expires_us)
        hs_codec_add_time(b, 4, poll->expires_us);
}
