"""Speeds of voyages against brute force, trim, squat and rolling."""

import itertools

import numpy as np
import pytest

from analytics.result import NotEvaluated
from analytics.ship.safety import (
    CONFINED_WATER,
    encounter_period_s,
    fully_developed_period_s,
    may_roll_parametrically,
    roll_period_s,
    squat_m,
    under_keel_m,
)
from analytics.ship.speed import Consumption, Leg, Range, just_in_time, one_leg_kn, plan_ports
from analytics.ship.trim_advice import advise
from analytics.window import FloatArray

SHIP = Consumption(fixed_kg_per_h=120, cubic_kg_per_h=0.6)
SPEEDS = Range(7, 14)


def test_slow_steaming() -> None:
    """Reference 0.1: fuel per hour 5 + 0.02 v³ has its best speed at 5.000, to 1e-9."""
    example = Consumption(fixed_kg_per_h=5, cubic_kg_per_h=0.02)
    assert example.best_speed_kn() == pytest.approx(5.0, abs=1e-9)
    around = example.kg_per_nmi(np.array([4.99, 5.0, 5.01]))
    assert around.argmin() == 1
    assert example.best_speed_kn(hour_worth_kg=35) == pytest.approx(10.0, abs=1e-9)


@pytest.mark.parametrize(("fixed", "cubic"), [(-1.0, 1.0), (1.0, 0.0), (float("nan"), 1.0)])
def test_fuel_that_cannot_be_is_refused(fixed: float, cubic: float) -> None:
    with pytest.raises(ValueError, match="fuel of"):
        Consumption(fixed_kg_per_h=fixed, cubic_kg_per_h=cubic)


@pytest.mark.parametrize(("earliest", "latest", "expected"), [(0, 1e4, 7), (0, 100, 10), (0, 125, 8), (90, 95, 1000 / 95)])
def test_one_leg_is_sailed_as_slowly_as_its_window_and_engine_allow(earliest: float, latest: float, expected: float) -> None:
    """The unbound best speed is (120/1.2)^(1/3) = 4.6 kn, below the slowest."""
    assert one_leg_kn(SHIP, nmi=1000, earliest_h=earliest, latest_h=latest, speeds=SPEEDS) == pytest.approx(expected)


def test_a_window_that_cannot_be_kept_is_told() -> None:
    with pytest.raises(ValueError, match="1000 nmi"):
        one_leg_kn(SHIP, nmi=1000, earliest_h=0, latest_h=50, speeds=SPEEDS)
    with pytest.raises(ValueError, match="no speed"):
        plan_ports(SHIP, [Leg(1000, 0, 50)], speeds=SPEEDS)
    with pytest.raises(ValueError, match="no speed"):
        plan_ports(SHIP, [Leg(100, 50.2, 50.4)], speeds=SPEEDS)


@pytest.mark.parametrize("seed", range(6))
def test_the_plan_of_several_ports_is_the_best_of_all(seed: int) -> None:
    """Three ports with windows: every triple of whole hours of arrival, tried one by one."""
    dice = np.random.default_rng(seed)
    legs, begin = [], 0.0
    for _ in range(3):
        nmi = float(dice.uniform(80, 200))
        centre = begin + nmi / 10.5
        legs.append(Leg(nmi, centre - dice.uniform(0, 4), centre + dice.uniform(3, 9), float(dice.integers(0, 6))))
        begin = centre + legs[-1].stay_h
    found = plan_ports(SHIP, legs, speeds=SPEEDS)
    best = np.inf
    windows = [range(int(np.ceil(leg.earliest_h)), int(np.floor(leg.latest_h)) + 1) for leg in legs]
    for arrivals in itertools.product(*windows):
        fuel, left = 0.0, 0.0
        for leg, arrival in zip(legs, arrivals, strict=True):
            hours = arrival - left
            if hours < leg.nmi / SPEEDS.fastest_kn:
                fuel = np.inf
                break
            speed = max(leg.nmi / hours, SPEEDS.slowest_kn)
            fuel += float(SHIP.kg_per_nmi(speed)) * leg.nmi + SHIP.fixed_kg_per_h * (hours - leg.nmi / speed)
            left = arrival + leg.stay_h
        best = min(best, fuel)
    assert found.fuel_kg == pytest.approx(best, rel=1e-12)
    assert (found.speeds_kn >= SPEEDS.slowest_kn - 1e-9).all()
    assert (found.speeds_kn <= SPEEDS.fastest_kn + 1e-9).all()


def test_without_windows_all_legs_are_sailed_alike() -> None:
    """A convex fuel curve: one speed for all, but for the grid of half-hours."""
    legs = [Leg(300, 0, 200), Leg(600, 0, 200), Leg(300, 120, 120)]
    found = plan_ports(SHIP, legs, speeds=SPEEDS, step_h=0.5)
    assert found.speeds_kn == pytest.approx(10, abs=0.1)
    assert found.fuel_kg == pytest.approx(float(SHIP.kg_per_nmi(10)) * 1200, rel=1e-4)


def test_arriving_just_in_time_saves_what_waiting_would_have_cost() -> None:
    """Sail 1200 nmi in 120 h at 10 kn instead of 12.5 kn and 24 h of waiting; both burn 120 kg/h all the time."""
    found = just_in_time(SHIP, nmi=1200, hours=120, present_kn=12.5, speeds=SPEEDS)
    fast = float(SHIP.kg_per_nmi(12.5)) * 1200 + 120 * (120 - 1200 / 12.5)
    slow = float(SHIP.kg_per_nmi(10)) * 1200
    assert found.speed_kn == pytest.approx(10)
    assert found.saved_kg == pytest.approx(fast - slow)
    assert just_in_time(SHIP, nmi=1200, hours=90, present_kn=12.5, speeds=SPEEDS).saved_kg < 0


def voyage_of_trims(
    gain: float, *, rows: int = 600, seed: int = 0, spread_m: float = 0.6
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Power with its least at a trim of 0.5 m; at 1.5 m it is by so many percent more. Noise of 3 % that lasts for hours."""
    dice = np.random.default_rng(seed)
    trim = np.repeat(1.0 + spread_m * dice.standard_normal(rows // 20), 20)
    noise = np.zeros(rows)
    for step in range(1, rows):
        noise[step] = 0.8 * noise[step - 1] + 0.018 * dice.standard_normal()
    draught = 12 + 0.1 * dice.standard_normal(rows)
    power = 1.5 + gain / 100 * (trim - 0.5) ** 2 + 0.6 * np.log(draught) + noise
    return power, trim, np.log(draught)[:, None]


def test_the_best_trim_is_found_with_what_it_gains() -> None:
    power, trim, others = voyage_of_trims(4.0)
    found = advise(power, trim_m=trim, others=others, present_m=1.5, lowest_m=-0.5, highest_m=3)
    assert found.best_m == pytest.approx(0.5, abs=0.3)
    assert found.gain_percent == pytest.approx(4.0, abs=found.half_width)
    assert found.is_certain
    within = advise(power, trim_m=trim, others=others, present_m=1.5, lowest_m=1.0, highest_m=3)
    assert within.best_m == pytest.approx(1.0)
    assert found.log_power(np.array([1.5]))[0] - found.log_power(np.array([found.best_m]))[0] == pytest.approx(
        found.gain_percent / 100
    )


def test_of_forty_ships_that_trim_does_not_matter_to_hardly_one_is_advised() -> None:
    """One in forty is expected where a 95 % interval excludes zero from above."""
    certain = 0
    for seed in range(40):
        power, trim, others = voyage_of_trims(0.0, seed=seed)
        certain += advise(power, trim_m=trim, others=others, present_m=1.5, lowest_m=-0.5, highest_m=3).is_certain
    assert certain <= 2


def test_a_trim_that_was_not_varied_is_no_ground_for_advice() -> None:
    power, trim, others = voyage_of_trims(4.0, spread_m=0.05)
    with pytest.raises(NotEvaluated, match="varied"):
        advise(power, trim_m=trim, others=others, present_m=1.5, lowest_m=-0.5, highest_m=3)
    power, trim, others = voyage_of_trims(4.0)
    with pytest.raises(NotEvaluated, match="never sailed"):
        advise(power, trim_m=trim, others=others, present_m=1.5, lowest_m=5, highest_m=6)
    with pytest.raises(NotEvaluated, match="40 are needed"):
        advise(power[:30], trim_m=trim[:30], others=others[:30], present_m=1.5, lowest_m=0, highest_m=3)


def test_squat_of_barrass() -> None:
    """C_b 0.8 at 12 kn: 1.152 m in open water, 2.304 m in a canal; 15 m deep at 12 m draught with 1 m of tide leave 2.848 m."""
    squat = squat_m(block_coefficient=0.8, speed_kn=12)
    assert squat == pytest.approx(1.152)
    assert squat_m(block_coefficient=0.8, speed_kn=12, divisor=CONFINED_WATER) == pytest.approx(2.304)
    assert under_keel_m(depth_m=15, draught_m=12, squat=squat, tide_m=1) == pytest.approx(2.848)


def test_the_period_of_roll_and_when_waves_excite_it() -> None:
    """B 32, T 10, L 200, GM 1.5: C = .373 + .0736 − .086 = .3606, T = 2·.3606·32/√1.5 = 18.84 s."""
    roll = roll_period_s(breadth_m=32, draught_m=10, length_m=200, metacentric_height_m=1.5)
    assert roll == pytest.approx(18.84, abs=0.01)
    tuned = may_roll_parametrically(encounter_s=[9.42, 18.84, 13.5, np.nan, np.inf], roll_s=roll)
    assert tuned.tolist() == [True, True, False, False, False]


def test_waves_are_met_oftener_from_ahead_than_from_astern() -> None:
    """T 10 s at 10 kn: ω = .6283, ω² V/g = .2070; from ahead 2π/.8353 = 7.52 s, from astern 2π/.4213 = 14.91 s."""
    met = encounter_period_s(wave_period_s=10, speed_kn=10, from_bow_deg=[0, 90, 180])
    assert met == pytest.approx([7.52, 10, 14.91], abs=0.01)
    assert encounter_period_s(wave_period_s=10, speed_kn=0, from_bow_deg=0) == pytest.approx(10)
    assert fully_developed_period_s([4.0, 0.0])[0] == pytest.approx(10.26)
    assert np.isnan(fully_developed_period_s(0.0))
