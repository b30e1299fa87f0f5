"""`python -m tinygrad_bp` is the command `tinygrad-bp`, which begins here, so that Ctrl-C while it is loaded is no traceback either."""

import sys


def run() -> int:
    """Loads the command, runs it, and returns its exit status."""
    try:
        from tinygrad_bp.cli import main

        return main()
    except KeyboardInterrupt:
        sys.stderr.write("tinygrad-bp: interrupted\n")
        return 130


if __name__ == "__main__":
    sys.exit(run())
