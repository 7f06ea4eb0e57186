"""A device's own clock, held against the gateway's: PLC clocks are minutes off, in the wrong zone, or back at the year 2000."""

import logging
from collections.abc import Callable

from edge_gateway import metrics

_log = logging.getLogger(__name__)

TOLERANCE_US = 2_000_000
"""What transport and sampling may make a device's "now" look late; within it the device's own times are taken as they are."""


class DeviceClock:
    """Turns a device's times into the gateway's, keeping the distances between them."""

    def __init__(self, name: str, now_us: Callable[[], int], *, tolerance_us: int = TOLERANCE_US) -> None:
        self._name = name
        self._now_us = now_us
        self._tolerance_us = tolerance_us
        self._offset_us = 0

    def says(self, device_now_us: int) -> None:
        """Take note of what the device calls now."""
        offset_us = device_now_us - self._now_us()
        metrics.DEVICE_CLOCK_OFFSET.labels(self._name).set(offset_us / 1e6)
        if abs(offset_us) <= self._tolerance_us:
            wanted_us = 0
        elif abs(offset_us - self._offset_us) <= self._tolerance_us:
            # The same offset as before, seen through another delay: the shortest delay shows it best.
            self._offset_us = max(self._offset_us, offset_us)
            return
        else:
            wanted_us = offset_us
        if wanted_us != self._offset_us:
            if wanted_us:
                _log.warning(
                    "%s: the device's clock is off by %.1f s; its times are corrected by that", self._name, wanted_us / 1e6
                )
            else:
                _log.info("%s: the device's clock is right again", self._name)
            self._offset_us = wanted_us

    def time_us(self, device_us: int) -> int:
        """Give the gateway's time for a device's; never one of the future."""
        return min(device_us - self._offset_us, self._now_us())
