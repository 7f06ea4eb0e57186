"""MTConnect's unit words (Part 2, ``units`` and ``nativeUnits``) in the house's spelling."""

_WORDS = {
    "AMPERE": "A",
    "BAR": "bar",
    "CELSIUS": "°C",
    "CENTIPOISE": "cP",
    "COULOMB": "C",
    "COUNT": "1",
    "CUBIC_METER": "m**3",
    "CUBIC_MILLIMETER": "mm**3",
    "DEGREE": "deg",
    "FAHRENHEIT": "°F",
    "FOOT": "ft",
    "GALLON": "gallon",
    "GRAM": "g",
    "HERTZ": "Hz",
    "HOUR": "h",
    "INCH": "inch",
    "INCH_POUND": "inch*lbf",
    "JOULE": "J",
    "KELVIN": "K",
    "KILOGRAM": "kg",
    "KILOPASCAL": "kPa",
    "KILOWATT": "kW",
    "KILOWATT_HOUR": "kWh",
    "LITER": "L",
    "METER": "m",
    "MICRO_RADIAN": "µrad",
    "MILLIGRAM": "mg",
    "MILLILITER": "mL",
    "MILLIMETER": "mm",
    "MINUTE": "min",
    "NEWTON": "N",
    "NEWTON_METER": "N*m",
    "OHM": "ohm",
    "OHM_METER": "ohm*m",
    "PASCAL": "Pa",
    "PASCAL_SECOND": "Pa*s",
    "PERCENT": "%",
    "POUND": "lb",
    "RADIAN": "rad",
    "REVOLUTION": "revolution",
    "SECOND": "s",
    "SIEMENS": "S",
    "SQUARE_INCH": "inch**2",
    "SQUARE_MILLIMETER": "mm**2",
    "VOLT": "V",
    "VOLT_AMPERE": "V*A",
    "VOLT_AMPERE_REACTIVE": "var",
    "WATT": "W",
    "WATT_SECOND": "W*s",
}
_WHOLE = {"REVOLUTION/MINUTE": "rpm", "POUND/INCH^2": "psi"}
"""Units that are not what their words say one by one, or that the house writes shorter."""


def spelled(unit: str) -> str | None:
    """Spell a unit as the house does: ``mm/s`` for ``MILLIMETER/SECOND``; None for one that is no scalar or not known.

    Only known words pass, so that nothing an agent says ever reaches the parser of units.
    """
    if unit in _WHOLE:
        return _WHOLE[unit]
    parts = []
    for part in unit.split("/"):
        word, caret, power = part.partition("^")
        if word not in _WORDS or (caret and power not in ("2", "3")):
            return None
        parts.append(f"{_WORDS[word]}**{power}" if caret else _WORDS[word])
    return "/".join(f"({part})" if "*" in part and index else part for index, part in enumerate(parts))
