from collections.abc import Iterable
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_profiles.kind import load_kind
from device_profiles.profile import ModbusProfile, Table, load_profile
from edge_gateway.driver import Target
from edge_gateway.planner import Request, halve, plan, split
from tests.edge_gateway.responder import profile

SIGNALS = [name for name, signal in load_kind("boiler").signals.items() if signal.type == "real"]


def target(map_: ModbusProfile, **more: Any) -> Target:
    return Target.from_profile(map_, name="boiler-1", **more)


def signals_in(requests: Iterable[Request]) -> list[str]:
    return sorted(p.signal for r in requests for share in r.shares for p in share.points if p.signal)


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
    requests = plan([target(map_)], request_cost=gap)
    assert signals_in(requests) == sorted(point.signal for point in map_.points if point.signal)
    for request in requests:
        assert request.count <= (map_.max_bits if request.table.is_bits else map_.max_registers)
        (share,) = request.shares
        names = {point.name for point in share.points}
        for point in share.points:
            assert point.table is request.table
            assert request.start <= point.address
            assert point.address + point.width <= request.start + request.count
            assert point.scale_factor is None or point.scale_factor in names


@given(maps())
def test_splitting_loses_no_point_and_comes_to_an_end(map_: ModbusProfile) -> None:
    waiting, ends = list(plan([target(map_)], request_cost=16)), []
    for _ in range(1000):
        if not waiting:
            break
        request = waiting.pop()
        parts = split(request)
        if parts:
            assert sum(part.count for part in parts) <= request.count + map_.max_registers or len(parts) > 1
            waiting += parts
        else:
            ends.append(request)
    assert not waiting
    assert signals_in(ends) == sorted(point.signal for point in map_.points if point.signal)


def test_a_hole_that_costs_less_than_a_request_is_read_along() -> None:
    map_ = profile(
        {"signal": SIGNALS[0], "address": 0}, {"signal": SIGNALS[1], "address": 17}, {"signal": SIGNALS[2], "address": 35}
    )
    assert [(r.start, r.count, r.unused) for r in plan([target(map_)], request_cost=16)] == [(0, 18, 16), (35, 1, 0)]


def test_a_hole_is_cut_out_first_and_a_missing_point_is_found_by_halving() -> None:
    map_ = profile(*({"signal": signal, "address": address} for signal, address in zip(SIGNALS, (0, 1, 4, 5), strict=False)))
    (request,) = plan([target(map_)], request_cost=16)
    parts = split(request)
    assert [(part.start, part.count) for part in parts] == [(0, 2), (4, 2)]
    assert [(part.start, part.count) for part in split(parts[0])] == [(0, 1), (1, 1)]
    assert split(split(parts[0])[0]) == ()


def test_a_helper_that_nobody_needs_costs_no_request() -> None:
    map_ = profile({"signal": SIGNALS[0], "address": 0}, {"name": "serial", "address": 500})
    assert [(r.start, r.count) for r in plan([target(map_)], request_cost=16)] == [(0, 1)]


@pytest.mark.parametrize(("name", "most"), [("boiler/generic_plc", 2), ("pv_inverter/sunspec_103", 1)])
def test_profiles_of_the_house_need_few_requests(name: str, most: int) -> None:
    map_ = load_profile(name)
    assert isinstance(map_, ModbusProfile)
    assert len([r for r in plan([target(map_)], request_cost=16) if r.table is not Table.COIL]) <= most


def test_a_limit_is_met_with_the_fewest_requests_and_the_smallest_ones() -> None:
    """Of the two ways to read four points with at most 10 registers a request, the one that reads fewer in vain is taken.

    From the left as much as fits, as a greedy rule does, would be 0..9 and 14..15: 12 registers. By hand: 0..1 and 8..15 are 10.
    """
    map_ = profile(*({"signal": s, "address": a} for s, a in zip(SIGNALS, (0, 1, 8, 9, 14, 15), strict=False)), max_registers=10)
    assert [(r.start, r.count) for r in plan([target(map_)], request_cost=16)] == [(0, 2), (8, 8)]


def test_a_value_of_several_registers_is_never_divided() -> None:
    map_ = profile(*({"signal": s, "address": 2 * n, "type": "float32"} for n, s in enumerate(SIGNALS[:9])), max_registers=5)
    requests = plan([target(map_)], request_cost=16)
    assert all(request.count % 2 == 0 for request in requests)
    assert len(requests) == 5


def test_logical_devices_in_one_unit_share_their_requests() -> None:
    """13 devices with the same map of three registers, four apart, are 51 registers in a row: one request."""
    map_ = profile(*({"signal": s, "address": n} for n, s in enumerate(SIGNALS[:3])))
    targets = [Target.from_profile(map_, name=f"burner-{n}", address_offset=4 * n) for n in range(13)]
    (request,) = plan(targets, request_cost=16)
    assert (request.start, request.count, request.unused) == (0, 51, 12)
    assert [share.target.name for share in request.shares] == [target.name for target in targets]


def test_a_request_that_is_too_long_for_a_device_is_halved() -> None:
    map_ = profile(*({"signal": s, "address": n} for n, s in enumerate(SIGNALS[:8])))
    (request,) = plan([target(map_)], request_cost=16)
    assert [(part.start, part.count) for part in halve(request)] == [(0, 4), (4, 4)]
    assert halve(halve(halve(halve(request)[0])[0])[0]) == ()


@given(maps(), st.integers(0, 124))
def test_requests_of_a_table_stand_in_order(map_: ModbusProfile, cost: int) -> None:
    requests = plan([target(map_)], request_cost=cost)
    for before, after in pairwise(requests):
        assert before.table is not after.table or before.start <= after.start
