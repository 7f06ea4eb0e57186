"""The file of a day: the same facts make the same bytes, and nothing in it can be changed unseen."""

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest

from analytics.leasing.chain import canonical, key_pair
from registry.province.facts_file import BadFacts, CityFacts, check_seal, digest_of, read_facts, write_facts

PRIVATE, PUBLIC = key_pair(b"\x01" * 32)


def facts(**changes: Any) -> CityFacts:
    content: dict[str, Any] = {
        "city": "jining",
        "label_zh": "济宁市",
        "label_en": "Jining",
        "day": date(2026, 11, 25),
        "revision": 1,
        "replaces": None,
        "rule_version": "2026.1",
        "snapshot": 7,
        "new_since": date(2026, 11, 1),
        "counted_at": datetime(2026, 11, 26, 1, tzinfo=UTC),
        "machines": 5,
        "counted": 3,
        "enterprises": 2,
        "on_cloud": 1,
        "new_on_cloud": 0,
        "areas": [
            {
                "area": "jining-rencheng",
                "label_zh": "任城区",
                "label_en": "R",
                "enterprises": 2,
                "on_cloud": 1,
                "new_on_cloud": 0,
            }
        ],
        "funnel": [
            {"area": "jining-rencheng", "kind": "boiler", "state": "verified", "lost_at": "", "machines": 3},
            {"area": "jining-rencheng", "kind": "motor", "state": "silent", "lost_at": "continuity", "machines": 2},
        ],
        **changes,
    }
    return CityFacts.model_validate(content)


def test_what_was_written_is_read_again_and_the_same_facts_make_the_same_bytes() -> None:
    written = write_facts(facts(), private_key=PRIVATE)
    assert written == write_facts(facts(), private_key=PRIVATE)
    found = read_facts(written)
    assert (found.facts, found.sha256) == (facts(), digest_of(facts()))
    check_seal(found, PUBLIC)
    assert found.facts.name == "facts-jining-2026-11-25.json"
    assert facts(revision=2, replaces="0" * 64).name == "facts-jining-2026-11-25-r2.json"


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda content: content["facts"].update(on_cloud=2), "do not add up"),
        (lambda content: content["facts"]["funnel"][1].update(machines=1), "do not add up"),
        (lambda content: content["facts"].update(label_zh="济南市"), "its hash is another"),
        (lambda content: content["facts"].update(rule_version="2026.2"), "its hash is another"),
        (lambda content: content["facts"].update(extra=1), "facts|extra"),
        (lambda content: content["facts"].update(machines=5.5), "machines"),
        (lambda content: content["facts"].update(machines=10**30), "machines"),
        (lambda content: content["facts"].update(day="2026-13-45"), "day"),
        (lambda content: content["facts"].update(day="0001-01-01", new_since="0001-01-01"), "days or times"),
        (lambda content: content["facts"]["funnel"][0].update(lost_at="luck"), "lost_at"),
        (lambda content: content["facts"]["funnel"][0].update(kind="x\x00"), "kind"),
        (lambda content: content["facts"]["funnel"][0].update(area="jining-x"), "not among the areas"),
        (lambda content: content["facts"].update(replaces="0" * 64), "only a correction"),
        (lambda content: content.update(sha256="0" * 64), "its hash is another"),
        (lambda content: content.update(sha256=None), "its hash is another"),
        (lambda content: content.update(format="shangyun-city-facts/9"), "is not a file of city facts"),
        (lambda content: content.update(facts=None), "holds what cannot be"),
        (lambda content: content.update(seal=7), "holds a seal that is none"),
    ],
)
def test_a_file_that_was_changed_or_cannot_be_is_refused_with_the_reason(change: Any, why: str) -> None:
    content = json.loads(write_facts(facts()))
    change(content)
    with pytest.raises(BadFacts, match=why):
        read_facts(json.dumps(content).encode())


@pytest.mark.parametrize("data", [b"", b"\x00\xff", b"[" * 100_000, b"null", b'{"format": NaN}', b" " * (9 * 2**20)])
def test_what_is_no_such_file_is_refused(data: bytes) -> None:
    with pytest.raises(BadFacts):
        read_facts(data)


def test_a_seal_of_another_key_of_another_file_or_none_is_refused() -> None:
    with pytest.raises(BadFacts, match="is not signed, and"):
        check_seal(read_facts(write_facts(facts())), PUBLIC)
    with pytest.raises(BadFacts, match="is not signed with this key"):
        check_seal(read_facts(write_facts(facts(), private_key=b"\x02" * 32)), PUBLIC)
    swapped = json.loads(write_facts(facts()))
    other = write_facts(facts(day=date(2026, 11, 24)), private_key=PRIVATE)
    swapped["seal"] = json.loads(other)["seal"]
    with pytest.raises(BadFacts, match="is another file's"):
        check_seal(read_facts(canonical(swapped)), PUBLIC)
