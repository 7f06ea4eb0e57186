"""Signals and kinds that no table knows are kept in ``reading.other`` and listed, not lost."""

from datetime import timedelta
from typing import Any

import pytest

from store.database import Database
from store.dead_letters import list_dead_letters
from store.equipment import find_equipment
from store.group import GroupBuilder
from store.other_signals import OtherSignals, Outside
from store.partitions import Partitions
from store.pending import forget_pending, list_pending
from store.series import series
from store.targets import Targets, load_tables
from telemetry.quality import Quality

NaN = float("nan")
OTHERS = (
    "SELECT e.name, extract(epoch FROM time)::int8, s.name, value FROM reading.other "
    "JOIN reading.other_signal s ON s.id = signal_id JOIN reading.equipment e ON e.id = equipment_id ORDER BY 1, 2, 3"
)


class Clock:
    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


def test_known_signals_go_to_their_table_and_unknown_ones_beside_it_in_one_commit(store: Any, bundle: Any, batch: Any) -> None:
    at = round(store.now.timestamp())
    rows = [[10.0, 1.0, 20.0], [11.0, NaN, 21.0], [NaN, 3.0, NaN]]
    outcome = store.commit(bundle(1, batch("b", rows, signals="boiler:steam_flow,flux,steam_pressure")))

    assert outcome.receipts == {("gw-1", 7): {1}}
    assert store.ask("SELECT steam_flow, steam_pressure FROM reading.boiler ORDER BY time") == [(10, 20), (11, 21), (None, None)]
    assert store.ask(OTHERS) == [("b", at, "flux", 1.0), ("b", at + 2, "flux", 3.0)]
    assert [(p.kind, p.signal, p.gateway, p.has_table, p.has_column) for p in list_pending(store.database)] == [
        ("boiler", "flux", "gw-1", True, False)
    ]
    assert store.commit(bundle(1, batch("b", rows, signals="boiler:steam_flow,flux,steam_pressure"))).duplicates == 1
    assert store.count("reading.other") == 2


def test_a_machine_of_an_unknown_kind_keeps_the_kind_that_it_claims(store: Any, bundle: Any, batch: Any) -> None:
    outcome = store.commit(bundle(1, batch("t", [[1.0, 2.0]], signals="teleporter:flux,drift", single=True)))

    assert outcome.dead.total() == 0
    found = find_equipment(store.database, gateway="gw-1", name="t")
    assert found is not None
    assert (found.kind, found.table) == ("teleporter", "other")
    read = series(store.database, found, ["drift"], start=store.now, end=store.now + timedelta(seconds=1))
    assert read.columns["drift"].tolist() == [2.0]
    assert [(signal, value) for _, _, signal, value in store.ask(OTHERS)] == [("drift", 2.0), ("flux", 1.0)]
    assert {(p.kind, p.has_table) for p in list_pending(store.database)} == {("teleporter", False)}


def test_a_kind_named_like_a_rollup_or_a_table_of_ours_does_not_get_into_it(store: Any, bundle: Any, batch: Any) -> None:
    kinds = ("boiler_1m", "equipment", "latest", "waveform", "event")
    store.commit(bundle(1, *(batch(kind, [[1.0]], signals=f"{kind}:rate_hz") for kind in kinds)))

    assert [name for name, *_ in store.ask(OTHERS)] == sorted(kinds)
    assert store.count("reading.boiler_1m") == store.count("reading.waveform") == 0


def test_a_bad_value_of_an_unknown_signal_is_an_interval_and_no_value(store: Any, bundle: Any, batch: Any) -> None:
    bad = Quality.BAD_SENSOR_FAILURE
    store.commit(
        bundle(1, batch("b", [[1.0, 2.0], [3.0, 4.0]], signals="boiler:flux,steam_flow", qualities=[[bad, 0], [0, bad]]))
    )

    assert [(signal, value) for _, _, signal, value in store.ask(OTHERS)] == [("flux", 3.0)]
    assert store.ask("SELECT steam_flow FROM reading.boiler ORDER BY time") == [(2.0,), (None,)]
    assert store.ask("SELECT signals, quality FROM reading.quality_interval ORDER BY signals") == [
        (["flux"], bad),
        (["steam_flow"], bad),
    ]


def test_a_wrong_value_of_a_known_signal_puts_the_whole_bundle_aside(store: Any, bundle: Any, batch: Any) -> None:
    outcome = store.commit(bundle(1, batch("b", [[1.0, 99999.0]], signals="boiler:flux,state")), bundle(2))

    assert dict(outcome.dead) == {"value_range": 1}
    assert store.count("reading.other") == 0
    assert store.count("reading.boiler") == 1


def test_latest_values_hold_unknown_signals_too(store: Any, bundle: Any, batch: Any) -> None:
    store.commit(bundle(1, batch("b", [[1.0, 2.0]], signals="boiler:flux,steam_flow")))
    store.writer.tidy()

    assert store.ask('SELECT "values" FROM reading.latest') == [({"flux": 1.0, "steam_flow": 2.0},)]


def test_a_gateway_that_makes_up_names_for_ever_is_stopped_and_its_neighbours_are_not(
    store: Any, bundle: Any, batch: Any
) -> None:
    other_signals = OtherSignals(store.database, most_names=5)
    store.builder._targets.other_signals = other_signals  # noqa: SLF001 - the same store with less room
    wild = [
        bundle(n, batch("w", [[1.0, 2.0]], signals=f"boiler:made_up_{n},steam_flow"), gateway="gw-wild") for n in range(1, 11)
    ]

    outcome = store.commit(*wild[:4], bundle(1, batch("b", [[1.0]], signals="boiler:flux")))
    assert outcome.dead.total() == 0
    outcome = store.commit(*wild[4:], bundle(2, batch("b", [[1.0]], signals="boiler:drift")))

    assert dict(outcome.dead) == {"too_many_signals": 5}
    assert {letter.gateway for letter in list_dead_letters(store.database)} == {"gw-wild"}
    assert store.count("reading.other") == 5 + 2
    assert store.count("reading.other_signal") == 5 + 2
    assert forget_pending(store.database, "gw-wild") == 5
    assert store.commit(bundle(11, batch("w", [[1.0]], signals="boiler:flux"), gateway="gw-wild")).dead.total() == 0


def test_the_list_is_refreshed_rarely(store: Any) -> None:
    clock = Clock()
    signals = OtherSignals(store.database, clock=clock)
    seen = [Outside("gw-1", "boiler", ("flux",))]

    def last_seen() -> Any:
        return store.ask("SELECT last_seen FROM store.pending_signal")[0][0]

    assert signals.note(seen) == set()
    first = last_seen()
    clock.seconds += 60
    signals.note(seen)
    assert last_seen() == first
    clock.seconds += 3600
    signals.note(seen)
    assert last_seen() > first


def test_a_column_that_is_added_is_used_without_a_restart(store: Any, bundle: Any, batch: Any) -> None:
    clock = Clock()
    builder = GroupBuilder(
        targets=Targets(load_tables(store.database), OtherSignals(store.database), clock=clock),
        register=store.builder._register,  # noqa: SLF001 - the same worker with another clock
        partitions=Partitions(store.database),
        now=lambda: store.now,
    )
    store.builder = store.writer._builder = builder  # noqa: SLF001 - as above

    def send(seq: int) -> None:
        store.commit(
            bundle(seq, batch("b", [[seq, seq]], signals="boiler:flux,steam_flow", at=store.now + timedelta(seconds=seq)))
        )

    send(1)
    store.run("ALTER TABLE reading.boiler ADD COLUMN flux real, ADD COLUMN remark text")
    send(2)
    clock.seconds += 61
    send(3)

    assert [value for *_, value in store.ask(OTHERS)] == [1.0, 2.0]
    assert store.ask("SELECT flux, steam_flow FROM reading.boiler ORDER BY time") == [(None, 1), (None, 2), (3, 3)]


def test_a_worker_that_is_older_than_the_tables_uses_their_columns_and_wider_types(store: Any, bundle: Any, batch: Any) -> None:
    store.run("ALTER TABLE reading.boiler ADD COLUMN flux double precision, ALTER COLUMN steam_flow TYPE double precision")

    store.second_worker().commit(bundle(1, batch("b", [[0.1, 1e300]], signals="boiler:flux,steam_flow")))

    assert store.ask("SELECT flux, steam_flow FROM reading.boiler") == [(0.1, 1e300)]


@pytest.mark.parametrize("name", ["a b", "a\n", "", "x" * 65, "ä", "~1"])
def test_a_name_that_cannot_be_a_name_is_refused(store: Any, bundle: Any, batch: Any, name: str) -> None:
    if name:
        outcome = store.commit(bundle(1, batch("b", [[1.0]], signals=f"boiler:{name}")))
        assert dict(outcome.dead) == {"signal_name": 1}
        outcome = store.commit(bundle(2, batch("b", [[1.0]], signals=f"{name}:flux")))
        assert dict(outcome.dead) == {"kind_name": 1}
    outcome = store.commit(bundle(3, batch(name, [[1.0]], signals="boiler:steam_flow")))
    assert dict(outcome.dead) == {"equipment_name": 1}


def test_two_workers_that_meet_the_same_new_names_agree(store: Any, database: str) -> None:
    with Database(database) as other:
        seen = [Outside(f"gw-{n}", "boiler", ("a", "b", "c")) for n in range(20)]
        assert OtherSignals(store.database).note(seen) == OtherSignals(other).note(reversed(seen)) == set()
        assert OtherSignals(store.database).ids(["a", "b"]) == OtherSignals(other).ids(["a", "b"])
    assert store.count("store.pending_signal") == 60
