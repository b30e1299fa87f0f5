"""What is in a picture, for tests: its texts, tooltips, nodes and lines."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import pytest

from tests.worked import worked_example
from tinygrad_bp.core.order import topological_order
from tinygrad_bp.core.value import Value
from tinygrad_bp.drawing import Drawing, style

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def example() -> dict[str, Value]:
    """The worked example, after backward(): every labelled Value."""
    total = worked_example().error
    total.backward()
    return {v.label: v for v in topological_order(total) if v.label}


def square(x: Value) -> Value:
    y = x * x
    y.backward()
    return y


def drawn(picture: Drawing | ET.Element) -> ET.Element:
    """The elements of a picture, which is drawn if it is not yet."""
    return picture if isinstance(picture, ET.Element) else ET.fromstring(picture.svg())


def texts(picture: Drawing | ET.Element) -> list[str]:
    return ["".join(text.itertext()).replace("\xa0", " ").rstrip() for text in drawn(picture).iter(f"{SVG}text")]


def tooltips(picture: Drawing | ET.Element) -> list[str]:
    return ["".join(title.itertext()).replace("\xa0", " ") for title in drawn(picture).iter(f"{SVG}title")]


def edges(drawing: Drawing) -> list[tuple[str, str]]:
    return re.findall(r"^\s*([\w:]+) -> ([\w:]+)", drawing.source, re.MULTILINE)


def nodes(drawing: Drawing) -> list[str]:
    return re.findall(r"^\s*(v\d+) \[", drawing.source, re.MULTILINE)


def highlighted(drawing: Drawing) -> list[tuple[str, str]]:
    return re.findall(rf'^\s*(\w+) -> (\w+) \[[^\n]*color="?{style.LIGHT.highlight}', drawing.source, re.MULTILINE)
