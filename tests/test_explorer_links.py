"""What the address of a page holds: links of the first edition, and which parts are hidden."""

from typing import Any

import pytest

from tests.explorer import fragment

pytestmark = [pytest.mark.extras, pytest.mark.browser]


def test_a_link_of_the_first_edition_leads_to_its_round(opened: Any) -> None:
    explorer = opened("tutorial")
    view = {
        "round": 3, "trained": 3, "row": 0, "step": 17, "pace": "neuron", "panel": "edit", "full": True, "selected": 1,
        "quantity": "grad", "tab": "graph", "mode": "values", "keys": True, "collapsed": [0, 1],
    }  # fmt: skip
    change = {"round": 1, "row": 0, "settings": {"rate": 0.25}}
    state = {"version": 1, "graph": explorer.state()["graph"], "view": view, "events": [change]}
    explorer.page.evaluate("hash => { location.hash = hash; }", fragment(state))
    explorer.page.wait_for_function("() => document.querySelector('.status')?.textContent")
    assert explorer.status().startswith("This link is from the first edition of the page")
    found = explorer.state()
    assert (found["version"], found["view"]["round"], found["view"]["step"], found["view"]["level"]) == (
        2,
        3,
        None,
        "neuron",
    )
    assert found["events"] == [change]


def test_an_address_hides_parts_of_the_page(opened: Any) -> None:
    explorer = opened("tutorial", fragment="hide=header,player", viewport={"width": 800, "height": 480})
    page = explorer.page
    shown = lambda: [page.locator(part).first.is_visible() for part in ("header", ".why", ".bar", ".neurons")]  # noqa: E731
    assert shown() == [False, True, False, True]
    explorer.press(".", ".")
    page.wait_for_url("**#s=*&hide=header,player")
    page.reload()
    explorer.settle()
    assert shown() == [False, True, False, True]
    assert explorer.state()["view"]["step"] > 0
    page.evaluate("location.hash = 'hide=words'")
    page.wait_for_function("() => document.body.classList.contains('without-words')")
    explorer.settle()
    assert shown()[::2] == [True, True]
    assert page.locator(".words").bounding_box()["width"] <= 1
    assert page.locator(".stage").bounding_box()["height"] > 300
    page.evaluate("location.hash = 'hide=words,everything'")
    page.wait_for_function("() => document.querySelector('.status')?.textContent")
    said = explorer.text("link.parts").format(names="everything", parts="header, words, player")
    assert page.locator(".stage .status").inner_text() == said
    assert shown()[::2] == [True, True]
