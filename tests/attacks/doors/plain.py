"""No door but a bare engine with plain views, as many a product does it: whether the attacks are real. `run.py --door plain` expects leaks."""
import subprocess
import sys

import duckdb
import pyarrow as pa

import mesh
from outcome import Outcome

NAME = "plain"
PAINT = {"ssn": "right(ssn, 4)", "salary": "null::bigint", "note": "'[redacted]'", "pin": "'****'", "email": "'***@' || split_part(email, '@', -1)", "born": "date_trunc('year', born)::date",
         "token": "md5(token)", "cell": "case when not (n > 30) then cell end", "nick": "'[redacted]'", "tags": "list_transform(tags, lambda t: '[redacted]')", "home": "{'city': home.city, 'street': '[redacted]'}"}
WHERE = {"people": "region = 'EU'", "staff": "zone like 'EU%' and not zone like '%-away' and not (region <> 'EU')"}


def unended(sql, seconds=5):
    """Seconds after which it was ended, as a process, for the planner hears no interrupt; None where it ended by itself."""
    child = subprocess.Popen([sys.executable, "-c", "import duckdb, sys; duckdb.sql(sys.argv[1]).fetchall()", sql], stderr=subprocess.DEVNULL)
    try:
        child.wait(seconds)
        return None
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
        return seconds


class Person:
    def __init__(self):
        self.database = duckdb.connect(config={"threads": 1, "autoinstall_known_extensions": False, "autoload_known_extensions": False})
        facts = mesh.facts()
        for domain in (*mesh.TWINS, "gloom"):
            self.database.execute(f"create schema {domain}")
            for (d, table), known in ((k, v) for k, v in facts.items() if isinstance(k, tuple)):
                if d == domain and table not in ("claims", "ledger"):
                    files = ", ".join(f"'{f}'" for f in known["files_now"])
                    raw = f"(select * exclude (nick, aliasa, ghosta), coalesce(nick, aliasa) as nick from read_parquet([{files}], union_by_name = true))"
                    columns = ", ".join(f"{PAINT[c]} as {c}" if c in PAINT else c for c in "id region zone v u js dt hx re n m d ts arr ssn salary note pin email born token cell nick tags home".split())
                    self.database.execute(f"create view {domain}.{table} as select {columns if table in WHERE else '*'} from {raw} where {WHERE.get(table, 'true')}")

    def ask(self, sql, params=None):
        cursor = self.database.cursor()
        try:
            table = cursor.execute(sql, params or []).to_arrow_table()
            table = table if isinstance(table, pa.Table) else table.read_all()
            return Outcome(rows=list(zip(*(c.to_pylist() for c in table.columns))), schema=str(table.schema))
        except Exception as error:  # whatever a bare engine says is what an attacker reads
            return Outcome(kind=type(error).__name__, text=str(error))

    def close(self):
        self.database.close()


class Door:
    def __init__(self, server):
        pass

    def connect(self, name, password):
        return Person()
