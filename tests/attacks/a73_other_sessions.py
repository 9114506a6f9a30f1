"""What another's session has: prepared statements, portals, cursors, its key for a cancel, what it runs, its sign-in. And what a session may
say of itself: names, roles, identities."""
import os
import pathlib
import socket
import struct
import sys
import threading
import time

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "pg"))
import pgwire  # noqa: E402

NUMBER, TITLE, DEFENCE = 73, "other people's sessions, and being somebody else", []  # its own controls stand in the probe
DOORS = {"pg"}
STATEMENTS = [
    "set role root", "set role 'root'", "set local role root", "set session authorization root", "set session authorization 'root'", "set session authorization default", "reset session authorization",
    "select set_config('role', 'root', false)", "select set_config('session_authorization', 'root', false)", "select set_config('is_superuser', 'on', false)", "set is_superuser = on", "set session_authorization = 'root'",
    "alter role eve superuser", "alter user eve with password 'x'", "grant all on {T} to eve", "create user zoe", "select pg_cancel_backend(1)", "select pg_terminate_backend(pg_backend_pid() + 1)", "select pg_reload_conf()",
    "set hailstorm.principal = 'root'", "set hailstorm.purpose = 'fraud'", "set hailstorm.workspace = 'root'", "select current_user, session_user, user, current_role", "select current_setting('role', true)", "select current_setting('hailstorm.principal', true)",
    "set search_path = '{absent:gloom}'", "select pg_has_role('root', 'member')", "select has_table_privilege('root', '{T}', 'select')", "select count(*) from pg_stat_activity where usename <> 'eve'", "select * from pg_locks", "select * from pg_stat_ssl where pid <> pg_backend_pid()",
    "listen x", "notify x", "select pg_notify('a', 'b')", "select pg_advisory_lock(1)", "select txid_current()", "select pg_export_snapshot()", "begin; set transaction snapshot '00000003-0000001B-1'; commit",
]
NEVER_OK = r"^(set (local )?role root|set session authorization .?root|alter|grant|create|set is_superuser|select set_config\('(session_auth|is_super))"


def started(server, **pairs):
    """What a server answers to a start-up packet of these pairs and to no proof."""
    body = struct.pack("!i", 196608) + b"".join(k.encode() + b"\0" + v.encode() + b"\0" for k, v in pairs.items()) + b"\0"
    with socket.create_connection(("127.0.0.1", server.pg_port), timeout=10) as s:
        s.sendall(struct.pack("!i", len(body) + 4) + body + b"Q\0\0\0\x0dselect 1\0")
        s.shutdown(socket.SHUT_WR)
        got = b""
        while part := s.recv(65536):
            got += part
        return got


def probe(attempt):
    root, eve = attempt.person("root"), attempt.door.connect("eve", "eve-attack")
    root.ask("prepare theirs as select max(note) from alpha.staff")
    root.ask("begin")
    root.ask("declare theirs cursor for select note from alpha.people")
    attempt.check(root.ask("fetch 1 from theirs").ok and root.ask("execute theirs").ok, "root's own names do not work: nothing is shown here")
    for sql in ("execute theirs", "fetch 1 from theirs", "move all in theirs", "deallocate theirs", "close theirs", "select name from pg_prepared_statements where name = 'theirs'", "select name from pg_cursors where name = 'theirs'"):
        got = eve.ask(sql)
        attempt.check(not got.ok or not got.rows, f"eve reaches root's: {sql}: {got.words()}")
        attempt.look(sql, got.everything())
    root.ask("rollback")
    for pairs in ({"user": "eve\0user\0root"}, {"user": "root"}, {"user": "root", "database": "target", "options": "-c is_superuser=on"}):
        attempt.check(b"Z\0\0\0\5" not in started(attempt.server, **pairs), f"answered without a proof: {pairs}")
    for more in ({"options": "-c role=root"}, {"options": "-c session_authorization=root"}, {"role": "root"}, {"session_authorization": "root"}, {"is_superuser": "on"}, {"hailstorm.principal": "root"}, {"replication": "database"}, {"application_name": "root"}):
        with pgwire.Wire(attempt.server) as wire:
            if wire.sign_in("eve", "eve-attack", "target", **more):
                continue
            wire.send(pgwire.query("select current_user, session_user, current_setting('is_superuser')"))
            said = [body for kind, body in wire.until() if kind == b"D"]
            attempt.check(said == [b"\0\3\0\0\0\3eve\0\0\0\3eve\0\0\0\3off"], f"{more} makes her {said}")
    cancels(attempt)


def cancels(attempt):
    """Whoever does not know a connection's key ends nothing of it; who knows it does (the control)."""
    wide = "select count(*) from generate_series(1, 200000) a, alpha.people b where a <> b.id"
    root = attempt.person("root")
    raw = root.connection.pgconn
    pid, done = raw.backend_pid, []
    thread = threading.Thread(target=lambda: done.append(root.ask(wide)))
    thread.start()
    for guess in [b"\0" * 4, b"\xff" * 4, *(os.urandom(4) for _ in range(60)), b"", b"\0", b"\0" * 32, b"\0" * 255]:
        with socket.create_connection(("127.0.0.1", attempt.server.pg_port), timeout=10) as s:
            s.sendall(struct.pack("!iii", 12 + len(guess), 80877102, pid) + guess)
            attempt.check(s.recv(10) == b"", "a cancel is answered")
    thread.join()
    attempt.check(done[0].ok, f"a guess ended root's statement: {done[0].words()}")
    endless = "select count(*) from generate_series(1, 10000000) a, generate_series(1, 100000) b where a <> b"
    done.clear()
    thread = threading.Thread(target=lambda: done.append(root.ask(endless)))
    thread.start()
    time.sleep(0.5)
    root.connection.cancel()
    thread.join()
    attempt.check(not done[0].ok and done[0].kind == "57014", f"the right key ends nothing: {done[0].words()}")
