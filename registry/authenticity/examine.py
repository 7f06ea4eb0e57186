"""All that the data of one machine can say against themselves."""

from collections.abc import Callable

from analytics.window import Window
from registry.authenticity import clock, digits, physics, replay, smooth, standstill
from registry.authenticity.suspicion import Suspicion
from registry.authenticity.thresholds import DEFAULTS, Thresholds

DETECTORS: tuple[Callable[[Window, Thresholds], list[Suspicion]], ...] = (
    standstill.detect,
    smooth.detect,
    digits.detect,
    physics.detect,
    clock.detect,
    replay.detect,
)
"""Each looks at one machine alone; copies of other machines are found by `registry.authenticity.fleet_replay`."""


def examine(window: Window, thresholds: Thresholds = DEFAULTS) -> list[Suspicion]:
    """Let every detector look at a window, a week at a minute or so; about a second for each machine on one core."""
    return [suspicion for detect in DETECTORS for suspicion in detect(window, thresholds)]
