/* Whose keys the store's requests are signed with: what a command prints, or a file holds (both the form of AWS's
 * credential_process), or the environment. Keys with an end are asked for anew before it, and when the store says that
 * they have ended. They are in this process's memory and nowhere else: not in a message, not in the log, not in what a
 * worker inherits. */
#include "base/alloc.h"
#include "base/clock.h"
#include "base/json_alc.h"
#include "store/store_in.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { OUTPUT_MAX = 64 << 10, COMMAND_MS = 30000, EARLY_S = 120, AGAIN_MS = 1000 };

extern char **environ;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct {
    char *file, *command;
    struct hs_keys keys;
    bool have;
    int64_t expires_us; /* 0: never */
    int64_t asked_us;   /* monotonic */
} own;

/* ---- where they come from ---- */

static bool from_environment(struct hs_keys *out)
{
    const char *id = getenv("AWS_ACCESS_KEY_ID"), *secret = getenv("AWS_SECRET_ACCESS_KEY");
    const char *token = getenv("AWS_SESSION_TOKEN");
    *out = (struct hs_keys){.version = 0};
    if (!id || !*id || !secret)
        return true;
    return snprintf(out->id, sizeof out->id, "%s", id) < (int)sizeof out->id &&
           snprintf(out->secret, sizeof out->secret, "%s", secret) < (int)sizeof out->secret &&
           snprintf(out->token, sizeof out->token, "%s", token ? token : "") < (int)sizeof out->token;
}

static hs_rc read_until(int fd, int64_t until_us, struct hs_buf *out, struct hs_err *err)
{
    for (;;) {
        int64_t left_ms = (until_us - hs_mono_us()) / 1000;
        struct pollfd p = {.fd = fd, .events = POLLIN};
        if (left_ms <= 0 || poll(&p, 1, (int)left_ms) == 0)
            return hs_fail_hidden(err, HS_UNAVAILABLE, "the credential command or file took too long");
        char *room = hs_buf_room(out, 4096);
        ssize_t n = room ? read(fd, room, 4096) : -1;
        if (n < 0)
            return hs_fail_hidden(err, HS_UNAVAILABLE, "the credential command's answer cannot be read");
        if (n == 0)
            return HS_OK;
        out->len += (size_t)n;
        room[n] = 0;
    }
}

/* By the shell, as the operator wrote it; its standard error goes nowhere, for it may hold what it likes. */
static pid_t start_command(const char *command, int to)
{
    char *argv[] = {(char *)"sh", (char *)"-c", (char *)command, NULL};
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    sigset_t none;
    pid_t pid = -1;
    sigemptyset(&none);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&files, to, 1);
    posix_spawn_file_actions_addopen(&files, 2, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addclosefrom_np(&files, 3);
    if (posix_spawn(&pid, "/bin/sh", &files, &attributes, argv, environ) != 0)
        pid = -1;
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&attributes);
    return pid;
}

/* It may go on after it has closed its output; not for ever. */
static int wait_for(pid_t pid, int64_t until_us)
{
    static const struct timespec NAP = {0, 10000000};
    int status = -1;
    while (waitpid(pid, &status, WNOHANG) == 0) {
        if (hs_mono_us() >= until_us)
            kill(-pid, SIGKILL); /* its own group, not yet waited for */
        nanosleep(&NAP, NULL);
    }
    return status;
}

static hs_rc run_command(const char *command, struct hs_buf *out, struct hs_err *err)
{
    int ends[2], status = -1;
    int64_t until_us = hs_mono_us() + COMMAND_MS * INT64_C(1000);
    if (pipe2(ends, O_CLOEXEC) != 0)
        return hs_fail_hidden(err, HS_UNAVAILABLE, "no pipe for the credential command");
    pid_t pid = start_command(command, ends[1]);
    close(ends[1]);
    hs_rc rc = pid > 0 ? read_until(ends[0], until_us, out, err)
                       : hs_fail_hidden(err, HS_UNAVAILABLE, "the credential command does not start");
    close(ends[0]);
    if (pid > 0)
        status = wait_for(pid, rc == HS_OK ? until_us : 0);
    if (rc == HS_OK && status != 0)
        rc = hs_fail_hidden(err, HS_UNAVAILABLE, "the credential command failed with status %d", status);
    return rc;
}

static hs_rc read_file(const char *path, struct hs_buf *out, struct hs_err *err)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        if (fd >= 0)
            close(fd);
        return hs_fail_hidden(err, HS_UNAVAILABLE, "the credential file %s cannot be read", path);
    }
    hs_rc rc = (st.st_mode & 077) == 0
                   ? read_until(fd, hs_mono_us() + COMMAND_MS * INT64_C(1000), out, err)
                   : hs_fail_hidden(err, HS_DENIED, "the credential file %s may be read by others: mode 0600", path);
    close(fd);
    return rc;
}

/* ---- what they say ---- */

static bool take_text(yyjson_val *root, const char *name, char *out, size_t cap, bool need)
{
    yyjson_val *v = yyjson_obj_get(root, name);
    if (!v || yyjson_is_null(v))
        return !need;
    size_t len = yyjson_get_len(v);
    if (!yyjson_is_str(v) || len >= cap || strlen(yyjson_get_str(v)) != len || (need && !len))
        return false;
    memcpy(out, yyjson_get_str(v), len + 1);
    return strpbrk(out, "\r\n") == NULL; /* they become header lines */
}

static hs_rc parse(hs_str text, struct hs_keys *out, int64_t *out_expires_us, struct hs_err *err)
{
    char expires[64] = "";
    yyjson_doc *doc = yyjson_read_opts((char *)(uintptr_t)text.at, text.len, 0, &hs_json_alc, NULL);
    yyjson_val *root = yyjson_doc_get_root(doc);
    bool good = yyjson_is_obj(root) && take_text(root, "AccessKeyId", out->id, sizeof out->id, true) &&
                take_text(root, "SecretAccessKey", out->secret, sizeof out->secret, true) &&
                take_text(root, "SessionToken", out->token, sizeof out->token, false) &&
                take_text(root, "Expiration", expires, sizeof expires, false);
    *out_expires_us = 0;
    if (good && expires[0])
        good = hs_time_parse(hs_str_of(expires), out_expires_us);
    yyjson_doc_free(doc);
    return good ? HS_OK
                : hs_fail_hidden(err, HS_UNAVAILABLE,
                                 "what the credential command or file says is not {\"Version\": 1, \"AccessKeyId\", "
                                 "\"SecretAccessKey\", \"SessionToken\", \"Expiration\"}");
}

static hs_rc ask_anew(struct hs_err *err)
{
    struct hs_buf text;
    struct hs_keys keys = {.version = own.keys.version + 1};
    int64_t expires_us = 0;
    own.asked_us = hs_mono_us();
    hs_buf_init(&text, OUTPUT_MAX);
    hs_rc rc = own.command ? run_command(own.command, &text, err) : read_file(own.file, &text, err);
    if (rc == HS_OK)
        rc = hs_buf_done(&text, err);
    if (rc == HS_OK)
        rc = parse(hs_buf_str(&text), &keys, &expires_us, err);
    hs_wipe(text.at, text.len);
    hs_buf_fini(&text);
    if (rc == HS_OK) {
        own.keys = keys;
        own.expires_us = expires_us;
        own.have = true;
    }
    hs_wipe(&keys, sizeof keys);
    return rc;
}

/* ---- asking ---- */

hs_rc hs_credentials_open(const char *file, const char *command, struct hs_err *err)
{
    if (*file)
        own.file = hs_strndup(file, strlen(file));
    if (*command)
        own.command = hs_strndup(command, strlen(command));
    if ((*file && !own.file) || (*command && !own.command))
        return hs_fail(err, HS_NOMEM, "out of memory");
    if (own.file || own.command)
        return HS_OK; /* asked when first needed: a store that is never read needs no keys */
    own.have = from_environment(&own.keys);
    return own.have ? HS_OK : hs_fail(err, HS_INVALID, "AWS_ACCESS_KEY_ID and its kin in the environment are too long");
}

void hs_credentials_close(void)
{
    hs_free(own.file);
    hs_free(own.command);
    hs_wipe(&own, sizeof own);
}

static bool ends_soon(void)
{
    return own.expires_us && hs_wall_us() > own.expires_us - EARLY_S * INT64_C(1000000);
}

static bool asked_just_now(void)
{
    return own.asked_us && hs_mono_us() - own.asked_us < AGAIN_MS * INT64_C(1000);
}

hs_rc hs_credentials_get(struct hs_keys *out, struct hs_err *err)
{
    hs_rc rc = HS_OK;
    pthread_mutex_lock(&lock);
    if (!own.have || (ends_soon() && !asked_just_now()))
        rc = ask_anew(err);
    if (rc != HS_OK && own.have && (!own.expires_us || hs_wall_us() < own.expires_us))
        rc = HS_OK; /* what we have still holds */
    if (rc == HS_OK)
        *out = own.keys;
    pthread_mutex_unlock(&lock);
    return rc;
}

bool hs_credentials_stale(uint64_t version)
{
    pthread_mutex_lock(&lock);
    bool renewed = own.keys.version != version; /* somebody was here first */
    if (!renewed && (own.file || own.command) && !asked_just_now())
        renewed = ask_anew(NULL) == HS_OK;
    pthread_mutex_unlock(&lock);
    return renewed;
}
