"""Networks and linear models of scikit-learn as networks of Values."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

from tinygrad_bp.networks.conversion.chain import Chain, listed, transposed
from tinygrad_bp.networks.nn import MLP
from tinygrad_bp.text import shown


def from_sklearn(estimator: Any) -> MLP:
    """An `MLP` that computes what a fitted estimator of scikit-learn does, with its weights.

    Taken are `MLPRegressor` and `MLPClassifier`, linear regressions and logistic regression, and pipelines of `StandardScaler`,
    `MinMaxScaler`, `MaxAbsScaler` or `RobustScaler` and one of these. Scaling becomes part of the first layer, so that the network takes
    rows as they were measured.

    Of classes the outputs are probabilities where there are two: one output, that of the second class. Where there are more, the
    outputs are the net inputs of the softmax, which the losses take; `softmax(net(x))` or `Predictor(net)(x)` are the probabilities.
    The notes of the network name the classes, and the columns if the estimator knows them.

    Raises TypeError for what is no estimator, and ValueError for one that is not fitted, and for one of another kind.
    """
    if not callable(getattr(estimator, "fit", None)):
        raise TypeError(
            f"from_sklearn takes an estimator of scikit-learn, not {type(estimator).__name__} {shown(estimator)}"
        )
    chain = Chain(type(estimator).__name__)
    names = getattr(estimator, "feature_names_in_", None)
    chain.columns = None if names is None else [str(name) for name in names]
    steps = [
        (name, step)
        for name, step in getattr(estimator, "steps", [("", estimator)])
        if step not in (None, "passthrough")
    ]
    for name, step in steps:
        _add(chain, f"{name} ({type(step).__name__})" if name else type(step).__name__, step)

    def original(rows: list[list[float]]) -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of rows without names, among others
            asked = estimator.predict_proba if hasattr(steps[-1][1], "classes_") else estimator.predict
            return listed(asked(rows))

    return chain.network(original)


def _add(chain: Chain, where: str, step: Any) -> None:
    kind = type(step).__name__
    if kind in _SCALERS:
        factors, summands = _SCALERS[kind](chain, where, step)
        chain.fixed(where, factors, summands)
    elif hasattr(step, "coefs_"):
        _network(chain, where, step)
    elif hasattr(step, "coef_"):
        _linear(chain, where, step)
    elif hasattr(step, "transform") or not hasattr(step, "predict") or hasattr(step, "n_features_in_"):
        known = ", ".join(_SCALERS)
        raise chain.unfit(
            where,
            f"is nothing that an MLP computes: there are MLPs and linear models, and of what comes before {known}",
        )
    else:
        raise chain.unfit(where, "is not fitted; call its fit first")


def _network(chain: Chain, where: str, step: Any) -> None:
    for depth, (weights, biases) in enumerate(zip(step.coefs_, step.intercepts_, strict=True), 1):
        last = depth == len(step.coefs_)
        chain.linear(f"layer {depth} of {where}", transposed(weights), biases)
        called = step.out_activation_ if last else step.activation
        if called == "softmax":
            chain.outputs_are_classes(where, listed(step.classes_))
        else:
            chain.activation(where, called)
    if hasattr(step, "classes_") and step.out_activation_ == "logistic" and step.n_outputs_ == 1:
        chain.classes = list(map(str, listed(step.classes_)))


def _linear(chain: Chain, where: str, step: Any) -> None:
    rows = listed(step.coef_)
    rows = rows if isinstance(rows[0], list) else [rows]
    biases = listed(step.intercept_)
    chain.linear(where, rows, biases * (len(rows) // len(biases)))
    if not hasattr(step, "classes_"):
        return
    if not hasattr(step, "predict_proba"):
        raise chain.unfit(where, "gives classes without probabilities, which no network of this package does")
    if len(rows) == 1:
        chain.activation(where, "logistic")
        chain.classes = list(map(str, listed(step.classes_)))
    else:
        chain.outputs_are_classes(where, listed(step.classes_))


def _standard(chain: Chain, where: str, step: Any) -> tuple[Sequence[float], Sequence[float]]:
    _require(chain, where, step, "n_features_in_")
    width = step.n_features_in_
    factors = [1.0 / s for s in listed(step.scale_)] if step.with_std else [1.0] * width
    means = listed(step.mean_) if step.with_mean else [0.0] * width
    return factors, [-f * m for f, m in zip(factors, means, strict=True)]


def _between(chain: Chain, where: str, step: Any) -> tuple[Sequence[float], Sequence[float]]:
    _require(chain, where, step, "min_")
    if step.clip:
        raise chain.unfit(where, "clips what is out of its range, which a layer does not")
    return listed(step.scale_), listed(step.min_)


def _largest(chain: Chain, where: str, step: Any) -> tuple[Sequence[float], Sequence[float]]:
    _require(chain, where, step, "scale_")
    return [1.0 / s for s in listed(step.scale_)], [0.0]


def _robust(chain: Chain, where: str, step: Any) -> tuple[Sequence[float], Sequence[float]]:
    _require(chain, where, step, "center_")
    width = step.n_features_in_
    factors = [1.0 / s for s in listed(step.scale_)] if step.with_scaling else [1.0] * width
    medians = listed(step.center_) if step.with_centering else [0.0] * width
    return factors, [-f * m for f, m in zip(factors, medians, strict=True)]


def _require(chain: Chain, where: str, step: Any, attribute: str) -> None:
    if not hasattr(step, attribute):
        raise chain.unfit(where, "is not fitted; call its fit first")


_SCALERS = {"StandardScaler": _standard, "MinMaxScaler": _between, "MaxAbsScaler": _largest, "RobustScaler": _robust}
