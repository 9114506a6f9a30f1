"""Attacks 60 to 64: a server of their own over the ledger, of which analysts may see nothing but aggregates.

Eve's 8,000 rows k = 0, 1, ...: id = k, v = v000 to v099 by the last two digits of k, n = k // 10, flag = every third. One row has v003 and n 0.
"""
import shutil

T = "alpha.ledger"
ONE = "(v = 'v003' and n = 0)"  # k = 3, and nobody else
RULE = """---
kind: AggregateRule
name: statistics-only
on: {table: alpha.ledger}
to: {roles: [analyst]}
dimensions: [v, n, flag, region]
measures: [id]
minimum: 10
"""


def run(attempt, sequences):
    """Each sequence by itself, all as one person on a server of her own; `leaked(answers)` says whether they tell too much."""
    def change(folder):
        file = folder / "domains" / "alpha" / "policies" / "ledger.yaml"
        file.write_text(file.read_text() + RULE)
    for what, statements, leaked in sequences:
        folder, server = attempt.own_server(change)
        try:
            with server:
                eve = type(attempt.door)(server).connect("eve", "eve-attack")
                answers = []
                for sql in statements:
                    got = eve.ask(sql.format(T=T, ONE=ONE))
                    answers.append(dict((r[0] if len(r) == 2 else r[:-1] or "all", r[-1]) for r in got.rows) if got.ok else None)
                attempt.check(not leaked(answers), f"{what}: {statements[-1]}: {str(answers)[:300]}")
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        if attempt.attempt.enough():
            return


def both(answers):
    """Were all of them answered, with something?"""
    return all(answers)
