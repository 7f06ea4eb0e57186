"""The regression with priors: it learns what was seen, keeps the prior where nothing was, and doubts what lies outside."""

import numpy as np
import pytest

from analytics.diagnosis.verdicts import confidence
from analytics.ship.healthy import Healthy
from analytics.ship.residuals import TARGETS, Hours, observe
from tests.analytics.ship.diagnosis_ship import BEND, ON_DRAUGHT, SLOPE, Wrong, ship_window


def learn(hours: Hours) -> Healthy:
    return Healthy.learn(hours, highest_bilge_m=0.3)


@pytest.fixture(scope="module", name="healthy")
def _healthy() -> Healthy:
    return learn(observe(ship_window(7)))


def test_the_propellers_slope_is_that_of_the_plain_ship(healthy: Healthy) -> None:
    # ln K_Q = a + b x + c x²; the plain ship's own b and c, in hundredths.
    assert healthy.slope("propeller", "advance") == pytest.approx(100 * SLOPE, abs=1.5)
    assert healthy.slope("propeller", "advance_squared") == pytest.approx(100 * BEND, abs=12)


def test_what_one_draught_cannot_tell_stays_as_physics_has_it(healthy: Healthy) -> None:
    assert healthy.slope("hull", "draught") == pytest.approx(60.0, abs=0.5)


def test_two_draughts_tell_it() -> None:
    laden, ballast = (observe(ship_window(7, draught_m=draught)) for draught in (12.0, 6.3))
    both = Hours(
        np.concatenate([laden.starts_us, ballast.starts_us]),
        {name: np.concatenate([laden.features[name], ballast.features[name]]) for name in laden.features},
        {name: np.concatenate([laden.targets[name], ballast.targets[name]]) for name in laden.targets},
        np.concatenate([laden.settled, ballast.settled]),
        np.concatenate([laden.shaft_torque_knm, ballast.shaft_torque_knm]),
    )
    learned = learn(both)
    assert learned.slope("hull", "draught") == pytest.approx(100 * ON_DRAUGHT, abs=2)
    assert np.nanmax(learned.doubts("hull", ballast)) < 2


def test_a_draught_that_was_never_seen_widens_the_interval(healthy: Healthy) -> None:
    seen, unseen = (observe(ship_window(5, seed=2, draught_m=draught)) for draught in (12.0, 6.3))
    near, far = healthy.readings(seen)["hull"], healthy.readings(unseen)["hull"]
    # 6 % a unit of ln T at the ratio 6.3 / 12.
    assert far.size == pytest.approx(np.hypot(near.size, 6 * np.log(12 / 6.3)), rel=0.15)


def test_differences_are_those_that_were_put_in(healthy: Healthy) -> None:
    fouled = healthy.readings(observe(ship_window(5, seed=2, wrong=Wrong(hull=0.10))))
    assert fouled["hull"].difference == pytest.approx(10.0, abs=1.5)
    assert abs(fouled["propeller"].difference) < 0.15
    drifted = healthy.readings(observe(ship_window(5, seed=2, wrong=Wrong(meter_knm=20.0))))
    assert drifted["standstill"].difference == pytest.approx(20.0, abs=0.5)


def test_a_model_goes_through_plain_data(healthy: Healthy) -> None:
    hours = observe(ship_window(5, seed=3))
    again = Healthy.from_model(healthy.to_model()).readings(hours)
    assert {name: of.score for name, of in again.items()} == pytest.approx(
        {name: of.score for name, of in healthy.readings(hours).items()}, nan_ok=True
    )


def test_no_hour_is_settled_in_port_or_while_the_shaft_changes() -> None:
    hours = observe(ship_window(2))
    assert not hours.settled[:25].any()  # a day in port, and the first hour at sea
    assert hours.settled[26:].all()

    def hunt(values: dict[str, np.ndarray]) -> None:
        values["shaft_speed"] = values["shaft_speed"] * (1 + 0.05 * np.sin(np.arange(len(values["state"])) / 5))

    assert not observe(ship_window(2, change=hunt)).settled.any()


def test_shallow_water_tells_nothing_of_the_hull() -> None:
    def shoal(values: dict[str, np.ndarray]) -> None:
        values["water_depth"] = np.minimum(values["water_depth"], 40.0)

    hours = observe(ship_window(2, change=shoal))
    assert np.isnan(hours.targets["hull"]).all()
    assert np.isfinite(hours.targets["propeller"][30:]).all()


def test_every_figure_is_observed() -> None:
    assert observe(ship_window(1)).targets.keys() == TARGETS.keys()


def test_confidence_grows_with_the_sign() -> None:
    assert confidence(1.0, 1.0) == pytest.approx(0.5)
    assert 0.5 < confidence(1.0, 2.0) < confidence(1.0, 8.0) <= 0.99
