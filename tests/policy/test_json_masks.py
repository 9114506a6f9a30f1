"""Masks on paths inside JSON text, against Python's own reader: masked values are gone wherever they stood, every other
byte is what it was, and what is no document is hidden whole."""
import json
import random

import pytest
from test_masks import natives

HIDDEN = '"[redacted]"'


def field(text):
    return f"{len(text.encode())}:{text},"


def setup(*rules):
    return "".join(field(path) + field(name) + field(inner) for path, name, inner in rules)


def masked(text, *rules, which=-1):
    return natives().call("hs_mask_json", setup(*rules), text, which)


NULLIFY = ("nullify", "")
LAST = ("show-last-n", field("2"))


@pytest.mark.parametrize("text, path, function, expected", [
    ('{"ssn": "123456", "n": 1.50}', "$.ssn", NULLIFY, '{"ssn": null, "n": 1.50}'),
    ('{"ssn":"123456","ssn":"654321"}', "$.ssn", LAST, '{"ssn":"****56","ssn":"****21"}'),
    ('{"\\u0073sn": "123456"}', "$.ssn", LAST, '{"\\u0073sn": "****56"}'),
    ('{"ssn": {"part": [1, 2]}}', "$.ssn", LAST, '{"ssn": null}'),
    ('{"ssn": 12.5e3}', "$.ssn", NULLIFY, '{"ssn": null}'),
    (' [ {"a" : 1} , {"a":2,"b":1e400} ] ', "$[*].a", NULLIFY, ' [ {"a" : null} , {"a":null,"b":1e400} ] '),
    ('[[1,2],[3]]', "$[0][1]", NULLIFY, '[[1,null],[3]]'),
    ('{"a": "x\\"y\\n\\u00e9\\ud83d\\ude00z"}', "$.a", ("show-first-n", field("6")), '{"a": "x\\"y\\u000a\u00e9\U0001F600*"}'),
    ('{"full name": "Ana"}', '$["full name"]', ("redact", ""), '{"full name": "[redacted]"}'),
    ('{"a.b": 1, "a": {"b": 2}}', "$.a.b", NULLIFY, '{"a.b": 1, "a": {"b": null}}'),
    ('{"mail": "ana@example.org"}', "$.mail", ("keep-domain", ""), '{"mail": "***@example.org"}'),
    ('{"n": "call 0316-4455 \\u0031\\u0032"}', "$.n", ("replace-pattern", field("(?:[0-9]{2,4})") + field("#\\")), '{"n": "call #\\\\-#\\\\ #\\\\"}'),
    ('{"n": "k-17, mail ana@example.org"}', "$.n", ("redact-text", field("2") + field("0") + field("(?:k\\-[0-9]+)") + field("[number]")),
     '{"n": "[number], mail [email]"}'),
    ('{"n": 17}', "$.n", ("replace-pattern", field("(?:7)") + field("x")), '{"n": null}'),
    ('{"n": "17"', "$.n", ("replace-pattern", field("(?:7)") + field("x")), HIDDEN),
    ('{"ssn": null}', "$.ssn", LAST, '{"ssn": null}'),
    ('"text"', "$.a", NULLIFY, HIDDEN),
    ('[{"ssn": "123"}]', "$.ssn", NULLIFY, HIDDEN),
    ('{"ssn": "123"}', "$[*].ssn", NULLIFY, HIDDEN),
    ('"{\\"ssn\\":\\"123\\"}"', "$.ssn", NULLIFY, HIDDEN),
    ('{"customer": [{"ssn": "123"}], "n": 1}', "$.customer.ssn", NULLIFY, '{"customer": null, "n": 1}'),
    ('{"customer": "{\\"ssn\\":1}"}', "$.customer.ssn", NULLIFY, '{"customer": null}'),
    ('{"customer": {"0": {"ssn": 1}}}', "$.customer[*].ssn", NULLIFY, '{"customer": null}'),
    ('{"customer": 5, "b": [1]}', "$.customer.ssn", NULLIFY, '{"customer": 5, "b": [1]}'),
    ('{"customer": null}', "$.customer.ssn", NULLIFY, '{"customer": null}'),
    ('{"customer": "{\\"ssn\\":1}" x}', "$.customer.ssn", NULLIFY, HIDDEN),
    ('[]', "$.a", NULLIFY, HIDDEN),
    ("0", "$.a", NULLIFY, "0"),
    ('{"A": 1}', "$.a", NULLIFY, '{"A": 1}'),
    ('{"a": {}}', "$.a.b", NULLIFY, '{"a": {}}'),
])
def test_paths(text, path, function, expected):
    assert masked(text, (path, *function)) == expected


@pytest.mark.parametrize("text", [
    "", " ", "{", '{"a"}', '{"a":1,}', "[1,]", "01", "1.", ".5", "-", "+1", "NaN", "tru", "nulll", "{'a':1}", '"\t"', '"\\x"',
    '"\\u12"', '"\\ud800"', '"\\udc00x"', '{"a":1} x', "[1 2]", "// c\n1", '{"ssn":"1"', "\ufeff{}", "{} {}", "[" * 70 + "]" * 70,
    '{"a":1 "ssn":"2"}', '"\\', '"', "1e", "1e+", "--1", "{1:2}", '{"ssn":"a"}\x01',
])
def test_malformed(text):
    assert masked(text, ("$.ssn", *NULLIFY)) == HIDDEN


def test_several_paths():
    text = '{"id": 7, "ssn": "123456", "cards": [{"number": "4111111111111111", "until": "12/27"}]}'
    rules = [("$.ssn", *NULLIFY), ("$.cards[*].number", *LAST), ("$.id", "hmac-token", "0:,0:,")]
    assert json.loads(masked(text, *rules)) == {"id": None, "ssn": None,
                                                "cards": [{"number": "**************11", "until": "12/27"}]}
    token = json.loads(masked('{"id": "7"}', *rules))["id"]
    assert token == natives().call("hs_mask_hmac_token", "0:,0:,", "7")


def test_rules_that_apply():
    rules = [("$.a", *NULLIFY), ("$.b", *LAST)]
    text = '{"a": 1, "b": "123"}'
    assert masked(text, *rules, which=1) == '{"a": null, "b": "123"}'
    assert masked(text, *rules, which=2) == '{"a": 1, "b": "*23"}'
    assert masked(text, *rules, which=3) == '{"a": null, "b": "*23"}'
    assert masked(text, *rules, which=-1) == '{"a": null, "b": "*23"}'
    for other in ("", "no document", "[1", '"x"'):  # no rule applies: the text is what it is
        assert masked(other, *rules, which=0) == masked(other, *rules, which=4) == other
        assert masked(other, *rules, which=1) == HIDDEN


def test_both_shapes():
    """Who gives a path for either shape sees the rest of both."""
    one, many = ("$.c.ssn", *NULLIFY), ("$.c[*].ssn", *NULLIFY)
    assert masked('{"c": [{"ssn": 1, "n": 2}]}', one, many) == '{"c": [{"ssn": null, "n": 2}]}'
    assert masked('{"c": {"ssn": 1, "n": 2}}', one, many) == '{"c": {"ssn": null, "n": 2}}'
    assert masked('{"c": "x"}', one, many) == '{"c": null}'
    assert masked('{"c": [[{"ssn": 1}]]}', one, many) == '{"c": [null]}'
    assert masked('{"c": [{"ssn": 1}]}', one, ("$.c[0].ssn", *NULLIFY)) == '{"c": null}'  # only the first of them
    assert masked('{"c": [{"ssn": 1}]}', one, ("$.c[*].name", *NULLIFY)) == '{"c": null}'
    assert masked('[{"ssn": 1}]', ("$.ssn", *NULLIFY), ("$[*].ssn", *NULLIFY)) == '[{"ssn": null}]'


def document(rng, depth):
    kind = rng.randrange(8 if depth < 5 else 5)
    if kind >= 6:
        return {rng.choice("abc\u00e9\"\\"): document(rng, depth + 1) for _ in range(rng.randrange(5))}
    if kind == 5:
        return [document(rng, depth + 1) for _ in range(rng.randrange(5))]
    return rng.choice([None, True, 12, -3.25, 1e300, "secret", "s\u00e9\n\U0001F600", ""])


def expected(value, steps):
    if not steps:
        return None
    if isinstance(value, dict) and isinstance(steps[0], str):
        return {k: expected(v, steps[1:]) if k == steps[0] else v for k, v in value.items()}
    if isinstance(value, list) and isinstance(steps[0], int):
        return [expected(v, steps[1:]) if steps[0] in (-1, i) else v for i, v in enumerate(value)]
    return None if isinstance(value, (str, list, dict)) else value


def shown(value, steps):
    astray = isinstance(value, str) or (isinstance(value, list) and isinstance(steps[0], str)) or (isinstance(value, dict) and isinstance(steps[0], int))
    return json.loads(HIDDEN) if astray else expected(value, steps)


def test_at_random():
    rng = random.Random(7)
    for _ in range(3000):
        value = document(rng, 0)
        steps = [rng.choice(["a", "b", "c", "\u00e9", 0, 1, -1]) for _ in range(rng.randrange(1, 4))]
        path = "$" + "".join(f'["{s}"]' if isinstance(s, str) else f"[{'*' if s < 0 else s}]" for s in steps)
        text = json.dumps(value, ensure_ascii=rng.random() < 0.5, indent=rng.choice([None, 1]))
        assert json.loads(masked(text, (path, *NULLIFY))) == shown(value, steps)
        assert masked(text, ("$.nobody", *NULLIFY)) == (HIDDEN if isinstance(value, (str, list)) else text)
        broken = list(text)
        broken[rng.randrange(len(broken))] = rng.choice('{}[]",:\\x0')
        broken = "".join(broken)
        try:
            json.loads(broken, parse_constant=lambda _: 1 / 0)
            fine = True
        except (ValueError, ZeroDivisionError):
            fine = False
        if not fine:
            assert masked(broken, (path, *NULLIFY)) == HIDDEN
