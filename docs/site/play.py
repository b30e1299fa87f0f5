"""Builds the playground from docs/play: Python and Graphviz as WebAssembly, the package, an editor, all served from one folder."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import re
import shutil
import subprocess
import zipfile
from pathlib import Path

import exercising
import policy

from tests.web import installed

PLAY = Path(__file__).parent.parent / "play"
ROOT = PLAY.parent.parent
AS_THEY_ARE = ("index.html", "policy.js", "style.css", "playground.py", "exercises.py")
PYODIDE = ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip", "pyodide-lock.json")
# What the package imports; what reads JavaScript, Markdown or colours code in terminals is never asked for here.
PACKAGES = ("graphviz", "rich", "latex2mathml", "shtab")


def build(target: Path) -> None:
    """Writes the playground to this folder.

    Raises FileNotFoundError where there is no npm, and CalledProcessError where it or the bundler fails.
    """
    npm = shutil.which("npm")
    if npm is None:
        raise FileNotFoundError("the playground needs npm, which comes with Node.js")
    commands = installed(npm, PLAY)
    parts = commands.parent
    work = target.parent / "play-work"
    shutil.copytree(PLAY, work, ignore=shutil.ignore_patterns("node_modules"))
    examples = {path.stem: path.read_text(encoding="utf-8") for path in sorted((PLAY / "examples").glob("*.py"))}
    (work / "examples.json").write_text(json.dumps(examples), encoding="utf-8")
    (work / "course.json").write_text(json.dumps(exercising.course()), encoding="utf-8")
    (work / "node_modules").symlink_to(parts)
    target.mkdir(parents=True)
    (target / "exercises.json").write_text(json.dumps(exercising.published()), encoding="utf-8")
    for entry in ("page.js", "worker.js"):
        subprocess.run(
            [
                *(str(commands / "esbuild"), entry, "--bundle", "--minify", "--format=esm", "--target=es2022"),
                *("--external:./pyodide/*", "--log-level=warning", f"--outfile={target / entry}"),
            ],
            cwd=work,
            check=True,
        )
    shutil.rmtree(work)
    for name in AS_THEY_ARE:
        (target / name).write_text(policy.filled((PLAY / name).read_text(encoding="utf-8")), encoding="utf-8")
    (target / "pyodide").mkdir()
    for name in PYODIDE:
        shutil.copy(parts / "pyodide" / name, target / "pyodide" / name)
    _pack(target / "packages.zip")
    _licences(parts, target / "licences.txt")
    _service(target)


def keep_lessons(site: Path) -> None:
    """Lists what the playground keeps to be read without a network: the lessons of its exercises, and what they load, by language."""
    found: dict[str, list[str]] = {}
    for language, folder in (("en", site / "learn"), ("ja", site / "ja" / "learn")):
        pages = [folder / f"{page}.html" for page in dict.fromkeys(each["page"] for each in exercising.course())]
        pages = [page for page in pages if page.exists()]
        loaded = [
            (page.parent / address.partition("?")[0]).resolve()
            for page in pages
            for tag in re.findall(r"<(?:link|script|img|source)\b[^>]*>", page.read_text(encoding="utf-8"))
            for address in re.findall(r'(?:src|srcset|href)="([^"#]+)"', tag)
            if 'rel="' not in tag or "stylesheet" in tag or "icon" in tag
        ]
        files = [file for file in dict.fromkeys([*pages, *loaded]) if file.is_file()]
        found[language] = [file.relative_to(site).as_posix() for file in files]
    data = b"".join((site / name).read_bytes() for names in found.values() for name in names)
    made = {"version": hashlib.sha256(data).hexdigest()[:16], **found}
    (site / "play" / "lessons.json").write_text(json.dumps(made), encoding="utf-8")


def _pack(archive: Path) -> None:
    """The package and what it imports, as they are installed here: all of it is Python alone."""
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        package = ROOT / "tinygrad_bp"
        files = {file.relative_to(ROOT).as_posix(): file for file in package.rglob("*") if file.is_file()}
        for name in PACKAGES:
            for file in importlib.metadata.files(name) or []:
                if ".." not in file.parts:
                    files[file.as_posix()] = Path(str(file.locate()))
        for path, file in sorted(files.items()):
            if "__pycache__" not in path and not path.endswith(".pyi"):
                entry = zipfile.ZipInfo(path)  # without a date: the same files make the same archive
                packed.writestr(entry, file.read_bytes(), zipfile.ZIP_DEFLATED)


def _licences(parts: Path, file: Path) -> None:
    """What the playground is made of, and under which licences it is."""
    lines = []
    for manifest in sorted([*parts.glob("*/package.json"), *parts.glob("@*/*/package.json")]):
        found = json.loads(manifest.read_text(encoding="utf-8"))
        if "license" in found and not found["name"].startswith("@esbuild"):
            lines.append(f"{found['name']} {found.get('version', '')}: {found['license']}")
    for name in PACKAGES:
        said = importlib.metadata.metadata(name)
        licence = said.get("License-Expression") or said.get("License") or "see its own page"
        lines.append(f"{name} {said['Version']} (PyPI): {licence.splitlines()[0]}")
    lines.append("Python itself, in pyodide: PSF License 2; Graphviz, in @hpcc-js/wasm-graphviz: EPL 1.0")
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _service(target: Path) -> None:
    """The service worker, with the list of what it keeps, and a version that changes with any of it."""
    files = sorted(path for path in target.rglob("*") if path.is_file())
    text = policy.filled((PLAY / "service.js").read_text(encoding="utf-8"))
    version = hashlib.sha256(b"".join(path.read_bytes() for path in files) + text.encode()).hexdigest()[:16]
    kept = [(path.relative_to(target).as_posix(), path.stat().st_size) for path in files]
    names = [("./", (target / "index.html").stat().st_size), *kept]
    text = text.replace("{{VERSION}}", version).replace("{{FILES}}", json.dumps(names))
    (target / "service.js").write_text(text, encoding="utf-8")
