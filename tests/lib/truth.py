"""What a table holds, in one form for everybody who says so: the Java generator, Spark, PyIceberg, and the server under test.

A value as JSON: whole numbers, truth values and text as they are; float and double as the text of the double; decimal as its digits;
date "d" + days, time "t" + nanoseconds, timestamp "n" or (with a zone) "z" + nanoseconds, all since 1970; bytes "x" + hex digits; uuid
its text; a list is a list, a map the list of its [key, value], a struct {field id: value}. A row is such a struct. Names are nowhere:
what a column is called when it is read is the matter of whoever reads.

`project` gives the columns of a schema, as the server has to: by id, an absent id is the field's initial default or NULL. It is plain
Python on purpose: the environments of Spark import it too."""
import datetime as dt
import decimal
import json
import math
import uuid

EPOCH = dt.datetime(1970, 1, 1)
UTC = dt.timezone.utc


# ---- a reader's Python values to JSON ----

def nanoseconds(value):
    if hasattr(value, "value") and hasattr(value, "nanosecond"):  # a pandas Timestamp or Timedelta: its value is in nanoseconds
        return value.as_unit("ns").value if hasattr(value, "as_unit") else value.value
    if isinstance(value, dt.datetime):
        gone = value.astimezone(UTC).replace(tzinfo=None) - EPOCH if value.tzinfo else value - EPOCH
    elif isinstance(value, dt.time):
        gone = dt.timedelta(hours=value.hour, minutes=value.minute, seconds=value.second, microseconds=value.microsecond)
    else:
        gone = value
    return (gone.days * 86400 + gone.seconds) * 1_000_000_000 + gone.microseconds * 1000


def primitive(kind, value):
    if kind in ("float", "double"):
        return repr(float(value))
    if kind.startswith("decimal"):
        return format(decimal.Decimal(value), "f")
    if kind == "date":
        return f"d{(value - dt.date(1970, 1, 1)).days}"
    if kind == "time":
        return f"t{nanoseconds(value)}"
    if kind.startswith("timestamp"):
        return f"{'z' if 'tz' in kind else 'n'}{nanoseconds(value)}"
    if kind == "uuid":
        return str(value if isinstance(value, uuid.UUID) else uuid.UUID(bytes=bytes(value)) if isinstance(value, (bytes, bytearray)) else uuid.UUID(value))
    if kind == "binary" or kind.startswith("fixed") or kind.startswith("geo"):
        return "x" + bytes(value).hex()
    if kind == "variant":
        return json.loads(value) if isinstance(value, str) else value
    return value


def to_json(kind, value):
    """Members of a struct by name, or by position where the value is a tuple."""
    if value is None:
        return None
    if isinstance(kind, str):
        return primitive(kind, value)
    if kind["type"] == "struct":
        members = value.values() if isinstance(value, dict) and list(value) != [f["name"] for f in kind["fields"]] else \
            [value[f["name"]] for f in kind["fields"]] if isinstance(value, dict) else value
        return {str(f["id"]): to_json(f["type"], v) for f, v in zip(kind["fields"], members, strict=True)}
    if kind["type"] == "list":
        return [to_json(kind["element"], v) for v in value]
    pairs = value.items() if isinstance(value, dict) else value
    return [[to_json(kind["key"], k), to_json(kind["value"], v)] for k, v in pairs]


# ---- JSON to what is compared ----

def _plain(kind, value):
    if kind in ("float", "double"):
        number = float(value)
        return "nan" if math.isnan(number) else repr(number)
    if kind.startswith("decimal"):
        number = decimal.Decimal(value)
        return str(number.normalize()) if number else "0"
    if kind == "variant":
        return json.dumps(value, sort_keys=True)
    return value


def _default(kind, value):
    """A default as metadata spells it."""
    if value is None or not isinstance(kind, str):
        return None
    if kind == "date":
        return to_json(kind, dt.date.fromisoformat(value))
    if kind == "time":
        return to_json(kind, dt.time.fromisoformat(value))
    if kind.startswith("timestamp"):
        whole, _, fraction = value.partition(".")
        fraction = fraction.split("+")[0]
        seconds = nanoseconds(dt.datetime.fromisoformat(whole.split("+")[0]))
        return f"{'z' if 'tz' in kind else 'n'}{seconds + int((fraction or '0').ljust(9, '0'))}"
    if kind == "binary" or kind.startswith("fixed"):
        return "x" + value.lower()
    return value


def project(kind, value):
    """Of one type, hashable."""
    if value is None:
        return None
    if isinstance(kind, str):
        return _plain(kind, value)
    if kind["type"] == "struct":
        return row(kind["fields"], value)
    if kind["type"] == "list":
        return tuple(project(kind["element"], v) for v in value)
    return tuple(sorted(((project(kind["key"], k), project(kind["value"], v)) for k, v in value), key=repr))


def row(fields, value):
    return tuple(project(f["type"], value[str(f["id"])] if str(f["id"]) in value else _default(f["type"], f.get("initial-default"))) for f in fields)


# ---- a truth as it is kept: JSON lines ----

class Truth:
    """{"row": N, "values": {...}} once for each row; {"snapshot": id, "rows": [N, ...]}; at the end {"retained": [...], "refs": {name: id}}.
    A line with "metadata" says which file was current then; after {"expired": ..., "cleaned": true} older ones lead to files that are gone."""

    def __init__(self):
        self.rows, self.snapshots, self.metadata, self.refs, self.retained, self.steps = {}, {}, {}, {}, [], []

    @classmethod
    def read(cls, path):
        self, current = cls(), None
        with open(path, encoding="utf-8") as lines:
            for line in lines:
                said = json.loads(line)
                if "row" in said:
                    self.rows[said["row"]] = said["values"]
                    continue
                if "snapshot" in said:
                    self.snapshots[said["snapshot"]] = said["rows"]
                    current = said["snapshot"]
                if said.get("cleaned"):
                    self.metadata.clear()
                if "metadata" in said:
                    self.metadata[said["metadata"]] = said.get("step", "")
                if "step" in said:
                    self.steps.append((said["step"], said.get("metadata"), current))
                if "retained" in said:
                    self.retained, self.refs = said["retained"], said["refs"]
        return self

    def write(self, path):
        with open(path, "w", encoding="utf-8") as out:
            for number, values in self.rows.items():
                out.write(json.dumps({"row": number, "values": values}, ensure_ascii=False) + "\n")
            for snapshot, rows in self.snapshots.items():
                out.write(json.dumps({"snapshot": snapshot, "rows": rows}) + "\n")
            out.write(json.dumps({"retained": self.retained, "refs": self.refs}, ensure_ascii=False) + "\n")

    def add(self, snapshot, values):
        """What one reader says of one snapshot."""
        first = len(self.rows)
        self.rows.update(enumerate(values, first))
        self.snapshots[snapshot] = list(range(first, first + len(values)))
        self.retained.append(snapshot)

    def expected(self, snapshot, fields):
        """Of no snapshot: no rows."""
        return [row(fields, self.rows[number]) for number in (self.snapshots[snapshot] if snapshot is not None else ())]


def schema_of(metadata, snapshot_id=None):
    """The fields of a snapshot's own schema, else of the current one."""
    wanted = metadata.get("current-schema-id", 0)
    for snapshot in metadata.get("snapshots") or []:
        if snapshot["snapshot-id"] == snapshot_id and snapshot.get("schema-id") is not None:
            wanted = snapshot["schema-id"]
    for schema in metadata.get("schemas") or [metadata["schema"]]:
        if schema.get("schema-id", 0) == wanted:
            return schema["fields"]
    return metadata["schema"]["fields"]
