"""Networks of PyTorch, Keras and scikit-learn as networks of Values, and back."""

from __future__ import annotations

import importlib
import math
import random
import warnings
from typing import Any

import pytest

from tinygrad_bp import MLP, from_keras, from_sklearn, from_torch, save, softmax, to_torch
from tinygrad_bp.networks.losses import cross_entropy, squared_error
from tinygrad_bp.networks.prediction import Predictor
from tinygrad_bp.networks.saving import load

ROWS = [[0.3, -1.2, 2.0], [0.0, 0.5, -0.7], [-3.0, 1.0, 4.0]]


def outputs(net: MLP, row: list[float]) -> list[float]:
    return [out.data for out in net(row)]


# PyTorch


def modules() -> dict[str, Any]:
    import torch
    from torch import nn
    from torch.nn import functional

    torch.manual_seed(3)

    class Written(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.second, self.drop = nn.Linear(3, 5), nn.Linear(5, 2), nn.Dropout(0.5)

        def forward(self, x: Any) -> Any:
            x = functional.relu(self.first(x.view(x.size(0), -1)))
            return torch.sigmoid(self.second(self.drop(x)))

    class Nested(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body = nn.Sequential(nn.Linear(3, 4), nn.Sequential(nn.SiLU(), nn.Linear(4, 4)))
            self.head = nn.Linear(4, 1, bias=False)

        def forward(self, x: Any) -> Any:
            return self.head(self.body(x).tanh())

    def normalized(*parts: Any) -> Any:
        module = nn.Sequential(*parts)
        for part in module:
            if isinstance(part, nn.BatchNorm1d):
                part.running_mean.normal_()
                part.running_var.uniform_(0.3, 3.0)
                if part.affine:
                    nn.init.normal_(part.weight)
                    nn.init.normal_(part.bias)
        return module

    found = {
        "written": Written(),
        "nested": Nested(),
        "one layer": nn.Linear(3, 2),
        "linear": nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 2), nn.Identity()),
        "normalized after": normalized(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.ReLU(), nn.Linear(4, 2)),
        "normalized before": normalized(nn.BatchNorm1d(3), nn.BatchNorm1d(3, affine=False), nn.Linear(3, 4)),
        "normalized between": normalized(
            nn.Linear(3, 4), nn.Tanh(), nn.BatchNorm1d(4), nn.Dropout(0.2), nn.Linear(4, 2)
        ),
        "normalized at the end": normalized(nn.Linear(3, 4), nn.Sigmoid(), nn.BatchNorm1d(4)),
    }
    for activation in (nn.Sigmoid, nn.Tanh, nn.ReLU, nn.LeakyReLU, nn.Softplus, nn.SiLU, nn.GELU):
        found[activation.__name__] = nn.Sequential(nn.Linear(3, 4), activation(), nn.Linear(4, 1))
    return found


@pytest.mark.torch
def test_modules_of_torch_compute_the_same() -> None:
    import torch

    for name, module in modules().items():
        before = {key: x.clone() for key, x in module.state_dict().items()}
        for double in (False, True):
            module = module.double() if double else module
            net = from_torch(module)
            assert module.training
            module.eval()
            for row in ROWS:
                wanted = module(torch.tensor([row], dtype=next(module.parameters()).dtype)).flatten().tolist()
                tolerance = 1e-12 if double else 1e-5
                assert outputs(net, row) == pytest.approx(wanted, rel=tolerance, abs=tolerance), name
            module.train()
        assert all(torch.equal(x.double(), before[key].double()) for key, x in module.state_dict().items()), name


@pytest.mark.torch
def test_weights_are_the_same_floats_and_gradients_are_torchs() -> None:
    import torch

    module = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Tanh(), torch.nn.Linear(4, 2)).double()
    net = from_torch(module)
    assert [w.data for w in net.weights] == [
        w for part in (module[0], module[2]) for w in part.weight.flatten().tolist()
    ]
    loss = squared_error(net(ROWS[0]), [0.25, -0.5])
    loss.backward()
    (0.5 * (module(torch.tensor([ROWS[0]], dtype=torch.float64)) - torch.tensor([0.25, -0.5])) ** 2).sum().backward()
    wanted = [g for part in (module[0], module[2]) for g in part.weight.grad.flatten().tolist()]
    assert [w.grad for w in net.weights] == pytest.approx(wanted, rel=1e-12, abs=1e-15)
    wanted = [g for part in (module[0], module[2]) for g in part.bias.grad.tolist()]
    assert [b.grad for b in net.biases] == pytest.approx(wanted, rel=1e-12, abs=1e-15)


@pytest.mark.torch
def test_a_softmax_at_the_end_is_left_out_and_noted() -> None:
    import torch

    for last in (torch.nn.Softmax(dim=1), torch.nn.LogSoftmax(dim=1)):
        module = torch.nn.Sequential(torch.nn.Linear(3, 4), last).double()
        net = from_torch(module)
        wanted = torch.softmax(module[0](torch.tensor([ROWS[0]], dtype=torch.float64)), 1).flatten().tolist()
        assert Predictor(net)(ROWS[0]) == pytest.approx(wanted, rel=1e-12)
        assert [p.data for p in softmax(net(ROWS[0]))] == pytest.approx(wanted, rel=1e-12)
        assert cross_entropy(net(ROWS[0]), 2).data == pytest.approx(-math.log(wanted[2]), rel=1e-12)
        assert net.notes.classes == ["0", "1", "2", "3"]


@pytest.mark.torch
def test_what_is_no_network_of_layers_is_named() -> None:
    import torch
    from torch import nn

    class Residual(nn.Module):
        def __init__(self, way: Any) -> None:
            super().__init__()
            self.a, self.b, self.way = nn.Linear(3, 3), nn.Linear(3, 3), way

        def forward(self, x: Any) -> Any:
            return self.way(self, x)

    class Twice(nn.Linear):
        def forward(self, x: Any) -> Any:
            return 2 * super().forward(x)

    linear = nn.Linear(3, 3)
    for module, says in [
        (nn.Sequential(nn.Linear(3, 3), nn.ELU()), r"Sequential: 1 \(ELU\) is nothing that an MLP computes"),
        (nn.Sequential(nn.Conv1d(3, 3, 1)), r"0 \(Conv1d\)"),
        (nn.Sequential(nn.Linear(3, 3), nn.LayerNorm(3)), r"1 \(LayerNorm\)"),
        (nn.Sequential(nn.Linear(3, 3), nn.Softplus(beta=2)), "has beta=2; the row of the table is that of 1"),
        (nn.Sequential(nn.Linear(3, 3), nn.GELU(approximate="tanh")), "has approximate='tanh'"),
        (nn.Sequential(nn.Linear(3, 3), nn.LeakyReLU(0.2)), "has negative_slope=0.2"),
        (nn.Sequential(nn.ReLU(), nn.Linear(3, 3)), "stands before the first layer of weights"),
        (nn.Sequential(nn.Linear(3, 3), nn.ReLU(), nn.Tanh()), "follows another activation"),
        (nn.Sequential(nn.Linear(3, 3), nn.Softmax(dim=1), nn.Linear(3, 3)), "follows a softmax"),
        (nn.Sequential(nn.Linear(3, 3), nn.BatchNorm1d(3, track_running_stats=False)), "keeps no running mean"),
        (nn.Sequential(linear, nn.ReLU(), linear), "is used twice"),
        (nn.ReLU(), "before the first layer"),
        (nn.Sequential(nn.Dropout()), "Sequential has no layer of weights"),
        (Residual(lambda self, x: x + self.a(x)), "one path"),
        (Residual(lambda self, x: self.a(x) * self.b(x)), "one path"),
        (Residual(lambda self, x: self.b(3.0 * self.a(x))), "mul has another operand, 3.0"),
        (Residual(lambda self, x: self.a(x) if x.sum() > 0 else x), "cannot be followed"),
        (nn.Sequential(Twice(3, 3)), "nothing that an MLP computes"),
    ]:
        with pytest.raises(ValueError, match=says):
            from_torch(module)
    with torch.no_grad():
        linear.weight[0, 0] = math.nan
    with pytest.raises(ValueError, match="not finite"):
        from_torch(linear)


@pytest.mark.torch
@pytest.mark.parametrize("activation", ["sigmoid", "tanh", "relu", "leaky_relu", "softplus", "silu", "gelu", None])
def test_there_and_back(activation: str | None) -> None:
    import torch

    net = MLP(3, [4, 2], activation=[activation, None], biases=[0.1, 0.2, 0.3, 0.4, 0.5, 0.6], seed=1)
    module = to_torch(net)
    for row in ROWS:
        assert module(torch.tensor(row, dtype=torch.float64)).tolist() == pytest.approx(outputs(net, row), rel=1e-12)
    again = from_torch(module)
    assert [w.data for w in again.weights] == [w.data for w in net.weights]
    assert [b.data for b in again.biases] == [b.data for b in net.biases]
    assert to_torch(net, torch.float32)[0].weight.dtype is torch.float32


@pytest.mark.torch
def test_biases_that_are_not_trained_are_not_trained_there() -> None:
    net = MLP(2, [2], train_biases=False, seed=0)
    assert to_torch(net)[0].bias is None
    net.layers[0].neurons[0].bias.data = 0.5
    assert not to_torch(net)[0].bias.requires_grad
    assert not from_torch(to_torch(MLP(2, [2], train_biases=False, seed=0))).train_biases


@pytest.mark.torch
def test_what_torch_has_no_module_of_is_named() -> None:
    with pytest.raises(ValueError, match="PyTorch has no module for sin, the activation of layer 1"):
        to_torch(MLP(2, [2, 1], activation=["sin", None]))
    net = MLP(2, [2])
    net.layers[0].neurons[0].activation = "tanh"
    with pytest.raises(ValueError, match="layer 1 has several activations, sigmoid and tanh"):
        to_torch(net)
    with pytest.raises(TypeError, match="to_torch takes an MLP, not list"):
        to_torch([net])


# Keras, by classes that have of its layers what is asked for


class Dense:
    def __init__(self, kernel: Any, bias: Any = None, activation: Any = "linear", name: str = "") -> None:
        self.kernel, self.bias, self.activation, self.name = kernel, bias, activation, name

    def get_weights(self) -> list[Any]:
        return [self.kernel] if self.bias is None else [self.kernel, self.bias]


class BatchNormalization:
    name, epsilon, scale, center = "batch_normalization", 1e-3, True, True

    def __init__(self, *weights: list[float]) -> None:
        self.weights = weights

    def get_weights(self) -> list[list[float]]:
        return list(self.weights)


class Layer:
    def __init__(self, **options: Any) -> None:
        vars(self).update(options)


def layer(kind: str, **options: Any) -> Any:
    return type(kind, (Layer,), {})(**options)


def swish(x: Any) -> Any: ...


class Sequential:
    def __init__(self, *layers: Any) -> None:
        self.layers = list(layers)


def test_dense_layers_of_keras() -> None:
    first = Dense([[1.0, 2.0], [3.0, 4.0], [0.5, -1.0]], [0.1, -0.2], swish, "dense")
    last = Dense([[0.3], [-0.7]], None, "sigmoid", "dense_1")
    net = from_keras(Sequential(layer("InputLayer"), first, layer("Dropout", rate=0.5), Sequential(last)))
    assert net.widths == [3, 2, 1]
    for row in ROWS:
        nets = [
            sum(x * w for x, w in zip(row, column, strict=True)) + b
            for column, b in (((1, 3, 0.5), 0.1), ((2, 4, -1), -0.2))
        ]
        a, b = (n / (1 + math.exp(-n)) for n in nets)
        assert outputs(net, row) == pytest.approx([1 / (1 + math.exp(-(0.3 * a - 0.7 * b)))], rel=1e-12)
    assert [neuron.train_bias for each in net.layers for neuron in each.neurons] == [True, True, False]


def test_what_keras_does_to_each_number_becomes_part_of_a_layer() -> None:
    kernel = [[1.0, 2.0], [3.0, 4.0], [0.5, -1.0]]
    norm = BatchNormalization([2.0, 3.0], [0.5, 0.0], [0.1, -1.0], [4.0, 0.25])
    model = Sequential(
        layer("Rescaling", scale=0.5, offset=-1.0),
        layer("Normalization", mean=[[0.5, 0.0, 1.0]], variance=[[4.0, 1.0, 0.25]]),
        Dense(kernel, [0.0, 1.0]),
        norm,
        layer("ReLU", max_value=None, negative_slope=0.0, threshold=0.0),
        Dense([[1.0], [1.0]], [0.0]),
        layer("Activation", activation="tanh"),
    )
    net = from_keras(model)
    for row in ROWS:
        xs = [(0.5 * x - 1.0 - m) / math.sqrt(v) for x, m, v in zip(row, (0.5, 0, 1), (4, 1, 0.25), strict=True)]
        zs = [sum(x * w[k] for x, w in zip(xs, kernel, strict=True)) + k for k in (0, 1)]
        zs = [g * (z - m) / math.sqrt(v + 1e-3) + b for z, g, b, m, v in zip(zs, *norm.weights, strict=True)]
        assert outputs(net, row) == pytest.approx([math.tanh(sum(max(z, 0) for z in zs))], rel=1e-12)


def test_of_keras_a_slope_that_another_row_has_and_a_norm_of_weights_are_taken() -> None:
    dense = Dense([[1.0], [2.0], [3.0]], [0.5])
    for slope, row in ((0.0, "relu"), (1.0, None)):
        net = from_keras(
            Sequential(layer("SpectralNormalization", layer=dense), layer("LeakyReLU", negative_slope=slope))
        )
        activation = net.layers[0].neurons[0].activation
        assert (activation.name if activation else None) == row
    with pytest.raises(ValueError, match=r"has negative_slope=0.3; the row of the table is that of 0.01"):
        from_keras(Sequential(dense, layer("LeakyReLU", negative_slope=0.3)))


def test_a_softmax_of_keras_is_noted() -> None:
    net = from_keras(Sequential(Dense([[1.0, 2.0, 0.0]] * 3, [0.0, 0.1, 0.2], "softmax")))
    assert sum(Predictor(net)(ROWS[0])) == pytest.approx(1)
    assert net.notes.loss == "cross_entropy"


class Predicting(Sequential):
    factor = 1.0

    def predict(self, rows: Any, verbose: int = 1) -> list[list[float]]:
        return [[self.factor * (row[0] + 2 * row[1])] for row in rows.tolist()]


@pytest.mark.extras
def test_a_model_that_predicts_something_else_is_refused() -> None:
    model = Predicting(Dense([[1.0], [2.0]], [0.0]))
    assert from_keras(model).widths == [2, 1]
    functional = type("Functional", (Predicting,), {})(*model.layers)
    assert from_keras(functional).widths == [2, 1]  # what it predicts shows that its layers are one after the other
    model.factor = 2.0
    with pytest.raises(ValueError, match="computes something else than its layers one after the other"):
        from_keras(model)


@pytest.mark.parametrize(
    ("layers", "says"),
    [
        ([layer("Conv2D", name="conv")], r"Sequential: conv \(Conv2D\) is nothing that an MLP computes"),
        ([Dense([[1.0]], [0.0], "elu", "d")], r"d \(Dense\) is nothing that an MLP computes"),
        ([Dense([[1.0]], [0.0], "leaky_relu", "d")], r"d \(Dense\) has a leaky_relu with a slope of 0.2"),
        ([Dense([[1.0]], [0.0]), layer("ReLU", max_value=6.0)], "has max_value=6.0"),
        ([Dense([[1.0]], [0.0]), layer("LeakyReLU", negative_slope=0.3)], "has negative_slope=0.3"),
        ([Dense([[1.0]], [0.0, 1.0])], "has 1 neuron and 2 biases"),
        ([Dense([[1.0], [2.0]], [0.0]), Dense([[1.0], [2.0]], [0.0])], "takes 2 inputs, and what is before it gives 1"),
        ([Dense([1.0], [0.0])], "weights that are no matrix"),
        (
            [Dense([[1.0]], [0.0]), BatchNormalization([1.0, 1], [0.0, 0], [0.0, 0], [1.0, 1])],
            "is for 2 numbers, and there are 1",
        ),
        ([], "Sequential has no layer of weights"),
        ([Dense([[1.0]], [0.0], layer("ReLU", max_value=6.0), "d")], r"d \(Dense\) has max_value=6.0"),
        ([layer("Dense", name="d", get_weights=list)], r"d \(Dense\) has no weights yet: call the model once"),
        (
            [layer("Functional", name="f", layers=[Dense([[1.0]], [0.0])])],
            r"Sequential: f \(Functional\) is a graph of layers",
        ),
        ([layer("Model", layers=[], inputs=["a", "b"])], "Sequential: Model has 2 inputs; an MLP has one vector"),
    ],
)
def test_what_keras_has_and_an_mlp_not_is_named(layers: list[Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        from_keras(Sequential(*layers))


# scikit-learn


@pytest.mark.extras
def test_estimators_of_sklearn_compute_the_same() -> None:
    from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
    from sklearn.neural_network import MLPClassifier, MLPRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, RobustScaler, StandardScaler

    draw = random.Random(1)
    rows = [[draw.gauss(k, 1 + k) for k in range(3)] for _ in range(60)]
    numbers = [row[0] - 2 * row[1] + math.sin(row[2]) for row in rows]
    three = ["low" if y < -2 else "high" if y > 1 else "mid" for y in numbers]
    two = [y > 0 for y in numbers]
    small = {"hidden_layer_sizes": (5, 4), "max_iter": 40, "random_state": 1}
    for estimator, targets in [
        (MLPRegressor(activation="tanh", **small), numbers),
        (MLPRegressor(activation="logistic", **small), [[y, -y] for y in numbers]),
        (LinearRegression(), numbers),
        (Ridge(fit_intercept=False), [[y, 2 * y] for y in numbers]),
        (make_pipeline(StandardScaler(), MLPRegressor(activation="identity", **small)), numbers),
        (make_pipeline(StandardScaler(with_mean=False), MinMaxScaler(), LinearRegression()), numbers),
        (MLPClassifier(activation="relu", **small), three),
        (MLPClassifier(**small), two),
        (LogisticRegression(), three),
        (LogisticRegression(), two),
        (make_pipeline(MaxAbsScaler(), StandardScaler(with_std=False), LogisticRegression()), two),
        (make_pipeline(RobustScaler(), RobustScaler(with_centering=False), LogisticRegression()), two),
        (make_pipeline(RobustScaler(with_scaling=False), LogisticRegression()), two),
    ]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it may stop early; it has weights
            estimator.fit(rows, targets)
        net = from_sklearn(estimator)
        predicts = Predictor(net)
        wanted = estimator.predict_proba(rows) if hasattr(estimator, "classes_") else estimator.predict(rows)
        for row, there in zip(rows, wanted.tolist(), strict=True):
            there = there if isinstance(there, list) else [there]
            assert predicts(row) == pytest.approx(there, rel=1e-9, abs=1e-12), estimator
        if targets is three:
            assert net.notes.classes == ["high", "low", "mid"]
            assert [predicts.answer(row) for row in rows] == estimator.predict(rows).tolist()


@pytest.mark.extras
def test_names_of_columns_are_kept_and_the_network_is_saved(tmp_path: Any) -> None:
    pandas = importlib.import_module("pandas")
    from sklearn.linear_model import LinearRegression

    frame = pandas.DataFrame({"bill": [1.0, 2.0, 4.0], "depth": [0.5, 0.1, 0.2]})
    net = from_sklearn(LinearRegression().fit(frame, [1.0, 2.0, 3.0]))
    assert net.notes.columns == ["bill", "depth"]
    save(net, tmp_path / "net.json")
    row = {"depth": 0.1, "bill": 2.0}
    assert Predictor(load(tmp_path / "net.json"))(row) == Predictor(net)(row) == pytest.approx([2.0])


@pytest.mark.extras
def test_what_sklearn_has_and_an_mlp_not_is_named() -> None:
    from sklearn.linear_model import LinearRegression, LogisticRegression
    from sklearn.neural_network import MLPClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import MinMaxScaler, PolynomialFeatures, StandardScaler
    from sklearn.svm import LinearSVC
    from sklearn.tree import DecisionTreeRegressor

    class Shifted(LinearRegression):  # type: ignore[misc]
        def predict(self, X: Any) -> Any:
            return super().predict(X) + 1.0

    rows, targets = [[0.0, 1.0], [1.0, 0.5], [2.0, 0.0], [3.0, 2.0]], [0, 1, 0, 1]
    for estimator, says in [
        (LinearSVC(), "LinearSVC gives classes without probabilities"),
        (DecisionTreeRegressor(), "DecisionTreeRegressor is nothing that an MLP computes"),
        (Shifted(), "Shifted computes something else than its layers"),
        (
            make_pipeline(PolynomialFeatures(), LogisticRegression()),
            r"polynomialfeatures \(PolynomialFeatures\) is nothing",
        ),
        (make_pipeline(MinMaxScaler(clip=True), LogisticRegression()), "clips what is out of its range"),
    ]:
        with pytest.raises(ValueError, match=says):
            from_sklearn(estimator.fit(rows, targets))
    for estimator in (MLPClassifier(), make_pipeline(StandardScaler(), MLPClassifier())):
        with pytest.raises(ValueError, match="is not fitted; call its fit first"):
            from_sklearn(estimator)


def test_what_is_no_model_is_a_type_error() -> None:
    for convert, what in (
        (from_torch, "a module of PyTorch"),
        (from_keras, "a model of Keras"),
        (from_sklearn, "an estimator"),
    ):
        with pytest.raises(TypeError, match=f"takes {what}.*not int 3"):
            convert(3)
