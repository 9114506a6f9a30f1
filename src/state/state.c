/* SQLite behind one lock. WAL so that readers of the file (a backup, a person with sqlite3) do not stop us. Rows that
 * have expired are removed when new ones come: no timer is needed to keep the file small. */
#include "state/state.h"

#include "base/alloc.h"
#include "base/clock.h"

#include <pthread.h>
#include <sqlite3.h>

struct hs_state {
    sqlite3 *db;
    pthread_mutex_t lock; /* guards db */
};

static const char SCHEMA[] =
    "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA busy_timeout=5000;"
    "CREATE TABLE IF NOT EXISTS handle(id BLOB PRIMARY KEY, bytes BLOB NOT NULL, expires INTEGER NOT "
    "NULL) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS ended_session(id BLOB PRIMARY KEY, expires INTEGER NOT NULL) WITHOUT "
    "ROWID;";

static hs_rc failed(struct hs_state *s, const char *what, struct hs_err *err)
{
    return hs_fail_hidden(err, HS_UNAVAILABLE, "state: %s: %s", what, sqlite3_errmsg(s->db));
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
    if (sqlite3_open_v2(name, &s->db, flags, NULL) != SQLITE_OK ||
        sqlite3_exec(s->db, SCHEMA, NULL, NULL, NULL) != SQLITE_OK)
        rc = hs_fail(err, HS_UNAVAILABLE, "state file %s: %s", name, s->db ? sqlite3_errmsg(s->db) : "cannot open");
    hs_free(name);
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

static void expire(struct hs_state *s, const char *sql)
{
    /* Best effort: what stays is refused by its time anyway. */
    hs_ignore(change(s, sql, (hs_str){0}, NULL, hs_wall_us(), NULL));
}

hs_rc hs_state_put_handle(struct hs_state *s, hs_str id, hs_str bytes, int64_t expires_us, struct hs_err *err)
{
    expire(s, "DELETE FROM handle WHERE expires < ?2 AND ?1 IS NOT NULL");
    return change(s, "INSERT OR REPLACE INTO handle(id, bytes, expires) VALUES(?1, ?3, ?2)", id, &bytes, expires_us,
                  err);
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
    return change(s, "DELETE FROM handle WHERE id = ?1 AND ?2 IS NOT NULL", id, NULL, 0, err);
}

hs_rc hs_state_end_session(struct hs_state *s, hs_str session_id, int64_t expires_us, struct hs_err *err)
{
    expire(s, "DELETE FROM ended_session WHERE expires < ?2 AND ?1 IS NOT NULL");
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
