#!/usr/bin/env python3
"""Writes data/deletes, position delete files as different writers leave them, and data/keys, a table whose equality deletes compare
this and that: a manifest list for each.

Needs fastavro, cramjam and pyarrow. The Parquet files' rows are given to the tests by a reader of theirs; of the files themselves only
the footer is read there. The output is committed.
"""
import io
import os

import fastavro
import pyarrow as pa
import pyarrow.parquet as pq

import make_plan_seeds as plan
import make_seeds

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "data", "deletes")
KEYS = os.path.join(os.path.dirname(HERE), "keys")
LOCATION = "s3://bucket/keys"
PATH_ID, POS_ID = 2147483546, 2147483545


def column(name, type_, id_=None):
    return pa.field(name, type_, metadata={"PARQUET:field_id": str(id_)} if id_ is not None else None)


def parquet(name, fields, rows):
    arrays = [pa.nulls(rows, f.type) for f in fields]
    pq.write_table(pa.table(arrays, schema=pa.schema(fields)), os.path.join(HERE, name), compression="none")


def checked(name, rows):
    """With checksums of its pages, as the format's own library writes them; the tests damage it."""
    table = pa.table([[r[0] for r in rows], [r[1] for r in rows]],
                     schema=pa.schema([column("file_path", pa.string(), PATH_ID), column("pos", pa.int64(), POS_ID)]))
    pq.write_table(table, os.path.join(HERE, name), compression="none", write_page_checksum=True)


def avro(name, fields, rows, codec="null"):
    out = io.BytesIO()
    schema = {"type": "record", "name": "position_deletes", "fields": fields}
    fastavro.writer(out, fastavro.parse_schema(schema), rows, codec=codec, sync_marker=b"0123456789abcdef")
    with open(os.path.join(HERE, name), "wb") as f:
        f.write(out.getvalue())


def keys_table():
    """Columns: id, region (of some files in their partition alone), old (dropped), place.x. What each delete file compares: DELETES."""
    text, number = pa.string(), pa.int64()
    ident, region = plan.id_field("id", number, 1), plan.id_field("region", text, 2)
    old, small = plan.id_field("old", pa.int32(), 3), plan.id_field("id", pa.int32(), 1)
    place = plan.id_field("place", pa.struct([plan.id_field("x", number, 9)]), 4)
    files = {"a": ([ident], 3), "b": ([ident, region, old], 3)}
    deletes = {"region": ([region], [2], 2), "old": ([old], [3], 2), "two": ([region, small], [2, 1, 2], 2), "lacking": ([ident], [2], 2),
               "nested": ([ident], [9], 2), "member": ([place], [9], 2), "nowhere": ([ident], [77], 2), "nothing": ([ident], [], 2), "empty": ([ident], [1], 0), "short": ([ident], [1], 2),
               "list": ([ident], [5], 2), "element": ([ident], [6], 2)}
    for name, (fields, *_, rows) in {**files, **deletes}.items():
        out = io.BytesIO()
        pq.write_table(pa.table([pa.nulls(rows, f.type) for f in fields], schema=pa.schema(fields)), out, compression="none",
                       store_schema=False)
        make_seeds.put(f"{KEYS}/data/{name}.parquet", out.getvalue())

    plan.LOCATION, plan.TABLE = LOCATION, KEYS
    put_manifest("data", [plan.entry("a.parquet", 3, "EU"), plan.entry("b.parquet", 3, "US")])
    for name, (_, ids, rows) in deletes.items():
        # The manifest counts one too few, which a file may know better; of "short" one too many.
        everywhere = name in ("region", "empty")
        stated = rows + 1 if name == "short" else max(rows - 1, 0)
        e = plan.entry(f"{name}.parquet", stated, None if everywhere else "US", content=2, equality_ids=ids)
        if everywhere:
            e["data_file"]["partition"] = {}
        put_manifest(name, [e], not everywhere)
        put_list(name, everywhere)


def put_manifest(name, entries, partitioned=True):
    make_seeds.put(f"{KEYS}/metadata/{name}.avro", make_seeds.avro(plan.entry_schema(partitioned), entries))


def put_list(name, everywhere):
    rows = [{**make_seeds.manifest(f"{LOCATION}/metadata/{m}.avro", 1, content, sequence), "partition_spec_id": spec, "partitions": None}
            for m, content, sequence, spec in (("data", 0, 1, 0), (name, 1, 2, 1 if everywhere else 0))]
    make_seeds.put(f"{KEYS}/metadata/list-{name}.avro", make_seeds.avro(make_seeds.list_schema(), rows))


def member(name, type_, id_=None):
    return {"name": name, "type": type_, **({"field-id": id_} if id_ is not None else {})}


def main():
    os.makedirs(HERE, exist_ok=True)
    text, number = pa.string(), pa.int64()
    row = pa.struct([column("id", pa.int32(), 1)])
    parquet("ids.parquet", [column("file_path", text, PATH_ID), column("pos", number, POS_ID)], 4)
    parquet("named.parquet", [column("row", row), column("pos", number), column("file_path", text)], 4)
    parquet("renamed.parquet", [column("a", text, PATH_ID), column("b", pa.int32(), POS_ID)], 4)
    parquet("empty.parquet", [column("file_path", text, PATH_ID), column("pos", number, POS_ID)], 0)
    parquet("without.parquet", [column("file_path", text, PATH_ID), column("pos", number, 7)], 4)
    parquet("number.parquet", [column("file_path", number, PATH_ID), column("pos", number, POS_ID)], 4)
    checked("checked.parquet", [("s3://bucket/t/data/a", 3), ("s3://bucket/t/data/a", 1), ("s3://bucket/t/data/b", 2), ("s3://bucket/t/data/a", 3)])

    rows = [{"file_path": "s3://bucket/t/data/a", "pos": 1, "row": {"id": 4}},
            {"file_path": "s3://bucket/t/data/a", "pos": 5, "row": None},
            {"file_path": "s3://bucket/t/data/b", "pos": 2, "row": {"id": 4}}]
    record = {"type": "record", "name": "row", "fields": [member("id", "int", 1)]}
    avro("ids.avro", [member("file_path", "string", PATH_ID), member("pos", "long", POS_ID),
                      member("row", ["null", record], 2147483544)], rows, "deflate")
    avro("named.avro", [member("pos", "long"), member("file_path", "string")], rows)
    optional = [member("file_path", ["null", "string"], PATH_ID), member("pos", ["null", "long"], POS_ID)]
    avro("nulls.avro", optional, [rows[0], {"file_path": None, "pos": None}, rows[2]])
    avro("half.avro", optional, [rows[0], {"file_path": "a", "pos": None}])
    avro("negative.avro", optional, [rows[0], {"file_path": "a", "pos": -1}])
    avro("without.avro", [member("file_path", "string", PATH_ID)], rows)
    avro("number.avro", [member("file_path", "long", PATH_ID), member("pos", "long", POS_ID)], [{"file_path": 1, "pos": 1}])
    keys_table()


if __name__ == "__main__":
    main()
