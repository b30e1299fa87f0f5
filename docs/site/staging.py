"""The pages as Sphinx takes them: a copy of the Markdown in which each link leads to its place on the site, and what is made beside it.

What is a page on GitHub is one here, under the same name; a README.md is the index of its folder. What else of the repository is linked to
becomes a page with its source. The order of the pages at the side is that of the lists on each folder's index.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path, PurePosixPath

import api
import exercising
from addresses import SITE, anchor_of, playground

DOCS = Path(__file__).parent.parent
ROOT = DOCS.parent
OTHER_PAGES = {"README.md": "readme", "CHANGELOG.md": "changelog", ".github/CONTRIBUTING.md": "contributing"}
ENDS = " :\uff1a"  # of a line over a list, as the two languages write it
MORE = {"en": "More", "ja": "その他"}
REFERENCE = {"en": "Reference", "ja": "リファレンス"}
PLAYGROUND = {"en": "The playground: Python in the browser", "ja": "プレイグラウンド（ブラウザーで動く Python）"}
ALIVE = {"en": "To try", "ja": "試してみる"}
# The beginnings of links that lead to the playground, wherever they lead on GitHub, which has none.
TO_PLAYGROUND = ("[the playground", "[プレイグラウンド")

_FENCE = re.compile(r"^(`{3,}).*?^\1$", re.MULTILINE | re.DOTALL)
# Where an address stands in Markdown: a link, a definition, an attribute; and what has none: blocks and pieces of code.
_ADDRESS = re.compile(
    r"(?P<code>^(`{3,}).*?^\2$|(?P<tick>`+)[^`].*?(?P=tick))|(?P<link>\]\(|^\[[^\]\n]+\]:\s+|\b(?:src|srcset|href)=\")(?P<target>[^)\s\"]+)",
    re.MULTILINE | re.DOTALL,
)


def has(language: str) -> bool:
    """Whether there are pages in this language."""
    return bool(pages(language))


def pages(language: str) -> dict[Path, str]:
    """The pages of a language, by their files: the name of each on the site, from the folder of its language, without a suffix."""
    top = DOCS if language == "en" else DOCS / language
    found = {}
    for file in sorted(top.rglob("*.md")):
        path = file.relative_to(top)
        if path.parts[0] in (("_build", "ja", "play", "site") if language == "en" else ()):
            continue
        # The index of such a folder is the page of explore itself.
        name = "program" if path.parent.parent.name == "pages" else "index"
        found[file] = str(PurePosixPath(path.with_name(name) if path.stem == "README" else path.with_suffix("")))
    if language == "en":
        found.update({ROOT / path: name for path, name in OTHER_PAGES.items()})
    return found if "index" in found.values() else {}


def stage(target: Path, language: str, with_play: bool) -> None:
    """Writes what Sphinx reads for this language into a folder."""
    own = pages(language)
    sources: set[Path] = set()
    texts = {name: _linked(file, own, language, sources, with_play) for file, name in own.items()}
    if language == "en":
        texts["index"] = _introduced(texts["index"], texts["readme"])
    if with_play:
        for name, links in _exercises(language).items():
            texts[name] = _under_exercises(texts[name], links)
    folders = sorted({str(PurePosixPath(name).parent) for name in texts}, key=len, reverse=True)
    for folder in folders:
        index = "index" if folder == "." else f"{folder}/index"
        if index in texts and folder != ".":
            texts[index] += _toctree(_listed(texts[index], folder, texts), "")
    under = {name for text in texts.values() for name in _in_toctrees(text)}
    groups = _groups(texts["index"], texts)
    used = {"index", *under, *(name for _, names in groups for name in names)}
    indexed = {name for name in texts if name.endswith("/index")}
    rest = [name for name in texts if name not in used and not name.startswith("pages/")]
    if language == "en":
        api_pages = api.pages()
        sources |= api.sources()
        texts.update(api_pages)
        groups.append((REFERENCE[language], ["api/index"]))
    if rest := sorted(rest, key=lambda name: (name not in indexed, name)):
        groups.append((MORE[language], rest))
    end = "".join(_toctree([(name, "/" + name) for name in names], caption) for caption, names in groups)
    live = [(PLAYGROUND[language], playground(language))] if with_play else []
    live += [(title, f"{SITE}pages/{_opened(name, language)}") for name, title in explorer_titles(language).items()]
    texts["index"] += end + _toctree([(title, f"{title} <{address}>") for title, address in live], ALIVE[language])
    for name in texts:
        if name.startswith("pages/"):
            texts[name] = "---\norphan: true\n---\n" + texts[name]
    if language == "en":
        texts.update({_source_name(path): _source_page(path, sources) for path in sources})
    for name, text in texts.items():
        file = target / f"{name}.md"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")


def _introduced(index: str, readme: str) -> str:
    """The list of the pages, under what the README says first: the name, what it is, a picture. Both are in the same folder on the site."""
    said = readme[readme.index("# ") : readme.index("</picture>") + len("</picture>")]
    _, _, listed = index.partition("\n")
    return f"{said}\n{listed}"


def _exercises(language: str) -> dict[str, str]:
    """What the playground has for each lesson, as a list of links in Markdown, by the lesson's name on the site."""
    words = json.loads((DOCS / "play" / "words.json").read_text(encoding="utf-8"))[language]
    found: dict[str, list[str]] = {}
    for each in exercising.course():
        title = re.sub(r"([_*<$\[])", r"\\\1", words[f"exercise.{each['name']}.title"])
        address = playground(language, f"#exercise={each['name']}")
        found.setdefault(f"learn/{each['page']}", []).append(f"- [{title}]({address})\n")
    return {name: f"{words['exercises.there']}\n\n{''.join(links)}" for name, links in found.items()}


def _under_exercises(text: str, links: str) -> str:
    """A lesson in which these links stand first among the exercises. Raises ValueError where it has none."""
    head, heading, rest = re.split(r"^(## (?:Exercises|練習問題)\n)", text, flags=re.MULTILINE)
    return f"{head}{heading}\n{links}{rest}"


def explorer_titles(language: str = "en") -> dict[str, str]:
    """The pages of `explore` that the docs link to, by the names of their folders, and what each is called."""
    import places

    found = {}
    for readme in sorted((DOCS / "pages").glob("*/README.md")):
        title = readme.read_text(encoding="utf-8").splitlines()[0].removeprefix("# ")
        title = re.sub(r"^A page: ", "", title)
        name = readme.parent.name
        found[name] = title[:1].upper() + title[1:] if language == "en" else places.title_of(name, language)
    return found


def _opened(name: str, language: str) -> str:
    """The address of a page of `explore` from their folder; for other languages than English it opens in that language."""
    import places

    return f"{name}/" if language == "en" else str(places.address(name, {"language": language}))


def write_explorer_pages(site: Path) -> None:
    """Writes the pages of `explore` themselves, the pictures that the pages show, and the notebooks."""
    import shutil

    import places

    for name in explorer_titles():
        folder = site / "pages" / name
        folder.mkdir(parents=True, exist_ok=True)
        places.page_of(name).save(folder / "index.html")
    shutil.copytree(DOCS / "pictures", site / "pictures", ignore=shutil.ignore_patterns("*.gv"))
    for folder in ("notebooks", "ja/notebooks"):
        shutil.copytree(DOCS / folder, site / folder)


def _linked(file: Path, own: dict[Path, str], language: str, sources: set[Path], with_play: bool) -> str:
    """A page with its links as they are on the site. Adds to the sources what is linked to and is no page."""
    place = PurePosixPath(own[file])

    def address(found: re.Match[str]) -> str:
        if found["code"]:
            return found[0]
        target = found["target"]
        if re.match(r"[a-z]+:", target):
            return found[0]
        if with_play and found["link"] == "](" and found.string.endswith(TO_PLAYGROUND, 0, found.start()):
            return f"]({playground(language)}"
        return found["link"] + _address(target, file, own, language, sources, place)

    return _ADDRESS.sub(address, _anchored_once(file.read_text(encoding="utf-8")))


def _anchored_once(text: str) -> str:
    """A page without the anchors that a heading has by itself, or that were there before: browsers go to the first one."""
    headings = re.findall(r"^#+ (.*)$", _FENCE.sub("", text), re.MULTILINE)
    own = set(map(anchor_of, headings))
    pieces = re.split(r'<a id="([^"]+)"></a>', text)
    for place in range(1, len(pieces), 2):
        name = pieces[place]
        pieces[place] = "" if name in own else f'<a id="{name}"></a>'
        own.add(name)
    return "".join(pieces)


def _address(
    target: str, file: Path, own: dict[Path, str], language: str, sources: set[Path], place: PurePosixPath
) -> str:
    path, mark, anchor = target.partition("#")
    wanted = (file.parent / path).resolve() if path else file
    if wanted.is_dir() and wanted.parent == DOCS / "pages":
        return f"{SITE}pages/{wanted.name}/{mark}{anchor}"
    if wanted.is_dir() and (wanted / "README.md").exists():
        wanted /= "README.md"
    if wanted in own:
        if f'<a id="{anchor}">' in wanted.read_text(encoding="utf-8"):  # MyST does not look into HTML
            return f"{SITE}{'' if language == 'en' else language + '/'}{own[wanted]}.html{mark}{anchor}"
        if not path:
            return target
        relative = os.path.relpath(f"{own[wanted]}.md", place.parent)
        return Path(relative).as_posix() + mark + anchor
    for other in ("en", "ja"):
        if wanted in pages(other):
            return f"{SITE}{'' if other == 'en' else other + '/'}{pages(other)[wanted]}.html{mark}{anchor}"
    if wanted.suffix == ".ipynb":
        return f"{SITE}{wanted.relative_to(DOCS).as_posix()}"
    if wanted.parent == DOCS / "pictures":
        return f"{SITE}pictures/{wanted.name}"
    if not wanted.exists():
        raise FileNotFoundError(f"{file}: there is no {target}")
    _add_source(wanted, sources)
    if language != "en":
        return f"{SITE}{_source_name(wanted)}.html"
    return Path(os.path.relpath(f"{_source_name(wanted)}.md", place.parent)).as_posix()


# Sources


def _add_source(path: Path, sources: set[Path]) -> None:
    sources.add(path)


def _source_name(path: Path) -> str:
    relative = path.relative_to(ROOT).as_posix()
    return f"source/{relative}/index" if path.is_dir() else f"source/{relative}"


def _source_page(path: Path, sources: set[Path]) -> str:
    head = f"---\norphan: true\nnosearch: true\n---\n# {path.relative_to(ROOT).as_posix()}\n\n"
    if not path.is_dir():
        language = {".py": "python", ".js": "javascript", ".toml": "toml"}.get(path.suffix, "text")
        return f"{head}``````{{code-block}} {language}\n:linenos:\n\n{path.read_text(encoding='utf-8')}``````\n"
    lines = []
    for child in sorted(path.iterdir()):
        if child.name.startswith(("_", ".")) and child.name != "__init__.py":
            continue
        name = f"`{child.name}{'/' if child.is_dir() else ''}`"
        link = Path(os.path.relpath(f"{_source_name(child)}.md", PurePosixPath(_source_name(path)).parent)).as_posix()
        lines.append(f"- [{name}]({link})" if child in sources else f"- {name}")
        if child.suffix == ".py" and (said := re.match(r'"""(.+)', child.read_text(encoding="utf-8"))):
            lines[-1] += ": " + re.sub(r"([*_<$\[])", r"\\\1", said[1].removesuffix('"""'))
    return head + "\n".join(lines) + "\n"


# The order at the side


def _toctree(entries: list[tuple[str, str]], caption: str) -> str:
    if not entries:
        return ""
    option = f":caption: {caption}\n" if caption else ""
    return f"\n\n```{{toctree}}\n:hidden:\n{option}\n" + "\n".join(entry for _, entry in entries) + "\n```\n"


def _in_toctrees(text: str) -> list[str]:
    found = re.findall(r"^```\{toctree\}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return [line.removeprefix("/") for block in found for line in block.splitlines() if line and line[0] != ":"]


def _link_targets(line: str, folder: str, texts: dict[str, str]) -> list[str]:
    """The pages that a line links to, from a page in this folder."""
    targets = re.findall(r"\]\(([^)#\s]+)\.md(?:#[^)]*)?\)", line)
    names = [os.path.normpath(PurePosixPath(folder) / target).replace(os.sep, "/") for target in targets]
    return [name for name in names if name in texts]


def _listed(text: str, folder: str, texts: dict[str, str]) -> list[tuple[str, str]]:
    """All pages of a folder: first those that its index names, as it orders them."""
    named = [name for line in text.splitlines() for name in _link_targets(line, folder, texts)]
    there = [name for name in texts if str(PurePosixPath(name).parent) == folder and not name.endswith("/index")]
    ordered = [name for name in dict.fromkeys(named) if name in there]
    return [(name, "/" + name) for name in [*ordered, *(name for name in there if name not in ordered)]]


def _groups(text: str, texts: dict[str, str]) -> list[tuple[str, list[str]]]:
    """The lists of the first page: what stands over each, and the pages it names that no list before it names."""
    groups: list[tuple[str, list[str]]] = []
    below = {name for text in texts.values() for name in _in_toctrees(text)}
    taken: set[str] = {"index", *below}
    inside = False
    caption = ""
    for line in _FENCE.sub("", text).splitlines():
        item = line.startswith(("- ", "* ", "1. "))
        if line.startswith("#") or (line.endswith((":", "\uff1a", ":**")) and not item and not line.startswith(" ")):
            caption, inside = re.sub(r"[*#`]|\[|\]\([^)]*\)", "", line).rstrip(ENDS).lstrip(), False
        elif item or (inside and line.startswith("  ")):
            # A page is in the list in which it is the first thing said of a line.
            names = _link_targets(line, ".", texts)[: 1 if item else None]
            new = [name for name in dict.fromkeys(names) if name not in taken]
            taken.update(new)
            if new and not inside:
                groups.append((caption, []))
                inside = True
            if new:
                groups[-1][1].extend(new)
        elif line.strip():
            inside = False
    return groups
