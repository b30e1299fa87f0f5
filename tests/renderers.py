"""The renderers of pictures that this machine has."""

import os
import shlex
import shutil
import sys
import sysconfig
from pathlib import Path

import pytest

from tinygrad_bp.drawing import rendering

SCRIPTS = os.pathsep.join([sysconfig.get_path("scripts"), str(Path(sys.executable).parent)])
FOUND = (shutil.which("dot"), shutil.which("graphviz-pure") or shutil.which("graphviz-pure", path=SCRIPTS))
RENDERERS = [program for program in FOUND if program]


@pytest.fixture(params=RENDERERS, ids=lambda program: Path(program).stem)
def renderer(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Each renderer that is here, as the only one."""
    program: str = request.param
    monkeypatch.setattr(rendering, "_programs", lambda: iter([program]))
    return program


def script(path: Path, *lines: str) -> str:
    """A program of the shell, in place of a renderer."""
    path.write_text("\n".join(["#!/bin/sh", *lines, ""]), encoding="utf-8")
    path.chmod(0o755)
    return str(path)


def returning(path: Path, content: bytes) -> str:
    """A program that ends well and returns this, whatever it was asked for."""
    data = path.with_suffix(".data")
    data.write_bytes(content)
    return script(path, "cat > /dev/null", f"cat {shlex.quote(str(data))}")
