"""How the rounds of a plan are divided among fresh starts of the processes that measure them.

Rounds within one process share what was drawn when it started: the layout of its memory, its hash seed, its ports.
Only other starts show how much of a figure is due to those.
"""

from __future__ import annotations

from dataclasses import replace

from wiretax.load.plan.plan import Plan, PlanError

MOST_STARTS = 100
# Enough for an interval within each start.
LEAST_ROUNDS = 6


def with_starts(plan: Plan, starts: int) -> Plan:
    """The plan measured in this many starts.

    Raises:
        PlanError: if its rounds are too few, there are too many starts, or it searches for capacities.
    """
    if not 1 <= starts <= MOST_STARTS:
        raise PlanError(f"starts = {starts}, expected 1 to {MOST_STARTS}")
    if starts > 1 and plan.capacity is not None:
        raise PlanError(f"starts = {starts}: a search for capacities runs in one start; leave starts out")
    if starts > 1 and plan.rounds < LEAST_ROUNDS * starts:
        most = plan.rounds // LEAST_ROUNDS
        fewer = f", or at most {most} starts" if most > 1 else ""
        raise PlanError(
            f"starts = {starts} divides the {plan.rounds} rounds of plan {plan.name}, and each start needs at "
            f"least {LEAST_ROUNDS}: expected {LEAST_ROUNDS * starts} rounds or more{fewer}"
        )
    return replace(plan, starts=starts)


def part_of(plan: Plan, number: int) -> Plan:
    """The rounds of one start, from 0, in the orders that they have in the whole plan.

    The first starts have one round more if rounds are left over. A start beyond the plan's is as long as its last.
    """
    each, more = divmod(plan.rounds, plan.starts)
    first = each * number + min(number, more)
    return replace(plan, starts=1, rounds=each + (number < more), first_round=plan.first_round + first)


def refuse_starts(plan: Plan) -> Plan:
    """The same plan, if one process may measure all of it.

    Raises:
        PlanError: if it asks for several starts.
    """
    if plan.starts > 1:
        raise PlanError(
            f"plan {plan.name} has starts = {plan.starts}, but Locust measures in one process; use wiretax run, "
            "or set starts = 1"
        )
    return plan
