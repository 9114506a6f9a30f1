/* Private to engine/: frames over the SOCK_SEQPACKET pair between server and worker.
 *
 * A message is a kind, the number of the statement it belongs to and a payload, cut into packets of at most
 * HS_CHANNEL_PACKET bytes; a descriptor may ride on the last one. Each side treats the other as a stranger: a packet
 * that is cut short, claims more than it holds or passes the receiver's maximum is HS_CORRUPT, and the channel is then
 * dead. */
#ifndef HS_ENGINE_CHANNEL_H
#define HS_ENGINE_CHANNEL_H

#include "base/cursor.h"

enum {
    HS_CHANNEL_PACKET = 60000, /* payload of one packet: well below the kernel's default socket buffer */
    HS_CHANNEL_MAX = 64 << 20, /* payload of one message */
};

enum hs_channel_kind {
    /* server -> worker */
    HS_MSG_LEASE = 1, /* walls go up; answered by WALLS */
    HS_MSG_PARSE,     /* SQL text; answered by PARSED or ERROR */
    HS_MSG_RUN,       /* answered by SCHEMA, BATCH*, DONE; ERROR at any place; READY at last */
    HS_MSG_FREE,      /* a place in the ring */
    HS_MSG_CANCEL,
    HS_MSG_SEGMENT, /* answer to SEGMENT_ASK, descriptor attached; bytes = 0: refused */
    HS_MSG_OBJECTS, /* descriptor attached: where the objects of the RUN that follows are asked for (objects.h) */
    HS_MSG_GONE,    /* descriptor attached: deleted positions of the RUN that follows (gone.h) */
    HS_MSG_GIVEN,   /* descriptor attached: relations that are given with the RUN that follows (given.h) */
    /* worker -> server */
    HS_MSG_READY = 65, /* a fresh instance is open */
    HS_MSG_WALLS,
    HS_MSG_PARSED,
    HS_MSG_SCHEMA,
    HS_MSG_BATCH,
    HS_MSG_SEGMENT_ASK,
    HS_MSG_DONE,
    HS_MSG_ERROR,
};

/* Sends all packets of one message; passed < 0: no descriptor. Waits at most timeout_ms for room. The caller keeps
 * other senders of the same socket out meanwhile. HS_UNAVAILABLE when the other side is gone, HS_TIMEOUT when it does
 * not read. */
HS_MUST hs_rc hs_channel_send(int fd, enum hs_channel_kind kind, uint32_t statement, hs_str payload, int passed,
                              int timeout_ms, struct hs_err *err);

struct hs_channel_message {
    unsigned kind; /* as received: may be none of the enum */
    uint32_t statement;
    hs_str payload; /* borrowed from the reader until its next call */
    int passed;     /* descriptor or -1; the taker's */
};

struct hs_channel_reader {
    struct hs_buf body;
    unsigned kind;
    uint32_t statement;
    bool partial; /* packets of a message are still to come */
};

enum hs_channel_got { HS_GOT_NOTHING = 1, HS_GOT_MESSAGE, HS_GOT_END };

void hs_channel_reader_init(struct hs_channel_reader *r, size_t max);
void hs_channel_reader_fini(struct hs_channel_reader *r);
/* One receive: NOTHING when none is there (or a message is not whole yet), END when the other side closed. */
HS_MUST hs_rc hs_channel_receive(int fd, struct hs_channel_reader *r, bool wait, struct hs_channel_message *out,
                                 enum hs_channel_got *out_got, struct hs_err *err);
/* The part of receiving that needs no socket: one packet's bytes. For the fuzz target. */
HS_MUST hs_rc hs_channel_feed(struct hs_channel_reader *r, hs_str packet, struct hs_channel_message *out,
                              enum hs_channel_got *out_got, struct hs_err *err);

/* Payload fields, little-endian; reading is hs_cursor_*. */
void hs_put_u8(struct hs_buf *b, uint8_t v);
void hs_put_u32(struct hs_buf *b, uint32_t v);
void hs_put_u64(struct hs_buf *b, uint64_t v);
void hs_put_str(struct hs_buf *b, hs_str s); /* u32 length, bytes */
hs_str hs_get_str(struct hs_cursor *c);      /* borrowed */

#endif
