"""The circuit of an induction motor against a catalogue, a standard and published motors."""

from datetime import datetime
from math import log10

import numpy as np
import pytest

from simulators.dice import Array
from simulators.fleet import JINAN
from simulators.machines.motor import Motor
from simulators.physics.induction_motor import PHASE_V, RATED_TORQUE_NM, LoadPoint


def at_load(share: float) -> tuple[LoadPoint, Array, Array]:
    """Solve 60 motors at rated voltage and a share of the rated torque; give also input and output in kW."""
    machines = Motor(seeds=range(60), start=datetime(2026, 6, 22, 8, tzinfo=JINAN))
    full = machines.full
    torque = full(share * RATED_TORQUE_NM)
    point = machines.circuit.load_point(phase_v=full(PHASE_V), hertz=full(50), torque_nm=torque)
    return point, 3 * PHASE_V * point.current_a.real / 1000, torque * 50 * np.pi * (1 - point.slip) / 1000


def test_the_efficiency_at_full_load_is_that_of_class_ie3() -> None:
    x = log10(160)
    ie3_percent = 0.0773 * x**3 - 1.8951 * x**2 + 9.2984 * x + 83.7025  # IEC 60034-30-1, 50 Hz, 4 poles
    assert ie3_percent == pytest.approx(95.8, abs=0.05)
    _, drawn_kw, given_kw = at_load(1)
    efficiency = 100 * given_kw / drawn_kw
    assert efficiency.mean() == pytest.approx(ie3_percent, abs=0.3)
    assert np.all(100 - efficiency < 1.15 * (100 - ie3_percent))  # tolerance of the losses, IEC 60034-1, table 20


def test_speed_current_and_power_factor_at_full_load_are_those_of_a_catalogue() -> None:
    # Motive Delphi 07 04 rev. 03, page 21: 315LA-4, 160 kW, 1485 rpm, 276.24 A, 95.0 %, so cos phi 0.880
    point, _, given_kw = at_load(1)
    assert given_kw.mean() == pytest.approx(160, rel=0.01)
    assert point.slip.mean() == pytest.approx(15 / 1500, rel=0.2)  # tolerance of the slip, IEC 60034-1, table 20
    current = np.abs(point.current_a)
    assert current == pytest.approx(np.full(60, 276.24), rel=0.1)
    assert (point.current_a.real / current).mean() == pytest.approx(0.880, abs=0.03)


def test_the_current_without_load_is_that_of_a_published_motor_by_its_size() -> None:
    # lbl-srg/modelica-buildings, record IM_150HP_400V_50Hz: stator inductance 10.606 mH of a motor of 111.9 kW
    published_a = PHASE_V / (2 * np.pi * 50 * 0.010606) * 160 / 111.9
    point, drawn_kw, _ = at_load(0)
    assert np.abs(point.current_a).mean() == pytest.approx(published_a, rel=0.1)
    assert drawn_kw.mean() == pytest.approx(160 * (1 / 0.958 - 1) * 0.4, rel=0.25)  # no-load losses are 0.3 to 0.5 of all


def test_the_efficiency_is_best_near_three_quarters_of_the_load_and_flat_down_to_one_half() -> None:
    # US DOE, Determining Electric Motor Load and Efficiency
    mean = {share: float((at_load(share)[2] / at_load(share)[1]).mean()) for share in (0.25, 0.5, 0.75, 1.0)}
    assert max(mean, key=mean.__getitem__) == 0.75
    assert mean[0.5] == pytest.approx(mean[1.0], abs=0.01)
    assert mean[0.25] < mean[1.0] - 0.015


@pytest.mark.parametrize("share", [0.0, 0.4, 1.0, 1.6])
def test_what_goes_in_comes_out_as_shaft_power_and_losses(share: float) -> None:
    point, drawn_kw, given_kw = at_load(share)
    assert drawn_kw == pytest.approx(given_kw + point.winding_kw + point.rest_kw, rel=1e-3)


def test_beyond_its_breakdown_torque_the_motor_is_held_at_it_and_nothing_breaks() -> None:
    point, _, _ = at_load(5)
    assert np.all((point.slip > 0.02) & (point.slip < 0.1))
