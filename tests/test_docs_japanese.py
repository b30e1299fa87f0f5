"""The docs in two languages say the same: a page of docs/ja has the blocks, the numbers, the anchors, the links and the pictures of its
English twin, and says so in Japanese. A page that lags behind its twin is named, with what it lacks.

The blocks of such a page are those of its twin, letter by letter, so tests/test_docs.py runs them once. Only what is asked for in Japanese,
by `language="ja"`, differs, and what that prints: these blocks run after those of the twin.
"""

from __future__ import annotations

import json
import os
import re
import runpy
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.test_docs import BLOCKS, IN_JAPANESE, ROOT, Block, anchors, blocks, in_japanese, prose

DOCS = ROOT / "docs"
JAPANESE = DOCS / "ja"
TWINS = [page for page in sorted(JAPANESE.rglob("*.md")) if page != JAPANESE / "README.md"]

TRANSLATED = runpy.run_path(str(DOCS / "translated.py"))

PUNCTUATION = "「」（）、。："
LETTER = r"[\u3040-\u30ff\u4e00-\u9fff]"
# What a sentence in plain style ends with; these pages speak politely.
PLAIN = re.compile(r"(?:(?<![でま])す|(?<!しょ)う|[くつぬふむるぐぶ]|だ|(?<!くださ)(?<!は)い|(?<![でま]し)た)。")
OTHER_WORDS = {  # for which the pages, the lessons and the page of `explore` have another word
    "逆伝搬": "逆伝播",
    "順伝搬": "順伝播",
    "パラメーター": "パラメータ",
    "正味入力": "総入力",
    "純入力": "総入力",
    "連鎖則": "連鎖律",
    "計算図": "計算グラフ",
    "ブラウザで": "ブラウザーで",
}


def twin(page: Path) -> Path:
    return DOCS / page.relative_to(JAPANESE)


def headings(source: str) -> list[int]:
    """The levels of the headings of a page."""
    return [len(signs) for signs in re.findall(r"^(#+) ", BLOCKS.sub("", source), re.MULTILINE)]


def addresses(source: str) -> list[str]:
    """The anchors of a page: those that are set in it, and those of its headings, but for its title and for headings with one set above."""
    text = BLOCKS.sub("", source)
    above = r"^(?:<a id=\"[\w-]+\"></a>\n\n)?"
    bare = [found[2] for found in re.finditer(above + r"(##+) (.*)$", text, re.MULTILINE) if found[0].startswith("#")]
    return [*re.findall(r'<a id="([\w-]+)"></a>', text), *(anchors(f"## {words}")[0] for words in bare)]


KINDS = {"items": r"- |\d+\. ", "rows": r"\|", "HTML": "<", "paragraphs": ""}


def shape(source: str) -> list[tuple[str, Counter[str]]]:
    """What stands under each heading, by the heading's address: how many paragraphs, items of lists, and rows of tables."""
    text = re.sub(r"^\[[\w-]+\]: \S+$", "", BLOCKS.sub("", source), flags=re.MULTILINE)
    parts = re.split(r"^(?:<a id=\"([\w-]+)\"></a>\n\n)?##+ (.*)$", text, flags=re.MULTILINE)
    found = [("", Counter(kinds(parts[0])))]
    for anchor, words, part in zip(parts[1::3], parts[2::3], parts[3::3], strict=True):
        found.append((anchor or anchors(f"## {words}")[0], Counter(kinds(part))))
    return found


def kinds(part: str) -> Iterator[str]:
    """What each paragraph is; of a list or a table, once for every item or row."""
    for paragraph in re.split(r"\n\s*\n", part.strip("\n")):
        lines = [
            next(kind for kind, beginning in KINDS.items() if re.match(beginning, line))
            for line in paragraph.splitlines()
        ]
        yield from lines[:1] + [kind for kind in lines[1:] if kind == lines[0] and kind in ("items", "rows")]


def as_twin(block: Block) -> str:
    """A block as it stands on the English page, but for the comments at the ends of lines, which are in the language of the page."""
    if block.language != "python":
        return block.text
    return re.sub(r"(?m)  # [^\"'\n]*$", "  #", block.text.replace(IN_JAPANESE, ""))


def figures(text: str) -> Counter[str]:
    """The numbers in what is printed."""
    return Counter(re.findall(r"-?\d+(?:\.\d+)?(?:e[-+]?\d+)?", text, re.ASCII))


def decimals(source: str) -> set[str]:
    return set(re.findall(r"(?<![\w.])\d+\.\d+(?:e[-+]?\d+)?", prose(source), re.ASCII))


def integers(source: str) -> set[str]:
    """The whole numbers of three digits and more. (Japanese has more of them: it writes 100 万 for a million.)"""
    return set(
        re.findall(r"(?<![\w.,])\d{1,3}(?:,\d{3})+(?![\w.])|(?<![\w.,])\d{3,}(?![\w.])", prose(source), re.ASCII)
    )


def options(source: str) -> set[str]:
    return set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", prose(source)))


def links(source: str, page: Path) -> Counter[str]:
    """Where the links and pictures of a page lead, from docs, whatever the language of what they lead to, but for those to its twin."""
    text = BLOCKS.sub("", source)
    found = re.findall(r"\]\(([^)\s]+)\)", text) + re.findall(r'(?:src|srcset|href)="([^"]*)"', text)
    counted: Counter[str] = Counter(f"[{place}]" for place in re.findall(r"\]\[([\w-]+)\]", text))
    for target in found:
        path, sign, anchor = target.partition("#")
        if "://" in path:
            counted[target] += 1
            continue
        to = os.path.relpath(page.parent / path, DOCS) if path else page.relative_to(DOCS).as_posix()
        if to == "ja/README.md" and anchor:  # which is the twin of the project's
            to = "../README.md"
        to = re.sub(r"^(pictures/.*)-ja\.svg$", r"\1.svg", to.removeprefix("ja/"))
        if anchor or to != page.relative_to(DOCS).as_posix().removeprefix("ja/"):
            counted[to + sign + anchor] += 1
    return counted


def lags(english: str, japanese: str, page: Path) -> Iterator[str]:
    """What a Japanese page does not have as its English twin has it."""
    ours, theirs = blocks(japanese), blocks(english)
    if len(ours) != len(theirs):
        yield f"blocks: {len(ours)}, where the English page has {len(theirs)}"
    printed = {block.text for block in in_japanese(japanese, english) if block.language == "text"}
    for block, other in zip(ours, theirs, strict=False):
        same = figures(other.text) <= figures(block.text) if block.text in printed else as_twin(block) == as_twin(other)
        if block.language != other.language or not same:
            yield f"line {block.line}: not the block of line {other.line} of the English page"
            break
    if headings(japanese) != headings(english):
        yield f"headings: {len(headings(japanese))}, where the English page has {len(headings(english))}, or of other levels"
    for (address, ours_there), (_, theirs_there) in zip(shape(japanese), shape(english), strict=False):
        if ours_there != theirs_there:
            yield f"under #{address}: {dict(ours_there)}, where the English page has {dict(theirs_there)}"
    if missing := [anchor for anchor in addresses(english) if anchor not in addresses(japanese)]:
        yield f"anchors that are not there: {missing}"
    if apart := decimals(english) ^ decimals(japanese):
        yield f"numbers in one language only: {sorted(apart)}"
    if missing := sorted(integers(english) - integers(japanese)):
        yield f"numbers that are not there: {missing}"
    if apart := options(english) ^ options(japanese):
        yield f"options in one language only: {sorted(apart)}"
    ours_lead, theirs_lead = links(japanese, page), links(english, twin(page))
    if ours_lead != theirs_lead:
        yield f"links: not there {list(theirs_lead - ours_lead)}, only here {list(ours_lead - theirs_lead)}"


def spaced(text: str) -> list[str]:
    """Numbers, or the places of numbers in words, that a space parts from what they count: 2 つ, {count} 個, レッスン 5."""
    counters = "つ|個|問|回|本|行|桁|歩|枚|倍|層|種類|周|件|通り|か所|番|文字|段"
    return re.findall(rf"(?<![\w.,])(?:\d[\d.,]*|\{{\w+\}}) (?:{counters})|レッスン [\d{{]\w*", text)


def not_japanese(source: str) -> Iterator[str]:
    """What is not said in the Japanese of these pages."""
    text = re.sub(r"(?m)^\[[\w-]+\]: \S+$", "", prose(source))  # the addresses of places on pages
    text = re.sub(r"`[^`\n]*`|\$\$.*?\$\$", "", text, flags=re.DOTALL)
    for paragraph in re.split(r"\n\s*\n", text):
        if len(re.findall(r"\b[a-z]{2,}\b", paragraph, re.ASCII)) > 12 and not re.search(LETTER, paragraph):
            yield f"in English: {paragraph[:60]!r}"
    said = re.sub(r"「[^」]*」|<[^>]*>", "", text)
    yield from (f"not polite: {said[max(0, found.start() - 20) : found.end()]!r}" for found in PLAIN.finditer(said))
    yield from (f"{word}: {better}" for word, better in OTHER_WORDS.items() if word in said)
    for found in re.finditer(r"(.?)(\*+)([^*\n]+)\2(.?)", text):
        before, _, inside, after = found.groups()
        if (inside[0] in PUNCTUATION and re.match(LETTER, before)) or (
            inside[-1] in PUNCTUATION and re.match(LETTER, after)
        ):
            yield f"no emphasis to Markdown, with a bracket inside and a letter outside: {found[0]!r}"
    yield from (f"a space before a counter: {found}" for found in spaced(text))
    # A line's end would be shown as a space.
    yield from re.findall(
        rf"^(?![#|<-]).*(?:{LETTER}|[{PUNCTUATION}])$\n^(?:{LETTER}|\d(?!\d*\. )).*", text, re.MULTILINE
    )


@pytest.mark.parametrize("page", TWINS, ids=lambda page: str(page.relative_to(DOCS)))
def test_a_page_keeps_up_with_its_twin(page: Path) -> None:
    assert twin(page).exists(), "there is no such page in English"
    found = list(lags(twin(page).read_text(encoding="utf-8"), page.read_text(encoding="utf-8"), page))
    assert found == [], f"{page.relative_to(ROOT)} lags behind {twin(page).relative_to(ROOT)}:\n" + "\n".join(found)


def test_no_page_lags_behind_the_words_of_its_twin() -> None:
    found = [
        f"{TRANSLATED['japanese'](page)}: {each}" for page, what in TRANSLATED["lagging"]().items() for each in what
    ]
    assert found == [], "say it in Japanese, then: python docs/translated.py PAGE\n" + "\n".join(found)
    assert set(TRANSLATED["stored"]()) == {"../README.md"} | {
        str(twin(page).relative_to(DOCS).as_posix()) for page in TWINS
    }


@pytest.mark.parametrize("page", sorted(JAPANESE.rglob("*.md")), ids=lambda page: str(page.relative_to(DOCS)))
def test_a_page_is_in_japanese(page: Path) -> None:
    assert list(not_japanese(page.read_text(encoding="utf-8"))) == []


def test_numbers_stand_beside_what_they_count() -> None:
    assert spaced("2 つの事例、{count} 個、1,024 本、レッスン 5、レッスン {number}") == [
        *("2 つ", "{count} 個", "1,024 本", "レッスン 5", "レッスン {number")
    ]
    assert spaced("2つの事例、w5 倍、8η 倍、{name} の個数、1 から始めて") == []
    for words in (DOCS / "play" / "words.json", ROOT / "tinygrad_bp" / "words" / "ja.json"):
        found = json.loads(words.read_text(encoding="utf-8"))
        assert spaced(json.dumps(found.get("ja", found), ensure_ascii=False)) == [], words


def test_the_readmes_lead_to_each_other_and_to_every_page() -> None:
    assert (ROOT / "README.md").read_text(encoding="utf-8").partition("\n")[0].endswith("[日本語](docs/ja/README.md)")
    source = (JAPANESE / "README.md").read_text(encoding="utf-8")
    assert source.startswith("[English](../../README.md)")
    led = re.findall(r"\]\(([^)\s#]+)", source)
    listed = [page for page in TWINS if page.parent == JAPANESE or page.name == "README.md"]
    assert [page.name for page in listed if page.relative_to(JAPANESE).as_posix() not in led] == []


ENGLISH = """# Page

The error is 0.298371109 after 1,000 rounds with `--lr`: [more](networks.md#data).

## A part

```python
>>> 1
1
```
"""
TWIN = """# ページ

`--lr` を付けて1,000回学習した後の誤差は 0.298371109 です。[くわしくは](../networks.md#data)

<a id="a-part"></a>

## ある部分

```python
>>> 1
1
```
"""
SHEET = TWIN.replace("1\n1\n```", f"f(2{IN_JAPANESE})\n```\n\n```text\n答え 2.5\n```").replace(">>> ", "")
LAGGING = {
    "a block less": (TWIN.split("```")[0], "blocks"),
    "another block": (TWIN.replace(">>> 1", ">>> 2"), "line 9"),
    "a heading less": (TWIN.replace("## ある部分", ""), "headings"),
    "another level": (TWIN.replace("## ある部分", "### ある部分"), "headings"),
    "no anchor": (TWIN.replace("a-part", "part"), "anchors"),
    "another number": (TWIN.replace("0.298371109", "0.298371108"), "numbers"),
    "a rounded number": (TWIN.replace("0.298371109", "0.3"), "numbers"),
    "a number less": (TWIN.replace("1,000", "1"), "numbers"),
    "a paragraph more": (TWIN + "\n段落がもう1つあります。\n", "under #a-part"),
    "an item in place of a paragraph": (TWIN.replace("`--lr` を", "- `--lr` を"), "under #"),
    "an option less": (TWIN.replace("`--lr`", "`lr`"), "options"),
    "another place": (TWIN.replace("#data", "#training"), "links"),
    "a link less": (TWIN.replace("[くわしくは](../networks.md#data)", ""), "links"),
}


@pytest.mark.parametrize(("source", "beginning"), LAGGING.values(), ids=LAGGING.keys())
def test_what_lags_is_found(source: str, beginning: str) -> None:
    page = JAPANESE / "page.md"
    assert list(lags(ENGLISH, TWIN, page)) == []
    assert any(found.startswith(beginning) for found in lags(ENGLISH, source, page))


def test_what_is_asked_for_in_japanese_is_printed_so() -> None:
    page = JAPANESE / "page.md"
    english = ENGLISH.replace(">>> 1\n1\n```", "f(2)\n```\n\n```text\nAnswer 2.5\n```")
    assert list(lags(english, SHEET, page)) == []
    assert [block.text for block in in_japanese(SHEET, english)] == [f"f(2{IN_JAPANESE})\n", "答え 2.5\n"]
    assert [*lags(english, SHEET.replace("答え 2.5", "答え 2.4"), page)] == [
        "line 13: not the block of line 11 of the English page"
    ]
    assert [*lags(english, SHEET.replace("f(2", "f(3"), page)] == [
        "line 9: not the block of line 7 of the English page"
    ]


REWORDED = {
    "nothing": (ENGLISH, []),
    "other lines and places": (ENGLISH.replace(" after 1,000", "\nafter 1,000").replace("#data", "#x"), []),
    "another block": (ENGLISH.replace(">>> 1", ">>> 2"), []),
    "a sentence": (
        ENGLISH.replace("after", "only after"),
        ["#: reworded or new: 'The error is 0.298371109 only after"],
    ),
    "a heading": (ENGLISH.replace("A part", "One part"), ["#one-part: reworded or new", "#a-part: no longer there"]),
    "a paragraph more": (ENGLISH + "\nMore.\n", ["#a-part: reworded or new: 'More.'"]),
    "a paragraph less": (
        ENGLISH.replace("The error", "```text\nThe error").replace("#data).", "#data).\n```"),
        ["#: something was left"],
    ),
}


@pytest.mark.parametrize(("source", "beginnings"), REWORDED.values(), ids=REWORDED.keys())
def test_english_that_was_reworded_is_found(source: str, beginnings: list[str]) -> None:
    found = list(TRANSLATED["lags"]("page.md", source, TRANSLATED["fingerprints"]("page.md", ENGLISH)))
    assert len(found) == len(beginnings)
    assert all(each.startswith(beginning) for each, beginning in zip(found, beginnings, strict=True))


def test_only_pages_that_are_named_are_renewed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = runpy.run_path(str(DOCS / "translated.py"))
    monkeypatch.setitem(names["renew"].__globals__, "STORE", tmp_path / "translated.json")
    assert names["renew"](["faq.md", "learn"])[:2] == ["faq.md", "learn/0-turn-a-knob.md"]
    assert {name.partition("/")[0] for name in names["stored"]()} == {"faq.md", "learn"}
    assert "errata.md" in names["lagging"]()
    assert "faq.md" not in names["lagging"]()
    with pytest.raises(ValueError, match=r"no page in Japanese for nothing\.md: there are \.\./README\.md, "):
        names["renew"](["nothing.md"])


@pytest.mark.parametrize(
    "source",
    [
        "The error is a number that says how wrong the network is, and it gets smaller with every round.",
        "誤差は小さくなる。",
        "誤差逆伝搬法です。",
        "これは**反復（イテレーション）**です。",
        "これは**「反復」**です。",
        "一行目\n二行目です。",
        "全体を\n1つのファイルにします。",
        "`xor`、`or`、\n自分のプログラムです。",
    ],
)
def test_what_is_no_such_japanese_is_found(source: str) -> None:
    assert list(not_japanese(source))
    assert (
        list(
            not_japanese(
                "これは**反復**（イテレーション）です。`plain English code is left alone, however long it may be`"
            )
        )
        == []
    )
