"""The command `explore`: every subject, every option, and every mistake."""

import json
import re
import webbrowser
from pathlib import Path
from typing import Any

import pytest

from tests.files import write_csv
from tinygrad_bp import MLP, explore, load, save
from tinygrad_bp.cli import main
from tinygrad_bp.networks import data, losses
from tinygrad_bp.networks.prediction import notes

PROGRAM = """
from tinygrad_bp import Layer, MLP, Module, Neuron, Value
print("this must not be among the answer")
x, w, b = Value(2.0, "x"), Value(-0.5, "w"), Value(0.25, "b")
net = w * x + b
out = net.tanh()
pair = [net, out]
number = 3.5
model = MLP(2, [3, 1], seed=1)
layer = model.layers[0]
neuron = layer.neurons[0]
module = Module()
long = x
for _ in range(1000):
    long = long * 1.0
far = x * 1e308
red = Value(1.0, "\\x1b[31mred") * 2.0
"""


@pytest.fixture(autouse=True)
def subjects(empty_folder: Path) -> None:
    Path("program.py").write_text(PROGRAM, encoding="utf-8")
    save(MLP(2, [3, 2], seed=1), "plain.json")


def described(path: str = "explorer.html") -> Any:
    """What the page knows about its subject."""
    [text] = re.findall(
        r'<script type="application/json" id="description">(.*?)</script>', Path(path).read_text("utf-8")
    )
    return json.loads(text)


def trained(layers: Any, table: Any, loss: Any, **options: Any) -> None:
    """A model in a file, with the notes that `train` leaves."""
    net = MLP(layers[0], layers[1:], activation=["tanh", None], seed=1)
    net.notes = notes(table, loss, **options)
    save(net, "model.json")


def test_without_a_subject_it_is_the_worked_example(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explore"]) == 0
    assert capsys.readouterr() == ("explorer.html\n", "")
    assert Path("explorer.html").read_bytes() == explore("tutorial").html.encode()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["tutorial", "xor", "or", "and", "nand"])
def test_examples(capsys: pytest.CaptureFixture[str], name: str) -> None:
    assert main(["explore", name, "-o", f"{name}.html"]) == 0
    assert capsys.readouterr() == (f"{name}.html\n", "")
    assert Path(f"{name}.html").read_bytes() == explore(name).html.encode()


@pytest.mark.parametrize(
    ("name", "kind", "labels"),
    [
        ("out", "graph", {"x", "w", "b", "net", "out"}),
        ("net", "graph", {"x", "w", "b", "net"}),
        ("model", "invented", {"i1", "i2", "w1", "out_h3", "out_o1", "target_o1", "E"}),
        ("layer", "invented", {"i1", "i2", "w1", "out_h3", "target_h3", "E_total"}),
        ("neuron", "invented", {"i1", "i2", "w1", "out_h1", "target_h1", "E"}),
    ],
)
def test_things_in_a_program(capsys: pytest.CaptureFixture[str], name: str, kind: str, labels: Any) -> None:
    assert main(["explore", f"program.py:{name}"]) == 0
    out, err = capsys.readouterr()
    said = "this must not be among the answer\n"
    assert (out, err[: len(said)]) == ("explorer.html\n", said)
    assert ("made up" in err) == (kind == "invented")
    about = described()
    assert about["kind"] == kind
    assert labels <= {node.get("label") for node in about["nodes"]}


def test_a_saved_network(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explore", "plain.json"]) == 0
    out, err = capsys.readouterr()
    assert out == "explorer.html\n"
    assert "plain.json comes without rows, so the inputs on the page are made up" in err
    about = described()
    assert (about["kind"], about["title"], len(about["parameters"])) == ("invented", "Plain", 17)


def test_options() -> None:
    arguments = "--title Mine --language ja --learning-rate 0.125 -o page.HTM"
    assert main(["explore", "program.py:out", *arguments.split()]) == 0
    about = described("page.HTM")
    assert (about["title"], about["language"], about["learningRate"]) == ("Mine", "ja", 0.125)
    assert main(["explore", "xor", "--learning-rate", "2", "--title", "Mine"]) == 0
    assert (described()["learningRate"], described()["title"]) == (2.0, "Mine")
    assert main(["explore", "plain.json", "--title", "Mine"]) == 0
    assert (described()["title"], described()["language"], described()["learningRate"]) == ("Mine", None, 0.5)


@pytest.mark.parametrize("title", ["</title><script>alert(1)</script>", "\x1b[31m", "\udce9", "\u202e", "{{SCRIPT}}"])
def test_titles_stay_text(capsys: pytest.CaptureFixture[str], title: str) -> None:
    assert main(["explore", "program.py:out", "--title", title]) == 0
    assert described()["title"] == title
    text = Path("explorer.html").read_bytes().decode()
    assert text.count("</script>") == 4
    assert not re.search("[\x1b\u202e]|<script>", text)


def test_the_page_is_opened(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    opened = []
    monkeypatch.setattr(webbrowser, "open", lambda url: opened.append(url) or True)
    assert main(["explore", "xor", "-o", "my page.html", "--open"]) == 0
    assert capsys.readouterr().out == "my page.html\n"
    assert opened == [Path("my page.html").resolve().as_uri()]
    assert main(["explore", "xor"]) == 0
    assert len(opened) == 1


def test_without_a_browser_the_page_is_there(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webbrowser, "open", lambda url: False)
    assert main(["explore", "xor", "--open"]) == 2
    out, err = capsys.readouterr()
    assert out == "explorer.html\n"
    assert "there is no browser here to open 'explorer.html' with" in err
    assert described()["kind"] == "truth"


# Tables


def cases(about: Any) -> Any:
    """The rows in a page, inputs and targets in order of their labels."""
    labels = [node.get("label", "") for node in about["nodes"]]
    return [{labels[k]: x for k, x in case} for case in about["cases"]]


def test_rows_are_from_all_over_a_table_and_scaled_as_those_that_were_learned() -> None:
    table = data.penguins().scaled()
    trained([4, 5, 3], table, "cross_entropy")
    assert main(["explore", "model.json", "--data", "penguins", "--rows", "3"]) == 0
    rows = list(table)
    model = load("model.json")
    worst = max(range(len(rows)), key=lambda k: losses.cross_entropy(model(rows[k][0]), rows[k][1]).data)
    places = [max([k * len(rows) // 3, *([worst] if worst < (k + 1) * len(rows) // 3 else [])]) for k in range(3)]
    found = cases(described())
    assert len(found) == 3
    for row, (inputs, outputs) in zip(found, [rows[k] for k in places], strict=True):
        assert [row[column] for column in table.columns] == pytest.approx(inputs)
        assert [row[f"target_{name}"] for name in table.classes] == outputs
    assert main(["explore", "model.json", "--data", "penguins"]) == 0
    assert len(described()["cases"]) == 8


def test_the_row_of_the_largest_error_is_among_those_shown_and_opens_the_page() -> None:
    net = MLP(1, [1], activation=[None], weights=[1.0], biases=[0.0])
    save(net, "line.json")
    write_csv("line.csv", [["x", "y"], *[[k, k + (7 if k == 13 else 0.5)] for k in range(20)]])
    assert main(["explore", "line.json", "--data", "line.csv", "--rows", "4"]) == 0
    about = described()
    assert [row["i1"] for row in cases(about)] == [0.0, 5.0, 13.0, 15.0]
    assert about["opening"] == 2
    assert main(["explore", "line.json", "--data", "line.csv", "--rows", "20"]) == 0
    assert [row["i1"] for row in cases(described())] == list(range(20))


def test_a_page_goes_on_as_the_network_was_trained() -> None:
    write_csv("line.csv", [["x", "y"], *[[k, 3 * k] for k in range(5)]])
    for options, wanted in (
        ("--optimizer adam --learning-rate 0.02", ("adam", 0.02)),
        ("--optimizer sgd --learning-rate 0.125 --momentum 0.9", ("momentum", 0.125)),
        ("--optimizer sgd --learning-rate 0.125 --momentum 0.5", ("sgd", 0.5)),  # which no page has
        ("--optimizer adam --weight-decay 0.1", ("sgd", 0.5)),
    ):
        assert main(["train", "line.csv", "--epochs", "1", "--out", "done", "--force", *options.split()]) == 0
        assert main(["explore", "done/model.json", "--data", "line.csv"]) == 0
        assert (described()["optimizer"], described()["learningRate"]) == wanted
    assert main(["explore", "done/model.json", "--data", "line.csv", "--learning-rate", "0.25"]) == 0
    assert described()["learningRate"] == 0.25


def test_targets_are_scaled_too() -> None:
    write_csv("line.csv", [["x", "y"], *[[k, 100 * k + 7] for k in range(5)]])
    table = data.read("line.csv")
    trained([1, 2, 1], table.scaled(), "mean_squared_error", target_scaling=data.Scaling([7.0], [100.0]))
    assert main(["explore", "model.json", "--data", "line.csv"]) == 0
    found = cases(described())
    assert [row["target_y"] for row in found] == [0.0, 1.0, 2.0, 3.0, 4.0]
    assert [row["x"] for row in found] == [row[0] for row in table.scaled().inputs]


def test_a_network_without_notes_takes_a_table_as_it_is() -> None:
    write_csv("table.csv", [["a", "b", "c"], [1, 2, 3], [4, 5, 6]])
    save(MLP(2, [2, 1], seed=1), "one.json")
    assert main(["explore", "one.json", "--data", "table.csv"]) == 0
    assert cases(described()) == [{"i1": 1.0, "i2": 2.0, "target_o1": 3.0}, {"i1": 4.0, "i2": 5.0, "target_o1": 6.0}]
    assert main(["explore", "program.py:model", "--data", "nand"]) == 0
    assert [list(row.values()) for row in cases(described())] == [[*x, *y] for x, y in data.truth_table("nand")]


@pytest.mark.parametrize("outputs", [1, 2])
def test_classes_have_the_places_that_the_network_learned(outputs: int) -> None:
    table = data.Table.of_classes(["x"], "kind", [([1.0], 0), ([2.0], 1)], ["b", "d"])
    trained([1, 2, outputs], table, "cross_entropy" if outputs == 2 else "binary_cross_entropy")
    write_csv("kinds.csv", [["x", "kind"], [5, "d"], [6, "b"]])
    assert main(["explore", "model.json", "--data", "kinds.csv"]) == 0
    wanted = [[1.0], [0.0]] if outputs == 1 else [[0.0, 1.0], [1.0, 0.0]]
    names = ["o1"] if outputs == 1 else ["b", "d"]
    assert [[row[f"target_{name}"] for name in names] for row in cases(described())] == wanted


@pytest.mark.parametrize(
    ("classes", "kinds", "places"), [(["a", "b", "c"], ["c", "a"], [2, 0]), (["1", "5", "7"], [7, 1, 5], [2, 0, 1])]
)
def test_a_table_need_not_have_all_classes_and_may_write_them_as_numbers(classes: Any, kinds: Any, places: Any) -> None:
    table = data.Table.of_classes(["x"], "kind", [([1.0], 0), ([2.0], 1), ([2.0], 2)], classes)
    trained([1, 2, 3], table, "cross_entropy")
    write_csv("kinds.csv", [["x", "kind"], *[[1, kind] for kind in kinds]])
    assert main(["explore", "model.json", "--data", "kinds.csv"]) == 0
    found = [[row[f"target_{name}"] for name in classes].index(1.0) for row in cases(described())]
    assert found == places


@pytest.mark.slow
def test_a_page_for_what_train_wrote(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tinygrad_bp.drawing.Drawing.render", lambda self, format, **_: self.source.encode())
    write_csv("kinds.csv", [["x", "kind"], *[[k, (1, 5, 7)[k // 20]] for k in range(60)]])
    for table, layers in (("kinds.csv", ["1", "4", "3"]), ("xor", ["2", "5", "1"]), ("moons", ["2", "4", "2"])):
        assert main(["train", table, "--layers", *layers, "--epochs", "2", "--out", table[:4]]) == 0
        assert main(["explore", f"{table[:4]}/model.json", "--data", table, "--rows", "2"]) == 0
        assert len(described()["cases"]) == 2


# Mistakes: exit status 2, a sentence on standard error, no traceback, nothing written

MISTAKES = [
    (["--colour"], "unrecognized arguments: --colour"),
    (["xor", "or"], "unrecognized arguments: or"),
    (["xro"], "'xro' is nothing to explore: it is tutorial, xor, or, and, nand, FILE.py:NAME or a model's .json file"),
    (["program.py"], "'program.py' does not say what to explore in it: write program.py:NAME"),
    ([""], "'' is nothing to explore"),
    (["xor", "-o", "page.txt"], "-o 'page.txt': the name should end in .html"),
    (["xor", "-o", "page"], "the name should end in .html"),
    (["xor", "-o", ""], "the name should end in .html"),
    (["xor", "-o", "no/page.html"], "no'; make it first"),
    (["xor", "-o", "folder.html"], "that is a folder"),
    (["xor", "-o"], "expected one argument"),
    (["xor", "--language", "de"], "invalid choice: 'de'"),
    (["xor", "--learning-rate", "0"], "a finite number above 0, not 0"),
    (["xor", "--learning-rate", "nan"], "a finite number above 0, not nan"),
    (["xor", "--learning-rate", "1e999"], "a finite number above 0, not 1e999"),
    (["xor", "--learning-rate", "half"], "'half' is not a number"),
    (["xor", "--data", "xor"], "--data is for an MLP; xor has its numbers already"),
    (["tutorial", "--rows", "2"], "--rows says how many rows of --data to take, and there is no --data"),
    (["plain.json", "--rows", "2"], "there is no --data"),
    (["plain.json", "--data", "xor", "--rows", "0"], "a whole number from 1 up, not 0"),
    (["plain.json", "--data", "xor", "--rows", "two"], "'two' is not a whole number"),
    (["plain.json", "--data", "many.csv", "--rows", "70"], "up to 64 rows, and there are 70: pass fewer"),
    # the program
    (["nowhere.py:out"], "there is no file 'nowhere.py'"),
    (["program.py:"], "write FILE.py:NAME"),
    (["program.py:oud"], "there is no 'oud' in program.py"),
    (["program.py:number"], "is a float, 3.5, not a Value"),
    (["program.py:pair"], "is a list of 2 Values, not a Value"),
    (["program.py:module"], "module in program.py is a "),
    (["program.py:x"], "was not computed from anything; give it the result of a computation"),
    (["program.py:long"], "up to 1,000 nodes, and this one has 2,001: explore a part of it"),
    (["program.py:far"], "far is inf; a page shows finite numbers"),
    (["program.py:out", "--data", "xor"], "--data is for an MLP; program.py:out has its numbers already"),
    (["program.py:layer", "--data", "xor"], "--data is for an MLP"),
    (["broken.py:y"], "broken.py, line 1: ZeroDivisionError"),
    # the network
    (["nowhere.json"], "nowhere.json"),
    (["text.json"], "text.json"),
    (["xor.JSON"], "xor.JSON"),
    # the table
    (["plain.json", "--data", "nowhere.csv"], "nowhere.csv"),
    (["plain.json", "--data", "xro"], "should end in .csv, .tsv or .json"),
    (["plain.json", "--data", "xor"], "this network takes 2 targets, and row 1 has 1"),
    (["plain.json", "--data", "penguins"], "the network learned from i1, i2, and penguins has bill_length_mm"),
    (["birds.json", "--data", "other.csv"], "other.csv: there is no column 'bill_length_mm'; the columns are a, b"),
    (["birds.json", "--data", "zebra.csv"], "tells apart Adelie, Chinstrap, Gentoo, and zebra.csv has 'Zebra'"),
]


@pytest.mark.parametrize(("arguments", "said"), MISTAKES, ids=lambda x: " ".join(x)[:60] if isinstance(x, list) else "")
def test_mistakes(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, arguments: Any, said: Any
) -> None:
    monkeypatch.setattr(webbrowser, "open", lambda url: pytest.fail("a page was opened"))
    table = data.penguins()
    trained([4, 2, 3], table, "cross_entropy")
    Path("model.json").rename("birds.json")
    write_csv("zebra.csv", [[*table.columns, "species"], [1, 2, 3, 4, "Zebra"], [1, 2, 3, 4, "Gentoo"]])
    write_csv("other.csv", [["a", "b", "c", "d", "species"], [1, 2, 3, 4, "Adelie"], [1, 2, 3, 4, "Gentoo"]])
    write_csv("many.csv", [["a", "b", "c"], *[[1, 2, 3] for _ in range(70)]])
    Path("text.json").write_text("no network", encoding="utf-8")
    Path("broken.py").write_text("y = 1 / 0\n", encoding="utf-8")
    Path("folder.html").mkdir()
    before = {path.name for path in Path().iterdir()}
    assert main(["explore", *arguments, "--open"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert said in err
    assert "error: " in err
    assert "Traceback" not in err
    assert {path.name for path in Path().iterdir()} - {"__pycache__"} == before


def test_a_label_does_not_steer_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    Path("red.py").write_text(
        "from tinygrad_bp import Value\ny = Value(float('inf'), '\\x1b[31m') * 2.0\n", encoding="utf-8"
    )
    assert main(["explore", "red.py:y"]) == 2
    err = capsys.readouterr().err
    assert r"\x1b[31m is inf" in err
    assert "\x1b" not in err
    assert main(["explore", "program.py:red"]) == 0
    assert "\x1b" not in Path("explorer.html").read_text("utf-8")


def test_what_was_there_stays_without_graphviz(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from tinygrad_bp.drawing import rendering

    Path("explorer.html").write_text("before", encoding="utf-8")
    monkeypatch.setattr(rendering, "_programs", lambda: iter(()))
    assert main(["explore"]) == 2
    assert "install Graphviz" in capsys.readouterr().err
    assert Path("explorer.html").read_text(encoding="utf-8") == "before"
