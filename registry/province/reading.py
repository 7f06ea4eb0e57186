"""A province takes its cities' files: each day once, a changed file never, a correction by name."""

from registry.province.facts_file import BadFacts, CityFacts, check_seal, read_facts
from store.city_province import MachineFact, city_key, revisions, save_city, save_file
from store.database import Connection


def take_file(connection: Connection, data: bytes, *, read_by: str, public_key: bytes | None = None) -> tuple[CityFacts, bool]:
    """Store the facts of a file; the same file again changes nothing.

    Parameters
    ----------
    public_key
        The city's, as it gave it; from then on all of its files must be signed with it.

    Returns
    -------
    tuple
        The facts, and whether they are new.

    Raises
    ------
    BadFacts
        If the file does not hold, is not signed as it must be, differs from what was read of that day and revision, or corrects
        something else than what was read.
    """
    file = read_facts(data)
    facts = file.facts
    known = city_key(connection, facts.city)
    if known is not None and public_key is not None and known != public_key:
        raise BadFacts(f"{facts.city} is known by another key than the one that was given")
    key = known or public_key
    if key is not None:
        check_seal(file, key)
    there = revisions(connection, facts.city, facts.day)
    if there.get(facts.revision) == file.sha256:
        return facts, False
    if facts.revision in there:
        raise BadFacts(f"{facts.name} was read before and was another; a correction is a revision that names what it replaces")
    if there and (facts.revision != max(there) + 1 or facts.replaces != there[max(there)].hex()):
        raise BadFacts(
            f"revision {facts.revision} of {facts.day} does not correct revision {max(there)}, the newest that was read"
        )
    save_city(connection, city=facts.city, label_zh=facts.label_zh, label_en=facts.label_en, public_key=key)
    head = {
        **{name: getattr(facts, name) for name in ("city", "day", "revision", "name", "rule_version", "counted_at")},
        **{name: getattr(facts, name) for name in ("machines", "counted", "enterprises", "on_cloud", "new_on_cloud")},
        "hash": file.sha256,
        "is_signed": key is not None,
        "read_by": read_by,
    }
    machines = [MachineFact(one.area, one.kind, one.state, one.lost_at, one.machines) for one in facts.funnel]
    save_file(connection, head, [one.model_dump() for one in facts.areas], machines)
    return facts, True
