"""Damage, seeded: a file's bytes in, other bytes out. Blind damage (flips, cuts, forged lengths, swapped blocks) stops at the first
checksum or compressed block, so each kind of file also has damage of its own that is packed again rightly: JSON by its tree, Avro
below its codec, deletion vectors with their checksum made anew, Parquet in its footer."""
import gzip
import json
import zlib

EXTREMES = [0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff, (1 << 63) - 1, 1 << 63, (1 << 64) - 1]
NUMBERS = [0, -1, 1, 2, 3, 2**31 - 1, 2**31, -2**31 - 1, 2**53 + 1, 2**63 - 1, 2**63, -2**63, 10**30, 0.5, -0.0, 1e308]
TEXTS = ["", "x", "main", "\x00", "é\ud7ff", "../../../../etc/passwd", "file:///etc/passwd", "s3://", "9" * 400, "decimal(99,99)", "fixed[0]",
         "fixed[99999999999]", "int", "string", "timestamp_ns", "variant", "list", "bucket[0]", "truncate[-1]", "a" * 5000]


# ---- any bytes ----

def flip(r, data):
    at = r.randrange(len(data))
    return data[:at] + bytes([data[at] ^ 1 << r.randrange(8)]) + data[at + 1:]


def scribble(r, data):
    at, size = r.randrange(len(data)), r.randint(1, 8)
    return data[:at] + r.randbytes(size) + data[at + size:]


def cut(r, data):
    return data[:r.randrange(len(data))]


def cut_out(r, data):
    at = r.randrange(len(data))
    return data[:at] + data[at + r.randint(1, max(1, len(data) // 4)):]


def append(r, data):
    return data + (r.randbytes(r.randint(1, 64)) if r.random() < 0.5 else data[-r.randint(1, len(data)):])


def insert(r, data):
    at = r.randrange(len(data))
    return data[:at] + r.randbytes(r.randint(1, 16)) + data[at:]


def blank(r, data):
    at, size = r.randrange(len(data)), r.randint(1, max(1, len(data) // 8))
    return data[:at] + bytes([r.choice([0, 0xff])]) * min(size, len(data) - at) + data[at + size:]


def swap(r, data):
    size = r.randint(1, max(1, len(data) // 4))
    a, b = sorted(r.randrange(max(1, len(data) - size)) for _ in range(2))
    if a + size > b:
        return data[b:] + data[:b]
    return data[:a] + data[b:b + size] + data[a + size:b] + data[a:a + size] + data[b + size:]


def forge(r, data):
    """A number of 1, 2, 4 or 8 bytes, either end first."""
    size = r.choice([1, 2, 4, 8])
    at = r.randrange(len(data))
    number = r.choice(EXTREMES) & ((1 << 8 * size) - 1)
    return data[:at] + number.to_bytes(size, r.choice(["little", "big"])) + data[at + size:]


def forge_varint(r, data):
    at = r.randrange(len(data))
    return data[:at] + varint(r.choice(EXTREMES)) + data[at + 1:]


BLIND = [flip, flip, scribble, scribble, cut, cut_out, append, insert, blank, swap, forge, forge, forge_varint]


def varint(number):
    out = bytearray()
    while number > 0x7f:
        out.append(number & 0x7f | 0x80)
        number >>= 7
    return bytes(out) + bytes([number])


def blind(r, data):
    return r.choice(BLIND)(r, data) if data else r.randbytes(4)


# ---- JSON ----

def _places(tree, found):
    for key in tree if isinstance(tree, dict) else range(len(tree)):
        found.append((tree, key))
        if isinstance(tree[key], (dict, list)):
            _places(tree[key], found)
    return found


def by_tree(r, data):
    tree = json.loads(data)
    places = _places(tree, [])
    holder, key = r.choice(places)
    what = r.randrange(7)
    if what == 0:
        del holder[key]
    elif what == 1:
        other, at = r.choice(places)
        holder[key] = json.loads(json.dumps(other[at]))
    elif what == 2:
        holder[key] = r.choice([None, True, [], {}, [[]], {"": None}, [1] * 5000])
    elif what == 3 and isinstance(holder, list):
        holder.append(holder[key])
    elif isinstance(holder[key], (int, float)):
        holder[key] = r.choice([*NUMBERS, holder[key] + 1, -holder[key], str(holder[key])])
    else:
        holder[key] = r.choice([*NUMBERS, *TEXTS])
    return json.dumps(tree).encode()


def deep(r, data):
    level = r.choice([100, 5000, 200000])
    return data.rstrip()[:-1] + b',"deep":' + b"[" * level + b"]" * level + b"}"


def twice(r, data):
    """A key that stands twice, with two values."""
    tree = json.loads(data)
    key = r.choice(list(tree))
    text = json.dumps({key: r.choice([None, 0, -1, "x", [], {}])})[1:-1]
    return data.rstrip()[:-1] + b"," + text.encode() + b"}"


def metadata(r, data):
    packed = data[:2] == b"\x1f\x8b"
    if packed and r.random() < 0.3:
        return blind(r, data)
    plain = gzip.decompress(data) if packed else data
    plain = r.choice([by_tree, by_tree, by_tree, by_tree, by_tree, twice, deep, blind, blind, blind])(r, plain)
    return gzip.compress(plain, 1, mtime=0) if packed else plain


# ---- Avro ----

def _long(data, at):
    value = shift = 0
    while True:
        value |= (data[at] & 0x7f) << shift
        shift, at = shift + 7, at + 1
        if data[at - 1] < 0x80:
            return (value >> 1) ^ -(value & 1), at


def long_bytes(value):
    return varint((value << 1 ^ value >> 63) & (1 << 64) - 1)


def _header(data):
    """(members in order, where the sync marker begins)"""
    at, out = 4, []
    while True:
        count, at = _long(data, at)
        if count == 0:
            return out, at
        if count < 0:
            count = -count
            _, at = _long(data, at)
        for _ in range(count):
            pair = []
            for _ in range(2):
                size, at = _long(data, at)
                pair.append(data[at:at + size])
                at += size
            out.append(pair)


def _payload(codec, block):
    return zlib.decompressobj(-15).decompress(block) if codec == b"deflate" else block


def below_codec(r, data):
    """The container taken apart and put together again: damage in the rows, in the schema, or in a count."""
    members, at = _header(data)
    sync, at = data[at:at + 16], at + 16
    known = dict((bytes(k), v) for k, v in members)
    codec = known.get(b"avro.codec", b"null")
    if codec not in (b"null", b"deflate"):
        return blind(r, data)
    blocks = []
    while at < len(data):
        count, at = _long(data, at)
        size, at = _long(data, at)
        blocks.append([count, _payload(codec, data[at:at + size])])
        at += size + 16
    where = r.randrange(8)
    if where == 0:
        for pair in members:
            if pair[0] == b"avro.schema":
                pair[1] = by_tree(r, pair[1]) if r.random() < 0.7 else blind(r, pair[1])
    elif where == 1:
        pair = r.choice(members)
        pair[1] = blind(r, pair[1])
    elif where == 2 and blocks:
        r.choice(blocks)[0] = r.choice([0, -1, 1, 2, 1000, 2**31, 2**62, -2**63])
    elif where == 3 and blocks:
        blocks.append(r.choice(blocks)[:])
    elif blocks:
        block = r.choice(blocks)
        block[1] = blind(r, block[1])
    return pack(members, sync, blocks)


def pack(members, sync, blocks):
    """Always without compression."""
    out = bytearray(b"Obj\x01") + long_bytes(len(members))
    for key, value in members:
        if key == b"avro.codec":
            value = b"null"
        out += long_bytes(len(key)) + key + long_bytes(len(value)) + value
    out += b"\0" + sync
    for count, payload in blocks:
        out += long_bytes(count) + long_bytes(len(payload)) + payload + sync
    return bytes(out)


def avro(r, data):
    return below_codec(r, data) if r.random() < 0.7 else blind(r, data)


# ---- deletion vectors ----

def vector(r, data):
    """Inside the bitmap, its checksum right again: the bitmap itself must be looked at."""
    at = data.find(b"\xd1\xd3\x39\x64")
    if at < 4 or r.random() < 0.3:
        return blind(r, data)
    size = int.from_bytes(data[at - 4:at], "big")
    body = data[at + 4:at + size]
    changed = r.choice([flip, scribble, forge, blank, swap])(r, body)
    changed = (changed + bytes(len(body)))[:len(body)]
    crc = zlib.crc32(b"\xd1\xd3\x39\x64" + changed).to_bytes(4, "big")
    return data[:at + 4] + changed + crc + data[at + size + 4:]


# ---- Parquet ----

def parquet(r, data):
    if len(data) < 12 or r.random() < 0.4:
        return blind(r, data)
    size = int.from_bytes(data[-8:-4], "little")
    start = max(4, len(data) - 8 - size)
    footer = r.choice([flip, scribble, forge, forge_varint, blank, swap, cut_out, insert])(r, data[start:-8])
    length = len(footer) if r.random() < 0.8 else r.choice(EXTREMES) & 0xffffffff
    return data[:start] + footer + length.to_bytes(4, "little") + data[-4:]


BY_KIND = {"metadata": metadata, "list": avro, "manifest": avro, "vector": vector, "parquet": parquet, "avro": avro}


def damage(r, kind, data):
    """Other bytes than `data`, or the same should the dice have fallen so."""
    try:
        return BY_KIND[kind](r, data)
    except (ValueError, KeyError, IndexError, zlib.error, OverflowError):
        return blind(r, data)  # nothing to take apart there
