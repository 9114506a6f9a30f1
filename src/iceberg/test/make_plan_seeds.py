#!/usr/bin/env python3
"""Writes data/deep, a small version 3 table with every kind of delete, and the seeds of fuzz_plan, which damages it.

Needs fastavro, cramjam and pyarrow, like make_seeds.py, whose table it builds on. Nothing is compressed, so that a changed byte
reaches what it stands for. The output is committed.
"""
import json
import os
import shutil
import struct
import zlib

import pyarrow as pa
import pyarrow.parquet as pq

import make_seeds
from make_seeds import HERE, avro, data_file, field, id_field, optional, put

TABLE = os.path.join(HERE, "data", "deep")
CORPUS = os.path.join(HERE, "corpus", "fuzz_plan")
LOCATION = "s3://bucket/deep"
FIRST, SECOND = 11, 22
FILES = ("metadata/v1.metadata.json", "metadata/list.avro", "metadata/data.avro", "metadata/deletes.avro", "metadata/global.avro",
         "data/0.parquet", "data/1.parquet", "data/2.parquet", "data/vector.puffin", "data/positions.avro", "data/equality.parquet",
         "data/global.parquet")


def entry_schema(partitioned=True):
    region = [optional("region", 1000, "string")] if partitioned else []
    partition = {"type": "record", "name": "r102", "fields": region}

    def numbers(name, key, value, kind):
        pair = {"type": "record", "name": f"k{key}_v{value}", "fields": [field("key", key, "int"), field("value", value, kind)]}
        return {"type": "array", "logicalType": "map", "items": pair}

    data = {"type": "record", "name": "r2", "fields": [
        field("content", 134, "int"), field("file_path", 100, "string"), field("file_format", 101, "string"),
        field("partition", 102, partition), field("record_count", 103, "long"), field("file_size_in_bytes", 104, "long"),
        optional("value_counts", 109, numbers("value_counts", 119, 120, "long")),
        optional("null_value_counts", 110, numbers("null_value_counts", 121, 122, "long")),
        optional("lower_bounds", 125, numbers("lower_bounds", 126, 127, "bytes")),
        optional("upper_bounds", 128, numbers("upper_bounds", 129, 130, "bytes")),
        optional("equality_ids", 135, {"type": "array", "items": "int", "element-id": 136}),
        optional("first_row_id", 142, "long"), optional("referenced_data_file", 143, "string"),
        optional("content_offset", 144, "long"), optional("content_size_in_bytes", 145, "long")]}
    return {"type": "record", "name": "manifest_entry", "fields": [
        field("status", 0, "int"), optional("snapshot_id", 1, "long"), optional("sequence_number", 3, "long"),
        optional("file_sequence_number", 4, "long"), field("data_file", 2, data)]}


def entry(name, rows, region, form="PARQUET", content=0, status=1, sequence=None, **more):
    size = os.path.getsize(f"{TABLE}/data/{name}") if os.path.exists(f"{TABLE}/data/{name}") else 1
    file = {"content": content, "file_path": f"{LOCATION}/data/{name}", "file_format": form, "partition": {"region": region},
            "record_count": rows, "file_size_in_bytes": size,
            **dict.fromkeys(("value_counts", "null_value_counts", "lower_bounds", "upper_bounds", "equality_ids", "first_row_id",
                             "referenced_data_file", "content_offset", "content_size_in_bytes")), **more}
    return {"status": status, "snapshot_id": None, "sequence_number": sequence, "file_sequence_number": sequence, "data_file": file}


def statistics(ids):
    def bound(v):
        return [{"key": 1, "value": struct.pack("<q", v)}]
    return {"value_counts": [{"key": 1, "value": len(ids)}], "null_value_counts": [{"key": 1, "value": 0}],
            "lower_bounds": bound(min(ids)), "upper_bounds": bound(max(ids))}


def vector(positions):
    """One 64-bit bitmap with one array container, in its frame; the file says no more than what a reader of vectors looks for."""
    roaring = struct.pack("<QI", 1, 0) + struct.pack("<IIHHI", 12346, 1, 0, len(positions) - 1, 16) + struct.pack(f"<{len(positions)}H", *positions)
    body = b"\xd1\xd3\x39\x64" + roaring
    return struct.pack(">I", len(body)) + body + struct.pack(">I", zlib.crc32(body))


def puffin(blob):
    footer = json.dumps({"blobs": [{"type": "deletion-vector-v1", "fields": [], "snapshot-id": -1, "sequence-number": -1, "offset": 4,
                                    "length": len(blob), "properties": {"cardinality": "2", "referenced-data-file": f"{LOCATION}/data/0.parquet"}}]})
    return b"PFA1" + blob + b"PFA1" + footer.encode() + struct.pack("<II", len(footer), 0) + b"PFA1"


def keys(ids):
    import io
    out = io.BytesIO()
    table = pa.table({"id": pa.array(ids, pa.int64())}, pa.schema([id_field("id", pa.int64(), 1)]))
    pq.write_table(table, out, compression="NONE", store_schema=False)
    return out.getvalue()


def write_files():
    for i, (region, ids) in enumerate((("EU", [1, 2, 3, 4]), ("US", [5, 6, 7]), (None, [8, 9]))):
        put(f"{TABLE}/data/{i}.parquet", data_file(region, ids))
    put(f"{TABLE}/data/vector.puffin", puffin(vector([1, 3])))
    schema = {"type": "record", "name": "r", "fields": [field("file_path", 2147483546, "string"), field("pos", 2147483545, "long")]}
    put(f"{TABLE}/data/positions.avro", avro(schema, [{"file_path": f"hdfs://elsewhere{LOCATION[11:]}/data/1.parquet", "pos": 0},
                                                      {"file_path": f"{LOCATION}/data/1.parquet", "pos": 2}]))
    put(f"{TABLE}/data/equality.parquet", keys([6, None]))
    put(f"{TABLE}/data/global.parquet", keys([9]))


def write_manifests():
    put(f"{TABLE}/metadata/data.avro", avro(entry_schema(), [
        entry("0.parquet", 4, "EU", first_row_id=0, **statistics([1, 2, 3, 4])), entry("1.parquet", 3, "US", **statistics([5, 6, 7])),
        entry("2.parquet", 2, None, status=0, sequence=1, **statistics([8, 9])), entry("gone.parquet", 1, "EU", status=2, sequence=1)]))
    size = os.path.getsize(f"{TABLE}/data/vector.puffin")
    blob = len(vector([1, 3]))
    put(f"{TABLE}/metadata/deletes.avro", avro(entry_schema(), [
        entry("vector.puffin", 2, "EU", "PUFFIN", 1, referenced_data_file=f"{LOCATION}/data/0.parquet", content_offset=4,
              content_size_in_bytes=blob, file_size_in_bytes=size),
        entry("positions.avro", 2, "US", "AVRO", 1), entry("equality.parquet", 2, "US", content=2, equality_ids=[1])]))
    put(f"{TABLE}/metadata/global.avro", avro(entry_schema(False), [
        {**(e := entry("global.parquet", 1, None, content=2, equality_ids=[1])), "data_file": {**e["data_file"], "partition": {}}}]))
    schema = make_seeds.list_schema()
    schema["fields"].append(optional("first_row_id", 520, "long"))
    rows = []
    for name, spec, content, sequence in (("data", 0, 0, 1), ("deletes", 0, 1, 2), ("global", 1, 1, 2)):
        size = os.path.getsize(f"{TABLE}/metadata/{name}.avro")
        rows.append({**make_seeds.manifest(f"{LOCATION}/metadata/{name}.avro", size, content, sequence), "partition_spec_id": spec,
                     "partitions": None if spec else [{"contains_null": True, "lower_bound": b"EU"}],
                     "first_row_id": None if content else 0, "added_snapshot_id": SECOND if content else FIRST})
    put(f"{TABLE}/metadata/list.avro", avro(schema, rows))


def write_metadata():
    meta = make_seeds.metadata()
    schema = meta["schemas"][0]
    schema["fields"][-1]["initial-default"] = "01020304"
    spec = meta["partition-specs"][0]["fields"]
    meta.update({
        "format-version": 3, "location": LOCATION, "next-row-id": 9, "last-sequence-number": 2, "current-snapshot-id": SECOND,
        "partition-specs": [{"spec-id": 0, "fields": spec}, {"spec-id": 1, "fields": []}],
        "properties": {"schema.name-mapping.default": json.dumps([{"field-id": 1, "names": ["id", "ID"]}])},
        "refs": {"main": {"snapshot-id": SECOND, "type": "branch"}},
        "snapshots": [{"snapshot-id": SECOND, "sequence-number": 2, "timestamp-ms": 1700000000001, "schema-id": 0, "first-row-id": 0,
                       "added-rows": 9, "summary": {"operation": "delete"}, "manifest-list": LOCATION + "/metadata/list.avro"}],
        "snapshot-log": [{"snapshot-id": SECOND, "timestamp-ms": 1700000000001}]})
    put(f"{TABLE}/metadata/v1.metadata.json", json.dumps(meta, separators=(",", ":")).encode())


def write_corpus():
    """One kind of damage for each file, all seven among them: file, kind, then the numbers it is done with (see fuzz_plan.c)."""
    for number, name in enumerate(FILES):
        for kind in (number % 7,):
            numbers = b"".join(struct.pack("<H", (kind * 7919 + number * 104729 + 331 * i) & 0xffff) for i in range(6))
            put(f"{CORPUS}/{number:02d}-{os.path.basename(name)}-{kind}", bytes([number, kind]) + numbers)


if __name__ == "__main__":
    shutil.rmtree(TABLE, ignore_errors=True)
    shutil.rmtree(CORPUS, ignore_errors=True)
    write_files()
    write_manifests()
    write_metadata()
    write_corpus()
