"""Slow random walks that come back to their middle, for whatever drifts and has no cause in a model: gas quality, grid, moods.

The process of Ornstein and Uhlenbeck (Physical Review 36, 1930), moved exactly over a step of any length, with a mean of 0 and a
standard deviation of 1.
"""

import numpy as np

from simulators.dice import Array


def wander(value: Array, normal: Array, seconds: float, time_constant_seconds: Array | float) -> Array:
    """Move a walk on by a standard normal number; what it was is forgotten with the time constant."""
    keep = np.exp(-seconds / np.asarray(time_constant_seconds))
    return np.asarray(keep * value + np.sqrt(1 - keep * keep) * normal)
