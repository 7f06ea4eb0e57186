"""The figures of the alarm system for a viewer: of one site, or of all that they see."""

from datetime import datetime, timedelta
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, Field

from analytics.alarms.flood import FloodTerms
from analytics.alarms.performance import Performance, measure_performance
from dashboards.alarms.feed import AlarmFeed
from dashboards.alarms.questions import MachineId
from dashboards.error_answers import not_found
from dashboards.security.access import Viewer
from store.alarm_journal import JournalFilter, list_journal
from store.database import Database

BASE_DAYS = 30
"""The standards judge a period of at least so many days."""


def _number(given: object) -> object:
    """Take the digits of an address for a number, which a closed list of numbers does not do by itself."""
    return int(given) if isinstance(given, str) and given.isdecimal() and len(given) < 4 else given


class PerformanceQuestion(BaseModel):
    days: Annotated[Literal[1, 7, 30], BeforeValidator(_number)] = Field(
        default=30, description="length of the period, up to now"
    )
    site: MachineId = Field(default=None, description="id of a site, whose alarms have one operator; all together when left out")


def measured(
    database: Database, alarms: AlarmFeed, viewer: Viewer, asked: PerformanceQuestion, *, now: datetime
) -> tuple[Performance, bool]:
    """Measure the days before the present hour, and it; and tell whether the journal is as old as that.

    Raises
    ------
    HTTPException
        404, if there is no such site for the viewer.
    """
    begin = now.replace(minute=0, second=0, microsecond=0) - timedelta(days=asked.days)
    gateways = viewer.gateways
    if asked.site is not None:
        if asked.site not in alarms.sites or (viewer.sites is not None and asked.site not in viewer.sites):
            raise not_found(f"site {asked.site}")
        gateways = alarms.gateways_of(asked.site)
    found = measure_performance(database, begin=begin, now=now, gateways=gateways, terms=FloodTerms(positions=alarms.positions))
    return found, bool(list_journal(database, JournalFilter(until=begin, gateways=gateways), limit=1))
