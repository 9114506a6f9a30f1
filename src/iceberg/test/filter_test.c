/* A file that is left out never holds a row for which the filter is TRUE: random rows, the metrics, partition values
 * and summaries that good and bad writers would state for them, and random predicates, evaluated here row by row. */
#include "iceberg/plan_prune.h"
#include "iceberg/transform.h"
#include "model/model.h"
#include "seeds.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { MAX_ROWS = 8, FILES = 3, ROUNDS = 60000 };

static uint64_t seed_of_run = 20261121;

static unsigned pick(unsigned below)
{
    seed_of_run ^= seed_of_run << 13;
    seed_of_run ^= seed_of_run >> 7;
    seed_of_run ^= seed_of_run << 17;
    return (unsigned)(seed_of_run >> 20) % below;
}

/* ---- values ---- */

struct cell {
    bool null;
    int64_t i; /* decimals: unscaled, scale 2 */
    double d;
    hs_str s;
};

static const enum hs_type_id types[] = {HS_T_BOOLEAN, HS_T_INT,       HS_T_LONG,         HS_T_FLOAT,
                                        HS_T_DOUBLE,  HS_T_DECIMAL,   HS_T_DATE,         HS_T_STRING,
                                        HS_T_UUID,    HS_T_TIMESTAMP, HS_T_TIMESTAMP_NS, HS_T_BINARY};

static struct cell random_text(struct hs_arena *a)
{
    static const char *const stems[] = {
        "", "a", "ab", "b", "aaaaaaaaaaaaaaaa", "aaaaaaaaaaaaaaab", "\xc3\xa4", "\xf0\x9f\x98\x80"};
    char text[64];
    snprintf(text, sizeof text, "%s%s", stems[pick(8)], stems[pick(5)]);
    return (struct cell){.s = hs_arena_str(a, hs_str_of(text))};
}

static struct cell random_cell(struct hs_arena *a, enum hs_type_id type)
{
    static const double doubles[] = {-0.0, 0.0, 1.5, -2.25, INFINITY, -INFINITY, NAN, 3.0};
    struct cell c = {.i = (int64_t)pick(13) - 6};
    uint8_t uuid[16] = {0};
    if (pick(6) == 0)
        return (struct cell){.null = true};
    if (type == HS_T_FLOAT || type == HS_T_DOUBLE)
        c.d = doubles[pick(8)];
    else if (type == HS_T_BOOLEAN)
        c.i &= 1;
    else if (type == HS_T_DATE)
        c.i *= 20;
    else if (type == HS_T_TIMESTAMP)
        c.i *= 3600000000LL * (1 + pick(40));
    else if (type == HS_T_TIMESTAMP_NS)
        c.i *= 3600000000001LL * (1 + pick(40));
    else if (type == HS_T_STRING || type == HS_T_BINARY)
        return random_text(a);
    else if (type == HS_T_UUID) {
        uuid[0] = (uint8_t)(pick(4) * 0x55);
        uuid[8] = (uint8_t)(pick(4) * 0x55);
        uuid[15] = (uint8_t)pick(3);
        c.s = hs_arena_str(a, hs_str_n(uuid, 16));
    }
    return c;
}

static struct hs_param param_of(struct hs_arena *a, enum hs_type_id type, const struct cell *c)
{
    struct hs_param p = {.type = type, .null = c->null, .i = c->i, .d = c->d, .text = c->s};
    if (type == HS_T_DECIMAL) {
        p.precision = 9;
        p.scale = 2;
        p.text = hs_decimal_text(a, c->i, 2);
    }
    return p;
}

/* As the engine orders them. */
static int order(enum hs_type_id type, const struct cell *x, const struct cell *y)
{
    if (type == HS_T_STRING || type == HS_T_UUID || type == HS_T_BINARY)
        return hs_str_cmp(x->s, y->s);
    if (type != HS_T_FLOAT && type != HS_T_DOUBLE)
        return (x->i > y->i) - (x->i < y->i);
    if (isnan(x->d) || isnan(y->d))
        return !!isnan(x->d) - !!isnan(y->d);
    return (x->d > y->d) - (x->d < y->d);
}

/* ---- predicates ---- */

struct expr {
    enum hs_filter_op op; /* of a test, or AND, OR; TRUE stands for NOT */
    struct expr *parts[3];
    size_t part_count;
    struct cell values[3];
    size_t value_count;
};

static struct expr *random_expr(struct hs_arena *a, enum hs_type_id type, int depth)
{
    struct expr *e = HS_NEW(a, struct expr);
    unsigned kind = depth > 2 ? 9 : pick(10);
    if (kind < 4) {
        e->op = kind == 0 ? HS_FILTER_TRUE : kind == 1 ? HS_FILTER_OR : HS_FILTER_AND;
        e->part_count = kind == 0 ? 1 : 2 + pick(2);
        for (size_t i = 0; i < e->part_count; i++)
            e->parts[i] = random_expr(a, type, depth + 1);
        return e;
    }
    bool is_float = type == HS_T_FLOAT || type == HS_T_DOUBLE;
    do
        e->op = HS_FILTER_EQ + pick(HS_FILTER_NOT_STARTS_WITH - HS_FILTER_EQ + 1);
    while ((e->op >= HS_FILTER_STARTS_WITH && type != HS_T_STRING) ||
           ((e->op == HS_FILTER_IS_NAN || e->op == HS_FILTER_NOT_NAN) && !is_float));
    if (e->op <= HS_FILTER_GE || e->op >= HS_FILTER_STARTS_WITH)
        e->value_count = 1;
    else if (e->op == HS_FILTER_IN || e->op == HS_FILTER_NOT_IN)
        e->value_count = 1 + pick(3);
    for (size_t i = 0; i < e->value_count; i++)
        e->values[i] = random_cell(a, type);
    return e;
}

static const struct hs_filter *filter_of(struct hs_arena *a, enum hs_type_id type, const struct expr *e)
{
    const struct hs_filter *parts[3];
    struct hs_param values[3];
    for (size_t i = 0; i < e->part_count; i++)
        parts[i] = filter_of(a, type, e->parts[i]);
    for (size_t i = 0; i < e->value_count; i++)
        values[i] = param_of(a, type, &e->values[i]);
    if (e->op == HS_FILTER_TRUE)
        return hs_filter_not(a, parts[0]);
    if (e->op == HS_FILTER_AND)
        return hs_filter_and(a, parts, e->part_count);
    if (e->op == HS_FILTER_OR)
        return hs_filter_or(a, parts, e->part_count);
    return hs_filter_test(a, e->op, 1, values, e->value_count);
}

enum truth { NO, MAYBE, YES }; /* their order is that of AND (least) and OR (greatest) */

static enum truth compare_cells(enum hs_filter_op op, enum hs_type_id type, const struct cell *x, const struct cell *v)
{
    if (x->null || v->null)
        return MAYBE;
    int o = order(type, x, v);
    bool starts = hs_str_starts(x->s, v->s);
    bool is = op == HS_FILTER_EQ   ? o == 0
              : op == HS_FILTER_NE ? o != 0
              : op == HS_FILTER_LT ? o < 0
              : op == HS_FILTER_LE ? o <= 0
              : op == HS_FILTER_GT ? o > 0
              : op == HS_FILTER_GE ? o >= 0
                                   : starts == (op == HS_FILTER_STARTS_WITH);
    return is ? YES : NO;
}

static enum truth holds(enum hs_type_id type, const struct expr *e, const struct cell *x)
{
    enum truth out = e->op == HS_FILTER_OR || e->op == HS_FILTER_IN ? NO : YES;
    bool any = e->op == HS_FILTER_OR || e->op == HS_FILTER_IN;
    if (e->op == HS_FILTER_TRUE)
        return YES - holds(type, e->parts[0], x);
    if (e->op == HS_FILTER_IS_NULL || e->op == HS_FILTER_NOT_NULL)
        return x->null == (e->op == HS_FILTER_IS_NULL) ? YES : NO;
    if (e->op == HS_FILTER_IS_NAN || e->op == HS_FILTER_NOT_NAN)
        return x->null ? MAYBE : !!isnan(x->d) == (e->op == HS_FILTER_IS_NAN) ? YES : NO;
    for (size_t i = 0; i < e->part_count + e->value_count; i++) {
        enum hs_filter_op op = e->op == HS_FILTER_IN ? HS_FILTER_EQ : e->op == HS_FILTER_NOT_IN ? HS_FILTER_NE : e->op;
        enum truth one = e->part_count ? holds(type, e->parts[i], x) : compare_cells(op, type, x, &e->values[i]);
        if (any ? one > out : one < out)
            out = one;
    }
    return out;
}

/* ---- what writers state ---- */

static int signed_halves(const struct cell *x, const struct cell *y)
{
    uint8_t flipped[2][16];
    memcpy(flipped[0], x->s.at, 16);
    memcpy(flipped[1], y->s.at, 16);
    for (int i = 0; i < 2; i++) {
        flipped[i][0] ^= 0x80;
        flipped[i][8] ^= 0x80;
    }
    return memcmp(flipped[0], flipped[1], 16);
}

static hs_str little(struct hs_arena *a, uint64_t v, size_t len)
{
    char bytes[8];
    for (size_t i = 0; i < len; i++)
        bytes[i] = (char)(v >> 8 * i);
    return hs_arena_str(a, hs_str_n(bytes, len));
}

static hs_str serialize(struct hs_arena *a, enum hs_type_id type, const struct cell *c, bool old_width)
{
    float f = (float)c->d;
    uint32_t bits;
    uint64_t long_bits;
    char big[2] = {(char)((uint64_t)c->i >> 8), (char)c->i};
    memcpy(&bits, &f, sizeof bits);
    memcpy(&long_bits, &c->d, sizeof long_bits);
    if (type == HS_T_BOOLEAN)
        return little(a, (uint64_t)c->i, 1);
    if (type == HS_T_INT || type == HS_T_DATE || (type == HS_T_LONG && old_width))
        return little(a, (uint64_t)c->i, 4);
    if (type == HS_T_FLOAT || (type == HS_T_DOUBLE && old_width))
        return little(a, bits, 4);
    if (type == HS_T_DOUBLE)
        return little(a, long_bits, 8);
    if (type == HS_T_DECIMAL)
        return hs_arena_str(a, hs_str_n(big, 2));
    if (type == HS_T_STRING || type == HS_T_BINARY || type == HS_T_UUID)
        return hs_arena_str(a, c->s);
    return little(a, (uint64_t)c->i, 8);
}

/* Text cut at 16 bytes; the upper bound rounded up as it must be, or left as a careless writer would. */
static hs_str cut(struct hs_arena *a, enum hs_type_id type, hs_str bound, bool upper)
{
    if ((type != HS_T_STRING && type != HS_T_BINARY) || bound.len <= 16)
        return bound;
    hs_str out = hs_arena_str(a, (hs_str){bound.at, 16});
    if (upper && pick(2))
        ((char *)(uintptr_t)out.at)[15]++;
    return out;
}

static void state_metrics(struct hs_arena *a, enum hs_type_id type, const struct cell *rows, size_t count,
                          struct hs_entry *e)
{
    struct hs_column_metrics *m = HS_NEW(a, struct hs_column_metrics);
    const struct cell *low = NULL, *high = NULL;
    bool old_width = pick(2), by_halves = type == HS_T_UUID && pick(2);
    *m = (struct hs_column_metrics){.field_id = 1, .value_count = (int64_t)count};
    for (size_t i = 0; i < count; i++) {
        m->null_count += rows[i].null;
        m->nan_count += !rows[i].null && isnan(rows[i].d);
        if (rows[i].null || isnan(rows[i].d))
            continue;
        if (!low || (by_halves ? signed_halves(&rows[i], low) : order(type, &rows[i], low)) < 0)
            low = &rows[i];
        if (!high || (by_halves ? signed_halves(&rows[i], high) : order(type, &rows[i], high)) > 0)
            high = &rows[i];
    }
    if (low && pick(8))
        m->lower = cut(a, type, serialize(a, type, low, old_width), false);
    if (high && pick(8))
        m->upper = cut(a, type, serialize(a, type, high, old_width), true);
    if (pick(8) == 0)
        m->value_count = -1;
    if (pick(8) == 0)
        m->null_count = -1;
    if (pick(3) == 0 || (type != HS_T_FLOAT && type != HS_T_DOUBLE))
        m->nan_count = -1;
    e->metrics = m;
    e->metric_count = pick(10) != 0;
}

/* ---- partitions ---- */

struct fixture {
    struct hs_arena *arena;
    struct hs_type column, root, result;
    struct hs_field field;
    struct hs_schema schema;
    struct hs_partition_field by;
    struct hs_partition_spec spec;
    struct hs_iceberg_table table;
};

static void choose_partition(struct fixture *f)
{
    f->by = (struct hs_partition_field){.field_id = 1000, .source_id = 1};
    f->by.transform = HS_TR_IDENTITY + pick(HS_TR_UNKNOWN - HS_TR_IDENTITY + 1);
    f->by.parameter = (int)(f->by.transform == HS_TR_BUCKET ? 1 + pick(5) : 1 + pick(4));
    f->result = hs_transform_result(&f->by, &f->column);
    f->spec = (struct hs_partition_spec){.fields = &f->by, .field_count = 1};
    f->table = (struct hs_iceberg_table){.schemas = &f->schema, .schema_count = 1, .specs = &f->spec, .spec_count = 1};
}

static void setup_table(struct fixture *f, enum hs_type_id type)
{
    f->column = (struct hs_type){.id = type, .precision = 9, .scale = 2};
    f->field = (struct hs_field){.id = 1, .name = HS_S("x"), .type = &f->column};
    f->root = (struct hs_type){.id = HS_T_STRUCT, .fields = &f->field, .field_count = 1};
    f->schema = (struct hs_schema){.type = &f->root};
    choose_partition(f);
}

static struct hs_param partition_of(struct fixture *f, const struct cell *c)
{
    struct hs_param source = param_of(f->arena, f->column.id, c), p = {.type = f->result.id, .null = c->null};
    struct hs_comparable v, t;
    if (c->null || f->result.id == HS_T_UNKNOWN)
        return p;
    if (f->by.transform == HS_TR_IDENTITY)
        return source;
    assert_true(hs_comparable_of_param(&f->column, &source, &v));
    assert_true(hs_transform_value(&f->by, &f->column, &v, &t));
    struct cell out = {.i = t.kind == HS_C_DECIMAL ? (int64_t)t.decimal : t.i, .s = t.bytes};
    return param_of(f->arena, f->result.id, &out);
}

static bool same_param(const struct hs_param *x, const struct hs_param *y)
{
    bool same_double = x->d == y->d || (isnan(x->d) && isnan(y->d));
    return x->null == y->null && (x->null || (x->i == y->i && same_double && hs_str_eq(x->text, y->text)));
}

/* Rows of one partition. */
static size_t random_rows(struct fixture *f, struct cell *rows, struct hs_param *partition)
{
    size_t count = 0, wanted = 1 + pick(MAX_ROWS);
    rows[count++] = random_cell(f->arena, f->column.id);
    *partition = partition_of(f, &rows[0]);
    for (int tries = 0; tries < 20 && count < wanted; tries++) {
        rows[count] = random_cell(f->arena, f->column.id);
        struct hs_param p = partition_of(f, &rows[count]);
        count += same_param(partition, &p);
    }
    return count;
}

/* Early writers rounded times before 1970 towards 1970. */
static void spoil(struct fixture *f, struct hs_param *partition)
{
    if (f->by.transform >= HS_TR_YEAR && f->by.transform <= HS_TR_HOUR && partition->i < 0 && pick(3) == 0)
        partition->i++;
}

static struct hs_field_summary summarize(struct fixture *f, const struct hs_param *values, size_t count)
{
    struct hs_field_summary s = {.has_contains_nan = pick(2)};
    struct cell cells[FILES], *low = NULL, *high = NULL;
    for (size_t i = 0; i < count; i++) {
        cells[i] = (struct cell){.null = values[i].null, .i = values[i].i, .d = values[i].d, .s = values[i].text};
        if (f->result.id == HS_T_DECIMAL && !values[i].null) {
            __int128 unscaled;
            assert_true(hs_decimal_of_text(values[i].text, 2, &unscaled));
            cells[i].i = (int64_t)unscaled;
        }
        s.contains_null |= values[i].null;
        s.contains_nan |= !values[i].null && isnan(values[i].d);
        if (values[i].null || isnan(values[i].d))
            continue;
        low = !low || order(f->result.id, &cells[i], low) < 0 ? &cells[i] : low;
        high = !high || order(f->result.id, &cells[i], high) > 0 ? &cells[i] : high;
    }
    if (low && f->result.id != HS_T_UNKNOWN) {
        s.lower = serialize(f->arena, f->result.id, low, false);
        s.upper = serialize(f->arena, f->result.id, high, false);
    }
    return s;
}

/* ---- the property ---- */

struct tally {
    long files, left_out, could_be, manifests, manifests_left_out;
};

static void complain(const struct fixture *f, const struct hs_filter *filter, size_t row)
{
    struct hs_buf b;
    hs_buf_init(&b, 1 << 16);
    hs_buf_add_filter(&b, filter);
    print_message("%s, transform %d(%d): row %zu was lost by %.*s\n", hs_type_name(f->column.id), (int)f->by.transform,
                  f->by.parameter, row, HS_FMT(hs_buf_str(&b)));
    hs_buf_fini(&b);
}

static bool one_file(struct fixture *f, const struct hs_pruner *p, const struct expr *e, const struct hs_filter *filter,
                     struct hs_param *partition, struct tally *n)
{
    struct cell rows[MAX_ROWS + 1];
    struct hs_entry entry = {.partition = partition, .partition_count = 1};
    size_t count = random_rows(f, rows, partition), match = SIZE_MAX;
    spoil(f, partition);
    entry.record_count = (int64_t)count;
    state_metrics(f->arena, f->column.id, rows, count, &entry);
    for (size_t i = 0; i < count; i++)
        if (holds(f->column.id, e, &rows[i]) == YES)
            match = i;
    bool kept = hs_pruner_entry(p, 0, &entry);
    if (!kept && match != SIZE_MAX)
        complain(f, filter, match);
    assert_true(kept || match == SIZE_MAX);
    n->files++;
    n->left_out += !kept;
    n->could_be += match == SIZE_MAX;
    return match != SIZE_MAX;
}

static void one_round(enum hs_type_id type, struct tally *n)
{
    struct fixture f = {.arena = hs_arena_new(0)};
    struct hs_pruner *p;
    struct hs_err err;
    struct hs_param partitions[FILES];
    bool matches = false;
    setup_table(&f, type);
    struct expr *e = random_expr(f.arena, type, 0);
    const struct hs_filter *filter = filter_of(f.arena, type, e);
    assert_int_equal(hs_pruner_new(f.arena, &f.table, filter, &p, &err), HS_OK);
    for (size_t i = 0; i < FILES; i++)
        matches |= one_file(&f, p, e, filter, &partitions[i], n);
    struct hs_field_summary summary = summarize(&f, partitions, FILES);
    struct hs_manifest_file listed = {.summaries = &summary, .summary_count = 1};
    bool kept = hs_pruner_manifest(p, &listed);
    assert_true(kept || !matches);
    n->manifests++;
    n->manifests_left_out += !kept;
    hs_arena_free(f.arena);
}

static void test_property(void **state)
{
    (void)state;
    struct tally n = {0};
    for (int i = 0; i < ROUNDS; i++)
        one_round(types[(size_t)i % (sizeof types / sizeof *types)], &n);
    printf("files %ld, without a match %ld, left out %ld; manifests %ld, left out %ld\n", n.files, n.could_be,
           n.left_out, n.manifests, n.manifests_left_out);
    assert_true(n.left_out * 100 > n.could_be * 50); /* and it is worth it */
    assert_true(n.manifests_left_out > n.manifests / 20);
}

/* ---- single cases ---- */

static bool keeps(struct fixture *f, const struct hs_filter *filter, const struct hs_entry *entry)
{
    struct hs_pruner *p;
    struct hs_err err;
    assert_int_equal(hs_pruner_new(f->arena, &f->table, filter, &p, &err), HS_OK);
    return hs_pruner_entry(p, 0, entry);
}

static void test_cases(void **state)
{
    (void)state;
    struct fixture f = {.arena = hs_arena_new(0)};
    struct hs_param none = {.type = HS_T_UNKNOWN, .text = HS_S("?")}, five = {.type = HS_T_LONG, .i = 5};
    struct hs_param half = {.type = HS_T_DECIMAL, .precision = 2, .scale = 1, .text = HS_S("5.5")};
    struct hs_column_metrics m = {
        .field_id = 1, .value_count = 3, .lower = HS_S("\6\0\0\0"), .upper = HS_S("\7\0\0\0")};
    struct hs_entry e = {.record_count = 3, .partition = &none, .partition_count = 1, .metrics = &m, .metric_count = 1};
    setup_table(&f, HS_T_LONG);
    f.by.transform = HS_TR_UNKNOWN;
    assert_false(keeps(&f, hs_filter_test(f.arena, HS_FILTER_EQ, 1, &five, 1), &e));
    assert_true(keeps(&f, hs_filter_test(f.arena, HS_FILTER_GT, 1, &five, 1), &e));
    assert_true(
        keeps(&f, hs_filter_test(f.arena, HS_FILTER_LT, 1, &half, 1), &e)); /* no value of this column: no proof */
    assert_true(keeps(&f, hs_filter_test(f.arena, HS_FILTER_EQ, 2, &five, 1), &e)); /* no such column */
    assert_false(keeps(&f, hs_filter_test(f.arena, HS_FILTER_IS_NULL, 1, NULL, 0), &e));
    e.record_count = 4; /* the counts are not of every row */
    assert_true(keeps(&f, hs_filter_test(f.arena, HS_FILTER_IS_NULL, 1, NULL, 0), &e));
    e.content = HS_CONTENT_EQUALITY_DELETES; /* by partition alone */
    assert_true(keeps(&f, hs_filter_test(f.arena, HS_FILTER_EQ, 1, &five, 1), &e));
    assert_true(keeps(&f, NULL, &e));
    assert_false(keeps(&f, hs_filter_constant(HS_FILTER_FALSE), &e));
    assert_true(keeps(&f, hs_filter_not(f.arena, hs_filter_constant(HS_FILTER_FALSE)), &e));
    assert_false(keeps(&f, hs_filter_not(f.arena, hs_filter_constant(HS_FILTER_UNKNOWN)), &e));
    assert_true(keeps(&f, hs_filter_not(f.arena, hs_filter_constant(HS_FILTER_ANY)), &e));
    assert_null(hs_filter_not(f.arena, NULL));
    e.partition_count = 2; /* not of this spec: nothing is concluded */
    assert_true(keeps(&f, hs_filter_constant(HS_FILTER_FALSE), &e));
    hs_arena_free(f.arena);
}

/* Java computes -2147483648 - ((-2147483648 % 3 + 3) % 3) in 32 bits: the least number stands in partition 2147483647.
 */
static void test_wrapped_truncation(void **state)
{
    (void)state;
    struct fixture f = {.arena = hs_arena_new(0)};
    struct hs_param end = {.type = HS_T_INT, .i = INT32_MAX}, far = {.type = HS_T_INT, .i = 2147483001};
    struct hs_param five = {.type = HS_T_LONG, .i = 5}, least = {.type = HS_T_LONG, .i = INT32_MIN};
    struct hs_entry wrapped = {.record_count = 5, .partition = &end, .partition_count = 1};
    struct hs_entry sound = {.record_count = 5, .partition = &far, .partition_count = 1};
    struct hs_err err;
    setup_table(&f, HS_T_LONG);
    f.by.transform = HS_TR_TRUNCATE;
    f.by.parameter = 3;
    const struct hs_filter *below = hs_filter_test(f.arena, HS_FILTER_LT, 1, &five, 1);
    assert_true(keeps(&f, below, &wrapped));
    assert_true(keeps(&f, hs_filter_test(f.arena, HS_FILTER_EQ, 1, &least, 1), &wrapped));
    assert_false(keeps(&f, below, &sound));
    end.i = INT64_MAX;
    assert_true(keeps(&f, below, &wrapped));
    struct hs_field_summary summary = {.lower = HS_S("\xff\xff\xff\x7f"), .upper = HS_S("\xff\xff\xff\x7f")};
    struct hs_manifest_file listed = {.summaries = &summary, .summary_count = 1};
    struct hs_pruner *p;
    assert_int_equal(hs_pruner_new(f.arena, &f.table, below, &p, &err), HS_OK);
    assert_true(hs_pruner_manifest(p, &listed));
    summary.lower = summary.upper = HS_S("\0\0\0\x10");
    assert_false(hs_pruner_manifest(p, &listed));
    f.by.parameter = 4; /* meets the least number exactly */
    end.i = INT32_MAX - 3;
    assert_false(keeps(&f, below, &wrapped));
    hs_arena_free(f.arena);
}

/* A whole plan: data/mini has three rows in the partition EU and two in US. */
static int64_t planned_rows(enum hs_filter_op op, const char *region)
{
    struct hs_prefix_map map = {HS_S("s3://bucket/mini"), mini_root()};
    struct hs_store store = {.root = mini_root(), .prefixes = &map, .prefix_count = 1};
    struct hs_param value = {.type = HS_T_STRING, .text = hs_str_of(region)};
    struct hs_arena *a = hs_arena_new(0);
    struct hs_plan_request request = {.store = &store, .filter = hs_filter_test(a, op, 2, &value, 1)};
    struct hs_type wanted = {.id = HS_T_STRUCT};
    struct hs_iceberg_table *t;
    struct hs_pin pin;
    struct hs_plan plan;
    struct hs_err err;
    assert_int_equal(hs_iceberg_open(&store, &t, &err), HS_OK);
    assert_int_equal(hs_iceberg_pin(a, t, NULL, &pin, &err), HS_OK);
    wanted.fields = pin.schema->fields;
    wanted.field_count = 2;
    request.pin = &pin;
    request.wanted = &wanted;
    assert_int_equal(hs_iceberg_plan(a, &request, &plan, &err), HS_OK);
    int64_t rows = plan.record_count;
    hs_iceberg_unref(t);
    hs_arena_free(a);
    return rows;
}

static void test_plan(void **state)
{
    (void)state;
    assert_int_equal(planned_rows(HS_FILTER_EQ, "EU"), 3);
    assert_int_equal(planned_rows(HS_FILTER_EQ, "US"), 2);
    assert_int_equal(planned_rows(HS_FILTER_NE, "US"), 3);
    assert_int_equal(planned_rows(HS_FILTER_GT, "A"), 5);
    assert_int_equal(planned_rows(HS_FILTER_EQ, "ASIA"), 0);
}

static void plan_asked(const struct hs_filter *(*asked)(struct hs_arena *a), bool hidden, bool plain,
                       struct hs_plan *out)
{
    struct hs_prefix_map map = {HS_S("s3://bucket/mini"), mini_root()};
    struct hs_store store = {.root = mini_root(), .prefixes = &map, .prefix_count = 1};
    struct hs_arena *a = hs_arena_new(0);
    struct hs_plan_request request = {.store = &store, .asked = asked(a), .rows_hidden = hidden, .asked_plain = plain};
    struct hs_type wanted = {.id = HS_T_STRUCT, .field_count = 2};
    struct hs_iceberg_table *t;
    struct hs_pin pin;
    struct hs_err err;
    assert_int_equal(hs_iceberg_open(&store, &t, &err), HS_OK);
    assert_int_equal(hs_iceberg_pin(a, t, NULL, &pin, &err), HS_OK);
    wanted.fields = pin.schema->fields;
    request.pin = &pin;
    request.wanted = &wanted;
    assert_int_equal(hs_iceberg_plan(a, &request, out, &err), HS_OK);
    hs_iceberg_unref(t);
    hs_arena_free(a); /* counts stay */
}

static const struct hs_filter *region_eu(struct hs_arena *a)
{
    struct hs_param value = {.type = HS_T_STRING, .text = HS_S("EU")};
    return hs_filter_test(a, HS_FILTER_EQ, 2, &value, 1);
}

static const struct hs_filter *id_beyond(struct hs_arena *a)
{
    struct hs_param value = {.type = HS_T_LONG, .i = 1000};
    return hs_filter_test(a, HS_FILTER_GT, 1, &value, 1);
}

/* What is asked goes by everything known of a file; where rows are hidden by its partition, and in plain statements. */
static void test_asked(void **state)
{
    struct hs_plan plan;
    (void)state;
    plan_asked(region_eu, false, false, &plan);
    assert_true(plan.record_count == 3 && !plan.estimate_is_fixed);
    plan_asked(region_eu, true, true, &plan);
    assert_true(plan.record_count == 3 && plan.estimate_is_fixed && plan.record_estimate == 5);
    plan_asked(id_beyond, true, true, &plan);
    assert_true(plan.record_count == 5 && plan.record_estimate == 5 && plan.left_out == 0);
    plan_asked(region_eu, true, false, &plan);
    assert_true(plan.record_count == 5 && !plan.estimate_is_fixed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_property), cmocka_unit_test(test_wrapped_truncation),
                                       cmocka_unit_test(test_cases), cmocka_unit_test(test_plan),
                                       cmocka_unit_test(test_asked)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
