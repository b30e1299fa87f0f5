"""The notebooks of the lessons: they are what the lessons say today, they run, and what they hold is shown anywhere, also untrusted."""

from __future__ import annotations

import base64
import doctest
import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.test_docs import ROOT

sys.path.insert(0, str(ROOT / "docs"))
import notebooks  # type: ignore[import-not-found]

sys.path.remove(str(ROOT / "docs"))

LESSONS = [(language, lesson) for language in notebooks.FOLDERS for lesson in notebooks.lessons(language)]
ADDRESS = "https://github.com/somebody/tinygrad_bp"

each_lesson = pytest.mark.parametrize(
    ("language", "lesson"), LESSONS, ids=[f"{language}-{lesson.stem}" for language, lesson in LESSONS]
)


def stored(language: str, lesson: Path) -> Any:
    return json.loads((notebooks.FOLDERS[language] / "notebooks" / f"{lesson.stem}.ipynb").read_text(encoding="utf-8"))


def code(made: Any) -> list[Any]:
    return [cell for cell in made["cells"] if cell["cell_type"] == "code"]


def prints(cell: Any, wanted: str) -> bool:
    """Whether a cell that ran shows what its lesson says, but for spaces at the ends of lines."""
    found = re.sub(r" +$", "", notebooks.printed(cell), flags=re.MULTILINE).strip("\n") + "\n"
    return doctest.OutputChecker().check_output(wanted.strip("\n") + "\n", found, doctest.ELLIPSIS)


@each_lesson
def test_a_notebook_is_what_its_lesson_says_today(language: str, lesson: Path) -> None:
    there = stored(language, lesson)
    made = notebooks.notebook(lesson, language, notebooks.repository())
    assert notebooks.without_pictures(there) == made, "run python docs/notebooks.py"
    drawn = there["metadata"]["pictures"]
    assert drawn == [
        [address, notebooks.fingerprint(lesson.parent / address)] for address in notebooks.pictures_of(made)
    ]
    for cell, wanted in zip(
        code(there), [each for each in notebooks.cells(lesson, language) if each.kind == "code"], strict=True
    ):
        assert wanted.fold or prints(cell, wanted.wanted) or not wanted.wanted
        assert not (wanted.fold and cell["outputs"])  # an answer is not given away


@each_lesson
def test_what_it_holds_is_shown_where_nobody_trusts_it(language: str, lesson: Path) -> None:
    there = stored(language, lesson)
    images = re.findall(r"<img ([^>]*)>", "\n".join(cell["source"] for cell in there["cells"]))
    assert len(images) == len(there["metadata"]["pictures"]) > 0
    for image in images:
        png = re.fullmatch(r'src="data:image/png;base64,([^"]+)" width="\d+" alt="[^"]+"', image)
        assert base64.b64decode(png[1]).startswith(b"\x89PNG")
    data = [output["data"] for cell in code(there) for output in cell["outputs"] if "data" in output]
    assert all(set(each) <= set(notebooks.KINDS) for each in data)  # no HTML, no script
    assert all({"image/png", "text/plain"} <= set(each) for each in data if "image/svg+xml" in each)
    if lesson.name[0] in notebooks.SHOWN:
        assert any("image/svg+xml" in each for each in data)
        assert lesson.name[0] == "6" or any(r"\frac" in "".join(each.get("text/markdown", "")) for each in data)
    assert len(json.dumps(there)) < 500_000


def test_both_languages_run_the_same() -> None:
    def run(language: str) -> list[list[str]]:
        found = []
        for lesson in notebooks.lessons(language):
            sources = [cell["source"] for cell in code(notebooks.notebook(lesson, language, ADDRESS))]
            found.append(
                [re.sub(r"(?m)^#@title .*\n|, language=\"ja\"|  # [^\"'\n]*$", "", source) for source in sources]
            )
        return found

    assert run("en") == run("ja")


def test_only_lessons_have_notebooks() -> None:
    for language, folder in notebooks.FOLDERS.items():
        names = {path.stem for path in (folder / "notebooks").iterdir()}
        assert names == {lesson.stem for lesson in notebooks.lessons(language)}
        for lesson in notebooks.lessons(language):
            assert f"(../notebooks/{lesson.stem}.ipynb)" in lesson.read_text(encoding="utf-8")


@pytest.mark.slow
@pytest.mark.extras
def test_all_of_them_run_and_show_what_the_lessons_say(tmp_path: Path) -> None:
    cells: list[Any] = []
    wanted: list[str] = []
    for lesson in notebooks.lessons("en"):  # in one process, one after the other
        made = code(notebooks.notebook(lesson, "en"))
        cells += [
            *made,
            {
                "cell_type": "code",
                "id": "",
                "metadata": {},
                "source": "%reset -f",
                "execution_count": None,
                "outputs": [],
            },
        ]
        wanted += [*(cell.wanted for cell in notebooks.cells(lesson, "en") if cell.kind == "code"), ""]
    for k, cell in enumerate(cells):
        cell["id"] = f"cell-{k}"
    whole = {**notebooks.notebook(notebooks.lessons("en")[0], "en"), "cells": cells}
    ran = notebooks.run(whole, tmp_path)["cells"]
    assert len([text for text in wanted if text]) > 80
    assert [
        notebooks.printed(cell) for cell, text in zip(ran, wanted, strict=True) if text and not prints(cell, text)
    ] == []


@pytest.mark.parametrize("language", ["en", "ja"])
def test_where_the_repository_is_known_a_notebook_opens_and_installs_from_it(language: str) -> None:
    folder = "docs/notebooks" if language == "en" else "docs/ja/notebooks"
    for lesson in notebooks.lessons(language):
        title, install, *rest = notebooks.notebook(lesson, language, ADDRESS)["cells"]
        place = f"https://colab.research.google.com/github/somebody/tinygrad_bp/blob/main/{folder}/{lesson.stem}.ipynb"
        assert (
            f"(https://colab.research.google.com/assets/colab-badge.svg)]({place})" in title["source"].splitlines()[0]
        )
        extra = "[numpy]" if lesson.name[0] == "7" else ""
        assert install["source"].splitlines()[-1] == f'    %pip install -q "tinygrad-bp{extra} @ git+{ADDRESS}"'
        targets = re.findall(
            r"\]\(([^)]+)\)", "\n".join(cell["source"] for cell in rest if cell["cell_type"] == "markdown")
        )
        assert targets
        assert all(target.startswith("https://") for target in targets)  # Colab knows nothing beside the notebook


@each_lesson
def test_where_it_is_not_known_a_notebook_leads_into_the_clone(language: str, lesson: Path) -> None:
    made = notebooks.notebook(lesson, language)["cells"]
    folder = notebooks.FOLDERS[language] / "notebooks"
    [installed] = re.findall(r'%pip install -q "([./]+)', made[1]["source"])
    assert (folder / installed).resolve() == ROOT
    for cell in made:
        for target in re.findall(r"\]\(([^)#]+)", cell["source"]) if cell["cell_type"] == "markdown" else []:
            assert target.startswith("https://") or (folder / target).exists(), target


def test_a_block_ends_a_cell_where_it_shows_something() -> None:
    block = ">>> a = 1\n>>> a\n1\n>>> print(a)\n1\n>>> b = 2\n>>> b, a\n(2, 1)\n>>> c = 3\n"
    assert [(cell.text, cell.wanted) for cell in notebooks._code(block, "")] == [
        ("a = 1\na", "1\n"),
        ("print(a)\nb = 2\nb, a", "1\n(2, 1)\n"),
        ("c = 3", ""),
    ]
    with pytest.raises(ValueError, match="Python and what it prints"):
        notebooks._pieces("# Title\n\n```sh\nls\n```\n")
