"""The functions of a compiled program, as LLVM's text: one call, and many rows.

All take pointers to doubles. Inside a loop over rows the program stands once for a vector of rows and once for the rows left over.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from tinygrad_bp.core import ops
from tinygrad_bp.core.operation import Operation
from tinygrad_bp.program.instructions import Code
from tinygrad_bp.program.llvm import sums
from tinygrad_bp.program.llvm.native import COSTLY, FUNCTIONS, INLINE, WIDE, apply, in_loop, looped
from tinygrad_bp.program.llvm.writer import Real, Writer

LONGEST = 8_000  # lines of LLVM's text in a function
LARGEST = 9_000  # inputs, outputs and operands of a program that is one function
FROM_TABLE = 24  # operands of a dot in a large program, beyond which they are not passed one by one
BLOCK = 400  # operands of a function, where it is split


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
            alone = len(group) == 1
            results = [apply(writer, op, rows[0])] if alone else writer.together(FUNCTIONS[op], rows)
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
        if op in COSTLY:
            costly.setdefault(stage, {}).setdefault(op, []).append(place)
            stage += 1
        else:
            plain.setdefault(stage, []).append(place)
        stages[first + place] = stage
    for stage in range(max(stages, default=0) + 1):
        for place in plain.get(stage, []):
            yield code.instructions[place].op, [place]
        yield from costly.get(stage, {}).items()


@dataclass(frozen=True)
class Layout:
    """How a program is written: LLVM takes ever longer over longer functions.

    Attributes:
        width: the numbers in a vector.
        outline: whether functions of more than an instruction are written once, and called.
        blocks: whether the program is split into functions that keep their numbers in memory.
    """

    width: int
    outline: bool
    blocks: bool

    @staticmethod
    def of(code: Code, width: int) -> Layout:
        """The layout that suits the size of the program."""
        size = lines = len(code.inputs) + 2 * len(code.outputs)
        for op, operands in code.instructions:
            if op.arity is None:
                lines += 12 * min(len(operands), WIDE) + 2 * len(operands)
                size += (6 if in_loop(op, operands) else 1) * len(operands)
            else:
                lines += 1 if op in INLINE else 35
                size += 1
            if size > LARGEST:
                break
        return Layout(width, lines > LONGEST, size > LARGEST)


class Module:
    """The text of functions, and of all that they need declared."""

    def __init__(self) -> None:
        self._declared: dict[str, str] = {}
        self._texts: list[str] = []

    def add(self, text: str, *writers: Writer) -> None:
        for writer in writers:
            self._declared |= writer.declared
        self._texts.append(text)

    def add_memory(self) -> None:
        """Declares the functions that reserve and copy memory."""
        self._declared |= {
            "@malloc": "declare ptr @malloc(i64)\n",
            "@free": "declare void @free(ptr)\n",
            "@memcpy": "declare void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1)\n",
            "@memset": "declare void @llvm.memset.p0.i64(ptr, i8, i64, i1)\n",
        }

    def __str__(self) -> str:
        return "".join([*self._declared.values(), *self._texts])


def single(code: Code, layout: Layout) -> str:
    """`call(inputs, outputs)`: one evaluation."""
    module = Module()
    add_call(module, code, layout)
    return str(module)


def add_call(module: Module, code: Code, layout: Layout) -> None:
    if layout.blocks:
        _add_blocks(module, code)
        return
    writer = Writer(outline=layout.outline)
    inputs = [load(writer, "%inputs", k) for k in range(len(code.inputs))]
    for k, y in enumerate(write(code, writer, inputs, 1 if layout.outline else layout.width)):
        store(writer, y, "%outputs", k)
    body = f"{''.join(writer.lines)}  ret void\n"
    module.add(f"define void @call(ptr %inputs, ptr %outputs) {{\n{body}}}\n", writer)


def _add_blocks(module: Module, code: Code) -> None:
    """A large program: all numbers lie in memory, and each block of instructions is a function.

    A sum of very many operands is a loop over a table of the places where they lie, and so are the outputs; behind the slots lie the
    constants among them, and room for the operands side by side. Sums of products of one size are computed by a loop, too.
    """
    first, count = len(code.inputs), 0
    end = first + len(code.instructions)
    wide = [operands for op, operands in code.instructions if _from_table(op, operands)]
    numbers = {
        x: end + k for k, x in enumerate(dict.fromkeys(x for row in [*wide, code.outputs] for x in row if x < 0))
    }
    room = end + len(numbers)
    stages = [(list(_blocks(code, stage.places)), stage.sums) for stage in sums.stages(code)]
    kept = _kept(code, stages)
    begin, calls = Writer(), ""
    for blocks, groups in stages:
        for places in blocks:
            writer = Writer(outline=True)
            slots: dict[int, Real] = {}

            def operand(x: int, writer: Writer = writer, slots: dict[int, Real] = slots) -> Real:
                if x < 0:
                    return writer.constant(code.constants[~x])
                if x not in slots:
                    slots[x] = load(writer, "%slots", x)
                return slots[x]

            for place in places:
                slot, (op, operands) = first + place, code.instructions[place]
                if _from_table(op, operands):
                    slots[slot] = _gathered(writer, op, [numbers[x] if x < 0 else x for x in operands], slot, room)
                else:
                    slots[slot] = apply(writer, op, [operand(x) for x in operands])
                if kept[slot]:
                    store(writer, slots[slot], "%slots", slot)
            name = f"@block{count}"
            body = f"{''.join(writer.lines)}  ret void\n"
            module.add(f"define internal void {name}(ptr %slots) noinline {{\n{body}}}\n", writer)
            calls += f"  call void {name}(ptr %slots)\n"
            count += 1
        for terms, rows in groups.items():
            calls += sums.call(begin, f"sums{len(begin.declared)}", terms, rows)
    if numbers:
        listed = ", ".join([f"double {begin.constant(code.constants[~x]).name}" for x in numbers])
        begin.declared["@numbers"] = f"@numbers = internal constant [{len(numbers)} x double] [{listed}]\n"
        begin.do(f"%behind = getelementptr double, ptr %slots, i64 {end}")
        begin.do(f"call void @llvm.memcpy.p0.p0.i64(ptr %behind, ptr @numbers, i64 {8 * len(numbers)}, i1 false)")
    places = [numbers[x] if x < 0 else x for x in code.outputs]
    begin.declared["@outputs"] = f"@outputs = internal constant [{len(places)} x i64] [{_listed(places)}]\n"
    begin.declared["@gather"] = _GATHER
    if places:
        calls += f"  call void @gather(ptr %slots, ptr @outputs, i64 {len(places)}, ptr %outputs)\n"
    module.add_memory()
    module.add(
        f"""define void @call(ptr %inputs, ptr %outputs) {{
  %slots = call ptr @malloc(i64 {8 * (room + max(map(len, wide), default=0))})
  call void @llvm.memcpy.p0.p0.i64(ptr %slots, ptr %inputs, i64 {8 * first}, i1 false)
{"".join(begin.lines)}{calls}  call void @free(ptr %slots)
  ret void
}}
""",
        begin,
    )


def _kept(code: Code, stages: Iterable[tuple[list[list[int]], dict[int, list[list[int]]]]]) -> bytearray:
    """Which slots are read from memory: by another block than that in which they are computed, by a loop, or as an output."""
    first = len(code.inputs)
    kept = bytearray(first + len(code.instructions))
    for blocks, groups in stages:
        for places in blocks:
            inside = {first + place for place in places}
            for place in places:
                op, operands = code.instructions[place]
                for x in operands:
                    if x >= 0 and (x not in inside or _from_table(op, operands)):
                        kept[x] = 1
        for rows in groups.values():
            for row in rows:
                for x in row:
                    kept[x] = 1
    for x in code.outputs:
        if x >= 0:
            kept[x] = 1
    return kept


def _blocks(code: Code, places: Iterable[int]) -> Iterator[list[int]]:
    """The instructions in blocks."""
    block: list[int] = []
    size = 0
    for place in places:
        op, operands = code.instructions[place]
        block.append(place)
        size += 1 if _from_table(op, operands) else len(operands)
        if size >= BLOCK:
            yield block
            block, size = [], 0
    if block:
        yield block


def _from_table(op: Operation, operands: Sequence[int]) -> bool:
    """Whether operands in memory are found by a table of their places, which is compiled faster than a call with all of them."""
    return in_loop(op, operands) or (op is ops.dot and len(operands) > FROM_TABLE)


def _listed(places: Sequence[int]) -> str:
    return ", ".join([f"i64 {place}" for place in places])


def _gathered(writer: Writer, op: Operation, places: list[int], name: int, room: int) -> Real:
    """A sum of what lies in so many places: brought together, where it does not lie side by side already."""
    count = len(places)
    function = looped(writer, op)
    if places == list(range(places[0], places[0] + count)):
        memory = writer.line(f"getelementptr double, ptr %slots, i64 {places[0]}")
        return Real(writer, writer.again(f"call double {function}(ptr {memory}, i64 {count})"))
    writer.declared[f"@places{name}"] = f"@places{name} = internal constant [{count} x i64] [{_listed(places)}]\n"
    writer.declared["@gather"] = _GATHER
    memory = writer.line(f"getelementptr double, ptr %slots, i64 {room}")
    writer.do(f"call void @gather(ptr %slots, ptr @places{name}, i64 {count}, ptr {memory})")
    return Real(writer, writer.again(f"call double {function}(ptr {memory}, i64 {count})"))


_GATHER = """define internal void @gather(ptr %slots, ptr %places, i64 %count, ptr %into) noinline {
entry:
  br label %each
each:
  %i = phi i64 [ 0, %entry ], [ %next, %each ]
  %at = getelementptr i64, ptr %places, i64 %i
  %place = load i64, ptr %at
  %from = getelementptr double, ptr %slots, i64 %place
  %x = load double, ptr %from
  %to = getelementptr double, ptr %into, i64 %i
  store double %x, ptr %to
  %next = add i64 %i, 1
  %more = icmp ult i64 %next, %count
  br i1 %more, label %each, label %done
done:
  ret void
}
"""


def rows(code: Code, shared: int, layout: Layout, total: bool) -> str:
    """`rows(shared, table, count, outputs)`: the first `shared` inputs are the same for all rows, the others are a row's columns.

    Outputs are a row of numbers for each row, or with `total` their sums over all rows.
    """
    module = Module()
    add_rows(module, code, shared, layout, total)
    return str(module)


def add_rows(module: Module, code: Code, shared: int, layout: Layout, total: bool) -> None:
    module.add_memory()
    columns, results = len(code.inputs) - shared, len(code.outputs)
    lines = 4 * columns * (layout.width + 1) + 3 * shared + results * (8 if total else 4 * layout.width)
    lines += sum(3 * len(operands) * 2 for op, operands in code.instructions if in_loop(op, operands))
    if layout.blocks or lines > 2 * LONGEST:
        add_call(module, code, layout)
        module.add(_rows_of_calls(len(code.inputs), len(code.outputs), shared, total))
        return
    width = layout.width
    scalar, vector = Writer(prefix="s", outline=layout.outline), Writer(width, prefix="v", outline=layout.outline)
    top = Writer(prefix="c")
    given = [load(top, "%shared", k) for k in range(shared)]
    spread = [_spread(top, x, vector) for x in given]
    head = "".join(top.lines)
    if total:
        head += f"""  %sums = alloca [{max(results, 1)} x {vector.type}], align 64
  %rest = alloca [{max(results, 1)} x double]
  call void @llvm.memset.p0.i64(ptr %sums, i8 0, i64 {8 * width * results}, i1 false)
  call void @llvm.memset.p0.i64(ptr %rest, i8 0, i64 {8 * results}, i1 false)
"""

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
                put(writer, Real(writer, writer.again(f"load {writer.type}, ptr {at}")) + y, at)
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
    tail = _sums_added(width, results, vector.type) if total and results else "done:\n"
    text = f"""define void @rows(ptr noalias %shared, ptr noalias %table, i64 %count, ptr noalias %outputs) {{
entry:
{head}  %left = urem i64 %count, {width}
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
{tail}  ret void
}}
"""
    module.add(text, top, vector, scalar)


def _sums_added(width: int, results: int, vector: str) -> str:
    """The end of `rows`: the sums of all lanes and of the rows left over. A loop, since there may be very many."""
    writer = Writer(prefix="e")
    at = writer.again(f"getelementptr {vector}, ptr %sums, i64 %result")
    lanes = writer.again(f"load {vector}, ptr {at}")
    y = Real(writer, writer.again("load double, ptr " + writer.again("getelementptr double, ptr %rest, i64 %result")))
    for lane in range(width):
        y = y + Real(writer, writer.line(f"extractelement {vector} {lanes}, i32 {lane}"))
    put(writer, y, writer.again("getelementptr double, ptr %outputs, i64 %result"))
    return f"""done:
  br label %adding
adding:
  %result = phi i64 [ 0, %done ], [ %nextresult, %adding ]
{"".join(writer.lines)}  %nextresult = add i64 %result, 1
  %moreresults = icmp ult i64 %nextresult, {results}
  br i1 %moreresults, label %adding, label %added
added:
"""


def _rows_of_calls(inputs: int, results: int, shared: int, total: bool) -> str:
    """`rows` by one call for each row."""
    columns = inputs - shared
    each = f"""  %to = mul i64 %i, {results}
  %at = getelementptr double, ptr %outputs, i64 %to
  call void @llvm.memcpy.p0.p0.i64(ptr %at, ptr %results, i64 {8 * results}, i1 false)
  br label %after
"""
    if total:
        each = f"""  %any = icmp ult i64 0, {results}
  br i1 %any, label %sums, label %after
sums:
  %k = phi i64 [ 0, %row ], [ %k1, %sums ]
  %from = getelementptr double, ptr %results, i64 %k
  %into = getelementptr double, ptr %outputs, i64 %k
  %one = load double, ptr %from
  %all = load double, ptr %into
  %sum = fadd double %all, %one
  store double %sum, ptr %into
  %k1 = add i64 %k, 1
  %again = icmp ult i64 %k1, {results}
  br i1 %again, label %sums, label %after
"""
    clear = f"  call void @llvm.memset.p0.i64(ptr %outputs, i8 0, i64 {8 * results}, i1 false)\n" if total else ""
    return f"""define void @rows(ptr %shared, ptr %table, i64 %count, ptr %outputs) {{
entry:
  %inputs = call ptr @malloc(i64 {8 * max(inputs, 1)})
  %results = call ptr @malloc(i64 {8 * max(results, 1)})
  call void @llvm.memcpy.p0.p0.i64(ptr %inputs, ptr %shared, i64 {8 * shared}, i1 false)
  %cells = getelementptr double, ptr %inputs, i64 {shared}
{clear}  br label %rows
rows:
  %i = phi i64 [ 0, %entry ], [ %next, %after ]
  %more = icmp ult i64 %i, %count
  br i1 %more, label %row, label %done
row:
{call_with_row("%i", columns)}{each}after:
  %next = add i64 %i, 1
  br label %rows
done:
  call void @free(ptr %inputs)
  call void @free(ptr %results)
  ret void
}}
"""


def call_with_row(row: str, columns: int) -> str:
    """`call` with the cells of that row of the table behind the shared inputs."""
    return f"""  %first = mul i64 {row}, {columns}
  %here = getelementptr double, ptr %table, i64 %first
  call void @llvm.memcpy.p0.p0.i64(ptr %cells, ptr %here, i64 {8 * columns}, i1 false)
  call void @call(ptr %inputs, ptr %results)
"""


def load(writer: Writer, memory: str, k: int) -> Real:
    return Real(writer, writer.again(f"load double, ptr {writer.line(f'getelementptr double, ptr {memory}, i64 {k}')}"))


def store(writer: Writer, x: Real, memory: str, k: int) -> None:
    put(writer, x, writer.line(f"getelementptr double, ptr {memory}, i64 {k}"))


def put(writer: Writer, x: Real, at: str) -> None:
    writer.do(f"store {writer.type} {x.name}, ptr {at}")


def _spread(writer: Writer, x: Real, vector: Writer) -> Real:
    """The number in all lanes of a vector."""
    one = writer.line(f"insertelement {vector.type} poison, double {x.name}, i32 0")
    zeros = f"<{vector.width} x i32> zeroinitializer"
    return Real(vector, writer.line(f"shufflevector {vector.type} {one}, {vector.type} poison, {zeros}"))
