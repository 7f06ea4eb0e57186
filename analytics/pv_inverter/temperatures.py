"""How warm modules become in light, air and wind."""

import numpy as np
import numpy.typing as npt

from analytics.window import FloatArray


def faiman_celsius(
    *,
    light_w_m2: npt.ArrayLike,
    ambient_celsius: npt.ArrayLike,
    wind_m_s: npt.ArrayLike,
    loss_w_m2_k: float = 25.0,
    loss_by_wind: float = 6.84,
) -> FloatArray:
    """Module temperature ``T_a + G / (U0 + U1 v)``. [°C]

    References
    ----------
    D. Faiman, Progress in Photovoltaics 16(4), 2008; IEC 61853-2:2016.
    """
    warm: FloatArray = np.asarray(ambient_celsius, float) + np.asarray(light_w_m2, float) / (
        loss_w_m2_k + loss_by_wind * np.asarray(wind_m_s, float)
    )
    return warm


def sapm_celsius(
    *,
    light_w_m2: npt.ArrayLike,
    ambient_celsius: npt.ArrayLike,
    wind_m_s: npt.ArrayLike,
    a: float = -3.56,
    b: float = -0.075,
    cell_over_back_k: float = 0.0,
) -> FloatArray:
    """Back of the module ``T_a + G exp(a + b v)``, and the cell so many kelvin warmer at 1000 W/m². [°C]

    The defaults are those of glass and foil on an open rack; its cells are 3 K warmer than the back.

    References
    ----------
    D. King, W. Boyson, J. Kratochvil, SAND2004-3535, equations 11 and 12.
    """
    light = np.asarray(light_w_m2, float)
    rise = light * (np.exp(a + b * np.asarray(wind_m_s, float)) + cell_over_back_k / 1000)
    warm: FloatArray = np.asarray(ambient_celsius, float) + rise
    return warm


def ross_celsius(*, light_w_m2: npt.ArrayLike, ambient_celsius: npt.ArrayLike, nominal_celsius: float = 45.0) -> FloatArray:
    """Module temperature ``T_a + (NOCT - 20) G / 800``, where there is no wind speed. [°C]

    References
    ----------
    R. G. Ross, 12th IEEE PVSC, 1976; NOCT at 800 W/m², 20 °C, 1 m/s.
    """
    warm: FloatArray = np.asarray(ambient_celsius, float) + (nominal_celsius - 20) / 800 * np.asarray(light_w_m2, float)
    return warm
