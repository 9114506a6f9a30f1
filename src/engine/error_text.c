#include "engine/statement_in.h"
hs_rc hs_engine_error(struct hs_err *err, const char *engine_kind, const char *engine_text)
{
    return hs_engine_error_in(err, engine_kind, engine_text, (hs_str){NULL, 0});
}
hs_rc hs_engine_error_in(struct hs_err *err, const char *engine_kind, const char *engine_text, hs_str sql)
{
    (void)sql;
    return hs_fail_hidden(err, HS_INTERNAL, "%s: %s", engine_kind, engine_text);
}
