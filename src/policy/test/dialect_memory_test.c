/* The printers for other engines while memory runs out: whichever allocation fails, the answer is that, and never
 * another text; masks and rules of every kind are in what is printed. */
#include "policy/dialect/dialect_in.h"
#include "policy/test/world.h"

static struct world w;
static struct hs_decision *decision;
static const struct hs_principal ana = {.name = {"ana", 3}};

static void arg(struct hs_policy *p, const char *name, const char *value)
{
    w_arg(&w, p, name, value);
}

static void list_arg(struct hs_policy *p, const char *name, size_t count, const char *const *values)
{
    arg(p, name, "1");
    struct hs_value *v = &p->args->value;
    *v = (struct hs_value){.kind = HS_V_LIST, .items = hs_arena_array(w.arena, count, sizeof *v->items)};
    for (size_t i = 0; i < count; i++)
        v->items[v->item_count++] = w_rule(&w, values[i])->value;
}

static void add_masks(void)
{
    struct hs_policy *p = w_mask(&w, "pattern", "email", "replace-pattern");
    arg(p, "pattern", "'(?:a|b)[0-9]{2,4}c?@'");
    p->args = memcpy(hs_arena_array(w.arena, 2, sizeof *p->args), p->args, sizeof *p->args);
    p->args[1] = (struct hs_mask_arg){HS_S("with"), {.kind = HS_V_TEXT, .text = HS_S("\\1$&")}};
    p->arg_count = 2;
    p->when = w_rule(&w, "any(items, price * 2 > row.amount) or amount % 0.7 > 0.3");
    arg(w_mask(&w, "round", "amount", "round"), "digits", "0");
    arg(w_mask(&w, "wide", "score", "bucket"), "width", "2.5");
    arg(w_mask(&w, "first", "customer.street", "show-first-n"), "n", "2");
    arg(w_mask(&w, "narrow", "customer.geo.lat", "round"), "digits", "-1");
    w_mask(&w, "drop", "items", "drop-elements")->elements = w_element_rule(&w, "price > 1 or sku = row.email");
    w_mask(&w, "null", "notes", "nullify-elements")->elements = w_element_rule(&w, "key = 'n0'");
    arg(w_mask(&w, "year", "born", "truncate-date"), "unit", "'year'");
    list_arg(w_mask(&w, "ends", "id", "bucket"), "boundaries", 3, (const char *const[]){"0", "18", "65"});
    w_mask(&w, "token", "region", "hmac-token");
}

static int begin(void **state)
{
    (void)state;
    w_init(&w);
    w_columns(&w, w_grant(&w, "g", NULL, "region in ('EU', 'US') or seen + days(1) > timestamp '2026-01-01 00:00:00Z'"),
              7, (const char *const[]){"id", "email", "region", "amount", "customer", "items", "notes"});
    w_columns(&w, w_grant(&w, "h", NULL, "customer.city is null or not (score > 0.5)"), 4,
              (const char *const[]){"id", "born", "score", "active"});
    w_row_rule(&w, "r", "id not in (1, 2, null) and email starts with 'a' and amount between 1.005 and id");
    add_masks();
    decision = w_ok(&w, &ana);
    return 0;
}

static int end(void **state)
{
    (void)state;
    w_fini(&w);
    return 0;
}

/* ---- the printers, each behind one signature ---- */

static const struct hs_dialect *sql;
static size_t column;

static hs_rc print_rows(struct hs_buf *b, enum hs_fit *fit)
{
    return hs_print_dialect_rows(b, sql, decision, fit, &w.err);
}

static hs_rc print_column(struct hs_buf *b, enum hs_fit *fit)
{
    return hs_print_dialect_column(b, sql, decision, column, fit, &w.err);
}

static hs_rc print_types(struct hs_buf *b, enum hs_fit *fit)
{
    *fit = HS_FIT_EXACT;
    return hs_print_postgres_types(b, decision, &w.err);
}

static hs_rc print_restrictions(struct hs_buf *b, enum hs_fit *fit)
{
    return hs_print_read_restrictions(b, decision, fit, &w.err);
}

/* Each allocation in turn fails. */
static void sweep(hs_rc (*print)(struct hs_buf *b, enum hs_fit *fit), hs_rc want)
{
    struct hs_buf whole, b;
    enum hs_fit fit = HS_FIT_EXACT, wanted = HS_FIT_EXACT;
    hs_buf_init(&whole, 1 << 20);
    assert_int_equal(print(&whole, &wanted), want);
    long n = 0;
    for (bool done = false; !done; n++) {
        hs_buf_init(&b, 1 << 20);
        hs_fault_alloc_after(n);
        hs_rc rc = print(&b, &fit);
        done = hs_fault_alloc_after(-1) <= n;
        if (rc != HS_NOMEM) {
            assert_int_equal(rc, want);
            assert_int_equal(fit, wanted);
            if (rc == HS_OK)
                assert_string_equal(hs_buf_str(&b).at, hs_buf_str(&whole).at);
        } else
            assert_false(done);
        hs_buf_fini(&b);
    }
    assert_true(n > 0);
    hs_buf_fini(&whole);
}

static void test_sql(void **state)
{
    static const struct hs_dialect *const all[] = {&hs_trino, &hs_postgres};
    (void)state;
    for (size_t i = 0; i < COUNT(all); i++) {
        sql = all[i];
        sweep(print_rows, HS_OK);
        for (column = 0; column < decision->column_count; column++) {
            bool map = decision->columns[column].field->type->id == HS_T_MAP;
            sweep(print_column, map && i == 1 ? HS_UNSUPPORTED : HS_OK);
        }
    }
}

static void test_others(void **state)
{
    (void)state;
    sweep(print_types, HS_OK);
    sweep(print_restrictions, HS_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_sql, begin, end),
        cmocka_unit_test_setup_teardown(test_others, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
