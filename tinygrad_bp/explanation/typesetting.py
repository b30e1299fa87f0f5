r"""What LaTeX sets: pdflatex English, and lualatex, which has the letters of all languages, Japanese.

Text is anyone's. In it each sign of LaTeX's own is spelled as a command, East Asian letters are set where the engine has them, and letters
that the fonts of a small installation lack are spelled by their numbers, U+05E9. Nothing in it is read as a command.
"""

from __future__ import annotations

import re
import unicodedata

from tinygrad_bp.text import printable

_SIGNS = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "%": r"\%", "_": r"\_",
    "^": r"\textasciicircum{}", "~": r"\textasciitilde{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "|": r"\textbar{}", '"': r"\textquotedbl{}", "`": r"\textasciigrave{}", "-": "-{}", ",": ",{}", "'": "'{}",
}  # fmt: skip
_MATH = {
    "∂": r"\partial", "δ": r"\delta", "Δ": r"\Delta", "η": r"\eta", "σ": r"\sigma", "Σ": r"\Sigma", "α": r"\alpha",
    "β": r"\beta", "γ": r"\gamma", "ε": r"\varepsilon", "θ": r"\theta", "λ": r"\lambda", "μ": r"\mu", "π": r"\pi",
    "ρ": r"\rho", "τ": r"\tau", "φ": r"\varphi", "ω": r"\omega", "·": r"\cdot", "×": r"\times", "÷": r"\div",
    "−": "-", "±": r"\pm", "≈": r"\approx", "≠": r"\neq", "≤": r"\leq", "≥": r"\geq", "→": r"\rightarrow",
    "←": r"\leftarrow", "↑": r"\uparrow", "↓": r"\downarrow", "⇒": r"\Rightarrow", "√": r"\surd", "∞": r"\infty",
    "′": r"{}^{\prime}", "∑": r"\sum", "∈": r"\in", "⊙": r"\odot", "∘": r"\circ", "✓": r"\checkmark", "✗": r"\times",
    "²": "{}^{2}", "³": "{}^{3}", "¹": "{}^{1}", "ᵀ": r"{}^{\mathsf{T}}", "½": r"\tfrac{1}{2}", "°": r"{}^{\circ}",
}  # fmt: skip
_TEXT = {
    "…": r"\ldots{}", "–": r"\textendash{}", "—": r"\textemdash{}", "“": r"\textquotedblleft{}",
    "”": r"\textquotedblright{}", "‘": r"\textquoteleft{}", "’": r"\textquoteright{}", "•": r"\textbullet{}",
    "─": r"\textemdash{}", "\u00a0": "~", "§": r"\S{}", "£": r"\pounds{}", "©": r"\textcopyright{}",
    "€": r"\texteuro{}",
}  # fmt: skip

_PREAMBLE = r"""\usepackage{iftex}
\ifPDFTeX
  \usepackage[utf8]{inputenc}
  \usepackage[T1]{fontenc}
  \usepackage{lmodern}
%(declared)s\else%(others)s
\fi
\usepackage{amsmath,amssymb,graphicx,longtable,array}
\usepackage[a4paper,margin=20mm,bottom=22mm]{geometry}
\setlength{\parindent}{0pt}
\setlength{\parskip}{0.4\baselineskip}
\setlength{\emergencystretch}{4em}
\allowdisplaybreaks[2]
\providecommand{\lt}{<}
\providecommand{\gt}{>}
\setlength{\mathindent}{1.2em}
\AtBeginDocument{\abovedisplayskip=0.35\baselineskip\belowdisplayskip=0.35\baselineskip
  \abovedisplayshortskip=0.2\baselineskip\belowdisplayshortskip=0.35\baselineskip}
%% An equation after a heading or a list does not begin an empty line of its own.
\newcommand{\joined}{\ifvmode\nopagebreak\vspace{-\parskip}\vspace{-\baselineskip}\fi}
%% Where less room is left on the page than this, a new one begins: a heading stands with what follows it.
%% What is too much for a page goes to the next one before that is asked.
\newcommand{\roomfor}[1]{\par\ifdim\pagetotal>\pagegoal\penalty0\relax\fi\ifdim\pagetotal>0pt\ifdim\dimexpr\pagegoal-\pagetotal\relax<#1\newpage\fi\fi}
%% A picture as large as it is, or as the page has room for.
\newsavebox{\picturebox}
\newcommand{\highest}{%(highest)s\textheight}
\newcommand{\fitted}[1]{\sbox{\picturebox}{\includegraphics{#1}}%%
  \ifdim\wd\picturebox>\linewidth\includegraphics[width=\linewidth,height=\highest,keepaspectratio]{#1}%%
  \else\ifdim\ht\picturebox>\highest\includegraphics[height=\highest]{#1}\else\usebox{\picturebox}\fi\fi}
"""


def whole(body: str, language: str, *, highest: float = 0.8) -> str:
    """A whole document.

    Args:
        highest: what share of a page a picture may have.
    """
    east_asian = sorted({letter for letter in body if _is_east_asian(letter)})
    japanese = language == "ja"
    unknown = [] if japanese else [f"{ord(letter):04X}" for letter in east_asian]
    declared = "".join(f"  \\DeclareUnicodeCharacter{{{code}}}{{\\texttt{{U+{code}}}}}\n" for code in unknown)
    others = "\n  \\usepackage{fontspec}" if not japanese else ""
    if east_asian and not japanese:
        # What a document has that was not made for it: its letters are set where the package for them is.
        others += "\n  \\ifLuaTeX\\IfFileExists{luatexja.sty}{\\usepackage{luatexja}}{}\\fi"
    engine = "lualatex" if japanese else "pdflatex"
    heading = (
        f"% !TEX program = {engine}\n% !TEX encoding = UTF-8\n"
        + (
            r"\documentclass[10pt,a4paper,fleqn]{ltjsarticle}"
            if japanese
            else r"\documentclass[10pt,a4paper,fleqn]{article}"
        )
        + "\n"
        + _PREAMBLE % {"declared": declared, "others": others, "highest": f"{highest}"}
    )
    return f"{heading}\\begin{{document}}\n\n{body}\n\n\\end{{document}}\n"


def escaped(text: str) -> str:
    """Printable text as LaTeX that sets it. A word longer than a line may be broken anywhere."""
    written = []
    for k, word in enumerate(re.split(r"( +)", unicodedata.normalize("NFC", text))):
        if k % 2:
            written.append(" ")
        elif re.search(r"\d-\d", word) and len(word) <= 30:  # a 2-2-2 network, in one line
            written.append(f"\\mbox{{{''.join(map(letter_of, word))}}}")
        elif len(word) > 30:
            written.append(
                r"\allowbreak{}".join("".join(map(letter_of, word[i : i + 10])) for i in range(0, len(word), 10))
            )
        else:
            written.append("".join(map(letter_of, word)))
    return "".join(written)


def letter_of(letter: str) -> str:
    """A letter as LaTeX that sets it."""
    if letter in _SIGNS:
        return _SIGNS[letter]
    if letter.isascii() or _is_east_asian(letter):
        return letter
    if letter in _MATH:
        return f"\\ensuremath{{{_MATH[letter]}}}"
    return _TEXT.get(letter) or (letter if _is_western(letter) else f"\\texttt{{U+{ord(letter):04X}}}")


def _is_western(letter: str) -> bool:
    """Whether both engines have the letter: those of western European languages."""
    return "\u00c0" <= letter <= "\u00ff" or letter in "¡¿ŒœŠšŽžŸ"


def _is_east_asian(letter: str) -> bool:
    """Whether it is one of the letters that fonts for Japanese have."""
    return bool(
        re.match(
            "[\u3000-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff01-\uff60\uffe0-\uffe6]", letter
        )
    )


def spelled(latex: str) -> str:
    """A formula for math mode, letters of other scripts as text."""
    text = unicodedata.normalize("NFC", " ".join(printable(latex, keep="\u200d").split()))
    return re.sub(r"[^\x00-\x7f]+", lambda letters: rf"\text{{{''.join(map(letter_of, letters[0]))}}}", text)
