/* Metadata files of tables with a long history: how long they take and how much memory, stated and held. Each case is a
 * process of its own, so that its greatest size is its own. */
#include "iceberg/table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { SLOW = 20 }; /* and memory is not ours alone */
#else
enum { SLOW = 1 };
#endif

static char folder[64], path[128];

static int setup(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/hs-large-XXXXXX");
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof path, "%s/v1.metadata.json", folder);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(folder);
}

/* As the library for Java writes them, some 700 bytes each, with a log entry beside it. */
static void write_snapshots(int count)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fprintf(
        f,
        "{\"format-version\":2,\"table-uuid\":\"9c12d441-03fe-4693-9a96-a0705ddf69c1\",\"location\":\"s3://bucket/t\","
        "\"last-sequence-number\":%d,\"last-column-id\":1,\"current-schema-id\":0,\"schemas\":[{\"type\":\"struct\","
        "\"schema-id\":0,\"fields\":[{\"id\":1,\"name\":\"id\",\"required\":true,\"type\":\"long\"}]}],"
        "\"default-spec-id\":0,\"partition-specs\":[{\"spec-id\":0,\"fields\":[]}],\"last-partition-id\":999,"
        "\"sort-orders\":[],\"current-snapshot-id\":%lld,\"snapshots\":[",
        count, 3051729675574597004LL + count);
    for (int i = 1; i <= count; i++)
        fprintf(
            f,
            "%s{\"sequence-number\":%d,\"snapshot-id\":%lld,\"parent-snapshot-id\":%lld,\"timestamp-ms\":%lld,"
            "\"summary\":{\"operation\":\"append\",\"spark.app.id\":\"local-1700000000000\",\"added-data-files\":\"1\","
            "\"added-records\":\"1000\",\"added-files-size\":\"123456\",\"changed-partition-count\":\"1\","
            "\"total-records\":\"%d000\",\"total-files-size\":\"%d123456\",\"total-data-files\":\"%d\","
            "\"total-delete-files\":\"0\",\"total-position-deletes\":\"0\",\"total-equality-deletes\":\"0\"},"
            "\"manifest-list\":\"s3://bucket/t/metadata/snap-%lld-1-8cbef400-daea-478a-858a-2baf2438f644.avro\","
            "\"schema-id\":0}",
            i > 1 ? "," : "", i, 3051729675574597004LL + i, 3051729675574597003LL + i, 1700000000000LL + i, i, i, i,
            3051729675574597004LL + i);
    fprintf(f, "],\"snapshot-log\":[");
    for (int i = 1; i <= count; i++)
        fprintf(f, "%s{\"timestamp-ms\":%lld,\"snapshot-id\":%lld}", i > 1 ? "," : "", 1700000000000LL + i,
                3051729675574597004LL + i);
    fprintf(f, "]}");
    assert_int_equal(fclose(f), 0);
}

static long size_mib(void)
{
    FILE *f = fopen(path, "r");
    fseek(f, 0, SEEK_END);
    long size = ftell(f);
    fclose(f);
    return size >> 20;
}

static long peak_mib(void)
{
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    return used.ru_maxrss >> 10;
}

static double processor_s(void)
{
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
           (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

static bool finds(const struct hs_iceberg_table *t, struct hs_as_of as_of, int64_t expected)
{
    struct hs_arena *a = hs_arena_new(0);
    struct hs_pin pin = {0};
    struct hs_err err;
    bool found = hs_iceberg_pin(a, t, &as_of, &pin, &err) == HS_OK && pin.snapshot_id == expected;
    hs_arena_free(a);
    return found;
}

/* In a child: what it took, or 1 where the answer is wrong. */
static int look(int count, long most_kept_mib, long most_peak_mib, double most_s)
{
    struct hs_store store = {.root = hs_str_of(folder)};
    struct hs_iceberg_table *t = NULL;
    struct hs_err err = {0};
    long peak = peak_mib();
    double begun = processor_s();
    if (hs_iceberg_open(&store, &t, &err) != HS_OK) {
        printf("%s\n", err.detail);
        return 1;
    }
    double took = processor_s() - begun;
    long kept = (long)(hs_arena_used(t->arena) >> 20);
    peak = peak_mib() - peak;
    bool right =
        t->snapshot_count == (size_t)count &&
        finds(t, (struct hs_as_of){.kind = HS_AS_OF_CURRENT}, 3051729675574597004LL + count) &&
        finds(t, (struct hs_as_of){.kind = HS_AS_OF_SNAPSHOT, .snapshot_id = 3051729675574597005LL},
              3051729675574597005LL) &&
        finds(t, (struct hs_as_of){.kind = HS_AS_OF_TIME, .time_us = 1700000000007999LL}, 3051729675574597011LL);
    hs_iceberg_unref(t);
    hs_iceberg_cache_clear();
    printf("%d snapshots, a file of %ld MiB: %.2f s of processor time, %ld MiB at most, %ld MiB kept\n", count,
           size_mib(), took, peak, kept);
    fflush(stdout);
    return !right || took > most_s * SLOW || (SLOW == 1 && (kept > most_kept_mib || peak > most_peak_mib));
}

static void assert_within(int count, long most_kept_mib, long most_peak_mib, double most_s)
{
    int status = -1;
    write_snapshots(count);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0)
        _exit(look(count, most_kept_mib, most_peak_mib, most_s));
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static void test_a_hundred_thousand_snapshots(void **state)
{
    (void)state;
    assert_within(100 * 1000, 48, 320, 3);
}

static void test_two_hundred_megabytes(void **state)
{
    (void)state;
    if (SLOW == 1)
        assert_within(315 * 1000, 128, 900, 8);
}

/* What is larger is refused before it is read. */
static void test_too_large(void **state)
{
    (void)state;
    struct hs_store store = {.root = hs_str_of(folder)};
    struct hs_iceberg_table *t = NULL;
    struct hs_err err = {0};
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_int_equal(ftruncate(fileno(f), 257LL << 20), 0);
    fclose(f);
    long peak = peak_mib();
    assert_int_equal(hs_iceberg_open(&store, &t, &err), HS_LIMIT);
    assert_null(strstr(err.shown, folder));
    assert_true(SLOW > 1 || peak_mib() - peak < 8);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_hundred_thousand_snapshots),
        TEST(test_two_hundred_megabytes),
        TEST(test_too_large),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
