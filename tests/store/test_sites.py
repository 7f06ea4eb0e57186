"""Sites and their gateways."""

from collections.abc import Iterator

import pytest

from store.database import Database
from store.sites import add_site, assign_gateway, change_site, gateway_sites, known_gateways, list_sites

pytestmark = pytest.mark.parametrize("database", ["postgresql"], indirect=True)

EAST = {"name": "east", "label_zh": "东厂", "label_en": "East works", "time_zone": "Asia/Shanghai"}


@pytest.fixture
def opened(migrated_database: str) -> Iterator[Database]:
    with Database(migrated_database) as made:
        yield made


def test_a_gateway_belongs_to_one_site_at_most(opened: Database) -> None:
    with opened.connection() as connection:
        east, west = add_site(connection, EAST), add_site(connection, {**EAST, "name": "west"})
        assert east is not None
        assert west is not None
        assert add_site(connection, EAST) is None
        assert assign_gateway(connection, "gw-1", east)
        assert assign_gateway(connection, "gw-1", west)
        assert not assign_gateway(connection, "gw-1", 999)
    assert gateway_sites(opened) == {"gw-1": west}
    with opened.connection() as connection:
        connection.execute(b"INSERT INTO reading.equipment (gateway, name, kind) VALUES ('gw-0', 'a', 'boiler')")
        assert assign_gateway(connection, "gw-1", None)
    assert gateway_sites(opened) == {}
    assert known_gateways(opened) == {"gw-0": None}


def test_labels_and_zone_change_and_the_name_lasts(opened: Database) -> None:
    with opened.connection() as connection:
        site = add_site(connection, EAST)
        assert site is not None
        assert change_site(connection, site, {**EAST, "label_zh": "新东厂", "time_zone": "Asia/Urumqi"})
        assert not change_site(connection, site + 1, EAST)
    (shown,) = list_sites(opened)
    assert (shown.name, shown.label_zh, shown.label_en, shown.time_zone) == ("east", "新东厂", "East works", "Asia/Urumqi")
