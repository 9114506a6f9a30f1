/* SQLite behind one lock. WAL so that readers of the file (a backup, a person with sqlite3) do not stop us. Rows that
 * have expired are removed when new ones come, at most once a minute: no timer is needed to keep the file small. What
 * one person keeps is bounded, and pages that go free are given back. */
#include "state/quota.h"
#include "state/state.h"

#include "base/alloc.h"
#include "base/clock.h"

#include <pthread.h>
#include <sqlite3.h>

enum { HANDLES_MAX = 16 << 20, PURGE_US = 60000000, LAYOUT = 1 };

struct hs_state {
    sqlite3 *db;
    pthread_mutex_t lock; /* guards db and what follows */
    int64_t purged_us;
    struct hs_quotas *quotas;
};

static const char OPENING[] = "PRAGMA auto_vacuum=INCREMENTAL; PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
                              "PRAGMA busy_timeout=5000; PRAGMA journal_size_limit=4194304;";
/* Files of before: nothing there lives longer than an hour, and giving pages back is decided when a file is made. */
static const char RENEWAL[] = "DROP TABLE IF EXISTS handle; VACUUM; PRAGMA user_version=1;";
static const char SCHEMA[] =
    "CREATE TABLE IF NOT EXISTS handle(id BLOB PRIMARY KEY, owner BLOB NOT NULL, size INTEGER NOT NULL, "
    "expires INTEGER NOT NULL, bytes BLOB NOT NULL);"
    "CREATE INDEX IF NOT EXISTS handle_expires ON handle(expires);"
    "CREATE INDEX IF NOT EXISTS handle_owner ON handle(owner, expires, size);"
    "CREATE TABLE IF NOT EXISTS ended_session(id BLOB PRIMARY KEY, expires INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE INDEX IF NOT EXISTS ended_session_expires ON ended_session(expires);"
    "CREATE TABLE IF NOT EXISTS asked(number INTEGER PRIMARY KEY AUTOINCREMENT, subject BLOB NOT NULL, text BLOB NOT "
    "NULL, at INTEGER NOT NULL);"
    "CREATE INDEX IF NOT EXISTS asked_subject ON asked(subject, number);"
    "CREATE INDEX IF NOT EXISTS asked_at ON asked(at);";
static const char PURGE[] = "DELETE FROM handle WHERE expires < strftime('%s', 'now') * 1000000;"
                            "DELETE FROM ended_session WHERE expires < strftime('%s', 'now') * 1000000;"
                            /* a snapshot that nobody asked of for a year is not the current one any more */
                            "DELETE FROM asked WHERE at < (strftime('%s', 'now') - 366 * 86400) * 1000000;"
                            "PRAGMA incremental_vacuum(8192);";

static hs_rc failed(struct hs_state *s, const char *what, struct hs_err *err)
{
    return hs_fail_hidden(err, HS_UNAVAILABLE, "state: %s: %s", what, sqlite3_errmsg(s->db));
}

static bool step_int(struct hs_state *s, const char *sql, int64_t *out)
{
    sqlite3_stmt *q = NULL;
    bool row = sqlite3_prepare_v2(s->db, sql, -1, &q, NULL) == SQLITE_OK && sqlite3_step(q) == SQLITE_ROW;
    if (row)
        *out = sqlite3_column_int64(q, 0);
    sqlite3_finalize(q);
    return row;
}

static bool prepare_file(struct hs_state *s)
{
    int64_t layout;
    if (sqlite3_exec(s->db, OPENING, NULL, NULL, NULL) != SQLITE_OK || !step_int(s, "PRAGMA user_version", &layout))
        return false;
    if (layout < LAYOUT && sqlite3_exec(s->db, RENEWAL, NULL, NULL, NULL) != SQLITE_OK)
        return false;
    return sqlite3_exec(s->db, SCHEMA, NULL, NULL, NULL) == SQLITE_OK;
}

static hs_rc open_quotas(struct hs_state *s, hs_str path, struct hs_err *err)
{
    struct hs_buf name;
    hs_buf_init(&name, 8192);
    hs_buf_adds(&name, path);
    hs_buf_addz(&name, ".quota");
    hs_rc rc = hs_buf_done(&name, err);
    if (rc == HS_OK)
        rc = hs_quotas_open(hs_buf_str(&name), &s->quotas, err);
    hs_buf_fini(&name);
    return rc;
}

struct hs_quotas *hs_state_quotas(struct hs_state *s)
{
    return s->quotas;
}

hs_rc hs_state_open(hs_str path, struct hs_state **out, struct hs_err *err)
{
    struct hs_state *s = hs_calloc(1, sizeof *s);
    char *name = hs_strndup(path.at, path.len);
    if (!s || !name) {
        hs_free(s);
        hs_free(name);
        return hs_fail(err, HS_NOMEM, "out of memory");
    }
    pthread_mutex_init(&s->lock, NULL);
    hs_rc rc = HS_OK;
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    if (sqlite3_open_v2(name, &s->db, flags, NULL) != SQLITE_OK || !prepare_file(s))
        rc = hs_fail(err, HS_UNAVAILABLE, "state file %s: %s", name, s->db ? sqlite3_errmsg(s->db) : "cannot open");
    hs_free(name);
    if (rc == HS_OK)
        rc = open_quotas(s, path, err);
    if (rc != HS_OK) {
        hs_state_close(s);
        return rc;
    }
    *out = s;
    return HS_OK;
}

void hs_state_close(struct hs_state *s)
{
    if (!s)
        return;
    sqlite3_close(s->db);
    hs_quotas_close(s->quotas);
    pthread_mutex_destroy(&s->lock);
    hs_free(s);
}

static int bind_blob(sqlite3_stmt *q, int at, hs_str bytes)
{
    return sqlite3_bind_blob64(q, at, bytes.len ? bytes.at : "", bytes.len, SQLITE_STATIC);
}

/* Prepares, binds id (and bytes, and a time) and steps once; the statement is the caller's to finalize. */
static int run(struct hs_state *s, const char *sql, hs_str id, const hs_str *bytes, int64_t time, sqlite3_stmt **out)
{
    *out = NULL;
    int rc = sqlite3_prepare_v2(s->db, sql, -1, out, NULL);
    if (rc != SQLITE_OK)
        return rc;
    bind_blob(*out, 1, id);
    sqlite3_bind_int64(*out, 2, time);
    if (bytes)
        bind_blob(*out, 3, *bytes);
    return sqlite3_step(*out);
}

static hs_rc change(struct hs_state *s, const char *sql, hs_str id, const hs_str *bytes, int64_t time,
                    struct hs_err *err)
{
    sqlite3_stmt *q;
    pthread_mutex_lock(&s->lock);
    int step = run(s, sql, id, bytes, time, &q);
    hs_rc rc = step == SQLITE_DONE ? HS_OK : failed(s, "write", err);
    sqlite3_finalize(q);
    pthread_mutex_unlock(&s->lock);
    return rc;
}

/* Best effort, with the lock held: what stays is refused by its time anyway. */
static void purge(struct hs_state *s)
{
    int64_t now = hs_mono_us();
    if (s->purged_us && now - s->purged_us < PURGE_US)
        return;
    s->purged_us = now;
    sqlite3_exec(s->db, PURGE, NULL, NULL, NULL);
}

static hs_rc check_quota(struct hs_state *s, hs_str owner, size_t more, struct hs_err *err)
{
    sqlite3_stmt *q;
    int step = run(s, "SELECT coalesce(sum(size), 0) FROM handle WHERE owner = ?1 AND expires >= ?2", owner, NULL,
                   hs_wall_us(), &q);
    int64_t kept = step == SQLITE_ROW ? sqlite3_column_int64(q, 0) : 0;
    hs_rc rc = step == SQLITE_ROW ? HS_OK : failed(s, "read", err);
    sqlite3_finalize(q);
    if (rc == HS_OK && kept + (int64_t)more > HANDLES_MAX)
        rc = hs_fail(err, HS_LIMIT,
                     "your long statements take more than %d MiB, your limit; close prepared statements, or wait until "
                     "they expire",
                     HANDLES_MAX >> 20);
    return rc;
}

static hs_rc insert_handle(struct hs_state *s, hs_str owner, hs_str id, hs_str bytes, int64_t expires_us,
                           struct hs_err *err)
{
    sqlite3_stmt *q;
    int rc = sqlite3_prepare_v2(
        s->db, "INSERT OR REPLACE INTO handle(id, owner, size, expires, bytes) VALUES(?, ?, ?, ?, ?)", -1, &q, NULL);
    if (rc == SQLITE_OK) {
        bind_blob(q, 1, id);
        bind_blob(q, 2, owner);
        sqlite3_bind_int64(q, 3, (int64_t)bytes.len);
        sqlite3_bind_int64(q, 4, expires_us);
        bind_blob(q, 5, bytes);
        rc = sqlite3_step(q);
    }
    hs_rc done = rc == SQLITE_DONE ? HS_OK : failed(s, "write", err);
    sqlite3_finalize(q);
    return done;
}

hs_rc hs_state_put_handle(struct hs_state *s, hs_str owner, hs_str id, hs_str bytes, int64_t expires_us,
                          struct hs_err *err)
{
    pthread_mutex_lock(&s->lock);
    purge(s);
    hs_rc rc = check_quota(s, owner, bytes.len, err);
    if (rc == HS_OK)
        rc = insert_handle(s, owner, id, bytes, expires_us, err);
    pthread_mutex_unlock(&s->lock);
    return rc;
}

hs_rc hs_state_get_handle(struct hs_state *s, hs_str id, struct hs_buf *out, struct hs_err *err)
{
    sqlite3_stmt *q;
    pthread_mutex_lock(&s->lock);
    int step = run(s, "SELECT bytes FROM handle WHERE id = ?1 AND expires >= ?2", id, NULL, hs_wall_us(), &q);
    hs_rc rc = HS_OK;
    if (step == SQLITE_ROW)
        hs_buf_add(out, sqlite3_column_blob(q, 0), (size_t)sqlite3_column_bytes(q, 0));
    else
        rc = step == SQLITE_DONE ? hs_fail(err, HS_NOT_FOUND, "the handle has expired; prepare again")
                                 : failed(s, "read", err);
    sqlite3_finalize(q);
    pthread_mutex_unlock(&s->lock);
    return rc == HS_OK ? hs_buf_done(out, err) : rc;
}

hs_rc hs_state_drop_handle(struct hs_state *s, hs_str id, struct hs_err *err)
{
    HS_TRY(change(s, "DELETE FROM handle WHERE id = ?1 AND ?2 IS NOT NULL", id, NULL, 0, err));
    pthread_mutex_lock(&s->lock);
    sqlite3_exec(s->db, "PRAGMA incremental_vacuum(1024)", NULL, NULL, NULL); /* some 4 MiB: never a long pause */
    pthread_mutex_unlock(&s->lock);
    return HS_OK;
}

hs_rc hs_state_end_session(struct hs_state *s, hs_str session_id, int64_t expires_us, struct hs_err *err)
{
    pthread_mutex_lock(&s->lock);
    purge(s);
    pthread_mutex_unlock(&s->lock);
    return change(s, "INSERT OR REPLACE INTO ended_session(id, expires) VALUES(?1, ?2)", session_id, NULL, expires_us,
                  err);
}

hs_rc hs_state_session_ended(struct hs_state *s, hs_str session_id, bool *out, struct hs_err *err)
{
    sqlite3_stmt *q;
    pthread_mutex_lock(&s->lock);
    int step = run(s, "SELECT 1 FROM ended_session WHERE id = ?1 AND ?2 IS NOT NULL", session_id, NULL, 0, &q);
    hs_rc rc = step == SQLITE_ROW || step == SQLITE_DONE ? HS_OK : failed(s, "read", err);
    *out = step != SQLITE_DONE;
    sqlite3_finalize(q);
    pthread_mutex_unlock(&s->lock);
    return rc;
}

/* ---- asked ---- */

hs_rc hs_state_asked(struct hs_state *s, hs_str subject, hs_asked_fn fn, void *arg, struct hs_err *err)
{
    sqlite3_stmt *q;
    hs_rc rc = HS_OK;
    pthread_mutex_lock(&s->lock);
    int step = run(s, "SELECT text FROM asked WHERE subject = ?1 AND ?2 IS NOT NULL ORDER BY number DESC", subject,
                   NULL, 0, &q);
    while (rc == HS_OK && step == SQLITE_ROW) {
        rc = fn(arg, hs_str_n(sqlite3_column_blob(q, 0), (size_t)sqlite3_column_bytes(q, 0)), err);
        step = sqlite3_step(q);
    }
    if (rc == HS_OK && step != SQLITE_DONE)
        rc = failed(s, "read", err);
    sqlite3_finalize(q);
    pthread_mutex_unlock(&s->lock);
    return rc;
}

static bool put_asked(struct hs_state *s, hs_str subject, hs_str text, int keep)
{
    static const char *const steps[] = {
        "DELETE FROM asked WHERE subject = ?1 AND text = ?3 AND ?2 IS NOT NULL",
        "INSERT INTO asked(subject, at, text) VALUES(?1, ?2, ?3)",
    };
    bool good = true;
    for (size_t i = 0; good && i < 2; i++) {
        sqlite3_stmt *q;
        good = run(s, steps[i], subject, &text, hs_wall_us(), &q) == SQLITE_DONE;
        sqlite3_finalize(q);
    }
    sqlite3_stmt *q;
    good = good && run(s,
                       "DELETE FROM asked WHERE subject = ?1 AND number <= (SELECT number FROM asked WHERE subject = "
                       "?1 ORDER BY number DESC LIMIT 1 OFFSET ?2)",
                       subject, NULL, keep, &q) == SQLITE_DONE;
    if (good)
        sqlite3_finalize(q);
    return good;
}

hs_rc hs_state_put_asked(struct hs_state *s, hs_str subject, hs_str text, int keep, struct hs_err *err)
{
    pthread_mutex_lock(&s->lock);
    purge(s);
    bool good = sqlite3_exec(s->db, "BEGIN IMMEDIATE", NULL, NULL, NULL) == SQLITE_OK;
    good = good && put_asked(s, subject, text, keep);
    good = sqlite3_exec(s->db, good ? "COMMIT" : "ROLLBACK", NULL, NULL, NULL) == SQLITE_OK && good;
    hs_rc rc = good ? HS_OK : failed(s, "write", err);
    pthread_mutex_unlock(&s->lock);
    return rc;
}
