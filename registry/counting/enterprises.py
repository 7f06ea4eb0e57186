"""Enterprises on the cloud: those with at least one machine that counts."""

from collections.abc import Mapping, Sequence

from registry.counting.rule import Parameters
from store.city_counting import EnterpriseRow, RegisteredEnterprise


def sum_up(
    registered: Sequence[RegisteredEnterprise], machines: Mapping[str, Sequence[int]], parameters: Parameters
) -> list[EnterpriseRow]:
    """Make a row of each enterprise.

    Parameters
    ----------
    machines : mapping
        Machines and counted ones, by the code of the enterprise that they are registered for.
    parameters : Parameters
        Where branches count for their heads, machines of a branch go to its head, if that is among ``registered``; the row of
        the branch stays, with what it declares, and without machines.
    """
    known = {one.uscc for one in registered}
    sums: dict[str, list[int]] = {}
    for one in registered:
        head = one.inputs.get("head")
        owner = head if parameters.branch_counts == "head" and head in known else one.uscc
        count, counted = machines.get(one.uscc, (0, 0))
        into = sums.setdefault(owner, [0, 0])
        into[0] += count
        into[1] += counted
    return [_row(one, *sums.get(one.uscc, (0, 0))) for one in registered]


def _row(one: RegisteredEnterprise, machines: int, counted: int) -> EnterpriseRow:
    declared = one.inputs.get("declared")
    is_on_cloud = counted > 0
    return EnterpriseRow(
        one,
        machines,
        counted,
        None if declared is None else sum(declared.values()),
        is_on_cloud,
        is_on_cloud and "first_counted" not in one.inputs,
    )
