"""Grafana's ids of the house's units (packages/grafana-data/src/valueFormats/categories.ts in its source)."""

_IDS = {
    "1": "none",
    "%": "percent",
    "°C": "celsius",
    "K": "kelvin",
    "Pa": "pressurepa",
    "kPa": "pressurekpa",
    "bar": "pressurebar",
    "A": "amp",
    "V": "volt",
    "kW": "kwatt",
    "kVA": "kvoltamp",
    "kvar": "kvoltampreact",
    "kWh": "kwatth",
    "Hz": "hertz",
    "rpm": "rotrpm",
    "deg": "degree",
    "m/s": "velocityms",
    "km/h": "velocitykmh",
    "kn": "velocityknot",
    "m/s²": "accMS2",
    "W/m²": "Wm2",
    "L/min": "flowlpm",
    "L/h": "litreh",
    "mg/m³": "conmgm3",
    "g/m³": "congm3",
    "mmol/L": "conmmolL",
    "ppm": "ppm",
    "t": "masst",
    "kg": "masskg",
    "kΩ": "kohm",
    "MΩ": "Mohm",
    "N·m": "forceNm",
    "kN·m": "forcekNm",
}


def grafana_unit(unit: str) -> str:
    """Give Grafana's id, or have it write the unit as it is: it has no MPa, and would turn 12 000 operating hours into years."""
    return _IDS.get(unit, f"suffix: {unit}")
