"""The round as one picture that plays by itself."""

from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from tests.explorer import download

pytestmark = [pytest.mark.extras, pytest.mark.browser]


def test_the_round_as_an_animated_picture(opened: Any, open_page: Any, tmp_path: Path) -> None:
    explorer = opened("tutorial")
    path = download(explorer, "Round, animated SVG", tmp_path)
    assert explorer.place() is None or explorer.place() == 0  # nothing on the page has moved
    root = ElementTree.fromstring(path.read_bytes())
    tags = {each.tag.rpartition("}")[2] for each in root.iter()}
    assert tags == {"svg", "title", "rect", "g", "animate", "line", "text", "tspan"}  # and no script
    alone = open_page(path, viewport={"width": 1280, "height": 720})
    shots = alone.evaluate(
        """() => {
          const groups = [...document.documentElement.children].filter(({ tagName }) => tagName === "g");
          const seconds = parseFloat(document.querySelector("animate").getAttribute("dur"));
          document.documentElement.pauseAnimations();
          const seen = [];
          for (let at = 0.1; at < seconds; at += 0.5) {
            document.documentElement.setCurrentTime(at);
            seen.push(groups.filter((group) => getComputedStyle(group).display !== "none").map((group) => groups.indexOf(group)));
          }
          return [seen, groups.map((group) => group.textContent)];
        }"""
    )
    seen, words = shots
    assert all(len(each) == 1 for each in seen)  # one beat at a time, in their order
    assert list(dict.fromkeys(each[0] for each in seen)) == list(range(27))
    wanted = "net_h1 = w1 · i1 + w2 · i2 + b1 = 0.15 · 0.05 + 0.2 · 0.1 + 0.35 = 0.0075 + 0.02 + 0.35 = 0.3775"
    assert wanted.replace(" ", "") in words[0].replace(" ", "")  # on two lines
    assert "0.298371" in words[-1]
    assert "0.291028" in words[-1]
