"""High-rate records of a motor: the current of one phase, and the acceleration at a bearing, radially and vertically.

What is seen at a moment of n motors side by side becomes the cause of one wave (`current_record`, `vibration_record`).
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from simulators.dice import Array
from simulators.physics import current_record, vibration_record
from simulators.physics.induction_motor import RATED_A, RATED_RPM
from simulators.physics.rolling_bearing import RollingBearing
from simulators.physics.rotor_vibration import BEARING_DAMAGE, Causes

_VERTICAL = 1
_DRY_M_S2 = 8.0
_SWELL = 0.4
"""How deep broken bars modulate the vibration at the speed of rotation."""


class Moment(NamedTuple):
    """n motors at a moment; shapes are ``(n,)``, of bearings ``(n, 2)``, of bearings and directions ``(n, 2, 3)``."""

    speed_rpm: Array
    hertz: Array
    slip: Array
    phase_a: Array
    distortion: Array
    """Harmonics of the supply or the drive, as a share of the current."""
    sound_mm_s: Array
    """What shakes a healthy motor, by bearing and direction."""
    sound_m_s2: Array
    """High-frequency acceleration of sound bearings at the rated speed."""
    causes: Causes
    """By bearing and direction."""
    faults: Mapping[str, Array]
    """Severities."""


def current(moment: Moment, machine: int, *, own: np.random.Generator, dice: np.random.Generator) -> tuple[float, Array]:
    """Give sampling rate in Hz and samples in A; ``own`` is the machine's for ever, ``dice`` the record's."""
    drawn = current_record.Drawn(
        amperes=float(moment.phase_a[machine]),
        line_hz=float(moment.hertz[machine]),
        speed_hz=float(moment.speed_rpm[machine]) / 60,
        slip=float(moment.slip[machine]),
        rated_a=RATED_A,
        broken_bars=float(moment.faults["broken_rotor_bar"][machine]),
        static_gap=float(moment.faults["eccentricity_static"][machine]),
        moving_gap=float(moment.faults["eccentricity_dynamic"][machine]),
        shorted_turns=float(moment.faults["inter_turn_short"][machine]),
        distortion=float(moment.distortion[machine]),
    )
    return current_record.RATE_HZ, current_record.record(drawn, unlike_bars=own.lognormal(0, 0.25), dice=dice)


def acceleration(
    moment: Moment, place: tuple[int, int], bearing: RollingBearing, *, own: np.random.Generator, dice: np.random.Generator
) -> tuple[float, Array]:
    """Give sampling rate in Hz and samples in m/s² of a machine's bearing; see `current` for the generators."""
    machine, at = place[0], (*place, _VERTICAL)
    gain = float(moment.speed_rpm[machine] / RATED_RPM) ** 1.5
    shaking = vibration_record.Shaking(
        speed_hz=float(moment.speed_rpm[machine]) / 60,
        line_hz=float(moment.hertz[machine]),
        base_mm_s=float(moment.sound_mm_s[at]),
        once_mm_s=float(moment.causes.once_a_turn[at]),
        misaligned_mm_s=float(moment.causes.misaligned[at]),
        loose_mm_s=float(moment.causes.loose[at]),
        magnetic_mm_s=float(moment.causes.magnetic[at]),
        pole_pass_hz=2 * float(moment.slip[machine] * moment.hertz[machine]),
        pole_pass_depth=_SWELL * float(moment.faults["broken_rotor_bar"][machine]),
        moving_gap=float(moment.faults["eccentricity_dynamic"][machine]),
        rough_m_s2=float(moment.sound_m_s2[place]) * gain,
        dry_m_s2=_DRY_M_S2 * float(moment.faults["lubrication_poor"][place]) * gain,
        damages={
            name: (damage.acceleration_m_s2 * severity * gain, damage.velocity_mm_s * severity)
            for name, damage in BEARING_DAMAGE.items()
            if (severity := float(moment.faults[name][place])) > 0
        },
    )
    housing = vibration_record.Housing.of(bearing, own)
    return vibration_record.RATE_HZ, vibration_record.record(shaking, housing, dice)
