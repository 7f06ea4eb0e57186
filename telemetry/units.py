"""Units: one unit per signal inside the house, converted once, when a profile is loaded."""

from functools import cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import pint


class Conversion(NamedTuple):
    """``house = device * factor + offset``; every conversion between units of one dimension that machines use is linear."""

    factor: float
    offset: float


@cache
def _registry() -> "pint.UnitRegistry[float]":
    import pint  # noqa: PLC0415 - half a second of loading that only a profile with a foreign unit has to pay

    registry: pint.UnitRegistry[float] = pint.UnitRegistry(
        autoconvert_offset_to_baseunit=True, cache_folder=None, on_redefinition="ignore"
    )
    registry.define("var = volt * ampere")
    for unit in ("varh = var * hour", "VAh = volt * ampere * hour", "kn = knot", "Nm = newton * meter"):
        registry.define(unit)
    return registry


def is_unit(text: str) -> bool:
    """Tell whether a text is a unit that can be converted ("1" and "" stand for a pure number)."""
    try:
        _registry().Unit(_spelled(text))
    except Exception:  # noqa: BLE001 - its parser lets errors of the tokenizer through; whatever it is, this is no unit
        return False
    return True


@cache
def conversion(device_unit: str, house_unit: str) -> Conversion:
    """Give the linear conversion from a device's unit to the house's.

    Raises
    ------
    ValueError
        If one of them is no unit, or they measure different things.
    """
    if device_unit == house_unit:
        return Conversion(1.0, 0.0)
    for text in (device_unit, house_unit):
        if not is_unit(text):
            raise ValueError(f"{text!r} is not a unit")
    import pint  # noqa: PLC0415

    source, target = _spelled(device_unit), _spelled(house_unit)
    try:
        at_zero, at_one = (_registry().Quantity(value, source).to(target).magnitude for value in (0.0, 1.0))
    except pint.DimensionalityError:
        raise ValueError(f"{device_unit!r} cannot be converted to {house_unit!r}") from None
    return Conversion(float(f"{at_one - at_zero:.12g}"), float(f"{at_zero:.12g}"))


def _spelled(text: str) -> str:
    return "" if text == "1" else text
