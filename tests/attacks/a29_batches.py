"""Where the pieces of an answer end, what a plan says of its size, and what lies in the bytes beside the values: none of it may know of rows
that are not there. A chunk of a scan is what a rule leaves of 2,048 rows, so batches that end with chunks count the hidden rows between."""
NUMBER, TITLE, DEFENCE = 29, "where batches end, and the bytes between values", "batch-ends"
STATEMENTS = []
TEXTS = ["select id, repeat('x', 300) as x from {}.ledger", "select id, repeat('x', 3000) as x from {}.ledger", "select * from {}.ledger", "select id, v, repeat(v, 90) from {}.ledger where flag", "select id, v, repeat(v, 60) from {}.ledger where id % 2 = 0",
         "select a.id, repeat('y', 200) from {}.ledger a join {}.people b on a.n = b.id", "select id, repeat('x', 400) as x from {}.ledger limit 7000", "select unnest([id, n]) as i, repeat('z', 200) from {}.ledger", "select id, repeat('x', 300) as x from {}.ledger union all select id, v from {}.people"]


def probe(attempt):
    eve = attempt.person("eve")
    for text in TEXTS:
        alpha, omega = (attempt.door.pieces(eve, text.replace("{}", d)) for d in ("alpha", "omega"))
        attempt.check(alpha == omega, f"batches differ for {text}: {alpha[0][:12]} {alpha[1]} against {omega[0][:12]} {omega[1]}")
        attempt.check(alpha[1][1] in (-1, 0) or alpha[1] == omega[1], f"a plan tells how many rows come: {alpha[1]}")
    # Below NULLs, in the padding and in dictionaries lies nothing: masks that hide by NULL, list elements that are left out.
    for text in ("select cell, salary, tags, home from alpha.people", "select marks, codes, amount from alpha.claims", "select case when n < 30 then ssn end, nullif(note, note) from alpha.people", "select id, cell, secret from alpha.ledger", "select distinct nick, pin from alpha.staff"):
        data = attempt.door.raw_bytes(eve, text)
        found = [m for m in (b"ZQX", b"XQZ") if m in data]
        numbers = [at for at in range(0, len(data) - 7, 8) if 777000000 <= int.from_bytes(data[at:at + 8], "little") < 779000000]
        attempt.check(not found and not numbers, f"bytes of hidden values travel beside the answer to {text}: {found} {numbers[:5]}")
