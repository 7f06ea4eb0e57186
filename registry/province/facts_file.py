"""The file in which a city tells its province of a day: counts alone, no enterprise and no machine is named.

One JSON object: ``format``, ``facts``, ``sha256`` and, where the city signs, ``seal``. ``sha256`` is the hash of the facts in
canonical form (keys in order, no spaces, UTF-8; RFC 8785 without fractions). ``seal`` is a record of `analytics.leasing.chain`
(Ed25519) whose statement holds city, day, revision and that hash, so that a public key tells who has written it.
"""

import hashlib
import json
from datetime import date, datetime
from typing import Annotated, Any, Literal, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from analytics.leasing.chain import canonical, seal, verify

FORMAT = "shangyun-city-facts/1"
MOST_BYTES = 8 * 2**20
_Count = Annotated[int, Field(ge=0, le=100_000_000, strict=True)]
_Code = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$", max_length=60)]
_Kind = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=63)]
_Label = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]
_Hex = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
_State = Literal["registered", "connected", "reporting", "verified", "silent", "retired"]
_LostAt = Literal["", "retired", "identity", "nameplate", "gateway", "data", "completeness", "continuity", "authenticity", "hold"]


class BadFacts(Exception):  # noqa: N818 - named by what happened, as in telemetry.errors
    """A file that is not taken, with the reason."""


class _Closed(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class AreaFacts(_Closed):
    """Enterprises of one reporting area."""

    area: _Code
    label_zh: _Label
    label_en: _Label
    enterprises: _Count
    on_cloud: _Count
    new_on_cloud: _Count

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if not self.new_on_cloud <= self.on_cloud <= self.enterprises:
            raise ValueError(f"{self.area}: new, on the cloud and all enterprises do not fit")
        return self


class MachineFacts(_Closed):
    """Machines that stand in one place of the funnel."""

    area: _Code
    kind: _Kind
    state: _State
    lost_at: _LostAt
    machines: Annotated[int, Field(ge=1, le=100_000_000, strict=True)]


class CityFacts(_Closed):
    """What a city tells of a day."""

    city: _Code
    label_zh: _Label
    label_en: _Label
    day: date
    revision: Annotated[int, Field(ge=1, le=1000, strict=True)]
    replaces: _Hex | None
    """Of a correction, the ``sha256`` of the revision before it."""
    rule_version: Annotated[str, StringConstraints(min_length=1, max_length=60, pattern=r"^[^\x00-\x1f\x7f]*$")]
    snapshot: Annotated[int, Field(ge=1, le=2**31 - 1, strict=True)]
    new_since: date
    """First day of the span in which an enterprise is new."""
    counted_at: datetime
    machines: _Count
    counted: _Count
    enterprises: _Count
    on_cloud: _Count
    new_on_cloud: _Count
    areas: Annotated[tuple[AreaFacts, ...], Field(max_length=5000)]
    funnel: Annotated[tuple[MachineFacts, ...], Field(max_length=200_000)]

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        if not 2000 <= self.day.year <= 2200 or self.new_since > self.day or self.counted_at.tzinfo is None:
            raise ValueError("days or times are not those of a count")
        if (self.revision == 1) != (self.replaces is None):
            raise ValueError("a correction names what it replaces, and only a correction does")
        areas = {one.area for one in self.areas}
        places = {(one.area, one.kind, one.state, one.lost_at) for one in self.funnel}
        if len(areas) != len(self.areas) or len(places) != len(self.funnel):
            raise ValueError("an area, or a place of the funnel, stands twice")
        if unknown := sorted({one.area for one in self.funnel} - areas):
            raise ValueError(f"machines are in {unknown[0]!r}, which is not among the areas")
        for name in ("enterprises", "on_cloud", "new_on_cloud"):
            if sum(getattr(one, name) for one in self.areas) != getattr(self, name):
                raise ValueError(f"the areas' {name} do not add up to the city's")
        if sum(one.machines for one in self.funnel) != self.machines:
            raise ValueError("the funnel's machines do not add up to the city's")
        if sum(one.machines for one in self.funnel if not one.lost_at) != self.counted:
            raise ValueError("the machines that count do not add up to the city's")
        return self

    @property
    def name(self) -> str:
        """Give the name of the file."""
        return f"facts-{self.city}-{self.day}{'' if self.revision == 1 else f'-r{self.revision}'}.json"


class FactsFile(NamedTuple):
    """A file that holds: its facts, their hash, and the record by which it is signed, if it is."""

    facts: CityFacts
    sha256: bytes
    seal: bytes | None


def digest_of(facts: CityFacts) -> bytes:
    return hashlib.sha256(canonical(facts.model_dump(mode="json"))).digest()


def write_facts(facts: CityFacts, *, private_key: bytes | None = None) -> bytes:
    """Make the file, signed where a key is given; the same facts and key make the same bytes."""
    digest = digest_of(facts).hex()
    content: dict[str, Any] = {"format": FORMAT, "facts": facts.model_dump(mode="json"), "sha256": digest}
    if private_key is not None:
        content["seal"] = seal(_sealed(facts, digest), after=None, private_key=private_key).decode()
    return canonical(content) + b"\n"


def _sealed(facts: CityFacts, digest: str) -> dict[str, Any]:
    return {"city": facts.city, "day": facts.day.isoformat(), "revision": facts.revision, "sha256": digest}


def read_facts(data: bytes) -> FactsFile:
    """Read a file, and check that it is whole: format, bounds, sums and hash.

    Raises
    ------
    BadFacts
    """
    if len(data) > MOST_BYTES:
        raise BadFacts(f"is larger than {MOST_BYTES >> 20} MiB")
    try:
        content = json.loads(data)
    except (ValueError, RecursionError):
        raise BadFacts("is not JSON") from None
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise BadFacts(f"is not a file of city facts ({FORMAT})")
    try:
        facts = CityFacts.model_validate_json(json.dumps(content.get("facts")))
    except (ValidationError, ValueError, RecursionError) as error:
        raise BadFacts(f"holds what cannot be: {_first(error)}") from None
    digest = digest_of(facts)
    if content.get("sha256") != digest.hex():
        raise BadFacts("was changed: its hash is another")
    written = content.get("seal")
    if written is not None and not isinstance(written, str):
        raise BadFacts("holds a seal that is none")
    return FactsFile(facts, digest, None if written is None else written.encode(errors="replace"))


def check_seal(file: FactsFile, public_key: bytes) -> None:
    """Check who has written a file.

    Raises
    ------
    BadFacts
        If it is not signed, or with another key, or the signature is another file's.
    """
    if file.seal is None:
        raise BadFacts("is not signed, and this city's files must be")
    broken = verify([file.seal], public_key=public_key)
    if broken is not None:
        raise BadFacts(f"its seal {broken.detail}")
    if json.loads(file.seal)["statement"] != _sealed(file.facts, file.sha256.hex()):
        raise BadFacts("its seal is another file's")


def _first(error: Exception) -> str:
    if isinstance(error, ValidationError):
        detail = error.errors()[0]
        place = ".".join(str(part) for part in detail["loc"])
        return f"{place}: {detail['msg']}" if place else str(detail["msg"])
    return str(error)
