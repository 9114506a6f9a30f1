/* `hailstorm policy test`: the decision that a server would make, over rows that a producer gives, in the engine that a
 * server would ask, compared with what he wrote down. */
#include "access/cases_in.h"

#include "base/clock.h"

#include <stdio.h>

enum { CASES_MAX_BYTES = 4 << 20 };

#define no_memory(err) hs_fail((err), HS_NOMEM, "out of memory")

/* ---- comparing ---- */

static void complain_at(struct testing *t, int line)
{
    hs_buf_addf(&t->complaints, "  %.*s:%d: ", HS_FMT(t->file), line);
}

static int given_line(const struct testing *t, int64_t number)
{
    const struct hs_yaml *item = t->test->rows->first;
    for (int64_t i = 1; item && i < number; i++)
        item = item->next;
    return item ? item->line : 0;
}

static void compare_cell(struct testing *t, int line, hs_str column, const struct shown_row *got, hs_str expected,
                         hs_str is)
{
    if (hs_str_eq(expected, is))
        return;
    complain_at(t, line);
    hs_buf_addf(&t->complaints, "%.*s of given row %lld (line %d): expected %.*s, got %.*s\n", HS_FMT(column),
                (long long)got->number, given_line(t, got->number), HS_FMT(expected), HS_FMT(is));
}

static size_t column_at(const struct shown *s, hs_str name)
{
    for (size_t i = 1; i < s->schema->field_count; i++)
        if (hs_str_eq(s->schema->fields[i].name, name))
            return i;
    return 0;
}

static void compare_rows(struct testing *t, const struct hs_case *c, const struct shown *got,
                         const struct shown *expected)
{
    size_t n = 0;
    for (const struct hs_yaml *row = c->rows->first; row; row = row->next, n++) {
        if (n >= got->rows.len) {
            complain_at(t, row->line);
            hs_buf_addf(&t->complaints, "expected a %zu. row, and %zu are visible\n", n + 1, got->rows.len);
            continue;
        }
        for (const struct hs_yaml *k = row->first; k; k = k->next->next) {
            size_t at = column_at(got, k->text);
            compare_cell(t, k->line, k->text, &got->rows.at[n], expected->rows.at[n].cells[at],
                         got->rows.at[n].cells[at]);
        }
    }
    for (; n < got->rows.len; n++) {
        complain_at(t, c->rows->line);
        hs_buf_addf(&t->complaints, "given row %lld (line %d) is visible, and not expected\n",
                    (long long)got->rows.at[n].number, given_line(t, got->rows.at[n].number));
    }
}

static void compare_cells(struct testing *t, const struct hs_case *c, const struct shown *got,
                          const struct shown *expected)
{
    size_t first = c->rows ? c->rows->count : 0;
    for (size_t i = 0; i < c->cells.len; i++) {
        const struct hs_case_cell *cell = &c->cells.at[i];
        const struct shown_row *row = NULL;
        size_t at = column_at(got, cell->column);
        for (size_t k = 0; k < got->rows.len; k++)
            if (got->rows.at[k].number == cell->row)
                row = &got->rows.at[k];
        if (row) {
            compare_cell(t, cell->at.line, cell->column, row, expected->rows.at[first + i].cells[at], row->cells[at]);
            continue;
        }
        complain_at(t, cell->at.line);
        hs_buf_addf(&t->complaints, "given row %lld (line %d) is not visible\n", (long long)cell->row,
                    given_line(t, cell->row));
    }
}

static void add_list(struct hs_buf *b, const struct hs_decision *d)
{
    for (size_t i = 0; i < d->column_count; i++)
        hs_buf_addf(b, "%s%.*s", i ? ", " : "", HS_FMT(d->columns[i].field->name));
}

static void compare_columns(struct testing *t, const struct hs_case *c, const struct hs_decision *d)
{
    size_t met = 0;
    for (size_t i = 0; i < d->column_count; i++)
        for (size_t k = 0; k < c->column_count; k++)
            if (hs_str_eq(d->columns[i].field->name, c->columns[k])) {
                met++;
                break;
            }
    if (met == d->column_count && met == c->column_count)
        return;
    complain_at(t, c->at.line);
    hs_buf_addz(&t->complaints, "expected the columns ");
    for (size_t k = 0; k < c->column_count; k++)
        hs_buf_addf(&t->complaints, "%s%.*s", k ? ", " : "", HS_FMT(c->columns[k]));
    hs_buf_addz(&t->complaints, ", got ");
    add_list(&t->complaints, d);
    hs_buf_addc(&t->complaints, '\n');
}

static hs_rc compare_values(struct testing *t, const struct hs_case *c, const struct hs_decision *d, struct hs_err *err)
{
    struct shown got, expected;
    if (d->minimum) {
        complain_at(t, c->at.line);
        hs_buf_addf(&t->complaints, "only aggregates over at least %d rows are answered: no row is visible\n",
                    d->minimum);
        return HS_OK;
    }
    HS_TRY(hs_case_expect(t, c, d, &expected, err));
    HS_TRY(hs_case_show(t, d, &got, err));
    if (c->visible >= 0 && (size_t)c->visible != got.rows.len) {
        complain_at(t, c->at.line);
        hs_buf_addf(&t->complaints, "expected %lld visible rows, got %zu\n", (long long)c->visible, got.rows.len);
    }
    if (c->rows)
        compare_rows(t, c, &got, &expected);
    compare_cells(t, c, &got, &expected);
    return HS_OK;
}

static hs_rc compare(struct testing *t, const struct hs_case *c, const struct hs_decision *d, struct hs_err *err)
{
    if (c->has_columns)
        compare_columns(t, c, d);
    if (c->minimum >= 0 && c->minimum != d->minimum) {
        complain_at(t, c->at.line);
        hs_buf_addf(&t->complaints, "expected groups of at least %lld rows, got %d\n", (long long)c->minimum,
                    d->minimum);
    }
    return c->rows || c->visible >= 0 || c->cells.len ? compare_values(t, c, d, err) : HS_OK;
}

/* ---- a case ---- */

static hs_rc who_asks(struct testing *t, const struct hs_case *c, struct hs_principal **out, struct hs_err *err)
{
    if (c->as.len)
        HS_TRY(hs_auth_assume(t->model, c->as, t->arena, out, err));
    else
        *out = (struct hs_principal *)&c->who;
    HS_TRY(hs_may_state(*out, "purposes", c->purpose, err));
    return hs_may_state(*out, "workspaces", c->workspace, err);
}

static void complain_refused(struct testing *t, const struct hs_case *c, const struct hs_err *why)
{
    if (c->refused)
        return;
    complain_at(t, c->at.line);
    hs_buf_addf(&t->complaints, "refused: %s\n", why->detail);
}

static hs_rc test_case(struct testing *t, const struct hs_case *c, struct hs_err *err)
{
    struct hs_principal *who;
    struct hs_decision *d;
    struct hs_err why;
    struct hs_facts facts = {c->now_us ? c->now_us : hs_wall_us(), c->purpose, c->workspace};
    hs_err_clear(&why);
    hs_rc rc = who_asks(t, c, &who, &why);
    if (rc != HS_OK && rc != HS_DENIED)
        return hs_fail(err, rc, "%s", why.detail);
    if (rc == HS_OK)
        rc = hs_policy_decide(t->arena, t->model, who, t->table, t->bound, &facts, &d, &why);
    if (rc == HS_OK && !d->allowed)
        rc = hs_fail(&why, HS_DENIED, "the table is not visible");
    if (rc != HS_OK) {
        complain_refused(t, c, &why);
        return HS_OK;
    }
    if (!c->refused)
        return compare(t, c, d, err);
    complain_at(t, c->at.line);
    hs_buf_addz(&t->complaints, "expected to be refused, and sees the columns ");
    add_list(&t->complaints, d);
    hs_buf_addc(&t->complaints, '\n');
    return HS_OK;
}

static void add_asker(struct hs_buf *b, const struct hs_case *c)
{
    if (c->as.len || c->who.name.len)
        hs_buf_adds(b, c->as.len ? c->as : c->who.name);
    for (size_t i = 0; i < c->who.role_count; i++)
        hs_buf_addf(b, "%s%.*s", i ? "+" : c->who.name.len ? " with " : "role ", HS_FMT(c->who.roles[i]));
    if (!c->as.len && !c->who.name.len && !c->who.role_count)
        hs_buf_addz(b, "somebody");
    if (c->purpose.len)
        hs_buf_addf(b, " for %.*s", HS_FMT(c->purpose));
}

static void report(struct testing *t, const struct hs_case *c, bool ok)
{
    int number = t->tested->passed + t->tested->failed + 1;
    hs_buf_addf(t->out, "%sok %d - %.*s", ok ? "" : "not ", number, HS_FMT(t->test->name));
    if (c) {
        hs_buf_addz(t->out, " as ");
        add_asker(t->out, c);
    }
    hs_buf_addc(t->out, '\n');
    hs_buf_adds(t->out, hs_buf_str(&t->complaints));
    *(ok ? &t->tested->passed : &t->tested->failed) += 1;
}

static hs_rc run_case(struct testing *t, const struct hs_case *c, struct hs_err *err)
{
    struct hs_err why;
    hs_err_clear(&why);
    hs_buf_init(&t->complaints, 1 << 24);
    hs_rc rc = test_case(t, c, &why);
    if (rc != HS_OK) {
        hs_str words = hs_str_of(why.detail);
        if (!hs_str_starts(words, t->file)) /* what has a place of its own keeps it */
            complain_at(t, c->at.line);
        hs_buf_addf(&t->complaints, "%s%.*s\n", hs_str_starts(words, t->file) ? "  " : "", HS_FMT(words));
    }
    report(t, c, t->complaints.len == 0 && !t->complaints.failed);
    hs_buf_fini(&t->complaints);
    return rc == HS_NOMEM ? no_memory(err) : hs_buf_done(t->out, err);
}

/* ---- a file ---- */

static hs_rc find_table(struct testing *t, struct hs_err *err)
{
    struct hs_type *bound;
    hs_str why;
    HS_TRY(hs_look_for_table(t->model, t->test->table, &t->table, err));
    HS_TRY(hs_look_at_type(t->arena, t->table, &bound, &why, err));
    t->bound = bound;
    if (why.len)
        hs_buf_addf(t->out, "# %.*s: types as the contract says, for the table could not be opened: %.*s\n",
                    HS_FMT(t->test->table), HS_FMT(why));
    return HS_OK;
}

static hs_rc fail_whole(struct testing *t, const struct hs_case_test *test, const char *words, struct hs_err *err)
{
    struct hs_case_test none = {.name = t->file};
    hs_buf_init(&t->complaints, 1 << 16);
    if (test)
        complain_at(t, test->at.line);
    else
        hs_buf_addz(&t->complaints, "  ");
    hs_buf_addf(&t->complaints, "%s\n", words);
    t->test = test ? test : &none;
    report(t, NULL, false);
    hs_buf_fini(&t->complaints);
    return hs_buf_done(t->out, err);
}

static hs_rc read_file(struct testing *t, struct hs_buf *b, struct hs_err *err)
{
    hs_str path = hs_arena_str(t->arena, t->file);
    FILE *f = path.at ? fopen(path.at, "rbe") : NULL;
    if (!f)
        return hs_fail(err, HS_UNAVAILABLE, "%.*s: cannot be read", HS_FMT(t->file));
    char chunk[16384];
    size_t n;
    while ((n = fread(chunk, 1, sizeof chunk, f)) > 0)
        hs_buf_add(b, chunk, n);
    bool bad = ferror(f);
    fclose(f);
    if (b->failed)
        return hs_fail(err, HS_LIMIT, "%.*s: is larger than %d MiB", HS_FMT(t->file), CASES_MAX_BYTES >> 20);
    return bad ? hs_fail(err, HS_UNAVAILABLE, "%.*s: cannot be read", HS_FMT(t->file)) : HS_OK;
}

static hs_rc run_test(struct testing *t, const struct hs_case_test *test, struct hs_err *err)
{
    struct hs_err why;
    hs_err_clear(&why);
    t->test = test;
    hs_rc rc = find_table(t, &why);
    if (rc != HS_OK)
        return rc == HS_NOMEM ? no_memory(err) : fail_whole(t, test, why.detail, err);
    for (size_t i = 0; i < test->cases.len; i++)
        HS_TRY(run_case(t, &test->cases.at[i], err));
    return HS_OK;
}

static hs_rc run_file(struct testing *t, struct hs_err *err)
{
    struct hs_case_file cases;
    struct hs_err why;
    struct hs_buf bytes;
    hs_err_clear(&why);
    hs_buf_init(&bytes, CASES_MAX_BYTES);
    hs_rc rc = read_file(t, &bytes, &why);
    if (rc == HS_OK)
        rc = hs_cases_read(t->arena, t->file, hs_buf_str(&bytes), &cases, &why);
    if (rc != HS_OK)
        rc = rc == HS_NOMEM ? no_memory(err) : fail_whole(t, NULL, why.detail, err);
    else
        for (size_t i = 0; rc == HS_OK && i < cases.tests.len; i++)
            rc = run_test(t, &cases.tests.at[i], err);
    hs_buf_fini(&bytes);
    return rc;
}

hs_rc hs_access_policy_test(struct hs_engine *engine, hs_str directory, const hs_str *files, size_t file_count,
                            struct hs_buf *out, struct hs_policy_tested *tested, struct hs_err *err)
{
    struct testing t = {.engine = engine, .out = out, .tested = tested};
    HS_TRY(hs_model_load(directory, hs_policy_check_mask, &t.model, err));
    hs_rc rc = HS_OK;
    for (size_t i = 0; rc == HS_OK && i < file_count; i++) {
        t.file = files[i];
        t.arena = hs_arena_new(0);
        rc = t.arena ? run_file(&t, err) : no_memory(err);
        hs_arena_free(t.arena);
    }
    if (rc == HS_OK)
        hs_buf_addf(out, "1..%d\n# %d passed, %d failed\n", tested->passed + tested->failed, tested->passed,
                    tested->failed);
    hs_model_unref(t.model);
    return rc == HS_OK ? hs_buf_done(out, err) : rc;
}
