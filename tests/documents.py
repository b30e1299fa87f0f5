"""Documents made of every kind of block, for tests of their writers: a lesson on the worked example, and one of hostile labels."""

from __future__ import annotations

from collections.abc import Sequence

from tests.worked import worked_example
from tinygrad_bp import draw, draw_network
from tinygrad_bp.explanation.names import latex_name, latex_number, short_name
from tinygrad_bp.lessons.blocks import (
    Aside,
    Block,
    Code,
    Equation,
    Folded,
    Formula,
    Heading,
    Items,
    Legend,
    Paragraph,
    Picture,
    Strong,
    Table,
    Title,
)
from tinygrad_bp.lessons.document import Document

PROGRAM = """
import numpy as np

delta = W2.T @ delta2 * a1 * (1 - a1)  # one for each neuron of the hidden layer
"""


def name(label: str) -> Formula:
    return Formula(short_name(label), latex_name(short_name(label)))


def number(text: str) -> Formula:
    return Formula(text, latex_number(text))


def product(*factors: str | Formula, sign: str = "") -> Formula:
    """Factors, names or numbers, as a term of a sum."""
    each = [
        factor if isinstance(factor, Formula) else number(factor) if factor[0] in "0123456789(" else name(factor)
        for factor in factors
    ]
    start = f"{sign} " if sign else ""
    return Formula(start + " * ".join(f.text for f in each), start + r" \cdot ".join(f.latex for f in each))


def slope(of: str, by: str) -> Formula:
    return Formula(f"∂{of}/∂{by}", rf"\frac{{\partial {latex_name(of)}}}{{\partial {latex_name(by)}}}")


def equations() -> list[Equation]:
    """A short one, a long one, one of fractions, one that is a single long product, and one without a left side."""
    numbers = [f"0.{k:02}0000000" for k in range(1, 13)]
    return [
        Equation(name("out_h1"), [[number("0.593269992")]]),
        Equation(
            name("net_h1"),
            [
                [product("w1", "i1"), product("w2", "i2", sign="+"), Formula("+ b1", "+ b_{1}")],
                [product("0.15", "0.05"), product("0.2", "0.1", sign="+"), Formula("+ 0.35", "+ 0.35")],
                [number("0.3775")],
            ],
        ),
        Equation(
            slope("E_total", "w5"),
            [
                [product(slope("E_total", "out_o1"), slope("out_o1", "net_o1"), slope("net_o1", "w5"))],
                [product("0.741365070", "0.186815602", "0.593269992")],
                [number("0.082167041")],
            ],
        ),
        Equation(
            slope("E_total", "b1"),
            [
                [
                    product(slope("E_total", f"net_h{k}"), slope(f"net_h{k}", "b1"), sign="+" * (k > 1))
                    for k in range(1, 13)
                ],
                [product(x, "0.241300709", sign="+" * (k > 0)) for k, x in enumerate(numbers)],
                [product(*numbers)],
                [Formula("-4.38567734e-07", latex_number("-4.38567734e-07"))],
            ],
        ),
        Equation(Formula("", ""), [[product("w5", "out_h1")], [number("0.237307997")]]),
    ]


def lesson() -> Document:
    """In English, on the worked example."""
    found = worked_example()
    found.error.backward()
    network = draw_network(found.net, inputs=found.inputs, targets=found.targets, title="The network with its numbers")
    graph = draw(found.error, local_derivatives=True, title="Every value and every gradient")
    short, long, chain, sums, bare = equations()
    blocks: Sequence[Block] = [
        Title(["A round of backpropagation, from ", name("E_total"), " to ", name("w5")]),
        Paragraph(
            [
                "Two inputs, two hidden neurons and two outputs. The error is ",
                Formula("0.298371109", "0.298371109"),
                ", and after one step with learning rate ",
                Formula("η = 0.5", r"\eta = 0.5"),
                " it is ",
                Strong("smaller"),
                ": 0.291027774.",
            ]
        ),
        Aside("The pictures are in the files beside this lesson."),
        Picture(network, "network", ["Lines are weights: blue ones are positive, orange ones negative."]),
        Heading("Forward pass"),
        Paragraph(
            [
                "A neuron first sums what arrives, each input times its weight, and then squashes the sum: ",
                name("out_h1"),
                ".",
            ]
        ),
        short,
        long,
        Heading(["The derivative with respect to ", name("w5")], 2),
        Paragraph(
            "The error depends on the weight by way of the neuron's net input, so the chain rule has three factors."
        ),
        chain,
        Legend("Each factor is a number that the forward pass has left behind."),
        Heading("Backward pass"),
        Paragraph(
            ["Where a bias is shared, its derivative is the sum over all the ways on which it reaches the error."]
        ),
        sums,
        bare,
        Table(
            ["parameter", "before", "derivative", "after"],
            [
                [name("w5"), "0.4", "0.082167041", "0.35891648"],
                [name("w6"), "0.45", "0.082667628", "0.408666186"],
                [name("w7"), "0.5", "-0.022602540", "0.51130127"],
                [name("b2"), "0.6", "4.38567734e-04", "0.599780716"],
            ],
            "The update: each parameter less the learning rate times its derivative.",
        ),
        Picture(graph, "network"),
        Items(["Compute the net input.", ["Compute ", name("out_h1"), "."], "Compare with the target."], numbered=True),
        Items(["Nothing is rounded on the way.", "What is printed is."]),
        Code(PROGRAM, "python"),
        Heading("Question"),
        Paragraph(["Will ", name("w5"), " go up or down?"]),
        Folded(["Answer for ", name("w5")], [Paragraph(["Down: its derivative is positive."]), chain]),
    ]
    return Document(blocks)


def japanese() -> Document:
    """The same kinds of block in Japanese."""
    _, long, chain, *_ = equations()
    found = worked_example()
    blocks: Sequence[Block] = [
        Title("誤差逆伝播を一回りたどる"),
        Paragraph(
            [
                "入力が二つ、隠れ層のニューロンが二つ、出力が二つのネットワークです。学習率",
                Formula("η = 0.5", r"\eta = 0.5"),
                "で一度更新すると、誤差は",
                Formula("0.298371109", "0.298371109"),
                "から0.291027774へと",
                Strong("小さく"),
                "なります。順伝播で得られた値をそのまま使い、出力側から入力側へと連鎖律をたどっていきます。",
            ]
        ),
        Picture(
            draw_network(found.net, title="ネットワーク"), "ネットワーク", "線は重みです。青は正、橙は負を表します。"
        ),
        Heading("順伝播"),
        Paragraph(["まず総入力", name("net_h1"), "を求めます。"]),
        long,
        Heading(["重み", name("w5"), "に関する勾配"], 2),
        Paragraph("誤差は、ニューロンの総入力を通してこの重みに依存します。そのため、連鎖律には三つの因子が現れます。"),
        chain,
        Table(
            ["パラメータ", "更新前", "勾配", "更新後"],
            [[name("w5"), "0.4", "0.082167041", "0.35891648"], [name("重み"), "0.45", "0.082667628", "0.408666186"]],
            "更新の結果です。",
        ),
        Items(["総入力を計算します。", "活性化関数を通します。"], numbered=True),
        Folded("答え", [Paragraph(["勾配が正なので、", name("w5"), "は減ります。"])]),
    ]
    return Document(blocks, "ja")


def hostile(labels: Sequence[str]) -> Document:
    """Labels wherever a block takes a text."""
    blocks: list[Block] = [Title(labels[0])]
    for k, label in enumerate(labels):
        cells = [label, name(label), Strong(label), f"{label}{label}"]
        blocks += [
            Heading([label, name(label)], 1 + k % 3),
            Paragraph([label, name(label), Strong(label), "x", name(label), label]),
            Legend(label),
            Equation(name(label), [[product(name(label), "0.5"), Formula("+ 1", "+ 1")], [name(label)]]),
            Table([label, "", label, "n"], [cells, cells], label),
            Code(label, label),
            Items([label, [name(label), label]], numbered=bool(k % 2)),
            Folded([label, name(label)], [Paragraph(label)]),
        ]
    return Document(blocks)
