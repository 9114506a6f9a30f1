"""Iceberg tables around Parquet files that already are, written from nothing: metadata, one manifest list, one manifest. Of Avro only what
these two need. Files may have ids of their own or none (then `mapping` is the table's name mapping, or None)."""
import json
import os
import shutil
import struct

import pyarrow.parquet as pq

SNAPSHOT = 77


def _long(n):
    n = (n << 1) ^ (n >> 63)
    out = b""
    while True:
        out, n = out + bytes([(n & 127) | (128 if n > 127 else 0)]), n >> 7
        if not n:
            return out


def _value(kind, v):
    if isinstance(kind, list):
        return _long(0) if v is None else _long(1) + _value(kind[1], v)
    if isinstance(kind, dict) and kind["type"] == "record":
        return b"".join(_value(f["type"], v[f["name"]]) for f in kind["fields"])
    if isinstance(kind, dict) and kind["type"] == "fixed":
        return v
    name = kind["type"] if isinstance(kind, dict) else kind
    if name in ("int", "long"):
        return _long(v)
    if name == "boolean":
        return bytes([v])
    if name == "float":
        return struct.pack("<f", v)
    if name == "double":
        return struct.pack("<d", v)
    data = v.encode() if isinstance(v, str) else v
    return _long(len(data)) + data


def avro(schema, rows):
    sync, body = b"0123456789abcdef", b"".join(_value(schema, r) for r in rows)
    text = json.dumps(schema).encode()
    head = b"Obj\x01" + _long(2) + _value("string", "avro.schema") + _value("bytes", text) + _value("string", "avro.codec")
    return head + _value("bytes", b"null") + _long(0) + sync + _long(len(rows)) + _long(len(body)) + body + sync


def _record(name, *fields):
    return {"type": "record", "name": name, "fields": [{"name": n, "field-id": i, "type": t} for n, i, t in fields]}


LIST = _record("manifest_file", ("manifest_path", 500, "string"), ("manifest_length", 501, "long"), ("partition_spec_id", 502, "int"),
               ("content", 517, "int"), ("sequence_number", 515, "long"), ("min_sequence_number", 516, "long"),
               ("added_snapshot_id", 503, "long"))


class Table:
    """What tests/fixtures/tables.py writes a contract from."""

    prefixes = {}

    def __init__(self, root, name, fields, files, mapping=None, partition=(), version=3):
        """files: (local path, partition values); partition: (source id, avro type)."""
        self.name, self.path, self.fields = name, name, fields
        self.location = root / name
        meta = self.location / "metadata"
        os.makedirs(meta)
        # Nothing outside of a table's directory is its file.
        files = [(shutil.copy(path, self.location / f"{i}.parquet"), values) for i, (path, values) in enumerate(files)]
        parts = _record("r102", *((f"p{i}", 1000 + i, ["null", kind]) for i, (_, kind) in enumerate(partition)))
        data_file = _record("r2", ("content", 134, "int"), ("file_path", 100, "string"), ("file_format", 101, "string"),
                            ("partition", 102, parts), ("record_count", 103, "long"), ("file_size_in_bytes", 104, "long"))
        entry = _record("manifest_entry", ("status", 0, "int"), ("snapshot_id", 1, ["null", "long"]), ("sequence_number", 3, ["null", "long"]),
                        ("file_sequence_number", 4, ["null", "long"]), ("data_file", 2, data_file))
        rows = [{"status": 1, "snapshot_id": None, "sequence_number": None, "file_sequence_number": None, "data_file": {
            "content": 0, "file_path": str(path), "file_format": "PARQUET", "partition": {f"p{i}": v for i, v in enumerate(values)},
            "record_count": pq.ParquetFile(path).metadata.num_rows, "file_size_in_bytes": os.path.getsize(path)}} for path, values in files]
        (meta / "m.avro").write_bytes(avro(entry, rows))
        (meta / "list.avro").write_bytes(avro(LIST, [{
            "manifest_path": str(meta / "m.avro"), "manifest_length": os.path.getsize(meta / "m.avro"), "partition_spec_id": 0, "content": 0,
            "sequence_number": 1, "min_sequence_number": 1, "added_snapshot_id": SNAPSHOT}]))
        spec = [{"name": f"p{i}", "transform": "identity", "source-id": source, "field-id": 1000 + i} for i, (source, _) in enumerate(partition)]
        metadata = {
            "format-version": version, "table-uuid": "9c12d441-03fe-4693-9a96-a0705ddf69c1", "location": str(self.location),
            "last-sequence-number": 1, "last-updated-ms": 1, "last-column-id": 999, "current-schema-id": 0,
            "schemas": [{"type": "struct", "schema-id": 0, "fields": fields}], "partition-specs": [{"spec-id": 0, "fields": spec}],
            "default-spec-id": 0, "last-partition-id": 1999, "sort-orders": [], "default-sort-order-id": 0,
            "properties": {"schema.name-mapping.default": json.dumps(mapping)} if mapping else {},
            "current-snapshot-id": SNAPSHOT, "snapshots": [{"snapshot-id": SNAPSHOT, "sequence-number": 1, "timestamp-ms": 1,
                                                             "manifest-list": str(meta / "list.avro"), "summary": {"operation": "append"}}]}
        (meta / "v1.metadata.json").write_text(json.dumps(metadata))

    def schema(self):
        return {"fields": self.fields}
