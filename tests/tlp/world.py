"""What eve may see of alpha, worked out from the rows that were generated and the policy read by a person: no code of the server has a part in it."""
import datetime as dt
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT / "tests" / "attacks"), str(ROOT / "tests" / "lib")]

import mesh  # noqa: E402
import more  # noqa: E402

# Keyed masks: only the server has the key. They are taken from its answer; that they tell nothing is the matter of attacks 15 and 52.
KEYED = {"people": ("token",), "staff": ("token",), "claims": ("code", "acct", "pay"), "ledger": ()}


def person(row):
    out = {k: v for k, v in row.items() if k not in ("sekrat", "bonusa", "loosea", "ghosta")}
    out.update(ssn="*" * (len(row["ssn"]) - 4) + row["ssn"][-4:], salary=None, note="[redacted]", pin="****", email="***@" + row["email"].rpartition("@")[2],
               born=dt.date(row["born"].year, 1, 1), cell=row["cell"] if row["n"] <= 30 else None, nick="[redacted]", tags=["[redacted]"] * len(row["tags"]),
               home={"city": row["home"]["city"], "street": "[redacted]"})
    return out


def claim(row):
    out = dict(row)
    out.update(amount=row["amount"] // 1000 * 1000, score=round(row["score"] * 2) / 2, place=more.PLACES.get(row["place"], "OTHER"), seen=row["seen"].replace(minute=0), plate=re.sub(r"ZQX[A-Z]-[0-9]+", "#", row["plate"]),
               doc=document(row["doc"]), memo=f"call [email] or [card], IBAN [iban], [mark]: {row['id']}", codes=[c for c in row["codes"] if c in ("open", "public")], marks=[m if m in (1, 2, 3) else None for m in row["marks"]])
    return out


def document(text):
    text = re.sub(r'"ssn": "[^"]*"', '"ssn": "[redacted]"', text)
    text = re.sub(r'"number": "[^"]*"', '"number": null', text)
    return re.sub(r'"n\\u0075mber": [0-9]+', r'"n\\u0075mber": null', text)


def booking(row):
    return dict(row, secret="[redacted]", cell=None)


def rows(table):
    """Her rows, by id; keyed columns are left out."""
    if table == "ledger":
        made = [booking(more.booking("alpha", k, False)) for k in range(more.LEDGER // 3)]
    elif table == "claims":
        made = [claim(more.claim("alpha", i, False)) for i in range(60)]
    else:
        made = [person(mesh.row("alpha", i, False)) for i in range(mesh.VISIBLE)]
    return [{k: v for k, v in row.items() if k not in KEYED[table]} for row in made]


def compare(table, got):
    """Differences between what the server shows and what it should show: [(id, column, shown, expected)]."""
    want = {row["id"]: row for row in rows(table)}
    seen = {row["id"]: row for row in got.to_pylist()}
    out = [(i, "row", i in seen, i in want) for i in sorted(want.keys() ^ seen.keys(), key=str)]
    for i in want.keys() & seen.keys():
        shown = {k: v for k, v in seen[i].items() if k not in KEYED[table]}
        out += [(i, k, shown.get(k, "no column"), want[i].get(k, "no column")) for k in shown.keys() | want[i].keys() if shown.get(k, "no column") != want[i].get(k, "no column")]
    if got.num_rows != len(want):
        out.append((None, "rows", got.num_rows, len(want)))
    return out
