"""What a viewer does about alarms, from API and pages alike: only to what they may see, and never without the audit log."""

from collections.abc import Collection
from datetime import datetime, timedelta

from analytics.alarms.acts import Outcome, act
from analytics.alarms.flood import FloodTerms
from analytics.alarms.states import ActRefused, Deed
from dashboards.alarms.feed import AlarmFeed
from dashboards.error_answers import not_found
from dashboards.security.access import Permission, Viewer, record_act
from device_profiles.kind import Label
from store.database import Database

PERMISSIONS = {
    Deed.ACKNOWLEDGE: Permission.ACKNOWLEDGE,
    Deed.COMMENT: Permission.ACKNOWLEDGE,
    Deed.RESET: Permission.ACKNOWLEDGE,
    Deed.SHELVE: Permission.SHELVE,
    Deed.UNSHELVE: Permission.SHELVE,
    Deed.TAKE_OUT_OF_SERVICE: Permission.CONFIGURE_ALARMS,
    Deed.PUT_INTO_SERVICE: Permission.CONFIGURE_ALARMS,
}
_NOT_THERE = Label(zh="没有此报警", en="there is no such alarm")


def carry_out(
    database: Database,
    alarms: AlarmFeed,
    viewer: Viewer,
    ids: Collection[int],
    deed: Deed,
    *,
    now: datetime,
    note: str = "",
    shelf: timedelta | None = None,
    once: bool = False,
) -> list[Outcome]:
    """Do it, and tell for each alarm what became of it, in the order asked.

    Raises
    ------
    HTTPException
        404, if none of them is there for the viewer.
    """
    try:
        outcomes = act(
            database,
            ids,
            deed,
            actor=viewer.name,
            now=now,
            note=note.strip(),
            until=None if shelf is None else now + shelf,
            once=once,
            gateways=viewer.gateways,
            floods=FloodTerms(positions=alarms.positions),
        )
    except ActRefused as refusal:  # of all at once
        outcomes = [Outcome(alarm_id, refusal.reason) for alarm_id in ids]
    if not outcomes:
        raise not_found("such alarm")
    became = {outcome.condition_id: outcome for outcome in outcomes}
    told = [became.get(alarm_id, Outcome(alarm_id, _NOT_THERE)) for alarm_id in dict.fromkeys(ids)]
    done = [outcome.condition_id for outcome in told if outcome.refused is None]
    detail: dict[str, object] = {
        "done": done,
        "refused": {str(one.condition_id): one.refused.en for one in told if one.refused},
        "note": note,
    }
    if shelf is not None:
        detail |= {"minutes": shelf.total_seconds() / 60, "once": once}
    record_act(database, viewer, f"alarm.{deed}", "alarms", detail, result="done" if done else "refused")
    return told
