"""Everything that the package writes, as one program does: run in many surroundings, it must say the same.

`python -m tests.same FILE` writes a digest of each output to FILE, as JSON.
"""

import contextlib
import hashlib
import importlib.util
import io
import itertools
import json
import locale
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import tinygrad_bp as tg
from tinygrad_bp.cli import main
from tinygrad_bp.networks import data, losses
from tinygrad_bp.networks.training import loop

LLVM = importlib.util.find_spec("llvmlite") is not None
PROGRAM = """
from tinygrad_bp import Value
x, w, b = Value(2.0, "x"), Value(-0.5, "wİı"), Value(0.25, "b")
net = w * x + b
net.label = "net"
out = net.tanh() * 1234567.891 + b.exp()
out.label = "out"
"""
COMMANDS = [
    "--help",
    "train --help",
    "tutorial --out tutorial",
    "explore tutorial -o explored.html",
    "train xor --epochs 10 --out trained",
    "predict trained/model.json table.csv",
    "draw neuron.py:out -o neuron.svg",
    "draw neuron.py:out -o neuron.gv",
    "explain neuron.py:out --wrt b",
    "check neuron.py:out",
    "train nothing.csv",
    "trian",
]


def graph() -> tuple[tg.Value, list[tg.Value]]:
    """A graph with operations of many kinds, equal numbers, and labels that upper and lower case treat differently."""
    x, y, z = tg.Value(0.75, "I"), tg.Value(-1234.5, "ı"), tg.Value(1e-3, "ß")
    inner = x * y + z
    inner.label = "İ"
    shared = (inner / 2000.0).sigmoid() + x.exp() * z
    result = (
        tg.logsumexp([shared, x, z * x, inner / 1e6]) + tg.dot([x, z, 0.1], [shared, 0.75, z]) + tg.maximum(x, z) ** 1.5
    )
    result.label = "E"
    return result, [x, y, z]


def readings() -> dict[str, Any]:
    """What is read from graphs."""
    result, leaves = graph()
    result.backward()
    program = tg.compile([result, *tg.grad(result, leaves)], leaves)
    explanations = [tg.explain(result, leaf) for leaf in leaves]
    return {
        "gradients": [leaf.grad.hex() for leaf in leaves],
        "Python": program.source,
        "JavaScript": program.to("javascript"),
        "text": "\n".join(map(str, explanations)),
        "Markdown": "\n".join(explanation.markdown() for explanation in explanations),
        "check": str(tg.check_gradients(result)),
        "DOT": tg.draw(result, highlight=leaves[0], local_derivatives=True).source,
        "SVG": tg.draw(result).svg(),
        "page": tg.explore(result).html,
        "machine code": [x.hex() for x in program.to("llvm")(0.75, -1234.5, 1e-3)] if LLVM else None,
    }


def mistakes() -> dict[str, str]:
    """What is said of mistakes where there is more than one thing to name."""
    result, leaves = graph()
    w = tg.Value(0.5, "w")
    outside = [w * 1.5]
    for k in range(30):
        outside.append(outside[-1] + 0.01 * outside[k])
        outside[-1].label = f"n{k}"
    net = tg.MLP(2, [2, 1], seed=1)
    other = tg.MLP(2, [3, 3, 1], seed=1)
    tg.save(other, "other.json")
    table = data.moons(8, seed=1)
    twice = {name: [w] for name in ("first", "second", "third")}
    done = {}
    calls: dict[str, Callable[[], Any]] = {
        "nodes from outside": lambda: tg.train(
            lambda x: tg.sum_of(outside[-9:]) * x[0],
            [([1.0], 0.5)],
            losses.squared_error,
            tg.SGD([w], 0.1),
            progress=False,
        ),
        "no such label": lambda: tg.draw(result, highlight="I J"),
        "no such groups": lambda: tg.draw(
            result, group={"a": leaves[:1], "b": leaves[1:]}, collapse={"c", "d", "e", "f"}
        ),
        "groups that meet": lambda: tg.draw(w * 2.0, group=twice),
        "another network": lambda: tg.load("other.json", net),
        "parameters twice": lambda: tg.SGD([w, w, *net.parameters(), *net.parameters()]),
        "an unknown loss": lambda: tg.train(net, table, "entropy", tg.SGD(net.parameters()), progress=False),
        "an unknown option": lambda: tg.compile([result], leaves)(**dict.fromkeys(("p", "q", "r"), 1.0)),
        "two inputs at once": lambda: tg.compile([result], [*leaves, *leaves]),
        "what was computed": lambda: tg.compile([result], [*outside[1:], result]),
        "labels alike": lambda: tg.Module.parameters(_Odd({tg.Value(float(k), "same") for k in range(9)})),
        "a changed leaf": lambda: _changed(),
    }
    for name, call in calls.items():
        try:
            done[f"mistake: {name}"] = repr(call())
        except (TypeError, ValueError, ArithmeticError) as error:
            done[f"mistake: {name}"] = str(error)
    return done


class _Odd(tg.Module):
    def __init__(self, kept: Any) -> None:
        self.kept = kept


def _changed() -> Any:
    leaves = [tg.Value(float(k + 1), f"c{k}") for k in range(20)]
    y = tg.sum_of([a.exp() * b.tanh() for a, b in itertools.pairwise(leaves)])
    for leaf in leaves[3::3]:
        leaf.data = 0.5
    return tg.grad(y, leaves)


def trainings() -> dict[str, Any]:
    """What is learned, by each engine."""
    table = data.moons(40, seed=1)
    done: dict[str, Any] = {"table": [str(row) for row in table]}
    for engine in ["eager", "python", *["llvm"] * LLVM]:
        net = tg.MLP(2, [3, 1], seed=1)
        optimizer = tg.Adam(net.parameters(), lr=0.01)
        history = tg.train(
            net, table, losses.binary_cross_entropy, optimizer, epochs=4, batch_size=8, engine=engine, progress=False
        )
        tg.save(net, f"{engine}.json")
        done[f"{engine}: losses"] = [loss.hex() for loss in history.losses]
        done[f"{engine}: numbers"] = [p.data.hex() for p in net.parameters()]
    return done


def commands() -> dict[str, str]:
    """What the command says."""
    Path("neuron.py").write_text(PROGRAM, encoding="utf-8")
    Path("table.csv").write_text("a,b\n0,1\n1,1\n", encoding="utf-8")
    done = {}
    for line in COMMANDS:
        output = io.StringIO()
        with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
            status = main(line.split())
        done[f"tinygrad-bp {line}"] = f"{output.getvalue()}\n{status}"
    return done


def everything() -> dict[str, str]:
    """A digest of each output and each file."""
    outputs = {**readings(), **mistakes(), **trainings(), **commands()}
    digests = {name: hashlib.sha256(repr(text).encode(errors="surrogatepass")) for name, text in outputs.items()}
    for path in sorted(Path().rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            digests[path.as_posix()] = hashlib.sha256(path.read_bytes())
    return {name: digest.hexdigest() for name, digest in digests.items()}


if __name__ == "__main__":
    vars(loop)["perf_counter"] = lambda: 0.0  # how long a training took is said, too
    # All of it but the language of messages, in which the system says why it cannot open a file.
    for category in (locale.LC_CTYPE, locale.LC_NUMERIC, locale.LC_COLLATE, locale.LC_MONETARY, locale.LC_TIME):
        with contextlib.suppress(locale.Error):  # which the machine may lack
            locale.setlocale(category, "")
    found = everything()
    Path(sys.argv[1]).write_text(json.dumps(found), encoding="utf-8")
