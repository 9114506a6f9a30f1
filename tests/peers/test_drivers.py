"""The Java drivers of Flight SQL, unmodified: JDBC 18.3 (every call of DatabaseMetaData, statements, parameters, cancel, TLS, tokens) and
ADBC. The programs are in drivers/, one call of theirs is one line here."""
import collections
import pathlib
import re
import shutil
import subprocess

import people
import pytest
from server import ROOT, Server, run

HERE = pathlib.Path(__file__).resolve().parent / "drivers"
DRIVERS = ROOT / "build" / "peers" / "drivers"
CLASSES = ROOT / "build" / "peers" / "classes-drivers"


@pytest.fixture(scope="module")
def classes():
    shutil.rmtree(CLASSES, ignore_errors=True)
    for source, jars in {"Jdbc.java": "", "Adbc.java": f"{DRIVERS}/adbc/*"}.items():
        done = subprocess.run(["javac", "-nowarn", "-cp", jars or ".", "-d", str(CLASSES), str(HERE / source)], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr[-3000:]
    return CLASSES


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    where = tmp_path_factory.mktemp("tls")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext",
                    "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", str(where / "key.pem"), "-out", str(where / "cert.pem")], check=True, capture_output=True)
    return where


@pytest.fixture(scope="module")
def mesh(tmp_path_factory):
    copy = tmp_path_factory.mktemp("mesh") / "mesh"
    shutil.copytree(people.demo() / "mesh", copy)
    return copy


@pytest.fixture(scope="module")
def token(mesh):
    status, out, words = run("user", "token", "otto", "--model", mesh)
    assert status == 0, words
    return re.search(r"hs[a-z]_\S+", out)[0]


@pytest.fixture(scope="module")
def server(mesh, token):
    with Server(mesh) as running:
        yield running


def java(jars, *arguments):
    """{name: [values]} of what the program said."""
    command = ["java", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xmx512m", "--add-opens=java.base/java.nio=ALL-UNNAMED", "-cp", f"{CLASSES}:{jars}/*"]
    done = subprocess.run([*command, *map(str, arguments)], capture_output=True, text=True, timeout=180)
    said = collections.defaultdict(list)
    for line in done.stdout.splitlines():
        name, _, value = line.partition("\t")
        said[name].append(value)
    assert said["closed"] == ["true"], (done.stdout + done.stderr)[-4000:]
    return said


@pytest.fixture
def jdbc(classes, server):
    def ask(scenario, *more, who="otto", password=None, url=None, proof=None):
        proof = proof if proof is not None else f"user={who}&password={password or who + '-demo'}"
        return java(DRIVERS / "jdbc", "Jdbc", f"jdbc:arrow-flight-sql://{url or f'127.0.0.1:{server.port}/?useEncryption=false'}&{proof}", scenario, *more)

    return ask


# ---- JDBC: DatabaseMetaData ----

# What the driver itself has not written, whatever a server says.
NOT_IN_DRIVER = {f"{n}/1" for n in ["deletesAreDetected", "insertsAreDetected", "updatesAreDetected", "othersDeletesAreVisible", "othersInsertsAreVisible", "othersUpdatesAreVisible",
                                    "ownDeletesAreVisible", "ownInsertsAreVisible", "ownUpdatesAreVisible", "supportsResultSetHoldability"]}
TOLD = {
    "getDatabaseProductName/0": "hailstorm", "isReadOnly/0": "true", "getIdentifierQuoteString/0": '"', "getCatalogTerm/0": "mesh", "getSchemaTerm/0": "domain", "isCatalogAtStart/0": "true",
    "getExtraNameCharacters/0": "$", "getSearchStringEscape/0": "\\\\", "allTablesAreSelectable/0": "true", "supportsTransactions/0": "false", "getDefaultTransactionIsolation/0": "0",
    "supportsTransactionIsolationLevel/1": "true", "supportsFullOuterJoins/0": "true", "supportsLimitedOuterJoins/0": "true", "supportsOuterJoins/0": "true", "supportsUnionAll/0": "true",
    "supportsSubqueriesInQuantifieds/0": "true", "supportsCorrelatedSubqueries/0": "true", "supportsGroupByUnrelated/0": "true", "supportsExpressionsInOrderBy/0": "true", "supportsBatchUpdates/0": "false",
    "supportsResultSetType/1": "true", "supportsConvert/0": "true", "supportsConvert/2": "true", "getMaxColumnNameLength/0": "255", "getMaxStatementLength/0": "1047552", "supportsSavepoints/0": "false",
    "supportsCoreSQLGrammar/0": "true", "supportsExtendedSQLGrammar/0": "false", "supportsANSI92EntryLevelSQL/0": "true", "nullPlusNonNullIsNull/0": "true", "supportsSelectForUpdate/0": "false",
    "getCatalogs/0": "rows:1", "getSchemas/0": "rows:2", "getTables/4": "rows:3", "getTableTypes/0": "rows:1", "getColumns/4": "rows:8", "getPrimaryKeys/3": "rows:1", "getImportedKeys/3": "rows:1",
    "getExportedKeys/3": "rows:2", "getCrossReference/6": "rows:1",
}


def test_every_metadata_call(jdbc):
    said = jdbc("metadata")
    calls = {n: v[0] for n, v in said.items() if "/" in n and ":" not in n}
    failed = {n for n, v in calls.items() if v.startswith("FAILED")}
    assert failed <= NOT_IN_DRIVER and len(calls) > 170
    assert {n: calls[n] for n in TOLD} == TOLD
    assert said["getColumns/4:row"][3] == "demo|sales|orders|amount|3|DECIMAL|12|null|2|10|1|null|null|null|null|null|4|YES|null|null|null|null|NO|"
    assert said["getColumns/4:row"][7].split("|")[11].startswith("What the clerk wrote")
    assert said["getPrimaryKeys/3:row"] == ["demo|sales|orders|id|1|orders_pkey"]
    assert said["getExportedKeys/3:row"][1] == "demo|sales|customers|id|demo|support|tickets|customer_id|1|customer_id -> sales.customers(id)|customers_pkey|3|3|null"
    assert "-5>12 true" in said["convert"] and "-5>91 false" in said["convert"] and "12>-2 true" in said["convert"] and "93>91 true" in said["convert"]


def test_each_person_sees_his_own(jdbc):
    said = jdbc("metadata", who="sue")
    assert [r.split("|")[3] for r in said["getColumns/4:row"]] == ["id", "customer_id", "region", "placed_at", "status"]


# ---- JDBC: statements ----

def test_what_a_workbench_does(jdbc):
    said = jdbc("workbench")
    assert said["tables"] == [f"demo|sales|{t}|TABLE|null|null|null|null|null|null" for t in ["customers", "orders"]] and said["views"] == []
    assert [c.split("|")[3] for c in said["columns"]] == ["id", "customer_id", "region", "amount", "currency", "placed_at", "status", "note"] and len(said["column"]) == 1
    assert said["imported"] == ["demo|sales|customers|id|demo|sales|orders|customer_id|1|customer_id -> sales.customers(id)|customers_pkey|3|3|null"] and len(said["exported"]) == 2
    assert said["shown"][0] == "id|BIGINT|-5|19|0|demo|sales|orders|false|false|true|true" and said["shown"][7].startswith("note|VARCHAR|") and said["label"] == ["true"]
    assert len(said["shown rows"]) == 3 and said["more"] == ["false|-1"] and said["valid"] == ["true"]
    assert said["mistake"][0].endswith("column no_such_column is not known here (position 8)")


def test_prepared_statements(jdbc):
    said = jdbc("prepared")
    assert said["parameters"] == ["2"] and [r.split("|")[0] for r in said["between"]] == ["1", "2", "5", "6"]
    values = {n[10:]: v for n, v in said.items() if n.startswith("parameter ")}
    assert values == {"BIGINT": ["1099511627776"], "INTEGER": ["7"], "VARCHAR": ["ä€'", "null"], "DOUBLE": ["1.5"], "DECIMAL(12,2)": ["12.34"], "BOOLEAN": ["true"], "DATE": ["2020-02-29"],
                      "TIMESTAMP": ["2020-02-29 10:11:12.123"], "BLOB": ["[0, 1, -1]"]}


def test_updates_and_batches_of_them_are_refused_with_words(jdbc):
    said = jdbc("batches")
    assert "this door only reads" in said["batch"][0] and said["row"] == ["1"]
    assert all("only queries" in said[n][0] for n in ["update", "insert", "create"])


def test_cancel_and_time_limit(jdbc):
    said = jdbc("cancel")
    assert not said["cancelled"][0].startswith("no") and int(said["seconds"][0]) < 20
    assert "timed out" in said["timeout"][0] and int(said["timeout seconds"][0]) < 20 and said["row"] == ["1"]


def test_several_endpoints_and_nested_values(jdbc):
    said = jdbc("query", "select count(*) as n from sales.orders", "select id, address, tags from sales.customers where id = 901", "select * from sales.orders where id < 0")
    assert said["row"][0] == "5900" and '"city":"Boston"' in said["row"][1] and len(said["end"]) == 3


# ---- JDBC: who, how ----

def test_wrong_proofs(jdbc):
    for proof in ["user=otto&password=wrong", "user=nobody&password=x", "token=hss_nonsense"]:
        assert "UNAUTHENTICATED" in jdbc("workbench", proof=proof)["failed"][0] or "password is wrong" in jdbc("workbench", proof=proof)["failed"][0]


def test_token_and_catalog(jdbc, token):
    assert jdbc("query", "select 1 as x", proof=f"token={token}")["row"] == ["1"]
    assert jdbc("query", "select 1 as x", proof="user=otto&password=otto-demo&catalog=demo")["row"] == ["1"]
    assert "catalog" in jdbc("query", "select 1 as x", proof="user=otto&password=otto-demo&catalog=other")["failed"][0]


def test_form_of_answers_as_a_property_of_the_connection(jdbc):
    """What the driver does not know of the URL's properties it sends as headers. Dictionaries are the one form that it reads."""
    ask = lambda form: jdbc("query", "select id, region, amount from sales.orders where id = 1", proof=f"user=otto&password=otto-demo&x-hailstorm-{form}")
    assert ask("dictionaries=auto")["row"] == ["1|EU|299.50"]
    assert "arrow-compression" in ask("compression=lz4")["refused"][0]
    assert "compression is one of none, lz4, zstd" in ask("compression=rar")["refused"][0]


def test_tls(classes, mesh, certificate, jdbc):
    with Server(mesh, settings={"tls-certificate": certificate / "cert.pem", "tls-key": certificate / "key.pem"}) as server:
        trusted = f"localhost:{server.port}/?useEncryption=true&tlsRootCerts={certificate}/cert.pem"
        assert jdbc("query", "select 1 as x", url=trusted)["row"] == ["1"]
        assert jdbc("query", "select 1 as x", url=f"localhost:{server.port}/?useEncryption=true&disableCertificateVerification=true")["row"] == ["1"]
        assert jdbc("query", "select 1 as x", url=f"localhost:{server.port}/?useEncryption=true")["failed"]
        said = java(DRIVERS / "adbc", "Adbc", f"grpc+tls://localhost:{server.port}", "otto", "otto-demo", f"roots={certificate}/cert.pem")
        assert said["query:rows"] == ["3"]


# ---- ADBC ----

@pytest.mark.parametrize("cookies", [[], ["cookies"]], ids=["no cookies", "cookies"])
def test_adbc_java(classes, server, cookies):
    said = java(DRIVERS / "adbc", "Adbc", server.uri, "otto", "otto-demo", *cookies)
    assert said["query"] == ["APAC|1021", "EU|2660", "US|2219"] and said["after"] == ["1"]
    assert said["objects CATALOGS"] == ["demo|null"] and "customers" in said["objects TABLES"][0] and "tickets" in said["objects TABLES"][0]
    assert said["objects DB_SCHEMAS"] == ['demo|[{"db_schema_name":"sales"},{"db_schema_name":"support"}]']
    assert said["partition count"] == ["1"] and said["partition"] == ["1", "2", "3"] and said["schema"] == ["[id: Int(64, true), amount: Decimal(12, 2, 128)]"]
    assert said["update"][0].startswith("FAILED NOT_IMPLEMENTED this door only reads") and said["mistake"][0].startswith("FAILED INVALID_ARGUMENT column no_such_column")
    assert said["parameters"] == ["Schema<1: Int(64, true)>"] and said["info"][0] == "100|ADBC Flight SQL Driver"
    # What the driver cannot do with any server that asks who it is, or at all: a bound statement goes out without its credentials, columns of
    # objects cannot be put together, and these two calls are not there.
    assert said["prepared"][0].startswith("FAILED UNAUTHENTICATED") and "not all nodes" in said["objects ALL"][0]
    assert said["table"][0].startswith("FAILED NOT_IMPLEMENTED Connection does not") and said["types"][0].startswith("FAILED NOT_IMPLEMENTED Connection does not")
