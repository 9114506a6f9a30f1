"""Facts of the request: a purpose that nearly matches, a purpose that is SQL, and a decision that ends between two calls or under a running statement."""
import datetime as dt
import shutil
import time

NUMBER, TITLE = 51, "stated purposes, and decisions that end"
DEFENCE = [("row-rule", "rows for the purpose"), ("decision-end", "after its end")]
BESIDE = True  # most of the time it waits for a minute to end
STATEMENTS = []
PURPOSES = ["fraud", "", "Fraud", "FRAUD", "fraud ", " fraud", "frau", "fraudx", "fraud'", "x' or '1'='1", "fraud' --", "vip", "null", "true", "%", "fra_d", "fr\u0430ud", "a" * 3000, "fraud,other", "fraud;fraud"]
COUNT = "select count(*), max(id) from alpha.claims"


def purposes(attempt):
    want = attempt.ask("eve", COUNT).shape()
    for purpose in PURPOSES:
        for header in ("x-hailstorm-purpose", "x-hailstorm-workspace"):
            got = attempt.door.connect("eve", "eve-attack", headers=[(header, purpose.encode())]).ask(COUNT)
            attempt.check(not got.ok or got.shape() == want, f"rows for the purpose come with {header}: {purpose!r}: {got.words()}")
    # pia has the purpose; it opens the rows that the rule keeps for it while she states it, and no longer.
    stated = attempt.door.connect("pia", "pia-attack", headers=[("x-hailstorm-purpose", "fraud")])
    plain = attempt.door.connect("pia", "pia-attack")
    many, few = (p.ask("select count(*) from alpha.claims").rows for p in (stated, plain))
    attempt.check(many == [(68,)] and few == [(60,)], f"rows for the purpose: {many} with it, {few} without")
    got = attempt.door.redeem(plain, attempt.door.ticket(stated, "select count(*) from alpha.claims"))
    attempt.check(not got.ok or got.rows == few, f"rows for the purpose come by a ticket to a call that states none: {got.words()}")
    got = attempt.door.execute(plain, attempt.door.prepare(stated, "select count(*) from alpha.claims"))
    attempt.check(not got.ok or got.rows == few, f"rows for the purpose come by a handle to a call that states none: {got.words()}")


def next_minute():
    """Time of the next full minute at least eight seconds away."""
    now = dt.datetime.now(dt.timezone.utc)
    return (now + dt.timedelta(seconds=68 if now.second > 52 else 60)).replace(second=0, microsecond=0)


def crossing(attempt):
    """Rows are hers until a minute that comes while a session, a ticket and a long read are open."""
    ends = next_minute()

    def until(folder):
        file = folder / "domains" / "alpha" / "policies" / "ledger.yaml"
        file.write_text(file.read_text() + f"---\nkind: RowRule\nname: until\non: {{table: alpha.ledger}}\nto: {{roles: [analyst]}}\nwhere: \"request.now < timestamp '{ends:%Y-%m-%d %H:%M:%S}+00:00'\"\n")
    folder, server = attempt.own_server(until)
    try:
        with server:
            door = type(attempt.door)(server)
            eve = door.connect("eve", "eve-attack")
            attempt.check(eve.ask("select count(*) from alpha.ledger").rows == [(8000,)], "before its end the decision should show all her rows")
            ticket, handle = door.ticket(eve, "select max(id) from alpha.ledger"), door.prepare(eve, "select max(id) from alpha.ledger")
            _, reader = door.begin(eve, "select a.id, repeat('x', 3000) as x from alpha.ledger a, range(200)")
            time.sleep(max(0, (ends - dt.datetime.now(dt.timezone.utc)).total_seconds()) + 0.3)
            for kind, got in (("session", eve.ask("select max(id) from alpha.ledger")), ("ticket", door.redeem(eve, ticket)), ("handle", door.execute(eve, handle))):
                attempt.check(not got.ok or got.rows == [(None,)], f"a {kind} shows rows after its end: {got.words()}")
            attempt.check(drains(reader), "a statement runs on after its end")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def drains(reader):
    """Does the stream end with an error, and not with all of its rows?"""
    try:
        while True:
            reader.read_chunk()
    except StopIteration:
        return False
    except Exception:
        return True


def probe(attempt):
    purposes(attempt)
    if not attempt.attempt.enough():
        crossing(attempt)
