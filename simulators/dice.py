"""Random numbers for machines that stand side by side: each draws from its own seed, so that none depends on its neighbours.

A machine of seed 7 lives the same life alone and among a thousand, as long as all are stepped alike.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
"""One number of each machine, shape ``(n,)``, or of each of its parts, shape ``(n, parts)``."""
Flags = npt.NDArray[np.bool_]
"""One truth of each machine, or of each of its parts."""
_BLOCK = 512


class Dice:
    """Chance of n machines; ``stream`` keeps the chances of different uses apart."""

    def __init__(self, seeds: Sequence[int], *, stream: int = 0) -> None:
        self.n = len(seeds)
        self.events = [np.random.default_rng((seed, stream, 0)) for seed in seeds]
        """One generator a machine, for what happens to one machine alone, such as its next job."""
        self._normals = _Pool([np.random.default_rng((seed, stream, 1)) for seed in seeds], is_normal=True)
        self._uniforms = _Pool([np.random.default_rng((seed, stream, 2)) for seed in seeds], is_normal=False)

    def normal(self) -> Array:
        """One standard normal number a machine, shape ``(n,)``."""
        row: Array = self._normals.take(1)[0]
        return row

    def normals(self, count: int) -> Array:
        """Several standard normal numbers a machine, shape ``(n, count)``."""
        return self._normals.take(count).T

    def uniform(self, low: float = 0.0, high: float = 1.0) -> Array:
        """One number a machine between two limits, shape ``(n,)``."""
        drawn: Array = low + (high - low) * self._uniforms.take(1)[0]
        return drawn

    def uniforms(self, count: int, low: float = 0.0, high: float = 1.0) -> Array:
        """Several numbers a machine between two limits, shape ``(n, count)``."""
        return low + (high - low) * self._uniforms.take(count).T

    def happens(self, seconds: float, *, mean_seconds: float | Array) -> Flags:
        """Tell for which machines something happens now that comes by chance every ``mean_seconds`` in the mean."""
        return np.asarray(self.uniform() < -np.expm1(-seconds / np.asarray(mean_seconds)))


class _Pool:
    """Numbers drawn ahead; rows are draws and columns are machines."""

    def __init__(self, generators: Sequence[np.random.Generator], *, is_normal: bool) -> None:
        self._generators, self._is_normal = generators, is_normal
        self._block: Array = np.empty((0, len(generators)))
        self._next = 0

    def take(self, count: int) -> Array:
        if self._next + count > len(self._block):
            self._refill(count)
        rows = self._block[self._next : self._next + count]
        self._next += count
        return rows

    def _refill(self, count: int) -> None:
        left = self._block[self._next :]
        size = max(_BLOCK, count)
        columns = [g.standard_normal(size) if self._is_normal else g.random(size) for g in self._generators]
        self._block = np.concatenate([left, np.stack(columns, axis=1)])
        self._next = 0
