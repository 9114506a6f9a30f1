/* Our kinds as gRPC statuses (https://grpc.github.io/grpc/core/md_doc_statuscodes.html). No default: a new kind must be
 * thought about here. */
#include "front/flight/errors.h"

enum hs_grpc_status hs_flight_status(hs_rc kind)
{
    switch (kind) {
    case HS_OK:
        return HS_GRPC_OK;
    case HS_INVALID:
        return HS_GRPC_INVALID_ARGUMENT;
    case HS_UNAUTHENTICATED:
        return HS_GRPC_UNAUTHENTICATED;
    case HS_DENIED:
        return HS_GRPC_PERMISSION_DENIED;
    case HS_NOT_FOUND:
        return HS_GRPC_NOT_FOUND;
    case HS_CONFLICT: /* "retry at a higher level": ask again, with a new ticket */
        return HS_GRPC_ABORTED;
    case HS_LIMIT:
    case HS_NOMEM:
        return HS_GRPC_RESOURCE_EXHAUSTED;
    case HS_UNSUPPORTED:
        return HS_GRPC_UNIMPLEMENTED;
    case HS_UNAVAILABLE:
        return HS_GRPC_UNAVAILABLE;
    case HS_CANCELLED:
        return HS_GRPC_CANCELLED;
    case HS_TIMEOUT:
        return HS_GRPC_DEADLINE_EXCEEDED;
    case HS_CORRUPT:
        return HS_GRPC_DATA_LOSS;
    case HS_INTERNAL:
    case HS_KIND_COUNT:
        return HS_GRPC_INTERNAL;
    }
    return HS_GRPC_INTERNAL;
}
