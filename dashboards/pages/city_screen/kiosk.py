"""How a screen on a wall is let in: a token that can show the screen and nothing else, kept in a cookie of these pages alone.

The token is typed or scanned once into a form. It never stands in an address, so no log and no history has it; and the cookie is
sent to these pages only, is out of reach of scripts, and ends with the token, which an administrator can revoke at any time.
"""

from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from typing import Any

from fastapi import Request, Response
from fastapi.responses import RedirectResponse
from fastapi.routing import APIRoute

from dashboards.context import render
from dashboards.security.access import ROLES, Permission, Viewer, find_viewer
from dashboards.security.origin import client_address, is_bearer
from dashboards.settings import WebSettings
from store.database import DatabaseError
from store.sessions import Identity

PATH = "/city/screen"
ENTER = f"{PATH}/enter"
FIGURES = f"{PATH}/figures"
LONGEST_COOKIE_SECONDS = 400 * 86_400
"""Browsers keep none for longer."""


def cookie_name(settings: WebSettings) -> str:
    return "__Secure-kiosk" if settings.public_address.startswith("https:") else "kiosk"


def set_cookie(response: Response, settings: WebSettings, token: str, identity: Identity) -> None:
    seconds = int((identity.ends_at - datetime.now(UTC)).total_seconds())
    response.set_cookie(
        cookie_name(settings),
        token,
        max_age=min(max(seconds, 0), LONGEST_COOKIE_SECONDS),
        path=PATH,
        secure=settings.public_address.startswith("https:"),
        httponly=True,
        samesite="strict",
    )


async def identity_of(request: Request, token: str) -> Identity | None:
    """Give whom a token stands for if it can show the screen and do nothing else: what hangs in a hall must not open more."""
    found: Identity | None = await request.app.state.identities.find(token, is_token=True)
    if found is None or found.sites is not None or ROLES.get(found.role) != frozenset({Permission.CITY_SCREEN}):
        return None
    return found


def viewer_of(request: Request, identity: Identity) -> Viewer:
    address = client_address(request, request.app.state.settings.trusted_proxies)
    return Viewer(name=identity.name, role=identity.role, address=address)


class ScreenRoute(APIRoute):
    """A route of the screen: the kiosk's cookie lets in, besides what lets in everywhere; who is not known is led to the form."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        answer = super().get_route_handler()

        async def handle(request: Request) -> Response:
            path = request.url.path
            try:
                viewer = await _viewer(request)
            except DatabaseError:
                if path != PATH:
                    raise
                # The frame holds no figures. It waits for the database by itself, where a page of error would stand for ever.
                return render(request, "city_screen/page.html")
            if viewer is not None:
                request.state.viewer = viewer
            elif path == FIGURES and request.headers.get("hx-request"):
                return Response(status_code=401, headers={"HX-Redirect": ENTER})
            elif path == PATH and not is_bearer(request):
                return RedirectResponse(ENTER, 303)
            return await answer(request)

        return handle


async def _viewer(request: Request) -> Viewer | None:
    if is_bearer(request):
        return await find_viewer(request)
    token = request.cookies.get(cookie_name(request.app.state.settings), "")
    identity = await identity_of(request, token) if token else None
    if identity is not None:
        return viewer_of(request, identity)
    # A screen that is left open is no use of a person's session.
    return await find_viewer(request, is_use=request.url.path == PATH)
