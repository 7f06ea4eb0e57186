"""A report put together: what a frozen count says, laid out on paper or as a page."""

from datetime import datetime
from zoneinfo import ZoneInfo

from jinja2 import Environment

from dashboards.city_report.overview import days_of, overview
from dashboards.city_report.pdf import STATIC, for_paper
from dashboards.city_report.planned import planned
from dashboards.pages.city import words
from dashboards.pages.city.drawn import funnel_picture, kinds_picture, trend_picture
from dashboards.pages.city.tables import heat, quality_rows
from dashboards.texts import Language, translator
from store.city_snapshots import Snapshot
from store.database import Database

STYLE = STATIC.parent / "pages" / "city" / "static" / "report.css"


def paper(
    environment: Environment, database: Database, of: Snapshot, *, language: Language, zone: str, is_page: bool = False
) -> str:
    """Write the report of a count; as a page its style comes from the server, on paper it is in the text itself."""
    shown = overview(database, of, trend_form=of.form)
    _ = translator(language)
    there = ZoneInfo(zone)

    def local_time(time: datetime) -> str:
        return f"{time.astimezone(there):%Y-%m-%d %H:%M}"

    drawn = {
        "funnel": funnel_picture(shown, language),
        "kinds": kinds_picture(shown, language),
        "enterprises": trend_picture(shown, language, of="on_cloud"),
        "machines": trend_picture(shown, language),
    }
    return environment.get_template("city/report.html").render(
        shown=shown,
        is_page=is_page,
        style=STYLE.read_text(encoding="utf-8"),
        city=words.area_label(shown.areas, of.area, language),
        labels={code: words.area_label(shown.areas, code, language) for code in shown.areas},
        kind_labels={one: words.kind_label(one, language) for one in shown.kinds},
        form=words.forms(_)[of.form],
        tests=words.tests(language),
        meanings=words.meanings(_),
        methods=words.methods(language),
        heat=heat(shown),
        quality=quality_rows(shown),
        plan=planned(database, of, shown.areas, language),
        days=days_of(shown.cells, window_days=shown.window_days),
        pictures={name: one.svg if is_page else for_paper(one.svg) for name, one in drawn.items()},
        local_time=local_time,
    )
