"""A file that is no whole network is refused, whatever it is, by its name and in few words."""

import json
import os
import pickle
import random
import re
import sys
from typing import Any

import pytest

from tests.saved import facts, per_neuron, write
from tinygrad_bp import MLP, load, save
from tinygrad_bp.networks.notes import Notes

pytestmark = pytest.mark.usefixtures("empty_folder")


def refused(text: Any) -> Any:
    """Checks that the file is refused by a ValueError that names it, in few words, and returns these."""
    with pytest.raises(ValueError, match=r"\Anet\.json: ") as caught:
        load(write(text))
    assert len(str(caught.value)) < 500
    return str(caught.value)


@pytest.fixture
def whole() -> Any:
    net = per_neuron()
    net.notes = Notes(more={"inputs": ["a", "b"]})
    return save(net, "net.json").read_text()


def test_truncated_files_are_refused(whole: Any) -> None:
    end = len(whole.rstrip())
    for length in [*range(0, end, 50), *range(end - 20, end)]:
        refused(whole[:length])
    assert load(write(whole[:end]))


def test_flipped_bytes_are_refused_or_leave_a_network(whole: Any) -> None:
    draw = random.Random(0)
    outcomes = {True: 0, False: 0}
    for _ in range(500):
        damaged = bytearray(whole.encode())
        damaged[draw.randrange(len(damaged))] ^= 1 << draw.randrange(8)
        try:
            net = load(write(bytes(damaged)))
        except ValueError as error:
            outcomes[str(error).startswith("net.json: ")] += 1
            continue
        assert net.widths == [2, 3, 2]
        assert all(type(p.data) is float for p in (*net.weights, *net.biases))
        save(net, "again.json")
        assert facts(load("again.json")) == facts(net)
    assert outcomes[False] == 0 < outcomes[True]


def test_random_bytes_are_refused() -> None:
    draw = random.Random(0)
    for length in (1, 10, 1000):
        for _ in range(30):
            refused(draw.randbytes(length))
            refused("".join(chr(draw.randrange(1, 128)) for _ in range(length)))


DEEP = "lists are nested too deeply|it lacks|line 1: "  # the first, where Python's limit is below 100,000


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "this is no saved network, or a damaged one: line 1: Expecting value"),
        ("\n\n", "this is no saved network, or a damaged one"),
        (b"\xff\xfe\x00", "this is no saved network: it is no text"),
        (pickle.dumps(MLP(1, [1])), "this is no saved network"),
        ("null", "this is no saved network: it lacks"),
        ("[]", "this is no saved network: it lacks"),
        ("{}", 'this is no saved network: it lacks "format": "tinygrad_bp network"'),
        ('{"format": "other"}', "this is no saved network: it lacks"),
        ('{"format": ["tinygrad_bp network"]}', "this is no saved network: it lacks"),
        ("[" * 100_000, DEEP),
        ('{"a":' * 100_000, DEEP),
        ("[" * 100_000 + "]" * 100_000, DEEP),
        ("1" * 10_000, "this is no saved network: it lacks"),
        ("NaN", "this is no saved network, or a damaged one: NaN is no JSON"),
    ],
)  # fmt: skip
def test_foreign_files_are_refused(text: Any, says: Any) -> None:
    assert re.search(says, refused(text))


def changed(whole: Any, key: Any, value: Any) -> Any:
    return json.dumps({**json.loads(whole), key: value})


WRONG_TYPES: list[Any] = [
    None, True, False, 0, 1, -1, 2.5, 10**30, "", "x", [], {}, [None], [True], [[]], [{}], ["x"], [[1, 2], [3]], {"x": 1},
    [1] * 1000, ["x"] * 1000, [["x", 0.5]] * 9, [["x"] * 3, ["x"] * 2], [[["tanh"]] * 3, None],
]  # fmt: skip
MAY_BE: dict[str, list[Any]] = {
    "train_biases": [True, False],
    "separate_products": [True, False],
    "shared_bias": [False],
    "notes": [{}, {"x": 1}],
    "version": [1],
}


@pytest.mark.parametrize(
    "key",
    ["format", "version", "shape", "activations", "shared_bias", "train_biases", "separate_products", "names", "weights",
     "biases", "notes"],
)  # fmt: skip
def test_values_of_the_wrong_type_are_refused(whole: Any, key: str) -> None:
    for value in WRONG_TYPES:
        if any(type(value) is type(good) and value == good for good in MAY_BE.get(key, [])):
            assert load(write(changed(whole, key, value)))
        elif (key, value) != ("names", [["x"] * 3, ["x"] * 2]):
            assert refused(changed(whole, key, value))


def test_missing_keys_are_refused(whole: Any) -> None:
    content = json.loads(whole)
    for key in content:
        text = json.dumps({each: value for each, value in content.items() if each != key})
        if key == "notes":
            assert load(write(text)).notes == Notes()
        else:
            refused(text)


def test_unknown_keys_are_passed_over(whole: Any) -> None:
    assert load(write(changed(whole, "comment", "mine"))).widths == [2, 3, 2]


@pytest.mark.parametrize("version", [0, -1, 1.0, "1", None, True, [1]])
def test_a_version_is_a_whole_number(whole: Any, version: Any) -> None:
    assert "the version of a saved network is a whole number from 1 up" in refused(changed(whole, "version", version))


@pytest.mark.parametrize("version", [2, 10**3000])
def test_a_later_version_is_named(whole: Any, version: Any) -> None:
    assert "and this program reads up to 1: update it" in refused(changed(whole, "version", version))


@pytest.mark.parametrize(
    "shape",
    [
        [2], [2, 0, 2], [0, 3, 2], [2, -3, 2], [2, 3, True], [True, 3, 2], [2, 3.0, 2], [2, "3", 2], [2, [3], 2], [2, None],
        [2, 3, 2, 1], [3, 2, 2], [2, 3], [10**6, 10**6], [10**400, 2], [1, 10**18], [1] * 100_000, -1, "2-3-2",
    ],
    ids=range(19),
)  # fmt: skip
def test_wrong_shapes_are_refused(whole: Any, shape: Any) -> None:
    refused(changed(whole, "shape", shape))


def test_a_shape_of_too_many_parameters_is_refused_at_once(whole: Any) -> None:
    assert "a network 3000-4000-1 has more than 10,000,000 parameters" in refused(
        changed(whole, "shape", [3000, 4000, 1])
    )


def test_a_shape_needs_as_many_parameters_as_it_has(whole: Any) -> None:
    weights = json.loads(whole)["weights"]
    for wrong in (weights[1:], weights + weights[:1], []):
        words = refused(changed(whole, "weights", wrong))
        assert words == f"net.json: a network of this shape has 12 weights, and there are {len(wrong)}"
    assert "has 5 biases, and there are 6" in refused(changed(whole, "biases", [["b", 0]] * 6))
    assert "has 2 biases, and there are 5" in refused(changed(whole, "shared_bias", True))


@pytest.mark.parametrize(
    ("number", "says"),
    [
        ("null", "w1 is None, which is no number"),
        ("true", "w1 is True, which is no number"),
        ('"0.5"', "w1 is '0.5', which is no number"),
        ('"Infinity"', "w1 is 'Infinity', which is no number"),
        ("[0.5]", "w1 is a list, which is no number"),
        ("[" * 900 + "]" * 900, "w1 is a list, which is no number"),
        ("{}", "w1 is an object, which is no number"),
        ("NaN", "NaN is no JSON"),
        ("-Infinity", "-Infinity is no JSON"),
        ("1e999", "w1 is beyond the range of floats"),
        ("-1" + "0" * 400, "w1 is beyond the range of floats"),
        ("1" * 10_000, "w1 is beyond the range of floats"),
        ("0.5, 0.5", "weights are a list of pairs, a label and a number"),
        ("01", "line 11: "),
        ("0x10", "line 11: "),
    ],
)
def test_what_is_no_number_is_refused(number: Any, says: str) -> None:
    text = save(MLP(2, [1], seed=1), "net.json").read_text()
    text, count = re.subn(r'\["w1", .*\]', lambda _: f'["w1", {number}]', text)
    assert count == 1
    assert says in refused(text)


def test_numbers_of_many_digits_are_rounded() -> None:
    text = save(MLP(1, [1], weights=[0.0]), "net.json").read_text()
    net = load(write(text.replace('["w1", 0.0]', '["w1", 0.1' + "0" * 10_000 + "1]").replace("0.0", "3")))
    assert (net.weights[0].data, net.biases[0].data) == (0.1, 3.0)


@pytest.mark.parametrize("key", ["format", "version", "shape", "weights", "notes"])
def test_a_key_that_is_there_twice_is_refused(whole: Any, key: str) -> None:
    again = f'  "{key}": {json.dumps(json.loads(whole)[key])},\n'
    assert f"{key!r} is twice in the same object" in refused(whole.replace("{\n", "{\n" + again, 1))


@pytest.mark.parametrize("depth", range(930, 1000))
def test_notes_at_the_limit_of_recursion(whole: Any, depth: int) -> None:
    text = whole.replace('{"inputs": ["a", "b"]}', f'{{"x": {"[" * depth + "]" * depth}}}')
    try:
        assert load(write(text)).notes.more["x"]
    except ValueError as error:
        words = str(error)
        assert words.startswith("net.json: ")


@pytest.mark.parametrize(
    "activation",
    ["nope", "add", "maximum", "sum_of", "dot", "__import__", "os.system", "", 1, [], {}, True, ["tanh"], "tanh\n"],
)
def test_wrong_activations_are_refused(whole: Any, activation: Any) -> None:
    for kinds in ([activation, None], [["tanh", activation, None], None]):
        if kinds[0] != ["tanh"]:
            assert "activation" in refused(changed(whole, "activations", kinds))


def test_loading_executes_nothing(whole: Any) -> None:
    events = []
    watched = ("exec", "compile", "import", "os.system", "subprocess.Popen", "pickle.find_class", "socket.connect")
    active = True
    sys.addaudithook(lambda event, args: events.append(event) if active and event in watched else None)
    code = "__import__('os').system('touch executed')"
    load(write(whole))
    events.clear()
    for key in ("activations", "names", "notes", "weights", "format"):
        for value in (code, [code], {"x": code}, {"__reduce__": code}, [[code, code, code], [code, code]]):
            try:
                load(write(changed(whole, key, value)))
            except ValueError:
                continue
    active = False
    assert events == []
    assert os.listdir() == ["net.json"]


@pytest.mark.parametrize(
    ("path", "error", "says"),
    [
        ("none.json", FileNotFoundError, "cannot read 'none.json': No such file"),
        (".", OSError, r"cannot read '\.'"),
        ("", OSError, "cannot read ''"),
        ("a\0b", ValueError, r"a\\x00b: .* NUL"),
        (None, TypeError, "NoneType"),
    ],
)
def test_files_that_cannot_be_read_are_named(path: str | None, error: Any, says: str) -> None:
    with pytest.raises(error, match=says):
        load(path)
