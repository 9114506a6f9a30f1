/* A whole session of the door: one connection, many calls that overlap, in any order. Each step is two bytes, what and
 * which, and some steps take a piece (u16 length, bytes): calls begin, speak, end, are reset; statements wait and go
 * on; the socket stands still; time passes; raw bytes come in between. What must hold is at the end: nothing is kept.
 */
#include "rig.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SLOTS = 8, STEPS_MAX = 400 };

static struct rig rig;
static int32_t slots[SLOTS]; /* streams, 0: none yet */
static int calls;

static hs_str piece(struct hs_cursor *c)
{
    size_t n = hs_cursor_u16le(c);
    return hs_cursor_bytes(c, n < hs_cursor_left(c) ? n : hs_cursor_left(c));
}

static void begin(int32_t *slot, uint8_t which)
{
    static const char *const methods[] = {"Handshake", "GetFlightInfo", "PollFlightInfo", "GetSchema",   "DoGet",
                                          "DoPut",     "DoAction",      "ListActions",    "ListFlights", "DoExchange"};
    static const char *const proofs[] = {"Bearer hss_ana", "Bearer hss_ben", "Basic YW5hOnNlY3JldA", "Bearer hss_eve",
                                         NULL};
    if (calls++ < RIG_STREAMS - 1)
        *slot = rig_call(&rig, methods[which % 10], proofs[which / 10 % 5]);
}

static void step(struct hs_cursor *c)
{
    uint8_t what = hs_cursor_u8(c), which = hs_cursor_u8(c);
    int32_t *slot = &slots[which % SLOTS];
    switch (what % 12) {
    case 0:
    case 1:
        begin(slot, hs_cursor_u8(c));
        break;
    case 2:
    case 3:
        if (*slot > 0)
            rig_say(&rig, *slot, piece(c));
        break;
    case 4:
        if (*slot > 0)
            rig_end(&rig, *slot);
        break;
    case 5:
        if (*slot > 0)
            nghttp2_submit_rst_stream(rig.client, NGHTTP2_FLAG_NONE, *slot, NGHTTP2_CANCEL);
        break;
    case 6:
        rig_run(&rig);
        break;
    case 7:
        rig.hold = which % 2;
        break;
    case 8:
        fake_release();
        break;
    case 9:
        fake.hold = which % 2;
        break;
    case 10:
        hs_front_flight.tick(rig.session, 1000 + which * 3000);
        break;
    case 11:
        rig_feed(&rig, piece(c));
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hs_cursor c = hs_cursor_of(hs_str_n(data, size));
    rig_open(&rig);
    memset(slots, 0, sizeof slots);
    calls = 0;
    if (!rig_open_server(&rig))
        abort();
    for (int i = 0; i < STEPS_MAX && hs_cursor_left(&c) > 2; i++)
        step(&c);
    rig.hold = false;
    rig_run(&rig);
    fake_release();
    rig_run(&rig);
    hs_front_flight.shutdown(rig.session);
    rig_run(&rig);
    rig_close(&rig);
    if (fake.open_calls || fake.made_batches != fake.closed_batches)
        abort(); /* something was kept */
    return 0;
}
