/* Directories on disk: scratch/<pid>-<random>/ for this server, w<n>/ in it for each worker's spill files.
 *
 * The server holds a lock on its directory for life, so whoever comes next can tell leftovers from neighbours, even
 * where process ids repeat (containers). Spill files hold values: 0700, in files DuckDB encrypts, gone with the worker.
 */
#include "engine/engine_in.h"
#include "base/hash.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static int remove_entry(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    (void)st;
    (void)flag;
    (void)ftw;
    remove(path);
    return 0;
}

void hs_scratch_remove(const char *path)
{
    nftw(path, remove_entry, 8, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

/* A directory whose lock can be had belongs to nobody who lives. */
static void remove_leftover(const char *scratch, const char *name)
{
    char path[600];
    if (snprintf(path, sizeof path, "%s/%s", scratch, name) >= (int)sizeof path)
        return;
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return;
    if (flock(fd, LOCK_EX | LOCK_NB) == 0)
        hs_scratch_remove(path);
    close(fd);
}

/* Only what looks like ours: somebody may have named a directory with other things in it. */
static bool is_ours(const char *name)
{
    size_t digits = strspn(name, "0123456789");
    return digits && name[digits] == '-' && strspn(name + digits + 1, "0123456789abcdef") == 16 &&
           strlen(name) == digits + 17;
}

static void remove_leftovers(const char *scratch)
{
    DIR *d = opendir(scratch);
    for (struct dirent *e; d && (e = readdir(d));)
        if (is_ours(e->d_name))
            remove_leftover(scratch, e->d_name);
    if (d)
        closedir(d);
}

static hs_rc trouble(struct hs_err *err, const char *path)
{
    return hs_fail_hidden(err, HS_UNAVAILABLE, "scratch %s: %s", path, strerror(errno));
}

hs_rc hs_scratch_open(struct hs_engine *e, struct hs_err *err)
{
    uint64_t word;
    if (mkdir(e->scratch, 0700) != 0 && errno != EEXIST)
        return trouble(err, e->scratch);
    remove_leftovers(e->scratch);
    HS_TRY(hs_random(&word, sizeof word, err));
    int n = snprintf(e->own, sizeof e->own, "%s/%d-%016llx", e->scratch, (int)getpid(), (unsigned long long)word);
    if (n < 0 || n >= (int)sizeof e->own - 32)
        return hs_fail(err, HS_INVALID, "the path of the scratch directory is too long");
    if (mkdir(e->own, 0700) != 0)
        return trouble(err, e->own);
    e->own_lock = open(e->own, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (e->own_lock < 0 || flock(e->own_lock, LOCK_EX | LOCK_NB) != 0)
        return trouble(err, e->own);
    return HS_OK;
}

void hs_scratch_close(struct hs_engine *e)
{
    if (e->own_lock < 0)
        return;
    hs_scratch_remove(e->own);
    close(e->own_lock);
    e->own_lock = -1;
}

hs_rc hs_scratch_worker(struct hs_engine *e, struct hs_worker *w, struct hs_err *err)
{
    if (snprintf(w->directory, sizeof w->directory, "%s/w%u", e->own, w->number) >= (int)sizeof w->directory)
        return hs_fail(err, HS_INVALID, "the path of the scratch directory is too long");
    return mkdir(w->directory, 0700) == 0 ? HS_OK : trouble(err, w->directory);
}

/* The engine opens such a file once and later removes it by name, so a name must stay. Everything happens inside one
 * directory that may be a hostile worker's: no path is followed out of it. Files of single large blocks are opened anew
 * for each use and keep their names. */
static void take_name_away(int directory, const char *name)
{
    static const char stand_in[] = ".stand-in";
    struct stat st;
    if (strncmp(name, "duckdb_temp_storage", 19) != 0)
        return;
    if (fstatat(directory, name, &st, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(st.st_mode) || st.st_size == 0)
        return; /* empty: the stand-in itself, or nothing in it yet */
    unlinkat(directory, stand_in, 0);
    int fd = openat(directory, stand_in, O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return;
    close(fd);
    (void)!renameat(directory, stand_in, directory, name); /* it stays named for one more tick */
}

void hs_scratch_unname(const struct hs_worker *w)
{
    DIR *d = opendir(w->directory);
    struct dirent *e;
    for (int i = 0; i < 256 && d && (e = readdir(d)); i++) /* no longer, however many a worker makes */
        take_name_away(dirfd(d), e->d_name);
    if (d)
        closedir(d);
}

hs_rc hs_scratch_file(struct hs_engine *e, int *out_fd, struct hs_err *err)
{
    char path[600];
    int fd = open(e->own, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0) { /* a file system without O_TMPFILE */
        snprintf(path, sizeof path, "%s/spoolXXXXXX", e->own);
        fd = mkostemp(path, O_CLOEXEC);
        if (fd >= 0)
            unlink(path);
    }
    if (fd < 0)
        return trouble(err, e->own);
    *out_fd = fd;
    return HS_OK;
}
