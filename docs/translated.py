"""Says which pages in Japanese lag behind the words of their English twins. From the project's folder: python docs/translated.py

Beside the pages, docs/ja/translated.json holds a fingerprint of each English paragraph as it was when it was translated. Once a page says
in Japanese what the English one says now, `python docs/translated.py faq.md` writes that down for it. Several pages, and folders of
pages, may be named, as they are called from docs: `README.md` of the project is `../README.md`. Where lines are broken, blocks of code,
and where links lead make no difference: tests/test_docs_japanese.py compares these themselves.
"""

from __future__ import annotations

import hashlib
import json
import re
import runpy
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

DOCS = Path(__file__).parent
JAPANESE = DOCS / "ja"
STORE = JAPANESE / "translated.json"
README = "../README.md"
OF_THE_README = ("", "begin", "watch-it-happen")  # the parts of it that are there in Japanese: it is shorter

_anchor_of = runpy.run_path(str(DOCS / "site" / "addresses.py"))["anchor_of"]
_BLOCK = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


def pages() -> list[str]:
    """The English pages that there are in Japanese, as they are called from docs."""
    own = [page.relative_to(JAPANESE).as_posix() for page in sorted(JAPANESE.rglob("*.md"))]
    return [README, *(name for name in own if name != "README.md")]


def japanese(page: str) -> str:
    """What a page is called in Japanese, from the project's folder."""
    return "docs/ja/README.md" if page == README else f"docs/ja/{page}"


def paragraphs(source: str) -> dict[str, list[str]]:
    """The paragraphs of a page under each of its headings, by the heading's address: in one line each, without blocks and addresses."""
    text = re.sub(r"^\[[\w-]+\]: \S+$", "", _BLOCK.sub("", source), flags=re.MULTILINE)
    text = re.sub(r"\]\([^)]*\)|\]\[[\w-]+\]", "]", text)
    first, *rest = re.split(r"^##+ (.*)$", text, flags=re.MULTILINE)
    found = {"": _split(first)}
    for heading, part in zip(rest[::2], rest[1::2], strict=True):
        found.setdefault(_anchor_of(heading), []).extend([heading, *_split(part)])
    return found


def _split(part: str) -> list[str]:
    return [" ".join(each.split()) for each in re.split(r"\n\s*\n", part) if each.strip()]


def fingerprints(page: str, source: str) -> dict[str, str]:
    """The fingerprints of a page's paragraphs, in a line for each heading."""
    return {
        address: " ".join(_fingerprint(each) for each in said)
        for address, said in paragraphs(source).items()
        if page != README or address in OF_THE_README
    }


def _fingerprint(paragraph: str) -> str:
    return hashlib.sha256(paragraph.encode()).hexdigest()[:8]


def lags(page: str, source: str, stored: Mapping[str, str]) -> Iterator[str]:
    """What has been said otherwise in English since the page was translated: where, and how the paragraph begins."""
    now = fingerprints(page, source)
    said = paragraphs(source)
    for address, prints in now.items():
        before = set(stored.get(address, "").split())
        new = [each for each in said[address] if _fingerprint(each) not in before]
        yield from (f"#{address}: reworded or new: {each[:70]!r}" for each in new)
        if not new and prints != stored.get(address, ""):
            yield f"#{address}: something was left out, or stands elsewhere now"
    yield from (f"#{address}: no longer there in English" for address in stored if address not in now)


def stored() -> dict[str, dict[str, str]]:
    """The fingerprints by page, as they were when it was translated."""
    found: dict[str, dict[str, str]] = json.loads(STORE.read_text(encoding="utf-8")) if STORE.exists() else {}
    return found


def lagging() -> dict[str, list[str]]:
    """What lags, by English page."""
    known = stored()
    found = {page: [*lags(page, (DOCS / page).read_text(encoding="utf-8"), known.get(page, {}))] for page in pages()}
    return {page: what for page, what in found.items() if what}


def renew(named: Sequence[str]) -> list[str]:
    """Writes down that these pages, or those in these folders, say the same in both languages. Returns which.

    Raises ValueError for what is not there in Japanese.
    """
    chosen = {
        page: [name for name in named if page == name or page.startswith(f"{name.rstrip('/')}/")] for page in pages()
    }
    if strange := [name for name in named if not any(name in names for names in chosen.values())]:
        raise ValueError(f"there is no page in Japanese for {', '.join(strange)}: there are {', '.join(pages())}")
    known = {page: prints for page, prints in stored().items() if page in chosen}
    renewed = [page for page, names in chosen.items() if names]
    for page in renewed:
        known[page] = fingerprints(page, (DOCS / page).read_text(encoding="utf-8"))
    text = json.dumps({page: known[page] for page in pages() if page in known}, indent=1, ensure_ascii=False)
    STORE.write_text(text + "\n", encoding="utf-8")
    return renewed


def main(arguments: Sequence[str]) -> int:
    """Says what lags, or writes down what does not any more. Returns the exit status: 1 where something lags."""
    if arguments:
        try:
            print("\n".join(renew(arguments)))
        except ValueError as error:
            print(error, file=sys.stderr)
            return 2
        return 0
    found = lagging()
    for page, what in found.items():
        print(f"{japanese(page)}, behind {page}:", *what, sep="\n  ")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
