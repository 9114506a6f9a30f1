#!/usr/bin/env python3
"""Writes the seeds of fuzz_ipc_reader and fuzz_batch_check with pyarrow: build/venv/bin/python src/arrow/test/corpus/write_corpus.py"""
import datetime as dt
import decimal
import pathlib
import struct

import pyarrow as pa

HERE = pathlib.Path(__file__).parent


def stream(name, batches, **options):
    with pa.OSFile(str(HERE / "fuzz_ipc_reader" / f"{name}.arrows"), "wb") as sink:
        with pa.ipc.new_stream(sink, batches[0].schema, options=pa.ipc.IpcWriteOptions(**options)) as writer:
            for batch in batches:
                writer.write_batch(batch)


def batch(**columns):
    return pa.record_batch(list(columns.values()), names=list(columns))


day, moment = dt.date(1969, 12, 31), dt.datetime(2026, 1, 2, 3, 4, 5, 678901)
flat = batch(
    b=pa.array([True, None, False]), i8=pa.array([-1, None, 2], pa.int8()), u64=pa.array([2**64 - 1, None, 0], pa.uint64()),
    i32=pa.array([1, None, -3], pa.int32()), f=pa.array([1.5, None, 2], pa.float32()), d=pa.array([1e300, None, -0.0]),
    dec=pa.array([decimal.Decimal("-0.05"), None, decimal.Decimal("99.99")], pa.decimal128(4, 2)),
    d32=pa.array([day, None, day], pa.date32()), d64=pa.array([day, None, day], pa.date64()),
    t32=pa.array([dt.time(1, 2, 3), None, dt.time(0)], pa.time32("ms")), t64=pa.array([dt.time(1, 2, 3), None, dt.time(0)], pa.time64("us")),
    ts=pa.array([moment, None, moment], pa.timestamp("us")), tz=pa.array([moment, None, moment], pa.timestamp("s", "UTC")),
    ns=pa.array([moment, None, moment], pa.timestamp("ns")), s=pa.array(["ä", None, ""]), ls=pa.array(["x", None, "yy"], pa.large_string()),
    y=pa.array([b"\x00", None, b""]), fx=pa.array([b"abc", None, b"def"], pa.binary(3)), n=pa.nulls(3))
stream("flat", [flat, flat.slice(1, 2), flat.slice(0, 0)])
stream("views", [batch(s=pa.array(["short", None, "a text of more than twelve bytes"], pa.string_view()), y=pa.array([b"", b"0123456789abcdef", None], pa.binary_view()))])
stream("dictionary", [batch(d=pa.array(["a", None, "b", "a"]).dictionary_encode(), i=pa.DictionaryArray.from_arrays(pa.array([1, 0, None, 1], pa.uint8()), pa.array([10, 20])))])
stream("nested", [batch(s=pa.array([{"a": 1}]))])
stream("compressed", [batch(i=pa.array(range(1000)))], compression="lz4")
stream("half", [batch(h=pa.array([1.0], pa.float16()))])
stream("narrow", [batch(a=pa.array([decimal.Decimal("1.5")], pa.decimal32(5, 1)), b=pa.array([decimal.Decimal("-1.5")], pa.decimal64(15, 1)))])
stream("empty", [pa.record_batch([], schema=pa.schema([]))])


def check(name, pick, rows, nodes, buffers):
    body, places = b"", b""
    for data in buffers:
        places += struct.pack("<hh", len(body), len(data))
        body += data + b"\0" * (-len(data) % 8)
    head = bytes([pick, rows]) + b"".join(bytes(n) for n in nodes) + places
    (HERE / "fuzz_batch_check" / name).write_bytes(head + body)


def ints(*values):
    return struct.pack(f"<{len(values)}i", *values)


check("bits", 0, 3, [(3, 1)], [b"\x05", b"\x01"])
check("longs", 1, 2, [(2, 0)], [b"", struct.pack("<2q", 1, -1)])
check("texts", 2, 3, [(3, 1)], [b"\x05", ints(0, 2, 2, 4), "äö".encode()])
check("decimals", 3, 1, [(1, 0)], [b"", b"\x01" + b"\0" * 15])
check("uuids", 4, 1, [(1, 0)], [b"", b"\x01" * 16])
check("nulls", 5, 4, [(4, 4)], [])
check("structs", 6, 1, [(1, 0), (1, 0), (1, 0)], [b"", b"", ints(0, 1), b"x", b"", struct.pack("<q", 7)])
check("lists", 7, 2, [(2, 0), (3, 0)], [b"", ints(0, 1, 3), b"", ints(0, 1, 2, 3), b"abc"])
check("maps", 8, 1, [(1, 0), (2, 0), (2, 0), (2, 0)], [b"", ints(0, 2), b"", b"", ints(0, 1, 2), b"ab", b"", struct.pack("<2q", 1, 2)])


def squeezed(data, codec):
    return struct.pack("<q", len(data)) + pa.compress(data, codec=codec, asbytes=True) if data else b""


LZ4, ZSTD = 14, 28  # added to a column's number: COLUMNS + 1 in fuzz_batch_check.c
check("narrow", 9, 3, [(3, 0)], [b"", ints(1, -1, 999999999)])
views = struct.pack("<I12s", 2, b"ab") + struct.pack("<I4sii", 14, b"long", 0, 0)
check("views", 10, 2, [(2, 0)], [b"", views, b"long text, ends"])
check("dictionary", 11, 3, [(3, 1), (2, 0)], [b"\x05", b"\x01\x00\x00", b"", ints(0, 1, 3), b"abc"])
check("dictionary_of_bytes", 12, 2, [(2, 0), (1, 0)], [b"", struct.pack("<2h", 0, 0), b"", ints(0, 1), b"\xff"])
check("longs_lz4", 1 + LZ4, 64, [(64, 0)], [b"", squeezed(bytes(512), "lz4")])
check("longs_zstd", 1 + ZSTD, 64, [(64, 0)], [b"", squeezed(bytes(512), "zstd")])
check("longs_kept_plain", 1 + LZ4, 1, [(1, 0)], [b"", b"\xff" * 8 + struct.pack("<q", 7)])
check("texts_zstd", 2 + ZSTD, 2, [(2, 0)], [b"", squeezed(ints(0, 50, 100), "zstd"), squeezed(b"a" * 100, "zstd")])
check("dictionary_lz4", 11 + LZ4, 40, [(40, 0), (1, 0)], [b"", squeezed(bytes(40), "lz4"), b"", squeezed(ints(0, 60), "lz4"), squeezed(b"b" * 60, "lz4")])
