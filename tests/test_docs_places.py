"""Links from the docs to places on pages: each holds what the page itself understands, and leads to a page that can be made."""

import json
import re
import runpy
import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest

from tinygrad_bp.cli import whole_parser
from tinygrad_bp.explorer import page

ROOT = Path(__file__).parent.parent
PLACES = runpy.run_path(str(ROOT / "docs" / "places.py"))
FILES = PLACES["pages_of_markdown"]()


@cache
def links() -> dict[str, dict[str, str]]:
    """The addresses of today: to know them, every page is made."""
    found: dict[str, dict[str, str]] = PLACES["links"]()
    return found


READ = """
import { readFileSync } from "node:fs";
import assert from "node:assert/strict";
import { Session } from "./web/model/session.js";
import { decoded, fingerprint } from "./web/model/state.js";
import { loadTexts } from "./web/model/words.js";

const { texts, pages } = JSON.parse(readFileSync("pages.json", "utf8"));
loadTexts(texts);

for (const [name, { description, programs, links, fingerprint: known }] of Object.entries(pages)) {
  const session = new Session(description, new Function(`return ${programs}`)());
  assert.equal(fingerprint(session.graph), known, name);
  for (const [link, address] of Object.entries(links)) {
    const state = decoded(address.slice(address.indexOf("#")), session.graph, session.original);
    assert(state, `${link}: the page does not understand it`);
    const { language, trained, ...view } = state.view;
    session.view = { ...session.firstView(), ...view };
    session.training.events = state.events;
    session.training.restart();
    session.training.advance(Math.max(view.round, trained), 60_000);
    assert.equal(session.training.rounds, Math.max(view.round, trained), link);
    assert.equal(session.training.undefinedData(session.training.at(view.round, view.row)), null, link);
    console.log(link, session.frame().data[session.graph.result]);
  }
}
"""


def test_every_link_leads_to_its_place() -> None:
    wrong = [file.name for file in FILES if PLACES["linked"](text := file.read_text("utf-8"), file, links()) != text]
    assert wrong == [], "run python docs/places.py"


def test_every_place_is_linked_to_and_every_page_is_told() -> None:
    used = {
        name for file in FILES for name in re.findall(r"^\[([\w-]+)\]: \S*/#s=", file.read_text("utf-8"), re.MULTILINE)
    }
    assert used == set(links()["en"])
    folders = {folder.name for folder in (ROOT / "docs" / "pages").iterdir() if folder.is_dir()}
    assert folders == set(PLACES["PLACES"])
    listed = (ROOT / "docs" / "pages" / "README.md").read_text("utf-8")
    assert set(re.findall(r"\]\((\w[\w-]*)/README\.md\)", listed)) == folders


@pytest.mark.parametrize(
    "page", [*(ROOT / "docs").glob("*.md"), *(ROOT / "docs" / "learn").glob("?-*.md")], ids=lambda page: page.name
)
def test_every_page_says_where_to_go_next(page: Path) -> None:
    end = page.read_text("utf-8").splitlines()[-60:]
    assert any(re.match(r"(?:## )?Where to go next|.*Where next: |.*All lessons: ", line) for line in end)


def test_every_page_has_a_title_in_each_language() -> None:
    titles = {name: [PLACES["title_of"](name, language) for language in ("en", "ja")] for name in PLACES["PLACES"]}
    assert titles["fruit"] == ["What is paid for fruit", "くだものの代金"]
    assert titles["tutorial"] == ["Backpropagation, step by step", "誤差逆伝播法を一歩ずつ"]
    assert [
        name for name, (en, ja) in titles.items() if not en.isascii() or not re.search(r"[\u3040-\u9fff]", ja)
    ] == []


def test_the_engine_of_the_lesson_has_45_lines() -> None:
    source = (ROOT / "docs" / "learn" / "5-build-the-engine.md").read_text("utf-8")
    name, *lines = source.split("```python\n")[1].split("```")[0].splitlines()
    assert (name, len(lines)) == ("# small_engine.py", 45)


def test_a_network_in_matrices_has_as_many_lines_as_the_lesson_says() -> None:
    source = (ROOT / "docs" / "learn" / "7-many-cases-many-layers.md").read_text("utf-8")
    said, block = source.split("forward in two lines and backward in three:")
    lines = block.split("```python\n")[1].split("```")[0].splitlines()
    forward = [line for line in lines if re.match(r">>> [ho] = ", line)]
    backward = [line for line in lines if re.match(r">>> (delta_[oh]|dW2, dW1) = ", line)]
    assert (said.count("@"), len(forward), len(backward)) == (0, 2, 3)
    assert lines.index(backward[0]) == lines.index(forward[-1]) + 1


def test_the_command_has_as_many_commands_as_its_page_says() -> None:
    listed = whole_parser().format_help().split("COMMAND\n")[1].split("\nexamples:")[0]
    assert len(re.findall(r"^    \w+", listed, re.MULTILINE)) == 12
    assert "has twelve commands" in (ROOT / "docs" / "command-line.md").read_text("utf-8")
    assert "には12のコマンドがあります" in (ROOT / "docs" / "ja" / "command-line.md").read_text("utf-8")


@pytest.mark.node
def test_the_page_understands_every_link(tmp_path: Path) -> None:
    shutil.copytree(Path(page.__file__).parent / "web", tmp_path / "web")
    (tmp_path / "package.json").write_text('{"type": "module"}', encoding="utf-8")
    (tmp_path / "read.js").write_text(READ, encoding="utf-8")
    pages = {}
    for name in PLACES["PLACES"]:
        html = PLACES["page_of"](name).html
        description = json.loads(re.search(r'id="description">(.*?)</script>', html, re.DOTALL)[1])
        programs = html.split("const PROGRAMS = ")[1].split(";\nconst MISTAKES")[0]
        here = {
            f"{of}: {name}-{place}": all_of[f"{name}-{place}"]
            for of, all_of in links().items()
            for place in PLACES["PLACES"][name]
        }
        known = PLACES["fingerprint"](PLACES["nodes_of"](name))
        pages[name] = {"description": description, "programs": programs, "links": here, "fingerprint": known}
    texts = json.loads(re.search(r'id="texts">(.*?)</script>', html, re.DOTALL)[1])
    (tmp_path / "pages.json").write_text(json.dumps({"texts": texts, "pages": pages}), encoding="utf-8")
    done = subprocess.run(
        ["node", "read.js"], cwd=tmp_path, capture_output=True, text=True, encoding="utf-8", check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert len(done.stdout.splitlines()) == 2 * len(links()["en"])
