"""Runs under Spark's own Python: writes tables with Spark and beside each what Spark itself reads of every snapshot.

    python spark_tables.py FOLDER JAR [TABLE ...]

One session writes all of them, for it is the start that costs. A table is a list of statements; {t} is its name, {c} the catalog.
Not here: a struct of whose present members a file has none, which Spark reads as NULL; and deletes beside a variant, which it cannot write."""
import json
import os
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))

import truth as truths  # noqa: E402

MERGE_ON_READ = "'write.delete.mode'='merge-on-read', 'write.update.mode'='merge-on-read', 'write.merge.mode'='merge-on-read'"


def properties(version, *more):
    return f"using iceberg tblproperties ('format-version'='{version}', " + ", ".join(more or (MERGE_ON_READ,)) + ")"


def numbers(count, start=0, files=1):
    """A select of rows of the usual five columns."""
    return (f"select /*+ repartition({files}) */ cast(id as int) id, concat('w', id % 7) word, cast(id * 1.25 as decimal(9,2)) amount, "
            f"date_add(date '2024-01-30', cast(id % 5 as int)) day, cast(id * 0.5 as double) price from range({start}, {start + count})")


COLUMNS = "(id int, word string, amount decimal(9,2), day date, price double)"


def merge_on_read(version, spec="", more=()):
    """Deletes, updates and merges one after the other, so that deletes meet rows that came by an update."""
    return [f"create table {{t}} {COLUMNS} {properties(version, MERGE_ON_READ, *more)}".replace(" tblproperties", f" {spec} tblproperties"),
            f"insert into {{t}} {numbers(60, files=2)}",
            "delete from {t} where id % 10 = 3",
            "update {t} set word = 'updated', amount = amount + 1 where id between 20 and 29",
            f"merge into {{t}} as old using ({numbers(20, 50)}) as new on old.id = new.id when matched and new.id % 2 = 0 then delete "
            "when matched then update set old.word = 'merged' when not matched then insert *",
            "delete from {t} where word = 'merged' or id = 0",
            f"insert into {{t}} {numbers(5, 20)}",
            "delete from {t} where id in (20, 21, 44)"]


TABLES = {
    "mor_v2": merge_on_read(2),
    "mor_v2_by_file": merge_on_read(2, "partitioned by (bucket(3, id))", ["'write.delete.granularity'='file'"]),
    "mor_v2_by_partition": merge_on_read(2, "partitioned by (truncate(1, word), day)", ["'write.delete.granularity'='partition'"]),
    "mor_v3": merge_on_read(3),
    "mor_v3_parts": merge_on_read(3, "partitioned by (days(day), bucket(2, word))"),
    "mor_avro": merge_on_read(2, "", ["'write.format.default'='avro'"]),
    "mor_avro_deletes": merge_on_read(2, "", ["'write.delete.format.default'='avro'"]),
    "mor_orc": merge_on_read(2, "", ["'write.format.default'='orc'"])[:3],
    "cow": [s.replace("merge-on-read", "copy-on-write") for s in merge_on_read(2, "partitioned by (months(day))")],
    "upgraded": [f"create table {{t}} {COLUMNS} {properties(1, MERGE_ON_READ.replace('merge-on-read', 'copy-on-write'))}",
                 f"insert into {{t}} {numbers(20)}",
                 "delete from {t} where id < 3",
                 f"alter table {{t}} set tblproperties ('format-version'='2', {MERGE_ON_READ})",
                 "delete from {t} where id in (5, 6)",
                 f"insert into {{t}} {numbers(20, 20)}",
                 "alter table {t} set tblproperties ('format-version'='3')",
                 "delete from {t} where id in (7, 25)",
                 "update {t} set word = 'third' where id in (8, 26)"],
    "evolved": ["create table {t} (id int, f float, d decimal(7,2), s struct<a:int, b:string, deep:struct<x:int>>, l array<struct<p:int, q:string>>, "
                f"m map<string, struct<v:int>>, gone string) {properties(2)}",
                "insert into {t} values (1, 0.1, 1.25, named_struct('a', 1, 'b', 'one', 'deep', named_struct('x', 10)), array(named_struct('p', 1, 'q', 'a')), "
                "map('k', named_struct('v', 1)), 'g1'), (2, null, null, null, null, null, null), "
                "(3, float('nan'), -1.25, named_struct('a', null, 'b', null, 'deep', null), array(), map(), '')",
                "alter table {t} alter column id type bigint",
                "alter table {t} alter column f type double",
                "alter table {t} alter column d type decimal(12,2)",
                "alter table {t} add column s.c date after a",
                "alter table {t} add column s.deep.y string first",
                "alter table {t} add column l.element.r int",
                "alter table {t} add column m.value.w array<int>",
                "insert into {t} values (9999999999, 2.5e300, 1234567890.12, named_struct('a', 4, 'c', date '2024-02-29', 'b', 'four', 'deep', named_struct('y', 'y4', 'x', 40)), "
                "array(named_struct('p', 4, 'q', 'd', 'r', 44), null), map('k4', named_struct('v', 4, 'w', array(1, null)), 'n', null), 'g4')",
                "alter table {t} rename column s.b to renamed",
                "alter table {t} rename column l.element.q to qq",
                "alter table {t} drop column gone",
                "alter table {t} add column gone int first",
                "alter table {t} drop column s.a",
                "alter table {t} alter column m after id",
                "delete from {t} where id = 2",
                "insert into {t} select 5, 6, map('a', named_struct('v', 6, 'w', array())), 0.5, 0.5, named_struct('c', null, 'renamed', 'r5', 'deep', named_struct('y', 'y5', 'x', 50)), "
                "array(named_struct('p', 5, 'qq', 'e', 'r', 55))",
                "update {t} set gone = 1, s.renamed = 'set' where id = 1"],
    "respec": ["create table {t} (id bigint, word string, day date, at timestamp, local timestamp_ntz, amount decimal(9,2), b binary) "
               f"{properties(2)}",
               *(statement for step in ("add partition field bucket(4, id)", "add partition field truncate(2, word)", "add partition field years(day)",
                                        "replace partition field day_year with months(day)", "drop partition field bucket(4, id)", "add partition field hours(at)",
                                        "add partition field days(local) as local_day", "drop partition field truncate(2, word)", "add partition field amount",
                                        "drop partition field local_day", "add partition field truncate(1, b)")
                 for statement in ("insert into {t} select id, if(id % 4 = 0, null, concat('wörd', id % 3)), date_add(date '1969-12-30', cast(id as int)), "
                                   "timestamp '1969-12-31 23:30:00' + make_interval(0, 0, 0, 0, cast(id as int)), "
                                   "timestamp_ntz '2024-03-31 01:30:00' + make_interval(0, 0, 0, 0, cast(id as int)), cast(id as decimal(9,2)) / 4, "
                                   "cast(concat('b', id % 2) as binary) from range(6)", f"alter table {{t}} {step}")),
               "delete from {t} where id = 3",
               "update {t} set word = 'u' where id = 4"],
    "refs": [f"create table {{t}} {COLUMNS} {properties(2)}",
             f"insert into {{t}} {numbers(10)}",
             "alter table {t} create tag first_tag",
             "alter table {t} create branch side",
             "delete from {t}.branch_side where id < 4",
             f"insert into {{t}} {numbers(5, 100)}",
             "alter table {t} add column extra int",
             "insert into {t}.branch_side values (200, 'side', 1, date '2024-05-05', 1.5, 7)",
             "alter table {t} create branch `other branch`",
             "update {t}.`branch_other branch` set word = 'other' where id = 100",
             "alter table {t} create branch ahead",
             "delete from {t}.branch_ahead where id = 101",
             "call {c}.system.fast_forward('{n}', 'main', 'ahead')",
             "alter table {t} create or replace tag moved"],
    "kept": [*merge_on_read(2, "partitioned by (bucket(2, id))"),
             "call {c}.system.rewrite_position_delete_files(table => '{n}', options => map('rewrite-all', 'true'))",
             "delete from {t} where id % 9 = 1",
             "call {c}.system.rewrite_data_files(table => '{n}', options => map('rewrite-all', 'true', 'use-starting-sequence-number', 'true'))",
             "delete from {t} where id % 9 = 2",
             "call {c}.system.rewrite_manifests('{n}')",
             "call {c}.system.rewrite_data_files(table => '{n}', strategy => 'sort', sort_order => 'word desc', where => 'id < 40', options => map('rewrite-all', 'true', 'remove-dangling-deletes', 'true'))",
             "call {c}.system.expire_snapshots(table => '{n}', older_than => timestamp '2100-01-01 00:00:00', retain_last => 4)",
             "update {t} set word = 'late' where id % 9 = 5"],
    "kept_v3": [*merge_on_read(3),
                "call {c}.system.rewrite_data_files(table => '{n}', options => map('rewrite-all', 'true'))",
                "delete from {t} where id % 9 = 2",
                "call {c}.system.rewrite_manifests('{n}')",
                "call {c}.system.expire_snapshots(table => '{n}', older_than => timestamp '2100-01-01 00:00:00', retain_last => 3)",
                "delete from {t} where id % 9 = 3"],
    "overwritten": [f"create table {{t}} {COLUMNS} {properties(2)}".replace(" tblproperties", " partitioned by (day) tblproperties"),
                    f"insert into {{t}} {numbers(30)}",
                    "delete from {t} where day = date '2024-01-31'",
                    f"insert overwrite {{t}} {numbers(4, 1)}",
                    "delete from {t} where id = 1",
                    f"insert overwrite {{t}} partition (day = date '2024-02-02') select 7, 'static', 1, 0.5",
                    "truncate table {t}",
                    f"insert into {{t}} {numbers(3)}"],
    "types": ["create table {t} (b boolean, i8 tinyint, i16 smallint, i int, l bigint, f float, d double, d9 decimal(9,3), d18 decimal(18,0), d38 decimal(38,10), day date, "
              f"at timestamp, local timestamp_ntz, t string, bin binary, la array<int>, lla array<array<string>>, ms map<string,double>, mi map<int,array<date>>, st struct<a:int,b:struct<c:timestamp>>) "
              f"{properties(2)}",
              "insert into {t} values (true, 127, -32768, 2147483647, -9223372036854775808, 1.5, -0.0, 123456.789, 999999999999999999, 1234567890123456789012345678.0123456789, "
              "date '0001-01-01', timestamp '1900-01-01 00:00:00.000001', timestamp_ntz '2262-04-11 23:47:16.854775', 'ünï 𝄞', X'00ff', array(1, null, 3), array(array('a'), null, array()), "
              "map('x', 1.5, 'y', null), map(1, array(date '2024-02-29')), named_struct('a', 1, 'b', named_struct('c', timestamp '2024-01-01 12:00:00'))), "
              "(null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null), "
              "(false, -128, 32767, -2147483648, 9223372036854775807, float('-inf'), double('nan'), -0.001, -1, 0, date '2261-12-31', timestamp '2024-06-30 23:59:59.999999', "
              "timestamp_ntz '1969-12-31 23:59:59.999999', '', X'', array(), array(), map(), map(), named_struct('a', null, 'b', null))",
              "delete from {t} where i is null"],
    "parquet_v2": [*merge_on_read(2, "", ["'write.parquet.page-version'='v2'", "'write.parquet.dict-size-bytes'='100'", "'write.parquet.page-row-limit'='10'",
                                          "'write.parquet.bloom-filter-enabled.column.id'='true'", "'write.parquet.compression-codec'='gzip'"])],
    "large": [f"create table {{t}} {COLUMNS} {properties(2, MERGE_ON_READ, chr(39) + 'write.parquet.row-group-size-bytes' + chr(39) + '=' + chr(39) + '20000' + chr(39))}",
              f"insert into {{t}} {numbers(20000, files=2)}",
              "delete from {t} where id % 3 = 0",
              "delete from {t} where id between 2000 and 6100 or id = 19999"],
    "large_v3": [f"create table {{t}} {COLUMNS} {properties(3)}",
                 f"insert into {{t}} {numbers(20000, files=2)}",
                 "delete from {t} where id % 3 = 0",
                 "delete from {t} where id between 2000 and 6100 or id = 19999"],
    "nothing": [f"create table {{t}} {COLUMNS} {properties(2)}"],
    "emptied": [f"create table {{t}} {COLUMNS} {properties(3)}", f"insert into {{t}} {numbers(3)}", "delete from {t}"],
    "added": [f"create table {{t}} (id int, word string, amount decimal(9,2), day date, price double, kind string) {properties(2)}"
              .replace(" tblproperties", " partitioned by (kind) tblproperties"),
              "call {c}.system.add_files(table => '{n}', source_table => '`parquet`.`{plain}`')",
              "delete from {t} where id = 4",
              "alter table {t} rename column word to renamed",
              "insert into {t} values (100, 'own', 1, date '2024-01-01', 1, 'x')"],
}

ONLY_SPARK4 = {
    "variants": [f"create table {{t}} (id int, v variant) {properties(3)}",
                 """insert into {t} select id, parse_json(j) from values (1, '{{"a": 1, "b": [true, null, "x"]}}'), (2, '5'), (3, null), (4, '"text"') as x(id, j)"""],
}


def session(folder, jar):
    from pyspark.sql import SparkSession
    return (SparkSession.builder.master("local[2]").appName("peers")
            .config("spark.driver.extraClassPath", jar).config("spark.ui.enabled", "false")
            .config("spark.driver.host", "127.0.0.1").config("spark.driver.bindAddress", "127.0.0.1").config("spark.driver.memory", "2g")
            .config("spark.driver.extraJavaOptions", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC")  # nothing runs long enough to be worth more
            .config("spark.sql.codegen.wholeStage", "false").config("spark.sql.codegen.factoryMode", "NO_CODEGEN")
            .config("spark.sql.shuffle.partitions", "2").config("spark.sql.session.timeZone", "UTC").config("spark.sql.ansi.enabled", "false")
            .config("spark.sql.adaptive.enabled", "false").config("spark.sql.warehouse.dir", str(folder / "plain"))
            .config("spark.sql.extensions", "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions")
            .config("spark.sql.sources.partitionOverwriteMode", "dynamic").config("spark.sql.catalog.peers", "org.apache.iceberg.spark.SparkCatalog")
            .config("spark.sql.catalog.peers.type", "hadoop").config("spark.sql.catalog.peers.warehouse", str(folder / "warehouse")).getOrCreate())


def metadata_of(place):
    found = max((place / "metadata").glob("v*.metadata.json"), key=lambda p: int(p.name[1:].split(".")[0]))
    return json.loads(found.read_text())


def read(spark, name, metadata):
    """Of each snapshot what Spark reads, by field id."""
    out = truths.Truth()
    for snapshot in metadata.get("snapshots") or []:
        number = snapshot["snapshot-id"]
        kind = {"type": "struct", "fields": truths.schema_of(metadata, number)}
        rows = spark.sql(f"select * from {name} version as of {number}").collect()
        out.add(number, [truths.to_json(kind, tuple(spelled(v) for v in row)) for row in rows])
    out.refs = {name: ref["snapshot-id"] for name, ref in (metadata.get("refs") or {}).items()}
    return out


def spelled(value):
    return value.toJson() if hasattr(value, "toJson") else value  # a variant


def main():
    os.environ["TZ"] = "UTC"  # Spark's moments come as local times without a zone
    time.tzset()
    folder, jar = pathlib.Path(sys.argv[1]), sys.argv[2]
    spark = session(folder, jar)
    spark.sparkContext.setLogLevel("ERROR")
    plain = folder / "plain-kinds"
    spark.sql(f"{numbers(12)}").selectExpr("*", "if(id % 3 = 0, 'x', 'y z') kind").write.partitionBy("kind").parquet(str(plain))
    spark.sql("create namespace peers.db")
    for name, statements in {**TABLES, **(ONLY_SPARK4 if spark.version.startswith("4.") else {})}.items():
        if sys.argv[3:] and name not in sys.argv[3:]:
            continue
        begun = time.monotonic()
        for statement in statements:
            text = statement.format(t=f"peers.db.{name}", n=f"db.{name}", c="peers", plain=plain)
            try:
                spark.sql(text).collect()
            except Exception as error:
                raise SystemExit(f"{name}: {text}\n{str(error)[:3000]}") from None
        place = folder / "warehouse" / "db" / name
        read(spark, f"peers.db.{name}", metadata_of(place)).write(folder / f"{name}.jsonl")
        print(f"{name}: {time.monotonic() - begun:.1f} s", flush=True)
    spark.stop()


if __name__ == "__main__":
    main()
