"""A page as the output of a notebook's cell, in a browser."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.explorer import SUBJECTS, Explorer, made, numbers, put_in, train
from tinygrad_bp.explorer.notebook import LEAST, MOST

pytestmark = [pytest.mark.extras, pytest.mark.browser]


def test_a_page_in_a_notebook(open_page: Any, tmp_path: Path) -> None:
    name = "tutorial"
    path = tmp_path / "notebook.html"
    path.write_text(f"<!doctype html><title>A notebook</title>{made(name)._repr_html_()}", encoding="utf-8")
    page = open_page(path)
    frame = page.frames[1]
    frame.wait_for_selector(".next")
    assert frame.evaluate("origin") == "null"
    # The page is as high as its frame: all of it is in sight, and nothing scrolls.
    high = page.evaluate("document.querySelector('iframe').clientHeight")
    assert LEAST <= high <= MOST
    assert frame.evaluate("document.documentElement.scrollHeight") == high
    page.evaluate("document.querySelector('iframe').style.height = '2400px'")  # for the graph, operation by operation
    explorer = Explorer(frame)
    assert page.evaluate("document.querySelector('iframe').title") == made(name).title
    explorer.show("graph")
    explorer.change("w5", "0.75")
    explorer.train("10,000 rounds")
    subject = SUBJECTS[name]
    wanted = numbers(train(subject, 10_000, model=put_in(subject.model(), {"w5": 0.75})))
    assert explorer.numbers().data == pytest.approx(wanted.data, rel=1e-11)
    panel = explorer.panel("export")
    for button, words in {"Link": "exports.noAddress", "Print": "exports.noPrint"}.items():
        panel.get_by_role("button", name=button).click()
        assert explorer.status() == explorer.text(words)
    [ignored] = open_page.take_errors()
    assert "Ignored call to 'print()'" in ignored
    with page.expect_download() as found:
        panel.get_by_role("button", name="This page").click()
    other = Explorer(open_page(shutil.copy(found.value.path(), tmp_path / "saved.html")))
    assert other.numbers() == explorer.numbers()
