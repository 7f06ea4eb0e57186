"""Thermal masses of a machine: each warms towards what surrounds it plus a rise with speed and load, with a lag of first order.

``T' = (T_around + a·speed + b·load + c·load² - T) / time constant``: friction goes with speed, iron and gears with load, copper
with its square. What surrounds a node is another node, or a place whose temperature is told from outside.

Limits: lumped masses that do not heat what surrounds them; rises and time constants are what plants report, not derived.
"""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from simulators.dice import Array
from simulators.machine import lag


class Node(NamedTuple):
    """A thermal mass: what surrounds it, its time constant, and how much warmer than its surroundings it gets."""

    around: str
    seconds: float
    speed_k: float = 0.0
    """Rise at rated speed without load."""
    load_k: float = 0.0
    """Further rise at rated load, linear in it."""
    square_k: float = 0.0
    """Further rise at rated load, with its square, as copper has it."""
    trip_c: float = math.inf
    """Hotter than this the machine stops."""


class ThermalNodes:
    """The nodes of n machines, shape ``(n, nodes)``; ``scatter`` is each one's rise as a share of the usual."""

    def __init__(self, nodes: Mapping[str, Node], places: Sequence[str], *, scatter: Array, start_c: Array) -> None:
        self.place = {name: place for place, name in enumerate(nodes)}
        """Column of each node."""
        known = {**self.place, **{name: len(nodes) + place for place, name in enumerate(places)}}
        self._around = np.array([known[node.around] for node in nodes.values()])
        self._scatter = scatter
        (self._seconds, self._speed_k, self._load_k, self._square_k, self._trip_c) = np.array(
            [node[1:] for node in nodes.values()]
        ).T
        self.all_c = np.repeat(start_c[:, None], len(nodes), axis=1)

    def __getitem__(self, name: str) -> Array:
        """Give the temperatures of a node in °C."""
        return self.all_c[:, self.place[name]]

    def rises_k(self, speed: Array, load: Array) -> Array:
        """Give how much warmer than its surroundings each node gets, at these shares of rated speed and load."""
        speed, load = speed[:, None], load[:, None]
        rises: Array = self._scatter * (self._speed_k * speed + self._load_k * load + self._square_k * load**2)
        return rises

    def warm(self, seconds: float, rises_k: Array, places_c: Sequence[Array]) -> None:
        self.all_c = lag(self.all_c, self._targets_c(rises_k, places_c), seconds, self._seconds)

    def settle(self, rises_k: Array, places_c: Sequence[Array]) -> None:
        """Warm for long."""
        self.all_c = self._targets_c(rises_k, places_c)

    @property
    def are_too_hot(self) -> npt.NDArray[np.bool_]:
        """Tell which machines have a node that is hotter than it may be."""
        too_hot: npt.NDArray[np.bool_] = (self.all_c > self._trip_c).any(axis=1)
        return too_hot

    def _targets_c(self, rises_k: Array, places_c: Sequence[Array]) -> Array:
        everything = np.column_stack((self.all_c, *places_c))
        targets: Array = everything[:, self._around] + rises_k
        return targets
