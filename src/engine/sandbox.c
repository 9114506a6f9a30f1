/* The walls around a worker: rlimits, privileges, Landlock. See sandbox.h; system calls are in sandbox_calls.c. */
#include "engine/sandbox.h"
#include "base/fault.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <linux/capability.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* <linux/landlock.h> of the build machine may be older than the kernel it runs on: the ABI is written out here. */
struct landlock_rules {
    uint64_t fs, net, scoped;
};
struct landlock_beneath {
    uint64_t allowed;
    int32_t parent;
} __attribute__((packed));
enum { LANDLOCK_ASK_VERSION = 1, LANDLOCK_PATH_BENEATH = 1 };
enum {
    FS_WRITE_FILE = 1 << 1,
    FS_READ_FILE = 1 << 2,
    FS_READ_DIR = 1 << 3,
    FS_REMOVE_FILE = 1 << 5,
    FS_MAKE_REG = 1 << 8,
    FS_ALL_V1 = (1 << 13) - 1,
    FS_REFER = 1 << 13,     /* ABI 2 */
    FS_TRUNCATE = 1 << 14,  /* ABI 3 */
    FS_IOCTL_DEV = 1 << 15, /* ABI 5 */
    NET_TCP = 3,            /* ABI 4: bind, connect */
    SCOPE_ALL = 3,          /* ABI 6: abstract sockets, signals */
};

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

static int landlock_abi(void)
{
    return (int)syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_ASK_VERSION);
}

unsigned hs_sandbox_offered(void)
{
    unsigned walls = HS_WALL_RLIMITS;
    if (landlock_abi() >= 1)
        walls |= HS_WALL_LANDLOCK;
    if (prctl(PR_GET_SECCOMP) >= 0)
        walls |= HS_WALL_SECCOMP;
    return walls;
}

void hs_sandbox_words(unsigned walls, struct hs_buf *out)
{
    if (walls & HS_WALL_LANDLOCK)
        hs_buf_addf(out, "landlock (ABI %d)", landlock_abi());
    else
        hs_buf_addz(out, "landlock missing");
    hs_buf_addz(out, walls & HS_WALL_SECCOMP ? ", seccomp" : ", seccomp missing");
    hs_buf_addz(out, walls & HS_WALL_RLIMITS ? ", rlimits" : ", rlimits missing");
}

static hs_rc require_one_thread(struct hs_err *err)
{
    DIR *tasks = opendir("/proc/self/task");
    if (!tasks)
        return hs_fail_hidden(err, HS_INTERNAL, "/proc/self/task: %s", strerror(errno));
    int count = 0;
    for (struct dirent *e; (e = readdir(tasks));)
        count += e->d_name[0] != '.';
    closedir(tasks);
    if (count != 1 && !SANITIZED) /* sanitizers bring a thread of their own */
        return hs_fail_hidden(err, HS_INTERNAL, "%d threads before the walls are up", count);
    return HS_OK;
}

static bool limit(int resource, int64_t value)
{
    struct rlimit now, want = {(rlim_t)value, (rlim_t)value};
    if (getrlimit(resource, &now) != 0)
        return false;
    if (now.rlim_max != RLIM_INFINITY && now.rlim_max < want.rlim_max)
        want.rlim_cur = want.rlim_max = now.rlim_max;
    return setrlimit(resource, &want) == 0;
}

/* Private memory, not address space: the library and shared rings are mapped, too, and the engine's allocator reserves
 * more than it uses. The head room covers what DuckDB does not count as its own: file metadata, threads' stacks, ours.
 */
static int64_t data_limit(const struct hs_msg_lease *lease)
{
    return lease->memory_bytes + lease->memory_bytes / 4 + (768LL << 20) + (int64_t)lease->threads * (16 << 20);
}

static bool limit_resources(const struct hs_msg_lease *lease)
{
    signal(SIGXFSZ, SIG_IGN); /* a write past the limit answers EFBIG */
    signal(SIGPIPE, SIG_IGN);
    bool ok = limit(RLIMIT_CORE, 0); /* a core would hold rows */
    ok &= limit(RLIMIT_NOFILE, 4096);
    ok &= limit(RLIMIT_MEMLOCK, 0);
    ok &= limit(RLIMIT_FSIZE, lease->spill_bytes > 0 ? lease->spill_bytes : 0);
    if (!SANITIZED)
        ok &= limit(RLIMIT_DATA, data_limit(lease));
    return ok;
}

static void drop_privileges(void)
{
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct none[2];
    memset(none, 0, sizeof none);
    syscall(SYS_capset, &header, none); /* without any already: nothing to drop, nothing to report */
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    umask(077);
}

/* A table's directory was resolved when the model was loaded: a link in it now was put there since, and would open this
 * worker to whatever it points at. Kernels before 5.6 cannot be asked. */
static int open_directory(hs_str directory, bool resolved)
{
    struct open_how how = {.flags = O_PATH | O_DIRECTORY | O_CLOEXEC, .resolve = RESOLVE_NO_SYMLINKS};
    int fd = resolved ? (int)syscall(SYS_openat2, AT_FDCWD, directory.at, &how, sizeof how) : -1;
    if (!resolved || (fd < 0 && (errno == ENOSYS || errno == EPERM)))
        fd = open(directory.at, O_PATH | O_DIRECTORY | O_CLOEXEC);
    return fd;
}

static hs_rc add_rule(int rules, hs_str directory, bool resolved, uint64_t allowed, struct hs_err *err)
{
    int fd = open_directory(directory, resolved);
    if (fd < 0 && (errno == ENOENT || errno == ENOTDIR || errno == ELOOP))
        return HS_OK; /* nothing there: nothing to permit; reading it will fail as it should */
    if (fd < 0)
        return hs_fail_hidden(err, HS_UNAVAILABLE, "%.*s: %s", HS_FMT(directory), strerror(errno));
    struct landlock_beneath rule = {allowed, fd};
    int failed = (int)syscall(SYS_landlock_add_rule, rules, LANDLOCK_PATH_BENEATH, &rule, 0);
    hs_rc rc = HS_OK;
    if (failed)
        rc = hs_fail_hidden(err, HS_UNAVAILABLE, "landlock rule %.*s: %s", HS_FMT(directory), strerror(errno));
    close(fd);
    return rc;
}

static hs_rc add_rules(int rules, int abi, const struct hs_msg_lease *lease, struct hs_err *err)
{
    /* Only named files are opened: listing a directory is not needed, so it is not given. */
    for (size_t i = 0; i < lease->directory_count; i++)
        HS_TRY(add_rule(rules, lease->directories[i], true, FS_READ_FILE, err));
    uint64_t spill = FS_READ_FILE | FS_WRITE_FILE | FS_READ_DIR | FS_MAKE_REG | FS_REMOVE_FILE;
    if (abi >= 3)
        spill |= FS_TRUNCATE;
    return lease->spill.len ? add_rule(rules, lease->spill, false, spill, err) : HS_OK;
}

static hs_rc enter_landlock(const struct hs_msg_lease *lease, struct hs_err *err)
{
    int abi = landlock_abi();
    struct landlock_rules handled = {.fs = FS_ALL_V1};
    handled.fs |= abi >= 2 ? FS_REFER : 0;
    handled.fs |= abi >= 3 ? FS_TRUNCATE : 0;
    handled.net = abi >= 4 ? NET_TCP : 0;
    handled.fs |= abi >= 5 ? FS_IOCTL_DEV : 0;
    handled.scoped = abi >= 6 ? SCOPE_ALL : 0;
    size_t size = abi >= 6 ? 24 : abi >= 4 ? 16 : 8;
    int rules = (int)syscall(SYS_landlock_create_ruleset, &handled, size, 0);
    if (rules < 0)
        return hs_fail_hidden(err, HS_UNSUPPORTED, "landlock: %s", strerror(errno));
    hs_rc rc = add_rules(rules, abi, lease, err);
    if (rc == HS_OK && syscall(SYS_landlock_restrict_self, rules, 0) != 0)
        rc = hs_fail_hidden(err, HS_UNSUPPORTED, "landlock: %s", strerror(errno));
    close(rules);
    return rc;
}

hs_rc hs_sandbox_enter(const struct hs_msg_lease *lease, unsigned *out_walls, struct hs_err *err)
{
    HS_TRY(require_one_thread(err));
    unsigned offered = hs_sandbox_offered(), walls = 0;
    if (limit_resources(lease))
        walls |= HS_WALL_RLIMITS;
    drop_privileges();
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return hs_fail_hidden(err, HS_UNSUPPORTED, "no_new_privs: %s", strerror(errno));
    if ((offered & HS_WALL_LANDLOCK) && hs_defence("landlock")) {
        HS_TRY(enter_landlock(lease, err));
        walls |= HS_WALL_LANDLOCK;
    }
    if ((offered & HS_WALL_SECCOMP) && hs_defence("seccomp")) {
        HS_TRY(hs_sandbox_limit_calls(err));
        walls |= HS_WALL_SECCOMP;
    }
    *out_walls = walls;
    return HS_OK;
}
