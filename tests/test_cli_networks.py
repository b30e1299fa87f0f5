"""The commands `train` and `predict`, and what a saved network says about itself."""

import csv
import io
import json
import math
import os
import random
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

import tinygrad_bp as tg
from tests.files import write_csv
from tinygrad_bp import MLP, load, save
from tinygrad_bp.cli import main
from tinygrad_bp.networks import data
from tinygrad_bp.networks.notes import Notes
from tinygrad_bp.networks.prediction import Predictor, notes
from tinygrad_bp.networks.recipe import CountedRows, recipe
from tinygrad_bp.networks.scaling import Scaling

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("empty_folder")]


@pytest.fixture(autouse=True)
def quick(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures are not drawn, but where a test is about them: each file holds their DOT text."""
    if "drawn" not in request.fixturenames:
        monkeypatch.setattr("tinygrad_bp.drawing.Drawing.render", lambda self, format, **_: self.source.encode())


def line(points: int = 60) -> None:
    """A table whose target is a plane over two inputs of different sizes."""
    draw = random.Random(1)
    rows = [[draw.uniform(0, 1), draw.uniform(-500, 500)] for _ in range(points)]
    write_csv("plane.csv", [["x", "y", "z"], *[[x, y, 3 * x - 0.01 * y + 1000] for x, y in rows]])
    write_csv("counted.csv", [["x", "n"], *[[x, k] for k, (x, _) in enumerate(rows)]])


# train


def test_xor_is_learned(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "xor", "--layers", "2", "5", "1", "--out", "run"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert "MLP(2-5-1, 21 parameters), sigmoid-sigmoid" in out
    assert "4 of 4 right, if rounded" in out
    assert max(map(len, out.splitlines())) <= 80
    files = {path.name for path in Path("run").iterdir()}
    assert files - {"boundary.svg", "boundary.png"} == {
        "model.json",
        "checkpoint.json",
        "curve.csv",
        "curve.svg",
        "network.svg",
        "network.png",
        "report.md",
    }
    net = load("run/model.json")
    assert [round(net(inputs)[0].data) for inputs, _ in data.truth_table("xor")] == [0, 1, 1, 0]
    assert Path("run/curve.csv").read_text().splitlines()[0] == "epoch,loss"
    assert len(Path("run/curve.csv").read_text().splitlines()) == 10_001


@pytest.mark.parametrize("name", ["or", "and", "nand"])
def test_truth_tables_are_learned_without_a_word_about_layers(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", name]) == 0
    assert "4 of 4 right, if rounded" in " ".join(capsys.readouterr().out.split())


def test_the_worked_example_is_trained(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "tutorial"]) == 0
    out = capsys.readouterr().out
    assert "0.298371 in the first epoch, 3.51085e-05 in the last" in out
    assert "0.015914, 0.984064" in out


def test_penguins_are_told_apart(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "penguins", "--layers", "4", "8", "3", "--out", "birds"]) == 0
    out = capsys.readouterr().out
    assert "342 rows, 86 held out" in out
    assert "cross_entropy, adam" in out
    predictor = Predictor(load("birds/model.json"))
    assert predictor.columns == ["bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g"]
    assert predictor.classes == ["Adelie", "Chinstrap", "Gentoo"]
    assert predictor.score(data.penguins()) > 0.97
    assert sum(predictor([39.1, 18.7, 181.0, 3750.0])) == pytest.approx(1.0)
    assert Path("birds/curve.csv").read_text().splitlines()[0] == "epoch,loss,held_out"


def test_a_file_with_numbers_to_learn(capsys: pytest.CaptureFixture[str]) -> None:
    line()
    assert main(["train", "plane.csv", "--target", "z", "--layers", "2", "8", "1", "--epochs", "400"]) == 0
    assert "mean_squared_error, adam" in capsys.readouterr().out
    predictor = Predictor(load("training-out/model.json"))
    assert predictor([0.5, 100.0])[0] == pytest.approx(1000.5, abs=0.5)


def test_a_few_rows_of_large_numbers(capsys: pytest.CaptureFixture[str]) -> None:
    write_csv("few.csv", [["x", "y"], *[[k, 100 * k + 7] for k in range(9)]])
    assert main(["train", "few.csv", "--epochs", "1500"]) == 0
    assert "held out" not in capsys.readouterr().out
    assert Predictor(load("training-out/model.json"))([4.0])[0] == pytest.approx(407, abs=15)


def test_two_targets(capsys: pytest.CaptureFixture[str]) -> None:
    write_csv("two.csv", [["a", "x", "b"], *[[k, k / 50, -2 * k] for k in range(50)]])
    assert main(["train", "two.csv", "--target", "a", "--target", "b", "--epochs", "300"]) == 0
    assert "learned  a, b from x" in capsys.readouterr().out
    assert Predictor(load("training-out/model.json"))([0.5]) == pytest.approx([25, -50], abs=3)


@pytest.mark.parametrize("outputs", ["1", "2"])
def test_two_classes_by_one_output_or_two(outputs: str, capsys: pytest.CaptureFixture[str]) -> None:
    table = data.moons(60, seed=3)
    write_csv(
        "moons.csv", [["x", "y", "moon"], *[[*row, "ab"[k]] for row, k in zip(table.inputs, table.labels, strict=True)]]
    )
    assert main(["train", "moons.csv", "--layers", "2", "8", outputs]) == 0
    assert ("binary_cross_entropy" if outputs == "1" else " cross_entropy") in capsys.readouterr().out
    predictor = Predictor(load("training-out/model.json"))
    assert predictor.classes == ["a", "b"]
    prediction = predictor([0.0, 1.0])
    assert sum(prediction) == pytest.approx(1.0)
    assert predictor.classes[predictor.best(prediction)] == "a"


def test_classes_that_are_numbers() -> None:
    write_csv("kinds.csv", [["x", "kind"], *[[k, (1, 5, 7)[k // 20]] for k in range(60)]])
    assert main(["train", "kinds.csv", "--layers", "1", "8", "3", "--epochs", "300"]) == 0
    predictor = Predictor(load("training-out/model.json"))
    assert predictor.classes == ["1", "5", "7"]
    assert predictor.classes[predictor.best(predictor([30.0]))] == "5"


def test_the_same_seed_gives_the_same_network(capsys: pytest.CaptureFixture[str]) -> None:
    for seed, folder in (("1", "a"), ("1", "b"), ("2", "c")):
        assert main(["train", "moons", "--epochs", "5", "--seed", seed, "--out", folder, "--engine", "python"]) == 0
    texts = [Path(folder, "model.json").read_text() for folder in "abc"]
    assert texts[0] == texts[1] != texts[2]


def test_every_option_is_heard(capsys: pytest.CaptureFixture[str]) -> None:
    options = (
        "--activation relu --init he --loss mean_squared_error --optimizer sgd --learning-rate 0.02 --momentum 0.5"
    )
    more = (
        "--weight-decay 0.001 --epochs 7 --batch-size 0 --held-out 0.5 --patience 3 --stop-below 1e-9 --no-scale --dark"
    )
    assert main(["train", "moons", *options.split(), *more.split(), "--engine", "eager"]) == 0
    out = capsys.readouterr().out
    assert "relu-sigmoid" in out
    assert "mean_squared_error, sgd, learning rate 0.02, all rows a step" in " ".join(out.split())
    assert "7 epochs, 7 steps" in out
    assert "engine eager" in " ".join(out.split())
    assert "100 rows, 50 held out" in out
    assert "scaling" not in json.loads(Path("training-out/model.json").read_text())["notes"]
    assert "#12161c" in Path("training-out/network.svg").read_text()


@pytest.fixture
def drawn() -> None:
    """Asks for pictures that are drawn."""


def test_the_pictures_are_pictures(drawn: Any) -> None:
    assert main(["train", "xor", "--epochs", "10"]) == 0
    assert Path("training-out/network.png").read_bytes().startswith(b"\x89PNG")
    assert "<svg" in Path("training-out/network.svg").read_text()
    assert "<polyline" in Path("training-out/curve.svg").read_text()


def test_ctrl_c_saves_what_was_trained(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    from tinygrad_bp.networks import training

    def interrupted(self: Any, batches: Any) -> Any:
        if self.optimizer.steps >= 40:
            raise KeyboardInterrupt
        return run(self, batches)

    run = training.engines.Compiled.run
    monkeypatch.setattr(training.engines.Compiled, "run", interrupted)
    assert main(["train", "xor", "--engine", "python"]) == 130
    out, err = capsys.readouterr()
    assert out == ""
    assert re.match(r"tinygrad-bp: interrupted after \d\d epochs, \d\d steps; what was learned is in training-out", err)
    assert err.count("\n") == 1
    assert load("training-out/model.json").widths == [2, 5, 1]
    assert Path("training-out/report.md").exists()


@pytest.mark.parametrize("engine", ["eager", "python", pytest.param("llvm", marks=pytest.mark.extras)])
def test_ctrl_c_while_rows_held_out_are_measured_saves_what_was_trained(
    engine: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from tinygrad_bp.networks.training import engines

    kinds: dict[str, Any] = {"eager": engines.Eager, "python": engines.Compiled, "llvm": engines.Machine}
    evaluate, calls = kinds[engine].evaluate, []

    def interrupted(self: Any) -> float:
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return evaluate(self)

    monkeypatch.setattr(kinds[engine], "evaluate", interrupted)
    assert main(["train", "moons", "--engine", engine]) == 130
    assert capsys.readouterr().err.startswith("tinygrad-bp: interrupted after 3 epochs, ")
    assert len(Path("training-out/curve.csv").read_text(encoding="utf-8").splitlines()) == 4
    assert load("training-out/model.json").notes.columns == ["x", "y"]


def test_ctrl_c_before_the_first_step_saves_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from tinygrad_bp.networks.training import engines

    def interrupted(self: Any, batches: Any) -> list[float]:
        raise KeyboardInterrupt

    monkeypatch.setattr(engines.Compiled, "run", interrupted)
    assert main(["train", "xor", "--engine", "python"]) == 130
    assert capsys.readouterr() == ("", "tinygrad-bp: interrupted before the first step; nothing is saved\n")
    assert not Path("training-out/model.json").exists()


def test_a_training_that_leaves_all_bounds_says_where(capsys: pytest.CaptureFixture[str]) -> None:
    line()
    options = ["--optimizer", "sgd", "--learning-rate", "1e200", "--activation", "relu"]
    assert main(["train", "plane.csv", *options]) == 2
    err = capsys.readouterr().err
    assert err.startswith("tinygrad-bp: error: training stopped in step ")
    assert "a smaller learning rate may help" in err


def test_hostile_names_are_only_names(capsys: pytest.CaptureFixture[str]) -> None:
    name = "<script>|`x`\x1b[31m"
    write_csv("h.csv", [[name, "y$(rm)"], *[[k, k % 2] for k in range(30)]])
    assert main(["train", "h.csv", "--epochs", "2"]) == 0
    out = capsys.readouterr().out
    assert "\x1b" not in out
    report = Path("training-out/report.md").read_text()
    assert "<script>" not in report
    assert "\x1b" not in report
    assert json.loads(Path("training-out/model.json").read_text())["notes"]["columns"] == [name]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["xorr"], "'xorr' is no table: name a .csv, .tsv or .json file, or one of xor, or, and, nand"),
        (["xor", "--target", "y"], "--target is of files"),
        (["xor", "--layers", "3", "1"], "--layers begins with the number of inputs, and the table has 2: a, b"),
        (["xor", "--layers", "2"], "--layers are inputs, hidden neurons, if any, and outputs, such as 2 8 1"),
        (
            ["penguins", "--layers", "4", "8", "2"],
            "ends with the number of outputs, which is 3 for these classes (Adelie,",
        ),
        (["plane.csv", "--layers", "2", "4", "2"], "one number in each row, of 60 different values"),
        (["plane.csv", "--target", "q"], "there is no column 'q'; the columns are x, y, z"),
        (["nowhere.csv"], "cannot read 'nowhere.csv': No such file"),
        (["plane.csv", "--loss", "l1"], "--loss 'l1' is none of squared_error"),
        (["plane.csv", "--loss", "hinge"], "binary_cross_entropy does the same here"),
        (["plane.csv", "--activation", "sigmoyd"], "did you mean 'sigmoid'"),
        (["plane.csv", "--learning-rate", "-1"], "lr is from 0"),
        (["plane.csv", "--momentum", "0.9"], "--momentum is of --optimizer sgd"),
        (["plane.csv", "--held-out", "1"], "--held-out is a share of the rows, from 0 to below 1, not 1"),
        (["plane.csv", "--layers", "2", "0", "1"], "a whole number from 1 up"),
        (["plane.csv", "--out", "plane.csv"], "--out 'plane.csv' is a file"),
        (
            ["plane.csv", "--loss", "binary_cross_entropy"],
            "is of classes, and the target 'z' is one number in each row",
        ),
        (["counted.csv", "--loss", "binary_cross_entropy"], "is of two classes, and the target 'n'"),
    ],
)
def test_mistakes_are_said_in_a_line(arguments: Any, says: str, capsys: pytest.CaptureFixture[str]) -> None:
    line()
    assert main(["train", *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert says in err
    assert err.count("error:") == 1
    assert not Path("training-out").exists()


# predict


@pytest.fixture(scope="module")
def bird_model(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What the command learned about penguins, in a folder that nobody writes to."""
    folder = tmp_path_factory.mktemp("learned") / "birds"
    main(["train", "penguins", "--epochs", "30", "--out", str(folder)])
    return folder / "model.json"


@pytest.fixture
def birds(bird_model: Any, capsys: pytest.CaptureFixture[str]) -> None:
    Path("birds").mkdir()
    shutil.copy(bird_model, "birds")
    table = data.penguins()
    write_csv(
        "some.csv", [["id", *reversed(table.columns)], *[[k, *reversed(row)] for k, row in enumerate(table.inputs[:5])]]
    )
    capsys.readouterr()


def test_predictions_as_csv_by_the_names_of_columns(birds: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["predict", "birds/model.json", "some.csv"]) == 0
    out, err = capsys.readouterr()
    rows = list(csv.reader(io.StringIO(out)))
    assert rows[0] == ["row", "species", "p(Adelie)", "p(Chinstrap)", "p(Gentoo)"]
    assert [row[:2] for row in rows[1:]] == [[str(k), "Adelie"] for k in range(1, 6)]
    assert float(rows[1][2]) == Predictor(load("birds/model.json"))(data.penguins().inputs[0])[0]
    assert err == ""


def test_predictions_as_json_into_a_file_and_their_score(birds: Any, capsys: pytest.CaptureFixture[str]) -> None:
    table = data.penguins()
    names = [table.classes[k] for k in table.labels]
    write_csv(
        "all.csv", [[*table.columns, "species"], *[[*row, n] for row, n in zip(table.inputs, names, strict=True)]]
    )
    assert main(["predict", "birds/model.json", "all.csv", "--format", "json", "-o", "found.json"]) == 0
    out, err = capsys.readouterr()
    assert out == "found.json\n"
    found = json.loads(Path("found.json").read_text())
    right = sum(row["species"] == name for row, name in zip(found, names, strict=True))
    assert f"{right} of 342 right" in err
    assert right > 300


def test_predictions_of_numbers(capsys: pytest.CaptureFixture[str]) -> None:
    line()
    main(["train", "plane.csv", "--epochs", "300"])
    capsys.readouterr()
    assert main(["predict", "training-out/model.json", "plane.csv"]) == 0
    out, err = capsys.readouterr()
    found = [float(row["z"]) for row in csv.DictReader(io.StringIO(out))]
    wanted = [float(row["z"]) for row in csv.DictReader(Path("plane.csv").read_text().splitlines())]
    error = math.sqrt(sum((a - b) ** 2 for a, b in zip(found, wanted, strict=True)) / 60)
    assert err == f"root mean squared error {error:.6g}\n"
    assert error < 1


def test_a_network_without_notes(capsys: pytest.CaptureFixture[str]) -> None:
    save(MLP(2, [1], weights=[2.0, -1.0], activation=None), "plain.json")
    write_csv("in.csv", [["i2", "i1"], [3, 10], [0.5, 0.25]])
    assert main(["predict", "plain.json", "in.csv"]) == 0
    assert capsys.readouterr().out == "row,o1\n1,17.0\n2,0.0\n"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nowhere.json", "some.csv"], "cannot read 'nowhere.json'"),
        (["some.csv", "some.csv"], "some.csv: this is no saved network"),
        (["birds/model.json", "lacking.csv"], "lacking.csv: there is no column 'bill_length_mm'; the columns are a, b"),
        (
            ["birds/model.json", "wordy.csv"],
            "wordy.csv: line 2, column 'bill_depth_mm': the text 'deep' where a number should be",
        ),
        (["birds/model.json", "some.csv", "-o", "no/where.csv"], "cannot write 'no/where.csv': there is no folder"),
    ],
)
def test_mistakes_of_predictions_are_said_in_a_line(
    birds: Any, arguments: Any, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    write_csv("lacking.csv", [["a", "b"], [1, 2]])
    write_csv("wordy.csv", [data.penguins().columns, [1, "deep", 3, 4]])
    assert main(["predict", *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert says in err


# What a network says about itself


@pytest.mark.parametrize(
    ("about", "says"),
    [
        ({"columns": ["a"]}, "name 1 input and 2 outputs, and it has 2 and 2"),
        ({"classes": ["a", "b", "c"]}, "name 2 inputs and 3 outputs"),
        ({"scaling": Scaling([0.0], [1.0])}, "a scaling that is not two lists of 2 numbers"),
        ({"target_scaling": Scaling([0.0, 0.0], [1.0])}, "a target_scaling that is not two lists of 2 numbers"),
    ],
)
def test_notes_that_do_not_fit(about: Any, says: str) -> None:
    net = MLP(2, [2])
    net.notes = Notes(**about)
    with pytest.raises(ValueError, match=says):
        Predictor(net)


def test_predictions_are_those_of_the_network() -> None:
    table = data.penguins().scaled()
    net = MLP(4, [5, 3], activation=["tanh", None], seed=1)
    net.notes = notes(table, "cross_entropy")
    zs = [out.data for out in net(table.inputs[7])]
    total = sum(map(math.exp, zs))
    assert Predictor(net)(data.penguins().inputs[7]) == pytest.approx([math.exp(z) / total for z in zs], rel=1e-12)
    with pytest.raises(ValueError, match="takes 4 inputs"):
        Predictor(net)([1.0])
    with pytest.raises(TypeError, match="takes a real number"):
        Predictor(net)([1.0, 2.0, 3.0, tg.Value(1.0)])


def test_a_report_is_whole_or_not_there(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(os, "fsync", lambda file: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    assert main(["train", "xor", "--epochs", "3"]) == 2
    assert "No space left" in capsys.readouterr().err
    assert not Path("training-out").exists()
    assert list(Path().iterdir()) == []


# The folder of a training, and tables that are built in


@pytest.mark.parametrize("name", ["xor", "moons", "penguins"])
def test_a_table_that_is_built_in_is_predicted_by_its_name_from_the_folder_of_results(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("tinygrad_bp.cli.common.save_pictures", lambda drawings, folder: ([], []))
    assert main(["train", name, "--epochs", "2", "--out", "here"]) == 0
    capsys.readouterr()
    assert main(["predict", "here/model.json", name]) == 0
    out, err = capsys.readouterr()
    assert len(list(csv.reader(io.StringIO(out)))) == len(data.bundled(name)) + 1
    assert "right" in err or "error" in err
    assert main(["predict", "here", name]) == 0
    assert capsys.readouterr().out == out


def test_a_folder_without_a_model_is_told_what_folder_is_meant(capsys: pytest.CaptureFixture[str]) -> None:
    Path("empty").mkdir()
    for arguments in (["predict", "empty", "xor"], ["explore", "empty"], ["draw", "empty", "-o", "net.svg"]):
        assert main(arguments) == 2
        assert "'empty' is a folder without a model.json; name one that train --out wrote" in capsys.readouterr().err


def test_a_column_that_counts_the_rows_is_said_to(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [[k + 7, k % 3 / 10, k % 4 / 10] for k in range(12)]
    write_csv("ids.csv", [["nr", "a", "y"], *rows])
    assert main(["train", "ids.csv", "--epochs", "2", "--engine", "python"]) == 0
    err = capsys.readouterr().err
    assert "the column 'nr' counts the rows, as an id does, and is learned from; --ignore 'nr' leaves it out" in err
    assert err.count("counts the rows") == 1
    assert main(["train", "ids.csv", "--ignore", "nr", "--epochs", "2", "--engine", "python", "--out", "b"]) == 0
    assert "counts" not in capsys.readouterr().err


def test_a_recipe_warns_of_a_column_that_counts_the_rows_and_of_no_other() -> None:
    def table(column: Any, *others: Any) -> data.Table:
        inputs = [[float(column(k)), *(float(other(k)) for other in others)] for k in range(12)]
        return data.Table(["a", "b"][: 1 + len(others)], ["y"], inputs, [[k / 7] for k in range(12)])

    with pytest.warns(CountedRows, match="the column 'b' counts the rows, .*; ignore='b' leaves it out"):
        recipe(table(lambda k: k % 3, lambda k: k))
    for fine in (
        table(lambda k: k),  # there is nothing else to learn from
        table(lambda k: 2 * k, lambda k: k % 3),
        table(lambda k: k + 0.5, lambda k: k % 3),
        table(lambda k: -k, lambda k: k % 3),
    ):
        assert recipe(fine).counts_rows == ""
