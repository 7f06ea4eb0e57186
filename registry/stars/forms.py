"""The application form: what was typed becomes what is stored, and what is missing is told field by field."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from registry.stars.edition import Edition, FormField
from registry.stars.refusals import Problem, StarRefusal
from registry.uscc import normalise

DEPLOYMENTS = ("public", "private", "hybrid")
LONGEST_LINE = 500

MOST_PEOPLE = 10_000_000
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]")
_MONTH = re.compile(r"(19|20)\d\d-(0[1-9]|1[0-2])")


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """A form as it is stored."""

    star: int
    deployment: str
    form: Mapping[str, str]
    contents: Mapping[str, Mapping[str, str]]
    figures: Mapping[str, Mapping[str, str]]
    attachments: Sequence[Mapping[str, str]]


def read_form(edition: Edition, given: Mapping[str, str]) -> Filled:
    """Read fields as a page sends them.

    They are ``star``, ``deployment``, the form's own, ``has.<item>``, ``text.<item>``, ``document.<item>``, ``value.<row>``,
    ``document.<row>`` and ``paper.<attachment>``; others are left out.

    Raises
    ------
    StarRefusal
        With every field that cannot be stored; what is only missing is told by `missing`.
    """
    problems = [
        Problem(name, "含有不能使用的字符", "holds characters that cannot be stored")
        for name, text in given.items()
        if _CONTROL.search(text)
    ]
    plain = {name: text.strip().replace("\r\n", "\n") for name, text in given.items()}
    star, deployment = plain.get("star", ""), plain.get("deployment", "")
    if star not in map(str, edition.stars):
        problems.append(Problem("star", "请选择申请评定的星级", f"choose one of {', '.join(map(str, edition.stars))} stars"))
    if deployment not in DEPLOYMENTS:
        problems.append(Problem("deployment", "请选择上云形式", f"choose one of {', '.join(DEPLOYMENTS)}"))
    form = {}
    for one in edition.fields:
        form[one.code] = plain.get(one.code, "")
        problems += _field_problems(one, form[one.code])
    contents = {
        item.code: {"text": plain.get(f"text.{item.code}", ""), "document": plain.get(f"document.{item.code}", "")}
        for item in edition.items
        if plain.get(f"has.{item.code}")
    }
    figures = {}
    for row in edition.rows:
        if row.form == "figure" and plain.get(f"value.{row.code}"):
            figures[row.code] = {"value": plain[f"value.{row.code}"], "document": plain.get(f"document.{row.code}", "")}
            problems += _number_problems(f"value.{row.code}", figures[row.code]["value"])
    attachments = [
        {"code": paper.code, "title": plain[f"paper.{paper.code}"]}
        for paper in edition.attachments
        if plain.get(f"paper.{paper.code}")
    ]
    lines = {name: text for name, text in plain.items() if name.split(".")[0] in ("text", "document", "paper")}
    problems += [
        Problem(name, f"最多{LONGEST_LINE}个字符", f"at most {LONGEST_LINE} characters")
        for name, text in lines.items()
        if len(text) > LONGEST_LINE
    ]
    if problems:
        raise StarRefusal(*problems)
    return Filled(star=int(star), deployment=deployment, form=form, contents=contents, figures=figures, attachments=attachments)


def missing(edition: Edition, filled: Filled, *, uscc: str) -> list[Problem]:
    """Give what a form must still say before it can be submitted."""
    problems = [
        Problem(one.code, f"请填写{one.label_zh}", f"{one.label_en} is missing")
        for one in edition.fields
        if one.is_required and not filled.form.get(one.code)
    ]
    number = filled.form.get("registration_number", "")
    if number and normalise(number) != uscc:
        problems.append(
            Problem("registration_number", f"与企业的统一社会信用代码 {uscc} 不一致", f"it is not the enterprise's code {uscc}")
        )
    people, users = (filled.form.get(name, "") for name in ("people", "cloud_users"))
    if people.isdigit() and users.isdigit() and int(users) > int(people):
        problems.append(Problem("cloud_users", "使用云服务人员多于总人数", "more people use cloud services than there are"))
    have = {one["code"] for one in filled.attachments}
    problems += [
        Problem(f"paper.{one.code}", f"缺少{one.label_zh}", f"{one.label_en} is missing")
        for one in edition.attachments
        if filled.deployment in one.needed_for and one.code not in have
    ]
    return problems


def number_of(text: str) -> Decimal | None:
    """Read a declared figure; None where it is none."""
    try:
        value = Decimal(text)
    except InvalidOperation:
        return None
    return value if value.is_finite() and abs(value) <= Decimal(10) ** 12 and len(text) <= 30 else None


def _field_problems(one: FormField, text: str) -> list[Problem]:
    if not text:
        return []
    if one.form == "number" and not (text.isascii() and text.isdigit() and len(text) <= 8 and int(text) <= MOST_PEOPLE):
        return [Problem(one.code, "须为整数", f"a whole number of at most {MOST_PEOPLE:,}")]
    if one.form == "month" and not _MONTH.fullmatch(text):
        return [Problem(one.code, "须为年月，例如 2018-04", "a month, such as 2018-04")]
    if one.form in ("text", "area") and len(text) > one.longest:
        return [Problem(one.code, f"最多{one.longest}个字符", f"at most {one.longest} characters")]
    if one.form == "text" and "\n" in text:
        return [Problem(one.code, "只能有一行", "one line only")]
    return []


def _number_problems(name: str, text: str) -> list[Problem]:
    return [] if number_of(text) is not None else [Problem(name, "须为数字", "a number, such as 35.5")]
