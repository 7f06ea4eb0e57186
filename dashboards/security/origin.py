"""Who asks from where: the address that we are asked by, the page that sends a form, and the client behind a proxy."""

import ipaddress
from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from dashboards.settings import WebSettings

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class OriginCheck:
    """Refuses a Host that is not ours (links and cookies would follow it) and acts that another site's page sends.

    A bearer token needs no origin: no browser adds it by itself.
    """

    def __init__(self, app: ASGIApp, *, settings: WebSettings) -> None:
        self._app = app
        self._public = settings.public_address
        self._hosts = LOOPBACK | {settings.host}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        problem = self._problem(HTTPConnection(scope)) if scope["type"] == "http" else None
        if problem is None:
            await self._app(scope, receive, send)
            return
        status, message = problem
        await JSONResponse({"error": message}, status)(scope, receive, send)

    def _problem(self, asked: HTTPConnection) -> tuple[int, str] | None:
        hosts = asked.headers.getlist("host")
        if asked.scope["path"] != "/healthz" and (len(hosts) != 1 or not self._is_ours(hosts[0])):
            return 400, "this server is not asked by this name; the setting public_address names it"
        if asked.scope["method"] in SAFE_METHODS or is_bearer(asked):
            return None
        allowed = {self._public} if self._public else {f"{scheme}://{host}" for scheme in ("http", "https") for host in hosts}
        if asked.headers.get("origin") not in allowed:
            return 403, "only our own pages may send this"
        return None

    def _is_ours(self, host: str) -> bool:
        if self._public:
            return host.lower() == urlsplit(self._public).netloc
        return _name_of(host) in self._hosts


def is_bearer(asked: HTTPConnection) -> bool:
    return asked.headers.get("authorization", "")[:7].lower() == "bearer "


def client_address(asked: HTTPConnection, trusted_proxies: Collection[str]) -> str:
    """Give the address of who asks; what a header says counts only as far as trusted proxies have written it."""
    address = asked.client.host if asked.client else ""
    if address not in trusted_proxies:
        return address
    passed = [part.strip() for line in asked.headers.getlist("x-forwarded-for") for part in line.split(",")]
    for before in reversed(passed):
        if not _is_address(before):
            break
        address = before
        if before not in trusted_proxies:
            break
    return address


def _name_of(host: str) -> str:
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
