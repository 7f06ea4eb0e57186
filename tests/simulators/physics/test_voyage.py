"""A round voyage from berth to berth, with no ship but its place."""

from itertools import groupby
from typing import NamedTuple

import numpy as np
import pytest

from simulators.physics.voyage import AT_ANCHOR, AT_SEA, IN_PORT, MANOEUVRING, Voyages

WAITING_OFF_QINGDAO, JUST_OFF_NEWCASTLE = 0.37, 0.001


class Log(NamedTuple):
    """What was written down every five minutes, and where the ship is in the end."""

    states: list[int]
    cargo: list[float]
    end: Voyages

    @property
    def order(self) -> list[int]:
        return [state for state, _ in groupby(self.states)]


def sail(place: float, *, days: float, waits: bool) -> Log:
    """Sail at 12 knots."""
    log = Log([], [], Voyages(np.array([place])))
    voyage = log.end
    for _ in range(round(days * 288)):
        voyage.steer(300)
        voyage.move(track_deg=voyage.course_deg, nmi=np.where(voyage.is_under_way, 1.0, 0.0))
        voyage.arrive(300, waits=np.array([waits]), stay_share=np.array([0.5]))
        log.states.append(int(voyage.state[0]))
        log.cargo.append(float(voyage.cargo[0]))
    return log


def test_a_ship_on_the_roads_goes_to_its_berth_discharges_and_leaves_in_ballast() -> None:
    log = sail(WAITING_OFF_QINGDAO, days=6, waits=False)
    assert log.order == [AT_ANCHOR, MANOEUVRING, IN_PORT, MANOEUVRING, AT_SEA]
    assert (log.cargo[0], log.cargo[-1]) == (1, 0)
    assert np.all(np.diff(log.cargo) <= 0)
    assert 0 < log.end.latitude[0] < 34  # on its way south


@pytest.mark.parametrize("waits", [True, False])
def test_the_laden_passage_is_somewhat_longer_than_the_shortest_way_over_the_sphere(*, waits: bool) -> None:
    """From 32.88° S, 151.77° E to 36.00° N, 120.22° E: 15.6 days at 12 knots, straight over land."""
    shortest_days = 3440.065 * arc(-32.88, 151.77, 36.00, 120.22) / 12 / 24
    log = sail(JUST_OFF_NEWCASTLE, days=1.15 * shortest_days, waits=waits)
    assert log.order == ([AT_SEA, AT_ANCHOR] if waits else [AT_SEA, MANOEUVRING, IN_PORT])
    assert shortest_days < log.states.count(AT_SEA) / 288 < 1.15 * shortest_days
    assert (log.end.latitude[0], log.end.longitude[0]) == pytest.approx((36, 120.3), abs=0.3)
    assert log.end.water_depth_m[0] > 13


def arc(latitude: float, longitude: float, to_latitude: float, to_longitude: float) -> float:
    """Give the angle between two places, from their vectors."""
    here, there = (
        np.array([np.cos(a) * np.cos(b), np.cos(a) * np.sin(b), np.sin(a)])
        for a, b in np.radians([(latitude, longitude), (to_latitude, to_longitude)])
    )
    return float(np.arccos(here @ there))
