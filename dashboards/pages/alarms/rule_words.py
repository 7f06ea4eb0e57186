"""What a rule watches, in words."""

from collections.abc import Mapping
from typing import Any

from dashboards.pages.alarms.words import side_words
from dashboards.texts import Language, Translate, translator
from device_profiles.kind import kind_names, load_kind


def origin_words(_: Translate) -> dict[str, str]:
    return {"kind": _("设备类型"), "plant": _("本厂")}


def condition_words(definition: Mapping[str, Any], language: Language) -> str:
    """Say when the rule is active: ``锅筒水位 低于 -75 mm``."""
    _, when = translator(language), definition["when"]
    signals = load_kind(definition["kind"]).signals if definition["kind"] in kind_names() else {}

    def label(name: str) -> str:
        return str(getattr(signals[name].label, language)) if name in signals else name

    signal = when.get("signal", "")
    unit = signals[signal].unit if signal in signals and signals[signal].unit != "1" else ""
    value = f"{_plain(when['value'])} {unit}".strip() if "value" in when else ""
    match when["form"]:
        case "limit":
            return f"{label(signal)} {side_words(_)[when['side']]} {value}"
        case "rate_of_change":
            per = _("每 {n} 秒", n=_plain(when["per_seconds"]))
            return f"{label(signal)} {per} {side_words(_)[when['side']]} {value}"
        case "deviation":
            against = when["against"]
            other = label(against) if isinstance(against, str) else _plain(against)
            return _("{signal} 与 {other} 相差超过 {value}", signal=label(signal), other=other, value=value)
        case "bad_quality":
            names = _("、").join(label(name) for name in when["signals"]) or _("任一信号")
            return _("{signals} 质量坏", signals=names)
        case "stale":
            return _("{n} 秒没有数据", n=_plain(when["after_seconds"]))
        case _state:
            codes = {state.name: getattr(state.label, language) for state in signals[signal].states} if signal in signals else {}
            states = _("、").join(codes.get(name, name) for name in when["states"])
            return _("{signal} 为 {states}", signal=label(signal), states=states)


def _plain(number: float) -> str:
    return f"{float(number):,.10g}".replace("-", "\N{MINUS SIGN}")
