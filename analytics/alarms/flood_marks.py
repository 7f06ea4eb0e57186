"""Floods and first-outs in the database, from calls as they come; floods are those of an operator's position."""

from collections import Counter, defaultdict, deque
from collections.abc import Sequence
from datetime import datetime

from analytics.alarms.flood import BURST_GAP, WHOLE_PLANT, Call, FloodTerms, FloodWatch, find_bursts
from store import alarm_journal
from store.alarm_journal import Annunciation, FloodRow, TransitionRow
from store.alarms import lock_alarms
from store.database import Connection, Database


def mark_calls(connection: Connection, lines: Sequence[TransitionRow], terms: FloodTerms) -> None:
    """Mark the conditions that have just begun to call: the flood that they belong to, and which of them came first.

    ``lines`` are not in the journal yet.
    """
    calls = sorted((_annunciation(line) for line in lines), key=lambda call: call.time)
    if not calls:
        return
    _mark_bursts(connection, calls)
    of_position: dict[str, list[Annunciation]] = defaultdict(list)
    for call in calls:
        of_position[terms.position_of(call.gateway)].append(call)
    floods = alarm_journal.open_floods(connection)
    for position in sorted(of_position):
        _mark_flood(connection, position, of_position[position], floods.get(position), terms)


def end_floods(database: Database, *, now: datetime, terms: FloodTerms = WHOLE_PLANT) -> int:
    """End the floods that are over because little has come since, and give their number; to be called every few seconds."""
    ended = 0
    with database.connection() as connection:
        floods = alarm_journal.open_floods(connection)
        if floods:
            lock_alarms(connection)
            floods = alarm_journal.open_floods(connection)
        for position, flood in floods.items():
            watch, _ = _watch(connection, position, flood, now, terms)
            if watch.ends_at < now:
                alarm_journal.end_flood(connection, flood.id, watch.ends_at)
                ended += 1
    return ended


def _mark_bursts(connection: Connection, calls: Sequence[Annunciation]) -> None:
    machines = {call.equipment_id for call in calls if call.equipment_id is not None}
    # Twice the gap: whether the call before a new one is itself the first is told by the one before that.
    known = alarm_journal.annunciations_of_machines(connection, calls[0].time - 2 * BURST_GAP, machines)
    bursts = find_bursts([_call(call) for call in known], [_call(call) for call in calls])
    alarm_journal.clear_first_out(connection, bursts.starts)
    alarm_journal.set_first_out(connection, bursts.firsts)


def _mark_flood(
    connection: Connection,
    position: str,
    calls: Sequence[Annunciation],
    flood: FloodRow | None,
    terms: FloodTerms,
) -> None:
    watch, newest = _watch(connection, position, flood, calls[0].time, terms)
    flood_id = None if flood is None else flood.id
    flood_of: dict[int, int | None] = {}
    grown: Counter[int] = Counter()
    first_outs = []
    for call in calls:
        ends_at = watch.ends_at if watch.began_at is not None else None
        turn = watch.take(call.time)
        newest.append(call)
        if turn == "ended":
            assert flood_id is not None
            assert ends_at is not None
            alarm_journal.end_flood(connection, flood_id, ends_at)
            flood_id = None
        if turn == "began":
            flood_id = alarm_journal.begin_flood(connection, position, call.time)
            first_outs.append(newest[0].condition_id)
            flood_of |= dict.fromkeys((member.condition_id for member in newest), flood_id)
            grown[flood_id] += len(newest)
        else:
            flood_of[call.condition_id] = flood_id
            if flood_id is not None:
                grown[flood_id] += 1
    for marked_id in {*flood_of.values()}:
        alarm_journal.set_flood(connection, marked_id, [member for member, its in flood_of.items() if its == marked_id])
    for grown_id, count in grown.items():
        alarm_journal.grow_flood(connection, grown_id, count)
    alarm_journal.set_first_out(connection, first_outs)


def _watch(
    connection: Connection,
    position: str,
    flood: FloodRow | None,
    before: datetime,
    terms: FloodTerms,
) -> tuple[FloodWatch, deque[Annunciation]]:
    """Bring the watch of a position back from the journal, with the newest calls that it counts."""
    since = (before if flood is None else flood.began_at) - terms.window
    most = terms.begins_above + 1
    calls = alarm_journal.newest_annunciations(connection, position, terms.positions, since=since, limit=most)
    began_at = None if flood is None else flood.began_at
    return FloodWatch(terms, (call.time for call in calls), began_at=began_at), deque(calls, maxlen=most)


def _annunciation(line: TransitionRow) -> Annunciation:
    return Annunciation(line.time, line.condition_id, line.equipment_id, line.gateway)


def _call(call: Annunciation) -> Call:
    return Call(call.time, call.condition_id, call.gateway if call.equipment_id is None else call.equipment_id)
