"""The round voyage of coal carriers: laden from Newcastle (Australia) to Qingdao, in ballast back, great circles in between.

A ship sails from waypoint to waypoint, waits on the roads before either port or goes straight in, and stays at its berth while
it is loaded or discharged. Waypoints are set by hand through the Miyako strait and Jomard entrance; depths are about those of
the chart.

Limits: ports are reached at slow ahead and left without tugs; no traffic, no weather routing; between waypoints the depth is
interpolated.
"""

import numpy as np
import numpy.typing as npt

from simulators.dice import Array, Flags
from simulators.physics.great_circle import great_circle, moved, signed_deg

Codes = npt.NDArray[np.int_]
IN_PORT, MANOEUVRING, AT_SEA, AT_ANCHOR = range(4)
_MOST_TURN_DEG_PER_S = 0.25
_REACHED_NMI = 1.0
_SHELTER = np.array([0.08, 0.4, 1.0, 0.4])
_WAYPOINTS = np.array(
    [  # latitude, longitude, depth in m
        (36.00, 120.22, 15.8),  # Qingdao, berth
        (35.93, 120.45, 24),
        (33.90, 123.60, 70),
        (25.50, 126.20, 900),  # Miyako strait
        (12.00, 140.00, 4200),
        (-3.00, 154.90, 3300),
        (-5.00, 153.50, 2800),
        (-10.00, 152.60, 1500),
        (-11.25, 152.10, 120),  # Jomard entrance
        (-15.00, 154.50, 3000),
        (-26.00, 154.60, 2500),
        (-32.96, 151.97, 45),
        (-32.88, 151.77, 15.4),  # Newcastle, berth
    ]
)
_LAST = len(_WAYPOINTS) - 1
_LOG_DEPTH = np.log(_WAYPOINTS[:, 2])
_LEG_NMI = great_circle(_WAYPOINTS[:-1, 0], _WAYPOINTS[:-1, 1], _WAYPOINTS[1:, 0], _WAYPOINTS[1:, 1])[0]
_SEA_NMI = np.concatenate([[0.0], np.cumsum(_LEG_NMI[1:-1])])
"""How far each waypoint lies from the first off Qingdao, berths left out."""
_ROUND_VOYAGE = np.array([0.0, 0.34, 0.40, 0.50, 0.84, 0.90, 1.0])
"""Where in a round voyage each phase begins: laden passage, roads, berth, passage in ballast, roads, berth."""


class Voyages:
    """n ships on their ways; ``place`` is how far each has come on its round voyage, 0 to 1."""

    def __init__(self, place: Array) -> None:
        phase = np.searchsorted(_ROUND_VOYAGE, place, side="right") - 1
        within = (place - _ROUND_VOYAGE[phase]) / np.diff(_ROUND_VOYAGE)[phase]
        self.state: Codes = np.array([AT_SEA, AT_ANCHOR, IN_PORT])[phase % 3]
        self._direction = np.where(phase < 3, -1, 1)
        self._stay_hours = np.where(self.state == IN_PORT, 72.0, 30.0)
        self._hours_left = self._stay_hours * (1 - within)
        self._find_place(within)
        self._look_ahead()
        self.course_deg = self._wanted_deg
        self.turn_deg_per_min = np.zeros_like(place)

    def _find_place(self, within: Array) -> None:
        """Put ships at sea at their share of the way, and the others at their berth or on the roads before it."""
        south_nmi = _SEA_NMI[-1] * np.where(self._direction > 0, within, 1 - within)
        behind = np.clip(np.searchsorted(_SEA_NMI, south_nmi, side="right"), 1, len(_SEA_NMI) - 1)  # the waypoint north of it
        along = (south_nmi - _SEA_NMI[behind - 1]) / np.diff(_SEA_NMI)[behind - 1]
        end, is_at_sea = self._end, self.state == AT_SEA
        lies_at = np.where(self.state == IN_PORT, end, end - self._direction)
        north, south = np.where(is_at_sea, behind, lies_at), np.where(is_at_sea, behind + 1, lies_at)
        self.latitude, self.longitude = (
            _WAYPOINTS[north, i] + along * (_WAYPOINTS[south, i] - _WAYPOINTS[north, i]) for i in range(2)
        )
        self._leg = np.where(is_at_sea, np.where(self._direction > 0, south, north), end)

    @property
    def _end(self) -> Codes:
        """The waypoint at which the passage ends: a berth."""
        return np.where(self._direction > 0, _LAST, 0)

    @property
    def is_under_way(self) -> Flags:
        return np.asarray((self.state == MANOEUVRING) | (self.state == AT_SEA))

    @property
    def exposure(self) -> Array:
        """How much of the sea reaches the ship: berths and roads are sheltered."""
        return np.asarray(_SHELTER[self.state])

    @property
    def cargo(self) -> Array:
        """Share of the cargo that is on board: loaded in Newcastle, discharged in Qingdao."""
        left = np.clip(self._hours_left / self._stay_hours, 0, 1)
        in_port = np.where(self._direction > 0, 1 - left, left)
        return np.where(self.state == IN_PORT, in_port, self._direction < 0)

    @property
    def water_depth_m(self) -> Array:
        """Between two waypoints it changes in proportion; berths are dredged."""
        leg = self._leg
        before = np.clip(leg - self._direction, 0, _LAST)
        done = 1 - np.clip(self._to_go_nmi / np.maximum(_LEG_NMI[np.minimum(leg, before)], 1.0), 0, 1)
        depth_m = np.exp(_LOG_DEPTH[before] + done * (_LOG_DEPTH[leg] - _LOG_DEPTH[before]))
        return np.asarray(np.where(self.state == IN_PORT, _WAYPOINTS[self._end, 2], depth_m))

    def steer(self, seconds: float) -> None:
        """Turn towards the next waypoint, no faster than a ship of this size does."""
        self._look_ahead()
        most_deg = _MOST_TURN_DEG_PER_S * seconds
        turned_deg = np.clip(signed_deg(self._wanted_deg - self.course_deg), -most_deg, most_deg) * self.is_under_way
        self.course_deg = (self.course_deg + turned_deg) % 360
        self.turn_deg_per_min = turned_deg * 60 / seconds

    def move(self, *, track_deg: Array, nmi: Array) -> None:
        self.latitude, self.longitude = moved(self.latitude, self.longitude, track_deg=track_deg, nmi=nmi)

    def arrive(self, seconds: float, *, waits: Flags, stay_share: Array) -> Flags:
        """Go on where a waypoint is reached or a stay is over, and tell which ships leave their berth.

        A ship that comes off its port waits on the roads where it ``waits``; ``stay_share`` is between the shortest stay and the
        longest.
        """
        self._hours_left = np.maximum(self._hours_left - seconds / 3600, 0.0)
        is_over = self._hours_left <= 0
        is_there = self.is_under_way & (self._to_go_nmi < _REACHED_NMI)
        leaves: Flags = is_over & (self.state == IN_PORT)
        weighs: Flags = is_over & (self.state == AT_ANCHOR)
        if np.any(is_there | leaves | weighs):
            self._change(is_there, leaves, weighs, waits, stay_share)
        return leaves

    def _change(self, is_there: Flags, leaves: Flags, weighs: Flags, waits: Flags, stay_share: Array) -> None:
        end = self._end
        at_berth, off_port = is_there & (self._leg == end), is_there & (self._leg == end - self._direction)
        self.state = np.select(
            [at_berth, off_port & waits, off_port | leaves | weighs, is_there],
            [IN_PORT, AT_ANCHOR, MANOEUVRING, AT_SEA],
            self.state,
        )
        stays = at_berth | (off_port & waits)
        self._stay_hours = np.where(stays, np.where(at_berth, 45 + 45 * stay_share, 8 + 32 * stay_share), self._stay_hours)
        self._hours_left = np.where(stays, self._stay_hours, self._hours_left)
        self._direction = np.where(leaves, -self._direction, self._direction)
        onward = np.where(is_there & ~at_berth, self._leg + self._direction, self._leg)
        self._leg = np.where(leaves, end + self._direction, onward)

    def _look_ahead(self) -> None:
        latitude, longitude, _ = _WAYPOINTS[self._leg].T
        self._to_go_nmi, self._wanted_deg = great_circle(self.latitude, self.longitude, latitude, longitude)
