"""Telegraf's rule gives what its description says, worked out by hand, and the maps are those of the devices."""

from pathlib import Path

from benchmarks.gateway_requests import Field, fields_of, maps, max_insert
from device_profiles.profile import Table

HOLDING, INPUT = Table.HOLDING, Table.INPUT


def planned(*places: tuple[int, int], max_registers: int = 125, fill: int = 50) -> list[tuple[int, int]]:
    fields = [Field(HOLDING, address, width) for address, width in places]
    return [(read.start, read.registers) for read in max_insert(fields, max_registers=max_registers, fill=fill)]


def test_neighbours_share_a_request_whatever_their_order() -> None:
    assert planned((4, 2), (0, 2), (2, 2)) == [(0, 6)]


def test_a_hole_is_read_along_up_to_the_fill() -> None:
    assert planned((0, 1), (51, 1)) == [(0, 52)]
    assert planned((0, 1), (52, 1)) == [(0, 1), (52, 1)]


def test_a_request_never_grows_past_the_largest_allowed() -> None:
    assert planned((0, 100), (100, 25)) == [(0, 125)]
    assert planned((0, 100), (100, 26)) == [(0, 100), (100, 26)]


def test_fields_that_overlap_are_read_once() -> None:
    assert planned((10, 4), (10, 2), (12, 2)) == [(10, 4)]


def test_tables_never_share_a_request() -> None:
    reads = max_insert([Field(HOLDING, 0, 1), Field(INPUT, 1, 1)], max_registers=125)
    assert {(read.table, read.start, read.registers) for read in reads} == {(HOLDING, 0, 1), (INPUT, 1, 1)}


def test_the_meter_has_the_values_of_its_manual(tmp_path: Path) -> None:
    (meter,) = maps(tmp_path)["SDM630"]
    fields = fields_of(meter)
    assert len(fields) == 22 + 8 + 8 + 4 + 5 + 8 + 8
    assert {0x0046, 0x0156} <= {field.address for field in fields}  # frequency, total energy
    assert all(field.table is INPUT and field.width == 2 for field in fields)


def test_thirteen_logical_devices_have_42_registers_together(tmp_path: Path) -> None:
    devices = maps(tmp_path)["42 registers of 13 devices"]
    assert [len(device.points) for device in devices].count(3) == 10
    assert sorted(field.address for device in devices for field in fields_of(device)) == list(range(42))
