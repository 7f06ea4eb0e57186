"""The tests of the newest count in their order, each with what was found."""

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

from dashboards.pages.city import words
from dashboards.texts import Language, Translate, translator
from store.city_evidence import MachineFile
from store.city_snapshots import TESTS, CountedMachine

Outcome = Literal["passed", "lost", "unreached"]


class Tested(NamedTuple):
    """One test; ``found`` says what it looked at."""

    name: str
    label: str
    meaning: str
    outcome: Outcome
    found: str


def tested(count: CountedMachine, parameters: Mapping[str, Any], machine: MachineFile, language: Language) -> list[Tested]:
    """Lay the tests out; ``parameters`` are those of the rule that was counted by."""
    _ = translator(language)
    labels, meanings = words.tests(language), words.meanings(_)
    found = _found(count, parameters, machine, _)
    reached = TESTS.index(count.lost_at) if count.lost_at else len(TESTS)

    def outcome(place: int) -> Outcome:
        return "passed" if place < reached else "lost" if place == reached else "unreached"

    return [Tested(name, labels[name], meanings[name], outcome(place), found.get(name, "")) for place, name in enumerate(TESTS)]


def _found(count: CountedMachine, parameters: Mapping[str, Any], machine: MachineFile, _: Translate) -> dict[str, str]:
    least = parameters.get("least_valid_days", "?")
    window = parameters.get("window_days", "?")
    plate = " · ".join(filter(None, (machine.maker, machine.model, machine.serial_number))) or _("铭牌未填写")
    complete = _("测点齐全 {days} 天，至少要 {least} 天", days=count.complete_days, least=least)
    return {
        "identity": f"{machine.uscc} {machine.enterprise}",
        "nameplate": plate,
        "gateway": machine.gateway or _("没有登记网关"),
        "data": _("{days} 天有数据", days=count.data_days),
        "completeness": _("有数据的天数不够，先看连续性") if count.lost_at == "continuity" else complete,
        "continuity": _("{window} 天里有数据 {days} 天，至少要 {least} 天", window=window, days=count.data_days, least=least),
    }
