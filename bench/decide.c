/* How long a decision takes: cold (policy asked) and cached (looked up in the model's generation), medians over every
 * person and table of a model. Usage: bench_decide MODEL_DIRECTORY */
#include "access/access_in.h"

#include "base/clock.h"

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
                     struct samples *cached)
{
    struct hs_facts facts = {.now_us = hs_wall_us()};
    struct hs_err err;
    for (int i = 0; i < ROUNDS; i++) {
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

int main(int argc, char **argv)
{
    struct hs_model *m;
    struct hs_err err;
    static struct samples cold, cached;
    if (argc != 2 || hs_model_load(hs_str_of(argv[1]), hs_policy_check_mask, &m, &err) != HS_OK) {
        fprintf(stderr, "usage: bench_decide MODEL_DIRECTORY\n");
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
                time_one(g, who, &o, &cold, &cached);
                hs_opened_close(&o);
            }
    print("cold", &cold);
    print("cached", &cached);
    hs_arena_free(arena);
    hs_generation_unref(g);
    return 0;
}
