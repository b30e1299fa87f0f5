"""Graphviz's SVG as readers of all kinds need it, rewritten in one pass."""

from xml.parsers import expat
from xml.sax.saxutils import escape

_NAMESPACE = "http://www.w3.org/2000/svg"
_MOST_DEEP = 100  # elements in each other; Graphviz has six
_FONTS = "Arial,Helvetica,'Liberation Sans',sans-serif"


def accessible(svg: bytes, title: str) -> bytes:
    """Graphviz's SVG with this title, tooltips as SVG has them, fonts with substitutes, and without the address of its document type.

    It has no ids: those of two pictures on one page would be the same. Raises ValueError for what is no picture of Graphviz's.
    """
    writer = _Writer(title)
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = writer.start
    parser.EndElementHandler = writer.end
    parser.CharacterDataHandler = writer.text
    parser.CommentHandler = writer.comment
    try:
        parser.Parse(svg, True)
    except (expat.ExpatError, LookupError) as error:
        raise ValueError(f"returned no whole SVG: {error}") from None
    if not writer.has_graph:
        raise ValueError("returned an SVG in which no graph is drawn")
    return '<?xml version="1.0" encoding="UTF-8"?>\n{}\n'.format("".join(writer.out)).encode()


class _Writer:
    """What is written of a document while it is read, as a list of parts."""

    def __init__(self, title: str) -> None:
        self.out: list[str] = []
        self.has_graph = False
        self._title = title
        self._open: list[tuple[str, int]] = []  # the elements that are open: their names, and where their titles belong
        self._skipped = 0  # how many of them are inside of a title that goes

    def start(self, name: str, attributes: dict[str, str]) -> None:
        above, place = self._open[-1] if self._open else ("", 0)
        if not self._open and (name, attributes.get("xmlns")) != ("svg", _NAMESPACE):
            raise ValueError("returned another document than an SVG")
        if len(self._open) == _MOST_DEEP:
            raise ValueError(f"returned an SVG with over {_MOST_DEEP} elements in each other")
        # Graphviz makes a tooltip the title of a link that leads nowhere, and the node's internal name the title of the group.
        if self._skipped or (above, name) == ("g", "title"):
            self._skipped += 1
        elif (above, name) == ("g", "a"):
            if tip := attributes.get("xlink:title"):
                self.out[place] = f"<title>{escape(tip)}</title>{self.out[place]}"
            name = ""  # only what is in it stays
        else:
            self._write(name, attributes)
        self._open.append((name, len(self.out) - 1))

    def _write(self, name: str, attributes: dict[str, str]) -> None:
        is_root = not self._open
        if name == "g":
            self.has_graph = self.has_graph or attributes.get("class") == "graph"
            attributes.pop("id", None)
        elif name == "text" and attributes.get("font-family", "").startswith("Arial"):
            attributes["font-family"] = _FONTS
        elif is_root:
            attributes["role"] = "img"
            if self._title:
                attributes["aria-label"] = self._title
        said = "".join(f' {key}="{escape(x, _QUOTED)}"' for key, x in attributes.items())
        whole = f"<title>{escape(self._title)}</title>" if self._title and is_root else ""
        self.out += [f"<{name}{said}>", whole]

    def end(self, name: str) -> None:
        shown, place = self._open.pop()
        if self._skipped:
            self._skipped -= 1
        elif shown:
            if place == len(self.out) - 1 and not self.out[place]:
                self.out[place - 1] = f"{self.out[place - 1][:-1]}/>"  # nothing is in it
            else:
                self.out.append(f"</{name}>")

    def text(self, words: str) -> None:
        if not self._skipped:
            self.out.append(escape(words))

    def comment(self, words: str) -> None:
        if self._open and not self._skipped:
            self.out.append(f"<!--{words}-->")


_QUOTED = {'"': "&quot;", "\n": "&#10;", "\r": "&#13;", "\t": "&#9;"}
