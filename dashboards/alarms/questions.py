"""What can be asked about alarms and their journal: the parameters that the API, the pages and the tables for download share."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from fastapi import HTTPException
from pydantic import AfterValidator, BaseModel, BeforeValidator, Field

from dashboards.alarms.rows import SORTS, AlarmFilter
from dashboards.security.access import Viewer
from store.alarm_journal import JournalFilter
from store.alarm_rules import RuleRow
from store.alarms import View
from store.database import Database
from store.equipment import list_equipment

MOST_LISTED = 1000
LARGEST_ID = 2**63 - 1
LARGEST_MACHINE_ID = 2**31 - 1


def _not_nul(text: str) -> str:
    if "\0" in text:
        raise ValueError("holds a NUL character, which the database cannot keep")
    return text


def _none_if_empty(given: object) -> object:
    """Take the empty choice of a form for no choice."""
    return None if given == "" else given


Text = Annotated[str, AfterValidator(_not_nul)]
Name = Annotated[Text, Field(max_length=200)]
Kind = Annotated[Name, Field(description="name of a kind of equipment")]
IN_ORDER = "what to sort by; with - before it, downwards"
Priority = Literal["", "critical", "high", "medium", "low"]
State = Literal["", "normal", "unacknowledged", "acknowledged", "returned", "latched"]
Deed = Literal[
    "",
    "activate",
    "return_to_normal",
    "acknowledge",
    "comment",
    "reset",
    "shelve",
    "unshelve",
    "suppress",
    "unsuppress",
    "take_out_of_service",
    "put_into_service",
    "priority_changed",
]
Id = Annotated[int, Field(ge=1, le=LARGEST_ID)]
MachineId = Annotated[Annotated[int, Field(ge=1, le=LARGEST_MACHINE_ID)] | None, BeforeValidator(_none_if_empty)]
Moment = Annotated[str, Field(max_length=40)]


class Page(BaseModel):
    """Which rows of all that were found."""

    limit: int = Field(default=50, ge=1, le=MOST_LISTED, description="rows at most")
    offset: int = Field(default=0, ge=0, le=10_000_000, description="rows to skip")


class AlarmQuestion(Page):
    """Which alarms, in which order."""

    view: View = Field(default="standing", description="``standing``: what calls people; ``all``: also what is put aside")
    priority: list[Priority] = Field(default=[], max_length=10, description="any of these; all when left out")
    state: list[State] = Field(default=[], max_length=10, description="any of these; all when left out")
    kind: Kind = ""
    gateway: Name = Field(default="", description="name of a gateway")
    site: MachineId = Field(default=None, description="id of a site")
    equipment: MachineId = Field(default=None, description="id of a machine")
    search: Annotated[
        Text, Field(max_length=100, description="part of the name of machine, gateway or rule, or of the title")
    ] = ""
    sort: Annotated[Literal[*SORTS], Field(description=IN_ORDER)] = "priority"  # type: ignore[valid-type]  # the same list that sorts

    def filter(self, viewer: Viewer) -> AlarmFilter:
        return AlarmFilter(
            gateways=viewer.gateways,
            view=self.view,
            priorities=frozenset(filter(None, self.priority)),
            states=frozenset(filter(None, self.state)),
            kind=self.kind,
            gateway=self.gateway,
            site=self.site,
            equipment=self.equipment,
            search=self.search,
        )

    @property
    def query(self) -> Mapping[str, Any]:
        """Give the parameters that differ from the default ones, for links."""
        return self.model_dump(exclude_defaults=True)


class RuleQuestion(Page):
    """Which rules; by name."""

    kind: Kind = ""
    priority: list[Priority] = Field(default=[], max_length=10, description="any of these; all when left out")
    origin: Literal["", "kind", "plant"] = Field(
        default="", description="``kind``: as its kind brings it; ``plant``: changed or made here"
    )
    search: Annotated[Text, Field(max_length=100, description="text in the name or in the title")] = ""
    sort: Literal["name", "-name"] = Field(default="name", description=IN_ORDER)

    def of(self, rules: Iterable[RuleRow]) -> list[RuleRow]:
        priorities, wanted = set(filter(None, self.priority)), self.search.strip().casefold()
        found = [
            rule
            for rule in rules
            if self.kind in ("", rule.kind)
            and (not priorities or rule.definition["priority"] in priorities)
            and self.origin in ("", rule.origin)
            and wanted in " ".join((rule.name, *rule.definition["title"].values())).casefold()
        ]
        return sorted(found, key=lambda rule: rule.name, reverse=self.sort == "-name")

    @property
    def query(self) -> Mapping[str, Any]:
        return self.model_dump(exclude_defaults=True)


class JournalQuestion(Page):
    """Which lines of the journal; newest first."""

    machine: Annotated[Name, Field(description="part of a machine's name")] = ""
    alarm: Annotated[Id | None, BeforeValidator(_none_if_empty)] = Field(default=None, description="id of an alarm")
    equipment: MachineId = Field(default=None, description="id of a machine")
    kind: Kind = ""
    rule: Name = Field(default="", description="name of a rule")
    priority: list[Priority] = Field(default=[], max_length=10, description="any of these; all when left out")
    act: Deed = Field(default="", description="what happened")
    person: Name = Field(default="", description="who did it")
    start: Moment = Field(default="", alias="from", description="ISO 8601; without an offset in the plant's time zone")
    end: Moment = Field(default="", alias="to", description="likewise; itself not included")

    def filter(self, viewer: Viewer, zone: ZoneInfo, database: Database) -> JournalFilter:
        def those(*chosen: Any) -> list[Any] | None:
            return list(filter(None, chosen)) or None

        machines = those(self.equipment)
        if self.machine:
            wanted = self.machine.strip().casefold()
            named = [one.id for one in list_equipment(database) if wanted in f"{one.gateway}/{one.name}".casefold()]
            machines = named if machines is None else list(set(machines) & set(named))

        return JournalFilter(
            gateways=viewer.gateways,
            condition_ids=those(self.alarm),
            equipment_ids=machines,
            kinds=those(self.kind),
            rules=those(self.rule),
            priorities=those(*self.priority),
            acts=those(self.act),
            actors=those(self.person),
            since=moment(self.start, "from", zone),
            until=moment(self.end, "to", zone),
        )

    @property
    def query(self) -> Mapping[str, Any]:
        return self.model_dump(exclude_defaults=True, by_alias=True)


def moment(text: str, key: str, zone: ZoneInfo) -> datetime | None:
    """Read a time; one without an offset is meant in the plant's zone.

    Raises
    ------
    HTTPException
        422, if it is no time between the years 1970 and 2200, beyond which the database has none either.
    """
    if not text:
        return None
    try:
        time = datetime.fromisoformat(text.replace(" ", "+") if " " in text[19:] else text)
        time = (time if time.tzinfo else time.replace(tzinfo=zone)).astimezone(UTC)
        if 1970 <= time.year < 2200:
            return time
    except (ValueError, OverflowError):
        pass
    raise HTTPException(422, f"{key}: {text!r} is not a time; one looks like 2026-05-01T08:00:00+08:00")
