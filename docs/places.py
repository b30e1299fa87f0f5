"""Places on the pages of `explore` that the docs link to, and the pages themselves. From the project's folder: python docs/places.py

A folder docs/pages/NAME has a README.md, whose block of Python makes the page. This program writes the page beside it, as index.html,
and the addresses of the places into the Markdown: a link is written `[text][NAME-place]`, and a line `[NAME-place]: …` at the end of
its file says where it leads. On GitHub such an address shows the README, on a site and on a disk that serves the folder the page.
"""

from __future__ import annotations

import base64
import json
import os
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from tinygrad_bp.explorer.page import page_texts

DOCS = Path(__file__).parent
PAGES = DOCS / "pages"
STATE_VERSION = 2  # as in explorer/web/model/state.js

Place = Mapping[
    str, Any
]  # what is looked at, as in state.js, names for numbers of nodes; and "events", what was changed


def panel(name: str, selected: str | None = None, **more: Any) -> dict[str, Any]:
    """A place with a panel open, about one number."""
    return {"panel": name, "open": True, "step": None, **({"selected": selected} if selected else {}), **more}


def changed(events: list[dict[str, Any]], **view: Any) -> dict[str, Any]:
    """A place on a page on which something was changed."""
    return {"step": None, **view, "events": events}


# Of exclusive or with two hidden neurons: two that begin alike, and where seed 3 ends up after 2,500 epochs.
EQUAL = {"w1": 0.5, "w2": -0.5, "w3": 0.5, "w4": -0.5, "w5": 0.5, "w6": 0.5, "b1": 0.0, "b2": 0.0, "b3": 0.0}
STUCK = {
    "w1": -6.718,
    "w2": 2.826,
    "w3": -6.882,
    "w4": -4.079,
    "w5": 4.711,
    "w6": -5.444,
    "b1": -2.026,
    "b2": 0.727,
    "b3": -0.03,
}

# By the name of the page's folder and of the place.
PLACES: dict[str, dict[str, Place]] = {
    "knob": {"slope": panel("slope", "w")},
    "fruit": {"price": panel("formula", "price_apple"), "tax": panel("formula", "tax")},
    "neuron": {
        "out": panel("formula", "out"),
        "bias": panel("slope", "b"),
        "saturated": changed([{"leaves": {"b": 9.0}}], **panel("formula", "w")),
    },
    "valley": {
        "small": panel("training", "w", round=5),
        "zigzag": changed([{"settings": {"rate": 0.9}}], **panel("training", "w", round=5)),
        "away": changed([{"settings": {"rate": 1.1}}], **panel("training", "w", round=5)),
    },
    "xor-two": {
        "equal": changed([{"leaves": EQUAL}], **panel("training", round=2000)),
        "unequal": changed([{"leaves": {**EQUAL, "w3": 0.6, "w4": -0.4}}], **panel("training", round=2000)),
        "input-0": panel("formula", "w1", row=0),
        "stuck": changed([{"leaves": STUCK}], **panel("training", round=100)),
    },
    "dead-relu": {"off": panel("formula", "w1", row=3)},
    "chain": {"first": panel("formula", "w1")},
    "two-cases": {
        "first": panel("formula", "w5", row=0),
        "second": panel("formula", "w5", row=1),
        "train": panel("training", round=1000),
    },
    "three-layers": {"w1-paths": panel("paths", "w1", lens="w1")},
    "classes": {"out": {"step": 4}, "trained": panel("training", round=1000)},
    "tutorial": {
        "saturated": changed([{"leaves": {"b2": 10.0}}], **panel("formula", "w5")),
        "kept": changed([{"settings": {"accumulate": True}}], **panel("training", round=300)),
        "sequential": changed([{"settings": {"sequential": True}}], **panel("truth", round=1)),
        "rate-1000": changed([{"settings": {"rate": 1000}}], **panel("training", round=100)),
        "watch": {"step": 0},
        "w5": panel("formula", "w5"),
        "begins": {"tab": "graph", "pace": "node", "step": 28},  # E_total with respect to itself
        "out-h1": {"tab": "graph", "pace": "node", "step": 49},  # the first part of its gradient arrives
        "w1-paths": panel("paths", "w1", lens="w1"),
        "w8-quiz": panel("teacher", quiz={"id": "w8", "quantity": "grad", "seed": 0}),
    },
}


@cache
def page_of(name: str) -> Any:
    """The page that the README of a folder makes."""
    source = (PAGES / name / "README.md").read_text(encoding="utf-8")
    names: dict[str, Any] = {"__name__": "__main__"}
    exec(re.findall(r"^```python\n(.*?)^```$", source, flags=re.MULTILINE | re.DOTALL)[0], names)
    return names["page"]


@cache
def description_of(name: str) -> dict[str, Any]:
    """What a page holds of its graph."""
    found = re.search(r'id="description">(.*?)</script>', page_of(name).html, flags=re.DOTALL)
    assert found is not None
    description: dict[str, Any] = json.loads(found[1])
    return description


def nodes_of(name: str) -> list[dict[str, Any]]:
    """The nodes of a page's graph, as the page has them."""
    nodes: list[dict[str, Any]] = description_of(name)["nodes"]
    return nodes


def title_of(name: str, language: str) -> str:
    """What a page is called in a language; that of an example has the title that the package gives it."""
    description = description_of(name)
    given: str | Mapping[str, str] = description["title"]
    return given[language] if isinstance(given, Mapping) else page_texts(language)[f"title.{description['kind']}"]


def fingerprint(nodes: list[dict[str, Any]]) -> int:
    """The number by which a page knows its own links: that of state.js."""
    listed = [[node.get("name", ""), node.get("op"), node.get("args", [])] for node in nodes]
    text = json.dumps(listed, separators=(",", ":"), ensure_ascii=False)
    number = 0x811C9DC5
    for letter in text:
        number = (number ^ ord(letter)) * 0x01000193 % 2**32
    return number


def state(page: str, place: Place) -> dict[str, Any]:
    """What a link to a place holds. A link without a language opens the page in that of its reader's browser."""
    nodes = nodes_of(page)
    ids = {node["name"]: k for k, node in enumerate(nodes) if "name" in node}
    place = {**place, "quiz": {**place["quiz"], "id": ids[place["quiz"]["id"]]}} if "quiz" in place else place
    view = {
        key: ids[x] if key in ("selected", "lens") and x is not None else x
        for key, x in place.items()
        if key != "events"
    }
    events = []
    for event in place.get("events", []):
        made = {"round": 0, "row": 0, **event}
        if "leaves" in made:
            made["leaves"] = [[ids[name], x] for name, x in made["leaves"].items()]
        if "cells" in made:
            made["cells"] = [[row, ids[name], x] for row, name, x in made["cells"]]
        events.append(made)
    return {"version": STATE_VERSION, "graph": fingerprint(nodes), "view": view, "events": events}


def address(page: str, place: Place) -> str:
    """The address of a place from docs/pages."""
    text = json.dumps(state(page, place), separators=(",", ":"))
    return f"{page}/#s={base64.urlsafe_b64encode(text.encode()).decode().rstrip('=')}"


def links() -> dict[str, dict[str, str]]:
    """For pages of Markdown in each language the addresses of all places from docs/pages, by the name that Markdown gives them."""
    every = {f"{page}-{name}": (page, place) for page, places in PLACES.items() for name, place in places.items()}
    return {
        "en": {name: address(page, place) for name, (page, place) in every.items()},
        "ja": {name: address(page, {**place, "language": "ja"}) for name, (page, place) in every.items()},
    }


def linked(source: str, file: Path, known: Mapping[str, Mapping[str, str]]) -> str:
    """A page of Markdown with the addresses of today at its end, for each place that it names."""
    addresses = known["ja" if DOCS / "ja" in file.parents else "en"]
    body = re.sub(r"^\[[\w-]+\]: \S*pages/\S+\n", "", source, flags=re.MULTILINE).rstrip("\n")
    used = [name for name in dict.fromkeys(re.findall(r"\]\[([\w-]+)\]", body)) if name in addresses]
    to_pages = Path(os.path.relpath(PAGES, file.parent)).as_posix()
    lines = [f"[{name}]: {to_pages}/{addresses[name]}" for name in used]
    return body + "\n" + ("\n" + "\n".join(lines) + "\n" if lines else "")


def pages_of_markdown() -> list[Path]:
    """The files in which addresses stand."""
    return [file for file in sorted(DOCS.rglob("*.md")) if DOCS / "_build" not in file.parents]


def main() -> None:
    """Writes the pages and the addresses."""
    known = links()
    for file in pages_of_markdown():
        source = file.read_text(encoding="utf-8")
        if (made := linked(source, file, known)) != source:
            file.write_text(made, encoding="utf-8")
    for name in PLACES:
        page_of(name).save(PAGES / name / "index.html")


if __name__ == "__main__":
    main()
