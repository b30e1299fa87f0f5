"""from_sklearn: what of scikit-learn is taken as it is, and what is refused since it computes something else."""

from __future__ import annotations

import importlib
import math
import random
from typing import Any

import pytest

from tinygrad_bp import MLP, from_sklearn, save
from tinygrad_bp.networks.conversion.chain import Unfit
from tinygrad_bp.networks.notes import Notes
from tinygrad_bp.networks.prediction import Predictor
from tinygrad_bp.networks.saving import load

DRAW = random.Random(1)
ROWS = [[DRAW.gauss(100.0 * k, 0.1 + 5.0 * k) for k in range(3)] for _ in range(40)]
NUMBERS = [row[0] + 0.2 * row[1] - 0.1 * row[2] for row in ROWS]
MIDDLE = sorted(NUMBERS)[20]
TWO = [int(y > MIDDLE) for y in NUMBERS]
THREE = [int(y > MIDDLE - 1) + int(y > MIDDLE + 1) for y in NUMBERS]


def part(module: str, name: str) -> Any:
    return getattr(importlib.import_module(f"sklearn.{module}"), name)


@pytest.mark.extras
@pytest.mark.parametrize("scale", [1.0, 30.0])
def test_probabilities_that_are_no_sigmoid_or_softmax_are_refused(scale: float) -> None:
    sgd = part("linear_model", "SGDClassifier")
    rows = [[scale * (a - 100.0 * k) for k, a in enumerate(row)] for row in ROWS]
    for loss, targets, says in [
        ("modified_huber", TWO, "has loss='modified_huber', whose probabilities are no sigmoid"),
        ("modified_huber", THREE, "has loss='modified_huber'"),
        ("log_loss", THREE, "tells each class from the rest by itself"),
    ]:
        with pytest.raises(Unfit, match=says):
            from_sklearn(sgd(loss=loss, random_state=0).fit(rows, targets))
    net = from_sklearn(sgd(loss="log_loss", random_state=0).fit(rows, TWO))
    assert net.notes.classes == ["0", "1"]


class Clipped:
    """Probabilities of its own, of a sum that is far from 0 at almost every row."""

    n_features_in_ = 2

    def __init__(self, factor: float, columns: int) -> None:
        self.coef_ = [[factor, -factor], [0.0, 0.0], [-factor, factor]][:columns]
        self.intercept_ = [factor / 3, 0.0, 0.0][:columns]
        self.classes_ = list(range(max(2, columns)))

    def fit(self) -> None: ...

    def predict_proba(self, rows: Any) -> list[list[float]]:
        sums = [
            [
                b + sum(w * x for w, x in zip(ws, row, strict=True))
                for ws, b in zip(self.coef_, self.intercept_, strict=True)
            ]
            for row in rows
        ]
        if len(self.coef_) == 1:
            ps = [min(max((z + 1.0) / 2.0, 0.0), 1.0) for [z] in sums]
            return [[1.0 - p, p] for p in ps]
        shares = [[1.0 / (1.0 + math.exp(-max(z, -700.0))) for z in each] for each in sums]
        return [[p / sum(each) for p in each] for each in shares]


@pytest.mark.parametrize("factor", [1.0, 1e3, 1e6])
@pytest.mark.parametrize("columns", [1, 3])
def test_models_are_compared_where_they_are_undecided(factor: float, columns: int) -> None:
    with pytest.raises(Unfit, match="computes something else than its layers"):
        from_sklearn(Clipped(factor, columns))


class Growing(Clipped):
    """Infinite where the network is not."""

    def __init__(self) -> None:
        super().__init__(1.0, 1)
        del self.classes_

    def predict(self, rows: Any) -> list[float]:
        return [math.inf for _ in rows]


def test_an_infinite_output_is_not_near_everything() -> None:
    with pytest.raises(Unfit, match="computes something else"):
        from_sklearn(Growing())


@pytest.mark.extras
def test_what_comes_before_becomes_part_of_the_first_layer() -> None:
    pipeline, scaler = part("pipeline", "make_pipeline"), part("preprocessing", "StandardScaler")
    ridge, least = part("linear_model", "Ridge"), part("preprocessing", "MinMaxScaler")
    pca, best = part("decomposition", "PCA"), part("feature_selection", "SelectKBest")
    identity, columns = part("preprocessing", "FunctionTransformer"), part("compose", "ColumnTransformer")
    regression = part("feature_selection", "f_regression")
    for model in [
        pipeline(scaler(), pipeline(least(), pipeline(identity(), ridge()))),
        pipeline(pca(2), ridge()),
        pipeline(scaler(), pca(2, whiten=True), scaler(), ridge()),
        pipeline(part("decomposition", "TruncatedSVD")(2, random_state=0), ridge()),
        pipeline(best(regression, k=2), scaler(), ridge()),
        pipeline(columns([("a", scaler(), [2]), ("b", least(), slice(0, 2))]), ridge()),
        pipeline(columns([("a", scaler(), [True, False, True])], remainder="passthrough"), ridge()),
        pipeline(columns([("a", scaler(), [1]), ("b", "drop", [0])], remainder=best(regression, k=1)), ridge()),
        pipeline(
            columns(
                [("a", pipeline(scaler(), pipeline("passthrough", pca(1)), least()), [0, 2]), ("b", scaler(), [1])]
            ),
            ridge(),
        ),
        part("compose", "TransformedTargetRegressor")(pipeline(scaler(), ridge()), transformer=scaler()),
        part("compose", "TransformedTargetRegressor")(ridge(), transformer=least()),
        part("compose", "TransformedTargetRegressor")(ridge()),
    ]:
        model.fit(ROWS, NUMBERS)
        predicts = Predictor(from_sklearn(model))
        for row, there in zip(ROWS, model.predict(ROWS).tolist(), strict=True):
            assert predicts(row) == pytest.approx([there], rel=1e-10), model


@pytest.mark.extras
def test_columns_by_name() -> None:
    pandas = importlib.import_module("pandas")
    columns, scaler = part("compose", "ColumnTransformer"), part("preprocessing", "StandardScaler")
    frame = pandas.DataFrame(ROWS, columns=["a", "b", "c"])
    model = part("pipeline", "make_pipeline")(
        columns([("x", scaler(), ["c", "a"])], remainder="passthrough"), part("linear_model", "Ridge")()
    ).fit(frame, NUMBERS)
    net = from_sklearn(model)
    assert net.notes.columns == ["a", "b", "c"]
    assert Predictor(net)(ROWS[0]) == pytest.approx(model.predict(frame[:1]).tolist(), rel=1e-10)


@pytest.mark.extras
def test_what_holds_another_estimator_says_where_it_is() -> None:
    ridge = part("linear_model", "Ridge")
    search = part("model_selection", "GridSearchCV")(ridge(), {"alpha": [1.0, 2.0]}, cv=2)
    with pytest.raises(Unfit, match="GridSearchCV is not fitted"):
        from_sklearn(search)
    search.fit(ROWS, NUMBERS)
    with pytest.raises(
        Unfit, match="GridSearchCV holds another estimator that does the work: hand in its best_estimator_"
    ):
        from_sklearn(search)
    assert from_sklearn(search.best_estimator_).widths == [3, 1]
    with pytest.raises(Unfit, match=r"RANSACRegressor .* hand in its estimator_"):
        from_sklearn(part("linear_model", "RANSACRegressor")(ridge(), random_state=0, min_samples=4).fit(ROWS, NUMBERS))
    logs = part("compose", "TransformedTargetRegressor")(ridge(), func=abs_of, inverse_func=abs_of, check_inverse=False)
    with pytest.raises(Unfit, match="changes the target by FunctionTransformer"):
        from_sklearn(logs.fit(ROWS, NUMBERS))


def abs_of(x: Any) -> Any:
    return abs(x)


@pytest.mark.extras
@pytest.mark.parametrize("kind", [int, bool, float, str])
@pytest.mark.parametrize("targets", [TWO, THREE])
def test_answers_are_what_the_model_predicts(kind: type, targets: list[int], tmp_path: Any) -> None:
    model = part("pipeline", "make_pipeline")(
        part("preprocessing", "StandardScaler")(), part("linear_model", "LogisticRegression")()
    ).fit(ROWS, [kind(y) for y in targets])
    net = from_sklearn(model)
    save(net, tmp_path / "net.json")
    for each in (net, load(tmp_path / "net.json")):
        answers = [Predictor(each).answer(row) for row in ROWS]
        assert answers == model.predict(ROWS).tolist()
        assert {type(answer) for answer in answers} == {kind}


def test_class_values_are_as_many_as_classes() -> None:
    with pytest.raises(ValueError, match="have 1 class_values of 2 classes"):
        Notes(classes=["a", "b"], class_values=[1])
    with pytest.raises(TypeError, match="class_values that are no list of numbers"):
        Notes(classes=["a"], class_values=[None])  # type: ignore[list-item]
    net = MLP(1, [1], seed=0)
    net.notes = Notes(classes=["no", "yes"])
    assert Predictor(net).answer([0.0]) in ("no", "yes")


@pytest.mark.extras
def test_a_regression_of_the_logarithm_is_an_exponential() -> None:
    counts = [abs(y - MIDDLE) + 0.1 for y in NUMBERS]
    rows = [[a - 100.0 * k for k, a in enumerate(row)] for row in ROWS]
    for name, options, activation in [
        ("PoissonRegressor", {}, "exp"),
        ("GammaRegressor", {}, "exp"),
        ("TweedieRegressor", {"power": 0}, None),
        ("TweedieRegressor", {"power": 0, "link": "log"}, "exp"),
        ("TweedieRegressor", {"power": 1.5}, "exp"),
    ]:
        model = part("linear_model", name)(**options).fit(rows, counts)
        net = from_sklearn(model)
        there = net.layers[0].neurons[0].activation
        assert (there.name if there else None) == activation
        assert [net(row)[0].data for row in rows[:5]] == pytest.approx(list(model.predict(rows[:5])), rel=1e-12)


@pytest.mark.extras
def test_what_a_step_of_columns_does_not_do_is_named() -> None:
    steps = part("pipeline", "make_pipeline")
    inner = steps(part("preprocessing", "StandardScaler")(), part("preprocessing", "PolynomialFeatures")(2))
    model = steps(part("compose", "ColumnTransformer")([("a", inner, [0, 1])]), part("linear_model", "Ridge")())
    with pytest.raises(Unfit, match=r": a, polynomialfeatures \(PolynomialFeatures\) is nothing that an MLP computes"):
        from_sklearn(model.fit(ROWS, NUMBERS))


@pytest.mark.extras
@pytest.mark.filterwarnings("ignore::UserWarning")  # it stops early
def test_of_several_labels_each_is_answered(tmp_path: Any) -> None:
    rows = [[a - 100.0 * k for k, a in enumerate(row)] for row in ROWS]
    labels = [[int(row[0] > 0), int(row[1] > row[2])] for row in rows]
    model = part("neural_network", "MLPClassifier")((3,), max_iter=30, random_state=0).fit(rows, labels)
    net = from_sklearn(model)
    save(net, tmp_path / "net.json")
    for each in (net, load(tmp_path / "net.json")):
        assert [Predictor(each).answer(row) for row in rows] == model.predict(rows).tolist()
    assert Predictor(net)(rows[0]) == pytest.approx(model.predict_proba(rows[:1])[0].tolist(), rel=1e-12)
    with pytest.raises(TypeError, match="have a threshold that is no number: 'half'"):
        Notes(threshold="half")  # type: ignore[arg-type]
