"""A server as an operator meets it: reload by signal and by file change, broken models, TLS, plain text off loopback, drain."""
import datetime
import pathlib
import shutil
import signal
import subprocess
import sys
import threading
import time
import warnings

import adbc_driver_flightsql.dbapi as flightsql
import pyarrow as pa
import pyarrow.flight as flight
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))
from lib.flightsql import Client, any_of  # noqa: E402
from lib.server import BINARY, Server  # noqa: E402

MESH = ROOT / "build" / "demo" / "mesh"
warnings.filterwarnings("ignore", message="Cannot disable autocommit")


@pytest.fixture
def mesh(tmp_path):
    copy = tmp_path / "mesh"
    shutil.copytree(MESH, copy, ignore=shutil.ignore_patterns("warehouse", "*.db", "*.sqlite*"))
    (copy / "warehouse").symlink_to(MESH / "warehouse")
    return copy


def connect(server, who="ana", uri=None, **options):
    return flightsql.connect(uri or server.uri, db_kwargs={"username": who, "password": f"{who}-demo", **options})


def regions(connection):
    with connection.cursor() as cursor:
        cursor.execute("select distinct region from sales.orders order by region")
        return [row[0] for row in cursor.fetchall()]


def more_regions(connection):
    """A reload between describing and running a statement ends it with "ask again": so do we."""
    try:
        return len(regions(connection)) > 1
    except flightsql.Error as why:
        assert "ask again" in str(why)
        return False


def widen(mesh):
    """The policy edit of the tests: ana's own-region rule on orders goes away."""
    path = mesh / "domains/sales/policies/rows.yaml"
    parts = path.read_text().split("\n---\n")
    path.write_text("\n---\n".join(p for p in parts if "sales.orders" not in p))


def until(check, seconds=10):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if check():
            return True
        time.sleep(0.1)
    return False


@pytest.mark.parametrize("how", ["files", "signal"])
def test_a_changed_policy_is_loaded(mesh, how):
    with Server(mesh) as server, connect(server) as c:
        assert regions(c) == ["EU"]
        widen(mesh)
        if how == "signal":
            server.process.send_signal(signal.SIGHUP)
        assert until(lambda: more_regions(c))


def test_the_mesh_owners_policies_are_watched(mesh):
    with Server(mesh) as server, connect(server, "fred") as c:
        assert more_regions(c)
        (mesh / "policies").mkdir()
        (mesh / "policies" / "all.yaml").write_text("kind: RowRule\nname: eu\non: {table: sales.orders}\nwhere: region = 'EU'\n")
        assert until(lambda: not more_regions(c))
        assert regions(c) == ["EU"]


def test_a_location_that_becomes_a_link_is_not_followed(tmp_path):
    """Between two loads a producer owns his directory, and may put a link to another's in its place."""
    mesh = tmp_path / "mesh"
    shutil.copytree(MESH, mesh)
    (mesh / "mesh.yaml").write_text("kind: Mesh\nname: demo\n")
    mine, other = mesh / "warehouse/evil/mine", mesh / "warehouse/sales/customers"
    shutil.copytree(other, mine)
    folder = mesh / "domains/evil"
    (folder / "policies").mkdir(parents=True)
    (folder / "mine.odcs.yaml").write_text(
        "apiVersion: v3.1.0\nkind: DataContract\nid: evil.mine\nversion: 1.0.0\nstatus: active\nschema:\n- name: mine\n"
        "  customProperties: [{property: hailstorm.location, value: warehouse/evil/mine}]\n  properties: [{name: id, logicalType: integer}, {name: email, logicalType: string}]\n")
    (folder / "policies/all.yaml").write_text("kind: Grant\nname: all\nto: everyone\nactions: [read]\non: {table: evil.mine}\n")

    def emails(c):
        with c.cursor() as cursor:
            cursor.execute("select count(email) from evil.mine")
            return cursor.fetchone()[0]

    with Server(mesh) as server, connect(server) as c:
        assert emails(c) > 0
        mine.rename(mine.with_name("was"))
        mine.symlink_to("../sales/customers")
        with pytest.raises(flightsql.Error):
            emails(c)
        mine.unlink()
        mine.with_name("was").rename(mine)
        assert emails(c) > 0


def test_a_broken_model_keeps_the_old_one_and_says_why(mesh):
    with Server(mesh) as server, connect(server) as c:
        path = mesh / "domains/sales/policies/rows.yaml"
        good = path.read_text()
        path.write_text(good.replace("where:", "wehre:", 1))
        server.process.send_signal(signal.SIGHUP)
        assert until(lambda: "model not reloaded" in server.words())
        assert "rows.yaml:" in server.words() and "wehre" in server.words()
        assert regions(c) == ["EU"]
        widen(mesh)
        server.process.send_signal(signal.SIGHUP)
        time.sleep(1)
        path.write_text(good)
        server.process.send_signal(signal.SIGHUP)
        assert until(lambda: regions(c) == ["EU"])


def test_a_removed_user_is_out_at_once(mesh):
    with Server(mesh) as server, connect(server, "fred") as c:
        assert len(regions(c)) > 1
        assert subprocess.run([BINARY, "user", "remove", "fred", "--model", mesh]).returncode == 0
        server.process.send_signal(signal.SIGHUP)

        def refused():
            try:
                regions(c)
                return False
            except flightsql.Error:
                return True
        assert until(refused)


def test_an_api_token_signs_in(mesh):
    token = subprocess.run([BINARY, "user", "token", "sue", "--model", mesh], capture_output=True, text=True).stdout.strip()
    with Server(mesh) as server:
        with flightsql.connect(server.uri, db_kwargs={"adbc.flight.sql.authorization_header": f"Bearer {token}"}) as c:
            assert regions(c) == ["US"]
        with pytest.raises(flightsql.Error):
            with flightsql.connect(server.uri, db_kwargs={"adbc.flight.sql.authorization_header": "Bearer hst_wrong"}) as c:
                regions(c)


def test_a_running_statement_ends_when_its_decision_changes(mesh):
    with Server(mesh) as server, connect(server) as c:
        cursor = c.cursor()
        cursor.execute("select a.id, b.note, c.note from sales.orders a, sales.orders b, sales.orders c")
        reader = cursor.fetch_record_batch()
        reader.read_next_batch()
        widen(mesh)
        server.process.send_signal(signal.SIGHUP)
        with pytest.raises(Exception, match="policy changed"):
            end = time.monotonic() + 20
            while time.monotonic() < end:
                reader.read_next_batch()
        cursor.close()
        assert len(regions(c)) > 1


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID
    import ipaddress
    where = tmp_path_factory.mktemp("tls")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.timezone.utc)
    cert = (x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
            .not_valid_before(now - datetime.timedelta(days=1)).not_valid_after(now + datetime.timedelta(days=1))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), True).sign(key, hashes.SHA256()))
    (where / "cert.pem").write_bytes(cert.public_bytes(serialization.Encoding.PEM))
    (where / "key.pem").write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                                      serialization.NoEncryption()))
    return where


def test_tls(certificate):
    settings = {"tls-certificate": certificate / "cert.pem", "tls-key": certificate / "key.pem"}
    with Server(MESH, settings=settings) as server:
        uri = server.uri.replace("grpc+tcp", "grpc+tls")
        root = (certificate / "cert.pem").read_text()
        with connect(server, uri=uri, **{"adbc.flight.sql.client_option.tls_root_certs": root}) as c:
            assert regions(c) == ["EU"]
        with pytest.raises(flightsql.Error):  # plain text to a TLS port
            with connect(server) as c:
                regions(c)
        old = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{server.port}", "-tls1_1"], input="", text=True,
                             capture_output=True, timeout=20)
        assert "Cipher is (NONE)" in old.stdout or old.returncode != 0


def test_half_a_tls_setting_is_refused(certificate):
    answer = subprocess.run([BINARY, "serve", "--model", MESH, "--tls-key", certificate / "key.pem", "--state",
                             certificate / "state"], capture_output=True, text=True, timeout=20)
    assert answer.returncode == 1 and "tls-certificate" in answer.stderr


def test_plain_text_off_loopback_is_refused(tmp_path):
    answer = subprocess.run([BINARY, "serve", "--model", MESH, "--listen", "0.0.0.0:0", "--state", tmp_path / "s"],
                            capture_output=True, text=True, timeout=20)
    assert answer.returncode == 1 and "plain" in answer.stderr.lower()


def test_a_port_in_use_is_named(tmp_path):
    with Server(MESH) as server:
        answer = subprocess.run([BINARY, "serve", "--model", MESH, "--listen", f"127.0.0.1:{server.port}", "--state",
                                 tmp_path / "s"], capture_output=True, text=True, timeout=20)
        assert answer.returncode == 1 and str(server.port) in answer.stderr


def test_the_postgresql_door_has_an_address_of_its_own(tmp_path):
    with Server(MESH) as server:
        answer = subprocess.run([BINARY, "serve", "--model", MESH, "--listen", "127.0.0.1:0", "--listen-pg", f"127.0.0.1:{server.pg_port}", "--state",
                                 tmp_path / "s"], capture_output=True, text=True, timeout=20)
        assert answer.returncode == 1 and str(server.pg_port) in answer.stderr
    with Server(MESH, settings={"listen-pg": ""}) as server:  # the last word wins
        assert server.pg_port is None
    answer = subprocess.run([BINARY, "serve", "--model", MESH, "--listen", "127.0.0.1:0", "--listen-pg", "0.0.0.0:0", "--state", tmp_path / "t"],
                            capture_output=True, text=True, timeout=20)
    assert answer.returncode == 1 and "plain" in answer.stderr.lower()


def test_sigterm_lets_a_statement_finish():
    """By pyarrow, which asks nothing more of a server once it has its rows."""
    with Server(MESH) as server:
        client = flight.FlightClient(server.uri)
        options = flight.FlightCallOptions(headers=[client.authenticate_basic_token("otto", "otto-demo")])
        command = any_of("CommandStatementQuery", "select a.id, b.note from sales.orders a, sales.orders b limit 3000000")
        info = client.get_flight_info(flight.FlightDescriptor.for_command(command), options)
        reader = client.do_get(info.endpoints[0].ticket, options)
        rows = len(reader.read_chunk().data)
        server.process.send_signal(signal.SIGTERM)
        time.sleep(0.3)
        while True:
            try:
                rows += len(reader.read_chunk().data)
            except StopIteration:
                break
        assert rows == 3000000
        client.close()
        assert server.process.wait(20) == 0
        verify = subprocess.run([BINARY, "audit", "verify", "--state", server.state], capture_output=True, text=True)
        assert verify.returncode == 0, verify.stdout


def test_a_reload_reaches_who_waits(mesh):
    """Statements that wait for a worker, or stand in line behind those, while the policy changes: decided by the new one or refused, never
    answered by the one before."""
    endless = "with recursive r(i) as (select 1 union all select (i + 1) % 1000 from r) select count(*) from r"
    with Server(mesh, settings={"workers": 1, "drain": "1s"}) as server:
        ana = Client(server.host, server.port, "ana", "ana-demo")
        first = ana.plan(endless).endpoints[0].ticket
        ticket = ana.plan("select distinct region from sales.orders").endpoints[0].ticket
        outcomes = []

        def read(one, seconds):
            try:
                outcomes.append(ana.get(one, timeout=seconds).read_all().num_rows)
            except (flight.FlightError, pa.ArrowException) as why:
                outcomes.append(str(why))
        runs = threading.Thread(target=read, args=(first, 8), daemon=True)
        runs.start()
        time.sleep(1)
        wait = [threading.Thread(target=read, args=(ticket, 30), daemon=True) for _ in range(6)]
        for thread in wait:
            thread.start()
        time.sleep(1)
        widen(mesh)
        server.process.send_signal(signal.SIGHUP)
        assert until(lambda: "model reloaded" in server.words())
        assert not outcomes, outcomes
        for thread in [runs, *wait]:
            thread.join(40)
        assert len(outcomes) == 7 and sum("ask again" in str(o) for o in outcomes) == 6, outcomes
