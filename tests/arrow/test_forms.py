"""What a worker writes in every form (src/engine/test/forms_test.c leaves it as streams), read by pyarrow: whole, valid, and with the
values that it has when it is plain."""
import os
import pathlib
import subprocess

import pyarrow as pa
import pyarrow.ipc
import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = pathlib.Path(os.environ.get("HS_BUILD_DIR", ROOT / "build"))
NARROW, DICTIONARIES, VIEWS = 0x04, 0x10, 0x40


@pytest.fixture(scope="module")
def streams():
    """{name: {form: path}}; the test that writes them runs in ctest before this, and here when it has not."""
    if not list(BUILD.glob("forms_*.arrows")):
        if not (BUILD / "engine_forms_test").exists():
            pytest.skip("engine_forms_test is not built")
        subprocess.run([BUILD / "engine_forms_test"], cwd=ROOT, env={**os.environ, "HS_BUILD_DIR": str(BUILD)}, check=True, capture_output=True)
    found = {}
    for path in BUILD.glob("forms_*.arrows"):
        name, form = path.stem.removeprefix("forms_").rsplit("_", 1)
        found.setdefault(name, {})[int(form, 16)] = path
    return found


def read(path):
    batches = list(pa.ipc.open_stream(path))
    for batch in batches:
        batch.validate(full=True)
    return batches, pa.ipc.open_stream(path).schema


def values(batches):
    return [row for batch in batches for row in batch.to_pylist(maps_as_pydicts=None)]


def types_in(t):
    yield t
    for i in range(t.num_fields):
        yield from types_in(t.field(i).type)
    if pa.types.is_dictionary(t):
        yield t.value_type


def test_every_form_has_the_same_values(streams):
    assert len(streams) > 20
    for name, forms in streams.items():
        if 0 not in forms:
            continue
        plain = values(read(forms[0])[0])
        for form, path in forms.items():
            batches, _ = read(path)
            assert values(batches) == plain, f"{path.name} differs"


def test_the_schema_says_the_form(streams):
    said = {}
    for name, forms in streams.items():
        for form, path in forms.items():
            said.setdefault(form, set()).update(str(t) for f in read(path)[1] for t in types_in(f.type))
    assert {"decimal128(9, 2)", "decimal128(18, 3)", "string", "binary"} <= said[0]
    assert {"decimal32(4, 1)", "decimal32(9, 2)", "decimal64(18, 3)", "decimal128(38, 5)"} <= said[NARROW]
    assert {"string_view", "binary_view"} <= said[VIEWS]
    few = {t for t in said[DICTIONARIES] if t.startswith("dictionary")}
    assert {t.split(",")[1].strip() for t in few} >= {"indices=int8", "indices=int16"}
    for form, types in said.items():
        assert form & NARROW or not any(t.startswith(("decimal32", "decimal64")) for t in types)
        assert form & VIEWS or not any("_view" in t for t in types)
        assert form & DICTIONARIES or not any(t.startswith("dictionary") for t in types)


def test_messages_stay_below_four_megabytes(streams):
    for forms in streams.values():
        for path in forms.values():
            for message in pa.ipc.MessageReader.open_stream(path):
                rows_in_one = message.body is not None and message.body.size > 4 << 20
                assert not rows_in_one or path.name.startswith("forms_giant")
