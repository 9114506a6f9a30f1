/* The JSON parser's memory: the one door to the heap, so that allocation sweeps reach it. */
#ifndef HS_BASE_JSON_ALC_H
#define HS_BASE_JSON_ALC_H

#include <yyjson.h>

extern const yyjson_alc hs_json_alc;

#endif
