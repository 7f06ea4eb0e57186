"""What a variable-speed drive draws from its feeder: a diode rectifier with a choke, nearly in phase and distorted.

The lighter the load, the more the current comes in pulses; an unbalanced supply is amplified, as the phase with the higher
voltage conducts longer. Limits: steady state; distortion is one figure, chosen for a choke of usual size.
"""

import numpy as np

from simulators.dice import Array
from simulators.physics.three_phase import Phasors, phases


def feed(motor_kw: Array, *, positive_v: Array, negative_v: Phasors) -> tuple[Phasors, Phasors]:
    """Give complex powers in kVA and fundamental currents of the three phases, for a drive with 2.2 % of losses and 150 W."""
    drawn_kw = 0.15 + 1.022 * motor_kw
    positive_a = np.asarray(1000 * drawn_kw / (3 * positive_v) * (1 - 0.20j))
    amperes = phases(positive_a, positive_a * np.asarray(4.0 * negative_v.conj() / positive_v))
    power_kva = phases(positive_v, negative_v) * amperes.conj() / 1000
    return np.asarray(power_kva * (drawn_kw / power_kva.real.sum(axis=1))[:, None]), amperes


def distortion_percent(load_share: Array) -> Array:
    """Total harmonic distortion of the current."""
    return np.asarray(36 + 22 * (1 - load_share) ** 2)
