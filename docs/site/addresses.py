"""Addresses: of headings, and those that lead out of what Sphinx builds at once, to the other language and the pages of `explore`.

While pages are written one that leads out begins with `SITE`; when the site is whole it is made relative, so that the site can lie
anywhere.
"""

from __future__ import annotations

import json
import os
import re
from html import escape, unescape
from pathlib import Path

SITE = "https://site.invalid/"
# What the theme leaves unsaid to screen readers: the level of headings, and which of two columns this is.
_UNSAID = {
    'class="caption" role="heading"': {"": 'aria-level="2"'},
    '<aside class="sidebar-drawer"': {"en": 'aria-label="Pages"', "ja": 'aria-label="ページ一覧"'},
    '<aside class="toc-drawer"': {"en": 'aria-label="On this page"', "ja": 'aria-label="このページの内容"'},
}


def playground(language: str, fragment: str = "") -> str:
    """The address of the playground in a language, while pages are written; `fragment` begins with `#` and says what is opened there."""
    return f"{SITE}play/{'' if language == 'en' else f'?lang={language}'}{fragment}"


def anchor_of(heading: str) -> str:
    """What a heading is called in addresses, as GitHub calls it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def settle(site: Path) -> None:
    """Makes addresses of the site relative in all pages that Sphinx wrote.

    What leads to a page that is not there in Japanese leads to the first page in that language. Raises FileNotFoundError where
    anything else that is led to is not there.
    """
    for page in site.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        if 'class="sidebar-drawer"' in text:  # of Sphinx's
            language = "ja" if page.relative_to(site).parts[0] == "ja" else "en"
            pieces = re.split(re.escape(SITE) + r"([^\"'#?<>\s]*)", text)
            pieces[1::2] = [_relative(path, page, site) for path in pieces[1::2]]
            text = "".join(pieces)
            text = text.replace('<th class="head"><p></p></th>', '<td class="head"></td>')  # a corner heads nothing
            for tag, words in _UNSAID.items():
                text = text.replace(tag, f"{tag} {words.get(language, words.get(''))}")
            page.write_text(text, encoding="utf-8")
    for page in (site / "ja").rglob("*.html"):
        twin = site / page.relative_to(site / "ja")
        if twin.exists():
            _paired(twin, page)


def _paired(first: Path, second: Path) -> None:
    """Tells the links between two pages that are one in two languages which anchor is which; most are called the same."""
    pages = first, second
    texts = [page.read_text(encoding="utf-8") for page in pages]
    parts = [
        re.split(r'(?=<section id=")', text.partition("<article")[2].partition("</article>")[0])[1:] for text in texts
    ]
    if len(parts[0]) != len(parts[1]):
        return
    ids = [[re.findall(r'<(?:section|span) id="([^"]+)"', part) for part in each] for each in parts]
    for page, text, own, other, there in zip(pages, texts, ids, reversed(ids), reversed(texts), strict=True):
        known = {*re.findall(r' id="([^"]+)"', there)}
        moved = {
            name: to[0]
            for names, to in zip(own, other, strict=True)
            for name in names
            if name not in known or re.fullmatch(r"id\d+", name)
        }
        moved = {unescape(name): unescape(to) for name, to in moved.items() if name != to}
        said = escape(json.dumps(moved, ensure_ascii=False))
        page.write_text(
            re.sub(
                r"(<a lang=\"\w+\" hreflang)", lambda found, said=said: f'<a data-anchors="{said}" {found[1][3:]}', text
            ),
            encoding="utf-8",
        )


def _relative(path: str, page: Path, site: Path) -> str:
    wanted = site / path
    if not wanted.exists() and path.startswith("ja/"):
        wanted = site / "ja" / "index.html" if (site / "ja").exists() else site / "index.html"
    if not wanted.exists():
        raise FileNotFoundError(f"{page.relative_to(site)}: there is no {path}")
    relative = Path(os.path.relpath(wanted, page.parent)).as_posix()
    return relative + "/" if path.endswith("/") or not path else relative
