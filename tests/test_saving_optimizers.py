"""`save` and `load` of an optimizer, for loops of one's own, and damaged files of optimizers and trainings."""

import copy
import json
import math
import pickle
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.trainings import some_rows
from tinygrad_bp import MLP, SGD, Adam, AdamW, Diverged, Optimizer, Value, load, optim, save, squared_error, train
from tinygrad_bp.networks.training import History

pytestmark = pytest.mark.usefixtures("empty_folder")
SCHEDULES = [
    optim.step_decay(0.1, 3, 0.5),
    optim.exponential_decay(0.1, 0.9),
    optim.cosine_annealing(0.1, 9),
    optim.linear_decay(0.1, 9, 0.01),
    optim.warmup(0.1, 4),
    optim.warmup(optim.warmup(optim.cosine_annealing(0.1, 9, 0.01), 3), 4),
]
MAKERS: list[Callable[[Any], Optimizer]] = [
    lambda parameters: SGD(parameters, 0.1),
    lambda parameters: SGD(parameters, 0.1, momentum=0.9, nesterov=True),
    lambda parameters: Adam(parameters, SCHEDULES[2]),
    lambda parameters: AdamW(parameters, 0.01, betas=(0.8, 0.9)),
]


def learn(net: MLP, optimizer: Optimizer, steps: int) -> None:
    for inputs, target in some_rows(steps):
        optimizer.zero_grad()
        squared_error(net(inputs), target).backward()
        optimizer.step()


@pytest.mark.parametrize("make", MAKERS)
def test_a_loop_of_ones_own_goes_on(make: Callable[[Any], Optimizer]) -> None:
    learn(net := MLP(2, [3, 1], seed=1), optimizer := make(net.parameters()), 5)
    save(net, "net.json")
    save(optimizer, "optimizer.json")
    other = load("net.json")
    again = load("optimizer.json", into=make(other.parameters()))
    assert (again.steps, again.moments, again.rate()) == (optimizer.steps, optimizer.moments, optimizer.rate())
    learn(net, optimizer, 5)
    learn(other, again, 5)
    assert [p.data for p in net.parameters()] == [p.data for p in other.parameters()]


def test_the_settings_in_the_file_count() -> None:
    p = [Value(1.0)]
    save(AdamW(p, SCHEDULES[-1], betas=(0.5, 0.25), weight_decay=0.5), "optimizer.json")
    found = load("optimizer.json", into=AdamW(p))
    assert (found.betas, found.weight_decay) == ((0.5, 0.25), 0.5)
    assert [found.lr(k) for k in range(12)] == [SCHEDULES[-1](k) for k in range(12)]  # type: ignore[operator]
    with pytest.raises(
        ValueError, match="this was saved of another optimizer: there the optimizer is AdamW, and here Adam"
    ):
        load("optimizer.json", into=Adam(p))
    with pytest.raises(ValueError, match="there AdamW remembers other numbers of each parameter than here"):
        load("optimizer.json", into=AdamW([Value(1.0), Value(2.0)]))
    save(SGD(p, lambda step: 0.1), "own.json")
    with pytest.raises(ValueError, match=r"lr is .*<lambda>: .* cannot be made from a file; set it yourself"):
        load("own.json", into=SGD(p))


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_schedules_and_optimizers_are_copied_and_pickled(schedule: Any) -> None:
    optimizer = Adam([Value(1.0)], schedule)
    for made in (copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x)), copy.copy):
        assert [made(schedule)(k) for k in range(12)] == [schedule(k) for k in range(12)]
        again = made(optimizer)
        assert [again.lr(k) for k in range(12)] == [schedule(k) for k in range(12)]


BAD_SETTINGS = [
    ("momentum", -1.0), ("momentum", "x"), ("momentum", None), ("momentum", 1e999), ("nesterov", 5), ("lr", -1), ("lr", "x"), ("lr", [1]),
    ("lr", {"schedule": "cosine_annealing"}), ("lr", {"schedule": "os.system", "arguments": ["true"]}), ("lr", None), ("lr", True),
    ("lr", {"schedule": "cosine_annealing", "arguments": [0.1, -3, 0.0]}), ("lr", {"schedule": "warmup", "arguments": [0.1]}),
    ("lr", {"named": "builtins.exec"}), ("lr", {"entries": {}}), ("weight_decay", True),
]  # fmt: skip


@pytest.mark.parametrize(("name", "x"), BAD_SETTINGS)
def test_settings_that_no_optimizer_can_have(name: str, x: Any) -> None:
    optimizer = SGD([Value(1.0)], 0.1, momentum=0.9)
    content = json.loads(Path(save(optimizer, "optimizer.json")).read_text())
    content["settings"][name] = x
    Path("optimizer.json").write_text(json.dumps(content).replace("Infinity", "1e999"))
    before = dict(vars(optimizer))
    with pytest.raises(
        ValueError, match=r"optimizer.json: .*(is to be|cannot be made|number|steps|from 0 to below inf)"
    ):
        load("optimizer.json", into=optimizer)
    assert vars(optimizer) == before


def small(**more: Any) -> History:
    net = MLP(2, [2, 1], activation=["tanh", None], seed=1)
    optimizer = Adam(net.parameters(), SCHEDULES[-1])
    options: dict[str, Any] = {"epochs": 3, "shuffle": True, "seed": 1, "batch_size": 3, "patience": 9}
    return train(net, some_rows(8), "squared_error", optimizer, validation=some_rows(2, 5), **options, **more)


def places(content: Any, way: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The ways to all parts of a JSON content; of a list to the first and the last."""
    found = [way]
    if isinstance(content, dict):
        for key, part in content.items():
            found += places(part, (*way, key))
    elif isinstance(content, list) and content:
        for k in {0, len(content) - 1}:
            found += places(content[k], (*way, k))
    return found


@pytest.mark.slow
def test_damaged_files_are_refused_in_words_or_change_nothing_but_numbers() -> None:
    small().save("run.json")
    whole = json.loads(Path("run.json").read_text())
    draw = random.Random(1)
    odd: list[Any] = [None, -1, 2**70, 1.5, 10**400, True, "x", "nan", [], {}, [[]], {"a": 1}, [1, 2, 3]]
    said: list[str] = []
    for way in places(whole)[1:]:
        for _ in range(3):
            content = copy.deepcopy(whole)
            part = content
            for key in way[:-1]:
                part = part[key]
            if draw.random() < 0.2:
                del part[way[-1]]
            else:
                part[way[-1]] = draw.choice(odd)
            Path("bad.json").write_text(json.dumps(content))
            try:
                history = small(resume="bad.json")
            except Diverged:  # a number that is far too large is a number
                continue
            except ValueError as error:
                said.append(str(error))
            else:
                assert history.epochs == 3
    assert len(said) > 150
    assert [words for words in said if "bad.json" not in words] == []


@pytest.mark.parametrize("end", [0, 1, 100, -2])
def test_a_file_that_is_cut_off(end: int) -> None:
    text = Path(small().save("run.json")).read_text()
    Path("run.json").write_text(text[:end])
    with pytest.raises(ValueError, match=r"run.json: this is no saved training"):
        small(resume="run.json")


def test_numbers_that_are_not_finite_are_kept() -> None:
    history = small()
    history.now = history.checkpoint
    history.checkpoint.losses[0] = math.nan
    history.save("run.json")
    assert '"losses": ["nan", ' in Path("run.json").read_text()
    assert math.isnan(small(resume="run.json").losses[0])
