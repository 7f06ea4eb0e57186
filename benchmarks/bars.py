"""What a benchmark says of one bar, and the knobs that all of them share."""

import os
from typing import Any, NamedTuple

SHORT = bool(os.environ.get("SHORT"))
"""The form that a pull request can wait for: the same code at a small size."""


class Bar(NamedTuple):
    """One measured bar: ``line`` is its figure with reference and ratio, ``details`` go into the JSON beside it."""

    name: str
    holds: bool
    line: str
    details: dict[str, Any]
