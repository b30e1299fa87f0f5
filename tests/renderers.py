"""The renderers of pictures that this machine has."""

import os
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
