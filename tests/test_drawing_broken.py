"""Renderers that are broken, hang or return half a picture: the next one is tried, and nothing that is there is lost."""

from __future__ import annotations

import os
import signal
import struct
import subprocess
import sys
import time
import warnings
import zlib
from pathlib import Path

import pytest

import tinygrad_bp.drawing.rendering as rendering
from tests.drawings import square
from tests.renderers import RENDERERS, returning, script
from tinygrad_bp.core.value import Value
from tinygrad_bp.drawing import Drawing, draw
from tinygrad_bp.explorer import explore

PICTURE = draw(square(Value(3.0, "x")))
GOOD = RENDERERS[-1]

pytestmark = pytest.mark.skipif(os.name != "posix", reason="stands in for renderers by programs of the shell")


def use(monkeypatch: pytest.MonkeyPatch, *programs: str) -> None:
    monkeypatch.setattr(rendering, "_programs", lambda: iter(programs))


def drawn(format: str) -> bytes:
    """What a good renderer returns."""
    return subprocess.run(
        [GOOD, f"-T{format}"], input=PICTURE.source.encode(), stdout=subprocess.PIPE, check=True
    ).stdout


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


HEAD = b"\x89PNG\r\n\x1a\n"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"'
BROKEN: dict[str, dict[str, bytes | None]] = {
    "svg": {
        "nothing": b"",
        "garbage": b"\x00\xffgarbage",
        "words": b"dot: cannot open display",
        "half": None,
        "another XML": b"<html xmlns='http://www.w3.org/1999/xhtml'><body/></html>",
        "no namespace": b'<svg width="8pt" height="8pt"><g class="graph"/></svg>',
        "another namespace": b'<svg xmlns="http://example.org/"><g class="graph"/></svg>',
        "two documents": SVG + b'><g class="graph"/></svg><svg/>',
        "no graph": SVG + b"/>",
        "unknown encoding": b'<?xml version="1.0" encoding="klingon"?>' + SVG + b'><g class="graph"/></svg>',
        "too deep": SVG + b'><g class="graph">' + b"<g>" * 100_000 + b"</g>" * 100_001 + b"</svg>",
        "a PNG": HEAD,
    },
    "png": {
        "nothing": b"",
        "garbage": b"garbage",
        "the signature": HEAD,
        "half": None,
        "no size": HEAD + chunk(b"IHDR", struct.pack(">IIBBBBB", 0, 0, 8, 2, 0, 0, 0)) + chunk(b"IEND", b""),
        "damaged": HEAD
        + chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0))[:-1]
        + b"?"
        + chunk(b"IEND", b""),
        "no end": HEAD + chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)),
        "a chunk of four gigabytes": HEAD + chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)) + b"\xff" * 8,
        "an SVG": SVG + b"/>",
    },
    "pdf": {"garbage": b"garbage", "half": b"%PDF-1.7\n1 0 obj"},
}
CASES = [(format, name) for format, kinds in BROKEN.items() for name in kinds]


@pytest.mark.slow
@pytest.mark.parametrize(("format", "name"), CASES)
def test_what_is_no_whole_picture_replaces_nothing_and_the_next_renderer_is_tried(
    format: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = BROKEN[format][name]
    if content is None:
        content = drawn(format)
        content = content[: len(content) // 2]
    bad = returning(tmp_path / "dot", content)
    target = tmp_path / f"graph.{format}"
    target.write_text("before")
    use(monkeypatch, bad)
    with pytest.raises(RuntimeError, match=rf"draw this as {format}: {bad} returned .*; install Graphviz"):
        PICTURE.save(target)
    assert target.read_text() == "before"
    if format != "pdf":
        use(monkeypatch, bad, GOOD)
        PICTURE.save(target)
        use(monkeypatch, GOOD)
        assert target.read_bytes() == PICTURE.render(format)


def broken_layouts() -> dict[str, bytes]:
    """A layout as Graphviz writes it for `square`, and what may become of it."""
    whole = b"graph 1 6 1\nnode n0 1 .5 1 1 x solid box black grey\nnode n1 5 .5 1 1 y solid box black grey\n"
    edge = b"edge n0 n1 4 1 .5 2 .5 3 .5 5 .5 solid black\n"
    return {
        "no node": whole[: whole.index(b"node n1")] + edge * 2 + b"stop\n",
        "another node": whole.replace(b"n1", b"n7") + edge * 2 + b"stop\n",
        "one edge of two": whole + edge + b"stop\n",
        "no stop": whole + edge * 2,
        "half a line": whole + edge + edge[:20],
        "no numbers": whole.replace(b".5", b"nan") + edge * 2 + b"stop\n",
        "garbage": b"\xff\x00garbage",
        "an SVG": SVG + b"/>",
    }


@pytest.mark.parametrize("name", broken_layouts())
def test_a_layout_that_is_not_whole_is_not_used(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bad = returning(tmp_path / "dot", broken_layouts()[name])
    x = Value(3.0, "x")
    use(monkeypatch, bad)
    with pytest.raises(RuntimeError, match=f"{bad} returned (no layout|a layout that is not whole); install Graphviz"):
        explore(x * x)
    use(monkeypatch, bad, GOOD)
    found = explore(x * x)
    use(monkeypatch, GOOD)
    assert found.html == explore(x * x).html


def test_a_renderer_that_fails_gives_way_to_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = script(tmp_path / "broken", "printf 'no such library\\033[31m' >&2", "exit 3")
    use(monkeypatch, broken, GOOD)
    assert "<svg" in PICTURE.svg()
    use(monkeypatch, broken, str(tmp_path / "absent"))
    with pytest.raises(RuntimeError, match=r"status 3: no such library\\x1b\[31m; .*absent does not start"):
        PICTURE.svg()


def children_of(folder: Path) -> list[int]:
    """The processes that a script said it and its children are, once all have said so."""
    while len(lines := (folder / "children").read_text().split() if (folder / "children").exists() else []) < 3:
        time.sleep(0.01)
    return [int(line) for line in lines]


def alive(process: int) -> bool:
    """Whether a process still runs; what has ended but was not asked for its status does not."""
    state = Path(f"/proc/{process}/stat")
    if Path("/proc/self/stat").exists():
        return state.exists() and state.read_text().rpartition(")")[2].split()[0] != "Z"
    return subprocess.run(["kill", "-0", str(process)], stderr=subprocess.DEVNULL, check=False).returncode == 0


def ended(processes: list[int]) -> bool:
    for _ in range(1000):  # a signal takes its time
        if not any(map(alive, processes)):
            return True
        time.sleep(0.01)
    return False


def hanging(folder: Path) -> str:
    """A renderer that hangs, with a child and a grandchild that hang as well."""
    child = "sh -c 'echo $$ >> children; sleep 600 & echo $! >> children; wait'"
    return script(folder / "dot", f"cd '{folder}'", "echo $$ >> children", f"{child} & wait")


@pytest.mark.slow
def test_a_renderer_that_hangs_is_ended_with_its_children_and_the_next_is_tried(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = hanging(tmp_path)
    monkeypatch.setattr(rendering, "SECONDS", 1.0)
    monkeypatch.setattr(rendering, "SECONDS_A_LINE", 0.0)
    use(monkeypatch, slow)
    with pytest.raises(RuntimeError, match=f"{slow} took longer than 1 seconds and was stopped; draw less"):
        PICTURE.svg()
    assert ended(children_of(tmp_path))
    (tmp_path / "children").unlink()
    monkeypatch.setattr(rendering, "SECONDS_A_LINE", 1.0)
    use(monkeypatch, slow, GOOD)
    assert "<svg" in PICTURE.svg()
    assert ended(children_of(tmp_path))
    (tmp_path / "children").unlink()
    assert "<svg" in PICTURE.svg()  # at once, since the other program is asked first
    assert not (tmp_path / "children").exists()


def test_a_larger_picture_has_more_time(monkeypatch: pytest.MonkeyPatch) -> None:
    times = []

    def output(command: list[str], source: bytes, seconds: float) -> tuple[bytes, str]:
        times.append(seconds)
        return b"picture", ""

    monkeypatch.setattr(rendering, "_output", output)
    use(monkeypatch, "dot")
    for lines in (1, 1000):
        rendering.run("\n" * lines, "svg", bytes, "")
    assert times[0] == pytest.approx(20.05)
    assert times[1] == pytest.approx(70)


def test_a_renderer_that_writes_without_end_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    endless = script(tmp_path / "dot", "exec yes")
    monkeypatch.setattr(rendering, "MOST_BYTES", 1 << 20)
    use(monkeypatch, endless)
    with pytest.raises(RuntimeError, match=f"{endless} wrote more than 1,048,576 bytes and was stopped"):
        PICTURE.svg()


def test_ctrl_c_ends_a_renderer_and_its_children(tmp_path: Path) -> None:
    hanging(tmp_path)
    program = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from tinygrad_bp import Value, draw\n"
        "draw(Value(1.0, 'x')).save('graph.svg')"
    )
    (tmp_path / "graph.svg").write_text("before")
    path = os.pathsep.join([str(tmp_path), os.environ["PATH"]])
    python = subprocess.Popen(
        [sys.executable, "-c", program], cwd=tmp_path, stderr=subprocess.PIPE, env={**os.environ, "PATH": path}
    )
    children = children_of(tmp_path)
    time.sleep(1.0)  # until the program waits for its renderer
    python.send_signal(signal.SIGINT)
    _, err = python.communicate()
    assert b"KeyboardInterrupt" in err
    assert ended(children)
    assert (tmp_path / "graph.svg").read_text() == "before"


# What is larger than a renderer draws

WIDE = Drawing("digraph { rankdir=LR\n" + "\n".join(f"a{k} -> a{k + 1}" for k in range(400)) + "\n}")
DOT = [program for program in RENDERERS if Path(program).stem == "dot"]


@pytest.mark.slow
@pytest.mark.skipif(not DOT, reason="only the system's dot has a limit")
def test_a_png_that_one_renderer_would_shrink_is_drawn_whole_by_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, *DOT)
    with pytest.warns(
        UserWarning, match=r"dot draws no PNG of \d\d,\d{3} x \d+ pixels, .*to 32,767 x .*save the picture as .svg"
    ):
        shrunk = WIDE.render("png")
    assert struct.unpack(">I", shrunk[16:20]) == (32767,)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert WIDE.render("png", dpi=20)
    use(monkeypatch, *DOT, GOOD)
    assert struct.unpack(">I", WIDE.render("png")[16:20])[0] > 70_000
    monkeypatch.setattr(rendering, "MOST_PIXELS", 1000)  # nobody is asked for gigabytes
    with pytest.warns(UserWarning, match="draw less"):
        assert WIDE.render("png") == shrunk
