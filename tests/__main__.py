"""The quick check, for every save: `python -m tests` runs the linters and types of Python and, where there is npm, of the page's
JavaScript, and the tests that need no browser, no extra and no time.

What stands after it goes to pytest: `python -m tests tests/test_value.py -k deepcopy`.
"""

import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
QUICK = "not (slow or extras or browser or latex or node or torch)"
CHECKS = {
    "ruff": ["-m", "ruff", "check", "--quiet"],
    "ruff, format": ["-m", "ruff", "format", "--check", "--quiet"],
    "mypy": ["-m", "mypy", "--no-error-summary"],
    "the page": ["-m", "tests.web"],
    "pytest": ["-m", "pytest", "-q", "--no-header", "-m", QUICK],
}


def main(arguments: list[str]) -> int:
    """Runs all checks, says how long each took, and returns how many failed."""
    failed = []
    for name, command in CHECKS.items():
        start = time.monotonic()
        done = subprocess.run(
            [sys.executable, *command, *(arguments if name == "pytest" else [])], cwd=ROOT, check=False
        )
        print(f"{name}: {'FAILED' if done.returncode else 'passed'} in {time.monotonic() - start:.1f} s", flush=True)
        failed += [name] * (done.returncode != 0)
    return len(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
