#!/usr/bin/env python3
"""Writes the seed corpora of the fuzz targets here and the small table of the tests, from nothing.

Needs fastavro, cramjam (snappy, zstandard) and pyarrow: python3 make_seeds.py. The output is committed; run it again
only when a seed is added. Ids and layouts are those of the Iceberg specification.
"""
import datetime
import decimal
import gzip
import io
import json
import os
import shutil
import struct

import cramjam
import fastavro
import pyarrow as pa
import pyarrow.parquet as pq

HERE = os.path.dirname(os.path.abspath(__file__))
CORPUS = os.path.join(HERE, "corpus")
TABLE = os.path.join(HERE, "data", "mini")
LOCATION = "s3://bucket/mini"
SNAPSHOT = 4611686018427387905


def put(path, data):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as f:
        f.write(data)


def field(name, id_, type_, **more):
    return {"name": name, "type": type_, "field-id": id_, **more}


def optional(name, id_, type_):
    return field(name, id_, ["null", type_], default=None)


def entry_schema():
    partition = {"type": "record", "name": "r102", "fields": [optional("region", 1000, "string")]}
    counts = {"type": "array", "logicalType": "map", "items": {
        "type": "record", "name": "k117_v118", "fields": [field("key", 117, "int"), field("value", 118, "long")]}}
    data_file = {"type": "record", "name": "r2", "fields": [
        field("content", 134, "int"), field("file_path", 100, "string"), field("file_format", 101, "string"),
        field("partition", 102, partition), field("record_count", 103, "long"),
        field("file_size_in_bytes", 104, "long"), optional("column_sizes", 108, counts),
        optional("key_metadata", 131, "bytes"), optional("sort_order_id", 140, "int")]}
    return {"type": "record", "name": "manifest_entry", "fields": [
        field("status", 0, "int"), optional("snapshot_id", 1, "long"), optional("sequence_number", 3, "long"),
        optional("file_sequence_number", 4, "long"), field("data_file", 2, data_file)]}


def list_schema():
    summary = {"type": "record", "name": "r508", "fields": [
        field("contains_null", 509, "boolean"), optional("lower_bound", 510, "bytes")]}
    return {"type": "record", "name": "manifest_file", "fields": [
        field("manifest_path", 500, "string"), field("manifest_length", 501, "long"),
        field("partition_spec_id", 502, "int"), field("content", 517, "int"),
        field("sequence_number", 515, "long"), field("min_sequence_number", 516, "long"),
        field("added_snapshot_id", 503, "long"), field("added_files_count", 504, "int"),
        optional("partitions", 507, {"type": "array", "items": summary})]}


def avro(schema, rows, codec="null", interval=16000):
    out = io.BytesIO()
    fastavro.writer(out, schema, rows, codec=codec, sync_interval=interval, sync_marker=b"hailstorm-sync-0")
    return out.getvalue()


def entry(path, rows, size, region, status=1, sequence=None, content=0):
    return {"status": status, "snapshot_id": None, "sequence_number": sequence, "file_sequence_number": sequence,
            "data_file": {"content": content, "file_path": path, "file_format": "PARQUET",
                          "partition": {"region": region}, "record_count": rows, "file_size_in_bytes": size,
                          "column_sizes": [{"key": 1, "value": 40}], "key_metadata": None, "sort_order_id": 0}}


def manifest(path, length, content=0, sequence=1):
    return {"manifest_path": path, "manifest_length": length, "partition_spec_id": 0, "content": content,
            "sequence_number": sequence, "min_sequence_number": sequence, "added_snapshot_id": SNAPSHOT,
            "added_files_count": 2, "partitions": [{"contains_null": False, "lower_bound": b"EU"}]}


def id_field(name, type_, id_, nullable=True):
    return pa.field(name, type_, nullable, {b"PARQUET:field_id": str(id_).encode()})


def arrow_schema():
    element = id_field("element", pa.string(), 8)
    point = pa.struct([id_field("x", pa.float64(), 9), id_field("y", pa.float64(), 10)])
    pairs = pa.map_(id_field("key", pa.string(), 11, False), id_field("value", pa.int32(), 12))
    return pa.schema([
        id_field("id", pa.int32(), 1, False), id_field("region", pa.string(), 2),
        id_field("amount", pa.decimal128(9, 2), 3), id_field("at", pa.timestamp("us", "UTC"), 4),
        id_field("tags", pa.list_(element), 5), id_field("point", point, 6), id_field("pairs", pairs, 7)])


def data_file(region, ids):
    rows = [{"id": i, "region": region, "amount": decimal.Decimal(i) / 4,
             "at": datetime.datetime(2024, 1, 1, tzinfo=datetime.timezone.utc), "tags": ["a", None],
             "point": {"x": 1.0, "y": None}, "pairs": [("k", i)]} for i in ids]
    out = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows, arrow_schema()), out, compression="NONE", store_schema=False)
    return out.getvalue()


def table_schema():
    def column(id_, name, type_, required=False):
        return {"id": id_, "name": name, "type": type_, "required": required}
    return {"type": "struct", "schema-id": 0, "fields": [
        column(1, "id", "long", True), column(2, "region", "string"), column(3, "amount", "decimal(12, 2)"),
        column(4, "at", "timestamptz"),
        column(5, "tags", {"type": "list", "element-id": 8, "element": "string", "element-required": False}),
        column(6, "where", {"type": "struct", "fields": [column(9, "x", "double"), column(10, "y", "double")]}),
        column(7, "pairs", {"type": "map", "key-id": 11, "key": "string", "value-id": 12, "value": "int",
                            "value-required": False}),
        column(13, "added_later", "fixed[4]")]}


def metadata():
    return {
        "format-version": 2, "table-uuid": "11111111-2222-3333-4444-555555555555", "location": LOCATION,
        "last-sequence-number": 1, "last-updated-ms": 1700000000000, "last-column-id": 13, "current-schema-id": 0,
        "schemas": [table_schema()], "default-spec-id": 0, "last-partition-id": 1000,
        "partition-specs": [{"spec-id": 0, "fields": [
            {"name": "region", "transform": "identity", "source-id": 2, "field-id": 1000}]}],
        "default-sort-order-id": 0, "sort-orders": [{"order-id": 0, "fields": []}], "properties": {},
        "current-snapshot-id": SNAPSHOT,
        "refs": {"main": {"snapshot-id": SNAPSHOT, "type": "branch"},
                 "first": {"snapshot-id": SNAPSHOT, "type": "tag"}},
        "snapshots": [{"snapshot-id": SNAPSHOT, "sequence-number": 1, "timestamp-ms": 1700000000000,
                       "schema-id": 0, "summary": {"operation": "append"},
                       "manifest-list": LOCATION + "/metadata/list.avro"}],
        "snapshot-log": [{"snapshot-id": SNAPSHOT, "timestamp-ms": 1700000000000}], "metadata-log": []}


def old_metadata():
    """Version 1 with all that it leaves out: one schema, manifests in place, no refs."""
    schema = table_schema()
    del schema["schema-id"]
    return {"format-version": 1, "location": "/old/place", "last-updated-ms": 1, "last-column-id": 13,
            "schema": schema, "partition-spec": [{"name": "region", "transform": "bucket[4]", "source-id": 2}],
            "properties": {"schema.name-mapping.default": json.dumps(
                [{"field-id": 1, "names": ["id", "ID"]},
                 {"field-id": 5, "names": ["tags"], "fields": [{"field-id": 8, "names": ["element"]}]}])},
            "current-snapshot-id": 7,
            "snapshots": [{"snapshot-id": 7, "timestamp-ms": 1, "manifests": ["/old/place/m0.avro"]}]}


def footer_of(parquet):
    length = struct.unpack("<I", parquet[-8:-4])[0]
    return parquet[-8 - length:-8]


def write_table():
    shutil.rmtree(TABLE, ignore_errors=True)
    files = [("EU", [1, 2, 3]), ("US", [4, 5])]
    entries = []
    for i, (region, ids) in enumerate(files):
        data = data_file(region, ids)
        put(f"{TABLE}/data/{i}.parquet", data)
        entries.append(entry(f"{LOCATION}/data/{i}.parquet", len(ids), len(data), region))
    entries.append(entry(f"{LOCATION}/data/gone.parquet", 9, 9, None, status=2, sequence=1))
    inner = avro(entry_schema(), entries, "deflate", 1)
    put(f"{TABLE}/metadata/m0.avro", inner)
    put(f"{TABLE}/metadata/list.avro", avro(list_schema(), [manifest(LOCATION + "/metadata/m0.avro", len(inner))]))
    for name, content, sequence in (("position", 1, 1), ("equality", 2, 1), ("late-equality", 2, 2), ("gone", 1, 2)):
        status = 2 if name == "gone" else 1
        rows = [entry(LOCATION + "/data/deletes.parquet", 1, 9, "EU", status, sequence, content)]
        put(f"{TABLE}/metadata/{name}.avro", avro(entry_schema(), rows))
        put(f"{TABLE}/metadata/list-{name}.avro", avro(list_schema(), [
            manifest(LOCATION + "/metadata/m0.avro", len(inner)),
            manifest(f"{LOCATION}/metadata/{name}.avro", 1, 1, sequence)]))
    put(f"{TABLE}/metadata/v1.metadata.json", json.dumps(metadata()).encode())
    put(f"{TABLE}/metadata/version-hint.text", b"1")


def write_corpora():
    shutil.rmtree(CORPUS, ignore_errors=True)
    rows = [entry("data/%d.parquet" % i, i, 100, "EU", 1, i or None) for i in range(4)]
    for codec in ("null", "deflate", "snappy", "zstandard"):
        put(f"{CORPUS}/fuzz_avro/entries-{codec}.avro", avro(entry_schema(), rows, codec, 1))
    put(f"{CORPUS}/fuzz_avro/list.avro", avro(list_schema(), [manifest("m0.avro", 1), manifest("m1.avro", 2, 1)]))
    text = json.dumps(metadata()).encode()
    put(f"{CORPUS}/fuzz_metadata/v2.json", text)
    put(f"{CORPUS}/fuzz_metadata/v2.json.gz", gzip.compress(text, mtime=0))
    put(f"{CORPUS}/fuzz_metadata/v2.json.zst", bytes(cramjam.zstd.compress(text)))
    put(f"{CORPUS}/fuzz_metadata/v1.json", json.dumps(old_metadata()).encode())
    put(f"{CORPUS}/fuzz_footer/all.thrift", footer_of(data_file("EU", [1])))
    out = io.BytesIO()
    plain = pa.table({"a": pa.array([1], pa.uint16()), "b": pa.array([datetime.time(1)], pa.time32("ms")),
                      "c": pa.array([datetime.datetime(2020, 1, 1)], pa.timestamp("ns")),
                      "d": pa.array([b"0123456789abcdef"], pa.binary(16)), "e": pa.array([[[1]]])})
    pq.write_table(plain, out, use_deprecated_int96_timestamps=True, use_compliant_nested_type=False)
    put(f"{CORPUS}/fuzz_footer/plain.thrift", footer_of(out.getvalue()))


if __name__ == "__main__":
    write_table()
    write_corpora()
