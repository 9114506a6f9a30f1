#!/usr/bin/env python3
"""`make parity`: Q queries x P principals x D doors, N cells differ. See README.md."""
import argparse
import contextlib
import csv
import importlib
import os
import pathlib
import re
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path[:0] = [str(HERE), str(HERE / "doors"), str(ROOT / "tests" / "lib"), str(ROOT / "tests" / "data")]

import answers  # noqa: E402
import mesh as shop  # noqa: E402
import own  # noqa: E402
import people  # noqa: E402
import tpch_expected  # noqa: E402
from server import NoServer, Server  # noqa: E402

FIXTURES = pathlib.Path(os.environ.get("HAILSTORM_FIXTURES", ROOT.parent / "shared" / "fixtures"))
# How a door may say that a column is not there; the oracle's own words are DuckDB's. (The door says of all that does not bind the same.)
NO_COLUMN = re.compile(r"column|field|member|could not find key|does not fit its tables", re.I)


class Suite:
    """Queries over one mesh: what it takes to ask the oracle and the door the same thing."""
    not_yet = ()

    def __init__(self, name, queries, persons, password):
        self.name, self.queries, self.persons, self.password = name, queries, persons, password

    def oracle(self, person):
        raise NotImplementedError


class Tpch(Suite):
    def __init__(self, scale):
        self.scale = scale
        self.data = people.tpch(scale)
        self.model = self.data / "mesh"
        texts = [(f"q{n}", text, None) for n, text in tpch_expected.statements().items()]
        super().__init__(f"tpch sf{scale:g}", texts + own.TPCH, tpch_expected.PRINCIPALS, "{}-tpch")

    def oracle(self, person):
        return tpch_expected.database(self.data, person)

    def texts(self, text):
        return text.strip().rstrip(";"), text

    def published(self, name):
        """The rows of the answer file, as text; None where there is none."""
        file = FIXTURES / "duckdb" / "extension" / "tpch" / "dbgen" / "answers" / f"sf{self.scale:g}" / f"{name}.csv"
        if not re.fullmatch(r"q\d+", name):
            return None
        file = file.with_name(f"q{int(name[1:]):02}.csv")
        if not file.exists():
            return None
        with open(file, encoding="utf-8", newline="") as text:
            return list(csv.reader(text, delimiter="|"))


class Shop(Suite):
    def __init__(self):
        self.model = shop.make()
        self.tables = shop.arrow_tables()
        super().__init__("demo and lab", own.SHOP, shop.PEOPLE, shop.PASSWORD)
        self.not_yet = own.NOT_YET

    def oracle(self, person):
        return shop.database(person, self.tables)

    def texts(self, text):
        """(what the door is asked, what the oracle is asked)"""
        domains = {name: domain for (domain, name) in self.tables}

        def asked(found):
            if found[1] == "mesh":
                return "demo."
            name, _, version = found[1].partition("@")
            domain = domains[name]
            alias = found[2] or ""
            _, _, ids, times = self.tables[domain, name]
            if not version:
                return f"{domain}.{name}{alias}"
            if version.startswith("time:"):
                moment = times[int(version[5:])] + 0
                stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(moment // 1000)) + f".{moment % 1000:03}Z"
                return f"{domain}.{name}{alias} at (timestamp => '{stamp}')"
            return f"{domain}.{name}{alias} at (version => {ids[int(version)]})"

        def expected(found):
            if found[1] == "mesh":
                return ""
            name, _, version = found[1].partition("@")
            return f'{domains[name]}."{name}{"@" + version.removeprefix("time:") if version else ""}"{found[2] or ""}'
        pattern = re.compile(r"\{(\w+(?:@[\w:]+)?)( \w+)?\}")
        unbraced = text.replace("{{", "\0").replace("}}", "\1")
        return tuple(pattern.sub(part, unbraced).replace("\0", "{").replace("\1", "}") for part in (asked, expected))

    def published(self, name):
        return None


class Tally:
    def __init__(self, verbose):
        self.cells = self.compared = self.refused = self.not_yet = 0
        self.other_dialect = {}  # of a door: queries that its language does not have
        self.verbose = verbose

    def wrong(self, where, cells, words):
        self.cells += cells
        print(f"DIFFERS {where}: {cells} cells\n    " + "\n    ".join(str(w)[:600] for w in words), flush=True)

    def right(self, where, text):
        if self.verbose:
            print(f"ok      {where}: {text}", flush=True)


def near(text, value):
    """Does a cell equal the published text, which is rounded as printed?"""
    if value is None:
        return text in ("", "NULL")
    if isinstance(value, str):
        return value.rstrip() == text.rstrip()
    try:
        want = float(text)
    except ValueError:
        return str(value) == text
    digits = len(text.partition(".")[2])
    return abs(float(value) - want) <= max(10.0 ** -digits, abs(want) * 1e-12)


def check_published(tally, where, rows, got):
    body = rows[1:]  # names first
    cells = answers.cells(got)
    if len(body) != len(cells):
        tally.wrong(where + " published", max(1, abs(len(body) - len(cells))) * got.num_columns, [f"{len(cells)} rows, published {len(body)}"])
        return
    bad = [(i, k) for i, row in enumerate(body) for k, text in enumerate(row[:got.num_columns]) if not near(text, cells[i][k])]
    if bad:
        i, k = bad[0]
        tally.wrong(where + " published", len(bad), [f"row {i} {got.column_names[k]}: {cells[i][k]!r}, published {body[i][k]!r}"])


class Words(str):
    """Of a refusal, with SQL's own letters where the door has them."""

    def __new__(cls, text, sqlstate):
        words = super().__new__(cls, text)
        words.sqlstate = sqlstate
        return words


def ask(connection, refused, sql, params):
    try:
        return connection.query(sql, params), None
    except refused as error:
        return None, Words(str(error), getattr(error, "sqlstate", None))


def one(tally, where, expected, got, sql, door):
    """Counts the differing cells of one answer."""
    (want, want_error), (have, have_error) = expected, got
    if getattr(have_error, "sqlstate", None) in getattr(door, "OTHER_DIALECT", ()):
        tally.other_dialect[door.NAME] = tally.other_dialect.get(door.NAME, 0) + 1
        tally.right(where, "another dialect: " + have_error.splitlines()[0][:150])
        return
    tally.compared += 1
    if want_error is not None:
        if not re.search(r"Binder Error.*(column|struct|key|entry)", want_error, re.I | re.S):
            tally.wrong(where, 1, ["the oracle itself fails: " + want_error])
        elif have_error is None:
            tally.wrong(where, max(1, have.num_rows * have.num_columns), ["answered, though a column is hidden: " + want_error])
        elif not NO_COLUMN.search(have_error):
            tally.wrong(where, 1, ["refused for another reason: " + have_error])
        else:
            tally.refused += 1
            tally.right(where, "refused on both sides: " + have_error.splitlines()[0][:150])
        return
    if have_error is not None:
        tally.wrong(where, max(1, want.num_rows * want.num_columns), ["refused: " + have_error])
        return
    cells, words = getattr(door, "differences", answers.differences)(want, have, sql)
    if cells:
        tally.wrong(where, cells, words)
    else:
        tally.right(where, f"{want.num_rows} rows")


def unanswered(tally, where, want_error, have_error, words):
    """A query that the product does not answer yet: the oracle must, and the door must say that it is this."""
    tally.not_yet += 1
    if want_error is not None:
        tally.wrong(where, 1, ["the oracle itself fails: " + want_error])
    elif have_error is None:
        tally.wrong(where, 1, ["answered: no longer one for own.NOT_YET"])
    elif words not in have_error:
        tally.wrong(where, 1, ["refused for another reason: " + have_error])
    else:
        tally.right(where, "not yet: " + have_error.splitlines()[0][:150])


def run_suite(tally, suite, door_module, only, faults=()):
    oracle_only = door_module.NAME == "oracle"
    with contextlib.ExitStack() as stack:
        server = None if oracle_only else stack.enter_context(Server(
            suite.model, settings=getattr(door_module, "SETTINGS", None), faults=(*faults, *getattr(door_module, "FAULTS", ()))))
        door = None if oracle_only else door_module.Door(server)
        for person in suite.persons:
            oracle = door_oracle(suite, person)
            connection = oracle if oracle_only else door.connect(person, suite.password.format(person))
            for name, text, params in suite.queries:
                if only and only not in name:
                    continue
                door_sql, oracle_sql = suite.texts(text)
                where = f"{suite.name} {name} {person} {door_module.NAME}"
                want = ask(oracle, Exception, oracle_sql, params)
                have = ask(connection, door_module.Refused, oracle_sql if oracle_only else door_sql, params)
                one(tally, where, want, have, oracle_sql, door_module)
                rows = suite.published(name) if person == "root" and have[0] is not None and not hasattr(door_module, "differences") else None
                if rows is not None:
                    check_published(tally, where, rows, have[0])
            for name, text, params, words in suite.not_yet if person == suite.persons[0] and not oracle_only and not hasattr(door_module, "differences") else ():
                if only and only not in name:
                    continue
                door_sql, oracle_sql = suite.texts(text)
                errors = ask(oracle, Exception, oracle_sql, params)[1], ask(connection, door_module.Refused, door_sql, params)[1]
                unanswered(tally, f"{suite.name} {name} {person} {door_module.NAME}", *errors, words)
            connection.close()
            if not oracle_only:
                oracle.close()
        if server and not server.alive():
            tally.wrong(suite.name, 1, ["the server did not live through it:", server.words()[-2000:]])


def door_oracle(suite, person):
    import oracle
    return oracle.Connection(suite.oracle(person))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--door", action="append", help="only this one; otherwise all of doors/ but the oracle")
    parser.add_argument("--only", help="queries whose name holds this")
    parser.add_argument("--fault", action="append", default=[], help="of the server's test build (no-mask-predicate): what the suite must then see")
    parser.add_argument("--long", action="store_true", help="also at scale 0.1")
    parser.add_argument("-v", "--verbose", action="store_true")
    arguments = parser.parse_args()
    names = arguments.door or sorted(p.stem for p in (HERE / "doors").glob("*.py") if p.stem != "oracle")
    suites = [Tpch(0.01), Shop()] + ([Tpch(0.1)] if arguments.long else [])
    tally = Tally(arguments.verbose)
    begun = time.monotonic()
    try:
        for name in names:
            door = importlib.import_module(name)
            for suite in suites:
                if suite.name in getattr(door, "SUITES", [s.name for s in suites]):
                    run_suite(tally, suite, door, arguments.only, arguments.fault)
    except NoServer as error:
        sys.exit(f"no server: {error}")
    for suite in suites:
        print(f"{suite.name}: {len(suite.queries)} queries as {', '.join(suite.persons)}")
    print(f"{tally.compared} answers compared, {tally.refused} of them refused on both sides for a hidden column; {tally.not_yet} queries not answered yet; {time.monotonic() - begun:.0f} s")
    for door, count in tally.other_dialect.items():
        print(f"{door}: {count} askings in another dialect than the door's")
    queries = sum(len(suite.queries) for suite in suites)
    principals = max(len(suite.persons) for suite in suites)
    print(f"{queries} queries x {principals} principals x {len(names)} doors, {tally.cells} cells differ")
    sys.exit(1 if tally.cells else 0)


if __name__ == "__main__":
    main()
