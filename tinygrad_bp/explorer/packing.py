"""A page in few signs, and the script that makes a page of them again."""

from __future__ import annotations

import importlib
import json
import re
import zlib
from collections import Counter
from typing import Any

from tinygrad_bp.explorer.tight import short

# 31 digits for 26 bytes. A digit takes a byte: the small ones are a sign of ASCII each, a large one and the next are a letter of two
# bytes. HTML, JavaScript and JSON escape none of the signs, and no normal form of Unicode changes them.
_BASE = 105
_BYTES, _DIGITS = 26, 31
_POWERS = tuple(_BASE**k for k in reversed(range(_DIGITS)))
_SMALL = "".join(chr(k) for k in range(32, 127) if chr(k) not in '"&<\\')
_LETTERS = (
    (0xA1, 0x2FF), (0x388, 0x482), (0x48A, 0x590), (0x5D0, 0x5EA), (0x61D, 0x64A), (0x66E, 0x66F), (0x671, 0x6D5), (0x6EE, 0x70D),
    (0x712, 0x72F), (0x74D, 0x7A5), (0x7C0, 0x7EA),
)  # fmt: skip
_SIGNS = _SMALL + "".join(chr(k) for first, last in _LETTERS for k in range(first, last + 1))
_ZLIB = 0x78  # with which its files begin, and no other

# A word that comes often is one sign: LZMA finds what comes again, but pays for how far back and how long it is. The first few cost a byte.
# So is what is of more than one byte, such as each sign of Japanese.
_WORD = re.compile(r"[A-Z]?[a-z]{3,}|[^ -~\n]")
_CODES = ((1, 8), (14, 31), (0x100, 0x36F), (0x400, 0x7FF))
_ONE_BYTE = 26

# LZMA, as 7-Zip and Python's lzma.FORMAT_ALONE write it: a sixth smaller than what browsers unpack by themselves. Bits are coded in a range
# by how likely each has been in its place so far; they say a byte, or how far back and how long a piece is that comes again.
_LZMA = """(source) => {
  const [lc, lp, pb] = [source[0] % 9, Math.floor(source[0] / 9) % 5, Math.floor(source[0] / 45)];
  const odds = (count) => new Uint16Array(count).fill(1024);
  let range = 2 ** 32 - 1, code = 0, at = 14;
  for (let k = 0; k < 4; k++) code = code * 256 + source[at++];
  const refill = () => {
    if (range >= 2 ** 24) return;
    range *= 256;
    code = code * 256 + source[at++];
  };
  const bit = (places, k) => {
    const bound = Math.floor(range / 2048) * places[k], one = code >= bound;
    if (one) [range, code] = [range - bound, code - bound];
    else range = bound;
    places[k] += one ? -(places[k] >> 5) : (2048 - places[k]) >> 5;
    refill();
    return Number(one);
  };
  const direct = (count) => {
    let x = 0;
    for (; count; count--) {
      range = Math.floor(range / 2);
      const one = code >= range;
      if (one) code -= range;
      x = x * 2 + Number(one);
      refill();
    }
    return x;
  };
  const tree = (places, count) => {
    let x = 1;
    for (let k = 0; k < count; k++) x = 2 * x + bit(places, x);
    return x - 2 ** count;
  };
  const reversed = (places, from, count) => {
    let x = 0;
    for (let node = 1, k = 0; k < count; k++) {
      const one = bit(places, from + node);
      node = 2 * node + one;
      x += one * 2 ** k;
    }
    return x;
  };
  const lengths = () => {
    const [choice, low, middle, high] = [odds(2), ...[0, 1].map(() => Array.from({ length: 16 }, () => odds(8))), odds(256)];
    return (place) => (!bit(choice, 0) ? tree(low[place], 3) : !bit(choice, 1) ? 8 + tree(middle[place], 3) : 16 + tree(high, 8));
  };
  const [literals, match, rep, g0, g1, g2, long] = [odds(0x300 << (lc + lp)), odds(192), odds(12), odds(12), odds(12), odds(12), odds(192)];
  const [slots, special, align] = [Array.from({ length: 4 }, () => odds(64)), odds(128), odds(16)];
  const [fresh, again] = [lengths(), lengths()];
  const found = [];
  let state = 0, back = [0, 0, 0, 0];
  for (;;) {
    const place = found.length & ((1 << pb) - 1);
    if (!bit(match, 16 * state + place)) {
      const before = found.at(-1) ?? 0;
      const from = 0x300 * (((found.length & ((1 << lp) - 1)) << lc) + (before >> (8 - lc)));
      let x = 1;
      if (state >= 7) {
        for (let guess = found[found.length - back[0] - 1]; x < 256; guess <<= 1) {
          const likely = (guess >> 7) & 1, one = bit(literals, from + ((1 + likely) << 8) + x);
          x = 2 * x + one;
          if (one !== likely) break;
        }
      }
      while (x < 256) x = 2 * x + bit(literals, from + x);
      found.push(x - 256);
      state = state < 4 ? 0 : state < 10 ? state - 3 : state - 6;
      continue;
    }
    let length;
    if (bit(rep, state)) {
      if (!bit(g0, state)) {
        if (!bit(long, 16 * state + place)) {
          state = state < 7 ? 9 : 11;
          found.push(found[found.length - back[0] - 1]);
          continue;
        }
      } else {
        const which = !bit(g1, state) ? 1 : 2 + bit(g2, state);
        back = [back[which], ...back.filter((_, k) => k !== which)];
      }
      length = again(place);
      state = state < 7 ? 8 : 11;
    } else {
      length = fresh(place);
      state = state < 7 ? 7 : 10;
      const slot = tree(slots[Math.min(3, length)], 6), count = (slot >> 1) - 1;
      let far = slot;
      if (slot >= 4) {
        far = (2 + (slot & 1)) * 2 ** count;
        far += slot < 14 ? reversed(special, far - slot, count) : direct(count - 4) * 16 + reversed(align, 0, 4);
      }
      if (far === 2 ** 32 - 1) return Uint8Array.from(found);
      back = [far, ...back.slice(0, 3)];
    }
    for (length += 2; length; length--) found.push(found[found.length - back[0] - 1]);
  }
}"""

# Of signs and a length makes a page; raises an error where a browser cannot.
_UNPACK = """async (packed, length) => {
  const values = new Map(), digits = [], bytes = [], codes = [];
  for (const sign of SMALL) values.set(sign, values.size);
  const small = values.size;
  for (const [first, last] of LETTERS) for (let k = first; k <= last; k++) values.set(String.fromCharCode(k), values.size);
  for (const sign of packed) {
    const k = values.get(sign), both = small * BASE + k - small;
    if (k < small) digits.push(k);
    else digits.push(Math.floor(both / BASE), both % BASE);
  }
  for (let k = 0; k + DIGITS <= digits.length; k += DIGITS) {
    const x = digits.slice(k, k + DIGITS).reduce((x, digit) => x * BASEn + BigInt(digit), 0n);
    for (let j = BYTES - 1; j >= 0; j--) bytes.push(Number((x >> BigInt(8 * j)) & 255n));
  }
  const whole = Uint8Array.from(bytes.slice(0, length));
  let text;
  if (whole[0] !== 0x78) text = new TextDecoder().decode((LZMA)(whole));
  else text = await new Response(new Blob([whole]).stream().pipeThrough(new DecompressionStream("deflate"))).text();
  for (const [first, last] of CODES) for (let k = first; k <= last; k++) codes.push(String.fromCharCode(k));
  const end = text.indexOf(";"), words = new Map(text.slice(0, end).split(",").map((word, k) => [codes[k], word]));
  return text.slice(end + 1).replace(/[^ -~]/g, (sign) => words.get(sign) ?? sign);
}"""


def unpacker() -> str:
    """A function in JavaScript: of what `pack` returns, a promise of the page. The promise fails where a browser cannot unpack it."""
    parts = {
        "BASE": str(_BASE),
        "BASEn": f"{_BASE}n",
        "BYTES": str(_BYTES),
        "DIGITS": str(_DIGITS),
        "SMALL": json.dumps(_SMALL),
        "LETTERS": json.dumps(_LETTERS),
        "CODES": json.dumps(_CODES),
        "LZMA": short(_LZMA),
    }
    return re.sub(rf"\b(?:{'|'.join(parts)})\b", lambda name: parts[name[0]], short(_UNPACK))


def pack(page: str) -> tuple[str, int]:
    """A page in few signs, and how many bytes they stand for."""
    text = _coded(page).encode()
    lzma = _lzma()
    if lzma is None:
        data = zlib.compress(text, 9)
    else:  # pb=0: nothing in text comes every four bytes
        how = [{"id": lzma.FILTER_LZMA1, "preset": 9 | lzma.PRESET_EXTREME, "lc": 2, "lp": 0, "pb": 0, "nice_len": 96}]
        data = lzma.compress(text, format=lzma.FORMAT_ALONE, filters=how)
    return _signs(data), len(data)


def unpack(packed: str, length: int) -> str:
    """The page again."""
    found = _data(packed)[:length]
    return _decoded((zlib.decompress(found) if found[0] == _ZLIB else _lzma().decompress(found)).decode())


def _codes() -> list[str]:
    return [chr(k) for first, last in _CODES for k in range(first, last + 1)]


def _coded(page: str) -> str:
    """The words that have a code, in its order, and the page with the codes in place of the words. A code in the page stands for itself."""
    codes = _codes()
    counts = Counter(_WORD.findall(page))
    saved = {word: (len(word) - 1) * count for word, count in counts.items() if count > 3}
    worth = sorted(sorted(saved, key=lambda word: (-saved[word], word))[: len(codes)], key=lambda word: -counts[word])
    words = iter([*worth[:_ONE_BYTE], *sorted(worth[_ONE_BYTE:])])
    own = set(page).intersection(codes)
    table = {code: code if code in own else next(words, "") for code in codes}
    code_of = {word: code for code, word in table.items()}
    listed = ",".join(table.values()).rstrip(",")
    return f"{listed};" + _WORD.sub(lambda word: code_of.get(word[0], word[0]), page)


def _decoded(text: str) -> str:
    """The page again."""
    listed, _, rest = text.partition(";")
    table = dict(zip(_codes(), listed.split(","), strict=False))
    return re.sub(r"[^ -~]", lambda sign: table.get(sign[0], sign[0]), rest)


def _signs(data: bytes) -> str:
    """Bytes in signs."""
    digits: list[int] = []
    for k in range(0, len(data), _BYTES):
        x = int.from_bytes(data[k : k + _BYTES].ljust(_BYTES, b"\0"), "big")
        digits += [x // power % _BASE for power in _POWERS]
    signs = []
    following = iter(digits)
    for digit in following:
        large = (digit - len(_SMALL)) * _BASE
        signs.append(_SMALL[digit] if large < 0 else _SIGNS[len(_SMALL) + large + next(following, 0)])
    return "".join(signs)


def _data(signs: str) -> bytes:
    """The bytes again, and zeros."""
    digits: list[int] = []
    values = {sign: k for k, sign in enumerate(_SIGNS)}
    for sign in signs:
        k = values[sign]
        digits += [k] if k < len(_SMALL) else divmod(len(_SMALL) * _BASE + k - len(_SMALL), _BASE)
    data = b""
    for k in range(0, len(digits) - _DIGITS + 1, _DIGITS):
        x = 0
        for digit in digits[k : k + _DIGITS]:
            x = x * _BASE + digit
        data += x.to_bytes(_BYTES, "big")
    return data


def _lzma() -> Any:
    """The module; None where Python was built without it."""
    try:
        return importlib.import_module("lzma")
    except ImportError:
        return None
