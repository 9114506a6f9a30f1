"""Files and row groups skipped by the raw bounds of a masked or hidden thing change what comes back, or how long it takes. The answers are
compared; what is skipped is counted: how often each data file is opened, and how many bytes the workers read. The times are only reported."""
import pathlib
import select
import shutil
import struct

NUMBER, TITLE, DEFENCE = 4, "pruning by raw bounds", [("mask-predicate", "differs"), ("mask-predicate", "is read")]
ALONE = True  # nobody else may read the files meanwhile
STATEMENTS = [
    "select count(*) from {T} where cell < 0", "select count(*) from {T} where cell = 777000031", "select id from {T} where cell >= 777000000 or id = 1", "select count(*) from {T} where cell between 31 and 888000099",
    "select count(*) from {T} where salary is null", "select count(*) from {T} where salary is null and n < 10", "select count(*) from {T} where salary < 777000000", "select count(*) from {T} where not salary >= 777000000 or salary is null",
    "select count(*) from {T} where born = date '1980-01-01'", "select count(*) from {T} where born < date '1980-01-02'", "select count(*) from {T} where born in (date '1980-01-01')",
    "select count(*) from {T} where pin = '****'", "select count(*) from {T} where pin >= '****' and pin < '***+'", "select count(*) from {T} where note = '[redacted]'", "select count(*) from {T} where nick in ('[redacted]', 'x')",
    "select count(*) from {T} where email = '***@example.org'", "select count(*) from {T} where ssn = '**********0001'", "select count(*) from {T} where ssn between '*' and '+'", "select count(*) from {T} where home.street = '[redacted]'", "select count(*) from {T} where home.city = 'Cork'",
    "select count(*) from {T} where note = '[redacted]' and id > 5 and salary is null", "select count(*) from {T} where id >= 0 and cell is null", "select max(id) from {T} where token is not null and length(token) = 32",
]


def timing(connection, measure):
    """(what, seconds for it, seconds for the same without anything to find)"""
    for table in ("people", "staff"):
        hit = measure(connection, f"select count(*) from alpha.{table} where salary = 777000005")
        miss = measure(connection, f"select count(*) from alpha.{table} where salary = 5")
        yield f"{table}.salary: raw value against none", hit, miss
        hit = measure(connection, f"select count(*) from alpha.{table} where id = 777000005")
        miss = measure(connection, f"select count(*) from alpha.{table} where id = 999999999")
        yield f"{table}.id: a hidden row's id against no row's", hit, miss


# Raw values of what is masked: some lie in one file, some in one row group, some nowhere. Nothing of that may show in what is read.
RAW = {
    "ledger": ["cell = {N}", "cell = {N}1000", "cell = {N}7999", "cell > {N}7990", "cell < 5", "cell between {N}100 and {N}120", "cell is null", "cell is not null", "secret = 'ZQXA000001'", "secret > 'ZQXA007990'", "secret < 'A'", "secret = '[redacted]'", "secret in ('ZQXA000100', 'x')", "secret like 'ZQXA0079%'", "not (cell >= {N}100)", "cell + 0 = {N}100", "hash(secret) = 5"],
    "claims": ["amount = 5000003", "amount > 5011003", "amount < 0", "place = 'ZQXA upper'", "place = 'nowhere'", "seen = timestamp '2026-03-01 00:07:00'", "seen > timestamp '2027-01-01'", "plate = 'G ZQXA-1 X1'", "score = 0.01", "score < -5"],
}


def bytes_read(server):
    """Of all workers, by any read; None where this machine does not tell."""
    try:
        return sum(int(pathlib.Path(f"/proc/{pid}/io").read_text().split("rchar:")[1].split()[0]) for pid in server.workers())
    except (OSError, ValueError, IndexError):
        return None


class Opened:
    """How often each file of a folder is opened, by whichever process: inotify tells."""

    def __init__(self, folder):
        import ctypes
        self.libc = ctypes.CDLL(None, use_errno=True)
        self.fd = self.libc.inotify_init1(0o4000)
        for place in {file.parent for file in pathlib.Path(folder).rglob("*.parquet")}:
            self.libc.inotify_add_watch(self.fd, str(place).encode(), 0x20)  # IN_OPEN

    def count(self):
        import os
        found = {}
        while select.select([self.fd], [], [], 0.05)[0]:
            data, at = os.read(self.fd, 65536), 0
            while at < len(data):
                _, _, _, size = struct.unpack_from("iIII", data, at)
                name = data[at + 16:at + 16 + size].rstrip(b"\0")
                if name.endswith(b".parquet"):
                    found[name] = found.get(name, 0) + 1
                at += 16 + size
        return tuple(sorted(found.items()))

    def close(self):
        import os
        os.close(self.fd)


def probe(attempt):
    """One worker, one statement at a time: what is opened and read for each of the raw values is the same."""
    folder, server = attempt.own_server(settings={"workers": 1, "warm": 0, "threads": 1})
    try:
        with server:
            eve = type(attempt.door)(server).connect("eve", "eve-attack")
            for domain, number in (("alpha", "77700"), ("omega", "88800")):
                for table, conditions in RAW.items():
                    watched = Opened(attempt.out / "mesh" / "warehouse" / domain / table / "data")
                    compare(attempt, eve, server, watched, f"select count(id) from {domain}.{table} where ", [c.replace("{N}", number) for c in conditions])
                    watched.close()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def compare(attempt, eve, server, watched, select_, conditions):
    def once(condition):
        eve.ask(select_ + condition)  # a text that was asked before is not described again
        watched.count()
        before = bytes_read(server)
        eve.ask(select_ + condition)
        opened = watched.count()
        after = bytes_read(server)
        return opened, None if None in (before, after) else after - before
    for column in sorted({c.split()[0].strip("(") for c in conditions}):
        of = [c for c in conditions if column in c]
        seen = {c: once(c) for c in of}
        first = next(iter(seen.values()))
        for condition, (opened, size) in seen.items():
            attempt.check(len(opened) > 0 and opened == first[0], f"other files are opened, or oftener: is read for {condition}: {opened}, for {of[0]}: {first[0]}")
            attempt.check(size is None or abs(size - first[1]) < 6000, f"more or less is read for {condition}: {size} bytes, for {of[0]}: {first[1]}")
