"""The functions of a compiled program, as LLVM's text: one call, many rows, and training.

All take pointers to doubles. Inside a loop over rows the program stands once for a vector of rows and once for the rows left over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from tinygrad_bp.operation import Operation
from tinygrad_bp.program.code import Code
from tinygrad_bp.program.llvm.numbers import COSTLY, FUNCTIONS, Real, Writer


def write(code: Code, writer: Writer, inputs: Sequence[Real], lanes: int = 1) -> list[Real]:
    """Writes the program's instructions for these inputs, and returns the outputs.

    With several `lanes`, costly functions that do not wait for one another, such as those of the neurons of a layer, are computed
    together in vectors of so many numbers at the most.
    """
    first = len(code.inputs)
    slots: list[Real | None] = [*inputs, *[None] * len(code.instructions)]

    def operand(x: int) -> Real:
        found = slots[x] if x >= 0 else writer.constant(code.constants[~x])
        assert found is not None
        return found

    for op, places in _order(code) if lanes > 1 else ((op, [place]) for place, (op, _) in enumerate(code.instructions)):
        for start in range(0, len(places), lanes):
            group = places[start : start + lanes]
            rows = [[operand(x) for x in code.instructions[place].operands] for place in group]
            function = FUNCTIONS[op.name]
            results = [function(*rows[0])] if len(group) == 1 else writer.together(function, rows)
            for place, y in zip(group, results, strict=True):
                slots[first + place] = y
    return [operand(x) for x in code.outputs]


def _order(code: Code) -> Iterator[tuple[Operation, list[int]]]:
    """The instructions in another order that computes the same: each operation with the places at which it can be applied together.

    The stage of an instruction is the number of costly functions on the longest way to it. In each stage the costly ones come last,
    those of one operation side by side.
    """
    first = len(code.inputs)
    stages = [0] * (first + len(code.instructions))
    plain: dict[int, list[int]] = {}
    costly: dict[int, dict[Operation, list[int]]] = {}
    for place, (op, operands) in enumerate(code.instructions):
        stage = max([stages[x] for x in operands if x >= 0], default=0)
        if op.name in COSTLY:
            costly.setdefault(stage, {}).setdefault(op, []).append(place)
            stage += 1
        else:
            plain.setdefault(stage, []).append(place)
        stages[first + place] = stage
    for stage in range(max(stages, default=0) + 1):
        for place in plain.get(stage, []):
            yield code.instructions[place].op, [place]
        yield from costly.get(stage, {}).items()


def single(code: Code, block: int | None, width: int) -> str:
    """`call(inputs, outputs)`: one evaluation. Where `block` is given, split into functions of so many instructions."""
    if block is not None and len(code.instructions) > block:
        return _in_blocks(code, block)
    writer = Writer()
    outputs = write(code, writer, [_load(writer, "%inputs", k) for k in range(len(code.inputs))], width)
    for k, y in enumerate(outputs):
        _store(writer, y, "%outputs", k)
    return _module(
        [writer],
        f"define void @call(ptr noalias %inputs, ptr noalias %outputs) {{\n{''.join(writer.lines)}  ret void\n}}\n",
    )


def _in_blocks(code: Code, block: int) -> str:
    """A large program: all numbers lie in memory, and each block is a function, since compilers take ever longer over longer ones."""
    first = len(code.inputs)
    bodies: list[str] = []
    writers: list[Writer] = []
    for start in range(0, len(code.instructions), block):
        writer = Writer()
        slots: dict[int, Real] = {}

        def operand(x: int, writer: Writer = writer, slots: dict[int, Real] = slots) -> Real:
            if x < 0:
                return writer.constant(code.constants[~x])
            if x not in slots:
                slots[x] = _load(writer, "%slots", x)
            return slots[x]

        for place, (op, operands) in enumerate(code.instructions[start : start + block], first + start):
            slots[place] = FUNCTIONS[op.name](*[operand(x) for x in operands])
            _store(writer, slots[place], "%slots", place)
        bodies.append(
            f"define internal void @block{len(bodies)}(ptr %slots) noinline {{\n{''.join(writer.lines)}  ret void\n}}\n"
        )
        writers.append(writer)
    last = Writer()
    size = 8 * (first + len(code.instructions))
    last.do(f"%slots = call ptr @malloc(i64 {size})")
    last.do(f"call void @llvm.memcpy.p0.p0.i64(ptr %slots, ptr %inputs, i64 {8 * first}, i1 false)")
    for k in range(len(bodies)):
        last.do(f"call void @block{k}(ptr %slots)")
    for k, x in enumerate(code.outputs):
        _store(last, _load(last, "%slots", x) if x >= 0 else last.constant(code.constants[~x]), "%outputs", k)
    last.do("call void @free(ptr %slots)")
    memory = (
        "declare ptr @malloc(i64)\ndeclare void @free(ptr)\ndeclare void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1)\n"
    )
    body = f"define void @call(ptr %inputs, ptr %outputs) {{\n{''.join(last.lines)}  ret void\n}}\n"
    return _module([*writers, last], memory + "".join(bodies) + body)


def rows(code: Code, shared: int, width: int, total: bool) -> str:
    """`rows(shared, table, count, outputs)`: the first `shared` inputs are the same for all rows, the others are a row's columns.

    Outputs are a row of numbers for each row, or with `total` their sums over all rows.
    """
    columns, results = len(code.inputs) - shared, len(code.outputs)
    scalar, vector = Writer(prefix="s"), Writer(width, prefix="v")
    top = Writer(prefix="c")
    given = [_load(top, "%shared", k) for k in range(shared)]
    spread = [_spread(top, x, vector) for x in given]
    head = "".join(top.lines)
    if total:
        head += f"  %sums = alloca [{max(results, 1)} x {vector.type}], align 64\n  %rest = alloca [{max(results, 1)} x double]\n"
    zero = ""
    if total:
        zero += f"  call void @llvm.memset.p0.i64(ptr %sums, i8 0, i64 {8 * width * results}, i1 false)\n"
        zero += f"  call void @llvm.memset.p0.i64(ptr %rest, i8 0, i64 {8 * results}, i1 false)\n"

    def body(writer: Writer, inputs: list[Real]) -> None:
        writer.do(f"%row{writer.width} = mul i64 %i{writer.width}, {columns}")
        cells = []
        for k in range(columns):
            out = "poison"
            for lane in range(writer.width):
                at = writer.line(f"add i64 %row{writer.width}, {lane * columns + k}")
                cell = writer.again(f"load double, ptr {writer.line(f'getelementptr double, ptr %table, i64 {at}')}")
                out = (
                    cell
                    if writer.width == 1
                    else writer.line(f"insertelement {writer.type} {out}, double {cell}, i32 {lane}")
                )
            cells.append(Real(writer, out))
        ys = write(code, writer, [*[Real(writer, x.name) for x in inputs], *cells])
        if total:
            sums = "%rest" if writer.width == 1 else "%sums"
            for k, y in enumerate(ys):
                at = writer.line(f"getelementptr {writer.type}, ptr {sums}, i64 {k}")
                _put(writer, Real(writer, writer.again(f"load {writer.type}, ptr {at}")) + y, at)
            return
        writer.do(f"%out{writer.width} = mul i64 %i{writer.width}, {results}")
        for k, y in enumerate(ys):
            for lane in range(writer.width):
                part = (
                    y.name if writer.width == 1 else writer.line(f"extractelement {writer.type} {y.name}, i32 {lane}")
                )
                at = writer.line(f"add i64 %out{writer.width}, {lane * results + k}")
                writer.do(f"store double {part}, ptr {writer.line(f'getelementptr double, ptr %outputs, i64 {at}')}")

    body(vector, spread)
    body(scalar, given)
    end = Writer(prefix="e")
    if total:
        for k in range(results):
            at = end.line(f"getelementptr {vector.type}, ptr %sums, i64 {k}")
            lanes = end.again(f"load {vector.type}, ptr {at}")
            y = Real(end, end.again(f"load double, ptr {end.line(f'getelementptr double, ptr %rest, i64 {k}')}"))
            for lane in range(width):
                y = y + Real(end, end.line(f"extractelement {vector.type} {lanes}, i32 {lane}"))
            _store(end, y, "%outputs", k)
    text = f"""declare void @llvm.memset.p0.i64(ptr, i8, i64, i1)
define void @rows(ptr noalias %shared, ptr noalias %table, i64 %count, ptr noalias %outputs) {{
entry:
{head}{zero}  %left = urem i64 %count, {width}
  %whole = sub i64 %count, %left
  br label %vectors
vectors:
  %i{width} = phi i64 [ 0, %entry ], [ %next{width}, %vector ]
  %more{width} = icmp ult i64 %i{width}, %whole
  br i1 %more{width}, label %vector, label %singles
vector:
{"".join(vector.lines)}  %next{width} = add i64 %i{width}, {width}
  br label %vectors
singles:
  %i1 = phi i64 [ %whole, %vectors ], [ %next1, %one ]
  %more1 = icmp ult i64 %i1, %count
  br i1 %more1, label %one, label %done
one:
{"".join(scalar.lines)}  %next1 = add i64 %i1, 1
  br label %singles
done:
{"".join(end.lines)}  ret void
}}
"""
    return _module([top, vector, scalar, end], text)


Update = Callable[[Writer, Real, Real, list[Real], dict[str, Real]], tuple[Real, list[Real]]]


def training(code: Code, shared: int, moments: int, settings: Sequence[str], update: Update, width: int) -> str:
    """`train(parameters, moments, settings, table, order, length, place, count, losses)`: so many steps of online training.

    Each step evaluates the program on the row that `order` names, from its `place` on and around again, and records output 0 as its loss.
    Every parameter gets its new value by `update`, called with the writer, the parameter, its gradient (outputs 1 and on), its moments and
    the settings by name. Afterwards the new parameters, moments and settings are in memory.
    """
    columns = len(code.inputs) - shared
    head, loop, tail = Writer(prefix="h"), Writer(prefix="l"), Writer(prefix="t")
    places = _places(shared, moments, settings)
    for n, (memory, k) in enumerate(places):  # which LLVM keeps in registers during the loop, as far as there are any
        head.do(f"%p{n} = alloca double")
        _put(head, _load(head, memory, k), f"%p{n}")
    loop.do("%at = getelementptr i64, ptr %order, i64 %turn")
    loop.do("%row = load i64, ptr %at")
    loop.do(f"%first = mul i64 %row, {columns}")
    loop.do("%cells = getelementptr double, ptr %table, i64 %first")
    state = [Real(loop, loop.again(f"load double, ptr %p{n}")) for n in range(len(places))]
    cells = [_load(loop, "%cells", k) for k in range(columns)]
    loss, *gradients = write(code, loop, [*state[:shared], *cells], width)
    _put(loop, loss, loop.line("getelementptr double, ptr %losses, i64 %i"))
    for n, x in _updated(state, gradients, moments, settings, update, loop):
        _put(loop, x, f"%p{n}")
    for n, (memory, k) in enumerate(places):
        _store(tail, Real(tail, tail.again(f"load double, ptr %p{n}")), memory, k)
    return _module([head, loop, tail], _steps(head, loop, tail))


def batch_training(code: Code, shared: int, moments: int, settings: Sequence[str], update: Update, width: int) -> str:
    """As `training`, but each step takes the sums over all rows, whose number is the only one in `order`."""
    head, loop, tail = Writer(prefix="h"), Writer(prefix="l"), Writer(prefix="t")
    head.do(f"%totals = alloca [{len(code.outputs)} x double]")
    head.do("%rowcount = load i64, ptr %order")
    loop.do("call void @rows(ptr %parameters, ptr %table, i64 %rowcount, ptr %totals)")
    places = _places(shared, moments, settings)
    state = [_load(loop, memory, k) for memory, k in places]
    loss, *gradients = [_load(loop, "%totals", k) for k in range(len(code.outputs))]
    _put(loop, loss, loop.line("getelementptr double, ptr %losses, i64 %i"))
    for n, x in _updated(state, gradients, moments, settings, update, loop):
        _store(loop, x, *places[n])
    return rows(code, shared, width, total=True) + _module([head, loop, tail], _steps(head, loop, tail))


def _places(shared: int, moments: int, settings: Sequence[str]) -> list[tuple[str, int]]:
    """Where in memory the state of a training lies."""
    sizes = {"%parameters": shared, "%moments": shared * moments, "%settings": len(settings)}
    return [(memory, k) for memory, size in sizes.items() for k in range(size)]


def _updated(
    state: Sequence[Real],
    gradients: Sequence[Real],
    moments: int,
    settings: Sequence[str],
    update: Update,
    writer: Writer,
) -> list[tuple[int, Real]]:
    """What changes in a step, as places in the state and their new numbers."""
    shared = len(gradients)
    first = shared * (1 + moments)
    named = dict(zip(settings, state[first:], strict=True))
    changed: list[tuple[int, Real]] = []
    for place, name in enumerate(settings, first):
        if name.startswith("power_"):  # the power of a rate of decay that grows by one each step
            named[name] = named[name] * named[name.removeprefix("power_")]
            changed.append((place, named[name]))
    for k, gradient in enumerate(gradients):
        mine = shared + k * moments
        new, after = update(writer, state[k], gradient, list(state[mine : mine + moments]), named)
        changed += [(k, new), *enumerate(after, mine)]
    return changed


def _steps(head: Writer, loop: Writer, tail: Writer) -> str:
    memory = ", ".join(f"ptr noalias %{name}" for name in ("parameters", "moments", "settings", "table", "order"))
    return f"""define void @train({memory}, i64 %length, i64 %place, i64 %count, ptr noalias %losses) {{
entry:
{"".join(head.lines)}  br label %steps
steps:
  %i = phi i64 [ 0, %entry ], [ %next, %step ]
  %turn = phi i64 [ %place, %entry ], [ %nextturn, %step ]
  %more = icmp ult i64 %i, %count
  br i1 %more, label %step, label %done
step:
{"".join(loop.lines)}  %following = add i64 %turn, 1
  %round = icmp eq i64 %following, %length
  %nextturn = select i1 %round, i64 0, i64 %following
  %next = add i64 %i, 1
  br label %steps
done:
{"".join(tail.lines)}  ret void
}}
"""


def _load(writer: Writer, memory: str, k: int) -> Real:
    return Real(writer, writer.again(f"load double, ptr {writer.line(f'getelementptr double, ptr {memory}, i64 {k}')}"))


def _store(writer: Writer, x: Real, memory: str, k: int) -> None:
    _put(writer, x, writer.line(f"getelementptr double, ptr {memory}, i64 {k}"))


def _put(writer: Writer, x: Real, at: str) -> None:
    writer.do(f"store {writer.type} {x.name}, ptr {at}")


def _spread(writer: Writer, x: Real, vector: Writer) -> Real:
    """The number in all lanes of a vector."""
    one = writer.line(f"insertelement {vector.type} poison, double {x.name}, i32 0")
    zeros = f"<{vector.width} x i32> zeroinitializer"
    return Real(vector, writer.line(f"shufflevector {vector.type} {one}, {vector.type} poison, {zeros}"))


def _module(writers: Sequence[Writer], text: str) -> str:
    declared: dict[str, str] = {}
    for writer in writers:
        declared |= writer.declared
    return "".join(declared.values()) + text
