"""The gateway's time: UTC in microseconds that never repeats and never goes back."""

import time
from collections.abc import Callable

from edge_gateway import metrics

_SLOWDOWN = 2


class Clock:
    """Strictly increasing time, so that no two rows of a machine can carry the same instant.

    While the system clock goes forward, this is the system clock, steps forward included. When it is set back, this clock goes on
    at half speed until the system clock has caught up: order is kept, nothing is overwritten, and the difference is a metric.
    """

    def __init__(
        self,
        wall_us: Callable[[], int] = lambda: time.time_ns() // 1000,
        steady_us: Callable[[], int] = lambda: time.monotonic_ns() // 1000,
    ) -> None:
        self._wall_us = wall_us
        self._steady_us = steady_us
        self._last_us = wall_us()
        self._last_steady_us = steady_us()
        self.ahead_us = 0

    def now_us(self) -> int:
        wall, steady = self._wall_us(), self._steady_us()
        now = max(wall, self._last_us + max((steady - self._last_steady_us) // _SLOWDOWN, 1))
        ahead_us = now - wall
        if ahead_us or self.ahead_us:
            metrics.CLOCK_OFFSET.set(ahead_us / 1e6)
        self.ahead_us = ahead_us
        self._last_us, self._last_steady_us = now, steady
        return now
