"""The big screen: a frame that is loaded once, figures that it exchanges by itself, and the form that lets a kiosk in."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.concurrency import run_in_threadpool

from dashboards.city_report.overview import Overview, newest, overview
from dashboards.context import CurrentDatabase, CurrentSettings, language_of, render
from dashboards.pages.city import words
from dashboards.pages.city.drawn import funnel_picture, kinds_picture, trend_picture
from dashboards.pages.city_screen.kiosk import PATH, ScreenRoute, identity_of, set_cookie, viewer_of
from dashboards.pictures.axes import Scale
from dashboards.pictures.legend import level_of
from dashboards.plant_time import plant_time
from dashboards.security.access import Permission, Viewer, Visitor, record_act, require
from dashboards.texts import translator
from store.city_quality import newest_events

router = APIRouter(prefix=PATH, include_in_schema=False, route_class=ScreenRoute)

ScreenViewer = Annotated[Viewer, require(Permission.CITY_SCREEN)]
EVENTS = 7
NARROW = 470.0
"""Width of drawings in their own units: stretched over a third of the screen, their letters are large."""
_SHARE = Scale(low=0, high=1, start=0, end=1)


@router.get("", response_class=HTMLResponse)
def screen(request: Request, _viewer: ScreenViewer) -> HTMLResponse:
    return render(request, "city_screen/page.html")


@router.get("/figures", response_class=HTMLResponse)
def figures(request: Request, database: CurrentDatabase, settings: CurrentSettings, _viewer: ScreenViewer) -> HTMLResponse:
    """Give what the screen exchanges; it is asked for every few seconds."""
    language = language_of(request)
    _ = translator(language)
    of = newest(database)
    if of is None:
        return render(request, "city_screen/figures.html", shown=None)
    shown = overview(database, of)
    labels = {code: words.area_label(shown.areas, code, language) for code in shown.areas}
    return render(
        request,
        "city_screen/figures.html",
        shown=shown,
        city=labels.get(of.area, of.area),
        labels=labels,
        tiles=_tiles(shown, labels),
        funnel=funnel_picture(shown, language, width=NARROW),
        kinds=kinds_picture(shown, language, width=NARROW),
        trend=trend_picture(shown, language),
        events=newest_events(database, of.id, limit=EVENTS),
        event_words={
            "new_on_cloud": _("新上云"),
            "enterprise": _("企业登记"),
            "gateway": _("网关登记"),
            **words.forms(_),
        },
        local_time=plant_time(settings),
    )


@router.get("/enter", response_class=HTMLResponse)
def ask(request: Request, _viewer: Visitor) -> HTMLResponse:
    return render(request, "city_screen/enter.html", problem="")


@router.post("/enter", response_class=HTMLResponse)
async def let_in(
    request: Request, database: CurrentDatabase, settings: CurrentSettings, token: Annotated[str, Form(max_length=200)] = ""
) -> Response:
    """Keep the token in the kiosk's cookie if it opens the screen and nothing else."""
    secret = token.strip()
    identity = await identity_of(request, secret) if secret else None
    if identity is None:
        _ = translator(language_of(request))
        problem = _("这个令牌不能打开大屏：可能输错、已过期、已吊销，或权限不止查看大屏。")
        return render(request, "city_screen/enter.html", 401, problem=problem)
    await run_in_threadpool(record_act, database, viewer_of(request, identity), "city.enter_screen", identity.name)
    response = RedirectResponse(PATH, 303)
    set_cookie(response, settings, secret, identity)
    return response


def _tiles(shown: Overview, labels: Mapping[str, str]) -> list[dict[str, object]]:
    """Lay the areas out by rank, deep where many of the registered enterprises are on the cloud."""
    return [
        {
            "name": labels.get(one.figures.code or "", one.figures.code),
            "on_cloud": one.figures.on_cloud,
            "enterprises": one.figures.enterprises,
            "level": level_of(one.figures.on_cloud / one.figures.enterprises, _SHARE) if one.figures.enterprises else 0,
        }
        for one in shown.ranked
    ]
