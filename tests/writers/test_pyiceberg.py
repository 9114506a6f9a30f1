"""Tables by PyIceberg through the server: every snapshot, branch and tag, row by row, and with filters."""
import shutil

import pytest
from others import ROOT, Mesh, Written, differences
from pyiceberg_tables import TABLES
from truth import Truth, to_json

OUT = ROOT / "build" / "writers"


def read(table):
    """What PyIceberg reads of each snapshot, under the names and types of that snapshot."""
    out = Truth()
    for snapshot in table.metadata.snapshots:
        schema = table.schemas()[snapshot.schema_id]
        kind = schema.model_dump(by_alias=True, mode="json")
        fields = table.scan(snapshot_id=snapshot.snapshot_id).to_arrow().to_pylist()
        out.add(snapshot.snapshot_id, [to_json(kind, row) for row in fields])
    return out


def write(catalog, name):
    function, version = TABLES[name]
    table = function(catalog, f"db.{name}", version)
    return Written(name, table.metadata_location.removeprefix("file://"), read(table), f"PyIceberg, {name}")


@pytest.fixture(scope="module")
def served():
    from pyiceberg.catalog.sql import SqlCatalog
    shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir(parents=True)
    catalog = SqlCatalog("writers", uri=f"sqlite:///{OUT}/catalog.db", warehouse=(OUT / "warehouse").as_uri())
    catalog.create_namespace("db")
    tables = {name: write(catalog, name) for name in TABLES}
    with Mesh(OUT / "mesh", list(tables.values())) as mesh:
        yield mesh, tables


@pytest.mark.parametrize("name", TABLES)
def test_every_snapshot_is_what_pyiceberg_reads(served, name):
    mesh, tables = served
    wrong = differences(mesh, tables[name])
    assert not wrong, "\n".join(wrong)[:3000]
