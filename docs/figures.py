"""The curves that the lessons show, as SVG that is light or dark as its reader prefers. docs/make.py writes them."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from html import escape

STYLE = """
  .page { fill: #ffffff } .text { fill: #24292f } .faint { fill: #57606a } .grid { stroke: #d8dee4 } .axis { stroke: #57606a }
  .blue { stroke: #0969b0 } .orange { stroke: #b35900 } .grey { stroke: #57606a } .ink-blue { fill: #0969b0 } .ink-orange { fill: #b35900 }
  .dot { stroke: #ffffff } .line { fill: none; stroke-linejoin: round }
  @media (prefers-color-scheme: dark) {
    .page { fill: #14181d } .text { fill: #e6edf3 } .faint { fill: #a3acb7 } .grid { stroke: #30363d } .axis { stroke: #8b949e }
    .blue { stroke: #6cb6ff } .orange { stroke: #f0a35e } .grey { stroke: #a3acb7 } .ink-blue { fill: #6cb6ff }
    .ink-orange { fill: #f0a35e } .dot { stroke: #14181d }
  }
  text { font-family: Helvetica, Arial, "Hiragino Sans", "Noto Sans CJK JP", "Noto Sans JP", sans-serif; font-size: 14px }
  .title { font-size: 16px; font-weight: bold }
"""

WORDS = "{words}"  # stands for them in a part of an image
LEFT, TOP, RIGHT, BOTTOM = 64, 52, 16, 52  # margins


class Plot:
    """A plane with axes, on which curves, points and words are put."""

    def __init__(
        self, title: str, x: tuple[float, float], y: tuple[float, float], size: tuple[int, int] = (640, 400)
    ) -> None:
        self.title, self.x, self.y, self.size = title, x, y, size
        self.parts: list[tuple[str, str]] = []  # SVG, and words that go into it

    def across(self, x: float) -> float:
        """Where a number on the horizontal axis is."""
        low, high = self.x
        return LEFT + (self.size[0] - LEFT - RIGHT) * (x - low) / (high - low)

    def up(self, y: float) -> float:
        """Where a number on the vertical axis is."""
        low, high = self.y
        return self.size[1] - BOTTOM - (self.size[1] - TOP - BOTTOM) * (y - low) / (high - low)

    def axes(self, across: str, up: str, xs: Sequence[float], ys: Sequence[float]) -> Plot:
        """Lines at these numbers, and what the axes mean."""
        (width, height), (left, right), (low, high) = self.size, self.x, self.y
        for x in xs:
            self._line(x, low, x, high, "grid", 1)
            self._text(self.across(x), height - BOTTOM + 18, f"{x:g}".replace("-", "−"), "faint", "middle")
        for y in ys:
            self._line(left, y, right, y, "grid", 1)
            self._text(LEFT - 8, self.up(y) + 5, f"{y:g}".replace("-", "−"), "faint", "end")
        for end in ((left, 0.0, right, 0.0) if low <= 0 <= high else (left, low, right, low),):
            self._line(*end, "axis", 1.2)
        if left <= 0 <= right:
            self._line(0.0, low, 0.0, high, "axis", 1.2)
        self._text((LEFT + width - RIGHT) / 2, height - 12, across, "text", "middle")
        self._text(LEFT, TOP - 8, up, "text", "start")
        return self

    def curve(
        self, function: Callable[[float], float], colour: str = "blue", width: float = 2.4, dashed: bool = False
    ) -> Plot:
        """A function over the whole width, as far as it is on the plane."""
        low, high = self.x
        run: list[tuple[float, float]] = []
        for k in range(241):
            x = low + (high - low) * k / 240
            y = function(x)
            if self.y[0] - 1e-9 <= y <= self.y[1] + 1e-9:
                run.append((x, y))
            else:
                self._path(run, colour, width, dashed)
                run = []
        self._path(run, colour, width, dashed)
        return self

    def path(
        self, points: Iterable[tuple[float, float]], colour: str = "orange", width: float = 1.6, dots: float = 0
    ) -> Plot:
        """Points, joined by lines; with `dots`, circles of this radius on them."""
        found = list(points)
        self._path(found, colour, width, False)
        for x, y in found if dots else []:
            self._dot(x, y, colour, dots)
        return self

    def point(self, x: float, y: float, colour: str = "orange", radius: float = 5.5) -> Plot:
        """A point."""
        self._dot(x, y, colour, radius)
        return self

    def say(self, x: float, y: float, words: str, ink: str = "text", anchor: str = "start") -> Plot:
        """Words at a place of the plane."""
        self._text(self.across(x), self.up(y), words, ink, anchor)
        return self

    def svg(self, words: Mapping[str, str] | None = None) -> str:
        """The image, with other words for its own. Raises KeyError for words that have none."""
        width, height = self.size

        def said(text: str) -> str:
            return escape(words[text] if words and re.search(r"[a-z]{2}", text) else text)

        title = said(self.title)
        return "\n".join(
            [
                f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" role="img" '
                f'aria-label="{title}">',
                f"<title>{title}</title>",
                f"<style>{STYLE}</style>",
                f'<rect class="page" width="{width}" height="{height}"/>',
                f'<text class="text title" x="{LEFT}" y="24">{title}</text>',
                *(svg.replace(WORDS, said(text)) for svg, text in self.parts),
                "</svg>",
                "",
            ]
        )

    def _line(self, x1: float, y1: float, x2: float, y2: float, kind: str, width: float) -> None:
        ends = f'x1="{self.across(x1):.1f}" y1="{self.up(y1):.1f}" x2="{self.across(x2):.1f}" y2="{self.up(y2):.1f}"'
        self.parts.append((f'<line class="{kind}" stroke-width="{width}" {ends}/>', ""))

    def _path(self, points: Sequence[tuple[float, float]], colour: str, width: float, dashed: bool) -> None:
        if len(points) > 1:
            listed = " ".join(f"{self.across(x):.1f},{self.up(y):.1f}" for x, y in points)
            dash = ' stroke-dasharray="6 5"' * dashed
            self.parts.append((f'<polyline class="line {colour}" stroke-width="{width}"{dash} points="{listed}"/>', ""))

    def _dot(self, x: float, y: float, colour: str, radius: float) -> None:
        self.parts.append(
            (
                f'<circle class="dot ink-{colour}" stroke-width="1.5" cx="{self.across(x):.1f}" cy="{self.up(y):.1f}" r="{radius:g}"/>',
                "",
            )
        )

    def _text(self, x: float, y: float, words: str, ink: str, anchor: str) -> None:
        place = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"'
        self.parts.append((f'<text class="{ink}" {place}>{WORDS}</text>', words))


def sigmoid(x: float) -> float:
    """1 / (1 + e^-x)."""
    return 1 / (1 + math.exp(-x))


def knob() -> Plot:
    """Lesson 0: the square, and its slope at 3."""
    plot = Plot("y = w · w, and how steep it is at w = 3", (0, 4.4), (0, 18))
    plot.axes("w, the knob", "y, what comes out", [0, 1, 2, 3, 4], [0, 3, 6, 9, 12, 15])
    plot.curve(lambda w: 9 + 6 * (w - 3), "orange", 2, dashed=True).curve(lambda w: w * w)
    plot.path([(3, 9), (4, 9), (4, 15)], "grey", 1.6)
    plot.say(3.5, 8, "1 to the right", "faint", "middle").say(3.94, 12, "6 up", "faint", "end")
    plot.say(0.3, 15, "blue: y = w · w", "ink-blue").say(
        0.3, 13.6, "orange: the line that touches it at w = 3", "ink-orange"
    )
    return plot.point(3, 9)


def neuron_tangent() -> Plot:
    """Lesson 2: the sigmoid, and its tangent at net_h1."""
    net = 0.3775
    out = sigmoid(net)
    slope = out * (1 - out)
    plot = Plot("The sigmoid, and its slope at net = 0.3775", (-6, 6), (0, 1.1))
    plot.axes("net, the sum that goes in", "out, what comes out", range(-6, 7, 2), [0, 0.25, 0.5, 0.75, 1])
    plot.curve(lambda x: out + slope * (x - net), "orange", 2, dashed=True).curve(sigmoid)
    plot.point(net, out)
    plot.say(0.8, 0.53, "out = 0.5933, slope = 0.2413", "ink-orange")
    return plot.say(5.8, 0.84, "flat here: slope near 0", "faint", "end").say(-5.8, 0.07, "and here", "faint")


def bias_shifts() -> Plot:
    """Lesson 2: what a bias does."""
    plot = Plot("out = σ(x + b): a bias moves the curve left and right", (-6, 6), (0, 1.1))
    plot.axes("x, what comes in through the weights", "out", range(-6, 7, 2), [0, 0.25, 0.5, 0.75, 1])
    plot.curve(lambda x: sigmoid(x + 2), "orange").curve(sigmoid, "blue").curve(lambda x: sigmoid(x - 2), "grey")
    for b, x, ink in ((2, -2.1, "ink-orange"), (0, -0.1, "ink-blue"), (-2, 1.9, "faint")):
        plot.say(x, 0.52, f"b = {b}".replace("-", "−"), ink, "end")
    return plot


def six_rates() -> Plot:
    """Lesson 4: six steps downhill with three learning rates."""
    plot = Plot("Six steps downhill on E = w · w, from w = 3", (-3.6, 3.6), (0, 13))
    plot.axes("w", "E", range(-3, 4), [0, 3, 6, 9, 12])
    plot.curve(lambda w: w * w, "grey", 1.6)
    for rate, colour in ((0.9, "orange"), (0.1, "blue")):
        points = [(3 * (1 - 2 * rate) ** k, (3 * (1 - 2 * rate) ** k) ** 2) for k in range(7)]
        plot.path(points, colour, 1.4, dots=4.5)
    plot.say(0, 11.2, "orange, η = 0.9: over the valley and back", "ink-orange", "middle")
    return plot.say(0, 10.1, "blue, η = 0.1: down one side", "ink-blue", "middle")


def vanishing() -> Plot:
    """Lesson 6: what is left of a gradient after so many neurons in a row."""
    plot = Plot("How much of a gradient gets through neurons in a row", (0, 20), (-14, 1))
    plot.axes("neurons in a row", "left of it, as a power of ten", range(0, 21, 5), range(-14, 1, 2))
    for function, slope, colour in (
        (sigmoid, lambda y: y * (1 - y), "blue"),
        (math.tanh, lambda y: 1 - y * y, "orange"),
    ):
        x, left, points = 1.0, 1.0, [(0.0, 0.0)]
        for k in range(1, 21):
            x = function(x)
            left *= slope(x)
            points.append((float(k), math.log10(left)))
        plot.path(points, colour, 2, dots=3.5)
    plot.say(12, -6.6, "sigmoid", "ink-blue")
    return plot.say(12, -2.8, "tanh", "ink-orange")


def two_errors() -> Plot:
    """Lesson 8: the squared error and the cross entropy of a neuron that should say 1."""
    plot = Plot("Two errors of a neuron that should say 1", (-6, 6), (0, 6.4))
    plot.axes("net", "error", range(-6, 7, 2), range(7))
    plot.curve(lambda x: (1 - sigmoid(x)) ** 2 / 2, "orange").curve(lambda x: -math.log(sigmoid(x)))
    plot.say(-3.6, 4.2, "cross entropy: steep where it is wrong", "ink-blue")
    return plot.say(-5.8, 0.75, "squared error: flat where it is wrong", "ink-orange")


JAPANESE = {
    "y = w · w, and how steep it is at w = 3": "y = w · w と、w = 3 での傾き",
    "w, the knob": "w（つまみ）",
    "y, what comes out": "y（表示）",
    "1 to the right": "右へ 1",
    "6 up": "上へ 6",
    "blue: y = w · w": "青：y = w · w",
    "orange: the line that touches it at w = 3": "橙：w = 3 で接する直線",
    "The sigmoid, and its slope at net = 0.3775": "シグモイド関数と、net = 0.3775 での傾き",
    "net, the sum that goes in": "net（総入力）",
    "out, what comes out": "out（出力）",
    "out = 0.5933, slope = 0.2413": "out = 0.5933、傾き = 0.2413",
    "flat here: slope near 0": "平ら：傾きはほとんど 0",
    "and here": "ここも平ら",
    "out = σ(x + b): a bias moves the curve left and right": "out = σ(x + b)：バイアスは曲線を左右に動かす",
    "x, what comes in through the weights": "x（重みを通って入ってくる値）",
    "out": "out",
    "Six steps downhill on E = w · w, from w = 3": "E = w · w の坂を、w = 3 から6回下る",
    "orange, η = 0.9: over the valley and back": "橙、η = 0.9：谷を跳び越えて戻る",
    "blue, η = 0.1: down one side": "青、η = 0.1：片側を下る",
    "How much of a gradient gets through neurons in a row": "並んだニューロンを通った後に残る勾配",
    "neurons in a row": "並んだニューロンの数",
    "left of it, as a power of ten": "残った割合（10 の何乗か）",
    "sigmoid": "シグモイド関数",
    "tanh": "tanh",
    "Two errors of a neuron that should say 1": "1 と答えてほしいニューロンの2つの誤差",
    "net": "net（総入力）",
    "error": "誤差",
    "cross entropy: steep where it is wrong": "交差エントロピー：間違っているところで急",
    "squared error: flat where it is wrong": "二乗誤差：間違っているところで平ら",
}


def curves() -> dict[str, str]:
    """The curves by file name, each in English and in Japanese."""
    made = {
        "knob": knob(),
        "sigmoid-tangent": neuron_tangent(),
        "bias-shifts": bias_shifts(),
        "six-rates": six_rates(),
        "vanishing": vanishing(),
        "two-errors": two_errors(),
    }
    english = {name: plot.svg() for name, plot in made.items()}
    return english | {f"{name}-ja": plot.svg(JAPANESE) for name, plot in made.items()}
