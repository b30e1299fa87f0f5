"""from_torch: modules whose weights are computed, or that stand in others; and what cannot be read is told from what cannot be computed."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import pytest

from tinygrad_bp import from_keras, from_sklearn, from_torch
from tinygrad_bp.networks.conversion.chain import Unfit

pytestmark = pytest.mark.torch
ROWS = [[0.3, -1.2, 2.0], [0.0, 0.5, -0.7], [-3.0, 1.0, 4.0]]


def taken() -> dict[str, Any]:
    import torch
    from torch import nn
    from torch.nn import utils
    from torch.nn.utils import parametrizations, prune

    torch.manual_seed(5)

    class Head(nn.Module):
        def __init__(self, body: Any) -> None:
            super().__init__()
            self.body, self.last = body, parametrizations.spectral_norm(nn.Linear(4, 2))

        def forward(self, x: Any) -> Any:
            return self.last(self.body(x).tanh())

    class OptimizedModule(nn.Module):  # what torch.compile makes, which takes seconds to load
        def __init__(self, module: Any) -> None:
            super().__init__()
            self._orig_mod = module

    def before(part: Any) -> Any:
        return nn.Sequential(part, nn.Tanh(), nn.Linear(part.out_features, 2))

    def of_old(norm: Callable[[Any], Any]) -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that it is deprecated
            return before(norm(nn.Linear(3, 4)))

    body = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))
    return {
        "weight_norm": before(parametrizations.weight_norm(nn.Linear(3, 4))),
        "spectral_norm": before(parametrizations.spectral_norm(nn.Linear(3, 4))),
        "orthogonal": before(parametrizations.orthogonal(nn.Linear(3, 3))),
        "weight_norm of old": of_old(utils.weight_norm),
        "spectral_norm of old": of_old(utils.spectral_norm),
        "pruned": before(prune.random_unstructured(nn.Linear(3, 4), "weight", 0.5)),
        "inside a forward": Head(parametrizations.weight_norm(nn.Linear(3, 4))),
        "nested": nn.Sequential(nn.Flatten(), nn.Sequential(nn.Identity(), nn.Sequential(nn.Linear(3, 4))), nn.Tanh(), nn.Identity()),
        "a slope of 0": nn.Sequential(nn.Linear(3, 4), nn.LeakyReLU(0.0), nn.Linear(4, 1)),
        "a slope of 1": nn.Sequential(nn.Linear(3, 4), nn.LeakyReLU(1.0), nn.Linear(4, 1)),
        "in DataParallel": nn.DataParallel(body),
        "compiled": OptimizedModule(body),
    }  # fmt: skip


def test_weights_that_are_computed_are_what_they_are_now() -> None:
    import torch

    for name, module in taken().items():
        module = module.double().train()
        training = [part.training for part in module.modules()]
        net = from_torch(module)
        assert [part.training for part in module.modules()] == training
        module.eval()
        for row in ROWS:
            with torch.no_grad():
                there = getattr(module, "_orig_mod", module)
                wanted = getattr(there, "module", there)(torch.tensor([row], dtype=torch.float64)).flatten().tolist()
            assert [out.data for out in net(row)] == pytest.approx(wanted, rel=1e-12, abs=1e-12), name


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_the_arithmetic_of_few_digits_is_not_held_against_the_weights(dtype: str) -> None:
    import torch

    module = torch.nn.Sequential(torch.nn.Linear(3, 8), torch.nn.Tanh(), torch.nn.Linear(8, 2)).to(
        getattr(torch, dtype)
    )
    assert [w.data for w in from_torch(module).layers[0].neurons[0].weights] == module[0].weight[0].tolist()


def refused() -> list[tuple[Any, str]]:
    import torch
    from torch import nn

    body = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that TorchScript is deprecated
        traced = torch.jit.trace(body, torch.zeros(1, 3))
    return [
(traced, "is compiled by TorchScript; hand in the module that it was made of, of class Sequential"),
        (nn.Sequential(nn.LazyLinear(4), nn.Tanh()), r"0 \(LazyLinear\) has no weights yet: call the module once, with a row"),
        (nn.Linear(3, 2, device="meta"), "has no numbers: its weights are on the device 'meta'"),
        (nn.Linear(3, 2, dtype=torch.complex64), "has complex weights; those of an MLP are real"),
        (nn.ModuleList([nn.Linear(3, 2)]), "ModuleList only holds modules, and does not say how they follow; nn.Sequential does"),
        (nn.Sequential(nn.Linear(3, 4), nn.LeakyReLU(0.2)), r"1 \(LeakyReLU\) has negative_slope=0.2; the row of the table is"),
        (nn.Sequential(nn.Linear(3, 4), nn.Softplus(threshold=1.0)), "has threshold=1.0, beyond which it is no softplus"),
    ]  # fmt: skip


def test_what_cannot_be_read_is_named_with_what_would_be_right() -> None:
    for module, says in refused():
        with pytest.raises(Unfit, match=says):
            from_torch(module)


def test_a_part_or_a_class_is_no_module() -> None:
    from torch import nn

    for reader in (from_torch, from_keras, from_sklearn):
        with pytest.raises(
            TypeError, match=rf"^{reader.__name__} takes what is made of a class, not the class Linear: Linear\(...\)"
        ):
            reader(nn.Linear)
    with pytest.raises(TypeError, match=r"not list .*; of several modules make one, nn.Sequential\(\*modules\)"):
        from_torch([nn.Linear(3, 2), nn.Tanh()])
    with pytest.raises(
        TypeError, match=r"not OrderedDict .*; of weights by name make the module first, and module.load_state_dict"
    ):
        from_torch(nn.Linear(3, 2).state_dict())


def own(called: str, forward: Callable[[Any], Any], base: str = "Module") -> Any:
    """A module of a class of one's own by any name."""
    from torch import nn

    return type(called, (getattr(nn, base),), {"forward": lambda _, x: forward(x)})()


def with_a_forward_of_their_own() -> list[tuple[Any, str | None]]:
    import torch
    from torch.nn import functional

    return [
        (own("GELU", lambda x: 0.5 * x * (1 + torch.tanh(0.7978845608028654 * (x + 0.044715 * x**3)))), None),
        (own("GELU", lambda x: functional.gelu(x, approximate="tanh")), None),
        (own("ReLU", lambda x: torch.relu(x).clamp(max=6)), None),
        (own("Dropout", lambda x: x * 0.9995), None),
        (own("Tanh", lambda x: torch.tanh(x) * 1.0004, "Tanh"), None),
        (own("LeakyReLU", lambda x: functional.leaky_relu(x, 0.0101)), None),
        (own("Swish", lambda x: x * torch.sigmoid(1.0002 * x)), None),
        (own("Swish", lambda x: x * torch.sigmoid(x)), "silu"),
        (own("Anything", lambda x: torch.clamp(x, min=0)), "relu"),
        (own("Erf", lambda x: 0.5 * x * (1 + torch.erf(x / 2**0.5))), "gelu"),
        (own("Naive", lambda x: torch.log(1 + torch.exp(x))), "softplus"),
        (own("Reshaped", lambda x: x.view(x.size(0), -1)), None),
        (type("Mine", (torch.nn.Tanh,), {})(), "tanh"),
    ]


def test_what_a_class_of_ones_own_is_called_says_nothing() -> None:
    from torch import nn

    class Written(nn.Module):
        def __init__(self, part: Any) -> None:
            super().__init__()
            self.first, self.part, self.last = nn.Linear(3, 4), part, nn.Linear(4, 2)

        def forward(self, x: Any) -> Any:
            return self.last(self.part(self.first(x)))

    for part, row in with_a_forward_of_their_own():
        for module in (nn.Sequential(nn.Linear(3, 4), part, nn.Linear(4, 2)), Written(part)):
            if row or type(part).__name__ == "Reshaped":
                there = from_torch(module).layers[0].neurons[0].activation
                assert (there.name if there else None) == row
            else:
                with pytest.raises(Unfit, match=r"nothing that an MLP computes|the row of the table is that of"):
                    from_torch(module)


def test_a_linear_layer_of_ones_own_is_one_if_it_computes_one() -> None:
    import torch
    from torch import nn

    class Linear(nn.Module):
        def __init__(self, factor: float) -> None:
            super().__init__()
            self.weight, self.bias = nn.Parameter(torch.ones(4, 3) / 3), nn.Parameter(torch.ones(4))
            self.factor = factor

        def forward(self, x: Any) -> Any:
            return self.factor * (x @ self.weight.T) + self.bias

    class Mine(nn.Linear): ...

    class Rows(nn.Sequential):
        def forward(self, x: Any) -> Any:
            return super().forward(x) * 1.00001

    for module in (nn.Sequential(Linear(1.0), nn.Tanh()), nn.Sequential(Mine(3, 4), nn.Tanh())):
        assert from_torch(module).widths == [3, 4]
    with pytest.raises(Unfit, match="Linear has a forward of its own, and what that computes is nothing"):
        from_torch(nn.Sequential(Linear(1.00001), nn.Tanh()))
    with pytest.raises(Unfit, match=r"mul has another operand, 1\.00001"):
        from_torch(Rows(nn.Linear(3, 4), nn.Tanh()))


def test_no_rounding_hides_another_formula() -> None:
    from torch import nn

    module = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 1))
    module[1].register_forward_hook(lambda part, before, after: after * 1.000001)
    with pytest.raises(Unfit, match="computes something else than its layers"):
        from_torch(module)
