"""Makes the notebooks of the lessons, docs/notebooks and docs/ja/notebooks, and runs them. From the project: python docs/notebooks.py

A notebook is its lesson as Markdown has it, cut where something is shown: a block with prompts becomes cells that end with what they show,
an answer stays folded, with a cell below that runs its code, and the pages of `explore` that are linked to are cells, too. Pictures are
PNG within the text: of all that shows notebooks nothing fetches them, and nothing refuses them. What a cell draws is there as SVG and PNG.

Where the repository is, docs/published.py knows. With its address each notebook has a badge that opens
it in Colab, where its first cell installs the package from the repository; without it that cell installs the clone that it lies in.
Needs the extra `dev`, and Chromium where a picture has changed.
"""

from __future__ import annotations

import ast
import base64
import doctest
import hashlib
import io
import json
import re
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from published import repository

DOCS = Path(__file__).parent
ROOT = DOCS.parent
FOLDERS = {"en": DOCS, "ja": DOCS / "ja"}
WIDTH = 720  # px, of a picture: what there is beside the margin of a notebook

WORDS = {
    "en": {
        "install": "Install the package, where it is missing",
        "here": "from the clone of the repository that this notebook lies in",
        "page": "The page itself",
        "draw": "The graph of this lesson",
        "colab": "Open in Colab",
    },
    "ja": {
        "install": "パッケージがなければ、インストールする",
        "here": "このノートブックが入っている、リポジトリのクローンから",
        "page": "ページそのもの",
        "draw": "このレッスンのグラフ",
        "colab": "Colab で開く",
    },
}

# What a notebook shows beside its lesson, when all of that has run: formulas and pictures, which show themselves.
SHOWN = {
    "0": ["draw(result, local_derivatives=True)", "explain(result, w)"],
    "1": ["draw(total, local_derivatives=True)", "explain(total, price_apple)"],
    "2": ["draw(out, local_derivatives=True)", "explain(out, w1)"],
    "3": ["draw_network(net, inputs=[0.05, 0.10], targets=[0.01, 0.99], digits=3)", "explain(E, net.weights[0])"],
    "4": ["draw(E, local_derivatives=True)", "explain(E, w)"],
    "6": ["draw_network(net)"],
    "7": ["draw_network(deep)", "explain(E, deep.weights[0])"],
    "8": ["draw_network(net)", "explain(E, net.weights[0])"],
}

_PIECE = re.compile(
    r"^```(?P<language>\w+)\n(?P<block>.*?)^```$|^<details>\n<summary>(?P<summary>[^\n]*?)</summary>\n|^(?P<end></details>)$"
    r"|^(?P<heading>#+ [^\n]*)$",
    re.MULTILINE | re.DOTALL,
)
_PICTURE = re.compile(r'<picture>.*?<img src="(?P<path>[^"]+)" alt="(?P<alt>[^"]*)">\s*</picture>', re.DOTALL)
_HERE = re.compile(
    r"\s*(?:Also )?\[[^\]]*\]\(\.\./notebooks/[^)]*\)(?:\.|でも読めます。)"
)  # what leads to the notebook itself
KINDS = ("text/plain", "text/markdown", "image/svg+xml", "image/png")  # of what cells show
_FOLDED = {"jupyter": {"source_hidden": True}, "cellView": "form"}


class Cell(NamedTuple):
    """A cell before it has run: of Markdown, or of code with what it is to print and show."""

    kind: str
    text: str
    wanted: str = ""
    fold: str = ""  # what the answer is called that this belongs to
    keep: bool = True  # what it shows


# From Markdown to cells


def lessons(language: str) -> list[Path]:
    """The lessons in their order."""
    return sorted((FOLDERS[language] / "learn").glob("[0-9]-*.md"))


def cells(lesson: Path, language: str, repository: str = "") -> list[Cell]:
    """The cells of a lesson's notebook."""
    source = lesson.read_text(encoding="utf-8")
    addresses = dict(re.findall(r"^\[([\w-]+)\]: (\S+)$", source, flags=re.MULTILINE))
    source = re.sub(r"^\[[\w-]+\]: \S+\n?", "", source, flags=re.MULTILINE)
    source = _HERE.sub("", source)
    title, *rest = _pieces(source)
    words = WORDS[language]
    last = max(k for k, cell in enumerate(rest) if cell.kind == "markdown" and cell.text.startswith("## "))
    shown = _shown(lesson, words)
    first = "\n".join([_badge(lesson, language, repository), title.text]) if repository else title.text
    whole = [title._replace(text=first), _install(language, source, repository), *rest[:last], *shown, *rest[last:]]
    return [*_with_pages(whole, addresses, lesson, words, repository)]


def _pieces(source: str) -> list[Cell]:
    """What a lesson is made of, in its order."""
    made: list[Cell] = []
    fold, place, prose = "", 0, ""

    def say() -> None:
        nonlocal prose
        if text := prose.strip("\n"):
            text = f"<details>\n<summary>{fold}</summary>\n\n{text}\n\n</details>" if fold else text
            made.append(Cell("markdown", text))
        prose = ""

    for found in _PIECE.finditer(source):
        prose += source[place : found.start()]
        place = found.end()
        if found["heading"]:
            say()
            prose = found["heading"]
        elif found["language"] == "python":
            say()
            made += _code(found["block"], fold)
        elif found["language"] == "text" and made[-1].kind == "code" and not prose.strip():
            made[-1] = made[-1]._replace(wanted=found["block"])
        elif found["language"]:
            raise ValueError(f"a notebook has Python and what it prints, not:\n{found[0]}")
        else:
            say()
            fold = found["summary"] or ""
    prose += source[place:]
    say()
    return made


def _code(block: str, fold: str) -> Iterator[Cell]:
    """The cells of a block: after each expression that shows something one ends, as a notebook shows only the last one."""
    if named := re.match(r"# (\w+\.py)\n", block):
        yield Cell("code", f"%%writefile {named[1]}\n{block.rstrip()}", fold=fold, keep=False)
        yield Cell("code", f"%run {named[1]}", fold=fold)
        return
    if ">>>" not in block:
        yield Cell("code", block.strip("\n"), fold=fold)
        return
    lines, wanted = [], ""
    for example in doctest.DocTestParser().get_examples(block):
        lines.append(example.source.rstrip("\n"))
        wanted += example.want
        if example.want and (_shows(example.source) or example.exc_msg):
            yield Cell("code", "\n".join(lines), wanted, fold)
            lines, wanted = [], ""
    if lines:
        yield Cell("code", "\n".join(lines), wanted, fold)


def _shows(source: str) -> bool:
    """Whether this is an expression whose value is shown, not one that prints."""
    [statement, *more] = ast.parse(source).body
    if more or not isinstance(statement, ast.Expr):
        return False
    call = statement.value
    return not (isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "print")


def _shown(lesson: Path, words: dict[str, str]) -> list[Cell]:
    lines = SHOWN.get(lesson.name[0], [])
    if not lines:
        return []
    names = ", ".join(sorted({line.partition("(")[0] for line in lines}))
    made = [Cell("markdown", f"## {words['draw']}")]
    return made + [
        Cell("code", (f"from tinygrad_bp import {names}\n\n" if k == 0 else "") + line) for k, line in enumerate(lines)
    ]


def _install(language: str, source: str, repository: str) -> Cell:
    """The cell that installs the package: NumPy, too, where the lesson uses it."""
    words = WORDS[language]
    extra = "[numpy]" if "import numpy" in source else ""
    if repository:
        what, where = f'"tinygrad-bp{extra} @ git+{repository}"', repository
    else:
        folder = FOLDERS[language] / "notebooks"
        up = "/".join([".."] * len(folder.relative_to(ROOT).parts))
        what, where = f'"{up}{extra}"', words["here"]
    code = f"""#@title {words["install"]}
import importlib.util

if importlib.util.find_spec("tinygrad_bp") is None:  # {where}
    %pip install -q {what}"""
    return Cell("code", code, keep=False)


def _with_pages(
    made: Sequence[Cell], addresses: dict[str, str], lesson: Path, words: dict[str, str], repository: str
) -> Iterator[Cell]:
    """The cells, with each page that one of them links to below it. A link to a place on it becomes its words: no cell is at a place."""
    there: set[str] = set()
    for cell in made:
        if cell.kind == "code":
            yield cell
            continue
        used = re.findall(r"\]\[([\w-]+)\]", cell.text)
        text = re.sub(r"\[([^\]]+)\]\[[\w-]+\]", r"**\1**", cell.text)
        yield cell._replace(text=_linked(text, lesson, repository))
        for name in dict.fromkeys(Path(addresses[place].partition("#")[0]).name for place in used):
            if name not in there:
                there.add(name)
                yield Cell("code", _page(name, words["page"]), fold=words["page"], keep=False)


def _page(name: str, title: str) -> str:
    """The program of a page's README as a function: its names are not those of the lesson."""
    readme = (DOCS / "pages" / name / "README.md").read_text(encoding="utf-8")
    [program, *_] = re.findall(r"^```python\n(.*?)^```$", readme, flags=re.MULTILINE | re.DOTALL)
    function = name.replace("-", "_")
    lines = [f"    {line}".rstrip() for line in program.rstrip().splitlines()]
    return "\n".join([f"def {function}():", *lines, "    return page", "", "", f"{function}()"])


def _linked(text: str, lesson: Path, repository: str) -> str:
    """Markdown with its links as they are from a notebook: to the notebooks of other lessons; where the repository is known, to that."""

    def address(found: re.Match[str]) -> str:
        path, mark, anchor = found["target"].partition("#")
        if "://" in path or not path:
            return found[0]
        wanted = (lesson.parent / path).resolve()
        if wanted.parent == lesson.parent.resolve() and re.match(r"\d-", wanted.name):
            wanted, mark, anchor = wanted.parent.parent / "notebooks" / f"{wanted.stem}.ipynb", "", ""
        target = wanted.relative_to(ROOT.resolve()).as_posix()
        if repository:
            return f"]({repository}/blob/main/{target}{mark}{anchor})"
        up = "../" * len((lesson.parent.resolve()).relative_to(ROOT.resolve()).parts)
        near = wanted.parent.name == "notebooks"
        return f"]({wanted.name if near else up + target}{mark}{anchor})"

    return re.sub(r"\]\((?P<target>[^)\s]+)\)", address, text)


def _badge(lesson: Path, language: str, repository: str) -> str:
    """The badge that opens a notebook in Colab, which takes them from GitHub."""
    path = (FOLDERS[language] / "notebooks" / f"{lesson.stem}.ipynb").relative_to(ROOT).as_posix()
    name = repository.removeprefix("https://github.com/")
    badge = "https://colab.research.google.com/assets/colab-badge.svg"
    return (
        f"[![{WORDS[language]['colab']}]({badge})](https://colab.research.google.com/github/{name}/blob/main/{path})\n"
    )


# From cells to files


def notebook(lesson: Path, language: str, repository: str = "") -> dict[str, Any]:
    """A lesson's notebook before it has run, its pictures as the addresses of their files."""
    made: list[dict[str, Any]] = []
    for k, cell in enumerate(cells(lesson, language, repository)):
        metadata = {**_FOLDED} if cell.kind == "code" and (cell.fold or cell.text.startswith("#@title")) else {}
        text = f"#@title {cell.fold}\n{cell.text}" if metadata and not cell.text.startswith(("#@", "%")) else cell.text
        if cell.kind == "markdown":
            text = _PICTURE.sub(r'<img src="\g<path>" alt="\g<alt>">', text)
        common = {"cell_type": cell.kind, "id": f"cell-{k}", "metadata": metadata, "source": text}
        made.append(common | ({"execution_count": None, "outputs": []} if cell.kind == "code" else {}))
    return {
        "cells": made,
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
            "title": re.sub(r"^# ", "", lesson.read_text(encoding="utf-8").splitlines()[0]),
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def run(made: dict[str, Any], folder: Path) -> dict[str, Any]:
    """A notebook as it is when all its cells have run, in this folder, in one process. Raises CellExecutionError for a cell that fails.

    What is made in a folded cell is not shown, since nothing of it is kept: of a page that takes longer than to make it.
    """
    import nbclient
    import nbformat

    read = nbformat.from_dict(made)
    for cell in read.cells:
        cell.source += ";" if cell.metadata.get("jupyter") and cell.source.endswith("()") else ""
    # On a machine with much to do what a cell prints comes late: it is waited for, else it would be left out.
    client = nbclient.NotebookClient(
        read,
        timeout=300,
        iopub_timeout=300,
        raise_on_iopub_timeout=True,
        kernel_name="python3",
        resources={"metadata": {"path": str(folder)}},
    )
    client.execute()
    ran: list[dict[str, Any]] = json.loads(json.dumps(read.cells))
    return {
        **made,
        "cells": [{**cell, "source": own["source"]} for cell, own in zip(ran, made["cells"], strict=True)],
    }


def printed(cell: dict[str, Any]) -> str:
    """What a cell has printed, and what it shows as text."""
    found = ""
    for output in _joined(cell["outputs"]):
        if output["output_type"] == "stream":
            found += output["text"]
        else:
            found += "".join(output["data"].get("text/plain", "")) + "\n"
    return found


def _joined(outputs: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Outputs, with what was printed in one piece, in however many it came."""
    found: list[dict[str, Any]] = []
    for output in outputs:
        if output["output_type"] == "stream":
            output = {**output, "text": "".join(output["text"])}
            if found and found[-1].get("name") == output["name"]:
                found[-1]["text"] += output["text"]
                continue
        found.append(output)
    return found


def _kept(output: dict[str, Any]) -> dict[str, Any]:
    """An output without what says nothing to readers, such as the numbers of runs."""
    if output["output_type"] == "stream":
        return output
    data = {kind: text for kind, text in output["data"].items() if kind in KINDS}
    if "image/png" in data:
        data["image/png"] = base64.b64encode(_small(base64.b64decode(data["image/png"]))).decode()
    return {"output_type": "display_data", "data": data, "metadata": {}}


def _small(png: bytes) -> bytes:
    """A PNG in 64 colours, on white."""
    from PIL import Image

    image = Image.open(io.BytesIO(png)).convert("RGBA")
    whole = Image.new("RGBA", image.size, "white")
    whole.alpha_composite(image)
    small = io.BytesIO()
    whole.convert("RGB").quantize(64, dither=Image.Dither.NONE).save(small, "png", optimize=True)
    return small.getvalue()


def without_pictures(made: dict[str, Any]) -> dict[str, Any]:
    """A notebook with the addresses of its pictures in place of them, and without what its cells show."""
    left = iter(address for address, _ in made["metadata"].get("pictures", []))
    cells = []
    for cell in made["cells"]:
        source = re.sub(
            r'<img src="data:[^"]*" width="\d+"', lambda _: f'<img src="{next(left)}"', "".join(cell["source"])
        )
        bare = {"outputs": [], "execution_count": None} if cell["cell_type"] == "code" else {}
        cells.append({**cell, "source": source, **bare})
    metadata = {name: value for name, value in made["metadata"].items() if name != "pictures"}
    return {**made, "cells": cells, "metadata": metadata}


def pictures_of(made: dict[str, Any]) -> list[str]:
    """The addresses of the pictures in a notebook that has not run."""
    text = "\n".join(cell["source"] for cell in made["cells"] if cell["cell_type"] == "markdown")
    return re.findall(r'<img src="([^"]+)"', text)


def fingerprint(picture: Path) -> str:
    """What tells a picture from what it was."""
    return hashlib.sha256(picture.read_bytes()).hexdigest()[:16]


def _stored(path: Path) -> dict[tuple[str, str], str]:
    """The pictures of a notebook that was written before, by address and fingerprint."""
    if not path.exists():
        return {}
    made = json.loads(path.read_text(encoding="utf-8"))
    images = re.findall(
        r'<img (src="data:[^"]*" width="\d+")', "\n".join("".join(cell["source"]) for cell in made["cells"])
    )
    return dict(zip(map(tuple, made["metadata"]["pictures"]), images, strict=True))


def _drawn(pictures: Sequence[Path]) -> dict[Path, str]:
    """Pictures as PNG, for `<img`, as Chromium shows them, in 64 colours and twice as wide as they are shown."""
    if not pictures:
        return {}
    from playwright.sync_api import sync_playwright

    sys.path.insert(0, str(ROOT))
    from tests.browser import find_chromium

    found = {}
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=find_chromium(), args=["--no-sandbox"])
        page = chromium.new_page(viewport={"width": WIDTH, "height": 600}, device_scale_factor=2)
        for picture in pictures:
            svg = base64.b64encode(picture.read_bytes()).decode()
            page.set_content(
                '<body style="margin: 0; background: #fff"><img style="max-width: 100%; display: block" '
                f'src="data:image/svg+xml;base64,{svg}">'
            )
            page.wait_for_function("document.images[0].complete")
            width = page.evaluate("Math.round(document.images[0].getBoundingClientRect().width)")
            png = base64.b64encode(_small(page.locator("img").screenshot())).decode()
            found[picture] = f'src="data:image/png;base64,{png}" width="{width}"'
        chromium.close()
    return found


def images_of(made: dict[str, Any], lesson: Path, known: Mapping[tuple[str, str], str]) -> dict[str, str]:
    """The pictures of a notebook as PNG, by address; drawn are those that are new."""
    prints = {address: fingerprint(lesson.parent / address) for address in pictures_of(made)}
    drawn = _drawn([lesson.parent / address for address in prints if (address, prints[address]) not in known])
    return {
        address: known.get((address, print_)) or drawn[lesson.parent / address] for address, print_ in prints.items()
    }


def written(made: dict[str, Any], lesson: Path, images: Mapping[str, str]) -> str:
    """A notebook that has run as its file: with its pictures, and without what folded cells show."""
    cells = []
    for cell in made["cells"]:
        if cell["cell_type"] == "markdown":
            source = re.sub(r'<img src="([^"]+)"', lambda found: f"<img {images[found[1]]}", cell["source"])
            cells.append({**cell, "source": source})
        else:
            outputs = [] if cell["metadata"].get("jupyter") else [_kept(output) for output in _joined(cell["outputs"])]
            metadata = {name: value for name, value in cell["metadata"].items() if name != "execution"}
            cells.append({**cell, "metadata": metadata, "execution_count": None, "outputs": outputs})
    prints = [[address, fingerprint(lesson.parent / address)] for address in images]
    whole = {**made, "cells": cells, "metadata": {**made["metadata"], "pictures": prints}}
    return json.dumps(whole, ensure_ascii=False, indent=1) + "\n"


def main() -> None:
    """Writes all notebooks. What both languages do alike runs once, what asks for its own language in each."""
    for number, _ in enumerate(lessons("en")):
        shown: dict[str, list[Any]] = {}
        for language, folder in FOLDERS.items():
            twin = lessons(language)[number]
            made = notebook(twin, language, repository())
            code = [cell for cell in made["cells"] if cell["cell_type"] == "code"]
            if not shown or any(f'language="{language}"' in cell["source"] for cell in code):
                with tempfile.TemporaryDirectory() as scratch:
                    ran = run(made, Path(scratch))
                shown[language] = [cell["outputs"] for cell in ran["cells"] if cell["cell_type"] == "code"]
            for cell, outputs in zip(code, shown.get(language, shown["en"]), strict=True):
                cell["outputs"] = outputs
            path = folder / "notebooks" / f"{twin.stem}.ipynb"
            images = images_of(made, twin, _stored(path))
            path.parent.mkdir(exist_ok=True)
            path.write_text(written(made, twin, images), encoding="utf-8")
            print(path.relative_to(ROOT), flush=True)


if __name__ == "__main__":
    main()
