"""Addresses: of headings, and those that lead out of what Sphinx builds at once, to the other language and the pages of `explore`.

While pages are written one that leads out begins with `SITE`; when the site is whole it is made relative, so that the site can lie
anywhere.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

SITE = "https://site.invalid/"
# What the theme leaves unsaid to screen readers: the level of headings, and which of two columns this is.
_UNSAID = {
    'class="caption" role="heading"': {"": 'aria-level="2"'},
    '<aside class="sidebar-drawer"': {"en": 'aria-label="Pages"', "ja": 'aria-label="ページ一覧"'},
    '<aside class="toc-drawer"': {"en": 'aria-label="On this page"', "ja": 'aria-label="このページの内容"'},
}


def anchor_of(heading: str) -> str:
    """What a heading is called in addresses, as GitHub calls it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def settle(site: Path) -> None:
    """Makes addresses of the site relative in all pages that Sphinx wrote.

    What leads to a page that is not there in Japanese leads to the first page in that language.
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


def _relative(path: str, page: Path, site: Path) -> str:
    wanted = site / path
    if not wanted.exists() and path.startswith("ja/"):
        wanted = site / "ja" / "index.html" if (site / "ja").exists() else site / "index.html"
    relative = Path(os.path.relpath(wanted, page.parent)).as_posix()
    return relative + "/" if path.endswith("/") or not path else relative
