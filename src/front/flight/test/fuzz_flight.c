/* The door under any bytes. First byte even: raw bytes of a connection, in pieces. Odd: messages of one call, through a
 * real client, so that what is beneath HTTP/2 is reached: byte 2 picks the method, then (u16 length, message)*. */
#include "rig.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct rig rig;

static void raw(struct hs_cursor *c)
{
    while (hs_cursor_left(c)) {
        size_t piece = hs_cursor_left(c) < 200 ? hs_cursor_left(c) : 200;
        rig_feed(&rig, hs_cursor_bytes(c, piece));
        rig.hold = false;
        rig_down(&rig);
        rig_wake_up(&rig);
    }
}

static void call(struct hs_cursor *c)
{
    static const char *const methods[] = {"Handshake", "GetFlightInfo", "PollFlightInfo", "GetSchema",   "DoGet",
                                          "DoPut",     "DoAction",      "ListActions",    "ListFlights", "DoExchange"};
    const char *method = methods[hs_cursor_u8(c) % 10];
    int32_t id = rig_call(&rig, method, strcmp(method, "Handshake") ? "Bearer hss_ana" : NULL);
    while (hs_cursor_left(c) > 2) {
        size_t n = hs_cursor_u16le(c);
        rig_say(&rig, id, hs_cursor_bytes(c, n < hs_cursor_left(c) ? n : hs_cursor_left(c)));
        rig_run(&rig);
    }
    rig_end(&rig, id);
    rig_run(&rig);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hs_cursor c = hs_cursor_of(hs_str_n(data, size));
    rig_open(&rig);
    if (!rig_open_server(&rig))
        abort();
    if (hs_cursor_u8(&c) % 2)
        call(&c);
    else
        raw(&c);
    rig_close(&rig);
    if (fake.open_calls || fake.made_batches != fake.closed_batches)
        abort(); /* something was kept */
    return 0;
}
