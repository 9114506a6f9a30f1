"""PgBouncer 1.18 in front: people sign in to it by SCRAM and it signs in to the door as them, with the keys that their sign-in gave it. Each
person has connections of his own behind it, so a pooled connection never shows another's rows."""
import os
import pathlib
import pwd
import re
import shutil
import socket
import subprocess
import tempfile
import time

import mesh
import psycopg
import pytest

PROGRAM = shutil.which("pgbouncer") or "/usr/sbin/pgbouncer"
pytestmark = pytest.mark.skipif(not pathlib.Path(PROGRAM).exists(), reason="pgbouncer is not installed: tools/setup")
CONFIG = """\
[databases]
demo = host=127.0.0.1 port={pg_port} dbname=demo
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = {folder}/users.txt
pool_mode = {mode}
default_pool_size = 2
server_tls_sslmode = {tls}
server_tls_ca_file = {certificate}
ignore_startup_parameters = extra_float_digits,options
logfile = {folder}/log
"""


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


@pytest.fixture(params=["session", "transaction"])
def bouncer(request, server, certificate):
    folder = pathlib.Path(tempfile.mkdtemp(prefix="hs-bouncer-"))
    port = free_port()
    verifiers = re.findall(r'name: (\w+),.*scram: "([^"]+)"', (mesh.OUT / "mesh" / "principals.yaml").read_text())
    (folder / "users.txt").write_text("".join(f'"{name}" "{verifier}"\n' for name, verifier in verifiers))
    shutil.copy(certificate[0], folder / "root.pem")
    (folder / "bouncer.ini").write_text(CONFIG.format(pg_port=server.pg_port, port=port, folder=folder, mode=request.param, tls="disable" if request.param == "session" else "verify-ca",
                                                      certificate=folder / "root.pem"))
    user = []
    if os.geteuid() == 0:  # it refuses to run as root
        to = pwd.getpwnam("postgres")
        for path in (folder, *folder.iterdir()):
            os.chown(path, to.pw_uid, to.pw_gid)
        user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
    process = subprocess.Popen([*user, PROGRAM, "-q", str(folder / "bouncer.ini")])
    for _ in range(100):
        with socket.socket() as s:
            if s.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.1)

    class Bouncer:
        mode = request.param

        @staticmethod
        def connect(who, password=None, **more):
            return psycopg.connect(host="127.0.0.1", port=port, user=who, password=password or f"{who}-demo", dbname="demo", autocommit=True, **more)

    yield Bouncer
    process.terminate()
    process.wait(20)
    shutil.rmtree(folder, ignore_errors=True)


def test_each_sees_his_own_rows(bouncer):
    threshold = None if bouncer.mode == "transaction" else 5  # prepared statements do not outlive a transaction behind this version
    people = [(who, bouncer.connect(who, prepare_threshold=threshold)) for who in ("otto", "sue") for _ in range(2 if bouncer.mode == "session" else 6)]
    for _ in range(3):
        for who, c in people:
            assert c.execute("SELECT current_user, count(*), min(id) FROM sales.orders").fetchone() == (who, len(mesh.orders(who)), mesh.orders(who)[0]["id"])
    for who, c in people[-1], people[0]:
        names, rows = mesh.everything(who)
        assert c.execute("SELECT * FROM kinds.everything ORDER BY id", binary=True).fetchall() == rows
        with c.transaction(), c.cursor("c") as cursor:
            cursor.execute("SELECT id FROM sales.orders ORDER BY id")
            assert [r[0] for r in cursor] == [r["id"] for r in mesh.orders(who)]
        with c.cursor().copy("COPY (SELECT id FROM sales.orders ORDER BY id) TO STDOUT") as copy:
            assert [int(r[0]) for r in copy.rows()] == [r["id"] for r in mesh.orders(who)]
    for _, c in people:
        c.close()


def test_settings_go_with_the_connection(bouncer):
    """PgBouncer puts client_encoding, DateStyle, TimeZone, standard_conforming_strings and application_name of each client where its connection goes,
    and clears the rest by DISCARD ALL when a session ends."""
    with bouncer.connect("otto", options="") as c:
        c.execute("SET TimeZone = 'Asia/Tokyo'")
        assert c.execute("SHOW TimeZone").fetchone() == ("Asia/Tokyo",)
        if bouncer.mode == "session":
            c.execute("SET extra_float_digits = 0")
    with bouncer.connect("otto") as c:
        assert c.execute("SHOW extra_float_digits").fetchone() == ("1",)
        assert c.execute("SELECT count(*) FROM pg_cursors").fetchone() == (0,)


def test_cancel_and_wrong_passwords(bouncer):
    from threading import Timer
    with bouncer.connect("otto") as c:
        timer = Timer(0.7, c.cancel)
        timer.start()
        with pytest.raises(psycopg.errors.QueryCanceled):
            c.execute("SELECT count(*) FROM sales.orders a, sales.orders b, sales.orders c WHERE a.id + b.id + c.id = 7")
        timer.join()
        assert c.execute("SELECT 1").fetchone() == (1,)
    with pytest.raises(psycopg.OperationalError):
        bouncer.connect("otto", "wrong")
