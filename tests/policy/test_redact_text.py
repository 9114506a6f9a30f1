"""How well redact-text finds things: a labelled set made here, of sentences with one thing each, and of traps (order
numbers, dates, times, versions, hashes, amounts) that hold none. A thing counts as found when nothing of it is left, a
trap as respected when not a character of it changed. Printed with `pytest -s`."""
import hashlib
import random
import re
import uuid

from test_masks import natives

KINDS = ("email", "iban", "ip", "card", "phone")
COUNT = 400


def redact(text, bits=62, stars=0):
    def field(n):
        return f"{len(str(n))}:{n},"
    return natives().call("hs_mask_redact_text", field(bits) + field(stars), text)


def digits(rng, n):
    return "".join(rng.choice("0123456789") for _ in range(n))


def luhn(body):
    total = sum(sum(divmod(2 * int(d), 10)) if i % 2 == 0 else int(d) for i, d in enumerate(reversed(body)))
    return body + str(-total % 10)


def card(rng):
    prefix, n = rng.choice([("4", 16), ("51", 16), ("55", 16), ("2221", 16), ("34", 15), ("37", 15), ("6011", 16), ("3530", 16),
                            ("36", 14), ("62", 16), ("4", 19), ("6304", 16)])
    number = luhn(prefix + digits(rng, n - len(prefix) - 1))
    sign = rng.choice(["", "", " ", "-", ".", "\u00a0", "\u2011", " - "])
    size = [4, 6, 5] if n == 15 else [4, 6, 4] if n == 14 else [4] * 5
    parts, at = [], 0
    for s in size:
        parts.append(number[at:at + s])
        at += s
    return sign.join(p for p in parts if p)


def iban(rng):
    country, n = rng.choice([("AT", 16), ("DE", 18), ("GB", None), ("FR", 23), ("CH", 17), ("NL", None), ("PL", 24), ("NO", 11)])
    body = {"GB": "NWBK" + digits(rng, 14), "NL": "ABNA" + digits(rng, 10)}.get(country) or digits(rng, n)
    number = "".join(str(int(c, 36)) for c in body + country + "00")
    text = f"{country}{98 - int(number) % 97:02}{body}"
    text = rng.choice([text, text.lower(), " ".join(text[i:i + 4] for i in range(0, len(text), 4)),
                       "-".join(text[i:i + 4] for i in range(0, len(text), 4))])
    return text


def email(rng):
    name = rng.choice(["ana", "j.smith", "anna-lena.m\u00fcller", "o'brien", "x_y+tag", "info", "a.b.c", "\u4f60\u597d"])
    host = rng.choice(["example.org", "mail.example.co.uk", "x-y.de", "b\u00fccher.example", "sub.domain.museum"])
    return name + rng.choice(["@", "@", "@", "\uff20"]) + host


def ip(rng):
    if rng.random() < 0.6:
        return ".".join(str(rng.randrange(256)) for _ in range(4))
    groups = [f"{rng.randrange(65536):x}" for _ in range(8)]
    if rng.random() < 0.5:
        return ":".join(groups)
    return ":".join(groups[:rng.randrange(1, 4)]) + "::1:" + ":".join(groups[:rng.randrange(1, 3)])


def phone(rng):
    def d(n):
        return digits(rng, n)
    return rng.choice([
        f"+43 {rng.randrange(1, 10)}{d(2)} {d(6)}", f"+49 (0){rng.randrange(1, 10)}{d(2)} {d(4)}-{d(2)}", f"+1-2{d(2)}-{rng.randrange(2, 10)}{d(2)}-{d(4)}",
        f"+4366{d(9)}", f"00 44 20 {d(4)} {d(4)}", f"0{rng.randrange(1, 10)}{d(2)} {d(4)}-{d(2)}", f"0{rng.randrange(1, 10)}{d(2)}/{d(7)}",
        f"({rng.randrange(2, 10)}{d(2)}) {rng.randrange(2, 10)}{d(2)}-{d(4)}", f"{rng.randrange(2, 10)}{d(2)}-{rng.randrange(2, 10)}{d(2)}-{d(4)}",
        f"0{rng.randrange(1, 6)} {d(2)} {d(2)} {d(2)} {d(2)}", f"(0{rng.randrange(1, 10)}{d(2)}) {d(6)}", f"0{rng.randrange(1, 10)}{d(2)} {d(7)}"])


FRAMES = ["{}", "please write to {} today", "{} was given by the caller", "the customer said: {}.", "see ({}) and close",
          "a, {}, b", "Nr. {}; danke", "\u201e{}\u201c", "line\n{}\nline", "<{}>"]


def trap(rng):
    def d(n):
        return digits(rng, n)
    plain = d(16)  # one in thirty of these cannot be told from a card number: issuer and checksum are right
    day, month, year = rng.randrange(1, 29), rng.randrange(1, 13), rng.randrange(1990, 2030)
    return rng.choice([
        f"order {plain}", f"order no. {rng.choice('1789')}{d(9)}", f"invoice 2026-{d(6)}", f"{day:02}.{month:02}.{year}", f"{year}-{month:02}-{day:02}",
        f"{day:02}/{month:02}/{year}", f"{year}-{month:02}-{day:02}T{day % 24:02}:{month:02}:{day:02}.{d(6)}Z", f"at {day % 24:02}:{month:02}:00",
        f"{day:02}.{month:02}.{year} {day % 24:02}:{month:02}", f"version {day}.{month}.{year % 100}.{day}", f"v1.{month}.{day}", f"release 10.0.{d(5)}.{d(3)}",
        hashlib.sha256(plain.encode()).hexdigest(), hashlib.md5(plain.encode()).hexdigest(), str(uuid.UUID(int=rng.getrandbits(128), version=4)),
        f"EUR {d(2)}.{d(3)},{d(2)}", f"{d(3)} x {d(4)} mm", f"ISBN 978-{d(1)}-{d(3)}-{d(5)}-{d(1)}", f"AT61 {d(4)} street", f"user@host", f"@handle and #{d(6)}",
        f"DE{d(6)}", f"lat 47.07{d(4)}, lon 15.43{d(4)}", f"aa:bb:cc:{d(2)}:ee:ff", "std::vector<int> a::b", f"ticket 00{d(6)}", f"{d(4)} {d(4)}",
        f"article {d(3)}-{d(3)}", f"page {d(2)}-{d(2)}", "1.000.000.000", f"0.{d(12)}", f"SKU-{d(8)}-{d(4)}", f"{d(13)}", f"{year} {year + 1} {year + 2}"])


def test_precision_and_recall():
    rng = random.Random(20261121)
    figures = {}
    for kind in KINDS:
        found = right = 0
        for _ in range(COUNT):
            thing = globals()[kind](rng)
            frame = rng.choice(FRAMES)
            shown = redact(frame.format(thing))
            found += shown == frame.format(f"[{kind}]")
            right += bool(re.search(r"\[\w+\]", shown)) and not any(c.isdigit() or c == "@" for c in shown)
        figures[kind] = (found / COUNT, right / COUNT)
    changed = {}
    for _ in range(4 * COUNT):
        text = rng.choice(FRAMES).format(trap(rng))
        if redact(text) != text:
            changed[text] = redact(text)
    hits = sum(round(f[1] * COUNT) for f in figures.values())
    precision = hits / (hits + len(changed))
    for kind, (exact, gone) in figures.items():
        print(f"{kind}: gone {gone:.3f}, with the right label {exact:.3f} of {COUNT}")
    print(f"traps changed: {len(changed)} of {4 * COUNT}; precision {precision:.4f}")
    for text, shown in list(changed.items())[:12]:
        print("   ", repr(text), "->", repr(shown))
    assert all(gone >= 0.97 and exact >= 0.95 for exact, gone in figures.values())
    assert precision >= 0.97


def test_long_texts_cost_what_their_length_is():
    """A million characters of what each recogniser likes to begin with."""
    import time
    spent = []
    for n in (100_000, 400_000):
        text = "".join(random.Random(1).choice("+0(4 AT61@1.:f-") for _ in range(n))
        wall = time.monotonic()
        redact(text)
        spent.append(time.monotonic() - wall)
    assert spent[1] < 12 * spent[0] + 0.5


def test_kinds_and_stars():
    text = "4111111111111111 ana@example.org"
    assert redact(text, 1 << 4) == "[card] ana@example.org"
    assert redact(text, 62, 1) == "*" * 16 + " " + "*" * 15
    assert redact("4\u200b111111111111111") == "[card]"
    assert redact("no one \u00e9\u00e8") == "no one \u00e9\u00e8"


def test_neighbours():
    """Scripts that are written without spaces end no word, and what has a checksum needs no end of one."""
    card_number, iban_number = "4111111111111111", "AT611904300234573201"
    for before, after in (("\u53f7\u7801", "\u8c22\u8c22"), ("\u0440\u0430\u0437 ", "."), ("\u0e42\u0e17\u0e23", "\u0e04\u0e23\u0e31\u0e1a"), ("\u0628\u0637\u0627\u0642\u0629", "\u0634"),
                          ("\u30ab\u30fc\u30c9", "\u3067\u3059"), ("\uce74\ub4dc", "\uc785\ub2c8\ub2e4")):
        for thing, label in ((card_number, "card"), (iban_number, "iban"), ("192.168.1.17", "ip"), ("+43 316 445512", "phone")):
            assert redact(before + thing + after) == f"{before}[{label}]{after}"
    for before, after in (("card", "x"), ("IBAN", "end"), ("\u043d\u043e\u043c\u0435\u0440", "\u0430"), ("\u00e9", "\u00e9"), ("_", "_")):
        assert redact(before + card_number + after) == f"{before}[card]{after}"
        assert redact(before + iban_number + after) == f"{before}[iban]{after}"
    assert redact("\x01192.168.1.17\x03") == "\x01[ip]\x03"
    assert redact("7" + card_number) == "7" + card_number  # another number
    assert redact("v192.168.1.17") == "v192.168.1.17"      # a word of Latin letters goes on


def test_digits_of_every_script():
    import sys
    import unicodedata
    zeros = [c for c in range(sys.maxunicode + 1) if unicodedata.category(chr(c)) == "Nd" and unicodedata.digit(chr(c)) == 0]
    assert len(zeros) > 60
    for zero in zeros:
        assert redact("".join(chr(zero + int(d)) for d in "4111111111111111")) == "[card]", hex(zero)


def test_quoted_addresses():
    assert redact('"john smith"@example.org') == "[email]"
    assert redact('to "j \\"x\\" s"@example.org, now') == "to [email], now"
    assert redact('say "hello" to ana@example.org') == 'say "hello" to [email]'
    assert redact('"@example') == '"@example'
