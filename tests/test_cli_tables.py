"""Tables of people, learned and predicted by the command: what the model holds, what tells rows apart, and what is said class by class."""

import csv
import io
import json
import random
from pathlib import Path
from typing import Any

import pytest

from tinygrad_bp import MLP, load, save
from tinygrad_bp.cli import main
from tinygrad_bp.networks.data import read
from tinygrad_bp.networks.notes import Notes
from tinygrad_bp.networks.prediction import Predictor, balanced_accuracy, confusion
from tinygrad_bp.networks.recipe import Unsuitable, recipe
from tinygrad_bp.networks.training import train

pytestmark = pytest.mark.usefixtures("empty_folder", "quick")

HEAD = "id;size;color;flag;kind\n"


def fruit(missing: bool = True) -> str:
    """A table with an id, decimal commas, texts, truths, gaps and two classes."""
    draw = random.Random(1)
    lines = []
    for k in range(60):
        size, color, flag = draw.uniform(1, 9), draw.choice(["red", "blue"]), draw.choice(["true", "false"])
        kind = "apple" if size + 3 * (color == "red") > 6 else "plum"
        lines.append(
            f"p{k};{'' if missing and k % 9 == 4 else f'{size:.2f}'.replace('.', ',')};{color};{flag};{kind}\n"
        )
    return HEAD + "".join(lines)


@pytest.fixture
def model() -> str:
    Path("fruit.csv").write_text(fruit())
    assert (
        main(["train", "fruit.csv", "--ignore", "id", "--missing", "mean", "--epochs", "30", "--engine", "python"]) == 0
    )
    return "training-out/model.json"


def predicted(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[list[dict[str, str]], str]:
    capsys.readouterr()
    assert main(["predict", *arguments]) == 0
    out, err = capsys.readouterr()
    return list(csv.DictReader(io.StringIO(out))), err


def test_the_model_holds_how_columns_became_inputs(model: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("new.txt").write_text("flag,extra,color,id,size\nTRUE,x,red,q1,5\nFalse,y,blue,q2,\n")
    rows, err = predicted(capsys, model, "new.txt")
    assert [row["id"] for row in rows] == ["q1", "q2"]
    assert err == ""
    predictor = Predictor(load(model))
    assert predictor.columns == ["size", "color", "flag"]
    for row, cells in zip(rows, ([5, "red", True], [None, "blue", "false"]), strict=True):
        found = predictor(cells)
        assert [float(row["p(apple)"]), float(row["p(plum)"])] == found
        assert row["kind"] == predictor.answer(dict(zip(predictor.columns, cells, strict=True)))


def test_python_does_as_the_command_does(model: str) -> None:
    chosen = recipe(read("fruit.csv", ignore="id", missing="mean"), epochs=30)
    net, rows = chosen.network(0, "glorot"), chosen.rows(0)
    train(
        net, rows.learned, chosen.loss, chosen.optimizer_of(net), epochs=30, batch_size=chosen.batch_size, shuffle=True,
        seed=0, engine="python", validation=rows.held_out,
    )  # fmt: skip
    net.notes = chosen.notes(rows)
    there = load(model)
    assert [p.data for p in there.parameters()] == [p.data for p in net.parameters()]
    assert there.notes.preprocessing == net.notes.preprocessing == rows.learned.preprocessing
    assert there.notes.scaling == net.notes.scaling
    assert load(save(net, "net.json")).notes == net.notes


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("size,color,flag\n1,rde,true\n", "line 2, column 'color': 'rde' is none of the categories that were learned, blue, red; did"),
        ("size,color,flag\n1,,true\n1,red,maybe\n", "line 3, column 'flag': the text 'maybe' where a number should be"),
        ("size,flag\n1,true\n2,false\n", "there is no column 'color'; the columns are size, flag"),
        ("1,red,true\n2,red,false\n", "there is no column 'size'; the columns are c1, c2, c3; it has no line of names"),
    ],
)  # fmt: skip
def test_what_does_not_fit_the_model_is_named(
    model: str, text: str, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("new.csv").write_text(text)
    capsys.readouterr()
    assert main(["predict", model, "new.csv"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert f"new.csv: {says}" in err


def test_gaps_are_refused_or_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    Path("fruit.csv").write_text(fruit())
    assert main(["train", "fruit.csv", "--ignore", "id"]) == 2
    assert "fruit.csv: line 6, column 'size': nothing where a number should be" in capsys.readouterr().err
    assert main(["train", "fruit.csv", "--ignore", "id", "--missing", "drop", "--epochs", "3"]) == 0
    assert "53 rows, 13 held out, and 7 with something missing left out" in " ".join(capsys.readouterr().out.split())
    rows, err = predicted(capsys, "training-out/model.json", "fruit.csv")
    assert [row["id"] for row in rows] == [f"p{k}" for k in range(60) if k % 9 != 4]
    assert "7 rows left out, since something is missing" in err


def test_rows_are_told_apart(model: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("new.csv").write_text("size,color,flag,name,kind\n1,red,true,a,plum\n2,red,true,b,plum\n")
    rows, _ = predicted(capsys, model, "new.csv")
    assert [row["row"] for row in rows] == ["1", "2"]
    rows, _ = predicted(capsys, model, "new.csv", "--id", "name", "--id", "size")
    assert [(row["name"], row["size"]) for row in rows] == [("a", "1"), ("b", "2")]
    rows, _ = predicted(capsys, model, "new.csv", "--id", "kind")
    assert list(rows[0])[:2] == ["kind (id)", "kind"]
    Path("indexed.csv").write_text(",size,color,flag\nx7,1,red,true\nx9,2,red,true\n")
    rows, _ = predicted(capsys, model, "indexed.csv")
    assert [row["index"] for row in rows] == ["x7", "x9"]


def test_it_is_said_class_by_class(capsys: pytest.CaptureFixture[str]) -> None:
    net = MLP(1, [3], weights=[0.0, 1.0, 2.0], biases=[0.0, 0.0, -1.5], activation=None)
    net.notes = Notes(["x"], ["kind"], "cross_entropy", ["a", "b", "c"])
    save(net, "model.json")
    Path("new.csv").write_text("x,kind\n-1,a\n-2,a\n1,a\n1,b\n1,b\n2,b\n2,c\n3,\n3,d\n")
    _, err = predicted(capsys, "model.json", "new.csv")
    assert err.splitlines()[0] == (
        "5 of 7 right, 71.4%; balanced accuracy 77.8%; 1 without a class that the network knows, such as 'd'; 1 row without a target"
    )
    assert [line.split() for line in err.splitlines()[1:]] == [
        ["wanted", "→", "a", "→", "b", "→", "c", "recall", "precision"],
        ["a", "2", "1", "0", "66.7%", "100.0%"],
        ["b", "0", "2", "1", "66.7%", "66.7%"],
        ["c", "0", "0", "1", "100.0%", "50.0%"],
    ]
    assert balanced_accuracy(confusion(3, [0, 0, 1], [0, 1, 1])) == 0.75


def test_a_blank_target_is_no_fault(capsys: pytest.CaptureFixture[str]) -> None:
    net = MLP(1, [1], weights=[2.0], biases=[0.0], activation=None)
    net.notes = Notes(["x"], ["y"], "mean_squared_error")
    save(net, "model.json")
    Path("new.csv").write_text("x,y\n1,2\n2,\n3,7\n")
    rows, err = predicted(capsys, "model.json", "new.csv")
    assert [row["y"] for row in rows] == ["2.0", "4.0", "6.0"]
    assert err == "root mean squared error 0.707107 of 2 rows; 1 row without a target\n"
    Path("new.csv").write_text("x,y\n1,\n2,NA\n")
    assert predicted(capsys, "model.json", "new.csv")[1] == ""
    Path("new.csv").write_text("x,y\n1,many\n2,3\n")
    assert main(["predict", "model.json", "new.csv"]) == 2
    out, err = capsys.readouterr()
    assert out == ""  # nothing was printed before
    assert "line 2, column 'y': the text 'many' where a number should be" in err


def test_numbers_are_classes_where_it_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    Path("n.csv").write_text("a,k\n" + "".join(f"{k % 7},{k % 3}\n" for k in range(30)))
    assert main(["train", "n.csv", "--epochs", "2"]) == 0
    out, err = capsys.readouterr()
    assert "--classes learns classes" not in out
    assert "is learned as a number; --classes learns classes" in err
    assert main(["train", "n.csv", "--classes", "--epochs", "2"]) == 0
    assert "k (0, 1, 2) from a" in capsys.readouterr().out
    assert recipe(read("n.csv"), classes=True).table.classes == ["0", "1", "2"]
    with pytest.raises(
        Unsuitable, match="classes do not suit the table: classes are the different numbers of one target"
    ):
        recipe(read({"x": [1, 2], "k": [5, 5]}), classes=True)
    with pytest.raises(TypeError, match=r"recipe takes a Table, not dict; tinygrad_bp\.data\.read makes one"):
        recipe({"x": [1]})


def test_how_a_table_is_written_can_be_said(capsys: pytest.CaptureFixture[str]) -> None:
    Path("n.csv").write_text("1990:1,234:x\n" + "".join(f"{k}:{k},5:{'xy'[k % 2]}\n" for k in range(30)))
    options = ["--delimiter", ":", "--decimal", ",", "--header", "no", "--encoding", "ascii"]
    assert main(["train", "n.csv", *options, "--target", "3", "--epochs", "2"]) == 0
    assert "31 rows" in capsys.readouterr().out
    rows, _ = predicted(capsys, "training-out/model.json", "n.csv", *options)
    assert len(rows) == 31
    assert main(["train", "xor", "--missing", "mean"]) == 2
    assert "--missing is of files; the tables that are built in have theirs" in capsys.readouterr().err


WRONG: list[tuple[Any, str]] = [
    ([], "preprocessing that is none"),
    ({"columns": [{"name": 3}]}, "a feature without a name"),
    ({"columns": [{"name": "x", "categories": []}]}, "categories that are no list of texts"),
    ({"columns": [{"name": "x", "fill": "y"}]}, "fill 'x' with 'y'"),
    ({"columns": [{"name": "x", "odd": 1}]}, "preprocessing that is none"),
    ({"columns": [{"name": "x"}], "missing": "man"}, "missing 'man', which is mean or drop"),
    ({"columns": [{"name": "x"}], "ignored": "id"}, "ignored columns that are no names"),
]


@pytest.mark.parametrize(("written", "says"), WRONG)
def test_damaged_preprocessing_is_named(written: Any, says: str) -> None:
    content = json.loads(save(MLP(1, [1], seed=1), "net.json").read_text())
    Path("net.json").write_text(json.dumps({**content, "notes": {"preprocessing": written}}))
    with pytest.raises(ValueError, match=rf"^net\.json: the notes of the network .*{says}"):
        load("net.json")


def test_preprocessing_that_does_not_fit_the_network_is_named() -> None:
    net = MLP(2, [1], seed=1)
    net.notes = Notes.of_json({"preprocessing": {"columns": [{"name": "c", "categories": ["a", "b", "d"]}]}})
    with pytest.raises(ValueError, match="have preprocessing that makes 3 inputs, and it has 2"):
        Predictor(net)


def test_rows_are_taken_by_name_or_place(model: str) -> None:
    predictor = Predictor(load(model))
    with pytest.raises(ValueError, match="the row has no 'flag'; the network takes size, color, flag"):
        predictor({"size": 1, "color": "red"})
    with pytest.raises(ValueError, match="the row has no 'size'; the network takes"):
        predictor({"x": 1})
    with pytest.raises(ValueError, match=r"takes 3 inputs \(size, color, flag\), not 2"):
        predictor([1, "red"])
    with pytest.raises(ValueError, match="column 'color': 'pink' is none of the categories"):
        predictor([1, "pink", True])


@pytest.mark.extras
def test_rows_of_pandas_are_taken_by_their_names(model: str) -> None:
    pandas: Any = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"flag": [True, False], "color": ["red", "blue"], "size": [3.5, None]}, index=[8, 9])
    predictor = Predictor(load(model))
    for (_, row), cells in zip(frame.iterrows(), ([3.5, "red", True], [None, "blue", False]), strict=True):
        assert predictor(row) == predictor(cells)
