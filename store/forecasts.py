"""Weather forecasts, what was learned of plants, and the power that was forecast; a plant is one kind behind one gateway."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple

from store.database import Database
from store.row_pages import as_list
from store.sql_files import query

Horizon = Literal["day_ahead", "ultra_short"]
Role = Literal["champion", "challenger", "retired"]
ROLES: tuple[Role, ...] = ("champion", "challenger", "retired")
IN_USE: tuple[Role, ...] = ("champion", "challenger")
LIVE: tuple[Role, ...] = ("champion",)
_ROWS_A_STATEMENT = 5000


class WeatherRow(NamedTuple):
    """What the weather at one instant was said to become; fields by name, in the units of `analytics.power_forecast.frame`."""

    issued_at: datetime
    valid_at: datetime
    fields: Mapping[str, float]


class WeatherSpan(NamedTuple):
    """How far the weather forecasts of a gateway reach."""

    first: datetime
    last: datetime
    newest_issue: datetime


class PlantModel(NamedTuple):
    """What is known of a model, without the model itself."""

    id: int
    gateway: str
    kind: str
    horizon: Horizon
    role: Role
    trained_from: datetime
    trained_until: datetime
    made_at: datetime
    made_by: str
    scores: Mapping[str, Any]


class NewModel(NamedTuple):
    """A model that is to be kept."""

    gateway: str
    kind: str
    horizon: str
    role: Role
    trained_from: datetime
    trained_until: datetime
    made_at: datetime
    made_by: str
    scores: Mapping[str, Any]
    model: Mapping[str, Any]


class PowerRow(NamedTuple):
    """The power of one quarter of an hour as it was forecast."""

    valid_at: datetime
    issued_at: datetime
    mean_kw: float
    floor_kw: float | None
    quantiles_kw: Sequence[float]
    model_id: int


class Issue(NamedTuple):
    """Forecasts that were issued together; columns over ``valid_at``, quantiles a row a quarter."""

    gateway: str
    kind: str
    horizon: str
    issued_at: datetime
    valid_at: Sequence[datetime]
    mean_kw: Sequence[float]
    floor_kw: Sequence[float]
    quantiles_kw: Sequence[Sequence[float]]
    model_id: int


def add_weather(database: Database, gateway: str, rows: Iterable[WeatherRow]) -> int:
    """Keep weather forecasts, all or none; one that is there already for the same issue and instant is replaced."""
    unique = {(row.valid_at, row.issued_at): row for row in rows}  # a statement may touch each row once
    wanted = list(unique.values())
    with database.connection() as connection:
        for first in range(0, len(wanted), _ROWS_A_STATEMENT):
            part = wanted[first : first + _ROWS_A_STATEMENT]
            values = {
                "gateway": gateway,
                "issued_at": [row.issued_at for row in part],
                "valid_at": [row.valid_at for row in part],
                "fields": [json.dumps(dict(row.fields), allow_nan=False) for row in part],
            }
            connection.execute(query("forecasts", "add_weather"), values)
    return len(wanted)


def weather(database: Database, gateway: str, *, start: datetime, end: datetime, issued_until: datetime) -> list[WeatherRow]:
    """Give all issues up to ``issued_until`` for instants in ``[start, end)``, but for those of four days before and more."""
    values = {"gateway": gateway, "start": start, "end": end, "issued_until": issued_until}
    with database.connection() as connection:
        return [WeatherRow(*row) for row in connection.execute(query("forecasts", "weather"), values)]


def weather_spans(database: Database, *, gateways: Collection[str] | None = None) -> dict[str, WeatherSpan]:
    with database.connection() as connection:
        rows = connection.execute(query("forecasts", "weather_spans"), {"gateways": as_list(gateways)}).fetchall()
    return {gateway: WeatherSpan(*span) for gateway, *span in rows}


def models(
    database: Database,
    *,
    gateway: str | None = None,
    kind: str | None = None,
    horizon: str | None = None,
    roles: Collection[Role] = IN_USE,
    limit: int = 1000,
) -> list[PlantModel]:
    """Give models, by plant and horizon, the newest first."""
    values = {"gateway": gateway, "kind": kind, "horizon": horizon, "roles": list(roles), "limit": limit}
    with database.connection() as connection:
        return [PlantModel(*row) for row in connection.execute(query("forecasts", "models"), values)]


def load_model(database: Database, model_id: int) -> dict[str, Any] | None:
    """Give the model itself."""
    with database.connection() as connection:
        row = connection.execute(query("forecasts", "model"), [model_id]).fetchone()
    return None if row is None else dict(row[0])


def add_model(database: Database, new: NewModel) -> int:
    """Keep a model in place of the one that had its role, which retires, and give its number; a champion ends the challenge."""
    values = new._asdict() | {
        "scores": json.dumps(new.scores, allow_nan=False),
        "model": json.dumps(new.model, allow_nan=False),
        "retiring": list(IN_USE) if new.role == "champion" else [new.role],
    }
    with database.connection() as connection:
        connection.execute(query("forecasts", "retire_model"), values)
        ((number,),) = connection.execute(query("forecasts", "add_model"), values).fetchall()
    return int(number)


def add_power(database: Database, issue: Issue) -> None:
    """Keep what was issued; what has been issued before for the same instants stands."""
    quantiles = ["{" + ",".join(f"{value:.7g}" for value in row) + "}" for row in issue.quantiles_kw]
    with database.connection() as connection:
        connection.execute(query("forecasts", "add_power"), issue._asdict() | {"quantiles_kw": quantiles})


def power(
    database: Database,
    gateway: str,
    kind: str,
    horizon: str,
    *,
    start: datetime,
    end: datetime,
    least_lead: timedelta = timedelta(0),
    limit: int = 50_000,
) -> list[PowerRow]:
    """Give of each quarter in ``[start, end)`` the newest forecast that was issued at least ``least_lead`` before it."""
    values = {
        "gateway": gateway,
        "kind": kind,
        "horizon": horizon,
        "start": start,
        "end": end,
        "least_lead": least_lead,
        "limit": limit,
    }
    with database.connection() as connection:
        return [PowerRow(*row) for row in connection.execute(query("forecasts", "power"), values)]


def last_issue(database: Database, gateway: str, kind: str, horizon: str) -> datetime | None:
    values = {"gateway": gateway, "kind": kind, "horizon": horizon}
    with database.connection() as connection:
        ((found,),) = connection.execute(query("forecasts", "last_issue"), values).fetchall()
    issued_at: datetime | None = found
    return issued_at


def issue(database: Database, gateway: str, kind: str, horizon: str, issued_at: datetime) -> list[PowerRow]:
    """Give all that was issued at an instant."""
    values = {"gateway": gateway, "kind": kind, "horizon": horizon, "issued_at": issued_at}
    with database.connection() as connection:
        return [PowerRow(*row) for row in connection.execute(query("forecasts", "issue"), values)]


def power_span(database: Database, gateway: str, kind: str, horizon: str) -> tuple[datetime, datetime] | None:
    """Give the first and the last quarter that there is a forecast of."""
    values = {"gateway": gateway, "kind": kind, "horizon": horizon}
    with database.connection() as connection:
        ((first, last),) = connection.execute(query("forecasts", "power_span"), values).fetchall()
    return None if first is None else (first, last)
