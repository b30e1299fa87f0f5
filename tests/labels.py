"""Labels that somebody may give, and that must stay data wherever they are shown: one list for every reading."""

MARKUP = [
    "<", ">", "<x>", "<<x>>", "<b>bold</b>", "<!--", "<!--<script>", "-->", "]]>", "</title><b>", "</style>", "&", "&amp;", "&#65;",
    "&lt;b&gt;", "<script>pwned=1</script>", "</script><script>pwned=1</script>", "<img src=x onerror=pwned=1>",
    "<svg onload=pwned=1>", '" onload="pwned=1', "javascript:pwned=1", "{{SCRIPT}}", "{{TITLE}}",
]  # fmt: skip
CODE = [
    "'\"`${pwned=1}", "`${process.exit(1)}`", "a'); process.exit(1); //", "/* */", "//x", "#x", "__import__('os').abort()",
    "a\nimport os", "%s {0} {}", "{name}", "{number}", "$&$1", "⟦0⟧", "__proto__", "constructor", "class", "lambda", "arguments", "strict",
    '"];evil[label="', "v1:r0", "a->b", "{a|b}", "a|b", "\\N \\G \\E \\T \\H \\L \\n \\l \\r",
]  # fmt: skip
TYPESETTING = [
    "a_b_$c$", r"\input{x}", "$$", "100% #1 & co", "a|b`c`", "[x](javascript:1)", "{}}{", "^~^", "**bold**", "!", "dE/dw", "=1+1",
]  # fmt: skip
QUOTES = ["'", '"', 'a"b', '"quoted"', '"a", b', '"""', "\\", "\\\\", "trailing\\"]
BLANKS = ["a b", "  two  blanks ", "a\nb", "a\r\nb\rc", "line\nbreak\ttab", "a\tb", "\u2028x", "\u2029"]
CONTROLS = [
    "\0", "x\x01y", "a\nb\0c", "\x7f", "\x85", "\x1b[31mred", "\x1b]0;title\x07", "\ud800", "\udfff\ud800", "\ufeff", "\uffff",
]  # fmt: skip
DIRECTIONS = ["\u202eevil", "\u202eltr\u202c", "\u200f", "a\u2067b\u2069"]
LETTERS = ["שלום", "مرحبا", "重み", "日本語 ラベル", "🙂", "😀👩\u200d👩\u200d👧", "\u0308", "x\u0308", "𝐱", "²"]

HOSTILE = [*MARKUP, *CODE, *TYPESETTING, *QUOTES, *BLANKS, *CONTROLS, *DIRECTIONS, *LETTERS]  # each once, none blank
EXTREME = ["", " ", "x" * 10_000]
