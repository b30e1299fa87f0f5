"""A page in few signs, and the script that makes a page of them again."""

from __future__ import annotations

import importlib
import json
import re
import zlib
from collections import Counter
from collections.abc import Iterable
from typing import Any

from tinygrad_bp.explorer.tight import short

# 31 digits for 26 bytes. A digit takes a byte: the small ones are a sign of ASCII each, a large one and the next are a letter of two
# bytes. HTML, JavaScript and JSON escape none of the signs, and no normal form of Unicode changes them.
_BASE = 105
_BYTES, _DIGITS = 26, 31
_POWERS = tuple(_BASE**k for k in reversed(range(_DIGITS)))
_SMALL = ((32, 33), (35, 37), (39, 59), (61, 91), (93, 126))
_LARGE = (
    (0xA1, 0x2FF), (0x388, 0x482), (0x48A, 0x590), (0x5D0, 0x5EA), (0x61D, 0x64A), (0x66E, 0x66F), (0x671, 0x6D5), (0x6EE, 0x70D),
    (0x712, 0x72F), (0x74D, 0x7A5), (0x7C0, 0x7EA),
)  # fmt: skip
_ZLIB = 0x78  # with which its files begin, and no other

# A word that comes often is one sign: LZMA finds what comes again, but pays for how far back and how long it is. The first few cost a byte.
# So are signs that stand together in scripts, and what is of more than one byte, such as each sign of Japanese.
_WORD = re.compile(r"[A-Z]?[a-z]{3,}|[=!]==|=>|&&|\|\||\?\?|\(\)|\.{3}|[^ -~\n]")
_CODES = ((1, 8), (14, 31), (0x100, 0x36F), (0x400, 0x7FF))
_ONE_BYTE = 26


def _in(ranges: Iterable[tuple[int, int]]) -> list[str]:
    return [chr(k) for first, last in ranges for k in range(first, last + 1)]


_SIGNS, _SMALLS = _in(_SMALL + _LARGE), len(_in(_SMALL))

# LZMA, as 7-Zip and Python's lzma.FORMAT_ALONE write it: a sixth smaller than what browsers unpack by themselves. Bits are coded in a range
# by how likely each has been in its place so far; they say a byte, or how far back and how long a piece is that comes again. A byte's
# place is told by two bits of the one before it, and by no more: nothing in text comes every so many bytes.
_HOW = {"lc": 2, "lp": 0, "pb": 0, "nice_len": 64}
_LZMA = """(source) => {
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
    const [choice, low, middle, high] = [2, 8, 8, 256].map(odds);
    return () => (!bit(choice, 0) ? tree(low, 3) : !bit(choice, 1) ? 8 + tree(middle, 3) : 16 + tree(high, 8));
  };
  const [literals, match, rep, g0, g1, g2, long, special, align] = [3072, 12, 12, 12, 12, 12, 12, 128, 16].map(odds);
  const slots = [64, 64, 64, 64].map(odds);
  const [fresh, again] = [lengths(), lengths()];
  const found = [];
  let state = 0, back = [0, 0, 0, 0];
  for (;;) {
    if (!bit(match, state)) {
      const from = 768 * ((found.at(-1) ?? 0) >> 6);
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
        if (!bit(long, state)) {
          state = state < 7 ? 9 : 11;
          found.push(found[found.length - back[0] - 1]);
          continue;
        }
      } else {
        const which = !bit(g1, state) ? 1 : 2 + bit(g2, state);
        back = [back[which], ...back.filter((_, k) => k !== which)];
      }
      length = again();
      state = state < 7 ? 8 : 11;
    } else {
      length = fresh();
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
  const signs = (ranges) =>
    ranges.flatMap(([first, last]) => Array.from({ length: last + 1 - first }, (_, k) => String.fromCharCode(first + k)));
  const values = new Map(signs(SIGNS).map((sign, k) => [sign, k])), digits = [], bytes = [];
  for (const sign of packed) {
    const k = values.get(sign), both = SMALL * BASE + k - SMALL;
    if (k < SMALL) digits.push(k);
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
  const end = text.indexOf(";"), codes = signs(CODES), words = new Map(text.slice(0, end).split(",").map((word, k) => [codes[k], word]));
  return text.slice(end + 1).replace(/[^ -~]/g, (sign) => words.get(sign) ?? sign);
}"""


def unpacker() -> str:
    """A function in JavaScript: of what `pack` returns, a promise of the page. The promise fails where a browser cannot unpack it."""
    parts = {
        "BASE": str(_BASE),
        "BASEn": f"{_BASE}n",
        "BYTES": str(_BYTES),
        "DIGITS": str(_DIGITS),
        "SMALL": str(_SMALLS),
        "SIGNS": json.dumps(_SMALL + _LARGE, separators=(",", ":")),
        "CODES": json.dumps(_CODES, separators=(",", ":")),
        "LZMA": short(_LZMA),
    }
    return re.sub(rf"\b(?:{'|'.join(parts)})\b", lambda name: parts[name[0]], short(_UNPACK))


def pack(page: str) -> tuple[str, int]:
    """A page in few signs, and how many bytes they stand for."""
    text = _coded(page).encode()
    lzma = _lzma()
    if lzma is None:
        data = zlib.compress(text, 9)
    else:
        how = {"id": lzma.FILTER_LZMA1, "preset": 9 | lzma.PRESET_EXTREME, **_HOW}
        data = lzma.compress(text, format=lzma.FORMAT_ALONE, filters=[how])
    return _signs(data), len(data)


def unpack(packed: str, length: int) -> str:
    """The page again."""
    found = _data(packed)[:length]
    return _decoded((zlib.decompress(found) if found[0] == _ZLIB else _lzma().decompress(found)).decode())


def _coded(page: str) -> str:
    """The words that have a code, in its order, and the page with the codes in place of the words. A code in the page stands for itself."""
    codes = _in(_CODES)
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
    table = dict(zip(_in(_CODES), listed.split(","), strict=False))
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
        large = (digit - _SMALLS) * _BASE
        signs.append(_SIGNS[digit if large < 0 else _SMALLS + large + next(following, 0)])
    return "".join(signs)


def _data(signs: str) -> bytes:
    """The bytes again, and zeros."""
    digits: list[int] = []
    values = {sign: k for k, sign in enumerate(_SIGNS)}
    for sign in signs:
        k = values[sign]
        digits += [k] if k < _SMALLS else divmod(_SMALLS * _BASE + k - _SMALLS, _BASE)
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
