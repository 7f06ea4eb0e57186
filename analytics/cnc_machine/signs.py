"""What a sign of a fault is, and how sure it makes."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np


class Sign(NamedTuple):
    """One fault that a window shows, before it becomes a finding."""

    code: str
    since_row: int
    confidence: float
    numbers: tuple[tuple[str, float, str], ...]
    """Name, value and unit of what the rule compared."""
    part: str = ""
    piece: Mapping[str, Any] | None = None
    """What shows it, made by `analytics.evidence`."""
    severity: str = ""
    """Where it differs from what the spec says of the fault."""


def how_sure(size: float, threshold: float, *, least: float = 0.6, most: float = 0.95) -> float:
    """Give a confidence that grows by a tenth with each doubling over the threshold."""
    return float(min(most, least + 0.1 * np.log2(max(size / threshold, 1.0))))
