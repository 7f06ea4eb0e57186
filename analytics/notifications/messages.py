"""The words of messages: one alarm in full, or many in a digest."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from analytics.notifications.entries import ACTS, PRIORITIES, Entry, Language
from device_profiles.kind import Label

_MOST_LINES = 15
"""Of a digest; whoever needs the rest looks at the list."""
_NAMES = {
    "value": Label(zh="数值", en="Value"),
    "limit": Label(zh="限值", en="limit"),
    "since": Label(zh="开始", en="Since"),
    "by": Label(zh="确认人", en="By"),
    "consequence": Label(zh="后果", en="Consequence"),
    "action": Label(zh="处置", en="Action"),
    "link": Label(zh="查看设备", en="Open the machine"),
    "list": Label(zh="查看报警列表", en="Open the list of alarms"),
}


@dataclass(frozen=True, kw_only=True)
class Writer:
    """Writes in one language, with the plant's time and the address of its web app; without an address there are no links."""

    language: Language
    zone: ZoneInfo
    public_address: str

    def subject(self, entries: Sequence[Entry]) -> str:
        """Give one line that tells what it is about."""
        if len(entries) == 1:
            (entry,) = entries
            return f"[{self._(PRIORITIES[entry.priority])}] {self._(ACTS[entry.act])} {entry.name} {self._(entry.title)}"
        count = Counter(entry.priority for entry in entries)
        parts = [f"{self._(label)} {count[name]}" for name, label in PRIORITIES.items() if count[name]]
        told = {"zh": f"{len(entries)} 条报警消息", "en": f"{len(entries)} alarm messages"}[self.language]
        return f"[{', '.join(parts)}] {told}"

    def markdown(self, entries: Sequence[Entry], *, most_bytes: int) -> str:
        """Write as the chat robots read it; a digest is cut where the robot would refuse it."""
        if len(entries) == 1:
            return _cut("\n\n".join([f"**{plain(self.subject(entries))}**", *self._facts(entries[0])]), most_bytes)
        lines = [f"- {plain(self._line(entry))}" for entry in entries[:_MOST_LINES]]
        return _cut("\n".join([f"**{plain(self.subject(entries))}**", "", *lines, *self._rest(entries)]), most_bytes)

    def text(self, entries: Sequence[Entry]) -> str:
        """Write as e-mails read it."""
        if len(entries) == 1:
            return "\n".join([self.subject(entries), "", *self._facts(entries[0], is_markdown=False)]) + "\n"
        return "\n".join([self.subject(entries), "", *map(self._line, entries), *self._rest(entries, is_markdown=False)]) + "\n"

    def record(self, entry: Entry) -> dict[str, Any]:
        """Give what programs read."""
        return {
            "key": entry.key,
            "act": entry.act,
            "priority": entry.priority,
            "gateway": entry.gateway,
            "machine": entry.machine or None,
            "equipment": entry.equipment_id,
            "kind": entry.kind or None,
            "rule": entry.rule,
            "title": entry.title.model_dump(),
            "value": entry.value,
            "limit": entry.limit,
            "unit": entry.unit,
            "time": _iso(entry.time),
            "since": None if entry.since is None else _iso(entry.since),
            "occurrence": entry.occurrence,
            "alarm": entry.condition_id,
            "by": entry.actor or None,
            "consequence": entry.consequence and entry.consequence.model_dump(),
            "action": entry.action and entry.action.model_dump(),
            "link": self._link(entry) or None,
        }

    def _facts(self, entry: Entry, *, is_markdown: bool = True) -> list[str]:
        shown = plain if is_markdown else str
        facts = []
        if entry.value is not None and entry.act in ("activate", "remind"):
            facts.append(self._fact("value", self._measured(entry)))
        if entry.since is not None:
            facts.append(self._fact("since", self._when(entry.since)))
        if entry.act == "return":
            facts.append(f"{self._(ACTS['return'])}: {self._when(entry.time)}")
        if entry.act == "acknowledge":
            facts.append(self._fact("by", f"{shown(entry.actor)}, {self._when(entry.time)}"))
        if entry.act in ("activate", "remind"):
            told = (("consequence", entry.consequence), ("action", entry.action))
            facts += [self._fact(name, shown(self._(label))) for name, label in told if label is not None]
        if link := self._link(entry):
            facts.append(f"[{self._(_NAMES['link'])}]({link})" if is_markdown else link)
        return facts

    def _line(self, entry: Entry) -> str:
        measured = f" {self._measured(entry)}" if entry.value is not None and entry.act in ("activate", "remind") else ""
        what = f"{self._(PRIORITIES[entry.priority])} {self._(ACTS[entry.act])}"
        return f"{self._when(entry.time)} {what} {entry.name} {self._(entry.title)}{measured}"

    def _rest(self, entries: Sequence[Entry], *, is_markdown: bool = True) -> list[str]:
        more = len(entries) - _MOST_LINES
        rest = []
        if is_markdown and more > 0:
            rest.append({"zh": f"- 另有 {more} 条", "en": f"- and {more} more"}[self.language])
        if self.public_address:
            address = f"{self.public_address}/alarms"
            rest += ["", f"[{self._(_NAMES['list'])}]({address})" if is_markdown else address]
        return rest

    def _measured(self, entry: Entry) -> str:
        assert entry.value is not None
        value = f"{entry.value:.6g} {entry.unit}".strip()
        if entry.limit is None:
            return value
        return f"{value} ({self._(_NAMES['limit'])} {entry.limit:.6g} {entry.unit}".strip() + ")"

    def _link(self, entry: Entry) -> str:
        if not self.public_address:
            return ""
        return f"{self.public_address}/equipment/{entry.equipment_id}" if entry.machine else f"{self.public_address}/alarms"

    def _fact(self, name: str, told: str) -> str:
        return f"{self._(_NAMES[name])}: {told}"

    def _when(self, time: datetime) -> str:
        return f"{time.astimezone(self.zone):%Y-%m-%d %H:%M:%S}"

    def _(self, label: Label) -> str:
        return str(getattr(label, self.language))


_PLAIN = str.maketrans({"<": "＜", ">": "＞", "[": "［", "]": "］", "*": "＊", "`": "'", "\n": " ", "\r": " "})


def plain(text: str) -> str:
    """Take from a text what markdown would make links, colours or headings of."""
    return text.translate(_PLAIN)


def _cut(text: str, most_bytes: int) -> str:
    encoded = text.encode()
    if len(encoded) <= most_bytes:
        return text
    return encoded[: most_bytes - len("…".encode())].decode(errors="ignore") + "…"


def _iso(time: datetime) -> str:
    return time.isoformat(timespec="milliseconds").replace("+00:00", "Z")
