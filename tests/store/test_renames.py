"""Machines change names and gateways and keep their history, also while workers still write under the old ids."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from store.database import DatabaseBusy
from store.equipment import EquipmentRegister, earlier_names, find_equipment, get_equipment, list_equipment
from store.kind_tables import ROLLUPS
from store.pending import adopt, list_pending
from store.renames import Name, move_alias_rows, release, rename, set_kind
from store.rollups import refresh
from telemetry.bundle import Block, Event
from telemetry.errors import ConfigError

OLD, NEW, THIRD = Name("gw-1", "b"), Name("gw-2", "b"), Name("gw-3", "boiler-7")


@pytest.fixture
def send(store: Any, bundle: Any, batch: Any) -> Any:
    """Send one row of everything under a name; its time tells its number."""
    seqs = iter(range(1, 1000))

    def send(name: Name, number: int, *, worker: Any = store, signals: str = "boiler:steam_flow,flux") -> None:
        at = store.now - timedelta(days=10) + timedelta(hours=number)
        worker.commit(
            bundle(
                next(seqs),
                batch(name.name, [[number, number]], signals=signals, at=at),
                gateway=name.gateway,
                events=[Event(name.name, round(at.timestamp() * 1e6), "program", f"O{number}")],
                blocks=[Block(name.name, "vibration", round(at.timestamp() * 1e6), 10.0, bytes(8))],
            )
        )
        worker.writer.tidy()

    return send


def rows_of(store: Any, name: Name) -> dict[str, list[float]]:
    found = find_equipment(store.database, gateway=name.gateway, name=name.name)
    assert found is not None
    asked = {
        "boiler": f"SELECT steam_flow FROM reading.boiler WHERE equipment_id = {found.id} ORDER BY time",
        "other": f"SELECT value FROM reading.other WHERE equipment_id = {found.id} ORDER BY time",
        "event": f"SELECT substr(text, 2)::float8 FROM reading.event WHERE equipment_id = {found.id} ORDER BY time",
        "waveform": f"SELECT rate_hz FROM reading.waveform WHERE equipment_id = {found.id}",
    }
    return {table: [value for (value,) in store.ask(question)] for table, question in asked.items()}


def full(*numbers: float) -> dict[str, list[float]]:
    return {"boiler": [*numbers], "other": [*numbers], "event": [*numbers], "waveform": [10.0 for _ in numbers]}


def test_a_machine_renamed_before_it_sends_as_such_goes_on_under_both_names(store: Any, send: Any) -> None:
    send(OLD, 1)
    rename(store.database, OLD, NEW)
    send(NEW, 3)
    send(OLD, 2)  # what lay in the spool
    send(NEW, 4, worker=store.second_worker())

    assert rows_of(store, NEW) == full(1, 2, 3, 4)
    (machine,) = list_equipment(store.database)
    assert (machine.gateway, machine.name, machine.kind) == ("gw-2", "b", "boiler")
    assert find_equipment(store.database, gateway="gw-1", name="b") == machine
    assert earlier_names(store.database) == {machine.id: ["gw-1/b"]}


def test_a_machine_that_was_registered_anew_gets_its_history_back(store: Any, send: Any) -> None:
    for number in (1, 2, 3):
        send(OLD, 24 * number)
    before = find_equipment(store.database, gateway="gw-1", name="b")
    for number in (4, 5):
        send(NEW, 24 * number)
    second = find_equipment(store.database, gateway="gw-2", name="b")
    assert before is not None
    assert second is not None

    rename(store.database, OLD, NEW)
    assert move_alias_rows(store.database) == 2 * 4

    assert rows_of(store, NEW) == full(24, 48, 72, 96, 120)
    (machine,) = list_equipment(store.database)
    assert (machine.id, machine.first_seen) == (before.id, before.first_seen)
    assert get_equipment(store.database, second.id) == machine
    assert store.ask('SELECT equipment_id, "values" FROM reading.latest') == [(machine.id, {"steam_flow": 120.0, "flux": 120.0})]
    assert move_alias_rows(store.database) == 0


def test_rows_that_a_worker_writes_under_the_old_id_are_moved_later(store: Any, bundle: Any, batch: Any, send: Any) -> None:
    send(OLD, 1)
    send(NEW, 2)
    under_way = store.group(bundle(500, batch("b", [[3.0, 3.0]]), gateway="gw-2"))
    rename(store.database, OLD, NEW)
    move_alias_rows(store.database)
    store.writer.commit(under_way)
    store.writer.tidy()

    assert move_alias_rows(store.database) == 1
    assert rows_of(store, NEW)["boiler"] == [1, 2, 3]
    assert store.count("reading.latest") == 1


def test_quality_intervals_and_rollups_follow(store: Any, bundle: Any, batch: Any) -> None:
    later = datetime.now(UTC) + timedelta(days=400)
    for seq, name, value in ((1, OLD, 1.0), (2, NEW, 5.0)):
        at = store.now - timedelta(hours=3 - seq)
        made = batch(name.name, [[value, 0.0], [value, 0.0]], at=at, qualities=[[0, 130], [0, 130]])
        store.commit(bundle(seq, made, gateway=name.gateway))

    def refresh_all() -> None:
        for rollup in ROLLUPS.values():
            refresh(store.database, rollup, now=later)

    refresh_all()
    rename(store.database, OLD, NEW)
    move_alias_rows(store.database)
    for _ in range(2):
        (machine,) = list_equipment(store.database)
        wanted = [(machine.id, 1.0, 2), (machine.id, 5.0, 2)]
        for level in ROLLUPS:
            table = f"reading.boiler_{level}"
            assert store.ask(f"SELECT equipment_id, steam_flow_mean, steam_flow_count FROM {table} ORDER BY time") == wanted
        refresh_all()
    assert store.ask("SELECT equipment_id, count(*) FROM reading.quality_interval GROUP BY 1") == [(machine.id, 2)]


def test_a_machine_may_go_back_to_its_earlier_name(store: Any, send: Any) -> None:
    send(OLD, 1)
    rename(store.database, OLD, NEW)
    rename(store.database, NEW, OLD)
    send(OLD, 2)

    assert rows_of(store, OLD) == rows_of(store, NEW) == full(1, 2)
    assert list(earlier_names(store.database).values()) == [["gw-2/b"]]


def test_earlier_names_of_both_lead_to_the_machine_in_one_step(store: Any, send: Any) -> None:
    send(OLD, 1)
    rename(store.database, OLD, NEW)
    send(Name("gw-9", "x"), 2)
    rename(store.database, Name("gw-9", "x"), THIRD)
    rename(store.database, NEW, THIRD)
    move_alias_rows(store.database)
    for name in (OLD, NEW, THIRD, Name("gw-9", "x")):
        send(name, 3)
    move_alias_rows(store.database)  # the worker may not have noticed yet

    assert rows_of(store, THIRD) == full(1, 2, 3, 3, 3, 3)
    assert len(list_equipment(store.database)) == 1


def test_a_released_name_is_free_for_a_new_machine(store: Any, send: Any) -> None:
    send(OLD, 1)
    rename(store.database, OLD, NEW)
    clock = [0.0]
    register = EquipmentRegister(store.database, clock=lambda: clock[0])
    assert register.require([("gw-1", "b", "boiler")]) == set()
    first = register.machines_of("gw-1")["b"].id

    release(store.database, OLD)
    register.require([("gw-1", "b", "boiler")])
    assert register.machines_of("gw-1")["b"].id == first, "it looks every few seconds only"
    clock[0] = 6.0
    register.require([("gw-1", "b", "cnc_machine")])

    assert register.machines_of("gw-1")["b"].id != first
    assert {(machine.gateway, machine.kind) for machine in list_equipment(store.database)} == {
        ("gw-1", "cnc_machine"),
        ("gw-2", "boiler"),
    }
    assert earlier_names(store.database) == {}
    with pytest.raises(ConfigError, match="name of today"):
        release(store.database, OLD)


def test_a_kind_told_under_an_earlier_name_is_the_machine_s(store: Any, bundle: Any, send: Any) -> None:
    store.commit(bundle(1, events=[Event("b", round(store.now.timestamp() * 1e6), "program", "O1")]))
    rename(store.database, OLD, NEW)
    send(OLD, 1)

    assert [machine.kind for machine in list_equipment(store.database)] == ["boiler"]


def test_clear_mistakes_are_refused_and_change_nothing(store: Any, bundle: Any, batch: Any, send: Any) -> None:
    send(OLD, 1)
    send(OLD, 3)
    send(NEW, 2)
    send(Name("gw-1", "mill"), 9, signals="cnc_machine:spindle_speed,flux")
    rename(store.database, Name("gw-1", "mill"), Name("gw-1", "mill-2"))
    before = store.ask("SELECT * FROM reading.equipment ORDER BY id")

    for old, new, said in (
        (OLD, OLD, "already"),
        (Name("gw-1", "nobody"), NEW, "no machine has sent"),
        (Name("gw-1", "mill"), THIRD, "earlier name of gw-1/mill-2"),
        (OLD, Name("gw-1", "mill"), "earlier name of gw-1/mill-2: release it first"),
        (OLD, Name("gw-1", "mill-2"), "not the same machine"),
        (OLD, NEW, "at the same time"),
    ):
        with pytest.raises(ConfigError, match=said):
            rename(store.database, old, new)
    with pytest.raises(ConfigError, match="nothing is known"):
        release(store.database, THIRD)
    assert store.ask("SELECT * FROM reading.equipment ORDER BY id") == before

    rename(store.database, OLD, NEW, merge=True)
    move_alias_rows(store.database)
    assert rows_of(store, NEW) == full(1, 2, 3)


@pytest.mark.parametrize("text", ["b", "gw-1/", "/b", "gw-1/b/c", "gw 1/b", "gw-1/b~2", ""])
def test_what_is_no_gateway_and_name_is_told(text: str) -> None:
    with pytest.raises(ConfigError, match="GATEWAY/NAME"):
        Name.parse(text)


def test_a_misspelt_kind_is_corrected_and_its_values_follow(store: Any, bundle: Any, batch: Any) -> None:
    store.commit(bundle(1, batch("b", [[1.0, 2.0]], signals="boilr:steam_flow,flux")))
    assert dict(store.commit(bundle(2, batch("b", [[1.0]], signals="boiler:steam_flow"))).dead) == {"kind_changed": 1}

    set_kind(store.database, OLD, "boiler", known=["boiler", "cnc_machine"])
    assert adopt(store.database) == 1

    assert store.ask("SELECT steam_flow FROM reading.boiler") == [(1.0,)]
    assert store.ask("SELECT value FROM reading.other") == [(2.0,)]
    assert [(p.kind, p.signal) for p in list_pending(store.database)] == [("boiler", "flux")]
    later = store.second_worker().commit(bundle(3, batch("b", [[3.0]], signals="boiler:steam_flow")))
    assert later.dead.total() == 0
    with pytest.raises(ConfigError, match="has its readings there"):
        set_kind(store.database, OLD, "cnc_machine", known=["boiler", "cnc_machine"])
    with pytest.raises(ConfigError, match="no machine"):
        set_kind(store.database, THIRD, "boiler", known=["boiler"])


def test_rows_in_compressed_days_are_moved(store: Any, send: Any) -> None:
    if str(store.database.edition) != "TimescaleDB Community":
        pytest.skip("only TimescaleDB Community compresses")
    for number in (1, 2):
        send(OLD, 24 * number)
    for number in (3, 4):
        send(NEW, 24 * number)
    for table in ("boiler", "other", "waveform"):
        store.run(f"ALTER TABLE reading.{table} SET (timescaledb.compress, timescaledb.compress_segmentby = 'equipment_id')")
        store.run(f"SELECT compress_chunk(c) FROM show_chunks('reading.{table}') c")

    rename(store.database, OLD, NEW)
    assert move_alias_rows(store.database) == 2 * 4

    assert rows_of(store, NEW) == full(24, 48, 72, 96)


def insist(work: Callable[[], object]) -> None:
    """Do it again after a deadlock, as a worker and a person do."""
    while True:
        try:
            work()
        except DatabaseBusy:
            continue
        return


def test_nothing_is_lost_or_doubled_while_names_change_and_columns_come_under_load(store: Any, bundle: Any, batch: Any) -> None:
    """Two workers write each bundle twice, while a machine is renamed to and fro and an unknown signal gets its column."""
    names = (OLD, NEW)
    bundles = [
        bundle(
            seq,
            batch(
                "b", [[seq, seq]], signals="boiler:steam_flow,flux", at=store.now - timedelta(hours=40) + timedelta(minutes=seq)
            ),
            gateway=names[seq % 2].gateway,
        )
        for seq in range(1, 401)
    ]
    store.commit(*bundles[:2])
    failures: list[BaseException] = []

    def work(worker: Any, order: list[Any]) -> None:
        try:
            for start in range(0, len(order), 10):
                part = order[start : start + 10]
                insist(lambda part=part: worker.commit(*part))  # type: ignore[misc]
                insist(worker.writer.tidy)
        except BaseException as error:  # noqa: BLE001 - told by the assertion below
            failures.append(error)

    workers = [
        threading.Thread(target=work, args=(store.second_worker(), order)) for order in (bundles, bundles[200:] + bundles[:200])
    ]
    for worker in workers:
        worker.start()
    rename(store.database, OLD, NEW, merge=True)
    store.run("ALTER TABLE reading.boiler ADD COLUMN flux real")
    while any(worker.is_alive() for worker in workers):
        insist(lambda: move_alias_rows(store.database))
        insist(lambda: adopt(store.database))
        insist(lambda: rename(store.database, NEW, OLD))
        insist(lambda: rename(store.database, OLD, NEW))
    for worker in workers:
        worker.join()
    move_alias_rows(store.database)
    store.run("UPDATE store.pending_signal SET adopted_at = NULL")
    adopt(store.database)

    assert failures == []
    wanted = [(float(seq), float(seq)) for seq in range(1, 401)]
    (machine,) = list_equipment(store.database)
    assert store.ask(f"SELECT steam_flow, flux FROM reading.boiler WHERE equipment_id = {machine.id} ORDER BY time") == wanted
    assert store.count("reading.boiler") == 400
    assert store.count("reading.other") == 0
