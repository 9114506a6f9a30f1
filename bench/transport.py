"""Transport alone, and what it costs: bench/run.py --only transport. Ready batches in memory, served by our wire and front (bench_transport)
and by pyarrow's own Flight server, to the same stock pyarrow client; with TLS on both; small statements one, eight and sixty-four at once
against ROAPI; memory while a client reads a megabyte a second, and while a hundred do.

Each client is a process of its own, so that the two sides share nothing; processor time is the server process's."""
import pathlib
import statistics
import subprocess
import sys
import tempfile
import threading
import time

import psutil
import pyarrow as pa
import pyarrow.flight as flight

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests")]

from lib.flightsql import any_of  # noqa: E402
from lib.server import pss  # noqa: E402

SIZES = {"250 KB": 4096, "4 MB": 65536}  # of a batch, and its rows
TEXT = "x" * 48


def batch(rows):
    """What bench_transport answers with, as pyarrow has it."""
    return pa.record_batch([pa.array(range(rows), pa.int64()), pa.array([TEXT] * rows)],
                           schema=pa.schema([pa.field("id", pa.int64(), nullable=False), pa.field("text", pa.string())]))


class Plain(flight.FlightServerBase):
    """pyarrow's server: the table is read by its own C++, no Python per batch."""

    def __init__(self, location, rows, count, certificates):
        super().__init__(location, tls_certificates=certificates)
        self.table = pa.Table.from_batches([batch(rows)] * count)

    def do_get(self, context, ticket):
        return flight.RecordBatchStream(self.table)


def serve_pyarrow(rows, count, folder):
    files = [pathlib.Path(folder) / name for name in ("certificate.pem", "key.pem")] if folder else []
    certificates = [tuple(f.read_bytes() for f in files)] if files else []
    server = Plain(f"grpc{'+tls' if files else ''}://127.0.0.1:0", rows, count, certificates)
    print(server.port, flush=True)
    server.serve()


def drain(port, folder, ours, rows, count, rounds):
    """In a process of its own: seconds of each round, after one that is not counted."""
    certificate = (pathlib.Path(folder) / "certificate.pem").read_bytes() if folder else None
    client = flight.FlightClient(f"grpc+{'tls' if folder else 'tcp'}://localhost:{port}", tls_root_certs=certificate)
    options = flight.FlightCallOptions(headers=[(b"authorization", b"Bearer hss_ana")])
    ticket = flight.Ticket(b"all")
    if ours:
        descriptor = flight.FlightDescriptor.for_command(any_of("CommandStatementQuery", f"rows {rows} batches {count}"))
        ticket = client.get_flight_info(descriptor, options).endpoints[0].ticket
    for _ in range(rounds + 1):
        begun, seen = time.perf_counter(), 0
        for chunk in client.do_get(ticket, options):
            seen += chunk.data.num_rows
        assert seen == rows * count, seen
        print(time.perf_counter() - begun, flush=True)


class Side:
    def __init__(self, command):
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline())
        self.used = psutil.Process(self.process.pid)

    def processor(self):
        times = self.used.cpu_times()
        return times.user + times.system, times.user

    def stop(self):
        self.process.terminate()
        self.process.wait(20)


def certificate(folder):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext",
                    "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", f"{folder}/key.pem", "-out", f"{folder}/certificate.pem"],
                   check=True, capture_output=True)


def ready_batches(report, runs, gigabytes, name, folder=None):
    rows, size = SIZES[name], batch(SIZES[name]).nbytes
    count = round(gigabytes * 1e9 / size)
    size = size * count / 1e9
    program, me = ROOT / "build" / "bench_transport", pathlib.Path(__file__)
    files = [f"{folder}/certificate.pem", f"{folder}/key.pem"] if folder else []
    ours = Side([program, *files])
    rival = Side([sys.executable, me, "serve", str(rows), str(count), folder or ""])
    took, used = {}, {}
    try:
        for _ in range(runs):
            for who, side in (("ours", ours), ("rival", rival)):
                client = subprocess.Popen([sys.executable, me, "drain", str(side.port), folder or "", who, str(rows), str(count), "5"], stdout=subprocess.PIPE, text=True)
                client.stdout.readline()  # the first round warms up
                before = side.processor()
                seconds = [float(line) for line in client.stdout]
                client.wait()
                took.setdefault(who, []).append(statistics.median(seconds))
                used.setdefault(who, []).append([(now - then) / len(seconds) for now, then in zip(side.processor(), before)])
    finally:
        ours.stop()
        rival.stop()
    what = f"ready batches of {name}" + (", TLS" if folder else "")
    middle = statistics.median
    report.add(f"{what}: GB/s", size / middle(took["ours"]), size / middle(took["rival"]), "pyarrow's Flight server", "GB/s", 1.5, runs, better_is_less=False)
    for what_time, i, goal in (("processor time a GB", 0, 4.0), ("of it outside the kernel", 1, 4.0)):
        mine, other = (middle(one[i] for one in used[who]) / size for who in ("ours", "rival"))
        report.add(f"{what}: server {what_time}", max(mine, 0.001), other, "pyarrow's Flight server", "s", goal, runs)


def at_once(uri, headers, statement, clients, seconds):
    """Each client a thread with a connection of its own: statements a second, and how long each took."""
    took, over = [], time.perf_counter() + seconds

    def ask():
        client = flight.FlightClient(uri)
        options = flight.FlightCallOptions(headers=headers(client))
        descriptor = flight.FlightDescriptor.for_command(any_of("CommandStatementQuery", statement))
        while time.perf_counter() < over:
            begun = time.perf_counter()
            info = client.get_flight_info(descriptor, options)
            client.do_get(info.endpoints[0].ticket, options).read_all()
            took.append(time.perf_counter() - begun)
    threads = [threading.Thread(target=ask) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took.sort()
    return len(took) / seconds, took[len(took) // 2] * 1000, took[int(len(took) * 0.99)] * 1000


def small_statements(report, server, roapi, statement, seconds, rounds=3):
    ours = (server.uri, lambda client: [client.authenticate_basic_token("bea", "bea-bench")])
    theirs = (roapi.uri, lambda client: [])
    for clients in (1, 8, 64):
        figures = {"ours": [], "rival": []}
        for _ in range(rounds):
            for name, (uri, headers) in (("ours", ours), ("rival", theirs)):
                figures[name].append(at_once(uri, headers, statement, clients, seconds))
        mine, other = ([statistics.median(one[i] for one in figures[name]) for i in range(3)] for name in ("ours", "rival"))
        what = f"small statements, {clients} at once"
        report.add(f"{what}: a second", mine[0], other[0], "ROAPI 0.12.7, no policy", "/s", None, rounds, better_is_less=False)
        report.add(f"{what}: p50", mine[1], other[1], "ROAPI 0.12.7, no policy", "ms", None, rounds)
        report.add(f"{what}: p99", mine[2], other[2], "ROAPI 0.12.7, no policy", "ms", None, rounds)


def slow_read(person, sql, seconds, given_up, rate=1 << 20):
    """Reads a megabyte a second for so long, then goes away. Past the server's byte budget it is told so."""
    info = person.client.get_flight_info(flight.FlightDescriptor.for_command(any_of("CommandStatementQuery", sql)), person.options)
    reader, begun, read = person.client.do_get(info.endpoints[0].ticket, person.options), time.monotonic(), 0
    try:
        while time.monotonic() - begun < seconds:
            read += reader.read_chunk().data.nbytes
            time.sleep(max(0, min(begun + read / rate, begun + seconds) - time.monotonic()))
        reader.cancel()
    except pa.ArrowInvalid as error:
        if "read too slowly" not in str(error):
            raise
        given_up.append(time.monotonic() - begun)


def memory_of(report, server, person, sql, clients, seconds, goal):
    """Server and workers; a file of spooled rows is none of it. The clients' own buffers are in this process."""
    time.sleep(2)
    idle, peak, given_up = server.pss(), [0, 0], []
    people = [person() for _ in range(clients)]
    threads = [threading.Thread(target=slow_read, args=(one, sql, seconds, given_up)) for one in people]
    for thread in threads:
        thread.start()
    while any(t.is_alive() for t in threads):
        peak = [max(peak[0], server.pss()), max(peak[1], pss(server.pid))]
        time.sleep(0.2)
    report.add(f"full scan read at 1 MB/s by {clients}: memory above idle", (peak[0] - idle) / 1e6, None, "server and workers" if goal else "said", "MB", goal, 1)
    report.add(f"full scan read at 1 MB/s by {clients}: the server alone", peak[1] / 1e6, None, "said", "MB", None, 1)
    report.add(f"full scan read at 1 MB/s by {clients}: ended, for their rows were more than the spool", len(given_up), None, "said", "clients", None, 1)


def all_ready_batches(report, runs, quick):
    with tempfile.TemporaryDirectory(prefix="hailstorm-bench-") as folder:
        certificate(folder)
        for name in SIZES:
            ready_batches(report, runs, 0.1 if quick else 0.5, name)
            ready_batches(report, runs, 0.1 if quick else 0.5, name, folder)


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve_pyarrow(int(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
    else:
        drain(int(sys.argv[2]), sys.argv[3], sys.argv[4] == "ours", *map(int, sys.argv[5:8]))
