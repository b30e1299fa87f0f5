"""Where random numbers come from: the same ones for the same seed."""

from __future__ import annotations

import random

from tinygrad_bp.text import whole_number


def generator(seed: int | None, name: str) -> random.Random:
    """A generator of random numbers. The same seed, a whole number, gives the same numbers; None gives others every time.

    Raises TypeError for any other seed, in words that begin with `name`.
    """
    return random.Random(None if seed is None else whole_number(seed, name, least=None))
