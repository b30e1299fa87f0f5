"""Networks and linear models of scikit-learn as networks of Values."""

from __future__ import annotations

import math
import sys
import warnings
from collections.abc import Iterator, Sequence
from typing import Any

from tinygrad_bp.networks.conversion.chain import Chain, listed, no_class, transposed
from tinygrad_bp.networks.nn import MLP
from tinygrad_bp.text import shown


def from_sklearn(estimator: Any) -> MLP:
    """An `MLP` that computes what a fitted estimator of scikit-learn does, with its weights.

    Taken are `MLPRegressor` and `MLPClassifier`, linear regressions, also of the logarithm, and logistic regression; and pipelines, also in
    one another, that end in one of these: scalers, `PCA`, a selection of columns, and a `ColumnTransformer` of them become part of the
    first layer, so that the network takes rows as they were measured. A `TransformedTargetRegressor` may scale the target.

    Of classes the outputs are probabilities where there are two: one output, that of the second class. Where there are more, the
    outputs are the net inputs of the softmax, which the losses take; `softmax(net(x))` or `Predictor(net)(x)` are the probabilities.
    The notes of the network name the classes, and the columns if the estimator knows them; `Predictor(net).answer(x)` is what the
    estimator predicts: 0 or False where a class is that.

    Raises TypeError for what is no estimator, and ValueError for one that is not fitted, and for one of another kind.
    """
    no_class("from_sklearn", estimator)
    if not callable(getattr(estimator, "fit", None)):
        raise TypeError(
            f"from_sklearn takes an estimator of scikit-learn, not {type(estimator).__name__} {shown(estimator)}"
        )
    chain = Chain(type(estimator).__name__)
    names = getattr(estimator, "feature_names_in_", None)
    chain.columns = None if names is None else [str(name) for name in names]
    _add(chain, type(estimator).__name__, estimator)

    def original(rows: Any) -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of rows without names, among others
            if chain.columns and (pandas := sys.modules.get("pandas")):  # a ColumnTransformer may take columns by name
                rows = pandas.DataFrame(rows, columns=chain.columns)
            return listed((estimator.predict_proba if chain.probabilities else estimator.predict)(rows))

    return chain.network(original)


def _add(chain: Chain, where: str, step: Any) -> None:
    kind = type(step).__name__
    if isinstance(getattr(step, "steps", None), list):
        for name, inner in _steps(where if where != chain.what else "", step):
            _add(chain, name, inner)
    elif kind in _SCALERS:
        chain.fixed(where, *_SCALERS[kind](chain, where, step))
    elif hasattr(step, "regressor_") and hasattr(step, "transformer_"):
        _target(chain, where, step)
    elif hasattr(step, "coefs_"):
        _network(chain, where, step)
    elif hasattr(step, "coef_"):
        _linear(chain, where, step)
    elif hasattr(step, "transform") and (mixed := _mixed(chain, where, step)):
        if mixed is not _AS_IT_IS:
            chain.mixed(where, *mixed)
    else:
        raise chain.unfit(where, _why(step))


def _steps(where: str, pipeline: Any) -> Iterator[tuple[str, Any]]:
    for name, step in pipeline.steps:
        if step not in (None, "passthrough"):
            path = name if not where else f"{where.partition(' (')[0]}.{name}"
            yield f"{path} ({type(step).__name__})", step


def _why(step: Any) -> str:
    """Why a step is not taken."""
    for attribute in ("best_estimator_", "estimator_"):
        if hasattr(step, attribute) and not hasattr(step, "estimators_"):
            return f"holds another estimator that does the work: hand in its {attribute}"
    fitted = any(name.endswith("_") and not name.startswith("_") for name in vars(step))
    if hasattr(step, "predict") and not hasattr(step, "transform") and not fitted:
        return "is not fitted; call its fit first"
    known = ", ".join([*_SCALERS, "PCA", "TruncatedSVD", "SelectKBest", "ColumnTransformer"])
    return f"is nothing that an MLP computes: there are MLPs and linear models, and of what comes before {known}"


def _network(chain: Chain, where: str, step: Any) -> None:
    for depth, (weights, biases) in enumerate(zip(step.coefs_, step.intercepts_, strict=True), 1):
        last = depth == len(step.coefs_)
        chain.linear(f"layer {depth} of {where}", transposed(weights), biases)
        called = step.out_activation_ if last else step.activation
        if called == "softmax":
            chain.outputs_are_classes(where, listed(step.classes_))
        else:
            chain.activation(where, called)
    chain.probabilities = hasattr(step, "classes_")
    if chain.probabilities and step.out_activation_ == "logistic" and step.n_outputs_ == 1:
        chain.classes = listed(step.classes_)
    elif chain.probabilities and step.out_activation_ == "logistic":  # of several labels, of which each may hold
        chain.threshold = 0.5


def _linear(chain: Chain, where: str, step: Any) -> None:
    rows = listed(step.coef_)
    rows = rows if isinstance(rows[0], list) else [rows]
    biases = listed(step.intercept_)
    chain.linear(where, rows, biases * (len(rows) // len(biases)))
    if not hasattr(step, "classes_"):
        if _is_log_linear(step):
            chain.activation(where, "exp")
        return
    if not hasattr(step, "predict_proba"):
        raise chain.unfit(where, "gives classes without probabilities, which no network of this package does")
    several = len(rows) > 1
    if (loss := getattr(step, "loss", "log_loss")) not in ("log_loss", "log"):
        raise chain.unfit(where, f"has loss={loss!r}, whose probabilities are no sigmoid; that of 'log_loss' are")
    if several and (hasattr(step, "loss") or _one_against_the_rest(step)):
        raise chain.unfit(
            where,
            "tells each class from the rest by itself, which a softmax does not; LogisticRegression without multi_class='ovr' does as it",
        )
    chain.probabilities = True
    if several:
        chain.outputs_are_classes(where, listed(step.classes_))
    else:
        chain.activation(where, "logistic")
        chain.classes = listed(step.classes_)


def _is_log_linear(step: Any) -> bool:
    """Whether it is the logarithm of what it predicts that is linear."""
    kind = type(step).__name__
    if kind == "TweedieRegressor":
        return bool(step.link == "log" or (step.link == "auto" and step.power > 0))
    return kind in ("PoissonRegressor", "GammaRegressor")


def _one_against_the_rest(step: Any) -> bool:
    way = getattr(step, "multi_class", None)
    return way == "ovr" or (way != "multinomial" and getattr(step, "solver", None) == "liblinear")


def _target(chain: Chain, where: str, step: Any) -> None:
    """A regression on targets that were changed before: what it gives is changed back."""
    inner, change = step.regressor_, step.transformer_
    _add(chain, f"regressor ({type(inner).__name__})", inner)
    kind = type(change).__name__
    if kind in _SCALERS:
        factors, summands = _SCALERS[kind](chain, f"transformer ({kind})", change)
        chain.fixed(where, [1.0 / f for f in factors], [-s / f for f, s in zip(factors, summands, strict=True)])
    elif _mixed(chain, where, change) is not _AS_IT_IS:
        raise chain.unfit(where, f"changes the target by {kind}; what scales it is taken: {', '.join(_SCALERS)}")


Mixed = tuple[list[list[float]], list[float]]
_AS_IT_IS: Mixed = [], []


def _mixed(chain: Chain, where: str, step: Any) -> Mixed | None:
    """Weights and summands of sums of the inputs; None for what does something else."""
    kind = type(step).__name__
    if kind == "FunctionTransformer" and step.func is None and step.inverse_func is None:
        return _AS_IT_IS
    if kind == "ColumnTransformer" and hasattr(step, "transformers_"):
        return _columns(chain, where, step)
    if kind in ("PCA", "IncrementalPCA", "TruncatedSVD") and hasattr(step, "components_"):
        return _components(step)
    if callable(getattr(step, "get_support", None)) and hasattr(step, "n_features_in_"):
        kept = [int(k) for k in listed(step.get_support(indices=True))]
        return [_one(k, step.n_features_in_) for k in kept], [0.0] * len(kept)
    return None


def _components(step: Any) -> Mixed:
    rows = listed(step.components_)
    if getattr(step, "whiten", False):
        scales = [variance**0.5 for variance in listed(step.explained_variance_)]
        rows = [[w / scale for w in row] for row, scale in zip(rows, scales, strict=True)]
    means = listed(step.mean_) if getattr(step, "mean_", None) is not None else [0.0] * len(rows[0])
    return rows, [-math.fsum(w * m for w, m in zip(row, means, strict=True)) for row in rows]


def _columns(chain: Chain, where: str, step: Any) -> Mixed:
    width = step.n_features_in_
    weights: list[list[float]] = []
    summands: list[float] = []
    for name, part, chosen in step.transformers_:
        if isinstance(part, str) and part == "drop":
            continue
        places = _places(chosen, width, [str(each) for each in getattr(step, "feature_names_in_", ())])
        rows, shift = _of_columns(chain, f"{where}: {name}", part, len(places))
        for row, summand in zip(rows, shift, strict=True):
            whole = [0.0] * width
            for place, weight in zip(places, row, strict=True):
                whole[place] += weight
            weights.append(whole)
            summands.append(summand)
    return weights, summands


def _of_columns(chain: Chain, where: str, part: Any, width: int) -> Mixed:
    """What a part of a ColumnTransformer does to its columns."""
    if isinstance(getattr(part, "steps", None), list):
        found = _identity(width)
        for name, step in _steps("", part):
            found = _after(found, _of_columns(chain, f"{where}, {name}", step, len(found[0])))
        return found
    if (kind := type(part).__name__) in _SCALERS:
        factors, summands = _SCALERS[kind](chain, where, part)
        return [[f * x for x in row] for f, row in zip(factors, _identity(width)[0], strict=True)], [*summands]
    if part == "passthrough" or (mixed := _mixed(chain, where, part)) is _AS_IT_IS:
        return _identity(width)
    if mixed is None:
        raise chain.unfit(where if f"({kind})" in where else f"{where} ({kind})", _why(part))
    return mixed


def _identity(width: int) -> Mixed:
    return [_one(k, width) for k in range(width)], [0.0] * width


def _after(first: Mixed, then: Mixed) -> Mixed:
    """Both, one after the other."""
    columns = list(zip(*first[0], strict=True))
    weights = [[math.fsum(w * x for w, x in zip(row, column, strict=True)) for column in columns] for row in then[0]]
    shifts = [
        math.fsum([s, *(w * x for w, x in zip(row, first[1], strict=True))]) for row, s in zip(*then, strict=True)
    ]
    return weights, shifts


def _places(chosen: Any, width: int, names: list[str]) -> list[int]:
    """The columns that are chosen by numbers, names, truth values or a slice."""
    if isinstance(chosen, slice):
        first, last = (names.index(x) if isinstance(x, str) else x for x in (chosen.start, chosen.stop))
        last = last + 1 if isinstance(chosen.stop, str) else last  # names include the last
        return list(range(width))[first : last : chosen.step]
    each = listed(chosen)
    if each and all(isinstance(x, bool) for x in each):
        return [k for k, taken in enumerate(each) if taken]
    return [names.index(x) if isinstance(x, str) else range(width)[x] for x in each]


def _one(place: int, width: int) -> list[float]:
    return [float(k == place) for k in range(width)]


def _standard(chain: Chain, where: str, step: Any) -> tuple[Sequence[float], Sequence[float]]:
    _require(chain, where, step, "n_features_in_")
    return _centred(step, step.mean_ if step.with_mean else None, scaled=step.with_std)


def _between(chain: Chain, where: str, step: Any) -> tuple[Sequence[float], Sequence[float]]:
    _require(chain, where, step, "min_")
    if step.clip:
        raise chain.unfit(where, "clips what is out of its range, which a layer does not")
    return listed(step.scale_), listed(step.min_)


def _largest(chain: Chain, where: str, step: Any) -> tuple[Sequence[float], Sequence[float]]:
    _require(chain, where, step, "scale_")
    factors = [1.0 / s for s in listed(step.scale_)]
    return factors, [0.0] * len(factors)


def _robust(chain: Chain, where: str, step: Any) -> tuple[Sequence[float], Sequence[float]]:
    _require(chain, where, step, "center_")
    return _centred(step, step.center_ if step.with_centering else None, scaled=step.with_scaling)


def _centred(step: Any, middle: Any, *, scaled: bool) -> tuple[Sequence[float], Sequence[float]]:
    """What takes the middle of each column off it, where there is one, and divides by its scale."""
    width = step.n_features_in_
    factors = [1.0 / s for s in listed(step.scale_)] if scaled else [1.0] * width
    middles = [0.0] * width if middle is None else listed(middle)
    return factors, [-f * m for f, m in zip(factors, middles, strict=True)]


def _require(chain: Chain, where: str, step: Any, attribute: str) -> None:
    if not hasattr(step, attribute):
        raise chain.unfit(where, "is not fitted; call its fit first")


_SCALERS = {"StandardScaler": _standard, "MinMaxScaler": _between, "MaxAbsScaler": _largest, "RobustScaler": _robust}
