"""Answers, however they are given: a dictionary, a table as CSV, JSON, or a function of plain floats that derives them."""

from __future__ import annotations

import contextlib
import csv
import inspect
import io
import json
import os
import re
import traceback
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tinygrad_bp.core.value import Value
from tinygrad_bp.files import called, parse_json, read_text_in, unguarded
from tinygrad_bp.lessons.derivation import Derivation
from tinygrad_bp.lessons.marking.naming import bare
from tinygrad_bp.text import Advice, Argument, did_you_mean, listed, shown

MOST_BYTES = 16_000_000
BYTES = "latin-1"  # in which any bytes are letters, to be read as what they are
NAMES = ("name", "quantity", "names", "was", "名前", "量", "求める量", "問い")
ANSWERS = ("answer", "answers", "value", "your answer", "答え", "解答", "値", "あなたの答え")
RATES = ("lr", "learning_rate", "eta", "rate")


def pairs_of(answers: Any, derivation: Derivation | None) -> list[tuple[Any, Any]]:
    """What was answered to what, in the order given.

    Raises TypeError for what holds no answers, ValueError for a text or a file that cannot be read as answers, and OSError for a file
    that cannot be read.
    """
    if isinstance(answers, Mapping):
        return list(answers.items())
    if isinstance(answers, str | os.PathLike) or hasattr(answers, "read"):
        return read(answers)
    if callable(answers) and derivation is not None:
        return list(_derived(answers, derivation).items())
    raise TypeError(
        f"mark: answers are a dictionary, the text or the file of a table, or a function that returns a dictionary, not "
        f"{type(answers).__name__} {shown(answers)}"
    )


def read(source: Any) -> list[tuple[str, Any]]:
    """The names and answers in a file, CSV or JSON, or in the text of one. Raises as `pairs_of` does."""
    text, what = _text(source)
    try:
        if text.lstrip().startswith(("{", "[")):
            return _json(text)
        return _csv(text)
    except ValueError as error:
        raise ValueError(f"mark: {what}: {error}") from None


def _text(source: Any) -> tuple[str, str]:
    if isinstance(source, str) and (
        re.search(r"[\n{]", source) or (not Path(source).suffix and re.search(r"[,;\t]", source))
    ):
        return source, "the answers"
    try:
        text, encoding = read_text_in(source, MOST_BYTES, otherwise=BYTES)
        return of_bytes(text.encode(BYTES)) if encoding == BYTES else text, called(source)
    except ValueError as error:
        raise ValueError(f"mark: {called(source)}: it is {error}") from None


def of_bytes(content: bytes) -> str:
    """What spreadsheets save that is no UTF-8: Shift_JIS, if it has letters of Japanese so, else that of western Windows."""
    with contextlib.suppress(UnicodeDecodeError):
        text = content.decode("cp932")
        if re.search("[\u3041-\u30ff\u4e00-\u9fff]", text):
            return text
    return content.decode("cp1252", "replace")


def no_number(name: str) -> float:
    """Refuses NaN and infinities, which JSON has not. Raises ValueError."""
    raise ValueError(f"{name} is no number of JSON")


def _json(text: str) -> list[tuple[str, Any]]:
    try:
        parse_json(text, no_number)
        content = json.loads(text, parse_float=str, parse_int=str)  # numbers keep their digits
    except (ValueError, RecursionError) as error:
        raise ValueError(f"this is no JSON: {error}") from None
    content = content.get("answers", content) if isinstance(content, dict) else content
    if isinstance(content, dict):
        return [(name, _cell(answer)) for name, answer in content.items()]
    if isinstance(content, list) and all(isinstance(row, dict) and {"name", "answer"} <= set(row) for row in content):
        return [(str(row["name"]), _cell(row["answer"])) for row in content]
    raise ValueError("JSON with answers is an object of names and numbers, or a list of objects with name and answer")


def _cell(answer: Any) -> str | None:
    """An answer in a file: a text, or nothing. What is neither text nor number is as unreadable as any text that is no number."""
    return answer if answer is None or isinstance(answer, str) else json.dumps(answer)


def _csv(text: str) -> list[tuple[str, Any]]:
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    if not lines:
        raise ValueError("there are no answers in it")
    often = {each: sum(each in line for line in lines) for each in ("\t", ";")}
    sign = next((each for each, count in often.items() if 2 * count >= len(lines)), ",")
    sign = next((each for each in ("\t", ";", ",") if any(_is_head(line.split(each)) for line in lines)), sign)
    rows = [
        [unguarded(cell.strip()).strip() for cell in row]
        for row in csv.reader(io.StringIO("\n".join(lines)), delimiter=sign, skipinitialspace=True)
    ]
    heads = [[cell.casefold() for cell in row] for row in rows]
    at = next((k for k, row in enumerate(heads) if _is_head(row)), 0)
    head = heads[at]
    name = next((k for k, cell in enumerate(head) if cell in NAMES), None)
    answer = next((k for k, cell in enumerate(head) if cell in ANSWERS and k != name), None)
    if name is not None or answer is not None:
        rows = [*rows[:at], *rows[at + 1 :]]
        if name is None or answer is None:
            raise ValueError(f"the columns are name and answer, not {listed([shown(cell) for cell in head])}")
    else:
        name, answer = 0, 1
    found = []
    for k, row in enumerate(rows, 1):
        if len(row) <= max(name, answer):
            row = [*row, *[""] * (1 + max(name, answer) - len(row))]
        if (
            (name, answer) == (0, 1)
            and sign == ","
            and len(row) == 3
            and all(re.fullmatch(r"-?\d+", cell) for cell in row[1:])
        ):
            raise ValueError(
                f"row {k}, {shown(','.join(row))}, has a decimal comma: put the number in quotes, or write a point"
            )
        if row[name]:
            found.append((row[name], row[answer]))
    return found


def _is_head(cells: Sequence[str]) -> bool:
    """Whether these are the names of the two columns."""
    plain = {cell.strip().strip('"').casefold() for cell in cells}
    return bool(plain & {*NAMES} and plain & {*ANSWERS})


def _derived(function: Callable[..., Any], derivation: Derivation) -> Mapping[Any, Any]:
    name = getattr(function, "__name__", "the function")
    leaves = {derivation.names[v]: v for v in derivation.order if v.op is None and v in derivation.names}
    known: dict[str, Value] = {}
    for label, v in leaves.items():
        for key in (label, bare(re.sub(r"\W", "_", label)), bare(re.sub(r"\W", "_", label)).casefold()):
            known.setdefault(key, v)
    given: dict[str, float] = {}
    placed: list[float] = []
    try:
        parameters = inspect.signature(function).parameters.values()
    except (ValueError, TypeError):
        raise TypeError(
            f"mark: of {name} nothing tells which numbers it takes; give a function with named parameters"
        ) from None
    for each in parameters:
        if each.kind is each.VAR_KEYWORD:
            given.update({label: v.data for label, v in leaves.items() if label not in given and label.isidentifier()})
            continue
        if each.kind is each.VAR_POSITIONAL:
            continue
        keys = (each.name, bare(each.name), bare(each.name).casefold())
        leaf = next((known[key] for key in keys if key in known), None)
        if leaf is not None:
            x = leaf.data
        elif each.name.lower() in RATES and derivation.learning_rate is not None:
            x = derivation.learning_rate
        elif each.default is not each.empty:
            continue
        else:
            rate = Advice(": give ", Argument("lr", ""))
            hint = rate if each.name.lower() in RATES else did_you_mean(each.name, leaves)
            raise ValueError(f"mark: {name} takes {shown(each.name)}, and no leaf of the graph is called so" + hint)
        if each.kind is each.POSITIONAL_ONLY:
            placed.append(x)
        else:
            given[each.name] = x
    try:
        found = function(*placed, **given)
    except Exception as error:
        raise ValueError(f"mark: {name} raised {_told(error)}{_where(function, error)}") from error
    if not isinstance(found, Mapping):
        raise TypeError(
            f"mark: {name} returns a dictionary of names and numbers, not {type(found).__name__} {shown(found)}"
        )
    return found


def _told(error: Exception) -> str:
    text = " ".join(str(error).split())
    return f"{type(error).__name__}{': ' if text else ''}{text:.200}"


def _where(function: Callable[..., Any], error: Exception) -> str:
    """The line in the function's own file at which an error was raised, the innermost one, and what stands there."""
    code = getattr(inspect.unwrap(function), "__code__", None) or getattr(type(function).__call__, "__code__", None)
    frames = traceback.extract_tb(error.__traceback__)[1:]
    own = [frame for frame in frames if code is not None and frame.filename == code.co_filename]
    if not (own or frames):
        return ""
    frame = (own or frames)[-1]
    line = f": {shown(frame.line)}" if frame.line else ""
    return f" (line {frame.lineno} of {shown(os.path.basename(frame.filename))}, in {frame.name}{line})"
