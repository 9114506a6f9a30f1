/* How long a decision takes: cold (policy asked) and cached (looked up in the model's generation), medians over every
 * person and table of a model. Usage: bench_decide MODEL_DIRECTORY
 *
 * bench_decide MODEL_DIRECTORY ICEBERG_TABLE: of a model without tables (bench/bank.py): also how long it takes to load
 * and to check, and the memory; each of a thousand people by chance asks for the table after the next by chance. Column
 * types are the contract's, and the one Iceberg table lends its name to the cache's keys. */
#include "access/access_in.h"

#include "base/clock.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>

enum { ROUNDS = 200 };

struct samples {
    double at[1 << 16];
    size_t count;
};

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static void add(struct samples *s, int64_t ns)
{
    if (s->count < sizeof s->at / sizeof *s->at)
        s->at[s->count++] = (double)ns / 1000;
}

static int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void time_one(struct generation *g, const struct hs_principal *who, struct opened *o, struct samples *cold,
                     struct samples *cached, int rounds)
{
    struct hs_facts facts = {.now_us = hs_wall_us()};
    struct hs_err err;
    for (int i = 0; i < rounds; i++) {
        struct hs_arena *arena = hs_arena_new(0);
        struct hs_decision *d;
        int64_t begin = now_ns();
        if (hs_policy_decide(arena, g->model, who, o->table, o->bound, &facts, &d, &err) == HS_OK)
            add(cold, now_ns() - begin);
        hs_arena_free(arena);
        begin = now_ns();
        if (hs_opened_decide(g, who, &facts, o, &err) == HS_OK && i)
            add(cached, now_ns() - begin);
    }
}

static void print(const char *name, struct samples *s)
{
    qsort(s->at, s->count, sizeof *s->at, by_value);
    printf("%s %.2f us median, %.2f us p99 of %zu\n", name, s->count ? s->at[s->count / 2] : 0,
           s->count ? s->at[s->count * 99 / 100] : 0, s->count);
}

/* ---- a bank ---- */

static struct hs_type *type_of(struct hs_arena *a, const struct hs_table *t)
{
    static const struct {
        const char *logical;
        enum hs_type_id id;
    } types[] = {{"integer", HS_T_LONG},    {"number", HS_T_DOUBLE},       {"date", HS_T_DATE},
                 {"boolean", HS_T_BOOLEAN}, {"timestamp", HS_T_TIMESTAMP}, {"string", HS_T_STRING}};
    struct hs_type *out = hs_type_new(a, HS_T_STRUCT);
    out->fields = hs_arena_array(a, t->property_count, sizeof *out->fields);
    out->field_count = t->property_count;
    for (size_t i = 0; i < t->property_count; i++) {
        out->fields[i] = (struct hs_field){.id = t->properties[i].field_id, .name = t->properties[i].name};
        for (size_t k = 0; k < sizeof types / sizeof types[0]; k++)
            if (hs_str_is(t->properties[i].logical_type, types[k].logical))
                out->fields[i].type = hs_type_new(a, types[k].id);
    }
    return out;
}

static void check_all(const struct hs_model *m, struct hs_arena *arena)
{
    struct hs_err err;
    struct hs_buf words;
    hs_buf_init(&words, 1 << 24);
    for (size_t p = 0; p < m->product_count; p++) {
        const struct hs_table *t = &m->products[p].tables[0];
        const struct hs_type *bound = type_of(arena, t);
        if (hs_policy_check_table(arena, m, t, bound, &err) != HS_OK ||
            hs_policy_warnings(arena, m, t, bound, &words, &err) != HS_OK)
            printf("%s\n", err.shown);
    }
    hs_buf_fini(&words);
}

/* Of the processor: other work on the machine does not count. */
static double processor_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static uint64_t next(uint64_t *seed)
{
    return *seed = *seed * 6364136223846793005u + 1442695040888963407u;
}

static const struct hs_table *a_visible_table(const struct hs_model *m, const struct hs_principal *who, uint64_t at)
{
    struct hs_facts facts = {.now_us = hs_wall_us()};
    for (size_t i = 0; i < m->product_count; i++) {
        const struct hs_table *t = &m->products[(at + i) % m->product_count].tables[0];
        if (hs_policy_visible(m, who, t, &facts))
            return t;
    }
    return NULL;
}

static void time_directories(const struct hs_model *m, const struct hs_principal *who, struct samples *s)
{
    struct hs_facts facts = {.now_us = hs_wall_us()};
    int64_t begin = now_ns();
    size_t seen = 0;
    for (size_t p = 0; p < m->product_count; p++)
        seen += hs_policy_visible(m, who, &m->products[p].tables[0], &facts);
    if (seen <= m->product_count)
        add(s, now_ns() - begin);
}

static int bank(const char *directory, const char *iceberg)
{
    struct hs_model *m;
    struct hs_err err;
    static struct samples cold, cached, hidden, all;
    size_t before = mallinfo2().uordblks + mallinfo2().hblkhd;
    int64_t begin = now_ns();
    double used = processor_seconds();
    if (hs_model_load(hs_str_of(directory), hs_policy_check_mask, &m, &err) != HS_OK)
        return fprintf(stderr, "%s\n", err.shown), 1;
    double wall = (double)(now_ns() - begin) / 1e9, load = processor_seconds() - used;
    size_t bytes = mallinfo2().uordblks + mallinfo2().hblkhd - before;
    struct hs_arena *arena = hs_arena_new(0);
    used = processor_seconds();
    check_all(m, arena);
    printf("load %.3f s (%.3f s by the clock), check %.3f s, memory %.1f MB\n", load, wall, processor_seconds() - used,
           (double)bytes / 1e6);
    struct generation *g = hs_generation_new(m);
    struct opened o = {0};
    struct hs_store store = {.root = hs_str_of(iceberg), .within = hs_str_of(iceberg)};
    if (hs_iceberg_open(&store, &o.iceberg, &err) != HS_OK)
        return fprintf(stderr, "%s\n", err.shown), 1;
    uint64_t seed = 7;
    for (int i = 0; i < 1000; i++) {
        struct hs_principal *who;
        if (hs_auth_assume(m, m->users[(next(&seed) >> 33) % m->user_count].name, arena, &who, &err) != HS_OK)
            continue;
        o.table = a_visible_table(m, who, next(&seed) >> 33);
        if (!o.table)
            continue;
        o.bound = type_of(arena, o.table);
        time_one(g, who, &o, &cold, &cached, 3);
        time_directories(m, who, &all);
        const struct hs_table *other = &m->products[(next(&seed) >> 33) % m->product_count].tables[0];
        struct hs_facts facts = {.now_us = hs_wall_us()};
        begin = now_ns();
        if (!hs_policy_visible(m, who, other, &facts))
            add(&hidden, now_ns() - begin);
    }
    print("cold", &cold);
    print("cached", &cached);
    print("hidden", &hidden);
    print("all tables of one person", &all);
    hs_opened_close(&o);
    hs_generation_unref(g);
    hs_arena_free(arena);
    return 0;
}

int main(int argc, char **argv)
{
    struct hs_model *m;
    struct hs_err err;
    static struct samples cold, cached;
    if (argc == 3)
        return bank(argv[1], argv[2]);
    if (argc != 2 || hs_model_load(hs_str_of(argv[1]), hs_policy_check_mask, &m, &err) != HS_OK) {
        fprintf(stderr, "usage: bench_decide MODEL_DIRECTORY [ICEBERG_TABLE]\n");
        return 2;
    }
    struct generation *g = hs_generation_new(m);
    struct hs_arena *arena = hs_arena_new(0);
    for (size_t u = 0; u < m->user_count; u++)
        for (size_t p = 0; p < m->product_count; p++)
            for (size_t t = 0; t < m->products[p].table_count; t++) {
                struct hs_principal *who;
                struct opened o;
                if (hs_auth_assume(m, m->users[u].name, arena, &who, &err) != HS_OK ||
                    hs_opened_table(NULL, arena, g, &m->products[p].tables[t], &(struct hs_as_of){0}, &o, &err) !=
                        HS_OK)
                    continue;
                time_one(g, who, &o, &cold, &cached, ROUNDS);
                hs_opened_close(&o);
            }
    print("cold", &cold);
    print("cached", &cached);
    hs_arena_free(arena);
    hs_generation_unref(g);
    return 0;
}
