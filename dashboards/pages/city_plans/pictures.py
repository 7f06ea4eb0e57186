"""Pictures of a plan: its phases over time, what was reached of each target, and the course against the total."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from dashboards.pictures.bars import bars
from dashboards.pictures.line import line
from dashboards.pictures.picture import Picture
from dashboards.pictures.timeline import Span, timeline
from dashboards.texts import Language, translator
from registry.exports.plans import member_name
from registry.plans.progress import Progress
from registry.plans.standing import PlanStanding
from registry.plans.words import number
from registry.stars.windows import Batch


def _microseconds(day: date, zone: str) -> int:
    return int(datetime.combine(day, time(), ZoneInfo(zone)).timestamp()) * 1_000_000


def phases_picture(standing: PlanStanding, windows: Sequence[Batch], *, today: date, zone: str, language: Language) -> Picture:
    """Draw phases as they are printed, overlaps and all, and the months in which something is applied for."""
    _ = translator(language)
    states = {"over": _("已结束"), "running": _("进行中"), "coming": _("未开始"), "window": _("申报窗口")}

    def span(first: date, last: date, state: str, words: str) -> Span:
        return _microseconds(first, zone), _microseconds(last + timedelta(days=1), zone), state, words

    lanes: dict[str, list[Span]] = {}
    for phase in standing.phases:
        state = "over" if phase.last_day < today else "coming" if phase.first_day > today else "running"
        lanes[_lane(getattr(phase, f"label_{language}"), language)] = [
            span(phase.first_day, phase.last_day, state, f"{phase.first_day:%Y-%m} – {phase.last_day:%Y-%m}")
        ]
    if windows:
        lanes[_("星级申报")] = [span(one.first_day, one.last_day, "window", "") for one in windows]
    return timeline(lanes, states, zone=zone, language=language)


def _lane(name: str, language: Language) -> str:
    """Shorten what has no room beside its lane: a Chinese character is twice as wide as a letter."""
    return f"{name[:6]}…" if language == "zh" and len(name) > 7 else name


def areas_picture(rows: Sequence[Progress], labels: Mapping[str, str], language: Language) -> Picture:
    """Draw target and reached beside each other."""
    _ = translator(language)
    return bars(
        [member_name(row, labels, language) for row in rows],
        {
            _("目标"): [None if row.target.low is None else float(row.target.low) for row in rows],
            _("已完成"): [None if row.reached is None else float(row.reached) for row in rows],
        },
        unit=_("家"),
        stacked=False,
        language=language,
    )


def course_picture(standing: PlanStanding, total: Progress | None, *, zone: str, language: Language) -> Picture:
    """Draw the enterprises on the cloud at the end of each count, under the line of the total; nothing is split between."""
    _ = translator(language)
    course = standing.course
    times = [_microseconds(day, zone) for day, _count in course]
    series: dict[str, list[float | None]] = {_("上云企业"): [float(count) for _day, count in course]}
    if total is not None and total.target.low is not None:
        low = total.target.low
        series[_("目标 {number}", number=number(low))] = [float(low)] * len(course)
    return line(times, series, unit=_("家"), zone=zone, language=language)
