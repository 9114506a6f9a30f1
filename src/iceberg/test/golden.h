/* tables.tsv and where a fixture's objects are, for the tests here. tests/fixtures/run.py says the same in Python. */
#ifndef HS_ICEBERG_TEST_GOLDEN_H
#define HS_ICEBERG_TEST_GOLDEN_H

#include "iceberg/iceberg.h"
#include "model/model.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct golden {
    char name[512], root[1024], rows[32], location[256];
    struct hs_prefix_map prefixes[8];
    char from[8][256], to[8][1024];
    struct hs_store store;
};

static inline const char *golden_root(void)
{
    static char real[4096];
    const char *root = getenv("HAILSTORM_FIXTURES");
    root = root && *root ? root : "../shared/fixtures";
    return realpath(root, real) ? real : root; /* the store takes no ".." */
}

static inline FILE *golden_list(void)
{
    char path[4200], line[4096];
    snprintf(path, sizeof path, "%s/tables.tsv", golden_root());
    FILE *f = fopen(path, "r");
    if (f && !fgets(line, sizeof line, f)) { /* the head line */
        fclose(f);
        return NULL;
    }
    return f;
}

static inline void golden_prefix(struct golden *g, const char *from, const char *to)
{
    size_t i = g->store.prefix_count++;
    snprintf(g->from[i], sizeof g->from[i], "%s", from);
    snprintf(g->to[i], sizeof g->to[i], "%s", to);
    g->prefixes[i] = (struct hs_prefix_map){hs_str_of(g->from[i]), hs_str_of(g->to[i])};
}

/* README of the fixtures, "Locations": REL paths are relative to the upstream repository's root. */
static inline void golden_prefixes(struct golden *g, const char *base)
{
    char to[1024];
    g->store.prefixes = g->prefixes;
    if (strncmp(g->name, "duckdb-iceberg/", 15) == 0) {
        snprintf(to, sizeof to, "%s/duckdb-iceberg/data/persistent", base);
        golden_prefix(g, "data/persistent", to);
        if (strstr(g->name, "iceberg/lineitem_")) {
            golden_prefix(g, strstr(g->name, "_gz") ? "lineitem_iceberg_gz" : "lineitem_iceberg", g->root);
        }
    }
    if (strncmp(g->name, "iceberg-cxx/", 12) == 0) { /* one table's metadata names the data of its neighbour */
        snprintf(to, sizeof to, "%s/iceberg-cxx/tests/tables/partitioned_table", base);
        golden_prefix(g, "s3a://warehouse/partitioned_table", to);
    }
    if (strstr(g->name, "iceberg/metadata_json")) /* holds two of version 16 */
        strcat(g->root, "/00016-5c7c2f4b-af19-49aa-8263-da7407c566ed.metadata.json");
    if (strstr(g->name, "testdata/ice_puffin"))
        golden_prefix(g, "/test-warehouse/ice_puffin/metadata", g->root);
}

static inline bool golden_next(FILE *f, struct golden *g)
{
    char line[4096], base[700];
    if (!fgets(line, sizeof line, f))
        return false;
    memset(g, 0, sizeof *g);
    char *rest = line, *cell[10] = {0};
    for (int i = 0; i < 10; i++)
        cell[i] = strsep(&rest, "\t\n");
    snprintf(g->name, sizeof g->name, "%s", cell[0]);
    snprintf(g->rows, sizeof g->rows, "%s", cell[5]);
    if (golden_root()[0] == '/')
        snprintf(base, sizeof base, "%.600s", golden_root());
    else {
        char cwd[512];
        snprintf(base, sizeof base, "%s/%.100s", getcwd(cwd, sizeof cwd) ? cwd : "", golden_root());
    }
    snprintf(g->root, sizeof g->root, "%s/%.300s", base, g->name);
    golden_prefixes(g, base);
    g->store.root = hs_str_of(g->root);
    return true;
}

#endif
