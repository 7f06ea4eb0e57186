"""What routes ask for: the parts of the running application, and how a page is rendered for its visitor."""

from typing import Annotated, Any, cast

from fastapi import Depends, Request
from fastapi.responses import HTMLResponse

from dashboards.live.feed import Feed
from dashboards.settings import WebSettings
from dashboards.texts import LANGUAGES, Language, as_language, texts_for_scripts
from store.database import Database

_COOKIE_SECONDS = 365 * 86_400


def _settings(request: Request) -> WebSettings:
    return cast("WebSettings", request.app.state.settings)


def _database(request: Request) -> Database:
    return cast("Database", request.app.state.database)


def _feed(request: Request) -> Feed:
    return cast("Feed", request.app.state.feed)


CurrentSettings = Annotated[WebSettings, Depends(_settings)]
CurrentDatabase = Annotated[Database, Depends(_database)]
CurrentFeed = Annotated[Feed, Depends(_feed)]


def language_of(request: Request) -> Language:
    """Give the visitor's language: the one in the address, else the one chosen before, else Chinese."""
    return as_language(request.query_params.get("lang")) or as_language(request.cookies.get("lang")) or LANGUAGES[0]


def render(request: Request, template: str, status: int = 200, **content: Any) -> HTMLResponse:
    """Render a page in the visitor's language, and remember a language that the address names."""
    language = language_of(request)
    other = next(one for one in LANGUAGES if one != language)
    environment = request.app.state.templates[language]
    page = environment.get_template(template).render(
        other_language=other,
        switch_address=f"?{request.url.include_query_params(lang=other).query}",
        script_texts=texts_for_scripts(language),
        request_path=request.url.path,
        viewer=getattr(request.state, "viewer", None),
        settings=_settings(request),
        database_away=_feed(request).database_connected is False,
        **content,
    )
    # htmx asks at the same address for a part of the page: a browser must not show one for the other.
    response = HTMLResponse(page, status_code=status, headers={"Vary": "HX-Request"})
    if as_language(request.query_params.get("lang")):
        response.set_cookie("lang", language, max_age=_COOKIE_SECONDS, httponly=True, samesite="lax")
    return response
