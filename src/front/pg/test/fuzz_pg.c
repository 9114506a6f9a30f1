/* Bytes of a client, before and after it is signed in, fed in pieces, with time, cancels, waits and ends in between:
 * whatever comes, nothing is kept, and the session never says what it hides. The first byte: bit 0 signs in first, bit
 * 1 lets every call wait, bit 2 begins in TLS; the rest of it is how the bytes are cut. */
#include "rig.h"

static struct rig rig;

static size_t piece(uint8_t how, size_t left)
{
    static const size_t SIZES[] = {1, 3, 7, 64, 1000, 60000, 5, 17};
    size_t n = SIZES[(how >> 3) & 7];
    return n < left ? n : left;
}

static void between(uint8_t c)
{
    if (c == 0x11)
        rig.now_ms += 1000;
    if (c == 0x12)
        fake_release();
    if (c == 0x13)
        fake.hold = !fake.hold;
    hs_front_pg.tick(rig.session, rig.now_ms);
}

static void look(bool may_say)
{
    rig_produce(&rig);
    if (!may_say && rig.got.len && memmem(rig.got.at, rig.got.len, "the secret detail", 17))
        abort();
    hs_buf_clear(&rig.got);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!size)
        return 0;
    uint8_t how = data[0];
    memset(&fake, 0, sizeof fake);
    rig_init(&rig);
    if (!rig_open(&rig))
        abort();
    if (how & 4) {
        rig_close_session(&rig);
        if (!rig_open_session(&rig, true, false))
            abort();
    }
    if (how & 1)
        rig_sign_in(&rig);
    fake.async = (how & 2) != 0;
    bool may_say = memmem(data, size, "the secret detail", 17) != NULL; /* an echo is no leak */
    for (size_t at = 1; at < size && !rig_done(&rig);) {
        size_t n = piece(how, size - at);
        rig_feed(&rig, hs_str_n(data + at, n));
        between(data[at]);
        at += n;
        look(may_say);
        if (rig_done(&rig))
            break;
        rig_run(&rig);
        hs_buf_clear(&rig.got);
    }
    if (!rig_done(&rig))
        hs_front_pg.shutdown(rig.session);
    fake_release();
    if (rig.session_open && !rig.broken)
        rig_run(&rig);
    rig_close(&rig);
    if (fake.open_calls || fake.made_batches != fake.closed_batches || fake.pins)
        abort(); /* something was kept */
    return 0;
}
