"""The checks of the page's JavaScript: types, form, what is likely a mistake, and short names. `python -m tests.web` runs them.

The tools are pinned in .ci/package-lock.json. They are installed once, by npm, into a folder of the user's cache: the repository stays
without them. Where there is no npm, nothing is checked, and that is said; in CI it is a failure.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tinygrad_bp.explorer import page
from tinygrad_bp.explorer.tight import plain

ROOT = Path(__file__).parent.parent
TOOLS = ROOT / ".ci"
WEB = "tinygrad_bp/explorer/web"
CHECKS = (
    ("types", "tsc", "-p", str(TOOLS / "tsconfig.json")),
    ("linter", "biome", "lint", "--error-on-warnings", f"--config-path={TOOLS}", WEB),
    ("form", "prettier", "--check", "--log-level", "warn", "--ignore-path", os.devnull, f"{WEB}/**/*.{{js,ts}}"),
)


def installed(npm: str, tools: Path = TOOLS) -> Path:
    """The folder with the commands of what a folder's package-lock.json names, installed if it is not there.

    Raises CalledProcessError if that fails.
    """
    lock = (tools / "package-lock.json").read_bytes()
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = cache / "tinygrad_bp" / f"page-{hashlib.sha256(lock).hexdigest()[:16]}"
    commands = folder / "node_modules" / ".bin"
    if not (folder / "whole").exists():
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(tools / name, folder / name)
        subprocess.run([npm, "ci", "--silent", "--no-audit", "--no-fund"], cwd=folder, check=True)
        (folder / "whole").touch()
    return commands


def main() -> int:
    """Runs all checks, and returns how many failed."""
    npm = shutil.which("npm")
    if npm is None:
        print("the page's JavaScript is not checked: there is no npm", flush=True)
        return 1 if os.environ.get("CI") else 0
    try:
        commands = installed(npm)
    except subprocess.CalledProcessError as error:
        print(f"the page's JavaScript is not checked: npm could not install its tools ({error})", flush=True)
        return 1 if os.environ.get("CI") else 0
    failed = 0
    for name, command, *arguments in CHECKS:
        done = subprocess.run([str(commands / command), *arguments], cwd=ROOT, check=False)
        if done.returncode:
            print(f"{name} of the page's JavaScript: FAILED", flush=True)
            failed += 1
    if not _same_with_short_names(commands.parent / "typescript"):
        print("short names of the page's JavaScript: FAILED", flush=True)
        failed += 1
    return failed


def _same_with_short_names(typescript: Path) -> bool:
    """Whether every short name in the script of a page stands for what the long one stood for in the modules."""
    linked = "\n".join(map(page._linked, page.SCRIPTS))
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / name for name in ("modules.js", "page.js")]
        for path, script in zip(paths, (plain(linked), page._scripts()), strict=True):
            path.write_text(script, encoding="utf-8")
        command = ["node", *map(str, [TOOLS / "scopes.mjs", typescript, *paths])]
        return subprocess.run(command, check=False).returncode == 0


if __name__ == "__main__":
    sys.exit(main())
