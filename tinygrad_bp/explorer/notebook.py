"""A page as the output of a notebook's cell: packed, since a notebook holds each output that it shows, and as high as what is in it."""

from __future__ import annotations

import html
import json
import re

from tinygrad_bp.explorer.packing import pack, unpacker
from tinygrad_bp.explorer.tight import short

HEIGHT = 760  # px, until the page says how high it is
LEAST, MOST = 320, 2000  # px; what is longer scrolls inside

# Unpacks the page in its frame, and tells the notebook how high it is: when it is there, and when it became wider or narrower, not
# when it became higher, which this itself brings about.
_LOADER = """(async () => {
  await new Promise((done) => addEventListener("load", () => setTimeout(done))); // else the page would be written into this one
  let page;
  try {
    page = await (UNPACK)(PACKED, LENGTH);
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
})();"""

# In the notebook, once however many pages it shows. A frame is believed about its own height alone.
_LISTENER = """window.tinygradBpListens ||= (addEventListener("message", ({ source, data }) => {
  const height = Number(data?.tinygradBpHeight);
  if (!(height > 0)) return;
  for (const frame of document.querySelectorAll("iframe.tinygrad-bp"))
    if (frame.contentWindow === source) frame.style.height = `${Math.min(MOST, Math.max(LEAST, Math.ceil(height)))}px`;
}), true);"""


def cell(page: str, title: str, old: str, untrusted: str) -> str:
    """The output of a cell that shows a page, with a title for who does not see it.

    `old` is said where a browser cannot unpack it, and `untrusted` where a notebook takes out its frame: what stands in a frame no browser
    shows, and what cleans HTML leaves its text.
    """
    packed, length = pack(page)
    parts = {
        "UNPACK": unpacker(),
        "PACKED": json.dumps(packed, ensure_ascii=False),
        "LENGTH": str(length),
        "OLD": _script(old),
    }
    # In one pass: nothing that is put in place is looked at again.
    loader = re.sub(r"\b(?:UNPACK|PACKED|LENGTH|OLD)\b", lambda name: parts[name[0]], short(_LOADER))
    frame = f'<!doctype html><meta charset="utf-8"><p></p><script>{loader}</script>'
    listener = short(_LISTENER).replace("MOST", str(MOST)).replace("LEAST", str(LEAST))
    return (
        f'<iframe class="tinygrad-bp" srcdoc="{_attribute(frame)}" title="{html.escape(title)}" '
        'sandbox="allow-scripts allow-downloads" allow="clipboard-write *" '
        f'style="width: 100%; height: {HEIGHT}px; border: 0">{html.escape(untrusted)}</iframe>'
        f"<script>{listener}</script>"
    )


def _attribute(text: str) -> str:
    """Text as an attribute between double quotes."""
    return text.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")


def _script(text: str) -> str:
    """Text as a string in a script in HTML."""
    return json.dumps(text, ensure_ascii=False).replace("<", "\\u003c")
