"""The model changes between two calls, or while an answer is being read: roles, rules, lookups, masks, a revoked grant and a grant that comes back."""
import re
import shutil
import signal

NUMBER, TITLE, DEFENCE = 43, "handles and tickets across changes of role, rule and lookup", "ticket-digest"
STATEMENTS = []
PEOPLE, CLAIMS = "select * from alpha.people order by id", "select id, region, amount from alpha.claims order by id"


def edit(file, what, to):
    text = file.read_text()
    changed = re.sub(what, to, text, flags=re.S)
    assert changed != text, f"{file} has nothing like {what}"
    file.write_text(changed)


# name, statement, file, what is replaced, by what, and what of the new answer must hold.
CHANGES = [
    ("a role taken away", PEOPLE, "principals.yaml", r"name: eve, roles: \[analyst\]", "name: eve, roles: [nothing]", lambda rows: False),
    ("a role given", PEOPLE, "principals.yaml", r"name: eve, roles: \[analyst\]", "name: eve, roles: [analyst, admin]", None),
    ("another region", PEOPLE, "principals.yaml", r"(name: eve, .*?region: )EU", r"\1US", lambda rows: all(r[1] == "US" for r in rows) and rows),
    ("an attribute gone", PEOPLE, "principals.yaml", r"(name: eve, roles: \[analyst\]), attributes: \{region: EU\}", r"\1", lambda rows: not rows),
    ("a lookup's row gone", CLAIMS, "domains/alpha/lookups/entitlements.yaml", r"- \{user: eve, region: EU\}\n", "", lambda rows: not rows),
    ("a lookup's row changed", CLAIMS, "domains/alpha/lookups/entitlements.yaml", r"user: eve, region: EU", "user: eve, region: US", lambda rows: all(r[1] == "US" for r in rows)),
    ("another width of a bucket", CLAIMS, "domains/alpha/policies/claims.yaml", r"width: 1000\b", "width: 1000000", lambda rows: all(r[2] % 1000000 == 0 for r in rows)),
    ("a column taken out of the grant", PEOPLE, "domains/alpha/policies/people.yaml", r"columns: \[id, region, zone, v, ", "columns: [id, region, zone, ", lambda rows: all(len(r) == 24 for r in rows)),
]


def change(attempt, name, sql, path, what, to, holds):
    folder, server = attempt.own_server()
    try:
        with server:
            door = type(attempt.door)(server)
            eve = door.connect("eve", "eve-attack")
            before = eve.ask(sql)
            ticket, handle = door.ticket(eve, sql), door.prepare(eve, sql)
            edit(folder / path, what, to)
            server.process.send_signal(signal.SIGHUP)
            attempt.settle(server)
            old, kept, now = door.redeem(eve, ticket), door.execute(eve, handle), eve.ask(sql)
            attempt.check(before.ok, f"before {name}: {before.text}")
            attempt.check(not old.ok, f"a ticket still works after {name}: {old.words()}")
            for kind, got in (("a handle", kept), ("the session", now)):
                if holds is None:
                    continue
                attempt.check(not got.ok or holds(got.rows), f"{kind} still sees as before {name}: {got.words()}")
            attempt.check(not kept.ok or kept.shape() == now.shape(), f"a handle sees otherwise than a new statement after {name}")
            attempt.look(f"the refusal of a ticket after {name}", old.text)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def probe(attempt):
    for one in CHANGES:
        change(attempt, *one)
        if attempt.attempt.enough():
            return
