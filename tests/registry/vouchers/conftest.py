"""A town with vouchers on a database of its own."""

from collections.abc import Iterator

import pytest

from store.database import Database
from tests.registry.vouchers.town import Town


@pytest.fixture
def town(migrated_database: str) -> Iterator[Town]:
    with Database(migrated_database, max_connections=8) as opened:
        yield Town(opened)
