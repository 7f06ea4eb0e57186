"""What an excavator's operator does in a shift: warm up, idle, travel, dig, load trucks, swing.

A Markov chain in continuous time; dwell times differ with the operator and the work. A cold machine is warmed up first, one that
gets too hot is left idling until it has cooled, and in the break it idles if it is not switched off.

Limits: who works next to whom does not matter; an engine starts with a flat battery too.
"""

import numpy as np
import numpy.typing as npt

from simulators.dice import Array, Dice, Flags

Codes = npt.NDArray[np.int_]
OFF, WARMING_UP, IDLE, TRAVEL, DIG, LOAD, SWING = range(7)
_DWELL_SECONDS = np.array([1e12, 1e12, 350.0, 1e12, 420.0, 500.0, 240.0])
_NEXT = np.cumsum(
    [
        [0, 0, 1, 0, 0, 0, 0],
        [0, 0, 0.4, 0.1, 0.3, 0.2, 0],
        [0, 0, 0, 0.1, 0.45, 0.33, 0.12],
        [0, 0, 0.25, 0, 0.4, 0.25, 0.1],
        [0, 0, 0.4, 0.15, 0, 0.25, 0.2],
        [0, 0, 0.65, 0.1, 0.15, 0, 0.1],
        [0, 0, 0.35, 0.1, 0.35, 0.2, 0],
    ],
    axis=1,
)[:, :-1]
"""Row of the state that is left: where it goes, as cumulative shares; the last, 1, is left out."""
_WARM_C, _HYDRAULIC_WARM_C, _LONGEST_WARMING_UP_SECONDS = 65, 15, 1200
_TOO_HOT_C, _COOLED_C = (103, 96), (92, 84)  # coolant, hydraulic oil
_LOCKS_CONTROLS = 0.45


class Operators:
    """The operators of n machines; ``idleness`` is how long each idles against the usual."""

    def __init__(self, dice: Dice, *, idleness: Array, is_on: Flags) -> None:
        self._dice, self._idleness = dice, idleness
        self.state: Codes = np.where(is_on, DIG, OFF)
        self._seconds = np.zeros(dice.n)
        self._must_cool = np.zeros(dice.n, dtype=bool)
        self.are_controls_locked = np.zeros(dice.n, dtype=bool)
        self._look()

    def _look(self) -> None:
        """Tell once a step what many ask."""
        self.is_on: Flags = self.state != OFF
        self.is_idle: Flags = (self.state == IDLE) | (self.state == WARMING_UP)
        self.is_working: Flags = self.state >= TRAVEL
        self.is_digging: Flags = self.state >= DIG
        """Whose bucket moves."""

    @property
    def sets_out(self) -> Flags:
        """Who begins to travel now."""
        return np.asarray((self.state == TRAVEL) & (self._seconds == 0))

    def choose(
        self,
        seconds: float,
        *,
        is_wanted: Flags,
        is_pause: Flags,
        is_there: Flags,
        coolant_c: Array,
        hydraulic_c: Array,
        idling_factor: Array,
    ) -> None:
        """Go on with the work or to the next; ``is_there`` tells who has come to the end of a way."""
        before = self.state
        self._seconds = self._seconds + seconds
        dwell_seconds = _DWELL_SECONDS[before] * np.where(before == IDLE, self._idleness * idling_factor, 1.0)
        leaves = self._dice.happens(seconds, mean_seconds=dwell_seconds)
        leaves |= (before == TRAVEL) & is_there
        is_warm = (coolant_c > _WARM_C) & (hydraulic_c > _HYDRAULIC_WARM_C)
        leaves |= (before == WARMING_UP) & (is_warm | (self._seconds > _LONGEST_WARMING_UP_SECONDS))
        chosen = np.sum(self._dice.uniform()[:, None] >= _NEXT[before], axis=1)
        worked = np.where(leaves, chosen, before)
        worked = np.where(before == OFF, np.where(coolant_c > _WARM_C, IDLE, WARMING_UP), worked)
        limit_c, hydraulic_limit_c = (np.where(self._must_cool, *pair) for pair in zip(_COOLED_C, _TOO_HOT_C, strict=True))
        self._must_cool = (coolant_c > limit_c) | (hydraulic_c > hydraulic_limit_c)
        worked = np.where((self._must_cool | is_pause) & (worked > IDLE), IDLE, worked)
        self.state = np.where(is_wanted, worked, OFF)
        changes = self.state != before
        self._seconds = np.where(changes, 0.0, self._seconds)
        locks = self._dice.uniform() < _LOCKS_CONTROLS
        self.are_controls_locked = np.where(changes, locks, self.are_controls_locked)
        self._look()
