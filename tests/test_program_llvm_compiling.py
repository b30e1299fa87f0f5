"""How machine code is compiled: what it takes and gives back, what Ctrl-C does meanwhile, and with which llvmlite."""

from __future__ import annotations

import _thread
import gc
import sys
import threading
import types
import weakref
from array import array
from collections.abc import Callable
from typing import Any

import pytest

from tinygrad_bp import MLP, Value, compile, grad, optim
from tinygrad_bp.networks.training import train
from tinygrad_bp.program.cache import CACHE
from tinygrad_bp.program.llvm import compiler as compiling
from tinygrad_bp.program.llvm import machine as machines
from tinygrad_bp.program.llvm.compiler import Compiler, Unusable, compiler

pytestmark = [pytest.mark.extras, pytest.mark.usefixtures("many_rows")]
LONG = 60.0  # seconds that no test waits, unless it fails


def product() -> Any:
    x, w = Value(0.5, "x"), Value(2.0, "w")
    y = (w * x).tanh()
    return compile([y, grad(y, w)], [w, x])


def trained(engine: str = "auto") -> Any:
    net = MLP(2, [3, 1], seed=1)
    rows = [([0.0, 1.0], [1.0]), ([1.0, 0.0], [0.0])]
    return train(net, rows, "squared_error", optim.SGD(net.parameters(), lr=0.1), epochs=3, engine=engine)


# Memory ----------------------------------------------------------------------------------------------------------------------------


class Counted:
    """llvmlite's binding, of which it counts what is made and what is freed."""

    def __init__(self) -> None:
        import llvmlite.binding

        self._llvm = llvmlite.binding
        self.made: dict[str, int] = {}
        self.alive: weakref.WeakSet[Any] = weakref.WeakSet()
        self.freed = 0
        free = self._llvm.ffi.lib.LLVMPY_DisposeNewModulePassManger

        def counted_free(passes: Any) -> None:
            self.freed += 1
            free(passes)

        self.ffi = types.SimpleNamespace(lib=types.SimpleNamespace(LLVMPY_DisposeNewModulePassManger=counted_free))

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._llvm, name)
        if not name.startswith(("create_", "parse_")):
            return found

        def counted(*arguments: Any, **named: Any) -> Any:
            self.made[name] = self.made.get(name, 0) + 1
            thing = found(*arguments, **named)
            self.alive.add(thing)
            return thing

        return counted


def counting(monkeypatch: pytest.MonkeyPatch) -> Counted:
    """A compiler that counts, for programs of which nothing is kept when they are gone."""
    counted = Counted()
    monkeypatch.setattr(compiling, "_found", [Compiler(counted)])
    monkeypatch.setattr(CACHE, "largest", 0)
    return counted


def test_what_is_compiled_is_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    counted = counting(monkeypatch)
    first = len(counted.alive)  # a pass builder and its settings, for all modules
    for _ in range(5):
        machine = product().to("llvm")
        machine(1.0, 2.0)
        machine.rows([[1.0, 2.0]])
    assert counted.made["create_pass_builder"] == counted.made["create_pipeline_tuning_options"] == 1
    assert counted.made["parse_assembly"] == counted.made["create_context"] == counted.freed == 10
    assert len(counted.alive) == first + 2 * 3  # of this machine's two functions a context, a module and an engine
    del machine
    gc.collect()
    assert len(counted.alive) == first


def test_what_is_compiled_is_given_back_in_circles_too(monkeypatch: pytest.MonkeyPatch) -> None:
    counted = counting(monkeypatch)
    first = len(counted.alive)
    for _ in range(10):
        machine = product().to("llvm")
        machine.__dict__["circle"] = [machine, machine.bind(array("d", [1.0, 2.0]), array("d", [0.0, 0.0]))]
        machine(1.0, 2.0)
    del machine
    gc.collect()
    assert len(counted.alive) == first


def test_training_compiles_what_it_runs_and_gives_it_back(monkeypatch: pytest.MonkeyPatch) -> None:
    counted = counting(monkeypatch)
    first = len(counted.alive)
    for _ in range(3):
        assert trained().engine == "llvm"
    assert counted.made["parse_assembly"] == 3  # one loop each
    gc.collect()
    assert len(counted.alive) == first


def test_an_llvmlite_that_frees_pass_managers_itself_is_left_to_it() -> None:
    counted = Counted()
    counted.ffi = types.SimpleNamespace(lib=types.SimpleNamespace())
    Compiler(counted).function(product().to("llvm").source, "call", None)
    assert (counted.made["parse_assembly"], counted.freed) == (1, 0)


# Buffers ---------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("loop", ["iterate", "descend", "rows"])
def test_no_array_is_resized_while_machine_code_runs_on_it(loop: str, monkeypatch: pytest.MonkeyPatch) -> None:
    state, settings, table = array("d", [1.0]), array("d", [0.5] * 3), array("d", [1.0, 2.0, 3.0])
    order, ends = array("q", [0, 1, 2]), array("q", [1, 2, 3])
    refused: list[array[Any]] = []

    def run(*_: Any) -> int:
        buffers: list[array[Any]] = [state, settings, table, order, ends]
        for buffer in buffers:
            try:
                buffer.append(0)
            except BufferError:
                refused.append(buffer)
            else:
                buffer.pop()
        return 3

    held: list[array[Any]]
    p, s, x = Value(1.0, "p"), Value(0.5, "s"), Value(2.0, "x")
    loss = (p * x - 1.0) ** 2
    monkeypatch.setattr(machines.MachineProgram, "_function", lambda *_: run)
    if loop == "iterate":
        compile([loss, p - s * grad(loss, p)], [p, s, x]).to("llvm").iterate(state, settings, table, order)
        held = [state, settings, table, order]
    elif loop == "descend":
        g = Value(1.0, "g")
        update = compile([p - s * g], [p, g, s])
        compile([loss, grad(loss, p)], [p, x]).to("llvm").descend(update, state, settings, table, order, ends)
        held = [state, settings, table, order, ends]
    else:
        compile([loss], [p, x]).to("llvm").rows(memoryview(table).cast("B").cast("d", (3, 1)), state)
        held = [state, table]
    assert [id(buffer) for buffer in refused] == [id(buffer) for buffer in held]
    for buffer in held:
        buffer.append(0)  # and afterwards it can be


def test_rows_are_those_that_were_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    p, x, g = Value(1.0, "p"), Value(2.0, "x"), Value(1.0, "g")
    machine = compile([p * x, x], [p, x]).to("llvm")
    order, ends = array("q", [0, 1]), array("q", [1, 2])
    compiled = machine._function

    def changed(*arguments: Any) -> Any:
        order[0], ends[0] = 10**15, 10**15  # as another thread might, after they were checked
        return compiled(*arguments)

    monkeypatch.setattr(machine, "_function", changed)
    update = compile([p - g], [p, g])
    losses = machine.descend(update, array("d", [1.0]), array("d"), array("d", [3.0, 5.0]), order, ends)
    assert losses.tolist() == [3.0, -10.0]


# Ctrl-C ----------------------------------------------------------------------------------------------------------------------------


def test_ctrl_c_is_heard_while_llvm_compiles(interruptible: None, monkeypatch: pytest.MonkeyPatch) -> None:
    released, ended = threading.Event(), threading.Event()
    waited: list[bool] = []
    compiled = Compiler._engine

    def slow(self: Compiler, text: str, optimized: bool) -> Any:
        _thread.interrupt_main()
        waited.append(released.wait(LONG))  # as LLVM would go on, whoever waits for it
        ended.set()
        return compiled(self, text, optimized)

    machine = product().to("llvm")
    monkeypatch.setattr(Compiler, "_engine", slow)
    with pytest.raises(KeyboardInterrupt):
        machine(1.0, 2.0)
    assert not waited
    released.set()
    assert ended.wait(LONG)
    assert waited == [True]
    monkeypatch.setattr(Compiler, "_engine", compiled)
    assert machine(1.0, 2.0) == product().to("llvm")(1.0, 2.0)  # nothing is left half done


def test_errors_of_llvm_and_other_threads() -> None:
    with pytest.raises(RuntimeError, match="parsing error"):
        compiler().function("define nonsense", "nonsense", None)
    machine = product().to("llvm")
    found: list[Any] = []
    thread = threading.Thread(target=lambda: found.append(machine(1.0, 2.0)))
    thread.start()
    thread.join()
    assert found == [machine(1.0, 2.0)]


def test_without_new_threads_it_compiles_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(self: threading.Thread) -> None:
        raise RuntimeError("can't create new thread at interpreter shutdown")

    monkeypatch.setattr(threading.Thread, "start", refused)
    assert product().to("llvm")(1.0, 0.0) == [0.0, 0.0]


# llvmlite --------------------------------------------------------------------------------------------------------------------------


def older(binding: Any) -> None:
    binding.llvm_version_info = (15, 0, 7)


def unreadable(binding: Any) -> None:
    def parse(text: str, context: Any = None) -> Any:
        raise RuntimeError("LLVM IR parsing error\n<string>:2:9: error: expected type")

    binding.parse_assembly = parse


def renamed(binding: Any) -> None:
    del binding.create_pass_builder


def wrong(binding: Any) -> None:
    parse = binding.parse_assembly
    binding.parse_assembly = lambda text, context: parse(text.replace("fadd <2", "fsub <2"), context)


@pytest.mark.parametrize(
    ("change", "says"),
    [(older, "it holds LLVM 15"), (unreadable, "expected type"), (renamed, "create_pass_builder"), (wrong, "wrong numbers")],
)  # fmt: skip
def test_an_llvmlite_that_cannot_be_used_is_tried_once(
    change: Callable[[Any], None], says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import llvmlite.binding

    changed = types.ModuleType("llvmlite.binding")
    changed.__dict__.update(vars(llvmlite.binding))
    change(changed)
    monkeypatch.setitem(sys.modules, "llvmlite.binding", changed)
    monkeypatch.setattr(llvmlite, "binding", changed)
    monkeypatch.setattr(compiling, "_found", [])
    tries: list[int] = []
    tried = compiling._tried
    monkeypatch.setattr(compiling, "_tried", lambda llvm: tries.append(1) or tried(llvm))
    history = trained()
    assert history.engine == "python"
    assert says in history.why_eager
    assert history.why_eager.startswith(
        f"machine code needs llvmlite 0.45 or newer, and this is {llvmlite.__version__}"
    )
    for _ in range(2):
        with pytest.raises(Unusable, match=says):
            product().to("llvm")
    with pytest.raises(ImportError, match=r"llvmlite 0\.45"):
        trained("llvm")
    assert tries == [1]


@pytest.mark.parametrize(
    ("there", "why"), [(False, ""), (True, "machine code needs llvmlite, which cannot be loaded: no library")]
)
def test_no_llvmlite_and_a_broken_one(there: bool, why: str, monkeypatch: pytest.MonkeyPatch) -> None:
    class Finder:
        @staticmethod
        def find_spec(name: str, *_: Any) -> None:
            if name.startswith("llvmlite"):
                raise OSError("no library") if there else ModuleNotFoundError(f"No module named {name!r}")

    for name in [name for name in sys.modules if name.split(".")[0] == "llvmlite"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "meta_path", [Finder, *sys.meta_path])
    monkeypatch.setattr(compiling, "_found", [])
    history = trained()
    assert (history.engine, history.why_eager) == ("python", why)
    with pytest.raises(ImportError, match="llvmlite"):
        product().to("llvm")


def test_the_bound_is_the_oldest_that_the_probe_takes() -> None:
    from pathlib import Path

    text = (Path(__file__).parent.parent / "pyproject.toml").read_text(encoding="utf-8")
    assert text.count('"llvmlite>=0.45') == text.count('"llvmlite>') == 3
