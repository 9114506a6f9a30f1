/* bucket: the lower end of the range that a number lies in: ranges of one width, or between given boundaries. */
#include "mask/mask.h"
#include "mask/sql.h"

#include "base/alloc.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { MAX_BOUNDARIES = 256 };

static bool is_number(const struct hs_value *v)
{
    return v->kind == HS_V_INT || v->kind == HS_V_NUMBER;
}

static hs_rc check_boundaries(const struct hs_value *list, const struct hs_type *type, struct hs_err *err)
{
    if (list->kind != HS_V_LIST || !list->item_count || list->item_count > MAX_BOUNDARIES)
        return hs_fail(err, HS_INVALID, "boundaries is a list of 1 to %d numbers", MAX_BOUNDARIES);
    for (size_t i = 0; i < list->item_count; i++) {
        hs_whole n;
        if (!is_number(&list->items[i]) ||
            (i && hs_mask_double(&list->items[i]) <= hs_mask_double(&list->items[i - 1])))
            return hs_fail(err, HS_INVALID, "boundaries are numbers, each greater than the one before");
        if (type && hs_mask_is_whole(type->id) && !hs_mask_scaled(&list->items[i], type, &n))
            return hs_fail(err, HS_INVALID, "boundary %zu is no value of the column's type", i + 1);
    }
    return HS_OK;
}

static hs_rc check(const struct hs_mask_call *call, struct hs_err *err)
{
    const struct hs_value *width = hs_mask_arg(call, "width"), *boundaries = hs_mask_arg(call, "boundaries");
    hs_whole n;
    if (!width == !boundaries)
        return hs_fail(err, HS_INVALID, "bucket needs either 'width' or 'boundaries'");
    if (boundaries)
        return check_boundaries(boundaries, call->type, err);
    double w = is_number(width) ? hs_mask_double(width) : 0;
    if (!(w > 0) || !isfinite(w))
        return hs_fail(err, HS_INVALID, "width is a number greater than 0");
    if (call->type && hs_mask_is_whole(call->type->id) && !hs_mask_scaled(width, call->type, &n))
        return hs_fail(err, HS_INVALID, "width is no value of the column's type");
    return HS_OK;
}

/* Towards minus infinity, and where that is no value of the type, its least one. */
static void print_width(struct hs_buf *out, const struct hs_mask_call *call, hs_whole w)
{
    const struct hs_type *t = call->type;
    hs_str x = call->x;
    struct hs_buf rest;
    hs_buf_init(&rest, out->max);
    hs_buf_addf(&rest, "(%.*s %% ", HS_FMT(x));
    hs_buf_add_scaled(&rest, w, t);
    hs_buf_addc(&rest, ')');
    hs_str r = hs_buf_str(&rest);
    hs_buf_addf(out, "TRY_CAST(CASE WHEN %.*s >= ", HS_FMT(r));
    hs_buf_add_scaled(out, 0, t);
    hs_buf_addf(out, " THEN %.*s - %.*s WHEN %.*s - %.*s >= ", HS_FMT(x), HS_FMT(r), HS_FMT(x), HS_FMT(r));
    hs_buf_add_scaled(out, hs_mask_least(t) + w, t);
    hs_buf_addf(out, " THEN %.*s - %.*s - ", HS_FMT(x), HS_FMT(r));
    hs_buf_add_scaled(out, w, t);
    hs_buf_addf(out, " WHEN %.*s IS NOT NULL THEN ", HS_FMT(x));
    hs_buf_add_scaled(out, hs_mask_least(t), t);
    hs_buf_addz(out, " END AS ");
    hs_buf_add_duckdb_type(out, t);
    hs_buf_addc(out, ')');
    out->failed |= rest.failed;
    hs_buf_fini(&rest);
}

static void print_boundaries(struct hs_buf *out, const struct hs_mask_call *call, const struct hs_value *list)
{
    hs_buf_addz(out, "CASE");
    for (size_t i = list->item_count; i-- > 0;) {
        hs_buf_addf(out, " WHEN %.*s ", HS_FMT(call->x));
        hs_buf_addz(out, i ? ">= " : "IS NOT NULL");
        if (i)
            hs_buf_add_duckdb_literal(out, &list->items[i], call->type);
        hs_buf_addz(out, " THEN ");
        hs_buf_add_duckdb_literal(out, &list->items[i], call->type);
    }
    hs_buf_addz(out, " END");
}

static void print(struct hs_buf *out, const struct hs_mask_call *call)
{
    const struct hs_value *width = hs_mask_arg(call, "width"), *boundaries = hs_mask_arg(call, "boundaries");
    struct hs_native_call c;
    hs_whole w;
    char text[40];
    if (boundaries) {
        print_boundaries(out, call, boundaries);
        return;
    }
    if (hs_mask_scaled(width, call->type, &w)) {
        print_width(out, call, w);
        return;
    }
    hs_native_call_begin(&c, out, call);
    snprintf(text, sizeof text, "%a", hs_mask_double(width));
    hs_setup_add(&c.setup, hs_str_of(text));
    hs_setup_add_int(&c.setup, call->type->id == HS_T_FLOAT);
    hs_native_call_end_number(&c, call);
}

struct state {
    double width;
    bool narrow; /* float */
};

static void *open_state(const struct hs_native_setup *setup)
{
    hs_str rest = setup->fields, width;
    int64_t narrow;
    char text[40] = {0};
    struct state *s = hs_calloc(1, sizeof *s);
    if (!s || !hs_setup_next(&rest, &width) || width.len >= sizeof text || !hs_setup_next_int(&rest, &narrow)) {
        hs_free(s);
        return NULL;
    }
    memcpy(text, width.at, width.len);
    *s = (struct state){strtod(text, NULL), narrow != 0};
    return s;
}

static bool mask(const void *state, void *work, enum hs_native_kind kind, struct hs_native_value *v, struct hs_buf *out)
{
    const struct state *s = state;
    double x = v->real, y = floor(x / s->width) * s->width;
    (void)work, (void)kind, (void)out;
    if (isnan(x) || isinf(x) || !isfinite(y)) /* a width far below the number's last digit */
        return true;
    if (s->narrow)
        y = fmax(fmin(y, FLT_MAX), -FLT_MAX);
    v->real = y == 0 ? 0 : y;
    return true;
}

static const struct hs_native native = {
    .kinds = 1u << HS_NATIVE_DOUBLE, .open = open_state, .close = hs_free, .mask = mask};

static const struct hs_mask_arg_spec args[] = {
    {"width", "how wide each range is; they begin at 0", true},
    {"boundaries", "or where they begin, a list of rising numbers", true},
};

static const struct hs_mask_example examples[] = {
    {"long", "width: 10", "42", "40"},
    {"long", "width: 10", "-1", "-10"},
    {"long", "width: 10", "-9223372036854775808", "-9223372036854775808"},
    {"long", "width: 10", NULL, NULL},
    {"int", "boundaries: [0, 18, 30, 65]", "29", "18"},
    {"int", "boundaries: [0, 18, 30, 65]", "-5", "0"},
    {"int", "boundaries: [0, 18, 30, 65]", "65", "65"},
    {"decimal(10, 2)", "width: 0.25", "12.49", "12.25"},
    {"decimal(10, 2)", "width: 1000", "-99999999.99", "-99999999.99"},
    {"decimal(38, 0)", "width: 7", "15", "14"},
    {"double", "width: 0.5", "-0.1", "-0.5"},
    {"double", "width: 10", "inf", "inf"},
    {"double", "boundaries: [0, 0.5]", "nan", "0.5"},
    {"float", "width: 100", "250.5", "200"},
};

const struct hs_mask_function hs_mask_bucket = {
    .name = "bucket",
    .text = "The lower end of the range that the number lies in. Ranges have one width and begin at 0, or begin at the "
            "boundaries given; what lies below the first boundary is shown as the first.",
    .accepts = HS_ON(HS_T_INT) | HS_ON(HS_T_LONG) | HS_ON(HS_T_FLOAT) | HS_ON(HS_T_DOUBLE) | HS_ON(HS_T_DECIMAL),
    .args = args,
    .arg_count = HS_COUNT(args),
    .check = check,
    .print_duckdb = print,
    .native = &native,
    .examples = examples,
    .example_count = HS_COUNT(examples),
};
