"""The documentation's site: every link leads somewhere, nothing is loaded from elsewhere, people with a screen reader can use it."""

from __future__ import annotations

import ast
import base64
import html
import importlib
import json
import re
import runpy
import zlib
from collections import Counter
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

import tinygrad_bp
from tests.browser import axe_violations
from tests.site import ROOT, built, served

pytestmark = [pytest.mark.site, pytest.mark.extras, pytest.mark.slow]

# Of HTML: they have no end.
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
LOADING = {"script": "src", "img": "src", "source": "srcset", "iframe": "src", "link": "href", "video": "src"}


class Reader(HTMLParser):
    """What a page says of itself."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: Counter[str] = Counter()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.tags: Counter[str] = Counter()
        self.language = ""
        self.unnamed_pictures = 0
        self.open: list[str] = []
        self.badly_nested: list[str] = []
        self.feed(text)
        self.close()
        self.badly_nested += [f"<{tag}> is not closed" for tag in self.open]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.tags[tag] += 1
        if tag not in VOID:
            self.open.append(tag)
        if tag == "html":
            self.language = given.get("lang", "")
        if "id" in given:
            self.ids[given["id"]] += 1
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        if tag == "img" and "alt" not in given:
            self.unnamed_pictures += 1
        if tag in LOADING and (address := given.get(LOADING[tag])):
            self.loaded.append(address)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:  # <path/> of a picture
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        if self.open and self.open[-1] == tag:
            self.open.pop()
        else:
            self.badly_nested.append(f"line {self.getpos()[0]}: </{tag}> within {self.open[-3:]}")


NOWHERE = Reader("")


@cache
def pages() -> dict[Path, Reader]:
    """The pages that Sphinx wrote; those of `explore` and the playground have tests of their own."""
    site = built()
    made = {page.parent / "index.html" for page in (ROOT / "docs" / "pages").glob("*/README.md")}
    others = {site / page.relative_to(ROOT / "docs") for page in made} | {site / "play" / "index.html"}
    return {page: read for page, read in every_page().items() if page not in others}


@cache
def every_page() -> dict[Path, Reader]:
    """All pages of the site."""
    return {page: Reader(page.read_text(encoding="utf-8")) for page in sorted(built().rglob("*.html"))}


def wrong(address: str, page: Path) -> str:
    """What is wrong with an address within the site; nothing if it leads somewhere."""
    parts = urlsplit(address)
    if parts.scheme or parts.netloc:
        return ""
    target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
    if target.is_dir():
        target /= "index.html"
    if not target.is_file():
        return f"{page.name}: {address}: there is no such file"
    if parts.fragment and not leads(parts.fragment, target):
        return f"{page.name}: {address}: there is no such anchor"
    return ""


def leads(fragment: str, target: Path) -> bool:
    """Whether a page has this anchor, or understands it: a place of its own graph, a program, an exercise."""
    if unquote(fragment) in every_page().get(target, NOWHERE).ids:
        return True
    if target in pages():
        return False
    kind, _, said = fragment.partition("=")
    if target.parent == built() / "play":
        if kind == "exercise":
            return said in exercises()
        return kind == "p" and compiles(zlib.decompress(unpacked(said), -15).decode())
    state = json.loads(unpacked(said)) if kind == "s" else {}
    return state.get("version") == 2 and state.get("graph") == graphs()[target.parent.name]


def unpacked(text: str) -> bytes:
    """What an address carries, in letters that addresses may have."""
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars="-_", validate=True)


def compiles(program: str) -> bool:
    return bool(ast.parse(program).body)


@cache
def exercises() -> set[str]:
    """The names of the playground's exercises."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT / "docs" / "site"))
        course: Any = importlib.import_module("exercising")
    return {each["name"] for each in course.course()}


@cache
def graphs() -> dict[str, int]:
    """By the name of a page of `explore` the number that its graph has in addresses."""
    places = runpy.run_path(str(ROOT / "docs" / "places.py"))
    return {name: places["fingerprint"](places["nodes_of"](name)) for name in places["PLACES"]}


def test_every_link_and_anchor_leads_somewhere() -> None:
    assert len(pages()) > 150
    faults = [fault for page, read in every_page().items() for link in read.links if (fault := wrong(link, page))]
    assert faults == []


def test_a_link_into_a_page_that_draws_itself_is_followed_to_its_end() -> None:
    """The crawler tells a program, an exercise and a place that are there from those that are not."""
    lesson, en = built() / "learn" / "5-build-the-engine.html", "../play/"
    links = [link for read in every_page().values() for link in read.links]
    assert {link.partition("#")[2].partition("=")[0] for link in links if "/play/" in link} >= {"p", "exercise"}
    assert wrong(f"{en}#exercise=mul", lesson) == ""
    assert wrong(f"{en}#exercise=mull", lesson)
    assert wrong(f"{en}#there-is-none", lesson)
    [place] = [link for link in pages()[lesson].links if "pages/tutorial/" in link and "#s=" in link]
    assert wrong(place, lesson) == ""
    assert wrong(place.replace("pages/tutorial/", "pages/xor-two/"), lesson)  # of another graph


def test_tags_are_nested() -> None:
    assert Reader("<p><b>x</p></b>").badly_nested
    assert Reader("<div><p>x</p>").badly_nested
    assert not Reader("<div><br><svg><path/></svg></div>").badly_nested
    faults = [
        f"{page.relative_to(built())}: {fault}"
        for page, read in every_page().items()
        for fault in read.badly_nested[:2]
    ]
    assert faults == []


def test_nothing_is_loaded_from_elsewhere() -> None:
    faults = []
    for page, read in every_page().items():
        for address in read.loaded:
            if urlsplit(address).scheme not in ("", "data") or address.startswith("//"):
                faults.append(f"{page.name}: {address}")
            elif not address.startswith("data:") and not address.endswith("opensearch.xml"):
                faults += [fault] if (fault := wrong(address, page)) else []
    assert faults == []
    for style in built().rglob("*.css"):
        text = re.sub(r"/\*.*?\*/", "", style.read_text(encoding="utf-8"), flags=re.DOTALL)
        assert not re.findall(r"@import|url\(\s*[\"']?(?:https?:)?//", text), style


def test_pages_are_whole() -> None:
    for page, read in every_page().items():
        assert read.language in ("en", "ja"), page
        assert read.tags["title"] > 0, page
        assert not read.unnamed_pictures, page
        assert [name for name, count in read.ids.items() if count > 1] == [], page
    for page, read in pages().items():
        assert read.tags["h1"] == 1 or page.name in ("search.html", "genindex.html"), page
        assert any("icon" in address for address in read.loaded), page
        assert "site.invalid" not in page.read_text(encoding="utf-8"), page


@pytest.mark.parametrize(("page", "readme"), [("", "README.md"), ("ja/", "docs/ja/README.md")])
def test_the_front_page_says_first_what_this_is_and_shows_it(page: str, readme: str) -> None:
    source = (ROOT / readme).read_text(encoding="utf-8")
    said = source.split("\n\n")[2]
    _, _, article = (built() / page / "index.html").read_text(encoding="utf-8").partition("<article")
    title, _, rest = article.partition("</h1>")
    assert "tinygrad_bp" in title
    paragraph, _, rest = rest.partition("</p>")
    words = html.unescape(re.sub("<[^>]*>", "", paragraph))
    assert words.split() == said.replace("`", "").split()
    assert rest.index("neuron.svg") < rest.index("<h2>")
    assert "<h1>" not in rest


def test_every_page_of_markdown_is_there() -> None:
    site = built()
    for page in (ROOT / "docs").rglob("*.md"):
        path = page.relative_to(ROOT / "docs")
        if path.parts[0] not in ("_build", "site", "play"):
            name = "program" if path.parent.parent.name == "pages" else "index"
            assert (
                site / (path.with_name(f"{name}.html") if path.stem == "README" else path.with_suffix(".html"))
            ).exists()
    assert all((site / f"{name}.html").exists() for name in ("readme", "changelog", "contributing"))
    folders = [folder for folder in (ROOT / "docs" / "pages").iterdir() if (folder / "README.md").exists()]
    assert folders
    for folder in folders:
        assert "</html>" in (site / "pages" / folder.name / "index.html").read_text(encoding="utf-8")


def test_every_public_name_is_in_the_reference() -> None:
    ids = {name for page, read in pages().items() if page.parent.name == "api" for name in read.ids}
    for name in tinygrad_bp.__all__:
        assert f"tinygrad_bp.{name}" in ids
    for name in (
        "drawing.set_renderer",
        "drawing.Drawing",
        "networks.training.History",
        "optim.cosine_annealing",
        "data.TRUTH_TABLES",
    ):
        assert f"tinygrad_bp.{name}" in ids


def test_the_reference_says_what_each_name_is_with_readable_types_and_its_source() -> None:
    seen = 0
    for page in sorted((built() / "api").glob("*.html")):
        text = page.read_text(encoding="utf-8")
        for part in re.split(r'(?=<dt class="sig sig-object py" id=)', text)[1:]:
            seen += 1
            name = part.split('"')[3]
            heads = "".join(re.findall(r'(?s)<dt class="sig.*?</dt>', part))
            assert re.search(r'href="\.\./source/[\w/]+\.py\.html#line-\d+"', heads), name
            kinds = html.unescape(re.sub(r"<[^>]*>", "", heads))
            assert not re.search(r"Alias|<factory>|\[\[\.\.\.|collections\.|typing\.|Domain\(needs=", kinds), kinds
            said = re.sub(r'(?s)<dt class="sig.*?</dt>', "", part).partition("</dd>")[0]
            assert re.sub(r"<[^>]*>|\s", "", said), name
        words = html.unescape(re.sub(r"(?s)<math.*?</math>|<[^>]*>", "", text))
        assert not re.search(r"\\[a-z]+[{\\]|Call self as|collections\.abc|Bases: object|`", words), page
    assert seen > 290
    core = (built() / "api" / "core.html").read_text(encoding="utf-8")
    assert 'id="tinygrad_bp.ops.erf_slope"' in core
    assert core.count("<math") > 120


def test_the_link_to_the_other_language_knows_every_anchor() -> None:
    for name in ("learn/1-rates-multiply-rates-add.html", "faq.html"):
        first, second = built() / name, built() / "ja" / name
        for page, twin in ((first, second), (second, first)):
            [said] = re.findall(r'<a data-anchors="([^"]*)"', page.read_text(encoding="utf-8"))
            moved = json.loads(html.unescape(said))
            sections = re.findall(r'<section id="([^"]+)"', page.read_text(encoding="utf-8"))
            assert len(sections) > 5
            assert {moved.get(anchor, anchor) for anchor in sections[1:]} <= pages()[twin].ids.keys()


def test_what_the_playground_keeps_of_lessons_is_there() -> None:
    kept = json.loads((built() / "play" / "lessons.json").read_text(encoding="utf-8"))
    for language, folder in (("en", "learn"), ("ja", "ja/learn")):
        assert sum(name.startswith(f"{folder}/") and name.endswith(".html") for name in kept[language]) == 9
        assert all((built() / name).is_file() for name in kept[language])
        assert "_static/styles/furo.css" in str(kept[language])


def test_formulas_are_mathml_and_the_version_is_said() -> None:
    page = (built() / "worked-example.html").read_text(encoding="utf-8")
    assert page.count("<math") > 10
    assert "$" not in re.sub(r"(?s)<(pre|code|script|style|math).*?</\1>", "", page)
    assert f"tinygrad_bp {tinygrad_bp.__version__}" in page


def test_blocks_of_python_open_the_playground() -> None:
    for folder, start in (("learn", "../play/#p="), ("ja/learn", "../../play/?lang=ja#p=")):
        page = built() / folder / "1-rates-multiply-rates-add.html"
        links = [link for link in pages()[page].links if "#p=" in link]
        assert len(links) >= 5
        assert all(link.startswith(start) for link in links)
    assert (built() / "play" / "index.html").exists()
    for name in ("numpy.html", "machine-code.html", "api/core.html"):
        assert not [link for link in pages()[built() / name].links if "#p=" in link]


def test_lessons_lead_to_their_exercises_in_the_playground() -> None:
    for folder, query in (("learn", ""), ("ja/learn", "?lang=ja")):
        found = Counter(
            link.split("play/")[1]
            for page, read in pages().items()
            if page.parent == built() / folder
            for link in read.links
            if "#exercise=" in link
        )
        assert found[f"{query}#exercise=mul"] == 1
        assert len(found) == 17


@pytest.mark.browser
def test_pages_are_accessible_fit_a_phone_and_ask_for_nothing(browser: Any) -> None:
    with served(built()) as site:
        asked: list[str] = []
        for scheme in ("light", "dark"):
            context = browser.new_context(color_scheme=scheme, viewport={"width": 360, "height": 800})
            context.on("request", lambda request: asked.append(request.url))
            page = context.new_page()
            for name in ("index.html", "worked-example.html", "api/drawing.html", "ja/search.html", "benchmarks.html"):
                page.goto(site + name)
                assert axe_violations(page) == [], f"{name}, {scheme}"
                assert page.evaluate("document.documentElement.scrollWidth") == 360
            # A picture follows the page where the reader has chosen.
            page.goto(site + "worked-example.html")
            shown = "document.querySelector('article picture img').currentSrc"
            assert ("-dark.svg" in page.evaluate(shown)) == (scheme == "dark")
            page.evaluate("document.body.dataset.theme = 'dark'")
            page.wait_for_function(f"{shown}.includes('-dark.svg')")
            # One that decides for itself does, too.
            page.goto(site + "benchmarks.html")
            chart = page.locator("article img").first
            for theme in ("dark", "light"):
                page.evaluate("theme => { document.body.dataset.theme = theme }", theme)
                assert chart.evaluate("image => getComputedStyle(image).colorScheme") == theme
            context.close()
        assert [url for url in asked if not url.startswith(site)] == []


@pytest.mark.browser
def test_what_is_searched_for_is_found(browser: Any) -> None:
    with served(built()) as site:
        page = browser.new_page()
        page.goto(site + "search.html?q=reverse+topological+order")
        page.wait_for_selector("ul.search li a", timeout=60_000)
        assert any(
            "topological-order.html" in link.get_attribute("href") for link in page.query_selector_all("ul.search li a")
        )
        page.goto(site + "ja/search.html?q=連鎖律")
        page.wait_for_selector("ul.search li a[href*='learn/']", timeout=60_000)
        # Questions are cut as pages are: every term of the glossary is found, whatever it is made of.
        text = (ROOT / "docs" / "ja" / "glossary.md").read_text(encoding="utf-8")
        terms = [*re.findall(r"\*\*(\w+)", text), "誤差逆伝播法", "勾配消失", "ｇｒａｄとＭＬＰ", "check_gradients"]
        cut = page.evaluate("terms => terms.map(splitQuery)", terms)
        with pytest.MonkeyPatch.context() as patch:
            patch.syspath_prepend(str(ROOT / "docs" / "site"))
            searching: Any = importlib.import_module("searching")
        assert cut == [searching.pieces(term) for term in terms]
        index = json.loads((built() / "ja" / "searchindex.js").read_text("utf-8").partition("(")[2].rpartition(")")[0])
        known = {*index["terms"], *index["titleterms"]}
        assert len(terms) > 60
        missing = {part for parts in cut for part in parts if not part.isdigit()} - known  # numbers are not looked for
        assert missing == set()
        for term in ("誤差逆伝播法", "勾配消失", "交差エントロピー", "計算グラフ", "層"):
            page.goto(site + f"ja/search.html?q={term}")
            page.wait_for_selector("ul.search li a", timeout=60_000)
        page.close()
