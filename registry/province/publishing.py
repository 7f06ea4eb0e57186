"""A city tells of a day: what its newest count of the day says, once; a changed count is told as a correction."""

from datetime import date
from typing import NamedTuple

from registry.counting.periods import Period
from registry.province.facts_file import CityFacts, read_facts, write_facts
from store.city_province import add_published, lock_area, machine_facts, published
from store.city_registry import areas
from store.city_snapshots import Snapshot, by_area, newest_snapshot
from store.database import Database
from telemetry.errors import ConfigError


class Told(NamedTuple):
    """A file as it was told, and whether that was done now."""

    facts: CityFacts
    content: bytes
    is_new: bool


def publish(database: Database, area: str, day: date, *, private_key: bytes | None = None, corrects: bool = False) -> Told:
    """Publish the facts of a day; what was published before is given again, byte by byte.

    Raises
    ------
    ConfigError
        If there is no such area, the day was not counted, or it was counted anew and ``corrects`` does not say that this is told.
    """
    labels = {one.code: one for one in areas(database)}
    if area not in labels:
        raise ConfigError(f"there is no area {area!r}")
    counted = _count_of(database, area, day)
    with database.connection() as connection:
        lock_area(connection, area)
        before = published(connection, area, day)
        old = None if before is None else read_facts(before.content)
        if counted is None:
            if before is None or old is None:
                raise ConfigError(f"{area} was not counted for {day}: `shangyun registry recount --area {area} --to {day}` does")
            return Told(old.facts, before.content, is_new=False)
        revision, replaces = (1, None) if old is None else (old.facts.revision + 1, old.sha256.hex())
        facts = _facts(database, counted, label=(labels[area].label_zh, labels[area].label_en), told=(revision, replaces))
        if before is not None and old is not None:
            if _says(facts) == _says(old.facts):
                return Told(old.facts, before.content, is_new=False)
            if not corrects:
                raise ConfigError(f"{area} has told of {day} otherwise before; --correct tells the province of the change")
        content = write_facts(facts, private_key=private_key)
        add_published(connection, area=area, day=day, revision=revision, snapshot_id=counted.id, content=content)
    return Told(facts, content, is_new=True)


def _count_of(database: Database, area: str, day: date) -> Snapshot | None:
    """Give the day's own count or, where that was forgotten, a frozen one that ends on the day."""
    for forms in (("day",), ("month", "quarter", "year")):
        found = newest_snapshot(database, area, forms=forms, until=day)
        if found is not None and found.last_day == day:
            return found
    return None


def _facts(database: Database, counted: Snapshot, *, label: tuple[str, str], told: tuple[int, str | None]) -> CityFacts:
    rows = machine_facts(database, counted.id)
    figures = by_area(database, counted.id)
    return CityFacts.model_validate(
        {
            "city": counted.area,
            "label_zh": label[0],
            "label_en": label[1],
            "day": counted.last_day,
            "revision": told[0],
            "replaces": told[1],
            "rule_version": counted.rule_version,
            "snapshot": counted.id,
            "new_since": Period(counted.form, counted.first_day, counted.last_day).new_since,
            "counted_at": counted.made_at,
            "machines": counted.machines,
            "counted": counted.counted,
            "enterprises": counted.enterprises,
            "on_cloud": counted.on_cloud,
            "new_on_cloud": counted.new_on_cloud,
            "areas": [
                {
                    "area": one.code,
                    "label_zh": one.label_zh,
                    "label_en": one.label_en,
                    "enterprises": one.enterprises,
                    "on_cloud": one.on_cloud,
                    "new_on_cloud": one.new_on_cloud,
                }
                for one in figures
            ],
            "funnel": [row._asdict() for row in rows],
        }
    )


def _says(facts: CityFacts) -> object:
    """Give what a file says of the day, whichever count and revision it is of."""
    return facts.model_dump(exclude={"revision", "replaces", "snapshot", "counted_at"})
