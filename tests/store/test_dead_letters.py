"""What cannot be stored is put aside whole, receipted once, and never blocks its neighbours."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from store.dead_letters import Replayed, list_dead_letters, replay
from telemetry.bundle import Event
from telemetry.topics import Message, data_topic
from telemetry.wire import encode_bundle

NaN = float("nan")


@pytest.fixture
def bad(bundle: Callable[..., Any], batch: Callable[..., Any], moved: Callable[..., Any], store: Any) -> dict[str, Any]:
    """One bundle per reason, with seqs from 101."""
    far = store.now + timedelta(minutes=11)
    old = store.now - timedelta(days=401)
    bundles = {
        "kind_name": (batch("x", [[1.0]], signals="tele porter:flux"),),
        "signal_name": (batch("x", [[1.0, 2.0]], signals="boiler:steam_flow,flux capacitor"),),
        "time_range": (batch("x", [[1.0, 2.0]]), batch("y", [[1.0, 2.0]], at=far)),
        "time_range_old": (batch("x", [[1.0, 2.0]], at=old),),
        "value_range": (batch("x", [[1.0], [NaN], [99999.0]], signals="boiler:state"),),
        "equipment_name": (batch("x y", [[1.0, 2.0]]),),
        "kind_changed": (batch("boiler-1", [[1.0]], signals="cnc_machine:spindle_speed"),),
    }
    made = {reason: bundle(101 + n, *batches) for n, (reason, batches) in enumerate(bundles.items())}
    made["floor_above_seq"] = bundle(120, floor=121)
    made["time_range_of_event"] = bundle(121, events=[Event("x", round(far.timestamp() * 1e6), "program", "O1")])
    return made


def test_every_kind_of_bad_bundle_gets_its_reason_and_the_good_ones_are_stored(store: Any, bad: Any, bundle: Any) -> None:
    store.commit(bundle(1))
    outcome = store.commit(bundle(2), *bad.values(), bundle(3))

    reasons = {letter.seq: letter.reason for letter in list_dead_letters(store.database)}
    wanted = {made.seq: "time_range" if name.startswith("time_range") else name for name, made in bad.items()}
    assert reasons == wanted
    assert outcome.receipts == {("gw-1", 7): {2, 3, *wanted}}
    assert store.ask("SELECT steam_flow FROM reading.boiler ORDER BY 1") == [(1.0,), (2.0,), (3.0,)]
    again = store.commit(*bad.values())
    assert again.dead.total() == 0
    assert again.duplicates == len(bad)
    assert store.count("ingest.dead_letter") == len(bad)


@pytest.mark.parametrize("payload", [b"", b"{}", b"\x78\x9cbroken", b"\xd9\xd9\xf7\xa1", bytes(100)])
def test_unreadable_bytes_are_kept_once_and_get_no_receipt(store: Any, bundle: Any, payload: bytes) -> None:
    for _ in range(3):
        arrivals = [Message(data_topic("gw-1"), payload), Message(data_topic("gw-1"), encode_bundle(bundle(1)))]
        outcome = store.writer.commit(store.builder.build(arrivals))
        assert outcome.receipts == {("gw-1", 7): {1}}

    assert store.ask("SELECT payload, copies, seq FROM ingest.dead_letter") == [(payload, 3, None)]


def test_a_bundle_with_a_readable_header_and_a_broken_batch_is_receipted(store: Any, bundle: Any) -> None:
    payload = encode_bundle(bundle(5)).replace(b"\xd8\x4f", b"\xd8\x4e", 1)  # times tagged as int32: the structure is wrong

    outcome = store.writer.commit(store.builder.build([Message(data_topic("gw-1"), payload)]))

    assert outcome.receipts == {("gw-1", 7): {5}}
    assert [(letter.reason, letter.seq) for letter in list_dead_letters(store.database)] == [("structure", 5)]


def test_a_payload_that_names_another_gateway_is_put_aside_under_the_topic_s(store: Any, bundle: Any) -> None:
    arrival = Message(data_topic("gw-2"), encode_bundle(bundle(1, gateway="gw-1")))

    outcome = store.writer.commit(store.builder.build([arrival]))

    assert outcome.receipts == {("gw-2", 7): {1}}
    assert store.ask("SELECT gateway, reason FROM ingest.dead_letter") == [("gw-2", "wrong_gateway")]
    assert store.commit(bundle(1, gateway="gw-1")).duplicates == 0


def test_what_the_database_refuses_is_found_by_halving(store: Any, bundle: Any) -> None:
    store.run("ALTER TABLE reading.boiler ADD CONSTRAINT test CHECK (steam_flow <> 37)")

    outcome = store.commit(*(bundle(seq) for seq in range(1, 65)))

    assert outcome.receipts == {("gw-1", 7): set(range(1, 65))}
    assert store.count("reading.boiler") == 63
    assert store.ask("SELECT seq, reason FROM ingest.dead_letter") == [(37, "refused_23514")]


def test_a_replay_stores_what_has_become_good_and_keeps_the_rest(store: Any, bundle: Any, batch: Any) -> None:
    store.run("ALTER TABLE reading.boiler ADD CONSTRAINT test CHECK (steam_flow <> 2)")
    store.commit(bundle(1), bundle(2), bundle(3, batch("x", [[1.0]], signals="tele porter:flux")))
    store.run("ALTER TABLE reading.boiler DROP CONSTRAINT test")
    letters = [letter.id for letter in list_dead_letters(store.database)]
    assert len(letters) == 2
    told: list[Replayed] = []

    assert replay(store.database, store.builder, letters, report=told.append) == 1
    assert replay(store.database, store.builder, letters) == 0

    assert sorted(result.reason for result in told) == ["", "kind_name"]
    assert store.ask("SELECT steam_flow FROM reading.boiler ORDER BY 1") == [(1.0,), (2.0,)]
    assert [letter.reason for letter in list_dead_letters(store.database)] == ["kind_name"]
    assert store.commit(bundle(2)).duplicates == 1


def test_a_replay_does_not_double_what_its_gateway_has_sent_again_meanwhile(store: Any, bundle: Any) -> None:
    good = bundle(1)
    store.run(
        "INSERT INTO ingest.dead_letter (topic, reason, detail, payload, digest) "
        f"VALUES ('{data_topic('gw-1')}', 'compression', '', '\\x{encode_bundle(good).hex()}', '\\x00')"
    )
    store.commit(good)

    assert replay(store.database, store.builder, [letter.id for letter in list_dead_letters(store.database)]) == 1

    assert store.count("reading.boiler") == 1
