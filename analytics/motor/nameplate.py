"""What stands on a motor's nameplate: as a person has entered it, or as the machine sends it."""

import numpy as np

from analytics.result import NotEvaluated, Why
from analytics.window import Window


def nameplate(window: Window, name: str) -> float:
    """Give a rated value; what a person has entered comes before what the machine sends.

    Raises
    ------
    NotEvaluated
        If neither is there, or it is not positive.
    """
    value = window.rated.get(name)
    if value is None:
        told = window[name][~np.isnan(window[name])]
        value = float(told[-1]) if len(told) else None
    if value is None:
        raise NotEvaluated(Why.NO_NAMEPLATE, name)
    if not value > 0:
        raise NotEvaluated(Why.BAD_INPUT, f"{name} {value:g}")
    return value


def is_fed_by_drive(window: Window) -> bool:
    """Tell whether a frequency converter feeds the motor: as the machine says, or because there is an output frequency."""
    told = window["has_drive"][~np.isnan(window["has_drive"])]
    return bool(told[-1] > 0) if len(told) else bool((window["output_frequency"] > 0).any())
