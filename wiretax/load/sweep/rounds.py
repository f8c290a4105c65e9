"""The order in which a plan's workloads are sent."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from wiretax.channels.workload import Workload

WARM_UP = -1


@dataclass(frozen=True, slots=True)
class Step:
    """What is about to be measured.

    Attributes:
        workload: what is sent.
        round: in which round; -1 for the warm-up.
        rounds: how many the run has, as far as is known.
        done: how much of the run is behind it (0 to 1).
    """

    workload: Workload
    round: int
    rounds: int
    done: float


def round_order(workloads: tuple[Workload, ...], seed: int, round_: int) -> list[Workload]:
    """The order of one round, the same for the same seed. The warm-up keeps the plan's order.

    Workloads that are compared with each other follow each other, so that a machine's drift within a round has
    little time between them; which comes first, and which family, is drawn. What is sent to two servers is sent to
    the one right after the other.
    """
    if round_ == WARM_UP:
        return list(workloads)
    random = Random(f"{seed}/round/{round_}")
    families: dict[tuple[object, ...], dict[Workload, list[Workload]]] = {}
    for workload in workloads:
        twin = workload.replace(server="endpoint")
        families.setdefault(twin.comparison_key, {}).setdefault(twin, []).append(workload)
    order = [list(family.values()) for family in families.values()]
    random.shuffle(order)
    for family in order:
        random.shuffle(family)
        for servers in family:
            random.shuffle(servers)
    return [workload for family in order for servers in family for workload in servers]
