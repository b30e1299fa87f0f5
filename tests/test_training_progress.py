"""How far a training has come: a bar in a terminal, lines in a file, an element in a notebook, and nothing where nobody asked."""

import re
import sys
import types
from typing import Any

import pytest

from tests.trainings import some_rows, xor
from tinygrad_bp import MLP, SGD, train
from tinygrad_bp.networks.training import History, engines
from tinygrad_bp.networks.training.progress import Standing


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")  # makes a terminal of what pytest reads
    monkeypatch.setenv("COLUMNS", "80")


def lines(text: str) -> list[str]:
    """What a terminal shows, line by line as it was written."""
    plain = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", text)
    return [line.rstrip() for line in re.split(r"[\r\n]+", plain) if line.strip()]


def test_a_bar_in_a_terminal_of_80_columns(terminal: None, capsys: pytest.CaptureFixture[str]) -> None:
    train(*xor(), epochs=10_000, progress=True, engine="python")
    found = lines(capsys.readouterr().err)
    assert found != []
    assert max(map(len, found)) <= 80
    assert re.fullmatch(r"epoch 10,000 of 10,000 ━+ \d:\d\d:\d\d, \d:\d\d:\d\d left loss [\d.e-]+", found[-1])


def test_a_narrow_terminal_has_the_words(
    terminal: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    train(*xor(), epochs=300, progress=True, engine="python")
    assert re.fullmatch(r"epoch 300 of 300 loss [\d.e-]+", lines(capsys.readouterr().err)[-1])


def test_a_few_lines_where_standard_error_goes_to_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    train(*xor(), epochs=1000, progress=True, engine="eager")
    out, err = capsys.readouterr()
    assert out == ""
    assert not re.search(r"[\r\x1b]", err)
    found = err.splitlines()
    assert len(found) >= 10
    assert found[-1].startswith("training: epoch 1,000 of 1,000, 0:0")
    pattern = r"training: epoch [\d,]+ of 1,000, \d+:\d\d:\d\d, \d+:\d\d:\d\d left, loss [\d.e-]+"
    assert [line for line in found if not re.fullmatch(pattern, line)] == []
    train(*xor(), epochs=1000, stop_below=0.2, progress=True, engine="python")
    assert "of 1,000" in capsys.readouterr().err.splitlines()[-1]


def test_nothing_where_nobody_asked(capsys: pytest.CaptureFixture[str]) -> None:
    train(*xor(), epochs=30)
    assert capsys.readouterr() == ("", "")


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What a notebook shows, in which everything is as long as the test lasts."""
    shown: list[Any] = []

    class Handle:
        def update(self, thing: Any) -> None:
            shown.append(thing)

    def display(thing: Any, display_id: bool = False) -> Handle:
        assert display_id
        shown.append(thing)
        return Handle()

    ipython: Any = types.ModuleType("IPython")
    ipython.get_ipython = lambda: types.SimpleNamespace(kernel=object())
    inner: Any = types.ModuleType("IPython.display")
    inner.display = display
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    monkeypatch.setitem(sys.modules, "IPython.display", inner)
    return shown


def test_a_notebook_has_an_element_without_a_widget_or_a_warning(
    shown: list[Any], capsys: pytest.CaptureFixture[str], recwarn: pytest.WarningsRecorder
) -> None:
    train(*xor(), epochs=300, progress=True, engine="python")
    assert capsys.readouterr() == ("", "")
    assert len(recwarn) == 0
    assert repr(shown[0]).startswith("epoch 1 of 300")
    assert shown[-1]._repr_html_().startswith('<progress value="1200" max="1200"></progress> epoch 300 of 300, ')


def test_a_notebook_shows_a_bar_where_it_takes_a_while_and_nobody_asked(
    shown: list[Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    now, pace = [0.0], [0.0]

    def clock() -> float:
        now[0] += pace[0]
        return now[0]

    monkeypatch.setattr("tinygrad_bp.networks.training.progress.perf_counter", clock)
    train(*xor(), epochs=30, engine="eager")
    assert shown == []
    pace[0] = 0.4
    train(*xor(), epochs=30, progress=False, engine="eager")
    assert shown == []
    train(*xor(), epochs=30, engine="eager")
    assert repr(shown[0]).startswith("epoch ")
    assert shown[-1]._repr_html_().startswith('<progress value="120" max="120"></progress> epoch 30 of 30, ')
    assert capsys.readouterr() == ("", "")


def test_it_moves_within_an_epoch_and_within_a_step(monkeypatch: pytest.MonkeyPatch) -> None:
    found: list[float] = []
    rows = some_rows(8)
    net = MLP(2, [2, 1], seed=1)
    init = engines.Eager.__init__
    made: list[engines.Eager] = []

    def remember(self: engines.Eager, task: Any) -> None:
        init(self, task)
        made.append(self)

    def model(inputs: Any) -> Any:
        if made:
            found.append(Standing(History(), 1, 1, lambda: made[-1].within).done)
        return net(inputs)

    monkeypatch.setattr(engines.Eager, "__init__", remember)
    train(model, rows, "squared_error", SGD(net.parameters()), epochs=1, batch_size=None, engine="eager")
    assert found == [k / 8 for k in range(8)]


def test_what_is_left_is_counted_from_where_it_went_on(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr("tinygrad_bp.networks.training.progress.perf_counter", lambda: now[0])
    history = History([0.5] * 50, steps=500)
    standing = Standing(history, 100, 1000, lambda: 0.0)
    assert str(standing) == "epoch 51 of 100, 0:00:00, loss 0.5"
    now[0], history.steps = 3661.0, 600
    assert str(standing) == "epoch 51 of 100, 1:01:01, 4:04:04 left, loss 0.5"
