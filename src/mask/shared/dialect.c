/* What the masks' forms for other engines share: which of them there is for a call, and numbers as typed literals. */
#include "mask/dialect.h"
#include "mask/mask.h"
#include "mask/sql.h"

#include <stdio.h>

hs_rc hs_mask_print_in(const struct hs_mask_call *call, const struct hs_dialect *sql, hs_mask_print *out,
                       struct hs_err *err)
{
    const struct hs_mask_function *f = call->function;
    hs_mask_print print = sql == &hs_trino ? f->print_trino : f->print_postgres;
    bool said = print && (call->type->id != HS_T_MAP || sql->open_map);
    if (said && f->said_elsewhere)
        HS_TRY(f->said_elsewhere(call, &said, err));
    *out = said ? print : NULL;
    return HS_OK;
}

void hs_buf_add_scaled_in(struct hs_buf *b, const struct hs_dialect *sql, hs_whole value, const struct hs_type *type)
{
    struct hs_buf digits;
    if (!sql) {
        hs_buf_add_scaled(b, value, type);
        return;
    }
    hs_buf_init(&digits, 64);
    hs_buf_add_digits(&digits, value, type->id == HS_T_DECIMAL ? type->scale : 0);
    sql->add_literal(b, &(struct hs_value){.kind = HS_V_NUMBER, .text = hs_buf_str(&digits)}, type);
    b->failed |= digits.failed;
    hs_buf_fini(&digits);
}

/* 17 digits are enough for every double to be read back as itself. */
void hs_buf_add_double_in(struct hs_buf *b, const struct hs_dialect *sql, double value)
{
    static const struct hs_type type = {.id = HS_T_DOUBLE};
    char text[40];
    snprintf(text, sizeof text, "%.17g", value);
    sql->add_literal(b, &(struct hs_value){.kind = HS_V_NUMBER, .text = hs_str_of(text)}, &type);
}
