"""Examples that have a name, handed to rooms that do not know those who tell them.

The package hands them over when it is loaded: a text with printed figures is above the page that shows its example.
"""

from collections.abc import Callable
from typing import Any

EXAMPLES: dict[str, Callable[[], Any]] = {}  # by name, what makes the subject of a page
