"""What administrators do, for the page and the API alike: each act and its line in the audit log are one transaction."""

import secrets
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal

from fastapi import HTTPException
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from dashboards.security.access import Viewer, record_act
from dashboards.security.user_names import normal_name
from store import sessions, sites, users
from store.database import Database
from telemetry.settings import time_zone_name
from telemetry.topics import NAME_PATTERN

NO_CONTROL = r"^[^\x00-\x1f\x7f]*$"
Role = Literal["viewer", "operator", "engineer", "county_officer", "city_officer", "evaluator", "admin"]
"""Of people; programs may be a screen besides."""
Id = Annotated[int, Field(ge=1, le=2**31 - 1)]
Label = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100, pattern=NO_CONTROL)]
UserName = Annotated[str, AfterValidator(normal_name), StringConstraints(max_length=200)]
Sites = Annotated[list[Id], Field(max_length=1000)] | None


class Closed(BaseModel):
    """Takes what it names and nothing else."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)


class UserRights(Closed):
    """What a user may do and see."""

    role: Role
    sites: Sites = None
    """Numbers of the sites that they may see; null for all."""
    is_disabled: bool = False


class NewUser(Closed):
    """A user to be added; the answer holds a password that must be changed at the first log-in."""

    name: UserName
    role: Role
    sites: Sites = None


class NewToken(Closed):
    """A token to be made for a program."""

    name: Label
    role: Role | Literal["screen"] = "viewer"
    sites: Sites = None
    days: Annotated[int, Field(ge=1, le=3650)] = 365


class SiteLabels(Closed):
    """How a site is called, and its time zone."""

    label_zh: Label
    label_en: Label
    time_zone: Annotated[str, StringConstraints(max_length=60), AfterValidator(time_zone_name)] = "Asia/Shanghai"


class NewSite(SiteLabels):
    """A site to be added; its name is for programs and lasts."""

    name: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")]


class Assignment(Closed):
    """Where a gateway stands."""

    gateway: Annotated[str, StringConstraints(pattern=NAME_PATTERN)]
    site: Id | None = None
    """Number of the site; null for none."""


class ActRefused(HTTPException):
    """What cannot be done as things are; ``reason`` is a word for pages, which say it in their language."""

    def __init__(self, reason: str, message: str, status: int = 409) -> None:
        self.reason = reason
        super().__init__(status, message)


def add_user(database: Database, viewer: Viewer, asked: NewUser, password_hash: str) -> int:
    _require_sites(database, asked.sites)
    with database.connection() as connection:
        user = users.add_user(connection, name=asked.name, password_hash=password_hash, role=asked.role, sites=asked.sites)
        if user is None:
            raise ActRefused("name_taken", f"there is a user {asked.name} already")
        record_act(connection, viewer, "user.add", asked.name, {"role": asked.role, "sites": asked.sites})
    return user


def change_user(database: Database, viewer: Viewer, user: int, asked: UserRights) -> None:
    """Change rights; whoever is disabled is signed out everywhere."""
    _require_sites(database, asked.sites)
    with database.connection() as connection:
        name = users.change_user(connection, user, role=asked.role, sites=asked.sites, is_disabled=asked.is_disabled)
        if name is None:
            raise _missing("user", user)
        if not users.has_administrator(connection):
            raise ActRefused("last_administrator", "somebody must stay who may administer all sites")
        if asked.is_disabled:
            sessions.close_all_sessions(connection, user)
        record_act(connection, viewer, "user.change", name, asked.model_dump())


def reset_password(database: Database, viewer: Viewer, user: int, password_hash: str) -> None:
    """Set a password that must be changed at the next log-in, and sign the user out."""
    with database.connection() as connection:
        name = users.set_password(connection, user, password_hash, must_change_password=True)
        if name is None:
            raise _missing("user", user)
        sessions.close_all_sessions(connection, user)
        record_act(connection, viewer, "user.reset_password", name)


def add_site(database: Database, viewer: Viewer, asked: NewSite) -> int:
    with database.connection() as connection:
        site = sites.add_site(connection, asked.model_dump())
        if site is None:
            raise ActRefused("name_taken", f"there is a site {asked.name} already")
        record_act(connection, viewer, "site.add", asked.name, asked.model_dump())
    return site


def change_site(database: Database, viewer: Viewer, site: int, asked: SiteLabels) -> None:
    with database.connection() as connection:
        if not sites.change_site(connection, site, asked.model_dump()):
            raise _missing("site", site)
        record_act(connection, viewer, "site.change", str(site), asked.model_dump())


def assign_gateway(database: Database, viewer: Viewer, asked: Assignment) -> None:
    with database.connection() as connection:
        if not sites.assign_gateway(connection, asked.gateway, asked.site):
            raise _missing("site", asked.site)
        record_act(connection, viewer, "gateway.assign", asked.gateway, {"site": asked.site})


def add_token(database: Database, viewer: Viewer, asked: NewToken) -> tuple[int, str]:
    """Make a token and give it: it is shown this once."""
    secret = f"sy_{secrets.token_urlsafe(32)}"
    expires_at = datetime.now(UTC) + timedelta(days=asked.days)
    _require_sites(database, asked.sites)
    with database.connection() as connection:
        token = sessions.add_token(
            connection,
            secret,
            name=asked.name,
            role=asked.role,
            sites=asked.sites,
            created_by=viewer.name,
            expires_at=expires_at,
        )
        if token is None:
            raise ActRefused("name_taken", f"there is a token {asked.name} already")
        record_act(connection, viewer, "token.add", asked.name, asked.model_dump())
    return token, secret


def revoke_token(database: Database, viewer: Viewer, token: int) -> None:
    with database.connection() as connection:
        name = sessions.drop_token(connection, token)
        if name is None:
            raise _missing("token", token)
        record_act(connection, viewer, "token.revoke", name)


def _require_sites(database: Database, wanted: Collection[int] | None) -> None:
    unknown = set(wanted or ()) - {site.id for site in sites.list_sites(database)}
    if unknown:
        raise ActRefused("unknown_site", f"sites: there is no site {min(unknown)}", 422)


def _missing(what: str, number: int | None) -> ActRefused:
    return ActRefused("missing", f"there is no {what} {number}", 404)
