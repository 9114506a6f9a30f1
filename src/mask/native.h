/* A mask as a pure C function over one value, for what SQL cannot say totally or fast. The worker registers each as a
 * scalar function hs_mask_NAME(setup, value): `setup` is one constant text a place of use, made by the printer and read
 * here, so that what is costly (a key schedule, a table of a thousand words) is done once a statement.
 *
 * A native is total: no value makes it fail, and NULL never reaches it. Keys come beside the setup, never in it. */
#ifndef HS_MASK_NATIVE_H
#define HS_MASK_NATIVE_H

#include "base/str.h"

/* What goes in and comes out. */
enum hs_native_kind {
    HS_NATIVE_TEXT,
    HS_NATIVE_BYTES,
    HS_NATIVE_LONG,
    HS_NATIVE_DOUBLE,
    HS_NATIVE_TIME,      /* microseconds, as these three; no file promises that they keep to one day */
    HS_NATIVE_TIMESTAMP, /* the ends of the range are -infinity and infinity */
    HS_NATIVE_TIMESTAMPTZ,
    HS_NATIVE_TIMESTAMP_NS, /* nanoseconds */
    HS_NATIVE_KINDS_
};
static inline bool hs_native_is_text(enum hs_native_kind kind)
{
    return kind == HS_NATIVE_TEXT || kind == HS_NATIVE_BYTES;
}

struct hs_native_value {
    hs_str bytes;  /* TEXT, BYTES; going out: borrowed from the buffer, from the state, or what came in */
    int64_t whole; /* every other kind; going in, of a native with `choice`: the bits of its parts that apply */
    double real;
    bool null; /* going out: NULL instead */
};

struct hs_native_setup { /* texts live as long as the state; the key only while it is opened */
    hs_str fields;       /* what the printer added with hs_setup_add */
    hs_str key;          /* empty: not keyed */
    hs_str viewer;
    /* For a native that opens others. */
    hs_str (*key_of)(const void *keys, hs_str domain, hs_str id);
    const void *keys;
};

struct hs_native {
    unsigned kinds; /* bits: 1 << HS_NATIVE_TEXT ... */
    bool choice;    /* takes text, and a third argument: a BIGINT, from row to row another */
    /* State for a setup, shared by threads and never written again. NULL: no memory, or not what our printer writes. */
    void *(*open)(const struct hs_native_setup *setup);
    void (*close)(void *state); /* takes NULL; wipes keys */
    /* What one thread needs besides; both may be left out. */
    void *(*work_new)(const void *state);
    void (*work_free)(void *work);
    /* *value is replaced; texts that are made go to `out`, which comes empty. False (no memory, a library that does
     * not do its work) ends the statement: it never depends on the value. */
    bool (*mask)(const void *state, void *work, enum hs_native_kind kind, struct hs_native_value *value,
                 struct hs_buf *out);
};

/* Fields of a setup: "5:sales,". Reading is strict, false at anything else. */
void hs_setup_add(struct hs_buf *b, hs_str field);
void hs_setup_add_int(struct hs_buf *b, int64_t field);
bool hs_setup_next(hs_str *rest, hs_str *out);
bool hs_setup_next_int(hs_str *rest, int64_t *out);

struct hs_mask_function;
/* Every native there is: those of mask functions, and the one for paths inside JSON text. */
struct hs_native_entry {
    const char *name; /* of the mask: "ff1" */
    const struct hs_native *native;
    const struct hs_mask_function *function; /* NULL: hs_mask_json */
};
bool hs_native_at(size_t i, struct hs_native_entry *out); /* false: past the last */
/* "hs_mask_ff1_long"; false: the native does not take that kind. */
bool hs_native_name(char out[64], const char *mask_name, const struct hs_native *n, enum hs_native_kind kind);
/* What is before the function's own fields: domain, key id and person, of those that have them. */
struct hs_native_head {
    hs_str domain, key_id, viewer, fields;
};
bool hs_native_head(const struct hs_mask_function *f, hs_str setup, struct hs_native_head *out);

#endif
