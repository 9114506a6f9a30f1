/* Any bytes as a client of the HTTP/2 machine. The first byte says how the rest is cut into feeds; what must hold:
 * every call that started ends once, every slice is released once, the budget is given back, nothing reaches an assert.
 */
#include "rig.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct rig rig;

static void expect(bool holds)
{
    if (!holds)
        abort();
}

static void feed_in_pieces(const uint8_t *data, size_t size, size_t step)
{
    for (size_t at = 0; at < size; at += step) {
        size_t len = size - at < step ? size - at : step;
        rig.now += 3;
        rig_feed(&rig, data + at, len);
        hs_rc rc = hs_http2_produce(rig.server, &rig.out, &rig.err);
        if (rc != HS_OK || hs_out_len(&rig.out) > 100000)
            hs_out_consumed(&rig.out, hs_out_len(&rig.out));
        for (int i = 0; i < rig.call_count; i++) {
            if (rig.calls[i].call && rig.calls[i].later) {
                rig.calls[i].later = false;
                hs_grpc_resume(rig.calls[i].call);
            }
        }
        (void)hs_http2_wants_input(rig.server);
        if (hs_http2_done(rig.server))
            return;
    }
    hs_http2_shutdown(rig.server);
    rig.now += 400000; /* everything that waits for time */
    hs_http2_tick(rig.server, rig.now);
    hs_ignore(hs_http2_produce(rig.server, &rig.out, &rig.err)); /* looked at below by what is released */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hs_http2_budget budget = {0, 1 << 20};
    struct hs_http2_settings settings = {.budget = &budget, .request_max = 1 << 19, .streams_max = 32};
    if (size < 1)
        return 0;
    memset(&rig, 0, sizeof rig);
    rig.now = 1000;
    hs_out_init(&rig.out);
    if (hs_http2_open(&settings, &RIG_FRONT, &rig, &rig.server, &rig.err) != HS_OK)
        return 0;
    feed_in_pieces(data + 1, size - 1, data[0] ? (size_t)data[0] * 7 : size);
    hs_http2_close(rig.server);
    hs_out_fini(&rig.out);
    expect(rig.open == 0 && rig.released == rig.added && budget.used == 0);
    for (int i = 0; i < rig.call_count; i++)
        expect(rig.calls[i].closes == 1 && rig.calls[i].half_closes <= 1);
    return 0;
}
