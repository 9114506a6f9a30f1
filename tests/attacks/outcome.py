"""What came back, in a form two answers can be compared in; and what must never stand in it."""
import re

# Markers of hidden things, also upside down, in hex and in base64, and the two ranges of hidden numbers.
MARKERS = re.compile(r"mesh/warehouse/|ZQX|XQZ|5a5158|WlFY|WlFZ|(?<!\d)(?:777|888)\d{6}(?!\d)", re.I)
# Masked e-mail addresses are planted in small letters; the pattern ignores case. These words of ours may be echoed: what eve typed herself.
DEBUG = re.compile(r"\. (?:gRPC client debug context|Client context):.*", re.S)


# Tokens are keyed by domain, so the twins' differ: alone or, cast, as a UUID. The UUIDs that may be seen begin with zeros.
TOKENS = re.compile(r"\b(?!0{8}-)[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")


class Outcome:
    def __init__(self, rows=None, schema="", text="", kind="", headers=""):
        self.rows, self.schema, self.text, self.kind, self.headers = rows, schema, text, kind, headers

    @property
    def ok(self):
        return self.rows is not None

    def shape(self, in_order=False):
        """Comparable: rows as a multiset or in their order, floats to nine digits."""
        if self.ok:
            rows = [repr(rounded(row)) for row in self.rows]
            return ("rows", self.schema, tuple(rows if in_order else sorted(rows)))
        return ("error", self.kind, self.text)

    def everything(self):
        return "\n".join([self.schema, *(repr(row) for row in self.rows or []), self.text, self.headers])

    def words(self):
        return f"{len(self.rows)} rows {repr(self.rows[:2])[:300]}" if self.ok else f"{self.kind}: {self.text[:300]}"


def rounded(value):
    if isinstance(value, float):
        return "nan" if value != value else float(f"{value:.9g}")
    if isinstance(value, (list, tuple)):
        return tuple(rounded(v) for v in value)
    if isinstance(value, dict):
        return tuple((k, rounded(v)) for k, v in value.items())
    return value


def markers(text, asked):
    """Markers in what came back that do not stand in what was asked."""
    text = re.sub(r"(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])", "<id>", text)
    typed = {m.group().lower() for m in MARKERS.finditer(asked)}
    return sorted({text[max(0, m.start() - 10):m.end() + 12] for m in MARKERS.finditer(text) if m.group().lower() not in typed})


def scrub(text, filled):
    """Takes out what differs between two askings on purpose: the names we filled in, request ids, the client's own notes."""
    text = DEBUG.sub("", text)
    text = re.sub(r"\b[0-9a-f]{32}\b", "<id>", text)
    for name, value in sorted(filled.items(), key=lambda item: -len(str(item[1]))):
        text = text.replace(str(value), f"<{name}>")
        if len(str(value)) > 63:  # PostgreSQL cuts names there
            text = text.replace(str(value)[:63], f"<{name}>")
    return TOKENS.sub("<id>", text)  # after the names: files have UUIDs in theirs
