"""What `train --resume DIR` takes from the training that it goes on with."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from tinygrad_bp.cli.common import STANDARD, Mistake
from tinygrad_bp.networks.training.checkpoint import Checkpoint, read
from tinygrad_bp.text import counted, shown

FILE = "checkpoint.json"
OF_THIS_RUN = ("run", "usual", "given", "resume", "out", "force", "dark")  # and not of the training
MAY_DIFFER = ("data", "epochs", "patience", "stop_below", "engine", "learning_rate")


def kept(args: argparse.Namespace, epochs: int) -> dict[str, Any]:
    """What is saved along with a training of so many epochs: its arguments, as JSON knows them."""
    said = {name: x for name, x in vars(args).items() if name not in OF_THIS_RUN}
    return {"arguments": said | {"epochs": epochs}}


def gone_on_with(args: argparse.Namespace) -> tuple[argparse.Namespace, Checkpoint]:
    """The arguments of the training that was saved, with those that were said now, and its checkpoint.

    Raises Mistake where there is none, where it has come to its end, and for an argument that only a new training can have.
    """
    folder = args.resume if args.resume.is_dir() else args.resume.parent
    path = args.resume / FILE if args.resume.is_dir() else args.resume
    name = shown(str(args.resume), 200)
    if not path.exists():
        raise Mistake(f"--resume {name} holds no {FILE}; name a folder that train --out wrote")
    checkpoint = read(path)
    saved = checkpoint.more.get("arguments")
    if not isinstance(saved, dict) or not isinstance(saved.get("data"), str):
        raise Mistake(f"--resume {name} was saved by another program, and does not say of which table it is")
    found, given = argparse.Namespace(**vars(args)), vars(args).get("given", {})
    for option, then in saved.items():
        if option in OF_THIS_RUN or not hasattr(args, option):
            continue
        now = getattr(args, option)
        if option not in given and now == args.usual(option):
            if not _is_argument(then):
                raise Mistake(f"--resume {name} is damaged: {option:.60} is {shown(then)}")
            setattr(found, option, then)
        elif now != then and option not in MAY_DIFFER:
            there = "was begun without it" if then in (None, False) else f"has {shown(then)}"
            raise Mistake(f"--{option.replace('_', '-')} is of a new training; the one in {name} {there}")
    if found.data == STANDARD and args.data is None and sys.stdin is not None and sys.stdin.isatty():
        raise Mistake(
            f"--resume {name} learned from a table on standard input: give it once more, < FILE, or name it, train FILE --resume DIR"
        )
    if "out" not in given:
        found.out = folder
    done = len(checkpoint.losses)
    if args.epochs is None and type(found.epochs) is int and done >= max(1, found.epochs):
        raise Mistake(
            f"--resume {name} is a training of {counted(done, 'epoch')}, and all are done; say how many there are to be in all, "
            f"such as --epochs {2 * done}"
        )
    return found, checkpoint


def _is_argument(x: Any) -> bool:
    """Whether it may have been said on a command line."""
    if isinstance(x, list):
        return all(type(part) in (int, str) for part in x)
    return x is None or type(x) in (bool, int, float, str)
