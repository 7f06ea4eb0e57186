import pytest

from telemetry.units import conversion, is_unit


@pytest.mark.parametrize(
    ("source", "target", "value", "expected"),
    [
        ("°F", "°C", 212.0, 100.0),  # boiling point of water
        ("K", "°C", 273.15, 0.0),
        ("bar", "MPa", 10.0, 1.0),  # SI brochure: 1 bar = 0.1 MPa
        ("kWh", "J", 1.0, 3.6e6),
        ("t/h", "kg/s", 3.6, 1.0),
        ("%", "1", 95.0, 0.95),
        ("W", "kW", 1500.0, 1.5),
        ("var", "kvar", 2000.0, 2.0),
        ("psi", "kPa", 1.0, 6.894757),  # NIST SP 811, table B.8
    ],
)
def test_a_known_quantity_converts_to_its_known_value(source: str, target: str, value: float, expected: float) -> None:
    factor, offset = conversion(source, target)
    assert value * factor + offset == pytest.approx(expected, rel=1e-6, abs=1e-9)


@pytest.mark.parametrize(("source", "target"), [("kW", "°C"), ("m³/h", "t/h"), ("V", "A")])
def test_quantities_of_different_dimension_do_not_convert(source: str, target: str) -> None:
    with pytest.raises(ValueError, match="cannot be converted"):
        conversion(source, target)


@pytest.mark.parametrize("text", ["furlongs per moon", "kkW", "°X", "MPa(g", ")"])
def test_what_is_no_unit_is_called_so(text: str) -> None:
    assert not is_unit(text)
    with pytest.raises(ValueError, match="is not a unit"):
        conversion(text, "kW")
