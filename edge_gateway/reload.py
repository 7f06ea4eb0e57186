"""A new configuration on trial: it stays if every machine that answered before still answers, and goes otherwise."""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from device_profiles.profile import forget_profiles
from edge_gateway import metrics
from edge_gateway.plant import Configuration, Plant
from edge_gateway.settings import GatewaySettings
from telemetry.errors import ConfigError

_log = logging.getLogger(__name__)

SHORTEST_TRIAL_SECONDS = 10.0
_LOOK_SECONDS = 0.1
FIXED = ("gateway", "broker", "spool", "publish", "health", "sparkplug")
"""What only a restart can change: it belongs to the bundles that are on their way."""


class Reload:
    """Keeps the configuration at work; `request` asks for the file to be read again."""

    def __init__(self, plant: Plant, running: Configuration, load: Callable[[], Configuration], *, trial_seconds: float) -> None:
        self.running = running
        self._plant = plant
        self._load = load
        self._trial_seconds = trial_seconds
        self._asked = asyncio.Event()
        self.last: dict[str, Any] = {}
        """How the last reload went, for the gateway's state."""

    def request(self) -> None:
        self._asked.set()

    async def run(self, *, changed: Callable[[], None]) -> None:
        """Serve requests, one after the other; ``changed`` is called after each change of what is running."""
        while True:
            await self._asked.wait()
            self._asked.clear()
            result, detail = await self._try(changed)
            metrics.RELOADS.labels(result).inc()
            self.last = {"result": result, "detail": detail}
            _log.log(logging.INFO if result == "taken" else logging.ERROR, "reload %s: %s", result, detail)
            changed()

    async def _try(self, changed: Callable[[], None]) -> tuple[str, str]:
        old = self.running
        forget_profiles()
        try:
            new = self._load()
        except ConfigError as error:
            return "refused", f"the file has mistakes, and what ran goes on\n{error}"
        fixed = [key for key in FIXED if getattr(new.settings, key) != getattr(old.settings, key)]
        if fixed:
            return "refused", f"{', '.join(fixed)} can only be changed by a restart, and what ran goes on"
        before = {name for name, answers in self._plant.answering.items() if answers}
        touched = await self._plant.become(new)
        self.running = new
        changed()
        if not touched:
            return "taken", "nothing that runs has changed"
        judged = before & touched & {equipment.name for equipment in new.settings.equipment}
        lost = await self._lost(judged, new.settings)
        if lost:
            await self._plant.become(old)
            self.running = old
            return (
                "rolled_back",
                f"{', '.join(sorted(lost))} answered before and did not any more; the former configuration is back",
            )
        return "taken", f"{len(touched)} machines changed, {len(judged)} of them answered before and do now"

    async def _lost(self, judged: set[str], settings: GatewaySettings) -> set[str]:
        """Wait until all of them answer, or until they have had their time; give those that do not."""
        periods = [equipment.period_seconds for equipment in settings.equipment if equipment.name in judged]
        clock = asyncio.get_running_loop().time
        until = clock() + max([self._trial_seconds, *(3 * period for period in periods)])
        while True:
            answering = self._plant.answering
            lost = {name for name in judged if not answering.get(name)}
            if not lost or clock() >= until:
                return lost
            await asyncio.sleep(_LOOK_SECONDS)
