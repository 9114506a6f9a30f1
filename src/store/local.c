/* Local disk. Only regular files are opened: a FIFO or device under a warehouse would hang a reader. */
#include "base/alloc.h"
#include "base/fault.h"
#include "store/store_in.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { MAX_NAMES = 4 * 1000 * 1000 };

static hs_rc io_failed(struct hs_err *err, hs_str path, const char *what, int code)
{
    bool absent = code == ENOENT || code == ENOTDIR;
    return hs_fail_hidden(err, absent ? HS_NOT_FOUND : HS_UNAVAILABLE, "%s %.*s: %s", what, HS_FMT(path),
                          strerrordesc_np(code));
}

static bool to_text(hs_str path, char text[PATH_MAX])
{
    if (path.len == 0 || path.len >= PATH_MAX || memchr(path.at, 0, path.len))
        return false;
    memcpy(text, path.at, path.len);
    text[path.len] = 0;
    return true;
}

/* ---- opening ---- */

enum links { FOLLOW_LINKS, REFUSE_LINKS };

/* For kernels before 5.6, or a container that forbids openat2: opened first, then asked what was opened. */
static int open_and_look(const char *path, int flags)
{
    char link[64], real[PATH_MAX];
    int fd = open(path, flags);
    if (fd < 0)
        return -1;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t len = readlink(link, real, sizeof real);
    if (len == (ssize_t)strlen(path) && memcmp(real, path, (size_t)len) == 0)
        return fd;
    close(fd);
    errno = ELOOP;
    return -1;
}

static int open_without_links(const char *path, int flags)
{
    struct open_how how = {.flags = (uint64_t)flags, .resolve = RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS};
    int fd = hs_fault("openat2-missing") ? (errno = ENOSYS, -1)
                                         : (int)syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof how);
    return fd < 0 && (errno == ENOSYS || errno == EPERM) ? open_and_look(path, flags) : fd;
}

static hs_rc open_file(hs_str path, enum links links, int *out_fd, struct stat *out_stat, struct hs_err *err)
{
    static const int FLAGS = O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
    char text[PATH_MAX];
    if (!to_text(path, text))
        return hs_fail_hidden(err, HS_INVALID, "not a path: %.*s", HS_FMT(path));
    int fd = links == FOLLOW_LINKS ? open(text, FLAGS) : open_without_links(text, FLAGS);
    if (fd < 0 && errno == ELOOP)
        return hs_fail_hidden(err, HS_DENIED, "a symbolic link has come into %.*s", HS_FMT(path));
    if (fd < 0)
        return io_failed(err, path, "open", errno);
    if (fstat(fd, out_stat) != 0 || !S_ISREG(out_stat->st_mode)) {
        close(fd);
        return hs_fail_hidden(err, HS_INVALID, "not a regular file: %.*s", HS_FMT(path));
    }
    *out_fd = fd;
    return HS_OK;
}

/* ---- reading ---- */

static hs_rc read_exactly(int fd, hs_str path, char *to, size_t len, int64_t offset, struct hs_err *err)
{
    size_t done = 0;
    while (done < len) {
        ssize_t n = pread(fd, to + done, len - done, offset + (int64_t)done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return io_failed(err, path, "read", errno);
        if (n == 0)
            return hs_fail_hidden(err, HS_CORRUPT, "%.*s became shorter while it was read", HS_FMT(path));
        done += (size_t)n;
    }
    return HS_OK;
}

static hs_rc read_piece(struct hs_arena *a, int fd, hs_str path, int64_t offset, size_t len, hs_str *out,
                        struct hs_err *err)
{
    char *at = len < SIZE_MAX ? hs_arena_alloc(a, len + 1) : NULL;
    if (!at)
        return hs_fail_hidden(err, HS_NOMEM, "no memory for %zu bytes of %.*s", len, HS_FMT(path));
    HS_TRY(read_exactly(fd, path, at, len, offset, err));
    *out = (hs_str){at, len};
    return HS_OK;
}

static hs_rc read_whole(struct hs_arena *a, hs_str path, enum links links, size_t max, hs_str *out, struct hs_err *err)
{
    int fd;
    struct stat st;
    HS_TRY(open_file(path, links, &fd, &st, err));
    hs_rc rc;
    if ((uint64_t)st.st_size > max)
        rc = hs_fail_hidden(err, HS_LIMIT, "%.*s has %lld bytes, more than %zu", HS_FMT(path), (long long)st.st_size,
                            max);
    else
        rc = read_piece(a, fd, path, 0, (size_t)st.st_size, out, err);
    close(fd);
    return rc;
}

static hs_rc read_range(struct hs_arena *a, hs_str path, enum links links, int64_t offset, size_t len, hs_str *out,
                        struct hs_err *err)
{
    int fd;
    struct stat st;
    HS_TRY(open_file(path, links, &fd, &st, err));
    int64_t size = st.st_size;
    int64_t from = offset < 0 ? size + offset : offset;
    hs_rc rc;
    if (from < 0 || from > size || len > (uint64_t)(size - from))
        rc = hs_fail_hidden(err, HS_CORRUPT, "%.*s: bytes %lld+%zu asked for, it has %lld", HS_FMT(path),
                            (long long)offset, len, (long long)size);
    else
        rc = read_piece(a, fd, path, from, len, out, err);
    close(fd);
    return rc;
}

hs_rc hs_local_read(struct hs_arena *a, hs_str path, size_t max, hs_str *out, struct hs_err *err)
{
    return read_whole(a, path, REFUSE_LINKS, max, out, err);
}

hs_rc hs_local_read_range(struct hs_arena *a, hs_str path, int64_t offset, size_t len, hs_str *out, struct hs_err *err)
{
    return read_range(a, path, REFUSE_LINKS, offset, len, out, err);
}

hs_rc hs_store_read(struct hs_arena *a, hs_str local_path, size_t max, hs_str *out, struct hs_err *err)
{
    return read_whole(a, local_path, FOLLOW_LINKS, max, out, err);
}

hs_rc hs_store_read_range(struct hs_arena *a, hs_str local_path, int64_t offset, size_t len, hs_str *out,
                          struct hs_err *err)
{
    return read_range(a, local_path, FOLLOW_LINKS, offset, len, out, err);
}

static hs_rc stat_file(hs_str path, enum links links, struct stat *out, struct hs_err *err)
{
    int fd;
    HS_TRY(open_file(path, links, &fd, out, err));
    close(fd);
    return HS_OK;
}

hs_rc hs_local_stamp_of(hs_str path, const struct stat *st, struct hs_stamp *out, struct hs_err *err)
{
    if (!S_ISREG(st->st_mode))
        return hs_fail_hidden(err, HS_INVALID, "not a regular file: %.*s", HS_FMT(path));
    *out = (struct hs_stamp){st->st_size, st->st_mtim.tv_sec * 1000000000LL + st->st_mtim.tv_nsec, (uint64_t)st->st_dev,
                             (uint64_t)st->st_ino};
    return HS_OK;
}

hs_rc hs_local_stamp(hs_str path, struct hs_stamp *out, struct hs_err *err)
{
    struct stat st;
    HS_TRY(stat_file(path, REFUSE_LINKS, &st, err));
    return hs_local_stamp_of(path, &st, out, err);
}

bool hs_stamp_same(const struct hs_stamp *a, const struct hs_stamp *b)
{
    return a->size == b->size && a->mtime_ns == b->mtime_ns && a->device == b->device && a->inode == b->inode;
}

hs_rc hs_store_size(hs_str local_path, int64_t *out, struct hs_err *err)
{
    struct stat st;
    HS_TRY(stat_file(local_path, FOLLOW_LINKS, &st, err));
    *out = st.st_size;
    return HS_OK;
}

static int by_name(const void *a, const void *b)
{
    return hs_str_cmp(*(const hs_str *)a, *(const hs_str *)b);
}

static hs_rc collect(struct hs_arena *a, DIR *dir, hs_str path, hs_str **out_names, size_t *out_count,
                     struct hs_err *err)
{
    HS_VEC(hs_str) names = {0};
    struct dirent *entry;
    errno = 0;
    while ((entry = readdir(dir)) != NULL) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        if (names.len >= MAX_NAMES)
            return hs_fail_hidden(err, HS_LIMIT, "%.*s holds more than %d names", HS_FMT(path), MAX_NAMES);
        hs_str *name = hs_vec_add(a, &names);
        if (!name || !(*name = hs_arena_str(a, hs_str_of(entry->d_name))).at)
            return hs_fail(err, HS_NOMEM, "out of memory");
        errno = 0;
    }
    if (errno)
        return io_failed(err, path, "list", errno);
    if (names.len)
        qsort(names.at, names.len, sizeof *names.at, by_name);
    *out_names = names.at;
    *out_count = names.len;
    return HS_OK;
}

hs_rc hs_local_list(struct hs_arena *a, hs_str dir, hs_str **out_names, size_t *out_count, struct hs_err *err)
{
    char text[PATH_MAX];
    if (!to_text(dir, text))
        return hs_fail_hidden(err, HS_INVALID, "not a path: %.*s", HS_FMT(dir));
    DIR *entries = opendir(text);
    if (!entries)
        return io_failed(err, dir, "list", errno);
    hs_rc rc = collect(a, entries, dir, out_names, out_count, err);
    closedir(entries);
    return rc;
}
