/* What a worker asks of the server about the objects of its statement, and what it gets: packets of a fixed size over a
 * SOCK_SEQPACKET pair that lives as long as the statement. An object is a number of the plan: a worker knows no name of
 * one. Its bytes never go over the socket: OPEN is answered with a descriptor, for reading alone, of a sparse file as
 * long as the object, and READ when the bytes asked for stand in that file. Behind OPEN's answer stand bits, one for
 * each of the object's first blocks: what is there already, and stays while it is open, need not be asked for. */
#ifndef HS_BASE_OBJECT_WIRE_H
#define HS_BASE_OBJECT_WIRE_H

#include <stdint.h>

enum { HS_OBJECT_BLOCK = 16 << 10, HS_OBJECT_BITS = 8192 /* bytes of them at most: blocks of a gigabyte */ };
enum hs_object_ask_kind {
    HS_OBJECT_OPEN = 1, /* answered with a descriptor, and bits */
    HS_OBJECT_READ,     /* answered when the bytes are there */
    HS_OBJECT_CLOSE,    /* not answered: its blocks may be given up */
};
struct hs_object_ask {
    uint32_t kind, id, object, zero;
    uint64_t offset, length;
};
struct hs_object_reply {
    uint32_t id;
    int32_t failed; /* an errno, or 0 */
};

#endif
