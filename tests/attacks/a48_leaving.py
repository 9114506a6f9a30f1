"""Leaving in the middle: a read that is dropped or cancelled, and cancels of what others read; the next answer in the same worker is the next person's."""
NUMBER, TITLE, DEFENCE = 48, "cancellations and half-read answers", "ticket-principal"
STATEMENTS = []
LONG = "select a.id, a.ssn, a.note, repeat(a.note, 50) as x from alpha.people a, range(30000) r"


def probe(attempt):
    door = attempt.door
    want = attempt.ask("eve", "select * from alpha.people order by id").shape()
    for round_ in range(4):
        for who in ("root", "mal"):
            other = door.connect(who, f"{who}-attack")
            info, reader = door.begin(other, LONG)
            handle = door.execute(attempt.person("eve"), door.prepare(other, LONG + " limit 5"))
            attempt.check(not handle.ok, f"eve runs {who}'s handle: {handle.words()}")
            # eve cannot end it, cannot read on, and gets only what is hers while and after it runs.
            got = door.cancel(attempt.person("eve"), info)
            attempt.check(got != 1, f"eve cancelled what {who} was reading: {got}")
            stolen = door.redeem(attempt.person("eve"), info.endpoints[0].ticket.ticket)
            attempt.check(not stolen.ok, f"eve reads {who}'s running statement: {stolen.words()}")
            attempt.check(attempt.ask("eve", "select * from alpha.people order by id").shape() == want, f"eve's answer changed while {who} read")
            if round_ % 2:
                attempt.check(door.cancel(other, info) in (1, 3, None), "cancelling one's own statement")
            else:
                reader.cancel()
            attempt.check(attempt.ask("eve", "select * from alpha.people order by id").shape() == want, f"eve's answer changed after {who} left")
            attempt.ask("eve", "select count(*), max(note), max(id) from alpha.staff")
            other.close()
