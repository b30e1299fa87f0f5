"""What is packed: an index shows the README without what it cannot resolve, and the source distribution has what its tests need."""

from __future__ import annotations

import re
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def project() -> dict[str, Any]:
    toml = import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")  # which pytest brings
    found: dict[str, Any] = toml.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return found


def shown() -> str:
    """The README as an index gets it."""
    text = README
    for substitution in project()["tool"]["hatch"]["metadata"]["hooks"]["fancy-pypi-readme"]["substitutions"]:
        text = re.sub(substitution["pattern"], substitution["replacement"], text)
    return text


def test_an_index_is_shown_no_address_that_it_cannot_resolve() -> None:
    text = shown()
    addresses = re.findall(r"\]\(([^)]*)\)", text)
    assert addresses
    assert all(address.startswith(("https://", "#")) for address in addresses)
    assert "<" not in re.sub(r"(?s)```.*?```|`[^`\n]*`", "", text)


def test_an_index_is_shown_the_words_of_links_and_pictures() -> None:
    text = shown()
    assert "*Picture: A neuron as a graph: w times x, plus b" in text
    assert "This is a neuron, drawn by examples/draw_neuron.py." in text
    assert "- All pages, the examples, what is new." in text
    assert "[A Step by Step Backpropagation Example](https://mattmazur.com/" in text
    assert [line for line in text.splitlines() if line.startswith("#")] == [
        line for line in README.splitlines() if line.startswith("#")
    ]
    assert re.findall(r"(?s)```.*?```", text) == re.findall(r"(?s)```.*?```", README)


def test_the_source_distribution_has_what_the_repository_has() -> None:
    packed = set(project()["tool"]["hatch"]["build"]["targets"]["sdist"]["include"])
    made = {"pyproject.toml", ".gitignore", "PKG-INFO"}  # which are packed in any case
    texts = {path.name for path in ROOT.iterdir() if path.suffix in (".md", ".toml", ".cfg", ".ini")}
    assert texts <= packed | made
    assert {"tinygrad_bp", "tests", "examples", "docs", ".ci", ".github"} <= packed
    assert all((ROOT / name).exists() for name in packed)


def test_what_the_tests_import_is_declared() -> None:
    declared = {re.split(r"[^\w-]", line)[0] for line in project()["project"]["optional-dependencies"]["dev"]}
    assert {"pytest", "hypothesis", "mpmath"} <= declared
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "tests").glob("*.py")]
    for name in ("hypothesis", "mpmath", "numpy"):
        assert any(re.search(rf"^\s*(from|import) {name}\b", source, re.MULTILINE) for source in sources)


def _in_order(text: str, *parts: str) -> bool:
    """Whether these parts are in a text, one after the other."""
    return re.search(".*".join(map(re.escape, parts)), text, re.DOTALL) is not None


def test_a_release_is_checked_and_published_without_a_secret() -> None:
    workflow = (ROOT / ".github" / "workflows" / "release.yml").read_text(encoding="utf-8")
    # What is published is what was checked, and nothing is built beside it.
    assert _in_order(
        workflow, "- run: .ci/run dist\n", "path: dist\n  publish:", "path: dist\n", "pypa/gh-action-pypi-publish"
    )
    assert not re.search(r"-m build|twine", workflow)
    checked = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    keeping = 'cp "$scratch"/dist/* "$1"\n'
    assert _in_order(
        checked, '-m build -o "$scratch/dist"', 'check --strict "$scratch"/dist/*', 'wait "$others"', keeping, "passed"
    )
    assert checked.count("-m build") == 1
    assert checked.count('"$1"\n') == 2  # it is made, and filled, at the end alone
    assert "id-token: write" in workflow
    assert not re.search(r"secrets\.|password:|token:(?! write)", workflow)
    # The version is where the workflow looks for it, and the changelog has an entry of it.
    [version] = re.findall(
        r'^__version__ = "(.*)"$', (ROOT / "tinygrad_bp" / "__init__.py").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert re.search(
        rf"^## \[{re.escape(version)}\] - (unreleased|\d{{4}}-\d\d-\d\d)$",
        (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"),
        re.MULTILINE,
    )


def test_the_site_is_published_of_what_ci_has_passed() -> None:
    folder = ROOT / ".github" / "workflows"
    site, ci = ((folder / name).read_text(encoding="utf-8") for name in ("site.yml", "ci.yml"))
    [name] = re.findall(r"^name: (.*)$", ci, re.MULTILINE)
    assert f"workflow_run:\n    workflows: [{name}]\n" in site
    assert "push:" not in site
    assert "github.event.workflow_run.conclusion == 'success'" in site
    assert "ref: ${{ github.event.workflow_run.head_sha || github.sha }}" in site  # that commit, not a later one


def test_a_wheel_has_the_package_and_nothing_of_the_site() -> None:
    targets = project()["tool"]["hatch"]["build"]["targets"]
    assert targets["wheel"] == {"packages": ["tinygrad_bp"]}
    assert "/docs/_build/" in (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
