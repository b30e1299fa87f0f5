"""How commands and their options are declared and read: what is misspelled is recognized, and nothing that was typed is dropped."""

from __future__ import annotations

import argparse
import shutil
import textwrap
from collections.abc import Iterator, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, NoReturn

from tinygrad_bp.cli.common import words
from tinygrad_bp.text import did_you_mean, shown

# What other tools call the same, by the name that it has here. A command has some of these options.
OTHER_OPTIONS = {
    "--learning-rate": "--lr --eta --alpha --step-size --rate",
    "--epochs": "--iterations --iters --max-iter --num-epochs --n-epochs --steps",
    "--steps": "--epochs --rounds --iterations --iters",
    "--batch-size": "--batch --bs --minibatch",
    "--layers": "--hidden --hidden-layers --hidden-layer-sizes --units --neurons",
    "--held-out": "--validation --test-size --validation-split --val-split --test --holdout",
    "--patience": "--early-stopping",
    "--stop-below": "--tolerance --tol",
    "--seed": "--random-state --random-seed",
    "--weight-decay": "--l2 --wd",
    "--no-scale": "--no-normalize --no-standardize --raw",
    "--optimizer": "--optim --optimiser --solver",
    "--activation": "--act --nonlinearity",
    "--loss": "--criterion --objective",
    "--inputs": "--features --columns --x --predictors",
    "--engine": "--cpu --gpu --device --cuda --backend --jit",
    "--target": "--label --labels --y --output-column",
    "--delimiter": "--sep --separator",
    "--ignore": "--drop --exclude",
    "--missing": "--dropna --fillna --na",
    "--format": "--json --csv --markdown --type",
    "--output": "--out --file --save",
    "--out": "--output --output-dir --outdir --folder --dir -o",
    "--force": "--overwrite --yes",
    "--wrt": "--with-respect-to --by --variable",
    "--language": "--lang --locale",
    "--dark": "--dark-mode",
    "--direction": "--rankdir",
    "--labelled": "--labeled --only-labels",
    "--highlight": "--mark --path",
    "--sheets": "--count --copies --students -n",
    "--against": "--answers --compare",
    "--row": "--case --sample",
    "--version": "-v",
}
# What other tools have an option for, and how it is had here.
ADVICE = {
    "--quiet -q --silent --no-progress": "2> /dev/null leaves out what is said of progress",
    "--verbose --debug": "all that there is to say is said",
}
OTHER_COMMANDS = {
    "train": "fit learn run",
    "predict": "test eval evaluate infer inference use",
    "draw": "plot graph picture visualize show dot",
    "check": "gradcheck check-gradients verify",
    "diagnose": "debug nan why doctor precision",
    "explain": "chain-rule grad gradient",
    "lesson": "derive teach",
    "mark": "grade score correct",
    "exercise": "sheet sheets quiz worksheet",
    "explore": "page open html",
    "tutorial": "demo example worked-example",
    "completion": "complete completions autocomplete",
}


class Once(argparse.Action):
    """Stores what an option is given. Another value for it is refused, for the first would be dropped without a word."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        if option_string:
            given = namespace.__dict__.setdefault("given", {})
            if given.setdefault(self.dest, values) != values:
                first, second = (_typed(each) for each in (given[self.dest], values))
                raise argparse.ArgumentError(self, f"it is given twice, as {first} and as {second}; it takes one")
        setattr(namespace, self.dest, values)


def _typed(values: Any) -> str:
    return shown(" ".join(map(str, values)) if isinstance(values, list) else str(values))


class Formatter(argparse.RawDescriptionHelpFormatter):
    """Help as wide as the terminal: paragraphs are filled, lines of examples stay, or are broken before what is said of them."""

    def __init__(self, prog: str, **how: Any) -> None:
        width = max(30, min(80, shutil.get_terminal_size((80, 24)).columns))
        super().__init__(prog, width=width, max_help_position=min(24, width // 3), **how)
        self.across = width

    def add_usage(self, usage: str | None, actions: Any, groups: Any, prefix: str | None = None) -> None:
        """Adds the usage, which in a narrow terminal names only what must be given."""
        if usage is None and self.across < 60 and any(a.option_strings for a in actions):
            needed = [a for a in actions if a.required]
            names = [" ".join([*a.option_strings[:1], a.metavar or a.dest]) for a in needed if a.option_strings]
            names += [a.metavar or a.dest for a in needed if not a.option_strings]
            text = " ".join([*self._prog.split(), "[options]", *names])
            usage = textwrap.fill(f"usage: {text}", self.across, subsequent_indent=" " * 7, break_on_hyphens=False)[7:]
        super().add_usage(usage, actions, groups, prefix)

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        parts = []
        for part in text.split("\n\n"):
            if "\n  " in part:
                head, *examples = part.split("\n")
                parts.append("\n".join([head, *(line for each in examples for line in self._example(each))]))
            else:
                parts.append(textwrap.fill(" ".join(part.split()), self.across))
        return "\n\n".join(parts)

    def _example(self, line: str) -> list[str]:
        if len(line) <= self.across:
            return [line]
        how = {"initial_indent": "  ", "subsequent_indent": "      ", "break_long_words": False}
        command, _, about = line.strip().partition("  ")
        lines = textwrap.wrap(command, self.across, break_on_hyphens=False, **how)  # type: ignore[arg-type]
        return lines + textwrap.wrap(about.strip(), self.across, initial_indent=" " * 6, subsequent_indent=" " * 6)


class Parser(argparse.ArgumentParser):
    """A parser of a command. What it does not know it says under its own usage, with what was probably meant."""

    def __init__(self, *args: Any, **how: Any) -> None:
        super().__init__(*args, **how)
        self.register("action", None, Once)
        self.register("action", "store", Once)

    @property
    def arguments(self) -> list[argparse.Action]:
        """What it takes, options and others."""
        return list(self._actions)

    @property
    def parsers(self) -> Iterator[Parser]:
        """Itself and those of its commands."""
        yield self
        for action in self._actions:
            if isinstance(action.choices, dict):
                yield from action.choices.values()

    def error(self, message: str) -> NoReturn:
        """Ends with the usage and a message, said as all others are: what was typed may steer no terminal."""
        super().error(words(message))

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Reads the arguments. There are none that it leaves to others: what it does not know is an error of this command."""
        typed = list(args or ())
        self._refuse(self._unknown(typed))  # before something else is missed because of it
        found, unknown = super().parse_known_args(self._sorted(typed), namespace)
        self._refuse(unknown)
        return found, unknown

    def _refuse(self, unknown: Sequence[str]) -> None:
        if not unknown:
            return
        hint = ""
        for name in [each.partition("=")[0] for each in unknown if each.startswith("-")]:
            if any(name in each.options for each in self.parsers if each is not self):
                hint = hint or "; options of a command stand after its name"
            hint = hint or meant(name, self.options, OTHER_OPTIONS)
        self.error(f"unrecognized arguments: {' '.join(unknown)}{hint}")

    def _unknown(self, args: Sequence[str]) -> list[str]:
        """What looks like an option, and is none of this command."""
        found = []
        for action, place, end in self._runs(args):
            typed = args[place] if place < end else ""
            if action is None and typed == "--":
                break
            if action is None and not typed.startswith("-"):
                if self._has_commands:
                    break
            elif action is None and len(typed) > 1 and not typed[1].isdigit() and typed[1] != ".":
                found += [typed] if typed.startswith("--") or typed[:2] not in self.options else []
        return found

    @property
    def options(self) -> dict[str, argparse.Action]:
        """What it calls its options."""
        return self._option_string_actions

    @property
    def _has_commands(self) -> bool:
        return any(isinstance(action.choices, dict) for action in self._actions)

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.choices is not None and value not in action.choices:
            names = [str(name) for name in action.choices]
            hint = meant(str(value), names, OTHER_COMMANDS if isinstance(action.choices, dict) else {})
            raise argparse.ArgumentError(
                action, f"invalid choice: {shown(value)} (choose from {', '.join(names)}){hint}"
            )

    def _sorted(self, args: list[str]) -> list[str]:
        """The arguments so that an option of many values, such as --layers 2 5 1, leaves to the command what it needs: `xor` after them."""
        needed = sum(a.nargs in (None, "?") for a in self._actions if not a.option_strings)
        if "--" in args or not needed or self._has_commands:
            return args
        bare, runs = 0, []
        for action, start, end in self._runs(args):
            if action is None:
                bare += args[start] == "-" or not args[start].startswith("-")
            else:
                runs.append((action, start, end))
        lacking = needed - bare
        for action, start, end in reversed(runs):
            if 0 < lacking < end - start and action.nargs == "+" and _takes(action, args[start : end - lacking]):
                last = args[end - lacking : end]
                if action.type is None or not _takes(action, last[:1]):
                    return [*last, *args[: end - lacking], *args[end:]]
        return args

    def _runs(self, args: Sequence[str]) -> Iterator[tuple[argparse.Action | None, int, int]]:
        """What belongs together: an option and the places of its values, or None and the place of what is no option that is known."""
        place = 0
        while place < len(args):
            name, equals, _ = args[place].partition("=")
            action = self.options.get(name)
            place += 1
            if action is None:
                yield None, place - 1, place
                continue
            end = place
            if not equals and action.nargs is None:
                end = min(place + 1, len(args))
            elif not equals and action.nargs == "+":
                while end < len(args) and not (args[end].startswith("-") and args[end] != "-"):
                    end += 1
            yield action, place, end
            place = end


def _takes(action: argparse.Action, values: Sequence[str]) -> bool:
    """Whether these may be values of the option."""
    if callable(action.type):
        try:
            for value in values:
                action.type(value)
        except (argparse.ArgumentTypeError, TypeError, ValueError):
            return False
    return True


def meant(typed: str, names: Any, others: dict[str, str]) -> str:
    """To end an error about an unknown name with: what it is called here, or what is like it."""
    plain = typed.lower().replace("_", "-")
    for name, called in others.items():
        if name in names and plain in called.split():
            return f"; did you mean {shown(name)}?"
    for called, advice in ADVICE.items():
        if plain in called.split():
            return f"; {advice}"
    if len(plain.strip("-")) > 2:
        begun = [name for name in names if name.startswith(plain)]
        if len(begun) == 1:
            return f"; did you mean {shown(begun[0])}?"
    return did_you_mean(plain, names)


def add_rate(made: Parser) -> None:
    """Declares the learning rate."""
    made.add_argument("--lr", "--learning-rate", type=learning_rate, metavar="RATE", help="the learning rate")


def command(make: Any, name: str, examples: str, **about: Any) -> Parser:
    """A parser made by `make`, whose help ends with examples."""
    parser: Parser = make(
        *([name] if name else []), epilog=examples, formatter_class=Formatter, allow_abbrev=False, **about
    )
    return parser


def rounds(text: str) -> int:
    """An argument that is a whole number from 0 up."""
    return _integer(text, 0)


def positive(text: str) -> int:
    """An argument that is a whole number from 1 up."""
    return _integer(text, 1)


def _integer(text: str, least: int) -> int:
    try:
        number = int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{shown(text)} is not a whole number") from None
    if number < least:
        raise argparse.ArgumentTypeError(f"it takes a whole number from {least} up, not {number}")
    return number


def learning_rate(text: str) -> Decimal:
    """An argument that is a finite number above 0, digit for digit as it was typed."""
    try:
        rate = Decimal(text)
    except InvalidOperation:
        raise argparse.ArgumentTypeError(f"{shown(text)} is not a number") from None
    if not (rate.is_finite() and 0.0 < float(rate) < float("inf")):
        raise argparse.ArgumentTypeError(f"it takes a finite number above 0, not {text}")
    return rate
