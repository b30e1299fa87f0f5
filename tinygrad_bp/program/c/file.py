"""A program as the text of a file of C99: what it declares, the program in one function or in parts, and the loops over rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tinygrad_bp.core import ops
from tinygrad_bp.program.c.naming import comment, identifiers
from tinygrad_bp.program.c.rows import NATIVE, functions, literal, written
from tinygrad_bp.program.definition import expanded
from tinygrad_bp.program.instructions import Code
from tinygrad_bp.program.naming import Temporaries
from tinygrad_bp.program.python import bracketed

PART = 400  # operands in a function: compilers take ever longer for a long one
ON_THE_STACK = 4_096  # numbers that go from one function to another; more are allocated
WIDEST = 100  # characters of a line that can be broken


def c(code: Code) -> str:
    """The program as the text of a file of C99, without a main function.

    It defines `program(inputs, outputs)`, on arrays of doubles; `program_rows`, the same for each row of a table; `program_total`, the sums
    of the outputs over all rows; and `program_inputs` and `program_outputs`, how many there are. Sums are rounded once, as Python's are.

    Raises ValueError for an operation that C has not and that no definition leads to.
    """
    return _File(expanded(code, NATIVE, "c")).text()


class _File:
    """What is known of a program while it is written."""

    def __init__(self, code: Code) -> None:
        self.code = code
        self.first = len(code.inputs)
        self.names = identifiers(code)
        temporaries = Temporaries(self.names.values())
        for slot in range(self.first + len(code.instructions)):
            if slot not in self.names:
                self.names[slot] = temporaries.next()
        self.parts = list(_parts(code))
        self.kept = self._kept()
        self.size = 1 + max(self.kept.values(), default=-1)
        self.memory = self.size + max(
            [len(operands) for _, operands in code.instructions if _is_wide(len(operands))], default=0
        )

    def _kept(self) -> dict[int, int]:
        """The place in memory of each slot that is computed in one part and used in another. Places are used again."""
        made: dict[int, int] = {}
        last: dict[int, int] = {}
        for part, places in enumerate(self.parts):
            for place in places:
                made[self.first + place] = part
                last |= {x: part for x in self.code.instructions[place].operands if x in made and made[x] != part}
        ends: list[list[int]] = [[] for _ in self.parts]
        free: list[int] = []
        kept: dict[int, int] = {}
        size = 0
        for part, places in enumerate(self.parts):
            for place in places:
                if (slot := self.first + place) in last:
                    if not free:
                        free.append(size)
                        size += 1
                    kept[slot] = free.pop()
                    ends[last[slot]].append(slot)
            free += [kept[slot] for slot in ends[part]]
        return kept

    def text(self) -> str:
        helpers = functions(self.code)
        headers = ["math.h", "stddef.h", *["stdint.h"] * any("int64_t" in text for text in helpers)]
        if max(self.memory, self.first, len(self.code.outputs)) > ON_THE_STACK:
            headers.append("stdlib.h")
        return "".join(
            [
                _NOTE,
                *[f"#include <{header}>\n" for header in headers],
                "\n#ifdef __clang__\n#pragma STDC FP_CONTRACT OFF\n#endif\n\n",
                _APART if len(self.parts) > 1 or self.memory else "",
                *self._signature(),
                *[f"\n{text}\n" for text in helpers],
                *self._body(),
                *self._loops(),
            ]
        )

    def _signature(self) -> Iterator[str]:
        """How many numbers there are, in which order, and what can be called."""
        yield f"enum {{ program_inputs = {self.first}, program_outputs = {len(self.code.outputs)} }};\n\n"
        for slot, label in enumerate(self.code.inputs):
            yield f"/* inputs[{slot}]: {comment(label) if label else self.names[slot]} */\n"
        for k, x in enumerate(self.code.outputs):
            yield f"/* outputs[{k}]: {comment(self.code.labels.get(x, '')) or self._operand(x)} */\n"
        if isinstance(self.code.shape, list) and any(isinstance(inner, list) for inner in self.code.shape):
            nesting = bracketed(self.code.shape, [str(k) for k in range(len(self.code.outputs))])
            yield _wrapped(f"/* The outputs are nested as {nesting} */\n")
        yield _PROTOTYPES

    def _operand(self, x: int) -> str:
        return self.names[x] if x >= 0 else literal(self.code.constants[~x])

    def _body(self) -> Iterator[str]:
        by_slot: dict[int, list[int]] = {}
        for k, x in enumerate(self.code.outputs):
            by_slot.setdefault(x, []).append(k)
        parts = [
            part
            for places in self.parts
            for part in (self._wide if self._is_wide(places) else self._lines)(places, by_slot)
        ]
        used = set().union(*[needed for _, needed in parts])
        lines: list[str] = []
        if len(parts) == 1:
            lines = parts[0][0]
        else:
            for number, (statements, needed) in enumerate(parts, 1):
                arguments = [name for name in ("inputs", "kept", "outputs") if name in needed]
                declared = ", ".join(f"{'const ' * (name == 'inputs')}double *{name}" for name in arguments)
                yield f"\nstatic APART void part_{number}({declared})\n{{\n{''.join(statements)}}}\n"
                lines.append(f"    part_{number}({', '.join(arguments)});\n")
        there = {x for _, operands in self.code.instructions for x in operands} if len(parts) == 1 else set()
        for x in by_slot:
            if x < self.first:  # an input or a constant
                if x >= 0:
                    used.add("inputs")
                    lines += [f"    const double {self._given(x)}"] if x not in there else []
                used.add("outputs")
                lines += [f"    outputs[{k}] = {self._operand(x)};\n" for k in by_slot[x]]
        yield "\nvoid program(const double *inputs, double *outputs)\n{\n"
        if self.memory:
            yield from _memory("kept", self.memory, "program_outputs")
        yield from lines
        yield from [f"    (void){name};\n" for name in ("inputs", "outputs") if name not in used]
        yield "    free(kept);\n}\n" if self.memory > ON_THE_STACK else "}\n"

    def _given(self, x: int) -> str:
        return f"{self.names[x]} = inputs[{x}];{self._said(x)}\n"

    def _said(self, slot: int) -> str:
        """The label of a slot as a comment, where it says more than the name."""
        label = self.code.labels.get(slot, "")
        return f"  /* {comment(label)} */" if label and label != self.names[slot] else ""

    def _lines(self, places: Sequence[int], by_slot: dict[int, list[int]]) -> Iterator[tuple[list[str], set[str]]]:
        """The statements of a part, and the arrays that they use."""
        own = {self.first + place for place in places}
        operands = dict.fromkeys(
            x for place in places for x in self.code.instructions[place].operands if x >= 0 and x not in own
        )
        lines, used = [], set()
        for x in sorted(operands):
            used.add("inputs" if x < self.first else "kept")
            lines.append(
                f"    const double {self._given(x) if x < self.first else f'{self.names[x]} = kept[{self.kept[x]}];' + chr(10)}"
            )
        after: list[str] = []
        for place in places:
            op, xs = self.code.instructions[place]
            slot = self.first + place
            text = written(op, [self._operand(x) for x in xs], self.code.numbers(xs))
            lines.append(_wrapped(f"    const double {self.names[slot]} = {text};{self._said(slot)}\n"))
            after += self._stored(slot, by_slot, used)
        yield [*lines, *after], used

    def _stored(self, slot: int, by_slot: dict[int, list[int]], used: set[str]) -> Iterator[str]:
        """The statements that leave a number where others look for it."""
        if slot in self.kept:
            used.add("kept")
            yield f"    kept[{self.kept[slot]}] = {self.names[slot]};\n"
        for k in by_slot.get(slot, ()):
            used.add("outputs")
            yield f"    outputs[{k}] = {self.names[slot]};\n"

    def _is_wide(self, places: range) -> bool:
        return _is_wide(len(self.code.instructions[places[0]].operands))

    def _wide(self, places: range, by_slot: dict[int, list[int]]) -> Iterator[tuple[list[str], set[str]]]:
        """The same for an instruction of very many operands: they are put side by side in memory, some in each function."""
        [place] = places
        op, operands = self.code.instructions[place]
        slot, count = self.first + place, len(operands)
        for start in range(0, count, PART // 2):
            lines, used = [], {"kept"}
            for k, x in enumerate(operands[start : start + PART // 2], self.size + start):
                if 0 <= x < self.first:
                    used.add("inputs")
                text = self._operand(x) if x < 0 else f"inputs[{x}]" if x < self.first else f"kept[{self.kept[x]}]"
                lines.append(f"    kept[{k}] = {text};\n")
            yield lines, used
        used = {"kept"}
        arrays = (
            [f"kept + {self.size}", f"kept + {self.size + count // 2}"] if op is ops.dot else [f"kept + {self.size}"]
        )
        call = f"{op.name}({', '.join(arrays)}, {count // len(arrays)})"
        first = f"    const double {self.names[slot]} = {call};{self._said(slot)}\n"
        yield [first, *self._stored(slot, by_slot, used)], used

    def _loops(self) -> Iterator[str]:
        """`program_rows` and `program_total`."""
        results = len(self.code.outputs)
        yield f"\nvoid program_rows({_TABLE})\n{{\n    size_t row, k;\n"
        yield from _memory("inputs", self.first, "rows * program_outputs")
        step = " + row * program_outputs" if results else ""
        unused = "" if self.first else "    (void)table;\n"
        yield unused
        yield _EACH_ROW.format(
            columns=_COLUMNS if self.first else "", loop=f"        program(inputs, outputs{step});\n"
        )
        yield "    free(inputs);\n}\n" if self.first > ON_THE_STACK else "}\n"
        yield f"\nvoid program_total({_TABLE})\n{{\n    size_t row, k;\n"
        yield from _memory("inputs", self.first, "program_outputs")
        yield from _memory("found", results, "program_outputs", *["inputs"] * (self.first > ON_THE_STACK))
        over_outputs = "for (k = 0; k < program_outputs; k++)\n" if results else ""
        if results:
            yield f"    {over_outputs}        outputs[k] = 0;\n"
        else:
            yield "    (void)outputs;\n"
        yield unused
        adding = f"        {over_outputs}            outputs[k] += found[k];\n" if results else ""
        yield _EACH_ROW.format(
            columns=_COLUMNS if self.first else "", loop=f"        program(inputs, found);\n{adding}"
        )
        yield "    free(found);\n" * (results > ON_THE_STACK)
        yield "    free(inputs);\n" * (self.first > ON_THE_STACK)
        yield "}\n"


def _memory(name: str, size: int, results: str, *others: str) -> Iterator[str]:
    """The declaration of an array. Where there is no memory for a large one, the results are NaN."""
    if size <= ON_THE_STACK:
        yield (
            f"    double {name}[{max(size, 1)}] = {{0}};\n"
            if name == "inputs"
            else f"    double {name}[{max(size, 1)}];\n"
        )
        return
    yield f"    double *const {name} = malloc({size} * sizeof *{name});\n    if ({name} == NULL) {{\n        size_t missing;\n"
    yield f"        for (missing = 0; missing < {results}; missing++)\n            outputs[missing] = NAN;\n"
    yield "".join(f"        free({other});\n" for other in others) + "        return;\n    }\n"


_NOTE = """\
/* Written by tinygrad_bp: a program in C99.

   cc -std=c99 -O2 -ffp-contract=off -c FILE.c        and, where it is linked, -lm

   With -ffp-contract=off no product and sum are rounded together (FMA), so the numbers are the same on every processor. gcc contracts
   unless it is told so or -std=c99; clang obeys the pragma below. Never compile it with -ffast-math: that takes NaN, infinities and what
   rounding loses for nothing. Where an operation is undefined or overflows, the result is a NaN or an infinity, by IEEE 754. */

"""
_APART = """\
#ifdef __GNUC__
#define APART __attribute__((noinline))  /* a long program is compiled faster in parts */
#else
#define APART
#endif

"""
_TABLE = "const double *shared, size_t count, const double *table, size_t rows, double *outputs"
_PROTOTYPES = f"""
/* inputs and outputs are arrays of program_inputs and program_outputs doubles, apart from each other. */
void program(const double *inputs, double *outputs);

/* For each row of a table: the first `count` inputs are shared by all rows, the others are its columns. Results are rows, too. */
void program_rows({_TABLE});

/* The sums of the outputs over all rows. */
void program_total({_TABLE});
"""
_EACH_ROW = """\
    for (k = 0; k < count; k++)
        inputs[k] = shared[k];
    for (row = 0; row < rows; row++) {{
{columns}{loop}    }}
"""
_COLUMNS = "        for (k = count; k < program_inputs; k++)\n            inputs[k] = *table++;\n"


def _parts(code: Code) -> Iterator[range]:
    """The instructions in groups, each of which becomes a function: one if they are few. One of very many operands is alone."""
    sizes = [len(operands) for _, operands in code.instructions]
    most = PART if sum(sizes) > 2 * PART else 2 * PART
    start = total = 0
    for place, size in enumerate(sizes):
        if total and (total + size > most or _is_wide(size)):
            yield range(start, place)
            start, total = place, 0
        total = most if _is_wide(size) else total + size
    if sizes:
        yield range(start, len(sizes))


def _is_wide(operands: int) -> bool:
    """Whether the operands of an instruction are so many that they go through memory."""
    return operands > PART


def _wrapped(line: str) -> str:
    """A statement on lines of about a hundred characters, broken after commas."""
    if len(line) <= WIDEST:
        return line
    lines: list[str] = []
    start = 0
    while (
        len(line) - start > WIDEST - 8 * bool(lines)
        and (end := line.rfind(", ", start, start + WIDEST - 8 * bool(lines))) > start
    ):
        lines.append(line[start : end + 1])
        start = end + 2
    return "\n        ".join([*lines, line[start:]])
