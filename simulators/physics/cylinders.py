"""What six cylinders do to gauges and crankshaft: pressures, blow-by, and the ripple of an engine that does not run evenly.

Polytropic compression (exponent 1.35) and a rise with the fuel (Heywood, Internal Combustion Engine Fundamentals, chapter 5). The
torques are summed as phasors of order one half, firing order 1-5-3-6-2-4: six equal cylinders cancel, a weak one is left over.

Limits: the pressures are figures, not a cycle; of the shaft's vibration one order alone.
"""

import numpy as np

from simulators.dice import Array
from simulators.physics.three_phase import Phasors

_COMPRESSION_RATIO, _EXPONENT = 15.0, 1.35
_BAR_PER_KG_S = 9800.0
# Place in the firing order of cylinders 1 to 6, which fire 120 degrees of the crank apart: 60 degrees of order one half.
_HALF_ORDER = np.exp(1j * np.pi / 3 * np.array([0, 4, 2, 5, 1, 3]))
_RPM_PER_KW = 0.04


def compression_bar(boost_kpa: Array, *, tightness: Array) -> Array:
    """Pressure at the end of compression of each cylinder without fire."""
    return np.asarray((boost_kpa / 100)[:, None] * _COMPRESSION_RATIO**_EXPONENT * tightness)


def fire_bar(fuel: Array, *, sharpness: Array) -> Array:
    """How much the fire adds to it, for the fuel of each cylinder in kg/s."""
    return _BAR_PER_KG_S * fuel * sharpness


def phasors(indicated_kw: Array) -> Phasors:
    """Give each cylinder's indicated power as a phasor of order one half."""
    return np.asarray(indicated_kw * _HALF_ORDER)


def half_order_ripple_rpm(indicated_kw: Array) -> Array:
    """Amplitude of the speed at half the order of rotation."""
    return np.asarray(_RPM_PER_KW * np.abs(phasors(indicated_kw).sum(axis=1)))
