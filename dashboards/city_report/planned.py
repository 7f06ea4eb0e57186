"""What plans ask for on the day of a count, and how far the city is."""

from collections.abc import Mapping
from typing import NamedTuple

from dashboards.texts import Language
from registry.plans.progress import Progress
from registry.plans.standing import standing_of
from registry.plans.words import COUNTERS, LEVELS, NO_TARGET, SECTORS, UNKNOWN, number, word
from store.city_plans import plans
from store.city_registry import Area, departments
from store.city_snapshots import Snapshot
from store.database import Database

SHOWN = ("total", "area", "department", "sector")


class Planned(NamedTuple):
    """One target in words; numbers as people write them, a dash where there is none."""

    plan: str
    counter: str
    member: str
    """Whose target: an area, departments, a sector; empty for the city's own."""
    target: str
    reached: str
    rate: str
    is_met: bool | None
    clause: str


def planned(database: Database, of: Snapshot, areas: Mapping[str, Area], language: Language) -> list[Planned]:
    """List the targets that run on the last day of a count of the city or of an area below it."""
    labels = {code: area.label_zh if language == "zh" else area.label_en for code, area in areas.items()}
    labels |= {one.code: one.label_zh if language == "zh" else one.label_en for one in departments(database)}
    found = []
    for plan in plans(database):
        if not plan.first_day <= of.last_day <= plan.last_day or not _is_within(plan.area, of.area, areas):
            continue
        title = plan.label_zh if language == "zh" else plan.label_en
        standing = standing_of(database, plan, today=of.last_day)
        running = [row for row in standing.rows if row.first_day <= of.last_day <= row.last_day]
        found += [_in_words(row, title, labels, language) for row in running if row.target.dimension in SHOWN]
    return found


def _is_within(area: str, top: str, areas: Mapping[str, Area]) -> bool:
    seen: set[str] = set()
    here: str | None = area
    while here is not None and here != top and here not in seen:
        seen.add(here)
        here = areas[here].parent if here in areas else None
    return here == top


def _in_words(row: Progress, plan: str, labels: Mapping[str, str], language: Language) -> Planned:
    target = row.target
    members = [labels.get(one) or word(SECTORS | LEVELS, one, language) for one in target.member.split("+") if one]
    asked = getattr(NO_TARGET, language) if target.low is None else number(target.low)
    if target.high is not None:
        asked += f"–{number(target.high)}"
    return Planned(
        plan=plan,
        counter=word(COUNTERS, target.counter, language),
        member=" + ".join(members),
        target=asked,
        reached=word(UNKNOWN, row.why_unknown, language) if row.reached is None else number(row.reached),
        rate="—" if row.rate is None else f"{row.rate}%",
        is_met=row.is_met,
        clause=target.clause,
    )
