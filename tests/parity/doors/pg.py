"""The PostgreSQL door, through psycopg. The suite's queries are the engine's dialect: what PostgreSQL would not read (a syntax error, a function or
operator that it does not have) is outside Q here, and counted; everything that is answered has to be the same cells. Both sides are then
compared in PostgreSQL's own terms: numbers as numbers, whatever their width; structs as rows in text; enums, tiny integers and the like as what
they travel as."""
import datetime as dt
import decimal
import json
import re

import psycopg
import psycopg.types.json
import pyarrow as pa

NAME = "pg"
Refused = psycopg.Error
# Refusals that say that the text is not PostgreSQL's, not that something is hidden.
OTHER_DIALECT = {"42601", "42883", "0A000", "42P01", "42P02", "42P18", "42804", "42846", "42725", "22P02", "42809", "42803", "42P10", "42704", "42P13", "42P20", "22023", "42P07", "42702", "42712", "42701"}

MEANS_OTHERWISE = re.compile(r"similar to", re.I)
psycopg.types.json.set_json_loads(lambda text: text if isinstance(text, str) else text.decode())


class Connection:
    def __init__(self, server, person, password):
        self.connection = psycopg.connect(host="127.0.0.1", port=server.pg_port, user=person, password=password, dbname=re.search(r"name: (\S+)", (server.model / "mesh.yaml").read_text())[1], autocommit=True, cursor_factory=psycopg.RawCursor)

    def query(self, sql, params=None):
        if MEANS_OTHERWISE.search(sql):
            raise psycopg.errors.FeatureNotSupported("it means something else in PostgreSQL")
        sql = re.sub(r"\bdesc\b(?! nulls)", "desc nulls last", sql, flags=re.I)  # there NULLs would come first
        for n in range(sql.count("?") if params else 0):
            sql = sql.replace("?", f"${n + 1}", 1)
        cursor = self.connection.execute(sql, params, binary=len(sql) % 2 == 1)
        if any(d.type_code >= 1 << 31 for d in cursor.description):  # row values, which the client reads as text alone
            cursor = self.connection.execute(sql, params)
        rows = cursor.fetchall()
        return Answer([d.name for d in cursor.description], rows)

    def close(self):
        self.connection.close()


class Door:
    def __init__(self, server):
        self.server = server

    def connect(self, person, password):
        return Connection(self.server, person, password)


class Answer:
    """What the runner needs of a table."""
    def __init__(self, names, rows):
        self.column_names, self.rows, self.num_rows, self.num_columns = names, rows, len(rows), len(names)


def of_arrow(table):
    return Answer(table.column_names, list(zip(*(c.to_pylist() for c in table.columns))) if table.num_columns else [])


def text(value):
    """A member of a row value, as PostgreSQL writes it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "t" if value else "f"
    if isinstance(value, float):
        return repr(value).removesuffix(".0")
    if isinstance(value, dict):
        return "(" + ",".join(quoted(text(v), v) for v in value.values()) + ")"
    if isinstance(value, list):
        return "{" + ",".join("NULL" if v is None else array_quoted(text(v)) for v in value) + "}"
    if isinstance(value, dt.datetime):
        return str(value)
    return str(value)


def quoted(written, value):
    if value is None:
        return ""
    return '"' + written.replace("\\", "\\\\").replace('"', '""') + '"' if written == "" or re.search(r'[\s,()"\\]', written) else written


def array_quoted(written):
    return '"' + written.replace("\\", "\\\\").replace('"', '\\"') + '"' if written == "" or written.lower() == "null" or re.search(r'[\s,{}"\\]', written) else written


def plain(value):
    """A cell so that both sides can be compared: the types of the two differ in names, not in values."""
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, (int, decimal.Decimal)):
        number = decimal.Decimal(value)
        return ("nan" if number.is_nan() else number.normalize() if number else decimal.Decimal(0))
    if isinstance(value, float):
        return value
    if isinstance(value, dict):
        return text(value)
    if isinstance(value, pa.MonthDayNano):
        return (value.months, value.days, value.nanoseconds // 1000)
    if isinstance(value, list) and value and all(isinstance(v, tuple) and len(v) == 2 for v in value):
        return {k: v for k, v in value}  # a map: JSON there
    if isinstance(value, tuple):
        return text(dict(enumerate(value)))
    if isinstance(value, list) and any(isinstance(v, dict) for v in value):
        return text(value)
    if isinstance(value, list):
        return [plain(v) for v in value]
    if isinstance(value, dt.datetime) and value.tzinfo:
        return value.astimezone(dt.timezone.utc)
    if isinstance(value, (bytearray, memoryview)):
        return bytes(value)
    if isinstance(value, dt.timedelta):
        return (0, value.days, value.seconds * 10**6 + value.microseconds)
    if type(value).__module__ == "uuid" or not isinstance(value, (str, bytes, dt.date, dt.time, dt.datetime)):
        return str(value)
    return value


def same(a, b):
    if isinstance(a, float) and isinstance(b, decimal.Decimal) or isinstance(b, float) and isinstance(a, decimal.Decimal):
        a, b = float(a), float(b)  # an average is numeric in PostgreSQL
    if isinstance(a, float) and isinstance(b, float):
        return a == b or (a != a and b != b) or abs(a - b) <= 1e-12 * max(abs(a), abs(b))
    if isinstance(a, dict) and isinstance(b, str):
        return {str(k): v if v is None else str(v) for k, v in a.items()} == {k: v if v is None else str(v) for k, v in json.loads(b).items()}
    if isinstance(a, list) and isinstance(b, str):
        return text(a) == b  # of row values
    if a == [] and b in ("{}", []):
        return True
    if isinstance(a, str) and isinstance(b, str) and a != b and a[:1] in "[{" and b[:1] in "[{":
        return jsons(a) is not None and jsons(a) == jsons(b)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b))
    if isinstance(a, tuple) and isinstance(b, tuple) and len(a) == 3 == len(b):  # intervals: days and hours are told apart, but for a difference of times
        return a[0] == b[0] and a[1] * 86400 * 10**6 + a[2] == b[1] * 86400 * 10**6 + b[2]
    return type(a) is type(b) and a == b


def jsons(written):
    try:
        return json.loads(written)
    except ValueError:
        return None


def key(row):
    return tuple((v is None, "" if isinstance(v, float) else str(float(v))[:9] if isinstance(v, decimal.Decimal) else str(v)) for v in row), tuple(f"{float(v):.6e}" for v in row if isinstance(v, float))


def differences(expected, got, sql):
    """(cells, words) as tests/lib/answers.py says them."""
    import answers
    expected = of_arrow(expected)
    if [n.lower() for n in expected.column_names] != [n.lower() for n in got.column_names] and len(expected.column_names) != len(got.column_names):
        return max(1, expected.num_rows) * max(1, expected.num_columns), [f"columns {got.column_names}, expected {expected.column_names}"]
    left, right = ([tuple(plain(v) for v in row) for row in side.rows] for side in (expected, got))
    if len(left) != len(right):
        return abs(len(left) - len(right)) * max(1, expected.num_columns), [f"{len(right)} rows, expected {len(left)}"]
    wrong, words = 0, []
    keys = answers.order_of(sql, expected.column_names)
    for i, (a, b) in enumerate(zip(left, right) if keys else ()):
        bad = [k for k in keys if not same(a[k], b[k])]
        wrong += len(bad)
        if bad and len(words) < 5:
            words.append(f"row {i} out of order: {b}, expected {a}")
    for a, b in zip(sorted(left, key=key), sorted(right, key=key)):
        bad = [i for i in range(len(a)) if not same(a[i], b[i])]
        wrong += len(bad)
        if bad and len(words) < 5:
            words.append(f"{[(expected.column_names[i], b[i], 'expected', a[i]) for i in bad[:3]]}")
    return wrong, words
