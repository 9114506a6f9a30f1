/* Polling, not inotify: it works on every file system (NFS, overlays, mounted config maps) and a model is a few hundred
 * small files. The warehouse may lie inside the model directory, so only YAML files at the model's own depth are looked
 * at. */
#include "app/watch.h"

#include "base/str.h"

#include <dirent.h>
#include <stdio.h>
#include <sys/stat.h>

enum { DEPTH_MAX = 4, ENTRIES_MAX = 100000 }; /* domains/D/policies/x.yaml */

struct walk {
    uint64_t mark;
    int entries;
};

static void mix(struct walk *w, const void *at, size_t len)
{
    for (size_t i = 0; i < len; i++)
        w->mark = (w->mark ^ ((const uint8_t *)at)[i]) * 1099511628211u; /* FNV-1a */
}

static void visit(struct walk *w, const char *directory, int depth);

static void visit_entry(struct walk *w, const char *directory, const char *name, int depth)
{
    char path[4096];
    struct stat st;
    if (snprintf(path, sizeof path, "%s/%s", directory, name) >= (int)sizeof path || lstat(path, &st) != 0)
        return;
    /* At the top only these are walked: what else lies there (a warehouse) is not the model. */
    if (S_ISDIR(st.st_mode) && (depth > 0 || strcmp(name, "domains") == 0 || strcmp(name, "policies") == 0))
        visit(w, path, depth + 1);
    if (!S_ISREG(st.st_mode) || !hs_str_ends(hs_str_of(name), HS_S(".yaml")))
        return;
    /* Order of a directory is not fixed: sum the files' marks. */
    struct walk one = {14695981039346656037u, 0};
    mix(&one, path, strlen(path));
    mix(&one, &st.st_size, sizeof st.st_size);
    mix(&one, &st.st_mtim, sizeof st.st_mtim);
    mix(&one, &st.st_ino, sizeof st.st_ino);
    w->mark += one.mark;
}

static void visit(struct walk *w, const char *directory, int depth)
{
    DIR *d = depth <= DEPTH_MAX ? opendir(directory) : NULL;
    if (!d)
        return;
    for (struct dirent *e; w->entries++ < ENTRIES_MAX && (e = readdir(d));)
        if (e->d_name[0] != '.')
            visit_entry(w, directory, e->d_name, depth);
    closedir(d);
}

uint64_t hs_watch_mark(const char *directory)
{
    struct walk w = {0, 0};
    visit(&w, directory, 0);
    return w.mark;
}
