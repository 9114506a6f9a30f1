#!/usr/bin/env python3
"""Writes the seed corpora of the fuzz targets here and the files of the tests.

Needs fastavro, cramjam (snappy) and backports.zstd: python3 make_seeds.py. The output is committed; run it again only when a seed is added. The
schema's attributes are those of the Iceberg specification, Appendix A: Avro.
"""
import io
import json
import os

import fastavro

HERE = os.path.dirname(os.path.abspath(__file__))


def put(path, data):
    path = os.path.join(HERE, path)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as f:
        f.write(data)


def field(name, id_, type_):
    return {"name": name, "type": type_, "field-id": id_}


def optional(name, id_, type_):
    return field(name, id_, ["null", type_])


def stamp(unit, utc):
    return {"type": "long", "logicalType": f"timestamp-{unit}", "adjust-to-utc": utc}


def record(name, fields, **more):
    return {"type": "record", "name": name, "fields": fields, **more}


def dec(name, size, precision, scale):
    return {"type": "fixed", "name": name, "size": size, "logicalType": "decimal", "precision": precision, "scale": scale}


def every_type():
    pair = record("k30_v31", [field("key", 30, "int"), optional("value", 31, "string")])
    return record("table", [
        optional("a_boolean", 1, "boolean"), optional("an_int", 2, "int"), optional("a_long", 3, "long"),
        optional("a_float", 4, "float"), optional("a_double", 5, "double"),
        optional("small_decimal", 6, dec("d6", 2, 4, 2)), optional("a_decimal", 7, dec("d7", 4, 9, 2)),
        optional("long_decimal", 8, dec("d8", 8, 18, 4)), optional("wide_decimal", 9, dec("d9", 16, 38, 10)),
        optional("a_date", 10, {"type": "int", "logicalType": "date"}),
        optional("a_time", 11, {"type": "long", "logicalType": "time-micros"}),
        optional("a_timestamp", 12, stamp("micros", False)), optional("a_timestamptz", 13, stamp("micros", True)),
        optional("a_timestamp_ns", 14, stamp("nanos", False)), optional("a_timestamp_ms", 15, stamp("millis", True)),
        optional("a_string", 16, "string"),
        optional("a_uuid", 17, {"type": "fixed", "name": "u17", "size": 16, "logicalType": "uuid"}),
        optional("a_fixed", 18, {"type": "fixed", "name": "f18", "size": 3}), optional("a_binary", 19, "bytes"),
        optional("a_struct", 20, record("r20", [field("x", 21, "int"), optional("y", 22, "string")])),
        optional("a_list", 23, {"type": "array", "items": ["null", "long"], "element-id": 24}),
        optional("a_map", 25, {"type": "map", "values": ["null", "double"], "key-id": 26, "value-id": 27}),
        optional("int_map", 28, {"type": "array", "logicalType": "map", "items": pair}),
        optional("lists", 32, {"type": "array", "element-id": 33, "items": {
            "type": "array", "element-id": 34, "items": record("r34", [field("z", 35, "string")])}}),
        optional("an_enum", 36, {"type": "enum", "name": "e36", "symbols": ["RED", "GREEN"]}),
        optional("byte_decimal", 37, {"type": "bytes", "logicalType": "decimal", "precision": 20, "scale": 1}),
        field("either", 38, ["null", "int", "string"]), field("nothing", 39, "null"),
        field("required", 40, "int"), optional("renamed_x2E_name", 41, "int")])


NAMES = [f["name"] for f in every_type()["fields"]]


def row(i):
    """Raw values: logical types are not applied, so that what is written is what the schema's kinds hold."""
    def big(n, size):
        return n.to_bytes(size, "big", signed=True)
    sign = -1 if i % 2 else 1
    return {
        "a_boolean": i % 2 == 0, "an_int": sign * i, "a_long": sign * (i << 33), "a_float": i / 4, "a_double": -i / 8,
        "small_decimal": big(sign * (i * 7 % 9999), 2), "a_decimal": big(sign * i * 1001, 4),
        "long_decimal": big(sign * i * 10**12, 8), "wide_decimal": big(sign * i * 10**30, 16),
        "a_date": i - 3, "a_time": i * 1000001, "a_timestamp": sign * i * 1000003, "a_timestamptz": i * 1000003,
        "a_timestamp_ns": i * 1000000007, "a_timestamp_ms": i * 1001, "a_string": "text \u00fc " * i,
        "a_uuid": bytes([0x80 + i % 100] + list(range(15))), "a_fixed": bytes([i % 256] * 3), "a_binary": b"\x00\xff" * i,
        "a_struct": {"x": i, "y": None if i % 3 == 0 else f"y{i}"},
        "a_list": [None if k == 1 else k * i for k in range(i % 4)],
        "a_map": {f"k{k}": None if k == 0 else k / 2 for k in range(i % 3)},
        "int_map": [{"key": k, "value": None if k else "v"} for k in range(i % 3)],
        "lists": [[{"z": f"{a}.{b}"} for b in range(a)] for a in range(i % 4)],
        "an_enum": ["RED", "GREEN"][i % 2], "byte_decimal": big(sign * i * 12345, 9),
        "either": [None, i, f"e{i}"][i % 3], "nothing": None, "required": i, "renamed_x2E_name": 7}


def rows(count):
    """Every fifth row NULL in all that may be."""
    return [{n: (i if n == "required" else None) for n in NAMES} if i % 5 == 4 else row(i) for i in range(count)]


def plain(schema):
    """The same encoding without what fastavro would convert."""
    if isinstance(schema, list):
        return [plain(s) for s in schema]
    if not isinstance(schema, dict):
        return schema
    out = {k: v for k, v in schema.items() if k not in ("logicalType", "precision", "scale", "adjust-to-utc")}
    if "fields" in out:
        out["fields"] = [{**f, "type": plain(f["type"])} for f in out["fields"]]
    for key in ("items", "values"):
        if key in out:
            out[key] = plain(out[key])
    return out


def avro(schema, records, codec="null", interval=16000):
    """Written without logical types, then the header states the whole schema: blocks are the same either way."""
    out = io.BytesIO()
    fastavro.writer(out, plain(schema), records, codec=codec, sync_interval=interval, sync_marker=b"hailstorm-sync-1")
    data = out.getvalue()
    blocks = data[data.index(b"hailstorm-sync-1") + 16:]
    header = io.BytesIO()
    meta = {"avro.codec": codec.encode(), "avro.schema": json.dumps(schema).encode()}
    header.write(b"Obj\x01")
    fastavro.schemaless_writer(header, {"type": "map", "values": "bytes"}, meta)
    return header.getvalue() + b"hailstorm-sync-1" + blocks


def main():
    small = record("r", [field("i", 1, "long"), optional("s", 2, "string")])
    some = [{"i": i, "s": None if i % 2 else "x" * i} for i in range(4)]
    for codec in ("null", "deflate", "snappy", "zstandard"):
        put(f"corpus/fuzz_container/{codec}.avro", avro(small, some, codec, 1))
    put("corpus/fuzz_container/every.avro", avro(every_type(), rows(7), "deflate"))
    put("data/every-type.avro", avro(every_type(), rows(40), "zstandard", 2000))
    put("data/many-rows.avro", avro(small, [{"i": i, "s": None if i % 3 == 0 else f"row {i}"} for i in range(20000)],
                                    "deflate", 8000))
    put("corpus/fuzz_physical/every.json", json.dumps(every_type()).encode())
    put("corpus/fuzz_physical/small.json", json.dumps(small).encode())
    loop = record("loop", [field("value", 1, "int"), optional("next", 2, "loop")])
    put("corpus/fuzz_physical/loop.json", json.dumps(loop).encode())


if __name__ == "__main__":
    main()
