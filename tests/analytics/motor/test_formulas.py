"""Formulas of motors against published figures and figures worked by hand."""

import numpy as np
import pytest

from analytics.motor.efficiency_class import IeClass, class_of, grade_of, limit_percent, read_classes
from analytics.motor.load import best_load, load_by_current, load_by_input_power, load_by_slip, pole_pairs_of, synchronous_rpm
from analytics.motor.losses import efficiency_curve, split_losses
from analytics.motor.supply import (
    derating_factor,
    negative_sequence_ratio,
    read_derating,
    temperature_rise_increase_percent,
    voltage_unbalance_percent,
)
from analytics.motor.thermal import (
    ageing_rate,
    insulation_at_40_celsius,
    is_insulation_dry,
    least_insulation_megaohm,
    seconds_to_trip,
    thermal_state,
    two_node_celsius,
)
from analytics.motor.vibration_zones import limits_of, read_zones, zone_of

CLASSES: tuple[IeClass, ...] = ("IE1", "IE2", "IE3", "IE4")


@pytest.mark.parametrize(
    ("rated_kw", "limits"),
    [
        (7.5, (86.0, 88.7, 90.4, 92.6)),
        (37, (91.2, 92.7, 93.9, 95.2)),
        (75, (92.7, 94.0, 95.0, 96.0)),
        (110, (93.3, 94.5, 95.4, 96.3)),
        (160, (93.8, 94.9, 95.8, 96.6)),
        (200, (94.0, 95.1, 96.0, 96.7)),
    ],
)
def test_limits_of_four_pole_motors_are_those_of_the_table(rated_kw: float, limits: tuple[float, ...]) -> None:
    # IEC 60034-30-1:2014, tables at 50 Hz; ± 0.05 is their rounding.
    found = [limit_percent(rated_kw=rated_kw, poles=4, ie=ie) for ie in CLASSES]
    assert found == pytest.approx(limits, abs=0.05)


def test_limits_stay_from_200_kw_on_and_end_outside_the_standard() -> None:
    assert limit_percent(rated_kw=800, poles=4, ie="IE3") == limit_percent(rated_kw=200, poles=4, ie="IE3")
    with pytest.raises(ValueError, match="outside"):
        limit_percent(rated_kw=0.1, poles=4, ie="IE3")
    with pytest.raises(ValueError, match="8 poles"):
        limit_percent(rated_kw=10, poles=8, ie="IE3")


def test_a_nameplate_has_the_class_whose_printed_limit_it_meets() -> None:
    assert [class_of(rated_kw=160, poles=4, rated_efficiency_percent=x) for x in (93.7, 93.8, 95.8, 96.6)] == [0, 1, 3, 4]
    # GB 18613-2020: grade 3 is IE3, grade 2 is IE4.
    assert [grade_of(ie) for ie in (2, 3, 4)] == [None, 3, 2]


@pytest.mark.parametrize(("lines", "unbalance"), [((460, 467, 450), 1.961), ((480, 476, 472), 0.840), ((400, 395, 388), 1.606)])
def test_unbalance_of_published_examples(lines: tuple[float, float, float], unbalance: float) -> None:
    assert float(voltage_unbalance_percent(*lines)) == pytest.approx(unbalance, abs=0.0005)


def test_unbalance_of_unknown_or_absent_voltages_is_unknown() -> None:
    found = voltage_unbalance_percent([0, np.nan, 400], [0, 400, 400], [0, 400, 400])
    assert np.isnan(found).tolist() == [True, True, False]


def test_negative_sequence_is_found_from_magnitudes_alone() -> None:
    # Phasors made of known sequences: positive 400, negative 8 at any angle gives 2 %.
    turn = np.exp(2j * np.pi / 3)
    negative = 8 * np.exp(1j * np.linspace(0, 6, 7))
    three = [abs(400 * turn**-k + negative * turn**k) for k in range(3)]
    assert negative_sequence_ratio(*three) == pytest.approx(0.02, rel=1e-6)
    assert float(negative_sequence_ratio(400, 400, 400)) == pytest.approx(0, abs=1e-7)
    assert np.isnan(negative_sequence_ratio(400, 100, 100))  # closes to no triangle


def test_derating_follows_the_table_and_ends_at_5_percent() -> None:
    assert derating_factor([0.5, 2, 3, 3.25, 5]) == pytest.approx([1, 0.95, 0.89, 0.87, 0.76])
    assert np.isnan(derating_factor([5.01, np.nan])).all()
    assert float(temperature_rise_increase_percent(3)) == 18  # 2 · 3²


def test_load_by_three_methods() -> None:
    # 90 kW into a motor of 160 kW and 95.8 %: 0.958 · 90 / 160.
    power = load_by_input_power(input_kw=[90.0], rated_kw=160, rated_efficiency_percent=95.8)
    assert power.load == pytest.approx(0.5389, abs=1e-4)
    # 6.5 of 13 rpm at 2 % too little voltage: 0.5 · 0.98².
    slip = load_by_slip(
        rpm=[1493.5], synchronous_rpm=[1500.0], rated_rpm=1487, rated_synchronous_rpm=1500, voltage_ratio=1 / 0.98
    )
    assert slip.load == pytest.approx(0.4802, abs=1e-4)
    current = load_by_current(current_a=[200.0, 100.0], rated_current_a=277, voltage_ratio=1.02)
    assert current.load[0] == pytest.approx(0.7365, abs=1e-4)
    assert np.isnan(current.load[1])  # below half load it says little


def test_the_most_accurate_method_counts() -> None:
    power = load_by_input_power(input_kw=[90.0], rated_kw=160, rated_efficiency_percent=95.8)
    slip = load_by_slip(rpm=[1493.5], synchronous_rpm=[1500.0], rated_rpm=1487, rated_synchronous_rpm=1500)
    assert best_load({"slip": slip, "input_power": power}).method == "input_power"
    unknown = load_by_current(current_a=[np.nan], rated_current_a=277)
    assert best_load({"current": unknown, "slip": slip}).method == "slip"
    with pytest.raises(ValueError, match="no method"):
        best_load({"current": unknown})


def test_the_field_of_a_motor_turns_at_the_next_synchronous_speed() -> None:
    assert [pole_pairs_of(rated_rpm=rpm) for rpm in (2970, 1487, 985, 740)] == [1, 2, 3, 4]
    assert float(synchronous_rpm(frequency_hz=50.2, pole_pairs=2)) == pytest.approx(1506)
    for rpm in (0, 1500, 3000, 2000):
        with pytest.raises(ValueError, match="rpm"):
            pole_pairs_of(rated_rpm=rpm)


def test_the_efficiency_curve_passes_through_the_nameplate_and_is_highest_at_its_best_load() -> None:
    curve = efficiency_curve(rated_kw=160, rated_efficiency_percent=95.8, staying_share=0.36)
    assert float(curve.efficiency_percent(1.0)) == pytest.approx(95.8)
    assert curve.best_load == pytest.approx(0.75)  # √(0.36 / 0.64)
    loads = np.linspace(0.05, 1.2, 231)
    assert loads[np.argmax(curve.efficiency_percent(loads))] == pytest.approx(0.75, abs=0.005)
    assert np.isnan(curve.efficiency_percent([0, np.nan])).all()


def test_the_load_of_an_input_power_is_found_again() -> None:
    curve = efficiency_curve(rated_kw=160, rated_efficiency_percent=95.8)
    loads = np.array([0.1, 0.5, 1.1])
    assert curve.load_of_input(160 * loads + curve.losses_kw(loads)) == pytest.approx(loads)
    assert np.isnan(curve.load_of_input(0.5 * curve.staying_kw))


def test_a_curve_of_impossible_figures_is_refused() -> None:
    for percent, share in ((100, 0.4), (0, 0.4), (95, 1.0)):
        with pytest.raises(ValueError, match="no curve"):
            efficiency_curve(rated_kw=160, rated_efficiency_percent=percent, staying_share=share)


def test_losses_are_split_after_the_standard() -> None:
    # 1.5 · 0.02 Ω · (270 A)² = 2.187 kW; 0.01 · (167 - 2.187 - 2) = 1.628 kW; additional 2.5 - 0.5 · log10(160) = 1.398 %.
    found = split_losses(
        input_kw=167, current_a=270, slip=0.01, line_resistance_ohm=0.02, iron_kw=2, friction_kw=0.8, rated_kw=160
    )
    assert [float(part) for part in found] == pytest.approx([2.187, 1.628, 2, 0.8, 2.3345], abs=0.001)
    assert float(found.total_kw) == pytest.approx(8.950, abs=0.001)


def test_zones_of_small_machines_on_rigid_feet() -> None:
    limits = limits_of(rated_kw=160, support="rigid")
    assert zone_of([1.4, 1.5, 2.8, 4.5, 4.6], limits).tolist() == [1, 2, 2, 3, 4]
    assert np.isnan(zone_of(np.nan, limits))
    assert limits_of(rated_kw=400, support="rigid").c_d == 7.1
    with pytest.raises(ValueError, match="no zones"):
        limits_of(rated_kw=11, support="rigid")


def test_tables_from_standards_say_that_nobody_has_verified_them() -> None:
    assert not any(row.verified for row in read_zones())
    assert not any(row.verified for row in read_classes().limits)
    assert not any(row.verified for row in read_classes().grades)
    assert not read_derating().verified


def test_two_nodes_settle_where_the_conductances_say() -> None:
    # 4 kW through 0.2 and 0.1 kW/K: frame 20 + 40, winding 20 K more.
    winding, frame = two_node_celsius(
        np.full(2000, 4.0),
        air_celsius=20,
        winding_kj_per_k=60,
        frame_kj_per_k=200,
        winding_to_frame_kw_per_k=0.2,
        frame_to_air_kw_per_k=0.1,
        step_seconds=60,
    )
    assert (winding[-1], frame[-1]) == pytest.approx((80, 60), abs=1e-6)
    # What is stored and what is given off is what was lost, after ten minutes: no heat is made or gone.
    seconds = 600
    fine, outer = two_node_celsius(
        np.full(seconds, 4.0),
        air_celsius=20,
        winding_kj_per_k=60,
        frame_kj_per_k=200,
        winding_to_frame_kw_per_k=0.2,
        frame_to_air_kw_per_k=0.1,
        step_seconds=1,
    )
    given_off = 0.1 * np.trapezoid(np.append(20.0, outer) - 20)
    assert 60 * (fine[-1] - 20) + 200 * (outer[-1] - 20) + given_off == pytest.approx(4 * seconds, rel=1e-4)
    with pytest.raises(ValueError, match="positive"):
        two_node_celsius(
            [1.0],
            air_celsius=20,
            winding_kj_per_k=0,
            frame_kj_per_k=1,
            winding_to_frame_kw_per_k=1,
            frame_to_air_kw_per_k=1,
            step_seconds=1,
        )


def test_life_halves_with_each_10_kelvin() -> None:
    assert ageing_rate([155, 165, 145, 135], "F") == pytest.approx([1, 2, 0.5, 0.25])
    assert float(ageing_rate(130, "B")) == 1


def test_the_thermal_state_follows_the_square_of_the_current() -> None:
    # From rest, one time constant of the rated current: 1 - 1/e.
    share = np.append(np.zeros(10), np.ones(40))
    state = thermal_state(share, time_constant_seconds=2400, step_seconds=60)
    assert state[-1] == pytest.approx(1 - np.exp(-1), abs=1e-6)
    assert np.isnan(thermal_state([np.nan, np.nan], time_constant_seconds=2400, step_seconds=60)).all()
    assert np.isnan(thermal_state([0.5, np.nan, 0.5], time_constant_seconds=2400, step_seconds=60)).tolist() == [
        False,
        True,
        False,
    ]


def test_the_time_to_trip_is_that_of_the_standard() -> None:
    # 40 min · ln((1.44 - 0.64) / (1.44 - 1)) = 40 · 0.5978
    assert seconds_to_trip(current_share=1.2, state=0.64, time_constant_seconds=2400) == pytest.approx(2400 * 0.59784, rel=1e-4)
    assert seconds_to_trip(current_share=0.9, state=0.5, time_constant_seconds=2400) == float("inf")
    assert seconds_to_trip(current_share=0.9, state=1.1, time_constant_seconds=2400) == 0


def test_insulation_after_ieee_43() -> None:
    assert least_insulation_megaohm(rated_kv=0.4, winding="random") == 5
    assert least_insulation_megaohm(rated_kv=6, winding="form") == 100
    assert least_insulation_megaohm(rated_kv=6, winding="before_1970") == 7
    assert insulation_at_40_celsius([200, 200], [30, 50]) == pytest.approx([100, 400])
    assert is_insulation_dry(megaohm_after_1_minute=500, megaohm_after_10_minutes=1000) is True
    assert is_insulation_dry(megaohm_after_1_minute=500, megaohm_after_10_minutes=900) is False
    assert is_insulation_dry(megaohm_after_1_minute=6000, megaohm_after_10_minutes=6000) is None
