"""Optimizers and schedules, under the name that programs use: `tinygrad_bp.networks.optim`."""

from tinygrad_bp.networks.optim import *  # noqa: F403
from tinygrad_bp.networks.optim import __all__ as __all__
