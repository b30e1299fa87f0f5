"""A page as the output of a notebook's cell: packed, since a notebook holds each output that it shows, and as high as what is in it."""

from __future__ import annotations

import base64
import html
import json
import re
import zlib

HEIGHT = 760  # px, until the page says how high it is
LEAST, MOST = 320, 2000  # px; what is longer scrolls inside

# Five signs for four bytes, none of which HTML, JavaScript or JSON would have to escape; the same order as in `base64.b85encode`.
_PYTHON = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~"
_SIGNS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%()*+-;:=?@^_{|}~,./"
_PACKED = str.maketrans(_PYTHON, _SIGNS)

# Unpacks the page in its frame, and tells the notebook how high it is: when it is there, and when it became wider or narrower, not
# when it became higher, which this itself brings about.
_LOADER = """<!doctype html><meta charset="utf-8"><p></p><script>
(async () => {
  const signs = SIGNS, packed = PACKED, bytes = new Uint8Array((packed.length / 5) * 4);
  const values = new Map([...signs].map((sign, k) => [sign, k]));
  for (let k = 0; k < packed.length; k += 5) {
    let x = 0;
    for (let j = k; j < k + 5; j++) x = x * 85 + values.get(packed[j]);
    new DataView(bytes.buffer).setUint32((k / 5) * 4, x);
  }
  let page;
  try {
    const stream = new Blob([bytes.subarray(0, LENGTH)]).stream().pipeThrough(new DecompressionStream("deflate"));
    page = await new Response(stream).text();
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


def cell(page: str, title: str, old: str) -> str:
    """The output of a cell that shows a page, with a title for who does not see it; `old` is said where a browser cannot unpack it."""
    packed, length = pack(page)
    parts = {"SIGNS": json.dumps(_SIGNS), "PACKED": json.dumps(packed), "LENGTH": str(length), "OLD": _script(old)}
    # In one pass: nothing that is put in place is looked at again.
    loader = re.sub(r"\b(?:SIGNS|PACKED|LENGTH|OLD)\b", lambda name: parts[name[0]], _LOADER)
    return (
        f'<iframe class="tinygrad-bp" srcdoc="{html.escape(loader)}" title="{html.escape(title)}" '
        'sandbox="allow-scripts allow-downloads" allow="clipboard-write *" '
        f'style="width: 100%; height: {HEIGHT}px; border: 0"></iframe>'
        + _LISTENER.replace("MOST", str(MOST)).replace("LEAST", str(LEAST))
    )


def pack(page: str) -> tuple[str, int]:
    """A page in few signs, and how many bytes they stand for."""
    data = zlib.compress(page.encode(), 9)
    return base64.b85encode(data, pad=True).decode().translate(_PACKED), len(data)


def unpack(packed: str, length: int) -> str:
    """The page again."""
    data = base64.b85decode(packed.translate(str.maketrans(_SIGNS, _PYTHON)))
    return zlib.decompress(data[:length]).decode()


def _script(text: str) -> str:
    """Text as a string in a script in HTML."""
    return json.dumps(text).replace("<", "\\u003c")
