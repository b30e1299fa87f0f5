"""The round as one picture that plays by itself."""

from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from tests.explorer import Explorer, download, linear_net
from tinygrad_bp.explorer import explore

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


def test_what_no_xml_holds_is_in_no_file(open_page: Any, tmp_path: Path) -> None:
    title = "T\x01\x0b\x1b\ufffe\ud800\t\u0085\U0001fae9"  # the last are letters that it holds, and one that is new
    saved = explore(linear_net(), rows=[([0.5, -1.0, 0.25], [0.3, -0.6])], title=title).save(tmp_path / "page.html")
    explorer = Explorer(open_page(saved))
    for button in ("Round, animated SVG", "Diagram, SVG"):
        root = ElementTree.fromstring(download(explorer, button, tmp_path).read_bytes())
        found = root.find("{http://www.w3.org/2000/svg}title")
        assert found is not None
        assert (found.text or "").startswith("T\ufffd\ufffd\ufffd\ufffd"), button
        assert (found.text or "").endswith("\u0085\U0001fae9"), button
