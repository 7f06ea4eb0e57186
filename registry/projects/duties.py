"""Who answers for which duty of security: the matrix of ``duties.toml``, and the network layout."""

from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import Field

from telemetry.settings import Settings, load


class Evidence(Settings):
    """Where it is shown that the software does its part: a page, or a test that fails when it does not."""

    form: Literal["page", "test"]
    reference: str


class DutyQuestion(Settings):
    """What a project answers, with a document."""

    code: str = Field(pattern=r"^M[0-9]+\.[0-9]+$")
    zh: str
    en: str


class Duty(Settings):
    """One row: what is asked, what the software does, what the plant and its provider must do."""

    row: str = Field(pattern=r"^M[0-9]+$")
    clauses: tuple[str, ...] = Field(min_length=1)
    zh: str
    en: str
    software_zh: str
    software_en: str
    plant_zh: str
    plant_en: str
    is_outside: bool = False
    """The software has no part in it."""
    evidence: tuple[Evidence, ...]
    questions: tuple[DutyQuestion, ...] = Field(min_length=1)


class NetworkRule(Settings):
    """Who may open a connection to whom."""

    from_zh: str
    from_en: str
    to_zh: str
    to_en: str
    port: str
    protection_zh: str
    protection_en: str


class Matrix(Settings):
    """The whole file."""

    version: str
    duties: tuple[Duty, ...]
    rules: tuple[NetworkRule, ...]

    @property
    def questions(self) -> dict[str, DutyQuestion]:
        return {question.code: question for duty in self.duties for question in duty.questions}


@cache
def matrix() -> Matrix:
    return load(Path(__file__).with_name("duties.toml"), Matrix)
