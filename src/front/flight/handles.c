/* The plain form is protobuf of our own: 1 sql, 2 bound, 3 name, 4 expires, 5 one message a row of parameters, in it 6
 * one message a parameter; 8 id, 9 part, 10 parts, 11 form, 12 begun. Past handle_bytes that form is sealed and kept in
 * state/ by way of access, and what travels holds 7, its id there, alone. */
#include "front/flight/handles.h"
#include "front/flight/runs.h"

#include "base/clock.h"
#include "base/fault.h"
#include "base/hash.h"
#include "wire/proto.h"

static const char *const PURPOSE[] = {
    [FLIGHT_TICKET] = "flight-ticket", [FLIGHT_PREPARED] = "flight-prepared", [FLIGHT_POLLED] = "flight-polled"};

static void add_param(struct hs_buf *b, const struct hs_param *p)
{
    uint64_t bits;
    memcpy(&bits, &p->d, sizeof bits);
    size_t mark = hs_proto_open(b, 6);
    hs_proto_add_varint(b, 1, (uint64_t)p->type);
    hs_proto_add_varint(b, 2, p->null);
    hs_proto_add_varint(b, 3, (uint64_t)p->precision);
    hs_proto_add_varint(b, 4, (uint64_t)p->scale);
    hs_proto_add_fixed64(b, 5, (uint64_t)p->i);
    hs_proto_add_fixed64(b, 6, bits);
    hs_proto_add_bytes(b, 7, p->text.at ? p->text : HS_S(""));
    hs_proto_close(b, mark);
}

static void add_handle(struct hs_buf *b, const struct flight_handle *h)
{
    hs_proto_add_bytes(b, 1, h->sql);
    hs_proto_add_bytes(b, 2, h->bound);
    hs_proto_add_bytes(b, 3, h->name);
    hs_proto_add_int(b, 4, h->expires_us);
    for (size_t i = 0; i < h->row_count; i++) {
        size_t mark = hs_proto_open(b, 5);
        for (size_t k = 0; k < h->rows[i].count; k++)
            add_param(b, &h->rows[i].at[k]);
        hs_proto_close(b, mark);
    }
    if (h->id.len)
        hs_proto_add_bytes(b, 8, h->id);
    hs_proto_add_varint(b, 9, h->part);
    hs_proto_add_varint(b, 10, h->parts);
    hs_proto_add_varint(b, 11, hs_form_pack(&h->form));
    hs_proto_add_int(b, 12, h->begun_us);
}

enum { KEPT_ID = 16, KEPT_MAX = 16 << 20 }; /* a request message is no longer than that */

static hs_rc seal(struct flight_call *c, enum flight_handle_kind kind, const struct hs_buf *plain, struct hs_buf *out,
                  struct hs_err *err)
{
    return hs_seal(hs_access_auth(c->session->env->access), hs_str_of(PURPOSE[kind]), hs_buf_str(plain), out, err);
}

/* Replaces the plain form by one that names where it is kept. */
static hs_rc keep_long(struct flight_call *c, enum flight_handle_kind kind, int64_t expires_us, struct hs_buf *plain,
                       struct hs_err *err)
{
    struct hs_buf sealed;
    uint8_t id[KEPT_ID];
    hs_buf_init(&sealed, KEPT_MAX + 1024);
    hs_rc rc = seal(c, kind, plain, &sealed, err);
    if (rc == HS_OK)
        rc = hs_access_keep(c->session->env->access, c->who.name, hs_buf_str(&sealed), expires_us, id, err);
    hs_buf_fini(&sealed);
    if (rc != HS_OK)
        return rc;
    hs_buf_clear(plain);
    hs_proto_add_bytes(plain, 7, hs_str_n(id, KEPT_ID));
    return hs_buf_done(plain, err);
}

hs_rc hs_flight_handle_seal(struct flight_call *c, enum flight_handle_kind kind, const struct flight_handle *h,
                            hs_str *out, struct hs_err *err)
{
    struct flight_handle whole = *h;
    struct hs_buf plain, sealed;
    size_t max = (size_t)c->session->settings.handle_bytes;
    whole.name = c->who.name;
    hs_buf_init(&plain, KEPT_MAX);
    hs_buf_init(&sealed, max + 1024);
    add_handle(&plain, &whole);
    hs_rc rc = HS_OK;
    if (plain.failed)
        rc = hs_fail(err, HS_LIMIT, "the statement with its parameters is longer than %d bytes", KEPT_MAX);
    else if (plain.len > max)
        rc = keep_long(c, kind, h->expires_us, &plain, err);
    if (rc == HS_OK)
        rc = seal(c, kind, &plain, &sealed, err);
    if (rc == HS_OK) {
        *out = hs_flight_keep(c, hs_buf_str(&sealed));
        if (!out->at)
            rc = hs_fail(err, HS_NOMEM, "out of memory");
    }
    hs_buf_fini(&plain);
    hs_buf_fini(&sealed);
    return rc;
}

static hs_rc read_param(hs_str bytes, struct hs_param *p, struct hs_err *err)
{
    struct hs_cursor c = hs_cursor_of(bytes);
    struct hs_proto_field f;
    while (hs_proto_next(&c, &f)) {
        if (f.number == 1)
            p->type = (enum hs_type_id)f.value;
        else if (f.number == 2)
            p->null = f.value != 0;
        else if (f.number == 3)
            p->precision = (int)f.value;
        else if (f.number == 4)
            p->scale = (int)f.value;
        else if (f.number == 5)
            p->i = (int64_t)f.value;
        else if (f.number == 6)
            memcpy(&p->d, &f.value, sizeof p->d);
        else if (f.number == 7)
            p->text = f.bytes;
    }
    return hs_proto_done(&c, err);
}

static hs_rc read_row(struct flight_call *call, hs_str bytes, struct hs_params *row, struct hs_err *err)
{
    HS_VEC(struct hs_param) params = {0};
    struct hs_cursor c = hs_cursor_of(bytes);
    struct hs_proto_field f;
    while (hs_proto_next(&c, &f)) {
        if (f.number != 6)
            continue;
        struct hs_param *p = hs_vec_add(call->arena, &params);
        if (!p)
            return hs_fail(err, HS_NOMEM, "out of memory");
        HS_TRY(read_param(f.bytes, p, err));
    }
    *row = (struct hs_params){params.at, params.len};
    return hs_proto_done(&c, err);
}

static hs_rc read_rows(struct flight_call *call, hs_str plain, struct flight_handle *h, struct hs_err *err)
{
    HS_VEC(struct hs_params) rows = {0};
    struct hs_cursor c = hs_cursor_of(plain);
    struct hs_proto_field f;
    while (hs_proto_next(&c, &f)) {
        if (f.number != 5)
            continue;
        struct hs_params *row = hs_vec_add(call->arena, &rows);
        if (!row)
            return hs_fail(err, HS_NOMEM, "out of memory");
        HS_TRY(read_row(call, f.bytes, row, err));
    }
    h->rows = rows.at;
    h->row_count = rows.len;
    return hs_proto_done(&c, err);
}

static hs_rc read_handle(struct flight_call *c, hs_str plain, struct flight_handle *h, struct hs_err *err)
{
    int64_t part = 0, parts = 0, form = 0;
    HS_TRY(HS_PICK(plain, err, {1, PICK_TEXT, &h->sql}, {2, PICK_BYTES, &h->bound}, {3, PICK_TEXT, &h->name},
                   {4, PICK_INT, &h->expires_us}, {8, PICK_BYTES, &h->id}, {9, PICK_INT, &part}, {10, PICK_INT, &parts},
                   {11, PICK_INT, &form}, {12, PICK_INT, &h->begun_us}));
    if (part < 0 || parts < 0 || !hs_form_unpack((unsigned)form, &h->form)) /* of another version of this server */
        return hs_fail(err, HS_NOT_FOUND, "no such handle");
    h->part = (size_t)part;
    h->parts = (size_t)parts;
    return read_rows(c, plain, h, err);
}

static hs_rc check_handle(const struct flight_call *c, const struct flight_handle *h, struct hs_err *err)
{
    if (hs_defence("ticket-principal") && !hs_str_eq(h->name, c->who.name))
        return hs_fail(err, HS_DENIED, "this handle was given to somebody else");
    if (h->expires_us < hs_wall_us())
        return hs_fail(err, HS_NOT_FOUND, "this handle has expired; ask again");
    return HS_OK;
}

/* Opens one seal; what was inside goes to the call's arena. */
static hs_rc unseal(struct flight_call *c, enum flight_handle_kind kind, hs_str sealed, hs_str *out, struct hs_err *err)
{
    struct hs_buf plain;
    hs_buf_init(&plain, sealed.len + 64);
    hs_rc rc = hs_unseal(hs_access_auth(c->session->env->access), hs_str_of(PURPOSE[kind]), sealed, &plain, err);
    if (rc == HS_OK) {
        *out = hs_flight_keep(c, hs_buf_str(&plain));
        if (!out->at)
            rc = hs_fail(err, HS_NOMEM, "out of memory");
    } else if (rc != HS_NOMEM) { /* forged, cut, of another server or of a key long gone: all the same to its bearer */
        rc = hs_fail(err, HS_NOT_FOUND, "no such handle");
    }
    hs_buf_fini(&plain);
    return rc;
}

/* A form that names a kept one is replaced by it. */
static hs_rc fetch_long(struct flight_call *c, enum flight_handle_kind kind, hs_str *plain, hs_str *out_kept,
                        struct hs_err *err)
{
    hs_str id = {0};
    HS_TRY(HS_PICK(*plain, err, {7, PICK_BYTES, &id}));
    if (id.len != KEPT_ID)
        return HS_OK;
    struct hs_buf kept;
    hs_buf_init(&kept, KEPT_MAX + 1024);
    hs_rc rc = hs_access_kept(c->session->env->access, (const uint8_t *)id.at, &kept, err);
    if (rc == HS_OK)
        rc = unseal(c, kind, hs_buf_str(&kept), plain, err);
    hs_buf_fini(&kept);
    *out_kept = id;
    return rc;
}

hs_rc hs_flight_handle_open(struct flight_call *c, enum flight_handle_kind kind, hs_str sealed,
                            struct flight_handle **out, struct hs_err *err)
{
    hs_str plain = {0}, kept = {0};
    if (sealed.len == 0 || sealed.len > (size_t)c->session->settings.handle_bytes + 1024)
        return hs_fail(err, HS_NOT_FOUND, "no such handle");
    HS_TRY(unseal(c, kind, sealed, &plain, err));
    HS_TRY(fetch_long(c, kind, &plain, &kept, err));
    struct flight_handle *h = HS_NEW(c->arena, struct flight_handle);
    if (!h)
        return hs_fail(err, HS_NOMEM, "out of memory");
    HS_TRY(read_handle(c, plain, h, err));
    HS_TRY(check_handle(c, h, err));
    h->kept = kept;
    *out = h;
    return HS_OK;
}

void hs_flight_handle_forget(struct flight_call *c, const struct flight_handle *h)
{
    if (h->kept.len == KEPT_ID)
        hs_access_forget(c->session->env->access, (const uint8_t *)h->kept.at);
}

hs_rc hs_flight_handle_name(struct flight_call *c, hs_str *out_id, struct hs_err *err)
{
    uint8_t id[FLIGHT_RUN_ID];
    HS_TRY(hs_random(id, sizeof id, err));
    *out_id = hs_flight_keep(c, hs_str_n(id, sizeof id));
    return out_id->at ? HS_OK : hs_fail(err, HS_NOMEM, "out of memory");
}

/* ---- tickets ---- */

hs_rc hs_flight_ticket_seal(struct flight_call *c, const struct flight_handle *h, hs_str *out, struct hs_err *err)
{
    struct hs_buf inner, any;
    hs_str sealed;
    HS_TRY(hs_flight_handle_seal(c, FLIGHT_TICKET, h, &sealed, err));
    hs_buf_init(&inner, 1 << 20);
    hs_buf_init(&any, 1 << 20);
    hs_proto_add_bytes(&inner, 1, sealed);
    hs_codec_add_any(&any, "TicketStatementQuery", hs_buf_str(&inner));
    *out = inner.failed || any.failed ? (hs_str){0} : hs_flight_keep(c, hs_buf_str(&any));
    hs_buf_fini(&inner);
    hs_buf_fini(&any);
    return out->at ? HS_OK : hs_fail(err, HS_NOMEM, "out of memory");
}

hs_rc hs_flight_ticket_open(struct flight_call *c, hs_str ticket, struct flight_handle **out, struct hs_err *err)
{
    struct flight_any any;
    hs_str sealed = {0};
    HS_TRY(hs_codec_any(ticket, &any, err));
    if (!hs_str_is(any.name, "TicketStatementQuery"))
        return hs_fail(err, HS_INVALID, "this is no ticket of a statement");
    HS_TRY(HS_PICK(any.value, err, {1, PICK_BYTES, &sealed}));
    return hs_flight_handle_open(c, FLIGHT_TICKET, sealed, out, err);
}
