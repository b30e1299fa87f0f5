"""The notes of a network: what they take, and the files that hold them."""

import json
import math
import pickle
import warnings
from pathlib import Path
from typing import Any

import pytest

from tinygrad_bp import MLP, load, save
from tinygrad_bp.networks.data import moons, penguins
from tinygrad_bp.networks.notes import Notes
from tinygrad_bp.networks.prediction import Predictor, notes
from tinygrad_bp.networks.scaling import Scaling

pytestmark = pytest.mark.usefixtures("empty_folder")

# As files hold them that were written when notes were a dictionary.
WRITTEN: list[dict[str, Any]] = [
    {},
    {"columns": ["a", "b"], "targets": ["y"], "loss": "mean_squared_error"},
    {"columns": ["x", "y"], "targets": ["moon"], "loss": "binary_cross_entropy", "classes": ["0", "1"],
     "scaling": {"means": [0.5, -1e300], "scales": [5e-324, 2.0]}},
    {"targets": ["y"], "loss": "mean_squared_error", "target_scaling": {"means": [1.0], "scales": [2.0]}},
    {"inputs": ["a"], "deep": {"x": [None, True]}, "columns": ["c", "d"], "n": 1},
]  # fmt: skip


@pytest.mark.parametrize("written", WRITTEN)
def test_files_written_before_are_read(written: dict[str, Any]) -> None:
    text = save(MLP(2, [1], seed=1), "net.json").read_text()
    assert '"notes": {}' in text
    with open("net.json", "w") as file:
        file.write(text.replace('"notes": {}', f'"notes": {json.dumps(written)}'))
    net = load("net.json")
    assert net.notes.as_json() == written
    assert load(save(net, "again.json")).notes == net.notes


def test_the_notes_of_a_table_are_written_as_before() -> None:
    table = penguins().scaled()
    about = notes(table, "cross_entropy")
    assert list(about.as_json()) == ["columns", "targets", "loss", "classes", "scaling"]
    assert about.scaling is table.scaling
    assert notes(moons(), "binary_cross_entropy", Scaling([0.0], [1.0])).target_scaling == Scaling([0.0], [1.0])


def test_whole_numbers_of_a_file_become_floats() -> None:
    read = Notes.of_json({"scaling": {"means": [0, 1], "scales": [1, 2]}})
    assert read.scaling == Scaling([0.0, 1.0], [1.0, 2.0])
    assert all(type(x) is float for x in (*read.scaling.means, *read.scaling.scales))
    assert Predictor(MLP(2, [1], seed=1)).scaling is None


WRONG: list[tuple[dict[str, Any], type[Exception], str]] = [
    ({"columns": "ab"}, TypeError, "columns that are no list of names: 'ab'"),
    ({"columns": ["a", 1]}, TypeError, "columns that are no list of names"),
    ({"targets": 3}, TypeError, "targets that are no list of names: 3"),
    ({"classes": [True]}, TypeError, "classes that are no list of names"),
    ({"loss": 4}, TypeError, "a loss that is no name: 4"),
    ({"scaling": 3}, TypeError, "a scaling that is not two lists of numbers: 3"),
    ({"scaling": {"means": [0.0]}}, TypeError, "a scaling that is not two lists of numbers"),
    ({"scaling": {"means": [0, 0], "scales": [1, 0]}}, ValueError, "a scaling by 0"),
    ({"scaling": {"means": [0], "scales": [math.inf]}}, ValueError, "a scaling by 0 or by what is no finite number"),
    ({"target_scaling": {"means": [0, "x"], "scales": [1, 1]}}, TypeError, "a target_scaling that is not two lists"),
    ({"target_scaling": {"means": [0, True], "scales": [1, 1]}}, TypeError, "a target_scaling that is not two lists"),
]


@pytest.mark.parametrize(("content", "error", "says"), WRONG)
def test_what_is_wrong_in_notes_is_named(content: dict[str, Any], error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=f"the notes of the network have {says}"):
        Notes.of_json(content)


def test_a_file_with_wrong_notes_is_refused_by_its_name() -> None:
    text = save(MLP(2, [1], seed=1), "net.json").read_text()
    with open("net.json", "w") as file:
        file.write(text.replace('"notes": {}', '"notes": {"columns": "ab"}'))
    with pytest.raises(
        ValueError, match=r"^net\.json: the notes of the network have columns that are no list of names"
    ):
        load("net.json")


def test_what_a_program_notes_itself_has_names_of_its_own() -> None:
    with pytest.raises(ValueError, match="have loss twice, in more, too"):
        Notes(more={"loss": "mine"})
    with pytest.raises(TypeError, match="have more that is no dictionary: 'text'"):
        Notes(more="text")  # type: ignore[arg-type]


@pytest.mark.parametrize("notes", ["text", None, {"columns": ["a"]}])
def test_the_notes_of_a_network_are_notes(notes: Any) -> None:
    with pytest.raises(TypeError, match=f"the notes of a network are Notes, not {type(notes).__name__}"):
        MLP(1, [1]).notes = notes


def test_a_network_of_scaled_inputs_says_so_where_it_is_called_with_others(tmp_path: Path) -> None:
    measured = [39.1, 18.7, 181.0, 3750.0]
    table = penguins().scaled()
    net = MLP(4, [3], seed=1)
    net.notes = notes(table, "cross_entropy")
    save(net, tmp_path / "model.json")
    loaded = load(tmp_path / "model.json")
    with pytest.warns(UserWarning, match=r"trained on scaled inputs.*Predictor\(net\)\(inputs\) scales them"):
        loaded(measured)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for inputs, _ in table:
            loaded(inputs)
        Predictor(loaded)(measured)


MEASURED: list[tuple[list[float], list[float], list[float]]] = [
    ([5.8, 3.1, 3.8, 1.2], [0.8, 0.4, 1.8, 0.8], [5.1, 3.5, 1.4, 0.2]),  # of irises: small numbers
    ([0.5], [0.3], [0.4]),
    ([0.001], [0.0002], [0.0012]),
    ([200.0], [15.0], [181]),
]


@pytest.mark.parametrize(("means", "scales", "measured"), MEASURED)
def test_small_numbers_are_known_for_measured_too(means: Any, scales: Any, measured: Any) -> None:
    net = MLP(len(means), [1], seed=1)
    scaling = Scaling(means, scales)
    net.notes = Notes(scaling=scaling)
    with pytest.warns(UserWarning, match=r"trained on scaled inputs.*Predictor\(net\)\(inputs\)"):
        net(measured)
    scaled = scaling(measured)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = net(scaled)[0].data  # the same list as `scaled` of a table gives
        assert Predictor(net)(measured) == pytest.approx([found])
        assert json.loads(json.dumps(scaled)) == scaled == pickle.loads(pickle.dumps(scaled))


def test_what_was_scaled_elsewhere_far_from_the_measured_is_not_warned_of() -> None:
    net = MLP(1, [1], seed=1)
    net.notes = Notes(scaling=Scaling([200.0], [15.0]))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        net([-1.2])
