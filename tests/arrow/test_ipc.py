"""What our C wrote and read, held against pyarrow. The files come from `arrow_batch_test` and `arrow_reader_test`, which ctest runs
before this; each is run here when it has not been."""
import os
import pathlib
import struct
import subprocess

import pyarrow as pa
import pyarrow.ipc
import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = pathlib.Path(os.environ.get("HS_BUILD_DIR", ROOT / "build"))
FIXTURES = pathlib.Path(os.environ.get("HAILSTORM_FIXTURES", ROOT.parent / "shared" / "fixtures"))
STREAMS = FIXTURES / "arrow-testing" / "data" / "arrow-ipc-stream" / "integration"


def made_by(test, name):
    path, program = BUILD / name, BUILD / test
    if program.exists():
        subprocess.run([program], cwd=ROOT, env={**os.environ, "HS_BUILD_DIR": str(BUILD)}, check=True, capture_output=True)
    if not path.exists():
        pytest.skip(f"{test} is not built")
    return path


def test_every_type_is_read():
    table = pa.ipc.open_stream(made_by("arrow_batch_test", "arrow_every_type.arrows")).read_all()
    table.validate(full=True)
    assert table.num_rows == 0 + 1 + 2 + 3
    types = {str(f.type) for f in table.schema}
    assert {"decimal128(15, 2)", "timestamp[us, tz=UTC]", "timestamp[ns]", "time64[us]", "extension<arrow.uuid>", "fixed_size_binary[5]", "null", "month_day_nano_interval",
            "uint64", "list<element: string>", "map<string, int64>", "struct<key: string, value: int64>"} <= types
    assert all(f.metadata[b"PARQUET:field_id"] == b"7" for f in table.schema)
    assert table["c13"].to_pylist() == ["xx"] * 6


def plain(value):
    return value.hex() if isinstance(value, bytes) else value.encode().hex()


def expected(array):
    """pyarrow's values in our words, or None for types that are not compared."""
    t = array.type
    if pa.types.is_dictionary(t):
        return expected(array.dictionary_decode())
    if pa.types.is_null(t):
        return ["NULL"] * len(array)
    if isinstance(array, pa.ExtensionArray):
        return expected(array.storage)
    if pa.types.is_boolean(t) or pa.types.is_integer(t):
        values = [None if v is None else int(v) for v in array.to_pylist()]
        return ["NULL" if v is None else str(v - 2**64 if v >= 2**63 else v) for v in values]
    if pa.types.is_floating(t):
        return ["NULL" if v is None else "%.17g" % v for v in array.to_pylist()]
    if pa.types.is_decimal(t):
        return ["NULL" if v is None else format(v, "f") for v in array.to_pylist()]
    if pa.types.is_timestamp(t):
        scale = {"s": 10**6, "ms": 1000, "us": 1, "ns": 1}[t.unit]
        return ["NULL" if v is None else str(v * scale) for v in array.cast(pa.int64()).to_pylist()]
    if pa.types.is_time(t):
        scale = {"s": 10**6, "ms": 1000, "us": 1, "ns": 1}[t.unit]
        raw = array.cast(pa.int32() if t.bit_width == 32 else pa.int64()).to_pylist()
        return ["NULL" if v is None else str(v * scale if t.unit != "ns" else v // 1000) for v in raw]
    if pa.types.is_date32(t):
        return ["NULL" if v is None else str(v) for v in array.cast(pa.int32()).to_pylist()]
    if pa.types.is_date64(t):
        return ["NULL" if v is None else str(v // 86400000) for v in array.cast(pa.int64()).to_pylist()]
    return ["NULL" if v is None else plain(v) for v in array.to_pylist()]


def ours():
    rows, refused = {}, {}
    for line in made_by("arrow_reader_test", "arrow_golden.txt").read_text().splitlines():
        name, second, *cells = line.split("\t")
        if second == "refused":
            refused[name] = cells[0]
        else:
            bad = cells and cells[-1].startswith("error:")
            rows.setdefault(name, []).append(cells[-1] if bad else [c.split(":", 1)[1] for c in cells])
    return rows, refused


@pytest.mark.skipif(not STREAMS.exists(), reason="no arrow-testing fixtures")
def test_golden_streams_read_as_pyarrow_reads_them():
    rows, refused = ours()
    compared = 0
    for name, got in rows.items():
        table = pa.ipc.open_stream(STREAMS / name).read_all()
        assert table.num_rows == len(got), name
        for i, column in enumerate(table.columns):
            want = [v for chunk in column.chunks for v in expected(chunk)]
            pairs = [(w, row[i]) for w, row in zip(want, got) if isinstance(row, list)]
            assert [w for w, _ in pairs] == [h for _, h in pairs], (name, table.schema.field(i))
            compared += len(pairs)
        for row in got:  # the generator writes times and decimals that no value of ours can be
            assert isinstance(row, list) or any(w in row for w in ("finer than", "out of range", "more digits")), (name, row)
    assert len(rows) >= 15 and compared > 1000
    for name, words in refused.items():  # nothing is refused for the wrong reason
        assert any(w in words for w in ("not supported", "rows of parameters")), (name, words)
