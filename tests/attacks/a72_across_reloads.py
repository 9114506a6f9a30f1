"""What a session of the PostgreSQL door holds on to while the policy changes: cursors, held cursors, prepared statements, transactions,
catalogs. Rows that came before are the client's; nothing comes after that may not be seen now."""
import re
import shutil
import signal
import time

NUMBER, TITLE, DEFENCE = 72, "cursors, prepared statements and transactions across a reload", []  # its own control stands in the probe
DOORS = {"pg"}
STATEMENTS = []
CHANGES = {
    "grant": lambda text: re.sub(r"kind: Grant\nname: people-for-analysts.*?---\n", "", text, flags=re.S),
    "rule": lambda text: text.replace("where: region = principal.region", "where: region = principal.region and n > 50"),
    "mask": lambda text: text + "\n---\nkind: Mask\nname: v-hidden\non: {column: alpha.people.v}\nto: {roles: [analyst]}\nwith: redact\n",
    "nothing": lambda text: text + "\n# nothing\n",
}
SQL = "select id, n, v, repeat(note, 20000) as wide from alpha.people order by id"


def ids(outcome):
    return [int(row[0]) for row in outcome.rows or []]


def look(attempt, what, eve, rows_of_before):
    """Everything the session can still ask; after `what` changed."""
    holds = {"grant": lambda r: False, "rule": lambda r: int(r[1]) > 50, "mask": lambda r: "redacted" in (r[2] or "redacted"), "nothing": lambda r: True}[what]
    for kind, sql in (("prepared", "execute p"), ("bound", None), ("plain", SQL), ("in its transaction", SQL)):
        got = eve.ask("select id, n, v, note from alpha.people where id > $1 order by id", [-1]) if sql is None else eve.ask(sql)
        bad = [row[:3] for row in got.rows or [] if not holds(row)]
        attempt.check(not bad, f"after the {what} changed, {kind} gives {bad[:3]}")
        if what == "nothing":
            attempt.check(got.ok and len(got.rows) == rows_of_before, f"after nothing changed, {kind}: {got.words()}")


def probe(attempt):
    for what, change in CHANGES.items():
        folder, server = attempt.own_server()
        try:
            with server:
                door = type(attempt.door)(server)
                eve, held, inside = (door.connect("eve", "eve-attack") for _ in range(3))
                before = eve.ask(SQL)
                attempt.check(before.ok and len(before.rows) > 40, f"before: {before.words()}")
                eve.ask("prepare p as " + SQL)
                held.ask("begin")
                held.ask("declare h cursor with hold for " + SQL)
                held.ask("commit")
                inside.ask("begin")
                inside.ask("declare c cursor for " + SQL)
                first = inside.ask("fetch 2 from c")
                attempt.check(first.rows and len(first.rows) == 2, f"fetched {first.words()}")
                file = folder / "domains" / "alpha" / "policies" / "people.yaml"
                changed = change(file.read_text())
                attempt.check(changed != file.read_text(), f"the {what} did not change")
                file.write_text(changed)
                server.process.send_signal(signal.SIGHUP)
                settle(server)
                holds = {"grant": lambda r: False, "rule": lambda r: int(r[1]) > 50, "mask": lambda r: "redacted" in (r[2] or "redacted"), "nothing": lambda r: True}[what]
                later = inside.ask("fetch all from c")
                bad = [row[:3] for row in later.rows or [] if not holds(row)]
                attempt.check(not bad, f"after the {what} changed, a cursor goes on with {bad[:3]} ({len(bad)} rows)")
                if what == "nothing":
                    attempt.check(later.ok and len(later.rows) == len(before.rows) - 2, f"after nothing changed, a cursor gives {later.words()}")
                kept = held.ask("fetch all from h")
                bad = [row[:3] for row in kept.rows or [] if not holds(row)]
                attempt.check(not bad, f"after the {what} changed, a held cursor gives {bad[:3]} ({len(bad)} rows)")
                if what == "nothing":
                    attempt.check(kept.ok and len(kept.rows) == len(before.rows), f"after nothing changed, a held cursor gives {kept.words()}")
                look(attempt, what, eve, len(before.rows))
                listed = eve.ask("select count(*) from pg_class where relname = 'people' and relnamespace = (select oid from pg_namespace where nspname = 'alpha')")
                attempt.check(what != "grant" or listed.rows == [("0",)], f"after the grant is gone the catalog says {listed.words()}")
                for person in (eve, held, inside):
                    person.close()
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def settle(server):
    until = time.monotonic() + 15
    while time.monotonic() < until and "model reloaded" not in server.words():
        time.sleep(0.1)
    time.sleep(2.5)  # as long as a catalog may be kept
