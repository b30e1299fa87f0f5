"""Rows to learn from, under the name that programs use: `tinygrad_bp.networks.data`."""

from tinygrad_bp.networks.data import *  # noqa: F403
from tinygrad_bp.networks.data import __all__ as __all__
