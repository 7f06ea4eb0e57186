"""Copied nameplates and marks of simulators: what the registry itself says, without any data."""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from analytics.evidence import table
from device_profiles.kind import Label
from registry.authenticity.suspicion import Method, Suspicion
from registry.authenticity.thresholds import DEFAULTS, Thresholds

_MARKS = re.compile(
    r"simulat|emulat|\bdemo\b|\bdummy|\bfake|\bmock|modsim|modbuspal|diagslave|prosys|模拟(?!量)|仿真(?!机)|演示",
    re.IGNORECASE,
)
"""Words with which simulators of plants and protocol testers name themselves; test benches and 模拟量 are none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plate:
    """What is registered of a machine."""

    machine_id: int
    label: str
    enterprise: str
    maker: str = ""
    model: str = ""
    serial_number: str = ""
    nameplate_key: str = ""
    """Maker, model and serial number without what differs by typing; empty where one is missing."""
    registration_code: str = ""
    gateway: str = ""
    is_simulator: bool = False
    gateway_is_simulator: bool = False
    texts: tuple[str, ...] = ()
    """What its data say of it: serial number, program, version."""


def copied(plates: Sequence[Plate], *, start_us: int, end_us: int) -> dict[int, Suspicion]:
    """Find machines that share a nameplate, or a registration code of special equipment; by the number of the machine."""
    found: dict[int, Suspicion] = {}
    for code, zh, en in (
        ("nameplate_key", "铭牌（制造商、型号、出厂编号）", "nameplate (maker, model and serial number)"),
        ("registration_code", "特种设备登记编号", "registration code of special equipment"),
    ):
        by_code: dict[str, list[Plate]] = defaultdict(list)
        for plate in plates:
            if getattr(plate, code):
                by_code[getattr(plate, code)].append(plate)
        for text, twins in by_code.items():
            for plate in twins if len(twins) > 1 else ():
                others = [twin for twin in twins if twin.machine_id != plate.machine_id]
                other = others[0]
                found.setdefault(
                    plate.machine_id,
                    Suspicion(
                        method=Method.COPIED_NAMEPLATE,
                        score=float(len(twins)),
                        threshold=2.0,
                        start_us=start_us,
                        end_us=end_us,
                        explanation=Label(
                            zh=f"{zh}“{text}”登记了 {len(twins)} 次，另见 {other.enterprise} 的“{other.label}”；"
                            f"一块铭牌全市只计一次。",
                            en=f"The {en} {text} is registered {len(twins)} times, also for {other.label} of "
                            f"{other.enterprise}; one "
                            "nameplate counts once in the city.",
                        ),
                        evidence=(_list(twins),),
                        other=str(other.machine_id),
                    ),
                )
    return found


def near_twins(plates: Sequence[Plate], thresholds: Thresholds = DEFAULTS) -> list[tuple[int, int]]:
    """Give pairs of one maker and model whose serial numbers differ by a character: a hint to look, no suspicion.

    Makers number in a row, so that neighbours are usual; a pair is given only where the enterprises differ and the serial numbers
    do so by something else than their last three digits.
    """
    groups: dict[tuple[str, str, int], list[Plate]] = defaultdict(list)
    for plate in plates:
        if plate.serial_number:
            for length in (len(plate.serial_number), len(plate.serial_number) + 1):
                groups[plate.maker, plate.model, length].append(plate)
    pairs: set[tuple[int, int]] = set()
    for group in groups.values():
        for at, one in enumerate(group):
            for other in group[at + 1 :]:
                if one.enterprise != other.enterprise and _is_near(one.serial_number, other.serial_number, thresholds):
                    first, second = sorted((one.machine_id, other.machine_id))
                    pairs.add((first, second))
    return sorted(pairs)


def marked(plate: Plate, *, start_us: int, end_us: int) -> Suspicion | None:
    """Find the mark of a simulator on the machine, on its gateway, or in what it calls itself."""
    texts = (plate.label, plate.maker, plate.model, plate.serial_number, plate.gateway, *plate.texts)
    word = next((match.group() for text in texts if (match := _MARKS.search(text))), "")
    if plate.is_simulator:
        zh, en = "登记时已标为模拟器", "it is registered as a simulator"
    elif plate.gateway_is_simulator:
        zh, en = f"网关“{plate.gateway}”登记为模拟器", f"its gateway {plate.gateway} is enrolled as a simulator"
    elif word:
        zh, en = f"名称或文本中有模拟器字样“{word}”", f"its names or texts hold the word “{word}” of a simulator"
    else:
        return None
    return Suspicion(
        method=Method.SIMULATOR,
        score=1.0,
        threshold=1.0,
        start_us=start_us,
        end_us=end_us,
        explanation=Label(zh=f"{zh}；模拟数据不计入上云设备。", en=f"Here {en}; simulated data do not count."),
        evidence=(_list([plate]),),
    )


def _is_near(one: str, other: str, thresholds: Thresholds) -> bool:
    if one == other or _edit_distance(one, other) > thresholds.nameplate_distance:
        return False
    return len(one) != len(other) or one[:-3] != other[:-3]


def _edit_distance(one: str, other: str) -> int:
    """Count insertions, deletions and substitutions (Levenshtein)."""
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        before, row[0] = row[0], i
        for j, b in enumerate(other, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (a != b))
    return row[-1]


def _list(plates: Sequence[Plate]) -> dict[str, Any]:
    return table(
        Label(zh="登记信息", en="As registered"),
        (
            "企业 / enterprise",
            "设备 / machine",
            "制造商 / maker",
            "型号 / model",
            "编号 / serial",
            "登记编号 / code",
            "网关 / gateway",
        ),
        [(p.enterprise, p.label, p.maker, p.model, p.serial_number, p.registration_code, p.gateway) for p in plates[:20]],
    )
