"""Other compilers on W2, the gradient over 100 rows of a network 2-16-16-1. Each maker gives a runner and how to read its result.

Raises ImportError where a peer is not installed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

Maker = Callable[[Sequence[float], Sequence[Sequence[float]]], tuple[Callable[[], Any], Callable[[Any], list[float]]]]

SHAPES = (
    (0, 32, (16, 2)),
    (32, 288, (16, 16)),
    (288, 304, (1, 16)),
    (304, 320, (16,)),
    (320, 336, (16,)),
    (336, 337, (1,)),
)


def split(parameters: Any, reshape: Callable[[Any, tuple[int, ...]], Any]) -> list[Any]:
    """The parameters as W1, W2, W3, b1, b2, b3."""
    return [reshape(parameters[start:end], shape) for start, end, shape in SHAPES]


def error(xp: Any, reshape: Callable[[Any, tuple[int, ...]], Any], p: Any, data: Any) -> Any:
    """The squared error over all rows, in terms of an array package."""
    w1, w2, w3, b1, b2, b3 = split(p, reshape)
    out = xp.tanh(xp.tanh(data[:, :2] @ w1.T + b1) @ w2.T + b2) @ w3.T + b3
    return ((out[:, 0] - data[:, 2]) ** 2).sum()


def jax_jit(parameters: Sequence[float], rows: Sequence[Sequence[float]]) -> Any:
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    data, at = jnp.asarray(rows), jnp.asarray(list(parameters))
    function = jax.jit(jax.value_and_grad(lambda p: error(jnp, jnp.reshape, p, data)))
    return lambda: jax.block_until_ready(function(at)), lambda y: [float(y[0]), *map(float, y[1])]


def torch_eager(parameters: Sequence[float], rows: Sequence[Sequence[float]]) -> Any:
    import torch

    data = torch.tensor(rows, dtype=torch.float64)
    p = torch.tensor(list(parameters), dtype=torch.float64, requires_grad=True)

    def run() -> tuple[Any, Any]:
        y = error(torch, torch.reshape, p, data)
        return y, torch.autograd.grad(y, p)[0]

    return run, lambda y: [y[0].item(), *y[1].tolist()]


def autograd_arrays(parameters: Sequence[float], rows: Sequence[Sequence[float]]) -> Any:
    import autograd.numpy as anp
    from autograd import value_and_grad

    data, at = anp.array(rows), anp.array(list(parameters))
    function = value_and_grad(lambda p: error(anp, anp.reshape, p, data))
    return lambda: function(at), lambda y: [float(y[0]), *map(float, y[1])]


def pytensor_arrays(parameters: Sequence[float], rows: Sequence[Sequence[float]]) -> Any:
    import numpy
    import pytensor
    import pytensor.tensor as pt

    p, data = pt.dvector("p"), pt.dmatrix("data")
    y = error(pt, pt.reshape, p, data)
    function = pytensor.function([p, data], [y, pytensor.grad(y, p)])
    at, table = numpy.array(list(parameters)), numpy.array(rows)
    return lambda: function(at, table), lambda y: [float(y[0]), *map(float, y[1])]


def scalar_network(tanh: Callable[[Any], Any], p: Sequence[Any], x: Any, y: Any, target: Any) -> Any:
    """One row's squared error, neuron by neuron."""
    h = [tanh(p[2 * i] * x + p[2 * i + 1] * y + p[304 + i]) for i in range(16)]
    k = [tanh(sum((p[32 + 16 * i + j] * h[j] for j in range(16)), p[320 + i])) for i in range(16)]
    return (sum((p[288 + i] * k[i] for i in range(16)), p[336]) - target) ** 2


def casadi_sx(parameters: Sequence[float], rows: Sequence[Sequence[float]]) -> Any:
    import casadi
    import numpy

    p, row = casadi.SX.sym("p", 337), casadi.SX.sym("row", 3)
    y = scalar_network(casadi.tanh, [p[k] for k in range(337)], row[0], row[1], row[2])
    one = casadi.Function("one", [p, row], [y, casadi.gradient(y, p)])
    every = one.map(len(rows))
    at, table = numpy.tile(numpy.array(list(parameters))[:, None], len(rows)), numpy.array(rows).T

    def run() -> Any:
        values, slopes = every(at, table)
        return numpy.asarray(values).sum(), numpy.asarray(slopes).sum(axis=1)

    return run, lambda y: [float(y[0]), *map(float, y[1])]


def ddx_scalars(parameters: Sequence[float], rows: Sequence[Sequence[float]]) -> Any:
    import ddx
    import numpy

    def model() -> Any:
        p = [ddx.var(f"p{k}") for k in range(337)]
        return scalar_network(ddx.tanh, p, ddx.param("x"), ddx.param("y"), ddx.param("target"))

    equation = ddx.equation(model).compile()
    points = numpy.concatenate([numpy.tile(numpy.array(list(parameters))[:, None], len(rows)), numpy.array(rows).T])
    points = numpy.ascontiguousarray(points)

    def run() -> Any:
        values, slopes = equation.jacobian(points)
        return numpy.asarray(values).sum(), numpy.asarray(slopes).reshape(337, -1).sum(axis=1)

    return run, lambda y: [float(y[0]), *map(float, y[1])]


def numba_by_hand(parameters: Sequence[float], rows: Sequence[Sequence[float]]) -> Any:
    """The derivatives written out by hand in loops, as in floor.c."""
    import math

    import numba
    import numpy

    @numba.njit  # type: ignore[untyped-decorator]
    def gradient(p: Any, rows: Any, out: Any) -> None:
        out[:] = 0.0
        h, k, dh = numpy.empty(16), numpy.empty(16), numpy.empty(16)
        for row in range(rows.shape[0]):
            x, y = rows[row, 0], rows[row, 1]
            for i in range(16):
                h[i] = math.tanh(p[2 * i] * x + p[2 * i + 1] * y + p[304 + i])
            net = p[336]
            for i in range(16):
                inner = p[320 + i]
                for j in range(16):
                    inner += p[32 + 16 * i + j] * h[j]
                k[i] = math.tanh(inner)
                net += p[288 + i] * k[i]
            e = net - rows[row, 2]
            d = 2.0 * e
            out[0] += e * e
            out[337] += d
            dh[:] = 0.0
            for i in range(16):
                out[289 + i] += d * k[i]
                dk = d * p[288 + i] * (1.0 - k[i] * k[i])
                out[321 + i] += dk
                for j in range(16):
                    out[33 + 16 * i + j] += dk * h[j]
                    dh[j] += dk * p[32 + 16 * i + j]
            for j in range(16):
                q = dh[j] * (1.0 - h[j] * h[j])
                out[305 + j] += q
                out[1 + 2 * j] += q * x
                out[2 + 2 * j] += q * y

    at, table, out = numpy.array(list(parameters)), numpy.array(rows), numpy.empty(338)

    def run() -> Any:
        gradient(at, table, out)
        return out

    return run, lambda y: [float(x) for x in y]


PEERS: dict[str, Maker] = {
    "jax.jit": jax_jit,
    "numba, derivatives by hand": numba_by_hand,
    "pytensor": pytensor_arrays,
    "casadi SX": casadi_sx,
    "ddx-ad": ddx_scalars,
    "torch": torch_eager,
    "autograd": autograd_arrays,
}
