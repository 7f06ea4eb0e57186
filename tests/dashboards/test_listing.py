"""The list of machines in memory: what is found, in which order, and how fast."""

import time
from collections.abc import Mapping
from datetime import UTC, datetime

import pytest

from dashboards.live.equipment_json import row_json
from dashboards.live.listing import Listing, Moment, Wanted, activity, working_codes
from dashboards.live.state import Cell, LiveState
from dashboards.live.unknown_kind import unknown_kind
from device_profiles.kind import kind_names, load_kind
from store.equipment import Equipment
from store.sites import Site

NOW_US = 1_800_000_000_000_000
MACHINES = {
    1: ("works-1", "boiler-1", "boiler"),
    2: ("works-1", "boiler-2", "boiler"),
    3: ("works-2", "Mill-1", "cnc_machine"),
    4: ("works-2", "kiln-1", "kiln"),
    5: ("works-3", "boiler-1", "boiler"),
}


def moment(alarms: Mapping[int, str] | None = None) -> Moment:
    return Moment(now_us=NOW_US, stale_us=10_000_000, alarms=alarms or {})


@pytest.fixture
def state() -> LiveState:
    """Make a plant: 1 and 3 live, 2 stale, 4 without data, 5 behind a gateway that is offline."""
    made = LiveState()
    made.set_directory(
        (
            Equipment(id=number, gateway=gateway, name=name, kind=kind, first_seen=datetime.now(UTC)),
            load_kind(kind) if kind in kind_names() else None,
        )
        for number, (gateway, name, kind) in MACHINES.items()
    )
    for number, age_seconds in {1: 1, 2: 60, 3: 2, 5: 3}.items():
        machine = made.get(number)
        assert machine is not None
        machine.time_us = NOW_US - age_seconds * 1_000_000
    made.set_gateway("works-3", is_online=False)
    made.set_sites([Site(id=7, name="n", label_zh="北", label_en="N", time_zone="UTC")], {"works-2": 7})
    return made


def found(state: LiveState, alarms: Mapping[int, str] | None = None, **wanted: object) -> list[int]:
    asked = Wanted(**{"gateways": None, **wanted})  # type: ignore[arg-type]  # as the test gives them
    return [machine.equipment.id for machine in Listing(state).find(asked, moment(alarms))]


def test_machines_are_found_by_what_they_are(state: LiveState) -> None:
    assert found(state) == [1, 5, 2, 3, 4]  # by kind, name, gateway
    assert found(state, kind="boiler") == [1, 5, 2]
    assert found(state, kind="kiln") == [4]
    assert found(state, gateway="works-2") == [3, 4]
    assert found(state, site=7) == [3, 4]
    assert found(state, search=" mILL") == [3]
    assert found(state, search="works-3") == [5]
    assert found(state, kind="boiler", search="works-2") == []


def test_conditions_say_how_far_values_are_of_now(state: LiveState) -> None:
    by_condition = {name: found(state, condition=name) for name in ("live", "stale", "offline", "no_data")}
    assert by_condition == {"live": [1, 3], "stale": [2], "offline": [5], "no_data": [4]}
    assert found(state, {2: "high", 3: "low"}, condition="alarmed") == [2, 3]


def test_lists_are_sorted_both_ways(state: LiveState) -> None:
    assert found(state, sort="name") == [3, 1, 5, 2, 4]
    assert found(state, sort="time") == [4, 2, 5, 3, 1]
    assert found(state, sort="-time") == [1, 3, 5, 2, 4]
    assert found(state, {1: "low", 3: "critical"}, sort="condition") == [3, 1, 5, 2, 4]


def test_what_a_viewer_may_not_see_is_neither_listed_nor_counted(state: LiveState) -> None:
    theirs = frozenset({"works-2"})
    assert found(state, gateways=theirs) == [3, 4]
    assert found(state, gateways=theirs, kind="boiler") == []
    assert Listing(state).count(theirs) == 2
    assert Listing(state).count(frozenset()) == 0


def test_a_machine_that_comes_later_is_in_the_list(state: LiveState) -> None:
    listing = Listing(state)
    assert listing.count(None) == 5
    state.set_directory(
        [(Equipment(id=9, gateway="g", name="x", kind="boiler", first_seen=datetime.now(UTC)), load_kind("boiler"))]
    )
    assert [machine.equipment.id for machine in listing.find(Wanted(gateways=None), moment())] == [9]


def test_every_kind_has_states_in_which_it_works() -> None:
    for name in kind_names():
        kind = load_kind(name)
        assert kind.state_signal is not None
        codes = {state.name: state.code for state in kind.signals[kind.state_signal].states}
        assert working_codes(name), name
        assert not working_codes(name) & {
            codes[idle] for idle in ("off", "stopped", "fault", "tripped", "in_port") if idle in codes
        }


def test_a_machine_works_or_does_not_or_does_not_say(state: LiveState) -> None:
    machine = state.get(1)
    assert machine is not None
    assert activity(machine) == "unknown"
    for code, expected in {3: "running", 0: "idle", 4: "idle"}.items():  # running, off, tripped
        machine.cells["state"] = Cell(float(code), 0, NOW_US)
        assert activity(machine) == expected
    machine.kind = unknown_kind("kiln")
    assert activity(machine) == "unknown"


def test_a_hundred_rows_of_ten_thousand_cost_little() -> None:
    """Fifty users at once on one worker need each answer in 20 ms; a busy machine gets room."""
    state, kinds = LiveState(), kind_names()
    state.set_directory(
        (
            Equipment(
                id=number,
                gateway=f"gw-{number % 100:03}",
                name=f"m-{number:05}",
                kind=kinds[number % 10],
                first_seen=datetime.now(UTC),
            ),
            load_kind(kinds[number % 10]),
        )
        for number in range(1, 10_001)
    )
    for machine in state:
        machine.time_us = NOW_US - machine.equipment.id * 7919 % 20_000_000
        for name in [name for name, signal in machine.kind.signals.items() if signal.key and signal.is_numeric]:
            machine.cells[name] = Cell(1.25, 0, machine.time_us)
    listing = Listing(state)
    half = frozenset(f"gw-{number:03}" for number in range(50))
    now = moment(dict.fromkeys(range(1, 1000), "high"))
    questions = [
        Wanted(gateways=None),
        Wanted(gateways=half, sort="condition"),
        Wanted(gateways=None, condition="stale", sort="-time"),
        Wanted(gateways=None, search="m-00", sort="name"),
    ]
    listing.find(questions[0], now)
    for asked in questions:
        best = float("inf")
        for _ in range(5):
            for machine in state:
                machine.changed(machine.version)  # everything has changed since the last time: the worst case
            started = time.process_time()
            rows = [row_json(machine, state, listing, now) for machine in listing.find(asked, now)[:100]]
            best = min(best, time.process_time() - started)
            assert len(rows) == 100
        assert best < 0.05
