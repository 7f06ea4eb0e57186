"""Who asks, and what they may: every route names the permission that it needs (`require`)."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, cast

from fastapi import Depends, FastAPI, HTTPException, Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import RouteContext, iter_route_contexts
from starlette.requests import HTTPConnection
from starlette.routing import Mount

from dashboards.security.origin import client_address, is_bearer
from dashboards.settings import WebSettings
from store import audit
from store.database import Connection, Database, DatabaseError
from store.sessions import Identity

if TYPE_CHECKING:
    from dashboards.security.identities import Identities

PUBLIC_PATHS = frozenset({"/login", "/healthz", "/static", "/city/screen/enter"})
"""What anybody may ask for, files of pages besides."""


class Permission(StrEnum):
    """What a route can ask for."""

    READ = "read"
    ACKNOWLEDGE = "alarm:acknowledge"
    """Acknowledge, comment and reset alarms."""
    SHELVE = "alarm:shelve"
    """Shelve alarms for a time."""
    CONFIGURE_ALARMS = "alarm:configure"
    """Change rules, take alarms out of service."""
    MAINTAIN = "maintenance:write"
    """Write the maintenance log, open and close work orders, judge findings, fill in nameplates."""
    SCHEDULE = "production:write"
    """Plan orders, adopt plans, say when machines work, sell their time."""
    FORECAST = "forecast:write"
    """Bring weather forecasts, from which power is forecast."""
    CITY_READ = "city:read"
    """See all enterprises of the city, what they count for and why."""
    CITY_SCREEN = "city:screen"
    """See the city's big screen, and nothing else."""
    CITY_REGISTER = "city:register"
    """Register enterprises and machines, applications and projects."""
    CITY_ACCEPT = "city:accept"
    """The county's step: accept what enterprises ask for."""
    CITY_DECIDE = "city:decide"
    """The city's step: decide on suspicions, freeze counts, verify, pay."""
    ADMINISTER = "administer"
    """Users, sites, tokens, the audit log."""


_OPERATOR = frozenset({Permission.READ, Permission.ACKNOWLEDGE, Permission.SHELVE, Permission.MAINTAIN})
_CITY = frozenset({Permission.READ, Permission.CITY_READ, Permission.CITY_SCREEN})
_OF_ALL_SITES = frozenset(one for one in Permission if one is Permission.ADMINISTER or one.startswith("city:"))
ROLES: dict[str, frozenset[Permission]] = {
    "viewer": frozenset({Permission.READ}),
    "operator": _OPERATOR,
    "engineer": _OPERATOR | {Permission.CONFIGURE_ALARMS, Permission.SCHEDULE, Permission.FORECAST},
    "county_officer": _CITY | {Permission.CITY_REGISTER, Permission.CITY_ACCEPT},
    "city_officer": _CITY | {Permission.CITY_REGISTER, Permission.CITY_DECIDE},
    "evaluator": _CITY,
    "screen": frozenset({Permission.CITY_SCREEN}),
    "admin": frozenset(Permission),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    """Who asks: a person with a session, or a program with a token."""

    name: str
    role: str
    gateways: frozenset[str] | None = None
    """Gateways of the sites that they may see; None for all. What is behind another gateway does not exist for them (404)."""
    sites: frozenset[int] | None = None
    user: int | None = None
    """Number of the person; None for a program."""
    session: int | None = None
    must_change_password: bool = False
    address: str = ""
    """Where they ask from."""

    def may(self, permission: Permission) -> bool:
        # Whoever could administer some sites only could give themselves the others; and a city's figures tell of all sites.
        return permission in ROLES.get(self.role, ()) and (permission not in _OF_ALL_SITES or self.sites is None)

    def sees(self, gateway: str) -> bool:
        return self.gateways is None or gateway in self.gateways


class PasswordChangeNeeded(HTTPException):
    """A password that somebody else has given must be changed before anything is shown."""

    def __init__(self) -> None:
        super().__init__(403, "change your password first, on /account")


def cookie_name(settings: WebSettings) -> str:
    """Name the cookie; the prefix makes browsers refuse it without TLS, or from another host of the domain."""
    return "__Host-sid" if settings.public_address.startswith("https:") else "sid"


async def find_viewer(asked: HTTPConnection, *, is_use: bool = True) -> Viewer | None:
    """Give who asks, or None; a header with a token counts before a cookie, and the cookie not at all beside it."""
    settings, identities = cast("WebSettings", asked.app.state.settings), cast("Identities", asked.app.state.identities)
    is_token = is_bearer(asked)
    secret = asked.headers["authorization"][7:].strip() if is_token else asked.cookies.get(cookie_name(settings), "")
    if not secret:
        return None
    identity = await identities.find(secret, is_token=is_token, is_use=is_use)
    return None if identity is None else _viewer(identity, client_address(asked, settings.trusted_proxies))


def _viewer(identity: Identity, address: str) -> Viewer:
    return Viewer(
        name=identity.name,
        role=identity.role,
        gateways=identity.gateways,
        sites=identity.sites,
        user=identity.user,
        session=identity.session,
        must_change_password=identity.must_change_password,
        address=address,
    )


async def _signed_in(request: Request) -> Viewer:
    viewer: Viewer | None = getattr(request.state, "viewer", None) or await find_viewer(request)
    if viewer is None:
        raise HTTPException(401, "sign in, or send a token", headers={"WWW-Authenticate": "Bearer"})
    request.state.viewer = viewer  # for the layout of pages, those of errors as well
    return viewer


async def sign_in_first(request: Request) -> None:
    """Stand before everything that a route asks for: a stranger is told nothing, not even what is not there."""
    if request.url.path not in PUBLIC_PATHS:
        await _signed_in(request)


async def _anybody(request: Request) -> Viewer | None:
    try:
        return await find_viewer(request)
    except DatabaseError:
        return None


def require(permission: Permission, *, with_given_password: bool = False) -> Any:
    """Make the dependency of a route: ``viewer: Annotated[Viewer, require(Permission.SHELVE)]``.

    ``with_given_password`` lets those in who have yet to change the password that an administrator gave them.
    """

    async def check(viewer: Annotated[Viewer, Depends(_signed_in)]) -> Viewer:
        if viewer.must_change_password and not with_given_password:
            raise PasswordChangeNeeded
        if not viewer.may(permission):
            raise HTTPException(403, f"this needs the permission {permission}, which you do not have as {viewer.role}")
        return viewer

    check.permission = permission  # type: ignore[attr-defined]  # the start-up check reads it
    return Depends(check)


Reader = Annotated[Viewer, require(Permission.READ)]
Administrator = Annotated[Viewer, require(Permission.ADMINISTER)]
CityReader = Annotated[Viewer, require(Permission.CITY_READ)]
CityRegistrar = Annotated[Viewer, require(Permission.CITY_REGISTER)]
CountyOfficer = Annotated[Viewer, require(Permission.CITY_ACCEPT)]
CityOfficer = Annotated[Viewer, require(Permission.CITY_DECIDE)]
SignedIn = Annotated[Viewer, require(Permission.READ, with_given_password=True)]
Visitor = Annotated[Viewer | None, Depends(_anybody)]
"""Whoever it is, for the few routes that are open to all; None while the database cannot say."""

StillValid = Callable[[], Awaitable[bool]]


async def _still_valid(request: Request, viewer: Reader) -> StillValid:
    async def is_still_valid() -> bool:
        try:
            return await find_viewer(request, is_use=False) == viewer
        except DatabaseError:
            return True

    return is_still_valid


StreamCheck = Annotated[StillValid, Depends(_still_valid)]
"""What a stream asks each 30 s at least: whether its viewer is still signed in, with the same rights; it ends when not."""


def record_act(
    where: Database | Connection,
    viewer: Viewer,
    action: str,
    obj: str,
    detail: Mapping[str, object] | None = None,
    *,
    result: str = "done",
) -> None:
    """Write what a viewer did into the audit log, best with the connection of the act itself."""
    audit.record(
        where,
        actor=viewer.name,
        role=viewer.role,
        address=viewer.address,
        action=action,
        obj=obj,
        detail=detail,
        result=result,
    )


def refuse_open_routes(application: FastAPI) -> None:
    """Fail if any route names no permission and is not public on purpose, so that none is forgotten."""
    # Mounts serve files alone; an application mounted elsewhere would be a way around every check.
    contexts = list(iter_route_contexts(application.routes))
    open_routes = [str(route.path) for route in contexts if not (_is_public(route) or _names_permission(route))]
    if open_routes:
        raise RuntimeError(f"routes without a permission: {', '.join(open_routes)}")


def _is_public(route: RouteContext) -> bool:
    path = str(route.path)
    return path in PUBLIC_PATHS or (isinstance(route.original_route, Mount) and path.startswith("/pages/"))


def _names_permission(route: RouteContext) -> bool:
    dependant = getattr(route, "dependant", None)
    return dependant is not None and any(hasattr(call, "permission") for call in _calls(dependant))


def _calls(dependant: Dependant) -> Iterable[Any]:
    for inner in dependant.dependencies:
        yield inner.call
        yield from _calls(inner)
