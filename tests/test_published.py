"""Where the project is published is said in one line of pyproject.toml, and all that waits for it follows."""

from __future__ import annotations

import re
import shutil
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from tests.site import ROOT

sys.path.insert(0, str(ROOT / "docs"))
import published  # type: ignore[import-not-found]

sys.path.remove(str(ROOT / "docs"))

ADDRESS = "https://github.com/Somebody/tinygrad_bp"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of what says where the project is published, without an address."""
    for name in ("pyproject.toml", *published.SAID):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    _say(tmp_path, "")
    return tmp_path


def _say(root: Path, line: str) -> None:
    """Edits the one line, and writes what follows from it."""
    project = root / "pyproject.toml"
    text = re.sub(r"^Repository = .*\n", "", project.read_text(encoding="utf-8"), flags=re.MULTILINE)
    project.write_text(text.replace("[project.urls]\n", f"[project.urls]\n{line}"), encoding="utf-8")
    for file, made in published.written(root).items():
        file.write_text(made, encoding="utf-8")


def _whole(root: Path) -> dict[str, str]:
    return {name: (root / name).read_text(encoding="utf-8") for name in ("pyproject.toml", *published.SAID)}


def test_all_pages_say_what_pyproject_says() -> None:
    assert {file.relative_to(ROOT).as_posix(): made for file, made in published.written().items()} == _whole(ROOT)


def test_one_line_switches_on_all_that_waits_for_the_address(copy: Path) -> None:
    without = _whole(copy)
    assert not any("github.io" in text for text in without.values())
    for owner in ("Somebody", "other-one"):
        repository, site = f"https://github.com/{owner}/tinygrad_bp", f"https://{owner.lower()}.github.io/tinygrad_bp/"
        _say(copy, f'Repository = "{repository}.git"\n')
        found = _whole(copy)
        toml: Any = import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")
        urls = toml.loads(found["pyproject.toml"])["project"]["urls"]
        assert urls["Documentation"] == site
        assert urls["Issues"] == f"{repository}/issues"
        assert "Worked example" in urls
        for page, play in (("README.md", "play/"), ("docs/ja/README.md", "play/?lang=ja")):
            assert f"`git clone {repository}`" in found[page]
            assert f"]({site}{play})" in found[page]
        assert all(site in text for text in found.values())
        assert not any(said in found[page] for page, said_on in published.SAID.items() for said, _ in said_on)
    _say(copy, "")
    assert _whole(copy) == without


def test_a_page_that_says_nothing_of_the_address_is_refused(copy: Path) -> None:
    (copy / "README.md").write_text("# tinygrad_bp\n", encoding="utf-8")
    with pytest.raises(
        ValueError, match=r"^README\.md has 0 times, and not once, what is said of the address: 'clone it"
    ):
        published.written(copy)


@pytest.mark.parametrize(
    ("line", "address"),
    [
        ("", ""),
        (f'Repository = "{ADDRESS}"\n', ADDRESS),
        (f'Repository = "{ADDRESS}.git"\n', ADDRESS),
        (f'Other = "{ADDRESS}"\n', ""),
    ],
)
def test_the_repository_is_the_one_of_pyproject(line: str, address: str, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(f"[project.urls]\n{line}[other]\nRepository = 'x'\n")
    assert published.repository(tmp_path) == address


def test_what_colab_and_pages_do_not_know_is_refused(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[project.urls]\nRepository = "https://example.org/x"\n')
    with pytest.raises(ValueError, match=r"to be https://github\.com/OWNER/NAME, not https://example\.org/x"):
        published.repository(tmp_path)
