"""The command `lesson`, and `explain` without a --wrt: what they are about, how they are written, in which language."""

import json
import re
import sys
from io import BytesIO, TextIOWrapper
from pathlib import Path

import pytest

from tests.command import command
from tests.files import write_csv
from tests.labels import HOSTILE
from tinygrad_bp import MLP, lesson, save
from tinygrad_bp.cli import documents, main
from tinygrad_bp.networks.notes import Notes
from tinygrad_bp.tutorial.page import subject as of_tutorial

pytestmark = pytest.mark.usefixtures("empty_folder")

NET = """
from tinygrad_bp import MLP, Value, optim
print("this must not be among the answer")
net = MLP(2, [2, 1], seed=1)
i1, i2, target_o1 = Value(0.5), Value(-1.0), Value(1.0)
[out] = net([i1, i2])
loss = (target_o1 - out) ** 2 / 2
loss.label = "E"
mine = optim.SGD(net.parameters(), lr=0.25, momentum=0.5)
neuron = net.layers[0].neurons[0]
"""


@pytest.fixture
def net() -> None:
    """A program, net.py, with a network and its loss."""
    Path("net.py").write_text(NET, encoding="utf-8")


def said(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """What the command says."""
    assert main(arguments) == 0
    return capsys.readouterr().out


def test_the_worked_example_is_the_lesson_of_the_library(capsys: pytest.CaptureFixture[str]) -> None:
    subject = of_tutorial()
    error, weights = subject.result, [v for v in subject.parameters if v.label.startswith("w")]
    text = said(["lesson", "tutorial", "--language", "en"], capsys)
    assert text == lesson(error, lr=0.5, parameters=weights).text()
    assert "E_total = 0.298371109 → 0.291027774" in text  # the biases stay, as in the text
    made = lesson(error, lr=0.125, digits=4, title="Mine", language="ja", parameters=weights)
    options = ["--lr", "0.125", "--digits", "4", "--title", "Mine", "--language", "ja"]
    assert said(["lesson", "tutorial", *options], capsys) == made.text()
    assert main(["lesson", "tutorial", "--learning-rate", "0.125"]) == 0


@pytest.mark.parametrize("format", ["text", "markdown", "html", "latex", "json"])
def test_every_format_on_standard_output_and_in_a_file(
    net: None, format: str, capsys: pytest.CaptureFixture[str]
) -> None:
    out = said(["lesson", "net.py:loss", "--lr", "0.5", "--format", format], capsys)
    holds = {"text": "═", "markdown": "# A", "html": "<!DOCTYPE html>", "latex": r"\documentclass", "json": "{\n"}
    assert holds[format].lower() in out.lower()
    assert "must not be" not in out
    name = f"lesson.{documents.FORMATS[format]}"
    assert said(["lesson", "net.py:loss", "--lr", "0.5", "-o", name], capsys) == f"{name}\n"
    written = Path(name).read_text(encoding="utf-8")
    numbers = [re.findall(r"\b\d+\.\d{9}\b", text.partition("net")[2]) for text in (written, out)]
    assert numbers[0] == numbers[1] != []
    if format == "json":
        assert json.loads(written)["blocks"] == json.loads(out)["blocks"]


def test_the_name_of_the_file_says_how_if_nothing_else_does(net: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert said(["lesson", "net.py:loss", "-o", "a.json", "--format", "text"], capsys) == "a.json\n"
    assert Path("a.json").read_text(encoding="utf-8").startswith("A round")
    assert said(["lesson", "net.py:loss", "-o", "/dev/stdout"], capsys) == "" or sys.platform == "win32"


@pytest.mark.parametrize("name", ["xor", "or", "and", "nand"])
def test_truth_tables_are_computed_for_the_row_of_two_ones_or_another(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    inputs = []
    for options in ([], ["--row", "2"]):
        out = said(["lesson", name, *options], capsys)
        [line] = re.findall(r"net_h1 = w1 \* i1 \+ .*?\n\n", out, re.DOTALL)
        inputs.append(re.findall(r"\* ([\d.]+)(?= \+)", " ".join(line.split()).partition(" = ")[2].split("=")[1]))
    assert inputs == [["1", "1"], ["0", "1"]]


def test_a_saved_network_computes_a_row_of_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    model = MLP(2, [2, 1], seed=1)
    model.notes = Notes(["wide", "high"], ["area"])
    save(model, "model.json")
    write_csv("rows.csv", [["high", "wide", "area"], [1, 2, 3], [0.25, -0.75, 0.5]])
    out = said(["lesson", "model.json", "--data", "rows.csv", "--row", "2", "--lr", "0.1"], capsys)
    assert re.search(r"wide\s+-0\.75\s+high\s+0\.25", out)
    assert main(["lesson", "model.json", "--data", "rows.csv", "--row", "3"]) == 2
    assert capsys.readouterr().err == "tinygrad-bp: error: --row 3: rows.csv has 2 rows\n"


def test_a_network_larger_than_a_page_shows_is_followed_along_one_weight(capsys: pytest.CaptureFixture[str]) -> None:
    save(MLP(30, [40, 1], seed=1), "model.json")
    columns = [f"i{k}" for k in range(1, 31)]
    write_csv("rows.csv", [[*columns, "o1"], [0.1] * 30 + [1.0]])
    out = said(["lesson", "model.json", "--data", "rows.csv", "--x", "w5"], capsys)
    assert "dE/dw5" in out
    assert "dE/dw6" not in out


def test_it_follows_what_is_named_by_label_or_variable(net: None, capsys: pytest.CaptureFixture[str]) -> None:
    out = said(["lesson", "net.py:loss", "--x", "w2"], capsys)
    assert "dE/dw2" in out
    assert "dE/dw1" not in out
    assert main(["lesson", "net.py:loss", "--x", "w77"]) == 2
    assert "there is no label 'w77' in this graph; the labels are" in capsys.readouterr().err


@pytest.mark.parametrize("command_", [["lesson", "tutorial"], ["exercise", "tutorial"], ["explain", "net.py:loss"]])
def test_the_language_is_that_of_the_locale_if_none_is_said(
    command_: list[str], net: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    wanted = {each: said([*command_, "--language", each], capsys) for each in ("en", "ja")}
    for name in ("LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    for locale, language in (("ja_JP.UTF-8", "ja"), ("fr_FR.UTF-8", "en"), ("C", "en")):
        monkeypatch.setenv("LANG", locale)
        assert said(command_, capsys) == wanted[language]
    monkeypatch.setenv("LANG", "ja_JP.UTF-8")
    assert said([*command_, "--language", "en"], capsys) == wanted["en"]


def test_labels_steer_no_terminal_and_leave_no_page(capsys: pytest.CaptureFixture[str]) -> None:
    labels = [label for label in HOSTILE if label.strip()]
    lines = ["from tinygrad_bp import Value", f"xs = [Value(1.0 + k, label) for k, label in enumerate({labels!r})]"]
    Path("hostile.py").write_text("\n".join([*lines, "loss = sum(x * x for x in xs)"]), encoding="utf-8")
    for format in ("text", "markdown", "latex", "json", "html"):
        assert main(["lesson", "hostile.py:loss", "--format", format, "-o", f"out.{format}"]) == 0
        assert not re.search("[\x00-\x08\x0b\x0e-\x1f\x7f\x9b]", Path(f"out.{format}").read_text(encoding="utf-8"))
    assert "<script>pwned" not in Path("out.html").read_text(encoding="utf-8")
    assert "\x1b" not in said(["lesson", "hostile.py:loss"], capsys)


@pytest.mark.parametrize("columns", [80, 40])
@pytest.mark.parametrize("language", ["en", "ja"])
def test_it_fits_the_terminal(
    columns: int, language: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from tinygrad_bp.explanation.names import columns as across

    monkeypatch.setenv("COLUMNS", str(columns))
    for name in ("lesson", "exercise"):
        lines = said([name, "tutorial", "--language", language], capsys).splitlines()
        code = re.compile(r" {4}\w+ = ")  # lines of Python stay lines
        assert [line for line in lines if across(line) > columns and not code.match(line)] == []


MISTAKES = [
    (["lesson"], "the following arguments are required: SUBJECT"),
    (
        ["lesson", "xro"],
        "'xro' is nothing to derive: it is tutorial, xor, or, and, nand, FILE.py:NAME or a model's .json",
    ),
    (["lesson", "net.py"], "'net.py' does not say what to derive in it: write net.py:NAME"),
    (["lesson", "net.py:i1"], "was not computed from anything"),
    (["lesson", "net.py:neuron"], "net.py:neuron is a Neuron; give it inputs in your program, and name its loss"),
    (["lesson", "net.py:net"], "is a network without numbers to compute: --data says the table, and --row its row"),
    (["lesson", "net.py:loss", "--data", "rows.csv"], "--data is for a network; net.py:loss has its numbers already"),
    (["lesson", "tutorial", "--row", "2"], "--row is for a network; tutorial has its numbers already"),
    (["lesson", "xor", "--data", "rows.csv"], "--data is for a network; xor has its rows already"),
    (["lesson", "xor", "--row", "5"], "--row 5: xor has 4 rows"),
    (["lesson", "xor", "--row", "0"], "a whole number from 1 up, not 0"),
    (["lesson", "nowhere.json"], "nowhere.json"),
    (["lesson", "-", "--data", "-"], "standard input holds one thing, the network or the table"),
    (
        ["lesson", "tutorial", "-o", "lesson.doc"],
        "should end in .txt, .md, .html, .tex, .json or .pdf, or --format say",
    ),
    (["lesson", "tutorial", "-o", "no/lesson.html"], "no'; make it first"),
    (["lesson", "tutorial", "--lr", "0"], "argument --lr/--learning-rate: it takes a finite number above 0, not 0"),
    (["lesson", "tutorial", "--digits", "99"], "digits"),
    (["lesson", "tutorial", "--language", "de"], "invalid choice: 'de' (choose from en, ja)"),
    (["lesson", "tutorial", "--momentum", "0.9"], "--momentum is of an optimizer, and there is no --optimizer"),
    (["lesson", "tutorial", "--optimizer", "adma"], "--optimizer 'adma' is none: there are sgd, adam, adamw"),
    (["lesson", "net.py:loss", "--optimizer", "my"], "there are sgd, adam, adamw, mine"),
    (["lesson", "net.py:loss", "--optimizer", "mine", "--lr", "1"], "mine in net.py has its settings already"),
    (["lesson", "tutorial", "--optimizer", "adam", "--nesterov"], "--nesterov is of sgd, not of adam"),
]


@pytest.mark.parametrize(("arguments", "says"), MISTAKES, ids=[" ".join(arguments) for arguments, _ in MISTAKES])
def test_mistakes_are_said_and_nothing_is_written(
    net: None, arguments: list[str], says: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", TextIOWrapper(BytesIO(b"")))
    assert main(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert says in err
    assert "Traceback" not in err
    assert {path.name for path in Path().iterdir()} - {"__pycache__"} == {"net.py"}


# explain without --wrt


def test_explain_says_how_a_value_was_computed(neuron: None, capsys: pytest.CaptureFixture[str]) -> None:
    out = said(["explain", "neuron.py:out", "--language", "en"], capsys)
    assert out.startswith("net = w * x + b\n    = -0.5 * 2 + 0.25\n    = -0.75\n")
    assert "$$" in said(["explain", "neuron.py:out", "--format", "markdown"], capsys)
    found = json.loads(said(["explain", "neuron.py:out", "--format", "json"], capsys))
    assert [step["name"] for step in found["steps"]] == ["net", "out"]


def test_explain_speaks_japanese(neuron: None, capsys: pytest.CaptureFixture[str]) -> None:
    out = said(["explain", "neuron.py:out", "--wrt", "w", "--language", "ja"], capsys)
    assert "経路" in out
    assert "Its factors" not in out


def test_a_terminal_that_has_no_japanese_gets_it_spelled() -> None:
    done = command("lesson", "tutorial", "--language", "ja", env={"PYTHONIOENCODING": "ascii"})
    assert done.returncode == 0, done.stderr
    assert rb"\u" in done.stdout
