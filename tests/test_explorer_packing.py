"""Pages in few signs, for a cell of a notebook: scripts made tight, and what is packed is unpacked."""

from __future__ import annotations

import html
import json
import re
import unicodedata

import pytest

from tinygrad_bp.explorer.packing import pack, unpack
from tinygrad_bp.explorer.tight import plain, with_short_names
from tinygrad_bp.explorer.tight import tight as tightened


@pytest.mark.parametrize(
    ("code", "tight"),
    [
        ("const a = (b, c) => {\n", "const a=(b,c)=>{"),
        ("say(\"a, b\", `c : ${d ? 1 : 2} ;`, 'e > f');", "say(\"a, b\",`c : ${d ? 1 : 2} ;`,'e > f');"),
        ("x = `a, ${y ? `b, ${z}` : 1}`;", "x = `a, ${y ? `b, ${z}` : 1}`;"),
        ("x = y.split(/ , /);", "x = y.split(/ , /);"),
        ("return a - -b;", "return a - -b;"),
        ('f("a\\", b", c);', 'f("a\\", b",c);'),
        ("f();\ng();\n}\nclass", "f();g();}class"),
        ("x = y\n? a\n: b;\nz", "x=y?a:b;z"),
        ("f(); // `x`;\n}\ng", "f(); // `x`;\n}g"),
        ("a\n\nb", "a\n\nb"),
    ],
)
def test_code_is_tight_outside_of_texts(code: str, tight: str) -> None:
    assert tightened(code, "=*<>?:&|,{}();") == tight


@pytest.mark.parametrize(
    ("code", "tight"),
    [
        ("if (a !== b && !c) return !d;", "if(a!==b&&!c)return!d;"),
        ("x = a + b - (c) + d[1] - 2;", "x=a+b-(c)+d[1]-2;"),
        ("x = f(a) + b;", "x=f(a)+b;"),
        ("x = a - -b + ++c - --d;", "x=a - -b + ++c - --d;"),
        ('say(`${a + b} !== c`, "d - e");', 'say(`${a + b} !== c`,"d - e");'),
    ],
)
def test_no_sign_comes_beside_another_that_it_would_be_one_with(code: str, tight: str) -> None:
    assert plain(code) == tight


@pytest.mark.parametrize(
    ("script", "wanted"),
    [
        (
            "const first = 1;\nfunction second(other) {\nreturn first + other;",
            "const a = 1;\nfunction b(other) {\nreturn a + other;",
        ),
        ("let name = 1;\nset({ name, other });", "let name = 1;\nset({ name, other });"),
        ("let name = 1;\nset({ other: 2, name });", "let name = 1;\nset({ other: 2, name });"),
        ("const { name = 2 } = x;\nconst name = 1;", "const { name = 2 } = x;\nconst name = 1;"),
        ("class Name {}\nx.Name = 1;", "class Name {}\nx.Name = 1;"),
        ("const name = 1;\nx = { name: 2 };", "const name = 1;\nx = { name: 2 };"),
        ('const name = 1;\nx = "name";', 'const name = 1;\nx = "name";'),
        ("const name = 1;\nx = `a name: ${other}`;", "const name = 1;\nx = `a name: ${other}`;"),
        ("const name = 1;\nx = `a: ${name}`;", "const b = 1;\nx = `a: ${b}`;"),
        ("const name = 1;\nx = `a: ${y ? `name` : 1}`;", "const name = 1;\nx = `a: ${y ? `name` : 1}`;"),
        ("const name = 1;\nx = y.match(/name/);", "const name = 1;\nx = y.match(/name/);"),
        ("const a = 1, name = 2;\nfunction* run() {}", "const a = 1, name = 2;\nfunction* b() {}"),
    ],
)
def test_what_a_script_declares_has_a_short_name(script: str, wanted: str) -> None:
    assert with_short_names(script) == wanted


def test_no_short_name_is_a_word_of_the_language() -> None:
    script = "\n".join(f"const name_{k} = {k};" for k in range(3000))
    assert not {"do", "if", "in"}.intersection(re.findall(r"const (\w+)", with_short_names(script)))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "ab",
        "abcd",
        "誤差 🙂\u2028</script>",
        "x" * 10_000,
        "".join(map(chr, range(3000))),
        "\x01; a wide, Ĉ wide world, Жž " * 9,
    ],
)
def test_what_is_packed_is_unpacked(text: str) -> None:
    packed, length = pack(text)
    assert json.loads(json.dumps(packed, ensure_ascii=False)) == packed == html.unescape(packed)
    assert not re.search(r"""[\x00-\x1f\x7f-\x9f"&<\\\u2028\u2029]""", packed)
    assert unicodedata.normalize("NFC", packed) == packed
    assert len(packed.encode()) <= 31 / 26 * length + 32
    assert unpack(packed, length) == text
