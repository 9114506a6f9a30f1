"""Answers in parts, and answers begun before they are asked for: how many parts there are and how many rows lie in each would tell of rows
beside them; a part, and what was begun, are one person's."""
NUMBER, TITLE, DEFENCE = 65, "parts of an answer, and answers that were begun", "one-part"
STATEMENTS = []
TABLES = ["people", "ledger", "staff", "claims"]


def probe(attempt):
    attempt.parts_of_hidden(TABLES)
    attempt.parts_of_others()
    attempt.begun_for_others()
