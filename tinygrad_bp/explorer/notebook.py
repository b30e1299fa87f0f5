"""A page as the output of a notebook's cell: packed, since a notebook holds each output that it shows, and as high as what is in it."""

from __future__ import annotations

import html
import importlib
import json
import re
import zlib
from itertools import product
from string import ascii_letters, digits
from typing import Any

from tinygrad_bp.explorer.tight import tight

HEIGHT = 760  # px, until the page says how high it is
LEAST, MOST = 320, 2000  # px; what is longer scrolls inside

# Six digits for five bytes. A digit takes a byte: the small ones are a sign of ASCII each, a large one and the next are a letter of two
# bytes. HTML, JavaScript and JSON escape none of the signs, and no normal form of Unicode changes them.
_BASE = 102
_SMALL = "".join(chr(k) for k in range(32, 127) if chr(k) not in '"&<\\')
_LETTERS = ((0xA1, 0x2FF), (0x388, 0x482), (0x48A, 0x590), (0x5D0, 0x5EA))
_SIGNS = _SMALL + "".join(chr(k) for first, last in _LETTERS for k in range(first, last + 1))
_ZLIB = 0x78  # with which its files begin, and no other

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

# Unpacks the page in its frame, and tells the notebook how high it is: when it is there, and when it became wider or narrower, not
# when it became higher, which this itself brings about.
_LOADER = """<!doctype html><meta charset="utf-8"><p></p><script>
(async () => {
  await new Promise((done) => addEventListener("load", () => setTimeout(done))); // else the page would be written into this one
  const packed = PACKED, values = new Map(), digits = [], bytes = [];
  for (const sign of SMALL) values.set(sign, values.size);
  const small = values.size;
  for (const [first, last] of LETTERS) for (let k = first; k <= last; k++) values.set(String.fromCharCode(k), values.size);
  for (const sign of packed) {
    const k = values.get(sign), both = small * BASE + k - small;
    if (k < small) digits.push(k);
    else digits.push(Math.floor(both / BASE), both % BASE);
  }
  for (let k = 0; k + 6 <= digits.length; k += 6) {
    const x = digits.slice(k, k + 6).reduce((x, digit) => x * BASE + digit);
    for (let j = 4; j >= 0; j--) bytes.push(Math.floor(x / 256 ** j) % 256);
  }
  let page;
  try {
    const whole = Uint8Array.from(bytes.slice(0, LENGTH));
    if (whole[0] !== 0x78) page = new TextDecoder().decode((LZMA)(whole));
    else page = await new Response(new Blob([whole]).stream().pipeThrough(new DecompressionStream("deflate"))).text();
  } catch {
    document.querySelector("p").textContent = OLD;
    return;
  }
  let width = 0;
  const tell = () => {
    if (innerWidth === width) return;
    width = innerWidth;
    const height = () => document.body.getBoundingClientRect().bottom + scrollY + parseFloat(getComputedStyle(document.body).marginBottom);
    requestAnimationFrame(() => requestAnimationFrame(() => parent.postMessage({ tinygradBpHeight: height() }, "*")));
  };
  document.open();
  document.write(page);
  document.close();
  addEventListener("load", tell);
  addEventListener("resize", tell);
})();
</script>"""

# In the notebook, once however many pages it shows. A frame is believed about its own height alone.
_LISTENER = """<script>
window.tinygradBpListens ||= (addEventListener("message", ({ source, data }) => {
  const height = Number(data?.tinygradBpHeight);
  if (!(height > 0)) return;
  for (const frame of document.querySelectorAll("iframe.tinygrad-bp"))
    if (frame.contentWindow === source) frame.style.height = `${Math.min(MOST, Math.max(LEAST, Math.ceil(height)))}px`;
}), true);
</script>"""


def cell(page: str, title: str, old: str, untrusted: str) -> str:
    """The output of a cell that shows a page, with a title for who does not see it.

    `old` is said where a browser cannot unpack it, and `untrusted` where a notebook takes out its frame: what stands in a frame no browser
    shows, and what cleans HTML leaves its text.
    """
    packed, length = pack(page)
    parts = {
        "BASE": str(_BASE),
        "SMALL": json.dumps(_SMALL),
        "LETTERS": json.dumps(_LETTERS),
        "PACKED": json.dumps(packed, ensure_ascii=False),
        "LENGTH": str(length),
        "LZMA": _short(_renamed(_LZMA)),
        "OLD": _script(old),
    }
    # In one pass: nothing that is put in place is looked at again.
    loader = re.sub(
        r"\b(?:BASE|SMALL|LETTERS|PACKED|LENGTH|LZMA|OLD)\b", lambda name: parts[name[0]], _short(_renamed(_LOADER))
    )
    return (
        f'<iframe class="tinygrad-bp" srcdoc="{_attribute(loader)}" title="{html.escape(title)}" '
        'sandbox="allow-scripts allow-downloads" allow="clipboard-write *" '
        f'style="width: 100%; height: {HEIGHT}px; border: 0">{html.escape(untrusted)}</iframe>'
        + _short(_LISTENER).replace("MOST", str(MOST)).replace("LEAST", str(LEAST))
    )


def _short(script: str) -> str:
    """A script without its indentation, remarks and most of its spaces."""
    return tight(re.sub(r"^ +| // .*$", "", script, flags=re.MULTILINE), "=*<>?:&|,{}();")


def _renamed(script: str) -> str:
    """The script with short names for those that it declares and that are nowhere an attribute or a key in it."""
    declared = re.findall(
        r"(?:const|let|,) (\w+) = |(?:const|let) (\w+)|(?:const|let) \[([^\]]*)\]|\(([\w, ]+)\) =>", script
    )
    words = re.findall(r"[\w.]+:?", script)
    foreign = {part for word in words for part in word.rstrip(":").split(".")[1:]}
    foreign |= {word[:-1] for word in words if word.endswith(":")}
    own = {name for found in declared for name in re.findall(r"\w\w+", " ".join(found))} - foreign
    free = (name for name in (*ascii_letters, *map("".join, product(ascii_letters, digits))) if name not in words)
    names = dict(zip(sorted(own, key=lambda name: (-words.count(name), name)), free, strict=False))
    return re.sub(r"\w+", lambda name: names.get(name[0], name[0]), script)


def pack(page: str) -> tuple[str, int]:
    """A page in few signs, and how many bytes they stand for."""
    lzma = _lzma()
    if lzma is None:
        data = zlib.compress(page.encode(), 9)
    else:  # pb=0: nothing in text comes every four bytes
        how = [{"id": lzma.FILTER_LZMA1, "preset": 9 | lzma.PRESET_EXTREME, "lc": 3, "lp": 0, "pb": 0}]
        data = lzma.compress(page.encode(), format=lzma.FORMAT_ALONE, filters=how)
    return _signs(data), len(data)


def unpack(packed: str, length: int) -> str:
    """The page again."""
    found = _data(packed)[:length]
    return (zlib.decompress(found) if found[0] == _ZLIB else _lzma().decompress(found)).decode()


def _signs(data: bytes) -> str:
    """Bytes in signs."""
    digits: list[int] = []
    for k in range(0, len(data), 5):
        x = int.from_bytes(data[k : k + 5].ljust(5, b"\0"), "big")
        digits += [x // _BASE**j % _BASE for j in range(5, -1, -1)]
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
    for k in range(0, len(digits) - 5, 6):
        x = 0
        for digit in digits[k : k + 6]:
            x = x * _BASE + digit
        data += x.to_bytes(5, "big")
    return data


def _lzma() -> Any:
    """The module; None where Python was built without it."""
    try:
        return importlib.import_module("lzma")
    except ImportError:
        return None


def _attribute(text: str) -> str:
    """Text as an attribute between double quotes."""
    return text.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")


def _script(text: str) -> str:
    """Text as a string in a script in HTML."""
    return json.dumps(text).replace("<", "\\u003c")
