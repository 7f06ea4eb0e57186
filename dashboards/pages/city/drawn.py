"""What the city's pages, its screen and its report draw of a count."""

from dashboards.city_report.overview import Overview, days_of
from dashboards.pages.city import words
from dashboards.pages.city.part_bars import PartBar, part_bars
from dashboards.pictures.bars import bars
from dashboards.pictures.figures import MINUS, fixed
from dashboards.pictures.picture import Picture
from dashboards.texts import Language, translator

WIDTH = 640.0
_DAY_FORM = {"day": "%m-%d", "month": "%Y-%m", "quarter": "%Y-%m", "year": "%Y"}


def funnel_picture(shown: Overview, language: Language, *, width: float = WIDTH) -> Picture:
    """Draw how many machines are left after each test, of how many came to it."""
    _ = translator(language)
    labels = words.tests(language)
    bars = [PartBar(_("全部登记"), shown.steps[0].reached, shown.steps[0].reached, fixed(shown.steps[0].reached, 0))]
    bars += [
        PartBar(labels[step.test], step.left, step.reached, f"{fixed(step.left, 0)}  {_lost(step.lost)}") for step in shown.steps
    ]
    return part_bars(
        bars,
        title=_("计数漏斗"),
        header=[_("检验"), _("参加检验"), _("未通过设备"), _("通过设备")],
        rows=[(labels[step.test], step.reached, step.lost, step.left) for step in shown.steps],
        width=width,
        language=language,
    )


def kinds_picture(shown: Overview, language: Language, *, width: float = WIDTH) -> Picture:
    """Draw for each kind the machines that count, of those that are registered."""
    _ = translator(language)
    rows = []
    for kind in shown.kinds:
        days = days_of((one for one in shown.cells if one.kind == kind), window_days=shown.window_days)
        rows.append((words.kind_label(kind, language), days.machines, days.counted))
    rows.sort(key=lambda row: (-row[2], -row[1]))
    return part_bars(
        [PartBar(name, counted, machines, f"{fixed(counted, 0)} / {fixed(machines, 0)}") for name, machines, counted in rows],
        title=_("各类设备"),
        header=[_("设备类型"), _("登记设备"), _("上云设备")],
        rows=rows,
        width=width,
        language=language,
    )


def trend_picture(shown: Overview, language: Language, *, of: str = "counted") -> Picture:
    """Draw ``counted`` machines or ``on_cloud`` enterprises over the counts."""
    _ = translator(language)
    label = {"counted": _("上云设备"), "on_cloud": _("上云企业")}[of]
    unit = _("台") if of == "counted" else _("家")
    names = [f"{one.last_day:{_DAY_FORM[one.form]}}" for one in shown.trend]
    drawn = bars(names, {label: [float(getattr(one, of)) for one in shown.trend]}, unit=unit, language=language)
    rows = [(one.last_day.isoformat(), getattr(one, of)) for one in shown.trend]
    return Picture(svg=drawn.svg, header=[_("最后一天"), label], rows=list(rows))


def _lost(machines: int) -> str:
    return f"{MINUS}{fixed(machines, 0)}" if machines else ""
