"""The file of a page of the explorer: whole, safe, in two languages, its modules joined."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

import tinygrad_bp as tg
from tests.subjects import LABELS, W, X, all_operations, attending, called, chain, hostile, mlp, recurrent
from tinygrad_bp import Value, explore
from tinygrad_bp.core.order import topological_order
from tinygrad_bp.explorer import Page, page, tight
from tinygrad_bp.explorer import subject as subjects
from tinygrad_bp.explorer.description import describe
from tinygrad_bp.explorer.packing import unpack
from tinygrad_bp.explorer.page import SCRIPTS, page_texts, text_table
from tinygrad_bp.explorer.points import POINTS
from tinygrad_bp.explorer.subject import of_model, of_value
from tinygrad_bp.lessons.marking.mistakes import mistakes
from tinygrad_bp.networks.data import TRUTH_TABLES
from tinygrad_bp.text import printable
from tinygrad_bp.tutorial.figures import FIGURES
from tinygrad_bp.words import LANGUAGES, words

ASSETS = Path(page.__file__).parent / "web"
DOCS = Path(__file__).parent.parent / "docs"


# The page


class Read(HTMLParser):
    """What a browser finds in a page: the elements with attributes, and the texts in them."""

    def __init__(self, text: Any) -> None:
        super().__init__()
        self.elements, self.path, self.comments = [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: Any, attributes: Any) -> None:
        self.elements.append([tag, dict(attributes), ""])
        if tag not in ("meta", "br", "link", "img"):
            self.path.append(self.elements[-1])

    def handle_endtag(self, tag: Any) -> None:
        assert self.path.pop()[0] == tag

    def handle_data(self, text: Any) -> None:
        if self.path:
            self.path[-1][2] += text

    def handle_comment(self, text: Any) -> None:
        self.comments.append(text)

    def all(self, tag: Any) -> Any:
        return [(attributes, text) for name, attributes, text in self.elements if name == tag]

    def json(self, name: Any) -> Any:
        [text] = [text for attributes, text in self.all("script") if attributes.get("id") == name]
        return json.loads(text)

    @property
    def description(self) -> Any:
        return self.json("description")

    @property
    def policy(self) -> Any:
        [content] = [a["content"] for a, _ in self.all("meta") if a.get("http-equiv") == "Content-Security-Policy"]
        return dict(part.split(" ", 1) for part in content.split("; "))


def parsed(made: Any) -> Any:
    return Read(made.html)


@pytest.fixture(scope="module")
def texts() -> Any:
    return {language: page_texts(language) for language in LANGUAGES}


@pytest.fixture(scope="module")
def tutorial() -> Any:
    return explore("tutorial")


def test_one_page_for_the_worked_example(tutorial: Any) -> None:
    assert len(tutorial.html.encode()) < 600_000
    read = parsed(tutorial)
    assert read.path == []
    assert read.comments == []
    assert [attributes.get("id") for attributes, _ in read.all("script")] == ["texts", "description", "state", None]
    assert read.json("state") is None
    assert read.json("texts") == text_table()
    assert read.description["kind"] == "tutorial"
    assert not re.search(r"\{\{[A-Z]+\}\}", tutorial.html)


@pytest.mark.parametrize(("language", "written"), [(None, "en"), ("en", "en"), ("ja", "ja")])
def test_the_language(language: str | None, written: str) -> None:
    read = parsed(explore(W * X, language=language))
    assert read.description["language"] == language
    [(attributes, _)] = read.all("html")
    assert attributes["lang"] == written


@pytest.mark.slow
def test_the_same_page_in_every_process() -> None:
    code = (
        "import hashlib; from tinygrad_bp import MLP, Value, explore; x = [Value(k / 10) for k in range(8)]; "
        "y = sum(a * b for a, b in zip(x[:4], x[4:])).tanh(); net = MLP(2, [3, 1], seed=1); "
        "pages = [explore('xor'), explore(y, parameters=x[:4]), explore(net)]; "
        "print([hashlib.sha256(p.html.encode()).hexdigest() for p in pages])"
    )
    runs = {
        subprocess.run([sys.executable, "-c", code], env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=True).stdout
        for seed in "01"
    }  # fmt: skip
    assert len(runs) == 1


@pytest.mark.parametrize("thing", ["tutorial", hostile("</script>"), mlp()])
def test_the_policy_allows_this_script_and_style_alone(thing: Any) -> None:
    read = parsed(explore(thing))

    def digest(text: Any) -> Any:
        return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"

    [script] = [text for attributes, text in read.all("script") if attributes.get("type") == "module"]
    [(_, style)] = read.all("style")
    assert read.policy == {
        "default-src": "'none'", "script-src": digest(script), "style-src": digest(style), "img-src": "data: blob:", "base-uri": "'none'",
        "form-action": "'none'",
    }  # fmt: skip
    assert all("src" not in a and "href" not in a and "style" not in a for _, a, _ in read.elements)
    assert not [name for _, a, _ in read.elements for name in a if name.startswith("on")]
    assert all(attributes.get("type") in ("module", "application/json") for attributes, _ in read.all("script"))


@pytest.mark.parametrize("thing", ["tutorial", "and", mlp()])
def test_nothing_is_loaded_from_elsewhere(thing: Any) -> None:
    addresses = re.findall(r"""https?:[^\s"'`<>]*|["'(]//[^\s"'`]+""", explore(thing).html)
    assert set(addresses) == {"http://www.w3.org/2000/svg"}
    assert not re.search(r"@import|url\((?!#|data:)", (ASSETS / "style.css").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def plain() -> Any:
    return explore(W * X)


@pytest.mark.parametrize("text", LABELS, ids=lambda text: ascii(text)[:30])
def test_labels_and_titles_stay_text(tmp_path: Path, text: Any, plain: Any) -> None:
    made = explore(hostile(text), tmp_path / "page.html", title=text)
    whole = (tmp_path / "page.html").read_bytes().decode()
    read = Read(whole)
    about = read.description
    assert about["title"] == text
    named = text if printable(text).strip() else ""  # one of blanks alone is none
    assert [node.get("label", "") for node in about["nodes"] if "name" in node] == [named, named or "result"]
    shown = printable(text) or "How result is computed, and how it changes"
    assert made.title == shown
    assert read.all("title") == [({}, shown)]
    assert [tag for tag, *_ in read.elements] == [tag for tag, *_ in parsed(plain).elements]
    assert read.comments == []
    written = next(text for attributes, text in read.all("script") if attributes.get("id") == "description")
    assert written.isascii()
    assert not set("<>&") & set(written)
    assert not re.search("[\0\x1b\u2028\u2029\u200f\u202e\ufeff\uffff\ud800-\udfff]", whole)
    if re.search('[<>&"]', text) and text not in plain.html:
        assert text not in whole.replace(html.escape(text), "")


def test_numbers_are_exact() -> None:
    numbers = [1 / 3, -0.0, 5e-324, 1.7976931348623157e308, 1e22]
    leaves = [Value(x, f"x{k}") for k, x in enumerate(numbers)]
    about = parsed(explore(tg.sum_of([leaf * 0.0 for leaf in leaves]))).description
    found = [node["data"] for node in about["nodes"] if "label" in node and "data" in node]
    assert list(map(float.hex, map(float, found))) == list(map(float.hex, numbers))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("thing", "options", "kind"),
    [("tutorial", {}, "tutorial"), ("nand", {}, "truth"), (mlp(), {"rows": [([1, 0], [0, 1])]}, "network"), (mlp(), {}, "invented"),
     (called("a<{name}>", W * X), {}, "graph"), (W * X, {"title": "mine"}, None)],
)  # fmt: skip
def test_titles(texts: Any, language: Any, thing: Any, options: Any, kind: str | None) -> None:
    made = explore(thing, language=language, **options)
    title = "mine" if kind is None else texts[language][f"title.{kind}"].replace("{name}", "a<{name}>")
    assert kind is None or f"lead.{kind}" in texts[language]
    assert made.title == title
    assert parsed(made).all("title") == [({}, title)]
    assert repr(made) == f"Page(title={title!r})"


def test_a_title_may_be_one_for_each_language(texts: Any) -> None:
    both = {"en": "A valley", "ja": "谷"}
    assert [explore(W * X, title=both, language=each).title for each in (None, "en", "ja")] == [
        "A valley",
        "A valley",
        "谷",
    ]
    made = explore(called("y", W * X), title={"ja": "谷"})  # where a language has none, the page says what it is
    assert made.title == texts["en"]["title.graph"].replace("{name}", "y")
    assert parsed(made).description["title"] == {"ja": "谷"}


def test_a_page_is_saved_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = Page("<p>whole</p>", "t")
    for name in ("page.html", "page.HTM"):
        assert made.save(tmp_path / name) == tmp_path / name
        assert (tmp_path / name).read_text(encoding="utf-8") == "<p>whole</p>"
    assert explore(W * X, tmp_path / "page.html").html == (tmp_path / "page.html").read_bytes().decode()

    def refuse(source: Any, target: Any) -> None:
        raise PermissionError(13, "Permission denied")

    (tmp_path / "page.html").write_text("before", encoding="utf-8")
    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(PermissionError, match=r"cannot write .*Permission denied"):
        made.save(tmp_path / "page.html")
    assert (tmp_path / "page.html").read_text(encoding="utf-8") == "before"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["page.HTM", "page.html"]


@pytest.mark.parametrize("name", ["page", "page.txt", "page.html.gz", "html", ".html", ""])
def test_a_page_is_html(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match=r"the name should end in \.html or \.htm"):
        Page("", "").save(Path(name))
    with pytest.raises(FileNotFoundError, match="make it first"):
        Page("", "").save(tmp_path / "no" / "page.html")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("title", ["The graph", *LABELS[:8]])
def test_a_notebook_shows_the_page_in_a_sandbox(title: Any) -> None:
    made = explore(hostile(title), title=title)
    read = Read(made._repr_html_())
    [[tag, attributes, text], [listener, _, _]] = read.elements
    assert (tag, listener) == ("iframe", "script")
    # No browser shows what is in a frame. But where a notebook is not trusted the frame is taken out, and its text is not.
    assert [words(each)("notebook.untrusted") in text for each in LANGUAGES] == [True, True]
    found = re.search(r'\w=await\(async.*\)\("(.*?)",(\d+)\)\}catch', attributes["srcdoc"], re.DOTALL)
    assert found is not None
    assert unpack(found[1], int(found[2])) == made.html
    assert attributes["title"] == made.title
    assert set(attributes["sandbox"].split()) == {"allow-scripts", "allow-downloads"}
    assert attributes["allow"] == "clipboard-write *"


@pytest.mark.parametrize("name", ["tutorial", "xor"])
def test_a_cell_of_a_notebook_is_small(name: str) -> None:
    assert len(explore(name)._repr_html_().encode()) <= 150_000


@pytest.mark.slow
@pytest.mark.parametrize(
    ("thing", "nodes", "most"),
    [
        (chain(38), 79, 150_000),
        (recurrent(12), 76, 150_000),
        (attending(19), 79, 150_000),
        (tg.MLP(2, [9, 1], seed=1), 75, 150_000),
        (recurrent(165), 994, 200_000),
        (attending(240), 963, 200_000),
        (tg.MLP(16, [40, 1], seed=1), 866, 200_000),
    ],
)
def test_a_cell_is_as_small_as_the_docs_say(thing: Any, nodes: int, most: int) -> None:
    made = explore(thing)
    assert made.graph is not None
    assert len(topological_order(made.graph)) == nodes
    assert len(made._repr_html_().encode()) <= most
    said = "at most 150 kB, if its graph has up to 80 nodes, and at most 200 kB with 1,000."
    assert said in (DOCS / "explorer.md").read_text(encoding="utf-8")
    said = "80ノードまでのグラフなら 150 kB 以下、1,000ノードのグラフでも 200 kB 以下です。"
    assert said in (DOCS / "ja" / "explorer.md").read_text(encoding="utf-8")


# The words


SOURCES = {
    path.relative_to(ASSETS).with_suffix("").as_posix(): path.read_text(encoding="utf-8")
    for path in ASSETS.rglob("*.js")
}
CODE = {
    name: re.sub(r"^import [^;]*;\n|^\s*//.*\n|/\*\*(?s:.*?)\*/", "", source, flags=re.MULTILINE)
    for name, source in SOURCES.items()
}
LITERALS = {text for code in CODE.values() for text in re.findall(r'"([\w.]+)"', code)}


def key_patterns() -> Iterator[Any]:
    """The keys that are put together, such as `truth.note${k}.title`, as patterns; and the text each begins with."""
    for code in CODE.values():
        for template in re.findall(r"`((?:[\w.]|\$\{[^{}`]*\})+)`", code):
            pieces = re.split(r"\$\{[^{}]*\}", template)
            if len(pieces) > 1 and any(re.search(r"[a-z]\.|\.[a-z]", piece) for piece in pieces):
                yield re.compile("(.+)".join(map(re.escape, pieces))), pieces[0]


def test_every_text_that_is_asked_for_is_there(texts: Any) -> None:
    keys = set(texts["en"])
    spaces = {key.partition(".")[0] for key in keys if "." in key}
    asked = {key for code in CODE.values() for key in re.findall(r'\btext\("([^"]+)"', code)}
    asked |= {text for text in LITERALS if text.partition(".")[0] in spaces and "." in text}
    begun = ["", *(begin for _, begin in key_patterns())]
    assert {key for key in asked if not any(begin + key in keys for begin in begun)} == set()
    for pattern, begin in key_patterns():
        if begin:
            assert any(pattern.fullmatch(key.removeprefix(start)) for key in keys for start in begun), pattern.pattern


def test_every_text_is_asked_for(texts: Any) -> None:
    words = {word for code in CODE.values() for word in re.findall(r"\w+", code)} | LITERALS
    known = (
        words
        | set(mistakes()["page"])
        | {"tutorial", "truth", "network", "invented", "graph", *(figure.stage for figure in FIGURES)}
        | {*TRUTH_TABLES, *POINTS}
    )
    patterns = [pattern for pattern, _ in key_patterns()]

    def made(key: Any) -> Any:
        """Whether a key can be put together from words of the scripts."""
        if key in LITERALS or ("." not in key and (key in known or key.isdigit())):
            return True
        found = [match for match in (pattern.fullmatch(key) for pattern in patterns) if match]
        return any(all(map(made, match.groups())) for match in found)

    assert [key for key in texts["en"] if not made(key)] == []


def test_placeholders_are_given_where_a_text_is_asked_for_by_name(texts: Any) -> None:
    for code in CODE.values():
        for key in re.findall(r'\btext\("([^"]+)"\)', code):  # with nothing to put in
            assert "{" not in texts["en"][key] or re.search(rf'text\("{re.escape(key)}"\)\.(split|replace)', code), key


# The scripts


def exports(name: Any) -> Any:
    """What a module exports. Not by `let`: what is imported is the value at the start."""
    return re.findall(r"^export (?:async )?(?:const|function\*?|class) (\w+)", SOURCES[name], re.MULTILINE)


def imports(source: Any) -> Any:
    """What a module imports: the path of each other module, and the names from it."""
    found = re.findall(r'^import \{([^}]*)\} from "(\.|\.\./\w+)/(\w+)\.js";$', SOURCES[source], re.MULTILINE)
    return [
        (
            f"{source.partition('/')[0] if folder == '.' else folder.removeprefix('../')}/{module}",
            [name.strip() for name in given.split(",") if name.strip()],
        )
        for given, folder, module in found
    ]


def test_every_module_is_in_the_page_once(tutorial: Any) -> None:
    assert sorted(SCRIPTS) == sorted(SOURCES)
    script = parsed(tutorial).all("script")[-1][1]
    assert script.count(page._scripts()) == 1
    for name in SCRIPTS:
        linked = page._linked(name)
        assert not re.search(r"^\s*(import|export)\b(?!:)", linked, re.MULTILINE), name
        assert len(exports(name)) == len(re.findall(r"^\s*export\b(?!:)", SOURCES[name], re.MULTILINE))


def test_short_names_are_those_of_words_alone() -> None:
    linked = "\n".join(map(page._linked, SCRIPTS))
    before, after = (tight.read(script).tokens for script in (tight.plain(linked), page._scripts()))
    assert len("".join(after)) < 0.9 * len("".join(before))
    for k, (old, new) in enumerate(zip(before, after, strict=True)):
        if old != new:
            assert re.fullmatch(r"[A-Za-z_$][\w$]*", old)
            assert re.fullmatch(r"[a-zA-Z][\da-zA-Z]?", new)
            assert before[k - 1] not in (".", "?."), before[k - 1 : k + 2]


def test_modules_share_no_name_in_the_one_scope_of_the_page() -> None:
    declared = r"^(?:export )?(?:async )?(?:const|let|function\*?|class) (\w+|\{[^}]*\}|\[[^\]]*\])"
    names = {
        name: [
            each for found in re.findall(declared, SOURCES[name], re.MULTILINE) for each in re.findall(r"\w+", found)
        ]
        for name in SCRIPTS
    }
    homes = {"PROGRAMS": "the page", "MISTAKES": "the page"}
    for name in SCRIPTS:
        for each in names[name]:
            assert homes.setdefault(each, name) == name, f"{each} is a name of {homes[each]} and of {name}"


def test_the_model_knows_no_document() -> None:
    for name, code in CODE.items():
        if name.startswith("model/"):
            assert not re.search(r"\b(document|window|navigator|location|requestAnimationFrame|setTimeout)\b", code), (
                name
            )


@pytest.mark.parametrize("name", SCRIPTS)
def test_no_line_of_a_text_is_taken_for_an_import_or_export(name: Any) -> None:
    source = SOURCES[name]
    for line in re.finditer(r"^(import|export)\b", source, re.MULTILINE):
        assert source.count("`", 0, line.start()) % 2 == 0, source[line.start() :][:80]


@pytest.mark.parametrize("name", SCRIPTS)
def test_imports_name_what_an_earlier_module_exports(name: Any) -> None:
    source = SOURCES[name]
    assert len(imports(name)) == len(re.findall(r"^\s*import\b", source, re.MULTILINE))
    for module, given in imports(name):
        assert SCRIPTS.index(module) < SCRIPTS.index(name), module
        # A model knows nothing of views, and a view nothing of the shell.
        floors = ("model", "views", "shell")
        assert floors.index(module.partition("/")[0]) <= floors.index(name.partition("/")[0]), module
        assert set(given) <= set(exports(module)), module
        for each in given:
            assert re.search(rf"\b{each}\b", CODE[name]), f"{each} is imported and not used"


@pytest.mark.slow
def test_modules_import_what_they_call() -> None:
    # A forgotten import would be noticed only when that line runs.
    for name, code in CODE.items():
        there = {each for _, given in imports(name) for each in given}
        called = set(re.findall(r"(?<![\w.#])(\w+)\(|\bnew (\w+)", code)) - {("", "")}
        exported = {each for other in SOURCES if other != name for each in exports(other)}
        for each in exported.intersection(*[{word for both in called for word in both}]) - there:
            declared = re.search(
                rf"(?:const|let|function\*?|class) {each}\b|^ +(?:get |set |static |async )*{each}\(.*\{{$",
                code,
                re.MULTILINE,
            )
            assert declared, f"{name} calls {each}"


FORBIDDEN = [
    r"\.innerHTML\b", r"\bouterHTML\s*\+?=[^=]", r"insertAdjacentHTML", r"createContextualFragment", r"\.setHTML", r"DOMParser",
    r"document\.write", r"</script", r"<!--", r"javascript:", r"\beval\b", r"\bFunction\(", r"new Function", r"\bimport\s*\(",
    r"set(?:Timeout|Interval)\(\s*[\"'`]", r"\bfetch\b", r"XMLHttpRequest", r"WebSocket", r"EventSource", r"sendBeacon",
    r"sessionStorage|indexedDB|\bcookie\b", r"console\.", r"\bdebugger\b",
]  # fmt: skip


def test_the_scripts_make_no_markup_run_no_text_and_send_nothing() -> None:
    for pattern in FORBIDDEN:
        found = {name: match[0] for name, code in CODE.items() if (match := re.search(pattern, code, re.IGNORECASE))}
        assert found == {}
    assert "<" not in (ASSETS / "style.css").read_text(encoding="utf-8")


def test_nothing_but_progress_in_the_quiz_is_kept_by_the_browser() -> None:
    assert {name: code.count("localStorage") for name, code in CODE.items() if "localStorage" in code} == {
        "views/rungs": 1
    }


@pytest.mark.node
@pytest.mark.parametrize("thing", ["tutorial", "xor", "hostile", mlp(["tanh", None]), all_operations()])
def test_the_whole_script_is_javascript(tmp_path: Path, thing: Any) -> None:
    made = explore(tg.sum_of([hostile(text) for text in LABELS]) if thing == "hostile" else thing)
    path = tmp_path / "page.mjs"
    path.write_text(parsed(made).all("script")[-1][1], encoding="utf-8")
    done = subprocess.run(["node", "--check", str(path)], capture_output=True, text=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr


def test_the_page_is_not_loaded_with_the_package() -> None:
    code = "import sys, tinygrad_bp; print([m for m in sys.modules if m.startswith('tinygrad_bp.explorer.')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_page_shows_a_bounded_graph(monkeypatch: pytest.MonkeyPatch) -> None:
    assert subjects.MOST_NODES == 1000
    monkeypatch.setattr(subjects, "MOST_NODES", 3)
    assert len(describe(of_value(W * X))[0]["nodes"]) == 3
    with pytest.raises(ValueError, match="up to 3 nodes, and this one has 5"):
        describe(of_value(W * X + 1.0))
    product = W * X
    product.label = "a part"
    with pytest.raises(
        ValueError,
        match=r"5: explore a part of it, such as 'a part', which has 3; or draw its end: draw\(..., depth=3\) shows 5 nodes$",
    ):
        of_value(product + 1.0)
    with pytest.raises(ValueError, match=r"has 4 or more: explore a layer or a neuron of it, or a smaller network$"):
        of_model(tg.MLP(2, [2]))
