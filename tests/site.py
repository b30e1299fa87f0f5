"""The documentation's site, built once for all tests, and served on this machine."""

from __future__ import annotations

import contextlib
import fcntl
import functools
import hashlib
import http.server
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
BUILT = ROOT / "docs" / "_build"
MADE_FROM = ("README.md", "CHANGELOG.md", ".github/CONTRIBUTING.md", "docs", "examples", "tinygrad_bp")


def built() -> Path:
    """The folder of the site, built by the documented command if what it is made from has changed since."""
    BUILT.mkdir(exist_ok=True)
    with (BUILT / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # tests run in several processes
        made_from = _fingerprint()
        stamp = BUILT / "made-from"
        if not (BUILT / "site").exists() or not stamp.exists() or stamp.read_text() != made_from:
            stamp.unlink(missing_ok=True)
            done = subprocess.run(
                [sys.executable, "docs/site"], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
            )
            assert done.returncode == 0, done.stdout.decode()
            stamp.write_text(made_from)
    return BUILT / "site"


def _fingerprint() -> str:
    found = hashlib.sha256()
    for name in MADE_FROM:
        place = ROOT / name
        for file in sorted(place.rglob("*")) if place.is_dir() else [place]:
            made = file.relative_to(ROOT).parts[:2]  # other tests write pages, too
            if (
                file.is_file()
                and made != ("docs", "_build")
                and not (made == ("docs", "pages") and file.suffix == ".html")
                and "__pycache__" not in file.parts
            ):
                found.update(f"{file.relative_to(ROOT)}\n".encode() + file.read_bytes())
    return found.hexdigest()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


@contextlib.contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serves a folder on the loopback, and gives its address."""
    handler = functools.partial(_Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()
