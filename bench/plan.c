/* How long a plan takes up to the chosen files: metadata, manifest list, manifests, pruning; no footer is opened, so
 * that metadata can be measured whose data is elsewhere. bench/plan.py compares it with another planner.
 *
 *   bench_plan ROOT ROUNDS ID TYPE OP VALUE     TYPE: long, date, string; OP: =, <, >
 *
 * Prints one line of JSON: files, kept, cold_us and warm_us (medians of processor time), resident_kb (what it added at
 * its peak). */
#include "iceberg/plan_in.h"
#include "iceberg/plan_prune.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* Of all threads: what else runs on the machine does not count. */
static int64_t cpu_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return t.tv_sec * 1000000LL + t.tv_nsec / 1000;
}

static hs_rc list(const struct hs_store *store, const struct hs_filter *filter, bool cold, struct hs_arena *a,
                  size_t *out, int64_t *out_from, struct hs_err *err)
{
    struct hs_iceberg_table *t;
    struct hs_pin pin;
    struct hs_near near;
    struct hs_plan_request request = {.store = store, .filter = filter};
    struct hs_planner p = {.arena = a, .scratch = a, .store = *store, .request = &request, .pin = &pin};
    HS_TRY(hs_iceberg_open(store, &t, err));
    if (!cold)
        *out_from = cpu_us(); /* a plan of a table that is open */
    hs_rc rc = hs_iceberg_pin(a, t, NULL, &pin, err);
    const struct hs_snapshot *s = rc == HS_OK ? hs_table_snapshot(t, pin.snapshot_id) : NULL;
    p.store.root = t->root;
    p.store.fallback_from = t->location;
    hs_near_init(&near);
    p.store.near = &near;
    p.partitions = hs_map_new(a);
    if (rc == HS_OK)
        rc = hs_pruner_new(a, t, filter, &p.pruner, err);
    if (rc == HS_OK && s)
        rc = hs_plan_list(&p, s, err);
    hs_near_close(&near);
    *out = p.data.list.len;
    hs_iceberg_unref(t);
    return rc;
}

static int64_t once(const struct hs_store *store, const struct hs_filter *filter, bool cold, size_t *out)
{
    struct hs_arena *a = hs_arena_new(0);
    struct hs_err err = {0};
    int64_t from = cpu_us();
    if (list(store, filter, cold, a, out, &from, &err) != HS_OK) {
        fprintf(stderr, "%s\n", err.detail);
        exit(1);
    }
    hs_arena_free(a);
    return cpu_us() - from;
}

static int by_size(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static int64_t median(const struct hs_store *store, const struct hs_filter *filter, int rounds, bool cold, size_t *out)
{
    int64_t *times = calloc((size_t)rounds, sizeof *times);
    for (int i = 0; i < rounds; i++) {
        if (cold)
            hs_iceberg_cache_clear();
        times[i] = once(store, filter, cold, out);
    }
    qsort(times, (size_t)rounds, sizeof *times, by_size);
    int64_t middle = times[rounds / 2];
    free(times);
    return middle;
}

static const struct hs_filter *filter_of(struct hs_arena *a, char **argv)
{
    struct hs_param value = {.type = HS_T_STRING, .text = hs_str_of(argv[3])};
    enum hs_filter_op op = argv[2][0] == '=' ? HS_FILTER_EQ : argv[2][0] == '<' ? HS_FILTER_LT : HS_FILTER_GT;
    if (strcmp(argv[1], "string") != 0)
        value = (struct hs_param){.type = argv[1][0] == 'd' ? HS_T_DATE : HS_T_LONG, .i = atoll(argv[3])};
    return hs_filter_test(a, op, atoi(argv[0]), &value, 1);
}

/* The most there was; getrusage would also count what was there before exec. */
static long resident_kb(void)
{
    char line[256];
    long kb = 0;
    FILE *f = fopen("/proc/self/status", "r");
    while (f && kb == 0 && fgets(line, sizeof line, f))
        (void)sscanf(line, "VmHWM: %ld", &kb);
    if (f)
        fclose(f);
    return kb;
}

int main(int argc, char **argv)
{
    if (argc != 7) {
        fprintf(stderr, "usage: bench_plan ROOT ROUNDS ID TYPE OP VALUE\n");
        return 2;
    }
    struct hs_store store = {.root = hs_str_of(argv[1]), .within = hs_str_of(argv[1])}; /* as a published table's */
    struct hs_arena *a = hs_arena_new(0);
    const struct hs_filter *filter = filter_of(a, argv + 3);
    size_t files, kept;
    int rounds = atoi(argv[2]);
    long before = resident_kb();
    int64_t cold = median(&store, filter, rounds, true, &kept);
    int64_t warm = median(&store, filter, rounds, false, &kept);
    (void)once(&store, NULL, false, &files);
    printf("{\"files\": %zu, \"kept\": %zu, \"cold_us\": %lld, \"warm_us\": %lld, \"resident_kb\": %ld}\n", files, kept,
           (long long)cold, (long long)warm, resident_kb() - before);
    hs_arena_free(a);
    return 0;
}
