"""Networks of other libraries as networks of Values, and back.

    chain          what every such network is here: linear maps, fixed maps of each number, and activations, one after the other
    torch          from_torch, to_torch
    keras          from_keras
    sklearn        from_sklearn

None of these libraries is imported unless a model of it is handed in, or asked for.
"""

from tinygrad_bp.networks.conversion.keras import from_keras
from tinygrad_bp.networks.conversion.sklearn import from_sklearn
from tinygrad_bp.networks.conversion.torch import from_torch, to_torch

__all__ = ["from_keras", "from_sklearn", "from_torch", "to_torch"]
