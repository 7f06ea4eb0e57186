"""What every page of production asks for, and how it is rendered."""

from datetime import UTC, datetime
from typing import Annotated, Any, NamedTuple

from fastapi import Depends, Request
from fastapi.responses import HTMLResponse

from dashboards.api.production import Scheduler
from dashboards.context import CurrentDatabase, CurrentFeed, CurrentSettings, language_of, render
from dashboards.live.feed import Feed
from dashboards.pages.schedule import words
from dashboards.plant_time import plant_time
from dashboards.production.machines import MachineNow, machines_of
from dashboards.security.access import Permission, Reader, Viewer
from dashboards.settings import WebSettings
from dashboards.texts import Language, Translate, translator
from store.database import Database


class Visit(NamedTuple):
    """Who looks at what."""

    request: Request
    database: Database
    viewer: Viewer
    settings: WebSettings
    feed: Feed

    @property
    def language(self) -> Language:
        return language_of(self.request)

    @property
    def translate(self) -> Translate:
        return translator(self.language)

    def machines(self, gateway: str | None = None) -> list[MachineNow]:
        """Give the machine tools that the viewer sees, or those behind a gateway that they see."""
        return machines_of(
            self.database,
            gateways=self.viewer.gateways if gateway is None else frozenset({gateway}),
            online=self.feed.state.gateways,
            now=datetime.now(UTC),
            stale_seconds=self.settings.stale_seconds,
        )

    def page(self, name: str, *, status: int = 200, **content: Any) -> HTMLResponse:
        language, _ = self.language, self.translate
        return render(
            self.request,
            f"schedule/{name}.html",
            status,
            section=name,
            may_schedule=self.viewer.may(Permission.SCHEDULE),
            local_time=plant_time(self.settings),
            in_words=lambda label: getattr(label, language),
            plan_states=words.plan_states(_),
            machine_states=words.machine_states(_),
            sale_states=words.sale_states(_),
            methods=words.methods(_),
            deeds=words.deeds(_),
            refusals=words.refusals(_),
            lacks=words.lacks(_),
            doubt_words=words.doubts(_),
            **content,
        )


def _reading(
    *, request: Request, database: CurrentDatabase, viewer: Reader, settings: CurrentSettings, feed: CurrentFeed
) -> Visit:
    return Visit(request, database, viewer, settings, feed)


def _acting(
    *, request: Request, database: CurrentDatabase, viewer: Scheduler, settings: CurrentSettings, feed: CurrentFeed
) -> Visit:
    return Visit(request, database, viewer, settings, feed)


Reading = Annotated[Visit, Depends(_reading)]
Acting = Annotated[Visit, Depends(_acting)]
