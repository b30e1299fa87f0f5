"""Documents as files, each whole or not there, and with their pictures beside them where the format has them there."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from tinygrad_bp.files import format_of, is_stream, write_whole, written_together
from tinygrad_bp.lessons.blocks import Block, Picture
from tinygrad_bp.lessons.writers.html import html
from tinygrad_bp.lessons.writers.latex import latex
from tinygrad_bp.lessons.writers.markdown import markdown
from tinygrad_bp.lessons.writers.pieces import file_names, pictures
from tinygrad_bp.text import listed, printable

FORMATS = ("html", "md", "tex", "json", "txt", "pdf")
SECONDS = 300.0  # that LaTeX may take; the first time it looks at all fonts there are
ENGINES = {"en": ("pdflatex", "lualatex", "xelatex"), "ja": ("lualatex",)}
INSTALL = {
    "en": "`apt install texlive-latex-base texlive-latex-recommended lmodern`, or TeX Live, MiKTeX or MacTeX",
    "ja": "`apt install texlive-luatex texlive-lang-japanese`, or TeX Live, MiKTeX or MacTeX",
}


class Written(Protocol):
    """What can be saved: a `Document`."""

    @property
    def title(self) -> str: ...
    @property
    def language(self) -> str: ...
    @property
    def blocks(self) -> Sequence[Block]: ...
    def text(self) -> str: ...
    def to_dict(self) -> dict[str, Any]: ...


def save(document: Written, path: str | os.PathLike[str], format: str | None = None) -> Path:
    """Writes a document to a file whose suffix says how, .html, .md, .tex, .json, .txt or .pdf, if `format` does not. Returns its path.

    Pictures of .md and .tex are files beside it, which begin with its name; the other formats hold their own. What is no regular file has
    none beside it: there Markdown has its pictures in itself, and LaTeX a sentence for each. A PDF is made by LaTeX of this system.

    Raises ValueError for another suffix or format, OSError where a file cannot be written, what drawing raises, and RuntimeError, saying
    what to install, where there is no LaTeX for a PDF or it fails. An existing file is replaced only when the new ones are whole.
    """
    format = format_of(path, FORMATS, "a document", format, stream="txt")
    if format in ("md", "tex") and not is_stream(path) and any(pictures(document.blocks)):
        return _with_pictures(document, Path(path), format)
    write: dict[str, Callable[[], str | bytes]] = {
        "html": lambda: html(document.blocks, document.language, document.title),
        "md": lambda: markdown(document.blocks, embedded=True),
        "tex": lambda: latex(document.blocks, document.language),
        "json": lambda: to_json(document.to_dict()),
        "txt": document.text,
        "pdf": lambda: pdf(document.blocks, document.language),
    }
    return write_whole(path, write[format]())


def to_json(found: Any) -> str:
    """JSON in letters as they are, and of what is not printed, or is half a surrogate pair, the escape that means the same: \\u202e."""
    text = json.dumps(found, ensure_ascii=False, indent=1, allow_nan=False)
    return re.sub("[^\n -~]", lambda c: c[0] if c[0].isprintable() else json.dumps(c[0])[1:-1], text) + "\n"


def _with_pictures(document: Written, path: Path, format: str) -> Path:
    if not path.parent.is_dir():
        return write_whole(path, "")  # which says that there is no folder
    names = file_names(document.blocks, path.stem)
    with written_together(path.parent) as folder:
        if format == "md":
            files = _drawn(document.blocks, names, folder, "svg")
            content = markdown(document.blocks, files)
        else:
            files = _drawn(document.blocks, names, folder, "pdf", "png")
            content = latex(document.blocks, document.language, files)
        write_whole(folder / path.name, content)
    return path


def _drawn(blocks: Sequence[Block], names: Mapping[int, str], folder: Path, *formats: str) -> dict[int, str]:
    """Writes the pictures, in the first of the formats that can be drawn here, and returns the names of their files."""
    return {id(picture): _draw(picture, names[id(picture)], folder, formats) for picture in pictures(blocks)}


def _draw(picture: Picture, name: str, folder: Path, formats: Sequence[str]) -> str:
    *others, last = formats
    for format in others:
        try:
            return picture.drawing.save(folder / f"{name}.{format}").name
        except RuntimeError:
            continue  # not every program here draws PDF
    return picture.drawing.save(folder / f"{name}.{last}").name


# PDF


def pdf(blocks: Sequence[Block], language: str = "en") -> bytes:
    """The blocks as a PDF, made by LaTeX of this system. Raises RuntimeError, saying what to install, where that is not there or fails."""
    engines = [engine for engine in ENGINES[language] if shutil.which(engine)]
    if not engines:
        raise RuntimeError(
            f"a PDF is made by LaTeX, and there is no {listed(ENGINES[language], 'or')} here: install it, {INSTALL[language]}; "
            "or save the document as .html, which prints on A4 from any browser"
        )
    with tempfile.TemporaryDirectory(prefix="tinygrad_bp-", ignore_cleanup_errors=True) as place:
        folder = Path(place)
        files = _drawn(blocks, file_names(blocks), folder, "pdf", "png")
        (folder / "document.tex").write_text(latex(blocks, language, files), encoding="utf-8")
        failures = []
        for engine in engines:
            if not (failure := _compiled(engine, folder)):
                return (folder / "document.pdf").read_bytes()
            failures.append(failure)
    raise RuntimeError(
        f"LaTeX made no PDF: {'; '.join(failures)}; what it may lack is in {INSTALL[language]}; or save the document as .html, which "
        "prints on A4 from any browser"
    )


def _compiled(engine: str, folder: Path) -> str:
    """Runs LaTeX twice, since columns of tables are measured in the first run. Returns what went wrong; nothing if it is done."""
    # It may run no other program, and read and write no file outside of its folder but its own.
    environment = {**os.environ, "openin_any": "p", "openout_any": "p", "shell_escape": "f"}
    command = [engine, "-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape", "document.tex"]
    (folder / "document.pdf").unlink(missing_ok=True)
    for _ in range(2):
        try:
            done = subprocess.run(
                command,
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return f"{engine} took longer than {SECONDS:.0f} seconds and was stopped"
        except OSError as error:
            return f"{engine} does not start: {error.strerror}"
        if done.returncode:
            said = done.stdout.decode(errors="replace").splitlines()
            first = next((line for line in said if line.startswith("!")), "")
            return f"{engine} failed with status {done.returncode}" + (f": {printable(first)[:200]}" if first else "")
    made = (folder / "document.pdf").is_file() and (folder / "document.pdf").read_bytes().startswith(b"%PDF-")
    return "" if made else f"{engine} wrote nothing"
