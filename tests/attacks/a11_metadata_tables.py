"""What other engines show beside a table: files, partitions, snapshots, positions, all under the table's own name."""
NUMBER, TITLE, DEFENCE = 11, "metadata tables and file columns", "function-list"
FINE = {"pg": r"tableoid"}  # follows from the table's name
NEVER_OK = "."
STATEMENTS = [f'select * from {{D}}."people${m}"' for m in "files partitions snapshots history manifests refs entries all_data_files properties changes".split()] + [
    f"select * from {{D}}.people.{m}" for m in "files snapshots partitions".split()] + [
    f"select {c} from {{T}} limit 3" for c in ("filename", "file_row_number", "file_index", "rowid", '"$path"', '"$file_modified_time"', "_file", "_pos", "_row_id", "_last_updated_sequence_number", "ctid", "xmin", "tableoid", "_metadata", "input_file_name()", "people.rowid", "f1", "filename_1")] + [
    "select p.* from {T} t, parquet_metadata('{file}') p limit 900", "select p.size from {T} t, read_blob('{file}') p limit 1", "select p.v from {T} t, read_parquet('{file}') p limit 900", "select p.* from {T} t, parquet_kv_metadata('{file}') p limit 9", "select * from parquet_metadata('{file}')", "select stats_min, stats_max, stats_min_value, stats_max_value from parquet_metadata('{file}')", "select * from parquet_schema('{file}')", "select * from parquet_file_metadata('{file}')", "select * from parquet_kv_metadata('{file}')", "select * from parquet_bloom_probe('{file}', 'v', 'ZQXA row 1')", "select * from parquet_full_metadata('{file}')",
    "select * from iceberg_snapshots('{folder}')", "select * from iceberg_metadata('{folder}')", "select * from iceberg_scan('{folder}')", "select * from read_blob('{file}')", "select size, last_modified from read_blob('{file}')", "select * from read_text('{file}')", "select * from glob('{folder}/**')", "select * from '{file}'", "select count(*) from '{file}'", 'select * from "{file}"',
    "select * from read_parquet('{file}')", "select * from parquet_scan('{file}')", "select * from read_parquet(['{file}'], filename := true)", "select num_rows from parquet_file_metadata('{file}')",
]
