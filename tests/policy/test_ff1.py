"""FF1 by the book (SP 800-38G, algorithm 7, in whole numbers of any size) against the native: it has two ways, one for halves that are a
number of a machine word and one for longer ones, and the standard's own samples take only the first."""
import hashlib
import hmac
import random

import pytest
from test_masks import natives

ciphers = pytest.importorskip("cryptography.hazmat.primitives.ciphers")
KEY = hmac.new(b"key", b"\xffff1", hashlib.sha256).digest()
ALPHABETS = ["0123456789", "ab", "abcdefghijklmnopqrstuvwxyz", "".join(chr(0x4E00 + i) for i in range(1000))]


def aes(block):
    encryptor = ciphers.Cipher(ciphers.algorithms.AES(KEY), ciphers.modes.ECB()).encryptor()
    return encryptor.update(block)


def mac(data):
    y = bytes(16)
    for i in range(0, len(data), 16):
        y = aes(bytes(a ^ b for a, b in zip(y, data[i:i + 16])))
    return y


def number(numerals, radix):
    value = 0
    for n in numerals:
        value = value * radix + n
    return value


def numerals(value, length, radix):
    out = []
    for _ in range(length):
        value, rest = divmod(value, radix)
        out.append(rest)
    return out[::-1]


def ff1(x, radix, tweak):
    n, t = len(x), len(tweak)
    u, v = n // 2, n - n // 2
    a, b = x[:u], x[u:]
    size = ((radix ** v - 1).bit_length() + 7) // 8
    d = 4 * -(-size // 4) + 4
    p = bytes([1, 2, 1]) + radix.to_bytes(3, "big") + bytes([10, u % 256]) + n.to_bytes(4, "big") + t.to_bytes(4, "big")
    for i in range(10):
        q = tweak + bytes(-(t + size + 1) % 16) + bytes([i]) + number(b, radix).to_bytes(size, "big")
        r = mac(p + q)
        s = (r + b"".join(aes(bytes(m ^ k for m, k in zip(r, j.to_bytes(16, "big")))) for j in range(1, -(-d // 16))))[:d]
        m = u if i % 2 == 0 else v
        a, b = b, numerals((number(a, radix) + int.from_bytes(s, "big")) % radix ** m, m, radix)
    return a + b


@pytest.mark.parametrize("alphabet", ALPHABETS, ids=["ten", "two", "twenty-six", "a thousand"])
def test_every_length_is_by_the_book(alphabet):
    radix = len(alphabet)
    draw = random.Random(radix)
    least = next(n for n in range(2, 32) if radix ** n >= 1000000)
    for length in range(least, 129):
        tweak = "x" * draw.choice([0, 0, 1, 15, 16, 40])
        x = [draw.randrange(radix) for _ in range(length)]
        fields = ["sales", "", tweak, alphabet, "0"]
        setup = "".join(f"{len(f.encode())}:{f}," for f in fields)
        shown = natives().call("hs_mask_ff1", setup, "".join(alphabet[i] for i in x))
        assert shown == "".join(alphabet[i] for i in ff1(x, radix, tweak.encode())), (length, tweak)
