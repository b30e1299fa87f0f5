"""Makes what the docs show: the pictures in docs/pictures and docs/derivatives.md. From the project's folder: python docs/make.py"""

from __future__ import annotations

import inspect
import runpy
from collections.abc import Sequence
from pathlib import Path

import tinygrad_bp
from tinygrad_bp import MLP, Reduction, Value, draw, draw_network, topological_order
from tinygrad_bp.core.operation import ATOM, NEGATIVE, Operation
from tinygrad_bp.core.ops import OPERATIONS
from tinygrad_bp.drawing import Drawing, curve
from tinygrad_bp.explanation.formulas import FormulaWriter
from tinygrad_bp.explanation.names import latex_name
from tinygrad_bp.tutorial.figures import ROUNDS, setup
from tinygrad_bp.tutorial.network import network
from tinygrad_bp.tutorial.pictures import pictures as tutorial_pictures
from tinygrad_bp.tutorial.training import train

DOCS = Path(__file__).parent
EXAMPLES = DOCS.parent / "examples"


# Pictures


def drawings() -> dict[str, Drawing]:
    """The pictures by file name, each light and dark."""
    loss = runpy.run_path(str(EXAMPLES / "draw_neuron.py"), run_name="docs")["loss"]
    a = Value(2.0, "a")
    b = 3.0 * a
    c = b * b
    d = b + c
    b.label, c.label, d.label = "b", "c", "d"
    d.backward()
    x, w = Value(2.0, "x"), Value(-0.5, "w")
    h = w * x
    square = h * h
    turned = square + x
    h.label, square.label, turned.label = "h", "h · h", "y"
    net = MLP(2, [3, 1], activation=["tanh", None], seed=8)
    learnt = graphs_of_lessons()
    deeper = MLP(2, [2, 2, 2], activation="sigmoid", seed=1)
    example = network(setup(float))
    example["E_total"].backward()
    found = {}
    for dark in (False, True):
        chosen = {
            "neuron": draw(loss, local_derivatives=True, digits=4, dark=dark),
            "network": draw_network(net, inputs=[0.5, -1.0], targets=[1.0], digits=3, dark=dark),
            "three-layers": draw_network(deeper, values=False, activations=False, dark=dark),
            "tangents": draw(turned, tangents={x: 1.0, w: 3.0}, local_derivatives=True, dark=dark),
            "reused-node": draw(d, local_derivatives=True, dark=dark),
            **tutorial_pictures(example, dark=dark),
            **{each: draw(result, local_derivatives=True, digits=4, dark=dark) for each, result in learnt.items()},
        }
        found.update({f"{name}-dark" if dark else name: drawing for name, drawing in chosen.items()})
    return found


def graphs_of_lessons() -> dict[str, Value]:
    """The small graphs of the lessons, by the names of their pictures."""
    crank = Value(1.0, "crank")
    middle = 3.0 * crank
    wheel = 2.0 * middle
    middle.label, wheel.label = "middle", "wheel"
    tap = Value(1.0, "tap")
    wide, narrow = 2.0 * tap, 3.0 * tap
    tank = wide + narrow
    wide.label, narrow.label, tank.label = "pipe 1", "pipe 2", "tank"
    prices, numbers, tax = (100.0, 150.0), (2.0, 3.0), Value(1.1, "tax")
    costs = []
    for fruit, price, number in zip(("apple", "orange"), prices, numbers, strict=True):
        cost = Value(price, f"price_{fruit}") * Value(number, f"{fruit}s")
        cost.label = f"cost_{fruit}s"
        costs.append(cost)
    cost = costs[0] + costs[1]
    total = cost * tax
    cost.label, total.label = "cost", "total"
    made = {"gears": wheel, "two-pipes": tank, "fruit": total}
    for result in made.values():
        result.backward()
    return made


def curves() -> dict[str, str]:
    """The curves by file name, as SVG that is light or dark as its reader prefers."""
    figures = runpy.run_path(str(DOCS / "figures.py"))["curves"]()
    return {"error-curve": error_curve(), **figures, **runpy.run_path(str(DOCS / "benchmarks.py"))["pictures"]()}


def error_curve() -> str:
    """The error of the worked example, as SVG that is light or dark as its reader prefers."""
    errors = train({**setup(float)}, ROUNDS).errors
    return curve.svg(errors, f"The error of the worked example over {ROUNDS:,} rounds")


# The table of derivatives

HEAD = """# The table of derivatives

This page is made from the rows of `tinygrad_bp.OPERATIONS` by [make.py](make.py), and a test compares the two. $y$ is the
result. *Derivative* is what a calculus book says. *As computed* is the rule the engine runs. The two are equal for real
numbers, but the rule keeps its digits where the book's formula loses them. At $x = 40$ the sigmoid is 1 in floats, so that
$y \\cdot (1 - y)$ is 0 and has no correct digit; the rule has all of them.

Every function here takes numbers, which give a float, and Values, which record a node. `+ - * / **`, unary `-` and `abs()`
are the rows `add`, `sub`, `mul`, `div`, `pow`, `neg` and `abs`. The words used below: $\\sigma$, the sigmoid, is
$1 / (1 + e^{-x})$; step is 1 for $x > 0$, else 0; sign is 1, 0 or −1; relu is $x$ for $x > 0$, else 0; leaky_relu has
slope times $x$ in place of that 0, where slope is 0.01 if you do not say otherwise; clip is low below low, high above high, and
$x$ between them. $\\Phi(x)$ is the normal distribution function, $(1 + \\mathrm{erf}(x / \\sqrt{2})) / 2$, and
$\\varphi(x) = e^{-x^2 / 2} / \\sqrt{2 \\pi}$ its density; 1.1283791671 is $2 / \\sqrt{\\pi}$. gelu is the exact one, as in PyTorch
if you do not say otherwise there, and silu is also called swish. `sigmoid_slope` and other rows that only derivatives need are at
the end of this page.
"""

KINKS_HEAD = """## Where there is no derivative

At a kink the slopes to both sides differ, and at some ends of a domain the slope is infinite. A program must still say
something. For relu, abs, sqrt, maximum, minimum and clip this is what PyTorch says. The numbers are computed from the rules. Where an
infinite slope meets a kink, `diagnose` names both.
"""

KINKS = (
    ("relu", (0.0,), "the slope is 0 on the left, 1 on the right"),
    ("leaky_relu", (0.0, 0.01), "with respect to $x$ and to the slope: the left side counts"),
    ("abs", (0.0,), "−1 on the left, 1 on the right: the middle"),
    ("sign", (0.0,), "a jump: 0, as everywhere else"),
    ("step", (0.0,), "a jump: 0, as everywhere else"),
    ("maximum", (2.0, 2.0), "a tie: one half to each side"),
    ("minimum", (2.0, 2.0), "a tie: one half to each side"),
    ("clip", (1.0, -1.0, 1.0), "at a bound $x$ counts, not the bound"),
    ("clip", (0.0, 1.0, -1.0), "low > high: the result is high"),
    ("sqrt", (0.0,), "a vertical tangent"),
    ("cbrt", (0.0,), "a vertical tangent"),
    ("asin", (1.0,), "a vertical tangent"),
    ("acos", (1.0,), "a vertical tangent"),
    ("acosh", (1.0,), "a vertical tangent"),
    ("pow", (0.0, 0.5), "with respect to the base, a vertical tangent; to the exponent, 0"),
    ("pow", (0.0, 0.0), "$0^0$ is 1: a constant function of the base, of the exponent one that jumps to 0"),
)

ACCURACY = """## How accurate they are

The tests hold each value and each derivative against a reference with 50 digits, over the whole domain, tiny and huge numbers
included. They are within 4 ulp. An *ulp*, a unit in the last place, is the distance from one float to the next: 1 ulp off
means the last bit is wrong by one. Four things limit this:

- `exp`, `sin` and their like are those of your system's C library. Of glibc's the worst are `tanh`, 2.1 ulp off, and `sinh`, 1.7. If
  yours are off by more, so is this table.
- Below 2.2e-308 floats have fewer digits, and results that small have fewer with them. So do three derivatives that pass
  through such a result: `a / b` by `b`, `a ** b` by `b`, and `hypot(a, b)`.
- `dot` rounds each product, as floats do (one beyond their range is infinite), and then adds them without a further loss.
  Where they cancel, what the products lost can be more than 4 ulp of the little that is left.
- The rows of the last table only appear in derivatives, so that their own derivatives are those of derivatives. `power_term`
  and `over_squares` multiply their operands on the way there; the product can leave the range of floats though the result
  is inside, and where another factor is 0, infinity times 0 is NaN. The derivatives of the others have fewer digits where one of
  $\\sigma'$, $\\varphi$ and $\\mathrm{erf}'$ is below 2.2e-308, and where silu and gelu have an inflection, at $x = \\pm 2.399$ and
  $\\pm\\sqrt{2}$: there the two terms cancel, and what is left is as good as they are.

Where a function is flat they are no worse. These are gelu and its derivative at −30, of which a reference says
−1.472014178144456e-196 and −4.416031690708494e-195. The derivatives of gelu and silu also keep their digits right beside the lowest
point of each, where they change sign:

```python
>>> from tinygrad_bp import Value, gelu
>>> y = gelu(Value(-30.0))
>>> print(f"{y.data:.14e}, {y.local_derivatives[0]:.14e}")
-1.47201417814446e-196, -4.41603169070849e-195
```

## Errors, infinities and NaN

No row makes a NaN from finite numbers, and no rule for a derivative does. For finite numbers outside its domain a row raises an error that
names the operation, the numbers and their labels. What leaves the range of floats, which ends at 1.8e308, is another matter:

- Sums, differences, products and quotients become infinite, as those of floats do. This includes `sum_of`, `dot` and
  `leaky_relu`, which are made of them. All other functions and `**` raise an OverflowError.
- Operands may be infinite or NaN. A NaN gives NaN. For an infinite operand the result is what float arithmetic says, or the limit. Where
  there is no limit, it is an error, as for `sin`, or the NaN of float arithmetic: `inf - inf`, `inf * 0`, the derivatives of
  `maximum(inf, inf)`.

```python
>>> import math
>>> from tinygrad_bp import hypot
>>> Value(1e200) * 1e200
Value(data=inf, grad=0.0)
>>> Value(1000.0, "x").exp()
Traceback (most recent call last):
    ...
OverflowError: exp overflows at 1000.0 (x): it needs x <= 709.7827
>>> (Value(math.inf) * 0.0).data, Value(math.inf).tanh().data
(nan, 1.0)
>>> Value(math.inf, "x").sin()
Traceback (most recent call last):
    ...
ValueError: sin is undefined at inf (x): it needs a finite number
```

`backward()` multiplies derivatives, and there a NaN can come from finite numbers after all. The slope of sqrt at 0 is infinite, that of
$x^2$ is 0, and infinity times 0 is NaN. PyTorch says the same, here and of `sqrt(abs(x))`:

```python
>>> x = Value(0.0, "x")
>>> (x * x).sqrt().backward()
>>> x.grad
nan
```

So it is with every power below 1 of what has a slope of 0 itself, as `(x * x) ** 0.75`, whose slope at 0 would be 0; and with a derivative
more for powers below 2: the second of `(x * x) ** 1.5` is NaN at 0 and not 0. The chain rule multiplies numbers at one point, and
no number there says which of the two factors wins: for `cbrt(x ** 3)` it is neither, the slope is 1. Of a power itself all derivatives
are right, infinite ones too; only what is inside makes the NaN. `check_gradients` names the operation:

```python
>>> from tinygrad_bp import check_gradients, grad
>>> x = Value(0.0, "x")
>>> print(check_gradients((x * x) ** 0.75))
input         autograd       difference  absolute  relative      ulp
x                  nan                0       nan       nan      nan  WRONG
        every rule on the way is right by itself: pow gives infinity at 0.0, 0.75, which times 0 is nan; diagnose says what to write instead
0 of 1 derivatives agree
>>> [slope] = grad(x**1.5, [x])
>>> grad(slope, x).data
inf
>>> [slope] = grad(abs(x) ** 3, [x])
>>> grad(slope, x).data
0.0
```

There are three ways out. For this very function write `abs(x)`, and for `(x * x) ** 1.5` write `abs(x) ** 3`. For a distance from 0 write
`hypot(a, b)`, whose slopes are right however close to 0 it is; at 0 itself, where there is no slope, it says so. Or add a small number
under the root:

```python
>>> a, b = Value(3e-200, "a"), Value(-4e-200, "b")
>>> hypot(a, b).backward()
>>> round(a.grad, 12), round(b.grad, 12)
(0.6, -0.8)
>>> x.grad = 0.0
>>> (x * x + 1e-12).sqrt().backward()
>>> x.grad
0.0
```
"""


def derivatives() -> str:
    """The page docs/derivatives.md."""
    public = [row for name, row in OPERATIONS.items() if hasattr(tinygrad_bp, name)]
    helpers = [row for row in OPERATIONS.values() if row not in public]
    parts = [
        HEAD,
        table(public),
        KINKS_HEAD,
        kinks(),
        ACCURACY,
        "## Rows that only appear in derivatives\n",
        table(helpers),
        "Where to go next: [how to add an operation](adding-an-operation.md), a row of this table.\n",
    ]
    return "\n".join(parts)


def table(rows: Sequence[Operation]) -> str:
    """Operations as a Markdown table."""
    lines = ["| name | $y$ | derivative | as computed | it needs |", "|---|---|---|---|---|", *map(line, rows)]
    return "\n".join(lines) + "\n"


def line(row: Operation) -> str:
    """An operation as a line of the table: its rules are run on Values with names, and the graph they make is written out."""
    operands = [Value(number, name) for name, number in zip(operand_names(row), sample(row), strict=True)]
    half = len(operands) // 2
    y = row(operands[:half], operands[half:]) if isinstance(row, Reduction) and row.sequences == 2 else None
    y = y or (row(operands) if isinstance(row, Reduction) else row(*operands))
    y.label = "y"
    formula = row.write([(latex_name(x.label), ATOM) for x in operands], latex=True)
    place = {node: k for k, node in enumerate(topological_order(y))}
    writer = FormulaWriter({x: x.label for x in (*operands, y)}, latex=True)
    book = [
        rf"\partial y / \partial {latex_name(x.label)} = {writer.derivative(y, x, place, set(operands)) or f'{slope:g}'}"
        for x, slope in zip(operands, y.local_derivatives, strict=True)
    ]
    rules = [f"`{code(slope)}`" for slope in row.derivatives(y, operands)]
    return f"| `{row.name}` | {math([formula])} | {math(book)} | {'<br>'.join(rules)} | {row.domain.needs.replace('|', '&#124;')} |"


def operand_names(row: Operation) -> list[str]:
    """What the rule calls its operands; two or two pairs of them where it takes any number."""
    if isinstance(row.partials, tuple):
        return list(inspect.signature(row.partials[0]).parameters)[1:]
    return ["w1", "w2", "x1", "x2"] if isinstance(row, Reduction) and row.sequences == 2 else ["x1", "x2"]


def sample(row: Operation) -> list[float]:
    """A point of the operation's domain."""
    count = len(operand_names(row))
    box = next(box for box in row.domain.boxes if len(box) == count)
    return [min(max(0.5, low), high) for low, high in box]


def code(y: Value | float) -> str:
    """The formula of a Value in Python, in terms of the labelled ones."""
    if not isinstance(y, Value):
        return f"{y:g}"
    texts: dict[Value, tuple[str, int]] = {}
    for node in topological_order(y):
        if node.op is None or node.label:
            texts[node] = (node.label or f"{node.data:g}", NEGATIVE if not node.label and node.data < 0 else ATOM)
        else:
            texts[node] = (node.op.write([texts[arg] for arg in node.args]), node.op.binding)
    return texts[y][0]


def math(formulas: Sequence[str]) -> str:
    """LaTeX for a cell of a table on GitHub, which takes a bar for a cell's end and unescapes \\_."""
    cells = [f"${formula}$" for formula in formulas]
    return " <br> ".join(cells).replace("|", r"\vert{}").replace(r"\_", r"\ ")


def kinks() -> str:
    """The conventions at kinks as a Markdown table."""
    lines = ["| name | at | derivative | why |", "|---|---|---|---|"]
    for name, numbers, why in KINKS:
        row = OPERATIONS[name]
        slopes = row.derivatives(row.forward(*numbers), numbers)
        where, found = (", ".join(f"{float(x) + 0.0:g}" for x in xs) for xs in (numbers, slopes))
        lines.append(f"| `{name}` | {where} | {found} | {why} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Writes all of it."""
    folder = DOCS / "pictures"
    folder.mkdir(exist_ok=True)
    for name, drawing in drawings().items():
        drawing.save(folder / f"{name}.gv")
        drawing.save(folder / f"{name}.svg")
    for name, svg in curves().items():
        (folder / f"{name}.svg").write_text(svg, encoding="utf-8")
    (DOCS / "derivatives.md").write_text(derivatives(), encoding="utf-8")


if __name__ == "__main__":
    main()
