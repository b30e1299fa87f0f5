"""Generated C beside generated machine code, both from the same instructions: their size, their speed, and what compiling takes."""

from __future__ import annotations

import ctypes
import random
import shutil
import subprocess
import tempfile
import time
from array import array
from pathlib import Path
from typing import Any

import llvmlite.binding as llvm

from tests.benchmarks import gpt, programs
from tests.benchmarks.eager import WEIGHTS
from tests.benchmarks.tables import agree, table
from tinygrad_bp.program import Program


class InC:
    """A program in C, compiled as its first lines say but for the effort, and for this processor, as LLVM does.

    Attributes:
        text: the file.
        seconds: what the compiler took.
        size: the bytes of instructions and constants in the object file.
    """

    def __init__(self, program: Program, compiler: str, effort: str) -> None:
        self.text = program.to("c")
        folder = Path(tempfile.mkdtemp())
        (folder / "program.c").write_text(self.text, encoding="utf-8")
        start = time.perf_counter()
        options = ["-std=c99", effort, "-march=native", "-ffp-contract=off", "-fPIC"]
        subprocess.run([compiler, *options, "-c", "program.c", "-o", "program.o"], cwd=folder, check=True)
        self.seconds = time.perf_counter() - start
        subprocess.run([compiler, "-shared", "program.o", "-o", "program.so", "-lm"], cwd=folder, check=True)
        self.size = size((folder / "program.o").read_bytes())
        self.library = ctypes.CDLL(str(folder / "program.so"))
        shutil.rmtree(folder)


def size(binary: bytes) -> int:
    """The bytes of instructions and of constants in an object file."""
    sections = llvm.ObjectFileRef.from_data(binary).sections()
    return sum(
        section.size()
        for section in sections
        if (section.name() or b"").startswith((b".text", b".ltext", b".rodata", b".lrodata"))
    )


def in_memory(machine: Any) -> tuple[int, float]:
    """The bytes of instructions and constants of one call in machine code, and the seconds that LLVM takes to make them."""
    target = llvm.Target.from_default_triple()
    features, effort = llvm.get_host_cpu_features().flatten(), 0 if machine.is_large else 2
    made = target.create_target_machine(cpu=llvm.get_host_cpu_name(), features=features, opt=effort, jit=True)
    text, start = machine.source, time.perf_counter()
    module = llvm.parse_assembly(text)
    if effort:
        builder = llvm.create_pass_builder(made, llvm.create_pipeline_tuning_options(speed_level=2))
        builder.getModulePassManager().run(module, builder)
    binary = made.emit_object(module)
    return size(binary), time.perf_counter() - start


Compared = tuple[Program, dict[str, InC], Any]


def sizes(compared: dict[str, Compared]) -> str:
    """How large each program is in C and in machine code, and how long compiling takes."""
    lines = [
        "\n### Programs in C and in machine code: size and compiling\n",
        "| | instructions | C, kB of text | compiled by | kB | s |",
        "|---|---:|---:|---|---:|---:|",
    ]
    for name, (program, in_c, machine) in compared.items():
        made = {by: (found.size, found.seconds) for by, found in in_c.items()} | {"machine code": in_memory(machine)}
        text = len(next(iter(in_c.values())).text)
        before = f"| {name} | {len(program.code.instructions):,} | {text / 1e3:,.1f}"
        for by, (bytes_, seconds) in made.items():
            lines.append(f"{before} | {by} | {bytes_ / 1e3:,.1f} | {seconds:.2f} |")
            before = "| | |"  # said once
    return "\n".join(lines) + "\n"


def speed(title: str, compared: Compared, numbers: list[float], times: int) -> str:
    """A call on buffers by each."""
    program, in_c, machine = compared
    inputs, outputs = array("d", numbers), array("d", bytes(8 * len(program.code.outputs)))
    others = outputs[:]
    bound = machine.bind(inputs, outputs)
    at = programs.address(inputs), programs.address(others)
    bound()
    runners = {"machine code": programs.repeated(bound, times)}
    for by, made in in_c.items():
        made.library.program(*at)
        agree(f"generated C, {by}", others, outputs)
        runners[f"generated C, {by}"] = programs.repeated(lambda made=made: made.library.program(*at), times)  # type: ignore[misc]
    return table(title, programs.measure(runners), "machine code", "µs", 1e6)


def over_rows(compared: Compared, parameters: list[float]) -> str:
    """The sums of W2's outputs over 100 rows by each."""
    program, in_c, machine = compared
    draw = random.Random(1)
    cells = array("d", [x for _ in range(100) for x in (draw.gauss(0, 1), draw.gauss(0, 1), draw.choice((-1.0, 1.0)))])
    view, shared = memoryview(cells).cast("B").cast("d", shape=[100, 3]), array("d", parameters)
    outputs = array("d", bytes(8 * len(program.code.outputs)))
    at = programs.address(shared), len(shared), programs.address(cells), 100, programs.address(outputs)
    pointer, size = ctypes.c_void_p, ctypes.c_size_t
    base = "machine code, `machine.rows`"
    runners = {base: programs.repeated(lambda: machine.rows(view, shared, total=True), 20)}
    for by, made in in_c.items():
        total = made.library.program_total
        total.argtypes = [pointer, size, pointer, size, pointer]
        total(*at)
        agree(f"generated C, {by}", outputs, machine.rows(view, shared, total=True))
        runners[f"generated C, {by}, `program_total`"] = programs.repeated(lambda total=total: total(*at), 20)  # type: ignore[misc]
    return table("W2, the gradient over 100 rows, in C and in machine code", programs.measure(runners), base, "µs", 1e6)


def report() -> str:
    """All measures of generated C, as Markdown; nothing without a compiler."""
    ways = programs.compilers()
    if not ways:
        print("there is no C compiler, and generated C is left out")
        return ""
    second, parameters = programs.moons()
    third, given = gpt.program()
    compared = {
        name: (program, {" ".join(way): InC(program, *way) for way in ways}, program.to("llvm"))
        for name, program in (("W1", programs.worked_example()), ("W2, a row", second), ("W5", third))
    }
    return (
        sizes(compared)
        + speed("W1, one step, in C and in machine code", compared["W1"], [*WEIGHTS, *programs.ROW], 5000)
        + over_rows(compared["W2, a row"], parameters)
        + speed("W5, a step, in C and in machine code", compared["W5"], given, 5)
    )


if __name__ == "__main__":
    print(report())
