/* The walls alone, against code rather than SQL: a child closes itself in and then tries everything a taken-over engine
 * would. Each wall is also taken away, to see that it was that wall. */
#include "base/fault.h"
#include "engine/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char inside[64] = "/tmp/hailstorm-sandbox-XXXXXX", spill[80], readable[80];

/* ---- what is tried; true: it worked ---- */
static bool try_exec(void)
{
    char *argv[] = {"/bin/true", NULL};
    execve("/bin/true", argv, NULL);
    return false; /* success ends the child with 0 */
}
static bool try_fork(void)
{
    pid_t pid = (pid_t)syscall(SYS_fork);
    if (pid == 0)
        _exit(0);
    return pid > 0;
}
static bool try_clone_process(void)
{
    long pid = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
    if (pid == 0)
        _exit(0);
    return pid > 0;
}
static bool try_socket(void)
{
    return socket(AF_INET, SOCK_STREAM, 0) >= 0 || socket(AF_UNIX, SOCK_STREAM, 0) >= 0;
}
static bool try_socketpair(void)
{
    int pair[2];
    return socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0;
}
static bool try_ptrace(void)
{
    return ptrace(PTRACE_ATTACH, getppid(), 0, 0) == 0;
}
static bool try_kill(void)
{
    return kill(getppid(), 0) == 0;
}
static bool try_read_parent(void)
{
    char byte;
    struct iovec local = {&byte, 1}, remote = {&spill, 1};
    return syscall(SYS_process_vm_readv, getppid(), &local, 1, &remote, 1, 0) == 1;
}
static bool try_executable_memory(void)
{
    return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED;
}
static bool try_make_executable(void)
{
    void *at = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return at != MAP_FAILED && mprotect(at, 4096, PROT_READ | PROT_EXEC) == 0;
}
static bool try_namespace(void)
{
    return unshare(CLONE_NEWUSER) == 0;
}
static bool try_io_uring(void)
{
    char space[256] = {0};
    return syscall(SYS_io_uring_setup, 4, space) >= 0;
}
static bool try_bpf(void)
{
    return syscall(SYS_bpf, 0, NULL, 0) >= 0 || errno != EPERM;
}
static bool try_keys(void)
{
    return syscall(SYS_keyctl, 0, 0, 0) >= 0 || errno != EPERM;
}
static bool try_memfd(void)
{
    return memfd_create("x", 0) >= 0;
}
static bool try_limits(void)
{
    struct rlimit more = {1 << 20, 1 << 20};
    return setrlimit(RLIMIT_FSIZE, &more) == 0;
}
static bool try_dumpable(void)
{
    return prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) == 0;
}
static bool try_x32(void)
{
    return syscall(0x40000000 | SYS_getpid) > 0; /* ends the process */
}
static bool try_read_outside(void)
{
    return open("/etc/passwd", O_RDONLY) >= 0;
}
static bool try_read_self(void)
{
    return open("/proc/self/maps", O_RDONLY) >= 0 || open("/proc/self/environ", O_RDONLY) >= 0;
}
static bool try_list(void)
{
    return open(inside, O_RDONLY | O_DIRECTORY) >= 0;
}
static bool try_write_readable(void)
{
    return open(readable, O_WRONLY) >= 0;
}
static bool try_write_outside(void)
{
    return open("/tmp/hailstorm-sandbox-escape", O_CREAT | O_WRONLY, 0600) >= 0;
}
static bool try_climb(void)
{
    char path[200];
    snprintf(path, sizeof path, "%s/../../etc/passwd", inside);
    return open(path, O_RDONLY) >= 0;
}
/* ---- and what must go on working ---- */
static bool may_read(void)
{
    return open(readable, O_RDONLY) >= 0;
}
static bool may_spill(void)
{
    char path[200];
    snprintf(path, sizeof path, "%s/file", spill);
    int fd = open(path, O_CREAT | O_RDWR, 0600);
    return fd >= 0 && write(fd, "x", 1) == 1 && ftruncate(fd, 0) == 0 && unlink(path) == 0;
}
static void *nothing(void *arg)
{
    return arg;
}
static bool may_start_threads(void)
{
    pthread_t thread;
    return pthread_create(&thread, NULL, nothing, NULL) == 0 && pthread_join(thread, NULL) == 0;
}
static bool may_abort(void)
{
    signal(SIGUSR1, SIG_IGN);
    return raise(SIGUSR1) == 0;
}

static int run_inside(bool (*attempt)(void), const char *faults)
{
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        hs_str directory = hs_str_of(inside);
        struct hs_msg_lease lease = {&directory, 1, hs_str_of(spill), 64 << 20, 1 << 16, 2};
        struct hs_err err;
        unsigned walls;
        setenv("HS_FAULTS", faults, 1); /* first asked for in this child */
        if (hs_sandbox_enter(&lease, &walls, &err) != HS_OK)
            _exit(77);
        _exit(attempt() ? 0 : 1);
    }
    waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

struct attempt {
    const char *name;
    bool (*run)(void);
};
#define ATTEMPT(fn) \
    {               \
#fn, fn     \
    }
static const struct attempt calls[] = {
    ATTEMPT(try_exec),
    ATTEMPT(try_fork),
    ATTEMPT(try_clone_process),
    ATTEMPT(try_socket),
    ATTEMPT(try_ptrace),
    ATTEMPT(try_kill),
    ATTEMPT(try_executable_memory),
    ATTEMPT(try_make_executable),
    ATTEMPT(try_namespace),
    ATTEMPT(try_io_uring),
    ATTEMPT(try_bpf),
    ATTEMPT(try_keys),
    ATTEMPT(try_memfd),
    ATTEMPT(try_dumpable),
    ATTEMPT(try_read_parent),
    ATTEMPT(try_limits),
    ATTEMPT(try_x32),
    ATTEMPT(try_socketpair),
};
static const struct attempt files[] = {
    ATTEMPT(try_read_outside),   ATTEMPT(try_read_self),     ATTEMPT(try_list),
    ATTEMPT(try_write_readable), ATTEMPT(try_write_outside), ATTEMPT(try_climb),
};
static const struct attempt needed[] = {
    ATTEMPT(may_read),
    ATTEMPT(may_spill),
    ATTEMPT(may_start_threads),
    ATTEMPT(may_abort),
};

static void expect_all(const struct attempt *attempts, size_t count, const char *faults, bool works)
{
    for (size_t i = 0; i < count; i++) {
        int got = run_inside(attempts[i].run, faults);
        if ((got == 0) != works)
            print_error("[%s] %s: %d\n", faults, attempts[i].name, got);
        assert_true((got == 0) == works);
        assert_int_not_equal(got, 77);
    }
}
#define COUNT(a) (sizeof(a) / sizeof *(a))

static void system_calls_are_closed_without_landlock(void **state)
{
    (void)state;
    expect_all(calls, COUNT(calls), "no-landlock", false);
}

static void files_are_closed_without_seccomp(void **state)
{
    (void)state;
    expect_all(files, COUNT(files), "no-seccomp", false);
}

static void both_walls_leave_what_is_needed(void **state)
{
    (void)state;
    expect_all(calls, COUNT(calls), "", false);
    expect_all(files, COUNT(files), "", false);
    expect_all(needed, COUNT(needed), "", true);
}

static void without_walls_the_attempts_succeed(void **state)
{
    (void)state;
    static const struct attempt telling[] = {
        ATTEMPT(try_exec),      ATTEMPT(try_fork),       ATTEMPT(try_executable_memory),
        ATTEMPT(try_memfd),     ATTEMPT(try_socketpair), ATTEMPT(try_read_outside),
        ATTEMPT(try_read_self), ATTEMPT(try_list),       ATTEMPT(try_climb),
    };
    expect_all(telling, COUNT(telling), "no-landlock,no-seccomp", true);
}

static void *sleep_long(void *arg)
{
    pause();
    return arg;
}

static void a_second_thread_before_the_walls_is_refused(void **state)
{
    (void)state;
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        struct hs_msg_lease lease = {NULL, 0, HS_S(""), 64 << 20, 1 << 16, 2};
        struct hs_err err;
        unsigned walls;
        pthread_t thread;
        pthread_create(&thread, NULL, sleep_long, NULL);
        _exit(hs_sandbox_enter(&lease, &walls, &err) == HS_INTERNAL ? 0 : 1);
    }
    waitpid(pid, &status, 0);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    assert_int_equal(status, 0);
#endif
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(system_calls_are_closed_without_landlock),
        cmocka_unit_test(files_are_closed_without_seccomp),
        cmocka_unit_test(both_walls_leave_what_is_needed),
        cmocka_unit_test(without_walls_the_attempts_succeed),
        cmocka_unit_test(a_second_thread_before_the_walls_is_refused),
    };
    if (!mkdtemp(inside))
        return 1;
    snprintf(spill, sizeof spill, "%s/spill", inside);
    snprintf(readable, sizeof readable, "%s/file", inside);
    mkdir(spill, 0700);
    close(open(readable, O_CREAT | O_WRONLY, 0600));
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(readable);
    rmdir(spill);
    rmdir(inside);
    return failed;
}
