/* The system calls a worker may make: an allow-list, everything else answers EPERM.
 *
 * It was taken from traces of start, scans, sorts, spills and crashes of the engine, then cut down by hand. No call in
 * it starts a program, opens a socket, makes memory executable, or touches another process. */
#include "engine/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)

#ifndef PR_SET_VMA
#define PR_SET_VMA 0x53564d41
#endif

static const int allowed[] = {
    /* files: Landlock says which */
    SYS_read,
    SYS_pread64,
    SYS_readv,
    SYS_preadv,
    SYS_write,
    SYS_pwrite64,
    SYS_writev,
    SYS_pwritev,
    SYS_openat,
    SYS_close,
    SYS_stat,
    SYS_lstat,
    SYS_fstat,
    SYS_newfstatat,
    SYS_statx,
    SYS_statfs,
    SYS_fstatfs,
    SYS_lseek,
    SYS_access,
    SYS_faccessat,
    SYS_faccessat2,
    SYS_readlink,
    SYS_readlinkat,
    SYS_getdents64,
    SYS_ftruncate,
    SYS_fallocate,
    SYS_fadvise64,
    SYS_fsync,
    SYS_fdatasync,
    SYS_unlink,
    SYS_unlinkat,
    SYS_getcwd,
    /* memory; with PROT_EXEC: below */
    SYS_munmap,
    SYS_mremap,
    SYS_madvise,
    SYS_brk,
    SYS_mincore,
    /* threads and time */
    SYS_futex,
    SYS_set_robust_list,
    SYS_rseq,
    SYS_sched_yield,
    SYS_sched_getaffinity,
    SYS_sched_getparam,
    SYS_sched_getscheduler,
    SYS_membarrier,
    SYS_gettid,
    SYS_getpid,
    SYS_exit,
    SYS_exit_group,
    SYS_clock_gettime,
    SYS_clock_getres,
    SYS_clock_nanosleep,
    SYS_nanosleep,
    SYS_gettimeofday,
    SYS_time,
    SYS_restart_syscall,
    SYS_getcpu,
    /* signals to itself */
    SYS_rt_sigaction,
    SYS_rt_sigprocmask,
    SYS_rt_sigreturn,
    SYS_sigaltstack,
    /* the channel, which it was born with */
    SYS_sendmsg,
    SYS_recvmsg,
    SYS_poll,
    SYS_ppoll,
    /* what it may know */
    SYS_getrandom,
    SYS_getuid,
    SYS_geteuid,
    SYS_getgid,
    SYS_getegid,
    SYS_uname,
    SYS_sysinfo,
    SYS_getrusage,
    SYS_times,
};

/* A call that is allowed only when one argument is right. */
enum test {
    EQUALS,   /* low word == value */
    HAS_NONE, /* no bit of value */
    HAS_ALL,  /* every bit of value */
};
struct condition {
    int call, argument;
    enum test test;
    uint32_t value;
};
static const struct condition conditions[] = {
    {SYS_mmap, 2, HAS_NONE, PROT_EXEC},
    {SYS_mprotect, 2, HAS_NONE, PROT_EXEC},
    /* Threads, never processes: clone3 hides its flags in memory, so it answers ENOSYS and libc falls back to clone. */
    {SYS_clone, 0, HAS_ALL, CLONE_VM | CLONE_THREAD | CLONE_SIGHAND},
    {SYS_prctl, 0, EQUALS, PR_SET_NAME},
    {SYS_prctl, 0, EQUALS, PR_SET_VMA},
    {SYS_prlimit64, 2, EQUALS, 0}, /* asking, not setting; the high word is checked, too */
    {SYS_fcntl, 1, EQUALS, F_GETFL},
    {SYS_fcntl, 1, EQUALS, F_SETFL},
    {SYS_fcntl, 1, EQUALS, F_GETFD},
    {SYS_fcntl, 1, EQUALS, F_SETFD},
    {SYS_fcntl, 1, EQUALS, F_GETLK},
    {SYS_fcntl, 1, EQUALS, F_SETLK},
    {SYS_fcntl, 1, EQUALS, F_SETLKW},
    {SYS_fcntl, 1, EQUALS, F_DUPFD_CLOEXEC},
};
/* Harmless questions whose refusal must look like an old kernel or a plain file, or libc gives up. */
static const struct {
    int call, answer;
} answered[] = {{SYS_clone3, ENOSYS}, {SYS_ioctl, ENOTTY}};

enum { PROGRAM_MAX = 512 };
struct program {
    struct sock_filter at[PROGRAM_MAX];
    unsigned len;
};

static void add(struct program *p, struct sock_filter one)
{
    if (p->len < PROGRAM_MAX)
        p->at[p->len++] = one;
}

#define STMT(code, k) ((struct sock_filter)BPF_STMT((code), (uint32_t)(k)))
#define JUMP(code, k, yes, no) ((struct sock_filter)BPF_JUMP((code), (uint32_t)(k), (yes), (no)))
#define LOAD(offset) STMT(BPF_LD | BPF_W | BPF_ABS, (offset))
#define RETURN(what) STMT(BPF_RET | BPF_K, (what))

static void begin(struct program *p)
{
    add(p, LOAD(offsetof(struct seccomp_data, arch)));
    add(p, JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 1, 0));
    add(p, RETURN(SECCOMP_RET_KILL_PROCESS));
    add(p, LOAD(offsetof(struct seccomp_data, nr)));
    add(p, JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x40000000u, 0, 1)); /* x32 numbers the same calls anew */
    add(p, RETURN(SECCOMP_RET_KILL_PROCESS));
}

static void when_call(struct program *p, int call, uint32_t answer)
{
    add(p, JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 1));
    add(p, RETURN(answer));
}

/* When it is this call: load the argument, test, allow; else fall through with the call's number loaded again. */
static void when_argument(struct program *p, const struct condition *c)
{
    unsigned low = offsetof(struct seccomp_data, args) + 8u * (unsigned)c->argument;
    bool high = c->test == EQUALS;
    add(p, JUMP(BPF_JMP | BPF_JEQ | BPF_K, c->call, 0, high ? 6 : c->test == HAS_ALL ? 5 : 4));
    if (high) {
        add(p, LOAD(low + 4));
        add(p, JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 3));
    }
    add(p, LOAD(low));
    if (c->test == EQUALS)
        add(p, JUMP(BPF_JMP | BPF_JEQ | BPF_K, c->value, 0, 1));
    if (c->test == HAS_NONE)
        add(p, JUMP(BPF_JMP | BPF_JSET | BPF_K, c->value, 1, 0));
    if (c->test == HAS_ALL) {
        add(p, STMT(BPF_ALU | BPF_AND | BPF_K, c->value));
        add(p, JUMP(BPF_JMP | BPF_JEQ | BPF_K, c->value, 0, 1));
    }
    add(p, RETURN(SECCOMP_RET_ALLOW));
    add(p, LOAD(offsetof(struct seccomp_data, nr)));
}

/* A signal to one of its own threads (abort), and to nobody else. */
static void when_own_process(struct program *p)
{
    struct condition own = {SYS_tgkill, 0, EQUALS, (uint32_t)getpid()};
    when_argument(p, &own);
}

hs_rc hs_sandbox_limit_calls(struct hs_err *err)
{
    static struct program program;
    struct program *p = &program;
    p->len = 0;
    begin(p);
    for (size_t i = 0; i < sizeof allowed / sizeof *allowed; i++)
        when_call(p, allowed[i], SECCOMP_RET_ALLOW);
    for (size_t i = 0; i < sizeof conditions / sizeof *conditions; i++)
        when_argument(p, &conditions[i]);
    when_own_process(p);
    for (size_t i = 0; i < sizeof answered / sizeof *answered; i++)
        when_call(p, answered[i].call, SECCOMP_RET_ERRNO | (uint32_t)answered[i].answer);
    add(p, RETURN(SECCOMP_RET_ERRNO | EPERM));
    struct sock_fprog filter = {.len = (unsigned short)p->len, .filter = p->at};
    if (p->len >= PROGRAM_MAX)
        return hs_fail_hidden(err, HS_INTERNAL, "seccomp: the list is too long");
    if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &filter) != 0)
        return hs_fail_hidden(err, HS_UNSUPPORTED, "seccomp: %s", strerror(errno));
    return HS_OK;
}

#else

hs_rc hs_sandbox_limit_calls(struct hs_err *err)
{
    return hs_fail_hidden(err, HS_UNSUPPORTED, "seccomp: no list for this architecture");
}

#endif
