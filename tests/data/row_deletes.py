"""A commit of row-level deletes on a table on disk, which PyIceberg reads but does not write: Parquet files of positions or of values,
a manifest of deletes, a manifest list, the next metadata file.

    delete_positions(table_folder, {data_file: [position, ...]})
    delete_equal(table_folder, pyarrow_table)      its columns by name, of an unpartitioned table

The folder's newest metadata file is the parent; whoever opens the folder (and not a catalog) sees the deletes. The folder may be a copy
that says it lies elsewhere: paths are written as below the location that the metadata says."""
import json
import pathlib
import random
import time
import urllib.parse
import uuid

import pyarrow as pa
import pyarrow.parquet as pq
from pyiceberg.io.pyarrow import PyArrowFileIO
from pyiceberg.manifest import (DataFile, DataFileContent, FileFormat, ManifestContent, ManifestEntry, ManifestEntryStatus,
                                ManifestWriterV2, write_manifest_list)
from pyiceberg.table.metadata import TableMetadataUtil
from pyiceberg.typedef import Record

FILE_PATH, POS = 2147483546, 2147483545


class Deletes(ManifestWriterV2):
    def content(self):
        return ManifestContent.DELETES

    @property
    def _meta(self):
        return {**super()._meta, "content": "deletes"}


def local(uri):
    return pathlib.Path(urllib.parse.unquote(urllib.parse.urlparse(str(uri)).path))


def newest(folder):
    files = [f for f in (pathlib.Path(folder) / "metadata").glob("*.metadata.json")]
    return max(files, key=lambda f: int(f.name.lstrip("v").split("-")[0].split(".")[0]))


def with_ids(table, ids):
    return table.cast(pa.schema([field.with_metadata({"PARQUET:field_id": str(ids[field.name])}) for field in table.schema]))


def entry(path, location, rows, snapshot, content, ids=None):
    file = DataFile.from_args(content=content, file_path=f"{location}/data/{path.name}", file_format=FileFormat.PARQUET, partition=Record(),
                              record_count=rows, file_size_in_bytes=path.stat().st_size, equality_ids=ids,
                              column_sizes={}, value_counts={}, null_value_counts={}, nan_value_counts={}, lower_bounds={},
                              upper_bounds={}, split_offsets=None, sort_order_id=None, key_metadata=None)
    return ManifestEntry.from_args(status=ManifestEntryStatus.ADDED, snapshot_id=snapshot, data_file=file)


def commit(folder, entries_of):
    """entries_of(location, snapshot id, schema) -> the manifest's entries"""
    folder, parent_file = pathlib.Path(folder).resolve(), newest(folder)
    text = json.loads(parent_file.read_text())
    metadata, io = TableMetadataUtil.parse_obj(text), PyArrowFileIO()
    parent, snapshot, number = metadata.current_snapshot(), random.getrandbits(62), metadata.last_sequence_number + 1
    name = uuid.uuid4()
    manifest, listing = (folder / "metadata" / f"{kind}-{name}.avro" for kind in ("deletes", "snap"))
    schema = metadata.schema()
    deletes = Deletes(metadata.spec(), schema, io.new_output(str(manifest)), snapshot, "null")
    with deletes:
        for one in entries_of(text["location"], snapshot, schema):
            deletes.add_entry(one)
    manifest_file = deletes.to_manifest_file()
    manifest_file[0] = f"{text['location']}/metadata/{manifest.name}"
    with write_manifest_list(2, io.new_output(str(listing)), snapshot, parent.snapshot_id, number, "null") as writer:
        writer.add_manifests([*parent.manifests(io), manifest_file])
    now = int(time.time() * 1000)
    text["last-sequence-number"], text["last-updated-ms"], text["current-snapshot-id"] = number, now, snapshot
    text["snapshots"].append({"snapshot-id": snapshot, "parent-snapshot-id": parent.snapshot_id, "sequence-number": number,
                              "timestamp-ms": now, "manifest-list": f"{text['location']}/metadata/{listing.name}", "schema-id": text["current-schema-id"],
                              "summary": {"operation": "delete"}})
    text.setdefault("refs", {})["main"] = {"snapshot-id": snapshot, "type": "branch"}
    version = int(parent_file.name.lstrip("v").split("-")[0].split(".")[0]) + 1
    (folder / "metadata" / f"{version:05d}-{name}.metadata.json").write_text(json.dumps(text))
    return snapshot


def delete_positions(folder, positions):
    def entries(location, snapshot, schema):
        for data_file, at in positions.items():
            path = pathlib.Path(folder).resolve() / "data" / f"positions-{uuid.uuid4()}.parquet"
            rows = pa.table({"file_path": pa.array([str(data_file)] * len(at), pa.string()), "pos": pa.array(at, pa.int64())})
            pq.write_table(with_ids(rows, {"file_path": FILE_PATH, "pos": POS}), path)
            yield entry(path, location, len(at), snapshot, DataFileContent.POSITION_DELETES)
    return commit(folder, entries)


def delete_equal(folder, rows):
    def entries(location, snapshot, schema):
        ids = {name: schema.find_field(name).field_id for name in rows.column_names}
        path = pathlib.Path(folder).resolve() / "data" / f"equal-{uuid.uuid4()}.parquet"
        pq.write_table(with_ids(rows, ids), path)
        yield entry(path, location, rows.num_rows, snapshot, DataFileContent.EQUALITY_DELETES, list(ids.values()))
    return commit(folder, entries)
