"""Tables that somebody has uploaded and not yet confirmed, kept in memory for an hour."""

import secrets
import threading
import time
from dataclasses import dataclass, field
from typing import cast

from fastapi import FastAPI

from dashboards.security.access import Viewer
from registry.imports.columns import TableName
from registry.imports.report import Report

KEPT_SECONDS = 3600.0
MOST_KEPT = 30
"""The oldest is forgotten first; one is a megabyte, as no page may send more."""


@dataclass(kw_only=True)
class Draft:
    """One table with the report of it; the content goes once it was taken."""

    owner: tuple[int | None, str]
    table: TableName
    file: str
    content: bytes
    report: Report
    token: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    uploaded_at: float = field(default_factory=time.monotonic)


class Drafts:
    """All of them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[str, Draft] = {}

    def add(self, draft: Draft) -> None:
        with self._lock:
            self._forget()
            while len(self._kept) >= MOST_KEPT:
                del self._kept[next(iter(self._kept))]
            self._kept[draft.token] = draft

    def get(self, token: str, viewer: Viewer) -> Draft | None:
        """Give a draft to who uploaded it; None once it is forgotten."""
        with self._lock:
            self._forget()
            found = self._kept.get(token)
        return found if found is not None and found.owner == (viewer.user, viewer.name) else None

    def _forget(self) -> None:
        now = time.monotonic()
        self._kept = {token: one for token, one in self._kept.items() if now - one.uploaded_at < KEPT_SECONDS}


_making = threading.Lock()


def drafts_of(application: FastAPI) -> Drafts:
    """Give the drafts of an application, which has none before the first is uploaded."""
    with _making:
        if not hasattr(application.state, "registry_drafts"):
            application.state.registry_drafts = Drafts()
        return cast("Drafts", application.state.registry_drafts)
