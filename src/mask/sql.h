/* Types and literals as each engine writes them: shared by the masks here and by the rules' printers in policy/. */
#ifndef HS_MASK_SQL_H
#define HS_MASK_SQL_H

#include "model/model.h"

/* False: DuckDB has no literal name for it that we trust. */
bool hs_buf_add_duckdb_type(struct hs_buf *b, const struct hs_type *type);
void hs_buf_add_duckdb_literal(struct hs_buf *b, const struct hs_value *v, const struct hs_type *type);

#endif
