"""A mistake in a policy gives one message, with its place and, where one is near, a suggestion; and the server keeps the policy it has."""
import pathlib
import signal
import sys
import time

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import census  # noqa: E402
from lib.server import Server, run, wait_until  # noqa: E402

FILE = "domains/census/policies/z.yaml"
HEAD = {"column": "kind: Mask\nname: m\non: {{column: census.people.{}}}\n", "rule": "kind: RowRule\nname: m\non: {{table: census.people}}\nwhere: {}\n",
        "grant": "kind: Grant\nname: m\non: {{product: census.people}}\n{}\n", "aggregate": "kind: AggregateRule\nname: m\non: {{table: census.people}}\n{}\n"}
LOOKUPS = ("kind: Lookup\nname: desks\ncolumns: {region: string}\nrows:\n- {region: EU}\n", "kind: Lookup\nname: a\nfrom: b\n---\nkind: Lookup\nname: b\nfrom: a\n")


def head(which, text):
    return HEAD[which].format(text)


MISTAKES = {  # the whole message; {F} is the file
    "unknown field": (head("column", "salery") + "with: nullify\n", "hailstorm: {F}:3:14: there is no column 'salery' in the contract of table 'people' (did you mean 'salary'?)"),
    "unknown field in a rule": (head("rule", "regoin = 'EU'"), "hailstorm: {F}:4:8: there is no column 'regoin' in the contract of table 'people' (did you mean 'region'?)"),
    "unknown field of a grant": (head("grant", "to: everyone\ncolumns: [id, nam]"), "hailstorm: {F}:5:15: there is no column 'nam' in the contract of table 'people' (did you mean 'name'?)"),
    "unknown field of a deny": ("kind: Deny\nname: m\non: {column: census.people.tean}\n", "hailstorm: {F}:3:14: there is no column 'tean' in the contract of table 'people' (did you mean 'team'?)"),
    "unknown dimension": (head("aggregate", "dimensions: [regin]"), "hailstorm: {F}:4:14: there is no column 'regin' in the contract of table 'people' (did you mean 'region'?)"),
    "types": (head("rule", "region = 5"), "census.people: {F}:4:17: text cannot be compared with a number"),
    "types of a dimension": (head("aggregate", "dimensions: [bonus]"), "census.people: {F}:1:1: 'bonus' cannot be a dimension: its type is double, and a dimension is a text, a boolean, a whole number, a date or a timestamp"),
    "types of a measure": (head("aggregate", "dimensions: [team]\nmeasures: [name]"), "census.people: {F}:1:1: 'name' cannot be a measure: its type is string, and a measure is a number, of at most 25 digits where it is a decimal"),
    "conflicting masks": (head("column", "name") + "with: redact\n---\nkind: Mask\nname: other\non: {column: census.people.name}\nwith: nullify\n",
                          "census.people: {F}:6:1: masks 'other' and 'm' ({F}:1:1) both apply to column 'name'"),
    "never": (head("rule", "region = 'EU' and region = 'US'"), "census.people: {F}:4:8: this can never be true: region = 'EU' and region = 'US' (did you mean 'or'?)"),
    "always": (head("rule", "region <> 'EU' or region <> 'US'"), "census.people: {F}:4:8: this is true for every value: region <> 'EU' or region <> 'US' (did you mean 'and'?)"),
    "a night that is every hour": (head("rule", "not (request.time_of_day between time '22:00' and time '06:00')"),
                                   "census.people: {F}:4:13: this can never be true: request.time_of_day between time '22:00:00' and time '06:00:00' (the smaller value comes first)"),
    "elements of what has none": (head("column", "name") + "with: drop-elements\nelements: element = 'x'\n", "census.people: {F}:1:1: column 'name': drop-elements does not mask values of type string"),
    "a mapping from nowhere": (head("column", "name") + "with: generalise\nargs: {table: desk, from: region, to: region, else: x}\n", "hailstorm: {F}:4:7: domain 'census' has no lookup 'desk' (did you mean 'desks'?)"),
    "unknown mask": (head("column", "name") + "with: redcat\n", "hailstorm: {F}:4:7: unknown mask function 'redcat' (did you mean 'redact'?)"),
    "unknown product": ("kind: Grant\nname: m\non: {product: census.peple}\nto: everyone\n", "hailstorm: {F}:3:15: there is no product 'census.peple' (did you mean 'census.people'?)"),
    "unknown table": ("kind: Deny\nname: m\non: {table: census.peple}\n", "hailstorm: {F}:3:13: there is no table 'census.peple' (did you mean 'census.people'?)"),
    "unknown domain": ("kind: Deny\nname: m\non: {domain: cencus}\n", "hailstorm: {F}:3:14: there is no domain 'cencus' (did you mean 'census'?)"),
    "unknown lookup": (head("rule", "region in desk.region"), "hailstorm: {F}:4:8: domain 'census' has no lookup 'desk' (did you mean 'desks'?)"),
    "unknown kind": ("kind: Gant\nname: m\non: {product: census.people}\n", "hailstorm: {F}:1:7: there is no kind 'Gant' (did you mean 'Grant'?)"),
    "nobody": (head("grant", "to: {}"), "hailstorm: {F}:4:5: this names nobody"),
    "nobody at all": (head("grant", "expires: 2030-01-01"), "hailstorm: {F}:1:1: a Grant needs 'to'"),
    "an empty list of roles": (head("grant", "to: {roles: []}"), "hailstorm: {F}:4:13: 'roles' is an empty list"),
    "a group of one": (head("aggregate", "dimensions: [team]\nminimum: 1"), "hailstorm: {F}:5:10: 'minimum' is the fewest rows that a group may have: 2 or more"),
    "aggregates of a column": ("kind: AggregateRule\nname: m\non: {column: census.people.name}\ndimensions: [team]\n", "hailstorm: {F}:3:6: an AggregateRule is on a product or a table"),
    "a limit": (head("grant", "to: everyone\nlimits: {rows_per_day: many}"), "hailstorm: {F}:5:24: this limit must be written like 1000, and more than nothing"),
}
WARNINGS = {
    "unknown user": (head("grant", "to: {users: [evi]}"), "warning: {F}:4:5: policy 'm' names the user 'evi', whom principals.yaml does not know (did you mean 'eva'?)"),
    "unknown role": (head("grant", "to: {roles: [reseacher]}"), "warning: {F}:4:5: policy 'm' names the role 'reseacher', which nobody in principals.yaml has (did you mean 'researcher'?)"),
    "unknown tag": ("kind: Deny\nname: m\non: {tag: pii.mial}\n", "warning: {F}:3:11: nothing carries the tag 'pii.mial' (did you mean 'pii.mail'?)"),
    "an expired grant": (head("grant", "to: everyone\nexpires: 2020-01-01"), "warning: {F}:1:1: grant 'm' has expired"),
}


@pytest.fixture(scope="module")
def mesh(tmp_path_factory):
    made, _ = census.make(tmp_path_factory.mktemp("mistakes"))
    contract = made / "domains/census/people.odcs.yaml"
    contract.write_text(contract.read_text().replace("{name: name, logicalType: string}", "{name: name, logicalType: string, tags: [pii.mail]}"))
    (made / "domains/census/lookups").mkdir()
    (made / "domains/census/lookups/desks.yaml").write_text(LOOKUPS[0])
    return made


def check(mesh, text, file=FILE):
    (mesh / file).write_text(text)
    try:
        status, out, error = run("check", mesh)
    finally:
        (mesh / file).unlink()
    return status, [line for line in (out + error).splitlines() if "errors" not in line]


@pytest.mark.parametrize("what", MISTAKES)
def test_an_error(mesh, what):
    text, words = MISTAKES[what]
    assert check(mesh, text) == (1, [words.replace("{F}", FILE)])


@pytest.mark.parametrize("what", WARNINGS)
def test_a_warning(mesh, what):
    text, words = WARNINGS[what]
    assert check(mesh, text) == (0, [words.replace("{F}", FILE)])


def test_a_loop_of_lookups(mesh):
    status, lines = check(mesh, LOOKUPS[1], "domains/census/lookups/loop.yaml")
    assert status == 1 and len(lines) == 1 and "loop" in lines[0] and lines[0].startswith("hailstorm: domains/census/lookups/loop.yaml:"), lines


def test_what_nobody_sees(mesh):
    """A product without a grant, and a mask on a column that no grant opens."""
    file = mesh / "domains/census/policies/people.yaml"
    before = file.read_text()
    try:
        file.write_text("kind: Mask\nname: unused\non: {column: census.people.name}\nwith: redact\n")
        _, out, _ = run("check", mesh)
        assert out.splitlines()[0] == "warning: domains/census/people.odcs.yaml:1:1: product 'census.people' has no grant: nobody sees it"
        file.write_text(file.read_text() + "---\nkind: Grant\nname: some\non: {product: census.people}\nto: everyone\ncolumns: [id, region]\n")
        _, out, _ = run("check", mesh)
        assert out.splitlines()[0] == "warning: domains/census/policies/people.yaml:1:1: mask 'unused' is on column 'name', which no grant opens"
    finally:
        file.write_text(before)


@pytest.mark.parametrize("what", ["unknown field", "types", "conflicting masks", "never", "nobody", "unknown mask"])
def test_the_server_keeps_what_it_has(mesh, what):
    ask = "select count(*) from census.people"
    with Server(mesh) as server:
        root = census.Person(server, "root")
        before = root.ask(ask)
        (mesh / FILE).write_text(MISTAKES[what][0])
        try:
            server.process.send_signal(signal.SIGHUP)
            words = MISTAKES[what][1].replace("{F}", FILE).split(": ", 1)[1]
            assert wait_until(lambda: words in server.words(), 10), server.words()[-2000:]
            assert root.ask(ask) == before
            (mesh / FILE).write_text("kind: Deny\nname: m\non: {table: census.people}\nto: {users: [root]}\n")
            server.process.send_signal(signal.SIGHUP)
            time.sleep(0.5)
            assert wait_until(lambda: "there is no table" in gone(root, ask), 10)
        finally:
            (mesh / FILE).unlink()


def gone(person, sql):
    try:
        return str(person.ask(sql))
    except Exception as error:
        return str(error)
