/* Thrift's compact protocol, as Parquet's footers and page headers are written in. A cursor that has gone bad ends
 * every loop here, so a reader checks it once, at its end. */
#ifndef HS_ICEBERG_THRIFT_H
#define HS_ICEBERG_THRIFT_H

#include "base/cursor.h"

enum hs_thrift_wire { /* compact type ids */
                      HS_W_STOP = 0,
                      HS_W_TRUE = 1,
                      HS_W_FALSE = 2,
                      HS_W_BYTE = 3,
                      HS_W_I16 = 4,
                      HS_W_I32 = 5,
                      HS_W_I64 = 6,
                      HS_W_DOUBLE = 7,
                      HS_W_BINARY = 8,
                      HS_W_LIST = 9,
                      HS_W_SET = 10,
                      HS_W_MAP = 11,
                      HS_W_STRUCT = 12,
                      HS_W_UUID = 13,
};

struct hs_thrift_field {
    int id;
    uint8_t wire;
};

/* The next field header of a struct; false at its end or when the bytes are bad. */
bool hs_thrift_next(struct hs_cursor *c, struct hs_thrift_field *f);
/* How many elements a list has, never more than bytes are left. */
uint64_t hs_thrift_list(struct hs_cursor *c, uint8_t *out_wire);
void hs_thrift_skip(struct hs_cursor *c, uint8_t wire); /* a value of a struct's field */
int64_t hs_thrift_i64(struct hs_cursor *c, uint8_t wire);
int hs_thrift_i32(struct hs_cursor *c, uint8_t wire);
bool hs_thrift_bool(struct hs_cursor *c, uint8_t wire);

#endif
