"""Foreign messages are recognised for some days by their ledger rows; those of gateways know floors instead."""

from datetime import timedelta
from typing import Any

from store.arrivals import Item
from store.foreign_ledger import RECOGNISED, purge_foreign
from telemetry.topics import Message


def commit(store: Any, bundle: Any, *sources: str) -> Any:
    items = [Item((source, 7, bundle.seq), Message("", b""), bundle) for source in sources]
    return store.writer.commit(store.builder.gather(items))


def test_only_foreign_rows_are_forgotten_and_by_the_time_of_their_storing(store: Any, bundle: Any) -> None:
    commit(store, bundle(1), "gw-1", "json/gw-1", "sparkplug/G/N", "backfill/import-1")

    assert purge_foreign(store.database) == 0
    store.run(f"UPDATE ingest.ledger SET entered_at = entered_at - INTERVAL '{RECOGNISED.days} days 1 minute'")
    commit(store, bundle(2), "json/gw-1")

    assert purge_foreign(store.database) == 2
    assert store.ask("SELECT gateway, seq FROM ingest.ledger ORDER BY 1") == [
        ("backfill/import-1", 1),
        ("gw-1", 1),
        ("json/gw-1", 2),
    ]
    assert purge_foreign(store.database, older_than=timedelta(0)) == 1


def test_a_copy_is_skipped_as_long_as_it_is_recognised(store: Any, bundle: Any) -> None:
    assert commit(store, bundle(1), "json/gw-1").duplicates == 0
    assert commit(store, bundle(1), "json/gw-1").duplicates == 1
    assert store.count("reading.boiler") == 1
