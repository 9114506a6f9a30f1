/* Any bytes as the two messages of a client, the first line telling which mechanism and what is offered: no crash, and
 * whoever does not know the verifier is never taken for its owner. */
#include "auth/keys_in.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char VERIFIER[] =
    "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$"
    "WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=";

static void try(struct hs_scram_messages *m, hs_str how, hs_str first, hs_str final, struct hs_buf *out)
{
    bool same = false;
    if (!hs_scram_parse(hs_str_of(VERIFIER), &m->verifier))
        abort();
    strcpy(m->nonce, "server");
    m->end_point_len = hs_str_starts(how, HS_S("+")) ? 32 : 0;
    m->doomed = hs_str_ends(how, HS_S("x"));
    bool plus = hs_str_ends(how, HS_S("p"));
    if (hs_scram_messages_first(m, hs_scram_mechanism(plus), first, out, NULL) != HS_OK)
        return;
    if (hs_scram_messages_final(m, final, out, &same, NULL) == HS_OK && same && m->doomed)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    hs_str text = hs_str_n(data, size), how = hs_str_cut(&text, '\n'), first = hs_str_cut(&text, '\n');
    struct hs_scram_messages m;
    struct hs_buf out;
    hs_buf_init(&out, 1 << 16);
    if (hs_scram_messages_init(&m, NULL) == HS_OK)
        try(&m, how, first, text, &out);
    hs_scram_messages_fini(&m);
    hs_buf_fini(&out);
    return 0;
}
