"""What the pages of production show of a plan."""

from collections.abc import Iterator

from analytics.scheduling.calendars import Calendar
from dashboards.pictures.picture import Picture
from dashboards.pictures.timeline import Span, timeline
from dashboards.production.plans import MINUTE, Whole
from dashboards.texts import Language, translator


def gantt(plan: Whole, language: Language) -> Picture:
    """Draw a plan, a lane for each machine: each operation by whether its job is in time, what is sold, and when it is closed."""
    _ = translator(language)
    states = {"in_time": _("按期"), "late": _("逾期"), "sold": _("已售出"), "closed": _("停机或班外")}
    lanes = {machine["name"]: sorted(_spans(plan, machine["name"])) for machine in plan.documents.machines}
    return timeline(lanes, states, zone=plan.about.zone, language=language)


def _spans(plan: Whole, name: str) -> Iterator[Span]:
    assert plan.tasks is not None
    if not plan.tasks.tasks:
        return
    first = min(task.start_minute for task in plan.tasks.tasks)
    last = max(task.end_minute for task in plan.tasks.tasks)
    due = {job.name: job.due_minute for job in plan.shop.jobs}
    sold = next(one.get("sold", []) for one in plan.documents.machines if one["name"] == name)
    machine = next(one for one in plan.shop.machines if one.name == name)
    made, back = (plan.about.made_at - plan.about.origin) // MINUTE, plan.documents.down_until.get(name)
    calendar = Calendar([*machine.closed, *([] if back is None or back <= made else [(made, back)])])
    sales = {(start, end) for start, end, _ in sold}
    # What is closed lies behind what is done: an operation that pauses goes over it.
    for start, end in zip(calendar.starts, calendar.ends, strict=True):
        if start < last and end > first and (start, end) not in sales and not _is_over(plan, name, start, end):
            yield _span(plan, max(start, first), min(end, last), "closed", "")
    for start, end, number in sold:
        if start < last and end > first:
            yield _span(plan, max(start, first), min(end, last), "sold", str(number))
    for task in plan.tasks.by_machine.get(name, ()):
        at = due[task.job]
        is_late = at is not None and plan.tasks.job_ends[task.job] > at
        yield _span(plan, task.start_minute, task.end_minute, "late" if is_late else "in_time", f"{task.job}/{task.operation}")


def _is_over(plan: Whole, name: str, start: int, end: int) -> bool:
    """Tell whether a machine works on something all the while."""
    assert plan.tasks is not None
    return any(task.start_minute <= start and end <= task.end_minute for task in plan.tasks.by_machine.get(name, ()))


def _span(plan: Whole, start: int, end: int, state: str, words: str) -> Span:
    begin, stop = (round(plan.time_of(minute).timestamp() * 1e6) for minute in (start, end))
    return begin, stop, state, words
