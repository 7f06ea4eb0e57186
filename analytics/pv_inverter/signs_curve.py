"""How much voltage a string lacks, from its current beside the sound ones' and the voltage at which it gives it.

About its maximum power point the curve of any string of crystalline silicon is the same in relative terms. The single-diode
model ``I = I_L - I_0 exp((V + I R_s) / a)`` and the condition of the maximum, ``dI/dV = -I/V``, leave two numbers: ``a / V``
and the share of the voltage that drops over the series resistance. Neither the module nor the place of the tracker need be known.
"""

import numpy as np

from analytics.window import FloatArray

IDEALITY_SHARE = 0.050
"""``a / V`` at 25 °C: an ideality factor of 1.02 times 25.7 mV over 0.52 V a cell."""
_VOLTAGE_PER_K = -0.0042
"""Of the voltage at the maximum, as a share of that at 25 °C (data sheets of crystalline modules: -0.38 to -0.45 %/K)."""
RESISTANCE_SHARE = 0.08
"""Of the voltage, at the current of 1000 W/m²; modules and cables together."""
_NEAREST = 0.02
"""Of the diode's current; from there on towards the light current the curve is too steep to be inverted."""


def lacking_voltage(current: FloatArray, voltage: FloatArray, *, module_c: FloatArray, light_share: FloatArray) -> FloatArray:
    """Give the share of a string's voltage that it lacks.

    Parameters
    ----------
    current, voltage : ndarray, shape (n,)
        What the string gives, over what sound ones give at their maximum power point, less one.
    module_c : ndarray, shape (n,)
        Temperature of the modules; 25 °C is taken where it is not known. [°C]
    light_share : ndarray, shape (n,)
        Current of the sound strings over that at 1000 W/m².

    Returns
    -------
    ndarray, shape (n,)
        ``1/17`` of a string of 17 modules of which one is shorted; 0 of a sound one, wherever its tracker works.

    References
    ----------
    De Soto, Klein and Beckman 2006, Solar Energy 80(1), equations 1 and 8.
    """
    warmer = np.nan_to_num(module_c - 25)
    ideality = IDEALITY_SHARE * (1 + warmer / 298.15) / (1 + _VOLTAGE_PER_K * warmer)
    drop = RESISTANCE_SHARE * light_share
    # At the maximum the diode takes this much of the current.
    diode = ideality / (1 - drop)
    taken = np.maximum((diode - current) / diode, _NEAREST)
    reached: FloatArray = ideality * np.log(taken) - drop * current
    # The string's own cells see V / (1 - x) of what sound ones see.
    return 1 - (1 + voltage) / (1 + reached)
