"""Each bundle is stored once, whatever comes twice, late, in another order or to another worker (design, section 4)."""

import threading
from collections.abc import Callable
from typing import Any

from store.sql_files import query
from telemetry.bundle import Bundle

MakeBundle = Callable[..., Bundle]


def test_a_repeat_is_skipped_and_receipted_again(store: Any, bundle: MakeBundle) -> None:
    first = store.commit(bundle(1), bundle(2))
    again = store.commit(bundle(2), bundle(3))

    assert first.receipts == {("gw-1", 7): {1, 2}}
    assert again.receipts == {("gw-1", 7): {2, 3}}
    assert (first.duplicates, again.duplicates) == (0, 1)
    assert store.ask("SELECT steam_flow FROM reading.boiler ORDER BY 1") == [(1.0,), (2.0,), (3.0,)]


def test_copies_within_one_group_are_stored_once(store: Any, bundle: MakeBundle) -> None:
    outcome = store.commit(bundle(1), bundle(1), bundle(1))

    assert outcome.receipts == {("gw-1", 7): {1}}
    assert store.count("reading.boiler") == 1


def test_a_bundle_below_the_floor_is_skipped_and_receipted_again(store: Any, bundle: MakeBundle) -> None:
    store.commit(*(bundle(seq) for seq in range(1, 6)))
    store.commit(bundle(6, floor=6))
    store.writer.tidy()
    assert store.ask("SELECT seq FROM ingest.ledger") == [(6,)]
    assert store.ask("SELECT gateway, epoch, floor FROM ingest.floor") == [("gw-1", 7, 6)]

    late = store.second_worker().commit(bundle(5))

    assert late.receipts == {("gw-1", 7): {5}}
    assert store.count("reading.boiler") == 6


def test_the_floor_never_goes_back(store: Any, bundle: MakeBundle) -> None:
    store.commit(bundle(9, floor=8))
    store.writer.tidy()
    slow = store.second_worker()
    slow.commit(bundle(8, floor=3))
    slow.writer.tidy()

    assert store.ask("SELECT floor FROM ingest.floor") == [(8,)]


def test_another_epoch_and_another_gateway_have_numbers_of_their_own(store: Any, bundle: MakeBundle) -> None:
    outcome = store.commit(bundle(1), bundle(1, epoch=8), bundle(1, gateway="gw-2"))

    assert outcome.duplicates == 0
    assert store.count("reading.boiler") == 3


def test_two_workers_with_the_same_repeats_in_different_order_store_each_once(store: Any, bundle: MakeBundle) -> None:
    bundles = [bundle(seq, gateway=f"gw-{seq % 7}") for seq in range(1, 201)]
    failures: list[BaseException] = []

    def work(worker: Any, order: list[Bundle]) -> None:
        try:
            for start in range(0, len(order), 20):
                worker.commit(*order[start : start + 20])
        except BaseException as error:  # noqa: BLE001 - told by the assertion below
            failures.append(error)

    threads = [
        threading.Thread(target=work, args=(store.second_worker(), order))
        for order in (bundles, bundles[::-1], bundles[100:] + bundles[:100])
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    assert store.ask("SELECT count(*), count(DISTINCT steam_flow) FROM reading.boiler") == [(200, 200)]


def test_a_late_copy_that_meets_a_purge_under_way_is_not_stored(store: Any, bundle: MakeBundle) -> None:
    # The case of a copy left in a broker's queue: its ledger insert waits for the purge and then succeeds; only a floor that is
    # read after it tells that the bundle was committed before.
    store.commit(bundle(5))
    late = store.second_worker()
    waiting = threading.Thread(target=late.commit, args=(bundle(5),))
    columns: list[list[object]] = [["gw-1"], [7], [6]]
    with store.database.connection() as purge:
        purge.execute(query("delivery", "raise_floors"), columns)
        purge.execute(query("delivery", "purge"), columns)
        waiting.start()
        waiting.join(0.5)
        assert waiting.is_alive(), "the ledger insert must wait for the purge"
    waiting.join()

    assert store.count("reading.boiler") == 1


def test_a_group_that_is_given_again_after_a_lost_connection_is_stored_once(store: Any, bundle: MakeBundle) -> None:
    group = store.group(bundle(1), bundle(2))

    store.writer.commit(group)
    outcome = store.writer.commit(group)  # as if the first answer had been lost

    assert outcome.receipts == {("gw-1", 7): {1, 2}}
    assert store.count("reading.boiler") == 2
