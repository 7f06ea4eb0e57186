"""The SunSpec profiles, row by row, against the information models they are made from."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from device_profiles.profile import ModbusPoint, ModbusProfile, load_profile, profile_names

MODELS: dict[str, Any] = json.loads((Path(__file__).parents[1] / "golden" / "sunspec" / "models.json").read_text())["models"]
"""Facts of the models: offset in the group, name, type, registers, scale factor, units of each row."""
ORIGINALS = Path(__file__).parents[2] / ".." / "shared" / "data" / "sunspec_models"
LISTS: dict[str, tuple[int, ...]] = {
    "motor/sunspec_201": (1, 201),
    "motor/sunspec_202": (1, 202),
    "motor/sunspec_203": (1, 203),
    "motor/sunspec_204": (1, 204),
    "motor/sunspec_213": (1, 213),
    "pv_inverter/sunspec_101": (1, 101),
    "pv_inverter/sunspec_102": (1, 102),
    "pv_inverter/sunspec_103": (1, 103),
    "pv_inverter/sunspec_103_160": (1, 103, 120, 122, 160),
    "pv_inverter/sunspec_111": (1, 111),
    "pv_inverter/sunspec_112": (1, 112),
    "pv_inverter/sunspec_113": (1, 113),
}
"""The models that each device has, in their order."""
TRACKERS = 12
LENGTHS = {
    **dict.fromkeys((101, 102, 103), 50),
    **dict.fromkeys((111, 112, 113), 60),
    **dict.fromkeys((201, 202, 203, 204), 105),
    1: 66,
    213: 124,
    120: 26,
    121: 30,
    122: 44,
    123: 24,
    124: 24,
    160: 8 + 20 * TRACKERS,
}
"""What devices report as the length of a model: its registers without ID and length."""
TYPES = {
    "acc32": "uint32",
    "acc64": "uint64",
    "bitfield16": "uint16",
    "bitfield32": "uint32",
    "count": "uint16",
    "enum16": "uint16",
    "pad": "int16",
    "sunssf": "int16",
}
UNITS = {"W": "W", "VA": "VA", "var": "var", "Wh": "Wh", "Pct": "%", "ohms": "ohm", "VAh": "VAh", "varh": "varh"}
"""SunSpec's units that are not the kind's own."""
NOT_IMPLEMENTED = {"int16": -32768, "uint16": 65535, "acc32": 0, "enum16": 65535, "bitfield32": 0xFFFFFFFF}
NAN_BITS = 0x7FC00000
SETTINGS = {121, 123, 124}
"""Models that hold what a plant is told to do."""


class Row(NamedTuple):
    """One row of a model at its place in a device."""

    model: int
    address: int
    name: str
    type: str
    size: int
    scale_factor: str | None
    units: str | None


def length_of(model: int) -> int:
    """Count the registers of a model behind its ID and length."""
    sizes: dict[str, int] = {group: sum(row[3] for row in rows) for group, rows in MODELS[str(model)].items()}
    return sizes["points"] - 2 + TRACKERS * sizes.get("module", 0)


def rows_of(models: tuple[int, ...]) -> Iterator[Row]:
    """Lay the models out behind the marker at 40000."""
    start = 40002
    for model in models:
        groups = MODELS[str(model)]
        yield from (Row(model, start + offset, *rest) for offset, *rest in groups["points"])
        module = start + sum(row[3] for row in groups["points"])
        for _ in range(TRACKERS if "module" in groups else 0):
            yield from (Row(model, module + offset, *rest) for offset, *rest in groups["module"])
            module += sum(row[3] for row in groups["module"])
        start += 2 + length_of(model)


def points_of(name: str) -> dict[int, ModbusPoint]:
    profile = load_profile(name)
    assert isinstance(profile, ModbusProfile)
    return {point.address: point for point in profile.points}


def test_every_sunspec_profile_is_among_those_that_are_checked() -> None:
    assert LISTS.keys() == {name for name in profile_names() if "/sunspec_" in name}


@pytest.mark.parametrize("name", LISTS)
def test_every_row_is_that_of_the_standard(name: str) -> None:
    at = points_of(name)
    rows = list(rows_of(LISTS[name]))
    marker = at.pop(40000)
    assert (marker.type, marker.constant) == ("uint32", int.from_bytes(b"SunS", "big"))
    for row in rows:
        point = at.pop(row.address)
        assert point.width == row.size, row
        assert point.offset == 0, row
        if point.signal is None:
            assert_is_the_helper(point, row)
        else:
            assert_is_the_value(point, row, points_of(name))
    end = rows[-1].address + rows[-1].size
    assert {address: point.constant for address, point in at.items()} == {end: 0xFFFF, end + 1: 0}


def assert_is_the_helper(point: ModbusPoint, row: Row) -> None:
    if row.name in {"ID", "L"} and point.constant is not None:
        assert point.constant == (row.model if row.name == "ID" else length_of(row.model)), row
        return
    assert point.name is not None
    assert point.name.removesuffix(row.name) in {"", f"model_{row.model}_", "MPPT_"} or point.name.startswith("module_"), row
    if row.type == "float32":  # what such a device lacks: the bits of NaN
        assert (point.type, point.simulated) == ("uint32", NAN_BITS), row
    else:
        assert point.type == TYPES.get(row.type, row.type), row


def assert_is_the_value(point: ModbusPoint, row: Row, at: dict[int, ModbusPoint]) -> None:
    assert point.type == TYPES.get(row.type, row.type), row
    if row.type == "string":
        return
    assert point.unit == UNITS.get(row.units or ""), row
    assert point.sentinels == (() if row.type == "float32" else (NOT_IMPLEMENTED[row.type],)), row
    if row.scale_factor is None or point.scale_factor is not None:
        assert (point.scale, point.scale_factor) == (1, row.scale_factor), row
    else:  # its scale factor is out of the request's reach and fixed instead
        (register,) = (p for p in at.values() if p.name == f"MPPT_{row.scale_factor}")
        assert point.scale == 10.0 ** (register.constant or 0), row


@pytest.mark.parametrize("name", LISTS)
def test_a_map_has_no_hole(name: str) -> None:
    covered = [address for point in points_of(name).values() for address in range(point.address, point.address + point.width)]
    assert covered == list(range(40000, 40000 + len(covered)))


@pytest.mark.parametrize("name", LISTS)
def test_no_map_reaches_into_the_settings_of_an_inverter(name: str) -> None:
    assert not SETTINGS & set(LISTS[name])


@pytest.mark.parametrize(("model", "length"), LENGTHS.items())
def test_the_facts_add_up_to_the_length_that_devices_report(model: int, length: int) -> None:
    assert length_of(model) == length


@pytest.mark.parametrize("model", MODELS)
def test_the_rows_of_a_group_follow_each_other(model: str) -> None:
    for rows in MODELS[model].values():
        end = 0
        for offset, _, _, size, *_ in rows:
            assert offset == end
            end += size


@pytest.mark.skipif(not ORIGINALS.exists(), reason="the SunSpec models are not on this machine")
@pytest.mark.parametrize("model", MODELS)
def test_the_facts_are_those_of_the_published_model(model: str) -> None:
    group = json.loads((ORIGINALS / f"model_{model}.json").read_text())["group"]
    published = {"points": group["points"], **{part["name"]: part["points"] for part in group.get("groups", ())}}
    assert MODELS[model].keys() == published.keys()
    for name, rows in published.items():
        facts = [[row["name"], row["type"], row["size"], row.get("sf"), row.get("units")] for row in rows]
        assert [rest for _, *rest in MODELS[model][name]] == facts
