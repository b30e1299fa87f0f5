"""Documents set by LaTeX."""

from __future__ import annotations

import subprocess
from pathlib import Path


def compiled(engine: str, document: Path, runs: int = 1) -> str:
    """What LaTeX says of a document, of which it must make a PDF beside it. References are right after the second run."""
    for _ in range(runs):
        done = subprocess.run(
            [engine, "-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape", document.name],
            cwd=document.parent, capture_output=True, check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout.decode(errors="replace")[-2000:]
    assert document.with_suffix(".pdf").read_bytes().startswith(b"%PDF-")
    return document.with_suffix(".log").read_text(encoding="utf-8", errors="replace")
