"""What an inverter's window says of its work: light and power by step, and where something held it back."""

import numpy as np
import numpy.typing as npt

from analytics.pv_inverter.losses import Rows
from analytics.pv_inverter.strings import lost_share, peer_currents
from analytics.pv_inverter.temperatures import faiman_celsius, ross_celsius
from analytics.result import NotEvaluated, Why
from analytics.window import Flags, FloatArray, Window

STRINGS = "string_current_{string}"
STRING_COUNT = 24
GROUP_PLATE = tuple((f"string_{string}_group", "1") for string in range(1, STRING_COUNT + 1))
"""Nameplate values: strings of one number share orientation, number of modules and tracker; without them all are one group."""
WEAK_RATIO = 0.95
"""From here down a string is counted as weak: the warning limit of the reference's signal table."""

_BY_RATING, _BY_ORDER = 2, 7
_BY_ITSELF = (1, 3, 4, 6)
"""Of ``derate_mode``: direct voltage, grid voltage, grid frequency, temperature."""


def is_undisturbed(window: Window) -> Flags:
    """Tell where the inverter tracked the greatest power through the whole step, as its state, or the limit, says."""
    derate, setpoint = window["derate_mode"], window["power_setpoint"]
    undisturbed = window.state_is("running")
    if not np.isnan(derate).all():
        undisturbed &= derate == 0
    if not np.isnan(setpoint).all():
        with np.errstate(invalid="ignore"):
            undisturbed &= setpoint > 99.5
    return undisturbed


def module_celsius(window: Window) -> FloatArray:
    """Give the modules' temperature: measured, or after Faiman, or after Ross where no wind is measured; NaN without air."""
    measured = window["module_temperature"]
    if not np.isnan(measured).all():
        return measured
    light, air, wind = window["poa_irradiance"], window["ambient_temperature"], window["wind_speed"]
    if np.isnan(wind).all():
        return ross_celsius(light_w_m2=light, ambient_celsius=air)
    return faiman_celsius(light_w_m2=light, ambient_celsius=air, wind_m_s=wind)


def string_groups(window: Window) -> npt.NDArray[np.int64]:
    """Give the group of each string off the nameplate, shape (strings,)."""
    return np.array([round(window.rated.get(name, 1.0)) for name, _ in GROUP_PLATE], np.int64)


def rows_of(window: Window) -> Rows:
    """Give what `losses.split` wants."""
    derate = window["derate_mode"]
    currents = window.family(STRINGS)
    if np.isnan(currents).all():
        strings = np.full(len(window), np.nan)
    else:
        strings = lost_share(currents, peer_currents(currents, string_groups(window)), below=WEAK_RATIO)
    return Rows(
        light_w_m2=window["poa_irradiance"],
        module_celsius=module_celsius(window),
        dc_kw=window["dc_power"],
        ac_kw=window["active_power"],
        setpoint_percent=window["power_setpoint"],
        clean_share=window["soiling_ratio"],
        strings_lost_share=strings,
        by_order=derate == _BY_ORDER,
        by_rating=derate == _BY_RATING,
        by_itself=np.isin(derate, _BY_ITSELF),
    )


def temperature_coefficient(window: Window) -> float:
    """Give the nameplate's coefficient of the greatest power. [%/K]

    Raises
    ------
    NotEvaluated
        If it is not filled in, or cannot be one.
    """
    value = window.rating("temperature_coefficient")
    if not -1 < value < 0:
        raise NotEvaluated(Why.BAD_INPUT, f"temperature_coefficient {value:g} %/K")
    return value


def positive_rating(window: Window, name: str) -> float:
    """Give a nameplate value that must be above zero.

    Raises
    ------
    NotEvaluated
        If it is not filled in, or is not.
    """
    value = window.rating(name)
    if not value > 0:
        raise NotEvaluated(Why.BAD_INPUT, f"{name} {value:g}")
    return value
