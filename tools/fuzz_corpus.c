/* Runs a fuzz target over a saved corpus without a fuzzer: every file whole, cut at up to 64 places, and with single
 * bytes changed by a fixed pseudo-random walk, so that each run is the same. Usage: target CORPUS_DIR [ROUNDS] */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t walk = 0x9e3779b97f4a7c15u;

static uint64_t next(void)
{
    walk ^= walk << 13;
    walk ^= walk >> 7;
    walk ^= walk << 17;
    return walk;
}

/* Each input gets its own exact allocation, so that a sanitizer sees one byte too far. */
static long run(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size ? size : 1);
    if (!copy)
        return 0;
    memcpy(copy, data, size);
    LLVMFuzzerTestOneInput(copy, size);
    free(copy);
    return 1;
}

static long run_variants(uint8_t *data, size_t size, int rounds)
{
    long runs = run(data, size);
    size_t step = size / 64 + 1;
    for (size_t cut = 0; cut < size; cut += step)
        runs += run(data, cut);
    for (int i = 0; i < rounds && size; i++) {
        size_t at = next() % size;
        uint8_t old = data[at];
        data[at] = (uint8_t)next();
        runs += run(data, size);
        if (i % 4)
            data[at] = old; /* let some changes add up */
    }
    return runs;
}

static long run_file(const char *path, int rounds)
{
    FILE *f = fopen(path, "rb");
    if (!f)
        return 0;
    static uint8_t data[1 << 20];
    size_t size = fread(data, 1, sizeof data, f);
    fclose(f);
    return run_variants(data, size, rounds);
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "usage: %s CORPUS_DIR [ROUNDS]\n", argv[0]);
        return 2;
    }
    int rounds = argc > 2 ? atoi(argv[2]) : 200;
    DIR *dir = opendir(argv[1]);
    long runs = 0, files = 0;
    for (struct dirent *e; dir && (e = readdir(dir));) {
        char path[4096];
        if (e->d_name[0] == '.' || snprintf(path, sizeof path, "%s/%s", argv[1], e->d_name) >= (int)sizeof path)
            continue;
        runs += run_file(path, rounds);
        files++;
    }
    if (dir)
        closedir(dir);
    printf("%ld inputs from %ld files\n", runs, files);
    return files ? 0 : 1;
}
