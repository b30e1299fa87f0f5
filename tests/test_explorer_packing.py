"""Pages in few signs, for a cell of a notebook: scripts made tight, and what is packed is unpacked."""

from __future__ import annotations

import html
import json
import re
import unicodedata

import pytest

from tinygrad_bp.explorer.packing import pack, unpack
from tinygrad_bp.explorer.tight import plain, tight, with_short_names


@pytest.mark.parametrize(
    ("code", "tight"),
    [
        ("const a = (b, c) => {};\n", "const a=(b,c)=>{};"),
        ("// a; {\nf(); /* b */ g(); // `x`\n/** c */ h();", "f();g();h();"),
        ("say(\"a, // b\", `c : ${ d ? 1 : 2 } ;`, 'e > f');", "say(\"a, // b\",`c : ${d?1:2} ;`,'e > f');"),
        ("x = `a, ${ y ? `b, ${ z }` : { c: 1 } } }`;", "x=`a, ${y?`b, ${z}`:{c:1}} }`;"),
        ("x = y.split(/ , [/`] \\/ /g) / 2 / 3;", "x=y.split(/ , [/`] \\/ /g)/2/3;"),
        ("return / a/.test(b) ? `${ c } / ${ d / 2 }` : 1 / e;", "return/ a/.test(b)?`${c} / ${d/2}`:1/e;"),
        ("x = a - -b + +c + ++d - --e;", "x=a- -b+ +c+ ++d- --e;"),
        ("x = a < !b, c < /d/, e / /f/;", "x=a< !b,c< /d/,e/ /f/;"),
        ('f("a\\", b", c);', 'f("a\\", b",c);'),
        ("if (a !== b && !c) return !d;", "if(a!==b&&!c)return!d;"),
        ("x = a ? .5 : 1e-3 - 1_000n;", "x=a?.5:1e-3-1_000n;"),
        ("f();\n\ng();\nclass A {\n  get b() {}\n}", "f();g();class A{get b(){}}"),
        ("async () => {\n  await f();\n  return [...a, b?.c];\n}", "async()=>{await f();return[...a,b?.c]}"),
    ],
)
def test_a_script_is_tight_outside_of_texts(code: str, tight: str) -> None:
    assert plain(code) == tight == plain(tight)


@pytest.mark.parametrize(
    ("style", "wanted"),
    [
        ("a > b, c {\n  d: e, f; /* g; */\n  h: i j;\n}\n", "a>b,c{d:e,f;h:i j}"),
        ('a :is(b)::before { content: " > ; "; }', 'a :is(b)::before{content:" > ; "}'),
        ("@media (a: b) and (c: d) { e { f: calc(1px + 2px); } }", "@media (a:b) and (c:d){e{f:calc(1px + 2px)}}"),
    ],
)
def test_a_style_sheet_is_tight_outside_of_texts(style: str, wanted: str) -> None:
    assert tight(style) == wanted


@pytest.mark.parametrize(
    ("script", "wanted"),
    [
        ("const first = 1; function second() { return first; }", "const a=1;function b(){return a}"),
        ("const x = 1, name = 2; function* run() {}", "const a=1,b=2;function*c(){}"),
        ("async function run() {} class Run {} const [u, ...v] = w;", "async function a(){}class b{}const[c,...d]=w;"),
        ("let name = 1; set({ name, other });", "let name=1;set({name,other});"),
        ("let name = 1; set({ other: 2, name });", "let name=1;set({other:2,name});"),
        ("const { name = 2 } = x; const name = 1;", "const{name=2}=x;const name=1;"),
        ("class Name {} x.Name = 1;", "class Name{}x.Name=1;"),
        ("const name = 1; x = y?.name;", "const name=1;x=y?.name;"),
        ("const name = 1; x = { name: 2 };", "const name=1;x={name:2};"),
        ("const name = 1; x = { name() {} };", "const name=1;x={name(){}};"),
        ("const name = 1; class A { get name() { return 2; } }", "const name=1;class a{get name(){return 2}}"),
        ('const name = 1; x = "name" + name;', 'const a=1;x="name"+a;'),
        ("const name = 1; x = `a name: ${ y ? `name ${ name }` : 1 }`;", "const a=1;x=`a name: ${y?`name ${a}`:1}`;"),
        ("const name = 1; x = y.match(/name/) ? name : 2;", "const a=1;x=y.match(/name/)?a:2;"),
        ("function f(one, { two, three: four }, [five] = [six]) {}", "function a(b,{two,three:c},[d]=[six]){}"),
        ("f((one, two = three) => one.two, (four) => four, five => five);", "f((a,two=three)=>a.two,(b)=>b,c=>c);"),
        (
            "class A { run(one) { try { two(); } catch (error) { one.run(); } } }",
            "class a{run(b){try{two()}catch(c){b.run()}}}",
        ),
        ("function f() { for (const of of x) if (y) { z = of; } }", "function a(){for(const of of x)if(y){z=of}}"),
        ("function f(one) { if (one) { one = 1; } } x.one = f;", "function a(b){if(b){b=1}}x.one=a;"),
        (
            "function f(one) { return f; } function g(two) { return two + one; }",
            "function a(b){return a}function b(a){return a+one}",
        ),
    ],
)
def test_what_a_script_declares_has_a_short_name(script: str, wanted: str) -> None:
    assert with_short_names(script) == wanted


def test_no_short_name_is_a_word_of_the_language() -> None:
    script = "\n".join(f"const name_{k} = {k};" for k in range(3000))
    assert not {"do", "if", "in", "of"}.intersection(re.findall(r"const (\w+)", with_short_names(script)))


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
