from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_profiles.kind import load_kind
from device_profiles.profile import ModbusProfile, Table, load_profile
from edge_gateway.planner import plan, split
from tests.edge_gateway.responder import profile

SIGNALS = [name for name, signal in load_kind("boiler").signals.items() if signal.type == "real"]


@st.composite
def maps(draw: st.DrawFn) -> ModbusProfile:
    """Any map that a profile may hold: overlapping points, several tables, shared scale factors, small limits."""
    limit = draw(st.integers(4, 125))
    points: list[dict[str, Any]] = []
    for index, signal in enumerate(SIGNALS[: draw(st.integers(1, len(SIGNALS)))]):
        table = draw(st.sampled_from(["holding", "input"]))
        address = draw(st.integers(0, 400))
        point = {
            "signal": signal,
            "table": table,
            "address": address,
            "type": draw(st.sampled_from(["uint16", "float32", "int64"])),
        }
        if draw(st.booleans()):
            distance = draw(st.integers(-limit + 4, limit - 4))
            name = f"factor_{index}"
            points.append({"name": name, "table": table, "address": max(address + distance, 0), "type": "int16"})
            point["scale_factor"] = name
        points.append(point)
    points.append({"signal": "low_water_interlock", "table": "coil", "address": draw(st.integers(0, 5000)), "type": "boolean"})
    return profile(*points, max_registers=limit)


@given(maps(), st.integers(0, 124))
def test_every_point_is_read_once_beside_its_scale_factor_and_no_request_is_too_long(map_: ModbusProfile, gap: int) -> None:
    requests = plan(map_, gap_registers=gap)
    read = [point.signal for request in requests for point in request.points if point.signal]
    assert sorted(read) == sorted(point.signal for point in map_.points if point.signal)
    for request in requests:
        assert request.count <= (map_.max_bits if request.table.is_bits else map_.max_registers)
        names = {point.name for point in request.points}
        for point in request.points:
            assert point.table is request.table
            assert request.start <= point.address
            assert point.address + point.width <= request.start + request.count
            assert point.scale_factor is None or point.scale_factor in names


@given(maps())
def test_splitting_loses_no_point_and_comes_to_an_end(map_: ModbusProfile) -> None:
    waiting, ends = list(plan(map_)), []
    for _ in range(1000):
        if not waiting:
            break
        request = waiting.pop()
        parts = split(request, map_)
        if parts:
            assert sum(part.count for part in parts) <= request.count + map_.max_registers or len(parts) > 1
            waiting += parts
        else:
            ends.append(request)
    assert not waiting
    read = [point.signal for request in ends for point in request.points if point.signal]
    assert sorted(read) == sorted(point.signal for point in map_.points if point.signal)


def test_a_gap_up_to_the_tolerance_is_read_along() -> None:
    map_ = profile(
        {"signal": SIGNALS[0], "address": 0}, {"signal": SIGNALS[1], "address": 17}, {"signal": SIGNALS[2], "address": 35}
    )
    assert [(r.start, r.count, r.unused) for r in plan(map_, gap_registers=16)] == [(0, 18, 16), (35, 1, 0)]


def test_a_hole_is_cut_out_first_and_a_missing_point_is_found_by_halving() -> None:
    map_ = profile(*({"signal": signal, "address": address} for signal, address in zip(SIGNALS, (0, 1, 4, 5), strict=False)))
    (request,) = plan(map_)
    parts = split(request, map_)
    assert [(part.start, part.count) for part in parts] == [(0, 2), (4, 2)]
    assert [(part.start, part.count) for part in split(parts[0], map_)] == [(0, 1), (1, 1)]
    assert split(split(parts[0], map_)[0], map_) == ()


def test_a_helper_that_nobody_needs_costs_no_request() -> None:
    map_ = profile({"signal": SIGNALS[0], "address": 0}, {"name": "serial", "address": 500})
    assert [(r.start, r.count) for r in plan(map_)] == [(0, 1)]


@pytest.mark.parametrize(("name", "most"), [("boiler/generic_plc", 2), ("pv_inverter/sunspec_103", 1)])
def test_profiles_of_the_house_need_few_requests(name: str, most: int) -> None:
    map_ = load_profile(name)
    assert isinstance(map_, ModbusProfile)
    assert len([r for r in plan(map_) if r.table is not Table.COIL]) <= most
