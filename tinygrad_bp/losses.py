"""Losses, under the name that programs use: `tinygrad_bp.networks.losses`."""

from tinygrad_bp.networks.losses import *  # noqa: F403
from tinygrad_bp.networks.losses import __all__ as __all__
