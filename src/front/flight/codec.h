/* Protobuf of Flight.proto and Flight SQL's FlightSql.proto, by hand: pure, bytes to values and back. Values borrow
 * from the input. */
#ifndef HS_FRONT_FLIGHT_CODEC_H
#define HS_FRONT_FLIGHT_CODEC_H

#include "base/arena.h"

/* Every request message is read with a list of wanted fields; unknown ones are passed over, the last of several wins.
 */
enum pick_kind { PICK_BYTES = 1, PICK_TEXT, PICK_INT };
struct pick {
    uint32_t number;
    enum pick_kind kind;
    void *out; /* hs_str: .at stays NULL when absent; int64_t: unchanged when absent */
};
HS_MUST hs_rc hs_codec_pick(hs_str bytes, const struct pick *picks, size_t count, struct hs_err *err);
#define HS_PICK(bytes, err, ...)                               \
    hs_codec_pick((bytes), (const struct pick[]){__VA_ARGS__}, \
                  sizeof((const struct pick[]){__VA_ARGS__}) / sizeof(struct pick), (err))

enum { PATH_MAX_PARTS = 3 };
struct flight_descriptor {
    hs_str raw; /* as it came, to be given back in FlightInfo */
    bool is_path;
    hs_str cmd;
    hs_str path[PATH_MAX_PARTS];
    size_t path_count;
};
HS_MUST hs_rc hs_codec_descriptor(hs_str bytes, struct flight_descriptor *out, struct hs_err *err);

/* google.protobuf.Any holding a Flight SQL message. */
struct flight_any {
    hs_str name; /* "CommandStatementQuery" */
    hs_str value;
};
HS_MUST hs_rc hs_codec_any(hs_str bytes, struct flight_any *out, struct hs_err *err);
void hs_codec_add_any(struct hs_buf *b, const char *name, hs_str value);

struct flight_data {
    hs_str descriptor, header, metadata, body;
};
HS_MUST hs_rc hs_codec_data(hs_str bytes, struct flight_data *out, struct hs_err *err);
/* Everything of a FlightData message but the body's own bytes, which follow as their own slice (data_body = 1000 is
 * last on purpose). with_body false: a message that has none, as a schema. */
void hs_codec_add_data(struct hs_buf *b, hs_str header, bool with_body, size_t body_len);

struct flight_info {
    hs_str schema;         /* encapsulated; empty: not known yet */
    hs_str raw_descriptor; /* may be empty */
    const hs_str *tickets; /* one an endpoint, each without a location: this connection */
    size_t ticket_count;
    int64_t expires_us;    /* 0: not said */
    int64_t total_records; /* -1: not said */
    bool ordered;
    hs_str metadata; /* application's, that is ours; may be empty */
};
void hs_codec_add_info(struct hs_buf *b, const struct flight_info *info);
/* A FlightEndpoint, not as a field. */
void hs_codec_add_endpoint(struct hs_buf *b, hs_str ticket, int64_t expires_us);
struct flight_poll {
    const struct flight_info *info;
    hs_str descriptor; /* to poll again with; empty: complete */
    double progress;   /* below 0: not known */
    int64_t expires_us;
};
void hs_codec_add_poll(struct hs_buf *b, const struct flight_poll *poll);
/* Google's Timestamp as field `number`. */
void hs_codec_add_time(struct hs_buf *b, uint32_t number, int64_t wall_us);

#endif
