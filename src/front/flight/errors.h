#ifndef HS_FRONT_FLIGHT_ERRORS_H
#define HS_FRONT_FLIGHT_ERRORS_H

#include "base/err.h"
#include "wire/grpc.h"

enum hs_grpc_status hs_flight_status(hs_rc kind);

#endif
