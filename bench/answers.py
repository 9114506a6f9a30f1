"""Whole answers as people take them: bench/run.py --only answers. lineitem under a column's mask to pyarrow by one endpoint and by several
side by side, against Python DuckDB in process (the same mask, no wire) and ROAPI over Flight SQL; and what each form of answers costs on a
link of 1 Gbit/s, which a relay of ours stands in for."""
import statistics
import subprocess
import sys
import threading
import time

import pyarrow.flight as flight

from lib.flightsql import any_of

LINK = 125_000_000  # bytes a second
FORMS = {"plain": {}, "LZ4": {"compression": "lz4"}, "ZSTD": {"compression": "zstd"}, "narrow decimals": {"decimals": "narrow"},
         "LZ4 and narrow decimals": {"compression": "lz4", "decimals": "narrow"}}


class Taker:
    """A person's pyarrow client that reads all endpoints of an answer at once, each over a connection of its own."""

    def __init__(self, uri, name, at_once, form=()):
        self.clients = [flight.FlightClient(uri) for _ in range(at_once)]
        header = [self.clients[0].authenticate_basic_token(name, f"{name}-bench")] if name else []
        form = [(f"x-hailstorm-{choice}".encode(), word.encode()) for choice, word in dict(form).items()]
        self.options = flight.FlightCallOptions(headers=[*header, *form])
        self.endpoints = 0

    def close(self):
        for client in self.clients:
            client.close()

    def take(self, sql):
        endpoints = self.clients[0].get_flight_info(flight.FlightDescriptor.for_command(any_of("CommandStatementQuery", sql)), self.options).endpoints
        self.endpoints, rows, failed = len(endpoints), [], []

        def read(client):
            while endpoints:
                try:
                    reader = client.do_get(endpoints.pop(0).ticket, self.options)
                    while True:
                        rows.append(reader.read_chunk().data.num_rows)
                except StopIteration:
                    pass
                except (IndexError, flight.FlightError) as error:
                    failed.append(error)
                    return
        threads = [threading.Thread(target=read, args=(client,)) for client in self.clients]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        failed = [error for error in failed if not isinstance(error, IndexError)]
        if failed:
            raise failed[0]
        return sum(rows)


def in_process(sql, threads):
    """DuckDB from Parquet to Arrow in a process of its own, as a notebook would; the connection is open before the clock starts."""
    program = f"""
import duckdb, time
c = duckdb.connect(config={{"threads": {threads}}})
c.execute("set enable_progress_bar = false")
for _ in range(2):
    begun = time.perf_counter()
    rows = sum(b.num_rows for b in c.sql({sql!r}).to_arrow_reader(65536))
    print(time.perf_counter() - begun, rows, flush=True)
"""
    words = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.splitlines()[-1].split()
    return float(words[0]), int(words[1])


def by_endpoints(report, server, roapi, sql, duckdb_sql, runs, threads):
    sides = {"one endpoint": Taker(server.uri, "mia", 1), "several endpoints": Taker(server.uri, "mia", threads), "ROAPI": Taker(roapi.uri, None, 1)}
    took, truth = {name: [] for name in (*sides, "DuckDB")}, None
    for side in sides.values():
        side.take(sql)  # warm
    for _ in range(runs):
        for name, side in sides.items():
            begun = time.perf_counter()
            rows = side.take(sql)
            took[name].append(time.perf_counter() - begun)
            assert truth in (None, rows), f"{name}: {rows} rows, {truth} before"
            truth = rows
        seconds, rows = in_process(duckdb_sql, threads)
        assert rows == truth
        took["DuckDB"].append(seconds)
    middle = {name: statistics.median(times) for name, times in took.items()}
    for name, goal in (("one endpoint", None), ("several endpoints", 1.25)):
        what = f"whole answer, {name}" + ("" if goal is None else f" ({sides[name].endpoints}, {threads} at once)")
        report.add(what, middle[name], middle["DuckDB"], "Python DuckDB in process, same mask", "s", goal, runs)
        report.add(what, middle[name], middle["ROAPI"], "ROAPI 0.12.7, no policy", "s", goal and 3.0, runs)
    for side in sides.values():
        side.close()


RELAY = """
import asyncio, sys
target, rate, told = int(sys.argv[1]), float(sys.argv[2]), 0
free = 0.0
async def one_way(reader, writer, limited):
    global told, free
    loop = asyncio.get_running_loop()
    try:
        while data := await reader.read(1 << 17):
            if limited:
                told += len(data)
                free = max(free, loop.time() - 0.002) + len(data) / rate
                if free > loop.time() + 0.001:
                    await asyncio.sleep(free - loop.time())
            writer.write(data)
            await writer.drain()
    except ConnectionError:
        pass
    writer.close()
async def come(reader, writer):
    there = await asyncio.open_connection("127.0.0.1", target, limit=1 << 20)
    await asyncio.gather(one_way(reader, there[1], False), one_way(there[0], writer, True))
async def main():
    server = await asyncio.start_server(come, "127.0.0.1", 0, limit=1 << 20)
    print(server.sockets[0].getsockname()[1], flush=True)
    while await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline):
        print(told, flush=True)
asyncio.run(main())
"""


class Relay:
    """A link: so many bytes a second towards the client, counted."""

    def __init__(self, port, rate=LINK):
        self.process = subprocess.Popen([sys.executable, "-c", RELAY, str(port), str(rate)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.uri = f"grpc+tcp://127.0.0.1:{int(self.process.stdout.readline())}"

    def bytes(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())

    def stop(self):
        self.process.kill()
        self.process.wait()


def by_form(report, server, sql, runs):
    relay = Relay(server.port)
    try:
        took, size, truth = {}, {}, None
        for _ in range(runs):
            for name, form in FORMS.items():
                taker = Taker(relay.uri, "mia", 1, form)
                before, begun = relay.bytes(), time.perf_counter()
                rows = taker.take(sql)
                took.setdefault(name, []).append(time.perf_counter() - begun)
                size[name] = relay.bytes() - before
                taker.close()
                assert truth in (None, rows)
                truth = rows
        for name in list(FORMS)[1:]:
            report.add(f"1 Gbit/s, {name}: bytes on the wire", size[name] / 1e6, size["plain"] / 1e6, "the plain form", "MB", None, runs)
            report.add(f"1 Gbit/s, {name}: time", statistics.median(took[name]), statistics.median(took["plain"]), "the plain form", "s", None, runs)
    finally:
        relay.stop()
