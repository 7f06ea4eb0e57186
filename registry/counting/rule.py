"""The counting rule as data: versions with parameters, each with the document and clause that it comes from."""

from collections.abc import Mapping
from math import ceil
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, ValidationError, model_validator

from device_profiles.kind import kind_names, load_kind
from store.city_counting import StoredRule, rules, save_rule
from store.city_facts import required_points
from store.database import Connection
from telemetry.errors import ConfigError
from telemetry.settings import Settings, TimeZoneName, load

FOLDER = Path(__file__).parent
DEFAULT_FILE = FOLDER / "rule_2026_1.toml"
MOST_DAYS = 366
_MOST_POINTS = 390


def _some_points(value: str | float) -> str | float:
    if isinstance(value, float) and not 0 < value <= 1:
        raise ValueError('is "all", a number of points such as 5, or a share of them above 0 and up to 1.0')
    if isinstance(value, int) and not 1 <= value <= _MOST_POINTS:
        raise ValueError(f"{value} points: 1 to {_MOST_POINTS}")
    return value


LeastPoints = Annotated[
    Literal["all"] | Annotated[int, Field(strict=True)] | Annotated[float, Field(strict=True)], AfterValidator(_some_points)
]
"""Of the required points so many must be valid on a day: ``all``, a number (of a kind that has fewer, all), or a share."""


class Parameters(Settings):
    """What a count goes by; a snapshot keeps them as they were."""

    time_zone: TimeZoneName = "Asia/Shanghai"
    """In which days of registration, holds and suspicions are cut; days of readings are cut in the time zone of their plant."""
    window_days: int = Field(default=30, ge=1, le=MOST_DAYS)
    """The last so many days of a period decide."""
    least_valid_days: int = Field(default=20, ge=1, le=MOST_DAYS)
    """连续性: on so many of them, at least, the machine must have sent."""
    least_points: LeastPoints = "all"
    """完整性: so many of the required points must have been valid on each of those days."""
    least_points_of: dict[str, LeastPoints] = Field(default={})
    """The same for kinds that differ."""
    required_points: dict[str, tuple[str, ...]] = Field(default={})
    """Required points of kinds that differ; those of the others are the key signals of their profile."""
    least_hours: int = Field(default=1, ge=1, le=23)
    """A day counts, and a point on it, from so many hours with a value. 23: the shortest day of a zone with summer time."""
    reporting_days: int = Field(default=7, ge=1, le=MOST_DAYS)
    """From so many days with data in the window a machine is called reporting, below only connected."""
    silent_after_days: int = Field(default=7, ge=1, le=MOST_DAYS)
    """A machine is silent when nothing came on the last so many days."""
    registration_code_kinds: tuple[str, ...] = ("boiler",)
    """Kinds whose nameplate is complete with a registration code of special equipment only."""
    twins_counted: Literal["first", "none"] = "first"
    """Of machines with the same nameplate the one that was registered first counts, or none until people have decided."""
    count_while_suspicion_open: bool = False
    """真实性: whether a machine counts while nobody has decided about what speaks against it."""
    branch_counts: Literal["own", "head"] = "own"
    """An enterprise of its own, or machines of its legal person where that is in the same count."""
    sources: dict[str, str] = Field(default={})
    """Document and clause by parameter."""

    @model_validator(mode="after")
    def _fit_together(self) -> Self:
        for name in ("least_valid_days", "reporting_days"):
            if getattr(self, name) > self.window_days:
                raise ValueError(f"{name} is {getattr(self, name)} in a window of {self.window_days} days")
        for kind, points in self.required_points.items():
            if kind not in kind_names():
                raise ValueError(f"required_points: {kind!r} is not a kind with a profile; known: {', '.join(kind_names())}")
            unknown = [name for name in points if name not in load_kind(kind).numeric_signals]
            if unknown:
                raise ValueError(f"required_points of {kind}: {unknown[0]!r} is none of its signals with a number")
            if not points or len(set(points)) < len(points):
                raise ValueError(f"required_points of {kind}: one or more, each once")
        unknown = sorted(set(self.sources) - set(type(self).model_fields))
        if unknown:
            raise ValueError(f"sources: {unknown[0]!r} is not a parameter")
        return self

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    def points_of(self, kind: str) -> tuple[str, ...]:
        """Give the required points of a kind; none of a kind without a profile, of which anything that comes is enough."""
        return self.required_points.get(kind, ())

    def least_points_for(self, kind: str) -> int:
        """Give how many of the required points of a kind must be valid on a day."""
        count, least = len(self.points_of(kind)), self.least_points_of.get(kind, self.least_points)
        if least == "all":
            return count
        # A share of 0.6 of 5 points is 3; floating-point numbers make it 3.0000000000000004 in other cases.
        return min(count, least) if isinstance(least, int) else ceil(round(float(least) * count, 9))

    def complete(self) -> "Parameters":
        """Write down the required points of every kind as its profile has them now, so that a later profile changes nothing."""
        points = {kind: self.required_points.get(kind) or required_points(kind) for kind in kind_names()}
        return self.model_copy(update={"required_points": points})

    def as_json(self) -> dict[str, Any]:
        return self.model_dump(mode="json")


class RuleFile(Settings):
    """A version of the rule as a file brings it."""

    version: str = Field(pattern=r"^[0-9A-Za-z][0-9A-Za-z._-]{0,39}$")
    document: str = Field(min_length=1, max_length=2000)
    """Who decided on it, and where it is written."""
    parameters: Parameters


def load_rule(connection: Connection, path: Path, *, made_by: str) -> tuple[str, bool]:
    """Bring a file's version, and tell whether it is new; the same again changes nothing.

    Raises
    ------
    ConfigError
        If the file has mistakes (with line and key), or its version is there with other content.
    """
    rule = load(path, RuleFile)
    return rule.version, add_rule(connection, rule, made_by=made_by)


def add_rule(connection: Connection, rule: RuleFile, *, made_by: str) -> bool:
    """Add a version; False if it is there already with the same content.

    Raises
    ------
    ConfigError
        If it is there with other content.
    """
    content = rule.parameters.as_json()
    if save_rule(connection, version=rule.version, parameters=content, document=rule.document, made_by=made_by):
        return True
    there = find_rule(connection, rule.version)
    if there.parameters != content or there.document != rule.document:
        raise ConfigError(f"version {rule.version!r} is there with other content; a version is never changed, name another")
    return False


def changed(rule: StoredRule, *, version: str, document: str, changes: Mapping[str, Any]) -> RuleFile:
    """Make a new version of one that is there, with some parameters changed.

    Raises
    ------
    ConfigError
        If a parameter is unknown or out of bounds.
    """
    try:
        return RuleFile(version=version, document=document, parameters=Parameters.model_validate({**rule.parameters, **changes}))
    except ValidationError as error:
        known = ", ".join(name for name in Parameters.model_fields if name != "sources")
        told = "; ".join(f"{'.'.join(map(str, one['loc'])) or 'parameters'}: {one['msg']}" for one in error.errors())
        raise ConfigError(f"{told} (known: {known})") from None


def find_rule(connection: Connection, version: str | None = None) -> StoredRule:
    """Give a version, or the newest.

    Raises
    ------
    ConfigError
        If there is none of that name, or none at all.
    """
    known = rules(connection)
    found = next((rule for rule in known if version in (None, rule.version)), None)
    if found is None and not known:
        raise ConfigError("there is no counting rule yet: `shangyun registry rule load` brings the one that comes with Shangyun")
    if found is None:
        raise ConfigError(f"there is no rule {version!r}; known: {', '.join(rule.version for rule in known)}")
    return found
