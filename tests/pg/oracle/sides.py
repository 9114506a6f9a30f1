"""PostgreSQL 15 and the door, asked the same by the same driver: answers as names, type OIDs and the bytes of both forms."""
import dataclasses
import re

import psycopg
from psycopg import pq

TEXT, BINARY = 0, 1


@dataclasses.dataclass
class Answer:
    state: str = ""  # SQLSTATE of an error, else empty
    words: str = ""
    names: tuple = ()
    oids: tuple = ()
    text: list = dataclasses.field(default_factory=list)
    binary: list = dataclasses.field(default_factory=list)
    tag: str = ""

    def __str__(self):
        if self.state:
            return f"{self.state} {self.words}"
        return f"{len(self.text)} rows of {list(zip(self.names, self.oids))}: " + "; ".join(map(str, self.text[:4]))


def rows_of(result):
    return [tuple(result.get_value(r, c) for c in range(result.nfields)) for r in range(result.ntuples)]


class Side:
    def __init__(self, conninfo):
        self.connection = psycopg.connect(conninfo, autocommit=True)
        self.connection.execute("SET search_path = shop")

    def ask(self, statement, binary=True):
        """Text by the extended protocol, and the same in binary."""
        answer = Answer()
        for form in (TEXT, BINARY) if binary else (TEXT,):
            result = self.connection.pgconn.exec_params(statement.encode(), None, result_format=form)
            if result.status not in (pq.ExecStatus.TUPLES_OK, pq.ExecStatus.COMMAND_OK):
                state = result.error_field(pq.DiagnosticField.SQLSTATE)
                return Answer(state=(state or b"?????").decode(),
                              words=(result.error_field(pq.DiagnosticField.MESSAGE_PRIMARY) or b"").decode(errors="replace"))
            if form == TEXT:
                answer.names = tuple(result.fname(i).decode() for i in range(result.nfields))
                answer.oids = tuple(result.ftype(i) for i in range(result.nfields))
                answer.text, answer.tag = rows_of(result), result.command_status.decode()
            else:
                answer.binary = rows_of(result)
        return answer

    def close(self):
        self.connection.close()


def is_ordered(statement):
    """Does the last ORDER BY stand outside all brackets?"""
    tail = statement.lower().rpartition("order by")
    return bool(tail[1]) and tail[2].count("(") >= tail[2].count(")") and tail[0].count("(") == tail[0].count(")")


NUMBER = re.compile(rb"-?\d+(?:\.\d+)?(?:e[+-]?\d+)?")


def same_cell(a, b, near):
    """near: 0 for the same bytes, else how much of the larger one two numbers in them may differ by."""
    if a == b or not near or a is None or b is None:
        return a == b
    if NUMBER.sub(b"#", a) != NUMBER.sub(b"#", b):
        return False
    pairs = zip(map(float, NUMBER.findall(a)), map(float, NUMBER.findall(b)))
    return all(x == y or abs(x - y) <= near * max(abs(x), abs(y)) for x, y in pairs)


def difference(statement, want, got, near=0):
    """None where both say the same, else in what they differ first."""
    if want.state or got.state:
        return None if want.state == got.state else "error"
    if want.names != got.names:
        return "names"
    if want.oids != got.oids:
        return "types"
    if len(want.text) != len(got.text):
        return "row count"
    if want.tag != got.tag:
        return "tag"
    order = (lambda rows: rows) if is_ordered(statement) else (lambda rows: sorted(rows, key=repr))
    pairs = list(zip(order(want.text), order(got.text)))
    if not all(same_cell(a, b, near) for x, y in pairs for a, b in zip(x, y)):
        return "text"
    if not near and order(want.binary) != order(got.binary):
        return "binary"
    return None
