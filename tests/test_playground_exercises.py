"""The playground's exercises: unsolved as they begin, solved as they end, and what is wrong is said in both languages."""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

DOCS = Path(__file__).parent.parent / "docs"
WORDS = json.loads((DOCS / "play" / "words.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def rooms() -> Iterator[tuple[Any, Any]]:
    """What makes the exercises, and what tries them."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("site", "play"):
            patch.syspath_prepend(str(DOCS / name))
        making: Any = importlib.import_module("exercising")
        trying: Any = importlib.import_module("exercises")
        trying.know(json.dumps(making.published()))
        yield making, trying
    for name in ("exercising", "exercises"):
        sys.modules.pop(name, None)


def tried(trying: Any, name: str, program: str) -> Any:
    names: dict[str, Any] = {"__name__": "__main__"}
    with contextlib.redirect_stdout(io.StringIO()):
        exec(compile(program, "<program>", "exec"), names)
        return trying.tried(name, names, "<program>")


@pytest.mark.slow
def test_programs_are_unsolved_as_they_begin_and_solved_as_they_end(rooms: tuple[Any, Any]) -> None:
    making, trying = rooms
    made = making.exercises()
    for name, each in made.items():
        assert tried(trying, name, each["solution"])["solved"], name
        found = tried(trying, name, each["start"])
        assert not found["solved"], name
        assert found["parts"]["expected"] not in ("", found["parts"].get("came")), name
        assert each["start"].count(making.HERE) == (0 if name.startswith("bug") else 1)
    assert {*made, *trying.SHEETS} == {*making.LESSONS} == {each["name"] for each in making.course()}
    assert {*making.LESSONS.values()} == {*range(9)}


@pytest.mark.parametrize(
    ("body", "key", "came", "expected", "why"),
    [
        ("return Number(self.data + other.data, (self, other), (other.data, self.data))", "came", "7", "10", "product"),
        (
            "return Number(self.data * other.data, (self, other), (self.data, other.data))",
            "came",
            "2, 5",
            "5, 2",
            "factors",
        ),
        (
            "return Number(self.data * other.data, (self, other), (other.data, self.data))",
            "raised.line",
            "",
            "10, 5",
            "plain",
        ),
        ("return self.data * other.data", "raised", "", "10", "product"),
        ("pass", "raised", "", "10", "none"),
        ("import sys; sys.exit()", "raised.line", "", "10", "product"),
        ("return self * other", "raised.line", "", "10", "product"),
        ("out = Number(0.0); out.data = True; return out", "came", "True", "10", "product"),
        ("out = Number(0.0); out.data = float('nan'); return out", "came", "nan", "10", "product"),
    ],
)
def test_what_came_and_what_was_expected_is_said(
    rooms: tuple[Any, Any], body: str, key: str, came: str, expected: str, why: str
) -> None:
    making, trying = rooms
    start = making.exercises()["mul"]["start"].split("\n\ny = ")[0]
    found = tried(trying, "mul", start.replace(f"...  {making.HERE}", body))
    assert (found["solved"], found["key"], found["why"]) == (False, key, why)
    assert (found["parts"].get("came", ""), found["parts"]["expected"]) == (came, expected)
    assert found["parts"]["code"].startswith("a = Number(2.0)\n")


def test_a_program_without_what_is_tried_is_told_so(rooms: tuple[Any, Any]) -> None:
    assert tried(rooms[1], "mul", "x = 1\n") == {"solved": False, "key": "missing", "parts": {"name": "Number"}}
    assert tried(rooms[1], "nudge", "x = 1\n") == {"solved": False, "key": "missing", "parts": {"name": "slope"}}
    weird = (
        "class R:\n    def __repr__(self):\n        raise ValueError\n    def __round__(self, n):\n        return self\n"
        "def slope(f, x):\n    return R()\n"
    )
    assert tried(rooms[1], "nudge", weird)["parts"]["came"] == "<R>"


SUBCLASS = "from tinygrad_bp import Value\nclass Number(Value):\n    def __mul__(self, other):\n        return Value.__mul__(self, other)\n"
WRAPPER = """
from tinygrad_bp import Value

class Number:
    def __init__(self, data):
        self.inner = data if isinstance(data, Value) else Value(data)
    def __getattr__(self, name):
        return getattr(self.inner, name)
    def __mul__(self, other):
        return Number(self.inner * getattr(other, "inner", other))
"""
FORGED = "import tinygrad_bp\nNumber = type('Number', (tinygrad_bp.Value,), {'__slots__': ()})\nNumber.mro = lambda: [Number, object]\n"


@pytest.mark.parametrize(
    ("name", "program", "key"),
    [
        ("mul", "from tinygrad_bp import Value as Number\n", "taken"),
        ("bug-a", "from tinygrad_bp import Value as Number\n", "taken"),
        ("backward", SUBCLASS, "taken"),
        ("mul", FORGED, "taken"),
        ("mul", WRAPPER, "package"),
        ("mul", "from tinygrad_bp import Value\nNumber = lambda data: Value(data)\n", "package"),
        (
            "nudge",
            "from tinygrad_bp import Value\ndef slope(f, x):\n    v = Value(x)\n    f(v).backward()\n    return v.grad\n",
            "package",
        ),
        ("nudge", "from tinygrad_bp import grad as slope\n", "taken"),
    ],
)
def test_what_the_package_does_solves_nothing(rooms: tuple[Any, Any], name: str, program: str, key: str) -> None:
    found = tried(rooms[1], name, program)
    assert (found["solved"], found["key"]) == (False, key)


def test_a_method_that_asks_the_package_for_a_slope_is_told_so(rooms: tuple[Any, Any]) -> None:
    making, trying = rooms
    body = "v = __import__('tinygrad_bp').Value(self.data); y = v.tanh(); y.backward(); return Number(y.data, (self,), (v.grad,))"
    start = making.exercises()["tanh"]["start"]
    found = tried(trying, "tanh", start.replace(f"...  {making.HERE}", body))
    assert (found["solved"], found["key"], found["parts"]["name"]) == (False, "package", "Number")


def test_solutions_are_not_in_the_playground(rooms: tuple[Any, Any]) -> None:
    making, trying = rooms
    published = json.dumps(making.published())
    for name, each in making.exercises().items():
        own = {*each["solution"].splitlines()} - {*each["start"].splitlines(), ""}
        assert own, name
        assert not any(json.dumps(line.strip())[1:-1] in published for line in own), name
    trying.programs()["mul"]["trials"].clear()  # what one program changes is whole for the next one
    assert trying.programs()["mul"]["trials"]


def test_the_faulty_engines_are_those_of_the_lesson(
    rooms: tuple[Any, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    making, _ = rooms
    lesson = making.LESSON.read_text(encoding="utf-8")
    engine, network, faults = making._of_the_lesson()
    monkeypatch.chdir(tmp_path)
    Path("small_engine.py").write_text(engine, encoding="utf-8")
    names: dict[str, Any] = {}
    [program] = [block for block in re.findall(r"(?ms)^```python\n(.*?)^```$", lesson) if "FAULTS = {" in block]
    exec(f"{network}\n{program}", names)
    made = {name: each["start"] for name, each in making.exercises().items() if re.fullmatch("bug-[a-d]", name)}
    assert [f"bug-{letter.lower()}" for letter in faults] == list(made)
    found = set()
    for letter in faults:
        own: dict[str, Any] = {}
        with contextlib.redirect_stdout(io.StringIO()):
            exec(made[f"bug-{letter.lower()}"], own)
        slopes = [{name: v.grad for name, v in p.items()} for p in (names["broken"](letter), own["p"])]
        assert slopes[0] == slopes[1]
        found.add(slopes[0]["w1"] + slopes[0]["b1"])
        assert "#" not in made[f"bug-{letter.lower()}"]  # no comment says what is right
    assert len(found) == 4


@pytest.mark.parametrize(
    ("body", "solved", "why"),
    [
        ("return (f(x + 0.0001) - f(x)) / 0.0001", False, "nudge.sides"),
        ("return (f(x) - f(x - 1e-7)) / 1e-7", False, "nudge.sides"),
        ("return (f(x + 0.0001) - f(x - 0.0001)) / 0.0001", False, "nudge"),
        ("return 6.0", False, "nudge"),
        ("return (f(x + step) - f(x - step)) / (2 * step)", False, "name"),
        ("h = 1e-5; return (f(x + h) - f(x - h)) / (2 * h)", True, None),
    ],
)
def test_a_slope_is_looked_for_on_both_sides(rooms: tuple[Any, Any], body: str, solved: bool, why: str | None) -> None:
    making, trying = rooms
    start = making.exercises()["nudge"]["start"]
    found = tried(trying, "nudge", start.replace(f"...  {making.HERE}", body).rsplit("print", 1)[0])
    assert (found["solved"], found.get("why")) == (solved, why)


@pytest.mark.slow
@pytest.mark.parametrize("language", ["en", "ja"])
def test_sheets_are_set_and_marked(rooms: tuple[Any, Any], language: str) -> None:
    trying = rooms[1]
    for name, (_, blanks, _) in trying.SHEETS.items():
        sheet = trying.sheet(name, 1, language)
        assert sheet["asked"] == blanks
        assert f'lang="{language}"' in sheet["given"]
        right = {each.step.name: each.text for each in trying._made(name, 1, language).asked}
        assert not any(text in re.sub(r"<[^>]*>", "", sheet["given"]) for text in right.values())
        assert trying.marked(name, 1, right, language)["solved"], name
        first = trying.marked(name, 1, {}, language)
        assert first["next"]["name"] == blanks[0]
        assert " = " in first["next"]["how"]
    assert trying.sheet("w1", 1, language) != trying.sheet("w1", 2, language)


def test_a_known_mistake_is_named_and_the_next_step_told(rooms: tuple[Any, Any]) -> None:
    trying = rooms[1]
    made = trying._made("w5", 1, "en")
    delta = made.derivation["delta_o1"]
    slope = made.derivation.names
    out = next(v for v, name in slope.items() if name == "out_o1")
    found = trying.marked("w5", 1, {"delta_o1": f"{delta.value / (out.data * (1 - out.data)):.4g}"}, "en")
    assert found["marks"][0]["remark"].startswith("This is what comes out if the factor dout_o1/dnet_o1 = ")
    assert found["next"] == {"name": "delta_o1", "how": "delta_o1 = dE/dnet_o1 = dE/dout_o1 * dout_o1/dnet_o1"}


def test_comments_of_a_program_are_in_the_language_of_the_page(rooms: tuple[Any, Any]) -> None:
    making, _ = rooms
    starts = {each["name"]: each["start"] for each in making.course() if each["start"]}
    assert len(starts) > 8
    for name, start in starts.items():
        keys = re.findall(r"# (.*)", start)
        assert all(re.fullmatch(r"\{[\w.]+\}", key) and WORDS["ja"][key[1:-1]] for key in keys), name
        said = re.sub(r"# \{([\w.]+)\}", lambda found: f"# {WORDS['en'][found[1]]}", start)
        assert said == making.exercises()[name]["start"].replace("{exercise.here}", WORDS["en"]["exercise.here"])
    with pytest.raises(ValueError, match="lack a comment of lesson 5: # nobody"):
        making._worded("x = 1  # nobody knows it")


def test_both_languages_say_everything_that_is_asked_for(rooms: tuple[Any, Any]) -> None:
    making, _ = rooms
    assert list(WORDS["en"]) == list(WORDS["ja"])
    for key, text in WORDS["en"].items():
        assert set(re.findall(r"\{(\w+)\}", text)) == set(re.findall(r"\{(\w+)\}", WORDS["ja"][key])), key
        assert text.strip(), key
        assert WORDS["ja"][key].strip() or key == "error.why", key
    asked = {f"exercise.{name}.title" for name in making.LESSONS}
    asked |= {f"exercise.{re.sub(r'^bug-[a-d]$', 'bug', name)}.task" for name in making.LESSONS}
    for trial in [trial for each in making.exercises().values() for trial in each["trials"]]:
        asked |= {f"why.{said['why']}" for said in (trial, *trial["hints"]) if said["why"]}
    asked |= {"exercise.missing", "exercise.taken", "exercise.package", "why.none", "why.name"}
    assert asked <= WORDS["en"].keys()
    page = "".join(
        (DOCS / "play" / name).read_text(encoding="utf-8") for name in ("page.js", "exercise.js", "index.html")
    )
    for key in re.findall(r'(?:word\(|data-word=)"([\w.]+)"', page):
        assert key in WORDS["en"], key
