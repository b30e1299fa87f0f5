"""`Drawing`: a picture as DOT text, drawn by Graphviz when it is shown or saved."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.dom import minidom

from tinygrad_bp.drawing.style import drawable
from tinygrad_bp.files import format_of, write_whole

SECONDS = 60.0  # how long a renderer may take
FORMATS = ("svg", "png", "pdf", "gv")
_LESS = (
    "draw less, for instance with depth= or collapse=, or save the DOT text (.gv) and let another program lay it out: "
    "sfdp draws large graphs"
)
INSTALL = "install Graphviz: `apt install graphviz`, `brew install graphviz`, `winget install graphviz` or https://graphviz.org/download"


@dataclass(frozen=True)
class Drawing:
    """A picture. In a notebook it shows itself.

    Attributes:
        source: the picture in DOT, Graphviz's language. The same picture has the same text every time.
        title: what the picture shows, for readers who do not see it.
    """

    source: str
    title: str = ""

    def render(self, format: str) -> bytes:
        """The picture as a file of this format: "svg", "png", "pdf" or "gv" (DOT text).

        A system's `dot` draws it, else the command `graphviz-pure`. Raises ValueError for another format, and RuntimeError, saying
        what to do, where neither is there or can draw this, and where drawing takes longer than a minute.
        """
        if format not in FORMATS:
            raise ValueError(f"a picture is rendered as {', '.join(FORMATS[:-1])} or {FORMATS[-1]}, not {format!r}")
        if format == "gv":
            return self.source.encode()
        drawn = run(self.source, format, _LESS, lambda: self._beyond_graphviz_pure(format))
        return self._accessible(drawn) if format == "svg" else drawn

    def svg(self) -> str:
        """The picture as SVG text: no scripts, nothing loaded from elsewhere. Raises RuntimeError as `render` does."""
        return self.render("svg").decode()

    def save(self, path: str | os.PathLike[str], format: str | None = None) -> Path:
        """Writes the picture to a file whose suffix says how, .svg, .png, .pdf or .gv, if `format` does not. Returns its path.

        Raises ValueError for another suffix, OSError where the file cannot be written and RuntimeError as `render` does. An existing
        file is replaced only when the new one is whole.
        """
        return write_whole(path, self.render(format_of(path, FORMATS, "a picture", format)))

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None, **_: Any) -> dict[str, str]:
        try:
            return {"image/svg+xml": self.svg()}
        except RuntimeError as error:  # a notebook shows the reason where the picture would be
            return {"text/plain": f"{self!r}: {error}"}

    def __repr__(self) -> str:
        return (
            f"<Drawing {self.title!r}; .save('picture.svg') draws it>"
            if self.title
            else "<Drawing; .save('picture.svg') draws it>"
        )

    def _accessible(self, svg: bytes) -> bytes:
        """Graphviz's SVG with a title, tooltips as SVG has them, fonts with substitutes, and without the address of its document type."""
        page = minidom.parseString(svg)
        root = page.documentElement
        assert root is not None
        for group in root.getElementsByTagName("g"):
            # Graphviz makes a tooltip the title of a link that leads nowhere, and the node's internal name the title of the group.
            for title in [child for child in group.childNodes if child.nodeName == "title"]:
                group.removeChild(title)
            for link in [child for child in group.childNodes if child.nodeName == "a"]:
                if isinstance(link, minidom.Element) and (tip := link.getAttribute("xlink:title")):
                    title = page.createElement("title")
                    title.appendChild(page.createTextNode(tip))
                    group.insertBefore(title, group.firstChild)
                for child in list(link.childNodes):
                    group.insertBefore(child, link)
                group.removeChild(link)
        for text in root.getElementsByTagName("text"):
            if text.getAttribute("font-family").startswith("Arial"):
                text.setAttribute("font-family", "Arial,Helvetica,'Liberation Sans',sans-serif")
        root.setAttribute("role", "img")
        if self.title:
            title = page.createElement("title")
            title.setAttribute("id", "title")
            title.appendChild(page.createTextNode(drawable(self.title)))
            root.insertBefore(title, root.firstChild)
            root.setAttribute("aria-labelledby", "title")
        return b'<?xml version="1.0" encoding="UTF-8"?>\n' + root.toxml().encode() + b"\n"

    def _beyond_graphviz_pure(self, format: str) -> str:
        """Why graphviz-pure cannot draw this as wanted; empty if it can."""
        if format == "pdf":
            return "graphviz-pure writes no PDF"
        missing = sorted(set(_NOT_IN_ITS_FONTS.findall(_TOOLTIP.sub("", self.source)))) if format == "png" else []
        return (
            f"the fonts that graphviz-pure draws PNG with lack {' '.join(missing[:8])} (an SVG has all)"
            if missing
            else ""
        )


def run(source: str, format: str, less: str, beyond_graphviz_pure: Callable[[], str] = lambda: "") -> bytes:
    """What Graphviz makes of DOT text, in any of its formats. Raises RuntimeError as `Drawing.render` does.

    Args:
        less: what to do where drawing takes too long, as the error says it.
        beyond_graphviz_pure: says why graphviz-pure cannot draw this; returns nothing if it can.
    """
    failures = []
    for program in _programs():
        if Path(program).stem == "graphviz-pure" and (failure := beyond_graphviz_pure()):
            failures.append(failure)
            continue
        command = [program, f"-T{format}", *(["-Gdpi=144"] if format == "png" else [])]
        try:
            done = subprocess.run(command, input=source.encode(), capture_output=True, timeout=SECONDS, check=False)
        except subprocess.TimeoutExpired:
            raise RuntimeError(f"drawing took longer than {SECONDS:g} seconds and was stopped; {less}") from None
        except OSError as error:
            failures.append(f"{program} does not start: {error.strerror}")
            continue
        if done.returncode == 0 and done.stdout:
            return done.stdout
        words = done.stderr.decode(errors="replace").strip().splitlines()
        failures.append(f"{program} failed with status {done.returncode}" + (f": {words[0]}" if words else ""))
    reasons = "; ".join(failures) or "there is neither the command dot nor graphviz-pure (`pip install graphviz-pure`)"
    raise RuntimeError(f"no program here can draw this as {format}: {reasons}; {INSTALL}")


# graphviz-pure draws letters into a PNG with three fonts of its own: Latin, Greek, Cyrillic, Hebrew and common signs. All else
# would be empty boxes.
_NOT_IN_ITS_FONTS = re.compile(
    "[^\x00-\u052f\u0591-\u05f4\u1d00-\u1dbf\u1e00-\u1fff\u2000-\u205e\u2070-\u20be\u2100-\u214f\u2190-\u2195\u2202\u2206\u220f\u2211\u2212\u2215"
    "\u2219\u221a\u221e\u2229\u222b\u2248\u2249\u2260-\u2262\u2264\u2265\u25a0\u25a1\u25aa-\u25ac\u25b2\u25ba\u25bc\u25c4\u25ca\u25cf\ufb01-\ufb04\ufb1d-\ufb4f]"
)
_TOOLTIP = re.compile(r'tooltip=(?:"[^"]*"|[^\s\]]*)')


def _programs() -> Iterator[str]:
    """The renderers that are here, the better one first."""
    if found := shutil.which("dot"):
        yield found
    # A wheel's programs lie beside its Python, which need not be on the search path.
    for folder in (None, str(Path(sys.executable).parent), sysconfig.get_path("scripts")):
        if found := shutil.which("graphviz-pure", path=folder):
            yield found
            return
