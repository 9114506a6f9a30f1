"""The matcher for patterns inside JSON text against two engines that share no code with it: DuckDB's regexp_replace, which
the same masks use on columns, and Python's re. Patterns are made at random in the normal form that pattern.c writes."""
import random
import re

import duckdb
from test_masks import natives

ALPHABET = "abcx1-_\u00e9\u4e2d\U0001F600 \n"


def literal(r):
    c = r.choice(ALPHABET)
    return "\\n" if c == "\n" else "\\" + c if c in "- " and c != " " else c


def char_class(r):
    parts = [r.choice(("a-c", "0-9", "x", "\\-", "\u00e9", "\u4e00-\u9fff", "\\n")) for _ in range(r.randint(1, 3))]
    return "[" + r.choice(("", "", "^")) + "".join(parts) + "]"


def atom(r, depth):
    """Text, and whether it can match nothing."""
    kind = r.randint(0, 5 if depth < 3 else 3)
    if kind > 3:
        text, empty = alternatives(r, depth + 1)
        return f"(?:{text})", empty
    return (char_class(r) if kind == 3 else literal(r)), False


def sequence(r, depth):
    parts, all_empty = [], True
    for _ in range(r.randint(1, 3)):
        text, empty = atom(r, depth)
        repeat = r.choice(("", "", "", "*", "+", "?", "{2}", "{1,3}", "{2,}", "{0,2}")) if not empty else ""
        parts.append(text + repeat)
        all_empty = all_empty and (empty or repeat in ("*", "?", "{0,2}"))
    return "".join(parts), all_empty


def alternatives(r, depth=0):
    made = [sequence(r, depth) for _ in range(r.choice((1, 1, 2, 3)))]
    return "|".join(text for text, _ in made), any(empty for _, empty in made)


def pattern(r):
    while True:
        text, empty = alternatives(r)
        if not empty:
            return r.choice(("", "", "", "\\A")) + f"(?:{text})" + r.choice(("", "", "", "\\z"))


def field(text):
    return f"{len(text.encode())}:{text},"


def native(normal, text, with_):
    return natives().call("hs_mask_replace_pattern", field(normal) + field(with_), text)


def test_the_same_matches():
    r, con, changed = random.Random(5), duckdb.connect(), 0
    for _ in range(3000):
        normal = pattern(r)
        texts = ["".join(r.choice(ALPHABET if r.random() < 0.4 else "abc1") for _ in range(r.randint(0, 24))) for _ in range(4)]
        for text in texts:
            ours = native(normal, text, "<>")
            theirs = con.execute("select regexp_replace(?, ?, '<>', 'g')", [text, normal]).fetchone()[0]
            assert ours == theirs, (normal, text)
            assert ours == re.sub(normal.replace("\\z", "\\Z"), "<>", text), (normal, text)
            changed += ours != text
    assert changed > 2000
