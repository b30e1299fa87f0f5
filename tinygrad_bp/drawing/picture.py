"""`Drawing`: a picture as DOT text, drawn by Graphviz when it is shown or saved."""

from __future__ import annotations

import base64
import math
import os
import re
import sys
import tempfile
import webbrowser
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tinygrad_bp.core.operation import as_float
from tinygrad_bp.core.output import said
from tinygrad_bp.drawing.accessible import accessible
from tinygrad_bp.drawing.rendering import read_pdf, read_png, run
from tinygrad_bp.drawing.style import drawable
from tinygrad_bp.files import format_of, write_whole

FORMATS = ("svg", "png", "pdf", "gv")
DPI = 144.0  # of a PNG: two pixels for each point, for screens on which one would be blurred
_LESS = (
    "draw less, for instance with depth= or collapse=, or save the DOT text (.gv) and let another program lay it out: "
    "sfdp draws large graphs"
)


@dataclass(frozen=True)
class Drawing:
    """A picture. In a notebook it shows itself; elsewhere `show()` opens it.

    Attributes:
        source: the picture in DOT, Graphviz's language. The same picture has the same text every time.
        title: what the picture shows, for readers who do not see it.
    """

    source: str
    title: str = ""

    def render(self, format: str, *, dpi: float | None = None, scale: float | None = None) -> bytes:
        """The picture as a file.

        A system's `dot` draws it, else the command `graphviz-pure`. What they return is read to its end before it is believed.

        Args:
            format: "svg", "png", "pdf" or "gv" (DOT text).
            dpi: of a PNG: dots per inch, 144 if nothing is said.
            scale: of a PNG, instead: how many times as wide and as high as it is if nothing is said.

        Raises ValueError for another format, for `dpi` and `scale` that are not above 0, are both given, or are given for what has no
        pixels, TypeError for those that are no numbers, and RuntimeError, saying what to do, where no program is there or can draw this,
        and where drawing takes too long: more than 20 seconds, and for large pictures more. Warns where a PNG is larger than a program
        here can draw, and so was shrunk.
        """
        if format not in FORMATS:
            raise ValueError(f"a picture is rendered as {', '.join(FORMATS[:-1])} or {FORMATS[-1]}, not {format!r}")
        dots = _dots(format, dpi, scale)
        if format == "gv":
            return self.source.encode()
        title = drawable(self.title)
        read = {"svg": lambda svg: accessible(svg, title), "png": read_png, "pdf": read_pdf}[format]
        return run(
            self.source, format, read, _LESS, dpi=dots, beyond_graphviz_pure=lambda: self._beyond_graphviz_pure(format)
        )

    def svg(self) -> str:
        """The picture as SVG text: no scripts, nothing loaded from elsewhere. Raises RuntimeError as `render` does."""
        return self.render("svg").decode()

    def save(
        self,
        path: str | os.PathLike[str],
        format: str | None = None,
        *,
        dpi: float | None = None,
        scale: float | None = None,
    ) -> Path:
        """Writes the picture to a file. Returns its path. An existing file is replaced only when the new one is whole.

        Args:
            path: of the file; its suffix says how it is written, .svg, .png, .pdf or .gv, if `format` does not.
            format, dpi, scale: as in `render`.

        Raises ValueError for another suffix, OSError where the file cannot be written, and what `render` raises.
        """
        return write_whole(path, self.render(format_of(path, FORMATS, "a picture", format), dpi=dpi, scale=scale))

    def show(self) -> Path:
        """Opens the picture, an SVG in a folder for temporary files, in the system's viewer. Returns its path.

        Raises RuntimeError, saying what to do, where nothing here shows pictures, and as `render` does.
        """
        advice = (
            'save it, .save("picture.svg"), and open that where there is a screen; in a notebook a picture shows itself'
        )
        if not _has_screen():
            raise RuntimeError(f"show: there is no screen here; {advice}")
        # Not removed afterwards: the viewer may still read it when this program has ended.
        path = self.save(Path(tempfile.mkdtemp(prefix="tinygrad_bp-")) / "picture.svg")
        if not webbrowser.open(path.as_uri()):
            raise RuntimeError(f"show: there is no viewer here; the picture is {path}, or {advice}")
        return path

    def _repr_mimebundle_(
        self, include: Collection[str] | None = None, exclude: Collection[str] | None = None, **_: Any
    ) -> dict[str, str]:
        """SVG, and for what shows none, as mail and some viewers of notebooks, PNG."""
        bundle = {}
        try:
            if _is_wanted("image/svg+xml", include, exclude):
                bundle["image/svg+xml"] = self.svg()
            if _is_wanted("image/png", include, exclude):
                bundle["image/png"] = base64.b64encode(self.render("png")).decode()
        except RuntimeError as error:  # a notebook shows the reason where the picture would be
            if not bundle:
                return {"text/plain": f"{self!r}: {error}"}
        return bundle

    @said
    def __repr__(self) -> str:
        title = f" {self.title!r}" if self.title else ""
        return f"<Drawing{title}; .show() opens it, .save('picture.svg') draws it>"

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


def _dots(format: str, dpi: float | None, scale: float | None) -> float | None:
    """Dots per inch of a PNG; None for what has no pixels."""
    given = {"dpi": dpi, "scale": scale}
    for name, x in given.items():
        if x is None:
            continue
        number = as_float(x, f"render: {name}", wants="takes a real number")
        if format != "png":
            raise ValueError(f"{name} is for PNG: a picture as .{format} has no pixels and is sharp at any size")
        if not 0.0 < number < math.inf:
            raise ValueError(f"{name} is a finite number above 0, not {number!r}")
        given[name] = number
    if dpi is not None and scale is not None:
        raise ValueError("a picture takes dpi or scale, not both: scale=2 is dpi=288")
    if format != "png":
        return None
    return DPI * (given["scale"] or 1.0) if given["dpi"] is None else given["dpi"]


def _is_wanted(kind: str, include: Collection[str] | None, exclude: Collection[str] | None) -> bool:
    return (not include or kind in include) and kind not in (exclude or ())


def _has_screen() -> bool:
    """Whether there is one as far as can be told; elsewhere a browser for terminals would take the one that this program runs in."""
    if sys.platform in ("win32", "darwin") or os.environ.get("BROWSER"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


# graphviz-pure draws letters into a PNG with three fonts of its own: Latin, Greek, Cyrillic, Hebrew and common signs. All else
# would be empty boxes.
_NOT_IN_ITS_FONTS = re.compile(
    "[^\x00-\u052f\u0591-\u05f4\u1d00-\u1dbf\u1e00-\u1fff\u2000-\u205e\u2070-\u20be\u2100-\u214f\u2190-\u2195\u2202\u2206\u220f\u2211\u2212\u2215"
    "\u2219\u221a\u221e\u2229\u222b\u2248\u2249\u2260-\u2262\u2264\u2265\u25a0\u25a1\u25aa-\u25ac\u25b2\u25ba\u25bc\u25c4\u25ca\u25cf\ufb01-\ufb04\ufb1d-\ufb4f]"
)
_TOOLTIP = re.compile(r'tooltip=(?:"[^"]*"(?: \+ "[^"]*")*|[^\s\]]*)')
