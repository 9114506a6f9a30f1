/* Temporary file beside the real one, fsync, rename, fsync of the folder. */
#include "model/write_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static hs_rc fail_errno(struct hs_err *err, hs_str shown, const char *what)
{
    int code = errno;
    return hs_fail(err, code == ENOENT ? HS_NOT_FOUND : HS_UNAVAILABLE, "%.*s: %s: %s", HS_FMT(shown), what,
                   strerror(code));
}

static bool write_all(int fd, hs_str bytes)
{
    while (bytes.len) {
        ssize_t n = write(fd, bytes.at, bytes.len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        bytes = (hs_str){bytes.at + n, bytes.len - (size_t)n};
    }
    return true;
}

static bool sync_folder_of(const char *path)
{
    char folder[PATH_MAX];
    const char *slash = strrchr(path, '/');
    size_t len = slash ? (size_t)(slash - path) : 0;
    if (len >= sizeof folder)
        return false;
    memcpy(folder, len ? path : slash ? "/" : ".", len ? len : 1);
    folder[len ? len : 1] = 0;
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool synced = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0)
        close(fd);
    return synced;
}

hs_rc hs_write_file(const char *path, hs_str shown, hs_str bytes, unsigned mode, struct hs_err *err)
{
    char temporary[PATH_MAX];
    if (snprintf(temporary, sizeof temporary, "%s.XXXXXX", path) >= (int)sizeof temporary)
        return hs_fail(err, HS_INVALID, "%.*s: the path is too long", HS_FMT(shown));
    int fd = mkostemp(temporary, O_CLOEXEC); /* 0600 until the mode is set: nobody reads it half written */
    if (fd < 0)
        return fail_errno(err, shown, "cannot be written");
    bool good = write_all(fd, bytes) && fchmod(fd, (mode_t)mode) == 0 && fsync(fd) == 0;
    int code = errno;
    good = close(fd) == 0 && good;
    if (good && rename(temporary, path) == 0) {
        (void)sync_folder_of(path); /* the file is whole either way; only which of the two a power cut leaves is open */
        return HS_OK;
    }
    errno = good ? errno : code;
    hs_rc rc = fail_errno(err, shown, "cannot be written");
    unlink(temporary);
    return rc;
}

static hs_rc read_open(struct hs_arena *a, int fd, hs_str shown, size_t max, hs_str *out, unsigned *out_mode,
                       struct hs_err *err)
{
    struct stat st;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
        return hs_fail(err, HS_INVALID, "%.*s: is not a file", HS_FMT(shown));
    if ((uint64_t)st.st_size > max)
        return hs_fail(err, HS_LIMIT, "%.*s: the file is larger than %zu bytes", HS_FMT(shown), max);
    size_t size = (size_t)st.st_size, len = 0;
    char *bytes = hs_arena_alloc(a, size + 1);
    if (!bytes)
        return hs_fail(err, HS_NOMEM, "out of memory while reading a model file");
    while (len < size) {
        ssize_t n = read(fd, bytes + len, size - len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return fail_errno(err, shown, "cannot be read");
        if (n == 0)
            break;
        len += (size_t)n;
    }
    *out = (hs_str){bytes, len};
    *out_mode = st.st_mode & 07777;
    return HS_OK;
}

hs_rc hs_read_file(struct hs_arena *a, const char *path, hs_str shown, size_t max, hs_str *out, unsigned *out_mode,
                   struct hs_err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return fail_errno(err, shown, "cannot be read");
    hs_rc rc = read_open(a, fd, shown, max, out, out_mode, err);
    close(fd);
    return rc;
}

hs_rc hs_lock_folder(const char *path, int *out_fd, struct hs_err *err)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return fail_errno(err, hs_str_of(path), "no model directory");
    int rc;
    while ((rc = flock(fd, LOCK_EX)) != 0 && errno == EINTR)
        ;
    if (rc != 0) {
        hs_rc failed = fail_errno(err, hs_str_of(path), "cannot be locked");
        close(fd);
        return failed;
    }
    *out_fd = fd;
    return HS_OK;
}

void hs_unlock_folder(int fd)
{
    if (fd >= 0)
        close(fd);
}
