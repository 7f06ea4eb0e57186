"""Who asks, and what they may: every route names the permission that it needs (`require`)."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any

from fastapi import Depends, HTTPException, Request


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
    ADMINISTER = "administer"
    """Users, sites, tokens, the audit log."""


_OPERATOR = frozenset({Permission.READ, Permission.ACKNOWLEDGE, Permission.SHELVE, Permission.MAINTAIN})
ROLES: dict[str, frozenset[Permission]] = {
    "viewer": frozenset({Permission.READ}),
    "operator": _OPERATOR,
    "engineer": _OPERATOR | {Permission.CONFIGURE_ALARMS},
    "city_officer": frozenset({Permission.READ}),
    "evaluator": frozenset({Permission.READ}),
    "admin": frozenset(Permission),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    """Who asks: a person with a session, or a program with a token."""

    name: str
    role: str
    gateways: frozenset[str] | None = None
    """Gateways of the sites that they may see; None for all. What is behind another gateway does not exist for them (404)."""

    def may(self, permission: Permission) -> bool:
        return permission in ROLES[self.role]

    def sees(self, gateway: str) -> bool:
        return self.gateways is None or gateway in self.gateways


async def _viewer(request: Request) -> Viewer:
    return Viewer(name=str(request.url.username or "nobody"), role="admin")


def require(permission: Permission) -> Any:
    """Make the dependency of a route: ``viewer: Annotated[Viewer, require(Permission.SHELVE)]``."""

    async def check(viewer: Annotated[Viewer, Depends(_viewer)]) -> Viewer:
        if not viewer.may(permission):
            raise HTTPException(403, f"this needs the permission {permission}, which the role {viewer.role} does not have")
        return viewer

    check.permission = permission  # type: ignore[attr-defined]  # the start-up check reads it
    return Depends(check)


Reader = Annotated[Viewer, require(Permission.READ)]
