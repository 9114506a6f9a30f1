"""The rows that every engine holds: the ends of each type, NULL at every level, NaN and both zeros, texts that collations
and escapes read in their own ways. Written into each engine as SQL, read back into one form."""
import base64
import json
import math
import struct
from datetime import date, datetime, time, timezone
from decimal import Decimal

GEO = {"lat": "double", "lon": "double"}
TYPES = {"id": "long", "email": "string", "region": "string", "amount": "decimal2",
         "customer": {"street": "string", "city": "string", "geo": GEO},
         "items": [{"sku": "string", "price": "decimal2"}], "notes": ("map", {"text": "string", "by": "string"}),
         "born": "date", "seen": "timestamptz", "score": "double", "active": "boolean", "at": "timestamp",
         "ratio": "float", "code": "int", "key": "uuid", "big": "decimal4", "blob": "binary", "tags": ["string"],
         "clock": "time", "doc": "string"}
ROWS = 40


def raw_rows():
    """ROWS of them, as texts and containers of texts: what CAST makes of them is the same value everywhere."""
    texts = ["ana@example.org", "b@y.com", None, "plain", "", "\u00e9t\u00e9", "a\\b", "it's", "@", "A\u030ab@c.org",
             "\U0001F600\U0001F600x", "EUx"]
    places = ["EU", "US", None, "", "eu", "E", "\u00c9U"]
    doubles = ["0.25", "1000000", "NaN", None, "-0.0", "0.0", "3.5", "0.1", "-1e300", "0.30000000000000004", "47.07"]
    rows = []
    for i in range(ROWS):
        geo = [{"lat": "47.07", "lon": "15.4"}, {"lat": None, "lon": "1"}, None, {"lat": "NaN", "lon": "-0.0"},
               {"lat": None, "lon": None}][i % 5]
        customer = {"street": texts[i % 12], "city": ["Graz", "Wien", None][i % 3], "geo": geo}
        if i % 11 == 3:
            customer = {"street": None, "city": None, "geo": None}  # an object of NULLs is not NULL
        rows.append({
            "id": str(i) if i < ROWS - 2 else ["9223372036854775807", "-9223372036854775808"][i - ROWS],
            "email": texts[i % 12], "region": places[i % 7],
            "amount": [str(i), "12.50", None, "-0.01", "99999999.99", "12.51"][i % 6],
            "customer": None if i % 7 == 6 else customer,
            "items": None if i % 10 == 9 else [None if k == 2 else {"sku": texts[(i + k) % 12], "price": "1.50"}
                                               for k in range(i % 4)],
            "notes": None if i % 9 == 8 else {f"n{k}": None if k == 1 else {"text": f"t{i}", "by": f"b{i}"}
                                              for k in range(i % 3)},
            "born": [f"1980-01-{i % 9 + 1:02}", "2001-02-03", None, "0001-01-01", "9999-12-31", "1969-12-31"][i % 6],
            "seen": ["2026-01-01 00:00:00+00:00", "2025-12-31 23:00:00+00:00", None, "1969-12-31 23:59:59.999999+00:00",
                     "2026-03-29 01:30:00+00:00"][i % 5],
            "score": doubles[i % 11], "active": ["true", "false", None][i % 3],
            "at": ["2025-12-31 23:59:59.5", "2025-12-31 23:59:59.500001", None, "0001-01-01 00:00:00",
                   "9999-12-31 23:59:59.999999"][i % 5],
            "ratio": ["0.1", "0.5", "NaN", None, "-0.0", "1e30", "0.25"][i % 7],
            "code": [str(i), None, "2147483647", "-2147483648", "7"][i % 5],
            "key": ["f79c3e09-677c-4bbd-a479-3f349cb785e7", None, "00000000-0000-4000-8000-000000000000",
                    "ffffffff-0000-4000-8000-000000000000"][i % 4],
            "big": ["1234567890123.4567", "1234567890123.4568", None, "12.5000", "-9999999999999999.9999"][i % 5],
            "blob": [None, "", "00ff", "27"][i % 4],
            "tags": None if i % 8 == 7 else [texts[(i + k) % 12] for k in range(i % 3)],
            "clock": ["10:55:00", None, "00:00:00", "23:59:59.999999"][i % 4],
            "doc": ['{"a": "4111111111111111", "b": {"c": "x@y.org"}, "l": ["p", null]}', "not a document", None, "{}",
                    '{"a": null, "b": 7, "l": []}'][i % 5]})
    return rows


# ---- into an engine ----

def quoted(text, engine):
    text = text.replace("'", "''")
    return f"'{text}'"


def literal(engine, kind, value, names):
    """SQL for one value; names: the engine's name for a type, by the id of its kind."""
    if value is None:
        return "NULL"
    if kind == "binary":
        return {"duckdb": f"unhex('{value}')", "trino": f"X'{value}'", "postgres": f"decode('{value}', 'hex')"}[engine]
    if isinstance(kind, str):
        if engine == "trino" and kind == "timestamptz":
            value = value.replace("+00:00", " UTC")
        return f"CAST({quoted(value, engine)} AS {names[kind]})"
    if isinstance(kind, dict):
        parts = [literal(engine, t, value[k], names) for k, t in kind.items()]
        if engine == "duckdb":
            return "{" + ", ".join(f"'{k}': {p}" for k, p in zip(kind, parts)) + "}"
        return f"ROW({', '.join(parts)})"
    if isinstance(kind, list):
        parts = ", ".join(literal(engine, kind[0], v, names) for v in value)
        return f"[{parts}]" if engine == "duckdb" else f"ARRAY[{parts}]"
    parts = [literal(engine, kind[1], v, names) for v in value.values()]
    keys = [quoted(k, engine) for k in value]
    return f"map([{', '.join(keys)}], [{', '.join(parts)}])" if engine == "duckdb" else \
        f"map(ARRAY[{', '.join(keys)}], ARRAY[{', '.join(parts)}])"


SCALARS = {
    "duckdb": {"long": "BIGINT", "int": "INTEGER", "string": "VARCHAR", "decimal2": "DECIMAL(10, 2)",
               "decimal4": "DECIMAL(20, 4)", "double": "DOUBLE", "float": "FLOAT", "boolean": "BOOLEAN", "date": "DATE",
               "time": "TIME", "timestamp": "TIMESTAMP", "timestamptz": "TIMESTAMPTZ", "uuid": "UUID"},
}
SCALARS["trino"] = dict(SCALARS["duckdb"], float="REAL", time="TIME(6)", timestamp="TIMESTAMP(6)",
                        timestamptz="TIMESTAMP(6) WITH TIME ZONE")
SCALARS["postgres"] = dict(SCALARS["duckdb"], string="text", double="double precision", float="real")


def inserts(engine, schema):
    """One SELECT a row, each value cast to its column's exact type."""
    for n, row in enumerate(raw_rows()):
        cells = [str(n)]
        for c in schema["columns"]:
            if c[engine]:
                value = literal(engine, TYPES[c["name"]], row[c["name"]], SCALARS[engine])
                cells.append(f"CAST({value} AS {c[engine]})")
        yield ", ".join(cells)


# ---- and out again, by type ----

def moment(text):
    if text.startswith("+"):
        raise ValueError(text)
    text = text.replace(" UTC", "+00:00").replace(" ", "T", 1)
    head, _, tail = text.partition(".")
    if tail:  # PostgreSQL leaves out zeros at the end
        digits = tail[:len(tail) - len(tail.lstrip("0123456789"))] or tail
        zone = tail[len(digits):]
        text = f"{head}.{digits:0<6}{zone}"
    return datetime.fromisoformat(text)


def number(value, kind):
    if kind in ("long", "int"):
        return int(value)
    if kind.startswith("decimal"):
        return str(Decimal(value).quantize(Decimal("0.01") if kind == "decimal2" else Decimal("0.0001")))
    value = float(value)
    if math.isnan(value):
        return "NaN"
    if kind == "float":
        value = struct.unpack("f", struct.pack("f", value))[0]
    return repr(value)


def scalar(engine, kind, value):
    if kind in ("long", "int", "double", "float") or kind.startswith("decimal"):
        return number(value, kind)
    if kind == "binary":
        if engine == "duckdb":
            return bytes(value).hex()
        return value[2:] if engine == "postgres" else base64.b64decode(value).hex()
    if kind in ("timestamp", "timestamptz"):
        value = moment(value) if isinstance(value, str) else value
        value = value.astimezone(timezone.utc) if kind == "timestamptz" else value
        return value.isoformat()
    if kind == "time":
        value = time.fromisoformat(f"{value:0<15}" if "." in value else value) if isinstance(value, str) else value
        return value.isoformat()
    if kind == "date":
        return value.isoformat() if isinstance(value, date) else value
    return str(value) if kind == "uuid" else value


def plain(engine, kind, value, shape=None):
    """One form for all; shape: what Trino says of a row's members, which it sends by place."""
    if value is None:
        return None
    if isinstance(kind, dict):
        if engine == "trino":
            value = dict(zip(shape["names"], value))
            return {k: plain(engine, kind[k], v, s) for (k, v), s in zip(value.items(), shape["parts"])}
        return {k: plain(engine, kind[k], v) for k, v in value.items()}
    if isinstance(kind, list):
        return [plain(engine, kind[0], v, shape and shape["parts"][0]) for v in value]
    if isinstance(kind, tuple):
        return {k: plain(engine, kind[1], v, shape and shape["parts"][1]) for k, v in value.items()}
    return scalar(engine, kind, value)


def shape_of(signature):
    """Names and parts of a type that Trino sent."""
    out = {"names": [], "parts": []}
    for a in signature.get("arguments", []):
        if a["kind"] == "NAMED_TYPE":
            out["names"].append((a["value"].get("fieldName") or {}).get("name"))
            out["parts"].append(shape_of(a["value"]["typeSignature"]))
        elif a["kind"] == "TYPE":
            out["parts"].append(shape_of(a["value"]))
    return out


def loads(text):
    """JSON as PostgreSQL writes it: decimals stay what they are, and -0 keeps its sign."""
    return json.loads(text, parse_float=lambda s: s, parse_int=lambda s: "-0.0" if s == "-0" else s)


# ---- comparing ----

# of Iceberg's read-restrictions
FIXED = {"long": 0, "int": 0, "double": "0.0", "float": "0.0", "string": "XXXXXXXX", "date": "1970-01-01",
         "time": "00:00:00", "timestamp": "1970-01-01T00:00:00", "timestamptz": "1970-01-01T00:00:00+00:00", "boolean": False,
         "uuid": "00000000-0000-0000-0000-000000000000", "binary": "", "decimal2": "0.00", "decimal4": "0.0000"}


def shows_no_more(got, want):
    """got is want, or want with values gone."""
    if got is None or got == want:
        return True
    if isinstance(got, dict) and isinstance(want, dict):
        return all(k in want and shows_no_more(v, want[k]) for k, v in got.items())
    if isinstance(got, list) and isinstance(want, list):
        return len(got) == len(want) and all(map(shows_no_more, got, want))
    return False
