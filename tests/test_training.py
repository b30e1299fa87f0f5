"""`train`: three engines that compute the same, what stops a training, and what a model must be like to be compiled."""

import math
import random

import pytest

import tinygrad_bp as tg
from tests.worked import INPUTS, TARGETS, worked_net
from tinygrad_bp import MLP, SGD, Adam, AdamW, Diverged, Module, Optimizer, Value, train
from tinygrad_bp.networks import losses, optim
from tinygrad_bp.networks.data import truth_table
from tinygrad_bp.networks.training import History

ROW = (INPUTS, TARGETS)
each_engine = pytest.mark.parametrize("engine", ["eager", "python", pytest.param("llvm", marks=pytest.mark.extras)])


def some_rows(count=24, seed=1):
    """Rows that a small network can learn: no training on them is chaotic."""
    draw = random.Random(seed)
    rows = [[draw.gauss(0, 1), draw.gauss(0, 1)] for _ in range(count)]
    return [(row, math.tanh(row[0] - 0.5 * row[1])) for row in rows]


@each_engine
def test_the_worked_example(engine):
    net = worked_net(train_biases=False)
    history = train(net, [ROW], losses.squared_error, SGD(net.parameters(), lr=0.5), epochs=10_000, engine=engine)
    assert history.engine == engine
    assert history.losses[0] == pytest.approx(0.298371109, abs=5e-10)
    assert history.losses[1] == pytest.approx(0.29102777369359933, rel=1e-14)
    assert history.losses[-1] == pytest.approx(3.510854812e-05, rel=1e-9)
    assert losses.squared_error(net(ROW[0]), ROW[1]).data == pytest.approx(3.510187783e-05, rel=1e-9)
    assert [round(out.data, 10) for out in net(ROW[0])] == [0.0159136204, 0.9840642735]
    assert (history.epochs, history.steps, history.stopped) == (10_000, 10_000, "all epochs done")


OPTIMIZERS = {
    "sgd": lambda ps: SGD(ps, 0.05),
    "momentum": lambda ps: SGD(ps, 0.01, momentum=0.9),
    "nesterov": lambda ps: SGD(ps, 0.01, momentum=0.8, nesterov=True, weight_decay=0.01),
    "adam": lambda ps: Adam(ps, 0.003),
    "adam with decay": lambda ps: Adam(ps, optim.cosine_annealing(0.01, 700), weight_decay=0.01),
    "adamw": lambda ps: AdamW(ps, optim.warmup(0.001, 20), betas=(0.8, 0.99), eps=1e-6),
}


@pytest.mark.extras
@pytest.mark.parametrize("batch_size", [1, 5, None])
@pytest.mark.parametrize("make", OPTIMIZERS.values(), ids=OPTIMIZERS.keys())
def test_engines_agree_to_12_digits_after_1000_steps(make, batch_size):
    rows, found = some_rows(), []
    per_epoch = {1: 24, 5: 5, None: 1}[batch_size]
    for engine in ("eager", "python", "llvm"):
        net = MLP(2, [4, 1], activation=["tanh", None], seed=3)
        optimizer = make(net.parameters())
        options = {"batch_size": batch_size, "shuffle": True, "seed": 7, "engine": engine}
        history = train(net, rows, losses.mean_squared_error, optimizer, epochs=-(-1000 // per_epoch), **options)
        assert history.steps == optimizer.steps >= 1000
        found.append(
            [p.data for p in net.parameters()] + history.losses + [x for row in optimizer.moments for x in row]
        )
    assert found[1] == pytest.approx(found[0], rel=1e-12, abs=1e-15)
    assert found[2] == pytest.approx(found[0], rel=1e-12, abs=1e-15)


def test_it_is_the_loop_that_everybody_writes():
    rows = some_rows(7)
    net, other = (MLP(2, [3, 1], activation="tanh", seed=5) for _ in range(2))
    optimizer = Adam(other.parameters(), 0.01)
    for _ in range(10):
        for batch in (rows[:3], rows[3:6], rows[6:]):
            loss = tg.sum_of([(other(x)[0] - t) ** 2 for x, t in batch]) / len(batch)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    train(net, rows, losses.mean_squared_error, Adam(net.parameters(), 0.01), epochs=10, batch_size=3)
    assert [p.data for p in net.parameters()] == pytest.approx([p.data for p in other.parameters()], rel=1e-12)


@each_engine
def test_two_trainings_one_after_the_other_are_one(engine):
    found = []
    for parts in ((20,), (7, 13)):
        net = MLP(2, [3, 1], seed=2)
        optimizer = Adam(net.parameters(), optim.exponential_decay(0.05, 0.99))
        for epochs in parts:
            train(net, some_rows(5), losses.mean_squared_error, optimizer, epochs=epochs, engine=engine)
        found.append([p.data for p in net.parameters()])
    assert found[0] == found[1]


def test_losses_of_an_epoch_are_the_mean_over_its_rows():
    net = MLP(1, [1], weights=[0.0], activation=None, train_biases=False)
    rows = [([1.0], 1.0), ([1.0], 2.0), ([1.0], 6.0)]
    history = train(net, rows, losses.mean_squared_error, SGD(net.parameters(), 0.0), epochs=2, batch_size=2)
    assert history.losses == pytest.approx([41 / 3, 41 / 3])
    assert history.steps == 4


def test_shuffling_is_repeatable_and_goes_through_all_rows():
    seen = []

    def model(inputs):
        seen.append(inputs[0])
        return w * inputs[0]

    orders = []
    for seed in (1, 1, 2):
        w = Value(0.0, "w")
        seen.clear()
        rows = [([float(k)], 0.0) for k in range(8)]
        train(model, rows, losses.squared_error, SGD([w]), epochs=3, shuffle=True, seed=seed, engine="eager")
        orders.append(seen[:])
    assert orders[0] == orders[1] != orders[2]
    assert [sorted(orders[0][k : k + 8]) for k in (0, 8, 16)] == [[float(k) for k in range(8)]] * 3
    assert orders[0][:8] != orders[0][8:16]


def test_only_the_parameters_of_the_optimizer_change():
    net = MLP(2, [3, 1], seed=1)
    last = net.layers[-1].parameters()
    before = {p: p.data for p in net.parameters()}
    train(net, some_rows(5), losses.mean_squared_error, SGD(last, 0.1), epochs=3)
    assert {p for p in net.parameters() if p.data != before[p]} == set(last)


# What stops a training --------------------------------------------------------------------------------------------------


def xor():
    net = MLP(2, [5, 1], activation="tanh", seed=1)
    return net, truth_table("xor"), losses.mean_squared_error, SGD(net.parameters(), 0.1)


@each_engine
def test_a_loss_that_is_small_enough(engine):
    history = train(*xor(), epochs=100_000, stop_below=0.01, engine=engine)
    assert history.losses[-1] < 0.01 <= history.losses[-2]
    assert history.stopped == "loss below 0.01"


def test_a_callback():
    seen = []

    def on_epoch(history):
        seen.append((history.epochs, history.losses[-1]))
        return history.epochs == 7

    history = train(*xor(), epochs=50, on_epoch=on_epoch)
    assert [epochs for epochs, _ in seen] == [1, 2, 3, 4, 5, 6, 7]
    assert history.losses == [loss for _, loss in seen]
    assert history.stopped == "the callback said so"


def test_a_callback_sees_and_changes_the_optimizer():
    net, rows, loss, optimizer = xor()
    before = []

    def halve(history):
        before.append([p.data for p in net.parameters()])
        optimizer.lr = 0.0

    train(net, rows, loss, optimizer, epochs=4, on_epoch=halve)
    assert before[0] == before[1] == before[3]


@each_engine
def test_patience_with_rows_held_out_restores_the_best(engine):
    rows = some_rows(12)
    learned, held_out = rows[:6], [(x, -t) for x, t in rows[6:]]  # what is learned makes these worse
    net = MLP(2, [8, 1], activation=["tanh", None], seed=1)
    options = {"validation": held_out, "patience": 5, "engine": engine}
    history = train(net, learned, losses.mean_squared_error, Adam(net.parameters(), 0.01), epochs=500, **options)
    best = min(history.validation)
    assert len(history.validation) == history.epochs == history.validation.index(best) + 6
    assert history.stopped == "no better for 5 epochs"
    now = sum(losses.mean_squared_error(net(x), t).data for x, t in held_out) / 6
    assert now == pytest.approx(best, rel=1e-12)


def test_patience_without_rows_held_out_looks_at_the_loss():
    w = Value(1.0, "w")
    history = train(lambda x: w * x[0], [([1.0], 1.0)], losses.squared_error, SGD([w]), epochs=99, patience=3)
    assert history.epochs == 4


@each_engine
def test_ctrl_c_keeps_what_was_trained(engine):
    def interrupt(history):
        if history.epochs == 3:
            raise KeyboardInterrupt

    net, rows, loss, optimizer = xor()
    history = train(net, rows, loss, optimizer, epochs=99, on_epoch=interrupt, engine=engine)
    assert (history.epochs, history.steps, history.stopped) == (3, 12, "interrupted")
    other, rows, loss, optimizer = xor()
    train(other, rows, loss, optimizer, epochs=3, engine=engine)
    assert [p.data for p in net.parameters()] == [p.data for p in other.parameters()]


@each_engine
def test_a_loss_that_overflows_says_where(engine):
    net = MLP(1, [1], weights=[1.0], activation=None, train_biases=False)
    rows = [([1.0], 0.0), ([1e155], 0.0)]
    with pytest.raises(Diverged) as caught:
        train(net, rows, losses.squared_error, SGD(net.parameters(), 0.1), epochs=5, engine=engine)
    words = str(caught.value)
    assert words.startswith("training stopped in step 2 (epoch 1): ")
    assert "with row 2, pow overflows at -9e+154, 2.0: it needs " in words
    assert "; the largest parameter is w1, 0.9; a smaller learning rate may help" in words
    assert caught.value.history.steps == 1
    assert caught.value.history.stopped == "diverged"
    assert net.weights[0].data == pytest.approx(0.9)


@each_engine
def test_weights_that_grow_without_bounds_say_so(engine):
    net = MLP(1, [1], weights=[1.0], activation=None, train_biases=False)
    with pytest.raises(
        Diverged, match=r"step \d+ \(epoch \d+\): with row 1, pow overflows .* the largest parameter is w1, "
    ):
        train(net, [([1.0], 0.0)], losses.mean_squared_error, SGD(net.parameters(), 3.0), epochs=9999, engine=engine)
    assert math.isfinite(net.weights[0].data)
    assert abs(net.weights[0].data) > 1e100


@each_engine
def test_an_operation_that_is_undefined_says_where(engine):
    w = Value(0.25, "w")

    def model(inputs):
        y = w - inputs[0]
        y.label = "margin"
        return y.log()

    rows = [([0.1], 0.0), ([0.1], 0.0), ([5.0], 0.0)]
    with pytest.raises(Diverged, match=r"step 3 \(epoch 1\): .* at -4.7\d+ \(margin\): it needs x > 0") as caught:
        train(model, rows, losses.squared_error, SGD([w], 1e-9), engine=engine)
    assert "with row 3, log is undefined" in str(caught.value)


def test_nan_in_a_row_is_named():
    net = MLP(2, [2, 1], seed=1)
    with pytest.raises(ValueError, match=r"row 2 holds NaN: \(\[nan, 1.0\], 1.0\)"):
        train(net, [([0.0, 1.0], 1.0), ([math.nan, 1.0], 1.0)], losses.mean_squared_error, SGD(net.parameters()))


def test_an_infinity_in_a_row_is_named():
    net = MLP(2, [1], activation=None, seed=1)
    with pytest.raises(Diverged, match=r"step 2 .*with row 2, \w+_o1, dot of .*, is -?inf"):
        train(net, [([0.0, 1.0], 1.0), ([math.inf, 1.0], 1.0)], losses.mean_squared_error, SGD(net.parameters()))


def test_a_gradient_that_is_infinite_is_named():
    w = Value(0.0, "w")
    with pytest.raises(Diverged, match=r"step 1 .*with row 1, the gradient of .*mul of 0 \(w\), 1, is inf"):
        train(lambda x: (w * x[0]).sqrt(), [([1.0], 1.0)], lambda out, target: out, SGD([w], 0.1))


# Models -----------------------------------------------------------------------------------------------------------------


def test_a_model_whose_graph_depends_on_the_data_runs_eagerly():
    w = Value(0.5, "w")

    def model(inputs):
        return w * inputs[0] if inputs[0] > 0 else w * inputs[0] * 0.1

    rows = [([1.0], 1.0), ([-1.0], 1.0)]
    history = train(model, rows, losses.squared_error, SGD([w], 0.1), epochs=50)
    assert history.engine == "eager"
    assert "reads numbers while it computes" in history.why_eager
    other = Value(0.5, "w")
    for _ in range(50):
        for x, slope in ((1.0, 1.0), (-1.0, 0.1)):
            other.grad = 0.0
            ((1.0 - other * x * slope) ** 2 / 2).backward()
            other.data -= 0.1 * other.grad
    assert w.data == pytest.approx(other.data, rel=1e-12)


LOOKS = {
    "comparing": lambda y: y if y > 0.1 else y * 2,
    "bool": lambda y: y if y else y * 2,
    "data": lambda y: y * y.data,
    "max": lambda y: max(y, y * 2),
    "sorted": lambda y: sorted([y, y * 2])[0],
    "data of a result": lambda y: y * y.sin().data,
    "comparing a dot": lambda y: y if tg.dot([0.5, 1.0], [y, 1.0]) > 0 else y * 2,
    "comparing a maximum": lambda y: y if tg.maximum(0.0, y) > 0.1 else y * 2,
    "comparing a power": lambda y: y if 2.0**y > 1.1 else y * 2,
}


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS.keys())
@pytest.mark.parametrize("of", ["input", "weight", "neuron"])
def test_every_look_at_a_number_is_noticed(look, of):
    net = MLP(1, [2, 1], seed=1)

    def model(inputs):
        things = {"input": inputs[0], "weight": net.weights[0], "neuron": net(inputs)[0]}
        y = things[of]
        return net(inputs)[0] * look(y if isinstance(y, Value) else Value(y))

    history = train(model, some_1d(), losses.squared_error, SGD(net.parameters()), epochs=1)
    assert (history.engine, history.why_eager[:23]) == ("eager", "the model reads numbers")
    with pytest.raises(ValueError, match="engine 'python' cannot do this, for the model reads numbers"):
        train(model, some_1d(), losses.squared_error, SGD(net.parameters()), engine="python")
    assert all(type(p) is Value for p in net.parameters())


def some_1d():
    return [([0.5], 1.0), ([-0.25], 0.0), ([1.5], 0.5)]


def test_a_model_that_draws_lots_runs_eagerly():
    net, draw = MLP(1, [16, 1], seed=1), random.Random(1)

    def dropout(inputs):
        hidden = [out * float(draw.random() < 0.5) for out in net.layers[0](inputs)]
        return net.layers[1](hidden)

    history = train(dropout, some_1d(), losses.squared_error, SGD(net.parameters()), epochs=2)
    assert (history.engine, history.why_eager) == ("eager", "the model computes differently from call to call")


QUIET_LOOKS = {
    "==": lambda x: 3.0 if x == 1.0 else x,
    "in": lambda x: 3.0 if x in (1.0, 2.0) else x,
    "a dictionary": lambda x: {1.0: 3.0}.get(x, x),
    "isinstance": lambda x: 3.0 if isinstance(x, float) else x,
}


@pytest.mark.parametrize("look", QUIET_LOOKS.values(), ids=QUIET_LOOKS.keys())
def test_looks_that_do_not_read_the_number_are_noticed_too(look):
    rows = [([x], 0.5) for x in (0.5, 1.0, 1.5, 2.0, -1.0)]
    found = []
    for engine in ("eager", "auto"):
        w = Value(0.5, "w")
        history = train(
            lambda x, w=w: w * look(x[0]), rows, losses.squared_error, SGD([w], 0.1), epochs=20, engine=engine
        )
        found.append(w.data)
    assert history.engine == "eager"
    assert found[0] == found[1]


def test_a_loss_that_looks_at_its_target_is_noticed():
    w = Value(0.5, "w")
    rows = [([1.0], 1.0), ([2.0], 0.0), ([0.5], 1.0)]
    loss = lambda out, t: (out - 1.0) ** 2 if t == 1.0 else out**2  # noqa: E731
    assert train(lambda x: w * x[0], rows, loss, SGD([w], 0.1), epochs=2).engine == "eager"


def test_an_update_that_branches_runs_eagerly():
    class Signs(SGD):
        def update(self, p, gradient, moments, settings):
            return p - settings[0] * (1.0 if gradient > 0 else -1.0), moments

    w = Value(0.5, "w")
    history = train(lambda x: w * x[0], [([1.0], 0.2)], losses.squared_error, Signs([w], 0.1), epochs=9)
    assert (history.engine, history.why_eager[:33]) == ("eager", "the optimizer's update reads numb")


def test_a_step_of_ones_own_is_taken():
    class Clipped(SGD):
        def step(self):
            for p in self.parameters:
                p.grad = max(-0.01, min(0.01, p.grad))
            super().step()

    w = Value(0.5, "w")
    history = train(lambda x: w * x[0], [([1.0], 9.0)], losses.squared_error, Clipped([w], 1.0), epochs=3)
    assert (history.engine, history.why_eager) == ("eager", "the optimizer has a step of its own")
    assert w.data == pytest.approx(0.53)


@each_engine
def test_what_a_callback_changes_is_heard(engine):
    found = []
    for each in ("eager", engine):
        w, scale = Value(0.5, "w"), Value(1.0, "scale")
        optimizer = SGD([w], 0.1, momentum=0.9)

        def on_epoch(history, optimizer=optimizer, scale=scale):
            optimizer.momentum = 0.1
            scale.data *= 0.9

        rows = [([1.0], 2.0), ([2.0], 3.0)]
        model = lambda x, w=w, scale=scale: w * scale * x[0]  # noqa: E731
        train(model, rows, losses.squared_error, optimizer, epochs=12, on_epoch=on_epoch, engine=each)
        found.append(w.data)
    assert found[1] == pytest.approx(found[0], rel=1e-12)


def test_parameters_of_another_class_run_eagerly():
    class Named(Value):
        pass

    w = Named(0.5, "w")
    history = train(lambda x: w * x[0], [([1.0], 0.2)], losses.squared_error, SGD([w], 0.1), epochs=2)
    assert (history.engine, history.why_eager) == ("eager", "a parameter is of a class of its own")


def test_a_node_from_outside_the_model_is_refused():
    w = Value(0.5, "w")
    twice = w * 2.0
    twice.label = "twice"
    with pytest.raises(ValueError, match="twice was computed before training, outside of the model"):
        train(lambda x: twice * x[0], some_1d(), losses.squared_error, SGD([w], 0.1))


@each_engine
def test_rows_held_out_beyond_the_range_of_floats(engine):
    w = Value(0.5, "w")
    with pytest.raises(Diverged, match=r"after epoch 1: the loss of the rows held out is (nan|inf)") as caught:
        train(
            lambda x: (w * x[0]).log(),
            [([1.0], 0.0)],
            losses.squared_error,
            SGD([w], 0.1),
            validation=[([0.0], 0.0)],
            engine=engine,
        )
    assert caught.value.history.epochs == 1


def test_rows_of_different_lengths_run_eagerly():
    w = Value(0.5, "w")
    rows = [([1.0, 2.0], 1.0), ([1.0], 1.0)]
    history = train(lambda xs: w * tg.sum_of(xs), rows, losses.squared_error, SGD([w]), epochs=2)
    assert (history.engine, history.why_eager) == ("eager", "rows have different shapes")


@each_engine
def test_rows_of_nested_lists(engine):
    w = Value(0.5, "w")

    def model(inputs):
        (a, b), c = inputs
        return w * a * b + c[0]

    rows = [([[1.0, 2.0], [3.0]], 1.0), ([[0.5, 1.0], [0.0]], 0.0)]
    history = train(model, rows, losses.squared_error, SGD([w], 0.1), epochs=20, engine=engine)
    assert history.engine == engine
    assert w.data == pytest.approx(-0.96, abs=0.03)


def test_inputs_that_are_no_numbers_run_eagerly():
    letters = {"a": Value(0.1, "a"), "b": Value(0.2, "b")}
    rows = [("ab", 1.0), ("ba", 0.0)]
    optimizer = SGD(list(letters.values()), 0.1)
    history = train(lambda word: letters[word[0]] * 1.0, rows, losses.squared_error, optimizer, epochs=3)
    assert history.engine == "eager"
    assert letters["a"].data > 0.1
    assert letters["b"].data < 0.2


def test_a_module_of_ones_own_is_compiled():
    class Line(Module):
        def __init__(self):
            self.slope, self.offset = Value(0.0, "slope"), Value(0.0, "offset")

        def __call__(self, inputs):
            return self.slope * inputs[0] + self.offset

    line = Line()
    rows = [([x], 3.0 * x - 1.0) for x in (-1.0, 0.0, 1.0, 2.0)]
    history = train(line, rows, losses.mean_squared_error, SGD(line.parameters(), 0.1), epochs=200, engine="python")
    assert (line.slope.data, line.offset.data) == pytest.approx((3.0, -1.0), abs=1e-6)
    assert history.losses[-1] < 1e-10


def test_an_operation_of_ones_own_is_compiled():
    cube = tg.Operation("cube", lambda x: x**3, (lambda y, x: 3 * x * x,), "{} ** 3", "{}^3", "x³")
    net = MLP(2, [3, 1], activation=[cube, None], seed=1)
    history = train(net, some_rows(5), losses.mean_squared_error, SGD(net.parameters(), 0.01), epochs=20)
    assert history.engine == "llvm"
    assert history.losses[-1] < history.losses[0]


def test_an_optimizer_of_ones_own():
    class Signs(Optimizer):
        """Steps of lr against the sign of the gradient."""

        def update(self, p, gradient, moments, settings):
            return p - settings[0] * tg.sign(gradient), moments

    found = []
    for engine in ("eager", "python"):
        net = MLP(2, [3, 1], seed=1)
        train(net, some_rows(5), losses.mean_squared_error, Signs(net.parameters(), 0.01), epochs=20, engine=engine)
        found.append([p.data for p in net.parameters()])
    assert found[0] == found[1]


@each_engine
def test_classes_by_number(engine):
    draw = random.Random(2)
    rows = [([draw.gauss(2 * k, 0.3), draw.gauss(-k, 0.3)], k) for k in range(3) for _ in range(10)]
    net = MLP(2, [3], activation=None, seed=1)
    options = {"epochs": 30, "shuffle": True, "seed": 1, "validation": rows[::5], "engine": engine}
    history = train(net, rows, tg.cross_entropy, Adam(net.parameters(), 0.05), **options)
    assert history.engine == engine
    assert sum(max(range(3), key=lambda c: net(x)[c].data) == k for x, k in rows) >= 29


@pytest.mark.extras
def test_rows_of_numpy():
    import numpy

    inputs, targets = numpy.random.default_rng(1).normal(size=(8, 2)), numpy.ones((8, 1))
    net = MLP(2, [2, 1], seed=1)
    history = train(net, zip(inputs, targets, strict=True), losses.squared_error, SGD(net.parameters()), epochs=2)
    assert history.engine == "llvm"


def test_a_parameter_that_the_loss_does_not_depend_on():
    used, unused = Value(1.0, "used"), Value(2.0, "unused")
    train(lambda x: used * x[0], [([1.0], 0.0)], losses.squared_error, SGD([used, unused], 0.5), epochs=3)
    assert unused.data == 2.0


def test_a_large_model_is_not_compiled_for_a_few_rows():
    net = MLP(100, [60, 1], seed=1)
    rows = [([float(k % 7 == j % 7) for j in range(100)], 0.5) for k in range(5)]
    history = train(net, rows, losses.squared_error, SGD(net.parameters()), epochs=2)
    assert (history.engine, history.why_eager[:29]) == ("eager", "compiling so large a model ta")


def test_no_epochs_is_no_training():
    net, rows, loss, optimizer = xor()
    before = [p.data for p in net.parameters()]
    history = train(net, rows, loss, optimizer, epochs=0)
    assert (history.losses, history.steps, history.stopped) == ([], 0, "all epochs done")
    assert [p.data for p in net.parameters()] == before


def test_repr_and_progress(capsys, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")  # makes a terminal of what pytest reads
    history = train(*xor(), epochs=30, progress=True, engine="python")
    assert repr(history).startswith("<30 epochs, 120 steps by engine 'python', the last loss 0.")
    assert "training" in capsys.readouterr().err
    monkeypatch.delenv("FORCE_COLOR")
    train(*xor(), epochs=30)
    assert capsys.readouterr() == ("", "")
    assert repr(History()) == "<0 epochs, 0 steps by engine ''; >"


@pytest.mark.parametrize(
    ("options", "error", "says"),
    [
        ({"rows": []}, ValueError, "needs at least one row"),
        ({"rows": [1.0]}, TypeError, "rows are pairs of inputs and target, and number 1 is 1.0"),
        ({"validation": []}, ValueError, "validation needs at least one row"),
        ({"epochs": -1}, ValueError, "epochs is a whole number from 0 up, not -1"),
        ({"epochs": 2.5}, ValueError, "epochs is a whole number"),
        ({"batch_size": 0}, ValueError, "batch_size is a whole number from 1 up, not 0"),
        ({"patience": 0}, ValueError, "patience is a whole number from 1 up"),
        ({"engine": "gpu"}, ValueError, "engine is one of 'auto', 'llvm', 'python', 'eager', not 'gpu'"),
        ({"optimizer": 0.1}, TypeError, "takes an optimizer, such as"),
        ({"rows": 3}, TypeError, "rows are pairs of inputs and target, not int 3"),
        ({"rows": [([0.0], 1.0)]}, ValueError, "row 1: neuron h1 has 2 weights and got 1 inputs"),
        ({"rows": [([0.0, 1.0], [1.0, 2.0])]}, ValueError, "row 1: mean_squared_error: 1 outputs and 2 targets"),
        (
            {"rows": [([0.0, 1.0], 1.0), ([0.0], 1.0), ([1.0, 1.0], 0.0)]},
            ValueError,
            "step 2, rows 2: neuron h1 has 2 weights",
        ),
        (
            {"loss": "binary_cross_entropy", "rows": [([0.0, 1.0], 2.0)]},
            ValueError,
            "row 1: binary_cross_entropy: a target is 0 or 1",
        ),
        ({"loss": "mean_squared_eror"}, ValueError, "no loss 'mean_squared_eror'; .*did you mean 'mean_squared_error'"),
        ({"loss": 3}, TypeError, "the loss is a function of outputs and target, or a name, not int"),
        ({"on_epoch": 5}, TypeError, "on_epoch is a function, not int"),
        ({"optimizer": SGD([Value(1.0)])}, ValueError, "depends on none of the 1 parameters of the optimizer"),
        ({"loss": lambda outs, target: 1.0}, TypeError, "the loss is a Value, not float 1.0"),
        (
            {"loss": tg.cross_entropy, "rows": [([0.0, 1.0], 7)]},
            ValueError,
            "row 1 is of class 7, and the model has 1 outputs",
        ),
    ],
)
def test_what_does_not_fit_is_named(options, error, says):
    net, rows, loss, optimizer = xor()
    given = {"rows": rows, "loss": loss, "optimizer": optimizer} | options
    with pytest.raises(error, match=says):
        train(net, given.pop("rows"), given.pop("loss"), given.pop("optimizer"), **given)
