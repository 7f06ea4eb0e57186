"""Analytics, their figures and their reasons in words."""

from analytics.catalogue import catalogue
from analytics.result import Why
from dashboards.texts import Language, Translate


def analytic_label(name: str, language: Language) -> str:
    """Give an analytic's title; its name where this installation does not have it any more."""
    found = catalogue().get(name)
    return name if found is None else str(getattr(found.spec.label, language))


def figure_label(analytic: str, name: str, language: Language) -> str:
    """Give a figure's title; its name where this installation does not know it."""
    found = catalogue().get(analytic)
    labels = {} if found is None else {output.name: output.label for output in found.spec.outputs}
    return str(getattr(labels[name], language)) if name in labels else name.replace("_", " ")


def reasons(_: Translate) -> dict[str, str]:
    """Write why something is not evaluated."""
    return {
        Why.MISSING_INPUT: _("缺少输入信号"),
        Why.BAD_INPUT: _("输入不可信"),
        Why.NOT_RUNNING: _("设备运行时间不够"),
        Why.NOT_STEADY: _("没有足够的稳定工况"),
        Why.OUTSIDE_VALIDITY: _("超出适用范围"),
        Why.NO_NAMEPLATE: _("铭牌未填写"),
        Why.NOT_TRAINED: _("尚未学得本机基准"),
        Why.WEAK_RECORDING: _("高频记录不合格"),
        Why.NO_DEGRADATION: _("未见劣化"),
        Why.NO_LIBRARY: _("缺少可选程序库"),
        Why.FAILED: _("程序出错"),
    }


def reason_in_words(reason: str, words: dict[str, str]) -> str:
    """Write a reason as a person says it: the code in words, then the detail as it is."""
    code, colon, detail = reason.partition(": ")
    return f"{words[code]}{colon}{detail}" if code in words else reason
