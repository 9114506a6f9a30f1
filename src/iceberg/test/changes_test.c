/* Changes between snapshots: what they say adds up to what each snapshot holds, on every fixture with a history; and
 * lines of descent that are broken. */
#include "golden.h"
#include "iceberg/changes.h"
#include "iceberg/table.h"
#include "seeds.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static int64_t live_rows(const struct hs_plan *p)
{
    int64_t rows = 0;
    for (size_t i = 0; i < p->file_count; i++)
        rows += p->files[i].record_count - (p->files[i].gone ? hs_positions_count(p->files[i].gone) : 0);
    return rows;
}

static bool plain(const struct hs_change *c)
{
    return c->appended.equality_count + c->removed.equality_count + c->before.equality_count +
               c->after.equality_count ==
           0;
}

static hs_rc rows_at(struct hs_arena *a, const struct hs_store *store, const struct hs_iceberg_table *t, int64_t id,
                     int64_t *out, struct hs_err *err)
{
    struct hs_as_of as_of = {.kind = HS_AS_OF_SNAPSHOT, .snapshot_id = id};
    struct hs_pin pin;
    struct hs_plan plan;
    HS_TRY(hs_iceberg_pin(a, t, &as_of, &pin, err));
    HS_TRY(hs_iceberg_plan(a, &(struct hs_plan_request){.store = store, .pin = &pin}, &plan, err));
    if (plan.equality_count)
        return hs_fail(err, HS_UNSUPPORTED, "rows of equality deletes are not counted here");
    *out = live_rows(&plan);
    return HS_OK;
}

/* Rows after each change, counted from the changes alone, are those of its snapshot. */
static int check_history(const struct golden *g)
{
    struct hs_arena *a = hs_arena_new(0);
    struct hs_iceberg_table *t = NULL;
    struct hs_err err = {0};
    struct hs_pin pin;
    struct hs_change *changes = NULL;
    size_t count = 0;
    int checked = 0;
    int64_t rows = 0, real = -1;
    hs_rc rc = hs_iceberg_open(&g->store, &t, &err);
    if (rc == HS_OK)
        rc = hs_iceberg_pin(a, t, NULL, &pin, &err);
    if (rc == HS_OK)
        rc = hs_iceberg_changes(a, &(struct hs_plan_request){.store = &g->store, .pin = &pin}, -1, &changes, &count,
                                &err);
    for (size_t i = 0; rc == HS_OK && i < count; i++) {
        const struct hs_change *c = &changes[i];
        assert_int_equal(c->before.file_count, c->after.file_count);
        rows += live_rows(&c->appended) - live_rows(&c->removed) - live_rows(&c->before) + live_rows(&c->after);
        if (!plain(c) || rows_at(a, &g->store, t, c->snapshot_id, &real, &err) != HS_OK)
            break;
        if (rows != real)
            printf("%s: %lld rows by changes, %lld in snapshot %lld\n", g->name, (long long)rows, (long long)real,
                   (long long)c->snapshot_id);
        assert_int_equal(rows, real);
        checked++;
    }
    hs_arena_free(a);
    hs_iceberg_unref(t);
    return checked;
}

static void test_fixtures(void **state)
{
    (void)state;
    struct golden g;
    int changes = 0;
    FILE *f = golden_list();
    if (!f) {
        printf("fixtures absent: no history looked at\n");
        skip();
    }
    while (golden_next(f, &g))
        changes += check_history(&g);
    fclose(f);
    printf("%d changes looked at\n", changes);
    assert_true(changes >= 90);
}

/* ---- lines of descent, over data/mini ---- */

static char folder[64];

static void write_metadata(const char *snapshots, int current)
{
    char path[128];
    snprintf(path, sizeof path, "%s/v1.metadata.json", folder);
    FILE *f = fopen(path, "w");
    fprintf(f,
            "{\"format-version\":2,\"location\":\"s3://bucket/mini\",\"current-schema-id\":0,"
            "\"last-partition-id\":1000,\"sort-orders\":[],\"default-spec-id\":0,"
            "\"schemas\":[{\"schema-id\":0,\"fields\":[{\"id\":1,\"name\":\"id\",\"type\":\"long\"}]}],"
            "\"partition-specs\":[{\"spec-id\":0,\"fields\":["
            "{\"name\":\"p\",\"transform\":\"identity\",\"source-id\":2,\"field-id\":1000}]}],"
            "\"current-snapshot-id\":%d,\"snapshots\":[%s]}",
            current, snapshots);
    fclose(f);
}

#define SNAPSHOT(id, parent, operation, list)                                                         \
    "{\"snapshot-id\":" #id ",\"parent-snapshot-id\":" #parent ",\"schema-id\":0,\"timestamp-ms\":1," \
    "\"sequence-number\":" #id ",\"summary\":{\"operation\":\"" operation "\"},"                      \
    "\"manifest-list\":\"s3://bucket/mini/metadata/" list ".avro\"}"
#define FIRST                                                                                                 \
    "{\"snapshot-id\":1,\"schema-id\":0,\"timestamp-ms\":1,\"sequence-number\":1,\"summary\":{\"operation\":" \
    "\"append\"},\"manifest-list\":\"s3://bucket/mini/metadata/list.avro\"}"

static hs_rc changes_of(struct hs_arena *a, const char *snapshots, int current, int64_t from, struct hs_change **out,
                        size_t *count, struct hs_err *err)
{
    struct hs_prefix_map map = {HS_S("s3://bucket/mini"), mini_root()};
    struct hs_store store = {.root = hs_str_of(folder), .prefixes = &map, .prefix_count = 1};
    struct hs_iceberg_table *t = NULL;
    struct hs_pin pin;
    write_metadata(snapshots, current);
    hs_iceberg_cache_clear();
    hs_rc rc = hs_iceberg_open(&store, &t, err);
    if (rc == HS_OK)
        rc = hs_iceberg_pin(a, t, NULL, &pin, err);
    if (rc == HS_OK)
        rc = hs_iceberg_changes(a, &(struct hs_plan_request){.store = &store, .pin = &pin}, from, out, count, err);
    hs_iceberg_unref(t);
    return rc;
}

static void test_lines(void **state)
{
    (void)state;
    struct hs_arena *a = hs_arena_new(0);
    struct hs_change *c;
    struct hs_err err;
    size_t n;
    assert_int_equal(changes_of(a, FIRST, 1, -1, &c, &n, &err), HS_OK);
    assert_int_equal(n, 1);
    assert_int_equal(c[0].appended.record_count, 5);
    assert_int_equal(c[0].removed.file_count + c[0].before.file_count, 0);
    assert_int_equal(changes_of(a, FIRST, 1, 1, &c, &n, &err), HS_OK);
    assert_int_equal(n, 0);
    const char *grown = FIRST "," SNAPSHOT(2, 1, "replace", "list") "," SNAPSHOT(3, 2, "append", "list");
    assert_int_equal(changes_of(a, grown, 3, 1, &c, &n, &err), HS_OK);
    assert_int_equal(n, 1); /* the replace is left out */
    assert_int_equal(c[0].snapshot_id, 3);
    assert_int_equal(c[0].appended.file_count + c[0].removed.file_count + c[0].before.file_count, 0);
    hs_arena_free(a);
}

static void assert_refused(const char *snapshots, int current, int64_t from, const char *shown)
{
    struct hs_arena *a = hs_arena_new(0);
    struct hs_change *c;
    struct hs_err err = {0};
    size_t n;
    assert_int_equal(changes_of(a, snapshots, current, from, &c, &n, &err), HS_UNSUPPORTED);
    assert_string_equal(err.shown, shown);
    hs_arena_free(a);
}

static void test_broken_lines(void **state)
{
    (void)state;
    static const char gone[] = "the changes since then are no longer known: snapshots between have been removed";
    static const char apart[] = "the table's current state does not descend from that snapshot";
    const char *broken = FIRST "," SNAPSHOT(3, 2, "append", "list");
    assert_refused(broken, 3, 1, gone);
    assert_refused(broken, 3, -1, gone);
    assert_refused(broken, 3, 2, gone);
    assert_refused(FIRST "," SNAPSHOT(2, 1, "append", "list") "," SNAPSHOT(3, 1, "append", "list"), 3, 2, apart);
    assert_refused(FIRST, 1, 7, apart);
    assert_refused(SNAPSHOT(1, 2, "append", "list") "," SNAPSHOT(2, 1, "append", "list"), 2, -1, gone); /* a circle */
}

static int setup(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/hs-changes-XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return system(command);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_lines), cmocka_unit_test(test_broken_lines),
                                       cmocka_unit_test(test_fixtures)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
