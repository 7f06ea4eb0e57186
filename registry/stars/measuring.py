"""The facts of an enterprise in a month: what was measured, beside what it declares.

Days and months are cut in the plant's zone, runs of analytics by the day in UTC in which their windows ended.
"""

from calendar import monthrange
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import cache
from zoneinfo import ZoneInfo

from registry.stars.edition import Edition
from registry.stars.forms import number_of
from registry.stars.hosts import HostUse, bandwidth_figure, cpu_figure
from registry.stars.rating import Content, Evidence, Facts, Figure, shown
from store.city_stars import Application, ProvenRun, host_uses, modelled_machines, people, proven_runs, samples, voucher_contracts
from store.database import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Facts, and the machines that conditions ask for."""

    facts: Facts
    analysed_machines: int
    modelled_machines: int


@dataclass(frozen=True, slots=True)
class Month:
    """A calendar month of a zone."""

    first: date
    zone: ZoneInfo

    @property
    def days(self) -> int:
        return monthrange(self.first.year, self.first.month)[1]

    @property
    def last(self) -> date:
        return self.first + timedelta(days=self.days - 1)

    @property
    def start(self) -> datetime:
        return datetime.combine(self.first, datetime.min.time(), self.zone).astimezone(UTC)

    @property
    def end(self) -> datetime:
        return datetime.combine(self.last + timedelta(days=1), datetime.min.time(), self.zone).astimezone(UTC)


def last_whole_month(now: datetime, zone: ZoneInfo) -> Month:
    """Give the newest month that is over."""
    today = now.astimezone(zone).date()
    return Month((today.replace(day=1) - timedelta(days=1)).replace(day=1), zone)


def gather(
    connection: Connection, edition: Edition, uscc: str, month: Month, *, application: Application | None, industry: str
) -> Measured:
    """Gather all facts; without an application nothing is declared."""
    runs = proven_runs(connection, uscc, first=month.first, last=month.last)
    form = application.form if application else {}
    declared = dict(application.figures) if application else {}
    contracts = voucher_contracts(connection, uscc)
    figures = {
        "R6": declared_figure(declared.get("R6"), contracts),
        "R7": _users(connection, edition, uscc, month, form),
        **_hosts(connection, uscc, month),
        "R10": _samples(connection, uscc, month),
        "R11": declared_figure(declared.get("R11"), contracts),
    }
    for row in ("R7", "R8", "R9", "R10"):
        if row in declared:
            found = figures[row]
            figures[row] = Figure(
                value=found.value,
                source=found.source,
                evidence=found.evidence,
                beside={**found.beside, "declared": declared[row]["value"]},
                note=found.note,
            )
    contents = {
        code: Content(text=one["text"], document=one["document"])
        for code, one in (application.contents if application else {}).items()
    }
    for item in edition.items:
        if item.evidence and (shown_by := _evidence(item.evidence, runs, edition)):
            said = contents.get(item.code, Content())
            contents[item.code] = Content(text=said.text, document=said.document, evidence=shown_by)
    analysed = {one.machine for one in runs if one.analytic}
    return Measured(
        facts=Facts(
            contents=contents, figures=figures, is_it_service=_is_it_service(edition, industry, form.get("industry", ""))
        ),
        analysed_machines=len(analysed),
        modelled_machines=modelled_machines(connection, uscc, runs[0].snapshot) if runs else 0,
    )


def users_figure(active: int, *, cloud_users: int | None, all_people: int | None, divisor: str, accounts: int) -> Figure:
    """Make the figure of R7: both divisors are shown, the edition's own decides."""
    divisors = {"cloud_users": cloud_users, "people": all_people}
    shares = {name: Fraction(100 * active, count) for name, count in divisors.items() if count}
    beside = {"active_people": str(active), "accounts": str(accounts), "divisor": divisor}
    beside |= {f"percent_of_{name}": shown(share) for name, share in shares.items()}
    if divisor not in shares:
        return Figure(value=None, beside=beside, note="not_stated")
    return Figure(value=shares[divisor], source="measured", beside=beside)


def _users(connection: Connection, edition: Edition, uscc: str, month: Month, form: Mapping[str, str]) -> Figure:
    found = people(connection, uscc, start=month.start, end=month.end)
    total, cloud = form.get("people", ""), form.get("cloud_users", "")
    return users_figure(
        sum(found.values()),
        cloud_users=int(cloud) if cloud.isdigit() else None,
        all_people=int(total) if total.isdigit() else None,
        divisor=edition.people_divisor,
        accounts=len(found),
    )


def _hosts(connection: Connection, uscc: str, month: Month) -> dict[str, Figure]:
    uses = [
        HostUse(
            host=row.host,
            is_shared=row.is_shared,
            start=row.start,
            end=row.end,
            cpu_percent=Fraction(row.cpu_percent),
            received_bytes=row.received_bytes,
            sent_bytes=row.sent_bytes,
            bandwidth_bits_per_second=row.bandwidth_bits_per_second,
            document=document,
        )
        for row, document in host_uses(connection, uscc, start=month.start, end=month.end)
    ]
    return {"R8": cpu_figure(uses), "R9": bandwidth_figure(uses)}


def _samples(connection: Connection, uscc: str, month: Month) -> Figure:
    """Count accepted samples; reads through the API have no record yet, so they are left out and this is said."""
    machines, rows, points = samples(connection, uscc, start=month.start, end=month.end)
    return Figure(
        value=Fraction(rows, month.days),
        source="measured",
        beside={
            "machines": str(machines),
            "samples": str(rows),
            "days": str(month.days),
            "unit": "accepted samples (at least, from rollups by hour)",
            "points_a_day": shown(Fraction(points, month.days)),
            "api_reads": "not recorded",
        },
    )


def declared_figure(said: Mapping[str, str] | None, contracts: Sequence[tuple[str, str, Decimal]]) -> Figure:
    """Make the figure of R6 or R11; where a voucher holds the contract that the document names, two sources agree on it.

    ``contracts`` are voucher, contract and fee in CNY. The value stays the declared one.
    """
    if said is None or (value := number_of(said["value"])) is None:
        return Figure(value=None, note="not_stated")
    if not said["document"]:
        return Figure(value=None, beside={"declared": said["value"]}, note="no_document")
    same = [one for one in contracts if one[1] in said["document"]]
    return Figure(
        value=Fraction(value),
        source="mixed" if same else "declared",
        evidence=(
            Evidence("document", said["document"]),
            *(Evidence("voucher", contract, number=number, amount=str(fee)) for number, contract, fee in same),
        ),
        beside={"fee_by_vouchers": str(sum(fee for _, _, fee in same))} if same else {},
    )


def _evidence(form: str, runs: Sequence[ProvenRun], edition: Edition) -> tuple[Evidence, ...]:
    proving = [one for one in runs if one.analytic and (form == "analysed" or _diagnoses(one.analytic, edition.diagnosing_words))]
    best: dict[int, ProvenRun] = {}
    for one in proving:
        if one.machine not in best or one.days > best[one.machine].days:
            best[one.machine] = one
    return tuple(
        Evidence(
            "machine",
            one.analytic or "",
            number=str(one.machine),
            amount=str(one.days),
            source=f"{one.snapshot} ({one.snapshot_day})",
        )
        for one in best.values()
    )


@cache
def _diagnosing(words: tuple[str, ...]) -> frozenset[str]:
    from analytics.guide import functions  # noqa: PLC0415 - it loads every analytic

    return frozenset(
        serving.name
        for function in functions()
        if any(word in function.label.zh for word in words)
        for serving in function.served_by
        if serving.is_analytic
    )


def _diagnoses(analytic: str, words: tuple[str, ...]) -> bool:
    return analytic.endswith("_diagnosis") or analytic in _diagnosing(words)


def _is_it_service(edition: Edition, code: str, text: str) -> bool:
    """Tell by the registered code of GB/T 4754; only without one by what the form says."""
    if code:
        return code.startswith(edition.it_service_industries)
    return any(word in text for word in edition.it_service_words)
