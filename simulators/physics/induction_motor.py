"""The equivalent circuit of a squirrel-cage induction motor of 160 kW, 4 poles, 400 V, solved for the slip in closed form.

Stator, magnetizing and rotor branch, one phase of a star, as the textbooks draw it. Losses are segregated as IEC 60034-2-1 does
it (stator and rotor copper, iron, friction and windage, additional load losses), with a drive raised by its harmonics. The
negative sequence meets the impedance at slip 2 - s, about that of the locked rotor, so that 1 % of voltage makes 6 to 10 % of
current (NEMA MG 1, 14.36).

Limits: steady state, so no starts; no saturation; friction is that of a fan-cooled frame.
"""

from typing import NamedTuple

import numpy as np

from simulators.dice import Array
from simulators.physics.three_phase import Phasors

RATED_KW, RATED_A, RATED_RPM, RATED_EFFICIENCY_PERCENT = 160.0, 277.0, 1487.0, 95.8
RATED_TORQUE_NM = 1000 * RATED_KW / (RATED_RPM * np.pi / 30)
PHASE_V, GRID_HZ, POLE_PAIRS = 400 / np.sqrt(3), 50.0, 2
_FULL_LOAD_C, _COPPER_PER_K = 115.0, 1 / (235 + 115)
"""Resistances are those at the temperature of full load."""
_CROWDED_ROTOR = 2.2  # bars crowd the current of the negative sequence: 4.4 times the resistance, over a slip of nearly 2


class LoadPoint(NamedTuple):
    """What the motor does under a load."""

    slip: Array
    current_a: Phasors
    """Of phase a, positive sequence; the voltage is real."""
    winding_kw: Array
    rest_kw: Array
    """Losses in the stator winding, and all others."""


class Circuit(NamedTuple):
    """Equivalent circuit of one phase at 50 Hz in ohms, and the losses in kW that have no resistance in it."""

    stator: Array
    stator_leakage: Array
    magnetizing: Array
    rotor: Array
    rotor_leakage: Array
    negative_sequence: Array
    """Leakage reactance at slip 2 - s, where the rotor's bars crowd the current."""
    iron_kw: Array
    friction_kw: Array
    additional_kw: Array

    def at(self, winding_c: Array, *, broken_bars: Array) -> "Circuit":
        """Give the circuit at a temperature; ``broken_bars`` is the share that they add to the rotor's resistance."""
        heat = 1 + _COPPER_PER_K * (winding_c - _FULL_LOAD_C)
        return self._replace(stator=self.stator * heat, rotor=self.rotor * heat * (1 + broken_bars))

    @property
    def negative_ohms(self) -> Phasors:
        """Impedance to the negative sequence."""
        return np.asarray(self.stator + _CROWDED_ROTOR * self.rotor + 1j * self.negative_sequence)

    def negative_rotor_kw(self, negative_a: Phasors) -> Array:
        """Losses that the negative sequence makes in the rotor."""
        return 0.003 * np.abs(negative_a) ** 2 * _CROWDED_ROTOR * self.rotor

    def load_point(self, *, phase_v: Array, hertz: Array, torque_nm: Array, extra_share: Array | float = 0.0) -> LoadPoint:
        """Solve the circuit for a shaft torque; ``extra_share`` raises the losses, as a drive's harmonics do."""
        ratio = hertz / GRID_HZ
        stator = self.stator + 1j * self.stator_leakage * ratio
        magnetizing = 1j * self.magnetizing * ratio
        thevenin_v = phase_v * np.abs(magnetizing / (stator + magnetizing))
        thevenin = stator * magnetizing / (stator + magnetizing)
        reactance = thevenin.imag + self.rotor_leakage * ratio

        synchronous = 2 * np.pi * hertz / POLE_PAIRS
        load_share = torque_nm / RATED_TORQUE_NM
        mechanical_kw = self.friction_kw * ratio**2.5 + self.additional_kw * load_share**2
        inner_nm = np.maximum(torque_nm + 1000 * mechanical_kw / synchronous, 1.0)
        # Torque = 3 V² y / (synchronous ((r + y)² + x²)) with y = rotor resistance over slip: a quadratic equation in y, whose
        # larger root is the stable branch; beyond the breakdown torque there is none, and the motor is held at it.
        steepest = 2 * (thevenin.real + np.hypot(thevenin.real, reactance))
        inverse = np.maximum(3 * thevenin_v**2 / (inner_nm * synchronous), 1.001 * steepest)
        middle = inverse / 2 - thevenin.real
        over_slip = middle + np.sqrt(middle**2 - thevenin.real**2 - reactance**2)

        rotor = over_slip + 1j * self.rotor_leakage * ratio
        current = phase_v / (stator + rotor * magnetizing / (rotor + magnetizing))
        rotor_a = thevenin_v / np.abs(thevenin + rotor)
        winding_kw = 0.003 * np.abs(current) ** 2 * self.stator
        rotor_kw = 0.003 * rotor_a**2 * self.rotor
        flux = phase_v / PHASE_V / ratio
        iron_kw = self.iron_kw * flux**2 * ratio**1.5
        harmonic_kw = extra_share * (winding_kw + rotor_kw + iron_kw)
        current = current + 1000 * (iron_kw + harmonic_kw) / (3 * phase_v)
        return LoadPoint(self.rotor / over_slip, current, winding_kw, rotor_kw + iron_kw + harmonic_kw + mechanical_kw)
