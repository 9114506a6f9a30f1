/* The protocol's bytes to values and back, pure. PostgreSQL 15, "Frontend/Backend Protocol"; 3.2 as of PostgreSQL 18:
 * a message is a byte of kind and an int32 length that counts itself; what comes first on a connection has no kind. */
#ifndef HS_FRONT_PG_CODEC_H
#define HS_FRONT_PG_CODEC_H

#include "base/cursor.h"

enum {
    PG_VERSION_3_0 = 196608,
    PG_VERSION_3_2 = 196610,
    PG_CANCEL = 80877102,
    PG_SSL = 80877103,
    PG_GSSENC = 80877104,
    PG_STARTUP_MAX = 10000, /* as PostgreSQL's MAX_STARTUP_PACKET_LENGTH */
    PG_CANCEL_KEY_MAX = 256,
    PG_NAME_MAX = 63 /* NAMEDATALEN - 1: longer names are cut by the server they imitate; here they are refused */
};

enum pg_frame { PG_FRAME_PART = 0, PG_FRAME_WHOLE, PG_FRAME_BAD };

/* The first packet: int32 length, int32 code. */
struct pg_start_packet {
    uint32_t code;
    hs_str body; /* behind the code; borrowed */
    size_t bytes;
};
enum pg_frame hs_pg_start_packet(hs_str in, struct pg_start_packet *out);

struct pg_message {
    char kind;
    hs_str body; /* borrowed */
    size_t bytes;
};
/* The head alone (5 bytes): BAD when the length cannot be. */
enum pg_frame hs_pg_message_head(hs_str in, char *out_kind, size_t *out_body_len);

/* A text that ends with a zero byte; the cursor goes bad without one. */
hs_str hs_pg_text(struct hs_cursor *c);
/* Nothing is left and nothing was missing. */
bool hs_pg_all_read(const struct hs_cursor *c);

/* Names and values of a start-up packet: pairs of texts, ended by a zero byte. */
struct pg_pair {
    hs_str name, value;
};
enum { PG_PAIRS_MAX = 64 };
struct pg_pairs {
    struct pg_pair at[PG_PAIRS_MAX];
    size_t count;
};
/* false: malformed, or too many. */
bool hs_pg_read_pairs(hs_str body, struct pg_pairs *out);

/* ---- writing ---- */
void hs_pg_add_i16(struct hs_buf *b, int16_t v);
void hs_pg_add_i32(struct hs_buf *b, int32_t v);
void hs_pg_add_text(struct hs_buf *b, hs_str s); /* and a zero byte; a zero inside ends it */
/* A message: begin gives the place, end writes its length there. */
size_t hs_pg_begin(struct hs_buf *b, char kind);
void hs_pg_end(struct hs_buf *b, size_t begun);

#endif
