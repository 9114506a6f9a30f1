/* An object on our own disk: a sparse file as long as the object, and beside it a file of checksums that says which
 * blocks of the first are there. A block's data is written before its mark and nothing is synced: after a crash a mark
 * may stand before data that never came, which its checksum tells. Reading compares, so nothing else need be believed.
 */
#include "base/alloc.h"
#include "base/hash.h"
#include "store/cache_in.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HEADER = 2048, MARK = 0x0b10cced };
static const char MAGIC[8] = "HSBLOCK2";

struct header {
    char magic[8];
    int64_t size;
    uint32_t uri_len, etag_len;
    char text[HEADER - 24]; /* the URI, then the ETag */
};
struct entry {
    uint32_t sum, mark;
};

static struct {
    char path[PATH_MAX - 64];
    int lock;
    bool passing; /* ours alone, removed at the end */
} own = {.lock = -1};

/* ---- the directory ---- */

static int lock_of(const char *directory)
{
    char path[PATH_MAX];
    if (snprintf(path, sizeof path, "%s/lock", directory) >= (int)sizeof path)
        return -1;
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static void remove_directory(const char *path)
{
    DIR *dir = opendir(path);
    if (!dir)
        return;
    for (struct dirent *e; (e = readdir(dir));)
        if (e->d_name[0] != '.')
            unlinkat(dirfd(dir), e->d_name, 0);
    closedir(dir);
    rmdir(path);
}

/* What processes that shared the directory have left: nobody holds its lock any more. */
static void remove_passing(void)
{
    char path[PATH_MAX];
    DIR *dir = opendir(own.path);
    for (struct dirent *e; dir && (e = readdir(dir));) {
        if (strncmp(e->d_name, "also-", 5) != 0 ||
            snprintf(path, sizeof path, "%s/%s", own.path, e->d_name) >= (int)sizeof path)
            continue;
        int fd = lock_of(path);
        if (fd < 0)
            continue;
        remove_directory(path);
        close(fd);
    }
    if (dir)
        closedir(dir);
}

/* And the one it is in: commands that need no state have not made theirs. */
static bool make_directory(const char *path)
{
    char above[PATH_MAX];
    if (mkdir(path, 0700) == 0 || errno == EEXIST)
        return true;
    const char *slash = strrchr(path, '/');
    if (errno != ENOENT || !slash || slash == path || slash - path >= (int)sizeof above)
        return false;
    snprintf(above, sizeof above, "%.*s", (int)(slash - path), path);
    return mkdir(above, 0700) == 0 && mkdir(path, 0700) == 0;
}

hs_rc hs_cache_directory_open(const char *directory, struct hs_err *err)
{
    if (!make_directory(directory) || snprintf(own.path, sizeof own.path, "%s", directory) >= (int)sizeof own.path)
        return hs_fail(err, HS_UNAVAILABLE, "cannot make the cache directory %s: %s", directory, strerror(errno));
    own.lock = lock_of(own.path);
    own.passing = own.lock < 0;
    if (!own.passing) {
        remove_passing();
        return HS_OK;
    }
    strncat(own.path, "/also-XXXXXX", sizeof own.path - strlen(own.path) - 1);
    if (!mkdtemp(own.path) || (own.lock = lock_of(own.path)) < 0)
        return hs_fail(err, HS_UNAVAILABLE, "cannot write in the cache directory %s: %s", directory, strerror(errno));
    return HS_OK;
}

void hs_cache_directory_close(void)
{
    if (own.lock < 0)
        return;
    if (own.passing)
        remove_directory(own.path);
    close(own.lock);
    own.lock = -1;
}

/* ---- names and headers ---- */

static int open_part(const char *name, const char *kind, int flags)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s.%s", own.path, name, kind);
    return open(path, flags | O_CLOEXEC | O_NOFOLLOW, 0600);
}

static bool all_read(int fd, void *to, size_t len, int64_t offset)
{
    for (size_t done = 0; done < len;) {
        ssize_t n = pread(fd, (char *)to + done, len - done, offset + (int64_t)done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        done += (size_t)n;
    }
    return true;
}

static bool all_written(int fd, const void *at, size_t len, int64_t offset)
{
    for (size_t done = 0; done < len;) {
        ssize_t n = pwrite(fd, (const char *)at + done, len - done, offset + (int64_t)done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        done += (size_t)n;
    }
    return true;
}

static bool make_header(const struct hs_object *o, struct header *h)
{
    size_t etag_len = strlen(o->facts.etag);
    memset(h, 0, sizeof *h);
    if (o->uri_len + etag_len > sizeof h->text)
        return false;
    memcpy(h->magic, MAGIC, sizeof h->magic);
    h->size = o->facts.size;
    h->uri_len = (uint32_t)o->uri_len;
    h->etag_len = (uint32_t)etag_len;
    memcpy(h->text, o->uri, o->uri_len);
    memcpy(h->text + o->uri_len, o->facts.etag, etag_len);
    return true;
}

hs_rc hs_object_files_name(struct hs_object *o, struct hs_err *err)
{
    struct header h;
    uint8_t digest[32];
    if (!make_header(o, &h))
        return hs_fail_hidden(err, HS_UNSUPPORTED, "an object's name is too long: %.*s", (int)o->uri_len, o->uri);
    HS_TRY(hs_sha256_once(hs_str_n(&h, sizeof h), digest, err));
    for (int i = 0; i < 20; i++)
        snprintf(o->name + 2 * i, 3, "%02x", digest[i]);
    return HS_OK;
}

static void remove_parts(const char *name)
{
    static const char *const KINDS[] = {"data", "sums"};
    char path[PATH_MAX];
    for (int i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s/%s.%s", own.path, name, KINDS[i]);
        unlink(path);
    }
}

/* ---- what earlier processes have left ---- */

static bool read_header(const char *name, struct header *h, struct hs_s3_facts *out)
{
    int fd = open_part(name, "sums", O_RDONLY);
    bool good = fd >= 0 && all_read(fd, h, sizeof *h, 0) && memcmp(h->magic, MAGIC, sizeof h->magic) == 0 &&
                h->uri_len <= HS_OBJECT_URI && h->etag_len < HS_ETAG_MAX && h->size >= 0 &&
                h->size <= HS_OBJECT_BYTES_MAX && h->uri_len + h->etag_len <= sizeof h->text;
    if (fd >= 0)
        close(fd);
    if (!good)
        return false;
    *out = (struct hs_s3_facts){.size = h->size};
    memcpy(out->etag, h->text + h->uri_len, h->etag_len);
    return true;
}

static int64_t bytes_of(const char *name)
{
    struct stat st;
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s.data", own.path, name);
    return stat(path, &st) == 0 ? (int64_t)st.st_blocks * 512 : 0;
}

void hs_cache_directory_scan(void (*take)(hs_str uri, const struct hs_s3_facts *facts, const char *name, int64_t bytes))
{
    DIR *dir = own.passing ? NULL : opendir(own.path);
    for (struct dirent *e; dir && (e = readdir(dir));) {
        char name[HS_OBJECT_NAME];
        struct header h;
        struct hs_s3_facts facts;
        if (strlen(e->d_name) != HS_OBJECT_NAME - 1 + 5 || strcmp(e->d_name + HS_OBJECT_NAME - 1, ".sums") != 0)
            continue;
        snprintf(name, sizeof name, "%.*s", HS_OBJECT_NAME - 1, e->d_name);
        if (read_header(name, &h, &facts))
            take((hs_str){h.text, h.uri_len}, &facts, name, bytes_of(name));
        else
            remove_parts(name); /* of another form, or cut off: nobody would ever count its bytes */
    }
    if (dir)
        closedir(dir);
}

/* ---- one object ---- */

static hs_rc no_file(const struct hs_object *o, const char *what, struct hs_err *err)
{
    return hs_fail_hidden(err, errno == ENOSPC || errno == EDQUOT ? HS_LIMIT : HS_UNAVAILABLE, "cache: %s %s/%s: %s",
                          what, own.path, o->name, strerror(errno));
}

static bool holds_marks(struct hs_object *o, const struct header *want)
{
    struct header h;
    struct stat st;
    return all_read(o->sums, &h, sizeof h, 0) && memcmp(&h, want, sizeof h) == 0 && fstat(o->data, &st) == 0 &&
           st.st_size == o->facts.size;
}

static bool load_marks(struct hs_object *o)
{
    size_t len = o->block_count * sizeof(struct entry);
    struct entry *entries = hs_calloc(o->block_count + 1, sizeof *entries);
    if (!entries)
        return false;
    for (size_t done = 0; done < len;) { /* the end may not have been written yet */
        ssize_t n = pread(o->sums, (char *)entries + done, len - done, HEADER + (int64_t)done);
        if (n <= 0)
            break;
        done += (size_t)n;
    }
    for (uint32_t i = 0; i < o->block_count; i++) {
        o->sum[i] = entries[i].sum;
        o->state[i] = entries[i].mark == MARK ? HS_BLOCK_KEPT : HS_BLOCK_ABSENT;
    }
    hs_free(entries);
    return true;
}

static bool begin_anew(struct hs_object *o, const struct header *h)
{
    return ftruncate(o->sums, 0) == 0 && ftruncate(o->data, 0) == 0 && ftruncate(o->data, o->facts.size) == 0 &&
           all_written(o->sums, h, sizeof *h, 0);
}

static hs_rc open_files(struct hs_object *o, struct hs_err *err)
{
    struct header h;
    o->data = open_part(o->name, "data", O_RDWR | O_CREAT);
    o->sums = o->data < 0 ? -1 : open_part(o->name, "sums", O_RDWR | O_CREAT);
    if (o->sums < 0)
        return no_file(o, "open", err);
    if (!make_header(o, &h))
        return hs_fail_hidden(err, HS_INTERNAL, "a name that was not too long");
    if (!holds_marks(o, &h) && !begin_anew(o, &h))
        return no_file(o, "write", err);
    return load_marks(o) ? HS_OK : hs_fail(err, HS_NOMEM, "out of memory");
}

hs_rc hs_object_files_open(struct hs_object *o, struct hs_err *err)
{
    if (o->data >= 0)
        return HS_OK;
    o->block_count = hs_block_count(o->facts.size);
    o->state = hs_calloc(o->block_count + 1, 1);
    o->sum = hs_calloc(o->block_count + 1, sizeof *o->sum);
    hs_rc rc = o->state && o->sum ? open_files(o, err) : hs_fail(err, HS_NOMEM, "out of memory");
    if (rc != HS_OK)
        hs_object_files_close(o);
    return rc;
}

void hs_object_files_close(struct hs_object *o)
{
    if (o->data >= 0)
        close(o->data);
    if (o->sums >= 0)
        close(o->sums);
    o->data = o->sums = -1;
    hs_free(o->state);
    hs_free(o->sum);
    o->state = NULL;
    o->sum = NULL;
}

void hs_object_files_remove(const struct hs_object *o)
{
    remove_parts(o->name);
}

bool hs_object_files_changed(const struct hs_object *o, struct timespec *out)
{
    struct stat st;
    bool known = fstat(o->data, &st) == 0 && st.st_size == o->facts.size && st.st_nlink > 0;
    *out = known ? st.st_ctim : (struct timespec){0};
    return known;
}

/* ---- blocks ---- */

static size_t blocks_len(const struct hs_object *o, uint32_t first, uint32_t count)
{
    return (size_t)(count - 1) * HS_BLOCK + hs_block_len(o, first + count - 1);
}

hs_rc hs_object_blocks_write(struct hs_object *o, uint32_t first, uint32_t count, const char *at, struct hs_err *err)
{
    struct entry entries[HS_BLOCKS_ONCE];
    if (!count || count > HS_BLOCKS_ONCE)
        return hs_fail_hidden(err, HS_INTERNAL, "cache: %u blocks at once", count);
    for (uint32_t i = 0; i < count; i++)
        entries[i] = (struct entry){hs_crc32c(at + (size_t)i * HS_BLOCK, hs_block_len(o, first + i)), MARK};
    if (!all_written(o->data, at, blocks_len(o, first, count), (int64_t)first * HS_BLOCK) ||
        !all_written(o->sums, entries, count * sizeof *entries, HEADER + (int64_t)(first * sizeof *entries)))
        return no_file(o, "write", err);
    for (uint32_t i = 0; i < count; i++)
        o->sum[first + i] = entries[i].sum;
    return HS_OK;
}

void hs_object_blocks_good(struct hs_object *o, uint32_t first, uint32_t count, char *room, bool *good)
{
    bool read = all_read(o->data, room, blocks_len(o, first, count), (int64_t)first * HS_BLOCK);
    for (uint32_t i = 0; i < count; i++)
        good[i] = read && hs_crc32c(room + (size_t)i * HS_BLOCK, hs_block_len(o, first + i)) == o->sum[first + i];
}

void hs_object_block_forget(struct hs_object *o, uint32_t block)
{
    struct entry none = {0, 0};
    (void)!all_written(o->sums, &none, sizeof none, HEADER + (int64_t)(block * sizeof none)); /* else met again */
}

hs_rc hs_object_copy(struct hs_object *o, int64_t offset, size_t len, char *to, struct hs_err *err)
{
    return all_read(o->data, to, len, offset) ? HS_OK : no_file(o, "read", err);
}

/* A way in of its own, for reading alone: whoever gets it can change nothing. */
hs_rc hs_object_descriptor(struct hs_object *o, int *out_fd, struct hs_err *err)
{
    char path[64];
    HS_TRY(hs_object_ensure(o, 0, 0, NULL, err));
    snprintf(path, sizeof path, "/proc/self/fd/%d", o->data);
    *out_fd = open(path, O_RDONLY | O_CLOEXEC);
    return *out_fd >= 0 ? HS_OK : no_file(o, "open", err);
}
