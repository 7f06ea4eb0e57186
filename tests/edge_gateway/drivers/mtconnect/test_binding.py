"""Points against what an agent says that it has: which item, and in which unit."""

import logging
from typing import Any

import pytest

from device_profiles.value import ValueCodec
from edge_gateway.drivers.mtconnect.binding import Bound, bind
from edge_gateway.drivers.mtconnect.documents import read_probe
from edge_gateway.drivers.mtconnect.units import spelled
from telemetry.units import conversion
from tests.edge_gateway.drivers.mtconnect.rig import MILL, target


def bound(*points: dict[str, Any], machine: str = MILL, root: str = "") -> Bound:
    probe = f'<MTConnectDevices><Header instanceId="1"/><Devices>{machine}</Devices></MTConnectDevices>'
    return bind("line", read_probe(probe.encode()), target(points, signals={}, root=root))


@pytest.mark.parametrize(
    ("point", "item"),
    [
        ({"signal": "axis_load_x", "data_item": "xload"}, "xload"),
        ({"signal": "axis_load_x", "data_item": "Xabs", "unit": "%"}, None),  # millimetres are no percentage
        ({"signal": "axis_load_x", "type": "LOAD", "component": "X"}, "xload"),
        ({"signal": "axis_load_x", "type": "LOAD", "component": "Linear"}, "xload"),
        ({"signal": "axis_load_x", "type": "LOAD", "component": "Axes:base/Linear:*"}, "xload"),
        ({"signal": "axis_load_x", "type": "LOAD"}, None),  # X and the spindle have one each
        ({"signal": "axis_load_x", "type": "LOAD", "component": "Y"}, None),
        ({"signal": "spindle_speed", "type": "ROTARY_VELOCITY", "sub_type": "ACTUAL"}, "crpm"),  # and not its mean
        ({"signal": "spindle_speed", "type": "ROTARY_VELOCITY"}, None),  # actual or programmed?
        ({"signal": "part_count_total", "type": "PART_COUNT"}, "parts"),  # the one without a sub-type
        ({"signal": "part_count_total", "type": "PART_COUNT", "sub_type": "TARGET"}, "target"),
        ({"signal": "program", "type": "LOAD", "component": "X"}, "xcond"),  # a text has no load, but it has a condition
        ({"signal": "machine_power", "data_item": "point", "unit": "kW"}, None),  # a vector
        ({"signal": "program", "data_item": "vars"}, None),  # a data set
    ],
)
def test_a_point_means_one_item_or_none(point: dict[str, Any], item: str | None) -> None:
    found = bound(point, {"signal": "execution", "type": "EXECUTION"})
    items = {binding.signal: binding.item.id for binding in found.bindings}
    assert items.pop("execution") == "exec", "one bad point leaves the others alone"
    assert items == ({} if item is None else {point["signal"]: item})
    assert found.missing == ((point["signal"],) if item is None else ())


def test_who_cannot_be_told_apart_is_named_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        bound({"signal": "axis_load_x", "type": "LOAD"}, root="MILL.1")
        bound({"signal": "axis_load_x", "type": "LOAD"}, root="press")
    assert "xload in Axes:base/Linear:X, cload in Axes:base/Rotary:C" in caplog.text
    assert "no device 'press'; it has: mill" in caplog.text


@pytest.mark.parametrize(
    ("units", "point", "text", "value"),
    [
        ('units="MILLIMETER/SECOND"', {}, "30", 1800.0),
        ('units="MILLIMETER/SECOND"', {"unit": "mm/s"}, "30", 1800.0),
        ('units="MILLIMETER/SECOND"', {"unit": "m/min"}, "30", 1800.0),  # what the agent says comes first
        ('units="MILLIMETER/SECOND" nativeUnits="MILLIMETER/MINUTE"', {}, "30", 1800.0),  # the agent has converted it
        ('nativeUnits="INCH/MINUTE"', {}, "10", 254.0),
        ("", {"unit": "mm/s"}, "30", 1800.0),
        ("", {}, "30", 30.0),
        ('units="MILLIMETER/SECOND"', {"scale": 0.1, "offset": 1.0}, "30", 240.0),  # (3 + 1) mm/s
        ('units="WATT"', {}, "30", None),
        ('units="FURLONG/SECOND"', {}, "30", None),
        ('units="MILLIMETER/SECOND^99999999"', {}, "30", None),
        ('units="MILLIMETER/SECOND"', {"unit": "mm/min", "scale": 1.0}, "1e400", None),
    ],
)
def test_values_come_in_the_signals_unit_or_not_at_all(units: str, point: dict[str, Any], text: str, value: float | None) -> None:
    item = f'<DataItem id="f" type="PATH_FEEDRATE" category="SAMPLE" {units}/>'
    machine = f'<Device id="d" name="m" uuid="u"><DataItems>{item}</DataItems></Device>'
    found = bound({"signal": "path_feedrate", "type": "PATH_FEEDRATE"} | point, machine=machine)
    readings = [binding.value(text) for binding in found.bindings]
    good = [reading[0] for reading in readings if not isinstance(reading, str) and reading[1] == 0]
    assert good == ([] if value is None else [pytest.approx(value, rel=1e-12)])


@pytest.mark.parametrize(
    ("unit", "house", "factor"),
    [
        ("REVOLUTION/SECOND", "rpm", 60),
        ("DEGREE/MINUTE", "deg/s", 1 / 60),
        ("KILOWATT", "W", 1000),
        ("WATT_SECOND", "J", 1),
        ("KILOWATT_HOUR", "kWh", 1),
        ("NEWTON_METER", "N*m", 1),
        ("POUND/INCH^2", "Pa", 6894.757293168),  # NIST SP 811, B.8
        ("MILLIMETER/SECOND^2", "m/s**2", 0.001),
        ("CUBIC_MILLIMETER/SECOND", "mL/s", 0.001),
        ("GRAM/CUBIC_METER", "g/m**3", 1),
        ("LITER/MINUTE", "L/s", 1 / 60),
        ("COUNT/SECOND", "1/s", 1),
        ("VOLT_AMPERE_REACTIVE", "var", 1),
    ],
)
def test_unit_words_of_the_standard_are_units_of_the_house(unit: str, house: str, factor: float) -> None:
    ours = spelled(unit)
    assert ours is not None
    assert conversion(ours, house).factor == pytest.approx(factor, rel=1e-9)


@pytest.mark.parametrize("unit", ["MILLIMETER_3D", "PH", "DECIBEL", "", "/", "METER//SECOND", "__import__('os')", "METER^4"])
def test_words_that_are_no_unit_of_the_table_never_reach_the_parser(unit: str) -> None:
    assert spelled(unit) is None


def test_the_codec_of_the_house_does_the_arithmetic() -> None:
    (binding,) = bound({"signal": "path_feedrate", "data_item": "feed"}).bindings
    assert isinstance(binding.codec, ValueCodec)
