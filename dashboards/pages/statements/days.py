"""A statement as the page shows it, whatever was made of its text by force."""

from typing import NamedTuple

from dashboards.api.statements import statement_of
from store.statements import StatementRow


class Day(NamedTuple):
    """Texts as they are signed; empty where nothing is known."""

    number: int
    day: str
    hours: str
    idle_hours: str
    fuel_litres: str
    engine_hours_at_end: str
    region: str
    flags: list[str]
    doubtful: list[str]
    codes: list[str]
    completeness: str
    hash: str


def day_of(row: StatementRow) -> Day:
    told = statement_of(row)

    def text(name: str) -> str:
        found = told.get(name)
        return found if isinstance(found, str) else ""

    def words(name: str) -> list[str]:
        found = told.get(name)
        return [str(one) for one in found] if isinstance(found, list) else []

    return Day(
        number=row.number,
        day=row.day.isoformat(),
        hours=text("hours"),
        idle_hours=text("idle_hours"),
        fuel_litres=text("fuel_litres"),
        engine_hours_at_end=text("engine_hours_at_end"),
        region=text("region"),
        flags=words("flags"),
        doubtful=words("doubtful"),
        codes=words("codes"),
        completeness=text("completeness"),
        hash=row.hash.hex(),
    )
