"""The rating itself: facts against the table, row by row. Rows are never averaged, and what is not stated has not passed."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Any, Literal, NamedTuple

from registry.stars.edition import Edition, Row

Obtained = Literal["measured", "declared", "mixed", "none"]
Note = Literal["", "not_stated", "no_document", "not_separable", "not_applicable"]


class Evidence(NamedTuple):
    """One thing that proves a value; pages write it as a sentence."""

    form: Literal["document", "machine", "voucher"]
    text: str
    """Title of a document, name of an analytic, contract of a voucher."""
    number: str = ""
    """Of the machine or the voucher."""
    amount: str = ""
    """Days on which the analytic ran, or the fee in CNY."""
    source: str = ""
    """Number and last day of the frozen count that counts the machine."""
    item: str = ""
    """What of a row it proves, by code; empty for a figure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """One item that an enterprise says, or its machines show, to be on the cloud."""

    text: str = ""
    document: str = ""
    """What is said without a document counts for nothing."""
    evidence: tuple[Evidence, ...] = ()
    """Machines that prove it."""

    @property
    def source(self) -> Obtained:
        if self.evidence:
            return "mixed" if self.document else "measured"
        return "declared" if self.document else "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A figure of one row."""

    value: Fraction | None
    """Exact; None where nothing was measured, or stated with a document."""
    source: Obtained = "none"
    evidence: tuple[Evidence, ...] = ()
    beside: Mapping[str, str] = field(default_factory=dict)
    """Other readings of the same, shown and never judged."""
    note: Note = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """All that a rating is made of: items by code, figures by row."""

    contents: Mapping[str, Content]
    figures: Mapping[str, Figure]
    is_it_service: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RowResult:
    """One row: the value against what each star needs."""

    row: Row
    value: Fraction | None
    source: Obtained
    passed: Mapping[int, bool]
    """By star."""
    evidence: tuple[Evidence, ...] = ()
    beside: Mapping[str, str] = field(default_factory=dict)
    note: Note = ""
    counted: tuple[str, ...] = ()
    """Items or sub-classes that made the value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rating:
    """What comes out."""

    edition: str
    rows: Sequence[RowResult]
    star: int
    """The highest with every row passed; 0 for none."""

    def missing(self, star: int) -> list[str]:
        """Give the rows that a star fails at."""
        return [one.row.code for one in self.rows if not one.passed[star]]


def rate(facts: Facts, edition: Edition) -> Rating:
    """Rate facts against a table."""
    rows = [_judge(row, facts, edition) for row in edition.rows]
    reached = [star for star in edition.stars if all(one.passed[star] for one in rows)]
    return Rating(edition=edition.code, rows=rows, star=max(reached, default=0))


def _judge(row: Row, facts: Facts, edition: Edition) -> RowResult:
    if row.only_it_service and not facts.is_it_service:
        return RowResult(row=row, value=None, source="none", passed=dict.fromkeys(edition.stars, True), note="not_applicable")
    if row.form == "figure":
        figure = facts.figures.get(row.code, Figure(value=None, note="not_stated"))
        return RowResult(
            row=row,
            value=figure.value,
            source=figure.source,
            passed=_passed(row, figure.value, edition),
            evidence=figure.evidence,
            beside=figure.beside,
            note=figure.note,
        )
    given = {one: facts.contents[one.code] for one in edition.items_of(row.code) if one.code in facts.contents}
    real = {item: content for item, content in given.items() if content.source != "none"}
    sources = {content.source for content in real.values()}
    counted = tuple(dict.fromkeys(item.sub_class if row.form == "sub_classes" else item.code for item in real))
    value = Fraction(len(counted))
    unproven = len(given) > len(real)
    return RowResult(
        row=row,
        value=value,
        source=sources.pop() if len(sources) == 1 else "mixed" if sources else "none",
        passed=_passed(row, value, edition),
        evidence=tuple(one._replace(item=item.code) for item, content in real.items() for one in _proofs(content)),
        note="no_document" if unproven else "" if given else "not_stated",
        counted=counted,
    )


def _proofs(content: Content) -> tuple[Evidence, ...]:
    return (*content.evidence, Evidence("document", content.document)) if content.document else content.evidence


def _passed(row: Row, value: Fraction | None, edition: Edition) -> dict[int, bool]:
    needs = row.needs
    return {star: star not in needs or (value is not None and value >= needs[star]) for star in edition.stars}


def shown(value: Fraction | None, places: int = 2) -> str:
    """Write a value with at most a few decimals, rounded down, so that it never shows a threshold that it does not reach."""
    if value is None:
        return ""
    text = format(Decimal(value.numerator * 10**places // value.denominator).scaleb(-places), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def rating_json(rating: Rating) -> dict[str, Any]:
    """Write a rating as the frozen report, the API and the command line have it."""
    return {
        "edition": rating.edition,
        "star": rating.star,
        "rows": [
            {
                "row": one.row.code,
                "clause": one.row.clause,
                "label_zh": one.row.label_zh,
                "label_en": one.row.label_en,
                "unit_zh": one.row.unit_zh,
                "unit_en": one.row.unit_en,
                "value": None if one.value is None else shown(one.value),
                "needs": {str(star): least for star, least in sorted(one.row.needs.items())},
                "passed": {str(star): passed for star, passed in one.passed.items()},
                "source": one.source,
                "obtained": one.row.obtained,
                "evidence": [{name: text for name, text in proof._asdict().items() if text} for proof in one.evidence],
                "beside": dict(one.beside),
                "note": one.note,
                "counted": list(one.counted),
            }
            for one in rating.rows
        ],
    }


def report_hash(report: Mapping[str, Any]) -> bytes:
    """Give the SHA-256 of a report as canonical JSON: sorted keys, no blanks, UTF-8."""
    text = json.dumps(report, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).digest()
