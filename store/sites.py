"""Sites, as in ISA-95, and which gateway stands at which: one, or none."""

from collections.abc import Mapping
from dataclasses import dataclass

from store.database import Connection, Database
from store.sql_files import query


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A works; ``name`` is its short and lasting name for programs."""

    id: int
    name: str
    label_zh: str
    label_en: str
    time_zone: str


def list_sites(database: Database) -> list[Site]:
    with database.connection() as connection:
        rows = connection.execute(query("sites", "list")).fetchall()
    return [
        Site(id=number, name=name, label_zh=label_zh, label_en=label_en, time_zone=zone)
        for number, name, label_zh, label_en, zone in rows
    ]


def gateway_sites(database: Database) -> dict[str, int]:
    """Give the site of each gateway that has one."""
    with database.connection() as connection:
        return dict(connection.execute(query("sites", "gateway_sites")).fetchall())


def known_gateways(database: Database) -> dict[str, int | None]:
    """Give every gateway that has sent something or has a site, sorted, with its site."""
    with database.connection() as connection:
        return dict(connection.execute(query("sites", "known_gateways")).fetchall())


def add_site(connection: Connection, values: Mapping[str, str]) -> int | None:
    """Add a site (name, label_zh, label_en, time_zone) and give its id, or None if the name is taken."""
    row = connection.execute(query("sites", "add"), dict(values)).fetchone()
    return None if row is None else int(row[0])


def change_site(connection: Connection, site: int, values: Mapping[str, str]) -> bool:
    """Change labels and time zone; False if there is no such site."""
    return connection.execute(query("sites", "change"), {**values, "id": site}).fetchone() is not None


def assign_gateway(connection: Connection, gateway: str, site: int | None) -> bool:
    """Put a gateway at a site, or at none; False if there is no such site."""
    if site is None:
        connection.execute(query("sites", "release"), {"gateway": gateway})
        return True
    return connection.execute(query("sites", "assign"), {"gateway": gateway, "site": site}).fetchone() is not None
