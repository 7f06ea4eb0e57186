"""What holds for the simulated machines of every kind; the physics of each have a file of their own in ``machines/``."""

import math
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt
import pytest

from device_profiles.kind import SignalType, kind_names, load_kind
from simulators.faults import MachineFaultOrder, SensorFault
from simulators.fleet import JINAN, Equipment, machine_class, machine_kinds, stand_up
from simulators.machine import Machines
from simulators.machine_faults import Growth
from simulators.settings import MachineSettings
from simulators.truth import Wrong  # noqa: TC001 - beside its siblings
from telemetry.errors import ConfigError

MONDAY = datetime(2026, 6, 22, tzinfo=JINAN)
Table = dict[str, npt.NDArray[np.float64]]
"""Of each numeric signal the values of all machines, one row a reading."""


def live(machines: Machines, *, hours: float, every_seconds: float = 60) -> Table:
    rows = []
    for _ in range(round(hours * 3600 / every_seconds)):
        machines.step(every_seconds)
        values = machines.values()
        rows.append({name: values[name] for name in machines.kind.numeric_signals})
    return {name: np.array([row[name] for row in rows], dtype=float) for name in machines.kind.numeric_signals}


def of(kind: str, *seeds: int, start: datetime = MONDAY) -> Machines:
    return machine_class(kind)(seeds=seeds, start=start)


def test_every_kind_of_the_guide_has_a_machine() -> None:
    assert machine_kinds() == kind_names()
    assert len(machine_kinds()) == 10


@pytest.mark.parametrize("kind", machine_kinds())
def test_a_machine_tells_every_signal_of_its_kind_and_nothing_else(kind: str) -> None:
    machines = of(kind, 1, 2)
    values, signals, waveforms = machines.values(), machines.kind.signals, machines.kind.waveform_signals
    assert values.keys() == signals.keys() - waveforms
    for name in values:
        assert len(values[name]) == 2, name
        assert all(isinstance(value, str) == (signals[name].type is SignalType.TEXT) for value in values[name]), name
    for name in waveforms:
        rate_hz, samples = machines.record(name, 1)
        assert rate_hz > 0, name
        assert np.isfinite(samples).all(), name
        assert samples.shape > (1000,), name
    with pytest.raises(ConfigError, match=f"a {kind} records no 'state'"):
        machines.record("state", 0)


@pytest.mark.parametrize("kind", machine_kinds())
def test_a_machine_lives_the_same_life_alone_and_among_others(kind: str) -> None:
    alone, among = live(of(kind, 7), hours=8, every_seconds=120), live(of(kind, 5, 7, 9), hours=8, every_seconds=120)
    for name, values in alone.items():
        assert values[:, 0] == pytest.approx(among[name][:, 1], rel=1e-6, abs=1e-6, nan_ok=True), name
    assert any(not np.array_equal(among[name][:, 0], among[name][:, 1]) for name in among)


@pytest.mark.parametrize("kind", machine_kinds())
def test_reading_a_machine_does_not_change_what_it_does(kind: str) -> None:
    read, unread = of(kind, 3), of(kind, 3)
    for _ in range(600):
        read.step(20)
        read.values()
        unread.step(20)
    for name in read.kind.waveform_signals:
        read.record(name, 0)
    read.step(20)
    unread.step(20)
    for name, value in read.true_values().items():
        if not isinstance(value, list):
            assert value == pytest.approx(unread.true_values()[name], nan_ok=True), name


@pytest.mark.parametrize("kind", machine_kinds())
def test_counters_never_run_backwards_and_whole_numbers_are_whole(kind: str) -> None:
    table = live(of(kind, 1, 2, 3, start=MONDAY + timedelta(hours=6)), hours=14, every_seconds=180)
    signals = load_kind(kind).signals
    for name, values in table.items():
        if signals[name].role == "counter":
            assert (np.diff(values, axis=0) >= 0).all(), name
        if signals[name].type in (SignalType.INTEGER, SignalType.ENUM, SignalType.BOOLEAN):
            known = values[~np.isnan(values)]
            assert (known == np.round(known)).all(), name
        if signals[name].type is SignalType.ENUM:
            assert set(np.unique(values)) <= {state.code for state in signals[name].states}, name
        if signals[name].type is SignalType.BOOLEAN:
            assert set(np.unique(values)) <= {0, 1}, name


@pytest.mark.parametrize("kind", machine_kinds())
def test_a_healthy_machine_at_work_stays_in_its_normal_ranges_and_within_its_limits(kind: str) -> None:
    shares = []
    for month in (1, 7):  # in the coldest weeks and in the warmest
        machines = of(kind, *range(1, 9), start=datetime(2026, month, 20, tzinfo=JINAN))
        table, signals = live(machines, hours=48, every_seconds=300), machines.kind.signals
        state = table[machines.kind.state_signal or ""]
        for name, signal in signals.items():
            codes = [s.code for s in signals[machines.kind.state_signal or ""].states if s.name in signal.applies_in]
            values = table[name][np.isin(state, codes)] if codes else table[name] if name in table else np.array([])
            values = values[~np.isnan(values)]
            if signal.normal and len(values):
                inside = np.mean((values >= signal.normal[0]) & (values <= signal.normal[1]))
                shares.append((name, float(inside)))
            for alarm in signal.alarms:
                beyond = values > alarm.value if alarm.limit.startswith("high") else values < alarm.value
                assert np.mean(beyond) < 0.002 if len(values) else True, f"{name} {alarm.limit} {alarm.value}"
    assert [(name, share) for name, share in shares if share < 0.97] == []


@pytest.mark.parametrize("kind", machine_kinds())
def test_every_fault_shows_in_some_signal_within_two_days(kind: str) -> None:
    names = list(machine_class(kind).FAULTS)
    seeds = (1, 2, 3, 4)  # some machines lack what a fault strikes: a valve that a compressor with a drive never uses
    count = len(names)
    machines = of(kind, *(seed for seed in seeds for _ in range(count + 1)), start=MONDAY)
    for machine in range(machines.n):
        index = machine % (count + 1)
        if index < count:
            part = machines.FAULTS[names[index]].part
            member = machines.kind.parts[part].all_names[0] if part else ""
            machines.faults.order(names[index], Growth(from_seconds=3600 * 8), at=machines.now, machine=machine, part=member)
    table = live(machines, hours=48, every_seconds=300)
    of_seed = {name: values.reshape(len(values), len(seeds), count + 1) for name, values in table.items()}
    changes = machines.faults.take_changes()
    for index, name in enumerate(names):
        shows = [s for s, v in of_seed.items() if not np.array_equal(v[..., index], v[..., count], equal_nan=True)]
        assert shows, name
        assert {change.fault for change in changes if change.machine % (count + 1) == index} == {name}


@pytest.mark.parametrize("kind", machine_kinds())
def test_every_fault_is_named_in_both_languages_and_says_how_large_it_is(kind: str) -> None:
    for name, fault in machine_class(kind).FAULTS.items():
        assert fault.zh, name
        assert fault.en, name
        assert fault.effect, name


@pytest.mark.parametrize("kind", machine_kinds())
def test_every_sensor_belongs_to_a_signal(kind: str) -> None:
    assert machine_class(kind).SENSORS.keys() <= set(load_kind(kind).numeric_signals)


# --- on the real clock ---------------------------------------------------------------------------------------------------


def test_a_clock_that_runs_faster_moves_the_machine_faster() -> None:
    clock = [100.0]
    settings = MachineSettings(name="cnc", profile="cnc_machine/opc_40501", port=0, speed=60)
    equipment = Equipment(settings, now=lambda: MONDAY, monotonic=lambda: clock[0])
    before = float(equipment.read()["power_on_time"])
    clock[0] += 60
    assert float(equipment.read()["power_on_time"]) - before == pytest.approx(1)


def test_an_inverter_put_up_at_midnight_may_start_its_clock_at_noon() -> None:
    at_noon = MachineSettings(name="pv", profile="pv_inverter/sunspec_103", port=0, start_time="12:00")
    clock = [0.0]
    equipment = Equipment(at_noon, now=lambda: MONDAY, monotonic=lambda: clock[0])
    clock[0] += 30
    assert float(equipment.read()["active_power"]) > 5


def test_machines_of_one_kind_and_clock_share_a_herd_and_keep_their_own_lives() -> None:
    clock = [0.0]
    many = MachineSettings(name="boiler", profile="boiler/generic_plc", port=0, count=3, seed=4)
    other = MachineSettings(name="pv", profile="pv_inverter/sunspec_103", port=0)
    alone = MachineSettings(name="boiler-2", profile="boiler/generic_plc", port=0, seed=5)
    together = stand_up([*many.members(), other], now=lambda: MONDAY, monotonic=lambda: clock[0])
    single = Equipment(alone, now=lambda: MONDAY, monotonic=lambda: clock[0])
    assert sorted(one.name for one in together) == ["boiler-1", "boiler-2", "boiler-3", "pv"]
    second = next(one for one in together if one.name == "boiler-2")
    for _ in range(30):
        clock[0] += 1
        assert second.read() == pytest.approx(single.read())


def test_faults_of_machine_and_sensor_come_on_the_machines_clock_and_are_told() -> None:
    clock = [0.0]
    settings = MachineSettings(name="boiler-1", profile="boiler/generic_plc", port=0, speed=60, start_time="10:00")
    boiler = Equipment(settings, now=lambda: MONDAY, monotonic=lambda: clock[0])
    fouling = boiler.order(MachineFaultOrder(fault="gas_side_fouling", severity=0.5, from_seconds=600))
    boiler.order(SensorFault(how="dead", signal="steam_pressure", from_seconds=1200, for_seconds=1200))
    told: list[Wrong] = []
    dead = []
    for _ in range(60):
        clock[0] += 1  # a minute of the machine's
        dead.append(math.isnan(float(boiler.read()["steam_pressure"])))
        told += boiler.take_wrongs()
    assert [(wrong.wrong, wrong.where, wrong.severity) for wrong in told] == [
        ("gas_side_fouling", "", 0.5),
        ("sensor_dead", "steam_pressure", 1.0),
        ("sensor_dead", "steam_pressure", 0.0),
    ]
    assert dead == [False] * 19 + [True] * 20 + [False] * 21
    assert boiler.mend(fouling) == 1
    assert boiler.mend() == 0
    assert [(wrong.wrong, wrong.severity) for wrong in boiler.take_wrongs()] == [("gas_side_fouling", 0.0)]


def test_a_herd_that_is_asked_machine_by_machine_moves_once() -> None:
    clock = [0.0]
    many = MachineSettings(name="motor", profile="motor/generic_plc", port=0, count=3)
    first, second, _ = stand_up(many.members(), now=lambda: MONDAY, monotonic=lambda: clock[0])
    clock[0] = 1.0
    before = first.read()
    clock[0] += 0.01
    second.read()
    assert first.read() == before
    clock[0] += 0.05
    assert first.read() != before
